"""Vectors in Chroma, found again by approximate nearest neighbours: the one module that knows chromadb.

Comes in: records (id, vector, text, hash). Goes out: the same records, and the ids nearest to a vector.
Does not know what a passage or a question is, how vectors are made, or when a store is fit to be read.

Three kinds of store behind one class: a folder, memory, or a Chroma server. The server is for those who
outgrow one machine and belongs on a private network only: **CVE-2026-45829**, a pre-authentication
advisory that covers all of 1.x up to 1.5.9, is open, so whoever reaches the server's port owns its data.
The coach never starts one.

Chroma never sees a text without a vector (``embedding_function=None``), or it would fetch a model of its
own; telemetry is off; its settings are given in full, because it reads them from the environment and
from any ``.env`` in the working directory otherwise.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from coach.errors import VectorIndexError

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

HNSW: CreateHNSWConfiguration = {
    "space": "cosine",
    # Recall@10 against exact search over 20,000 vectors of 384 dimensions in 20 tight clusters, 200 queries:
    # 0.990 with 16 neighbours and construction 100 (Chroma's defaults), 0.9985 to 1.0 with 32 and 200, search 100
    # to 800 alike. In 200 clusters, nearer to real passages, 1.0 throughout. Building took 5 to 8 s, a query 2 ms.
    "max_neighbors": 32,
    "ef_construction": 200,
    "ef_search": 400,
    # One thread: fewer differences between builds. The graph is still drawn at random; with these settings its
    # neighbours are those of exact search, which `eval bench` measures, so that nobody sees it.
    "num_threads": 1,
    # Written to disk with the last record: what is left in Chroma's log would be folded in, and the files
    # changed, by whoever opens the folder next.
    "batch_size": 2,
    "sync_threshold": 2,
}

BATCH = 2000
"""Records per call; SQLite's limit on variables allows 5,461."""

CONNECT_SECONDS = 5.0
"""How long to wait for a Chroma server to take a connection; its client would wait without end."""

_opening = threading.Lock()
"""Chroma keeps one system per path in a dictionary of the process and does not guard it while it opens one."""


@dataclass(frozen=True)
class Records:
    """What a collection holds, row by row."""

    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    texts: tuple[str, ...]
    hashes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


