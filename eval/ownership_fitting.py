"""The weights by which a line of a resume is taken for its writer's own doing, fitted on labelled lines.

Comes in: ``eval/skills/scope.jsonl``, lines of several writers who saw no code, the lines of ``lines.jsonl``, and the
deeds of ``kin.yaml``, all of which are own. Goes out: weights, and how lines are judged whose writer was held out.
Logistic regression with a penalty on squared weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from coach.planning import ownership
from coach.planning.kin import fields
from coach.planning.ownership import OwnershipWeights, signs
from coach.retrieval.encoder import Encoder
from eval.skill_fitting import read_lines, read_rows

FILE = Path(__file__).parent / "skills" / "scope.jsonl"

THRESHOLD = 0.1
"""Far lower than even: of the lines of a resume most are own, of those that are labelled here half."""
PENALTY = 1.0
DEED_WEIGHT = 0.3
"""What a deed of ``kin.yaml`` counts, for a labelled line: there are many, and all are plain."""
NOT_OWN = frozenset({"denied", "others", "company", "wish", "planned"})

Matrix = NDArray[np.float64]


class OwnLine(NamedTuple):
    writer: str
    line: str
    own: bool
    why: str


class HeldOut(NamedTuple):
    """How the lines of one writer are judged by weights fitted without them."""

    writer: str
    own_kept: float
    """Share of their own lines that are taken for own."""
    others_left_out: float


def read_own_lines(file: Path = FILE) -> tuple[OwnLine, ...]:
    """The labelled lines. Raises CaseError with the place of a line that is not as it should be."""

    def read(row: Mapping[str, Any]) -> OwnLine:
        return OwnLine(row["writer"], row["line"], bool(row["own"]), row["why"])

    return read_rows(file, read, "writer, line, own and why")


def fit_ownership(encoder: Encoder) -> tuple[OwnershipWeights, tuple[HeldOut, ...]]:
    """The weights from all lines, and how each writer's lines are judged without them."""
    lines = read_own_lines()
    more = [OwnLine("", line.line, line.why not in NOT_OWN, line.why) for line in read_lines()]
    deeds = [OwnLine("", deed, own=True, why="deed") for field in fields() for deed in field.deeds]
    every = [*lines, *more, *deeds]
    rows = signs([one.line for one in every], encoder.encode([one.line for one in every]))
    own = np.array([one.own for one in every])
    heavy = np.r_[np.ones(len(lines) + len(more)), np.full(len(deeds), DEED_WEIGHT)]
    by = np.array([one.writer for one in every])
    held_out = []
    for writer in sorted({one.writer for one in lines}):
        fitted = _fit(rows[by != writer], own[by != writer], heavy[by != writer], encoder)
        said = fitted.likely(rows[by == writer]) >= THRESHOLD
        truly = own[by == writer]
        held_out.append(HeldOut(writer, float(said[truly].mean()), float((~said[~truly]).mean())))
    return _fit(rows, own, heavy, encoder), tuple(held_out)


def _fit(rows: Matrix, own: NDArray[np.bool_], heavy: Matrix, encoder: Encoder) -> OwnershipWeights:
    side = np.where(own, 1.0, -1.0)

    def loss(found: Matrix) -> tuple[float, Matrix]:
        margins = side * (rows @ found[:-1] + found[-1])
        slope = -heavy * side * expit(-margins)
        held = PENALTY * found[:-1]
        value = float(heavy @ np.logaddexp(0.0, -margins) + held @ found[:-1] / 2)
        return value, np.r_[slope @ rows + held, slope.sum()]

    solved = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return OwnershipWeights(solved[:-1], float(solved[-1]), THRESHOLD, encoder.digest)


def write_ownership(fitted: OwnershipWeights, file: Path = ownership.FILE) -> None:
    """Make these the weights of the coach."""
    np.savez_compressed(
        file,
        weights=fitted.weights.astype(np.float32),
        bias=np.float64(fitted.bias),
        threshold=np.float64(fitted.threshold),
        encoder=np.array(fitted.encoder),
    )
    ownership.weights.cache_clear()


def in_words(held_out: Sequence[HeldOut]) -> list[str]:
    """A sentence for each writer."""
    return [
        f"lines of writer {one.writer}, held out: {100 * one.own_kept:.0f} % of own ones kept, "
        f"{100 * one.others_left_out:.0f} % of the others left out"
        for one in held_out
    ]
