"""The My plan page: who the learner is, the next step, the dated plan, and what it rests on.

Comes in: what a visitor types, ticks and uploads. Goes out: their plan on screen, and what they change in the store.
The order is that of use: the next step first, then this week, then all of it, then what to weigh up, then what is kept.

The page knows no pathway and computes no plan: ``coach.ui.learner`` has both. Everything that people or documents wrote
passes through ``coach.ui.render``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import cast

import streamlit as st

from coach.answering.statements import Facts, claim_of, quote
from coach.errors import CoachError, ProfileError, StorageError
from coach.knowledge.pathway import Pathway, Priority
from coach.planning.next_step import SITTINGS, next_step
from coach.planning.pay import PayCard, pay_card
from coach.planning.phrases import hours
from coach.planning.plan import NextStep, Plan, Portion, Step
from coach.types import Claim
from coach.ui import cited, documents, learner, pathway_choice, plan_data, plan_steps, profile_form, session, what_if
from coach.ui.chat import STYLE
from coach.ui.learner import Knowing, Study, Visit
from coach.ui.render import literal, quiet

SECTIONS = {
    "next-step": "Next step",
    "this-week": "This week",
    "timeline": "Timeline",
    "progress": "Progress",
    "all-steps": "All steps",
    "target": "Your target date",
    "compare": "Compare",
    "skills": "What you can already show",
    "pay": "Pay",
    "reasons": "Reasons not to move",
    "take-along": "Take it along",
    "my-data": "My data",
}
"""By anchor, in the order of the page."""

DEFAULT_SITTING = SITTINGS[1][0]


def page() -> None:
    st.html(STYLE)
    try:
        desk = session.desk()
        coach = cast("Knowing", desk.coach)
        pathways = {pathway.slug: pathway for pathway in coach.pathways()}
        store = session.store()
    except CoachError as error:
        _cannot_start(str(error))
        return
    if not pathways:
        _cannot_start("There is no pathway to plan for. Add one under knowledge/pathways or import a page.")
        return
    _away_from_chat()
    at = learner.visit(coach, store, session.owner(), learner.open_pathway(pathways))
    with st.container(key="plan"):
        try:
            if learner.forget_elsewhere(at):
                st.info("Your data was deleted in another window. This one has forgotten it as well.")
            study = _study(at)
            _sidebar(pathways, study)
            _head(at)
            if study is None:
                _first_visit(at, desk, pathways)
            else:
                _plan(at, desk, study, pathways)
        except StorageError as error:
            st.error(literal(str(error)), icon=":material/database_off:")
    desk.start()


def _away_from_chat() -> None:
    """The open conversation is not in this page's address; whoever goes back finds it open all the same."""
    st.session_state.address = None


def _study(at: Visit) -> Study | None:
    """The learner here. A profile that cannot be read is told, and the page is as on a first visit."""
    try:
        return learner.study(at)
    except ProfileError as error:
        st.session_state.plan_problem = f"{error} Until you save another one there is no plan; your ticks are kept."
        return None


# --- What stands around the plan ----------------------------------------------------------------------------


def _sidebar(pathways: dict[str, Pathway], study: Study | None) -> None:
    with st.sidebar:
        pathway_choice.choose(pathways, "Each pathway has a plan of its own.", _other_pathway)
        if study is not None:
            shown = [(anchor, name) for anchor, name in SECTIONS.items() if _has(anchor, study, pathways)]
            with st.container(key="contents"):
                st.markdown("  \n".join(f"[{name}](#{anchor})" for anchor, name in shown))


def _other_pathway() -> None:
    """The open conversation is about another pathway."""
    st.session_state.open = None


def _has(anchor: str, study: Study, pathways: dict[str, Pathway]) -> bool:
    if anchor == "target":
        return study.profile.target is not None
    reality = pathways[study.plan.pathway].reality
    return anchor != "reasons" or bool(reality.drawbacks or reality.challenges)


def _head(at: Visit) -> None:
    st.title("My plan", anchor=False)
    st.markdown(quiet(f"{at.pathway.origin} to {at.pathway.target}"))
    problem = st.session_state.pop("plan_problem", None)
    if problem:
        st.warning(literal(problem), icon=":material/info:")
    if not session.keeping().kept:
        with st.container(key="gap-keeping"):
            st.markdown(literal(session.keeping().why))


