"""Which key points of a question an answer covers, by which of its sentences, and which it contradicts.

Comes in: a question with its key points, and an answer as somebody typed it. Goes out: a ``Judgement``, in which every
verdict names the sentences that it rests on. What it goes by: how near a sentence is in meaning (cosine of the encoder)
and how much of what a point says stands in it; for a contradiction the same check that claims of the coach must pass
(``coach.answering.contradictions``, ``grounding``). The weights are fitted on labelled answers: ``python -m eval
rehearsal``. It knows no topic. A sentence that it can do nothing with is never called wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from coach.answering.contradictions import content, contradiction
from coach.answering.grounding import MAX_ZIPF, attribution, missing_numbers
from coach.answering.words import clean, frequency, split_tokens, stem
from coach.knowledge.sentences import sentence_spans
from coach.rehearsal.questions import KeyPoint, Question, spaced
from coach.retrieval.encoder import Encoder
from coach.types import Frozen

WEIGHTS_FILE = Path(__file__).with_name("weights.yaml")

MOST_CHARS = 4000
"""Of an answer; about five minutes of speech."""

MOST_SENTENCES = 60
"""Of an answer. What comes after them is not looked at."""

LEAST_JOINED = 0.08
"""Share of words that hold a sentence together ("is", "the", "to"), below which words only stand in a row. Of the
labelled sentences that say something the least has 0.09, and half have more than 0.4."""

_SMALL_START = re.compile(r"(?<=[.!?] )[a-z]")


class Stance(StrEnum):
    """What an answer does with a key point."""

    COVERED = "covered"
    CONTRADICTED = "contradicted"
    MISSING = "missing"


class Said(Frozen):
    """A sentence of the answer; ``answer[start:end] == text``."""

    text: str
    start: int
    end: int


class Against(Frozen):
    """A sentence of the answer that says otherwise than a key point, and in which respect."""

    sentence: int
    reason: str


class JudgedPoint(Frozen):
    point: KeyPoint
    stance: Stance
    by: tuple[int, ...] = ()
    """Indices of the sentences that cover it: each by itself, or, where none does, two that do together."""
    against: tuple[Against, ...] = ()


class Judgement(Frozen):
    question: Question
    said: tuple[Said, ...]
    points: tuple[JudgedPoint, ...]
    """As many as the question has, in their order."""

    def of(self, stance: Stance) -> tuple[JudgedPoint, ...]:
        return tuple(judged for judged in self.points if judged.stance is stance)

    @property
    def silent(self) -> tuple[Said, ...]:
        """Sentences that no key point speaks for or against."""
        heard = {at for judged in self.points for at in judged.by}
        heard |= {against.sentence for judged in self.points for against in judged.against}
        return tuple(said for at, said in enumerate(self.said) if at not in heard)


class Weights(Frozen):
    """A sentence covers a point from ``cosine * its cosine + words * its share of words + bias > 0`` on; it contradicts
    it where its words are the point's own (``least_attribution``) and it is near (``least_cosine``)."""

    cosine: float
    words: float
    bias: float
    least_attribution: float
    least_cosine: float


@cache
def fitted() -> Weights:
    """From ``weights.yaml``."""
    return Weights.model_validate(yaml.safe_load(WEIGHTS_FILE.read_text(encoding="utf-8")))


class Signs(Frozen):
    """What is known of a sentence and a key point."""

    cosine: float
    words: float
    """Share of what the point says that stands in the sentence, by the information of its words; those of the question
    do not count."""
    attribution: float
    reason: str
    """How the sentence turns the point round; empty where it does not."""


