"""What a language model's sentence may add to its evidence: nothing that decides whether it is true.

Comes in: a sentence and the sentences it cites. Goes out: what it says that they do not, in words, or an empty string.
The check of ``grounding`` weighs how much of a sentence its evidence holds, so a long true sentence carries a word or
two of its own. Here each of these words is looked at: only words that hold a sentence together, that report, or that
hedge may be added. Bounds of figures ("at most 6"), rates ("6 hours a day"), ranges ("8" for "6 to 8") and what stands
beside a figure ("senior" for "entry") are held against the evidence one by one. It knows English, no topic.
"""

from __future__ import annotations

import re
from itertools import chain

from coach.answering.contradictions import Portion, denied_parts, denies, portions
from coach.answering.grounding import with_digits
from coach.answering.lexicon import lexicon
from coach.answering.words import split_tokens, stem

_HARMLESS = frozenset(
    stem(word)
    for word in (
        "a an the this that these those it its itself they their them you your yourself we our one "
        "is are was were be been being has have had having do does did can could will would should "
        "of to for in on at by with as into through per than "
        "and or but while whereas so also too then each as well "
        "about around roughly approximately nearly almost circa typically usually generally mostly "
        "expect take need last require cost pay earn reach get give make go come use count amount add "
        "plan say state put list name mention note tell show report describe call mean rate set "
        "according guide figure official officially data source page evidence passage "
        "overall altogether total sum together in which who what when how where there here "
        "move path person people someone somebody something thing way part number "
        "between among such like namely"
    ).split()
)
_NO_SYNONYMS = frozenset(
    stem(word)
    for word in (
        "rise fall drop cut decrease increase change double hike jump gain boost bump uplift raise lose grow shrink "
        "must mandatory required compulsory necessary key core essential low high few least most minimum maximum quick "
        "short long fast slow day week month year hour first last now easy hard demand problem best worst better worse"
    ).split()
)
"""Words that stand together where a question is understood, and yet decide what a sentence says."""
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
_BOUND = re.compile(rf"\b(?:{_AT_LEAST}|{_AT_MOST}|{_OR_MORE}|{_OR_LESS})\b", re.IGNORECASE)
_RANGE = re.compile(rf"(?<![\d.,]){_SIGN}{_N}\s?(?:to|-|–|and|or)\s?\+?{_SIGN}{_N}")
_MINUS = re.compile(r"(?<![\w.)%])[-−–](\d[\d,]*)")
_RATE = re.compile(
    r"(\d[\d,.]*)[- ]?(?:hours?|hrs?|h)\b(?:\s+of \w+)?\s*"
    r"(?:(?:a|per|each|every|/)\s*(?P<per>day|week|month|year)|(?P<ly>daily|weekly|monthly))?",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
SHARED = 2
"""Words of a denied part, and of no other, from which a sentence speaks of what is denied."""
LEADING = 1
"""Place up to which a word leads its sentence: "Rated critical: ..."."""
_RIVALS = tuple(
    tuple(frozenset(stem(word) for word in group.split()) for group in line.split("; "))
    for line in (
        "entry junior beginner; mid middle; senior experienced; lead principal",
        "critical; important; optional nice",
        "mean average; median",
        "easy simple; moderate medium; hard difficult",
        "minimum lowest; maximum highest",
    )
)
"""Of each line only one can be meant at a time."""


def fault(text: str, evidence: str) -> str:
    """What the sentence says that its evidence does not, or an empty string.

    >>> evidence = "The ferry takes 6 to 8 hours and leaves twice a week."
    >>> fault("According to it, you can expect the ferry to take 6 to 8 hours.", evidence)
    ''
    >>> fault("The ferry hardly takes 6 to 8 hours.", evidence)
    'its evidence does not say "hardly"'
    >>> fault("The ferry takes at most 6 hours.", evidence)
    'its evidence does not say "at most 6"'
    >>> fault("The ferry takes 8 hours.", evidence)
    'its evidence says 6 to 8 and not 8 alone'
    """
    text, evidence = with_digits(text), with_digits(evidence)
    return (
        _bound(text, evidence)
        or _turned(text, evidence)
        or _rate(text, evidence)
        or _added(text, evidence)
        or _half_a_range(text, evidence)
        or _beside(text, evidence)
        or _undenied(text, evidence)
        or _misrated(text, evidence)
    )


# --- Words --------------------------------------------------------------------------------------------------------


def _added(text: str, evidence: str) -> str:
    held = set(chain.from_iterable(_stems(word) for word in split_tokens(evidence)))
    rivals = _NO_SYNONYMS.union(*(group for groups in _RIVALS for group in groups))
    known = held | (set(chain.from_iterable(lexicon().synonyms.get(key, ()) for key in held - rivals)) - rivals)
    for word in split_tokens(_BOUND.sub(" ", text)):
        if word[0].isdigit() or _stems(word) & (known | _HARMLESS):
            continue
        return f'its evidence does not say "{word}"'
    return ""


def _stems(word: str) -> frozenset[str]:
    """Of the word and of its parts: "entry-level"."""
    return frozenset({stem(word), *(stem(part) for part in re.split(r"[-/]", word) if part)})


def _undenied(text: str, evidence: str) -> str:
    """What the evidence only denies, said without the denial."""
    if denies(text):
        return ""
    said = _contents(text)
    for denied in denied_parts(evidence):
        if len(said & (_contents(denied) - _contents(evidence.replace(denied, " ")))) >= SHARED:
            return "its evidence denies that"
    return ""


def _misrated(text: str, evidence: str) -> str:
    """A word in whose place the evidence has a rival for the very thing that is spoken of."""
    for groups in _RIVALS:
        for sentence in _SENTENCES.split(evidence):
            theirs = _by_rival(sentence, groups)
            if len(theirs) < 2:
                continue
            for at, words in _by_rival(text, groups).items():
                own = theirs.get(at, frozenset())
                others = frozenset[str]().union(*(one for other, one in theirs.items() if other != at))
                if len(words & (others - own)) > len(words & (own - others)):
                    return f'its evidence does not say "{next(iter(groups[at]))}" of that'
    return ""


def _by_rival(sentence: str, groups: tuple[frozenset[str], ...]) -> dict[int, frozenset[str]]:
    """What stands with each of the rivals: after it, where the sentence begins with one, and before it otherwise."""
    words = [stem(part) for word in split_tokens(sentence) for part in re.split(r"[-/]", word) if part]
    places = [(at, number) for at, word in enumerate(words) for number, group in enumerate(groups) if word in group]
    if not places:
        return {}
    leads = places[0][0] <= LEADING
    ends = [*(at for at, _ in places[1:]), len(words)]
    starts = [0, *(at + 1 for at, _ in places[:-1])]
    found: dict[int, frozenset[str]] = {}
    for (at, number), start, end in zip(places, starts, ends, strict=True):
        part = words[at + 1 : end] if leads else words[start:at]
        found[number] = found.get(number, frozenset()) | frozenset(one for one in part if one not in _HARMLESS)
    return found


def _contents(text: str) -> frozenset[str]:
    return frozenset(key for word in split_tokens(text) if (key := stem(word)) not in _HARMLESS)


# --- Figures ------------------------------------------------------------------------------------------------------

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


def _half_a_range(text: str, evidence: str) -> str:
    """One end of a range by itself, where what stands beside it is said of the range."""
    whole = {_plain(end) for one in _RANGE.finditer(text) for end in one.groups()}
    theirs = portions(evidence)
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
            others = frozenset[str]().union(*(one.words for one in theirs if number not in one.kinds))
            if own and len(ours.words & (others - mine)) > len(ours.words & (mine - others)) > 0:
                return f"its evidence says {number} of something else"
    return ""


def _rival(ours: Portion, own: list[Portion]) -> str:
    for groups in _RIVALS:
        said = {at for at, group in enumerate(groups) if group & _parts(ours)}
        held = {at for one in own for at, group in enumerate(groups) if group & _parts(one)}
        if said and held and not said & held:
            return next(iter(groups[min(said)] & _parts(ours)))
    return ""


def _parts(portion: Portion) -> frozenset[str]:
    return frozenset(stem(part) for word in portion.words for part in re.split(r"[-/]", word) if part)


def _plain(number: str) -> str:
    return number.replace(",", "").rstrip(".")
