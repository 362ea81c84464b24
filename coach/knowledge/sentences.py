"""Free text to sentences with offsets.

Comes in: any text. Goes out: spans such that ``text[start:end]`` is the sentence. It knows no layout and
no language but English.
"""

from __future__ import annotations

import re

_BOUNDARY = re.compile(r"(?<=[.!?])[\"')\]’”]*\s+(?=[\"'(\[‘“]*[A-Z0-9])")

_ABBREVIATIONS = frozenset(
    "e.g. i.e. etc. vs. dr. mr. mrs. ms. prof. st. no. vol. fig. inc. ltd. co. corp. u.s. u.k. approx. dept. est. jr. "
    "sr.".split()
)
"""Words whose full stop does not end a sentence."""


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Offsets of each sentence, in order, without surrounding white space.

    Line breaks always end a sentence, so that list entries stay apart.

    >>> text = "Pay rose. It is $1.5 now."
    >>> [text[start:end] for start, end in sentence_spans(text)]
    ['Pay rose.', 'It is $1.5 now.']
    """
    spans: list[tuple[int, int]] = []
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for boundary in _BOUNDARY.finditer(line.group()):
            end = line.start() + boundary.start()
            words = text[start:end].split()
            last_word = words[-1].lower().lstrip("(\"'") if words else ""
            if last_word in _ABBREVIATIONS or re.fullmatch(r"[a-z]\.", last_word):
                continue
            closing = len(boundary.group()) - len(boundary.group().lstrip("\"')]’”"))
            _add(spans, text, start, end + closing)
            start = line.start() + boundary.end()
        _add(spans, text, start, line.end())
    return tuple(spans)


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if right > left:
        spans.append((start + left, start + right))
