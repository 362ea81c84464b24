"""One case and its answer, judged; and many judgements, summed up by slice.

Comes in: cases and Answers. Goes out: ``CaseScore`` and ``Summary`` values, plain enough for JSON. A case is
right when its status fits, every vital nugget holds, nothing forbidden is stated and what is missing is named.
Grounding and validity are judged from the answer alone, whatever the case expects.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from coach.types import Answer, Claim, Status
from eval.cases import Case, Nugget
from eval.matching import holds, states
from eval.quantities import BARE, ORDINAL, Quantity, plain, quantities

REFUSALS = frozenset({Status.ABSTAINED, Status.OFF_TOPIC})


class CaseScore(BaseModel):
    """How one answer did; ``problems`` says in words why it is not right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    split: str
    slice: str
    group: str | None
    expected: tuple[str, ...]
    status: str | None
    right: bool
    vital_held: int = 0
    vital_total: int = 0
    forbidden_hits: int = 0
    numbers_grounded: int = 0
    numbers_total: int = 0
    citations_valid: int = 0
    citations_total: int = 0
    problems: tuple[str, ...] = ()
    answer_text: str = ""


class Summary(BaseModel):
    """The figures of a slice; a share is None where there is nothing to share out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    n: int
    right: float
    vital_recall: float | None
    numeric_grounding: float | None
    citation_validity: float | None
    abstention_recall: float | None
    over_refusal: float | None
    forbidden_hits: int


def score(case: Case, answer: Answer) -> CaseScore:
    """The judgement of ``answer`` to ``case``."""
    texts = spoken(answer)
    problems: list[str] = []
    if answer.status not in case.status:
        problems.append(f"status: expected {' or '.join(case.status)}, got {answer.status}")
    held = {nugget: holds(nugget, texts) for nugget in case.nuggets if nugget.vital}
    problems += [f"dropped: {describe(nugget)}" for nugget, is_held in held.items() if not is_held]
    hits = [item for item in case.forbidden if states(item, [*texts, answer.text])]
    problems += [f"forbidden: {item}" for item in hits]
    if case.missing and answer.status is not Status.OFF_TOPIC and not _names_missing(case, answer):
        problems.append(f"missing: none of {', '.join(case.missing)} is named")
    ungrounded, numbers_total = _ungrounded(answer)
    invalid, citations_total = _invalid_citations(answer)
    return CaseScore(
        id=case.id,
        split=case.split,
        slice=case.slice,
        group=case.group,
        expected=case.status,
        status=answer.status,
        right=not problems,
        vital_held=sum(held.values()),
        vital_total=len(held),
        forbidden_hits=len(hits),
        numbers_grounded=numbers_total - len(ungrounded),
        numbers_total=numbers_total,
        citations_valid=citations_total - len(invalid),
        citations_total=citations_total,
        problems=(*problems, *ungrounded, *invalid),
        answer_text=answer.text,
    )


def failed(case: Case, reason: str) -> CaseScore:
    """The judgement where no answer came back; its vital nuggets count as dropped."""
    return CaseScore(
        id=case.id,
        split=case.split,
        slice=case.slice,
        group=case.group,
        expected=case.status,
        status=None,
        right=False,
        vital_total=sum(nugget.vital for nugget in case.nuggets),
        problems=(f"no answer: {reason}",),
    )


def summarise(name: str, scores: Sequence[CaseScore]) -> Summary:
    """The figures over ``scores``, of which there is at least one.

    Abstention recall is over the cases that only a refusal fits, over-refusal over those that only an answer fits.
    """
    unanswerable = [s for s in scores if set(s.expected) <= REFUSALS]
    answerable = [s for s in scores if s.expected == (Status.ANSWERED,)]
    return Summary(
        name=name,
        n=len(scores),
        right=sum(s.right for s in scores) / len(scores),
        vital_recall=_share(sum(s.vital_held for s in scores), sum(s.vital_total for s in scores)),
        numeric_grounding=_share(sum(s.numbers_grounded for s in scores), sum(s.numbers_total for s in scores)),
        citation_validity=_share(sum(s.citations_valid for s in scores), sum(s.citations_total for s in scores)),
        abstention_recall=_share(sum(s.status in REFUSALS for s in unanswerable), len(unanswerable)),
        over_refusal=_share(sum(s.status in REFUSALS for s in answerable), len(answerable)),
        forbidden_hits=sum(s.forbidden_hits for s in scores),
    )


def groups_all_right(scores: Sequence[CaseScore]) -> tuple[int, int]:
    """How many paraphrase groups have every member right, and how many groups there are."""
    by_group: dict[str, list[bool]] = {}
    for s in scores:
        if s.group:
            by_group.setdefault(s.group, []).append(s.right)
    return sum(all(members) for members in by_group.values()), len(by_group)


def spoken(answer: Answer) -> list[str]:
    """What the answer states: its claims, or its text where it makes none."""
    return [claim.text for claim in answer.claims] or [answer.text]


def describe(nugget: Nugget) -> str:
    """A nugget in few words, for a list of what was dropped."""
    fields = nugget.model_dump(exclude={"kind", "vital"}, exclude_defaults=True)
    return f"{nugget.kind} " + ", ".join(f"{name}={value}" for name, value in fields.items())


# --- Evidence --------------------------------------------------------------------------------------------


def _ungrounded(answer: Answer) -> tuple[list[str], int]:
    """Numbers of claims that stand neither in a cited quote nor in the formula, as problems; and how many there are."""
    problems: list[str] = []
    total = 0
    for claim in answer.claims:
        evidence = [quantity for text in _evidence(claim) for quantity in _numbers(text)]
        stated = _numbers(claim.text)
        total += len(stated)
        problems += [
            f"ungrounded: {number.low:g} {number.unit} in {claim.text!r}"
            for number in stated
            if not any(_supports(known, number) for known in evidence)
        ]
    return problems, total


def _evidence(claim: Claim) -> list[str]:
    return [citation.quote for citation in claim.citations] + ([claim.formula] if claim.formula else [])


def _numbers(text: str) -> list[Quantity]:
    """The single numbers of a text; the ends of a range count apart."""
    return [
        Quantity(value, value, quantity.unit, quantity.at_least, quantity.start, quantity.end)
        for quantity in quantities(plain(text))
        for value in ({quantity.low, quantity.high})
    ]


def _supports(known: Quantity, stated: Quantity) -> bool:
    """The same number and, where both name one, the same unit."""
    if {known.unit, stated.unit} & {BARE, ORDINAL} or known.unit == stated.unit:
        decimals = len(f"{stated.low:.10g}".partition(".")[2])
        return abs(known.low - stated.low) < 1e-9 or (decimals > 0 and round(known.low, decimals) == stated.low)
    return False


def _invalid_citations(answer: Answer) -> tuple[list[str], int]:
    """Citations whose quote does not stand at its place in a passage of this turn; an uncited claim counts as one."""
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
    return problems, total


def _names_missing(case: Case, answer: Answer) -> bool:
    return any(states(word, [*answer.missing, answer.text]) for word in case.missing)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
