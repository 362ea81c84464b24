"""The typed pathway: what a career-pathway page says, field by field.

Comes in: YAML written by a person or by ``coach.knowledge.importer``. Goes out: a frozen ``Pathway``.
It knows the layout of such pages and nothing about any one of them; texts are shown as they stand, so
they must be whole sentences (``text``) or short imperative or noun phrases without a full stop (``Item``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from coach.types import Frozen

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Weeks = Annotated[int, Field(ge=1, le=520, strict=True)]


class Priority(StrEnum):
    """In order of urgency; iteration gives that order."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    NICE_TO_HAVE = "nice to have"


class PageSource(Frozen):
    """Where the page comes from, as a reader is told."""

    title: Text
    captured: str | None = None
    """When the text was copied, as ``YYYY-MM`` or a date."""
    headline_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """Months named in the page's title, which may differ from its fact box."""


class MonthRange(Frozen):
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _ordered(self) -> MonthRange:
        if self.high < self.low:
            raise ValueError(f"expected low <= high, got {self.low} to {self.high}")
        return self


class PercentRange(Frozen):
    """A change of pay in percent; 40 means +40 percent."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> PercentRange:
        if self.high < self.low:
            raise ValueError(f"expected low <= high, got {self.low} to {self.high}")
        return self


class PayClaim(Frozen):
    """A figure that the page states for a level of seniority, a year's gross pay."""

    level: Slug
    """``entry``, ``mid``, ``senior``, ``lead`` ... as the page names it."""
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)] | None = None
    """None: the page names one figure. Equal to ``low`` never occurs."""
    at_least: bool = False
    """True where the page writes ``$210,000+``."""
    about: bool = False
    """True where the page writes "around"."""


class Item(Frozen):
    """One entry of a list: a task, an action, an attraction. A phrase without a full stop."""

    id: Slug
    text: Text


class NamedItem(Frozen):
    """A transferable skill: its name and how it carries over, in whole sentences."""

    id: Slug
    name: Text
    text: Text
    aliases: tuple[str, ...] = ()


class Skill(Frozen):
    """A skill to learn."""

    id: Slug
    name: Text
    priority: Priority
    weeks: Weeks
    how: Text
    """How the page says to learn it, in whole sentences."""
    resources: tuple[Slug, ...] = ()
    """Ids of checked resources that ``how`` names."""
    aliases: tuple[str, ...] = ()


class PhaseResource(Frozen):
    """A resource as a phase lists it; ``resource`` is its checked entry, if one exists."""

    id: Slug
    text: Text
    resources: tuple[Slug, ...] = ()


class Phase(Frozen):
    """One step of the roadmap. ``number`` starts at 1 and follows the page's order."""

    number: Annotated[int, Field(ge=1)]
    name: Text
    weeks: Weeks
    tasks: tuple[Item, ...]
    resources: tuple[PhaseResource, ...] = ()
    aliases: tuple[str, ...] = ()


class ActionGroup(Frozen):
    """What to do within a horizon: this week, this month, the next 90 days."""

    id: Slug
    name: Text
    days: Annotated[int, Field(ge=1)]
    items: tuple[Item, ...]


class Reality(Frozen):
    attractions: tuple[Item, ...] = ()
    drawbacks: tuple[Item, ...] = ()
    challenges: tuple[Item, ...] = ()


class Faq(Frozen):
    """An answer of the page; ``question`` is None where the page lost it."""

    id: Slug
    question: Text | None = None
    answer: Text
    about: Literal["pay", "time", "other"] = "other"


class Paragraph(Frozen):
    """One idea of the overview, in whole sentences."""

    id: Slug
    text: Text


class MarketLink(Frozen):
    """Which official occupations stand for the two roles; a judgement, and said to be one."""

    origin: str | None = None
    """Occupation code of the origin role."""
    neighbours: tuple[str, ...] = ()
    """Codes nearest to the target role, nearest first."""
    exact: bool = False
    """True where the first neighbour is the target role itself."""
    survey_origin: str | None = None
    survey_target: str | None = None
    """Title groups of the salary survey."""


class Demand(Frozen):
    level: Text
    """One or two words: "high"."""
    text: Text
    """A whole sentence."""


class Pathway(Frozen):
    """A whole page. Sections that a page lacks are empty or None, never guessed."""

    slug: Slug
    origin: Text
    target: Text
    source: PageSource
    difficulty: Text | None = None
    timeline: MonthRange | None = None
    salary_change: PercentRange | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    pay: tuple[PayClaim, ...] = ()
    demand: Demand | None = None
    overview: tuple[Paragraph, ...] = ()
    transferable: tuple[NamedItem, ...] = ()
    skills: tuple[Skill, ...] = ()
    phases: tuple[Phase, ...] = ()
    reality: Reality = Reality()
    actions: tuple[ActionGroup, ...] = ()
    faq: tuple[Faq, ...] = ()
    market: MarketLink = MarketLink()
    role_aliases: tuple[str, ...] = ()
    """Other names of the target role: "VDBE"."""
    notes: tuple[Item, ...] = ()
    """Contradictions that only a reader of the page can see; ``text`` is a whole sentence without its full stop."""

    @model_validator(mode="after")
    def _consistent(self) -> Pathway:
        if [phase.number for phase in self.phases] != list(range(1, len(self.phases) + 1)):
            raise ValueError("phases: expected numbers 1, 2, 3, ... in order")
        for section in ("transferable", "skills", "actions", "faq", "overview"):
            ids = [part.id for part in getattr(self, section)]
            if len(ids) != len(set(ids)):
                raise ValueError(f"{section}: expected ids that differ, got {ids}")
        return self