def _section(anchor: str) -> None:
    st.header(SECTIONS[anchor], anchor=anchor)


def _cannot_start(problem: str) -> None:
    st.title("My plan", anchor=False)
    st.error(literal(problem), icon=":material/build:")
    st.markdown("Mend it and reload this page. `python -m coach doctor` says what is installed and what is not.")


# --- First visit --------------------------------------------------------------------------------------------


def _first_visit(at: Visit, desk: session.Desk, pathways: dict[str, Pathway]) -> None:
    st.markdown(
        "A plan needs one thing of you: the hours you have in a week. With that, every step of the guide gets a date; "
        "all of it can be changed later."
    )
    levels = documents.confirmed(at)
    if levels:
        named = ", ".join(f"{literal(name)} ({level.value})" for name, level in levels.items())
        st.markdown(f"{quiet('From your resume:')} {named}")
    profile_form.first(at, levels)
    with st.expander("Start from my resume", type="compact", key="from-resume"):
        documents.section(at, desk, None)
    with st.expander("Import a plan from another machine", type="compact", key="from-backup"):
        plan_data.importer(at, pathways)
    _section("my-data")
    plan_data.my_data(at)


# --- The plan -----------------------------------------------------------------------------------------------


def _plan(at: Visit, desk: session.Desk, study: Study, pathways: dict[str, Pathway]) -> None:
    plan = study.plan
    if st.session_state.get("editing"):
        profile_form.edit(at, study)
    _summary(at, study)
    sitting = dict(SITTINGS)[st.session_state.get("sitting") or DEFAULT_SITTING]
    found = next_step(plan, sitting)
    _slipped(at, study, found)
    _next_step(at, study, found)
    _this_week(at, study)
    _timeline(at, study)
    _progress(at, study)
    _all_steps(at, study)
    if study.profile.target is not None:
        _target(at, study, study.profile.target)
    _section("compare")
    what_if.section(at, study)
    _section("skills")
    documents.section(at, desk, study)
    _section("pay")
    _pay(at, study)
    if _has("reasons", study, pathways):
        _section("reasons")
        _reasons(at)
    _section("take-along")
    plan_data.take_along(at, study)
    with st.expander("Import a plan from another machine", type="compact", key="from-backup"):
        plan_data.importer(at, pathways)
    _section("my-data")
    plan_data.my_data(at)


def _summary(at: Visit, study: Study) -> None:
    """One sentence that says when it ends, and what it rests on."""
    plan, profile = study.plan, study.profile
    if plan.finish is None:
        said = "Every step of it is done."
    else:
        weeks = max(1, round((plan.finish - max(plan.start, at.today)).days / 7))
        said = (
            f"With {profile.weekly_hours:g} hours a week you are done on {learner.human(plan.finish, at.today)}: "
            f"{hours(plan.hours_left)} in {weeks} week{'' if weeks == 1 else 's'}."
        )
    if plan.late and profile.target:
        late = f"{len(plan.late)} step{'' if len(plan.late) == 1 else 's'}"
        said += f" That leaves {late} after your target, {learner.human(profile.target, at.today)}; see below."
    if plan.length is not None:
        said += " The guide gives another length; the timeline says what the difference comes from."
    st.markdown(literal(said))
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        st.button("Edit profile", icon=":material/edit:", key="edit", on_click=profile_form.open_dialog)
        with st.popover("What it assumes", type="tertiary", key="assumptions"):
            for assumption in plan.assumptions:
                st.markdown(literal(assumption))
    for notice in plan.notices:
        with st.container(key=f"gap-notice-{plan.notices.index(notice)}"):
            st.markdown(literal(notice))


def _length(at: Visit, plan: Plan) -> None:
    """Where the plan does not last as long as the guide says: both, and what it comes from."""
    if plan.length is None:
        return
    cited.claims(plan.length.said, "length", at.slug, at.passage)
    if plan.length.reasons:
        with st.expander("What the difference comes from", type="compact", key="length-reasons"):
            for number, claim in enumerate(plan.length.reasons):
                cited.entry(claim, f"length-{number}", at.slug, at.passage)


