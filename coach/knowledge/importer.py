"""Imports a career-pathway page: text copied from a browser becomes a typed pathway.

Comes in: the text of a page of the layout that ``coach.knowledge.pages`` describes, with the defects that copying
leaves: glued words, entries run together, lost lines. Goes out: an ``ImportedPage``, the ``Pathway`` with a warning
for everything that was missing, left out or read in one of several ways; and its YAML file in the data folder.

It knows the layout and no career. It keeps the page's own words, checks no claim, links no resource, and does not
say whether the pathway makes sense.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from coach.errors import ImportPageError, KnowledgeError
from coach.knowledge.amounts import DAYS_PER_MONTH, Span, find_pay, find_span, percent_change, whole_span
from coach.knowledge.joints import Evidence, Split, evidence, split_run, sure_count
from coach.knowledge.market import Market
from coach.knowledge.naming import Aliases, Ids, pathway_slug
from coach.knowledge.pages import (
    FACT_LABELS,
    MAX_PAGE_BYTES,
    Layout,
    Line,
    Section,
    heading_key,
    is_prose,
    looks_like_heading,
    place,
    quoted,
    read_layout,
    title_tail,
    unwrap,
)
from coach.knowledge.pathway import (
    ActionGroup,
    Demand,
    Faq,
    Item,
    MarketLink,
    MonthRange,
    NamedItem,
    PageSource,
    Paragraph,
    Pathway,
    PayClaim,
    PercentRange,
    Phase,
    PhaseResource,
    Priority,
    Reality,
    Skill,
)
from coach.knowledge.reading import MAX_BYTES
from coach.settings import Settings
from coach.types import Frozen

MAX_TEXT_CHARS = 4000
"""As the schema has it; no paragraph of a page comes near."""

MAX_WEEKS = 520
"""As the schema has it: ten years."""

USUAL_RESOURCES = 3
"""Entries of a phase where the page's other phases do not tell; most phases of the layout have three."""


class ImportedPage(Frozen):
    """A page as read, and every doubt about the reading."""

    pathway: Pathway
    warnings: tuple[str, ...]
    """Each a whole sentence that names the place."""
    path: Path | None = None
    """The file that holds it, once written."""
    changed: bool = False
    """False where the file already held the same bytes."""


# --- From a file to a file ------------------------------------------------------------------------------


def import_page(page: Path | str, settings: Settings, market: Market | None = None) -> ImportedPage:
    """Read a page from a text file and write ``<data_dir>/pathways/<slug>.yaml``.

    The file is replaced as a whole or not at all, and not touched where it would not change. Raises
    ImportPageError for a page that cannot be read, KnowledgeError where the data folder cannot be written.
    """
    page = Path(page)
    text, notes = _read_file(page)
    try:
        imported = parse_page(text, market=market)
    except ImportPageError as error:
        raise ImportPageError(f"{page}: {error}") from error
    target = settings.data_dir / "pathways" / f"{imported.pathway.slug}.yaml"
    shipped = settings.knowledge_dir / "pathways" / target.name
    if shipped.exists():
        notes.append(f"The coach ships a pathway of the same name, {shipped.name}, which it goes on using.")
    content = dump_yaml(imported.pathway).encode("utf-8")
    if len(content) > MAX_BYTES:
        raise ImportPageError(
            f"{page}: gives a pathway of more than {MAX_BYTES:,} bytes, which no career-pathway page does. "
            "Copy only the text of the page and import that."
        )
    changed = _replace_file(target, content)
    return imported.model_copy(update={"warnings": (*notes, *imported.warnings), "path": target, "changed": changed})


