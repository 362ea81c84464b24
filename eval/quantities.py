"""Reading the numbers of a text: ``$130k``, ``six weeks``, ``+40% to +60%``, ``between £36,000 and £42,000``.

Comes in: any text. Goes out: ``plain`` text (one spelling of case, dashes, quotes and number words) and
the quantities in it, in order. It shares no code with the coach, so that a slip there is not repeated here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

BARE = "bare"
ORDINAL = "ordinal"

_UNITS = {
    "percent": r"%|per ?cents?\b|pct\b|percentage points?\b",
    "USD": r"us dollars?\b|dollars?\b|usd\b|bucks\b",
    "GBP": r"pounds?\b|gbp\b|quid\b",
    "EUR": r"euros?\b|eur\b",
    "hours_per_week": r"(?:hours?|hrs?|h) ?(?:a|per|each|every|/) ?(?:weeks?|wks?)\b|weekly hours?\b",
    "minutes": r"min(?:ute)?s?\b",
    "hours": r"hours?\b|hrs?\b|h\b",
    "days": r"days?\b",
    "weeks": r"weeks?\b|wks?\b",
    "months": r"months?\b|mos?\b",
    "years": r"years?\b|yrs?\b",
}
_SIGNS = {"$": "USD", "us$": "USD", "usd": "USD", "£": "GBP", "gbp": "GBP", "€": "EUR", "eur": "EUR"}
_MAGNITUDES = {"k": 1e3, "thousand": 1e3, "grand": 1e3, "m": 1e6, "million": 1e6}
CURRENCIES = frozenset({"USD", "GBP", "EUR"})

_ATOM = re.compile(
    r"(?<![\w.,$£€])(?<![a-z]-)(?:(?<![\w)])[+~-] ?)?(?P<sign>us\$|\$|£|€|usd |gbp |eur )? ?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:(?P<ordinal>st|nd|rd|th)\b|(?: ?(?P<magnitude>k|m|thousand|grand|million)\b)?(?P<plus>\+)?"
    r"(?: |-)?(?:" + "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS.items()) + r")?(?P<plus2>\+)?)"
    r"(?![\d])"
)
_RANGE_LINK = re.compile(r" ?(?:-|to|up to|through|until) ?")
_AND_LINK = re.compile(r" ?and ?")
_AT_LEAST_BEFORE = re.compile(r"\b(?:at least|over|more than|above|upwards of|from) ?(?:about |around )?$")
_AT_LEAST_AFTER = re.compile(r"^ ?(?:or more|and up|and above|or above|or higher|plus\b)")

_ONES_IN_ORDER = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS_IN_ORDER = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES = {word: value for value, word in enumerate(_ONES_IN_ORDER.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TENS_IN_ORDER.split(), start=2)}
_ONE = "|".join(sorted(_ONES, key=len, reverse=True))
_SMALL = rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{_ONE}))?|{_ONE})"
_HUNDREDS = rf"(?:(?:{_SMALL}|a) hundred(?: and {_SMALL}| {_SMALL})?|{_SMALL})"
_NUMBER_WORDS = re.compile(
    rf"\b(?:(?:{_HUNDREDS}|a) thousand(?: and {_HUNDREDS}| {_HUNDREDS})?|{_HUNDREDS})\b", re.IGNORECASE
)
_ONE_COUNTS = re.compile(r"^[ -](?:week|month|day|year|hour|minute|phase|skill|task|percent|course|step|stage)s?\b")
_NUMBERED = re.compile(r"\b(?:phase|week|month|day|step|stage|year|level|module|part|number) $")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit; ``low == high`` unless it is a range. ``start`` and ``end`` are into ``plain`` text."""

    low: float
    high: float
    unit: str
    at_least: bool
    start: int
    end: int

    @property
    def single(self) -> bool:
        return self.low == self.high


