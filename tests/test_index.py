"""The index as a whole: what it finds, what it encodes again, and what it survives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from coach.errors import IndexBusyError, VectorIndexError
from coach.retrieval.encoder import load_encoder
from coach.retrieval.index import PassageIndex
from coach.retrieval.opening import open_index
from coach.settings import Settings, load_settings
from coach.types import Fact, Method, Origin, Passage
from tests.encoders import HashingEncoder

ROOT = Path(__file__).resolve().parent.parent


def make_passage(slug: str, text: str, *facts: tuple[str, ...]) -> Passage:
    return Passage(
        id=f"potter#{slug}", pathway="potter", heading_path=("Potter", slug), text=text, sentences=(),
        origin=Origin.PATHWAY, source="test",
        facts=tuple(Fact(facet="test", entities=(), sentences=(), questions=questions) for questions in facts),
    )


PASSAGES = [
    make_passage("pay", "A potter earns 62,000 dollars.", ("What does a potter earn?", "How much is the pay?")),
    make_passage("kiln", "A kiln is fired for twelve hours.", ("How long is a kiln fired?",), ("What is fired?",)),
    make_passage("glaze", "Glazing takes a week.", ("How long does glazing take?",), ()),
    make_passage("tools", "You need a wheel and a knife."),
    make_passage("twin-b", "The same words."),
    make_passage("twin-a", "The same words."),
]

TEXTS = {p.embedded_text for p in PASSAGES} | {q for p in PASSAGES for f in p.facts for q in f.questions}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data", lock_timeout_seconds=30)


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


def opened(
    settings: Settings, encoder: HashingEncoder, passages: list[Passage] | None = None, name: str = "potter"
) -> PassageIndex:
    return open_index(PASSAGES if passages is None else passages, encoder, settings, name=name)


def folder(settings: Settings, name: str = "potter") -> Path:
    return settings.data_dir / "index" / name


def generations(settings: Settings) -> list[str]:
    return sorted(path.name for path in folder(settings).iterdir() if path.is_dir())


def changed(passages: list[Passage], slug: str, **update: object) -> list[Passage]:
    return [p.model_copy(update=update) if p.id.endswith(slug) else p for p in passages]


# --- Searching --------------------------------------------------------------------------------------------


def test_each_channel_gives_its_ranks_and_the_closest_key_is_named(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder)
    result = index.search("How long is a kiln fired?")
    first = result.ranking[0]
    assert first.passage.id == "potter#kiln"
    assert (first.matched_question, first.matched_fact) == ("How long is a kiln fired?", 0)
    assert first.keys is not None and first.keys.rank == 1 and first.keys.score == pytest.approx(1.0)
    assert first.lexical is not None and first.lexical.rank == 1
    assert first.dense is not None and 0.0 < first.dense.score <= 1.0
    assert [found.rank for found in result.ranking] == list(range(1, len(PASSAGES) + 1))
    for channel in ("dense", "keys", "lexical"):
        ranks = [getattr(found, channel) for found in result.ranking if getattr(found, channel) is not None]
        assert sorted(rank.rank for rank in ranks) == list(range(1, len(ranks) + 1))
        by_rank = [rank.score for rank in sorted(ranks, key=lambda rank: rank.rank)]
        assert by_rank == sorted(by_rank, reverse=True)


def test_every_fact_with_a_key_is_scored_exactly(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder)
    result = index.search("What does a potter earn", limit=1)
    assert len(result.ranking) == 1
    question = encoder.encode(["What does a potter earn"])[0]
    expected = {
        (p.id, number): max(float(key @ question) for key in encoder.encode(fact.questions))
        for p in PASSAGES
        for number, fact in enumerate(p.facts)
        if fact.questions
    }
    assert result.fact_scores == pytest.approx(expected, abs=1e-5)
    assert result.fact_questions["potter#pay", 0] == "What does a potter earn?"
    assert result.fact_questions.keys() == result.fact_scores.keys()


def test_dense_scores_are_cosines(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder)
    question = encoder.encode(["the wheel"])[0]
    for found in index.search("the wheel").ranking:
        cosine = float(encoder.encode([found.passage.embedded_text])[0] @ question)
        assert found.dense is not None and found.dense.score == pytest.approx(cosine, abs=1e-5)


def test_equal_passages_are_ranked_by_their_ids_whatever_their_order(
    settings: Settings, encoder: HashingEncoder
) -> None:
    passages = [make_passage("b", "x").model_copy(update={"id": id_}) for id_ in ("potter#2", "potter#1")]
    index = opened(settings, encoder, passages)
    found = index.search("x").ranking
    assert [f.passage.id for f in found] == ["potter#1", "potter#2"]
    assert found[0].score == found[1].score


def test_a_weight_of_zero_switches_a_channel_off(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder)
    only_words = index.search("knife", method=Method(dense=0.0, keys=0.0, lexical=1.0)).ranking
    assert only_words[0].passage.id == "potter#tools"
    assert {found.score for found in only_words[1:]} == {only_words[1].score}


def test_matched_terms_are_told_for_a_passage(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder)
    terms = dict(index.matched_terms("How long are kilns fired in Leeds", "potter#kiln"))
    assert terms.keys() == {"how", "long", "kilns", "fired"}
    assert min(terms.values()) > 0.0


@pytest.mark.parametrize("question", ["", "?", "\x00", "🙂", "kiln " * 5000])
def test_odd_questions_still_get_a_ranking(settings: Settings, encoder: HashingEncoder, question: str) -> None:
    assert len(opened(settings, encoder).search(question).ranking) == len(PASSAGES)


def test_passages_without_any_key_are_searched_by_text_and_words(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder, [make_passage("one", "A wheel."), make_passage("two", "A knife.")])
    result = index.search("knife")
    assert result.ranking[0].passage.id == "potter#two"
    assert result.ranking[0].keys is None and result.ranking[0].matched_question is None
    assert result.fact_scores == {}


def test_one_passage_is_enough(settings: Settings, encoder: HashingEncoder) -> None:
    for _ in range(3):
        index = opened(settings, encoder, PASSAGES[:1])
        assert index.search("pay").ranking[0].passage.id == "potter#pay"
        assert index.notice is None
        index.close()


def test_several_threads_search_at_once(settings: Settings, encoder: HashingEncoder) -> None:
    index = opened(settings, encoder)
    expected = index.search("kiln")
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(index.search("kiln"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 16


def test_the_real_encoder_finds_a_paraphrase(settings: Settings) -> None:
    real = load_encoder(settings)
    index = open_index(PASSAGES, real, settings, name="potter")
    result = index.search("what salary can I expect making ceramics?")
    assert result.ranking[0].passage.id == "potter#pay"
    index.close()
    again = open_index(PASSAGES, real, settings, name="potter")
    assert again.search("what salary can I expect making ceramics?") == result


# --- What is encoded again --------------------------------------------------------------------------------


def test_each_text_is_encoded_once_and_progress_is_told(settings: Settings, encoder: HashingEncoder) -> None:
    told: list[tuple[int, int]] = []
    open_index(PASSAGES, encoder, settings, name="potter", progress=lambda done, total: told.append((done, total)))
    assert sorted(encoder.encoded) == sorted(TEXTS)
    assert told[-1] == (len(TEXTS), len(TEXTS))


def test_nothing_changed_nothing_is_encoded_or_published(settings: Settings, encoder: HashingEncoder) -> None:
    first = opened(settings, encoder)
    before = generations(settings)
    encoder.forget()
    told: list[tuple[int, int]] = []
    second = open_index(
        list(reversed(PASSAGES)), encoder, settings, name="potter", progress=lambda *step: told.append(step)
    )
    assert (encoder.encoded, told, generations(settings)) == ([], [], before)
    assert second.fingerprint == first.fingerprint
    assert second.search("kiln") == first.search("kiln")


def test_only_what_changed_is_encoded(settings: Settings, encoder: HashingEncoder) -> None:
    opened(settings, encoder).close()
    encoder.forget()
    passages = changed(PASSAGES, "glaze", text="Glazing takes two weeks.")
    index = opened(settings, encoder, passages)
    assert encoder.encoded == ["Potter > glaze\nGlazing takes two weeks."]
    found = {f.passage.id: f for f in index.search("two weeks").ranking}["potter#glaze"]
    assert found.passage.text == "Glazing takes two weeks."
    assert found.lexical is not None and found.lexical.rank == 1

    encoder.forget()
    asked = Fact(facet="test", entities=(), sentences=(), questions=("Which tools?", "How much is the pay?"))
    opened(settings, encoder, changed(passages, "tools", facts=(asked,)))
    assert encoder.encoded == ["Which tools?"]


def test_a_passage_that_is_gone_is_never_found_again(settings: Settings, encoder: HashingEncoder) -> None:
    opened(settings, encoder).close()
    encoder.forget()
    index = opened(settings, encoder, PASSAGES[1:])
    assert encoder.encoded == []
    assert "potter#pay" not in {found.passage.id for found in index.search("What does a potter earn?").ranking}
    assert "potter#pay" not in {id_ for id_, _ in index.search("What does a potter earn?").fact_scores}


def test_another_encoder_encodes_everything_anew(settings: Settings, encoder: HashingEncoder) -> None:
    first = opened(settings, encoder)
    other = HashingEncoder(digest="hashing:2", dimensions=32)
    index = opened(settings, other)
    assert set(other.encoded) == TEXTS
    assert index.fingerprint != first.fingerprint
    assert index.search("kiln").ranking
    assert len(generations(settings)) == 1


def test_pathways_do_not_touch_each_other(settings: Settings, encoder: HashingEncoder) -> None:
    opened(settings, encoder, name="potter").close()
    opened(settings, encoder, name="weaver").close()
    before = (folder(settings) / "CURRENT").read_text()
    encoder.forget()
    opened(settings, encoder, changed(PASSAGES, "pay", text="Changed."), name="weaver").close()
    assert len(encoder.encoded) == 1
    assert (folder(settings) / "CURRENT").read_text() == before
    encoder.forget()
    opened(settings, encoder, name="potter").close()
    assert encoder.encoded == []


def test_an_index_in_use_is_not_disturbed_when_another_takes_its_place(
    settings: Settings, encoder: HashingEncoder
) -> None:
    old = opened(settings, encoder)
    expected = old.search("How long is a kiln fired?")
    new = opened(settings, encoder, changed(PASSAGES, "kiln", text="Changed."))
    assert old.search("How long is a kiln fired?") == expected
    assert new.passages["potter#kiln"].text == "Changed."
    old.close()
    old.close()
    assert new.search("kiln").ranking


def test_an_incremental_index_ranks_like_one_made_at_once(settings: Settings, encoder: HashingEncoder) -> None:
    passages = changed(PASSAGES, "kiln", text="A kiln is fired for a day.")
    opened(settings, encoder).close()
    step_by_step = opened(settings, encoder, passages)
    at_once = opened(settings.model_copy(update={"data_dir": settings.data_dir / "other"}), encoder, passages)
    assert step_by_step.fingerprint == at_once.fingerprint
    for question in ("How long is a kiln fired for?", "pay", "glaze and wheel"):
        left, right = step_by_step.search(question), at_once.search(question)
        assert [found.passage.id for found in left.ranking] == [found.passage.id for found in right.ranking]
        assert left.fact_scores == pytest.approx(right.fact_scores, abs=2e-6)


# --- Bad passages -----------------------------------------------------------------------------------------


def test_a_passage_longer_than_the_encoder_reads_is_named(settings: Settings) -> None:
    passages = [*PASSAGES, make_passage("long", "clay " * 50)]
    with pytest.raises(VectorIndexError, match=r"potter#long has 55 word pieces.*reads 40"):
        opened(settings, HashingEncoder(max_word_pieces=40), passages)
    assert not folder(settings).exists() or generations(settings) == []


def test_two_passages_with_one_id_are_named(settings: Settings, encoder: HashingEncoder) -> None:
    with pytest.raises(VectorIndexError, match="potter#pay"):
        opened(settings, encoder, [*PASSAGES, PASSAGES[0]])


def test_no_passages_is_an_error(settings: Settings, encoder: HashingEncoder) -> None:
    with pytest.raises(VectorIndexError, match="no passages"):
        opened(settings, encoder, [])


@pytest.mark.parametrize("name", ["../outside", "/etc", "a/b", "", "CON:\\x", "é", "a" * 300])
def test_a_hostile_name_is_never_a_path(settings: Settings, encoder: HashingEncoder, name: str) -> None:
    index = opened(settings, encoder, name=name)
    assert index.notice is None
    (made,) = (settings.data_dir / "index").iterdir()
    assert made.name.startswith("pathway-")
    assert sorted(path.name for path in settings.data_dir.parent.iterdir()) == ["data"]


# --- Damage -----------------------------------------------------------------------------------------------


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(content)


def _vector_file(generation: Path) -> Path:
    return next(generation.glob("chroma/*/data_level0.bin"))


def _foreign_manifest(generation: Path) -> None:
    manifest = json.loads((generation / "manifest.json").read_text())
    (generation / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))


def _empty(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda g: (g / "manifest.json").unlink(),
    "half a manifest": lambda g: _truncate(g / "manifest.json"),
    "manifest of another format": _foreign_manifest,
    "no database": lambda g: (g / "chroma" / "chroma.sqlite3").unlink(),
    "half a database": lambda g: _truncate(g / "chroma" / "chroma.sqlite3"),
    "garbage for a database": lambda g: (g / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 999),
    "empty database": lambda g: (g / "chroma" / "chroma.sqlite3").write_bytes(b""),
    "flipped vectors": lambda g: _scribble(_vector_file(g)),
    "half the vectors": lambda g: _truncate(_vector_file(g)),
    "no vectors": lambda g: _vector_file(g).unlink(),
    "nothing but the folder": _empty,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_set_aside_and_made_again(
    settings: Settings, encoder: HashingEncoder, damage: str
) -> None:
    first = opened(settings, encoder)
    expected = first.search("kiln")
    first.close()
    generation = folder(settings) / (folder(settings) / "CURRENT").read_text().strip()
    DAMAGE[damage](generation)

    again = opened(settings, encoder)
    assert again.search("kiln") == expected
    assert again.notice is not None and "made again" in again.notice
    aside = [name for name in generations(settings) if ".damaged-" in name]
    assert len(aside) == 1 and aside[0].startswith(generation.name)
    encoder.forget()
    assert opened(settings, encoder).notice is None
    assert encoder.encoded == []


@pytest.mark.parametrize("pointer", [b"", b"../../etc", b"\xff\xfe", b"0123456789abcdef-01234567", b"x" * 10_000])
def test_a_pointer_to_nothing_leads_to_a_new_index(
    settings: Settings, encoder: HashingEncoder, pointer: bytes
) -> None:
    expected = opened(settings, encoder).search("kiln")
    (folder(settings) / "CURRENT").write_bytes(pointer)
    assert opened(settings, encoder).search("kiln") == expected
    assert len(generations(settings)) == 1


def test_a_tampered_but_sound_database_is_noticed(settings: Settings, encoder: HashingEncoder) -> None:
    import sqlite3

    opened(settings, encoder).close()
    generation = folder(settings) / (folder(settings) / "CURRENT").read_text().strip()
    connection = sqlite3.connect(generation / "chroma" / "chroma.sqlite3")
    connection.execute("UPDATE embedding_metadata SET string_value = 'other' WHERE key = 'hash'")
    connection.commit()
    connection.close()
    encoder.forget()
    index = opened(settings, encoder)
    assert index.search("kiln").ranking[0].passage.id == "potter#kiln"
    assert set(encoder.encoded) >= TEXTS


def test_only_the_newest_damaged_ones_are_kept(settings: Settings, encoder: HashingEncoder) -> None:
    for _ in range(5):
        opened(settings, encoder).close()
        (folder(settings) / (folder(settings) / "CURRENT").read_text().strip() / "manifest.json").unlink()
    opened(settings, encoder).close()
    assert len([name for name in generations(settings) if ".damaged-" in name]) == 3


# --- Nowhere to write -------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocked", ["data", "data/index", "data/index/potter", "data/index/potter/lock"])
def test_where_nothing_can_be_written_the_index_lives_in_memory(
    tmp_path: Path, settings: Settings, encoder: HashingEncoder, blocked: str
) -> None:
    expected = opened(settings, encoder).search("kiln")
    shutil.rmtree(settings.data_dir)
    path = tmp_path / blocked
    if blocked.endswith("lock"):
        path.mkdir(parents=True)  # a folder where the lock's file should be
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a file where a folder should be")
    encoder.forget()
    index = opened(settings, encoder)
    assert index.notice is not None and "in memory" in index.notice and "COACH_DATA_DIR" in index.notice
    assert index.search("kiln") == expected
    assert sorted(encoder.encoded) == sorted([*TEXTS, "kiln"])
    assert not list(tmp_path.rglob("manifest.json"))
    second = opened(settings, encoder, PASSAGES[:2])
    assert second.search("kiln").ranking[0].passage.id == "potter#kiln"
    index.close()
    index.close()
    assert second.search("kiln").ranking[0].passage.id == "potter#kiln"


def test_without_a_home_folder_nothing_is_written_to_one_named_tilde(
    tmp_path: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    index = opened(load_settings(data_dir=Path("~/.local/share/career-coach")), encoder)
    assert index.notice is not None and "no home folder" in index.notice
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_index_and_no_half_of_a_new_one(
    settings: Settings, encoder: HashingEncoder
) -> None:
    resource = pytest.importorskip("resource")
    opened(settings, encoder).close()
    before = generations(settings)
    # A process that may not write a file beyond 40 kB: to Chroma a disk that is full.
    code = f"""
        import resource, signal
        from tests.test_index import PASSAGES, changed
        from tests.encoders import HashingEncoder
        from coach.retrieval.opening import open_index
        from coach.retrieval import dense
        from coach.settings import load_settings
        dense.open_memory().close()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
        settings = load_settings(data_dir={str(settings.data_dir)!r})
        passages = changed(PASSAGES, "pay", text="Changed.")
        index = open_index(passages, HashingEncoder(), settings, name="potter")
        assert index.notice and "in memory" in index.notice, index.notice
        assert index.search("Changed").ranking[0].passage.id == "potter#pay"
    """
    assert resource.RLIMIT_FSIZE is not None
    process = start(code)
    assert process.wait(120) == 0
    assert generations(settings) == before
    encoder.forget()
    assert opened(settings, encoder).notice is None
    assert encoder.encoded == []


# --- Several processes, and killed ones -------------------------------------------------------------------


def start(code: str) -> subprocess.Popen[str]:
    """Python in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
    )


