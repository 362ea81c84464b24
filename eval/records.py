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
