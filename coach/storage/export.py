"""A conversation as a Markdown file that a person can keep, print or send.

Comes in: a conversation and its turns. Goes out: Markdown with each answer, its sources and its formulas.
Whatever people or documents wrote is escaped, so that opening the file fetches nothing and draws nothing that
was not meant. It knows nothing about the database.
"""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import ValidationError

from coach.reading import parts, sources
from coach.storage.records import Conversation, Turn
from coach.types import Answer, Claim

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$!{}&:@^=+])")
_LINE_START = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=-))")
"""What opens a list; and any dash, as three make a rule, or a heading of the line above."""


def as_markdown(conversation: Conversation, turns: tuple[Turn, ...], pathway: str | None = None) -> str:
    """``pathway`` is its readable name; without one, the slug stands in."""
    lines = [
        f"# {_plain(conversation.title)}",
        "",
        f"Pathway: {_plain(pathway or conversation.pathway)}  ",
        f"Begun: {_day(conversation.created)}, {len(turns)} {'question' if len(turns) == 1 else 'questions'}",
    ]
    for turn in turns:
        lines += ["", "---", "", f"## {_plain(turn.question)}", ""]
        try:
            answer = Answer.model_validate_json(turn.answer_json)
        except ValidationError:
            lines.append("*This answer was saved by another version of the program and cannot be read by this one.*")
            continue
        lines += _answer(answer)
    return "\n".join(lines).rstrip() + "\n"


def _answer(answer: Answer) -> list[str]:
    lines: list[str] = []
    run: list[str] = []

    def close() -> None:
        if run:
            lines.extend([" ".join(run), ""])
            run.clear()

    for part in parts(answer):
        words = _plain(part.text) + (_markers(part.claim) if part.claim else "")
        if part.item:
            close()
            if lines and lines[-1] == "" and len(lines) > 1 and lines[-2].startswith("- "):
                lines.pop()  # Entries of one list stand together.
            lines.extend([f"- {words}", ""])
        else:
            if part.opens:
                close()
            run.append(words)
    close()
    if answer.missing:
        lines += [f"Not covered: {', '.join(_plain(item) for item in answer.missing)}", ""]
    formulas = [claim for claim in answer.claims if claim.formula]
    if formulas:
        lines += ["**Computed**", ""]
        lines += [f"- {_plain(claim.formula or '')}{_markers(claim)}" for claim in formulas]
        lines.append("")
    cited = sources(answer)
    if cited:
        lines += ["**Sources**", ""]
        lines += [f"- \\[{item.marker}\\] {_plain(item.source)}. “{_plain(item.quote)}”" for item in cited]
    return lines


def _markers(claim: Claim) -> str:
    """As plain text: in a file there is nothing for a marker to open."""
    numbers = sorted({citation.marker for citation in claim.citations})
    return " " + "".join(f"\\[{number}\\]" for number in numbers) if numbers else ""


def _plain(text: str) -> str:
    """Text that any Markdown reader shows as it was written, on one line."""
    line = " ".join(text.split())
    return _LINE_START.sub(r"\1\\", _SPECIAL.sub(r"\\\1", line))


def _day(moment: datetime) -> str:
    """``Mon 7 Dec 2026``, in UTC: a file does not know where it will be read."""
    return f"{moment:%a} {moment.day} {moment:%b %Y}"
