"""How days, hours and sources of a plan are put into words, in every form in which it is taken along.

Comes in: parts of a plan. Goes out: English on one line, without anything that cannot be seen. It knows no format:
each form escapes by its own rules what it gets from here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date

from coach.planning.plan import Step
from coach.types import Citation

_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing, so that a line reads otherwise than it is."""

_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
"""Not by strftime: what it writes depends on the machine's locale, and a plan is the same everywhere."""


class Sources:
    """Numbers citations from 1 in the order in which they are met: in a plan, each step has numbers of its own."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def numbers(self, citations: Iterable[Citation]) -> tuple[int, ...]:
        """Each number once, rising. What reads the same has the same number."""
        keys = [(citation.source, citation.quote) for citation in citations]
        return tuple(sorted({self._numbers.setdefault(key, len(self._numbers) + 1) for key in keys}))

    def listed(self) -> tuple[tuple[int, str, str], ...]:
        """Number, source and quote of all that was cited so far."""
        return tuple((number, source, quote) for (source, quote), number in self._numbers.items())


def one_line(text: str) -> str:
    r"""The text without line breaks, control characters, direction marks and halves of characters.

    >>> one_line("pay\u202e is\n\x1b[2J high")
    'pay is [2J high'
    """
    seen = "".join(
        char
        for char in text
        if char.isspace() or (char not in _DIRECTIONS and unicodedata.category(char) not in ("Cc", "Cs"))
    )
    return " ".join(seen.split())


def day(when: date) -> str:
    """
    >>> day(date(2026, 12, 7))
    'Mon 7 Dec 2026'
    """
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"


def days(step: Step) -> str:
    """From when to when a step is planned, or the day on which it was ticked; empty where it has no day."""
    if step.start is None or step.end is None:
        return ""
    return day(step.start) if step.start == step.end else f"{day(step.start)} to {day(step.end)}"


def hours(value: float) -> str:
    """Quarters as they are, anything else to a tenth.

    >>> hours(12.0), hours(1.25), hours(2.2857), hours(0.01), hours(0.0)
    ('12 h', '1.25 h', '2.3 h', 'under 0.1 h', '0 h')
    """
    if 0 < value < 0.05:
        return "under 0.1 h"
    digits = 2 if value * 4 == int(value * 4) else 1
    figure = f"{value:.{digits}f}"
    return f"{figure.rstrip('0').rstrip('.')} h"


def time_of(step: Step) -> str:
    """Hours of a step, with what is left of an open one where some were spent or saved."""
    left = "" if step.done or step.hours_left == step.hours else f", {hours(step.hours_left)} left"
    return hours(step.hours) + left


def source_names(step: Step) -> tuple[str, ...]:
    """Each source of a step once, as a reader is told of it: of its reason, of what is to be done, of its resources."""
    of_resources = (citation for resource in step.resources for citation in resource.citations)
    return tuple(dict.fromkeys(one_line(one.source) for one in (*step.citations, *step.said, *of_resources)))
