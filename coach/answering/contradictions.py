"""Does a claim say the opposite of its evidence with the evidence's own words?

Comes in: a claim and the sentences it cites. Goes out: what is turned round, in words, or an empty string. It looks for
a denial that is added or dropped, an opposite put in a word's place ("before" for "after"), sides that are exchanged
("the mill supplies the bakery") and a figure moved to another subject. It knows English grammar, no topic, and says
nothing about words that the evidence lacks: those are the score's to count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from functools import cache

from lemminflect import getAllLemmas

from coach.answering.words import frequency, split_tokens, stem, stems

CONTENT_ZIPF = 6.0
"""Words more frequent than this ("the", "with", "more") are the frame of a sentence and name nothing in it."""

REACH = 3
"""Content words on either side of a relation that count as its sides: two names of one or two words each."""

_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|neither|nor|cannot|without|lacks?)\b(?! (?:only|just|merely)\b)|n['’]t\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|:\s+|\n+")
_CLAUSE_END = re.compile(
    r"[;:!?()]|[,.](?!\d)|\s-\s|\b(?:and|but|while|though|although|whereas|yet|because|so)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

_PAIRS = (
    "more less; more fewer; most least; longer shorter; higher lower; larger smaller; bigger smaller; faster slower; "
    "older newer; earlier later; before after; above below; over under; increase decrease; rise fall; grow shrink; "
    "gain lose; begin end; start finish; start end; include exclude; allow forbid; accept reject; pass fail; win lose; "
    "buy sell; open close; always never; all none; maximum minimum; easy hard; easy difficult; cheap expensive; "
    "free paid; true false; same different; required optional; strong weak; early late; high low; long short; "
    "first last; public private; possible impossible; inside outside; up down; rich poor; heavy light; safe dangerous"
)
_PREFIX = re.compile(r"^(?:un|non|in|im|ir|dis)(?=[a-z]{4})")
_RELATIONS = frozenset("than before after above below over under into onto to from".split())
"""Short words whose two sides may not be exchanged; other relations are content words such as "supplies"."""
_LIKE = frozenset("and or between both like as with equal same meet marry share match differ".split())
"""Relations whose sides may be exchanged."""


def contradiction(text: str, evidence: str) -> str:
    """How ``text`` turns ``evidence`` round, or an empty string.

    >>> contradiction("The ferry does not stop at noon.", "The ferry stops at noon.")
    'it denies what its evidence says'
    >>> contradiction("The mill supplies the bakery.", "The bakery supplies the mill.")
    'it exchanges the sides of "supplies"'
    >>> contradiction("The bakery is supplied by the mill.", "The mill supplies the bakery.")
    ''
    """
    if _denies(text, evidence):
        return "it denies what its evidence says"
    if word := _opposite(text, evidence):
        return f'it says "{word}" where its evidence says the opposite'
    if relation := _exchanged(text, evidence):
        return f'it exchanges the sides of "{relation}"'
    if number := _moved_number(text, evidence):
        return f"its evidence says {number} of something else"
    return ""


def _denies(text: str, evidence: str) -> bool:
    """Whether the claim denies something and the evidence nothing, or a word is denied on one side alone."""
    claimed, stated = _polarities(text), _polarities(evidence)
    if any(True in denied for denied in claimed.values()) and not _NEGATION.search(evidence):
        return True
    return any(denied.isdisjoint(stated[word]) for word, denied in claimed.items() if word in stated)


def _polarities(text: str) -> dict[str, set[bool]]:
    """Stem of each content word to whether it is denied.

    A negation denies the next content word of its clause. How much further it reaches cannot be told without a
    parse, so what comes after that word counts as both denied and not.
    """
    found: dict[str, set[bool]] = {}
    for clause in _CLAUSE_END.split(text):
        negation = _NEGATION.search(clause)
        before, after = (clause[: negation.start()], clause[negation.end() :]) if negation else (clause, "")
        for word in filter(content, split_tokens(before)):
            found.setdefault(stem(word), set()).add(False)
        for at, word in enumerate(filter(content, split_tokens(after))):
            found.setdefault(stem(word), set()).update({True} if at == 0 else {True, False})
    return found


def _opposite(text: str, evidence: str) -> str:
    """The first word of the claim in whose place the evidence has the opposite."""
    claimed = {stem(word): word for word in split_tokens(text)}
    stated = {stem(word): word for word in split_tokens(evidence)}
    for one, other in _opposites():
        if one in claimed and one not in stated and other in stated and other not in claimed:
            return claimed[one]
    for key, word in claimed.items():
        if key not in stated and any(_negates(word, other) for name, other in stated.items() if name not in claimed):
            return word
    return ""


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    pairs = [tuple(stem(word) for word in pair.split()) for pair in _PAIRS.split("; ")]
    return tuple(pair for one, other in pairs for pair in ((one, other), (other, one)))


@cache
def _negates(one: str, other: str) -> bool:
    """Whether one of two words is the other with a negative prefix: "paid" and "unpaid", not "form" and "inform"."""
    long, short = sorted((one, other), key=len, reverse=True)
    prefix = _PREFIX.match(long)
    return prefix is not None and long[prefix.end() :] == short and "ADJ" in getAllLemmas(long)


def _exchanged(text: str, evidence: str) -> str:
    """The relation whose sides stand the other way round wherever the evidence has both of them."""
    claimed = dict(_relations(text))
    crossed: set[str] = set()
    straight: set[str] = set()
    for key, (_, left, right) in _relations(evidence, set(claimed)):
        _, mine_left, mine_right = claimed[key]
        if mine_left & left or mine_right & right:
            straight.add(key)
        elif mine_left & right and mine_right & left:
            crossed.add(key)
    return next((word for key, (word, _, _) in claimed.items() if key in crossed - straight), "")


_Relation = tuple[str, frozenset[str], frozenset[str]]
"""A word as written, and the stems of the content words on its two sides; who acts is on the left."""


def _relations(text: str, wanted: Set[str] | None = None) -> Iterator[tuple[str, _Relation]]:
    """Each word that relates two sides in one clause, by its stem; only those ``wanted``, if given."""
    for clause in _CLAUSE_END.split(text):
        words = split_tokens(clause)
        for at, word in enumerate(words):
            key = stem(word)
            if wanted is not None and key not in wanted or not _relates(word):
                continue
            left = frozenset([stem(other) for other in words[:at] if content(other)][-REACH:]) - {key}
            right = frozenset([stem(other) for other in words[at + 1 :] if content(other)][:REACH]) - {key}
            if left and right:
                yield key, (word, right, left) if _passive(words, at) else (word, left, right)


@cache
def _relates(word: str) -> bool:
    return word in _RELATIONS or (content(word) and word not in _LIKE and "VERB" in getAllLemmas(word))


def _passive(words: Sequence[str], at: int) -> bool:
    """Whether who acts is named after "by": "is supplied by the mill", but not "rose by 3"."""
    after = words[at + 1 : at + 3]
    return len(after) == 2 and after[0] == "by" and not after[1][0].isdigit() and not words[at].endswith(("s", "ing"))


def _moved_number(text: str, evidence: str) -> str:
    """A figure of the claim that stands in another sentence than the one that the claim is otherwise about.

    That other sentence must hold more of the claim's words than any with the figure, and a figure of its own.
    """
    sentences = [(numbers(sentence), set(stems(sentence))) for sentence in _SENTENCE_END.split(evidence)]
    for sentence in _SENTENCE_END.split(text):
        claimed, words = numbers(sentence), set(stems(sentence))
        for number in sorted(claimed):
            shared = [(len(words & held - claimed), found) for found, held in sentences]
            most = max((count for count, found in shared if number in found), default=None)
            if most is not None and any(count > most and found and not found & claimed for count, found in shared):
                return number
    return ""


def numbers(text: str) -> frozenset[str]:
    """The figures of a text as they are written, without thousands separators."""
    return frozenset(match.replace(",", "") for match in _NUMBER.findall(text))


def content(word: str) -> bool:
    """Whether a word names something, rather than holding a sentence together."""
    return frequency(word) < CONTENT_ZIPF
