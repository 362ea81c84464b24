"""An index on a Chroma server: for each pathway a pair of collections.

Comes in: what it has to hold. Goes out: what is stored, brought up to date first where need be, or how it stands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from coach.errors import VectorIndexError
from coach.retrieval import dense
from coach.retrieval.contents import (
    KEYS,
    PASSAGES,
    Contents,
    IndexState,
    Progress,
    Stored,
    encode_missing,
    hash_of,
    read,
    write,
)
from coach.retrieval.dense import VectorStore
from coach.retrieval.encoder import Encoder, Vectors


def open_on_server(
    contents: Contents, encoder: Encoder, url: str, progress: Progress | None
) -> Stored:
    """A pair of collections named after the contents. It counts once the label with the digest of its vectors is
    on it, which is put there in one step after everything was written and read back."""
    store = dense.open_server(url)
    try:
        prefix, names = _server_names(contents)
        stored = _labelled(store, names)
        if stored is None or not contents.matches(stored):
            vectors: dict[str, Vectors] = {}
            others = [name for name in store.collections() if name.startswith(prefix)]
            for other in others:
                if other.endswith(PASSAGES) and store.label(other).get("encoder") == encoder.digest:
                    old = _labelled(store, (other, other.removesuffix(PASSAGES) + KEYS))
                    vectors.update(old.vectors() if old is not None else {})
            encode_missing(contents, encoder, vectors, progress)
            if store.label(names[0]):  # finished once and not what it was: start afresh
                _drop(store, names)
            try:
                # On top of what a killed writer left, or another one writes just now: the same records.
                stored = write(store, contents, vectors, names)
            except VectorIndexError:
                _drop(store, names)
                raise
            store.set_label(names[0], {"encoder": encoder.digest, "vectors": stored.vectors_digest()})
            _drop(store, [other for other in others if other not in names])
        return stored
    except BaseException:
        store.close()
        raise


def _server_names(contents: Contents) -> tuple[str, tuple[str, str]]:
    """How the names of all collections of this pathway begin, and those of the pair with these contents."""
    prefix = f"coach-{hash_of(contents.name)[:12]}-"
    return prefix, (f"{prefix}{contents.fingerprint[:16]}-{PASSAGES}", f"{prefix}{contents.fingerprint[:16]}-{KEYS}")


def state_on_server(contents: Contents, url: str) -> tuple[IndexState, str]:
    with contextlib.closing(dense.open_server(url)) as store:
        prefix, names = _server_names(contents)
        place = f"{url}, collection {names[0]}"
        if not store.label(names[0]):
            known = any(name.startswith(prefix) for name in store.collections())
            return (IndexState.STALE if known else IndexState.MISSING), place
        stored = _labelled(store, names)
        sound = stored is not None and contents.matches(stored)
        return (IndexState.BUILT if sound else IndexState.DAMAGED), place


def _drop(store: VectorStore, names: Iterable[str]) -> None:
    for name in names:
        store.drop(name)


def _labelled(store: VectorStore, names: tuple[str, str]) -> Stored | None:
    """The pair if it was finished and holds what was written; None for any other, to be made again."""
    digest = store.label(names[0]).get("vectors")
    if digest is None or names[1] not in store.collections():
        return None
    stored = read(store, names)
    return stored if stored.vectors_digest() == digest else None
