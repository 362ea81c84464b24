"""A plan for people to read: as Markdown by phase, and for the terminal by week.

Comes in: a plan, and for the terminal the next step. Goes out: text. In Markdown, whatever pages or people wrote is
escaped, so that opening the file fetches nothing and draws nothing that was not meant; only ``http`` addresses of
resources become links. The terminal's text holds no control characters. It knows no pathway: phases go by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from urllib.parse import quote, urlsplit

from coach.knowledge.wording import count, listed
from coach.planning.phrases import Sources, day, days, hours, one_line, time_of
from coach.planning.plan import By, NextStep, Plan, Step, StepResource
from coach.types import Citation, Claim

# As in coach.storage.export: what any Markdown reader could take for more than a letter.
# A colon before a space opens nothing, and there are many.
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$!{}&@^=+]|:(?=\S))")
_LINE_START = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=-))")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


def as_markdown(plan: Plan, name: str) -> str:
    """Each phase with its steps as a list to tick off, in the plan's order; sources at the end."""
    sources = Sources()
    lines = [f"# {_plain(name)}", "", *(f"{_plain(line)}  " for line in _summary(plan)), *_list(_worth_knowing(plan))]
    for title, claims in _length(plan):
        lines += ["", f"## {title}", "", *(f"- {_plain(one.text)}{_markers(one.citations, sources)}" for one in claims)]
    phases = _by_phase(plan.steps)
    for phase, steps in phases:
        title = f"Phase {phase}" if phase is not None else "Beside the phases" if len(phases) > 1 else "Steps"
        lines += ["", f"## {title}: {sum(step.done for step in steps)} of {len(steps)} done", ""]
        for step in steps:
            lines += _item(plan, step, sources)
    for title, entries in (("What can be left out", _cuts(plan)), ("What the coach assumed", plan.assumptions)):
        if entries:
            lines += ["", f"## {title}", *_list(entries)]
    cited = sources.listed()
    if cited:
        lines += ["", "## Sources", ""]
        lines += [f"- \\[{number}\\] {_plain(source)}. “{_plain(said)}”" for number, source, said in cited]
    return "\n".join(lines).rstrip() + "\n"


def as_text(plan: Plan, next_step: NextStep | None) -> str:
    """The next step, then each week with its steps, then what the plan rests on and what could be left out."""
    sources = Sources()
    lines: list[str] = []
    if next_step is not None:
        lines += [*_next(next_step, sources), ""]
    lines += [*_summary(plan), *_worth_knowing(plan)]
    for heading, claims in _length(plan):
        lines += ["", heading, *(f"  {one_line(one.text)}{_numbers(one.citations, sources)}" for one in claims)]
    for title, entries in (
        *_weeks(plan),
        ("Without a date", [f"[ ] {one_line(step.title)}, {time_of(step)}" for step in plan.steps if _undated(step)]),
        ("Skipped", [_with_reason(step) for step in plan.steps if step.skipped and not step.done]),
        ("Done", [f"[x] {one_line(step.title)}{_when_done(step)}" for step in plan.steps if step.done]),
        ("What can be left out", _cuts(plan)),
        ("What the coach assumed", plan.assumptions),
        ("Sources", [f'[{number}] {source}: "{said}"' for number, source, said in sources.listed()]),
    ):
        if entries:
            lines += ["", title, *(f"  {one_line(entry)}" for entry in entries)]
    return "\n".join(lines) + "\n"


# --- What both say --------------------------------------------------------------------------------------------


def _summary(plan: Plan) -> Iterator[str]:
    done = sum(step.done for step in plan.steps)
    finish = f"Ends on {day(plan.finish)}" if plan.finish else "Nothing is left to be done"
    yield (
        f"{finish}. {hours(plan.hours_left)} left of {hours(plan.hours)}, at {hours(plan.weekly_hours)} a week; "
        f"{done} of {count(len(plan.steps), 'step')} done."
    )
    yield f"Begins on {day(plan.start)}; made on {day(plan.made)}."


