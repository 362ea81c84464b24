"""Every page and view, looked at by axe-core: in light on a wide screen, and in dark on one as narrow as a phone's,
which also shows it without scrolling sideways.

What keeps somebody from reading or using a page (axe calls it serious or critical) fails. axe-core comes with a package
and runs inside the page; nothing is fetched for it.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from coach.ui import chart_theme
from coach.ui.evaluation import charts
from coach.ui.evaluation import page as evaluation
from coach.ui.lab import page as lab
from coach.ui.lab.tour import OWN
from coach.ui.library import page as library
from eval import history
from eval.browser import ROOT, served
from eval.compare import read_record
from eval.records import Asked
from tests.browser import FIRST_ANSWER_MS, PHONE, WIDE, ask, chromium, fits, loaded, open_page, settled, visit, watched

pytestmark = pytest.mark.timeout(900)

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
"""The script alone: the package's own way to run it knows no way to leave out one rule for one element."""

GRAVE = ("serious", "critical")

EXCUSED: dict[str, tuple[str, ...]] = {}
"""By rule, elements of Streamlit's own making whose fault cannot be mended from here, each with its reason."""

NOTES = b"# Offer of Borealis Works\n\nYour notice period is three months. You get 28 days of paid leave a year.\n"


def faults(page: Page) -> list[str]:
    """What axe-core finds grave on what is on screen, in words."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(result => result.violations)"
    )
    return [
        f"{one['impact']}: {one['id']} at {node['target']}: {node['html'][:300]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
        if not _excused(page, one["id"], node["target"][0])
    ]


def _excused(page: Page, rule: str, target: str) -> bool:
    return any(
        page.evaluate("([at, excused]) => document.querySelector(at)?.matches(excused) ?? false", [target, selector])
        for selector in EXCUSED.get(rule, ())
    )


def look(page: Page, *, name: str = "") -> None:
    """Readable and usable in light and in dark, and on a phone no wider than it."""
    for device in (PHONE, WIDE):
        page.set_viewport_size(device["viewport"])
        page.emulate_media(color_scheme=device.get("color_scheme", "light"))
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", device.get("color_scheme", "light"))
        settled(page)
        assert (name, faults(page)) == (name, [])
        assert fits(page), name


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[str]:
    """An app with two runs, of which one tells what a failing case was answered."""
    data_dir = Path(shutil.copytree(built, tmp_path_factory.mktemp("axe") / "data"))
    run = read_record(history.BASELINE)
    coach = run.systems[0]
    failing = next(case for case in coach.cases if not case.right and case.split == "dev")
    told = Asked(form="question", question="Is it worth it?", status="abstained", problems=("expected an answer",))
    cases = tuple(case.model_copy(update={"asked": (told,)}) if case is failing else case for case in coach.cases)
    again = {"date": "2026-11-26T08:00:00+00:00", "systems": (coach.model_copy(update={"cases": cases}),)}
    history.keep(run.model_copy(update=again), data_dir / "runs")
    with served(ROOT / "app.py", data_dir) as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser.new_context(**WIDE)) as opened:
        yield opened


def look_at_views(page: Page, views: Iterable[str]) -> None:
    """Each view of a page in turn, by its switch."""
    for view in views:
        page.get_by_role("radio", name=view, exact=True).click()
        expect(page.get_by_role("radio", name=view, exact=True)).to_be_checked()
        loaded(page)
        look(page, name=view)


def test_what_axe_finds_is_told(context: BrowserContext, tmp_path: Path) -> None:
    """Or every other test here would pass for nothing."""
    page = context.new_page()
    page.set_content('<html lang="en"><title>x</title><main><button></button><p style="color:#bbb">pale</p></main>')
    assert sorted(fault.split(" at ")[0] for fault in faults(page)) == [
        "critical: button-name",
        "serious: color-contrast",
    ]


def test_labels_of_plots_stand_out_like_other_small_print() -> None:
    """axe sees no words in a picture."""
    plot = charts.intervals([charts.Point("a", 0.5, 0.4, 0.6)], axis="x").to_dict()
    for part in ("axis", "legend", "header"):
        assert plot["config"][part]["labelColor"] == plot["config"][part]["titleColor"] == chart_theme.QUIET
    on_light, on_dark = re.findall(r"'(#\w{6})'", chart_theme.QUIET["expr"])
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    assert contrast(on_light, theme["light"]["backgroundColor"]) >= 4.5
    assert contrast(on_dark, theme["dark"]["backgroundColor"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """As WCAG has it.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    darker, lighter = sorted(luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- Chat and plan ------------------------------------------------------------------------------------------


def test_the_chat_before_and_after_a_question(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    expect(page.locator(".st-key-starters button").first).to_be_visible()
    look(page)
    ask(page, "Does the timeline add up?")
    look(page)
    page.locator('[class*="st-key-mark-"] button').first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    look(page)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    page.get_by_text("Evidence:").first.click()
    for name in ("Sources", "Claims", "Not used", "Steps"):
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        look(page)
    page.locator('[class*="st-key-thumb-"] button').last.click()
    expect(page.get_by_text("What went wrong?")).to_be_visible()
    look(page)
    ask(page, "What does it pay in Berlin?")
    expect(page.get_by_text("Not covered", exact=True)).to_be_visible()
    look(page)


def test_my_plan_before_and_after_a_profile(context: BrowserContext, address: str) -> None:
    page = visit(context, f"{address}plan", "My plan")
    look(page)
    page.get_by_role("button", name="Make my plan").click()
    expect(page.get_by_text("hours a week you are done on")).to_be_visible(timeout=FIRST_ANSWER_MS)
    look(page)


# --- The Lab ------------------------------------------------------------------------------------------------


def test_each_view_of_the_lab(context: BrowserContext, address: str) -> None:
    look_at_views(visit(context, f"{address}lab", "RAG Lab"), lab.VIEWS.values())


def test_what_a_fault_did(context: BrowserContext, address: str) -> None:
    asked = {"view": "break", "faults": "careless-writer,no-check", "q": "What is the pay at entry level?"}
    page = visit(context, f"{address}lab?{urlencode(asked)}", "RAG Lab")
    page.locator('[class*="st-key-lab-guess-"]').get_by_role("radio").first.check(force=True)
    page.get_by_role("button", name="Break it", exact=True).click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    look(page)


def test_an_edited_passage(context: BrowserContext, address: str) -> None:
    asked = {"view": "edit", "q": "What is the pay at entry level?"}
    page = visit(context, f"{address}lab?{urlencode(asked)}", "RAG Lab")
    page.get_by_role("button", name="Edit and ask again").click()
    expect(page.locator(".st-key-edited-new")).to_be_visible()
    look(page)


def test_each_stop_of_the_tour(context: BrowserContext, address: str) -> None:
    page = visit(context, f"{address}lab?view=tour", "RAG Lab")
    for number in range(1, OWN):
        expect(page.get_by_role("heading", level=3)).to_contain_text(f"{number} of {OWN - 1}")
        look(page)
        page.locator(".st-key-lab-tour-next button").click()
    expect(page.get_by_label("Your question")).to_be_visible()
    look(page)


# --- The Rehearsal ------------------------------------------------------------------------------------------


def test_a_question_of_the_rehearsal_its_judgement_and_the_summary(context: BrowserContext, address: str) -> None:
    page = visit(context, f"{address}rehearsal", "Rehearsal")
    look(page)
    field = page.get_by_label("Your answer")
    field.fill("An index makes a search faster. It is nothing to worry about.")
    field.press("ControlOrMeta+Enter")
    settled(page)
    page.get_by_role("button", name="Compare with the key points").click()
    expect(page.get_by_text("covered").first).to_be_visible()
    look(page)
    page.get_by_role("button", name="Next question").click()
    for number in range(2, 6):
        expect(page.get_by_text(f"Question {number} of 5")).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible()
    look(page)


# --- The Library --------------------------------------------------------------------------------------------


def test_each_view_of_the_library(context: BrowserContext, address: str) -> None:
    look_at_views(visit(context, f"{address}library", "Library"), library.VIEWS)


def test_what_is_found_in_the_library(context: BrowserContext, address: str) -> None:
    page = visit(context, f"{address}library?{urlencode({'search': 'time for each skill'})}", "Library")
    expect(page.get_by_text("rank 1,").first).to_be_visible()
    look(page)
    term = visit(context, f"{address}library?{urlencode({'view': 'Glossary', 'term': 'recall'})}", "Library")
    look(term)


def test_a_document_of_ones_own(context: BrowserContext, address: str) -> None:
    page = visit(context, f"{address}library?{urlencode({'view': 'Your documents'})}", "Library")
    page.locator("input[type=file]").set_input_files({"name": "offer.md", "mimeType": "text/markdown", "buffer": NOTES})
    expect(page.get_by_text("until this visit ends")).to_be_visible()
    look(page)


# --- The Evaluation page ------------------------------------------------------------------------------------


def test_each_view_of_the_evaluation(context: BrowserContext, address: str) -> None:
    look_at_views(visit(context, f"{address}evaluation", "Evaluation"), evaluation.VIEWS)


def test_a_failing_case_and_a_draft_case(context: BrowserContext, address: str) -> None:
    page = visit(context, f"{address}evaluation?{urlencode({'view': 'Failing cases'})}", "Evaluation")
    page.get_by_test_id("stExpander").filter(has_text="Is it worth it?").locator("summary").click()
    expect(page.get_by_text("See its trace in the Lab").first).to_be_visible()
    look(page)
    chat = open_page(context, address)
    ask(chat, "Which skills are critical?")
    chat.locator('[class*="st-key-thumb-"] button').last.click()
    expect(chat.get_by_text("What went wrong?")).to_be_visible()
    settled(chat)
    drafts = visit(context, f"{address}evaluation?{urlencode({'view': 'Draft cases'})}", "Evaluation")
    drafts.locator("summary").filter(has_text="Which skills are critical?").click()
    expect(drafts.get_by_label("Id", exact=True)).to_be_visible()
    look(drafts)
