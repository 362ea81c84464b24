"""What the coach asks of a language model, and why it may get nothing.

Comes in: messages. Goes out: a ``Reply``, or a ``ModelError`` that says in plain words what is wrong. ``ChatModel`` is
the seam: a test hands in a model of its own. It knows no vendor and no prompt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from coach.errors import ModelError
from coach.types import Frozen, Message, Place, Usage

CHARS_PER_TOKEN = 3.0
"""Characters that a token is taken to hold, where nobody counted. English has about four, so this asks for less text
than fits rather than more."""


class Fault(StrEnum):
    """What went wrong; each is told to a person in its own words."""

    ADDRESS = "address"
    UNREACHABLE = "unreachable"
    KEY = "key"
    MODEL = "model"
    BUSY = "busy"
    SERVER = "server"
    BROKEN_OFF = "broken_off"
    STALLED = "stalled"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TOO_MUCH = "too_much"
    CONTEXT = "context"
    REFUSED = "refused"
    BUDGET = "budget"
    STOPPED = "stopped"


class ChatError(ModelError):
    """A reply that did not come; ``fault`` says why, for programs."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.attempts = 1
        """Requests that were sent."""


class Reply(Frozen):
    """What the model wrote, and what it took."""

    text: str
    usage: Usage
    first_token_seconds: float | None = None
    """From the request to the first words; None where nobody watched."""
    seconds: float
    attempts: int = 1
    """Requests that were sent; those before the last failed."""
    whole: bool = True
    """False: it was cut at the limit of tokens or characters, so its last sentence may be half a one."""


OnText = Callable[[str], None]
"""Is told the whole reply so far; after a broken connection it may begin again with less."""


class ChatModel(Protocol):
    """A language model that can be asked. Safe to share between threads."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> Place:
        """Whether the words leave this machine."""

    @property
    def context_tokens(self) -> int:
        """Tokens of question and reply together that it can hold."""

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        """The reply, the likeliest one. Blocks; ends at once when ``stop`` is set. Raises ChatError."""


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, rounded up.

    >>> estimated_tokens("four")
    2
    """
    return -int(-len(text) // CHARS_PER_TOKEN)
