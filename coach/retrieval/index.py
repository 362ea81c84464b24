"""Passages made searchable: three channels over one set of passages, kept up to date and safe on disk.

Comes in: the passages of one pathway, an encoder. Goes out: a ``PassageIndex`` that ranks the passages for a
question and says how close the question came to each of their facts. Does not know how passages are made,
what a question means, or when the evidence is good enough.

How an index is kept. Each pathway has a folder (or a pair of collections on a Chroma server) of its own, so
changing one leaves the others alone. It holds two collections, passage texts and question keys, and a
manifest with the hash of every text. What is unchanged is not encoded again; when nothing changed nothing is
written at all. A new generation is built beside the old one and published in one step (``generations.py``),
by one writer at a time, so a reader, also in another process, has a complete one whenever it looks. What
cannot be read is set aside and made again. Where nothing can be written the index lives in memory, and
``notice`` says so.

How a question is searched. *dense*: Chroma's nearest passages by their text. *keys*: the closest question key of
each passage, exactly, since every fact needs its score anyway. *lexical*: shared words. ``hybrid.py`` fuses them.
Beside the ranking, each fact is told how close its closest sentence came.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from coach.errors import VectorIndexError
from coach.retrieval import dense, hybrid
from coach.retrieval.dense import Records, VectorStore
from coach.retrieval.encoder import Encoder, Vectors
from coach.retrieval.generations import POINTER, Generations
from coach.retrieval.lexical import LexicalIndex, ranked
from coach.settings import Settings
from coach.types import AS_SHIPPED, ChannelRank, Method, Passage, Retrieved, StepTime

FORMAT = 2
"""Of what is stored. Raise it when the layout changes: the old one is then set aside and made again."""

PASSAGES = "passages"
KEYS = "keys"
MANIFEST = "manifest.json"

DENSE_CANDIDATES = 500
"""How many neighbours Chroma is asked for: all passages of a usual pathway (219 of the one that comes with the coach,
1.5 ms), so that its z-scores are of all."""

ENCODE_BATCH = 512
"""Texts per step of the progress report, about a second of short ones on two cores."""

FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")

Progress = Callable[[int, int], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchResult:
    """What a question found. All scores are cosines or sums: higher is better."""

    ranking: tuple[Retrieved, ...]
    """Fused, best first."""
    fact_scores: Mapping[tuple[str, int], float]
    """Passage id and index into its facts: cosine of the question and the closest key of the fact. Every fact of
    every passage that has a key at all, also of passages beyond the ranking's limit."""
    fact_questions: Mapping[tuple[str, int], str]
    """The key that came closest, for the same facts."""
    sentence_scores: Mapping[tuple[str, int], float]
    """Passage id and index into its facts: cosine of the question and the closest sentence of the fact."""
    steps: tuple[StepTime, ...] = field(default=(), compare=False)
    """What the time was spent on, in order."""


_FUSED = {"z_scores": hybrid.fuse_z_scores, "reciprocal_ranks": hybrid.fuse_reciprocal_ranks}


