"""Whether the evidence answers the question at all.

Comes in: how likely each intent is, how well the best fact fits, and what nothing explains. Goes out: how likely it is
that the question is answered, and what to call the gap. No single sign decides: a question can be close to the
knowledge and ask for what it does not hold, and a rare word can be a way of speaking. The weights were fitted on the
development cases (``python -m eval fit``) and lie in ``weights.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

from coach.answering.coverage import Gap
from coach.answering.selecting import Choice, fitted_weights

OFF_TOPIC = "off_topic"
ABSENT = "absent."
"""Intents of this name ask for what guides usually do not hold."""

SIGNS = ("constant", "absent", "off_topic", "best", "similarity", "sentence", "rare", "named")
"""What counts, in the order of ``signs``."""

SECTION = "answerable"
"""Of ``weights.yaml``."""

LIKELY = 0.5
"""An intent from here on is taken to be meant."""

NAMED_FROM = 0.3
"""A topic from here on is named when a question is not answered."""

_NAMES = Path(__file__).with_name("absent.yaml")


@cache
def absent_names() -> Mapping[str, str]:
    """By intent, what the gap is called."""
    names: dict[str, str] = yaml.safe_load(_NAMES.read_text(encoding="utf-8"))
    return names


def signs(
    intents: Mapping[str, float], choices: Sequence[Choice], gaps: Sequence[Gap], named: bool
) -> tuple[float, ...]:
    """One value for each of ``SIGNS``; ``named``: whether the question names a thing that the knowledge holds."""
    return (
        1.0,
        lacking(intents),
        probability(intents, OFF_TOPIC),
        likelihood(choices)[0],
        choices[0].similarity,
        max(choice.sentence for choice in choices),
        float(any(not gap.sure for gap in gaps)),
        float(named),
    )


def answerable(values: Sequence[float]) -> float:
    """The probability that the question is answered, from its ``signs``."""
    weights = fitted_weights()[SECTION]
    return 1 / (1 + math.exp(-math.fsum(weights[sign] * value for sign, value in zip(SIGNS, values, strict=True))))


def lacking(intents: Mapping[str, float]) -> float:
    """The probability that a question asks for something that guides usually lack."""
    return math.fsum(probability(intents, name) for name in intents if name.startswith(ABSENT))


def outside(intents: Mapping[str, float]) -> float:
    """The same, or that it is not about careers at all."""
    return lacking(intents) + probability(intents, OFF_TOPIC)


def probability(intents: Mapping[str, float], name: str) -> float:
    return math.exp(intents[name]) if name in intents else 0.0


def likelihood(choices: Sequence[Choice]) -> list[float]:
    """How likely each choice is to be the fact that was meant; they sum to 1."""
    highest = max(choice.score for choice in choices)
    masses = [math.exp(choice.score - highest) for choice in choices]
    total = math.fsum(masses)
    return [mass / total for mass in masses]


def gap_names(intents: Mapping[str, float], gaps: Sequence[Gap]) -> tuple[str, ...]:
    """What to call what is missing: the words that surely constrain an answer, else the topic and what is rare."""
    sure = [gap.words for gap in gaps if gap.sure]
    topics = [name for word, name in absent_names().items() if probability(intents, word) >= NAMED_FROM]
    return tuple(dict.fromkeys(sure or [*topics, *(gap.words for gap in gaps)]))
