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
    scale = alt.Scale(domain=[alt.DateTime(year=end.year, month=end.month, date=end.day) for end in (first, last)])
    axis = alt.Axis(labelOverlap=True, grid=True, ticks=False, labelExpr=_DAY_OR_MONTH, labelSeparation=8)
    calendar = alt.X("start:T", title="Calendar", scale=scale, axis=axis)
    moved = alt.selection_interval(name="moved", bind="scales", encodings=["x"], zoom="wheel![event.shiftKey]")
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
                    titleY=-18,
                ),
            ),
            color=alt.Color(
                "state:N",
                title=None,
                scale=alt.Scale(domain=states, range=[COLOURS[state] for state in states]),
                legend=alt.Legend(orient="top", direction="horizontal", symbolType="square", offset=26)
                if len(states) > 1
                else None,
            ),
            stroke=alt.Stroke(
                "state:N", scale=alt.Scale(domain=states, range=[COLOURS[state] for state in states]), legend=None
            ),
            fillOpacity=alt.FillOpacity("filled:Q", scale=None, legend=None),
            tooltip=[
                alt.Tooltip("title:N", title="Step"),
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip("hours:N", title="Hours"),
                alt.Tooltip("state:N", title="State"),
            ],
        )
        .add_params(moved)
    )
    lines = [_line(calendar, today, "Today", TODAY, dash=False)]
    if target is not None and first <= target <= last:  # Beyond it, its name would take of the width of the chart.
        lines.append(_line(calendar, target, "Target", COLOURS[State.LATE], dash=True))
    layers = [layer for pair in lines for layer in pair]
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
        "filled": FILLED[bar.state],
    }


def _moment(when: date) -> str:
    """With a time of day a browser reads it as local time, without one as Greenwich's: a day off in the Americas."""
    return f"{when.isoformat()}T00:00"


def _line(calendar: alt.X, when: date, name: str, colour: str, *, dash: bool) -> tuple[alt.Chart, alt.Chart]:
    marked = alt.Chart(alt.InlineData(values=[{"start": _moment(when), "name": f"{name}, {day(when)}", "label": name}]))
    tooltip = alt.Tooltip("name:N", title="Line")
    rule = marked.mark_rule(color=colour, strokeWidth=1.5, strokeDash=[5, 4] if dash else [1, 0], clip=True)
    text = marked.mark_text(color=colour, align="left", dx=4, dy=-4, baseline="bottom", fontSize=12, clip=False)
    return (
        rule.encode(x=calendar, tooltip=tooltip),
        text.encode(x=calendar, y=alt.value(0), text="label:N"),
    )


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
