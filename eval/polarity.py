"""Does a claim deny what it cites, or drop a denial? Clause by clause, by counting negations.

Comes in: an Answer. Goes out: a ``Tally`` of the claims that can be compared with a sentence they cite, or with the
result of their own formula. Two clauses are compared when nearly all content words of one stand in the other; they
disagree when one has an odd number of negations and the other an even one. What is said in other words, or by opposites
("rises", "falls"), cannot be told this way and is left out, never given a grade. It shares no code with the coach.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from wordfreq import zipf_frequency

from coach.types import Answer, Claim
from eval.evidence import Tally
from eval.quantities import plain, quantities

SAME_SHARE = 0.75
"""Share of a clause's content words that the other must hold to be taken to say the same."""

LEAST_CONTENT = 2
"""Content words that a clause needs: of "it does" nothing can be told."""

FRAME_ZIPF = 6.2
"""Words as frequent as this ("the", "with", "this") are the frame of a sentence and not its content."""

SPECIFIC_ZIPF = 4.0
"""Numbers and words rarer than this ("Kubernetes") say what a clause is about: one without them is about another."""

_DENIED_WHOLE = re.compile(r"^it is (?:not true|not the case|untrue|false|wrong) that ")
"""Turns over every clause that follows."""

_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|nor|neither|none|nothing|nowhere|without|hardly|\w+n't|(?:un|in)true|false|wrong)\b"
    r"(?! (?:only|just|merely|least)\b)"
)
_CLAUSE_END = re.compile(
    r"[;:!?()\"]|,(?!\d)|(?<=\w{3})\.(?!\w)|(?: -|--) |\b(?:but|while|though|although|whereas|yet|and|which|that is)\b"
)
_LEAD = re.compile(r"^(?:yes|no|not (?:quite|really|exactly)|only in part)\b[^:.]{0,60}[:.] ")
"""An answer to a yes-or-no question begins with it; the sentence after it stands by itself."""
_EQUATION = re.compile(r"=([^=;]*)")
_WORD = re.compile(r"[a-z0-9][\w+#'.]*[\w+#]|[a-z0-9]")


def agreement(answer: Answer) -> Tally:
    """Claims that have the polarity of what they cite, among those that can be compared with it."""
    compared = [(claim, found) for claim in answer.claims if (found := contradicts(claim)) is not None]
    return Tally(
        len(compared), tuple(f"polarity: {claim.text!r} denies what it cites" for claim, found in compared if found)
    )


def contradicts(claim: Claim) -> bool | None:
    """Whether a claim has another polarity than a sentence it cites, or denies what its own formula comes to.

    None where no clause of it can be compared.
    """
    told = [
        found
        for found in (
            differs(claim.text, [citation.quote for citation in claim.citations]),
            denies_result(claim.text, claim.formula or ""),
        )
        if found is not None
    ]
    if not told and _DENIED_WHOLE.search(plain(claim.text)):
        # Nothing to compare it with: whoever denies a sentence needs evidence that denies something.
        return not any(_NEGATION.search(plain(citation.quote)) for citation in claim.citations)
    return any(told) if told else None


def denies_result(text: str, formula: str) -> bool | None:
    """Whether a clause that states the result of an equation is a denial; None where none states one.

    >>> denies_result("The two do not take 10 weeks.", "4 + 6 = 10 weeks")
    True
    >>> denies_result("The two take 10 weeks, which is not long.", "4 + 6 = 10 weeks")
    False
    """
    results = {quantity.low for side in _EQUATION.findall(plain(formula)) for quantity in quantities(side)[:1]}
    results |= {float(round(result)) for result in results}
    spoken, turned = _spoken(text)
    stating = [
        part
        for part in _CLAUSE_END.split(spoken)
        if any({quantity.low, quantity.high} & results for quantity in quantities(part))
    ]
    return any((len(_NEGATION.findall(part)) + turned) % 2 for part in stating) if stating else None


def differs(text: str, quotes: Sequence[str]) -> bool | None:
    """Whether a clause of ``text`` denies the clause of ``quotes`` nearest to it, or affirms what that denies.

    >>> differs("The course does not take 4 weeks.", ["The course takes 4 weeks."])
    True
    >>> differs("The course takes 4 weeks.", ["Phase 1 has a free course, and the course takes 4 weeks."])
    False
    >>> differs("Plan a month for it.", ["The course takes 4 weeks."]) is None
    True
    """
    parts = _compare(_clauses(text), [clause for quote in quotes for clause in _clauses(quote)], longer=2)
    whole = _compare([_whole(text)], [_whole(quote) for quote in quotes], longer=1)
    told = [found for found in (parts, whole) if found is not None]
    return any(told) if told else None


_Clause = tuple[frozenset[str], int]
"""Content words and number of negations."""


def _compare(said: Sequence[_Clause], known: Sequence[_Clause], *, longer: float) -> bool | None:
    compared = False
    for words, negations in said:
        near = [(_overlap(words, other, longer), other_negations) for other, other_negations in known]
        best = max((share for share, _ in near), default=0.0)
        if best < SAME_SHARE:
            continue
        compared = True
        # Of clauses equally near, one with the same polarity bears the claim out.
        if all(negations % 2 != other % 2 for share, other in near if share == best):
            return True
    return False if compared else None


@lru_cache(maxsize=20_000)  # the same sentence is cited by many claims
def _whole(text: str) -> _Clause:
    spoken, turned = _spoken(text)
    return _content(spoken), len(_NEGATION.findall(spoken)) + turned


def _spoken(text: str) -> tuple[str, int]:
    """The text without a yes or no before it, and whether (1 or 0) it is denied as a whole."""
    bare, turned = _DENIED_WHOLE.subn("", _LEAD.sub("", plain(text)))
    return bare, turned


@lru_cache(maxsize=20_000)
def _clauses(text: str) -> tuple[_Clause, ...]:
    """The clauses that have content; a denial in one that has too little belongs to the next."""
    found: list[_Clause] = []
    carried = 0
    spoken, turned = _spoken(text)
    for part in _CLAUSE_END.split(spoken):
        negations = len(_NEGATION.findall(part)) + carried + turned
        words = _content(part)
        if len(words) >= LEAST_CONTENT:
            found.append((words, negations))
            carried = 0
        else:
            carried = negations - turned if words else 0
    return tuple(found)


def _content(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(_NEGATION.sub(" ", text)) if not _frame(word))


def _overlap(one: frozenset[str], other: frozenset[str], longer: float) -> float:
    """Share of the shorter clause that stands in the other, which counts as at least 1 / ``longer`` of its own length.

    None of it if ``other`` lacks what ``one`` is about.
    """
    if any(_specific(word) for word in one - other):
        return 0.0
    return len(one & other) / max(min(len(one), len(other)), max(len(one), len(other)) / longer, 1)


@cache
def _frame(word: str) -> bool:
    return not any(char.isdigit() for char in word) and zipf_frequency(word, "en") >= FRAME_ZIPF


@cache
def _specific(stem: str) -> bool:
    likeliest = max(zipf_frequency(stem + ending, "en") for ending in ("", "e", "s", "es", "ed", "ing"))
    return stem[0].isdigit() or likeliest < SPECIFIC_ZIPF


def _stem(word: str) -> str:
    """Near enough: "takes" and "take", "rises" and "rise"; only compared with words of the same sentence."""
    word = word.removesuffix("'s")
    return re.sub(r"(?:es|s|ed|ing|e)$", "", word) if len(word) > 3 and not word[0].isdigit() else word
