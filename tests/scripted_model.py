"""A small OpenAI-compatible server for the tests, which says what a script says and fails in every way on demand.

Comes in: a queue of ``Reply`` values; each question takes the next one, and the last repeats. Goes out: over HTTP on
loopback, in OpenAI's wire format, what those replies say, streamed or whole as the request wants it. Every request is
kept in ``requests``.

    with ScriptedModel(rate_limited(retry_after_seconds=1), Text("Eight weeks. [1]")) as model:
        ...  # ask at model.base_url
    assert len(model.chats) == 2

It judges nothing in a request: neither key nor model name nor the length of the prompt. What a real server would
refuse, the script refuses: ``unauthorized()``, ``model_not_found()``, ``context_length_exceeded()``.

Chunks are counted as chunks of text; the chunk before them that names the role is sent with the first one.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, cast

MODEL = "scripted-1"
CREATED = 1_796_000_000
"""When every reply was made and every model was born: a fixed second, so that replies repeat."""
EVENT_STREAM = "text/event-stream"
JSON = "application/json"
POLL_SECONDS = 0.01
"""How often a waiting reply looks whether its client is still there."""


@dataclass(frozen=True, eq=False)
class Received:
    """A request as it came. Headers have names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)
    left_early: threading.Event = field(default_factory=threading.Event)
    """Set when the client closed the connection before its reply was whole."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the server is done with it, whichever way it ended."""

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def streamed(self) -> bool:
        return self.body.get("stream") is True

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        return cast("Sequence[Mapping[str, Any]]", self.body.get("messages", ()))

    @property
    def prompt(self) -> str:
        """All messages' text, one after the other, to search for what was sent or was not."""
        return "\n".join(str(message.get("content", "")) for message in self.messages)


class Reply(ABC):
    """What the model does about one request."""

    @abstractmethod
    def play(self, exchange: Exchange) -> None:
        """Write it, from the head of the response to its end."""


# --- Replies that a client should take ---------------------------------------------------------


@dataclass(frozen=True)
class Text(Reply):
    """What the model says, in small chunks that cut through words and citation markers. A tuple is sent as its chunks.

    With a ``gate`` no more than ``gate_after`` chunks go out before it opens; a whole reply waits for it altogether.
    """

    text: str | tuple[str, ...]
    chunk_characters: int = 5
    delay_seconds: float = 0.0
    """Between two chunks."""
    gate: threading.Event | None = None
    gate_after: int = 1
    finish_reason: str = "stop"
    """``length`` where the model was cut off, ``content_filter`` where its maker stepped in."""
    tokens: tuple[int, int] | None = None
    """Of prompt and reply, as the usage reports them; None counts words and chunks."""
    reports_usage: bool = True
    """False for servers that do not know ``include_usage``."""
    comment: str | None = None
    """Sent before each chunk as a line that says nothing, as some services do to keep a connection open."""
    content_type: str | None = None
    """None is the right one."""

    @property
    def pieces(self) -> tuple[str, ...]:
        """
        >>> Text("Yes. [12]").pieces
        ('Yes. ', '[12]')
        """
        if isinstance(self.text, tuple):
            return self.text
        return tuple(_cut(self.text, self.chunk_characters))

    def play(self, exchange: Exchange) -> None:
        pieces = self.pieces
        prompt, reply = self.tokens or (len(exchange.received.prompt.split()), len(pieces))
        usage = {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply}
        if not exchange.received.streamed:
            if self.gate is not None:
                exchange.wait(self.gate)
            completion = exchange.completion("".join(pieces), self.finish_reason)
            exchange.whole(completion | ({"usage": usage} if self.reports_usage else {}), self.content_type or JSON)
            return
        options = exchange.received.body.get("stream_options") or {}
        wanted = self.reports_usage and options.get("include_usage") is True
        noted: dict[str, Any] = {"usage": None} if wanted else {}
        exchange.begin_stream(self.content_type or EVENT_STREAM)
        exchange.event(exchange.chunk({"role": "assistant", "content": ""}) | noted)
        for number, piece in enumerate(pieces):
            if self.gate is not None and number == self.gate_after:
                exchange.wait(self.gate)
            if number and self.delay_seconds:
                exchange.wait(seconds=self.delay_seconds)
            if self.comment is not None:
                exchange.write(f": {self.comment}\n\n".encode())
            exchange.event(exchange.chunk({"content": piece}) | noted)
        if self.gate is not None and self.gate_after >= len(pieces):
            exchange.wait(self.gate)
        exchange.event(exchange.chunk({}, self.finish_reason) | noted)
        if wanted:
            exchange.event(exchange.chunk(None) | {"usage": usage})
        exchange.done()
        exchange.end_stream()


