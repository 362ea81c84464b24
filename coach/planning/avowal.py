"""How well a question says that its asker knows something.

Comes in: the words of a question and parts of them. Goes out: levels. It knows English and no pathway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.planning.profile import Level

# --- How well something is known --------------------------------------------------------------------------------

_LITTLE = re.compile(
    r"\b(?:(?:a )?(?:little|bit|touch)|some(?! (?:years|time))|basics?|beginner|slight(?:ly)?|superficial(?:ly)?|"
    r"rudiment\w*|elementary|barely|hardly|somewhat|dabbled|"
    r"not (?:(?:very|so|that|too|really) )?(?:well|good|much|deeply))\b",
    re.IGNORECASE,
)
_MUCH = re.compile(
    r"\b(?:(?:very|really|extremely|exceptionally) (?:well|good)|inside out|by heart|in depth|fluent(?:ly)?|"
    r"expert(?:ly|ise)?|strong(?:ly)?|advanced|thorough(?:ly)?|professional(?:ly)?|for (?:many )?years)\b",
    re.IGNORECASE,
)
_LEADING_WORDS = 6
"""As many words before a thing may say how well it is known: "I have a little experience with"."""
_SAID_OF_IT = re.compile(
    r"[;:.!?]|,(?!\s*(?:but|though|although|not|just|only)\b)|\b(?:how|what|which|where|when|is|are|do|can|should|will)\b",
    re.IGNORECASE,
)
"""Behind the last thing: from here on something else is said, or asked."""
_JOINT = re.compile(r"[,;.!?]|\b(?:and|but|plus|as well as|while)\b", re.IGNORECASE)


def levels_told(text: str, spans: Sequence[tuple[int, int]]) -> list[Level]:
    """How well each of the things is known that stand at ``spans``, in their order; solid where nothing is said.

    What leads up to a list is said of all in it, and so is what closes it: "a bit of Rust and Go", "Rust and Go very
    well". Between two things the last joint parts what is said of either.

    >>> text = "I know Rust very well and a bit of Go"
    >>> [level.value for level in levels_told(text, [(7, 11), (35, 37)])]
    ['strong', 'basic']
    """
    leads, tails = [], []
    for at, (start, end) in enumerate(spans):
        before = text[spans[at - 1][1] if at else 0 : start]
        joints = [match.start() for match in _JOINT.finditer(before)]
        leads.append(_level(" ".join(before[joints[-1] if joints else 0 :].split()[-_LEADING_WORDS:])))
        if at + 1 < len(spans):
            between = text[end : spans[at + 1][0]]
            joints = [match.start() for match in _JOINT.finditer(between)]
            tails.append(_level(between[: joints[-1]]) if joints else None)
        else:
            tails.append(_level(_SAID_OF_IT.split(text[end:])[0]))
    own = [tail or lead for lead, tail in zip(leads, tails, strict=True)]
    for at in range(1, len(own)):
        if own[at] is None and leads[at - 1] is not None and tails[at - 1] is None:
            own[at] = leads[at] = leads[at - 1]
    for at in range(len(own) - 2, -1, -1):
        if own[at] is None:
            own[at] = tails[at] = tails[at + 1]
    return [level or Level.SOLID for level in own]


def only_level(text: str, start: int, end: int) -> bool:
    """Whether words that are called like a thing only say how well another is known: "the basics of"."""
    return bool(_LITTLE.fullmatch(text[start:end]) and re.match(r"\s+(?:of|in)\b", text[end:]))


def _level(text: str) -> Level | None:
    if _LITTLE.search(text):
        return Level.BASIC
    return Level.STRONG if _MUCH.search(text) else None
