"""The Library: everything that the coach knows, readable and searchable, and where each part of it is used.

Comes in: the loaded coach, the visitor's conversations. Goes out: one view at a time; its name, the search and the
filters stand in the address. The page writes no sentence about the pathway itself: all are passages of the index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st
from pydantic import ValidationError

from coach.answering.words import split_tokens, stem
from coach.errors import CoachError
from coach.knowledge.corpus import Corpus
from coach.types import Answer, Origin, Passage
from coach.ui import learner, session
from coach.ui.chat import STYLE
from coach.ui.library import glossary, market, own_documents, passages, resources, used
from coach.ui.loading import loaded
from coach.ui.pathway_choice import choose
from coach.ui.render import code, literal, plain, quiet

if TYPE_CHECKING:
    from coach.pipeline import Reading

FOUND = 12
"""Passages shown for a search."""

MOST_CONVERSATIONS = 60
"""Of a visitor, whose answers are looked at for what they cite."""


def page() -> None:
    st.html(STYLE)
    with st.container(key="library"):
        st.title("Library")
        st.markdown("Everything the coach knows and may cite. What does not stand here, it does not say.")
        coach = loaded()
        if coach is None:
            return
        try:
            pathways = {pathway.slug: pathway for pathway in coach.pathways()}
            slug = learner.open_pathway(pathways).slug
            with st.sidebar:
                choose(pathways, "The Library shows what is known of it.", lambda: None)
            with st.spinner("Opening the index", show_time=True):
                reading = coach.reading(slug)
        except CoachError as error:
            st.error(literal(str(error)), icon=":material/build:")
            return
        view = st.segmented_control(
            "View",
            list(VIEWS),
            default=next(iter(VIEWS)),
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        VIEWS[view or next(iter(VIEWS))](reading)


# --- Search --------------------------------------------------------------------------------------------------


def _search(reading: Reading) -> None:
    asked = st.text_input(
        "Search",
        key="search",
        bind="query-params",
        max_chars=300,
        placeholder="Words, or a whole question",
        icon=":material/search:",
    )
    there = list(dict.fromkeys(passage.origin for passage in reading.corpus.passages))
    said_by = st.pills(
        "Said by", there, format_func=lambda origin: passages.SAID_BY[origin], selection_mode="multi", key="said_by"
    )
    if not asked.strip():
        st.caption(
            f"{len(reading.corpus.passages)} passages with {sum(len(p.facts) for p in reading.corpus.passages)} facts. "
            "A search ranks them as the coach does: by meaning, by question and by words."
        )
        return
    found = reading.index.search(asked, limit=len(reading.corpus.passages)).ranking
    kept = [one for one in found if not said_by or one.passage.origin in said_by][:FOUND]
    words = {stem(word) for word in split_tokens(asked)}
    root = _root(reading.corpus)
    for one in kept:
        with st.container(border=False):
            passages.show(one.passage, words=words, root=root)
            closest = f", closest question: {plain(one.matched_question)}" if one.matched_question else ""
            st.markdown(f":small[{quiet(f'rank {one.rank}{closest}')}]")
    if not kept:
        st.info("Nothing of what you chose is ranked. Clear the choice of who says it.")


def _root(corpus: Corpus) -> str:
    return f"{corpus.pathway.origin} to {corpus.pathway.target}"


# --- Passages by kind ------------------------------------------------------------------------------------------


def _guide(reading: Reading) -> None:
    own = [passage for passage in reading.corpus.passages if passage.origin is Origin.PATHWAY]
    st.caption(literal(f"{len(own)} passages of {reading.corpus.pathway.source.title}, in its order."))
    _by_section(own, reading.corpus, key="guide")


def _derived(reading: Reading) -> None:
    conflicts = {passage.id for passage in _conflicting(reading.corpus)}
    own = [
        passage
        for passage in reading.corpus.passages
        if passage.origin is Origin.DERIVED and passage.id not in conflicts
    ]
    st.caption(
        f"{len(own)} passages that follow from the others: sums, orders, comparisons. Each names its arithmetic."
    )
    _by_section(own, reading.corpus, key="derived")


def _by_section(own: Sequence[Passage], corpus: Corpus, *, key: str) -> None:
    sections = list(dict.fromkeys(used.section_of(passage) for passage in own))
    if not sections:
        st.info("This pathway has none.")
        return
    section = st.pills(
        "Section", sections, default=sections[0], required=True, key=f"{key}-section", format_func=plain
    )
    for passage in own:
        if used.section_of(passage) != section:
            continue
        passages.show(passage, root=_root(corpus))
        with st.expander("What it answers", type="compact"):
            passages.details(passage)


def _conflicting(corpus: Corpus) -> list[Passage]:
    """The passages that the list of contradictions was made from, in its order."""
    ids = dict.fromkeys(
        id_
        for passage in corpus.passages
        if any(fact.facet == "conflicts.list" for fact in passage.facts)
        for id_ in passage.derived_from
    )
    return [corpus.by_id[id_] for id_ in ids if id_ in corpus.by_id]


def _conflicts(reading: Reading) -> None:
    corpus = reading.corpus
    own = _conflicting(corpus)
    if not own:
        st.info("Checking this pathway found nothing that does not add up.")
        return
    st.caption(f"{len(own)} places where the guide contradicts itself, or what could be checked contradicts it.")
    for number, passage in enumerate(own, start=1):
        about = passage.heading_path[-1]
        said = " ".join(literal(sentence.text) for sentence in passage.sentences)
        if about == used.section_of(passage):  # without a title of its own
            st.markdown(f"**{number}.** {said}")
        else:
            st.markdown(f"**{number}. {literal(about)}**")
            st.markdown(said)
        formulas = list(dict.fromkeys(sentence.formula for sentence in passage.sentences if sentence.formula))
        if formulas:
            st.markdown("  \n".join(code(formula) for formula in formulas))
        sides = [corpus.by_id[id_] for id_ in passage.derived_from if id_ in corpus.by_id]
        if sides:
            with st.expander(f"Both sides, as they stand ({len(sides)})", type="compact"):
                for side in sides:
                    passages.show(side, root=_root(corpus))


# --- What the visitor did ---------------------------------------------------------------------------------------


def answers() -> tuple[Answer, ...]:
    """This visitor's answers, newest first; those that another version stored are left out."""
    try:
        store, owner = session.store(), session.owner()
        found = [
            (turn.created, turn.answer_json)
            for conversation in store.conversations(owner, MOST_CONVERSATIONS)
            for turn in store.turns(owner, conversation.id)
        ]
    except CoachError as error:
        st.warning(literal(str(error)), icon=":material/database_off:")
        return ()
    read: list[Answer] = []
    for _, text in sorted(found, key=lambda one: one[0], reverse=True):
        try:
            read.append(Answer.model_validate_json(text))
        except ValidationError:
            continue
    return tuple(read)


VIEWS: dict[str, Callable[[Reading], None]] = {
    "Search": _search,
    "Guide": _guide,
    "Resources": lambda reading: resources.show(reading.corpus),
    "Figures": lambda reading: market.show(reading.corpus),
    "Derived": _derived,
    "Conflicts": _conflicts,
    "Glossary": lambda reading: glossary.show(reading.corpus),
    "Coverage": lambda reading: used.show_coverage(reading.corpus, answers()),
    "Gaps": lambda reading: used.show_gaps(reading.corpus, answers()),
    "Your documents": lambda reading: own_documents.show(reading.corpus),
}
"""By name, as it stands in the address."""
