"""Charts of the Lab's walk-through and map, each with the same in words and as rows of a table.

Comes in: values of ``coach.lab``. Goes out: Altair charts, sentences and columns; what people or pages wrote stands in
them as it is, for whoever shows it to escape. It calls no Streamlit command.

Colours are of middle lightness, so that they stand out on paper and on ink; texts stand in axes and legends, which take
the page's colour. Nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, cast

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it

from coach.lab.fusing import CHANNELS
from coach.lab.mapping import PassageMap, Point
from coach.lab.walk import Bar, EncodeStep, Fused
from coach.types import Origin
from coach.ui import chart_theme  # noqa: F401 - how labels are coloured

TEAL, CLAY, SLATE = "#2b9186", "#bf6a35", "#7d868c"
COLOURS = (TEAL, CLAY, "#5d7fc4", "#a4679f", "#85853a", SLATE)
"""Told apart with and without seeing red and green."""
QUESTION_COLOUR = "#c2543d"

ROW_PIXELS = 40
BAR_PIXELS = 10
NAME_INDENT = 2

TITLE_LENGTH = 44
"""Letters of a heading beside a bar; the table has all of it."""

CHANNEL_COLOURS = dict(zip(CHANNELS.values(), COLOURS, strict=False))


def short(text: str, limit: int = TITLE_LENGTH) -> str:
    """The end of a text says most of it where the beginning is a heading that others share.

    >>> short("Resources › Introduction to Information Retrieval", 20)
    '…formation Retrieval'
    """
    return text if len(text) <= limit else "…" + text[len(text) - limit + 1 :].lstrip()


def milliseconds(ms: float) -> str:
    """
    >>> milliseconds(0.04), milliseconds(3.14), milliseconds(42.4), milliseconds(2300)
    ('under 0.1 ms', '3.1 ms', '42 ms', '2,300 ms')
    """
    if ms < 0.1:
        return "under 0.1 ms"
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"


# --- Waterfall ----------------------------------------------------------------------------------------------


def waterfall(bars: Sequence[Bar]) -> alt.Chart:
    """Steps one under another, each where it stood in time. Names are above the bars: beside them they would take
    half of a telephone's width."""
    rows: list[dict[str, Any]] = [
        {
            "label": f"{bar.label}, {milliseconds(bar.ms)}",
            "name": bar.label,
            "start": bar.start_ms,
            "end": bar.start_ms + bar.ms,
            "took": milliseconds(bar.ms),
            "note": bar.note,
        }
        for bar in bars
    ]
    return cast(
        "alt.Chart",
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=BAR_PIXELS, yOffset=8, cornerRadius=2, color=TEAL, minBandSize=2)
        .encode(
            x=alt.X("start:Q", title="Time since the question arrived (ms)", axis=alt.Axis(tickCount=5, grid=True)),
            x2="end:Q",
            y=alt.Y("label:N", sort=[row["label"] for row in rows], title=None, axis=_names_above()),
            tooltip=[
                alt.Tooltip("name:N", title="Step"),
                alt.Tooltip("took:N", title="Took"),
                alt.Tooltip("note:N", title="Note"),
            ],
        )
        .properties(height=alt.Step(ROW_PIXELS)),
    )


def _names_above(offset: int = -9) -> alt.Axis:
    return alt.Axis(
        domain=False,
        ticks=False,
        labelAlign="left",
        labelBaseline="middle",
        labelPadding=-NAME_INDENT,
        labelOffset=offset,
        labelLimit=320,
        labelFontSize=13,
        zindex=1,
    )


def waterfall_in_words(bars: Sequence[Bar]) -> str:
    if not bars:
        return "A waterfall without any steps."
    longest = max(bars, key=lambda bar: bar.ms)
    total = milliseconds(sum(bar.ms for bar in bars))
    return f"Waterfall of {len(bars)} steps in {total}; the longest is: {longest.label}, {milliseconds(longest.ms)}."