def _slipped(at: Visit, study: Study, found: NextStep) -> None:
    """Days have passed: no reproach, one click."""
    if not found.slipped_days:
        return
    with st.container(key="gap-slipped"):
        st.markdown(
            "Some of the days in your plan have passed. Date it anew from today: what you did stays done, and the rest "
            "moves on."
        )
        st.button(
            "Date it anew from today",
            icon=":material/event_repeat:",
            key="redate",
            on_click=_redate,
            args=(at, study),
        )


def _redate(at: Visit, study: Study) -> None:
    with learner.telling():
        learner.redate(at, study)


def _next_step(at: Visit, study: Study, found: NextStep) -> None:
    _section("next-step")
    if found.now is None:
        st.markdown("There is none: everything is done. The plan below keeps what you did, to show and to take along.")
        return
    st.session_state.setdefault("sitting", DEFAULT_SITTING)
    st.segmented_control(
        "How long do you have today?", [name for name, _ in SITTINGS], key="sitting", required=True, width="content"
    )
    step = found.now.step
    with st.container(key="now"):
        st.markdown(literal(step.title))
    st.markdown(literal(_for_today(found.now)))
    if found.reason is not None:
        cited.claims((found.reason,), "reason-now", at.slug, at.passage, lead="Why now:")
    plan_steps.resources(at, step, "now")
    st.markdown(f"{quiet('Done when:')} {literal(step.done_when)}")
    with st.container(horizontal=True, key="now-buttons"):
        st.button("Done", type="primary", icon=":material/check:", key="done", on_click=_done, args=(at, step))
        plan_steps.log_time(at, step, "now", found.now.hours)
    if found.then:
        titles = "  \n".join(literal(other.title) for other in found.then)
        st.markdown(f"{quiet('Then')}  \n{titles}")


def _for_today(now: Portion) -> str:
    """What to do in the time there is, without the title that stands over it."""
    rest = re.sub(rf"{re.escape(now.step.title)}[.:]\s*", "", now.do, count=1)
    return rest[:1].upper() + rest[1:]


def _done(at: Visit, step: Step) -> None:
    with learner.telling():
        learner.tick(at, step.id, done=True)


# --- This week ----------------------------------------------------------------------------------------------


def _this_week(at: Visit, study: Study) -> None:
    _section("this-week")
    monday = at.today - timedelta(days=at.today.weekday())
    planned = {step.id: _share(step, monday) for step in study.plan.steps}
    shown = [step for step in study.plan.steps if planned[step.id] or _done_since(step, monday)]
    if not shown:
        st.markdown(quiet(_nothing_this_week(at, study.plan)))
        return
    left = sum(planned.values())
    logged = sum(study.progress.logged.get(step.id, 0.0) for step in shown)
    done = sum(step.done for step in shown)
    words = [f"{hours(left)} still planned", f"{hours(logged)} logged on these steps", f"{done} of {len(shown)} done"]
    st.markdown(quiet(f"{_week(monday, at.today)}: {', '.join(words)}."))
    for step in shown:
        share = f"{hours(planned[step.id])} this week" if planned[step.id] else ""
        whole = f"of {hours(step.hours)}" if share and planned[step.id] < step.hours else ""
        plan_steps.row(at, study, step, "week", " ".join(part for part in (share, whole) if part))


def _share(step: Step, monday: date) -> float:
    return next((share.hours for share in step.weeks if share.monday == monday), 0.0)


def _done_since(step: Step, monday: date) -> bool:
    return step.done and step.end is not None and monday <= step.end < monday + timedelta(days=7)


def _week(monday: date, today: date) -> str:
    return f"{learner.human(monday, today)} to {learner.human(monday + timedelta(days=6), today)}"


def _nothing_this_week(at: Visit, plan: Plan) -> str:
    ahead = [step.start for step in plan.steps if step.start and not step.done and step.start > at.today]
    if not plan.hours_left:
        return "Nothing is left to do."
    if not ahead:
        return "Nothing is planned for this week. Date the plan anew, and what is left begins today."
    return f"Nothing is planned for this week. The next step begins on {learner.human(min(ahead), at.today)}."


