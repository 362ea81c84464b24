"""The things that a question can be about.

Comes in: a pathway, its resources, the market figures. Goes out: entities with every name that people may
use for them. Aliases that two entities would share belong to neither of them alone; linking decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.knowledge.market import Market
from coach.knowledge.pathway import ActionGroup, PayClaim, Phase, Priority
from coach.knowledge.resource import Resource
from coach.types import Entity

ORDINAL_WORDS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
)
CARDINAL_WORDS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

LEVEL_NAMES = {
    "entry": (
        "entry",
        "entry level",
        "entry-level",
        "entrylevel",
        "junior",
        "juniors",
        "beginner",
        "beginners",
        "newcomer",
        "newcomers",
        "starter",
        "starters",
        "starting salary",
        "starting pay",
        "start salary",
        "graduate level",
        "newbie",
        "newbies",
        "rookie",
        "first salary",
    ),
    "mid": ("mid", "mid level", "mid-level", "midlevel", "intermediate", "mid career", "mid-career"),
    "senior": ("senior", "seniors", "senior level", "senior-level", "snr", "experienced", "veteran", "veterans"),
    "lead": ("lead", "lead level", "leads", "team lead"),
    "principal": ("principal", "principal level"),
    "staff": ("staff", "staff level"),
}
"""How people name a level of seniority."""

PRIORITY_NAMES = {
    Priority.CRITICAL: ("critical", "must have", "must haves", "must-have", "must-haves"),
    Priority.IMPORTANT: ("important",),
    Priority.NICE_TO_HAVE: ("nice to have", "nice-to-have", "nice to haves", "nice-to-haves", "optional"),
}

RESOURCE_KINDS = {
    "course": ("courses", "classes", "course", "class"),
    "certification": (
        "certificates",
        "certifications",
        "certificate",
        "certification",
        "cert",
        "certs",
        "credential",
        "credentials",
    ),
    "book": ("books", "book"),
    "tool": ("tools", "tool"),
    "docs": ("documentation", "docs", "tutorials"),
    "paper": ("papers", "paper", "research papers"),
    "article": ("articles", "blog posts", "blogs", "article", "blog post"),
    "video": ("videos", "video"),
    "group": ("communities", "groups", "community", "forum", "forums"),
    "platform": ("platforms", "platform", "websites"),
}
"""Plural name first, then what else people call it."""


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def level_name(level: str) -> str:
    """What a level is called in a sentence: "entry", "mid", "senior"."""
    return level.replace("-", " ")


def level_entity(claim: PayClaim) -> Entity:
    names = LEVEL_NAMES.get(claim.level, ())
    return Entity(id=f"level:{claim.level}", kind="level", name=level_name(claim.level), aliases=names)


def phase_entity(phase: Phase, *, last: bool = False) -> Entity:
    number = phase.number
    forms = [f"{noun} {form}" for noun in ("phase", "stage", "step", "part") for form in _forms(number)]
    if number <= len(ORDINAL_WORDS):
        forms += [f"{ORDINAL_WORDS[number - 1]} {noun}" for noun in ("phase", "stage", "step")]
        forms += [f"{number}{'st' if number == 1 else 'nd' if number == 2 else 'rd' if number == 3 else 'th'} phase"]
    if last:
        forms += [f"{word} {noun}" for word in ("last", "final") for noun in ("phase", "stage", "step", "leg", "part")]
    return Entity(id=f"phase:{number}", kind="phase", name=phase.name, aliases=(*forms, *phase.aliases))


def _forms(number: int) -> list[str]:
    forms = [str(number), f"#{number}"]
    if number <= len(CARDINAL_WORDS):
        forms.append(CARDINAL_WORDS[number - 1])
    return forms


def horizon_name(name: str) -> str:
    """How a horizon stands in a sentence: "this week", "the next 90 days"."""
    lower = name.lower()
    return f"the {lower}" if re.match(r"(?:next|first|coming|last)\b", lower) else lower


def horizon_entity(group: ActionGroup) -> Entity:
    forms = [
        f"{group.days} days",
        f"{group.days}-day",
        f"day {group.days}",
        f"{group.days} day plan",
        f"first {group.days} days",
    ]
    bare = re.sub(r"^(this|next|the|your)\s+", "", group.name.lower())
    forms += [f"{lead} {bare}" for lead in ("first", "next", "coming", "this")]
    return Entity(id=f"horizon:{group.id}", kind="horizon", name=group.name.lower(), aliases=tuple(forms))


def resource_entity(resource: Resource) -> Entity:
    # A platform is set apart: "the course on Coursera" is about the course.
    kind = "platform" if resource_kind(resource.kind) == ("platform",) else "resource"
    names = [resource.name_in_page.replace("'", "")] if resource.name_in_page else []
    return Entity(id=f"resource:{resource.id}", kind=kind, name=resource.name, aliases=(*names, *resource.aliases))


def resource_kind(kind: str) -> tuple[str, ...]:
    """The classes that a resource's kind belongs to: a "course and certificate" belongs to two."""
    words = set(re.findall(r"[a-z]+", kind.lower()))
    return tuple(name for name, forms in RESOURCE_KINDS.items() if words & {name, *forms})


def resource_kind_entities(resources: Sequence[Resource]) -> tuple[Entity, ...]:
    present = {name for resource in resources for name in resource_kind(resource.kind)}
    return tuple(
        Entity(id=f"resource_kind:{name}", kind="resource_kind", name=forms[0], aliases=forms[1:])
        for name, forms in RESOURCE_KINDS.items()
        if name in present
    )


def market_entities(market: Market, occupations: Sequence[str]) -> tuple[Entity, ...]:
    """Metros, and the occupations by code that belong to a pathway."""
    metros = [
        Entity(
            id=f"metro:{slug(area.short)}",
            kind="metro",
            name=area.short,
            aliases=(area.name, area.name.partition(",")[0], *area.aliases),
        )
        for area in market.areas
        if area.kind == "Metro"
    ]
    jobs = [
        Entity(id=f"occupation:{job.soc}", kind="occupation", name=job.name.lower(), aliases=job.aliases)
        for job in market.occupations
        if job.soc in occupations
    ]
    titles = [
        Entity(id=f"title:{slug(title)}", kind="title", name=title, aliases=_title_names(title))
        for title in dict.fromkeys(row.title for row in market.survey)
    ]
    return (*metros, *jobs, *titles)


def _title_names(title: str) -> tuple[str, ...]:
    """A survey's title group spelt out: "Software Engineer/Developer" is two titles."""
    head, _, last = title.partition("/")
    names = [head, f"{' '.join(head.split()[:-1])} {last}"] if last else [title]
    return tuple(f"{name}{ending}" for name in names for ending in ("", "s"))
