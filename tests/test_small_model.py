"""A real language model, the smallest that writes English: what only a real one shows.

It errs often, which is what it is here for. No test depends on its words.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coach.__main__ import app
from coach.answering.generating import Writing, generate
from coach.answering.grounding import check
from coach.models.chat import ChatError, Fault
from coach.models.small import NAME
from coach.pipeline import Coach
from coach.types import Answer, Generation, Message, Outcome, Place, Status
from tests.small_model import CONTEXT_TOKENS, REPLY_TOKENS, ROOT, SmallModel

QUESTIONS = (
    "How long does the move take?",
    "Which skills are critical?",
    "What is the pay of a vector database engineer?",
)
TALE = (Message(role="user", content="Tell me a long story about a baker who learns to write programs."),)


def say(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


def generation(answer: Answer) -> Generation:
    made = answer.trace.generation
    assert made is not None
    return made


def assert_grounded(coach: Coach, answer: Answer) -> None:
    """Every claim that is shown passes the check against the passages that it cites."""
    assert answer.status is Status.ANSWERED and answer.claims
    for claim in answer.claims:
        cited = [coach.passage(answer.pathway, one.passage_id) for one in claim.citations]
        assert check(claim, cited, answer.question).supported, claim.text


# --- The model by itself --------------------------------------------------------------------------------------


def test_a_reply_grows_as_it_is_written_and_is_the_same_when_asked_again(small_model: SmallModel) -> None:
    told: list[str] = []
    model = small_model.model()
    first = model.complete(TALE, max_tokens=40, on_text=told.append)
    again = model.complete(TALE, max_tokens=40, on_text=lambda _: None)
    assert first.text == again.text == told[-1]
    assert len(told) > 5 and all(after.startswith(before) for before, after in itertools.pairwise(told))
    assert not first.whole and first.usage.reply_tokens == 40 and not first.usage.estimated
    assert first.first_token_seconds is not None and first.first_token_seconds < first.seconds


def test_it_is_listed_by_its_name_and_heard_on_this_machine_alone(small_model: SmallModel) -> None:
    model = small_model.model()
    assert model.models() == (NAME,)
    assert model.place is Place.LOCAL
    assert listening(small_model.process_id) == {("127.0.0.1", small_model.port)}


def listening(process_id: int) -> set[tuple[str, int]]:
    """Addresses on which a process listens, as Linux tells them."""
    folder = Path(f"/proc/{process_id}")
    if not folder.is_dir():
        pytest.skip("This system has no /proc.")
    own = {os.readlink(file) for file in (folder / "fd").iterdir()}  # noqa: PTH115 - of a socket it is no path
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in (folder / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                address, port = fields[1].split(":")
                # Each four bytes are a number as this machine writes it.
                words = [int(address[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(address), 8)]
                found.add((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return found


def test_a_stop_ends_a_reply_in_the_middle_and_the_server_goes_on(small_model: SmallModel) -> None:
    told: list[str] = []
    stop = threading.Event()

    def listen(text: str) -> None:
        told.append(text)
        if len(told) == 3:
            stop.set()

    with pytest.raises(ChatError) as caught:
        small_model.model().complete(TALE, max_tokens=900, on_text=listen, stop=stop)
    assert caught.value.fault is Fault.STOPPED
    # It would write hundreds of tokens more; whoever asks next does not wait for those.
    assert small_model.model().complete(say("Say yes."), max_tokens=8).text


def test_four_sessions_at_once_each_get_the_reply_to_their_own_question(small_model: SmallModel) -> None:
    together = threading.Barrier(4)
    nouns = ("tiger", "violin", "volcano", "submarine")

    def ask(noun: str) -> str:
        asked = (
            Message(role="user", content=f"Say it three times: {noun}"),
            Message(role="assistant", content=f"{noun} {noun} {noun}"),
            Message(role="user", content=f"Say it six times: {noun}"),
        )
        together.wait(60)
        return small_model.model().complete(asked, max_tokens=20).text.lower()

    with ThreadPoolExecutor(4) as pool:
        replies = dict(zip(nouns, pool.map(ask, nouns), strict=True))
    for noun, reply in replies.items():
        assert noun in reply and not any(other in reply for other in nouns if other != noun)


def test_more_than_it_can_hold_is_said_to_be_that(small_model: SmallModel) -> None:
    with pytest.raises(ChatError) as caught:
        small_model.model().complete(say("one two three " * CONTEXT_TOKENS), max_tokens=8)
    assert caught.value.fault is Fault.CONTEXT


# --- Answers in its words ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(coach: Coach, small_model: SmallModel) -> tuple[Answer, ...]:
    return tuple(
        coach.ask(question, writing=Writing(model=small_model.model(), reply_tokens=REPLY_TOKENS))
        for question in QUESTIONS
    )


def test_what_it_makes_up_is_struck_out_with_a_reason_and_what_is_shown_is_grounded(
    coach: Coach, answers: tuple[Answer, ...]
) -> None:
    for answer in answers:
        assert_grounded(coach, answer)
    verdicts = [verdict for answer in answers for one in generation(answer).exchanges for verdict in one.verdicts]
    struck = [verdict for verdict in verdicts if not verdict.supported]
    assert struck and all(verdict.reason for verdict in struck)
    shown = {claim.text for answer in answers for claim in answer.claims}
    assert not shown & {verdict.claim for verdict in struck}


def test_whatever_it_writes_the_answer_says_what_became_of_it(answers: tuple[Answer, ...]) -> None:
    for answer in answers:
        made = generation(answer)
        assert made.outcome in {Outcome.SHOWN, Outcome.COMPLETED, Outcome.KEPT} and not made.problem
        assert made.exchanges and made.usage.prompt_tokens > 100 and not made.usage.estimated
        assert Answer.model_validate_json(answer.model_dump_json()) == answer
        if made.outcome is Outcome.KEPT:
            assert answer.claims == made.composed


def test_a_model_that_holds_less_than_it_was_said_to_gets_less_evidence(coach: Coach, small_model: SmallModel) -> None:
    composed = coach.ask(QUESTIONS[1])
    reading = coach.reading(composed.pathway)
    refused: list[ChatError] = []

    class Overstated:
        """The small model, said to hold more than it does; what it refuses is kept."""

        name, place, context_tokens = NAME, Place.LOCAL, 8 * CONTEXT_TOKENS

        def complete(self, messages: Any, **given: Any) -> Any:
            try:
                return small_model.model().complete(messages, **given)
            except ChatError as error:
                refused.append(error)
                raise

    writing = Writing(model=Overstated(), reply_tokens=REPLY_TOKENS)
    answer = generate(composed, reading.corpus, reading.vocabulary.names, writing)
    assert_grounded(coach, answer)
    assert refused and {error.fault for error in refused} == {Fault.CONTEXT}
    assert generation(answer).exchanges


def test_a_draft_that_is_stopped_leaves_the_answer_as_it_was_composed(coach: Coach, small_model: SmallModel) -> None:
    composed: list[Answer] = []
    stop = threading.Event()
    writing = Writing(model=small_model.model(), on_composed=composed.append, on_draft=lambda _: stop.set(), stop=stop)
    answer = coach.ask(QUESTIONS[0], writing=writing)
    assert generation(answer).outcome is Outcome.STOPPED
    assert answer.claims == composed[0].claims


def test_the_command_line_prints_the_answer_and_says_what_became_of_the_draft(
    coach: Coach, small_model: SmallModel
) -> None:
    asked = ["ask", QUESTIONS[0], "--model", NAME, "--model-url", small_model.base_url, "--trace"]
    limits = {"COACH_MODEL_CONTEXT_TOKENS": str(CONTEXT_TOKENS), "COACH_MODEL_REPLY_TOKENS": str(REPLY_TOKENS)}
    result = CliRunner().invoke(app, asked, obj=lambda _: coach, env=limits, catch_exceptions=False)
    assert result.exit_code == 0
    assert "\nSources\n[1] " in result.stdout
    assert f"\nmodel {NAME} (local), draft " in result.stdout
    assert result.stderr.count("\n") == 1 and NAME in result.stderr and " tokens, " in result.stderr


# --- Serving it --------------------------------------------------------------------------------------------------


@pytest.fixture
def served(small_model: SmallModel) -> Iterator[subprocess.Popen[str]]:
    """The command, started; ``small_model`` only sees to it that there is a model to be served."""
    del small_model
    with subprocess.Popen(
        [sys.executable, "-m", "coach", "serve-model"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_the_model_until_it_is_asked_to_end(
    served: subprocess.Popen[str], sent: signal.Signals
) -> None:
    assert served.stdout is not None
    line = served.stdout.readline()
    base_url, name = line.split()
    assert name == NAME
    assert listening(served.pid) == {("127.0.0.1", SmallModel(base_url, served.pid).port)}
    if sent is signal.SIGTERM:
        assert SmallModel(base_url, served.pid).model().complete(say("Say yes."), max_tokens=8).text
    served.send_signal(sent)
    rest, said = served.communicate(timeout=60)
    assert (served.returncode, rest) == (0, "")
    assert "135 million parameters" in said and f"COACH_MODEL={NAME} COACH_MODEL_URL={base_url}" in said
    assert "llama" not in said and "Traceback" not in said


def test_the_command_ends_in_the_middle_of_a_reply(served: subprocess.Popen[str]) -> None:
    assert served.stdout is not None
    base_url, _ = served.stdout.readline().split()
    writing = threading.Event()
    model = SmallModel(base_url, served.pid).model()

    def ask() -> ChatError | None:
        try:
            model.complete(TALE, max_tokens=1500, on_text=lambda _: writing.set())
        except ChatError as error:
            return error
        return None

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        assert writing.wait(120)
        served.send_signal(signal.SIGTERM)
        served.communicate(timeout=60)
        ended = asking.result(timeout=60)
    assert served.returncode == 0
    assert ended is not None and ended.fault in {Fault.BROKEN_OFF, Fault.UNREACHABLE}


def test_a_page_in_a_browser_may_not_read_what_it_says(small_model: SmallModel) -> None:
    address = ("127.0.0.1", small_model.port)
    with socket.create_connection(address, timeout=60) as connection:
        lines = ("GET /v1/models HTTP/1.1", "Host: 127.0.0.1", "Origin: https://elsewhere.example", "Connection: close")
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert json.loads(body)["data"][0]["id"] == NAME
    allowed = [line for line in head.split(b"\r\n") if line.lower().startswith(b"access-control-allow-origin:")]
    assert all(line.partition(b":")[2].strip() == b"" for line in allowed)
