"""Passages made searchable: three channels over one set of passages.

Comes in: the contents of an index and what of them is stored (``opening`` makes both ready). Goes out: a
``PassageIndex`` that ranks the passages for a question and says how close the question came to each of their facts.
Does not know how passages are made, what a question means, or when the evidence is good enough.

How a question is searched. *dense*: Chroma's nearest passages by their text. *keys*: the closest question key of
each passage, exactly, since every fact needs its score anyway. *lexical*: shared words. ``hybrid.py`` fuses them.
Beside the ranking, each fact is told how close its closest sentence came.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coach.errors import VectorIndexError
from coach.retrieval import hybrid
from coach.retrieval.contents import Contents, Stored, TextsOfFacts, hash_of
from coach.retrieval.dense import Records
from coach.retrieval.encoder import Encoder, Vectors
from coach.retrieval.lexical import LexicalIndex, ranked
from coach.types import AS_SHIPPED, ChannelRank, Method, Passage, Retrieved, StepTime

DENSE_CANDIDATES = 500
"""How many neighbours Chroma is asked for: all passages of a usual pathway (219 of the one that comes with the coach,
1.5 ms), so that its z-scores are of all."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchResult:
    """What a question found. All scores are cosines or sums: higher is better."""

    ranking: tuple[Retrieved, ...]
    """Fused, best first."""
    fact_scores: Mapping[tuple[str, int], float]
    """Passage id and index into its facts: cosine of the question and the closest key of the fact. Every fact of
    every passage that has a key at all, also of passages beyond the ranking's limit."""
    fact_questions: Mapping[tuple[str, int], str]
    """The key that came closest, for the same facts."""
    sentence_scores: Mapping[tuple[str, int], float]
    """Passage id and index into its facts: cosine of the question and the closest sentence of the fact."""
    steps: tuple[StepTime, ...] = field(default=(), compare=False)
    """What the time was spent on, in order."""


_FUSED = {"z_scores": hybrid.fuse_z_scores, "reciprocal_ranks": hybrid.fuse_reciprocal_ranks}


