"""The weights by which facts are chosen and questions refused, fitted on the development cases.

Comes in: a coach and cases. Goes out: a weight for each of ``coach.answering.selecting.FEATURES`` and for each of
``coach.answering.answerable.SIGNS``, and how well they do on cases that they were not fitted on. Only the development
split is ever read here.

Each form of a case is one example: its features are those that the coach computes, and its right facts are those whose
sentences, with what is said along with them, hold the most of its vital nuggets and lie in passages that may be cited
for it. The weights are those of a conditional logit (McFadden 1974): the likelihood that one of the right facts is
chosen from all, with a quadratic penalty on the weights of standardised features. Whether a question is answered is a
plain logistic regression over its signs, where nothing else settles it, fitted with the facts chosen as they then are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from coach.answering.answerable import SIGNS
from coach.answering.selecting import FEATURES
from coach.pipeline import Coach, Reading
from coach.types import Answer, Status
from eval.cases import Case
from eval.matching import holds
from eval.running import forms

PENALTY = 0.01
"""Half of it times the squared weight is added for each feature."""

FOLDS = 5

AGAINST = frozenset(
    {"not_asked", "another", "ignored", "stands_alone", "place_left", "narrower_left", "unwanted", "opposite_extreme"}
)
"""Features that can only speak against a fact."""

EITHER_WAY = frozenset({"detail", "detail_sentence", "length"})
"""Features of a fact whatever the question; all others can only speak for one."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """One form of a case. ``features`` has a row for each fact; ``right`` says which are right, at least one."""

    case: str
    form: str
    features: Matrix
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Signed:
    """One form of a case of which nothing but its signs tells whether it is answered."""

    case: str
    signs: tuple[float, ...]
    answered: bool


@dataclass(frozen=True)
class Fitted:
    weights: dict[str, float]
    held_out: dict[str, float]
    """Shares on held-out examples, see ``fit_choice`` and ``fit_answerable``."""
    examples: int


def examples(coach: Coach, cases: Iterable[Case]) -> Iterator[Example]:
    """Every form of every case of the development split that some fact answers."""
    for case in cases:
        vital = [nugget for nugget in case.nuggets if nugget.vital]
        if case.split != "dev" or not vital or Status.ANSWERED not in case.status:
            continue
        reading = coach.reading(case.pathway)
        held = _held(case, reading)
        history: list[Answer] = []
        for earlier in case.history:
            history.append(coach.ask(earlier, history, case.pathway))
        for form, question in forms(case):
            before = () if form == "standalone" else tuple(history)
            rows, values = coach.features(question, before, case.pathway)
            share = held[rows]
            if share.max() > 0:
                yield Example(case.id, form, values, share >= share.max() - 1e-9)


def _held(case: Case, reading: Reading) -> Matrix:
    """For every fact, the share of the vital nuggets that an answer from it would hold."""
    vital = [nugget for nugget in case.nuggets if nugget.vital]
    fair = {*case.gold, *case.also}
    shares = []
    for cell in reading.composer.facts.cells:
        if fair and cell.passage.id not in fair:
            shares.append(0.0)
            continue
        texts = [statement.text for statement in reading.composer.told(cell)]
        shares.append(sum(holds(nugget, texts) for nugget in vital) / len(vital))
    return np.array(shares)


def signed(coach: Coach, cases: Iterable[Case]) -> Iterator[Signed]:
    """Every form of every case of the development split that has to be answered or must not be."""
    for case in cases:
        if case.split != "dev" or len({status is Status.ANSWERED for status in case.status}) > 1:
            continue
        history: list[Answer] = []
        for earlier in case.history:
            history.append(coach.ask(earlier, history, case.pathway))
        for form, question in forms(case):
            settled, values = coach.signs(question, () if form == "standalone" else tuple(history), case.pathway)
            if not settled:
                yield Signed(case.id, values, Status.ANSWERED in case.status)


def fit_choice(rows: Sequence[Example]) -> Fitted:
    """Weights of the choice on all examples; ``held_out``: share whose best fact is right, by form and over all.

    Cross-validated so that no case is on both sides.
    """
    hits: dict[str, list[float]] = {}
    for number in range(FOLDS):
        weights = _weights([row for row in rows if _fold(row.case) != number])
        for row in (row for row in rows if _fold(row.case) == number):
            first = float(row.right[int(np.argmax(row.features @ weights))])
            for name in (f"right fact first, {row.form}", "right fact first"):
                hits.setdefault(name, []).append(first)
    shares = {name: float(np.mean(values)) for name, values in hits.items()}
    return Fitted(_named(FEATURES, _weights(rows)), shares, len(rows))


def fit_answerable(rows: Sequence[Signed]) -> Fitted:
    """Weights of the signs on all examples; ``held_out``: shares of both kinds that are refused, likewise."""
    refused: dict[str, list[float]] = {}
    for number in range(FOLDS):
        weights = _logistic([row for row in rows if _fold(row.case) != number])
        for row in (row for row in rows if _fold(row.case) == number):
            name = f"{'answerable' if row.answered else 'unanswerable'} refused"
            refused.setdefault(name, []).append(float(np.array(row.signs) @ weights < 0))
    shares = {name: float(np.mean(values)) for name, values in refused.items()}
    return Fitted(_named(SIGNS, _logistic(rows)), shares, len(rows))


def _fold(case: str) -> int:
    return int(hashlib.sha256(case.encode()).hexdigest(), 16) % FOLDS


def _named(names: Sequence[str], weights: Matrix) -> dict[str, float]:
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def _logistic(rows: Sequence[Signed]) -> Matrix:
    values = np.array([row.signs for row in rows])
    answered = np.array([row.answered for row in rows])
    # There are ten times as many questions that have to be answered. If each counted the same, nearly all would be; if
    # both kinds counted the same in sum, a fifth of the answerable would be refused. Half-way, see the log.
    even = np.where(answered, 0.5 / answered.sum(), 0.5 / (~answered).sum()) * len(rows)
    heavy = (1.0 + even) / 2

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        scores = np.where(answered, 1.0, -1.0) * (values @ weights)
        slope = -(heavy * np.where(answered, 1.0, -1.0) * expit(-scores)) @ values + weights
        return float(heavy @ np.logaddexp(0.0, -scores)) + float(weights @ weights) / 2, slope

    found: Matrix = minimize(loss, np.zeros(values.shape[1]), jac=True, method="L-BFGS-B").x
    return found


def _bounds(name: str) -> tuple[float | None, float | None]:
    """Which sign a weight may have: what a feature means is known, and a few cases must not turn it round."""
    if name in AGAINST:
        return None, 0.0
    return (None, None) if name in EITHER_WAY else (0.0, None)


def _weights(rows: Sequence[Example]) -> Matrix:
    spread = np.concatenate([row.features for row in rows]).std(axis=0)
    scale = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1.0), 0.0)
    scaled = [(row.features * scale, row.right) for row in rows]

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, slope = 0.0, np.zeros_like(weights)
        for values, right in scaled:
            scores = values @ weights
            every, good = logsumexp(scores), logsumexp(scores[right])
            total += every - good
            slope += np.exp(scores - every) @ values - np.exp(scores[right] - good) @ values[right]
        penalty = PENALTY * len(scaled)
        return total + penalty / 2 * float(weights @ weights), slope + penalty * weights

    bounds = [_bounds(name) for name in FEATURES]
    found = minimize(
        loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}
    )
    solution: Matrix = found.x * scale
    return solution
