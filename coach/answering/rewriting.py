"""A follow-up put into a question of its own by a language model, if it kept to what was said.

Comes in: a question that leans on a conversation, how the coach itself read it, and a model. Goes out: the question by
itself, or nothing. The model may only fill in what stands in the conversation: a name or a figure of its own, one that
it dropped, or another reading of a thing that the coach had already made out, and its version is not used.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from coach.answering.citing import coverage
from coach.answering.contradictions import denies
from coach.answering.drafting import visible
from coach.answering.grounding import missing_names, missing_numbers
from coach.answering.linking import Names
from coach.answering.prompting import rewrite_messages
from coach.models.chat import ChatError, ChatModel
from coach.models.spending import Spending
from coach.types import NOTHING_USED, Answer, Query, Usage

MOST_TOKENS = 80
MOST_CHARS = 400
KEPT = 0.5
"""Least share of the question's own information that must stand in the new one."""
SAID = 0.7
"""Least share of the new one's information that must stand in the question or the conversation."""


def rewritten(
    query: Query,
    history: Sequence[Answer],
    names: Names,
    model: ChatModel,
    spending: Spending,
    stop: threading.Event | None = None,
) -> tuple[str, Usage]:
    """The question by itself, or an empty string, also where the model fails; and what that took."""
    messages = rewrite_messages(query.question, history)
    try:
        reply = spending.ask(model, messages, MOST_TOKENS, stop=stop)
    except ChatError:
        return "", NOTHING_USED
    lines = visible(reply.text).splitlines()
    candidate = lines[0].strip(" \"'") if lines else ""
    return candidate if faithful(candidate, query, history, names) else "", reply.usage


def faithful(candidate: str, query: Query, history: Sequence[Answer], names: Names) -> bool:
    """Whether a rewritten question asks the same, with nothing in it that nobody said."""
    if not candidate.endswith("?") or len(candidate) > MOST_CHARS or "?" in candidate[:-1]:
        return False
    conversation = " ".join(
        [query.question, *(f"{turn.question} {' '.join(claim.text for claim in turn.claims)}" for turn in history)]
    )
    if denies(candidate) != denies(query.question):
        return False
    if missing_numbers(candidate, conversation) or missing_numbers(query.question, candidate):
        return False
    if missing_names(candidate, f"{conversation} {query.standalone}"):
        return False
    linked = {mention.entity.id for mention in names.link(candidate) if mention.strength == 1.0}
    if not set(query.entities) - set(query.weak) <= linked:
        return False
    return coverage(query.question, candidate) >= KEPT and coverage(candidate, conversation) >= SAID
