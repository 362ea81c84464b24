"""What follows from the page: sums, orders, extremes and contradictions, computed once.

Comes in: a typed ``Pathway``. Goes out: passages of origin ``derived``, each sentence with its formula and the
ids of the passages whose facts it uses. The templates know no pathway: whatever a page lacks is left unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from coach.knowledge.entities import horizon_name, level_name
from coach.knowledge.pathway import Pathway, Phase, Priority, Skill
from coach.knowledge.wording import (
    WEEKS_PER_MONTH,
    a,
    count,
    listed,
    money,
    number,
    percent_range,
    sentence,
    span,
    title_start,
)
from coach.knowledge.writing import Writer
from coach.types import Origin, Passage, Quantity, Unit

HOURS_STATED = re.compile(
    r"\b\d+\s*(?:-|to|–)?\s*\d*\s*(?:hours?|hrs?|h)\b\s*(?:a|per|/|each|every)\s*(?:week|wk|day)", re.IGNORECASE
)


class Deriver:
    """Writes the derived passages of one page."""

    def __init__(self, pathway: Pathway) -> None:
        self.pathway = pathway
        self.roadmap_weeks = sum(phase.weeks for phase in pathway.phases)
        self.skill_weeks = sum(skill.weeks for skill in pathway.skills)
        self.conflicts: list[tuple[str, str]] = []
        """Contradictions found: id of the passage and its first sentence."""

    def passages(self) -> Iterator[Passage]:
        guide = self.pathway
        if guide.transferable:
            yield self._transferable()
        if guide.skills:
            yield self._skills()
            yield self._skill_weeks()
        if guide.phases:
            yield self._roadmap()
            yield from (self._position(phase) for phase in guide.phases)
        if guide.actions:
            yield self._actions()
            opening = self._opening()
            if opening:
                yield opening
            if guide.phases:
                yield self._horizons()
        if guide.reality.attractions and (guide.reality.drawbacks or guide.reality.challenges):
            yield self._reality()
        yield self._hours()
        yield from self._absent()
        yield from self._conflicts()

    def _derived(self, section: str, *heading: str) -> Writer:
        guide = self.pathway
        return Writer(
            pathway=guide.slug,
            section=section,
            heading_path=(f"{guide.origin} to {guide.target}", *heading),
            origin=Origin.DERIVED,
            source=f"Computed from the guide: {guide.source.title}",
            names={"origin": guide.origin, "target": guide.target},
        )

    def _ref(self, section: str) -> str:
        return f"{self.pathway.slug}#{section}"

    def _transferable(self) -> Passage:
        known = self.pathway.transferable
        page = self._derived("transferable", "Transferable skills")
        said = [
            page.say(
                f"The guide counts {count(len(known), 'skill')} that {a(self.pathway.origin)} already brings along:",
                derived_from=[self._ref(f"transferable/{skill.id}") for skill in known],
            )
        ]
        said += [page.say(sentence(skill.name), item=True) for skill in known]
        page.fact("transferable.list", said, value=_counted(len(known), "transferable skills"))
        return page.passage()

    def _by_priority(self) -> dict[Priority, list[Skill]]:
        groups = {
            priority: [skill for skill in self.pathway.skills if skill.priority == priority] for priority in Priority
        }
        return {priority: skills for priority, skills in groups.items() if skills}

    def _skills(self) -> Passage:
        guide = self.pathway
        groups = self._by_priority()
        refs = [self._ref(f"skills/{skill.id}") for skill in guide.skills]
        page = self._derived("skills", "Skills to learn", "By priority")
        split = listed([f"{len(skills)} {priority}" for priority, skills in groups.items()])
        lead = page.say(f"The guide lists {count(len(guide.skills), 'skill')} to learn: {split}.", derived_from=refs)
        items = {}
        for priority, skills in groups.items():
            names = listed([f"{skill.name} ({count(skill.weeks, 'week')})" for skill in skills])
            items[priority] = page.say(
                f"Rated {priority}, {count(len(skills), 'skill')}: {names}.",
                item=True,
                derived_from=[self._ref(f"skills/{skill.id}") for skill in skills],
            )
        page.fact("skills.list", [lead, *items.values()], value=_counted(len(guide.skills), "skills"))
        for priority, at in items.items():
            page.fact(
                "skills.priority",
                [at],
                entities=[_priority_id(priority)],
                value=_counted(len(groups[priority]), f"{priority} skills"),
                name=str(priority),
            )
        ranked = list(items.values())
        page.fact("skills.first", ranked[:1])
        page.fact("skills.order", ranked)
        if len(ranked) > 1:
            page.fact("skills.last", ranked[-1:])
        by_weeks = sorted(guide.skills, key=lambda skill: (-skill.weeks, skill.name))
        if by_weeks[0].weeks != by_weeks[-1].weeks:
            longest = [skill.name for skill in by_weeks if skill.weeks == by_weeks[0].weeks]
            shortest = [skill.name for skill in by_weeks if skill.weeks == by_weeks[-1].weeks]
            formula = f"weeks: {', '.join(str(skill.weeks) for skill in by_weeks)}"
            page.fact(
                "skills.longest",
                [
                    page.say(
                        f"The longest skill to learn is {listed(longest)}, with {count(by_weeks[0].weeks, 'week')}.",
                        formula=formula,
                        derived_from=refs,
                    )
                ],
            )
            page.fact(
                "skills.shortest",
                [
                    page.say(
                        f"The shortest skill to learn is {listed(shortest)}, with {count(by_weeks[-1].weeks, 'week')}.",
                        formula=formula,
                        derived_from=refs,
                    )
                ],
            )
        return page.passage()

    def _skill_weeks(self) -> Passage:
        guide = self.pathway
        groups = self._by_priority()
        page = self._derived("skills/weeks", "Skills to learn", "Weeks in sum")
        refs = [self._ref(f"skills/{skill.id}") for skill in guide.skills]
        total = _sum([skill.weeks for skill in guide.skills])
        all_of_them = page.say(
            f"Taken one after another, all {count(len(guide.skills), 'skill')} need {count(self.skill_weeks, 'week')}, "
            f"about {number(self.skill_weeks / WEEKS_PER_MONTH)} months.",
            formula=(
                f"{total} weeks; {self.skill_weeks} / {WEEKS_PER_MONTH:.2f} = "
                f"{number(self.skill_weeks / WEEKS_PER_MONTH)} months"
            ),
            derived_from=refs,
        )
        page.fact("time.skills", [all_of_them], value=_weeks(self.skill_weeks))
        for priority, skills in groups.items():
            weeks = sum(skill.weeks for skill in skills)
            each = listed([f"{skill.name} {skill.weeks}" for skill in skills])
            rated = count(len(skills), priority.replace(" ", "-") + " skill")
            at = page.say(
                f"The {rated} {'needs' if len(skills) == 1 else 'need'} {count(weeks, 'week')} in sum ({each}).",
                formula=f"{_sum([skill.weeks for skill in skills])} weeks",
                derived_from=[self._ref(f"skills/{skill.id}") for skill in skills],
            )
            page.fact("time.priority", [at], entities=[_priority_id(priority)], value=_weeks(weeks), name=str(priority))
        nice = sum(skill.weeks for skill in groups.get(Priority.NICE_TO_HAVE, []))
        if nice and nice < self.skill_weeks:
            rest = [
                skill.weeks
                for priority, skills in groups.items()
                if priority != Priority.NICE_TO_HAVE
                for skill in skills
            ]
            at = page.say(
                f"Without the nice-to-have skills, {count(sum(rest), 'week')} remain, which saves "
                f"{count(nice, 'week')}.",
                formula=f"{self.skill_weeks} - {nice} = {sum(rest)} weeks",
                derived_from=refs,
            )
            page.fact("time.must", [at], value=_weeks(sum(rest)))
        return page.passage()

    def _roadmap(self) -> Passage:
        phases = self.pathway.phases
        refs = [self._ref(f"phases/{phase.number}") for phase in phases]
        page = self._derived("phases", "Roadmap", "Phases in order")
        total = _sum([phase.weeks for phase in phases])
        lead = page.say(f"The roadmap has {count(len(phases), 'phase')}:", derived_from=refs)
        items = [
            page.say(
                f"Phase {phase.number}: {phase.name}, {count(phase.weeks, 'week')}.",
                item=True,
                derived_from=[self._ref(f"phases/{phase.number}")],
            )
            for phase in phases
        ]
        months = number(self.roadmap_weeks / WEEKS_PER_MONTH)
        length = page.say(
            f"Together the phases last {count(self.roadmap_weeks, 'week')}, about {months} months.",
            formula=f"{total} weeks; {self.roadmap_weeks} / {WEEKS_PER_MONTH:.2f} = {months} months",
            derived_from=refs,
        )
        page.fact("roadmap.list", [lead, *items, length], value=_counted(len(phases), "phases"))
        page.fact("time.roadmap", [length], value=_weeks(self.roadmap_weeks))
        ordered = sorted(phases, key=lambda phase: (-phase.weeks, phase.number))
        formula = f"weeks: {', '.join(str(phase.weeks) for phase in phases)}"
        if ordered[0].weeks != ordered[-1].weeks:
            for facet, word, weeks in (
                ("roadmap.longest", "longest", ordered[0].weeks),
                ("roadmap.shortest", "shortest", ordered[-1].weeks),
            ):
                names = [f"phase {phase.number}, {phase.name}" for phase in phases if phase.weeks == weeks]
                page.fact(
                    facet,
                    [
                        page.say(
                            f"The {word} part of the roadmap is {listed(names)}, with {count(weeks, 'week')}.",
                            formula=formula,
                            derived_from=refs,
                        )
                    ],
                )
        page.fact("roadmap.first", [page.say(f"The roadmap begins with {phases[0].name}.", derived_from=refs[:1])])
        page.fact("roadmap.last", [page.say(f"The roadmap ends with {phases[-1].name}.", derived_from=refs[-1:])])
        tasks = [len(phase.tasks) for phase in phases]
        page.fact(
            "roadmap.tasks",
            [
                page.say(
                    f"The roadmap holds {count(sum(tasks), 'task')} in all.",
                    formula=f"{_sum(tasks)} tasks",
                    derived_from=refs,
                )
            ],
            value=_counted(sum(tasks), "tasks"),
        )
        return page.passage()

    def longer(self) -> tuple[str, str]:
        """Whether all skills or all phases take longer, and by how much, with the formula; both sums must be there."""
        skills, phases = self.skill_weeks, self.roadmap_weeks
        formula = f"{max(skills, phases)} - {min(skills, phases)} = {abs(skills - phases)} weeks"
        if skills == phases:
            text = "The skills one after another and the phases of the roadmap take equally long"
            return f"{text}, {count(skills, 'week')}.", formula
        sides = ("The skills one after another", "the phases of the roadmap")
        more, less = sides if skills > phases else (title_start(sides[1]), sides[0].lower())
        text = f"{more} take {count(abs(skills - phases), 'week')} longer than {less}"
        return f"{text}: {max(skills, phases)} against {count(min(skills, phases), 'week')}.", formula

    def starts(self) -> tuple[int, ...]:
        """Weeks that lie before each phase, in order."""
        return (0, *accumulate(phase.weeks for phase in self.pathway.phases))

    def _position(self, phase: Phase) -> Passage:
        phases = self.pathway.phases
        before = self.starts()[phase.number - 1]
        entity = f"phase:{phase.number}"
        names: dict[str, Any] = {"name": phase.name, "number": str(phase.number)}
        page = self._derived(
            f"phases/{phase.number}/position", "Roadmap", f"Phase {phase.number}: {phase.name}", "Position"
        )
        refs = [self._ref(f"phases/{other.number}") for other in phases[: phase.number]]
        first, last = before + 1, before + phase.weeks
        weeks = f"in week {first}" if first == last else f"from week {first} to week {last}"
        when = page.say(
            f"Phase {phase.number}, {phase.name}, runs {weeks} of the roadmap, days {before * 7 + 1} to {last * 7}.",
            formula=f"{before} weeks before it; {before} + {phase.weeks} = {last}",
            derived_from=refs,
        )
        page.fact("phase.when", [when], entities=[entity], **names)
        if phase.number < len(phases):
            after = phases[phase.number]
            at = page.say(
                f"After {phase.name} comes phase {after.number}, {after.name}, with {count(after.weeks, 'week')}.",
                derived_from=[self._ref(f"phases/{after.number}")],
            )
        else:
            at = page.say(
                f"{phase.name} is the last phase, so the roadmap names nothing after it.", derived_from=refs[-1:]
            )
        page.fact("phase.next", [at], entities=[entity], **names)
        if phase.number > 1:
            prior = phases[phase.number - 2]
            at = page.say(
                f"Before {phase.name} comes phase {prior.number}, {prior.name}, with {count(prior.weeks, 'week')}.",
                derived_from=[self._ref(f"phases/{prior.number}")],
            )
        else:
            at = page.say(
                f"{phase.name} is the first phase, so the roadmap names nothing before it.", derived_from=refs[-1:]
            )
        page.fact("phase.previous", [at], entities=[entity], **names)
        return page.passage()

    def _actions(self) -> Passage:
        groups = sorted(self.pathway.actions, key=lambda group: group.days)
        page = self._derived("actions", "Action plan")
        refs = [self._ref(f"actions/{group.id}") for group in groups]
        total = sum(len(group.items) for group in groups)
        lead = page.say(
            f"The action plan has {count(total, 'step')}: "
            f"{listed([f'{len(group.items)} for {horizon_name(group.name)}' for group in groups])}.",
            formula=f"{_sum([len(group.items) for group in groups])} steps",
            derived_from=refs,
        )
        page.fact("actions.list", [lead], value=_counted(total, "actions"), also=refs)
        return page.passage()

    def _opening(self) -> Passage | None:
        """What comes first beside the action plan: the most urgent skills and the first phase."""
        page = self._derived("actions/opening", "Action plan", "Beside it")
        said = []
        if self.pathway.skills or self.pathway.phases:
            urgent = next(iter(self._by_priority().items()), None)
            if urgent:
                names = listed([skill.name for skill in urgent[1]])
                said.append(
                    page.say(
                        f"The skills that the guide rates {urgent[0]} come first: {names}.",
                        derived_from=[self._ref("skills")],
                    )
                )
            if self.pathway.phases:
                opening = self.pathway.phases[0]
                said.append(
                    page.say(
                        f"The roadmap opens with {opening.name}, {count(opening.weeks, 'week')}.",
                        derived_from=[self._ref("phases/1")],
                    )
                )
            page.fact("plan.opening", said)
        return page.passage() if said else None

    def phase_at(self, week: int) -> Phase | None:
        """The phase that a week of the roadmap falls into; None beyond its end."""
        ends = list(accumulate(phase.weeks for phase in self.pathway.phases))
        return next((phase for phase, end in zip(self.pathway.phases, ends, strict=True) if week <= end), None)

    def _horizons(self) -> Passage:
        page = self._derived("actions/horizons", "Action plan", "Against the roadmap")
        for group in self.pathway.actions:
            week = -(-group.days // 7)
            phase = self.phase_at(week)
            refs = [self._ref(f"actions/{group.id}"), self._ref("phases")]
            formula = f"{group.days} / 7 = {number(group.days / 7)}, so week {week}"
            if phase:
                within = week - self.starts()[phase.number - 1]
                text = (
                    f"The plan for {horizon_name(group.name)} ends on day {group.days}, in week {week} of the roadmap, "
                    f"which is week {within} of the {count(phase.weeks, 'week')} of phase {phase.number}, {phase.name}."
                )
            else:
                text = (
                    f"The plan for {horizon_name(group.name)} ends on day {group.days}, in week {week}, after the "
                    f"roadmap's {count(self.roadmap_weeks, 'week')}."
                )
            page.fact(
                "actions.when",
                [page.say(text, formula=formula, derived_from=refs)],
                entities=[f"horizon:{group.id}"],
                name=horizon_name(group.name),
                days=str(group.days),
            )
        return page.passage()

    def _reality(self) -> Passage:
        reality = self.pathway.reality
        page = self._derived("reality", "Reality check")
        said, refs = [], []
        for section, items, lead in (
            ("attractions", reality.attractions, "What people like"),
            ("drawbacks", reality.drawbacks, "What they may miss"),
            ("challenges", reality.challenges, "Challenges"),
        ):
            if items:
                refs.append(self._ref(f"reality/{section}"))
                shown = "; ".join(_quoted(item.text) for item in items[:2])
                more = f"; and {len(items) - 2} more" if len(items) > 2 else ""
                said.append(page.say(f"{lead}: {shown}{more}.", item=True, derived_from=refs[-1:]))
        page.fact("reality.overview", said)
        return page.passage()

    def _hours(self) -> Passage:
        guide = self.pathway
        page = self._derived("effort/hours", "Effort")
        if HOURS_STATED.search(guide.model_dump_json()):
            at = page.say("The guide mentions hours in its text, but no field of it converts weeks into hours.")
        else:
            at = page.say(
                "The guide never says how many hours a week its durations assume.",
                formula="no text of the guide holds hours a week or a day",
            )
        page.fact("time.hours", [at])
        return page.passage()

    def _absent(self) -> Iterator[Passage]:
        """What pages of this kind usually hold and this one does not, so that asking for it finds the gap."""
        guide = self.pathway
        for slug, held, name, names in (
            ("pay", guide.pay or guide.salary_change, "pay", ("pay.general", "pay.change", "pay.entry", "pay.top")),
            ("levels", guide.pay or not guide.salary_change, "pay in figures", ("pay.general", "pay.entry", "pay.top")),
            ("raise", guide.salary_change or not guide.pay, "a change of pay in percent", ("pay.change",)),
            (
                "timeline",
                guide.timeline or guide.source.headline_months or guide.phases,
                "how long the move takes",
                ("time.total",),
            ),
            ("difficulty", guide.difficulty, "how difficult the move is", ("difficulty",)),
            ("demand", guide.demand, "the demand for the role", ("demand.stated",)),
            ("transferable", guide.transferable, "skills that carry over", ("transferable.list",)),
            ("skills", guide.skills, "skills to learn", ("skills.list", "skills.first", "skills.last")),
            ("roadmap", guide.phases, "a roadmap", ("roadmap.list", "time.roadmap")),
            ("actions", guide.actions, "an action plan", ("actions.list", "actions.first")),
            ("attractions", guide.reality.attractions, "upsides of the role", ("reality.attractions",)),
            ("drawbacks", guide.reality.drawbacks, "what one might miss, or other drawbacks", ("reality.drawbacks",)),
            ("challenges", guide.reality.challenges, "challenges of the role", ("reality.challenges",)),
        ):
            if held:
                continue
            page = self._derived(f"absent/{slug}", "Not in the guide")
            said = [page.say(f"The guide says nothing about {name}.")]
            for facet in names:
                page.fact(facet, said, absent=name)
            yield page.passage()

    # --- Contradictions ----------------------------------------------------------------------------------

    def _conflicts(self) -> Iterator[Passage]:
        for passage in (self._time_conflict(), self._pay_conflict(), self._order_conflict()):
            if passage:
                yield passage
        for note in self.pathway.notes:
            page = self._derived(f"conflicts/{note.id}", "Contradictions")
            page.fact("conflict.note", page.say_all(sentence(note.text)), questions=[note.text])
            self.conflicts.append((page.id, sentence(note.text)))
            yield page.passage()
        if self.conflicts:
            page = self._derived("conflicts", "Contradictions", "All of them")
            said = [
                page.say(
                    f"Checking the guide found {count(len(self.conflicts), 'point')} that "
                    f"{'does' if len(self.conflicts) == 1 else 'do'} not add up:",
                    derived_from=[id_ for id_, _ in self.conflicts],
                )
            ]
            said += [page.say(text, item=True, derived_from=[id_]) for id_, text in self.conflicts]
            page.fact("conflicts.list", said)
            yield page.passage()

    def _time_conflict(self) -> Passage | None:
        guide = self.pathway
        parts, refs, months = [], [], []
        if guide.source.headline_months:
            parts.append(f"the title says {count(guide.source.headline_months, 'month')}")
            refs.append(self._ref("facts/timeline"))
            months.append((float(guide.source.headline_months),) * 2)
        if guide.timeline:
            parts.append(f"the fact box says {span(guide.timeline.low, guide.timeline.high, 'month')}")
            refs.append(self._ref("facts/timeline"))
            months.append((guide.timeline.low, guide.timeline.high))
        formulas = []
        for weeks, name, ref, each in (
            (
                self.roadmap_weeks,
                f"the {count(len(guide.phases), 'phase')} of the roadmap",
                "phases",
                [phase.weeks for phase in guide.phases],
            ),
            (
                self.skill_weeks,
                f"the {count(len(guide.skills), 'skill')} one after another",
                "skills/weeks",
                [skill.weeks for skill in guide.skills],
            ),
        ):
            if weeks:
                parts.append(f"{name} add up to {count(weeks, 'week')} ({number(weeks / WEEKS_PER_MONTH)} months)")
                refs.append(self._ref(ref))
                if ref == "phases":  # nobody has to learn one skill after another
                    months.append((weeks / WEEKS_PER_MONTH,) * 2)
                formulas.append(
                    f"{_sum(each)} weeks, / {WEEKS_PER_MONTH:.2f} = {number(weeks / WEEKS_PER_MONTH)} months"
                )
        if len(parts) < 2 or len(months) < 2:
            return None
        lowest, highest = min(high for _, high in months), max(low for low, _ in months)
        page = self._derived("conflicts/timeline", "Contradictions", "Length")
        # A quarter of a month is what rounding weeks to months can explain.
        agrees = highest - lowest <= 0.25
        lead = "The guide's durations fit together" if agrees else "The guide's durations disagree"
        text = f"{lead}: {listed(parts)}."
        said = [page.say(text, formula="; ".join(formulas) or None, derived_from=tuple(dict.fromkeys(refs)))]
        keys = [text]
        if self.roadmap_weeks and self.skill_weeks:
            longer, formula = self.longer()
            sums = [self._ref("phases"), self._ref("skills/weeks")]
            said.append(page.say(longer, formula=formula, derived_from=sums))
            keys += [longer, "Which takes longer, the skills or the phases, and by how much?"]
        if not agrees:
            self.conflicts.append((page.id, text))
        page.fact("time.conflict", said, also=(self._ref("effort/hours"),), questions=keys)
        return page.passage()

    def _pay_conflict(self) -> Passage | None:
        guide = self.pathway
        change = guide.salary_change
        if not guide.pay:
            return None
        page = self._derived("conflicts/pay", "Contradictions", "Pay")
        said = []
        if change and change.low > -100:
            for claim in guide.pay:
                low, high = claim.low / (1 + change.high / 100), (claim.high or claim.low) / (1 + change.low / 100)
                today = money(low, guide.currency) + (
                    f" to {money(high, guide.currency)}" if round(high) != round(low) else ""
                )
                raise_ = percent_range(change.low, change.high)
                amount = money(claim.low, guide.currency) + (
                    f" to {money(claim.high, guide.currency)}" if claim.high else ""
                )
                said.append(
                    page.say(
                        f"A raise of {raise_} leads to the {level_name(claim.level)} figure of {amount} only for "
                        f"someone who earns {today} today.",
                        formula=(
                            f"{money(claim.low, guide.currency)} / {1 + change.high / 100:.2f} = "
                            f"{money(low, guide.currency)}; {money(claim.high or claim.low, guide.currency)} / "
                            f"{1 + change.low / 100:.2f} = {money(high, guide.currency)}"
                        ),
                        derived_from=[self._ref("facts/pay")],
                    )
                )
            fits = [
                (claim.low / (1 + change.high / 100), (claim.high or claim.low) / (1 + change.low / 100))
                for claim in guide.pay
            ]
            if max(low for low, _ in fits) > min(high for _, high in fits):
                needs = [
                    f"{level_name(c.level)} needs {money(low, guide.currency)} to {money(high, guide.currency)}"
                    for c, (low, high) in zip(guide.pay, fits, strict=True)
                ]
                text = (
                    f"No pay of today fits a raise of {percent_range(change.low, change.high)} to every figure that "
                    f"the guide names: {listed(needs)}."
                )
                formula = "; ".join(
                    f"{money(c.low, guide.currency)} / {1 + change.high / 100:.2f} = {money(low, guide.currency)}"
                    for c, (low, _) in zip(guide.pay, fits, strict=True)
                )
                said.append(page.say(text, formula=formula, derived_from=[self._ref("facts/pay")]))
                self.conflicts.append((page.id, text))
        if len(guide.pay) > 1:
            ordered = sorted(guide.pay, key=lambda claim: claim.low)
            first, last = ordered[0], ordered[-1]
            gap = (last.low / first.low - 1) * 100
            said.append(
                page.say(
                    f"From the guide's {level_name(first.level)} figure to its {level_name(last.level)} figure, pay "
                    f"rises by {number(gap)} percent, {money(last.low - first.low, guide.currency)} a year.",
                    formula=(
                        f"{money(last.low, guide.currency)} / {money(first.low, guide.currency)} - 1 = {number(gap)} "
                        f"percent; {money(last.low, guide.currency)} - {money(first.low, guide.currency)} = "
                        f"{money(last.low - first.low, guide.currency)}"
                    ),
                    derived_from=[self._ref("facts/pay")],
                )
            )
        if not said:
            return None
        page.fact("pay.implied", said)
        return page.passage()

    def _order_conflict(self) -> Passage | None:
        ranks = [list(Priority).index(skill.priority) for skill in self.pathway.skills]
        if not ranks or ranks == sorted(ranks):
            return None
        first = self.pathway.skills[0]
        urgent = [skill.name for skill in self.pathway.skills if list(Priority).index(skill.priority) == min(ranks)]
        page = self._derived("conflicts/order", "Contradictions", "Order of the skills")
        text = (
            f"The guide lists its skills out of order of priority: {first.name}, rated {first.priority}, stands first, "
            f"while {listed(urgent)} {'is' if len(urgent) == 1 else 'are'} rated {list(Priority)[min(ranks)]}."
        )
        if ranks[0] == min(ranks):
            text = (
                f"The guide lists its skills out of order of priority, so follow the ratings: {listed(urgent)} first."
            )
        page.fact(
            "conflict.note",
            [page.say(text, derived_from=[self._ref("skills")])],
            questions=["Are the skills listed in the order in which I should learn them?"],
        )
        self.conflicts.append((page.id, text))
        return page.passage()


def _priority_id(priority: Priority) -> str:
    return f"priority:{priority.replace(' ', '-')}"


def _counted(n: int, noun: str) -> Quantity:
    return Quantity(unit=Unit.COUNT, low=n, high=n, noun=noun)


def _weeks(n: int) -> Quantity:
    return Quantity(unit=Unit.WEEKS, low=n, high=n)


def _sum(parts: Sequence[int]) -> str:
    return f"{' + '.join(str(part) for part in parts)} = {sum(parts)}"


def _quoted(text: str) -> str:
    return text.rstrip(".")
