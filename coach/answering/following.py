"""How a question carries on a conversation.

Comes in: one part of a question and the earlier answers. Goes out: its standalone form, with what "it", "the second
one" or "and for seniors?" stand for. A part that stands alone comes back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.answering.lexicon import lexicon
from coach.answering.vocabulary import Vocabulary
from coach.answering.words import frequency, split_tokens, stem
from coach.knowledge.writing import ask_for, facets
from coach.types import Answer, Figure, Query, Unit

PRONOUN = re.compile(
    r"\b(?:it|its|(?:that|this) one(?! of)|the (?:first|second|third|fourth|fifth|sixth|last|other) one|(?:first|second|third|fourth|fifth|last) one|that|this|those|these|they|them|their|ones?|both|the (?:former|latter)|the (?:first|second|third|fourth|last))\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:and |so |ok |okay )?(?:which|what|who|why|such as|like what|how so|name|list|show|tell me|give me|what are|which are|and)?\s*(?:ones?|they|them|those|these|are they|are those|is it|is that|it|that)?(?: please)?[ ?!.]*",
    re.IGNORECASE,
)
ELLIPSIS = re.compile(
    r"^(?:ok(?:ay)?[ ,.]*|so[ ,]+|hmm+[ ,.]*|great[ ,.]*|thanks[ ,.!]*|cool[ ,.]*)*(?:and|what about|how about|or|but|same for|why|then|also|what if)\b",
    re.IGNORECASE,
)
_ALL_OF_THEM = re.compile(
    r"\b(?:altogether|together|in total|in sum|combined|all of (?:them|those|these))\b", re.IGNORECASE
)
_PICK = re.compile(
    r"\b(first|second|third|fourth|fifth|sixth|last|former|latter)\b(?!\s+(?:phase|stage|step|week|month|year|thing))",
    re.IGNORECASE,
)
_ORDINALS = {
    "first": 0,
    "second": 1,
    "third": 2,
    "fourth": 3,
    "fifth": 4,
    "sixth": 5,
    "last": -1,
    "former": 0,
    "latter": -1,
}
_THAT_KIND = re.compile(
    r"\b(?:that|this|the same)\s+(?P<noun>course|book|tool|certificate|certification|cert|exam|resource|phase|stage|step|skill|topic)\b",
    re.IGNORECASE,
)
_LEANING = re.compile(r"\b(?:instead|alternatives?|otherwise|as well|too|the same)\b", re.IGNORECASE)
_DETERMINED = r"\s+(?!(?:is|are|was|were|one|ones|mean|means|in|at|for|to|on|of|and|or|too|really|actually|first|second|still|also|not|by|with|as|so|then|now|about|each|all|both|again|exactly|usually|typically)\b|(?:do|does|did|will|would|can|could|should|have|has|take|takes|cost|costs|come|comes|last|lasts|pay|pays|work|works|help|helps|count|counts|need|needs|start|starts|end|ends|fit|fits|matter|matters|look|looks|make|makes|include|involve|require)\b)[a-z]+"
_NEIGHBOUR = re.compile(r"\b(?P<word>after|next|following|before|previous|preceding)\b", re.IGNORECASE)

_POINTING = frozenset({"it", "its", "that", "this", "that one", "this one"})
_POINTING_AT_MANY = frozenset({"they", "them", "their", "those", "these", "both"})

TERMS = "term."
"""How the facets of the glossary begin."""
_OF_A_TERM = frozenset({"define", "how", "list", "why"})
"""What may be wanted of a term; pay or time are asked about the path."""

CONTENT_ZIPF = 5.5
"""Words as frequent as this say nothing about the subject."""


def carry_on(
    part: str,
    own: tuple[str, ...],
    wants: tuple[str, ...],
    last: Answer,
    history: Sequence[Answer],
    vocabulary: Vocabulary,
) -> tuple[str, tuple[str, ...], str | None, bool]:
    """Standalone text, entities, facet carried over, and whether the part leans on the conversation."""
    facet = last.trace.facets[0] if last.trace.facets else None
    pronoun = PRONOUN.search(part)
    elliptical = bool(ELLIPSIS.search(part)) or len(split_tokens(part)) <= 3 and not (own and wants)
    content = [word for word in content_words(part) if not word[0].isdigit()]
    terms = vocabulary.terms.link(part)
    if not own and (facet or "").startswith(TERMS):
        explained = next((mention.entity.name for mention in vocabulary.terms.link(last.trace.query.standalone)), "")
        about_it = with_noun(part, explained)
        if about_it == part and not content and not pronoun and not set(wants) - _OF_A_TERM:
            about_it = f"{part} {explained}"  # "give me an example"
        if explained and not terms and about_it != part:
            return about_it, (), None, True
    elif not own and elliptical and terms and not pronoun:
        return part, (), None, False  # "and sharding?": a term is a subject of its own
    topics = [topic for topic in last.trace.topics if topic in vocabulary.entity]
    about = [entity for entity in last.trace.query.entities if entity in vocabulary.entity]
    if facet and not own and not content and _BARE.fullmatch(part.strip()):
        return ask_for(facet, {**vocabulary.roles, **_names_of(about, vocabulary)}) or part, tuple(about), facet, True
    if not own and len(topics) > 1 and _ALL_OF_THEM.search(part):
        return f"{part} {' and '.join(vocabulary.entity[topic].name for topic in topics)}", tuple(topics), None, True
    sibling = _sibling(part, about, history, vocabulary)
    if sibling and facet:
        return _asked(facet, (sibling,), part, vocabulary), (sibling,), facet, True
    if facet and elliptical and not own:
        beside = _beside(part, (*about, *topics), vocabulary)
        later = _next_horizon(part, about or _soonest(facet, vocabulary), vocabulary)
        if later:
            return _asked("actions.group", (later,), part, vocabulary), (later,), "actions.group", True
        if beside and facets()[facet].kind != "phase":
            neighbour = next(entity for entity in (*about, *topics) if entity.startswith("phase:"))
            step = "phase.next" if _forward(part) else "phase.previous"
            return _asked(step, (neighbour,), part, vocabulary), (neighbour,), step, True
        if beside and not re.search(r"\b(?:comes?|is|happens|follows)\b", part, re.IGNORECASE):
            return _asked(facet, (beside,), part, vocabulary), (beside,), facet, True
    if not own and not pronoun and _LEANING.search(part) and (about or topics):
        antecedents = _same_kind(about, topics, vocabulary, facet)
        return f"{part} {' '.join(vocabulary.entity[entity].name for entity in antecedents)}", antecedents, None, True
    kind = _THAT_KIND.search(part)
    if kind and not own:
        wanted = {"phase": "phase", "stage": "phase", "step": "phase", "skill": "skill", "topic": "skill"}.get(
            kind.group("noun").lower(), "resource"
        )
        meant = next((entity for entity in (*topics, *about) if vocabulary.entity[entity].kind == wanted), None)
        if meant:
            return f"{part[: kind.start()]}{vocabulary.entity[meant].name}{part[kind.end() :]}", (meant,), None, True
    entry = _picked_entry(part, last, topics)
    if entry and not own:
        return entry, (), None, True
    if pronoun and not points_at_nothing(part, pronoun):
        lists = [[t for t in answer.trace.topics if t in vocabulary.entity] for answer in reversed(history)]
        which = next(
            (picked for entries in lists if len(entries) > 1 and (picked := _picked(part, entries))), None
        ) or _picked(part, topics)
        if which:
            return named(part, (which,), vocabulary), tuple(dict.fromkeys([which, *own])), None, True
        own_main = [
            entity
            for entity in own
            if vocabulary.entity[entity].kind not in {"resource_kind", "priority", "level", "metro"}
        ]
        if not own_main:
            plural = re.search(r"\b(?:they|them|those|these|their|both|ones)\b", part, re.IGNORECASE)
            antecedents = tuple(
                (about or topics)[:4]
                if plural
                else (_same_kind(about, topics, vocabulary, facet) or about[:1] or topics[:1])
            )
            if antecedents:
                return (
                    named(part, antecedents, vocabulary),
                    tuple(dict.fromkeys([*antecedents, *own])),
                    facet if elliptical and not wants else None,
                    True,
                )
            if facet:
                return part, own, facet, True
    if elliptical and facet:
        if own:
            fitting = (_fitting(one, own[0], vocabulary) for one in last.trace.facets)
            told = next(filter(None, fitting), None) or _giving(last.trace.query.wants, own[0], vocabulary) or facet
            return _asked(told, own, part, vocabulary), _merged(own, about, vocabulary), told, True
        strange = [word for word in content if word not in vocabulary.words]
        if len(strange) * 2 > len(content):
            return part, own, None, False  # it leaves the topic
        if not content or wants:
            text = f"{part} {' '.join(vocabulary.entity[entity].name for entity in about[:2])}".strip()
            return text, tuple(about), facet, True
        return part, own, facet, True
    if facet and not own and pronoun and len(split_tokens(part)) <= 7:
        return part, own, facet, False  # "which one takes longest?": the family counts, the facet does not
    return part, own, None, False


def content_words(part: str) -> list[str]:
    """The words that say what a question is about: no frame, no very common word, no pronoun."""
    return [
        word
        for word in split_tokens(part)
        if stem(word) not in lexicon().frame and frequency(word) < CONTENT_ZIPF and not PRONOUN.fullmatch(word)
    ]


def points_at_nothing(part: str, pronoun: re.Match[str]) -> bool:
    """Whether the pronoun points at nothing: "is it realistic to ...", "what is that about pay"."""
    after, before = part[pronoun.end() :], part[: pronoun.start()]
    if pronoun.group().lower() in {"one", "ones"} and re.search(
        r"\b(?:\w{3,}est|most \w+|least \w+)\s*$", before, re.IGNORECASE
    ):
        return True
    if pronoun.group().lower() == "it" and re.match(
        r"\s*(?:\w+\s+){0,2}(?:take|takes|to\b|that\b|realistic|possible|worth|true|hard|difficult|feasible)",
        after,
        re.IGNORECASE,
    ):
        return len(split_tokens(after)) > 4
    if pronoun.group().lower() in {"this", "that", "these", "those"} and re.match(_DETERMINED, after, re.IGNORECASE):
        return True
    if pronoun.group().lower() in {"this", "that", "these", "those"}:
        return bool(
            re.match(
                r"\s+(?:week|month|year|guide|page|role|job|path|move|switch|transition|pathway|career|field|niche|line|kind)\b",
                after,
                re.IGNORECASE,
            )
        ) or (bool(re.match(r"\s+(?:is|can|will)\b", after, re.IGNORECASE)) and len(split_tokens(after)) > 3)
    if pronoun.group().lower() in {"it", "this", "that"} and re.search(
        r"\b(?:do|doing|did|done|make|made|manage|pull|worth)\s*$", before, re.IGNORECASE
    ):
        return True
    if re.match(r"\s+of (?:those|these|them)\b", after, re.IGNORECASE):
        return False
    if pronoun.group().lower() in {"one", "both"} or (
        pronoun.group().lower().startswith("the ") and not pronoun.group().lower().endswith(" one")
    ):
        return bool(re.match(r"\s+\w+", after)) and pronoun.group().lower() != "both"
    return False


def with_noun(asking: str, noun: str) -> str:
    """The clause with the noun phrase in its pronoun's place, where the pronoun can point at that.

    >>> with_noun("how long do they take", "certificates")
    'how long do certificates take'
    >>> with_noun("what do they pay", "Berlin")
    'what do they pay'
    """
    pronoun = PRONOUN.search(asking)
    if not noun or pronoun is None or points_at_nothing(asking, pronoun):
        return asking
    many = noun.lower().endswith("s") or " and " in noun.lower()
    pointing = pronoun.group().lower()
    if pointing not in _POINTING and not (many and pointing in _POINTING_AT_MANY):
        return asking
    named = f"{noun}'s" if pointing in {"its", "their"} else noun
    return f"{asking[: pronoun.start()]}{named}{asking[pronoun.end() :]}"


def _picked(part: str, topics: Sequence[str]) -> str | None:
    """The entity that "the second one" or "the last" means."""
    match = _PICK.search(part)
    if not match or not topics:
        return None
    index = _ORDINALS[match.group(1).lower()]
    return topics[index] if -len(topics) <= index < len(topics) else None


def _names_of(entities: Sequence[str], vocabulary: Vocabulary) -> dict[str, str]:
    if not entities:
        return {}
    return {"name": vocabulary.entity[entities[0]].name, "number": entities[0].partition(":")[2]}


def _forward(part: str) -> bool:
    """Whether "the one after that" or "the one before" is asked for."""
    match = _NEIGHBOUR.search(part)
    return match is not None and match.group("word").lower() in {"after", "next", "following"}


def _beside(part: str, entities: Sequence[str], vocabulary: Vocabulary) -> str | None:
    """The phase after or before the one that was talked about."""
    match = _NEIGHBOUR.search(part)
    phase = next((entity for entity in entities if entity.startswith("phase:")), None)
    if not match or not phase:
        return None
    step = 1 if _forward(part) else -1
    beside = f"phase:{int(phase.partition(':')[2]) + step}"
    return beside if beside in vocabulary.entity else None


def _soonest(facet: str, vocabulary: Vocabulary) -> list[str]:
    """The horizon that the first steps belong to, when these were just told."""
    return (
        sorted(vocabulary.horizon_days, key=lambda entity: vocabulary.horizon_days[entity])[:1]
        if facet == "actions.first"
        else []
    )


def _next_horizon(part: str, about: Sequence[str], vocabulary: Vocabulary) -> str | None:
    """The action plan's horizon after the one that was talked about: "and then?"."""
    horizons = sorted(vocabulary.horizon_days, key=lambda entity: vocabulary.horizon_days[entity])
    current = next((entity for entity in about if entity in horizons), None)
    if (
        current is None
        or not re.search(r"\b(?:then|next|after)\b", part, re.IGNORECASE)
        or horizons.index(current) + 1 >= len(horizons)
    ):
        return None
    return horizons[horizons.index(current) + 1]