@contextlib.contextmanager
def _timed(step: str, steps: list[StepTime]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    steps.append(StepTime(step=step, seconds=round(time.perf_counter() - start, 6)))


class PassageIndex:
    """A searchable set of passages. Make one with ``open_index``; safe to search from several threads."""

    def __init__(
        self, contents: _Contents, encoder: Encoder, stored: _Stored, *, notice: str | None
    ) -> None:
        self.fingerprint: str = contents.fingerprint
        self.notice: str | None = notice
        self.passages: dict[str, Passage] = dict(contents.passages)
        self._encoder = encoder
        self._stored = stored
        self._ids = tuple(self.passages)
        self._row = {id_: row for row, id_ in enumerate(self._ids)}
        self._vectors = _rows(stored.passages, self._ids)
        row = {hash_: row for row, hash_ in enumerate(stored.keys.hashes)}
        self._keys = _FactTable(contents.questions, stored.keys.vectors, row)
        self._sentences = _FactTable(contents.sentences, stored.keys.vectors, row)
        self._lexical = LexicalIndex([
            _lexical_text(passage, contents.embedded[id_]) for id_, passage in self.passages.items()
        ])

    def search(self, question: str, *, limit: int = 50, method: Method = AS_SHIPPED) -> SearchResult:
        """The passages for a question, best first, with every fact's score.

        Of ``method`` the weights of the channels, their fusion and the distance count here. Ties keep the order of
        passage ids. Raises EncoderError only.
        """
        steps: list[StepTime] = []
        with _timed("encode", steps):
            vector = self._encoder.encode([question])[0]
        if method.distance == "inverted":
            vector = -vector  # the cosine of the opposite is the cosine with its sign changed
        with _timed("dense", steps):
            by_text = self._dense(vector, limit)
        with _timed("keys", steps):
            facts, questions = self._keys.best(vector)
            sentences, _ = self._sentences.best(vector)
            best_fact: dict[str, tuple[str, int]] = {}
            for fact, score in facts.items():
                if fact[0] not in best_fact or score > facts[best_fact[fact[0]]]:
                    best_fact[fact[0]] = fact
            by_key = {id_: facts[fact] for id_, fact in best_fact.items()}
        with _timed("lexical", steps):
            by_word = self._lexical.scores(question)
        with _timed("fuse", steps):
            channels = {"dense": by_text, "keys": by_key, "lexical": dict(zip(self._ids, by_word, strict=True))}
            fused = _FUSED[method.fusion](channels, method.weights)
        ranks = {
            "dense": _Ranks(_best_first(by_text)),
            "keys": _Ranks(_best_first(by_key)),
            "lexical": _Ranks(ranked(by_word, self._ids)),
        }
        ranking = tuple(
            Retrieved(
                passage=self.passages[id_],
                rank=rank,
                score=score,
                dense=ranks["dense"].get(id_),
                keys=ranks["keys"].get(id_),
                lexical=ranks["lexical"].get(id_),
                matched_question=questions[best_fact[id_]] if id_ in best_fact else None,
                matched_fact=best_fact[id_][1] if id_ in best_fact else None,
            )
            for rank, (id_, score) in enumerate(fused[:limit], start=1)
        )
        return SearchResult(ranking, facts, questions, sentences, tuple(steps))

    @property
    def vectors(self) -> Vectors:
        """One row of unit length for each passage, in the order of ``passages``."""
        return self._vectors

    @property
    def kept(self) -> bool:
        """False where the index lives in memory and ends with the process."""
        return self._stored.store is not None and not self._stored.in_memory

    def matched_terms(self, question: str, passage_id: str) -> tuple[tuple[str, float], ...]:
        """The question's words that the lexical channel found in the passage or its question keys, heaviest first,
        with what each added to the lexical score."""
        return self._lexical.matched_terms(question, self._row[passage_id])

    def close(self) -> None:
        """Release what the index holds open; call it when another index takes its place. Safe to call twice.

        A search under way elsewhere still ends well, without Chroma. There is no finalizer on purpose: one that
        runs inside Chroma's own locks would wait for itself.
        """
        self._stored.close()

    def _dense(self, vector: Vectors, limit: int) -> dict[str, float]:
        """Chroma chooses the candidates; their cosines are taken here, so that they are exact and repeatable."""
        wanted = min(len(self._ids), max(limit, DENSE_CANDIDATES))
        try:
            found = [self._row[id_] for id_ in self._stored.nearest(vector, wanted)]
        except VectorIndexError as error:
            # The folder was removed or the server went away while we had it open: same answer, without Chroma.
            log.warning("%s; searching without it", error)
            found = []
        rows = np.asarray(found or range(len(self._ids)), dtype=np.intp)
        scores = _cosines(self._vectors[rows], vector)
        best = np.argsort(-scores, kind="stable")[:wanted]
        # Lists, because numpy makes an object for every number that is taken out of an array by itself.
        return {self._ids[row]: score for row, score in zip(rows[best].tolist(), scores[best].tolist(), strict=True)}


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
    contents = _Contents(name, tuple(passages), encoder)
    if settings.chroma_url is not None:
        return _open_on_server(contents, encoder, settings.chroma_url, progress)
    vectors: dict[str, Vectors] = {}
    try:
        return _open_on_disk(contents, encoder, settings, vectors, progress)
    except _NowhereToWrite as error:
        _encode_missing(contents, encoder, vectors, progress)
        store = dense.open_memory()
        names = dense.unique_collection(PASSAGES), dense.unique_collection(KEYS)
        stored = replace(_write(store, contents, vectors, names), in_memory=True)
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
    contents = _Contents(name, tuple(passages), encoder, with_headings=with_headings)
    vectors = like._stored.vectors()
    _encode_missing(contents, encoder, vectors, progress, check_lengths=check_lengths)
    return PassageIndex(contents, encoder, _Stored(None, (PASSAGES, KEYS), *contents.records(vectors)), notice=None)


class IndexState(StrEnum):
    """How a stored index stands to the passages that it should hold."""

    BUILT = "built"
    STALE = "stale"
    MISSING = "missing"
    DAMAGED = "damaged"


def index_state(
    passages: Sequence[Passage], encoder: Encoder, settings: Settings, *, name: str
) -> tuple[IndexState, str]:
    """How the stored index is, and where it is or what is wrong with it. Makes nothing and mends nothing.

    Raises VectorIndexError for passages that cannot be indexed and for a Chroma server that does not work.
    """
    contents = _Contents(name, tuple(passages), encoder)
    if settings.chroma_url is not None:
        return _state_on_server(contents, settings.chroma_url)
    try:
        generations = Generations(_folder(settings.data_dir, name))
    except _NowhereToWrite as error:
        return IndexState.MISSING, str(error)
    current = generations.current()
    if current is None:
        pointed = generations.folder / POINTER
        return (IndexState.DAMAGED if pointed.exists() else IndexState.MISSING), str(generations.folder)
    try:
        stored, manifest = _read_generation(current)
    except (VectorIndexError, OSError) as error:
        return IndexState.DAMAGED, str(error)
    with contextlib.closing(stored):
        fits = contents.matches(stored) and manifest.encoder == encoder.digest
    return (IndexState.BUILT if fits else IndexState.STALE), str(current)


class _NowhereToWrite(Exception):
    """The index folder cannot be used; says why, to be read after "because"."""


# --- What an index has to hold --------------------------------------------------------------------------

_TextsOfFacts = dict[tuple[str, int], tuple[str, ...]]
"""By passage id and index of the fact."""


class _Contents:
    """The texts of one set of passages, each with its hash, and the fingerprint of them all."""

    def __init__(
        self, name: str, passages: tuple[Passage, ...], encoder: Encoder, *, with_headings: bool = True
    ) -> None:
        if not passages:
            raise VectorIndexError(f"Pathway {name!r} has no passages to index. Check its file under knowledge/.")
        self.name = name
        self.passages: dict[str, Passage] = {}
        for passage in passages:
            if passage.id in self.passages:
                raise VectorIndexError(f"Pathway {name!r}: two passages have the id {passage.id}. Rename one of them.")
            self.passages[passage.id] = passage
        self.encoder_digest = encoder.digest
        self.embedded = {
            id_: passage.embedded_text if with_headings else passage.text for id_, passage in self.passages.items()
        }
        self.passage_hashes = {id_: _hash(text) for id_, text in self.embedded.items()}
        self.questions: _TextsOfFacts = {}
        self.sentences: _TextsOfFacts = {}
        for passage in passages:
            for number, fact in enumerate(passage.facts):
                if fact.questions:
                    self.questions[passage.id, number] = fact.questions
                if fact.sentences:
                    self.sentences[passage.id, number] = tuple(
                        _placed(passage, at) if with_headings else passage.sentences[at].text for at in fact.sentences
                    )
        self.key_hashes = {
            text: _hash(text)
            for texts in (*self.questions.values(), *self.sentences.values())
            for text in texts
        }

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the format, the encoder and any text; not with the order of the passages."""
        return _hash(
            json.dumps(
                [FORMAT, self.encoder_digest, self.name, sorted(self.passage_hashes.items()),
                 sorted(self.key_hashes.values())]
            )
        )

    @cached_property
    def texts(self) -> dict[str, str]:
        """By hash: a text that occurs twice is encoded once."""
        texts = {self.passage_hashes[id_]: text for id_, text in self.embedded.items()}
        return texts | {hash_: question for question, hash_ in self.key_hashes.items()}

    def check_lengths(self, encoder: Encoder) -> None:
        for id_, text in self.embedded.items():
            pieces = encoder.count_word_pieces(text)
            if pieces > encoder.max_word_pieces:
                raise VectorIndexError(
                    f"Passage {id_} has {pieces} word pieces with its headings, and the encoder reads "
                    f"{encoder.max_word_pieces} and drops the rest in silence. Split the passage."
                )

    def matches(self, stored: _Stored) -> bool:
        """Whether exactly these texts are stored."""
        return dict(zip(stored.passages.ids, stored.passages.hashes, strict=True)) == self.passage_hashes and set(
            stored.keys.hashes
        ) == set(self.key_hashes.values())

    def records(self, vectors: Mapping[str, Vectors]) -> tuple[Records, Records]:
        """Passages and keys in the order of their ids, so that equal contents give equal stores."""
        ids = sorted(self.passages)
        passage_records = Records(
            ids=tuple(ids),
            vectors=np.stack([vectors[self.passage_hashes[id_]] for id_ in ids]),
            texts=tuple(self.embedded[id_] for id_ in ids),
            hashes=tuple(self.passage_hashes[id_] for id_ in ids),
        )
        questions = {hash_: question for question, hash_ in sorted(self.key_hashes.items(), key=lambda item: item[1])}
        width = passage_records.vectors.shape[1]
        key_records = Records(
            ids=tuple(questions),
            vectors=np.stack([vectors[hash_] for hash_ in questions]) if questions else np.zeros((0, width), "f4"),
            texts=tuple(questions.values()),
            hashes=tuple(questions),
        )
        return passage_records, key_records


@dataclass(frozen=True)
class _Stored:
    """Both collections, as an open store gives them back or as they were made."""

    store: VectorStore | None
    """None where the vectors are only here."""
    names: tuple[str, str]
    passages: Records
    keys: Records
    in_memory: bool = False

    def nearest(self, vector: Vectors, limit: int) -> tuple[str, ...]:
        """Ids of candidates; none where all have to be compared."""
        return () if self.store is None else self.store.nearest(self.names[0], vector, limit)

    def vectors(self) -> dict[str, Vectors]:
        return {
            hash_: row
            for records in (self.passages, self.keys)
            for hash_, row in zip(records.hashes, records.vectors, strict=True)
        }

    def vectors_digest(self) -> str:
        digest = hashlib.sha256()
        for records in (self.passages, self.keys):
            digest.update("\n".join(records.ids).encode())
            digest.update(np.ascontiguousarray(records.vectors, dtype="<f4").tobytes())
        return digest.hexdigest()

    def close(self) -> None:
        if self.store is None:
            return
        if self.in_memory and not self.store.closed:
            for name in self.names:
                self.store.drop(name)
        self.store.close()


def _read(store: VectorStore, names: tuple[str, str]) -> _Stored:
    return _Stored(store, names, store.read(names[0]), store.read(names[1]))


def _write(
    store: VectorStore, contents: _Contents, vectors: Mapping[str, Vectors], names: tuple[str, str]
) -> _Stored:
    for name, records in zip(names, contents.records(vectors), strict=True):
        store.write(name, records)
    stored = _read(store, names)
    if not contents.matches(stored):
        raise VectorIndexError("Chroma did not keep all that was written to it. Try again.")
    return stored


def _encode_missing(
    contents: _Contents,
    encoder: Encoder,
    vectors: dict[str, Vectors],
    progress: Progress | None,
    *,
    check_lengths: bool = True,
) -> None:
    """Add to ``vectors`` what is not in it yet. Checks the lengths first, since something is new."""
    # By length, which the encoder likes, and then by text, so that the order of the passages changes nothing.
    missing = [
        hash_
        for hash_, text in sorted(contents.texts.items(), key=lambda item: (len(item[1]), item[1]))
        if hash_ not in vectors
    ]
    if not missing:
        return
    if check_lengths:
        contents.check_lengths(encoder)
    for start in range(0, len(missing), ENCODE_BATCH):
        batch = missing[start : start + ENCODE_BATCH]
        vectors.update(zip(batch, encoder.encode([contents.texts[hash_] for hash_ in batch]), strict=True))
        if progress is not None:
            progress(min(start + ENCODE_BATCH, len(missing)), len(missing))


# --- On disk ----------------------------------------------------------------------------------------------


class _Manifest(BaseModel):
    """What makes a generation believable: written last, so a folder without one is not finished."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    encoder: str
    fingerprint: str
    vectors: str
    """SHA-256 of all ids and vectors, as Chroma gives them back."""
    files: dict[str, str]
    """SHA-256 of the files of the vector search, which Chroma reads without checking. Its SQLite file is not among
    them, since every opening adds a row to it; SQLite checks that one itself."""


def _open_on_disk(
    contents: _Contents,
    encoder: Encoder,
    settings: Settings,
    vectors: dict[str, Vectors],
    progress: Progress | None,
) -> PassageIndex:
    generations = Generations(_folder(settings.data_dir, contents.name))
    found = _usable(generations.current(), contents)
    if found is not None:
        return PassageIndex(contents, encoder, found, notice=None)
    try:
        with generations.writing(settings.lock_timeout_seconds):
            current = generations.current()
            damaged: Path | None = None
            if current is not None:
                try:
                    stored, manifest = _read_generation(current)
                except (VectorIndexError, OSError) as error:
                    log.warning("%s cannot be used and is made again: %s", current, error)
                    damaged = current
                else:
                    if contents.matches(stored) and manifest.encoder == encoder.digest:
                        return PassageIndex(contents, encoder, stored, notice=None)  # another process was faster
                    if manifest.encoder == encoder.digest:
                        vectors.update(stored.vectors())
                    stored.close()
            _encode_missing(contents, encoder, vectors, progress)
            final, aside = _build(generations, contents, vectors, damaged)
            try:
                stored, _ = _read_generation(final)
            except VectorIndexError as error:
                raise OSError(0, str(error), str(final)) from error
    except OSError as error:
        where = error.filename or generations.folder
        raise _NowhereToWrite(f"{where} cannot be written ({error.strerror or error})") from error
    notice = f"The index was damaged and has been made again; the old one is kept in {aside}." if aside else None
    return PassageIndex(contents, encoder, stored, notice=notice)


def _folder(data_dir: Path, name: str) -> Path:
    if data_dir.parts[:1] == ("~",):  # left unexpanded when the account has no home folder
        raise _NowhereToWrite("this account has no home folder")
    # A name from an imported page is never a path: "../x" and the like get a name made from their hash.
    return data_dir / "index" / (name if FOLDER_NAME.fullmatch(name) else f"pathway-{_hash(name)[:16]}")


def _usable(generation: Path | None, contents: _Contents) -> _Stored | None:
    """The generation if it is sound and holds exactly these contents; no judgement otherwise."""
    if generation is None:
        return None
    try:
        if _manifest(generation).fingerprint != contents.fingerprint:
            return None
        stored, _ = _read_generation(generation)
    except (VectorIndexError, OSError):
        return None  # damaged, or replaced while we looked: for the writer to find out
    if contents.matches(stored):
        return stored
    stored.close()
    return None


def _manifest(generation: Path) -> _Manifest:
    path = generation / MANIFEST
    try:
        return _Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise VectorIndexError(f"{path}: not a manifest of format {FORMAT}") from error


def _read_generation(generation: Path) -> tuple[_Stored, _Manifest]:
    """Open a published generation after checking it. Raises VectorIndexError or OSError if it is not sound."""
    manifest = _manifest(generation)
    folder = generation / "chroma"
    if _digests(folder) != manifest.files:
        raise VectorIndexError(f"{folder}: its files are not those that were written")
    _check_sqlite(folder / "chroma.sqlite3")
    store = dense.open_folder(folder)
    try:
        stored = _read(store, (PASSAGES, KEYS))
        if stored.vectors_digest() != manifest.vectors:
            raise VectorIndexError(f"{folder}: its vectors are not those that were written")
    except VectorIndexError:
        store.close()
        raise
    return stored, manifest


def _build(
    generations: Generations, contents: _Contents, vectors: Mapping[str, Vectors], damaged: Path | None
) -> tuple[Path, Path | None]:
    building = generations.begin(contents.fingerprint)
    try:
        folder = building / "chroma"
        store = dense.open_folder(folder)
        try:
            digest = _write(store, contents, vectors, (PASSAGES, KEYS)).vectors_digest()
        finally:
            store.close()
        manifest = _Manifest(
            format=1, encoder=contents.encoder_digest, fingerprint=contents.fingerprint, vectors=digest,
            files=_digests(folder),
        )
        with (building / MANIFEST).open("w", encoding="utf-8") as file:
            file.write(manifest.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        return generations.publish(building, damaged=damaged)
    except VectorIndexError as error:  # Chroma's word for a full or read-only disk
        raise OSError(0, str(error), str(building)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)  # renamed by now if all went well


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("chroma.sqlite3")
    }


def _check_sqlite(path: Path) -> None:
    try:
        # Not read-only: a writer killed midway leaves a journal, and rolling it back is a write.
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=30.0)
        try:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise VectorIndexError(f"{path}: {error}") from error
    if verdict != ("ok",):
        raise VectorIndexError(f"{path}: {verdict[0] if verdict else 'no verdict'}")


