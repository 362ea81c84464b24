"""A question on its way: submitted, waited for, kept with its answer, or stopped.

Comes in: what a visitor types or picks. Goes out: a stored turn; or the question, to be asked again, with the reason.

A question is a ``Pending`` value with an id drawn when it is submitted. It stays in the visitor's session until its
answer is stored, and a thread of its own works on it: a rerun in between waits for the same answer and asks nothing
again.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from coach.errors import CoachError, StorageError
from coach.planning.learner import told_of
from coach.storage import Conversation, Store, Turn
from coach.types import Answer, Status
from coach.ui import evidence, model, proposals, session, turns
from coach.ui.library import own_documents
from coach.ui.render import literal, quiet, shortened

HISTORY = 20
"""Earlier answers that a question may refer to."""
TITLE_CHARS = 60
BOX = "question"
STALE = 4
"""Elements of the first screen that would stay below a question until its answer is there, greyed out."""


class Pending(NamedTuple):
    """A question on its way."""

    turn_id: str
    question: str


# --- Callbacks: they run before the page is drawn -----------------------------------------------------------


def submit_typed() -> None:
    submit(st.session_state[BOX])


def submit(question: str | None) -> None:
    state = st.session_state
    # Empty questions go through as well: the coach says what it needs. One question at a time.
    if question is not None and state.pending is None:
        state.pending = Pending(str(uuid.uuid4()), question)
        state.halted = state.failure = None
        state.deep_link = state.lost_link = False


def pick(key: str) -> None:
    """A pill was clicked: ask it, and clear the choice, or every rerun would ask it again."""
    chosen = st.session_state[key]
    st.session_state[key] = None
    submit(chosen)


def forget() -> None:
    """Nobody waits for the question any more."""
    state = st.session_state
    if state.asking is not None:
        state.asking.cancel()
    state.asking = state.pending = None


# --- Waiting ------------------------------------------------------------------------------------------------


def ask(
    desk: session.Desk,
    store: Store,
    owner: str,
    conversation: Conversation | None,
    shown: tuple[turns.Shown, ...],
    pending: Pending,
    *,
    first: bool,
) -> None:
    state = st.session_state
    turns.question(pending.question, pending.turn_id, first=first)
    asking = cast("session.Asking | None", state.asking)
    if asking is None or asking.turn_id != pending.turn_id:
        history = [one.answer for one in shown if one.answer is not None][-HISTORY:]
        mine = proposals.asker(desk, store, owner, state.pathway)
        chosen = model.chosen()
        asking = session.Asking(
            desk,
            pending.turn_id,
            pending.question,
            history,
            state.pathway,
            mine.learner if mine else None,
            own_documents.shelf(store, owner, state.pathway),
            chosen,
            told_of(mine.profile) if mine and chosen and chosen.hints else "",
        )
        state.asking = asking
    place = st.chat_message("assistant")
    _see_to_a_stop()
    for _ in range(STALE):
        st.empty()
    with place:
        try:
            answer = _answered(desk, asking)
        except StopException:
            # Nothing of the session can be touched here, each touch would raise again; the next run sees to the rest.
            asking.cancel()
            raise
        except CoachError as error:
            state.halted, state.failure = pending.question, str(error)
        except Exception as error:  # noqa: BLE001 - a defect must not take the page down or lose the question
            state.halted = pending.question
            state.failure = (
                f"Something unforeseen went wrong ({type(error).__name__}). The question is kept; ask it again."
            )
        else:
            _keep(store, owner, conversation, pending, answer)
        forget()
    st.rerun()


@st.fragment(run_every=timedelta(seconds=1))
def _see_to_a_stop() -> None:
    """The stop button ends a run and begins none: this does, so that the page says what became of the question.

    While the page is being drawn it waits; it interrupts nothing.
    """
    asking = cast("session.Asking | None", st.session_state.asking)
    if asking is not None and asking.cancelled:
        st.rerun()


def _answered(desk: session.Desk, asking: session.Asking) -> Answer:
    """Wait for the answer, with a line for what is happening."""
    status = st.status(":shimmer[Reading the question]", type="compact", expanded=True)
    bar = status.empty()
    composed, label, draft = st.empty(), st.empty(), st.empty()
    shown: Answer | None = None
    previews = 0
    written = ""
    told = 0
    finished = False
    while not finished:
        finished = asking.wait(0.05)
        reading = desk if desk.loading else asking
        if not asking.stages and (desk.loading or asking.total):
            status.update(label=f":shimmer[{literal(_loading_words(reading))}]", expanded=True)
            if reading.total:
                bar.progress(min(1.0, reading.done / reading.total))
        for stage in asking.stages[told:]:
            if told == 0:
                bar.empty()
            words = evidence.WORKING.get(stage, stage)
            status.update(label=f":shimmer[{literal(words)}]", expanded=True)
            status.markdown(f":small[{quiet(words)}]")
            told += 1
        if asking.composed is not None and asking.composed is not shown:
            shown = asking.composed
            previews += 1
            status.update(expanded=False)
            with composed.container():
                turns.preview(desk, shown, f"{asking.turn_id}-{previews}")
        if asking.draft != written:
            if not written:
                label.caption("The model's draft, not checked yet")
            written = asking.draft
            draft.markdown(quiet(written))
        _let_others_in()
    return asking.answer()


def _let_others_in() -> None:
    """Streamlit stops or reruns a page only where the page calls it; a look at the session is such a call."""
    st.session_state.get("pending")


def _keep(store: Store, owner: str, conversation: Conversation | None, pending: Pending, answer: Answer) -> None:
    """Store the turn; if that fails, keep it on screen and say so."""
    state = st.session_state
    try:
        if conversation is None:
            title = shortened(pending.question, TITLE_CHARS) or "Empty question"
            conversation = store.create(owner, state.pathway, title)
            state.open = conversation.id
        store.append(owner, conversation.id, pending.question, answer.model_dump_json(), pending.turn_id)
    except StorageError as error:
        state.unsaved.append(
            Turn(
                id=pending.turn_id,
                position=1,
                question=pending.question,
                answer_json=answer.model_dump_json(),
                created=datetime.now(UTC),
            )
        )
        state.unsaved_because = f"Not saved, and gone when this page closes. {error}"


def keep_stopped(store: Store, owner: str, conversation: Conversation | None) -> None:
    """The coach's own answer, where the visitor stopped the model that was to word it."""
    kept = cast("tuple[Pending, Answer] | None", st.session_state.pop("stopped", None))
    if kept is not None:
        _keep(store, owner, conversation, *kept)
        st.rerun()


