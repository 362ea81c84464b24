"""The RAG Lab: one question, and what can be seen, changed and broken on its way to the answer.

Comes in: an address. Goes out: the page. The address is what counts: ``q`` the question, ``h`` (repeated) the questions
asked before it, ``pathway``, ``view``, ``tour``, and whatever the views read and write themselves. The controls follow
it, so that a link shows what its sender saw. Without a question the first starter stands in.

Only the chosen view is worked out. Everything that people or documents wrote passes through ``coach.ui.render``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.pathway import Pathway
from coach.knowledge.wording import listed
from coach.settings import load_settings
from coach.ui import learner, pathway_choice
from coach.ui.chat import STYLE
from coach.ui.lab.address import lab_address
from coach.ui.loading import loaded
from coach.ui.render import clean, literal, plain, quiet, shortened

if TYPE_CHECKING:
    from coach.lab.experiment import Asker
    from coach.pipeline import Coach, Worked

LAB_STYLE = Path(__file__).with_name("lab.css")

QUESTION_KEY = "lab-question"
VIEW_KEY = "lab-view"
STARTERS_KEY = "starters-lab"
KEPT = "lab_kept"
"""In the session, by pathway: the question and its history, for whoever comes back by the navigation."""

EARLIER = 6
"""Questions before the one at hand that are asked again; a question leans on the last ones."""

STEPS, MAP, CHANGE, BREAK, EDIT, MODEL, SEARCH, TOUR = (
    "steps", "map", "change", "break", "edit", "model", "search", "tour",
)  # fmt: skip
VIEWS = {
    STEPS: "Steps",
    MAP: "Map",
    CHANGE: "Change one thing",
    BREAK: "Break it",
    EDIT: "Edit a passage",
    MODEL: "Let a model write",
    SEARCH: "Exact or approximate",
    TOUR: "Tour",
}
"""By their names in the address."""
EXPERIMENTS = {CHANGE: "change", BREAK: "breaking", EDIT: "editing"}
"""Views in modules that may not be there yet."""


@dataclass(frozen=True)
class Place:
    """Where an address leads."""

    pathway: Pathway
    question: str
    earlier: tuple[str, ...]
    view: str
    notices: tuple[str, ...]


def page() -> None:
    st.html(STYLE)
    st.html(LAB_STYLE)
    coach = loaded()
    if coach is None:
        return
    from coach.ui.lab import asked

    pathways = {pathway.slug: pathway for pathway in coach.pathways()}
    if not pathways:
        st.error("There is no pathway to look into. Add one under knowledge/pathways or import a page.")
        return
    st.session_state.address = None  # of the open conversation, which is not in this page's address
    place = _follow_address(coach, pathways)
    with st.sidebar:
        pathway_choice.choose(pathways, "The Lab looks into one pathway at a time.", _other_pathway)
    with st.container(key="lab"):
        st.title("RAG Lab", anchor=False)
        st.markdown(quiet("See how a question becomes a checked answer: watch it, change it, break it."))
        for notice in place.notices:
            st.caption(literal(notice))
        try:
            with st.spinner("Reading the knowledge of this pathway"):
                asker = asked.asker(coach, place.pathway.slug)
            _view(coach, asker, place)
        except CoachError as error:
            st.error(literal(str(error)))


# --- The address --------------------------------------------------------------------------------------------


def _follow_address(coach: Coach, pathways: dict[str, Pathway]) -> Place:
    """What the address asks for; what it lacks is filled in, what it names in vain is told."""
    state, asked = st.session_state, st.query_params
    notices: list[str] = []
    named = asked.get("pathway")
    if named in pathways:
        if state.get("pathway") != named:
            state.pathway, state.open = named, None  # the open conversation is about another one
    elif named is not None:
        notices.append(f"The link names a pathway that is not here: {shortened(named, 80)}.")
    pathway = learner.open_pathway(pathways)
    if asked.get("pathway") != pathway.slug and pathway.slug != coach.pathway().slug:
        asked["pathway"] = pathway.slug
    kept: dict[str, tuple[str, tuple[str, ...]]] = state.setdefault(KEPT, {})
    first = next(iter(coach.starters(pathway.slug)), "")
    if "q" in asked:
        longest = load_settings().max_question_chars
        question = plain(asked["q"])[:longest]
        earlier = tuple(plain(one)[:longest] for one in asked.get_all("h"))[-EARLIER:]
    else:
        question, earlier = kept.get(pathway.slug, (first, ()))
        if (question, earlier) != (first, ()):
            _ask(question, earlier)
    kept[pathway.slug] = (question, earlier)
    view = asked.get("view", TOUR if "tour" in asked else STEPS)
    if view not in _offered():
        notices.append(f"There is no view called {shortened(view, 40)}; these are the steps.")
        view = STEPS
    state[QUESTION_KEY], state[VIEW_KEY] = question, view
    return Place(pathway, question, earlier, view, tuple(notices))


def _ask(question: str, earlier: tuple[str, ...] = ()) -> None:
    """Put a question into the address."""
    st.query_params["q"] = question
    if earlier:
        st.query_params["h"] = list(earlier)
    else:
        st.query_params.pop("h", None)


def _ask_typed() -> None:
    _ask(plain(st.session_state[QUESTION_KEY]))


def _ask_starter() -> None:
    chosen = st.session_state[STARTERS_KEY]
    st.session_state[STARTERS_KEY] = None
    if chosen is not None:
        _ask(chosen)


def _turn_to_view() -> None:
    st.query_params["view"] = st.session_state[VIEW_KEY]


def _other_pathway() -> None:
    """Nothing of the address is about another pathway; the view stays."""
    view = st.query_params.get("view")
    st.session_state.open = None
    st.query_params.from_dict({"pathway": st.session_state.pathway} | ({"view": view} if view else {}))


# --- The page -----------------------------------------------------------------------------------------------


def _view(coach: Coach, asker: Asker, place: Place) -> None:
    if place.view != TOUR:  # it has questions of its own
        _question(coach, asker, place)
        _told_of(asker)
    st.segmented_control(
        "View",
        _offered(),
        format_func=VIEWS.__getitem__,
        key=VIEW_KEY,
        required=True,
        label_visibility="collapsed",
        wrap=True,
        on_change=_turn_to_view,
    )
    _draw(coach, asker, place)


def _offered() -> list[str]:
    """The views that are there."""
    return [view for view in VIEWS if view not in EXPERIMENTS or find_spec(f"{__package__}.{EXPERIMENTS[view]}")]


def _draw(coach: Coach, asker: Asker, place: Place) -> None:
    """The chosen view. Imported here: Altair takes half a second, which a view without a chart must not wait for."""
    if place.view in EXPERIMENTS:
        module = import_module(f"{__package__}.{EXPERIMENTS[place.view]}")
        module.show(coach, asker, place.question, place.earlier)
    elif place.view == STEPS:
        from coach.ui.lab import steps

        steps.show(_worked_for(coach, asker, place), coach)
    elif place.view == MAP:
        from coach.ui.lab import map as passage_map

        passage_map.show(_worked_for(coach, asker, place), coach)
    elif place.view == MODEL:
        from coach.ui.lab import writing

        writing.show(_worked_for(coach, asker, place))
    elif place.view == SEARCH:
        from coach.ui.lab import search

        search.show(coach, coach.reading(place.pathway.slug))
    else:
        from coach.ui.lab import tour

        tour.show(coach, coach.reading(place.pathway.slug), frozenset(_offered()))


def _question(coach: Coach, asker: Asker, place: Place) -> None:
    st.text_input(
        "Question",
        key=QUESTION_KEY,
        max_chars=load_settings().max_question_chars,
        on_change=_ask_typed,
    )
    if place.earlier:
        with st.container(horizontal=True, vertical_alignment="center", key="lab-earlier"):
            st.markdown(f"{quiet('Asked after:')} {literal(' / '.join(place.earlier))}")
            st.button("Ask it alone", type="tertiary", key="lab-alone", on_click=_ask, args=(place.question,))
    st.pills(
        "Or one of these",
        coach.starters(place.pathway.slug),
        key=STARTERS_KEY,
        format_func=literal,
        label_visibility="collapsed",
        on_change=_ask_starter,
    )
    with st.container(key="lab-take"):
        st.download_button(
            "Take this answer along",
            # The file is written when it is wanted, not on every rerun.
            data=partial(export, coach, asker, place, learner.zone()),
            file_name=_file_name(place.question),
            mime="text/html",
            icon=":material/download:",
            type="tertiary",
            key="lab-export",
            on_click="ignore",
            help="One HTML file with the question, the answer, its evidence and scores, to read, print or send.",
        )


def _told_of(asker: Asker) -> None:
    """What of the visitor's own is at work here, as it is in their chat."""
    mine = [*(["your own documents"] if asker.own else []), *(["your profile"] if asker.learner else [])]
    if mine:
        st.caption(f"Answered as in your chat, with {listed(mine)}. Whoever you send the link sees the answer without.")


# --- The answer ---------------------------------------------------------------------------------------------


def _worked_for(coach: Coach, asker: Asker, place: Place) -> Worked:
    from coach.ui.lab import asked

    worked, _ = asked.as_shipped(coach, asker, place.question, place.earlier)
    return worked


def export(coach: Coach, asker: Asker, place: Place, zone: tzinfo) -> bytes:
    """The answer as a file. Streamlit calls it in a thread of its own, which may not ask for anything of the session:
    so the answer is worked out again, and is the same."""
    from coach.lab.exporting import as_html
    from coach.ui.lab.asked import work_out

    view = {"view": place.view} if place.view != STEPS else {}
    return as_html(
        work_out(coach, asker, place.question, place.earlier)[0].answer,
        pathway=pathway_choice.whole_name(place.pathway, place.pathway.slug),
        made=datetime.now(zone),
        encoder=coach.encoder().digest,
        earlier=place.earlier,
        link=lab_address(place.question, place.pathway.slug, history=place.earlier, **view),
    ).encode("utf-8", "replace")


def _file_name(question: str) -> str:
    from coach.lab.exporting import file_name

    return file_name(clean(question))
