"""The scripted model speaks OpenAI's wire format, fails as its script says, and leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from tests.scripted_model import (
    MODEL,
    BadChunk,
    Computed,
    Cut,
    Failure,
    Long,
    NoChunks,
    Raw,
    Redirect,
    Reply,
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

KEY = "sk-sentinel-0123456789"
DEADLINE_SECONDS = 60
"""For what comes at once, on a machine that does much else."""


def body(*, stream: bool = False, usage: bool = False, model: str = MODEL) -> dict[str, Any]:
    found: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "Which skills?"}]}
    if stream:
        found["stream"] = True
    if usage:
        found["stream_options"] = {"include_usage": True}
    return found


@contextmanager
def asked(model: ScriptedModel, value: Mapping[str, Any]) -> Iterator[http.client.HTTPResponse]:
    """The response's head has been read, its body has not."""
    with connected(model) as connection:
        send(connection, value)
        with closing(connection.getresponse()) as response:
            yield response


@contextmanager
def connected(model: ScriptedModel) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(urlsplit(model.base_url).netloc, timeout=DEADLINE_SECONDS)) as connection:
        yield connection


def send(connection: http.client.HTTPConnection, value: Mapping[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    connection.request("POST", "/v1/chat/completions", json.dumps(value), headers)


def whole(model: ScriptedModel, value: Mapping[str, Any]) -> tuple[int, Any]:
    with asked(model, value) as response:
        return response.status, json.loads(response.read())


def events(raw: bytes) -> list[Any]:
    """What a stream's events hold, the last of them being the word DONE."""
    assert raw.endswith(b"data: [DONE]\n\n")
    lines = [line for line in raw.decode().split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def said(chunks: list[Any]) -> str:
    return "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])


def until_it_breaks(response: http.client.HTTPResponse) -> tuple[bytes, type[Exception] | None]:
    """What came, and how it ended; None for an end without an error."""
    read = b""
    try:
        while part := response.read1():
            read += part
    except (OSError, http.client.HTTPException) as error:
        return read, type(error)
    return read, None


def test_a_whole_reply_is_a_completion() -> None:
    with ScriptedModel(Text("Eight weeks. [1]", tokens=(100, 7))) as model:
        status, value = whole(model, body(model="named"))
    assert status == 200
    assert value["object"] == "chat.completion" and value["model"] == "named"
    [choice] = value["choices"]
    assert choice["message"] == {"role": "assistant", "content": "Eight weeks. [1]", "refusal": None}
    assert choice["finish_reason"] == "stop"
    assert value["usage"] == {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}


def test_a_stream_names_the_role_then_the_text_then_the_reason() -> None:
    with ScriptedModel(Text("Über 8 weeks. [1]")) as model, asked(model, body(stream=True)) as response:
        assert response.getheader("Content-Type") == "text/event-stream"
        chunks = events(response.read())
    assert {(chunk["id"], chunk["object"], chunk["model"]) for chunk in chunks} == {
        ("chatcmpl-1", "chat.completion.chunk", MODEL)
    }
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert [delta["content"] for delta in deltas[1:-1]] == ["Über ", "8 wee", "ks. [", "1]"]
    assert deltas[-1] == {}
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * 5 + ["stop"]
    assert not any("usage" in chunk for chunk in chunks)


def test_the_usage_comes_in_a_last_chunk_if_it_is_asked_for() -> None:
    with ScriptedModel(Text("Yes.", tokens=(3, 4))) as model, asked(model, body(stream=True, usage=True)) as response:
        chunks = events(response.read())
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_replies_come_in_order_and_the_last_repeats() -> None:
    with ScriptedModel(Text("one"), Computed(lambda sent: sent["messages"][0]["content"].upper())) as model:
        values = [whole(model, body())[1] for _ in range(3)]
        assert [value["choices"][0]["message"]["content"] for value in values] == [
            "one",
            "WHICH SKILLS?",
            "WHICH SKILLS?",
        ]
        model.script(Text("two"))
        assert whole(model, body())[1]["choices"][0]["message"]["content"] == "two"


def test_every_request_is_kept() -> None:
    with ScriptedModel() as model:
        with urllib.request.urlopen(f"{model.base_url}/models", timeout=DEADLINE_SECONDS) as response:
            assert [row["id"] for row in json.loads(response.read())["data"]] == [MODEL, "scripted-2"]
        whole(model, body())
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(f"{model.base_url}/elsewhere", timeout=DEADLINE_SECONDS)
        with refused.value as error:
            assert error.code == 404
    assert [(one.method, one.path) for one in model.requests] == [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/v1/elsewhere"),
    ]
    [chat] = model.chats
    assert chat.key == KEY and chat.headers["content-type"] == "application/json"
    assert chat.body == body() and chat.prompt == "Which skills?" and not chat.streamed
    # Another thread says so, a moment after the client has its answer.
    assert all(one.ended.wait(DEADLINE_SECONDS) and not one.left_early.is_set() for one in model.requests)


def test_one_connection_takes_many_questions() -> None:
    with ScriptedModel(Text("a"), server_error(), Text("b")) as model, connected(model) as connection:
        statuses = []
        for _ in range(3):
            send(connection, body(stream=True))
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
    assert statuses == [200, 500, 200]


@pytest.mark.parametrize(
    ("failure", "status", "code", "param"),
    [
        (context_length_exceeded(), 400, "context_length_exceeded", "messages"),
        (unsupported_parameter("max_tokens", "max_completion_tokens"), 400, "unsupported_parameter", "max_tokens"),
        (unsupported_value("temperature", 0, 1), 400, "unsupported_value", "temperature"),
        (unauthorized(), 401, "invalid_api_key", None),
        (forbidden(), 403, "unsupported_country_region_territory", None),
        (model_not_found(), 404, "model_not_found", None),
        (rate_limited(), 429, "rate_limit_exceeded", None),
        (out_of_credit(), 429, "insufficient_quota", None),
        (server_error(), 500, None, None),
        (server_error(503), 503, None, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_refusals_have_the_shape_of_real_ones(
    failure: Failure, status: int, code: str | None, param: str | None, stream: bool
) -> None:
    with ScriptedModel(failure) as model:
        found, value = whole(model, body(stream=stream))
    assert (found, value["error"]["code"], value["error"]["param"]) == (status, code, param)
    assert value["error"]["message"]


def test_a_refused_key_is_echoed_and_a_missing_model_named() -> None:
    with ScriptedModel(unauthorized(), model_not_found()) as model:
        assert KEY in whole(model, body())[1]["error"]["message"]
        assert "`misspelt`" in whole(model, body(model="misspelt"))[1]["error"]["message"]


def test_the_list_of_models_can_be_refused() -> None:
    with ScriptedModel(listing=unauthorized()) as model:
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(f"{model.base_url}/models", timeout=DEADLINE_SECONDS)
        with refused.value as error:
            assert error.code == 401


def test_a_limit_says_when_to_come_back() -> None:
    with ScriptedModel(rate_limited(2), rate_limited(0.5), rate_limited(None)) as model:
        waits = []
        for _ in range(3):
            with asked(model, body()) as response:
                waits.append(response.getheader("Retry-After"))
    assert waits == ["2", "0.5", None]


def test_a_redirect_names_the_other_host() -> None:
    with ScriptedModel(Redirect("http://evil.example/x")) as model, asked(model, body()) as response:
        assert (response.status, response.getheader("Location")) == (307, "http://evil.example/x")


@pytest.mark.parametrize("stream", [False, True])
def test_a_reset_is_a_reset_after_what_was_sent(stream: bool) -> None:
    with ScriptedModel(Reset("abcdefghij", chunks=1)) as model, asked(model, body(stream=stream)) as response:
        read, end = until_it_breaks(response)
    assert end is ConnectionResetError
    assert (b'"abcde"' in read) == stream
    assert read and b"fghij" not in read
    assert not model.left_early.is_set()


def test_a_cut_stream_ends_in_good_order_without_its_end() -> None:
    with ScriptedModel(Cut("abcdefghij", chunks=1)) as model, asked(model, body(stream=True)) as response:
        read = response.read()
    assert b'"abcde"' in read and b"fghij" not in read
    assert b"[DONE]" not in read and b'"stop"' not in read


def test_a_cut_reply_is_shorter_than_it_says() -> None:
    with (
        ScriptedModel(Cut()) as model,
        asked(model, body()) as response,
        pytest.raises(http.client.IncompleteRead),
    ):
        response.read()


def test_a_gate_holds_the_rest_back() -> None:
    gate = threading.Event()
    with (
        ScriptedModel(Text(("first", "second"), gate=gate)) as model,
        asked(model, body(stream=True)) as response,
    ):
        read = b""
        while b'"first"' not in read:
            read += response.read1()
        assert b'"second"' not in read and not model.chats[0].ended.is_set()
        gate.set()
        read += response.read()
    assert said(events(read)) == "firstsecond"


@pytest.mark.parametrize(
    "reply", [Stall("abcdefghij", chunks=1), Text("abcdefghij", gate=threading.Event())], ids=["stall", "gate"]
)
def test_a_client_that_leaves_is_noticed(reply: Reply) -> None:
    with ScriptedModel(reply) as model:
        with asked(model, body(stream=True)) as response:
            read = b""
            while b'"abcde"' not in read:
                read += response.read1()
            assert not model.left_early.is_set()
        assert model.left_early.wait(DEADLINE_SECONDS)
        [chat] = model.chats
        assert chat.left_early.is_set() and chat.ended.wait(DEADLINE_SECONDS)


def test_a_client_that_leaves_a_long_reply_is_noticed() -> None:
    with ScriptedModel(Long(characters=20_000_000)) as model:
        with asked(model, body(stream=True)) as response:
            response.read1()
        assert model.left_early.wait(DEADLINE_SECONDS)


def test_a_stall_without_a_head_says_nothing_at_all() -> None:
    gate = threading.Event()
    with ScriptedModel(Stall(gate=gate, head=False)) as model, connected(model) as connection:
        send(connection, body())
        gate.set()
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()


def test_a_bad_chunk_stands_among_good_ones() -> None:
    with ScriptedModel(BadChunk("abcdefghij", chunks=1)) as model, asked(model, body(stream=True)) as response:
        events_raw = response.read().decode().split("\n\n")
    assert '"abcde"' in events_raw[1] and '"fghij"' in events_raw[3]
    with pytest.raises(json.JSONDecodeError):
        json.loads(events_raw[2].removeprefix("data: "))


def test_bodies_that_are_no_replies() -> None:
    with ScriptedModel(Raw(), not_json(), wrong_content_type("Fine.")) as model:
        found = []
        for _ in range(3):
            with asked(model, body(stream=True)) as response:
                found.append((response.status, response.getheader("Content-Type"), response.read()))
    html = "text/html; charset=utf-8"
    assert [one[:2] for one in found] == [(200, html), (200, "application/json"), (200, html)]
    assert found[0][2].startswith(b"<!DOCTYPE html>")
    with pytest.raises(json.JSONDecodeError):
        json.loads(found[1][2])
    assert said(events(found[2][2])) == "Fine."


def test_empty_replies() -> None:
    with ScriptedModel(empty(), NoChunks(), NoChunks(done=False)) as model:
        found = []
        for _ in range(3):
            with asked(model, body(stream=True)) as response:
                found.append(response.read())
    assert [chunk["choices"][0]["finish_reason"] for chunk in events(found[0])] == [None, "stop"]
    assert said(events(found[0])) == ""
    assert found[1:] == [b"data: [DONE]\n\n", b""]


def test_a_reply_of_a_megabyte() -> None:
    reply = Long()
    assert len(reply.text) == 1_000_000
    with ScriptedModel(reply, Long(one_line=True)) as model:
        with asked(model, body(stream=True)) as response:
            chunks = events(response.read())
        with asked(model, body(stream=True)) as response:
            line = response.read()
    assert said(chunks) == reply.text and len(chunks) == 1_000_000 // 1000 + 2
    assert b"\n" not in line and said([json.loads(line.removeprefix(b"data: "))]) == reply.text


def test_half_a_surrogate_pair_goes_out_as_an_escape() -> None:
    with ScriptedModel(Text("a\ud800b")) as model:
        assert whole(model, body())[1]["choices"][0]["message"]["content"] == "a\ud800b"


def test_what_a_function_raises_ends_the_test() -> None:
    def fail(sent: Mapping[str, Any]) -> str:
        raise LookupError("no such question")

    def run() -> None:
        with ScriptedModel(Computed(fail)) as model:
            assert whole(model, body())[0] == 500

    with pytest.raises(LookupError, match="no such question"):
        run()


def test_many_ask_at_once() -> None:
    together = threading.Barrier(8)

    def reply(sent: Mapping[str, Any]) -> str:
        together.wait(DEADLINE_SECONDS)  # Opens only when all eight are being answered.
        return str(sent["model"])

    found: dict[str, str] = {}

    def ask(model: ScriptedModel, name: str) -> None:
        found[name] = whole(model, body(model=name))[1]["choices"][0]["message"]["content"]

    with ScriptedModel(Computed(reply)) as model:
        threads = [threading.Thread(target=ask, args=(model, f"m{number}")) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {f"m{number}": f"m{number}" for number in range(8)}


def test_the_end_waits_for_nobody_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with ScriptedModel(Stall(chunks=1)) as model, connected(model) as idle, connected(model) as stalled:
        idle.request("GET", "/v1/models")
        idle.getresponse().read()  # Kept open by both sides.
        send(stalled, body(stream=True))
        response = stalled.getresponse()
        model.close()
        assert set(threading.enumerate()) == before
        with pytest.raises(http.client.IncompleteRead):
            response.read()
        with connected(model) as late, pytest.raises(ConnectionRefusedError):
            late.connect()
    assert not model.left_early.is_set()
