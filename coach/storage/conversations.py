"""Conversations, turns and feedback in a database; the only module that knows SQLAlchemy.

Comes in: an owner token, ids, questions, answers as JSON text. Goes out: the values of
``coach.storage.records``, or ``StorageError`` that says what to do next.

Nobody logs in, so whoever holds an owner token owns what was written with it. Every call takes the token and
every query filters by it; the database holds only its SHA-256, so a copy of the file opens nobody's
conversations in the app. SQLite is the default; any other SQLAlchemy address works the same way.

It knows nothing about pages, answers or pathways: a pathway is a name and an answer is text.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    func,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import TypeDecorator

from coach.errors import StorageError
from coach.settings import Settings
from coach.storage.records import Conversation, Feedback, Thumb, Turn

FILE_NAME = "conversations.db"
TITLE_CHARS = 80
"""Fits two lines of a sidebar; a longer title is cut with an ellipsis."""
REASON_CHARS = 2000
BUSY_SECONDS = 5.0
"""How long a write waits for another process on the same file. A turn takes milliseconds to write."""
LAYOUT_VERSION = 1
"""Kept in SQLite's ``user_version``. Raise it when a table changes, and say how the old file is carried over."""


class _Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Base(DeclarativeBase):
    pass


class _Conversation(_Base):
    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(TITLE_CHARS))
    pathway: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(_Moment)
    updated: Mapped[datetime] = mapped_column(_Moment, index=True)


class _Turn(_Base):
    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "position"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    question: Mapped[str] = mapped_column(Text)
    answer_json: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(_Moment)


class _Feedback(_Base):
    __tablename__ = "feedback"
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    thumb: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    answer_json: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(_Moment)


