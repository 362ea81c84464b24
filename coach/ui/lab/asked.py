"""The question at hand, answered as the chat answers it, for the views that look inside or hold another answer against.

Comes in: the address and the visitor's own documents and profile. Goes out: an ``Asker`` and a ``Worked``, kept for
the visit: questions are theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coach.errors import StorageError
from coach.lab.experiment import PARAMETERS, Asker, Experiment, Readings, readings
from coach.pipeline import Coach, Worked
from coach.types import Answer
from coach.ui import proposals, session
from coach.ui.library import own_documents

KEPT = 24


def asker(coach: Coach, pathway: str) -> Asker:
    """The visitor with their own documents and their profile, as in the chat. Raises CoachError."""
    try:
        store, owner = session.store(), session.owner()
        shelf = own_documents.shelf(store, owner, pathway)
        mine = proposals.asker(session.desk(), store, owner, pathway)
    except StorageError:  # then the chat has nothing of theirs either, and says why
        return Asker(coach.reading(pathway))
    return Asker(shelf.reading(coach) if shelf else coach.reading(pathway), mine.learner if mine else None)


def as_shipped(
    coach: Coach, asker: Asker, question: str, earlier: Sequence[str]
) -> tuple[Worked, tuple[Answer, ...]]:
    """The coach's own answer, and those before it. Raises EncoderError."""
    pathway = asker.reading.corpus.pathway.slug
    learner = asker.learner.model_dump_json() if asker.learner else ""
    return _worked(asker.reading.index.fingerprint, pathway, learner, question, tuple(earlier), coach, asker)


@st.cache_resource(scope="session", max_entries=KEPT, show_spinner=False)
def _worked(
    fingerprint: str, slug: str, learner: str, question: str, earlier: tuple[str, ...], _coach: Coach, _asker: Asker
) -> tuple[Worked, tuple[Answer, ...]]:
    return work_out(_coach, _asker, question, earlier)


def work_out(
    coach: Coach, asker: Asker, question: str, earlier: Sequence[str]
) -> tuple[Worked, tuple[Answer, ...]]:
    """The earlier questions are asked first, each after those before it. Touches nothing of the session."""
    history: list[Answer] = []
    for one in earlier:
        history.append(asker.work(coach, one, history).answer)
    return asker.work(coach, question, history), tuple(history)


def own_readings() -> Readings:
    """For what this visitor typed or brought along: nobody else's visit holds it."""
    found: Readings = st.session_state.setdefault("lab_readings", Readings())
    return found


def readings_of(asker: Asker) -> Readings:
    """For what is changed in the passages by a switch: the same for everybody, unless there are documents of their own
    among them."""
    return own_readings() if asker.own else readings


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
