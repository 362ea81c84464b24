"""A learner as a question meets them, and what a question tells of them.

Comes in: a profile with what was done and the day; a question as understood. Goes out: changes of the profile to
propose. Nothing is changed here: a proposal is kept only when the learner says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from pydantic import ValidationError

from coach.answering.computing_pay import OwnPay, currency_named, own_pay, period_name
from coach.answering.coverage import places
from coach.answering.figures import days
from coach.answering.linking import Names
from coach.answering.stating import stated
from coach.answering.words import clean, token_spans
from coach.errors import ProfileError
from coach.knowledge.corpus import Corpus
from coach.knowledge.sentences import sentence_spans
from coach.knowledge.wording import CURRENCY_SIGNS
from coach.planning.availability import told
from coach.planning.avowal import levels_told, only_level
from coach.planning.pay import metro_of
from coach.planning.plan import Progress
from coach.planning.profile import MOST_WEEKLY_HOURS, Break, Level, Profile, resolve_skills
from coach.types import Entity, Figure, Frozen, Quantity, Query, Unit

HIGHEST_PAY = 1e9

_TOLD = frozenset({Unit.MONEY, Unit.HOURS, Unit.HOURS_PER_WEEK})
"""Figures of a question that come before those of the profile."""

LEAST_UNTIL = 14.0
"""Days from which a time that the learner has is one for the guide, and not for today's step."""

HALF_AN_HOUR, HALF_A_DAY, DAY = 0.5, 4.0, 8.0

_NAMED_TIME = re.compile(
    r"\b(?:(?P<half_day>half a day|half[- ]day)|(?P<day>(?:the|a) (?:whole|full) day|all day)|half(?: an |[- ])hour)\b",
    re.IGNORECASE,
)
_MINUTES = re.compile(r"\b(\d{1,3})[ -]?min(?:ute)?s?\b", re.IGNORECASE)

_OWN = re.compile(r"\b(?:i|i'd|i'll|i'm|me|my|mine)\b", re.IGNORECASE)


class Learner(Frozen):
    """Who asks, and on which day."""

    profile: Profile
    progress: Progress = Progress()
    today: date


class Change(Frozen):
    """One field of a profile with another value."""

    field: str
    """Name of the field, or ``skills`` with the skill's name in ``key``; ``weeks_off`` gets one more."""
    value: bool | float | date | Break | str
    key: str = ""
    said: str
    """The change in words, for a person: "6 hours a week"; with the words it was understood from, where days were
    chosen: 'done by Wed 30 Jun 2027 (from "June 2027")'."""


def proposed(query: Query, profile: Profile, corpus: Corpus, *, today: date) -> tuple[Change, ...]:
    """What the question tells of the learner and the profile does not hold yet: figures and skills, then their time.

    Pay is taken with its place: a place alone is only asked about. ``today`` is the day of the question.
    """
    return (*_changes(query, profile, corpus), *_of_time(query, profile, today))


def kept(profile: Profile, changes: tuple[Change, ...]) -> Profile:
    """The profile with the changes in it. Raises ProfileError where they do not go together."""
    fields = profile.model_dump()
    for change in changes:
        if change.key:
            fields["skills"] = {**fields["skills"], change.key: change.value}
        elif change.field == "weeks_off":
            fields["weeks_off"] = (*fields["weeks_off"], change.value)
        else:
            fields[change.field] = change.value
    try:
        return Profile.model_validate(fields)
    except ValidationError as error:
        problems = "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in error.errors())
        raise ProfileError(f"profile: {problems}. Change it on the plan page.") from error


def told_of(profile: Profile) -> str:
    """The profile in one line, for whoever words an answer to this learner; only what they said of themselves.

    >>> told_of(Profile(weekly_hours=6, pay=120_000, region="Denver", skills={"FAISS": Level.SOLID}))
    'studies 6 hours a week; earns 120,000 USD a year in Denver; knows FAISS (solid)'
    """
    words = [f"studies {profile.weekly_hours:g} hours a week"]
    if profile.pay is not None:
        where = f" in {profile.region}" if profile.region else ""
        words.append(f"earns {profile.pay:,.0f} {profile.currency} a year{where}")
    if profile.skills:
        words.append("knows " + ", ".join(f"{name} ({level.value})" for name, level in profile.skills.items()))
    return "; ".join(words)


def hours_today(query: Query) -> float | None:
    """The time that a question says there is: "I have half an hour". None where it says none."""
    told = [figure.quantity.low for figure in query.figures if figure.quantity.unit is Unit.HOURS]
    if told and told[0] > 0:
        return told[0]
    if named := _NAMED_TIME.search(query.question):
        return HALF_A_DAY if named["half_day"] else DAY if named["day"] else HALF_AN_HOUR
    minutes = _MINUTES.search(query.question)
    return int(minutes[1]) / 60 if minutes and int(minutes[1]) else None


