"""Fields of skill: which words and which deeds show which of them, in general.

Comes in: ``kin.yaml``, an encoder, texts. Goes out: which fields a skill belongs to, which of their terms a text names,
and how likely a text tells of each field. A skill of a pathway is tied to fields by its own name and description, so
nothing here knows a pathway.

How likely a text tells of a field is linear discriminant analysis (Fisher 1936) over the encoder's vectors: each field
is the mean of its deeds and names, all fields share the spread of deeds about their means, shrunk towards a sphere
(Ledoit and Wolf 2004), as there are fewer deeds than the square of the dimensions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
import yaml
from numpy.typing import NDArray

from coach.answering.words import frequency, split_tokens, stem
from coach.errors import KnowledgeError
from coach.retrieval.encoder import Encoder

FILE = Path(__file__).with_name("kin.yaml")

SHRINKAGE = 0.8
"""How far the spread is taken towards a sphere; flat from 0.4 to 0.8 on held-out deeds."""

SHARPNESS = 40.0
"""Scale of the discriminant before the softmax, so that the best field of a plain deed gets about half."""

Matrix = NDArray[np.float64]

_SKIPPED = frozenset(
    stem(word) for word in "a an the of for to in on and or with by at from skills skill basic basics".split()
)


@dataclass(frozen=True)
class Field:
    name: str
    names: tuple[str, ...]
    terms: tuple[str, ...]
    deeds: tuple[str, ...]
    listed: tuple[str, ...]
    """Names that are common words as well and so count only as an entry of an enumeration: "Go", "R"."""
    also: tuple[str, ...]
    """Fields whose deeds show this one too, as debugging shows problem solving."""


@dataclass(frozen=True)
class Phrase:
    """A name or a term found in a text, by the stems from ``start`` to ``end``."""

    field: int
    start: int
    end: int
    weight: float
    """How clearly the words mean this: 1 for a rare or a long one, less for a common word."""
    named: bool
    """Whether it is a name of the field and not a term of it."""


_KEYS = ("names", "terms", "deeds", "listed", "also")


@cache
def fields() -> tuple[Field, ...]:
    """All fields in the order of the file. Raises KnowledgeError when the file is not as it should be."""
    try:
        raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))
        return tuple(
            Field(
                name,
                *(tuple(str(entry) for entry in entries.get(key, ())) for key in _KEYS),
            )
            for name, entries in raw.items()
        )
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise KnowledgeError(f"{FILE}: expected fields with names, terms and deeds ({error}). Restore it.") from error


def weight_of(words: Sequence[str]) -> float:
    """How clearly words mean what they name: "jenkins" 1, "cooking" less.

    >>> weight_of(["jenkins"]), weight_of(["blue", "green", "deployment"]), weight_of(["sales"]) < 0.5
    (1.0, 1.0, True)
    """
    rarest = min(frequency(word) for word in words)
    if len(words) > 1:
        return 1.0 if len(words) > 2 or rarest < 4.9 else 0.8
    return float(np.clip((5.6 - rarest) / 1.6, 0.25, 1.0))


COMMON_WORD = 5.7
"""Zipf frequency from which a word tells nothing of a field: "made", "team", "work"."""

COMMON_NAME = 3.4
"""Zipf frequency from which a name is likely to be a common word too."""

MOST_COUNTED = 3.0
LONE = 0.5
SMOOTHED = 0.3
"""Share of a usual word's count that each field is given of it."""

ALSO = 0.75
"""Nearness of a field whose deeds show another one too."""

SMALL = 0.3
"""What a name counts that is an everyday word in the small letters it is written in: java is drunk."""

INFLECTED = 0.5
"""What a single word counts in another form than it is listed: pythons are not Python."""


