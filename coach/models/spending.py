"""A guard on what a model may be sent: tokens of one answer and of one session.

Comes in: messages and a model. Goes out: its reply, or a ``ChatError``, also where a limit is reached. What was sent
counts whether or not a reply came of it: a service may charge for that as well. One guard belongs to one visitor's
session.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from coach.models.chat import ChatError, ChatModel, Fault, OnText, Reply, estimated_tokens
from coach.types import Message, Usage

ANSWER_TOKENS = 12_000
"""Of one answer by default: two or three exchanges with as much evidence as is of use."""

SESSION_TOKENS = 200_000
"""Of one session by default: some thirty to fifty answers."""


_NOT_READ = frozenset({Fault.ADDRESS, Fault.UNREACHABLE, Fault.KEY, Fault.MODEL, Fault.BUSY, Fault.BUDGET})
"""Faults with which no model read what was sent."""


class Spending:
    """Counts tokens; safe to share between threads."""

    def __init__(self, answer_tokens: int = ANSWER_TOKENS, session_tokens: int = SESSION_TOKENS) -> None:
        self.answer_tokens = answer_tokens
        self.session_tokens = session_tokens
        self._lock = threading.Lock()
        self._answer = 0
        self._session = 0

    @property
    def session(self) -> int:
        """Tokens that this session has taken so far."""
        return self._session

    def begin_answer(self) -> None:
        with self._lock:
            self._answer = 0

    def ask(
        self,
        model: ChatModel,
        messages: Sequence[Message],
        wanted: int,
        *,
        on_text: OnText | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        """The model's reply of at most ``wanted`` tokens. Raises ChatError."""
        limit = self.reply_limit(messages, wanted)
        prompt = sum(estimated_tokens(message.content) for message in messages)
        written = ""

        def heard(text: str) -> None:
            nonlocal written
            written = text
            if on_text is not None:
                on_text(text)

        try:
            reply = model.complete(messages, max_tokens=limit, on_text=heard, stop=stop)
        except ChatError as error:
            if error.fault not in _NOT_READ:
                reply_tokens = estimated_tokens(written) if written else 0
                self.took(Usage(prompt_tokens=error.attempts * prompt, reply_tokens=reply_tokens, estimated=True))
            raise
        self.took(reply.usage)
        if reply.attempts > 1:
            self.took(Usage(prompt_tokens=(reply.attempts - 1) * prompt, estimated=True))
        return reply

    def reply_limit(self, messages: Sequence[Message], wanted: int) -> int:
        """How many tokens the reply to these messages may have: at most ``wanted``.

        Raises ChatError where the messages alone, as far as their length tells, would pass a limit.
        """
        asked = sum(estimated_tokens(message.content) for message in messages)
        with self._lock:
            left = {
                "this answer": self.answer_tokens - self._answer,
                "this session": self.session_tokens - self._session,
            }
        for what, tokens in left.items():
            if tokens - asked < 1:
                limit = self.answer_tokens if what == "this answer" else self.session_tokens
                raise ChatError(
                    Fault.BUDGET,
                    f"The limit of {limit:,} tokens for {what} is reached, so the model was not asked. The settings of "
                    "the model say where to raise it.",
                )
        return min(wanted, *(tokens - asked for tokens in left.values()))

    def took(self, usage: Usage) -> None:
        with self._lock:
            self._answer += usage.total
            self._session += usage.total
