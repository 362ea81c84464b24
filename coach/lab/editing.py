"""One sentence of the knowledge changed, and the knowledge written anew from it: proof that the coach reads.

Comes in: a coach, a pathway, edits of sentences. Goes out: ``Edited``: the corpus that such knowledge gives, and for
each edit where the sentence came from, what followed it and what did not. Nothing is written anywhere.

A sentence of a passage is made from typed knowledge: a number of the pathway, a text of a resource, a cell of a table.
So the edit is made there. Which field it is, is found out by trying: a field that could be meant is changed, the
passages are written anew, and if the sentence then reads as it was edited, that was it. All that is computed from the
field follows. Where no field gives that sentence (its words are the coach's own), the passage alone is changed, and
what rests on it does not follow. A sentence that was computed is refused, with the passages it was computed from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, product
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from coach.answering.figures import quantities
from coach.errors import CoachError
from coach.knowledge.corpus import Corpus, build_corpus
from coach.knowledge.glossary import Glossary
from coach.knowledge.market import Market
from coach.knowledge.own import of_learner
from coach.knowledge.pathway import MarketLink, Pathway
from coach.knowledge.resource import ResourceFile
from coach.lab.places import title
from coach.pipeline import Coach, Reading, Worked
from coach.types import Fact, Frozen, Origin, Passage, Quantity, Sentence, Status

MOST_CHARS = 600
"""Of an edited sentence; an address carries it."""

MOST_TRIES = 24
"""Fields that are tried for one edit at most, 1 s. A figure stands in few fields, the small ones in most."""

QUESTIONS_TRIED = 8

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_COUNTED = re.compile(r"(\d[\d,.]*[ -][a-z]+?)s\b")
_REFERENCES = frozenset({
    "id", "slug", "pathway", "number", "url", "evidence_urls", "related", "substitutes", "soc", "code",
    "area", "industry",
})  # fmt: skip
"""Fields by which other parts of the knowledge are found: never what a sentence says."""


class Edit(Frozen):
    """Sentence ``sentence`` of passage ``passage`` now reads ``text``."""

    passage: Annotated[str, StringConstraints(pattern=r"^[^|\s]+$", max_length=300)]
    sentence: Annotated[int, Field(ge=0, le=10_000)]
    was: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
    """Digest of the sentence as it was, so that a link says when the knowledge has changed since it was made."""
    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARS)]

    @field_validator("text", mode="before")
    @classmethod
    def _one_line(cls, text: object) -> object:
        return " ".join(text.split()) if isinstance(text, str) else text

    @classmethod
    def of(cls, passage: Passage, sentence: int, text: str) -> Edit:
        """Raises ValidationError for an empty or endless text."""
        return cls(passage=passage.id, sentence=sentence, was=_digest(passage.sentences[sentence].text), text=text)


class How(StrEnum):
    """What an edit did."""

    FIELD = "field"
    """Changed the knowledge where the sentence comes from; everything else was written anew."""
    PASSAGE = "passage"
    """Changed the passage alone."""
    REFUSED = "refused"


class Place(Frozen):
    """A sentence somewhere."""

    passage_id: str
    title: str
    text: str


class Effect(Frozen):
    """What became of one edit."""

    edit: Edit
    how: How
    before: str = ""
    after: str = ""
    """How the sentence reads now: as it was edited, with "2 weeks" where somebody wrote "2 week"."""
    fields: tuple[str, ...] = ()
    """Where the knowledge was changed: ``pathway: pay[0].low: 130000 became 150000``."""
    why: str = ""
    """Why it was refused, or why only the passage was changed."""
    computed_from: tuple[str, ...] = ()
    """Titles of the passages whose facts a refused sentence was computed from."""
    followed: tuple[Place, ...] = ()
    """Other sentences that say something else now, or that there were none of before."""
    gone: tuple[Place, ...] = ()
    """First sentences of passages that there is no longer any reason for, such as a contradiction that was resolved."""
    unfollowed: tuple[Place, ...] = ()
    """Sentences of passages that rest on the edited one and still say what they said."""
    still: tuple[Place, ...] = ()
    """Sentences elsewhere that still state a figure which was edited away."""


@dataclass(frozen=True)
class Edited:
    corpus: Corpus
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class _Knowledge:
    """Everything that the passages of one pathway are written from."""

    pathway: Pathway
    resources: ResourceFile | None
    market: Market
    glossaries: tuple[Glossary, ...]
    own: tuple[Passage, ...] = ()
    """Of a learner's own documents, which are written from nothing else."""


_Leaf = tuple[str | int, ...]
"""Way to a value: the part of ``_Knowledge``, then keys and indices."""


