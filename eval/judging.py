"""A language model as judge, beside our own verdicts and never in their place.

Comes in: answers sentence by sentence, each with our verdict, and the evidence they were written from. Goes out: a
``JudgeRecord``: how far the two agree. The judge finds the claims itself and says of each whether the evidence supports
it, and why. What it says that cannot be read, or is about no sentence of the answer, is counted and is no verdict.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal, cast

from coach.answering.citing import coverage
from coach.answering.prompting import Item, as_data
from coach.answering.words import split_tokens
from coach.models.chat import ChatError, ChatModel, estimated_tokens
from coach.types import Message
from eval.intervals import figure
from eval.records import JudgedSentence, JudgeRecord, Measure

PROMPT = Path(__file__).with_name("prompts") / "judge.md"
MATCHED = 0.5
"""Least share of a claim's information that a sentence has for the claim to be about it."""
REPLY_TOKENS = 800
"""Enough for the claims of twelve sentences; of a model that can hold little, a quarter of that."""
MOST_VERDICTS = 40
"""Of one reply: an answer has twelve sentences at most."""

_SECTION = re.compile(r"^# (system|user|assistant)\n", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """An answer as a reader sees it, and what it was written from."""

    case: str
    split: str
    sentences: tuple[tuple[str, bool], ...]
    """Each with our verdict."""
    evidence: tuple[Item, ...]
    cited: frozenset[int] = frozenset()
    """Numbers of the items that the answer cites: they come first where not all have room."""


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one claim."""

    claim: str
    supported: bool
    explanation: str


def prompt_digest() -> str:
    """SHA-256 of the prompt file."""
    return hashlib.sha256(PROMPT.read_bytes()).hexdigest()


def messages(shown: Shown, room_tokens: int) -> tuple[Message, ...]:
    """The prompt; evidence and answer are in it as data. Evidence that has no room is left out, cited items last."""
    answer = "\n".join(as_data(text) for text, _ in shown.sentences)
    room_tokens -= sum(estimated_tokens(message.content) for message in _filled("", answer))
    chosen: list[Item] = []
    for item in sorted(shown.evidence, key=lambda item: item.number not in shown.cited):
        room_tokens -= estimated_tokens(item.line)
        if chosen and room_tokens < 0:
            break
        chosen.append(item)
    lines = [f"[{item.number}] {as_data(item.text)}" for item in sorted(chosen, key=lambda item: item.number)]
    return _filled("\n\n".join(lines), answer)


def _filled(evidence: str, answer: str) -> tuple[Message, ...]:
    pieces = _SECTION.split(PROMPT.read_text(encoding="utf-8"))
    return tuple(
        Message(
            role=cast('Literal["system", "user", "assistant"]', role),
            content=Template(text).safe_substitute(evidence=evidence, answer=answer).strip(),
        )
        for role, text in zip(pieces[1::2], pieces[2::2], strict=True)
    )


def parse(reply: str) -> tuple[tuple[Verdict, ...], int]:
    """The verdicts in a reply, and how many things in it look like one and cannot be read.

    A reply without a single JSON object is one thing that cannot be read.

    >>> parse('{"claim": "It floats.", "supported": true, "explanation": "Said in [1]."}\\nThat is all.')
    ((Verdict(claim='It floats.', supported=True, explanation='Said in [1].'),), 0)
    >>> parse('{"claim": "It floats.", "supported": "yes"}')
    ((), 1)
    >>> parse("All of it is supported.")
    ((), 1)
    """
    found: list[Verdict] = []
    unparsable = 0
    decoder = json.JSONDecoder()
    at = reply.find("{")
    if at < 0:
        return (), 1
    while at >= 0 and len(found) + unparsable < MOST_VERDICTS:
        try:
            value, end = decoder.raw_decode(reply, at)
        except (ValueError, RecursionError):
            value, end = None, _line_end(reply, at)
        verdict = _verdict(value)
        if verdict is None:
            unparsable += 1
        else:
            found.append(verdict)
        at = reply.find("{", end)
    return tuple(found), unparsable


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _verdict(value: object) -> Verdict | None:
    if not isinstance(value, dict):
        return None
    claim, supported, explanation = (value.get(name) for name in ("claim", "supported", "explanation"))
    if not isinstance(claim, str) or not isinstance(supported, bool) or not isinstance(explanation, str):
        return None
    return Verdict(claim, supported, explanation) if split_tokens(claim) else None


def match(claim: str, sentences: Sequence[str]) -> int | None:
    """Which of the sentences a claim is about: the one that has most of its words, if that is enough."""
    shares = [coverage(claim, sentence) if _words(claim) & _words(sentence) else 0.0 for sentence in sentences]
    best = max(range(len(shares)), key=lambda at: shares[at], default=None)
    return best if best is not None and shares[best] >= MATCHED else None


def _words(text: str) -> frozenset[str]:
    return frozenset(split_tokens(text))


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement beyond chance (J. Cohen 1960); None where chance alone would agree always.

    >>> kappa([(True, True), (False, False), (True, False), (False, True)])
    0.0
    >>> kappa([(True, True), (False, False)]), kappa([(True, True)]), kappa([])
    (1.0, None, None)
    """
    n = len(pairs)
    if not n:
        return None
    agreed = sum(a == b for a, b in pairs) / n
    first, second = (sum(pair[side] for pair in pairs) / n for side in (0, 1))
    by_chance = first * second + (1 - first) * (1 - second)
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def judge_all(answers: Iterable[Shown], model: ChatModel, system: str) -> JudgeRecord:
    """Have every answer judged. A judge that fails is counted and ends nothing."""
    judged: list[JudgedSentence] = []
    agreements: list[Measure] = []
    reply_tokens = min(REPLY_TOKENS, model.context_tokens // 4)
    counts = dict.fromkeys(("cases", "failed", "verdicts", "unparsable", "unmatched", "sentences", "unjudged"), 0)
    for shown in answers:
        counts["cases"] += 1
        try:
            room = model.context_tokens - reply_tokens
            reply = model.complete(messages(shown, room), max_tokens=reply_tokens)
        except ChatError:
            counts["failed"] += 1
            continue
        verdicts, unparsable = parse(reply.text)
        by_sentence = _by_sentence(verdicts, [text for text, _ in shown.sentences])
        matched = sum(len(group) for group in by_sentence.values())
        counts["verdicts"] += len(verdicts)
        counts["unparsable"] += unparsable
        counts["unmatched"] += len(verdicts) - matched
        counts["sentences"] += len(shown.sentences)
        counts["unjudged"] += len(shown.sentences) - len(by_sentence)
        here = [
            JudgedSentence(
                case=shown.case,
                split=shown.split,
                text=shown.sentences[at][0],
                ours=shown.sentences[at][1],
                # A sentence holds if each of its claims does.
                judge=all(verdict.supported for verdict in group),
                explanations=tuple(verdict.explanation for verdict in group),
            )
            for at, group in sorted(by_sentence.items())
        ]
        judged += here
        if here:
            agreements.append(Measure(part=sum(one.ours == one.judge for one in here), whole=len(here)))
    return JudgeRecord(
        name=model.name,
        place=model.place,
        prompt=prompt_digest(),
        system=system,
        agreement=figure(agreements) if agreements else None,
        kappa=kappa([(one.ours, one.judge) for one in judged]),
        judged=tuple(judged),
        **counts,
    )


def _by_sentence(verdicts: Sequence[Verdict], sentences: Sequence[str]) -> Mapping[int, list[Verdict]]:
    found: dict[int, list[Verdict]] = {}
    for verdict in verdicts:
        at = match(verdict.claim, sentences)
        if at is not None:
            found.setdefault(at, []).append(verdict)
    return found
