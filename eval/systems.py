"""The coach, and beside it the trivial systems that it has to beat.

Comes in: a Coach. Goes out: ``System`` values, each a name and a way to ask. *top passage* says the best passage
verbatim and never refuses. *bm25 only* and *dense only* are the coach with one channel of its retrieval: all else,
understanding, composing and the check, is the same code, so that the difference is what the other channels add.

What the answering code is given besides the ranking are scores of single facts, cosines of the question with question
keys. The honest counterpart of each channel: for *bm25 only*, the cosine of the two as sets of word stems, which is 1
for the same words and 0 for none; for *dense only*, the cosine with the passage that holds the fact, as there are no
keys. Neither is told what else the index reads from vectors: which facet is likely, which sentence meets the question.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, cast

from coach.answering.composing import Composed
from coach.answering.selecting import Evidence
from coach.pipeline import Coach, Progress, Reading
from coach.retrieval.encoder import Encoder, Vectors
from coach.retrieval.index import PassageIndex, SearchResult
from coach.retrieval.lexical import tokens
from coach.types import AS_SHIPPED, Answer, Citation, Claim, Method, Passage, Query, Retrieved, Status, Support, Trace
from eval.records import Measure

Ask = Callable[[str, Sequence[Answer], str], Answer]
"""Question, earlier answers, slug of the pathway."""

Measures = dict[str, Measure]


@dataclass(frozen=True)
class Told:
    """An answer with what else was measured on the way to it."""

    answer: Answer | None
    """None where there is none; ``problem`` says why."""
    measures: Measures
    problem: str = ""


Tell = Callable[[str, Sequence[Answer], str], Told]
"""As ``Ask``, for a system that measures more than an answer tells."""

TOP_PASSAGE_DEPTH = 20
"""As many as the coach's trace keeps."""

CHANNELS = ("dense", "keys", "lexical")

FactScores = dict[tuple[str, int], float]


@dataclass(frozen=True)
class System:
    name: str
    about: str
    """One sentence on how it answers."""
    ask: Ask
    tell: Tell | None = None
    """Where there is one, the question itself is put to it, and ``ask`` only answers the earlier ones."""


def all_systems(coach: Coach) -> tuple[System, ...]:
    """The coach first, then the trivial ones, which share its encoder and its indexes."""
    return (the_coach(coach), top_passage(coach), bm25_only(coach), dense_only(coach))


def the_coach(coach: Coach) -> System:
    return System("coach", "The coach as it is shipped.", coach.ask)


def top_passage(coach: Coach) -> System:
    """The best passage of the coach's own retrieval, whole; it knows no history and refuses nothing."""

    def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
        index = coach.reading(pathway).index
        found = index.search(question, limit=TOP_PASSAGE_DEPTH).ranking
        best = found[0].passage
        return Answer(
            question=question,
            pathway=pathway,
            status=Status.ANSWERED,
            text=best.text,
            claims=_verbatim(best),
            trace=Trace(
                query=Query(question=question, standalone=question),
                retrieved=found,
                used_passage_ids=(best.id,),
                route="top passage",
                index_fingerprint=index.fingerprint,
            ),
        )

    return System("top passage", "Says the best passage of the coach's retrieval word for word, always.", ask)


def bm25_only(coach: Coach) -> System:
    about = "The coach with nothing but shared words: passages ranked by BM25, facts by the overlap with their keys."
    return System("bm25 only", about, _Rewired(coach, _LexicalIndex).ask)


def dense_only(coach: Coach) -> System:
    about = "The coach with nothing but passage vectors: passages and their facts ranked by the cosine of the passage."
    return System("dense only", about, _Rewired(coach, _DenseIndex).ask)


def _verbatim(passage: Passage) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            text=sentence.text,
            support=Support.QUOTED,
            citations=(
                Citation(
                    marker=1,
                    passage_id=passage.id,
                    source=passage.source,
                    quote=sentence.text,
                    start=sentence.start,
                    end=sentence.end,
                ),
            ),
            item=sentence.item,
        )
        for sentence in passage.sentences
    )