def edited(coach: Coach, edits: Sequence[Edit], corpus: Corpus) -> Edited:
    """The corpus of a pathway with these edits, in order; each sees what those before it did.

    A learner's own documents in it stay, and can be edited as any other passage.
    """
    own = of_learner(corpus.passages)
    knowledge = _Knowledge(corpus.pathway, corpus.resources, corpus.market, tuple(coach.knowledge.glossaries), own)
    effects = []
    apart: list[Edit] = []
    for edit in edits:
        found, effect = _one(coach, corpus, knowledge, edit)
        if effect.how is How.PASSAGE:
            apart.append(edit)
            corpus = _in_passage(corpus, edit)
        elif found is not None:
            knowledge = found
            corpus = _written(coach, knowledge)
            for earlier in apart:  # written anew, so what was changed by itself is changed again
                if _sentence(corpus, earlier) is not None:
                    corpus = _in_passage(corpus, earlier)
        effects.append(effect)
    return Edited(corpus, tuple(effects))


_BY_ITSELF = (
    "No field of the knowledge makes this sentence read so: what was changed in it is the coach's own wording, or "
    "counted. So this passage alone was changed, and what is computed from it was not."
)
_OF_A_DOCUMENT = "It stands in a document of yours, from which nothing is computed: this passage alone was changed."


def _one(coach: Coach, corpus: Corpus, knowledge: _Knowledge, edit: Edit) -> tuple[_Knowledge | None, Effect]:
    passage, sentence = corpus.by_id.get(edit.passage), _sentence(corpus, edit)
    if passage is None or sentence is None:
        return None, Effect(
            edit=edit,
            how=How.REFUSED,
            why="The knowledge has changed since this link was made: the sentence is no longer there.",
        )
    if sentence.text == edit.text:
        return None, Effect(edit=edit, how=How.REFUSED, before=sentence.text, why="The sentence says that already.")
    if sentence.formula:
        rests = [corpus.by_id[id_] for id_ in sentence.derived_from if id_ in corpus.by_id]
        return None, Effect(
            edit=edit,
            how=How.REFUSED,
            before=sentence.text,
            why=f"Nobody wrote this sentence: it was computed, {sentence.formula}. Edit what it was computed from, and "
            "it follows.",
            computed_from=tuple(dict.fromkeys(title(one) for one in rests)),
        )
    found = _traced(knowledge, passage, sentence.text, edit.text)
    if found is None:
        after = _in_passage(corpus, edit)
        effect = Effect(
            edit=edit,
            how=How.PASSAGE,
            before=sentence.text,
            after=edit.text,
            why=_OF_A_DOCUMENT if passage.origin is Origin.LEARNER else _BY_ITSELF,
            unfollowed=_resting_on(corpus, passage.id, after),
            still=_still(after, sentence.text, edit.text, edit),
        )
        return None, effect
    changed, reads, leaves = found
    after = _written(coach, changed)
    return changed, Effect(
        edit=edit,
        how=How.FIELD,
        before=sentence.text,
        after=reads,
        fields=leaves,
        followed=_followed(corpus, after, reads),
        gone=tuple(_place(one, one.sentences[0].text) for one in corpus.passages if one.id not in after.by_id),
        still=_still(after, sentence.text, reads, edit),
    )


def _sentence(corpus: Corpus, edit: Edit) -> Sentence | None:
    """The sentence that an edit means, if it still reads as it did."""
    passage = corpus.by_id.get(edit.passage)
    if passage is None or edit.sentence >= len(passage.sentences):
        return None
    sentence = passage.sentences[edit.sentence]
    return sentence if _digest(sentence.text) == edit.was else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _written(coach: Coach, knowledge: _Knowledge) -> Corpus:
    encoder = coach.encoder()
    corpus = _corpus(knowledge, encoder.count_word_pieces, encoder.max_word_pieces)
    return replace(corpus, passages=(*corpus.passages, *knowledge.own))


def _corpus(knowledge: _Knowledge, count_pieces: Any, limit: int) -> Corpus:
    return build_corpus(
        knowledge.pathway,
        [knowledge.resources] if knowledge.resources else [],
        knowledge.market,
        glossaries=knowledge.glossaries,
        count_pieces=count_pieces,
        limit=limit,
    )


# --- Where a sentence comes from ----------------------------------------------------------------------------


