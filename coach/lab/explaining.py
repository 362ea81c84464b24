"""One answer, step by step. START READING THE LAB HERE.

Comes in: what an answer was worked out from (``Worked``) and the coach, for its encoder. Goes out: a ``Walk``. Most of
it is read from the trace; what the trace does not keep (the vector, what each fact scored, the parts of the answer) is
made again by the same functions from the same values, which gives the same result. It searches for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coach.answering.answerable import absent_names
from coach.answering.composing import Composed
from coach.answering.hosting import instructed
from coach.answering.selecting import Evidence
from coach.answering.statements import Statement
from coach.answering.words import clean
from coach.knowledge.writing import ask_for, facets
from coach.lab.choosing import judged
from coach.lab.fusing import fused
from coach.lab.marking import marked, missing_words
from coach.lab.places import place
from coach.lab.walk import (
    Bar,
    CheckedClaim,
    ComposeStep,
    DenseStep,
    EncodeStep,
    Found,
    FoundByKey,
    FoundByWords,
    FuseStep,
    GroundStep,
    Intent,
    KeysStep,
    LexicalStep,
    Linked,
    MarkedQuote,
    Part,
    Said,
    StepName,
    Term,
    UnderstandStep,
    UnderstoodPart,
    Walk,
)
from coach.types import Answer, ChannelRank, Claim, Method, Query, Retrieved, StepTime, Verdict

if TYPE_CHECKING:
    from coach.pipeline import Coach, Reading, Worked

SHOWN = 5
"""Passages at the top of one channel."""

LEAST_INTENT = 0.01
"""Probability from which an intent is told."""

INTENTS_SHOWN = 5

STEPS = {
    "encode": StepName.ENCODE,
    "dense": StepName.DENSE,
    "keys": StepName.KEYS,
    "lexical": StepName.LEXICAL,
    "fuse": StepName.FUSE,
}
"""Steps of a search by their names in the trace, in order."""

STAGES = {
    "understand": "Understand the question",
    "retrieve": "Search",
    "answer": "Choose, keep and compose",
    "ground": "Check every claim",
}

DIRECT = {
    "empty": "nothing was asked",
    "language": "it is not in English, which is all that the coach reads",
    "orders": "it gives orders and asks nothing",
    "sources": "it asks what the last answer rests on, which stands in that answer",
    "host": "it is small talk, or about the coach itself, and so needs no evidence",
}
"""By route, why nothing was looked up."""

OTHER_INTENTS = {
    "content": "What a sentence of the guide tells",
    "off_topic": "Nothing about careers",
    "chat.ability": "What the coach can do",
    "chat.feeling": "A word of comfort",
    "chat.greeting": "A greeting",
    "chat.thanks": "Thanks",
    "compute.compare": "How two things compare",
    "compute.deadline": "Whether a date can be met",
    "compute.elapsed": "Where one stands after some time",
    "compute.hours": "How long it takes in one's own hours",
    "compute.pay": "What one's own pay means beside the guide's figures",
}
"""Of the classifier, those that are no facet and ask for nothing that guides lack."""

ROUTES = {
    "fact": "Told as the facts that were kept say it",
    "computed": "Computed from figures in the question and in the knowledge",
    "premise": "Began with what the question took for granted",
    "definition": "Quoted the sentence that spells out the short form",
    "plan": "Taken from the learner's own plan",
    "sources": "Quoted what the last answer cited",
    "abstained": "Refused: the gap is named instead of an answer",
    "off_topic": "Refused: the question is not about this move",
}


def explain(worked: Worked, coach: Coach) -> Walk:
    """The steps of an answer in the order in which they were taken. Raises EncoderError."""
    answer, reading = worked.answer, worked.reading
    composed = _composed(worked)
    answering = _stage(answer, "answer")
    parts = [
        _part(query, evidence, part, answering, reading, coach)
        for (query, part), evidence in zip(composed, worked.evidence, strict=True)
    ]
    return Walk(
        answer=answer,
        bars=_waterfall(worked),
        total_ms=1000 * math.fsum(timed.seconds for timed in answer.trace.seconds),
        understand=_understand(worked),
        parts=tuple(parts),
        compose=_compose(worked, [part for _, part in composed], answering) if parts else None,
        ground=_ground(answer, reading) if parts or answer.claims else None,
    )


def searched(query: Query) -> str:
    """The text that was looked up for a query."""
    return f"{query.context} {query.standalone}".strip()


def question_vector(query: Query, method: Method, coach: Coach) -> tuple[float, ...]:
    """The vector that was searched with for a query. Raises EncoderError."""
    vector = coach.encoder().encode([searched(query)])[0]
    return tuple((-vector if method.distance == "inverted" else vector).tolist())


# --- Understanding ------------------------------------------------------------------------------------------


def _understand(worked: Worked) -> UnderstandStep:
    answer = worked.answer
    query = worked.queries[0] if worked.queries else answer.trace.query
    notes = list(query.notices)
    if worked.queries and instructed(clean(answer.question)):
        notes.append("Orders in the question are text like any other and were left out before it was looked up.")
    readings = sum(step.step == next(iter(STEPS)) for step in answer.trace.steps)
    if readings > len(worked.queries) > 0:
        leans = query.follow_up or bool(query.earlier)
        how = "leaning on the conversation" if leans else "standing alone"
        notes.append(
            f"Looked up {readings} times, as it stands and as a follow-up, to tell which it is; then read as {how}."
        )
    route = answer.trace.route.partition(":")[0]
    return UnderstandStep(
        name=StepName.UNDERSTAND,
        seconds=_stage(answer, "understand"),
        note=" ".join(notes),
        cleaned=query.question,
        corrected=query.corrected,
        parts=len(worked.queries),
        direct="" if worked.queries else DIRECT.get(route, "it needs no evidence"),
    )


def _understood(query: Query, evidence: Evidence, reading: Reading) -> UnderstoodPart:
    text = searched(query)
    likely = sorted(evidence.intents.items(), key=lambda item: (-item[1], item[0]))[:INTENTS_SHOWN]
    return UnderstoodPart(
        query=query,
        searched=text,
        masked=reading.vocabulary.names.masked(text, reading.vocabulary.roles),
        linked=tuple(
            Linked(id=id_, kind=entity.kind, name=entity.name, weak=id_ in query.weak)
            for id_ in query.entities
            if (entity := reading.corpus.entity.get(id_))
        ),
        figures=query.figures,
        intents=tuple(
            Intent(name=name, reads=intent_in_words(name, reading.composer.names), probability=math.exp(logarithm))
            for name, logarithm in likely
            if math.exp(logarithm) >= LEAST_INTENT
        ),
    )


def intent_in_words(intent: str, roles: Mapping[str, str]) -> str:
    """A question that has this intent, or what it is about; its own name where nobody has put it into words.

    ``roles``: the names of ``origin`` and ``target``.

    >>> intent_in_words("metro.pay", {})
    'What is the official pay in …?'
    """
    if intent in facets():
        asked = ask_for(intent, {"name": "…", "number": "…", "days": "…", "count": "…"} | dict(roles))
        return asked or intent
    return OTHER_INTENTS.get(intent) or absent_names().get(intent, intent)


# --- Searching ----------------------------------------------------------------------------------------------


def _part(
    query: Query, evidence: Evidence, part: Composed, answering: float | None, reading: Reading, coach: Coach
) -> Part:
    found, method = evidence.found, evidence.method
    seconds = {STEPS[timed.step]: timed.seconds for timed in found.steps if timed.step in STEPS}
    top, fell = fused(found, method)
    choice = judged(query, evidence, reading.composer, part, answering)
    return Part(
        understood=_understood(query, evidence, reading),
        encode=_encode(query, evidence, reading, coach),
        dense=DenseStep(
            name=StepName.DENSE,
            seconds=seconds.get(StepName.DENSE),
            note=_off(method, "dense"),
            top=tuple(
                Found(place=place(entry.passage), rank=there.rank, score=there.score)
                for entry, there in _top([(entry, entry.dense) for entry in found.ranking])
            ),
        ),
        keys=KeysStep(
            name=StepName.KEYS,
            seconds=seconds.get(StepName.KEYS),
            note=_off(method, "keys"),
            top=tuple(
                FoundByKey(
                    place=place(entry.passage),
                    rank=there.rank,
                    score=there.score,
                    question=entry.matched_question or "",
                    facet=entry.passage.facts[entry.matched_fact].facet if entry.matched_fact is not None else "",
                )
                for entry, there in _top([(entry, entry.keys) for entry in found.ranking])
            ),
        ),
        lexical=LexicalStep(
            name=StepName.LEXICAL,
            seconds=seconds.get(StepName.LEXICAL),
            note=_off(method, "lexical"),
            top=tuple(
                FoundByWords(
                    place=place(entry.passage),
                    rank=there.rank,
                    score=there.score,
                    terms=tuple(
                        Term(word=word, weight=weight)
                        for word, weight in reading.index.matched_terms(searched(query), entry.passage.id)
                    ),
                )
                for entry, there in _top([(entry, entry.lexical) for entry in found.ranking])
            ),
        ),
        fuse=FuseStep(
            name=StepName.FUSE, seconds=seconds.get(StepName.FUSE), method=method.fusion, top=top, fell=fell
        ),
        choose=choice.choose,
        keep=choice.keep,
    )


def _encode(query: Query, evidence: Evidence, reading: Reading, coach: Coach) -> EncodeStep:
    method, index = evidence.method, reading.index
    pieces = coach.encoder().word_pieces(searched(query))
    vector = question_vector(query, method, coach)
    first = max(evidence.found.ranking, key=lambda entry: entry.dense.score if entry.dense else -2.0)
    nearest = index.vectors[list(index.passages).index(first.passage.id)]
    turned = "The vector points the opposite way: in this run a distance is read as a similarity."
    return EncodeStep(
        name=StepName.ENCODE,
        seconds=next((timed.seconds for timed in evidence.found.steps if timed.step == "encode"), None),
        note=turned if method.distance == "inverted" else "",
        pieces=pieces,
        unread=max(0, len(pieces) - coach.encoder().max_word_pieces),
        vector=vector,
        nearest=place(first.passage),
        nearest_vector=tuple(nearest.tolist()),
        cosine=float(np.asarray(vector) @ nearest),
    )


def _top(entries: Sequence[tuple[Retrieved, ChannelRank | None]]) -> list[tuple[Retrieved, ChannelRank]]:
    ranked = [(entry, there) for entry, there in entries if there is not None]
    return sorted(ranked, key=lambda pair: pair[1].rank)[:SHOWN]


def _off(method: Method, channel: str) -> str:
    return "" if method.weights[channel] else "Its weight is 0 in this run, so that nothing below counts."


# --- Answering ----------------------------------------------------------------------------------------------


def _composed(worked: Worked) -> list[tuple[Query, Composed]]:
    """Each part's query as it was composed from, and what was composed."""
    found: list[tuple[Query, Composed]] = []
    for asked, evidence in zip(worked.queries, worked.evidence, strict=True):
        before = found[-1][1].facets if found else ()
        carries = before and not asked.entities and asked.facet_hint is None  # as ``Coach.work`` does
        query = asked.model_copy(update={"facet_hint": before[0]}) if carries else asked
        found.append((query, worked.reading.composer.compose(query, evidence)))
    return found


