"""Passages by the words they share with a question: the one module that knows bm25s.

Comes in: texts, one per passage. Goes out: a BM25 score per text, and which words of a question earned it.
Does not know what a passage is, and knows no synonyms: those are the encoder's part.

Lucene's BM25 over English stems. Equal scores keep the order of the texts.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN

K1 = 1.2
B = 0.75
"""Robertson and Zaragoza 2009, and Lucene's defaults."""

STOPWORDS = frozenset(STOPWORDS_EN)
"""Lucene's 33 words. Question words stay in: they tell a question about how long from one about how much."""

WORD = re.compile(r"[a-z0-9]+(?:[+#]+(?![a-z0-9]))?")
"""Letters and figures, with the marks of C++ and C#. A hyphen parts words: full-stack and full stack are one."""

THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
THOUSANDS_SUFFIX = re.compile(r"\b(\d+)k\b")

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG when imported


class LexicalIndex:
    """BM25 over a fixed sequence of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._size = len(texts)
        stems = [[stem for _, stem in tokens(text)] for text in texts]
        self._bm25: bm25s.BM25 | None = None
        if any(stems):
            # In double precision, so that the order of summation cannot make two equal passages differ.
            self._bm25 = bm25s.BM25(method="lucene", k1=K1, b=B, dtype="float64")
            self._bm25.index(stems, show_progress=False)

    def scores(self, question: str) -> tuple[float, ...]:
        """One score per text, in the order of the texts; 0.0 where no word is shared."""
        known = self._known([stem for _, stem in tokens(question)])
        if self._bm25 is None or not known:
            return (0.0,) * self._size
        return tuple(self._bm25.get_scores(known).tolist())

    def matched_terms(self, question: str, position: int) -> tuple[tuple[str, float], ...]:
        """The question's words that occur in the text at ``position``, with what each adds to its score.

        Heaviest first, then in the order of the question; the weights add up to the score.
        """
        weights: dict[str, float] = {}
        for word, stem in tokens(question):
            if self._bm25 is not None and self._known([stem]):
                weight = float(self._bm25.get_scores([stem])[position])
                if weight > 0.0:
                    weights[word] = weights.get(word, 0.0) + weight
        return tuple(sorted(weights.items(), key=lambda term: -term[1]))

    def _known(self, stems: list[str]) -> list[str]:
        return [stem for stem in stems if self._bm25 is not None and stem in self._bm25.vocab_dict]


def tokens(text: str) -> list[tuple[str, str]]:
    """Words with their stems, in order, common words left out.

    >>> tokens("The databases cost $130,000")
    [('databases', 'databas'), ('cost', 'cost'), ('130000', '130000')]
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = THOUSANDS_SUFFIX.sub(r"\g<1>000", THOUSANDS.sub("", plain.replace("'", "")))
    return [(word, _stem(word)) for word in WORD.findall(plain) if word not in STOPWORDS]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    # A stemmer of its own per call: one cannot be shared between threads. The cache makes that cheap.
    return str(Stemmer.Stemmer("english").stemWord(word))


def ranked(scores: Sequence[float], ids: Sequence[str]) -> list[tuple[str, float]]:
    """Ids with their scores, best first; what shares no word is left out and ties keep the order given."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    return [(ids[row], scores[row]) for row in order.tolist() if scores[row] > 0.0]
