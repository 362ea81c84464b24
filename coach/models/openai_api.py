"""A language model behind OpenAI's protocol: OpenAI itself, and everything that speaks as it does.

Comes in: an ``Endpoint`` and messages. Goes out: a ``Reply``, streamed on the way, or a ``ChatError`` in plain words.
The only module that knows ``openai`` and the HTTP library under it.

An exchange runs in an event loop of its own, so that a stop, a silence or a deadline closes the connection at once,
even while nothing arrives. What a service says is never repeated as it stands: it may echo the key.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import httpx2
import openai

from coach.models.chat import CHARS_PER_TOKEN, ChatError, Fault, OnText, Reply, estimated_tokens
from coach.models.endpoint import Endpoint
from coach.types import Message, Place, Usage

T = TypeVar("T")

CONNECT_SECONDS = 10.0
RETRY_SECONDS = 1.0
"""Before the one repetition, where the service does not say how long to wait."""
MOST_RETRY_SECONDS = 15.0
"""A service that wants a longer pause is not waited for."""
MOST_BYTES = 2_000_000
"""Of one response; a reply of a few thousand tokens has some hundred thousand, framing included."""
CHARS_BEYOND = 4.0
"""Times the characters that the limit of tokens allows: what goes on longer counts its tokens in its own way."""
POLL_SECONDS = 0.05
MOST_MODELS = 500
MOST_SAID = 200
"""Characters of a service's own words that are passed on."""

_PASSING = frozenset({Fault.UNREACHABLE, Fault.BUSY, Fault.SERVER, Fault.BROKEN_OFF})
"""Faults that may be gone a moment later."""

