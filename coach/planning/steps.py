"""What there is to do on a pathway, in the order in which it is done, with hours and reasons, but without dates.

Comes in: a corpus, a profile and the ids of ticked steps. Goes out: an ``Outline``: steps whose ids come from the
pathway's own ids. It knows no calendar, and of progress only what was ticked: that stays, even where the profile leaves
out the rest.

Hours. A skill takes the weeks that the guide gives it. The guide's phases name the same work again, as tasks: what a
phase lasts beyond the weeks of the critical and important skills studied in it is for its tasks, and at least
``PRACTICE_SHARE`` of it. Actions have no length in any guide; theirs are ours.

Order. Skills: critical, important, nice to have; of equal ones those that others build on, then the guide's own order.
Tasks: phase by phase, each phase after the critical and important skills that it practises. Nice-to-have skills come
before the last phase, so that they can be left out without a gap.

Reasons are sentences of passages, word for word, so that their citations bear them out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from coach.answering.linking import Names
from coach.answering.statements import Facts
from coach.answering.words import split_tokens, stem
from coach.knowledge.corpus import Corpus
from coach.knowledge.pathway import ActionGroup, Item, Phase, Priority, Skill
from coach.knowledge.resource import CostClass, Resource, VerdictOfCheck
from coach.knowledge.wording import listed
from coach.planning.completion import is_once, item_done, parts, resource_done, skill_done, to_do
from coach.planning.plan import By, Kind, Need, Step, StepResource
from coach.planning.profile import Level, Profile, resolve_skills
from coach.types import Citation

PRACTICE_SHARE = 0.25
"""Of a phase's weeks, at least for its tasks: doing takes time even where everything was studied before."""

PROOF_SHARE = 0.25
"""Of a skill's hours, for putting it to use once its resources were worked through."""

LEFT = {Level.BASIC: 0.7, Level.SOLID: 0.35, Level.STRONG: 0.0}
"""Share of a skill's hours that remain for somebody who holds it already."""

TASK_LEFT = {Level.BASIC: 0.9, Level.SOLID: 0.75, Level.STRONG: 0.5}
"""The same for a task that a skill is named in: it has to be done all the same."""

ACTION_HOURS = ((7, 2.0), (31, 4.0), (math.inf, 8.0))
"""Hours of one action by the days of its horizon: what is due this week is smaller than what is due in a quarter."""

AGAIN = 0.25
"""Share that remains of what is to be done with a course that another step works through already."""

QUARTER = 0.25
"""Hours are rounded to a quarter, and nothing that is to be done takes less."""

EARLY = 0.5
"""An action is begun when this share of the guide's time until its horizon is over."""

FOUNDATION_WORDS = frozenset(
    stem(word)
    for word in "fundamentals basics introduction intro foundations foundation essentials principles primer".split()
)
"""A skill of this name is what others build on."""

TEACHING_WORDS = frozenset(
    stem(word) for word in "doc docs documentation guide guides manual quickstart tutorial tutorials".split()
)
"""With the name of a tool and nothing else, what teaches that tool: "Faiss tutorials"."""

MOST_RESOURCES = 4
"""Resources of a skill that become steps of their own; further ones stand beside them."""


@dataclass(frozen=True)
class Outline:
    """Steps in order, none dated; and what the coach took on itself."""

    steps: tuple[Step, ...]
    assumptions: tuple[str, ...]
    notices: tuple[str, ...]


def outline(corpus: Corpus, profile: Profile, ticked: Container[str] = ()) -> Outline:
    """All steps of a pathway for a learner. Pure: the same input gives the same steps.

    ``ticked`` holds ids of steps that are done. Without ``nice_to_have`` those of such skills stay and the others go.
    """
    return _Outliner(corpus, profile, ticked).outline()


