"""Does a claim say the opposite of its evidence, with the evidence's own words?

Comes in: a claim and the sentences it cites, numbers in digits. Goes out: what is turned round, in words, or an empty
string. It looks for a denial that is added or dropped, an opposite put in a word's place ("before" for "after"), sides
that are exchanged ("the mill supplies the bakery") and a figure moved to another subject. It knows English grammar, no
topic, and says nothing about words that the evidence lacks: those are for the score to count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from lemminflect import getAllLemmas

from coach.answering.words import frequency, split_tokens, stem

CONTENT_ZIPF = 6.0
"""Words more frequent than this ("the", "with", "more") hold a sentence together and name nothing in it."""

DENIAL = "it denies what its evidence says, or the other way round"

REACH = 3
"""Content words on either side of a relation that count as its sides: a name of up to three words."""

_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|neither|nor|cannot|without|lacks?)\b(?! (?:only|just|merely)\b)|n['’]t\b"
    r"|\bout of (?=order|date|stock|reach|scope|place)\b",
    re.IGNORECASE,
)
_DENIED_WHOLE = re.compile(r"\b(?:not (?:true|so|right|correct|the case)|false|untrue|incorrect|wrong) that\b", re.I)
_DENIED_LEAD = re.compile(r"\b((?:Not|No) \w+): ")
_COMPARISON = re.compile(r"\d\S* is (?:more|less|fewer|later|earlier|longer|shorter|higher|lower) than \S*\d", re.I)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|:\s+|\n+")
_CLAUSE_END = re.compile(
    r"[;:!?()]|[,.](?!\d)|\s-\s|\b(?:and|but|while|though|although|whereas|yet|because|so)\b", re.IGNORECASE
)
_PART_END = re.compile(r"[;:,](?!\d)|(?<=[.!?])\s+")
_N = r"\d(?:[\d,]*\d)?(?:\.\d+)?"
_NUMBER = re.compile(_N)
_UNIT = r"(?:percent|%|st|nd|rd|th|minutes?|hours?|days?|weeks?|months?|years?)"
_FIGURE = re.compile(
    rf"{_N}(?:(?: to |-|–| or | and )\+?[$€£₹]?{_N})?[ -]?(?P<unit>{_UNIT}\b)?",
    re.IGNORECASE,
)
"""A figure or a range with the unit that follows."""
_JOINT = re.compile(r"[,;)](?!\d)|\b(?:and|but|while|whereas|against|then)\b", re.IGNORECASE)
"""Where what is said of one figure can end."""
_PREFIXES = ("un", "non", "in", "im", "ir", "dis")
_PAIRS = (
    "more less; more fewer; most least; longer shorter; higher lower; larger smaller; bigger smaller; faster slower; "
    "older newer; earlier later; before after; above below; over under; increase decrease; rise fall; grow shrink; "
    "gain lose; begin end; start finish; start end; include exclude; allow forbid; accept reject; pass fail; win lose; "
    "buy sell; open close; always never; all none; maximum minimum; easy hard; easy difficult; cheap expensive; "
    "free paid; true false; same different; required optional; strong weak; early late; high low; long short; "
    "well ill; well badly; well poorly; "
    "first last; public private; possible impossible; inside outside; up down; rich poor; heavy light; safe dangerous; "
    "hard soft; day night; daily weekly; daily monthly; daily yearly; weekly monthly; weekly yearly; monthly yearly"
)
_RELATIONS = frozenset("than before after above below over under into onto to from".split())
"""Short words whose two sides may not be exchanged; the other relations are verbs such as "supplies"."""
_PLACING = frozenset("come comes came stand stands stood lie lies lay follow follows followed".split())
_AUXILIARIES = frozenset("do does did have has had is are was were be been can could may might must".split())
_SYMMETRIC = frozenset("equal equals meet meets marry marries married share shares match matches differ".split())
"""Verbs whose sides may be exchanged."""


def contradiction(text: str, evidence: str) -> str:
    """How ``text`` turns ``evidence`` round, or an empty string.

    >>> contradiction("The ferry does not stop at noon.", "The ferry stops at noon.")
    'it denies what its evidence says, or the other way round'
    >>> contradiction("The mill supplies the bakery.", "The bakery supplies the mill.")
    'it exchanges the sides of "supplies"'
    >>> contradiction("The bakery is supplied by the mill.", "The mill supplies the bakery.")
    ''
    >>> contradiction("The bakery has 6 ovens.", "The mill has 6 sails and the bakery has 4 ovens.")
    'its evidence says 6 of something else'
    """
    claimed, stated = _clauses(text), _clauses(evidence)
    if _denies(claimed, stated) or _more_denials(text, evidence):
        return DENIAL
    if word := _opposite(claimed, stated):
        return f'it says "{word}" where its evidence says the opposite'
    if word := _exchanged(claimed, stated):
        return f'it exchanges the sides of "{word}"'
    if number := _moved_number(text, evidence) or _misplaced_number(text, evidence):
        return f"its evidence says {number} of something else"
    return ""


def denial(text: str, evidence: str) -> str:
    """The part of ``contradiction`` that holds for computations too: a denial added or dropped, or an empty string.

    A comparison in a formula grounds a denial: of "500 is more than 300" may be said that 300 is not as much as 500.
    """
    compared = len(_COMPARISON.findall(evidence))
    told = _denies(_clauses(text), _clauses(evidence), compared > 0) or _more_denials(text, evidence, compared)
    return DENIAL if told else ""


def denies(text: str) -> bool:
    """Whether there is a denial anywhere in it."""
    return _NEGATION.search(text) is not None


def denied_parts(text: str) -> tuple[str, ...]:
    """What follows a negation in each clause that has one, as it is written; "neither ... nor" is one clause. Where
    next to nothing follows ("a ferry at night does not exist"), the whole clause is denied."""
    whole = _DENIED_LEAD.sub(r"\1 ", text)  # "Not verified: the weight" denies the weight
    parts = (part for sentence in _SENTENCE_END.split(whole) for part in _CLAUSE_END.split(sentence))
    found = ((part, match.end()) for part in parts if (match := _NEGATION.search(part)))
    return tuple(
        part[end:] if sum(content(word) for word in split_tokens(part[end:])) > 1 else part for part, end in found
    )


@dataclass(frozen=True)
class _Clause:
    words: tuple[str, ...]
    stems: tuple[str, ...]
    """As many as words."""
    negated_from: int | None
    """Place of the first word after a negation."""


def _clauses(text: str) -> tuple[_Clause, ...]:
    return tuple(_clause(part) for part in _CLAUSE_END.split(text))


def _clause(text: str) -> _Clause:
    negation = _NEGATION.search(text)
    before = split_tokens(text[: negation.start()] if negation else text)
    words = (*before, *split_tokens(text[negation.end() :])) if negation else tuple(before)
    return _Clause(words, tuple(stem(word) for word in words), len(before) if negation else None)


def _more_denials(text: str, evidence: str, allowed: int = 0) -> bool:
    """Whether the claim denies more often than its evidence, or as a whole ("it is not true that") and alone."""
    return len(_NEGATION.findall(text)) > len(_NEGATION.findall(evidence)) + allowed or (
        _DENIED_WHOLE.search(text) is not None and _DENIED_WHOLE.search(evidence) is None
    )


def _denies(claimed: Sequence[_Clause], stated: Sequence[_Clause], grounded: bool = False) -> bool:
    """Whether a word is denied on one side alone; if the claim's denials are ``grounded``, on that of the evidence."""
    ours, theirs = _polarities(claimed), _polarities(stated)
    return any(
        denied.isdisjoint(theirs[key]) and not (grounded and True in denied)
        for key, denied in ours.items()
        if key in theirs
    )