def _traced(
    knowledge: _Knowledge, passage: Passage, old: str, new: str
) -> tuple[_Knowledge, str, tuple[str, ...]] | None:
    """The knowledge so changed that the sentence reads ``new``, how it reads to the letter, and what was changed; None
    if no field does it."""
    whole = _whole(_trial(knowledge, passage), passage)
    if whole is None or old not in [sentence.text for sentence in whole.sentences]:
        return None  # one that was cut because it is too long for the encoder
    at = [sentence.text for sentence in whole.sentences].index(old)
    for changes in islice(_candidates(knowledge, passage, old, new), MOST_TRIES):
        try:
            changed = _changed(knowledge, changes)
            written = _whole(_trial(changed, passage), passage)
        except (CoachError, ValueError, LookupError):
            continue  # no such knowledge can be: a range whose end is before its start, a reference to nothing
        if written is not None and at < len(written.sentences) and _loose(written.sentences[at].text) == _loose(new):
            told = tuple(
                f"{_way(leaf)}: {_short(_value(knowledge, leaf))} became {_short(_value(changed, leaf))}"
                for leaf in changes
            )
            return changed, written.sentences[at].text, told
    return None


def _trial(knowledge: _Knowledge, passage: Passage) -> Corpus:
    """A corpus that has the passage, unsplit, without what cannot bear on it: most of the time goes into that."""
    if passage.origin is not Origin.GLOSSARY:
        knowledge = replace(knowledge, glossaries=())
    if passage.origin not in (Origin.MARKET, Origin.DERIVED):
        unlinked = knowledge.pathway.model_copy(update={"market": MarketLink()})
        knowledge = replace(knowledge, market=Market(), pathway=unlinked)
    return _corpus(knowledge, _nothing, 1)


def _loose(text: str) -> str:
    """
    >>> _loose("It takes 2 weeks, or 3 at most.") == _loose("It takes 2 week, or 3 at most.")
    True
    """
    return _COUNTED.sub(r"\1", text)


def _nothing(_text: str) -> int:
    """Of no length, so that no passage is split."""
    return 0


def _whole(corpus: Corpus, passage: Passage) -> Passage | None:
    """The passage before it was split for the encoder."""
    return corpus.by_id.get(re.sub(r"~\d+$", "", passage.id))


def _candidates(
    knowledge: _Knowledge, passage: Passage, old: str, new: str
) -> Iterator[dict[_Leaf, object]]:
    """What could be changed, the likeliest first: numbers, then texts."""
    leaves = [
        (leaf, value)
        for part in _parts_of(passage)
        for leaf, value in _leaves(_dump(knowledge, part), (part,))
        if not _refers(leaf)
    ]
    yield from _numbers(leaves, old, new)
    yield from _texts(leaves, old, new)


def _numbers(leaves: Sequence[tuple[_Leaf, object]], old: str, new: str) -> Iterator[dict[_Leaf, object]]:
    if _NUMBER.sub("#", _loose(old)) != _NUMBER.sub("#", _loose(new)):
        return
    pairs = zip(_figures(old), _figures(new), strict=True)
    differing = list(dict.fromkeys((was, now) for was, now in pairs if was != now))
    fields = [
        [
            (leaf, _like(now, value))
            for leaf, value in leaves
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) == was
        ]
        for was, now in differing
    ]
    for chosen in product(*fields):
        yield dict(chosen)


def _like(figure: float, old: float) -> float:
    """With the sign of what it takes the place of, and whole where that was whole."""
    signed = -figure if old < 0 else figure
    return int(signed) if isinstance(old, int) and signed.is_integer() else signed


def _figures(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]


def _texts(leaves: Sequence[tuple[_Leaf, object]], old: str, new: str) -> Iterator[dict[_Leaf, object]]:
    """Texts that hold the sentence, then those that are a part of it, with the edit made in them."""
    texts = [(leaf, value) for leaf, value in leaves if isinstance(value, str)]
    for leaf, value in texts:
        flat = " ".join(value.split())
        if old in flat:
            yield {leaf: flat.replace(old, new, 1)}
        elif flat and _start(flat) + "." == old:  # a phrase, which is shown as a sentence
            yield {leaf: new.removesuffix(".")}
    before, was, now = _middle(old, new)
    for leaf, value in texts:
        flat = " ".join(value.split())
        place = old.lower().find(flat.lower().removesuffix("."))
        if not was or place < 0 or not place <= before or before + len(was) > place + len(flat):
            continue
        yield {leaf: flat[: before - place] + now + flat[before - place + len(was) :]}


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]


def _middle(old: str, new: str) -> tuple[int, str, str]:
    """Where two texts begin to differ, at the start of a word, and the words that differ in each.

    >>> _middle("rated as moderate.", "rated as hard.")
    (9, 'moderate', 'hard')
    """
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    while head and old[head - 1].isalnum():
        head -= 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    while tail and old[len(old) - tail].isalnum():
        tail -= 1
    return head, old[head : len(old) - tail], new[head : len(new) - tail]


