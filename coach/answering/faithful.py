"""What a language model's sentence may add to its evidence: nothing that decides whether it is true.

Comes in: a sentence and the sentences it cites. Goes out: what it says that they do not, in words, or an empty string.
The check of ``grounding`` weighs how much of a sentence its evidence holds, so a long true sentence carries a word or
two of its own. Here each of these words is looked at: only words that hold a sentence together, that report, or that
hedge may be added. Bounds of figures ("at most 6"), rates ("6 hours a day"), ranges ("8" for "6 to 8") and what stands
beside a figure ("senior" for "entry") are held against the evidence one by one. It knows English, no topic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, pairwise

from coach.answering.contradictions import Portion, content, denied_parts, denies, opposites, portions
from coach.answering.grounding import with_digits
from coach.answering.lexicon import lexicon
from coach.answering.words import split_tokens, stem

HARMLESS = frozenset(
    stem(word)
    for word in (
        "a an the this that these those it its itself they their them you your yourself we our one "
        "is are was were be been being has have had having do does did can could will would should "
        "of to for in on at by with as into through per than "
        "and or but while whereas so also too then each as well "
        "about around roughly approximately nearly almost circa typically usually generally mostly "
        "expect take need last cost pay earn reach get give make go come use count amount add "
        "plan say state put list name mention note tell show report describe call mean rate set "
        "according guide figure official officially data source page evidence passage "
        "overall altogether total sum together in which who what when how where there here "
        "move path person people someone somebody something thing way part number "
        "between among such like namely although though however both another either suggest ask want let see find "
        "meant point alongside along"
    ).split()
)
"""Words that hold a sentence together, report or hedge: stems."""
_CONNECTIVES = re.compile(
    r"(?:^|(?<=[,;:—] )|(?<=\band )|(?<=\bbut ))(?:"
    r"(?:for|in|by) (?:comparison|contrast)|even so|(?:on top of|in addition to|besides) (?:that|this)|"
    r"in addition|additionally|furthermore|moreover|besides|(?:please )?(?:keep|bear) in mind(?: that)?|"
    r"(?:please |do )?note(?: too| also)?(?: that)?|(?:please )?be aware(?: that)?|(?:that|this) said|having said that|"
    r"in (?:other words|short|brief|all)|all in all|at the same time|meanwhile|nevertheless|nonetheless|still|"
    r"(?:to be )?(?:honest(?:ly)?|clear|fair|precise)|as a (?:reminder|side note)|on the other hand"
    r")(?:, |: | (?=that\b)| )",
    re.IGNORECASE,
)
"""What leads from one sentence to the next and states nothing."""
_EMPTY = re.compile(r"\b(?:with )?each other\b|\b(?:falls?|lies) (?=(?:in|on|within)\b)", re.IGNORECASE)
"""Turns of phrase that add nothing to what stands beside them."""
_DENIALS = frozenset("no not none neither nor never".split())
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
_BETWEEN = re.compile(rf"(?<![\d.,]){_SIGN}{_N}(?: to |\s?[-–]\s?)\+?{_SIGN}{_N}")
_CHOICE = re.compile(rf"(?<![\d.,]){_SIGN}{_N} or \+?{_SIGN}{_N}")
_COUNTING = re.compile(
    rf"(?:\b(?P<before>[A-Za-z]+) )?(?<![\w.,$€£₹])(?P<low>\d[\d,.]*\d|\d)(?:(?: to |-|–| or | and )\+?{_SIGN}"
    r"(?P<high>\d[\d,.]*\d|\d))?(?![\w%])"
)
"""A figure that counts or numbers something; money and percent do neither."""
_NUMBERED = frozenset(stem(word) for word in "week day month year phase step stage part level".split())
"""What numbers are names of: "week 5"."""
FOLLOWING = 3
"""Words behind a figure among which is what it counts."""
_NAME_RUN = re.compile(r"\b[A-Z][a-z]\w*(?: [A-Z][a-z]\w*)+")
_LED_NAME = re.compile(r"\b(?P<word>[a-z]{3,}) (?P<by>in|by|for|from|on|at|to) (?P<name>[A-Z][\w+#.-]*[\w+#])")
_SIDES = re.compile(r";|\b(?:while|whereas|but|although|though|yet)\b", re.IGNORECASE)
"""Where a sentence turns to the other side."""
_INSTEAD = re.compile(r"\b(?:instead of|rather than|other than|except|apart from)\b", re.IGNORECASE)
_COMPOUND = re.compile(r"\b[a-z]+(?:-[a-z]+)+\b", re.IGNORECASE)
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


def without_connectives(text: str) -> str:
    """
    >>> without_connectives("For comparison, the ferry takes 6 hours. Keep in mind that it is full.")
    'the ferry takes 6 hours. Keep in mind that it is full.'
    """
    plain = _EMPTY.sub("", _CONNECTIVES.sub("", text))
    return plain if split_tokens(plain) else text


def fault(text: str, evidence: str, headings: str = "") -> str:
    """What the sentence says that its evidence does not, or an empty string. ``headings`` are those that the evidence
    stands under: they lend words and no figures.

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
    written, stated = text, evidence
    text, evidence = with_digits(text), with_digits(evidence)
    return (
        _bound(text, evidence)
        or _turned(text, evidence)
        or _rate(text, evidence)
        or _either(text, evidence)
        or _counted(text, evidence)
        or _cut_name(written, f"{stated} {headings}")
        or _added(text, f"{evidence} {headings}")
        or _half_a_range(text, evidence)
        or _beside(text, evidence)
        or _undenied(text, evidence)
        or _misrated(text, evidence)
        or _misapplied(text, evidence, headings)
        or _qualified(text, evidence)
        or _elsewhere(text, evidence)
    )


