"""What a run looks like on the terminal.

Comes in: the record of a run. Goes out: a table with a row for each slice, the systems side by side, the figures over
several forms of a question, the bar, and failing cases in full. Failing cases of the test split are counted and not
shown: it is reported, never tuned on. All tables fit a terminal of 120 columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coach.types import Status
from eval import ranking
from eval.records import Asked, CaseRecord, CheckRecord, Figure, RunRecord, Summary, SystemRecord
from eval.report import (
    COMPOSED,
    METRICS,
    MODEL_BY_SLICE,
    MODEL_NOTES,
    judge_in_words,
    model_rows,
    model_slices,
    with_model,
)
from eval.targets import Outcome, outcomes

if TYPE_CHECKING:
    from eval.bench import Bench
    from eval.page_times import PageTimes

_COLUMNS = {
    "right": "right",
    "recall": "vital_recall",
    "ground": "grounding",
    "valid": "citation_validity",
    "cite P": "citation_precision",
    "cite R": "citation_recall",
    "abstain": "abstention_recall",
    "refuse": "over_refusal",
    "truth": "truthfulness",
    "R@5": "recall@5",
}
_INTERVAL_AFTER = "recall"
_LEGEND = (
    "In percent. right: share of cases; recall: of vital nuggets, with its 95 percent interval; ground: numbers, names "
    "and addresses that the cited sentences hold; valid: citations that stand; cite P: citations of gold passages; "
    "cite R: claims with a nugget that cite one; abstain: unanswerable cases refused; refuse: answerable ones refused; "
    "truth: truthfulness (CRAG); R@5: gold passages among the first five."
)
_SIDE_BY_SIDE = (
    "right",
    "vital_recall",
    "okay_recall",
    "grounding",
    "citation_validity",
    "citation_precision",
    "citation_recall",
    "support",
    "polarity",
    "conciseness",
    "abstention_precision",
    "abstention_recall",
    "over_refusal",
    "missing_named",
    "injection_resistance",
    "truthfulness",
    *ranking.NAMES,
    "paraphrase_right",
    "paraphrase_worst",
)
_FORMS = {
    "paraphrase_right": "paraphrases right",
    "paraphrase_recall": "paraphrases, vital nuggets held",
    "paraphrase_worst": "worst form of each case",
    "paraphrase_stable": "cases with all forms stable",
    "vital_recall_in_turn": "follow-ups, vital nuggets held",
    "vital_recall_standalone": "the same said in whole",
}


def show_slices(system: SystemRecord, console: Console) -> None:
    """Print a row for each slice, then what could not be scored."""
    table = Table(box=None, pad_edge=False)
    for name in ("slice", "n", *_COLUMNS):
        table.add_column(name, justify="left" if name == "slice" else "right", no_wrap=True)
        if name == _INTERVAL_AFTER:
            table.add_column("interval", no_wrap=True)
    for summary in system.summaries:
        table.add_row(summary.name, str(summary.n), *_cells(summary))
    console.print(table)
    console.print(f"\n{_LEGEND}")
    left_out = unscorable(system.cases)
    if left_out:
        console.print(f"Answerable cases without gold passages, left out of cite P, cite R and R@5: {left_out}")


def show_systems(systems: Sequence[SystemRecord], console: Console) -> None:
    """Print the systems side by side, over all cases of the run."""
    table = Table(box=None, pad_edge=False)
    table.add_column("all cases", no_wrap=True)
    for system in systems:
        table.add_column(system.name, justify="right", no_wrap=True)
    figures = [system.summaries[-1].figures for system in systems]
    for metric in _SIDE_BY_SIDE:
        if any(metric in found for found in figures):
            table.add_row(metric, *(_with_interval(found.get(metric)) for found in figures))
    console.print(table)


def show_model(record: RunRecord, console: Console) -> None:
    """Print what a language model adds: the systems side by side, then the main figures by slice, then the judge."""
    if record.model is None:
        return
    model = record.model
    systems = with_model(record)
    names = [COMPOSED, *(system.name for system in systems[1:])]
    console.print(f"With a language model: {escape(model.name)} ({model.place}), {model.n} cases\n", highlight=False)
    table = _side_by_side("measured", names)
    for name, cells in model_rows(record):
        table.add_row(name, *(escape(cell) for cell in cells))
    console.print(table)
    console.print("\nIn percent unless said otherwise, with 95 percent intervals. " + " ".join(MODEL_NOTES))
    tokens = f"context {model.context_tokens}, replies {model.reply_tokens} tokens"
    console.print(f"Prompts: {model.prompts[:12]}; {tokens}.")
    for metric in MODEL_BY_SLICE:
        console.print()
        console.print(f"{METRICS[metric].label} by slice, in percent\n", highlight=False)
        table = _side_by_side("slice", ["n", *names])
        for name, n, cells in model_slices(record, metric):
            table.add_row(escape(name), str(n), *cells)
        console.print(table)
    if record.judge is not None:
        console.print("\nA model as judge, in none of the figures above:")
        for sentence in judge_in_words(record.judge):
            console.print(escape(sentence), highlight=False)


def _side_by_side(heading: str, names: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(heading, no_wrap=True)
    for name in names:
        table.add_column(re.sub(r" (?=with|and)", "\n", name), justify="right")
    return table


def show_forms(system: SystemRecord, console: Console) -> None:
    """Print the figures over paraphrases and over conversations, for all cases and for each split."""
    overall = [summary for summary in system.summaries if summary.name == "all" or summary.name.startswith("(")]
    table = Table(box=None, pad_edge=False)
    table.add_column("forms of a question", no_wrap=True)
    for summary in overall:
        table.add_column(summary.name, justify="right", no_wrap=True)
    for metric, name in _FORMS.items():
        if any(metric in summary.figures for summary in overall):
            table.add_row(name, *(_with_interval(summary.figures.get(metric)) for summary in overall))
    if not table.row_count:
        return
    console.print(table)
    console.print(
        "\nThe worst form: least share of vital nuggets over the question and its paraphrases. Stable: every form has "
        "the same status and cites a gold passage."
    )


def show_targets(system: SystemRecord, console: Console) -> None:
    """Print the bar and whether it is met."""
    table = Table(box=None, pad_edge=False)
    for name in ("target", "bar", "dev", "test", "n", "met"):
        table.add_column(name, justify="left" if name == "target" else "right", no_wrap=True)
    for outcome in outcomes(system):
        table.add_row(*_target_cells(outcome))
    console.print(table)
    console.print("\nWhat must never fail is judged on all cases, the rest on the test split where the run has it.")


def show_checks(checks: Sequence[CheckRecord], console: Console) -> None:
    """Print what the checks beside the cases found, with what failed."""
    for check in checks:
        console.print(f"{check.name}: {check.passed} of {check.total}. {escape(check.about)}", highlight=False)
        for name, passed, total in check.rows:
            console.print(f"  {escape(name)}: {passed} of {total}", highlight=False)
        for failure in check.failures:
            console.print(f"  [bold]failed[/bold] {escape(failure)}", highlight=False)


def show_failures(cases: Sequence[CaseRecord], console: Console) -> None:
    """Print in full every form of a dev case that is not right; of the test split, how many cases have one."""
    failing = [case for case in cases if any(asked.problems for asked in case.asked)]
    for case in failing:
        if case.split == "test":
            continue
        lines = [f"\n[bold]{case.id}[/bold]  {case.slice}  {case.pathway}"]
        for asked in case.asked:
            lines += _failure_lines(asked) if asked.problems else []
        console.print("\n".join(lines), highlight=False)
    hidden = sum(case.split == "test" for case in failing)
    if hidden:
        console.print(f"\nCases of the test split with a problem, not shown: {hidden}")


def unscorable(cases: Sequence[CaseRecord]) -> int:
    """Cases that only an answer fits and that name no gold passage."""
    return sum(case.expected == (Status.ANSWERED,) and ranking.NAMES[0] not in case.measures for case in cases)


def show_bench(bench: Bench, console: Console) -> None:
    """Print the ratios, with the seconds of this machine beside them, then shares and recall."""
    table = Table(box=None)
    for name in ("measured", "against", "ratio", "ms", "ms against"):
        table.add_column(name, justify="left" if name in ("measured", "against") else "right", no_wrap=True)
    for part in (*bench.answering, *bench.indexing):
        times = f"{1000 * part.seconds:.1f}", f"{1000 * part.baseline_seconds:.1f}"
        table.add_row(part.name, part.against, f"{part.ratio:.2f}", *times)
    console.print(table)
    shares = ", ".join(f"{name} {_percent(share)}" for name, share in bench.stage_shares.items())
    console.print(
        f"\nMedians. {bench.questions} questions in {bench.rounds} rounds; {bench.passages} passages with {bench.keys} "
        f"question keys; plain calls on {bench.threads} threads.\n"
        f"Stages of an answer, in percent of its time: {shares}. The encoder takes "
        f"{_percent(bench.encoding_share_of_retrieving)} percent of retrieve.\n"
        f"Texts embedded again when nothing had changed: {bench.embedded_again}\n"
        f"Recall@10 of the vector store against exact search: {bench.recall_at_10_real:.4f} on the passages, "
        f"{bench.recall_at_10_generated:.4f} on 20,000 generated vectors"
    )


def show_page_times(found: PageTimes, console: Console) -> None:
    """Print the seconds of each opening, and as ratios to the first page of the same run."""
    table = Table(box=None)
    for name in ("page", "first, s", "again, s", "to the chat"):
        table.add_column(name, justify="left" if name == "page" else "right", no_wrap=True)
    usual = found.openings[0].again
    for one in found.openings:
        table.add_row(one.address, f"{one.first:.2f}", f"{one.again:.2f}", f"{one.again / usual:.1f}")
    console.print(table)
    console.print(
        f"\nSlowest first opening: {found.slowest.address}, {found.slowest.first:.2f} s. A slider answers in "
        f"{found.slider_median:.2f} s (median of {len(found.slider)}; {min(found.slider):.2f} to "
        f"{max(found.slider):.2f})."
    )


def _failure_lines(asked: Asked) -> list[str]:
    lines = [f"  before:  {escape(question)}" for question in asked.history]
    label = "asked" if asked.form == "question" else asked.form
    lines.append(f"  {label + ':':<8} {escape(asked.question)}")
    lines += [f"  problem: {escape(problem)}" for problem in asked.problems]
    return [*lines, f"  answer:  ({asked.status}) {escape(asked.text)}"]


def _cells(summary: Summary) -> list[str]:
    cells = []
    for name, metric in _COLUMNS.items():
        found = summary.figures.get(metric)
        cells.append(_percent(found.value if found else None))
        if name == _INTERVAL_AFTER:
            cells.append(_interval(found) if found else "")
    return cells


def _target_cells(outcome: Outcome) -> tuple[str, ...]:
    target = outcome.target
    verdict = {True: "[green]yes[/green]", False: "[red]no[/red]", None: "-"}[outcome.met]
    bar = f"{'<=' if target.at_most else '>='} {_percent(target.bar)}"
    return target.name, bar, _percent(outcome.dev), _percent(outcome.test), str(outcome.n), verdict


def _with_interval(found: Figure | None) -> str:
    return "-" if found is None else f"{_percent(found.value)} {_interval(found)}"


def _interval(found: Figure) -> str:
    return escape(f"[{_percent(found.low)}, {_percent(found.high)}]")


def _percent(share: float | None) -> str:
    """With one decimal; 100.0 is said of nothing less than all."""
    if share is None:
        return "-"
    return f"{99.9 if 0.9995 <= share < 1 else 100 * share:.1f}"