@dataclass(frozen=True)
class Stepped(Reply):
    """A stream of pieces; after each it waits for the gate of that piece. Made with ``stepped``."""

    pieces: tuple[str, ...]
    gates: tuple[threading.Event, ...]

    def play(self, exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.event(exchange.chunk({"role": "assistant", "content": ""}))
        for piece, gate in zip(self.pieces, self.gates, strict=True):
            exchange.event(exchange.chunk({"content": piece}))
            exchange.wait(gate)
        exchange.event(exchange.chunk({}, "stop"))
        exchange.done()
        exchange.end_stream()


def stepped(*pieces: str) -> Stepped:
    """Each piece stays the last one until the test, having looked at what became of it, opens its gate."""
    return Stepped(pieces, tuple(threading.Event() for _ in pieces))


@dataclass(frozen=True)
class Computed(Reply):
    """The text that ``function`` makes of the request's body. What it raises ends the test: see ``ScriptedModel``."""

    function: Callable[[Mapping[str, Any]], str]
    chunk_characters: int = 5

    def play(self, exchange: Exchange) -> None:
        Text(self.function(exchange.received.body), self.chunk_characters).play(exchange)


@dataclass(frozen=True)
class Long(Reply):
    """A reply of a megabyte, or of as many characters as wanted, in chunks of about a kilobyte.

    With ``one_line`` a stream is one single line: a chunk of that length, and not one newline before the end.
    """

    characters: int = 1_000_000
    one_line: bool = False
    sentence: str = "All of this is one very long reply. [1] "

    @property
    def text(self) -> str:
        return (self.sentence * (self.characters // len(self.sentence) + 1))[: self.characters]

    def play(self, exchange: Exchange) -> None:
        if not (self.one_line and exchange.received.streamed):
            Text(self.text, chunk_characters=1000).play(exchange)
            return
        exchange.begin_stream()
        line = b"data: " + _json(exchange.chunk({"role": "assistant", "content": self.text}))
        for start in range(0, len(line), 65_536):
            exchange.write(line[start : start + 65_536])
        exchange.end_stream()


# --- Refusals ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure(Reply):
    """An HTTP error in OpenAI's shape. ``{key}`` and ``{model}`` in the message become what the client sent."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"
    headers: tuple[tuple[str, str], ...] = ()

    def play(self, exchange: Exchange) -> None:
        received = exchange.received
        said = self.message.replace("{key}", received.key).replace("{model}", str(received.body.get("model", "")))
        error = {"message": said, "type": self.type, "param": self.param, "code": self.code}
        exchange.whole({"error": error}, status=self.status, headers=self.headers)


def context_length_exceeded(limit_tokens: int = 2048, sent_tokens: int = 4096) -> Failure:
    """400."""
    message = (
        f"This model's maximum context length is {limit_tokens} tokens. However, your messages resulted in "
        f"{sent_tokens} tokens. Please reduce the length of the messages."
    )
    return Failure(400, message, "context_length_exceeded", "messages")


def unsupported_parameter(name: str, instead: str | None = None) -> Failure:
    """400, as for ``max_tokens`` where only ``max_completion_tokens`` is known."""
    hint = f" Use '{instead}' instead." if instead else ""
    return Failure(
        400, f"Unsupported parameter: '{name}' is not supported with this model.{hint}", "unsupported_parameter", name
    )


def unsupported_value(name: str, value: object, only: object) -> Failure:
    """400, as for a temperature of 0 where only the default is allowed."""
    message = f"Unsupported value: '{name}' does not support {value} with this model. Only the default ({only}) is."
    return Failure(400, message, "unsupported_value", name)


def unauthorized() -> Failure:
    """401, which echoes the key that was sent, as real services do."""
    message = "Incorrect API key provided: {key}. You can find your API key in your account."
    return Failure(401, message, "invalid_api_key")


def forbidden() -> Failure:
    """403."""
    message = "Country, region, or territory not supported"
    return Failure(403, message, "unsupported_country_region_territory", type="request_forbidden")


def model_not_found() -> Failure:
    """404."""
    return Failure(404, "The model `{model}` does not exist or you do not have access to it.", "model_not_found")


def rate_limited(retry_after_seconds: float | None = 1) -> Failure:
    """429; None leaves out when to come back."""
    headers = () if retry_after_seconds is None else (("Retry-After", f"{retry_after_seconds:g}"),)
    return Failure(429, "Rate limit reached for requests.", "rate_limit_exceeded", type="requests", headers=headers)


def out_of_credit() -> Failure:
    """429 as well, but no waiting helps."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return Failure(429, message, "insufficient_quota", type="insufficient_quota")


def server_error(status: int = 500) -> Failure:
    return Failure(status, "The server had an error while processing your request.", type="server_error")


@dataclass(frozen=True)
class Redirect(Reply):
    """Sends the client, and the key with it, to another host."""

    location: str = "http://evil.example/v1/chat/completions"
    status: int = 307
    """307 keeps method and body."""

    def play(self, exchange: Exchange) -> None:
        exchange.head(self.status, "text/plain", 0, (("Location", self.location),))


# --- Replies that break off or break the format ------------------------------------------------


@dataclass(frozen=True)
class Reset(Reply):
    """A real RST after ``chunks`` chunks; a reply that is not streamed breaks off at half its length."""

    text: str = "This sentence will never be"
    chunks: int = 2
    chunk_characters: int = 5

    def play(self, exchange: Exchange) -> None:
        exchange.half(_cut(self.text, self.chunk_characters)[: self.chunks])
        exchange.reset()


@dataclass(frozen=True)
class Cut(Reply):
    """Ends a stream in good order after ``chunks`` chunks, but without a reason or ``[DONE]``.

    A reply that is not streamed is closed at half its length.
    """

    text: str = "This sentence will never be"
    chunks: int = 2
    chunk_characters: int = 5

    def play(self, exchange: Exchange) -> None:
        exchange.half(_cut(self.text, self.chunk_characters)[: self.chunks])
        if exchange.received.streamed:
            exchange.end_stream()
        else:
            exchange.hang_up()


@dataclass(frozen=True)
class Stall(Reply):
    """The head of the response and ``chunks`` chunks, then nothing until the gate opens or the client leaves.

    After the gate the connection is closed. Without ``head`` not even the head of the response comes.
    """

    text: str = "This sentence will never be"
    chunks: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    head: bool = True
    chunk_characters: int = 5

    def play(self, exchange: Exchange) -> None:
        if self.head:
            exchange.half(_cut(self.text, self.chunk_characters)[: self.chunks])
        exchange.wait(self.gate)
        exchange.hang_up()


@dataclass(frozen=True)
class BadChunk(Reply):
    """``data`` in place of a chunk's JSON, after ``chunks`` good ones; then the stream goes on as if all were well.

    Some services report an error in mid-stream this way: ``data='{"error": {"message": "Overloaded", "code": 502}}'``.
    A reply that is not streamed is ``data`` alone.
    """

    text: str = "The first half. [1] The second half. [2]"
    chunks: int = 2
    data: str = '{"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [{"delta": {"content": "th'
    chunk_characters: int = 5

    def play(self, exchange: Exchange) -> None:
        if not exchange.received.streamed:
            exchange.send(self.data.encode(), JSON)
            return
        pieces = _cut(self.text, self.chunk_characters)
        exchange.half(pieces[: self.chunks])
        if not self.chunks:
            exchange.event(exchange.chunk({"role": "assistant", "content": ""}))
        exchange.write(f"data: {self.data}\n\n".encode())
        for piece in pieces[self.chunks :]:
            exchange.event(exchange.chunk({"content": piece}))
        exchange.event(exchange.chunk({}, "stop"))
        exchange.done()
        exchange.end_stream()


@dataclass(frozen=True)
class Raw(Reply):
    """Any body under any content type, to streamed requests as well: by itself what a proxy or a login page says."""

    body: bytes = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
    content_type: str = "text/html; charset=utf-8"
    status: int = 200

    def play(self, exchange: Exchange) -> None:
        exchange.send(self.body, self.content_type, self.status)


def not_json(body: bytes = b"upstream connect error") -> Raw:
    """Says that it is JSON, and is not."""
    return Raw(body, JSON)


def wrong_content_type(text: str = "Fine. [1]") -> Text:
    """A sound reply that says it is a web page."""
    return Text(text, content_type="text/html; charset=utf-8")


def empty() -> Text:
    """A reply in good order that says nothing."""
    return Text(())


@dataclass(frozen=True)
class NoChunks(Reply):
    """Success, and not one chunk: ``[DONE]`` alone, or with ``done=False`` no byte; not streamed, no choice."""

    done: bool = True

    def play(self, exchange: Exchange) -> None:
        if exchange.received.streamed:
            exchange.begin_stream()
            if self.done:
                exchange.done()
            exchange.end_stream()
        elif self.done:
            exchange.whole(exchange.completion("", "stop") | {"choices": []})
        else:
            exchange.send(b"", JSON)


# --- The server --------------------------------------------------------------------------------


class ScriptedModel:
    """The server, running as long as the block lasts.

    ``replies`` answer ``POST /v1/chat/completions``, one after the other, and the last repeats. ``listing`` answers
    ``GET /v1/models`` in place of the list: a ``Failure``, ``Redirect``, ``Reset``, ``Stall`` or ``Raw``.

    What a ``Computed`` function raises, and any fault of the server's own, is raised when the block ends; the client
    gets a 500.
    """

    def __init__(
        self, *replies: Reply, models: Sequence[str] = (MODEL, "scripted-2"), listing: Reply | None = None
    ) -> None:
        self.models = tuple(models)
        self.listing = listing
        self.requests: list[Received] = []
        """In the order in which they came, at every path."""
        self.left_early = threading.Event()
        """Set when a client, any of them, closed the connection before its reply was whole. A short reply without a
        gate is on its way before anyone can leave: tests of cancelling want a gate."""
        self._lock = threading.Lock()
        self._replies: list[Reply] = list(replies) or [Text("Ready. [1]")]
        self._errors: list[Exception] = []
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._address = ""

    @property
    def base_url(self) -> str:
        """As the client wants it. After the block nobody listens there any more."""
        assert self._address, "The server runs in a with block only."
        return f"{self._address}/v1"

    @property
    def chats(self) -> list[Received]:
        """The requests that wanted a reply of the model."""
        with self._lock:
            return [one for one in self.requests if one.path == "/v1/chat/completions"]

    def script(self, *replies: Reply) -> None:
        """Put these in place of what is left of the queue."""
        assert replies
        with self._lock:
            self._replies = list(replies)

    def __enter__(self) -> ScriptedModel:
        assert self._server is None, "It runs once; make another."
        self._server = _Server(self)
        self._address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, name="scripted-model"
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if error is None and self._errors:
            raise self._errors[0]
        if error is not None:
            for one in self._errors:
                error.add_note(f"The scripted model failed before: {one!r}")

    def close(self) -> None:
        """Ends every reply and every connection, and waits for their threads. To close twice does no harm."""
        if self._server is None or self._thread is None:
            return
        with self._lock:
            self._closing.set()
            for connection in self._open:
                _shut(connection)
        self._server.shutdown()
        self._server.server_close()  # Waits for the threads of all connections.
        self._thread.join()

    # What the handlers ask for, each on a thread of its own.

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
            if self._closing.is_set():
                _shut(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def failed(self, error: Exception) -> None:
        with self._lock:
            self._errors.append(error)

    def received(self, request: Received, refusal: Reply | None) -> tuple[int, Reply]:
        """Keeps the request, and gives its number and the reply; in one step, so that their orders agree."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
            if refusal is not None:
                return number, refusal
            route = f"{request.method} {request.path}"
            if route == "GET /v1/models":
                return number, self.listing or _Listing(self.models)
            if route == "POST /v1/chat/completions":
                return number, self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return number, Failure(404, f"Unknown request URL: {route}.", "unknown_url")

    @property
    def closing(self) -> bool:
        return self._closing.is_set()


@dataclass(frozen=True)
class _Listing(Reply):
    models: tuple[str, ...]

    def play(self, exchange: Exchange) -> None:
        rows = [{"id": name, "object": "model", "created": CREATED, "owned_by": "tests"} for name in self.models]
        exchange.whole({"object": "list", "data": rows})


class _ClientLeftError(Exception):
    """The client closed the connection; nobody waits for the rest."""


class _ServerClosingError(Exception):
    """The test is over."""


class Exchange:
    """One request and the response to it, byte by byte."""

    def __init__(self, handler: _Handler, received: Received, number: int) -> None:
        self.received = received
        self._handler = handler
        self._number = number

    # Values in OpenAI's format.

    def completion(self, text: str, finish_reason: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return self._value("chat.completion") | {"choices": [choice]}

    def chunk(self, delta: Mapping[str, Any] | None, finish_reason: str | None = None) -> dict[str, Any]:
        """None leaves out the choice, as the chunk that brings the usage does."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._value("chat.completion.chunk") | {"choices": [] if delta is None else [choice]}

    def _value(self, kind: str) -> dict[str, Any]:
        model = self.received.body.get("model", MODEL)
        return {"id": f"chatcmpl-{self._number}", "object": kind, "created": CREATED, "model": model}

    # Responses.

    def whole(
        self,
        value: Mapping[str, Any],
        content_type: str = JSON,
        status: int = 200,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.send(_json(value), content_type, status, headers)

    def send(self, body: bytes, content_type: str, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.head(status, content_type, len(body), headers)
        self._send(body)

    def half(self, pieces: Sequence[str]) -> None:
        """A response up to these chunks; one that is not streamed up to half of its length, or its head alone if there
        are none."""
        if not self.received.streamed:
            body = _json(self.completion("".join(pieces), "stop"))
            self.head(200, JSON, len(body))
            self._send(body[: len(body) // 2] if pieces else b"")
            return
        self.begin_stream()
        if pieces:
            self.event(self.chunk({"role": "assistant", "content": ""}))
        for piece in pieces:
            self.event(self.chunk({"content": piece}))

    def head(self, status: int, content_type: str, length: int | None, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Without a length the body comes in HTTP's own chunks."""
        reason = HTTPStatus(status).phrase
        lines = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {content_type}"]
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in headers]
        self._send("\r\n".join([*lines, "", ""]).encode())

    def begin_stream(self, content_type: str = EVENT_STREAM) -> None:
        self.head(200, content_type, None, (("Cache-Control", "no-cache"),))

    def event(self, value: Mapping[str, Any]) -> None:
        self.write(b"data: " + _json(value) + b"\n\n")

    def done(self) -> None:
        self.write(b"data: [DONE]\n\n")

    def write(self, data: bytes) -> None:
        """A part of a stream."""
        self._send(b"%x\r\n%b\r\n" % (len(data), data))

    def end_stream(self) -> None:
        self._send(b"0\r\n\r\n")

    # Time, and other ends.

    def wait(self, gate: threading.Event | None = None, seconds: float | None = None) -> None:
        """Until the gate opens or the time is over, and no longer than the client and the test are there."""
        ends = None if seconds is None else time.monotonic() + seconds
        pause = gate or threading.Event()
        while ends is None or time.monotonic() < ends:
            if pause.wait(POLL_SECONDS if ends is None else max(0.0, min(POLL_SECONDS, ends - time.monotonic()))):
                return
            self._check()

    def hang_up(self) -> None:
        """Closes the connection after this response."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Closes the connection at once with an RST and not with a FIN."""
        connection = self._handler.connection
        self._handler.close_connection = True
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.rfile.close()  # It holds the socket open.
        connection.close()

    def _send(self, data: bytes) -> None:
        self._check()
        try:
            self._handler.connection.sendall(data)
        except OSError as error:
            self._check_closing()
            raise _ClientLeftError from error

    def _check(self) -> None:
        """A client that left shows as an end of what it sends."""
        try:
            there = bool(self._handler.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            there = True
        except OSError:
            there = False
        self._check_closing()  # The test's end shuts the socket as well.
        if not there:
            raise _ClientLeftError

    def _check_closing(self) -> None:
        if self._handler.server.model.closing:
            raise _ServerClosingError


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # So that closing waits for them.
    request_queue_size = 64

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks between two requests is no news; anything else is a fault in here."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.model.failed(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._connection: socket.socket = self.connection
        self.server.model.opened(self._connection)

    def finish(self) -> None:
        self.server.model.closed(self._connection)
        super().finish()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what it wants to know."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        refusal: Reply | None = None
        body: dict[str, Any] = {}
        if self.command == "POST":
            try:
                parsed = json.loads(raw)
            except ValueError:
                parsed = None
            if isinstance(parsed, dict):
                body = parsed
            else:
                refusal = Failure(400, "We could not parse the JSON body of your request.")
        received = Received(self.command, self.path, headers, body)
        number, reply = self.server.model.received(received, refusal)
        exchange = Exchange(self, received, number)
        try:
            self._play(reply, exchange)
        except _ClientLeftError:
            self.close_connection = True
            received.left_early.set()
            self.server.model.left_early.set()
        except _ServerClosingError:
            self.close_connection = True
        finally:
            received.ended.set()

    def _play(self, reply: Reply, exchange: Exchange) -> None:
        try:
            reply.play(exchange)
        except (_ClientLeftError, _ServerClosingError):
            raise
        except Exception as error:  # noqa: BLE001 - the thread hands it over to the test
            self.close_connection = True
            self.server.model.failed(error)
            server_error().play(exchange)


def _cut(text: str, characters: int) -> list[str]:
    return [text[start : start + characters] for start in range(0, len(text), characters)]


def _json(value: Mapping[str, Any]) -> bytes:
    """UTF-8 as it is, but escapes where a text holds half a surrogate pair, which UTF-8 cannot say."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # It is closed already.
