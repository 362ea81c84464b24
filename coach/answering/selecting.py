"""Which facts answer a question.

Comes in: a query and what retrieval scored. Goes out: facts in order of how well they fit. A fact fits when one
of its question keys is close, when it is about the things that were named, when it gives the kind of answer that
was asked for, and when its passage holds the specific words of the question.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coach.answering.figures import quantities
from coach.answering.lexicon import lexicon
from coach.answering.linking import Names
from coach.answering.statements import Cell, Facts
from coach.answering.words import frequency, split_tokens, stem
from coach.knowledge.writing import facets
from coach.types import Entity, Query, Retrieved, Unit

# Weights on the scale of a cosine; found on the development split of eval/cases, see eval/results/LOG.md.
ENTITY_MATCH = 0.30
ENTITY_EXTRA = 0.10
ENTITY_UNASKED = 0.22
ENTITY_OTHER = 0.35
ENTITY_IGNORED = 0.14
ENTITY_LEFT = 0.08
PLACE_LEFT = 0.25
WANTED = 0.07
UNWANTED = 0.04
SAME_FACET = 0.30
SAME_FAMILY = 0.10
SPECIFIC_WORDS = 0.22
OVERLAP = 0.25
RANKED = 0.03
MENTIONED = 0.16
TYPED = 0.06
OPPOSITE = 0.25

NARROWING = frozenset({"metro", "level", "phase", "skill", "horizon"})
"""Kinds that narrow a question down: a fact that ignores one of them answers something wider."""

CANDIDATES = 200
"""Facts with the closest keys that are looked at more closely."""

SPECIFIC_ZIPF = 4.7
"""Words rarer than this are specific: a passage that holds them is likelier to be meant."""


class KeyOverlap:
    """How many words a question shares with the closest question key of each fact.

    The encoder takes "most" and "fewest", "love" and "miss" for near; their words differ all the same. Scores are
    F-measures of inverse-document-frequency mass, from 0 to 1, one for each group of keys in order.
    """

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        keys = [frozenset(stem(word) for word in split_tokens(key)) for group in groups for key in group]
        sizes = [len(group) for group in groups]
        self._groups = len(groups)
        self._filled = np.array([at for at, size in enumerate(sizes) if size], dtype=np.intp)
        self._starts = np.cumsum([0, *[size for size in sizes if size]][:-1])
        rows: dict[str, list[int]] = {}
        for row, words in enumerate(keys):
            for word in words:
                rows.setdefault(word, []).append(row)
        self._rows = {word: np.array(found, dtype=np.intp) for word, found in rows.items()}
        self._weight = {word: math.log(1 + len(keys) / len(found)) for word, found in rows.items()}
        self._mass = np.array([sum(self._weight[word] for word in words) for words in keys])
        self._unknown = math.log(1 + len(keys))

    def scores(self, question: str) -> NDArray[np.float64]:
        words = {stem(word) for word in split_tokens(question)}
        shared = np.zeros(len(self._mass))
        for word in words:
            if word in self._rows:
                shared[self._rows[word]] += self._weight[word]
        mass = sum(self._weight.get(word, self._unknown) for word in words)
        best = np.zeros(self._groups)
        if len(self._mass):
            best[self._filled] = np.maximum.reduceat(2 * shared / (self._mass + mass), self._starts)
        return best


@dataclass(frozen=True)
class Choice:
    """A fact with its score and what the score is made of."""

    cell: Cell
    score: float
    similarity: float
    words: float
    """Share of the question's specific words that the passage holds."""


