"""A passage as the Library shows it: where it stands, what it says, where that comes from, and who uses it.

Comes in: a passage. Goes out: Streamlit elements. What passages and documents say is escaped by ``coach.ui.render``.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import streamlit as st

from coach.answering.words import split_tokens, stem
from coach.knowledge.writing import facets
from coach.types import Origin, Passage, Sentence
from coach.ui.render import badge, code, highlighted, literal, quiet, source_link

SAID_BY = {
    Origin.PATHWAY: "the guide",
    Origin.RESOURCE: "resource check",
    Origin.MARKET: "official figures",
    Origin.DERIVED: "computed",
    Origin.GLOSSARY: "glossary",
    Origin.LEARNER: "your document",
}
"""Who says it, by origin, in a word or two."""

_WORDS = re.compile(r"\w+|\W+")


def show(passage: Passage, *, words: Collection[str] = (), heading: bool = True, root: str | None = None) -> None:
    """The passage in full; ``words`` are stems to mark, ``root`` the heading that all passages share."""
    path = [part for part in passage.heading_path if part != root] or list(passage.heading_path)
    lines = [f"{badge(SAID_BY[passage.origin])} **{literal(' › '.join(path))}**"] if heading else []
    lines += [_paragraphs(passage, words)]
    foot = [quiet(passage.source), quiet(passage.id.partition("#")[2])]
    link = source_link(passage)
    if link is not None:
        foot.insert(1, link)
    lines.append(f":small[{' · '.join(foot)}]")
    st.markdown("\n\n".join(lines))
    formulas = list(dict.fromkeys(sentence.formula for sentence in passage.sentences if sentence.formula))
    if formulas:
        st.markdown("\n\n".join(f":small[{quiet('Computed:')} {code(formula)}]" for formula in formulas))


def details(passage: Passage) -> None:
    """What of it can be asked for, and what it rests on."""
    asked = [question for fact in passage.facts for question in fact.questions[:1] if not facets()[fact.facet].detail]
    if asked:
        st.markdown(quiet("Answers, among others:"))
        st.markdown("\n".join(f"- {literal(question)}" for question in dict.fromkeys(asked)))
    if passage.derived_from:
        st.markdown(f"{quiet('Rests on:')} {literal(', '.join(id_.partition('#')[2] for id_ in passage.derived_from))}")


def _paragraphs(passage: Passage, words: Collection[str]) -> str:
    made: list[str] = []
    for sentence in passage.sentences:
        text = _marked(sentence, words)
        if sentence.item:
            made.append(f"\n- {text}")
        elif made and not made[-1].startswith("\n"):
            made[-1] += f" {text}"
        else:
            made.append(f"\n\n{text}" if made else text)
    return "".join(made) or literal(passage.text)


def _marked(sentence: Sentence, words: Collection[str]) -> str:
    if not words:
        return literal(sentence.text)
    pieces: list[str] = []
    plain = ""
    for piece in _WORDS.findall(sentence.text):
        tokens = split_tokens(piece)
        if tokens and stem(tokens[0]) in words:
            pieces += [_kept(plain), highlighted(piece)]
            plain = ""
        else:
            plain += piece
    return "".join([*pieces, _kept(plain)])


def _kept(text: str) -> str:
    """``literal`` trims; the blanks beside a marked word stay."""
    if not text.strip():
        return " " if text else ""
    return f"{' ' if text[0].isspace() else ''}{literal(text)}{' ' if text[-1].isspace() else ''}"
