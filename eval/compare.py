"""Two runs held against each other, case by case.

Comes in: two ``RunRecord`` values, an earlier ``a`` and a later ``b``, often from JSON files. Goes out: a
``Comparison``: for each slice and metric the difference b - a with a paired bootstrap interval, and the cases whose
judgement changed. Of each run the first system is compared, which is the coach. Cases of the test split are counted
and never listed, so that nobody tunes on them. This module does not know how an answer is judged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.intervals import RESAMPLES, SEED
from eval.records import AMOUNTS, CaseRecord, Measure, Record, RunRecord

LOWER_IS_BETTER = frozenset({"over_refusal", "forbidden", "unsupported_shown", "model_failed"})
ALL = "all"

Direction = Literal["right to wrong", "wrong to right", "other"]
DIRECTIONS: tuple[Direction, ...] = ("right to wrong", "wrong to right", "other")


class RecordError(Exception):
    """A file is no record of a run; the message names file, place and what to do next."""


class Difference(Record):
    """How far a metric moved over the cases that have it in both runs."""

    group: str
    """A slice, ``(dev split)``, ``(test split)`` or ``all``."""
    metric: str
    a: float
    b: float
    low: float
    """Lower end of the 95 percent interval of b - a."""
    high: float
    n: int
    """Cases that have the metric in both runs."""

    @property
    def value(self) -> float:
        """b - a, as a share."""
        return self.b - self.a

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval leaves no room for "nothing changed"."""
        return self.low > 0 or self.high < 0


class Moved(Record):
    """One metric of one case in both runs; None where it does not apply."""

    metric: str
    a: float | None
    b: float | None


class Change(Record):
    """A case of the dev split that was judged otherwise."""

    id: str
    slice: str
    direction: Direction
    moved: tuple[Moved, ...]
    question: str | None
    """None where neither run kept what was asked."""
    answer_a: str | None
    answer_b: str | None
    problems_b: tuple[str, ...]


class Side(Record):
    """Which run is meant."""

    date: str
    split: str
    system: str
    n: int


class Comparison(Record):
    """Everything that differs between two runs."""

    a: Side
    b: Side
    common: int
    only_a: int
    only_b: int
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    hidden: dict[Direction, int]
    """Changed cases of the test split by direction."""
    settings: tuple[tuple[str, str, str], ...]
    """Settings and fingerprints of knowledge that differ: name, in a, in b; ``-`` where there is none."""


# --- Comparing -----------------------------------------------------------------------------------------


def compare(a: RunRecord, b: RunRecord) -> Comparison:
    """The coach of ``b`` against the coach of ``a``. Raises ValueError where the two have no case in common."""
    cases_a, cases_b = by_id(a), by_id(b)
    common = sorted(cases_a.keys() & cases_b.keys())
    if not common:
        raise ValueError("the two runs have no case in common: nothing to compare")
    changes = [_change(cases_a[key], cases_b[key]) for key in common]
    found = [(cases_b[change.id], change) for change in changes if change]
    hidden = Counter(change.direction for case, change in found if case.split == "test")
    return Comparison(
        a=_side(a),
        b=_side(b),
        common=len(common),
        only_a=len(cases_a) - len(common),
        only_b=len(cases_b) - len(common),
        differences=differences([(cases_a[key], cases_b[key]) for key in common]),
        changes=tuple(change for case, change in found if case.split != "test"),
        hidden={direction: hidden[direction] for direction in DIRECTIONS},
        settings=_settings(a, b),
    )


def by_id(record: RunRecord) -> dict[str, CaseRecord]:
    """The cases of the first system, which is the coach."""
    return {case.id: case for case in record.systems[0].cases}


def measures(case: CaseRecord) -> dict[str, Measure]:
    """The shares of a case; ``right`` is among them in any event."""
    shares = {name: measure for name, measure in case.measures.items() if name not in AMOUNTS}
    return {"right": Measure(part=float(case.right), whole=1.0), **shares}


def groups(pairs: Sequence[tuple[CaseRecord, CaseRecord]]) -> dict[str, list[tuple[CaseRecord, CaseRecord]]]:
    """The pairs by slice, then by split, then all, under the names that summaries have. The later run's view counts."""
    found: dict[str, list[tuple[CaseRecord, CaseRecord]]] = {}
    for a, b in pairs:
        for name in (b.slice, f"({b.split} split)", ALL):
            found.setdefault(name, []).append((a, b))
    return {name: found[name] for name in sorted(found, key=lambda name: (name == ALL, name.startswith("("), name))}


