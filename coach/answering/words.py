"""Words: cleaning, tokens, stems, frequency.

Comes in: text as a person typed it. Goes out: clean text and tokens. It knows English, no topic.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import Stemmer
from lemminflect import getAllLemmas
from wordfreq import top_n_list, zipf_frequency

_stemmer = Stemmer.Stemmer("english")

_TOKEN = re.compile(r"[a-z0-9]+(?:[.'’+#/&-][a-z0-9]+)*[+#]*", re.IGNORECASE)

_CONTRACTED = re.compile(r"(?<=[a-z])(?:n['’]t|['’](?:s|re|ve|ll|d|m))$")

_JOINTS = re.compile(r"[.'’/&-]")

_IRREGULAR = {
    "paid": "pay",
    "learnt": "learn",
    "taught": "teach",
    "began": "begin",
    "begun": "begin",
    "earnings": "earn",
    "people": "person",
    "took": "take",
    "taken": "take",
    "knew": "know",
    "known": "know",
}


def clean(text: str) -> str:
    """NFKC, without control characters, direction overrides, zero-width joiners, lone surrogates and markup tags.

    >>> clean("sal\\u200bary\\x00  in\\u202e 2026")
    'salary in 2026'
    """
    text = unicodedata.normalize("NFKC", text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore"))
    kept = "".join(
        char if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"} else ""
        for char in text
    )
    kept = re.sub(r"</?[a-zA-Z][^<>]{0,200}>", " ", kept)
    kept = kept.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: " - ", 0x2212: "-"})
    return " ".join(kept.split())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of one lower-case word; a handful of irregular forms are mapped first."""
    word = word.lower().replace("’", "'").removesuffix("'s").strip("'")
    if word.endswith(("er", "est")) and len(word) > 4:
        word = plain_form(word)
    return str(_stemmer.stemWord(_IRREGULAR.get(word, word)))


def tokens(text: str) -> list[str]:
    """Lower-case words in order; ``ci/cd`` and ``part-time`` stay whole.

    >>> tokens("What's CI/CD's part-time C++ pay?")
    ["what's", "ci/cd's", 'part-time', 'c++', 'pay']
    """
    return [match.group().lower() for match in _TOKEN.finditer(text)]


def split_tokens(text: str) -> list[str]:
    """Lower-case words with compounds taken apart: ``ci/cd`` gives ``ci`` and ``cd``."""
    return [part for token in tokens(text) for part in _parts(token)]


def token_spans(text: str) -> list[tuple[int, int]]:
    """Where each of ``split_tokens`` stands in the text.

    >>> [("ci/cd's pay"[start:end]) for start, end in token_spans("ci/cd's pay")]
    ['ci', 'cd', 'pay']
    """
    spans = []
    for match in _TOKEN.finditer(text):
        token, at = match.group().lower(), 0
        for part in _parts(token):
            at = token.index(part, at)
            spans.append((match.start() + at, match.start() + at + len(part)))
            at += len(part)
    return spans


@lru_cache(maxsize=50_000)
def _parts(token: str) -> tuple[str, ...]:
    return tuple(part for part in _JOINTS.split(_CONTRACTED.sub("", token)) if part)


def stems(text: str) -> list[str]:
    return [stem(part) for part in split_tokens(text)]


@cache
def thing(word: str) -> bool:
    """Whether a word can only name a thing: a noun that is no verb or adjective, or no dictionary word at all.

    Source: the package lemminflect.
    """
    kinds = set(getAllLemmas(word))
    return not kinds & {"VERB", "ADJ", "ADV", "AUX"}


@lru_cache(maxsize=20_000)
def plain_form(word: str) -> str:
    """The base of a comparative or superlative ("toughest" gives "tough"), otherwise the word itself."""
    lemmas = getAllLemmas(word, upos="ADJ").get("ADJ", ())
    return lemmas[0] if lemmas and word.endswith(("er", "est")) else word


@cache
def common_words(count: int) -> frozenset[str]:
    """The most common words of English, in small letters."""
    return frozenset(word for word in top_n_list("en", count) if word.isalpha())


@cache
def frequency(word: str) -> float:
    """Zipf frequency of a word in English, 0 to 8; 3 is one in a million words.

    Source: the package wordfreq.
    """
    return float(zipf_frequency(word, "en"))
