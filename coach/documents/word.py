"""Word files: paragraphs, lists, tables, text boxes, headers and footers.

Comes in: the bytes of a DOCX whose unpacked size was found bearable. Goes out: lines of an ``Outline``. python-docx
opens the package; its own ``text`` leaves out what stands in content controls, text boxes and tracked insertions, which
templates for resumes are full of, so the XML is walked here. Deleted and hidden text is left out: its writer does not
see it either. The only home of python-docx. Runs in the child process only.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn

from coach.documents.cleaning import clean
from coach.documents.outline import Outline
from coach.errors import DocumentError

MOST_HEADING = 80  # characters of a bold paragraph that is read as a heading
_BOLD_LEVEL = 10
"""Headings that are only bold stand under the nine that Word has."""
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_UNREAD = {qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), qn("w:txbxContent"), _FALLBACK}
_BREAKS = {qn("w:br"), qn("w:cr")}
_DAMAGED = (
    "it is a damaged Word file or an unusual variant of one. Open it in Word, save it as DOCX or PDF, and try that."
)


def read_docx(data: bytes, outline: Outline) -> None:
    """Raises DocumentError for a file that cannot be read."""
    try:
        document = docx.Document(io.BytesIO(data))
        walk = _Walk(document, outline)
        for element in _parts(document, RELATIONSHIP_TYPE.HEADER):
            walk.blocks(element)
        walk.blocks(document.element.body)
        with outline.scope(bare=True):
            for element in _parts(document, RELATIONSHIP_TYPE.FOOTER):
                walk.blocks(element)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:  # a damaged file raises nearly anything from inside python-docx
        raise DocumentError(_DAMAGED) from error


def _parts(document: WordDocument, kind: str) -> Iterator[Any]:
    """Headers or footers. First, even and other pages often say the same, which is read once."""
    said: set[str] = set()
    for relation in document.part.rels.values():
        if relation.reltype == kind and not relation.is_external:
            element = relation.target_part.element
            text = clean("".join(piece.text or "" for piece in element.iter(qn("w:t"))))
            if text and text not in said:
                said.add(text)
                yield element


class _Walk:
    """Goes through blocks in the order of the file."""

    def __init__(self, document: WordDocument, outline: Outline) -> None:
        self._outline = outline
        self._levels: dict[str, int] = {}
        self._lists: set[str] = set()
        for style in document.styles:
            if style.type is not WD_STYLE_TYPE.PARAGRAPH:
                continue
            for element in _with_bases(style):
                level = _level(element.find(qn("w:pPr")))
                if level is not None:
                    self._levels.setdefault(style.style_id, level)
                if element.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None:
                    self._lists.add(style.style_id)
            name = str(style.name or "")
            if name == "Title":
                self._levels.setdefault(style.style_id, 0)
            elif name.startswith("Heading ") and name[8:].isdigit():
                self._levels.setdefault(style.style_id, int(name[8:]))
            elif name.startswith("List"):
                self._lists.add(style.style_id)

    def blocks(self, parent: Any, only_one: bool = True) -> None:
        """``only_one``: what stands around is a page or a box, where a bold paragraph may be a heading."""
        for element in parent:
            if element.tag == qn("w:p"):
                self._paragraph(element, may_be_heading=only_one)
            elif element.tag == qn("w:tbl"):
                self._table(element)
            elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins"), qn("w:moveTo")):
                self.blocks(element, only_one)

    def _paragraph(self, paragraph: Any, may_be_heading: bool) -> None:
        properties = paragraph.find(qn("w:pPr"))
        style = properties.find(qn("w:pStyle")) if properties is not None else None
        named = style.get(qn("w:val")) if style is not None else ""
        text = "".join(_text(paragraph))
        level = _level(properties)
        level = self._levels.get(named) if level is None else level
        item = named in self._lists or (properties is not None and properties.find(qn("w:numPr")) is not None)
        if level is not None:
            self._outline.heading(text, level)  # numbered headings are headings
        elif may_be_heading and not item and _is_bold_heading(paragraph, text):
            self._outline.heading(text, _BOLD_LEVEL)
        else:
            self._outline.text(text, item=item)
        for box in _boxes(paragraph):
            with self._outline.scope():
                self.blocks(box)

    def _table(self, table: Any) -> None:
        """Row by row and cell by cell; a merged cell is read where it begins."""
        for row in _below(table, qn("w:tr")):
            for cell in _below(row, qn("w:tc")):
                merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                if merge is not None and merge.get(qn("w:val")) != "restart":
                    continue
                with self._outline.scope():
                    self.blocks(cell, only_one=sum(1 for _ in cell.iter(qn("w:p"))) > 1)


def _below(parent: Any, tag: str) -> Iterator[Any]:
    """Children of a tag, through content controls and tracked changes, not through other tables."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins")):
            yield from _below(element, tag)


def _with_bases(style: Any) -> Iterator[Any]:
    """Elements of a style and of those it builds on; a circle of styles ends."""
    seen: set[str] = set()
    while style is not None and style.style_id not in seen:
        seen.add(style.style_id)
        yield style.element
        style = style.base_style


def _level(properties: Any) -> int | None:
    """The outline level that a paragraph or style sets; Word counts from 0, and 9 is text."""
    found = properties.find(qn("w:outlineLvl")) if properties is not None else None
    value = found.get(qn("w:val"), "") if found is not None else ""
    return int(value) + 1 if value.isdigit() and int(value) < 9 else None


def _text(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag in _UNREAD:
            continue
        if child.tag == qn("w:r") and _is_hidden(child):
            continue
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag == qn("w:tab"):
            yield "\t"
        elif child.tag in _BREAKS:
            yield "\n"
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"
        else:
            yield from _text(child)


def _is_hidden(run: Any) -> bool:
    return _is_on(run.find(f"{qn('w:rPr')}/{qn('w:vanish')}"))


def _is_on(switch: Any) -> bool:
    return switch is not None and switch.get(qn("w:val"), "1") not in ("0", "false", "off")


def _is_bold_heading(paragraph: Any, text: str) -> bool:
    """One short line that is bold throughout and says no sentence."""
    said = clean(text)
    if not said or len(said) > MOST_HEADING or "\n" in text.strip() or said.endswith((".", ",", ";")):
        return False
    runs = [run for run in paragraph.iter(qn("w:r")) if clean("".join(_text(run)))]
    return bool(runs) and all(_is_on(run.find(f"{qn('w:rPr')}/{qn('w:b')}")) for run in runs)


def _boxes(paragraph: Any) -> Iterator[Any]:
    """Text boxes that hang on a paragraph, not those in boxes; the copy for old programs is passed over."""
    for child in paragraph:
        if child.tag == qn("w:txbxContent"):
            yield child
        elif child.tag != _FALLBACK:
            yield from _boxes(child)
