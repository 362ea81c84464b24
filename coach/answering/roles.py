"""What the figures of a question are about: the learner's pay or hours, a deadline, an assertion.

Comes in: clean text. Goes out: figures with roles. It computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.answering.figures import days, quantities
from coach.answering.vocabulary import Vocabulary, entities_in
from coach.types import Figure, Quantity, Unit

_EARN = re.compile(
    r"\b(?:i(?:'m| am|'ve| have)?(?: currently| now| already| only| just| today)*|my|currently|me|at present)\b[^.?!]{0,40}?\b(?:earn|earning|make|making|get|getting|paid|pay|salary|on|income|at|base|wage|comp|compensation|take home|pull(?:ing)? in|bring(?:ing)? (?:in|home))\b[^.?!]{0,30}$",
    re.IGNORECASE,
)
_START = re.compile(
    r"\b(?:i (?:earn|make|get|am on|am paid)|i'm (?:on|earning|making|paid|at)|earning|making|currently (?:on|at|earning|making)|(?:my|current) (?:\w+ ){0,2}(?:salary|pay|income|wage|compensation|base)(?: is| of| at|:)?|from(?: my)?)\s*(?:about|around|roughly|approximately|approx|some|a)?\s*$|\b(?:and|what about|how about|i'm|am)\s+(?:on|at|with)\s*$",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"\b(?:i (?:already |do |also )?(?:know|have (?:done|used|learned|learnt|mastered|experience|finished|completed)|am (?:good|fluent|experienced|skilled|familiar)|'ve (?:done|learned|learnt|mastered|used|finished|completed)|finished|completed|mastered)|i'm (?:already )?(?:good|fluent|experienced|skilled|familiar)|already (?:know|knew|did|done|have)|since i know|because i know|i've (?:already )?(?:done|learned|learnt|mastered|used|finished|completed))\b"
    r"|\b(?:i am|i'm) (?:already |quite |very |really |fairly |pretty )?(?:an? )?"
    r"(?:expert|proficient|strong|comfortable|confident|seasoned|versed|skilled)\b"
    r"|\b(?:i have|i've) (?:already |been )*(?:worked|working|using) (?:a lot |daily |mostly |professionally )?(?:with|on|in)?\b"
    r"|(?<!can )(?<!do )(?<!should )(?<!could )(?<!may )(?<!would )(?<!will )(?<!if )(?<!must )"
    r"\bi (?:work(?:ed)? (?:daily |mostly |a lot )?(?:with|in|on)|used?(?! to\b)|teach|taught)\b"
    r"(?=[^.?!;]*\b(?:since|daily|every day|at work|years|months|professionally|all the time)\b)",
    re.IGNORECASE,
)
_OF_THE_PAGE = re.compile(r"\b(?:guide|page|says?|claims?|promises?|they|article|offers?|role|job)\b", re.IGNORECASE)
_SAYS = re.compile(
    r"\b(?:guide|page|article|they|bls|survey|you)\b[^.?!]{0,30}\b(?:says?|said|claims?|promis\w+|states?|lists?|quotes?|told|tells?)\b",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"(?:\b(?:in|within|under|less than|only|just|have|got|spare|by|inside|after|for|only have)\b[\w\s']{0,18})$",
    re.IGNORECASE,
)
_TO_DO = re.compile(
    r"\b(?:what|which)\b.{0,30}\b(?:should|must|have to|need to|ought)\b.{0,30}"
    r"\b(?:done|finish\w*|complet\w*|tick\w*|show|achiev\w*|accomplish\w*)\b",
    re.IGNORECASE,
)
_ELAPSED = re.compile(
    r"\b(?:after|been|spent|into it|so far|already (?:spent|studied|done|did)|have (?:done|studied|finished|completed)|i (?:did|studied))\b[\w\s']{0,12}$|\bbeen (?:studying|learning|following|doing)\b[\w\s']{0,16}$",
    re.IGNORECASE,
)
_ELAPSED_AFTER = re.compile(
    r"\s*(?:in\b(?!\s+(?:the|an?|my|total|all|sum)\b)|(?:(?:are|is|have|has)\s+)?(?:passed|gone|elapsed|over|done|behind me)\b|into\b)",
    re.IGNORECASE,
)


def figures_in(text: str, *, told: bool = False) -> tuple[Figure, ...]:
    """Figures with their roles; ``told``: from a sentence that asks nothing, where bare money is the learner's."""
    figures = []
    position = 0
    for quantity in quantities(text):
        at = text.find(quantity.text, position)
        position = at + len(quantity.text) if at >= 0 else position
        before, after = text[: max(at, 0)], text[position:]
        role = _role(quantity.unit, quantity.noun, before, after)
        if told and role in {"deadline", "current_pay"} and _SAYS.search(before):
            role = "asserted"
        if told and role == "asserted" and quantity.unit == Unit.MONEY and not _OF_THE_PAGE.search(text):
            role = "current_pay"
        figures.append(Figure(quantity=quantity, personal=role not in {"asserted", "position", "horizon"}, role=role))
    return tuple(figures)


