"""The Coach page: ask, read the answer with its evidence, ask on.

Comes in: what a visitor types and clicks. Goes out: the conversation on screen and in the store.

This module says what stands where. The parts are ``conversations`` (which one is open, and the list), ``asking`` (a
question on its way), ``turns`` (what was asked and answered) and ``proposals`` (to the profile). Everything that
people or documents wrote passes through ``coach.ui.render``.

The page knows no pathway: names, starters and scope come from the coach.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import streamlit as st

from coach.errors import CoachError, StorageError
from coach.knowledge.pathway import Pathway
from coach.settings import load_settings
from coach.storage import Store
from coach.ui import asking, conversations, learner, login, model, pathway_choice, proposals, session, turns
from coach.ui.render import literal

ICON = Path(__file__).with_name("icon.svg")  # a file of ours: a named icon would be fetched from a font server
STYLE = Path(__file__).with_name("style.css")


def page() -> None:
    st.html(STYLE)
    try:
        desk = session.desk()
        pathways = {pathway.slug: pathway for pathway in desk.coach.pathways()}
    except CoachError as error:
        _cannot_start(str(error))
        return
    if not pathways:
        _cannot_start(
            "There is no pathway to talk about. Add one under knowledge/pathways or run `python -m coach import`."
        )
        return
    try:
        store = session.store()
    except StorageError as error:
        _cannot_start(str(error))
        return
    owner = session.owner()
    _begin(pathways)
    try:
        conversations.follow_address(store, owner, pathways)
        _sidebar(desk, store, owner, pathways)
        _conversation(desk, store, owner, pathways)
    except StorageError as error:
        st.error(literal(str(error)), icon=":material/database_off:")
    st.chat_input(
        "Ask about skills, time, pay or the next step",
        key=asking.BOX,
        max_chars=load_settings().max_question_chars,
        submit_mode="stop",
        on_submit=asking.submit_typed,
    )
    desk.start()


def prepare() -> None:
    """Do ahead of the first visit what its page needs: read the knowledge, open the store."""
    session.desk().coach.pathways()
    session.store()


def _begin(pathways: dict[str, Pathway]) -> None:
    state = st.session_state
    state.setdefault("open", None)  # id of the open conversation
    state.setdefault("pending", None)
    state.setdefault("asking", None)  # the thread that works on it
    state.setdefault("halted", None)  # a question that was stopped or that failed, to be asked again
    state.setdefault("failure", None)
    state.setdefault("unsaved", [])  # turns that the store refused
    state.setdefault("window", turns.WINDOW)
    state.setdefault("read", {})  # answers by turn id, parsed once
    state.setdefault("address", None)  # the ?c= that this page wrote
    state.setdefault("lost_link", False)
    if state.asking is not None and state.asking.cancelled and state.pending is not None:
        pending, composed = state.pending, state.asking.without_model()  # stopped by its button in the last run
        asking.forget()
        if composed is None:
            state.halted = pending.question
        else:
            state.stopped = pending, composed
    learner.open_pathway(pathways)


def _cannot_start(problem: str) -> None:
    st.title("Career coach", anchor=False)
    st.error(literal(problem), icon=":material/build:")
    st.markdown("Mend it and reload this page. `python -m coach doctor` says what is installed and what is not.")


# --- Sidebar ------------------------------------------------------------------------------------------------


def _sidebar(desk: session.Desk, store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    with st.sidebar:
        pathway_choice.choose(
            pathways,
            "Answers come from one pathway at a time. Choosing another starts a new conversation.",
            conversations.new,
        )
        model.control()
        st.button("New conversation", key="new", icon=":material/add:", on_click=conversations.new, width="stretch")
        # One container, so that what stands below keeps its place, and stays open, when the list grows.
        with st.container():
            conversations.choose(store, owner, pathways)
        _notices(desk, store)


def _notices(desk: session.Desk, store: Store) -> None:
    """What went wrong without stopping anything, and what is kept about the visitor."""
    with st.container():
        for notice in store.notices:
            st.warning(literal(notice), icon=":material/save:")
        problems = desk.coach.problems()
        if problems:
            count = len(problems)
            with st.expander(f"{count} {'notice' if count == 1 else 'notices'} about the knowledge", type="compact"):
                for problem in problems:
                    st.markdown(literal(problem))
    with st.popover("Your data", type="tertiary", icon=":material/lock:", key="data"):
        keeping = session.keeping()
        st.markdown(literal(keeping.why))
        if keeping.kept and store.in_memory:
            st.markdown("It is kept in memory and ends with this program.")
        elif keeping.kept:
            st.markdown("It lies in a database on the machine that runs this app, and nowhere else.")
        if keeping.kept and not session.owner_kept():
            st.markdown("This browser keeps no cookie for this app, so a reload will not find it again.")
        login.button()
        conversations.delete_button(store, session.owner(), None, "Delete everything")


# --- The conversation ---------------------------------------------------------------------------------------


def _conversation(desk: session.Desk, store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    state = st.session_state
    conversation = store.conversation(owner, state.open) if state.open else None
    pathway = pathways[state.pathway]
    asking.keep_stopped(store, owner, conversation)
    if state.lost_link:
        st.info(f"That link names a conversation that {_not_here()}")
    shown = turns.history(store, owner, conversation)
    pending = cast("asking.Pending | None", state.pending)
    readable = conversation is None or conversation.pathway in pathways

    if not shown and pending is None and state.halted is None:
        _first_screen(desk, pathway)
    else:
        name = literal(pathway_choice.whole_name(pathway, pathway.slug))
        st.caption(name if readable else "This pathway is no longer installed.")
        model.notice()
        turns.show(desk, store, owner, conversation, shown)
        if pending is None and shown and state.halted is None:
            proposals.offer(desk, store, owner, pathway, shown[-1])
            asking.follow_ups(shown[-1])
    if pending is not None:
        asking.ask(desk, store, owner, conversation, shown, pending, first=not shown)
    elif state.halted is not None:
        asking.halted(state.halted, state.failure, first=not shown)
    if state.pop("deep_link", False):
        st.caption("The link filled in a question below. Press Enter or the arrow to ask it.")
        state.deep_link = True
    if pending is None and (state.failure is None or state.failure != desk.problem):
        asking.loading_line(desk)


def _not_here() -> str:
    """How to come to it all the same, where there is a way."""
    if session.logged_in():
        return "your login does not hold. Conversations open only for whoever began them."
    if session.login_offered():
        return "this browser does not hold. If you began it under your login, log in and open the link again."
    return "this browser does not hold. Conversations open only where they began."


def _first_screen(desk: session.Desk, pathway: Pathway) -> None:
    st.title(literal(f"From {pathway_choice.whole_name(pathway, pathway.slug)}"), anchor=False)
    st.markdown(literal(desk.coach.scope(pathway.slug)))
    model.notice()
    st.space("xsmall")
    st.pills(
        "Ask one of these, or your own",
        desk.coach.starters(pathway.slug),
        key="starters",
        format_func=literal,
        on_change=asking.pick,
        args=("starters",),
    )
