"""Who wrote an answer, in a sentence.

Comes in: what a language model had to do with it. Goes out: words for the chat and for the file of an answer.
"""

from __future__ import annotations

from coach.knowledge.wording import count
from coach.types import Generation, Outcome, Place


def byline(made: Generation) -> str:
    """Which model wrote where, and what became of it.

    >>> byline(Generation(model="m", place=Place.LOCAL, outcome=Outcome.STOPPED))
    "m was stopped. This is the coach's own answer."
    """
    name, where = made.model, "on this machine" if made.place is Place.LOCAL else "at a remote service"
    own = "This is the coach's own answer."
    if made.outcome in (Outcome.SHOWN, Outcome.COMPLETED):
        words = f"Worded by {name} {where}, every sentence checked."
        if made.struck_out:
            words += f" {count(len(made.struck_out), 'sentence')} struck out."
        if made.outcome is Outcome.COMPLETED:
            words += " What it left out was put back."
        return words
    if made.outcome is Outcome.KEPT:
        return f"Too little of what {name} wrote {where} held against the evidence. {own}"
    if made.outcome is Outcome.STOPPED:
        return f"{name} was stopped. {own}"
    return f"{made.problem} {own}"
