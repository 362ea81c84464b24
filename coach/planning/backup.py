"""A plan to be taken to another machine, where it comes out the same.

Comes in: a profile, what was done, and the plan made from both; or the text of a backup. Goes out: JSON; or a
``Backup``. The plan itself stands in the file for people and programs to read and is not read back: it is made anew. It
knows no pathway: ids of steps are kept whether or not they are known, so that no tick is lost.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any

from pydantic import ConfigDict, ValidationError

from coach.errors import ProfileError
from coach.knowledge.pathway import Slug
from coach.planning.phrases import one_line
from coach.planning.plan import Plan, Progress
from coach.planning.profile import Profile, read_profile
from coach.types import Frozen

FORMAT = "career-coach-plan"
VERSION = 1
"""Rises when an older program would misread the file."""

MOST_CHARACTERS = 5_000_000
"""A backup of a long plan has some 200,000; anything much larger is something else."""

_AGAIN = "Download the backup again where it comes from, and import that file unchanged."


class Backup(Frozen):
    """What a plan is made from. ``profile`` names its pathway and start, so that it means the same everywhere."""

    pathway: Slug
    made: date
    """The day the plan in the file was made."""
    profile: Profile
    progress: Progress


class _File(Frozen):
    """The fields that are read back."""

    model_config = ConfigDict(extra="ignore")

    pathway: Slug
    made: date
    start: date
    progress: Progress


def as_backup(profile: Profile, progress: Progress, plan: Plan) -> str:
    """The plan's own fields, as in ``as_json``, with what it was made from. Holds all of the profile, pay included."""
    kept = progress.model_dump(mode="json")
    head = {
        "format": FORMAT,
        "version": VERSION,
        "profile": profile.model_dump(mode="json"),
        "progress": {**kept, "done": _sorted(kept["done"]), "logged": _sorted(kept["logged"])},
    }
    return json.dumps({**head, **plan.model_dump(mode="json")}, indent=2) + "\n"


def read_backup(text: str, place: str = "backup", known: Collection[str] | None = None) -> Backup:
    """A backup from the text of its file; ``known`` are the slugs of the pathways that there are here.

    Raises ProfileError with every problem, each as ``place: field: what was expected``, and the next step.
    """
    try:
        return _read(_object(text, place), place, known)
    except RecursionError as error:
        raise ProfileError(f"{place}: expected the JSON of a plan; this is nested too deep. {_AGAIN}") from error


def _read(data: dict[str, Any], place: str, known: Collection[str] | None) -> Backup:
    _check_format(data, place)
    missing = [field for field in ("profile", *_File.model_fields) if field not in data]
    if missing:
        raise ProfileError(f"{place}: {', '.join(missing)}: expected, and missing. {_AGAIN}")
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        problems = "\n".join(
            f"{place}: {one_line('.'.join(str(part) for part in one['loc']))}: {one['msg']}, got {_shown(one['input'])}"
            for one in error.errors()
        )
        raise ProfileError(f"{problems}\n{_AGAIN}") from error
    try:
        profile = read_profile(json.dumps(data["profile"]), f"{place}: profile")
    except ProfileError as error:
        raise ProfileError(f"{error}\n{_AGAIN}") from error
    if profile.pathway not in (None, file.pathway):
        raise ProfileError(
            f"{place}: profile.pathway: expected the plan's, {file.pathway}, got {_shown(profile.pathway)}. {_AGAIN}"
        )
    if known is not None and file.pathway not in known:
        raise ProfileError(
            f"{place}: pathway: {file.pathway} is not known here; known are {', '.join(sorted(known)) or 'none'}. "
            "Import the page of that pathway first, and then this file."
        )
    return Backup(
        pathway=file.pathway,
        made=file.made,
        profile=_settled(profile, file),
        progress=file.progress,
    )


def _object(text: str, place: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise ProfileError(f"{place}: expected at most {MOST_CHARACTERS:,} characters, got {len(text):,}. {_AGAIN}")
    try:
        data = json.loads(text.removeprefix("\ufeff"))  # Some editors put a byte order mark in front.
    except json.JSONDecodeError as error:
        raise ProfileError(
            f"{place}: expected JSON; it cannot be read at line {error.lineno}, column {error.colno}. {_AGAIN}"
        ) from error
    except ValueError as error:  # A number of thousands of digits.
        raise ProfileError(f"{place}: expected the JSON of a plan; this cannot be read. {_AGAIN}") from error
    if not isinstance(data, dict):
        raise ProfileError(f"{place}: expected one object, got {type(data).__name__}. {_AGAIN}")
    return data


def _check_format(data: dict[str, Any], place: str) -> None:
    version = data.get("version")
    if "format" not in data and "steps" in data and "weekly_hours" in data:
        raise ProfileError(
            f"{place}: profile, progress: expected, and missing. This is a plan alone, without what it was made from. "
            "Download the backup where it comes from, and import that."
        )
    if data.get("format") != FORMAT:
        raise ProfileError(
            f'{place}: format: expected "{FORMAT}", got {_shown(data.get("format"))}. This is no backup of a plan; '
            "choose the file that the coach wrote."
        )
    if type(version) is not int or version < 1:  # True is an int as well.
        raise ProfileError(f"{place}: version: expected a whole number from 1, got {_shown(version)}. {_AGAIN}")
    if version > VERSION:
        raise ProfileError(
            f"{place}: version: expected at most {VERSION}, got {version}: a newer coach wrote this. Update the coach "
            "here and import it again."
        )


def _settled(profile: Profile, file: _File) -> Profile:
    """Without a pathway or a start, a profile means the default one, and today: both differ by machine and day."""
    found: dict[str, Any] = {"pathway": file.pathway}
    if profile.start is None and (profile.target is None or profile.target > file.start):
        found["start"] = file.start
    return profile.model_copy(update=found)


def _shown(value: object) -> str:
    return repr(value)[:80]


def _sorted(values: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(values.items()))
