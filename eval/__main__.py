"""How well and how fast does the coach answer? ``python -m eval run`` asks every case and prints what came of it.

Comes in: options. Goes out: tables on stdout, the record of a run as JSON and as one HTML page; progress on stderr.
``compare`` holds two records against each other, ``gate`` one against the baseline (exit code 1 when it is broken),
``intents`` measures the encoder's adapter and ``train`` makes it, ``skills`` measures what is seen in resumes,
``mutants``, ``counterfactual`` and ``determinism`` are checks beside the cases, ``misstatements`` one of a model's
words, ``grounding`` and ``chunking`` measure against public data, ``bench`` measures time as ratios and ``page-times``
how long pages take to open. What a command needs is imported when it is called: it takes seconds to load.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from coach.errors import CoachError
from eval.cases import Case, CaseError, load_cases, select
from eval.history import BASELINE, RESULTS
from eval.records import CheckRecord, RunRecord

if TYPE_CHECKING:
    from coach.retrieval.training import Measured
    from eval.running import Track

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Measure how well the coach answers.")


class SplitChoice(StrEnum):
    DEV = "dev"
    TEST = "test"
    ALL = "all"


DataDir = Annotated[Path | None, typer.Option(help="Index folder to keep; default: a temporary one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one line of JSON.")]
Data = Annotated[Path, typer.Option("--data", exists=True, file_okay=False, help="Folder of the public data.")]


@app.callback()
def main() -> None:
    """Measure how well the coach answers."""


# --- Cases -------------------------------------------------------------------------------------------------


@app.command()
def run(
    split: Annotated[SplitChoice, typer.Option(help="Which cases; test is only reported, never tuned on.")] = (
        SplitChoice.ALL
    ),
    slice_name: Annotated[str | None, typer.Option("--slice", help="Only the cases of this slice.")] = None,
    json_file: Annotated[
        Path, typer.Option("--json", help="Where the record goes.", show_default="eval/results/last.json")
    ] = RESULTS / "last.json",
    html_file: Annotated[
        Path, typer.Option("--html", help="Where the report goes.", show_default="eval/results/last.html")
    ] = RESULTS / "last.html",
    systems: Annotated[bool, typer.Option(help="Run the trivial systems beside the coach.")] = True,
    checks: Annotated[bool, typer.Option(help="Run mutants, counterfactual and determinism too: minutes.")] = False,
    failures: Annotated[bool, typer.Option("--show-failures", help="Print failing dev cases in full.")] = False,
    keep: Annotated[
        bool, typer.Option(help="Keep the record among the runs in the data folder, for the Evaluation page.")
    ] = True,
    progress: Annotated[
        bool, typer.Option("--progress", help="Say on stderr how far it is, as lines of JSON, for programs.")
    ] = False,
    data_dir: DataDir = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many cases, spread evenly over slices and splits.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A language model to measure beside the coach, each case as the question alone; small: the small one, "
            "started on this machine."
        ),
    ] = None,
    model_url: Annotated[
        str | None,
        typer.Option(
            help="Where the model answers; default: COACH_MODEL_URL, else OpenAI. COACH_MODEL_KEY is sent to "
            "COACH_MODEL_URL alone."
        ),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="A language model that judges what --model wrote, beside our own verdicts.")
    ] = None,
    judge_url: Annotated[str | None, typer.Option(help="Where the judge answers; default as for the model.")] = None,
    judge_limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many of the cases for the judge, spread evenly.")
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write the record without what was asked and said, as the baseline is.")
    ] = False,
) -> None:
    """Ask every case in all its forms; print the figures by slice, the trivial systems beside them, and the bar."""
    from coach.settings import load_settings
    from eval import history, reporting
    from eval.gate import compact
    from eval.report import render, simple_systems
    from eval.running import question_only, sample

    console = Console(width=None if Console().is_terminal else 120)
    every = _cases()
    cases = select(every, split, slice_name)
    if not cases:
        known = ", ".join(sorted({case.slice for case in every}))
        typer.echo(f"No case of the {split} split is in slice {slice_name!r}. Slices: {known}.", err=True)
        raise typer.Exit(2)

    if judge is not None and model is None:
        typer.echo("--judge judges what a model wrote: name that one with --model.", err=True)
        raise typer.Exit(2)
    cases = sample(cases, limit) if limit else cases
    cases = question_only(cases) if model is not None else cases
    asked = None if model is None else _Asked(model, model_url, judge, judge_url, judge_limit)

    told = _told_as_lines if progress else _track
    record = _record(cases, split, data_dir, systems=systems, checks=checks, track=told, model=asked)
    coach = record.systems[0]
    if failures:
        reporting.show_failures(coach.cases, console)
        console.print()
    reporting.show_slices(coach, console)
    console.print()
    reporting.show_forms(coach, console)
    if systems:
        console.print()
        reporting.show_systems(simple_systems(record), console)
    if record.model is not None:
        console.print()
        reporting.show_model(record, console)
    console.print()
    reporting.show_targets(coach, console)
    if record.checks:
        console.print()
        reporting.show_checks(record.checks, console)
    written = compact(record) if figures else record
    json_file.write_text(written.model_dump_json() + "\n", encoding="utf-8")
    html_file.write_text(render(record, {case.id: case for case in cases}), encoding="utf-8")
    where = f"Record: {json_file}, report: {html_file}"
    if keep:
        try:
            where += f", kept as {history.keep(record, history.folder(load_settings()))}"
        except OSError as error:
            where += f"; not kept among the runs ({error})"
    typer.echo(where, err=True)


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="Record of the earlier run.")],
    b: Annotated[Path, typer.Argument(help="Record of the later run.")],
    html_file: Annotated[Path | None, typer.Option("--html", help="Write what is printed as a page as well.")] = None,
) -> None:
    """Hold two runs against each other: differences with their intervals, and the dev cases that changed."""
    from eval import compare as comparing

    try:
        found = comparing.compare(comparing.read_record(a), comparing.read_record(b))
    except (comparing.RecordError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    console = Console(record=html_file is not None)
    comparing.show(found, console)
    if html_file is not None:
        html_file.write_text(console.export_html(inline_styles=True), encoding="utf-8")


@app.command()
def gate(
    update: Annotated[bool, typer.Option("--update", help="Make this run the baseline.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Run every case and every check; exit code 1 when something fell below the baseline."""
    from eval import gate as gating
    from eval.compare import RecordError, read_record

    cases = _cases()
    try:
        baseline = None if update else read_record(BASELINE)
    except RecordError as error:
        typer.echo(f"{error}\nMake a baseline with: python -m eval gate --update", err=True)
        raise typer.Exit(2) from error
    # A baseline holds the trivial systems as well: the Evaluation page shows it where there is no other run yet.
    record = _record(cases, SplitChoice.ALL, data_dir, systems=update, checks=True)
    if baseline is None:
        BASELINE.write_text(gating.as_lines(gating.compact(record)), encoding="utf-8")
        typer.echo(f"Baseline: {BASELINE}")
        return
    result = gating.run_gate(record, baseline, known={case.id for case in cases})
    gating.show(result, Console())
    if not result.passed:
        raise typer.Exit(1)


