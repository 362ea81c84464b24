"""What a question asks for, about what, with which figures, and what it carries on from.

Comes in: the question as typed, the earlier answers, the names and words of a corpus. Goes out: one ``Query``
for each part of the question. It does not look at passages and decides nothing about the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from coach.answering import deadlines
from coach.answering.antecedents import ASKING, led_back, subject
from coach.answering.following import (
    PRONOUN,
    as_before,
    carry_on,
    content_words,
    named,
    points_at_nothing,
    remembered,
    with_noun,
)
from coach.answering.lexicon import lexicon
from coach.answering.roles import figures_in, known_entities, known_figures, with_horizon
from coach.answering.spelling import in_figures, numbered, spell, unchat
from coach.answering.stating import as_meant
from coach.answering.vocabulary import Vocabulary, entities_in, unnamed, weak_entities
from coach.answering.words import clean, split_tokens, token_spans, tokens
from coach.knowledge.sentences import sentence_spans
from coach.types import Answer, Figure, Quantity, Query, Status, Unit

_PART = re.compile(rf"(?:\s*[;,]?\s+(?:and also|and then|and|also|plus|but)\s+|\s*;\s*)(?={ASKING}\b)", re.IGNORECASE)
_ASKING_SENTENCE = re.compile(
    rf"\?\s*$|^(?:so|and|but|or|ok|okay|well|hey|hi|hello|please|then|now|also|btw|honestly|[\w']+,)?[\s,]*{ASKING}\b|\b(?:wonder(?:ing)?|curious|want to know|like to know|need to know|tell me|not sure|no idea|don't know|asking|question)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    rf"(?:^|[,;:]\s+|\s-\s+|\b(?:so|but|and|then|wondering|wonder|know|curious|sure|tell me|me|idea|asking)\b[\s,]*)(?={ASKING}\b)",
    re.IGNORECASE,
)


def understand(
    question: str, history: Sequence[Answer], vocabulary: Vocabulary, *, max_chars: int, today: date | None = None
) -> tuple[Query, ...]:
    """The parts of the question, each as a query of its own; at least one.

    A part that stands alone ignores ``history``; one that leans on it takes what it lacks from the last answer
    that stated something. Context sentences lend their figures and entities to every part. Without the day on which it
    is asked, a date to be done by is read as no time.
    """
    notices: list[str] = []
    if len(question) > max_chars:
        notices.append(f"The question was cut to its first {max_chars:,} characters.")
        question = question[:max_chars]
    question = " ".join(word for word in clean(question).split() if len(word) <= 200)
    plain, meant = deadlines.in_weeks(unchat(question), today) if today else (unchat(question), {})
    plain, corrected = spell(in_figures(plain, vocabulary.names), vocabulary)
    plain = numbered(plain, vocabulary)
    sentences = [plain[start:end] for start, end in sentence_spans(plain)] or [plain]
    asking = [sentence for sentence in sentences if _ASKING_SENTENCE.search(sentence)] or sentences[-1:]
    context = " ".join(sentence for sentence in sentences if sentence not in asking)
    parts = [part for sentence in asking for part in _parts(sentence, vocabulary)] or [plain]
    if len(parts) > 1 and max(len(split_tokens(part)) for part in parts) < 3:
        parts = [" ".join(parts)]
    queries: list[Query] = []
    for part in parts[:4]:
        before = queries[-1] if queries else None
        query = _query(question, part, context, before, history, vocabulary, tuple(notices), corrected)
        figures = tuple(deadlines.exact(figure, meant) for figure in as_meant(query.figures, plain))
        queries.append(query.model_copy(update={"figures": figures}))
    return tuple(queries)


def _parts(sentence: str, vocabulary: Vocabulary) -> list[str]:
    """The questions that a sentence joins; a joint inside a name is none: "Forecast and Show"."""
    cuts = list(_PART.finditer(sentence))
    if cuts:
        spans = token_spans(sentence)
        names = [(spans[name.start][0], spans[name.end - 1][1]) for name in vocabulary.names.link(sentence)]
        cuts = [cut for cut in cuts if not any(start < cut.start() < end for start, end in names)]
    ends = [*(cut.start() for cut in cuts), len(sentence)]
    parts = [sentence[start:end].strip() for start, end in zip((0, *(cut.end() for cut in cuts)), ends, strict=True)]
    return [part for part in parts if split_tokens(part)]


def _query(
    question: str,
    part: str,
    context: str,
    before: Query | None,
    history: Sequence[Answer],
    vocabulary: Vocabulary,
    notices: tuple[str, ...],
    corrected: tuple[tuple[str, str], ...],
) -> Query:
    if context and not before and _empty(part, vocabulary):
        part, context = f"{context} {part}", ""
    part = led_back(part)
    clause = _asking_clause(part)
    own = entities_in(part, vocabulary)
    wants = tuple(
        want for want, patterns in lexicon().wants.items() if any(pattern.search(part.lower()) for pattern in patterns)
    )
    figures = (*figures_in(unnamed(context, vocabulary), told=True), *figures_in(unnamed(part, vocabulary)))
    last = next((answer for answer in reversed(history) if answer.status == Status.ANSWERED), None)
    known = known_entities(f"{context} {part}".strip(), vocabulary)
    asked = [entity for entity in own if entity not in known]
    own = with_horizon(own, figures, vocabulary)
    standalone, entities, hint, follow_up = part, own, None, False
    if before is not None and not own and PRONOUN.search(part):
        entities = before.entities
        standalone = named(part, entities, vocabulary) if entities else with_noun(part, _unlinked(before, vocabulary))
        follow_up = True
    elif last is not None and before is None:
        standalone, entities, hint, follow_up = carry_on(part, own, wants, last, history, vocabulary)
        if (elliptic_number := re.fullmatch(r"\D*\b(\d{2,3})\b[^\w%]*", part)) and not figures:
            bare = float(elliptic_number.group(1))
            figures = (
                Figure(
                    quantity=Quantity(unit=Unit.COUNT, low=bare, high=bare, text=elliptic_number.group(1)),
                    personal=False,
                    role="asserted",
                ),
            )
        figures = (*figures, *remembered(part, wants, figures, history))
        if follow_up:
            figures = tuple(as_before(figure, last.trace.query) for figure in figures)
    if context:
        told = [e for e in entities_in(context, vocabulary) if e not in known]
        entities = tuple(dict.fromkeys([*entities, *(e for e in told if not asked or _is_place(e, vocabulary))]))
    return Query(
        question=question,
        standalone=standalone,
        earlier=last.trace.query.standalone if last and before is None else "",
        clause=clause,
        context=context,
        wants=wants,
        entities=entities,
        weak=weak_entities(standalone, vocabulary),
        figures=(*figures, *known_figures(known)),
        terms=tuple(tokens(standalone)),
        follow_up=follow_up,
        facet_hint=hint,
        notices=notices,
        corrected=corrected,
    )


def _unlinked(before: Query, vocabulary: Vocabulary) -> str:
    """What the part before is about, where that is a term or nothing that the corpus knows; else an empty string.

    "They" of "which skills matter, and how long do they take?" are those that the first part is answered with.
    """
    noun = subject(before.standalone)
    strange = any(word not in vocabulary.words for word in split_tokens(noun))
    return noun if strange or vocabulary.terms.link(noun) else ""


def _empty(part: str, vocabulary: Vocabulary) -> bool:
    """Whether the asking sentence says nothing by itself, so that its subject stands in the sentences before it."""
    if entities_in(part, vocabulary):
        return False
    content = content_words(part)
    pronoun = PRONOUN.search(part)
    return not content or pronoun is not None and not points_at_nothing(part, pronoun) and len(content) < 2


def _is_place(entity: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.entity[entity].kind == "metro"


def _asking_clause(part: str) -> str:
    """From the last interrogative word that opens a clause; the whole part when none does."""
    starts = [match.end() for match in _CLAUSE.finditer(part)]
    for start in starts:
        if len(split_tokens(part[start:])) >= 3:
            return part[start:]
    return part
