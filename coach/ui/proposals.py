"""The learner in a conversation: who asks, and what a question told of them, to be kept in their profile or not.

Comes in: the last turn, and the profile there is. Goes out: a proposal on screen, and the profile in the store if the
visitor says so. Nothing is kept by itself.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.pathway import Pathway
from coach.knowledge.wording import listed
from coach.planning.availability import told
from coach.planning.learner import Change, kept, proposed
from coach.planning.profile import Profile
from coach.storage import Store
from coach.ui import learner, session, turns
from coach.ui.render import literal


def asker(desk: session.Desk, store: Store, owner: str, slug: str) -> learner.Study | None:
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


def offer(desk: session.Desk, store: Store, owner: str, pathway: Pathway, last: turns.Shown) -> None:
    """What the last question told of the learner, to be kept or not. Nothing is kept by itself."""
    state = st.session_state
    if last.answer is None:
        return
    query, asked_on = last.answer.trace.query, _asked_on(last)
    if not any(figure.personal for figure in query.figures) and not told(query.question, asked_on):
        return
    if last.turn.id in state.setdefault("proposals_closed", {}):
        if said := state.proposals_closed[last.turn.id]:
            st.caption(literal(said))
        return
    mine = asker(desk, store, owner, pathway.slug)
    at = _visit(desk, store, owner, pathway)
    changes = proposed(query, mine.profile if mine else Profile(), at.corpus, today=asked_on)
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


def _asked_on(last: turns.Shown) -> date:
    """The visitor's day when they asked: a conversation opened again later still means its own "next week"."""
    passed = datetime.now(learner.zone()).date() - last.turn.created.astimezone(learner.zone()).date()
    return learner.today() - max(passed, timedelta())


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
