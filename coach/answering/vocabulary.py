"""What understanding knows of a corpus, and what a text names of it.

Comes in: text. Goes out: ids of entities, with whole names told from parts of names. It does not know what is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.answering.linking import Names
from coach.answering.words import split_tokens, stem
from coach.types import Entity


@dataclass(frozen=True)
class Vocabulary:
    """What understanding knows of a corpus: its names and every word that occurs in it, as typed and stemmed."""

    names: Names
    terms: Names
    """Of the glossary."""
    words: frozenset[str]
    """Lower-case words of all passages and question keys; a misspelling is read as the nearest of them."""
    entity: dict[str, Entity]
    roles: dict[str, str]
    """``origin`` and ``target``."""
    horizon_days: dict[str, int]
    """Days of each horizon of the action plan, by entity."""


def entities_in(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    words = split_tokens(text)
    found = []
    for mention in vocabulary.names.link(text):
        lead = words[mention.start - 1] if mention.start else ""
        if mention.entity.kind == "priority" and lead in {
            "how",
            "most",
            "more",
            "very",
            "so",
            "less",
            "really",
            "least",
        }:
            continue
        found.append(mention.entity.id)
    return _joined(tuple(dict.fromkeys(found)), vocabulary)


def _joined(entities: tuple[str, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    """A maker and a kind named apart as the one resource they mean: Pinecone's ... certification."""
    kinds = [vocabulary.entity[e] for e in entities if e.startswith("resource_kind:")]
    if kinds or any(vocabulary.entity[e].kind == "resource" for e in entities):
        # "the course on that platform" is about the course.
        entities = tuple(e for e in entities if vocabulary.entity[e].kind != "platform")
    makers = [vocabulary.entity[e] for e in entities if e.startswith("resource:")]
    for kind in kinds:
        forms = {stem(word) for name in (kind.name, *kind.aliases) for word in split_tokens(name)}
        for maker in makers:
            own = {stem(word) for word in split_tokens(maker.name)}
            if forms & own:
                continue
            both = [
                e.id
                for e in vocabulary.entity.values()
                if e.kind == "resource"
                and e.id != maker.id
                and own <= (words := {stem(word) for word in split_tokens(e.name)})
                and forms & words
            ]
            if len(both) == 1:
                entities = tuple(both[0] if e == maker.id else e for e in entities if e != kind.id)
    return entities


def weak_entities(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Entities that the text names by one word out of several only."""
    best: dict[str, float] = {}
    for mention in vocabulary.names.link(text):
        best[mention.entity.id] = max(best.get(mention.entity.id, 0.0), mention.strength)
    return tuple(entity for entity, strength in best.items() if strength < 0.7)


def unnamed(text: str, vocabulary: Vocabulary) -> str:
    """The text without names of resources: "Two years of ..." in a title is no length of time."""
    for mention in vocabulary.names.link(text):
        if mention.entity.kind == "resource":
            for name in (mention.entity.name, *mention.entity.aliases):
                text = re.sub(rf"\b{re.escape(name)}\b", "it", text, flags=re.IGNORECASE)
    return text
