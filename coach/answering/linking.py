"""Which things a text is about.

Comes in: text and the entities of a corpus. Goes out: mentions with a strength. Exact names and aliases come
first, then parts of a name that belong to one entity alone. It does not know what is asked about them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coach.answering.lexicon import lexicon
from coach.answering.words import frequency, split_tokens, stem, token_spans
from coach.knowledge.nouns import KIND_NOUNS, ROLE_NOUNS, in_place
from coach.types import Entity

PART_KINDS = frozenset({"skill", "transferable", "phase"})
"""Kinds whose names are long enough that people use a part of them."""

COMMON_WORD_ZIPF = 4.9
"""A single word more frequent than this ("search", "design") names nothing by itself."""

MASKED_STRENGTH = 0.85
"""A mention this strong or stronger is replaced; a single word out of a longer name is left as it is."""

_SKIPPED = frozenset(stem(word) for word in "a an the of for to in on and or with by at from your my our".split())


@dataclass(frozen=True)
class Mention:
    """An entity named by the tokens from ``start`` to ``end``; ``strength`` is 1 for a whole name."""

    entity: Entity
    start: int
    end: int
    strength: float


class Names:
    """All names of a corpus's entities, ready for look-up."""

    def __init__(self, entities: Sequence[Entity], role_words: Iterable[str]) -> None:
        self._table: dict[tuple[str, ...], list[tuple[Entity, float]]] = defaultdict(list)
        roles = {stem(word) for word in role_words}
        for entity in entities:
            for name in dict.fromkeys((entity.name, *entity.aliases)):
                key = tuple(stem(word) for word in split_tokens(name))
                if key and all(known.id != entity.id for known, _ in self._table[key]):
                    self._table[key].append((entity, 1.0))
        for key, entity, strength in self._parts(entities, roles):
            if key not in self._table:
                self._table[key].append((entity, strength))
        self._longest = max((len(key) for key in self._table), default=0)

    def _parts(self, entities: Sequence[Entity], roles: set[str]) -> list[tuple[tuple[str, ...], Entity, float]]:
        """Runs of a name's words that occur in the name of one entity only."""
        owners: dict[tuple[str, ...], dict[str, tuple[Entity, float]]] = defaultdict(dict)
        frame = lexicon().frame | lexicon().aspects
        for entity in entities:
            if entity.kind not in PART_KINDS:
                continue
            raw = split_tokens(entity.name)
            words = [stem(word) for word in raw]
            for size in range(1, len(words)):
                for start in range(len(words) - size + 1):
                    key = tuple(words[start : start + size])
                    content = [word for word in key if word not in _SKIPPED]
                    if not content or key[0] in _SKIPPED or key[-1] in _SKIPPED or set(content) <= roles:
                        continue
                    if size == 1 and (
                        frequency(raw[start]) >= COMMON_WORD_ZIPF or key[0] in frame or len(raw[start]) < 3
                    ):
                        continue
                    strength = 0.6 if len(content) == 1 else 0.85
                    owners[key][entity.id] = (entity, strength)
        return [(key, *next(iter(found.values()))) for key, found in owners.items() if len(found) == 1]

    def link(self, text: str) -> tuple[Mention, ...]:
        """Mentions in order of appearance; a longer name hides the shorter ones inside it.

        Names shared by several entities give a mention of each.
        """
        words = [stem(word) for word in split_tokens(text)]
        taken = [False] * len(words)
        found: list[Mention] = []
        for size in range(min(self._longest, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                if any(taken[start : start + size]):
                    continue
                entries = self._table.get(tuple(words[start : start + size]))
                if entries:
                    found += [Mention(entity, start, start + size, strength) for entity, strength in entries]
                    taken[start : start + size] = [True] * size
        return tuple(sorted(found, key=lambda mention: (mention.start, mention.entity.id)))

    def masked(self, text: str, roles: Mapping[str, str]) -> str:
        """The text with nouns of their kind in place of names, so that what is asked stays and of what goes.

        ``roles``: the names of ``origin`` and ``target``.
        """
        spans = token_spans(text)
        cuts = [
            (spans[mention.start][0], spans[mention.end - 1][1], KIND_NOUNS[mention.entity.kind])
            for mention in self.link(text)
            if mention.entity.kind in KIND_NOUNS and mention.strength >= MASKED_STRENGTH
        ]
        cuts += [
            (*match.span(), ROLE_NOUNS[role])
            for role, name in roles.items()
            for match in re.finditer(re.escape(name), text, re.IGNORECASE)
        ]
        masked, at = "", 0
        for start, end, noun in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
            if start < at:
                continue
            masked += text[at:start]
            masked += in_place(noun, masked)
            at = end
        return masked + text[at:]

    def words(self) -> set[str]:
        """Stems of all words that occur in a name."""
        return {word for key in self._table for word in key}
