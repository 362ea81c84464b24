"""Makes the PDF and DOCX resumes of a labelled set: ``python -m tests.resumes eval/skills/dev``.

Comes in: ``documents.yaml`` of the folder. Goes out: the files that it names, real two-column pages and real tables.
One entry is one drawn line or one paragraph, so that a quote stands on one line. It knows nothing of what is labelled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docx
import yaml
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

Row = Mapping[str, str]

_DRAWN = {
    "title": ("Helvetica-Bold", 18.0, 22.0, 0.0),
    "heading": ("Helvetica-Bold", 11.5, 22.0, 0.0),
    "job": ("Helvetica-Bold", 9.5, 17.0, 0.0),
    "text": ("Helvetica", 9.0, 13.0, 0.0),
    "item": ("Helvetica", 9.0, 13.0, 10.0),
    "run on": ("Helvetica", 9.0, 12.0, 10.0),
}
"""Font, size, distance to the line above and indent, in points."""


def make(folder: Path) -> list[Path]:
    """Write every document that ``documents.yaml`` describes, and say which."""
    made = []
    for entry in yaml.safe_load((folder / "documents.yaml").read_text(encoding="utf-8")):
        file = folder / str(entry["file"])
        {"two columns": _two_columns, "one column": _one_column, "table": _table, "document": _document}[
            entry["layout"]
        ](entry, file)
        made.append(file)
    return made


def texts(entry: Mapping[str, Any]) -> Iterator[str]:
    """Every line of text of an entry of ``documents.yaml``, in the order in which a person reads it."""
    yield from entry.get("top", ())
    for part in ("left", "right", "rows", "before"):
        for row in entry.get(part, ()):
            yield from row.values()
    yield from (text for row in entry.get("table", ()) for cell in row for text in cell)
    for row in entry.get("after", ()):
        yield from row.values()


def _draw(canvas: Canvas, rows: Sequence[Row], x: float, y: float) -> None:
    for row in rows:
        ((kind, text),) = row.items()
        font, size, lead, indent = _DRAWN[kind]
        y -= lead
        canvas.setFont(font, size)
        if kind == "item":
            canvas.drawString(x, y, "\u2022")
        canvas.drawString(x + indent, y, text)


def _two_columns(entry: Mapping[str, Any], file: Path) -> None:
    canvas = Canvas(str(file), pagesize=A4, invariant=1)
    height = A4[1]
    for at, (text, size) in enumerate(zip(entry["top"], (20, 12), strict=True)):
        canvas.setFont("Helvetica-Bold" if at == 0 else "Helvetica", size)
        canvas.drawString(40, height - 60 - 18 * at, text)
    canvas.line(205, height - 95, 205, 200)
    _draw(canvas, entry["left"], 40, height - 90)
    _draw(canvas, entry["right"], 218, height - 90)
    canvas.save()


def _one_column(entry: Mapping[str, Any], file: Path) -> None:
    canvas = Canvas(str(file), pagesize=A4, invariant=1)
    _draw(canvas, entry["rows"], 50, A4[1] - 40)
    canvas.save()


def _paragraphs(document: Any, rows: Sequence[Row]) -> None:
    for row in rows:
        ((kind, text),) = row.items()
        if kind in {"title", "heading"}:
            document.add_heading(text, 0 if kind == "title" else 1)
        else:
            document.add_paragraph(text, style="List Bullet" if kind == "item" else None)


def _table(entry: Mapping[str, Any], file: Path) -> None:
    document = docx.Document()
    _paragraphs(document, entry["before"])
    document.add_heading(entry["heading"], 1)
    table = document.add_table(rows=0, cols=len(entry["table"][0]), style="Table Grid")
    for row in entry["table"]:
        for cell, paragraphs in zip(table.add_row().cells, row, strict=True):
            cell.paragraphs[0].text = paragraphs[0]
            for text in paragraphs[1:]:
                cell.add_paragraph(text)
    _paragraphs(document, entry["after"])
    document.save(str(file))


def _document(entry: Mapping[str, Any], file: Path) -> None:
    document = docx.Document()
    _paragraphs(document, entry["rows"])
    document.save(str(file))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.writelines(f"{file}\n" for file in make(Path(name)))
