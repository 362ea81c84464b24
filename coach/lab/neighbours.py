"""Exact against approximate search on this machine: what HNSW gives up and what it gains, measured and put in words.

Comes in: a ``Setup``, and vectors to search among with vectors to search for. Goes out: a ``Measurement``: recall@10
and latency of Chroma's graph for each M and each ef, beside exact search in numpy in the same run. Does not know what
the vectors stand for, and draws nothing.

What is timed is what a caller waits for. Exact and approximate search take turns, query by query, so that a busy
machine slows both, and medians are compared; both have one thread. Every call to Chroma costs time before any vector
is looked at, which a call to a graph of ten vectors shows; it is measured in turn with the rest.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from coach.errors import CoachError
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import listed
from coach.pipeline import Coach, Reading
from coach.retrieval import dense
from coach.retrieval.dense import TrialGraph
from coach.types import Frozen, Share

Vectors = NDArray[np.float32]
Search = Callable[[Vectors, int], Sequence[int]]

K = 10
QUERIES = 100
"""A thousand neighbours to find: one of them missed is a tenth of a percent."""
ROUNDS = 3
"""Each setting is timed with every query in each round, and the rounds follow one another: a busy second spoils one
round of one setting and not its median."""

CALLS = 20
"""Bare calls timed after each setting, one right after the other."""
WARM_UP = 5
"""Of them, not timed: the first of a row take up to twice as long."""

NEIGHBOURS = (2, 4, 8, 16, 32, 64)
SEARCHES = (10, 20, 50, 100, 200, 400)
"""From K on: a search that keeps fewer candidates than it shall return cannot be asked for."""
CONSTRUCTIONS = (20, 100, 200)
COUNTS = (2000, 5000, 10_000, 20_000)

SEED = 20_000
CLUSTER_SIZE = 100
SPREAD = 0.05
"""Of each coordinate around the centre of its cluster: cosines inside a cluster are about 0.5, as in real passages."""

GOOD_RECALL = 0.99
"""What is called "nearly all" below; the coach's own settings were chosen to reach it."""
NOTICEABLE = 1.05
"""Ratios of time nearer to one than this are noise."""

AS_SHIPPED_NEIGHBOURS = dense.HNSW["max_neighbors"]
AS_SHIPPED_SEARCH = dense.HNSW["ef_search"]
AS_SHIPPED_CONSTRUCTION = dense.HNSW["ef_construction"]
AS_SHIPPED_POINT = (AS_SHIPPED_NEIGHBOURS, AS_SHIPPED_SEARCH)


class Setup(Frozen):
    """What is measured. All of it lies in the address of the page."""

    vectors: Literal["passages", "generated"] = "passages"
    count: int = COUNTS[0]
    """Of generated vectors; passages are as many as there are."""
    neighbours: Annotated[tuple[int, ...], Field(min_length=1)] = (2, 8, AS_SHIPPED_NEIGHBOURS)
    """M: links that a vector has to others in the graph."""
    searches: Annotated[tuple[int, ...], Field(min_length=1)] = (10, 20, 50, 100, AS_SHIPPED_SEARCH)
    """ef: candidates that a search keeps."""
    construction: int = AS_SHIPPED_CONSTRUCTION
    """ef while the graph is built."""

    @model_validator(mode="after")
    def _only_what_is_offered(self) -> Self:
        for name, chosen, offered in (
            ("count", (self.count,), COUNTS),
            ("neighbours", self.neighbours, NEIGHBOURS),
            ("searches", self.searches, SEARCHES),
            ("construction", (self.construction,), CONSTRUCTIONS),
        ):
            if not set(chosen) <= set(offered):
                raise ValueError(f"{name}: expected some of {offered}, got {chosen}")
            if list(chosen) != sorted(set(chosen)):
                raise ValueError(f"{name}: expected each once, in order, got {chosen}")
        return self

    def to_query(self) -> dict[str, str]:
        """Address parameters: those that differ from the defaults.

        >>> Setup(vectors="generated", searches=(10, 50)).to_query()
        {'vectors': 'generated', 'ef': '10,50'}
        """
        usual = Setup()
        found = {
            name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            for name, field in _PARAMETERS.items()
            if (value := getattr(self, field)) != getattr(usual, field)
        }
        if self.vectors == "passages":
            found.pop("count", None)  # it changes nothing
        return found

    @classmethod
    def from_query(cls, parameters: Mapping[str, str]) -> tuple[Self, tuple[str, ...]]:
        """The setup of an address, and a sentence for each parameter that cannot be used and is as by default.

        >>> Setup.from_query({"ef": "10,50", "m": "7"})[1]
        ('m=7 is not offered and left out.',)
        """
        values: dict[str, object] = {}
        notices: list[str] = []
        for name, field in _PARAMETERS.items():
            if name not in parameters:
                continue
            written = parameters[name]
            try:
                value = _READ[field](written)
                cls.model_validate({field: value})
            except ValueError:
                notices.append(f"{name}={written[:30]} is not offered and left out.")
            else:
                values[field] = value
        return cls.model_validate(values), tuple(notices)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(part) for part in text.split(",")}))


