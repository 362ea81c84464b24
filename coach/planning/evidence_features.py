"""What speaks for a stretch of a resume showing a skill: the one home of every feature.

Comes in: stretches of text, subjects (skills, or the demands of a posting) and an encoder. Goes out: a row of numbers
for each pair, which ``evidence_weights.yaml`` weighs. The same code fits the weights and uses them. It knows nothing of
scope: what somebody else did never gets here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from lemminflect import getAllLemmas
from numpy.typing import NDArray

from coach.answering.words import frequency, split_tokens, stem, token_spans
from coach.planning.clauses import POST, Clause, sentences_of
from coach.planning.kin import INFLECTED, PLAIN, SMALL, Kin, Matrix, Phrase, Table, content, kin_of, links
from coach.retrieval.encoder import Encoder

FEATURES = (
    "named",  # its name, an alias, or a name of one of its fields stands there, by how clearly the words mean it
    "term",  # a tool that the guide names for it, unless it is known to be of another field, or a term of its fields
    "deed_lead",  # by how much the closest deed of its fields is closer than the closest deed of any other field
    "worded",  # how much its words are those of its fields
    "like_about",  # cosine to its name and description
    "setting",  # how near the rest of the text, without the words that name it, is to its fields: no snakes for Python
)
"""Each can only speak for a skill: that a text tells of something else is seen by what leads (``evidence.RIVAL``)."""

TOLD_WORDS = 4
"""Words from which a text can tell a deed; with fewer it can only name something."""

REST_WORDS = 2
"""Words from which what stands around a name says something of where it belongs."""

CLEAR = 0.75
"""Weight from which words are a name and nothing else."""

TIED = 0.3
"""From how close a tie a term of a field shows that a text is about a subject."""

LINK_POWER = 1.5
"""How much less the words of a field say, the less closely the subject is tied to it."""

BESIDE = 0.45
"""Nearness from which another field is so close that a deed of it speaks for both."""

UNKNOWN = 0.8
"""What being like its description says of a skill, for what being like a deed says."""

CLOSE = 0.6
"""Nearness from which a deed of another field is one of this, as debugging is problem solving."""

MADE_OF = 3.5
"""Zipf frequency from which a word is a thing that everybody handles: videos, clips, maps; no term of a trade."""

USUAL_SETTING = 0.3
"""What a text that says nothing of where it belongs comes to, about."""


@dataclass(frozen=True)
class Subject:
    """Something that a resume may show: a skill, or a demand of a posting."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    about: str = ""
    tools: tuple[str, ...] = ()
    """Products, methods and courses that the guide names for it."""
    advanced: bool = False
    """Whether a little of it is not enough."""


PLATFORMS = frozenset(
    "coursera udemy edx youtube skillshare linkedin openlearn udacity datacamp codecademy freecodecamp futurelearn "
    "pluralsight google amazon github medium reddit o'reilly oreilly khan alison guide university academy open free "
    "learn learning applied english september october november december january february march april june july "
    "august mit stanford harvard oxford cambridge".split()
)
"""Where courses are found and how they are called: naming one shows no skill."""

_PART = r"[A-Z](?:[\w+#/-]|\.(?=\w))*"
_NAME = re.compile(rf"{_PART}(?:'s)?(?:\s+(?:{_PART}|\d[\w.]*))*|\b[a-z]+(?:[A-Z]|\d)[\w-]*")
_TITLE = re.compile(r"[‘'“\"]([A-Z][^‘’'“”\"]{5,80})[’'”\"]")


def tools_named(text: str) -> tuple[str, ...]:
    """Products, methods, people and titles that a description names, in order.

    >>> tools_named("Read 'Design for How People Learn' by Julie Dirksen. Practise with Moodle on Coursera.")
    ('Design for How People Learn', 'Julie Dirksen', 'Dirksen', 'Moodle')
    """
    titles = [match.group(1) for match in _TITLE.finditer(text)]
    rest = _TITLE.sub(" ", text)
    found = list(titles)
    for match in _NAME.finditer(rest):
        words = [word.removesuffix("'s").strip(".,/-") for word in match.group().split()]
        opens = match.start() == 0 or rest[: match.start()].rstrip()[-1:] in {"", ".", ":", "!", "?"}
        if opens and frequency(words[0].lower()) > 3.3 and not any(char.isupper() for char in words[0][1:]):
            words = words[1:]
        words = [word for word in words if word.lower() not in PLATFORMS and len(word) > 1]
        if not words:
            continue
        found.append(" ".join(words))
        if len(words) > 1:
            found += [word for word in words if len(word) > 3 and frequency(word.lower()) < 3.6]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Unit:
    """A stretch that is judged as one: a clause, clauses of a sentence together, or an entry of an enumeration."""

    text: str
    clauses: tuple[Clause, ...]
    listed: bool
    cased: bool = False
    """Whether its document writes names with capitals, so that a python in small letters is an animal."""


