"""The plan, as new learners would use it: from a resume to a calendar, and back five weeks later.

Three of them, who differ in hours, pay, region, skills, days off, target, way of bringing a resume, screen and
pathway. All share one data folder, whose index is built once, and an app that is started again where weeks pass. It is
told what day it is; nothing depends on the calendar of the machine.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import docx
import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from coach.planning.calendar import event_uid
from eval.browser import ROOT, served
from tests.browser import ANSWER_MS, FIRST_ANSWER_MS, PHONE, STEP_MS, WIDE, Device, ask, chromium, open_page, watched
from tests.test_documents import at, pdf

pytestmark = pytest.mark.timeout(900)

TODAY = date(2026, 11, 25)  # a Wednesday
LATER = TODAY + timedelta(weeks=5)
CHOICES = 5
"""Times that a choice is tried."""


class Learner(NamedTuple):
    """Somebody new, and what they would do differently from the others."""

    device: Device
    pathway: str
    chosen: str | None
    """The pathway's name in the sidebar; None where it is the one open at first."""
    resume: tuple[str, ...]
    brings: str
    skill: str
    """A skill that the resume names, which the learner confirms as strong."""
    line: str
    """What the resume says of it."""
    hours: float
    other_hours: float
    """Of the what-if that is used in the end."""
    pay: int
    region: str
    off: tuple[date, date] | None
    target: date | None


SHIPPED = "software-engineer-to-vector-database-engineer"
WAREHOUSE = "warehouse-supervisor-to-supply-chain-analyst"

INA = Learner(
    device=WIDE,
    pathway=SHIPPED,
    chosen=None,
    resume=(
        "Ina Quill",
        "Backend engineer, Denver",
        "Experience",
        "Programmed billing services in Python for five years",
        "Set up CI/CD pipelines that release to three regions each day",
        "Looked after the on-call rota of a team of six",
        "Skills",
        "Python, Go, SQL",
    ),
    brings="text",
    skill="Python Programming",
    line="Programmed billing services in Python for five years",
    hours=6,
    other_hours=9,
    pay=118_000,
    region="Denver",
    off=(date(2026, 12, 21), date(2027, 1, 3)),
    target=None,
)
TOMAS = Learner(
    device=PHONE,
    pathway=SHIPPED,
    chosen=None,
    resume=(
        "Tomas Aldwin",
        "Platform engineer in Seattle",
        "Moved forty repositories to CI/CD pipelines with a rollback for each release",
        "Tuned Java services that answer a million calls an hour",
        "Drew the system architecture of a parcel tracker",
        "Skills",
        "Java, CI/CD pipelines, Postgres",
    ),
    brings="pdf",
    skill="CI/CD Pipelines",
    line="Moved forty repositories to CI/CD pipelines with a rollback for each release",
    hours=12,
    other_hours=16,
    pay=171_000,
    region="Seattle",
    off=None,
    target=date(2027, 3, 31),
)
ODILE = Learner(
    device=WIDE,
    pathway=WAREHOUSE,
    chosen="Supply Chain Analyst",
    resume=(
        "Odile Ferrant",
        "Night shift supervisor",
        "Ran stock control for nine thousand pallet places, with cycle counts each week",
        "Led shifts of fourteen people through two peak seasons",
        "Skills",
        "Stock control, forklift licence, rota planning",
    ),
    brings="docx",
    skill="Stock Control",
    line="Ran stock control for nine thousand pallet places, with cycle counts each week",
    hours=3.5,
    other_hours=5,
    pay=34_500,
    region="Leeds",
    off=(date(2027, 2, 1), date(2027, 2, 7)),
    target=date(2028, 12, 1),
)


# --- One app, started on a day ------------------------------------------------------------------------------


class App:
    """The app on one data folder: at most one process at a time, each on a day of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._running = ExitStack()
        self._day: date | None = None
        self._address = ""

    def on(self, day: date) -> str:
        """Its address on that day; what ran on another day is ended first."""
        if day != self._day:
            self.close()
            self._address = self._running.enter_context(served(ROOT / "app.py", self.data_dir, day))
            self._day = day
        return self._address

    def close(self) -> None:
        self._running.close()
        self._day = None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, built_with_pages: Path) -> Iterator[App]:
    """With the shipped pathway and imported ones."""
    started = App(Path(shutil.copytree(built_with_pages, tmp_path_factory.mktemp("plan") / "data")))
    yield started
    started.close()


# --- What a learner does ------------------------------------------------------------------------------------


def settled(page: Page) -> None:
    """Wait until the page is drawn as far as it will be."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator('[data-stale="true"]')).to_have_count(0)


