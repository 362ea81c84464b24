"""What more than one file of tests starts from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

from coach import Coach
from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.models import small
from coach.settings import Settings, load_settings
from coach.storage import Store, open_passing_store, open_store
from tests import small_model as small_model_server
from tests.postgres import MISSING, Cluster, binaries, cluster

hypothesis.settings.register_profile("any machine", deadline=None)  # a slow machine is no failure
hypothesis.settings.load_profile("any machine")

PAGES = Path(__file__).resolve().parent.parent / "eval" / "pages"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the index of the shipped pathway is built, to be copied; once for all processes of a run.

    Half a minute of two cores each time would be most of what the browser tests take.
    """

    def build(data: Path) -> None:
        Coach(load_settings(data_dir=data)).warm_up()

    return _once(tmp_path_factory, "built", build)


@pytest.fixture(scope="session")
def built_with_pages(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    """As ``built``, with two invented careers imported and their indexes built."""

    def build(data: Path) -> None:
        settings = load_settings(data_dir=Path(shutil.copytree(built, data)))
        market = load_knowledge(settings).market
        for page in sorted(PAGES.glob("*.txt")):
            import_page(page, settings, market)
        coach = Coach(settings)
        for pathway in coach.pathways():
            coach.warm_up(pathway=pathway.slug)

    return _once(tmp_path_factory, "built-with-pages", build)


def _once(tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """A folder that the first of all processes of a run to come here builds; the others wait for it."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    shared.mkdir(exist_ok=True)
    with FileLock(shared / "lock"):
        if not (shared / "done").exists():
            build(shared / "data")
            (shared / "done").touch()
    return shared / "data"


@pytest.fixture(scope="session")
def coach(tmp_path_factory: pytest.TempPathFactory, built_with_pages: Path) -> Coach:
    """What people get: the real encoder, the shipped knowledge, and two invented careers beside it. Not to be changed:
    all tests share it."""
    data = Path(shutil.copytree(built_with_pages, tmp_path_factory.mktemp("coach") / "data"))
    return Coach(load_settings(data_dir=data))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server of PostgreSQL. Where its programs are missing the test is skipped, but in CI it fails."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with cluster(programs) as running:
        yield running


@pytest.fixture(scope="session")
def small_model() -> Iterator[small_model_server.SmallModel]:
    """A real language model on loopback. Where its packages are missing the test is skipped, but in CI it fails."""
    if not small.available():
        if os.environ.get("CI"):
            pytest.fail(small_model_server.MISSING)
        pytest.skip(small_model_server.MISSING)
    with small_model_server.small_model() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


class Place:
    """Where a store is. Each opening stands for one more program, or window, on the same data."""

    def __init__(self, settings: Settings | None) -> None:
        self.settings = settings
        self._opened = [open_passing_store()] if settings is None else []

    def open(self) -> Store:
        if self.settings is None:
            return self._opened[0]  # Memory belongs to one program; its threads share it.
        self._opened.append(open_store(self.settings))
        return self._opened[-1]

    def close(self) -> None:
        for store in self._opened:
            store.close()


@pytest.fixture(params=["file", "memory", "postgres"])
def place(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Place]:
    """An empty place for a store, of each kind in turn."""
    if request.param == "postgres":
        server: Cluster = request.getfixturevalue("postgres")
        with server.database() as name:
            found = Place(Settings(database_url=server.address(name)))
            yield found
            found.close()
        return
    found = Place(settings if request.param == "file" else None)
    yield found
    found.close()


@pytest.fixture
def store(place: Place) -> Store:
    """An empty store, of each kind in turn."""
    return place.open()


@pytest.fixture
def file_store(settings: Settings) -> Iterator[Store]:
    """An empty store in the data folder."""
    opened = open_store(settings)
    yield opened
    opened.close()
