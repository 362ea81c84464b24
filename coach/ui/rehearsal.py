"""The Rehearsal: an interviewer's questions, answered in one's own words and held against the key points.

Comes in: the loaded coach, what the visitor types. Goes out: one question at a time, what its answer covers, by which
sentence, and what is missing and where to read it; a summary at the end. Answers stay in the visit. A level goes into
the profile only when the visitor says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.pathway import Pathway
from coach.knowledge.wording import count
from coach.planning.learner import Change, kept
from coach.planning.profile import Level, Profile
from coach.rehearsal.judging import MOST_CHARS, Judgement, Stance, judge
from coach.rehearsal.questions import SESSION, KeyPoint, Question, questions, session
from coach.ui import learner
from coach.ui import session as visit
from coach.ui.chat import STYLE
from coach.ui.loading import loaded
from coach.ui.pathway_choice import choose
from coach.ui.render import highlighted, literal, plain, quiet, source_link

if TYPE_CHECKING:
    from coach.pipeline import Coach, Reading

MOST_SEEDS = 9999
SHOWN_RESOURCES = 3
LEAST_WORDS = 3
"""Fewer say nothing that can be judged."""
ENOUGH = 0.5
"""Share of the key points from which an answer speaks for a skill: less is a beginning."""


class Here(NamedTuple):
    """Where the visitor is: the session of questions by its seed, and the question in it, from 0."""

    seed: int
    at: int


def page() -> None:
    st.html(STYLE)
    with st.container(key="rehearsal"):
        st.title("Rehearsal")
        st.markdown(
            "Questions that an interviewer would ask. Answer in your own words: each key point is held against your "
            "sentences by the check that the coach's own claims pass. No grade without its evidence."
        )
        coach = loaded()
        if coach is None:
            return
        try:
            pathways = {pathway.slug: pathway for pathway in coach.pathways()}
            guide = learner.open_pathway(pathways)
            with st.sidebar:
                choose(pathways, "Questions are about this pathway.", _anew)
            asked = _session(coach, coach.reading(guide.slug), _here().seed)
        except CoachError as error:
            st.error(literal(str(error)), icon=":material/build:")
            return
        if not asked:
            st.info("This pathway holds nothing that could be asked about.")
            return
        here = _here()
        if here.at >= len(asked):
            _summary(coach, guide, asked, here)
        else:
            _one(coach, guide, asked, here)


def _here() -> Here:
    """From the address; what is not a number there is the first question of the first session."""
    seed, at = (st.query_params.get(name, "") for name in ("seed", "n"))
    return Here(
        int(seed) % MOST_SEEDS if seed.isascii() and seed.isdigit() else 1,
        max(0, int(at) - 1) if at.isascii() and at.isdigit() and len(at) < 4 else 0,
    )


def _go(here: Here) -> None:
    st.query_params["seed"], st.query_params["n"] = str(here.seed), str(here.at + 1)


def _anew() -> None:
    """Another pathway: from its first question on."""
    for name in ("seed", "n"):
        st.query_params.pop(name, None)


def _session(coach: Coach, reading: Reading, seed: int) -> tuple[Question, ...]:
    every = _questions(reading.corpus.pathway.slug, reading.index.fingerprint, coach, reading)
    return session(every, seed, SESSION)


@st.cache_resource(show_spinner="Gathering questions", max_entries=8)
def _questions(slug: str, fingerprint: str, _coach: Coach, _reading: Reading) -> tuple[Question, ...]:
    return questions(_reading.corpus, _reading.index, _coach.encoder())


def _judged() -> dict[str, Judgement]:
    """By pathway and question, of this visit."""
    found: dict[str, Judgement] = st.session_state.setdefault("rehearsed", {})
    return found


# --- One question -------------------------------------------------------------------------------------------------


def _one(coach: Coach, guide: Pathway, asked: tuple[Question, ...], here: Here) -> None:
    question = asked[here.at]
    key = f"{guide.slug} {question.id}"
    st.progress((here.at + 1) / len(asked), f"Question {here.at + 1} of {len(asked)}")
    st.subheader(literal(question.text), anchor=False)
    box = f"rehearsal-{key}"
    st.session_state.setdefault(box, st.session_state.get("rehearsal_said", {}).get(key, ""))
    said = st.text_area(
        "Your answer", key=box, height=180, max_chars=MOST_CHARS, placeholder="As you would say it, in a few sentences."
    )
    with st.container(horizontal=True):
        st.button("Judge my answer", type="primary", on_click=_judge, args=(coach, question, key, box), key="judge")
        onward = "Next" if key in _judged() else "Skip"
        st.button(onward, on_click=_go, args=(Here(here.seed, here.at + 1),), key="on")
        if here.at:
            st.button("Back", on_click=_go, args=(Here(here.seed, here.at - 1),), key="back", type="tertiary")
    if problem := st.session_state.pop("rehearsal_problem", None):
        st.warning(literal(problem))
    judgement = _judged().get(key)
    if judgement is None:
        st.caption(f"A good answer has {count(len(question.points), 'key point')}. They are shown after yours.")
        return
    if st.session_state.get("rehearsal_said", {}).get(key) != said:
        st.caption("You have changed the answer since it was judged.")
    _show(coach, guide, judgement)


def _judge(coach: Coach, question: Question, key: str, box: str) -> None:
    said = str(st.session_state.get(box) or "")
    if len(said.split()) < LEAST_WORDS:
        st.session_state.rehearsal_problem = "Write a sentence or two first."
        return
    try:
        _judged()[key] = judge(question, said, coach.encoder())
    except CoachError as error:
        st.session_state.rehearsal_problem = str(error)
        return
    st.session_state.setdefault("rehearsal_said", {})[key] = said


def _show(coach: Coach, guide: Pathway, judgement: Judgement) -> None:
    question = judgement.question
    total = len(question.points)
    covered, missing = judgement.of(Stance.COVERED), judgement.of(Stance.MISSING)
    st.markdown(f"**{len(covered)} of {count(total, 'key point')} covered.**")
    for one in covered:
        mine = " ".join(highlighted(judgement.said[at].text) for at in one.by)
        st.markdown(
            f":material/check: {literal(one.point.text)}  \n{quiet('You said:')} {mine}  \n"
            f":small[{_source(coach, guide, one.point)}]"
        )
    for one in judgement.of(Stance.CONTRADICTED):
        for against in one.against:
            said = highlighted(judgement.said[against.sentence].text)
            st.markdown(
                f":material/close: {literal(one.point.text)}  \n{quiet('You said:')} {said}  \n"
                f"{quiet('Contradicted:')} {literal(against.reason)}  \n:small[{_source(coach, guide, one.point)}]"
            )
    if missing:
        st.markdown("**Missing, and where to read it**")
    for one in missing:
        st.markdown(f"- {literal(one.point.text)}  \n:small[{_source(coach, guide, one.point)}]")
    if missing and question.resources:
        links = [
            f"{literal(passage.heading_path[-1])} {link}"
            for id_ in question.resources
            if (passage := coach.passage(guide.slug, id_)) and (link := source_link(passage))
        ]
        st.markdown(f"{quiet('Resources that teach it:')} {' · '.join(links[:SHOWN_RESOURCES])}")
    if judgement.silent:
        with st.expander("Nothing here speaks for or against", type="compact"):
            st.markdown("\n".join(f"- {literal(said.text)}" for said in judgement.silent))
            st.caption("That is no verdict: the coach only knows what its passages say.")


def _source(coach: Coach, guide: Pathway, point: KeyPoint) -> str:
    passage = coach.passage(guide.slug, point.passage_id)
    link = source_link(passage)
    return " · ".join([quiet(point.citation.source), *([link] if link else [])])


# --- The end ------------------------------------------------------------------------------------------------------


def _summary(coach: Coach, guide: Pathway, asked: tuple[Question, ...], here: Here) -> None:
    st.subheader("How it went", anchor=False)
    judged = {question.id: found for question in asked if (found := _judged().get(f"{guide.slug} {question.id}"))}
    for number, question in enumerate(asked):
        found = judged.get(question.id)
        words = (
            "skipped"
            if found is None
            else f"{len(found.of(Stance.COVERED))} of {count(len(question.points), 'key point')}"
            + (f", {len(against)} contradicted" if (against := found.of(Stance.CONTRADICTED)) else "")
        )
        st.markdown(f"{number + 1}. {literal(question.text)}  \n{quiet(words)}")
        if found is not None:
            with st.expander("The sentences that count", type="compact"):
                _show(coach, guide, found)
    _propose(coach, guide, judged)
    with st.container(horizontal=True):
        st.button("Five other questions", type="primary", on_click=_go, args=(Here(here.seed + 1, 0),), key="others")
        st.button("The same once more", on_click=_go, args=(Here(here.seed, 0),), key="same")


def _propose(coach: Coach, guide: Pathway, judged: dict[str, Judgement]) -> None:
    """Skills that the answers speak for; they go into the profile when the visitor says so."""
    spoken: dict[str, list[Judgement]] = {}
    for found in judged.values():
        for skill in found.question.skills:
            spoken.setdefault(skill, []).append(found)
    names = {skill.id: skill.name for skill in guide.skills} | {one.id: one.name for one in guide.transferable}
    store, owner = visit.store(), visit.owner()
    closed: dict[str, str] = st.session_state.setdefault("rehearsal_kept", {})
    for skill, judgements in spoken.items():
        points = sum(len(one.question.points) for one in judgements)
        covered = sum(len(one.of(Stance.COVERED)) for one in judgements)
        if skill not in names or covered < ENOUGH * points:
            continue
        if skill in closed:
            st.caption(literal(closed[skill]))
            continue
        with st.container(key=f"propose-{skill}", gap="xsmall"):
            st.markdown(
                f"Your answers cover {covered} of {count(points, 'key point')} about {literal(names[skill])}. Put it "
                "into your profile as basic? Your plan then takes less time for it."
            )
            with st.container(horizontal=True):
                st.button("Keep", key=f"keep-{skill}", on_click=_keep, args=(coach, store, owner, guide, skill, names))
                st.button("Not now", key=f"drop-{skill}", on_click=closed.__setitem__, args=(skill, "Not kept."))


def _keep(coach: Coach, store: object, owner: str, guide: Pathway, skill: str, names: dict[str, str]) -> None:
    closed: dict[str, str] = st.session_state.rehearsal_kept
    try:
        at = learner.visit(coach, store, owner, guide)  # type: ignore[arg-type]
        mine = learner.study(at) if at.store.learner(owner, guide.slug) is not None else None
        change = Change(field="skills", key=names[skill], value=Level.BASIC, said=plain(names[skill]))
        learner.save_profile(at, mine, kept(mine.profile if mine else Profile(), (change,)))
        closed[skill] = f"{names[skill]} is in your profile as basic."
    except CoachError as error:
        closed[skill] = f"Not kept. {error}"
