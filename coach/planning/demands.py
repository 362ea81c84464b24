"""What a job posting asks for, one demand at a time.

Comes in: the lines of a posting. Goes out: ``Demand`` values in the order of the posting, each with the part of the
line that asks for it. Duties, benefits and what a company says of itself ask for nothing. "A or B" is one demand that
either meets; "A and B" are two. It knows English (``demands.yaml``) and no trade.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

from coach.answering.words import frequency
from coach.planning.clauses import TextLine

FILE = Path(__file__).with_name("demands.yaml")

MOST_DEMANDS = 60
NAME_WORDS = 9
HEADING_WORDS = 8
LONE_WORDS = 5
"""Words of a line that is a heading by its shape alone."""


class Kind(StrEnum):
    """How a demand is met: by the words of a resume, by a language at a level, or by a degree."""

    SKILL = "skill"
    LANGUAGE = "language"
    DEGREE = "degree"


@dataclass(frozen=True)
class Demand:
    name: str
    alternatives: tuple[str, ...]
    """Any of them will do; the name itself if there are none."""
    quote: str
    """Part of one line, verbatim."""
    line: int
    """Index of that line."""
    required: bool
    kind: Kind = Kind.SKILL
    rank: int = 0
    """Of a degree (1 bachelor, 2 master, 3 doctor), or of a language (1 for A1 to 6 for C2; 0 for any)."""


class _Section(StrEnum):
    REQUIRED = "required"
    WELCOME = "welcome"
    DUTIES = "duties"
    OFFER = "offer"
    ABOUT = "about"


_ASKING = (_Section.REQUIRED, _Section.WELCOME)
_Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class _Rules:
    headings: tuple[tuple[_Section, _Patterns], ...]
    cues: _Patterns
    leads: _Patterns
    tails: _Patterns
    examples: _Patterns
    not_asked: _Patterns
    denied: _Patterns
    nothing: _Patterns
    languages: frozenset[str]
    degrees: _Patterns


@cache
def _rules() -> _Rules:
    raw = yaml.safe_load(FILE.read_text(encoding="utf-8"))

    def compiled(text: str, whole: bool = False) -> _Patterns:
        lines = (line.strip() for line in text.splitlines())
        kept = [line for line in lines if line and not line.startswith("#")]
        return tuple(re.compile(rf"^(?:{line})$" if whole else line, re.IGNORECASE) for line in kept)

    # Welcome before required: "preferred qualifications".
    order = (_Section.WELCOME, _Section.OFFER, _Section.REQUIRED, _Section.DUTIES, _Section.ABOUT)
    return _Rules(
        headings=tuple((section, compiled(raw["headings"][section.value], whole=True)) for section in order),
        cues=compiled(raw["cues"]),
        leads=compiled(raw["leads"]),
        tails=compiled(raw["tails"]),
        examples=compiled(raw["examples"]),
        not_asked=compiled(raw["not_asked"]),
        denied=compiled(raw["denied"]),
        nothing=compiled(raw["nothing"], whole=True),
        languages=frozenset(name.lower() for name in raw["languages"].split()),
        degrees=compiled(raw["degrees"]),
    )


Fields = Callable[[str], set[int]]
"""Which fields of skill a text names, for telling one thing from two."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_LABEL = re.compile(r"^\W*([^:.]{2,50}?)\s*:\s*")
_RUN_IN = re.compile(r"^\W*([^:.]{2,50}?)\s*(?::|[.–—-]\s)\W*")
"""A heading that the text goes on behind: "Benefits. Four days a week"."""
_VERSION = re.compile(r"(?<=\w)\s+v?\d[\d.]*$|(?<=\+\+)\d+$")
_COMMA = re.compile(
    r"\s*[,;]\s+(?:and\s+|or\s+)?|\s+(?:as well as|plus|including|together with|along with)\s+|\s+[–—]\s+"
)
_AND = re.compile(r"\s+(?:and|&)\s+", re.IGNORECASE)
_CLAUSE = re.compile(r"\s*;\s*|,?\s+(?:but|however|though|although)\s+|\s+[–—]\s+", re.IGNORECASE)
_DENIES_FIRST = re.compile(
    r"^\W*(?:no|(?:\w+\s+){0,2}(?:need(?:n['’]t|\s+not)|do(?:es)?(?:n['’]t|\s+not)))\b", re.IGNORECASE
)
_DENIES_SEVERAL = re.compile(r"\bare(?:n['’]t|\s+not)\b", re.IGNORECASE)
_LIST_OF_ANY = re.compile(r",[^,]*\bn?or\b[^,]*$", re.IGNORECASE)
_WITH = re.compile(r"\s+with\s+(?=[A-Z])")
_OR = re.compile(r"\s*,?\s+(?:or|and/or)\s+|\s+/\s+|(?<=[a-z]{3})/(?=[A-Z][a-z])")
_CHOICES = re.compile(rf"\s*,\s+|{_OR.pattern}")
_MEANS = re.compile(r"^(?P<doing>.+?)\s+(?:with|in|using|on|through|via)\s+(?P<means>[A-Z].*)$")
_ADVANCED = re.compile(r"^(?:advanced|expert|senior|professional)\s+(?=\S)", re.IGNORECASE)
_DEGREE = re.compile(r"\b(?:degree|studies|graduate)\b", re.IGNORECASE)
_GERUND = re.compile(r"^\w+ing\b(?!s)", re.IGNORECASE)
_GOVERNS = re.compile(r"^\w+ing\s+\w", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*\(([^()]{2,80})\)")
_LEVEL = re.compile(r"\b([ABC])([12])\b")
_HIGH = re.compile(
    r"\b(?:fluent|fluency|native|excellent|very good|mother tongue|proficient|perfect|business)\b", re.IGNORECASE
)


def read_demands(lines: Sequence[TextLine], fields: Fields) -> tuple[Demand, ...]:
    """Demands in order, each thing once. Without any heading that is known, lines that sound like demands are read."""
    marked = list(_marked(lines))
    asking = [(index, text, section) for index, text, section in marked if section in _ASKING]
    if not asking:
        asking = [
            (index, text, _Section.REQUIRED)
            for index, text, section in marked
            if section not in {_Section.OFFER, _Section.ABOUT} and _any(_rules().cues, text)
        ]
    found: dict[str, Demand] = {}
    for index, text, section in asking:
        for demand in _demands(text, index, section is _Section.REQUIRED, fields):
            found.setdefault(demand.name.lower(), demand)
    return tuple(found.values())[:MOST_DEMANDS]


def _marked(lines: Sequence[TextLine]) -> Iterator[tuple[int, str, _Section | None]]:
    """Lines that are no headings, each with its section."""
    section: _Section | None = None
    heading = ""
    listed = False
    for index, line in enumerate(lines):
        if line.heading != heading:
            heading = line.heading
            section, listed = _section(heading), False
        after = lines[index + 1].heading if index + 1 < len(lines) else ""
        opened = _section(line.text) if _heads(line, after) else None
        if opened is not None:
            section, listed = opened, False
            continue
        label = None if line.item else _RUN_IN.match(line.text)
        if label:
            named = _section(label.group(1))
            if named is not None:
                section, listed = named, False
                if line.text[label.end() :].strip():
                    yield index, line.text[label.end() :].strip(), section
                continue
        told = listed and not line.item and line.text.rstrip()[-1:] in ".!?"
        if told and section in _ASKING and not _any(_rules().cues, line.text):
            section = None  # a paragraph behind the list of what is asked for: where, how much, whom to write to
        listed = line.item
        yield index, line.text, section


def _heads(line: TextLine, after: str) -> bool:
    """Whether a line is a heading: the document says so, or it looks like one."""
    text = line.text.strip()
    if line.item:
        return False
    if text == after.strip() or text.endswith(":"):
        return True
    return len(text.split()) <= LONE_WORDS and text[-1:] not in ".!?" and ": " not in text


def _section(text: str) -> _Section | None:
    bare = text.strip(" \t:#*_-–—|.!").lower()
    if not bare or len(bare.split()) > HEADING_WORDS:
        return None
    return next((section for section, patterns in _rules().headings if _any(patterns, bare)), None)


def _demands(text: str, line: int, required: bool, fields: Fields) -> Iterator[Demand]:
    for sentence in _SENTENCE.split(text):
        for asked in _asked(sentence.strip()):
            for part in _things(asked, fields):
                name = _named(part)
                if not name or _any(_rules().not_asked, part.strip(" .")) or _denied(part):
                    continue
                yield _demand(name, part, sentence, line, required)


def _asked(sentence: str) -> Iterator[str]:
    """A sentence, or what is left of it without the clauses that say of all they name that it is not needed.

    Of "C, C++ and Java are not required" nothing is left, whereas "SQL, Java is not required" is parted first.
    """
    clauses = _CLAUSE.split(sentence)
    kept = [clause for clause in clauses if not (_denied(clause) and _of_all(clause))]
    yield from [sentence] if len(kept) == len(clauses) else kept


def _of_all(clause: str) -> bool:
    """Whether what a clause denies is denied of each thing in it: of several by "or", or by a plural."""
    if _DENIES_FIRST.match(clause):
        return "," not in clause or bool(_LIST_OF_ANY.search(clause))
    return bool(_DENIES_SEVERAL.search(clause)) or "," not in clause and not _AND.search(clause)


def _denied(text: str) -> bool:
    return _any(_rules().denied, _BRACKETS.sub("", text).strip(" ."))


def _things(text: str, fields: Fields) -> Iterator[str]:
    """The parts of a sentence that ask for one thing each, verbatim."""
    whole, examples = text, ""
    for pattern in _rules().examples:
        match = pattern.search(text)
        if match:
            whole, examples = text[: match.start()], text[match.start() :]
            break
    masked = _BRACKETS.sub(lambda found: " " + "\0" * (len(found.group()) - 1), whole)
    spans = list(_split(masked, _COMMA))
    if _any_of(masked, spans):
        spans = [(0, len(masked))]
    spans = [span for low, high in spans for span in _stacked(masked, low, high)]
    spans = [span for low, high in spans for span in _pairs(masked, low, high, fields)]
    for number, (low, high) in enumerate(spans):
        part = whole[low:high].strip()
        if number == len(spans) - 1:
            part = (whole[low:high] + examples).strip()
        if part:
            yield part


def _any_of(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether names are listed of which any will do: "Danish, Swedish or Norwegian"."""
    *before, last = [_named(text[low:high]) for low, high in spans]
    choices = _OR.split(last)
    return bool(before) and len(choices) > 1 and not _AND.search(text) and all(map(_is_name, (*before, *choices)))


def _split(text: str, joint: re.Pattern[str], low: int = 0, high: int | None = None) -> Iterator[tuple[int, int]]:
    high = len(text) if high is None else high
    for match in joint.finditer(text, low, high):
        yield low, match.start()
        low = match.end()
    yield low, high


def _stacked(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """ "Java with Spring Boot" is two; "monitoring with Grafana" is one."""
    match = _WITH.search(text, low, high)
    left = _named(text[low : match.start()]) if match else ""
    if match and _is_name(left) and not _GERUND.match(left):
        yield low, match.start()
        yield match.end(), high
    else:
        yield low, high


def _pairs(text: str, low: int, high: int, fields: Fields) -> Iterator[tuple[int, int]]:
    """Two things where an "and" joins two names; "backup and restore" is one."""
    match = _AND.search(text, low, high)
    if not match:
        yield low, high
        return
    left, right = text[low : match.start()], text[match.end() : high]
    means = _MEANS.match(_named(left))
    if means and _is_name(means["means"]):
        left = means["means"]
    if not _GOVERNS.match(_named(left)) and _two(
        _named(left.replace("\0", "")), _named(right.replace("\0", "")), fields
    ):
        yield low, match.start()
        yield from _pairs(text, match.end(), high, fields)
    else:
        yield low, high


def _two(left: str, right: str, fields: Fields) -> bool:
    if not left or not right:
        return False
    if _is_name(left) and _is_name(right):
        return True
    here, there = fields(left), fields(right)
    if here and there:
        return not here & there or len(right.split()) > 1
    return 2 <= len(left.split()) <= 3 and 2 <= len(right.split()) <= 3


def _is_name(text: str) -> bool:
    """Whether a text is a name rather than a description: "Go", "Power BI", "C++", "Dutch"."""
    words = text.split()
    return 0 < len(words) <= 4 and all(not word[:1].islower() or frequency(word.lower()) < 2.5 for word in words)


def _named(part: str) -> str:
    """The thing itself, without what leads up to it and what follows."""
    text = part.strip(" \t.;,:•*-–—")
    changed = True
    while changed and text:
        changed = False
        for patterns in (_rules().leads, _rules().tails):
            for pattern in patterns:
                shorter = pattern.sub("", text).strip(" \t.;,:")
                if shorter != text and shorter:
                    text, changed = shorter, True
    for pattern in _rules().examples:
        text = pattern.split(text)[0]
    text = " ".join(text.split()[:NAME_WORDS]).strip(" .,;:")
    return "" if _any(_rules().nothing, text) else text


def _demand(name: str, part: str, sentence: str, line: int, required: bool) -> Demand:
    rules = _rules()
    words = {word.strip(".,").lower() for word in name.split()}
    spoken = words & rules.languages
    if spoken and (len(spoken) == 1 and len(words - rules.languages) <= 3 or words <= rules.languages | {"or"}):
        level = _LEVEL.search(part)
        rank = "ABC".index(level.group(1)) * 2 + int(level.group(2)) if level else 5 if _HIGH.search(sentence) else 0
        languages = [word.strip(".,") for word in name.split() if word.strip(".,").lower() in spoken]
        return Demand(" or ".join(languages), tuple(languages), part, line, required, Kind.LANGUAGE, rank)
    ranks = [rank for rank, pattern in enumerate(rules.degrees, 1) if pattern.search(name)]
    if ranks or _DEGREE.search(name):
        return Demand(name, (name,), part, line, required, Kind.DEGREE, min(ranks, default=1))
    bare = _BRACKETS.sub("", name).strip()
    if (label := _LABEL.match(bare)) is not None:
        bare = label.group(1)
    kinds = [
        choice.strip(" .")
        for found in _BRACKETS.findall(part)
        for choice in re.split(r"\s*[,;/]\s*|\s+or\s+|\s+and\s+", found)
    ]
    for pattern in rules.examples:
        if (match := pattern.search(part)) is not None:
            kinds += [choice.strip(" .") for choice in re.split(r"\s*,\s*|\s+or\s+|\s+and\s+", part[match.end() :])]
    means = _MEANS.match(bare)
    choices = [_ADVANCED.sub("", _named(choice)) for choice in _CHOICES.split(means["means"] if means else bare)]
    # Who knows the language knows the version that is asked for, or nearly.
    plain = [_VERSION.sub("", choice) for choice in choices]
    return Demand(
        bare or name,
        tuple(dict.fromkeys(choice for choice in (*choices, *plain, *kinds) if choice)) or (name,),
        part,
        line,
        required,
    )


def degree_rank(text: str) -> int:
    """The highest degree that a text names: 0 none, 1 bachelor, 2 master, 3 doctor."""
    named = (rank for rank, pattern in enumerate(_rules().degrees, 1) if pattern.search(text))
    return max(named, default=int(bool(_DEGREE.search(text))))


def language_rank(text: str, language: str) -> int | None:
    """How well a text says that a language is spoken, 1 to 6; 4 where it names it only, None where it does not.

    >>> language_rank("Spanish (native), German (B1)", "German"), language_rank("Dutch, a little Igbo", "Igbo")
    (3, 2)
    """
    for part in re.split(r"[,;|·•]|\band\b", text):
        if re.search(rf"\b{re.escape(language)}\b", part, re.IGNORECASE):
            level = _LEVEL.search(part)
            if level:
                return "ABC".index(level.group(1)) * 2 + int(level.group(2))
            if re.search(r"\b(?:little|basic|basics|beginner|some|elementary)\b", part, re.IGNORECASE):
                return 2
            return 6 if _HIGH.search(part) else 4
    return None


def _any(patterns: _Patterns, text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)
