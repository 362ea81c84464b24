"""General English that understanding rests on, read from ``lexicon.yaml`` and ``places.txt``.

Comes in: nothing. Goes out: word lists and compiled patterns, loaded once. It knows no pathway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from coach.answering.words import stem

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Lexicon:
    """See ``lexicon.yaml`` for what each part is for. Words are stemmed unless said otherwise."""

    chat: Mapping[str, str]
    """Chat spelling to plain words, unstemmed."""
    replies: frozenset[str]
    """Lower case, may hold several words."""
    wants: Mapping[str, tuple[re.Pattern[str], ...]]
    frame: frozenset[str]
    aspects: frozenset[str]
    aspect_phrases: tuple[str, ...]
    """Aspects of several words, lower case."""
    synonyms: Mapping[str, frozenset[str]]
    """Stem to the stems of all its groups."""
    occupations: frozenset[str]
    """Singular, unstemmed."""
    title_modifiers: frozenset[str]
    host: Mapping[str, tuple[re.Pattern[str], ...]]
    injection: tuple[re.Pattern[str], ...]
    spoken: frozenset[str]
    """Words of the frame and the synonyms as they are written; misspellings may be read as one of them."""
    places: frozenset[str]
    """Lower case, may hold several words."""


@cache
def lexicon() -> Lexicon:
    raw = yaml.safe_load((_HERE / "lexicon.yaml").read_text(encoding="utf-8"))
    places = (_HERE / "places.txt").read_text(encoding="utf-8").splitlines()
    synonyms: dict[str, set[str]] = {}
    for group in raw["synonyms"]:
        stems = {stem(word) for word in group}
        for word in stems:
            synonyms.setdefault(word, set()).update(stems)
    aspects = [str(word).lower() for group in raw["aspects"].values() for word in group]
    return Lexicon(
        chat=raw["chat"],
        replies=frozenset(raw["replies"]),
        wants={name: _compiled(patterns) for name, patterns in raw["wants"].items()},
        frame=frozenset(stem(word) for word in raw["frame"].split()),
        aspects=frozenset(stem(word) for word in aspects if word.isalnum()),
        aspect_phrases=tuple(sorted(word for word in aspects if not word.isalnum())),
        synonyms={word: frozenset(group) for word, group in synonyms.items()},
        occupations=frozenset(raw["occupations"]),
        title_modifiers=frozenset(raw["title_modifiers"]),
        host={name: _compiled(patterns) for name, patterns in raw["host"].items()},
        injection=_compiled(raw["injection"]),
        spoken=frozenset(
            word for group in (raw["frame"].split(), *raw["synonyms"]) for word in group if word.isalpha()
        ),
        places=frozenset(line for line in places if line and not line.startswith("#")),
    )


def _compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)