def _role(unit: Unit, noun: str, before: str, after: str) -> str:
    """What a figure is about, from the words beside it."""
    near = before[-60:].lower()
    if unit == Unit.MONEY and re.search(
        r"\b(?:guide|page|article|they|bls|survey)\b[^.?!]{0,30}\b(?:says?|said|claims?|promises?|states?|lists?|gives?|puts?|quotes?)\b",
        near,
    ):
        return "asserted"
    if unit == Unit.MONEY:
        personal = (
            _START.search(near)
            or _EARN.search(near)
            or re.match(r"\s*(?:now|today|currently|at the moment|right now|at present|as an? )", after, re.IGNORECASE)
        )
        asks_of_role = re.search(
            r"\b(?:will|would|could|can|does|do|should) (?:i|it|they|you|he|she|an?\b[\w\s]{0,30}) (?:\w+ )?(?:earn|make|get|pay|reach|expect)\s*(?:about|around|over|more than|at least)?\s*$",
            near,
        )
        return "current_pay" if personal and not asks_of_role else "asserted"
    if unit == Unit.HOURS_PER_WEEK:
        return (
            "asserted"
            if re.search(
                r"\b(?:does it|is it|guide says?|page says?|takes?|requires?|need|assumes?)\b[\w\s]{0,12}$", near
            )
            and not re.search(r"\bi\b|\bmy\b|\bi'", near)
            else "weekly_hours"
        )
    if unit == Unit.ORDINAL and re.search(r"\b(?:from(?: the)?|every|each)\s*$", near):
        return "position"
    if unit == Unit.ORDINAL and noun in {"week", "day", "month"}:
        return "elapsed"
    if unit in {Unit.DAYS, Unit.WEEKS, Unit.MONTHS, Unit.YEARS}:
        if _TO_DO.search(f"{before} {after}") and (
            re.search(r"\b(?:within|inside|after)(?: the)?(?: first)?\s*$", near)
            or re.match(r"\s+in\b(?!\s+the\b)", after)
        ):
            return "horizon"
        if unit == Unit.YEARS and re.match(r"\s+in\b", after) and re.search(r"\bwith\b", near):
            return "background"
        if re.search(
            r"\b(?:still|exist\w*|replac\w+|around|obsolete|future|survive|relevant|demand)\b",
            f"{before} {after}",
            re.IGNORECASE,
        ):
            return "future"
        if re.search(r"\bby the end of(?: the)?(?: first)?\s*$|\bafter the first\s*$", near):
            return "horizon"
        if re.search(r"\b(?:next|coming|upcoming)\s*$", near) or re.match(r"\s*from (?:today|now)\b", after):
            return "horizon"
        if (
            re.search(r"\bfirst\s*$", near)
            or re.match(r"\s*ago\b", after)
            and re.search(r"\b(?:start|began|begin|kick)\w*\b", before, re.IGNORECASE)
        ):
            return "elapsed"
        if (
            re.match(r"\s*(?:after|into)\b", after, re.IGNORECASE)
            or re.search(r"\b(?:already|reached|been at it for|in)\s*$", near)
            and re.search(
                r"\b(?:where|which phase|what phase|which stage|should i be)\b", f"{before} {after}", re.IGNORECASE
            )
        ):
            return "elapsed"
        if re.match(
            r"\s*(?:be )?(?:enough|suffic|too (?:short|little|long|few|much))", after, re.IGNORECASE
        ) or re.search(r"\benough\b", after):
            return "deadline"
        if re.match(
            r"\s*(?:of experience|experience|ago|old|as an?\b|in the (?:industry|field)|working)", after, re.IGNORECASE
        ):
            return "background"
        if _ELAPSED.search(near) or _ELAPSED_AFTER.match(after):
            return "elapsed"
        if _WITHIN.search(near) and not re.search(r"\bfor\s*$", near):
            return "deadline"
        return "asserted"
    if unit == Unit.ORDINAL:
        return "position"
    return "asserted"


def with_horizon(own: tuple[str, ...], figures: Sequence[Figure], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The action plan's horizon that "the next three months" means: the one within a fifth of it."""
    for figure in figures:
        if figure.role != "horizon":
            continue
        wanted = days(figure.quantity)
        horizons = [e for e in vocabulary.entity.values() if e.kind == "horizon"]
        for entity in sorted(horizons, key=lambda e: abs(vocabulary.horizon_days[e.id] - wanted)):
            if abs(vocabulary.horizon_days[entity.id] - wanted) <= 0.2 * wanted:
                return tuple(dict.fromkeys([*own, entity.id]))
    return own


def known_entities(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Entities that the learner says they know already."""
    found: list[str] = []
    for match in _KNOWN.finditer(text):
        rest = re.split(
            r"[.?!;]|,?\s+(?:how|what|which|where|when|do i|can i|should i|will|is|are|so)\b",
            text[match.end() :],
            maxsplit=1,
        )[0]
        found += [
            entity
            for entity in entities_in(rest, vocabulary)
            if entity.partition(":")[0] in {"skill", "transferable", "resource", "priority", "phase"}
        ]
    return tuple(dict.fromkeys(found))


def known_figures(known: Sequence[str]) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            quantity=Quantity(unit=Unit.COUNT, low=1, high=1, text=entity, noun="known"), personal=True, role="known"
        )
        for entity in known
    )