def waterfall_rows(bars: Sequence[Bar]) -> dict[str, list[str]]:
    return {
        "Step": [bar.label for bar in bars],
        "Began after": [milliseconds(bar.start_ms) if bar.start_ms else "0 ms" for bar in bars],
        "Took": [milliseconds(bar.ms) for bar in bars],
        "Note": [bar.note for bar in bars],
    }


# --- The vector as a picture --------------------------------------------------------------------------------


def strips(encode: EncodeStep) -> alt.Chart:
    """The question's vector and that of the closest passage, one thin stripe a number: its sign is the colour, the root
    of its size how strong that is, so that small numbers show."""
    names = ("The question", "Closest passage", "Their product")
    products = [mine * theirs for mine, theirs in zip(encode.vector, encode.nearest_vector, strict=True)]
    rows: list[dict[str, Any]] = []
    for name, values in zip(names, (encode.vector, encode.nearest_vector, products), strict=True):
        most = max((abs(value) for value in values), default=0.0) or 1.0
        rows += [
            {
                "row": name,
                "at": at,
                "to": at + 1,
                "value": value,
                "sign": _sign(value),
                "strength": (abs(value) / most) ** 0.5,
            }
            for at, value in enumerate(values)
        ]
    count = len(encode.vector)
    return cast(
        "alt.Chart",
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect(height=26, yOffset=14)
        .encode(
            x=alt.X(
                "at:Q",
                title=f"Number in the vector (1 to {count})",
                scale=alt.Scale(domain=[0, count], nice=False),
                axis=alt.Axis(grid=False, tickCount=5),
            ),
            x2="to:Q",
            y=alt.Y("row:N", sort=list(names), title=None, axis=_names_above(offset=-14)),
            color=alt.Color(
                "sign:N",
                title=None,
                scale=alt.Scale(domain=["above zero", "below zero"], range=[TEAL, CLAY]),
                legend=alt.Legend(orient="top", symbolType="square"),
            ),
            opacity=alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
            tooltip=[
                alt.Tooltip("row:N", title="Of"),
                alt.Tooltip("to:Q", title="Number"),
                alt.Tooltip("value:Q", title="Value", format=".4f"),
            ],
        )
        .properties(height=alt.Step(58)),
    )


def _sign(value: float) -> str:
    return "above zero" if value >= 0 else "below zero"


def strips_in_words(encode: EncodeStep) -> str:
    above = sum(value > 0 for value in encode.vector)
    return (
        f"The question as {len(encode.vector)} numbers, {above} of them above zero, over those of the closest passage "
        f"and the product of the two, which adds up to {encode.cosine:.2f}."
    )


def strips_rows(encode: EncodeStep) -> dict[str, list[float]]:
    pairs = list(zip(encode.vector, encode.nearest_vector, strict=True))
    return {
        "Number": [float(at) for at in range(1, len(pairs) + 1)],
        "The question": [mine for mine, _ in pairs],
        "Closest passage": [theirs for _, theirs in pairs],
        "Product": [mine * theirs for mine, theirs in pairs],
    }


# --- Fusion -------------------------------------------------------------------------------------------------


def contributions(fused: Sequence[Fused], method: str) -> alt.Chart:
    """What each channel added to the score of each passage, to the right of zero or to the left."""
    rows: list[dict[str, Any]] = [
        {
            "label": f"{one.rank} {short(one.place.title)}",
            "channel": CHANNELS[part.channel],
            "order": at,
            "adds": part.adds,
        }
        for one in fused
        for at, part in enumerate(one.contributions)
    ]
    names = list(dict.fromkeys(row["label"] for row in rows))
    title = "Fused score (weighted z-scores)" if method == "z_scores" else "Fused score (weighted reciprocal ranks)"
    return cast(
        "alt.Chart",
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=BAR_PIXELS, yOffset=8)
        .encode(
            x=alt.X("adds:Q", title=title, axis=alt.Axis(tickCount=5)),
            y=alt.Y("label:N", sort=names, title=None, axis=_names_above()),
            color=alt.Color(
                "channel:N",
                title="Added by",
                sort=list(CHANNEL_COLOURS),
                scale=alt.Scale(domain=list(CHANNEL_COLOURS), range=list(CHANNEL_COLOURS.values())),
                legend=alt.Legend(orient="top", symbolType="square"),
            ),
            order=alt.Order("order:O"),
            tooltip=[
                alt.Tooltip("label:N", title="Passage"),
                alt.Tooltip("channel:N", title="Added by"),
                alt.Tooltip("adds:Q", title="Adds", format="+.4f"),
            ],
        )
        .properties(height=alt.Step(ROW_PIXELS)),
    )


