"""Chunks of free text found again by meaning and by words: what uploaded documents are searched with.

Comes in: documents as sequences of chunks, an encoder. Goes out: for a question the best chunks, each with its rank
in both channels. Everything is held in memory. Does not know how a text was split or where it came from.

A chunk is encoded, and its words are counted, with the headings above it in front. The two channels are added as
z-scores of equal weight, and then every chunk is lent a part of its neighbours' scores: what a question asks about
is seldom said in one chunk alone, and the sentence that names the subject often stands in the one before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coach.knowledge.splitting import Chunk
from coach.retrieval import hybrid, lexical
from coach.retrieval.encoder import Encoder
from coach.retrieval.lexical import LexicalIndex
from coach.types import ChannelRank, Frozen

WEIGHTS: Mapping[str, float] = {"dense": 1.0, "lexical": 1.0}

LENT = (0.25, 0.0625)
"""Share of its score that a chunk gets from each neighbour one step and two steps away, in the same document. Mean over
five sizes of chunk on three public corpora (``python -m eval chunking``): recall 0.973 with these, 0.958 without, and
0.960 and 0.925 where headings are not in front. In each corpus higher than without; 0.2 and 0.3 are within a point,
from 0.4 on it falls."""


class FoundChunk(Frozen):
    """A chunk with its fused rank and its rank in each channel; no lexical rank where no word is shared."""

    document: str
    chunk: Chunk
    rank: int
    score: float
    dense: ChannelRank
    lexical: ChannelRank | None = None


class DocumentIndex:
    """An index over documents that does not change. Safe to search from several threads at once.

    ``documents`` maps a name to the chunks of one document in their order: neighbours in it are neighbours in the text.
    Raises EncoderError as the encoder does.
    """

    def __init__(self, documents: Mapping[str, Sequence[Chunk]], encoder: Encoder) -> None:
        self._encoder = encoder
        self._places = [(name, chunk) for name, chunks in documents.items() for chunk in chunks]
        # Of the same length, so that they sort as their numbers do: ties are broken by id.
        self._ids = [f"{row:09d}" for row in range(len(self._places))]
        self._of_document = np.repeat(np.arange(len(documents)), [len(chunks) for chunks in documents.values()])
        texts = [headed_text(chunk, encoder) for _, chunk in self._places]
        self._vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dimensions), dtype=np.float32)
        self._lexical = LexicalIndex(texts)

    def __len__(self) -> int:
        return len(self._places)

    def search(self, question: str, k: int) -> tuple[FoundChunk, ...]:
        """The ``k`` best chunks, best first, or all where there are fewer; ties in the order of the documents."""
        if not self._places:
            return ()
        cosines = dict(zip(self._ids, self._cosines(self._encoder.encode([question])[0]), strict=True))
        words = dict(lexical.ranked(self._lexical.scores(question), self._ids))
        fused = dict(hybrid.fuse_z_scores({"dense": cosines, "lexical": words}, WEIGHTS))
        scores = self._with_lent([fused[id_] for id_ in self._ids])
        dense = _ranks(sorted(cosines.items(), key=lambda item: (-item[1], item[0])))
        shared = _ranks(list(words.items()))
        best = np.argsort(-scores, kind="stable")[: max(0, k)].tolist()
        return tuple(
            FoundChunk(
                document=self._places[row][0],
                chunk=self._places[row][1],
                rank=rank,
                score=float(scores[row]),
                dense=dense[self._ids[row]],
                lexical=shared.get(self._ids[row]),
            )
            for rank, row in enumerate(best, start=1)
        )

    def _cosines(self, vector: NDArray[np.float32]) -> list[float]:
        # einsum without BLAS: one order of summation, whatever the machine is set to.
        products = np.einsum("ij,j->i", self._vectors, vector, optimize=False)
        rounded: list[float] = np.round(products.astype(np.float64), hybrid.DIGITS).tolist()
        return rounded

    def _with_lent(self, fused: Sequence[float]) -> NDArray[np.float64]:
        """Shape ``(chunks,)``. A neighbour that is not there counts as average, which is zero."""
        scores = np.asarray(fused, dtype=np.float64)
        total = scores.copy()
        for step, share in enumerate(LENT, start=1):
            same = self._of_document[:-step] == self._of_document[step:]
            total[:-step] += share * np.where(same, scores[step:], 0.0)
            total[step:] += share * np.where(same, scores[:-step], 0.0)
        rounded: NDArray[np.float64] = np.round(total, hybrid.DIGITS)
        return rounded


def headed_text(chunk: Chunk, encoder: Encoder) -> str:
    """The chunk below its headings; the outermost are left out where all would be more than the encoder reads."""
    for first in range(len(chunk.heading_path)):
        text = "\n".join([*chunk.heading_path[first:], chunk.text])
        if encoder.count_word_pieces(text) <= encoder.max_word_pieces:
            return text
    return chunk.text


def _ranks(ranking: Sequence[tuple[str, float]]) -> dict[str, ChannelRank]:
    return {id_: ChannelRank(rank=rank, score=score) for rank, (id_, score) in enumerate(ranking, start=1)}
