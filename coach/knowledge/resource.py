"""A checked resource: a course, tool, book or certificate, and what checking it found."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, StringConstraints

from coach.knowledge.pathway import Slug, Text
from coach.types import Frozen


class VerdictOfCheck(StrEnum):
    """What looking for the resource found. "Not found" is no proof that it does not exist."""

    CONFIRMED = "confirmed"
    NOT_FOUND = "not found"
    MISDESCRIBED = "misdescribed"
    RENAMED = "renamed"


class CostClass(StrEnum):
    FREE = "free"
    FREEMIUM = "free to start"
    PAID = "paid"
    UNKNOWN = "unknown"


class Resource(Frozen):
    """``name`` is what we call it; ``name_in_page`` is what the page calls it (None: our addition)."""

    id: Slug
    name: Text
    name_in_page: Text | None = None
    aliases: tuple[str, ...] = ()
    provider: Text | None = None
    kind: Text
    """In plain words: "course", "tool", "course and certificate"."""
    url: HttpUrl | None = None
    cost_class: CostClass = CostClass.UNKNOWN
    cost: Text | None = None
    """A phrase: "free", "paid subscription"."""
    level: Text | None = None
    duration: Text | None = None
    skills: tuple[Slug, ...] = ()
    """Ids of skills to learn, or of transferable skills, of the pathway."""
    phases: tuple[Annotated[int, Field(ge=1)], ...] = ()
    actions: tuple[Slug, ...] = ()
    """Ids of action groups that name it."""
    verdict: VerdictOfCheck
    confidence: Literal["high", "medium", "low"]
    about: Text
    """What it is and what to know about it, in whole sentences."""
    licence: Text | None = None
    substitutes: tuple[Slug, ...] = ()
    evidence_urls: tuple[HttpUrl, ...] = ()
    unverified: tuple[Text, ...] = ()
    """What could not be verified; each a phrase without a full stop."""


class ResourceFile(Frozen):
    """``knowledge/resources.yaml``: the resources of one pathway and when they were checked."""

    pathway: Slug
    checked: Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]+ \d{4}$")]
    """Month and year: "November 2026"."""
    resources: tuple[Resource, ...]
