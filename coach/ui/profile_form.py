"""The form in which a learner says who they are, on a first visit and whenever they change their mind.

Comes in: a visit and, if there is one, the profile so far. Goes out: a profile that is kept, or a sentence that says
which field is not as it should be. Nothing is asked that the plan does not use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.pathway import NamedItem, Priority, Skill
from coach.planning.profile import (
    GUIDE_WEEK_HOURS,
    LEAST_WEEKLY_HOURS,
    MOST_WEEKLY_HOURS,
    Break,
    Level,
    Profile,
    resolve_skills,
)
from coach.planning.steps import LEFT
from coach.ui import learner
from coach.ui.learner import Study, Visit
from coach.ui.render import literal, plain

DAY_FORMAT = "YYYY-MM-DD"
"""Streamlit's widget knows no month names, and this is the one order of figures that nobody misreads."""

HIGHEST_PAY = 1e9
"""As in ``Profile.pay``."""

Fields = dict[str, object]


def first(at: Visit, levels: Mapping[str, Level]) -> None:
    """The form of a first visit. ``levels`` are skills that the learner confirmed from a resume, by name."""
    with st.form("first-profile", border=False):
        fields = _essentials(at, Profile(), "first")
        with st.expander("Pay, region, days off and what to leave out", type="compact"):
            fields |= _further(at, Profile(currency=at.pathway.currency), "first")
        made = st.form_submit_button("Make my plan", type="primary", key="make-plan")
    if made:
        _save(at, None, {**fields, "skills": dict(levels)})


def open_dialog() -> None:
    """To be called by a button; the dialog stays until it is saved or closed, whatever redraws the page."""
    st.session_state.editing = True


def _close_dialog() -> None:
    st.session_state.editing = False


@st.dialog("Edit profile", width="medium", on_dismiss=_close_dialog)
def edit(at: Visit, before: Study) -> None:
    """The profile as it is, to be changed; ticks and logged hours stay whatever is changed."""
    with st.form("edit-profile", border=False):
        fields = _essentials(at, before.profile, "edit")
        fields |= _further(at, before.profile, "edit")
        st.markdown("**Skills you hold**")
        fields["skills"] = _skills(at, before.profile)
        saved = st.form_submit_button("Save", type="primary", key="save-profile")
    if saved:
        _save(at, before, fields)


def _save(at: Visit, before: Study | None, fields: Fields) -> None:
    """Keep it and draw the page anew; a profile that cannot be kept is told where the form stands."""
    try:
        learner.save_profile(at, before, learner.profile_from(fields))
    except CoachError as error:
        st.error(literal(str(error)), icon=":material/edit_off:")
    else:
        _close_dialog()
        st.rerun()


def _essentials(at: Visit, profile: Profile, where: str) -> Fields:
    with st.container(horizontal=True, key=f"{where}-row"):
        hours = st.number_input(
            "Hours a week",
            LEAST_WEEKLY_HOURS,
            MOST_WEEKLY_HOURS,
            profile.weekly_hours,
            0.5,
            format="%g",
            key=f"{where}-hours",
            width=150,
        )
        start = st.date_input("Start", profile.start or at.today, format=DAY_FORMAT, key=f"{where}-start", width=150)
        target = st.date_input(
            "Done by (optional)", profile.target, format=DAY_FORMAT, key=f"{where}-target", width=170
        )
    week = st.number_input(
        "Hours in a week of the guide",
        LEAST_WEEKLY_HOURS,
        MOST_WEEKLY_HOURS,
        profile.guide_week_hours,
        0.5,
        format="%g",
        key=f"{where}-week",
        width=200,
    )
    st.caption(
        f"The guide gives its durations in weeks and does not say how many hours a week has. {GUIDE_WEEK_HOURS:g} is "
        "an assumption: part-time courses are commonly planned for about as many. More makes the plan longer."
    )
    return {"weekly_hours": hours, "start": start, "target": target, "guide_week_hours": week}


