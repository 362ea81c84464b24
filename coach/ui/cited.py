"""A claim that stands on a page of its own accord, outside any conversation, with markers that open its evidence.

Comes in: sentences with their citations, and a way to look passages up. Goes out: running text with the markers and
notes that an answer in chat has. It knows no plan and no pay.
"""

from __future__ import annotations

import streamlit as st

from coach.types import Answer, Citation, Claim, Query, Status, Support, Trace
from coach.ui import evidence
from coach.ui.render import literal, quiet


def sentence(text: str, citations: tuple[Citation, ...], key: str, pathway: str, lookup: evidence.Lookup) -> None:
    """A sentence, quoted where it stands so in what it cites, else inferred from it."""
    quoted = any(text == citation.quote for citation in citations)
    support = Support.QUOTED if quoted else Support.INFERRED
    claims((Claim(text=text, support=support, citations=citations),), key, pathway, lookup)


def claims(said: tuple[Claim, ...], key: str, pathway: str, lookup: evidence.Lookup, lead: str = "") -> None:
    """One paragraph of claims, each followed by its markers; ``lead`` is ours and stands before them in grey."""
    with st.container(key=f"prose-{key}"):
        if lead:
            st.markdown(quiet(lead))
        for number, claim in enumerate(said):
            _claim(claim, f"{key}-{number}", pathway, lookup)


def entry(claim: Claim, key: str, pathway: str, lookup: evidence.Lookup) -> None:
    """A claim as an entry of a list."""
    with st.container(key=f"entry-{key}"):
        _claim(claim, key, pathway, lookup)


def _claim(claim: Claim, key: str, pathway: str, lookup: evidence.Lookup) -> None:
    st.markdown(literal(claim.text))
    markers = sorted({citation.marker for citation in claim.citations})
    for marker in markers:
        words = str(marker) if claim.support is Support.QUOTED or marker != markers[-1] else f"{marker} {claim.support}"
        with st.popover(f":primary[{words}]", type="tertiary", key=f"mark-{key}-{marker}"):
            evidence.note(_alone(claim, pathway), claim, marker, lookup)


def _alone(claim: Claim, pathway: str) -> Answer:
    """The claim as the answer that a note belongs to: it has no search behind it, so passages are looked up."""
    return Answer(
        question="",
        pathway=pathway,
        status=Status.ANSWERED,
        text=claim.text,
        claims=(claim,),
        trace=Trace(query=Query(question="", standalone="")),
    )