def contributions_in_words(fused: Sequence[Fused]) -> str:
    if not fused:
        return "No passage was ranked."
    first = fused[0]
    parts = ", ".join(f"{CHANNELS[part.channel]} {part.adds:+.2f}" for part in first.contributions)
    return f"Scores of the first {len(fused)} passages by what each channel added. First: {first.place.title}, {parts}."


def contributions_rows(fused: Sequence[Fused]) -> dict[str, list[str]]:
    """Ranks in each channel, how far that is from the fused one, and what each added."""
    table: dict[str, list[str]] = {"Passage": []}
    table |= {f"By {name}": [] for name in CHANNELS.values()}
    table["Score"] = []
    for one in fused:
        digits = 2 if any(part.z is not None for part in one.contributions) else 4
        table["Passage"].append(f"{one.rank}. {one.place.title}")
        for part in one.contributions:
            where = f"rank {part.rank}" if part.rank is not None else "not listed"
            table[f"By {CHANNELS[part.channel]}"].append(f"{where}{_move(part.moved)}: {part.adds:+.{digits}f}")
        table["Score"].append(f"{one.score:.{digits}f}")
    return table


def _move(moved: int | None) -> str:
    if not moved:
        return ""
    return f", up {moved}" if moved > 0 else f", down {-moved}"


# --- Map ----------------------------------------------------------------------------------------------------


class Grouping(StrEnum):
    """What the colours and shapes of the map stand for."""

    ORIGIN = "Who says it"
    SECTION = "Section"


ORIGINS = {
    Origin.PATHWAY: "The guide",
    Origin.RESOURCE: "Checked resources",
    Origin.MARKET: "Official figures",
    Origin.DERIVED: "Computed by the coach",
    Origin.GLOSSARY: "Glossary",
    Origin.LEARNER: "Your documents",
}
QUESTION = "The question"
OTHERS = "Other sections"
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
STAR = "M0,-1L0.24,-0.32L0.95,-0.31L0.38,0.12L0.59,0.81L0,0.4L-0.59,0.81L-0.38,0.12L-0.95,-0.31L-0.24,-0.32Z"
PICKED = "picked"
"""Name of the selection, whose entries hold ``id``."""

MAP_PIXELS = 440


def kinds(points: Sequence[Point], grouping: Grouping) -> dict[str, str]:
    """By passage id, what its colour stands for; of the sections the largest ones, as colours run out."""
    if grouping is Grouping.ORIGIN:
        return {point.place.passage_id: ORIGINS[point.place.origin] for point in points}
    sizes: dict[str, int] = {}
    for point in points:
        sizes[point.section] = sizes.get(point.section, 0) + 1
    largest = sorted(sizes, key=lambda name: -sizes[name])
    named = set(largest if len(largest) <= len(COLOURS) else largest[: len(COLOURS) - 1])
    return {point.place.passage_id: point.section if point.section in named else OTHERS for point in points}


