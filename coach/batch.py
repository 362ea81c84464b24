"""Many questions, one answer each: the contract of ``python -m coach ask --batch FILE.jsonl --json``.

Comes in: lines of JSON, each with ``question`` and perhaps ``id``, ``history`` (earlier questions of the learner,
oldest first) and ``pathway``; other fields are passed over. Goes out: for each line that is not blank, in order, one
value: ``id`` and the fields of the ``Answer``, or ``id`` and ``error``, which names line and field. A line without
``id`` is called by its number. Does not know where lines come from or go to.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from coach.answering.generating import Writing
from coach.errors import CoachError
from coach.pipeline import Coach
from coach.types import Answer

log = logging.getLogger(__name__)

Id = str | int


@dataclass(frozen=True)
class Item:
    """A line that can be asked."""

    id: Id
    question: str
    history: tuple[str, ...]
    pathway: str | None


@dataclass(frozen=True)
class Result:
    """What came of one line."""

    id: Id
    answer: Answer | None
    error: str | None = None

    def as_json(self) -> str:
        """One line. Only ASCII, which every terminal and pipe takes; other signs are written as JSON escapes."""
        fields = self.answer.model_dump(mode="json") if self.answer else {"error": self.error}
        return json.dumps({"id": self.id, **fields})


class _MalformedError(Exception):
    """The line cannot be asked; says which field and what was expected."""

    def __init__(self, reason: str, id_: Id | None = None) -> None:
        super().__init__(reason)
        self.id = id_


def ask_all(lines: Iterable[bytes], coach: Coach, writing: Writing | None = None) -> Iterator[Result]:
    """Ask each line by itself: one that fails does not stop those after it.

    With ``writing`` a model words the answers; earlier questions of a line are answered without it.
    """
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901 - the mark that Windows editors put first
        if not line.strip():
            continue
        try:
            item = _item(line, number)
        except _MalformedError as error:
            yield Result(error.id if error.id is not None else number, None, f"line {number}: {error}")
            continue
        try:
            yield Result(item.id, _asked(item, coach, writing))
        except CoachError as error:
            field = "pathway: " if item.pathway is not None and not _known(item.pathway, coach) else ""
            yield Result(item.id, None, f"line {number}: {field}{error}")
        except Exception as error:  # a defect on one line must not cost the others their answers
            log.warning("line %d: no answer", number, exc_info=True)
            yield Result(item.id, None, f"line {number}: no answer because of {type(error).__name__}: {error}")


def _asked(item: Item, coach: Coach, writing: Writing | None) -> Answer:
    history: list[Answer] = []
    for earlier in item.history:
        history.append(coach.ask(earlier, tuple(history), item.pathway))
    if writing is None:
        return coach.ask(item.question, tuple(history), item.pathway)
    return coach.ask(item.question, tuple(history), item.pathway, writing=writing)


def _known(slug: str, coach: Coach) -> bool:
    return any(pathway.slug == slug for pathway in coach.pathways())


def _item(line: bytes, number: int) -> Item:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _MalformedError(f"expected UTF-8, got the byte {line[error.start]:#04x} at {error.start + 1}") from error
    except (ValueError, RecursionError) as error:
        raise _MalformedError(f"expected one JSON object, got: {error}") from error
    if not isinstance(row, dict):
        raise _MalformedError(f"expected a JSON object, got {_kind(row)}")
    id_ = row.get("id")
    if isinstance(id_, bool) or not isinstance(id_, str | int | None):
        raise _MalformedError(f"id: expected a string or a whole number, got {_kind(id_)}")
    if "question" not in row:
        raise _MalformedError("question: expected a string, got nothing", id_)
    if not isinstance(row["question"], str):
        raise _MalformedError(f"question: expected a string, got {_kind(row['question'])}", id_)
    history = row.get("history")
    if history is not None and not isinstance(history, list):
        raise _MalformedError(f"history: expected a list of questions, got {_kind(history)}", id_)
    for at, earlier in enumerate(history or ()):
        if not isinstance(earlier, str):
            raise _MalformedError(f"history[{at}]: expected a question as a string, got {_kind(earlier)}", id_)
    pathway = row.get("pathway")
    if not isinstance(pathway, str | None):
        raise _MalformedError(f"pathway: expected the slug of a pathway, got {_kind(pathway)}", id_)
    return Item(number if id_ is None else id_, row["question"], tuple(history or ()), pathway)


def _kind(value: Any) -> str:
    """A value by JSON's names.

    >>> _kind(True), _kind([1])
    ('true or false', 'a list')
    """
    kinds = (
        (type(None), "null"),
        (bool, "true or false"),
        (str, "a string"),
        (int | float, "a number"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "an object")
