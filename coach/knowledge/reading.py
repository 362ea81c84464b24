"""Files as people write them, to plain data.

Comes in: the path of a YAML or CSV file and the name by which problems call it. Goes out: lists, mappings,
texts and numbers. It limits what a file may cost to read and knows nothing of what the data mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from coach.errors import KnowledgeError

MAX_BYTES = 2_000_000
"""The largest file of ours has 120 kB; much beyond that it is a mistake or an attack."""

MAX_DEPTH = 16
"""A pathway nests five deep: pathway, phases, phase, tasks, task."""

# The C parser is about ten times as fast and not in every build of PyYAML.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path, shown: str) -> str:
    """The whole file. Raises KnowledgeError where it cannot be read, is too big or is not UTF-8."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KnowledgeError(f"{shown}: expected a file that can be read, got: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise KnowledgeError(f"{shown}: expected at most {MAX_BYTES:,} bytes, got more; split or shorten the file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{shown}: expected UTF-8 text, got another encoding at byte {error.start}") from error


def read_yaml(path: Path, shown: str) -> object:
    """The data of a YAML file.

    Aliases (``*name``) are refused: a few lines of them can stand for more data than fits in memory, and none
    of our files needs them. Raises KnowledgeError naming the line.
    """
    text = read_text(path, shown)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.events.AliasEvent):
                place = f"{shown}: line {event.start_mark.line + 1}" if event.start_mark else shown
                raise KnowledgeError(f"{place}: expected a value, got the alias *{event.anchor}; write it out")
            if isinstance(event, yaml.events.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.events.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise KnowledgeError(f"{shown}: expected at most {MAX_DEPTH} levels, got data nested more deeply")
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - either is the safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise KnowledgeError(f"{shown}: {place}expected YAML, got: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise KnowledgeError(f"{shown}: expected YAML, got: {' '.join(str(error).split())[:200]}") from error


def read_csv(path: Path, shown: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Rows with their line numbers; None for a row with too many or too few cells.

    Raises KnowledgeError where one of ``columns`` is missing; further columns are passed on.
    """
    reader = csv.DictReader(io.StringIO(read_text(path, shown), newline=""), strict=True)
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise KnowledgeError(f"{shown}: expected the column {missing[0]!r}, got none of that name")
        for row in reader:
            # DictReader files surplus cells under None and fills up missing ones with None.
            whole = None not in row and None not in row.values()
            yield reader.line_num, {name: cell.strip() for name, cell in row.items()} if whole else None
    except csv.Error as error:
        line = reader.line_num
        raise KnowledgeError(f"{shown}: line {line}: expected comma-separated values, got: {error}") from error
