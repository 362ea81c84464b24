"""A model's reply, read: its sentences, each with the numbers it cites.

Comes in: a reply, whole or as far as it has come. Goes out: sentences without their markers. Nothing is judged here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.answering.words import clean
from coach.knowledge.sentences import sentence_spans

_MARKER = re.compile(r"\s*[\[【]\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*[\]】](?:\([^)\s]*\))?")
"""``[1]``, ``[1, 2]``, and ``[1](address)``, whose address is dropped."""
_OPENED = re.compile(r"\s*[\[【](?:\s*[\^\d,;-]+)*+(?:\s*[\]】])*+(?:(?<=[\]】])\([^)\s]*(?:\)|$))?")
"""An opening bracket and the numbers behind it, with its end and address as far as they have come."""
_BRACKET = re.compile(r"[\[\]【】]")
_MARKED_UP = re.compile(
    r"!?\[[^\]\n]*\]\s*\([^)\n]*\)|`|https?://|www\.|\]\(|:[a-z-]+\[|<[a-z/!]|\{(?![\d\s,.+-]*\})[^}]*\}", re.I
)
"""Figures in braces are a vector or a year."""
_LIST_MARK = re.compile(r"^\s*(?:[-*•#>]+|\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"(\*\*|__|\*)(?=\S)(.+?)(?<=\S)\1")
_STOP = re.compile(r"([.!?][\"')”’]*)((?:\s*[\[【]\s*\d[\d\s,;]*[\]】])+)")
MOST_SENTENCES = 12
"""Of one reply; what goes on longer is no short answer."""


@dataclass(frozen=True)
class Written:
    """One sentence of a reply."""

    text: str
    numbers: tuple[int, ...]
    marked_up: bool = False
    """Whether it holds a link, code or a directive: nothing of that is ever shown."""


def read(reply: str, *, whole: bool = True) -> tuple[Written, ...]:
    """The sentences of a reply; of one that was cut, without the last if that is half a one.

    >>> for one in read("It takes 6 weeks [1]. Then rest. [2][3] And", whole=False):
    ...     print(one.text, one.numbers)
    It takes 6 weeks. (1,)
    Then rest. (2, 3)
    """
    found: list[Written] = []
    for written in reply.splitlines():
        line = _STOP.sub(lambda match: f"{match[2]}{match[1]}", _EMPHASIS.sub(r"\2", _LIST_MARK.sub("", written)))
        for start, end in sentence_spans(line):
            sentence = line[start:end]
            marked_up = bool(_MARKED_UP.search(_MARKER.sub("", sentence)))
            numbers = [int(one) for match in _MARKER.finditer(sentence) for one in re.split(r"[,;]", match[1])]
            text = clean(_MARKER.sub("", sentence))
            if any(char.isalnum() for char in text):
                found.append(Written(text, tuple(dict.fromkeys(numbers)), marked_up))
            elif numbers and found:  # a marker that stands alone belongs to the sentence before it
                before = found.pop()
                found.append(Written(before.text, tuple(dict.fromkeys([*before.numbers, *numbers])), before.marked_up))
    if found and not whole and found[-1].text[-1] not in ".!?":
        found.pop()
    return tuple(found[:MOST_SENTENCES])


def visible(reply: str) -> str:
    """The reply as far as it has come, for a reader: no marker in it, whole or half typed, and no bracket at all, since
    one that was just typed may become a marker.

    >>> [visible(text) for text in ("Six weeks [", "Six weeks [1", "Six weeks [1, 2] an")]
    ['Six weeks', 'Six weeks', 'Six weeks an']
    """
    return "\n".join(_unmarked(clean(line)) for line in reply.splitlines()).strip()


def _unmarked(line: str) -> str:
    """A line that was cleaned: wide brackets have become plain ones by that, and what hides in a marker is gone."""
    without = _OPENED.sub(lambda found: " " if line[found.end() : found.end() + 1].isalnum() else "", line)
    return " ".join(_BRACKET.sub("", without).split())
