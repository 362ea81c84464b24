"""An answer in the order in which it is read: what the host says, and each claim with its markers.

Comes in: an ``Answer``. Goes out: ``Part`` values, from which the chat page and the Markdown export both
build their view. ``answer.text`` is one string in which claims and the words around them are mixed; here they
are told apart again by looking for each claim in it, in order, so that only the system's own citations become
markers and a ``[1]`` that somebody typed stays plain text.

It does no escaping and knows nothing of Streamlit or files.
"""

from __future__ import annotations

import re

from coach.types import Answer, Citation, Claim, Frozen

_MARKERS = re.compile(r"(?:\s*\[\d{1,3}(?:,\s*computed[^\]\n]*)?\])+")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_END = ".!?"


class Part(Frozen):
    """A stretch of an answer: a claim, or words of the host if ``claim`` is None."""

    text: str
    claim: Claim | None = None
    item: bool = False
    """True for an entry of a list; one entry alone is no list."""
    opens: bool = False
    """True where a new paragraph begins."""


def parts(answer: Answer) -> tuple[Part, ...]:
    """Split an answer. If a claim cannot be found in the text, the claims alone are given, in order.

    >>> from coach.types import Query, Status, Trace
    >>> trace = Trace(query=Query(question="?", standalone="?"))
    >>> text = "Hello.\\n\\n- one\\n- two"
    >>> answer = Answer(question="?", pathway="p", status=Status.CONVERSATIONAL, text=text, trace=trace)
    >>> [(part.text, part.item, part.opens) for part in parts(answer)]
    [('Hello.', False, True), ('one', True, True), ('two', True, False)]
    """
    found: list[Part] = []
    rest = answer.text
    for claim in answer.claims:
        split = _cut(rest, claim.text)
        if split is None:
            return _lists(
                [
                    Part(text=lone.text, claim=lone, item=lone.item, opens=number == 0)
                    for number, lone in enumerate(answer.claims)
                ]
            )
        before, rest = split
        opens = not found or "\n\n" in before
        # A bullet right before the claim belongs to the claim and not to the words before it.
        before, item = _without_last_bullet(before)
        words = _host(before, first=not found)
        found.extend(words)
        found.append(
            Part(
                text=claim.text,
                claim=claim,
                item=claim.item or item,
                opens=opens and (not words or bool(re.search(r"\n\s*\n\s*$", before))),
            )
        )
    found.extend(_host(rest, first=not found))
    return _lists(found)


def sources(answer: Answer) -> tuple[Citation, ...]:
    """Each citation once, by marker; where a marker cites several sentences, in their order in the answer."""
    seen: dict[tuple[int, str, int, int], Citation] = {}
    for claim in answer.claims:
        for citation in claim.citations:
            seen.setdefault((citation.marker, citation.passage_id, citation.start, citation.end), citation)
    return tuple(sorted(seen.values(), key=lambda citation: citation.marker))


def _cut(text: str, sentence: str) -> tuple[str, str] | None:
    """What stands before and after a sentence, its markers taken away; None if it is not there."""
    at = text.find(sentence)
    if at >= 0:
        after = text[at + len(sentence) :]
        match = _MARKERS.match(after)
        return text[:at], after[match.end() :] if match else after
    stem = sentence.rstrip(_END)
    if stem != sentence:  # "It says so [1]." has its markers before the full stop.
        at = text.find(stem)
        if at >= 0:
            after = text[at + len(stem) :]
            match = _MARKERS.match(after)
            if match:
                return text[:at], after[match.end() :].lstrip(_END)
    return None


def _lists(found: list[Part]) -> tuple[Part, ...]:
    """A single entry between paragraphs becomes a paragraph."""
    made: list[Part] = []
    for number, part in enumerate(found):
        beside = [found[other].item for other in (number - 1, number + 1) if 0 <= other < len(found)]
        alone = part.item and not any(beside)
        made.append(part.model_copy(update={"item": False, "opens": True}) if alone else part)
    return tuple(made)


def _without_last_bullet(text: str) -> tuple[str, bool]:
    line_start = text.rfind("\n") + 1
    if _BULLET.fullmatch(text[line_start:] + " "):
        return text[:line_start], True
    return text, False


def _host(text: str, first: bool) -> list[Part]:
    """Words between claims: paragraphs by blank lines, entries by their bullets."""
    made: list[Part] = []
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text)):
        opens = first if number == 0 else True
        run: list[str] = []
        for line in paragraph.splitlines():
            if not line.strip():
                continue
            if _BULLET.match(line):
                if run:
                    made.append(Part(text=" ".join(run), opens=opens))
                    run, opens = [], False
                made.append(Part(text=_BULLET.sub("", line).strip(), item=True, opens=opens))
                opens = False
            else:
                run.append(line.strip())
        if run:
            made.append(Part(text=" ".join(run), opens=opens))
    return made
