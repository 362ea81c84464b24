"""The Rehearsal: an interviewer's questions, answered in one's own words and held against the key points.

Comes in: the loaded coach, what the visitor types. Goes out: one question at a time, what its answer covers, by which
sentence, and what is missing and where to read it; a summary at the end. Answers stay in the visit. A level goes into
the profile only when the visitor says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from coach.errors import CoachError, ProfileError
from coach.knowledge.pathway import Pathway
from coach.knowledge.wording import count
from coach.planning.learner import kept
from coach.planning.profile import Profile
from coach.rehearsal.judging import MOST_CHARS, JudgedPoint, Judgement, Said, Stance, judge
from coach.rehearsal.questions import SESSION, KeyPoint, Question, questions, session
from coach.rehearsal.results import Proposal, proposals
from coach.ui import cited, learner
from coach.ui import session as visit
from coach.ui.chat import STYLE
from coach.ui.loading import loaded
from coach.ui.pathway_choice import choose
from coach.ui.render import badge, highlighted, literal, quiet, source_link

if TYPE_CHECKING:
    from coach.pipeline import Coach, Reading

MOST_SEEDS = 9999
SHOWN_RESOURCES = 3
TITLES = {
    Stance.COVERED: "Covered",
    Stance.CONTRADICTED: "Contradicted",
    Stance.MISSING: "Missing, and where to read it",
}
LEAST_WORDS = 3
"""Fewer say nothing that can be judged."""


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
        judging = (coach, question, key, box)
        st.button("Compare with the key points", type="primary", on_click=_judge, args=judging, key="judge")
        onward = "Next question" if key in _judged() else "Skip"
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
        st.caption("You have changed your answer since. Compare again to see what that does.")
    _show(coach, guide, judgement, "open")


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


def counted(judgements: Sequence[Judgement]) -> str:
    """How many key points are covered and contradicted. It never stands without the sentences that it counts."""
    points = [one for judgement in judgements for one in judgement.points]
    covered = sum(one.stance is Stance.COVERED for one in points)
    against = sum(one.stance is Stance.CONTRADICTED for one in points)
    return f"{covered} of {count(len(points), 'key point')} covered" + (f", {against} contradicted" if against else "")


def _show(coach: Coach, guide: Pathway, judgement: Judgement, key: str) -> None:
    """Each key point with the sentences that say so; ``key`` tells one place on the page from another."""
    question = judgement.question
    st.markdown(f"**{literal(counted([judgement]))}**")
    for stance, title in TITLES.items():
        found = judgement.of(stance)
        if found:
            st.markdown(f"**{title}**")
        for one in found:
            _point(coach, guide, one, judgement.said, f"{key}-{one.point.citation.marker}")
    if question.resources and len(judgement.of(Stance.COVERED)) < len(question.points):
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


def _point(coach: Coach, guide: Pathway, judged: JudgedPoint, said: Sequence[Said], key: str) -> None:
    """A key point with its evidence on both sides: where it stands, and what the learner said."""
    point = judged.point
    with st.container(key=f"point-{key}", gap="xsmall"):
        cited.sentence(
            point.text, (point.citation,), f"key-{key}", guide.slug, lambda id_: coach.passage(guide.slug, id_)
        )
        lines = [f"{quiet('You said:')} {_quoted([said[at] for at in judged.by])}"] if judged.by else []
        for against in judged.against:
            lines.append(f"{quiet('You said:')} {_quoted([said[against.sentence]])}")
            lines.append(quiet(f"{against.reason.replace('its evidence', 'the key point')}."))
        lines.append(f":small[{badge(point.part)} {_source(coach, guide, point)}]")
        st.markdown("  \n".join(lines))


def _quoted(said: Sequence[Said]) -> str:
    return " ".join(highlighted(one.text) for one in said)


def _source(coach: Coach, guide: Pathway, point: KeyPoint) -> str:
    passage = coach.passage(guide.slug, point.passage_id)
    link = source_link(passage)
    return " · ".join([quiet(point.citation.source), *([link] if link else [])])


# --- The end ------------------------------------------------------------------------------------------------------


def _summary(coach: Coach, guide: Pathway, asked: tuple[Question, ...], here: Here) -> None:
    st.subheader("Summary", anchor=False)
    st.caption("How it went, question by question. Open one to see the sentences that count.")
    judged = {question.id: found for question in asked if (found := _judged().get(f"{guide.slug} {question.id}"))}
    for number, question in enumerate(asked):
        found = judged.get(question.id)
        words = counted([found]) if found else "skipped"
        st.markdown(f"{number + 1}. {literal(question.text)}  \n{quiet(words)}")
        if found is not None:
            with st.expander("The sentences that count", type="compact"):
                _show(coach, guide, found, f"sum-{number}")
    _propose(coach, guide, tuple(judged.values()))
    with st.container(horizontal=True):
        st.button("Five other questions", type="primary", on_click=_go, args=(Here(here.seed + 1, 0),), key="others")
        st.button("The same once more", on_click=_go, args=(Here(here.seed, 0),), key="same")


def _propose(coach: Coach, guide: Pathway, judgements: tuple[Judgement, ...]) -> None:
    """Levels that the answers speak for; one goes into the profile when the visitor says so, and no other."""
    closed: dict[str, str] = st.session_state.setdefault("rehearsal_closed", {})
    if not judgements:
        return
    at = learner.visit(coach, visit.store(), visit.owner(), guide)
    try:
        mine = learner.study(at)
    except ProfileError:
        mine = None  # the page of the plan tells
    waiting = {_key(guide, one): one for one in proposals(judgements, mine.profile if mine else Profile(), guide)}
    for said in [text for key, text in closed.items() if text and key.startswith(f"{guide.slug} ")]:
        st.caption(literal(said))
    for key, one in waiting.items():
        if key in closed:
            continue
        with st.container(key=f"propose-{one.skill}", gap="xsmall"):
            st.markdown(f"Keep this in your profile? {literal(one.change.said)}. Your plan then takes less time.")
            with st.expander(literal(f"Why: {counted(one.judgements)}"), type="compact"):
                _why(one)
            with st.container(horizontal=True):
                st.button("Keep", key=f"keep-{one.skill}", on_click=_keep, args=(at, mine, one, key))
                st.button("Not now", key=f"drop-{one.skill}", on_click=closed.__setitem__, args=(key, ""))


def _key(guide: Pathway, one: Proposal) -> str:
    """Of a level of a skill on a pathway: a higher one may be proposed later."""
    return f"{guide.slug} {one.skill} {one.change.value}"


def _why(one: Proposal) -> None:
    """The key points of every answer about the skill, each with the sentences that cover it."""
    for judgement in one.judgements:
        st.markdown(f"**{literal(judgement.question.text)}**")
        st.markdown("\n".join(
            f"- {literal(judged.point.text)}  \n  "
            + (_quoted([judgement.said[at] for at in judged.by]) or quiet("not covered"))
            for judged in judgement.points
        ))


def _keep(at: learner.Visit, mine: learner.Study | None, one: Proposal, key: str) -> None:
    try:
        learner.save_profile(at, mine, kept(mine.profile if mine else Profile(), (one.change,)))
        st.session_state.rehearsal_closed[key] = f"Kept in your profile: {one.change.said}."
    except CoachError as error:
        st.session_state.rehearsal_closed[key] = f"Not kept. {error}"