class ConversationStore:
    """Conversations of many owners, each of whom sees only their own.

    Open it with ``open_store``. Safe to share between threads.
    """

    def __init__(self, engine: Engine, notices: tuple[str, ...] = ()) -> None:
        self._engine = engine
        self.notices = notices
        """What a person should know about where their conversations are kept; empty when all is well."""
        # One in-memory connection serves all threads, so their transactions must not interleave.
        self._turnstile = threading.RLock() if isinstance(engine.pool, StaticPool) else None

    @property
    def in_memory(self) -> bool:
        """True when nothing outlives the process."""
        return self._turnstile is not None

    def create(self, owner: str, pathway: str, title: str) -> Conversation:
        now = datetime.now(UTC)
        row = _Conversation(
            id=str(uuid.uuid4()), owner=_hashed(owner), title=_title(title), pathway=pathway, created=now, updated=now
        )
        with self._transaction() as session:
            session.add(row)
            session.flush()
            return _conversation(row)

    def conversations(self, owner: str, limit: int | None = None) -> tuple[Conversation, ...]:
        """Newest activity first; ties by id, so that the order never flickers."""
        query = (
            select(_Conversation)
            .where(_Conversation.owner == _hashed(owner))
            .order_by(_Conversation.updated.desc(), _Conversation.id)
            .limit(limit)
        )
        with self._transaction() as session:
            return tuple(_conversation(row) for row in session.scalars(query))

    def conversation(self, owner: str, conversation_id: str) -> Conversation | None:
        """None if there is none of that id, or if it is somebody else's: the two cannot be told apart."""
        with self._transaction() as session:
            row = self._own(session, owner, conversation_id)
            return None if row is None else _conversation(row)

    def turns(self, owner: str, conversation_id: str, last: int | None = None) -> tuple[Turn, ...]:
        """Oldest first; ``last`` keeps only that many of the newest."""
        with self._transaction() as session:
            if self._own(session, owner, conversation_id) is None:
                return ()
            query = (
                select(_Turn)
                .where(_Turn.conversation_id == conversation_id)
                .order_by(_Turn.position.desc())
                .limit(last)
            )
            return tuple(_turn(row) for row in reversed(session.scalars(query).all()))

    def turn_count(self, owner: str, conversation_id: str) -> int:
        with self._transaction() as session:
            if self._own(session, owner, conversation_id) is None:
                return 0
            query = select(func.count()).select_from(_Turn).where(_Turn.conversation_id == conversation_id)
            return session.scalar(query) or 0

    def append(self, owner: str, conversation_id: str, question: str, answer_json: str, turn_id: str) -> bool:
        """Add a turn at the end; False if a turn of that id is there already.

        The caller draws the id before it asks, so that the same question sent twice is kept once.
        Raises StorageError if the conversation is gone or not the owner's.
        """
        for attempt in range(50):  # Two tabs that append at once take the same position; the loser tries the next one.
            try:
                return self._append(owner, conversation_id, question, answer_json, turn_id)
            except _LostRaceError:
                time.sleep(0.002 * attempt)
        raise StorageError("The turn could not be saved: other windows keep writing this conversation. Try again.")

    def _append(self, owner: str, conversation_id: str, question: str, answer_json: str, turn_id: str) -> bool:
        now = datetime.now(UTC)
        with self._transaction() as session:
            conversation = self._own(session, owner, conversation_id)
            if conversation is None:
                raise StorageError("The turn could not be saved: this conversation was deleted. Start a new one.")
            if session.get(_Turn, turn_id) is not None:
                return False
            newest = select(func.max(_Turn.position)).where(_Turn.conversation_id == conversation_id)
            session.add(
                _Turn(
                    id=turn_id,
                    conversation_id=conversation_id,
                    position=(session.scalar(newest) or 0) + 1,
                    question=_storable(question),
                    answer_json=_storable(answer_json),
                    created=now,
                )
            )
            conversation.updated = now
        return True

    def rename(self, owner: str, conversation_id: str, title: str) -> bool:
        """False if there is nothing of the owner's to rename. An empty title changes nothing."""
        if not title.strip():
            return False
        statement = (
            update(_Conversation)
            .where(_Conversation.id == conversation_id, _Conversation.owner == _hashed(owner))
            .values(title=_title(title))
        )
        with self._transaction() as session:
            return _rows(session.execute(statement)) > 0

    def delete(self, owner: str, conversation_id: str) -> bool:
        """Remove a conversation with its turns and feedback, from the file as well as from the lists."""
        statement = delete(_Conversation).where(
            _Conversation.id == conversation_id, _Conversation.owner == _hashed(owner)
        )
        with self._transaction() as session:
            gone = _rows(session.execute(statement)) > 0
        if gone:
            self._wipe()
        return gone

    def delete_all(self, owner: str) -> int:
        """Remove all that an owner ever wrote; returns how many conversations that were."""
        with self._transaction() as session:
            count = _rows(session.execute(delete(_Conversation).where(_Conversation.owner == _hashed(owner))))
        if count:
            self._wipe()
        return count

    def rate(self, owner: str, turn_id: str, thumb: Thumb | None, reason: str = "") -> None:
        """Keep what the owner thinks of an answer, once per answer; None takes it back."""
        with self._transaction() as session:
            query = (
                select(_Turn)
                .join(_Conversation, _Conversation.id == _Turn.conversation_id)
                .where(_Turn.id == turn_id, _Conversation.owner == _hashed(owner))
            )
            turn = session.scalar(query)
            if turn is None:
                raise StorageError("The rating could not be saved: the answer was deleted.")
            session.execute(delete(_Feedback).where(_Feedback.turn_id == turn_id))
            if thumb is not None:
                session.add(
                    _Feedback(
                        turn_id=turn_id,
                        thumb=thumb.value,
                        reason=_storable(reason)[:REASON_CHARS],
                        answer_json=turn.answer_json,
                        created=datetime.now(UTC),
                    )
                )

    def feedback(self, owner: str, conversation_id: str) -> dict[str, Feedback]:
        """By turn id."""
        with self._transaction() as session:
            if self._own(session, owner, conversation_id) is None:
                return {}
            query = (
                select(_Feedback)
                .join(_Turn, _Turn.id == _Feedback.turn_id)
                .where(_Turn.conversation_id == conversation_id)
            )
            return {row.turn_id: _feedback(row) for row in session.scalars(query)}

    def all_feedback(self, thumb: Thumb | None = None) -> tuple[Feedback, ...]:
        """Of every owner and without naming any: for the evaluation, which runs on the server's own machine."""
        query = select(_Feedback).order_by(_Feedback.created, _Feedback.turn_id)
        if thumb is not None:
            query = query.where(_Feedback.thumb == thumb.value)
        with self._transaction() as session:
            return tuple(_feedback(row) for row in session.scalars(query))

    def close(self) -> None:
        self._engine.dispose()

    @staticmethod
    def _own(session: Session, owner: str, conversation_id: str) -> _Conversation | None:
        query = select(_Conversation).where(_Conversation.id == conversation_id, _Conversation.owner == _hashed(owner))
        return session.scalar(query)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """One transaction; the vendor's errors leave it as ours."""
        if self._turnstile is not None:
            self._turnstile.acquire()
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except IntegrityError as error:
            raise _LostRaceError("Two windows wrote the same thing at once. Try again.") from error
        except SQLAlchemyError as error:
            raise StorageError(_explained(error, self._engine)) from error
        finally:
            if self._turnstile is not None:
                self._turnstile.release()

    def _wipe(self) -> None:
        """Make deleted text unreadable on disk.

        ``secure_delete`` has already overwritten it in the file with zeros; what is left is the write-ahead
        log, which a checkpoint empties. A reader in another process can hold that back for a moment, and the
        next checkpoint then does it, so a failure here is no error.
        """
        if self._engine.dialect.name != "sqlite" or self.in_memory:
            return
        for _ in range(10):
            try:
                with self._engine.connect() as connection:
                    row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except SQLAlchemyError:
                return
            if row is not None and row[0] == 0:
                return
            time.sleep(0.05)


