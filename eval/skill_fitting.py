"""The weights by which a line of a resume shows a skill, fitted on labelled lines.

Comes in: ``eval/skills/lines.jsonl``, pairs of a skill and a line, labelled resumes of the development split, and an
encoder. Goes out: a weight for each of ``coach.planning.evidence_features.FEATURES`` with a bias, and how likely each
line was found when its skill was held out. Logistic regression with weights that are not negative, as each feature
speaks for a skill. As most lines of a resume show most skills not, each skill also gets lines of others as lines that
do not show it, but none of a skill whose field is near.

A line may be read in several stretches, of which the best counts, in use as here: so the fit picks the best by the
weights it has, fits again, and so on (as in multiple-instance learning, Andrews et al. 2003). Deeds in ``kin.yaml``
that are lines of the data are left out while fitting, or every line would be like itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from coach.planning.clauses import read_clauses
from coach.planning.evidence import Candidates
from coach.planning.evidence_features import Features, Subject, tools_named, units
from coach.planning.kin import Kin
from coach.retrieval.encoder import Encoder
from eval.cases import CaseError

LINES_FILE = Path(__file__).parent / "skills" / "lines.jsonl"

FOLDS = 6
ROUNDS = 4
OTHERS_EACH = 40
"""Lines of other skills for each skill: about what a resume has."""
RESUME_WEIGHT = 2.0
"""What a skill of a labelled resume counts, for a labelled line."""
PENALTY = 0.01
"""Of squared weights, for each pair; flat from a tenth to ten times as much."""
SEED = 1

Matrix = NDArray[np.float64]
Row = TypeVar("Row")


class Labelled(NamedTuple):
    """A line of a resume and whether it shows a skill."""

    skill: str
    about: str
    line: str
    shows: bool
    why: str


class Pair(NamedTuple):
    line: int
    skill: int
    shows: bool


@dataclass(frozen=True)
class _Line:
    """A line as the features take it: an item of a list under no heading."""

    text: str
    heading: str = ""
    item: bool = True


@dataclass(frozen=True)
class FittedWeights:
    weights: Matrix
    """One for each feature, in their order."""
    bias: float
    labelled: tuple[Labelled, ...]
    held_out: Matrix
    """How likely each labelled line shows its skill, by weights fitted without that skill; 0 for another's doing."""
    others_held_out: Matrix
    """Likewise for the lines of other skills."""
    resumes_held_out: tuple[Matrix, ...]
    """Likewise for each skill of each resume, by weights fitted without all resumes of its writer."""


class Resume(NamedTuple):
    """A labelled resume of the development split as the features take it."""

    there: Candidates
    shows: NDArray[np.bool_]
    """For each subject."""
    writer: str
    """Who wrote it and labelled it: what one writer does again and again says nothing of the next."""


class _Bag(NamedTuple):
    """Stretches of which at least one shows something, or none does."""

    rows: Matrix
    shows: bool
    weight: float


