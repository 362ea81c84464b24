"""From a sentence that names passages to the exact sentences it rests on.

Comes in: a written sentence and the passages it names. Goes out: citations, or the reason why there are none. What
the passages hold of a part of the sentence must stand in one of their sentences: words gathered from here and there can
be put together to say what none of them says. A sentence that gives orders to a machine states nothing. Whether the
written one is true to those cited is for ``grounding`` to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from coach.answering.contradictions import CONTENT_ZIPF
from coach.answering.grounding import MAX_ZIPF, missing_names, missing_numbers
from coach.answering.hosting import instructed
from coach.answering.words import frequency, split_tokens, stem
from coach.types import Citation, Passage, Sentence

TOGETHER = 0.75
"""Least share of what the passages hold of a part's information that must stand in one sentence and its heading."""

LEAST_WORDS = 3
"""Content words that make a part of its own; less is said together with its neighbour."""

_JOINT = re.compile(
    r";\s+|,?\s+(?:while|whereas|but|although|though|yet)\s+|,\s+(?:and|so|which|then)\s+|\s+and\s+|,\s+", re.IGNORECASE
)
_POINTS_BACK = re.compile(r"^(?:it|this|that|these|those|they|both|each|all of (?:it|them))\b", re.IGNORECASE)


class Place(NamedTuple):
    """A sentence of a passage."""

    passage: Passage
    at: int

    @property
    def sentence(self) -> Sentence:
        return self.passage.sentences[self.at]

    @property
    def context(self) -> str:
        """What a reader takes the sentence to be about: its heading, and what "it" points back to."""
        before = self.passage.sentences[self.at - 1].text if self.at and _POINTS_BACK.match(self.sentence.text) else ""
        return f"{' '.join(self.passage.heading_path)} {before}"


def cite(text: str, passages: Sequence[Passage]) -> tuple[tuple[Citation, ...], str]:
    """Citations of the sentences that ``text`` rests on, numbered by passage from 1; or none, and why.

    Where the best sentence does not hold all figures and names of a part, it is cited all the same: the check then says
    which of them are missing.
    """
    places = [
        Place(passage, at)
        for passage in passages
        for at, sentence in enumerate(passage.sentences)
        if not instructed(sentence.text)
    ]
    if not places:
        return (), "it cites nothing that states a fact"
    everything = " ".join(f"{one.sentence.text} {one.context}" for one in places)
    found: dict[tuple[str, int], Place] = {}
    for part in parts_of(text):
        best = max(places, key=lambda place: _fit(part, place))
        together = coverage(part, f"{best.sentence.text} {best.sentence.formula or ''} {best.context}")
        if not together or together < TOGETHER * coverage(part, everything):
            return (), f'no single sentence that it cites says "{part.strip(" .")}"'
        found.setdefault((best.passage.id, best.at), best)
    markers = {id_: number for number, id_ in enumerate(dict.fromkeys(id_ for id_, _ in found), start=1)}
    return tuple(Citation.of(one.passage, one.sentence, markers[one.passage.id]) for one in found.values()), ""


def parts_of(text: str) -> tuple[str, ...]:
    """A sentence taken apart where it could say two things; short pieces stay with what stands before them.

    >>> parts_of("Docker takes two weeks, and the second phase ends with a portfolio project.")
    ('Docker takes two weeks', 'the second phase ends with a portfolio project.')
    >>> parts_of("Python and distributed systems transfer well.")
    ('Python and distributed systems transfer well.',)
    """
    made: list[str] = []
    start = 0
    for joint in _JOINT.finditer(text):
        left, right = text[start : joint.start()], text[joint.end() :]
        if _says_enough(left) and _says_enough(right):
            made.append(left)
            start = joint.end()
    return (*made, text[start:])


def coverage(text: str, evidence: str, known: str = "") -> float:
    """Share of the text's information, by how rare its words are, that ``evidence`` has; 1 for a text of none.

    Figures are left to the check. Words of ``known`` say nothing new and do not count.
    """
    held = {stem(word) for word in split_tokens(evidence)}
    granted = {stem(word) for word in split_tokens(known)}
    words = [word for word in split_tokens(text) if stem(word) not in granted and not word[0].isdigit()]
    weights = [(stem(word) in held, max(0.0, MAX_ZIPF - frequency(word)) ** 2) for word in words]
    total = sum(weight for _, weight in weights)
    return sum(weight for found, weight in weights if found) / total if total else 1.0


def _fit(part: str, place: Place) -> tuple[int, float, float]:
    """How well a sentence supports a part: its figures and names first, then its words, then without the heading."""
    whole = f"{place.sentence.text} {place.sentence.formula or ''}"
    missing = len(missing_numbers(part, whole)) + len(missing_names(part, f"{whole} {place.context}"))
    return -missing, coverage(part, f"{whole} {place.context}"), coverage(part, whole)


def _says_enough(text: str) -> bool:
    words = split_tokens(text)
    return sum(frequency(word) < CONTENT_ZIPF for word in words) >= LEAST_WORDS
