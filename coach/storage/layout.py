"""Which layout a database has, and carrying an older one over.

Comes in: a database of this program, of whatever version, or an empty one. Goes out: the same with the tables of
``coach.storage.tables`` and the layout's number in it, or untouched and ``NewerError``.

SQLite keeps the number in ``user_version``, as layout 1 did; PostgreSQL has no such place, so there it stands in a
table, ``layout``, which layout 1 did not have.

- Layout 1: ``conversations``, ``turns``, ``feedback``.
- Layout 2: ``profiles``, ``ticks``, ``hours`` and ``documents`` as well. Nothing of layout 1 changed, so an upgrade is
  the making of missing tables. Whoever changes a table for layout 3 alters it here, before they are made.
"""

from __future__ import annotations

import contextlib
import glob
import shutil
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table, delete, func, insert, inspect, select
from sqlalchemy.engine import Connection, Engine

from coach.storage.tables import Base

LAYOUT_VERSION = 2
_UPGRADE_LOCK = 0x636F616368
"""Under this number, "coach" in ASCII, PostgreSQL lets one program upgrade at a time."""

_layout = Table("layout", MetaData(), Column("version", Integer, primary_key=True, autoincrement=False))


class NewerError(Exception):
    """The database is sound and of a layout that this version does not know."""


def layout_of(connection: Connection) -> int:
    """0 where there is nothing yet."""
    found = 0
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
    elif inspect(connection).has_table(_layout.name):
        found = connection.scalar(select(func.max(_layout.c.version))) or 0
    if not found and inspect(connection).has_table("conversations"):
        return 1  # Layout 1 wrote its number into its own file and into no other database.
    return found


def refuse_newer(connection: Connection) -> None:
    found = layout_of(connection)
    if found > LAYOUT_VERSION:
        raise NewerError(f"layout {found}, this one knows {LAYOUT_VERSION}")


def bring_up_to_date(engine: Engine) -> None:
    """Make or upgrade the tables in one transaction; a file of an older layout is first copied beside itself.

    Two programs that start at once take turns. If anything fails, the database is as it was and no copy is left.
    """
    copy: Path | None = None
    try:
        with engine.connect() as connection:
            _take_turn(connection)
            refuse_newer(connection)
            found = layout_of(connection)
            if 0 < found < LAYOUT_VERSION:
                copy = _copied_aside(engine, found)
            Base.metadata.create_all(connection)
            _mark(connection, found)
            connection.commit()
    except BaseException:
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise


def copies(path: Path) -> list[Path]:
    """Copies of a file that were made before it was upgraded."""
    return sorted(path.parent.glob(f"{glob.escape(path.stem)}.layout-*{glob.escape(path.suffix)}"))


def file_of(engine: Engine) -> Path | None:
    """None for a server, and for what lives in memory."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    path = Path(engine.url.database)
    return path if path.is_file() else None


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Python's driver begins no transaction before CREATE TABLE by itself, and this one also waits for its turn.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")


def _mark(connection: Connection, found: int) -> None:
    if connection.dialect.name == "sqlite":
        # Writes even when nothing changed, so that a read-only file shows itself now and not mid-question.
        connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT_VERSION}")
    elif found != LAYOUT_VERSION:
        _layout.create(connection, checkfirst=True)
        connection.execute(delete(_layout))
        connection.execute(insert(_layout).values(version=LAYOUT_VERSION))


def _copied_aside(engine: Engine, layout: int) -> Path | None:
    """A server's copies are its keeper's business: there the transaction alone protects what is there."""
    path = file_of(engine)
    if path is None:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    copy = path.with_name(f"{path.stem}.layout-{layout}-{stamp}{path.suffix}")
    try:
        with engine.connect() as connection:  # A second one: what is in the write-ahead log is copied as well.
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        shutil.copymode(path, copy)
    except BaseException:
        with contextlib.suppress(OSError):
            copy.unlink(missing_ok=True)
        raise
    return copy