def _sibling(part: str, about: Sequence[str], history: Sequence[Answer], vocabulary: Vocabulary) -> str | None:
    """What "the other one" means: the entry that an earlier answer named beside the thing last talked about."""
    if not about or not re.search(r"\bother\b(?:\s+\w+){0,2}\s+one\b|\bthe other\b", part, re.IGNORECASE):
        return None
    for answer in reversed(history):
        beside = [topic for topic in answer.trace.topics if topic in vocabulary.entity]
        if about[0] in beside:
            kind = vocabulary.entity[about[0]].kind
            return next(
                (topic for topic in beside if topic != about[0] and vocabulary.entity[topic].kind == kind), None
            )
    return None


def _picked_entry(part: str, last: Answer, topics: Sequence[str]) -> str | None:
    """The text of the list entry that "the second one" means, where the entries are no things with names."""
    entries = [claim.text for claim in last.claims if claim.item]
    match = _PICK.search(part)
    if not match or len(entries) < 2 or len(topics) >= len(entries):
        return None
    index = _ORDINALS[match.group(1).lower()]
    return entries[index] if -len(entries) <= index < len(entries) else None


def _same_kind(
    about: Sequence[str], topics: Sequence[str], vocabulary: Vocabulary, facet: str | None
) -> tuple[str, ...]:
    """What "it" means: what the answer named where the question asked for it, else what the question named."""
    if facet in {"phase.next", "phase.previous", "resource.instead"} and topics:
        return tuple(topics[:1])
    main = [entity for entity in about if vocabulary.entity[entity].kind not in {"priority", "resource_kind", "level"}]
    if main:
        return tuple(main[:1])
    return tuple(topics[:1])


