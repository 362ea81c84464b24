"""A conversation as it stands on the page: each question with its answer, its evidence and the thumbs under it.

Comes in: turns from the store, and those that it refused. Goes out: the turns on screen, and what the visitor thinks of
an answer, in the store. It asks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import NamedTuple

import streamlit as st
from pydantic import ValidationError

from coach.answering.bylines import byline
from coach.errors import StorageError
from coach.reading import Part, parts
from coach.storage import Conversation, Feedback, Store, Thumb, Turn
from coach.types import Answer, Claim, Passage, Status, Support
from coach.ui import evidence, learner, pathway_choice, session
from coach.ui.lab.address import PAGE, lab_address, lab_query
from coach.ui.render import literal, plain, quiet

WINDOW = 20
"""Turns shown at first; a rerun grows with the history, and nobody rereads more at a glance."""

EARLIER = 6
"""Questions before one that the Lab is told of; a question leans on the last ones."""

REASONS = ("It is wrong", "Not what I asked", "The source does not say so", "Something is missing", "Hard to read")


class Shown(NamedTuple):
    """A turn with its answer read, or None if another version wrote it."""

    turn: Turn
    answer: Answer | None


def history(store: Store, owner: str, conversation: Conversation | None) -> tuple[Shown, ...]:
    """The newest turns, up to the window, and those that the store refused."""
    state = st.session_state
    kept = store.turns(owner, conversation.id, state.window) if conversation is not None else ()
    return tuple(_read(turn) for turn in (*kept, *state.unsaved))


def _read(turn: Turn) -> Shown:
    read: dict[str, Answer | None] = st.session_state.read
    if turn.id not in read:
        try:
            read[turn.id] = Answer.model_validate_json(turn.answer_json)
        except ValidationError:
            read[turn.id] = None
    return Shown(turn, read[turn.id])


def show(
    desk: session.Desk,
    store: Store,
    owner: str,
    conversation: Conversation | None,
    shown: tuple[Shown, ...],
) -> None:
    if conversation is not None:
        hidden = store.turn_count(owner, conversation.id) - (len(shown) - len(st.session_state.unsaved))
        if hidden > 0:
            st.button(f"Show earlier questions ({hidden})", key="earlier", type="tertiary", on_click=_earlier)
    feedback = store.feedback(owner, conversation.id) if conversation is not None else {}
    for number, one in enumerate(shown):
        question(one.turn.question, one.turn.id, first=number == 0)
        with st.chat_message("assistant"):
            before = [earlier.turn.question for earlier in shown[:number]]
            _answer(desk, one, store if one.turn not in st.session_state.unsaved else None, owner, feedback, before)
    if st.session_state.unsaved:
        st.warning(literal(st.session_state.unsaved_because), icon=":material/save:")


def _earlier() -> None:
    st.session_state.window += WINDOW


def question(question: str, turn_id: str, *, first: bool) -> None:
    with st.chat_message("user"), st.container(key=f"asked-{'first-' if first else ''}{turn_id}"):
        st.markdown(literal(question) or quiet("(an empty question)"))


# --- One answer ---------------------------------------------------------------------------------------------


@st.fragment
def _answer(
    desk: session.Desk,
    one: Shown,
    store: Store | None,
    owner: str,
    feedback: dict[str, Feedback],
    before: Sequence[str],
) -> None:
    """One answer, asked after ``before``. A fragment: opening its evidence or rating it redraws nothing else."""
    turn, answer = one
    if answer is None:
        st.markdown(quiet("This answer was saved by another version of the program and cannot be shown by this one."))
        return

    def lookup(passage_id: str) -> Passage:
        return desk.coach.passage(answer.pathway, passage_id)

    not_covered = answer.status in (Status.ABSTAINED, Status.OFF_TOPIC)
    with st.container(key=f"{'gap' if not_covered else 'said'}-{turn.id}"):
        if not_covered:
            st.caption("Off topic" if answer.status is Status.OFF_TOPIC else "Not covered")
        _prose(answer, turn.id, lookup)
        unnamed = [name for name in answer.missing if name not in answer.text]
        if unnamed:
            st.markdown(f"{quiet('Missing:')} {', '.join(literal(name) for name in unnamed)}")
        _byline(answer)
    if answer.status is Status.CONVERSATIONAL and not answer.trace.retrieved:
        return
    with st.container(key=f"foot-{turn.id}"):
        panel = st.expander(evidence.summary(answer), type="compact", key=f"panel-{turn.id}", on_change="rerun")
        if store is not None:
            _thumbs(store, owner, turn.id, feedback.get(turn.id))
    if panel.open:
        with panel:
            evidence.panel(answer, lookup)
            address = lab_address(answer.question, answer.pathway, history=before[-EARLIER:])
            with st.container(horizontal=True, vertical_alignment="center", key=f"onward-{turn.id}"):
                _look_inside(answer, before[-EARLIER:], address)
                _take_along(desk, one, answer, before[-EARLIER:], address)
    if store is not None:
        _why(store, owner, turn.id, feedback.get(turn.id))


def _look_inside(answer: Answer, before: Sequence[str], address: str) -> None:
    """Within the visit where the app has its pages: a new tab is a new visit, without documents that were not kept."""
    label, icon = "Look inside in the RAG Lab", ":material/labs:"
    lab = st.session_state.get("pages", {}).get(PAGE)
    if lab is None:
        st.link_button(label, address, type="tertiary", icon=icon)
    else:
        st.page_link(lab, label=label, icon=icon, query_params=lab_query(answer.question, answer.pathway, before))


def _take_along(desk: session.Desk, one: Shown, answer: Answer, before: Sequence[str], address: str) -> None:
    """The answer as it stands here, in whosever words, as a file."""
    from coach.lab.exporting import file_name

    pathway = next((pathway for pathway in desk.coach.pathways() if pathway.slug == answer.pathway), None)
    name = pathway_choice.whole_name(pathway, answer.pathway)
    st.download_button(
        "Take this answer along",
        # Written when it is wanted. Streamlit calls it outside of the visit, so it gets all that it needs.
        data=partial(_file, answer, name, before, address, learner.zone()),
        file_name=file_name(plain(answer.question)),
        mime="text/html",
        icon=":material/download:",
        type="tertiary",
        key=f"take-{one.turn.id}",
        on_click="ignore",
        help="One HTML file with the question, the answer, its evidence and scores, to read, print or send.",
    )


def _file(answer: Answer, pathway: str, before: Sequence[str], address: str, zone: tzinfo) -> bytes:
    from coach.lab.exporting import as_html

    written = as_html(answer, pathway=pathway, made=datetime.now(zone), earlier=before, link=address)
    return written.encode("utf-8", "replace")


def preview(desk: session.Desk, answer: Answer, turn_id: str) -> None:
    """The coach's own answer while a model is still writing."""
    with st.container(key=f"said-preview-{turn_id}"):
        _prose(answer, f"preview-{turn_id}", lambda passage_id: desk.coach.passage(answer.pathway, passage_id))


