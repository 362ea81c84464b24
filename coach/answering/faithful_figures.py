"""What a model's sentence makes of the figures of its evidence.

Comes in: a sentence and the sentences it cites, numbers in digits. Goes out: what it says of a figure that they do not,
in words, or an empty string: bounds ("at most 6"), rates ("6 hours a day"), choices and ranges ("8" for "6 to 8"), what
is counted ("15 phases" for "15 tasks") and what stands beside a figure ("senior" for "entry").
"""

from __future__ import annotations

import re

from coach.answering.contradictions import Portion, content, portions
from coach.answering.plain_words import HARMLESS, NUMBERED, RIVALS, SENTENCES
from coach.answering.words import split_tokens, stem

_AT_LEAST = r"(?:at least|no less than|not less than|no fewer than|a minimum of|starting at)"
_AT_MOST = r"(?:at most|no more than|not more than|up to|a maximum of)"
_NO_MORE_FIGURE = r"(?!\s+(?:about |around )?[$€£₹]?\d)"
_OR_MORE = rf"(?:or (?:more|higher|longer|above)|and (?:up|more|above)|at (?:the )?least{_NO_MORE_FIGURE})"
_OR_LESS = rf"(?:or (?:less|fewer|lower|shorter|below)|at (?:the )?most{_NO_MORE_FIGURE})"
_SIGN = "[$€£₹]?"
_N = r"(\d[\d,.]*\d|\d)"
_BEFORE, _AFTER = rf"\s+(?:about |around )?{_SIGN}{_N}", rf"{_SIGN}{_N}\S*(?: \w+){{0,3}}? "
_LOW = re.compile(rf"{_AT_LEAST}{_BEFORE}", re.IGNORECASE), re.compile(rf"{_AFTER}{_OR_MORE}\b", re.IGNORECASE)
_HIGH = re.compile(rf"{_AT_MOST}{_BEFORE}", re.IGNORECASE), re.compile(rf"{_AFTER}{_OR_LESS}\b", re.IGNORECASE)
BOUND = re.compile(rf"\b(?:{_AT_LEAST}|{_AT_MOST}|{_OR_MORE}|{_OR_LESS})\b", re.IGNORECASE)
_RANGE = re.compile(rf"(?<![\d.,]){_SIGN}{_N}\s?(?:to|-|–|and|or)\s?\+?{_SIGN}{_N}")
_SUM = re.compile(rf"(?<![\d.,]){_SIGN}{_N} \+ {_SIGN}{_N}")
_BETWEEN = re.compile(rf"(?<![\d.,]){_SIGN}{_N}(?: to |\s?[-–]\s?)\+?{_SIGN}{_N}")
_CHOICE = re.compile(rf"(?<![\d.,]){_SIGN}{_N} or \+?{_SIGN}{_N}")
_COUNTING = re.compile(
    rf"(?:\b(?P<before>[A-Za-z]+) )?(?<![\w.,$€£₹])(?P<low>\d[\d,.]*\d|\d)(?:(?: to |-|–| or | and )\+?{_SIGN}"
    r"(?P<high>\d[\d,.]*\d|\d))?(?![\w%])"
)
"""A figure that counts or numbers something; money and percent do neither."""
_FIGURES = re.compile(r"\d(?:[\d,.]*\d)?")
FOLLOWING = 3
"""Words behind a figure among which is what it counts."""
_MINUS = re.compile(r"(?<![\w.)%])[-−–](\d[\d,]*)")
_RATE = re.compile(
    r"(\d[\d,.]*)[- ]?(?:hours?|hrs?|h)\b(?:\s+of \w+)?\s*"
    r"(?:(?:a|per|each|every|/)\s*(?P<per>day|week|month|year)|(?P<ly>daily|weekly|monthly))?",
    re.IGNORECASE,
)


def misfigured(text: str, evidence: str, headings: str = "") -> str:
    """``headings`` are those that the evidence stands under; their figures are names: "Phase 2".

    >>> misfigured("The ferry takes at most 6 hours.", "The ferry takes 6 to 8 hours.")
    'its evidence does not say "at most 6"'
    """
    return (
        _bound(text, evidence)
        or _turned(text, evidence)
        or _rate(text, evidence)
        or _either(text, evidence)
        or _counted(text, evidence, headings)
        or _half_a_range(text, evidence)
        or _beside(text, evidence)
    )


def _bound(text: str, evidence: str) -> str:
    """A bound that the evidence does not set; the ends of a range are bounds."""
    ranges = [(_plain(one[1]), _plain(one[2])) for one in _RANGE.finditer(evidence)]
    for said, patterns, end in (("at least", _LOW, 0), ("at most", _HIGH, 1)):
        held = {_plain(one[1]) for pattern in patterns for one in pattern.finditer(evidence)}
        held |= {found[end] for found in ranges}
        for pattern in patterns:
            for one in pattern.finditer(text):
                if _plain(one[1]) not in held:
                    return f'its evidence does not say "{said} {one[1]}"'
    return ""


def _turned(text: str, evidence: str) -> str:
    """A figure below zero that is none in the evidence."""
    held = {_plain(one[1]) for one in _MINUS.finditer(evidence)}
    lost = next((one[1] for one in _MINUS.finditer(text) if _plain(one[1]) not in held), "")
    return f"its evidence does not say -{lost}" if lost else ""


def _rate(text: str, evidence: str) -> str:
    """Hours a week for hours a day, or for hours in all."""
    held: dict[str, set[str]] = {}
    for one in _RATE.finditer(evidence):
        held.setdefault(_plain(one[1]), set()).add(_per(one))
    for one in _RATE.finditer(text):
        known = held.get(_plain(one[1]))
        if known and _per(one) not in known:
            return f'its evidence does not say "{one.group().strip()}"'
    return ""


