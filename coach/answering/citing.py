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
from coach.answering.plain_words import HARMLESS, NAME_RUN
from coach.answering.words import frequency, split_tokens, stem
from coach.types import Citation, Claim, Passage, Sentence

TOGETHER = 0.75
"""Least share of what the passages hold of a part's information that must stand in one sentence and its heading."""

SUBJECT = 4
"""Words that name something, at the head of a sentence, among which is what it is about."""

LEAST_WORDS = 3
"""Content words that make a part of its own; less is said together with its neighbour."""

_JOINT = re.compile(
    r";\s+|,?\s+(?:while|whereas|but|although|though|yet)\s+|,\s+(?:and|so|which|then)\s+|\s+and\s+|,\s+", re.IGNORECASE
)
_PRONOUN = re.compile(
    r"(?P<word>it|they|both)\b|(?P<this>this|that|these|those) (?=(?:is|are|was|were|means?|lets?|takes?|ha(?:s|ve)|"
    r"can|may|will|does|do|makes?|needs?|covers?|includes?)\b)",
    re.IGNORECASE,
)
_LISTING = re.compile(r"(?P<head>[^:,]{3,}?)(?:: | (?:are|is|include|includes|names|lists) )(?P<entries>[^:]+, .+)")
_BETWEEN = re.compile(r",? and |, ")
LEAST_ENTRIES = 3
LONGEST_ENTRY = 6
"""Words of an entry of a list."""
_POINTS_BACK = re.compile(r"^(?:it|this|that|these|those|they|both|each|all of (?:it|them))\b", re.IGNORECASE)


class Place(NamedTuple):
    """A sentence of a passage."""

    passage: Passage
    at: int

    @property
    def sentence(self) -> Sentence:
        return self.passage.sentences[self.at]

    @property
    def about(self) -> str:
        return f"{self.sentence.text} {' '.join(self.passage.heading_path[1:])}"

    @property
    def context(self) -> str:
        """What a reader takes the sentence to be about: its heading, and what "it" points back to."""
        before = self.passage.sentences[self.at - 1].text if self.at and _POINTS_BACK.match(self.sentence.text) else ""
        return f"{' '.join(self.passage.heading_path)} {before}"


class Cited(NamedTuple):
    """What a written sentence rests on; no citations where ``reason`` says why there are none."""

    citations: tuple[Citation, ...]
    reason: str = ""
    headings: str = ""
    """Those that the cited sentences stand under, without the guide's own title: they say what a sentence is about."""


