"""What a person sees: the real app in a real Chromium, on loopback, with a folder of its own.

The first question waits until the index is built, a minute or two on a small machine; the others are quick.
"""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from coach.ui.render import literal, plain
from eval.browser import ROOT, served
from tests.browser import ANSWER_MS, FIRST_ANSWER_MS, PHONE, WIDE, ask, chromium, open_page, watched
from tests.fakes import HOSTILE

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(ROOT / "app.py", tmp_path_factory.mktemp("app") / "data") as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browser. Whatever it sends to another host, or complains of, fails the test."""
    with watched(browser.new_context(**WIDE)) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser.new_context(**PHONE)) as opened:
        yield opened


def test_ask_open_a_citation_follow_up_reload_and_find_it_again(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    expect(page.locator(".st-key-starters button")).to_have_count(4, timeout=30_000)

    ask(page, "Does the timeline add up?")
    marker = page.locator('[class*="st-key-mark-"] button').first
    marker.focus()
    page.keyboard.press("Enter")
    note = page.get_by_test_id("stPopoverBody")
    expect(note).to_be_visible()
    cited = note.locator(".stMarkdownColoredBackground").first
    expect(cited).to_be_visible()
    assert len(cited.inner_text()) > 10
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)

    page.get_by_text("Evidence:").first.click()
    for name in ("Sources", "Claims", "Not used", "Steps"):
        expect(page.get_by_role("tab", name=name)).to_be_visible()
    page.get_by_role("tab", name="Claims").click()
    expect(page.get_by_text("Check passed").first).to_be_visible()

    follow_up = page.locator('[class*="st-key-next-"] button').first
    asked_next = follow_up.inner_text().strip()
    follow_up.click()
    expect(page.get_by_text("Evidence:")).to_have_count(2, timeout=ANSWER_MS)
    expect(page.locator('[class*="st-key-asked-"]').nth(1)).to_contain_text(asked_next)

    assert "c=" in page.url
    page.reload()
    expect(page.get_by_text("Evidence:")).to_have_count(2, timeout=ANSWER_MS)
    expect(page.locator('[class*="st-key-asked-"]').first).to_contain_text("Does the timeline add up?")

    # Without the address as well: the list in the sidebar holds it.
    page.goto(address)
    page.locator('[class*="st-key-open-"] button').first.click()
    expect(page.get_by_text("Evidence:")).to_have_count(2, timeout=ANSWER_MS)


def test_another_person_cannot_open_the_link(context: BrowserContext, browser: Browser, address: str) -> None:
    page = open_page(context, address)
    ask(page, "Which skills are critical?")
    stranger = browser.new_context()
    other = stranger.new_page()
    other.goto(page.url)
    expect(other.get_by_text("does not hold")).to_be_visible(timeout=30_000)
    expect(other.get_by_text("Evidence:")).to_have_count(0)
    expect(other.locator('[class*="st-key-open-"]')).to_have_count(0)
    stranger.close()


def test_a_phone_shows_everything_without_scrolling_sideways(phone: BrowserContext, address: str) -> None:
    page = open_page(phone, address)

    def fits() -> bool:
        return bool(page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth"))

    assert fits()
    ask(page, "Does the timeline add up?")
    assert fits()
    page.locator('[class*="st-key-mark-"] button').first.tap()
    note = page.get_by_test_id("stPopoverBody")
    expect(note).to_be_visible()
    box = note.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.keyboard.press("Escape")
    page.get_by_text("Evidence:").first.tap()
    expect(page.get_by_role("tab", name="Sources")).to_be_visible()
    assert fits()


def test_a_hostile_question_is_shown_letter_for_letter(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    ask(page, HOSTILE)
    question = page.locator('[class*="st-key-asked-"]').first
    assert " ".join(question.inner_text().split()) == plain(HOSTILE)
    assert question.locator("a, img, code, em, strong, del").count() == 0


def test_a_link_with_a_question_fills_the_box_and_waits(context: BrowserContext, address: str) -> None:
    page = open_page(context, f"{address}?q=Which+skills+are+critical%3F")
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_have_value("Which skills are critical?", timeout=20_000)
    expect(page.get_by_text("Evidence:")).to_have_count(0)
    box.press("Enter")
    expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=FIRST_ANSWER_MS)


def test_the_export_is_a_markdown_file_with_sources(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    ask(page, "Which skills are critical?")
    page.locator(".st-key-menu button:visible").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export as Markdown").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert waiting.value.suggested_filename == "which-skills-are-critical.md"
    assert "## Which skills are critical?" in text and "**Sources**" in text


def test_the_owner_cookie_is_closed_to_scripts_and_the_policy_closes_other_hosts(
    context: BrowserContext, address: str
) -> None:
    page = open_page(context, address)
    cookie = next(cookie for cookie in context.cookies() if cookie["name"] == "coach_owner")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and len(cookie["value"]) == 43
    assert "coach_owner" not in str(page.evaluate("document.cookie"))
    page.reload()
    again = next(found for found in context.cookies() if found["name"] == "coach_owner")
    assert again["value"] == cookie["value"]
    with urllib.request.urlopen(address) as response:
        policy = response.headers["content-security-policy"]
        assert response.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'self'" in policy and "http" not in policy


# --- With a coach that takes its time -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(ROOT / "tests" / "slow_app.py", tmp_path_factory.mktemp("slow") / "data") as url:
        yield url


def test_stages_are_shown_and_a_question_can_be_stopped_and_asked_again(context: BrowserContext, slow: str) -> None:
    page = open_page(context, slow)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("Which skills?")
    box.press("Enter")
    expect(page.get_by_text("Searching the knowledge").first).to_be_visible(timeout=15_000)
    page.get_by_test_id("stChatInputStopButton").click()
    expect(page.get_by_test_id("stChatInputStopButton")).to_have_count(0, timeout=15_000)
    expect(page.get_by_text("Stopped before there was an answer")).to_be_visible()
    page.wait_for_timeout(5_000)  # Longer than the coach thinks: what was stopped must not come after all.
    expect(page.get_by_text("Evidence:")).to_have_count(0)
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=ANSWER_MS)


def test_clicks_while_a_question_is_on_its_way_neither_lose_nor_repeat_it(context: BrowserContext, slow: str) -> None:
    page = open_page(context, slow)
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("Which skills?")
    box.press("Enter")
    expect(page.get_by_text("Understanding the question").first).to_be_visible(timeout=15_000)
    page.locator(".st-key-data button:visible").first.click()
    for _ in range(3):  # Each of these redraws the page while the coach thinks.
        for name in ("Delete everything", "Keep"):
            # By key: between press and release of a mouse that is this quick, what was drawn anew may still move.
            page.get_by_role("button", name=name).press("Enter")
    expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=ANSWER_MS)
    expect(page.locator('[class*="st-key-asked-"]')).to_have_count(1)


def test_two_people_who_ask_at_once_each_get_their_own_answer(browser: Browser, slow: str) -> None:
    contexts = [browser.new_context() for _ in range(2)]
    pages = [open_page(context, slow) for context in contexts]
    for page, question in zip(pages, ("Which skills?", "Is it realistic?"), strict=True):
        page.get_by_test_id("stChatInputTextArea").fill(question)
    for page in pages:
        page.get_by_test_id("stChatInputTextArea").press("Enter")
    for page, own, other in ((pages[0], "Kiln work", "24 weeks"), (pages[1], "24 weeks", "Kiln work")):
        expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=ANSWER_MS)
        expect(page.get_by_text(own).first).to_be_visible()
        expect(page.get_by_text(other)).to_have_count(0)
        expect(page.locator('[class*="st-key-open-"]')).to_have_count(1)
    for context in contexts:
        context.close()


# --- Rendering, over many combinations ----------------------------------------------------------------------

ATOMS = (
    "http://evil.example/a", "www.evil.example", "a@evil.example", "![i](http://evil.example/i.png)",
    "[l](javascript:alert(1))", "<img src=http://evil.example/q>", "<http://evil.example>", ":red[x]",
    ":material/home:", ":material_home:", ":smile:", ":+1:", ":streamlit:", "$a$", "$$b$$", "**b**", "_i_", "`c`",
    "```", "~~s~~", "# h", "> q", "- l", "1. n", "| a | b |", '\\', '\\$', "&amp;", "&#36;", ":small[]",
    ":shimmer[a]", "{foreground=red}", "->", "<-", "<->", "--", ">=", "<=", "~=", "[^1]", "[1]",
    "[x]: http://evil.example", "*", "_", "]", "[", "(", ")", "::note", "$5", "10%", "    code", "\n\n", "\n",
    "word", "HTTP://EVIL.EXAMPLE", "://", "a:b", ":help[x]", "\\'", '"', "é", "日本",
)  # fmt: skip
PROBE = """
import json, sys
from pathlib import Path
import streamlit as st
from coach.ui.render import highlighted, literal
for number, case in enumerate(json.loads(Path(__file__).with_name("cases.json").read_text())):
    with st.container(key=f"body{number}"): st.markdown(literal(case))
    with st.container(key=f"mark{number}"): st.markdown("x " + highlighted(case) + " y")
    with st.container(key=f"label{number}"): st.button(literal(case), key=f"button{number}")
