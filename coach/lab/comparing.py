"""The same question three times: a model alone, with the passages that were found, and with every sentence checked.

Comes in: an answer as composed and a model. Goes out: what each of the three shows, and what the check says of every
sentence of theirs, also where nobody would have checked it. The second and the third share one reply, so that all that
differs is the check. It draws nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from coach.answering.drafting import Written, read
from coach.answering.generating import Writing, draft, judge, known_hosts
from coach.answering.prompting import Item, bare_messages
from coach.errors import CoachError
from coach.pipeline import Reading
from coach.types import Answer, Exchange, Frozen, Status, Usage, Verdict


class Told(Frozen):
    """One sentence as written, and the verdict on it."""

    text: str
    verdict: Verdict


class Side(Frozen):
    """What one of the three shows."""

    sentences: tuple[Told, ...]
    usage: Usage
    seconds: float

    @property
    def unsupported(self) -> int:
        return sum(not one.verdict.supported for one in self.sentences)


class Compared(Frozen):
    alone: Side
    with_passages: Side
    exchange: Exchange
    """The prompt with the passages as sent, and the reply."""
    answered: bool
    """Whether the coach would ask the model at all: only where its evidence answers the question."""

    @property
    def checked(self) -> tuple[Told, ...]:
        """What is left of the second once it is checked."""
        return tuple(one for one in self.with_passages.sentences if one.verdict.supported)


def compare(answer: Answer, reading: Reading, writing: Writing) -> Compared:
    """Asks the model twice. Raises ChatError where it fails."""
    exchange = draft(answer, reading.corpus, writing)
    messages = bare_messages(answer.trace.query.question)
    reply = writing.spending.ask(writing.model, messages, writing.reply_tokens, stop=writing.stop)
    alone = against_all(read(reply.text, whole=reply.whole), answer, known_hosts(reading.corpus))
    return Compared(
        alone=Side(sentences=alone, usage=reply.usage, seconds=reply.seconds),
        with_passages=Side(
            sentences=tuple(
                Told(text=claim.text, verdict=verdict)
                for claim, verdict in zip(exchange.claims, exchange.verdicts, strict=True)
            ),
            usage=exchange.usage,
            seconds=exchange.seconds,
        ),
        exchange=exchange,
        answered=answer.status is Status.ANSWERED,
    )


class Comparing:
    """A comparison under way in a thread of its own, which can be stopped: a model may take minutes."""

    def __init__(self, answer: Answer, reading: Reading, writing: Writing) -> None:
        self._stop = threading.Event()
        self._finished = threading.Event()
        self.found: Compared | None = None
        self.problem = ""
        """Why there is nothing, in words; empty while it runs."""
        work = answer, reading, replace(writing, stop=self._stop)
        threading.Thread(target=self._run, args=work, name="coach-comparing", daemon=True).start()

    @property
    def running(self) -> bool:
        return not self._finished.is_set()

    def wait(self, seconds: float) -> bool:
        """True as soon as it has ended, well or badly."""
        return self._finished.wait(seconds)

    def stop(self) -> None:
        self._stop.set()

    def _run(self, answer: Answer, reading: Reading, writing: Writing) -> None:
        try:
            self.found = compare(answer, reading, writing)
        except CoachError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - a defect must not leave the page waiting
            self.problem = f"Something unforeseen went wrong ({type(error).__name__}). Ask it again."
        finally:
            self._finished.set()


def against_all(written: Sequence[Written], answer: Answer, hosts: frozenset[str]) -> tuple[Told, ...]:
    """Each sentence held against all that was found for the question: without passages there was nothing to cite."""
    items = tuple(
        Item(number, entry.passage.text, (entry.passage,))
        for number, entry in enumerate(answer.trace.retrieved, start=1)
    )
    numbers = tuple(item.number for item in items)
    found = []
    for one in written:
        (claim,), (verdict,) = judge([replace(one, numbers=numbers)], items, answer, hosts)
        found.append(Told(text=claim.text, verdict=verdict))
    return tuple(found)