_OPTIONAL = ("stream_options", "seed", "temperature", "max_tokens", "max_completion_tokens")
"""Parameters that some services do not know; one that is refused is left out or put in the other way."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", re.DOTALL | re.IGNORECASE)
"""What models that think aloud put before their reply, whole or half."""


class OpenAIModel:
    """A ``ChatModel`` at an endpoint. Holds no connection between calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    @property
    def name(self) -> str:
        return self.endpoint.model

    @property
    def place(self) -> Place:
        return self.endpoint.place

    @property
    def context_tokens(self) -> int:
        return self.endpoint.context_tokens

    def models(self, stop: threading.Event | None = None) -> tuple[str, ...]:
        """Names of the models that the service offers, sorted. Raises ChatError."""
        watch = _Watch(self.endpoint, stop, time.monotonic())
        return self._run(self._list(watch), watch)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        """See ``ChatModel``. One repetition after a fault that may pass, with a pause; none after a long wait."""
        asked = [message.model_dump() for message in messages]
        extra = self._parameters(max_tokens)
        for chance in (1, 0):
            watch = _Watch(self.endpoint, stop, time.monotonic())
            try:
                reply = self._run(self._exchange(asked, extra, max_tokens, on_text, watch), watch)
                return reply.model_copy(update={"attempts": 2 - chance})
            except _Wait as wait:
                error, pause = wait.error, wait.seconds
            except ChatError as failed:
                error, pause = failed, RETRY_SECONDS
            error.attempts = 2 - chance
            if not chance or error.fault not in _PASSING or pause > MOST_RETRY_SECONDS:
                raise error
            if (stop or threading.Event()).wait(pause):
                raise _stopped()
        raise AssertionError("unreachable")

    # --- One exchange -----------------------------------------------------------------------------------------

    def _parameters(self, max_tokens: int) -> dict[str, Any]:
        """What goes with the messages: the likeliest words, the same every time, and no more than so many."""
        limit = "max_completion_tokens" if "api.openai.com" in self.endpoint.base_url else "max_tokens"
        return {"temperature": 0.0, "seed": 1, limit: max_tokens, "stream_options": {"include_usage": True}}

    async def _exchange(
        self, messages: list[dict[str, Any]], extra: dict[str, Any], max_tokens: int, on_text: OnText | None,
        watch: _Watch,
    ) -> Reply:  # fmt: skip
        async with self._client() as client:
            while True:
                try:
                    stream: Any = await client.chat.completions.create(
                        model=self.endpoint.model, messages=cast("Any", messages), stream=True, **extra
                    )
                    break
                except openai.BadRequestError as error:
                    refused = _refused_parameter(error, extra)
                    if refused is None:
                        raise
                    value = extra.pop(refused)
                    if refused == "max_tokens":
                        extra["max_completion_tokens"] = value
            return await self._read(stream, messages, max_tokens, on_text, watch)

    async def _read(
        self, stream: Any, messages: list[dict[str, Any]], max_tokens: int, on_text: OnText | None, watch: _Watch
    ) -> Reply:
        written, shown = "", ""
        first: float | None = None
        usage: Usage | None = None
        whole = ended = False
        most = int(max_tokens * CHARS_PER_TOKEN * CHARS_BEYOND)
        async for chunk in stream:
            watch.heard()
            if counted := getattr(chunk, "usage", None):
                usage = Usage(prompt_tokens=counted.prompt_tokens or 0, reply_tokens=counted.completion_tokens or 0)
            for choice in chunk.choices or ():
                if choice.finish_reason:
                    ended, whole = True, choice.finish_reason != "length"
                written += getattr(choice.delta, "content", None) or ""
            text = _THOUGHT.sub("", written).lstrip()
            if text != shown:
                first = first or time.monotonic() - watch.began
                shown = text
                if on_text is not None:
                    on_text(text[:most])
            if len(written) > most:
                whole, ended = False, True
                await stream.close()
                break
        if not ended and not shown:
            raise ChatError(Fault.EMPTY, f"{self._who} sent no words. Try another model.")
        if not shown.strip():
            raise ChatError(
                Fault.EMPTY,
                f"{self._who} sent no words within {max_tokens} tokens. A model that thinks before it speaks needs a "
                "higher limit for a reply.",
            )
        sent = sum(estimated_tokens(str(message["content"])) for message in messages)
        counted_here = Usage(prompt_tokens=sent, reply_tokens=estimated_tokens(written), estimated=True)
        return Reply(
            text=shown[:most],
            usage=usage or counted_here,
            first_token_seconds=first,
            seconds=time.monotonic() - watch.began,
            whole=whole,
        )

    async def _list(self, watch: _Watch) -> tuple[str, ...]:
        async with self._client() as client:
            found = await client.models.list()
            watch.heard()
            return tuple(sorted({str(one.id) for one in (found.data or [])[:MOST_MODELS]}))

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[openai.AsyncOpenAI]:
        """A client that follows no redirect, reads no more than it must, and tries once."""
        async with (
            httpx2.AsyncClient(
                follow_redirects=False,
                trust_env=self.endpoint.place is Place.REMOTE,
                timeout=httpx2.Timeout(self.endpoint.total_seconds, connect=CONNECT_SECONDS),
                event_hooks={"response": [_bounded]},
            ) as http,
            openai.AsyncOpenAI(
                # The package wants a key, and reads one from the environment where it gets none.
                api_key=self.endpoint.secret or "none",
                base_url=self.endpoint.base_url,
                max_retries=0,
                http_client=http,
                # Nor may what the environment says of OpenAI's own service reach another one.
                default_headers={"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()},  # type: ignore[dict-item]
            ) as client,
        ):
            yield client

    # --- Watching, and faults in words --------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, T], watch: _Watch) -> T:
        try:
            return asyncio.run(_watched(work, watch))
        except (ChatError, _Wait):
            raise
        except Exception as error:
            told = self._told(error)
            if told is None:
                raise
        # Outside the handler: a chained error would carry the request, and with it the key.
        raise told

    @property
    def _who(self) -> str:
        return f"The model {self.endpoint.model}"

    @property
    def _where(self) -> str:
        return self.endpoint.base_url

    def _told(self, error: Exception) -> Exception | None:
        if isinstance(error, openai.APIStatusError):
            return self._of_status(error)
        causes = (error, error.__cause__)
        if isinstance(error, _TooMuch):
            return ChatError(Fault.TOO_MUCH, f"{self._where} sent more than {MOST_BYTES // 1000:,} kB: cut off.")
        if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
            return ChatError(Fault.UNREACHABLE, f"{self._where} did not answer in time. Is the address right?")
        if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
            if any(isinstance(cause, httpx2.ConnectError) for cause in causes):
                start = " Start it, or choose another model." if self.place is Place.LOCAL else " Check the network."
                return ChatError(Fault.UNREACHABLE, f"Nothing answers at {self._where}.{start}")
            return ChatError(Fault.BROKEN_OFF, f"The connection to {self._where} broke off in the middle of the reply.")
        if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError | UnicodeDecodeError):
            return self._unreadable()
        if isinstance(error, openai.APIError):
            return ChatError(Fault.SERVER, f"{self._where} reported a fault in the middle of the reply.")
        if isinstance(error, openai.OpenAIError | ValueError | TypeError | AttributeError):
            return self._unreadable()
        return None

    def _unreadable(self) -> ChatError:
        return ChatError(
            Fault.UNREADABLE,
            f"What {self._where} sent is not what OpenAI's protocol says. Does the address end in /v1?",
        )

    def _of_status(self, error: openai.APIStatusError) -> Exception:
        status = error.status_code
        said = self._passed_on(error)
        if 300 <= status < 400:
            return ChatError(Fault.ADDRESS, f"{self._where} sends elsewhere, and no redirect is followed.")
        if status == 401:
            wanted = "does not accept the key" if self.endpoint.secret else "wants a key"
            return ChatError(Fault.KEY, f"{self._where} {wanted}. Check it, or make a new one.")
        if status == 403:
            return ChatError(Fault.KEY, f"The key at {self._where} may not use {self.endpoint.model}.{said}")
        if status == 404:
            return ChatError(
                Fault.MODEL,
                f"{self._where} knows no model {self.endpoint.model}, or no such address. Choose one from its list.",
            )
        if status == 429:
            wait = _seconds(error.response.headers.get("retry-after"))
            pause = f", for {wait:.0f} s" if wait else ""
            busy = ChatError(
                Fault.BUSY,
                f"{self._where} takes no more requests for now{pause}: they were too many, or the credit is used up.",
            )
            return _Wait(busy, RETRY_SECONDS if wait is None else wait)
        if status >= 500:
            return ChatError(Fault.SERVER, f"{self._where} has a fault of its own (status {status}). Try again later.")
        if _of_context(error):
            return ChatError(
                Fault.CONTEXT, f"{self._who} cannot hold so much text at once. Lower its context size in the settings."
            )
        return ChatError(Fault.REFUSED, f"{self._where} refused the request (status {status}).{said}")

    def _passed_on(self, error: openai.APIStatusError) -> str:
        """A service's own words where they help, short, without line breaks and without the key."""
        body = error.body if isinstance(error.body, dict) else {}
        said = body.get("message")
        if not isinstance(said, str) or not said.strip():
            return ""
        said = " ".join(said.split())[:MOST_SAID]
        secret = self.endpoint.secret
        if secret and any(secret[at : at + 4] in said for at in range(max(1, len(secret) - 3))):
            return ""
        return f' It says: "{said}"'


