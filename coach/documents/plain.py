"""Text files: which letters the bytes are, and where plain text has headings.

Comes in: bytes that are none of the known containers. Goes out: text, or lines of an ``Outline``. Plain text marks a
heading by nothing but its place and its shape, so headings are found by shape alone and no word is looked for.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence

from coach.documents.cleaning import clean
from coach.documents.kinds import not_a_document
from coach.documents.outline import Outline

MOST_HEADING = 60  # characters; a wrapped paragraph's first line is longer
MOST_LONE_WORDS = 5  # of a heading with blank lines on both sides
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED = (
    "The file does not say how its letters are written and they are not Unicode; they were read as Windows-1252. "
    "Check the accents, or save the file as UTF-8."
)
_ENTRY = re.compile(r"\s*(?:[^\w\s\"'(\[]|\d{1,2}[.)])\s+\S")
_SENTENCE = re.compile(r"[.!?;]\s|[.,;!?]$|:\s")
_GAP = re.compile(r"\S(?:\t|\s{3,})\S")
_BOXED = frozenset("\n\t\r\f\v\x1a")
"""Controls that text files have: line and page feeds, and the end mark of old systems."""


def decoded(data: bytes) -> tuple[str, str]:
    r"""Text, and a notice if its letters had to be guessed. Raises DocumentError for data that are no text.

    A byte order mark decides; then UTF-8, which nothing else passes for by chance; then UTF-16 by the zeros in every
    other byte; then Windows-1252. Of 17 short resumes in it, this read 17 and charset-normalizer, which counts
    letters, 12; of 13 in Windows-1250, whose letters are mostly the same, 12 and 10.

    >>> decoded("Müller".encode("utf-16"))
    ('Müller', '')
    >>> decoded("Müller".encode("cp1252"))[0]
    'Müller'
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _text(data.decode(name, "replace")), ""
    odd, even = data[1::2].count(0), data[::2].count(0)
    if max(odd, even) > 0.3 * len(data) / 2 and min(odd, even) < 0.1 * max(odd, even):
        return _text(data.decode("utf-16-le" if odd > even else "utf-16-be", "replace")), ""
    try:
        return _text(data.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _text(data.decode("cp1252", "replace")), _GUESSED


def read_plain(text: str, outline: Outline) -> None:
    """Each visual line, with headings where the shape of the text has them."""
    rows = text.splitlines()
    for number, row in enumerate(rows):
        if _is_heading(rows, number):
            outline.heading(row.strip().rstrip(":"), 1 if row.isupper() else 2)
        else:
            outline.text(row)


def _text(text: str) -> str:
    strange = sum(1 for letter in text if letter == "\ufffd" or _is_control(letter))
    # A stray control in a short file is dirt; data have one byte in eight below the space.
    if strange > max(8, 0.02 * len(text)):
        raise not_a_document("data that are not text")
    return text


def _is_control(letter: str) -> bool:
    return letter not in _BOXED and unicodedata.category(letter) == "Cc"


def _is_heading(rows: Sequence[str], number: int) -> bool:
    """A short line that starts a block and says no sentence, with something under it.

    With blank lines on both sides it must be shorter still, for then it may be an entry that stands alone.
    """
    row = rows[number]
    said = clean(row)
    if not said or len(said) > MOST_HEADING or not any(letter.isalpha() for letter in said):
        return False
    if _ENTRY.match(row) or _SENTENCE.search(said.removesuffix(":")):
        return False
    if number and rows[number - 1].strip() and not said.isupper():
        return False
    below = next((at for at in range(number + 1, len(rows)) if rows[at].strip()), None)
    if below is None:
        return False
    if below > number + 1:
        return len(said.split()) <= MOST_LONE_WORDS and "," not in said and not _GAP.search(row.strip())
    if said.isupper():
        # In a text of capitals only the first line of a block can be told from the others.
        return not (number and rows[number - 1].strip()) or not rows[below].isupper()
    goes_on = clean(rows[below])[:1].islower() and _indent(rows[below]) <= _indent(row)
    return not goes_on or bool(_GAP.search(row.strip())) or bool(_ENTRY.match(rows[below]))


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())
