"""How well and how fast does the coach answer? ``python -m eval run`` asks every case and prints a table,
``python -m eval bench`` measures time as ratios.

Comes in: options. Goes out: the tables on stdout, and the judgements in a JSON file if asked for.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from eval.cases import CaseError, load_cases, select
from eval.reporting import as_json, show_bench, show_failures, show_table
from eval.running import open_coach, run_case

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Measure how well the coach answers.")


class SplitChoice(StrEnum):
    DEV = "dev"
    TEST = "test"
    ALL = "all"


@app.callback()
def main() -> None:
    """Measure how well the coach answers."""


@app.command()
def run(
    split: Annotated[SplitChoice, typer.Option(help="Which cases; test is only reported, never tuned on.")] = (
        SplitChoice.DEV
    ),
    slice_name: Annotated[str | None, typer.Option("--slice", help="Only the cases of this slice.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write summaries and judgements here.")] = None,
    failures: Annotated[bool, typer.Option("--show-failures", help="Print failing dev cases in full.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Index folder to keep; default: a temporary one.")] = None,
) -> None:
    """Ask every case and print a table with a row for each slice."""
    console = Console(soft_wrap=True)
    try:
        every = load_cases()
    except CaseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    cases = select(every, split, slice_name)
    if not cases:
        known = ", ".join(sorted({case.slice for case in every}))
        typer.echo(f"No case of the {split} split is in slice {slice_name!r}. Slices: {known}.", err=True)
        raise typer.Exit(2)

    with open_coach(data_dir) as ask:
        progress = track(cases, description="Asking", console=Console(stderr=True), transient=True)
        scores = [run_case(case, ask) for case in progress]
    if failures:
        show_failures({case.id: case for case in cases}, scores, console)
        console.print()
    show_table(scores, console)
    if json_file:
        json_file.write_text(json.dumps(as_json(scores), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, help="How often each question is asked.")] = 3,
    questions: Annotated[int, typer.Option(min=10, help="About how many questions, spread over the cases.")] = 150,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one line of JSON.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Instead, show where the time of an answer goes.")] = False,
) -> None:
    """Measure the time of an answer and of an index against that of the encoder, as ratios."""
    from eval import bench as measure  # here, because it loads the encoder's libraries, which takes seconds

    cases = load_cases()
    if profile:
        typer.echo(measure.profile(cases, limit=questions))
        return
    found = measure.run_bench(cases, rounds=rounds, limit=questions, say=lambda text: typer.echo(text, err=True))
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        show_bench(found, Console(soft_wrap=True))


if __name__ == "__main__":
    app()
