"""The layout of a career-pathway page, as text copied from a browser.

Comes in: the text of a page. Goes out: clean numbered lines, sorted into a ``Layout``: the two roles, the title,
the lines of the fact box and the lines of each section. It knows the fixed headings that all such pages share,
and nothing about any one career; what a section's lines mean is ``coach.knowledge.importer``'s business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from coach.errors import ImportPageError

MAX_PAGE_BYTES = 1_000_000
"""A page holds about 10 kB of text; a hundred times that is no page."""

MAX_HEADING_CHARS = 80
MAX_TITLE_CHARS = 300
TITLE_WITHIN_LINES = 40
"""The title stands above the fact box; a line further down that begins with "From" is prose."""

_BULLET = re.compile(r"(?:[•·▪‣◦●○■□∙⁃✓✔➤►]\s*|[-*+–—]\s+)")
_LONE_BULLET = re.compile(r"[•·▪‣◦●○■□∙⁃✓✔➤►*+-]")
_HEADER = re.compile(r"career\s+pathways?\W*(?:[\d.,]+\s*[km]?\+?\s*views?)?", re.IGNORECASE)
_VIEWS = re.compile(r"[\d.,]+\s*[km]?\+?\s*views?", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:→|⟶|➔|➜|->|=>)\s*")
_TITLE = re.compile(r"from\s+(?P<rest>\S.*?\sto\s.*\S)", re.IGNORECASE)
_TITLE_TAIL = re.compile(r"\s*:\s+|\s*:$|\s+[-–—|]\s+")
_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
_CLOSERS = "\"')]}’”»"


class Section(StrEnum):
    """The sections of the layout, in the order of the page."""

    OVERVIEW = "Overview"
    TRANSFERABLE = "Your Transferable Skills"
    SKILLS = "Skills You'll Need to Learn"
    ROADMAP = "Your Learning Roadmap"
    REALITY = "Reality Check"
    ACTIONS = "Start Your Journey Now"
    FAQ = "Frequently Asked Questions"


TELLING = (Section.TRANSFERABLE, Section.SKILLS, Section.ROADMAP, Section.REALITY, Section.ACTIONS)
"""Headings that only this layout uses; "Overview" and "Frequently Asked Questions" stand on any web page."""


@dataclass(frozen=True)
class Line:
    """A line that is not blank: where it stood, its text without a bullet, and whether it had one."""

    number: int
    text: str
    bullet: bool = False


@dataclass(frozen=True)
class Layout:
    """A page in parts. A section that the page lacks is absent; one without text is empty."""

    origin: str
    target: str
    title: str | None
    facts: tuple[Line, ...]
    sections: dict[Section, tuple[Line, ...]]
    warnings: tuple[str, ...]


def clean(text: str) -> str:
    """Text with one kind of line end and of space, and nothing invisible.

    Only compatibility forms of letters are folded (full width, ligatures, mathematical alphabets): folding all,
    as NFKC does, would turn ``™`` into letters and ``½`` into three characters of the page.

    >>> clean("\\ufeffHigh\\u00a0pay\\r\\n\\u202eﬁne\\x00")
    'High pay\\nfine'
    """
    text = re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    kept: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char == "\n" or " " <= char <= "~":
            kept.append(char)
            continue
        category = unicodedata.category(char)
        if category == "Zs" or char == "\t":
            kept.append(" ")
        elif category[0] == "C":
            continue  # controls, direction marks, zero-width characters, surrogates, glyphs of icon fonts
        elif "\ufb00" <= char <= "\ufb06" or "\uff01" <= char <= "\uff5e" or "\U0001d400" <= char <= "\U0001d7ff":
            kept.append(unicodedata.normalize("NFKC", char))
        else:
            kept.append(char)
    return "".join(kept)


def lines_of(text: str) -> list[Line]:
    """The lines of cleaned text that are not blank, without bullets; a bullet on a line of its own marks the next.

    >>> [(line.number, line.text, line.bullet) for line in lines_of("One\\n\\n  • Two  words\\n-\\nThree")]
    [(1, 'One', False), (3, 'Two words', True), (5, 'Three', True)]
    """
    lines: list[Line] = []
    pending = False
    for number, raw in enumerate(text.split("\n"), start=1):
        words = " ".join(raw.split())
        if not words:
            continue
        if _LONE_BULLET.fullmatch(words):
            pending = True
            continue
        bullet = _BULLET.match(words)
        body = words[bullet.end() :] if bullet else words
        if not body:
            pending = True
            continue
        lines.append(Line(number, body, bool(bullet) or pending))
        pending = False
    return lines


def heading_key(text: str) -> str:
    """A heading for comparison: lower case, without apostrophes, marks and pictures.

    >>> heading_key("## What You’ll Love:")
    'what youll love'
    """
    return " ".join(re.sub(r"[\W_]+", " ", re.sub(r"['’‘`]", "", text.casefold())).split())


_SECTION_KEYS = {heading_key(section): section for section in Section} | {
    "transferable skills": Section.TRANSFERABLE,
    "skills you will need to learn": Section.SKILLS,
    "skills you need to learn": Section.SKILLS,
    "skills to learn": Section.SKILLS,
    "learning roadmap": Section.ROADMAP,
    "the reality check": Section.REALITY,
    "start your journey": Section.ACTIONS,
    "faq": Section.FAQ,
    "faqs": Section.FAQ,
}

_FOOTER_KEY = "ready to start your transition"


def section_of(line: Line) -> Section | None:
    """The section that the line opens, if it is one of the fixed headings."""
    if line.bullet or len(line.text) > MAX_HEADING_CHARS:
        return None
    return _SECTION_KEYS.get(heading_key(line.text))


def is_prose(text: str) -> bool:
    """Whether the line is running text and not a name or a heading.

    >>> is_prose("You know this already."), is_prose("Lesson Planning")
    (True, False)
    """
    return text.rstrip(_CLOSERS).endswith((".", "!", "?", "…")) or len(text.split()) > 12


def looks_like_heading(text: str) -> bool:
    """Whether every longer word of a short line has a capital, as headings and names have.

    >>> looks_like_heading("Tools at a Glance"), looks_like_heading("Finish the first module")
    (True, False)
    """
    words = re.findall(r"[^\W\d_][\w'’-]*", text)
    if (
        not words
        or len(text) > MAX_HEADING_CHARS
        or len(words) > 8
        or text.rstrip(_CLOSERS).endswith((".", ",", ";", "!"))
    ):
        return False
    return words[0][0].isupper() and all(word[0].isupper() for word in words if len(word) > 3)


def unwrap(lines: Iterable[Line]) -> list[Line]:
    """Joins a line that goes on in lower case to the unfinished line before it, as hard-wrapped text has them."""
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        # Text is wrapped at 60 characters or more; below a short line, such as a name, lower case means nothing.
        open_end = before is not None and not before.text.rstrip(_CLOSERS).endswith((".", "!", "?"))
        if (
            before
            and open_end
            and not line.bullet
            and line.text[0].islower()
            and (before.bullet or len(before.text) >= 40)
        ):
            joined[-1] = Line(before.number, f"{before.text} {line.text}", before.bullet)
        else:
            joined.append(line)
    return joined


@dataclass
class _Roles:
    origin: str
    target: str
    warnings: list[str] = field(default_factory=list)


def read_layout(text: str) -> Layout:
    """Sort a page into its parts.

    Raises ImportPageError where the two roles or the headings of the layout are not there.
    """
    if len(text) > MAX_PAGE_BYTES or len(text.encode("utf-8", "replace")) > MAX_PAGE_BYTES:
        raise ImportPageError(
            f"The page is larger than {MAX_PAGE_BYTES:,} bytes, which no career-pathway page is. "
            "Copy only the text of the page and import that."
        )
    lines = lines_of(clean(text))
    if not lines:
        raise ImportPageError("The page is empty. Copy the whole text of a career-pathway page and import that.")

    warnings: list[str] = []
    header = next((i for i, line in enumerate(lines) if _HEADER.fullmatch(line.text)), None)
    first = 0 if header is None else header + 1
    title = next(
        (
            i
            for i, line in enumerate(lines[first : first + TITLE_WITHIN_LINES], start=first)
            if len(line.text) <= MAX_TITLE_CHARS and not line.text.endswith(".") and _TITLE.fullmatch(line.text)
        ),
        None,
    )
    top_end = title if title is not None else _first_of_body(lines, first)
    roles, spare = _roles(lines, first, top_end, title, header is not None)
    body_start = top_end if title is None else top_end + 1
    if header is not None:
        spare = [*lines[:header], *spare]
    if spare and roles:
        warnings.append(f"{place(spare)}: left out above the title: {quoted(spare)}.")

    facts: list[Line] = []
    sections: dict[Section, list[Line]] = {}
    current = facts
    for line in lines[body_start:]:
        if heading_key(line.text) == _FOOTER_KEY and not line.bullet:
            break
        section = section_of(line)
        if section:
            current = sections.setdefault(section, [])
        else:
            current.append(line)

    found = [section for section in Section if section in sections]
    if roles is None or len(found) < 2 or not set(found) & set(TELLING) or not any(sections.values()):
        raise ImportPageError(_other_layout(lines, roles, found))
    warnings += roles.warnings
    return Layout(
        origin=roles.origin,
        target=roles.target,
        title=None if title is None else lines[title].text,
        facts=tuple(facts),
        sections={section: tuple(sections[section]) for section in found},
        warnings=tuple(warnings),
    )


FACT_LABELS = ("difficulty", "timeline", "salary change", "demand")


def _first_of_body(lines: Sequence[Line], start: int) -> int:
    for i, line in enumerate(lines[start:], start=start):
        if section_of(line) or heading_key(line.text) in FACT_LABELS:
            return i
    return len(lines)


def _roles(
    lines: Sequence[Line], first: int, end: int, title: int | None, has_header: bool
) -> tuple[_Roles | None, list[Line]]:
    """The roles above the title, checked against the title, or those of the title alone; and what is left over."""
    above: list[tuple[str, Line]] = []
    for line in lines[first:end]:
        if _VIEWS.fullmatch(line.text) or not re.search(r"[^\W\d_]", line.text) or line.text.casefold() == "to":
            continue
        above += [(part, line) for part in _ARROW.split(line.text) if part]
    titled = _TITLE.fullmatch(lines[title].text) if title is not None else None
    pairs = _title_pairs(titled["rest"]) if titled else []

    # Two neighbouring lines that the title confirms are the roles, whatever else a copy brings along.
    for (origin, a), (target, b) in pairwise(above):
        if any(heading_key(f"{x} to {y}") == heading_key(f"{origin} to {target}") for x, y in pairs):
            return _Roles(origin, target), [line for _, line in above if line not in (a, b)]
    if has_header and len(above) >= 2 and all(len(part) <= MAX_HEADING_CHARS for part, _ in above[:2]):
        roles = _Roles(above[0][0], above[1][0])
        if pairs:
            roles.warnings.append(
                f"The title names the roles as {pairs[0][0]!r} and {pairs[0][1]!r}, the header as {roles.origin!r} and "
                f"{roles.target!r}; the header's are used."
            )
        return roles, [line for _, line in above[2:]]
    if pairs:
        origin, target = pairs[0]
        spare = [line for part, line in above if heading_key(part) not in (heading_key(origin), heading_key(target))]
        roles = _Roles(origin, target)
        if len(pairs) > 1:
            roles.warnings.append(
                f"The roles are not in lines of their own, and the title reads in {len(pairs)} ways; "
                f"taken as from {origin!r} to {target!r}."
            )
        return roles, spare
    return None, [line for _, line in above]


def _title_pairs(rest: str) -> list[tuple[str, str]]:
    """Every way to read "X to Y: ..." as two roles, shortest origin first."""
    head = _TITLE_TAIL.split(rest, maxsplit=1)[0]
    pairs = []
    for joint in re.finditer(r"\sto\s", head, re.IGNORECASE):
        origin, target = (_without_article(part) for part in (head[: joint.start()], head[joint.end() :]))
        if re.search(r"\w", origin) and re.search(r"\w", target) and max(len(origin), len(target)) <= MAX_HEADING_CHARS:
            pairs.append((origin, target))
    return pairs


def _without_article(role: str) -> str:
    role = role.strip(" ,")
    article = _ARTICLE.match(role)
    return role[article.end() :] if article else role


def title_tail(title: str, origin: str, target: str) -> str:
    """What the title says after the roles, where the headline's length stands."""
    parts = _TITLE_TAIL.split(title, maxsplit=1)
    if len(parts) == 2:
        return parts[1]
    at = title.casefold().find(target.casefold(), len(origin))
    return title[at + len(target) :] if at >= 0 else title