def cite(text: str, passages: Sequence[Passage]) -> Cited:
    """Citations of the sentences that ``text`` rests on, numbered by passage from 1.

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
        return Cited((), "it cites nothing that states a fact")
    found, reason = _by_part(text, places)
    if reason and (entries := _entries(text, places)):
        found, reason = entries, ""
    if reason:
        return Cited((), reason)
    markers = {id_: number for number, id_ in enumerate(dict.fromkeys(one.passage.id for one in found), start=1)}
    return Cited(
        tuple(Citation.of(one.passage, one.sentence, markers[one.passage.id]) for one in found),
        headings=" ".join(dict.fromkeys(name for one in found for name in one.passage.heading_path[1:])),
    )


def _by_part(text: str, places: Sequence[Place]) -> tuple[list[Place], str]:
    """For each part the sentence that says it; or why there is none."""
    everything = " ".join(f"{one.sentence.text} {one.context}" for one in places)
    found: dict[tuple[str, int], Place] = {}
    named = NAME_RUN.findall(text)
    for part in parts_of(text):
        # What names nothing by itself ("..., is the longest one") goes on about what the rest of the sentence names.
        naming = [place for place in places if any(name in place.sentence.text for name in named)]
        about = naming or [place for place in places if any(name in place.about for name in named)]
        best = max(places if NAME_RUN.search(part) else about or places, key=lambda place: _fit(part, place))
        said = f"{best.sentence.text} {best.sentence.formula or ''} {best.context}"
        together = coverage(part, said, granted=HARMLESS)
        if together < TOGETHER * coverage(part, everything, granted=HARMLESS):
            return [], f'no single sentence that it cites says "{part.strip(" .")}"'
        found.setdefault((best.passage.id, best.at), best)
    return list(found.values()), ""


def _entries(text: str, places: Sequence[Place]) -> list[Place]:
    """For a sentence that lists what a passage lists, each entry in a sentence of its own: that which leads the list,
    and the entries, all of one passage. Empty for any other sentence."""
    lead, listing = _LISTING.match(text), []
    if lead is None:
        return []
    for id_ in dict.fromkeys(place.passage.id for place in places):
        own = [place for place in places if place.passage.id == id_]
        head = max(own, key=lambda place: _fit(lead["head"], place))
        if missing_numbers(lead["head"], head.sentence.text) or coverage(lead["head"], head.about, "", HARMLESS) < 1:
            continue
        listing = [head]
        for entry in _BETWEEN.split(lead["entries"].rstrip(" .")):
            holding = [place for place in own if entry.casefold() in place.sentence.text.casefold()]
            if not holding or len(split_tokens(entry)) > LONGEST_ENTRY:
                listing = []
                break
            listing.append(holding[0])
        if len(listing) > LEAST_ENTRIES:
            return list(dict.fromkeys(listing))
    return []


def astray(claim: Claim, before: str) -> str:
    """The pronoun with which a sentence begins, where what it cites is about something that ``before`` does not name.

    >>> def about(text: str, quote: str) -> Claim:
    ...     cited = Citation(marker=1, passage_id="p", source="s", quote=quote, start=0, end=len(quote))
    ...     return Claim(text=text, support="inferred", citations=(cited,))
    >>> astray(about("It is free.", "Cost of the ferry: free."), "The bakery opens at six.")
    'It'
    >>> astray(about("It is free.", "Cost of the ferry: free."), "The ferry leaves at noon.")
    ''
    """
    pointer = _PRONOUN.match(claim.text)
    if pointer is None:
        return ""
    known, asked = {stem(word) for word in split_tokens(before)}, before.rstrip().endswith("?")
    for citation in claim.citations:
        words = [stem(word) for word in split_tokens(citation.quote) if frequency(word) < CONTENT_ZIPF]
        about = words if asked else words[:SUBJECT]
        if not words or known & set(about) or any(name in citation.quote for name in NAME_RUN.findall(before)):
            return ""
    return pointer["word"] or pointer["this"]


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


def coverage(text: str, evidence: str, known: str = "", granted: frozenset[str] = frozenset()) -> float:
    """Share of the text's information, by how rare its words are, that ``evidence`` has; 1 for a text of none.

    Figures are left to the check. Words of ``known`` say nothing new and do not count, nor do those whose stems are
    ``granted``.
    """
    held = {stem(word) for word in split_tokens(evidence)}
    granted = granted.union(stem(word) for word in split_tokens(known))
    words = [word for word in split_tokens(text) if stem(word) not in granted and not word[0].isdigit()]
    weights = [(stem(word) in held, max(0.0, MAX_ZIPF - frequency(word)) ** 2) for word in words]
    total = sum(weight for _, weight in weights)
    return sum(weight for found, weight in weights if found) / total if total else 1.0


def _fit(part: str, place: Place) -> tuple[int, float, float]:
    """How well a sentence supports a part: its figures and names first, then its words, then without the heading."""
    whole = f"{place.sentence.text} {place.sentence.formula or ''}"
    read = f"{whole} {place.context}"
    missing = len(missing_numbers(part, read)) + len(missing_names(part, read))
    return -missing, coverage(part, read), coverage(part, whole)


def _says_enough(text: str) -> bool:
    words = split_tokens(text)
    return sum(frequency(word) < CONTENT_ZIPF for word in words) >= LEAST_WORDS
