"""What the store gives back: frozen values, one per row.

Comes in: nothing. Goes out: ``Conversation``, ``Turn`` and ``Feedback`` as the pages and the export read them.
It knows nothing about tables, and it keeps an answer as the JSON text that was stored: an answer that an
older version wrote may no longer parse, and that must not make the conversation unreadable.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from coach.types import Frozen


class Thumb(StrEnum):
    UP = "up"
    DOWN = "down"


class Conversation(Frozen):
    """One thread of questions about one pathway. Times are in UTC."""

    id: str
    title: str
    pathway: str
    created: datetime
    updated: datetime


class Turn(Frozen):
    """One question and its answer, in the order in which they were asked."""

    id: str
    position: int
    """Starts at 1."""
    question: str
    answer_json: str
    """``Answer.model_dump_json()``, verbatim."""
    created: datetime


class Feedback(Frozen):
    """What a learner thought of one answer."""

    turn_id: str
    thumb: Thumb
    reason: str
    answer_json: str
    """The whole answer as it was judged, so that a complaint can be replayed as a case."""
    created: datetime
