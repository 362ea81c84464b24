"""Stand-ins for what is slow or far away, each passed in at the one seam that the real thing has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from coach.errors import CoachError, UnknownPathwayError
from coach.knowledge.load import Knowledge
from coach.knowledge.pathway import PageSource, Pathway
from coach.planning.learner import Learner
from coach.retrieval.encoder import Encoder
from coach.types import (
    Answer,
    ChannelRank,
    Citation,
    Claim,
    Origin,
    Passage,
    Query,
    Retrieved,
    Sentence,
    StageTime,
    Status,
    Support,
    Trace,
    Verdict,
)
from tests.encoders import HashingEncoder

HOSTILE = (
    "![x](http://evil.example/a.png) <img src=http://evil.example/b.png> [click](javascript:alert(1)) "
    ":red[boo] :material/home: :material_home: :smile: :streamlit: $a$ and $5 to $6 # **bold** `code` "
    "http://evil.example/c www.evil.example me@evil.example [1] -- -> <- &amp; \\[x\\] ~~gone~~ | a | b |"
)


def passage(
    slug: str,
    pathway: str,
    heading: tuple[str, ...],
    *texts: str,
    origin: Origin = Origin.PATHWAY,
    source: str = "Career pathway page",
    url: str | None = None,
    formula: str | None = None,
) -> Passage:
    """A passage whose sentences are ``texts``, one space apart."""
    sentences: list[Sentence] = []
    at = 0
    for text in texts:
        sentences.append(Sentence(text=text, start=at, end=at + len(text), formula=formula))
        at += len(text) + 1
    return Passage(
        id=f"{pathway}#{slug}",
        pathway=pathway,
        heading_path=heading,
        text=" ".join(texts),
        sentences=tuple(sentences),
        origin=origin,
        source=source,
        url=url,
    )


class FakeCoach:
    """Answers at once and always the same; the question decides which kind of answer it is.

    ``asked`` records every question, so that a test can tell whether one was asked twice.
    """

    def __init__(
        self,
        *,
        fails: str | None = None,
        loading_seconds: float = 0.0,
        thinking_seconds: float = 0.0,
        problems: tuple[str, ...] = (),
        slugs: tuple[str, ...] = ("potter-to-glassblower", "baker-to-brewer"),
    ) -> None:
        self.asked: list[str] = []
        self.histories: list[int] = []
        self.learners: list[Learner | None] = []
        self._fails = fails
        self._loading_seconds = loading_seconds
        self._thinking_seconds = thinking_seconds
        self._problems = problems
        self._pathways = tuple(_pathway(slug) for slug in slugs)
        self._gate = threading.Lock()
        self._ready = False

    def warm_up(self, progress: Callable[[int, int], None] | None = None, pathway: str | None = None) -> None:
        with self._gate:
            steps = 20
            for step in range(steps):
                if self._ready:
                    break
                time.sleep(self._loading_seconds / steps)
                if progress is not None:
                    progress(step + 1, steps)
            if self._fails is not None:
                raise CoachError(self._fails)
            self._ready = True

    def pathways(self) -> tuple[Pathway, ...]:
        return self._pathways

    def starters(self, pathway_slug: str) -> tuple[str, ...]:
        target = self._pathway(pathway_slug).target
        return (
            f"Which skills does a {target} need most?",
            "Does the timeline add up?",
            "I earn $62,000. What would the change bring me?",
            "What should I do first this week?",
        )

    def scope(self, pathway_slug: str) -> str:
        found = self._pathway(pathway_slug)
        return (
            f"I know one guide from {found.origin} to {found.target}, 69 checked resources and official pay for the "
            f"United States. I do not know other countries, employers or your own situation until you tell me."
        )

    def problems(self) -> tuple[str, ...]:
        return self._problems

    def passage(self, pathway_slug: str, passage_id: str) -> Passage:
        for found in _passages(pathway_slug):
            if found.id == passage_id:
                return found
        raise CoachError(f"No passage {passage_id}.")

    def ask(
        self,
        question: str,
        history: Sequence[Answer] = (),
        pathway: str | None = None,
        on_stage: Callable[[str], None] | None = None,
        learner: Learner | None = None,
        reading: object = None,
        writing: object = None,
    ) -> Answer:
        self.warm_up()
        self.asked.append(question)
        self.learners.append(learner)
        self.histories.append(len(history))
        for stage in ("understand", "retrieve", "answer", "ground"):
            if on_stage is not None:
                on_stage(stage)
            time.sleep(self._thinking_seconds / 4)
        return answer_to(question, pathway or self._pathways[0].slug)

    def _pathway(self, slug: str) -> Pathway:
        for found in self._pathways:
            if found.slug == slug:
                return found
        raise UnknownPathwayError(f"No pathway {slug!r}.")


class KnowingCoach(FakeCoach):
    """Holds real knowledge, from which plans are made, and answers like FakeCoach; it builds no index."""

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__()
        self.knowledge = knowledge

    def pathways(self) -> tuple[Pathway, ...]:
        return self.knowledge.pathways

    def encoder(self) -> Encoder:
        return HashingEncoder()

    def _pathway(self, slug: str) -> Pathway:
        return self.knowledge.pathway(slug)


def answer_to(question: str, pathway: str) -> Answer:
    """The answer that FakeCoach gives: ``pay`` computes, ``skills`` lists, ``Lisbon`` abstains, and so on."""
    low = question.lower()
    passages = _passages(pathway)
    if "boom" in low:
        raise CoachError("The index cannot be read. Run `python -m coach index`.")
    if "lisbon" in low:
        return _answer(
            question,
            pathway,
            Status.ABSTAINED,
            "The pathway has no figures for Lisbon or Portugal. Near to it: the pay the guide claims.",
            missing=("Lisbon",),
            suggestions=("What pay does the guide claim?", "What do official figures say?"),
            passages=passages,
        )
    if "football" in low:
        return _answer(
            question,
            pathway,
            Status.OFF_TOPIC,
            "That has nothing to do with this move, so I leave it.",
            suggestions=("Which skills matter most?",),
            passages=passages,
        )
    if low.startswith("hello"):
        return _answer(
            question,
            pathway,
            Status.CONVERSATIONAL,
            "Hello. Ask about skills, time, pay or the next step.",
            suggestions=("Does the timeline add up?",),
            passages=passages,
        )
    if "skill" in low:
        claims = (
            _claim("Two skills are critical and come first:", passages[0], 0, 1),
            _claim("Kiln work, 4 weeks", passages[1], 0, 2, item=True),
            _claim("Cold working, 6 weeks", passages[1], 1, 2, item=True),
        )
        return _answer(
            question,
            pathway,
            Status.ANSWERED,
            "Two skills are critical and come first: [1]\n\n- Kiln work, 4 weeks [2]\n- Cold working, 6 weeks [2]",
            claims=claims,
            suggestions=("Which of them can wait?", "How long do both take?"),
            passages=passages,
        )
    if "evil" in low:
        hostile = passage("hostile", pathway, ("Hostile", HOSTILE), HOSTILE, source=HOSTILE)
        return _answer(
            question,
            pathway,
            Status.ANSWERED,
            f"{HOSTILE} [1]",
            claims=(_claim(HOSTILE, hostile, 0, 1),),
            missing=(HOSTILE,),
            suggestions=(HOSTILE,),
            passages=(hostile, *passages),
        )
    claims = (
        _claim("The guide's headline says 6 to 8 months.", passages[2], 0, 1),
        _claim(
            "Its own phases add up to 24 weeks, about 5.5 months.",
            passages[3],
            0,
            2,
            formula="4 + 6 + 8 + 4 + 2 = 24 weeks; 24 / 4.35 = 5.5 months",
        ),
        _claim("The guide puts entry pay near $130,000, and senior pay at $210,000 or more.", passages[4], 0, 3),
    )
    return _answer(
        question,
        pathway,
        Status.ANSWERED,
        " ".join(f"{claim.text} [{claim.citations[0].marker}]" for claim in claims),
        claims=claims,
        suggestions=("What if I have 8 hours a week?", "Which skills can wait?"),
        passages=passages,
    )


def _answer(
    question: str,
    pathway: str,
    status: Status,
    text: str,
    *,
    claims: tuple[Claim, ...] = (),
    missing: tuple[str, ...] = (),
    suggestions: tuple[str, ...] = (),
    passages: tuple[Passage, ...] = (),
) -> Answer:
    used = tuple(dict.fromkeys(citation.passage_id for claim in claims for citation in claim.citations))
    retrieved = tuple(
        Retrieved(
            passage=found,
            rank=rank,
            score=3.1 - 0.4 * rank,
            dense=ChannelRank(rank=rank, score=0.72 - 0.06 * rank),
            lexical=ChannelRank(rank=rank + 1, score=9.0 - rank) if rank < 4 else None,
        )
        for rank, found in enumerate(passages, start=1)
    )
    return Answer(
        question=question,
        pathway=pathway,
        status=status,
        text=text,
        claims=claims,
        missing=missing,
        suggestions=suggestions,
        trace=Trace(
            query=Query(question=question, standalone=question, wants=("list",)),
            retrieved=retrieved if status is not Status.CONVERSATIONAL else (),
            used_passage_ids=used,
            draft=claims,
            verdicts=tuple(
                Verdict(claim=claim.text, supported=True, score=1.0, reason="every figure stands in the cited sentence")
                for claim in claims
            ),
            route="fact",
            seconds=(
                StageTime(stage="understand", seconds=0.002),
                StageTime(stage="retrieve", seconds=0.031),
                StageTime(stage="answer", seconds=0.004),
                StageTime(stage="ground", seconds=0.006),
            ),
            index_fingerprint="0f3a9c",
        ),
    )


def _claim(
    text: str, source: Passage, sentence: int, marker: int, *, item: bool = False, formula: str | None = None
) -> Claim:
    return Claim(
        text=text,
        support=Support.COMPUTED if formula else Support.QUOTED,
        formula=formula,
        item=item,
        citations=(Citation.of(source, source.sentences[sentence], marker),),
    )


def _passages(pathway: str) -> tuple[Passage, ...]:
    return (
        passage(
            "skills/overview",
            pathway,
            ("Skills to learn", "By priority"),
            "The critical skills are kiln work and cold working.",
            "They take 10 weeks one after the other.",
            origin=Origin.DERIVED,
            source="Computed from the guide",
            formula="4 + 6 = 10 weeks",
        ),
        passage(
            "skills/kiln",
            pathway,
            ("Skills to learn", "Critical"),
            "Kiln work takes 4 weeks.",
            "Cold working takes 6 weeks.",
            "Both need a furnace of one's own.",
        ),
        passage(
            "facts/timeline",
            pathway,
            ("At a glance", "Timeline"),
            "The guide gives 6 to 8 months for the whole move.",
            "It does not say how many hours a week that means.",
        ),
        passage(
            "derived/roadmap",
            pathway,
            ("Roadmap", "Total length"),
            "The five phases add up to 24 weeks, about 5.5 months.",
            "They last 4, 6, 8, 4 and 2 weeks.",
            origin=Origin.DERIVED,
            source="Computed from the guide",
        ),
        passage(
            "pay",
            pathway,
            ("Pay", "What the guide claims"),
            "Entry pay is around $130,000.",
            "Senior pay is $210,000 or more.",
        ),
        passage(
            "resource/book",
            pathway,
            ("Resources", "Books"),
            "The handbook on annealing is confirmed and free to read.",
            "It covers phases 1 and 2.",
            origin=Origin.RESOURCE,
            source="Checked resources, November 2026",
            url="https://example.org/annealing?part=1",
        ),
        passage(
            "market/bls",
            pathway,
            ("Official pay", "United States"),
            "Half of the people in the nearest occupation earn over $98,000 a year.",
            origin=Origin.MARKET,
            source="U.S. Bureau of Labor Statistics, May 2025",
            url="https://www.bls.gov/oes/",
        ),
    )


def _pathway(slug: str) -> Pathway:
    origin, target = (word.replace("-", " ").title() for word in slug.split("-to-"))
    return Pathway(slug=slug, origin=origin, target=target, source=PageSource(title=f"From {origin} to {target}"))
