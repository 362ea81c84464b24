"""What a file is, by its content.

Comes in: bytes. Goes out: its kind, or ``DocumentError`` that says what it looks like and what to do. The name of the
file is not asked: it proves nothing. Nothing is unpacked here; of a zip file only the directory is read, and that it
would swell beyond reason is found before anything swells.
"""

from __future__ import annotations

import io
import re
import zipfile

from coach.documents.values import DocumentKind
from coach.errors import DocumentError

MOST_UNPACKED_BYTES = 50_000_000  # a resume of two pages unpacks to 0.3 MB, one full of photographs to 10 MB
MOST_RATIO = 200  # deflate of real Word XML gives 5 to 30; a bomb is near deflate's ceiling of 1000
RATIO_FROM_BYTES = 2_000_000  # below this a high ratio is harmless: a long table of equal cells has one
MOST_ENTRIES = 2_000

_SAVE_AS = "Save it as DOCX or PDF and try again."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file (7z)"),
    (b"Rar!", "a compressed file (RAR)"),
    (b"BZh", "a compressed file (bzip2)"),
    (b"\xfd7zXZ", "a compressed file (xz)"),
    (b"%!PS", "a PostScript file"),
    (b"SQLite format 3", "a database"),
    (b"OggS", "a sound or film"),
    (b"ID3", "a sound or film"),
    (b"\x1aE\xdf\xa3", "a sound or film"),
)
_INSIDE_RIFF = {b"WEBP": "a picture (WebP)", b"WAVE": "a sound or film", b"AVI ": "a sound or film"}
_OFFICE = (
    ("xl/workbook.xml", "an Excel workbook"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("Index/Document.iwa", "a Pages document"),
    ("META-INF/container.xml", "an e-book (EPUB)"),
)
_MARKDOWN = re.compile(
    r"""^\#{1,6}[ \t]+\S                 # a heading
    | ^\S.*\n(?:={3,}|-{3,})[ \t]*$      # a heading by a line under it
    | (?<!\*)\*\*(?=\S)[^*\n]+\*\*       # strong words
    | \[[^\]\n]+\]\([^)\s]+\)            # a link
    | ^\|?[ \t]*:?-{3,}:?[ \t]*\|        # the line under a table's head
    | ^(?:```|~~~)                       # a fence
    """,
    re.MULTILINE | re.VERBOSE,
)


def container(data: bytes) -> DocumentKind | None:
    """PDF or DOCX; None where it can only be text. Raises DocumentError for everything else that has a known form.

    >>> container(b"%PDF-1.7 ..."), container("Résumé".encode())
    (<DocumentKind.PDF: 'pdf'>, None)
    """
    start = data[:1024].lstrip(b"\xef\xbb\xbf\x00 \t\r\n\x0c")
    if start.startswith(b"%PDF-") or (b"%PDF-" in start and b"%%EOF" in data[-2048:]):
        return DocumentKind.PDF
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(data)
    if start.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise DocumentError("it is protected with a password. Save a copy without one and try again.")
        raise DocumentError(f"it is in an old Office format (such as .doc). {_SAVE_AS}")
    if start.startswith(b"{\\rtf"):
        raise DocumentError(f"it is in Rich Text Format (.rtf). {_SAVE_AS}")
    looks = next((what for magic, what in _KNOWN if start.startswith(magic)), None)
    if start.startswith(b"RIFF"):
        looks = _INSIDE_RIFF.get(start[8:12], "a sound or film")
    elif data[4:8] == b"ftyp":
        looks = "a picture (HEIC)" if data[8:11] in (b"hei", b"mif", b"avi") else "a sound or film"
    elif start.startswith(b"BM") and start[6:10] == b"\x00\x00\x00\x00":
        looks = "a picture (BMP)"
    if looks:
        raise not_a_document(looks)
    return None


def not_a_document(looks: str) -> DocumentError:
    return DocumentError(f"it is no document but {looks}. Bring a PDF, DOCX, Markdown or text file.")


def is_markdown(text: str) -> bool:
    """True where some sign of Markdown stands in it that plain text has no use for.

    >>> is_markdown("# Jo\\n\\n- Python"), is_markdown("Jo\\n\\n* Python (2 * 3)")
    (True, False)
    """
    return _MARKDOWN.search(text) is not None


def _zip(data: bytes) -> DocumentKind:
    """Raises DocumentError unless it is a Word file that may be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            mimetype = next((archive.open(entry).read(100) for entry in entries if entry.filename == "mimetype"), b"")
    except Exception as error:
        raise DocumentError("it is a damaged file: it begins as a zip file, as DOCX does, and breaks off. "
                            "Save it again and try that.") from error  # fmt: skip
    names = {entry.filename for entry in entries}
    # zipfile never yields more of an entry than its directory declares, so the declared sizes are a bound.
    unpacked = sum(entry.file_size for entry in entries)
    swollen = unpacked > RATIO_FROM_BYTES and unpacked > MOST_RATIO * len(data)
    if unpacked > MOST_UNPACKED_BYTES or len(entries) > MOST_ENTRIES or swollen:
        size = "under 1" if unpacked < 1e6 else f"{unpacked / 1e6:,.0f}"
        raise DocumentError(
            f"it would unpack to {size} MB in {len(entries):,} parts, far more than a document needs, "
            "and was not opened. Save the text alone as DOCX or PDF and try again."
        )
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        raise DocumentError(f"it is an OpenDocument file (such as .odt). {_SAVE_AS}")
    # Word itself calls the part document.xml, its online sister document2.xml.
    if not any(name.startswith("word/document") and name.endswith(".xml") for name in names):
        looks = next((what for part, what in _OFFICE if part in names), "a zip file")
        raise not_a_document(looks)
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentError("it is protected with a password. Save a copy without one and try again.")
    return DocumentKind.DOCX
