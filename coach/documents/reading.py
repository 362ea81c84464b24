"""A document read safely: the coach's side of the child process.

Comes in: the bytes of a file and the name that it was given. Goes out: a ``Document``, or ``DocumentError`` with what
is wrong with this file and what to do. Here no byte of it is parsed: the child is started in a process group and a
session of its own with an empty environment, gets the bytes over a pipe and has as long as its limits say; then
the whole group is killed, whatever came of it. No file is written, and nothing of a document is kept or logged.

It knows no kind of document beyond the ending that its name would have, to say when name and content differ.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from coach.documents import child
from coach.documents.cleaning import display_name
from coach.documents.values import LIMITS, Document, DocumentKind, Limits, Reply
from coach.errors import DocumentError

REPLY_BYTES = 64_000_000
"""More than any honest reply: 200,000 characters make at most 100,000 lines, each with 480 bytes of heading and some
80 bytes of JSON."""

_ENDINGS = {
    DocumentKind.PDF: {".pdf"},
    DocumentKind.DOCX: {".docx", ".docm", ".dotx"},
    DocumentKind.MARKDOWN: {".md", ".markdown", ".txt", ".text"},
    DocumentKind.TEXT: {".md", ".markdown", ".txt", ".text"},
}
_SAID = {
    DocumentKind.PDF: "a PDF",
    DocumentKind.DOCX: "a Word document",
    DocumentKind.MARKDOWN: "plain text",
    DocumentKind.TEXT: "plain text",
}
_TOO_LONG = "reading it took longer than {} seconds. Save the pages that matter as DOCX or PDF and try those."
_BROKEN = "it could not be read: the reader stopped on it. Save it again as DOCX or PDF, or paste the text."


def read_document(data: bytes, name: str, limits: Limits = LIMITS) -> Document:
    """Raises DocumentError with a message of its own for every fault. ``name`` is only shown, never opened."""
    shown = display_name(name)
    try:
        if not data:
            raise DocumentError("it is empty. Bring the file with the text, or paste it.")
        if len(data) > limits.bytes_in:
            raise DocumentError(
                f"it has {_megabytes(len(data))} MB, and at most {_megabytes(limits.bytes_in)} MB are read. "
                "Leave out pictures, or save the pages that matter."
            )
        reply = _reply(data, limits)
        if reply.fault or reply.kind is None:
            raise DocumentError(reply.fault or _BROKEN)
    except DocumentError as error:
        raise DocumentError(f"{shown}: {error}") from error
    return Document(
        name=shown, kind=reply.kind, lines=reply.lines, notices=reply.notices + _misnamed(shown, reply.kind)
    )


def _misnamed(name: str, kind: DocumentKind) -> tuple[str, ...]:
    ending = PurePosixPath(name).suffix.lower()
    known = set().union(*_ENDINGS.values())
    if ending not in known or ending in _ENDINGS[kind]:
        return ()
    return (f"The name ends in {ending}, but the file is {_SAID[kind]} and was read as that.",)


def _reply(data: bytes, limits: Limits) -> Reply:
    late = threading.Event()
    with _started(limits) as process:
        stop = _stopping(process)

        def time_is_up() -> None:
            late.set()
            stop()

        clock = threading.Timer(limits.seconds, time_is_up)
        clock.daemon = True
        clock.start()
        try:
            said = _exchange(process, data)
        finally:
            # The child closes its end only by ending, so its exit code is settled and the kill cannot change it;
            # and it is not yet waited for, so its number cannot have gone to another process.
            clock.cancel()
            clock.join()
            stop()
        code = process.wait()
    if late.is_set() or code == -getattr(signal, "SIGXCPU", signal.SIGTERM):
        raise DocumentError(_TOO_LONG.format(f"{limits.seconds:g}"))
    try:
        return Reply.model_validate_json(said)
    except ValidationError as error:
        raise DocumentError(_BROKEN) from error


def _started(limits: Limits) -> subprocess.Popen[bytes]:
    orders = {"path": [str(Path(place).resolve()) for place in sys.path], "limits": limits.model_dump()}
    # Isolated, with no site and no written bytecode: the coach's own path is handed over, so that our libraries are
    # found wherever they are installed, and no variable or start-up file can add to it.
    command = [sys.executable, "-I", "-S", "-B", str(Path(child.__file__).resolve()), json.dumps(orders)]
    needed = {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}  # Windows starts nothing without
    try:
        return subprocess.Popen(  # noqa: S603 - this room's own module, with nothing of the document
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what libraries grumble may quote the document
            env=needed,
            cwd=Path(child.__file__).resolve().anchor,
            start_new_session=True,
        )
    except OSError as error:
        raise DocumentError(f"the process that reads documents cannot be started ({error.strerror}).") from error


def _exchange(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    """Hand over the bytes and take the reply, never more than is allowed for. A killed child ends both."""
    assert process.stdin and process.stdout
    # If it dies before it has read all, its reply or its exit code says of what.
    with contextlib.suppress(OSError), process.stdin:
        process.stdin.write(data)
    said = process.stdout.read(REPLY_BYTES + 1)
    return b"" if len(said) > REPLY_BYTES else said


def _stopping(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    """How to end the child and everything that it may have started."""

    def stop() -> None:
        if process.returncode is not None:
            return
        if hasattr(os, "killpg"):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                process.kill()
        else:
            process.kill()

    return stop


def _megabytes(count: int) -> str:
    return f"{math.ceil(count / 1e5) / 10:,.1f}".removesuffix(".0")  # up, so that what is too much reads so
