"""Terms of a field, each explained in our words with a source.

Comes in: a glossary as read from a file, and a pathway. Goes out: passages of origin ``glossary``, one a term, for
pathways that speak of the field. This module knows no field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, HttpUrl

from coach.knowledge.pathway import Pathway, Slug, Text
from coach.knowledge.wording import listed
from coach.knowledge.writing import Writer, ways_to_ask
from coach.types import Entity, Frozen, Origin, Passage

LEAST_SHARED = 3
"""Terms that a pathway has to name before a glossary is taken to be of its field: one or two words ("cache", "latency")
are shared by half of all trades."""


class TermSource(Frozen):
    title: Text
    url: HttpUrl


class Term(Frozen):
    """One term. ``definition``, ``why`` and ``example`` are whole sentences that stand alone when quoted."""

    id: Slug
    name: Text
    aliases: tuple[Text, ...] = ()
    category: Text
    definition: Text
    why: Text
    example: Text | None = None
    related: tuple[Slug, ...] = ()
    source: TermSource

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


class Glossary(Frozen):
    """``knowledge/glossary*.yaml``: the terms of one field and when their sources were looked at."""

    field: Text
    checked: Annotated[str, Field(pattern=r"^[A-Z][a-z]+ \d{4}$")]
    """Month and year: "November 2026"."""
    terms: tuple[Term, ...]


def terms_for(pathway: Pathway, glossaries: Sequence[Glossary]) -> tuple[tuple[Glossary, Term], ...]:
    """The terms of every glossary whose field the pathway speaks of."""
    text = f" {' '.join(_words(pathway.model_dump_json()))} "
    found: list[tuple[Glossary, Term]] = []
    for glossary in glossaries:
        shared = sum(any(f" {' '.join(_words(name))} " in text for name in term.names) for term in glossary.terms)
        if shared >= LEAST_SHARED:
            found += [(glossary, term) for term in glossary.terms]
    return tuple(found)


def term_passages(pathway: Pathway, found: Sequence[tuple[Glossary, Term]]) -> Iterator[Passage]:
    """One passage a term, in the order of the file."""
    by_id = {term.id: term for _, term in found}
    for glossary, term in found:
        page = Writer(
            pathway=pathway.slug,
            section=f"glossary/{term.id}",
            heading_path=("Glossary", glossary.field, term.category, term.name),
            origin=Origin.GLOSSARY,
            source=f"Glossary, {glossary.checked}; see {term.source.title}",
            names={"origin": pathway.origin, "target": pathway.target},
            url=str(term.source.url),
        )
        related = [f"{pathway.slug}#glossary/{id_}" for id_ in term.related if id_ in by_id]
        definition = page.say_all(term.definition)
        why = page.say_all(term.why)
        example = page.say_all(term.example) if term.example else ()
        aliases = [key for alias in term.aliases for key in ways_to_ask("term.define", {"name": alias})]
        page.fact("term.define", definition, questions=aliases, name=term.name)
        page.fact("term.why", why, name=term.name)
        if example:
            page.fact("term.example", example, name=term.name)
        if related:
            page.say(
                f"Related to {term.name}: {listed([by_id[id_].name for id_ in term.related if id_ in by_id])}.",
                derived_from=related,
            )
        yield page.passage()


def term_entities(found: Sequence[tuple[Glossary, Term]]) -> tuple[Entity, ...]:
    """Ids are ``term:`` and the end of the id of the passage, ``<pathway>#glossary/<end>``."""
    return tuple(Entity(id=f"term:{term.id}", kind="term", name=term.name, aliases=term.aliases) for _, term in found)


def term_of(passage: Passage) -> str | None:
    """Id of the term that a passage explains; None for passages of other origins."""
    if passage.origin is not Origin.GLOSSARY:
        return None
    return f"term:{passage.id.partition('#glossary/')[2].partition('~')[0]}"


def _words(text: str) -> list[str]:
    return "".join(char.lower() if char.isalnum() or char in "@+#" else " " for char in text).split()
