"""The visitor's conversations: which one is open, and the list to choose, rename, export and delete them.

Comes in: the address of the page, and clicks. Goes out: the open conversation in the session and in the address, and
changes in the store. What is said in a conversation is not its business.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import streamlit as st

from coach.knowledge.pathway import Pathway
from coach.settings import load_settings
from coach.storage import Conversation, Store, as_markdown
from coach.ui import asking, learner, pathway_choice, turns
from coach.ui.render import literal, plain

LISTED = 25
"""Conversations in the sidebar before "Show all"."""


def follow_address(store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    """``?c=`` names the open conversation and works for its owner only; ``?q=`` fills the box and waits."""
    state = st.session_state
    asked = st.query_params.get("q")
    if asked is not None:
        state[asking.BOX] = plain(asked)[: load_settings().max_question_chars]
        state.deep_link = True
        del st.query_params["q"]
    named = st.query_params.get("c")
    if named != state.address:  # a reload, a bookmark, or the browser's back button
        found = store.conversation(owner, named) if named else None
        state.lost_link = bool(named) and found is None
        _show(found, pathways)
    if state.open is not None and store.conversation(owner, state.open) is None:
        _show(None, pathways)  # deleted in another window
    if state.open is None:
        if "c" in st.query_params:
            del st.query_params["c"]
    elif st.query_params.get("c") != state.open:
        st.query_params["c"] = state.open
    state.address = state.open


def _show(conversation: Conversation | None, pathways: dict[str, Pathway]) -> None:
    """Turn to another conversation, or to none; nothing of the last one stays behind."""
    state = st.session_state
    state.open = None if conversation is None else conversation.id
    state.address = state.open
    asking.forget()
    state.halted = state.failure = None
    state.unsaved, state.window, state.read = [], turns.WINDOW, {}
    if conversation is not None and conversation.pathway in pathways:
        state.pathway = conversation.pathway


# --- The list -----------------------------------------------------------------------------------------------


def choose(store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    state = st.session_state
    everything = bool(state.get("list_all"))
    found = store.conversations(owner, None if everything else LISTED + 1)
    if not found:
        st.caption("Your conversations will be listed here and found again when you come back.")
        return
    zone = learner.zone()
    day = ""
    for conversation in found if everything else found[:LISTED]:
        if (name := _day(conversation.updated, zone)) != day:
            day = name
            st.caption(day)
        here = conversation.id == state.open
        with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", key="here" if here else None):
            st.button(
                literal(conversation.title),
                key=f"open-{conversation.id}",
                type="tertiary",
                width="stretch",
                on_click=_open,
                args=(conversation, pathways),
            )
            if here:
                _menu(store, owner, conversation, pathways)
    if not everything and len(found) > LISTED:
        st.button("Show all", key="list_all_button", type="tertiary", on_click=lambda: state.update(list_all=True))


def _menu(store: Store, owner: str, conversation: Conversation, pathways: dict[str, Pathway]) -> None:
    with st.popover("", icon=":material/more_horiz:", type="tertiary", help="Rename, export or delete", key="menu"):
        key = f"title-{conversation.id}"
        st.text_input(
            "Title",
            value=plain(conversation.title),
            key=key,
            max_chars=80,
            on_change=_rename,
            args=(store, owner, conversation.id, key),
        )
        st.download_button(
            "Export as Markdown",
            # A function: the file is written when it is wanted, not on every rerun.
            data=lambda: as_markdown(
                conversation,
                store.turns(owner, conversation.id),
                pathway_choice.whole_name(pathways.get(conversation.pathway), conversation.pathway),
            ),
            file_name=f"{_file_stem(conversation.title)}.md",
            mime="text/markdown",
            icon=":material/download:",
            key=f"export-{conversation.id}",
            on_click="ignore",
            width="stretch",
        )
        delete_button(store, owner, conversation.id, "Delete conversation")


def delete_button(store: Store, owner: str, conversation_id: str | None, label: str) -> None:
    """Two clicks: what is deleted is gone from the disk as well."""
    what = conversation_id or "everything"
    if st.session_state.get("confirming") != what:
        st.button(
            label, key=f"delete-{what}", icon=":material/delete:", width="stretch", on_click=_confirm, args=(what,)
        )
        return
    st.markdown("Delete for good? It cannot be brought back.")
    with st.container(horizontal=True):
        st.button(
            "Delete", key=f"really-{what}", type="primary", on_click=_delete, args=(store, owner, conversation_id)
        )
        st.button("Keep", key=f"keep-{what}", on_click=_confirm, args=(None,))


# --- Callbacks: they run before the page is drawn -----------------------------------------------------------


def new() -> None:
    _show(None, {})
    st.session_state.lost_link = False
    st.query_params.pop("c", None)


def _open(conversation: Conversation, pathways: dict[str, Pathway]) -> None:
    _show(conversation, pathways)
    st.session_state.lost_link = False
    st.query_params["c"] = conversation.id


def _rename(store: Store, owner: str, conversation_id: str, key: str) -> None:
    store.rename(owner, conversation_id, plain(st.session_state[key]))


def _delete(store: Store, owner: str, conversation_id: str | None) -> None:
    """One conversation, or all of them."""
    if conversation_id is None:
        store.delete_all(owner)
    else:
        store.delete(owner, conversation_id)
    st.session_state.confirming = None
    new()


def _confirm(what: str | None) -> None:
    st.session_state.confirming = what


# --- Days and file names ------------------------------------------------------------------------------------


def _day(moment: datetime, zone: tzinfo) -> str:
    """``Today``, ``Yesterday``, ``Mon 7 Dec``; the year only where it is another one."""
    day, today = moment.astimezone(zone).date(), datetime.now(zone).date()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return learner.human(day, today)


def _file_stem(title: str) -> str:
    """A title as a file name: letters and digits only, never a path."""
    words = "".join(letter if letter.isalnum() and letter.isascii() else " " for letter in title).split()
    return "-".join(words).lower()[:60] or "conversation"