class VectorStore:
    """Collections of records under one Chroma client. Every failure is a VectorIndexError that names ``place``.

    One client per store; ``close`` releases it. Two stores over one folder in one process share Chroma's
    system for that path and must not outlive the folder: a rebuilt index lies under another path.
    """

    def __init__(self, client: Client, place: str) -> None:
        self._client = client
        self._place = place
        self.closed = False
        self._known: dict[str, Collection] = {}

    def write(self, collection: str, records: Records) -> None:
        """Add or replace ``records``; the collection is made if it is not there."""
        with _translated(self._place):
            made = self._client.get_or_create_collection(
                collection, embedding_function=None, configuration={"hnsw": HNSW}
            )
            starts = list(range(0, len(records), BATCH))
            if len(records) == 1:
                starts *= 2  # below the sync threshold of two, which Chroma does not allow to be one
            for start in starts:
                part = slice(start, start + BATCH)
                made.upsert(
                    ids=list(records.ids[part]),
                    embeddings=records.vectors[part],
                    documents=list(records.texts[part]),
                    metadatas=[{"hash": hash_} for hash_ in records.hashes[part]],
                )

    def read(self, collection: str) -> Records:
        """Everything in the collection, in the order of its ids. Chroma scales the vectors to unit length anew."""
        with _translated(self._place):
            found = self._collection(collection).get(include=["embeddings", "documents", "metadatas"])
            order = sorted(range(len(found["ids"])), key=lambda row: found["ids"][row])
            vectors = np.asarray(found["embeddings"], dtype=np.float32)
            documents, metadatas = found["documents"] or [], found["metadatas"] or []
            return Records(
                ids=tuple(found["ids"][row] for row in order),
                vectors=vectors[order] if order else np.zeros((0, 0), dtype=np.float32),
                texts=tuple(documents[row] or "" for row in order),
                hashes=tuple(str((metadatas[row] or {}).get("hash", "")) for row in order),
            )

    def nearest(self, collection: str, vector: NDArray[np.float32], limit: int) -> tuple[str, ...]:
        """At most ``limit`` ids, the nearest first by Chroma's approximate search over cosine distance.

        No scores: they would be distances, rounded by Chroma's own arithmetic (7e-7 for a vector and itself).
        """
        with _translated(self._place):
            question = vector[np.newaxis, :]
            found = self._collection(collection).query(query_embeddings=question, n_results=limit, include=[])
            return tuple(found["ids"][0])

    def collections(self) -> tuple[str, ...]:
        """Names of all collections, sorted."""
        with _translated(self._place):
            return tuple(sorted(collection.name for collection in self._client.list_collections()))

    def label(self, collection: str) -> Mapping[str, str]:
        """The strings last put on the collection by ``set_label``; empty if none or no such collection."""
        if collection not in self.collections():
            return {}
        with _translated(self._place):
            metadata = self._client.get_collection(collection, embedding_function=None).metadata or {}
            return {str(key): str(value) for key, value in metadata.items()}

    def set_label(self, collection: str, label: Mapping[str, str]) -> None:
        """Replace the collection's label in one step; makes an empty collection if need be."""
        with _translated(self._place):
            self._client.get_or_create_collection(collection, embedding_function=None).modify(metadata=dict(label))

    def drop(self, collection: str) -> None:
        """Remove the collection if it is there."""
        if collection in self.collections():
            with _translated(self._place):
                self._known.pop(collection, None)
                self._client.delete_collection(collection)

    def close(self) -> None:
        """Release the client. Safe to call twice."""
        if not self.closed:
            self.closed = True
            self._known.clear()
            with _translated(self._place), _opening:
                self._client.close()

    def _collection(self, name: str) -> Collection:
        if name not in self._known:
            self._known[name] = self._client.get_collection(name, embedding_function=None)
        return self._known[name]


