"""Questions as people type them, in plain spelling.

Comes in: chat spelling, shouting, misspelt words, numbers in words, "phases 1 to 3". Goes out: the same in plain words
and figures. It decides nothing about meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lemminflect import getAllLemmas
from rapidfuzz.distance import DamerauLevenshtein
from text_to_num import find_numbers  # type: ignore[import-untyped]  # it has types, but no marker that says so

from coach.answering.lexicon import lexicon
from coach.answering.linking import Names
from coach.answering.vocabulary import Vocabulary
from coach.answering.words import frequency, stem, token_spans
from coach.knowledge.entities import CARDINAL_WORDS, ORDINAL_WORDS
from coach.knowledge.nouns import KIND_NOUNS

REAL_WORD_ZIPF = 3.1
"""A word at least this frequent is taken as meant, however close it is to a word of the corpus."""

DICTIONARY_ZIPF = 2.3
"""A word of the dictionary from here on: "annealing" is no slip for "appealing", but "faze" may be one for "phase"."""

LEAST_FIGURE = 9
"""Numbers from here on are put in figures; "two" and "second" do more in English than count."""

SURE_OF_NAME = 0.8
"""Strength of a mention from which a phase counts as named: more than one word out of a longer name."""

_SCALE = re.compile(r"hundred|thousand|million|billion", re.IGNORECASE)
_SCALES = re.compile(r"(?:ten|hundred|thousand|million|billion)s", re.IGNORECASE)
_INEXACT = re.compile(r"\b(?:half|quarter|few|several|couple|some|many)(?: of)?(?: an?)? $", re.IGNORECASE)
_SHORT_HUNDRED = re.compile(
    r"\b(one|two|three)[ -](?=(?:ten|eleven|twelve|\w+teen|\w+ty)(?:[ -]\w+)?\s+(?:k|grand|thousand)\b)", re.IGNORECASE
)
"""Pay as people say it: "one sixty k"."""
_AND_A_HALF = re.compile(rf"\b(?P<n>\d{{1,3}}|{'|'.join(CARDINAL_WORDS)}) and a half\b(?! of\b)", re.IGNORECASE)

_PHASES = r"(?:phases?|stages?|steps?)"
_NUMBER = rf"(?:\d{{1,2}}|{'|'.join(CARDINAL_WORDS)})\b"
_ORDINAL = rf"(?:{'|'.join(ORDINAL_WORDS)}|\d{{1,2}}(?:st|nd|rd|th))\b"
_THROUGH = r"(?:to|through|thru|until|till|up to|-)"
_JOINT = rf"(?:\s*,\s*(?:(?:and|or)\s+)?|\s*(?:and|or|&|plus|versus|{_THROUGH})\s*)"
_NOT_COUNTING = (
    r"(?!\s*-?\s*(?:h|hours?|hrs?|days?|weeks?|months?|years?|k|%|percent|per|more|other|further|tasks?|skills?)\b)"
)
"""After the number of a phase, so that "phase 2, 10 hours a week" is one phase."""
_LIST = re.compile(
    rf"\b{_PHASES}\s+(?P<numbers>{_NUMBER}(?:{_JOINT}(?:{_PHASES}\s+)?{_NUMBER}{_NOT_COUNTING})+)", re.IGNORECASE
)
_ORDINALS = re.compile(
    rf"\b(?:the\s+)?(?P<numbers>{_ORDINAL}(?:{_JOINT}(?:the\s+)?{_ORDINAL})+)\s+{_PHASES}\b"
    rf"|\b(?:the\s+)?(?P<with_last>{_ORDINAL})\s*(?:,|and|or|&)\s*(?:the\s+)?(?:last|final)\s+{_PHASES}\b"
    rf"|\b(?:the\s+)?(?P<last_but_one>penultimate|(?:second|next)[ -]to[ -](?:the[ -])?last)\s+{_PHASES}\b",
    re.IGNORECASE,
)
_AT_AN_END = re.compile(
    rf"\b(?:the\s+)?(?P<end>first|opening|initial|last|final|closing)\s+(?P<n>{_NUMBER})\s+{_PHASES}\b", re.IGNORECASE
)
_BESIDE = re.compile(
    r"\b(?:everything|all|the rest|(?:all\s+)?(?:of\s+)?(?:the\s+)?(?:phases|stages|steps))"
    r"(?:\s+(?:that|which))?(?:\s+(?:comes?|follows?|is|are|lies?))?\s+"
    r"(?P<side>after|beyond|past|following|behind|before|prior to|preceding|ahead of|up to(?: and including)?)\s+"
    r"(?:the\s+)?$",
    re.IGNORECASE,
)
_LATER = frozenset({"after", "beyond", "past", "following", "behind"})
_FROM = re.compile(r"\bfrom\s+(?:the\s+)?$", re.IGNORECASE)
_ONWARDS = re.compile(
    r"\s*(?:onwards?|and (?:onwards?|beyond|later|(?:everything|all)(?: that)?(?: comes| follows)? after"
    r"(?: it| that)?)|(?:to|till|until|through) the (?:very )?end)\b",
    re.IGNORECASE,
)
_ON = re.compile(r"\s*on\b(?!\s+(?:the|an?|my|your)\b)", re.IGNORECASE)
_TO = re.compile(rf"\s*{_THROUGH}\s*(?:the\s+)?", re.IGNORECASE)
_HELD_AGAINST = re.compile(r"\b(?:compar\w+|prefer\w*|relat\w+|similar|next)\b", re.IGNORECASE)
"""With these, "A to B" names two things and no run."""


def unchat(text: str) -> str:
    """Chat spelling spelt out; a shouted question in lower case."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) > 3 and sum(char.isupper() for char in letters) > 0.7 * len(letters):
        text = text.lower()
    chat = lexicon().chat
    text = re.sub(r"([!?.])\1+", r"\1", text)
    text = re.sub(r"(\w)\1{3,}", r"\1\1", text)
    words = []
    for word in text.split():
        bare = word.strip('.,!?;:()"')
        plain = chat.get(bare.lower())
        if plain:
            plain = plain.capitalize() if bare[:1].isupper() and not bare.isupper() else plain
        words.append(word.replace(bare, plain, 1) if plain else word)
    return " ".join(words)


