"""The map of all passages with the question among them, to be clicked and read.

Comes in: what an answer was worked out from, and the coach. Goes out: Streamlit elements. What a click picks stands in
the box of passages as well, which works without a mouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.own import of_learner
from coach.lab.explaining import question_vector, searched
from coach.lab.mapping import PassageMap, Plane, on_map, plane
from coach.types import Passage
from coach.ui.evidence import closeness
from coach.ui.render import badge, literal, plain, quiet, shortened, source_link

if TYPE_CHECKING:
    from coach.pipeline import Coach, Reading, Worked

READ_KEY = "lab-map-read"
TURN_KEY = "lab-map-turn"
"""Counts choices from the box: each gives a chart without a selection, so that every point can be clicked again."""

PLANES_KEPT = 8


def show(worked: Worked, coach: Coach) -> None:
    """The map of the passages that the answer was found in."""
    reading = worked.reading
    try:
        questions = [
            (searched(query), question_vector(query, evidence.method, coach))
            for query, evidence in zip(worked.queries, worked.evidence, strict=True)
        ]
    except CoachError as error:
        st.error(str(error))
        return
    _panel(on_map(_plane_of(reading), questions), reading)


def _plane_of(reading: Reading) -> Plane:
    """Kept for all, unless somebody's own documents are in it."""
    if of_learner(reading.index.passages.values()):
        return plane(reading.index.passages, reading.index.vectors)
    return _shared_plane(reading.index.fingerprint, reading)


@st.cache_resource(max_entries=PLANES_KEPT, show_spinner=False)
def _shared_plane(fingerprint: str, _reading: Reading) -> Plane:
    return plane(_reading.index.passages, _reading.index.vectors)


@st.fragment
def _panel(drawn: PassageMap, reading: Reading) -> None:
    from coach.ui.lab import charts

    st.markdown(
        "Every passage as a point: the two directions in which their vectors differ most (principal components). "
        f"That is {sum(drawn.explained):.0%} of the differences, so passages that look close may not be; the lines "
        "join the question with the passages that are closest in all dimensions."
    )
    if not drawn.asked:
        st.caption("This question was not looked up, so it has no place on the map.")
    grouping = st.segmented_control(
        "Colours and shapes",
        list(charts.Grouping),
        format_func=lambda one: one.value,
        default=charts.Grouping.ORIGIN,
        required=True,
        key="lab-map-kind",
    )
    st.altair_chart(
        charts.map_chart(drawn, grouping),
        width="stretch",
        key=_chart_key(),
        on_select=_picked,
        alt=charts.map_in_words(drawn),
    )
    names = _names(drawn)
    st.selectbox(
        "Read a passage",
        list(names),
        index=None,
        format_func=lambda id_: names.get(id_, ""),
        placeholder="Click a point, or choose here: the closest come first",
        key=READ_KEY,
        on_change=_chosen,
    )
    _read(st.session_state.get(READ_KEY), drawn, reading)
    for at, asked in enumerate(drawn.asked):
        which = f" to: {literal(shortened(asked.text, 60))}" if len(drawn.asked) > 1 else ""
        st.markdown(f"**Closest passages{which}**")
        rows = charts.map_rows(drawn, at, grouping)
        st.table({name: [literal(cell) for cell in cells] for name, cells in rows.items()}, border="horizontal")
    table = st.expander("The whole map as a table", type="compact", key="lab-map-table", on_change="rerun")
    if table.open:
        with table:
            st.dataframe(charts.point_rows(drawn, grouping), hide_index=True, height=300, key="lab-map-rows")


def _chart_key() -> str:
    return f"lab-map-{st.session_state.get(TURN_KEY, 0)}"


def _chosen() -> None:
    st.session_state[TURN_KEY] = st.session_state.get(TURN_KEY, 0) + 1


def _picked() -> None:
    """What was clicked on becomes what is read; a click beside the points changes nothing."""
    from coach.ui.lab.charts import PICKED

    entries = st.session_state[_chart_key()].selection.get(PICKED, [])
    ids = [entry["id"] for entry in entries if isinstance(entry, dict) and "id" in entry]
    if ids:
        st.session_state[READ_KEY] = ids[-1]


def _names(drawn: PassageMap) -> dict[str, str]:
    """Ids and headings of passages, neighbours first; where two have the same headings, with the end of their ids."""
    near = [one.point.place for asked in drawn.asked for one in asked.neighbours]
    places = {place.passage_id: place for place in [*near, *(point.place for point in drawn.points)]}
    titles = [place.title for place in places.values()]
    return {
        id_: plain(place.title if titles.count(place.title) == 1 else f"{place.title} ({id_.rpartition('#')[2]})")
        for id_, place in places.items()
    }


def _read(id_: str | None, drawn: PassageMap, reading: Reading) -> None:
    passage: Passage | None = reading.index.passages.get(id_) if id_ else None
    if passage is None:
        return
    with st.container(border=True, key="lab-map-passage"):
        st.markdown(f"**{literal(' › '.join(passage.heading_path))}**")
        st.markdown("  \n".join(literal(line) for line in passage.text.split("\n") if line.strip()))
        foot = [quiet(passage.source)]
        link = source_link(passage)
        if link is not None:
            foot.append(link)
        st.markdown(f":small[{' · '.join(foot)}]")
        near = [one for asked in drawn.asked for one in asked.neighbours if one.point.place.passage_id == passage.id]
        if near:
            told = f"cosine to the question {near[0].cosine:.2f}, {closeness(near[0].cosine)}"
            st.markdown(f":small[{badge('Neighbour')} {quiet(told)}]")
