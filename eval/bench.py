"""How much time an answer and an index take, against the one thing that cannot be saved: running the encoder.

Comes in: the questions of the cases, the shipped pathway. Goes out: a ``Bench`` of medians and ratios, all from one
run, what is compared measured in turns, so that a busy machine slows both. Absolute times are of the machine; only the
ratios are to be compared between machines. Does not judge answers.

Two baselines for one pass of the encoder: *ours*, ``Encoder.encode`` of the one question, and *plain*, a call of
``SentenceTransformer.encode`` as everybody writes it. Indexing is measured against one plain call with all passages,
and with all passages and question keys, because an index that can do more has more to encode.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from coach.knowledge.corpus import Corpus
from coach.pipeline import Coach
from coach.retrieval import dense
from coach.retrieval.dense import Records
from coach.retrieval.encoder import Encoder, packaged_model_folder
from coach.retrieval.opening import open_index
from coach.settings import Settings, load_settings
from coach.types import Frozen
from eval.cases import Case

Vectors = NDArray[np.float32]

PLAIN_BATCH = 32
"""As SentenceTransformer has it when nobody says otherwise."""

THREADS = torch.get_num_threads()
"""What torch takes by itself, asked before any encoder sets another number."""

INDEX_TURNS = 2
"""Each encodes some 5,000 texts twice and the passages twice: a minute on a quiet machine of two cores."""

GENERATED = 20_000
DIMENSIONS = 384
CLUSTERS = 200
GENERATED_QUERIES = 200
SPREAD = 0.05
"""Of each coordinate around the centre of its cluster: cosines inside a cluster are about 0.5, as in real passages."""

K = 10


class Ratio(Frozen):
    """One thing against another, both in seconds of this machine."""

    name: str
    against: str
    seconds: float
    baseline_seconds: float
    ratio: float


class Bench(Frozen):
    questions: int
    """Asked in each round."""
    rounds: int
    passages: int
    keys: int
    """Question keys, each text counted once."""
    threads: int
    """Of the plain calls; our encoder keeps to one a batch and takes a batch per core."""
    answering: tuple[Ratio, ...]
    stage_shares: dict[str, float]
    """Share of the time of ``Coach.ask`` that each stage takes; the rest is none of them."""
    encoding_share_of_retrieving: float
    indexing: tuple[Ratio, ...]
    embedded_again: int
    """Texts embedded when nothing had changed."""
    recall_at_10_real: float
    """Chroma's ten nearest passages among the ten nearest there are, over the same questions."""
    recall_at_10_generated: float
    """The same over 20,000 made-up vectors."""


def run_bench(cases: Sequence[Case], *, rounds: int = 3, limit: int = 150, say: Callable[[str], None]) -> Bench:
    """Measure everything in temporary folders; ``say`` is told what is being measured."""
    with tempfile.TemporaryDirectory(prefix="coach-bench-") as folder:
        say("loading")
        coach = Coach(load_settings(data_dir=Path(folder) / "asked"))
        corpus = coach.reading().corpus
        plain = _Plain()
        questions = asked_questions(coach, cases, limit)
        say(f"{rounds} rounds of {len(questions)} questions")
        answering, shares, encoding = _answering(coach, plain, questions, rounds)
        say("indexing")
        indexing, embedded_again = _indexing(coach, plain, corpus, Path(folder))
        say("recall")
        return Bench(
            questions=len(questions),
            rounds=rounds,
            passages=len(corpus.passages),
            keys=len(_keys(corpus)),
            threads=THREADS,
            answering=answering,
            stage_shares=shares,
            encoding_share_of_retrieving=encoding,
            indexing=indexing,
            embedded_again=embedded_again,
            recall_at_10_real=_recall_real(coach.encoder(), corpus, questions, Path(folder)),
            recall_at_10_generated=_recall_generated(Path(folder)),
        )


