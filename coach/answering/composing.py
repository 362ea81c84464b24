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
from coach.answering.answerable import (
    ABSENT,
    LIKELY,
    OFF_TOPIC,
    answerable,
    gap_names,
    lacking,
    likelihood,
    probability,
    signs,
)
from coach.answering.computing import Computer
from coach.answering.coverage import Gap
from coach.answering.figures import quantities
from coach.answering.lexicon import lexicon
from coach.answering.linking import Names
from coach.answering.premises import Judged, judge
from coach.answering.selecting import DEFINITION, Choice, Evidence, Selector, specific_words
from coach.answering.spelling import in_figures
from coach.answering.statements import Cell, Facts, Statement, quote
from coach.answering.words import frequency, split_tokens, stem
from coach.knowledge.corpus import Corpus
from coach.knowledge.writing import ask_for, facets
from coach.types import ChannelRank, Method, Origin, Passage, Query, Retrieved, Status, Support, Unit

OFF_TOPIC_FROM = 0.25
"""Probability of that intent from which a question that is not answered is called off topic."""

CLEARLY_OFF_TOPIC = 0.8
"""From here on a place or a year in the question changes nothing: the weather in Paris is no question about pay."""

CLEAR_SHARE = 0.6
"""A fact that is this likely to be meant is said alone."""

RUNNER_UP = 0.55
"""Below that, a fact with at least this part of the best one's likelihood is said as well: the fact that was
asked for is far oftener among the first three than first (see the log), and each is true and cited."""

MOST_RUNNERS_UP = 2
"""More would bury the one that was meant."""

ASPECT_FROM = 0.05
"""Probability that something is asked for that guides lack, from which a word of such a topic counts as the gap."""

NAME_LIKE_ZIPF = 3.5
"""A word rarer than this may be the name of something."""

NAMED_KINDS = frozenset({"skill", "transferable", "phase", "resource", "occupation", "metro"})
"""Kinds of things that a question names when it is about one of them."""

LONGEST_RUNNER_UP = 7
"""Sentences of a fact that is said beside another: a long list there would bury both."""

CONTENT_ZIPF = 5.6
"""Words rarer than this say what a question is about."""

CLEAR_SIMILARITY = 0.55
"""At or above this a question counts as asked about the pathway even when no name in it is known."""

MAX_ALSO = 2
"""Caveats and other sides said along with an answer, in sentences."""

MAX_ENTRIES = 9
"""A list of resources stops here, its lead included; it says how many there are."""

_OF_TERMS = frozenset({"term.define", "term.why", "term.example"})

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
    ranking: tuple[Retrieved, ...] = ()
    """What retrieval found, in the order in which its facts fit."""