# --- On a Chroma server ---------------------------------------------------------------------------------------


def _open_on_server(
    contents: _Contents, encoder: Encoder, url: str, progress: Progress | None
) -> PassageIndex:
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
            _encode_missing(contents, encoder, vectors, progress)
            if store.label(names[0]):  # finished once and not what it was: start afresh
                _drop(store, names)
            try:
                # On top of what a killed writer left, or another one writes just now: the same records.
                stored = _write(store, contents, vectors, names)
            except VectorIndexError:
                _drop(store, names)
                raise
            store.set_label(names[0], {"encoder": encoder.digest, "vectors": stored.vectors_digest()})
            _drop(store, [other for other in others if other not in names])
        return PassageIndex(contents, encoder, stored, notice=None)
    except BaseException:
        store.close()
        raise


def _server_names(contents: _Contents) -> tuple[str, tuple[str, str]]:
    """How the names of all collections of this pathway begin, and those of the pair with these contents."""
    prefix = f"coach-{_hash(contents.name)[:12]}-"
    return prefix, (f"{prefix}{contents.fingerprint[:16]}-{PASSAGES}", f"{prefix}{contents.fingerprint[:16]}-{KEYS}")


def _state_on_server(contents: _Contents, url: str) -> tuple[IndexState, str]:
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


