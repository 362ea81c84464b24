"""The cases: questions with what a good answer holds, written before any answer was seen.

Comes in: the JSON lines of ``eval/cases``. Goes out: frozen ``Case`` values. A mistake in a file is an
error that names file, line and field. This module does not know how an answer is judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from coach.types import Status

CASES_DIR = Path(__file__).resolve().parent / "cases"
PAGES_DIR = Path(__file__).resolve().parent / "pages"

SPLIT_SEED = (
    11316  # before any answer was seen: of 0 to 19999 the one that puts nearest to a third of each slice in test
)

Split = Literal["dev", "test"]
Slice = Literal[
    "pay",
    "timeline",
    "skills",
    "transferable",
    "roadmap",
    "action_plan",
    "reality_check",
    "resources",
    "conflicts",
    "computed",
    "comparison",
    "definition",
    "multi_turn",
    "false_premise",
    "near_miss",
    "off_topic",
    "conversational",
    "injection",
    "typos",
    "other_language",
    "personal_figures",
    "imported",
]
Currency = Literal["USD", "GBP", "EUR"]
TimeUnit = Literal["minutes", "hours", "days", "weeks", "months", "years", "hours_per_week"]


class CaseError(Exception):
    """A case file is not as it should be; the message names file, line and field."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- Nuggets: one fact each --------------------------------------------------------------------------


class AmountNugget(_Strict):
    """A sum of money, alone or as one end of a range."""

    kind: Literal["amount"]
    vital: bool
    value: float
    currency: Currency = "USD"
    tolerance: Annotated[float, Field(ge=0, le=0.2)] = 0.0
    """Share by which a stated sum may differ, for sums that are fairly rounded."""


class RangeNugget(_Strict):
    """Both ends of a range, in one expression or apart."""

    kind: Literal["range"]
    vital: bool
    low: float
    high: float
    unit: Currency | TimeUnit | Literal["percent"]
    tolerance: Annotated[float, Field(ge=0, le=0.2)] = 0.0
    """Share by which a stated end may differ."""

    @model_validator(mode="after")
    def _ordered(self) -> RangeNugget:
        if self.high <= self.low:
            raise ValueError(f"expected low < high, got {self.low} to {self.high}")
        return self


class PercentageNugget(_Strict):
    """A share or a change in percent, whatever its sign."""

    kind: Literal["percentage"]
    vital: bool
    value: float
    tolerance: Annotated[float, Field(ge=0, le=5)] = 0.0
    """Percentage points by which a stated figure may differ."""


class DurationNugget(_Strict):
    """A length of time; the same length in another unit counts (24 weeks, 5.5 months)."""

    kind: Literal["duration"]
    vital: bool
    value: float
    unit: TimeUnit


class CountNugget(_Strict):
    """How many there are."""

    kind: Literal["count"]
    vital: bool
    value: int
    noun: tuple[str, ...] = ()
    """Words for what is counted, of which one stands in the same claim; empty where any will do."""


class NameNugget(_Strict):
    """A named thing, or a phrase that cannot be said in many ways. ``deploy*`` also finds "deploying"."""

    kind: Literal["name"]
    vital: bool
    value: str
    aliases: tuple[str, ...] = ()


class ListNugget(_Strict):
    """Several named things; each entry is a name followed by its aliases."""

    kind: Literal["list"]
    vital: bool
    items: Annotated[tuple[tuple[str, ...], ...], Field(min_length=2)]
    ordered: bool = False
    at_least: int | None = None
    """How many of them will do; None means all. An ordered list needs all."""

    @model_validator(mode="after")
    def _consistent(self) -> ListNugget:
        if any(not names for names in self.items):
            raise ValueError("items: expected at least one name in each")
        if self.at_least is not None and (self.ordered or not 0 < self.at_least <= len(self.items)):
            raise ValueError(f"at_least: expected 1 to {len(self.items)} on an unordered list, got {self.at_least}")
        return self


class PolarityNugget(_Strict):
    """Yes or no: how the answer begins, or whether the sentence about something is negated."""

    kind: Literal["polarity"]
    vital: bool
    value: Literal["yes", "no"]
    about: tuple[str, ...] = ()
    """Words of which one stands in the sentence to judge, where the answer does not begin with yes or no."""