def _further(at: Visit, profile: Profile, where: str) -> Fields:
    with st.container(horizontal=True):
        pay = st.number_input(
            "Pay a year, before tax",
            min_value=0.0,
            max_value=HIGHEST_PAY,
            value=profile.pay,
            step=1000.0,
            format="%.0f",
            key=f"{where}-pay",
            width=190,
        )
        currency = st.text_input("Currency", profile.currency, max_chars=3, key=f"{where}-currency", width=100)
        region = st.text_input(
            "Region", plain(profile.region or ""), max_chars=80, key=f"{where}-region", placeholder="Denver", width=190
        )
    st.caption("Only for the comparison with the guide's and the official figures. A city or its metropolitan area.")
    off = _days_off(at, profile, where)
    employed = st.toggle("I keep my job meanwhile", profile.stay_employed, key=f"{where}-employed")
    nice = profile.nice_to_have
    if any(skill.priority is Priority.NICE_TO_HAVE for skill in at.pathway.skills):
        nice = st.toggle("Include what the guide calls nice to have", nice, key=f"{where}-nice")
    return {
        "pay": pay or None,
        "currency": currency.strip().upper(),
        "region": plain(region) or None,
        "weeks_off": off,
        "stay_employed": employed,
        "nice_to_have": nice,
    }


def _days_off(at: Visit, profile: Profile, where: str) -> tuple[Break, ...]:
    kept = list(profile.weeks_off)
    if kept:
        kept = st.multiselect(
            "Days off",
            kept,
            kept,
            format_func=lambda one: days_off(one, at.today),
            key=f"{where}-off",
        )
    more = st.date_input("Add days off (first and last day)", [], format=DAY_FORMAT, key=f"{where}-more-off", width=280)
    if isinstance(more, tuple) and more:
        kept.append(Break(start=more[0], end=more[-1]))
    return tuple(sorted(kept, key=lambda one: (one.start, one.end)))


def days_off(one: Break, today: date) -> str:
    first_day, last_day = learner.human(one.start, today), learner.human(one.end, today)
    return first_day if one.start == one.end else f"{first_day} to {last_day}"


def _skills(at: Visit, profile: Profile) -> dict[str, Level]:
    """Levels by name: of the pathway's skills by their rows, of anything else that the learner named by its word."""
    held, _ = resolve_skills(profile, at.pathway)
    levels: dict[str, Level] = {}
    st.caption(f"Only what you set here counts. {remaining()}")
    for title, skills in (("To learn", at.pathway.skills), ("What you bring along", at.pathway.transferable)):
        if skills:
            levels |= _rows(title, skills, held)
    others = other_names(at, profile)
    if others:
        named = st.multiselect("Also named", others, others, format_func=plain, key="edit-others")
        levels |= {name: profile.skills[name] for name in named}
    return levels


def _rows(title: str, skills: Iterable[Skill | NamedItem], held: Mapping[str, Level]) -> dict[str, Level]:
    st.markdown(f":small[{title}]")
    levels: dict[str, Level] = {}
    with st.container(horizontal=True):
        for skill in skills:
            level = st.selectbox(
                literal(skill.name),
                (None, *Level),
                index=0 if skill.id not in held else 1 + list(Level).index(held[skill.id]),
                format_func=level_name,
                key=f"edit-level-{skill.id}",
                width=250,
            )
            if level is not None:
                levels[skill.name] = level
    return levels


def other_names(at: Visit, profile: Profile) -> list[str]:
    """Names in a profile that are none of the pathway's skills: tools and resources, or strange to it."""
    _, others = resolve_skills(profile, at.pathway)
    return list(others)


def level_name(level: Level | None) -> str:
    return "Not held" if level is None else level.value.capitalize()


def remaining() -> str:
    """What each level leaves of a skill's hours.

    >>> remaining()
    'Of the hours of a skill remain 70 percent at basic, 35 percent at solid and none at strong level.'
    """
    left = [f"{share * 100:.0f} percent at {level.value}" if share else f"none at {level.value}"
            for level, share in LEFT.items()]  # fmt: skip
    return f"Of the hours of a skill remain {', '.join(left[:-1])} and {left[-1]} level."