def _worth_knowing(plan: Plan) -> list[str]:
    said = [one_line(notice) for notice in plan.notices]
    if plan.late:
        said.append(f"After the target date: {count(len(plan.late), 'step')}; each says so.")
    if plan.hours_needed is not None:
        said.append(f"With {hours(plan.hours_needed)} a week all would fit.")
    return said


def _length(plan: Plan) -> list[tuple[str, tuple[Claim, ...]]]:
    return [("How long the guide says it takes", (*plan.length.said, *plan.length.reasons))] if plan.length else []


def _cuts(plan: Plan) -> list[str]:
    """Each in addition to those before it, as the plan has them."""
    said = [
        f"{cut.what}: saves {hours(cut.saves_hours)}"
        + (f"; the plan would then end on {day(cut.finish)}." if cut.finish else ".")
        for cut in plan.cuts
    ]
    enough = not plan.cuts or plan.cuts[-1].fits
    return said if enough else [*said, "All of these together are not enough: more hours or a later date are."]


def _lateness(plan: Plan, step: Step) -> str:
    return ", after the target date" if step.id in plan.late else ""


def _undated(step: Step) -> bool:
    return not (step.done or step.skipped or days(step))


def _when_done(step: Step) -> str:
    return f", {days(step)}" if days(step) else ""


def _with_reason(step: Step) -> str:
    return one_line(f"{step.title}. {step.saved}")


# --- Markdown ---------------------------------------------------------------------------------------------------


def _by_phase(steps: Iterable[Step]) -> list[tuple[int | None, list[Step]]]:
    """Phases by number; what belongs to none stands before them if it is begun before them, else behind."""
    groups: dict[int | None, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.phase, []).append(step)
    without_first = next(iter(groups), 1) is None
    return sorted(groups.items(), key=lambda group: ((group[0] is None) != without_first, group[0] or 0))


def _item(plan: Plan, step: Step, sources: Sources) -> Iterator[str]:
    title = f"**{_plain(step.title)}**"
    if step.done:
        yield f"- [x] {title}{_when_done(step)}"
        return
    if step.skipped:
        yield f"- {title}, skipped. {_plain(step.saved)}".rstrip()  # No box: there is nothing to tick.
        return
    yield f"- [ ] {title}, {days(step) or 'no date yet'}, {time_of(step)}{_lateness(plan, step)}"
    yield f"  - What to do: {_plain(step.do)}{_markers(step.said, sources)}"
    yield f"  - Why now: {_plain(step.why)}{_markers(step.citations, sources)}"
    yield f"  - Done when: {_plain(step.done_when)}"
    if step.formula:
        yield f"  - How long: {_plain(step.formula)}"
    if step.saved:
        yield f"  - Shorter: {_plain(step.saved)}"
    for need in _needs(plan, step):
        yield f"  - {need}"
    for resource in step.resources:
        yield f"  - Learn from: {_resource(resource)}{_markers(resource.citations, sources)}"
    if step.due:
        yield f"  - The guide would have it done by {day(step.due)}."


def _needs(plan: Plan, step: Step) -> Iterator[str]:
    """What still has to come first, by who says so and why."""
    reasons: dict[tuple[By, str], list[str]] = {}
    for need in step.needs:
        first = plan.step(need.id)
        if first is None or not (first.done or first.skipped):
            reasons.setdefault((need.by, need.why), []).append(one_line(first.title if first else need.id))
    for (by, why), titles in reasons.items():
        order = "the guide's order" if by is By.GUIDE else "the coach's order, not the guide's"
        yield f"After: {_plain(listed(titles))} ({order}). {_plain(why)}".rstrip()


