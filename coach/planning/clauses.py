"""A document in clauses, each with the line it stands on and whose doing it tells.

Comes in: the lines of a resume. Goes out: clauses in reading order, and notices of what was left out. A line that runs
on in the next is read with it, so that "no experience with" at the end of one denies what begins the other; a quote
never leaves its line. It knows English and no skill.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from coach.planning.scope import Scope, Section, ends_in_others, gives_away, orders, scope_of, section_of, workplace
from coach.planning.typos import spelt

MOST_CHARACTERS = 600
"""A clause longer than this is cut: nobody tells one thing in more."""

WRAPS_FROM = 45
"""Characters from which a line without a full stop may run on in the next one."""

HEADING_WORDS = 6

OPENING_LINES = 4
"""Lines at the top of which those before the first sentence name a person and a post."""

TITLE_WORDS = 14

LABEL_WORDS = 2
"""Words up to which what stands before a colon may be the heading of an enumeration."""

NAME_WORDS = 4
"""Words up to which what stands before a dash is a name that what follows speaks of."""


class TextLine(Protocol):
    """What is needed of a line: ``coach.documents`` makes them."""

    @property
    def text(self) -> str: ...

    @property
    def heading(self) -> str: ...

    @property
    def item(self) -> bool: ...


@dataclass(frozen=True)
class Clause:
    """A stretch of text that tells one thing."""

    text: str
    line: int
    """Index of the line that it stands on, or the most of it."""
    quote: str
    """The part of that line, verbatim."""
    scope: Scope
    section: Section
    listed: bool
    """True for an enumeration of names: "Python, Docker, Git"."""
    title: bool
    """True for a line that heads a job or a person: names of posts and of employers, no deeds."""
    sentence: int
    """Number of the sentence in the document; clauses of one sentence belong together."""


@dataclass(frozen=True)
class Clauses:
    all: tuple[Clause, ...]
    notices: tuple[str, ...]

    @property
    def own(self) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.all if clause.scope is Scope.OWN)


@dataclass(frozen=True)
class _Block:
    """Lines that are read as one text."""

    text: str
    starts: tuple[tuple[int, int], ...]
    """Index of each line and where it begins in the text."""
    section: Section
    item: bool


_ABBREVIATED = re.compile(
    r"\b(?:incl|approx|e\.g|i\.e|etc|vs|dr|mr|mrs|ms|st|inc|ltd|dept|no|nr|ca|resp|prof|jr|sr|co|corp|univ|max|min|\w)\.$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+")
_JOINT = re.compile(
    r"""
      \s*;\s*
    | \s+[–—]\s+ | \s+--?\s+
    | ,?\s+(?=(?:but|however|although|though|whereas)\b)
    | ,?\s+(?=while\s+(?:i|the|our|my|others?)\b)
    | ,\s+(?=(?:and\s+|so\s+)?(?:i|we|they|he|she|it|nobody|others)(?:['’]\w+)?\s)
    | ,\s+(?=(?:and\s+|but\s+)?(?:no|not|never|none|nor|neither|without|nothing)\b)
    | ,?\s+(?=and\s+(?:no|not|never|(?:do|did|have|had|could|was|am)(?:\s+not|n['’]t))\b)
    | ,\s+(?=(?:do|did|have|had|could|can|was|am)(?:\s+not|n['’]t|not)\b)
    | ,\s+(?=(?:which|who|whom)\b)
    | (?<!\bin)(?<!\bof)(?<!\bby)(?<!\bwith)(?<!\bfor)(?<!\bto)(?<!\bat)(?<!\bon)(?<!\bfrom)\s+(?=which\b)
    | ,\s+(?=(?:because|since|as)\s+(?:i|the|our|my)\b)
    | \s+(?=(?:at|for)\s+(?:an?|the|one\s+of\s+the)\s)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BRACKETS = re.compile(r"\(([^()]{3,200})\)")
_LABEL = re.compile(r"^\W*([^:]{2,40}?)\s*:\s+(?=\S)")
_SEPARATORS = re.compile(r"\s*[,;|·•/]\s*|\s+[–—-]\s+")
_DOER = re.compile(
    r"^\W*(?:\w+ed|wrote|built|led|ran|made|drew|set|kept|took|gave|cut|did|put|found|taught|sold)\b", re.IGNORECASE
)
_DOES = re.compile(
    r"^\W*(?:i|i['’]ve|used|wrote|built|rebuilt|led|ran|made|drew|set|kept|took|gave|cut|did|put|found|taught|sold|held|"
    r"brought|bought|sent|oversaw|grew|won|chose|dealt|laid|fed|drove)\s+(?=\S)",
    re.IGNORECASE,
)
"""How a line begins that tells what its writer did."""
_BY_WRITER = re.compile(rf"\b(?:I|we|mine)\b|{_DOER.pattern}|{_DOES.pattern}", re.IGNORECASE)
_PARTICIPLE = re.compile(
    r"^\W*(?!(?:united|allied|associated|red|ned|fred|ted|retired|certified|registered|chartered|qualified|experienced|"
    r"skilled|advanced|licen[cs]ed)\b)[a-z]{2,}ed\s+(?=\S)",
    re.IGNORECASE,
)
"""Likewise, or how a firm is called."""
_NAMED_ALIKE = re.compile(r"^\W*\w+ed\s+[A-Z][a-z]")
_FORM = re.compile(r"\b(?:ltd|limited|inc|llc|plc|gmbh|ag|bv|nv|sa|group|house|co|company|& sons)\b", re.IGNORECASE)
_HAS = re.compile(
    r"\byears?(?:['’])?\s+(?:of|in|with|experience)\b|\b(?:in|with|using|on)\s+(?=\w)(?!the\b)"
    r"|\b(?:knowledge|experience) of\b",
)
"""What is said of a skill and not of a name: "six years of", "proficient in"."""
POST = re.compile(
    r"\b(?:\w{2,}(?:er|or|ist|ant|yst|ian|ive|man)|dba|sre|head|lead|chef|clerk|agent|coach|nurse|intern|rep|student|"
    r"apprentice)s?(?=\W*$|\s*[,|·•(:&]|\s+[–—-]|\s+(?:of|in|for|at|with|and|on|to|[ivx]+|\d)\b)",
    re.IGNORECASE,
)
"""A post, which closes its name or says of what it is: "Java developer", "head of stores", but not "Vector House"."""
_ADDRESS = re.compile(r"@|https?:|www\.|\+?\d[\d ()/-]{6,}\d")
_NAMES = re.compile(r"\s*[,|•·(]\s*|\s+[–—-]\s+|\s+at\s+")
_SMALL_IN_NAMES = frozenset("of and & the de la du van von der den di da für for".split())
_PLACE = re.compile(r"(?:at|for)\s+(?:an?|the|one\s+of\s+the)\s", re.IGNORECASE)
_JOB = re.compile(r"^\W*(?:\w+ ){0,3}\w+(?:er|or|ist|ant|rk|rep|ian|nt|ef)$", re.IGNORECASE)
_ONLY = re.compile(r"^\W*(?:and |but |while )?i (?:only|just|simply|merely)\b", re.IGNORECASE)
_WHICH = re.compile(r"^which\s+(?!i\b|we\b|the\b|our\b|three\b|two\b)\w+", re.IGNORECASE)
_PERIOD = re.compile(
    r"\b(?:19|20)\d\d\s*(?:[-–—]+|to|until|till|bis)\s*(?:(?:\w+\s+|\d\d?[/.])?(?:19|20)\d\d|now|today|present|date|current|ongoing)"
    r"|\bsince\s+(?:19|20)\d\d\W*$",
    re.IGNORECASE,
)
_DASH = re.compile(r"[–—-]")
_COMMENT = re.compile(r"<!--")
_SMALL = re.compile(r"^[\"'“(]?[a-z]")


def read_clauses(lines: Sequence[TextLine]) -> Clauses:
    """Every clause of a document. Lines that speak to a program are left out and noticed."""
    found: list[Clause] = []
    refused = sentence = 0
    opening = True
    for number, block in enumerate(_blocks(lines)):
        if orders(block.text):
            refused += 1
            continue
        opening = opening and number < OPENING_LINES and _introduces(block)
        heads = opening and len(block.text.split()) <= TITLE_WORDS or _heads_job(block)
        title = heads and not _tells(block)
        told: list[list[Clause]] = []
        for start, end in _sentences(block.text):
            sentence += 1
            told.append(list(_clauses(block, start, end, sentence, title)))
        for own in _given_away(block, told):
            found += own
    return Clauses(tuple(found), _refused(refused))


def _given_away(block: _Block, told: Sequence[list[Clause]]) -> Iterator[list[Clause]]:
    """The clauses of each sentence, where a name or what has no doer belongs to whom the next sentences tell of:
    "Docker. I can spell it.", "Sixty demos of the product. The engineer types."."""
    for at, clauses in enumerate(told):
        scope = Scope.OWN
        if len(clauses) == 1 and clauses[0].scope is Scope.OWN and not _BY_WRITER.search(clauses[0].text):
            name = len(clauses[0].text.split()) <= NAME_WORDS
            for later in told[at + 1 : at + 3] if name else told[at + 1 : at + 2]:
                first = next((one.scope for one in later), Scope.OWN)
                if first is Scope.OTHERS and (name or block.item) or first is Scope.DENIED and name:
                    scope = first
                    break
                if any(_BY_WRITER.search(one.text) for one in later):
                    break
        yield [replace(one, scope=scope) for one in clauses] if scope is not Scope.OWN else clauses


def _refused(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    if count == 1:
        return ("A passage speaks to a program instead of telling what was done, and was left out.",)
    return (f"{count} passages speak to a program instead of telling what was done, and were left out.",)


def sentences_of(clauses: Sequence[Clause]) -> Iterator[tuple[Clause, ...]]:
    """Clauses that stand together, in order."""
    run: list[Clause] = []
    for clause in clauses:
        if run and clause.sentence != run[-1].sentence:
            yield tuple(run)
            run = []
        run.append(clause)
    if run:
        yield tuple(run)


def _blocks(lines: Sequence[TextLine]) -> Iterator[_Block]:
    small = sum(bool(_SMALL.match(line.text)) for line in lines) > 0.5 * len(lines)
    section = Section.OWN
    heading = ""
    run: list[tuple[int, TextLine]] = []
    comment = False
    carried: Section | None = None
    for index, line in enumerate(lines):
        opened = _opens(line)
        if run and not comment and (opened is not None or not _runs_on(run[-1][1], line, small)):
            yield _block(run, carried or section)
            carried = _carries(run, line) or (carried if line.item else None)
            run = []
        if line.heading != heading:
            heading = line.heading
            section = section_of(spelt(heading)) or Section.OWN
            carried = None
        if opened is not None and not comment:
            section, carried = opened, None
            continue
        comment = (comment or bool(_COMMENT.search(line.text))) and "-->" not in line.text
        run.append((index, line))
    if run:
        yield _block(run, carried or section)


def _opens(line: TextLine) -> Section | None:
    """The section that a line opens as a heading of its own."""
    words = line.text.split()
    if line.item or not words or len(words) > HEADING_WORDS or line.text.rstrip()[-1] in ".,;!?":
        return None
    found = section_of(spelt(line.text))
    if found is None and len(words) <= 3 and not any(char.isdigit() for char in line.text) and _titled(line):
        return Section.OWN
    return found


def _titled(line: TextLine) -> bool:
    return line.text.strip() == line.heading.strip() and bool(line.heading.strip())


def _carries(run: Sequence[tuple[int, TextLine]], line: TextLine) -> Section | None:
    """ "No experience with:" denies the entries of the list under it."""
    last = run[-1][1]
    if not (line.item and last.text.rstrip().endswith(":") and not last.item):
        return None
    return {Scope.DENIED: Section.DENIED, Scope.WISHED: Section.WISHED}.get(scope_of(last.text.rstrip(" :")))


def _runs_on(last: TextLine, line: TextLine, small: bool) -> bool:
    if line.item or line.heading != last.heading:
        return False
    text = last.text.rstrip()
    if orders(line.text):
        return False
    if orders(text):
        # What is told to a program may go on in any line, but not beyond its own end.
        return text[-1:] not in ".!?>]"
    if text.endswith((",", " and", " or", " with", " of", " the", " a", " in", " for", " to")):
        return True
    if text[-1:] in ".!?" or small:
        return False
    return bool(_SMALL.match(line.text)) and (last.item or len(text) >= WRAPS_FROM)


def _block(run: Sequence[tuple[int, TextLine]], section: Section) -> _Block:
    text, starts = "", []
    for index, line in run:
        if text:
            text += " "
        starts.append((index, len(text)))
        text += line.text
    return _Block(text, tuple(starts), section, run[0][1].item)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _SENTENCE.finditer(text):
        if _ABBREVIATED.search(text[start : match.start()]):
            continue
        yield start, match.start()
        start = match.end()
    if start < len(text):
        yield start, len(text)


def _introduces(block: _Block) -> bool:
    text = block.text.rstrip()
    return block.section is Section.OWN and not block.item and text[-1:] not in ".!?" and not _LABEL.match(text)


def _heads_job(block: _Block) -> bool:
    """Whether a line gives a post or an employer with its dates; a degree has one year."""
    return not block.item and len(block.text.split()) <= TITLE_WORDS and bool(_PERIOD.search(block.text))


def _tells(block: _Block) -> bool:
    """Whether a line where a name or a post would stand tells what was done: "Programmed in Ada since 2015"."""
    text = _PERIOD.sub("", block.text).strip(" ,;()–—-")
    if _DOES.match(text):
        return True
    if _PARTICIPLE.match(text):
        # "Managed Power Sites" of a firm is told from "Programmed Ada" by what else names a firm: its town, its form.
        return not _NAMED_ALIKE.match(text) or not (_NAMES.search(text) or _FORM.search(text))
    if POST.search(text) or _ADDRESS.search(text):
        return False
    if _HAS.search(text):
        return True
    parts = [part.split() for part in _NAMES.split(text) if part.strip()]
    if block.text.isupper() or block.text.islower() or not parts:
        return False
    # Names of people, firms and towns are written with capitals throughout, but for "of" and the like.
    return not any(all(word[:1].isupper() or word in _SMALL_IN_NAMES for word in words) for words in parts)


def _clauses(block: _Block, start: int, end: int, sentence: int, title: bool) -> Iterator[Clause]:
    text = block.text[start:end]
    section = block.section
    label = _LABEL.match(text)
    listed_under = section
    if label:
        named = section_of(spelt(label.group(1)))
        if named is not None:
            section = listed_under = named
    spans = list(_spans(text))
    scopes = [scope_of(spelt(text[a:b])) for a, b in spans]
    for at in range(1, len(spans)):
        before = text[slice(*spans[at - 1])]
        if _WHICH.match(text[slice(*spans[at])]) and ends_in_others(before):
            scopes[at] = Scope.OTHERS
        if workplace(text[slice(*spans[at])]):
            scopes[at] = Scope.COMPANY
        told = scopes[at - 1] is Scope.OWN and not _DOER.match(before)
        if told and gives_away(text[slice(*spans[at])]) and text[spans[at][0] - 1] != "(":
            scopes[at - 1] = Scope.OTHERS
        if scopes[at] is Scope.WISHED and text[spans[at][0] - 1] == "(" and told:
            scopes[at - 1] = Scope.WISHED  # "Kubernetes (half-way)"
        if _ONLY.match(text[slice(*spans[at])]) and scopes[at] is Scope.OWN and scopes[at - 1] is not Scope.OWN:
            scopes[at] = Scope.OTHERS
    for at in range(len(spans) - 2, -1, -1):
        # "CI/CD - nothing that I can claim": the name alone tells nothing.
        (a, b), (c, _) = spans[at], spans[at + 1]
        if scopes[at] is Scope.OWN and len(text[a:b].split()) <= NAME_WORDS and _DASH.search(text[b:c]):
            scopes[at] = scopes[at + 1]
    for (a, b), scope in zip(spans, scopes, strict=True):
        line, quote = _quoted(block, start + a, start + b)
        if not quote:
            continue
        yield Clause(
            text=spelt(text[a:b][:MOST_CHARACTERS]),
            line=line,
            quote=quote,
            scope=_overruled(section, scope),
            section=listed_under,
            listed=_is_list(text[a:b], listed_under),
            title=title,
            sentence=sentence,
        )


def _overruled(section: Section, scope: Scope) -> Scope:
    if section is Section.DENIED:
        return Scope.DENIED
    if section in {Section.WISHED, Section.COMPANY, Section.CONTACT}:
        return Scope.COMPANY if section is not Section.WISHED else Scope.WISHED
    return scope


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the clauses of a sentence stand; a bracket is one of its own where it tells of somebody else's doing."""
    holes = [match.span() for match in _BRACKETS.finditer(text) if scope_of(match.group(1)) is not Scope.OWN]
    at = 0
    for low, high in [*holes, (len(text), len(text))]:
        start = at
        for match in _JOINT.finditer(text, at, low):
            if match.start() > start and not _inside(text, match.start()) and _parts(text, start, match):
                yield start, match.start()
                start = match.end()
        if text[start:low].strip():
            yield start, low
        if high > low:
            yield low + 1, high - 1
        at = high


def _parts(text: str, start: int, joint: re.Match[str]) -> bool:
    """Whether a joint parts two clauses: "at a firm" does so after a job's name only."""
    rest = text[joint.end() :]
    if not _PLACE.match(rest):
        return True
    return workplace(rest) and bool(_JOB.search(text[start : joint.start()]))


def _inside(text: str, at: int) -> bool:
    """Whether a place lies in brackets."""
    return text.count("(", 0, at) > text.count(")", 0, at)


def _quoted(block: _Block, start: int, end: int) -> tuple[int, str]:
    """The line that holds the most of a stretch, and what of the stretch stands on it."""
    best, part = 0, ""
    for number, (index, begins) in enumerate(block.starts):
        ends = block.starts[number + 1][1] - 1 if number + 1 < len(block.starts) else len(block.text)
        piece = block.text[max(start, begins) : min(end, ends)].strip()
        if len(piece) > len(part):
            best, part = index, piece
    return best, part


def _is_list(text: str, section: Section) -> bool:
    """Whether a text is an enumeration: entries of a few words, no verb to be expected."""
    label = _LABEL.match(text)
    if label and section_of(label.group(1)) is None and len(label.group(1).split()) > LABEL_WORDS:
        return False
    entries = [entry for entry in _SEPARATORS.split(text[label.end() :] if label else text) if entry.strip()]
    if not entries:
        return False
    words = sorted(len(entry.split()) for entry in entries)
    if section in {Section.SKILLS, Section.LANGUAGES}:
        return words[len(words) // 2] <= 4
    return len(entries) >= 3 and words[-1] <= 4 and words[len(words) // 2] <= 3