_ENTRY = re.compile(r"\s*[,;|·•]\s*|\s+[–—-]\s+|\s+/\s+|\s+(?:and|&)\s+")
_WORD = re.compile(r"\b[a-z]{3,}\b")
_LABEL = re.compile(r"^\W*[^:]{2,40}?:\s+")


def units(clauses: Sequence[Clause]) -> tuple[Unit, ...]:
    """The stretches of the writer's own clauses; of one sentence both the whole and the parts."""
    found: list[Unit] = []
    starts = [clause.text.lstrip("\"'(")[:1] for clause in clauses]
    cased = sum(start.isupper() for start in starts) > sum(start.islower() for start in starts)
    for together in sentences_of(clauses):
        told = [clause for clause in together if not clause.listed and not clause.title]
        for clause in together:
            if clause.title:
                found += [entry for entry in _entries(clause, cased) if POST.search(entry.text)]
            elif clause.listed:
                found += _entries(clause, cased)
        if told:
            whole = "; ".join(clause.text for clause in told)
            found.append(Unit(whole, tuple(told), listed=len(whole.split()) < TOLD_WORDS, cased=cased))
        if len(told) > 1:
            found += [
                Unit(clause.text, (clause,), listed=False, cased=cased)
                for clause in told
                if len(clause.text.split()) >= TOLD_WORDS
            ]
    return tuple(found)


def _entries(clause: Clause, cased: bool) -> Iterable[Unit]:
    text = _LABEL.sub("", clause.text)
    parts = [part.strip(" .") for part in _ENTRY.split(text) if part.strip(" .")]
    return [Unit(part, (clause,), listed=True, cased=cased) for part in parts]


@dataclass
class _Known:
    """What is worked out of a subject once."""

    links: dict[int, float]
    names: tuple[str, ...]
    about_vector: NDArray[np.float32]
    about: frozenset[str]
    """Words after a "for" without which the name says nothing: "vector search"; empty for a name that does."""
    own: dict[int, float] = field(default_factory=dict)
    """Its fields, and those so close to them that a deed of theirs is one of this."""
    words: frozenset[str] = frozenset()
    """Stems of what it and its fields are about."""
    near: Matrix = field(default_factory=lambda: np.zeros(0))
    """How near each field is to the nearest of its own."""


