"""Lines as they come, each under its heading.

Comes in: headings with their level and texts, in reading order. Goes out: ``Line`` values. It stops a document that
holds more text than its limit while it is being read, not after. It knows no kind of document.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coach.documents.cleaning import clean, visual_lines
from coach.documents.values import HEADING_LENGTH, Line
from coach.errors import DocumentError


class Outline:
    """Gathers the lines of one document."""

    def __init__(self, characters: int) -> None:
        self._most = characters
        self._characters = 0
        self._lines: list[Line] = []
        self._over: list[tuple[int, str]] = []

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self._lines)

    def heading(self, text: str, level: int, page: int | None = None) -> None:
        """A heading ends those of its own level and deeper ones; level 1 is the highest."""
        whole = clean(text)
        if not whole:
            return
        while self._over and self._over[-1][0] >= level:
            self._over.pop()
        self._add(whole, page, item=False)
        self._over.append((level, whole[:HEADING_LENGTH]))

    def text(self, text: str, page: int | None = None, item: bool = False) -> None:
        """Text of any number of visual lines. ``item`` says that it is an entry of a list, however it begins."""
        for number, (line, bullet) in enumerate(visual_lines(text)):
            self._add(line, page, bullet or (item and number == 0))

    @contextmanager
    def scope(self, bare: bool = False) -> Iterator[None]:
        """Headings inside, such as those of a table's cell, are over nothing outside. ``bare``: nor those before."""
        before = list(self._over)
        if bare:
            self._over = []
        yield
        self._over = before

    def _add(self, text: str, page: int | None, item: bool) -> None:
        self._characters += len(text) + 1
        if self._characters > self._most:
            raise DocumentError(
                f"it holds more than {self._most:,} characters of text. A resume or a posting has a few thousand: "
                "keep the part that matters and try again."
            )
        self._lines.append(Line(text=text, heading=self._over[-1][1] if self._over else "", page=page, item=item))
