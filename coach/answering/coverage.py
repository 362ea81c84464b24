"""Which words of a question nothing explains.

Comes in: a query and the stems of the evidence. Goes out: what is missing, in the asker's words. A question can
be close to the knowledge and still ask for what it does not hold: the place, the benefit, the other role. So
every specific word must be explained by the evidence, by a word of the same meaning there, or by the frame of the
question. What none of them explains is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coach.answering.lexicon import lexicon
from coach.answering.words import frequency, split_tokens, stem, thing
from coach.types import Query

NAME_ZIPF = 4.55
"""Things rarer than this may narrow a question down: "canteen", "toddler"; commoner ones ("life", "city") hardly do."""

_ADVERB = re.compile(r".{3,}ly$")
_POINTS_BACK = re.compile(r"\b(?:it|that|this|those|these|they|them)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_IS_ONE = re.compile(r"\b(?:i am|i'm|i work|i have been|i've been|as an?|from)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Gap:
    """Something that the question names and nothing explains."""

    words: str
    sure: bool
    """Whether it always constrains an answer, as places, other roles and years do; a rare word only may."""
    aspect: bool = False
    """Whether it is a word of a topic that guides may or may not cover: "office", "bonus"."""


@dataclass(frozen=True)
class Explained:
    """What counts as explained beside the evidence: stems of the roles and of their other names."""

    roles: frozenset[str]
    titles: tuple[str, ...]
    """Lower-case job titles that stand for the origin or the target role."""


def unexplained(
    query: Query,
    evidence: frozenset[str],
    said: frozenset[str],
    texts: Iterable[str],
    known: Explained,
    corpus: frozenset[str],
) -> tuple[Gap, ...]:
    """What the question names and the evidence does not hold: what is sure, aspects, rare words, each in order.

    ``evidence`` holds the stems of passages, ``said`` those of the sentences that are said, ``texts`` the lower-case
    evidence for phrases, ``corpus`` the stems of all passages.
    Context is only searched for what always constrains an answer: places and other roles.
    """
    text = query.standalone
    corpus_text = " ".join(texts)
    sure: list[str] = []
    aspects: list[str] = []
    spent: set[str] = set()
    for title in _other_roles(around := f"{text} {query.context}", known):
        sure.append(title)
        spent.update(split_tokens(title))
    for title in (
        *other_titles(text, known),
        *(other_titles(query.context, known) if _IS_ONE.search(query.context) else ()),
    ):
        if title not in corpus_text:
            sure.append(title)
            spent.update(split_tokens(title))
    for phrase in (*lexicon().aspect_phrases, *places(around), *_YEAR.findall(text)):
        pattern = re.compile(rf"\b{re.sub('[- ]', '[- ]', phrase)}\b", re.IGNORECASE)
        surface = pattern.search(text if phrase in lexicon().aspect_phrases else around)
        if surface and not pattern.search(corpus_text):
            (aspects if phrase in lexicon().aspect_phrases else sure).append(surface.group())
            spent.update(split_tokens(phrase))
    asked = query.clause or text
    # "no diploma here, will that matter?": the asking clause points back.
    clause = set(split_tokens(text if _POINTS_BACK.search(asked) else asked))
    rare: list[str] = []
    run: list[str] = []
    for at, surface in enumerate(re.findall(r"[A-Za-z0-9+#'’]+", text)):
        parts = split_tokens(surface)
        word = parts[0] if parts else ""
        aspect = stem(word) in lexicon().aspects
        if (
            not word
            or word in spent
            or not _open(surface, word, at, word in clause, evidence, said, known, corpus)
        ):
            _close(run, rare)
        elif aspect:
            _close(run, rare)
            aspects.append(surface)
        else:
            run.append(surface)
    _close(run, rare)
    return (
        *(Gap(words, True) for words in dict.fromkeys(sure)),
        *(Gap(words, True, aspect=True) for words in dict.fromkeys(aspects)),
        *(Gap(words, False) for words in dict.fromkeys(rare)),
    )


def unknown(query: Query, corpus: frozenset[str]) -> tuple[str, ...]:
    """Things in the asking clause that no passage names; what to call a gap when nothing came close."""
    found = [
        word
        for word in re.findall(r"[A-Za-z][A-Za-z0-9+#-]*", query.clause or query.standalone)
        if len(word) > 2
        and thing(word.lower())
        and frequency(word.lower()) < 5.2
        and stem(word) not in corpus | lexicon().frame
        and stem(word) not in lexicon().synonyms
    ]
    return tuple(dict.fromkeys(found))


def _close(run: list[str], missing: list[str]) -> None:
    if run:
        missing.append(" ".join(run))
        run.clear()


def _open(
    surface: str,
    word: str,
    at: int,
    in_clause: bool,
    evidence: frozenset[str],
    said: frozenset[str],
    known: Explained,
    corpus: frozenset[str],
) -> bool:
    """Whether nothing explains the word."""
    root = stem(word)
    if any(char.isdigit() for char in word) and not any(char.isalpha() for char in word):
        return False
    if re.fullmatch(r"\d+(?:k|th|st|nd|rd|h|hr|hrs|m|x)?", word) or len(word) < 2:
        return False
    lexical = lexicon()
    same = lexical.synonyms.get(root, frozenset()) | {root}
    aspect = root in lexical.aspects
    if aspect:
        return in_clause and not same & said
    if same & evidence or len(root) >= 4 and any(held.startswith(root) for held in evidence) or root in known.roles:
        return False
    if root in lexical.frame:
        return False
    if not in_clause and not (
        surface[:1].isupper() and root not in corpus and thing(word) and frequency(word) < NAME_ZIPF
    ):
        return False
    if root in corpus or root in lexical.synonyms:
        # The corpus knows the word and retrieval chose other evidence all the same, so it is no gap.
        return False
    if surface[:1].isupper() and at > 0 and frequency(word) < 5.2:
        return True
    return frequency(word) < NAME_ZIPF and not _ADVERB.match(word) and thing(word)


_TURNING = re.compile(
    r"\b(?:(?:can|could|would|should|may) an?(?= \w+(?: \w+)? (?:do|follow|make|become|use|switch|get|learn|take|manage|join|apply))|i am an?|i'm an?|as an?|been an?|working as|work as|becom(?:e|ing)|turn(?:ing)? into|going from|coming from|(?:switch|mov|transition|chang)(?:e|ing)? (?:from|to|into))\s+(?:an?\s+)?(?P<rest>[^,.?!]{3,60})",
    re.IGNORECASE,
)


def _other_roles(text: str, known: Explained) -> list[str]:
    """Titles that somebody wants to become or to leave and that are neither role of the pathway."""
    return [title for match in _TURNING.finditer(text) for title in other_titles(match.group("rest"), known)[:1]]


def places(text: str) -> list[str]:
    """Places named in the text, longest first."""
    words = split_tokens(text)
    found: list[str] = []
    for size in (3, 2, 1):
        for start in range(len(words) - size + 1):
            phrase = " ".join(words[start : start + size])
            if phrase in lexicon().places and not any(phrase in longer for longer in found):
                found.append(phrase)
    return found


def other_titles(text: str, known: Explained) -> list[str]:
    """Job titles in the text that stand for neither role: ``data analyst``, ``nurse``.

    A title is an occupation word and the words before it, up to the first that belongs to no title.
    """
    words = split_tokens(text)
    titles = []
    role_words = known.roles
    for at, word in enumerate(words):
        single = word if word in lexicon().occupations else word.removesuffix("s")
        if single not in lexicon().occupations:
            continue
        lead: list[str] = []
        for before in reversed(words[max(0, at - 3) : at]):
            if before in lexicon().title_modifiers or frequency(before) > 5.9:
                break
            lead.insert(0, before)
        title = " ".join([*lead, single])
        first = at - len(lead)
        if first and words[first - 1] in {"my", "our", "your", "his", "her", "their", "hiring", "non"}:
            continue
        if any(title == name or title.endswith(" " + name) or name.endswith(title) for name in known.titles):
            continue
        if lead and {stem(part) for part in (*lead, single)} <= role_words and _in_one_role(title, known):
            continue
        if not lead and stem(single) in role_words:
            continue
        titles.append(title)
    return titles


def _in_one_role(title: str, known: Explained) -> bool:
    parts = {stem(part) for part in split_tokens(title)}
    return any(parts <= {stem(word) for word in split_tokens(name)} for name in known.titles)


def role_names(origin: str, target: str, aliases: Sequence[str]) -> Explained:
    """What stands for the two roles: their names, acronyms and ``aliases``."""
    acronyms = ["".join(word[0] for word in role.split()) for role in (origin, target) if len(role.split()) > 1]
    names = [name.lower() for name in (origin, target, *aliases, *acronyms)]
    roots = {stem(word) for name in names for word in split_tokens(name)}
    return Explained(frozenset(roots), tuple(" ".join(split_tokens(name)) for name in names))
