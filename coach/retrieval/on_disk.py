"""An index in a folder.

Comes in: what it has to hold. Goes out: what is stored, brought up to date first where need be, or how it stands.

Each pathway has a folder of its own, so changing one leaves the others alone. It holds both collections and a manifest
with the hashes of all that lies there. A new generation is built beside the old one and published in one step
(``generations``), by one writer at a time, so a reader, also in another process, has a complete one whenever it looks.
What cannot be read is set aside and made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

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
from coach.retrieval.encoder import Encoder, Vectors
from coach.retrieval.generations import POINTER, Generations
from coach.settings import Settings

MANIFEST = "manifest.json"

FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")

log = logging.getLogger(__name__)


class NowhereToWrite(Exception):
    """The index folder cannot be used; says why, to be read after "because"."""


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


def open_on_disk(
    contents: Contents,
    encoder: Encoder,
    settings: Settings,
    vectors: dict[str, Vectors],
    progress: Progress | None,
) -> tuple[Stored, str | None]:
    """What is stored, and a notice where it had to be made again.

    Takes from ``vectors`` what is encoded already and adds what it encodes, also where it fails. Raises NowhereToWrite,
    VectorIndexError for a passage that is too long, and IndexBusyError.
    """
    generations = Generations(_folder(settings.data_dir, contents.name))
    found = _usable(generations.current(), contents)
    if found is not None:
        return found, None
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
                        return stored, None  # another process was faster
                    if manifest.encoder == encoder.digest:
                        vectors.update(stored.vectors())
                    stored.close()
            encode_missing(contents, encoder, vectors, progress)
            final, aside = _build(generations, contents, vectors, damaged)
            try:
                stored, _ = _read_generation(final)
            except VectorIndexError as error:
                raise OSError(0, str(error), str(final)) from error
    except OSError as error:
        where = error.filename or generations.folder
        raise NowhereToWrite(f"{where} cannot be written ({error.strerror or error})") from error
    notice = f"The index was damaged and has been made again; the old one is kept in {aside}." if aside else None
    return stored, notice


def state_on_disk(contents: Contents, encoder: Encoder, data_dir: Path) -> tuple[IndexState, str]:
    """How the stored index is, and where it is or what is wrong with it."""
    try:
        generations = Generations(_folder(data_dir, contents.name))
    except NowhereToWrite as error:
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


def _folder(data_dir: Path, name: str) -> Path:
    if data_dir.parts[:1] == ("~",):  # left unexpanded when the account has no home folder
        raise NowhereToWrite("this account has no home folder")
    # A name from an imported page is never a path: "../x" and the like get a name made from their hash.
    return data_dir / "index" / (name if FOLDER_NAME.fullmatch(name) else f"pathway-{hash_of(name)[:16]}")


def _usable(generation: Path | None, contents: Contents) -> Stored | None:
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
        raise VectorIndexError(f"{path}: not a manifest that this version reads") from error


def _read_generation(generation: Path) -> tuple[Stored, _Manifest]:
    """Open a published generation after checking it. Raises VectorIndexError or OSError if it is not sound."""
    manifest = _manifest(generation)
    folder = generation / "chroma"
    if _digests(folder) != manifest.files:
        raise VectorIndexError(f"{folder}: its files are not those that were written")
    _check_sqlite(folder / "chroma.sqlite3")
    store = dense.open_folder(folder)
    try:
        stored = read(store, (PASSAGES, KEYS))
        if stored.vectors_digest() != manifest.vectors:
            raise VectorIndexError(f"{folder}: its vectors are not those that were written")
    except VectorIndexError:
        store.close()
        raise
    return stored, manifest


def _build(
    generations: Generations, contents: Contents, vectors: Mapping[str, Vectors], damaged: Path | None
) -> tuple[Path, Path | None]:
    building = generations.begin(contents.fingerprint)
    try:
        folder = building / "chroma"
        store = dense.open_folder(folder)
        try:
            digest = write(store, contents, vectors, (PASSAGES, KEYS)).vectors_digest()
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


