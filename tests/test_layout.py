"""A database that an older version wrote is carried over whole; one that a newer version wrote is left alone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import create_engine, inspect

from coach.errors import StorageError
from coach.settings import Settings
from coach.storage import DocumentKind, Store, Thumb, open_store, store_problem
from tests.postgres import Cluster

ADA, BOB = "a" * 43, "b" * 43
PATHWAY = "potter-to-glassblower"
MONDAY = date(2026, 12, 7)
PRIVATE = "Acme Kilns of Porto"

LAYOUT_1 = """
CREATE TABLE conversations (
    id VARCHAR(36) NOT NULL, owner VARCHAR(64) NOT NULL, title VARCHAR(80) NOT NULL, pathway VARCHAR(200) NOT NULL,
    created {moment} NOT NULL, updated {moment} NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX ix_conversations_owner ON conversations (owner);
CREATE INDEX ix_conversations_updated ON conversations (updated);
CREATE TABLE turns (
    id VARCHAR(36) NOT NULL, conversation_id VARCHAR(36) NOT NULL, position INTEGER NOT NULL, question TEXT NOT NULL,
    answer_json TEXT NOT NULL, created {moment} NOT NULL, PRIMARY KEY (id), UNIQUE (conversation_id, position),
    FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
CREATE INDEX ix_turns_conversation_id ON turns (conversation_id);
CREATE TABLE feedback (
    turn_id VARCHAR(36) NOT NULL, thumb VARCHAR(8) NOT NULL, reason TEXT NOT NULL, answer_json TEXT NOT NULL,
    created {moment} NOT NULL, PRIMARY KEY (turn_id), FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE
);
INSERT INTO conversations VALUES
    ('c1', '{ada}', 'Which skills?', '{pathway}',
     '2026-11-02 08:00:00.000000{zone}', '2026-11-02 08:30:00.000000{zone}'),
    ('c2', '{bob}', 'Pay', '{pathway}',
     '2026-11-01 08:00:00.000000{zone}', '2026-11-01 08:00:00.000000{zone}');
INSERT INTO turns VALUES
    ('t1', 'c1', 1, 'Which skills?', '{{"n": 1}}', '2026-11-02 08:00:00.000000{zone}'),
    ('t2', 'c1', 2, 'And at {private}?', '{{"n": 2}}', '2026-11-02 08:30:00.000000{zone}'),
    ('t3', 'c2', 1, 'Pay?', '{{"n": 3}}', '2026-11-01 08:00:00.000000{zone}');
INSERT INTO feedback VALUES ('t2', 'down', 'Not there', '{{"n": 2}}', '2026-11-02 08:31:00.000000{zone}');
"""
"""As version 1 made it, with what it would have written."""


def layout_1(*, moment: str, zone: str) -> str:
    from hashlib import sha256

    owners = {name: sha256((name[0] * 43).encode()).hexdigest() for name in ("ada", "bob")}
    return LAYOUT_1.format(moment=moment, zone=zone, pathway=PATHWAY, private=PRIVATE, **owners)


class Old(Protocol):
    """A database of layout 1."""

    settings: Settings

    def run(self, *statements: str) -> None:
        """Past the store, each statement a transaction of its own."""

    def layout(self) -> int:
        """The number in it; 1 where there is none."""

    def tables(self) -> dict[str, set[str]]:
        """Their columns and indexes by name."""


def _tables(address: str) -> dict[str, set[str]]:
    engine = create_engine(address)
    try:
        found = inspect(engine)
        return {
            name: {column["name"] for column in found.get_columns(name)}
            | {str(one["name"]) for one in found.get_indexes(name) if not one.get("duplicates_constraint")}
            | {f"primary key {found.get_pk_constraint(name)['constrained_columns']}"}
            for name in found.get_table_names()
            if name != "layout"
        }
    finally:
        engine.dispose()


class OldFile:
    """``named`` by its address or lying in the data folder, where version 1 wrote the number 1 into it."""

    def __init__(self, folder: Path, *, named: bool) -> None:
        folder.mkdir()
        self.path = folder / ("elsewhere.db" if named else "conversations.db")
        self.settings = Settings(data_dir=folder, database_url=f"sqlite:///{self.path}" if named else None)
        self.run(*layout_1(moment="DATETIME", zone="").split(";\n"), f"PRAGMA user_version = {0 if named else 1}")

    def run(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            for statement in statements:
                connection.execute(statement)
                connection.commit()

    def layout(self) -> int:
        with closing(sqlite3.connect(self.path)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0]) or 1

    def tables(self) -> dict[str, set[str]]:
        return _tables(f"sqlite:///{self.path}")

    def copies(self) -> list[Path]:
        return sorted(self.path.parent.glob("*.layout-1-*.db"))


class OldServer:
    def __init__(self, server: Cluster, name: str) -> None:
        self.name = name
        self.server = server
        self.settings = Settings(database_url=server.address(name))
        self.run(*layout_1(moment="TIMESTAMP WITH TIME ZONE", zone="+00").strip().split(";\n"))

    def run(self, *statements: str) -> None:
        with self.server.connect(self.name) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def layout(self) -> int:
        if "layout" not in self._names():
            return 1
        with self.server.connect(self.name) as connection:
            return max(int(row[0]) for row in connection.execute("SELECT version FROM layout"))

    def tables(self) -> dict[str, set[str]]:
        return _tables(self.server.address(self.name))

    def _names(self) -> set[str]:
        with self.server.connect(self.name) as connection:
            return {str(row[0]) for row in connection.execute("SELECT tablename FROM pg_tables")}


@pytest.fixture(params=["file", "named file", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
    if request.param == "postgres":
        server: Cluster = request.getfixturevalue("postgres")
        with server.database() as name:
            yield OldServer(server, name)
    else:
        yield OldFile(tmp_path / "old", named=request.param == "named file")


@pytest.fixture
def old_file(tmp_path: Path) -> OldFile:
    return OldFile(tmp_path / "old", named=False)


def assert_nothing_is_lost(store: Store) -> None:
    assert store.notices == ()
    assert not store.in_memory
    [conversation] = store.conversations(ADA)
    assert (conversation.id, conversation.title, conversation.pathway) == ("c1", "Which skills?", PATHWAY)
    assert conversation.created == datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    assert conversation.updated == datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
    assert [(turn.id, turn.position, turn.question, turn.answer_json) for turn in store.turns(ADA, "c1")] == [
        ("t1", 1, "Which skills?", '{"n": 1}'),
        ("t2", 2, f"And at {PRIVATE}?", '{"n": 2}'),
    ]
    given = store.feedback(ADA, "c1")["t2"]
    assert (given.thumb, given.reason, given.answer_json) == (Thumb.DOWN, "Not there", '{"n": 2}')
    assert [turn.question for turn in store.turns(BOB, "c2")] == ["Pay?"]


def test_a_database_of_layout_1_is_carried_over_and_nothing_is_lost(old: Old) -> None:
    assert old.layout() == 1
    store = open_store(old.settings)
    assert_nothing_is_lost(store)
    assert old.layout() == 2
    store.append(ADA, "c1", "More?", "{}", "t4")
    store.save_profile(ADA, PATHWAY, "{}", None, None)
    store.tick(ADA, PATHWAY, "task/1/a", MONDAY)
    store.log_hours(ADA, PATHWAY, "task/1/a", 2, MONDAY, "e1")
    store.keep_document(ADA, PATHWAY, DocumentKind.RESUME, "me.pdf", ["Ada"])
    store.close()

    again = open_store(old.settings)
    assert [turn.position for turn in again.turns(ADA, "c1")] == [1, 2, 3]
    assert again.ticks(ADA, PATHWAY) == {"task/1/a": MONDAY}
    assert again.logged(ADA, PATHWAY) == {"task/1/a": 2}
    again.close()


def test_an_upgraded_database_has_the_tables_of_a_new_one(old: Old, tmp_path: Path) -> None:
    open_store(old.settings).close()
    open_store(Settings(data_dir=tmp_path / "new")).close()
    assert old.tables() == _tables(f"sqlite:///{tmp_path / 'new' / 'conversations.db'}")


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(old: Old) -> None:
    # An index of that name stands in the way when other new tables have been made.
    old.run("CREATE INDEX ix_hours_owner_pathway ON turns (question)")
    before = old.tables()
    if old.settings.database_url is None:
        store = open_store(old.settings)
        assert store.in_memory and "ix_hours_owner_pathway" in store.notices[0]
    else:
        with pytest.raises(StorageError, match="ix_hours_owner_pathway"):
            open_store(old.settings)
    assert old.tables() == before
    assert old.layout() == 1
    if isinstance(old, OldFile):
        assert old.copies() == []

    old.run("DROP INDEX ix_hours_owner_pathway")
    store = open_store(old.settings)
    assert_nothing_is_lost(store)
    store.close()


def test_programs_that_start_at_once_upgrade_once(old: Old) -> None:
    begin = threading.Barrier(4)
    stores: list[Store] = []
    failures: list[Exception] = []

    def run() -> None:
        begin.wait(30)
        try:
            stores.append(open_store(old.settings))
        except Exception as error:  # noqa: BLE001 - a thread must hand its failure over
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(stores) == 4
    for store in stores:
        assert_nothing_is_lost(store)
        store.close()
    if isinstance(old, OldFile):
        assert len(old.copies()) == 1


def test_looking_for_problems_upgrades_nothing(old: Old) -> None:
    before = old.tables()
    assert store_problem(old.settings) is None
    assert old.tables() == before
    assert old.layout() == 1


def test_a_copy_of_the_old_file_is_set_aside_with_what_its_log_still_held(old_file: OldFile) -> None:
    with closing(sqlite3.connect(old_file.path)) as held:
        held.execute("PRAGMA wal_autocheckpoint=0")
        held.execute("UPDATE conversations SET title = 'Only in the log' WHERE id = 'c2'")
        held.commit()
        assert b"Only in the log" not in old_file.path.read_bytes()
        open_store(old_file.settings).close()

    [copy] = old_file.copies()
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        titles = connection.execute("SELECT title FROM conversations ORDER BY id").fetchall()
        assert titles == [("Which skills?",), ("Only in the log",)]
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM feedback").fetchone() == (1,)
        assert set(_tables(f"sqlite:///{copy}")) == {"conversations", "turns", "feedback"}

    open_store(old_file.settings).close()
    assert old_file.copies() == [copy]  # Made once, and kept.


@pytest.mark.parametrize("how", ["delete", "delete_everything"])
def test_what_is_deleted_after_an_upgrade_is_not_left_in_the_copy(old_file: OldFile, how: str) -> None:
    store = open_store(old_file.settings)
    assert any(PRIVATE.encode() in path.read_bytes() for path in old_file.copies())
    if how == "delete":
        assert store.delete(ADA, "c1")
    else:
        assert store.delete_everything(ADA) == 1
    left = b"".join(path.read_bytes() for path in old_file.path.parent.iterdir())
    assert PRIVATE.encode() not in left
    assert [one.id for one in store.conversations(BOB)] == ["c2"]
    store.close()


def test_a_new_file_needs_no_copy(settings: Settings) -> None:
    open_store(settings).close()
    open_store(settings).close()
    assert [path.name for path in settings.data_dir.glob("*.db")] == ["conversations.db"]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(old: Old) -> None:
    open_store(old.settings).close()
    old.run("PRAGMA user_version = 99" if isinstance(old, OldFile) else "UPDATE layout SET version = 99")
    if old.settings.database_url is None:
        store = open_store(old.settings)
        assert store.in_memory and "newer version" in store.notices[0]
    else:
        with pytest.raises(StorageError, match="newer version"):
            open_store(old.settings)
    problem = store_problem(old.settings)
    assert problem is not None and "newer version" in problem and "Update this one" in problem
    assert old.layout() == 99
