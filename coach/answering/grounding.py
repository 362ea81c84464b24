"""The check that every claim passes before it is shown, whoever wrote it.

Comes in: a claim and the exact sentences it cites. Goes out: a ``Verdict``. A claim is supported when every
number, name and address in it stands in a cited sentence (or in a formula whose arithmetic holds), when it does
not turn a statement into its opposite, and when its words stand in its evidence. It trusts no one's intentions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache

from lemminflect import getAllLemmas

from coach.answering.arithmetic import formula_holds
from coach.answering.contradictions import contradiction, denial
from coach.answering.linking import Names
from coach.answering.spelling import in_figures
from coach.answering.words import frequency, split_tokens, stem
from coach.types import Claim, Passage, Support, Verdict

MIN_SCORE = 0.6
"""Least score of a claim that is shown. On the two development sets of BEGIN (Dziri et al. 2022) it accepts 91 and 93
percent of the replies that people found attributable, and 10 and 6 percent of the others."""

REJECTED = 0.5
"""What is left of the score of a claim that is rejected for a reason of its own; always below ``MIN_SCORE``."""

MAX_ZIPF = 8.0
"""Zipf frequency of the most frequent words; a word says the more, the further it is below."""

INTERJECTION_ZIPF = 4.5
"""Words that no dictionary has and that are more frequent than this are "yeah", "hmm" and the like."""

_POINTERS = frozenset("he she it they him her them his hers its their theirs".split())
"""They point to what was named before, perhaps outside the evidence, and say nothing new of it."""

_WORD_NUMBERS = {
    word: str(n)
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"half": "0.5"}
_NUMBER = re.compile(
    rf"(?<![\w.])[$€£₹]?\d(?:[\d,]*\d)?(?:\.\d+)?(?:[kK]\b)?%?|\b(?:{'|'.join(_WORD_NUMBERS)})\b", re.IGNORECASE
)
_DOZEN = re.compile(r"\b(?:a |one )?dozen\b", re.IGNORECASE)
_TENS = re.compile(r"(?:teen|ty|hundred|thousand|million)\b", re.IGNORECASE)
_NO_NAMES = Names((), ())
_NO_NUMBER = re.compile(
    r"\bone (?:after (?:an|the )other|another|by one|of|'s)\b|\b(?:no|any|some|every|each|this|that|the|which) one\b"
    r"|\b(?:the|an?|your|its) (?!first|second|third|phase|week|day|month|year|step)[a-z]+ one\b",
    re.IGNORECASE,
)
_UNITS = {"percent": "%", "dollar": "$", "euro": "€", "pound": "£", "min": "minute", "hr": "hour", "yr": "year"} | {
    unit: unit for unit in ("minute", "hour", "day", "week", "month", "year")
}
_UNIT = re.compile(
    r"[- ]?(percent|dollars?|euros?|pounds?|min(?:ute)?s?|hours?|hrs?|days?|weeks?|months?|years?|yrs?)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r" ?(?:to|-|–|or|and) ?[+$€£₹]?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?://|\bwww\.)[^\s)>\]]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s)>\]]*",
    re.IGNORECASE,
)
"""A link, an address for mail, or a host with a path, as people write them."""
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][A-Za-z0-9+#.-]*[A-Za-z0-9+#]\b")
_LABEL = re.compile(r"\b[A-Za-z]+ \d+\b")
"""What a number is the name of: "Phase 2"."""
_FIRST_WORD = re.compile(r"(?:^|(?<=[.!?:] ))[A-Z][A-Za-z0-9+#-]*[A-Za-z0-9+#]\b")
_FOREIGN = re.compile(r"\w*[^\W\d_a-zA-Z]\w*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LEAD = re.compile(r"^(?:Yes|No|Not quite|Only in part|Almost)(?:,[^:]{0,60})?:\s+")


def check(
    claim: Claim,
    passages: Sequence[Passage],
    asked: str = "",
    *,
    headings: str = "",
    granted: frozenset[str] = frozenset(),
) -> Verdict:
    """The verdict on one claim; ``passages`` are those it cites, ``asked`` the question whose figures it may use.

    ``headings`` and ``granted`` as in ``support``.

    A claim without citations, with a citation whose quote does not stand at its offsets, with a number or name
    that no cited sentence holds, or with a formula that does not add up is not supported.
    """
    by_id = {passage.id: passage for passage in passages}
    if not claim.citations:
        return _verdict(claim, 0.0, reason="it cites nothing")
    for citation in claim.citations:
        passage = by_id.get(citation.passage_id)
        if passage is None or passage.text[citation.start : citation.end] != citation.quote:
            return _verdict(claim, 0.0, reason=f"citation {citation.marker} does not stand where it says")
    quotes = " ".join(citation.quote for citation in claim.citations)
    if claim.formula and not formula_holds(claim.formula):
        return _verdict(claim, 0.0, reason="its formula does not add up")
    computed = claim.support == Support.COMPUTED
    return support(
        _LEAD.sub("", claim.text),
        f"{quotes} {claim.formula or ''}",
        claim=claim,
        computed=computed,
        asked=asked if computed else "",
        headings=headings,
        granted=granted,
    )


def support(
    text: str,
    evidence: str,
    *,
    claim: Claim | None = None,
    computed: bool = False,
    asked: str = "",
    headings: str = "",
    granted: frozenset[str] = frozenset(),
) -> Verdict:
    """How far ``evidence`` supports ``text``: a score from 0 to 1 and what is missing.

    ``computed`` lifts the demand on words, as a computation says what no sentence says; its numbers, names and
    denials are still held to the evidence, of which the formula is a part. ``asked`` is a question whose figures and
    names the text may use; ``headings`` are those the evidence stands under, and lend it words and names, and figures
    only as the names that they are: "Phase 2". ``granted`` holds stems of words whose addition has been judged already
    and costs nothing.
    """
    shown = claim or Claim(text=text, support=Support.INFERRED, citations=())
    if text.strip() == evidence.strip():
        return _verdict(shown, 1.0)
    labels = " ".join(_LABEL.findall(headings))
    numbers = missing_numbers(text, f"{evidence} {asked} {labels}")
    names = missing_names(text, f"{evidence} {asked} {headings}")
    text, evidence = with_digits(text), with_digits(evidence)
    score = 1.0 if computed else attribution(text, f"{evidence} {headings}", granted)
    if numbers:
        reason = f"no cited sentence holds {', '.join(numbers)}"
        return _verdict(shown, score * REJECTED, numbers=numbers, reason=reason)
    if names:
        return _verdict(shown, score * REJECTED, names=names, reason=f"no cited sentence names {', '.join(names)}")
    if reason := (denial if computed else contradiction)(text, evidence):
        return _verdict(shown, score * REJECTED, polarity=True, reason=reason)
    if score < MIN_SCORE:
        return _verdict(shown, score, reason="its evidence covers too little of it")
    return _verdict(shown, score)


def attribution(text: str, evidence: str, granted: frozenset[str] = frozenset()) -> float:
    """How far a reader would put ``text`` down to ``evidence``: from 0, nothing of it, to 1, every word.

    What the evidence holds is weighed against what is added to it. Held: the information of the words found in the
    evidence, in Zipf units, under a square root, as the tenth known word reassures less than the first. Added: the
    *number* of other words, whatever they are, because a short addition ("and pays well") makes the whole no longer
    attributable however much is true beside it, and because people put opinions and talk of themselves into the most
    frequent words. A question states nothing, so all of its words are additions. A text that only says what is
    already known scores 1 at any length; empty texts score 0. Words whose stems are ``granted`` are no additions.

    >>> evidence = "The ferry to the island leaves at noon."
    >>> attribution("It leaves at noon.", evidence)
    1.0
    >>> attribution("It leaves at noon, and I love the view.", evidence) < MIN_SCORE
    True
    >>> attribution("Do you take the ferry to the island?", evidence) < MIN_SCORE
    True
    """
    held = {stem(word) for word in split_tokens(evidence)}
    information = 0.0
    added = 0
    for sentence in _SENTENCE_END.split(text):
        asks = sentence.rstrip(" \"'”’)").endswith("?")
        for word in split_tokens(sentence):
            known = stem(word) in held
            if known:
                information += max(0.0, MAX_ZIPF - frequency(word))
            if (asks or not known) and word not in _POINTERS and stem(word) not in granted:
                added += 1
    reassurance = math.sqrt(information)
    return reassurance / (reassurance + added) if information else 0.0


def missing_numbers(text: str, evidence: str) -> tuple[str, ...]:
    """Numbers and addresses of ``text``, as written, that ``evidence`` does not hold; "two" is 2, "$130k" 130,000.

    A number that the evidence gives in another unit alone ("6 weeks" for "6 months") is not held.

    >>> missing_numbers("It takes six to nine weeks.", "It takes 6 to 8 weeks.")
    ('nine',)
    >>> missing_numbers("It takes 6 to 8 days.", "It takes six to eight weeks.")
    ('6', '8')
    """
    have: dict[float, set[str]] = {}
    for _, value, unit in _quantities(evidence):
        have.setdefault(value, set()).add(unit)
    numbers = [
        found
        for found, value, unit in _quantities(text)
        if value not in have or (unit and unit not in have[value] and have[value] != {""})
    ]
    addresses = {found.rstrip(".,;") for found in _ADDRESS.findall(evidence)}
    return (*numbers, *(found for found in _ADDRESS.findall(text) if found.rstrip(".,;") not in addresses))


def _quantities(text: str) -> list[tuple[str, float, str]]:
    """Each number as written, its value, and its unit or an empty string; both ends of a range have its unit."""
    text = _NO_NUMBER.sub(" ", _spelt(text))
    found: list[tuple[str, float, str]] = []
    matches = list(_NUMBER.finditer(text))
    for at, match in enumerate(matches):
        written = match.group()
        unit = "%" if written.endswith("%") else written[0] if written[0] in "$€£₹" else ""
        rest = text[match.end() :]
        if not unit and at + 1 < len(matches) and _RANGE.fullmatch(text[match.end() : matches[at + 1].start()]):
            rest = text[matches[at + 1].end() :]
            unit = "%" if matches[at + 1].group().endswith("%") else ""
        if not unit and (named := _UNIT.match(rest)):
            unit = _UNITS[named.group(1).lower().removesuffix("s")]
        found.append((written, _value(written), unit))
    return found


def missing_names(text: str, evidence: str) -> tuple[str, ...]:
    """Names of ``text`` that ``evidence`` does not hold.

    A word with a capital is a name; at the start of a sentence only if it cannot be anything else. So is a word with
    letters that English does not have.
    """
    held = {stem(word) for word in split_tokens(evidence)}
    foreign = [word for word in _FOREIGN.findall(text) if word.casefold() not in evidence.casefold()]
    first = [word for word in _FIRST_WORD.findall(text) if _only_a_name(word.lower())]
    found = dict.fromkeys([*first, *_NAME.findall(text)])
    lost = [name for name in found if not {stem(word) for word in split_tokens(name)} <= held]
    return tuple(dict.fromkeys([*lost, *foreign]))


@cache
def _only_a_name(word: str) -> bool:
    """Whether a lower-case word is in no dictionary and too rare for an interjection ("yeah")."""
    return word.isalpha() and not getAllLemmas(word) and frequency(word) < INTERJECTION_ZIPF


def with_digits(text: str) -> str:
    """Every number in one spelling: ``six`` and ``6`` are the same word, ``$130k`` and ``130,000`` too."""
    text = _spelt(text)
    none = [span for match in _NO_NUMBER.finditer(text) for span in [match.span()]]

    def figure(match: re.Match[str]) -> str:
        inside = any(start <= match.start() and match.end() <= end for start, end in none)
        return match.group() if inside else f"{_value(match.group()):.15g}"

    return _NUMBER.sub(figure, text)


def _spelt(text: str) -> str:
    """Numbers in words from twelve upwards in figures: "thirty", "a hundred and twenty", "a dozen"."""
    text = _DOZEN.sub("12", text)
    return in_figures(text, _NO_NAMES) if _TENS.search(text) else text


def _value(text: str) -> float:
    """The value of a match of ``_NUMBER``."""
    text = _WORD_NUMBERS.get(text.lower(), text).lower().lstrip("$€£₹").rstrip("%").replace(",", "")
    return float(text.removesuffix("k")) * (1000.0 if text.endswith("k") else 1.0)


def _verdict(
    claim: Claim,
    score: float,
    *,
    numbers: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    polarity: bool = False,
    reason: str = "",
) -> Verdict:
    return Verdict(
        claim=claim.text,
        supported=not reason,
        score=min(1.0, max(0.0, score)),
        missing_numbers=numbers,
        missing_names=names,
        polarity_conflict=polarity,
        reason=reason,
    )