def read_rows(file: Path, read: Callable[[Mapping[str, Any]], Row], expected: str) -> tuple[Row, ...]:
    """The rows of a file of JSON lines. Raises CaseError with the place of a line that does not hold ``expected``."""
    found = []
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CaseError(f"{file}: cannot be read ({error.strerror}). Restore it.") from error
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found.append(read(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise CaseError(f"{file}:{number}: expected {expected} ({error!r}).") from error
    return tuple(found)


def read_lines(file: Path = LINES_FILE) -> tuple[Labelled, ...]:
    """The labelled lines. Raises CaseError with the place of a line that is not as it should be."""

    def read(row: Mapping[str, Any]) -> Labelled:
        return Labelled(row["skill"], row["about"], row["line"], bool(row["shows"]), row["why"])

    return read_rows(file, read, "skill, about, line, shows and why")


def fit(encoder: Encoder, resumes: Sequence[Resume] = (), labelled: Sequence[Labelled] | None = None) -> FittedWeights:
    """Fit on all lines and resumes; what is held out is by skill and by writer, so that neither is on both sides."""
    lines = tuple(labelled or read_lines())
    about = {line.skill: line.about for line in lines}
    names = list(about)
    subjects = [Subject(name, name, (), text, tools_named(text)) for name, text in about.items()]
    features = Features(subjects, encoder, Kin(encoder, without=frozenset(line.line for line in lines)))
    stretches = [units(read_clauses([_Line(line.line)]).own) for line in lines]
    rows = features.rows([unit for found in stretches for unit in found])
    ends = np.cumsum([len(found) for found in stretches])
    by_line = [rows[end - len(found) : end] for found, end in zip(stretches, ends, strict=True)]
    own = [Pair(at, names.index(line.skill), line.shows) for at, line in enumerate(lines)]
    pairs = [*own, *_others(own, features)]
    bags = [_Bag(by_line[pair.line][:, pair.skill], pair.shows, 1.0) for pair in pairs]
    of_resumes = [_bags(resume) for resume in resumes]
    held_out = np.zeros(len(pairs))
    found_in = [np.zeros(len(resume.shows)) for resume in resumes]
    for fold in range(FOLDS):
        kept = [
            bag
            for bag, pair in zip(bags, pairs, strict=True)
            if pair.skill % FOLDS != fold and own[pair.line].skill % FOLDS != fold
        ]
        weights, bias = _fit([*kept, *(bag for found in of_resumes for bag in found)])
        for at, pair in enumerate(pairs):
            if pair.skill % FOLDS == fold:
                held_out[at] = _likely(bags[at].rows, weights, bias)
    for writer in dict.fromkeys(resume.writer for resume in resumes):
        of_others = [
            bag for resume, found in zip(resumes, of_resumes, strict=True) if resume.writer != writer for bag in found
        ]
        weights, bias = _fit([*bags, *of_others])
        for at, resume in enumerate(resumes):
            if resume.writer == writer:
                scores = resume.there.scores(weights, bias)
                found_in[at] = expit(scores.max(axis=0, initial=-np.inf))
    weights, bias = _fit([*bags, *(bag for found in of_resumes for bag in found)])
    return FittedWeights(weights, bias, lines, held_out[: len(own)], held_out[len(own) :], tuple(found_in))


def _bags(resume: Resume) -> list[_Bag]:
    there = resume.there
    return [
        _Bag(there.rows[there.allowed[:, column], column], bool(shows), RESUME_WEIGHT)
        for column, shows in enumerate(resume.shows)
    ]


def _others(own: Sequence[Pair], features: Features) -> list[Pair]:
    drawn = np.random.default_rng(SEED)
    links = [features.links(column) for column in range(len(features.subjects))]
    main = [max(found, key=lambda at: found[at]) if found else None for found in links]
    pairs = []
    for skill in range(len(links)):
        far = [
            at
            for at, pair in enumerate(own)
            if pair.shows and pair.skill != skill and main[pair.skill] not in links[skill]
            and main[skill] not in links[pair.skill]
        ]  # fmt: skip
        pairs += [Pair(int(at), skill, False) for at in drawn.choice(far, min(OTHERS_EACH, len(far)), replace=False)]
    return pairs


def _fit(bags: Sequence[_Bag]) -> tuple[Matrix, float]:
    usable = [bag for bag in bags if len(bag.rows)]
    scale = np.concatenate([bag.rows for bag in usable]).std(axis=0) + 1e-9
    weights, bias = 0.5 / scale, 0.0
    side = np.where([bag.shows for bag in usable], 1.0, -1.0)
    heavy = np.array([bag.weight for bag in usable])
    for _ in range(ROUNDS):
        best = np.stack([bag.rows[int(np.argmax(bag.rows @ weights))] for bag in usable])
        values = np.c_[best / scale, np.ones(len(best))]

        def loss(found: Matrix, values: Matrix = values) -> tuple[float, Matrix]:
            margins = side * (values @ found)
            held = np.r_[found[:-1], 0.0] * PENALTY * heavy.sum()
            slope = -(heavy * side * expit(-margins)) @ values + held
            return float(heavy @ np.logaddexp(0.0, -margins) + held @ found / 2), slope

        start = np.zeros(values.shape[1])
        bounds = [(0.0, None)] * len(weights) + [(None, None)]
        solved = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        weights, bias = solved[:-1] / scale, float(solved[-1])
    return weights, bias


def _likely(rows: Matrix, weights: Matrix, bias: float) -> float:
    return float(expit((rows @ weights).max() + bias)) if len(rows) else 0.0
