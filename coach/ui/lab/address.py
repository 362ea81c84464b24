"""Addresses of the Lab: a link that reproduces what is on screen.

Comes in: a question and what else the Lab reads from its address. Goes out: parameters, or an address with them. It
knows no page and calls no Streamlit command.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

PAGE = "lab"
"""Where the Lab is, as ``app.py`` has it."""

LONGEST = 1500
"""Characters of a question that an address carries; browsers and proxies cut longer addresses."""


def lab_query(question: str, pathway: str, history: Sequence[str] = ()) -> dict[str, str | list[str]]:
    """Parameters of the Lab's address for a question, and for the earlier questions of its conversation."""
    query: dict[str, str | list[str]] = {"q": question[:LONGEST], "pathway": pathway}
    if history:
        query["h"] = [earlier[:LONGEST] for earlier in history]
    return query


def lab_address(question: str, pathway: str, *, history: Sequence[str] = (), **experiment: str) -> str:
    """The address that opens a question in the Lab, relative to any other page.

    ``experiment`` is what else the Lab reads from its address: ``view``, ``tour``, the parameters of an experiment.
    A half of a character, which no address can hold, becomes a question mark.

    >>> lab_address("Pay & perks?", "a-to-b", view="map")
    'lab?q=Pay+%26+perks%3F&pathway=a-to-b&view=map'
    >>> lab_address("And then?", "a-to-b", history=["First?", "Second?"])
    'lab?q=And+then%3F&pathway=a-to-b&h=First%3F&h=Second%3F'
    """
    query = lab_query(question, pathway, history) | experiment
    return f"{PAGE}?{urlencode(query, doseq=True, errors='replace')}"
