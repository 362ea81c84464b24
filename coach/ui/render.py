"""Text that people or documents wrote, made safe to stand in Streamlit's Markdown. The only place that escapes.

Comes in: text from anywhere (questions, documents, file names, titles). Goes out: Markdown source that shows that
text letter for letter. Nothing in it can become a link, an image, a heading, an icon, an emoji, a formula, a
colour or a fetch; ``source_link`` is the one way to make a link, and only for sources that we checked.

How: every punctuation mark is written as a numeric character reference, which Markdown shows and never obeys.
Four of Streamlit's steps look again at the finished text (bare addresses, material icons, its logo, typographic
arrows and dashes), so the text is also cut at the places that they look for: an empty ``:small[]`` is a span
without content, which nobody sees, copies or hears.

It knows nothing of pages and calls no Streamlit command.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

from coach.types import Origin, Passage

_CUT = ":small[]"
_PLACES = re.compile(
    r"(?<=:)(?=\S)"  # http:// and :material_home: and :streamlit:
    r"|(?<=@)(?=\S)"  # somebody@example.org
    r"|(?<=www)(?=\.)"
    r"|(?<=[<>~-])(?=[=>-])",  # -> <- -- <= >= ~=
    re.IGNORECASE,
)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SAFE_IN_ADDRESS = "%/:?&=+,;~@.-_"
_CHECKED_ORIGINS = frozenset({Origin.RESOURCE, Origin.MARKET, Origin.GLOSSARY})


def clean(text: str) -> str:
    """Text without what cannot be seen and can mislead: control characters, direction overrides, lone surrogates.

    >>> clean("pay\\u202egnorw\\x00")
    'paygnorw'
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(
        letter
        for letter in text
        if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs") and not _turns_direction(letter)
    )


def literal(text: str) -> str:
    """Markdown that shows ``text`` as it is, on one line: line breaks become spaces.

    >>> literal("$5")
    '&#36;5'
    """
    line = " ".join(clean(text).split())
    return _CUT.join(_referenced(piece) for piece in _PLACES.split(line))


def plain(text: str) -> str:
    """One line for places that take no Markdown at all: select boxes, file names, text fields."""
    return " ".join(clean(text).split())


def highlighted(text: str) -> str:
    """The words of a passage that a claim rests on."""
    return f":primary-background[{literal(text)}]"


def quiet(text: str) -> str:
    return f":gray[{literal(text)}]"


def badge(text: str) -> str:
    return f":gray-badge[{literal(text)}]"


def code(text: str) -> str:
    """A formula, in the font in which figures align.

    A code span takes no character references, so the fence is longer than any run of backticks inside.
    """
    line = plain(text)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if line else ""


def source_link(passage: Passage) -> str | None:
    """A link to a source that we checked; None if it has none or if somebody else's page names it."""
    if passage.origin not in _CHECKED_ORIGINS or passage.url is None:
        return None
    address = passage.url.strip()
    try:
        split = urlsplit(address)
    except ValueError:
        return None
    if split.scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", split.netloc):
        return None
    # In <...> only these characters would end the address or open something else; all are percent-encoded.
    safe = quote(address, safe=_SAFE_IN_ADDRESS + "#")
    return f"[{literal(split.netloc.removeprefix('www.'))}](<{safe}>)"


def shortened(text: str, limit: int) -> str:
    line = plain(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _referenced(text: str) -> str:
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark.group())};", text)


def _turns_direction(letter: str) -> bool:
    return "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