def _byline(answer: Answer) -> None:
    """What a language model had to do with the answer; nothing where none was asked."""
    if answer.trace.generation is not None:
        st.caption(literal(byline(answer.trace.generation)))


def _prose(answer: Answer, turn_id: str, lookup: evidence.Lookup) -> None:
    """The answer as running text: each claim followed by its markers, which open the evidence beside it."""
    paragraph: list[Part] = []
    number = 0

    def close() -> None:
        nonlocal number
        if paragraph:
            number += 1
            # What an answer could not cover stands apart from what it could.
            gap = answer.claims and answer.missing and all(part.claim is None for part in paragraph)
            with st.container(key=f"prose-{'gap-' if gap else ''}{turn_id}-{number}"):
                for position, part in enumerate(paragraph):
                    _part(answer, part, f"{turn_id}-{number}-{position}", lookup)
            paragraph.clear()

    for part in parts(answer):
        if part.item:
            close()
            number += 1
            with st.container(key=f"entry-{turn_id}-{number}"):
                _part(answer, part, f"{turn_id}-{number}", lookup)
            continue
        if part.opens:
            close()
        paragraph.append(part)
    close()


def _part(answer: Answer, part: Part, key: str, lookup: evidence.Lookup) -> None:
    st.markdown(literal(part.text))
    if part.claim is None:
        return
    markers = sorted({citation.marker for citation in part.claim.citations})
    for marker in markers:
        with st.popover(_marker_label(part.claim, marker, markers[-1]), type="tertiary", key=f"mark-{key}-{marker}"):
            evidence.note(answer, part.claim, marker, lookup)


def _marker_label(claim: Claim, marker: int, last: int) -> str:
    """A bare number for a quotation; what was computed or inferred says so in the text itself."""
    words = str(marker) if claim.support is Support.QUOTED or marker != last else f"{marker} {claim.support.value}"
    return f":primary[{words}]"


# --- Feedback -----------------------------------------------------------------------------------------------


def _thumbs(store: Store, owner: str, turn_id: str, given: Feedback | None) -> None:
    key = f"thumb-{turn_id}"
    st.feedback(
        "thumbs",
        key=key,
        default=None if given is None else int(given.thumb is Thumb.UP),
        on_change=_rate,
        args=(store, owner, turn_id),
    )


def _rate(store: Store, owner: str, turn_id: str) -> None:
    """A thumb or a reason changed: keep both, with the whole answer."""
    state = st.session_state
    chosen = state.get(f"thumb-{turn_id}")
    words = [state.get(f"reason-{turn_id}") or "", plain(state.get(f"words-{turn_id}") or "")]
    thumb = None if chosen is None else (Thumb.UP if chosen == 1 else Thumb.DOWN)
    try:
        store.rate(owner, turn_id, thumb, ". ".join(word for word in words if word) if thumb is Thumb.DOWN else "")
        state.pop(f"unrated-{turn_id}", None)
    except StorageError as error:
        state[f"unrated-{turn_id}"] = str(error)


def _why(store: Store, owner: str, turn_id: str, given: Feedback | None) -> None:
    state = st.session_state
    if f"unrated-{turn_id}" in state:
        st.warning(literal(state[f"unrated-{turn_id}"]))
    chosen = state.get(f"thumb-{turn_id}", None if given is None else int(given.thumb is Thumb.UP))
    if chosen != 0:
        return
    with st.container(key=f"why-{turn_id}"):
        st.pills(
            "What went wrong?",
            REASONS,
            key=f"reason-{turn_id}",
            default=next((reason for reason in REASONS if given and given.reason.startswith(reason)), None),
            on_change=_rate,
            args=(store, owner, turn_id),
        )
        st.text_input(
            "In your words, if you like",
            key=f"words-{turn_id}",
            max_chars=500,
            on_change=_rate,
            args=(store, owner, turn_id),
        )
        st.caption("Kept with the answer, so that it can be replayed and mended.")
        st.link_button(
            "Make it a draft case", "evaluation?view=Draft+cases", type="tertiary", icon=":material/assignment:"
        )