def _other_layout(lines: Sequence[Line], roles: _Roles | None, found: Sequence[Section]) -> str:
    looked_for = ", ".join(f"'{section}'" for section in Section)
    got = f"the headings {', '.join(repr(str(section)) for section in found)}" if found else "none of these headings"
    who = f"the roles {roles.origin!r} and {roles.target!r}" if roles else "no line that names the two roles"
    markup = any("<" in line.text and ">" in line.text for line in lines[:20])
    return (
        "The page does not have the layout of a career-pathway page. Looked for: a title 'From <role> to <role>: ...', "
        "or the header 'Career Pathway' with the two roles below it, and at least two of the headings "
        f"{looked_for}, one of them besides the overview and the questions. Found: {who} and {got}; the text begins "
        f"with {_short(lines[0].text)!r}. Nothing was imported. "
        + ("It looks like markup: open it in a browser first. " if markup else "")
        + "Copy the whole text of the page, from its top to its last section, into a plain text file and import that."
    )


def place(lines: Sequence[Line]) -> str:
    """Where lines stood, for a message."""
    first, last = lines[0].number, lines[-1].number
    return f"line {first}" if first == last else f"lines {first} to {last}"


def quoted(lines: Sequence[Line], limit: int = 8) -> str:
    """What lines said, for a message; a long rest is counted."""
    shown = "; ".join(f"'{_short(line.text)}'" for line in lines[:limit])
    return shown if len(lines) <= limit else f"{shown} and {len(lines) - limit} more"


def _short(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
