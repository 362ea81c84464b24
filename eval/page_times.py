"""How long each page takes to open in a real browser, once the encoder is loaded, and how fast a slider answers.

Comes in: a data folder. Goes out: seconds of this machine, and each as a ratio to the first page within the same run,
which is what can be compared between machines. Every page and view is opened by its address: the first time in the life
of the server, then again. It is open when its heading stands there, the script has ended, nothing is stale and every
chart is drawn. One view measures the machine itself when it is first opened, in a thread that can be stopped: that is
open when the measurement is under way.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coach.types import Frozen
from eval.browser import MISSING, ROOT, BrowserError, chromium_path, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

VIEWS = (
    ("", ""),
    *((f"lab?view={view}", "RAG Lab") for view in ("steps", "map", "change", "break", "edit", "model", "tour")),
    ("plan", "My plan"),
    ("library", "Library"),
    *(
        (f"library?view={view}", "Library")
        for view in ("Guide", "Resources", "Figures", "Conflicts", "Glossary", "Coverage", "Your+documents")
    ),
    ("rehearsal", "Rehearsal"),
    ("evaluation", "Evaluation"),
    *((f"evaluation?view={view}", "Evaluation") for view in ("Slices", "History", "Failing+cases", "New+run")),
)
"""Address and heading; the chat has none before there is a question."""
MEASURING = "lab?view=search"
AGAIN = 3
PRESSES = 8
LOADED_MS, STEP_MS = 420_000, 60_000

_REST = """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "notRunning"
    && !document.querySelector('[data-stale="true"]')
    && [...document.querySelectorAll(".stVegaLiteChart")].every(one => one.querySelector("canvas, svg"))"""


class Opening(Frozen):
    """Of one page or view, in seconds."""

    address: str
    first: float
    again: float
    """The median of ``AGAIN`` openings."""


class PageTimes(Frozen):
    openings: tuple[Opening, ...]
    slider: tuple[float, ...]
    """From a key press on a slider to the new answer beside the old one, in seconds."""

    @property
    def slowest(self) -> Opening:
        return max(self.openings, key=lambda one: one.first)

    @property
    def slider_median(self) -> float:
        return statistics.median(self.slider)


def measure(data_dir: Path, say: Callable[[str], None]) -> PageTimes:
    """Serve the app from ``data_dir`` and open every page. Raises BrowserError."""
    path = chromium_path()
    if path is None:
        raise BrowserError(MISSING)
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError as error:
        raise BrowserError("Playwright is not installed: pip install -r tests/requirements.txt") from error
    expect.set_options(timeout=STEP_MS)
    with served(ROOT / "app.py", data_dir) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US")
        page.set_default_timeout(STEP_MS)
        _load(page, address, say)
        openings = []
        for place, heading in (*VIEWS, (MEASURING, "RAG Lab")):
            say(f"Opening {place or 'the chat'}")
            times = [_open(page, address + place, heading, measuring=place == MEASURING) for _ in range(1 + AGAIN)]
            openings.append(Opening(address=f"/{place}", first=times[0], again=statistics.median(times[1:])))
        say("Moving a slider")
        slider = _slide(page, address)
        browser.close()
    return PageTimes(openings=tuple(openings), slider=slider)


def _load(page: Page, address: str, say: Callable[[str], None]) -> None:
    """Until a question has been answered the encoder may still be loading."""
    say("Loading the encoder and the index")
    page.goto(address)
    page.locator(".st-key-starters button").first.click()
    page.get_by_text("Evidence:").first.wait_for(timeout=LOADED_MS)


def _open(page: Page, address: str, heading: str, *, measuring: bool) -> float:
    start = time.perf_counter()
    page.goto(address)
    if heading:
        page.get_by_role("heading", level=1, name=heading).wait_for()
    else:
        page.get_by_test_id("stChatInputTextArea").wait_for()
        page.locator(".st-key-starters button").first.wait_for()
    if measuring:
        page.get_by_role("button", name="Stop").or_(page.locator(".stVegaLiteChart canvas")).first.wait_for()
    else:
        page.wait_for_function(_REST)
    return time.perf_counter() - start


def _slide(page: Page, address: str) -> tuple[float, ...]:
    page.goto(f"{address}lab?view=change")
    slider = page.locator(".st-key-lab-keys").get_by_role("slider")
    slider.wait_for()
    page.wait_for_function(_REST)
    times = []
    for turn in range(PRESSES):
        before = page.url
        start = time.perf_counter()
        slider.press("ArrowLeft" if turn < PRESSES // 2 else "ArrowRight")
        page.wait_for_function("before => location.href !== before", arg=before, polling=10)
        page.wait_for_function(_REST, polling=10)
        times.append(time.perf_counter() - start)
    return tuple(times)
