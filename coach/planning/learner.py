"""A learner as a question meets them, and what a question tells of them.

Comes in: a profile with what was done and the day; a question as understood. Goes out: changes of the profile to
propose. Nothing is changed here: a proposal is kept only when the learner says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import CURRENCY_SIGNS
from coach.planning.pay import metro_of
from coach.planning.plan import Progress
from coach.planning.profile import MOST_WEEKLY_HOURS, Level, Profile, resolve_skills
from coach.types import Entity, Figure, Frozen, Quantity, Query, Unit

HIGHEST_PAY = 1e9

_TOLD = frozenset({Unit.MONEY, Unit.HOURS, Unit.HOURS_PER_WEEK})
"""Figures of a question that come before those of the profile."""

_OWN = re.compile(r"\b(?:i|i'd|i'll|i'm|me|my|mine)\b", re.IGNORECASE)


class Learner(Frozen):
    """Who asks, and on which day."""

    profile: Profile
    progress: Progress = Progress()
    today: date


class Change(Frozen):
    """One field of a profile with another value."""

    field: str
    """Name of the field, or ``skills`` with the skill's name in ``key``."""
    value: float | str
    key: str = ""
    said: str
    """The change in words, for a person: "6 hours a week"."""


def proposed(query: Query, profile: Profile, corpus: Corpus) -> tuple[Change, ...]:
    """What the question tells of the learner and the profile does not hold yet, in the order of the question.

    Pay is taken with its place: a place alone is only asked about.
    """
    return tuple(_changes(query, profile, corpus))


def kept(profile: Profile, changes: tuple[Change, ...]) -> Profile:
    """The profile with the changes in it."""
    fields = profile.model_dump()
    for change in changes:
        if change.key:
            fields["skills"] = {**fields["skills"], change.key: change.value}
        else:
            fields[change.field] = change.value
    return Profile.model_validate(fields)


def hours_today(query: Query) -> float | None:
    """The time that a question says there is: "I have half an hour". None where it says none."""
    told = [figure.quantity.low for figure in query.figures if figure.quantity.unit is Unit.HOURS]
    return told[0] if told and told[0] > 0 else None


def with_profile(query: Query, profile: Profile, corpus: Corpus) -> Query:
    """The query with the learner's pay and place, or hours, where it asks what something means for them and tells none.

    "What would the raise make of my pay?" is worked out with the pay of the profile, as it would be with one that was
    told a question before.
    """
    if not _OWN.search(query.question) or any(
        figure.personal or figure.quantity.unit in _TOLD for figure in query.figures
    ):
        return query
    told: list[Figure] = []
    entities = query.entities
    if profile.pay and "money" in query.wants or profile.pay and "percentage" in query.wants:
        sign = CURRENCY_SIGNS.get(profile.currency, f"{profile.currency} ")
        told.append(_figure("current_pay", Unit.MONEY, profile.pay, f"{sign}{profile.pay:,.0f}"))
        place = metro_of(profile.region, corpus) if profile.region else None
        if place and not any(corpus.entity[entity].kind == "metro" for entity in entities if entity in corpus.entity):
            entities = (*entities, place)
    elif "duration" in query.wants:
        hours = profile.weekly_hours
        told.append(_figure("weekly_hours", Unit.HOURS_PER_WEEK, hours, f"{hours:g} hours a week"))
    return query.model_copy(update={"figures": (*query.figures, *told), "entities": entities}) if told else query


def _figure(role: str, unit: Unit, value: float, text: str) -> Figure:
    return Figure(quantity=Quantity(unit=unit, low=value, high=value, text=text), personal=True, role=role)


def _changes(query: Query, profile: Profile, corpus: Corpus) -> Iterator[Change]:
    for figure in query.figures:
        if figure.personal:
            yield from _change(figure, query, profile, corpus)


def _change(figure: Figure, query: Query, profile: Profile, corpus: Corpus) -> Iterator[Change]:
    told = figure.quantity
    if figure.role == "weekly_hours" and 0 < told.low <= MOST_WEEKLY_HOURS and told.low != profile.weekly_hours:
        yield Change(field="weekly_hours", value=told.low, said=f"{told.low:g} hours a week")
    if figure.role == "current_pay" and 0 < told.low < HIGHEST_PAY:
        if told.low != profile.pay:
            yield Change(field="pay", value=told.low, said=f"pay of {told.low:,.0f} a year")
        place = _place(query, corpus.entity)
        if place is not None and place.name != profile.region:
            yield Change(field="region", value=place.name, said=f"region {place.name}")
    if figure.role == "known":
        thing = corpus.entity.get(told.text)
        held, _ = resolve_skills(profile, corpus.pathway)
        if thing and thing.name not in profile.skills and thing.id.partition(":")[2] not in held:
            yield Change(field="skills", key=thing.name, value=Level.SOLID.value, said=f"{thing.name}, at solid level")


def _place(query: Query, entities: Mapping[str, Entity]) -> Entity | None:
    return next((entities[id_] for id_ in query.entities if id_ in entities and entities[id_].kind == "metro"), None)
