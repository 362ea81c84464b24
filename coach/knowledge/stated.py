"""What the page says, as passages.

Comes in: a typed ``Pathway`` and its checked resources. Goes out: passages of origin ``pathway``. Sentences
are either the page's texts or plain renderings of one typed field; nothing here adds two facts together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from coach.knowledge.entities import horizon_name, level_name
from coach.knowledge.pathway import ActionGroup, Item, NamedItem, Pathway, Phase, Skill
from coach.knowledge.resource import Resource, VerdictOfCheck
from coach.knowledge.wording import a, count, listed, money, percent_range, sentence, span
from coach.knowledge.writing import Writer
from coach.types import Origin, Passage, Quantity, Unit


class PageWriter:
    """Writes the passages of one page; ``resources`` are the checked ones, by id."""

    def __init__(self, pathway: Pathway, resources: Mapping[str, Resource], checked: str) -> None:
        self.pathway = pathway
        self.resources = resources
        self.checked = checked
        self.names = {"origin": pathway.origin, "target": pathway.target}

    def passages(self) -> Iterator[Passage]:
        yield from self._facts()
        yield from self._pay()
        for paragraph in self.pathway.overview:
            page = self._page(f"overview/{paragraph.id}", "Overview")
            said = page.say_all(paragraph.text)
            page.fact("role.about", said)
            page.details("role.detail", said)
            yield page.passage()
        for known in self.pathway.transferable:
            yield self._transferable(known)
        for skill in self.pathway.skills:
            yield self._skill(skill)
        for phase in self.pathway.phases:
            yield from self._phase(phase)
        for section, title, items, lead in (
            (
                "attractions",
                "What you will like",
                self.pathway.reality.attractions,
                "The guide names {n} that {target_a} will like",
            ),
            (
                "drawbacks",
                "What you might miss",
                self.pathway.reality.drawbacks,
                "The guide names {n} that {origin_a} might miss after the move",
            ),
            ("challenges", "Biggest challenges", self.pathway.reality.challenges, "The guide names {n} to expect"),
        ):
            if items:
                yield self._reality(section, title, items, lead)
        for group in self.pathway.actions:
            yield self._actions(group)
        for answer in self.pathway.faq:
            page = self._page(f"faq/{answer.id}", "Frequently asked questions")
            said = page.say_all(answer.answer)
            page.details("role.detail", said)
            page.fact(
                "faq" if answer.about != "pay" else "pay.premium",
                said,
                questions=(answer.question,) if answer.question else (),
            )
            yield page.passage()

    def _page(self, section: str, *heading: str, entities: Sequence[str] = ()) -> Writer:
        return Writer(
            pathway=self.pathway.slug,
            section=section,
            heading_path=(f"{self.pathway.origin} to {self.pathway.target}", *heading),
            origin=Origin.PATHWAY,
            source=f"Career guide: {self.pathway.source.title}",
            names=self.names,
            entities=tuple(entities),
        )

    def _facts(self) -> Iterator[Passage]:
        guide = self.pathway
        move = f"the move from {guide.origin} to {guide.target}"
        if guide.timeline or guide.source.headline_months:
            page = self._page("facts/timeline", "Timeline")
            said = []
            if guide.timeline:
                low, high = guide.timeline.low, guide.timeline.high
                said.append(page.say(f"The guide plans {span(low, high, 'month')} for {move}."))
                page.fact(
                    "time.total",
                    said,
                    value=Quantity(unit=Unit.MONTHS, low=low, high=high),
                    also=(f"{guide.slug}#conflicts/timeline",),
                )
            if guide.source.headline_months:
                months = guide.source.headline_months
                headline = page.say(f"The title of the guide promises {count(months, 'month')}.")
                value = Quantity(unit=Unit.MONTHS, low=months, high=months)
                page.fact("time.headline", [headline], value=value)
                if not guide.timeline:
                    page.fact("time.total", [headline], value=value, also=(f"{guide.slug}#conflicts/timeline",))
            yield page.passage()
        if guide.difficulty:
            page = self._page("facts/difficulty", "Difficulty")
            page.fact(
                "difficulty",
                [page.say(f"The guide rates the difficulty of {move} as {guide.difficulty.lower()}.")],
                also=(f"{guide.slug}#reality/challenges",) if guide.reality.challenges else (),
            )
            yield page.passage()
        if guide.demand:
            page = self._page("facts/demand", "Demand")
            said = [page.say(f"The guide rates the demand for {guide.target}s as {guide.demand.level.lower()}.")]
            said += page.say_all(guide.demand.text)
            page.fact("demand.stated", said, also=(f"{guide.slug}#market/outlook",))
            yield page.passage()

    def _pay(self) -> Iterator[Passage]:
        guide = self.pathway
        if not guide.pay and not guide.salary_change:
            return
        page = self._page("facts/pay", "Pay")
        official = (f"{guide.slug}#market/claims",)
        said = []
        levels = []
        for claim in guide.pay:
            amount = money(claim.low, guide.currency) + (
                f" to {money(claim.high, guide.currency)}" if claim.high else ""
            )
            lead = "at around " if claim.about else ("at no less than " if claim.at_least else "at ")
            said.append(
                page.say(
                    f"The guide puts {level_name(claim.level)}-level pay of {a(guide.target)} {lead}{amount} a year."
                )
            )
            levels.append((claim, said[-1]))
        if guide.salary_change:
            change = guide.salary_change
            raised = page.say(
                f"The guide says that pay changes by {percent_range(change.low, change.high)} with the move."
            )
            page.fact(
                "pay.change",
                [raised],
                value=Quantity(unit=Unit.PERCENT, low=change.low, high=change.high),
                also=(f"{guide.slug}#market/claimed-change",),
            )
            said.append(raised)
        page.fact("pay.general", said, also=official)
        for claim, at in levels:
            value = Quantity(unit=Unit.MONEY, low=claim.low, high=None if claim.at_least else (claim.high or claim.low))
            names = {"name": level_name(claim.level)}
            also = (f"{guide.slug}#market/claim-{claim.level}",)
            page.fact("pay.level", [at], entities=[f"level:{claim.level}"], value=value, also=also, **names)
        if levels:
            lowest = min(levels, key=lambda pair: pair[0].low)
            highest = max(levels, key=lambda pair: pair[0].high or pair[0].low)
            if lowest[0].level == "entry":
                page.fact("pay.entry", [lowest[1]], also=(f"{guide.slug}#market/claim-{lowest[0].level}",))
            if len(levels) > 1:
                page.fact("pay.top", [highest[1]], also=(f"{guide.slug}#market/claim-{highest[0].level}",))
        yield page.passage()

    def _transferable(self, known: NamedItem) -> Passage:
        page = self._page(f"transferable/{known.id}", "Transferable skills", known.name)
        lead = page.say(f"{known.name} is one of the skills that {a(self.pathway.origin)} already brings.")
        said = page.say_all(known.text)
        page.details("transferable.detail", said, entities=[f"transferable:{known.id}"])
        page.fact("transferable.how", [lead, *said], entities=[f"transferable:{known.id}"], name=known.name)
        return page.passage()

    def _skill(self, skill: Skill) -> Passage:
        entity = f"skill:{skill.id}"
        page = self._page(f"skills/{skill.id}", "Skills to learn", skill.name)
        rated = page.say(f"The guide rates {skill.name} as {skill.priority}.")
        weeks = page.say(f"The guide plans {count(skill.weeks, 'week')} for {skill.name}.")
        told = page.say_all(skill.how)
        page.details("skill.detail", told, entities=[entity])
        how = list(told) + self._caveats(page, skill.how, skill.resources)
        page.fact("skill.priority", [rated], entities=[entity], name=skill.name)
        page.fact(
            "skill.weeks",
            [weeks],
            entities=[entity],
            value=Quantity(unit=Unit.WEEKS, low=skill.weeks, high=skill.weeks),
            name=skill.name,
        )
        page.fact("skill.how", how, entities=[entity], name=skill.name)
        return page.passage()

    def _phase(self, phase: Phase) -> Iterator[Passage]:
        entity = f"phase:{phase.number}"
        names = {"name": phase.name, "number": str(phase.number)}
        title = f"Phase {phase.number}: {phase.name}"
        page = self._page(f"phases/{phase.number}", "Roadmap", title)
        weeks = page.say(f"Phase {phase.number}, {phase.name}, lasts {count(phase.weeks, 'week')}.")
        page.fact(
            "phase.weeks",
            [weeks],
            entities=[entity],
            value=Quantity(unit=Unit.WEEKS, low=phase.weeks, high=phase.weeks),
            **names,
        )
        if phase.tasks:
            lead = page.say(f"Phase {phase.number}, {phase.name}, has {count(len(phase.tasks), 'task')}:")
            said = [lead, *self._items(page, phase.tasks)]
            said += self._caveats(page, " ".join(task.text for task in phase.tasks), ())
            page.details("phase.task", said[1 : 1 + len(phase.tasks)], entities=[entity])
            page.fact("phase.tasks", said, entities=[entity], value=_counted(len(phase.tasks), "tasks"), **names)
        yield page.passage()
        if phase.resources:
            page = self._page(f"phases/{phase.number}/resources", "Roadmap", title, "Resources")
            said = [
                page.say(
                    f"For phase {phase.number}, {phase.name}, the guide lists "
                    f"{count(len(phase.resources), 'resource')}:"
                )
            ]
            said += [page.say(sentence(item.text), item=True) for item in phase.resources]
            page.details("phase.resource", said[1:], entities=[entity])
            linked = [id_ for item in phase.resources for id_ in item.resources]
            said += self._caveats(page, " ".join(item.text for item in phase.resources), linked)
            if not self.resources:
                said.append(page.say("Nobody has checked these resources yet."))
            page.fact(
                "phase.resources", said, entities=[entity], value=_counted(len(phase.resources), "resources"), **names
            )
            yield page.passage()

    def _reality(self, section: str, title: str, items: Sequence[Item], lead: str) -> Passage:
        noun = "challenge" if section == "challenges" else "thing"
        page = self._page(f"reality/{section}", "Reality check", title)
        said = [
            page.say(
                lead.format(n=count(len(items), noun), target_a=a(self.pathway.target), origin_a=a(self.pathway.origin))
                + ":"
            )
        ]
        said += self._items(page, items)
        page.details(f"reality.{section.removesuffix('s')}", said[1:])
        page.fact(f"reality.{section}", said, value=_counted(len(items), noun + "s"))
        return page.passage()

    def _actions(self, group: ActionGroup) -> Passage:
        page = self._page(f"actions/{group.id}", "Action plan", group.name)
        said = [
            page.say(f"For {horizon_name(group.name)}, the guide's action plan has {count(len(group.items), 'step')}:")
        ]
        said += self._items(page, group.items)
        page.details("actions.step", said[1:], entities=[f"horizon:{group.id}"])
        if group.days == min(other.days for other in self.pathway.actions):
            page.fact("actions.first", said, also=(f"{self.pathway.slug}#actions/opening",))
        named = [resource.id for resource in self.resources.values() if group.id in resource.actions]
        said += self._caveats(page, " ".join(item.text for item in group.items), named)
        page.fact(
            "actions.group",
            said,
            entities=[f"horizon:{group.id}"],
            value=_counted(len(group.items), "actions"),
            name=horizon_name(group.name),
            days=str(group.days),
        )
        return page.passage()

    def _items(self, page: Writer, items: Sequence[Item]) -> list[int]:
        return [page.say(sentence(item.text), item=True) for item in items]

    def _caveats(self, page: Writer, text: str, linked: Sequence[str]) -> list[int]:
        """Say of each resource that ``text`` names whether it could not be confirmed, and what to use instead."""
        said = []
        for resource in self.resources.values():
            if resource.verdict == VerdictOfCheck.CONFIRMED:
                continue
            if resource.id in linked or mentions(text, resource):
                said.append(
                    page.say(
                        caveat(resource, self.resources, self.checked),
                        derived_from=[f"{self.pathway.slug}#resources/{resource.id}"],
                    )
                )
        return said


def caveat(resource: Resource, resources: Mapping[str, Resource], checked: str) -> str:
    """One sentence of warning with a substitute, for a resource that is not as the page says."""
    name = resource.name
    found = {
        VerdictOfCheck.NOT_FOUND: f"{name} could not be confirmed (checked {checked})",
        VerdictOfCheck.MISDESCRIBED: f"{name} exists but not as the guide describes it (checked {checked})",
        VerdictOfCheck.RENAMED: f"{name} is the closest match to what the guide names (checked {checked})",
    }[resource.verdict]
    if resource.verdict == VerdictOfCheck.RENAMED:
        return f"{found}."
    instead = [resources[id_].name for id_ in resource.substitutes[:2] if id_ in resources]
    return f"{found}; {listed(instead, 'or')} can be used instead." if instead else f"{found}."


def mentions(text: str, resource: Resource) -> bool:
    """Whether ``text`` names the resource by its page name or an alias of two words or more."""
    folded = _folded(text)
    names = [resource.name, *(resource.aliases), *([resource.name_in_page] if resource.name_in_page else [])]
    return any(len(name.split()) > 1 and _folded(name) in folded for name in names)


def _folded(text: str) -> str:
    return " " + " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split()) + " "


def _counted(n: int, noun: str) -> Quantity:
    return Quantity(unit=Unit.COUNT, low=n, high=n, noun=noun)
