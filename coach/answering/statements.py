"""A sentence of an answer before it is numbered and checked.

Comes in: passages and facts. Goes out: ``Statement`` values and look-ups of facts by facet. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from coach.knowledge.corpus import Corpus
from coach.types import Citation, Claim, Fact, Passage, Support

_SMALL = frozenset(
    {"The", "A", "An", "In", "For", "After", "Before", "Together", "Taken", "Without", "Rated", "Half", "About"}
)
"""Opening words that lose their capital after a lead."""

Ref = tuple[str, int]
"""Passage id and index of the sentence."""


@dataclass(frozen=True)
class Statement:
    """``refs`` are the sentences it rests on; a statement without any is not shown."""

    text: str
    support: Support
    refs: tuple[Ref, ...]
    formula: str | None = None
    item: bool = False

    def led_by(self, lead: str) -> Statement:
        """The same with a judgement in front ("No: ..."), which makes it inferred unless it was computed."""
        support = Support.INFERRED if self.support == Support.QUOTED else self.support
        text = self.text[0].lower() + self.text[1:] if self.text.split(" ", 1)[0] in _SMALL else self.text
        return replace(self, text=f"{lead} {text}", support=support, item=False)


@dataclass(frozen=True)
class Cell:
    """A fact in its passage."""

    passage: Passage
    index: int

    @property
    def fact(self) -> Fact:
        return self.passage.facts[self.index]

    @property
    def key(self) -> tuple[str, int]:
        return (self.passage.id, self.index)

    def refs(self) -> tuple[Ref, ...]:
        return tuple((self.passage.id, at) for at in self.fact.sentences)

    def statements(self) -> list[Statement]:
        return [quote(self.passage, at) for at in self.fact.sentences]


def quote(passage: Passage, at: int) -> Statement:
    """A sentence of a passage as it stands; computed where the passage computed it."""
    sentence = passage.sentences[at]
    support = Support.COMPUTED if sentence.formula else Support.QUOTED
    return Statement(sentence.text, support, ((passage.id, at),), sentence.formula, sentence.item)


def claim_of(statement: Statement, markers: Mapping[str, int], corpus: Corpus) -> Claim:
    """The statement with its citations; ``markers`` are the numbers of the passages it rests on."""
    cited = [(corpus.by_id[id_], at) for id_, at in dict.fromkeys(statement.refs)]
    return Claim(
        text=statement.text,
        support=statement.support,
        formula=statement.formula,
        citations=tuple(Citation.of(passage, passage.sentences[at], markers[passage.id]) for passage, at in cited),
        item=statement.item,
    )


class Facts:
    """Facts of a corpus by facet and entity."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.cells = tuple(Cell(passage, index) for passage in corpus.passages for index in range(len(passage.facts)))

    def find(self, facet: str, entities: Sequence[str] = ()) -> Cell | None:
        """The first fact of a facet that is about exactly these entities (or about the whole pathway)."""
        return next(self.all(facet, entities), None)

    def all(self, facet: str, entities: Sequence[str] = ()) -> Iterator[Cell]:
        return (cell for cell in self.cells if cell.fact.facet == facet and set(cell.fact.entities) == set(entities))
