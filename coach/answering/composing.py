"""From chosen facts to an answer.

Comes in: a query, retrieval's scores, the facts of a corpus. Goes out: statements in the order in which they are
said, with what is missing. Direct answer first, then the other side or the caveat, then stop. It writes no facts:
every statement quotes a passage or was computed from one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from coach.answering import coverage
from coach.answering.computing import Computer
from coach.answering.figures import quantities
from coach.answering.lexicon import lexicon
from coach.answering.linking import Names
from coach.answering.premises import Judged, judge
from coach.answering.selecting import Choice, Selector, specific_words
from coach.answering.statements import Cell, Facts, Statement, quote
from coach.answering.words import frequency, split_tokens, stem
from coach.knowledge.corpus import Corpus
from coach.knowledge.writing import ask_for, facets
from coach.types import Passage, Query, Retrieved, Status, Support, Unit

MIN_SIMILARITY = 0.44
"""A best question key farther than this answers nothing; see eval/results/LOG.md."""

CONTENT_ZIPF = 5.6
"""Words rarer than this say what a question is about."""

CLEARLY_OFF_SIMILARITY = 0.22
"""Below this not even a word that career questions touch makes it one."""

CLEAR_SIMILARITY = 0.55
"""At or above this a question counts as asked about the pathway even when no name in it is known."""

MAX_ALSO = 2
"""Caveats and other sides said along with an answer, in sentences."""

MAX_ENTRIES = 9
"""A list of resources stops here, its lead included; it says how many there are."""

WHOLE_ALSO = frozenset({"actions.list"})
"""Facets that are answered by other passages' lists, so that these are said whole."""


_ASKS_PRICE = re.compile(r"\b(?:cost|costs|price|priced|fee|fees|how expensive|how cheap)\b", re.IGNORECASE)
_PRICED = re.compile(r"\b(?:free|paid|pay|cost|costs|price|subscription|credit|licence)\b", re.IGNORECASE)
_ASKS_LENGTH = re.compile(
    r"\bhow (?:long (?:does|do|will|would|is|are|until|before|did)|many (?:weeks|months|days|years|hours))\b",
    re.IGNORECASE,
)
_MEANING = re.compile(
    r"\b(?:stand(?:s|ing)? for|mean(?:s|ing)?|short for|abbreviat\w+|acronym|what is|define)\b", re.IGNORECASE
)
_SPELLING_OUT = (
    re.compile(r"\b(?P<acronym>[A-Z]{2,6}) \((?P<words>[A-Za-z][A-Za-z -]{4,60})\)"),
    re.compile(r"(?P<words>(?:\b[A-Za-z-]+ ){1,6})\((?P<acronym>[A-Z]{2,6})\)"),
)


@dataclass(frozen=True)
class Composed:
    """An answer to one part of a question, not yet numbered and checked."""

    status: Status
    statements: tuple[Statement, ...] = ()
    facets: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    route: str = ""


