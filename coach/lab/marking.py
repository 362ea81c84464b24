"""What a claim and its evidence have in common, as marked stretches of both.

Comes in: a claim, the question and what the claim cites. Goes out: the claim and each quote with their numbers, names
and content words marked as held or missing. What counts as a number, a name, and as held is asked of ``grounding``,
which gives the verdict; this module only finds where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from coach.answering.contradictions import content
from coach.answering.grounding import missing_names, missing_numbers
from coach.answering.words import split_tokens, stem, token_spans
from coach.lab.walk import Mark, Marked, MarkKind
from coach.types import Claim, Support

_FIGURE = re.compile(r"(?<![\w.])[$€£₹]?\d[\d,]*(?:\.\d+)?(?:[kK]\b)?%?|\b[A-Za-z]+\b")
"""A figure, or a word that may stand for one; which words do is up to ``missing_numbers``."""

_LEAD = re.compile(r"^(?:Yes|No|Not quite|Only in part|Almost)(?:,[^:]{0,60})?:\s+")
"""A judgement in front of a claim, which nobody demands of its evidence."""


def marked(claim: Claim, asked: str = "") -> tuple[Marked, tuple[Marked, ...], Marked | None]:
    """The claim, its quotes in order and its formula; of ``asked``, the question, a computation may use the figures."""
    lead = _LEAD.match(claim.text)
    begin = lead.end() if lead else 0
    body = claim.text[begin:]
    computed = claim.support == Support.COMPUTED
    quotes = [citation.quote for citation in claim.citations]
    evidence = " ".join([*quotes, claim.formula or "", asked if computed else ""])
    absent = set(missing_numbers(body, evidence))
    unknown = set(missing_names(body, evidence))
    marks = [
        Mark(start=start, end=end, kind=MarkKind.NUMBER, held=number not in absent)
        for start, end in _figures(body)
        for number in (body[start:end],)
        if number in absent or not missing_numbers(number, evidence)
    ]
    marks += [
        Mark(start=start, end=end, kind=MarkKind.NUMBER, held=False)
        for address in absent
        for start, end in _places(address, body)
        if not any(one.start < end and start < one.end for one in marks)
    ]
    names = missing_names(body, "")
    marks += [
        Mark(start=start, end=end, kind=MarkKind.NAME, held=name not in unknown)
        for name in names
        for start, end in _places(name, body)
    ]
    held = {stem(word) for word in split_tokens(evidence)}
    for start, end in token_spans(body):
        word = body[start:end].lower()
        known = stem(word) in held
        # Whoever computes says what no sentence says, so words are not asked of a computation.
        if _names_something(word) and (known or not computed):
            marks.append(Mark(start=start, end=end, kind=MarkKind.WORD, held=known))
    apart = _apart(marks)
    sides = [_evidence(text, body, apart) for text in quotes]
    formula = _evidence(claim.formula, body, apart) if claim.formula else None
    return Marked(text=claim.text, marks=tuple(_moved(one, begin) for one in apart)), tuple(sides), formula


def missing_words(claim: Marked) -> tuple[str, ...]:
    """Content words of a claim that its evidence lacks, in order."""
    lacking = (one for one in claim.marks if one.kind is MarkKind.WORD and not one.held)
    return tuple(dict.fromkeys(claim.text[one.start : one.end] for one in lacking))


def _evidence(text: str, body: str, marks: Sequence[Mark]) -> Marked:
    """A text that the claim cites, with what the claim has of it."""
    numbers = [body[one.start : one.end] for one in marks if one.kind is MarkKind.NUMBER and one.held]
    names = [body[one.start : one.end] for one in marks if one.kind is MarkKind.NAME and one.held]
    named = {stem(word) for name in names for word in split_tokens(name)}
    words = {stem(word) for word in split_tokens(body)}
    found = [
        Mark(start=start, end=end, kind=MarkKind.NUMBER, held=True)
        for start, end in _figures(text)
        if any(not missing_numbers(number, text[start:end]) for number in numbers)
    ]
    for start, end in token_spans(text):
        key = stem(text[start:end].lower())
        if key in named and text[start:end][0].isupper():
            found.append(Mark(start=start, end=end, kind=MarkKind.NAME, held=True))
        elif key in words and _names_something(text[start:end].lower()):
            found.append(Mark(start=start, end=end, kind=MarkKind.WORD, held=True))
    return Marked(text=text, marks=_apart(found))


def _figures(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _FIGURE.finditer(text) if missing_numbers(match.group(), "")]


def _names_something(word: str) -> bool:
    return content(word) and not word.isdigit()


def _places(name: str, text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def _apart(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """In order of place; where two overlap, numbers come before names and names before words."""
    order = list(MarkKind)
    kept: list[Mark] = []
    for one in sorted(marks, key=lambda one: (order.index(one.kind), one.start)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.start))


def _moved(mark: Mark, by: int) -> Mark:
    return mark.model_copy(update={"start": mark.start + by, "end": mark.end + by})
