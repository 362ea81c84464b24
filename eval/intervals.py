"""From measures of single cases to figures with intervals: pure functions.

Comes in: the measures that cases add to a metric. Goes out: their ratio with a 95 percent percentile bootstrap
interval over cases (B. Efron 1979), and one ``Summary`` for each slice. The same measures give the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eval.records import CaseRecord, Figure, Measure, Summary

RESAMPLES = 2000
SEED = 20261122
DIGITS = 6
"""Sums in another order differ far below this."""


def ratio(measures: Sequence[Measure]) -> float:
    """Sum of parts over sum of wholes. Raises ValueError without measures, as nothing over nothing is no figure."""
    if not measures:
        raise ValueError("expected at least one measure, got none")
    parts = np.array([measure.part for measure in measures])
    wholes = np.array([measure.whole for measure in measures])
    return round(float(parts.sum() / wholes.sum()), DIGITS)


def figure(measures: Sequence[Measure]) -> Figure:
    """The ratio with its interval. Raises ValueError without measures."""
    value = ratio(measures)
    parts = np.array([measure.part for measure in measures])
    wholes = np.array([measure.whole for measure in measures])
    drawn = _draws(len(measures))
    ratios = (drawn @ parts) / (drawn @ wholes)
    low, high = np.percentile(ratios, (2.5, 97.5))
    return Figure(
        value=value,
        low=round(float(low), DIGITS),
        high=round(float(high), DIGITS),
        n=len(measures),
    )


@lru_cache(maxsize=64)
def _draws(n: int) -> NDArray[np.float64]:
    """How often each of ``n`` cases is in each resample, shape (RESAMPLES, n)."""
    generator = np.random.default_rng(SEED)
    return generator.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)


def summarise(name: str, cases: Sequence[CaseRecord]) -> Summary:
    """Every metric that some case adds to, in order of first appearance."""
    metrics = dict.fromkeys(metric for case in cases for metric in case.measures)
    return Summary(
        name=name,
        n=len(cases),
        figures={
            metric: figure([case.measures[metric] for case in cases if metric in case.measures]) for metric in metrics
        },
    )


def summaries(cases: Sequence[CaseRecord]) -> tuple[Summary, ...]:
    """One for each slice by name, one for each split if there are two, then one for all; empty without cases."""
    if not cases:
        return ()
    parts: dict[str, list[CaseRecord]] = {}
    for case in sorted(cases, key=lambda case: case.slice):
        parts.setdefault(case.slice, []).append(case)
    splits = sorted({case.split for case in cases})
    if len(splits) > 1:
        parts |= {f"({split} split)": [case for case in cases if case.split == split] for split in splits}
    return (*(summarise(name, part) for name, part in parts.items()), summarise("all", cases))
