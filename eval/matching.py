"""Does an answer hold a nugget, and does it state what it must not? By type, never by exact wording.

Comes in: a nugget and the texts of an answer's claims. Goes out: yes or no. Numbers are compared as
quantities with their unit, names without case and punctuation, lists entry by entry, polarity by how the
answer begins or by negation. This module does not know what a case or a slice is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never

from eval.cases import (
    AmountNugget,
    CountNugget,
    DurationNugget,
    ListNugget,
    NameNugget,
    Nugget,
    PercentageNugget,
    PolarityNugget,
    RangeNugget,
)
from eval.quantities import BARE, CURRENCIES, Quantity, plain, quantities

_DAYS = {"minutes": 1 / 1440, "hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}

CONVERTED_SHARE = 0.02
"""Share by which a duration in another unit may differ: 24 weeks are 5.52 months, said as 5.5."""

LEAST_MONEY = 1000
"""A bare number from here on may be money: "130,000" and "130k" without a sign."""

_NEGATION = re.compile(r"\b(?:not|never|cannot|nor|neither|no longer|\w+n't)\b(?! (?:only|just|merely|least))")
_ANY_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|nor|neither|none|nothing|nowhere|without|no longer|\w+n't|lacks?)\b"
)
_CLAUSE_END = re.compile(r"[,;:.!?()]|-(?= )|\b(?:but|while|though|although|whereas|yet)\b")
_NOT_A_DENIAL = frozenset(
    {"match", "fit", "fits", "agree", "reach", "equal", "square", "tally", "meet", "fill", "up"}
    | {"say", "says", "state", "tell", "mean", "than", "same", "until", "before"}
)
"""Between a negation and a number these leave the number standing: "does not match the 6 to 8 months"."""
DENIAL_WORDS = 4
"""How many words may stand between a negation and the number that it denies: "do not add up to 24 weeks"."""


def holds(nugget: Nugget, claims: Sequence[str]) -> bool:
    """Whether the claims, taken together, hold the nugget."""
    texts = [plain(claim) for claim in claims]
    match nugget:
        case AmountNugget():
            return any(_is_amount(end, nugget) for text in texts for stated in _stated(text) for end in _ends(stated))
        case RangeNugget():
            return _holds_range(nugget, texts)
        case PercentageNugget():
            return any(
                stated.unit == "percent" and stated.single and _near(stated.low, nugget.value, nugget.tolerance)
                for text in texts
                for stated in _stated(text)
            )
        case DurationNugget():
            return any(
                stated.single and _same_duration(stated, nugget.value, nugget.unit)
                for text in texts
                for stated in _stated(text)
            )
        case CountNugget():
            return any(_holds_count(nugget, text) for text in texts)
        case NameNugget():
            return any(_find((nugget.value, *nugget.aliases), _words(text)) is not None for text in texts)
        case ListNugget():
            return _holds_list(nugget, _words(" . ".join(texts)))
        case PolarityNugget():
            return polarity(texts, nugget.about) == nugget.value
        case _:
            assert_never(nugget)


def states(forbidden: str | float, claims: Sequence[str]) -> bool:
    """Whether a claim states what it must not; a number that is denied ("not $95,000") is not stated."""
    texts = [plain(claim) for claim in claims]
    if not isinstance(forbidden, str):
        return any(
            _near(end.low, forbidden, 0) for text in texts for stated in _asserted(text) for end in _ends(stated)
        )
    phrase = plain(forbidden)
    wanted = quantities(phrase)
    if len(wanted) == 1 and (wanted[0].start, wanted[0].end) == (0, len(phrase)):
        return any(_same_quantity(stated, wanted[0]) for text in texts for stated in _asserted(text))
    return any(_find((forbidden,), _words(text)) is not None for text in texts)


def polarity(texts: Sequence[str], about: Sequence[str] = ()) -> str | None:
    """ "yes" or "no": how the first of the ``plain`` texts begins; else by the first that is about ``about``.

    None where there is no text, or none about it.
    """
    if not texts:
        return None
    if re.match(r"(?:yes|yep|yeah|correct|true|it does|it is|you can|they do)\b(?! not\b)(?!n't)", texts[0]):
        return "yes"
    if re.match(r"(?:no|nope|not|none|nothing|neither|false|never)\b(?! (?:problem|worries))", texts[0]):
        return "no"
    for text in texts:
        for sentence in re.split(r"(?<=[.!?;])\s", text):
            if not about or _find(about, _words(sentence)) is not None:
                return "no" if _ANY_NEGATION.search(sentence) else "yes"
    return None


# --- Quantities ----------------------------------------------------------------------------------------


def _stated(text: str) -> list[Quantity]:
    """The quantities of a plain text that are not denied in it."""
    return [quantity for quantity in quantities(text) if not _denied(text, quantity)]


def _asserted(text: str) -> list[Quantity]:
    """The quantities before which no negation stands in the clause: "the guide does not say $95,000" asserts none."""
    return [q for q in quantities(text) if not _ANY_NEGATION.search(_CLAUSE_END.split(text[: q.start])[-1])]


def _denied(text: str, quantity: Quantity) -> bool:
    before = _CLAUSE_END.split(text[: quantity.start])[-1]
    negations = list(_NEGATION.finditer(before))
    if not negations:
        return False
    between = re.findall(r"[a-z']+", before[negations[-1].end() :])
    return len(between) <= DENIAL_WORDS and ("add" in between or not _NOT_A_DENIAL.intersection(between))


def _ends(quantity: Quantity) -> list[Quantity]:
    if quantity.single:
        return [quantity]
    return [
        Quantity(value, value, quantity.unit, quantity.at_least, quantity.start, quantity.end)
        for value in (quantity.low, quantity.high)
    ]


def _is_amount(stated: Quantity, nugget: AmountNugget) -> bool:
    return _is_money(stated, nugget.currency) and _near(stated.low, nugget.value, nugget.tolerance * nugget.value)


def _is_money(stated: Quantity, currency: str) -> bool:
    return stated.unit == currency or (stated.unit == BARE and stated.low >= LEAST_MONEY)


def _holds_range(nugget: RangeNugget, texts: Sequence[str]) -> bool:
    stated = [quantity for text in texts for quantity in _stated(text)]
    if any(
        not q.single and _is_end(q, q.low, nugget.low, nugget) and _is_end(q, q.high, nugget.high, nugget)
        for q in stated
    ):
        return True
    singles = [quantity for quantity in stated if quantity.single]
    return all(any(_is_end(q, q.low, end, nugget) for q in singles) for end in (nugget.low, nugget.high))


def _is_end(stated: Quantity, value: float, wanted: float, nugget: RangeNugget) -> bool:
    if nugget.unit in CURRENCIES:
        return _is_money(stated, nugget.unit) and _near(value, wanted, nugget.tolerance * wanted)
    if nugget.unit == "percent":
        return stated.unit == "percent" and _near(value, wanted, nugget.tolerance * wanted)
    at = Quantity(value, value, stated.unit, False, stated.start, stated.end)
    return _same_duration(at, wanted, nugget.unit) or (
        stated.unit == nugget.unit and _near(value, wanted, nugget.tolerance * wanted)
    )


def _same_duration(stated: Quantity, value: float, unit: str) -> bool:
    if stated.unit == unit:
        return _near(stated.low, value, 0)
    if stated.unit not in _DAYS or unit not in _DAYS:
        return False
    wanted = value * _DAYS[unit]
    return abs(stated.low * _DAYS[stated.unit] - wanted) <= CONVERTED_SHARE * wanted


def _same_quantity(stated: Quantity, wanted: Quantity) -> bool:
    same_unit = stated.unit == wanted.unit or (wanted.unit in CURRENCIES and _is_money(stated, wanted.unit))
    if not same_unit:
        return False
    if not wanted.single:
        return (stated.low, stated.high) == (wanted.low, wanted.high)
    return any(_near(end.low, wanted.low, 0) for end in _ends(stated))


def _near(stated: float, wanted: float, tolerance: float) -> bool:
    """Equal, within ``tolerance``, or the wanted number rounded to the decimals that are stated."""
    if abs(stated - wanted) <= tolerance + 1e-9:
        return True
    decimals = len(f"{stated:g}".partition(".")[2])
    return decimals > 0 and round(wanted, decimals) == stated


def _holds_count(nugget: CountNugget, text: str) -> bool:
    counted = not nugget.noun or _find(nugget.noun, _words(text)) is not None
    return counted and any(q.unit == BARE and q.single and q.low == nugget.value for q in _stated(text))


# --- Words ---------------------------------------------------------------------------------------------


def _words(text: str) -> str:
    """``text`` as plain singular words between single spaces: case, punctuation, markup and plural do not matter.

    >>> _words("CI/CD pipelines, $130,000")
    ' ci cd pipeline $130000 '
    """
    words = re.sub(r"[^\w%$£€+#]+", " ", re.sub(r"(?<=\d),(?=\d{3})", "", plain(text)).replace("'", ""))
    return f" {' '.join(_singular(word) for word in words.split())} "


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith("ss"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return re.sub(r"(?<=x|h)es$|s$", "", word)


def _find(names: Sequence[str], words: str, start: int = 0) -> int | None:
    """Where the first of ``names`` to occur stands in ``words``, from ``start``; None where none does."""
    found = [at for name in names if (at := _position(name, words, start)) is not None]
    return min(found) if found else None


def _position(name: str, words: str, start: int) -> int | None:
    parts = _words(name.rstrip("*")).strip()
    if not parts:
        return None
    pattern = re.escape(parts).replace(r"\ ", " ") + (r"\w*" if name.endswith("*") else "")
    hit = re.compile(rf"(?<= ){pattern}(?= )").search(words, start)
    return None if hit is None else hit.start()


def _holds_list(nugget: ListNugget, words: str) -> bool:
    if not nugget.ordered:
        found = sum(_find(names, words) is not None for names in nugget.items)
        return found >= (nugget.at_least or len(nugget.items))
    at = 0
    for names in nugget.items:
        position = _find(names, words, at)
        if position is None:
            return False
        at = position + 1
    return True
