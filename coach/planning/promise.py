"""How long a plan lasts beside how long the guide says that the move takes.

Comes in: a dated plan with its profile and corpus. Goes out: a ``Length`` of cited claims where the two differ, which
says what the difference comes from; None where they do not. It judges nobody: a plan that is longer than a promise is
no fault of the learner's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from coach.answering.composing import passages_of
from coach.answering.statements import Cell, Facts, Statement, claim_of, quote
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import WEEKS_PER_MONTH, count, listed, number
from coach.planning.plan import Kind, Length, Plan
from coach.planning.profile import Profile
from coach.types import Support, Unit

SAME_MONTHS = 0.25
"""A difference of a quarter of a month is what rounding weeks to months can explain."""

_DAYS_PER_MONTH = WEEKS_PER_MONTH * 7
_MONTHS = {Unit.MONTHS: 1.0, Unit.WEEKS: 1 / WEEKS_PER_MONTH, Unit.YEARS: 12.0}
_KINDS = (
    ("for the skills", (Kind.SKILL, Kind.RESOURCE)),
    ("for the tasks of the phases", (Kind.TASK,)),
    ("for actions", (Kind.ACTION,)),
)


def length_of(plan: Plan, profile: Profile, corpus: Corpus) -> Length | None:
    """None as well where the guide gives no length, or all of the plan is done."""
    said = compared(plan, profile, corpus)
    if not said:
        return None
    reasons = list(_reasons(plan, profile, Facts(corpus)))
    markers = {one.id: number for number, one in enumerate(passages_of([*said, *reasons], corpus), start=1)}
    return Length(
        said=tuple(claim_of(one, markers, corpus) for one in said),
        reasons=tuple(claim_of(one, markers, corpus) for one in reasons),
    )


def compared(plan: Plan, profile: Profile, corpus: Corpus) -> tuple[Statement, ...]:
    """What ``Length.said`` says, not yet numbered; empty where there is nothing to say."""
    facts = Facts(corpus)
    promise = _promise(facts)
    return tuple(_compared(plan, profile, promise, facts)) if promise and plan.finish else ()


def _promise(facts: Facts) -> Cell | None:
    """What the guide says of the whole; where it says nothing, the sum of its phases."""
    for facet in ("time.total", "time.roadmap"):
        cell = facts.find(facet)
        if cell and cell.fact.absent is None and cell.fact.value and cell.fact.value.unit in _MONTHS:
            return cell
    return None


def _compared(plan: Plan, profile: Profile, promise: Cell, facts: Facts) -> Iterator[Statement]:
    """The guide's sentence, the plan's own length, and what contradicts the guide within it; nothing where the plan
    lasts as long as promised."""
    value, finish = promise.fact.value, plan.finish
    if value is None or finish is None:
        return
    factor = _MONTHS[value.unit]
    low, high = value.low * factor, (value.high or value.low) * factor
    days = (finish - _first_day(plan, profile)).days + 1
    months = days / _DAYS_PER_MONTH
    if low - SAME_MONTHS <= months <= high + SAME_MONTHS:
        return
    longer = months > high
    end = high if longer else low
    gap = abs(round(months, 1) - round(end, 1))
    more, less = (months, end) if longer else (end, months)
    weeks = f"{number(end / factor)} / {1 / factor:.2f} = {number(end)} months; " if value.unit is Unit.WEEKS else ""
    yield from promise.statements()
    yield Statement(
        f"Your plan lasts {count(months, 'month')}, {count(gap, 'month')} {'more' if longer else 'less'} than the "
        f"guide's {count(end, 'month')}: {_hours(plan.hours)} at {_hours(plan.weekly_hours)} a week.",
        Support.COMPUTED,
        promise.refs(),
        f"{weeks}{days} days / {_DAYS_PER_MONTH:.2f} = {count(months, 'month')}; "
        f"{number(more)} - {number(less)} = {count(gap, 'month')}; "
        f"all steps: {_hours(plan.hours)}; your profile: {_hours(plan.weekly_hours)} a week; "
        f"{plan.hours:g} / {plan.weekly_hours:g} = {count(plan.hours / plan.weekly_hours, 'week')} of study",
    )
    if conflict := _contradiction(facts):
        yield conflict


def _first_day(plan: Plan, profile: Profile) -> date:
    """Of the whole, not of what is left: a plan that was dated anew began when the learner did."""
    done = [step.end for step in plan.steps if step.done and step.end]
    return min([plan.start, *([profile.start] if profile.start else []), *done])


def _contradiction(facts: Facts) -> Statement | None:
    """The guide's durations side by side, where the corpus counts them among what does not add up."""
    cell, all_of_them = facts.find("time.conflict"), facts.find("conflicts.list")
    if cell is None or all_of_them is None:
        return None
    sentences = all_of_them.passage.sentences
    counted = {id_ for at in all_of_them.fact.sentences for id_ in sentences[at].derived_from}
    return quote(cell.passage, cell.fact.sentences[0]) if cell.passage.id in counted else None


def _reasons(plan: Plan, profile: Profile, facts: Facts) -> Iterator[Statement]:
    sums = [cell for facet in ("time.skills", "time.roadmap") if (cell := facts.find(facet)) and not cell.fact.absent]
    refs = tuple(ref for cell in sums for ref in cell.refs())
    shares = [
        (hours, what)
        for what, kinds in _KINDS
        if (hours := sum(step.hours for step in plan.steps if step.kind in kinds))
    ]
    if refs and len(shares) > 1:
        parts = [f"{_hours(hours) if at == 0 else f'{hours:g}'} {what}" for at, (hours, what) in enumerate(shares)]
        yield Statement(
            f"Your plan counts everything one after another: {listed(parts)}.",
            Support.COMPUTED,
            refs,
            f"{' + '.join(f'{hours:g}' for hours, _ in shares)} = {plan.hours:g} hours",
        )
    assumed = facts.find("time.hours")
    if assumed is not None:
        yield from assumed.statements()
        yield Statement(
            f"Your plan takes a week of the guide to mean {_hours(plan.guide_week_hours)}.",
            Support.COMPUTED,
            assumed.refs(),
            f"your profile: {_hours(plan.guide_week_hours)} for a week of the guide",
        )
    own = _own(plan, profile)
    if own and refs:
        yield Statement(f"Your profile is counted in: {listed(own)}.", Support.COMPUTED, refs, listed(own))


def _own(plan: Plan, profile: Profile) -> Sequence[str]:
    """What else of the profile makes a plan longer or shorter."""
    said = []
    if plan.finish is not None and (off := _days_off(plan, profile)):
        said.append(f"{count(off, 'day')} off")
    if shorter := sum(bool(step.saved) and not step.again for step in plan.steps):
        said.append(f"{count(shorter, 'step')} shortened or skipped for what you hold already")
    if not profile.nice_to_have:
        said.append("what the guide calls nice to have left out")
    return said


def _days_off(plan: Plan, profile: Profile) -> int:
    first, last = _first_day(plan, profile), plan.finish or plan.start
    off = {
        day
        for one in profile.weeks_off
        for day in range(max(one.start, first).toordinal(), min(one.end, last).toordinal() + 1)
    }
    return len(off)


def _hours(hours: float) -> str:
    return f"{hours:g} hour{'' if hours == 1 else 's'}"