def map_chart(drawn: PassageMap, grouping: Grouping) -> alt.LayerChart:
    """Passages as points that can be clicked, questions as stars, and lines from each to its neighbours."""
    kind = kinds(drawn.points, grouping)
    near = {one.point.place.passage_id for asked in drawn.asked for one in asked.neighbours}
    domain = _domain(kind, drawn)
    shapes = [STAR if name == QUESTION else SHAPES[at] for at, name in enumerate(domain)]
    colours = [QUESTION_COLOUR if name == QUESTION else COLOURS[at] for at, name in enumerate(domain)]
    share = drawn.explained
    x = alt.X("x:Q", title=f"First principal component ({share[0]:.0%} of the differences)", scale=_FLAT, axis=_BARE)
    y = alt.Y("y:Q", title=f"Second principal component ({share[1]:.0%})", scale=_FLAT, axis=_BARE)
    encodings = {
        "color": alt.Color("kind:N", title=None, scale=alt.Scale(domain=domain, range=colours), legend=_LEGEND),
        "shape": alt.Shape("kind:N", title=None, scale=alt.Scale(domain=domain, range=shapes), legend=_LEGEND),
    }
    points = [
        {
            "id": point.place.passage_id,
            "title": point.place.title,
            "kind": kind[point.place.passage_id],
            "x": point.x,
            "y": point.y,
            "size": 110 if point.place.passage_id in near else 45,
            "strength": 1.0 if point.place.passage_id in near else 0.7,
        }
        for point in drawn.points
    ]
    stars = [{"title": one.text, "kind": QUESTION, "x": one.x, "y": one.y} for one in drawn.asked]
    lines = [
        {"x": one.x, "y": one.y, "x2": other.point.x, "y2": other.point.y}
        for one in drawn.asked
        for other in one.neighbours
    ]
    picked = alt.selection_point(name=PICKED, fields=["id"], on="click", empty=False)
    layers = [
        _data(lines)
        .mark_rule(color=QUESTION_COLOUR, strokeWidth=1.2, opacity=0.7)
        .encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        _data(points)
        .mark_point(filled=True, strokeWidth=2)
        .encode(
            x=x,
            y=y,
            size=alt.Size("size:Q", scale=None, legend=None),
            opacity=alt.condition(picked, alt.value(1.0), alt.Opacity("strength:Q", scale=None, legend=None)),
            stroke=alt.condition(picked, alt.value(QUESTION_COLOUR), alt.value("transparent")),
            tooltip=[alt.Tooltip("title:N", title="Passage"), alt.Tooltip("kind:N", title=grouping.value)],
            **encodings,
        )
        .add_params(picked),
        _data(stars)
        .mark_point(filled=True, size=160, opacity=1.0)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("title:N", title="Question")], **encodings),
    ]
    return cast("alt.LayerChart", alt.layer(*(layers if drawn.asked else layers[1:2])).properties(height=MAP_PIXELS))


_FLAT = alt.Scale(zero=False, nice=False, padding=14)
_BARE = alt.Axis(grid=False, labels=False, ticks=False)
"""Of the scale of a principal component nothing can be read."""
_LEGEND = alt.Legend(orient="bottom", columns=2, labelLimit=260)


def _data(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _domain(kind: dict[str, str], drawn: PassageMap) -> list[str]:
    sizes: dict[str, int] = {}
    for name in kind.values():
        sizes[name] = sizes.get(name, 0) + 1
    named = sorted(sizes, key=lambda name: (name == OTHERS, -sizes[name]))
    return [*named, *([QUESTION] if drawn.asked else [])]


def map_in_words(drawn: PassageMap) -> str:
    near = [one.point.place.title for asked in drawn.asked[:1] for one in asked.neighbours]
    told = f"Map of {len(drawn.points)} passages that shows {sum(drawn.explained):.0%} of the differences between them"
    return f"{told}; nearest to the question: {'; '.join(near)}." if near else f"{told}."


def map_rows(drawn: PassageMap, asked: int, grouping: Grouping) -> dict[str, list[str]]:
    """The neighbours of one question, nearest first."""
    kind = kinds(drawn.points, grouping)
    found = drawn.asked[asked].neighbours
    return {
        "Passage": [one.point.place.title for one in found],
        grouping.value: [kind[one.point.place.passage_id] for one in found],
        "Cosine": [f"{one.cosine:.2f}" for one in found],
    }


def point_rows(drawn: PassageMap, grouping: Grouping) -> dict[str, list[Any]]:
    """Every passage with its place on the map, in the order of the pathway."""
    kind = kinds(drawn.points, grouping)
    return {
        "Passage": [point.place.title for point in drawn.points],
        grouping.value: [kind[point.place.passage_id] for point in drawn.points],
        "First component": [point.x for point in drawn.points],
        "Second component": [point.y for point in drawn.points],
    }
