"""Small drawings for the report, as inline SVG that needs no script, no style sheet of its own and no other file.

Comes in: shares and labels. Goes out: SVG as text, with every label escaped. A strip is as wide as its cell: places
along it are percentages, so that it fits a phone and a poster without scaling its dots or its text. Colours are the
classes ``series-0`` to ``series-5``, ``good``, ``bad`` and ``faint`` of the page; what they tell apart, shape or text
tells apart as well. This module does not know what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from eval.records import Record

ROW = 14
"""Height of one dot's row in pixels."""
EDGE = 2.0  # percent of the width kept free at both ends, so that a dot at 0 or 1 is whole
SHAPES = (
    '<circle r="4.5"/>',
    '<path d="M-3.8-3.8h7.6v7.6h-7.6z"/>',
    '<path d="M0-5.2 5 3.8H-5z"/>',
    '<path d="M0-5.4 5.4 0 0 5.4-5.4 0z"/>',
    '<path d="M0 5.2 5-3.8H-5z"/>',
    '<path d="M-1.6-5h3.2v3.4h3.4v3.2H1.6V5h-3.2V1.6H-5v-3.2h3.4z"/>',
)
"""One for each series, about the same area."""


class Point(Record):
    """A share with its interval, drawn in the shape and colour of a series."""

    label: str
    value: float
    low: float
    high: float
    series: int = 0


def strip(
    points: Sequence[Point], *, title: str, target: float | None = None, domain: tuple[float, float] = (0.0, 1.0)
) -> str:
    """One row for each point, dot on interval, over a scale with lines at its quarters; a dashed line at ``target``."""
    height = ROW * max(len(points), 1) + 6
    quarters = [domain[0] + (domain[1] - domain[0]) * quarter / 4 for quarter in range(5)]
    lines = "".join(_vertical(_place(value, domain), height, "grid") for value in quarters)
    aim = _vertical(_place(target, domain), height, "target") if target is not None else ""
    rows = "".join(_dot(point, 3 + ROW * (row + 0.5), domain) for row, point in enumerate(points))
    return _svg(title, height, lines + aim + rows, "strip")


def scale(labels: Sequence[str]) -> str:
    """The labels of a strip's scale, evenly from its left end to its right one. For the eye only."""
    last = max(len(labels) - 1, 1)
    texts = "".join(
        f'<text x="{_percent(_place(number / last, (0, 1)))}" y="11" text-anchor="middle">{escape(label)}</text>'
        for number, label in enumerate(labels)
    )
    return f'<svg class="scale" width="100%" height="15" aria-hidden="true" focusable="false">{texts}</svg>'


def shape(series: int) -> str:
    """The mark of a series, for a legend. For the eye only: the legend's text stands beside it."""
    return (
        f'<svg class="key series-{series % len(SHAPES)}" width="14" height="14" viewBox="-7 -7 14 14" '
        f'aria-hidden="true" focusable="false">{SHAPES[series % len(SHAPES)]}</svg>'
    )


def bar(parts: Sequence[tuple[str, float, str]], *, title: str, height: int = 14) -> str:
    """Parts of a whole side by side, each with its label, its size and the class that colours it; gaps between."""
    whole = sum(size for _, size, _ in parts)
    x = 0.0
    drawn = []
    for label, size, style in parts:
        width = 100 * size / whole if whole else 0.0
        if width:
            drawn.append(
                f'<rect class="{escape(style)}" x="{_percent(x)}" width="{_percent(width)}" y="0" height="{height}">'
                f"<title>{escape(label)}: {size:g} of {whole:g}</title></rect>"
            )
        if x:
            drawn.append(f'<line class="gap" x1="{_percent(x)}" x2="{_percent(x)}" y1="0" y2="{height}"/>')
        x += width
    return _svg(title, height, "".join(drawn), "bar")


def _svg(title: str, height: int, content: str, style: str) -> str:
    return (
        f'<svg class="{style}" role="img" aria-label="{escape(title)}" width="100%" height="{height}">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )


def _dot(point: Point, y: float, domain: tuple[float, float]) -> str:
    """The interval as a line and the value as a shape; the shape stands in an own SVG, which places it in percent."""
    low, value, high = (_percent(_place(number, domain)) for number in (point.low, point.value, point.high))
    series = point.series % len(SHAPES)
    return (
        f'<g class="series-{series}"><line class="interval" x1="{low}" x2="{high}" y1="{y:g}" y2="{y:g}"/>'
        f'<svg class="dot" x="{value}" y="{y:g}" overflow="visible">{SHAPES[series]}</svg></g>'
    )


def _vertical(x: float, height: int, style: str) -> str:
    return f'<line class="{style}" x1="{_percent(x)}" x2="{_percent(x)}" y1="0" y2="{height}"/>'


def _place(value: float, domain: tuple[float, float]) -> float:
    """Percent of the width; a value outside the domain stands at its end."""
    share = (value - domain[0]) / (domain[1] - domain[0])
    return EDGE + (100 - 2 * EDGE) * min(max(share, 0.0), 1.0)


def _percent(value: float) -> str:
    """
    >>> _percent(12.5), _percent(100 / 3)
    ('12.5%', '33.33%')
    """
    return f"{round(value, 2):g}%"
