"""The tables, as layout 2 has them, and how values of Python become values of theirs.

Comes in: nothing. Goes out: one class per table. Every row belongs to an owner, named by the SHA-256 of their token or
through its conversation. It knows nothing about where the database is or who asks.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

from sqlalchemy import Date, DateTime, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

TITLE_CHARS = 80
"""Fits two lines of a sidebar; a longer title is cut with an ellipsis."""


def hashed(owner: str) -> str:
    """What stands for an owner in the tables, so that a copy of them opens nobody's data in the app."""
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    r"""Text that every database takes: no NUL, which PostgreSQL refuses, and no lone surrogate, which has no bytes.

    >>> storable("pay\x00 \ud800?")
    'pay ??'
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Line(TypeDecorator[str]):
    """Text of a stated length, made storable on its way in: as a value, and where a query compares with it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Prose(TypeDecorator[str]):
    """Text of any length, made storable like a ``Line``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Base(DeclarativeBase):
    pass


class ConversationRow(Base):
    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(Line(36), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(Line(TITLE_CHARS))
    pathway: Mapped[str] = mapped_column(Line(200))
    created: Mapped[datetime] = mapped_column(Moment)
    updated: Mapped[datetime] = mapped_column(Moment, index=True)


class TurnRow(Base):
    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "position"),)
    id: Mapped[str] = mapped_column(Line(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    question: Mapped[str] = mapped_column(Prose)
    answer_json: Mapped[str] = mapped_column(Prose)
    created: Mapped[datetime] = mapped_column(Moment)


class FeedbackRow(Base):
    __tablename__ = "feedback"
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    thumb: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Prose)
    answer_json: Mapped[str] = mapped_column(Prose)
    created: Mapped[datetime] = mapped_column(Moment)


class ProfileRow(Base):
    __tablename__ = "profiles"
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    pathway: Mapped[str] = mapped_column(Prose, primary_key=True)
    profile_json: Mapped[str] = mapped_column(Prose)
    from_day: Mapped[date | None] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(Integer)
    updated: Mapped[datetime] = mapped_column(Moment)


class TickRow(Base):
    """One row per step and not one list per learner: two windows that tick at once write two rows."""

    __tablename__ = "ticks"
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    pathway: Mapped[str] = mapped_column(Prose, primary_key=True)
    step_id: Mapped[str] = mapped_column(Prose, primary_key=True)
    day: Mapped[date] = mapped_column(Date)


class HoursRow(Base):
    """One row per entry; its id is the owner's own, so that nobody's entry stands in the way of another's."""

    __tablename__ = "hours"
    __table_args__ = (Index("ix_hours_owner_pathway", "owner", "pathway"),)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    entry_id: Mapped[str] = mapped_column(Prose, primary_key=True)
    pathway: Mapped[str] = mapped_column(Prose)
    step_id: Mapped[str] = mapped_column(Prose)
    hours: Mapped[float] = mapped_column(Float(53))
    day: Mapped[date] = mapped_column(Date)


class DocumentRow(Base):
    __tablename__ = "documents"
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    pathway: Mapped[str] = mapped_column(Prose, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(Prose, primary_key=True)
    lines_json: Mapped[str] = mapped_column(Prose)
    kept: Mapped[datetime] = mapped_column(Moment)


OWNED = (ConversationRow, ProfileRow, TickRow, HoursRow, DocumentRow)
"""Tables with an owner; turns and feedback go with their conversation."""