def _labelled(store: VectorStore, names: tuple[str, str]) -> _Stored | None:
    """The pair if it was finished and holds what was written; None for any other, to be made again."""
    digest = store.label(names[0]).get("vectors")
    if digest is None or names[1] not in store.collections():
        return None
    stored = _read(store, names)
    return stored if stored.vectors_digest() == digest else None


# --- Scores ----------------------------------------------------------------------------------------------------


class _FactTable:
    """The texts of every fact, laid out so that one product and one pass give each fact its best."""

    def __init__(self, texts: _TextsOfFacts, vectors: Vectors, row: Mapping[str, int]) -> None:
        """``row`` says by hash of a text where its vector is."""
        self._vectors = vectors
        self._facts = list(texts)
        self._texts = [text for own in texts.values() for text in own]
        self._flat = np.asarray([row[_hash(text)] for text in self._texts], dtype=np.intp)
        self._lengths = np.asarray([len(own) for own in texts.values()], dtype=np.intp)
        self._starts = np.cumsum([0, *self._lengths])[:-1].astype(np.intp)

    def best(self, vector: Vectors) -> tuple[dict[tuple[str, int], float], dict[tuple[str, int], str]]:
        """The cosine of each fact's closest text, and that text; the first of equally close ones."""
        if not self._facts:
            return {}, {}
        flat = _cosines(self._vectors, vector)[self._flat]
        highest = np.maximum.reduceat(flat, self._starts)
        places = np.where(flat == np.repeat(highest, self._lengths), np.arange(len(flat)), len(flat))
        first = np.minimum.reduceat(places, self._starts)
        scores = dict(zip(self._facts, highest.tolist(), strict=True))
        return scores, {fact: self._texts[place] for fact, place in zip(self._facts, first.tolist(), strict=True)}


