"""Slips of the keys in a resume: "desgined" is read as "designed".

Comes in: a text. Goes out: the same with words that English does not have read as the common word that is one slip
away, if there is one. Names are left as they are: words with a capital inside a sentence, and whatever the fields of
skill name. It knows no pathway; what is quoted is never changed, only what is understood.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from string import ascii_lowercase

from lemminflect import getAllLemmas

from coach.answering.words import common_words, frequency, split_tokens
from coach.planning.kin import fields

LEAST_LETTERS = 4
UNKNOWN_ZIPF = 2.4
"""Frequency below which English does not have a word, unless its dictionary does."""
VOWELS = "aeiou"
CANDIDATES = 15_000
"""A word is read as one of this many that are the most common."""

_WORD = re.compile(r"(?<![\w@./#+-])[A-Za-z]{4,}(?![\w@/#+]|[.'’-]\w)")
_PREFIX = re.compile(r"^(?:re|un|de|non|pre|post|co|sub|over)(?=\w{4})")
_ENDS = tuple(
    (re.compile(rf"(\w)(?:\1)?{end}$"), rf"\1{put}")
    for end in ("s", "er", "ers", "or", "ing", "ings", "ed", "able", "al", "als", "ly")
    for put in ("", "e")
)


def spelt(text: str) -> str:
    """A text without slips.

    >>> spelt("Desgined the databse for evry branch, in Quarkus")
    'Designed the database for every branch, in Quarkus'
    """
    capitals = sum(map(str.isupper, text)) > 0.5 * sum(map(str.isalpha, text))

    def mend(found: re.Match[str]) -> str:
        word = found.group()
        opens = not text[: found.start()].strip("\"'“(>*•- ") or text[: found.start()].rstrip()[-1:] in ".!?:;"
        if not capitals and (word[1:] != word[1:].lower() or word[0].isupper() and not opens):
            return word
        meant = _meant(word.lower())
        return word if meant is None else meant.upper() if capitals else word[0] + meant[1:]

    return _WORD.sub(mend, text)


@lru_cache(maxsize=20_000)
def _meant(word: str) -> str | None:
    if frequency(word) >= UNKNOWN_ZIPF or word in _named() or getAllLemmas(word) or _made_of_a_word(word):
        return None
    halves = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]  # few miss the first letter
    # A slip of two letters is the surest, then a letter too few, one too many, and a vowel for another.
    for near in (
        {left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1},
        {left + letter + right for left, right in halves for letter in ascii_lowercase},
        {left + right[1:] for left, right in halves if right},
        {left + letter + right[1:] for left, right in halves if right[:1] in {*VOWELS} for letter in VOWELS},
    ):
        known = {other for other in near if len(other) >= LEAST_LETTERS and other in common_words(CANDIDATES)}
        if known:
            return max(sorted(known), key=frequency)
    return None


def _made_of_a_word(word: str) -> bool:
    """ "tagger", "resizing", "repointed": nobody's slip, though no dictionary has them."""
    bare = _PREFIX.sub("", word)
    stems = {bare, *(end.sub(put, bare) for end, put in _ENDS)}
    known = (other for other in stems - {word} if len(other) > 2 and frequency(other) >= UNKNOWN_ZIPF)
    return any(getAllLemmas(other) for other in known)


@cache
def _named() -> frozenset[str]:
    """Words of what the fields of skill are called and of their terms."""
    texts = (text for field in fields() for text in (*field.names, *field.terms, *field.listed))
    return frozenset(word for text in texts for word in split_tokens(text))
