"""The values that reading a resume gives: each skill with both sides.

Comes in: nothing. Goes out: frozen values that the command line, the pages and the evaluation share. A skill is only
held where both sides are there, the line of the resume and the sentence of the guide or the line of the posting.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import model_validator

from coach.planning.profile import Level
from coach.types import Frozen, Share


class Part(StrEnum):
    """Where a skill comes from."""

    TRANSFERABLE = "transferable"
    TO_LEARN = "to_learn"
    POSTING = "posting"


class Reason(StrEnum):
    """Why a line is taken to show a skill."""

    NAMED = "named"
    TOOL = "tool"
    SIMILAR = "similar"


class When(Frozen):
    """Where the guide teaches a skill, or has a tool used."""

    phases: tuple[int, ...] = ()
    """Numbers of the phases that practise it, if the guide says so."""
    weeks: int | None
    """None for what is named in a task or a resource and is no skill of the guide."""


class SkillMatch(Frozen):
    """One skill of the guide, or one demand of the posting, and what the resume shows of it."""

    id: str
    name: str
    section: Part
    held: bool
    likely: Share
    """How likely the best line shows it, whether or not that is enough."""
    resume_quote: str | None = None
    """Part of one line, verbatim."""
    resume_line: int | None = None
    """Number of that line in the document, from 1."""
    passage_id: str | None = None
    pathway_quote: str | None = None
    """A sentence of that passage."""
    level: Level | None = None
    """A guess from the wording; only the learner confirms it."""
    reason: Reason | None = None
    posting_quote: str | None = None
    """Part of one line of the posting, verbatim."""
    posting_line: int | None = None
    covered_by: str | None = None
    """For a demand: id of the guide's skill that carries over to it or teaches it."""
    when: When | None = None
    """For a demand that a skill to learn covers, or that a phase names."""

    @model_validator(mode="after")
    def _both_sides(self) -> SkillMatch:
        other = self.posting_quote if self.section is Part.POSTING else self.pathway_quote
        if self.held and not (self.resume_quote and other):
            raise ValueError(f"{self.id}: held with one side only: expected a line of the resume and one of the other")
        return self


class SkillReport(Frozen):
    """Skills of the guide in its order, then the demands of the posting in theirs."""

    skills: tuple[SkillMatch, ...]
    notices: tuple[str, ...] = ()
    """What the learner should know: what was left out, that nothing was found."""