class Composer:
    """Composes answers for one corpus."""

    def __init__(self, corpus: Corpus, names: Names, assumed_weekly_hours: float) -> None:
        self.corpus = corpus
        self.facts = Facts(corpus)
        self.selector = Selector(self.facts, corpus.entity, names)
        self._entity_names = names
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
            for entity in (*corpus.entities, *corpus.terms)
            for name in (entity.name, *entity.aliases)
            for word in split_tokens(name)
        }

    def told(self, cell: Cell) -> list[Statement]:
        """What an answer from this fact says: its sentences, then the other side or the caveat."""
        statements = self._framed(cell)
        return statements + self._also(cell, statements)

    def compose(self, query: Query, evidence: Evidence) -> Composed:
        """The answer to one part; ``ABSTAINED`` and ``OFF_TOPIC`` carry no statements."""
        choices = self.selector.choose(query, evidence)
        composed = self._compose(query, choices, evidence.intents, evidence.method)
        return replace(composed, ranking=_reranked(evidence.found.ranking, choices))

    def _compose(
        self, query: Query, choices: Sequence[Choice], intents: Mapping[str, float], method: Method
    ) -> Composed:
        best = choices[0]
        intents = _held_by(best, intents)
        judged = judge(query, self.corpus, self.facts, best.cell) or self._placed(query, choices)
        spelt = self._spelt_out(query)
        if spelt and best.cell.fact.facet != DEFINITION:
            return Composed(Status.ANSWERED, spelt, ("definition",), (), self.suggest(choices, (), query), "definition")
        worked = None if self._lacks(query, intents) else self.computer.work_out(query, best, intents)
        if worked:
            told = [cell for statement in worked.statements for ref in statement.refs if (cell := self._cell_of(ref))]
            statements = list(worked.statements)
            if judged and not judged.true and not worked.taken:
                statements = [*judged.statements[:1], *statements]
            gaps = self._gaps(query, told, statements)
            return Composed(
                Status.ANSWERED,
                _distinct(statements),
                worked.facets,
                tuple(gap.words for gap in gaps if gap.sure),
                self.suggest(choices, worked.facets, query),
                "computed",
            )
        chosen = self._chosen(query, choices, judged)
        statements = self._said(query, chosen, judged)
        cells = [choice.cell for choice in chosen] + ([judged.cell] if judged else [])
        gaps = self._gaps(query, cells, statements)
        refused = self._refused(query, choices, gaps, intents, judged, method.answer_from)
        if refused and method.abstain:
            return refused
        untyped = self._untyped(query, self._said(query, chosen[:1], judged), chosen)
        if untyped and not judged and method.abstain:
            return self._abstain(query, choices, (untyped,))
        facets_told = tuple(dict.fromkeys(cell.fact.facet for cell in cells))
        return Composed(
            Status.ANSWERED,
            _distinct(statements),
            facets_told,
            (),
            self.suggest(choices, facets_told, query),
            "premise" if judged and not judged.true else "fact",
        )

    def signs(self, query: Query, evidence: Evidence) -> tuple[bool, tuple[float, ...]]:
        """Whether something else than the signs decides if the question is answered, and the signs."""
        choices = self.selector.choose(query, evidence)
        best = choices[0]
        intents = _held_by(best, evidence.intents)
        judged = judge(query, self.corpus, self.facts, best.cell) or self._placed(query, choices)
        chosen = self._chosen(query, choices, judged)
        gaps = self._gaps(query, [choice.cell for choice in chosen], self._said(query, chosen, judged))
        settled = bool(
            judged
            or self._undefined(query, best, intents)
            or self._spelt_out(query)
            or not self._lacks(query, intents)
            and self.computer.work_out(query, best, intents)
            or any(gap.sure for gap in gaps)
            or best.cell.fact.absent
        )
        return settled, signs(intents, choices, gaps, self._names_something(query))

    def _refused(
        self,
        query: Query,
        choices: Sequence[Choice],
        gaps: Sequence[Gap],
        intents: Mapping[str, float],
        judged: Judged | None,
        answer_from: float,
    ) -> Composed | None:
        """The refusal, where the knowledge does not hold what is asked for; None where it does."""
        best = choices[0]
        gaps = self._undefined(query, best, intents) or self._unheld(query, gaps, intents) or gaps
        if intents and not judged and lacking(intents) < ASPECT_FROM:
            # "the statistics office": the word of a topic without the topic.
            gaps = [replace(gap, sure=gap.sure and not gap.aspect) for gap in gaps]
        sure = [gap for gap in gaps if gap.sure]
        absent = best.cell.fact.absent
        named = self._names_something(query)
        if not sure and (judged or not absent and answerable(signs(intents, choices, gaps, named)) >= answer_from):
            return None
        clearly = not named and probability(intents, OFF_TOPIC) >= CLEARLY_OFF_TOPIC
        if clearly or not sure and not absent and not named and self._off_topic(query, best, intents):
            return Composed(Status.OFF_TOPIC, suggestions=self.suggest(choices, (), query), route="off_topic")
        missing = gap_names(intents, gaps) or coverage.unknown(query, self._all_stems)
        return self._abstain(query, choices, (*missing, absent) if absent else missing)

    def _lacks(self, query: Query, intents: Mapping[str, float]) -> bool:
        """Whether the question asks for what guides lack, and not with figures of the learner's own."""
        return lacking(intents) >= LIKELY and not any(figure.personal for figure in query.figures)

    def _unheld(self, query: Query, gaps: Sequence[Gap], intents: Mapping[str, float]) -> tuple[Gap, ...]:
        """Rare words that name the thing of a kind that is asked about, where the question names none that is held."""
        asked = {
            kind: sum(probability(intents, name) for name, facet in facets().items() if facet.kind == kind)
            for kind in NAMED_KINDS
        }
        kind = max(asked, key=lambda kind: asked[kind])
        if asked[kind] < LIKELY or any(self.corpus.entity[entity].kind in NAMED_KINDS for entity in query.entities):
            return ()
        names = [gap for gap in gaps if min(frequency(word) for word in split_tokens(gap.words)) < NAME_LIKE_ZIPF]
        return tuple(replace(gap, sure=True) for gap in names if not gap.sure)

    def _undefined(self, query: Query, best: Choice, intents: Mapping[str, float]) -> tuple[Gap, ...]:
        """What is to be explained, where nothing that is held explains it, neither the whole nor the word that makes
        another term of a known one ("bloom filter")."""
        if probability(intents, DEFINITION) >= LIKELY:
            held = self.selector.stems(best.cell)
            texts = (best.cell.passage.embedded_text, *best.cell.fact.questions)
            said = [tuple(stem(word) for word in split_tokens(text)) for text in texts]
            unheld = self.selector.unexplained_term(query, held, said)
        elif best.cell.fact.facet in _OF_TERMS:
            unheld = self.selector.longer_term(query.standalone, self._all_stems)
        else:
            return ()
        return (Gap(unheld, True),) if unheld else ()

    def _names_something(self, query: Query) -> bool:
        named = any(entity not in query.weak for entity in query.entities)
        return query.facet_hint is not None or named or bool(self.selector.terms_named(query))

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
        text = in_figures(" ".join(statement.text for statement in statements), self._entity_names)
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
        return chosen[:4] if len(chosen) > 1 or judged else [best, *self._runners_up(choices)]

    def _runners_up(self, choices: Sequence[Choice]) -> list[Choice]:
        """Facts that are nearly as likely to be meant as the best one, when that one is not clear."""
        shares = likelihood(choices)
        if shares[0] >= CLEAR_SHARE:
            return []
        said = set(choices[0].cell.refs())
        found: list[Choice] = []
        for choice, share in zip(choices[1:], shares[1:], strict=True):
            if share < RUNNER_UP * shares[0] or len(found) == MOST_RUNNERS_UP:
                break
            refs = set(choice.cell.refs())
            if refs <= said or choice.cell.fact.absent or len(refs) > LONGEST_RUNNER_UP:
                continue
            said |= refs
            found.append(choice)
        return found

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

    def _gaps(self, query: Query, cells: Iterable[Cell], statements: Iterable[Statement]) -> tuple[Gap, ...]:
        """What the question names and neither the evidence nor the frame explains."""
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
        return coverage.unexplained(query, stems, said, texts, self.explained, self._all_stems)

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

    def _off_topic(self, query: Query, best: Choice, intents: Mapping[str, float]) -> bool:
        """Whether a question that is not answered is not about careers at all."""
        asked = split_tokens(query.standalone)
        if coverage.other_titles(query.standalone, self.explained) or any(stem(w) in lexicon().aspects for w in asked):
            return False
        if intents:
            return probability(intents, OFF_TOPIC) >= OFF_TOPIC_FROM
        words = {stem(word) for word in asked if frequency(word) < CONTENT_ZIPF} - lexicon().frame
        held = {word for word in words if word in self._all_stems or word in lexicon().synonyms}
        return best.similarity < CLEAR_SIMILARITY and len(held) <= len(words) / 2

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


def _held_by(best: Choice, intents: Mapping[str, float]) -> Mapping[str, float]:
    """The intents without those that ask for what guides lack, where a document of the learner's fits best: what a
    guide lacks, a contract or a handbook may well hold."""
    if best.cell.passage.origin is not Origin.LEARNER:
        return intents
    return {name: value for name, value in intents.items() if not name.startswith(ABSENT)}


def _reranked(ranking: Sequence[Retrieved], choices: Sequence[Choice]) -> tuple[Retrieved, ...]:
    """Passages by their best fact; those of which no fact was looked at come last, in the order they had."""
    best: dict[str, ChannelRank] = {}
    for choice in choices:
        best.setdefault(choice.cell.passage.id, ChannelRank(rank=len(best) + 1, score=choice.score))
    entries = [entry.model_copy(update={"facts": best.get(entry.passage.id)}) for entry in ranking]
    entries.sort(key=lambda entry: entry.facts.rank if entry.facts else len(best) + entry.rank)
    return tuple(entry.model_copy(update={"rank": rank}) for rank, entry in enumerate(entries, start=1))


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