def differences(
    pairs: Sequence[tuple[CaseRecord, CaseRecord]], metrics: Iterable[str] | None = None
) -> tuple[Difference, ...]:
    """For each group and metric the difference over ``pairs``; ``metrics`` None means all there are.

    A metric that no case of a group has in both runs gives no difference there.
    """
    wanted = set(metrics) if metrics is not None else None
    found = []
    for group, members in groups(pairs).items():
        measured = [(measures(a), measures(b)) for a, b in members]
        names = {name for pair in measured for side in pair for name in side}
        for metric in sorted(names if wanted is None else names & wanted):
            difference = paired_difference(group, metric, [(a.get(metric), b.get(metric)) for a, b in measured])
            if difference:
                found.append(difference)
    return tuple(found)


def paired_difference(
    group: str, metric: str, pairs: Sequence[tuple[Measure | None, Measure | None]]
) -> Difference | None:
    """b - a of a ratio of sums, with a paired bootstrap over the cases that both have; None where there is none.

    A case is drawn with both its measures, so what makes it hard cancels out. One that the metric applies to in a
    single run only is left out: it may have been answered in one of them, or its case was written anew.
    """
    sums = np.array([[a.part, a.whole, b.part, b.whole] for a, b in pairs if a and b])
    if not len(sums):
        return None
    part_a, whole_a, part_b, whole_b = sums.sum(axis=0)
    drawn = _draws(len(sums)) @ sums
    low, high = np.percentile(drawn[:, 2] / drawn[:, 3] - drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    return Difference(
        group=group,
        metric=metric,
        a=float(part_a / whole_a),
        b=float(part_b / whole_b),
        low=float(low),
        high=float(high),
        n=len(sums),
    )


@lru_cache(maxsize=64)
def _draws(n: int) -> npt.NDArray[np.float64]:
    """How often each of ``n`` cases is drawn in each resample, (RESAMPLES, n); the same on every call."""
    return np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)


def _change(a: CaseRecord, b: CaseRecord) -> Change | None:
    of_a, of_b = (
        {name: measure.part / measure.whole for name, measure in measures(case).items()} for case in (a, b)
    )
    moved = tuple(
        Moved(metric=name, a=of_a.get(name), b=of_b.get(name))
        for name in sorted(of_a.keys() | of_b.keys())
        if not _same(of_a.get(name), of_b.get(name))
    )
    if not moved and a.right == b.right:
        return None
    direction: Direction = "other"
    if a.right != b.right:
        direction = "right to wrong" if a.right else "wrong to right"
    asked = (*b.asked[:1], *a.asked[:1])
    return Change(
        id=b.id,
        slice=b.slice,
        direction=direction,
        moved=moved,
        question=asked[0].question if asked else None,
        answer_a=_answer(a),
        answer_b=_answer(b),
        problems_b=b.asked[0].problems if b.asked else (),
    )


def _same(a: float | None, b: float | None) -> bool:
    """Equal but for the rounding of a baseline."""
    return a == b if a is None or b is None else abs(a - b) < 1e-3


def _answer(case: CaseRecord) -> str | None:
    return f"({case.asked[0].status or 'no answer'}) {case.asked[0].text}".rstrip() if case.asked else None


def _side(record: RunRecord) -> Side:
    system = record.systems[0]
    return Side(date=record.date, split=record.split, system=system.name, n=len(system.cases))


def _settings(a: RunRecord, b: RunRecord) -> tuple[tuple[str, str, str], ...]:
    def flat(record: RunRecord) -> dict[str, str]:
        return {**record.settings, **{f"knowledge of {name}": value for name, value in record.knowledge.items()}}

    of_a, of_b = flat(a), flat(b)
    names = sorted(of_a.keys() | of_b.keys())
    return tuple(
        (name, of_a.get(name, "-"), of_b.get(name, "-")) for name in names if of_a.get(name) != of_b.get(name)
    )


# --- Reading -------------------------------------------------------------------------------------------