def named(part: str, entities: Sequence[str], vocabulary: Vocabulary) -> str:
    """The part with its pronoun replaced by names."""
    names = " and ".join(vocabulary.entity[entity].name for entity in entities[:3])
    return PRONOUN.sub(lambda _: names, part, count=1) if names else part


def _merged(own: tuple[str, ...], about: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Own entities, and those of the last question that are of another kind: "and in Denver?" keeps the level."""
    kinds = {vocabulary.entity[entity].kind for entity in own}
    kept = [entity for entity in about if vocabulary.entity[entity].kind in {"level", "metro", "occupation"} - kinds]
    return (*own, *kept)


def _asked(facet: str, own: Sequence[str], part: str, vocabulary: Vocabulary) -> str:
    """The last question again, about another thing; the part as it is where the facet does not fit."""
    entity = vocabulary.entity[own[0]]
    chosen = _fitting(facet, own[0], vocabulary)
    if chosen is None:
        return part
    names = {**vocabulary.roles, "name": entity.name, "number": entity.id.partition(":")[2], "days": ""}
    return ask_for(chosen, names) or part


def _fitting(facet: str, entity: str, vocabulary: Vocabulary) -> str | None:
    """The facet itself where it is about things of the entity's kind, else one of its family that is."""
    entry, kind = facets()[facet], vocabulary.entity[entity].kind
    if entry.kind == kind:
        return facet
    return next((name for name, other in facets().items() if other.family == entry.family and other.kind == kind), None)


def _giving(wants: Sequence[str], entity: str, vocabulary: Vocabulary) -> str | None:
    """A facet about things of the entity's kind that gives the kind of answer that was asked for."""
    kind = vocabulary.entity[entity].kind
    return next((name for name, one in facets().items() if one.kind == kind and set(one.wants) & set(wants)), None)


def remembered(
    part: str, wants: Sequence[str], figures: Sequence[Figure], history: Sequence[Answer]
) -> tuple[Figure, ...]:
    """The learner's own pay or hours from an earlier turn, where this turn asks what they mean for the learner."""
    if not re.search(r"\b(?:i|i'd|i'll|me|my)\b", part, re.IGNORECASE) or any(figure.personal for figure in figures):
        return ()
    needed = {"current_pay": "money", "weekly_hours": "duration"}
    for answer in reversed(history):
        found = tuple(f for f in answer.trace.query.figures if f.role in needed and needed[f.role] in wants)
        if found:
            return found[:1]
    return ()


def as_before(figure: Figure, last: Query) -> Figure:
    """A bare figure in a follow-up means what the figure before it meant: "and on 110k?", "and with 10 hours?"."""
    roles = {old.role: old.quantity.unit for old in last.figures}
    bare = re.fullmatch(r"\d{2,3}", figure.quantity.text.strip())
    if bare and "current_pay" in roles and figure.quantity.unit == Unit.COUNT:
        thousands = figure.quantity.model_copy(
            update={
                "unit": Unit.MONEY,
                "low": figure.quantity.low * 1000,
                "high": figure.quantity.low * 1000,
                "noun": "",
            }
        )
        return Figure(quantity=thousands, personal=True, role="current_pay")
    if figure.role == "asserted" and figure.quantity.unit == Unit.MONEY and "current_pay" in roles:
        return figure.model_copy(update={"role": "current_pay", "personal": True})
    if figure.quantity.unit == Unit.HOURS and "weekly_hours" in roles:
        quantity = figure.quantity.model_copy(update={"unit": Unit.HOURS_PER_WEEK})
        return figure.model_copy(update={"quantity": quantity, "role": "weekly_hours", "personal": True})
    if figure.quantity.unit in {Unit.WEEKS, Unit.MONTHS, Unit.YEARS} and "deadline" in roles:
        return figure.model_copy(update={"role": "deadline", "personal": True})
    return figure