class Features:
    """The features of any text for a fixed set of subjects."""

    def __init__(self, subjects: Sequence[Subject], encoder: Encoder, kin: Kin | None = None) -> None:
        self.subjects = tuple(subjects)
        self.encoder = encoder
        self.kin = kin or kin_of(encoder)
        called = [self._called(subject) for subject in subjects]
        texts = [text for subject, names in zip(subjects, called, strict=True) for text in (*names, _whole(subject))]
        vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dimensions), dtype=np.float32)
        self._known: list[_Known] = []
        at = 0
        for subject, names in zip(subjects, called, strict=True):
            own = vectors[at : at + len(names) + 1]
            at += len(own)
            about = self._about(subject.name)
            known = _Known(links(self.kin, names, subject.about, own), names, own[-1], about)
            known.near = self._near(known)
            close = {int(at): float(known.near[at]) for at in np.flatnonzero(known.near >= CLOSE)}
            texts = [subject.name, *subject.aliases, subject.about, *subject.tools]
            for number in known.links:
                texts += [*self.kin.fields[number].names, *self.kin.fields[number].terms]
            known.words = frozenset(stem(word) for text in texts for word in split_tokens(text))
            known.own = {**close, **known.links}
            self._known.append(known)
        self._names = Table((number, name, True) for number, known in enumerate(self._known) for name in known.names)
        self._tools = Table(
            (number, tool, False)
            for number, subject in enumerate(subjects)
            for tool in subject.tools
            # A word of the name is no tool beside it: "AI" for "AI basics".
            if not any(set(content(tool)) <= set(content(name)) for name in (subject.name, *subject.aliases))
        )
        self._listed = [
            {word.lower() for link in known.links if known.links[link] >= 0.5 for word in self.kin.fields[link].listed}
            for known in self._known
        ]

    def outside(self, column: int, unit: Unit) -> bool:
        """Whether a stretch leaves out what the subject is about: tuning of engines for "Tuning for vector search"."""
        known = self._known[column]
        if not known.about:
            return False
        said = self._said(unit.text, unit.cased)
        named = [p for p in (*said.names, *said.tools) if p.field == column]
        tied = [p for p in said.kin if known.links.get(p.field, 0.0) >= TIED]
        return not named and not tied and not known.about & {stem(word) for word in said.words}

    def own_name(self, column: int, stretches: Sequence[Unit]) -> NDArray[np.bool_]:
        """Which stretches name a subject by its own name, and not by that of its field."""
        found = []
        for unit in stretches:
            calm = _calm(unit.text)
            said = self._said(calm, unit.cased and calm == unit.text)
            exact = unit.listed and unit.text.strip().lower() in {name.lower() for name in self._known[column].names}
            clear = any(phrase.field == column and phrase.weight >= CLEAR for phrase in said.names)
            found.append(exact or clear and not (unit.listed and self._another(unit.text)))
        return np.array(found, dtype=bool)

    def product(self, column: int) -> bool:
        """Whether a subject is called like a product that is no field by itself: "Spring Boot", not "Python"."""
        return self.is_product(self.subjects[column].name)

    def is_product(self, name: str) -> bool:
        return is_name(name) and not self.kin.named(content(name)) and name.lower() not in self.kin.listed

    def ties(self, texts: Sequence[str]) -> Matrix:
        """How surely the guide's own words for each subject cover what is asked for: ``(texts, subjects, 2)``.

        First by its name and the tools that the guide names for it, then by the fields that both belong to.
        """
        ties = np.zeros((len(texts), len(self.subjects), 2))
        for row, text in enumerate(texts):
            said = self._said(text, cased=False)
            size = max(len(content(text)), 1)
            for column, known in enumerate(self._known):
                for phrase in (*said.names, *said.tools):
                    if phrase.field == column:
                        whole = phrase.weight * min(1.0, 0.5 + 0.5 * (phrase.end - phrase.start) / size)
                        ties[row, column, 0] = max(ties[row, column, 0], whole)
                roots = set(content(self.subjects[column].name))
                if len(roots) > 1 and roots <= set(content(text)):
                    ties[row, column, 0] = 1.0  # "forecast demand" is demand forecasting
                for phrase in said.kin:
                    tied = known.links.get(phrase.field, 0.0) * phrase.weight
                    whole = tied * min(1.0, 0.5 + 0.5 * (phrase.end - phrase.start) / size)
                    ties[row, column, 1] = max(ties[row, column, 1], whole)
        return ties

    def _about(self, name: str) -> frozenset[str]:
        head, _, rest = (part.strip() for part in _FOR.sub("\0", name).partition("\0"))
        vague = rest and not self.kin.named(content(head)) and set(content(head)) <= PLAIN
        return frozenset(content(rest)) - PLAIN if vague else frozenset()

    def _called(self, subject: Subject) -> tuple[str, ...]:
        """Its name and the aliases that say as much.

        "Performance tuning" leaves out what "Performance tuning for engines" is about, whereas "SQL" is "SQL for
        reporting": it is the name of a field by itself. An alias that names another field than the name is left out.
        """
        full = content(subject.name)
        meant = self.kin.named(full)
        kept = [subject.name]
        for alias in (_FOR.split(subject.name, maxsplit=1)[0], *subject.aliases):
            short = content(alias)
            owners = self.kin.named(short)
            if not short or alias in kept or (set(short) < set(full) and not owners):
                continue
            if meant and owners and not meant & owners:
                continue
            kept.append(alias)
        return tuple(kept)

    def rows(self, stretches: Sequence[Unit]) -> NDArray[np.float64]:
        """Shape ``(len(stretches), len(subjects), len(FEATURES))``."""
        rows = np.zeros((len(stretches), len(self.subjects), len(FEATURES)))
        if not len(stretches) or not self.subjects:
            return rows
        texts = [_calm(unit.text) for unit in stretches]
        vectors = self.encoder.encode(
            [
                self._without_small_names(text) if unit.cased and text == unit.text else text
                for text, unit in zip(texts, stretches, strict=True)
            ]
        )
        deeds = self.kin.deed_likeness(vectors)
        found = [
            self._said(text, unit.cased and text == unit.text) for text, unit in zip(texts, stretches, strict=True)
        ]
        worded = [
            self.kin.worded(
                [word for at, word in enumerate(said.words) if not (at in said.small and word in self.kin.proper)]
            )
            for said in found
        ]
        settings = self._settings(found, [unit.listed for unit in stretches])
        for row, unit in enumerate(stretches):
            for column, known in enumerate(self._known):
                values = self._naming(column, known, found[row], unit)
                values["setting"] = settings[row, column]
                if not unit.listed:
                    values |= _meaning(known, vectors[row], deeds[row])
                    values["worded"] = max((share * worded[row][at] for at, share in known.own.items()), default=0.0)
                rows[row, column] = [values.get(name, 0.0) for name in FEATURES]
        return rows

    def _without_small_names(self, text: str) -> str:
        """What python does in small letters must not be read as the language."""
        return _WORD.sub(lambda found: "" if found.group() in self.kin.proper else found.group(), text).strip() or text

    def _said(self, text: str, cased: bool) -> _Said:
        text = _plain_letters(text)
        words = tuple(split_tokens(text))
        small = frozenset(
            at for at, (start, _) in enumerate(token_spans(text)) if cased and text[start : start + 1].islower()
        )
        proper = self.kin.proper
        return _Said(
            words,
            small,
            self._names.find(words, small, proper),
            self._tools.find(words, small, proper),
            self.kin.table.find(words, small, proper),
        )

    def _settings(self, found: Sequence[_Said], listed: Sequence[bool]) -> Matrix:
        """For each text and subject how near what is said around its names is to the subject's fields."""
        rests: dict[str, int] = {}
        places: list[list[int]] = []
        for said, entry in zip(found, listed, strict=True):
            row = []
            for column, known in enumerate(self._known):
                named = [p for p in (*said.names, *said.tools) if p.field == column]
                named += [p for p in said.kin if p.field in known.links]
                covered = {at for phrase in named for at in range(phrase.start, phrase.end)}
                rest = [word for at, word in enumerate(said.words) if at not in covered]
                row.append(-1 if entry or len(rest) < REST_WORDS else rests.setdefault(" ".join(rest), len(rests)))
            places.append(row)
        near = np.stack([known.near for known in self._known], axis=1)
        shares = self.kin.likely(self.encoder.encode(list(rests))) @ near if rests else np.zeros((0, near.shape[1]))
        values = np.zeros((len(found), len(self._known)))
        for row_number, row in enumerate(places):
            for column, place in enumerate(row):
                if place >= 0:
                    values[row_number, column] = shares[place, column] - USUAL_SETTING
        return values

    def _near(self, known: _Known) -> Matrix:
        near = np.zeros(len(self.kin.fields))
        for number, strength in known.links.items():
            near = np.maximum(near, strength * self.kin.nearness[number])
        return near

    def links(self, column: int) -> dict[int, float]:
        return self._known[column].links

    def _naming(self, column: int, known: _Known, said: _Said, unit: Unit) -> dict[str, float]:
        here = {number: strength**LINK_POWER for number, strength in known.links.items()}
        own = max((self._as_noun(p, said, known) for p in said.names if p.field == column), default=0.0)
        if unit.listed and unit.text.strip().lower() in self._listed[column] | {name.lower() for name in known.names}:
            own = 1.0
        tools = [p.weight for p in said.tools if p.field == column and not self._far(p, said.kin, known.links)]
        of_kin = [phrase for phrase in said.kin if phrase.field in here]
        named = max((own, *(here[p.field] * self._as_noun(p, said, known) for p in of_kin if p.named)))
        term = max((0.0, *tools, *(here[p.field] * p.weight for p in of_kin if not p.named)))
        sure = INFLECTED if unit.listed and self._another(unit.text) else 1.0
        return {"named": sure * named, "term": sure * term}

    def _as_noun(self, phrase: Phrase, said: _Said, known: _Known) -> float:
        """The weight of a name, less where it is a verb: "embedding videos" is no skill of "embedding models"."""
        beside = next((word for word in said.words[phrase.end :] if word != "of"), "")
        verb = phrase.end - phrase.start == 1 and said.words[phrase.start].endswith("ing") and beside.isalpha()
        if verb and "NOUN" in getAllLemmas(beside) and frequency(beside) > MADE_OF and stem(beside) not in known.words:
            return SMALL * phrase.weight
        return phrase.weight

    def _another(self, entry: str) -> bool:
        """Whether an entry names something else by a word that is a name only by itself: "Python handling"."""
        # "Proficient in Python" and "Used Python" name it; only what stands beside it may change what it means.
        entry = _BESIDE_NAME.sub(" ", entry)
        words = split_tokens(entry)
        led = split_tokens(_LEADING.sub("", entry))
        words = led if self.kin.proper & set(led) else words
        return bool(self.kin.proper & set(words)) and any(
            word not in self.kin.proper and word.isalpha() and stem(word) not in PLAIN and not self.kin.fields_of(word)
            for word in words
        )

    def _far(self, tool: Phrase, found: Sequence[Phrase], here: dict[int, float]) -> bool:
        """Whether a tool is known to belong to fields none of which is the subject's."""
        owners = {p.field for p in found if p.start <= tool.start and tool.end <= p.end}
        return bool(owners) and not any(here.get(owner, 0.0) >= 0.6 for owner in owners)


