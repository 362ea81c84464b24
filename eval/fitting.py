"""The weights by which facts are chosen and questions refused, fitted on the development cases.

Comes in: a coach and cases. Goes out: a weight for each of ``coach.answering.selecting.FEATURES``, of
``coach.answering.leaning.SIGNS`` and of ``coach.answering.answerable.SIGNS``, and how well they do on cases that they
were not fitted on. Only the development split is ever read here.

Each form of a case is one example: its features are those that the coach computes, and its right facts are those whose
sentences, with what is said along with them, hold the most of its vital nuggets, lie in passages that may be cited for
it, and are not much longer than they need be. The weights are those of a conditional logit (McFadden 1974): the
likelihood that one of the right facts is chosen from all, with a quadratic penalty on the weights of standardised
features. Whether a question leans on the conversation, and whether it is answered where nothing else settles that, are
plain logistic regressions over signs, fitted with the facts chosen as they then are. What does not lean is made of
whole questions, asked after the answer to another that they have nothing to do with.
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
from coach.answering.leaning import SIGNS as LEANING_SIGNS
from coach.answering.selecting import FEATURES
from coach.pipeline import Coach, Reading
from coach.types import Answer, Status
from eval.cases import Case
from eval.matching import holds
from eval.running import forms

PENALTY = 0.01
"""Half of it times the squared weight is added for each feature."""

FOLDS = 5

SMALL_TALK = frozenset({"conversational", "other_language"})
"""Slices that are answered before anything is understood."""

SHORT_ENOUGH = 30
LONGER = 2.0
"""A right fact may be so many times longer than the shortest right one, which counts as no shorter than so many words:
a list of everything holds every fact of its kind."""

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
    """One form of a case of which nothing but its signs tells something: whether it is answered, or leans."""

    case: str
    signs: tuple[float, ...]
    holds: bool


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
        held, words = _held(case, coach.reading(case.pathway))
        history: list[Answer] = []
        for earlier in case.history:
            history.append(coach.ask(earlier, history, case.pathway))
        for form, question in forms(case):
            before = () if form == "standalone" else tuple(history)
            rows, values = coach.features(question, before, case.pathway)
            share, length = held[rows], words[rows]
            if share.max() > 0:
                right = share >= share.max() - 1e-9
                right &= length <= LONGER * max(length[right].min(), SHORT_ENOUGH)
                yield Example(case.id, form, values, right)


def _held(case: Case, reading: Reading) -> tuple[Matrix, Matrix]:
    """For every fact, the share of the vital nuggets that an answer from it would hold, and its length in words."""
    vital = [nugget for nugget in case.nuggets if nugget.vital]
    fair = {*case.gold, *case.also}
    shares, lengths = [], []
    for cell in reading.composer.facts.cells:
        texts = [statement.text for statement in reading.composer.told(cell)]
        lengths.append(sum(len(text.split()) for text in texts))
        is_fair = not fair or cell.passage.id in fair
        shares.append(sum(holds(nugget, texts) for nugget in vital) / len(vital) if is_fair else 0.0)
    return np.array(shares), np.array(lengths)


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


def leaning(coach: Coach, cases: Iterable[Case]) -> Iterator[Signed]:
    """Follow-ups of the development split, and whole questions asked after the answer to another one."""
    strangers: dict[str, Answer] = {}
    for case in cases:
        if case.split != "dev":
            continue
        history: list[Answer] = []
        for earlier in case.history:
            history.append(coach.ask(earlier, history, case.pathway))
        stranger = strangers.get(case.pathway)
        for form, question in forms(case):
            if history:
                yield Signed(case.id, coach.leaning_signs(question, history, case.pathway), form != "standalone")
            elif stranger is not None and case.slice not in SMALL_TALK:
                yield Signed(case.id, coach.leaning_signs(question, (stranger,), case.pathway), False)
        last = history[-1] if history else coach.ask(case.question, (), case.pathway)
        if last.status is Status.ANSWERED:
            strangers[case.pathway] = last


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


def fit_leaning(rows: Sequence[Signed]) -> Fitted:
    """Weights of the signs of leaning; ``held_out``: shares of both kinds that are read wrongly, likewise."""
    wrongly = "follow-ups read alone", "whole questions read as follow-ups"
    return _fit_signs(rows, LEANING_SIGNS, *wrongly, when=(True, False))


def fit_answerable(rows: Sequence[Signed]) -> Fitted:
    """Weights of the signs on all examples; ``held_out``: shares of both kinds that are refused, likewise."""
    return _fit_signs(rows, SIGNS, "answerable refused", "unanswerable refused", when=(True, True))


def _fit_signs(
    rows: Sequence[Signed], names: Sequence[str], holding: str, other: str, *, when: tuple[bool, bool]
) -> Fitted:
    """``holding`` and ``other`` name the shares of rows that hold and that do not; counted is, for each of the two,
    what is judged not to hold (True) or to hold (False)."""
    counted: dict[str, list[float]] = {}
    for number in range(FOLDS):
        weights = _logistic([row for row in rows if _fold(row.case) != number])
        for row in (row for row in rows if _fold(row.case) == number):
            against = bool(np.array(row.signs) @ weights < 0)
            name, counts_against = (holding, when[0]) if row.holds else (other, when[1])
            counted.setdefault(name, []).append(float(against == counts_against))
    shares = {name: float(np.mean(values)) for name, values in counted.items()}
    return Fitted(_named(names, _logistic(rows)), shares, len(rows))


def _fold(case: str) -> int:
    return int(hashlib.sha256(case.encode()).hexdigest(), 16) % FOLDS


def _named(names: Sequence[str], weights: Matrix) -> dict[str, float]:
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def _logistic(rows: Sequence[Signed]) -> Matrix:
    values = np.array([row.signs for row in rows])
    holds_ = np.array([row.holds for row in rows])
    # There are ten times as many of one kind: questions that have to be answered, or that stand alone. If each counted
    # the same, nearly all would be judged to be of it; if both kinds counted the same in sum, a fifth of the answerable
    # would be refused. Half-way, see the log.
    even = np.where(holds_, 0.5 / holds_.sum(), 0.5 / (~holds_).sum()) * len(rows)
    heavy = (1.0 + even) / 2

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        scores = np.where(holds_, 1.0, -1.0) * (values @ weights)
        slope = -(heavy * np.where(holds_, 1.0, -1.0) * expit(-scores)) @ values + weights
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
