"""Taking a plan along: calendar, Markdown, table, JSON, terminal, and to another machine and back."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from coach.errors import ProfileError
from coach.knowledge.corpus import build_corpus
from coach.knowledge.load import load_knowledge
from coach.knowledge.pathway import PageSource, Pathway
from coach.planning.calendar import event_uid
from coach.planning.exporting import (
    CSV_ENCODING,
    as_backup,
    as_csv,
    as_icalendar,
    as_json,
    as_markdown,
    as_text,
    read_backup,
)
from coach.planning.phrases import one_line
from coach.planning.plan import (
    By,
    Cut,
    Kind,
    Length,
    Need,
    NextStep,
    Plan,
    Portion,
    Progress,
    Step,
    StepResource,
    WeekShare,
)
from coach.planning.profile import Break, Level, Profile
from coach.planning.schedule import make_plan
from coach.plans import PlanForm, in_bytes, in_form
from coach.settings import Settings
from coach.storage.export import as_markdown as conversation_as_markdown
from coach.storage.records import Conversation, Turn
from coach.types import Answer, Citation, Claim, Query, Status, Support, Trace
from tests.fakes import HOSTILE

MONDAY = date(2026, 12, 7)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
PATHWAY = "potter-to-glassblower"
NAME = "Potter to Glassblower"
PAGE = PageSource(title="Career guide")
CONTROLS = "\x00\x07\x1b\x7f\x85\x9b\u061c\u200e\u202e\u2066"


def citation(quote: str, marker: int = 1, source: str = "Career guide: Potter to Glassblower") -> Citation:
    return Citation(
        marker=marker, passage_id=f"{PATHWAY}#skills/kiln", source=source, quote=quote, start=0, end=len(quote)
    )


def step(id_: str = "skill/kiln", **fields: Any) -> Step:
    """An open step of eight hours from Monday to Wednesday."""
    made: dict[str, Any] = {
        "id": id_,
        "title": "Kiln work",
        "kind": Kind.SKILL,
        "phase": 1,
        "do": "Fire a kiln.",
        "why": "The guide rates kiln work as critical.",
        "done_when": "A pot has come out whole.",
        "citations": (citation("The guide rates kiln work as critical."),),
        "hours": 8.0,
        "hours_left": 8.0,
        "start": MONDAY,
        "end": MONDAY + 2 * DAY,
        "weeks": (WeekShare(monday=MONDAY, hours=8.0),),
    }
    return Step(**{**made, **fields})


def plan(*steps: Step, **fields: Any) -> Plan:
    made: dict[str, Any] = {
        "pathway": PATHWAY,
        "made": MONDAY,
        "start": MONDAY,
        "finish": max((one.end for one in steps if one.end and not one.done), default=None),
        "weekly_hours": 8.0,
        "guide_week_hours": 10.0,
        "hours": sum(one.hours for one in steps),
        "hours_left": sum(one.hours_left for one in steps),
        "steps": steps,
        "assumptions": (),
    }
    return Plan(**{**made, **fields})


DONE = step("task/1/sketch", title="Sketch", done=True, hours_left=0.0, start=MONDAY, end=MONDAY, weeks=())
SKIPPED = step(
    "skill/clay",
    title="Clay",
    skipped=True,
    saved="You hold it already.",
    start=None,
    end=None,
    weeks=(),
    hours_left=0.0,
)
UNDATED = step("task/2/fair", title="Show at a fair", start=None, end=None, weeks=())


# --- Calendar -------------------------------------------------------------------------------------------------


def events(data: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_a_calendar_has_one_event_for_each_step_that_has_days() -> None:
    other = step("skill/glass", title="Glass")
    made = events(as_icalendar(plan(DONE, step(), other, SKIPPED, UNDATED), NAME, MONDAY))
    assert [str(event["SUMMARY"]) for event in made] == ["Done: Sketch", "Kiln work", "Glass"]


def test_an_event_lasts_whole_days_up_to_the_day_before_its_end() -> None:
    data = as_icalendar(plan(step()), NAME, MONDAY)
    assert b"DTSTART;VALUE=DATE:20261207\r\n" in data
    assert b"DTEND;VALUE=DATE:20261210\r\n" in data
    (event,) = events(as_icalendar(plan(step(end=MONDAY)), NAME, MONDAY))
    assert event["DTSTART"].dt == MONDAY and event["DTEND"].dt == MONDAY + DAY


def test_a_calendar_says_what_other_calendars_ask_for() -> None:
    read: Any = icalendar.Calendar.from_ical(as_icalendar(plan(step()), NAME, MONDAY))
    assert {name: str(read[name]) for name in ("VERSION", "CALSCALE", "METHOD", "X-WR-CALNAME")} == {
        "VERSION": "2.0",
        "CALSCALE": "GREGORIAN",
        "METHOD": "PUBLISH",
        "X-WR-CALNAME": NAME,
    }
    assert read["PRODID"].startswith("-//")
    assert read.errors == []


def test_an_event_blocks_no_time_and_is_confirmed_and_sorted_by_kind() -> None:
    (event,) = events(as_icalendar(plan(step(kind=Kind.ACTION)), NAME, MONDAY))
    assert (event["TRANSP"], event["STATUS"]) == ("TRANSPARENT", "CONFIRMED")
    assert [str(name) for name in event["CATEGORIES"].cats] == ["action"]


def test_an_event_says_what_why_until_when_how_long_and_by_whom() -> None:
    known = step(
        hours_left=3.5,
        saved="Half of it, as you know clay.",
        resources=(
            StepResource(
                name="Kiln book", url="https://kiln.example/", cost="free", instead_of="Old book", note="New."
            ),
        ),
        citations=(citation("One."), citation("Two.", 2), citation("Three.", 3, source="Official figures")),
        said=(citation("Four.", 4, source="Resource check"),),
    )
    (event,) = events(as_icalendar(plan(known), NAME, MONDAY))
    assert str(event["DESCRIPTION"]).split("\n") == [
        "Fire a kiln.",
        "Why: The guide rates kiln work as critical.",
        "Done when: A pot has come out whole.",
        "Time: 8 h, 3.5 h left",
        "Half of it, as you know clay.",
        "Learn from: Kiln book, https://kiln.example/, free, instead of Old book. New.",
        "Sources: Career guide: Potter to Glassblower; Official figures; Resource check",
    ]


def test_a_second_import_moves_the_event_of_the_first() -> None:
    first = plan(step())
    later = plan(
        step(start=MONDAY + WEEK, end=MONDAY + WEEK, hours=4.0, title="Kiln"), made=MONDAY + DAY, weekly_hours=4
    )
    (before,), (after,) = (events(as_icalendar(one, NAME, MONDAY)) for one in (first, later))
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 24 * 60 * 60
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt
    assert after["DTSTART"].dt == MONDAY + WEEK


def test_a_step_that_was_ticked_keeps_its_event_on_the_day_of_the_tick() -> None:
    ticked = step(done=True, hours_left=0.0, start=MONDAY + DAY, end=MONDAY + DAY, weeks=())
    (before,), (after,) = (events(as_icalendar(plan(one), NAME, MONDAY)) for one in (step(), ticked))
    assert before["UID"] == after["UID"]
    assert (after["DTSTART"].dt, str(after["SUMMARY"])) == (MONDAY + DAY, "Done: Kiln work")
    assert after["STATUS"] == "CONFIRMED"
    assert "Time: 8 h\n" in after["DESCRIPTION"]


OFF = (Break(start=MONDAY + 4 * DAY, end=MONDAY + 5 * DAY), Break(start=MONDAY + 2 * DAY, end=MONDAY + 4 * DAY))
"""Two that overlap, the later first: from Wednesday to Saturday."""


def days_of(event: Any) -> set[date]:
    """All days on which a calendar shows an event."""
    length = (event["DTEND"].dt - event["DTSTART"].dt).days
    shown = {event["DTSTART"].dt + number * DAY for number in range(length)}
    if "RRULE" in event:
        assert length == 1 and event["RRULE"]["FREQ"] == ["DAILY"]
        (until,) = event["RRULE"]["UNTIL"]
        shown = {event["DTSTART"].dt + number * DAY for number in range((until - event["DTSTART"].dt).days + 1)}
        shown -= {one.dt for one in event["EXDATE"].dts}
    return shown


def test_a_step_that_goes_on_behind_days_off_has_one_event_that_leaves_them_out() -> None:
    long = step(end=MONDAY + WEEK)
    data = as_icalendar(plan(long, weeks_off=OFF), NAME, MONDAY + 3 * DAY)
    assert b"RRULE:FREQ=DAILY;UNTIL=20261214\r\nEXDATE;VALUE=DATE:20261209,20261210,20261211,20261212\r\n" in (
        data.replace(b"\r\n ", b"")
    )
    (event,) = events(data)
    assert days_of(event) == {MONDAY, MONDAY + DAY, MONDAY + 6 * DAY, MONDAY + WEEK}
    assert "still open" not in str(event["DESCRIPTION"])  # it is not over before its last day is
    (whole,) = events(as_icalendar(plan(long), NAME, MONDAY))
    assert event["UID"] == whole["UID"] and "RRULE" not in whole  # so a second import puts one in the other's place


def test_a_step_ticked_on_a_day_off_keeps_its_event() -> None:
    ticked = step(done=True, hours_left=0.0, start=OFF[0].start, end=OFF[0].start, weeks=())
    (event,) = events(as_icalendar(plan(ticked, weeks_off=OFF), NAME, MONDAY))
    assert days_of(event) == {OFF[0].start}


def test_no_two_steps_and_no_two_pathways_share_an_event() -> None:
    pairs = [("a-to-b", "skill/c"), ("a-to-b", "skill/d"), ("a-to-c", "skill/c"), ("a", "to-b\nskill/c")]
    assert len({event_uid(*pair) for pair in pairs}) == len(pairs)
    assert re.fullmatch(r"[0-9a-f]{32}@career-coach", event_uid(*pairs[0]))


def test_the_same_plan_gives_the_same_bytes_on_every_day_of_its_steps() -> None:
    made = plan(step(), DONE)
    assert as_icalendar(made, NAME, MONDAY) == as_icalendar(made, NAME, MONDAY + 2 * DAY)


def test_a_second_export_on_the_same_day_is_the_newer_one() -> None:
    morning = datetime(2026, 12, 7, 8, 0, tzinfo=UTC)
    (before,), (after,) = (
        events(as_icalendar(plan(step()), NAME, MONDAY, when)) for when in (morning, morning + timedelta(seconds=1))
    )
    assert before["UID"] == after["UID"]
    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt


def test_an_open_step_whose_days_are_over_says_what_to_do() -> None:
    late, ticked = events(as_icalendar(plan(step(), DONE), NAME, MONDAY + 3 * DAY))
    assert "over on Thu 10 Dec 2026 and it is still open: make the plan anew" in str(late["DESCRIPTION"])
    assert "still open" not in str(ticked["DESCRIPTION"])


def test_a_plan_made_before_the_count_of_days_begins_has_a_sequence_all_the_same() -> None:
    (event,) = events(as_icalendar(plan(step(), made=date(1999, 1, 1)), NAME, MONDAY))
    assert event["SEQUENCE"] == 0


def test_a_backslash_before_an_n_is_no_line_break() -> None:
    data = as_icalendar(plan(step(title=r"Open C:\New, C:\new; \N", do=r"\\n")), r"C:\New", MONDAY)
    (event,) = events(data)
    assert str(event["SUMMARY"]) == r"Open C:\New, C:\new; \N"
    assert str(event["DESCRIPTION"]).split("\n")[0] == r"\\n"
    assert rb"X-WR-CALNAME:C:\\New" in data


def test_a_description_holds_no_tag_that_a_calendar_would_show() -> None:
    hostile = step(do='<img src="http://evil.example/"> <a href=x>y</a> 3 < 4 <!-- -->')
    (event,) = events(as_icalendar(plan(hostile), NAME, MONDAY))
    first = str(event["DESCRIPTION"]).split("\n")[0]
    assert first == '< img src="http://evil.example/"> < a href=x>y< /a> 3 < 4 < !-- -->'


@pytest.mark.parametrize("name", ["a\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT", "half \ud800 of a sign", "a,b;c\\"])
def test_a_name_opens_nothing_in_a_calendar(name: str) -> None:
    data = as_icalendar(plan(step()), name, MONDAY)
    assert len(events(data)) == 1
    assert data.count(b"\r\nBEGIN:VEVENT\r\n") == 1


PIECES = [
    *("\n", "\r\n", "\r", "\t", " ", "\u2028", "\x00", "\x1b", "\u202e", "\U0001f469\u200d\U0001f680"),
    *(",", ";", ":", '"', "\\", "\\n", "\\N", "=1+1", "|", "*", "`", "#", "- ", "1. ", "~~", "&amp;", "$a$", ":smile:"),
    *("END:VEVENT", "BEGIN:VALARM", "ATTACH:http://evil.example", "<b>", "[x](http://evil.example)"),
    *("a" * 75, "é" * 40, "日" * 30),
]
HOSTILE_TEXT = st.text(min_size=1, max_size=200) | st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map(
    "".join
)


@given(title=HOSTILE_TEXT, do=HOSTILE_TEXT, name=HOSTILE_TEXT, source=HOSTILE_TEXT)
def test_whatever_a_step_says_stays_inside_its_event(title: str, do: str, name: str, source: str) -> None:
    made = plan(step(title=title, do=do, citations=(citation("x", source=source),)), step("skill/two"))
    data = as_icalendar(made, name, MONDAY)
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    data.decode()
    event, other = events(data)
    assert str(event["SUMMARY"]) == one_line(title)
    assert str(event["DESCRIPTION"]).split("\n")[0] == re.sub(r"<(?=[A-Za-z/!?])", "< ", one_line(do))
    assert set(event) == set(other)
    assert event.subcomponents == [] and event.errors == []


# --- Markdown -------------------------------------------------------------------------------------------------


def drawn(text: str) -> str:
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return str(html)


def test_markdown_ticks_what_is_done_and_dates_what_is_not() -> None:
    text = as_markdown(plan(DONE, step(hours_left=3.0), SKIPPED, UNDATED, finish=MONDAY + 2 * DAY), NAME)
    assert text.startswith(f"# {NAME}\n\nEnds on Wed 9 Dec 2026. ")
    assert "- [x] **Sketch**, Mon 7 Dec 2026\n" in text
    assert "- [ ] **Kiln work**, Mon 7 Dec 2026 to Wed 9 Dec 2026, 8 h, 3 h left\n" in text
    assert "- **Clay**, skipped. You hold it already.\n" in text
    assert "- [ ] **Show at a fair**, no date yet, 8 h\n" in text


def test_markdown_goes_by_phase_with_what_belongs_to_none_where_it_begins() -> None:
    action = step("action/week/call", phase=None)
    two, one = step("task/2/a", phase=2), step("task/1/a", phase=1)
    assert re.findall("^## .*", as_markdown(plan(action, two, one), NAME), re.M)[:3] == [
        "## Beside the phases: 0 of 1 done",
        "## Phase 1: 0 of 1 done",
        "## Phase 2: 0 of 1 done",
    ]
    assert (
        re.findall("^## .*", as_markdown(plan(two, action, one), NAME), re.M)[2] == "## Beside the phases: 0 of 1 done"
    )
    assert "## Steps: 0 of 1 done" in as_markdown(plan(action), NAME)


def test_markdown_numbers_sources_through_the_whole_plan() -> None:
    same, other = citation("Kiln work is critical."), citation("Glass is important.")
    text = as_markdown(
        plan(step(citations=(same,)), step("skill/b", citations=(other,)), step("skill/c", citations=(other, same))),
        NAME,
    )
    assert re.findall(r"Why now: .*? critical\. (.*)", text) == [r"\[1\]", r"\[2\]", r"\[1\]\[2\]"]
    assert text.endswith(
        "## Sources\n\n"
        "- \\[1\\] Career guide: Potter to Glassblower. “Kiln work is critical.”\n"
        "- \\[2\\] Career guide: Potter to Glassblower. “Glass is important.”\n"
    )


def test_markdown_cites_what_is_to_be_done_and_says_how_the_hours_come_about() -> None:
    said = step(
        said=(citation("Fire kilns."),), citations=(citation("Kilns matter."),), formula="1 weeks x 8 = 8 hours"
    )
    lines = as_markdown(plan(said), NAME).splitlines()
    assert "  - What to do: Fire a kiln. \\[1\\]" in lines
    assert "  - How long: 1 weeks x 8 \\= 8 hours" in lines
    assert "- \\[1\\] Career guide: Potter to Glassblower. “Fire kilns.”" in lines


def test_markdown_tells_the_coachs_order_from_the_guides_and_leaves_out_what_is_met() -> None:
    needs = (
        Need(id="skill/kiln", by=By.GUIDE, why="Heat comes first."),
        Need(id="skill/gone", by=By.COACH, why="Study comes before use."),
        Need(id=DONE.id, by=By.COACH, why="Study comes before use."),
    )
    text = as_markdown(plan(DONE, step(), step("skill/glass", needs=needs)), NAME)
    assert re.findall("After: .*", text) == [
        "After: Kiln work (the guide's order). Heat comes first.",
        "After: skill/gone (the coach's order, not the guide's). Study comes before use.",
    ]


def test_markdown_says_what_is_assumed_what_is_late_and_what_can_go() -> None:
    text = as_markdown(
        plan(
            step(),
            late=("skill/kiln",),
            hours_needed=12.5,
            notices=("Juggling is none of its skills.",),
            assumptions=("A week is 10 hours.",),
            cuts=(Cut(what="Cold work", saves_hours=6.0, finish=MONDAY, step_ids=("skill/cold",)),),
        ),
        NAME,
    )
    assert "8 h, after the target date\n" in text
    for said in (
        "- Juggling is none of its skills.",
        "- After the target date: 1 step; each says so.",
        "- With 12.5 h a week all would fit.",
        "- A week is 10 hours.",
        "- Cold work: saves 6 h; the plan would then end on Mon 7 Dec 2026.",
    ):
        assert said in text.splitlines()


@pytest.mark.parametrize(
    "text", ["1. Fire", "12) Fire", "- Fire", "---", "1.", "-", "+ Fire", "* Fire", "# Fire", "> Fire"]
)
def test_no_entry_of_a_list_begins_something_of_its_own(text: str) -> None:
    html = drawn(as_markdown(plan(assumptions=(text, "2.5 hours"), finish=MONDAY), NAME))
    shown = text.replace(">", "&gt;")
    assert html.endswith(f"<ul>\n<li>{shown}</li>\n<li>2.5 hours</li>\n</ul>\n")


def test_markdown_shows_hostile_text_literally() -> None:
    hostile = step(
        title=HOSTILE,
        do=f"1. {HOSTILE}",
        why=f"- {HOSTILE}",
        done_when=f"# {HOSTILE}",
        saved=HOSTILE,
        formula=HOSTILE,
        citations=(citation(HOSTILE, source=HOSTILE),),
        resources=(StepResource(name=HOSTILE, cost=HOSTILE, instead_of=HOSTILE, note=HOSTILE),),
        needs=(Need(id=HOSTILE, by=By.COACH, why=HOSTILE),),
    )
    text = as_markdown(
        plan(
            hostile,
            step("skill/two", title=HOSTILE, skipped=True, saved=HOSTILE),
            assumptions=(HOSTILE,),
            notices=(HOSTILE,),
            cuts=(Cut(what=HOSTILE, saves_hours=1, finish=None, step_ids=()),),
        ),
        HOSTILE,
    )
    html = drawn(text)
    for tag in ("<img", "<a ", "<code", "<em", "<table", "<ol", "<s>"):
        assert tag not in html
    name, of_step, resource, need, skipped, lists, source = 1, 6, 4, 2, 2, 3, 2
    assert html.count("![x](http://evil.example/a.png)") == name + of_step + resource + need + skipped + lists + source
    assert not re.search(r"(?<!\\)://", text)


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://www.kiln.example/a?b=c#d", '<a href="https://www.kiln.example/a?b=c#d">kiln.example</a>'),
        ("https://kiln.example/a b)>[x](y", '<a href="https://kiln.example/a%20b%29%3E%5Bx%5D%28y">kiln.example</a>'),
        ("javascript:alert(1)", None),
        ("https://me:pass@evil.example/", None),
        ("https://[::1", None),
        ("file:///etc/passwd", None),
        ("javascript://kiln.example/%0aalert(1)", None),
    ],
)
def test_only_plain_web_addresses_become_links(url: str, link: str | None) -> None:
    html = drawn(as_markdown(plan(step(resources=(StepResource(name="Book", url=url),))), NAME))
    assert re.findall("<a .*?</a>", html) == ([link] if link else [])


@given(title=HOSTILE_TEXT.filter(one_line), do=HOSTILE_TEXT)
def test_a_markdown_reader_sees_the_words_as_they_are(title: str, do: str) -> None:
    text = as_markdown(plan(step(title=title, do=do), notices=(title,), assumptions=(do,)), title)
    tokens = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "inline"]
    shown = ["".join(child.content for child in token.children or ()) for token in tokens]
    assert shown[0] == one_line(title)
    days = ", Mon 7 Dec 2026 to Wed 9 Dec 2026, 8 h"
    assert f"[ ] {one_line(title)}{days}" in shown
    assert f"What to do: {one_line(do)}".strip() in shown
    assert shown.count(one_line(title)) >= 2
    assert not one_line(do) or one_line(do) in shown


# --- Table and JSON ---------------------------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_table_has_one_row_a_step() -> None:
    first, second, third = rows(as_csv(plan(DONE, step(hours_left=2.25), UNDATED.model_copy(update={"phase": None}))))
    assert first["done"] == "yes" and second["done"] == "no"
    assert second == {
        "id": "skill/kiln",
        "title": "Kiln work",
        "kind": "skill",
        "phase": "1",
        "start": "2026-12-07",
        "end": "2026-12-09",
        "hours": "8.00",
        "hours_left": "2.25",
        "done": "no",
        "why": "The guide rates kiln work as critical.",
        "sources": "Career guide: Potter to Glassblower",
    }
    assert (third["phase"], third["start"], third["end"]) == ("", "", "")


def test_a_table_in_a_file_tells_a_spreadsheet_its_encoding_and_in_a_pipe_does_not() -> None:
    text = as_csv(plan(step(title="Öfen")))
    assert text.startswith("id,title,")
    assert text.encode(CSV_ENCODING).startswith(b"\xef\xbb\xbfid,title,")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\tone", "'one"),
        ("\rone", "'one"),
        (" \n =1", "'=1"),
        ("\x00=1", "'=1"),
        ("＝1", "'＝1"),
        ('a;=1;"@b"; c', "a;'=1;'\"@b\"; c"),
        ("a=1, b-2; c", "a=1, b-2; c"),
        ('"quoted"\nlines', '"quoted" lines'),
    ],
)
def test_no_cell_is_computed(text: str, cell: str) -> None:
    (row,) = rows(as_csv(plan(step(id_=text, title=text, why=text, citations=(citation("x", source=text),)))))
    assert {row["id"], row["title"], row["why"]} == {cell}


@given(title=HOSTILE_TEXT, source=HOSTILE_TEXT)
def test_no_cell_begins_as_a_formula_whichever_sign_parts_cells(title: str, source: str) -> None:
    text = as_csv(plan(step(title=title, citations=(citation("x", source=source),)), step("skill/two")))
    assert len(rows(text)) == 2
    for sign in ",;":
        cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@＝＋－＠\t\r"))]


def test_no_event_of_a_real_plan_lies_on_a_day_off(settings: Settings) -> None:
    knowledge = load_knowledge(settings)
    corpus = build_corpus(knowledge.pathways[0], knowledge.resources, knowledge.market, count_pieces=len, limit=2000)
    off = Break(start=date(2026, 12, 21), end=date(2027, 1, 3))
    made = make_plan(corpus, Profile(weekly_hours=6, weeks_off=(off,)), today=MONDAY)
    found = events(as_icalendar(made, NAME, MONDAY))
    assert len({str(one["UID"]) for one in found}) == len(found) == len(made.steps)
    free = {off.start + number * DAY for number in range(14)}
    assert not any(days_of(one) & free for one in found)
    assert sum("RRULE" in one for one in found) == 1


def test_json_holds_the_whole_plan() -> None:
    made = plan(DONE, step(title="Öfen \u202e \x9b"), UNDATED, notices=("Note.",))
    text = as_json(made)
    assert Plan.model_validate_json(text) == made
    assert text.isascii() and text.endswith("}\n")
    read = json.loads(text)
    assert read["finish"] == "2026-12-09"
    assert {"id", "title", "kind", "phase", "start", "end", "hours", "why", "citations", "done"} <= set(
        read["steps"][0]
    )


# --- As the command line writes it --------------------------------------------------------------------------------


def test_the_command_line_writes_calendar_and_table_with_their_own_line_ends() -> None:
    made, guide = plan(step(), DONE), Pathway(slug=PATHWAY, origin="Potter", target="Glassblower", source=PAGE)
    calendar = in_bytes(made, PlanForm.CALENDAR, guide)
    assert calendar == as_icalendar(made, NAME, made.made)
    table = in_bytes(made, PlanForm.CSV, guide)
    assert table == as_csv(made).encode()
    for written in (calendar, table):
        assert written.count(b"\n") == written.count(b"\r\n") == written.count(b"\r") > 0
    assert in_bytes(made, PlanForm.TEXT, guide).decode() == in_form(made, PlanForm.TEXT, guide)


# --- A length that is not the guide's -----------------------------------------------------------------------------


def claim(text: str, marker: int) -> Claim:
    return Claim(text=text, support=Support.QUOTED, citations=(citation(text, marker),))


LENGTH = Length(
    said=(claim("The guide plans 2 to 3 months.", 1), claim("Your plan lasts 5 months.", 1)),
    reasons=(claim("The guide never says what a week is.", 2),),
)


def test_markdown_and_terminal_say_where_a_plan_is_not_as_long_as_the_guide_says() -> None:
    made = plan(step(), length=LENGTH)
    page = as_markdown(made, NAME)
    assert (
        "## How long the guide says it takes\n\n- The guide plans 2 to 3 months. \\[1\\]\n- Your plan lasts 5 months. "
        "\\[2\\]\n- The guide never says what a week is. \\[3\\]\n"
    ) in page
    assert "“The guide plans 2 to 3 months.”" in page.partition("## Sources")[2]
    text = as_text(made, None)
    assert "How long the guide says it takes\n  The guide plans 2 to 3 months. [1]\n" in text
    assert '  [3] Career guide: Potter to Glassblower: "The guide never says what a week is."' in text
    assert json.loads(as_json(made))["length"]["said"][0]["citations"][0]["quote"] == "The guide plans 2 to 3 months."
    for form in (as_markdown(plan(step()), NAME), as_text(plan(step()), None)):
        assert "How long" not in form.replace("How long:", "")


def test_markdown_shows_a_hostile_length_literally() -> None:
    hostile = claim(f"- {HOSTILE}", 1)
    page = as_markdown(plan(step(), length=Length(said=(hostile,))), NAME)
    assert "<img" not in drawn(page) and "<a " not in drawn(page)


# --- A conversation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["---", "--- and more", "-", "- a", "1. a", "1) a", "+ a", "=== a", "2026. was it"])
def test_no_question_of_an_exported_conversation_begins_something_of_its_own(text: str) -> None:
    moment = datetime(2026, 12, 7, tzinfo=UTC)
    made = Conversation(id="c", title=text, pathway=PATHWAY, created=moment, updated=moment)
    turn = Turn(id="t", position=1, question=text, answer_json=answered(text), created=moment)
    page = MarkdownIt("commonmark").render(conversation_as_markdown(made, (turn,), text))
    assert page.count(f"<p>{text}</p>") == 1  # the answer, as a paragraph
    assert page.count("<hr") == 1 and "<ul>" not in page and "<ol" not in page  # the rule between questions is ours
    assert f"<h2>{text}</h2>" in page


def answered(text: str) -> str:
    said = Claim(text=text, support=Support.QUOTED, citations=())
    trace = Trace(query=Query(question="?", standalone="?"))
    return Answer(
        question="?", pathway=PATHWAY, status=Status.ANSWERED, text=text, claims=(said,), trace=trace
    ).model_dump_json()


# --- Terminal -----------------------------------------------------------------------------------------------------


def test_the_terminal_shows_the_next_step_first_with_its_reason_and_what_follows() -> None:
    first, second = step(), step("skill/glass", title="Glass")
    coming = NextStep(
        now=Portion(
            step=first, hours=1.0, whole=False, do="Fire it up. Stop after 1 hour.", sized="Stop after 1 hour."
        ),
        reason=Claim(text="Kilns matter.", support=Support.QUOTED, citations=(citation("Kilns matter.", 7),)),
        then=(second,),
        slipped_days=12,
    )
    text = as_text(plan(first, second), coming)
    assert text.splitlines()[:6] == [
        "Next step: Kiln work (1 h of 8 h)",
        "  Do: Fire it up. Stop after 1 hour.",
        "  Why: Kilns matter. [1]",
        "  Done when: A pot has come out whole.",
        "  Then: Glass",
        "  The earliest open step was planned until 12 days ago; the plan can be dated anew from today.",
    ]
    assert text.endswith('\nSources\n  [1] Career guide: Potter to Glassblower: "Kilns matter."\n')


def test_the_terminal_says_that_all_is_done() -> None:
    text = as_text(plan(DONE), NextStep(now=None, reason=None))
    assert text.startswith("Next step: none, everything is done.\n\nNothing is left to be done. ")
    assert "\nDone\n  [x] Sketch, Mon 7 Dec 2026\n" in text
    assert "[ ]" not in text


def test_the_terminal_goes_week_by_week() -> None:
    long = step(
        end=MONDAY + WEEK,
        hours=10.0,
        hours_left=10.0,
        saved="You know the start.",
        weeks=(WeekShare(monday=MONDAY, hours=8.0), WeekShare(monday=MONDAY + WEEK, hours=2.0)),
    )
    after = step(
        "skill/glass",
        title="Glass",
        start=MONDAY + WEEK,
        end=MONDAY + WEEK,
        weeks=(WeekShare(monday=MONDAY + WEEK, hours=8.0),),
    )
    note = step(
        "action/week/call", title="Call", start=MONDAY + 2 * DAY, end=MONDAY + 2 * DAY, weeks=(), hours_left=0.0
    )
    text = as_text(plan(long, after, note, SKIPPED, UNDATED, late=("skill/glass",)), None)
    assert text.splitlines()[4:] == [
        "Week of Mon 7 Dec 2026, 8 h",
        "  [ ] Kiln work, 8 h of 10 h, Mon 7 Dec 2026 to Mon 14 Dec 2026. You know the start.",
        "  [ ] Call, 0 h, Wed 9 Dec 2026",
        "",
        "Week of Mon 14 Dec 2026, 10 h",
        "  [ ] Kiln work, 2 h, goes on",
        "  [ ] Glass, 8 h, Mon 14 Dec 2026, after the target date",
        "",
        "Without a date",
        "  [ ] Show at a fair, 8 h",
        "",
        "Skipped",
        "  Clay. You hold it already.",
    ]


def test_the_terminal_says_what_is_assumed_and_what_can_go() -> None:
    text = as_text(
        plan(
            step(),
            assumptions=("A week is 10 hours.",),
            notices=("Juggling is none of its skills.",),
            cuts=(Cut(what="Cold work", saves_hours=6.0, finish=None, step_ids=()),),
        ),
        None,
    )
    assert "\nJuggling is none of its skills.\n" in text
    assert "\nWhat can be left out\n  Cold work: saves 6 h.\n" in text
    assert "\nWhat the coach assumed\n  A week is 10 hours.\n" in text


def test_no_text_moves_the_cursor() -> None:
    dirty = f"a{CONTROLS}b"
    made = step(title=dirty, saved=dirty, citations=(citation(dirty, source=dirty),))
    coming = NextStep(
        now=Portion(step=made, hours=1.0, whole=True, do=dirty, sized=dirty),
        reason=Claim(text=dirty, support=Support.QUOTED, citations=made.citations),
        then=(made,),
    )
    whole = plan(made, SKIPPED.model_copy(update={"saved": dirty}), assumptions=(dirty,), notices=(dirty,))
    for text in (as_text(whole, coming), as_markdown(whole, dirty), as_csv(whole)):
        assert not set(CONTROLS) & set(text)
        assert "a b" in text  # \x85 is a line break, so the words stay apart


# --- To another machine ----------------------------------------------------------------------------------------------

PROFILE = Profile(
    pathway=PATHWAY,
    skills={"Clay": Level.STRONG},
    weekly_hours=6.5,
    start=MONDAY,
    target=date(2027, 6, 1),
    pay=62_000,
    region="Denver",
    weeks_off=(Break(start=MONDAY + WEEK, end=MONDAY + 2 * WEEK),),
    stay_employed=False,
    nice_to_have=False,
)
PROGRESS = Progress(
    done={DONE.id: MONDAY, "skill/of-an-older-guide": MONDAY - DAY},
    logged={"skill/kiln": 1.25, "skill/of-an-older-guide": 3.0},
    from_day=MONDAY + DAY,
)
BACKUP = as_backup(PROFILE, PROGRESS, plan(DONE, step()))


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(BACKUP)
    change(data)
    return json.dumps(data)


def test_a_backup_brings_back_the_profile_and_every_tick_known_or_not() -> None:
    read = read_backup(BACKUP, "plan.json", known=[PATHWAY, "baker-to-brewer"])
    assert (read.profile, read.progress) == (PROFILE, PROGRESS)
    assert (read.pathway, read.made) == (PATHWAY, MONDAY)


def test_a_backup_is_the_plans_json_with_what_it_was_made_from() -> None:
    made = plan(DONE, step())
    read = json.loads(as_backup(PROFILE, PROGRESS, made))
    ours = {"format", "version", "profile", "progress"}
    assert not ours & set(Plan.model_fields)
    assert {name: value for name, value in read.items() if name not in ours} == json.loads(as_json(made))


def test_a_backup_does_not_depend_on_the_order_of_ticks() -> None:
    turned = Progress(
        done=dict(reversed(list(PROGRESS.done.items()))), logged=PROGRESS.logged, from_day=PROGRESS.from_day
    )
    assert as_backup(PROFILE, turned, plan(DONE, step())) == BACKUP


def test_a_backup_settles_what_would_mean_something_else_on_another_machine_or_day() -> None:
    read = read_backup(as_backup(Profile(weekly_hours=6.5), Progress(), plan(step())), "plan.json")
    assert read.profile == Profile(weekly_hours=6.5, pathway=PATHWAY, start=MONDAY)


def test_a_target_that_was_missed_already_does_not_make_a_backup_unreadable() -> None:
    late = Profile(pathway=PATHWAY, target=MONDAY - DAY)
    assert read_backup(as_backup(late, Progress(), plan(step())), "plan.json").profile == late


def test_the_plan_made_from_a_backup_is_the_same(tmp_path: Path) -> None:
    knowledge = load_knowledge(Settings(data_dir=tmp_path))
    corpus = build_corpus(
        knowledge.pathways[0],
        knowledge.resources,
        knowledge.market,
        count_pieces=lambda text: len(text.split()),
        limit=200,
    )
    fresh = make_plan(corpus, Profile(weekly_hours=7), today=MONDAY)
    progress = Progress(done={fresh.steps[0].id: MONDAY, "skill/unknown": MONDAY}, logged={fresh.steps[1].id: 0.5})
    before = make_plan(corpus, Profile(weekly_hours=7), progress, today=MONDAY)
    read = read_backup(as_backup(Profile(weekly_hours=7), progress, before), "plan.json")
    after = make_plan(corpus, read.profile, read.progress, today=MONDAY + 10 * DAY)
    assert after.model_copy(update={"made": MONDAY}) == before
    assert read.progress == progress


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"expected JSON; it cannot be read at line 1, column 1"),
        (BACKUP[:200], r"expected JSON; it cannot be read at line \d+"),
        ("[1]", r"expected one object, got list"),
        ("[" * 100_000, r"nested too deep"),
        ('{"format": ' + "9" * 5_000 + "}", r"this cannot be read"),
        (" " * 5_000_001, r"at most 5,000,000 characters, got 5,000,001"),
        ('{"weekly_hours": 8}', r'format: expected "career-coach-plan", got None'),
        (changed(lambda data: data.update(format="other")), r"format: expected .*, got 'other'"),
        (as_json(plan(step())), r"profile, progress: expected, and missing\. This is a plan alone"),
        (changed(lambda data: data.update(version=2)), r"version: expected at most 1, got 2: a newer coach"),
        (changed(lambda data: data.update(version=0)), r"version: expected a whole number from 1, got 0"),
        (changed(lambda data: data.update(version="1")), r"version: expected a whole number from 1, got '1'"),
        (changed(lambda data: data.update(version=True)), r"version: expected a whole number from 1, got True"),
        (changed(lambda data: data.pop("version")), r"version: expected a whole number from 1, got None"),
        (changed(lambda data: data.pop("progress")), r"progress: expected, and missing"),
        (changed(lambda data: (data.pop("profile"), data.pop("made"))), r"profile, made: expected, and missing"),
        (changed(lambda data: data.update(pathway="../x")), r"pathway: .*, got '\.\./x'"),
        (changed(lambda data: data.update(pathway="baker-to-brewer")), r"profile\.pathway: expected the plan's"),
        (changed(lambda data: data.update(start="soon")), r"start: .*, got 'soon'"),
        (changed(lambda data: data.update(profile=[])), r"profile: expected one object"),
        (changed(lambda data: data["profile"].update(weekly_hours=-1)), r"profile: weekly_hours: .*, got '-1'"),
        (changed(lambda data: data["profile"].update(haste=1)), r"profile: haste: no such field"),
        (changed(lambda data: data["profile"].update(skills=[[]])), r"profile: skills: .*, got"),
        (changed(lambda data: data.update(progress=3)), r"progress: .*, got 3"),
        (changed(lambda data: data["progress"]["done"].update(x="soon")), r"progress\.done\.x: .*, got 'soon'"),
        (changed(lambda data: data["progress"]["logged"].update(x=-1)), r"progress\.logged\.x: .*, got -1"),
        (changed(lambda data: data["progress"]["logged"].update(x=float("inf"))), r"progress\.logged\.x: .*, got inf"),
        (changed(lambda data: data["progress"].update(ticks={})), r"progress\.ticks: .*, got \{\}"),
    ],
)  # fmt: skip
def test_a_backup_that_cannot_be_read_says_where_and_what_to_do(text: str, said: str) -> None:
    with pytest.raises(ProfileError, match=said) as caught:
        read_backup(text, "plan.json")
    assert str(caught.value).startswith("plan.json: ")
    assert re.search(
        r"(import that|import that file unchanged|choose the file that the coach wrote|again)\.$", str(caught.value)
    )


def test_a_backup_of_a_pathway_that_is_not_here_says_to_import_its_page() -> None:
    with pytest.raises(
        ProfileError, match=rf"plan\.json: pathway: {PATHWAY} is not known here; .*baker.* Import the page"
    ):
        read_backup(BACKUP, "plan.json", known=["baker-to-brewer"])


def test_a_byte_order_mark_does_not_make_a_backup_unreadable() -> None:
    assert read_backup("\ufeff" + BACKUP, "plan.json") == read_backup(BACKUP, "plan.json")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
READ = ("format", "version", "pathway", "made", "start", "profile", "progress")


def refusal(text: str) -> str:
    """What is said against a backup; empty where it is read."""
    try:
        read_backup(text, "plan.json")
    except ProfileError as error:
        return str(error)
    return ""


@given(field=st.sampled_from(READ), value=JSON_VALUES)
def test_whatever_stands_in_a_backup_is_read_or_refused_by_name(field: str, value: object) -> None:
    said = refusal(changed(lambda data: data.update({field: value})))
    assert not said or re.search(rf"plan\.json: (profile\.)?{field}", said)


@given(field=st.sampled_from(("profile", "progress")), key=st.text(st.characters(), max_size=8), value=JSON_VALUES)
def test_a_profile_or_progress_with_a_field_too_many_is_refused(field: str, key: str, value: object) -> None:
    said = refusal(changed(lambda data: data[field].update({f"x{key}": value})))
    assert said.startswith(f"plan.json: {field}")


@given(field=st.sampled_from([*Profile.model_fields, *Progress.model_fields]), value=JSON_VALUES)
def test_whatever_stands_in_a_field_of_a_profile_or_progress_is_read_or_refused(field: str, value: object) -> None:
    whole = "progress" if field in Progress.model_fields else "profile"
    said = refusal(changed(lambda data: data[whole].update({field: value})))
    assert not said or said.startswith(f"plan.json: {whole}")


@given(ids=st.dictionaries(st.text(max_size=20), st.dates(), max_size=5), hours=st.floats(0, 1e6))
def test_any_ticks_and_hours_come_back(ids: dict[str, date], hours: float) -> None:
    progress = Progress(done=ids, logged=dict.fromkeys(ids, hours))
    assert read_backup(as_backup(PROFILE, progress, plan(step())), "plan.json").progress == progress
