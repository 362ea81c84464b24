"""Where each passage is used: which eval cases rest on it, and which past answers cited it.

Comes in: passages, the cases that come with the project, a visitor's answers. Goes out: counts and questions by
passage.
Cases of the test split are counted; what they ask is never told. It calls no Streamlit command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from coach.types import Answer, Passage
from eval.cases import Case

HOT_FROM = 5
"""Uses from which a passage counts as hot: about a tenth of the passages of the shipped pathway."""


class Heat(StrEnum):
    HOT = "hot"
    WARM = "warm"
    NEVER = "never used"


class Use(NamedTuple):
    """Who uses one passage."""

    passage: Passage
    cases: int
    """Eval cases that rest on it, of both splits."""
    questions: tuple[str, ...]
    """What those of the dev split ask."""
    answers: tuple[str, ...]
    """Questions of this visitor whose answers cited it, newest first."""

    @property
    def heat(self) -> Heat:
        total = self.cases + len(self.answers)
        return Heat.HOT if total >= HOT_FROM else Heat.WARM if total else Heat.NEVER


def uses(passages: Sequence[Passage], cases: Iterable[Case], answers: Sequence[Answer]) -> tuple[Use, ...]:
    """One for each passage, in their order. ``answers`` are newest first."""
    resting: Counter[str] = Counter()
    asked: dict[str, list[str]] = {}
    for case in cases:
        for id_ in (*case.gold, *case.also):
            resting[id_] += 1
            if case.split != "test":
                asked.setdefault(id_, []).append(case.question)
    cited: dict[str, list[str]] = {}
    for answer in answers:
        for id_ in dict.fromkeys(c.passage_id for claim in answer.claims for c in claim.citations):
            cited.setdefault(id_, []).append(answer.question)
    return tuple(
        Use(one, resting[one.id], tuple(asked.get(one.id, ())), tuple(cited.get(one.id, ()))) for one in passages
    )


class Section(NamedTuple):
    """How the passages under one heading are used."""

    name: str
    hot: int
    warm: int
    never: int


def by_section(found: Sequence[Use]) -> tuple[Section, ...]:
    """In the order in which sections first come."""
    counts: dict[str, Counter[Heat]] = {}
    for use in found:
        counts.setdefault(section_of(use.passage), Counter())[use.heat] += 1
    return tuple(
        Section(name, count[Heat.HOT], count[Heat.WARM], count[Heat.NEVER]) for name, count in counts.items()
    )


def section_of(passage: Passage) -> str:
    """The heading below the pathway's name, which every passage has."""
    return passage.heading_path[1] if len(passage.heading_path) > 1 else passage.heading_path[0]


class Gap(NamedTuple):
    """Something that was asked for and is not held."""

    missing: str
    questions: tuple[str, ...]
    """That asked for it, newest first, each once."""
    times: int


def gaps(answers: Iterable[Answer], pathway: str, dismissed: Iterable[str] = ()) -> tuple[Gap, ...]:
    """What this visitor asked in vain, by what was missing, the most frequent first; ``answers`` newest first."""
    left = set(dismissed)
    asked: dict[str, list[str]] = {}
    for answer in answers:
        if answer.pathway != pathway:
            continue
        named = answer.missing or (("nothing by name",) if answer.status == "abstained" else ())
        for name in named:
            if name not in left:
                asked.setdefault(name, []).append(answer.question)
    found = [Gap(name, tuple(dict.fromkeys(questions)), len(questions)) for name, questions in asked.items()]
    return tuple(sorted(found, key=lambda gap: (-gap.times, gap.missing)))
