"""How official pay is spread, with the learner's pay and the guide's figures marked in it.

Comes in: a ``Spread``. Goes out: a chart. Every text of it stands in an axis or the title, which take their colour from
the page's theme, and each mark has a row of its own, so that labels cannot overlap. It computes no pay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it

from coach.knowledge.wording import money, title_start
from coach.planning.pay import Spread
from coach.ui import chart_theme  # noqa: F401 - how labels are coloured

ROW_PIXELS = 38
"""A label of two lines fits, at the size that labels have on a telephone."""

CURRENCIES = {"USD": "US dollars"}
"""Names for the axis; any other currency is called by its code."""

_BREAK = "|"
"""Between the two lines of a label, which is what tells rows apart."""

_SHAPES = {"official": "square", "pay": "diamond", "guide": "circle", "raise": "triangle-right"}
"""Nothing is told by colour alone."""

COLOURS = {"official": "#7d868c", "pay": "#2b9186", "guide": "#bf6a35", "raise": "#bf6a35"}
"""Each stands out from the light page and from the dark one; a test holds them to it."""

_X = alt.X("value:Q")
_X2 = alt.X2("high:Q")
_COLOUR = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())))
_SHAPE = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values())))
_TOLD = [alt.Tooltip("name:N", title="What"), alt.Tooltip("said:N", title="A year")]


def pay_chart(spread: Spread) -> alt.LayerChart:
    """A band from the 10th to the 90th percentile, one from the 25th to the 75th, the median, and a row for each mark.

    A band is left out where an end of it is not published. The chart's description is ``spread.alternative``.
    """
    official, *marked = rows = list(_rows(spread))
    y = alt.Y("label:N", sort=[row["label"] for row in rows], title=None, axis=_label_axis())
    scale = alt.Scale(zero=False, nice=False, padding=10)
    x = _X.title(_axis_title(spread)).scale(scale).axis(_money_axis(spread))
    layers: list[alt.Chart] = []
    for band in _bands(spread, official["label"]):
        shown = _chart(band)
        # The shade behind all rows lets every mark be read against the band; the bar is the band itself.
        layers.append(shown.mark_rect(opacity=0.12).encode(x=x, x2=_X2, color=_COLOUR, tooltip=_TOLD))
        bar = shown.mark_bar(size=band["size"], opacity=0.5)
        layers.append(bar.encode(x=x, x2=_X2, y=y, color=_COLOUR, tooltip=_TOLD))
    if official["value"] is not None:
        tick = _chart(official).mark_tick(size=28, thickness=3, opacity=1)
        layers.append(tick.encode(x=x, y=y, color=_COLOUR, tooltip=_TOLD))
    if ranges := [row for row in marked if row["high"] is not None]:
        layers.append(
            _chart(*ranges).mark_bar(size=6, opacity=0.6).encode(x=x, x2=_X2, y=y, color=_COLOUR, tooltip=_TOLD)
        )
    if marked:
        points = _chart(*marked).mark_point(size=110, filled=True, opacity=1)
        layers.append(points.encode(x=x, y=y, color=_COLOUR, shape=_SHAPE, tooltip=_TOLD))
    return alt.LayerChart(
        layer=layers,
        width="container",
        height={"step": ROW_PIXELS},
        title=alt.TitleParams([title_start(spread.occupation), f"in {spread.area}"], anchor="start", frame="bounds"),
        description=spread.alternative,
    )


def _chart(*rows: dict[str, Any]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _rows(spread: Spread) -> Iterator[dict[str, Any]]:
    """The official row, then what is marked, from low to high."""
    median = next((point.value for point in spread.percentiles if point.percentile == 50), None)
    said = money(median, spread.currency) if median is not None else "not published"
    yield _row("official", "Official median", said, spread.marker, median, None)
    marked = [
        (mark.value, _row(mark.kind, mark.label, mark.said, mark.marker, mark.value, mark.high))
        for mark in spread.marks
    ]
    if spread.pay is not None:
        marked.append(
            (spread.pay, _row("pay", "Your pay now", money(spread.pay, spread.currency), None, spread.pay, None))
        )
    yield from (row for _, row in sorted(marked, key=lambda pair: pair[0]))


def _row(
    kind: str, name: str, said: str, marker: int | None, value: float | None, high: float | None
) -> dict[str, Any]:
    cited = f" [{marker}]" if marker is not None else ""
    return {
        "kind": kind, "name": name, "said": said, "label": f"{name}{_BREAK}{said}{cited}", "value": value, "high": high,
    }  # fmt: skip


def _bands(spread: Spread, label: str) -> Iterator[dict[str, Any]]:
    known = {point.percentile: point.value for point in spread.percentiles}
    for low, high, size in ((10, 90, 8), (25, 75, 20)):
        if low in known and high in known:
            said = f"{money(known[low], spread.currency)} to {money(known[high], spread.currency)}"
            row = _row("official", f"{low}th to {high}th percentile", said, spread.marker, known[low], known[high])
            yield {**row, "label": label, "size": size}


def _axis_title(spread: Spread) -> list[str]:
    """Name and unit, and how to read the bands: a subtitle would not take the theme's colour."""
    return [
        f"{title_start(CURRENCIES.get(spread.currency, spread.currency))} a year, before tax",
        "Wide band: 25th to 75th percentile",
        "Narrow: 10th to 90th. Line: median",
    ]


def _money_axis(spread: Spread) -> alt.Axis:
    """Thousands, with few ticks, so that labels stay apart on a telephone."""
    sign = money(0, spread.currency).removesuffix("0")
    return alt.Axis(labelExpr=f"'{sign}' + format(datum.value / 1000, ',') + 'k'", tickCount=4, titleFontSize=12)


def _label_axis() -> alt.Axis:
    """All labels in two lines, whatever the theme says about their length."""
    return alt.Axis(
        labelExpr=f"split(datum.label, '{_BREAK}')",
        labelLimit=0,
        labelOverlap=False,
        labelPadding=8,
        labelOffset=-6,  # both lines, not the first alone, beside the mark
        ticks=False,
        domain=False,
    )