def _refers(leaf: _Leaf) -> bool:
    """Whether the field is there to find something else by, as the list of phases that use a resource is."""
    keys = [key for key in leaf if isinstance(key, str)]
    lists = leaf[0] == "resources" and keys[-1] in ("phases", "skills", "actions")
    return keys[-1] in _REFERENCES or lists or (leaf[0] == "pathway" and keys[-1] == "resources")


_PARTS: Mapping[Origin, tuple[str, ...]] = {
    Origin.PATHWAY: ("pathway", "resources"),
    Origin.RESOURCE: ("resources", "pathway"),
    Origin.MARKET: ("market", "pathway"),
    Origin.GLOSSARY: ("glossaries",),
    Origin.DERIVED: ("pathway", "resources", "market"),
}


def _parts_of(passage: Passage) -> tuple[str, ...]:
    """Where its sentences can come from, the likeliest first."""
    return _PARTS.get(passage.origin, ())


def _dump(knowledge: _Knowledge, part: str) -> Any:
    value = getattr(knowledge, part)
    if isinstance(value, tuple):
        return [one.model_dump(mode="json") for one in value]
    return None if value is None else value.model_dump(mode="json")


def _leaves(data: object, way: _Leaf) -> Iterator[tuple[_Leaf, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*way, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from _leaves(value, (*way, at))
    else:
        yield way, data


def _changed(knowledge: _Knowledge, changes: Mapping[_Leaf, object]) -> _Knowledge:
    """Raises ValidationError for what no such file could hold."""
    dumps = {str(leaf[0]): _dump(knowledge, str(leaf[0])) for leaf in changes}
    for leaf, value in changes.items():
        data: Any = dumps[str(leaf[0])]
        for key in leaf[1:-1]:
            data = data[key]
        data[leaf[-1]] = value
    models: dict[str, type[Frozen]] = {"pathway": Pathway, "resources": ResourceFile, "market": Market}
    made: dict[str, Any] = {
        part: tuple(Glossary.model_validate(one) for one in data)
        if part == "glossaries"
        else models[part].model_validate(data)
        for part, data in dumps.items()
    }
    return replace(knowledge, **made)


def _value(knowledge: _Knowledge, leaf: _Leaf) -> object:
    data: Any = _dump(knowledge, str(leaf[0]))
    for key in leaf[1:]:
        data = data[key]
    return data


def _way(leaf: _Leaf) -> str:
    """
    >>> _way(("pathway", "pay", 0, "low"))
    'pathway: pay[0].low'
    """
    part, *rest = leaf
    steps = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in rest)
    return f"{part}: {steps.removeprefix('.')}"


def _short(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
    text = str(value)
    return f"“{text if len(text) <= 80 else text[:79] + '…'}”"


# --- What followed and what did not --------------------------------------------------------------------------


def _place(passage: Passage, text: str) -> Place:
    return Place(passage_id=passage.id, title=title(passage), text=text)


def _followed(before: Corpus, after: Corpus, edited_to: str) -> tuple[Place, ...]:
    found = []
    for passage in after.passages:
        earlier = before.by_id.get(passage.id)
        known = {sentence.text for sentence in earlier.sentences} if earlier else set()
        found += [
            _place(passage, sentence.text)
            for sentence in passage.sentences
            if sentence.text not in known and sentence.text != edited_to
        ]
    return tuple(found)


def _resting_on(corpus: Corpus, passage_id: str, after: Corpus) -> tuple[Place, ...]:
    """Sentences computed from a passage, or from what was computed from it, that did not change."""
    changed = {passage_id}
    grew = True
    while grew:
        more = {p.id for p in corpus.passages if p.id not in changed and changed & set(p.derived_from)}
        changed |= more
        grew = bool(more)
    return tuple(
        _place(passage, sentence.text)
        for passage in corpus.passages
        if passage.id in changed and passage.id != passage_id and after.by_id.get(passage.id) == passage
        for sentence in passage.sentences
        if changed & set(sentence.derived_from)
    )


def _still(corpus: Corpus, old: str, new: str, edit: Edit) -> tuple[Place, ...]:
    """Sentences that state what was edited away. Weeks and counts are the same for many things, so there it takes a
    thing that both are about."""
    away = _stated(old) - _stated(new)
    if not away:
        return ()
    telling = {name for fact in _facts_of(corpus.by_id[edit.passage], edit.sentence) for name in fact.entities}
    return tuple(
        _place(passage, sentence.text)
        for passage in corpus.passages
        for at, sentence in enumerate(passage.sentences)
        if sentence.text != new
        and any(
            low != high or unit in _TELLING or telling & {n for fact in _facts_of(passage, at) for n in fact.entities}
            for unit, low, high in away & _stated(sentence.text)
        )
    )


_TELLING = frozenset({"money", "percent"})


def _stated(text: str) -> set[tuple[str, float, float | None]]:
    return {(quantity.unit.value, quantity.low, quantity.high) for quantity in quantities(text)}


def _facts_of(passage: Passage, sentence: int) -> list[Fact]:
    return [fact for fact in passage.facts if sentence in fact.sentences]


# --- One passage alone ---------------------------------------------------------------------------------------


def _in_passage(corpus: Corpus, edit: Edit) -> Corpus:
    """The corpus with this sentence in its passage; offsets, question keys and typed values move along."""
    changed = _rewritten(corpus.by_id[edit.passage], edit.sentence, edit.text)
    return replace(
        corpus, passages=tuple(changed if passage.id == changed.id else passage for passage in corpus.passages)
    )


def _rewritten(passage: Passage, at: int, text: str) -> Passage:
    old = passage.sentences[at]
    longer = len(text) - len(old.text)
    sentences = [
        sentence
        if number < at
        else sentence.model_copy(update={"text": text, "end": sentence.end + longer})
        if number == at
        else sentence.model_copy(update={"start": sentence.start + longer, "end": sentence.end + longer})
        for number, sentence in enumerate(passage.sentences)
    ]
    facts = [
        fact.model_copy(
            update={
                "questions": tuple(dict.fromkeys(text if key == old.text else key for key in fact.questions)),
                "value": _read_again(fact.value, old.text, text),
            }
        )
        if at in fact.sentences
        else fact
        for fact in passage.facts
    ]
    return passage.model_copy(
        update={
            "text": passage.text[: old.start] + text + passage.text[old.end :],
            "sentences": tuple(sentences),
            "facts": tuple(facts),
        }
    )


def _read_again(value: Quantity | None, old: str, new: str) -> Quantity | None:
    """What the sentence now says where it said ``value``; None where it says no such thing any more."""
    if value is None or (value.unit.value, value.low, value.high) not in _stated(old):
        return value  # said by another sentence of the fact, or counted
    was = [found for found in quantities(old) if found.unit is value.unit]
    now = [found for found in quantities(new) if found.unit is value.unit]
    at = next(at for at, found in enumerate(was) if (found.low, found.high) == (value.low, value.high))
    return now[at].model_copy(update={"text": value.text, "noun": value.noun}) if at < len(now) else None


# --- Does the answer follow ----------------------------------------------------------------------------------


class Follows(StrEnum):
    """How an answer stands to an edit."""

    YES = "yes"
    """It rests on the edited sentence and no longer on the old one."""
    COMPUTED = "computed"
    """It does not say the sentence, but something that was written anew with it."""
    APART = "apart"
    """Neither answer rests on the sentence."""
    NO = "no"
    """It rested on the sentence and does not say what it says now."""


def follows(before: Worked, after: Worked, effect: Effect) -> Follows:
    """How the answer after an edit stands to it, from what both answers say and cite."""
    old, new = _says(before), _says(after)
    if effect.before in new:
        return Follows.NO
    if effect.after in new:
        return Follows.YES
    anew = {place.text for place in effect.followed}
    if new & anew:
        return Follows.COMPUTED
    rested = effect.before in old or bool(old & {place.text for place in effect.gone})
    return Follows.NO if rested else Follows.APART


def _says(worked: Worked) -> set[str]:
    """Claims that are shown and the sentences that they cite."""
    claims = worked.answer.claims
    return {claim.text for claim in claims} | {citation.quote for claim in claims for citation in claim.citations}


def questions_for(passage: Passage, sentence: int) -> tuple[str, ...]:
    """Questions that the sentence answers, those first for which it is the whole answer; never the sentence itself."""
    facts = sorted(_facts_of(passage, sentence), key=lambda fact: len(fact.sentences))
    said = {one.text for one in passage.sentences}
    return tuple(dict.fromkeys(key for fact in facts for key in fact.questions if key not in said))


def question_that_shows(coach: Coach, passage: Passage, sentence: int, reading: Reading) -> str | None:
    """The first of the sentence's questions whose answer from this reading rests on it."""
    text = passage.sentences[sentence].text
    for question in questions_for(passage, sentence)[:QUESTIONS_TRIED]:
        worked = coach.work(question, reading)
        if worked.answer.status is Status.ANSWERED and text in _says(worked):
            return question
    return None
