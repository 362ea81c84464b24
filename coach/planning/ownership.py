"""How likely a line of a resume tells what its writer has done or can do, and nobody else, and not some day.

Comes in: clauses and an encoder. Goes out: a probability for each. It is a logistic regression over the encoder's
vector of a clause and over runs of up to three of its words, of which only common ones are looked at as they are: "set
up by", "week # of #". Fitted on labelled lines of many trades (``python -m eval skills --fit``); it knows no skill.

Rules (``scope``) know what is plainly said, and say whose doing it is; this one also knows what is said in ways that
nobody wrote a rule for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from coach.answering.words import frequency
from coach.errors import KnowledgeError
from coach.retrieval.encoder import Encoder

FILE = Path(__file__).with_name("ownership_weights.npz")

RUNS = 4096
"""Places that runs of words are hashed into."""
LONGEST_RUN = 3
SCALE = 5.0
"""Of vectors and of runs alike, both of length 1: how little their weights are held back."""
COMMON_ZIPF = 4.2
"""A word at least this frequent is looked at as it is; of a rarer one only its end."""

_TOKEN = re.compile(r"[A-Za-z'’]+|\d+|[:;,.()/…\-–—!?]")

Matrix = NDArray[np.float64]


def signs(texts: Sequence[str], vectors: NDArray[np.float32]) -> Matrix:
    """What is weighed, shape ``(texts, dimensions + RUNS)``."""
    found = np.zeros((len(texts), vectors.shape[1] + RUNS))
    found[:, : vectors.shape[1]] = vectors
    for row, text in enumerate(texts):
        words = ["<", *_words(text), ">"]
        runs = found[row, vectors.shape[1] :]
        for size in range(1, LONGEST_RUN + 1):
            for start in range(len(words) - size + 1):
                runs[crc32(" ".join(words[start : start + size]).encode()) % RUNS] += 1
        runs /= np.linalg.norm(runs)
    return SCALE * found


def _words(text: str) -> list[str]:
    """The words of a text, with what it is about taken out.

    >>> _words("Week 3 of 16: Kubernetes by Ellie")
    ['week', '#', 'of', '#', ':', 'Xx', 'by', 'Xx']
    """
    found = []
    for token in _TOKEN.findall(text):
        lower = token.lower().replace("’", "'")
        if token.isdigit():
            found.append("#")
        elif not token[0].isalpha() or frequency(lower) >= COMMON_ZIPF:
            found.append(lower)
        else:
            found.append("Xx" if token[0].isupper() and found else f"_{lower[-3:]}")
    return found


@dataclass(frozen=True)
class OwnershipWeights:
    weights: Matrix
    """One for each of ``signs``."""
    bias: float
    threshold: float
    """Probability below which a clause is not taken for the writer's own."""
    encoder: str
    """Digest of the encoder whose vectors are weighed."""

    def likely(self, found: Matrix) -> Matrix:
        """Probabilities for rows of ``signs``."""
        likely: Matrix = 1 / (1 + np.exp(-np.clip(found @ self.weights + self.bias, -30, 30)))
        return likely


@cache
def weights() -> OwnershipWeights:
    """The fitted weights. Raises KnowledgeError when the file is not as it should be."""
    try:
        with np.load(FILE, allow_pickle=False) as held:
            return OwnershipWeights(
                held["weights"].astype(float), float(held["bias"]), float(held["threshold"]), str(held["encoder"])
            )
    except (OSError, ValueError, KeyError) as error:
        raise KnowledgeError(
            f"{FILE}: expected weights, a bias and a threshold ({error}). Restore it, or make it again with: "
            "python -m eval skills --fit"
        ) from error


def own(texts: Sequence[str], encoder: Encoder) -> NDArray[np.bool_]:
    """Which texts are taken for the writer's own doing: all of them by another encoder than it was fitted with."""
    fitted = weights()
    if not texts or encoder.digest != fitted.encoder:
        return np.ones(len(texts), dtype=bool)
    found: NDArray[np.bool_] = fitted.likely(signs(texts, encoder.encode(list(texts)))) >= fitted.threshold
    return found