_PARAMETERS = {
    "vectors": "vectors", "count": "count", "m": "neighbours", "ef": "searches", "efc": "construction",
}  # fmt: skip
"""Names in the address, and the fields they stand for."""
PARAMETERS = tuple(_PARAMETERS)

_READ: dict[str, Callable[[str], object]] = {
    "vectors": str, "count": int, "neighbours": _numbers, "searches": _numbers, "construction": int,
}  # fmt: skip


class Point(Frozen):
    """One setting: how much it found and how long a query took."""

    neighbours: int
    search: int
    recall: Share
    """Of the ten nearest by exact search, over all queries."""
    seconds: float
    """Median over queries and rounds."""
    exact_seconds: float
    """Of exact search, timed in turn with it."""

    @property
    def ratio(self) -> float:
        """Above one it is slower than exact search."""
        return self.seconds / self.exact_seconds


class Build(Frozen):
    neighbours: int
    seconds: float


class Measurement(Frozen):
    setup: Setup
    count: int
    dimensions: int
    queries: int
    rounds: int
    points: tuple[Point, ...]
    """By M, then by ef."""
    builds: tuple[Build, ...]
    exact_seconds: float
    """Median over the whole run."""
    call_seconds: float
    """What a call to Chroma takes with ten vectors: the part of every query that is not search."""


class Stopped(CoachError):
    """Nobody waits for the measurement any more."""


Told = Callable[[str, float], None]
"""What is being done, and the share of everything that is done; what it raises ends the measurement."""


# --- Vectors ------------------------------------------------------------------------------------------------


def of_reading(coach: Coach, reading: Reading) -> tuple[Vectors, Vectors]:
    """The vectors of a pathway's passages as the index holds them, and those of some of its question keys."""
    return reading.index.vectors, coach.encoder().encode(sample_of_keys(reading.corpus))


