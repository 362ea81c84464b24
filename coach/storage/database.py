"""One database for all that is kept: its transactions, its errors, and making deleted text unreadable.

Comes in: an engine that ``coach.storage.opening`` made. Goes out: sessions, each one transaction, and ``StorageError``
in place of SQLAlchemy's own errors. It knows no table.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import StaticPool

from coach.errors import StorageError
from coach.storage.layout import copies, file_of

TRIES = 50
"""How often a write is tried that another window keeps overtaking; each wait is 2 ms longer, 2.5 s in all."""

Result = TypeVar("Result")


class LostRaceError(StorageError):
    """Another writer took the same key in between, or removed the row."""


class Database:
    """Safe to share between threads."""

    def __init__(self, engine: Engine, notices: tuple[str, ...] = ()) -> None:
        self._engine = engine
        self.notices = notices
        """What a person should know about where their data are kept; empty when all is well."""
        # One in-memory connection serves all threads, so their transactions must not interleave.
        self._turnstile = threading.RLock() if isinstance(engine.pool, StaticPool) else None

    @property
    def in_memory(self) -> bool:
        """True when nothing outlives the process."""
        return self._turnstile is not None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction; the vendor's errors leave it as ours."""
        if self._turnstile is not None:
            self._turnstile.acquire()
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except (IntegrityError, StaleDataError) as error:
            raise LostRaceError("Two windows wrote the same thing at once. Try again.") from error
        except SQLAlchemyError as error:
            raise StorageError(_explained(error, self._engine)) from error
        finally:
            if self._turnstile is not None:
                self._turnstile.release()

    def settle(self, work: Callable[[Session], Result]) -> Result:
        """Do ``work`` in a transaction, again if another writer took its key: then it finds what that one wrote."""
        for attempt in range(TRIES):
            try:
                with self.transaction() as session:
                    return work(session)
            except LostRaceError:
                time.sleep(0.002 * attempt)
        raise StorageError("This could not be saved: other windows keep writing the same. Try again.")

    def wipe(self) -> None:
        """Make deleted text unreadable on disk.

        ``secure_delete`` has already overwritten it in the file with zeros; what is left is the write-ahead
        log, which a checkpoint empties. A reader in another process can hold that back for a moment, and the
        next checkpoint then does it, so a failure here is no error. A copy from before an upgrade still holds
        it and goes as a whole. On a server, vacuuming and backups are its keeper's business.
        """
        path = file_of(self._engine)
        if path is None:
            return
        with contextlib.suppress(OSError):
            for copy in copies(path):
                copy.unlink(missing_ok=True)
        for _ in range(10):
            try:
                with self._engine.connect() as connection:
                    row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except SQLAlchemyError:
                return
            if row is not None and row[0] == 0:
                return
            time.sleep(0.05)

    def close(self) -> None:
        self._engine.dispose()


def rows(result: Any) -> int:
    """How many rows a statement changed."""
    return int(result.rowcount)


def short(error: BaseException, password: str | None = None) -> str:
    """The driver's own words, without SQLAlchemy's statement, parameters and link, and without the password."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()) or type(cause).__name__
    if password:
        text = text.replace(password, "***")
    return text[:200]


def _explained(error: SQLAlchemyError, engine: Engine) -> str:
    """The fact, the place and the next step, without any statement: it would quote what people wrote."""
    place = engine.url.render_as_string(hide_password=True)
    words = short(error, engine.url.password)
    if "is full" in words or "No space left" in words:
        step = "Free some space on that disk and try again"
    elif "locked" in words:
        step = "Another program holds it; close that one or try again in a moment"
    elif "readonly" in words or "read-only" in words:
        step = "Make the file writable, or set COACH_DATA_DIR to a folder that is"
    elif "malformed" in words or "not a database" in words:
        step = "Start the program again: it sets the damaged file aside and begins a new one"
    else:
        step = "Try again; if it stays so, run `python -m coach doctor`"
    return f"What is kept at {place} cannot be read or written: {words}. {step}."
