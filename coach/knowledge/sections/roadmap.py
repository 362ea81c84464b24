"""The roadmap: its phases, each with weeks, tasks and resources.

Comes in: a layout. Goes out: the phases in the order of the page. The parts of a phase may be glued together, and its
entries run together in one line; where a run can be parted, the rest of the page tells (``coach.knowledge.joints``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from coach.knowledge.amounts import whole_span
from coach.knowledge.joints import Evidence, Split, evidence, split_run, sure_count
from coach.knowledge.naming import Ids
from coach.knowledge.pages import Layout, Line, Section, heading_key, is_prose, looks_like_heading, quoted, unwrap
from coach.knowledge.pathway import Item, Phase, PhaseResource
from coach.knowledge.sections.notes import Notes, capital, short

USUAL_RESOURCES = 3
"""Entries of a phase where the page's other phases do not tell; most phases of the layout have three."""

_NUMBER_LINE = re.compile(r"(?:(?:phase|step|stage)\s*)?#?(?P<number>\d{1,2})\s*[.):]?", re.IGNORECASE)
_NUMBERED_NAME = re.compile(
    r"(?:(?:phase|step|stage)\s*(?P<a>\d{1,2})\s*[:.)–—-]?\s*|(?P<b>\d{1,2})[.)]\s*|(?P<c>\d{1,2})(?-i:(?=[A-Z])))"
    r"(?P<name>[^\W\d_].*)",
    re.IGNORECASE,
)
_GLUED_WEEKS = re.compile(
    r"(?P<name>.*[^\W\d_)\s])\s*(?P<span>\(?\d{1,3}(?:\s*[-–—]\s*\d{1,3})?\s*(?:weeks?|months?)\)?)", re.IGNORECASE
)
_GLUED_LABEL = re.compile(r"(?P<label>Tasks|Resources)(?:\s*:\s*|(?=[A-Z'\"‘“•]))(?P<rest>\S.*)")
_BEFORE_LABEL = re.compile(r"(?P<before>.*(?:weeks?|months?)\)?)\s*(?P<label>Tasks|Resources):?")

_TASK_KEYS = ("tasks", "key tasks", "your tasks")
_RESOURCE_KEYS = ("resources", "key resources", "recommended resources", "learning resources", "helpful resources")


@dataclass(frozen=True)
class _PhaseStart:
    """Indices into the roadmap's lines: where a phase begins, where its weeks stand, where its lists begin."""

    first: int
    name: str | None
    number: int | None
    weeks: int | None
    body: int


@dataclass(frozen=True)
class _PhaseDraft:
    number: int
    name: str
    weeks: int
    tasks: Sequence[Line]
    resources: Sequence[Line]


def phases(layout: Layout, notes: Notes) -> tuple[Phase, ...]:
    lines = _separated_phases(layout.sections.get(Section.ROADMAP, ()))
    starts = _phase_starts(lines)
    if lines and not starts:
        notes.warn(f"No phase of '{Section.ROADMAP}' could be told: no line such as '4 weeks' stands below a name")
    notes.spare(
        [line for line in lines[: starts[0].first if starts else len(lines)] if not is_prose(line.text)],
        Section.ROADMAP,
    )
    drafts: list[_PhaseDraft] = []
    for k, start in enumerate(starts):
        end = starts[k + 1].first if k + 1 < len(starts) else len(lines)
        draft = _draft(lines, start, end, len(drafts) + 1, notes)
        if draft:
            drafts.append(draft)
    known = _evidence(layout, drafts)
    expected = _usual_count(drafts, known)
    task_ids, resource_ids = Ids(), Ids()
    return tuple(_phase(draft, known, expected, task_ids, resource_ids, notes) for draft in drafts)


