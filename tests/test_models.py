"""A language model behind OpenAI's protocol: what is sent, what comes back, and every way in which it fails."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import threading
import time
import traceback
from collections.abc import Callable, Sequence

import pytest
from pydantic import SecretStr

from coach.errors import ModelError
from coach.models.chat import ChatError, Fault, Reply, estimated_tokens
from coach.models.endpoint import OPENAI, PRESETS, endpoint, from_environment, known_key
from coach.models.openai_api import OpenAIModel
from coach.models.spending import Spending
from coach.types import Message, Place, Usage
from tests.scripted_model import (
    BadChunk,
    Cut,
    Failure,
    Long,
    NoChunks,
    Raw,
    Redirect,
    Reset,
    ScriptedModel,
    Stall,
    Text,
    context_length_exceeded,
    empty,
    forbidden,
    model_not_found,
    not_json,
    out_of_credit,
    rate_limited,
    server_error,
    unauthorized,
    unsupported_parameter,
    unsupported_value,
    wrong_content_type,
)

SENTINEL = "sk-sentinel-9f3b7c41aa52d0e8"
ASKED = (Message(role="system", content="Be brief."), Message(role="user", content="How long does it take?"))


def model(server: ScriptedModel, **fields: object) -> OpenAIModel:
    given: dict[str, object] = {
        "base_url": server.base_url, "model": "scripted-1", "key": SecretStr(SENTINEL), "first_token_seconds": 30,
        "idle_seconds": 30,
    }  # fmt: skip
    return OpenAIModel(endpoint(**(given | fields)))


def failure(server: ScriptedModel, **fields: object) -> ChatError:
    with pytest.raises(ChatError) as caught:
        model(server, **fields).complete(ASKED, max_tokens=50)
    return caught.value


# --- What works -----------------------------------------------------------------------------------------------


def test_a_reply_is_the_same_streamed_and_not_and_is_told_as_it_grows() -> None:
    told: list[str] = []
    with ScriptedModel(Text("Six to eight months. [1]", tokens=(100, 7))) as server:
        watched = model(server).complete(ASKED, max_tokens=50, on_text=told.append)
        plain = model(server).complete(ASKED, max_tokens=50)
    assert watched.text == plain.text == "Six to eight months. [1]"
    assert told[-1] == watched.text
    assert len(told) > 1 and all(after.startswith(before) for before, after in itertools.pairwise(told))
    assert watched.usage == Usage(prompt_tokens=100, reply_tokens=7)
    assert watched.whole and watched.first_token_seconds is not None


def test_what_is_sent_is_the_messages_the_model_and_the_key_for_the_likeliest_words() -> None:
    with ScriptedModel(Text("Yes. [1]")) as server:
        model(server).complete(ASKED, max_tokens=50)
        sent = server.chats[0]
    assert sent.messages == [message.model_dump() for message in ASKED]
    assert sent.body["model"] == "scripted-1" and sent.body["temperature"] == 0 and sent.body["max_tokens"] == 50
    assert sent.key == SENTINEL


def test_without_a_key_none_is_sent_and_none_is_taken_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SENTINEL)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    with ScriptedModel(Text("Yes. [1]")) as server:
        model(server, key=None).complete(ASKED, max_tokens=50)
        headers = str(server.chats[0].headers)
    assert SENTINEL not in headers and "of-mine" not in headers


def test_where_nobody_counts_tokens_they_are_estimated() -> None:
    with ScriptedModel(Text("Yes. [1]", reports_usage=False)) as server:
        usage = model(server).complete(ASKED, max_tokens=50).usage
    assert usage.estimated and usage.prompt_tokens > 0 and usage.reply_tokens > 0


def test_thoughts_before_the_reply_are_not_part_of_it() -> None:
    with ScriptedModel(Text("<think>They ask [1]. Hm.</think>\n\nSix weeks. [2]")) as server:
        told: list[str] = []
        reply = model(server).complete(ASKED, max_tokens=50, on_text=told.append)
    assert reply.text == "Six weeks. [2]"
    assert not any("Hm" in text or "<think" in text for text in told)


def test_models_are_listed() -> None:
    with ScriptedModel(models=("b", "a")) as server:
        assert model(server).models() == ("a", "b")


@pytest.mark.parametrize("refused", ["temperature", "seed", "stream_options"])
def test_a_parameter_that_a_service_does_not_know_is_left_out(refused: str) -> None:
    with ScriptedModel(unsupported_value(refused, 0, 1), Text("Yes. [1]")) as server:
        assert model(server).complete(ASKED, max_tokens=50).text == "Yes. [1]"
        assert refused in server.chats[0].body and refused not in server.chats[1].body


def test_a_limit_of_tokens_is_put_as_the_service_wants_it() -> None:
    with ScriptedModel(unsupported_parameter("max_tokens", "max_completion_tokens"), Text("Yes. [1]")) as server:
        model(server).complete(ASKED, max_tokens=50)
        assert server.chats[1].body["max_completion_tokens"] == 50 and "max_tokens" not in server.chats[1].body


# --- What fails -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "fault", "requests"),
    [
        (unauthorized(), Fault.KEY, 1),
        (forbidden(), Fault.KEY, 1),
        (model_not_found(), Fault.MODEL, 1),
        (server_error(500), Fault.SERVER, 2),
        (server_error(503), Fault.SERVER, 2),
        (rate_limited(0), Fault.BUSY, 2),
        (rate_limited(None), Fault.BUSY, 2),
        (rate_limited(3600), Fault.BUSY, 1),
        (out_of_credit(), Fault.BUSY, 2),
        (context_length_exceeded(), Fault.CONTEXT, 1),
        (Failure(400, "No such thing {key}", code="odd", param="frequency"), Fault.REFUSED, 1),
        (Redirect("https://elsewhere.example/v1/chat/completions"), Fault.ADDRESS, 1),
        (Reset("Six weeks [1]. And then some more words.", chunks=3), Fault.BROKEN_OFF, 2),
        (BadChunk("Six weeks.", chunks=1), Fault.UNREADABLE, 1),
        (BadChunk("Six.", chunks=1, data='{"error": {"message": "Overloaded", "code": 502}}'), Fault.SERVER, 2),
        (not_json(b"upstream connect error"), Fault.EMPTY, 1),
        (Raw(body=b"<html>Sign in</html>", content_type="text/html", status=200), Fault.EMPTY, 1),
        (empty(), Fault.EMPTY, 1),
        (NoChunks(), Fault.EMPTY, 1),
        (NoChunks(done=False), Fault.EMPTY, 1),
    ],
)
def test_every_failure_has_its_own_words_and_at_most_one_repetition(
    reply: object, fault: Fault, requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.models.openai_api.RETRY_SECONDS", 0.01)
    with ScriptedModel(reply) as server:  # type: ignore[arg-type]
        error = failure(server)
        assert error.fault is fault
        assert len(server.chats) == requests
    assert str(error).endswith((".", "?", '"')) and SENTINEL not in str(error)


def test_a_fault_that_passes_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.models.openai_api.RETRY_SECONDS", 0.01)
    with ScriptedModel(Reset("Six weeks and", chunks=2), Text("Six weeks. [1]")) as server:
        assert model(server).complete(ASKED, max_tokens=50).text == "Six weeks. [1]"


def test_a_service_is_waited_for_as_long_as_it_asks() -> None:
    with ScriptedModel(rate_limited(1), Text("Six weeks. [1]")) as server:
        began = time.monotonic()
        model(server).complete(ASKED, max_tokens=50)
    assert time.monotonic() - began >= 1


def test_a_reply_without_an_end_is_cut_and_said_to_be() -> None:
    with ScriptedModel(Long(characters=1_000_000)) as server:
        reply = model(server).complete(ASKED, max_tokens=50)
    assert not reply.whole and len(reply.text) <= 50 * 3 * 4


def test_a_line_without_an_end_is_read_no_further_than_a_reply_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.models.openai_api.MOST_BYTES", 100_000)
    with ScriptedModel(Long(one_line=True)) as server:
        assert failure(server).fault is Fault.TOO_MUCH


def test_a_stream_that_ends_before_its_end_is_no_whole_reply() -> None:
    with ScriptedModel(Cut("Six weeks [1]. And then some more", chunks=6)) as server:
        assert not model(server).complete(ASKED, max_tokens=50).whole


def test_a_stream_that_is_labelled_wrongly_is_read_all_the_same() -> None:
    with ScriptedModel(wrong_content_type("Fine. [1]")) as server:
        assert model(server).complete(ASKED, max_tokens=50).text == "Fine. [1]"


@pytest.mark.parametrize("head", [True, False])
def test_a_silent_service_is_left(head: bool) -> None:
    with ScriptedModel(Stall("Six weeks", chunks=1, head=head)) as server:
        assert failure(server, idle_seconds=0.2, first_token_seconds=0.3).fault is Fault.STALLED
        assert server.left_early.wait(30)


def test_an_endless_reply_ends_at_the_deadline() -> None:
    with ScriptedModel(Text(("word ",) * 2000, delay_seconds=0.05)) as server:
        assert failure(server, total_seconds=0.5).fault is Fault.STALLED


def test_nobody_there_is_told_with_the_address() -> None:
    with ScriptedModel() as server:
        gone = server.base_url
    with pytest.raises(ChatError, match=gone) as caught:
        OpenAIModel(endpoint(base_url=gone, model="x")).models()
    assert caught.value.fault is Fault.UNREACHABLE


@pytest.mark.parametrize("head", [True, False])
def test_a_stop_ends_a_reply_at_once_even_while_nothing_arrives(head: bool) -> None:
    stop, failed = threading.Event(), list[ChatError]()

    def ask(server: ScriptedModel) -> None:
        try:
            model(server).complete(ASKED, max_tokens=50, stop=stop)
        except ChatError as error:
            failed.append(error)

    with ScriptedModel(Stall("Six weeks", chunks=1, head=head)) as server:
        asking = threading.Thread(target=ask, args=(server,))
        asking.start()
        _until(lambda: bool(server.chats))
        stop.set()
        asking.join(30)
        assert not asking.is_alive() and failed[0].fault is Fault.STOPPED
        assert server.left_early.wait(30)


def test_a_stop_ends_the_pause_before_a_repetition() -> None:
    stop = threading.Event()
    with ScriptedModel(rate_limited(14)) as server:
        asking = model(server)
        failed: list[Fault] = []

        def ask() -> None:
            try:
                asking.complete(ASKED, max_tokens=50, stop=stop)
            except ChatError as error:
                failed.append(error.fault)

        thread = threading.Thread(target=ask)
        thread.start()
        _until(lambda: bool(server.chats))
        stop.set()
        thread.join(10)
        assert failed == [Fault.STOPPED] and len(server.chats) == 1


def test_what_a_watcher_raises_is_raised() -> None:
    def watch(_: str) -> None:
        raise LookupError("mine")

    with ScriptedModel(Text("Six weeks. [1]")) as server, pytest.raises(LookupError, match="mine"):
        model(server).complete(ASKED, max_tokens=50, on_text=watch)


# --- The key ----------------------------------------------------------------------------------------------------


def test_the_key_is_in_nothing_that_is_printed_dumped_pickled_or_raised() -> None:
    made = endpoint(base_url=OPENAI, model="m", key=SecretStr(SENTINEL))
    assert SENTINEL not in f"{made!r} {made!s} {made.model_dump_json()} {made.model_dump()}"
    assert "key" not in made.model_dump()
    with ScriptedModel(unauthorized()) as server:
        error = failure(server)
    assert SENTINEL not in "".join(traceback.format_exception(error))
    assert error.__cause__ is None and error.__context__ is None
    assert SENTINEL.encode() not in pickle.dumps(str(error))


def test_a_service_that_echoes_part_of_the_key_is_not_quoted() -> None:
    with ScriptedModel(Failure(422, f"Bad key {SENTINEL[:9]}***", code="x")) as server:
        assert SENTINEL[:9] not in str(failure(server))


def test_a_key_goes_to_the_address_it_was_given_for_and_to_no_other() -> None:
    given = {"COACH_MODEL_URL": "https://models.example/v1", "COACH_MODEL_KEY": SENTINEL, "OPENAI_API_KEY": "sk-other"}
    assert known_key("https://models.example/v1/", given) == SENTINEL
    assert known_key(OPENAI, given) == "sk-other"
    assert known_key("https://evil.example/v1", given) == ""
    assert known_key("no address", given) == ""


def test_a_key_in_the_environment_switches_nothing_on() -> None:
    assert from_environment({"OPENAI_API_KEY": SENTINEL}) is None
    found = from_environment({"OPENAI_API_KEY": SENTINEL, "COACH_MODEL": "gpt"})
    assert found is not None and found.base_url == OPENAI and found.secret == SENTINEL
    local = from_environment(
        {"OPENAI_API_KEY": SENTINEL, "COACH_MODEL": "m", "COACH_MODEL_URL": "http://127.0.0.1:1/v1"}
    )
    assert local is not None and local.secret == ""


# --- Addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://192.168.0.2:8000/v1", "http://models.example/v1", "ftp://models.example", "models.example/v1", "",
        "https://user:secret@models.example/v1", "https://models.example/v1?key=secret", "http://127.0.0.1.example/v1",
        "http://[::1", "https://mödels.example/v1", "https://models.example:99999/v1", "http://127.0.0.1:80 0/v1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_refused_with_the_field_and_without_what_was_typed(address: str) -> None:
    with pytest.raises(ModelError, match="base_url") as caught:
        endpoint(base_url=address, model="m")
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("http://localhost:11434/v1", Place.LOCAL),
        ("http://127.0.0.1:8080/v1", Place.LOCAL),
        ("http://[::1]:8080/v1", Place.LOCAL),
        ("https://models.example/v1", Place.REMOTE),
    ],
)
def test_https_and_this_machine_are_taken(address: str, place: Place) -> None:
    assert endpoint(base_url=address, model="m").place is place


def test_every_preset_is_a_safe_address_and_wants_a_key_only_elsewhere() -> None:
    for preset in PRESETS:
        made = endpoint(base_url=preset.base_url, model="m")
        assert preset.needs_key == (made.place is Place.REMOTE)


# --- Spending -------------------------------------------------------------------------------------------------


def test_a_limit_of_tokens_is_kept_for_each_answer_and_for_the_session() -> None:
    guard = Spending(answer_tokens=100, session_tokens=150)
    short = [Message(role="user", content="abc" * 10)]
    assert guard.reply_limit(short, 50) == 50
    guard.took(Usage(prompt_tokens=10, reply_tokens=50))
    assert guard.reply_limit(short, 50) == 100 - 60 - 10
    guard.took(Usage(prompt_tokens=10, reply_tokens=20))
    with pytest.raises(ChatError, match="100 tokens for this answer"):
        guard.reply_limit(short, 50)
    guard.begin_answer()
    assert guard.reply_limit(short, 50) == 50
    guard.took(Usage(prompt_tokens=60))
    guard.begin_answer()
    with pytest.raises(ChatError, match="150 tokens for this session"):
        guard.reply_limit(short, 50)
    assert guard.session == 150


class _Failing:
    """Writes a little, then fails; or replies at the second attempt."""

    name, place, context_tokens = "failing", Place.LOCAL, 8192

    def __init__(self, error: ChatError | None) -> None:
        self.error = error

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: Callable[[str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        if self.error is None:
            return Reply(text="Six.", usage=Usage(prompt_tokens=7, reply_tokens=1), seconds=0.1, attempts=2)
        assert on_text is not None
        on_text("a half of a reply ")
        raise self.error


def test_what_was_sent_counts_whether_or_not_a_reply_came_of_it() -> None:
    asked = [Message(role="user", content="abc" * 10)]
    sent = estimated_tokens(asked[0].content)
    error = ChatError(Fault.BROKEN_OFF, "It broke off.")
    error.attempts = 2
    guard = Spending()
    with pytest.raises(ChatError):
        guard.ask(_Failing(error), asked, 50)
    assert guard.session == 2 * sent + estimated_tokens("a half of a reply ")
    refused = Spending()
    with pytest.raises(ChatError):
        refused.ask(_Failing(ChatError(Fault.KEY, "No.")), asked, 50)
    assert refused.session == 0, "a service that does not let one in reads nothing"
    again = Spending()
    again.ask(_Failing(None), asked, 50)
    assert again.session == 8 + sent, "the first attempt was read as well"


def test_attempts_are_counted_where_they_are_made() -> None:
    asked = [Message(role="user", content="How long?")]
    with ScriptedModel(server_error(500), Text("Six weeks. [1]")) as server:
        assert model(server).complete(asked, max_tokens=20).attempts == 2
    with ScriptedModel(server_error(500)) as server, pytest.raises(ChatError) as failed:
        model(server).complete(asked, max_tokens=20)
    assert failed.value.attempts == 2


def test_replies_can_be_asked_for_from_many_threads_at_once() -> None:
    replies: list[str] = []
    with ScriptedModel(Text("Six weeks. [1]")) as server:
        asking = model(server)
        threads = [
            threading.Thread(target=lambda: replies.append(asking.complete(ASKED, max_tokens=50).text))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert replies == ["Six weeks. [1]"] * 8


def test_a_model_can_be_asked_where_no_event_loop_runs_and_leaves_none() -> None:
    with ScriptedModel(Text("Six weeks. [1]")) as server:
        model(server).complete(ASKED, max_tokens=50)
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