def open_plan(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(STEP_MS)
    page.goto(f"{address}plan")
    expect(page.get_by_role("heading", name="My data")).to_be_visible()
    settled(page)
    return page


def choose_pathway(page: Page, name: str) -> None:
    choose(page, page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox"), name)
    expect(page.get_by_text(f"to {name}").first).to_be_visible()
    settled(page)


def choose(page: Page, box: Locator, name: str) -> None:
    """By keyboard, and again where it was lost: an open list closes when the page scrolls beneath it. What was typed
    and not chosen is taken back when the field is left."""
    field = box.get_by_role("combobox")
    for _ in range(CHOICES):
        field.fill(name)
        for key in ("ArrowDown", "Enter", "Tab"):
            field.press(key)
        settled(page)
        if field.input_value() == name:
            break
    expect(field).to_have_value(name)


def fill(page: Page, key: str, text: str) -> None:
    """Type into a field and leave it."""
    field = page.locator(f".st-key-{key} input")
    field.fill(text)
    field.press("Tab")


def fill_days(page: Page, key: str, *days: date) -> None:
    """Type one day, or the first and the last one: year, month and day have a field each."""
    fields = page.locator(f".st-key-{key}").get_by_role("spinbutton")
    figures = [figure for day in days for figure in (f"{day:%Y}", f"{day:%m}", f"{day:%d}")]
    expect(fields).to_have_count(len(figures))
    for number, figure in enumerate(figures):
        fields.nth(number).focus()
        page.keyboard.type(figure)
        expect(fields.nth(number)).to_have_text(figure)
    page.keyboard.press("Escape")  # the calendar that opened beside it


def bring_resume(page: Page, learner: Learner) -> None:
    """Paste or upload it, and wait for the matches."""
    page.locator(".st-key-from-resume summary").click()
    if learner.brings == "text":
        page.locator(".st-key-paste-resume button").first.click()
        page.get_by_label("Text of the resume").fill("\n".join(learner.resume))
        page.get_by_role("button", name="Use this text").click()
    else:
        name = f"resume.{learner.brings}"
        page.locator('[class*="st-key-upload-resume"] input[type=file]').set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": file_of(learner)}
        )
    expect(page.get_by_role("button", name="Confirm these levels")).to_be_visible(timeout=FIRST_ANSWER_MS)
    settled(page)


def file_of(learner: Learner) -> bytes:
    if learner.brings == "pdf":
        return pdf("".join(at(60, 780 - 24 * number, line) for number, line in enumerate(learner.resume)))
    document = docx.Document()
    for line in learner.resume:
        document.add_paragraph(line)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def confirm_levels(page: Page, learner: Learner) -> None:
    """The match shows the resume's line and the guide's; one level is set otherwise than guessed."""
    match = page.locator('[class*="st-key-match-"]').filter(has=page.get_by_text(learner.skill, exact=True))
    expect(match).to_have_count(1)
    expect(match).to_contain_text(learner.line)
    expect(match.get_by_text("The guide", exact=True)).to_be_visible()
    choose(page, match.get_by_test_id("stSelectbox"), "Strong")
    page.get_by_role("button", name="Confirm these levels").click()
    expect(page.get_by_text("From your resume:").first).to_be_visible()
    settled(page)
    expect(page.get_by_text(f"{learner.skill} (strong)")).to_be_visible()


def make_plan(page: Page, learner: Learner) -> None:
    fill(page, "first-hours", f"{learner.hours:g}")
    if learner.target:
        fill_days(page, "first-target", learner.target)
    page.get_by_text("Pay, region, days off and what to leave out").click()
    fill(page, "first-pay", str(learner.pay))
    fill(page, "first-region", learner.region)
    if learner.off:
        fill_days(page, "first-more-off", *learner.off)
    page.get_by_role("button", name="Make my plan").click()
    expect(summary(page, learner.hours)).to_be_visible()
    settled(page)


def summary(page: Page, hours: float) -> Locator:
    return page.get_by_text(f"With {hours:g} hours a week you are done on")


def title_now(page: Page) -> str:
    return page.locator(".st-key-now").inner_text().strip()


def open_reason(page: Page) -> None:
    """The reason of the next step, whose marker opens the passage it stands in."""
    reason = page.locator(".st-key-prose-reason-now")
    expect(reason).to_contain_text("Why now:")
    reason.get_by_role("button").first.click()
    note = page.get_by_test_id("stPopoverBody")
    expect(note.locator(".stMarkdownColoredBackground").first).to_be_visible()
    assert len(note.locator(".stMarkdownColoredBackground").first.inner_text()) > 10
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)