class Composer:
    """Composes answers for one corpus."""

    def __init__(self, corpus: Corpus, names: Names, assumed_weekly_hours: float) -> None:
        self.corpus = corpus
        self.facts = Facts(corpus)
        self.selector = Selector(self.facts, corpus.entity, names)
        self.computer = Computer(corpus, self.facts, assumed_weekly_hours)
        guide = corpus.pathway
        jobs = {job.soc: job for job in corpus.market.occupations}
        aliases = [*guide.role_aliases]
        for soc in (
            guide.market.origin,
            guide.market.neighbours[0] if guide.market.exact and guide.market.neighbours else None,
        ):
            if soc in jobs:
                aliases += [jobs[soc].name, *jobs[soc].aliases]
        self.explained = coverage.role_names(guide.origin, guide.target, aliases)
        self.names = {"origin": guide.origin, "target": guide.target}
        self._acronyms = _acronyms(corpus)
        self._all_stems = frozenset(
            stem(word) for passage in corpus.passages for word in split_tokens(passage.embedded_text)
        ) | {
            stem(word)
            for entity in corpus.entities
            for name in (entity.name, *entity.aliases)
            for word in split_tokens(name)
        }

    def compose(
        self, query: Query, fact_scores: Mapping[tuple[str, int], float], ranking: Sequence[Retrieved]
    ) -> Composed:
        """The answer to one part; ``ABSTAINED`` and ``OFF_TOPIC`` carry no statements."""
        choices = self.selector.choose(query, fact_scores, ranking)
        best = choices[0]
        judged = judge(query, self.corpus, self.facts, best.cell) or self._placed(query, choices)
        spelt = self._spelt_out(query)
        if spelt:
            return Composed(Status.ANSWERED, spelt, ("definition",), (), self.suggest(choices, (), query), "definition")
        worked = self.computer.work_out(query, best)
        if self._off_topic(query, best, choices) and not (worked or judged):
            return Composed(Status.OFF_TOPIC, suggestions=self.suggest(choices, (), query), route="off_topic")
        if worked:
            cells = [
                cell
                for cell in (self._cell_of(ref) for statement in worked.statements for ref in statement.refs)
                if cell
            ]
            missing = self._missing(query, cells, worked.statements, best.similarity)
            statements = list(worked.statements)
            if judged and not judged.true:
                statements = [*judged.statements[:1], *statements]
            return Composed(
                Status.ANSWERED,
                _distinct(statements),
                worked.facets,
                missing,
                self.suggest(choices, worked.facets, query),
                "computed",
            )
        chosen = self._chosen(query, choices, judged)
        statements = self._said(query, chosen, judged)
        cells = [choice.cell for choice in chosen]
        if judged:
            cells.append(judged.cell)
        missing = self._missing(query, cells, statements, best.similarity)
        if best.cell.fact.absent and not judged:
            missing = (*missing, best.cell.fact.absent)
        if missing:
            return self._abstain(query, choices, missing)
        weak = best.similarity < MIN_SIMILARITY and best.words < 0.5 and not query.entities and query.facet_hint is None
        if weak and not judged:
            return self._abstain(query, choices, coverage.unknown(query, self._all_stems))
        lacking = self._untyped(query, statements, chosen)
        if lacking and not judged:
            return self._abstain(query, choices, (lacking,))
        told = tuple(dict.fromkeys(cell.fact.facet for cell in cells))
        return Composed(
            Status.ANSWERED,
            _distinct(statements),
            told,
            (),
            self.suggest(choices, told, query),
            "premise" if judged and not judged.true else "fact",
        )

    def _spelt_out(self, query: Query) -> tuple[Statement, ...]:
        """The sentence that spells out an acronym, where the question asks for nothing else."""
        words = split_tokens(query.standalone)
        asked = [word for word in words if word in self._acronyms]
        content = {word for word in words if frequency(word) < CONTENT_ZIPF and stem(word) not in lexicon().frame}
        if len(asked) != 1 or content - {asked[0], "stand", "stands", "short", "acronym", "meaning", "define"}:
            return ()
        if len(words) > 2 and not _MEANING.search(query.standalone):
            return ()
        id_, at = self._acronyms[asked[0]]
        return (quote(self.corpus.by_id[id_], at),)

    def _placed(self, query: Query, choices: Sequence[Choice]) -> Judged | None:
        """A thing said to belong to one phase that only another phase's list holds."""
        phases = [entity for entity in query.entities if entity.startswith("phase:")]
        if len(phases) != 1 or "yes_no" not in query.wants:
            return None
        listed = [
            choice
            for choice in choices
            if choice.cell.fact.facet in {"phase.task", "phase.resource"} and choice.words >= 0.5
        ]
        if not listed or any(phases[0] in choice.cell.fact.entities for choice in listed):
            return None
        best = max(listed, key=lambda choice: (choice.words, choice.similarity))
        framed = self._framed(best.cell)
        return Judged(False, best.cell, (framed[0].led_by("Not quite:"), *framed[1:]), settles=True)

    # --- Choosing -------------------------------------------------------------------------------------------

    def _untyped(self, query: Query, statements: Sequence[Statement], chosen: Sequence[Choice]) -> str | None:
        """The kind of answer that was asked for outright and that no sentence gives: a price, a length of time."""
        text = " ".join(statement.text for statement in statements)
        found = {quantity.unit for quantity in quantities(text)}
        if _ASKS_PRICE.search(query.standalone) and Unit.MONEY not in found and not _PRICED.search(text):
            return "a price"
        if any(choice.cell.fact.facet in {"time.hours", "resource.duration", "phase.when"} for choice in chosen):
            return None
        if _ASKS_LENGTH.search(query.standalone) and not found & {
            Unit.HOURS,
            Unit.DAYS,
            Unit.WEEKS,
            Unit.MONTHS,
            Unit.YEARS,
            Unit.HOURS_PER_WEEK,
            Unit.ORDINAL,
        }:
            return "how long that takes"
        return None

    def _chosen(self, query: Query, choices: Sequence[Choice], judged: Judged | None) -> list[Choice]:
        """The best fact, and the same facet for the other things of its kind that the question names."""
        best = choices[0]
        chosen = [best]
        named = [entity for entity in query.entities if entity not in best.cell.fact.entities]
        for entity in named:
            twin = next(
                (
                    choice
                    for choice in choices
                    if choice.cell.fact.facet == best.cell.fact.facet and entity in choice.cell.fact.entities
                ),
                None,
            )
            if (
                twin
                and twin.cell.key not in {choice.cell.key for choice in chosen}
                and set(twin.cell.fact.entities) <= set(query.entities)
            ):
                chosen.append(twin)
        return chosen[:4]

    def _said(self, query: Query, chosen: Sequence[Choice], judged: Judged | None) -> list[Statement]:
        said: list[Statement] = []
        if judged and judged.statements:
            said += judged.statements
            length = self.facts.find("time.conflict")
            if (
                not judged.true
                and length
                and facets()[judged.cell.fact.facet].family == "time"
                and not judged.cell.fact.entities
            ):
                said += length.statements()
        for choice in () if judged and judged.settles else chosen:
            if judged and judged.statements and judged.cell.key == choice.cell.key:
                continue
            if (
                judged
                and not judged.true
                and "yes_no" in query.wants
                and choice is chosen[0]
                and choice.cell.fact.facet != judged.cell.fact.facet
                and len(chosen) == 1
                and choice.similarity < CLEAR_SIMILARITY
            ):
                continue  # a corrected yes-or-no question is answered by its correction
            statements = self._framed(choice.cell)
            if not judged and choice is chosen[0]:
                statements = self._polar(query, choice.cell, statements)
            said += _direct_first(
                query,
                statements[:MAX_ENTRIES] if facets()[choice.cell.fact.facet].family == "resources" else statements,
            )
            said += self._holding(query, choice.cell)
        also: list[Statement] = []
        for choice in chosen[:2]:
            also += self._also(choice.cell, said)
        return said + also

    def _framed(self, cell: Cell) -> list[Statement]:
        """A fact's sentences; a single entry of a list gets the list's heading in front, so that it can stand alone."""
        statements = cell.statements()
        if len(statements) == 1 and statements[0].item and facets()[cell.fact.facet].detail:
            only = statements[0]
            heading = [
                part
                for part in cell.passage.heading_path[1:]
                if stem(split_tokens(part)[0]) in self.selector.stems(cell)
            ]
            text = f"{heading[-1] if len(heading) < 3 else heading[1]}: {only.text}"
            refs = ((cell.passage.id, 0), *only.refs)
            return [
                replace(
                    only,
                    text=text,
                    refs=refs,
                    support=Support.INFERRED if only.support == Support.QUOTED else only.support,
                    item=False,
                )
            ]
        if len(statements) == 1 and statements[0].item:
            return [replace(statements[0], item=False)]
        return statements

    def _polar(self, query: Query, cell: Cell, statements: list[Statement]) -> list[Statement]:
        """A yes or no in front, where the question asks for one and the fact's kind settles it."""
        if "yes_no" not in query.wants or not statements:
            return statements
        denied = next((s for s in statements if s.text.startswith(("No ", "Nobody "))), None)
        if denied:
            return [denied, *(s for s in statements if s is not denied)]
        text, lead = statements[0].text.lower(), None
        asked = query.standalone.lower()
        if cell.fact.facet == "resource.cost" and re.search(r"\bfree\b", asked):
            cost = text.partition(":")[2].strip()
            lead = (
                "Yes:"
                if re.match(r"free\b", cost)
                else ("No:" if re.match(r"(?:paid|subscription|pay )", cost) else None)
            )
        elif cell.fact.facet == "resource.verdict" and re.search(
            r"\b(?:exist|real|legit\w*|genuine|confirm\w*|is there|are there)\b", asked
        ):
            lead = "Yes:" if "could be confirmed" in text else None
        elif (
            cell.fact.facet == "pay.change"
            and cell.fact.value
            and re.search(r"\b(?:more|rise|increase|raise|up|higher|better|bump)\b", asked)
        ):
            lead = "Yes, by the guide's claim:" if cell.fact.value.low > 0 else None
        elif (
            cell.fact.facet == "pay.change"
            and cell.fact.value
            and re.search(r"\b(?:less|cut|lower|drop|decrease|down)\b", asked)
        ):
            lead = "No, by the guide's claim:" if cell.fact.value.low > 0 else None
        elif cell.fact.facet == "transferable.how":
            lead = (
                "Yes:"
                if re.search(
                    r"\b(?:use|useful|help\w*|matter|need\w*|relevant|carry|transfer\w*|count|still|value|valuable|worth|apply)\b",
                    asked,
                )
                else None
            )
        return [statements[0].led_by(lead), *statements[1:]] if lead else statements

    def _holding(self, query: Query, cell: Cell) -> list[Statement]:
        """Sentences of the passage that hold specific words which the fact's own sentences lack."""
        passage = cell.passage
        own = {stem(word) for at in cell.fact.sentences for word in split_tokens(passage.sentences[at].text)}
        own |= {stem(word) for part in passage.heading_path for word in split_tokens(part)}
        own |= {stem(word) for key in cell.fact.questions for word in split_tokens(key)}
        asked = {stem(word) for word in split_tokens(query.clause)}
        lacking = {word for word in {*specific_words(query), *(asked & lexicon().aspects)} if word not in own}
        extra = []
        for at, sentence in enumerate(passage.sentences):
            words = {stem(word) for word in split_tokens(sentence.text)}
            if at not in cell.fact.sentences and lacking & words:
                extra.append(quote(passage, at))
                lacking -= words
        return extra[:2]

    def _also(self, cell: Cell, said: Sequence[Statement]) -> list[Statement]:
        """The other side or the caveat that belongs to a fact; parts of a split list in full."""
        also: list[Statement] = []
        shown = {ref for statement in said for ref in statement.refs}
        for id_ in cell.fact.also:
            passage = self.corpus.by_id[id_]
            whole = id_.startswith(cell.passage.id + "~") or cell.fact.facet in WHOLE_ALSO
            fact = next((fact for fact in passage.facts if fact.facet == cell.fact.facet), None) if whole else None
            fact = fact or next((fact for fact in passage.facts if not facets()[fact.facet].detail), None)
            if fact is None:
                continue
            whole = whole or passage.sentences[fact.sentences[-1]].item
            sentences = fact.sentences if whole else fact.sentences[: MAX_ALSO if len(cell.fact.also) == 1 else 1]
            also += [quote(passage, at) for at in sentences if (id_, at) not in shown]
        return also

    def _cell_of(self, ref: tuple[str, int]) -> Cell | None:
        passage = self.corpus.by_id[ref[0]]
        return next(
            (Cell(passage, index) for index, fact in enumerate(passage.facts) if ref[1] in fact.sentences), None
        )

    # --- Abstaining -------------------------------------------------------------------------------------------

    def _missing(
        self, query: Query, cells: Iterable[Cell], statements: Iterable[Statement], similarity: float
    ) -> tuple[str, ...]:
        cells = list(cells)
        stems: frozenset[str] = frozenset()
        texts: list[str] = []
        statements = list(statements)
        said = frozenset(stem(word) for statement in statements for word in split_tokens(statement.text))
        for cell in cells:
            said |= frozenset(stem(word) for key in cell.fact.questions for word in split_tokens(key))
            stems |= self.selector.stems(cell)
            texts.append((cell.passage.embedded_text + " " + " ".join(cell.fact.questions)).lower())
        for statement in statements:
            for id_, _ in statement.refs:
                passage = self.corpus.by_id[id_]
                texts.append(f"{passage.embedded_text} {statement.text} {statement.formula}".lower())
                stems |= frozenset(stem(word) for word in split_tokens(passage.embedded_text))
        for entity in query.entities:
            names = (self.corpus.entity[entity].name, *self.corpus.entity[entity].aliases)
            if self._told(entity, cells):
                texts += [name.lower() for name in names]
                named = frozenset(stem(word) for name in names for word in split_tokens(name))
                stems, said = stems | named, said | named
        return coverage.unexplained(query, stems, said, texts, self.explained, self._all_stems, similarity)

    def _told(self, entity: str, cells: Sequence[Cell]) -> bool:
        """Whether an entity that the question names is one that the evidence is about, or lends only a frame."""
        kind = self.corpus.entity[entity].kind
        if kind in {"priority", "resource_kind", "horizon", "level"} and kind != "level":
            return True
        if any(entity in cell.passage.entities or entity in cell.fact.entities for cell in cells):
            return True
        name = self.corpus.entity[entity].name.lower()
        return kind not in {"metro", "level"} or any(name in cell.passage.text.lower() for cell in cells)

    def _abstain(self, query: Query, choices: Sequence[Choice], missing: tuple[str, ...]) -> Composed:
        return Composed(Status.ABSTAINED, (), (), missing, self.suggest(choices, (), query), "abstained")

    def _off_topic(self, query: Query, best: Choice, choices: Sequence[Choice]) -> bool:
        """Far from every question key, about no known thing, and in words that the corpus hardly has."""
        if query.entities or query.facet_hint is not None or best.words >= 0.5:
            return False
        asks_pay = {"money", "duration"} & set(query.wants)
        if coverage.other_titles(query.standalone, self.explained) or asks_pay and coverage.places(query.standalone):
            return False
        aspects = any(stem(word) in lexicon().aspects for word in split_tokens(query.standalone))
        if aspects and best.similarity >= CLEARLY_OFF_SIMILARITY:
            return False
        if best.similarity >= MIN_SIMILARITY:
            return False
        if best.similarity < CLEARLY_OFF_SIMILARITY:
            return True
        words = {
            stem(word) for word in split_tokens(query.standalone) if frequency(word) < CONTENT_ZIPF
        } - lexicon().frame
        held = {word for word in words if word in self._all_stems or word in lexicon().synonyms}
        return len(held) < len(words) / 2 or bool(words) and not held

    # --- Suggestions ------------------------------------------------------------------------------------------

    def suggest(self, choices: Sequence[Choice], told: Sequence[str], query: Query | None = None) -> tuple[str, ...]:
        """Up to three questions near to this one that have an answer, each of another facet."""
        asked: list[str] = []
        used = set(told)
        families: set[str] = set()
        current = query.standalone.lower().strip(" ?.!") if query else ""
        for choice in choices:
            fact = choice.cell.fact
            entry = facets()[fact.facet]
            if fact.facet in used or not entry.ask or fact.absent:
                continue
            if fact.entities and query is not None and not set(fact.entities) <= set(query.entities):
                continue  # a thing that nobody named
            entity = self.corpus.entity.get(fact.entities[0]) if fact.entities else None
            names = dict(self.names)
            if entity:
                names |= {"name": entity.name, "number": entity.id.partition(":")[2]}
            text = ask_for(fact.facet, names)
            if text is None or text.lower().strip(" ?.!") == current or (entry.family in families and len(asked) == 2):
                continue
            used.add(fact.facet)
            families.add(entry.family)
            asked.append(text)
            if len(asked) == 3:
                break
        return tuple(asked)


