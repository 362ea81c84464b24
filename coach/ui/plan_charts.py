"""The timeline of a plan: a chart, the same in words, and the same as a table.

Comes in: a plan and its pathway. Goes out: Altair charts, sentences and rows; what people or pages wrote stands in them
as it is, for whoever shows it to escape. It calls no Streamlit command and reads no clock.

Colours are of middle lightness, so that they stand out on paper and on ink; everything else takes the page's own. A
state is never told by colour alone: what is done is faint, what ends too late is hollow.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, cast

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it

from coach.knowledge.pathway import Pathway
from coach.planning.phrases import day, days, hours
from coach.planning.plan import Kind, Plan, Step
from coach.ui import chart_theme  # noqa: F401 - how labels are coloured

ROW_PIXELS = 46
"""A line for the name of the row and a bar under it: beside the bars, names would take half of a phone's width."""
BAR_PIXELS = 14
NAME_INDENT = 24
"""Pixels of a name from the left edge: the line for today begins a plan there, and must not cross out names."""
NAME_PIXELS = 300
"""A longer name is cut with an ellipsis; the tooltip and the table have all of it."""


class State(StrEnum):
    """How a step stands, as the legend says it."""

    DONE = "Done"
    OPEN = "To do"
    LATE = "After your target"


COLOURS = {State.DONE: "#8a9896", State.OPEN: "#2b8f83", State.LATE: "#cc7a33"}
FILLED = {State.DONE: 0.55, State.OPEN: 1.0, State.LATE: 0.2}
"""How dense the inside of a bar is. It goes into the colour: no legend shows an opacity of the inside alone."""
TODAY = "#c2543d"


class Grouping(StrEnum):
    """What the rows of a timeline are."""

    PHASE = "By phase"
    SKILL = "By skill"


class Reach(StrEnum):
    """How much of a timeline is shown at first."""

    QUARTER = "3 months"
    YEAR = "1 year"
    ALL = "All of it"


_REACH_DAYS = {Reach.QUARTER: 92, Reach.YEAR: 366}
_DAY_OR_MONTH = (
    "[timeFormat(datum.value, date(datum.value) == 1 ? '%b' : '%-d %b'), "
    "datum.index == 0 || month(datum.value) < 2 ? timeFormat(datum.value, '%Y') : '']"
)
"""Months by name, days where it is zoomed in so far, and under them the year where one begins."""
_MARGIN = 0.02
"""Of what is shown, before the first day and after the last, so that nothing touches the edge."""
_NEAR = 0.15
"""Of what is shown: on a phone the name of a line is about as long, and two names so near each other would overlap."""
_LABEL_LINE = 16
"""Pixels from one line of such names to the next."""
_BELOW_NAME = 0.52
"""Of a row, from its top: above this is its name, which the lines of days leave free, and below it the bars are."""


class Bar(NamedTuple):
    """A step on the timeline."""

    row: str
    step: Step
    state: State
    start: date
    end: date


def bars(plan: Plan, pathway: Pathway, grouping: Grouping) -> tuple[Bar, ...]:
    """A bar for every step that has days, rows in the order in which they first begin."""
    late = frozenset(plan.late)
    found = [
        Bar(row_of(step, pathway, grouping), step, state_of(step, late), step.start, step.end)
        for step in plan.steps
        if step.start is not None and step.end is not None
    ]
    first = {row: min(bar.start for bar in found if bar.row == row) for row in {bar.row for bar in found}}
    place = {row: at for at, row in enumerate(dict.fromkeys(bar.row for bar in found))}
    return tuple(sorted(found, key=lambda bar: (first[bar.row], place[bar.row], bar.start)))


def state_of(step: Step, late: frozenset[str]) -> State:
    if step.done:
        return State.DONE
    return State.LATE if step.id in late else State.OPEN


def row_of(step: Step, pathway: Pathway, grouping: Grouping) -> str:
    """The name of the row that a step stands in."""
    if step.kind is Kind.ACTION:
        group = step.id.split("/")[1]
        return next((f"Actions: {one.name}" for one in pathway.actions if one.id == group), "Actions")
    if grouping is Grouping.SKILL:
        named = next((one.name for one in pathway.skills if one.id == step.skill), None)
        return named or "Tasks of the roadmap"
    phase = next((one for one in pathway.phases if one.number == step.phase), None)
    return f"{phase.number} {phase.name}" if phase else "Beside the phases"


