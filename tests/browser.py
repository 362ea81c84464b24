"""The real app in a real Chromium, for the files of tests that look at it.

Comes in: a script, a data folder and, for plans, a day. Goes out: an address on loopback, and browsers that are
watched: whatever they send to another host, or complain of, fails the test that held them. Nothing here waits for a
length of time; every wait is for something that is then on screen.

Importing it skips the file of tests where there is no Chromium; in CI that fails instead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypedDict

import pytest

from eval.browser import MISSING, chromium_path

CHROMIUM = chromium_path()
FIRST_ANSWER_MS = 420_000
ANSWER_MS = 60_000
STEP_MS = 60_000
"""For anything that redraws a page, on a machine that has other things to do."""
PROBED = re.compile(r"404 \(Not Found\) \(http://[\w.]+:\d+/\w+/_stcore/(health|host-config)\)$")
"""Opened at a page other than the first, Streamlit looks for its server below that page before it looks at the top."""
AT_REST = """() => document.getAnimations().every(
    one => one.playState === "finished" || one.effect.getComputedTiming().iterations === Infinity)"""

if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip(MISSING, allow_module_level=True)

from playwright.sync_api import (  # noqa: E402 - only where there is a Chromium
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)


class Device(TypedDict, total=False):
    """What ``Browser.new_context`` is told."""

    viewport: ViewportSize
    locale: str
    has_touch: bool
    color_scheme: Literal["light", "dark"]


WIDE = Device(viewport={"width": 1280, "height": 900}, locale="en-US")
PHONE = Device(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark")


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    assert CHROMIUM is not None, MISSING
    expect.set_options(timeout=STEP_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])
        yield started
        started.close()


@contextmanager
def watched(opened: BrowserContext, name: str = "127.0.0.1") -> Iterator[BrowserContext]:
    """A browser that may speak to this machine only, and in whose console no error may stand at the end. ``name`` is
    one more that it has for this machine."""
    here = re.compile(rf"(https?|wss?)://(127\.0\.0\.1|{re.escape(name)}):\d+/|data:|blob:")
    foreign: list[str] = []
    complaints: list[str] = []

    def on_request(request: Request) -> None:
        if not here.match(request.url):
            foreign.append(request.url)

    def on_console(message: ConsoleMessage) -> None:
        said = f"{message.text} ({message.location['url']})"
        if message.type == "error" and not PROBED.search(said):
            complaints.append(said)

    opened.on("request", on_request)
    opened.on("console", on_console)
    opened.on("weberror", lambda error: complaints.append(str(error.error)))
    yield opened
    opened.close()
    assert foreign == []
    assert complaints == []


def open_page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible(timeout=30_000)
    return page


def ask(page: Page, question: str) -> None:
    """Ask and wait until the answer is there with its line of evidence."""
    before = page.get_by_text("Evidence:").count()
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")
    expect(page.get_by_text("Evidence:")).to_have_count(before + 1, timeout=FIRST_ANSWER_MS)
    expect(page.get_by_test_id("stChatInputStopButton")).to_have_count(0, timeout=ANSWER_MS)


def settled(page: Page) -> None:
    """Wait until the page is drawn as far as it will be, and nothing fades in any more."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    page.wait_for_function(AT_REST, timeout=STEP_MS)


def visit(context: BrowserContext, address: str, heading: str) -> Page:
    """A page other than the chat, drawn. The first of a run waits there until the index is built."""
    page = context.new_page()
    page.set_default_timeout(STEP_MS)
    page.goto(address)
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible(timeout=FIRST_ANSWER_MS)
    loaded(page)
    return page


def loaded(page: Page) -> None:
    """Wait out the encoder and the index, and whatever the page then draws."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=FIRST_ANSWER_MS
    )
    settled(page)


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(
        page.evaluate(
            """() => [document.scrollingElement, document.querySelector(".stMain")]
                .every(one => one.scrollWidth <= window.innerWidth)"""
        )
    )
