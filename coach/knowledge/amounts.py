"""Lengths of time, changes in percent and claims about pay, read from the words of a page.

Comes in: a line or a paragraph. Goes out: typed figures, or None where the words hold none. Whatever is a choice
between readings is told as a note in words. It knows English and currencies; it knows no page and no role.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coach.knowledge.pathway import PayClaim, PercentRange
from coach.knowledge.sentences import sentence_spans

DAYS_PER_MONTH = 365.25 / 12

_NUMBER_WORDS = {
    word: float(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
    if value
} | {"a": 1.0, "an": 1.0, "twenty-four": 24.0, "thirty": 30.0, "sixty": 60.0, "ninety": 90.0}

_NUMBER = r"(?:\d+(?:\.\d+)?|" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True)) + r")"
_UNIT = r"(?:days?|weeks?|wks?|months?|mos?|years?|yrs?)"
_SPAN = re.compile(
    rf"(?<![\w.])(?:(?P<low>{_NUMBER})(?:[\s-]*(?P<low_unit>{_UNIT}))?\s*(?:-|–|—|‑|−|\bto\b)\s*)?"
    rf"(?P<high>{_NUMBER})(?P<open>\s*\+)?[\s‑-]*(?P<unit>{_UNIT})\b(?P<open_after>\s*\+)?",
    re.IGNORECASE,
)
_ROUGHLY = r"(?:about|around|approx(?:\.|imately)?|roughly|up to|at least|~|≈|duration:?|estimated:?|est\.?)\s*"


@dataclass(frozen=True)
class Span:
    """A length of time as written; ``low`` equals ``high`` for a single figure."""

    low_days: float
    high_days: float
    unit: str
    """``day``, ``week``, ``month`` or ``year``."""
    open_ended: bool = False

    @property
    def single(self) -> bool:
        return self.low_days == self.high_days

    def months(self) -> tuple[float, float]:
        """In months, to one decimal: a page's lengths are no more exact than that."""
        return round(self.low_days / DAYS_PER_MONTH, 1), round(self.high_days / DAYS_PER_MONTH, 1)

    def weeks(self) -> tuple[float, float]:
        return self.low_days / 7, self.high_days / 7


_DAYS: Final = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "year": 365.25}


def _value(word: str) -> float:
    return _NUMBER_WORDS.get(word.lower()) or float(word)


def _unit(word: str) -> str:
    return {"d": "day", "w": "week", "m": "month", "y": "year"}[word[0].lower()]


def find_span(text: str) -> Span | None:
    """The first length of time in the text.

    >>> find_span("12–18 months").months(), find_span("one-year").months(), find_span("26-30 weeks").months()
    ((12.0, 18.0), (12.0, 12.0), (6.0, 6.9))
    """
    text = re.sub(r"\bhalf a year\b", "6 months", text, flags=re.IGNORECASE)
    text = re.sub(r"\ba year and a half\b", "18 months", text, flags=re.IGNORECASE)
    match = _SPAN.search(text)
    if match is None:
        return None
    unit = _unit(match["unit"])
    high = _value(match["high"]) * _DAYS[unit]
    low = high
    if match["low"]:
        low = _value(match["low"]) * _DAYS[_unit(match["low_unit"]) if match["low_unit"] else unit]
    if low <= 0 or high <= 0:
        return None
    open_ended = bool(match["open"] or match["open_after"])
    return Span(min(low, high), max(low, high), unit, open_ended)


def whole_span(text: str) -> Span | None:
    """The length of time that the whole line is, with or without brackets.

    >>> whole_span("(4 weeks)").weeks(), whole_span("Four weeks pass")
    ((4.0, 4.0), None)
    """
    bare = re.sub(rf"^{_ROUGHLY}", "", text.strip(" ()[].:·•|–—-"), flags=re.IGNORECASE)
    return find_span(bare) if _SPAN.fullmatch(bare) else None


