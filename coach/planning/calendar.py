"""A plan as an iCalendar file (RFC 5545), for Google, Apple and other calendars.

Comes in: a plan and the moment of the export. Goes out: bytes of a ``.ics`` file, the same for the same plan and
moment. It knows no clock and no calendar service.

A second import is to move the events of the first one. For that each event keeps its UID through every change of plan,
and its SEQUENCE rises from second to second: Google refuses one that is lower than what it has, and raises its own by
one whenever somebody drags an event, so ours are far apart from those.

A step that goes on behind days off is repeated daily but for those days. An event for each stretch of days would leave
a stretch behind that a later plan no longer has, as no export knows what an earlier one held.

A step that is done stays, on the day on which it was ticked. Left out, its old event would stay in the calendar on the
days once planned; COMPLETED is a status that only to-dos have, which Google does not import; and an event that was
CANCELLED cannot be brought back in Google. A skipped step has no day and so no event.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from icalendar import Calendar, Event, vText

from coach.planning.phrases import day, one_line, source_names, time_of
from coach.planning.plan import Plan, Step, StepResource

PRODUCT = "-//career-coach//Career coach//EN"
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""SEQUENCE counts seconds from here: no plan is older, and until 2088 the number fits wherever an integer does."""

_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def as_icalendar(plan: Plan, name: str, today: date, exported: datetime | None = None) -> bytes:
    """One all-day event for each step that has days, in the plan's order, none on days off; ``name`` is the calendar's.

    ``today`` only decides which open steps are said to be past their days. ``exported`` is the moment, with its zone;
    None means the day on which the plan was made.
    """
    stamp = exported.astimezone(UTC) if exported else datetime.combine(plan.made, time(), UTC)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _Text(one_line(name)))  # RFC 7986 calls it NAME; this is what calendars read.
    for step in plan.steps:
        if step.start and step.end and not (step.skipped and not step.done):
            calendar.add_component(_event(plan, step, step.start, step.end, today, stamp))
    made: bytes = calendar.to_ical()
    return made


def event_uid(pathway: str, step_id: str) -> str:
    """The same for a step in every plan; tells nothing about the learner."""
    digest = hashlib.sha256(f"{pathway}\n{step_id}".encode()).hexdigest()
    return f"{digest[:32]}@career-coach"


def _event(plan: Plan, step: Step, first: date, last: date, today: date, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", event_uid(plan.pathway, step.id))
    event.add("sequence", max(int((stamp - EPOCH).total_seconds()), 0))
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    off = _days_off(plan, first, last) if not step.done else []  # Whoever ticked a step on a day off did it then.
    event.add("dtstart", first)
    event.add("dtend", (first if off else last) + timedelta(days=1))  # The day after the last one.
    if off:
        event.add("rrule", {"freq": "daily", "until": last})
        event.add("exdate", off, parameters={"value": "DATE"})
    event.add("summary", _Text(("Done: " if step.done else "") + one_line(step.title)))
    event.add("description", _Text("\n".join(_without_tags(line) for line in _description(step, last, today))))
    event.add("categories", [step.kind.value])
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # The learner stays free: others may book these days.
    return event


def _days_off(plan: Plan, first: date, last: date) -> list[date]:
    between = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in between if any(off.start <= day <= off.end for off in plan.weeks_off)]


def _description(step: Step, last: date, today: date) -> Iterator[str]:
    yield step.do
    yield f"Why: {step.why}"
    yield f"Done when: {step.done_when}"
    yield f"Time: {time_of(step)}"
    if step.saved:
        yield step.saved
    for resource in step.resources:
        yield f"Learn from: {_resource(resource)}"
    if last < today and not step.done:
        yield f"These days are over on {day(today)} and it is still open: make the plan anew to get others."
    names = source_names(step)
    if names:
        yield f"Sources: {'; '.join(names)}"


def _resource(resource: StepResource) -> str:
    said = [resource.name]
    said += [part for part in (resource.url, resource.cost) if part]
    said += [f"instead of {resource.instead_of}"] if resource.instead_of else []
    return ", ".join(said) + (f". {resource.note}" if resource.note else "")


def _without_tags(line: str) -> str:
    """Google shows a description as HTML if it holds tags; behind a space, ``<`` opens none."""
    return _TAG.sub("< ", one_line(line))


class _Text(vText):
    r"""Text as RFC 5545 escapes it, for known properties and for those that begin with X-.

    The library's own takes a backslash before an N for a line break (``C:\New``), and leaves unknown properties as
    they are, so that a name could open a line of its own.
    """

    def to_ical(self) -> bytes:
        escaped = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode()
