"""The values of a document: its lines, and what reading it may cost.

Comes in: nothing. Goes out: frozen values that cross from the child process to the coach as JSON. A ``Line`` and a
``Document`` clean their own text, so that whoever made them, what is shown has no unseen characters and no path.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from coach.documents.cleaning import clean, display_name
from coach.types import Frozen

HEADING_LENGTH = 120
"""Characters of a heading that its lines carry along; the heading's own line has all of it."""


class DocumentKind(StrEnum):
    """What a file is by its content, whatever its name ends in."""

    PDF = "pdf"
    DOCX = "docx"
    MARKDOWN = "markdown"
    TEXT = "text"


class Line(Frozen):
    """One visual line, one entry of a list, or one paragraph of a table's cell, as it can be quoted."""

    text: Annotated[str, BeforeValidator(clean), Field(min_length=1)]
    heading: Annotated[str, BeforeValidator(lambda text: clean(text)[:HEADING_LENGTH])] = ""
    """The nearest heading over it, for a heading the one that it belongs under; empty if there is none."""
    page: Annotated[int | None, Field(ge=1)] = None
    """For kinds that have pages."""
    item: bool = False
    """True for the first line of an entry of a list; its bullet is not part of the text."""


class Document(Frozen):
    """What was read of a file, in reading order."""

    name: Annotated[str, BeforeValidator(display_name)]
    """For people to read; it is no path."""
    kind: DocumentKind
    lines: tuple[Line, ...]
    notices: tuple[str, ...] = ()
    """What the learner should know about how it was read."""

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class Limits(Frozen):
    """What reading one document may take. A resume needs a hundredth of each."""

    seconds: Annotated[float, Field(gt=0)] = 20.0
    """Wall clock, and as much of a processor's time."""
    memory_bytes: Annotated[int, Field(gt=0)] = 1_000_000_000
    """Address space of the child. Python with pypdf takes 80 MB."""
    bytes_in: Annotated[int, Field(gt=0)] = 5_000_000
    pages: Annotated[int, Field(gt=0)] = 40
    characters: Annotated[int, Field(gt=0)] = 200_000


LIMITS = Limits()


class Reply(Frozen):
    """What the child says: what it read, or the fault, as a sentence that goes after the file's name."""

    kind: DocumentKind | None = None
    lines: tuple[Line, ...] = ()
    notices: tuple[str, ...] = ()
    fault: str = ""