class _TooMuch(Exception):
    """More bytes than any reply has."""


class _Wait(Exception):
    """A fault that names a pause."""

    def __init__(self, error: ChatError, seconds: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


@dataclass
class _Watch:
    """When something was last heard, and who may end it."""

    endpoint: Endpoint
    stop: threading.Event | None
    began: float
    last: float | None = None

    def heard(self) -> None:
        self.last = time.monotonic()

    def ended_by(self, now: float) -> ChatError | None:
        if self.stop is not None and self.stop.is_set():
            return _stopped()
        where, limit = self.endpoint.base_url, self.endpoint
        if self.last is None and now - self.began > limit.first_token_seconds:
            return ChatError(Fault.STALLED, f"{where} sent nothing for {limit.first_token_seconds:.0f} s.")
        if self.last is not None and now - self.last > limit.idle_seconds:
            return ChatError(Fault.STALLED, f"{where} fell silent in the middle of the reply.")
        if now - self.began > limit.total_seconds:
            return ChatError(Fault.STALLED, f"The reply took longer than {limit.total_seconds:.0f} s.")
        return None


async def _watched(work: Coroutine[Any, Any, T], watch: _Watch) -> T:
    """The result of ``work``, or the reason why it was ended before."""
    task = asyncio.create_task(work)
    while not task.done():
        await asyncio.wait({task}, timeout=POLL_SECONDS)
        ended = None if task.done() else watch.ended_by(time.monotonic())
        if ended is not None:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
            raise ended
    return task.result()


async def _bounded(response: httpx2.Response) -> None:
    """Let a response end with an error once it has sent more than any reply has."""
    inner = response.stream

    class Stream(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for part in inner:  # type: ignore[union-attr]
                read += len(part)
                if read > MOST_BYTES:
                    raise _TooMuch
                yield part

        async def aclose(self) -> None:
            await inner.aclose()  # type: ignore[union-attr]

    response.stream = Stream()


def _refused_parameter(error: openai.BadRequestError, sent: dict[str, Any]) -> str | None:
    """The parameter that the service does not take, where it names one that can be left out."""
    body = error.body if isinstance(error.body, dict) else {}
    named = str(body.get("param") or "")
    said = str(body.get("message") or "")
    if _of_context(error):
        return None
    for name in _OPTIONAL:
        if name in sent and (named.startswith(name) or re.search(rf"\b{name}\b", said)):
            return name
    return None


def _of_context(error: openai.APIStatusError) -> bool:
    body = error.body if isinstance(error.body, dict) else {}
    kinds = f"{body.get('code')} {body.get('type')}"
    return "context" in kinds or bool(re.search(r"\bcontext (?:length|size|window)\b", str(body.get("message") or "")))


def _seconds(header: str | None) -> float | None:
    """Of a Retry-After header; None where it is missing or a date."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _stopped() -> ChatError:
    return ChatError(Fault.STOPPED, "The model was stopped.")


Connect = Callable[[Endpoint], OpenAIModel]
