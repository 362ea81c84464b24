"""The next step in the words of an answer.

Comes in: a ``NextStep`` of a learner's plan. Goes out: statements that rest on sentences of the guide, to be numbered
and checked like any others. It decides nothing: ``next_step`` did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coach.answering.statements import Ref, Statement, quote
from coach.knowledge.corpus import Corpus
from coach.planning.next_step import time_said
from coach.planning.plan import Kind, NextStep, Plan, Portion, Step
from coach.types import Citation, Support

ASKED_BY = "actions.first"
"""The facet that answers what to begin with, or to do now."""


def told(plan: Plan, found: NextStep, corpus: Corpus) -> tuple[Statement, ...]:
    """The step, its reason, what there is time for, its hours, and what comes after; empty where everything is done."""
    if found.now is None:
        return ()
    return tuple(_said(found.now, found, plan, corpus))


def _said(now: Portion, found: NextStep, plan: Plan, corpus: Corpus) -> Iterator[Statement]:
    step = now.step
    yield from named(step, corpus)
    replaced = [cited for resource in step.resources if resource.instead_of for cited in resource.citations]
    for id_, at in _refs(replaced, corpus):
        yield replace(quote(corpus.by_id[id_], at), item=False)
    if found.reason is not None:
        for id_, at in _refs(step.citations, corpus):
            yield quote(corpus.by_id[id_], at)
    refs = _refs((*step.said, *step.citations), corpus)
    rest = step.hours_left - now.hours
    sums = f"; {step.hours_left:g} - {now.hours:g} = {rest:g} hours, which is {time_said(rest)}" if rest else ""
    yield Statement(now.sized, Support.COMPUTED, refs, f"time for it now: {time_said(now.hours)}{sums}")
    if step.formula and not step.saved and step.hours_left == step.hours:
        yield Statement(
            f"It takes about {step.hours:g} hours; your plan has {plan.weekly_hours:g} hours a week.",
            Support.COMPUTED,
            refs,
            f"{step.formula}, to the quarter {step.hours:g}; your profile: {plan.weekly_hours:g} hours a week",
        )
    for later in found.then:
        yield from named(later, corpus, item=True)[:1]


def named(step: Step, corpus: Corpus, *, item: bool = False) -> list[Statement]:
    """What is to be done, for a list if ``item``. The guide's own words, without any of ours before them, wherever it
    has some: the check of claims rightly asks for evidence of each word."""
    refs = _refs(step.said, corpus)
    if step.kind is Kind.RESOURCE:
        text = f"{step.title}."
        return [Statement(text, Support.INFERRED, (*refs, *_refs(step.citations, corpus)), item=item)]
    return [replace(quote(corpus.by_id[id_], at), item=item) for id_, at in refs]


def _refs(citations: Sequence[Citation], corpus: Corpus) -> tuple[Ref, ...]:
    """The sentences that citations point at."""
    return tuple(
        (cited.passage_id, at)
        for cited in citations
        for at, sentence in enumerate(corpus.by_id[cited.passage_id].sentences)
        if sentence.start == cited.start
    )