def _draft(
    lines: Sequence[Line], start: _PhaseStart, end: int, number: int, notes: Notes
) -> _PhaseDraft | None:
    name = notes.phrase(start.name, "a phase's name") if start.name else ""
    if not name:
        name = f"Phase {number}"
        notes.warn(f"Line {lines[start.first].number}: phase {number} has no name")
    line = lines[start.first]
    weeks = None
    if start.weeks is not None:
        text = lines[start.weeks].text
        weeks = notes.weeks(whole_span(text), text, f"phase {number} ({name})")
    tasks: list[Line] = []
    resources: list[Line] = []
    neither: list[Line] = []
    into = neither
    body = lines[start.body : end]
    for at, here in enumerate(body):
        key = heading_key(here.text)
        if not here.bullet and key in _TASK_KEYS:
            into = tasks
        elif not here.bullet and key in _RESOURCE_KEYS:
            into = resources
        else:
            if into is not neither and into and _opens_unknown(body, at, into):
                into = neither
            into.append(here)
    notes.spare(neither, f"phase {number} ({name})")
    if weeks is None:
        said = quoted([*tasks, *resources]) if tasks or resources else "nothing"
        notes.warn(
            f"Line {line.number}: the phase '{name}' names no weeks and was left out with what it holds: {said}"
        )
        return None
    if start.number is not None and start.number != number:
        notes.warn(
            f"Line {line.number}: the page numbers the phase '{name}' {start.number}; by order it is {number}"
        )
    return _PhaseDraft(number, name, weeks, _whole_items(tasks), _whole_items(resources))


def _evidence(layout: Layout, drafts: Sequence[_PhaseDraft]) -> Evidence:
    runs = {(line.number, line.text) for draft in drafts for line in draft.resources if len(draft.resources) == 1}
    everything = [*layout.facts, *(line for lines in layout.sections.values() for line in lines)]
    numbers = {number for number, _ in runs}
    texts = [line.text for line in everything if line.number not in numbers]
    return evidence([layout.origin, layout.target, layout.title or "", *texts])


def _phase(
    draft: _PhaseDraft, known: Evidence, expected: int, task_ids: Ids, resource_ids: Ids, notes: Notes
) -> Phase:
    where = f"phase {draft.number} ({draft.name})"
    tasks = [line.text for line in draft.tasks]
    if len(tasks) == 1 and not draft.tasks[0].bullet:
        split = split_run(tasks[0], known)
        tasks = list(split.entries)
        _tell(split, f"{where}: tasks", notes)
    resources: list[str] = []
    apart = len(draft.resources) > 1 or any(line.bullet for line in draft.resources)
    for line in draft.resources:
        split = split_run(line.text, known, None if apart else expected)
        if apart:
            # Lines of their own are separators already, so only a certain joint is cut, and told.
            if len(split.entries) > 1:
                notes.warn(
                    f"{capital(where)}: the line '{short(line.text)}' was split into {len(split.entries)} entries"
                )
        else:
            _tell(split, f"{where}: resources", notes)
            if len(split.entries) == 1 and expected > 1 and not split.doubts and len(line.text.split()) > 6:
                notes.warn(
                    f"{capital(where)}: resources: '{short(line.text)}' is kept as one entry; it may hold others"
                )
        resources += split.entries
    for label, texts in (("tasks", tasks), ("resources", resources)):
        if not texts:
            notes.warn(f"{capital(where)}: no {label}")
    return Phase(
        number=draft.number,
        name=draft.name,
        weeks=draft.weeks,
        tasks=tuple(
            Item(id=task_ids.of(text), text=text)
            for text in (notes.phrase(text, "a task") for text in tasks)
            if text
        ),
        resources=tuple(
            PhaseResource(id=resource_ids.of(text, "resource"), text=text)
            for text in (notes.phrase(text, "a resource") for text in resources)
            if text
        ),
    )


def _tell(split: Split, where: str, notes: Notes) -> None:
    for doubt in split.doubts:
        notes.warn(f"{capital(where)}: {doubt}; look at it in the imported file")