# --- Words --------------------------------------------------------------------------------------------------------


def _added(text: str, evidence: str) -> str:
    held = set(chain.from_iterable(_stems(word) for word in split_tokens(evidence)))
    rivals = _NO_SYNONYMS.union(*(group for groups in _RIVALS for group in groups))
    known = held | (set(chain.from_iterable(lexicon().synonyms.get(key, ()) for key in held - rivals)) - rivals)
    for word in split_tokens(_BOUND.sub(" ", text)):
        if word in _DENIALS and denies(evidence):
            continue  # whether the same is denied has been looked at by ``contradiction``
        if word[0].isdigit() or stem(word) in known | HARMLESS or (parts := _parts_of(word)) and parts <= known:
            continue
        return f'its evidence does not say "{word}"'
    for compound in _COMPOUND.findall(text):
        # Each part says something there, however little it does alone: "part-time".
        if not _parts_of(compound) <= known:
            return f'its evidence does not say "{compound}"'
    return ""


def _parts_of(word: str) -> frozenset[str]:
    """Stems of the parts of a compound: "entry-level"."""
    parts = [part for part in re.split(r"[-/]", word) if part]
    return frozenset(stem(part) for part in parts) if len(parts) > 1 else frozenset()


def _stems(word: str) -> frozenset[str]:
    """Of the word and of its parts: "entry-level"."""
    return frozenset({stem(word), *(stem(part) for part in re.split(r"[-/]", word) if part)})


def _undenied(text: str, evidence: str) -> str:
    """What the evidence only denies, said without the denial."""
    if denies(text) or _INSTEAD.search(text):
        return ""
    said = _contents(text)
    for denied in denied_parts(evidence):
        if said & (_contents(denied) - _contents(evidence.replace(denied, " "))):
            return "its evidence denies that"
    return ""


def _misrated(text: str, evidence: str) -> str:
    """A word in whose place the evidence has a rival for the very thing that is spoken of."""
    for groups in _RIVALS:
        theirs: dict[int, frozenset[str]] = {}
        for sentence in _SENTENCES.split(evidence):
            for at, words in _by_rival(sentence, groups).items():
                theirs[at] = theirs.get(at, frozenset()) | words
        if len(theirs) > 1:
            for at, words in _by_rival(text, groups).items():
                own = theirs.get(at, frozenset())
                others = frozenset[str]().union(*(one for other, one in theirs.items() if other != at))
                astray = len(words & (others - own))
                if astray >= SHARED or astray > len(words & (own - others)):
                    return f'its evidence does not say "{next(iter(groups[at]))}" of that'
    return ""


