"""How well does the coach's grounding score rank text that others wrote? Measured on BEGIN (Dziri et al. 2022).

Comes in: a folder of BEGIN's files, ``*.tsv``: tab-separated without quoting, with a snippet of ``knowledge``, a
``response`` and the verdict of people on it in ``begin_label``. Goes out: for each file, by name, the area under the
ROC curve of the score, with "Fully attributable" as positive, and its 95 percent bootstrap interval. The files are
public and not part of the project.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coach.answering.grounding import support

POSITIVE = "Fully attributable"
NEGATIVES = ("Not fully attributable", "Generic")
COLUMNS = ("knowledge", "response", "begin_label")
RESAMPLES = 2000
SEED = 20261122

_Scores = Sequence[float] | NDArray[np.float64]
_Labels = Sequence[bool] | NDArray[np.bool_]


class GroundingDataError(ValueError):
    """The folder or a file in it is not as expected; names file and line, and says what to do."""


@dataclass(frozen=True)
class Judged:
    """One reply and the verdict of people on it."""

    knowledge: str
    response: str
    attributable: bool


@dataclass(frozen=True)
class GroundingResult:
    n: int
    auroc: float
    low: float
    high: float
    """``low`` and ``high`` are the ends of the 95 percent interval."""


def read_begin(path: Path) -> tuple[Judged, ...]:
    """The rows of one file, in order; a quotation mark is a letter like any other.

    Raises GroundingDataError for a file that cannot be read, has no row, lacks a column, or has a row with another
    number of fields or with an unknown label.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GroundingDataError(f"{path}: cannot be read as UTF-8 text ({error}); get the file again") from error
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    header = lines[0].split("\t")
    if lacking := [column for column in COLUMNS if column not in header]:
        raise GroundingDataError(
            f"{path}:1: expected the columns {', '.join(COLUMNS)}, {', '.join(lacking)} missing; "
            "keep BEGIN's header line, tab-separated"
        )
    judged = tuple(_judged(line, header, f"{path}:{at}") for at, line in enumerate(lines[1:], start=2) if line.strip())
    if not judged:
        raise GroundingDataError(f"{path}: expected at least one row below the header, found none; get the file again")
    return judged


def _judged(line: str, header: Sequence[str], place: str) -> Judged:
    fields = line.split("\t")
    if len(fields) != len(header):
        raise GroundingDataError(
            f"{place}: expected {len(header)} tab-separated fields, got {len(fields)}; mend the row or remove it"
        )
    row = dict(zip(header, fields, strict=True))
    label = row["begin_label"].strip()
    if label not in (POSITIVE, *NEGATIVES):
        allowed = ", ".join(map(repr, (POSITIVE, *NEGATIVES)))
        raise GroundingDataError(f"{place}: begin_label: expected one of {allowed}, got {label!r}; mend the label")
    return Judged(row["knowledge"], row["response"], label == POSITIVE)


def auroc(scores: _Scores, positive: _Labels) -> float:
    """The share of pairs of a positive and a negative in which the positive has the higher score; ties count half.

    Raises ValueError unless there are as many scores as labels, with both kinds among them.

    >>> auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875
    """
    if len(scores) != len(positive):
        raise ValueError(f"expected a label for each score, got {len(scores)} scores and {len(positive)} labels")
    labels = np.array(positive, dtype=bool)
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        raise ValueError("expected positives and negatives, got one kind only")
    _, inverse, counts = np.unique(np.array(scores, dtype=float), return_inverse=True, return_counts=True)
    midranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    pairs_won = midranks[labels].sum() - positives * (positives + 1) / 2  # Mann-Whitney U
    return float(pairs_won / (positives * (len(labels) - positives)))


def interval(scores: _Scores, positive: _Labels) -> tuple[float, float]:
    """The 95 percent percentile bootstrap interval of ``auroc``; the same values give the same interval.

    Positives and negatives are drawn apart, so that both are in every resample. Raises as ``auroc`` does.
    """
    auroc(scores, positive)
    values, labels = np.array(scores, dtype=float), np.array(positive, dtype=bool)
    generator = np.random.default_rng(SEED)
    kinds = np.flatnonzero(labels), np.flatnonzero(~labels)
    drawn: list[float] = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([generator.choice(kind, len(kind)) for kind in kinds])
        drawn.append(auroc(values[rows], labels[rows]))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def measure(folder: Path) -> dict[str, GroundingResult]:
    """One result for each ``*.tsv`` file of the folder, by file name, in order of names.

    Raises GroundingDataError when the folder is missing or holds no such file, for what ``read_begin`` rejects, and
    for a file whose rows have all the same verdict.
    """
    if not folder.is_dir():
        raise GroundingDataError(f"{folder}: expected a folder with BEGIN's *.tsv files; give its path with --data")
    paths = sorted(folder.glob("*.tsv"))
    if not paths:
        raise GroundingDataError(f"{folder}: expected at least one *.tsv file, found none; put BEGIN's files there")
    return {path.name: _result(path) for path in paths}


def _result(path: Path) -> GroundingResult:
    rows = read_begin(path)
    positive = [row.attributable for row in rows]
    if len(set(positive)) < 2:
        raise GroundingDataError(f"{path}: expected attributable and other rows, got one kind only; use a whole file")
    scores = [support(row.response, row.knowledge).score for row in rows]
    low, high = interval(scores, positive)
    return GroundingResult(n=len(rows), auroc=auroc(scores, positive), low=low, high=high)


def run(folder: Path) -> dict[str, GroundingResult]:
    """What the command measures; raises as ``measure`` does."""
    return measure(folder)


def as_json(results: Mapping[str, GroundingResult]) -> str:
    """One JSON object on one line: file name to ``n`` and ``auroc``.

    >>> as_json({"dev.tsv": GroundingResult(n=8, auroc=0.96875, low=0.9, high=1.0)})
    '{"dev.tsv": {"n": 8, "auroc": 0.96875}}'
    """
    return json.dumps({name: {"n": one.n, "auroc": round(one.auroc, 6)} for name, one in results.items()})


def show(results: Mapping[str, GroundingResult], console: Console) -> None:
    """Print a table with a row for each file."""
    table = Table("file", title="AUROC of the grounding score, positive: fully attributable")
    for column in ("n", "AUROC", "95 percent"):
        table.add_column(column, justify="right")
    for name, one in results.items():
        table.add_row(escape(name), str(one.n), f"{one.auroc:.3f}", f"{one.low:.3f} to {one.high:.3f}")
    console.print(table)
