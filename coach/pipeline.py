"""From a question to a checked answer: understand, retrieve, answer, ground. START READING HERE.

Comes in: a question, the earlier answers of the conversation, the name of a pathway. Goes out: an ``Answer`` that
carries its own trace. ``Coach.ask`` calls the four stages in order; what each does is in the module it calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coach.answering import leaning
from coach.answering.assembling import Writer, assemble
from coach.answering.composing import Composed, Composer
from coach.answering.generating import Writing, generate
from coach.answering.hosting import foreign, instructed, small_talk, without_orders
from coach.answering.lexicon import lexicon
from coach.answering.linking import Names
from coach.answering.rewriting import rewritten
from coach.answering.selecting import Evidence
from coach.answering.sourcing import ROUTE, Sourced, sources_of
from coach.answering.statements import Statement
from coach.answering.understanding import understand
from coach.answering.vocabulary import Vocabulary
from coach.answering.words import clean, split_tokens
from coach.errors import UnknownPathwayError
from coach.knowledge.corpus import Corpus, corpus_of
from coach.knowledge.load import Knowledge, load_knowledge
from coach.knowledge.own import OwnDocument, own_passages
from coach.knowledge.pathway import Pathway
from coach.knowledge.wording import listed
from coach.knowledge.writing import ask_for
from coach.planning import own_plan
from coach.planning.learner import Learner, hours_today, with_profile
from coach.planning.next_step import next_step
from coach.planning.plan import Plan
from coach.planning.schedule import make_plan
from coach.planning.telling import ASKED_BY, told
from coach.retrieval.encoder import Encoder, load_encoder
from coach.retrieval.index import PassageIndex, SearchResult
from coach.retrieval.opening import open_beside, open_index
from coach.settings import Settings, load_settings
from coach.types import (
    AS_SHIPPED,
    NOTHING_USED,
    Answer,
    Method,
    Passage,
    Query,
    Retrieved,
    StageTime,
    Status,
    StepTime,
    Support,
    Trace,
)

Progress = Callable[[int, int], None]


@dataclass
class Reading:
    """Everything needed to answer from one pathway."""

    corpus: Corpus
    index: PassageIndex
    composer: Composer
    vocabulary: Vocabulary
    as_it_stands: Mapping[str, Passage] | None = None
    """Passages by id that quotes are held against, where those of the index may be out of date."""


@dataclass(frozen=True)
class Worked:
    """An answer with what it was worked out from, for whoever wants to see more than its trace."""

    answer: Answer
    reading: Reading
    queries: tuple[Query, ...] = ()
    """Parts of the question; empty where nothing was looked up."""
    evidence: tuple[Evidence, ...] = ()
    """What each of them found."""


def _today() -> date:
    return datetime.now().astimezone().date()


@dataclass
class _Clock:
    seconds: list[StageTime] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str, on_stage: Callable[[str], None] | None) -> Iterator[None]:
        if on_stage:
            on_stage(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds.append(
                StageTime.model_validate({"stage": name, "seconds": round(time.perf_counter() - start, 6)})
            )


class Coach:
    """Answers questions about career pathways. Safe to share between threads; one pathway an answer."""

    def __init__(self, settings: Settings | None = None, *, encoder: Encoder | None = None) -> None:
        """Reads the knowledge at once, which is quick; encoder and index are loaded when first needed.

        ``encoder`` replaces the one that ``settings`` name. Raises KnowledgeError when no pathway can be read.
        """
        self.settings = settings or load_settings()
        self._encoder = encoder
        self._lock = threading.RLock()
        self._knowing = threading.RLock()
        """Of its own, so that nobody who only wants to know what there is waits for an index to be built."""
        self._corpora: dict[str, Corpus] = {}
        self._readings: dict[str, Reading] = {}
        self._seen = self._imported()
        self.knowledge: Knowledge = load_knowledge(self.settings)

    # --- What there is ------------------------------------------------------------------------------------

    def pathways(self) -> tuple[Pathway, ...]:
        """Shipped pathways first, then imported ones by name; a page imported meanwhile is among them."""
        with self._knowing:
            if self._imported() != self._seen:
                self.reload()
            return self.knowledge.pathways

    def _imported(self) -> tuple[tuple[str, int], ...]:
        """Files of imported pathways and when each was last written."""
        folder = self.settings.data_dir / "pathways"
        try:
            return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.yaml")))
        except OSError:
            return ()

    def pathway(self, slug: str | None = None) -> Pathway:
        """The pathway of that name, or the default one. Raises UnknownPathwayError with those that there are."""
        wanted = slug or self.settings.default_pathway
        if wanted is None and self.pathways():
            return self.pathways()[0]
        found = next((pathway for pathway in self.pathways() if pathway.slug == wanted), None)
        if found is None:
            known = listed([pathway.slug for pathway in self.pathways()]) or "none"
            raise UnknownPathwayError(
                f"No pathway is called {wanted!r}. Known: {known}. Import one with: python -m coach import PAGE.txt"
            )
        return found

    def reload(self) -> None:
        """Read the knowledge again, after an import."""
        with self._knowing:
            self._seen = self._imported()
            self.knowledge = load_knowledge(self.settings)
            # New ones, rather than emptied: what is being built from the old knowledge goes into the old.
            self._corpora, self._readings = {}, {}

    def problems(self) -> tuple[str, ...]:
        """What could not be read or stored, for the person who runs the coach."""
        notices = tuple(reading.index.notice for reading in self._readings.values() if reading.index.notice)
        return (*self.knowledge.problems, *notices)

    def passage(self, pathway: str, passage_id: str) -> Passage:
        """A passage by id. Raises KeyError for one that does not exist (any more)."""
        return self.reading(pathway).corpus.by_id[passage_id]

    def scope(self, pathway: str | None = None) -> str:
        """One line: what the coach knows of a pathway and what it does not."""
        guide = self.pathway(pathway)
        held = [
            name
            for name, there in (
                ("skills", guide.skills),
                ("time", guide.phases or guide.timeline),
                ("pay", guide.pay),
                ("first steps", guide.actions),
            )
            if there
        ]
        official = " with official U.S. pay beside it" if guide.market.origin or guide.market.neighbours else ""
        return (
            f"One career guide, {guide.origin} to {guide.target}: {listed(held)}{official}. Nothing beyond it, and no "
            "guesses."
        )

    def starters(self, pathway: str | None = None) -> tuple[str, ...]:
        """Four questions that show the range: a fact, a conflict, a personal figure, a next step."""
        guide = self.pathway(pathway)
        names = {"origin": guide.origin, "target": guide.target}
        facets = [
            name
            for name, there in (
                ("skills.first", guide.skills),
                ("time.conflict", guide.timeline and guide.phases),
                ("actions.first", guide.actions),
                ("pay.general", guide.pay),
                ("roadmap.list", guide.phases),
                ("transferable.list", guide.transferable),
            )
            if there
        ]
        asked = [text for facet in facets if (text := ask_for(facet, names))]
        if guide.phases and len(asked) > 2:
            asked.insert(2, "I have 6 hours a week. How long will it take me?")
        return tuple(asked[:4])

    # --- Loading ------------------------------------------------------------------------------------------

    def encoder(self) -> Encoder:
        with self._lock:
            if self._encoder is None:
                self._encoder = load_encoder(self.settings)
            return self._encoder

    def corpus(self, pathway: str | None = None) -> Corpus:
        """The passages of a pathway, all that a plan needs; loads the encoder, whose limit they keep, and no index."""
        guide = self.pathway(pathway)
        corpora = self._corpora
        with self._lock:
            if guide.slug not in corpora:
                encoder = self.encoder()
                corpora[guide.slug] = corpus_of(
                    guide,
                    self.knowledge,
                    count_pieces=encoder.count_word_pieces,
                    limit=encoder.max_word_pieces,
                )
            return corpora[guide.slug]

    def reading(self, pathway: str | None = None, progress: Progress | None = None) -> Reading:
        """Corpus and index of a pathway, built when first asked for."""
        guide = self.pathway(pathway)
        readings = self._readings
        with self._lock:
            if guide.slug not in readings:
                corpus = self.corpus(guide.slug)
                index = open_index(corpus.passages, self.encoder(), self.settings, name=guide.slug, progress=progress)
                readings[guide.slug] = self._reading(corpus, index, None)
            return readings[guide.slug]

    def beside(
        self,
        corpus: Corpus,
        *,
        indexed: Corpus | None = None,
        with_headings: bool = True,
        check_lengths: bool = True,
        progress: Progress | None = None,
    ) -> Reading:
        """A reading of another corpus for the same pathway, in memory: nobody else sees it and nothing is kept.

        ``indexed`` is what the index and the answers are made from where that is not ``corpus``: an index that has
        become stale. Quotes are always held against ``corpus``. For the two switches see ``open_beside``. Raises
        VectorIndexError and EncoderError.
        """
        held = indexed or corpus
        like = self.reading(corpus.pathway.slug).index
        index = open_beside(
            held.passages, self.encoder(), like, name=corpus.pathway.slug,
            with_headings=with_headings, check_lengths=check_lengths, progress=progress,
        )
        return self._reading(held, index, None if indexed is None else corpus.by_id)

    def with_documents(
        self, documents: Sequence[OwnDocument], pathway: str | None = None, progress: Progress | None = None
    ) -> Reading:
        """The pathway with a learner's own documents, in memory, for whoever holds it and nobody else.

        Raises VectorIndexError and EncoderError.
        """
        corpus, encoder = self.corpus(pathway), self.encoder()
        own = [
            passage
            for document in {document.id: document for document in documents}.values()
            for passage in own_passages(
                document, corpus.pathway.slug, count_pieces=encoder.count_word_pieces, limit=encoder.max_word_pieces
            )
        ]
        return self.beside(replace(corpus, passages=(*corpus.passages, *own)), progress=progress)

    def _reading(self, corpus: Corpus, index: PassageIndex, as_it_stands: Mapping[str, Passage] | None) -> Reading:
        vocabulary = _vocabulary(corpus)
        composer = Composer(corpus, vocabulary.names, self.settings.assumed_weekly_hours)
        return Reading(corpus, index, composer, vocabulary, as_it_stands)

    def warm_up(self, progress: Progress | None = None, pathway: str | None = None) -> None:
        """Load what the first question needs; blocks until it is there."""
        self.reading(pathway, progress)

    # --- One question ---------------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        history: Sequence[Answer] = (),
        pathway: str | None = None,
        on_stage: Callable[[str], None] | None = None,
        learner: Learner | None = None,
        reading: Reading | None = None,
        writing: Writing | None = None,
    ) -> Answer:
        """The answer to a question, given the earlier answers of the conversation, oldest first.

        With a ``learner``, what to do next is answered from their plan; with a ``reading`` the answer is found in that
        one, which may hold documents of their own; with ``writing`` a language model puts it into words, as far as
        they hold. ``on_stage`` is told the name of each stage as it begins. Not knowing is an answer, never an error,
        and neither is a model that fails.
        """
        reading = reading or self.reading(pathway)
        worked = self.work(question, reading, history, on_stage, learner)
        return worked.answer if writing is None else self._written(worked, history, on_stage, learner, writing)

    def _written(
        self,
        worked: Worked,
        history: Sequence[Answer],
        on_stage: Callable[[str], None] | None,
        learner: Learner | None,
        writing: Writing,
    ) -> Answer:
        """The answer in a model's words; the composed one is handed over before the model is asked."""
        composed, reading = worked.answer, worked.reading
        writing.on_composed(composed)
        clock = _Clock(list(composed.trace.seconds))
        with clock.stage("write", on_stage):
            history = [answer for answer in history if answer.pathway == composed.pathway]
            writing.spending.begin_answer()
            put, used = "", NOTHING_USED
            if history and composed.trace.query.follow_up:
                put, used = rewritten(
                    composed.trace.query, history, reading.vocabulary.names, writing.model, writing.spending,
                    writing.stop,
                )  # fmt: skip
            if put:
                again = self.work(put, reading, (), None, learner).answer.model_copy(
                    update={"question": composed.question}
                )
                if again.status is Status.ANSWERED:
                    composed = again
                    writing.on_composed(composed)
            answer = generate(
                composed, reading.corpus, reading.vocabulary.names, writing, rewritten=put, rewriting=used
            )
        return answer.model_copy(update={"trace": answer.trace.model_copy(update={"seconds": tuple(clock.seconds)})})

    def work(
        self,
        question: str,
        reading: Reading,
        history: Sequence[Answer] = (),
        on_stage: Callable[[str], None] | None = None,
        learner: Learner | None = None,
        *,
        method: Method = AS_SHIPPED,
        writer: Writer | None = None,
    ) -> Worked:
        """As ``ask``, from this reading, by this method; ``writer`` rewrites the draft before it is checked."""
        slug = reading.corpus.pathway.slug
        history = [answer for answer in history if answer.pathway == slug]
        clock = _Clock()
        assembled = partial(
            assemble,
            question,
            corpus=reading.corpus,
            names=reading.vocabulary.names,
            fingerprint=reading.index.fingerprint,
            method=method,
            as_it_stands=reading.as_it_stands,
            writer=writer,
        )
        with clock.stage("understand", on_stage):
            spoken = clean(question[: self.settings.max_question_chars])
            of_plan = learner is not None and own_plan.asked(spoken) is not None
            direct = None if of_plan else self._without_retrieval(spoken, reading)
            asked = without_orders(question) if instructed(spoken) else question
            longest, today = self.settings.max_question_chars, learner.today if learner else _today()
            alone = understand(asked, (), reading.vocabulary, max_chars=longest, today=today)
            carried = (
                understand(asked, history, reading.vocabulary, max_chars=longest, today=today)
                if history
                else alone
            )
        asked_for = sources_of(spoken, history[-1] if history else None, reading.corpus)
        if asked_for:
            part, query = _sourced(asked_for, alone[0], history[-1])
            with clock.stage("ground", on_stage):
                answer = assembled([query], [part], [history[-1].trace.retrieved])
            return Worked(_timed(answer, clock), reading)
        if direct:
            return Worked(self._plain(question, slug, direct, alone[0], clock, reading), reading)
        with clock.stage("retrieve", on_stage):
            steps: list[StepTime] = []
            evidence_of = self._remembering(reading, method, steps)
            leans_on_it = carried != alone and leaning.leans(
                self._leaning_signs(alone[0], carried[0], reading, evidence_of)
            )
            queries = carried if leans_on_it else alone
            if learner is not None:
                queries = tuple(with_profile(query, learner.profile, reading.corpus) for query in queries)
            found = [evidence_of(query) for query in queries]
        with clock.stage("answer", on_stage):
            parts: list[Composed] = []
            for query, evidence in zip(queries, found, strict=True):
                if parts and parts[-1].facets and not query.entities and query.facet_hint is None:
                    # "..., and how many weeks?"
                    query = query.model_copy(update={"facet_hint": parts[-1].facets[0]})  # noqa: PLW2901
                part = reading.composer.compose(query, evidence)
                parts.append(self._planned(part, query, learner, reading) if learner else part)
        with clock.stage("ground", on_stage):
            rankings = [self._ranking(one.found, part) for one, part in zip(found, parts, strict=True)]
            answer = assembled(queries, parts, rankings)
        return Worked(_timed(answer, clock, steps), reading, queries, tuple(found))

    def plan(self, learner: Learner, pathway: str | None = None) -> Plan:
        """The learner's plan as of their day. Raises ProfileError where it cannot end."""
        return make_plan(self.corpus(pathway), learner.profile, learner.progress, today=learner.today)

    def _planned(self, part: Composed, query: Query, learner: Learner, reading: Reading) -> Composed:
        """What is asked of the learner's plan is answered from it; and its next step stands in place of the guide's
        first ones, as long as any is left."""
        if about := own_plan.asked(query.clause or query.standalone):
            plan = self.plan(learner, reading.corpus.pathway.slug)
            if said := own_plan.told_of_plan(about, plan, learner.profile, reading.corpus):
                return Composed(Status.ANSWERED, said, suggestions=part.suggestions, route="plan", ranking=part.ranking)
        if part.facets[:1] != (ASKED_BY,):
            return part
        plan, hours = self.plan(learner, reading.corpus.pathway.slug), hours_today(query)
        found = next_step(plan, hours) if hours else next_step(plan)
        return replace(part, statements=told(plan, found, reading.corpus), route="plan") if found.now else part

    def _leaning_signs(
        self, alone: Query, carried: Query, reading: Reading, evidence_of: Callable[[Query], Evidence]
    ) -> tuple[float, ...]:
        evidence, choose = evidence_of(alone), reading.composer.selector.choose
        choices, carried_choices = choose(alone, evidence), choose(carried, evidence_of(carried))
        return leaning.signs(alone, carried, evidence.intents, choices, carried_choices)

    def _remembering(
        self, reading: Reading, method: Method = AS_SHIPPED, steps: list[StepTime] | None = None
    ) -> Callable[[Query], Evidence]:
        """``_evidence`` for one question: of its readings, those that say the same are looked up once."""
        known: dict[tuple[str, str, str], Evidence] = {}

        def evidence_of(query: Query) -> Evidence:
            said = query.context, query.standalone, query.earlier
            if said not in known:
                known[said] = self._evidence(query, reading, method)
                if steps is not None:
                    steps.extend(known[said].found.steps)
            return known[said]

        return evidence_of

    def _evidence(self, query: Query, reading: Reading, method: Method = AS_SHIPPED) -> Evidence:
        """What a search finds, and how likely each intent is; both read the context, which often says what is meant."""
        asked = f"{query.context} {query.standalone}".strip()
        masked = reading.vocabulary.names.masked(asked, reading.vocabulary.roles)
        everything = len(reading.corpus.passages)
        search = partial(reading.index.search, limit=everything, method=method)
        return Evidence(
            found=search(asked),
            intents=self.encoder().intents(masked),
            in_conversation=search(f"{query.earlier} {asked}") if query.earlier else None,
            method=method,
        )

    def _ranking(self, found: SearchResult, part: Composed) -> tuple[Retrieved, ...]:
        """The passages in the order that counts: that of their facts, where facts were weighed."""
        return part.ranking or found.ranking

    def features(
        self, question: str, history: Sequence[Answer] = (), pathway: str | None = None
    ) -> tuple[list[int], NDArray[np.float64]]:
        """What the choice among facts is made from, for the first part of a question; see ``Selector.features``."""
        reading = self.reading(pathway)
        query = understand(question, history, reading.vocabulary, max_chars=self.settings.max_question_chars)[0]
        return reading.composer.selector.features(query, self._evidence(query, reading))

    def leaning_signs(
        self, question: str, history: Sequence[Answer], pathway: str | None = None
    ) -> tuple[float, ...]:
        """What decides whether a question is read as a follow-up; see ``leaning.signs``."""
        reading = self.reading(pathway)
        alone = understand(question, (), reading.vocabulary, max_chars=self.settings.max_question_chars)[0]
        carried = understand(question, history, reading.vocabulary, max_chars=self.settings.max_question_chars)[0]
        return self._leaning_signs(alone, carried, reading, self._remembering(reading))

    def signs(
        self, question: str, history: Sequence[Answer] = (), pathway: str | None = None
    ) -> tuple[bool, tuple[float, ...]]:
        """What decides whether the first part of a question is answered; see ``Composer.signs``."""
        reading = self.reading(pathway)
        if self._without_retrieval(clean(question), reading):
            return True, ()
        query = understand(question, history, reading.vocabulary, max_chars=self.settings.max_question_chars)[0]
        return reading.composer.signs(query, self._evidence(query, reading))

    def _without_retrieval(self, spoken: str, reading: Reading) -> Composed | None:
        """What needs no evidence: nothing asked, small talk, another language, orders to a machine."""
        starters = self.starters(reading.corpus.pathway.slug)
        if not split_tokens(spoken):
            if any(char.isalpha() for char in spoken):
                return _spoken(
                    Status.ABSTAINED,
                    f"That looks like {foreign(spoken) or 'another language'}. I only read English so far; please ask "
                    "in English.",
                    starters,
                    "language",
                )
            return _spoken(
                Status.CONVERSATIONAL,
                "What would you like to know? Ask in a few words, for instance about skills, time or pay.",
                starters,
                "empty",
            )
        language = foreign(spoken)
        if language:
            return _spoken(
                Status.ABSTAINED,
                f"That looks like {language}. I only read English so far; please ask in English.",
                starters,
                "language",
                (f"{language} questions",),
            )
        reply = small_talk(spoken, reading.corpus)
        if reply:
            return _spoken(Status.CONVERSATIONAL, reply.text, starters, f"host:{reply.kind}")
        if instructed(spoken) and len(split_tokens(without_orders(spoken))) < 3:
            guide = reading.corpus.pathway
            return _spoken(
                Status.OFF_TOPIC,
                f"I only answer questions about the move from {guide.origin} to {guide.target}, from the evidence I "
                "hold.",
                starters,
                "orders",
            )
        return None

    def _plain(self, question: str, slug: str, part: Composed, query: Query, clock: _Clock, reading: Reading) -> Answer:
        trace = Trace(
            query=query, route=part.route, seconds=tuple(clock.seconds), index_fingerprint=reading.index.fingerprint
        )
        return Answer(
            question=question,
            pathway=slug,
            status=part.status,
            text=part.statements[0].text,
            missing=part.missing,
            suggestions=part.suggestions,
            trace=trace,
        )


