"""Is a claim about what it cites, and is there more in an answer than was asked for?

Comes in: an Answer, for ``concise`` also the nuggets of its case. Goes out: a ``Tally``. Words are compared here as
numbers and names are in ``evidence``: a fluent sentence without a number or a name, with a citation that stands,
passes every other check. It shares no code with the coach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from wordfreq import zipf_frequency

from coach.types import Answer, Claim, Support
from eval.cases import Nugget, PolarityNugget
from eval.evidence import Tally
from eval.matching import holds
from eval.quantities import plain

LEAST_SHARE = 0.6
"""Least share of a claim's content that its evidence holds."""

LEAST_SHARE_COMPUTED = 0.35
"""The same for a computed claim, which says in words of its own what its formula means: a third is rightly held."""

FRAME_ZIPF = 6.2
"""Words as frequent as this ("the", "with", "this") are the frame of a sentence and not its content."""

_WORD = re.compile(r"[^\W_][\w+#]*(?:[.'’][\w+#]+)*")


def support(answer: Answer, asked: Sequence[str] = ()) -> Tally:
    """Claims with citations whose content words stand in what they cite, rarer words weighing more.

    A computed claim may also take them from its formula and from ``asked``, the question and those before it.
    """
    cited = [claim for claim in answer.claims if claim.citations]
    problems = [
        f"unsupported: {claim.text!r} shares {share:.0%} of its content with what it cites"
        for claim in cited
        if (share := held_share(claim, asked)) < _least(claim)
    ]
    return Tally(len(cited), tuple(problems))


def _least(claim: Claim) -> float:
    return LEAST_SHARE_COMPUTED if claim.support is Support.COMPUTED else LEAST_SHARE


def held_share(claim: Claim, asked: Sequence[str] = ()) -> float:
    """Share of the claim's content, by weight of the words, that its evidence holds; 1 where it has no content."""
    evidence = [citation.quote for citation in claim.citations]
    if claim.support is Support.COMPUTED:
        evidence += [claim.formula or "", *asked]
    known = {_stem(word) for text in evidence for word in _content(text)}
    weights = {_stem(word): _weight(word) for word in _content(claim.text)}
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in known) / total if total else 1.0


def concise(answer: Answer, nuggets: Sequence[Nugget]) -> Tally:
    """Sentences that hold a nugget by themselves, entries of a list counting together as one.

    No answer needs all of them to: a caveat or the other side of a conflict is worth a sentence. Padding lowers it.
    """
    wanted = [nugget for nugget in nuggets if not isinstance(nugget, PolarityNugget) or nugget.about]
    passages = list(_sentences(answer.claims))
    if not wanted or not passages:
        return Tally(0, ())
    idle = [text for text in passages if not any(holds(nugget, [text]) for nugget in wanted)]
    return Tally(len(passages), tuple(f"holds no nugget: {text!r}" for text in idle))


def _sentences(claims: Sequence[Claim]) -> Iterator[str]:
    listed: list[str] = []
    for claim in claims:
        if claim.item:
            listed.append(claim.text)
            continue
        if listed:
            yield "; ".join(listed)
            listed = []
        yield claim.text
    if listed:
        yield "; ".join(listed)


@lru_cache(maxsize=20_000)  # the same sentence is cited by many claims
def _content(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(plain(text)) if not _frame(word))


@cache
def _frame(word: str) -> bool:
    return not word[0].isdigit() and zipf_frequency(word, "en") >= FRAME_ZIPF


def _weight(word: str) -> float:
    """Rarer words weigh more: 1 for the most frequent that count, 4 for one that English hardly has."""
    return 7.2 - max(zipf_frequency(word, "en"), 3.2)


def _stem(word: str) -> str:
    word = re.sub(r"['’]s$", "", word)
    return re.sub(r"(?:ies|es|s|ed|ing|e|y)$", "", word) if len(word) > 3 and not word[0].isdigit() else word