# --- Timeline and progress ----------------------------------------------------------------------------------


@st.fragment
def _timeline(at: Visit, study: Study) -> None:
    """A fragment: another view of it redraws nothing else."""
    from coach.ui import plan_charts  # Altair takes half a second to import, which the first page must not wait for.

    _section("timeline")
    _length(at, study.plan)
    with st.container(horizontal=True, key="timeline-views"):
        grouping = st.segmented_control(
            "Rows",
            list(plan_charts.Grouping),
            default=plan_charts.Grouping.PHASE,
            required=True,
            key="timeline-rows",
            label_visibility="collapsed",
        )
        reach = st.segmented_control(
            "Length",
            list(plan_charts.Reach),
            default=plan_charts.Reach.ALL,
            required=True,
            key="timeline-reach",
            label_visibility="collapsed",
        )
    found = plan_charts.bars(study.plan, at.pathway, grouping)
    with st.container(key="wide-timeline"):
        st.altair_chart(
            plan_charts.timeline(found, at.today, study.profile.target, grouping, reach),
            width="stretch",
            key="timeline-chart",
            alt=plan_charts.in_words(found, study.profile.target),
        )
    st.caption("Drag to move it; hold Shift and turn the wheel to zoom.")
    table = st.expander("The timeline as a table", type="compact", key="timeline-table", on_change="rerun")
    if table.open:
        with table:
            rows = plan_charts.as_rows(found)
            st.table({column: [literal(cell) for cell in cells] for column, cells in rows.items()}, border="horizontal")


def _progress(at: Visit, study: Study) -> None:
    from coach.ui import plan_charts

    _section("progress")
    logged = sum(study.progress.logged.values())
    done = sum(step.done for step in study.plan.steps)
    counted = sum(step.done or not step.skipped for step in study.plan.steps)
    st.markdown(literal(f"{done} of {counted} steps done, {hours(logged)} logged."))
    by_phase, by_skill = st.tabs(["By phase", "By skill"])
    for tab, grouping in ((by_phase, plan_charts.Grouping.PHASE), (by_skill, plan_charts.Grouping.SKILL)):
        with tab, st.container(gap="xsmall"):
            for share in plan_charts.shares(study.plan, at.pathway, grouping):
                worked = hours(share.hours_done).removesuffix(" h")
                figures = f"{share.steps_done} of {share.steps} steps, {worked} of {hours(share.hours)}"
                st.progress(share.share, f"{literal(share.row)} {quiet(figures)}")


# --- All steps ----------------------------------------------------------------------------------------------


def _all_steps(at: Visit, study: Study) -> None:
    """By phase; a phase is drawn when it is opened, and so is what is behind a step."""
    from coach.ui import plan_charts

    _section("all-steps")
    groups: dict[str, list[Step]] = {}
    for step in study.plan.steps:
        groups.setdefault(plan_charts.row_of(step, at.pathway, plan_charts.Grouping.PHASE), []).append(step)
    ahead = next((name for name, steps in groups.items() if any(not s.done and not s.skipped for s in steps)), None)
    for number, (name, steps) in enumerate(groups.items()):
        done = sum(step.done for step in steps)
        label = literal(f"{name} · {done} of {len(steps)} done")
        opened = st.expander(label, name == ahead, type="compact", key=f"phase-{number}", on_change="rerun")
        if opened.open:
            with opened:
                for step in steps:
                    _step(at, study, step)


def _step(at: Visit, study: Study, step: Step) -> None:
    plan_steps.row(at, study, step, "all")
    details = st.expander("Why and how", type="compact", key=f"behind-{step.id}", on_change="rerun")
    if details.open:
        with details:
            plan_steps.behind(at, study, step, "all")


# --- The target date ----------------------------------------------------------------------------------------


