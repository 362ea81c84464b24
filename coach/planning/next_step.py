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
    done_so_far = step.hours - step.hours_left
    if whole:
        do = f"{_ended(step.do)} Finish it today: {_lower(step.done_when)}"
    elif hours <= SHORT:
        do = (
            f"{step.title}: go on where you stopped, and note what comes next."
            if done_so_far
            else f"{step.title}: open what you need, look it over, and note the first thing you want to be able to do."
        )
    else:
        do = f"{_ended(step.do)} Stop after {_hours(spent)} and note where you are; {_hours(step.hours_left)} are left."
    return Portion(step=step, hours=spent, whole=whole, do=do)


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


def _hours(hours: float) -> str:
    """
    >>> _hours(0.25), _hours(1), _hours(2.5)
    ('15 minutes', '1 hour', '2.5 hours')
    """
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:g} hour{'' if hours == 1 else 's'}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
