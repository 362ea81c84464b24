"""Answers that are worked out from the learner's own figures, and from two facts at once.

Comes in: a query with figures, and the facts of a corpus. Goes out: computed statements with formula and the
facts they rest on, or nothing when the question gives nothing to compute. Assumptions are said beside results.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from coach.answering.figures import DAYS, days
from coach.answering.selecting import Choice
from coach.answering.statements import Cell, Facts, Ref, Statement
from coach.knowledge.corpus import Corpus
from coach.knowledge.derived import Deriver
from coach.knowledge.entities import level_name
from coach.knowledge.market import Wage, percentile_of
from coach.knowledge.official import NATION, MarketWriter, interpolation, place
from coach.knowledge.pathway import Priority, Skill
from coach.knowledge.wording import WEEKS_PER_MONTH, count, listed, money, number, percent_range, signed_percent
from coach.knowledge.writing import facets
from coach.types import Figure, Quantity, Query, Support, Unit

_TOGETHER = re.compile(
    r"\b(?:together|combined|in total|total|sum|both|altogether|all in all|add(?:ed)? up|plus)\b", re.IGNORECASE
)
_SKIPPING = re.compile(
    r"\b(?:skip\w*|drop\w*|leav(?:e|ing) out|without|minus|except|omit\w*|if i (?:don't|do not) (?:learn|do))\b",
    re.IGNORECASE,
)
_REMAINING = re.compile(r"\b(?:left|remain\w*|still (?:have|to go|need)|to go|rest of)\b", re.IGNORECASE)
_MONTHS = "january february march april may june july august september october november december".split()
_DATE = re.compile(
    rf"\b(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})\b|\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?(?P<month>{'|'.join(_MONTHS)})(?: (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d))?,?(?: (?P<year>\d{{4}}))?\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:isn't|aren't|not|non|except|but|excluding|besides|other than|apart from)\b", re.IGNORECASE)
_WORTH = re.compile(r"\bworth\b|\bmake sense\b|\bgood (?:idea|move)\b|\badd up\b", re.IGNORECASE)
_WEIGHED = re.compile(r"\b(?:compar\w+|a lot|good|decent|high|low|fair|much|above|below)\b", re.IGNORECASE)
_RANK = re.compile(
    r"\b(?:percentiles?|rank|among|near the top|top \d+|compared (?:to|with) (?:other|most)|position|pecking order|put me|place me|land me|rank me)\b",
    re.IGNORECASE,
)
_CONVERT = re.compile(
    r"\b(?:convert|express|translate|turn)\b.*\b(?P<unit>days|weeks|months)\b|\bhow many (?P<unit2>days|weeks|months) (?:is|are) (?:that|\d|six|seven|eight|nine|ten|twelve)",
    re.IGNORECASE,
)
_STARTING = re.compile(r"\b(?:start|starting|begin|beginning|kick off|from)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Worked:
    """Computed statements, the facets they belong to, and the entities they are about."""

    statements: tuple[Statement, ...]
    facets: tuple[str, ...]


class Computer:
    """Works things out for one pathway. ``assumed_weekly_hours`` is what a page's "week" is taken to mean."""

    def __init__(self, corpus: Corpus, facts: Facts, assumed_weekly_hours: float) -> None:
        self.corpus = corpus
        self.pathway = corpus.pathway
        self.facts = facts
        self.assumed = assumed_weekly_hours
        self.deriver = Deriver(corpus.pathway)
        self.official = MarketWriter(corpus.pathway, corpus.market)
        self.skills = {f"skill:{skill.id}": skill for skill in self.pathway.skills}

    def work_out(self, query: Query, choice: Choice) -> Worked | None:
        """The first computation that the question calls for, or None; ``choice`` is the fact that fits it best."""
        best = choice.cell
        family = facets()[best.fact.facet].family
        vague = choice.similarity < 0.6
        by_role: dict[str, list[Quantity]] = {}
        for figure in query.figures:
            by_role.setdefault(figure.role, []).append(figure.quantity)
        known = [self.skills[q.text] for q in by_role.get("known", ()) if q.text in self.skills]
        attempts: list[Callable[[], Worked | None]] = []
        if "priority:nice-to-have" in query.entities and _NOT.search(query.standalone) and _asks_time(query):
            attempts.append(self._necessary)
        if (
            by_role.get("current_pay")
            and not _asks_time(query)
            and (
                vague
                or family == "pay"
                or _WORTH.search(query.standalone)
                or {"money", "percentage"} & set(query.wants)
            )
        ):
            attempts.append(lambda: self._own_pay(query, by_role["current_pay"][0]))
        if by_role.get("weekly_hours") and (
            _asks_time(query)
            or not query.wants
            or "plan" in query.wants
            or "how" in query.wants
            or "yes_no" in query.wants
        ):
            attempts.append(
                lambda: self._own_hours(query, by_role["weekly_hours"][0], by_role.get("deadline", [None])[0])
            )
        if (
            by_role.get("asserted")
            and by_role["asserted"][0].unit == Unit.MONEY
            and (_RANK.search(query.standalone) or _placed_somewhere(query) and _WEIGHED.search(query.standalone))
        ):
            attempts.append(lambda: self._rank(query, by_role["asserted"][0]))
        if _CONVERT.search(query.standalone):
            attempts.append(lambda: self._convert(query))
        if by_role.get("elapsed") and family in {"time", "roadmap", "actions", "conflicts", "role"}:
            attempts.append(lambda: self._after(query, by_role["elapsed"][0]))
        if known:
            attempts.append(lambda: self._without(known, "you know already", query))
        if _SKIPPING.search(query.standalone) and not query.figures:
            skipped = [self.skills[e] for e in query.entities if e in self.skills]
            skipped += [
                s
                for s in self.pathway.skills
                if f"priority:{s.priority.replace(' ', '-')}" in query.entities and s not in skipped
            ]
            if skipped and _asks_time(query):
                attempts.append(lambda: self._without(skipped, "left out", query))
        if by_role.get("deadline") and (
            family in {"time", "skills", "roadmap", "conflicts"} or vague and _asks_time(query) and not query.entities
        ):
            attempts.append(lambda: self._fits(query, by_role["deadline"][0]))
        started = _DATE.search(query.standalone)
        if started and _STARTING.search(query.standalone):
            attempts.append(lambda: self._dates(query, started))
        if _REMAINING.search(query.standalone):
            attempts.append(lambda: self._remaining(query))
        if len(query.entities) > 1:
            attempts.append(lambda: self._two(query, best))
        for attempt in attempts:
            worked = attempt()
            if worked:
                return worked
        return None

    # --- Pay ----------------------------------------------------------------------------------------------

    def _own_pay(self, query: Query, pay: Quantity) -> Worked | None:
        guide, own = self.pathway, pay.low
        currency = _currency(pay.text) or guide.currency
        same = currency == guide.currency
        said: list[Statement] = []
        change = self.facts.find("pay.change")
        if change and guide.salary_change:
            low, high = own * (1 + guide.salary_change.low / 100), own * (1 + guide.salary_change.high / 100)
            result = money(low, currency) + (
                f" to {money(high, currency)}" if guide.salary_change.high != guide.salary_change.low else ""
            )
            raise_ = percent_range(guide.salary_change.low, guide.salary_change.high)
            formula = f"{money(own, currency)} x {1 + guide.salary_change.low / 100:.2f} = {money(low, currency)}"
            if guide.salary_change.high != guide.salary_change.low:
                formula += (
                    f"; {money(own, currency)} x {1 + guide.salary_change.high / 100:.2f} = {money(high, currency)}"
                )
            said.append(
                Statement(
                    f"The guide's {raise_} would turn {money(own, currency)} into {result} a year.",
                    Support.COMPUTED,
                    change.refs(),
                    formula,
                )
            )
        levels = [entity for entity in query.entities if entity.startswith("level:")]
        for claim in guide.pay if same else ():
            cell = self.facts.find("pay.level", [f"level:{claim.level}"])
            if cell is None or (levels and f"level:{claim.level}" not in levels):
                continue
            top = claim.high or claim.low
            gap = claim.low - own if own < claim.low else top - own
            far = top - own if own < claim.low and claim.high else None
            amount = money(claim.low, currency) + (f" to {money(claim.high, currency)}" if claim.high else "")
            if claim.low <= own <= top:
                text = f"The guide's {level_name(claim.level)} figure of {amount} is about what you earn now."
                formula = f"{amount} holds {money(own, currency)}"
            else:
                relation = "above" if gap > 0 else "below"
                percent = gap / own * 100
                reach = f" to {money(far, currency)}" if far else ""
                share = f" to {number(far / own * 100)}" if far else ""
                text = f"The guide's {level_name(claim.level)} figure of {amount} is {money(abs(gap), currency)}{reach} ({number(abs(percent))}{share} percent) {relation} your {money(own, currency)}."
                edge = claim.low if own < claim.low else top
                formula = f"{money(edge, currency)} - {money(own, currency)} = {'-' if gap < 0 else ''}{money(abs(gap), currency)}; {money(abs(gap), currency)} / {money(own, currency)} x 100 = {number(abs(percent))} percent"
                if far:
                    formula += f"; {money(top, currency)} - {money(own, currency)} = {money(far, currency)}; {money(far, currency)} / {money(own, currency)} x 100 = {number(far / own * 100)} percent"
            said.append(Statement(text, Support.COMPUTED, cell.refs(), formula))
        said += self._own_place(query, own) if currency == "USD" else []
        return Worked(tuple(said), ("pay.change", "pay.general")) if said else None

    def _own_place(self, query: Query, own: float) -> list[Statement]:
        """Where the learner's pay lies among official figures: in the metro they name, else in the nation."""
        soc = self.official.reference
        if soc is None or not self.official.comparable:
            return []
        metro = next((entity for entity in query.entities if entity.startswith("metro:")), None)
        cell = (
            self.facts.find("metro.pay", [metro]) if metro else self.facts.find("occupation.pay", [f"occupation:{soc}"])
        )
        if cell is None:
            return []
        area = self.corpus.entity[metro].name if metro else "the United States"
        code = next((a.code for a in self.corpus.market.areas if a.short == area), NATION) if metro else NATION
        wage: Wage | None = self.corpus.market.wage(soc, code)
        spot = percentile_of(own, wage) if wage else None
        if wage is None or spot is None:
            return []
        text = f"Your {money(own)} lies {place(spot)} of {self.corpus.entity[f'occupation:{soc}'].name} in {area}."
        return [Statement(text, Support.COMPUTED, cell.refs()[:1], interpolation(own, wage))]

    def _rank(self, query: Query, pay: Quantity) -> Worked | None:
        """Where a stated pay lies among official figures."""
        said = [replace(s, text=s.text.removeprefix("Your ")) for s in self._own_place(query, pay.low)]
        return Worked(tuple(said), ("pay.official",)) if said else None

    # --- Time ---------------------------------------------------------------------------------------------

    def _base(self, query: Query) -> tuple[float, str, tuple[Ref, ...]] | None:
        """Weeks of what the question is about: a skill, a phase, a priority, else the roadmap, else all skills."""
        for entity in query.entities:
            facet = {"skill": "skill.weeks", "phase": "phase.weeks", "priority": "time.priority"}.get(
                entity.partition(":")[0]
            )
            cell = self.facts.find(facet, [entity]) if facet else None
            if cell and cell.fact.value:
                name = self.corpus.entity[entity].name
                return cell.fact.value.low, f"the {name} skills" if facet == "time.priority" else name, cell.refs()
        for facet, name in (("time.roadmap", "the roadmap"), ("time.skills", "all skills")):
            cell = self.facts.find(facet)
            if cell and cell.fact.value:
                return cell.fact.value.low, name, cell.refs()
        if self.pathway.timeline:
            cell = self.facts.find("time.total")
            if cell:
                return self.pathway.timeline.high * WEEKS_PER_MONTH, "the timeline", cell.refs()
        return None

    def _necessary(self) -> Worked | None:
        """The weeks of all that is not merely nice to have."""
        cell = self.facts.find("time.must")
        return Worked(tuple(cell.statements()), ("time.must",)) if cell else None

    def _convert(self, query: Query) -> Worked | None:
        """A duration of the page in another unit."""
        match = _CONVERT.search(query.standalone)
        wanted = Unit((match.group("unit") or match.group("unit2")).lower()) if match else None
        stated = next(
            (f.quantity for f in query.figures if f.quantity.unit in DAYS and f.quantity.unit != wanted), None
        )
        cells = [
            c
            for facet in ("time.total", "time.headline", "time.roadmap", "time.skills")
            if (c := self.facts.find(facet)) and c.fact.value and c.fact.value.unit != wanted
        ]
        if stated:
            cells = [
                c
                for c in cells
                if c.fact.value
                and c.fact.value.unit == stated.unit
                and c.fact.value.low <= stated.low
                and stated.low <= (c.fact.value.high or c.fact.value.low)
            ]
        if wanted is None or not cells or not cells[0].fact.value:
            return None
        value = stated or cells[0].fact.value
        ends = list(dict.fromkeys((value.low, value.high or value.low)))
        results = [end * DAYS[value.unit] / DAYS[wanted] for end in ends]
        name, into = value.unit.value, wanted.value
        text = f"{' to '.join(number(end) for end in ends)} {name} are about {' to '.join(number(result) for result in results)} {into}."
        formula = "; ".join(
            f"{number(end)} x {DAYS[value.unit]:.2f} / {DAYS[wanted]:.2f} = {number(result)} {into}"
            for end, result in zip(ends, results, strict=True)
        )
        return Worked((Statement(text, Support.COMPUTED, cells[0].refs(), formula),), ("time.total",))

    def _own_hours(self, query: Query, hours: Quantity, deadline: Quantity | None) -> Worked | None:
        base = self._base(query)
        if base is None or hours.low <= 0:
            return None
        weeks, name, refs = base
        low = hours.low
        total = weeks * self.assumed
        need = total / low
        assumed, own = number(self.assumed), number(low)
        stated = self.facts.find("time.hours")
        verb = "need" if name.endswith("skills") else "needs"
        if low == self.assumed:
            text = f"At {own} hours a week, {name} {verb} {number(need)} weeks ({number(need / WEEKS_PER_MONTH)} months), if a week of the guide means {assumed} hours."
        else:
            text = f"At {own} hours a week, {name} {verb} about {number(need)} weeks ({number(need / WEEKS_PER_MONTH)} months) instead of {number(weeks)}, if a week of the guide means {assumed} hours."
        formula = f"{hours.text.strip()}; {number(weeks)} weeks; {number(weeks)} x {assumed} = {number(total)} hours; {number(total)} / {own} = {number(need)} weeks; {number(need)} / {WEEKS_PER_MONTH:.2f} = {number(need / WEEKS_PER_MONTH)} months"
        said = [Statement(text, Support.COMPUTED, refs, formula)]
        if deadline:
            have = days(deadline) / 7
            fits = "fits" if need <= have else "does not fit"
            said.append(
                Statement(
                    f"That {fits} into {deadline.text.strip()}, about {number(have)} weeks.",
                    Support.COMPUTED,
                    refs,
                    f"{deadline.text.strip()} = {number(have)} weeks, against {number(need)} weeks",
                )
            )
        if stated:
            said += stated.statements()[:1]
        return Worked(tuple(said), ("time.roadmap" if name == "the roadmap" else "skill.weeks", "time.hours"))

    def _fits(self, query: Query, deadline: Quantity) -> Worked | None:
        """What fits into the time that the learner has."""
        have = days(deadline) / 7
        base = self._base(query)
        if base is None:
            return None
        weeks, name, refs = base
        own = [e for e in query.entities if e.partition(":")[0] in {"skill", "phase", "priority"}]
        length = deadline.text.strip()
        conversion = f"{length} = {number(have)} weeks; "
        said: list[Statement] = []
        timeline = self.pathway.timeline
        if timeline and not own:
            months = days(deadline) / (365.25 / 12)
            cell = self.facts.find("time.total")
            if cell:
                low, high = timeline.low, timeline.high
                if months < low - 0.05:
                    lead, relation = (
                        "No",
                        f"less than the {number(low)} to {number(high)} months that the guide plans"
                        if low != high
                        else f"less than the {number(low)} months that the guide plans",
                    )
                elif months <= high + 0.05:
                    lead, relation = (
                        "Yes",
                        f"within the {number(low)} to {number(high)} months that the guide plans"
                        if low != high
                        else f"what the guide plans, {number(low)} months",
                    )
                else:
                    lead, relation = (
                        "Yes",
                        f"more than the {number(low)} to {number(high)} months that the guide plans"
                        if low != high
                        else f"more than the {number(low)} months that the guide plans",
                    )
                said.append(
                    Statement(
                        f"{lead}, by the guide's own timeline: {length} is {relation}.",
                        Support.COMPUTED,
                        cell.refs(),
                        f"{length} = {number(months)} months, against {number(low)} to {number(high)}",
                    )
                )
        verb = "need" if name.endswith("skills") else "needs"
        if have + 0.05 >= weeks:
            lead = "" if said else "Yes: "
            said.append(
                Statement(
                    f"{lead}{name[0].upper() + name[1:] if not lead else name} {verb} {number(weeks)} weeks, which fits into about {number(have)} weeks.",
                    Support.COMPUTED,
                    refs,
                    f"{conversion}{number(have)} - {number(weeks)} = {number(have - weeks)} weeks to spare",
                )
            )
        else:
            lead = "" if said else "No: "
            said.append(
                Statement(
                    f"{lead}{name[0].upper() + name[1:] if not lead else name} {verb} {number(weeks)} weeks, {number(weeks - have)} more than the {number(have)} you have.",
                    Support.COMPUTED,
                    refs,
                    f"{conversion}{number(weeks)} - {number(have)} = {number(weeks - have)} weeks short",
                )
            )
            said += self._smaller(have, own)
        return Worked(tuple(said), ("time.total" if not own else "skill.weeks", "time.priority"))

    def _smaller(self, have: float, own: Sequence[str]) -> list[Statement]:
        """The largest bundle of priorities that fits."""
        if own:
            return []
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
        cells = [
            cell
            for priority in chosen
            if (cell := self.facts.find("time.priority", [f"priority:{priority.replace(' ', '-')}"]))
        ]
        refs = tuple(ref for cell in cells for ref in cell.refs())
        each = " + ".join(str(sum(s.weeks for s in self.pathway.skills if s.priority == p)) for p in chosen)
        text = f"What fits: the {listed([str(p) for p in chosen])} skills one after another, {count(weeks, 'week')}."
        fitting = [Statement(text, Support.COMPUTED, refs, f"{each} = {weeks} weeks")] if refs else []
        return fitting + [statement for cell in cells for statement in cell.statements()]

    def _without(self, skills: Sequence[Skill], why: str, query: Query) -> Worked | None:
        total = sum(skill.weeks for skill in self.pathway.skills)
        saved = sum(skill.weeks for skill in skills)
        cell = self.facts.find("time.skills")
        if cell is None or not skills:
            return None
        refs = list(cell.refs())
        for skill in skills:
            own = self.facts.find("skill.weeks", [f"skill:{skill.id}"])
            refs += own.refs() if own else ()
        names = listed([skill.name for skill in skills])
        rest = [skill for skill in self.pathway.skills if skill not in skills]
        text = f"With {names} {why}, {count(total - saved, 'week')} of skills remain out of {total}, which saves {count(saved, 'week')}."
        said = [
            Statement(
                text,
                Support.COMPUTED,
                tuple(refs),
                f"{total} - {' - '.join(str(skill.weeks) for skill in skills)} = {total - saved} weeks; {total} - {total - saved} = {saved}",
            )
        ]
        urgent = sorted(rest, key=lambda skill: list(Priority).index(skill.priority))
        if urgent and why.startswith("you know"):
            first = [skill for skill in urgent if skill.priority == urgent[0].priority]
            cells = [c for s in first if (c := self.facts.find("skill.priority", [f"skill:{s.id}"]))]
            if cells:
                said += [statement for c in cells for statement in c.statements()]
        return Worked(tuple(said), ("time.skills", "skills.first"))

    def _after(self, query: Query, elapsed: Quantity) -> Worked | None:
        """Where in the roadmap a point in time falls."""
        if not self.pathway.phases:
            return None
        unit = {"day": Unit.DAYS, "week": Unit.WEEKS, "month": Unit.MONTHS}.get(elapsed.noun, elapsed.unit)
        if unit not in {Unit.DAYS, Unit.WEEKS, Unit.MONTHS, Unit.YEARS}:
            return None
        as_days = days(Quantity(unit=unit, low=elapsed.low, high=elapsed.low))
        week = max(1, -(-int(as_days + 0.5) // 7)) if unit != Unit.WEEKS else int(elapsed.low)
        phase = self.deriver.phase_at(week)
        total = self.facts.find("time.roadmap")
        lead = (
            f"Week {week}"
            if unit == Unit.WEEKS
            else f"{elapsed.text.strip()[0].upper() + elapsed.text.strip()[1:]} is week {week}, which"
        )
        conversion = f"{number(as_days)} days / 7 = {number(as_days / 7)}; " if unit != Unit.WEEKS else ""
        if phase is None:
            if total is None:
                return None
            return Worked(
                (
                    Statement(
                        f"{lead} lies after the roadmap, which ends after {self.deriver.roadmap_weeks} weeks.",
                        Support.COMPUTED,
                        total.refs(),
                        f"{elapsed.text.strip()}: {conversion}week {week} against {self.deriver.roadmap_weeks} weeks",
                    ),
                ),
                ("phase.when",),
            )
        cell = self.facts.find("phase.when", [f"phase:{phase.number}"])
        if cell is None:
            return None
        start = self.deriver.starts()[phase.number - 1]
        said = [
            Statement(
                f"{lead} falls into phase {phase.number}, {phase.name}: its week {week - start} of {phase.weeks}.",
                Support.COMPUTED,
                cell.refs(),
                f"{elapsed.text.strip()}: {conversion}{week} - {start} = {week - start}; {start + 1} to {start + phase.weeks}, {phase.weeks} weeks",
            )
        ]
        said += cell.statements()
        first = re.search(rf"\bfirst\s+{re.escape(elapsed.text.strip())}", query.standalone, re.IGNORECASE)
        if first:
            said = []
            for early in self.pathway.phases[: phase.number]:
                tasks = self.facts.find("phase.tasks", [f"phase:{early.number}"])
                said += tasks.statements() if tasks else []
            return Worked(
                (
                    Statement(
                        f"{lead} falls into phase {phase.number}, {phase.name}.",
                        Support.COMPUTED,
                        cell.refs(),
                        f"{elapsed.text.strip()}: {conversion}{start + 1} to {start + phase.weeks}",
                    ),
                    *said,
                ),
                ("phase.tasks",),
            )
        if {"list", "which", "how", "plan"} & set(query.wants) and re.search(
            r"\b(?:do|doing|task|tasks|work)\b", query.standalone
        ):
            tasks = self.facts.find("phase.tasks", [f"phase:{phase.number}"])
            said += tasks.statements() if tasks else []
        return Worked(tuple(said), ("phase.when",))

    def _remaining(self, query: Query) -> Worked | None:
        """What is left of the roadmap after a phase that the question names."""
        phase = next((p for p in reversed(self.pathway.phases) if f"phase:{p.number}" in query.entities), None)
        total = self.facts.find("time.roadmap")
        if phase is None or total is None:
            return None
        done = self.deriver.starts()[phase.number]
        left = self.deriver.roadmap_weeks - done
        rest = self.pathway.phases[phase.number :]
        position = self.facts.find("phase.when", [f"phase:{phase.number}"])
        refs = (*total.refs(), *(position.refs() if position else ()))
        names = f" ({listed([p.name for p in rest])})" if rest else ""
        refs += tuple(
            ref for p in rest if (c := self.facts.find("phase.weeks", [f"phase:{p.number}"])) for ref in c.refs()
        )
        text = f"After phase {phase.number}, {phase.name}, {count(left, 'week')} of the roadmap remain{names}."
        return Worked(
            (Statement(text, Support.COMPUTED, refs, f"{self.deriver.roadmap_weeks} - {done} = {left} weeks"),),
            ("time.roadmap",),
        )

    def _dates(self, query: Query, match: re.Match[str]) -> Worked | None:
        base = self._base(query)
        if base is None:
            return None
        weeks, name, refs = base
        year = match.group("year")
        try:
            if match.group("iso"):
                start, dated = date.fromisoformat(match.group("iso")), True
            else:
                month = _MONTHS.index(match.group("month").lower()) + 1
                day = int(match.group("day") or match.group("day2") or 1)
                start, dated = date(int(year) if year else 2001, month, day), bool(year)  # 2001: no leap day
        except ValueError:
            return None
        end = start + timedelta(weeks=weeks) - timedelta(days=1)
        shown = [f"{d.day} {_MONTHS[d.month - 1].capitalize()}" + (f" {d.year}" if dated else "") for d in (start, end)]
        later = f" {'of the next year' if end.year > start.year else ''}" if not dated and end.year > start.year else ""
        verb = "end" if name.endswith("skills") else "ends"
        text = f"Started on {shown[0]} and followed week by week, {name} {verb} on {shown[1]}{later}, after {number(weeks)} weeks."
        return Worked(
            (
                Statement(
                    text,
                    Support.COMPUTED,
                    refs,
                    f"{shown[0]} + {number(weeks)} x 7 days - 1 day: {shown[1]}; {number(weeks)} x 7 = {number(weeks * 7)}",
                ),
            ),
            ("time.roadmap",),
        )

    # --- Two things at once -----------------------------------------------------------------------------------

    def _two(self, query: Query, best: Cell) -> Worked | None:
        """A sum or a comparison of the things that the question names."""
        by_kind: dict[str, list[str]] = {}
        for entity in query.entities:
            by_kind.setdefault(entity.partition(":")[0], []).append(entity)
        facet = {"skill": "skill.weeks", "phase": "phase.weeks", "priority": "time.priority"}
        for kind, entities in by_kind.items():
            cells = [cell for entity in entities if kind in facet and (cell := self.facts.find(facet[kind], [entity]))]
            if len(cells) > 1 and _TOGETHER.search(query.standalone) and _asks_time(query):
                return self._sum(cells, facet[kind])
            if len(cells) > 1 and (
                "compare" in query.wants
                or "duration" in query.wants
                or re.search(r"\bor\b", query.standalone)
                and not by_kind.get("resource")
                and facets()[best.fact.facet].kind == kind
            ):
                return self._compare(kind, entities, cells, query)
        for kind in ("occupation", "metro", "level"):
            if len(by_kind.get(kind, ())) > 1:
                name = {"occupation": "occupation.pay", "metro": "metro.pay", "level": "pay.level"}[kind]
                if best.fact.facet == "outlook.occupation":
                    name = best.fact.facet
                cells = [cell for entity in by_kind[kind] if (cell := self.facts.find(name, [entity]))]
                if len(cells) > 1 and name == "outlook.occupation":
                    return self._compare_growth(cells)
                if len(cells) > 1 and all(cell.fact.value for cell in cells):
                    return self._compare_pay(by_kind[kind], cells, name)
        return None

    def _sum(self, cells: Sequence[Cell], facet: str) -> Worked:
        weeks = [int(cell.fact.value.low) for cell in cells if cell.fact.value]
        names = listed([self.corpus.entity[cell.fact.entities[0]].name for cell in cells])
        refs = tuple(ref for cell in cells for ref in cell.refs())
        text = f"{names[0].upper()}{names[1:]} together take {count(sum(weeks), 'week')}."
        return Worked(
            (Statement(text, Support.COMPUTED, refs, f"{' + '.join(map(str, weeks))} = {sum(weeks)} weeks"),), (facet,)
        )

    def _compare(self, kind: str, entities: Sequence[str], cells: Sequence[Cell], query: Query) -> Worked:
        said: list[Statement] = []
        name = {cell.fact.entities[0]: self.corpus.entity[cell.fact.entities[0]].name for cell in cells}
        pairs = [(cell, int(cell.fact.value.low)) for cell in cells if cell.fact.value]
        if kind == "skill":
            ratings = [(self.skills[e], self.facts.find("skill.priority", [e])) for e in entities if e in self.skills]
            refs = tuple(ref for _, cell in ratings if cell for ref in cell.refs())
            order = [list(Priority).index(skill.priority) for skill, _ in ratings]
            asks_first = not _asks_time(query) or "order" in query.wants
            if len(set(order)) > 1 and asks_first:
                ranked = sorted(ratings, key=lambda pair: list(Priority).index(pair[0].priority))
                first = ranked[0][0]
                others = listed([f"{skill.name} as {skill.priority}" for skill, _ in ranked[1:]])
                said.append(
                    Statement(
                        f"{first.name} comes first: the guide rates it as {first.priority}, and {others}.",
                        Support.INFERRED,
                        refs,
                    )
                )
            elif asks_first:
                said += [cell.statements()[0] for _, cell in ratings if cell]
        ordered = sorted(pairs, key=lambda pair: -pair[1])
        (longest, most), (shortest, least) = ordered[0], ordered[-1]
        refs = tuple(ref for cell, _ in ordered for ref in cell.refs())
        if most == least:
            text = f"{listed([name[cell.fact.entities[0]] for cell, _ in ordered])} take equally long, {count(most, 'week')} each."
            formula = f"{most} - {least} = 0"
        else:
            rest = listed([f"{name[cell.fact.entities[0]]} {count(weeks, 'week')}" for cell, weeks in ordered])
            text = f"{name[longest.fact.entities[0]]} takes {count(most - least, 'week')} longer than {name[shortest.fact.entities[0]]}: {rest}."
            formula = f"{most} - {least} = {most - least} weeks"
        said.append(Statement(text, Support.COMPUTED, refs, formula))
        return Worked(tuple(said), ("skill.weeks" if kind == "skill" else "phase.weeks",))

    def _compare_growth(self, cells: Sequence[Cell]) -> Worked:
        ordered = sorted(cells, key=lambda cell: -(cell.fact.value.low if cell.fact.value else 0))
        names = [self.corpus.entity[cell.fact.entities[0]].name for cell in ordered]
        values = [signed_percent(cell.fact.value.low) for cell in ordered if cell.fact.value]
        parts = listed([f"{name} {value} percent" for name, value in zip(names, values, strict=True)])
        refs = tuple(ref for cell in ordered for ref in cell.refs()[:1])
        said = [
            Statement(
                f"{names[0][0].upper() + names[0][1:]} grow most: {parts}.",
                Support.COMPUTED,
                refs,
                f"{' > '.join(values)}",
            )
        ]
        return Worked((*said, *(cell.statements()[0] for cell in ordered)), ("outlook.occupation",))

    def _compare_pay(self, entities: Sequence[str], cells: Sequence[Cell], facet: str) -> Worked:
        currency = self.pathway.currency if facet == "pay.level" else "USD"
        ordered = sorted(cells, key=lambda cell: -(cell.fact.value.low if cell.fact.value else 0))
        top, low = ordered[0], ordered[-1]
        high_pay, low_pay = (cell.fact.value.low for cell in (top, low) if cell.fact.value)
        names = [self.corpus.entity[cell.fact.entities[0]].name for cell in (top, low)]
        gap = (high_pay / low_pay - 1) * 100
        what = {
            "pay.level": "The {} figure of the guide",
            "metro.pay": "The median in {}",
            "occupation.pay": "The median of {}",
        }[facet]
        text = f"{what.format(names[0])}, {money(high_pay, currency)}, is {money(high_pay - low_pay, currency)} ({number(gap)} percent) above {'that of' if facet != 'metro.pay' else 'that in'} {names[1]}, {money(low_pay, currency)}."
        refs = tuple(ref for cell in (top, low) for ref in cell.refs()[:1])
        formula = f"{money(high_pay, currency)} - {money(low_pay, currency)} = {money(high_pay - low_pay, currency)}; {money(high_pay - low_pay, currency)} / {money(low_pay, currency)} x 100 = {number(gap)} percent"
        said = [Statement(text, Support.COMPUTED, refs, formula)]
        return Worked((*said, *(cell.statements()[0] for cell in ordered)), (facet,))


def _currency(text: str) -> str | None:
    """The currency that a sign or a word names; None for a bare number."""
    lower = text.lower()
    for code, signs in (
        ("GBP", ("£", "pound", "gbp", "quid")),
        ("EUR", ("€", "euro", "eur")),
        ("INR", ("₹", "rupee", "inr")),
        ("USD", ("$", "dollar", "usd", "bucks")),
    ):
        if any(sign in lower for sign in signs):
            return code
    return None


def _placed_somewhere(query: Query) -> bool:
    """Whether a metro or an occupation is named, beside which a pay can be put."""
    return any(entity.startswith(("metro:", "occupation:")) for entity in query.entities)


def _asks_time(query: Query) -> bool:
    return "duration" in query.wants


def asserted(figures: Sequence[Figure]) -> list[Quantity]:
    """Figures that the question claims of the page."""
    return [figure.quantity for figure in figures if figure.role == "asserted"]
