"""The one thing to do now.

Comes in: a plan and the hours there are. Goes out: a ``NextStep``: the first step that is open and whose needs are met,
or the part of it that fits, with its reason as a cited claim and the two steps behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from coach.planning.plan import NextStep, Plan, Portion, Step
from coach.planning.schedule import slipped_days
from coach.types import Claim, Support

SITTINGS = (("15 minutes", 0.25), ("1 hour", 1.0), ("half a day", 4.0))
"""What a learner can choose, with hours."""

BEHIND = 2
"""Steps shown behind the next one."""

SHORT = 0.25
"""Hours up to which only a beginning can be made."""


def next_step(plan: Plan, hours: float = 1.0) -> NextStep:
    """The next step of a plan for somebody who has ``hours`` today."""
    ready = _ready(plan.steps)
    if not ready:
        return NextStep(now=None, reason=None)
    step = ready[0]
    reason = Claim(text=step.why, support=_support(step), citations=step.citations) if step.why else None
    return NextStep(
        now=portion(step, hours),
        reason=reason,
        then=tuple([other for other in plan.steps if _open(other) and other.id != step.id][:BEHIND]),
        slipped_days=slipped_days(plan),
    )


def portion(step: Step, hours: float) -> Portion:
    """The step, or as much of it as fits; what to do then is said for the time there is."""
    whole = step.hours_left <= hours
    spent = step.hours_left if whole else hours
    if whole:
        sized = f"There is time for all of it today, {time_said(spent)}."
        do = f"{_ended(step.do)} {sized}"
    elif hours <= SHORT:
        begun = step.hours > step.hours_left
        sized = (
            "Go on where you stopped, and note what comes next."
            if begun
            else "Open what you need, look it over, and note the first thing you want to be able to do."
        )
        do = f"{step.title}: {_lower(sized)}"
    else:
        sized = (
            f"Stop after {time_said(spent)} and note where you are; {time_said(step.hours_left - spent)} will be left."
        )
        do = f"{_ended(step.do)} {sized}"
    return Portion(step=step, hours=spent, whole=whole, do=do, sized=sized)


def _ready(steps: Sequence[Step]) -> list[Step]:
    """Open steps whose needs are done or skipped, in the plan's order."""
    met = {step.id for step in steps if step.done or step.skipped}
    known = {step.id for step in steps}
    return [
        step for step in steps if _open(step) and all(need.id in met or need.id not in known for need in step.needs)
    ]


def _open(step: Step) -> bool:
    return not step.done and not step.skipped


def _support(step: Step) -> Support:
    quoted = any(step.why == citation.quote for citation in step.citations)
    return Support.QUOTED if quoted else Support.INFERRED


def time_said(hours: float) -> str:
    """
    >>> time_said(0.25), time_said(1), time_said(2.5), time_said(4 / 3)
    ('15 minutes', '1 hour', '2.5 hours', '1.33 hours')
    """
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{round(hours, 2):g} hour{'' if hours == 1 else 's'}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
