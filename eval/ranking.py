"""How high did retrieval put the gold passages? Measured by ir-measures: the one module that knows it.

Comes in: passage ids, best first, and those that should be found. Goes out: recall at 5, nDCG at 10 and reciprocal
rank, each from 0 to 1. Gold passages have relevance 2, further ones that may fairly be cited 1: recall and reciprocal
rank look for gold alone, nDCG rewards both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import ir_measures
from ir_measures import RR, R, nDCG

_MEASURES = {"recall@5": R(rel=2) @ 5, "ndcg@10": nDCG @ 10, "reciprocal_rank": RR(rel=2)}
NAMES = tuple(_MEASURES)


def measure(ranked: Sequence[str], gold: Collection[str], also: Collection[str] = ()) -> dict[str, float]:
    """The three figures by name; ``gold`` is not empty. All are 0 where nothing was retrieved.

    >>> measure(("b", "a"), gold={"a"})
    {'recall@5': 1.0, 'ndcg@10': 0.6309, 'reciprocal_rank': 0.5}
    """
    if not ranked:
        return dict.fromkeys(_MEASURES, 0.0)
    relevant = {**dict.fromkeys(also, 1), **dict.fromkeys(gold, 2)}
    judged = [ir_measures.Qrel("q", id_, relevance) for id_, relevance in sorted(relevant.items())]
    run = [ir_measures.ScoredDoc("q", id_, -float(rank)) for rank, id_ in enumerate(dict.fromkeys(ranked))]
    found = {metric.measure: metric.value for metric in ir_measures.iter_calc(list(_MEASURES.values()), judged, run)}
    return {name: round(found[wanted], 4) for name, wanted in _MEASURES.items()}