def _placed(passage: Passage, at: int) -> str:
    """A sentence with the last of the headings above it, without which "It takes 4 weeks." could be about anything."""
    return f"{passage.heading_path[-1]}: {passage.sentences[at].text}"


def _cosines(rows: Vectors, vector: Vectors) -> NDArray[np.float64]:
    # einsum without BLAS: one thread and one order of summation, whatever the machine is set to.
    products = np.einsum("ij,j->i", rows, vector, optimize=False)
    rounded: NDArray[np.float64] = np.round(products.astype(np.float64), hybrid.DIGITS)
    return rounded


def _rows(records: Records, ids: Iterable[str]) -> Vectors:
    row = {id_: row for row, id_ in enumerate(records.ids)}
    return records.vectors[[row[id_] for id_ in ids]]


def _best_first(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


class _Ranks:
    """The ranks of one channel, made into values only for the passages that are returned."""

    def __init__(self, ranking: Sequence[tuple[str, float]]) -> None:
        self._places = {id_: (rank, score) for rank, (id_, score) in enumerate(ranking, start=1)}

    def get(self, id_: str) -> ChannelRank | None:
        place = self._places.get(id_)
        return ChannelRank(rank=place[0], score=place[1]) if place is not None else None


def _lexical_text(passage: Passage, embedded: str) -> str:
    """With its question keys: they hold the words that people ask with. Measured as for ``Method``, the lexical
    channel goes from 0.566 to 0.748 by them, and all three together from 0.812 to 0.839."""
    questions = dict.fromkeys(question for fact in passage.facts for question in fact.questions)
    return "\n".join([embedded, *questions])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