def timeline(
    found: Iterable[Bar], today: date, target: date | None, grouping: Grouping, reach: Reach = Reach.ALL
) -> alt.LayerChart:
    """Bars over a calendar, with lines for today and the target. Drag to move it, shift and wheel to zoom."""
    found = tuple(found)
    rows = list(dict.fromkeys(bar.row for bar in found))
    states = [state for state in State if any(bar.state is state for bar in found)]
    first, last = _shown(found, today, target, reach)
    marked = target if target is not None and first <= target <= last else None
    shown = last - first
    near = marked is not None and abs(marked - today) < shown * _NEAR
    lifted = _LABEL_LINE if near else 0
    scale = alt.Scale(domain=[alt.DateTime(year=end.year, month=end.month, date=end.day) for end in (first, last)])
    axis = alt.Axis(labelOverlap=True, grid=True, ticks=False, labelExpr=_DAY_OR_MONTH, labelSeparation=8)
    calendar = alt.X("start:T", title="Calendar", scale=scale, axis=axis)
    moved = alt.selection_interval(name="moved", bind="scales", encodings=["x"], zoom="wheel![event.shiftKey]")
    strokes = [COLOURS[state] for state in states]
    fills = [f"{COLOURS[state]}{round(FILLED[state] * 255):02x}" for state in states]
    legend = (
        alt.Legend(orient="top", direction="horizontal", symbolType="square", symbolStrokeWidth=1, offset=26 + lifted)
        if len(states) > 1
        else None
    )
    drawn = (
        alt.Chart(alt.InlineData(values=[_values(bar) for bar in found]))
        .mark_bar(height=BAR_PIXELS, yOffset=9, cornerRadius=2, strokeWidth=1, clip=True)
        .encode(
            x=calendar,
            x2="end:T",
            y=alt.Y(
                "row:N",
                sort=rows,
                title=grouping.value.removeprefix("By ").capitalize(),
                scale=alt.Scale(padding=0.1),
                axis=alt.Axis(
                    domain=False,
                    ticks=False,
                    labelAlign="left",
                    labelBaseline="middle",
                    labelPadding=-NAME_INDENT,
                    labelOffset=-12,
                    labelLimit=NAME_PIXELS,
                    labelFontSize=13,
                    zindex=1,
                    titleAngle=0,
                    titleAlign="left",
                    titleAnchor="start",
                    titleX=0,
                    titleY=-18 - lifted,
                ),
            ),
            # Both have one legend, which draws a state as its bars are drawn.
            fill=alt.Fill("state:N", title=None, scale=alt.Scale(domain=states, range=fills), legend=legend),
            stroke=alt.Stroke("state:N", title=None, scale=alt.Scale(domain=states, range=strokes), legend=legend),
            tooltip=[
                alt.Tooltip("title:N", title="Step"),
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("hours:N", title="Hours"),
                alt.Tooltip("state:N", title="State"),
            ],
        )
        .add_params(moved)
    )
    at_end = last - shown * _NEAR
    lines = [_Line(today, "Today", TODAY, dash=False, at_end=today > at_end, lifted=0)]
    if marked is not None:
        lines.append(_Line(marked, "Target", COLOURS[State.LATE], dash=True, at_end=marked > at_end, lifted=lifted))
    layers = [layer for line in lines for layer in _drawn(line, calendar, rows)]
    return cast("alt.LayerChart", alt.layer(drawn, *layers).properties(height=alt.Step(ROW_PIXELS)))


def _values(bar: Bar) -> dict[str, Any]:
    return {
        "row": bar.row,
        "title": bar.step.title,
        "start": _moment(bar.start),
        "end": _moment(bar.end + timedelta(days=1)),
        "when": days(bar.step),
        "hours": hours(bar.step.hours),
        "state": bar.state.value,
    }


def _moment(when: date) -> str:
    """With a time of day a browser reads it as local time, without one as Greenwich's: a day off in the Americas."""
    return f"{when.isoformat()}T00:00"


