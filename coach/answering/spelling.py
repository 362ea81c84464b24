"""Questions as people type them, in plain spelling.

Comes in: chat spelling, shouting, misspelt words, "phases 1 and 2". Goes out: the same in plain words. It decides
nothing about meaning.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import DamerauLevenshtein

from coach.answering.lexicon import lexicon
from coach.answering.vocabulary import Vocabulary
from coach.answering.words import frequency, stem
from coach.knowledge.entities import CARDINAL_WORDS

REAL_WORD_ZIPF = 3.1
"""A word at least this frequent is taken as meant, however close it is to a word of the corpus."""


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


def numbered(text: str) -> str:
    """Runs of numbered phases spelt out, so that each can be linked: "phases 1 and 2", "the first two stages"."""

    def run(match: re.Match[str]) -> str:
        noun = match.group("noun").lower().removesuffix("s")
        first, last = int(match.group("a")), int(match.group("b"))
        through = re.search(r"to|-|through", match.group("joint"))
        numbers = range(first, last + 1) if through and first < last <= first + 12 else (first, last)
        return " and ".join(f"{noun} {number}" for number in numbers)

    def opening(match: re.Match[str]) -> str:
        count = CARDINAL_WORDS.index(match.group("n").lower()) + 1
        return " and ".join(f"phase {number}" for number in range(1, count + 1))

    text = re.sub(
        r"\b(?P<noun>phases?|stages?|steps?)\s+(?P<a>\d{1,2})(?P<joint>\s*(?:and|to|through|-|,|&)\s*)(?:(?:phase|stage|step)\s+)?(?P<b>\d{1,2})\b",
        run,
        text,
        flags=re.IGNORECASE,
    )
    return re.sub(r"\bfirst (?P<n>two|three|four)\s+(?:phases|stages|steps)\b", opening, text, flags=re.IGNORECASE)


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
            or frequency(lower) >= REAL_WORD_ZIPF
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
