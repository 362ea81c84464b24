"""The values of a plan: dated steps, what was done, and the next step.

Comes in: nothing. Goes out: frozen values that the scheduler makes and that pages, exports and the store share. A
``Plan`` is a function of pathway, ``Profile``, ``Progress`` and the day it is made, so only the last three are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from coach.planning.profile import Break
from coach.types import Citation, Claim, Frozen


class Kind(StrEnum):
    """What a step is about."""

    SKILL = "skill"
    RESOURCE = "resource"
    TASK = "task"
    ACTION = "action"


class By(StrEnum):
    """Who says that one step needs another: the guide, or the coach by its own judgement."""

    GUIDE = "guide"
    COACH = "coach"


class Need(Frozen):
    """Step ``id`` comes first."""

    id: str
    by: By
    why: str


class StepResource(Frozen):
    """Something to learn from, with the check's verdict where there is one."""

    name: str
    url: str | None = None
    cost: str | None = None
    instead_of: str | None = None
    """The resource of the guide that could not be confirmed and that this one replaces."""
    once: bool = False
    """Whether it is worked through and then done: a course, a book, an examination."""
    note: str = ""
    """What to know before relying on it: that it could not be confirmed, that it was renamed."""
    citations: tuple[Citation, ...] = ()


class WeekShare(Frozen):
    """Hours of a step in one calendar week."""

    monday: date
    hours: float


class Step(Frozen):
    """One thing to do. ``id`` depends on the pathway's own ids only, so that ticks survive every change of plan."""

    id: str
    """``skill/<id>``, ``resource/<skill>/<id>``, ``task/<phase>/<id>``, ``action/<group>/<id>``."""
    title: str
    kind: Kind
    phase: int | None = None
    """Number of the phase that it is practised in or belongs to."""
    skill: str | None = None
    """Id of the skill that it teaches."""
    do: str
    """What to do, in one or two sentences."""
    why: str
    """Why now: a sentence that its citations bear out."""
    done_when: str
    """How to know that it is done."""
    citations: tuple[Citation, ...]
    """Of the reason."""
    said: tuple[Citation, ...] = ()
    """Sentences that say what is to be done, or what the step's resource is."""
    formula: str = ""
    """How the hours come about."""
    resources: tuple[StepResource, ...] = ()
    needs: tuple[Need, ...] = ()
    hours: float
    """In all, before what was logged."""
    hours_left: float
    saved: str = ""
    """Why it is shorter than the guide has it, or skipped; empty where it is not."""
    again: bool = False
    """True where it is short because another step works through the same course; ``saved`` says which."""
    skipped: bool = False
    """True where the learner holds the skill already: nothing is scheduled."""
    start: date | None = None
    """First and last day with hours in them; for a done step, the day it was ticked. None where nothing is planned."""
    end: date | None = None
    weeks: tuple[WeekShare, ...] = ()
    due: date | None = None
    """The guide's own horizon, for an action."""
    done: bool = False


class Cut(Frozen):
    """What can be left out, and when the plan would then end."""

    what: str
    saves_hours: float
    finish: date | None
    step_ids: tuple[str, ...]
    fits: bool = True
    """Whether with it, and those before it, all that is left ends by the target date."""


class Length(Frozen):
    """How long a plan lasts beside what the guide promises, where the two differ; markers count through both."""

    said: tuple[Claim, ...]
    """The guide's sentence, the plan's own length, and what contradicts the guide's sentence within the guide."""
    reasons: tuple[Claim, ...] = ()
    """What the difference comes from."""


class Plan(Frozen):
    """All steps in the order in which they are done."""

    pathway: str
    made: date
    """The day it was made."""
    start: date
    finish: date | None
    """Last day of the last step that is not done; None where all is done."""
    weekly_hours: float
    guide_week_hours: float
    hours: float
    hours_left: float
    steps: tuple[Step, ...]
    weeks_off: tuple[Break, ...] = ()
    """Days on which nothing is planned, though a step may begin before them and end after them."""
    assumptions: tuple[str, ...]
    """What the coach took on itself, one sentence each."""
    notices: tuple[str, ...] = ()
    """What the learner should know: skills that are none of the pathway's, too many hours beside a job."""
    length: Length | None = None
    """None where it lasts as long as the guide says, or the guide says nothing."""
    late: tuple[str, ...] = ()
    """Ids of steps that end after the target date, or do not fit at all."""
    cuts: tuple[Cut, ...] = ()
    """What to leave out first, best first; empty where all fits."""
    hours_needed: float | None = None
    """Weekly hours with which all would fit the target date; None where it fits or nothing would do."""

    def step(self, id_: str) -> Step | None:
        return next((step for step in self.steps if step.id == id_), None)


class Progress(Frozen):
    """What the learner did. Kept apart from the plan, which is made anew from it."""

    done: Mapping[str, date] = Field(default_factory=dict)
    """Step id to the day it was ticked."""
    logged: Mapping[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Step id to hours spent on it."""
    from_day: date | None = None
    """Day from which what is left is planned, once the plan was dated anew; None: from the profile's start."""


class Portion(Frozen):
    """A step, or the part of it that fits the time there is."""

    step: Step
    hours: float
    """To spend now."""
    whole: bool
    do: str
    """What to do in this time, in a sentence or two."""
    sized: str
    """What there is time for of the step, without what it is: the end of ``do``."""


class NextStep(Frozen):
    """The one thing to do now, with its reason, and the two behind it."""

    now: Portion | None
    """None where everything is done."""
    reason: Claim | None
    then: tuple[Step, ...] = ()
    slipped_days: int = 0
    """How far the earliest step that should be over lies back; 0 where the plan is kept."""