class RememberingEncoder:
    """An encoder that encodes a question once, however many systems are asked it.

    Only calls with a single text are remembered: the others make indexes.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.digest = encoder.digest
        self.dimensions = encoder.dimensions
        self.max_word_pieces = encoder.max_word_pieces
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}
        self._intents: dict[str, dict[str, float]] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(texts) != 1:
            return self._encoder.encode(texts)
        (text,) = texts
        if text not in self._vectors:
            self._vectors[text] = _fixed(self._encoder.encode(texts))
        return self._vectors[text]

    def count_word_pieces(self, text: str) -> int:
        return self._encoder.count_word_pieces(text)

    def word_pieces(self, text: str) -> tuple[str, ...]:
        return self._encoder.word_pieces(text)

    def intents(self, text: str) -> dict[str, float]:
        if text not in self._intents:
            self._intents[text] = self._encoder.intents(text)
        return self._intents[text]


def _fixed(vectors: Vectors) -> Vectors:
    """Not to be written to, as everybody who asks again gets the same."""
    vectors.flags.writeable = False
    return vectors


# --- One channel of the index ---------------------------------------------------------------------------------


class _OneChannel(ABC):
    """An index of which one channel is used alone: what else a search tells is left empty."""

    channel: str

    def __init__(self, index: PassageIndex) -> None:
        self._index = index
        self.fingerprint = index.fingerprint
        self.passages = index.passages
        self.notice = index.notice

    def search(self, question: str, *, limit: int = 50, method: Method = AS_SHIPPED) -> SearchResult:
        alone = method.model_copy(update={channel: float(channel == self.channel) for channel in CHANNELS})
        result = self._index.search(question, limit=len(self.passages), method=alone)
        ranking = tuple(self._alone(found) for found in result.ranking if getattr(found, self.channel) is not None)
        scores = self._fact_scores(question, ranking)
        unused: dict[str, Any] = {
            field.name: {} for field in fields(result) if field.name not in ("ranking", "fact_scores", "steps")
        }
        return replace(result, ranking=ranking[:limit], fact_scores=scores, **unused)

    def _alone(self, found: Retrieved) -> Retrieved:
        others = {channel: None for channel in CHANNELS if channel != self.channel}
        return found.model_copy(update={**others, "matched_question": None, "matched_fact": None})

    @abstractmethod
    def _fact_scores(self, question: str, ranking: Sequence[Retrieved]) -> FactScores:
        """By passage id and index of the fact: how close the question is, as far as this channel can tell."""


class _DenseIndex(_OneChannel):
    channel = "dense"

    def _fact_scores(self, question: str, ranking: Sequence[Retrieved]) -> FactScores:
        return {
            (found.passage.id, number): found.dense.score
            for found in ranking
            if found.dense is not None
            for number in range(len(found.passage.facts))
        }


class _LexicalIndex(_OneChannel):
    channel = "lexical"

    def _fact_scores(self, question: str, ranking: Sequence[Retrieved]) -> FactScores:
        asked = _stems(question)
        return {fact: max(_overlap(asked, key) for key in keys) for fact, keys in self._key_stems.items()}

    @cached_property
    def _key_stems(self) -> Mapping[tuple[str, int], tuple[frozenset[str], ...]]:
        return {
            (id_, number): tuple(_stems(key) for key in fact.questions)
            for id_, passage in self.passages.items()
            for number, fact in enumerate(passage.facts)
            if fact.questions
        }


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for _, stem in tokens(text))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """The cosine of two sets: 1 for equal ones, 0 for such as share nothing.

    >>> _overlap(frozenset("ab"), frozenset("bc"))
    0.5
    """
    return len(one & other) / math.sqrt(len(one) * len(other)) if one and other else 0.0


class _Rewired(Coach):
    """A coach that answers from the readings of another, with their indexes wrapped."""

    def __init__(self, coach: Coach, wrap: Callable[[PassageIndex], _OneChannel]) -> None:
        super().__init__(coach.settings, encoder=coach.encoder())
        self._coach = coach
        self._wrap = wrap
        self._wrapped: dict[str, Reading] = {}

    def _evidence(self, query: Query, reading: Reading, method: Method = AS_SHIPPED) -> Evidence:
        return replace(super()._evidence(query, reading, method), intents={})

    def _ranking(self, found: SearchResult, part: Composed) -> tuple[Retrieved, ...]:
        return found.ranking

    def reading(self, pathway: str | None = None, progress: Progress | None = None) -> Reading:
        slug = self._coach.pathway(pathway).slug
        if slug not in self._wrapped:
            reading = self._coach.reading(slug, progress)
            # What the pipeline uses of an index: search and fingerprint.
            self._wrapped[slug] = replace(reading, index=cast(PassageIndex, self._wrap(reading.index)))
        return self._wrapped[slug]