def _misapplied(text: str, evidence: str, headings: str) -> str:
    """A rating of something by name ("Ovens are critical") of which no sentence says both."""
    ratings = frozenset[str]().union(*(group for groups in _RIVALS[:2] for group in groups))
    sentences = [_contents(f"{sentence} {headings}") for sentence in _SENTENCES.split(evidence)]
    for clause in _SIDES.split(text):
        said = ratings & _contents(clause)
        for name in _NAME_RUN.findall(clause):
            for rating in said:
                if not any(rating in words and _contents(name) <= words for words in sentences):
                    return f'its evidence does not say "{rating}" of {name}'
    return ""


def _qualified(text: str, evidence: str) -> str:
    """A word before another, in whose place the evidence has its opposite: "at high latency" for "at low latency"."""
    pairs = set(_adjacent(evidence))
    for word, noun in _adjacent(text):
        others = opposites().get(word, ()) if word not in _NUMBERED and (word, noun) not in pairs else ()
        if any((other, noun) in pairs for other in others):
            return f'its evidence says the opposite of "{word}" there'
    return ""


def _adjacent(text: str) -> Iterator[tuple[str, str]]:
    words = [stem(word) for word in split_tokens(text)]
    return pairwise(words)


def _elsewhere(text: str, evidence: str) -> str:
    """A name behind the very words behind which the evidence has another: "written in Python" for "written in Rust"."""
    theirs: dict[tuple[str, str], set[str]] = {}
    for one in _LED_NAME.finditer(evidence):
        theirs.setdefault((stem(one["word"].lower()), one["by"].lower()), set()).add(one["name"])
    for one in _LED_NAME.finditer(text):
        names = theirs.get((stem(one["word"].lower()), one["by"].lower()))
        if names and one["name"] not in names:
            return f'its evidence does not say "{one.group()}"'
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
        found[number] = found.get(number, frozenset()) | frozenset(one for one in part if one not in HARMLESS)
    return found


def _contents(text: str) -> frozenset[str]:
    return frozenset(key for word in split_tokens(text) if (key := stem(word)) not in HARMLESS)


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


def _either(text: str, evidence: str) -> str:
    """Two figures as a choice ("6 or 8") where the evidence has all that lies between them."""
    ranges = {(_plain(one[1]), _plain(one[2])) for one in _BETWEEN.finditer(evidence)}
    chosen = {(_plain(one[1]), _plain(one[2])) for one in _CHOICE.finditer(evidence)}
    for one in _CHOICE.finditer(text):
        pair = _plain(one[1]), _plain(one[2])
        if pair in ranges - chosen:
            return f"its evidence says {pair[0]} to {pair[1]}"
    return ""


def _counted(text: str, evidence: str) -> str:
    """A figure that counts or numbers another thing than in the evidence: "15 phases" for "15 tasks", "day 5" for
    "week 5"."""
    after, before = _beside_figures(evidence)
    for sentence in _SENTENCES.split(text):
        for number, word, next_words in _figures_with_words(sentence):
            if word in _NUMBERED and before.get(number) and word not in before[number]:
                return f'its evidence does not say "{word} {number}"'
            if word not in _NUMBERED and next_words and after.get(number) and next_words[0] not in after[number]:
                return f"its evidence says {number} of something else"
    return ""


def _beside_figures(text: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """For each figure the words that follow it, and the units in front of it: "week 5"."""
    after: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for sentence in _SENTENCES.split(text):
        for number, word, next_words in _figures_with_words(sentence):
            if word in _NUMBERED:
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


def _cut_name(text: str, evidence: str) -> str:
    """A name of several words that the evidence has as a part of longer names alone."""
    for one in _NAME_RUN.finditer(text):
        name = one.group()
        places = list(re.finditer(rf"\b{re.escape(name)}\b", evidence, re.IGNORECASE))
        if places and all(
            re.search(r"[A-Z][\w-]* $", evidence[: at.start()]) or re.match(r" [A-Z]\w", evidence[at.end() :])
            for at in places
        ):
            return f'its evidence does not name "{name}" by itself'
    return ""


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
            others = frozenset[str]().union(
                *(one.words for one in theirs if number not in one.kinds and ours.kinds[number] in one.kinds.values())
            )
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
