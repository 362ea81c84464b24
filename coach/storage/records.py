"""What the store gives back: frozen values, one per row.

Comes in: nothing. Goes out: the values that the pages and the export read. It knows nothing about tables, and it keeps
an answer and a profile as the JSON text that was stored: one that an older version wrote may no longer parse, and that
must not make the rest unreadable.
"""

from __future__ import annotations

from datetime import date, datetime
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


class LearnerRecord(Frozen):
    """Who a learner is on one pathway."""

    pathway: str
    profile_json: str
    """The profile as JSON, verbatim."""
    from_day: date | None
    """Day from which what is left is planned, once the plan was dated anew."""
    revision: int
    """Starts at 1 and rises with every change: whoever saves says which one they saw."""
    updated: datetime


class DocumentKind(StrEnum):
    RESUME = "resume"
    POSTING = "posting"
    OWN = "own"
    """Added to what the coach knows, for this learner alone."""


class KeptDocument(Frozen):
    """A document whose text the learner chose to keep."""

    pathway: str
    kind: DocumentKind
    name: str
    lines: tuple[str, ...]
    kept: datetime
