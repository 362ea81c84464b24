"""Profiles, ticks, hours and documents are kept for their owner alone, whatever several windows do at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coach.errors import ConflictError, StorageError
from coach.settings import Settings
from coach.storage import DocumentKind, Store, Thumb, open_passing_store
from tests.conftest import Place
from tests.fakes import answer_to

ADA, BOB = "a" * 43, "b" * 43
PATHWAY, OTHER = "potter-to-glassblower", "clerk-to-baker"
MONDAY, TUESDAY = date(2026, 12, 7), date(2026, 12, 8)
SIX_HOURS, TEN_HOURS = '{"weekly_hours": 6.0}', '{"weekly_hours": 10.0}'


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def at_once(*works: Callable[[], object]) -> list[Exception]:
    """Run all in threads that begin together; what they raised."""
    failures: list[Exception] = []
    begin = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        begin.wait(30)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a thread must hand its failure over
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def fill(store: Store, owner: str, word: str) -> None:
    """Something of every kind that is kept, with ``word`` wherever a person can write."""
    made = store.create(owner, PATHWAY, word)
    store.append(owner, made.id, word, answer_to(word, PATHWAY).model_dump_json(), f"turn-{owner[0]}")
    store.rate(owner, f"turn-{owner[0]}", Thumb.DOWN, word)
    store.save_profile(owner, PATHWAY, json.dumps({"region": word}), MONDAY, None)
    store.tick(owner, PATHWAY, f"task/1/{word}", MONDAY)
    store.log_hours(owner, PATHWAY, f"task/1/{word}", 1.5, MONDAY, f"entry-{word}")
    store.keep_document(owner, PATHWAY, DocumentKind.RESUME, f"{word}.pdf", [word, "Kiln work"])


# --- Profile ------------------------------------------------------------------------------------------------


def test_a_profile_comes_back_as_it_was_saved_with_a_rising_revision(store: Store) -> None:
    assert store.learner(ADA, PATHWAY) is None
    before = datetime.now(UTC)
    assert store.save_profile(ADA, PATHWAY, SIX_HOURS, None, None) == 1
    assert store.save_profile(ADA, PATHWAY, TEN_HOURS, MONDAY, 1) == 2
    found = store.learner(ADA, PATHWAY)
    assert found is not None
    assert (found.pathway, found.profile_json, found.from_day, found.revision) == (PATHWAY, TEN_HOURS, MONDAY, 2)
    assert before <= found.updated <= datetime.now(UTC)


def test_each_pathway_has_a_profile_of_its_own_and_the_last_changed_is_first(store: Store) -> None:
    store.save_profile(ADA, PATHWAY, SIX_HOURS, None, None)
    store.save_profile(ADA, OTHER, TEN_HOURS, None, None)
    assert [one.pathway for one in store.learners(ADA)] == [OTHER, PATHWAY]
    store.save_profile(ADA, PATHWAY, TEN_HOURS, None, 1)
    assert [(one.pathway, one.revision) for one in store.learners(ADA)] == [(PATHWAY, 2), (OTHER, 1)]


@pytest.mark.parametrize("seen", [None, 1, 3])
def test_a_window_that_did_not_see_the_newest_profile_overwrites_nothing(store: Store, seen: int | None) -> None:
    store.save_profile(ADA, PATHWAY, SIX_HOURS, None, None)
    store.save_profile(ADA, PATHWAY, TEN_HOURS, None, 1)
    with pytest.raises(ConflictError, match="Reload this page"):
        store.save_profile(ADA, PATHWAY, '{"weekly_hours": 1.0}', None, seen)
    found = store.learner(ADA, PATHWAY)
    assert found is not None and (found.profile_json, found.revision) == (TEN_HOURS, 2)


def test_a_profile_that_was_deleted_meanwhile_does_not_come_back(store: Store) -> None:
    store.save_profile(ADA, PATHWAY, SIX_HOURS, None, None)
    store.delete_everything(ADA)
    with pytest.raises(ConflictError):
        store.save_profile(ADA, PATHWAY, TEN_HOURS, None, 1)
    assert store.learner(ADA, PATHWAY) is None


def test_the_same_profile_saved_twice_is_no_conflict(store: Store) -> None:
    assert store.save_profile(ADA, PATHWAY, SIX_HOURS, MONDAY, None) == 1
    assert store.save_profile(ADA, PATHWAY, SIX_HOURS, MONDAY, None) == 1
    with pytest.raises(ConflictError):  # Another day to plan from is another content.
        store.save_profile(ADA, PATHWAY, SIX_HOURS, TUESDAY, None)


@pytest.mark.parametrize("seen", [None, 1])
def test_of_windows_that_save_at_once_one_wins_and_the_others_are_told(place: Place, seen: int | None) -> None:
    stores = [place.open() for _ in range(4)]
    if seen is not None:
        assert stores[0].save_profile(ADA, PATHWAY, "{}", None, None) == seen
    profiles = [json.dumps({"weekly_hours": hours}) for hours in range(1, 5)]
    failures = at_once(
        *(
            lambda store=store, profile=profile: store.save_profile(ADA, PATHWAY, profile, None, seen)
            for store, profile in zip(stores, profiles, strict=True)
        )
    )
    assert [type(failure) for failure in failures] == [ConflictError] * (4 - 1)
    found = stores[0].learner(ADA, PATHWAY)
    assert found is not None and found.profile_json in profiles
    assert found.revision == (seen or 0) + 1


# --- Progress -----------------------------------------------------------------------------------------------


def test_ticks_are_listed_by_day_and_can_be_taken_back(store: Store) -> None:
    store.tick(ADA, PATHWAY, "task/1/b", TUESDAY)
    store.tick(ADA, PATHWAY, "task/1/c", MONDAY)
    store.tick(ADA, PATHWAY, "task/1/a", TUESDAY)
    assert list(store.ticks(ADA, PATHWAY).items()) == [
        ("task/1/c", MONDAY), ("task/1/a", TUESDAY), ("task/1/b", TUESDAY),
    ]  # fmt: skip
    assert store.untick(ADA, PATHWAY, "task/1/a")
    assert not store.untick(ADA, PATHWAY, "task/1/a")
    store.tick(ADA, PATHWAY, "task/1/b", MONDAY)
    assert store.ticks(ADA, PATHWAY) == {"task/1/b": MONDAY, "task/1/c": MONDAY}
    assert store.ticks(ADA, OTHER) == {}


def test_windows_that_tick_at_once_lose_none_of_each_others_ticks(place: Place) -> None:
    def all_of(store: Store, name: str) -> None:
        for number in range(15):
            store.tick(ADA, PATHWAY, f"{name}/{number}", MONDAY)
            store.tick(ADA, PATHWAY, f"both/{number}", MONDAY)
            store.log_hours(ADA, PATHWAY, "both", 0.5, MONDAY, f"{name}-{number}")
            store.log_hours(ADA, PATHWAY, "both", 0.5, MONDAY, f"both-{number}")

    left, right = place.open(), place.open()
    assert at_once(lambda: all_of(left, "left"), lambda: all_of(right, "right")) == []
    steps = [f"{name}/{number}" for name in ("left", "right", "both") for number in range(15)]
    assert left.ticks(ADA, PATHWAY) == dict.fromkeys(steps, MONDAY)
    assert right.logged(ADA, PATHWAY) == {"both": 3 * 15 * 0.5}


def test_an_entry_of_hours_that_is_sent_twice_counts_once(store: Store) -> None:
    assert store.log_hours(ADA, PATHWAY, "skill/kiln", 1.5, MONDAY, "e1")
    assert not store.log_hours(ADA, PATHWAY, "skill/kiln", 1.5, MONDAY, "e1")
    assert store.log_hours(ADA, PATHWAY, "skill/kiln", 0.25, MONDAY, "e2")
    assert store.log_hours(ADA, PATHWAY, "skill/lathe", 2, TUESDAY, "e3")
    assert store.log_hours(ADA, OTHER, "skill/kiln", 8, TUESDAY, "e4")
    assert store.logged(ADA, PATHWAY) == {"skill/kiln": 1.5 + 0.25, "skill/lathe": 2}
    assert store.unlog_hours(ADA, "e2")
    assert not store.unlog_hours(ADA, "e2")
    assert store.logged(ADA, PATHWAY) == {"skill/kiln": 1.5, "skill/lathe": 2}


def test_the_sum_of_hours_is_exact_in_any_order(store: Store) -> None:
    for number in range(10):
        store.log_hours(ADA, PATHWAY, "skill/kiln", 0.1, MONDAY, f"e{number}")
    assert store.logged(ADA, PATHWAY) == {"skill/kiln": 1.0}  # Added one by one, 0.1 ten times is 0.9999999999999999.


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf")])
def test_hours_that_are_none_are_refused(store: Store, hours: float) -> None:
    with pytest.raises(StorageError, match="above 0"):
        store.log_hours(ADA, PATHWAY, "skill/kiln", hours, MONDAY, "e1")
    assert store.logged(ADA, PATHWAY) == {}


STEPS = st.sampled_from(["task/1/a", "task/1/b", "skill/c"])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
ACTS = st.one_of(
    st.tuples(st.just("tick"), STEPS, DAYS),
    st.tuples(st.just("untick"), STEPS),
    st.tuples(st.just("log"), STEPS, st.floats(0.25, 40), st.sampled_from(["e1", "e2", "e3"])),
    st.tuples(st.just("unlog"), st.sampled_from(["e1", "e2", "e3"])),
)


@hypothesis_settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([ADA, BOB]), ACTS), max_size=25))
def test_progress_is_what_its_owner_did_last_whatever_the_order(acts: list[tuple[str, tuple[object, ...]]]) -> None:
    store = open_passing_store()
    ticks: dict[str, dict[str, date]] = {ADA: {}, BOB: {}}
    entries: dict[str, dict[str, tuple[str, float]]] = {ADA: {}, BOB: {}}
    for owner, act in acts:
        match act:
            case ("tick", str(step), date() as day):
                store.tick(owner, PATHWAY, step, day)
                ticks[owner][step] = day
            case ("untick", str(step)):
                assert store.untick(owner, PATHWAY, step) == (ticks[owner].pop(step, None) is not None)
            case ("log", str(step), float(hours), str(entry)):
                assert store.log_hours(owner, PATHWAY, step, hours, MONDAY, entry) == (entry not in entries[owner])
                entries[owner].setdefault(entry, (step, hours))
            case ("unlog", str(entry)):
                assert store.unlog_hours(owner, entry) == (entries[owner].pop(entry, None) is not None)
            case _:
                raise AssertionError(act)
    for owner in (ADA, BOB):
        assert store.ticks(owner, PATHWAY) == ticks[owner]
        sums = store.logged(owner, PATHWAY)
        assert set(sums) == {step for step, _ in entries[owner].values()}
        for step, hours in sums.items():
            assert hours == pytest.approx(sum(one for of, one in entries[owner].values() if of == step))
    store.close()


# --- Documents ----------------------------------------------------------------------------------------------


def test_documents_are_kept_by_kind_and_name_until_they_are_replaced_or_deleted(store: Store) -> None:
    store.keep_document(ADA, PATHWAY, DocumentKind.POSTING, "studio.txt", ["Wanted: glassblower"])
    store.keep_document(ADA, PATHWAY, DocumentKind.RESUME, "me.pdf", ["Ada", "", "Kiln work – 4 years"])
    kept = store.keep_document(ADA, PATHWAY, DocumentKind.POSTING, "me.pdf", [])
    assert [(one.kind, one.name, one.lines) for one in store.documents(ADA, PATHWAY)] == [
        (DocumentKind.RESUME, "me.pdf", ("Ada", "", "Kiln work – 4 years")),
        (DocumentKind.POSTING, "me.pdf", ()),
        (DocumentKind.POSTING, "studio.txt", ("Wanted: glassblower",)),
    ]
    assert store.documents(ADA, PATHWAY)[1] == kept
    store.keep_document(ADA, PATHWAY, DocumentKind.POSTING, "studio.txt", ["Closed"])
    assert store.documents(ADA, PATHWAY)[2].lines == ("Closed",)
    assert store.delete_document(ADA, PATHWAY, DocumentKind.POSTING, "me.pdf")
    assert not store.delete_document(ADA, PATHWAY, DocumentKind.POSTING, "me.pdf")
    assert [one.name for one in store.documents(ADA, PATHWAY)] == ["me.pdf", "studio.txt"]
    assert store.documents(ADA, OTHER) == ()


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_the_text_of_a_document_that_is_gone_is_gone_from_the_files(
    file_store: Store, settings: Settings, how: str
) -> None:
    private = "Acme Kilns of Porto"
    file_store.keep_document(ADA, PATHWAY, DocumentKind.RESUME, "me.pdf", [f"{private} {n}" for n in range(500)])
    assert private.encode() in files(settings.data_dir)
    if how == "deleted":
        file_store.delete_document(ADA, PATHWAY, DocumentKind.RESUME, "me.pdf")
    else:
        file_store.keep_document(ADA, PATHWAY, DocumentKind.RESUME, "me.pdf", ["nothing"])
    assert private.encode() not in files(settings.data_dir)


# --- Owners -------------------------------------------------------------------------------------------------


def test_no_owner_sees_or_changes_what_another_keeps(store: Store) -> None:
    fill(store, ADA, "Porto")
    before = {key: value for key, value in store.everything(ADA).items() if key != "made"}

    assert store.learner(BOB, PATHWAY) is None
    assert store.learners(BOB) == ()
    assert store.ticks(BOB, PATHWAY) == {}
    assert store.logged(BOB, PATHWAY) == {}
    assert store.documents(BOB, PATHWAY) == ()
    assert not store.untick(BOB, PATHWAY, "task/1/Porto")
    assert not store.unlog_hours(BOB, "entry-Porto")
    assert not store.delete_document(BOB, PATHWAY, DocumentKind.RESUME, "Porto.pdf")
    with pytest.raises(ConflictError):
        store.save_profile(BOB, PATHWAY, "{}", None, 1)
    store.save_profile(BOB, PATHWAY, "{}", None, None)
    store.tick(BOB, PATHWAY, "task/1/Porto", TUESDAY)
    assert store.log_hours(BOB, PATHWAY, "task/1/Porto", 9, TUESDAY, "entry-Porto")  # An id that Ada has taken too.
    store.keep_document(BOB, PATHWAY, DocumentKind.RESUME, "Porto.pdf", ["Bob"])
    store.delete_everything(BOB)

    assert {key: value for key, value in store.everything(ADA).items() if key != "made"} == before


def test_everything_of_an_owner_can_be_taken_along_as_json(store: Store) -> None:
    fill(store, ADA, "Porto")
    fill(store, BOB, "Lisbon")
    store.save_profile(ADA, OTHER, "no JSON", None, None)
    data = json.loads(json.dumps(store.everything(ADA), allow_nan=False))

    assert "Lisbon" not in json.dumps(data)
    assert ADA not in json.dumps(data)
    [conversation] = data["conversations"]
    [turn] = conversation["turns"]
    assert (conversation["title"], turn["question"], turn["answer"]["question"]) == ("Porto", "Porto", "Porto")
    assert (turn["feedback"]["thumb"], turn["feedback"]["reason"]) == ("down", "Porto")
    assert [(one["profile"], one["from_day"]) for one in data["profiles"]] == [
        ({"region": "Porto"}, "2026-12-07"),
        ("no JSON", None),
    ]
    assert data["ticks"] == [{"pathway": PATHWAY, "step_id": "task/1/Porto", "day": "2026-12-07"}]
    [hours] = data["hours"]
    assert (hours["step_id"], hours["hours"], hours["day"]) == ("task/1/Porto", 1.5, "2026-12-07")
    [document] = data["documents"]
    assert (document["kind"], document["name"], document["lines"]) == ("resume", "Porto.pdf", ["Porto", "Kiln work"])


def test_of_whoever_wrote_nothing_there_is_nothing_to_take_along(store: Store) -> None:
    data = store.everything(ADA)
    assert [data[kind] for kind in ("conversations", "profiles", "ticks", "hours", "documents")] == [[]] * 5


@pytest.mark.parametrize("how", ["delete_everything", "delete_all"])
def test_deleting_everything_leaves_nothing_of_the_owner_and_all_of_the_others(store: Store, how: str) -> None:
    fill(store, ADA, "Porto")
    fill(store, BOB, "Lisbon")
    theirs = {key: value for key, value in store.everything(BOB).items() if key != "made"}
    assert getattr(store, how)(ADA) == 1
    data = store.everything(ADA)
    assert [data[kind] for kind in ("conversations", "profiles", "ticks", "hours", "documents")] == [[]] * 5
    assert [one.reason for one in store.all_feedback()] == ["Lisbon"]
    assert {key: value for key, value in store.everything(BOB).items() if key != "made"} == theirs


def test_what_is_deleted_is_gone_from_the_files(file_store: Store, settings: Settings) -> None:
    fill(file_store, ADA, "Acme-Kilns-of-Porto")
    fill(file_store, BOB, "Lisbon")
    assert b"Acme-Kilns-of-Porto" in files(settings.data_dir)
    file_store.delete_everything(ADA)
    assert b"Acme-Kilns-of-Porto" not in files(settings.data_dir)
    assert b"Lisbon" in files(settings.data_dir)


def test_the_file_does_not_hold_the_owner_token(file_store: Store, settings: Settings) -> None:
    fill(file_store, ADA, "Porto")
    assert ADA.encode() not in files(settings.data_dir)


# --- Keeping ------------------------------------------------------------------------------------------------


def test_all_of_it_outlives_the_program(place: Place) -> None:
    first = place.open()
    fill(first, ADA, "Porto")
    before = {key: value for key, value in first.everything(ADA).items() if key != "made"}
    if place.settings is not None:
        first.close()
    again = place.open()
    assert {key: value for key, value in again.everything(ADA).items() if key != "made"} == before


def test_text_that_no_database_takes_is_kept_without_what_breaks_it(store: Store) -> None:
    odd, clean = "kiln\x00 \ud800 – 窯 🔥", "kiln ? – 窯 🔥"
    assert store.save_profile(ADA, odd, odd, None, None) == store.save_profile(ADA, odd, odd, None, None)
    store.tick(ADA, odd, odd, MONDAY)
    store.tick(ADA, odd, odd, TUESDAY)
    assert store.log_hours(ADA, odd, odd, 1, MONDAY, odd)
    assert not store.log_hours(ADA, odd, odd, 1, MONDAY, odd)
    store.keep_document(ADA, odd, DocumentKind.RESUME, odd, [odd])

    found = store.learner(ADA, odd)
    assert found is not None and (found.pathway, found.profile_json) == (clean, clean)
    assert store.ticks(ADA, odd) == store.ticks(ADA, clean) == {clean: TUESDAY}
    assert store.logged(ADA, odd) == {clean: 1}
    assert [(one.name, one.lines) for one in store.documents(ADA, odd)] == [(clean, (clean,))]
    assert store.delete_document(ADA, odd, DocumentKind.RESUME, odd)
    assert store.untick(ADA, odd, odd)


def test_stores_in_memory_share_nothing() -> None:
    one, other = open_passing_store("Nothing is kept."), open_passing_store()
    fill(one, ADA, "Porto")
    assert other.learners(ADA) == ()
    assert (one.in_memory, one.notices) == (True, ("Nothing is kept.",))
    one.close()
    other.close()
