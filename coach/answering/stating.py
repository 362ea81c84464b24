"""Whether a question states a part of it as a fact of its asker, and which figure stands in a denied one's stead.

Comes in: the words of a question and a part of them, or a figure. Goes out: whether it is meant, or the figure that is.
It knows English and no pathway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.answering.figures import quantities
from coach.answering.words import clean
from coach.knowledge.entities import CARDINAL_WORDS
from coach.knowledge.sentences import sentence_spans
from coach.types import Figure, Quantity

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


def as_meant(figures: Sequence[Figure], question: str) -> tuple[Figure, ...]:
    """The asker's figures without those that the question denies, where it gives another in their stead; as they are
    where it gives none: "not 6 hours a week" tells at least what is spoken of.
    """
    meant = {figure: not figure.personal or stated(question, figure.quantity.text) for figure in figures}
    roles = {figure.role for figure, holds in meant.items() if figure.personal and holds}
    found = []
    for figure, holds in meant.items():
        now = None if holds else instead_of(question, figure.quantity)
        if holds or (now is None and figure.role not in roles):
            found.append(figure)
        elif now is not None:
            found.append(figure.model_copy(update={"quantity": now}))
    return tuple(found)