def with_profile(query: Query, profile: Profile, corpus: Corpus) -> Query:
    """The query with the learner's pay and place, or hours, where it asks what something means for them and tells none.

    "What would the raise make of my pay?" is worked out with the pay of the profile, as it would be with one that was
    told a question before.
    """
    until = any(figure.role == "deadline" and days(figure.quantity) >= LEAST_UNTIL for figure in query.figures)
    others = [figure for figure in query.figures if not (until and figure.role == "deadline")]
    if not _OWN.search(query.question) or any(
        figure.personal or figure.quantity.unit in _TOLD for figure in others
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
    elif "weekly_hours" in profile.model_fields_set if until else "duration" in query.wants:
        hours = profile.weekly_hours
        told.append(_figure("weekly_hours", Unit.HOURS_PER_WEEK, hours, f"{hours:g} hours a week"))
    return query.model_copy(update={"figures": (*query.figures, *told), "entities": entities}) if told else query


def _figure(role: str, unit: Unit, value: float, text: str) -> Figure:
    return Figure(quantity=Quantity(unit=unit, low=value, high=value, text=text), personal=True, role=role)


def _changes(query: Query, profile: Profile, corpus: Corpus) -> Iterator[Change]:
    known = _known(query, corpus) if any(figure.role == "known" for figure in query.figures) else {}
    for figure in query.figures:
        if not figure.personal:
            continue
        if figure.role == "known":
            level = known.get(figure.quantity.text, Level.SOLID)
            yield from _skill(figure.quantity.text, level, profile, corpus) if level else ()
        elif stated(query.question, figure.quantity.text):
            yield from _change(figure, query, profile, corpus)


def _known(query: Query, corpus: Corpus) -> dict[str, Level | None]:
    """How well the question says that things are known, by entity; None for what it only supposes."""
    names = Names(corpus.entities, (*corpus.pathway.origin.split(), *corpus.pathway.target.split()))
    text = clean(query.question)
    found: dict[str, Level | None] = {}
    for first, last in sentence_spans(text):
        sentence = text[first:last]
        tokens = token_spans(sentence)
        named: dict[tuple[int, int], list[str]] = {}
        for mention in names.link(sentence):
            span = (tokens[mention.start][0], tokens[mention.end - 1][1])
            named.setdefault(span, []).append(mention.entity.id)
        things = [span for span in named if not only_level(sentence, *span)]
        found |= {id_: None for span, ids in named.items() if span not in things for id_ in ids if id_ not in found}
        for span, level in zip(things, levels_told(sentence, things), strict=True):
            meant = level if stated(sentence, sentence[slice(*span)]) else None
            for id_ in named[span]:
                if found.get(id_) is None or level is not Level.SOLID:  # what is said beats a bare name
                    found[id_] = meant
    return found


def _of_time(query: Query, profile: Profile, today: date) -> Iterator[Change]:
    """When the learner is there, where that is new. That they keep their job is also new where nobody said so yet."""
    for one in told(query.question, today, month_first=profile.currency == "USD"):
        if isinstance(one.value, Break):
            known = any(off.start <= one.value.start and one.value.end <= off.end for off in profile.weeks_off)
        elif one.field == "stay_employed":
            known = profile.stay_employed == one.value and one.field in profile.model_fields_set
        else:
            known = getattr(profile, one.field) == one.value
        if not known:
            yield Change(field=one.field, value=one.value, said=one.said)


def _change(figure: Figure, query: Query, profile: Profile, corpus: Corpus) -> Iterator[Change]:
    told = figure.quantity
    if figure.role == "weekly_hours" and 0 < told.low <= MOST_WEEKLY_HOURS and told.low != profile.weekly_hours:
        yield Change(field="weekly_hours", value=told.low, said=f"{told.low:g} hours a week")
    own = own_pay(query, told, corpus.pathway) if figure.role == "current_pay" else None
    if own and 0 < own.yearly < HIGHEST_PAY:
        if own.yearly != profile.pay:
            yield Change(field="pay", value=own.yearly, said=f"pay of {own.yearly:,.0f} a year{_made_of(own)}")
        currency = currency_named(told.text) or (corpus.pathway.currency if profile.pay is None else profile.currency)
        if currency != profile.currency:
            yield Change(field="currency", value=currency, said=f"currency {currency}")
        place = _place(query, corpus.entity)
        if place is not None and place != profile.region:
            yield Change(field="region", value=place, said=f"region {place}")


def _skill(id_: str, level: Level, profile: Profile, corpus: Corpus) -> Iterator[Change]:
    thing = corpus.entity.get(id_)
    held, _ = resolve_skills(profile, corpus.pathway)
    if thing and thing.name not in profile.skills and thing.id.partition(":")[2] not in held:
        said = f"{thing.name}, at {level.value} level"
        yield Change(field="skills", key=thing.name, value=level.value, said=said)


def _made_of(own: OwnPay) -> str:
    """The pay as it was told, where it was told by another period than the year: " (from 60 an hour)"."""
    if own.period is None:
        return ""
    told = f"{own.told:,.2f}".removesuffix(".00")  # cents of an hour's pay are many dollars of a year's
    return f" (from {told} {period_name(own.period)})"


def _place(query: Query, entities: Mapping[str, Entity]) -> str | None:
    """The metro that the question names; else any place that somebody is in, whether or not figures are held for it."""
    for id_ in query.entities:
        if id_ in entities and entities[id_].kind == "metro":
            return entities[id_].name
    for name in places(query.question):
        found = re.search(rf"\b(?:in|near|around|from)\s+({re.escape(name)})\b", query.question, re.IGNORECASE)
        if found:
            return found[1] if found[1] != found[1].lower() else found[1].title()
    return None