def plain(text: str) -> str:
    """``text`` in one spelling: NFKC, lower case, straight quotes and dashes, number words as digits, no markup.

    >>> plain("Thirty-six **weeks** [2], say the “guide”")
    '36 weeks , say the "guide"'
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub("[\u2018\u2019\u02bc`\u00b4]", "'", text)
    text = re.sub("[\u201c\u201d\u201e\u00ab\u00bb]", '"', text)
    text = re.sub(r"\[\d+\]|\\(?=[$*_\[\]])|\*\*|(?<!\w)[*_]|[*_](?!\w)|[\u200b-\u200d\ufeff]", "", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\b(?:half a dozen)\b", "6", text)
    text = re.sub(r"\ba dozen\b", "12", text)
    text = in_figures(text)
    return re.sub(r"\b(\d+) and a half\b", r"\1.5", text)


def in_figures(text: str) -> str:
    """Number words as figures, the rest as it was.

    >>> in_figures("Two volumes, and one of them is new")
    '2 volumes, and one of them is new'
    """
    return _NUMBER_WORDS.sub(_digits, text)


def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of ``plain`` text, in order; a range is one quantity.

    >>> [(q.low, q.high, q.unit) for q in quantities(plain("6-8 months, +40% to +60%, $130k"))]
    [(6.0, 8.0, 'months'), (40.0, 60.0, 'percent'), (130000.0, 130000.0, 'USD')]
    """
    joined: list[Quantity] = []
    atoms = [_quantity(match, text) for match in _ATOM.finditer(text)]
    at = 0
    while at < len(atoms):
        first = atoms[at]
        if at + 1 < len(atoms) and _linked(first, atoms[at + 1], text):
            second = atoms[at + 1]
            unit = second.unit if first.unit == BARE else first.unit
            low = first.low
            if first.low < second.low / 100 and re.search(
                r"\d ?(?:k|thousand|grand)\b", text[second.start : second.end]
            ):
                low = first.low * 1000  # "130-150k"
            if low < second.low:
                joined.append(Quantity(low, second.high, unit, second.at_least, first.start, second.end))
                at += 2
                continue
        joined.append(first)
        at += 1
    return tuple(joined)


def _quantity(match: re.Match[str], text: str) -> Quantity:
    value = float(match["number"].replace(",", "")) * _MAGNITUDES.get(match["magnitude"] or "", 1.0)
    unit = next((name for name in _UNITS if match[name]), BARE)
    if match["sign"]:
        unit = _SIGNS[match["sign"].strip()]
    elif match["ordinal"]:
        unit = ORDINAL
    at_least = bool(
        match["plus"]
        or match["plus2"]
        or _AT_LEAST_BEFORE.search(text[: match.start()])
        or _AT_LEAST_AFTER.search(text[match.end() :])
    )
    return Quantity(value, value, unit, at_least, match.start(), match.end())


def _linked(first: Quantity, second: Quantity, text: str) -> bool:
    """Whether two neighbours are the ends of one range: "6-8 months", "between $62,000 and $74,000"."""
    if ORDINAL in (first.unit, second.unit):
        return False
    if first.unit not in (BARE, second.unit) and not (second.unit == BARE and first.unit in CURRENCIES):
        return False
    between = text[first.end : second.start]
    if _RANGE_LINK.fullmatch(between) or (between == "" and text[second.start] == "-"):
        return True
    return bool(_AND_LINK.fullmatch(between) and re.search(r"\bbetween (?:about |around )?$", text[: first.start]))


def _digits(match: re.Match[str]) -> str:
    words = match[0].lower()
    if words == "one":  # a pronoun unless it counts something
        counts = _ONE_COUNTS.match(match.string[match.end() :]) or _NUMBERED.search(match.string[: match.start()])
        return "1" if counts else match[0]
    thousands, _, rest = words.rpartition("thousand")
    return str((_below_thousand(thousands) * 1000 if thousands else 0) + _below_thousand(rest, empty=0))


def _below_thousand(words: str, empty: int = 1) -> int:
    value, seen = 0, False
    for word in re.findall(r"[a-z]+", words):
        if word == "hundred":
            value = max(value, 1) * 100
        elif word not in ("a", "and"):
            value += _ONES.get(word) or _TENS.get(word, 0)
            seen = True
    return value if seen or value else empty
