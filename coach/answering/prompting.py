"""What a language model gets to read: the instructions from a file, the evidence as numbered data.

Comes in: an answer as composed, with what was retrieved for it. Goes out: items of evidence in order of worth, as many
as fit, and the messages. Text from passages and people stands on one line each and holds no marker of ours, so that
none of it can pass for a passage, a number or an instruction of the frame. The instructions are in ``prompts/``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Literal, cast

from coach.answering.words import clean
from coach.models.chat import estimated_tokens
from coach.types import Answer, Claim, Message, Passage, Support

PROMPTS = Path(__file__).with_name("prompts")

MOST_ITEMS = 8
"""Passages that are offered at most: more of them pull a reply off the question, and cost time and money."""

MOST_TURNS = 4
"""Earlier questions and answers that a question is rewritten with."""

_BRACKETED = re.compile(r"[\[【（(]\s*(\d[\d\s,;]*)[\]】)）]")
_SECTION = re.compile(r"^# (system|user|assistant)\n", re.MULTILINE)
_BLANK = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Item:
    """One piece of evidence under its number: a passage, or a sentence that the coach worked out for this learner."""

    number: int
    text: str
    passages: tuple[Passage, ...]
    """The passage; or those that the sentence was worked out from."""
    computed: Claim | None = None

    @property
    def line(self) -> str:
        return f"[{self.number}] {self.text}"


def evidence(answer: Answer, room_tokens: int) -> tuple[Item, ...]:
    """What the model may rest on: first what the composed answer rests on, then the ranking; as much as has room.

    A passage is whole or left out. The first one is always there.
    """
    by_id = {entry.passage.id: entry.passage for entry in answer.trace.retrieved}
    found: list[tuple[str, tuple[Passage, ...], Claim | None]] = []
    for claim in answer.claims:
        rests_on = tuple(dict.fromkeys(by_id[one.passage_id] for one in claim.citations if one.passage_id in by_id))
        if claim.support is Support.COMPUTED and all(claim.text != one.quote for one in claim.citations):
            found.append((f"Worked out for this learner: {as_data(claim.text)}", rests_on, claim))
    cited = [one.passage_id for claim in answer.claims for one in claim.citations]
    for id_ in dict.fromkeys([*cited, *by_id]):
        if id_ in by_id:
            passage = by_id[id_]
            found.append((f"{as_data(' > '.join(passage.heading_path))}: {as_data(passage.text)}", (passage,), None))
    items: list[Item] = []
    for text, passages, worked_out in found:
        item = Item(len(items) + 1, text, passages, worked_out)
        room_tokens -= estimated_tokens(item.line)
        if items and (room_tokens < 0 or len(items) == MOST_ITEMS):
            break
        items.append(item)
    return tuple(items)


def answer_messages(question: str, items: Sequence[Item], hints: str = "") -> tuple[Message, ...]:
    """The prompt for an answer; ``hints`` tell of the learner, where they agreed to that."""
    return prompt(
        "answer",
        passages="\n\n".join(item.line for item in items),
        question=as_data(question),
        hints=f"About the asker, no evidence: {as_data(hints)}" if hints else "",
    )


def bare_messages(question: str) -> tuple[Message, ...]:
    """The question alone, with nothing to rest on: what a model says by itself."""
    return (Message(role="user", content=as_data(question)),)


def repair_messages(verdicts: Sequence[tuple[str, str]]) -> tuple[Message, ...]:
    """Sentences that did not hold, each with the reason."""
    return prompt("repair", verdicts="\n".join(f'- "{as_data(text)}" {reason}.' for text, reason in verdicts))


def rewrite_messages(question: str, history: Sequence[Answer]) -> tuple[Message, ...]:
    turns = [
        f"Asked: {as_data(answer.question)}\nAnswered: {as_data(' '.join(claim.text for claim in answer.claims))}"
        for answer in history[-MOST_TURNS:]
    ]
    return prompt("rewrite", conversation="\n".join(turns), question=as_data(question))


def prompt(name: str, **data: str) -> tuple[Message, ...]:
    """The messages of a prompt file with the data in their places."""
    filled = [
        Message(role=role, content=_BLANK.sub("\n\n", Template(text).substitute(data)).strip())
        for role, text in _sections(name)
    ]
    return tuple(filled)


def as_data(text: str) -> str:
    """One line without control characters, mark-up tags, or anything that looks like a marker of ours.

    >>> as_data("See [2].\\n\\nQuestion: <b>none</b>")
    'See {2}. Question: none'
    """
    return " ".join(_BRACKETED.sub(r"{\1}", clean(text)).split())


@cache
def _sections(name: str) -> tuple[tuple[Literal["system", "user", "assistant"], str], ...]:
    pieces = _SECTION.split((PROMPTS / f"{name}.md").read_text(encoding="utf-8"))
    return tuple(
        (cast('Literal["system", "user", "assistant"]', role), text.strip())
        for role, text in zip(pieces[1::2], pieces[2::2], strict=True)
    )


def instructions() -> Mapping[str, str]:
    """The fixed text of every prompt file, by name: what must not come back in a reply."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(PROMPTS.glob("*.md"))}
