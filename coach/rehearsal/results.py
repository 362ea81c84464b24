"""What the answers of a rehearsal say of a learner's skills: changes of the profile to propose.

Comes in: judgements of answers, and the profile. Goes out: for each skill at most one ``Proposal``, with the judgements
that it rests on. Nothing is changed here: a proposal is kept only when the learner says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from coach.knowledge.pathway import Pathway
from coach.planning.learner import Change
from coach.planning.profile import Level, Profile, resolve_skills
from coach.rehearsal.judging import Judgement, Stance
from coach.types import Frozen

BASIC_SHARE = 0.5
"""Share of the key points of all answers about a skill from which it is proposed as basic."""

SOLID_ANSWERS = 2
"""Answers about a skill without a gap from which it is proposed as solid. A rehearsal never shows more: that a skill is
strong is seen at work."""


class Proposal(Frozen):
    skill: str
    """Its id."""
    change: Change
    judgements: tuple[Judgement, ...]
    """All answers about the skill, also those with gaps."""


def proposals(judgements: Sequence[Judgement], profile: Profile, pathway: Pathway) -> tuple[Proposal, ...]:
    """One for each skill that the answers speak for, if that is more than the profile holds; in the pathway's order.

    An answer that contradicts a key point proposes nothing for its skill.
    """
    held, _ = resolve_skills(profile, pathway)
    names = {skill.id: skill.name for skill in pathway.transferable}
    names |= {skill.id: skill.name for skill in pathway.skills}
    made: list[Proposal] = []
    for skill, name in names.items():
        about = tuple(one for one in judgements if skill in one.question.skills)
        level = _level(about)
        if level is None or (skill in held and _ORDER.index(held[skill]) >= _ORDER.index(level)):
            continue
        change = Change(field="skills", key=name, value=level.value, said=f"{name}, at {level.value} level")
        made.append(Proposal(skill=skill, change=change, judgements=about))
    return tuple(made)


_ORDER = list(Level)


def _level(about: Sequence[Judgement]) -> Level | None:
    points = [point for judgement in about for point in judgement.points]
    covered = sum(point.stance is Stance.COVERED for point in points)
    if not covered or any(point.stance is Stance.CONTRADICTED for point in points):
        return None
    if len(about) >= SOLID_ANSWERS and covered == len(points):
        return Level.SOLID
    return Level.BASIC if covered >= BASIC_SHARE * len(points) else None
