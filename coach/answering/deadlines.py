"""Dates to be done by, as the time that is left: "by July 2027" is "in 35 weeks" to somebody who asks today.

Comes in: plain text and the day on which it is asked. Goes out: the text with such a date as a number of weeks, which
is how deadlines are read, and the exact time behind each of these numbers. A date is left alone where nobody means to
be done by it ("what will the pay be by 2030?") and where it is past.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from coach.answering.spoken_dates import DATE, Days, days_meant
from coach.types import Figure, Quantity, Unit

LEAST_IN_WEEKS = 14
"""Days; fewer are read as days."""

_DONE = (
    r"(?:done|ready|finish(?:ed)?|through|there|completed?|able|learn(?:ed|t)?|know|knew|master(?:ed)?|study|"
    r"switch(?:ed)?|mov(?:e|ed)|chang(?:e|ed)|mak(?:e|ing)|made|manag(?:e|ed)|get|becom(?:e|ing)|fit|start(?:ed)?|"
    r"apply(?:ing)?|hired|enough|possible|realistic|feasible|doable|left|have|got|be)"
)
_BY = r"(?:by|before|until|till|no later than|at the latest by|in time for)(?: the latest)?"
_HAVING = re.compile(r"\b(?:have|got|had)(?: time)? $", re.IGNORECASE)
_UNTIL = re.compile(rf"\b(?P<by>{_BY}) (?P<date>{DATE})", re.IGNORECASE)
_MEANT = re.compile(
    rf"\b(?:i|i'm|i've|i'd|me|my|we|one|you|it|that|this|all|everything)\b.*\b{_DONE}\b", re.IGNORECASE
)
"""Before the date: somebody means to be done, and it is not pay that shall have come so far."""
_OF_THE_WORLD = re.compile(
    r"\b(?:earn\w*|pay|paid|salar\w+|wage\w*|income|worth|grow\w*|forecast|demand|still|exist\w*|replac\w+|"
    r"obsolete|surviv\w+|relevant|remain\w*)\b",
    re.IGNORECASE,
)
"""Before the date: what will have come of pay or of the job by then, which nobody here knows."""
_REALISTIC = re.compile(
    rf"\b(?P<be>is|would|are) (?P<date>{DATE}) (?P<judged>(?:be )?(?:an? )?(?:realistic|feasible|doable|possible|"
    r"achievable|reachable|manageable|too (?:soon|early|tight|ambitious)))",
    re.IGNORECASE,
)
"""A date that is itself in question: "is July realistic?"."""
_STARTED = re.compile(
    rf"\b(?:start(?:ing|ed)?|begin(?:ning)?)(?: (?:on|in|from|at|with it|it))*(?: the)? (?P<date>{DATE})", re.IGNORECASE
)


def in_weeks(text: str, today: date) -> tuple[str, Mapping[str, Quantity]]:
    """The text with "in so many weeks" for each date to be done by, and the exact time by "so many weeks".

    It is counted from ``today``, or from the start that the text names. Whole weeks are only for reading: days and
    months are what the horizons of an action plan are called by.

    >>> text, meant = in_weeks("Can I be done by July 2027?", date(2026, 11, 26))
    >>> text, meant["35 weeks"].text
    ('Can I be done in 35 weeks?', 'the 247 days from 26 November 2026 to 31 July 2027')
    >>> in_weeks("What will the pay be by 2030?", date(2026, 11, 26))
    ('What will the pay be by 2030?', {})
    """
    meant: dict[str, Quantity] = {}
    start = _start(text, today)
    pieces, at = [], 0
    for match in _UNTIL.finditer(text):
        sentence = text[max(text.rfind(stop, 0, match.start()) for stop in ".?!;") + 1 : match.start()]
        found = days_meant(match["date"], start)
        if not found or not _MEANT.search(sentence) or _OF_THE_WORLD.search(sentence):
            continue
        if left := _left(start, _last(found, match["by"]), meant):
            pieces += [text[at : match.start()], left if _HAVING.search(sentence) else f"in {left}"]
            at = match.end() - match["date"].endswith(".")  # of "until March. Is that enough?"
    rest = text[at:]
    asked = _REALISTIC.search(rest)
    found = days_meant(asked["date"], start) if asked else None
    if asked and found and (left := _left(start, found.last, meant)):
        rest = f"{rest[: asked.start()]}{asked['be']} it {asked['judged']} in {left}{rest[asked.end() :]}"
    return "".join([*pieces, rest]), meant


def exact(figure: Figure, meant: Mapping[str, Quantity]) -> Figure:
    """The figure with its exact time in place of the weeks of ``in_weeks``, where it is one of these."""
    quantity = meant.get(figure.quantity.text.strip())
    return figure.model_copy(update={"quantity": quantity}) if quantity else figure


def _left(start: date, last: date, meant: dict[str, Quantity]) -> str:
    """The whole weeks in between, with the exact time put into ``meant``; nothing where it is past."""
    days = (last - start).days
    if days <= 0:
        return ""
    weeks = f"{days // 7} weeks" if days >= LEAST_IN_WEEKS else f"{days} days"
    text = f"the {days} days from {_spoken(start)} to {_spoken(last)}"
    meant[weeks] = Quantity(unit=Unit.DAYS, low=days, high=days, text=text)
    return weeks


def _start(text: str, today: date) -> date:
    told = _STARTED.search(text)
    found = days_meant(told["date"], today) if told else None
    return max(found.first, today) if found else today


def _last(found: Days, by: str) -> date:
    """The last day that counts: of "by July" the 31st, of "before July" the day before the first."""
    whole = found.first != found.last
    return date.fromordinal(found.first.toordinal() - 1) if whole and by.lower().startswith("before") else found.last


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