READER = """
    import sys
    from tests.test_index import PASSAGES
    from tests.encoders import HashingEncoder
    from coach.retrieval.opening import open_index
    from coach.settings import load_settings
    settings = load_settings(data_dir={data_dir!r}, lock_timeout_seconds=60)
    encoder = HashingEncoder()
    for _ in range({times}):
        index = open_index(PASSAGES, encoder, settings, name="potter")
        assert index.notice is None, index.notice
        encoder.forget()
        ranking = index.search("How long is a kiln fired?").ranking
        assert ranking[0].passage.id == "potter#kiln" and ranking[0].dense.rank >= 1
        index.close()
    print(encoder.encoded)
"""


def test_several_processes_make_and_read_one_index(settings: Settings, encoder: HashingEncoder) -> None:
    code = READER.format(data_dir=str(settings.data_dir), times=5)
    processes = [start(code) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0, 0, 0, 0]
    assert len(generations(settings)) == 1
    opened(settings, encoder)
    assert encoder.encoded == []


def test_a_reader_goes_on_while_another_process_replaces_its_index(
    settings: Settings, encoder: HashingEncoder
) -> None:
    index = opened(settings, encoder)
    expected = index.search("How long is a kiln fired?")
    code = READER.format(data_dir=str(settings.data_dir), times=1).replace("PASSAGES, enc", "PASSAGES[:3], enc")
    assert start(code).wait(120) == 0
    assert index.search("How long is a kiln fired?") == expected
    assert opened(settings, encoder, PASSAGES[:3]).notice is None


