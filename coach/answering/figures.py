"""Numbers with units, read from a question or a claim.

Comes in: clean text. Goes out: ``Quantity`` values in order of appearance. It does not know what a figure is
about; ``understanding`` decides that.
"""

from __future__ import annotations

import re

from coach.knowledge.entities import CARDINAL_WORDS, ORDINAL_WORDS
from coach.types import Quantity, Unit

_WORDS = {word: float(n) for n, word in enumerate(CARDINAL_WORDS, start=1)} | {
    "a": 1.0,
    "an": 1.0,
    "half a": 0.5,
    "half an": 0.5,
    "one and a half": 1.5,
    "a couple of": 2.0,
    "couple of": 2.0,
    "zero": 0.0,
    "no": 0.0,
}
"""Larger numbers come in figures, see ``spelling.in_figures``."""
_SPELLED = "|".join(sorted((re.escape(word) for word in _WORDS), key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_N = rf"(?:{_DIGITS}|\b(?:{_SPELLED})\b)"
_TO = r"\s*(?:-|to|–|or|and)\s*"

_MONEY_SIGN = r"(?:US\$|CA\$|A\$|[$€£₹])"
_MONEY_WORD = r"(?:dollars?|bucks|usd|grand|euros?|eur|pounds?|gbp|quid|rupees?|inr)"
_SCALE = r"(?:k|thousand|grand|m|mio|million)"
_MONEY = re.compile(
    rf"(?P<sign>{_MONEY_SIGN})\s*(?P<a>{_DIGITS})\s*(?P<sa>{_SCALE}\b)?(?:{_TO}{_MONEY_SIGN}?\s*(?P<b>{_DIGITS})\s*(?P<sb>{_SCALE}\b)?)?(?P<plus>\+)?"
    rf"|\b(?P<a2>{_DIGITS})\s*(?P<sa2>{_SCALE}\b)?(?:{_TO}(?P<b2>{_DIGITS})\s*(?P<sb2>{_SCALE}\b)?)?\s*(?P<word>{_MONEY_WORD})\b"
    rf"|\b(?P<a3>{_DIGITS})\s*(?P<sa3>k|thousand)\b(?:{_TO}(?P<b3>{_DIGITS})\s*(?P<sb3>k|thousand)\b)?(?P<plus3>\+)?"
    rf"|\b(?P<a4>\d{{2,3}},\d{{3}})\b(?:{_TO}(?P<b4>\d{{2,3}},\d{{3}})\b)?"
    rf"|\b(?P<a5>[1-9]\d{{4,5}})\b(?!\s*(?:%|percent|weeks?|months?|days?|hours?|people|jobs))",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    rf"(?P<a>[+-]?(?:{_N}))\s*(?:%|per ?cent)?(?:{_TO}(?P<b>[+-]?(?:{_N})))?\s*(?:%|\bper ?cent\b)", re.IGNORECASE
)
_TIME = {
    Unit.HOURS: r"(?:hours?|hrs?|h)",
    Unit.DAYS: r"days?",
    Unit.WEEKS: r"(?:weeks?|wks?|(?<=\d)w)",
    Unit.MONTHS: r"(?:months?|mos?)",
    Unit.YEARS: r"(?:years?|yrs?)",
}
_HOURS = r"(?:(?:free|spare|quiet|solid|good|full|whole|study|studying|learning)\s+){0,2}(?:hours?|hrs?|h)\b"
_PER_WEEK = re.compile(
    rf"(?P<a>{_N})(?:{_TO}(?P<b>{_N}))?\s*-?\s*{_HOURS}(?:\s+(?:of (?:study|studying|learning|work|free time|time)|free|spare|available|off|to spare|to study|at most|max))*\s*(?:/|per|a|each|every|on|in)\s*(?:the\s+|my\s+)?(?P<per>weekday|week(?:end)?s?|wk|day|night|evening|morning|month|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b|(?P<a2>{_N})\s*-?\s*{_HOURS}\s+(?P<per2>weekly|daily)|(?P<a4>{_N})\s+(?P<per4>weekly|daily)\s+{_HOURS}|(?P<a3>{_N})(?:-| )hour weeks?",
    re.IGNORECASE,
)
_DURATION = {
    unit: re.compile(
        rf"(?P<a>{_N})\+?(?:{_TO}(?P<b>{_N}))?(?P<half>\s+and (?:a )?half)?\s*-?\s*{word}\b(?P<half2>\s+and (?:a )?half)?",
        re.IGNORECASE,
    )
    for unit, word in _TIME.items()
}
_HALF = re.compile(r"\bhalf (?:of )?(?:a |an |the )?(?P<unit>year|month|day|week)\b", re.IGNORECASE)
_COUNT_NOUN = r"(?:(?:\w+[ -]){0,3}?)(?P<noun>skills?|phases?|stages?|steps?|tasks?|resources?|courses?|challenges?|drawbacks?|attractions?|actions?|topics?|things|items?|metros?|cities|parts)"
_COUNT = re.compile(rf"\b(?P<a>\d+|{'|'.join(CARDINAL_WORDS)})\s+{_COUNT_NOUN}\b", re.IGNORECASE)
_POSITION = re.compile(
    rf"\b(?P<noun>day|week|month)[\s,]+(?:number\s+|no\.?\s+)?(?P<n>\d+|{'|'.join(CARDINAL_WORDS)})\b", re.IGNORECASE
)
_ORDINAL = re.compile(
    rf"\b(?:(?P<word>{'|'.join(ORDINAL_WORDS)}|last|final)|(?P<n>\d+)(?:st|nd|rd|th))\b(?:\s+(?P<noun>day|week|month)\b)?",
    re.IGNORECASE,
)

DAYS = {Unit.DAYS: 1.0, Unit.WEEKS: 7.0, Unit.MONTHS: 365.25 / 12, Unit.YEARS: 365.25}


def days(quantity: Quantity) -> float:
    """The lower end of a duration in days. Raises KeyError for what is no duration."""
    return quantity.low * DAYS[quantity.unit]


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number with a unit, in order; spans never overlap and the most specific reading wins.

    >>> [(q.unit.value, q.low, q.high) for q in quantities("I earn 95k and have 6 hours a week for 6 to 8 months")]
    [('money', 95000.0, 95000.0), ('hours_per_week', 6.0, 6.0), ('months', 6.0, 8.0)]
    >>> [(q.unit.value, q.low, q.noun) for q in quantities("the seven phases, 40%")]
    [('count', 7.0, 'phases'), ('percent', 40.0, '')]
    """
    found: list[tuple[int, int, Quantity]] = []

    def add(start: int, end: int, quantity: Quantity) -> None:
        if not any(start < taken_end and taken_start < end for taken_start, taken_end, _ in found):
            found.append((start, end, quantity))

    for match in _PERCENT.finditer(text):
        if match.group("a").lower() in {"a", "an", "no"}:
            continue
        low, high = _number(match.group("a")), _number(match.group("b"))
        add(*match.span(), _quantity(Unit.PERCENT, low, high, match.group()))
    for match in _PER_WEEK.finditer(text):
        low = _number(match.group("a") or match.group("a2") or match.group("a3") or match.group("a4"))
        per = (match.group("per") or match.group("per2") or match.group("per4") or "").lower()
        if not per and match.group("a3") is None:
            continue
        times = (
            7.0
            if per.startswith(("da", "night", "even", "morn"))
            else 5.0
            if per == "weekday"
            else 12 / 52.18
            if per == "month"
            else 1.0
        )
        high = _number(match.group("b"))
        add(
            *match.span(),
            _quantity(
                Unit.HOURS_PER_WEEK,
                low * times if low is not None else None,
                high * times if high is not None else None,
                match.group(),
            ),
        )
    for match in _POSITION.finditer(text):
        add(
            *match.span(),
            _quantity(Unit.ORDINAL, _number(match.group("n")), None, match.group(), noun=match.group("noun").lower()),
        )
    for unit, pattern in _DURATION.items():
        for match in pattern.finditer(text):
            if match.group("a").lower() in {"a", "an"} and not re.search(
                r"\b(?:in|within|for|under|half|after|takes?|about|than|just|only|over|spend|have|got)\s+(?:\w+\s+)?$",
                text[: match.start()],
                re.IGNORECASE,
            ):
                continue  # "hours a week", "twice a year"
            low, high = _number(match.group("a")), _number(match.group("b"))
            if (match.group("half") or match.group("half2")) and low is not None:
                low += 0.5
            add(*match.span(), _quantity(unit, low, high, match.group()))
    for match in _HALF.finditer(text):
        add(
            *match.span(), Quantity(unit=Unit(match.group("unit").lower() + "s"), low=0.5, high=0.5, text=match.group())
        )
    for match in re.finditer(r"\bquarter\b(?!\s+(?:of|century))", text, re.IGNORECASE):
        if re.search(r"\b(?:next|coming|this|first)\s+$", text[: match.start()], re.IGNORECASE):
            add(*match.span(), Quantity(unit=Unit.MONTHS, low=3, high=3, text=match.group()))
    for match in _MONEY.finditer(text):
        groups = match.groupdict()
        a, sa, b, sb = next(
            (
                (groups[f"a{i}"], groups.get(f"sa{i}"), groups.get(f"b{i}"), groups.get(f"sb{i}"))
                for i in ("", "2", "3", "4", "5")
                if groups.get(f"a{i}")
            ),
        )
        word = groups.get("word") or ""
        low, high = (
            _scaled(a, sa or (sb if b else None) or ("k" if word == "grand" else None)),
            _scaled(b, sb or ("k" if word == "grand" else None)) if b else None,
        )
        plus = bool(groups.get("plus") or groups.get("plus3"))
        quantity = _quantity(Unit.MONEY, low, high, match.group())
        add(*match.span(), quantity.model_copy(update={"high": None}) if plus else quantity)
    for match in _COUNT.finditer(text):
        number = _number(match.group("a")) or 0
        if re.match(r"\w+\s+of\b", match.group()) or re.search(r"\b(?:and|or|to|is|the)\b", match.group()):
            continue  # "one of the skills" and "phase 1 and phase 2" count nothing
        if number > 1 and not match.group("noun").lower().endswith("s"):
            continue
        low = _number(match.group("a"))
        add(*match.span(), _quantity(Unit.COUNT, low, None, match.group(), noun=match.group("noun").lower()))
    for match in _ORDINAL.finditer(text):
        word = (match.group("word") or "").lower()
        value = -1.0 if word in {"last", "final"} else float(match.group("n") or ORDINAL_WORDS.index(word) + 1)
        # "The first week" is an opening, and "the last month" one that is over; "the second week" is a point in time.
        noun = (match.group("noun") or "").lower() if value > 1 else ""
        text_ = match.group() if noun else match.group("word") or match.group().split()[0]
        add(*match.span(), Quantity(unit=Unit.ORDINAL, low=value, high=value, text=text_, noun=noun))
    return tuple(quantity for _, _, quantity in sorted(found, key=lambda entry: entry[0]))


def _quantity(unit: Unit, low: float | None, high: float | None, text: str, noun: str = "") -> Quantity:
    low = low or 0.0
    return Quantity(unit=unit, low=low, high=high if high is not None and high >= low else low, text=text, noun=noun)


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    text = text.strip().lower()
    sign = -1.0 if text.startswith("-") else 1.0
    text = text.lstrip("+-")
    return sign * (_WORDS[text] if text in _WORDS else float(text.replace(",", "")))


def _scaled(text: str | None, scale: str | None) -> float | None:
    value = _number(text)
    if value is None or not scale:
        return value
    return value * (1_000_000 if scale.lower().startswith("m") else 1_000)
