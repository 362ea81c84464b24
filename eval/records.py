"""What a run leaves behind: every answer judged, summed up by slice, for each system.

Comes in: nothing. Goes out: frozen values that are the JSON of a run, which ``report``, ``compare`` and ``gate``
read. Every metric is a ratio of two sums: a case adds a ``part`` to the one and a ``whole`` to the other, so that
a slice, an interval and a paired difference are all made the same way.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Form = Literal["question", "paraphrase", "standalone"]
"""The question itself, another way to ask it, or a follow-up said in whole without its history."""


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measure(Record):
    """What one case adds to a metric; a metric that does not apply to a case has no measure in it."""

    part: float
    whole: Annotated[float, Field(gt=0)]


AMOUNTS = frozenset({"claims_shown", "tokens", "first_token_seconds", "checked_seconds"})
"""Metrics that are no share: so many an answer. What is measured in seconds is never the same twice."""


class SpokenCitation(Record):
    marker: int
    passage_id: str
    quote: str


class SpokenClaim(Record):
    text: str
    support: str
    formula: str | None = None
    citations: tuple[SpokenCitation, ...] = ()


class Asked(Record):
    """One question as asked, and what came back."""

    form: Form
    question: str
    history: tuple[str, ...] = ()
    status: str | None
    """None where no answer came back."""
    text: str = ""
    claims: tuple[SpokenClaim, ...] = ()
    missing: tuple[str, ...] = ()
    retrieved: tuple[str, ...] = ()
    """Ids of the passages that were retrieved, best first."""
    problems: tuple[str, ...] = ()
    """Why it is not right, in words; empty when it is."""
    measures: dict[str, Measure] = {}


class CaseRecord(Record):
    """A case and how a system did on it."""

    id: str
    split: str
    slice: str
    pathway: str
    expected: tuple[str, ...]
    right: bool
    """Whether the question itself was answered rightly."""
    measures: dict[str, Measure]
    """Of the question itself, and those that hold over all forms, such as the worst paraphrase."""
    asked: tuple[Asked, ...] = ()
    """The question first; empty in a baseline, which keeps figures only."""


class Figure(Record):
    """A metric over some cases with its 95 percent bootstrap interval."""

    value: float
    low: float
    high: float
    n: int
    """Cases that it is over."""


class Summary(Record):
    name: str
    """A slice, ``(dev split)``, ``(test split)`` or ``all``."""
    n: int
    figures: dict[str, Figure]


class SystemRecord(Record):
    """How one system did."""

    name: str
    about: str
    """One sentence on how it answers."""
    summaries: tuple[Summary, ...]
    cases: tuple[CaseRecord, ...]


class CheckRecord(Record):
    """A check beside the cases: mutants, counterfactual, determinism."""

    name: str
    passed: int
    total: Annotated[int, Field(gt=0)]
    about: str
    """One sentence: what is counted."""
    rows: tuple[tuple[str, int, int], ...] = ()
    """Parts by name with passed and total: one for each kind of mutant."""
    failures: tuple[str, ...] = ()
    """What did not pass, in words."""


class ModelRecord(Record):
    """The language model that was asked, and with what."""

    name: str
    place: str
    """``local`` or ``remote``."""
    prompts: str
    """SHA-256 of the prompt files."""
    context_tokens: int
    reply_tokens: int
    n: int
    """Cases that it was asked."""
    systems: tuple[str, ...]
    """Names of the systems that it is a part of."""


class JudgedSentence(Record):
    """A sentence that a model judged as well as we did."""

    case: str
    split: str
    text: str
    ours: bool
    """Whether our check finds it supported."""
    judge: bool
    explanations: tuple[str, ...]
    """The judge's, one for each claim that it found in the sentence."""


class JudgeRecord(Record):
    """A model's verdicts beside ours. What could not be read or matched is counted here and graded nowhere."""

    name: str
    place: str
    prompt: str
    """SHA-256 of the prompt file."""
    system: str
    """Whose answers were judged."""
    cases: int
    """Answers that the judge was given."""
    failed: int
    """Of these, such that it sent no reply to."""
    verdicts: int
    """That could be read."""
    unparsable: int
    unmatched: int
    """Read, but about no sentence of the answer."""
    sentences: int
    """Of the answers that got a reply."""
    unjudged: int
    """Of these, such that no verdict is about."""
    agreement: Figure | None
    """Share of the judged sentences with the same verdict from both; ``n`` counts answers."""
    kappa: float | None
    """Cohen's; None where it is not defined."""
    judged: tuple[JudgedSentence, ...]


class RunRecord(Record):
    """Everything one run found."""

    date: str
    split: str
    settings: dict[str, str]
    knowledge: dict[str, str]
    """Fingerprint of the index by pathway."""
    systems: tuple[SystemRecord, ...]
    """The coach first."""
    checks: tuple[CheckRecord, ...] = ()
    model: ModelRecord | None = None
    """None: no language model was asked."""
    judge: JudgeRecord | None = None
