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
from coach.retrieval.index import SearchResult
from coach.types import Entity, Query, Unit

WEIGHTS: Mapping[str, float] = {
    "similarity": 1.0,
    "likely": float(__import__("os").environ.get("FACET", 0.03)),
    "detail": float(__import__("os").environ.get("DETAIL", -0.1)),
    "overlap": 0.25,
    "words": 0.11,
    "own_words": 0.11,
    "ranked": 0.03,
    "met": 0.0,
    "length": 0.0,
    "catalogue": -0.15,
    "matched": 0.30,
    "matched_weakly": 0.12,
    "matched_more": 0.10,
    "mentioned": 0.16,
    "instead": 0.30,
    "unasked": -0.22,
    "unasked_detail": -0.22,
    "other": -0.35,
    "ignored": -0.14,
    "left": -0.08,
    "place_left": -0.25,
    "wanted": 0.07,
    "unwanted": -0.04,
    "opposite": -0.25,
    "typed": 0.06,
    "same_facet": 0.30,
    "same_family": 0.10,
}
"""What each feature of a question and a fact is worth, on the scale of a cosine; see ``Selector.features``."""

FLOOR = -8.0
"""Facets less likely than this, as a logarithm, are all alike."""

NARROWING = frozenset({"metro", "level", "phase", "skill", "horizon"})
"""Kinds that narrow a question down: a fact that ignores one of them answers something wider."""

HEAVY = NARROWING | {"resource", "occupation", "transferable"}
"""Kinds of things that a fact about nothing in particular cannot pass over."""

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
    features: Mapping[str, float]
    """What the score is made of, before weighing."""


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

    def choose(self, query: Query, found: SearchResult) -> tuple[Choice, ...]:
        """The facts that could answer, best first; ties by passage order.

        A fact is looked at when its key is among the closest, when it is about a thing that the question names, or
        when it holds a specific word; the others could not win.
        """
        specific = specific_words(query, self._frame | self._words_of(query))
        ranked = {entry.passage.id: 1.0 / entry.rank for entry in found.ranking}
        overlap = self._overlap.scores(query.standalone)
        similar = [found.fact_scores.get(key, 0.0) for key in self._cell_keys]
        met = [max(found.sentence_scores.get(ref, 0.0) for ref in cell.refs()) for cell in self._facts.cells]
        likely = [
            0.0 if facets()[cell.fact.facet].detail else max(found.facet_scores.get(cell.fact.facet, FLOOR), FLOOR)
            for cell in self._facts.cells
        ]
        close = (
            WEIGHTS["similarity"] * np.array(similar)
            + WEIGHTS["overlap"] * overlap
            + WEIGHTS["likely"] * np.array(likely)
            + WEIGHTS["met"] * np.array(met)
        )
        looked_at = set(np.argsort(-close, kind="stable")[:CANDIDATES].tolist())
        looked_at.update(at for name in (*query.entities, *specific) for at in self._touching.get(name, ()))
        choices = []
        for at in sorted(looked_at):
            cell = self._facts.cells[at]
            features = self._features(query, cell, specific)
            features["similarity"] = similar[at]
            features["overlap"] = float(overlap[at])
            features["likely"] = likely[at]
            features["ranked"] = ranked.get(cell.passage.id, 0.0)
            features["met"] = met[at]
            features["length"] = math.log1p(len(cell.fact.sentences))
            score = sum(WEIGHTS[name] * value for name, value in features.items())
            choices.append(Choice(cell, score, similar[at], features["words"], features))
        return tuple(sorted(choices, key=lambda choice: -choice.score))

    def stems(self, cell: Cell) -> frozenset[str]:
        """Stems of a passage and of the fact's question keys."""
        return self._stems[cell.passage.id] | self._keys[cell.key]

    def _features(self, query: Query, cell: Cell, specific: Mapping[str, float]) -> dict[str, float]:
        """What speaks for and against a fact, by name; a feature that is left out is 0.

        ``words`` is the share of the question's specific words that the passage or its keys hold, ``own_words`` that
        of the fact's own sentences. The others compare what the question names and wants with what the fact is about.
        """
        entry = facets()[cell.fact.facet]
        words = _share(specific, self._stems[cell.passage.id] | self._keys[cell.key])
        found = {
            "words": words,
            "own_words": _share(specific, self._own[cell.key]) if words else 0.0,
            "detail": float(entry.detail),
            # A catalogue is no answer to a question about something in particular.
            "catalogue": float(bool(specific) and cell.fact.facet == "resources.kind"),
        }
        return found | self._about(query, cell) | self._wanted(query, cell) | self._carried(query, cell)

    def _about(self, query: Query, cell: Cell) -> dict[str, float]:
        named = [entity for entity in query.entities if not self._is_known(query, entity)]
        mine = cell.fact.entities
        if not mine:
            if self._mentioned[cell.key] & set(named):
                return {"mentioned": 1.0}
            heavy = any(e not in query.weak and self._entity[e].kind in HEAVY for e in named)
            return {"ignored": 1.0} if heavy else {}
        matched = [entity for entity in mine if entity in named]
        if not matched and self._mentioned[cell.key] & set(named):
            # What speaks of the named thing while being about another one may replace it.
            return {"mentioned": 1.0, "instead": float("instead" in query.wants)}
        if not matched:
            kinds = {self._entity[entity].kind for entity in mine}
            named = [entity for entity in named if entity not in query.weak]
            other = any(self._entity[entity].kind in kinds for entity in named)
            if facets()[cell.fact.facet].detail and not other:
                return {"unasked_detail": 1 / 3}  # a sentence that speaks for itself
            return {"other": 1.0} if other or named else {"unasked": 1.0}
        unasked = 0.7 * (len(mine) - len(matched))
        if all(entity in query.weak for entity in matched):
            return {"matched_weakly": 1.0, "unasked": unasked}
        left = [e for e in named if e not in mine and self._entity[e].kind in NARROWING]
        places = sum(self._entity[e].kind == "metro" for e in left)
        return {
            "matched": 1.0,
            "matched_more": len(matched) - 1.0,
            "unasked": unasked,
            "left": float(len(left) - places),
            "place_left": float(places),
        }

    def _is_known(self, query: Query, entity: str) -> bool:
        return any(figure.role == "known" and figure.quantity.text == entity for figure in query.figures)

    def _wanted(self, query: Query, cell: Cell) -> dict[str, float]:
        entry = facets()[cell.fact.facet]
        asked, wants = set(query.wants), entry.wants
        if not asked or not wants and not entry.detail:
            return {}
        if "when" in asked and "when" in wants and not any(e.startswith("phase:") for e in query.entities):
            return {"wanted": 2.0}
        for want, other in (("max", "min"), ("min", "max")):
            if want in asked and other in wants and want not in wants:
                return {"opposite": 1.0}
            if want in asked and want in wants:
                return {"wanted": 2.0}
        if entry.detail:
            return {"typed": 1.0} if asked & self._typed[cell.key] else {}
        if len(wants) == 1 and wants[0] in asked and set(cell.fact.entities) & set(query.entities):
            return {"wanted": 2.0}
        return {"wanted": 1.0} if asked & set(wants) else {"unwanted": 1.0}

    def _carried(self, query: Query, cell: Cell) -> dict[str, float]:
        if query.facet_hint is None:
            return {}
        if cell.fact.facet == query.facet_hint and query.follow_up:
            return {"same_facet": 1.0}
        same = facets()[cell.fact.facet].family == facets()[query.facet_hint].family
        return {"same_family": float(same)}


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