def _polarities(clauses: Sequence[_Clause]) -> dict[str, set[bool]]:
    """Stem of each content word to whether it is denied.

    A negation denies the next content word of its clause. How much further it reaches cannot be told without a
    parse, so what comes after that word counts as both denied and not. Where none comes after it ("the old one does
    not do"), it denies the clause, of which the last content word stands for the rest.
    """
    found: dict[str, set[bool]] = {}
    for clause in clauses:
        reached = False
        if clause.negated_from is not None and not any(content(word) for word in clause.words[clause.negated_from :]):
            pairs = zip(clause.words, clause.stems, strict=True)
            said = [key for word, key in pairs if content(word) and word not in _AUXILIARIES]
            for key in said:
                found.setdefault(key, set()).update({True} if key == said[-1] else {True, False})
            continue
        for at, (word, key) in enumerate(zip(clause.words, clause.stems, strict=True)):
            if content(word):
                after = clause.negated_from is not None and at >= clause.negated_from
                denied = {False} if not after else {True, False} if reached else {True}
                found.setdefault(key, set()).update(denied)
                reached = reached or after
    return found


def _opposite(claimed: Sequence[_Clause], stated: Sequence[_Clause]) -> str:
    """The first word of the claim in whose place the evidence has the opposite."""
    theirs = {key for clause in stated for key in clause.stems}
    their_words = {word for clause in stated for word in clause.words}
    ours = {key: word for clause in claimed for key, word in zip(clause.stems, clause.words, strict=True)}
    for key, word in ours.items():
        if key in theirs:
            continue
        if any(other in theirs and other not in ours for other in opposites().get(key, ())):
            return word
        if any(other in their_words and stem(other) not in ours for other in _with_other_prefix(word)):
            return word
    return ""


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Stem to the stems of its opposites."""
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.split("; "):
        one, other = (stem(word) for word in pair.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


@lru_cache(maxsize=20_000)
def _with_other_prefix(word: str) -> tuple[str, ...]:
    """What a word is with a negative prefix, or without its own: "paid" and "unpaid", but not "form" and "inform"."""
    longer = [prefix + word for prefix in _PREFIXES]
    shorter = [word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix)]
    if not _adjective(word):
        shorter = []
    return tuple(other for other in longer if _adjective(other)) + tuple(shorter)


@lru_cache(maxsize=20_000)
def _adjective(word: str) -> bool:
    return "ADJ" in getAllLemmas(word)


def _exchanged(claimed: Sequence[_Clause], stated: Sequence[_Clause]) -> str:
    """The relation whose sides stand the other way round wherever the evidence has both of them."""
    ours = {relation.stem: relation for relation in _relations(claimed)}
    crossed: set[str] = set()
    straight: set[str] = set()
    for theirs in _relations(stated, ours):
        mine = ours[theirs.stem]
        if (mine.left - theirs.left) & theirs.right and (mine.right - theirs.right) & theirs.left:
            crossed.add(mine.stem)
        elif mine.left & theirs.left or mine.right & theirs.right:
            straight.add(mine.stem)
    return next((relation.word for key, relation in ours.items() if key in crossed - straight), "")


@dataclass(frozen=True)
class _Relation:
    word: str
    stem: str
    left: frozenset[str]
    """Stems of the content words on the side that acts, or stands first."""
    right: frozenset[str]


def _relations(clauses: Sequence[_Clause], wanted: Collection[str] | None = None) -> Iterator[_Relation]:
    """Each word that relates two sides in one clause; only those whose stem is ``wanted``, if given."""
    for clause in clauses:
        for at, (word, key) in enumerate(zip(clause.words, clause.stems, strict=True)):
            if (wanted is not None and key not in wanted) or not relates(word):
                continue
            named = [(place, clause.stems[place]) for place, other in enumerate(clause.words) if content(other)]
            before = [other for place, other in named if place < at]
            # What is compared stands at the head of its clause: "the skills take 12 weeks longer than the phases".
            left = frozenset(before[:REACH] if word == "than" else before[-REACH:]) - {key}
            right = frozenset([other for place, other in named if place > at][:REACH]) - {key}
            if left and right:
                swapped = _passive(clause.words, at) or _inverted(clause.words, at)
                yield _Relation(word, key, *((right, left) if swapped else (left, right)))


@lru_cache(maxsize=20_000)
def relates(word: str) -> bool:
    """Whether a word relates what stands on its sides: a verb, or a word like "than"."""
    if word in _RELATIONS:
        return True
    return content(word) and word not in _SYMMETRIC and not word.endswith("ing") and "VERB" in getAllLemmas(word)


def _passive(words: Sequence[str], at: int) -> bool:
    """Whether who acts is named after "by": "is supplied by the mill", but not "rose by 3"."""
    after = words[at + 1 : at + 3]
    return len(after) == 2 and after[0] == "by" and not after[1][0].isdigit() and not words[at].endswith(("s", "ing"))


def _inverted(words: Sequence[str], at: int) -> bool:
    """Whether what comes, stands or lies somewhere is named behind the verb: "after the mill comes the bakery"."""
    return words[0] in _RELATIONS and words[at] in _PLACING


def _moved_number(text: str, evidence: str) -> str:
    """A figure of the claim that stands in another sentence than the one that its part of the claim is about.

    That one holds more of the part's content words than any sentence with the figure, and a figure that the claim
    does not mention.
    """
    if not _NUMBER.search(text):
        return ""
    sentences = [(_numbers(sentence), _named(sentence)) for sentence in _SENTENCE_END.split(evidence)]
    claimed = _numbers(text)
    for part in _PART_END.split(text):
        words = _named(part)
        for number in sorted(_numbers(part)):
            with_it = [len(words & held) for found, held in sentences if number in found]
            without = [len(words & held) for found, held in sentences if number not in found and found - claimed]
            if with_it and max(without, default=0) > max(with_it):
                return number
    return ""


def _misplaced_number(text: str, evidence: str) -> str:
    """A figure of the claim that stands in a sentence with several, and there belongs to something else.

    Either all that the claim says around it stands around other figures alone, or it is put together with a figure of
    another kind from which the evidence keeps it apart.
    """
    if not _NUMBER.search(text):
        return ""
    theirs = portions(evidence)
    if len(theirs) < 2:
        return ""
    for sentence in _SENTENCE_END.split(text):
        for ours in _portions(sentence):
            for number in sorted(ours.kinds):
                own = frozenset[str]().union(*(one.words for one in theirs if number in one.kinds))
                other = frozenset[str]().union(*(one.words for one in theirs if number not in one.kinds))
                around = bool(own - other) and not ours.words & (own - other) and bool(ours.words & (other - own))
                if around or _parted(number, ours, theirs):
                    return number
    return ""


@dataclass(frozen=True)
class Portion:
    """A stretch of a sentence around one figure, or several that nothing parts."""

    kinds: dict[str, str]
    """Each figure, and the word after it that says what it counts, if that is one of those that every text has."""
    words: frozenset[str]


def _portions(sentence: str) -> tuple[Portion, ...]:
    """The sentence, cut between its figures: right after the first one and its unit, if something ends there; else at
    the last place where something does. "Rye (4 kg) and oats (6 kg)", but "4 kg for bread, 6 kg for cake".

    >>> [sorted(one.kinds) for one in _portions("Rye (4 kg) and oats (6 kg): all in all 2 sorts")]
    [['4'], ['6'], ['2']]
    """
    figures = list(_FIGURE.finditer(sentence))
    cuts = [0]
    for one, next_one in pairwise(figures):
        between = sentence[one.end() : next_one.start()]
        joints = list(_JOINT.finditer(between))
        if joints:
            joint = joints[0] if not split_tokens(between[: joints[0].start()]) else joints[-1]
            cuts.append(one.end() + joint.start())
    pieces = [sentence[start:end] for start, end in pairwise([*cuts, len(sentence)])]
    made = []
    for piece in pieces:
        found = list(_FIGURE.finditer(piece))
        kinds = {number: (match["unit"] or "").lower() for match in found for number in _numbers(match.group())}
        if kinds:
            made.append(Portion(kinds, frozenset(word for word in _named(piece) if not word[0].isdigit())))
    return tuple(made)


def _parted(number: str, ours: Portion, theirs: Sequence[Portion]) -> bool:
    """Whether a figure of another kind stands beside this one that no portion of the evidence has together with it,
    while both stand there beside figures of which the claim says nothing."""
    for mate, kind in ours.kinds.items():
        if kind == ours.kinds[number] or any(number in one.kinds and mate in one.kinds for one in theirs):
            continue
        beside = [
            [one for one in theirs if figure in one.kinds and set(one.kinds) - set(ours.kinds)]
            for figure in (number, mate)
        ]
        if all(beside):
            return True
    return False


def portions(text: str) -> tuple[Portion, ...]:
    """The stretches around the figures of each sentence of a text."""
    return tuple(portion for sentence in _SENTENCE_END.split(text) for portion in _portions(sentence))


def _named(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_tokens(text) if content(word) or word[0].isdigit())


def _numbers(text: str) -> frozenset[str]:
    """The figures of a text as they are written, without thousands separators."""
    return frozenset(match.replace(",", "") for match in _NUMBER.findall(text))


def content(word: str) -> bool:
    """Whether a word names something, rather than holding a sentence together."""
    return frequency(word) < CONTENT_ZIPF