def _target(at: Visit, study: Study, target: date) -> None:
    plan = study.plan
    _section("target")
    if not plan.late:
        said = "Everything is done." if plan.finish is None else "All of it fits."
        st.markdown(literal(f"{learner.human(target, at.today)}: {said}"))
        return
    open_steps = [step for step in plan.steps if not step.done and not step.skipped]
    st.markdown(
        literal(
            f"By {learner.human(target, at.today)} there is no time for {len(plan.late)} of the {len(open_steps)} "
            "steps that are left."
        )
    )
    if plan.hours_needed is None:
        st.markdown(literal("No number of weekly hours that anybody keeps up would make all of it fit."))
    else:
        st.markdown(literal(f"With {plan.hours_needed:g} hours a week all of it would fit."))
    with st.container(horizontal=True):
        if plan.hours_needed is not None:
            st.button(
                f"Plan with {plan.hours_needed:g} hours a week",
                key="use-hours",
                on_click=_change,
                args=(at, study, {"weekly_hours": plan.hours_needed}),
            )
        if study.profile.nice_to_have and any(s.priority is Priority.NICE_TO_HAVE for s in at.pathway.skills):
            st.button(
                "Leave out what is nice to have",
                key="cut-nice",
                on_click=_change,
                args=(at, study, {"nice_to_have": False}),
            )
    if plan.cuts:
        st.markdown("What to leave out first, each in addition to those before it:")
        lines = []
        for number, cut in enumerate(plan.cuts, start=1):
            end = learner.human(cut.finish, at.today) if cut.finish else "at once"
            what = cut.what[:1].upper() + cut.what[1:]
            lines.append(f"{number}. {literal(what)} {quiet(f'saves {hours(cut.saves_hours)}; then done {end}')}")
        st.markdown("\n".join(lines))
        if not plan.cuts[-1].fits:
            st.markdown("All of these together are not enough: more hours or a later date are.")


def _change(at: Visit, study: Study, changes: dict[str, object]) -> None:
    with learner.telling():
        learner.save_profile(at, study, study.profile.model_copy(update=changes))


# --- Pay, and reasons not to move ---------------------------------------------------------------------------


def _pay(at: Visit, study: Study) -> None:
    card = pay_card(study.profile, at.corpus)
    if card is None:
        st.markdown("Neither the guide nor the official figures at hand say anything about pay for this move.")
        return
    for number, claim in enumerate(card.claims):
        cited.entry(claim, f"pay-{number}", at.slug, at.passage)
    _pay_plot(card)
    for missing in card.missing:
        with st.container(key=f"gap-pay-{card.missing.index(missing)}"):
            st.markdown(literal(missing))
    if study.profile.pay is None:
        st.button("Add my pay and region", icon=":material/edit:", key="add-pay", on_click=profile_form.open_dialog)
    if card.caveats:
        with st.expander("What to bear in mind with these figures", type="compact", key="pay-caveats"):
            for number, claim in enumerate(card.caveats):
                cited.entry(claim, f"caveat-{number}", at.slug, at.passage)


def _pay_plot(card: PayCard) -> None:
    if card.spread is None:
        return
    import altair as alt

    from coach.ui.pay_plot import pay_chart

    chart = pay_chart(card.spread)
    chart.description = alt.Undefined  # Two descriptions make Streamlit log both, with the learner's pay in them.
    st.altair_chart(chart, width="stretch", key="pay-chart", alt=card.spread.alternative)


def _reasons(at: Visit) -> None:
    """What the guide itself holds against the move, word for word."""
    facts = Facts(at.corpus)
    marker = 0
    for name, facet in (("What you may miss", "reality.drawbacks"), ("What is hard", "reality.challenges")):
        cell = facts.find(facet)
        if cell is None:
            continue
        marker += 1
        st.markdown(f"**{name}**")
        entries = [at_ for at_ in cell.fact.sentences if not cell.passage.sentences[at_].text.endswith(":")]
        for number, claim in enumerate(_claims(at, cell.passage.id, entries, marker)):
            cited.entry(claim, f"reasons-{marker}-{number}", at.slug, at.passage)


def _claims(at: Visit, passage_id: str, sentences: Iterable[int], marker: int) -> list[Claim]:
    passage = at.corpus.by_id[passage_id]
    return [claim_of(quote(passage, number), {passage_id: marker}, at.corpus) for number in sentences]
