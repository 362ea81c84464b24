"""The question at hand, answered as the coach answers it, for the views that hold another answer against it.

Comes in: the address. Goes out: a ``Worked``, kept for the visit.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coach.lab.experiment import PARAMETERS, Experiment, Readings
from coach.pipeline import Coach, Reading, Worked
from coach.types import Answer
from coach.ui.render import plain

KEPT = 24
EARLIER = 6
"""Questions before the one at hand that are asked again."""


def earlier() -> tuple[str, ...]:
    """The questions asked before, as the address has them."""
    return tuple(plain(one) for one in st.query_params.get_all("h"))[-EARLIER:]


def as_shipped(coach: Coach, question: str, pathway: str) -> tuple[Worked, tuple[Answer, ...]]:
    """The coach's own answer, and those before it."""
    reading = coach.reading(pathway)
    return _worked(reading.index.fingerprint, pathway, question, earlier(), coach, reading)


@st.cache_resource(scope="session", max_entries=KEPT, show_spinner=False)
def _worked(
    fingerprint: str, slug: str, question: str, before: Sequence[str], _coach: Coach, _reading: Reading
) -> tuple[Worked, tuple[Answer, ...]]:
    history: list[Answer] = []
    for one in before:
        history.append(_coach.ask(one, history, reading=_reading))
    return _coach.work(question, _reading, history), tuple(history)


def own_readings() -> Readings:
    """For what this visitor typed: nobody else's visit holds it."""
    found: Readings = st.session_state.setdefault("lab_readings", Readings())
    return found


def experiment() -> tuple[Experiment, tuple[str, ...]]:
    """The experiment of the address, with a sentence for what in it cannot be."""
    written = {name: st.query_params.get_all(name) for name in st.query_params}
    return Experiment.from_query(written, others=[name for name in written if name not in PARAMETERS])


def to_address(chosen: Experiment) -> None:
    """Write an experiment into the address; whatever else stands there stays."""
    address: dict[str, str | list[str]] = {
        name: st.query_params.get_all(name) for name in st.query_params if name not in PARAMETERS
    }
    st.query_params.from_dict(address | chosen.to_query())
