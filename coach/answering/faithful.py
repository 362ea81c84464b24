"""What a language model's sentence may add to its evidence: nothing that decides whether it is true.

Comes in: a sentence and the sentences it cites. Goes out: what it says that they do not, in words, or an empty string.
The check of ``grounding`` weighs how much of a sentence its evidence holds, so a long true sentence carries a word or
two of its own. Here each of these words is looked at: only words that hold a sentence together, that report, or that
hedge may be added. What it makes of figures is for ``faithful_figures`` to say, and whether true words are put together
otherwise for ``faithful_sides``. It knows English, no topic.
"""

from __future__ import annotations

import re
from itertools import chain

from coach.answering.contradictions import denies
from coach.answering.faithful_figures import BOUND, misfigured
from coach.answering.faithful_sides import misjoined
from coach.answering.grounding import with_digits
from coach.answering.lexicon import lexicon
from coach.answering.plain_words import HARMLESS, HEDGES, RIVALS
from coach.answering.words import split_tokens, stem

__all__ = ["JUDGED", "fault", "without_connectives"]

JUDGED = HARMLESS | {stem(word) for word in HEDGES}
"""Stems of words whose addition is judged here and need not be weighed again."""

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
_COMPOUND = re.compile(r"\b[a-z]+(?:-[a-z]+)+\b", re.IGNORECASE)


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
    figured, stated = with_digits(text), with_digits(evidence)
    return (
        misfigured(figured, stated, headings)
        or _added(figured, f"{stated} {headings}")
        or misjoined(text, evidence, headings)
    )


def _added(text: str, evidence: str) -> str:
    held = set(chain.from_iterable(_stems(word) for word in split_tokens(evidence)))
    rivals = _NO_SYNONYMS.union(*(group for groups in RIVALS for group in groups))
    known = held | (set(chain.from_iterable(lexicon().synonyms.get(key, ()) for key in held - rivals)) - rivals)
    for word in split_tokens(BOUND.sub(" ", text)):
        if word in _DENIALS and denies(evidence):
            continue  # whether the same is denied has been looked at by ``contradiction``
        if word[0].isdigit() or word in HEDGES or stem(word) in known | HARMLESS:
            continue
        if (parts := _parts_of(word)) and parts <= known:
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
