"""The Coach page: ask, read the answer with its evidence, ask on.

Comes in: what a visitor types and clicks. Goes out: the conversation on screen and in the store.

A question is a ``Pending`` value with an id drawn when it is submitted. It stays in the visitor's session until its
answer is stored, and a thread of its own works on it: a rerun in between waits for the same answer and asks nothing
again. Everything that
people or documents wrote passes through ``coach.ui.render``.

The page knows no pathway: names, starters and scope come from the coach.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple, cast

import streamlit as st
from pydantic import ValidationError
from streamlit.runtime.scriptrunner import StopException

from coach.errors import CoachError, StorageError
from coach.knowledge.pathway import Pathway
from coach.knowledge.wording import listed
from coach.planning.learner import Change, kept, proposed
from coach.planning.profile import Profile
from coach.reading import Part, parts
from coach.settings import load_settings
from coach.storage import Conversation, Feedback, Store, Thumb, Turn, as_markdown
from coach.types import Answer, Claim, Passage, Status, Support
from coach.ui import evidence, learner, session
from coach.ui.render import literal, plain, quiet, shortened

ICON = Path(__file__).with_name("icon.svg")  # a file of ours: a named icon would be fetched from a font server
STYLE = Path(__file__).with_name("style.css")
WINDOW = 20
"""Turns shown at first; a rerun grows with the history, and nobody rereads more at a glance."""
LISTED = 25
"""Conversations in the sidebar before "Show all"."""
HISTORY = 20
"""Earlier answers that a question may refer to."""
TITLE_CHARS = 60
BOX = "question"
STALE = 4
"""Elements of the first screen that would stay below a question until its answer is there, greyed out."""
REASONS = ("It is wrong", "Not what I asked", "The source does not say so", "Something is missing", "Hard to read")


class Pending(NamedTuple):
    """A question on its way."""

    turn_id: str
    question: str


class Shown(NamedTuple):
    """A turn with its answer read, or None if another version wrote it."""

    turn: Turn
    answer: Answer | None


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
        _follow_address(store, owner, pathways)
        _sidebar(desk, store, owner, pathways)
        _conversation(desk, store, owner, pathways)
    except StorageError as error:
        st.error(literal(str(error)), icon=":material/database_off:")
    st.chat_input(
        "Ask about skills, time, pay or the next step",
        key=BOX,
        max_chars=load_settings().max_question_chars,
        submit_mode="stop",
        on_submit=_submit_typed,
    )
    desk.start()


def prepare() -> None:
    """Do ahead of the first visit what its page needs: read the knowledge, open the store."""
    session.desk().coach.pathways()
    session.store()


# --- What a visit remembers ---------------------------------------------------------------------------------


def _begin(pathways: dict[str, Pathway]) -> None:
    state = st.session_state
    state.setdefault("open", None)  # id of the open conversation
    state.setdefault("pending", None)
    state.setdefault("asking", None)  # the thread that works on it
    state.setdefault("halted", None)  # a question that was stopped or that failed, to be asked again
    state.setdefault("failure", None)
    state.setdefault("unsaved", [])  # turns that the store refused
    state.setdefault("window", WINDOW)
    state.setdefault("read", {})  # answers by turn id, parsed once
    state.setdefault("address", None)  # the ?c= that this page wrote
    state.setdefault("lost_link", False)
    if state.asking is not None and state.asking.cancelled and state.pending is not None:
        question = state.pending.question  # stopped by its button in the last run
        _forget_pending()
        state.halted = question
    if state.get("pathway") not in pathways:
        preferred = load_settings().default_pathway
        state.pathway = preferred if preferred in pathways else next(iter(pathways))


def _follow_address(store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    """``?c=`` names the open conversation and works for its owner only; ``?q=`` fills the box and waits."""
    state = st.session_state
    asked = st.query_params.get("q")
    if asked is not None:
        state[BOX] = plain(asked)[: load_settings().max_question_chars]
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


def _forget_pending() -> None:
    state = st.session_state
    if state.asking is not None:
        state.asking.cancel()
    state.asking = state.pending = None


def _show(conversation: Conversation | None, pathways: dict[str, Pathway]) -> None:
    """Turn to another conversation, or to none; nothing of the last one stays behind."""
    state = st.session_state
    state.open = None if conversation is None else conversation.id
    state.address = state.open
    _forget_pending()
    state.halted = state.failure = None
    state.unsaved, state.window, state.read = [], WINDOW, {}
    if conversation is not None and conversation.pathway in pathways:
        state.pathway = conversation.pathway


# --- Callbacks: they run before the page is drawn -----------------------------------------------------------


def _submit_typed() -> None:
    _submit(st.session_state[BOX])


def _submit(question: str | None) -> None:
    state = st.session_state
    # Empty questions go through as well: the coach says what it needs. One question at a time.
    if question is not None and state.pending is None:
        state.pending = Pending(str(uuid.uuid4()), question)
        state.halted = state.failure = None
        state.deep_link = state.lost_link = False


def _pick(key: str) -> None:
    """A pill was clicked: ask it, and clear the choice, or every rerun would ask it again."""
    chosen = st.session_state[key]
    st.session_state[key] = None
    _submit(chosen)


def _new_conversation() -> None:
    _show(None, {})
    st.session_state.lost_link = False
    st.query_params.pop("c", None)


def _open_conversation(conversation: Conversation, pathways: dict[str, Pathway]) -> None:
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
    _new_conversation()


def _confirm(what: str | None) -> None:
    st.session_state.confirming = what


def _earlier() -> None:
    st.session_state.window += WINDOW


# --- Sidebar ------------------------------------------------------------------------------------------------


def _sidebar(desk: session.Desk, store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    with st.sidebar:
        st.markdown("#### Career coach")
        st.selectbox(
            "Pathway",
            list(pathways),
            key="pathway",
            format_func=lambda slug: learner.short_name(pathways, slug),
            on_change=_new_conversation,
            help="Answers come from one pathway at a time. Choosing another starts a new conversation.",
        )
        st.button("New conversation", key="new", icon=":material/add:", on_click=_new_conversation, width="stretch")
        # One container, so that what stands below keeps its place, and stays open, when the list grows.
        with st.container():
            _conversation_list(store, owner, pathways)
        _notices(desk, store)


def _conversation_list(store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
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
                on_click=_open_conversation,
                args=(conversation, pathways),
            )
            if here:
                _conversation_menu(store, owner, conversation, pathways)
    if not everything and len(found) > LISTED:
        st.button("Show all", key="list_all_button", type="tertiary", on_click=lambda: state.update(list_all=True))


def _conversation_menu(
    store: Store, owner: str, conversation: Conversation, pathways: dict[str, Pathway]
) -> None:
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
                _name(pathways.get(conversation.pathway), conversation.pathway),
            ),
            file_name=f"{_file_stem(conversation.title)}.md",
            mime="text/markdown",
            icon=":material/download:",
            key=f"export-{conversation.id}",
            on_click="ignore",
            width="stretch",
        )
        _delete_button(store, owner, conversation.id, "Delete conversation")


def _delete_button(store: Store, owner: str, conversation_id: str | None, label: str) -> None:
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
        _delete_button(store, session.owner(), None, "Delete everything")


# --- The conversation ---------------------------------------------------------------------------------------


def _conversation(desk: session.Desk, store: Store, owner: str, pathways: dict[str, Pathway]) -> None:
    state = st.session_state
    conversation = store.conversation(owner, state.open) if state.open else None
    pathway = pathways[state.pathway]
    if state.lost_link:
        st.info(
            "That link names a conversation that this browser does not hold. Conversations open only where they began."
        )
    shown = _history(store, owner, conversation)
    pending = cast("Pending | None", state.pending)
    readable = conversation is None or conversation.pathway in pathways

    if not shown and pending is None and state.halted is None:
        _first_screen(desk, pathway)
    else:
        st.caption(literal(_name(pathway, pathway.slug)) if readable else "This pathway is no longer installed.")
        _turns(desk, store, owner, conversation, shown)
        if pending is None and shown and state.halted is None:
            _proposals(desk, store, owner, pathway, shown[-1])
            _follow_ups(shown[-1])
    if pending is not None:
        _ask(desk, store, owner, conversation, shown, pending, first=not shown)
    elif state.halted is not None:
        _halted(state.halted, state.failure, first=not shown)
    if state.pop("deep_link", False):
        st.caption("The link filled in a question below. Press Enter or the arrow to ask it.")
        state.deep_link = True
    if pending is None and (state.failure is None or state.failure != desk.problem):
        _loading_line(desk)


def _history(store: Store, owner: str, conversation: Conversation | None) -> tuple[Shown, ...]:
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


def _first_screen(desk: session.Desk, pathway: Pathway) -> None:
    st.title(literal(f"From {_name(pathway, pathway.slug)}"), anchor=False)
    st.markdown(literal(desk.coach.scope(pathway.slug)))
    st.space("xsmall")
    st.pills(
        "Ask one of these, or your own",
        desk.coach.starters(pathway.slug),
        key="starters",
        format_func=literal,
        on_change=_pick,
        args=("starters",),
    )


def _turns(
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
        _question(one.turn.question, one.turn.id, first=number == 0)
        with st.chat_message("assistant"):
            _answer(desk, one, store if one.turn not in st.session_state.unsaved else None, owner, feedback)
    if st.session_state.unsaved:
        st.warning(literal(st.session_state.unsaved_because), icon=":material/save:")


def _question(question: str, turn_id: str, *, first: bool) -> None:
    with st.chat_message("user"), st.container(key=f"asked-{'first-' if first else ''}{turn_id}"):
        st.markdown(literal(question) or quiet("(an empty question)"))


@st.fragment
def _answer(
    desk: session.Desk, one: Shown, store: Store | None, owner: str, feedback: dict[str, Feedback]
) -> None:
    """One answer. A fragment: opening its evidence or rating it redraws nothing else."""
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
    if answer.status is Status.CONVERSATIONAL and not answer.trace.retrieved:
        return
    with st.container(key=f"foot-{turn.id}"):
        panel = st.expander(evidence.summary(answer), type="compact", key=f"panel-{turn.id}", on_change="rerun")
        if store is not None:
            _thumbs(store, owner, turn.id, feedback.get(turn.id))
    if panel.open:
        with panel:
            evidence.panel(answer, lookup)
    if store is not None:
        _why(store, owner, turn.id, feedback.get(turn.id))


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


def _study(desk: session.Desk, store: Store, owner: str, slug: str) -> learner.Study | None:
    """Who asks, as far as they made a profile. One that cannot be read is the plan page's to tell; a question is
    answered all the same."""
    if store.learner(owner, slug) is None:
        return None
    try:
        return learner.study(_visit(desk, store, owner, _pathway(desk, slug)))
    except CoachError:
        return None


def _pathway(desk: session.Desk, slug: str) -> Pathway:
    return next(pathway for pathway in desk.coach.pathways() if pathway.slug == slug)


def _visit(desk: session.Desk, store: Store, owner: str, pathway: Pathway) -> learner.Visit:
    return learner.visit(cast("learner.Knowing", desk.coach), store, owner, pathway)


def _proposals(desk: session.Desk, store: Store, owner: str, pathway: Pathway, last: Shown) -> None:
    """What the last question told of the learner, to be kept or not. Nothing is kept by itself."""
    state = st.session_state
    if last.answer is None or not any(figure.personal for figure in last.answer.trace.query.figures):
        return
    if last.turn.id in state.setdefault("proposals_closed", {}):
        if said := state.proposals_closed[last.turn.id]:
            st.caption(literal(said))
        return
    mine = _study(desk, store, owner, pathway.slug)
    at = _visit(desk, store, owner, pathway)
    changes = proposed(last.answer.trace.query, mine.profile if mine else Profile(), at.corpus)
    if not changes:
        return
    with st.container(key=f"proposal-{last.turn.id}", gap="xsmall"):
        said = listed([change.said for change in changes])
        st.markdown(f"Keep this in your profile? {literal(said[:1].upper() + said[1:])}.")
        with st.container(horizontal=True):  # of their own, so that a long sentence does not part them
            for label, keep in (("Keep", True), ("Not now", False)):
                st.button(
                    label,
                    key=f"{'keep' if keep else 'drop'}-proposal-{last.turn.id}",
                    on_click=_decide,
                    args=(at, mine, changes if keep else (), last.turn.id),
                )


def _decide(at: learner.Visit, mine: learner.Study | None, changes: tuple[Change, ...], turn_id: str) -> None:
    """Keep what was proposed, or, without changes, do not ask again."""
    said = ""
    if changes:
        try:
            learner.save_profile(at, mine, kept(mine.profile if mine else Profile(), changes))
            said = "Kept in your profile: your plan goes by it."
        except CoachError as error:
            said = f"Not kept. {error}"
    st.session_state.proposals_closed[turn_id] = said


def _follow_ups(last: Shown) -> None:
    """Under the last answer only: further up they would ask out of turn."""
    if last.answer is None or not last.answer.suggestions:
        return
    key = f"next-{last.turn.id}"
    label = "What I do cover" if last.answer.status in (Status.ABSTAINED, Status.OFF_TOPIC) else "Ask next"
    st.pills(label, last.answer.suggestions, key=key, format_func=literal, on_change=_pick, args=(key,))


# --- Asking -------------------------------------------------------------------------------------------------


def _ask(
    desk: session.Desk,
    store: Store,
    owner: str,
    conversation: Conversation | None,
    shown: tuple[Shown, ...],
    pending: Pending,
    *,
    first: bool,
) -> None:
    state = st.session_state
    _question(pending.question, pending.turn_id, first=first)
    asking = cast("session.Asking | None", state.asking)
    if asking is None or asking.turn_id != pending.turn_id:
        history = [one.answer for one in shown if one.answer is not None][-HISTORY:]
        mine = _study(desk, store, owner, state.pathway)
        asking = session.Asking(
            desk, pending.turn_id, pending.question, history, state.pathway, mine.learner if mine else None
        )
        state.asking = asking
    place = st.chat_message("assistant")
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
        _forget_pending()
    st.rerun()


def _answered(desk: session.Desk, asking: session.Asking) -> Answer:
    """Wait for the answer, with a line for what is happening."""
    status = st.status(":shimmer[Reading the question]", type="compact", expanded=True)
    bar = status.empty()
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
        _let_others_in()
    return asking.answer()


def _let_others_in() -> None:
    """Streamlit stops or reruns a page only where the page calls it; a look at the session is such a call."""
    st.session_state.get("pending")


def _keep(
    store: Store, owner: str, conversation: Conversation | None, pending: Pending, answer: Answer
) -> None:
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


def _halted(question: str, failure: str | None, *, first: bool) -> None:
    """A question without an answer: stopped by the visitor, or failed with a reason."""
    _question(question, "halted", first=first)
    with st.chat_message("assistant"):
        if failure is None:
            st.markdown(quiet("Stopped before there was an answer."))
        else:
            st.error(literal(failure), icon=":material/build:")
        st.button("Ask again", key="again", icon=":material/refresh:", on_click=_submit, args=(question,))


def _loading_line(desk: session.Desk) -> None:
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


def _cannot_start(problem: str) -> None:
    st.title("Career coach", anchor=False)
    st.error(literal(problem), icon=":material/build:")
    st.markdown("Mend it and reload this page. `python -m coach doctor` says what is installed and what is not.")


# --- Names and days -----------------------------------------------------------------------------------------


def _name(pathway: Pathway | None, slug: str) -> str:
    return plain(slug if pathway is None else f"{pathway.origin} to {pathway.target}")


def _day(moment: datetime, zone: tzinfo) -> str:
    """``Today``, ``Yesterday``, ``Mon 7 Dec``; the year only where it is another one."""
    day, today = moment.astimezone(zone).date(), datetime.now(zone).date()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%a} {day.day} {day:%b}" + ("" if day.year == today.year else f" {day.year}")


def _file_stem(title: str) -> str:
    """A title as a file name: letters and digits only, never a path."""
    words = "".join(letter if letter.isalnum() and letter.isascii() else " " for letter in title).split()
    return "-".join(words).lower()[:60] or "conversation"
