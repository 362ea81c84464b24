"""The questions that a page answers.

Comes in: a layout. Goes out: each answer with its question, as far as the copy kept it, and whether it is about pay or
time.
"""

from __future__ import annotations

import re
from typing import Literal

from coach.knowledge.amounts import find_pay, find_span
from coach.knowledge.naming import Ids
from coach.knowledge.pages import Layout, Line, Section, unwrap
from coach.knowledge.pathway import Faq
from coach.knowledge.sections.notes import Notes, short

_INTERROGATIVES = (
    "am|are|can|could|did|do|does|has|have|how|is|may|must|should|was|were|what|when|where|which|who|whom|whose|why|"
    "will|would"
)
_QUESTION_FIRST = re.compile(rf"(?P<question>(?:{_INTERROGATIVES})\b[^?]{{3,200}}\?)\s*(?P<answer>\S.*)", re.IGNORECASE)
_QUESTION_MARKS = re.compile(r"(?:Q(?:uestion)?\s*\d*\s*[:.)]|A(?:nswer)?\s*[:.)]|\d{1,2}[.)])\s+", re.IGNORECASE)
_PAY_QUESTION = re.compile(r"\b(?:salar\w+|pay|paid|earn\w*|wages?|income|compensation|raise)\b", re.IGNORECASE)
_TIME_QUESTION = re.compile(
    r"\b(?:how long|how soon|how quickly|timeline|how many (?:weeks|months|years|hours)|duration)\b", re.IGNORECASE
)


def faq(layout: Layout, notes: Notes) -> tuple[Faq, ...]:
    pairs: list[tuple[str | None, list[Line]]] = []
    for raw in unwrap(layout.sections.get(Section.FAQ, ())):
        line = Line(
            raw.number, _QUESTION_MARKS.sub("", raw.text, count=1) if _QUESTION_MARKS.match(raw.text) else raw.text
        )
        both = _QUESTION_FIRST.fullmatch(line.text)
        if line.text.endswith("?"):
            pairs.append((line.text, []))
        elif both:
            pairs.append((both["question"], [Line(line.number, both["answer"])]))
        elif (
            pairs and pairs[-1][0] is not None and not (pairs[-1][1] and re.match(r"(?:yes|no)\b", line.text, re.I))
        ):
            if pairs[-1][1]:
                notes.warn(
                    f"Line {line.number}: taken as more of the answer to '{short(pairs[-1][0] or '')}'; "
                    f"it may be an answer that lost its question: '{short(line.text)}'"
                )
            pairs[-1][1].append(line)
        else:
            notes.warn(f"Line {line.number}: an answer without a question: '{short(line.text)}'")
            pairs.append((None, [line]))
    ids = Ids()
    found = []
    for question, answer in pairs:
        if not answer:
            notes.warn(f"The question '{short(question or '')}' has no answer and was left out")
            continue
        text = notes.sentences(" ".join(line.text for line in answer), "an answer")
        about = _about(question, text)
        found.append(
            Faq(
                id=ids.of(question or ("answer" if about == "other" else about), "answer"),
                question=notes.fit(question, "a question") if question else None,
                answer=text,
                about=about,
            )
        )
    return tuple(found)


def _about(question: str | None, answer: str) -> Literal["pay", "time", "other"]:
    """By the question; by the answer only where the question is lost."""
    if question is not None:
        return "pay" if _PAY_QUESTION.search(question) else "time" if _TIME_QUESTION.search(question) else "other"
    if find_pay(answer).claims or (re.search(r"[$£€₹]\s?\d", answer) and _PAY_QUESTION.search(answer)):
        return "pay"
    first = re.split(r"(?<=[.!?])\s", answer, maxsplit=1)[0]
    return (
        "time" if re.search(r"\b(?:takes?|taking|needs?|spend|allow|expect)\b", first) and find_span(first) else "other"
    )