@app.command()
def fit(
    write: Annotated[bool, typer.Option("--write", help="Make these the weights of the coach.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Fit the weights of choosing, following and refusing on the dev cases; print how they do on cases held out."""
    import yaml

    from coach.answering import answerable, leaning, selecting
    from eval import fitting
    from eval.running import open_coach

    cases = select(_cases(), SplitChoice.DEV)
    stderr = Console(stderr=True)
    weights: dict[str, dict[str, float]] = {}
    with open_coach(data_dir) as coach:
        choice = fitting.fit_choice(list(fitting.examples(coach, track(cases, "choosing", console=stderr))))
        weights["choice"] = choice.weights
        for pathway in coach.pathways():  # whether a question is refused hangs on what is chosen
            coach.reading(pathway.slug).composer.selector.weights = selecting.as_vector(choice.weights)
        following = fitting.fit_leaning(list(fitting.leaning(coach, track(cases, "following", console=stderr))))
        refusing = fitting.fit_answerable(list(fitting.signed(coach, track(cases, "refusing", console=stderr))))
        weights[answerable.SECTION] = refusing.weights
        weights[leaning.SECTION] = following.weights
    for fitted in (choice, following, refusing):
        for name, share in fitted.held_out.items():
            typer.echo(f"{name}, held out: {100 * share:.1f} % ({fitted.examples} examples)")
    lines = yaml.safe_dump(weights, sort_keys=False)
    if write:
        heading = selecting.WEIGHTS_FILE.read_text(encoding="utf-8").partition("\n\n")[0]
        selecting.WEIGHTS_FILE.write_text(f"{heading}\n\n{lines}", encoding="utf-8")
    else:
        typer.echo(lines, nl=False)


@app.command()
def intents(as_json: AsJson = False) -> None:
    """Measure the encoder's adapter on an author and on careers that it was not trained on."""
    from coach.retrieval import training

    with _told():
        found = training.measure()
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        _show_measured(found)


@app.command()
def train(
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the adapter goes.")],
) -> None:
    """Train the encoder's adapter again, about half an hour on two cores, and measure it."""
    from coach.retrieval import training

    with _told():
        trained = training.train(out, progress=lambda text: typer.echo(text, err=True))
    typer.echo(f"{out}: {trained.questions:,} questions, {trained.pairs:,} sentences, {trained.steps:,} steps")
    _show_measured(trained.measured)


# --- Resumes ---------------------------------------------------------------------------------------------------


@app.command()
def skills(
    split: Annotated[SplitChoice, typer.Option(help="Which resumes; test is only reported, never tuned on.")] = (
        SplitChoice.ALL
    ),
    as_json: AsJson = False,
    fit_weights: Annotated[
        bool, typer.Option("--fit", help="First fit the weights of the coach again, on labelled lines.")
    ] = False,
) -> None:
    """Read labelled resumes and postings: which skills and demands were rightly seen?"""
    from coach.retrieval.encoder import load_encoder
    from coach.settings import load_settings
    from eval import skills as measuring

    with _told():
        encoder = measuring.Remembering(load_encoder(load_settings()))
        if fit_weights:
            measuring.run_fit(encoder, lambda text: typer.echo(text, err=True))
        found = measuring.run(split, encoder=encoder)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        measuring.show(found, Console(width=None if Console().is_terminal else 120))


@app.command()
def rehearsal(
    as_json: AsJson = False,
    fit_weights: Annotated[
        bool, typer.Option("--fit", help="First fit the weights of the coach again, on the dev half.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Judge labelled interview sentences: which key points are rightly seen as covered or contradicted?"""
    from eval import rehearsal as measuring
    from eval.running import open_coach

    with _told(), open_coach(data_dir) as coach:
        if fit_weights:
            measuring.write(measuring.fit(coach))
        found = measuring.measure(coach)
    if as_json:
        typer.echo(measuring.as_json(found))
    else:
        measuring.show(found, Console(width=None if Console().is_terminal else 120))


# --- Checks beside the cases ----------------------------------------------------------------------------------


@app.command()
def mutants(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Spoil answers on purpose: does the evaluation catch every mutant?"""
    from eval import mutants as checking

    _show_check(checking.run(data_dir), as_json)


@app.command()
def misstatements(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Say false sentences in a model's place: how many does the check let through?"""
    from eval import misstatements as checking

    with _told():
        found = checking.run(data_dir)
    _show_check(found, as_json)


@app.command()
def counterfactual(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Change figures in the knowledge and ask again: does the answer follow?"""
    from eval import counterfactual as checking

    _show_check(checking.run(data_dir), as_json)


@app.command()
def determinism(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Ask again, with other thread counts and after restarts: are the answers the same bytes?"""
    from eval import determinism as checking

    _show_check(checking.run(data_dir), as_json)


# --- Public data ------------------------------------------------------------------------------------------------


@app.command()
def grounding(data: Data, as_json: AsJson = False) -> None:
    """Measure the coach's check of claims against labelled public data."""
    from eval import grounding as measuring

    with _told():
        found = measuring.run(data)
    if as_json:
        typer.echo(measuring.as_json(found))
    else:
        measuring.show(found, Console())


@app.command()
def chunking(data: Data, as_json: AsJson = False) -> None:
    """Measure how passages are cut and retrieved on public data."""
    from eval import chunking as measuring

    with _told():
        found = measuring.run(data)
    if as_json:
        typer.echo(measuring.as_json(found))
    else:
        measuring.show(found, Console())


# --- Time ---------------------------------------------------------------------------------------------------------


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, help="How often each question is asked.")] = 3,
    questions: Annotated[int, typer.Option(min=10, help="About how many questions, spread over the cases.")] = 150,
    as_json: AsJson = False,
    profile: Annotated[bool, typer.Option("--profile", help="Instead, show where the time of an answer goes.")] = False,
) -> None:
    """Measure the time of an answer and of an index against that of the encoder, as ratios."""
    from eval import bench as measure
    from eval.reporting import show_bench

    cases = _cases()
    if profile:
        typer.echo(measure.profile(cases, limit=questions))
        return
    found = measure.run_bench(cases, rounds=rounds, limit=questions, say=lambda text: typer.echo(text, err=True))
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        show_bench(found, Console(soft_wrap=True))


@app.command("page-times")
def page_times(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Measure how long pages take to open in Chromium once the encoder is loaded, and how fast a slider answers."""
    from eval.page_times import measure
    from eval.reporting import show_page_times

    with _told(), TemporaryDirectory() as made:
        found = measure(data_dir or Path(made) / "data", lambda text: typer.echo(text, err=True))
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        show_page_times(found, Console(soft_wrap=True))


# --- Shared -------------------------------------------------------------------------------------------------------


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the data goes to stderr, with exit code 2."""
    try:
        yield
    except (CaseError, CoachError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _cases() -> tuple[Case, ...]:
    with _told():
        return load_cases()


def _record(
    cases: Sequence[Case],
    split: SplitChoice,
    data_dir: Path | None,
    *,
    systems: bool,
    checks: bool,
    track: Track | None = None,
    model: _Asked | None = None,
) -> RunRecord:
    from eval.running import open_coach, run, unknown_gold
    from eval.systems import all_systems, the_coach

    with _checking(data_dir, wanted=checks) as found:
        if model is not None:
            record = _record_with_model(cases, split, data_dir, model, systems=systems, track=track or _track)
        else:
            with open_coach(data_dir) as coach:
                for id_, passages in unknown_gold(coach, cases).items():
                    typer.echo(f"{id_}: no such passage: {', '.join(passages)}", err=True)
                asked = all_systems(coach) if systems else (the_coach(coach),)
                record = run(coach, asked, cases, split=split, track=track or _track)
        return record.model_copy(update={"checks": tuple(one.result() for one in found)})


@dataclass(frozen=True)
class _Asked:
    """The language models of a run, as they were named."""

    model: str
    url: str | None
    judge: str | None
    judge_url: str | None
    judge_limit: int | None


def _record_with_model(
    cases: Sequence[Case],
    split: SplitChoice,
    data_dir: Path | None,
    named: _Asked,
    *,
    systems: bool,
    track: Track,
) -> RunRecord:
    from eval.generation import PASSAGES, Generations, open_model
    from eval.judging import judge_all
    from eval.running import open_coach, run, sample
    from eval.systems import all_systems

    with _told():
        model, reply_tokens = open_model(named.model, named.url)
        same = (named.judge, named.judge_url) == (named.model, named.url)
        judging = model if same or named.judge is None else open_model(named.judge, named.judge_url)[0]
    with open_coach(data_dir) as coach:
        generations = Generations(coach, model, reply_tokens)
        composed, *with_model = generations.systems()
        trivial = all_systems(coach)[1:] if systems else ()
        noted = {"cases": str(len(cases)), "forms": "question"}
        record = run(coach, (composed, *trivial, *with_model), cases, split=split, track=track, settings=noted)
        record = record.model_copy(update={"model": generations.record(len(cases))})
        if named.judge is None:
            return record
        chosen = sample(cases, named.judge_limit or len(cases))
        shown = (answer for case in track(chosen, "the judge") if (answer := generations.to_judge(case)))
        found = judge_all(shown, judging, PASSAGES)
        return record.model_copy(update={"judge": found})


@contextmanager
def _checking(data_dir: Path | None, *, wanted: bool) -> Iterator[tuple[Future[CheckRecord], ...]]:
    """The checks, one after the other in a process of their own while this one asks the cases; both take minutes."""
    from eval import counterfactual, determinism, mutants

    if not wanted:
        yield ()
        return
    # Spawned: a fork would take over the threads' locks of torch and Chroma.
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as apart:
        yield tuple(apart.submit(check, data_dir) for check in (mutants.run, counterfactual.run, determinism.run))


def _track(cases: Sequence[Case], system: str) -> Iterable[Case]:
    console = Console(stderr=True)
    label = f"Asking {system}"
    return track(cases, description=label, console=console, transient=True, disable=not console.is_terminal)


def _told_as_lines(cases: Sequence[Case], system: str) -> Iterator[Case]:
    for done, case in enumerate(cases):
        _tell(system, done, len(cases))
        yield case
    _tell(system, len(cases), len(cases))


def _tell(system: str, done: int, total: int) -> None:
    typer.echo(json.dumps({"system": system, "done": done, "total": total}), err=True)


def _show_measured(found: Measured) -> None:
    for name, share, over in (
        ("right intent first", found.intent_first, f"{found.ways:,} ways to ask of author {found.author}"),
        ("right intent among three", found.intent_among_three, "the same"),
        ("right sentence first", found.sentence_first, f"{found.questions:,} questions, {len(found.careers)} careers"),
        ("right sentence first, encoder as published", found.sentence_first_published, "the same"),
    ):
        if share is not None:
            typer.echo(f"{name}, held out: {100 * share:.1f} % ({over})")


def _show_check(check: CheckRecord, as_json: bool) -> None:
    """Print a check; exit code 1 when it did not pass in full."""
    from eval.reporting import show_checks

    if as_json:
        typer.echo(check.model_dump_json())
    else:
        show_checks([check], Console())
    if check.passed < check.total:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
