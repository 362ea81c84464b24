"""What there is to say about the reading of a page.

Comes in: texts and lines as the sections find them. Goes out: the texts as the schema takes them, and a warning for
whatever was cut, left out or read in one of several ways. It knows no section.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from coach.knowledge.amounts import Span
from coach.knowledge.pages import Line, is_prose, place, quoted

MAX_TEXT_CHARS = 4000
"""As the schema has it; no paragraph of a page comes near."""

MAX_WEEKS = 520
"""As the schema has it: ten years."""


class Notes:
    """Warnings in the order in which they came up, and the prose that found no field."""

    def __init__(self, warnings: Iterable[str] = ()) -> None:
        self.warnings: list[str] = list(warnings)
        self.spared: list[Line] = []
        """Prose of unknown sections, which joins the overview."""

    def warn(self, text: str) -> None:
        self.warnings.append(text if text.endswith((".", "!", "?")) else text + ".")

    def fit(self, text: str, what: str) -> str:
        if len(text) <= MAX_TEXT_CHARS:
            return text
        cut = text.rfind(" ", MAX_TEXT_CHARS - 200, MAX_TEXT_CHARS - 1)
        self.warn(
            f"{capital(what)} has {len(text):,} characters and was cut after {MAX_TEXT_CHARS:,}: '{short(text, 60)}'"
        )
        return text[: cut if cut > 0 else MAX_TEXT_CHARS - 1].rstrip()

    def sentences(self, text: str, what: str) -> str:
        """The page's words with a full stop at the end."""
        text = text.strip()
        if not text.rstrip("\"')]’”»").endswith((".", "!", "?", "…")):
            text = text.rstrip(" ,;:") + "."
        fitted = self.fit(text, what)
        return fitted if fitted == text else fitted.rstrip(" ,;:.") + "."

    def phrase(self, text: str, what: str) -> str:
        """The page's words without a full stop at the end; empty where nothing is left."""
        return self.fit(text.strip(), what).rstrip(" .;,")

    def spare(self, lines: Sequence[Line], where: str) -> None:
        """Lines that no field holds: prose goes to the overview, the rest is told."""
        if not lines:
            return
        prose = [line for line in lines if is_prose(line.text) and not line.bullet]
        rest = [line for line in lines if not is_prose(line.text) or line.bullet]
        if rest:
            self.warn(f"{capital(place(rest))}, in '{where}': not part of the layout and left out: {quoted(rest)}")
        if prose:
            self.warn(
                f"{capital(place(prose))}, in '{where}': not part of the layout; kept in the overview: {quoted(prose)}"
            )
            self.spared += prose

    def weeks(self, span: Span | None, text: str, what: str) -> int | None:
        """Weeks as a whole number; ranges and other units are told."""
        if span is None:
            return None
        high = span.weeks()[1]
        weeks = ceil(high - 1e-9) if span.unit in ("day", "week") else round(high)
        if not 1 <= weeks <= MAX_WEEKS:
            self.warn(f"'{text}' for {what} is not believable")
            return None
        if not span.single:
            self.warn(f"'{text}' for {what} is a range; its upper end, {weeks} weeks, is kept")
        elif span.unit != "week" or abs(weeks - high) > 1e-9:
            self.warn(f"'{text}' for {what} is kept as {weeks} weeks")
        elif span.open_ended:
            self.warn(f"'{text}' for {what} is open at its upper end; {weeks} weeks are kept")
        return weeks


def short(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