def _direct_first(query: Query, statements: list[Statement]) -> list[Statement]:
    """The sentence that holds the specific words asked for before those that hold none of them; lists stay as they are."""
    words = {*specific_words(query), *({stem(word) for word in split_tokens(query.clause)} & lexicon().aspects)}
    if len(statements) < 2 or not words or any(statement.item for statement in statements):
        return statements
    held = [len(words & {stem(word) for word in split_tokens(statement.text)}) for statement in statements]
    if held[0] or not max(held):
        return statements
    first = held.index(max(held))
    return [statements[first], *(statement for at, statement in enumerate(statements) if at != first)]


def _acronyms(corpus: Corpus) -> dict[str, tuple[str, int]]:
    """Acronyms in lower case and the sentence that spells each out."""
    found: dict[str, tuple[str, int]] = {}
    for passage in corpus.passages:
        for at, sentence in enumerate(passage.sentences):
            for pattern in _SPELLING_OUT:
                for match in pattern.finditer(sentence.text):
                    initials = "".join(word[0] for word in re.split(r"[\s-]+", match.group("words").strip()) if word)
                    if match.group("acronym").lower() in initials.lower():
                        found.setdefault(match.group("acronym").lower(), (passage.id, at))
    return found


def _distinct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Each sentence once, in order."""
    seen: dict[str, Statement] = {}
    for statement in statements:
        seen.setdefault(_bare(statement.text), statement)
    return tuple(seen.values())


def _bare(text: str) -> str:
    """A sentence without its lead and its first capital, so that the same one is not said twice."""
    for lead in ("Yes:", "No:", "Not quite:"):
        text = text.removeprefix(lead).lstrip()
    return text[:1].lower() + text[1:]


def passages_of(statements: Iterable[Statement], corpus: Corpus) -> list[Passage]:
    """Passages that statements rest on, in order."""
    return [corpus.by_id[id_] for id_ in dict.fromkeys(ref[0] for statement in statements for ref in statement.refs)]
