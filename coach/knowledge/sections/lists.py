"""The two sections that are lists under headings: the reality check and the action plan.

Comes in: a layout. Goes out: the reality check, and the actions by horizon with the days that it spans.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.knowledge.amounts import DAYS_PER_MONTH, find_span
from coach.knowledge.naming import Ids
from coach.knowledge.pages import Layout, Line, Section, heading_key, is_prose, looks_like_heading
from coach.knowledge.pathway import ActionGroup, Item, Reality
from coach.knowledge.sections.notes import Notes

_REALITY_KEYS = {
    "what youll love": "attractions",
    "what you will love": "attractions",
    "what you might miss": "drawbacks",
    "what you may miss": "drawbacks",
    "biggest challenges": "challenges",
    "the biggest challenges": "challenges",
    "challenges": "challenges",
}
_REALITY_NAMES = {
    "attractions": "What You'll Love",
    "drawbacks": "What You Might Miss",
    "challenges": "Biggest Challenges",
}

_FIXED_HORIZONS = {
    "today": 1,
    "right now": 1,
    "tonight": 1,
    "tomorrow": 1,
    "this week": 7,
    "next week": 14,
    "this month": 30,
    "next month": 60,
    "this quarter": 91,
    "next quarter": 182,
    "this year": 365,
    "next year": 730,
}
_HORIZON = re.compile(
    r"(?:(?:in|over|within|for|by) )?(?:the |your )?(?:next |first |coming )(?:(?P<n>[\w-]+) )?"
    r"(?P<unit>day|week|month|quarter|year)s?"
    r"|(?P<unit_b>day|week|month|quarter|year)s? (?P<from>\d+)(?: (?:to )?(?P<to>\d+))?"
    r"|(?:in|within) (?P<n_c>[\w-]+) (?P<unit_c>day|week|month|quarter|year)s?"
    r"|(?P<n_d>\d+) (?P<unit_d>day|week|month|quarter|year)s?"
)
_UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "quarter": 3 * DAYS_PER_MONTH, "year": 365.25}


def reality(layout: Layout, notes: Notes) -> Reality:
    lists: dict[str, list[Line]] = {}
    opening: list[Line] = []
    current = opening
    for line in layout.sections.get(Section.REALITY, ()):
        field_name = _REALITY_KEYS.get(heading_key(line.text)) if not line.bullet else None
        if field_name:
            current = lists.setdefault(field_name, [])
        else:
            current.append(line)
    notes.spare([line for line in opening if not is_prose(line.text)], Section.REALITY)
    ids = Ids()
    items = {name: _items(lines, _REALITY_NAMES[name], ids, notes) for name, lines in lists.items()}
    if Section.REALITY in layout.sections:
        for name, heading in _REALITY_NAMES.items():
            if not items.get(name):
                notes.warn(f"'{Section.REALITY}' has no list '{heading}'")
    return Reality(**items)


def actions(layout: Layout, notes: Notes) -> tuple[ActionGroup, ...]:
    groups: list[tuple[str, int, list[Line]]] = []
    opening: list[Line] = []
    for line in layout.sections.get(Section.ACTIONS, ()):
        days = horizon_days(line.text) if not line.bullet else None
        if days is not None:
            groups.append((line.text.strip(" :#*"), days, []))
        elif groups:
            groups[-1][2].append(line)
        else:
            opening.append(line)
    notes.spare([line for line in opening if not is_prose(line.text)], Section.ACTIONS)
    if Section.ACTIONS in layout.sections and not groups:
        notes.warn(f"'{Section.ACTIONS}' names no horizon such as 'This Week'")
    ids, item_ids = Ids(), Ids()
    found = []
    for name, days, lines in groups:
        if not lines:
            notes.warn(f"'{name}' of '{Section.ACTIONS}' lists nothing")
        found.append(
            ActionGroup(id=ids.of(name, "horizon"), name=name, days=days, items=_items(lines, name, item_ids, notes))
        )
    return tuple(found)


def _items(lines: Sequence[Line], where: str, ids: Ids, notes: Notes) -> tuple[Item, ...]:
    """Entries of a list; what opens another list or is no entry goes to the spare lines."""
    bulleted = any(line.bullet for line in lines)
    kept: list[Line] = []
    for at, line in enumerate(lines):
        if bulleted and not line.bullet:
            if kept and line.text[0].islower():
                kept[-1] = Line(kept[-1].number, f"{kept[-1].text} {line.text}", True)
                continue
            if not kept and is_prose(line.text):
                continue  # an opening sentence
            notes.spare(lines[at:] if looks_like_heading(line.text) else [line], where)
            if looks_like_heading(line.text):
                break
            continue
        kept.append(line)
    texts = [notes.phrase(re.sub(r"^\d{1,2}[.)]\s+", "", line.text), f"an entry of '{where}'") for line in kept]
    return tuple(Item(id=ids.of(text), text=text) for text in texts if text)


def horizon_days(text: str) -> int | None:
    """The days that a heading of the action plan spans; None where it is no such heading.

    >>> [horizon_days(text) for text in ("Today", "This Week", "Next 90 Days", "Next 6 Months", "Weeks 3-4", "Read on")]
    [1, 7, 90, 183, 28, None]
    """
    if len(text) > 40:
        return None
    key = heading_key(text)
    if key in _FIXED_HORIZONS:
        return _FIXED_HORIZONS[key]
    match = _HORIZON.fullmatch(key)
    if match is None:
        return None
    unit = match["unit"] or match["unit_b"] or match["unit_c"] or match["unit_d"]
    count = match["to"] or match["from"] or match["n"] or match["n_c"] or match["n_d"] or "1"
    span = find_span(f"{count} months")
    if span is None:
        return None
    days = round(span.high_days / DAYS_PER_MONTH * _UNIT_DAYS[unit])
    return days if 1 <= days <= 3660 else None
