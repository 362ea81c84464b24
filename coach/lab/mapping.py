"""A map of all passages in two dimensions, with a question among them.

Comes in: a corpus's passages with their vectors, and the vectors of questions. Goes out: points, how much of the
differences between passages the map shows, and the nearest neighbours of each question. Principal components by
singular value decomposition: nothing is drawn at random, so the same passages give the same map. Neighbours are the
nearest in all dimensions and not on the map, where far may look near.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coach.lab.places import place, section
from coach.lab.walk import Place
from coach.retrieval.encoder import Vectors
from coach.types import Frozen, Passage

NEIGHBOURS = 5

DIGITS = 6
"""Coordinates are rounded here, so that the order of a sum cannot move a point."""


class Point(Frozen):
    place: Place
    section: str
    x: float
    y: float


class Neighbour(Frozen):
    point: Point
    cosine: float


class Asked(Frozen):
    """A question on the map."""

    text: str
    x: float
    y: float
    neighbours: tuple[Neighbour, ...]
    """Nearest first."""


class PassageMap(Frozen):
    points: tuple[Point, ...]
    explained: tuple[float, float]
    """Share of the differences between passages that each axis shows."""
    asked: tuple[Asked, ...]


@dataclass(frozen=True, eq=False)
class Plane:
    """The two directions in which passages differ most. Depends on the passages alone, so that it can be kept."""

    points: tuple[Point, ...]
    explained: tuple[float, float]
    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    """Shape (2, dimensions)."""
    vectors: Vectors


def plane(passages: Mapping[str, Passage], vectors: Vectors) -> Plane:
    """The plane of these passages; ``vectors`` are their unit rows in the same order, at least one.

    Of an axis that could point either way, the coordinate of greatest size is made positive.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    mean = rows.mean(axis=0)
    _, sizes, directions = np.linalg.svd(rows - mean, full_matrices=False)
    axes = np.zeros((2, rows.shape[1]))
    axes[: min(2, len(directions))] = directions[:2]
    largest = axes[np.arange(2), np.abs(axes).argmax(axis=1)]
    axes[largest < 0] *= -1
    spread = sizes**2
    total = float(spread.sum())
    shares = [float(spread[at]) / total if total > 0 and at < len(spread) else 0.0 for at in range(2)]
    flat = _flat(rows, mean, axes)
    points = tuple(
        Point(place=place(passage), section=section(passage), x=x, y=y)
        for passage, (x, y) in zip(passages.values(), flat, strict=True)
    )
    return Plane(points, (round(shares[0], DIGITS), round(shares[1], DIGITS)), mean, axes, vectors)


def on_map(on: Plane, questions: Sequence[tuple[str, Sequence[float]]], count: int = NEIGHBOURS) -> PassageMap:
    """The map with these questions on it, each as its text and its vector of unit length."""
    asked = []
    for text, vector in questions:
        own = np.asarray(vector, dtype=np.float64)
        cosines = np.round(np.asarray(on.vectors, dtype=np.float64) @ own, DIGITS)
        nearest = np.argsort(-cosines, kind="stable")[:count].tolist()
        ((x, y),) = _flat(own[None, :], on.mean, on.axes)
        neighbours = tuple(Neighbour(point=on.points[row], cosine=float(cosines[row])) for row in nearest)
        asked.append(Asked(text=text, x=x, y=y, neighbours=neighbours))
    return PassageMap(points=on.points, explained=on.explained, asked=tuple(asked))


def _flat(rows: NDArray[np.float64], mean: NDArray[np.float64], axes: NDArray[np.float64]) -> list[tuple[float, float]]:
    # Zero is added because rounding leaves a minus before it, which would show.
    return [(x, y) for x, y in (np.round((rows - mean) @ axes.T, DIGITS) + 0.0).tolist()]