class TrialGraph:
    """One HNSW graph over rows of vectors, to be measured with settings that are not the coach's.

    It lies in a folder of its own, which ``remove`` deletes, and not in memory: Chroma reads ``ef_search`` when it
    loads a graph and at no other time. On a collection that is open, ``modify`` gives no error and changes nothing
    (1.5.9), and loading the graph anew takes 25 ms where building it again would take seconds.
    """

    COLLECTION = "trial"

    def __init__(
        self,
        vectors: NDArray[np.float32],
        *,
        max_neighbors: int,
        ef_construction: int,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        """Builds the graph. ``on_batch`` is told how many rows are in it; what it raises ends the building."""
        self._place = f"the folder for temporary files, {tempfile.gettempdir()},"
        with _translated(self._place):
            self._folder = tempfile.TemporaryDirectory(prefix="coach-trial-")
        try:
            settings = HNSW.copy()
            settings["max_neighbors"], settings["ef_construction"] = max_neighbors, ef_construction
            with self._client() as client:
                with _translated(self._place):
                    made = client.create_collection(
                        self.COLLECTION, embedding_function=None, configuration={"hnsw": settings}
                    )
                for start in range(0, len(vectors), BATCH):
                    rows = range(start, min(start + BATCH, len(vectors)))
                    with _translated(self._place):
                        made.add(ids=[str(row) for row in rows], embeddings=vectors[rows.start : rows.stop])
                    if on_batch is not None:
                        on_batch(rows.stop)
        except BaseException:
            self.remove()
            raise

    @contextlib.contextmanager
    def opened(self, ef_search: int) -> Iterator[Callable[[NDArray[np.float32], int], tuple[int, ...]]]:
        """A search that keeps ``ef_search`` candidates: rows nearest to a vector, the nearest first."""
        with self._client() as client, _translated(self._place):
            client.get_collection(self.COLLECTION, embedding_function=None).modify(
                configuration={"hnsw": {"ef_search": ef_search}}
            )
        with self._client() as client:
            with _translated(self._place):
                opened = client.get_collection(self.COLLECTION, embedding_function=None)

            def nearest(vector: NDArray[np.float32], limit: int) -> tuple[int, ...]:
                with _translated(self._place):
                    found = opened.query(query_embeddings=vector[np.newaxis, :], n_results=limit, include=[])
                return tuple(int(id_) for id_ in found["ids"][0])

            yield nearest

    def remove(self) -> None:
        """Delete the graph. Safe to call twice."""
        self._folder.cleanup()

    @contextlib.contextmanager
    def _client(self) -> Iterator[Client]:
        folder = self._folder.name
        with _translated(self._place), _opening:
            client = _chromadb().PersistentClient(folder, settings=_settings(folder))
        try:
            yield client
        finally:
            with _translated(self._place), _opening:
                client.close()


def open_folder(folder: Path) -> VectorStore:
    """The store in ``folder``, made if it is not there. Opening writes a row to its SQLite file, so it has to be
    writable even for reading."""
    place = f"the vector index in {folder}"
    with _translated(place), _opening:
        chromadb = _chromadb()
        return VectorStore(chromadb.PersistentClient(str(folder), settings=_settings(str(folder))), place)


def open_memory() -> VectorStore:
    """A store that ends with the process. All such stores of a process share one name space."""
    with _translated("the vector index in memory"), _opening:
        chromadb = _chromadb()
        return VectorStore(chromadb.EphemeralClient(settings=_settings("")), "the vector index in memory")


def open_server(url: str) -> VectorStore:
    """The store on a Chroma server at ``http://host:port`` or ``https://host:port``."""
    host, port, secure = parse_server_url(url)
    place = f"the Chroma server at {'https' if secure else 'http'}://{host}:{port}"
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise VectorIndexError(
            f"{place} does not take a connection ({error}). Start it, mend COACH_CHROMA_URL, or unset it to keep the "
            "index on this machine."
        ) from error
    with _translated(place), _opening:
        chromadb = _chromadb()
        settings = chromadb.config.Settings(
            _env_file=None,
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=host,
            chroma_server_http_port=port,
            chroma_server_ssl_enabled=secure,
        )
        return VectorStore(chromadb.HttpClient(host=host, port=port, ssl=secure, settings=settings), place)


def parse_server_url(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is used.

    >>> parse_server_url("http://10.0.0.5:8000")
    ('10.0.0.5', 8000, False)
    """
    expected = f"COACH_CHROMA_URL: expected http://host:port or https://host:port, got {_without_password(url)!r}"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise VectorIndexError(f"{expected} ({error}).") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise VectorIndexError(f"{expected}.")
    if parts.username or parts.password or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise VectorIndexError(f"{expected}: no user, path or query can be given.")
    secure = parts.scheme == "https"
    return parts.hostname, port or (443 if secure else 8000), secure


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"{before.split('//')[0]}//...@{after}" if at else url


def _settings(folder: str) -> Any:
    return _chromadb().config.Settings(
        _env_file=None,
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        is_persistent=bool(folder),
        persist_directory=folder,
    )


def _chromadb() -> Any:
    """Import chromadb, about 0.7 s, at first use.

    Its import asks for the home folder and fails where the account has none (a container under an unknown
    user id), so for those it is given one for the moment. Nothing is written there with telemetry off.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()
        try:
            import chromadb
        finally:
            del os.environ["HOME"]
    else:
        import chromadb
    return chromadb


@contextlib.contextmanager
def _translated(place: str) -> Iterator[None]:
    """Whatever Chroma raises becomes a VectorIndexError; a panic of its Rust core is no ``Exception``, hence the
    wide net."""
    try:
        yield
    except (VectorIndexError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise VectorIndexError(f"{place} cannot be used: {reason}") from error


def unique_collection(prefix: str) -> str:
    """A collection name that nothing else in the process uses."""
    return f"{prefix}-{uuid.uuid4().hex}"
