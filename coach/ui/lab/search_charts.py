"""Recall against the time of a query, one line for each M, points labelled by ef.

Comes in: a measurement. Goes out: an Altair chart. It measures nothing and calls no Streamlit command.

Colours are of middle lightness, so that they stand out on paper and on ink; each M has a shape of its own as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it

from coach.lab.neighbours import NEIGHBOURS, Measurement, Point
from coach.ui import chart_theme  # noqa: F401 - how labels are coloured
from coach.ui.lab.charts import COLOURS, SLATE

HEIGHT = 320
NEAR = 0.25
"""Exact search is drawn where it is not further from the other points than this, as a share of their span: elsewhere it
would press all of them into a corner."""

LABEL_WIDTH, LABEL_HEIGHT = 0.14, 0.09
"""Of the chart, on a telephone."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


def recall_chart(measured: Measurement) -> alt.LayerChart:
    rows = [
        {
            "m": f"M {point.neighbours}",
            "ef": point.search,
            "label": label,
            "recall": 100 * point.recall,
            "ms": 1000 * point.seconds,
            "said": f"{100 * point.recall:.1f} %",
            "took": f"{1000 * point.seconds:.2f} ms, {point.ratio:.1f} times exact search",
        }
        for point, label in zip(measured.points, _labels(measured.points), strict=True)
    ]
    names = [f"M {m}" for m in measured.setup.neighbours]
    looks = [NEIGHBOURS.index(m) for m in measured.setup.neighbours]  # the same M looks the same in every measurement
    colour = alt.Color(
        "m:N",
        title=None,
        scale=alt.Scale(domain=names, range=[COLOURS[look] for look in looks]),
        legend=alt.Legend(orient="top", direction="horizontal"),
    )
    shape = alt.Shape(  # one legend with the colours, as long as both have the same title and place
        "m:N",
        title=None,
        scale=alt.Scale(domain=names, range=[SHAPES[look] for look in looks]),
        legend=alt.Legend(orient="top", direction="horizontal"),
    )
    exact = 1000 * measured.exact_seconds
    times = [point.seconds * 1000 for point in measured.points]
    low, high = min(times), max(times)
    margin = NEAR * (high - low or high)
    drawn = low - margin <= exact <= high + margin
    ends = [min(low, exact), max(high, exact)] if drawn else [low, high]
    pad = 0.08 * (ends[1] - ends[0] or high)
    least = min(point.recall for point in measured.points) * 100
    x = alt.X(
        "ms:Q",
        title=_axis(measured, drawn),
        scale=alt.Scale(domain=[max(0.0, ends[0] - pad), ends[1] + 2 * pad], nice=False, zero=False),
        axis=alt.Axis(tickCount=5, grid=True),
    )
    y = alt.Y(
        "recall:Q",
        title="Recall at 10 (% of true neighbours)",
        scale=alt.Scale(domain=[max(0.0, least - 5), 102], nice=False, zero=False),
        axis=alt.Axis(tickCount=6, grid=True),
    )
    tooltip = [
        alt.Tooltip("m:N", title="Graph"),
        alt.Tooltip("ef:Q", title="ef"),
        alt.Tooltip("said:N", title="Recall at 10"),
        alt.Tooltip("took:N", title="A query"),
    ]
    base = alt.Chart(alt.InlineData(values=rows))
    layers: list[alt.Chart] = [
        base.mark_line(strokeWidth=1.5, opacity=0.7, clip=True).encode(x=x, y=y, color=colour, order="ef:Q"),
        base.mark_point(size=80, filled=True, opacity=1, clip=True).encode(
            x=x, y=y, color=colour, shape=shape, tooltip=tooltip
        ),
        base.mark_text(align="left", dx=7, dy=9, fontSize=11).encode(x=x, y=y, color=colour, text="label:N"),
    ]
    if drawn:
        line = alt.Chart(alt.InlineData(values=[{"ms": exact, "name": f"Exact search, {exact:.2f} ms"}]))
        layers.append(
            line.mark_rule(color=SLATE, strokeWidth=1.5, strokeDash=[5, 4]).encode(
                x=x, tooltip=alt.Tooltip("name:N", title="Line")
            )
        )
        layers.append(
            line.mark_text(color=SLATE, align="left", dx=4, dy=-6, baseline="bottom", fontSize=11).encode(
                x=x, y=alt.value(HEIGHT), text="name:N"
            )
        )
    return cast("alt.LayerChart", alt.layer(*layers).properties(height=HEIGHT))


def _labels(points: Sequence[Point]) -> list[str]:
    """An ef beside each point, and none where another one stands close by: the tooltip and the table have them all."""
    width = max(point.seconds for point in points) - min(point.seconds for point in points) or 1.0
    height = max(point.recall for point in points) - min(point.recall for point in points) or 1.0
    labelled: list[Point] = []
    labels = []
    for point in points:
        free = all(
            abs(point.seconds - other.seconds) / width > LABEL_WIDTH
            or abs(point.recall - other.recall) / height > LABEL_HEIGHT
            for other in labelled
        )
        if free:
            labelled.append(point)
        labels.append(f"ef {point.search}" if free else "")
    return labels


def _axis(measured: Measurement, drawn: bool) -> list[str]:
    """Name and unit; where exact search is too far off to be drawn, where it would be."""
    exact = 1000 * measured.exact_seconds
    title = ["Time of a query (ms, median)"]
    if not drawn:
        left = measured.exact_seconds < min(point.seconds for point in measured.points)
        title.append(f"Exact search: {exact:.2f} ms, {'left' if left else 'right'} of what is drawn")
    return title
