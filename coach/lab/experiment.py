"""One experiment in the Lab: what is changed, as a value that an address holds, and the answer that it gives.

Comes in: a question and an ``Experiment``, from an address or from controls. Goes out: a ``Worked``, by the real
pipeline. What changes how an answer is found (the ``Method``) costs one answer; what changes the passages needs an
index of its own, in memory, which ``Readings`` keeps for as long as it is wanted. The real index is only ever read.

It judges nothing and draws nothing. ``faults`` tells what a fault did, ``differences`` what is different.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Self, get_args

from pydantic import Field, model_validator

from coach.errors import VectorIndexError
from coach.knowledge.corpus import Corpus
from coach.knowledge.own import OwnDocument, of_learner, own_passages
from coach.lab import spoiling
from coach.lab.editing import Edit, Effect, edited
from coach.lab.resizing import Resized, Size, resized, unread
from coach.pipeline import Coach, Reading, Worked
from coach.planning.learner import Learner
from coach.types import AS_SHIPPED, Answer, Frozen, Method, Passage

MOST_EDITS = 4
"""In one experiment: an address holds no more."""

KEPT = 6
"""Readings beside the real one that are kept, about 25 MB each for the shipped knowledge: one for each size of passage
with and without headings, while somebody moves between them."""

Progress = Callable[[int, int], None]


class FaultName(StrEnum):
    """By its name in the address."""

    NO_CHECK = "no-check"
    CARELESS_WRITER = "careless-writer"
    NO_ABSTENTION = "no-abstention"
    STALE_INDEX = "stale-index"
    POISON = "poisoned-document"
    WRONG_DISTANCE = "wrong-distance"
    TINY = "tiny-passages"
    HUGE = "huge-passages"
    NO_LEXICAL = "no-lexical"
    NO_HEADINGS = "no-headings"


_METHOD: Mapping[FaultName, dict[str, object]] = {
    FaultName.NO_CHECK: {"check": False},
    FaultName.NO_ABSTENTION: {"abstain": False},
    FaultName.WRONG_DISTANCE: {"distance": "inverted"},
    FaultName.NO_LEXICAL: {"lexical": 0.0},
}


class CorpusPart(Frozen):
    """All of an experiment that needs an index of its own."""

    headings: bool = True
    size: Size = "as_written"
    edits: tuple[Edit, ...] = ()
    stale: tuple[Edit, ...] = ()
    """Made in the knowledge after it was indexed."""
    planted: OwnDocument | None = None

    @property
    def as_shipped(self) -> bool:
        return self == CorpusPart()


class Experiment(Frozen):
    """What is changed; the defaults change nothing."""

    method: Method = AS_SHIPPED
    headings: bool = True
    """False: passages are embedded without the headings above them."""
    size: Size = "as_written"
    """Of passages: as they were written, small or tiny (``resizing.BODY_PIECES``), or huge, a section each."""
    edits: Annotated[tuple[Edit, ...], Field(max_length=MOST_EDITS)] = ()
    faults: tuple[FaultName, ...] = ()
    """In the order of ``FaultName``, each once."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if {FaultName.TINY, FaultName.HUGE} <= set(self.faults):
            raise ValueError("faults: expected passages to be tiny or huge, got both")
        if list(self.faults) != [fault for fault in FaultName if fault in self.faults]:
            raise ValueError(f"faults: expected each once, in order, got {self.faults}")
        return self

    @property
    def changes_nothing(self) -> bool:
        return self == Experiment()

    def effective_method(self) -> Method:
        """With what the faults switch."""
        switched = {name: value for fault in self.faults for name, value in _METHOD.get(fault, {}).items()}
        return self.method.model_copy(update=switched)

    def to_query(self) -> dict[str, str | list[str]]:
        """Address parameters: what differs from the defaults and nothing else.

        >>> Experiment(method=Method(lexical=0, passages=3), faults=(FaultName.NO_CHECK,)).to_query()
        {'lexical': '0', 'passages': '3', 'faults': 'no-check'}
        """
        query: dict[str, str | list[str]] = {
            name: _written(value)
            for name, attribute in _METHOD_PARAMETERS.items()
            if (value := getattr(self.method, attribute)) != getattr(AS_SHIPPED, attribute)
        }
        if not self.headings:
            query["headings"] = "no"
        if self.size != "as_written":
            query["size"] = self.size
        if self.edits:
            query["edit"] = [f"{edit.passage}|{edit.sentence}|{edit.was}|{edit.text}" for edit in self.edits]
        if self.faults:
            query["faults"] = ",".join(self.faults)
        return query

    @classmethod
    def from_query(
        cls, parameters: Mapping[str, str | Sequence[str]], *, others: Collection[str] = ()
    ) -> tuple[Self, tuple[str, ...]]:
        """The experiment of an address, and a sentence for each thing in it that is not known or cannot be, which is
        then as by default. ``others`` are parameters of the same address that belong to somebody else.

        >>> Experiment.from_query({"lexical": "11", "q": "Pay?", "colour": "red"}, others=["q"])[1]
        ('lexical=11 is not possible and left out.', 'colour is no setting of the Lab and left out.')
        """
        notices: list[str] = []
        method: dict[str, object] = {}
        values: dict[str, Any] = {}
        for name, given in parameters.items():
            written = [given] if isinstance(given, str) else list(given)
            last = written[-1] if written else ""
            refused = f"{name}={last[:60]} is not possible and left out."
            if name in _METHOD_PARAMETERS:
                attribute = _METHOD_PARAMETERS[name]
                try:
                    value = _READ[attribute](last)
                    Method.model_validate({attribute: value})
                except ValueError:
                    notices.append(refused)
                else:
                    method[attribute] = value
            elif name == "headings":
                if last in ("no", "yes"):
                    values["headings"] = last == "yes"
                else:
                    notices.append(refused)
            elif name == "size":
                if last in get_args(Size):
                    values["size"] = last
                else:
                    notices.append(refused)
            elif name == "edit":
                values["edits"] = _edits(written, notices)
            elif name == "faults":
                values["faults"] = _faults(last, notices)
            elif name not in others:
                notices.append(f"{name[:60]} is no setting of the Lab and left out.")
        return cls(method=Method.model_validate(method), **values), tuple(notices)

    def only(self, *fields: str) -> Experiment:
        """As by default but for these fields."""
        return Experiment(**{name: getattr(self, name) for name in fields})