def read_record(path: Path) -> RunRecord:
    """The record in the JSON file at ``path``. Raises RecordError."""
    again = f"Make one with: python -m eval run --json {path}"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecordError(f"{path}: there is no such file. {again}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read as text ({error}). {again}") from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}. {again}") from error
    try:
        record = RunRecord.model_validate_json(text) if isinstance(content, Mapping) else None
    except ValidationError as error:
        first, *others = error.errors()
        place = ".".join(str(part) for part in first["loc"]) or "file"
        more = f" (and {len(others)} more)" if others else ""
        raise RecordError(f"{path}: {place}: {first['msg']}{more}. Made by another version? {again}") from error
    if record is None:
        raise RecordError(f"{path}: file: expected an object, got {type(content).__name__}. {again}")
    if not record.systems:
        raise RecordError(f"{path}: systems: expected at least one, got none. {again}")
    return record


# --- Showing -------------------------------------------------------------------------------------------


def show(comparison: Comparison, console: Console) -> None:
    """Print the differences as a table, then every changed case of the dev split with its two answers.

    Splits and ``all`` are shown in full; of a slice only the metrics that moved.
    """
    a, b = comparison.a, comparison.b
    console.print(
        f"[bold]a[/bold] {escape(a.date)}, {escape(a.system)}, {a.n} cases\n"
        f"[bold]b[/bold] {escape(b.date)}, {escape(b.system)}, {b.n} cases\n"
        f"In both: {comparison.common}; only in a: {comparison.only_a}; only in b: {comparison.only_b}",
        highlight=False,
    )
    for name, of_a, of_b in comparison.settings:
        console.print(f"  {escape(name)}: {escape(of_a)} -> {escape(of_b)}", highlight=False)
    table = Table(box=None)
    for heading in ("slice", "metric", "n", "a", "b", "b - a", "95 % interval", ""):
        table.add_column(heading, justify="left" if heading in ("slice", "metric", "") else "right", no_wrap=True)
    for difference in comparison.differences:
        if difference.group not in (ALL, "(dev split)", "(test split)") and not difference.value:
            continue
        table.add_row(
            difference.group,
            difference.metric,
            str(difference.n),
            f"{100 * difference.a:.1f}",
            f"{100 * difference.b:.1f}",
            f"{100 * difference.value:+.1f}",
            f"{100 * difference.low:+.1f} to {100 * difference.high:+.1f}",
            _verdict(difference),
        )
    console.print()
    console.print(table)
    for direction in DIRECTIONS:
        _show_changes(direction, [change for change in comparison.changes if change.direction == direction], console)
    counted = ", ".join(f"{direction} {n}" for direction, n in comparison.hidden.items())
    console.print(f"\nChanged cases of the test split, not shown: {counted}", highlight=False)


def _verdict(difference: Difference) -> str:
    if not difference.excludes_zero:
        return ""
    better = (difference.value > 0) != (difference.metric in LOWER_IS_BETTER)
    return "[green]better[/green]" if better else "[red]worse[/red]"


def _show_changes(direction: Direction, changes: Sequence[Change], console: Console) -> None:
    if not changes:
        return
    title = "Judged otherwise, though as right or wrong as before" if direction == "other" else direction.capitalize()
    console.print(f"\n[bold]{title}: {len(changes)}[/bold]", highlight=False)
    for change in changes:
        console.print(f"\n{escape(change.id)}  {escape(change.slice)}", highlight=False)
        if direction != "other" or change.answer_a != change.answer_b:
            console.print("\n".join(_said(change)), highlight=False)
        moved = ", ".join(f"{one.metric} {_share(one.a)} -> {_share(one.b)}" for one in change.moved)
        console.print(f"  moved:   {escape(moved)}", highlight=False)


def _said(change: Change) -> list[str]:
    lines = [f"  asked:   {escape(change.question)}"] if change.question is not None else []
    if change.answer_a == change.answer_b and change.answer_a is not None:
        lines.append(f"  in both: {escape(change.answer_a)}")
    else:
        answers = ("a", change.answer_a), ("b", change.answer_b)
        lines += [f"  in {run}:    {escape(answer)}" for run, answer in answers if answer is not None]
    return lines + [f"  problem: {escape(problem)}" for problem in change.problems_b]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}"
