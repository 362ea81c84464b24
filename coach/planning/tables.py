"""A plan for other programs: rows for a spreadsheet, and one JSON object.

Comes in: a plan. Goes out: text. It knows no files; who writes the table to one uses ``CSV_ENCODING``.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from datetime import date

from coach.planning.phrases import one_line, source_names
from coach.planning.plan import Plan, Step

CSV_ENCODING = "utf-8-sig"
"""For a file: Excel takes one without a byte order mark for the machine's old code page. The text itself has none,
because a program that reads it from a pipe would find the mark in the name of the first column."""

COLUMNS = ("id", "title", "kind", "phase", "start", "end", "hours", "hours_left", "done", "why", "sources")

_FORMULA = frozenset("=+-@\t\r")
_FORMULA_WITHIN = re.compile(r';(?=[\s"]*[=+\-@＝＋－＠])')  # Where a comma is the decimal sign, ; parts cells.


def as_csv(plan: Plan) -> str:
    """One row a step, in the plan's order, under a row of ``COLUMNS``; days as ISO dates, ``done`` as yes or no."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    writer.writerows(_row(step) for step in plan.steps)
    return table.getvalue()


def as_json(plan: Plan) -> str:
    """All fields of the plan as one object, days as ISO dates. In ASCII, so that no terminal and no pipe spoils it."""
    return json.dumps(plan.model_dump(mode="json"), indent=2) + "\n"


def _row(step: Step) -> tuple[str, ...]:
    return (
        _cell(step.id),
        _cell(step.title),
        step.kind.value,
        "" if step.phase is None else str(step.phase),
        _iso(step.start),
        _iso(step.end),
        f"{step.hours:.2f}",
        f"{step.hours_left:.2f}",
        "yes" if step.done else "no",
        _cell(step.why),
        _cell("; ".join(source_names(step))),
    )


def _cell(text: str) -> str:
    """Text that a spreadsheet shows and does not compute: an apostrophe says that what follows is text.

    >>> _cell("=1+1"), _cell("a; +40 percent"), _cell("C++")
    ("'=1+1", "a;' +40 percent", 'C++')
    """
    line = one_line(text)
    first = {text[:1], unicodedata.normalize("NFKC", line[:1])}  # Some spreadsheets take a full-width = for one.
    return ("'" if first & _FORMULA else "") + _FORMULA_WITHIN.sub(";'", line)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
