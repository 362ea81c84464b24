"""The check that every claim passes before it is shown, whoever wrote it.

Comes in: a claim and the exact sentences it cites. Goes out: a ``Verdict``. A claim is supported when every
number, name and address in it stands in a cited sentence (or in a formula whose arithmetic holds), when it does
not turn a statement into its opposite, and when its content words are covered. It trusts no one's intentions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from coach.answering.lexicon import lexicon
from coach.answering.words import frequency, split_tokens, stem
from coach.types import Claim, Passage, Support, Verdict

MIN_COVERAGE = 0.6
"""Least weighted share of a claim's content words that its evidence must hold."""

_NUMBER = re.compile(
    r"(?<![\w.])[$€£₹]?\d[\d,]*(?:\.\d+)?(?:[kK]\b)?%?|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half)\b",
    re.IGNORECASE,
)
_WORD_NUMBERS = {
    word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
} | {"half": "0.5"}
_NO_NUMBER = re.compile(
    r"\bone (?:after another|another|by one|of|'s)\b|\b(?:no|any|some|every|each|this|that|the|which) one\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[^\s)>\]]+", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][A-Za-z0-9+#.-]*[A-Za-z0-9+#]\b")
_NEGATION = re.compile(r"\b(?:no|not|never|none|nothing|neither|nor|cannot|without|n't)\b|n't\b", re.IGNORECASE)
_LEAD = re.compile(r"^(?:Yes|No|Not quite|Only in part|Almost)(?:,[^:]{0,60})?:\s+")
_EQUATION = re.compile(r"([-+\d.,$€£₹ x/()]+)=\s*([$€£₹]?[-+]?\d[\d,]*(?:\.\d+)?)")


def check(claim: Claim, passages: Sequence[Passage], asked: str = "") -> Verdict:
    """The verdict on one claim; ``passages`` are those it cites, ``asked`` the question whose figures it may use.

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
    evidence = f"{quotes} {claim.formula or ''}"
    if claim.support == Support.COMPUTED:
        evidence += f" {asked}"
    text = _LEAD.sub("", claim.text)
    return support(text, evidence, claim=claim, computed=claim.support == Support.COMPUTED)


def support(text: str, evidence: str, *, claim: Claim | None = None, computed: bool = False) -> Verdict:
    """How far ``evidence`` supports ``text``: a score from 0 to 1 and what is missing.

    ``computed`` lifts the demand on content words and polarity, as a computation says what no sentence says;
    its numbers are still held to the evidence and the formula.
    """
    shown = claim or Claim(text=text, support=Support.INFERRED, citations=())
    if text.strip() == evidence.strip():
        return _verdict(shown, 1.0)
    text, evidence = _NO_NUMBER.sub(" ", text), _NO_NUMBER.sub(" ", evidence)
    have = {value for value in map(_value, _NUMBER.findall(evidence)) if value is not None}
    numbers = tuple(
        found for found in _NUMBER.findall(text) if (value := _value(found)) is not None and value not in have
    )
    numbers += tuple(found for found in _ADDRESS.findall(text) if found.rstrip(".,;") not in evidence)
    held = {stem(word) for word in split_tokens(evidence)}
    names = tuple(
        dict.fromkeys(name for name in _NAME.findall(text) if not {stem(word) for word in split_tokens(name)} <= held)
    )
    negated = bool(_NEGATION.search(text)) != bool(_NEGATION.search(evidence)) and not computed
    weights = {stem(word): _weight(word) for word in split_tokens(text)}
    total = sum(weights.values())
    covered = sum(
        weight for word, weight in weights.items() if word in held or lexicon().synonyms.get(word, frozenset()) & held
    )
    score = covered / total if total else 0.0
    if computed:
        names = ()
    if numbers:
        return _verdict(shown, score * 0.3, numbers=numbers, reason=f"no cited sentence holds {', '.join(numbers)}")
    if names:
        return _verdict(shown, score * 0.5, names=names, reason=f"no cited sentence names {', '.join(names)}")
    if negated and score < 1.0 and _NEGATION.search(text):
        return _verdict(shown, score * 0.5, polarity=True, reason="it denies what its evidence says")
    if not computed and score < MIN_COVERAGE:
        return _verdict(shown, score, reason="its evidence covers too little of it")
    return _verdict(shown, 1.0 if computed else score)


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


def _weight(word: str) -> float:
    """Rarer words weigh more; the frame of the language weighs nothing."""
    return max(0.0, 6.5 - frequency(word))


def _value(text: str) -> float | None:
    text = _WORD_NUMBERS.get(text.lower(), text).lower().lstrip("$€£₹").rstrip("%").replace(",", "").rstrip(".")
    scale = 1000.0 if text.endswith("k") else 1.0
    try:
        return float(text.removesuffix("k")) * scale
    except ValueError:
        return None


def formula_holds(formula: str) -> bool:
    """Whether every equation in the formula is true, within the rounding of its right side.

    >>> formula_holds("4 + 6 + 8 + 4 + 2 = 24 weeks; 24 / 4.35 = 5.5 months")
    True
    >>> formula_holds("$95,000 x 1.40 = $134,000")
    False
    """
    for part in formula.split(";"):
        for left, right in _EQUATION.findall(part):
            expression = re.sub(r"[$€£₹, ]", "", left).replace("x", "*").strip()
            if not re.search(r"\d[-+*/]", expression):
                continue
            try:
                value = _evaluate(expression)
            except (ValueError, ZeroDivisionError):
                continue
            stated = float(re.sub(r"[$€£₹,]", "", right))
            if part[part.find(right) + len(right) :].strip().startswith("percent") and abs(value) < 20:
                value = value * 100 if abs(value * 100 - stated) < abs(value - stated) else value
            if not math.isclose(value, stated, rel_tol=0.006, abs_tol=0.06):
                return False
    return True


def _evaluate(expression: str) -> float:
    """Plus, minus, times, divided, brackets; nothing else. Raises ValueError for any other text."""
    found = re.findall(r"\d+(?:\.\d+)?|[-+*/()]", expression)
    if "".join(found) != expression:
        raise ValueError(expression)
    position = 0

    def peek() -> str:
        return found[position] if position < len(found) else ""

    def take() -> str:
        nonlocal position
        position += 1
        return str(found[position - 1])

    def atom() -> float:
        if peek() == "(":
            take()
            value = total()
            if not peek() == ")":
                raise ValueError(expression)
            take()
            return value
        if peek() in {"-", "+"}:
            return -atom() if take() == "-" else atom()
        if not peek():
            raise ValueError(expression)
        return float(take())

    def product() -> float:
        value = atom()
        while peek() in {"*", "/"}:
            value = value * atom() if take() == "*" else value / atom()
        return value

    def total() -> float:
        value = product()
        while peek() in {"+", "-"}:
            value = value + product() if take() == "+" else value - product()
        return value

    value = total()
    if position != len(found):
        raise ValueError(expression)
    return value