class Table:
    """Phrases by their stems."""

    def __init__(self, entries: Iterable[tuple[int, str, bool]]) -> None:
        self._by_stems: dict[tuple[str, ...], dict[int, tuple[float, bool, set[str]]]] = defaultdict(dict)
        for owner, text, named in entries:
            words = split_tokens(text)
            key = tuple(stem(word) for word in words)
            if key:
                weight, was_named, forms = self._by_stems[key].get(owner, (weight_of(words), named, set()))
                self._by_stems[key][owner] = (weight, was_named or named, forms | {" ".join(words)})
        self._longest = max((len(key) for key in self._by_stems), default=0)

    def find(self, words: Sequence[str], small: Container[int] = (), proper: Container[str] = ()) -> tuple[Phrase, ...]:
        """Phrases in a text, given its lower-case words; a longer one hides those inside it.

        ``small``: places of words that the text writes in small letters though it knows capitals; ``proper``: words
        that are names only with one.
        """
        stems = [stem(word) for word in words]
        taken = [False] * len(stems)
        found = []
        for size in range(min(self._longest, len(stems)), 0, -1):
            for start in range(len(stems) - size + 1):
                if any(taken[start : start + size]):
                    continue
                entries = self._by_stems.get(tuple(stems[start : start + size]))
                if entries:
                    form = " ".join(words[start : start + size])
                    for owner, (weight, named, forms) in entries.items():
                        clear = weight
                        if size == 1 and start in small and form in proper:
                            clear *= SMALL
                        elif size == 1 and form not in forms:
                            clear *= INFLECTED
                        found.append(Phrase(owner, start, start + size, clear, named))
                    taken[start : start + size] = [True] * size
        return tuple(found)


