"""Time worked out: at the learner's own pace, within their deadline, from where they stand, without what they know.

Comes in: a query and lengths of time. Goes out: computed statements with formula. What the page leaves open, such as
the hours of its weeks, is assumed and said beside the result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from coach.answering.computing_basis import WEEKS_OF, Basis, Worked, of_kind, refs
from coach.answering.figures import DAYS, days
from coach.answering.statements import Cell, Ref, Statement
from coach.knowledge.pathway import Phase, Priority, Skill
from coach.knowledge.wording import WEEKS_PER_MONTH, count, listed, number, title_start
from coach.types import Quantity, Query, Support, Unit

_MONTHS = "january february march april may june july august september october november december".split()
_DATE = re.compile(
    rf"\b(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})\b"
    rf"|\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?(?P<month>{'|'.join(_MONTHS)})"
    r"(?: (?P<day2>\d{1,2})(?:st|nd|rd|th)?\b(?!\d))?,?(?: (?P<year>\d{4}))?\b",
    re.IGNORECASE,
)
_BEFORE_A_MONTH = re.compile(
    r"\b(?:in|from|at|of|on|since|by|starting|beginning|start|begin|kick off|next|this|early|mid|late|come)[\s-]+$",
    re.IGNORECASE,
)
_STARTING = re.compile(r"\b(?:start|starting|begin|beginning|kick off|from)\b", re.IGNORECASE)
_CONVERT = re.compile(
    r"\b(?:convert|express|translate|turn)\b.*\b(?P<unit>days|weeks|months)\b"
    r"|\bhow many (?P<unit2>days|weeks|months) (?:is|are) (?:that|\d|six|seven|eight|nine|ten|twelve)",
    re.IGNORECASE,
)
DONE = re.compile(
    r"\b(?:after|behind|past|over|through|down|done|did|made|ends?|ended|finish\w*|complet\w*|conclud\w*|clos\w+|"
    r"wrap\w*|smash\w*|pass\w*|tick\w*)\b",
    re.IGNORECASE,
)
"""What is said of phases that lie behind the learner."""
_STANDING_IN = (
    r"\b(?:in|into|at|on|of|halfway|start\w*|beg[iau]n\w*|enter\w*|reach\w*|doing)\s+(?:\w+\s+){{0,2}}?"
    r"(?:phase|stage|step|{})\b"
)
_ALL_BUT = re.compile(
    r"\b(?:everything|all|every \w+|each \w+)\b.{0,30}?\b(?:except|but|besides|apart from|other than|save|bar)\b",
    re.IGNORECASE,
)
_TASKS = re.compile(r"\b(?:do|doing|task|tasks|work)\b")


@dataclass(frozen=True)
class Base:
    """The weeks that a question is about."""

    weeks: float
    name: str
    refs: tuple[Ref, ...]
    plural: bool = False
    steps: tuple[str, ...] = ()
    """How they were summed, for the formula."""
    whole: bool = False
    """Whether they are those of the pathway as a whole."""

    @property
    def needs(self) -> str:
        return f"{self.name} {'need' if self.plural else 'needs'}"


class TimeComputer:
    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self.facts = basis.facts
        self.pathway = basis.pathway
        self.deriver = basis.deriver

    def base(self, query: Query, gone: Sequence[Skill] = (), done: Sequence[Phase] = ()) -> Base | None:
        """The weeks of what the question names, else of the skills besides ``gone`` or the phases after those ``done``,
        else of the roadmap."""
        out = {*(f"skill:{skill.id}" for skill in gone), *(f"phase:{phase.number}" for phase in done)}
        for kind, facet in WEEKS_OF.items():
            cells = [
                cell
                for cell in self.basis.cells(facet, [e for e in of_kind(query, kind) if e not in out])
                if cell.fact.value
            ]
            if cells and not (gone and kind == "priority"):
                return self._sum_of(cells, kind)
        if left := self._left(gone) if gone else self._after_phases(done) if done else None:
            return left
        for facet, name in (("time.roadmap", "the roadmap"), ("time.skills", "all skills")):
            cell = self.facts.find(facet)
            if cell and cell.fact.value:
                return Base(cell.fact.value.low, name, cell.refs(), plural=facet == "time.skills", whole=True)
        cell = self.facts.find("time.total")
        if self.pathway.timeline and cell:
            return Base(self.pathway.timeline.high * WEEKS_PER_MONTH, "the timeline", cell.refs(), whole=True)
        return None

    def _sum_of(self, cells: Sequence[Cell], kind: str) -> Base:
        weeks = [cell.fact.value.low for cell in cells if cell.fact.value]
        names = [self.basis.name(cell.fact.entities[0]) for cell in cells]
        if kind == "priority":
            return Base(sum(weeks), f"the {listed(names)} skills", refs(cells), True, _added(weeks))
        return Base(sum(weeks), listed(names), refs(cells), len(cells) > 1, _added(weeks))

    def _left(self, gone: Sequence[Skill]) -> Base | None:
        cell = self.facts.find("time.skills")
        total = self.deriver.skill_weeks
        left = total - sum(skill.weeks for skill in gone)
        if cell is None or left <= 0:
            return None
        own = self.basis.cells("skill.weeks", [f"skill:{skill.id}" for skill in gone])
        step = f"{total} - {' - '.join(str(skill.weeks) for skill in gone)} = {left}"
        name = f"the skills besides {listed([skill.name for skill in gone])}"
        return Base(left, name, refs([cell, *own]), True, (step,))

    def _after_phases(self, done: Sequence[Phase]) -> Base | None:
        last = max(done, key=lambda phase: phase.number)
        total = self.facts.find("time.roadmap")
        passed = self.deriver.starts()[last.number]
        left = self.deriver.roadmap_weeks - passed
        if total is None or left <= 0:
            return None
        cells = [total, *self.basis.cells("phase.when", [f"phase:{last.number}"])]
        step = f"{self.deriver.roadmap_weeks} - {passed} = {left}"
        return Base(left, f"the roadmap after phase {last.number}, {last.name},", refs(cells), False, (step,))

    # --- The learner's pace and deadline ----------------------------------------------------------------------

    def necessary(self) -> Worked | None:
        """The weeks of all that is not merely nice to have."""
        cell = self.facts.find("time.must")
        return Worked(tuple(cell.statements()), ("time.must",)) if cell else None

    def own_hours(self, base: Base | None, hours: Quantity, deadline: Quantity | None) -> Worked | None:
        """How long it takes at the learner's hours a week, and whether that fits into the time they have."""
        if base is None or hours.low <= 0:
            return None
        total = base.weeks * self.basis.assumed
        need = total / hours.low
        assumed, own = number(self.basis.assumed), number(hours.low)
        length = f"{number(need)} weeks ({number(need / WEEKS_PER_MONTH)} months)"
        if hours.low != self.basis.assumed:
            length = f"about {length} instead of {number(base.weeks)}"
        text = f"At {own} hours a week, {base.needs} {length}, if a week of the guide means {assumed} hours."
        formula = "; ".join(
            [
                # "And with 5 hours?" after a question about hours a week means these.
                hours.text.strip() if hours.unit is Unit.HOURS_PER_WEEK else f"{own} hours a week",
                *base.steps,
                f"{number(base.weeks)} weeks of {assumed} hours",
                f"{number(base.weeks)} x {assumed} = {number(total)} hours",
                f"{number(total)} / {own} = {number(need)} weeks",
                f"{number(need)} / {WEEKS_PER_MONTH:.2f} = {number(need / WEEKS_PER_MONTH)} months",
            ]
        )
        said = [Statement(text, Support.COMPUTED, base.refs, formula)]
        if deadline:
            # As they are shown, or the formula would not add up in its last digit.
            need, have = round(need, 1), round(days(deadline) / 7, 1)
            told = deadline.text.strip()
            over = f"is {number(need - have)} weeks longer than" if need > have else "fits into"
            formula = f"{told} = {number(have)} weeks; {number(need)} - {number(have)} = {number(need - have)} weeks"
            text = f"That {over} {told}, about {number(have)} weeks."
            said.append(Statement(text, Support.COMPUTED, base.refs, formula))
        stated = self.facts.find("time.hours")
        if stated:
            said += stated.statements()[:1]
        return Worked(tuple(said), ("time.roadmap" if base.name == "the roadmap" else "skill.weeks", "time.hours"))

    def fits(self, base: Base | None, deadline: Quantity) -> Worked | None:
        """What fits into the time that the learner has."""
        if base is None:
            return None
        have = round(days(deadline) / 7, 1)
        length = deadline.text.strip()
        said = self._by_timeline(deadline) if base.whole else []
        conversion = "" if deadline.unit == Unit.WEEKS else f"{length} = {number(have)} weeks; "
        conversion += "".join(f"{step}; " for step in base.steps)
        enough = have + 0.05 >= base.weeks
        spare = f"{number(have)} - {number(base.weeks)} = {number(have - base.weeks)} weeks to spare"
        short = f"{number(base.weeks)} - {number(have)} = {number(base.weeks - have)} weeks short"
        rest = (
            f"which fits into about {number(have)} weeks"
            if enough
            else f"{number(base.weeks - have)} more than the {number(have)} you have"
        )
        need = title_start(base.needs) if said else f"{'Yes' if enough else 'No'}: {base.needs}"
        said.append(
            Statement(
                f"{need} {number(base.weeks)} weeks, {rest}.",
                Support.COMPUTED,
                base.refs,
                f"{conversion}{spare if enough else short}",
            )
        )
        if not enough and base.whole:
            said += self._phases_within(have) + self._skills_within(have)
        return Worked(tuple(said), ("time.total" if base.whole else "skill.weeks", "time.priority"))

    def _by_timeline(self, deadline: Quantity) -> list[Statement]:
        """The time that the learner has against the months that the page plans."""
        timeline, cell = self.pathway.timeline, self.facts.find("time.total")
        if timeline is None or cell is None:
            return []
        told, months = deadline.text.strip(), days(deadline) / DAYS[Unit.MONTHS]
        low, high = number(timeline.low), number(timeline.high)
        planned = f"{low} to {high} months" if low != high else f"{low} months"
        lead, relation = "Yes", f"more than the {planned} that the guide plans"
        if months < timeline.low - 0.05:
            lead, relation = "No", f"less than the {planned} that the guide plans"
        elif months <= timeline.high + 0.05:
            relation = (
                f"within the {planned} that the guide plans" if low != high else f"what the guide plans, {planned}"
            )
        return [
            Statement(
                f"{lead}, by the guide's own timeline: {told} {'are' if _is_span(told) else 'is'} {relation}.",
                Support.COMPUTED,
                cell.refs(),
                f"{told} = {number(months)} months, against {low} to {high}",
            )
        ]

    def _phases_within(self, have: float) -> list[Statement]:
        """The phases of the roadmap that are over by then."""
        whole = [
            phase for phase, end in zip(self.pathway.phases, self.deriver.starts()[1:], strict=True) if end <= have
        ]
        cells = self.basis.cells("phase.weeks", [f"phase:{phase.number}" for phase in whole])
        if not cells:
            return []
        weeks = [phase.weeks for phase in whole]
        which = f"phase 1, {whole[0].name}, fits" if len(whole) == 1 else f"phases 1 to {len(whole)} fit"
        text = f"Of the roadmap, {which}: {count(sum(weeks), 'week')}."
        return [Statement(text, Support.COMPUTED, refs(cells), f"{' + '.join(map(str, weeks))} = {sum(weeks)} weeks")]

    def _skills_within(self, have: float) -> list[Statement]:
        """The largest bundle of priorities that fits."""
        best: tuple[list[Priority], int] | None = None
        bundle: list[Priority] = []
        for priority in Priority:
            if any(skill.priority == priority for skill in self.pathway.skills):
                bundle.append(priority)
                weeks = sum(skill.weeks for skill in self.pathway.skills if skill.priority in bundle)
                if weeks <= have:
                    best = (list(bundle), weeks)
        if best is None:
            return []
        chosen, weeks = best
        cells = self.basis.cells("time.priority", [f"priority:{p.replace(' ', '-')}" for p in chosen])
        each = " + ".join(str(sum(s.weeks for s in self.pathway.skills if s.priority == p)) for p in chosen)
        text = f"What fits: the {listed([str(p) for p in chosen])} skills one after another, {count(weeks, 'week')}."
        fitting = [Statement(text, Support.COMPUTED, refs(cells), f"{each} = {weeks} weeks")] if cells else []
        return fitting + [statement for cell in cells for statement in cell.statements()]

    # --- Sums -------------------------------------------------------------------------------------------------

    def together(self, cells: Sequence[Cell]) -> Worked:
        """The weeks of several things in sum, with those of each."""
        weeks = [int(cell.fact.value.low) for cell in cells if cell.fact.value]
        names = [self.basis.called(cell) for cell in cells]
        each = listed([f"{name} ({count(week, 'week')})" for name, week in zip(names, weeks, strict=True)])
        text = f"{title_start(each)} together take {count(sum(weeks), 'week')}."
        formula = f"{' + '.join(map(str, weeks))} = {sum(weeks)} weeks"
        return Worked((Statement(text, Support.COMPUTED, refs(cells), formula),), (cells[0].fact.facet,))

    def without_skills(self, skills: Sequence[Skill], why: str) -> Worked | None:
        """What the skills to learn come to without some of them, and what is most urgent then."""
        total = self.deriver.skill_weeks
        saved = sum(skill.weeks for skill in skills)
        cell = self.facts.find("time.skills")
        if cell is None or not skills:
            return None
        own = self.basis.cells("skill.weeks", [f"skill:{skill.id}" for skill in skills])
        text = (
            f"With {listed([skill.name for skill in skills])} {why}, {count(total - saved, 'week')} of skills remain "
            f"out of {total}, which saves {count(saved, 'week')}."
        )
        formula = (
            f"{total} - {' - '.join(str(skill.weeks) for skill in skills)} = {total - saved} weeks; "
            f"{total} - {total - saved} = {saved} weeks"
        )
        said = [Statement(text, Support.COMPUTED, refs([cell, *own]), formula)]
        rest = [skill for skill in self.pathway.skills if skill not in skills]
        urgent = sorted(rest, key=lambda skill: list(Priority).index(skill.priority))
        if urgent and why.startswith("you know"):
            first = [f"skill:{skill.id}" for skill in urgent if skill.priority == urgent[0].priority]
            said += [s for cell in self.basis.cells("skill.priority", first) for s in cell.statements()]
        return Worked(tuple(said), ("time.skills", "skills.first"))

    def without_phases(self, phases: Sequence[Phase]) -> Worked | None:
        """What the roadmap comes to without some of its phases."""
        total = self.facts.find("time.roadmap")
        own = self.basis.cells("phase.weeks", [f"phase:{phase.number}" for phase in phases])
        left = self.deriver.roadmap_weeks - sum(phase.weeks for phase in phases)
        if total is None or not own:
            return None
        names = listed([f"phase {phase.number}, {phase.name}" for phase in phases])
        text = f"Leaving out {names}, {count(left, 'week')} of the roadmap remain out of {self.deriver.roadmap_weeks}."
        formula = f"{self.deriver.roadmap_weeks} - {' - '.join(str(phase.weeks) for phase in phases)} = {left} weeks"
        return Worked((Statement(text, Support.COMPUTED, refs([total, *own]), formula),), ("time.roadmap",))

    # --- Where the learner stands -----------------------------------------------------------------------------

    def after(self, query: Query, elapsed: Quantity, *, rest: bool) -> Worked | None:
        """Where in the roadmap a point in time falls; ``rest``: and how much is left from there."""
        unit = {"day": Unit.DAYS, "week": Unit.WEEKS, "month": Unit.MONTHS}.get(elapsed.noun, elapsed.unit)
        if not self.pathway.phases or unit not in DAYS:
            return None
        as_days = days(Quantity(unit=unit, low=elapsed.low, high=elapsed.low))
        week = max(1, -(-int(as_days + 0.5) // 7)) if unit != Unit.WEEKS else int(elapsed.low)
        phase = self.deriver.phase_at(week)
        total = self.facts.find("time.roadmap")
        told = elapsed.text.strip()
        point = f"the {told}" if elapsed.unit == Unit.ORDINAL and not told.lower().startswith(elapsed.noun) else told
        into = "end in" if _is_span(told) else "is"
        lead = f"Week {week}" if unit == Unit.WEEKS else f"{title_start(point)} {into} week {week}, which"
        conversion = f"{number(as_days)} days / 7 = {number(as_days / 7)}; " if unit != Unit.WEEKS else ""
        if phase is None:
            if total is None:
                return None
            text = f"{lead} lies after the roadmap, which ends after {self.deriver.roadmap_weeks} weeks."
            formula = f"{told}: {conversion}week {week} against {self.deriver.roadmap_weeks} weeks"
            return Worked((Statement(text, Support.COMPUTED, total.refs(), formula),), ("phase.when",))
        cell = self.facts.find("phase.when", [f"phase:{phase.number}"])
        if cell is None:
            return None
        start = self.deriver.starts()[phase.number - 1]
        where = Statement(
            f"{lead} falls into phase {phase.number}, {phase.name}: its week {week - start} of {phase.weeks}.",
            Support.COMPUTED,
            cell.refs(),
            f"{told}: {conversion}{week} - {start} = {week - start}; {start + 1} to {start + phase.weeks}, "
            f"{phase.weeks} weeks",
        )
        if re.search(rf"\bfirst\s+{re.escape(told)}", query.standalone, re.IGNORECASE):
            where = replace(
                where,
                text=f"{lead} falls into phase {phase.number}, {phase.name}.",
                formula=f"{told}: {conversion}{start + 1} to {start + phase.weeks}",
            )
            until = [f"phase:{early.number}" for early in self.pathway.phases[: phase.number]]
            tasks = [s for c in self.basis.cells("phase.tasks", until) for s in c.statements()]
            return Worked((where, *tasks), ("phase.tasks",))
        said = [where, *cell.statements()]
        if rest and total:
            said.insert(1, self._rest(week, total))
        if {"list", "which", "how", "plan"} & set(query.wants) and _TASKS.search(query.standalone):
            tasks = [s for c in self.basis.cells("phase.tasks", [f"phase:{phase.number}"]) for s in c.statements()]
            said += tasks
        return Worked(tuple(said), ("phase.when",))

    def _rest(self, week: int, total: Cell) -> Statement:
        weeks = self.deriver.roadmap_weeks
        left, share = weeks - week, week / weeks * 100
        done = f"{number(share)} percent of the roadmap is done"
        text = f"After week {week}, {count(left, 'week')} of {weeks} remain: {done}."
        formula = f"{weeks} - {week} = {left} weeks; {week} / {weeks} x 100 = {number(share)} percent"
        return Statement(text, Support.COMPUTED, total.refs(), formula)

    def remaining(self, query: Query, named: Sequence[Phase]) -> Worked | None:
        """What is left of the roadmap from the last of the phases that the question names, or besides all others."""
        total = self.facts.find("time.roadmap")
        if not named or total is None:
            return None
        if _ALL_BUT.search(f"{query.context} {query.standalone}"):
            done = [phase for phase in self.pathway.phases if phase not in named]
            return self.without_phases(done) if done else None
        phase = max(named, key=lambda phase: phase.number)
        weeks = self.deriver.roadmap_weeks
        before, done_weeks = self.deriver.starts()[phase.number - 1 : phase.number + 1]
        left = weeks - done_weeks
        rest = self.pathway.phases[phase.number :]
        cells = [
            total,
            *self.basis.cells("phase.when", [f"phase:{phase.number}"]),
            *self.basis.cells("phase.weeks", [f"phase:{other.number}" for other in rest]),
        ]
        names = f" ({listed([other.name for other in rest])})" if rest else ""
        formula = f"{weeks} - {done_weeks} = {left} weeks"
        text = f"After phase {phase.number}, {phase.name}, {count(left, 'week')} of the roadmap remain{names}."
        within = re.search(_STANDING_IN.format(re.escape(phase.name)), query.standalone, re.IGNORECASE)
        if within and not DONE.search(query.standalone):
            cells += self.basis.cells("phase.weeks", [f"phase:{phase.number}"])
            formula = f"{weeks} - {before} = {weeks - before} weeks; {formula}"
            text = (
                f"From the start of phase {phase.number}, {phase.name}, {count(weeks - before, 'week')} of the roadmap "
                f"remain, from its end {left}."
            )
        return Worked((Statement(text, Support.COMPUTED, refs(cells), formula),), ("time.roadmap",))

    # --- Units and dates --------------------------------------------------------------------------------------

    def convert(self, query: Query) -> Worked | None:
        """A duration of the page in another unit, where the question asks for that."""
        match = _CONVERT.search(query.standalone)
        if match is None:
            return None
        wanted = Unit((match.group("unit") or match.group("unit2")).lower())
        stated = next(
            (f.quantity for f in query.figures if f.quantity.unit in DAYS and f.quantity.unit != wanted), None
        )
        values = [
            (cell, value)
            for facet in ("time.total", "time.headline", "time.roadmap", "time.skills")
            if (cell := self.facts.find(facet)) and (value := cell.fact.value) and value.unit != wanted
        ]
        if stated:
            values = [
                (cell, stated)
                for cell, value in values
                if value.unit == stated.unit and value.low <= stated.low <= (value.high or value.low)
            ]
        if not values:
            return None
        cell, value = values[0]
        ends = list(dict.fromkeys((value.low, value.high or value.low)))
        results = [end * DAYS[value.unit] / DAYS[wanted] for end in ends]
        name, into = value.unit.value, wanted.value
        text = (
            f"{' to '.join(number(end) for end in ends)} {name} are about "
            f"{' to '.join(number(result) for result in results)} {into}."
        )
        formula = "; ".join(
            f"{number(end)} x {DAYS[value.unit]:.2f} / {DAYS[wanted]:.2f} = {number(result)} {into}"
            for end, result in zip(ends, results, strict=True)
        )
        return Worked((Statement(text, Support.COMPUTED, cell.refs(), formula),), ("time.total",))

    def dated(self, query: Query) -> Worked | None:
        """When it ends, started on a date that the question gives."""
        match = _date_in(query.standalone)
        base = self.base(query) if match and _STARTING.search(query.standalone) else None
        if match is None or base is None:
            return None
        year = match.group("year")
        try:
            if match.group("iso"):
                start, with_year = date.fromisoformat(match.group("iso")), True
            else:
                month = _MONTHS.index(match.group("month").lower()) + 1
                day = int(match.group("day") or match.group("day2") or 1)
                start, with_year = date(int(year) if year else 2001, month, day), bool(year)  # 2001: no leap day
        except ValueError:
            return None
        end = start + timedelta(weeks=base.weeks) - timedelta(days=1)
        shown = [
            f"{d.day} {_MONTHS[d.month - 1].capitalize()}" + (f" {d.year}" if with_year else "") for d in (start, end)
        ]
        later = " of the next year" if not with_year and end.year > start.year else ""
        weeks = number(base.weeks)
        text = (
            f"Started on {shown[0]} and followed week by week, {base.name} {'end' if base.plural else 'ends'} on "
            f"{shown[1]}{later}, after {weeks} weeks."
        )
        steps = [*base.steps, f"{shown[0]} + {weeks} x 7 days - 1 day: {shown[1]}"]
        formula = "; ".join([*steps, f"{weeks} x 7 = {number(base.weeks * 7)}"])
        return Worked((Statement(text, Support.COMPUTED, base.refs, formula),), ("time.roadmap",))


def _date_in(text: str) -> re.Match[str] | None:
    """The first date; a month by itself is one only after a preposition: "may I start" names none.

    >>> [bool(_date_in(text)) for text in ("if I start in May", "from May 2027", "I may start from home")]
    [True, True, False]
    """
    for match in _DATE.finditer(text):
        alone = match.group("month") and not any(match.group(part) for part in ("day", "day2", "year"))
        if not alone or _BEFORE_A_MONTH.search(text[: match.start()]):
            return match
    return None


def _is_span(told: str) -> bool:
    """Whether a length is called "the 30 days from one date to another" (``deadlines``) and not "30 days"."""
    return told.startswith("the ")


def _added(weeks: Sequence[float]) -> tuple[str, ...]:
    if len(weeks) < 2:
        return ()
    return (f"{' + '.join(number(week) for week in weeks)} = {number(sum(weeks))} weeks",)
