"""True words put together otherwise than in the evidence.

Comes in: a model's sentence and the sentences it cites. Goes out: what is put together wrongly, in words, or an empty
string: what is only denied, a rating of something else, an opposite in a word's place, another doer, sides of a
comparison exchanged, another order, a name that is cut. Each rule asks for a counterpart in the evidence, so that a
sentence in other words is no fault by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from coach.answering.contradictions import content, denied_parts, denies, opposites, relates
from coach.answering.plain_words import BEFORE_NOUNS, HARMLESS, NAME_RUN, NUMBERED, RIVALS, SENTENCES, contents
from coach.answering.words import split_tokens, stem

SHARED = 2
"""Words of what has another rating, and of nothing with this one, from which a sentence speaks of that."""
LEADING = 1
"""Place up to which a word leads its sentence: "Rated critical: ..."."""
ALL_BUT = 0.8
"""Share of the words of two sides from which a sentence says the same two."""
_SIDES = re.compile(r";|\b(?:while|whereas|but|although|though|yet)\b", re.IGNORECASE)
"""Where a sentence turns to the other side."""
_INSTEAD = re.compile(r"\b(?:instead of|rather than|other than|except|apart from)\b", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[,;:()](?!\d)|(?<=[.!?])\s+|\b(?:and|but|while|whereas|although|though|because|so)\b", re.IGNORECASE
)
_LED_NAME = re.compile(r"\b(?P<word>[a-z]{3,}) (?P<by>in|by|for|from|on|at|to) (?P<name>[A-Z][\w+#.-]*[\w+#])")
_COMPARED = re.compile(
    r"(?P<before>[^;:]*)\b(?P<by>than|below|above|instead of|in place of)\b(?P<after>(?:[^,;:.]|[.,](?=\d)|\b\w\.)*)",
    re.IGNORECASE,
)
_BY_DOING = re.compile(r"\bby (?P<doing>[a-z]{3,}ing)\b", re.IGNORECASE)
_AS_CAUSE = re.compile(
    r"(?:^|[,;] )as (?!(?:it|they|the (?:guide|page|passage)|stated|said|of)\b)(?:[^,;]*?\s)?"
    r"(?:is|are|was|were|has|have|does|do|can|will)\b[^,;]*(?=,|$)",
    re.IGNORECASE,
)
_CAUSE = re.compile(r"\b(?:because|since|so|therefore|thus|hence|due to|why)\b", re.IGNORECASE)
_KIND = re.compile(
    r"\b(?P<name>[A-Z][\w+#.-]*[\w+#](?: [A-Z][\w+#.-]*[\w+#])*) (?:is|was) (?:an? |only |just )+"
    r"(?P<kind>.+?)(?=,|;|:|\.| and | but |$)"
)
_COME = r"(?:comes?|follows?|stands?|is|are|lies)"
_COMES = re.compile(
    rf"(?P<a>[^;.]*?)\b{_COME} (?P<when>after|before) (?P<b>[^,;.]+)"
    rf"|\b(?P<then>after|before) (?P<c>[^,;.]+?) {_COME} (?P<d>[^;.]+)",
    re.IGNORECASE,
)
_OR = re.compile(r"\b([\w+#.-]*[\w+#]) or ([\w+#.-]*[\w+#])")
_AND = re.compile(r"\b([\w+#.-]*[\w+#]) and ([\w+#.-]*[\w+#])")
REACH = 4
"""Words before a verb among which is who does it."""


def misjoined(text: str, evidence: str, headings: str = "") -> str:
    """``headings`` are those that the evidence stands under: they lend words.

    >>> misjoined("The ferry is painted in Blue.", "The ferry is painted in Red, the pier in Blue.")
    'its evidence does not say "painted in Blue"'
    """
    return (
        _all_of(text, evidence)
        or _undenied(text, evidence)
        or _misrated(text, evidence)
        or _misapplied(text, evidence, headings)
        or _qualified(text, evidence)
        or _elsewhere(text, evidence)
        or _other_subject(text, evidence)
        or _turned_comparison(text, evidence)
        or _unsaid_cause(text, evidence)
        or _crossed(text, evidence)
        or _other_kind(text, evidence)
        or _out_of_order(text, evidence)
        or _cut_name(text, f"{evidence} {headings}")
    )


def _undenied(text: str, evidence: str) -> str:
    """What the evidence only denies, said without the denial."""
    said = contents(" ".join(side for side in _SIDES.split(text) if not denies(side) and not _INSTEAD.search(side)))
    for denied in denied_parts(evidence):
        if said & (contents(denied) - contents(evidence.replace(denied, " "))):
            return "its evidence denies that"
    return ""


def _misrated(text: str, evidence: str) -> str:
    """A word in whose place the evidence has a rival for the very thing that is spoken of."""
    for groups in RIVALS:
        theirs: dict[int, frozenset[str]] = {}
        for sentence in SENTENCES.split(evidence):
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


def _by_rival(sentence: str, groups: tuple[frozenset[str], ...]) -> dict[int, frozenset[str]]:
    """What stands with each of the rivals: after it, where the sentence begins with one, and before it otherwise."""
    words = [stem(part) for word in split_tokens(sentence) for part in re.split(r"[-/]", word) if part]
    places = [(at, number) for at, word in enumerate(words) for number, group in enumerate(groups) if word in group]
    if not places:
        return {}
    leads = places[0][0] <= LEADING or words[places[0][0]] in BEFORE_NOUNS
    ends = [*(at for at, _ in places[1:]), len(words)]
    starts = [0, *(at + 1 for at, _ in places[:-1])]
    found: dict[int, frozenset[str]] = {}
    for (at, number), start, end in zip(places, starts, ends, strict=True):
        part = words[at + 1 : end] if leads else words[start:at]
        found[number] = found.get(number, frozenset()) | frozenset(one for one in part if one not in HARMLESS)
    return found


def _misapplied(text: str, evidence: str, headings: str) -> str:
    """A rating of something by name ("Ovens are critical") of which no sentence says both."""
    ratings = frozenset[str]().union(*(group for groups in RIVALS[:2] for group in groups))
    sentences = [contents(f"{sentence} {headings}") for sentence in SENTENCES.split(evidence)]
    for clause in _SIDES.split(text):
        said = ratings & contents(clause)
        for name in NAME_RUN.findall(clause):
            for rating in said:
                if not any(rating in words and contents(name) <= words for words in sentences):
                    return f'its evidence does not say "{rating}" of {name}'
    return ""


def _qualified(text: str, evidence: str) -> str:
    """A word before another, in whose place the evidence has its opposite: "at high latency" for "at low latency"."""
    pairs = set(_adjacent(evidence))
    for word, noun in _adjacent(text):
        others = opposites().get(word, ()) if word not in NUMBERED and (word, noun) not in pairs else ()
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


def _other_subject(text: str, evidence: str) -> str:
    """A verb with another doer than in the evidence, which does something else there: "rain stops the ferry, which the
    captain steers" for "the captain stops the ferry, which rain steers"."""
    words = {stem(word) for word in split_tokens(evidence)}
    theirs: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = {}
    for verb, left, whole in _doings(evidence):
        theirs.setdefault(stem(verb), []).append((left, whole))
    for verb, left, _ in _doings(text):
        known = theirs.get(stem(verb), [])
        if known and left <= words and all(other and not left & whole for other, whole in known):
            return f'its evidence says "{verb}" of something else'
    return ""


