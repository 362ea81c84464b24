"""What checking the resources found, as passages.

Comes in: the checked resources of a pathway. Goes out: one passage for each resource, and lists by verdict,
cost, kind and skill. A resource that could not be confirmed is said to be so in every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coach.knowledge.entities import RESOURCE_KINDS, horizon_name, resource_kind
from coach.knowledge.pathway import Pathway
from coach.knowledge.resource import CostClass, Resource, ResourceFile, VerdictOfCheck
from coach.knowledge.stated import caveat
from coach.knowledge.wording import a, count, listed, sentence
from coach.knowledge.writing import Writer
from coach.types import Origin, Passage, Quantity, Unit


class ResourceWriter:
    """Writes what was found about the resources of one pathway."""

    def __init__(self, pathway: Pathway, file: ResourceFile) -> None:
        self.pathway = pathway
        self.file = file
        self.by_id = {resource.id: resource for resource in file.resources}
        self.skills = {skill.id: skill.name for skill in pathway.skills}
        self.skills |= {skill.id: skill.name for skill in pathway.transferable}

    def passages(self) -> Iterator[Passage]:
        for resource in self.file.resources:
            yield self._resource(resource)
        yield from self._verdicts()
        yield from self._costs()
        for kind in RESOURCE_KINDS:
            members = [resource for resource in self.file.resources if kind in resource_kind(resource.kind)]
            if members:
                yield self._kind(kind, members)
        for skill in self.pathway.skills:
            members = [resource for resource in self.file.resources if skill.id in resource.skills]
            if members:
                yield self._skill(skill.id, skill.name, members)

    def _page(self, section: str, *heading: str, origin: Origin = Origin.DERIVED, url: str | None = None) -> Writer:
        return Writer(
            pathway=self.pathway.slug,
            section=section,
            heading_path=(f"{self.pathway.origin} to {self.pathway.target}", "Resources", *heading),
            origin=origin,
            source=f"Resource check, {self.file.checked}",
            names={"origin": self.pathway.origin, "target": self.pathway.target},
            url=url,
        )

    def _ref(self, resource: Resource) -> str:
        return f"{self.pathway.slug}#resources/{resource.id}"

    def _resource(self, resource: Resource) -> Passage:
        url = str(resource.url) if resource.url else None
        page = self._page(f"resources/{resource.id}", resource.name, origin=Origin.RESOURCE, url=url)
        entity = [f"resource:{resource.id}"]
        name = resource.name
        if resource.verdict == VerdictOfCheck.CONFIRMED:
            verdict = [page.say(f"{name} could be confirmed (checked {self.file.checked}).")]
        else:
            verdict = [page.say(caveat(resource, self.by_id, self.file.checked))]
        settled = resource.verdict == VerdictOfCheck.CONFIRMED
        about = list(page.say_all(resource.about))
        provider = (
            f" by {resource.provider}" if resource.provider and resource.provider.lower() not in name.lower() else ""
        )
        kind = page.say(f"{name} is {a(resource.kind)}{provider}.")

        def fact(facet: str, said: Sequence[int], also: Sequence[str] = ()) -> None:
            page.fact(facet, said, entities=entity, also=also, name=name)

        instead = [self.by_id[id_] for id_ in resource.substitutes if id_ in self.by_id]
        refs = [self._ref(other) for other in instead]
        page.details("resource.detail", about, entities=entity, lead=() if settled else verdict)
        fact("resource.about", ([*([kind] if provider else []), *about] if settled else [*verdict, *about]))
        if provider:
            fact("resource.maker", [kind] if settled else [kind, *verdict])
        fact("resource.verdict", verdict + about[:1])
        extra = [] if settled else verdict
        if resource.cost:
            fact("resource.cost", [page.say(f"Cost of {name}: {resource.cost}."), *extra])
        elif not settled:
            fact("resource.cost", [page.say(f"No cost is known for {name}."), *verdict])
        if resource.duration:
            fact("resource.duration", [page.say(f"Time for {name}: {resource.duration}."), *extra])
        if resource.level:
            fact("resource.level", [page.say(f"Level of {name}: {resource.level}."), *extra])
        if url:
            fact("resource.url", [page.say(f"{name} is at {url} ."), *extra])
        elif not settled:
            fact("resource.url", verdict)
        if resource.licence:
            fact("resource.licence", [page.say(f"Licence of {name}: {resource.licence}.")])
        if instead:
            at = page.say(
                f"Instead of {name}, the check suggests {listed([other.name for other in instead], 'or')}.",
                derived_from=refs,
            )
            fact("resource.instead", [*extra, at] if resource.verdict == VerdictOfCheck.NOT_FOUND else [at])
        use = self._use(resource)
        if use:
            fact("resource.use", [page.say(use), *extra])
        if resource.unverified:
            page.say(f"Not verified: {'; '.join(resource.unverified)}.")
        return page.passage()

    def _use(self, resource: Resource) -> str | None:
        phases = [
            f"phase {phase.number} ({phase.name})" for phase in self.pathway.phases if phase.number in resource.phases
        ]
        actions = [
            f"the plan for {horizon_name(group.name)}" for group in self.pathway.actions if group.id in resource.actions
        ]
        skills = [self.skills[id_] for id_ in resource.skills if id_ in self.skills]
        where = listed([*phases, *actions])
        named = resource.name_in_page is not None
        parts = []
        if where:
            parts.append(f"the guide uses it in {where}" if named else f"it fits {where}")
        elif named:
            parts.append("it appears in no phase of the roadmap")
        if skills:
            parts.append(f"it serves {listed(skills)}")
        return f"Where {resource.name} comes up: {'; '.join(parts)}." if parts else None

    def _entry(self, resource: Resource) -> str:
        cost = f", {resource.cost}" if resource.cost and len(resource.cost) <= 60 else ""
        mark = {
            VerdictOfCheck.CONFIRMED: "",
            VerdictOfCheck.NOT_FOUND: " (could not be confirmed)",
            VerdictOfCheck.MISDESCRIBED: " (not as the guide describes it)",
            VerdictOfCheck.RENAMED: " (closest match to what the guide names)",
        }[resource.verdict]
        return sentence(f"{resource.name}{mark}{cost}")

    def _list(self, page: Writer, lead: str, members: Sequence[Resource]) -> list[int]:
        said = [page.say(lead, derived_from=[self._ref(resource) for resource in members])]
        said += [page.say(self._entry(resource), item=True, derived_from=[self._ref(resource)]) for resource in members]
        return said

    def _verdicts(self) -> Iterator[Passage]:
        named = [resource for resource in self.file.resources if resource.name_in_page]
        added = len(self.file.resources) - len(named)
        groups = {verdict: [r for r in named if r.verdict == verdict] for verdict in VerdictOfCheck}
        page = self._page("resources", "What the check found")
        words = {
            VerdictOfCheck.CONFIRMED: "confirmed",
            VerdictOfCheck.NOT_FOUND: "could not be confirmed",
            VerdictOfCheck.MISDESCRIBED: "not as described",
            VerdictOfCheck.RENAMED: "under another name",
        }
        split = listed([f"{len(members)} {words[verdict]}" for verdict, members in groups.items() if members])
        lead = page.say(
            f"Of the {count(len(named), 'resource')} that the guide names, the check of {self.file.checked} found: "
            f"{split}.",
            formula=f"{' + '.join(str(len(members)) for members in groups.values() if members)} = {len(named)}",
        )
        said = [lead]
        if added:
            said.append(
                page.say(
                    f"Another {count(added, 'resource')} with good evidence {'was' if added == 1 else 'were'} added to "
                    "them."
                )
            )
        page.fact(
            "resources.list", said, value=Quantity(unit=Unit.COUNT, low=len(named), high=len(named), noun="resources")
        )
        yield page.passage()
        if groups[VerdictOfCheck.NOT_FOUND]:
            members = groups[VerdictOfCheck.NOT_FOUND]
            page = self._page("resources/unconfirmed", "Could not be confirmed")
            said = self._list(
                page,
                f"{count(len(members), 'resource')} that the guide names could not be confirmed in "
                f"{self.file.checked}:",
                members,
            )
            page.fact(
                "resources.unconfirmed",
                said,
                value=Quantity(unit=Unit.COUNT, low=len(members), high=len(members), noun="resources"),
            )
            yield page.passage()
        wrong = groups[VerdictOfCheck.MISDESCRIBED] + groups[VerdictOfCheck.RENAMED]
        if wrong:
            page = self._page("resources/misdescribed", "Not as described")
            page.fact(
                "resources.misdescribed",
                self._list(
                    page,
                    f"{count(len(wrong), 'resource')} {'is' if len(wrong) == 1 else 'are'} not as the guide describes "
                    "or names them:",
                    wrong,
                ),
            )
            yield page.passage()

    def _costs(self) -> Iterator[Passage]:
        usable = [r for r in self.file.resources if r.verdict != VerdictOfCheck.NOT_FOUND]
        courses = [r for r in usable if {"course", "certification", "book"} & set(resource_kind(r.kind))]
        for facet, title, classes in (
            ("resources.free", "free", (CostClass.FREE,)),
            ("resources.paid", "paid", (CostClass.PAID,)),
        ):
            members = [r for r in courses if r.cost_class in classes]
            everything = [r for r in usable if r.cost_class in classes]
            if everything:
                page = self._page(f"resources/{title}", title.capitalize())
                lead = f"{len(everything)} of the {len(usable)} resources that can be used are {title}"
                lead += ", among them these courses, books and certificates:" if members else "."
                page.fact(facet, self._list(page, lead, members))
                yield page.passage()

    def _kind(self, kind: str, members: Sequence[Resource]) -> Passage:
        page = self._page(f"resources/kind/{kind}", RESOURCE_KINDS[kind][0].capitalize())
        said = self._list(
            page,
            f"The check covers {count(len(members), 'entry')} under {RESOURCE_KINDS[kind][0]}:",
            _best_first(members),
        )
        page.fact("resources.kind", said, entities=[f"resource_kind:{kind}"], name=RESOURCE_KINDS[kind][0])
        return page.passage()

    def _skill(self, id_: str, name: str, members: Sequence[Resource]) -> Passage:
        page = self._page(f"resources/skill/{id_}", f"For {name}")
        said = self._list(page, f"Resources that the check links to {name}:", _best_first(members))
        page.fact("resources.skill", said, entities=[f"skill:{id_}"], name=name)
        return page.passage()


def _best_first(resources: Sequence[Resource]) -> list[Resource]:
    order = list(VerdictOfCheck)
    confidence = ("high", "medium", "low")
    return sorted(resources, key=lambda r: (order.index(r.verdict), confidence.index(r.confidence)))
