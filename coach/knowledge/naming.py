"""Names to ids and to other names, by their form alone.

Comes in: names and the layout of a page. Goes out: ids that differ, and aliases that point to one thing only. It knows
no synonyms: an alias is a part of the name, or an acronym in it or of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from coach.knowledge.pages import Layout, heading_key

MAX_ID_CHARS = 60
"""Ids are read in citations and addresses; eight words or so tell items apart."""


@dataclass
class Ids:
    """Slugs that differ within one list; the second of a name gets ``-2``."""

    seen: Counter[str] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)

    def of(self, name: str, spare: str = "item") -> str:
        base = slug(name) or spare
        self.seen[base] += 1
        candidate = base if self.seen[base] == 1 else f"{base}-{self.seen[base]}"
        while candidate in self.used:
            self.seen[base] += 1
            candidate = f"{base}-{self.seen[base]}"
        self.used.add(candidate)
        return candidate


def slug(name: str, limit: int = MAX_ID_CHARS) -> str:
    """Lower-case letters and digits joined by hyphens; empty where the name has none.

    >>> slug("AI/ML Basics: Café & C++"), slug("C# / .NET")
    ('ai-ml-basics-cafe-and-cpp', 'c-sharp-dot-net')
    """
    text = (
        name.casefold().replace("c++", "cpp").replace("c#", "c-sharp").replace(".net", "dot-net").replace("&", " and ")
    )
    text = re.sub(r"(?<=\w)['’](?=\w)", "", text)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = re.sub(r"[^a-z0-9]+", "-", text).strip("-")
    if len(text) > limit:
        cut = text[: limit + 1].rfind("-")
        text = text[: cut if cut > 0 else limit].strip("-")
    return text


def pathway_slug(origin: str, target: str) -> str:
    """Both roles; a fingerprint stands in for a role without Latin letters, so that two pages stay apart."""
    parts = [slug(role, 56) or sha256(role.encode("utf-8")).hexdigest()[:8] for role in (origin, target)]
    return "-to-".join(parts)


_ACRONYM = re.compile(r"(?<![\w/])[A-Z][A-Z\d]+(?:[/&][A-Z][A-Z\d]*)*(?![\w/])")
_ORDINARY = frozenset(
    """
    ace act add ads age aid aim air all and any apt are arm art ask ate bad bag ban bar bat bed bet bid big bit box
    boy bus but buy can cap car cat cop cow cut dad day did die dig dim dog due ear eat egg end era eye fad fan far
    fat fed few fit fix fly for fun gap gas get god got gun guy had has hat her hid him his hit hot how ice ill its
    jam job joy key kid law lay led leg let lie lip lot low mad man map may men met mid mix mob mud net new nor not
    now odd off oil old one our out own pad pan pay pen pet pie pin pop pot put ran rap rat raw red rid rip rob row
    run sad sat saw say sea see set she sir sit six ski sky son spa spy sub sum sun tag tap tar tax tea ten the tie
    tip toe too top toy try two use van via war was way wet who why win won yes yet you
    """.split()
)
"""Words that an acronym must not be mistaken for, since questions are matched without regard to case."""

_SMALL_WORDS = frozenset("a an and as at by for from in of on or the to with".split())


class Aliases:
    """Other names, by form alone: without brackets, without a "for ..." tail, an acronym in or of the name.

    Whatever two names of the page could mean is nobody's alias.
    """

    def __init__(self, layout: Layout, names: Iterable[str]) -> None:
        self._layout = layout
        lines = [*layout.facts, *(line for section in layout.sections.values() for line in section)]
        text = " ".join(line.text for line in lines)
        self._acronyms = set(re.findall(r"(?<!\w)[A-Z]{2,6}(?!\w)", text))
        self._words = set(re.findall(r"(?<!\w)[a-z]+(?!\w)", text))
        self._names = list(dict.fromkeys(names))
        claimed = Counter(key for name in self._names for key in {heading_key(alias) for alias in self._forms(name)})
        roles = {heading_key(layout.origin), heading_key(layout.target)}
        taken = (
            {heading_key(name) for name in self._names} | roles | {heading_key(alias) for alias in self._role_forms()}
        )
        # An acronym that stands in another name would point to both.
        within = Counter(
            heading_key(found)
            for name in (*self._names, layout.origin, layout.target)
            for found in set(_ACRONYM.findall(name))
        )
        self._free = {key for key, count in claimed.items() if count == 1 and key not in taken and within[key] <= 1}

    def of(self, name: str) -> tuple[str, ...]:
        return tuple(alias for alias in self._forms(name) if heading_key(alias) in self._free)

    def of_role(self) -> tuple[str, ...]:
        return self._role_forms()

    def _forms(self, name: str) -> tuple[str, ...]:
        forms: list[str] = []
        plain = " ".join(re.sub(r"\([^()]*\)", " ", name).split())
        forms.append(plain)
        forms += [part.strip() for part in re.findall(r"\(([^()]*)\)", name) if _ACRONYM.fullmatch(part.strip())]
        head = re.split(r"\s+for\s+", plain, maxsplit=1)[0]
        # One plain word, such as "Tools" of "Tools for Teaching", is too general for a name.
        if len(head.split()) > 1 or _ACRONYM.fullmatch(head):
            forms.append(head)
        forms += _ACRONYM.findall(name)
        own = _initials(plain)
        if own in self._acronyms and own.lower() not in self._words | _ORDINARY:
            forms.append(own)
        return tuple(dict.fromkeys(form for form in forms if len(form) > 1 and form != name))

    def _role_forms(self) -> tuple[str, ...]:
        target = self._layout.target
        forms: list[str] = []
        plain = " ".join(re.sub(r"\([^()]*\)", " ", target).split())
        forms.append(plain)
        forms += [part.strip() for part in re.findall(r"\(([^()]*)\)", target) if _ACRONYM.fullmatch(part.strip())]
        own = _initials(plain)
        if own and own.lower() not in self._words | _ORDINARY and own != _initials(self._layout.origin):
            forms.append(own)
        return tuple(
            dict.fromkeys(form for form in forms if len(form) > 1 and heading_key(form) != heading_key(target))
        )


def _initials(name: str) -> str:
    """The acronym of three or more words, an acronym among them whole; empty for a shorter name.

    >>> _initials("Learning Experience Designer"), _initials("UX Research Lead"), _initials("Data Analyst")
    ('LED', 'UXRL', '')
    """
    words = [word for word in re.findall(r"[^\W\d_][\w'’]*", name) if word.lower() not in _SMALL_WORDS]
    if len(words) < 3 or not all(word[0].isupper() for word in words):
        return ""
    return "".join(word if word.isupper() else word[0] for word in words)
