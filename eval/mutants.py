"""The evaluator is tested too: right answers are made wrong in typed ways, and each must be caught by the right metric.

Comes in: cases and the coach's right answers to them. Goes out: a ``CheckRecord``: by kind of mutant, how many lower a
metric that is meant to catch it, against the same answer unmutated; and, for kinds that falsify a claim, how many the
coach's own check of claims (``coach.answering.grounding``) rejects. A change that leaves the answer true is no mutant:
it is skipped and counted. Everything is seeded by kind and case, so that a run repeats.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from coach.answering.grounding import check
from coach.types import Answer, Citation, Claim, Passage, Status, Support
from eval.cases import Case, Nugget, PolarityNugget, load_cases
from eval.evidence import names
from eval.matching import holds
from eval.quantities import in_figures, plain, quantities
from eval.records import Asked, CheckRecord
from eval.scoring import describe, judge
from eval.support import held_share

SEED = 7043
PADDED = 3
"""Sentences that padding adds."""
TRIES = 20

T = TypeVar("T")
Judge = Callable[[Case, Answer], Asked]
Gate = Callable[[Claim, Sequence[Passage], str], bool]
"""Whether a claim may be shown, by the passages it cites and the questions asked."""

CAUGHT_BY: Mapping[str, tuple[str, ...]] = {
    "wrong number": ("grounding",),
    "wrong vital number": ("vital_recall",),
    "changed unit": ("grounding", "vital_recall"),
    "swapped citation": ("grounding", "support", "citation_precision", "citation_recall"),
    "dropped citation": ("citation_validity",),
    "invented address": ("grounding",),
    "invented name": ("grounding",),
    "dropped nugget": ("vital_recall",),
    "negated sentence": ("polarity", "vital_recall"),
    "padding without citations": ("citation_validity",),
    "padding with citations that do not bear it out": ("support",),
    "padding, true and beside the point": ("conciseness", "citation_precision"),
}
"""Kinds of mutants with the metrics of which one has to fall."""

GATED = ("wrong number", "changed unit", "invented address", "invented name", "negated sentence")
"""Kinds that falsify one claim, which the coach's own check should reject."""


@dataclass(frozen=True)
class Mutant:
    answer: Answer
    claim: Claim | None
    """The one claim that is changed; None where none or several are."""
    what: str
    """The change in words."""


@dataclass
class _Count:
    caught: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, row: str, caught: bool, failure: str | None) -> None:
        self.total[row] += 1
        self.caught[row] += caught
        if not caught and failure:
            self.failures.append(f"{row}: {failure}")


def run(data_dir: Path | None = None, *, sample: int = 200, seed: int = SEED) -> CheckRecord:
    """The share of mutants caught, over the coach's right answers to ``sample`` cases of both splits.

    ``data_dir`` keeps the index (None: a temporary one).
    """
    from eval.running import open_coach  # here, because it loads the encoder's libraries, which takes seconds

    cases = [case for case in load_cases() if Status.ANSWERED in case.status]
    chosen = random.Random(seed).sample(cases, min(sample, len(cases)))  # noqa: S311 - seeded so that it repeats
    answers: list[tuple[Case, Answer]] = []
    with open_coach(data_dir) as coach:
        for case in chosen:
            history: list[Answer] = []
            for question in (*case.history, case.question):
                history.append(coach.ask(question, tuple(history), case.pathway))
            answers.append((case, history[-1]))
    return check_evaluator(answers, seed=seed)


