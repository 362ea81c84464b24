"""All that is kept of a person: what can be taken along, and what "delete my data" removes.

Comes in: an owner token. Goes out: plain data fit for JSON, or nothing left. Adds to the two stores what needs both.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from coach.storage.conversations import ConversationStore
from coach.storage.database import rows
from coach.storage.learners import LearnerStore
from coach.storage.tables import (
    OWNED,
    ConversationRow,
    DocumentRow,
    FeedbackRow,
    HoursRow,
    ProfileRow,
    TickRow,
    TurnRow,
    hashed,
)

DATA_FORMAT = "career-coach-data"
DATA_VERSION = 1
"""Of what ``everything`` gives; raise it when an entry is renamed or goes."""


class Store(ConversationStore, LearnerStore):
    """Conversations, profiles, progress and documents in one database. Open it with ``open_store``."""

    def everything(self, owner: str) -> dict[str, Any]:
        """All that is kept of an owner, as strings, numbers, lists and mappings; oldest first.

        Answers and profiles stand in it as the data that their JSON text holds. The token does not: whoever gets
        hold of the download must not be able to read on.
        """
        mine = hashed(owner)
        with self._database.transaction() as session:
            profiles = session.scalars(
                select(ProfileRow).where(ProfileRow.owner == mine).order_by(ProfileRow.updated, ProfileRow.pathway)
            )
            ticks = session.scalars(select(TickRow).where(TickRow.owner == mine).order_by(TickRow.day))
            hours = session.scalars(select(HoursRow).where(HoursRow.owner == mine).order_by(HoursRow.day))
            documents = session.scalars(
                select(DocumentRow).where(DocumentRow.owner == mine).order_by(DocumentRow.kept, DocumentRow.name)
            )
            return {
                "format": DATA_FORMAT,
                "version": DATA_VERSION,
                "made": datetime.now(UTC).isoformat(),
                "conversations": _conversations(session, mine),
                "profiles": [
                    {
                        "pathway": row.pathway,
                        "profile": _read(row.profile_json),
                        "from_day": row.from_day.isoformat() if row.from_day else None,
                        "revision": row.revision,
                        "updated": row.updated.isoformat(),
                    }
                    for row in profiles
                ],
                "ticks": [
                    {"pathway": row.pathway, "step_id": row.step_id, "day": row.day.isoformat()} for row in ticks
                ],
                "hours": [
                    {
                        "entry_id": row.entry_id,
                        "pathway": row.pathway,
                        "step_id": row.step_id,
                        "hours": row.hours,
                        "day": row.day.isoformat(),
                    }
                    for row in hours
                ],
                "documents": [
                    {
                        "pathway": row.pathway,
                        "kind": row.kind,
                        "name": row.name,
                        "lines": _read(row.lines_json),
                        "kept": row.kept.isoformat(),
                    }
                    for row in documents
                ],
            }

    def delete_everything(self, owner: str) -> int:
        """Remove all that an owner ever wrote, from the file as well; returns how many conversations that were."""
        mine = hashed(owner)
        with self._database.transaction() as session:
            gone = {table: rows(session.execute(delete(table).where(table.owner == mine))) for table in OWNED}
        if any(gone.values()):
            self._database.wipe()
        return gone[ConversationRow]

    def delete_all(self, owner: str) -> int:
        """Whoever asks this store to delete all means profiles and progress as well."""
        return self.delete_everything(owner)


def _conversations(session: Session, mine: str) -> list[dict[str, Any]]:
    query = (
        select(TurnRow, FeedbackRow)
        .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
        .outerjoin(FeedbackRow, FeedbackRow.turn_id == TurnRow.id)
        .where(ConversationRow.owner == mine)
        .order_by(TurnRow.position)
    )
    turns: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for turn, feedback in session.execute(query):
        turns[turn.conversation_id].append(
            {
                "id": turn.id,
                "question": turn.question,
                "answer": _read(turn.answer_json),
                "created": turn.created.isoformat(),
                "feedback": None if feedback is None else _feedback(feedback),
            }
        )
    found = session.scalars(
        select(ConversationRow).where(ConversationRow.owner == mine).order_by(ConversationRow.created)
    )
    return [
        {
            "id": row.id,
            "title": row.title,
            "pathway": row.pathway,
            "created": row.created.isoformat(),
            "updated": row.updated.isoformat(),
            "turns": turns[row.id],
        }
        for row in found
    ]


def _feedback(row: FeedbackRow) -> dict[str, Any]:
    """Without the answer that was rated: it is the turn's, word for word."""
    return {"thumb": row.thumb, "reason": row.reason, "created": row.created.isoformat()}


def _read(text: str) -> Any:
    """The data in stored JSON; text that is none is given as it is, so that nothing is held back."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
