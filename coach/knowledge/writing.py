"""Builds passages sentence by sentence, with offsets, facts and question keys.

Comes in: sentences and which facet they answer. Goes out: ``Passage`` values. Question keys come from the
templates of ``questions.yaml``; this module knows none of their wording and no pathway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter

import yaml
from pydantic import TypeAdapter

from coach.knowledge.sentences import sentence_spans
from coach.types import Fact, Frozen, Origin, Passage, Quantity, Sentence

CountPieces = Callable[[str], int]

_QUESTIONS = Path(__file__).with_name("questions.yaml")


class Facet(Frozen):
    """A kind of fact: which questions it answers and what it belongs to."""

    family: str
    wants: tuple[str, ...]
    kind: str | None = None
    ask: str | None = None
    detail: bool = False
    """One entry of a list or one sentence of a text, which is its own question key."""
    intents: tuple[str, ...] = ()
    """Intents that ask for it; its own name when empty."""
    questions: tuple[str, ...]


@cache
def facets() -> Mapping[str, Facet]:
    """All facets by name, from ``questions.yaml``."""
    raw = yaml.safe_load(_QUESTIONS.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, Facet]).validate_python(raw)


def ask_for(facet: str, names: Mapping[str, str]) -> str | None:
    """The coach's own way to put the question, or None where a name it needs is missing."""
    entry = facets()[facet]
    template = entry.ask or (entry.questions[0] if entry.questions else None)
    return _fill(template, names) if template else None