_PERCENT_NUMBER = r"\d+(?:\.\d+)?"
_SIGN = r"[+\-−–]"
_PERCENTS = re.compile(
    rf"(?P<s1>{_SIGN})?\s*(?P<low>{_PERCENT_NUMBER})\s*(?P<p1>%|percent\b)?"
    rf"(?:\s*(?P<sep>to|-|–|—|−)\s*(?P<s2>{_SIGN})?\s*(?P<high>{_PERCENT_NUMBER})\s*(?P<p2>%|percent\b))?",
    re.IGNORECASE,
)
_FALL = re.compile(r"\b(?:cut|decrease|drop|fall|lower|less|decline|reduction)\b", re.IGNORECASE)


def percent_change(text: str) -> tuple[PercentRange | None, str | None]:
    """A change of pay in percent, and a note where the reading is a choice.

    >>> [percent_change(text)[0] for text in ("-5% to +10%", "20-35%")]
    [PercentRange(low=-5.0, high=10.0), PercentRange(low=20.0, high=35.0)]
    """
    text = re.sub(r"^\s*(?:neutral|flat|no change)\s+(?=to\b)", "0% ", text, flags=re.IGNORECASE)
    if re.fullmatch(r"(?:no change|none|unchanged|about the same|same)\.?", text.strip(), re.IGNORECASE):
        return PercentRange(low=0, high=0), None
    for match in _PERCENTS.finditer(text):
        if not (match["p1"] or match["p2"]):
            continue
        note = None
        low = float(match["low"])
        if match["s1"] and match["s1"] != "+":
            low = -low
        high = low
        if match["high"]:
            high = float(match["high"])
            if match["s2"] and match["s2"] != "+":
                high = -high
            elif low < 0 and not match["s2"] and not match["p1"]:
                note = f"'{text}' is read as {low:g} to +{high:g} percent"
        elif re.search(r"\bup to\s*$", text[: match.start()], re.IGNORECASE):
            low = min(0.0, high)
            note = f"'{text}' is read as {low:g} to {high:g} percent"
        if low >= 0 and high > 0 and not match["s1"] and _FALL.search(text):
            low, high = -high, -low
            note = f"'{text}' is read as a fall"
        # "+ 0.0" turns a negative zero into zero.
        return PercentRange(low=min(low, high) + 0.0, high=max(low, high) + 0.0), note
    return None, None


# --- Pay -----------------------------------------------------------------------------------------------

_CURRENCIES: Final = {
    "$": "USD", "US$": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "R$": "BRL", "£": "GBP", "€": "EUR", "₹": "INR", "¥": "JPY", "₩": "KRW", "₺": "TRY", "zł": "PLN",
}  # fmt: skip
_CODES = "USD|GBP|EUR|INR|CAD|AUD|CHF|SGD|NZD|SEK|NOK|DKK|PLN|ZAR|JPY|HKD|BRL"
_SIGNED = r"(?:(?:US|CA|C|AU|A|NZ|HK|S|R)?\$|[£€₹¥₩₺]|\b(?:" + _CODES + r")\b)"
_FIGURE = r"(?:\d{1,3}(?:[,.’'\u00a0 ]\d{2,3})+(?!\d)|\d+(?:[.,]\d{1,2})?)"
_SCALE = r"(?:\s?(?:k|thousand|million|mn|m|billion|bn|lakhs?|lpa|crores?)\b)"
_MONEY = re.compile(
    rf"(?P<between>\bbetween\s+)?(?P<sign>{_SIGNED})\s?(?P<a>{_FIGURE})(?P<a_scale>{_SCALE})?"
    rf"(?:\s*(?:-|–|—|‑|\bto\b|(?(between)\band\b|(?!)))\s*(?P<sign_b>{_SIGNED})?\s?(?P<b>{_FIGURE})(?P<b_scale>{_SCALE})?)?"
    rf"(?P<plus>\s?\+| or (?:more|above|higher)\b| and (?:up|above)\b)?"
    rf"|(?P<c>{_FIGURE})(?P<c_scale>{_SCALE})?(?:\s*(?:-|–|—|‑|\bto\b)\s*(?P<d>{_FIGURE})(?P<d_scale>{_SCALE})?)?"
    rf"\s?(?P<sign_after>[€£]|zł|\b(?:{_CODES})\b)(?P<plus_after>\s?\+)?",
    re.IGNORECASE,
)

