"""Text of documents without what cannot be seen.

Comes in: text as a file has it. Goes out: the same text on one line, as a person would see it. A line is quoted to the
learner, so it stays as it was written: case, signs, accents and fractions are kept, and NFKC, which would rewrite
``½`` and ``™``, is not applied. Only what a typesetter put there and nobody wrote is undone: ligatures such as ``ﬁ``
become their letters and soft hyphens go, for otherwise "ef\N{LATIN SMALL LIGATURE FI}cient" would be another word.

It knows no kind of document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

NAME_LENGTH = 120
"""Characters of a file's name that are shown."""
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, format marks (directions, zero widths, soft hyphens, tags), half pairs, private and unassigned signs."""
_BULLET = re.compile(r"(?:[-*+•‣⁃∙◦○●▪▫■□◆◇❖►▸▶➢➤✓✔·–—\x7f\ue000-\uf8ff]|o(?=\s+[A-Z0-9])|\d{1,2}[.)])\s+(?=\S)")
"""What starts an entry of a list. Word's own bullets are private signs; PDF writers use ``\\x7f``, which WinAnsi draws
as a bullet; Word's second level is a letter o."""


def clean(text: str) -> str:
    r"""One line without unseen characters, whitespace squeezed.

    >>> clean("pay\x00roll \u202e ef\ufb01cient\u200b  co\xadop\n½")
    'payroll efficient coop ½'
    """
    spaced = "".join(" " if letter.isspace() else letter for letter in text)
    return " ".join("".join(letter for letter in spaced.translate(_LIGATURES) if _seen(letter)).split())


def visual_lines(text: str) -> Iterator[tuple[str, bool]]:
    r"""Each line that has something on it, cleaned and without its bullet, and whether it had one.

    >>> list(visual_lines("Work\n\n  - ran  a ring\n    of nodes\n-\n"))
    [('Work', False), ('ran a ring', True), ('of nodes', False), ('-', False)]
    """
    for raw in text.splitlines():
        stripped = raw.lstrip(" \t\xa0\ufeff\u200b\u200e\u200f")
        bullet = _BULLET.match(stripped)
        line = clean(stripped[bullet.end() :] if bullet else stripped)
        if line:
            yield line, bullet is not None


def is_bullet(text: str) -> bool:
    r"""True for a bullet that stands alone, as PDF files draw it apart from its text.

    >>> is_bullet("\x7f "), is_bullet("2."), is_bullet("a")
    (True, True, False)
    """
    mark = text.strip()
    found = _BULLET.match(f"{mark} X")
    return found is not None and found.end() == len(mark) + 1


def display_name(name: str) -> str:
    r"""A file's name to be shown, never to be opened: no folders, nothing unseen, at most 120 characters.

    >>> display_name("C:\\Users\\jo\\..\\cv\u202efdp.docx"), display_name("../../etc/passwd"), display_name("..")
    ('cvfdp.docx', 'passwd', 'document')
    """
    last = clean(name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    if not last.strip(". "):
        return "document"
    if len(last) <= NAME_LENGTH:
        return last
    ending = PurePosixPath(last).suffix[:12]
    return last[: NAME_LENGTH - 1 - len(ending)] + "…" + ending


def _seen(letter: str) -> bool:
    return unicodedata.category(letter) not in _UNSEEN
