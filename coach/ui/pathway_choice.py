"""Which pathway is open: the choice in the sidebar of every page, and how a pathway is called.

Comes in: the pathways that there are. Goes out: the slug of the chosen one, in the session, where all pages find it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from coach.knowledge.pathway import Pathway
from coach.ui import learner
from coach.ui.render import plain


def choose(pathways: Mapping[str, Pathway], about: str, on_change: Callable[[], None]) -> None:
    """The heading of the sidebar and the choice below it; ``about`` says what a choice means on this page."""
    st.markdown("#### Career coach")
    st.selectbox(
        "Pathway",
        list(pathways),
        key="pathway",
        format_func=lambda slug: learner.short_name(pathways, slug),
        on_change=on_change,
        help=about,
    )


def whole_name(pathway: Pathway | None, slug: str) -> str:
    """Both roles; the slug of a pathway that is no longer there."""
    return plain(slug if pathway is None else f"{pathway.origin} to {pathway.target}")
