"""Are the key points that an answer covers or contradicts rightly seen? Measured on sentences labelled by hand.

Comes in: ``eval/rehearsal/dev.jsonl`` and ``held.jsonl``: a sentence of an invented answer, a key point of a question
of the shipped pathway or of an invented career, and whether the sentence covers it, contradicts it or does neither.
Goes out: precision and recall of both verdicts, and, on request, the weights of ``coach/rehearsal/weights.yaml``,
fitted on ``dev`` alone. No question is in both files. Each sentence is judged among all key points of its question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

from coach.pipeline import Coach
from coach.rehearsal import judging
from coach.rehearsal.judging import Signs, Stance, Weights
from coach.rehearsal.questions import Question, questions
from coach.retrieval.encoder import Encoder
from coach.types import Frozen
from eval.cases import CaseError

FOLDER = Path(__file__).with_name("rehearsal")
SPLITS = ("dev", "held")

PENALTY = 0.002
"""Of squared weights, for each pair; a tenth or three times as much changes two verdicts of the development split."""

GRID = np.round(np.arange(0.3, 0.81, 0.05), 2)
"""Thresholds that are tried for contradictions."""


class Label(StrEnum):
    COVERED = "covered"
    CONTRADICTS = "contradicts"
    NO = "no"


class LabelledSentence(Frozen):
    """One line of a file."""

    pathway: str
    question: str
    """Its id."""
    point: str
    said: str
    label: Label


class Rate(Frozen):
    """``right`` of ``found`` are rightly found, of ``there`` that there are."""

    right: int
    found: int
    there: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0


class Missed(Frozen):
    """A sentence that was judged otherwise than labelled."""

    labelled: LabelledSentence
    judged: Label


class MeasuredSplit(Frozen):
    split: str
    pairs: int
    covered: Rate
    contradicted: Rate
    called_wrong: int
    """Sentences said to contradict a point that they cover or have nothing to do with: the worst mistake."""
    others: int
    """Key points of the same question beside the labelled one, for all sentences that cover something."""
    others_covered: int
    """How many of them were taken for covered as well; rightly or not, nobody labelled it."""
    missed: tuple[Missed, ...] = ()


def read(split: str, folder: Path = FOLDER) -> tuple[LabelledSentence, ...]:
    """Raises CaseError with the place of a line that is not as it should be."""
    path = folder / f"{split}.jsonl"
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(LabelledSentence.model_validate_json(line))
        except ValidationError as error:
            raise CaseError(f"{path}:{number}: {error.errors()[0]['msg']}; mend the line") from error
    return tuple(found)


class Asked:
    """The questions of every pathway that a coach knows, by pathway and id."""

    def __init__(self, coach: Coach) -> None:
        self.encoder: Encoder = coach.encoder()
        self._questions: dict[tuple[str, str], Question] = {}
        for pathway in coach.pathways():
            reading = coach.reading(pathway.slug)
            for question in questions(reading.corpus, reading.index, self.encoder):
                self._questions[pathway.slug, question.id] = question

    def place(self, labelled: LabelledSentence) -> tuple[Question, int]:
        """The question, and which of its points is meant. Raises CaseError where there is none any more."""
        question = self._questions.get((labelled.pathway, labelled.question))
        texts = [point.text for point in question.points] if question else []
        if question is None or labelled.point not in texts:
            raise CaseError(
                f"{labelled.question} of {labelled.pathway}: no key point {labelled.point!r}; label the sentence anew"
            )
        return question, texts.index(labelled.point)


def measure(coach: Coach, weights: Weights | None = None) -> tuple[MeasuredSplit, ...]:
    """Both splits. Raises CaseError."""
    asked = Asked(coach)
    return tuple(measure_split(split, read(split), asked, weights) for split in SPLITS)


def measure_split(
    split: str, labelled: Sequence[LabelledSentence], asked: Asked, weights: Weights | None = None
) -> MeasuredSplit:
    judged: list[Label] = []
    others = others_covered = 0
    for one in labelled:
        question, at = asked.place(one)
        points = judging.judge(question, one.said, asked.encoder, weights).points
        judged.append(_LABELS[points[at].stance])
        if one.label is Label.COVERED:
            others += len(points) - 1
            others_covered += sum(
                point.stance is Stance.COVERED for number, point in enumerate(points) if number != at
            )
    pairs = list(zip([one.label for one in labelled], judged, strict=True))
    return MeasuredSplit(
        split=split,
        pairs=len(pairs),
        covered=_rate(pairs, Label.COVERED),
        contradicted=_rate(pairs, Label.CONTRADICTS),
        called_wrong=sum(is_ is not Label.CONTRADICTS and said is Label.CONTRADICTS for is_, said in pairs),
        others=others,
        others_covered=others_covered,
        missed=tuple(
            Missed(labelled=one, judged=said) for one, said in zip(labelled, judged, strict=True) if one.label != said
        ),
    )


_LABELS = {
    Stance.COVERED: Label.COVERED,
    Stance.CONTRADICTED: Label.CONTRADICTS,
    Stance.MISSING: Label.NO,
}


def _rate(pairs: Sequence[tuple[Label, Label]], label: Label) -> Rate:
    return Rate(
        right=sum(is_ is label and said is label for is_, said in pairs),
        found=sum(said is label for _, said in pairs),
        there=sum(is_ is label for is_, _ in pairs),
    )


# --- Fitting -------------------------------------------------------------------------------------------------


def fit(coach: Coach) -> Weights:
    """Weights from the development split: a logistic regression for what covers, thresholds for what contradicts."""
    asked = Asked(coach)
    labelled = read("dev")
    found = list(_signs(labelled, asked))
    rows = [(one, sign) for one, sign in zip(labelled, found, strict=True) if one.label is not Label.CONTRADICTS]
    features = np.array([[sign.cosine, sign.words] for _, sign in rows])
    covered = np.array([one.label is Label.COVERED for one, _ in rows], dtype=float)
    cosine, words, bias = _logistic(features, covered)
    attribution, near = _thresholds(labelled, found)
    return Weights(
        cosine=round(cosine, 3), words=round(words, 3), bias=round(bias, 3),
        least_attribution=attribution, least_cosine=near,
    )


def write(weights: Weights, file: Path = judging.WEIGHTS_FILE) -> None:
    heading = file.read_text(encoding="utf-8").partition("\n\n")[0]
    lines = yaml.safe_dump(weights.model_dump(), sort_keys=False)
    file.write_text(f"{heading}\n\n{lines}", encoding="utf-8")
    judging.fitted.cache_clear()


def _signs(labelled: Sequence[LabelledSentence], asked: Asked) -> Iterator[Signs]:
    for one in labelled:
        question, _ = asked.place(one)
        said, point = asked.encoder.encode([one.said, one.point])
        yield judging.signs(one.said, one.point, judging.stems(question.text), float(said @ point))


def _logistic(features: NDArray[np.float64], covered: NDArray[np.float64]) -> tuple[float, float, float]:
    def loss(weights: NDArray[np.float64]) -> float:
        logit = features @ weights[:-1] + weights[-1]
        return float(np.mean(np.logaddexp(0.0, logit) - covered * logit) + PENALTY * weights[:-1] @ weights[:-1])

    found = minimize(loss, np.zeros(features.shape[1] + 1), method="L-BFGS-B").x
    return float(found[0]), float(found[1]), float(found[2])


def _thresholds(labelled: Sequence[LabelledSentence], found: Sequence[Signs]) -> tuple[float, float]:
    """The pair by which the fewest are called wrong wrongly, then the most rightly; the middle of those as good."""
    scored: dict[tuple[float, float], tuple[int, int]] = {}
    for attribution in GRID:
        for near in GRID:
            weights = Weights(cosine=0, words=0, bias=0, least_attribution=attribution, least_cosine=near)
            told = [judging.contradicts(sign, weights) for sign in found]
            right = sum(one.label is Label.CONTRADICTS and said for one, said in zip(labelled, told, strict=True))
            scored[float(attribution), float(near)] = (right - sum(told), right)
    best = max(scored.values())
    return sorted(pair for pair, score in scored.items() if score == best)[sum(
        score == best for score in scored.values()
    ) // 2]


# --- Showing --------------------------------------------------------------------------------------------------


def as_json(found: Sequence[MeasuredSplit]) -> str:
    return json.dumps([one.model_dump(mode="json") for one in found])


def show(found: Sequence[MeasuredSplit], console: Console) -> None:
    """Print a table with a row for each split, and what was missed of the development split."""
    table = Table("split", title="Key points covered and contradicted, in percent")
    for column in ("pairs", "covered: precision", "recall", "contradicted: precision", "recall", "wrongly so"):
        table.add_column(column, justify="right")
    for one in found:
        rates = [f"{100 * rate:.1f}" for rate in (
            one.covered.precision, one.covered.recall, one.contradicted.precision, one.contradicted.recall,
        )]
        table.add_row(one.split, str(one.pairs), *rates, str(one.called_wrong))
    console.print(table)
    for one in found:
        console.print(
            f"{one.split}: {one.others_covered} of {one.others} other key points of the same questions were taken for "
            "covered as well (not labelled)."
        )
        if one.split == "dev":
            for missed in one.missed:
                console.print(
                    f"  {missed.labelled.label} taken for {missed.judged}: {missed.labelled.said}", markup=False
                )
