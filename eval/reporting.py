"""What a run looks like on the terminal and in its JSON file.

Comes in: judgements. Goes out: a table with a row for each slice, failing cases in full, or a JSON object.
Failing cases of the test split are counted and not shown: it is reported, never tuned on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.cases import Case
from eval.scoring import CaseScore, Summary, groups_all_right, summarise

if TYPE_CHECKING:
    from eval.bench import Bench

_COLUMNS = ("slice", "n", "right", "recall", "numbers", "cited", "abstain", "refuse", "forbid")
_LEGEND = (
    "right: share of cases; recall: of vital nuggets; numbers: share grounded; cited: share of citations valid; "
    "abstain: share of unanswerable cases refused; refuse: share of answerable cases refused; forbid: how often "
    "something forbidden was stated. Shares in percent."
)


def summaries(scores: Sequence[CaseScore]) -> list[Summary]:
    """One for each slice by name, then one for each split if there are two, then one for all."""
    parts: dict[str, list[CaseScore]] = {}
    for s in sorted(scores, key=lambda s: s.slice):
        parts.setdefault(s.slice, []).append(s)
    splits = sorted({s.split for s in scores})
    if len(splits) > 1:
        parts |= {f"({split} split)": [s for s in scores if s.split == split] for split in splits}
    return [summarise(name, part) for name, part in parts.items()] + [summarise("all", scores)]


def show_table(scores: Sequence[CaseScore], console: Console) -> None:
    """Print the table and, below it, how many paraphrase groups are right throughout."""
    table = Table(box=None)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name == "slice" else "right", no_wrap=True)
    for summary in summaries(scores):
        table.add_row(
            summary.name,
            str(summary.n),
            _percent(summary.right),
            _percent(summary.vital_recall),
            _percent(summary.numeric_grounding),
            _percent(summary.citation_validity),
            _percent(summary.abstention_recall),
            _percent(summary.over_refusal),
            str(summary.forbidden_hits),
        )
    console.print(table)
    console.print(f"\n{_LEGEND}")
    right, groups = groups_all_right(scores)
    if groups:
        console.print(f"Paraphrase groups right throughout: {right} of {groups}")


def show_failures(cases: Mapping[str, Case], scores: Sequence[CaseScore], console: Console) -> None:
    """Print in full every dev case with a problem, a right one without evidence too; of the test split, how many."""
    failing = [s for s in scores if s.problems]
    for s in failing:
        if s.split == "test":
            continue
        case = cases[s.id]
        lines = [f"\n[bold]{s.id}[/bold]  {s.slice}  {case.pathway}"]
        lines += [f"  before:  {escape(question)}" for question in case.history]
        lines += [f"  asked:   {escape(case.question)}"]
        lines += [f"  problem: {escape(problem)}" for problem in s.problems]
        lines += [f"  answer:  ({s.status}) {escape(s.answer_text)}"]
        console.print("\n".join(lines), highlight=False)
    hidden = sum(s.split == "test" for s in failing)
    if hidden:
        console.print(f"\nCases of the test split with a problem, not shown: {hidden}")


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


def as_json(scores: Sequence[CaseScore]) -> dict[str, object]:
    """Summaries and judgements, ready for ``json.dumps``."""
    return {
        "summaries": [summary.model_dump(mode="json") for summary in summaries(scores)],
        "cases": [s.model_dump(mode="json") for s in scores],
    }


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
