"""A plan to be taken along: to a calendar, a page, a spreadsheet, another program, another machine, a terminal.

Comes in: a plan, and for a backup the profile and the progress that it was made from. Goes out: text, or bytes of a
calendar. Nothing here reads a clock or a file, and whatever pages or people wrote is escaped as each form demands.
"""

from coach.planning.backup import Backup, as_backup, read_backup
from coach.planning.calendar import as_icalendar
from coach.planning.reports import as_markdown, as_text
from coach.planning.tables import CSV_ENCODING, as_csv, as_json

__all__ = [
    "CSV_ENCODING",
    "Backup",
    "as_backup",
    "as_csv",
    "as_icalendar",
    "as_json",
    "as_markdown",
    "as_text",
    "read_backup",
]