class _Line(NamedTuple):
    """A day marked through all rows."""

    when: date
    name: str
    colour: str
    dash: bool
    at_end: bool
    """Its name stands to the left of it, as there is no room to the right."""
    lifted: int
    """Pixels by which its name stands higher."""


def _drawn(line: _Line, calendar: alt.X, rows: list[str]) -> tuple[alt.Chart, alt.Chart]:
    """The line, which is broken where the names of the rows are, and its own name over it."""
    told = {"start": _moment(line.when), "name": f"{line.name}, {day(line.when)}", "label": line.name}
    rule = (
        alt.Chart(alt.InlineData(values=[{**told, "row": row} for row in rows]))
        .mark_rule(color=line.colour, strokeWidth=1.5, strokeDash=[5, 4] if line.dash else [1, 0], clip=True)
        .encode(
            x=calendar,
            y=alt.Y("row:N", sort=rows, bandPosition=_BELOW_NAME),
            y2=alt.Y2("row:N", bandPosition=1),
            tooltip=alt.Tooltip("name:N", title="Line"),
        )
    )
    name = (
        alt.Chart(alt.InlineData(values=[told]))
        .mark_text(
            color=line.colour,
            align="right" if line.at_end else "left",
            dx=-4 if line.at_end else 4,
            dy=-4 - line.lifted,
            baseline="bottom",
            fontSize=12,
            clip=False,
        )
        .encode(x=calendar, y=alt.value(0), text="label:N")
    )
    return rule, name


def _shown(found: tuple[Bar, ...], today: date, target: date | None, reach: Reach) -> tuple[date, date]:
    """First and last of all days that there are; or so many from today on, with the days right before."""
    marks = [today, *([target] if target else []), *(bar.start for bar in found), *(bar.end for bar in found)]
    first, last = min(marks), max(marks)
    if reach in _REACH_DAYS:
        first = max(first, today - timedelta(days=_REACH_DAYS[reach] // 8))
        last = min(last, first + timedelta(days=_REACH_DAYS[reach]))
    margin = timedelta(days=max(1, round((last - first).days * _MARGIN)))
    return first - margin, last + margin


def in_words(found: Iterable[Bar], target: date | None) -> str:
    """What the timeline shows, in one sentence, which Streamlit repeats for each of the buttons of a chart: the
    table has every step."""
    found = tuple(found)
    if not found:
        return "A timeline without any steps."
    rows = len({bar.row for bar in found})
    span = f"from {day(min(bar.start for bar in found))} to {day(max(bar.end for bar in found))}"
    told = [f"{sum(bar.state is State.DONE for bar in found)} done"]
    if target is not None:
        told.append(f"{sum(bar.state is State.LATE for bar in found) or 'none'} after the target, {day(target)}")
    return f"Timeline of {_counted(len(found), 'step')} in {_counted(rows, 'row')} {span}: {', '.join(told)}."


def as_rows(found: Iterable[Bar]) -> dict[str, list[str]]:
    """The timeline as columns of a table."""
    table: dict[str, list[str]] = {"Row": [], "Step": [], "When": [], "Hours": [], "State": []}
    for bar in found:
        cells = (bar.row, bar.step.title, days(bar.step), hours(bar.step.hours), bar.state.value)
        for column, cell in zip(table.values(), cells, strict=True):
            column.append(cell)
    return table


class Share(NamedTuple):
    """How much of a row is done."""

    row: str
    steps: int
    steps_done: int
    hours: float
    hours_done: float

    @property
    def share(self) -> float:
        return min(self.hours_done / self.hours, 1.0) if self.hours else 0.0


def shares(plan: Plan, pathway: Pathway, grouping: Grouping) -> tuple[Share, ...]:
    """Progress by row, in the plan's order. Of an open step the hours logged on it count; skipped steps do not."""
    rows: dict[str, list[Step]] = {}
    for step in plan.steps:
        if not step.skipped or step.done:
            rows.setdefault(row_of(step, pathway, grouping), []).append(step)
    return tuple(
        Share(
            row,
            len(steps),
            sum(step.done for step in steps),
            sum(step.hours for step in steps),
            sum(step.hours - step.hours_left for step in steps),
        )
        for row, steps in rows.items()
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
