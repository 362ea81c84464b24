"""Two what-ifs side by side: other hours a week, with or without what is nice to have.

Comes in: a study. Goes out: both plans compared; nothing is changed until the learner says "Use this one". What was
done counts in both, and both begin where the real plan does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import streamlit as st

from coach.errors import ProfileError
from coach.knowledge.pathway import Priority
from coach.knowledge.wording import listed
from coach.planning.phrases import hours
from coach.planning.plan import Plan
from coach.planning.profile import LEAST_WEEKLY_HOURS, MOST_WEEKLY_HOURS, Profile
from coach.ui import learner
from coach.ui.learner import Study, Visit
from coach.ui.render import literal, quiet

OTHER_HOURS = 2.0
"""The second what-if at first: this many times the hours of the first."""


class Option(NamedTuple):
    """One what-if."""

    name: str
    profile: Profile
    plan: Plan


@st.fragment
def section(at: Visit, study: Study) -> None:
    """A fragment: trying hours redraws nothing else."""
    usual = study.profile.weekly_hours
    other = min(MOST_WEEKLY_HOURS, usual * OTHER_HOURS)
    columns = st.columns(2, gap="large")
    options = []
    for column, name, first in zip(columns, ("A", "B"), (usual, other), strict=True):
        with column:
            option = _option(at, study, name, first)
            if option is not None:
                options.append(option)
    if len(options) == len(columns):
        for line in differences(options[0], options[1], at):
            st.markdown(literal(line))


def _option(at: Visit, study: Study, name: str, first: float) -> Option | None:
    weekly = st.number_input(
        f"{name}: hours a week", LEAST_WEEKLY_HOURS, MOST_WEEKLY_HOURS, first, 0.5, "%g", key=f"if-hours-{name}"
    )
    extras = study.profile.nice_to_have
    if any(skill.priority is Priority.NICE_TO_HAVE for skill in at.pathway.skills):
        extras = st.toggle("With what is nice to have", extras, key=f"if-nice-{name}")
    profile = study.profile.model_copy(update={"weekly_hours": weekly, "nice_to_have": extras})
    try:
        plan = learner.plan_of(at.corpus, study.learner.model_copy(update={"profile": profile}))
    except ProfileError as error:
        st.warning(literal(str(error)))
        return None
    with st.container(key=f"outcome-{name}"):
        st.markdown(literal(_finish(plan.finish, at.today)))
    lines = [_lasting(plan, at.today)]
    if study.profile.target is not None:
        late = len(plan.late)
        lines.append("All of it fits your target" if not late else f"{late} steps after your target")
    st.markdown("  \n".join(quiet(line) for line in lines))
    same = profile == study.profile
    if st.button("This is your plan" if same else "Use this one", disabled=same, key=f"use-{name}", width="content"):
        with learner.telling():
            learner.save_profile(at, study, profile)
        st.rerun()
    return Option(name, profile, plan)


def _finish(finish: date | None, today: date) -> str:
    return "All done" if finish is None else f"Done on {learner.human(finish, today)}"


def _lasting(plan: Plan, today: date) -> str:
    if plan.finish is None:
        return "Nothing is left"
    weeks = max(1, round((plan.finish - max(plan.start, today)).days / 7))
    return f"{weeks} week{'' if weeks == 1 else 's'}, {hours(plan.hours_left)}"


def differences(one: Option, other: Option, at: Visit) -> Iterator[str]:
    """What sets two what-ifs apart, in sentences; one sentence where nothing does."""
    said = False
    if one.plan.finish and other.plan.finish and one.plan.finish != other.plan.finish:
        first, last = sorted((one, other), key=lambda option: option.plan.finish or date.max)
        days = ((last.plan.finish or date.max) - (first.plan.finish or date.max)).days
        apart = f"{round(days / 7)} weeks" if days >= 14 else f"{days} day{'' if days == 1 else 's'}"
        yield f"{first.name} is done {apart} before {last.name}."
        said = True
    skills = {skill.id: skill.name for skill in at.pathway.skills}
    for more, less in ((one, other), (other, one)):
        ids = {step.id for step in less.plan.steps}
        only = [step for step in more.plan.steps if step.id not in ids]
        if only:
            names = list(dict.fromkeys(skills.get(step.skill or "", step.title) for step in only))
            steps = f"{len(only)} step{'' if len(only) == 1 else 's'}"
            yield f"Only {more.name} has {listed(names)}: {steps}, {hours(sum(step.hours_left for step in only))}."
            said = True
    if not said:
        yield "Both give the same plan."