@contextlib.contextmanager
def _timed(step: str, steps: list[StepTime]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    steps.append(StepTime(step=step, seconds=round(time.perf_counter() - start, 6)))


class PassageIndex:
    """A searchable set of passages. Make one with ``open_index``; safe to search from several threads."""

    def __init__(
        self, contents: Contents, encoder: Encoder, stored: Stored, *, notice: str | None
    ) -> None:
        self.fingerprint: str = contents.fingerprint
        self.notice: str | None = notice
        self.passages: dict[str, Passage] = dict(contents.passages)
        self._encoder = encoder
        self._stored = stored
        self._ids = tuple(self.passages)
        self._row = {id_: row for row, id_ in enumerate(self._ids)}
        self._vectors = _rows(stored.passages, self._ids)
        row = {hash_: row for row, hash_ in enumerate(stored.keys.hashes)}
        self._keys = _FactTable(contents.questions, stored.keys.vectors, row)
        self._sentences = _FactTable(contents.sentences, stored.keys.vectors, row)
        self._lexical = LexicalIndex([
            _lexical_text(passage, contents.embedded[id_]) for id_, passage in self.passages.items()
        ])

    def search(self, question: str, *, limit: int = 50, method: Method = AS_SHIPPED) -> SearchResult:
        """The passages for a question, best first, with every fact's score.

        Of ``method`` the weights of the channels, their fusion and the distance count here. Ties keep the order of
        passage ids. Raises EncoderError only.
        """
        steps: list[StepTime] = []
        with _timed("encode", steps):
            vector = self._encoder.encode([question])[0]
        if method.distance == "inverted":
            vector = -vector  # the cosine of the opposite is the cosine with its sign changed
        with _timed("dense", steps):
            by_text = self._dense(vector, limit)
        with _timed("keys", steps):
            facts, questions = self._keys.best(vector)
            sentences, _ = self._sentences.best(vector)
            best_fact: dict[str, tuple[str, int]] = {}
            for fact, score in facts.items():
                if fact[0] not in best_fact or score > facts[best_fact[fact[0]]]:
                    best_fact[fact[0]] = fact
            by_key = {id_: facts[fact] for id_, fact in best_fact.items()}
        with _timed("lexical", steps):
            by_word = self._lexical.scores(question)
        with _timed("fuse", steps):
            channels = {"dense": by_text, "keys": by_key, "lexical": dict(zip(self._ids, by_word, strict=True))}
            fused = _FUSED[method.fusion](channels, method.weights)
        ranks = {
            "dense": _Ranks(_best_first(by_text)),
            "keys": _Ranks(_best_first(by_key)),
            "lexical": _Ranks(ranked(by_word, self._ids)),
        }
        ranking = tuple(
            Retrieved(
                passage=self.passages[id_],
                rank=rank,
                score=score,
                dense=ranks["dense"].get(id_),
                keys=ranks["keys"].get(id_),
                lexical=ranks["lexical"].get(id_),
                matched_question=questions[best_fact[id_]] if id_ in best_fact else None,
                matched_fact=best_fact[id_][1] if id_ in best_fact else None,
            )
            for rank, (id_, score) in enumerate(fused[:limit], start=1)
        )
        return SearchResult(ranking, facts, questions, sentences, tuple(steps))

    @property
    def vectors(self) -> Vectors:
        """One row of unit length for each passage, in the order of ``passages``."""
        return self._vectors

    @property
    def encoded(self) -> Mapping[str, Vectors]:
        """The vector of every text that it holds, passages and keys, by the hash of the text."""
        return self._stored.vectors()

    @property
    def kept(self) -> bool:
        """False where the index lives in memory and ends with the process."""
        return self._stored.store is not None and not self._stored.in_memory

    def matched_terms(self, question: str, passage_id: str) -> tuple[tuple[str, float], ...]:
        """The question's words that the lexical channel found in the passage or its question keys, heaviest first,
        with what each added to the lexical score."""
        return self._lexical.matched_terms(question, self._row[passage_id])

    def close(self) -> None:
        """Release what the index holds open; call it when another index takes its place. Safe to call twice.

        A search under way elsewhere still ends well, without Chroma. There is no finalizer on purpose: one that
        runs inside Chroma's own locks would wait for itself.
        """
        self._stored.close()

    def _dense(self, vector: Vectors, limit: int) -> dict[str, float]:
        """Chroma chooses the candidates; their cosines are taken here, so that they are exact and repeatable."""
        wanted = min(len(self._ids), max(limit, DENSE_CANDIDATES))
        try:
            found = [self._row[id_] for id_ in self._stored.nearest(vector, wanted)]
        except VectorIndexError as error:
            # The folder was removed or the server went away while we had it open: same answer, without Chroma.
            log.warning("%s; searching without it", error)
            found = []
        rows = np.asarray(found or range(len(self._ids)), dtype=np.intp)
        scores = cosines(self._vectors[rows], vector)
        best = np.argsort(-scores, kind="stable")[:wanted]
        # Lists, because numpy makes an object for every number that is taken out of an array by itself.
        return {self._ids[row]: score for row, score in zip(rows[best].tolist(), scores[best].tolist(), strict=True)}


class _FactTable:
    """The texts of every fact, laid out so that one product and one pass give each fact its best."""

    def __init__(self, texts: TextsOfFacts, vectors: Vectors, row: Mapping[str, int]) -> None:
        """``row`` says by hash of a text where its vector is."""
        self._vectors = vectors
        self._facts = list(texts)
        self._texts = [text for own in texts.values() for text in own]
        self._flat = np.asarray([row[hash_of(text)] for text in self._texts], dtype=np.intp)
        self._lengths = np.asarray([len(own) for own in texts.values()], dtype=np.intp)
        self._starts = np.cumsum([0, *self._lengths])[:-1].astype(np.intp)

    def best(self, vector: Vectors) -> tuple[dict[tuple[str, int], float], dict[tuple[str, int], str]]:
        """The cosine of each fact's closest text, and that text; the first of equally close ones."""
        if not self._facts:
            return {}, {}
        flat = cosines(self._vectors, vector)[self._flat]
        highest = np.maximum.reduceat(flat, self._starts)
        places = np.where(flat == np.repeat(highest, self._lengths), np.arange(len(flat)), len(flat))
        first = np.minimum.reduceat(places, self._starts)
        scores = dict(zip(self._facts, highest.tolist(), strict=True))
        return scores, {fact: self._texts[place] for fact, place in zip(self._facts, first.tolist(), strict=True)}


def cosines(rows: Vectors, vector: Vectors) -> NDArray[np.float64]:
    # einsum without BLAS: one thread and one order of summation, whatever the machine is set to.
    products = np.einsum("ij,j->i", rows, vector, optimize=False)
    rounded: NDArray[np.float64] = np.round(products.astype(np.float64), hybrid.DIGITS)
    return rounded


def _rows(records: Records, ids: Iterable[str]) -> Vectors:
    row = {id_: row for row, id_ in enumerate(records.ids)}
    return records.vectors[[row[id_] for id_ in ids]]


def _best_first(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


class _Ranks:
    """The ranks of one channel, made into values only for the passages that are returned."""

    def __init__(self, ranking: Sequence[tuple[str, float]]) -> None:
        self._places = {id_: (rank, score) for rank, (id_, score) in enumerate(ranking, start=1)}

    def get(self, id_: str) -> ChannelRank | None:
        place = self._places.get(id_)
        return ChannelRank(rank=place[0], score=place[1]) if place is not None else None


def _lexical_text(passage: Passage, embedded: str) -> str:
    """With its question keys: they hold the words that people ask with. Measured as for ``Method``, the lexical
    channel goes from 0.566 to 0.748 by them, and all three together from 0.812 to 0.839."""
    questions = dict.fromkeys(question for fact in passage.facts for question in fact.questions)
    return "\n".join([embedded, *questions])