def open_store(settings: Settings) -> ConversationStore:
    """The store that the settings name.

    Raises StorageError only for an address given in ``COACH_DATABASE_URL`` that does not work: whoever set it
    wants that database and no other. The default file never stops the app: a damaged one is set aside and a
    folder that cannot be written is replaced by memory, both with a notice.
    """
    if settings.database_url is not None:
        return _open_address(settings.database_url)
    path = settings.data_dir / FILE_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open_file(path)
    except _DamagedError as damage:
        try:
            aside = _set_aside(path)
            fresh = _open_file(path)
        except (OSError, SQLAlchemyError, _DamagedError) as error:
            return _open_memory(f"{path} is damaged ({damage}) and could not be set aside ({error})")
        notice = (
            f"The conversations in {path} could not be read ({damage}). The file was set aside as {aside.name} in the "
            f"same folder, nothing in it was changed, and a new one was begun."
        )
        fresh.notices = (notice,)
        return fresh
    except _NewerError as error:
        return _open_memory(f"a newer version of this program wrote {path} ({error}), and this one leaves it alone")
    except (OSError, SQLAlchemyError) as error:
        return _open_memory(f"{path} cannot be written ({_short(error)})")


def store_problem(settings: Settings) -> str | None:
    """Why conversations cannot be read or kept, with the next step; None where all is well.

    Unlike ``open_store`` it begins no file and sets none aside.
    """
    if settings.database_url is not None:
        try:
            _open_address(settings.database_url)
        except StorageError as error:
            return str(error)
        return None
    path = settings.data_dir / FILE_NAME
    try:
        if path.exists() and path.stat().st_size > 0:
            _examine(path)
    except _DamagedError as damage:
        return f"{path} is damaged ({damage}). The next start sets it aside under another name and begins a new one."
    except _NewerError as error:
        return f"{path} was written by a newer version of this program ({error}). Update this one to read it."
    except (OSError, SQLAlchemyError) as error:
        return f"{path} cannot be read ({_short(error)}). Mend its permissions or set COACH_DATA_DIR to another folder."
    return None


class _DamagedError(Exception):
    """The file is there and is not a sound database of ours."""


class _NewerError(Exception):
    """The file is sound and of a layout that this version does not know."""


class _LostRaceError(StorageError):
    """Another writer took the same key in between."""


