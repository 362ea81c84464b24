"""Everything that can be retrieved for one pathway.

Comes in: a pathway, its checked resources, the market figures, glossaries. Goes out: a ``Corpus``: passages that the
encoder can read whole, and the entities that a question can be about. It knows nothing about retrieval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from coach.knowledge import entities as named
from coach.knowledge.checked import ResourceWriter
from coach.knowledge.derived import Deriver
from coach.knowledge.glossary import Glossary, term_entities, term_passages, terms_for
from coach.knowledge.load import Knowledge
from coach.knowledge.market import Market
from coach.knowledge.official import MarketWriter
from coach.knowledge.pathway import Pathway
from coach.knowledge.resource import ResourceFile
from coach.knowledge.stated import PageWriter
from coach.knowledge.writing import CountPieces, fit
from coach.types import Entity, Passage


@dataclass(frozen=True)
class Corpus:
    """The passages of one pathway in a stable order; answers never look beyond them."""

    pathway: Pathway
    market: Market
    passages: tuple[Passage, ...]
    entities: tuple[Entity, ...]
    resources: ResourceFile | None = field(default=None)
    terms: tuple[Entity, ...] = ()
    """Terms of the glossary. They are told apart from ``entities``, because a word such as "recall" or "vector" in a
    question seldom makes it a question about that term."""

    @cached_property
    def by_id(self) -> dict[str, Passage]:
        return {passage.id: passage for passage in self.passages}

    @cached_property
    def entity(self) -> dict[str, Entity]:
        return {entity.id: entity for entity in self.entities}


def build_corpus(
    pathway: Pathway,
    files: Sequence[ResourceFile],
    market: Market,
    *,
    glossaries: Sequence[Glossary] = (),
    count_pieces: CountPieces,
    limit: int,
) -> Corpus:
    """All passages of a pathway, none longer than ``limit`` word pieces by ``count_pieces``.

    Passages whose ids a fact's ``also`` names but that this pathway does not have are dropped from it.
    """
    file = next((file for file in files if file.pathway == pathway.slug), None)
    resources = {resource.id: resource for resource in file.resources} if file else {}
    official = MarketWriter(pathway, market)
    whole = [*PageWriter(pathway, resources, file.checked if file else "").passages(), *Deriver(pathway).passages()]
    if file:
        whole += ResourceWriter(pathway, file).passages()
    whole += official.passages()
    terms = terms_for(pathway, glossaries)
    whole += term_passages(pathway, terms)
    passages = [part for passage in whole for part in fit(passage, count_pieces, limit)]
    ids = {passage.id for passage in passages}
    passages = [
        passage.model_copy(
            update={
                "facts": tuple(
                    fact.model_copy(update={"also": tuple(id_ for id_ in fact.also if id_ in ids)})
                    for fact in passage.facts
                )
            }
        )
        for passage in passages
    ]
    entities = _entities(pathway, file, market, official.occupations)
    return Corpus(pathway, market, tuple(passages), entities, file, term_entities(terms))


def corpus_of(pathway: Pathway, knowledge: Knowledge, *, count_pieces: CountPieces, limit: int) -> Corpus:
    """The same from all that was read."""
    return build_corpus(
        pathway,
        knowledge.resources,
        knowledge.market,
        glossaries=knowledge.glossaries,
        count_pieces=count_pieces,
        limit=limit,
    )


def _entities(
    pathway: Pathway, file: ResourceFile | None, market: Market, occupations: Sequence[str]
) -> tuple[Entity, ...]:
    things = [Entity(id=f"skill:{s.id}", kind="skill", name=s.name, aliases=s.aliases) for s in pathway.skills]
    things += [
        Entity(id=f"transferable:{s.id}", kind="transferable", name=s.name, aliases=s.aliases)
        for s in pathway.transferable
    ]
    things += [named.phase_entity(phase, last=phase is pathway.phases[-1]) for phase in pathway.phases]
    things += [named.level_entity(claim) for claim in pathway.pay]
    things += [
        Entity(id=f"priority:{p.replace(' ', '-')}", kind="priority", name=str(p), aliases=names)
        for p, names in named.PRIORITY_NAMES.items()
        if any(skill.priority == p for skill in pathway.skills)
    ]
    things += [named.horizon_entity(group) for group in pathway.actions]
    if file:
        things += [named.resource_entity(resource) for resource in file.resources]
        things += named.resource_kind_entities(file.resources)
    if occupations or pathway.market.survey_origin or pathway.market.survey_target:
        things += named.market_entities(market, occupations)
    return tuple(things)
