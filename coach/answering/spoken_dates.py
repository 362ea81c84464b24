"""Days as people say them: "20 December", "next week", "June 2027", "in two weeks".

Comes in: words and the day on which they were said. Goes out: the days that they mean, from the first to the last. What
cannot be a date, such as 31 February, means none. It knows English, no zone, and of feasts
Christmas and New Year.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta

from coach.knowledge.entities import CARDINAL_WORDS

_MONTHS = "january february march april may june july august september october november december".split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_COUNTS = {word: n for n, word in enumerate(CARDINAL_WORDS, start=1)} | {"a": 1, "an": 1, "a couple of": 2}

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?!\d)"
_YEAR = r"(?:,?\s*(?:of\s+)?(?:19|20|21)\d{2}\b)"
_COUNT = rf"(?:\d{{1,3}}|a couple of|{'|'.join(CARDINAL_WORDS)}|an?)"
_UNIT = r"(?:day|week|month|year)s?"
_WHOLE = rf"(?:{_MONTH}{_YEAR}?|(?:next|this|the) (?:month|year)|(?:19|20|21)\d{{2}}\b)"

_SHARE = (
    rf"(?:the )?(?:(?:first|last) {_COUNT} (?:day|week)s|(?:first|second|third|fourth|last) week|"
    r"(?:first|second|last) half)"
)
"""Of a month or a year."""

LENGTH = rf"{_COUNT} {_UNIT}\b"
"""How long something lasts: "two weeks"."""

_FEASTS = {
    "christmas eve": (12, 24), "christmas": (12, 25), "christmas day": (12, 25),
    "new year's eve": (12, 31), "new year": (1, 1), "new years": (1, 1), "new year's": (1, 1), "new year's day": (1, 1),
}  # fmt: skip
"""Feasts that fall on the same day each year, as month and day."""
_FEAST = rf"(?:the )?(?P<feast>{'|'.join(sorted(_FEASTS, key=len, reverse=True))})"

DATE = "|".join(
    (
        rf"\b{_FEAST.replace('?P<feast>', '?:')}\b{_YEAR}?",
        r"\b\d{4}-\d{2}-\d{2}\b",
        r"\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b",
        rf"(?:(?:the )?(?:week|month) of )?\b(?:the )?{_DAY}(?: of)? {_MONTH}{_YEAR}?",
        rf"(?:the week of )?\b{_MONTH} (?:the )?{_DAY}{_YEAR}?",
        rf"\b{_SHARE} of (?:the )?{_WHOLE}",
        rf"\b(?:the )?(?:very )?(?:beginning|start|middle|end) of (?:the )?{_WHOLE}",
        rf"\b(?:early|mid|late)[ -]{_MONTH}{_YEAR}?",
        rf"\b{_WHOLE}",
        r"\b(?:today|tomorrow)\b",
        r"\b(?:next|this) week\b",
        rf"\b(?:(?:next|this|coming) )?(?:{'|'.join(_WEEKDAYS)})\b",
        rf"\bin {LENGTH}",
        rf"\b{LENGTH} from (?:now|today)\b",
    )
)
"""A pattern of all that ``days_meant`` may understand, without groups that count."""

_FULL = re.compile(
    rf"(?:the )?(?P<week>week of )?(?:the )?(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})"
    rf"|(?P<month2>{_MONTH}) (?:the )?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))(?P<year>{_YEAR})?"
)
_PART = re.compile(r"(?:the )?(?:very )?(?P<part>beginning|start|middle|end|early|mid|late)(?: of)?[ -](?P<rest>.+)")
_SHARED = re.compile(
    rf"(?:the )?(?P<which>first|second|third|fourth|last) (?:(?P<count>{_COUNT}) )?(?P<unit>day|week|half)s? of "
    r"(?P<rest>.+)"
)
_RELATIVE = re.compile(rf"(?:in )?(?P<count>{_COUNT}) (?P<unit>day|week|month|year)s?(?: from (?:now|today))?")


@dataclass(frozen=True)
class Days:
    """What was meant, both ends included. ``exact`` where the words name one day and nothing had to be chosen."""

    first: date
    last: date
    exact: bool = False


def days_meant(words: str, today: date, *, month_first: bool = False) -> Days | None:
    """The days that the words mean, or None. Without a year they are the next ones that are not over.

    ``month_first`` reads 3/4/2027 as the fourth of March.

    >>> when = date(2026, 11, 26)
    >>> asked = "20 December", "3 Jan", "Christmas", "June 2027", "next week", "the end of March", "in two weeks"
    >>> for words in (*asked, "31 June"):
    ...     found = days_meant(words, when)
    ...     print(words, found and (str(found.first), str(found.last)))
    20 December ('2026-12-20', '2026-12-20')
    3 Jan ('2027-01-03', '2027-01-03')
    Christmas ('2026-12-25', '2026-12-25')
    June 2027 ('2027-06-01', '2027-06-30')
    next week ('2026-11-30', '2026-12-06')
    the end of March ('2027-03-31', '2027-03-31')
    in two weeks ('2026-12-10', '2026-12-10')
    31 June None
    """
    try:
        return _meant(" ".join(words.lower().split()), today, month_first)
    except (ValueError, OverflowError):
        return None


def length_in_days(words: str, first: date) -> int:
    """How many days "two weeks" or "a month" are that begin on ``first``."""
    match = re.fullmatch(rf"(?P<count>{_COUNT}) (?P<unit>day|week|month|year)s?", words.lower())
    return (_later(first, match["count"], match["unit"]) - first).days if match else 0


def _meant(words: str, today: date, month_first: bool) -> Days | None:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", words):
        return _one(date.fromisoformat(words))
    if figures := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", words):
        return _of_figures(int(figures[1]), int(figures[2]), int(figures[3]), month_first and "/" in words)
    if full := _FULL.fullmatch(words):
        day, month = int(full["day"] or full["day2"]), _month(full["month"] or full["month2"])
        found = _next(today, lambda year: Days(date(year, month, day), date(year, month, day)), full["year"])
        return _week(found.first) if full["week"] else Days(found.first, found.last, exact=True)
    if shared := _SHARED.fullmatch(words):
        return _share(shared["which"], shared["count"], shared["unit"], _whole(shared["rest"], today))
    if part := _PART.fullmatch(words):
        return _part(part["part"], _whole(part["rest"], today))
    if feast := re.fullmatch(rf"{_FEAST}(?P<year>{_YEAR})?", words):
        month, day = _FEASTS[feast["feast"]]
        return _next(today, lambda year: _one(date(year, month, day)), feast["year"])
    if words in {"today", "tomorrow"}:
        return _one(today + timedelta(days=words == "tomorrow"))
    if words == "next week":
        return _week(today + timedelta(weeks=1))
    if words == "this week":
        return Days(today, _week(today).last)
    before, _, name = words.rpartition(" ")
    if name in _WEEKDAYS:
        monday = _week(today).first + timedelta(weeks=1) if before == "next" else today + timedelta(days=1)
        ahead = (_WEEKDAYS.index(name) - monday.weekday()) % 7
        return Days(monday + timedelta(days=ahead), monday + timedelta(days=ahead))
    if relative := _RELATIVE.fullmatch(words):
        later = _later(today, relative["count"], relative["unit"])
        return Days(later, later)
    return _whole(words, today)


def _of_figures(one: int, two: int, year: int, month_first: bool) -> Days:
    """The day that two figures name; where either may be the month it is chosen, so it is not exact."""
    day, month = (two, one) if two > 12 or (month_first and one <= 12) else (one, two)
    found = date(year, month, day)
    return Days(found, found, exact=max(one, two) > 12 or one == two)


def _whole(words: str, today: date) -> Days | None:
    """A month or a year; one that has begun counts from its first day."""
    words = words.removeprefix("the ") if words.startswith("the ") and words not in {"the month", "the year"} else words
    if words in {"this month", "the month"}:
        return _month_of(today.year, today.month)
    if words == "next month":
        return _month_of(today.year + today.month // 12, today.month % 12 + 1)
    if re.fullmatch(r"\d{4}", words) or words in {"this year", "the year", "next year"}:
        year = int(words) if words.isdigit() else today.year + (words == "next year")
        return Days(date(year, 1, 1), date(year, 12, 31))
    if named := re.fullmatch(rf"(?P<month>{_MONTH})(?P<year>{_YEAR})?", words):
        month = _month(named["month"])
        return _next(today, lambda year: _month_of(year, month), named["year"])
    return None


def _share(which: str, count: str | None, unit: str, whole: Days | None) -> Days | None:
    """ "The first week" of a month are its first seven days, whatever weekday they begin with."""
    if whole is None:
        return None
    days = (whole.last - whole.first).days + 1
    size = (days + 1) // 2 if unit == "half" else _number(count or "a") * (7 if unit == "week" else 1)
    if which == "last" or unit == "half" and which == "second":
        size = days // 2 if unit == "half" else size
        return Days(max(whole.first, whole.last - timedelta(days=size - 1)), whole.last)
    first = whole.first + timedelta(days=size * ("first", "second", "third", "fourth").index(which))
    return Days(first, min(whole.last, first + timedelta(days=size - 1)))


def _part(part: str, whole: Days | None) -> Days | None:
    if whole is None:
        return None
    middle = whole.first + (whole.last - whole.first) // 2
    spot = {"beginning": whole.first, "start": whole.first, "early": whole.first, "middle": middle, "mid": middle}
    return Days(spot.get(part, whole.last), spot.get(part, whole.last))


def _next(today: date, of_year: Callable[[int], Days], year: str | None) -> Days:
    """Those of the year that is named, else of the first in which there are such days that are not over."""
    if year:
        return of_year(int(year[-4:]))
    for found in _valid(of_year, today.year):
        if found.last >= today:
            return found
    raise ValueError("no such day")


def _valid(of_year: Callable[[int], Days], year: int) -> Iterator[Days]:
    for candidate in range(year, min(year + 9, MAXYEAR)):  # a 29 February is at most eight years away
        try:
            yield of_year(candidate)
        except ValueError:
            continue


def _month(name: str) -> int:
    return next(n for n, month in enumerate(_MONTHS, start=1) if month.startswith(name[:3]))


def _month_of(year: int, month: int) -> Days:
    return Days(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def _week(day: date) -> Days:
    monday = day - timedelta(days=day.weekday())
    return Days(monday, monday + timedelta(days=6))


def _one(day: date) -> Days:
    return Days(day, day, exact=True)


def _number(count: str) -> int:
    return int(count) if count.isdigit() else _COUNTS[count]


def _later(first: date, count: str, unit: str) -> date:
    """So many days, weeks, months or years later; the last day of a month that is too short for it."""
    number = _number(count)
    if unit in {"day", "week"}:
        return first + timedelta(days=number * (7 if unit == "week" else 1))
    months = first.month - 1 + number * (12 if unit == "year" else 1)
    year, month = first.year + months // 12, months % 12 + 1
    return date(year, month, min(first.day, monthrange(year, month)[1]))
