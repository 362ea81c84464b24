"""The same corpus in passages of another size: cut small, or merged to one passage a section.

Comes in: a corpus and how long texts are in word pieces. Goes out: a ``Resized`` corpus whose facts keep working, and
which passages each new one is made of. It builds no index: whether one takes passages that are too long is up to the
index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from coach.knowledge.corpus import Corpus
from coach.knowledge.writing import CountPieces, fit
from coach.lab.places import section
from coach.types import Fact, Passage, Sentence

Size = Literal["as_written", "small", "tiny", "huge"]

BODY_PIECES: Mapping[Size, int] = {"small": 64, "tiny": 24}
"""Word pieces of a passage below its headings. A sentence of a guide has about 25, a passage about 115: small passages
hold two or three sentences, tiny ones cut most sentences in two."""

_CUT = "~cut"
"""The parts of a passage that the encoder cannot read whole are called ``<id>~2``; these have a mark of their own, so
that none takes the id of one that is there. What begins with the passage's id and a tilde still counts as its part."""


@dataclass(frozen=True)
class Resized:
    corpus: Corpus
    made_of: Mapping[str, frozenset[str]]
    """By id of a new passage the ids of those that it holds something of."""


def resized(corpus: Corpus, size: Size, count_pieces: CountPieces) -> Resized:
    """The corpus in passages of this size. Ids of passages stay where a passage, or its first part, is still there."""
    if size == "as_written":
        return Resized(corpus, {passage.id: frozenset({passage.id}) for passage in corpus.passages})
    if size == "huge":
        return _merged(corpus)
    return _cut(corpus, BODY_PIECES[size], count_pieces)


def unread(passages: Iterable[Passage], count_pieces: CountPieces, limit: int) -> tuple[int, int]:
    """Word pieces beyond what the encoder reads of each passage, which it drops in silence, and all there are."""
    lengths = [count_pieces(passage.embedded_text) for passage in passages]
    return sum(max(0, length - limit) for length in lengths), sum(lengths)


# --- Small --------------------------------------------------------------------------------------------------


def _cut(corpus: Corpus, body: int, count_pieces: CountPieces) -> Resized:
    passages: list[Passage] = []
    made_of: dict[str, frozenset[str]] = {}
    for passage in corpus.passages:
        for part in _parts(passage, body, count_pieces):
            passages.append(part)
            made_of[part.id] = frozenset({passage.id})
    return Resized(replace(corpus, passages=tuple(passages)), made_of)


def _parts(passage: Passage, body: int, count_pieces: CountPieces) -> tuple[Passage, ...]:
    # A word that is longer by itself, as an address may be, would lose its end.
    whole = max((count_pieces(word) for word in passage.text.split() if len(word) > body), default=0)
    limit = count_pieces(" > ".join(passage.heading_path)) + 4 + max(body, whole)
    # Under an id of its own while it is cut: what its facts refer to may be called as one of its parts would be.
    parts = fit(passage.model_copy(update={"id": passage.id + _CUT}), count_pieces, limit)
    ids = {part.id: passage.id if at == 0 else f"{passage.id}{_CUT}{at + 1}" for at, part in enumerate(parts)}
    return tuple(
        part.model_copy(
            update={
                "id": ids[part.id],
                "facts": tuple(
                    fact.model_copy(update={"also": tuple(ids.get(id_, id_) for id_ in fact.also)})
                    for fact in part.facts
                ),
            }
        )
        for part in parts
    )


# --- Huge ---------------------------------------------------------------------------------------------------


def _merged(corpus: Corpus) -> Resized:
    """One passage for each section and source: a passage names one source, and what is cited must stay true."""
    groups: dict[tuple[object, ...], list[Passage]] = {}
    for passage in corpus.passages:
        key = (passage.heading_path[:1], section(passage), passage.origin, passage.source)
        groups.setdefault(key, []).append(passage)
    now = {passage.id: group[0].id for group in groups.values() for passage in group}
    merged = tuple(_one(group, now) for group in groups.values())
    made_of = {group[0].id: frozenset(passage.id for passage in group) for group in groups.values()}
    return Resized(replace(corpus, passages=merged), made_of)


def _one(group: Sequence[Passage], now: Mapping[str, str]) -> Passage:
    """Passages end to end; what sentences and facts refer to moves along. ``now``: which passage holds which."""
    first = group[0]
    text = ""
    sentences: list[Sentence] = []
    facts: list[Fact] = []
    for passage in group:
        text += "\n" if text else ""
        moved, before = len(text), len(sentences)
        text += passage.text
        sentences += [
            sentence.model_copy(
                update={
                    "start": sentence.start + moved,
                    "end": sentence.end + moved,
                    "derived_from": _others(sentence.derived_from, now),
                }
            )
            for sentence in passage.sentences
        ]
        facts += [
            fact.model_copy(
                update={
                    "sentences": tuple(at + before for at in fact.sentences),
                    "also": _others(fact.also, now, first.id),
                }
            )
            for fact in passage.facts
        ]
    urls = {passage.url for passage in group}
    return first.model_copy(
        update={
            "heading_path": first.heading_path if len(group) == 1 else first.heading_path[:2],
            "text": text,
            "sentences": tuple(sentences),
            "facts": tuple(facts),
            "url": first.url if len(urls) == 1 else None,
            "entities": tuple(dict.fromkeys(entity for passage in group for entity in passage.entities)),
            "derived_from": _others([id_ for passage in group for id_ in passage.derived_from], now, first.id),
        }
    )


def _others(ids: Iterable[str], now: Mapping[str, str], own: str | None = None) -> tuple[str, ...]:
    """The passages that now hold these, each once and without the one at hand."""
    return tuple(id_ for id_ in dict.fromkeys(now.get(id_, id_) for id_ in ids) if id_ != own)
