"""The terms of the field, to search and to read.

Comes in: a corpus. Goes out: Streamlit elements.
"""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from coach.knowledge.corpus import Corpus
from coach.knowledge.glossary import term_of
from coach.types import Origin, Passage
from coach.ui.library import passages
from coach.ui.render import literal, plain


def show(corpus: Corpus) -> None:
    terms = [passage for passage in corpus.passages if passage.origin is Origin.GLOSSARY]
    if not terms:
        st.info("No glossary is of this pathway's field.")
        return
    asked = st.text_input("Find a term", key="term", bind="query-params", max_chars=80, icon=":material/search:")
    names = {term.id: (term.name, *term.aliases) for term in corpus.terms}
    wanted = asked.casefold().strip()
    kept = [
        passage
        for passage in terms
        if not wanted
        or any(wanted in name.casefold() for name in names.get(term_of(passage) or "", ()))
        or wanted in passage.text.casefold()
    ]
    # Those whose name matches before those that only speak of it.
    kept.sort(key=lambda passage: not any(wanted in name.casefold() for name in names.get(term_of(passage) or "", ())))
    st.caption(f"{len(kept)} of {len(terms)} terms, written by us, each with a source. All can be asked about in chat.")
    if wanted:
        for passage in kept:
            _term(passage, names)
        return
    ordered = sorted(kept, key=_category)
    for category, group in groupby(ordered, key=_category):
        st.subheader(literal(category[0].upper() + category[1:]), anchor=False)
        for passage in sorted(group, key=lambda one: one.heading_path[-1].casefold()):
            with st.expander(literal(passage.heading_path[-1]), type="compact"):
                _term(passage, names, titled=False)


def _category(passage: Passage) -> str:
    return passage.heading_path[-2]


def _term(passage: Passage, names: dict[str, tuple[str, ...]], *, titled: bool = True) -> None:
    if titled:
        st.markdown(f"**{literal(passage.heading_path[-1])}**")
    others = names.get(term_of(passage) or "", ())[1:]
    if others:
        st.caption(f"Also called {plain(', '.join(others))}")
    passages.show(passage, heading=False)