_METHOD_PARAMETERS = {
    "dense": "dense", "keys": "keys", "lexical": "lexical", "fusion": "fusion", "distance": "distance",
    "passages": "passages", "threshold": "answer_from", "abstain": "abstain", "check": "check",
}  # fmt: skip
"""Names in the address, and fields of the method."""
PARAMETERS = (*_METHOD_PARAMETERS, "headings", "size", "edit", "faults")


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"expected yes or no, got {text!r}")
    return text == "yes"


def _amount(text: str) -> float:
    """Digits as ``_written`` writes them, and not all that Python takes for a number ("1_0", " 1", "nan")."""
    if not text or not set(text) <= set("0123456789.e-"):
        raise ValueError(f"expected a number, got {text!r}")
    return float(text)


def _count(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError(f"expected a whole number, got {text!r}")
    return int(text)


_READ: Mapping[str, Callable[[str], object]] = {
    "dense": _amount, "keys": _amount, "lexical": _amount, "fusion": str, "distance": str, "passages": _count,
    "answer_from": _amount, "abstain": _yes, "check": _yes,
}  # fmt: skip


def _edits(written: Sequence[str], notices: list[str]) -> tuple[Edit, ...]:
    found: list[Edit] = []
    for text in written:
        parts = text.split("|", 3)
        try:
            passage, sentence, was, edited_to = parts
            found.append(Edit.model_validate(
                {"passage": passage, "sentence": _count(sentence), "was": was, "text": edited_to}
            ))
        except ValueError:  # ValidationError is one
            notices.append(f"An edit cannot be read and is left out: {text[:60]}")
    if len(found) > MOST_EDITS:
        notices.append(f"An address holds {MOST_EDITS} edits; the others are left out.")
    return tuple(found[:MOST_EDITS])


def _faults(written: str, notices: list[str]) -> tuple[FaultName, ...]:
    found: set[FaultName] = set()
    for name in written.split(","):
        try:
            fault = FaultName(name)
        except ValueError:
            notices.append(f"There is no fault called {name[:60]}; left out.")
            continue
        if {fault, *found} >= {FaultName.TINY, FaultName.HUGE}:
            notices.append("Passages cannot be tiny and huge at once; the second is left out.")
            continue
        found.add(fault)
    return in_order(found)


def in_order(faults: Collection[FaultName]) -> tuple[FaultName, ...]:
    return tuple(fault for fault in FaultName if fault in faults)


# --- Readings beside the real one ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Asker:
    """From what a question is answered where nothing is changed, and for whom."""

    reading: Reading
    """The pathway's, or one with a learner's own documents in it."""
    learner: Learner | None = None

    @property
    def own(self) -> tuple[Passage, ...]:
        """Passages of the learner's own documents."""
        return of_learner(self.reading.corpus.passages)

    def work(self, coach: Coach, question: str, history: Sequence[Answer] = ()) -> Worked:
        """The answer as the chat gives it. Raises EncoderError."""
        return coach.work(question, self.reading, history, learner=self.learner)


@dataclass(frozen=True)
class Sandbox:
    """A reading that an experiment answers from, and what was found in making it."""

    reading: Reading
    made_of: Mapping[str, frozenset[str]]
    """By id of a passage of the reading the ids of the real passages that it holds something of."""
    effects: tuple[Effect, ...] = ()
    """Of the edits."""
    refused: str | None = None
    """What the index's check of lengths said, where it had to be switched off."""
    unread: int = 0
    """Word pieces that the encoder never read."""
    pieces: int = 0
    """Word pieces of all passages."""


class _Entry:
    def __init__(self) -> None:
        self.building = threading.Lock()
        self.sandbox: Sandbox | None = None
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True
        if self.sandbox is not None:
            self.sandbox.reading.index.close()


class Readings:
    """The readings that were wanted last, by pathway, state of the real index, and what is changed in the passages.

    Safe to share between threads: one builds while others who want the same wait for it, and others do not. What falls
    out is closed; an answer that is being worked out from it still ends well.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str, CorpusPart], _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(
        self,
        coach: Coach,
        part: CorpusPart,
        pathway: str | None = None,
        progress: Progress | None = None,
        *,
        base: Reading | None = None,
    ) -> Sandbox:
        """The sandbox for a part, made where it is not there; the real reading where nothing is changed.

        ``base`` is what is changed, if not the pathway's own reading. One with a learner's own documents belongs into
        readings of that learner. Raises VectorIndexError, KnowledgeError and EncoderError.
        """
        real = base or coach.reading(pathway)
        if part.as_shipped:
            return Sandbox(real, {id_: frozenset({id_}) for id_ in real.index.passages})
        key = (real.corpus.pathway.slug, real.index.fingerprint, part)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            over = len(self._entries) - self._most
            out = [self._entries.popitem(last=False)[1] for _ in range(over)]
        for old in out:
            old.drop()
        with entry.building:
            if entry.sandbox is None:
                entry.sandbox = _build(coach, part, real.corpus, progress)
                if entry.dropped:
                    entry.drop()
            return entry.sandbox

    def close(self) -> None:
        """Drop all."""
        with self._lock:
            out = list(self._entries.values())
            self._entries.clear()
        for entry in out:
            entry.drop()


readings = Readings()
"""For whatever nobody typed: sizes, headings. What a visitor typed belongs into readings of their own."""


def _build(coach: Coach, part: CorpusPart, corpus: Corpus, progress: Progress | None) -> Sandbox:
    encoder = coach.encoder()
    before = edited(coach, part.edits, corpus) if part.edits else None
    indexed = _shaped(coach, before.corpus if before else corpus, part)
    today = None
    if part.stale:
        today = _shaped(coach, edited(coach, (*part.edits, *part.stale), corpus).corpus, part).corpus
    changes: dict[str, Any] = {"indexed": indexed.corpus} if today is not None else {}
    changes |= {"with_headings": part.headings, "progress": progress}
    refused, check = None, True
    if part.size == "huge":  # only there: what is edited or planted has to pass the check like anything else
        try:
            reading = coach.beside(today or indexed.corpus, **changes)
        except VectorIndexError as error:
            refused, check = str(error), False
    if part.size != "huge" or not check:
        reading = coach.beside(today or indexed.corpus, check_lengths=check, **changes)
    texts = reading.index.passages.values()
    lost, pieces = unread(texts, encoder.count_word_pieces, encoder.max_word_pieces)
    return Sandbox(reading, indexed.made_of, before.effects if before else (), refused, lost if refused else 0, pieces)


def _shaped(coach: Coach, corpus: Corpus, part: CorpusPart) -> Resized:
    """In passages of the size that is wanted, with the planted document, which is cut as any other of its kind."""
    encoder = coach.encoder()
    shaped = resized(corpus, part.size, encoder.count_word_pieces)
    if part.planted is None:
        return shaped
    planted = own_passages(
        part.planted, corpus.pathway.slug, count_pieces=encoder.count_word_pieces, limit=encoder.max_word_pieces
    )
    made_of = dict(shaped.made_of) | {passage.id: frozenset({passage.id}) for passage in planted}
    return Resized(replace(shaped.corpus, passages=(*shaped.corpus.passages, *planted)), made_of)


# --- Running ------------------------------------------------------------------------------------------------


def corpus_part(experiment: Experiment, shipped: Worked) -> CorpusPart:
    """What needs an index of its own. Two faults depend on the question, so on its answer as things are."""
    faults = set(experiment.faults)
    size: Size = "tiny" if FaultName.TINY in faults else "huge" if FaultName.HUGE in faults else experiment.size
    moved_on = spoiling.stale_edit(shipped) if FaultName.STALE_INDEX in faults else None
    return CorpusPart(
        headings=experiment.headings and FaultName.NO_HEADINGS not in faults,
        size=size,
        edits=experiment.edits,
        stale=(moved_on,) if moved_on else (),
        planted=spoiling.poison(shipped) if FaultName.POISON in faults else None,
    )


def run(
    coach: Coach,
    question: str,
    experiment: Experiment,
    history: Sequence[Answer] = (),
    *,
    pathway: str | None = None,
    asker: Asker | None = None,
    kept: Readings = readings,
    shipped: Worked | None = None,
    progress: Progress | None = None,
) -> Worked:
    """The answer to a question in an experiment. ``shipped`` is the answer as things are, if it is known already;
    ``asker`` who asks, by default nobody in particular.

    Raises VectorIndexError and EncoderError.
    """
    asker = asker or Asker(coach.reading(pathway))
    shipped = shipped or asker.work(coach, question, history)
    sandbox = kept.get(coach, corpus_part(experiment, shipped), pathway, progress, base=asker.reading)
    return run_in(coach, question, experiment, sandbox, history, asker.learner)


def run_in(
    coach: Coach,
    question: str,
    experiment: Experiment,
    sandbox: Sandbox,
    history: Sequence[Answer] = (),
    learner: Learner | None = None,
) -> Worked:
    """The same in a sandbox that is there."""
    writer = spoiling.careless if FaultName.CARELESS_WRITER in experiment.faults else None
    return coach.work(
        question, sandbox.reading, history, learner=learner, method=experiment.effective_method(), writer=writer
    )
