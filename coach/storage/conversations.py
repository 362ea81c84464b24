"""Conversations, turns and feedback.

Comes in: an owner token, ids, questions, answers as JSON text. Goes out: the values of ``coach.storage.records``, or
``StorageError`` that says what to do next.

Whoever holds an owner token owns what was written with it. Every call takes the token and every query filters by it.

It knows nothing about pages, answers or pathways: a pathway is a name and an answer is text.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from coach.errors import StorageError
from coach.storage.database import Database, rows
from coach.storage.records import Conversation, Feedback, Thumb, Turn
from coach.storage.tables import TITLE_CHARS, ConversationRow, FeedbackRow, TurnRow, hashed, storable

REASON_CHARS = 2000


class ConversationStore:
    """Conversations of many owners, each of whom sees only their own. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know about where their data are kept; empty when all is well."""
        return self._database.notices

    @property
    def in_memory(self) -> bool:
        """True when nothing outlives the process."""
        return self._database.in_memory

    def create(self, owner: str, pathway: str, title: str) -> Conversation:
        now = datetime.now(UTC)
        row = ConversationRow(
            id=str(uuid.uuid4()), owner=hashed(owner), title=_title(title), pathway=pathway, created=now, updated=now
        )
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            return _conversation(row)

    def conversations(self, owner: str, limit: int | None = None) -> tuple[Conversation, ...]:
        """Newest activity first; ties by id, so that the order never flickers."""
        query = (
            select(ConversationRow)
            .where(ConversationRow.owner == hashed(owner))
            .order_by(ConversationRow.updated.desc(), ConversationRow.id)
            .limit(limit)
        )
        with self._database.transaction() as session:
            return tuple(_conversation(row) for row in session.scalars(query))

    def conversation(self, owner: str, conversation_id: str) -> Conversation | None:
        """None if there is none of that id, or if it is somebody else's: the two cannot be told apart."""
        with self._database.transaction() as session:
            row = self._own(session, owner, conversation_id)
            return None if row is None else _conversation(row)

    def turns(self, owner: str, conversation_id: str, last: int | None = None) -> tuple[Turn, ...]:
        """Oldest first; ``last`` keeps only that many of the newest."""
        with self._database.transaction() as session:
            if self._own(session, owner, conversation_id) is None:
                return ()
            query = (
                select(TurnRow)
                .where(TurnRow.conversation_id == conversation_id)
                .order_by(TurnRow.position.desc())
                .limit(last)
            )
            return tuple(_turn(row) for row in reversed(session.scalars(query).all()))

    def turn_count(self, owner: str, conversation_id: str) -> int:
        with self._database.transaction() as session:
            if self._own(session, owner, conversation_id) is None:
                return 0
            query = select(func.count()).select_from(TurnRow).where(TurnRow.conversation_id == conversation_id)
            return session.scalar(query) or 0

    def append(self, owner: str, conversation_id: str, question: str, answer_json: str, turn_id: str) -> bool:
        """Add a turn at the end; False if a turn of that id is there already.

        The caller draws the id before it asks, so that the same question sent twice is kept once.
        Raises StorageError if the conversation is gone or not the owner's.
        """

        def work(session: Session) -> bool:
            now = datetime.now(UTC)
            conversation = self._own(session, owner, conversation_id)
            if conversation is None:
                raise StorageError("The turn could not be saved: this conversation was deleted. Start a new one.")
            if session.get(TurnRow, turn_id) is not None:
                return False
            newest = select(func.max(TurnRow.position)).where(TurnRow.conversation_id == conversation_id)
            # Two tabs that append at once take the same position; the loser tries the next one.
            session.add(
                TurnRow(
                    id=turn_id,
                    conversation_id=conversation_id,
                    position=(session.scalar(newest) or 0) + 1,
                    question=question,
                    answer_json=answer_json,
                    created=now,
                )
            )
            conversation.updated = now
            return True

        return self._database.settle(work)

    def rename(self, owner: str, conversation_id: str, title: str) -> bool:
        """False if there is nothing of the owner's to rename. An empty title changes nothing."""
        if not title.strip():
            return False
        statement = (
            update(ConversationRow)
            .where(ConversationRow.id == conversation_id, ConversationRow.owner == hashed(owner))
            .values(title=_title(title))
        )
        with self._database.transaction() as session:
            return rows(session.execute(statement)) > 0

    def delete(self, owner: str, conversation_id: str) -> bool:
        """Remove a conversation with its turns and feedback, from the file as well as from the lists."""
        statement = delete(ConversationRow).where(
            ConversationRow.id == conversation_id, ConversationRow.owner == hashed(owner)
        )
        with self._database.transaction() as session:
            gone = rows(session.execute(statement)) > 0
        if gone:
            self._database.wipe()
        return gone

    def delete_all(self, owner: str) -> int:
        """Remove all conversations of an owner; returns how many that were."""
        with self._database.transaction() as session:
            statement = delete(ConversationRow).where(ConversationRow.owner == hashed(owner))
            count = rows(session.execute(statement))
        if count:
            self._database.wipe()
        return count

    def rate(self, owner: str, turn_id: str, thumb: Thumb | None, reason: str = "") -> None:
        """Keep what the owner thinks of an answer, once per answer; None takes it back."""

        def work(session: Session) -> None:
            query = (
                select(TurnRow)
                .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
                .where(TurnRow.id == turn_id, ConversationRow.owner == hashed(owner))
            )
            turn = session.scalar(query)
            if turn is None:
                raise StorageError("The rating could not be saved: the answer was deleted.")
            session.execute(delete(FeedbackRow).where(FeedbackRow.turn_id == turn_id))
            if thumb is not None:
                session.add(
                    FeedbackRow(
                        turn_id=turn_id,
                        thumb=thumb.value,
                        reason=storable(reason)[:REASON_CHARS],
                        answer_json=turn.answer_json,
                        created=datetime.now(UTC),
                    )
                )

        self._database.settle(work)

    def feedback(self, owner: str, conversation_id: str) -> dict[str, Feedback]:
        """By turn id."""
        with self._database.transaction() as session:
            if self._own(session, owner, conversation_id) is None:
                return {}
            query = (
                select(FeedbackRow)
                .join(TurnRow, TurnRow.id == FeedbackRow.turn_id)
                .where(TurnRow.conversation_id == conversation_id)
            )
            return {row.turn_id: _feedback(row) for row in session.scalars(query)}

    def all_feedback(self, thumb: Thumb | None = None) -> tuple[Feedback, ...]:
        """Of every owner and without naming any: for the evaluation, which runs on the server's own machine."""
        query = select(FeedbackRow).order_by(FeedbackRow.created, FeedbackRow.turn_id)
        if thumb is not None:
            query = query.where(FeedbackRow.thumb == thumb.value)
        with self._database.transaction() as session:
            return tuple(_feedback(row) for row in session.scalars(query))

    def close(self) -> None:
        self._database.close()

    @staticmethod
    def _own(session: Session, owner: str, conversation_id: str) -> ConversationRow | None:
        query = select(ConversationRow).where(
            ConversationRow.id == conversation_id, ConversationRow.owner == hashed(owner)
        )
        return session.scalar(query)


def _title(text: str) -> str:
    line = " ".join(storable(text).split()) or "Untitled"
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(id=row.id, title=row.title, pathway=row.pathway, created=row.created, updated=row.updated)


def _turn(row: TurnRow) -> Turn:
    return Turn(
        id=row.id, position=row.position, question=row.question, answer_json=row.answer_json, created=row.created
    )


def _feedback(row: FeedbackRow) -> Feedback:
    return Feedback(
        turn_id=row.turn_id,
        thumb=Thumb(row.thumb),
        reason=row.reason,
        answer_json=row.answer_json,
        created=row.created,
    )
