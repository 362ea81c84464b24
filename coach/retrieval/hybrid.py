"""Several rankings made one: pure functions over scores.

Comes in: for each channel, a score per passage id, higher being better. Goes out: one ranking. Does not
know what the channels are, where scores come from, or what the ids stand for.

Sums of z-scores keep how far ahead a passage is within a channel, which ranks alone lose: a question that
repeats a passage's rare words stands far out in the lexical channel and should. Reciprocal ranks are here
to be measured against.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from coach.types import AS_SHIPPED

Channels = Mapping[str, Mapping[str, float]]

WEIGHTS: Mapping[str, float] = AS_SHIPPED.weights

RRF_K = 60
"""Cormack, Clarke and Buettcher 2009."""

DIGITS = 6
"""Scores are rounded here: float sums in another order differ by 2e-7, and a tie must stay a tie."""


def fuse_z_scores(channels: Channels, weights: Mapping[str, float] = WEIGHTS) -> list[tuple[str, float]]:
    """Ids with the weighted sum of their z-scores, best first, ties in the order of the ids.

    An id that a channel does not list gets that channel's lowest score; a channel that cannot tell its
    passages apart adds nothing.

    >>> fuse_z_scores({"dense": {"a": 0.9, "b": 0.1}, "lexical": {"a": 0.0, "b": 0.0}}, {"dense": 1.0, "lexical": 1.0})
    [('a', 1.0), ('b', -1.0)]
    """
    ids = sorted({id_ for scores in channels.values() for id_ in scores})
    total = dict.fromkeys(ids, 0.0)
    for channel, scores in channels.items():
        if not scores:
            continue
        lowest = min(scores.values())
        filled = [scores.get(id_, lowest) for id_ in ids]
        mean = math.fsum(filled) / len(filled)
        spread = math.sqrt(math.fsum((score - mean) ** 2 for score in filled) / len(filled))
        if spread == 0.0:
            continue
        for id_, score in zip(ids, filled, strict=True):
            total[id_] += weights.get(channel, 0.0) * (score - mean) / spread
    return _best_first(total)


def fuse_reciprocal_ranks(
    channels: Channels, weights: Mapping[str, float] = WEIGHTS, *, k: int = RRF_K
) -> list[tuple[str, float]]:
    """Ids with the weighted sum of ``1 / (k + rank)``, best first, ties in the order of the ids.

    Equal scores share the better rank; an id that a channel does not list gets nothing from it.
    """
    total: dict[str, float] = dict.fromkeys(sorted({id_ for scores in channels.values() for id_ in scores}), 0.0)
    for channel, scores in channels.items():
        for id_, rank in _shared_ranks(scores).items():
            total[id_] += weights.get(channel, 0.0) / (k + rank)
    return _best_first(total)


def _shared_ranks(scores: Mapping[str, float]) -> dict[str, int]:
    ordered: Sequence[tuple[str, float]] = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    ranks: dict[str, int] = {}
    best_of_equal = 1
    for position, (id_, score) in enumerate(ordered, start=1):
        if position > 1 and score != ordered[position - 2][1]:
            best_of_equal = position
        ranks[id_] = best_of_equal
    return ranks


def _best_first(total: Mapping[str, float]) -> list[tuple[str, float]]:
    rounded = ((id_, round(score, DIGITS)) for id_, score in total.items())
    return sorted(rounded, key=lambda item: (-item[1], item[0]))