def _doings(text: str) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Each verb of a clause with the few content words before it and with all of its clause; both as stems."""
    for clause in _CLAUSES.split(text):
        words = split_tokens(clause)
        whole = frozenset(stem(word) for word in words if content(word))
        for at, word in enumerate(words):
            if relates(word):
                named = [stem(one) for one in words[:at] if content(one)]
                if named:
                    yield word, frozenset(named[-REACH:]), whole


def _unsaid_cause(text: str, evidence: str) -> str:
    """A means or a cause made of what the evidence says otherwise: "by comparing all", "as no price is known"."""
    done = {stem(one["doing"].lower()) for one in _BY_DOING.finditer(evidence)}
    for one in _BY_DOING.finditer(text):
        if stem(one["doing"].lower()) not in done:
            return f'its evidence does not say "{one.group()}"'
    if (cause := _AS_CAUSE.search(text)) and not (_CAUSE.search(evidence) or _AS_CAUSE.search(evidence)):
        return f'its evidence does not give "{cause.group().strip(" ,;")}" as a reason'
    return ""


def _crossed(text: str, evidence: str) -> str:
    """Two sides that say what the evidence does, of which one mixes what the evidence parts: "the deck is open while
    the hold is shut" for "the hold is open although the deck is shut"."""
    ours = [contents(side) for side in _SIDES.split(text)]
    for sentence in SENTENCES.split(evidence):
        theirs = [contents(side) for side in _SIDES.split(sentence)]
        if len(ours) == len(theirs) == 2:
            alone = theirs[0] - theirs[1], theirs[1] - theirs[0]
            both = alone[0] | alone[1]
            said = [side & both for side in ours]
            mixes = any(side & alone[0] and side & alone[1] for side in said)
            if mixes and all(said) and len(said[0] | said[1]) >= ALL_BUT * len(both):
                return "it exchanges what its evidence says on either side"
    return ""


