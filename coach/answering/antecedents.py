"""What a pronoun points at within its own sentence: "a bloom filter, what is that for?".

Comes in: one part of a question. Goes out: the part with the noun in the pronoun's place, or as it is. Earlier turns
are looked at elsewhere: what stands in front of a pronoun in its own sentence is nearer than any of them.
"""

from __future__ import annotations

import re

from lemminflect import getAllLemmas

from coach.answering.following import PRONOUN, content_words, with_noun
from coach.answering.lexicon import lexicon
from coach.answering.roles import figures_in
from coach.answering.words import frequency, split_tokens

ASKING = (
    r"(?:how|what|which|where|when|why|who|is|are|was|were|do|does|did|can|could|should|would|will|am|tell|show|list|give|"
    r"explain|name|compare|define|describe)"
)
"""Words that open a question or a request."""

_FRONTED = re.compile(
    r"^(?:(?:ok(?:ay)?|so|and|but|or|also|well|then|now)[ ,]+|(?:what|how) about )*"
    rf"(?!the\b)(?P<noun>[^,;:?!]{{2,60}}?)\s*(?:[,;:]|\s-+)\s+(?:and )?(?P<asking>{ASKING}\b.+)$",
    re.IGNORECASE,
)
_DETERMINER = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_NO_PHRASE = re.compile(
    r"^(?:for|in|with|without|as|at|on|from|to|by|of|if|when|while|after|before|since|because|given|during|despite|"
    r"though|although|unless|until|once|i|you|he|she|we|there|not|no)\b|\b(?:i|you|he|she|we|is|are|was|were)\b",
    re.IGNORECASE,
)
MOST_WORDS = 5
NOUN_ZIPF = 4.95
"""A phrase without an article ends in a noun rarer than this: "index", but not "line" of "bottom line"."""


def led_back(part: str) -> str:
    """The clause with its pronoun replaced by the noun phrase that stands in front of it; it needs no opening then.

    "The licence, is that a problem?" stays as it is: a definite noun may be a part of what was talked about.

    >>> led_back("And a bloom filter, what is that for?")
    'what is a bloom filter for?'
    >>> led_back("Gotcha, is it free?")
    'Gotcha, is it free?'
    """
    fronted = _FRONTED.match(part.strip())
    if fronted is None or not _names_a_thing(fronted["noun"]):
        return part
    noun = fronted["noun"].strip()
    asking = with_noun(fronted["asking"], noun)
    return part if asking == fronted["asking"] else asking


def subject(part: str) -> str:
    """The noun phrase that a part is about; empty where it is about none.

    >>> subject("what is a bloom filter")
    'bloom filter'
    >>> subject("is it realistic")
    ''
    """
    runs: list[list[str]] = [[]]
    content = set(content_words(part))
    for word in split_tokens(part):
        if word in content:
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return next((phrase for run in reversed(runs) if run and _names_a_thing(phrase := " ".join(run))), "")


def _names_a_thing(phrase: str) -> bool:
    """Whether the words are a noun phrase by themselves: no reply, no adverbial, no clause, no amount."""
    bare = _DETERMINER.sub("", phrase.strip().lower())
    words = split_tokens(bare)
    if not words or len(words) > MOST_WORDS or _NO_PHRASE.search(bare) or PRONOUN.search(bare):
        return False
    if bare in lexicon().replies or not content_words(bare) or figures_in(phrase):
        return False
    kinds = set(getAllLemmas(words[-1]))
    if kinds and not kinds & {"NOUN", "PROPN"} and not words[-1].endswith("ing"):
        return False
    return bare != phrase.strip().lower() or frequency(words[-1]) < NOUN_ZIPF