def _open_address(address: str) -> ConversationStore:
    try:
        url = make_url(address)
        engine = create_engine(url, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        _Base.metadata.create_all(engine)
    except (ArgumentError, ImportError) as error:
        raise StorageError(
            f"COACH_DATABASE_URL is not an address that SQLAlchemy can open ({_short(error)}). Write it as "
            f"postgresql+psycopg://user:password@host/name with its driver installed, or unset it for a local file."
        ) from error
    except SQLAlchemyError as error:
        # The password stands in the address; only its masked form may be shown.
        raise StorageError(
            f"The database at {url.render_as_string(hide_password=True)} does not answer ({_short(error)}). "
            f"Start it, mend COACH_DATABASE_URL, or unset it for a local file."
        ) from error
    return ConversationStore(engine)


def _open_file(path: Path) -> ConversationStore:
    if path.exists() and path.stat().st_size > 0:
        _examine(path)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    _prepare_sqlite(engine)
    try:
        with engine.connect() as connection:
            # Writes even when nothing changed, so that a read-only file shows itself now and not mid-question.
            connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT_VERSION}")
            connection.commit()
        _Base.metadata.create_all(engine)
    except SQLAlchemyError:
        engine.dispose()
        raise
    return ConversationStore(engine)


def _examine(path: Path) -> None:
    """Raise if the file is no sound database of ours, before anything is written to it."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    try:
        with engine.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if verdict != "ok":
                raise _DamagedError(str(verdict))
            version = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
            if version > LAYOUT_VERSION:
                raise _NewerError(f"layout {version}, this one knows {LAYOUT_VERSION}")
            found = set(inspect(connection).get_table_names())
            for table in _Base.metadata.sorted_tables:
                if table.name in found:
                    connection.execute(select(table).limit(1))
    except OperationalError as error:
        if "no such column" in str(error.orig) or "malformed" in str(error.orig):
            raise _DamagedError(_short(error)) from error
        raise
    except DatabaseError as error:  # "file is not a database", "database disk image is malformed"
        raise _DamagedError(_short(error)) from error
    finally:
        engine.dispose()


def _open_memory(why: str) -> ConversationStore:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _prepare_sqlite(engine)
    _Base.metadata.create_all(engine)
    notice = (
        f"Conversations are kept in memory only and end with this program: {why}. Set COACH_DATA_DIR to a folder "
        f"that can be written and start again to keep them."
    )
    return ConversationStore(engine, (notice,))


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # WAL: readers do not wait for a writer. FULL sync is not needed: a crash of the machine may lose the
        # last turn, never the file.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "journal_size_limit=1048576",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _set_aside(path: Path) -> Path:
    """Rename a damaged database and its log; never overwrites an earlier one."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.stem}.damaged-{stamp}-{count}{path.suffix}")
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + ending))
    return aside


def _hashed(owner: str) -> str:
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()


def _title(text: str) -> str:
    line = " ".join(_storable(text).split()) or "Untitled"
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _storable(text: str) -> str:
    """Text that every database takes: no NUL, which PostgreSQL refuses, and no lone surrogate, which has no bytes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _conversation(row: _Conversation) -> Conversation:
    return Conversation(id=row.id, title=row.title, pathway=row.pathway, created=row.created, updated=row.updated)


def _turn(row: _Turn) -> Turn:
    return Turn(
        id=row.id, position=row.position, question=row.question, answer_json=row.answer_json, created=row.created
    )


def _feedback(row: _Feedback) -> Feedback:
    return Feedback(
        turn_id=row.turn_id,
        thumb=Thumb(row.thumb),
        reason=row.reason,
        answer_json=row.answer_json,
        created=row.created,
    )


def _rows(result: Any) -> int:
    return int(result.rowcount)


def _short(error: BaseException) -> str:
    """The driver's own words, without SQLAlchemy's statement, parameters and link."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()) or type(cause).__name__
    return text[:200]


def _explained(error: SQLAlchemyError, engine: Engine) -> str:
    """The fact, the place and the next step, without any statement: it would quote what people wrote."""
    place = engine.url.render_as_string(hide_password=True)
    words = _short(error)
    if "full" in words:
        step = "Free some space on that disk and try again"
    elif "locked" in words:
        step = "Another program holds it; close that one or try again in a moment"
    elif "readonly" in words or "read-only" in words:
        step = "Make the file writable, or set COACH_DATA_DIR to a folder that is"
    elif "malformed" in words or "not a database" in words:
        step = "Start the program again: it sets the damaged file aside and begins a new one"
    else:
        step = "Try again; if it stays so, run `python -m coach doctor`"
    return f"Conversations at {place} cannot be read or written: {words}. {step}."
