"""Plots of figures with their intervals.

Comes in: rows with a value and both ends of its interval, as shares. Goes out: Altair charts in percent; whoever shows
one says it in words as well. Colours are of middle lightness and stand out from the light page and from the dark one;
nothing is told by colour alone. It calls no Streamlit command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it

from coach.ui import chart_theme  # noqa: F401 - how labels are coloured

COLOURS = ("#2b8f83", "#cc7a33", "#7a6fb0", "#7d868c", "#c0607a", "#6b8f3a", "#3f86c0", "#a3852f")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
"""One each for the coach, three simple systems, and a language model in four ways."""
ROW_PIXELS = 30
SERIES_PIXELS = 18
AXIS_PIXELS = 60
LEGEND_PIXELS = 25


class Point(NamedTuple):
    """A figure and its 95 percent interval, as shares from -1 to 1."""

    label: str
    value: float
    low: float
    high: float
    series: str = ""
    n: int = 0


def percent(share: float) -> str:
    """
    >>> percent(0.8714), percent(1.0)
    ('87.1', '100')
    """
    return f"{100 * share:.1f}".removesuffix(".0")


def intervals(points: Sequence[Point], *, axis: str, zero: bool = False) -> alt.LayerChart:
    """A row for each label, a point for each series with its interval; ``zero`` draws the line of no difference."""
    series = list(dict.fromkeys(point.series for point in points))
    rows = [
        {
            "label": point.label,
            "series": point.series,
            "value": round(100 * point.value, 1),
            "low": round(100 * point.low, 1),
            "high": round(100 * point.high, 1),
            "n": point.n,
        }
        for point in points
    ]
    labels = list(dict.fromkeys(point.label for point in points))
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=170, ticks=False, domain=False)),
        yOffset=alt.YOffset("series:N", sort=series),
        tooltip=[
            alt.Tooltip("label:N", title="What"),
            alt.Tooltip("series:N", title="Of"),
            alt.Tooltip("value:Q", title="Percent"),
            alt.Tooltip("low:Q", title="Lower end"),
            alt.Tooltip("high:Q", title="Upper end"),
            alt.Tooltip("n:Q", title="Cases"),
        ],
    )
    legend = alt.Legend(title=None, orient="top", columns=1) if len(series) > 1 else None
    colour = alt.Color("series:N", legend=legend, scale=alt.Scale(domain=series, range=list(COLOURS[: len(series)])))
    shape = alt.Shape("series:N", legend=legend, scale=alt.Scale(domain=series, range=list(SHAPES[: len(series)])))
    x = alt.X("low:Q", title=axis, scale=alt.Scale(zero=False, nice=True))
    layers: list[alt.Chart] = [
        base.mark_rule(strokeWidth=2, opacity=0.7).encode(x=x, x2="high:Q", color=colour),
        base.mark_point(filled=True, size=80, opacity=1).encode(
            x=alt.X("value:Q", title=axis), color=colour, shape=shape
        ),
    ]
    if zero:
        line = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(strokeDash=[4, 4], opacity=0.6)
        layers.insert(0, line.encode(x=alt.X("at:Q", title=axis)))
    return alt.LayerChart(
        layer=layers,
        width="container",
        # What is given holds the axis and the legend as well.
        height=AXIS_PIXELS + len(labels) * max(ROW_PIXELS, SERIES_PIXELS * len(series)) + LEGEND_PIXELS * len(series),
    )


class Dated(NamedTuple):
    """A figure of one run."""

    date: str
    """ISO 8601."""
    series: str
    value: float
    low: float
    high: float


def history(points: Sequence[Dated], *, axis: str) -> alt.LayerChart:
    """One line a series over the runs, with a band for the interval."""
    series = list(dict.fromkeys(point.series for point in points))
    rows = [
        {
            "date": point.date,
            "series": point.series,
            "value": round(100 * point.value, 1),
            "low": round(100 * point.low, 1),
            "high": round(100 * point.high, 1),
        }
        for point in points
    ]
    colour = alt.Color(
        "series:N",
        legend=alt.Legend(title=None, orient="top"),
        scale=alt.Scale(domain=series, range=list(COLOURS[: len(series)])),
    )
    shape = alt.Shape("series:N", legend=None, scale=alt.Scale(domain=series, range=list(SHAPES[: len(series)])))
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("date:T", title="When the run began (UTC)", axis=alt.Axis(labelOverlap=True, format="%-d %b, %H:%M")),
        color=colour,
        tooltip=[
            alt.Tooltip("date:T", title="Run", format="%-d %b %Y, %H:%M"),
            alt.Tooltip("series:N", title="Split"),
            alt.Tooltip("value:Q", title="Percent"),
        ],
    )
    scale = alt.Scale(zero=False, nice=True)
    return alt.LayerChart(
        layer=[
            base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=axis, scale=scale), y2="high:Q"),
            base.mark_line().encode(y=alt.Y("value:Q", title=axis)),
            base.mark_point(filled=True, size=70, opacity=1).encode(y=alt.Y("value:Q", title=axis), shape=shape),
        ],
        width="container",
        height=260,
    )
