"""Answers that somebody was not content with, as drafts of eval cases.

Comes in: feedback with its answer. Goes out: a draft in the format of ``eval.cases``, prefilled with what is known, and
what is still wrong with it, field by field. Writing into the repository is left to whoever maintains it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from coach.knowledge.entities import slug
from coach.storage import Feedback
from coach.types import Answer, Status
from eval.cases import Case, Slice, split_of

SLICES: tuple[str, ...] = get_args(Slice)

KINDS: Mapping[str, str] = {
    "name": "A name or phrase",
    "amount": "A sum of money",
    "percentage": "A percentage",
    "duration": "A length of time",
    "count": "A number of things",
    "list": "Several names",
    "polarity": "Yes or no",
}
"""Kinds of nuggets that the form offers, in words."""

EXAMPLES: Mapping[str, str] = {
    "name": "Kubernetes",
    "amount": "$130,000",
    "percentage": "40 percent",
    "duration": "24 weeks",
    "count": "6",
    "list": "Python, SQL, Docker",
    "polarity": "yes",
}

_MONEY = re.compile(r"^\s*([$£€])?\s*([\d,]+(?:\.\d+)?)\s*(USD|GBP|EUR)?\s*$", re.IGNORECASE)
_CURRENCY = {"$": "USD", "£": "GBP", "€": "EUR"}
_DURATION = re.compile(r"^\s*([\d.]+)\s*(hours a week|minutes?|hours?|days?|weeks?|months?|years?)\s*$", re.IGNORECASE)


def read(feedback: Feedback) -> Answer | None:
    """The answer as it was judged, or None where another version stored it."""
    try:
        return Answer.model_validate_json(feedback.answer_json)
    except ValidationError:
        return None


def draft(answer: Answer, history: Sequence[str], suffix: str) -> dict[str, Any]:
    """What can be filled in without knowing better: the question, its history, and what was found.

    ``suffix`` makes the id unlike that of another draft of the same question.
    """
    cited = list(dict.fromkeys(citation.passage_id for claim in answer.claims for citation in claim.citations))
    found = cited or [entry.passage.id for entry in answer.trace.retrieved[:1]]
    made = f"{slug(answer.question)[:48].strip('-')}-{suffix}"
    return {
        "id": made,
        "split": split_of(made),
        "slice": SLICES[0],
        "pathway": answer.pathway,
        "question": answer.question,
        "history": list(history),
        "gold": found,
        "nuggets": [],
        "status": [str(Status.ANSWERED)],
        "missing": [],
    }


def nugget(kind: str, said: str) -> dict[str, Any]:
    """A fact that the answer must hold, from how a person writes it. Raises ValueError saying what was expected."""
    said = said.strip()
    expected = ValueError(f"expected something such as {EXAMPLES[kind]!r}, got {said!r}")
    if not said:
        raise expected
    base: dict[str, Any] = {"kind": kind, "vital": True}
    if kind == "amount":
        match = _MONEY.match(said)
        if match is None:
            raise expected
        sign, figure, code = match.groups()
        return {**base, "value": float(figure.replace(",", "")), "currency": (code or _CURRENCY[sign or "$"]).upper()}
    if kind == "percentage":
        match = re.match(r"^\s*([\d.]+)\s*(?:%|percent)?\s*$", said)
        if match is None:
            raise expected
        return {**base, "value": float(match[1])}
    if kind == "duration":
        match = _DURATION.match(said)
        if match is None:
            raise expected
        unit = match[2].lower()
        unit = "hours_per_week" if unit == "hours a week" else unit if unit.endswith("s") else f"{unit}s"
        return {**base, "value": float(match[1]), "unit": unit}
    if kind == "count":
        if not said.isdigit():
            raise expected
        return {**base, "value": int(said)}
    if kind == "list":
        items = [[part.strip()] for part in said.split(",") if part.strip()]
        if len(items) < 2:
            raise expected
        return {**base, "items": items}
    if kind == "polarity":
        if said.lower() not in {"yes", "no"}:
            raise expected
        return {**base, "value": said.lower()}
    return {**base, "value": said}


def problems(made: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a draft, by field; empty when it is a case."""
    found: dict[str, str] = {}
    try:
        Case.model_validate({**made, "split": split_of(str(made.get("id", "")))})
    except ValidationError as error:
        for problem in error.errors():
            place = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            field, _, rest = message.partition(": ")
            if not place and field.split(", ")[0] in Case.model_fields:
                place, message = field.split(", ")[0], rest
            found.setdefault(place or "case", message)
    answered = str(Status.ANSWERED) in made.get("status", ())
    if answered and not any(one.get("vital") for one in made.get("nuggets", ())):
        found.setdefault("nuggets", "a question that is answered needs at least one fact that the answer must hold")
    if answered and not made.get("gold"):
        found.setdefault("gold", "expected the passage that holds those facts")
    if not answered and not made.get("missing"):
        found.setdefault("missing", "expected a word for what the knowledge does not hold")
    return found


def as_line(made: Mapping[str, Any]) -> str:
    """One line of a file in ``eval/cases``. Only for a draft without problems."""
    case = Case.model_validate({**made, "split": split_of(str(made["id"]))})
    return json.dumps(case.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