st.text("DONE")
"""


def test_escaped_text_reads_as_it_was_written_in_every_combination(context: BrowserContext, tmp_path: Path) -> None:
    chance = random.Random(7)
    cases = [
        HOSTILE,
        "# head",
        "- item",
        "1. one",
        "    indented",
        "> quote",
        "---",
        "-> x",
        "a <-> b",
        ":::note",
        "\\",
        "`",
        ":",
    ]
    cases += [
        "".join(chance.choice(ATOMS) + chance.choice(("", " ", "")) for _ in range(chance.randint(1, 9)))
        for _ in range(150)
    ]
    cases = [case for case in cases if plain(case)]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    (tmp_path / "probe.py").write_text(PROBE)
    with served(tmp_path / "probe.py", tmp_path / "data") as url:
        page = context.new_page()
        page.goto(url)
        expect(page.get_by_text("DONE", exact=True)).to_be_visible(timeout=60_000)
        page.wait_for_timeout(1500)  # Streamlit loads emoji and formulas late, where it finds any.
        seen = page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll(
                 '[class*="st-key-body"], [class*="st-key-mark"], [class*="st-key-label"]')].map(element => [
                 [...element.classList].find(name => name.startsWith("st-key-")).slice(7),
                 [element.textContent, element.querySelectorAll(
                    "a,img,h1,h2,h3,code,pre,.katex,em,strong,del,ul,ol,table,blockquote,hr").length]]))"""
        )
        page.close()  # before its server: it would complain of a lost connection
    for number, case in enumerate(cases):
        for kind in ("body", "mark", "label"):
            text, drawn = seen[f"{kind}{number}"]
            text = " ".join(text.split())
            text = text.removeprefix("x ").removesuffix(" y") if kind == "mark" else text
            assert (text, drawn) == (plain(case), 0), (kind, case, literal(case))
