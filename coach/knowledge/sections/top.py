"""The top of a page: its title, its fact box, and the overview.

Comes in: a layout. Goes out: the headline and the typed facts, and the paragraphs, which take in the prose that other
sections had no place for; so the overview is read last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.knowledge.amounts import find_span, percent_change
from coach.knowledge.naming import Ids
from coach.knowledge.pages import FACT_LABELS, Layout, Line, Section, heading_key, is_prose, title_tail, unwrap
from coach.knowledge.pathway import Demand, MonthRange, PageSource, Paragraph, PercentRange
from coach.knowledge.sections.notes import Notes, short

_LABEL = re.compile(
    r"(?P<label>difficulty|timeline|salary change|demand)\s*(?::\s*|(?-i:(?=[A-Z\d+−–~-])))(?P<value>\S.*)",
    re.IGNORECASE,
)
_DEGREE = r"(?:(?:very|extremely|moderately|fairly|exceptionally)\s+)?"
_DEMAND_ALONE = re.compile(rf"(?P<level>{_DEGREE}[\w-]+)\s*(?:[.;:,(–—]|-\s|$)", re.IGNORECASE)
_DEMAND_BEFORE = re.compile(
    rf"\b(?P<level>{_DEGREE}(?!(?:the|and|or|in|of|for|on|by|to|is|a|an|this|market|job|employer|their|its)\b)[\w-]+)"
    r"\s+demand\b",
    re.IGNORECASE,
)
_DEMAND_AFTER = re.compile(rf"\bdemand\s+(?:is|remains|stays|looks)\s+(?P<level>{_DEGREE}\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """What the fact box says; a part that it lacks, or that cannot be read, is None."""

    difficulty: str | None
    timeline: MonthRange | None
    salary_change: PercentRange | None
    demand: Demand | None
    demand_text: str | None
    """A demand that names no level, for the overview."""


def source(layout: Layout, notes: Notes) -> PageSource:
    if layout.title is None:
        notes.warn("The page has no title line 'From ... to ...', so no headline length is known")
        return PageSource(title=notes.fit(f"From {layout.origin} to {layout.target}", "the title"))
    months: int | None = None
    span = find_span(title_tail(layout.title, layout.origin, layout.target))
    if span is None:
        notes.warn("The title names no length")
    else:
        low, high = span.months()
        months = round(high)
        if not 1 <= months <= 120:
            notes.warn(f"The title's length of {months} months is not believable and was left out")
            months = None
        elif low != high:
            notes.warn(f"The title names {low:g} to {high:g} months; the upper end is kept as its headline")
        elif months != high:
            notes.warn(f"The title names a length of {high:g} months, kept as {months}")
    return PageSource(title=notes.fit(layout.title, "the title"), headline_months=months)


def facts(layout: Layout, notes: Notes) -> Facts:
    values: dict[str, list[Line]] = {}
    extra: list[Line] = []
    current: str | None = None
    for line in layout.facts:
        key = heading_key(line.text)
        glued = _LABEL.fullmatch(line.text)
        waits = current is not None and not values[current]
        if key in FACT_LABELS and not line.bullet:
            current = key
            values.setdefault(key, [])
        elif glued and glued["value"] and not waits and heading_key(glued["label"]) not in values:
            current = heading_key(glued["label"])
            values[current] = [Line(line.number, glued["value"], line.bullet)]
        elif current is not None and (waits or (current == "demand" and line.text[0].islower())):
            values[current].append(line)
        else:
            extra.append(line)
    # A label and its value, in lines of their own, are told together.
    notes.spare(extra, "the fact box")
    text = {label: " ".join(line.text for line in lines) for label, lines in values.items()}
    for label in FACT_LABELS:
        if not text.get(label):
            notes.warn(f"The fact box has no '{label.title()}'")
    demand, demand_text = _demand(text.get("demand", ""), notes)
    difficulty = notes.phrase(text.get("difficulty", ""), "the difficulty") or None
    return Facts(difficulty, _timeline(text, notes), _salary_change(text, notes), demand, demand_text)


def _timeline(facts: dict[str, str], notes: Notes) -> MonthRange | None:
    text = facts.get("timeline", "")
    if not text:
        return None
    span = find_span(text)
    if span is None:
        notes.warn(f"The timeline '{short(text)}' holds no length that can be read and was left out")
        return None
    if span.open_ended:
        notes.warn(f"The timeline '{short(text)}' is open at its upper end; the figure that it names is kept")
    low, high = span.months()
    if low <= 0:
        notes.warn(f"The timeline '{short(text)}' is below a tenth of a month and was left out")
        return None
    return MonthRange(low=low, high=high)


def _salary_change(facts: dict[str, str], notes: Notes) -> PercentRange | None:
    text = facts.get("salary change", "")
    if not text:
        return None
    change, note = percent_change(text)
    if change is None:
        notes.warn(f"The salary change '{short(text)}' holds no percentage and was left out")
    if note:
        notes.warn(f"Salary change: {note}")
    return change


def _demand(text: str, notes: Notes) -> tuple[Demand | None, str | None]:
    if not text:
        return None, None
    match = _DEMAND_ALONE.match(text) or _DEMAND_BEFORE.search(text) or _DEMAND_AFTER.search(text)
    level = match["level"].lower() if match else ""
    if not level or len(level) > 40:
        notes.warn(f"The demand '{short(text)}' names no level, so its text is kept in the overview instead")
        return None, text
    whole = f"{text} demand" if heading_key(text) == heading_key(level) and "demand" not in level else text
    return Demand(level=level, text=notes.sentences(whole, "the demand")), None


def overview(layout: Layout, notes: Notes, demand_text: str | None) -> tuple[Paragraph, ...]:
    lines: list[Line] = []
    unknown: list[Line] = []
    for line in unwrap(layout.sections.get(Section.OVERVIEW, ())):
        if is_prose(line.text):
            lines.append(line)
        else:
            unknown.append(line)
    notes.spare(unknown, Section.OVERVIEW)
    ids = Ids()
    texts = [line.text for line in [*lines, *notes.spared]] + ([demand_text] if demand_text else [])
    return tuple(
        Paragraph(
            id=ids.of(" ".join(text.split()[:6]), "paragraph"),
            text=notes.sentences(text, "a paragraph of the overview"),
        )
        for text in texts
    )
