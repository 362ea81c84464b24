"""Does every claim rest on what it cites? Judged from the answer alone, by none of the coach's own code.

Comes in: an Answer, and for citation precision and recall the passages that may fairly be cited. Goes out: a ``Tally``
of what was looked at, what held, and in words what did not. This module knows no question and no case; it reads
numbers as ``eval.quantities`` does and names as ``eval.matching`` does, so that a slip of the coach is not repeated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from wordfreq import zipf_frequency

from coach.types import Answer, Claim, Status, Support
from eval.arithmetic import holds_true
from eval.cases import NameNugget, Nugget, PolarityNugget
from eval.matching import holds
from eval.quantities import BARE, CURRENCIES, ORDINAL, Quantity, plain, quantities

ORDINARY_ZIPF = 3.5
"""A capitalised word at the start of a sentence is a name if English has it more rarely than this (once in 300,000
words): "Faiss", "Pinecone", "Coursera" are, "Together" and "Rated" are not."""

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>()\[\]\"']+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[^\s<>()\[\]\"']*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_][\w+#]*(?:[.'’&/-][\w+#]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…]|\n)[\s\"'“”‘’(\[*•-]*$")
_SHORT_SUM = re.compile(r"\d+[KMB]")
"""``$10M``: a quantity and no name."""
_CODE = re.compile(r"[^\s,;:()\[\]\"]*\d[^\s,;:()\[\]\"]*")


@dataclass(frozen=True)
class Tally:
    """How many of ``total`` things hold; ``problems`` has one entry for each that does not."""

    total: int
    problems: tuple[str, ...]

    @property
    def held(self) -> int:
        return self.total - len(self.problems)


def grounding(answer: Answer, asked: Sequence[str] = ()) -> Tally:
    """Numbers, names and addresses of the claims that stand in a sentence which the claim cites.

    A computed claim may also take them from its formula, as far as its equations are true and the money that goes into
    them is known, and numbers from ``asked``: the question and those before it, which hold the learner's own figures.
    Each occurrence counts once.
    """
    problems: list[str] = []
    total = 0
    for claim in answer.claims:
        quotes = [citation.quote for citation in claim.citations]
        computed = claim.support is Support.COMPUTED
        own = list(asked) if computed else []
        formula = _sound_formula(claim, [*quotes, *own]) if computed else []
        for found, count in (
            _numbers(claim, [*quotes, *formula, *own]),
            _codes(claim, [*quotes, *formula, *own]),
            _names(claim, [*quotes, *formula]),
            _addresses(claim, quotes),
        ):
            problems += [f"ungrounded: {what} in {claim.text!r}" for what in found]
            total += count
    return Tally(total, tuple(problems))


def validity(answer: Answer) -> Tally:
    """Citations whose passage was retrieved this turn and whose quote stands at its place in it.

    A claim of an answered question that cites nothing counts as one that does not.
    """
    passages = {retrieved.passage.id: retrieved.passage.text for retrieved in answer.trace.retrieved}
    problems: list[str] = []
    total = 0
    for claim in answer.claims:
        total += len(claim.citations)
        if not claim.citations and answer.status is Status.ANSWERED:
            total += 1
            problems.append(f"uncited: {claim.text!r}")
        for citation in claim.citations:
            text = passages.get(citation.passage_id)
            if text is None:
                problems.append(f"citation: {citation.passage_id} was not retrieved")
            elif not citation.quote or text[citation.start : citation.end] != citation.quote:
                problems.append(f"citation: {citation.quote!r} does not stand at its place in {citation.passage_id}")
    return Tally(total, tuple(problems))


def citation_precision(answer: Answer, fair: Collection[str]) -> Tally:
    """Citations of passages in ``fair``, among all citations."""
    cited = [citation.passage_id for claim in answer.claims for citation in claim.citations]
    return Tally(len(cited), tuple(f"cites {id_}, which is no gold passage" for id_ in cited if id_ not in fair))


def citation_recall(answer: Answer, nuggets: Sequence[Nugget], fair: Collection[str]) -> Tally:
    """Claims that cite a passage in ``fair``, among the claims that hold a nugget by themselves.

    A yes or no that is about nothing in particular is said by the answer as a whole, so it makes no claim bear one.
    """
    wanted = [nugget for nugget in nuggets if not isinstance(nugget, PolarityNugget) or nugget.about]
    bearing = [claim for claim in answer.claims if any(holds(nugget, [claim.text]) for nugget in wanted)]
    return Tally(
        len(bearing),
        tuple(
            f"no gold passage is cited by {claim.text!r}"
            for claim in bearing
            if not any(citation.passage_id in fair for citation in claim.citations)
        ),
    )


# --- What a claim states ------------------------------------------------------------------------------------


def _sound_formula(claim: Claim, evidence: Sequence[str]) -> list[str]:
    """The parts of a formula that may serve as evidence: its equations are true, and no money comes out of nowhere.

    Money that an equation starts from has to stand in the evidence or be the result of an earlier one. Of other numbers
    that cannot be asked: weeks in a month, a percentage's hundred and the like stand in no sentence. A passage that was
    derived is quoted with its formula, whose own sources it cites; there the quote itself bears the claim out.
    """
    parts = [part for part in (claim.formula or "").split(";") if holds_true(part)]
    if claim.text in evidence:
        return parts
    known = {number.low for text in evidence for number in _read(text)[0]}
    sound = []
    for part in parts:
        start, *results = part.split("=")
        if all(number.low in known for number in _read(start)[0] if number.unit in CURRENCIES):
            sound.append(part)
            known |= {number.low for result in results for number in _read(result)[0]}
    return sound


def _numbers(claim: Claim, evidence: Sequence[str]) -> tuple[list[str], int]:
    known = [number for text in evidence for number in _read(text)[0]]
    stated = _read(_ADDRESS.sub(" ", claim.text))[0]
    missing = [number for number in stated if not _supported(number, known)]
    return [f"{number.low:g} {number.unit}" for number in missing], len(stated)


def _codes(claim: Claim, evidence: Sequence[str]) -> tuple[list[str], int]:
    stated = _read(_ADDRESS.sub(" ", claim.text))[1]
    known = {code for text in evidence for code in _read(text)[1]}
    return [code for code in stated if code not in known], len(stated)


@lru_cache(maxsize=20_000)
def _read(text: str) -> tuple[tuple[Quantity, ...], tuple[str, ...]]:
    """The single numbers of a text, the ends of a range apart, and its codes: words with figures that are no number,
    such as ``1.5.2``."""
    spoken = plain(text)
    found = quantities(spoken)
    read = {at for quantity in found for at in range(quantity.start, quantity.end)}
    codes = [
        match
        for match in _CODE.finditer(spoken)
        if any(spoken[at].isdigit() and at not in read for at in range(*match.span()))
    ]
    coded = {at for code in codes for at in range(*code.span())}
    singles = tuple(
        Quantity(value, value, quantity.unit, quantity.at_least, quantity.start, quantity.end)
        for quantity in found
        if quantity.start not in coded
        for value in sorted({quantity.low, quantity.high})
    )
    return singles, tuple(code[0].strip(".!?'-") for code in codes)


def _supported(stated: Quantity, known: Sequence[Quantity]) -> bool:
    """Whether the number is known, in its unit where it has one.

    A known number without a unit lends itself to any ("4 + 6 = 10" to "10 weeks"), unless the same number is known with
    another one: in "Phase 4: 4 weeks" the first 4 does not bear out "4 months".
    """
    units = {one.unit for one in known if _same_number(one.low, stated.low)}
    if stated.unit in (BARE, ORDINAL) or stated.unit in units:
        return bool(units)
    return bool(units) and units <= {BARE, ORDINAL}


def _same_number(known: float, stated: float) -> bool:
    """Equal, or the known one rounded to the decimals that are stated."""
    decimals = len(f"{stated:.10g}".partition(".")[2])
    return abs(known - stated) < 1e-9 or (decimals > 0 and round(known, decimals) == stated)


def _names(claim: Claim, evidence: Sequence[str]) -> tuple[list[str], int]:
    stated = names(claim.text)
    held = [
        name
        for name in stated
        if any(holds(NameNugget(kind="name", vital=True, value=name), [text]) for text in evidence)
    ]
    return [name for name in stated if name not in held], len(stated)


@lru_cache(maxsize=20_000)
def names(text: str) -> tuple[str, ...]:
    """The names in a text: runs of words with a capital, in order.

    The first word of a sentence belongs to one if it is rare in English or has a capital inside.

    >>> names("Together, Weaviate Academy and LangChain cover it. Faiss has no server.")
    ('Weaviate Academy', 'LangChain', 'Faiss')
    """
    text = _ADDRESS.sub(" , ", unicodedata.normalize("NFKC", text))
    found: list[str] = []
    end = -1
    for match in _WORD.finditer(text):
        word = match[0]
        if not any(char.isupper() for char in word) or word == "I" or _SHORT_SUM.fullmatch(word):
            continue
        if _SENTENCE_START.search(text[: match.start()]) and _ordinary(word):
            continue
        if found and match.start() == end + 1 and text[end] == " ":
            found[-1] += f" {word}"
        else:
            found.append(word)
        end = match.end()
    return tuple(found)


def _ordinary(word: str) -> bool:
    plain_case = word[1:] == word[1:].lower()
    return plain_case and zipf_frequency(word.replace("’", "'"), "en") >= ORDINARY_ZIPF


def _addresses(claim: Claim, evidence: Sequence[str]) -> tuple[list[str], int]:
    stated = _addresses_in(claim.text)
    known = {address for text in evidence for address in _addresses_in(text)}
    return [address for address in stated if address not in known], len(stated)


def _addresses_in(text: str) -> list[str]:
    return [match[0].rstrip(".,;:!?").rstrip("/").lower() for match in _ADDRESS.finditer(text)]
