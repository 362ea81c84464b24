"""Imports a career-pathway page: text copied from a browser becomes a typed pathway.

Comes in: the text of a page of the layout that ``coach.knowledge.pages`` describes, with the defects that copying
leaves: glued words, entries run together, lost lines. Goes out: an ``ImportedPage``, the ``Pathway`` with a warning
for everything that was missing, left out or read in one of several ways; and its YAML file in the data folder.

It knows the layout and no career. It keeps the page's own words, checks no claim, links no resource, and does not
say whether the pathway makes sense.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from coach.errors import ImportPageError, KnowledgeError
from coach.knowledge.market import Market
from coach.knowledge.naming import Aliases, pathway_slug
from coach.knowledge.pages import MAX_PAGE_BYTES, Layout, Section, read_layout
from coach.knowledge.pathway import Pathway
from coach.knowledge.reading import MAX_BYTES
from coach.knowledge.sections import lists, occupations, questions, roadmap, skills, top
from coach.knowledge.sections.notes import Notes
from coach.knowledge.sections.pay import pay_claims
from coach.settings import Settings
from coach.types import Frozen


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
    notes = Notes(layout.warnings)
    try:
        pathway = _pathway(layout, notes, market)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise ImportPageError(
            f"The page was read, but {where} does not fit the schema: {problem['msg']}. Mend that place of the text "
            "and import it again."
        ) from error
    return ImportedPage(pathway=pathway, warnings=tuple(dict.fromkeys(notes.warnings)))


def _pathway(layout: Layout, notes: Notes, market: Market | None) -> Pathway:
    for section in Section:
        if not layout.sections.get(section):
            notes.warn(f"The page has no section '{section}', so nothing is known of it")
    source = top.source(layout, notes)
    facts = top.facts(layout, notes)
    transferable = skills.transferable(layout, notes)
    to_learn = skills.to_learn(layout, notes)
    phases = roadmap.phases(layout, notes)
    reality = lists.reality(layout, notes)
    actions = lists.actions(layout, notes)
    faq = questions.faq(layout, notes)
    overview = top.overview(layout, notes, facts.demand_text)
    currency, pay = pay_claims(layout, notes, overview, faq)
    names = Aliases(
        layout,
        [*(part.name for part in transferable), *(part.name for part in to_learn), *(part.name for part in phases)],
    )
    return Pathway(
        slug=pathway_slug(layout.origin, layout.target),
        origin=notes.fit(layout.origin, "the origin role"),
        target=notes.fit(layout.target, "the target role"),
        source=source,
        difficulty=facts.difficulty,
        timeline=facts.timeline,
        salary_change=facts.salary_change,
        currency=currency,
        pay=pay,
        demand=facts.demand,
        overview=overview,
        transferable=tuple(part.model_copy(update={"aliases": names.of(part.name)}) for part in transferable),
        skills=tuple(part.model_copy(update={"aliases": names.of(part.name)}) for part in to_learn),
        phases=tuple(part.model_copy(update={"aliases": names.of(part.name)}) for part in phases),
        reality=reality,
        actions=actions,
        faq=faq,
        market=occupations.market_link(layout, notes, market),
        role_aliases=names.of_role(),
    )
