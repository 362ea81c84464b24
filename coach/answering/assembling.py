"""From composed parts to the answer that is shown.

Comes in: the parts of an answer and the rankings behind them. Goes out: one ``Answer``: citations numbered by
passage, every claim checked, gaps named, the trace filled in. It chooses nothing and writes no facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from coach.answering.composing import Composed, passages_of
from coach.answering.grounding import check
from coach.answering.linking import Names
from coach.answering.statements import claim_of
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import listed
from coach.types import AS_SHIPPED, Answer, Claim, Method, Passage, Query, Retrieved, Status, Trace

Writer = Callable[[Claim], Claim]
"""Puts a claim into other words, well or badly."""

SHOWN = 20
"""Passages of the ranking that the trace keeps."""


def assemble(
    question: str,
    queries: Sequence[Query],
    parts: Sequence[Composed],
    rankings: Sequence[Sequence[Retrieved]],
    corpus: Corpus,
    names: Names,
    fingerprint: str,
    *,
    method: Method = AS_SHIPPED,
    as_it_stands: Mapping[str, Passage] | None = None,
    writer: Writer | None = None,
) -> Answer:
    """Number the citations, check every claim, keep what holds, and say what is missing.

    ``queries``, ``parts`` and ``rankings`` belong together, one each for every part of the question; ``fingerprint``
    is the index's. A claim that fails the check is not shown, unless ``method`` switches the check off; its verdict
    stays in the trace. ``as_it_stands`` holds the passages by id that quotes are held against, where those of
    ``corpus`` may be out of date; ``writer`` rewrites the draft before the check.
    """
    statements = [statement for part in parts for statement in part.statements]
    passages = passages_of(statements, corpus)
    markers = {passage.id: number for number, passage in enumerate(passages, start=1)}
    draft = [claim_of(statement, markers, corpus) for statement in statements]
    if writer is not None:
        draft = [writer(claim) for claim in draft]
    today = passages if as_it_stands is None else [as_it_stands[p.id] for p in passages if p.id in as_it_stands]
    verdicts = [check(claim, today, question) for claim in draft]
    claims = tuple(
        claim for claim, verdict in zip(draft, verdicts, strict=True) if verdict.supported or not method.check
    )
    missing = tuple(dict.fromkeys(name for part in parts for name in part.missing))
    status = _status(parts, claims)
    suggestions = tuple(dict.fromkeys(text for part in parts for text in part.suggestions))[:3]
    notices = tuple(dict.fromkeys(notice for query in queries for notice in query.notices))
    merged = _merged(rankings)
    cited = tuple(dict.fromkeys(citation.passage_id for claim in claims for citation in claim.citations))
    trace = Trace(
        query=_whole(queries),
        retrieved=_with_cited(merged, passages),
        used_passage_ids=cited,
        draft=tuple(draft),
        verdicts=tuple(verdicts),
        route="+".join(dict.fromkeys(part.route for part in parts)),
        facets=tuple(dict.fromkeys(facet for part in parts for facet in part.facets)),
        topics=topics(claims, queries, names),
        method=method,
        index_fingerprint=fingerprint,
    )
    text = answer_text(status, claims, missing, corpus, notices)
    return Answer(
        question=question,
        pathway=corpus.pathway.slug,
        status=status,
        text=text,
        claims=claims,
        missing=missing,
        suggestions=suggestions,
        trace=trace,
    )


def _status(parts: Sequence[Composed], claims: Sequence[Claim]) -> Status:
    if claims:
        return Status.ANSWERED
    return Status.OFF_TOPIC if all(part.status == Status.OFF_TOPIC for part in parts) else Status.ABSTAINED


def _whole(queries: Sequence[Query]) -> Query:
    """One query for the trace: the parts joined."""
    first = queries[0]
    if len(queries) == 1:
        return first
    return first.model_copy(
        update={
            "standalone": " ".join(query.standalone for query in queries),
            "wants": tuple(dict.fromkeys(want for query in queries for want in query.wants)),
            "entities": tuple(dict.fromkeys(entity for query in queries for entity in query.entities)),
        }
    )


def _merged(rankings: Sequence[Sequence[Retrieved]]) -> tuple[Retrieved, ...]:
    """Rankings of several parts, taken in turn; ranks counted anew."""
    if len(rankings) == 1:
        return tuple(rankings[0][:SHOWN])
    seen: dict[str, Retrieved] = {}
    for place in range(SHOWN):
        for ranking in rankings:
            if place < len(ranking):
                seen.setdefault(ranking[place].passage.id, ranking[place])
    return tuple(
        entry.model_copy(update={"rank": rank}) for rank, entry in enumerate(list(seen.values())[:SHOWN], start=1)
    )


def _with_cited(ranking: tuple[Retrieved, ...], passages: Sequence[Passage]) -> tuple[Retrieved, ...]:
    """The ranking, followed by passages that came in through a fact that refers to them."""
    held = {entry.passage.id for entry in ranking}
    extra = [passage for passage in passages if passage.id not in held]
    return ranking + tuple(
        Retrieved(passage=passage, rank=len(ranking) + n, score=0.0) for n, passage in enumerate(extra, start=1)
    )


def topics(claims: Sequence[Claim], queries: Sequence[Query], names: Names) -> tuple[str, ...]:
    """Things that the answer names and the question did not, in order."""
    asked = {entity for query in queries for entity in query.entities}
    found = [mention.entity for claim in claims for mention in names.link(claim.text) if mention.strength == 1.0]
    kinds = {"skill", "phase", "transferable", "resource", "metro", "occupation"}
    return tuple(dict.fromkeys(entity.id for entity in found if entity.kind in kinds and entity.id not in asked))


def answer_text(
    status: Status, claims: Sequence[Claim], missing: Sequence[str], corpus: Corpus, notices: Sequence[str]
) -> str:
    """The answer as Markdown. Facts come from claims alone; what is missing is named after them."""
    guide = corpus.pathway
    lines: list[str] = []
    for claim in claims:
        marks = "".join(f"[{marker}]" for marker in dict.fromkeys(citation.marker for citation in claim.citations))
        text = f"{claim.text} {marks}"
        if claim.item:
            lines.append(f"- {text}")
        elif lines and not lines[-1].startswith("- ") and not lines[-1].endswith("\n"):
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    body = "\n".join(lines)
    if status == Status.OFF_TOPIC:
        body = f"That is outside what I know: the move from {guide.origin} to {guide.target}."
    elif missing:
        gap = f"The guide and the figures I hold do not cover {listed(list(missing))}."
        body = f"{body}\n\n{gap}" if body else gap
    elif status == Status.ABSTAINED:
        body = "I found nothing in this guide that answers that."
    return "\n\n".join([*notices, body]) if notices else body
