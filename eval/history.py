"""Runs that were kept, so that figures can be followed over time.

Comes in: records of runs. Goes out: the same, newest first. A run is a file of its own in a folder that only grows;
one that cannot be read is named and left alone. This module does not know how a run is made.
"""

from __future__ import annotations

import os
from pathlib import Path

from coach.settings import Settings
from eval.compare import RecordError, read_record
from eval.records import RunRecord

RESULTS = Path(__file__).resolve().parent / "results"
BASELINE = RESULTS / "baseline.json"
"""The run that the gate compares with, as it comes with the project: figures only."""

MOST_KEPT = 40
"""A record of all cases and systems takes 2.5 MB, so a hundred at most."""


def folder(settings: Settings) -> Path:
    """Where runs are kept: beside the index, because the checkout may be read-only and is no place for data."""
    return settings.data_dir / "runs"


def keep(record: RunRecord, runs: Path) -> Path:
    """Add a run, in one step so that nobody reads half of one; the oldest beyond ``MOST_KEPT`` go. Raises OSError."""
    runs.mkdir(parents=True, exist_ok=True)
    name = f"{record.date.replace(':', '').replace('+0000', 'Z')}-{record.split}.json"
    writing = runs / f".{name}.{os.getpid()}"
    try:
        writing.write_text(record.model_dump_json() + "\n", encoding="utf-8")
        os.replace(writing, runs / name)
    finally:
        writing.unlink(missing_ok=True)
    for old in kept(runs)[MOST_KEPT:]:
        old.unlink(missing_ok=True)
    return runs / name


def kept(runs: Path) -> tuple[Path, ...]:
    """Files of the runs that were kept, newest first."""
    return tuple(sorted(runs.glob("[!.]*.json"), key=lambda path: path.name, reverse=True))


def read(runs: Path) -> tuple[dict[Path, RunRecord], tuple[str, ...]]:
    """All runs, newest first, and what could not be read, in words."""
    found: dict[Path, RunRecord] = {}
    problems: list[str] = []
    for path in kept(runs):
        try:
            found[path] = read_record(path)
        except RecordError as error:
            problems.append(str(error))
    return found, tuple(problems)
