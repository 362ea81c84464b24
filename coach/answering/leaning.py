"""Does a question carry on the conversation, or does it leave it?

Comes in: a question read by itself and read as a follow-up, with what was found for each. Goes out: how likely it is
that it leans on what was said before. "And seniors?" does; "do they let you work from home?" after a list of books does
not. No single sign decides: a pronoun may point at nothing, and a few words may be a whole question. The weights were
fitted on the development cases (``python -m eval fit``) and lie in ``weights.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from coach.answering.answerable import likelihood, outside
from coach.answering.following import ELLIPSIS, PRONOUN, content_words, points_at_nothing
from coach.answering.selecting import Choice, fitted_weights
from coach.answering.words import split_tokens
from coach.types import Query

SECTION = "leaning"
"""Of ``weights.yaml``."""

LEANS_FROM = 0.2
"""Probability from which a question is read as a follow-up: to read one alone costs more than the other way round."""

SHORT_CONTENT = 1
"""Words of content up to which an ellipsis says nothing by itself."""

MOST_CONTENT, MOST_WORDS = 6, 15
"""Beyond so many, more words of content, or of any kind, say no more about it."""

SIGNS = (
    # how the question is put
    "constant", "content", "pronoun", "pointing", "ellipsis", "names", "words", "follow_up",
    # read by itself: whether it leaves the subject, is clear, finds a close sentence or key, and a clear fact
    "outside", "clear_intent", "close", "close_sentence", "clear_fact",
    # read as a follow-up: how much closer and clearer that is
    "closer", "clearer",
)  # fmt: skip
"""In the order of ``signs``."""


def signs(
    alone: Query,
    carried: Query,
    intents: Mapping[str, float],
    choices: Sequence[Choice],
    carried_choices: Sequence[Choice],
) -> tuple[float, ...]:
    """One value for each of ``SIGNS``. ``intents`` and ``choices`` belong to the question read by itself."""
    text = alone.question
    pronoun = PRONOUN.search(text)
    close, closer = (max(choice.similarity for choice in some) for some in (choices, carried_choices))
    clear, clearer = (likelihood(some)[0] for some in (choices, carried_choices))
    return (
        1.0,
        float(min(len(content_words(text)), MOST_CONTENT)),
        float(pronoun is not None),
        float(pronoun is not None and not points_at_nothing(text, pronoun)),
        float(ELLIPSIS.search(text) is not None),
        float(bool(alone.entities)),
        float(min(len(split_tokens(text)), MOST_WORDS)),
        float(carried.follow_up),
        outside(intents),
        math.exp(max(intents.values())) if intents else 0.0,
        close,
        max(choice.sentence for choice in choices),
        clear,
        closer - close,
        clearer - clear,
    )


def leans(values: Sequence[float]) -> bool:
    """Whether the question is to be read as a follow-up, from its ``signs``.

    "And seniors?" always is: it asks for nothing by itself, whatever its words may mean elsewhere.
    """
    named = dict(zip(SIGNS, values, strict=True))
    if named["ellipsis"] and named["content"] <= SHORT_CONTENT:
        return True
    weights = fitted_weights()[SECTION]
    score = math.fsum(weights[sign] * value for sign, value in zip(SIGNS, values, strict=True))
    return 1 / (1 + math.exp(-score)) >= LEANS_FROM