class Selector:
    """Scores the facts of one corpus."""

    def __init__(self, facts: Facts, entity: Mapping[str, Entity], names: Names) -> None:
        self._facts = facts
        guide = facts.corpus.pathway
        self._frame = frozenset(stem(word) for word in split_tokens(f"{guide.origin} {guide.target}"))
        self._entity = entity
        self._stems = {passage.id: _stems_of(passage.embedded_text) for passage in facts.corpus.passages}
        self._mentioned = {cell.key: self._names_in(cell, names) for cell in facts.cells}
        self._typed = {
            cell.key: _kinds_of(" ".join(cell.passage.sentences[at].text for at in cell.fact.sentences))
            for cell in facts.cells
        }
        self._cell_keys = [cell.key for cell in facts.cells]
        self._touching: dict[str, list[int]] = {}
        for at, cell in enumerate(facts.cells):
            own = _stems_of(" ".join(cell.passage.sentences[index].text for index in cell.fact.sentences))
            for name in {*cell.fact.entities, *self._mentioned[cell.key], *(own - self._frame)}:
                self._touching.setdefault(name, []).append(at)
        self._overlap = KeyOverlap([cell.fact.questions for cell in facts.cells])
        self._own = {
            # A list holds every word of its entries without being about any; only its keys say what it is about.
            cell.key: _stems_of(
                " ".join([*(cell.passage.sentences[at].text for at in cell.fact.sentences[-1:]), *cell.fact.questions])
                if len(cell.fact.sentences) < 3
                else " ".join(cell.fact.questions)
            )
            for cell in facts.cells
        }
        self._keys = {cell.key: _stems_of(" ".join(cell.fact.questions)) for cell in facts.cells}

    def _words_of(self, query: Query) -> frozenset[str]:
        """Stems of the names of things that the question names whole."""
        linked = [self._entity[entity] for entity in query.entities if entity not in query.weak]
        return frozenset(
            stem(word) for thing in linked for name in (thing.name, *thing.aliases) for word in split_tokens(name)
        )

    def _names_in(self, cell: Cell, names: Names) -> frozenset[str]:
        """Things that a fact's sentences name, where the fact is one sentence and about no list of them."""
        if len(cell.fact.sentences) > 2 or not (
            facets()[cell.fact.facet].detail or facets()[cell.fact.facet].family == "conflicts"
        ):
            return frozenset()
        text = " ".join(cell.passage.sentences[at].text for at in cell.fact.sentences)
        return frozenset(mention.entity.id for mention in names.link(text) if mention.strength == 1.0)

    def choose(
        self, query: Query, fact_scores: Mapping[tuple[str, int], float], ranking: Sequence[Retrieved]
    ) -> tuple[Choice, ...]:
        """The facts that could answer, best first; ties by passage order.

        A fact is looked at when its key is among the closest, when it is about a thing that the question names, or
        when it holds a specific word; the others could not win.
        """
        specific = specific_words(query, self._frame | self._words_of(query))
        ranked = {entry.passage.id: 1.0 / entry.rank for entry in ranking}
        overlap = self._overlap.scores(query.standalone)
        similar = [fact_scores.get(key, 0.0) for key in self._cell_keys]
        close = np.array(similar) + OVERLAP * overlap
        looked_at = set(np.argsort(-close, kind="stable")[:CANDIDATES].tolist())
        looked_at.update(at for name in (*query.entities, *specific) for at in self._touching.get(name, ()))
        choices = []
        for at in sorted(looked_at):
            cell = self._facts.cells[at]
            similarity = similar[at]
            held = self._stems[cell.passage.id] | self._keys[cell.key]
            words = _share(specific, held)
            if specific and words:
                words = 0.5 * words + 0.5 * _share(specific, self._own[cell.key])
            if specific and cell.fact.facet == "resources.kind":
                similarity -= ENTITY_MATCH / 2  # a catalogue is no answer to a question about something in particular
            score = similarity + self._about(query, cell) + self._wanted(query, cell) + self._carried(query, cell)
            score += OVERLAP * float(overlap[at]) + SPECIFIC_WORDS * words + RANKED * ranked.get(cell.passage.id, 0.0)
            choices.append(Choice(cell, score, similarity, words))
        return tuple(sorted(choices, key=lambda choice: -choice.score))

    def stems(self, cell: Cell) -> frozenset[str]:
        """Stems of a passage and of the fact's question keys."""
        return self._stems[cell.passage.id] | self._keys[cell.key]

    def _about(self, query: Query, cell: Cell) -> float:
        named = [entity for entity in query.entities if not self._is_known(query, entity)]
        mine = cell.fact.entities
        if not mine:
            if self._mentioned[cell.key] & set(named):
                return MENTIONED
            heavy = [
                e
                for e in named
                if e not in query.weak
                and self._entity[e].kind
                in {"skill", "phase", "resource", "metro", "occupation", "transferable", "horizon", "level"}
            ]
            return -ENTITY_IGNORED if heavy else 0.0
        matched = [entity for entity in mine if entity in named]
        if not matched and self._mentioned[cell.key] & set(named):
            # What speaks of the named thing while being about another one may replace it.
            return ENTITY_MATCH + MENTIONED if "instead" in query.wants else MENTIONED
        if not matched:
            kinds = {self._entity[entity].kind for entity in mine}
            named = [entity for entity in named if entity not in query.weak]
            other = any(self._entity[entity].kind in kinds for entity in named)
            if facets()[cell.fact.facet].detail and not other:
                return -ENTITY_UNASKED / 3  # a sentence that speaks for itself
            return -ENTITY_OTHER if other or named else -ENTITY_UNASKED
        unasked = len(mine) - len(matched)
        left = [e for e in named if e not in mine and self._entity[e].kind in NARROWING]
        if all(entity in query.weak for entity in matched):
            return ENTITY_MATCH * 0.4 - ENTITY_UNASKED * 0.7 * unasked
        return (
            ENTITY_MATCH
            + ENTITY_EXTRA * (len(matched) - 1)
            - ENTITY_UNASKED * 0.7 * unasked
            - sum(PLACE_LEFT if self._entity[e].kind == "metro" else ENTITY_LEFT for e in left)
        )

    def _is_known(self, query: Query, entity: str) -> bool:
        return any(figure.role == "known" and figure.quantity.text == entity for figure in query.figures)

    def _wanted(self, query: Query, cell: Cell) -> float:
        wants = facets()[cell.fact.facet].wants
        if not query.wants or not wants and not facets()[cell.fact.facet].detail:
            return 0.0
        if "when" in query.wants and "when" in wants and not any(e.startswith("phase:") for e in query.entities):
            return 2 * WANTED
        for want, other in (("max", "min"), ("min", "max")):
            if want in query.wants and other in wants and want not in wants:
                return -OPPOSITE
            if want in query.wants and want in wants:
                return 2 * WANTED
        if facets()[cell.fact.facet].detail:
            return TYPED if set(query.wants) & self._typed[cell.key] else 0.0
        if len(wants) == 1 and wants[0] in query.wants and set(cell.fact.entities) & set(query.entities):
            return 2 * WANTED
        return WANTED if set(query.wants) & set(facets()[cell.fact.facet].wants) else -UNWANTED

    def _carried(self, query: Query, cell: Cell) -> float:
        if query.facet_hint is None:
            return 0.0
        if cell.fact.facet == query.facet_hint and query.follow_up:
            return SAME_FACET
        return SAME_FAMILY if facets()[cell.fact.facet].family == facets()[query.facet_hint].family else 0.0