def _spoken(
    status: Status, text: str, suggestions: tuple[str, ...], route: str, missing: tuple[str, ...] = ()
) -> Composed:
    return Composed(status, (Statement(text, Support.INFERRED, ()),), (), missing, suggestions, route)


def _sourced(found: Sourced, query: Query, last: Answer) -> tuple[Composed, Query]:
    """What the last answer rests on, as an answer that is checked as any other, and the query for its trace."""
    part = Composed(Status.ANSWERED, found.statements, last.trace.facets, suggestions=last.suggestions, route=ROUTE)
    told = {"notices": (*query.notices, found.said), "entities": last.trace.query.entities, "follow_up": True}
    return part, query.model_copy(update=told)


def _timed(answer: Answer, clock: _Clock, steps: Sequence[StepTime] = ()) -> Answer:
    timed = {"seconds": tuple(clock.seconds), "steps": tuple(steps)}
    return answer.model_copy(update={"trace": answer.trace.model_copy(update=timed)})


def _vocabulary(corpus: Corpus) -> Vocabulary:
    guide = corpus.pathway
    words = {word for passage in corpus.passages for word in split_tokens(passage.embedded_text)}
    words |= {
        word
        for passage in corpus.passages
        for fact in passage.facts
        for key in fact.questions
        for word in split_tokens(key)
    }
    words |= {
        word for entity in corpus.entities for name in (entity.name, *entity.aliases) for word in split_tokens(name)
    }
    roles = [*guide.origin.split(), *guide.target.split()]
    horizons = {f"horizon:{group.id}": group.days for group in guide.actions}
    return Vocabulary(
        Names(corpus.entities, roles),
        Names(corpus.terms, ()),
        frozenset(word for word in words if word.isalpha()) | lexicon().spoken,
        corpus.entity,
        {"origin": guide.origin, "target": guide.target},
        horizons,
    )
