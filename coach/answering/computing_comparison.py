"""Two things side by side: which takes longer or comes first, and what is told of each.

Comes in: a query that names several things of a kind. Goes out: computed statements with formula, or both facts where
they hold no figures to compute with. Which question is a comparison is decided in ``computing``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.answering.computing_basis import WEEKS_OF, Basis, Worked, asks_time, of_kind, refs
from coach.answering.statements import Cell, Statement
from coach.knowledge.pathway import Priority, Skill
from coach.knowledge.wording import WEEKS_PER_MONTH, count, listed, number, span, title_start
from coach.types import Query, Support

_TOTALS = {
    "skills": re.compile(r"\b(?:skills?|topics|skill list)\b", re.IGNORECASE),
    "roadmap": re.compile(r"\b(?:phases|stages|steps|roadmap)\b", re.IGNORECASE),
    "timeline": re.compile(
        r"\btimeline\b|\bfact box\b|\b(?:planned|stated|promised|claimed|advertised)(?:\s+\S+){0,4}?\s+months\b",
        re.IGNORECASE,
    ),
}
_LENGTH = re.compile(
    r"\b(?:weeks?|months?|long(?:er|est)?|short(?:er|est)?|length|add(?:s|ed)? up|sum)\b", re.IGNORECASE
)


class ComparisonComputer:
    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self.facts = basis.facts

    def weeks(self, cells: Sequence[Cell], query: Query) -> Worked:
        """Which of several skills, phases or ratings takes longer, and which skill comes first."""
        said = self._ranked(cells, query) if all(cell.fact.facet == WEEKS_OF["skill"] for cell in cells) else []
        name = {cell.key: self.basis.called(cell) for cell in cells}
        pairs = [(cell, int(cell.fact.value.low)) for cell in cells if cell.fact.value]
        ordered = sorted(pairs, key=lambda pair: -pair[1])
        (longest, most), (shortest, least) = ordered[0], ordered[-1]
        if most == least:
            names = title_start(listed([name[cell.key] for cell, _ in ordered]))
            text = f"{names} take equally long, {count(most, 'week')} each."
            formula = f"{most} - {least} = 0"
        else:
            rest = listed([f"{name[cell.key]} {count(weeks, 'week')}" for cell, weeks in ordered])
            verb = "take" if longest.fact.facet == WEEKS_OF["priority"] else "takes"
            text = (
                f"{title_start(name[longest.key])} {verb} {count(most - least, 'week')} longer than "
                f"{name[shortest.key]}: {rest}."
            )
            formula = f"{most} - {least} = {most - least} weeks"
        said.append(Statement(text, Support.COMPUTED, refs([cell for cell, _ in ordered]), formula))
        return Worked(tuple(said), tuple(dict.fromkeys(cell.fact.facet for cell in cells)))

    def _ranked(self, cells: Sequence[Cell], query: Query) -> list[Statement]:
        """Which of several skills the page rates higher, where that may be asked."""
        if asks_time(query) and "order" not in query.wants:
            return []
        entities = [cell.fact.entities[0] for cell in cells]
        rated = self.basis.cells("skill.priority", entities)
        ranked = sorted((self.basis.skills[entity] for entity in entities), key=_urgency)
        if _urgency(ranked[0]) == _urgency(ranked[-1]):
            return [cell.statements()[0] for cell in rated]
        others = listed([f"{skill.name} as {skill.priority}" for skill in ranked[1:]])
        first = ranked[0]
        text = f"{first.name} comes first: the guide rates it as {first.priority}, and {others}."
        return [Statement(text, Support.INFERRED, refs(rated))]

    def totals(self, query: Query) -> Worked | None:
        """All skills, all phases and the stated months against one another, where the question sets two of them so."""
        if not _LENGTH.search(query.standalone):
            return None
        sides = [side for side, pattern in _TOTALS.items() if pattern.search(query.standalone)]
        if len(sides) != 2 or of_kind(query, *WEEKS_OF):
            return None
        deriver, timeline = self.basis.deriver, self.basis.pathway.timeline
        found = {"skills": "time.skills", "roadmap": "time.roadmap", "timeline": "time.total"}
        cells = [cell for side in sides if (cell := self.facts.find(found[side])) and cell.fact.value]
        if len(cells) != 2:
            return None
        if "timeline" not in sides:
            text, formula = deriver.longer()
            said = [Statement(text, Support.COMPUTED, refs(cells), formula)]
            return Worked((*said, *(s for cell in cells for s in cell.statements())), ("time.conflict",))
        if timeline is None:
            return None
        name = "skills" if "skills" in sides else "roadmap"
        weeks = deriver.skill_weeks if name == "skills" else deriver.roadmap_weeks
        ends = {months: months * WEEKS_PER_MONTH for months in (timeline.low, timeline.high)}
        planned = span(timeline.low, timeline.high, "month")
        if min(ends.values()) <= weeks <= max(ends.values()):
            text = f"The {count(weeks, 'week')} of the {name} lie within the {planned} that the guide plans."
        else:
            gaps = [number(gap) for gap in sorted(abs(weeks - end) for end in ends.values())]
            relation = "shorter" if weeks < min(ends.values()) else "longer"
            text = (
                f"The {count(weeks, 'week')} of the {name} are {' to '.join(gaps)} weeks {relation} than the {planned} "
                "that the guide plans."
            )
        steps = [f"{number(months)} x {WEEKS_PER_MONTH:.2f} = {number(end)} weeks" for months, end in ends.items()]
        steps += [f"{weeks} - {number(end)} = {number(weeks - end)} weeks" for end in ends.values()]
        said = [Statement(text, Support.COMPUTED, refs(cells), "; ".join(steps))]
        return Worked((*said, *(s for cell in cells for s in cell.statements())), ("time.conflict",))

    def resources(self, query: Query, best: Cell, *, by_price: bool) -> Worked | None:
        """What several resources cost and how long they take, side by side; nothing is computed from such texts."""
        named = of_kind(query, "resource")
        asked = [
            facet
            for facet, wanted in (("resource.cost", by_price), ("resource.duration", asks_time(query)))
            if wanted or best.fact.facet == facet
        ]
        told = [
            cell for facet in asked or ("resource.cost", "resource.duration") for cell in self._of_each(facet, named)
        ]
        if not told:
            return None
        facets = tuple(dict.fromkeys(cell.fact.facet for cell in told))
        return Worked(tuple(s for cell in told for s in cell.statements()), facets)

    def carried_over(self, query: Query) -> Worked | None:
        """How several skills carry over, side by side."""
        told = self._of_each("transferable.how", of_kind(query, "transferable"))
        return Worked(tuple(s for cell in told for s in cell.statements()), ("transferable.how",)) if told else None

    def _of_each(self, facet: str, entities: Sequence[str]) -> list[Cell]:
        """The fact of each entity; none at all unless two of them have it."""
        cells = self.basis.cells(facet, entities)
        return cells if len(cells) > 1 else []


def _urgency(skill: Skill) -> int:
    return list(Priority).index(skill.priority)