class Kin:
    """The fields as one encoder sees them."""

    def __init__(self, encoder: Encoder, without: Container[str] = ()) -> None:
        """``without``: deeds that are left out, so that weights can be fitted on them."""
        every = fields()
        self.fields = every
        self.table = Table(
            (number, text, named)
            for number, field in enumerate(every)
            for texts, named in ((field.names, True), (field.terms, False))
            for text in texts
        )
        self.proper = frozenset(
            form
            for field in every
            for text in (*field.names, *field.terms)
            if text[:1].isupper() and text[1:].islower() and text.isalpha() and frequency(text.lower()) >= COMMON_NAME
            for form in (text.lower(), f"{text.lower()}s")
        )
        """Names that are words of everyday English in small letters, and their plurals: python, excels, rafts."""
        self.listed = frozenset(word.lower() for field in every for word in field.listed)
        self._by_name: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for number, field in enumerate(every):
            for text in field.names:
                self._by_name[content(text)].add(number)
        names = [(number, text) for number, field in enumerate(every) for text in field.names]
        deeds = [(number, text) for number, field in enumerate(every) for text in field.deeds if text not in without]
        vectors = encoder.encode([text for _, text in (*names, *deeds)]).astype(np.float64)
        self._name_owners = np.array([number for number, _ in names])
        self._name_vectors = vectors[: len(names)]
        self.deed_owners = np.array([number for number, _ in deeds])
        self.deed_vectors = vectors[len(names) :]
        self._fit()
        self._learn_words(deeds)

    def _learn_words(self, deeds: Sequence[tuple[int, str]]) -> None:
        """How much more often each word stands in a field than in all, by its names, terms and deeds."""
        places: dict[str, int] = {}
        held: list[dict[str, float]] = [defaultdict(float) for _ in self.fields]
        for number, field in enumerate(self.fields):
            for text in (*field.names, *field.terms):
                for root in content(text):
                    held[number][root] += 1.0
        for number, text in deeds:
            for root in dict.fromkeys(content(text)):
                held[number][root] += 1.0
        for found in held:
            for root in found:
                places.setdefault(root, len(places))
        counts = np.zeros((len(self.fields), len(places)))
        for number, found in enumerate(held):
            for root, count in found.items():
                counts[number, places[root]] = min(count, MOST_COUNTED)
        totals = counts.sum(axis=1, keepdims=True)
        usual = counts.sum(axis=0) / counts.sum()
        shares = (counts + SMOOTHED * usual * len(places)) / (totals + SMOOTHED * len(places))
        self._word_places = places
        self._word_leanings: Matrix = np.clip(np.log(shares / usual), 0.0, 4.0)

    def worded(self, words: Sequence[str]) -> Matrix:
        """How much the words of a text are those of each field, by the mean over its words that say something."""
        telling = [word for word in dict.fromkeys(words) if frequency(word) < COMMON_WORD]
        roots = [root for word in telling if (root := stem(word)) not in _SKIPPED]
        found = [self._word_places[root] for root in roots if root in self._word_places]
        if not found:
            return np.zeros(len(self.fields))
        # Several words together say more than a single one, which may mean something else.
        mine = self._word_leanings[:, found]
        leanings: Matrix = (mine.sum(axis=1) - LONE * mine.max(axis=1)) / np.sqrt(len(roots) + 2.0)
        return leanings

    def _fit(self) -> None:
        deeds, owners = self.deed_vectors, self.deed_owners
        means = np.zeros((len(self.fields), deeds.shape[1]))
        for number in range(len(self.fields)):
            own = deeds[owners == number]
            named = self._name_vectors[self._name_owners == number].mean(axis=0)
            means[number] = (own.sum(axis=0) + NAME_DEEDS * named) / (len(own) + NAME_DEEDS)
        away = deeds - means[owners]
        spread = away.T @ away / max(len(deeds) - len(self.fields), 1)
        sphere = np.eye(len(spread)) * np.trace(spread) / len(spread)
        inverse = np.linalg.inv((1 - SHRINKAGE) * spread + SHRINKAGE * sphere + 1e-9 * np.eye(len(spread)))
        scale = np.trace(spread) / len(spread)
        self._slopes = means @ inverse * scale
        middle = means - means.mean(axis=0)
        middle /= np.linalg.norm(middle, axis=1, keepdims=True) + 1e-9
        self.nearness: Matrix = np.clip(middle @ middle.T, 0.0, 1.0)
        """How near each field is to each other one, 0 to 1."""
        places = {field.name: number for number, field in enumerate(self.fields)}
        for number, field in enumerate(self.fields):
            for other in field.also:
                self.nearness[number, places[other]] = max(self.nearness[number, places[other]], ALSO)
        self._offsets = -0.5 * np.einsum("fd,fd->f", self._slopes, means)

    def named(self, key: tuple[str, ...]) -> set[int]:
        """Fields of which a text, given by its ``content``, is a name."""
        return self._by_name.get(key, set())

    def fields_of(self, text: str) -> set[int]:
        """Fields of which a text has a name or a term."""
        return {phrase.field for phrase in self.table.find(split_tokens(text))}

    def likely(self, vectors: NDArray[np.floating]) -> Matrix:
        """Share of each field for each text; rows sum to 1."""
        scores = SHARPNESS * (vectors @ self._slopes.T + self._offsets)
        scores -= scores.max(axis=1, keepdims=True)
        shares: Matrix = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def deed_likeness(self, vectors: NDArray[np.floating]) -> Matrix:
        """Cosine of each text to the deed of each field that comes closest; 0 for a field without deeds."""
        cosines = vectors @ self.deed_vectors.T
        best = np.zeros((len(vectors), len(self.fields)))
        for number in range(len(self.fields)):
            mine = self.deed_owners == number
            if mine.any():
                best[:, number] = cosines[:, mine].max(axis=1)
        return best

    def name_likeness(self, vectors: NDArray[np.floating]) -> Matrix:
        """Cosine of each text to the name of each field that comes closest."""
        cosines = vectors @ self._name_vectors.T
        best = np.zeros((len(vectors), len(self.fields)))
        for number in range(len(self.fields)):
            best[:, number] = cosines[:, self._name_owners == number].max(axis=1)
        return best


NAME_DEEDS = 4.0
"""A field's names count as much as this many deeds."""

