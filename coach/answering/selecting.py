"""Which facts answer a question.

Comes in: a query, what retrieval scored, and how likely each intent is. Goes out: facts in order of how well they fit.
A fact fits when it answers what the question intends, when one of its sentences or question keys is close, when it is
about the things that were named, when it gives the kind of answer that was asked for, and when its passage holds the
specific words of the question. Each of these is a feature; their weights were fitted (``python -m eval fit``) and lie
in ``weights.yaml``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from lemminflect import getAllLemmas
from numpy.typing import NDArray

from coach.answering.figures import quantities
from coach.answering.lexicon import lexicon
from coach.answering.linking import MASKED_STRENGTH, Names
from coach.answering.spelling import in_figures
from coach.answering.statements import Cell, Facts
from coach.answering.words import frequency, split_tokens, stem, token_spans
from coach.knowledge.glossary import term_of
from coach.knowledge.writing import facets
from coach.retrieval.index import SearchResult
from coach.types import AS_SHIPPED, Entity, Method, Query, Unit

NARROWING = frozenset({"metro", "level", "phase", "skill", "horizon"})
"""Kinds that narrow a question down: a fact that ignores one of them answers something wider."""

HEAVY = frozenset({"skill", "phase", "resource", "metro", "occupation", "transferable", "horizon", "level"})
"""Kinds that a question is about when it names one: a fact about the pathway as a whole hardly answers it."""

CANDIDATES = 200
"""Facts with the closest keys and sentences that are looked at more closely."""

SPECIFIC_ZIPF = 4.7
"""Words rarer than this are specific: a passage that holds them is likelier to be meant."""

LEAST_INTENT = -8.0
"""Natural logarithm: what is less likely than one in three thousand is all the same."""

SAME_WORDS = 0.995
"""Cosine from which a question is a question key word for word."""

WORD_FOR_WORD = 8.0
"""Added to the score of its fact then. Not fitted: people hardly ask so, but the coach does when it offers what to ask
next, and then it has to keep its word."""

WEIGHTS_FILE = Path(__file__).with_name("weights.yaml")

FEATURES = (
    # how close it is
    "key", "sentence", "overlap", "fused", "dense", "lexical", "words", "own_words",
    # what the question intends
    "intent", "intent_share", "detail", "detail_sentence", "length", "same_facet", "same_family",
    # what was talked about, where the question leans on it
    "earlier_sentence",
    # what it is about
    "named", "named_more", "named_weakly", "mentioned", "mentioned_instead", "not_asked", "another", "ignored",
    "stands_alone", "place_left", "narrower_left",
    # which kind of answer it gives
    "wanted", "unwanted", "extreme", "opposite_extreme", "typed",
)  # fmt: skip
"""In the order of the columns of ``Selector.features``."""


@cache
def fitted_weights() -> Mapping[str, Mapping[str, float]]:
    """By section and name, from ``weights.yaml``."""
    found: dict[str, dict[str, float]] = yaml.safe_load(WEIGHTS_FILE.read_text(encoding="utf-8"))
    return found


def as_vector(weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Weights by feature in the order of ``FEATURES``; one that was not fitted yet counts nothing."""
    return np.array([float(weights.get(name, 0.0)) for name in FEATURES])


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
    """A fact with its score and what else is asked of it later."""

    cell: Cell
    score: float
    """A logit: the share of ``exp(score)`` among all choices is how likely the fact is to be the one that was meant."""
    similarity: float
    """Cosine of the closest question key or sentence."""
    sentence: float
    """Cosine of the closest sentence."""
    words: float
    """Share of the question's specific words that the passage holds."""


@dataclass(frozen=True)
class Evidence:
    """What is known of a question when facts are chosen."""

    found: SearchResult
    intents: Mapping[str, float]
    """Log probability of each intent, empty where nothing is known of them."""
    in_conversation: SearchResult | None = None
    """What the question finds together with the one before it, where it leans on that."""
    method: Method = AS_SHIPPED


DEFINITION = "term.define"
"""The facet of a glossary's definitions."""
WANTS_DEFINED = 0.5
"""Probability of that intent from which a named term is taken to be asked for its definition."""

NAMING_ZIPF = 4.4
"""A word that makes another term of a known one is rarer than this: "bloom filter", but not "good filter"."""


def _makes_a_name(word: str) -> bool:
    """Whether a word can stand in a name: rare, a noun or in no dictionary, and no word of questions."""
    kinds = set(getAllLemmas(word))
    spoken = word in lexicon().spoken or stem(word) in lexicon().frame
    noun = not kinds or bool(kinds & {"NOUN", "PROPN"}) or word.endswith("ing")
    return frequency(word) < NAMING_ZIPF and not spoken and noun