Nugget = Annotated[
    AmountNugget
    | RangeNugget
    | PercentageNugget
    | DurationNugget
    | CountNugget
    | NameNugget
    | ListNugget
    | PolarityNugget,
    Field(discriminator="kind"),
]


# --- Cases ---------------------------------------------------------------------------------------------


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Case(_Strict):
    """One question with what a good answer holds."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    split: Split
    slice: Slice
    pathway: str
    question: str
    """Empty and blank questions are cases too."""
    paraphrases: tuple[str, ...] = ()
    """Other ways to ask the same, which fairly get the same facts."""
    history: tuple[str, ...] = ()
    """Earlier questions of the same conversation, oldest first."""
    standalone: str | None = None
    """A question that needs its history, said in whole."""
    gold: tuple[str, ...] = ()
    """Ids of the passages that a good answer rests on: together they hold every vital nugget."""
    also: tuple[str, ...] = ()
    """Ids of further passages that may fairly be cited: the other side, a caveat, the same fact said elsewhere."""
    nuggets: tuple[Nugget, ...] = ()
    forbidden: tuple[str | float, ...] = ()
    """What must not be stated: a phrase, or a quantity such as ``"$95,000"`` or ``95000``."""
    status: Annotated[tuple[Status, ...], BeforeValidator(_as_list), Field(min_length=1)]
    """Any of these is fair."""
    missing: tuple[str, ...] = ()
    """Words of which one is to be named as what the knowledge does not hold."""

    @model_validator(mode="after")
    def _split_by_hash(self) -> Case:
        if self.split != split_of(self.id):
            raise ValueError(f"split: expected {split_of(self.id)!r}, which follows from the id, got {self.split!r}")
        return self

    @model_validator(mode="after")
    def _forms_and_passages_fit(self) -> Case:
        asked = (self.question, *self.paraphrases)
        if len(set(asked)) < len(asked):
            raise ValueError("paraphrases: expected each to differ from the question and from the others")
        if self.standalone is not None and not self.history:
            raise ValueError("standalone: expected a history, without which every question is standalone")
        named = (*self.gold, *self.also)
        if len(set(named)) < len(named):
            raise ValueError("gold, also: expected each passage once")
        foreign = [id_ for id_ in named if not id_.startswith(f"{self.pathway}#")]
        if foreign:
            raise ValueError(f"gold, also: expected passages of {self.pathway}, got {', '.join(foreign)}")
        return self


def split_of(key: str) -> Split:
    """The split of a case by its id; about a third are ``test``.

    >>> split_of("any-id") == split_of("any-id")
    True
    """
    return "test" if int(hashlib.sha256(f"{SPLIT_SEED}:{key}".encode()).hexdigest()[:8], 16) % 3 == 0 else "dev"


def load_cases(directory: Path = CASES_DIR) -> tuple[Case, ...]:
    """All cases of the ``*.jsonl`` files in ``directory``, by file name, then line.

    Raises CaseError with every mistake, one a line, as ``file:line: field: what was expected``.
    """
    cases: list[Case] = []
    problems: list[str] = []
    places: dict[str, str] = {}
    for file in sorted(directory.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            place = f"{file.name}:{number}"
            try:
                case = Case.model_validate_json(line)
            except ValidationError as error:
                problems += [f"{place}: {_field(problem['loc'])}: {problem['msg']}" for problem in error.errors()]
                continue
            if case.id in places:
                problems.append(f"{place}: id: {case.id!r} is also at {places[case.id]}")
            places[case.id] = place
            cases.append(case)
    if problems:
        raise CaseError("\n".join(problems))
    if not cases:
        raise CaseError(f"{directory}: expected at least one case in *.jsonl files, found none")
    return tuple(cases)


def select(cases: Iterable[Case], split: str = "all", slice_name: str | None = None) -> tuple[Case, ...]:
    """The cases of a split (``all`` for both) and, if given, of one slice."""
    return tuple(
        case for case in cases if split in ("all", case.split) and (slice_name is None or case.slice == slice_name)
    )


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "line"
