"""An index opened: found as it was left, brought up to date, or made; on disk, on a Chroma server, or in memory.

Comes in: passages, an encoder, settings. Goes out: a ``PassageIndex``, or how the stored one stands.

What is unchanged is not encoded again; when nothing changed nothing is written at all. Where nothing can be written the
index lives in memory, and ``notice`` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coach.retrieval import dense
from coach.retrieval.contents import KEYS, PASSAGES, Contents, IndexState, Progress, Stored, encode_missing, write
from coach.retrieval.encoder import Encoder, Vectors
from coach.retrieval.index import PassageIndex
from coach.retrieval.on_disk import NowhereToWrite, open_on_disk, state_on_disk
from coach.retrieval.on_server import open_on_server, state_on_server
from coach.settings import Settings
from coach.types import Passage


def open_index(
    passages: Sequence[Passage],
    encoder: Encoder,
    settings: Settings,
    *,
    name: str,
    progress: Progress | None = None,
) -> PassageIndex:
    """The index of exactly these passages, made or brought up to date first where need be.

    ``progress`` is told how many of the texts to encode are done; it is not called when there are none.

    Raises VectorIndexError naming the passage that is longer than the encoder reads or that shares its id,
    IndexBusyError when another process keeps writing, and VectorIndexError for a Chroma server that does not
    work. A folder that cannot be written or read is no error: see ``PassageIndex.notice``.
    """
    contents = Contents(name, tuple(passages), encoder)
    if settings.chroma_url is not None:
        stored = open_on_server(contents, encoder, settings.chroma_url, progress)
        return PassageIndex(contents, encoder, stored, notice=None)
    vectors: dict[str, Vectors] = {}
    try:
        stored, notice = open_on_disk(contents, encoder, settings, vectors, progress)
    except NowhereToWrite as error:
        encode_missing(contents, encoder, vectors, progress)
        store = dense.open_memory()
        names = dense.unique_collection(PASSAGES), dense.unique_collection(KEYS)
        stored = replace(write(store, contents, vectors, names), in_memory=True)
        notice = (
            f"The index is kept in memory and will be made again at the next start, because {error}. Free some space "
            "there, or set COACH_DATA_DIR to a folder that can be written."
        )
    return PassageIndex(contents, encoder, stored, notice=notice)


def open_beside(
    passages: Sequence[Passage],
    encoder: Encoder,
    like: PassageIndex,
    *,
    name: str,
    with_headings: bool = True,
    check_lengths: bool = True,
    progress: Progress | None = None,
) -> PassageIndex:
    """An index of these passages in memory, which leaves ``like`` and what is on disk alone.

    What ``like`` holds already is not encoded again. With ``with_headings`` False a passage is embedded without the
    headings above it; with ``check_lengths`` False it may be longer than the encoder reads, which then drops its end
    in silence. Vectors are compared exactly, without Chroma: such an index is made in a second, many may come and go
    in a visit, and nothing of it is left behind. Raises VectorIndexError and EncoderError.
    """
    contents = Contents(name, tuple(passages), encoder, with_headings=with_headings)
    vectors = dict(like.encoded)
    encode_missing(contents, encoder, vectors, progress, check_lengths=check_lengths)
    return PassageIndex(contents, encoder, Stored(None, (PASSAGES, KEYS), *contents.records(vectors)), notice=None)


def index_state(
    passages: Sequence[Passage], encoder: Encoder, settings: Settings, *, name: str
) -> tuple[IndexState, str]:
    """How the stored index is, and where it is or what is wrong with it. Makes nothing and mends nothing.

    Raises VectorIndexError for passages that cannot be indexed and for a Chroma server that does not work.
    """
    contents = Contents(name, tuple(passages), encoder)
    if settings.chroma_url is not None:
        return state_on_server(contents, settings.chroma_url)
    return state_on_disk(contents, encoder, settings.data_dir)