MODIFYING_ZIPF = 5.6
"""A common noun may still be part of a name: "knowledge graph"; one that is commoner than this hardly is."""


def _modifies(word: str) -> bool:
    """Whether a word before a name can belong to it."""
    usual = word in lexicon().spoken or stem(word) in lexicon().frame
    return frequency(word) < MODIFYING_ZIPF and not usual and "NOUN" in (getAllLemmas(word) or {"NOUN": ()})


_ASPECTS = {
    "term.example": re.compile(
        r"\b(?:(?:an?|one|some|any|worked) (?:\w+ )?examples?|for instance)\b", re.IGNORECASE
    ),
    "term.why": re.compile(r"\b(?:why|what(?:'s| is) the (?:point|use|good) of|good for)\b", re.IGNORECASE),
}
"""What of a term is asked for, where the question says so."""
_HOW = re.compile(r"\bhow\b.*\bworks?\b", re.IGNORECASE)
"""With this, all of a term is wanted, whatever else is asked: "why do people compress, and how does that work"."""


class Selector:
    """Scores the facts of one corpus."""

    def __init__(self, facts: Facts, entity: Mapping[str, Entity], names: Names) -> None:
        self.weights = as_vector(fitted_weights()["choice"])
        self._facts = facts
        guide = facts.corpus.pathway
        self._frame = frozenset(stem(word) for word in split_tokens(f"{guide.origin} {guide.target}"))
        self._entity = entity
        self._stems = {passage.id: _stems_of(passage.embedded_text) for passage in facts.corpus.passages}
        self._mentioned = {cell.key: self._names_in(cell, names) for cell in facts.cells}
        self._typed = {
            cell.key: _kinds_of(
                in_figures(" ".join(cell.passage.sentences[at].text for at in cell.fact.sentences), names)
            )
            for cell in facts.cells
        }
        self._cell_keys = [cell.key for cell in facts.cells]
        self._names = names
        self._terms = Names(facts.corpus.terms, ())
        self._explaining: dict[str, list[int]] = {}
        """Facts of the glossary by the term that they explain."""
        for at, cell in enumerate(facts.cells):
            if term := term_of(cell.passage):
                self._explaining.setdefault(term, []).append(at)
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
        self._asked_by: dict[str, set[int]] = {}
        """Facts by question key: spelling may have changed a question that is one word for word."""
        for at, cell in enumerate(facts.cells):
            for key in cell.fact.questions:
                self._asked_by.setdefault(_plain(key), set()).add(at)
        self._keys = {cell.key: _stems_of(" ".join(cell.fact.questions)) for cell in facts.cells}

    def choose(self, query: Query, evidence: Evidence) -> tuple[Choice, ...]:
        """The facts that could answer, best first; ties by passage order.

        A fact is looked at when one of its keys or sentences is among the closest, when it is about a thing that the
        question names, or when it holds a specific word; the others could not win.
        """
        rows, values = self.features(query, evidence)
        word_for_word = self._asked_by.get(_plain(query.question), set()) | self._defining(query, evidence.intents)
        same = (values[:, 0] >= SAME_WORDS) | np.array([at in word_for_word for at in rows])
        scores = (values @ self.weights + WORD_FOR_WORD * same).tolist()
        similar, said = values[:, :2].max(axis=1).tolist(), values[:, 1].tolist()
        words = values[:, FEATURES.index("words")].tolist()
        choices = [
            Choice(self._facts.cells[at], round(score, 6), similarity, sentence, share)
            for at, score, similarity, sentence, share in zip(rows, scores, similar, said, words, strict=True)
        ]
        return tuple(sorted(choices, key=lambda choice: -choice.score))

    def features(self, query: Query, evidence: Evidence) -> tuple[list[int], NDArray[np.float64]]:
        """Indices into ``Facts.cells``, in order, and the features of each, shape ``(cells, len(FEATURES))``."""
        found, intents = evidence.found, evidence.intents
        # How much each channel counts against how much it counted when the weights were fitted.
        by_text, by_key, by_word = (
            evidence.method.weights[channel] / weight for channel, weight in AS_SHIPPED.weights.items()
        )
        among = self._among(query, evidence)
        specific = specific_words(query, self._frame | self._words_of(query))
        ranked = {entry.passage.id: entry for entry in found.ranking}
        overlap = (by_word * self._overlap.scores(query.standalone)).tolist()
        keys = [by_key * found.fact_scores.get(key, 0.0) for key in self._cell_keys]
        sentences = [by_text * found.sentence_scores.get(key, 0.0) for key in self._cell_keys]
        likely = {name: _intent(name, intents) for name in facets()}
        before = evidence.in_conversation
        sentences_before = [
            by_text * before.sentence_scores.get(key, 0.0) if before else 0.0 for key in self._cell_keys
        ]
        close = np.array([
            key + sentence + 0.25 * shared + 0.1 * likely[cell.fact.facet]
            for key, sentence, shared, cell in zip(keys, sentences, overlap, self._facts.cells, strict=True)
        ])
        if among is not None:
            close[[at for at in range(len(close)) if at not in among]] = -np.inf
        looked_at = set(np.argsort(-close, kind="stable")[:CANDIDATES].tolist())
        looked_at.update(at for name in (*query.entities, *specific) for at in self._touching.get(name, ()))
        rows = sorted(looked_at if among is None else looked_at & among)
        values = []
        for at in rows:
            cell = self._facts.cells[at]
            facet = facets()[cell.fact.facet]
            entry = ranked.get(cell.passage.id)
            held = self._stems[cell.passage.id] | self._keys[cell.key]
            about = self._about(query, cell)
            wanted = self._wanted(query, cell)
            values.append([
                keys[at],
                sentences[at],
                overlap[at],
                entry.score if entry else LEAST_FUSED,
                by_text * entry.dense.score if entry and entry.dense else 0.0,
                by_word * entry.lexical.score if entry and entry.lexical else 0.0,
                by_word * _share(specific, held) if specific else 0.0,
                by_word * _share(specific, self._own[cell.key]) if specific else 0.0,
                likely[cell.fact.facet],
                math.exp(likely[cell.fact.facet]) if intents else 0.0,
                float(facet.detail),
                sentences[at] if facet.detail else 0.0,
                float(min(len(cell.fact.sentences), LONG)),
                float(query.follow_up and cell.fact.facet == query.facet_hint),
                float(query.facet_hint is not None and facet.family == facets()[query.facet_hint].family),
                sentences_before[at],
                *(about.get(name, 0.0) for name in ABOUT),
                *(float(name == wanted) for name in WANTED),
            ])
        return rows, np.array(values).reshape(len(rows), len(FEATURES))

    def _among(self, query: Query, evidence: Evidence) -> set[int] | None:
        """Indices of the facts that may be said; None where all may. Never empty, so that there is a best.

        What a term means is said only of a term that the question names: by meaning alone, a glossary is near to half
        of what is asked about a field. Where the question says whether it wants an example or a reason, that is said.
        """
        asked, named = f"{query.context} {query.standalone}", self.terms_named(query)
        wanted = frozenset(
            aspect for aspect, pattern in _ASPECTS.items() if pattern.search(asked) and not _HOW.search(asked)
        )
        unnamed = {
            at
            for term, cells in self._explaining.items()
            for at in cells
            if term not in named or (wanted and self._facts.cells[at].fact.facet not in wanted)
        }
        limit = evidence.method.passages
        if limit is None:
            return set(range(len(self._facts.cells))) - unnamed if unnamed else None
        held = {cell.passage.id for at, cell in enumerate(self._facts.cells) if at not in unnamed}
        best = [entry.passage.id for entry in evidence.found.ranking if entry.passage.id in held][:limit]
        return {at for at, cell in enumerate(self._facts.cells) if cell.passage.id in best and at not in unnamed}

    def terms_named(self, query: Query) -> frozenset[str]:
        """Ids of the glossary's terms that the question or its conversation names."""
        return frozenset(mention.entity.id for mention in self._terms.link(f"{query.context} {query.standalone}"))

    def _defining(self, query: Query, intents: Mapping[str, float]) -> set[int]:
        """The definitions of the terms that the question wants defined, in whatever words."""
        if not intents or math.exp(_intent(DEFINITION, intents)) < WANTS_DEFINED:
            return set()
        cells = {at for term in self.terms_named(query) for at in self._explaining.get(term, ())}
        return {at for at in cells if self._facts.cells[at].fact.facet == DEFINITION}

    def longer_term(self, asked: str, known: frozenset[str]) -> str:
        """A term that the question names as part of a longer name, whose other word stands nowhere; or nothing.

        ``known`` are the stems of all passages.
        """
        words = split_tokens(asked)
        for mention in self._terms.link(asked):
            for at in (mention.start - 1, mention.end):
                word = words[at] if 0 <= at < len(words) else ""
                if word and _makes_a_name(word) and stem(word) not in known:
                    return _cut(asked, min(at, mention.start), max(at + 1, mention.end))
        return ""

    def unexplained_term(self, query: Query, held: frozenset[str], said: Sequence[Sequence[str]]) -> str:
        """What a question wants explained, where evidence with the stems ``held`` and the texts ``said`` does not name
        it; or nothing.

        A name of several words must stand there as such: of the words of "knowledge graph" each may be known. What is
        named in full by an entity or a term is explained, whatever is said around it ("sharding, for my nephew").
        """
        asked = query.clause or query.standalone
        words = split_tokens(asked)
        specific = specific_words(query)
        linked = {
            at
            for names in (self._names, self._terms)
            for mention in names.link(asked)
            if mention.strength >= MASKED_STRENGTH
            for at in range(mention.start, mention.end)
        }
        runs: list[list[int]] = []
        for at, word in enumerate(words):
            if at not in linked and (stem(word) not in specific or set(getAllLemmas(word)) == {"VERB"}):
                continue
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
        if not runs or any(linked.issuperset(run) for run in runs):
            return ""
        first, behind = runs[0][0], runs[0][-1] + 1
        while first and _modifies(words[first - 1]):
            first -= 1
        name = [stem(word) for word in words[first:behind]]
        if len(name) == 1 and name[0] in held or any(_runs_in(name, text) for text in said):
            return ""
        return _cut(asked, first, behind)

    def stems(self, cell: Cell) -> frozenset[str]:
        """Stems of a passage and of the fact's question keys."""
        return self._stems[cell.passage.id] | self._keys[cell.key]

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

    def _about(self, query: Query, cell: Cell) -> dict[str, float]:
        """How what the fact is about stands to what the question names; features that are left out are 0."""
        named = [entity for entity in query.entities if not self._is_known(query, entity)]
        strong = [entity for entity in named if entity not in query.weak]
        mine = cell.fact.entities
        matched = [entity for entity in mine if entity in named]
        mentioned = self._mentioned[cell.key] & set(named)
        instead = "instead" in query.wants and bool(mine)
        kinds = {self._entity[entity].kind for entity in mine}
        # What speaks of the named thing while being about another of its kind is no answer, but may replace it.
        if not matched and mentioned and (instead or not kinds & {self._entity[entity].kind for entity in mentioned}):
            return {"mentioned": 1.0, "mentioned_instead": float(instead)}
        if not mine:
            return {"ignored": float(any(self._entity[entity].kind in HEAVY for entity in strong))}
        if not matched:
            other = any(self._entity[entity].kind in kinds for entity in strong)
            if facets()[cell.fact.facet].detail and not other:
                return {"stands_alone": 1.0}
            return {"another": 1.0} if strong else {"not_asked": 1.0}
        left = [e for e in named if e not in mine and self._entity[e].kind in NARROWING]
        places = sum(self._entity[entity].kind == "metro" for entity in left)
        weakly = all(entity in query.weak for entity in matched)
        return {
            "named_weakly" if weakly else "named": 1.0,
            "named_more": 0.0 if weakly else len(matched) - 1.0,
            "not_asked": float(len(mine) - len(matched)),
            "place_left": float(places),
            "narrower_left": float(len(left) - places),
        }

    def _is_known(self, query: Query, entity: str) -> bool:
        return any(figure.role == "known" and figure.quantity.text == entity for figure in query.figures)

    def _wanted(self, query: Query, cell: Cell) -> str | None:
        """Which of ``WANTED`` the fact is."""
        facet = facets()[cell.fact.facet]
        if not query.wants or not facet.wants and not facet.detail:
            return None
        for want, other in (("max", "min"), ("min", "max")):
            if want in query.wants and want in facet.wants:
                return "extreme"
            if want in query.wants and other in facet.wants:
                return "opposite_extreme"
        if facet.detail:
            return "typed" if set(query.wants) & self._typed[cell.key] else None
        return "wanted" if set(query.wants) & set(facet.wants) else "unwanted"


ABOUT = FEATURES[FEATURES.index("named") : FEATURES.index("wanted")]
WANTED = FEATURES[FEATURES.index("wanted") :]

LONG = 6
"""Sentences from which a list counts as long."""

LEAST_FUSED = -2.0
"""Fused score of a passage that the ranking does not reach."""


def _intent(facet: str, intents: Mapping[str, float]) -> float:
    """How likely it is that a facet is asked for, as a logarithm; even for all where nothing is known."""
    if not intents:
        return 0.0
    asked_by = facets()[facet].intents or (facet,)
    return max(LEAST_INTENT, float(np.logaddexp.reduce([intents.get(name, LEAST_INTENT) for name in asked_by])))


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


def _cut(text: str, first: int, behind: int) -> str:
    """The text from one token to before another, as it was typed."""
    spans = token_spans(text)
    return text[spans[first][0] : spans[behind - 1][1]]


def _runs_in(name: Sequence[str], text: Sequence[str]) -> bool:
    """Whether the stems of a name stand in a text one behind the other."""
    size = len(name)
    return any(list(text[at : at + size]) == list(name) for at in range(len(text) - size + 1))


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


def _plain(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip(" ?.!")


def _stems_of(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_tokens(text))