def _turned_comparison(text: str, evidence: str) -> str:
    """What the evidence puts behind "than", "below" or "instead of" put before it."""
    for ours in _COMPARED.finditer(text):
        before, after = contents(ours["before"]), contents(ours["after"])
        for theirs in _COMPARED.finditer(evidence):
            if theirs["by"].lower() != ours["by"].lower():
                continue
            first, second = contents(theirs["before"]), contents(theirs["after"])
            if (before - first) & second and not after & second - first:
                return f'it exchanges the sides of "{ours["by"]}"'
    return ""


def _other_kind(text: str, evidence: str) -> str:
    """A name that is said to be something of which the evidence says nothing, while it says what the name is."""
    kinds: dict[str, list[frozenset[str]]] = {}
    for one in _KIND.finditer(evidence):
        kinds.setdefault(one["name"], []).append(contents(one["kind"]))
    for one in _KIND.finditer(text):
        said = contents(one["kind"])
        if said and (known := kinds.get(one["name"])) and not any(said & kind for kind in known):
            return f"its evidence says something else of what {one['name']} is"
    return ""


def _out_of_order(text: str, evidence: str) -> str:
    """What comes after something said to come before it, or the other way round."""
    follows = [(contents(one["first"]), contents(one["second"])) for one in _ordered(evidence)]
    for one in _ordered(text):
        first = contents(one["first"])
        goes_first = any(first & (theirs - other) for theirs, other in follows)
        if not goes_first and any(first & (theirs - other) for other, theirs in follows):
            return "its evidence has the other order"
    return ""


def _ordered(text: str) -> Iterator[dict[str, str]]:
    """Pairs of what comes first and second: "A comes after B", "after B comes A", "A comes before B"."""
    for clause in SENTENCES.split(text):
        for one in _COMES.finditer(clause):
            a, b = (one["a"] or one["d"]), (one["b"] or one["c"])
            after = (one["when"] or one["then"]).lower() == "after"
            yield {"first": b, "second": a} if after else {"first": a, "second": b}


def _all_of(text: str, evidence: str) -> str:
    """Both of two things of which the evidence offers one: "on AWS and GCP" for "on AWS or GCP"."""
    offered = {(one[1].lower(), one[2].lower()) for one in _OR.finditer(evidence)}
    joined = {(one[1].lower(), one[2].lower()) for one in _AND.finditer(evidence)}
    for one in _AND.finditer(text):
        if (one[1].lower(), one[2].lower()) in offered - joined:
            return f'its evidence says "{one[1]} or {one[2]}"'
    return ""


def _cut_name(text: str, evidence: str) -> str:
    """A name of several words that the evidence has as a part of longer names alone."""
    for one in NAME_RUN.finditer(text):
        name = one.group()
        places = list(re.finditer(rf"\b{re.escape(name)}\b", evidence, re.IGNORECASE))
        if places and all(
            re.search(r"[A-Z][\w-]* $", evidence[: at.start()]) or re.match(r" [A-Z]\w", evidence[at.end() :])
            for at in places
        ):
            return f'its evidence does not name "{name}" by itself'
    return ""
