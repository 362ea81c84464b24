"""Where the last answer came from, when somebody asks: its sources by name, and word for word what they say.

Comes in: a question and the answer before it. Goes out: the sentences which that answer cited, as statements to be
checked like any others, and a line that names the sources. Nothing is looked up: what an answer rests on stands in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.answering.statements import Statement, quote
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import listed
from coach.types import Answer, Status

ROUTE = "sources"
MOST_QUOTED = 4

_THAT = r"(?:that|this|it|these|those|them)(?: (?:figures?|numbers?|data|information|info|claims?|answer))?"
_AGE = rf"(?:how (?:old|recent|current|fresh|up[ -]to[ -]date|reliable|official|trustworthy) (?:is|are) {_THAT})"
_WAYS = (
    r"(?:what(?:'s| is| are|s)?)? ?(?:the|your)? ?(?:sources?|evidence|references?|citations?|proof)"
    rf"(?: (?:for|of|on|behind) {_THAT})?",
    r"says who|who says(?: so| that| this)?|according to (?:who|whom|what)",
    rf"where (?:did|do|have|had) you (?:get|got|take|taken|find|found|read|have) {_THAT}(?: from)?",
    rf"where (?:does|do|did|is|are|was|were) {_THAT} (?:come|coming|taken|stated|written|said)(?: from)?",
    rf"how do you know(?: {_THAT})?|what (?:is|are) {_THAT} (?:based on|from|taken from)",
    rf"(?:can|should|may) i (?:trust|believe|rely on) {_THAT}",
    rf"are you (?:really |quite |that )?(?:sure|certain)(?: (?:about|of) {_THAT})?",
    rf"(?:is|are) {_THAT} (?:really )?"
    r"(?:true|correct|right|accurate|reliable|official|up[ -]to[ -]date|current|recent)",
    rf"(?:can|could) you (?:prove|back up|cite) {_THAT}",
    rf"(?:cite|prove|show me) (?:your sources?|the sources?|the evidence|{_THAT})",
    _AGE,
)
_ASKED = re.compile(
    rf"(?:(?:and|but|so|ok(?:ay)?|hm+|wait|sorry)[ ,]+)*(?:{'|'.join(_WAYS)})(?:[ ,]+(?:and )?{_AGE})?[ ?!.]*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Sourced:
    said: str
    """Which sources they are, in a sentence of the host."""
    statements: tuple[Statement, ...]


def sources_of(question: str, last: Answer | None, corpus: Corpus) -> Sourced | None:
    """What the last answer rests on, where the question asks for that and there is such an answer; None otherwise.

    A sentence that is no longer in the knowledge is left out.
    """
    if last is None or last.status is not Status.ANSWERED or not _ASKED.fullmatch(question.strip()):
        return None
    found: list[Statement] = []
    names: dict[str, None] = {}
    for claim in last.claims:
        for citation in claim.citations:
            passage = corpus.by_id.get(citation.passage_id)
            at = next(
                (
                    number
                    for number, sentence in enumerate(passage.sentences if passage else ())
                    if sentence.start == citation.start and sentence.text == citation.quote
                ),
                None,
            )
            if passage is not None and at is not None:
                found.append(quote(passage, at))
                names[citation.source] = None
    statements = tuple(dict.fromkeys(found))[:MOST_QUOTED]
    if not statements:
        return None
    return Sourced(f"What I said rests on {listed(list(names))}. Word for word:", statements)
