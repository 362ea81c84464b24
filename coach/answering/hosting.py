"""Talk that is about the coach and not about the pathway.

Comes in: a question. Goes out: what a host would say, or None. It states nothing about the pathway's contents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import py3langid

from coach.answering.lexicon import lexicon
from coach.answering.words import frequency, split_tokens, tokens
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import count

SPOKEN_SHARE = 0.5
"""A question with fewer English words than this is taken to be in another language."""

_LANGUAGES = {
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "ru": "Russian",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "ar": "Arabic",
    "hi": "Hindi",
    "tr": "Turkish",
    "pl": "Polish",
    "sv": "Swedish",
    "uk": "Ukrainian",
    "cs": "Czech",
    "da": "Danish",
    "no": "Norwegian",
    "fi": "Finnish",
    "el": "Greek",
    "he": "Hebrew",
    "vi": "Vietnamese",
    "th": "Thai",
    "id": "Indonesian",
    "ro": "Romanian",
    "hu": "Hungarian",
}
_FOREIGN_WORDS = frozenset(
    "wie viel viele lange dauert welche welcher ich als und der die das ist mein meine gehalt verdient verdiene brauche kann nicht für mit was wo warum "
    "combien cuánto cuanto cuál cual qué que por para tiempo gana salario quanto tempo quali quais como cómo durée temps quel quelle quelles est les des une "
    "pour dois je faut il peut gagne compétences habilidades necesito puedo dinero años meses semaines mois wochen monate jahre el la los las un una del "
    "hoeveel hoe lang duurt welke het een van voor ile jak jest czy hur vad är ett och".split()
)
_ENGLISH_WORDS = frozenset(
    "the what how which is are do does i my of to in for a an and can much many long will would should where when why you".split()
)


@dataclass(frozen=True)
class Reply:
    kind: str
    text: str


def small_talk(question: str, corpus: Corpus) -> Reply | None:
    """A reply to a greeting, thanks, or a question about the coach itself."""
    for kind, patterns in lexicon().host.items():
        if any(pattern.search(question) for pattern in patterns):
            return Reply(kind, _TEXTS[kind](corpus))
    return None


def foreign(question: str) -> str | None:
    """The language of a question that is not in English, None when it is (or when nobody could tell)."""
    letters = [char for char in question if char.isalpha()]
    if not letters:
        return None
    if sum(ord(char) > 0x24F for char in letters) > 0.4 * len(letters):
        code = py3langid.classify(question)[0]
        return _LANGUAGES.get(code, "that language")
    words = split_tokens(question)
    foreign_words = [word for word in tokens(question) if word in _FOREIGN_WORDS and word not in _ENGLISH_WORDS]
    accented = sum(ord(char) > 0x7F for char in letters)
    english = [word for word in words if word in _ENGLISH_WORDS]
    if (
        len(words) >= 3
        and (len(foreign_words) >= 2 or (foreign_words and accented))
        and len(english) < len(foreign_words) + bool(accented)
    ):
        return _LANGUAGES.get(py3langid.classify(question)[0], "that language")
    if len(words) >= 4 and sum(frequency(word) >= 3.0 for word in words) < SPOKEN_SHARE * len(words):
        code = py3langid.classify(question)[0]
        return _LANGUAGES.get(code) if code != "en" else None
    return None


def instructed(sentence: str) -> bool:
    """Whether a sentence gives orders to a machine instead of asking."""
    return any(pattern.search(sentence) for pattern in lexicon().injection)


def without_orders(question: str) -> str:
    """The question without its sentences that give orders to a machine; empty when nothing else is left."""
    sentences = re.split(r"(?<=[.!?\n])\s+|\n+", question)
    return " ".join(sentence for sentence in sentences if sentence.strip() and not instructed(sentence))


def _move(corpus: Corpus) -> str:
    return f"{corpus.pathway.origin} to {corpus.pathway.target}"


def _greeting(corpus: Corpus) -> str:
    return f"Hello. I am a coach for one move: {_move(corpus)}. Ask me about skills, time or pay, and I will show the sentence behind each answer."


def _thanks(corpus: Corpus) -> str:
    return "You are welcome. What would you like to know next?"


def _bye(corpus: Corpus) -> str:
    return "Goodbye, and good luck with the next step. Your conversation stays here."


def _abilities(corpus: Corpus) -> str:
    guide = corpus.pathway
    parts = [
        name
        for name, held in (
            ("skills to learn", guide.skills),
            ("what carries over", guide.transferable),
            ("the roadmap", guide.phases),
            ("pay", guide.pay or guide.salary_change),
            ("the first steps", guide.actions),
            ("upsides and downsides", guide.reality.attractions),
        )
        if held
    ]
    return (
        f"I answer questions about the move {_move(corpus)}: {', '.join(parts)}. Every sentence carries its evidence, I work things out from your own pay or "
        "hours, and I say so when the guide contradicts itself or does not cover something. I am a program that quotes and computes; no language model writes these answers."
    )


def _provenance(corpus: Corpus) -> str:
    held = [f"a career guide ({corpus.pathway.source.title})"]
    if corpus.resources:
        held.append(
            f"a check of {count(len(corpus.resources.resources), 'resource')} made in {corpus.resources.checked}"
        )
    if corpus.pathway.market.origin or corpus.pathway.market.neighbours:
        held += [f"{source.name} ({source.period})" for source in corpus.market.sources]
    return (
        "My answers come from: "
        + "; ".join(held)
        + ". Each sentence is quoted from there or computed from it, and checked against its evidence before you see it. "
        "The guide's claims are the guide's: where they could not be confirmed or disagree with official figures, I say so."
    )


def _others(corpus: Corpus) -> str:
    return "I know nothing of anybody else: each conversation is kept apart, and I answer from the guide and from what you tell me."


def _insult(corpus: Corpus) -> str:
    return "Sorry that I was no help. Ask me about skills, time or pay, or tell me which answer was wrong with the thumb below it."


_TEXTS = {
    "greeting": _greeting,
    "thanks": _thanks,
    "bye": _bye,
    "abilities": _abilities,
    "provenance": _provenance,
    "others": _others,
    "insult": _insult,
}