def do_next_step(page: Page) -> str:
    """Click Done; gives the title of what was done."""
    title = title_now(page)
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator(".st-key-now")).not_to_have_text(title)
    settled(page)
    return title


def log_time(page: Page, hours: float) -> None:
    page.locator(".st-key-log-now button").first.click()
    fill(page, "spent-now", f"{hours:g}")
    page.locator(".st-key-logged-now button").click()
    expect(page.get_by_text(re.compile(rf"\d+ of \d+ steps done, {minutes(hours)} logged"))).to_be_visible()
    settled(page)


def minutes(hours: float) -> str:
    from coach.planning.phrases import hours as said

    return re.escape(said(hours))


def use_what_if(page: Page, hours: float) -> None:
    """Compare, then take the second one."""
    before = page.locator(".st-key-outcome-B").inner_text().strip()
    fill(page, "if-hours-B", f"{hours:g}")
    expect(page.locator(".st-key-outcome-B")).not_to_have_text(before)
    expect(page.get_by_text(re.compile(r"^B is done .+ before A\.$"))).to_be_visible()
    settled(page)
    promised = page.locator(".st-key-outcome-B").inner_text().strip()
    page.locator(".st-key-use-B button").click()
    expect(summary(page, hours)).to_be_visible()
    settled(page)
    assert promised.removeprefix("Done on ") in summary(page, hours).inner_text()


def downloaded(page: Page, key: str) -> bytes:
    with page.expect_download() as waiting:
        page.locator(f".st-key-{key} button").click()
    return Path(waiting.value.path()).read_bytes()


