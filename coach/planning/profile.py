"""Who the learner is, as far as a plan needs it.

Comes in: JSON written by a person, by a page or by the chat. Goes out: a frozen ``Profile``, or ``ProfileError`` that
names the field and what was expected. It knows no pathway: names of skills are matched to one by ``resolve_skills``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, field_validator, model_validator

from coach.errors import ProfileError
from coach.knowledge.pathway import Pathway
from coach.types import Frozen

MOST_WEEKLY_HOURS = 80.0
LEAST_WEEKLY_HOURS = 0.5
GUIDE_WEEK_HOURS = 10.0
"""Hours that a "week" of a guide is taken to mean, as in ``Settings.assumed_weekly_hours``: no guide says it."""

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)
"""Dates beyond are slips of the pen, and a plan begun near the end of the calendar could not be counted out."""


class Level(StrEnum):
    """How well a skill is held, in rising order. What it saves is said in ``coach.planning.steps``."""

    BASIC = "basic"
    SOLID = "solid"
    STRONG = "strong"


_LEVELS = {
    "beginner": "basic", "some": "basic", "basics": "basic", "novice": "basic", "familiar": "basic",
    "intermediate": "solid", "good": "solid", "working": "solid", "proficient": "solid", "medium": "solid",
    "advanced": "strong", "expert": "strong", "fluent": "strong", "high": "strong", "senior": "strong",
}  # fmt: skip
"""What people write for the levels."""


def _level(value: object) -> object:
    if isinstance(value, Mapping):
        value = value.get("level")
    if value is None or value is True:
        return Level.SOLID
    word = str(value).strip().lower()
    return _LEVELS.get(word, word)


def _skills(value: object) -> object:
    """A mapping of name to level; also a list of names, or of objects with ``name`` and ``level``."""
    if isinstance(value, list | tuple):
        entries = {}
        for entry in value:
            if isinstance(entry, Mapping):
                entries[str(entry.get("id") or entry.get("name"))] = entry.get("level")
            elif isinstance(entry, str):
                entries[entry] = None
            else:
                return value  # which the check of types then names
        return entries
    return value


class Break(Frozen):
    """Days without study; both ends belong to it."""

    start: date
    end: date

    @model_validator(mode="before")
    @classmethod
    def _one_day_or_pair(cls, value: Any) -> Any:
        if isinstance(value, str | date):
            return {"start": value, "end": value}
        if isinstance(value, list | tuple) and len(value) == 2:
            return {"start": value[0], "end": value[1]}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Break:
        if self.end < self.start:
            raise ValueError(f"expected start <= end, got {self.start} to {self.end}")
        return self


class Profile(Frozen):
    """All fields are optional: an empty profile plans from today at the guide's pace."""

    pathway: str | None = None
    """Slug; None means the default one."""
    skills: Annotated[dict[str, Annotated[Level, BeforeValidator(_level)]], BeforeValidator(_skills)] = Field(
        default_factory=dict, validation_alias=AliasChoices("skills", "skills_held", "known_skills")
    )
    """Skills held, by id or name of the pathway's skills, with how well."""
    weekly_hours: Annotated[
        float,
        Field(
            ge=LEAST_WEEKLY_HOURS,
            le=MOST_WEEKLY_HOURS,
            validation_alias=AliasChoices("weekly_hours", "hours_per_week", "hours_a_week", "hours"),
        ),
    ] = GUIDE_WEEK_HOURS
    guide_week_hours: Annotated[float, Field(ge=LEAST_WEEKLY_HOURS, le=MOST_WEEKLY_HOURS)] = GUIDE_WEEK_HOURS
    """Hours that a week of the guide is taken to mean."""
    start: Annotated[date | None, Field(validation_alias=AliasChoices("start", "start_date"))] = None
    """None means the day the plan is made."""
    target: Annotated[
        date | None, Field(validation_alias=AliasChoices("target", "target_date", "deadline", "finish_by"))
    ] = None
    """When the learner wants to be done."""
    pay: Annotated[float | None, Field(gt=0, le=1e9, validation_alias=AliasChoices("pay", "current_pay"))] = None
    """A year's gross pay now."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    region: str | None = None
    """As the learner calls it: "Denver"."""
    weeks_off: tuple[Break, ...] = ()
    stay_employed: Annotated[
        bool, Field(validation_alias=AliasChoices("stay_employed", "must_stay_employed", "keep_job"))
    ] = True
    nice_to_have: bool = True
    """False leaves out the skills that the guide calls nice to have."""

    @field_validator("start", "target")
    @classmethod
    def _within_a_life(cls, value: date | None) -> date | None:
        if value is not None and not FIRST_DAY <= value <= LAST_DAY:
            raise ValueError(f"expected a date from {FIRST_DAY} to {LAST_DAY}, got {value}")
        return value

    @model_validator(mode="after")
    def _dates_in_order(self) -> Profile:
        if self.start and self.target and self.target <= self.start:
            raise ValueError(f"target: expected a date after the start {self.start}, got {self.target}")
        return self


def read_profile(text: str, place: str = "profile") -> Profile:
    """A profile from JSON. Raises ProfileError with every problem, each as ``place: field: what was expected``."""
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "nesting"
        raise ProfileError(f"{place}: expected JSON; it cannot be read at {where}. Mend it and try again.") from error
    if not isinstance(data, dict):
        raise ProfileError(f'{place}: expected one object such as {{"weekly_hours": 8}}, got {type(data).__name__}.')
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        problems = "\n".join(f"{place}: {_field(one['loc'])}: {_said(one)}" for one in error.errors())
        raise ProfileError(f"{problems}\nThe fields are described in README.md.") from error


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the whole"


def _said(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return f"no such field; known are {', '.join(Profile.model_fields)}"
    return f"{problem['msg']}, got {str(problem['input'])[:80]!r}"


def resolve_skills(profile: Profile, pathway: Pathway) -> tuple[dict[str, Level], tuple[str, ...]]:
    """Levels by skill id of the pathway, to learn and transferable, and the names that are none of its skills.

    A name is matched by id, name or alias, whatever its case; of two entries for one skill the higher level counts.
    """
    known: dict[str, str] = {}
    named = [(skill.id, skill.name, *skill.aliases) for skill in pathway.transferable]
    named += [(skill.id, skill.name, *skill.aliases) for skill in pathway.skills]
    for names in named:
        for name in names:
            known.setdefault(_plain(name), names[0])
    order = list(Level)
    levels: dict[str, Level] = {}
    strange: list[str] = []
    for name, level in profile.skills.items():
        id_ = known.get(_plain(name))
        if id_ is None:
            strange.append(name)
        elif id_ not in levels or order.index(level) > order.index(levels[id_]):
            levels[id_] = level
    return levels, tuple(strange)


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("-", " ").split())