_LEVELS: Final = (
    ("entry", r"entry[-\s]?level|(?:at )?entry(?= (?:roles?|positions?|jobs?|pay|salar|point)|\s*[:(–-])"),
    ("graduate", r"(?:new |recent )?graduates?|new grads?"),
    ("junior", r"juniors?"),
    ("mid", r"mid(?:dle)?[-\s]?(?:level|career|tier|weight)|mid(?=\s*[:(–-])|intermediate"),
    ("senior", r"seniors?"),
    ("lead", r"leads?(?=\s+(?!to\b)[\w$£€])|lead(?=\s*[:(–-])|team leads?"),
    ("principal", r"principals?"),
    ("staff", r"staff(?=[-\s](?:level|roles?|positions?|\w+(?:er|or|st|ian)s?\b))"),
    ("experienced", r"experienced|veterans?"),
    ("starting", r"starting(?! (?:at|from)\b)|starters?|beginners?|newcomers?"),
)
_LEVEL = re.compile("|".join(rf"(?P<{name}>\b(?:{words})(?!\w))" for name, words in _LEVELS), re.IGNORECASE)
_LESS_EXACT = re.compile(r"\b(?P<word>average|median|typical)\b", re.IGNORECASE)
_PAY_WORDS = re.compile(
    r"\b(?:earn\w*|salar\w+|pay|pays|paid|paying|wages?|compensation|incomes?|makes?|making|packages?|roles?|positions?)\b",
    re.IGNORECASE,
)
_NOT_A_YEAR = re.compile(
    r"\s*(?:/|\bper\b|\ban?\b|\beach\b|\bevery\b)\s*(?:hour|hr|h|day|week|wk|month|mo)\b", re.IGNORECASE
)
_ABOUT = re.compile(
    r"(?:\b(?:around|about|roughly|approximately|approx\.?|circa|c\.|nearly|almost|close to|near)|[~≈])\s*$", re.I
)
_AT_LEAST = re.compile(
    r"\b(?:over|above|more than|at least|from|start(?:s|ing)? (?:at|from)|exceed(?:s|ing)?|upwards of|beyond)\s*$",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"\b(?:up to|as much as|at most|no more than|under|below|less than|as high as)\s*$", re.IGNORECASE
)

LEAST_ANNUAL_PAY = 5_000
"""Below this an amount is the price of a course or a fee, not a year's pay, in the currencies known here."""


@dataclass(frozen=True)
class PayFound:
    """Claims in one currency each, in the order of the text, and what was left out and why."""

    claims: tuple[tuple[str, PayClaim], ...]
    notes: tuple[str, ...]


def find_pay(text: str, roles: Sequence[str] = ()) -> PayFound:
    """Every amount of yearly pay that stands beside a level of seniority.

    ``roles`` are names in which a word such as "lead" or "staff" means no level. An amount takes the nearest level
    before it that no earlier amount has taken, else the next one after it.

    >>> found = find_pay("Entry-level cooks earn around £21,000, with head chefs and senior roles reaching £45k+.")
    >>> [(money, claim.level, claim.low, claim.about, claim.at_least) for money, claim in found.claims]
    [('GBP', 'entry', 21000.0, True, False), ('GBP', 'senior', 45000.0, False, True)]
    """
    claims: list[tuple[str, PayClaim]] = []
    notes: list[str] = []
    for start, end in sentence_spans(text):
        _pay_of_sentence(text[start:end], roles, claims, notes)
    return PayFound(tuple(claims), tuple(notes))