def in_figures(text: str, names: Names) -> str:
    """Numbers in figures, which is how sums and units are read; see ``LEAST_FIGURE``.

    What belongs to one of the ``names`` stays as it is, and so does what is no number by itself: "hundreds of", "160
    thousand".
    """
    text = _SHORT_HUNDRED.sub(r"\1 hundred ", text)
    spans = token_spans(text)
    named = [
        range(spans[mention.start][0], spans[mention.end - 1][1])
        for mention in names.link(text)
        if mention.entity.kind in KIND_NOUNS
    ]
    words: list[_Word] = []
    for match in re.finditer(r"[^\W_]+(?:'[^\W_]+)?", text):
        before = words[-1] if words else None
        apart = before is None or text[before.end : match.start()] not in {" ", "-"}
        kept = any(match.start() in span for span in named) or bool(_SCALES.fullmatch(match.group()))
        if _SCALE.fullmatch(match.group()) and before and not apart:
            kept |= before.word[-1].isdigit() or bool(_INEXACT.search(text[: match.start()]))
        words.append(_Word(match.group(), match.start(), match.end(), apart, kept))
    pieces, at = [], 0
    for found in find_numbers(words, "en", threshold=LEAST_FIGURE):
        run = words[found.start : found.end]
        if found.value < LEAST_FIGURE and not any(word.text() == "point" for word in run):
            continue
        article = re.search(r"\ban? $", text[: run[0].start], re.IGNORECASE) if _SCALE.fullmatch(run[0].word) else None
        pieces += [text[at : article.start() if article else run[0].start], found.text]
        at = run[-1].end
    return _AND_A_HALF.sub(lambda match: f"{_value(match.group('n'))}.5", "".join([*pieces, text[at:]]))


@dataclass(frozen=True)
class _Word:
    """A token as ``text_to_num`` asks for it."""

    word: str
    start: int
    end: int
    apart: bool
    """Whether more than a space or a hyphen is between it and the word before."""
    kept: bool
    """Whether it is no part of a number, whatever it looks like."""

    def text(self) -> str:
        return self.word.lower()

    def nt_separated(self, _previous: _Word) -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return self.kept


def numbered(text: str, vocabulary: Vocabulary) -> str:
    """Runs of phases spelt out, so that each can be linked: "phases 1 to 3", "the last two stages", "from phase 3 on",
    "everything after" a phase by its number or its name."""
    phases = sorted(int(id_.partition(":")[2]) for id_, entity in vocabulary.entity.items() if entity.kind == "phase")
    if not phases:
        return text
    text = _ORDINALS.sub(lambda match: _by_ordinals(match, phases), _LIST.sub(_each, text))
    text = _AT_AN_END.sub(lambda match: _at_an_end(match, phases), text)
    return _around(text, phases, vocabulary)


def _named(numbers: Iterable[int]) -> str:
    return " and ".join(f"phase {number}" for number in numbers)


