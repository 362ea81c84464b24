"""A cheap encoder for tests: passed in at the ``Encoder`` seam, never patched in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class HashingEncoder:
    """A bag of hashed words: texts that share words point the same way. Remembers what it encoded."""

    def __init__(self, *, digest: str = "hashing:1", dimensions: int = 64, max_word_pieces: int = 256) -> None:
        self.digest = digest
        self.dimensions = dimensions
        self.max_word_pieces = max_word_pieces
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += texts
        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.sha256(f"{self.digest} {word}".encode()).digest()
                vectors[row, digest[0] % self.dimensions] += 1.0 if digest[1] % 2 else -1.0
        scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return scaled

    def count_word_pieces(self, text: str) -> int:
        return len(self.word_pieces(text))

    def word_pieces(self, text: str) -> tuple[str, ...]:
        return ("[CLS]", *text.split(), "[SEP]")

    def intents(self, text: str) -> dict[str, float]:
        return {}

    def forget(self) -> None:
        """Start counting anew."""
        self.encoded.clear()
