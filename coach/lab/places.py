"""Passages as the Lab names them: comes in a passage, goes out its headings without the pathway's own name."""

from __future__ import annotations

from coach.lab.walk import Place
from coach.types import Passage


def place(passage: Passage) -> Place:
    return Place(passage_id=passage.id, title=title(passage), text=passage.text, origin=passage.origin)


def title(passage: Passage) -> str:
    """The headings that tell it from other passages of its pathway; the only one there is where there is only one."""
    path = passage.heading_path[1:] or passage.heading_path
    return " › ".join(path)


def section(passage: Passage) -> str:
    """The heading under which it stands in its pathway."""
    return (passage.heading_path[1:] or passage.heading_path)[0]
