"""Whether a question states what it names as a fact of its asker, and how well they say that they know something.

Comes in: the words of a question and a part of them. Goes out: whether that part is meant, the figure that stands in
its stead, or levels. It knows English and no pathway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.answering.figures import quantities
from coach.answering.words import clean
from coach.knowledge.entities import CARDINAL_WORDS
from coach.knowledge.sentences import sentence_spans
from coach.planning.profile import Level
from coach.types import Quantity

_CLAUSE_END = re.compile(r"[,;:!?]|\.(?!\d)|\s-\s|\b(?:but|so|because|since)\b", re.IGNORECASE)
_SUPPOSED = re.compile(
    r"\b(?:if|unless|whether|provided|wish|(?:would|could|might)(?! like)|i['’]d (?!like\b|rather\b|prefer\b))",
    re.IGNORECASE,
)
"""In the clause of what is told: it is not meant as a fact."""
_SUPPOSED_ALL = re.compile(
    r"\b(?:suppos(?:e|ed|ing)|assum(?:e|ing)|imagin(?:e|ing)|pretend|hypothetical(?:ly)?|let['’]?s say|what if)\b",
    re.IGNORECASE,
)
"""Anywhere before it in the sentence: "Suppose, just for once, I had ten hours"."""
_DENIED = re.compile(
    r"\b(?:no longer|not|never|cannot|used to|instead of|rather than|down from|up from)\b|n['’]t\b", re.IGNORECASE
)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_BOUND = re.compile(r"\b(?:more|less|fewer) than\s*$|\b(?:over|only|just|at most|up to|at least)\s*$", re.IGNORECASE)
"""Right before a figure this takes a "not" off it: "I can't do more than 6 hours"."""
_NUMBER = rf"(?P<number>\d+(?:\.\d+)?|{'|'.join(CARDINAL_WORDS)})"
_INSTEAD = re.compile(
    r"\W*(?:(?:any ?more|any longer)\W+)?"
    r"(?:(?:but|just|only|now|rather|instead|today|at most|about|around|more like|it['’]s|i|i['’]ve|have|got|"
    r"am down to)\W+)+"
    rf"{_NUMBER}(?:\s*(?:hours?|hrs?|h|now|instead|today))*\s*(?:[.,;!?]|$)",
    re.IGNORECASE,
)


def stated(question: str, words: str) -> bool:
    """Whether a question states a part of it as it is: not as a hypothesis, and not as what is no longer so.

    What does not stand there in so many words is taken for stated.

    >>> [stated(text, "6 hours") for text in ("I have 6 hours", "Assume I had 6 hours", "I no longer have 6 hours")]
    [True, False, False]
    >>> stated("If it matters, I have 6 hours", "6 hours"), stated("I can't do more than 6 hours", "6 hours")
    (True, True)
    """
    before, _ = _around(question, words)
    clause = _CLAUSE_END.split(before)[-1]
    if _SUPPOSED.search(clause) or _SUPPOSED_ALL.search(before):
        return False
    own = _AND.split(clause)[-1]  # "I can't quit my job and have six hours": the hours are there
    return not _DENIED.search(own) or bool(_BOUND.search(own))


def instead_of(question: str, denied: Quantity) -> Quantity | None:
    """The figure that a question gives in the stead of one that is no longer so, in the same unit.

    >>> six = quantities("6 hours a week")[0]
    >>> found = instead_of("I no longer have 6 hours a week, just 4", six)
    >>> found and (found.low, found.text)
    (4.0, '4 hours a week')
    """
    before, after = _around(question, denied.text)
    clause = _CLAUSE_END.split(before)[-1]
    match = _INSTEAD.match(after)
    if not match or denied.low != denied.high or _SUPPOSED.search(clause) or _SUPPOSED_ALL.search(before):
        return None
    told = quantities(re.sub(r"^[\w.]+", match["number"], denied.text, count=1))
    return told[0] if len(told) == 1 and told[0].unit is denied.unit else None


def _around(question: str, words: str) -> tuple[str, str]:
    """What stands before and behind a part of a question within its sentence; nothing where it is not there."""
    text = clean(question)
    for start, end in sentence_spans(text):
        at = text.lower().find(words.lower(), start, end)
        if at >= 0:
            return text[start:at], text[at + len(words) : end]
    return "", ""


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