def sample_of_keys(corpus: Corpus) -> list[str]:
    """At most ``QUERIES`` question keys, spread evenly over the passages in their order."""
    keys = list(dict.fromkeys(key for passage in corpus.passages for fact in passage.facts for key in fact.questions))
    return [keys[at * len(keys) // QUERIES] for at in range(QUERIES)] if len(keys) > QUERIES else keys


def generated(count: int, dimensions: int) -> tuple[Vectors, Vectors]:
    """So many vectors in clusters, and ``QUERIES`` more from the same clusters to search for. Always the same ones."""
    random = np.random.default_rng(SEED)
    centres = random.normal(size=(max(1, count // CLUSTER_SIZE), dimensions)) / np.sqrt(dimensions)
    chosen = random.integers(len(centres), size=count + QUERIES)
    points = centres[chosen] + random.normal(scale=SPREAD, size=(len(chosen), dimensions))
    vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    return vectors[:count], vectors[count:]


def generator_in_words(count: int, dimensions: int) -> str:
    """How ``generated`` makes its vectors, so that somebody can make them again."""
    return (
        f"{count:,} vectors of {dimensions} numbers in {max(1, count // CLUSTER_SIZE)} clusters: each centre is drawn "
        f"from a normal distribution (standard deviation 1/√{dimensions}), each vector is the centre of a random "
        f"cluster plus normal noise of {SPREAD} in every number, scaled to length 1. Seed {SEED}; the {QUERIES} "
        "queries come from the same clusters."
    )


# --- Measuring ----------------------------------------------------------------------------------------------


def exact_search(vectors: Vectors) -> Search:
    """The rows with the highest cosine, highest first: one product and a partial sort.

    The product is the one that the coach's own exact search uses. It has one thread, as the graph has: the ``@`` of
    numpy takes all there are, which for 5,000 vectors is 0.3 ms on an idle machine and, where another program works
    on the same two cores, 16 ms.
    """

    def nearest(query: Vectors, limit: int) -> Sequence[int]:
        scores = np.einsum("ij,j->i", vectors, query, optimize=False)
        if limit >= len(scores):
            return np.argsort(-scores, kind="stable").tolist()  # type: ignore[no-any-return]
        best = np.argpartition(-scores, limit)[:limit]
        return best[np.argsort(-scores[best], kind="stable")].tolist()  # type: ignore[no-any-return]

    return nearest


def recall(found: Sequence[int], wanted: Sequence[int]) -> float:
    """Share of ``wanted`` that was found.

    >>> recall([3, 1, 7], [1, 2, 3, 4])
    0.5
    """
    return len(set(found) & set(wanted)) / len(wanted)


def measure(
    setup: Setup, vectors: Vectors, queries: Vectors, *, rounds: int = ROUNDS, tell: Told = lambda _what, _share: None
) -> Measurement:
    """Build a graph for each M, then search it with each ef. Raises VectorIndexError, and whatever ``tell`` raises."""
    k = min(K, len(vectors))
    exact = exact_search(vectors)
    wanted = [exact(query, k) for query in queries]
    with ExitStack() as stack:
        graphs: dict[int, TrialGraph] = {}
        builds = []
        for at, neighbours in enumerate(setup.neighbours):
            tell(f"Building the graph with M {neighbours}", BUILD_SHARE * at / len(setup.neighbours))

            def in_it(rows: int, at: int = at, neighbours: int = neighbours) -> None:
                share = (at + rows / len(vectors)) / len(setup.neighbours)
                tell(f"Building the graph with M {neighbours}: {rows:,} of {len(vectors):,}", BUILD_SHARE * share)

            start = time.perf_counter()
            graphs[neighbours] = _built(stack, vectors, neighbours, setup.construction, in_it)
            builds.append(Build(neighbours=neighbours, seconds=time.perf_counter() - start))
        few = vectors[:K]
        tiny = stack.enter_context(_built(stack, few, setup.neighbours[0], setup.construction).opened(K))
        took: dict[tuple[int, int], list[float]] = {}
        exactly: dict[tuple[int, int], list[float]] = {}
        hits: dict[tuple[int, int], float] = {}
        calls: list[float] = []
        settings = [(neighbours, search) for neighbours in setup.neighbours for search in setup.searches]
        for turn in range(rounds):
            for at, setting in enumerate(settings):
                share = (turn + at / len(settings)) / rounds
                tell(
                    f"Round {turn + 1} of {rounds}: M {setting[0]}, ef {setting[1]}",
                    BUILD_SHARE + (1 - BUILD_SHARE) * share,
                )
                with graphs[setting[0]].opened(setting[1]) as search:
                    search(queries[0], k)  # the first call loads the graph
                    found = []
                    for query in queries:
                        _timed(exact, query, k, exactly.setdefault(setting, []))
                        found.append(_timed(search, query, k, took.setdefault(setting, [])))
                for query in queries[:WARM_UP]:
                    tiny(query, len(few))
                for query in queries[:CALLS]:
                    _timed(tiny, query, len(few), calls)
                hits[setting] = statistics.fmean(map(recall, found, wanted))  # the same in every round
    return Measurement(
        setup=setup,
        count=len(vectors),
        dimensions=vectors.shape[1],
        queries=len(queries),
        rounds=rounds,
        points=tuple(
            Point(
                neighbours=setting[0],
                search=setting[1],
                recall=hits[setting],
                seconds=statistics.median(took[setting]),
                exact_seconds=statistics.median(exactly[setting]),
            )
            for setting in settings
        ),
        builds=tuple(builds),
        exact_seconds=statistics.median(seconds for all_ in exactly.values() for seconds in all_),
        call_seconds=statistics.median(calls),
    )


BUILD_SHARE = 0.4
"""Of the progress that is told; between a twentieth and two thirds of the time, with the number of vectors."""


def _built(
    stack: ExitStack,
    vectors: Vectors,
    neighbours: int,
    construction: int,
    on_batch: Callable[[int], None] | None = None,
) -> TrialGraph:
    graph = TrialGraph(vectors, max_neighbors=neighbours, ef_construction=construction, on_batch=on_batch)
    stack.callback(graph.remove)
    return graph


def _timed(search: Search, query: Vectors, limit: int, seconds: list[float]) -> Sequence[int]:
    start = time.perf_counter()
    found = search(query, limit)
    seconds.append(time.perf_counter() - start)
    return found


class Measuring:
    """A measurement under way, in a thread of its own. One at a time in the process: two would slow each other, and
    both would report it."""

    _one_at_a_time = threading.Lock()

    def __init__(
        self,
        setup: Setup,
        vectors: Callable[[], tuple[Vectors, Vectors]],
        *,
        fingerprint: str = "",
        rounds: int = ROUNDS,
    ) -> None:
        """``vectors`` is called in the thread: what to search among, and what to search for. ``fingerprint`` is that of
        the index they belong to."""
        self.setup = setup
        self.fingerprint = fingerprint
        self.doing = "Waiting for another measurement to end"
        self.share = 0.0
        self._result: Measurement | None = None
        self._error: CoachError | None = None
        self._cancelled = threading.Event()
        self._finished = threading.Event()
        threading.Thread(target=self._run, args=(vectors, rounds), name="coach-measuring", daemon=True).start()

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    def wait(self, seconds: float) -> bool:
        """True as soon as it has ended in whichever way."""
        return self._finished.wait(seconds)

    def cancel(self) -> None:
        """It ends at its next step, and its graphs are removed."""
        self._cancelled.set()

    def result(self) -> Measurement | None:
        """What was measured; None while it runs and where it was cancelled. Raises CoachError where it failed."""
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self, vectors: Callable[[], tuple[Vectors, Vectors]], rounds: int) -> None:
        try:
            with self._alone():
                self._tell("Reading the vectors", 0.0)
                self._result = measure(self.setup, *vectors(), rounds=rounds, tell=self._tell)
        except Stopped:
            pass
        except CoachError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - handed over to whoever waits
            self._error = CoachError(f"The measurement failed ({type(error).__name__}: {error}). Start it again.")
        finally:
            self._finished.set()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        while not self._one_at_a_time.acquire(timeout=0.1):
            self._go_on()
        try:
            yield
        finally:
            self._one_at_a_time.release()

    def _tell(self, doing: str, share: float) -> None:
        self._go_on()
        self.doing, self.share = doing, share

    def _go_on(self) -> None:
        if self._cancelled.is_set():
            raise Stopped("The measurement was stopped.")


class Measured:
    """The last measurements by what they were made from. Safe to share between threads and visitors: nothing in it is
    anybody's own."""

    MOST = 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, Setup], Measurement] = OrderedDict()

    def get(self, fingerprint: str, setup: Setup) -> Measurement | None:
        """``fingerprint`` is that of the index: other passages give another measurement."""
        with self._lock:
            return self._kept.get((fingerprint, setup))

    def forget(self, fingerprint: str, setup: Setup) -> None:
        """Before it is measured again."""
        with self._lock:
            self._kept.pop((fingerprint, setup), None)

    def keep(self, fingerprint: str, measurement: Measurement) -> None:
        with self._lock:
            self._kept[fingerprint, measurement.setup] = measurement
            self._kept.move_to_end((fingerprint, measurement.setup))
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)


# --- In words -----------------------------------------------------------------------------------------------


def in_words(measured: Measurement) -> tuple[str, ...]:
    """What a learner sees in it, one sentence or two for each thing, all of it from the figures."""
    return tuple(
        sentence
        for sentence in (
            _on_searching(measured),
            _on_linking(measured),
            _on_enough(measured),
            _on_exact(measured),
            _on_calls(measured),
            _on_building(measured),
            _on_ours(measured),
        )
        if sentence
    )


def in_one_sentence(measured: Measurement) -> str:
    """For those who do not see the chart."""
    worst, best = (pick(measured.points, key=lambda point: point.recall) for pick in (min, max))
    return (
        f"Recall at {K} against the time of a query, for {measured.count:,} vectors: from {_share(worst.recall)} with "
        f"M {worst.neighbours} and ef {worst.search} in {_time(worst.seconds)} to {_share(best.recall)} with "
        f"M {best.neighbours} and ef {best.search} in {_time(best.seconds)}; exact search takes "
        f"{_time(measured.exact_seconds)}."
    )


def _on_searching(measured: Measurement) -> str:
    """What a larger ef does, told by the M whose recall it changes most."""
    lines = [[point for point in measured.points if point.neighbours == m] for m in measured.setup.neighbours]
    few, many = max(((line[0], line[-1]) for line in lines), key=lambda ends: ends[1].recall - ends[0].recall)
    if few.search == many.search:
        return ""
    where = f"With M {few.neighbours}, from ef {few.search} to ef {many.search}"
    if many.recall - few.recall < 0.001:
        return f"{where} recall stays at {_share(few.recall)}: every neighbour that can be reached is reached at once."
    return (
        f"A search that keeps more candidates finds more. {where} recall goes from {_share(few.recall)} to "
        f"{_share(many.recall)}, and a query {_longer(few.seconds, many.seconds)}."
    )


def _on_linking(measured: Measurement) -> str:
    """What a larger M does, at the least ef, where it counts most."""
    least = min(measured.setup.searches)
    line = [point for point in measured.points if point.search == least]
    few, many = line[0], line[-1]
    if few.neighbours == many.neighbours:
        return ""
    where = f"At ef {least}, from M {few.neighbours} to M {many.neighbours}"
    if abs(many.recall - few.recall) < 0.001:
        return f"{where} recall is the same, {_share(few.recall)}: so few vectors need no more links."
    more = "finds more" if many.recall > few.recall else "does not always find more"
    return f"A graph with more links {more}. {where} recall goes from {_share(few.recall)} to {_share(many.recall)}."


def _on_enough(measured: Measurement) -> str:
    """The quickest setting that finds nearly all."""
    enough = [point for point in measured.points if point.recall >= GOOD_RECALL]
    if not enough:
        best = max(measured.points, key=lambda point: point.recall)
        return (
            f"No setting finds {_share(GOOD_RECALL)} of the true neighbours; the best, M {best.neighbours} with ef "
            f"{best.search}, finds {_share(best.recall)}. Try a larger M or ef."
        )
    quickest = min(enough, key=lambda point: point.seconds)
    return (
        f"Of the {len(measured.points)} settings {len(enough)} find at least {_share(GOOD_RECALL)} of the true "
        f"neighbours; the quickest of them is M {quickest.neighbours} with ef {quickest.search}, at "
        f"{_time(quickest.seconds)} a query."
    )


def _on_exact(measured: Measurement) -> str:
    """Whether approximate search pays here."""
    enough = [point for point in measured.points if point.recall >= GOOD_RECALL] or list(measured.points)
    best = min(enough, key=lambda point: point.ratio)
    exact = f"Exact search looks at all {measured.count:,} vectors and takes {_time(best.exact_seconds)}"
    if best.ratio > NOTICEABLE:
        return (
            f"{exact}: for so few, looking at all is {best.ratio:.1f} times as fast as the graph, and misses nothing. "
            "Measure with more vectors to see from where on a graph pays."
        )
    if best.ratio < 1 / NOTICEABLE:
        return f"{exact}: the graph is {1 / best.ratio:.1f} times as fast, for a recall of {_share(best.recall)}."
    return f"{exact}: as long as the graph."


def _on_calls(measured: Measurement) -> str:
    quickest = min(measured.points, key=lambda point: point.seconds)
    share = measured.call_seconds / quickest.seconds
    part = (
        f"{share:.0%} of the quickest setting: what is left above that is search"
        if share < 1 / NOTICEABLE
        else "no less than the quickest setting: hardly any of its time is search"
    )
    return (
        f"A call to Chroma takes {_time(measured.call_seconds)} with only {K} vectors to look at, {part}. Exact search "
        "is a product in this program and needs no call."
    )


def _on_building(measured: Measurement) -> str:
    first, last = measured.builds[0], measured.builds[-1]
    times = listed([f"{_time(build.seconds)} with M {build.neighbours}" for build in measured.builds])
    if first.neighbours == last.neighbours or last.seconds < first.seconds * NOTICEABLE:
        return f"Building the graph took {times}. Exact search needs none."
    return f"More links take longer to make: building the graph took {times}. Exact search needs none."


def _on_ours(measured: Measurement) -> str:
    """The coach's own setting, where it is among those measured."""
    setup = measured.setup
    ours = next((p for p in measured.points if (p.neighbours, p.search) == AS_SHIPPED_POINT), None)
    if ours is None or setup.construction != AS_SHIPPED_CONSTRUCTION:
        return ""
    return (
        f"The coach itself searches with M {ours.neighbours} and ef {ours.search}: recall {_share(ours.recall)} in "
        f"{_time(ours.seconds)} here."
    )


def _longer(before: float, after: float) -> str:
    ratio = after / before
    return f"takes {ratio:.1f} times as long" if ratio > NOTICEABLE else "takes no longer"


def _share(value: float) -> str:
    """
    >>> _share(0.9951), _share(1.0)
    ('99.5%', '100%')
    """
    return f"{100 * value:.1f}".removesuffix(".0") + "%"


def _time(seconds: float) -> str:
    """
    >>> _time(0.0000421), _time(0.00215), _time(3.21)
    ('0.04 ms', '2.15 ms', '3.2 s')
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.2f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"