def _pay_of_sentence(sentence: str, roles: Sequence[str], claims: list[tuple[str, PayClaim]], notes: list[str]) -> None:
    amounts = [match for match in _MONEY.finditer(sentence) if not (match["a"] is None and match["c"] is None)]
    if not amounts:
        return
    plain = sentence
    for role in roles:
        plain = re.sub(rf"\b{re.escape(role)}", lambda found: "_" * len(found.group()), plain, flags=re.IGNORECASE)
    levels = [(match.start(), str(match.lastgroup)) for match in _LEVEL.finditer(plain)]
    general = _LESS_EXACT.search(plain)
    if not levels and general:
        levels = [(general.start(), general["word"].lower())]
    of_pay = bool(levels or _PAY_WORDS.search(plain))
    taken: set[int] = set()
    for i, amount in enumerate(amounts):
        words = amount.group().strip()
        read = _read_amount(amount)
        if read is None or _NOT_A_YEAR.match(sentence, amount.end()):
            notes.append(
                f"'{words}' is no amount of a year's pay and was left out of the pay figures"
            ) if of_pay else None
            continue
        currency, low, high = read
        if not of_pay or low < LEAST_ANNUAL_PAY:
            continue
        until = amounts[i + 1].start() if i + 1 < len(amounts) else len(sentence)
        since = amounts[i - 1].end() if i else 0
        before = [k for k, (at, _) in enumerate(levels) if since <= at < amount.start() and k not in taken]
        after = [
            k
            for k, (at, _) in enumerate(levels)
            if amount.end() <= at < until and k not in taken and not _leads_to(plain, amount.end(), at, until)
        ]
        if not before and not after:
            notes.append(f"'{words}' has no level of seniority beside it and was left out of the pay figures")
            continue
        chosen = before[-1] if before else after[0]
        if len(before) > 1:
            others = ", ".join(levels[k][1] for k in before[:-1])
            notes.append(
                f"'{words}' is taken for the level '{levels[chosen][1]}', though '{others}' stands before it too"
            )
            taken.update(before)
        taken.add(chosen)
        lead_in = sentence[: amount.start()]
        if _AT_MOST.search(lead_in):
            notes.append(f"'{words}' is an upper limit in the page and is kept as a plain figure")
        at_least = bool(amount["plus"] or amount["plus_after"] or (high is None and _AT_LEAST.search(lead_in)))
        claim = PayClaim(
            level=levels[chosen][1], low=low, high=high, at_least=at_least, about=bool(_ABOUT.search(lead_in))
        )
        claims.append((currency, claim))


def _leads_to(sentence: str, amount_end: int, level: int, until: int) -> bool:
    """Whether a level between two amounts belongs to the second: "from $90,000 to an entry-level $70,000"."""
    between = sentence[level:until]
    if until == len(sentence) or re.search(r"[,;()]|\b(?:and|while|with|but|or)\b", between):
        return False
    word = _LEVEL.match(sentence, level) or _LESS_EXACT.match(sentence, level)
    return until - (word.end() if word else level) < level - amount_end


def _read_amount(match: re.Match[str]) -> tuple[str, float, float | None] | None:
    """Currency, low and high of a match; None for what is no pay, such as millions."""
    if match["a"] is not None:
        sign, low_text, low_scale, high_text, high_scale = (
            match[key] for key in ("sign", "a", "a_scale", "b", "b_scale")
        )
    else:
        sign, low_text, low_scale, high_text, high_scale = (
            match[key] for key in ("sign_after", "c", "c_scale", "d", "d_scale")
        )
    currency = _CURRENCIES.get(sign.upper() if sign.isascii() else sign, sign.upper())
    if high_text and high_scale and not low_scale:
        low_scale = high_scale  # $85-95k
    low = _amount(low_text, low_scale)
    high = _amount(high_text, high_scale) if high_text else None
    if low is None or low <= 0 or (high_text and high is None):
        return None
    if high is not None and high < low:
        return None
    return currency, low, None if high == low else high


_SCALES: Final = (("k", 1e3), ("thousand", 1e3), ("lakh", 1e5), ("lpa", 1e5), ("crore", 1e7))


def _amount(figure: str, scale: str | None) -> float | None:
    groups = re.split(r"[,.’'\u00a0 ]", figure)
    if len(groups) > 1 and (len(groups) > 2 or len(groups[-1]) == 3):
        value = float("".join(groups))  # separators of thousands, of any country
    else:
        value = float(figure.replace(",", "."))
    word = (scale or "").strip().lower()
    if word in ("million", "mn", "m", "billion", "bn"):
        return None
    return value * next((factor for name, factor in _SCALES if word and name.startswith(word.rstrip("s"))), 1.0)