@dataclass(frozen=True)
class _Said:
    """What the words of one text name."""

    words: tuple[str, ...]
    small: frozenset[int]
    """Places of words in small letters, in a text that knows capitals."""
    names: tuple[Phrase, ...]
    tools: tuple[Phrase, ...]
    kin: tuple[Phrase, ...]


def _meaning(known: _Known, vector: NDArray[np.float32], deeds: Matrix) -> dict[str, float]:
    """``deeds``: cosine of the text to the closest deed of each field."""
    like_about = float(known.about_vector @ vector)
    # A skill of no field that is known goes by its description alone.
    own = [strength * deeds[number] for number, strength in known.own.items()]
    deed = float(max(own, default=UNKNOWN * like_about))
    return {"deed_lead": deed - float(deeds[known.near < BESIDE].max()), "like_about": like_about}


def is_name(text: str) -> bool:
    """Whether a text is called like a product: "Spring Boot", "dbt", "C++"; no "Video editing", no "Monitoring".

    >>> [is_name(text) for text in ("Spring Boot", "SAP", "FAISS", "Monitoring", "Video editing", "sharding")]
    [True, True, True, False, False, False]
    """
    words = text.split()
    if not 0 < len(words) <= 3 or any(word[:1].islower() for word in words):
        return False
    return len(words) > 1 or frequency(text.lower()) < 3.5 or not text[1:].islower()


