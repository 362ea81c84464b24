"""What a question asserts, held against the facts.

Comes in: a query and the facts of a corpus. Goes out: corrections to say first, or a yes to lead the answer with.
It looks at typed values only: counts, durations, pay, percentages, ratings, numbers of phases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coach.answering.computing import asserted
from coach.answering.figures import days
from coach.answering.statements import Cell, Facts, Statement
from coach.answering.words import split_tokens, stem
from coach.knowledge.corpus import Corpus
from coach.knowledge.writing import facets
from coach.types import Quantity, Query, Support, Unit

DURATIONS = (Unit.DAYS, Unit.WEEKS, Unit.MONTHS, Unit.YEARS)

_ASKED_NUMBER = re.compile(
    r"\b(?:name|list|give|top|any|first|last|next|other|these|those|only|least|most|pick|choose|best|for|between|than|tell me)\s+(?:me\s+)?(?:the\s+|my\s+)?$",
    re.IGNORECASE,
)
_SINCE = re.compile(r"\b(?:since|because|given that|as|seeing that|considering|knowing|now that|if)\b", re.IGNORECASE)
_RATED = re.compile(r"\b(?:good|decent|fair|low|high|enough|much|realistic|okay|reasonable|great|bad)\b", re.IGNORECASE)
_SAID = re.compile(r"\b(?:says?|said|claims?|promis\w+|states?|told)\b", re.IGNORECASE)
_LISTED = re.compile(
    r"\b(?:is|are|as|among|one of)\b[^.?!]{0,30}?\b(?P<carried>transferable )?skills?\b", re.IGNORECASE
)
_MUST_LEARN = re.compile(
    r"\b(?:need|have|must|should|got|required)\b[\w\s]{0,8}\b(?:learn|study|pick up|train)\b", re.IGNORECASE
)
_BROUGHT = re.compile(r"\b(?:transferable|carr(?:y|ies) over|already (?:have|bring|know)|head start)\b", re.IGNORECASE)
_MORE_THAN = re.compile(
    r"\b(?:more|less|fewer|longer|shorter|over|under|above|below|at least|at most|up to)\b[\w\s]{0,6}$", re.IGNORECASE
)


@dataclass(frozen=True)
class Judged:
    """What a question asserts and the facts say. ``true`` is the verdict; ``cell`` the fact that settles it."""

    true: bool
    cell: Cell
    statements: tuple[Statement, ...]
    settles: bool = False
    """Whether the statements leave nothing of the question to answer."""


def judge(query: Query, corpus: Corpus, facts: Facts, best: Cell) -> Judged | None:
    """The first assertion of the question that a typed fact settles; None when it asserts nothing that one does.

    ``best`` is the fact that fits the question best: what it says of a duration counts before anything else does.
    """
    for judged in (*_figures(query, facts, best), *_ratings(query, corpus, facts), *_sides(query, corpus, facts)):
        return judged
    return None


def _correct(cell: Cell, lead: str = "Not quite:") -> Judged:
    first, *rest = cell.statements()
    return Judged(False, cell, (first.led_by(lead), *rest))


def _confirm(cell: Cell) -> Judged:
    first, *rest = cell.statements()
    return Judged(True, cell, (first.led_by("Yes:"), *rest))


# --- Figures --------------------------------------------------------------------------------------------


def _figures(query: Query, facts: Facts, best: Cell) -> Iterator[Judged]:
    for quantity in asserted(query.figures):
        at = query.standalone.find(quantity.text)
        before = query.standalone[: max(at, 0)]
        if _MORE_THAN.search(before):
            continue
        if quantity.unit == Unit.COUNT and not _ASKED_NUMBER.search(before):
            yield from _count(quantity, query, facts)
        elif quantity.unit in DURATIONS:
            value = best.fact.value
            if (
                value is not None
                and value.unit in DURATIONS
                and not best.fact.entities
                and best.fact.facet != "time.total"
            ):
                yield _settled(_same_length(quantity, value), best, query)
            if facets()[best.fact.facet].family in {"time", "roadmap", "conflicts", "skills"}:
                yield from _duration(quantity, query, facts)
        elif quantity.unit == Unit.MONEY:
            yield from _money(quantity, query, facts)
        elif quantity.unit == Unit.PERCENT:
            cell = facts.find("pay.change")
            if cell and cell.fact.value and _about(query, "pay"):
                value = cell.fact.value
                high = value.high if value.high is not None else value.low
                inside = value.low <= quantity.low and (quantity.high or quantity.low) <= high
                yield _settled(inside, cell, query)


def _settled(true: bool, cell: Cell, query: Query) -> Judged:
    if true and ("compare" in query.wants or _RATED.search(query.standalone)):
        return Judged(True, cell, ())  # "is 130k any good?" asks for more than whether it is said
    return (
        (_confirm(cell) if "yes_no" in query.wants else Judged(True, cell, ()))
        if true
        else _correct(cell, "No:" if "yes_no" in query.wants and not _SINCE.search(query.standalone) else "Not quite:")
    )


def _count(quantity: Quantity, query: Query, facts: Facts) -> Iterator[Judged]:
    said = {stem(word) for word in split_tokens(quantity.text)}
    best: tuple[int, Cell] | None = None
    for cell in facts.cells:
        value = cell.fact.value
        if value is None or value.unit != Unit.COUNT:
            continue
        noun = {stem(word) for word in split_tokens(value.noun)}
        if stem(quantity.noun) not in noun or not set(cell.fact.entities) <= set(query.entities):
            continue
        if noun <= said or len(noun) == 1:
            fit = len(noun & said) * 2 + len(cell.fact.entities) - (0 if noun <= said else 3)
            if best is None or fit > best[0]:
                best = (fit, cell)
    if best is not None and best[1].fact.value is not None:
        yield _settled(best[1].fact.value.low == quantity.low, best[1], query)


def _duration(quantity: Quantity, query: Query, facts: Facts) -> Iterator[Judged]:
    for entity in query.entities:
        for facet in ("skill.weeks", "phase.weeks", "time.priority"):
            cell = facts.find(facet, [entity])
            if cell and cell.fact.value:
                yield _settled(_same_length(quantity, cell.fact.value), cell, query)
                return
    if [
        entity for entity in query.entities if entity.partition(":")[0] in {"resource", "horizon", "resource_kind"}
    ] or not (_about(query, "time") or _SAID.search(query.context)):
        return
    cells = [
        cell
        for facet in ("time.total", "time.headline", "time.roadmap", "time.skills", "time.must")
        if (cell := facts.find(facet))
    ]
    cells += [cell for cell in facts.cells if cell.fact.facet in {"time.priority", "phase.weeks", "skill.weeks"}]
    true = next((cell for cell in cells if cell.fact.value and _same_length(quantity, cell.fact.value)), None)
    if true is None and cells:
        yield _settled(False, cells[0], query)


def _same_length(quantity: Quantity, value: Quantity) -> bool:
    """Equal within what rounding between units can explain: four days."""
    slack = 0.5 if quantity.unit == value.unit else 4.0
    low, high = days(value), days(value.model_copy(update={"low": value.high or value.low}))
    return (
        low - slack <= days(quantity)
        and days(quantity.model_copy(update={"low": quantity.high or quantity.low})) <= high + slack
    )


def _money(quantity: Quantity, query: Query, facts: Facts) -> Iterator[Judged]:
    levels = [entity for entity in query.entities if entity.startswith("level:")]
    for level in levels:
        cell = facts.find("pay.level", [level])
        if cell and cell.fact.value and not [e for e in query.entities if e.startswith(("metro:", "occupation:"))]:
            yield _settled(_same_pay(quantity, cell.fact.value), cell, query)
            return
    if query.entities or not _about(query, "pay"):
        return
    cells = [cell for cell in facts.cells if cell.fact.facet == "pay.level"]
    true = next((cell for cell in cells if cell.fact.value and _same_pay(quantity, cell.fact.value)), None)
    general = facts.find("pay.general")
    if true is not None:
        yield _settled(True, true, query)
    elif top := _beyond(quantity, cells):
        yield top
    elif general is not None and cells:
        yield (
            _settled(False, general, query)
            if "yes_no" in query.wants or _SINCE.search(query.standalone)
            else Judged(True, general, ())
        )


def _beyond(quantity: Quantity, cells: list[Cell]) -> Judged | None:
    """A figure above every one that the page names; what "at least" leaves open is not claimed."""
    tops = [(cell.fact.value.high or cell.fact.value.low, cell) for cell in cells if cell.fact.value]
    if not tops:
        return None
    top, cell = max(tops, key=lambda pair: pair[0])
    if quantity.low <= top * 1.02:
        return None
    text = f"The guide names no figure as high as {quantity.text.strip()}; {cell.statements()[0].text[0].lower()}{cell.statements()[0].text[1:]}"
    said = Statement(text, Support.COMPUTED, cell.refs(), f"{quantity.text.strip()} is more than {top:,.0f}")
    return Judged(False, cell, (said,), settles=True)


def _same_pay(quantity: Quantity, value: Quantity) -> bool:
    if value.high is None:
        return value.low * 0.98 <= quantity.low <= value.low * 1.02
    return value.low * 0.98 <= quantity.low and (quantity.high or quantity.low) <= value.high * 1.02


def _about(query: Query, family: str) -> bool:
    wants = {"pay": {"money", "percentage"}, "time": {"duration"}}[family]
    return bool(wants & set(query.wants))


# --- Ratings and sides -----------------------------------------------------------------------------------


def _ratings(query: Query, corpus: Corpus, facts: Facts) -> Iterator[Judged]:
    """A thing said to be critical, important or nice to have."""
    priorities = [entity for entity in query.entities if entity.startswith("priority:")]
    if len(priorities) != 1 or not ("yes_no" in query.wants or _SINCE.search(query.standalone)):
        return
    if (
        "compare" in query.wants
        or re.search(r"\b(?:which|what|how many)\b", query.clause.lower())
        and not _SINCE.search(query.standalone)
    ):
        return
    rated = priorities[0].partition(":")[2].replace("-", " ")
    skills = {f"skill:{skill.id}": skill for skill in corpus.pathway.skills}
    for entity in query.entities:
        if entity in skills:
            cell = facts.find("skill.priority", [entity])
            if cell:
                yield replace(_settled(skills[entity].priority == rated, cell, query), settles=True)
                return
    others = [entity for entity in query.entities if entity.partition(":")[0] in {"resource", "transferable"}]
    listed = facts.find("skills.priority", priorities)
    if others and listed:
        name = corpus.entity[others[0]].name
        names = ", ".join(skill.name for skill in corpus.pathway.skills)
        first = Statement(
            f"Not quite: {name} is not among the skills to learn that the guide rates.",
            Support.COMPUTED,
            (
                (listed.passage.id, 0),
                *((listed.passage.id, at) for at, sentence in enumerate(listed.passage.sentences) if sentence.item),
            ),
            f"{name} is none of: {names}",
        )
        use = facts.find("resource.use", [others[0]]) or facts.find("transferable.how", [others[0]])
        said = (first, *listed.statements(), *(use.statements()[:1] if use else ()))
        yield Judged(False, listed, said, settles=True)


def _membership(query: Query, corpus: Corpus, facts: Facts) -> Iterator[Judged]:
    """A resource said to be among the skills to learn or those that carry over."""
    match = _LISTED.search(query.standalone)
    resource = next((entity for entity in query.entities if entity.startswith("resource:")), None)
    if (
        match is None
        or resource is None
        or any(e.startswith(("skill:", "transferable:", "priority:")) for e in query.entities)
    ):
        return
    if re.search(r"\b(?:which|what)\b", query.standalone[: match.end()], re.IGNORECASE):
        return
    listed = facts.find("transferable.list" if match.group("carried") else "skills.list")
    if listed is None:
        return
    members = corpus.pathway.transferable if match.group("carried") else corpus.pathway.skills
    name, what = corpus.entity[resource].name, "that carry over" if match.group("carried") else "to learn"
    first = Statement(
        f"Not quite: {name} is not among the skills {what} that the guide lists.",
        Support.COMPUTED,
        listed.refs(),
        f"{name} is none of: {', '.join(member.name for member in members)}",
    )
    use = facts.find("resource.use", [resource])
    yield Judged(False, listed, (first, *listed.statements(), *(use.statements()[:1] if use else ())), settles=True)


def _sides(query: Query, corpus: Corpus, facts: Facts) -> Iterator[Judged]:
    """A transferable skill said to be one to learn, or the other way round; a phase under another's number."""
    yield from _membership(query, corpus, facts)
    kinds = {entity.partition(":")[0] for entity in query.entities}
    claimed = "yes_no" in query.wants or _SINCE.search(query.standalone)
    if not claimed:
        return
    if "transferable" in kinds and "skill" not in kinds and _MUST_LEARN.search(query.standalone):
        cell = facts.find("transferable.how", [next(e for e in query.entities if e.startswith("transferable:"))])
        if cell:
            yield _correct(cell, "No:" if "yes_no" in query.wants else "Not quite:")
    elif (
        "skill" in kinds
        and "transferable" not in kinds
        and re.search(r"\btransferable\b|\bcarr(?:y|ies) over\b", query.standalone, re.IGNORECASE)
    ):
        cell = facts.find("skill.priority", [next(e for e in query.entities if e.startswith("skill:"))])
        if cell:
            first, *rest = cell.statements()
            yield Judged(False, cell, (first.led_by("No, it is a skill to learn:"), *rest))
    phases = [entity for entity in query.entities if entity.startswith("phase:")]
    if (
        len(phases) == 2
        and re.search(
            r"\b(?:is|was|since|as)\s+(?:the\s+)?(?:phase|stage|step)\s+\w+\b.{0,20}\b|\bis\b.{3,50}\b(?:phase|stage|step)\s+(?:\d|\w+)\s*\?",
            query.standalone,
            re.IGNORECASE,
        )
        and "compare" not in query.wants
        and "order" not in query.wants
    ):
        named = next(
            (e for e in phases if corpus.entity[e].name.lower().split()[0] in query.standalone.lower()), phases[0]
        )
        cell = facts.find("phase.weeks", [named])
        if cell:
            yield _correct(cell, "No:")
