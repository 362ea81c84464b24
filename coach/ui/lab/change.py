"""Change one thing: how channels count, how many passages, how they are cut; the new answer beside the old one.

Comes in: a question. Goes out: controls, which follow the address and write it, and the difference that they make. What
changes how an answer is found costs one answer; what changes the passages is embedded anew, in a sandbox.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import get_args

import streamlit as st

from coach.errors import CoachError
from coach.lab.experiment import Asker, Experiment, corpus_part, run_in
from coach.lab.resizing import Size
from coach.pipeline import Coach
from coach.types import Method
from coach.ui.evidence import duration
from coach.ui.lab import difference
from coach.ui.lab.asked import as_shipped, experiment, readings_of, to_address
from coach.ui.render import literal

ALL = "all"
PASSAGES: tuple[int | str, ...] = (1, 2, 3, 5, 8, 13, 21, 34, ALL)
FUSIONS = {"z_scores": "Sum of z-scores", "reciprocal_ranks": "Reciprocal ranks"}
SIZES: dict[Size, str] = {"as_written": "As written", "small": "Small", "tiny": "Tiny", "huge": "Huge"}
CHANNELS = {
    "dense": ("Meaning", "Cosine of the question and the passage."),
    "keys": ("Question keys", "Cosine of the question and the questions that a passage answers."),
    "lexical": ("Words", "BM25 over the words they share."),
}
MINE = ("method", "headings", "size")
"""Fields of an experiment that are at work here: with a fault among them, nobody could tell what did what."""
STEP = 0.25
MOST = 2.0


def show(coach: Coach, asker: Asker, question: str, earlier: Sequence[str]) -> None:
    st.markdown("Change one thing and see what becomes of the answer. The address holds it: send the link.")
    _panel(coach, asker, question, earlier)


@st.fragment
def _panel(coach: Coach, asker: Asker, question: str, earlier: Sequence[str]) -> None:
    whole, notices = experiment()
    for notice in notices:
        st.caption(literal(notice))
    chosen = whole.only(*MINE)
    if chosen != whole:
        st.caption("This link also holds a fault or an edit. They are at work in their own views, not in this one.")
    _follow(chosen)
    _controls()
    try:
        shipped, history = as_shipped(coach, asker, question, earlier)
        part, readings = corpus_part(chosen, shipped), readings_of(asker)
        if part.as_shipped:
            sandbox = readings.get(coach, part, base=asker.reading)
        else:
            with st.spinner("Embedding the passages anew, in a sandbox", show_time=True):
                sandbox = readings.get(coach, part, base=asker.reading)
        start = time.perf_counter()
        changed = run_in(coach, question, chosen, sandbox, history, asker.learner)
        took = time.perf_counter() - start
    except CoachError as error:
        st.error(literal(str(error)))
        return
    if sandbox.refused:
        st.warning(literal(f"The index refused these passages: {sandbox.refused}"), icon=":material/block:")
        st.caption(
            f"With that check off, {sandbox.unread:,} of {sandbox.pieces:,} word pieces were never read, and nobody "
            "would have been told."
        )
    if chosen.changes_nothing:
        st.caption("Nothing is changed yet: this is the coach's own answer on both sides.")
    difference.show(shipped, changed, key="changed")
    st.caption(f"Answered again in {duration(took)}.")
    if not chosen.changes_nothing:
        st.button("Change everything back", on_click=_back, key="lab-back", type="tertiary")


def _controls() -> None:
    columns = st.columns(3, gap="medium")
    for column, (channel, (name, meaning)) in zip(columns, CHANNELS.items(), strict=True):
        column.slider(
            f"{name}: weight", 0.0, MOST, step=STEP, key=f"lab-{channel}", help=meaning, on_change=_changed
        )
    left, right = st.columns(2, gap="medium")
    left.select_slider(
        "Passages that may be said",
        PASSAGES,
        key="lab-passages",
        on_change=_changed,
        help="Only facts of the best so many passages of the fused ranking.",
    )
    right.slider(
        "Evidence threshold",
        0.0,
        1.0,
        step=0.05,
        key="lab-threshold",
        on_change=_changed,
        help="How likely it has to be that the knowledge answers the question at all.",
    )
    with st.container(horizontal=True, gap="medium", key="lab-corpus"):
        st.segmented_control(
            "Fusion",
            list(FUSIONS),
            format_func=FUSIONS.__getitem__,
            key="lab-fusion",
            required=True,
            on_change=_changed,
        )
        st.segmented_control(
            "Size of passages",
            list(SIZES),
            format_func=SIZES.__getitem__,
            key="lab-size",
            required=True,
            on_change=_changed,
        )
        st.toggle(
            "Headings in what is embedded",
            key="lab-headings",
            on_change=_changed,
            help="A bare sentence says little without the headings above it.",
        )


def _follow(chosen: Experiment) -> None:
    """The controls show what the address says, also after a link or the back button."""
    method, state = chosen.method, st.session_state
    values: dict[str, object] = {f"lab-{channel}": _on_scale(getattr(method, channel)) for channel in CHANNELS}
    values["lab-passages"] = _nearest(method.passages)
    values["lab-threshold"] = round(method.answer_from, 2)
    values["lab-fusion"] = method.fusion
    values["lab-size"] = chosen.size
    values["lab-headings"] = chosen.headings
    for key, value in values.items():
        if state.get(key) != value:
            state[key] = value


def _on_scale(weight: float) -> float:
    return min(MOST, round(weight / STEP) * STEP)


def _nearest(passages: int | None) -> int | str:
    if passages is None:
        return ALL
    return min((one for one in PASSAGES if isinstance(one, int)), key=lambda one: abs(one - passages))


def _changed() -> None:
    """Write what the controls say into the address; edits and faults that stand there stay."""
    state = st.session_state
    before, _ = experiment()
    passages = state["lab-passages"]
    size = state["lab-size"]
    assert size in get_args(Size)
    method = Method(
        **{channel: state[f"lab-{channel}"] for channel in CHANNELS},
        fusion=state["lab-fusion"],
        passages=None if passages == ALL else passages,
        answer_from=state["lab-threshold"],
        distance=before.method.distance,
        abstain=before.method.abstain,
        check=before.method.check,
    )
    to_address(
        before.model_copy(update={"method": method, "size": size, "headings": bool(state["lab-headings"])})
    )


def _back() -> None:
    before, _ = experiment()
    to_address(before.only("edits", "faults"))
