"""Markdown: headings, entries of lists, cells of tables, and words without their markup.

Comes in: Markdown source. Goes out: lines of an ``Outline``. HTML in it is text like any other and is shown as it
stands, comments included; links and pictures keep their words and nothing is fetched. The only home of markdown-it.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from coach.documents.outline import Outline

_STRONG_LEVEL = 7
"""A paragraph of strong words alone is a heading to its reader, below the six that Markdown has."""


def read_markdown(text: str, outline: Outline) -> None:
    tokens = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(text)
    entry = False
    for number, token in enumerate(tokens):
        if token.type == "list_item_open":
            entry = True
        elif token.type == "inline":
            opener, words = tokens[number - 1], _words(token.children or ())
            if opener.type == "heading_open":
                outline.heading(words, int(opener.tag[1:]))
            elif opener.type == "paragraph_open" and opener.level == 0 and _all_strong(token.children or ()):
                outline.heading(words, _STRONG_LEVEL)
            else:
                outline.text(words, item=entry)
            entry = False
        elif token.type in ("fence", "code_block", "html_block"):
            outline.text(token.content, item=entry)
            entry = False


def _words(children: Sequence[Token]) -> str:
    return "".join("\n" if child.type in ("softbreak", "hardbreak") else child.content for child in children)


def _all_strong(children: Sequence[Token]) -> bool:
    """True for one visual line that is strong from its first letter to its last."""
    shown = [child for child in children if child.content or child.type not in ("text",)]
    return (
        len(shown) >= 3
        and shown[0].type == "strong_open"
        and shown[-1].type == "strong_close"
        and not any(child.type in ("softbreak", "hardbreak") for child in shown)
        and sum(child.type == "strong_open" for child in shown) == 1
    )
