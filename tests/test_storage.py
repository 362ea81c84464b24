"""The store keeps what people wrote, for them alone, until they delete it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from coach.errors import StorageError
from coach.settings import Settings
from coach.storage import ConversationStore, Thumb, as_markdown, open_store, store_problem
from coach.types import Answer
from tests.conftest import Place
from tests.fakes import HOSTILE, answer_to
from tests.postgres import Cluster

ADA, BOB = "a" * 43, "b" * 43
PATHWAY = "potter-to-glassblower"


def asked(store: ConversationStore, owner: str, conversation: str, question: str, turn: str) -> bool:
    return store.append(owner, conversation, question, answer_to(question, PATHWAY).model_dump_json(), turn)


def files(settings: Settings) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(settings.data_dir.iterdir()) if path.is_file())


def test_a_conversation_comes_back_as_it_was_written(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "  Which   skills? ")
    asked(store, ADA, made.id, "Which skills?", "t1")
    asked(store, ADA, made.id, "And the time?", "t2")
    assert made.title == "Which skills?"
    assert [turn.question for turn in store.turns(ADA, made.id)] == ["Which skills?", "And the time?"]
    assert [turn.position for turn in store.turns(ADA, made.id)] == [1, 2]
    first = store.turns(ADA, made.id)[0]
    assert Answer.model_validate_json(first.answer_json) == answer_to("Which skills?", PATHWAY)


def test_the_conversation_last_used_is_listed_first(store: ConversationStore) -> None:
    old, new = store.create(ADA, PATHWAY, "old"), store.create(ADA, PATHWAY, "new")
    asked(store, ADA, old.id, "again", "t1")
    assert [one.title for one in store.conversations(ADA)] == ["old", "new"]
    assert [one.id for one in store.conversations(ADA, limit=1)] == [old.id]
    assert new.updated.tzinfo is not None


def test_two_owners_never_see_or_change_each_others_conversations(store: ConversationStore) -> None:
    of_ada = store.create(ADA, PATHWAY, "Ada's")
    asked(store, ADA, of_ada.id, "skills?", "t1")
    store.rate(ADA, "t1", Thumb.DOWN, "wrong")

    assert store.conversations(BOB) == ()
    assert store.conversation(BOB, of_ada.id) is None
    assert store.turns(BOB, of_ada.id) == ()
    assert store.turn_count(BOB, of_ada.id) == 0
    assert store.feedback(BOB, of_ada.id) == {}
    assert not store.rename(BOB, of_ada.id, "Bob's")
    assert not store.delete(BOB, of_ada.id)
    assert store.delete_all(BOB) == 0
    with pytest.raises(StorageError):
        asked(store, BOB, of_ada.id, "mine?", "t2")
    with pytest.raises(StorageError):
        store.rate(BOB, "t1", Thumb.UP)

    found = store.conversation(ADA, of_ada.id)
    assert found is not None and found.title == "Ada's"
    assert store.turn_count(ADA, of_ada.id) == 1
    assert store.feedback(ADA, of_ada.id)["t1"].thumb is Thumb.DOWN


def test_the_file_does_not_hold_the_owner_token(file_store: ConversationStore, settings: Settings) -> None:
    file_store.create(ADA, PATHWAY, "mine")
    assert ADA.encode() not in files(settings)


def test_a_turn_of_the_same_id_is_kept_once(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "once")
    assert asked(store, ADA, made.id, "skills?", "t1")
    assert not asked(store, ADA, made.id, "skills?", "t1")
    assert store.turn_count(ADA, made.id) == 1


def test_a_rename_keeps_the_turns_and_an_empty_title_changes_nothing(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "before")
    assert store.rename(ADA, made.id, "after " + "x" * 200)
    assert not store.rename(ADA, made.id, "  ")
    found = store.conversation(ADA, made.id)
    assert found is not None
    assert found.title.startswith("after x") and len(found.title) == 80 and found.title.endswith("…")


def test_what_is_deleted_is_gone_from_the_files(file_store: ConversationStore, settings: Settings) -> None:
    private = "my employer is Acme Kilns of Porto"
    made, kept = file_store.create(ADA, PATHWAY, private), file_store.create(ADA, PATHWAY, "kept")
    for number in range(30):  # Enough to reach overflow pages and a log of several frames.
        asked(file_store, ADA, made.id, f"{private} skills {number}", f"t{number}")
    file_store.rate(ADA, "t3", Thumb.DOWN, private)
    assert private.encode() in files(settings)

    assert file_store.delete(ADA, made.id)

    assert file_store.conversation(ADA, made.id) is None
    assert file_store.turns(ADA, made.id) == ()
    assert file_store.all_feedback() == ()
    assert private.encode() not in files(settings)
    assert [one.id for one in file_store.conversations(ADA)] == [kept.id]


def test_an_owner_can_delete_everything_of_theirs_and_nothing_else(store: ConversationStore) -> None:
    for title in ("one", "two"):
        store.create(ADA, PATHWAY, title)
    store.create(BOB, PATHWAY, "Bob's")
    assert store.delete_all(ADA) == 2
    assert store.conversations(ADA) == ()
    assert len(store.conversations(BOB)) == 1


def test_a_rating_holds_the_whole_answer_and_the_last_one_counts(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "rated")
    asked(store, ADA, made.id, "skills?", "t1")
    store.rate(ADA, "t1", Thumb.UP)
    store.rate(ADA, "t1", Thumb.DOWN, "Not what I asked")
    given = store.feedback(ADA, made.id)["t1"]
    assert (given.thumb, given.reason) == (Thumb.DOWN, "Not what I asked")
    assert Answer.model_validate_json(given.answer_json).question == "skills?"
    assert [one.turn_id for one in store.all_feedback(Thumb.DOWN)] == ["t1"]
    assert store.all_feedback(Thumb.UP) == ()
    store.rate(ADA, "t1", None)
    assert store.feedback(ADA, made.id) == {}


def test_conversations_outlive_the_program(place: Place) -> None:
    first = place.open()
    made = first.create(ADA, PATHWAY, "kept")
    asked(first, ADA, made.id, "skills?", "t1")
    if place.settings is not None:
        first.close()
    again = place.open()
    assert again.notices == ()
    assert again.turn_count(ADA, made.id) == 1


def test_two_hundred_turns_are_kept_in_order_and_read_in_a_window(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "long")
    for number in range(200):
        asked(store, ADA, made.id, f"question {number}", f"t{number}")
    assert store.turn_count(ADA, made.id) == 200
    assert [turn.question for turn in store.turns(ADA, made.id, last=3)] == [f"question {n}" for n in (197, 198, 199)]
    assert [turn.position for turn in store.turns(ADA, made.id)] == list(range(1, 201))


def test_threads_and_programs_that_write_at_once_lose_nothing(place: Place) -> None:
    stores = {"left": place.open(), "right": place.open()}
    store = stores["left"]
    made = store.create(ADA, PATHWAY, "shared")
    failures: list[Exception] = []

    def write(name: str) -> None:
        try:
            for number in range(20):
                asked(stores[name], ADA, made.id, f"{name} {number}", f"{name}-{number}")
        except Exception as error:  # noqa: BLE001 - a thread must hand its failure over
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [turn.position for turn in store.turns(ADA, made.id)] == list(range(1, 2 * 20 + 1))


@pytest.mark.parametrize("how", ["not a database", "cut short", "scribbled over", "foreign table"])
def test_a_damaged_file_is_set_aside_whole_and_said_so(settings: Settings, how: str) -> None:
    first = open_store(settings)
    made = first.create(ADA, PATHWAY, "old")
    for number in range(50):
        asked(first, ADA, made.id, "skills?", f"t{number}")
    first.delete(ADA, "none")
    first.close()
    path = settings.data_dir / "conversations.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if how == "not a database":
        path.write_bytes(b"this was a shopping list\n" * 500)
    elif how == "cut short":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "scribbled over":
        content = bytearray(path.read_bytes())
        content[4096:12288] = b"\xa5" * 8192
        path.write_bytes(content)
    else:
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE turns (something TEXT)")
            connection.execute("CREATE TABLE conversations (something TEXT)")
    before = path.read_bytes()

    store = open_store(settings)

    asides = list(settings.data_dir.glob("conversations.damaged-*.db"))
    assert [aside.read_bytes() for aside in asides] == [before]
    assert asides[0].name in store.notices[0]
    assert not store.in_memory
    fresh = store.create(ADA, PATHWAY, "new")
    assert [one.id for one in store.conversations(ADA)] == [fresh.id]


def test_a_file_of_a_newer_version_is_left_alone(settings: Settings) -> None:
    open_store(settings).close()
    path = settings.data_dir / "conversations.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    store = open_store(settings)
    assert store.in_memory
    assert "newer version" in store.notices[0]
    assert list(settings.data_dir.glob("*damaged*")) == []


@pytest.mark.parametrize("folder", ["under a file", "read-only system folder"])
def test_a_folder_that_cannot_be_written_gives_memory_and_a_notice(tmp_path: Path, folder: str) -> None:
    blocked = tmp_path / "taken"
    blocked.write_text("a file")
    data_dir = blocked / "data" if folder == "under a file" else Path("/proc/coach")
    store = open_store(Settings(data_dir=data_dir))
    assert store.in_memory
    assert "COACH_DATA_DIR" in store.notices[0]
    made = store.create(ADA, PATHWAY, "for now")
    asked(store, ADA, made.id, "skills?", "t1")
    assert store.turn_count(ADA, made.id) == 1


def test_a_database_that_vanishes_while_in_use_says_what_to_do(
    file_store: ConversationStore, settings: Settings
) -> None:
    file_store.create(ADA, PATHWAY, "here")
    with sqlite3.connect(settings.data_dir / "conversations.db") as connection:
        connection.execute("DROP TABLE turns")
    made = file_store.conversations(ADA)[0]
    with pytest.raises(StorageError, match="doctor"):
        file_store.turns(ADA, made.id)


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "postgresql+nodriver://u:hidden-word@127.0.0.1:1/x",
        "postgresql+psycopg://u:hidden-word@127.0.0.1:1/x",
        "postgresql+psycopg://u:hidden-word@127.0.0.1:port/x",
    ],
)
def test_an_address_that_does_not_work_is_an_error_without_the_password(address: str) -> None:
    settings = Settings(database_url=address)
    with pytest.raises(StorageError) as caught:
        open_store(settings)
    for text in (str(caught.value), store_problem(settings), repr(settings)):
        assert text is not None and "hidden-word" not in text
    assert "COACH_DATABASE_URL" in str(caught.value)
    assert "COACH_DATABASE_URL" in str(store_problem(settings))


def test_a_server_that_refuses_the_password_is_an_error_without_it(postgres: Cluster) -> None:
    with pytest.raises(StorageError, match="password authentication failed") as caught:
        open_store(Settings(database_url=postgres.address("postgres", "hidden-word")))
    assert "hidden-word" not in str(caught.value)


def test_a_server_that_stops_while_in_use_says_what_to_do(postgres: Cluster) -> None:
    with postgres.database() as name:
        store = open_store(Settings(database_url=postgres.address(name)))
        store.create(ADA, PATHWAY, "here")
    with pytest.raises(StorageError, match="doctor"):
        store.conversations(ADA)
    store.close()


def test_memory_by_its_address_is_shared_by_all_threads() -> None:
    store = open_store(Settings(database_url="sqlite://"))
    assert store.in_memory
    thread = threading.Thread(target=store.create, args=(ADA, PATHWAY, "from another thread"))
    thread.start()
    thread.join()
    assert [one.title for one in store.conversations(ADA)] == ["from another thread"]


def test_another_sqlalchemy_address_is_used_as_given(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'elsewhere.db'}", data_dir=tmp_path / "unused")
    assert store_problem(settings) is None
    assert not (tmp_path / "elsewhere.db").exists()
    open_store(settings).create(ADA, PATHWAY, "there")
    assert store_problem(settings) is None
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "unused").exists()


def test_text_that_no_database_takes_is_kept_without_what_breaks_it(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "title\x00 \ud800")
    store.append(ADA, made.id, "pay\x00 \ud800?", "{}", "t1")
    assert store.turns(ADA, made.id)[0].question == "pay ??"
    store.rate(ADA, "t1", Thumb.DOWN, "no\x00 \ud800")
    assert store.feedback(ADA, made.id)["t1"].reason == "no ?"


@pytest.mark.parametrize("id_", ["\x00", "\ud800", "' OR 1=1 --", "x" * 5000, ""])
def test_an_id_that_no_database_takes_finds_nothing(store: ConversationStore, id_: str) -> None:
    store.create(ADA, PATHWAY, "mine")
    assert store.conversation(ADA, id_) is None
    assert store.turns(ADA, id_) == ()
    assert not store.delete(ADA, id_)
    assert len(store.conversations(ADA)) == 1


# --- Export -------------------------------------------------------------------------------------------------


def test_an_export_lists_sources_and_formulas(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "Months")
    asked(store, ADA, made.id, "Is eight months realistic?", "t1")
    asked(store, ADA, made.id, "Which skills?", "t2")
    asked(store, ADA, made.id, "What about Lisbon?", "t3")
    text = as_markdown(made, store.turns(ADA, made.id), "Potter to Glassblower")
    assert "## Is eight months realistic?" in text
    assert "The guide's headline says 6 to 8 months. \\[1\\]" in text
    assert "- 4 \\+ 6 \\+ 8 \\+ 4 \\+ 2 \\= 24 weeks" in text
    assert "\\[3\\] Career pathway page. “Entry pay is around \\$130,000.”" in text
    assert "- Kiln work, 4 weeks \\[2\\]\n- Cold working, 6 weeks \\[2\\]" in text
    assert "Not covered: Lisbon" in text
    assert "3 questions" in text


def test_an_export_shows_hostile_text_literally(store: ConversationStore) -> None:
    from markdown_it import MarkdownIt

    made = store.create(ADA, PATHWAY, f"# {HOSTILE}")
    asked(store, ADA, made.id, f"1. evil {HOSTILE}", "t1")
    text = as_markdown(made, store.turns(ADA, made.id))
    drawn = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    for tag in ("<img", "<a ", "<code", "<em", "<table", "<ol", "<s>"):
        assert tag not in drawn
    assert "![x](http://evil.example/a.png)" in drawn


def test_an_export_names_an_answer_that_it_cannot_read(store: ConversationStore) -> None:
    made = store.create(ADA, PATHWAY, "old")
    store.append(ADA, made.id, "still here", '{"from": "another version"}', "t1")
    text = as_markdown(made, store.turns(ADA, made.id))
    assert "## still here" in text
    assert "another version" in text