def check_evaluator(
    answers: Iterable[tuple[Case, Answer]],
    *,
    judge: Judge = judge,
    gate: Gate | None = None,
    seed: int = SEED,
) -> CheckRecord:
    """Mutate those of the answers that are right, one mutant of each kind where the kind applies.

    Failures name the mutants of development cases; those of test cases are only counted. Raises ValueError where no
    answer is right.
    """
    gate = gate or _passes_gate
    count = _Count()
    right = 0
    for case, answer in answers:
        before = judge(case, answer)
        if before.problems or answer.status is not Status.ANSWERED or not answer.claims:
            continue
        right += 1
        asked = (answer.question, *case.history)
        for kind, metrics in CAUGHT_BY.items():
            rng = random.Random(f"{seed} {kind} {case.id}")  # noqa: S311 - seeded so that it repeats
            mutant = mutate(kind, case, answer, rng)
            if mutant is None:
                count.skipped[kind] += 1
                continue
            after = judge(case, mutant.answer)
            failure = f"{case.id}: {mutant.what}" if case.split == "dev" else None
            count.add(kind, any(_fell(before, after, metric) for metric in metrics), failure)
            if kind in GATED and mutant.claim is not None:
                original = _original(answer, mutant)
                passages = [found.passage for found in answer.trace.retrieved]
                if original is not None and gate(original, passages, " ".join(asked)):
                    count.add(f"gate: {kind}", not gate(mutant.claim, passages, " ".join(asked)), failure)
    if not count.total:
        raise ValueError("expected at least one right answer to mutate, got none")
    evaluator = [kind for kind in CAUGHT_BY if count.total[kind]]
    rows = [*evaluator, *(f"gate: {kind}" for kind in GATED if count.total[f"gate: {kind}"])]
    no_mutant = sum(count.skipped.values())
    return CheckRecord(
        name="mutants",
        passed=sum(count.caught[kind] for kind in evaluator),
        total=sum(count.total[kind] for kind in evaluator),
        about=(
            f"Mutants of {right} right answers that lower a metric meant to catch them; {no_mutant} changes that could "
            "not be made, or would have left the answer true, are left out. Rows of the gate, which are not in the "
            "sum: falsified claims that the coach's own check rejects."
        ),
        rows=tuple((row, count.caught[row], count.total[row]) for row in rows),
        failures=tuple(count.failures),
    )


def _fell(before: Asked, after: Asked, metric: str) -> bool:
    """Whether the metric is lower than it was; one that did not apply before counts as whole."""
    if metric not in after.measures:
        return False
    now, then = after.measures[metric], before.measures.get(metric)
    return now.part / now.whole < (then.part / then.whole if then else 1.0) - 1e-9


def _passes_gate(claim: Claim, passages: Sequence[Passage], asked: str) -> bool:
    return check(claim, passages, asked).supported


def _original(answer: Answer, mutant: Mutant) -> Claim | None:
    """The claim that the changed one was made of: the one that stands at its place."""
    at = next((at for at, claim in enumerate(mutant.answer.claims) if claim is mutant.claim), None)
    return answer.claims[at] if at is not None and at < len(answer.claims) else None


# --- Making them --------------------------------------------------------------------------------------------


