"""Where the store is, and what to do when it is not as it should be.

Comes in: the settings. Goes out: an open ``Store``, with notices where something was amiss. SQLite in the data folder
is the default; ``COACH_DATABASE_URL`` names another database, PostgreSQL or SQLite.

It knows nothing about what is kept, only whether its tables can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, inspect, make_url, select
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from coach.errors import StorageError
from coach.settings import Settings
from coach.storage.database import Database, short
from coach.storage.layout import NewerError, bring_up_to_date, refuse_newer
from coach.storage.store import Store
from coach.storage.tables import Base

FILE_NAME = "conversations.db"
"""From when it held nothing else; another name would leave behind what people have."""
BUSY_SECONDS = 5.0
"""How long a write waits for another process on the same file. A turn takes milliseconds to write."""
CONNECT_SECONDS = 10
"""How long a server may take to answer at all; libpq would wait for ever."""


class _DamagedError(Exception):
    """The file is there and is not a sound database of ours."""


def open_store(settings: Settings) -> Store:
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
        return Store(_open_file(path))
    except _DamagedError as damage:
        try:
            aside = _set_aside(path)
            fresh = _open_file(path)
        except (OSError, SQLAlchemyError, _DamagedError) as error:
            return _instead_of_file(f"{path} is damaged ({damage}) and could not be set aside ({error})")
        notice = (
            f"The conversations and plans in {path} could not be read ({damage}). The file was set aside as "
            f"{aside.name} in the same folder, nothing in it was changed, and a new one was begun."
        )
        fresh.notices = (notice,)
        return Store(fresh)
    except NewerError as error:
        return _instead_of_file(f"a newer version of this program wrote {path} ({error}), and this one leaves it alone")
    except (OSError, SQLAlchemyError) as error:
        return _instead_of_file(f"{path} cannot be written ({short(error)})")


def open_passing_store(*notices: str) -> Store:
    """An empty store in memory that is nobody else's and ends with whoever holds it."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _prepare_sqlite(engine)
    bring_up_to_date(engine)
    return Store(Database(engine, notices))


def store_problem(settings: Settings) -> str | None:
    """Why nothing can be read or kept, with the next step; None where all is well.

    Unlike ``open_store`` it begins no file, upgrades none and sets none aside.
    """
    if settings.database_url is not None:
        try:
            url = _address(settings.database_url)
            if not _is_sqlite(url) or Path(_file(url) or "").is_file():
                _reach(url).dispose()
        except StorageError as error:
            return str(error)
        return None
    path = settings.data_dir / FILE_NAME
    try:
        if path.exists() and path.stat().st_size > 0:
            _examine(path)
    except _DamagedError as damage:
        return f"{path} is damaged ({damage}). The next start sets it aside under another name and begins a new one."
    except NewerError as error:
        return f"{path} was written by a newer version of this program ({error}). Update this one to read it."
    except (OSError, SQLAlchemyError) as error:
        return f"{path} cannot be read ({short(error)}). Mend its permissions or set COACH_DATA_DIR to another folder."
    return None


# --- A database named by its address ------------------------------------------------------------------------


def _open_address(address: str) -> Store:
    url = _address(address)
    if _is_sqlite(url) and _file(url) is None:
        return open_passing_store()
    engine = _reach(url)
    with _explaining(url, engine):
        bring_up_to_date(engine)
    return Store(Database(engine))


def _address(address: str) -> URL:
    try:
        url = make_url(address)
        url.get_dialect()
    except (ArgumentError, ImportError) as error:
        raise _unusable(short(error)) from error
    except ValueError as error:
        # Its text quotes what stands at the port's place, which is part of a password that holds a colon.
        raise _unusable("its port is no number; in a password, write : / @ and % as %3A %2F %40 and %25") from error
    return url


def _reach(url: URL) -> Engine:
    """An engine on a database that answers and that is not of a newer layout."""
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args=_connect_args(url))
    except (ArgumentError, ImportError) as error:
        raise _unusable(short(error)) from error
    if _is_sqlite(url):
        _prepare_sqlite(engine)
    with _explaining(url, engine), engine.connect() as connection:
        refuse_newer(connection)
    return engine


@contextmanager
def _explaining(url: URL, engine: Engine) -> Iterator[None]:
    """Close the engine on an error and say what to do. Only the masked form of an address may be shown."""
    place = url.render_as_string(hide_password=True)
    try:
        yield
    except NewerError as error:
        engine.dispose()
        raise StorageError(
            f"A newer version of this program wrote the database at {place} ({error}). Update this one, or let "
            f"COACH_DATABASE_URL name another database."
        ) from error
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise StorageError(
            f"The database at {place} does not answer ({short(error, url.password)}). "
            f"Start it, mend COACH_DATABASE_URL, or unset it for a local file."
        ) from error


def _connect_args(url: URL) -> dict[str, Any]:
    if _is_sqlite(url):
        return {"timeout": BUSY_SECONDS}
    if url.get_driver_name() in ("psycopg", "psycopg2") and "connect_timeout" not in url.query:
        return {"connect_timeout": CONNECT_SECONDS}
    return {}


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _file(url: URL) -> str | None:
    """The file of an SQLite address; None where it names memory."""
    return None if url.database in (None, "", ":memory:") else url.database


def _unusable(why: str) -> StorageError:
    return StorageError(
        f"COACH_DATABASE_URL is not an address that SQLAlchemy can open ({why}). Write it as "
        f"postgresql+psycopg://user:password@host/name with its driver installed, or unset it for a local file."
    )


# --- The file in the data folder ----------------------------------------------------------------------------


def _open_file(path: Path) -> Database:
    if path.exists() and path.stat().st_size > 0:
        _examine(path)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    _prepare_sqlite(engine)
    try:
        bring_up_to_date(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine)


def _examine(path: Path) -> None:
    """Raise if the file is no sound database of ours, before anything is written to it."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    try:
        with engine.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if verdict != "ok":
                raise _DamagedError(str(verdict))
            refuse_newer(connection)
            found = set(inspect(connection).get_table_names())
            for table in Base.metadata.sorted_tables:
                if table.name in found:
                    connection.execute(select(table).limit(1))
    except OperationalError as error:
        if "no such column" in str(error.orig) or "malformed" in str(error.orig):
            raise _DamagedError(short(error)) from error
        raise
    except DatabaseError as error:  # "file is not a database", "database disk image is malformed"
        raise _DamagedError(short(error)) from error
    finally:
        engine.dispose()


def _instead_of_file(why: str) -> Store:
    return open_passing_store(
        f"Conversations and plans are kept in memory only and end with this program: {why}. Set COACH_DATA_DIR to a "
        f"folder that can be written and start again to keep them."
    )


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
