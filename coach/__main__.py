"""The command line: ``python -m coach``.

Comes in: arguments. Goes out: answers and lists on standard output and nothing else there; warnings, progress and
errors on standard error. A CoachError is shown as its message and ends with code 2; a model that cannot be served ends
with code 1. It knows nothing of how an answer is found. Tests and other programs pass in their own maker of the coach
as the ``obj`` of the command's context.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from coach.answering.generating import Writing
from coach.batch import ask_all
from coach.doctor import examine
from coach.documents import LIMITS, Document, read_document
from coach.errors import CoachError, DocumentError, ModelError
from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.knowledge.pathway import Pathway
from coach.models import small
from coach.models.endpoint import from_environment, named
from coach.models.spending import Spending
from coach.pipeline import Coach
from coach.planning.evidence import match_skills
from coach.planning.evidence_table import as_text
from coach.plans import PlanForm, in_bytes, in_form, read_learner
from coach.printing import printed, printed_draft, printed_trace, visible
from coach.settings import Settings, load_settings

MakeCoach = Callable[[Settings], Coach]

PathwayOption = Annotated[
    str | None, typer.Option("--pathway", metavar="SLUG", help="One of: python -m coach pathways.")
]


class _Commands(TyperGroup):
    """Shows what went wrong in one sentence, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CoachError as error:
            typer.echo(visible(str(error)), err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=_Commands, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.callback()
def main() -> None:
    """A career coach that answers from its guides, with the evidence for every sentence."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a sign shows a question mark in its place; that is no reason to stop.
            stream.reconfigure(errors="replace")


@app.command()
def ask(
    ctx: typer.Context,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="In your own words, in quotes.")] = None,
    pathway: PathwayOption = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="FILE.jsonl", help="Ask every line of a file, - for standard input; prints JSON lines."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as one line of JSON.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Show how the answer was found.")] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Let this language model word the answer; default: COACH_MODEL, if set."),
    ] = None,
    model_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where it is served, as http://127.0.0.1:11434/v1; default: COACH_MODEL_URL."),
    ] = None,
) -> None:
    """Answer a question, or each question of a file.

    A language model is only asked where one is named, and each of its sentences is checked against the evidence. Its
    key is read from COACH_MODEL_KEY, which goes to the address in COACH_MODEL_URL and nowhere else.
    """
    if (question is None) == (batch is None):
        raise typer.BadParameter("Give a question in quotes, or --batch FILE.jsonl, and not both.")
    if batch is not None:
        if pathway is not None:
            raise typer.BadParameter("With --batch each line names its own pathway.")
        _ask_batch(ctx, batch, _writing(model, model_url))
        return
    with _answers_only() as out:
        writing = _writing(model, model_url)
        coach = _coach(ctx)
        answer = coach.ask(cast(str, question), pathway=pathway, writing=writing)
        _warn(coach.problems())
        if writing is not None:
            typer.echo(printed_draft(answer, writing.model.name), nl=False, err=True)
        if as_json:
            out.write(json.dumps(answer.model_dump(mode="json")) + "\n")
        else:
            text = printed(answer, lambda id_: coach.passage(answer.pathway, id_))
            out.write(text + (printed_trace(answer) if trace else ""))


def _writing(model: str | None, model_url: str | None) -> Writing | None:
    """The model that the options name, else the environment; None if neither does. Raises ModelError."""
    configured = from_environment()
    if model is None and model_url is None:
        endpoint = configured
    elif model is None and configured is None:
        raise ModelError("--model-url says where a model is, not which one. Name it with --model.")
    else:
        endpoint = named(model or (configured.model if configured else ""), model_url or "")
    if endpoint is None:
        return None
    from coach.models.openai_api import OpenAIModel  # the package takes a second to load

    return Writing(
        model=OpenAIModel(endpoint),
        spending=Spending(endpoint.answer_tokens, endpoint.session_tokens),
        reply_tokens=endpoint.reply_tokens,
        prices=(endpoint.price_in, endpoint.price_out),
    )


def _ask_batch(ctx: typer.Context, name: str, writing: Writing | None) -> None:
    failed = 0
    with contextlib.ExitStack() as stack:
        if name == "-":
            lines = sys.stdin.buffer
        else:
            try:
                lines = stack.enter_context(Path(name).open("rb"))
            except OSError as error:
                raise typer.BadParameter(f"{name}: cannot be read ({error.strerror}).") from error
        out = stack.enter_context(_answers_only())
        coach = _coach(ctx)
        _warn(coach.problems())
        for result in ask_all(lines, coach, writing):
            failed += result.answer is None
            out.write(result.as_json() + "\n")
            out.flush()  # whoever reads along has each answer as soon as it is there
    if failed:
        typer.echo(f"{failed} lines could not be answered; each has an error in its place.", err=True)
        raise typer.Exit(1)


@app.command()
def index(ctx: typer.Context, pathway: PathwayOption = None) -> None:
    """Build the search index of all pathways or of one, or bring it up to date."""
    with _answers_only() as out:
        coach = _coach(ctx)
        chosen = [coach.pathway(pathway)] if pathway is not None else list(coach.pathways())
        notices = [_indexed(coach, guide, out) for guide in chosen]
        _warn(coach.problems())
    if any(notices):
        raise typer.Exit(1)


@app.command(name="import")
def import_(
    ctx: typer.Context,
    page: Annotated[Path, typer.Argument(metavar="PAGE.txt", help="The text of a career-pathway page.")],
) -> None:
    """Add a pathway from the text of a page, and index it."""
    with _answers_only() as out:
        coach = _coach(ctx)
        imported = import_page(page, coach.settings, coach.knowledge.market)
        guide = imported.pathway
        out.write(visible(f"{guide.slug}: {guide.origin} → {guide.target}") + "\n")
        out.write(f"{'Written to' if imported.changed else 'Nothing changed in'} {imported.path}\n")
        out.write(f"{_counts(guide)}\n")
        _warn(imported.warnings)
        coach.reload()
        notice = _indexed(coach, coach.pathway(guide.slug), out)
        _warn(coach.problems())
    if notice:
        raise typer.Exit(1)


@app.command()
def plan(
    ctx: typer.Context,
    profile: Annotated[
        Path, typer.Option(metavar="FILE.json", help="Who you are, see README.md; or a plan exported as JSON.")
    ],
    pathway: PathwayOption = None,
    form: Annotated[PlanForm, typer.Option("--format", help="How to print it.")] = PlanForm.TEXT,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it is made, if not this one.")
    ] = None,
) -> None:
    """A dated plan for a profile, and the next step."""
    with _answers_only() as out:
        clock = datetime.now().astimezone()
        day = today.date() if today else clock.date()
        learner = read_learner(profile, day)
        coach = _coach(ctx)
        guide = coach.pathway(pathway or learner.profile.pathway)
        made = coach.plan(learner, guide.slug)
        _warn(coach.problems())
        if form in (PlanForm.CALENDAR, PlanForm.CSV):
            out.flush()
            out.buffer.write(in_bytes(made, form, guide, datetime.combine(day, clock.timetz())))
        else:
            text = in_form(made, form, guide)
            out.write(text if form is PlanForm.JSON else visible(text))


@app.command()
def skills(
    ctx: typer.Context,
    resume: Annotated[Path, typer.Argument(metavar="RESUME", help="PDF, DOCX, Markdown or plain text.")],
    posting: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A job posting: which of its demands does the resume show?")
    ] = None,
    pathway: PathwayOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object, each skill with both sides.")] = False,
) -> None:
    """Which skills of a pathway a resume shows, each with the line that shows it."""
    with _answers_only() as out:
        mine = _document(resume)
        theirs = _document(posting) if posting else None
        coach = _coach(ctx)
        guide = coach.pathway(pathway)
        report = match_skills(mine, coach.reading(guide.slug).corpus, coach.encoder(), theirs)
        _warn((*coach.problems(), *mine.notices, *(theirs.notices if theirs else ())))
        if as_json:
            out.write(json.dumps({"pathway": guide.slug, **report.model_dump(mode="json")}) + "\n")
        else:
            out.write(visible(as_text(report)))


@app.command()
def pathways() -> None:
    """List the pathways that can be asked about."""
    settings = load_settings()
    knowledge = load_knowledge(settings)
    width = max((len(guide.slug) for guide in knowledge.pathways), default=0)
    for guide in knowledge.pathways:
        shipped = (settings.knowledge_dir / "pathways" / f"{guide.slug}.yaml").is_file()
        kind = "shipped" if shipped else "imported"
        typer.echo(visible(f"{guide.slug:<{width}}  {kind:<8}  {guide.origin} → {guide.target}"))
    _warn(knowledge.problems)


@app.command()
def doctor(ctx: typer.Context) -> None:
    """Look whether everything is there and sound, and say how to mend what is not. Changes nothing."""
    unsound = 0
    with _answers_only() as out:
        for finding in examine(_maker(ctx)):
            unsound += not finding.sound
            out.write(visible(f"{'ok ' if finding.sound else 'NO '} {finding.name}: {finding.text}") + "\n")
            out.flush()
        out.write("All is well.\n" if not unsound else f"{unsound} to mend: see the lines that begin with NO.\n")
    if unsound:
        raise typer.Exit(1)


@app.command(name="serve-model")
def serve_model(
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="0 takes any free one.")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log of llama.cpp.")] = False,
) -> None:
    """Serve a small language model on this machine alone, until Ctrl-C: to see the difference with no account."""
    with _answers_only() as out, _until_ended() as ended:
        try:
            server = small.SmallModelServer(port, verbose=verbose)
        except ModelError as error:
            typer.echo(visible(str(error)), err=True)
            raise typer.Exit(1) from error
        typer.echo(
            f"{small.WORD}\nIn the app, click on the model's badge and choose Another address; or set:\n"
            f"  COACH_MODEL={small.NAME} COACH_MODEL_URL={server.base_url} "
            f"COACH_MODEL_CONTEXT_TOKENS={small.CONTEXT_TOKENS}\nNothing leaves this machine. End it with Ctrl-C.",
            err=True,
        )
        out.write(f"{server.base_url} {small.NAME}\n")
        out.flush()
        while not ended.wait(1.0):  # with a limit, since Windows lets no Ctrl-C into a wait without one
            pass
        sys.stderr.flush()
        os._exit(0)  # A server that is let go in good order writes every reply to its end first, which takes minutes.


@contextlib.contextmanager
def _until_ended() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a polite request to end sets, in place of what they do else."""
    ended = threading.Event()
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _document(file: Path) -> Document:
    try:
        with file.open("rb") as opened:
            data = opened.read(LIMITS.bytes_in + 1)  # no more than is needed to refuse it
    except OSError as error:
        raise DocumentError(f"{file}: cannot be read ({error.strerror}). Give a file that exists.") from error
    return read_document(data, file.name)


# --- What the commands share ------------------------------------------------------------------------------


def _maker(ctx: typer.Context) -> MakeCoach:
    return cast(MakeCoach, ctx.obj) if ctx.obj is not None else Coach


def _coach(ctx: typer.Context) -> Coach:
    return _maker(ctx)(load_settings())


@contextlib.contextmanager
def _answers_only() -> Iterator[TextIO]:
    """Standard output, kept for answers: what libraries print meanwhile goes to standard error."""
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        yield out
    out.flush()


def _warn(lines: tuple[str, ...]) -> None:
    for line in lines:
        typer.echo(visible(f"Warning: {line}"), err=True)


def _indexed(coach: Coach, guide: Pathway, out: TextIO) -> str | None:
    """Build or check one index and say what was done. Returns why it could not be kept, if so."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    embedded = 0
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = None

        def progress(done: int, total: int) -> None:
            nonlocal task, embedded
            embedded = total
            if task is None:
                task = bar.add_task(f"Embedding {guide.slug}", total=total)
            bar.update(task, completed=done)

        reading = coach.reading(guide.slug, progress)
    said = f"{embedded} texts embedded" if embedded else "nothing changed that has to be embedded"
    out.write(f"{guide.slug}: {len(reading.corpus.passages)} passages, {said}\n")
    return None if reading.index.kept else reading.index.notice


def _counts(guide: Pathway) -> str:
    """How much of each section was found, so that a loss shows.

    >>> from coach.knowledge.pathway import PageSource
    >>> _counts(Pathway(slug="a-to-b", origin="A", target="B", source=PageSource(title="A to B"))).split(", ")[:2]
    ['0 paragraphs of overview', '0 figures of pay']
    """
    counts = {
        "paragraphs of overview": len(guide.overview),
        "figures of pay": len(guide.pay),
        "transferable skills": len(guide.transferable),
        "skills to learn": len(guide.skills),
        "phases": len(guide.phases),
        "tasks": sum(len(phase.tasks) for phase in guide.phases),
        "resources": sum(len(phase.resources) for phase in guide.phases),
        "attractions": len(guide.reality.attractions),
        "drawbacks": len(guide.reality.drawbacks),
        "challenges": len(guide.reality.challenges),
        "first steps": sum(len(group.items) for group in guide.actions),
        "answers of the FAQ": len(guide.faq),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items())


if __name__ == "__main__":
    app(prog_name="python -m coach")