def mutate(kind: str, case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """A mutant of that kind of a right answer; None where the kind does not apply or nothing untrue came of it.

    Raises KeyError for an unknown kind.
    """
    return _MAKERS[kind](case, answer, rng)


def _wrong_number(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """One number of a claim becomes one that neither its evidence nor the questions hold."""
    return _some_claim(answer, rng, lambda claim: _with_wrong_number(claim, _evidence(case, answer, claim), rng))


def _wrong_vital_number(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """The number of a vital nugget becomes another one in every claim that states it."""
    values = [value for nugget in case.nuggets if nugget.vital for value in _values(nugget)]
    everything = {value for claim in answer.claims for value in _evidence(case, answer, claim)}
    claims = []
    changed: dict[float, str] = {}
    for claim in answer.claims:
        text = in_figures(claim.text)  # or "two volumes" would stay true beside "12 volumes"
        for match in reversed(list(_NUMBER.finditer(text))):
            value = _value(match)
            if not any(_same(value, wanted) for wanted in values):
                continue
            if value not in changed:
                new = _another(match[0], everything, rng)
                if new is None:
                    return None
                changed[value] = new
            text = text[: match.start()] + changed[value] + text[match.end() :]
        claims.append(claim if text == in_figures(claim.text) else claim.model_copy(update={"text": text}))
    what = ", ".join(f"{old:g} becomes {new}" for old, new in changed.items())
    return _rebuilt(answer, claims, None, f"{what} throughout") if changed else None


def _changed_unit(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """Weeks become months, dollars pounds, and so on; the number stays."""

    def change(claim: Claim) -> Claim | None:
        known = _units(_texts(case, answer, claim))
        for match in _shuffled(_WITH_UNIT.finditer(claim.text), rng):
            text = claim.text[: match.start()] + _other_unit(match) + claim.text[match.end() :]
            if _units([text]) - known:
                return claim.model_copy(update={"text": text})
        return None

    return _some_claim(answer, rng, change)


def _swapped_citation(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """A claim cites a sentence of another passage that was found, which does not bear it out."""
    cited = {citation.passage_id for claim in answer.claims for citation in claim.citations}
    fair = cited | {*case.gold, *case.also}
    others = [found.passage for found in answer.trace.retrieved if found.passage.id not in fair]

    def swap(claim: Claim) -> Claim | None:
        if not claim.citations:
            return None
        for passage, sentence in _shuffled(((p, s) for p in others for s in p.sentences), rng)[:TRIES]:
            citation = Citation.of(passage, sentence, claim.citations[0].marker)
            swapped = claim.model_copy(update={"citations": (citation,)})
            if not _bears_out(swapped):
                return swapped
        return None

    return _some_claim(answer, rng, swap, lambda claim: f"cites {claim.citations[0].quote!r}")


def _dropped_citation(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    del case
    return _some_claim(
        answer, rng, lambda claim: claim.model_copy(update={"citations": ()}) if claim.citations else None
    )


def _invented_address(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    del case
    word = _invented_word(rng).lower()
    address = rng.choice((f"https://{word}.com/start", f"www.{word}.org", f"{word}.io/docs", f"hello@{word}.dev"))
    form = rng.choice((" ({})", ", see {}"))
    return _some_claim(answer, rng, lambda claim: _with_tail(claim, form.format(address)))


def _invented_name(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """A name of the claim is exchanged for one that nobody has, or such a product or person is added."""
    del case
    product, person = _invented_word(rng), f"{_invented_word(rng)} {_invented_word(rng)}"

    def invent(claim: Claim) -> Claim | None:
        there = [name for name in names(claim.text) if claim.text.count(name) == 1]
        if there and rng.random() < 0.5:
            return claim.model_copy(update={"text": claim.text.replace(rng.choice(there), product)})
        return _with_tail(claim, rng.choice((f" with {product}", f" at {product}", f", says {person}")))

    return _some_claim(answer, rng, invent)


def _dropped_nugget(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """The claims that bear one vital nugget are left out."""
    for nugget in _shuffled((nugget for nugget in case.nuggets if nugget.vital), rng):
        claims = list(answer.claims)
        while claims and holds(nugget, [claim.text for claim in claims]):
            at = min(
                range(len(claims)),
                key=lambda at: holds(nugget, [claim.text for claim in claims[:at] + claims[at + 1 :]]),
            )
            # Where no single claim bears it, as with a list, the first that bears a part goes.
            bearing = [n for n, claim in enumerate(claims) if holds(nugget, [claim.text])]
            del claims[bearing[0] if bearing else at]
        if claims and len(claims) < len(answer.claims):
            return _rebuilt(answer, claims, None, f"without {describe(nugget)}")
    return None


def _negated(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """A sentence is turned into its opposite."""
    del case

    def negate(claim: Claim) -> Claim | None:
        if claim.item or ":" in claim.text:
            return None  # a heading and the phrases under it state nothing by themselves
        texts = [text for way in _shuffled(_NEGATORS, rng) if (text := way(claim.text)) is not None]
        return claim.model_copy(update={"text": texts[0]}) if texts else None

    return _some_claim(answer, rng, negate)


def _padded_uncited(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    del case
    padding = [Claim(text=text, support=Support.INFERRED, citations=()) for text in rng.sample(_FLUENT, PADDED)]
    return _rebuilt(answer, [*answer.claims, *padding], None, f"ends with {padding[0].text!r}, uncited, and more")


def _padded_with_citations(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    del case
    cited = [claim for claim in answer.claims if claim.citations]
    if not cited:
        return None
    padding = [
        Claim(text=text, support=Support.INFERRED, citations=rng.choice(cited).citations)
        for text in rng.sample(_FLUENT, PADDED)
    ]
    return _rebuilt(answer, [*answer.claims, *padding], None, f"ends with {padding[0].text!r}, cited, and more")


def _padded_beside_the_point(case: Case, answer: Answer, rng: random.Random) -> Mutant | None:
    """True sentences of passages that were found but not used, each with its citation."""
    cited = {citation.passage_id for claim in answer.claims for citation in claim.citations}
    fair = cited | {*case.gold, *case.also}
    point = _telling(case.nuggets)
    if not point:
        return None  # nothing tells what is beside it
    spare = (
        (found.passage, sentence)
        for found in answer.trace.retrieved
        if found.passage.id not in fair
        for sentence in found.passage.sentences
        if not sentence.item
    )
    beside = (
        (passage, sentence)
        for passage, sentence in _shuffled(spare, rng)
        if not any(holds(nugget, [sentence.text]) for nugget in point)
    )
    chosen = list(islice(beside, PADDED))
    if len(chosen) < PADDED:
        return None
    padding = [
        Claim(
            text=sentence.text,
            support=Support.QUOTED,
            formula=sentence.formula,
            citations=(Citation.of(passage, sentence, len(cited) + number),),
        )
        for number, (passage, sentence) in enumerate(chosen, start=1)
    ]
    return _rebuilt(answer, [*answer.claims, *padding], None, f"ends with {padding[0].text!r} and more")


_MAKERS: Mapping[str, Callable[[Case, Answer, random.Random], Mutant | None]] = {
    "wrong number": _wrong_number,
    "wrong vital number": _wrong_vital_number,
    "changed unit": _changed_unit,
    "swapped citation": _swapped_citation,
    "dropped citation": _dropped_citation,
    "invented address": _invented_address,
    "invented name": _invented_name,
    "dropped nugget": _dropped_nugget,
    "negated sentence": _negated,
    "padding without citations": _padded_uncited,
    "padding with citations that do not bear it out": _padded_with_citations,
    "padding, true and beside the point": _padded_beside_the_point,
}


def _some_claim(
    answer: Answer,
    rng: random.Random,
    change: Callable[[Claim], Claim | None],
    say: Callable[[Claim], str] = lambda claim: "",
) -> Mutant | None:
    """The answer with the first of its claims, in random order, that ``change`` makes something of."""
    for at in _shuffled(range(len(answer.claims)), rng):
        original = answer.claims[at]
        changed = change(original)
        if changed is not None:
            claims = [*answer.claims[:at], changed, *answer.claims[at + 1 :]]
            what = say(changed) or f"becomes {changed.text!r}"
            return _rebuilt(answer, claims, changed, f"{original.text!r} {what}")
    return None


def _rebuilt(answer: Answer, claims: Sequence[Claim], changed: Claim | None, what: str) -> Mutant:
    """The answer with other claims, its text made of them."""
    lines = [
        f"{'- ' if claim.item else ''}{claim.text} {''.join(f'[{c.marker}]' for c in claim.citations)}".rstrip()
        for claim in claims
    ]
    # Not `model_validate`, which would copy the claims: the changed one is known by its identity.
    return Mutant(answer.model_copy(update={"claims": tuple(claims), "text": "\n".join(lines)}), changed, what)


def _shuffled(things: Iterable[T], rng: random.Random) -> list[T]:
    listed = list(things)
    rng.shuffle(listed)
    return listed


def _with_tail(claim: Claim, tail: str) -> Claim:
    """The claim with something added at its end, before the full stop."""
    stop = claim.text[-1] if claim.text[-1:] in set(".!?") else ""
    return claim.model_copy(update={"text": f"{claim.text.removesuffix(stop)}{tail}{stop}"})


# --- What would still be true -----------------------------------------------------------------------------------


def _texts(case: Case, answer: Answer, claim: Claim) -> list[str]:
    """What a claim may take its figures from: quotes, formula and the questions."""
    return [*(citation.quote for citation in claim.citations), claim.formula or "", answer.question, *case.history]


def _evidence(case: Case, answer: Answer, claim: Claim) -> set[float]:
    """Every number of the claim and its evidence, whatever its unit."""
    return {value for _, value in _units([claim.text, *_texts(case, answer, claim)])}


def _units(texts: Iterable[str]) -> set[tuple[str, float]]:
    return {
        (quantity.unit, value)
        for text in texts
        for quantity in quantities(plain(text))
        for value in (quantity.low, quantity.high)
    }


def _values(nugget: Nugget) -> set[float]:
    """The numbers of a nugget, a length of time in every unit in which it can be said; for those without, none."""
    fields = nugget.model_dump()
    values = {float(fields[name]) for name in ("value", "low", "high") if isinstance(fields.get(name), int | float)}
    days = _DAYS.get(fields.get("unit", ""))
    return values | {value * days / other for value in values for other in _DAYS.values() if days}


def _same(value: float, wanted: float) -> bool:
    """As near as a length of time that is said in another unit and rounded."""
    return abs(value - wanted) <= 0.03 * wanted


def _telling(nuggets: Sequence[Nugget]) -> list[Nugget]:
    """Without a yes or no about nothing in particular, which any sentence could be taken to say."""
    return [nugget for nugget in nuggets if not isinstance(nugget, PolarityNugget) or nugget.about]


def _bears_out(claim: Claim) -> bool:
    """Whether what a claim cites holds most of its words and all its figures: then swapping made nothing untrue."""
    known = {value for _, value in _units(citation.quote for citation in claim.citations)}
    return held_share(claim) >= 0.5 and {value for _, value in _units([claim.text])} <= known


# --- Numbers, units, names, negations and fluent nothings ------------------------------------------------------


_DAYS = {"minutes": 1 / 1440, "hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
_NUMBER = re.compile(r"(?<![\w.,/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w/]|[.,-]\d)")
"""A number by itself, and no part of a code such as ``15-445`` or ``1.5.2``."""
_OTHER_UNITS = {
    "minute": "hour", "hour": "day", "day": "week", "week": "month", "month": "week", "year": "month",
    "$": "£", "£": "€", "€": "$", "%": " weeks", "percent": "weeks",
}
_WITH_UNIT = re.compile(
    r"(?P<sign>[$£€])(?P<after>\d[\d,]*)"
    r"|(?P<before>\d(?:[ -]))(?P<unit>minute|hour|day|week|month|year)(?P<plural>s?)\b"
    r"|(?P<digit>\d)(?P<percent>%)|(?P<digits>\d )(?P<word>percent)\b"
)


def _other_unit(match: re.Match[str]) -> str:
    if match["sign"]:
        return f"{_OTHER_UNITS[match['sign']]}{match['after']}"
    if match["unit"]:
        return f"{match['before']}{_OTHER_UNITS[match['unit']]}{match['plural']}"
    if match["percent"]:
        return f"{match['digit']}{_OTHER_UNITS['%']}"
    return f"{match['digits']}{_OTHER_UNITS['percent']}"


def _value(match: re.Match[str]) -> float:
    return float(match[0].replace(",", ""))


def _with_wrong_number(claim: Claim, known: set[float], rng: random.Random) -> Claim | None:
    for match in _shuffled(_NUMBER.finditer(claim.text), rng):
        new = _another(match[0], known, rng)
        if new is None:
            continue
        text = claim.text[: match.start()] + new + claim.text[match.end() :]
        if {value for _, value in _units([text])} - known:  # read as a number, and not as part of a name
            return claim.model_copy(update={"text": text})
    return None


def _another(written: str, known: set[float], rng: random.Random) -> str | None:
    """Another number written in the same way, which does not round to a known one; None where none is found."""
    value = float(written.replace(",", ""))
    decimals = len(written.partition(".")[2])
    round_to = 10 ** (len(written) - len(written.rstrip("0"))) if not decimals and value >= 1000 else 1
    for _ in range(TRIES):
        factor = rng.uniform(1.15, 2.4) if value >= 10 or rng.random() < 0.5 else rng.uniform(2.4, 9)
        new = round(value * (1 / factor if rng.random() < 0.4 else factor), decimals)
        new = round(new / round_to) * round_to if not decimals else new
        if new > 0 and new != value and not any(abs(new - other) <= 0.03 * other for other in known | {value}):
            return f"{new:,.{decimals}f}" if "," in written else f"{new:.{decimals}f}"
    return None


def _invented_word(rng: random.Random) -> str:
    """A word that no language has: "Voskarel"."""
    syllables = [rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") + rng.choice("lnrskx") for _ in range(3)]
    return "".join(syllables).capitalize()


_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|can|could|will|would|should|must|may|might|has been|have been)\b(?! not\b)"
)
_DENIAL = re.compile(r"\b(?:does not|do not|did not)\s+|(?<=\bis) not\b|(?<=\bare) not\b|(?<=\bhas) not\b| never\b")


def _with_not(text: str) -> str | None:
    match = _AUXILIARY.search(text)
    return None if match is None else f"{text[: match.end()]} not{text[match.end() :]}"


def _denied_whole(text: str) -> str | None:
    if re.match(r"(?:yes|no|not|never|it is not)\b", text, re.IGNORECASE):
        return None
    keep = bool(re.match(r"(?:I\b|[A-Z]\w*[A-Z]|[A-Z]\w+ [A-Z])", text))
    return f"It is not true that {text if keep else text[0].lower() + text[1:]}"


def _without_denial(text: str) -> str | None:
    changed, times = _DENIAL.subn("", text, count=1)
    return changed if times else None


_NEGATORS: tuple[Callable[[str], str | None], ...] = (_with_not, _denied_whole, _without_denial)

_FLUENT = (
    "Curiosity and steady practice matter more than talent alone.",
    "Many people find the change easier once they have settled into a rhythm.",
    "Employers tend to value attitude as much as formal proof.",
    "It pays to celebrate small victories along the way.",
    "A supportive partner can make all the difference.",
    "Most beginners are surprised by how quickly confidence grows.",
    "Recruiters usually reply faster in spring than in autumn.",
    "Working from home is common in this line of business.",
    "Older applicants are welcome nearly everywhere.",
    "Bonuses often make up for a modest beginning.",
    "A mentor shortens the journey for almost everybody.",
    "Competition has become noticeably less fierce of late.",
)
"""Sentences that no pathway holds evidence for: without number and name, so that only their words give them away."""
