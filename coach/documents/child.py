"""The process in which a document is parsed, and nothing else is.

Comes in: the document's bytes on standard input, and in the first argument, as JSON, the ``path`` to import from and
the ``limits``. Goes out: a ``Reply`` as JSON on standard output. It is started with an empty environment, puts limits
on itself before it imports any library that parses, opens no file and knows neither the name of the document nor
anything of the learner. Of the coach it imports ``coach.documents``, ``coach.types`` and ``coach.errors``.

Where the system has no ``resource`` module (Windows), the parent's clock is the only limit.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from coach.documents.values import Limits, Reply

MOST_FILES = 64  # open at once; importing takes a handful
_MEMORY = "reading it takes more memory than a document needs. Save the pages that matter as DOCX or PDF and try those."


def main() -> None:
    """Read standard input, write one reply, and end."""
    orders = json.loads(sys.argv[1])
    sys.path[:] = orders["path"]
    replies = _only_replies()
    _limit(orders["limits"])
    try:
        said = _answer(sys.stdin.buffer.read(orders["limits"]["bytes_in"] + 1), orders["limits"])
    except MemoryError:
        said = _fault(_MEMORY)
    except ModuleNotFoundError as error:
        said = _fault(f"it cannot be read because {error.name} is not installed: run pip install -r requirements.txt.")
    except ImportError:  # a library's code finds no room in the address space
        said = _fault(_MEMORY)
    replies.write(said)
    replies.flush()
    # Nothing is left to tidy, and a library that hangs at exit must not hold the reply back.
    os._exit(0)


def _answer(data: bytes, limits: Mapping[str, Any]) -> bytes:
    _only_this_room()
    from coach.documents.values import Limits
    from coach.errors import DocumentError

    try:
        return read(data, Limits.model_validate(limits)).model_dump_json().encode("utf-8")
    except DocumentError as error:
        return _fault(str(error))


def read(data: bytes, limits: Limits) -> Reply:
    """What the bytes hold. Raises DocumentError with a sentence that goes after the file's name."""
    from coach.documents import kinds, plain
    from coach.documents.outline import Outline
    from coach.documents.values import DocumentKind, Reply
    from coach.errors import DocumentError

    outline = Outline(limits.characters)
    notices: tuple[str, ...] = ()
    kind = kinds.container(data)
    # Each library is imported where its kind is met: the others are spared, in time and in what could go wrong.
    if kind is DocumentKind.PDF:
        from coach.documents.pdf import read_pdf

        notices = read_pdf(data, outline, limits)
    elif kind is DocumentKind.DOCX:
        from coach.documents.word import read_docx

        read_docx(data, outline)
    else:
        text, guessed = plain.decoded(data)
        notices = (guessed,) if guessed else ()
        if text.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
            notices += (
                "It is the source of a web page, and its tags are shown as they stand. Pasting the text is better.",
            )
        kind = DocumentKind.MARKDOWN if kinds.is_markdown(text) else DocumentKind.TEXT
        if kind is DocumentKind.MARKDOWN:
            from coach.documents.markup import read_markdown

            read_markdown(text, outline)
        else:
            plain.read_plain(text, outline)
    if not outline.lines:
        raise DocumentError("there is no text in it. Bring the file with the text, or paste it.")
    return Reply(kind=kind, lines=outline.lines, notices=notices)


def _fault(sentence: str) -> bytes:
    return json.dumps({"fault": sentence}).encode("utf-8")


def _only_replies() -> BinaryIO:
    """Standard output for replies alone: whatever a library prints goes where errors go."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _limit(limits: Mapping[str, Any]) -> None:
    try:
        import resource
    except ImportError:
        return
    seconds = math.ceil(limits["seconds"])
    most = {
        "RLIMIT_AS": limits["memory_bytes"],
        "RLIMIT_CPU": seconds,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": MOST_FILES,
        "RLIMIT_NPROC": 0,
        "RLIMIT_CORE": 0,  # a core dump would hold the document
    }
    for name, value in most.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)  # noqa: PLW2901 - never over the system's
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some; the others and the clock still hold
            resource.setrlimit(kind, (value, value))


def _only_this_room() -> None:
    """Import ``coach.documents`` without ``coach``, whose front door brings the whole pipeline with it."""
    if "coach" not in sys.modules:
        bare = ModuleType("coach")
        bare.__path__ = [str(Path(__file__).resolve().parent.parent)]
        sys.modules["coach"] = bare


if __name__ == "__main__":
    main()
