"""What a name is replaced by where only its kind matters.

Comes in: nothing. Goes out: nouns. "How long does Rust take?" and "How long does Wound Care take?" ask the same of
different things: with "this skill" in place of the name they are the same words. Questions are masked with these nouns
before their intent is read, and the ways to ask that this was trained on (``retrieval/training.py``) with the same.
This module knows no names.
"""

from __future__ import annotations

KIND_NOUNS = {
    "skill": "this skill",
    "transferable": "my old skill",
    "phase": "this phase",
    "resource": "this resource",
    "platform": "this website",
    "metro": "this city",
    "occupation": "this occupation",
    "title": "this job title",
}
"""By kind of entity; names of other kinds (levels, priorities, ...) say themselves what is asked and stay."""

ROLE_NOUNS = {"origin": "current role", "target": "new role"}
"""The same for the names of the two roles."""

_DETERMINERS = ("the", "a", "an", "my", "this", "that", "your")


def in_place(noun: str, before: str) -> str:
    """The noun as it follows the text ``before``: without its determiner where that has one.

    >>> in_place("this skill", "How long does "), in_place("this skill", "How hard is the ")
    ('this skill', 'skill')
    """
    first, _, rest = noun.partition(" ")
    determined = first in _DETERMINERS and before.rstrip().lower().rpartition(" ")[2] in _DETERMINERS
    return rest if determined else noun
