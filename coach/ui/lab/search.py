"""Exact against approximate search on a page: choose, measure, read.

Comes in: the coach and a reading. Goes out: Streamlit elements, and the choice in the address. What is measured and
what is said of it come from ``coach.lab.neighbours``; a measurement runs in a thread of its own, which the page
watches.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from pydantic import ValidationError

from coach.errors import CoachError
from coach.lab import neighbours
from coach.lab.neighbours import (
    AS_SHIPPED_POINT,
    CONSTRUCTIONS,
    COUNTS,
    NEIGHBOURS,
    PARAMETERS,
    SEARCHES,
    Measured,
    Measurement,
    Measuring,
    Setup,
    generator_in_words,
    in_one_sentence,
    in_words,
)
from coach.ui.render import literal, quiet

if TYPE_CHECKING:
    from coach.pipeline import Coach, Reading

RUN = "lab_measuring"
"""In the session: the measurement under way, or the last one."""
FOLLOWED = "lab_nn_followed"
"""In the session: the setup that the address held when the page last looked."""
LOOK_SECONDS = 0.3

VECTORS = {"passages": "The passages", "generated": "Generated vectors"}


@st.cache_resource(show_spinner=False)
def _measured() -> Measured:
    return Measured()


def show(coach: Coach, reading: Reading) -> None:
    st.markdown(
        "An exact search compares a question with every vector. HNSW, the graph that Chroma searches, hops from vector "
        "to vector and looks at few of them: faster when there are many, but it can miss some. M is how many links "
        "each vector has, ef how many candidates a search keeps. Recall at 10 says how many of the ten true neighbours "
        "it finds."
    )
    _panel(coach, reading)


def _panel(coach: Coach, reading: Reading) -> None:
    """No fragment: while one waits, Streamlit holds back whatever is clicked in it, the Stop button too."""
    setup = _controls(reading)
    if setup is None:
        return
    fingerprint = reading.index.fingerprint
    running: Measuring | None = st.session_state.get(RUN)
    if running is not None and running.finished:
        _keep(running)  # also one that ended while nobody watched
    measured = _measured().get(fingerprint, setup)
    if running is None and measured is None and setup.vectors == "passages":
        running = _start(coach, reading, setup)  # a few seconds, so that the first visit is not to an empty page
    this_one = running is not None and (running.fingerprint, running.setup) == (fingerprint, setup)
    if running is not None and this_one and not running.finished:
        _watch(running)
        return
    with st.container(horizontal=True, key="lab-measure-buttons"):
        st.button(
            "Measure" if measured is None else "Measure again",
            type="primary" if measured is None else "secondary",
            icon=":material/speed:",
            key="lab-measure",
            on_click=_restart,
            args=(coach, reading, setup),
        )
    if running is not None and this_one:
        try:
            running.result()
        except CoachError as error:
            st.error(literal(str(error)))
    if measured is None:
        if running is not None and not running.finished:
            st.caption("Another measurement is under way. Measuring these settings stops it.")
        st.markdown(quiet("Not measured with these settings yet."))
        return
    _results(measured)


# --- Choosing -----------------------------------------------------------------------------------------------


def _controls(reading: Reading) -> Setup | None:
    """What is chosen, which the address follows; None, with a message, where nothing can be measured."""
    given, notices = Setup.from_query(st.query_params)
    for notice in notices:
        st.caption(literal(notice))
    keys = {field: f"lab-nn-{field}" for field in Setup.model_fields}
    followed = st.session_state.get(FOLLOWED) == given
    for field, key in keys.items():
        if not followed or key not in st.session_state:  # a link, or the browser's back button
            value = getattr(given, field)
            st.session_state[key] = list(value) if isinstance(value, tuple) else value
    st.session_state[FOLLOWED] = given
    first, second = st.columns(2)
    with first:
        vectors = st.segmented_control(
            "Search among", list(VECTORS), format_func=VECTORS.__getitem__, key=keys["vectors"], required=True
        )
        count = st.select_slider(
            "How many", COUNTS, format_func="{:,}".format, key=keys["count"], disabled=vectors != "generated"
        )
    with second:
        links = st.pills("M, links of a vector", NEIGHBOURS, selection_mode="multi", key=keys["neighbours"])
        kept = st.pills("ef, candidates of a search", SEARCHES, selection_mode="multi", key=keys["searches"])
    construction = st.segmented_control(
        "ef while the graph is built", CONSTRUCTIONS, key=keys["construction"], required=True
    )
    if vectors == "generated":
        st.caption(literal(f"Generated: {generator_in_words(count, reading.index.vectors.shape[1])}"))
    else:
        st.caption(
            f"The {len(reading.index.vectors)} passages of this pathway, searched with {neighbours.QUERIES} question "
            "keys spread over them."
        )
    try:
        chosen = Setup.model_validate(
            {
                "vectors": vectors,
                "count": count if vectors == "generated" else COUNTS[0],
                "neighbours": tuple(sorted(links)),
                "searches": tuple(sorted(kept)),
                "construction": construction,
            }
        )
    except ValidationError:
        st.warning("Choose at least one M and one ef.")
        return None
    _write(chosen)
    st.session_state[FOLLOWED] = Setup.from_query(chosen.to_query())[0]
    return chosen


def _write(setup: Setup) -> None:
    """Into the address, where it is not there yet: each change of it goes to the browser."""
    wanted = setup.to_query()
    for name in PARAMETERS:
        if name in wanted and st.query_params.get(name) != wanted[name]:
            st.query_params[name] = wanted[name]
        elif name not in wanted and name in st.query_params:
            del st.query_params[name]


# --- Measuring ----------------------------------------------------------------------------------------------


def _start(coach: Coach, reading: Reading, setup: Setup) -> Measuring:
    """A new measurement stops the one before."""
    before: Measuring | None = st.session_state.get(RUN)
    if before is not None:
        before.cancel()
    if setup.vectors == "generated":
        vectors = partial(neighbours.generated, setup.count, reading.index.vectors.shape[1])
    else:
        vectors = partial(neighbours.of_reading, coach, reading)
    started = Measuring(setup, vectors, fingerprint=reading.index.fingerprint)
    st.session_state[RUN] = started
    return started


def _restart(coach: Coach, reading: Reading, setup: Setup) -> None:
    _start(coach, reading, setup)
    _measured().forget(reading.index.fingerprint, setup)


def _watch(running: Measuring) -> None:
    """Wait for it, and draw the panel anew with its result.

    Waiting here and not by running the panel again and again: Streamlit collects garbage after every run, which with
    an encoder loaded takes the interpreter for longer than what is measured.
    """
    st.button("Stop", key="lab-measure-stop", icon=":material/stop:", on_click=running.cancel)
    bar = st.progress(0.0)
    while not running.wait(LOOK_SECONDS):
        bar.progress(min(1.0, running.share), literal(running.doing))
        st.session_state.get(RUN)  # Streamlit hears the Stop button only where the page looks at the session
    st.rerun()


def _keep(running: Measuring) -> None:
    try:
        found = running.result()
    except CoachError:
        return  # told where the result would be
    if found is not None:
        _measured().keep(running.fingerprint, found)


# --- Reading ------------------------------------------------------------------------------------------------


def _results(measured: Measurement) -> None:
    from coach.ui.lab.search_charts import recall_chart

    with st.container(key="lab-nn-chart"):
        st.altair_chart(recall_chart(measured), width="stretch", alt=in_one_sentence(measured))
    st.markdown("**What this shows**")
    st.markdown("\n".join(f"- {literal(sentence)}" for sentence in in_words(measured)))
    st.caption(
        f"{measured.queries} queries, {measured.rounds} rounds, medians; exact and approximate search in turns, one "
        "thread each. A graph comes out differently each time it is built, so recall varies from one measurement to "
        "the next, most where M is small."
    )
    with st.expander("The figures as a table", type="compact", key="lab-nn-table"):
        st.table(_rows(measured), border="horizontal")


def _rows(measured: Measurement) -> dict[str, list[str]]:
    """Every setting, exact search first."""
    exact = measured.exact_seconds
    table = {
        "M": ["exact"],
        "ef": [""],
        "Recall at 10 (%)": ["100"],
        "A query (ms)": [f"{1000 * exact:.3f}"],
        "Times exact search": ["1"],
    }
    for point in measured.points:
        ours = " (the coach's own)" if (point.neighbours, point.search) == AS_SHIPPED_POINT else ""
        for column, cell in zip(
            table.values(),
            (
                f"{point.neighbours}{ours}",
                str(point.search),
                f"{100 * point.recall:.1f}",
                f"{1000 * point.seconds:.3f}",
                f"{point.ratio:.2f}",
            ),
            strict=True,
        ):
            column.append(cell)
    return table