def _compose(worked: Worked, composed: Sequence[Composed], seconds: float | None) -> ComposeStep:
    answer, corpus = worked.answer, worked.reading.corpus
    statements: list[Statement] = [statement for part in composed for statement in part.statements]
    draft = answer.trace.draft
    # A learner's plan takes the place of the guide's first steps: then there is no sentence to set beside each.
    before = [statement.text for statement in statements] if len(statements) == len(draft) else []
    sentences = tuple(
        Said(
            text=claim.text,
            support=claim.support,
            formula=claim.formula,
            places=tuple(
                place(corpus.by_id[id_])
                for id_ in dict.fromkeys(citation.passage_id for citation in claim.citations)
                if id_ in corpus.by_id
            ),
            written_from=before[at] if before and before[at] != claim.text else None,
        )
        for at, claim in enumerate(draft)
    )
    rewritten = any(one.written_from is not None for one in sentences)
    return ComposeStep(
        name=StepName.COMPOSE,
        seconds=seconds,
        timed_with=(StepName.CHOOSE, StepName.KEEP, StepName.COMPOSE),
        note="A writer put the sentences into other words before they were checked." if rewritten else "",
        routes=tuple(ROUTES.get(route, route) for route in answer.trace.route.split("+") if route),
        sentences=sentences,
        missing=answer.missing,
        suggestions=answer.suggestions,
    )