def _read_file(page: Path) -> tuple[str, list[str]]:
    try:
        with page.open("rb") as file:
            raw = file.read(MAX_PAGE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ImportPageError(
            f"{page}: cannot be read ({reason}). Give the path of a text file that holds the page."
        ) from error
    if len(raw) > MAX_PAGE_BYTES:
        raise ImportPageError(
            f"{page}: larger than {MAX_PAGE_BYTES:,} bytes, which no career-pathway page is. "
            "Copy only the text of the page into a file and import that."
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace"), []
    if raw.startswith((b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8")):
        raise ImportPageError(
            f"{page}: not a text file. Copy the text of the page into a plain text file and import that."
        )
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        # Notepad and older tools still save Western text in this code page.
        return raw.decode("cp1252", "replace"), [
            f"{page.name}: not UTF-8; read as Windows-1252, so look at accents and quotes."
        ]


def _replace_file(target: Path, content: bytes) -> bool:
    try:
        if target.is_file() and target.read_bytes() == content:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.stem[:40]}-", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise KnowledgeError(
            f"{target}: cannot be written ({reason}); nothing was imported. "
            "Free the folder, or set COACH_DATA_DIR to one that can be written, and import again."
        ) from error
    return True


def dump_yaml(pathway: Pathway) -> str:
    """The pathway as YAML for people to read: fields in the order of the schema, defaults left out.

    Loads back equal: ``Pathway.model_validate(yaml.safe_load(dump_yaml(pathway))) == pathway``.
    """
    content = _whole_numbers(pathway.model_dump(mode="json", exclude_defaults=True))
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    return text


def _whole_numbers(value: Any) -> Any:
    """130000 and not 130000.0, as a person would write it."""
    if isinstance(value, dict):
        return {key: _whole_numbers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


# --- From text to a pathway -----------------------------------------------------------------------------


def parse_page(text: str, *, market: Market | None = None) -> ImportedPage:
    """Read a page. Sections that it lacks are empty, each with a warning.

    Raises ImportPageError for a text of another layout.
    """
    layout = read_layout(text)
    reading = _Reading(layout)
    try:
        pathway = reading.pathway(market)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise ImportPageError(
            f"The page was read, but {where} does not fit the schema: {problem['msg']}. Mend that place of the text "
            "and import it again."
        ) from error
    return ImportedPage(pathway=pathway, warnings=tuple(dict.fromkeys(reading.warnings)))


_LABEL = re.compile(
    r"(?P<label>difficulty|timeline|salary change|demand)\s*(?::\s*|(?-i:(?=[A-Z\d+−–~-])))(?P<value>\S.*)",
    re.IGNORECASE,
)
_DEGREE = r"(?:(?:very|extremely|moderately|fairly|exceptionally)\s+)?"
_DEMAND_ALONE = re.compile(rf"(?P<level>{_DEGREE}[\w-]+)\s*(?:[.;:,(–—]|-\s|$)", re.IGNORECASE)
_DEMAND_BEFORE = re.compile(
    rf"\b(?P<level>{_DEGREE}(?!(?:the|and|or|in|of|for|on|by|to|is|a|an|this|market|job|employer|their|its)\b)[\w-]+)"
    r"\s+demand\b",
    re.IGNORECASE,
)
_DEMAND_AFTER = re.compile(rf"\bdemand\s+(?:is|remains|stays|looks)\s+(?P<level>{_DEGREE}\w+)", re.IGNORECASE)
_PRIORITIES = {
    "critical": Priority.CRITICAL,
    "important": Priority.IMPORTANT,
    "nice to have": Priority.NICE_TO_HAVE,
}
_OTHER_PRIORITIES = {
    "essential": Priority.CRITICAL,
    "must have": Priority.CRITICAL,
    "high": Priority.CRITICAL,
    "recommended": Priority.IMPORTANT,
    "medium": Priority.IMPORTANT,
    "optional": Priority.NICE_TO_HAVE,
    "low": Priority.NICE_TO_HAVE,
}
_PRIORITY_WORDS = "|".join(word.replace(" ", r"[\s-]") for word in (*_PRIORITIES, *_OTHER_PRIORITIES))
_PRIORITY_LINE = re.compile(
    rf"(?P<word>{_PRIORITY_WORDS})(?:\s+priority)?(?![a-z])[\s:·•|,(–—-]*(?P<rest>.*?)\)?", re.IGNORECASE
)
_GLUED_PRIORITY = re.compile(r"(?P<name>.*[^\sA-Z(])(?P<rest>(?:Critical|Important|Nice[ -]to[ -]have)\s*\(?\d[^.]*)")
_NUMBER_LINE = re.compile(r"(?:(?:phase|step|stage)\s*)?#?(?P<number>\d{1,2})\s*[.):]?", re.IGNORECASE)
_NUMBERED_NAME = re.compile(
    r"(?:(?:phase|step|stage)\s*(?P<a>\d{1,2})\s*[:.)–—-]?\s*|(?P<b>\d{1,2})[.)]\s*|(?P<c>\d{1,2})(?-i:(?=[A-Z])))"
    r"(?P<name>[^\W\d_].*)",
    re.IGNORECASE,
)
_GLUED_WEEKS = re.compile(
    r"(?P<name>.*[^\W\d_)\s])\s*(?P<span>\(?\d{1,3}(?:\s*[-–—]\s*\d{1,3})?\s*(?:weeks?|months?)\)?)", re.IGNORECASE
)
_GLUED_LABEL = re.compile(r"(?P<label>Tasks|Resources)(?:\s*:\s*|(?=[A-Z'\"‘“•]))(?P<rest>\S.*)")
_BEFORE_LABEL = re.compile(r"(?P<before>.*(?:weeks?|months?)\)?)\s*(?P<label>Tasks|Resources):?")

_TASK_KEYS = ("tasks", "key tasks", "your tasks")
_RESOURCE_KEYS = ("resources", "key resources", "recommended resources", "learning resources", "helpful resources")

_REALITY_KEYS = {
    "what youll love": "attractions",
    "what you will love": "attractions",
    "what you might miss": "drawbacks",
    "what you may miss": "drawbacks",
    "biggest challenges": "challenges",
    "the biggest challenges": "challenges",
    "challenges": "challenges",
}
_REALITY_NAMES = {
    "attractions": "What You'll Love",
    "drawbacks": "What You Might Miss",
    "challenges": "Biggest Challenges",
}

_FIXED_HORIZONS = {
    "today": 1,
    "right now": 1,
    "tonight": 1,
    "tomorrow": 1,
    "this week": 7,
    "next week": 14,
    "this month": 30,
    "next month": 60,
    "this quarter": 91,
    "next quarter": 182,
    "this year": 365,
    "next year": 730,
}
_HORIZON = re.compile(
    r"(?:(?:in|over|within|for|by) )?(?:the |your )?(?:next |first |coming )(?:(?P<n>[\w-]+) )?"
    r"(?P<unit>day|week|month|quarter|year)s?"
    r"|(?P<unit_b>day|week|month|quarter|year)s? (?P<from>\d+)(?: (?:to )?(?P<to>\d+))?"
    r"|(?:in|within) (?P<n_c>[\w-]+) (?P<unit_c>day|week|month|quarter|year)s?"
    r"|(?P<n_d>\d+) (?P<unit_d>day|week|month|quarter|year)s?"
)
_UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "quarter": 3 * DAYS_PER_MONTH, "year": 365.25}

_INTERROGATIVES = (
    "am|are|can|could|did|do|does|has|have|how|is|may|must|should|was|were|what|when|where|which|who|whom|whose|why|"
    "will|would"
)
_QUESTION_FIRST = re.compile(rf"(?P<question>(?:{_INTERROGATIVES})\b[^?]{{3,200}}\?)\s*(?P<answer>\S.*)", re.IGNORECASE)
_QUESTION_MARKS = re.compile(r"(?:Q(?:uestion)?\s*\d*\s*[:.)]|A(?:nswer)?\s*[:.)]|\d{1,2}[.)])\s+", re.IGNORECASE)


def _short(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


class _Reading:
    """One page being read: its layout, its ids and what there is to say about it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.warnings: list[str] = list(layout.warnings)
        self._spare: list[Line] = []
        """Prose of unknown sections, which joins the overview."""

    def warn(self, text: str) -> None:
        self.warnings.append(text if text.endswith((".", "!", "?")) else text + ".")

    def pathway(self, market: Market | None) -> Pathway:
        layout = self.layout
        for section in Section:
            if not layout.sections.get(section):
                self.warn(f"The page has no section '{section}', so nothing is known of it")
        source = self._source()
        facts = self._facts()
        transferable = self._transferable()
        skills = self._skills()
        phases = self._phases()
        reality = self._reality()
        actions = self._actions()
        faq = self._faq()
        overview = self._overview(facts.demand_text)
        currency, pay = self._pay(overview, faq)
        names = Aliases(
            layout,
            [*(part.name for part in transferable), *(part.name for part in skills), *(part.name for part in phases)],
        )
        return Pathway(
            slug=pathway_slug(layout.origin, layout.target),
            origin=self.fit(layout.origin, "the origin role"),
            target=self.fit(layout.target, "the target role"),
            source=source,
            difficulty=facts.difficulty,
            timeline=facts.timeline,
            salary_change=facts.salary_change,
            currency=currency,
            pay=pay,
            demand=facts.demand,
            overview=overview,
            transferable=tuple(part.model_copy(update={"aliases": names.of(part.name)}) for part in transferable),
            skills=tuple(part.model_copy(update={"aliases": names.of(part.name)}) for part in skills),
            phases=tuple(part.model_copy(update={"aliases": names.of(part.name)}) for part in phases),
            reality=reality,
            actions=actions,
            faq=faq,
            market=self._market(market),
            role_aliases=names.of_role(),
        )

    # -- Text ------------------------------------------------------------------------------------------

    def fit(self, text: str, what: str) -> str:
        if len(text) <= MAX_TEXT_CHARS:
            return text
        cut = text.rfind(" ", MAX_TEXT_CHARS - 200, MAX_TEXT_CHARS - 1)
        self.warn(
            f"{_capital(what)} has {len(text):,} characters and was cut after {MAX_TEXT_CHARS:,}: '{_short(text, 60)}'"
        )
        return text[: cut if cut > 0 else MAX_TEXT_CHARS - 1].rstrip()

    def sentences(self, text: str, what: str) -> str:
        """The page's words with a full stop at the end."""
        text = text.strip()
        if not text.rstrip("\"')]’”»").endswith((".", "!", "?", "…")):
            text = text.rstrip(" ,;:") + "."
        fitted = self.fit(text, what)
        return fitted if fitted == text else fitted.rstrip(" ,;:.") + "."

    def phrase(self, text: str, what: str) -> str:
        """The page's words without a full stop at the end; empty where nothing is left."""
        return self.fit(text.strip(), what).rstrip(" .;,")

    def spare(self, lines: Sequence[Line], where: str) -> None:
        """Lines that no field holds: prose goes to the overview, the rest is told."""
        if not lines:
            return
        prose = [line for line in lines if is_prose(line.text) and not line.bullet]
        rest = [line for line in lines if not is_prose(line.text) or line.bullet]
        if rest:
            self.warn(f"{_capital(place(rest))}, in '{where}': not part of the layout and left out: {quoted(rest)}")
        if prose:
            self.warn(
                f"{_capital(place(prose))}, in '{where}': not part of the layout; kept in the overview: {quoted(prose)}"
            )
            self._spare += prose

    # -- Top -------------------------------------------------------------------------------------------

    def _source(self) -> PageSource:
        layout = self.layout
        if layout.title is None:
            self.warn("The page has no title line 'From ... to ...', so no headline length is known")
            return PageSource(title=self.fit(f"From {layout.origin} to {layout.target}", "the title"))
        months: int | None = None
        span = find_span(title_tail(layout.title, layout.origin, layout.target))
        if span is None:
            self.warn("The title names no length")
        else:
            low, high = span.months()
            months = round(high)
            if not 1 <= months <= 120:
                self.warn(f"The title's length of {months} months is not believable and was left out")
                months = None
            elif low != high:
                self.warn(f"The title names {low:g} to {high:g} months; the upper end is kept as its headline")
            elif months != high:
                self.warn(f"The title names a length of {high:g} months, kept as {months}")
        return PageSource(title=self.fit(layout.title, "the title"), headline_months=months)

    def _facts(self) -> _Facts:
        values: dict[str, list[Line]] = {}
        extra: list[Line] = []
        current: str | None = None
        for line in self.layout.facts:
            key = heading_key(line.text)
            glued = _LABEL.fullmatch(line.text)
            waits = current is not None and not values[current]
            if key in FACT_LABELS and not line.bullet:
                current = key
                values.setdefault(key, [])
            elif glued and glued["value"] and not waits and heading_key(glued["label"]) not in values:
                current = heading_key(glued["label"])
                values[current] = [Line(line.number, glued["value"], line.bullet)]
            elif current is not None and (waits or (current == "demand" and line.text[0].islower())):
                values[current].append(line)
            else:
                extra.append(line)
        # A label and its value, in lines of their own, are told together.
        self.spare(extra, "the fact box")
        text = {label: " ".join(line.text for line in lines) for label, lines in values.items()}
        for label in FACT_LABELS:
            if not text.get(label):
                self.warn(f"The fact box has no '{label.title()}'")
        demand, demand_text = self._demand(text.get("demand", ""))
        difficulty = self.phrase(text.get("difficulty", ""), "the difficulty") or None
        return _Facts(difficulty, self._timeline(text), self._salary_change(text), demand, demand_text)

    def _timeline(self, facts: dict[str, str]) -> MonthRange | None:
        text = facts.get("timeline", "")
        if not text:
            return None
        span = find_span(text)
        if span is None:
            self.warn(f"The timeline '{_short(text)}' holds no length that can be read and was left out")
            return None
        if span.open_ended:
            self.warn(f"The timeline '{_short(text)}' is open at its upper end; the figure that it names is kept")
        low, high = span.months()
        if low <= 0:
            self.warn(f"The timeline '{_short(text)}' is below a tenth of a month and was left out")
            return None
        return MonthRange(low=low, high=high)

    def _salary_change(self, facts: dict[str, str]) -> PercentRange | None:
        text = facts.get("salary change", "")
        if not text:
            return None
        change, note = percent_change(text)
        if change is None:
            self.warn(f"The salary change '{_short(text)}' holds no percentage and was left out")
        if note:
            self.warn(f"Salary change: {note}")
        return change

    def _demand(self, text: str) -> tuple[Demand | None, str | None]:
        if not text:
            return None, None
        match = _DEMAND_ALONE.match(text) or _DEMAND_BEFORE.search(text) or _DEMAND_AFTER.search(text)
        level = match["level"].lower() if match else ""
        if not level or len(level) > 40:
            self.warn(f"The demand '{_short(text)}' names no level, so its text is kept in the overview instead")
            return None, text
        whole = f"{text} demand" if heading_key(text) == heading_key(level) and "demand" not in level else text
        return Demand(level=level, text=self.sentences(whole, "the demand")), None

    def _overview(self, demand_text: str | None) -> tuple[Paragraph, ...]:
        lines: list[Line] = []
        unknown: list[Line] = []
        for line in unwrap(self.layout.sections.get(Section.OVERVIEW, ())):
            if is_prose(line.text):
                lines.append(line)
            else:
                unknown.append(line)
        self.spare(unknown, Section.OVERVIEW)
        ids = Ids()
        texts = [line.text for line in [*lines, *self._spare]] + ([demand_text] if demand_text else [])
        return tuple(
            Paragraph(
                id=ids.of(" ".join(text.split()[:6]), "paragraph"),
                text=self.sentences(text, "a paragraph of the overview"),
            )
            for text in texts
        )

    # -- Skills ----------------------------------------------------------------------------------------

    def _transferable(self) -> tuple[NamedItem, ...]:
        lines = unwrap(self.layout.sections.get(Section.TRANSFERABLE, ()))
        entries: list[tuple[Line, list[Line]]] = []
        for i, line in enumerate(lines):
            one_line = (
                re.fullmatch(r"(?P<name>[^:–—]{2,60}?)(?::| [–—-]) (?P<text>.+)", line.text) if line.bullet else None
            )
            waits = bool(entries) and not entries[-1][1]
            if one_line:
                entries.append((Line(line.number, one_line["name"]), [Line(line.number, one_line["text"])]))
            elif is_prose(line.text):
                # Prose before the first name is the section's opening sentence, the same on every page.
                if entries:
                    entries[-1][1].append(line)
            elif waits and not (i + 1 < len(lines) and is_prose(lines[i + 1].text)):
                entries[-1][1].append(line)  # a description without a full stop
            else:
                entries.append((line, []))
        ids = Ids()
        found = []
        for name_line, description in entries:
            name = self.phrase(name_line.text, "a skill's name")
            text = " ".join(line.text for line in description)
            if not name:
                continue
            if not text:
                self.warn(f"Line {name_line.number}: the transferable skill '{name}' has no description")
                text = f"The page names {name} without saying how it carries over"
            found.append(
                NamedItem(id=ids.of(name, "skill"), name=name, text=self.sentences(text, f"the skill '{name}'"))
            )
        return tuple(found)

    def _skills(self) -> tuple[Skill, ...]:
        lines = _separated_priorities(unwrap(self.layout.sections.get(Section.SKILLS, ())))
        priorities = {i: read for i, line in enumerate(lines) if (read := _priority(line.text))}
        anchors = list(priorities)
        if lines and not anchors:
            self.warn(f"No line of '{Section.SKILLS}' holds a priority such as 'Critical4 weeks', so no skill was read")
            self.spare([line for line in lines if not is_prose(line.text)], Section.SKILLS)
            return ()
        # A name stands right above its priority; prose there is the text of the skill before, and the name is lost.
        named = [at > 0 and at - 1 not in priorities and not is_prose(lines[at - 1].text) for at in anchors]
        ids = Ids()
        found = []
        for k, at in enumerate(anchors):
            name = self.phrase(lines[at - 1].text, "a skill's name") if named[k] else ""
            end = anchors[k + 1] - named[k + 1] if k + 1 < len(anchors) else len(lines)
            body = list(lines[at + 1 : end])
            if k == 0:
                # The section's opening sentence is the same on every page; other lines are not.
                self.spare([line for line in lines[: max(at - 1, 0)] if not is_prose(line.text)], Section.SKILLS)
            # A heading below the first line of a skill belongs to none of them.
            stray = next((j for j, line in enumerate(body) if j and not is_prose(line.text)), len(body))
            self.spare(body[stray:], Section.SKILLS)
            skill = self._skill(lines[at], priorities[at], name, body[:stray], ids)
            if skill:
                found.append(skill)
        return tuple(found)

    def _skill(self, line: Line, priority: tuple[str, str], name: str, body: Sequence[Line], ids: Ids) -> Skill | None:
        word, rest = priority
        if not name:
            self.warn(f"Line {line.number}: '{line.text}' stands below no name of a skill and was left out")
            return None
        span = whole_span(rest) or (find_span(rest) if rest else None)
        weeks = self._whole_weeks(span, rest, f"the skill '{name}'")
        if weeks is None:
            what = "; ".join([line.text, *(part.text for part in body)])
            self.warn(f"Line {line.number}: the skill '{name}' names no weeks and was left out: '{_short(what, 300)}'")
            return None
        key = heading_key(word)
        if key in _OTHER_PRIORITIES:
            self.warn(f"Line {line.number}: the priority '{word}' of '{name}' is read as '{_OTHER_PRIORITIES[key]}'")
        how = " ".join(part.text for part in body)
        if not how:
            self.warn(f"Line {line.number}: the page does not say how to learn '{name}'")
            how = f"The page does not say how to learn {name}"
        return Skill(
            id=ids.of(name, "skill"),
            name=name,
            priority=_PRIORITIES.get(key) or _OTHER_PRIORITIES[key],
            weeks=weeks,
            how=self.sentences(how, f"how to learn '{name}'"),
        )

    def _whole_weeks(self, span: Span | None, text: str, what: str) -> int | None:
        """Weeks as a whole number; ranges and other units are told."""
        if span is None:
            return None
        high = span.weeks()[1]
        weeks = ceil(high - 1e-9) if span.unit in ("day", "week") else round(high)
        if not 1 <= weeks <= MAX_WEEKS:
            self.warn(f"'{text}' for {what} is not believable")
            return None
        if not span.single:
            self.warn(f"'{text}' for {what} is a range; its upper end, {weeks} weeks, is kept")
        elif span.unit != "week" or abs(weeks - high) > 1e-9:
            self.warn(f"'{text}' for {what} is kept as {weeks} weeks")
        elif span.open_ended:
            self.warn(f"'{text}' for {what} is open at its upper end; {weeks} weeks are kept")
        return weeks

    # -- Roadmap ---------------------------------------------------------------------------------------

    def _phases(self) -> tuple[Phase, ...]:
        lines = _separated_phases(self.layout.sections.get(Section.ROADMAP, ()))
        starts = _phase_starts(lines)
        if lines and not starts:
            self.warn(f"No phase of '{Section.ROADMAP}' could be told: no line such as '4 weeks' stands below a name")
        self.spare(
            [line for line in lines[: starts[0].first if starts else len(lines)] if not is_prose(line.text)],
            Section.ROADMAP,
        )
        drafts: list[_PhaseDraft] = []
        for k, start in enumerate(starts):
            end = starts[k + 1].first if k + 1 < len(starts) else len(lines)
            draft = self._draft(lines, start, end, len(drafts) + 1)
            if draft:
                drafts.append(draft)
        known = self._evidence(drafts)
        expected = _usual_count(drafts, known)
        task_ids, resource_ids = Ids(), Ids()
        return tuple(self._phase(draft, known, expected, task_ids, resource_ids) for draft in drafts)

    def _draft(self, lines: Sequence[Line], start: _PhaseStart, end: int, number: int) -> _PhaseDraft | None:
        name = self.phrase(start.name, "a phase's name") if start.name else ""
        if not name:
            name = f"Phase {number}"
            self.warn(f"Line {lines[start.first].number}: phase {number} has no name")
        line = lines[start.first]
        weeks = None
        if start.weeks is not None:
            text = lines[start.weeks].text
            weeks = self._whole_weeks(whole_span(text), text, f"phase {number} ({name})")
        tasks: list[Line] = []
        resources: list[Line] = []
        neither: list[Line] = []
        into = neither
        body = lines[start.body : end]
        for at, here in enumerate(body):
            key = heading_key(here.text)
            if not here.bullet and key in _TASK_KEYS:
                into = tasks
            elif not here.bullet and key in _RESOURCE_KEYS:
                into = resources
            else:
                if into is not neither and into and _opens_unknown(body, at, into):
                    into = neither
                into.append(here)
        self.spare(neither, f"phase {number} ({name})")
        if weeks is None:
            said = quoted([*tasks, *resources]) if tasks or resources else "nothing"
            self.warn(
                f"Line {line.number}: the phase '{name}' names no weeks and was left out with what it holds: {said}"
            )
            return None
        if start.number is not None and start.number != number:
            self.warn(
                f"Line {line.number}: the page numbers the phase '{name}' {start.number}; by order it is {number}"
            )
        return _PhaseDraft(number, name, weeks, _whole_items(tasks), _whole_items(resources))

    def _evidence(self, drafts: Sequence[_PhaseDraft]) -> Evidence:
        runs = {(line.number, line.text) for draft in drafts for line in draft.resources if len(draft.resources) == 1}
        everything = [*self.layout.facts, *(line for lines in self.layout.sections.values() for line in lines)]
        numbers = {number for number, _ in runs}
        texts = [line.text for line in everything if line.number not in numbers]
        return evidence([self.layout.origin, self.layout.target, self.layout.title or "", *texts])

    def _phase(self, draft: _PhaseDraft, known: Evidence, expected: int, task_ids: Ids, resource_ids: Ids) -> Phase:
        where = f"phase {draft.number} ({draft.name})"
        tasks = [line.text for line in draft.tasks]
        if len(tasks) == 1 and not draft.tasks[0].bullet:
            split = split_run(tasks[0], known)
            tasks = list(split.entries)
            self._tell(split, f"{where}: tasks")
        resources: list[str] = []
        apart = len(draft.resources) > 1 or any(line.bullet for line in draft.resources)
        for line in draft.resources:
            split = split_run(line.text, known, None if apart else expected)
            if apart:
                # Lines of their own are separators already, so only a certain joint is cut, and told.
                if len(split.entries) > 1:
                    self.warn(
                        f"{_capital(where)}: the line '{_short(line.text)}' was split into {len(split.entries)} entries"
                    )
            else:
                self._tell(split, f"{where}: resources")
                if len(split.entries) == 1 and expected > 1 and not split.doubts and len(line.text.split()) > 6:
                    self.warn(
                        f"{_capital(where)}: resources: '{_short(line.text)}' is kept as one entry; it may hold others"
                    )
            resources += split.entries
        for label, texts in (("tasks", tasks), ("resources", resources)):
            if not texts:
                self.warn(f"{_capital(where)}: no {label}")
        return Phase(
            number=draft.number,
            name=draft.name,
            weeks=draft.weeks,
            tasks=tuple(
                Item(id=task_ids.of(text), text=text)
                for text in (self.phrase(text, "a task") for text in tasks)
                if text
            ),
            resources=tuple(
                PhaseResource(id=resource_ids.of(text, "resource"), text=text)
                for text in (self.phrase(text, "a resource") for text in resources)
                if text
            ),
        )

    def _tell(self, split: Split, where: str) -> None:
        for doubt in split.doubts:
            self.warn(f"{_capital(where)}: {doubt}; look at it in the imported file")

    # -- Lists -----------------------------------------------------------------------------------------

    def _items(self, lines: Sequence[Line], where: str, ids: Ids) -> tuple[Item, ...]:
        """Entries of a list; what opens another list or is no entry goes to the spare lines."""
        bulleted = any(line.bullet for line in lines)
        kept: list[Line] = []
        for at, line in enumerate(lines):
            if bulleted and not line.bullet:
                if kept and line.text[0].islower():
                    kept[-1] = Line(kept[-1].number, f"{kept[-1].text} {line.text}", True)
                    continue
                if not kept and is_prose(line.text):
                    continue  # an opening sentence
                self.spare(lines[at:] if looks_like_heading(line.text) else [line], where)
                if looks_like_heading(line.text):
                    break
                continue
            kept.append(line)
        texts = [self.phrase(re.sub(r"^\d{1,2}[.)]\s+", "", line.text), f"an entry of '{where}'") for line in kept]
        return tuple(Item(id=ids.of(text), text=text) for text in texts if text)

    def _reality(self) -> Reality:
        lists: dict[str, list[Line]] = {}
        opening: list[Line] = []
        current = opening
        for line in self.layout.sections.get(Section.REALITY, ()):
            field_name = _REALITY_KEYS.get(heading_key(line.text)) if not line.bullet else None
            if field_name:
                current = lists.setdefault(field_name, [])
            else:
                current.append(line)
        self.spare([line for line in opening if not is_prose(line.text)], Section.REALITY)
        ids = Ids()
        items = {name: self._items(lines, _REALITY_NAMES[name], ids) for name, lines in lists.items()}
        if Section.REALITY in self.layout.sections:
            for name, heading in _REALITY_NAMES.items():
                if not items.get(name):
                    self.warn(f"'{Section.REALITY}' has no list '{heading}'")
        return Reality(**items)

    def _actions(self) -> tuple[ActionGroup, ...]:
        groups: list[tuple[str, int, list[Line]]] = []
        opening: list[Line] = []
        for line in self.layout.sections.get(Section.ACTIONS, ()):
            days = horizon_days(line.text) if not line.bullet else None
            if days is not None:
                groups.append((line.text.strip(" :#*"), days, []))
            elif groups:
                groups[-1][2].append(line)
            else:
                opening.append(line)
        self.spare([line for line in opening if not is_prose(line.text)], Section.ACTIONS)
        if Section.ACTIONS in self.layout.sections and not groups:
            self.warn(f"'{Section.ACTIONS}' names no horizon such as 'This Week'")
        ids, item_ids = Ids(), Ids()
        found = []
        for name, days, lines in groups:
            if not lines:
                self.warn(f"'{name}' of '{Section.ACTIONS}' lists nothing")
            found.append(
                ActionGroup(id=ids.of(name, "horizon"), name=name, days=days, items=self._items(lines, name, item_ids))
            )
        return tuple(found)

    # -- Questions -------------------------------------------------------------------------------------

    def _faq(self) -> tuple[Faq, ...]:
        pairs: list[tuple[str | None, list[Line]]] = []
        for raw in unwrap(self.layout.sections.get(Section.FAQ, ())):
            line = Line(
                raw.number, _QUESTION_MARKS.sub("", raw.text, count=1) if _QUESTION_MARKS.match(raw.text) else raw.text
            )
            both = _QUESTION_FIRST.fullmatch(line.text)
            if line.text.endswith("?"):
                pairs.append((line.text, []))
            elif both:
                pairs.append((both["question"], [Line(line.number, both["answer"])]))
            elif (
                pairs and pairs[-1][0] is not None and not (pairs[-1][1] and re.match(r"(?:yes|no)\b", line.text, re.I))
            ):
                if pairs[-1][1]:
                    self.warn(
                        f"Line {line.number}: taken as more of the answer to '{_short(pairs[-1][0] or '')}'; "
                        f"it may be an answer that lost its question: '{_short(line.text)}'"
                    )
                pairs[-1][1].append(line)
            else:
                self.warn(f"Line {line.number}: an answer without a question: '{_short(line.text)}'")
                pairs.append((None, [line]))
        ids = Ids()
        found = []
        for question, answer in pairs:
            if not answer:
                self.warn(f"The question '{_short(question or '')}' has no answer and was left out")
                continue
            text = self.sentences(" ".join(line.text for line in answer), "an answer")
            about = _about(question, text)
            found.append(
                Faq(
                    id=ids.of(question or ("answer" if about == "other" else about), "answer"),
                    question=self.fit(question, "a question") if question else None,
                    answer=text,
                    about=about,
                )
            )
        return tuple(found)

    # -- What the whole page tells -----------------------------------------------------------------------

    def _pay(self, overview: Sequence[Paragraph], faq: Sequence[Faq]) -> tuple[str, tuple[PayClaim, ...]]:
        """Pay by level from the questions, the fact box and the overview, in that order of trust."""
        facts = ". ".join(
            f"{a.text} {b.text}" if not is_prose(a.text) else b.text for a, b in pairwise(self.layout.facts)
        )
        roles = (self.layout.target, self.layout.origin)
        currency: str | None = None
        claims: dict[str, PayClaim] = {}
        for where, text in (
            *((f"the answer '{part.id}'", part.answer) for part in faq),
            ("the fact box", facts),
            *(("the overview", part.text) for part in overview),
        ):
            found = find_pay(text, roles)
            for note in found.notes:
                self.warn(f"In {where}: {note}")
            for money, claim in found.claims:
                currency = currency or money
                known = claims.get(claim.level)
                if money != currency:
                    self.warn(
                        f"In {where}: pay in {money} for the level '{claim.level}' was left out beside {currency}"
                    )
                elif known is None:
                    claims[claim.level] = claim
                elif (known.low, known.high) != (claim.low, claim.high):
                    self.warn(
                        f"In {where}: {_figures(claim)} for the level '{claim.level}' was left out, as another place "
                        f"has {_figures(known)}"
                    )
        return currency or "USD", tuple(claims.values())

    def _market(self, market: Market | None) -> MarketLink:
        if market is None:
            return MarketLink()
        origin = self._occupation(market, self.layout.origin)
        target = self._occupation(market, self.layout.target)
        if target is None:
            self.warn(f"The official figures hold nothing for the role {self.layout.target!r}")
        if origin is None:
            self.warn(f"The official figures hold nothing for the role {self.layout.origin!r}")
        titles = {_role_key(pay.title): pay.title for pay in market.survey}
        return MarketLink(
            origin=origin,
            neighbours=(target,) if target else (),
            exact=target is not None,
            survey_origin=titles.get(_role_key(self.layout.origin)),
            survey_target=titles.get(_role_key(self.layout.target)),
        )

    def _occupation(self, market: Market, role: str) -> str | None:
        key = _role_key(role)
        official = [(entry.soc, _role_key(entry.name)) for entry in market.occupations]
        popular = [(entry.soc, _role_key(alias)) for entry in market.occupations for alias in entry.aliases]
        for names in (official, popular):
            codes = {soc for soc, name in names if name == key}
            if len(codes) == 1:
                return codes.pop()
            if codes:
                self.warn(f"The role {role!r} is a name of several official occupations, so none was chosen")
                return None
        return None


@dataclass(frozen=True)
class _Facts:
    difficulty: str | None
    timeline: MonthRange | None
    salary_change: PercentRange | None
    demand: Demand | None
    demand_text: str | None


@dataclass(frozen=True)
class _PhaseStart:
    """Indices into the roadmap's lines: where a phase begins, where its weeks stand, where its lists begin."""

    first: int
    name: str | None
    number: int | None
    weeks: int | None
    body: int


@dataclass(frozen=True)
class _PhaseDraft:
    number: int
    name: str
    weeks: int
    tasks: Sequence[Line]
    resources: Sequence[Line]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _figures(claim: PayClaim) -> str:
    return f"{claim.low:,.0f}" + (f" to {claim.high:,.0f}" if claim.high else "")


def _priority(text: str) -> tuple[str, str] | None:
    """The word of a priority line and what follows it; None for any other line."""
    if len(text) > 80:
        return None
    match = _PRIORITY_LINE.fullmatch(text.strip(" ()[]"))
    if match is None:
        return None
    rest = match["rest"].strip()
    return (match["word"], rest) if not rest or (len(rest) <= 40 and find_span(rest)) else None


def _separated_priorities(lines: Sequence[Line]) -> list[Line]:
    """A priority glued to a name gets its own line; weeks on a line of their own join their priority."""
    apart: list[Line] = []
    for line in lines:
        glued = _GLUED_PRIORITY.fullmatch(line.text) if len(line.text) <= 200 else None
        before = _priority(apart[-1].text) if apart else None
        if glued and _priority(glued["rest"]):
            apart += [Line(line.number, glued["name"], line.bullet), Line(line.number, glued["rest"])]
        elif before and not before[1] and whole_span(line.text):
            apart[-1] = Line(apart[-1].number, f"{apart[-1].text} {line.text}", apart[-1].bullet)
        else:
            apart.append(line)
    return apart


def _separated_phases(lines: Sequence[Line]) -> list[Line]:
    """Glued parts of a phase's head get lines of their own: "Foundation4 weeksTasks"."""
    apart: list[Line] = []
    for line in lines:
        rest = [line.text]
        if not line.bullet:
            before = _BEFORE_LABEL.fullmatch(line.text) if len(line.text) <= 120 else None
            after = _GLUED_LABEL.fullmatch(line.text)
            if before:
                rest = [before["before"], before["label"]]
            elif after:
                rest = [after["label"], after["rest"]]
            weeks = _GLUED_WEEKS.fullmatch(rest[0]) if len(rest[0]) <= 100 else None
            # "Duration: 4 weeks" is one part, and a task that ends with "in 6 weeks" stays whole.
            if weeks and not whole_span(rest[0]) and looks_like_heading(weeks["name"]):
                rest[:1] = [weeks["name"], weeks["span"]]
        apart += [Line(line.number, text, line.bullet) for text in rest]
    return apart


def _phase_starts(lines: Sequence[Line]) -> list[_PhaseStart]:
    labels = _TASK_KEYS + _RESOURCE_KEYS
    starts: list[_PhaseStart] = []
    free = 0
    for at, line in enumerate(lines):
        if line.bullet or at < free:
            continue
        if whole_span(line.text):
            name_at: int | None = at - 1
            if (
                at - 1 < free
                or lines[at - 1].bullet
                or heading_key(lines[at - 1].text) in labels
                or is_prose(lines[at - 1].text)
            ):
                name_at = None
            weeks: int | None = at
            body = at + 1
        elif heading_key(line.text) in _TASK_KEYS and at - 2 >= free and _NUMBER_LINE.fullmatch(lines[at - 2].text):
            name_at, weeks, body = at - 1, None, at  # a number and a name without weeks
        else:
            continue
        first, name, number = at, None, None
        if name_at is not None:
            first, name = name_at, lines[name_at].text
            alone = _NUMBER_LINE.fullmatch(name)
            with_number = _NUMBERED_NAME.fullmatch(name)
            if alone:
                name, number = None, int(alone["number"])
            elif with_number:
                name = with_number["name"]
                number = int(with_number["a"] or with_number["b"] or with_number["c"])
            elif name_at - 1 >= free and not lines[name_at - 1].bullet:
                above = _NUMBER_LINE.fullmatch(lines[name_at - 1].text)
                if above:
                    first, number = name_at - 1, int(above["number"])
        starts.append(_PhaseStart(first, name, number, weeks, body))
        free = body
    return starts


def _opens_unknown(body: Sequence[Line], at: int, into: Sequence[Line]) -> bool:
    """Whether a line below a phase's list is the heading of something else."""
    line = body[at]
    if line.bullet or not looks_like_heading(line.text):
        return False
    if into[-1].bullet:
        return True
    if at + 1 == len(body):
        return False
    # Below entries that were run together in one line, another line is no entry.
    run = len(into) == 1 and len(split_run(into[0].text, evidence([])).entries) > 1
    return body[at + 1].bullet or run


def _whole_items(lines: Sequence[Line]) -> list[Line]:
    """Wrapped entries in one piece; without bullets there is no telling, as a name such as "iOS" begins small."""
    return unwrap(lines) if any(line.bullet for line in lines) else list(lines)


def _usual_count(drafts: Sequence[_PhaseDraft], known: Evidence) -> int:
    """How many resources a phase of this page has, by those that can be told for certain."""
    sure = [
        count
        for draft in drafts
        if len(draft.resources) == 1 and (count := sure_count(draft.resources[0].text, known)) is not None
    ]
    counts = Counter(sure).most_common()
    if counts and counts[0][1] > 1 and (len(counts) == 1 or counts[0][1] > counts[1][1]):
        return counts[0][0]
    return USUAL_RESOURCES


def horizon_days(text: str) -> int | None:
    """The days that a heading of the action plan spans; None where it is no such heading.

    >>> [horizon_days(text) for text in ("Today", "This Week", "Next 90 Days", "Next 6 Months", "Weeks 3-4", "Read on")]
    [1, 7, 90, 183, 28, None]
    """
    if len(text) > 40:
        return None
    key = heading_key(text)
    if key in _FIXED_HORIZONS:
        return _FIXED_HORIZONS[key]
    match = _HORIZON.fullmatch(key)
    if match is None:
        return None
    unit = match["unit"] or match["unit_b"] or match["unit_c"] or match["unit_d"]
    count = match["to"] or match["from"] or match["n"] or match["n_c"] or match["n_d"] or "1"
    span = find_span(f"{count} months")
    if span is None:
        return None
    days = round(span.high_days / DAYS_PER_MONTH * _UNIT_DAYS[unit])
    return days if 1 <= days <= 3660 else None


_PAY_QUESTION = re.compile(r"\b(?:salar\w+|pay|paid|earn\w*|wages?|income|compensation|raise)\b", re.IGNORECASE)
_TIME_QUESTION = re.compile(
    r"\b(?:how long|how soon|how quickly|timeline|how many (?:weeks|months|years|hours)|duration)\b", re.IGNORECASE
)


def _about(question: str | None, answer: str) -> Literal["pay", "time", "other"]:
    """By the question; by the answer only where the question is lost."""
    if question is not None:
        return "pay" if _PAY_QUESTION.search(question) else "time" if _TIME_QUESTION.search(question) else "other"
    if find_pay(answer).claims or (re.search(r"[$£€₹]\s?\d", answer) and _PAY_QUESTION.search(answer)):
        return "pay"
    first = re.split(r"(?<=[.!?])\s", answer, maxsplit=1)[0]
    return (
        "time" if re.search(r"\b(?:takes?|taking|needs?|spend|allow|expect)\b", first) and find_span(first) else "other"
    )


def _role_key(role: str) -> str:
    """A role for comparison, singular and plural alike; both sides are folded, so roughness does no harm.

    >>> _role_key("Software Developers") == _role_key("software developer"), _role_key("Secretaries")
    (True, 'secretary')
    """
    words = []
    for word in heading_key(role).split():
        if word.endswith("ies") and len(word) > 4:
            words.append(word[:-3] + "y")
        elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
            words.append(word[:-1])
        else:
            words.append(word)
    return " ".join(words)