def _separated_phases(lines: Sequence[Line]) -> list[Line]:
    """Glued parts of a phase's head get lines of their own: "Foundation4 weeksTasks"."""
    apart: list[Line] = []
    for line in lines:
        rest = [line.text]
        if not line.bullet:
            before = _BEFORE_LABEL.fullmatch(line.text) if len(line.text) <= 120 else None
            after = _GLUED_LABEL.fullmatch(line.text)
            if before:
                rest = [before["before"], before["label"]]
            elif after:
                rest = [after["label"], after["rest"]]
            weeks = _GLUED_WEEKS.fullmatch(rest[0]) if len(rest[0]) <= 100 else None
            # "Duration: 4 weeks" is one part, and a task that ends with "in 6 weeks" stays whole.
            if weeks and not whole_span(rest[0]) and looks_like_heading(weeks["name"]):
                rest[:1] = [weeks["name"], weeks["span"]]
        apart += [Line(line.number, text, line.bullet) for text in rest]
    return apart


def _phase_starts(lines: Sequence[Line]) -> list[_PhaseStart]:
    labels = _TASK_KEYS + _RESOURCE_KEYS
    starts: list[_PhaseStart] = []
    free = 0
    for at, line in enumerate(lines):
        if line.bullet or at < free:
            continue
        if whole_span(line.text):
            name_at: int | None = at - 1
            if (
                at - 1 < free
                or lines[at - 1].bullet
                or heading_key(lines[at - 1].text) in labels
                or is_prose(lines[at - 1].text)
            ):
                name_at = None
            weeks: int | None = at
            body = at + 1
        elif heading_key(line.text) in _TASK_KEYS and at - 2 >= free and _NUMBER_LINE.fullmatch(lines[at - 2].text):
            name_at, weeks, body = at - 1, None, at  # a number and a name without weeks
        else:
            continue
        first, name, number = at, None, None
        if name_at is not None:
            first, name = name_at, lines[name_at].text
            alone = _NUMBER_LINE.fullmatch(name)
            with_number = _NUMBERED_NAME.fullmatch(name)
            if alone:
                name, number = None, int(alone["number"])
            elif with_number:
                name = with_number["name"]
                number = int(with_number["a"] or with_number["b"] or with_number["c"])
            elif name_at - 1 >= free and not lines[name_at - 1].bullet:
                above = _NUMBER_LINE.fullmatch(lines[name_at - 1].text)
                if above:
                    first, number = name_at - 1, int(above["number"])
        starts.append(_PhaseStart(first, name, number, weeks, body))
        free = body
    return starts


def _opens_unknown(body: Sequence[Line], at: int, into: Sequence[Line]) -> bool:
    """Whether a line below a phase's list is the heading of something else."""
    line = body[at]
    if line.bullet or not looks_like_heading(line.text):
        return False
    if into[-1].bullet:
        return True
    if at + 1 == len(body):
        return False
    # Below entries that were run together in one line, another line is no entry.
    run = len(into) == 1 and len(split_run(into[0].text, evidence([])).entries) > 1
    return body[at + 1].bullet or run


def _whole_items(lines: Sequence[Line]) -> list[Line]:
    """Wrapped entries in one piece; without bullets there is no telling, as a name such as "iOS" begins small."""
    return unwrap(lines) if any(line.bullet for line in lines) else list(lines)


def _usual_count(drafts: Sequence[_PhaseDraft], known: Evidence) -> int:
    """How many resources a phase of this page has, by those that can be told for certain."""
    sure = [
        count
        for draft in drafts
        if len(draft.resources) == 1 and (count := sure_count(draft.resources[0].text, known)) is not None
    ]
    counts = Counter(sure).most_common()
    if counts and counts[0][1] > 1 and (len(counts) == 1 or counts[0][1] > counts[1][1]):
        return counts[0][0]
    return USUAL_RESOURCES