def asked_questions(coach: Coach, cases: Sequence[Case], limit: int) -> list[str]:
    """Questions without a history, spread over all cases, for which the coach retrieves: small talk is quick and would
    flatter it."""
    slug = coach.pathway().slug
    alone = list(dict.fromkeys(case.question for case in cases if case.pathway == slug and not case.history))
    chosen = alone[:: max(1, len(alone) // limit)][:limit]
    return [question for question in chosen if coach.ask(question).trace.retrieved]


def profile(cases: Sequence[Case], *, limit: int = 150, lines: int = 40) -> str:
    """Where ``Coach.ask`` spends its time, by functions, as cProfile tells it."""
    with tempfile.TemporaryDirectory(prefix="coach-bench-") as folder:
        coach = Coach(load_settings(data_dir=Path(folder)))
        questions = asked_questions(coach, cases, limit)
        profiler = cProfile.Profile()
        with profiler:
            for question in questions:
                coach.ask(question)
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("cumulative").print_stats(lines)
        pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(lines)
        return f"{len(questions)} questions\n{text.getvalue()}"


class _Plain:
    """The encoder's library as it comes, on all cores."""

    def __init__(self) -> None:
        self._model = SentenceTransformer(str(packaged_model_folder()), device="cpu", local_files_only=True)

    def seconds(self, texts: str | list[str]) -> float:
        threads = torch.get_num_threads()
        torch.set_num_threads(THREADS)  # our encoder sets one for itself
        try:
            return _timed(lambda: self._model.encode(texts, batch_size=PLAIN_BATCH, show_progress_bar=False))
        finally:
            torch.set_num_threads(threads)


# --- Answering -------------------------------------------------------------------------------------------


def _answering(
    coach: Coach, plain: _Plain, questions: Sequence[str], rounds: int
) -> tuple[tuple[Ratio, ...], dict[str, float], float]:
    encoder = coach.encoder()
    asking: list[float] = []
    ours: list[float] = []
    theirs: list[float] = []
    stages: dict[str, float] = {}
    for question in questions[:20]:  # everything warm, the plain model too
        coach.ask(question)
        plain.seconds(question)
    for _ in range(rounds):
        for question in questions:
            ours.append(_timed(lambda: encoder.encode([question])))  # noqa: B023 - called at once
            start = time.perf_counter()
            answer = coach.ask(question)
            asking.append(time.perf_counter() - start)
            theirs.append(plain.seconds(question))
            for stage in answer.trace.seconds:
                stages[stage.stage] = stages.get(stage.stage, 0.0) + stage.seconds
    ratios = (
        _ratio("Coach.ask", "encoder, one pass", asking, ours),
        _ratio("Coach.ask", "plain encode call", asking, theirs),
    )
    shares = {name: seconds / sum(asking) for name, seconds in stages.items()}
    return ratios, shares, sum(ours) / stages["retrieve"]


# --- Indexing --------------------------------------------------------------------------------------------


def _indexing(coach: Coach, plain: _Plain, corpus: Corpus, folder: Path) -> tuple[tuple[Ratio, ...], int]:
    encoder = coach.encoder()
    texts = [passage.embedded_text for passage in corpus.passages]
    everything = [*texts, *_keys(corpus)]
    bare = _without_keys(corpus)
    build: list[float] = []
    build_bare: list[float] = []
    again: list[float] = []
    plain_texts: list[float] = []
    plain_everything: list[float] = []
    embedded: list[int] = []
    for turn in range(INDEX_TURNS):
        settings = load_settings(data_dir=folder / f"full-{turn}")
        plain_texts.append(plain.seconds(texts))
        build_bare.append(_build_seconds(bare, encoder, load_settings(data_dir=folder / f"bare-{turn}"), []))
        plain_everything.append(plain.seconds(everything))
        build.append(_build_seconds(corpus, encoder, settings, []))
        again.append(_build_seconds(corpus, encoder, settings, embedded))
    ratios = (
        _ratio("index, passages alone", "plain encode, same", build_bare, plain_texts),
        _ratio("index, with keys", "plain encode, same", build, plain_everything),
        _ratio("index, with keys", "plain encode, passages", build, plain_texts),
        _ratio("index, unchanged", "index, with keys", again, build),
    )
    return ratios, sum(embedded)


def _build_seconds(corpus: Corpus, encoder: Encoder, settings: Settings, embedded: list[int]) -> float:
    def progress(done: int, total: int) -> None:
        if done == total:
            embedded.append(total)

    start = time.perf_counter()
    index = open_index(corpus.passages, encoder, settings, name=corpus.pathway.slug, progress=progress)
    seconds = time.perf_counter() - start
    index.close()
    return seconds


def _keys(corpus: Corpus) -> list[str]:
    return list(
        dict.fromkeys(question for passage in corpus.passages for fact in passage.facts for question in fact.questions)
    )


def _without_keys(corpus: Corpus) -> Corpus:
    bare = tuple(passage.model_copy(update={"facts": ()}) for passage in corpus.passages)
    return Corpus(corpus.pathway, corpus.market, bare, corpus.entities, corpus.resources)


# --- Recall ----------------------------------------------------------------------------------------------


def _recall_real(encoder: Encoder, corpus: Corpus, questions: Sequence[str], folder: Path) -> float:
    vectors = encoder.encode([passage.embedded_text for passage in corpus.passages])
    return _recall(vectors, encoder.encode(list(questions)), folder / "real")


def _recall_generated(folder: Path) -> float:
    random = np.random.default_rng(20_000)
    centres = random.normal(size=(CLUSTERS, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    chosen = random.integers(CLUSTERS, size=GENERATED + GENERATED_QUERIES)
    points = centres[chosen] + random.normal(scale=SPREAD, size=(len(chosen), DIMENSIONS))
    vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    return _recall(vectors[:GENERATED], vectors[GENERATED:], folder / "generated")


def _recall(vectors: Vectors, queries: Vectors, folder: Path) -> float:
    """Share of the ten nearest by exact cosine that are among the ten that Chroma finds, with the coach's settings."""
    ids = tuple(f"{row:06d}" for row in range(len(vectors)))
    store = dense.open_folder(folder)
    try:
        store.write("bench", Records(ids, vectors, ids, ids))
        found = [set(store.nearest("bench", query, K)) for query in queries]
    finally:
        store.close()
    exact = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :K]
    hits = [len({ids[row] for row in rows} & near) / K for rows, near in zip(exact, found, strict=True)]
    return statistics.fmean(hits)


# --- Arithmetic --------------------------------------------------------------------------------------------


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _ratio(name: str, against: str, seconds: Sequence[float], baseline: Sequence[float]) -> Ratio:
    """Median over median."""
    above, below = statistics.median(seconds), statistics.median(baseline)
    return Ratio(name=name, against=against, seconds=above, baseline_seconds=below, ratio=above / below)