def ways_to_ask(facet: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The question keys of a facet, the coach's own way first; those that need a name which is missing are left out."""
    entry = facets()[facet]
    templates = ([entry.ask] if entry.ask else []) + list(entry.questions)
    return tuple(dict.fromkeys(key for template in templates if (key := _fill(template, names))))


def _fill(template: str, names: Mapping[str, str]) -> str | None:
    wanted = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format_map(names) if wanted <= names.keys() else None


@dataclass
class Writer:
    """One passage in the making. ``say`` returns the index that ``fact`` refers to."""

    pathway: str
    section: str
    heading_path: tuple[str, ...]
    origin: Origin
    source: str
    names: Mapping[str, str]
    """Values for the placeholders of the question templates: ``origin``, ``target``, ``name``, ..."""
    url: str | None = None
    entities: tuple[str, ...] = ()
    derived_from: list[str] = field(default_factory=list)
    _parts: list[Sentence] = field(default_factory=list)
    _facts: list[Fact] = field(default_factory=list)
    _text: str = ""

    @property
    def id(self) -> str:
        return f"{self.pathway}#{self.section}"

    def say(
        self, text: str, *, item: bool = False, formula: str | None = None, derived_from: Sequence[str] = ()
    ) -> int:
        """Add one sentence; a list item goes on a line of its own."""
        text = " ".join(text.split())
        joint = "" if not self._text else ("\n- " if item else ("\n" if self._parts[-1].item else " "))
        if item and not self._text:
            joint = "- "
        start = len(self._text) + len(joint)
        self._text += joint + text
        self._parts.append(
            Sentence(
                text=text,
                start=start,
                end=start + len(text),
                item=item,
                formula=formula,
                derived_from=tuple(derived_from),
            )
        )
        self.derived_from.extend(id_ for id_ in derived_from if id_ not in self.derived_from)
        return len(self._parts) - 1

    def say_all(self, text: str) -> tuple[int, ...]:
        """Add free text, split into sentences."""
        return tuple(self.say(text[start:end]) for start, end in sentence_spans(text))

    def fact(
        self,
        facet: str,
        sentences: Sequence[int],
        *,
        entities: Sequence[str] = (),
        value: Quantity | None = None,
        also: Sequence[str] = (),
        questions: Sequence[str] = (),
        absent: str | None = None,
        **names: str,
    ) -> None:
        """Declare that ``sentences``, in that order, answer ``facet``; further ``questions`` join the templates'."""
        filled = ways_to_ask(facet, {**self.names, **names})
        own = [self._parts[sentences[0]].text] if len(sentences) == 1 and not absent else []
        keys = tuple(dict.fromkeys([*filled, *questions, *own]))
        self._facts.append(
            Fact(
                facet=facet,
                entities=tuple(entities),
                sentences=tuple(sentences),
                questions=keys,
                value=value,
                also=tuple(also),
                absent=absent,
            )
        )

    def details(
        self, facet: str, sentences: Sequence[int], *, entities: Sequence[str] = (), lead: Sequence[int] = ()
    ) -> None:
        """Declare that each sentence by itself answers a question about what it says; the sentence is its key.

        ``lead`` are sentences that go before each of them, a warning for instance.
        """
        for at in sentences:
            self.fact(facet, [*lead, at], entities=entities, questions=[self._parts[at].text] if lead else ())

    def passage(self) -> Passage:
        entities = dict.fromkeys([*self.entities, *(entity for fact in self._facts for entity in fact.entities)])
        return Passage(
            id=self.id,
            pathway=self.pathway,
            heading_path=self.heading_path,
            text=self._text,
            sentences=tuple(self._parts),
            origin=self.origin,
            source=self.source,
            url=self.url,
            entities=tuple(entities),
            facts=tuple(self._facts),
            derived_from=tuple(self.derived_from),
        )


def fit(passage: Passage, count_pieces: CountPieces, limit: int) -> tuple[Passage, ...]:
    """The passage, or parts of it that the encoder can read whole.

    Parts take ids ``<id>~2``, ``<id>~3``; a fact whose sentences fall into several parts is said by the first
    of them and names the others in ``also``. A sentence that is too long by itself is cut at a word.
    """
    if count_pieces(passage.embedded_text) <= limit:
        return (passage,)
    groups: list[list[Sentence]] = [[]]
    where: dict[int, list[tuple[int, int]]] = {}
    for index, sentence in enumerate(passage.sentences):
        for piece in _cut(sentence, passage, count_pieces, limit):
            if groups[-1] and count_pieces(_part(passage, "", [*groups[-1], piece]).embedded_text) > limit:
                groups.append([])
            groups[-1].append(piece)
            where.setdefault(index, []).append((len(groups) - 1, len(groups[-1]) - 1))
    ids = [passage.id if number == 0 else f"{passage.id}~{number + 1}" for number in range(len(groups))]
    facts: dict[int, list[Fact]] = {number: [] for number in range(len(groups))}
    for fact in passage.facts:
        places = [place for index in fact.sentences for place in where[index]]
        numbers = list(dict.fromkeys(number for number, _ in places))
        for number in numbers:
            here = tuple(at for part, at in places if part == number)
            others = tuple(ids[part] for part in numbers if part != number) if number == numbers[0] else ()
            update = {"sentences": here, "also": others + fact.also}
            if number != numbers[0]:
                update = {"sentences": here, "also": (), "questions": ()}  # found through the first part
            facts[number].append(fact.model_copy(update=update))
    return tuple(
        _part(passage, ids[number], group).model_copy(update={"facts": tuple(facts[number])})
        for number, group in enumerate(groups)
    )


def _cut(sentence: Sentence, passage: Passage, count_pieces: CountPieces, limit: int) -> list[Sentence]:
    words = sentence.text.split(" ")
    heading = count_pieces(" > ".join(passage.heading_path)) + 4
    pieces: list[Sentence] = []
    while words:
        take = len(words)
        while take > 1 and count_pieces(" ".join(words[:take])) + heading > limit:
            take = max(1, take * 3 // 4)
        text = " ".join(words[:take])
        if count_pieces(text) + heading > limit:  # a single monstrous word
            text = text[: max(1, limit - heading)]
        pieces.append(sentence.model_copy(update={"text": text}))
        words = words[take:]
    return pieces


def _part(passage: Passage, id_: str, sentences: Sequence[Sentence]) -> Passage:
    text = ""
    placed: list[Sentence] = []
    for sentence in sentences:
        joint = (
            ("- " if sentence.item else "")
            if not text
            else ("\n- " if sentence.item else ("\n" if placed[-1].item else " "))
        )
        start = len(text) + len(joint)
        text += joint + sentence.text
        placed.append(sentence.model_copy(update={"start": start, "end": start + len(sentence.text)}))
    return passage.model_copy(update={"id": id_, "text": text, "sentences": tuple(placed), "facts": ()})
