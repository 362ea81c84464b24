"""Steps of a plan as they are shown: a box to tick, when and how long, and all that is behind it.

Comes in: a study and steps of it. Goes out: Streamlit elements; ticks and logged hours are kept at once. Everything
that pages or people wrote passes through ``coach.ui.render``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

import streamlit as st

from coach.knowledge.wording import listed
from coach.planning.phrases import hours
from coach.planning.plan import By, Need, Plan, Step, StepResource
from coach.types import Origin
from coach.ui import cited, learner
from coach.ui.learner import Study, Visit
from coach.ui.render import badge, code, literal, quiet, source_link

MOST_LOGGED_HOURS = 24.0
"""Of one entry: a day has no more."""

SKIPPED = "Skipped"
"""What stands beside a step of which nothing is to be done."""

_SAYS = {By.GUIDE: "The guide", By.COACH: "The coach"}


def row(at: Visit, study: Study, step: Step, where: str, beside: str = "") -> None:
    """A box to tick, and under it when, how long, and ``beside``. ``where`` tells apart two rows of one step."""
    with st.container(key=f"step-{where}-{step.id}", gap=None):
        box(at, step, where)
        parts = [beside or _when(step, at.today)]
        if study.progress.logged.get(step.id) and not step.done:
            parts.append(f"{hours(study.progress.logged[step.id])} logged")
        line = quiet(" · ".join(part for part in parts if part))
        marks = [badge(f"Instead of {one.instead_of}") for one in step.resources if one.instead_of]
        if step.id in study.plan.late:
            marks.append(badge("After your target"))
        st.markdown(f":small[{' '.join((line, *marks))}]")


def box(at: Visit, step: Step, where: str) -> None:
    """The tick is what is kept, whatever this or another window showed before."""
    key = f"tick-{where}-{step.id}"
    st.session_state[key] = step.done
    st.checkbox(literal(step.title), key=key, on_change=_ticked, args=(at, step.id, key))


def _ticked(at: Visit, step_id: str, key: str) -> None:
    with learner.telling():
        learner.tick(at, step_id, done=bool(st.session_state[key]))


def _when(step: Step, today: date) -> str:
    if step.done:
        return f"Done on {learner.human(step.end, today)}" if step.end else "Done"
    if step.skipped:
        return SKIPPED
    span = ""
    if step.start and step.end:
        first, last = learner.human(step.start, today), learner.human(step.end, today)
        span = first if step.start == step.end else f"{first} to {last}"
    left = hours(step.hours_left)
    return f"{span} · {left}" if step.hours == step.hours_left else f"{span} · {left} of {hours(step.hours)} left"


def behind(at: Visit, study: Study, step: Step, where: str) -> None:
    """Why it is there, what to do, from what, how to know that it is done, what comes before it, and its hours."""
    key = f"{where}-{step.id}"
    why(at, step, key)
    st.markdown(literal(step.do))
    resources(at, step, key)
    st.markdown(f"{quiet('Done when:')} {literal(step.done_when)}")
    if step.due and not step.done:
        st.markdown(f"{quiet('The guide has it done by')} {learner.human(step.due, at.today)}.")
    for line in _needs(step.needs, study.plan):
        st.markdown(line)
    if step.saved:
        st.markdown(f"{badge('Saved')} {literal(step.saved)}")
    if step.formula:
        st.markdown(f":small[{quiet('Its hours:')} {code(step.formula)}]")
    if not step.done and not step.skipped:
        log_time(at, step, key, 1.0)


def why(at: Visit, step: Step, key: str) -> None:
    if step.why:
        cited.sentence(step.why, step.citations, f"why-{key}", at.slug, at.passage)


def resources(at: Visit, step: Step, key: str) -> None:
    for number, one in enumerate(step.resources):
        parts = [literal(one.name)]
        parts += [part for part in (_link(at, one), quiet(one.cost or "")) if part]
        st.markdown(f"- {' · '.join(parts)}")
        if one.instead_of:
            st.markdown(f"{badge('Instead of')} {literal(one.instead_of)}, which the guide names.")
        if one.note:
            cited.sentence(one.note, one.citations, f"note-{key}-{number}", at.slug, at.passage)


def _link(at: Visit, resource: StepResource) -> str:
    """To a resource that we checked; the address alone of anything else, which nothing opens."""
    if resource.url is None:
        return ""
    passages = (one for one in at.corpus.passages if one.origin is Origin.RESOURCE and one.url == resource.url)
    found = next(passages, None)
    return (source_link(found) if found else None) or quiet(resource.url)


def _needs(needs: Iterable[Need], plan: Plan) -> list[str]:
    """One line for each reason: what comes first and who says so."""
    grouped: dict[tuple[By, str], list[str]] = {}
    for need in needs:
        step = plan.step(need.id)
        if step is not None:
            grouped.setdefault((need.by, need.why), []).append(step.title)
    return [
        f"{quiet('Comes after')} {literal(listed(titles))}. {quiet(f'{_SAYS[by]}: {reason}')}"
        for (by, reason), titles in grouped.items()
    ]


def log_time(at: Visit, step: Step, where: str, suggested: float) -> None:
    """Hours spent on a step, in whatever pieces: what is left is planned anew."""
    with st.popover("Log time", icon=":material/timer:", key=f"log-{where}"):
        key = f"spent-{where}"
        st.number_input(
            "Hours spent", 0.25, MOST_LOGGED_HOURS, min(max(suggested, 0.25), MOST_LOGGED_HOURS), 0.25, "%g", key
        )
        st.button("Log", key=f"logged-{where}", on_click=_logged, args=(at, step.id, key, _entry(where)))


def _entry(where: str) -> str:
    """Id of the entry that a form would make, the same on every drawing until it was made."""
    drawn: dict[str, str] = st.session_state.setdefault("entries", {})
    return drawn.setdefault(where, str(uuid.uuid4()))


def _logged(at: Visit, step_id: str, key: str, entry_id: str) -> None:
    with learner.telling():
        learner.log(at, step_id, float(st.session_state[key]), entry_id)
        st.session_state.pop("entries", None)
