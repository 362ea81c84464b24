"""The Lab, the Library and the Evaluation page, as people walk through them: the real app in a real Chromium.

The first page that needs it waits until the index is built; the others are quick.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, expect

from coach.lab.experiment import FaultName
from coach.lab.faults import FAULTS
from coach.lab.tour import STOPS
from eval.browser import ROOT, served
from eval.cases import Case
from tests.browser import ANSWER_MS, STEP_MS, WIDE, ask, chromium, loaded, open_page, settled, visit, watched

pytestmark = pytest.mark.timeout(900)

PRESSES = 120
"""Presses after which an element counts as out of the keyboard's reach."""

OFFER = b"""# Offer of Borealis Works

Your notice period is three months. You get 28 days of paid leave a year.
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[str]:
    with served(ROOT / "app.py", Path(shutil.copytree(built, tmp_path_factory.mktemp("lab") / "data"))) as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser.new_context(**WIDE)) as opened:
        yield opened


CLICKS = 3


def open_lab(context: BrowserContext, address: str, **asked: str) -> Page:
    return visit(context, f"{address}lab?{urlencode(asked)}", "RAG Lab")


def open_library(context: BrowserContext, address: str, **asked: str) -> Page:
    return visit(context, f"{address}library?{urlencode(asked)}", "Library")


def in_address(page: Page) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def turn_to(page: Page, view: str) -> None:
    """By a click, and again where it was lost to a page that was just being drawn anew."""
    radio = page.get_by_role("radio", name=view, exact=True)
    for _ in range(CLICKS):
        radio.click()
        loaded(page)
        if radio.is_checked():
            break
    expect(radio).to_be_checked()


def question_of(page: Page) -> Locator:
    return page.locator(".st-key-lab-question input")


# --- The Lab ------------------------------------------------------------------------------------------------


def test_the_tour_leads_over_all_stops_to_a_question_of_ones_own(context: BrowserContext, address: str) -> None:
    page = open_lab(context, address)
    turn_to(page, "Tour")
    told: set[str] = set()
    for number in range(1, STOPS + 1):
        expect(page.get_by_role("heading", level=3)).to_contain_text(f"{number} of {STOPS}")
        loaded(page)
        expect(page.get_by_text("What happened")).to_be_visible()
        told.add(page.get_by_role("heading", level=3).inner_text())
        assert in_address(page).get("tour", "1") == str(number)
        page.locator(".st-key-lab-tour-next button").click()
    assert len(told) == STOPS
    own = page.get_by_label("Your question")
    own.fill("How many weeks does each phase take?")
    own.press("Enter")
    expect(page.get_by_role("heading", name="1. Understand the question")).to_be_visible()
    expect(question_of(page)).to_have_value("How many weeks does each phase take?")
    assert in_address(page)["view"] == "steps"


def test_a_stop_is_one_click_from_what_lies_behind_its_answer(context: BrowserContext, address: str) -> None:
    page = open_lab(context, address, view="tour", tour="1")
    asked = page.locator('[class*="st-key-asked-first-tour"]').inner_text().strip()
    page.locator(".st-key-lab-tour-look button").click()
    expect(question_of(page)).to_have_value(asked)
    expect(page.get_by_role("heading", name="1. Understand the question")).to_be_visible()


def test_a_stop_leads_to_its_faults_which_are_then_guessed_at(context: BrowserContext, address: str) -> None:
    page = open_lab(context, address, view="tour", tour="6")
    wrong = page.get_by_text("It wrote: “").inner_text().partition("“")[2].partition("”")[0]
    assert re.search(r"\d", wrong)
    page.locator(".st-key-lab-tour-look button").click()
    expect(page.get_by_role("button", name="Break it", exact=True)).to_be_disabled()
    loaded(page)
    assert in_address(page)["faults"] == "no-check,careless-writer"
    guess_and_run(page)
    expect(page.locator(".st-key-broken-new")).to_contain_text(wrong)


def guess_and_run(page: Page) -> None:
    page.locator('[class*="st-key-lab-guess-"]').get_by_role("radio").first.check(force=True)
    run = page.get_by_role("button", name="Break it", exact=True)
    expect(run).to_be_enabled()
    settled(page)
    run.click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible(timeout=ANSWER_MS)
    loaded(page)


def test_the_way_through_the_lab_needs_no_mouse(context: BrowserContext, address: str) -> None:
    page = open_lab(context, address)
    tab_to(page, question_of(page))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Which skills are critical?")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"[?&]q=Which\+skills\+are\+critical"))
    loaded(page)
    for view, shown in (("Map", "Closest passages"), ("Tour", "What happened")):
        choice = page.get_by_role("radio", name=view, exact=True)
        tab_to(page, page.get_by_role("radiogroup", name="View").get_by_role("radio", checked=True))
        arrow_to(page, choice)
        page.keyboard.press("Enter")
        expect(choice).to_be_checked()
        expect(page.get_by_text(shown)).to_be_visible()
        loaded(page)
    tab_to(page, page.locator('[class*="st-key-mark-"] button').first)
    page.keyboard.press("Enter")
    note = page.get_by_test_id("stPopoverBody")
    expect(note.locator(".stMarkdownColoredBackground").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    for number in range(2, STOPS + 1):
        tab_to(page, page.locator(".st-key-lab-tour-next button"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=3)).to_contain_text(f"{number} of {STOPS}")
        loaded(page)


def tab_to(page: Page, wanted: Locator) -> None:
    """From wherever the page is."""
    _press_until(page, "Tab", wanted)


def arrow_to(page: Page, wanted: Locator) -> None:
    """Within a row of choices, which Tab enters and leaves as one."""
    _press_until(page, "ArrowRight", wanted)


def _press_until(page: Page, key: str, wanted: Locator) -> None:
    for _ in range(PRESSES):
        page.keyboard.press(key)
        if wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"{PRESSES} presses of {key} do not lead to {wanted}")


def test_a_link_shows_somebody_else_the_same(context: BrowserContext, browser: Browser, address: str) -> None:
    page = open_lab(context, address)
    question_of(page).fill("And how long does it take?")
    question_of(page).press("Enter")
    turn_to(page, "Map")
    shown = page.get_by_test_id("stTable").first.inner_text()
    with watched(browser.new_context(**WIDE)) as elsewhere:
        other = visit(elsewhere, page.url, "RAG Lab")
        expect(question_of(other)).to_have_value("And how long does it take?")
        expect(other.get_by_role("radio", name="Map", exact=True)).to_be_checked()
        assert other.get_by_test_id("stTable").first.inner_text() == shown


def test_a_changed_setting_stands_in_the_address_and_a_link_shows_the_same_answer(
    context: BrowserContext, browser: Browser, address: str
) -> None:
    page = open_lab(context, address, view="change", q="Does the timeline add up?")
    expect(page.get_by_text("Nothing is different")).to_be_visible()
    set_to_least(page, "lab-keys")
    set_to_least(page, "lab-dense")
    expect(page.get_by_text("Nothing is different")).to_have_count(0)
    settled(page)
    changed = page.locator(".st-key-changed-new").inner_text()
    ranking = page.get_by_text(re.compile(r"^First passages: \d+ of \d+ moved")).inner_text()
    with watched(browser.new_context(**WIDE)) as elsewhere:
        other = visit(elsewhere, page.url, "RAG Lab")
        for key in ("lab-keys", "lab-dense"):
            expect(slider(other, key)).to_have_value("0")
        expect(slider(other, "lab-lexical")).not_to_have_value("0")
        assert other.locator(".st-key-changed-new").inner_text() == changed
        assert other.get_by_text(ranking, exact=True).count() == 1
    page.get_by_role("button", name="Change everything back").click()
    expect(page.get_by_text("Nothing is different")).to_be_visible()
    assert set(in_address(page)) <= {"q", "view"}


def slider(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}").get_by_role("slider")


def set_to_least(page: Page, key: str) -> None:
    slider(page, key).press("Home")
    expect(slider(page, key)).to_have_value("0")
    settled(page)


def test_a_fault_is_guessed_at_before_it_runs_and_what_happened_is_told(context: BrowserContext, address: str) -> None:
    page = open_lab(context, address, view="break", q="What is the pay at entry level?")
    told: list[str] = []
    for fault in (FaultName.CARELESS_WRITER, FaultName.NO_CHECK):  # the second beside the first
        page.get_by_role("button", name=FAULTS[fault].title, exact=True).click()
        expect(page.get_by_role("button", name="Break it", exact=True)).to_be_disabled()
        expect(page.get_by_text("What happened")).to_have_count(0)
        guess_and_run(page)
        expect(page.get_by_text("You guessed it").or_(page.get_by_text("It came otherwise"))).to_be_visible()
        expect(page.get_by_role("heading", name="What caught it")).to_be_visible()
        told.append(page.locator(".st-key-broken-new").inner_text())
    assert "not supported" not in told[0]  # the check struck out what the writer made up
    assert "not supported" in told[1]
    assert set(in_address(page)["faults"].split(",")) == {"careless-writer", "no-check"}


def test_the_answer_follows_an_edited_passage_and_nobody_else_sees_it(
    context: BrowserContext, browser: Browser, address: str
) -> None:
    page = open_lab(context, address, view="edit", q="What is the pay at entry level?")
    draft = page.get_by_role("textbox", name="How it should read")
    expect(draft).to_have_value(re.compile(r"\$\d"))  # the sentence stands there a moment after its field
    draft.fill(re.sub(r"\$[\d,]+\d", "$171,000", draft.input_value(), count=1))
    page.get_by_role("button", name="Edit and ask again").click()
    expect(page.get_by_text("The answer follows").first).to_be_visible(timeout=ANSWER_MS)
    loaded(page)
    expect(page.locator(".st-key-edited-new")).to_contain_text("$171,000")
    expect(page.locator(".st-key-edited-old")).not_to_contain_text("$171,000")
    with watched(browser.new_context(**WIDE)) as elsewhere:
        chat = open_page(elsewhere, address)
        ask(chat, "What is the pay at entry level?")
        expect(chat.get_by_test_id("stChatMessage").last).not_to_contain_text("$171,000")
    page.get_by_role("button", name="Take the edit back").click()
    expect(page.locator(".st-key-edited-new")).to_have_count(0)


def test_an_answer_opens_in_the_lab_with_the_questions_before_it(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    ask(page, "Which skills are critical?")
    ask(page, "How long do they take?")
    page.get_by_text("Evidence:").last.click()
    page.get_by_role("link", name="Look inside in the RAG Lab").click()
    expect(question_of(page)).to_have_value("How long do they take?")
    loaded(page)
    expect(page.locator(".st-key-lab-earlier")).to_contain_text("Which skills are critical?")
    page.reload()  # the address alone leads there as well
    expect(question_of(page)).to_have_value("How long do they take?")
    expect(page.locator(".st-key-lab-earlier")).to_contain_text("Which skills are critical?")


def test_the_lab_looks_into_an_answer_from_a_document_of_this_visit(
    context: BrowserContext, address: str, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.md"
    letter.write_text("# Terms\n\nThe notice period at the brewery is ninety days.\n")
    page = visit(context, f"{address}library?view=Your+documents", "Library")
    page.locator("input[type=file]").first.set_input_files(letter)
    expect(page.get_by_text("until this visit ends").first).to_be_visible()
    page.get_by_test_id("stTopNavLink").filter(has_text="Coach").click()
    ask(page, "How long is the notice period at the brewery?")
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text("ninety days")
    page.get_by_text("Evidence:").last.click()
    page.get_by_role("link", name="Look inside in the RAG Lab").click()
    expect(page.get_by_text("Answered as in your chat, with your own documents.")).to_be_visible()
    loaded(page)
    expect(page.get_by_test_id("stMain")).to_contain_text("letter.md")


def test_an_answer_taken_along_opens_by_itself_and_names_no_other_host(
    context: BrowserContext, browser: Browser, address: str, tmp_path: Path
) -> None:
    page = open_lab(context, address, q="Does the timeline add up?")
    chat = open_page(context, address)
    ask(chat, "Does the timeline add up?")
    chat.get_by_text("Evidence:").last.click()
    for place in (page, chat):
        with place.expect_download() as waiting:
            place.get_by_role("button", name="Take this answer along").click()
        _opens_alone(waiting.value, browser, tmp_path)


def _opens_alone(download: Download, browser: Browser, folder: Path) -> None:
    taken = folder / "answer.html"
    download.save_as(taken)
    assert download.suggested_filename == "answer-does-the-timeline-add-up.html"
    written = taken.read_text(encoding="utf-8")
    assert re.findall(r"(?:https?|wss?)://[^\s\"'<]+", written) == []
    offline = browser.new_context(offline=True, java_script_enabled=False)
    fetched: list[str] = []
    offline.on("request", lambda request: fetched.append(request.url))
    alone = offline.new_page()
    alone.goto(taken.as_uri())
    expect(alone.get_by_text("Does the timeline add up?").first).to_be_visible()
    expect(alone.locator("mark").first).to_be_visible()
    assert len(alone.locator("mark").first.inner_text()) > 10
    assert fetched == [taken.as_uri()]
    offline.close()


# --- The Rehearsal ------------------------------------------------------------------------------------------


def test_a_rehearsal_judges_by_sentences_and_keeps_nothing_before_a_click(
    context: BrowserContext, address: str
) -> None:
    page = visit(context, f"{address}rehearsal?seed=1", "Rehearsal")
    for number in range(1, 6):
        expect(page.get_by_text(re.compile(f"^Question {number} of 5"))).to_be_visible()
        settled(page)
        answer(page, "I cannot say anything about that.")
        expect(page.get_by_text(re.compile(r"^0 of \d+ key points? covered"))).to_be_visible()
        settled(page)
        points = page.locator('[class*="st-key-prose-key-open-"]').all_inner_texts()
        answer(page, " ".join(point.split("\n")[0] for point in points))
        expect(page.get_by_text(re.compile(r"^[1-9]\d* of \d+ key points? covered"))).to_be_visible()
        expect(page.get_by_text("You said:").first).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Next question").click()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    settled(page)

    proposed = page.get_by_text("Keep this in your profile?").first.inner_text()
    skill = proposed.removeprefix("Keep this in your profile? ").split(", at ")[0]
    assert skill not in kept_of(context, address)
    page.get_by_role("button", name="Keep", exact=True).first.click()
    expect(page.get_by_text(f"Kept in your profile: {skill}")).to_be_visible()
    assert skill in kept_of(context, address)


def answer(page: Page, text: str) -> None:
    field = page.get_by_label("Your answer")
    field.fill(text)
    field.press("ControlOrMeta+Enter")
    settled(page)
    page.get_by_role("button", name="Compare with the key points").click()


def kept_of(context: BrowserContext, address: str) -> str:
    """All that the app holds of this browser, as it hands it out."""
    plan = visit(context, f"{address}plan", "My plan")
    with plan.expect_download() as waiting:
        plan.locator(".st-key-download-data button").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    plan.close()
    return json.dumps(json.loads(text), ensure_ascii=False)


# --- The Library --------------------------------------------------------------------------------------------


def test_the_library_finds_and_marks_and_filters(context: BrowserContext, browser: Browser, address: str) -> None:
    page = open_library(context, address)
    box = page.get_by_label("Search", exact=True)
    box.fill("which skills are critical")
    box.press("Enter")
    expect(page.get_by_text("rank 1,").first).to_be_visible()
    loaded(page)
    marked = page.locator(".st-key-library .stMarkdownColoredBackground")
    expect(marked.filter(has_text=re.compile("^critical$", re.IGNORECASE)).first).to_be_visible()
    assert in_address(page)["search"] == "which skills are critical"
    page.get_by_role("button", name="computed", exact=True).click()
    loaded(page)
    ranked = page.get_by_text(re.compile(r"^rank \d+"))
    badges = page.locator(".st-key-library .stMarkdownBadge")
    assert ranked.count() == badges.count() > 0
    assert set(badges.all_inner_texts()) == {"computed"}
    with watched(browser.new_context(**WIDE)) as elsewhere:
        other = visit(elsewhere, f"{address}library?{urlencode({'search': 'which skills are critical'})}", "Library")
        expect(other.get_by_label("Search", exact=True)).to_have_value("which skills are critical")
        expect(other.get_by_text("rank 1,").first).to_be_visible()


def test_a_document_of_ones_own_is_cited_in_chat_until_it_is_removed(
    context: BrowserContext, browser: Browser, address: str
) -> None:
    page = open_library(context, address, view="Your documents")
    page.locator("input[type=file]").set_input_files({"name": "offer.md", "mimeType": "text/markdown", "buffer": OFFER})
    expect(page.get_by_text("until this visit ends")).to_be_visible()
    settled(page)
    go_to(page, "Coach")
    ask(page, "How long is my notice period?")
    said = page.get_by_test_id("stChatMessage").last
    expect(said).to_contain_text("Your notice period is three months.")
    said.locator('[class*="st-key-mark-"] button').first.click()
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text("Your document: offer.md")
    page.keyboard.press("Escape")

    with watched(browser.new_context(**WIDE)) as elsewhere:
        stranger = open_page(elsewhere, address)
        ask(stranger, "How long is my notice period?")
        expect(stranger.get_by_test_id("stChatMessage").last).not_to_contain_text("three months")

    go_to(page, "Library")
    loaded(page)
    turn_to(page, "Your documents")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    settled(page)
    go_to(page, "Coach")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".st-key-starters button").first).to_be_visible()
    ask(page, "How long is my notice period?")
    expect(page.get_by_test_id("stChatMessage").last).not_to_contain_text("three months")


def go_to(page: Page, name: str) -> None:
    """By the links at the top, within the same visit."""
    page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
    expect(page).to_have_url(re.compile(r"/(\?|$)" if name == "Coach" else f"/{quote(name.lower())}"))
    settled(page)


# --- The Evaluation page ------------------------------------------------------------------------------------


def test_a_thumb_down_becomes_a_case_that_the_evaluation_reads(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    ask(page, "Which skills are critical?")
    page.locator('[class*="st-key-thumb-"] button').last.click()
    with context.expect_page() as opening:
        page.get_by_role("link", name="Make it a draft case").click()
    drafts = opening.value
    drafts.set_default_timeout(STEP_MS)
    drafts.locator("summary").filter(has_text="Which skills are critical?").click()
    expect(drafts.get_by_text("a question that is answered needs at least one fact")).to_be_visible()
    expect(drafts.get_by_role("button", name="Download 0 complete of 1")).to_be_disabled()
    fact = drafts.get_by_label("Fact 1", exact=True)
    fact.fill("Vector Database Fundamentals")
    fact.press("Enter")
    expect(drafts.get_by_text("Complete: it will be in the")).to_be_visible(timeout=ANSWER_MS)
    settled(drafts)
    with drafts.expect_download() as waiting:
        drafts.get_by_role("button", name="Download 1 complete of 1").click()
    (line,) = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    made = Case.model_validate_json(line)
    assert made.question == "Which skills are critical?"
    assert made.gold and all("#" in passage for passage in made.gold)
    assert json.loads(line)["nuggets"][0]["value"] == "Vector Database Fundamentals"