def specific_words(query: Query, frame: frozenset[str] = frozenset()) -> dict[str, float]:
    """Stems of the question's rarer words with weights that sum to 1; empty when it has none.

    Words of ``frame`` are left out: the roles, and the things that were linked already.
    """
    weights = {}
    for word in split_tokens(query.clause or query.standalone):
        rarity = SPECIFIC_ZIPF - frequency(word)
        if rarity > 0 and stem(word) not in lexicon().frame | frame and not word.isdigit():
            weights[stem(word)] = min(rarity, 2.0)
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()} if total else {}


def _share(specific: Mapping[str, float], held: frozenset[str]) -> float:
    """Weighted share of the specific words that are held, as they are or by a word of the same meaning."""
    synonyms = lexicon().synonyms
    return sum(weight for word, weight in specific.items() if word in held or synonyms.get(word, frozenset()) & held)


def _kinds_of(text: str) -> frozenset[str]:
    """Kinds of answer that the figures in a sentence can give."""
    names = {
        Unit.MONEY: "money",
        Unit.PERCENT: "percentage",
        Unit.COUNT: "count",
        Unit.HOURS: "duration",
        Unit.DAYS: "duration",
        Unit.WEEKS: "duration",
        Unit.MONTHS: "duration",
        Unit.YEARS: "duration",
        Unit.HOURS_PER_WEEK: "duration",
    }
    return frozenset(names[quantity.unit] for quantity in quantities(text) if quantity.unit in names)


def _stems_of(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_tokens(text))
