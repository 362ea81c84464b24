"""What every computation works on, and what comes out of one.

Comes in: a corpus and its facts. Goes out: look-ups that several computations share, and ``Worked``. Nothing is
computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coach.answering.statements import Cell, Facts, Ref, Statement
from coach.knowledge.corpus import Corpus
from coach.knowledge.derived import Deriver
from coach.knowledge.official import MarketWriter
from coach.types import Quantity, Query

WEEKS_OF = {"skill": "skill.weeks", "phase": "phase.weeks", "priority": "time.priority"}
"""Kinds that the page gives weeks for, and the facet that holds them."""


@dataclass(frozen=True)
class Worked:
    """Computed statements, the facets they belong to, and figures of the question that were read as the learner's."""

    statements: tuple[Statement, ...]
    facets: tuple[str, ...]
    taken: tuple[Quantity, ...] = ()
    """Figures that could also assert something of the page and that the intent showed to be about the learner: their
    pay, their time. They are no premise to be judged."""


class Basis:
    """Facts of one pathway. ``assumed`` is how many hours a week of the page is taken to mean."""

    def __init__(self, corpus: Corpus, facts: Facts, assumed: float) -> None:
        self.corpus = corpus
        self.pathway = corpus.pathway
        self.facts = facts
        self.assumed = assumed
        self.deriver = Deriver(corpus.pathway)
        self.official = MarketWriter(corpus.pathway, corpus.market)
        self.skills = {f"skill:{skill.id}": skill for skill in self.pathway.skills}
        self.phases = {f"phase:{phase.number}": phase for phase in self.pathway.phases}

    def name(self, entity: str) -> str:
        return self.corpus.entity[entity].name

    def called(self, cell: Cell) -> str:
        """How the thing that a fact is about stands in a sentence."""
        name = self.name(cell.fact.entities[0])
        return f"the {name} skills" if cell.fact.facet == WEEKS_OF["priority"] else name

    def cells(self, facet: str, entities: Sequence[str]) -> list[Cell]:
        """The fact of a facet about each of the entities, where there is one."""
        return [cell for entity in entities if (cell := self.facts.find(facet, [entity]))]


def of_kind(query: Query, *kinds: str) -> list[str]:
    """Entities of these kinds that the question names, in its order."""
    return [entity for entity in query.entities if entity.partition(":")[0] in kinds]


def asks_time(query: Query) -> bool:
    return "duration" in query.wants


def refs(cells: Sequence[Cell]) -> tuple[Ref, ...]:
    return tuple(ref for cell in cells for ref in cell.refs())
