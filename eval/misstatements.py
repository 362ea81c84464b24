"""How many false sentences would a language model get past the check, if it wrote them beside a true one?

Comes in: ``misstatements.yaml``, written by hand. Goes out: a ``CheckRecord``: of the false sentences how many are
struck out, and beside it how many faithful ones in freer words are shown. Each is said by a stand-in for a model, after
a sentence that holds, to the real coach with the real evidence. It is no share of what models say: these are worse.

What the check costs is told by ``replies.yaml``: what a capable model wrote when it was sent the prompts, and once more
with the verdicts. How many of its sentences are shown, and of its answers, is reported beside the rest. The second
reply was written to the verdicts of its day.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from coach.answering.generating import Writing, generate
from coach.models.chat import Reply
from coach.pipeline import Coach
from coach.types import Frozen, Message, Outcome, Place, Usage
from eval.cases import CaseError
from eval.records import CheckRecord
from eval.running import open_coach

FILE = Path(__file__).with_name("misstatements.yaml")
REPLIES = Path(__file__).with_name("replies.yaml")


class Asked(Frozen):
    """One question with what a model could make of its answer."""

    question: str
    true: str
    """A sentence that holds, with the marker of the passage that it is shown."""
    false: tuple[str, ...] = Field(min_length=1)
    faithful: tuple[str, ...] = ()
    """What says the same as the evidence in freer words: the price of the check."""


class Replied(Frozen):
    """What a model wrote to one question: at first, and once more with the verdicts where it was asked to."""

    question: str
    pathway: str | None = None
    replies: tuple[str, ...] = Field(min_length=1, max_length=2)


class _Saying:
    """In a model's place: says what it is given, the last of it again and again."""

    name, place, context_tokens = "stand-in", Place.LOCAL, 8192

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: Callable[[str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        del messages, max_tokens, on_text, stop
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return Reply(text=text, usage=Usage(), seconds=0.0)


def read(path: Path = FILE) -> tuple[Asked, ...]:
    """Raises CaseError with the place of what is not as it should be."""
    try:
        return TypeAdapter(tuple[Asked, ...]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise CaseError(f"{path}: expected questions, each with a true sentence and false ones ({error})") from error


def read_replies(path: Path = REPLIES) -> tuple[Replied, ...]:
    """Raises CaseError as ``read``."""
    try:
        return TypeAdapter(tuple[Replied, ...]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise CaseError(f"{path}: expected questions, each with one or two replies ({error})") from error


def run(
    data_dir: Path | None = None, asked: Sequence[Asked] | None = None, replied: Sequence[Replied] | None = None
) -> CheckRecord:
    """Raises CaseError, also where a sentence that should hold does not: nothing could be learnt beside it."""
    rows: list[tuple[str, int, int]] = []
    shown: list[str] = []
    kept: list[bool] = []
    with open_coach(data_dir) as coach:
        for one in asked or read():
            held = [false for false in one.false if _held(coach, one, false)]
            rows.append((one.question, len(one.false) - len(held), len(one.false)))
            shown += held
            kept += [_held(coach, one, faithful) for faithful in one.faithful]
        told = _of_replies(coach, (() if asked else read_replies()) if replied is None else replied)
    false = tuple(rows)
    if kept:
        rows.append(("faithful sentences in freer words, shown", sum(kept), len(kept)))
    rows += told
    return CheckRecord(
        name="misstatements",
        passed=sum(passed for _, passed, _ in false),
        total=sum(total for _, _, total in false),
        about="False sentences beside a true one that are struck out.",
        rows=tuple(rows),
        failures=tuple(f"shown: {sentence}" for sentence in shown),
    )


def _of_replies(coach: Coach, replied: Sequence[Replied]) -> list[tuple[str, int, int]]:
    """Of the sentences of first replies, those that hold; of answers, those that are shown in the model's words."""
    if not replied:
        return []
    held, said, shown = 0, 0, 0
    for one in replied:
        reading = coach.reading(one.pathway)
        composed = coach.ask(one.question, pathway=one.pathway)
        model = _Saying(*one.replies)
        made = generate(composed, reading.corpus, reading.vocabulary.names, Writing(model=model)).trace.generation
        if made is None or not made.exchanges:
            raise CaseError(f"{REPLIES}: {one.question!r} is not answered any more. Take it out.")
        verdicts = made.exchanges[0].verdicts
        held, said = held + sum(verdict.supported for verdict in verdicts), said + len(verdicts)
        shown += made.outcome in (Outcome.SHOWN, Outcome.COMPLETED)
    return [
        ("sentences of a capable model's first replies, shown", held, said),
        ("its answers, shown in its words once it was told the verdicts", shown, len(replied)),
    ]


def _held(coach: Coach, asked: Asked, false: str) -> bool:
    reading = coach.reading()
    answer = generate(
        coach.ask(asked.question),
        reading.corpus,
        reading.vocabulary.names,
        Writing(model=_Saying(f"{asked.true} {false}")),
    )
    made = answer.trace.generation
    if made is None or not made.exchanges or not made.exchanges[0].verdicts[0].supported:
        raise CaseError(f"{FILE}: does not hold any more after {asked.question!r}: {asked.true}. Write it anew.")
    return any(verdict.supported for verdict in made.exchanges[0].verdicts[1:])