def plan_file(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(downloaded(page, "export-json"))
    return found


def events(page: Page) -> dict[str, Any]:
    """The events of the exported calendar by UID, of which none is there twice."""
    found = list(Calendar.from_ical(downloaded(page, "export-ics")).walk("VEVENT"))
    by_uid = {str(event["uid"]): event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def open_steps(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Steps with something left to do, by the UID that their event must have."""
    return {
        event_uid(plan["pathway"], step["id"]): step
        for step in plan["steps"]
        if not step["done"] and not step["skipped"]
    }


def forget(page: Page) -> None:
    page.locator(".st-key-delete-data button").click()
    page.get_by_role("button", name="Delete it all").click()
    expect(page.get_by_role("button", name="Make my plan")).to_be_visible()
    settled(page)


def assert_first_visit(page: Page) -> None:
    """Neither on the page nor in the download is anything of the learner."""
    expect(page.get_by_role("button", name="Make my plan")).to_be_visible()
    expect(page.get_by_text("From your resume:")).to_have_count(0)
    kept = json.loads(downloaded(page, "download-data"))
    assert {key: value for key, value in kept.items() if value and key not in ("format", "version", "made")} == {}


def last_day(event: Any) -> date:
    """Of an event that may go on behind days off."""
    until: list[date] = event["rrule"]["until"] if "rrule" in event else [event["dtend"].dt - timedelta(days=1)]
    return until[0]


# --- Three learners -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("learner", [INA, TOMAS, ODILE], ids=["pasted, wide", "PDF, phone", "DOCX, imported pathway"])
def test_from_a_resume_to_a_calendar_and_back_five_weeks_later(browser: Browser, app: App, learner: Learner) -> None:
    with watched(browser.new_context(**learner.device)) as context:
        page = open_plan(context, app.on(TODAY))
        if learner.chosen:
            choose_pathway(page, learner.chosen)
        bring_resume(page, learner)
        confirm_levels(page, learner)
        make_plan(page, learner)
        assert learner.device is not PHONE or fits(page)

        open_reason(page)
        do_next_step(page)
        log_time(page, 0.5)
        use_what_if(page, learner.other_hours)

        before = plan_file(page)
        check_profile(before["profile"], learner)
        ticked = [step["id"] for step in before["steps"] if step["done"]]
        assert len(ticked) == 1
        assert list(before["progress"]["done"]) == ticked
        assert sum(before["progress"]["logged"].values()) == pytest.approx(0.5)
        first_events = events(page)
        assert set(first_events) == {*open_steps(before), event_uid(learner.pathway, ticked[0])}
        for uid, step in open_steps(before).items():
            assert first_events[uid]["dtstart"].dt == date.fromisoformat(step["start"])
            assert not learner.off or not learner.off[0] <= first_events[uid]["dtstart"].dt <= learner.off[1]
        page.close()

        later = open_plan(context, app.on(LATER))
        if learner.chosen:
            choose_pathway(later, learner.chosen)
        found = plan_file(later)
        assert found["progress"] == before["progress"]
        assert [step["id"] for step in found["steps"] if step["done"]] == ticked
        later.get_by_role("button", name="Date it anew from today").click()
        expect(later.get_by_role("button", name="Date it anew from today")).to_have_count(0)
        settled(later)
        after = plan_file(later)
        assert after["progress"]["done"] == before["progress"]["done"]
        assert after["progress"]["logged"] == before["progress"]["logged"]
        moved = events(later)
        assert set(moved) == set(first_events)
        for uid in open_steps(after):
            assert moved[uid]["dtstart"].dt >= max(LATER, first_events[uid]["dtstart"].dt)
            assert last_day(moved[uid]) > last_day(first_events[uid])
            assert moved[uid]["sequence"] > first_events[uid]["sequence"]
        ticked_uid = event_uid(learner.pathway, ticked[0])
        assert moved[ticked_uid]["dtstart"].dt == first_events[ticked_uid]["dtstart"].dt == TODAY

        taken = downloaded(later, "export-json")
        with watched(browser.new_context(**WIDE)) as elsewhere:
            other = open_plan(elsewhere, app.on(LATER))
            other.locator(".st-key-from-backup summary").click()
            other.locator('[class*="st-key-backup-"] input[type=file]').set_input_files(
                {"name": "plan.json", "mimeType": "application/json", "buffer": taken}
            )
            other.get_by_role("button", name="Import it").click()
            expect(summary(other, learner.other_hours)).to_be_visible()
            settled(other)
            assert plan_file(other) == after
            assert events(other).keys() == moved.keys()
            forget(other)
            assert_first_visit(other)

        assert plan_file(later) == after  # what the other browser deleted was its own
        forget(later)
        assert_first_visit(later)
        later.reload()
        expect(later.get_by_role("heading", name="My data")).to_be_visible()
        settled(later)
        assert_first_visit(later)


def check_profile(profile: dict[str, Any], learner: Learner) -> None:
    off = [{"start": learner.off[0].isoformat(), "end": learner.off[1].isoformat()}] if learner.off else []
    assert profile["weekly_hours"] == learner.other_hours
    assert profile["skills"][learner.skill] == "strong"
    assert (profile["pay"], profile["region"]) == (learner.pay, learner.region)
    assert profile["weeks_off"] == off
    assert profile["target"] == (learner.target.isoformat() if learner.target else None)
    assert profile["start"] == TODAY.isoformat()


def fits(page: Page) -> bool:
    """Nothing has to be scrolled sideways."""
    return bool(
        page.evaluate(
            """() => [document.scrollingElement, document.querySelector('[data-testid="stMain"]')]
                .every(one => one.scrollWidth <= window.innerWidth)"""
        )
    )


# --- In the chat --------------------------------------------------------------------------------------------


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser.new_context(**WIDE)) as opened:
        yield opened


Planned = Callable[[float], Page]


@pytest.fixture
def planned(context: BrowserContext, app: App) -> Planned:
    """The page of a learner who has made a plan with so many hours a week."""

    def begin(hours: float) -> Page:
        page = open_plan(context, app.on(TODAY))
        fill(page, "first-hours", f"{hours:g}")
        page.get_by_role("button", name="Make my plan").click()
        expect(summary(page, hours)).to_be_visible()
        settled(page)
        return page

    return begin


def test_hours_told_in_the_chat_change_the_plan_once_they_are_kept(
    planned: Planned, context: BrowserContext, app: App
) -> None:
    plan = planned(11)
    page = open_page(context, app.on(TODAY))
    ask(page, "I have 7 hours a week")
    expect(page.get_by_text("Keep this in your profile?")).to_be_visible(timeout=ANSWER_MS)
    plan.reload()
    expect(summary(plan, 11)).to_be_visible()  # nothing is kept by itself
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Kept in your profile")).to_be_visible()
    plan.reload()
    expect(summary(plan, 7)).to_be_visible()


def test_the_next_step_in_the_chat_is_that_of_the_plan(planned: Planned, context: BrowserContext, app: App) -> None:
    plan = planned(5)
    do_next_step(plan)
    page = open_page(context, app.on(TODAY))
    ask(page, "What should I do next?")
    expect(page.get_by_test_id("stChatMessage").last).to_contain_text(title_now(plan))


# --- While the model loads ----------------------------------------------------------------------------------

@pytest.mark.parametrize("module", ["plan_charts", "pay_plot"])
def test_charts_have_all_of_pandas_before_they_are_drawn(module: str) -> None:
    """Altair takes what stands in ``sys.modules``, and there the encoder's thread may have put half of it: a first page
    that was drawn while the model loaded broke off at its timeline."""
    program = f"import sys; import coach.ui.{module}; sys.modules['pandas'].Timestamp"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=300)