def _ground(answer: Answer, reading: Reading) -> GroundStep:
    off = not answer.trace.method.check
    return GroundStep(
        name=StepName.GROUND,
        seconds=_stage(answer, "ground"),
        note="The check is switched off in this run: its verdicts are given and nothing is left out." if off else "",
        checked=tuple(
            _checked(claim, verdict, answer, reading)
            for claim, verdict in zip(answer.trace.draft, answer.trace.verdicts, strict=True)
        ),
        switched_off=off,
    )


def _checked(claim: Claim, verdict: Verdict, answer: Answer, reading: Reading) -> CheckedClaim:
    said, quotes, formula = marked(claim, answer.question)
    today = reading.corpus.by_id if reading.as_it_stands is None else reading.as_it_stands
    sides = []
    for citation, quote in zip(claim.citations, quotes, strict=True):
        passage = today.get(citation.passage_id)
        now = passage.text[citation.start : citation.end] if passage else ""
        held = reading.corpus.by_id.get(citation.passage_id) or passage
        if held is not None:
            stands = passage is not None and now == citation.quote
            sides.append(
                MarkedQuote(
                    marker=citation.marker, place=place(held), quote=quote, stands=stands, now="" if stands else now
                )
            )
    return CheckedClaim(
        claim=said,
        support=claim.support,
        quotes=tuple(sides),
        formula=formula,
        supported=verdict.supported,
        score=verdict.score,
        reason=verdict.reason,
        shown=claim in answer.claims,
        missing_numbers=verdict.missing_numbers,
        missing_names=verdict.missing_names,
        missing_words=missing_words(said),
    )


