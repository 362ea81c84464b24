"""Questions that an interviewer for the target role would ask, each with the key points of a good answer.

Comes in: the passages of a pathway, and its index, by which sentences that belong together are found. Goes out:
``Question`` values, and from them a session: five of several kinds, the same five for the same seed. Every key point is
a sentence of a passage as it stands. This module writes no sentence about any pathway; it only asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

import numpy as np

from coach.answering.statements import Cell, Facts
from coach.answering.words import split_tokens
from coach.knowledge.corpus import Corpus
from coach.knowledge.glossary import term_of
from coach.knowledge.resource import VerdictOfCheck
from coach.retrieval.encoder import Encoder
from coach.retrieval.index import PassageIndex
from coach.types import Citation, Frozen, Passage

SESSION = 5
"""Questions of one session."""

MOST_NEAR = 3
"""Sentences from elsewhere that a question takes as key points, at most: a good answer names a few things."""

NEAR = 0.5
"""Cosine from which a sentence from elsewhere belongs to a question: "close in meaning", as the chat calls it."""

SKILL_OF_TERM = 0.5
"""Likewise for the passages of a glossary's category, taken together, and the name of the skill they speak for: a
single term ("tombstone") is too narrow to be like a skill."""

_HELPS = ("skill.detail", "transferable.detail", "phase.task")
"""What may help with a challenge."""


WHY = "why it matters"


class Kind(StrEnum):
    """What a question is drawn from."""

    TERM = "term"
    COMPARISON = "comparison"
    SKILL = "skill"
    TRANSFERABLE = "transferable"
    CHALLENGE = "challenge"
    PHASE = "phase"


class KeyPoint(Frozen):
    """A sentence that a good answer covers, with the place where it stands."""

    citation: Citation
    part: str
    """Which part of the question it answers, in a few words: "what it is"."""
    names: tuple[str, ...] = ()
    """Of the thing that it is about, where a question asks about two."""

    @property
    def text(self) -> str:
        return self.citation.quote

    @property
    def passage_id(self) -> str:
        return self.citation.passage_id


class Question(Frozen):
    id: str
    """Stable: the kind and the slug of what it is about, ``term/hnsw``."""
    kind: Kind
    text: str
    names: tuple[str, ...]
    """What it is about, by name."""
    points: tuple[KeyPoint, ...]
    skills: tuple[str, ...] = ()
    """Ids of skills of the pathway, to learn or brought along, that a good answer speaks for."""
    resources: tuple[str, ...] = ()
    """Ids of the passages of checked resources for those skills."""


def questions(corpus: Corpus, index: PassageIndex, encoder: Encoder) -> tuple[Question, ...]:
    """All questions of a pathway, in the order of its passages; ``index`` is over the passages of ``corpus``.

    Raises EncoderError only.
    """
    asking = _Asking(corpus, index, encoder)
    made = (
        *asking.terms(),
        *asking.comparisons(),
        *asking.skills(),
        *asking.transferable(),
        *asking.challenges(),
        *asking.phases(),
    )
    return tuple(question for question in made if question.points)


def session(every: Sequence[Question], seed: int, length: int = SESSION) -> tuple[Question, ...]:
    """So many questions, of as many kinds as there are, none twice; the same ones in the same order for the same seed.

    Kinds take turns, so that many terms do not crowd out a few challenges. Lots are drawn by hash: a question that is
    added to the pathway moves the others by one place at most.
    """
    drawn = sorted(every, key=lambda question: _lot(seed, question.id))
    kinds = sorted({question.kind for question in every}, key=lambda kind: _lot(seed, kind))
    waiting = [iter([question for question in drawn if question.kind is kind]) for kind in kinds]
    taken: list[Question] = []
    while len(taken) < min(length, len(drawn)):
        taken += [question for turn in waiting if (question := next(turn, None)) is not None]
    return tuple(taken[:length])


def _lot(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


class _Asking:
    def __init__(self, corpus: Corpus, index: PassageIndex, encoder: Encoder) -> None:
        self._corpus = corpus
        self._index = index
        self._target = corpus.pathway.target
        self._facts = Facts(corpus)
        self._cells = {cell.key: cell for cell in self._facts.cells}
        self._terms: dict[str, list[Passage]] = {}
        """By id of the term: the passage that explains it, in parts where it was too long for one."""
        for passage in corpus.passages:
            if (term := term_of(passage)) is not None:
                self._terms.setdefault(term, []).append(passage)
        self._row = {id_: row for row, id_ in enumerate(index.passages)}
        self._aliases = {term.id: term.aliases for term in corpus.terms}
        self._skill_by_category = self._skills_by_category(encoder)

    # --- Kinds ----------------------------------------------------------------------------------------------

    def terms(self) -> Iterator[Question]:
        for term, passages in self._terms.items():
            skills = self._skill_of(passages)
            yield Question(
                id=f"term/{_slug(term)}",
                kind=Kind.TERM,
                text=f"Explain “{self._name(term)}” in your own words: what is it, and why does it matter to a "
                f"{self._target}?",
                names=self._names(term),
                points=_points([*_said(passages, "term.define", "what it is"), *_said(passages, "term.why", WHY)]),
                skills=skills,
                resources=self._resources(skills),
            )

    def comparisons(self) -> Iterator[Question]:
        """Of two terms of one category, each of which names the other as related."""
        by_id = {passages[0].id: term for term, passages in self._terms.items()}
        for one, first in self._terms.items():
            for second_id in _related(first):
                other = by_id.get(second_id)
                if other is None or second_id <= first[0].id:
                    continue
                second = self._terms[other]
                if first[0].id not in _related(second) or _category(first) != _category(second):
                    continue
                skills = tuple(dict.fromkeys((*self._skill_of(first), *self._skill_of(second))))
                yield Question(
                    id=f"comparison/{_slug(one)}+{_slug(other)}",
                    kind=Kind.COMPARISON,
                    text=f"How do “{self._name(one)}” and “{self._name(other)}” differ, and what is each good for?",
                    names=(*self._names(one), *self._names(other)),
                    points=_points([
                        point
                        for facet, part in (("term.define", "what “{}” is"), ("term.why", "why “{}” matters"))
                        for term, passages in ((one, first), (other, second))
                        for point in _said(passages, facet, part.format(self._name(term)), self._names(term))[:1]
                    ]),
                    skills=skills,
                    resources=self._resources(skills),
                )

    def skills(self) -> Iterator[Question]:
        for skill in self._corpus.pathway.skills:
            told = self._part("skill.detail", f"skill:{skill.id}", "how it is learned")
            yield Question(
                id=f"skill/{skill.id}",
                kind=Kind.SKILL,
                text=f"What have you done to learn “{skill.name}”, and where have you practised it?",
                names=(skill.name, *skill.aliases),
                points=_points([*told, *self._near(skill.name, ("phase.task",), "a task that practises it")]),
                skills=(skill.id,),
                resources=self._resources((skill.id,)),
            )

    def transferable(self) -> Iterator[Question]:
        for skill in self._corpus.pathway.transferable:
            yield Question(
                id=f"transferable/{skill.id}",
                kind=Kind.TRANSFERABLE,
                text=f"You bring “{skill.name}” along as a {self._corpus.pathway.origin}. How does it help a "
                f"{self._target}?",
                names=(skill.name, *skill.aliases),
                points=_points(self._part("transferable.detail", f"transferable:{skill.id}", "how it carries over")),
                skills=(skill.id,),
                resources=self._resources((skill.id,)),
            )

    def challenges(self) -> Iterator[Question]:
        """All of them in one question, and one question each where sentences elsewhere say what helps."""
        named = [point for cell in self._cells_of("reality.challenge") for point in _told(cell, "a challenge")]
        yield Question(
            id="challenge/all",
            kind=Kind.CHALLENGE,
            text=f"What do you expect to be hardest in the work of a {self._target}?",
            names=(),
            points=_points(named),
        )
        for challenge, item in zip(named, self._corpus.pathway.reality.challenges, strict=False):
            yield Question(
                id=f"challenge/{item.id}",
                kind=Kind.CHALLENGE,
                text=f"One challenge of this work: “{challenge.text.rstrip('.')}”. What helps with it?",
                names=(),
                points=_points([
                    *self._near(challenge.text, _HELPS, "what helps"), *self._named_in(challenge.text)
                ]),
            )

    def phases(self) -> Iterator[Question]:
        for phase in self._corpus.pathway.phases:
            yield Question(
                id=f"phase/{phase.number}",
                kind=Kind.PHASE,
                text=f"Walk me through “{phase.name}”: what would you do in it?",
                names=(phase.name, *phase.aliases),
                points=_points(self._part("phase.task", f"phase:{phase.number}", "a task")),
            )

    # --- Passages -------------------------------------------------------------------------------------------

    def _name(self, term: str) -> str:
        return self._terms[term][0].heading_path[-1]

    def _names(self, term: str) -> tuple[str, ...]:
        return (self._name(term), *self._aliases.get(term, ()))

    def _named_in(self, text: str) -> list[KeyPoint]:
        """What the terms are that a text names; those in the name of the target role are known to everybody."""
        words, known = spaced(text), spaced(self._target)
        return [
            point
            for term, passages in self._terms.items()
            if any(spaced(name) in words for name in self._names(term))
            and not any(spaced(name) in known for name in self._names(term))
            for point in _said(passages, "term.define", f"what “{self._name(term)}” is")[:1]
        ][:MOST_NEAR]

    def _cells_of(self, facet: str) -> list[Cell]:
        return [cell for cell in self._facts.cells if cell.fact.facet == facet]

    def _part(self, facet: str, entity: str, part: str) -> list[KeyPoint]:
        return [point for cell in self._facts.all(facet, [entity]) for point in _told(cell, part)]

    def _near(self, text: str, facets: Collection[str], part: str) -> list[KeyPoint]:
        """The sentences of these facets that are nearest to a text, nearest first."""
        scores = self._index.search(text, limit=1).sentence_scores
        cells = [
            (score, self._cells[key])
            for key, score in scores.items()
            if score >= NEAR and key in self._cells and self._cells[key].fact.facet in facets
        ]
        cells.sort(key=lambda one: (-one[0], one[1].key))
        found = [_told(cell, part)[-1] for _, cell in cells if cell.fact.sentences]
        return [point for point in found if point.text != text][:MOST_NEAR]

    def _skills_by_category(self, encoder: Encoder) -> dict[str, tuple[str, ...]]:
        """The skill to learn whose name is nearest to the terms of each category; none where none is near."""
        skills = self._corpus.pathway.skills
        groups: dict[str, list[int]] = {}
        for passages in self._terms.values():
            groups.setdefault(_category(passages), []).append(self._row[passages[0].id])
        if not skills or not groups:
            return {}
        names = encoder.encode([skill.name for skill in skills])
        found: dict[str, tuple[str, ...]] = {}
        for category, rows in groups.items():
            mean = self._index.vectors[rows].mean(axis=0)
            cosines = names @ mean / np.linalg.norm(mean)
            best = int(np.argmax(cosines))
            found[category] = (skills[best].id,) if cosines[best] >= SKILL_OF_TERM else ()
        return found

    def _skill_of(self, passages: Sequence[Passage]) -> tuple[str, ...]:
        return self._skill_by_category.get(_category(passages), ())

    def _resources(self, skills: Iterable[str]) -> tuple[str, ...]:
        """Of resources that were looked for and found."""
        file = self._corpus.resources
        wanted = set(skills)
        ids = [
            f"{self._corpus.pathway.slug}#resources/{resource.id}"
            for resource in (file.resources if file else ())
            if resource.verdict is not VerdictOfCheck.NOT_FOUND and resource.url and wanted & set(resource.skills)
        ]
        return tuple(id_ for id_ in ids if id_ in self._corpus.by_id)


def _told(cell: Cell, part: str, names: tuple[str, ...] = ()) -> list[KeyPoint]:
    """Every sentence of a fact."""
    return [
        KeyPoint(citation=Citation.of(cell.passage, cell.passage.sentences[at]), part=part, names=names)
        for at in cell.fact.sentences
    ]


def _said(passages: Sequence[Passage], facet: str, part: str, names: tuple[str, ...] = ()) -> list[KeyPoint]:
    cells = [Cell(passage, at) for passage in passages for at in range(len(passage.facts))]
    return [point for cell in cells if cell.fact.facet == facet for point in _told(cell, part, names)]


def _points(found: Iterable[KeyPoint]) -> tuple[KeyPoint, ...]:
    """Each sentence once, with markers from 1 on."""
    once = {point.text: point for point in reversed(list(found))}
    ordered = list(reversed(once.values()))
    return tuple(
        point.model_copy(update={"citation": point.citation.model_copy(update={"marker": number})})
        for number, point in enumerate(ordered, start=1)
    )


def _related(passages: Sequence[Passage]) -> tuple[str, ...]:
    return tuple(id_ for passage in passages for sentence in passage.sentences for id_ in sentence.derived_from)


def _category(passages: Sequence[Passage]) -> str:
    return passages[0].heading_path[-2]


def spaced(text: str) -> str:
    """Words between blanks, so that a name is found in a text as whole words."""
    return f" {' '.join(split_tokens(text))} "


def _slug(entity: str) -> str:
    return entity.partition(":")[2]