_LOCK = Lock()
_KNOWN: dict[str, Kin] = {}


def kin_of(encoder: Encoder) -> Kin:
    """The fields as an encoder sees them, made once for each encoder; seconds the first time."""
    with _LOCK:
        if encoder.digest not in _KNOWN:
            _KNOWN.clear()  # one encoder is in use at a time
            _KNOWN[encoder.digest] = Kin(encoder)
        return _KNOWN[encoder.digest]


# --- Which fields a skill belongs to -------------------------------------------------------------------------

PLAIN = frozenset(
    stem(word)
    for word in "programming development management engineering administration design analysis skills systems system "
    "basics fundamentals advanced tools methods practice work control operations software data theory context "
    "introduction knowledge application applications technology service services performance tuning optimization "
    "optimisation planning reporting monitoring testing quality skill scripting development advanced".split()
)
"""Words that many fields have in their names; sharing one of them says nothing."""

MEANT_FROM, MEANT_FULLY = 0.45, 0.8
"""Cosines of names between which a skill comes to mean a field."""

MOST_LINKS = 5
LEAST_LINK = 0.2
BESIDE_SETTLED = 0.4
"""What another field counts where the skill's name is that of one already."""

_FOR = re.compile(r"\s+for\s+", re.IGNORECASE)


def links(kin: Kin, names: Sequence[str], about: str, vectors: NDArray[np.floating]) -> dict[int, float]:
    """Fields of a skill with how closely, 0 to 1, strongest first; empty for one that no field comes near.

    ``vectors``: of the names, in their order, then one of names and description together. A name that is a field's own
    settles it; otherwise what they share, what they mean and the terms in the description add up.
    """
    full = content(names[0])
    # "SQL for reporting" is SQL. Where the whole name is a field's own, no shorter form of it means another.
    heads = {key for name in names if (key := content(_FOR.split(name, maxsplit=1)[0]))}
    keys = {full} if kin.named(full) else heads | {key for name in names[1:] if (key := content(name))}
    meant = kin.name_likeness(vectors[:-1]).max(axis=0)
    told = kin.likely(vectors[-1:])[0]
    terms: dict[int, float] = defaultdict(float)
    for phrase in kin.table.find(split_tokens(about)):
        terms[phrase.field] += (0.5 if phrase.named else 0.35) * phrase.weight
    strengths: dict[int, float] = {}
    settled: set[int] = set()
    for number, field in enumerate(kin.fields):
        shared = 0.0
        for own in {key for text in field.names if (key := content(text))}:
            if own in keys:
                settled.add(number)
            for other in keys:
                both = (set(own) & set(other)) - PLAIN
                if both:
                    share = len(both) / len((set(own) | set(other)) - PLAIN)
                    shared = max(shared, share * _rarity(both))
        by_meaning = float(np.clip((meant[number] - MEANT_FROM) / (MEANT_FULLY - MEANT_FROM), 0, 1))
        rest = 1.0
        for part in (0.9 * shared, 0.8 * by_meaning, 0.8 * float(told[number]), min(0.7, 0.7 * terms[number])):
            rest *= 1.0 - part
        strengths[number] = 0.95 * (1.0 - rest)
    # The stronger the best, the less the others are meant.
    best = 1.0 if settled else max(strengths.values())
    kept = {
        number: 1.0 if number in settled else value * value / best * (BESIDE_SETTLED if settled else 1.0)
        for number, value in strengths.items()
    }
    ranked = sorted(kept, key=lambda number: (-kept[number], number))[:MOST_LINKS]
    return {number: kept[number] for number in ranked if kept[number] >= LEAST_LINK}


def content(text: str) -> tuple[str, ...]:
    """Stems of the words of a name that say something."""
    return tuple(root for word in split_tokens(text) if (root := stem(word)) not in _SKIPPED)


def _rarity(roots: set[str]) -> float:
    return max(float(np.clip((6.0 - frequency(root)) / 1.5, 0.2, 1.0)) for root in roots)
