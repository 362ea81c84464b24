"""The Evaluation page: how well the coach answers, by its own records.

Comes in: the records of ``python -m eval run``. Goes out: headline figures first, then what is weakest, then how
figures moved, then the failing cases, each one click from its trace in the Lab. Failing cases of the test split are
counted and never shown. The page computes no figure that a record does not hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import streamlit as st

from coach.errors import CoachError
from coach.settings import load_settings
from coach.ui import session
from coach.ui.chat import STYLE
from coach.ui.evaluation import charts, draft_form
from coach.ui.evaluation.charts import percent
from coach.ui.evaluation.running import Runner
from coach.ui.lab.address import lab_address
from coach.ui.render import literal, quiet
from eval import history
from eval.compare import LOWER_IS_BETTER, Comparison, RecordError, compare, read_record
from eval.records import CaseRecord, Figure, RunRecord, SystemRecord
from eval.report import ALL, BESIDE, DEV, METRICS, TEST, fact, fails, headline, headline_group, verdict
from eval.targets import Outcome, outcomes

VIEWS = ("Overview", "Slices", "History", "Differences", "Failing cases", "Draft cases", "New run")
LOOK_SECONDS = 1.0
FIGURE_PIXELS = 165
"""Two figures fit beside one another on a phone."""
SHOWN_AT_ONCE = 20
"""Failing cases on screen; a filter and a button lead to the others."""


def page() -> None:
    st.html(STYLE)
    with st.container(key="evaluation"):
        st.title("Evaluation")
        st.markdown(
            "How we know that the coach answers well: questions whose facts were written down from the sources before "
            "any answer was seen. Every figure is a share of such questions, with its 95 percent interval."
        )
        runs, problems = _runs()
        for problem in problems:
            st.warning(literal(problem), icon=":material/description:")
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        if view == "New run":
            _new_run()
        elif view == "Draft cases":
            _drafts()
        elif not runs:
            st.info("There is no run yet. Start one under New run, or with: python -m eval run")
        elif view == "History":
            _history(runs)
        elif view == "Differences":
            _differences(runs)
        else:
            name = _chosen(runs)
            record = runs[name]
            {"Overview": _overview, "Slices": _slices, "Failing cases": _failing}[view or VIEWS[0]](record)


# --- Runs ----------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=60)
def _record(path: str, changed: int) -> RunRecord:
    """A record hangs on no visitor; ``changed`` is when its file was written."""
    return read_record(Path(path))


def _runs() -> tuple[dict[str, RunRecord], list[str]]:
    """By name, newest first; the baseline that comes with the project is the last."""
    found: dict[str, RunRecord] = {}
    problems: list[str] = []
    kept = history.kept(history.folder(load_settings()))
    for path in (*kept, history.BASELINE):
        try:
            record = _record(str(path), path.stat().st_mtime_ns)
        except (RecordError, OSError) as error:
            problems.append(str(error))
            continue
        name = f"{_day(record.date)}, {_cases(record)}"
        if path == history.BASELINE:
            name = f"Baseline, {name}"
        while name in found:
            name += " (again)"
        found[name] = record
    return found, problems


def _day(date: str) -> str:
    """
    >>> _day("2026-11-25T21:09:00+00:00")
    'Wed 25 Nov 2026, 21:09'
    """
    at = datetime.fromisoformat(date)
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M}"


def _cases(record: RunRecord) -> str:
    n = len(record.systems[0].cases)
    return f"{n} cases" if record.split == "all" else f"{n} cases of the {record.split} split"


def _chosen(runs: Mapping[str, RunRecord]) -> str:
    names = list(runs)
    return str(st.selectbox("Run", names, key="run"))


# --- Overview ------------------------------------------------------------------------------------------------


def _overview(record: RunRecord) -> None:
    coach = record.systems[0]
    group = headline_group(coach)
    st.subheader(literal(headline(coach)))
    for sentence in verdict(record):
        st.markdown(f"- {literal(sentence)}")
    shown = [(metric, figure) for metric in BESIDE if (figure := _figure(coach, group, metric))]
    with st.container(horizontal=True, gap="small", key="headline-figures"):
        for metric, figure in shown:
            with st.container(width=FIGURE_PIXELS, gap=None):
                st.metric(METRICS[metric].label, f"{percent(figure.value)} %", help=METRICS[metric].meaning)
                st.caption(f"{percent(figure.low)} to {percent(figure.high)}, over {figure.n} cases")
    if group == TEST:
        st.caption("On the test split: questions that are only reported and that nothing is tuned on.")
    if len(record.systems) > 1:
        heading = "Beside simple systems" if record.model is None else "Beside other systems"
        st.subheader(heading)
        points = [
            charts.Point(METRICS[metric].label, figure.value, figure.low, figure.high, system.name, figure.n)
            for metric in BESIDE
            for system in record.systems
            if (figure := _figure(system, group, metric))
        ]
        _interval_plot(points, heading)
        for system in record.systems:
            st.markdown(f"**{literal(system.name)}**  {quiet(system.about)}")
    st.subheader("The bar")
    st.dataframe(
        [_aim(outcome) for outcome in outcomes(coach) if outcome.met is not None],
        hide_index=True,
        alt="Each aim with what was measured on both splits and whether it is met",
        height="content",
    )
    if record.checks:
        st.subheader("Checks beside the cases")
        for check in record.checks:
            passed = f"{check.passed} of {check.total}"
            st.markdown(f"**{literal(_capital(check.name))}: {passed}.** {literal(check.about)}")


def _capital(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"


def _aim(outcome: Outcome) -> dict[str, str | int]:
    target = outcome.target
    return {
        "Aim": METRICS[target.metric].label if target.metric in METRICS and not target.slice else _capital(target.name),
        "Bar": f"{'at most' if target.at_most else 'at least'} {percent(target.bar)} %",
        "Dev": "" if outcome.dev is None else f"{percent(outcome.dev)} %",
        "Test": "" if outcome.test is None else f"{percent(outcome.test)} %",
        "Met": "met" if outcome.met else "missed",
        "Cases": outcome.n,
    }


def _figure(system: SystemRecord, group: str, metric: str) -> Figure | None:
    summary = next((one for one in system.summaries if one.name == group), None)
    return summary.figures.get(metric) if summary else None


def _interval_plot(
    points: list[charts.Point], title: str, *, zero: bool = False, axis: str = "Percent of cases"
) -> None:
    said = "; ".join(
        f"{point.label}{f', {point.series}' if point.series else ''}: {percent(point.value)} percent, "
        f"{percent(point.low)} to {percent(point.high)}"
        for point in points
    )
    st.altair_chart(charts.intervals(points, axis=axis, zero=zero), width="stretch", alt=f"{title}. {said}.")
    with st.expander("The same as a table", type="compact"):
        st.dataframe(
            [
                {
                    "What": point.label,
                    **({"Of": point.series} if point.series else {}),
                    "Percent": round(100 * point.value, 1),
                    "Lower end": round(100 * point.low, 1),
                    "Upper end": round(100 * point.high, 1),
                    "Cases": point.n,
                }
                for point in points
            ],
            hide_index=True,
            alt=title,
        )


# --- Slices --------------------------------------------------------------------------------------------------


def _slices(record: RunRecord) -> None:
    coach = record.systems[0]
    parts = [summary for summary in coach.summaries if summary.name not in (ALL, DEV, TEST)]
    metrics = [name for name in METRICS if any(name in summary.figures for summary in parts)]
    metric = st.selectbox("Figure", metrics, format_func=lambda name: METRICS[name].label, key="figure")
    st.caption(METRICS[metric].meaning)
    found = [(summary.name, summary.figures[metric]) for summary in parts if metric in summary.figures]
    weakest_first = metric not in LOWER_IS_BETTER
    found.sort(key=lambda one: (one[1].value if weakest_first else -one[1].value, one[0]))
    points = [
        charts.Point(name.replace("_", " "), figure.value, figure.low, figure.high, n=figure.n)
        for name, figure in found
    ]
    if points:
        st.markdown(f"Weakest: {literal(points[0].label)}, {percent(points[0].value)} percent of {points[0].n} cases.")
        _interval_plot(points, f"{METRICS[metric].label} by slice, the weakest first")
    st.subheader("All figures")
    st.dataframe(
        [
            {
                "Slice": summary.name.replace("_", " "),
                "Cases": summary.n,
                **{
                    METRICS[name].label: round(100 * summary.figures[name].value, 1)
                    for name in metrics
                    if name in summary.figures
                },
            }
            for summary in coach.summaries
        ],
        hide_index=True,
        alt="Every slice with every figure, in percent",
        placeholder="",
        column_config={"Slice": st.column_config.TextColumn(pinned=True)},
    )


# --- History and differences -----------------------------------------------------------------------------------


def _history(runs: Mapping[str, RunRecord]) -> None:
    metrics = [
        name for name in METRICS if any(_figure(record.systems[0], ALL, name) for record in runs.values())
    ]
    metric = st.selectbox("Figure", metrics, format_func=lambda name: METRICS[name].label, key="figure_over_time")
    st.caption(METRICS[metric].meaning)
    points = [
        charts.Dated(record.date, "dev split" if group == DEV else "test split", figure.value, figure.low, figure.high)
        for record in runs.values()
        for group in (DEV, TEST)
        if (figure := _figure(record.systems[0], group, metric))
    ]
    said = "; ".join(f"{_day(point.date)}, {point.series}: {percent(point.value)} percent" for point in points)
    about = f"{METRICS[metric].label} over {len(runs)} runs. {said}."
    if len(runs) == 1:
        st.caption("One run so far: a line needs two. Start another under New run.")
    st.altair_chart(charts.history(points, axis="Percent of cases"), width="stretch", alt=about)
    st.dataframe(
        [
            {"Run": _day(point.date), "Split": point.series, "Percent": round(100 * point.value, 1)} for point in points
        ],
        hide_index=True,
        alt=about,
    )


@st.cache_data(show_spinner="Holding the runs against each other", max_entries=20)
def _compared(a: str, b: str, _one: RunRecord, _other: RunRecord) -> Comparison:
    return compare(_one, _other)


def _differences(runs: Mapping[str, RunRecord]) -> None:
    names = list(runs)
    if len(names) < 2:
        st.info("Two runs are needed. Start another under New run, or with: python -m eval run")
        return
    left, right = st.columns(2, gap="medium")
    earlier = str(left.selectbox("Earlier", names, index=len(names) - 1, key="earlier_run"))
    later = str(right.selectbox("Later", names, index=0, key="later_run"))
    if earlier == later:
        st.info("Choose two different runs.")
        return
    try:
        found = _compared(earlier, later, runs[earlier], runs[later])
    except ValueError as error:
        st.info(literal(f"These two cannot be compared: {error}."))
        return
    st.caption(f"Over the {found.common} cases that both runs asked.")
    for group in (DEV, TEST, ALL):
        parts = [one for one in found.differences if one.group == group and one.metric in METRICS]
        if not parts or (group == ALL and {DEV, TEST} & {one.group for one in found.differences}):
            continue
        sure = [one for one in parts if one.excludes_zero]
        st.subheader(f"On the {group.strip('()')}" if group != ALL else "On all cases")
        st.markdown(
            "Beyond chance: " + ", ".join(f"{METRICS[one.metric].label} {100 * one.value:+.1f}" for one in sure) + "."
            if sure
            else "No figure moved further than chance would move it."
        )
        moved = [one for one in parts if one.a != one.b or one.low != one.high]
        if not moved:
            continue
        if len(moved) < len(parts):
            st.caption(f"{len(parts) - len(moved)} figures are the same in both and not drawn.")
        points = [charts.Point(METRICS[one.metric].label, one.value, one.low, one.high, n=one.n) for one in moved]
        _interval_plot(points, f"Later less earlier, {group}", zero=True, axis="Percentage points, later less earlier")
    if found.settings:
        with st.expander("Settings and knowledge that differ", type="compact"):
            for name, before, after in found.settings:
                st.markdown(f"{literal(name)}: {quiet(before[:16])} → {quiet(after[:16])}")
    st.subheader("Cases judged otherwise")
    hidden = sum(found.hidden.values())
    if hidden:
        st.caption(f"{hidden} more of the test split, which are counted and never shown.")
    if not found.changes:
        st.markdown("None of the dev split.")
    for change in found.changes[:SHOWN_AT_ONCE]:
        st.markdown(f"**{literal(change.direction)}** {literal(change.question or change.id)} {quiet(change.slice)}")
        if change.answer_a is not None and change.answer_b is not None:
            st.markdown(f"{quiet('Before:')} {literal(change.answer_a[:300])}")
            st.markdown(f"{quiet('After:')} {literal(change.answer_b[:300])}")
    if len(found.changes) > SHOWN_AT_ONCE:
        st.caption(f"{len(found.changes) - SHOWN_AT_ONCE} more; all are printed by: python -m eval compare A B")


# --- Failing cases ---------------------------------------------------------------------------------------------


def _failing(record: RunRecord) -> None:
    failing = [case for case in record.systems[0].cases if fails(case)]
    shown = [case for case in failing if case.split != "test"]
    hidden = len(failing) - len(shown)
    if hidden:
        st.caption(
            f"{hidden} failing cases of the test split are counted and never shown, so that nobody tunes on them."
        )
    if not shown:
        st.success("Every case of the dev split is right in every wording.")
        return
    by_slice = Counter(case.slice for case in shown)
    chosen = st.pills(
        "Slice",
        [name for name, _ in by_slice.most_common()],
        format_func=lambda name: f"{name.replace('_', ' ')} {by_slice[name]}",
        key="failing_slice",
    )
    listed = [case for case in shown if chosen is None or case.slice == chosen]
    expected = _expected()
    most = st.session_state.get("failing_most", SHOWN_AT_ONCE)
    for case in listed[:most]:
        _failing_case(case, expected)
    if len(listed) > most:
        st.button(f"Show more ({len(listed) - most})", on_click=_more, key="more_failing")


def _more() -> None:
    st.session_state.failing_most = st.session_state.get("failing_most", SHOWN_AT_ONCE) + SHOWN_AT_ONCE


@st.cache_resource(show_spinner=False)
def _expected() -> dict[str, tuple[str, ...]]:
    """By id of a dev case, the facts that an answer must hold, in words."""
    from eval.cases import load_cases

    return {
        case.id: tuple(fact(nugget) for nugget in case.nuggets if nugget.vital)
        for case in load_cases()
        if case.split != "test"
    }


def _failing_case(case: CaseRecord, expected: Mapping[str, tuple[str, ...]]) -> None:
    wrong = [asked for asked in case.asked if asked.problems] or list(case.asked[:1])
    question = wrong[0].question if wrong else case.id
    with st.expander(literal(f"{question[:110]}"), type="compact"):
        st.markdown(quiet(f"{case.id}, {case.slice.replace('_', ' ')}"))
        if expected.get(case.id):
            st.markdown(f"{quiet('Expected:')} {literal('; '.join(expected[case.id]))}")
        if not case.asked:
            st.caption("This run kept figures only, not what was said. A new run keeps both.")
        for asked in wrong:
            st.markdown(f"**{literal(asked.question[:500])}**")
            st.markdown(f"{quiet(asked.status or 'no answer')} {literal(asked.text[:600])}")
            for problem in asked.problems:
                st.markdown(f"- {literal(problem)}")
            st.link_button(
                "See its trace in the Lab",
                lab_address(asked.question, case.pathway, history=asked.history),
                icon=":material/labs:",
                type="tertiary",
            )


# --- Draft cases -------------------------------------------------------------------------------------------------


def _drafts() -> None:
    try:
        draft_form.show(session.store(), session.owner())
    except CoachError as error:
        st.error(literal(str(error)), icon=":material/database_off:")


# --- A new run ---------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def _runner() -> Runner:
    return Runner()


def _new_run() -> None:
    runner = _runner()
    st.markdown(
        "Asks every case again and judges the answers, on this machine and with nothing sent anywhere. It takes some "
        "minutes of two cores; the page may be left meanwhile."
    )
    if not session.only_from_this_machine(st.get_option("server.address"), st.context.headers):
        st.info(
            "A run costs minutes of this server, so it can only be started from the machine itself: "
            "python -m eval run"
        )
        return
    if runner.running:
        _watch(runner)
        return
    if runner.outcome:
        st.markdown(literal(runner.outcome))
    split = st.radio(
        "Cases",
        ("dev", "all"),
        format_func={"dev": "Dev split", "all": "Dev and test split, to report"}.get,
        horizontal=True,
        key="run_split",
    )
    systems = st.checkbox("Simple systems beside the coach, which takes four times as long", key="run_systems")
    st.button("Start", type="primary", on_click=_start, args=(runner, str(split), systems), key="start_run")


def _start(runner: Runner, split: str, systems: bool) -> None:
    runner.start(split, load_settings(), systems=systems)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(runner: Runner) -> None:
    if not runner.running:
        st.rerun()
    at = runner.progress
    if at.total:
        st.progress(at.done / at.total, f"{at.system}: {at.done} of {at.total} cases, {at.seconds:.0f} s")
    else:
        st.progress(0.0, f"Loading the encoder and the index, {at.seconds:.0f} s")
    st.button("Stop", on_click=runner.stop, key="stop_run")