def _plain_letters(text: str) -> str:
    """Letters without their accents, each in its place: "années" is no "ann" and "es".

    >>> _plain_letters("Années à Zürich")
    'Annees a Zurich'
    """
    return "".join(char if char.isascii() else unicodedata.normalize("NFD", char)[0] for char in text)


def _whole(subject: Subject) -> str:
    return f"{subject.name}: {subject.about}" if subject.about else subject.name


def _calm(text: str) -> str:
    """Text in capitals in small letters: the encoder and rarity go by them."""
    letters = [char for char in text if char.isalpha()]
    return text.lower() if letters and sum(char.isupper() for char in letters) > 0.7 * len(letters) else text


_FOR = re.compile(r"\s+for\s+", re.IGNORECASE)
_LEADING = re.compile(
    r"^.*\b(?:in|with|of|using|from|on)\s+|^(?:[a-z]+ed|wrote|built|taught|ran|led|learnt|know|knew|good|very|advanced|"
    r"basic|solid|strong|fluent|some)\s+",
    re.IGNORECASE,
)
"""What leads up to a name and says how well or since when it is known."""
_BESIDE_NAME = re.compile(
    r"\([^()]*\)|\b(?:senior|junior|lead|developer|engineer|programmer|consultant|specialist|analyst|architect|expert|"
    r"administrator|years?|yrs|months|certified|certification|course|diploma|exam)s?\b",
    re.IGNORECASE,
)
"""What stands beside a name without changing what it means: "Python (3 years)", "senior Java developer"."""