def _value(word: str) -> int:
    for words in (CARDINAL_WORDS, ORDINAL_WORDS):
        if word.lower() in words:
            return words.index(word.lower()) + 1
    return int(re.sub(r"\D", "", word))


def _each(match: re.Match[str]) -> str:
    """Every phase of a list by its number; "2 to 4" is three of them."""
    found = list(re.finditer(rf"{_ORDINAL}|{_NUMBER}", match.group("numbers"), re.IGNORECASE))
    values = [_value(number.group()) for number in found]
    shown = _named(values[:1])
    for before, after, low, high in zip(found, found[1:], values, values[1:], strict=False):
        joint = match.group("numbers")[before.end() : after.start()].lower()
        joint = re.sub(rf"\bthe\b|{_PHASES}|,", "", joint).strip().replace("&", "and") or "and"
        through = re.fullmatch(_THROUGH, joint) and low < high <= low + 12 and not _HELD_AGAINST.search(match.string)
        shown += f" and {_named(range(low + 1, high + 1))}" if through else f" {joint} {_named([high])}"
    return shown


def _by_ordinals(match: re.Match[str], phases: Sequence[int]) -> str:
    if match.group("last_but_one"):
        return _named(phases[-2:-1]) or match.group()
    if match.group("with_last"):
        return _named((_value(match.group("with_last")), phases[-1]))
    return _each(match)


def _at_an_end(match: re.Match[str], phases: Sequence[int]) -> str:
    count = _value(match.group("n"))
    if count >= len(phases):
        return match.group()
    first = match.group("end").lower() in {"first", "opening", "initial"}
    return _named(phases[:count] if first else phases[-count:])


def _around(text: str, phases: Sequence[int], vocabulary: Vocabulary) -> str:
    """The first run that begins or ends at a phase, whatever the phase is called by."""
    spans = token_spans(text)
    named = [
        (spans[mention.start][0], spans[mention.end - 1][1], int(mention.entity.id.partition(":")[2]))
        for mention in vocabulary.names.link(text)
        if mention.entity.kind == "phase" and mention.strength > SURE_OF_NAME
    ]
    for (start, end, number), after in zip(named, [*named[1:], None], strict=False):
        beside, opens = _BESIDE.search(text[:start]), _FROM.search(text[:start])
        onwards = _ONWARDS.match(text, end) or (_ON.match(text, end) if opens else None)
        if beside:
            side = beside.group("side").lower()
            last = number if side.startswith("up to") else number - 1
            run = [n for n in phases if (n > number if side in _LATER else n <= last)]
            first, behind = beside.start(), end
        else:
            first = opens.start() if opens else start
            if onwards:
                run, behind = [n for n in phases if n >= number], onwards.end()
            elif after and number < after[2] and _TO.fullmatch(text[end : after[0]]) and not _HELD_AGAINST.search(text):
                run, behind = list(range(number, after[2] + 1)), after[1]
            else:
                continue
        if run:
            return text[:first] + _named(run) + text[behind:]
    return text


def spell(text: str, vocabulary: Vocabulary) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Misspelt words read as the nearest word of the corpus, or of the asking frame.

    A word is misspelt when English hardly has it and the corpus does not; one edit is allowed in four or five
    letters, two in more. Ties go to the more frequent word.
    """
    corrected: list[tuple[str, str]] = []

    def mend(match: re.Match[str]) -> str:
        word = match.group()
        lower = word.lower()
        if (
            len(lower) < 4
            or lower in vocabulary.words
            or frequency(lower) >= (DICTIONARY_ZIPF if getAllLemmas(lower) else REAL_WORD_ZIPF)
            or lower in lexicon().places
        ):
            return word
        if (
            word[0].isupper()
            and match.start() > 0
            and text[match.start() - 2 : match.start() - 1] not in ".?!"
            and not text.istitle()
        ):
            return word  # a name, in a sentence that is not all capitals
        allowed = 1 if len(lower) < 6 else 2
        best: tuple[int, float, str] | None = None
        for candidate in vocabulary.words:
            if abs(len(candidate) - len(lower)) > allowed or candidate[0] != lower[0]:
                continue
            distance = DamerauLevenshtein.distance(lower, candidate, score_cutoff=allowed)
            if distance <= allowed and len(candidate) >= 4:
                entry = (distance, -frequency(candidate), candidate)
                best = min(best, entry) if best else entry
        if best is None or stem(best[2]) == stem(lower):
            return word
        corrected.append((word, best[2]))
        return best[2]

    return re.sub(r"[A-Za-z]+", mend, text), tuple(corrected)
