"""The command that prints a plan.

Comes in: the file of a profile, or of a plan that was exported; a form. Goes out: a learner, and the plan as text. It
knows no calendar arithmetic and no command line.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from coach.errors import ProfileError
from coach.knowledge.pathway import Pathway
from coach.planning.backup import FORMAT
from coach.planning.exporting import as_csv, as_icalendar, as_json, as_markdown, as_text, read_backup
from coach.planning.learner import Learner
from coach.planning.next_step import next_step
from coach.planning.plan import Plan
from coach.planning.profile import read_profile


class PlanForm(StrEnum):
    TEXT = "text"
    MARKDOWN = "md"
    CALENDAR = "ics"
    CSV = "csv"
    JSON = "json"


def read_learner(path: Path, today: date) -> Learner:
    """The learner of a profile, or of an exported plan with its ticks.

    Raises ProfileError naming the file, the field and what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read ({error.strerror}). Name a JSON file.") from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: is no UTF-8 text at byte {error.start}. Save it as UTF-8.") from error
    if _is_backup(text):
        backup = read_backup(text, str(path))
        profile = backup.profile.model_copy(update={"pathway": backup.pathway})
        return Learner(profile=profile, progress=backup.progress, today=today)
    return Learner(profile=read_profile(text, str(path)), today=today)


def _is_backup(text: str) -> bool:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False  # reading it as a profile says what is wrong
    return isinstance(data, dict) and data.get("format") == FORMAT


def in_bytes(plan: Plan, form: PlanForm, guide: Pathway, exported: datetime | None = None) -> bytes:
    """The same for a file or a pipe. Calendars and tables have line ends of their own, which a stream of text would
    double on Windows."""
    return in_form(plan, form, guide, exported).encode("utf-8")


def in_form(plan: Plan, form: PlanForm, guide: Pathway, exported: datetime | None = None) -> str:
    """The plan as text; the same plan gives the same text. ``exported`` is the moment that a calendar is told of."""
    name = f"{guide.origin} to {guide.target}"
    if form is PlanForm.JSON:
        return as_json(plan)
    if form is PlanForm.CSV:
        return as_csv(plan)
    if form is PlanForm.CALENDAR:
        return as_icalendar(plan, name, plan.made, exported).decode("utf-8")
    if form is PlanForm.MARKDOWN:
        return as_markdown(plan, name)
    return as_text(plan, next_step(plan))