class _Outliner:
    def __init__(self, corpus: Corpus, profile: Profile, ticked: Container[str]) -> None:
        self.corpus = corpus
        self.guide = corpus.pathway
        self.profile = profile
        self.ticked = ticked
        self.facts = Facts(corpus)
        self.names = Names(corpus.entities, (*self.guide.origin.split(), *self.guide.target.split()))
        self.resources = {one.id: one for one in corpus.resources.resources} if corpus.resources else {}
        self.checked = corpus.resources.checked if corpus.resources else ""
        self.levels, strange = resolve_skills(profile, self.guide)
        self.tools, self.strange = self._tools(strange)
        self.home = _homes(self.guide.skills, self.guide.phases, self.resources)

    def outline(self) -> Outline:
        skills = self._skills_in_order()
        by_skill = {skill.id: list(self._skill_steps(skill)) for skill in skills}
        by_phase = {phase.number: list(self._task_steps(phase)) for phase in self.guide.phases}
        studied = [skill for skill in skills if skill.priority is not Priority.NICE_TO_HAVE]
        extras = [skill for skill in skills if skill.priority is Priority.NICE_TO_HAVE]
        steps: list[Step] = []
        placed: set[str] = set()
        waiting = list(self.guide.phases)

        def practise(*, also_last: bool) -> None:
            """The tasks of each phase whose skills are studied, phase by phase."""
            while waiting and (also_last or len(waiting) > 1):
                blocking = [s.id for s in studied if self.home.get(s.id, 0) <= waiting[0].number]
                if not also_last and not set(blocking) <= placed:
                    return
                steps.extend(by_phase[waiting.pop(0).number])

        for skill in studied:
            steps += by_skill[skill.id]
            placed.add(skill.id)
            practise(also_last=False)
        for skill in extras:
            steps += by_skill[skill.id] if self.profile.nice_to_have else self._ticked_of(by_skill[skill.id])
        practise(also_last=True)
        once = _once_each(list(self._with_actions(steps)), self.ticked)
        return Outline(once, tuple(self._assumptions()), tuple(self._notices()))

    # --- Skills ---------------------------------------------------------------------------------------------

    def _skills_in_order(self) -> list[Skill]:
        order = list(Priority)
        return sorted(self.guide.skills, key=lambda skill: (order.index(skill.priority), not _is_foundation(skill)))

    def _ticked_of(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Of the steps of a skill that is left out, those that are done: finished work is never lost.

        What they needed is behind them, and may be left out itself.
        """
        return (step.model_copy(update={"needs": ()}) for step in steps if step.id in self.ticked)

    def _skill_steps(self, skill: Skill) -> Iterator[Step]:
        """A step for each resource, then one in which the skill is put to use."""
        level = self.levels.get(skill.id)
        left = LEFT[level] if level else 1.0
        saved = _saved(skill.name, level, left)
        hours = skill.weeks * self.profile.guide_week_hours
        entity = f"skill:{skill.id}"
        why, citations = self._reason([("skill.priority", entity), ("skill.weeks", entity)])
        phase = self.home.get(skill.id)
        first = self._foundation_of(skill)
        needs = [Need(id=f"skill/{first.id}", by=By.COACH, why=f"{first.name} is what it builds on.")] if first else []
        found = self._learning(skill)
        each = hours * (1 - PROOF_SHARE) / len(found) if found else 0.0
        whole = f"{skill.weeks} weeks x {self.profile.guide_week_hours:g} hours = {hours:g} hours"
        for resource in found:
            tool = self.tools.get(resource.id)
            known = min(left, LEFT[tool]) if tool else left
            task = to_do(resource)
            yield self._step(
                id=f"resource/{skill.id}/{resource.id}",
                title=f"{skill.name}: {_lower(task)}",
                kind=Kind.RESOURCE,
                phase=phase,
                skill=skill.id,
                do=f"{task}.",
                why=why,
                done_when=resource_done(resource, skill.name),
                citations=citations,
                resources=self._shown(resource, skill),
                needs=tuple(needs),
                said=self._said(
                    [("resources.skill", entity), ("resource.about", f"resource:{resource.id}")], resource.name
                ),
                formula=f"{whole}; {hours:g} x {1 - PROOF_SHARE:g} / {len(found)} = {each:g} hours",
                hours=each,
                left=known,
                saved=_saved(resource.name, tool, known) if tool and known < left else saved,
            )
        said = self._said([("skill.how", entity)])
        yield self._step(
            id=f"skill/{skill.id}",
            title=f"{skill.name}: put it to use" if found else f"{skill.name}: learn it",
            kind=Kind.SKILL,
            phase=phase,
            skill=skill.id,
            do=skill.how,
            why=why,
            done_when=skill_done(skill.name, [cited.quote for cited in said if cited.quote in skill.how]),
            citations=citations,
            needs=(
                *needs,
                *(
                    Need(id=f"resource/{skill.id}/{one.id}", by=By.COACH, why="Study comes before use.")
                    for one in found
                ),
            ),
            said=said,
            formula=f"{whole}; {hours:g} x {PROOF_SHARE:g} = {hours * PROOF_SHARE:g} hours" if found else whole,
            hours=hours - each * len(found),
            left=left,
            saved=saved,
        )

    def _learning(self, skill: Skill) -> list[Resource]:
        """What the skill is learnt from: the guide's resources, with substitutes for those that were not found."""
        chosen: dict[str, Resource] = {}
        for id_ in skill.resources:
            resource = self.resources.get(id_)
            if resource is None:
                continue
            if resource.verdict is VerdictOfCheck.NOT_FOUND:
                resource = self._substitute(resource, skill.id, taken=chosen)
                if resource is None:
                    continue
            chosen.setdefault(resource.id, resource)
        return list(chosen.values())[:MOST_RESOURCES]

    def _substitute(self, resource: Resource, skill: str | None, taken: Mapping[str, Resource]) -> Resource | None:
        """The first substitute that exists, rather one that teaches the same skill and costs nothing."""
        there = [
            one
            for id_ in resource.substitutes
            if (one := self.resources.get(id_)) and one.verdict is not VerdictOfCheck.NOT_FOUND and id_ not in taken
        ]
        free = (CostClass.FREE, CostClass.FREEMIUM)
        return min(
            there,
            key=lambda one: (skill is not None and skill not in one.skills, one.cost_class not in free),
            default=None,
        )

    def _shown(self, resource: Resource, skill: Skill) -> tuple[StepResource, ...]:
        replaced = [
            one
            for id_ in skill.resources
            if (one := self.resources.get(id_))
            and one.verdict is VerdictOfCheck.NOT_FOUND
            and resource.id in one.substitutes
            and resource.id not in skill.resources
        ]
        return (self._resource(resource, replaced[0] if replaced else None),)

    def _resource(self, resource: Resource, instead_of: Resource | None) -> StepResource:
        about = instead_of or resource
        plain = about.verdict is VerdictOfCheck.CONFIRMED
        note, citations = ("", ()) if plain else self._reason([("resource.verdict", f"resource:{about.id}")])
        return StepResource(
            name=resource.name,
            url=str(resource.url) if resource.url else None,
            cost=resource.cost,
            instead_of=instead_of.name if instead_of else None,
            once=is_once(resource),
            note=note,
            citations=citations,
        )

    def _foundation_of(self, skill: Skill) -> Skill | None:
        """An earlier skill of foundations that shares a word with its name or with how it is learnt."""
        ordered = self._skills_in_order()
        for other in ordered[: ordered.index(skill)]:
            shared = (_stems(other.name) - FOUNDATION_WORDS) & _stems(skill.name, skill.how)
            if _is_foundation(other) and shared:
                return other
        return None

    # --- Tasks and actions ----------------------------------------------------------------------------------

    def _task_steps(self, phase: Phase) -> Iterator[Step]:
        inside = [
            skill
            for skill in self.guide.skills
            if self.home.get(skill.id) == phase.number and skill.priority is not Priority.NICE_TO_HAVE
        ]
        weeks = max(phase.weeks - sum(skill.weeks for skill in inside), PRACTICE_SHARE * phase.weeks)
        each = weeks * self.profile.guide_week_hours / max(len(phase.tasks), 1)
        beyond = f"{weeks:g} weeks of the phase's {phase.weeks} for its tasks"
        tasks = f"{weeks:g} x {self.profile.guide_week_hours:g} / {len(phase.tasks)} = {each:g} hours"
        reasons = [("phase.next", f"phase:{phase.number - 1}")] if phase.number > 1 else [("roadmap.first", None)]
        why, citations = self._reason([*reasons, ("plan.opening", None), ("phase.weeks", f"phase:{phase.number}")])
        before = self.guide.phases[phase.number - 2].tasks if phase.number > 1 else ()
        needs = [
            Need(id=f"task/{phase.number - 1}/{item.id}", by=By.GUIDE, why="The roadmap's phases follow one another.")
            for item in before
        ]
        needs += [
            Need(id=f"skill/{skill.id}", by=By.COACH, why=f"The task practises {skill.name}.")
            for skill in self._skills_in_order()
            if skill in inside
        ]
        for item in phase.tasks:
            yield self._item(
                item,
                id=f"task/{phase.number}/{item.id}",
                kind=Kind.TASK,
                phase=phase.number,
                why=why,
                citations=citations,
                needs=tuple(needs),
                said=self._said(
                    [("phase.task", f"phase:{phase.number}"), ("phase.tasks", f"phase:{phase.number}")], item.text
                ),
                formula=f"{beyond}; {tasks}",
                hours=each,
            )

    def _action_steps(self, group: ActionGroup) -> Iterator[Step]:
        horizon = f"horizon:{group.id}"
        why, citations = self._reason([("actions.when", horizon), ("actions.group", horizon)])
        hours = next(hours for days, hours in ACTION_HOURS if group.days <= days)
        for item in group.items:
            yield self._item(
                item,
                id=f"action/{group.id}/{item.id}",
                kind=Kind.ACTION,
                phase=None,
                why=why,
                citations=citations,
                needs=(),
                said=self._said([("actions.step", horizon), ("actions.group", horizon)], item.text),
                formula="",
                hours=hours,
            )

    def _item(
        self,
        item: Item,
        *,
        id: str,
        kind: Kind,
        phase: int | None,
        why: str,
        citations: tuple[Citation, ...],
        needs: tuple[Need, ...],
        said: tuple[Citation, ...],
        formula: str,
        hours: float,
    ) -> Step:
        """A task or an action: what its text names is looked up, replaced where it could not be confirmed, and shorter
        where the learner holds a skill that it names."""
        linked = [mention.entity for mention in self.names.link(item.text) if mention.strength == 1.0]
        named = dict.fromkeys(entity.id.partition(":")[2] for entity in linked if entity.kind == "resource")
        shown: list[StepResource] = []
        instead: dict[str, Resource] = {}
        for resource in (self.resources[id_] for id_ in named if id_ in self.resources):
            if resource.verdict is VerdictOfCheck.NOT_FOUND:
                substitute = self._substitute(resource, None, taken={})
                if substitute:
                    instead[resource.id] = substitute
                shown.append(self._resource(substitute or resource, resource if substitute else None))
            else:
                shown.append(self._resource(resource, None))
        held = [
            (entity.name, level)
            for entity in linked
            if entity.kind in ("transferable", "skill") and (level := self.levels.get(entity.id.partition(":")[2]))
        ]
        name, level = min(held, key=lambda one: TASK_LEFT[one[1]], default=("", None))
        left = TASK_LEFT[level] if level and kind is Kind.TASK else 1.0
        replaced = "".join(f" Instead of {one.instead_of}: {one.name}." for one in shown if one.instead_of)
        substitutes = dict.fromkeys(one.name for one in shown if one.instead_of)
        return self._step(
            id=id,
            title=f"{item.text} (instead: {listed(list(substitutes))})" if substitutes else item.text,
            kind=kind,
            phase=phase,
            skill=None,
            do=f"{item.text}.{replaced}",
            why=why,
            done_when=item_done(item.text, self._by_part(item.text, instead)),
            citations=citations,
            resources=tuple(shown),
            needs=needs,
            said=said,
            formula=formula,
            hours=hours,
            left=left,
            saved=_saved(name, level, left) if left < 1 else "",
        )

    def _by_part(self, text: str, instead: Mapping[str, Resource]) -> dict[int, list[tuple[str, Resource]]]:
        """What stands in for what, by the part of the text that names it."""
        found: dict[int, list[tuple[str, Resource]]] = {}
        named = [
            {mention.entity.id.partition(":")[2] for mention in self.names.link(part.text)} for part in parts(text)
        ]
        for id_, substitute in instead.items():
            number = next((at for at, ids in enumerate(named) if id_ in ids), 0)
            found.setdefault(number, []).append((self.resources[id_].name, substitute))
        return found

    def _with_actions(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Actions among the other steps: begun when a share of the time until their horizon is over, in the guide's
        own time, so that the order does not depend on anybody's hours."""
        groups = sorted(self.guide.actions, key=lambda group: group.days)
        weeks = 0.0
        for step in steps:
            while groups and weeks >= EARLY * max(groups[0].days - 7, 0) / 7:
                yield from self._action_steps(groups.pop(0))
            yield step
            weeks += step.hours / self.profile.guide_week_hours
        for group in groups:
            yield from self._action_steps(group)

    # --- What they share ------------------------------------------------------------------------------------

    def _step(self, *, hours: float, left: float, saved: str, **fields: object) -> Step:
        """A step whose hours are rounded to a quarter; with nothing left it is skipped."""
        whole = max(QUARTER, round(hours / QUARTER) * QUARTER)
        rest = 0.0 if left == 0 else max(QUARTER, round(whole * left / QUARTER) * QUARTER)
        return Step.model_validate(
            {**fields, "hours": whole if left else 0.0, "hours_left": rest, "saved": saved, "skipped": left == 0}
            | ({"hours": rest} if left else {})
        )

    def _reason(self, wanted: Iterable[tuple[str, str | None]]) -> tuple[str, tuple[Citation, ...]]:
        """The first sentence of the first of these facts that there is, with its citation."""
        for facet, entity in wanted:
            cell = self.facts.find(facet, (entity,) if entity else ())
            if cell is None:
                continue
            for at in cell.fact.sentences:
                sentence = cell.passage.sentences[at]
                if not sentence.text.endswith(":"):
                    return sentence.text, (Citation.of(cell.passage, sentence),)
        return "", ()

    def _said(self, wanted: Iterable[tuple[str, str]], holding: str = "") -> tuple[Citation, ...]:
        """The first sentence of these facts that holds a text; where none is to be held, all sentences of the first."""
        for facet, entity in wanted:
            for cell in self.facts.all(facet, (entity,)):
                sentences = [cell.passage.sentences[at] for at in cell.fact.sentences]
                found = [one for one in sentences if holding in one.text]
                if found:
                    return tuple(Citation.of(cell.passage, one) for one in (found[:1] if holding else found))
        return ()

    def _tools(self, names: Iterable[str]) -> tuple[dict[str, Level], tuple[str, ...]]:
        """Levels of resources among the names of held skills ("Faiss") and of what teaches these and nothing else
        ("Faiss tutorials"), and the names that nothing here has."""
        levels: dict[str, Level] = {}
        strange = []
        for name in names:
            words = len(split_tokens(name))
            found = [
                mention.entity.id.partition(":")[2]
                for mention in self.names.link(name)
                if mention.entity.kind == "resource" and mention.end - mention.start == words
            ]
            found += [one.id for one in self.resources.values() if found and _teaches(one, self.resources[found[0]])]
            levels |= dict.fromkeys(found, self.profile.skills[name])
            if not found:
                strange.append(name)
        return levels, tuple(strange)

    def _assumptions(self) -> Iterator[str]:
        hours = f"{self.profile.guide_week_hours:g}"
        yield (
            f"A week of the guide is taken to mean {hours} hours: the guide does not say. Change it if you think "
            "otherwise."
        )
        if self.guide.skills and self.guide.phases:
            yield (
                "The guide's skills and phases name much of the same work. Each skill takes its weeks; a phase's tasks "
                "take what the phase lasts beyond the critical and important skills studied in it, at least a quarter."
            )
        if self.guide.actions:
            yield "The guide gives its action plan no hours: this week's actions count 2 each, later ones 4 and 8."
        if self.levels or self.tools:
            yield "Of a skill you hold, 70 percent of the hours remain at basic, 35 at solid and none at strong level."

    def _notices(self) -> Iterator[str]:
        if self.strange:
            names = [skill.name for skill in self.guide.skills] + [skill.name for skill in self.guide.transferable]
            known = listed(names)
            yield (
                f"Not among this pathway's skills and resources, so it changes nothing: {listed(list(self.strange))}. "
                f"It knows {known}."
            )
        if self.profile.stay_employed and self.profile.weekly_hours > BESIDE_A_JOB:
            yield (
                f"{self.profile.weekly_hours:g} hours a week beside a full-time job are more than most people keep up "
                "for months; the plan holds only if you do."
            )


BESIDE_A_JOB = 20.0
"""Weekly hours beside a job from which the plan says so; a judgement."""


def _homes(skills: Sequence[Skill], phases: Sequence[Phase], resources: Mapping[str, Resource]) -> dict[str, int]:
    """For each skill the phase that it is practised in, by number; empty where there are no phases.

    A phase is the likelier the more resources it shares with the skill and the more words of its tasks; a word counts
    less the more phases have it. Where nothing is shared, skills are spread over the phases in their order.
    """
    words = {
        phase.number: _stems(phase.name, *(task.text for task in phase.tasks), *(one.text for one in phase.resources))
        for phase in phases
    }
    spread = Counter(word for found in words.values() for word in found)
    homes = {}
    for at, skill in enumerate(skills):
        if not phases:
            break
        own = _stems(skill.name, skill.how, *skill.aliases)
        scores = []
        for phase in phases:
            listed_here = {id_ for entry in phase.resources for id_ in entry.resources}
            shared = len(listed_here & set(skill.resources))
            taught = [one for one in resources.values() if skill.id in one.skills and phase.number in one.phases]
            common = sum(1 / spread[word] for word in own & words[phase.number])
            scores.append(shared + len(taught) / 4 + common / 4)
        best = max(scores)
        fallback = phases[at * len(phases) // max(len(skills), 1)].number
        homes[skill.id] = phases[scores.index(best)].number if best > 0 else fallback
    return homes


def _stems(*texts: str) -> frozenset[str]:
    return frozenset(stem(word) for text in texts for word in split_tokens(text) if len(word) > 3)


def _teaches(resource: Resource, tool: Resource) -> bool:
    """Whether a resource is the tool's own tutorials or documentation, by their names."""
    words = {stem(word) for word in split_tokens(resource.name)}
    names = [{stem(word) for word in split_tokens(name)} for name in (tool.name, *tool.aliases)]
    return any(name < words and words - name <= TEACHING_WORDS for name in names if name)


def _is_foundation(skill: Skill) -> bool:
    return bool(_stems(skill.name) & FOUNDATION_WORDS)


def _once_each(steps: Sequence[Step], ticked: Container[str]) -> tuple[Step, ...]:
    """The same course, book or examination is worked through once, however often a guide names it or it stands in for
    something that could not be confirmed: what comes later of it is short, and says where it is."""
    first: dict[str, Step] = {}
    made = []
    for step in steps:
        names = [one.name for one in step.resources if one.once]
        again = [first[name] for name in names if name in first]
        if again and len(again) == len(step.resources) and step.id not in ticked and not step.skipped:
            rest = max(QUARTER, round(step.hours_left * AGAIN / QUARTER) * QUARTER)
            if rest < step.hours_left:
                where = listed([f"“{title}”" for title in dict.fromkeys(one.title for one in again)])
                saved = f"Shortened: {listed(names)} {'is' if len(names) == 1 else 'are'} worked through in {where}."
                sums = f"{step.formula}; {step.hours:g} x {AGAIN:g} = {rest:g} hours" if step.formula else ""
                update = {"hours": rest, "hours_left": rest, "saved": saved, "again": True, "formula": sums}
                step = step.model_copy(update=update)  # noqa: PLW2901
        elif not step.skipped:
            first |= {name: step for name in names if name not in first}
        made.append(step)
    return tuple(made)


def _saved(name: str, level: Level | None, left: float) -> str:
    if level is None or left >= 1:
        return ""
    if left == 0:
        return f"Skipped: you hold {name} at {level} level."
    return f"Shortened to {left * 100:.0f} percent: you hold {name} at {level} level."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