def test_a_second_writer_waits_only_so_long(settings: Settings, encoder: HashingEncoder) -> None:
    impatient = settings.model_copy(update={"lock_timeout_seconds": 0.1})
    folder(settings).mkdir(parents=True)
    busy = pytest.raises(IndexBusyError, match=r"more than 0\.1 s.*COACH_LOCK_TIMEOUT_SECONDS")
    with FileLock(folder(settings) / "lock"), busy:
        opened(impatient, encoder)
    ready = opened(impatient, encoder)
    with FileLock(folder(settings) / "lock"):
        assert opened(impatient, encoder).search("kiln") == ready.search("kiln")  # reading needs no lock


KILLED = """
    import os, signal, sys, threading
    from pathlib import Path
    from tests.test_index import PASSAGES, changed
    from tests.encoders import HashingEncoder
    from coach.retrieval.opening import open_index
    from coach.settings import load_settings

    settings = load_settings(data_dir={data_dir!r})
    folder = Path({data_dir!r}) / "index" / "potter"
    moment = {moment!r}

    def happened():
        if moment == "building":
            return any(folder.glob("*.building"))
        if moment == "database":
            return any(folder.glob("*.building/chroma/chroma.sqlite3"))
        if moment == "vectors":
            return any(folder.glob("*.building/chroma/*/data_level0.bin"))
        if moment == "manifest":
            return any(folder.glob("*.building/manifest.json"))
        return len([path for path in folder.glob("????????????????-????????")]) > {generations}

    class Killing(HashingEncoder):
        def encode(self, texts):
            if moment == "encoding":
                os.kill(os.getpid(), signal.SIGKILL)
            return super().encode(texts)

    def watch():
        while not happened():
            pass
        os.kill(os.getpid(), signal.SIGKILL)

    sys.setswitchinterval(1e-5)
    if moment != "encoding":
        threading.Thread(target=watch, daemon=True).start()
    index = open_index(changed(PASSAGES, "pay", text="Changed."), Killing(), settings, name="potter")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 on this system")
@pytest.mark.parametrize("first", [True, False], ids=["no index before", "an index before"])
@pytest.mark.parametrize("moment", ["encoding", "building", "database", "vectors", "manifest", "published"])
def test_kill_9_leaves_the_old_index_or_none_and_the_next_start_is_sound(
    settings: Settings, encoder: HashingEncoder, moment: str, first: bool
) -> None:
    if not first:
        opened(settings, encoder).close()
    code = KILLED.format(data_dir=str(settings.data_dir), moment=moment, generations=0 if first else 1)
    assert start(code).wait(120) == -signal.SIGKILL

    pointer = folder(settings) / "CURRENT"
    if pointer.exists():
        generation = folder(settings) / pointer.read_text().strip()
        assert (generation / "manifest.json").exists()
    else:
        assert first
    # The killed writer's lock is free, and whichever index is current is whole: nothing is ever set aside.
    for passages in (PASSAGES, changed(PASSAGES, "pay", text="Changed.")):
        index = opened(settings, encoder, passages)
        assert index.notice is None
        assert index.search("How long is a kiln fired?").ranking[0].passage.id == "potter#kiln"
        index.close()
    assert len(generations(settings)) == 1


# --- A Chroma server --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = shutil.which("chroma") or shutil.which("chroma", path=str(Path(sys.executable).parent))
    if binary is None:
        pytest.skip("the chroma command is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [binary, "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(tmp_path_factory.mktemp("server"))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                pytest.skip("the chroma command does not run here")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _on_server(settings: Settings, server: str) -> Settings:
    return settings.model_copy(update={"chroma_url": server})


def test_an_index_on_a_server_answers_like_one_on_disk(
    settings: Settings, encoder: HashingEncoder, server: str
) -> None:
    remote = _on_server(settings, server)
    index = opened(remote, encoder)
    local = opened(settings.model_copy(update={"data_dir": settings.data_dir / "local"}), HashingEncoder())
    left, right = index.search("How long is a kiln fired?"), local.search("How long is a kiln fired?")
    assert [found.passage.id for found in left.ranking] == [found.passage.id for found in right.ranking]
    assert left.fact_scores == pytest.approx(right.fact_scores, abs=2e-6)
    assert not (settings.data_dir / "index").exists()

    encoder.forget()
    assert opened(remote, encoder).search("kiln").ranking[0].passage.id == "potter#kiln"
    assert encoder.encoded == ["kiln"]

    encoder.forget()
    opened(remote, encoder, name="weaver")
    opened(remote, encoder, changed(PASSAGES, "glaze", text="Changed."))
    assert encoder.encoded[-1] == "Potter > glaze\nChanged." and len(encoder.encoded) == len(TEXTS) + 1
    assert index.search("How long is a kiln fired?") == left  # its collections are gone by now


def test_what_was_left_half_or_altered_on_a_server_is_made_again(
    settings: Settings, encoder: HashingEncoder, server: str
) -> None:
    from coach.retrieval import dense

    remote = _on_server(settings, server)
    expected = opened(remote, encoder, name="dyer").search("kiln")
    before = dense.open_server(server)
    (passages,) = [name for name in before.collections() if name.endswith("-passages") and _is_of(name, "dyer")]

    before.set_label(passages, {"note": "not finished"})
    encoder.forget()
    assert opened(remote, encoder, name="dyer").search("kiln") == expected
    assert set(encoder.encoded) >= TEXTS

    kept = before.read(passages)
    before.write(passages, dense.Records(kept.ids[:1], -kept.vectors[:1], kept.texts[:1], kept.hashes[:1]))
    assert opened(remote, encoder, name="dyer").search("kiln") == expected
    before.close()


def _is_of(collection: str, name: str) -> bool:
    import hashlib

    return hashlib.sha256(name.encode()).hexdigest()[:12] in collection


def test_a_server_that_is_not_there_is_named_with_what_to_do(settings: Settings, encoder: HashingEncoder) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(VectorIndexError, match=r"does not take a connection.*unset it"):
        opened(_on_server(settings, url), encoder)
    assert encoder.encoded == []


def test_vectors_are_unit_length_in_the_fake_as_in_the_real_one(encoder: HashingEncoder) -> None:
    assert np.linalg.norm(encoder.encode(sorted(TEXTS)), axis=1) == pytest.approx(1.0, abs=1e-6)