def _resource(resource: StepResource) -> str:
    said = [_plain(resource.name)]
    said += [_address(resource.url)] if resource.url else []
    said += [_plain(resource.cost)] if resource.cost else []
    said += [f"instead of {_plain(resource.instead_of)}"] if resource.instead_of else []
    return ", ".join(said) + (f". {_plain(resource.note)}" if resource.note else "")


def _address(url: str) -> str:
    """A link that shows where it leads; anything but a plain web address stands there as text."""
    address = one_line(url)
    try:
        split = urlsplit(address)
    except ValueError:
        return _plain(address)
    if split.scheme not in ("http", "https") or not _HOST.fullmatch(split.netloc):
        return _plain(address)
    return f"[{_plain(split.netloc.removeprefix('www.'))}](<{quote(address, safe='%/:?&=+,;~@.-_#')}>)"


def _markers(citations: Iterable[Citation], sources: Sources) -> str:
    """As plain text: in a file there is nothing for a marker to open."""
    numbers = sources.numbers(citations)
    return " " + "".join(f"\\[{number}\\]" for number in numbers) if numbers else ""


def _list(entries: Iterable[str]) -> list[str]:
    lines = [f"- {_plain(entry)}" for entry in entries]
    return ["", *lines] if lines else []


def _plain(text: str) -> str:
    """Text that any Markdown reader shows as it was written, on one line."""
    return _LINE_START.sub(r"\1\\", _SPECIAL.sub(r"\\\1", one_line(text)))


# --- Terminal -----------------------------------------------------------------------------------------------------


def _next(next_step: NextStep, sources: Sources) -> Iterator[str]:
    now = next_step.now
    if now is None:
        yield "Next step: none, everything is done."
        return
    time = hours(now.hours) + ("" if now.whole else f" of {hours(now.step.hours_left)}")
    yield f"Next step: {one_line(now.step.title)} ({time})"
    yield f"  Do: {one_line(now.do)}"
    if next_step.reason is not None:
        yield f"  Why: {one_line(next_step.reason.text)}{_numbers(next_step.reason.citations, sources)}"
    yield f"  Done when: {one_line(now.step.done_when)}"
    if next_step.then:
        yield f"  Then: {'; '.join(one_line(step.title) for step in next_step.then)}"
    if next_step.slipped_days:
        ago = count(next_step.slipped_days, "day")
        yield f"  The earliest open step was planned until {ago} ago; the plan can be dated anew from today."


def _numbers(citations: Iterable[Citation], sources: Sources) -> str:
    return "".join(f" [{number}]" for number in sources.numbers(citations))


def _weeks(plan: Plan) -> list[tuple[str, list[str]]]:
    """Each week that holds hours, with its steps in the plan's order."""
    weeks: dict[date, list[tuple[Step, float | None]]] = {}
    for step in plan.steps:
        if step.done or step.skipped:
            continue
        for week in step.weeks:
            weeks.setdefault(week.monday, []).append((step, week.hours))
        if step.start and not step.weeks:  # A day without hours of its own.
            weeks.setdefault(step.start - timedelta(days=step.start.weekday()), []).append((step, None))
    begun: set[str] = set()
    shown = []
    for monday, steps in sorted(weeks.items(), key=lambda week: week[0]):
        entries = []
        for step, share in steps:
            entries.append(_in_week(plan, step, share, goes_on=step.id in begun))
            begun.add(step.id)
        total = sum(share or 0 for _, share in steps)
        shown.append((f"Week of {day(monday)}, {hours(round(total, 2))}", entries))
    return shown


def _in_week(plan: Plan, step: Step, share: float | None, *, goes_on: bool) -> str:
    title = one_line(step.title)
    time = hours(step.hours_left if share is None else share)
    if goes_on:
        return f"[ ] {title}, {time}, goes on"
    said = f"[ ] {title}, {time}"
    if share is not None and round(share, 2) != round(step.hours_left, 2):
        said += f" of {hours(step.hours_left)}"
    said += f", {days(step)}{_lateness(plan, step)}"
    return f"{said}. {step.saved}" if step.saved else said