def _per(rate: re.Match[str]) -> str:
    said = (rate["per"] or rate["ly"] or "").lower().removesuffix("ly")
    return "day" if said == "dai" else said


def _either(text: str, evidence: str) -> str:
    """Two figures as a choice ("6 or 8") where the evidence has all that lies between them."""
    ranges = {(_plain(one[1]), _plain(one[2])) for one in _BETWEEN.finditer(evidence)}
    chosen = {(_plain(one[1]), _plain(one[2])) for one in _CHOICE.finditer(evidence)}
    for one in _CHOICE.finditer(text):
        pair = _plain(one[1]), _plain(one[2])
        if pair in ranges - chosen:
            return f"its evidence says {pair[0]} to {pair[1]}"
    return ""


def _counted(text: str, evidence: str, headings: str = "") -> str:
    """A figure that counts or numbers another thing than in the evidence: "15 phases" for "15 tasks", "day 5" for
    "week 5"."""
    after, before = _beside_figures(evidence)
    named = {number for number, word, _ in _figures_with_words(headings) if word in NUMBERED}
    named -= {_plain(one) for one in _FIGURES.findall(evidence)}
    for sentence in SENTENCES.split(text):
        for number, word, next_words in _figures_with_words(sentence):
            if word in NUMBERED and before.get(number) and word not in before[number]:
                return f'its evidence does not say "{word} {number}"'
            if word not in NUMBERED and number in named:
                return f"its evidence says {number} of something else"
            if word not in NUMBERED and next_words and after.get(number) and next_words[0] not in after[number]:
                return f"its evidence says {number} of something else"
    return ""


def _beside_figures(text: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """For each figure the words that follow it, and the units in front of it: "week 5"."""
    after: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for sentence in SENTENCES.split(text):
        for number, word, next_words in _figures_with_words(sentence):
            if word in NUMBERED:
                before.setdefault(number, set()).add(word)
            else:
                after.setdefault(number, set()).update(next_words)
    return after, before


def _figures_with_words(sentence: str) -> list[tuple[str, str, list[str]]]:
    """Each figure with the stem of the word in front of it and those of the next few words that name something; none
    beyond a comma or a bracket. Both ends of "week 5 to 10" are weeks."""
    found: list[tuple[str, str, list[str]]] = []
    for one in _COUNTING.finditer(sentence):
        word = stem(one["before"].lower()) if one["before"] else ""
        follows = re.split(r"[,;:()]|\d", sentence[one.end() :])[0]
        names = [stem(word) for word in split_tokens(follows) if content(word) and stem(word) not in HARMLESS]
        found.append((_plain(one["low"]), word, names[:FOLLOWING]))
        if one["high"]:
            found.append((_plain(one["high"]), word, names[:FOLLOWING]))
    return found


def _half_a_range(text: str, evidence: str) -> str:
    """One end of a range by itself, where what stands beside it is said of the range."""
    whole = {_plain(end) for one in _RANGE.finditer(text) for end in one.groups()}
    theirs = portions(evidence)
    for one in _SUM.finditer(evidence):
        halves = {_plain(end) for end in one.groups()}
        if not _SUM.search(text) and halves & {_plain(figure) for figure in _FIGURES.findall(text)}:
            return f"its evidence says {one.group()}"
    ranges = {_plain(end): one.group() for one in _RANGE.finditer(evidence) for end in one.groups()}
    for ours in portions(text):
        for number in ours.kinds:
            if number in whole or number not in ranges or _bounded(number, text):
                continue
            holding = [one for one in theirs if number in one.kinds]
            best = max(holding, key=lambda one: len(one.words & ours.words), default=None)
            if best is not None and _both_ends(ranges[number]) <= set(best.kinds):
                return f"its evidence says {ranges[number].strip()} and not {number} alone"
    return ""


def _both_ends(written: str) -> set[str]:
    found = _RANGE.search(written)
    return {_plain(end) for end in found.groups()} if found else set()


def _bounded(number: str, text: str) -> bool:
    return any(_plain(one[1]) == number for pattern in (*_LOW, *_HIGH) for one in pattern.finditer(text))


def _beside(text: str, evidence: str) -> str:
    """A figure beside a word in whose place its evidence has a rival, or beside more words of another figure."""
    theirs = portions(evidence)
    for ours in portions(text):
        for number in ours.kinds:
            own = [one for one in theirs if number in one.kinds]
            if own and (rival := _rival(ours, own)):
                return f'its evidence says {number} of something else than "{rival}"'
            mine = frozenset[str]().union(*(one.words for one in own))
            others = frozenset[str]().union(
                *(one.words for one in theirs if number not in one.kinds and ours.kinds[number] in one.kinds.values())
            )
            if own and len(ours.words & (others - mine)) > len(ours.words & (mine - others)) > 0:
                return f"its evidence says {number} of something else"
    return ""


def _rival(ours: Portion, own: list[Portion]) -> str:
    for groups in RIVALS:
        said = {at for at, group in enumerate(groups) if group & _parts(ours)}
        held = {at for one in own for at, group in enumerate(groups) if group & _parts(one)}
        if said and held and not said & held:
            return next(iter(groups[min(said)] & _parts(ours)))
    return ""


def _parts(portion: Portion) -> frozenset[str]:
    return frozenset(stem(part) for word in portion.words for part in re.split(r"[-/]", word) if part)


def _plain(number: str) -> str:
    return number.replace(",", "").rstrip(".")
