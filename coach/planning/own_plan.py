"""Questions about the learner's own plan: when it ends, what is left of it, how far they are, what this week holds.

Comes in: a question, and the plan. Goes out: what is asked, or None; and statements that rest on the sentences of the
guide from which the plan's hours were made, to be numbered and checked like any others. Only who has a plan is answered
from it: the guide's own length is another answer, to another question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum, auto

from coach.answering.statements import Facts, Ref, Statement
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import count, listed
from coach.planning.phrases import day, hours
from coach.planning.plan import Plan, Step
from coach.planning.profile import Profile
from coach.planning.promise import compared
from coach.planning.schedule import slipped_days
from coach.planning.telling import named
from coach.types import Support

MOST_STEPS = 4
"""Of a week, that are named."""


class About(Enum):
    FINISH = auto()
    LEFT = auto()
    PROGRESS = auto()
    THIS_WEEK = auto()
    NEXT_WEEK = auto()


_ME = r"(?:i|we|my plan|the plan|this plan|my (?:own )?(?:learning|study) plan)"
_MY = r"(?:my|our|the)"
_NOW = r"(?: (?:so far|already|yet|by now|now))?"
_OVER = (
    r"(?:done|finish(?:ed|es)?|ready|through|complete[ds]?|ends?|over|there|get there|make it|arrive|"
    r"be able to apply|have (?:it|everything|all of it) (?:done|behind me))"
)
_WHAT = r"(?: (?:hours|time|work|weeks|days|months|steps|tasks|study time))?"
_DOING = r"(?:do|study|learn|work on|finish|have to do|need to do|doing)"
_WAYS = (
    (
        About.FINISH,
        rf"when (?:will|would|do|does|can|could|am|should|is|are) {_ME}(?: be)?(?: all| finally| completely)? {_OVER}",
        rf"(?:what(?:'s| is)|when(?:'s| is)) {_MY} (?:finish|end|final|completion|last)(?:ing)?(?: (?:date|day))?",
        rf"(?:on )?(?:what|which) (?:day|date|month|week) (?:will|would|do|does|can|am) {_ME}(?: be)? {_OVER}",
        rf"how (?:long|much longer|many (?:weeks|months|days)) (?:until|till|before) {_ME}(?:'m| am| is)?(?: be)? "
        rf"{_OVER}",
    ),
    (
        About.LEFT,
        rf"(?:how (?:much|many|long){_WHAT}|what)"
        rf"(?: work)?(?: (?:is|are|do|does|have|has|will be))?(?: there)?(?: {_ME})?(?: still)?(?: have)?(?: got)?"
        r"(?: still)?(?: to be)? (?:left|to go|remain(?:s|ing)?|outstanding|ahead of me|to do)"
        rf"(?: to (?:do|study|learn|finish)| (?:in|of|on) {_MY} plan| for me| until the end)?",
    ),
    (
        About.PROGRESS,
        r"how far (?:am|are|have|did) (?:i|we)(?: (?:come|got|gotten|get|along|through|into it))?"
        rf"(?: (?:in|with|on) {_MY} plan)?{_NOW}",
        rf"(?:what(?:'s| is)|how(?:'s| is)) {_MY} (?:progress|status)(?: (?:so far|going|looking))?",
        r"(?:what|how (?:much|many (?:hours|steps))) (?:have|did) (?:i|we)(?: already)? "
        rf"(?:done|do|finish(?:ed)?|completed?|ticked off|log(?:ged)?){_NOW}",
        rf"(?:am|are|is) {_ME} (?:on (?:track|schedule|time)|(?:behind|ahead)(?: (?:of )?schedule)?|late|slipping)",
    ),
    (
        About.THIS_WEEK,
        rf"what(?:'s| is| do i have| am i)?(?: (?:due|planned|to do|on|up|scheduled|in {_MY} plan|doing))*"
        r"(?: for me)? this week",
        rf"what (?:should|do|must|can|will|am) i (?:to )?{_DOING} this week",
        r"(?:which|what) steps? (?:are|is|do i have)(?: due| planned| to do| on| in my plan)? this week",
        rf"what does {_MY} (?:plan|week) (?:say|have|hold|look like|bring)(?: for me)?(?: (?:for )?this week)?",
    ),
)
_BEFORE = (
    r"(?:(?:and|but|so|ok(?:ay)?|hm+|well|now|then|hi|hello|hey|please|according to my plan|by my plan)[ ,]+)*"
)
_AFTER = (
    r"(?:[ ,]+(?:then|now|please|exactly|by my plan|according to my plan|(?:in|with) (?:my|the) plan|"
    r"with (?:all(?: of)? )?(?:this|it)|at (?:this|my) (?:pace|rate)))*[ ?!.]*"
)
_ASKED = tuple(
    (about, re.compile(rf"{_BEFORE}(?:{'|'.join(ways)}){_AFTER}", re.IGNORECASE)) for about, *ways in _WAYS
)
_NEXT_WEEK = re.compile(r"\bnext week\b", re.IGNORECASE)


def asked(question: str) -> About | None:
    """What is asked of the plan; None for any other question.

    >>> asked("When will I be done?"), asked("and how many hours are left?"), asked("What should I do next week?")
    (<About.FINISH: 1>, <About.LEFT: 2>, <About.NEXT_WEEK: 5>)
    >>> asked("When will I be done with Docker?"), asked("How long does the move take?")
    (None, None)
    """
    said = " ".join(question.replace("’", "'").split())
    ahead = _NEXT_WEEK.search(said)
    said = _NEXT_WEEK.sub("this week", said)
    for about, pattern in _ASKED:
        if pattern.fullmatch(said):
            return About.NEXT_WEEK if ahead and about is About.THIS_WEEK else about
    return None


def told_of_plan(about: About, plan: Plan, profile: Profile, corpus: Corpus) -> tuple[Statement, ...]:
    """The answer from the plan; empty where the guide holds no sentence to rest it on."""
    refs = _grounds(corpus)
    if not refs:
        return ()
    if about in (About.THIS_WEEK, About.NEXT_WEEK):
        monday = plan.made - timedelta(days=plan.made.weekday())
        return tuple(_week(plan, monday + timedelta(weeks=about is About.NEXT_WEEK), corpus, refs))
    if about is About.PROGRESS:
        return tuple(_progress(plan, profile, refs))
    first = _finish(plan, profile, refs) if about is About.FINISH else _left(plan, refs)
    return (*first, *(compared(plan, profile, corpus) if about is About.FINISH else ()))


def _grounds(corpus: Corpus) -> tuple[Ref, ...]:
    """The sentences of the guide that the hours of a plan are made from."""
    facts = Facts(corpus)
    found = (facts.find(facet) for facet in ("time.skills", "time.roadmap", "time.total"))
    return tuple(ref for cell in found if cell and not cell.fact.absent for ref in cell.refs())[:2]


def _finish(plan: Plan, profile: Profile, refs: tuple[Ref, ...]) -> Iterator[Statement]:
    if plan.finish is None:
        yield _computed("All steps of your plan are done.", refs, "steps left: 0")
        return
    yield _computed(f"By your plan you are done on {day(plan.finish)}.", refs, _study(plan))
    if profile.target and plan.finish > profile.target:
        late = (plan.finish - profile.target).days
        yield _computed(
            f"That is {count(late, 'day')} after your target of {day(profile.target)}.",
            refs,
            f"{day(profile.target)} + {count(late, 'day')} is {day(plan.finish)}",
        )


def _left(plan: Plan, refs: tuple[Ref, ...]) -> Iterator[Statement]:
    if plan.finish is None:
        yield _computed("All steps of your plan are done: 0 hours are left.", refs, "hours left: 0")
        return
    steps = len(_open(plan))
    yield _computed(
        f"Left are {hours(plan.hours_left)} in {count(steps, 'step')}, until {day(plan.finish)}.",
        refs,
        f"{count(steps, 'step')} that {'is' if steps == 1 else 'are'} neither done nor skipped; {_study(plan)}",
    )


def _progress(plan: Plan, profile: Profile, refs: tuple[Ref, ...]) -> Iterator[Statement]:
    counted = [step for step in plan.steps if step.done or not step.skipped]
    done, spent = sum(step.done for step in counted), plan.hours - plan.hours_left
    left, all_ = hours(plan.hours_left), hours(plan.hours)
    yield _computed(
        f"Of {count(len(counted), 'step')} in your plan you have done {done}; {left} of {all_} are left.",
        refs,
        f"steps ticked: {done} of {len(counted)}; {plan.hours:g} - {spent:g} = {plan.hours_left:g} hours",
    )
    if behind := slipped_days(plan):
        due, ago = day(min(step.end for step in _open(plan) if step.end)), count(behind, "day")
        yield _computed(
            f"The earliest open step was planned until {due}, {ago} ago; what is left can be dated anew.",
            refs,
            f"{due} + {ago} is {day(plan.made)}",
        )
    elif plan.finish is not None:
        first = day(min(step.end for step in _open(plan) if step.end))
        yield _computed(f"All open steps end on {first} or later, so you are on time.", refs, f"first end: {first}")
    if profile.target:
        yield from _finish(plan, profile, refs)


def _week(plan: Plan, monday: date, corpus: Corpus, refs: tuple[Ref, ...]) -> Iterator[Statement]:
    shares = [
        (step, share.hours) for step in _open(plan) for share in step.weeks if share.monday == monday and share.hours
    ]
    which = f"the week of {day(monday)}"
    if not shares:
        begin = min((step.start for step in _open(plan) if step.start and step.start >= monday), default=None)
        after = f" The next step begins on {day(begin)}." if begin else ""
        yield _computed(f"For {which} your plan has 0 hours.{after}", refs, f"0 hours planned in {which}.{after}")
        return
    steps, total = count(len(shares), "step"), sum(share for _, share in shares)
    each = listed([hours(share) for _, share in shares])
    formula = f"planned in {which}: {steps} with {each}; together {hours(total)}"
    yield _computed(f"For {which} your plan has {hours(total)} in {steps}.", refs, formula)
    for step, _ in shares[:MOST_STEPS]:
        yield from named(step, corpus, item=True)


def _study(plan: Plan) -> str:
    weeks = plan.hours_left / plan.weekly_hours
    return (
        f"hours left: {plan.hours_left:g}; your profile: {plan.weekly_hours:g} hours a week from {day(plan.start)}; "
        f"{plan.hours_left:g} / {plan.weekly_hours:g} = {weeks:.1f} weeks of study, days off left out; "
        f"last day: {day(plan.finish) if plan.finish else 'none'}"
    )


def _open(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if not step.done and not step.skipped]


def _computed(text: str, refs: tuple[Ref, ...], formula: str) -> Statement:
    return Statement(text, Support.COMPUTED, refs, formula)