def halted(question: str, failure: str | None, *, first: bool) -> None:
    """A question without an answer: stopped by the visitor, or failed with a reason."""
    turns.question(question, "halted", first=first)
    with st.chat_message("assistant"):
        if failure is None:
            st.markdown(quiet("Stopped before there was an answer."))
        else:
            st.error(literal(failure), icon=":material/build:")
        st.button("Ask again", key="again", icon=":material/refresh:", on_click=submit, args=(question,))


def follow_ups(last: turns.Shown) -> None:
    """Under the last answer only: further up they would ask out of turn."""
    if last.answer is None or not last.answer.suggestions:
        return
    key = f"next-{last.turn.id}"
    label = "What I do cover" if last.answer.status in (Status.ABSTAINED, Status.OFF_TOPIC) else "Ask next"
    st.pills(label, last.answer.suggestions, key=key, format_func=literal, on_change=pick, args=(key,))


# --- Until questions can be answered ------------------------------------------------------------------------


def loading_line(desk: session.Desk) -> None:
    """What is still loading, while the page can already be used."""
    if desk.problem is not None:
        st.error(
            f"**The coach cannot answer yet.** {literal(desk.problem)}",
            icon=":material/build:",
        )
        st.button("Try again", key="reload", icon=":material/refresh:", on_click=desk.retry)
    elif desk.loading:
        _watch(desk)


@st.fragment(run_every=timedelta(seconds=0.5))
def _watch(desk: session.Desk) -> None:
    if not desk.loading:
        st.rerun()
    st.caption(f"{_loading_words(desk)} You can ask already; the answer comes when it is ready.")
    if desk.total:
        st.progress(min(1.0, desk.done / desk.total))


def _loading_words(reading: session.Desk | session.Asking) -> str:
    """Loading takes seconds at each start; the index is built at the first one and when the knowledge changes."""
    if not reading.total:
        return "Loading the embedding model."
    return f"Reading the knowledge for the first time: {reading.done:,} of {reading.total:,} texts."
