"""Words as a check of a model's sentences reads them: which add nothing, which exclude each other, what a text names.

Comes in: texts. Goes out: stems. It knows English, no topic.
"""

from __future__ import annotations

import re

from coach.answering.words import split_tokens, stem

HARMLESS = frozenset(
    stem(word)
    for word in (
        "a an the this that these those it its itself they their them you your yourself we our one "
        "is are was were be been being has have had having do does did can could will would should "
        "of to for in on at by with as into through per than "
        "and or but while whereas so also too then each as well "
        "about around almost circa "
        "expect take need last cost pay earn reach get give make go come use count amount add "
        "plan say state put list name mention note tell show report describe call mean rate set "
        "according guide figure official data source page evidence passage "
        "overall altogether total sum together in which who what when how where there here "
        "move path person people someone somebody something thing way part number "
        "between among such like namely although though however both another either suggest ask want let see find "
        "meant point alongside along"
    ).split()
)
"""Words that hold a sentence together, report or hedge: stems."""
HEDGES = frozenset("roughly approximately nearly typically usually generally mostly officially".split())
"""Adverbs that hedge: not the words that they come from, as "most" and "general" say something."""
RIVALS = tuple(
    tuple(frozenset(stem(word) for word in group.split()) for group in line.split("; "))
    for line in (
        "entry junior beginner; mid middle; senior experienced; lead principal",
        "critical; important; optional nice",
        "mean average; median",
        "easy simple; moderate medium; hard difficult",
        "minimum lowest; maximum highest",
        "early earlier; late later",
    )
)
"""Of each line only one can be meant at a time."""
BEFORE_NOUNS = frozenset(stem(word) for word in "early earlier late later".split())
"""Those of them that stand before what they speak of: "an early file says A, later ones B"."""
NUMBERED = frozenset(stem(word) for word in "week day month year phase step stage part level".split())
"""What numbers are names of: "week 5"."""
SENTENCES = re.compile(r"(?<=[.!?])\s+")
NAME_RUN = re.compile(r"\b[A-Z][a-z]\w*(?: [A-Z][a-z]\w*)+")


def contents(text: str) -> frozenset[str]:
    """Stems of the words that say something."""
    return frozenset(key for word in split_tokens(text) if (key := stem(word)) not in HARMLESS)
