"""A dated plan: the steps of an outline laid end to end into the learner's weeks.

Comes in: a corpus, a profile, what was done, and the day. Goes out: a ``Plan``. Pure: the same input gives the same
plan, and the clock is never read.

One step at a time, in order. A day on which there is study holds a seventh of the weekly hours, a day off holds none,
so a calendar week never holds more than the weekly hours. Time is counted in exact fractions: rounding would let a week
overflow or a plan with more hours end later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from coach.errors import ProfileError
from coach.knowledge.corpus import Corpus
from coach.knowledge.pathway import Priority
from coach.planning.plan import Cut, Kind, Plan, Progress, Step, WeekShare
from coach.planning.profile import MOST_WEEKLY_HOURS, Profile
from coach.planning.promise import length_of
from coach.planning.steps import QUARTER, outline

DAYS = 7
LONGEST_YEARS = 60
"""A plan that would last longer is refused: something in the profile is not meant."""


def make_plan(corpus: Corpus, profile: Profile, progress: Progress | None = None, *, today: date) -> Plan:
    """The plan of a learner. Raises ProfileError where days off leave no time within ``LONGEST_YEARS``."""
    progress = progress or Progress()
    found = outline(corpus, profile, progress.done)
    begin = progress.from_day or profile.start or today
    undated = [_so_far(step, progress) for step in found.steps]
    steps = _dated(undated, profile, begin)
    due = {f"action/{group.id}/": begin + timedelta(days=group.days) for group in corpus.pathway.actions}
    steps = tuple(
        step.model_copy(update={"due": next((day for prefix, day in due.items() if step.id.startswith(prefix)), None)})
        if step.kind is Kind.ACTION and not step.done
        else step
        for step in steps
    )
    open_ = [step for step in steps if not step.done and not step.skipped]
    late = tuple(step.id for step in open_ if profile.target and step.end and step.end > profile.target)
    plan = Plan(
        pathway=corpus.pathway.slug,
        made=today,
        start=begin,
        finish=_finish(steps),
        weekly_hours=profile.weekly_hours,
        guide_week_hours=profile.guide_week_hours,
        hours=sum(step.hours for step in steps),
        hours_left=sum(step.hours_left for step in open_),
        steps=steps,
        weeks_off=profile.weeks_off,
        assumptions=found.assumptions,
        notices=found.notices,
        late=late,
        cuts=tuple(_cuts(steps, corpus, profile, begin)) if late else (),
        hours_needed=_hours_needed(open_, profile, begin) if late else None,
    )
    return plan.model_copy(update={"length": length_of(plan, profile, corpus)})


def slipped_days(plan: Plan) -> int:
    """How long ago the first step that is not done should have been; 0 where the plan is kept.

    Counted from the end of the step that is due first, to the day the plan was made.
    """
    ends = [step.end for step in plan.steps if not step.done and step.end]
    return max((plan.made - min(ends)).days, 0) if ends else 0


def _so_far(step: Step, progress: Progress) -> Step:
    """The step with what was done of it. A tick counts for a skipped step as well: it is never lost."""
    day = progress.done.get(step.id)
    if day is not None:
        return step.model_copy(update={"done": True, "hours_left": 0.0, "start": day, "end": day})
    logged = progress.logged.get(step.id, 0.0)
    if logged and not step.skipped:
        return step.model_copy(update={"hours_left": max(step.hours - logged, QUARTER)})
    return step


def _dated(steps: Sequence[Step], profile: Profile, begin: date) -> tuple[Step, ...]:
    """Steps with dates; what is done or skipped takes no time."""
    days = _StudyDays(profile, begin)
    weekly = Fraction(str(profile.weekly_hours))
    at = Fraction(0)  # in study days
    dated = []
    for step in steps:
        if step.done or step.skipped:
            dated.append(step)
            continue
        until = at + Fraction(str(step.hours_left)) * DAYS / weekly
        first, last = int(at), -int(-until // 1) - 1
        shares: dict[date, Fraction] = {}
        for number in range(first, last + 1):
            day = days[number]
            monday = day - timedelta(days=day.weekday())
            part = min(until, Fraction(number + 1)) - max(at, Fraction(number))
            shares[monday] = shares.get(monday, Fraction(0)) + part * weekly / DAYS
        weeks = tuple(WeekShare(monday=monday, hours=round(float(hours), 4)) for monday, hours in shares.items())
        dated.append(step.model_copy(update={"start": days[first], "end": days[last], "weeks": weeks}))
        at = until
    return tuple(dated)


class _StudyDays:
    """The days on which there is study, from a first one on, by number; found as far as they are asked for."""

    def __init__(self, profile: Profile, begin: date) -> None:
        self._off = sorted((one.start, one.end) for one in profile.weeks_off)
        self._found: list[date] = []
        self._days = self._all(begin)

    def __getitem__(self, number: int) -> date:
        while len(self._found) <= number:
            try:
                self._found.append(next(self._days))
            except (StopIteration, OverflowError) as error:
                raise ProfileError(
                    f"profile: weekly_hours, weeks_off: the plan would not end within {LONGEST_YEARS} years. Give it "
                    "more hours a week or fewer days off."
                ) from error
        return self._found[number]

    def _all(self, begin: date) -> Iterator[date]:
        day, end = begin, begin + timedelta(days=LONGEST_YEARS * 366)
        while day < end:
            free_from = next((last for first, last in self._off if first <= day <= last), None)
            if free_from is None:
                yield day
                day += timedelta(days=1)
            else:
                day = free_from + timedelta(days=1)


def _finish(steps: Sequence[Step]) -> date | None:
    return max((step.end for step in steps if step.end and not step.done), default=None)


def _cuts(steps: Sequence[Step], corpus: Corpus, profile: Profile, begin: date) -> Iterator[Cut]:
    """What to leave out, each in addition to those before it, until all fits: what the guide calls nice to have,
    longest first; then actions with the farthest horizon; then what goes beyond the first resource of a skill."""
    left_out: set[str] = set()
    for what, ids in _candidates(steps, corpus):
        taken = [step for step in steps if step.id in ids - left_out and not step.done and not step.skipped]
        if not taken:
            continue
        left_out |= ids
        remaining = _dated([step for step in steps if step.id not in left_out], profile, begin)
        finish = _finish(remaining)
        saved = sum(step.hours_left for step in taken)
        fits = finish is None or profile.target is not None and finish <= profile.target
        yield Cut(what=what, saves_hours=saved, finish=finish, step_ids=tuple(step.id for step in taken), fits=fits)
        if fits:
            return


def _candidates(steps: Sequence[Step], corpus: Corpus) -> Iterator[tuple[str, set[str]]]:
    extras = [skill for skill in corpus.pathway.skills if skill.priority is Priority.NICE_TO_HAVE]
    for skill in sorted(extras, key=lambda skill: -skill.weeks):
        yield f"{skill.name}, which the guide calls nice to have", {step.id for step in steps if step.skill == skill.id}
    for group in sorted(corpus.pathway.actions, key=lambda group: -group.days):
        if group.days > DAYS:
            prefix = f"action/{group.id}/"
            yield f"the actions of “{group.name}”", {step.id for step in steps if step.id.startswith(prefix)}
    further: set[str] = set()
    for one, other in pairwise([step for step in steps if step.kind is Kind.RESOURCE]):
        if one.skill == other.skill:
            further.add(other.id)
    yield "all but the first resource of each skill", further


def _hours_needed(steps: Sequence[Step], profile: Profile, begin: date) -> float | None:
    """Weekly hours, to the next half, with which the steps would end by the target; None where none would do."""
    days, free = 0, _StudyDays(profile, begin)
    while profile.target and free[days] <= profile.target:
        days += 1
    if not days:
        return None
    exact = sum(Fraction(str(step.hours_left)) for step in steps) * DAYS / days
    halves = -int(-exact * 2 // 1)
    return halves / 2 if halves / 2 <= MOST_WEEKLY_HOURS else None
