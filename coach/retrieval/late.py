"""How well each word of a question is met in a sentence: late interaction over word pieces.

Comes in: the sentences of passages with their headings, an encoder. Goes out: a score for each sentence. One vector
for a whole text is an average in which a detail drowns; here every word piece of the question looks for the piece of
the sentence that is nearest to it in its context, and the score is the mean of these cosines (Khattab and Zaharia
2020 call it late interaction; the vectors are the encoder's own, from the same pass that gives the vector of the
text). Of questions in other words about one sentence of a pathway, the closest sentence was the right one for 38 of
100 so, for 33 by the vector of the sentence and for 23 by question keys; see ``eval/results/LOG.md``.

The vectors of the sentences, some 20 MB for the pathway that comes with the coach, are kept in one file beside the
index. What cannot be read is made again, and what cannot be written is kept in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from coach.retrieval.encoder import Encoder, Vectors
from coach.types import Passage

DIGITS = 5
"""Scores are rounded here: sums in another order differ by less than 1e-6."""

ENCODE_BATCH = 256

Progress = Callable[[int, int], None]

log = logging.getLogger(__name__)


class SentenceTokens:
    """The word pieces of every sentence of some passages. Safe to share between threads."""

    def __init__(
        self, passages: Iterable[Passage], encoder: Encoder, file: Path | None, progress: Progress | None = None
    ) -> None:
        """``file`` keeps the vectors for next time; None keeps nothing. ``progress`` is told how many of the
        sentences are encoded, unless they were kept."""
        texts: dict[str, list[str]] = {passage.id: _texts(passage) for passage in passages}
        distinct = sorted({text for own in texts.values() for text in own}, key=lambda text: (len(text), text))
        vectors = _load(file, distinct, encoder) if file else None
        if vectors is None:
            vectors = _encode(distinct, encoder, progress)
            if file:
                _save(file, distinct, vectors, encoder)
        by_text = dict(zip(distinct, vectors, strict=True))
        self._starts = {
            id_: np.cumsum([0, *(len(by_text[text]) for text in own)])[:-1] for id_, own in texts.items()
        }
        self._pieces = {
            id_: np.concatenate([by_text[text] for text in own]).astype(np.float32) for id_, own in texts.items()
        }

    def scores(self, question: Vectors, ids: Iterable[str]) -> dict[tuple[str, int], float]:
        """For every sentence of the passages ``ids``, by passage id and index: the mean over the question's pieces,
        ``(pieces, dimensions)``, of the cosine of the nearest piece of the sentence. Empty where the question is."""
        scores: dict[tuple[str, int], float] = {}
        if not len(question):
            return scores
        for id_ in ids:
            nearest = np.maximum.reduceat(question @ self._pieces[id_].T, self._starts[id_], axis=1)
            means = np.round(nearest.mean(axis=0, dtype=np.float64), DIGITS)
            scores |= {(id_, at): score for at, score in enumerate(means.tolist())}
        return scores


def _texts(passage: Passage) -> list[str]:
    """Each sentence after the headings that say what it is about; the first is the pathway's, the same everywhere."""
    headings = " > ".join(passage.heading_path[1:])
    return [f"{headings}: {sentence.text}" if headings else sentence.text for sentence in passage.sentences]


def _encode(texts: Sequence[str], encoder: Encoder, progress: Progress | None) -> list[Vectors]:
    """Halved in precision at once, so that what was made and what was read back are the same."""
    vectors: list[Vectors] = []
    for start in range(0, len(texts), ENCODE_BATCH):
        vectors += [
            # A sentence of nothing that the encoder knows has no pieces; the vector of the whole stands for it.
            (encoded.tokens if len(encoded.tokens) else encoded.vector[None]).astype(np.float16)
            for encoded in encoder.encode_tokens(texts[start : start + ENCODE_BATCH])
        ]
        if progress is not None:
            progress(min(start + ENCODE_BATCH, len(texts)), len(texts))
    return vectors


def _digest(texts: Sequence[str], encoder: Encoder) -> str:
    return hashlib.sha256("\0".join([encoder.digest, *texts]).encode("utf-8", "surrogatepass")).hexdigest()


def _load(file: Path, texts: Sequence[str], encoder: Encoder) -> list[Vectors] | None:
    """What is kept for exactly these texts and this encoder; None for anything else, whatever is wrong with it."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            lengths, pieces = kept["lengths"], kept["pieces"]
            if str(kept["digest"]) != _digest(texts, encoder) or str(kept["sum"]) != _sum(lengths, pieces):
                return None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be used and is made again: %s", file, error)
        return None
    return np.split(pieces, np.cumsum(lengths)[:-1])


def _save(file: Path, texts: Sequence[str], vectors: Sequence[Vectors], encoder: Encoder) -> None:
    lengths, pieces = np.array([len(own) for own in vectors]), np.concatenate(vectors)
    content: Mapping[str, object] = {
        "digest": _digest(texts, encoder), "sum": _sum(lengths, pieces), "lengths": lengths, "pieces": pieces,
    }
    building = file.with_name(f"{file.name}.{os.getpid()}.building")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with building.open("wb") as out:
            np.savez(out, **content)  # type: ignore[arg-type]
        os.replace(building, file)
    except OSError as error:
        log.warning("%s cannot be written (%s); it will be made again at the next start", file, error)
        with contextlib.suppress(OSError):
            building.unlink(missing_ok=True)


def _sum(lengths: np.ndarray, pieces: np.ndarray) -> str:  # type: ignore[type-arg]
    return hashlib.sha256(lengths.tobytes() + pieces.tobytes()).hexdigest()