def judge(question: Question, answer: str, encoder: Encoder, weights: Weights | None = None) -> Judgement:
    """The verdict on every key point. The same texts get the same verdict. Raises EncoderError only."""
    weights = weights or fitted()
    said = sentences(answer)
    stated = [clean(one.text) for one in said]
    open_ = [at for at, text in enumerate(stated) if _states(text)]
    pairs = [(at, at + 1) for at in open_ if at + 1 in open_]
    texts = [*(stated[at] for at in open_), *(f"{stated[one]} {stated[two]}" for one, two in pairs)]
    if not texts or not question.points:
        empty = tuple(JudgedPoint(point=point, stance=Stance.MISSING) for point in question.points)
        return Judgement(question=question, said=said, points=empty)
    near = _cosines(texts, question, encoder)
    known = stems(question.text)
    alone = {
        (at, number): signs(stated[at], point.text, known, float(near[row, number]))
        for row, at in enumerate(open_)
        for number, point in enumerate(question.points)
    }
    closest = {at: int(np.argmax(near[row])) for row, at in enumerate(open_)}
    judged = []
    for number, point in enumerate(question.points):
        fitting = [at for at in open_ if _about(stated[at], point, question)]
        opposed = {at for at in fitting if contradicts(alone[at, number], weights)}
        against = tuple(
            Against(sentence=at, reason=alone[at, number].reason)
            for at in sorted(opposed)
            if closest[at] == number  # what is about another point is not held against this one, and covers it not
        )
        by = [at for at in fitting if at not in opposed and covers(alone[at, number], weights)]
        if not by:
            left_out = opposed | (set(open_) - set(fitting))
            by = _together(pairs, left_out, [
                signs(text, point.text, known, float(near[len(open_) + row, number]))
                for row, text in enumerate(texts[len(open_) :])
            ], weights)
        stance = Stance.CONTRADICTED if against else Stance.COVERED if by else Stance.MISSING
        judged.append(JudgedPoint(point=point, stance=stance, by=tuple(by), against=against))
    return Judgement(question=question, said=said, points=tuple(judged))


def sentences(answer: str) -> tuple[Said, ...]:
    """The sentences of an answer; one may begin with a small letter, as people type.

    >>> [one.text for one in sentences("it is a graph. links cost memory, e.g. for edges")]
    ['it is a graph.', 'links cost memory, e.g. for edges']
    """
    answer = answer[:MOST_CHARS]
    written = _SMALL_START.sub(lambda letter: letter.group().upper(), answer)
    found = tuple(Said(text=answer[start:end], start=start, end=end) for start, end in sentence_spans(written))
    return found[:MOST_SENTENCES]


def signs(said: str, point: str, known: Mapping[str, str], cosine: float) -> Signs:
    """Of one sentence and one point; ``known`` are the words of the question by stem."""
    there = stems(said)
    own = {key: word for key, word in stems(point).items() if content(word) and key not in known}
    whole = sum(MAX_ZIPF - frequency(word) for word in own.values())
    held = sum(MAX_ZIPF - frequency(word) for key, word in own.items() if key in there)
    return Signs(
        cosine=cosine,
        words=held / whole if whole else 0.0,
        attribution=attribution(said, point),
        reason=contradiction(said, point) or _other_numbers(said, point),
    )


def covers(found: Signs, weights: Weights) -> bool:
    return weights.cosine * found.cosine + weights.words * found.words + weights.bias > 0.0


def contradicts(found: Signs, weights: Weights) -> bool:
    return (
        bool(found.reason)
        and found.attribution >= weights.least_attribution
        and found.cosine >= weights.least_cosine
    )


def _other_numbers(said: str, point: str) -> str:
    theirs, ours = missing_numbers(said, point), missing_numbers(point, said)
    return f"it says {', '.join(theirs)} where the key point says {', '.join(ours)}" if theirs and ours else ""


def _together(
    pairs: Sequence[tuple[int, int]], left_out: set[int], found: Sequence[Signs], weights: Weights
) -> list[int]:
    """The two neighbours that cover a point together, the likeliest; empty where none do."""
    likely = [
        (weights.cosine * one.cosine + weights.words * one.words, pair)
        for pair, one in zip(pairs, found, strict=True)
        if covers(one, weights) and left_out.isdisjoint(pair)
    ]
    return list(max(likely, key=lambda one: (one[0], -one[1][0]))[1]) if likely else []


def _states(text: str) -> bool:
    """Whether it says something: a question does not, nor do words in a row."""
    words = split_tokens(text)
    joined = sum(not content(word) for word in words)
    return bool(words) and joined >= LEAST_JOINED * len(words) and not text.rstrip(" \"'”’)").endswith("?")


def _about(text: str, point: KeyPoint, question: Question) -> bool:
    """False where a sentence names another of the things that are asked about, and not the one that the point is of."""
    if not point.names:
        return True
    words = spaced(text)
    named = [names for names in {one.names for one in question.points} if any(spaced(name) in words for name in names)]
    return not named or point.names in named


def _cosines(texts: Sequence[str], question: Question, encoder: Encoder) -> NDArray[np.float64]:
    """One row a text, one column a key point."""
    vectors = encoder.encode([*texts, *(point.text for point in question.points)]).astype(np.float64)
    return vectors[: len(texts)] @ vectors[len(texts) :].T


def stems(text: str) -> dict[str, str]:
    """Each stem of a text with a word that it stands for."""
    return {stem(word): word for word in split_tokens(text)}
