"""What an index has to hold, and what of it is held: texts with their hashes, and both collections with their vectors.

Comes in: the passages of one pathway, an encoder. Goes out: ``Contents`` (what should be there), ``Stored`` (what is),
and the vectors of what is missing. Does not know where an index is kept (``on_disk``, ``on_server``) nor how it is
searched (``index``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from coach.errors import VectorIndexError
from coach.retrieval.dense import Records, VectorStore
from coach.retrieval.encoder import Encoder, Vectors
from coach.types import Passage

FORMAT = 2
"""Of what is stored. Raise it when the layout changes: the old one is then set aside and made again."""

PASSAGES = "passages"
KEYS = "keys"

ENCODE_BATCH = 512
"""Texts per step of the progress report, about a second of short ones on two cores."""

Progress = Callable[[int, int], None]

TextsOfFacts = dict[tuple[str, int], tuple[str, ...]]
"""By passage id and index of the fact."""


class Contents:
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
        self.passage_hashes = {id_: hash_of(text) for id_, text in self.embedded.items()}
        self.questions: TextsOfFacts = {}
        self.sentences: TextsOfFacts = {}
        for passage in passages:
            for number, fact in enumerate(passage.facts):
                if fact.questions:
                    self.questions[passage.id, number] = fact.questions
                if fact.sentences:
                    self.sentences[passage.id, number] = tuple(
                        _placed(passage, at) if with_headings else passage.sentences[at].text for at in fact.sentences
                    )
        self.key_hashes = {
            text: hash_of(text)
            for texts in (*self.questions.values(), *self.sentences.values())
            for text in texts
        }

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the format, the encoder and any text; not with the order of the passages."""
        return hash_of(
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

    def matches(self, stored: Stored) -> bool:
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


class IndexState(StrEnum):
    """How a stored index stands to the passages that it should hold."""

    BUILT = "built"
    STALE = "stale"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Stored:
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


def read(store: VectorStore, names: tuple[str, str]) -> Stored:
    return Stored(store, names, store.read(names[0]), store.read(names[1]))


def write(
    store: VectorStore, contents: Contents, vectors: Mapping[str, Vectors], names: tuple[str, str]
) -> Stored:
    for name, records in zip(names, contents.records(vectors), strict=True):
        store.write(name, records)
    stored = read(store, names)
    if not contents.matches(stored):
        raise VectorIndexError("Chroma did not keep all that was written to it. Try again.")
    return stored


def encode_missing(
    contents: Contents,
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


def _placed(passage: Passage, at: int) -> str:
    """A sentence with the last of the headings above it, without which "It takes 4 weeks." could be about anything."""
    return f"{passage.heading_path[-1]}: {passage.sentences[at].text}"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