# --- Time -----------------------------------------------------------------------------------------------------


def _stage(answer: Answer, name: str) -> float | None:
    return next((timed.seconds for timed in answer.trace.seconds if timed.stage == name), None)


def _waterfall(worked: Worked) -> tuple[Bar, ...]:
    """Stages one after another, that of searching by its steps.

    The trace keeps how long each step took and in which order, not when it began; what lies between the steps of a
    stage is drawn at its end.
    """
    bars: list[Bar] = []
    at = 0.0
    for timed in worked.answer.trace.seconds:
        length = 1000 * timed.seconds
        inner = _search_bars(worked, at) if timed.stage == "retrieve" else []
        bars += inner
        rest = length - math.fsum(bar.ms for bar in inner)
        if not inner:
            bars.append(Bar(label=STAGES.get(timed.stage, timed.stage), stage=timed.stage, start_ms=at, ms=length))
        elif rest > 0:
            note = "Reading the intent, making the ranks, and what lies between the steps"
            start = at + length - rest
            bars.append(Bar(label="Rest of the search", stage=timed.stage, start_ms=start, ms=rest, note=note))
        at += length
    return tuple(bars)


def _search_bars(worked: Worked, start: float) -> list[Bar]:
    searches: list[list[StepTime]] = []
    for step in worked.answer.trace.steps:
        if step.step == next(iter(STEPS)) or not searches:
            searches.append([])
        searches[-1].append(step)
    with_earlier = {
        evidence.found.steps: evidence.in_conversation.steps
        for evidence in worked.evidence
        if evidence.in_conversation is not None
    }
    bars: list[Bar] = []
    for number, steps in enumerate(searches, start=1):
        which = f" ({number} of {len(searches)})" if len(searches) > 1 else ""
        for step in steps:
            label = STEPS[step.step].value if step.step in STEPS else step.step
            bars.append(Bar(label=f"{label}{which}", stage="retrieve", start_ms=start, ms=1000 * step.seconds))
            start += bars[-1].ms
        if again := with_earlier.get(tuple(steps)):
            label = f"Search with the earlier question{which}"
            bars.append(
                Bar(label=label, stage="retrieve", start_ms=start, ms=1000 * math.fsum(one.seconds for one in again))
            )
            start += bars[-1].ms
    return bars
