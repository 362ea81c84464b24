"""What a question asks for, about what, with which figures, and what it carries on from.

Comes in: the question as typed, the earlier answers, the names and words of a corpus. Goes out: one ``Query``
for each part of the question. It does not look at passages and decides nothing about the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from coach.answering.figures import days, quantities
from coach.answering.lexicon import lexicon
from coach.answering.linking import Names
from coach.answering.words import clean, frequency, split_tokens, stem, tokens
from coach.knowledge.entities import CARDINAL_WORDS
from coach.knowledge.sentences import sentence_spans
from coach.knowledge.writing import ask_for, facets
from coach.types import Answer, Entity, Figure, Quantity, Query, Status, Unit

REAL_WORD_ZIPF = 3.1
"""A word at least this frequent is taken as meant, however close it is to a word of the corpus."""

_ASKING = r"(?:how|what|which|where|when|why|who|is|are|was|were|do|does|did|can|could|should|would|will|am|tell|show|list|give|explain|name|compare|define|describe)"
_PART = re.compile(rf"(?:\s*[;,]?\s+(?:and also|and then|and|also|plus|but)\s+|\s*;\s*)(?={_ASKING}\b)", re.IGNORECASE)
_ASKING_SENTENCE = re.compile(rf"\?\s*$|^(?:so|and|but|or|ok|okay|well|hey|hi|hello|please|then|now|also|btw|honestly|[\w']+,)?[\s,]*{_ASKING}\b|\b(?:wonder(?:ing)?|curious|want to know|like to know|need to know|tell me|not sure|no idea|don't know|asking|question)\b", re.IGNORECASE)
_CLAUSE = re.compile(rf"(?:^|[,;:]\s+|\s-\s+|\b(?:so|but|and|then|wondering|wonder|know|curious|sure|tell me|me|idea|asking)\b[\s,]*)(?={_ASKING}\b)", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:it|its|that one|this one|the (?:first|second|third|fourth|fifth|sixth|last|other) one|(?:first|second|third|fourth|fifth|last) one|that|this|those|these|they|them|their|ones?|both|the (?:former|latter)|the (?:first|second|third|fourth|last))\b", re.IGNORECASE)
_BARE = re.compile(r"(?:and |so |ok |okay )?(?:which|what|who|why|such as|like what|how so|name|list|show|tell me|give me|what are|which are|and)?\s*(?:ones?|they|them|those|these|are they|are those|is it|is that|it|that)?(?: please)?[ ?!.]*", re.IGNORECASE)
_ELLIPSIS = re.compile(r"^(?:ok(?:ay)?[ ,.]*|so[ ,]+|hmm+[ ,.]*|great[ ,.]*|thanks[ ,.!]*|cool[ ,.]*)*(?:and|what about|how about|or|but|same for|why|then|also|what if)\b", re.IGNORECASE)
_EARN = re.compile(r"\b(?:i(?:'m| am|'ve| have)?(?: currently| now| already| only| just| today)*|my|currently|me|at present)\b[^.?!]{0,40}?\b(?:earn|earning|make|making|get|getting|paid|pay|salary|on|income|at|base|wage|comp|compensation|take home|pull(?:ing)? in|bring(?:ing)? (?:in|home))\b[^.?!]{0,30}$", re.IGNORECASE)
_START = re.compile(r"\b(?:i (?:earn|make|get|am on|am paid)|i'm (?:on|earning|making|paid|at)|earning|making|currently (?:on|at|earning|making)|(?:my|current) (?:\w+ ){0,2}(?:salary|pay|income|wage|compensation|base)(?: is| of| at|:)?|from(?: my)?)\s*(?:about|around|roughly|approximately|approx|some|a)?\s*$|\b(?:and|what about|how about|i'm|am)\s+(?:on|at|with)\s*$", re.IGNORECASE)
_KNOWN = re.compile(r"\b(?:i (?:already |do |also )?(?:know|have (?:done|learned|learnt|mastered|experience|finished|completed)|am (?:good|fluent|experienced|skilled|familiar)|'ve (?:done|learned|learnt|mastered|used|finished|completed)|finished|completed|mastered)|i'm (?:already )?(?:good|fluent|experienced|skilled|familiar)|already (?:know|knew|did|done|have)|since i know|because i know|i've (?:already )?(?:done|learned|learnt|mastered|used|finished|completed))\b", re.IGNORECASE)
_SKIP = re.compile(r"\b(?:skip(?:ping|ped)?|drop(?:ping|ped)?|leav(?:e|ing) out|without|minus|except|omit(?:ting)?|ignore|cut(?:ting)?)\b", re.IGNORECASE)
_OF_THE_PAGE = re.compile(r"\b(?:guide|page|says?|claims?|promises?|they|article|offers?|role|job)\b", re.IGNORECASE)
_ALL_OF_THEM = re.compile(r"\b(?:altogether|together|in total|in sum|combined|all of (?:them|those|these))\b", re.IGNORECASE)
_PICK = re.compile(r"\b(first|second|third|fourth|fifth|sixth|last|former|latter)\b(?!\s+(?:phase|stage|step|week|month|year|thing))", re.IGNORECASE)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "last": -1, "former": 0, "latter": -1}
_THAT_KIND = re.compile(r"\b(?:that|this|the same)\s+(?P<noun>course|book|tool|certificate|certification|cert|exam|resource|phase|stage|step|skill|topic)\b", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:guide|page|article|they|bls|survey|you)\b[^.?!]{0,30}\b(?:says?|said|claims?|promis\w+|states?|lists?|quotes?|told|tells?)\b", re.IGNORECASE)
_LEANING = re.compile(r"\b(?:instead|alternatives?|otherwise|as well|too|the same)\b", re.IGNORECASE)
_DETERMINED = r"\s+(?!(?:is|are|was|were|one|ones|mean|means|in|at|for|to|on|of|and|or|too|really|actually|first|second|still|also|not|by|with|as|so|then|now|about|each|all|both|again|exactly|usually|typically)\b|(?:do|does|did|will|would|can|could|should|have|has|take|takes|cost|costs|come|comes|last|lasts|pay|pays|work|works|help|helps|count|counts|need|needs|start|starts|end|ends|fit|fits|matter|matters|look|looks|make|makes|include|involve|require)\b)[a-z]+"
_NEIGHBOUR = re.compile(r"\b(?P<word>after|next|following|before|previous|preceding)\b", re.IGNORECASE)
_WITHIN = re.compile(r"(?:\b(?:in|within|under|less than|only|just|have|got|spare|by|inside|after|for|only have)\b[\w\s']{0,18})$", re.IGNORECASE)
_ELAPSED = re.compile(r"\b(?:after|been|spent|into it|so far|already (?:spent|studied))\b[\w\s']{0,12}$", re.IGNORECASE)


@dataclass(frozen=True)
class Vocabulary:
    """What understanding knows of a corpus: its names and every word that occurs in it, as typed and stemmed."""

    names: Names
    words: frozenset[str]
    """Lower-case words of all passages and question keys; a misspelling is read as the nearest of them."""
    entity: dict[str, Entity]
    roles: dict[str, str]
    """``origin`` and ``target``."""
    horizon_days: dict[str, int]
    """Days of each horizon of the action plan, by entity."""


def understand(question: str, history: Sequence[Answer], vocabulary: Vocabulary, *, max_chars: int) -> tuple[Query, ...]:
    """The parts of the question, each as a query of its own; at least one.

    A part that stands alone ignores ``history``; one that leans on it takes what it lacks from the last answer
    that stated something. Context sentences lend their figures and entities to every part.
    """
    notices: list[str] = []
    if len(question) > max_chars:
        notices.append(f"The question was cut to its first {max_chars:,} characters.")
        question = question[:max_chars]
    question = " ".join(word for word in clean(question).split() if len(word) <= 200)
    plain, corrected = spell(_numbered(_unchat(question)), vocabulary)
    sentences = [plain[start:end] for start, end in sentence_spans(plain)] or [plain]
    asking = [sentence for sentence in sentences if _ASKING_SENTENCE.search(sentence)] or sentences[-1:]
    context = " ".join(sentence for sentence in sentences if sentence not in asking)
    parts = [part.strip() for sentence in asking for part in _PART.split(sentence) if part and split_tokens(part)] or [plain]
    if len(parts) > 1 and max(len(split_tokens(part)) for part in parts) < 3:
        parts = [" ".join(parts)]
    queries: list[Query] = []
    for part in parts[:4]:
        before = queries[-1] if queries else None
        queries.append(_query(question, part, context, before, history, vocabulary, tuple(notices), corrected))
    return tuple(queries)


def _unchat(text: str) -> str:
    """Chat spelling spelt out; a shouted question in lower case."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) > 3 and sum(char.isupper() for char in letters) > 0.7 * len(letters):
        text = text.lower()
    chat = lexicon().chat
    text = re.sub(r"([!?.])\1+", r"\1", text)
    text = re.sub(r"(\w)\1{3,}", r"\1\1", text)
    words = []
    for word in text.split():
        bare = word.strip(".,!?;:()\"")
        plain = chat.get(bare.lower())
        if plain:
            plain = plain.capitalize() if bare[:1].isupper() and not bare.isupper() else plain
            word = word.replace(bare, plain, 1)
        words.append(word)
    return " ".join(words)


def _numbered(text: str) -> str:
    """Runs of numbered phases spelt out, so that each can be linked: "phases 1 and 2", "the first two stages"."""

    def run(match: re.Match[str]) -> str:
        noun = match.group("noun").lower().removesuffix("s")
        first, last = int(match.group("a")), int(match.group("b"))
        through = re.search(r"to|-|through", match.group("joint"))
        numbers = range(first, last + 1) if through and first < last <= first + 12 else (first, last)
        return " and ".join(f"{noun} {number}" for number in numbers)

    def opening(match: re.Match[str]) -> str:
        count = CARDINAL_WORDS.index(match.group("n").lower()) + 1
        return " and ".join(f"phase {number}" for number in range(1, count + 1))

    text = re.sub(r"\b(?P<noun>phases?|stages?|steps?)\s+(?P<a>\d{1,2})(?P<joint>\s*(?:and|to|through|-|,|&)\s*)(?:(?:phase|stage|step)\s+)?(?P<b>\d{1,2})\b", run, text, flags=re.IGNORECASE)
    return re.sub(r"\bfirst (?P<n>two|three|four)\s+(?:phases|stages|steps)\b", opening, text, flags=re.IGNORECASE)


def spell(text: str, vocabulary: Vocabulary) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Misspelt words read as the nearest word of the corpus, or of the asking frame.

    A word is misspelt when English hardly has it and the corpus does not; one edit is allowed in four or five
    letters, two in more. Ties go to the more frequent word.
    """
    corrected: list[tuple[str, str]] = []

    def mend(match: re.Match[str]) -> str:
        word = match.group()
        lower = word.lower()
        if len(lower) < 4 or lower in vocabulary.words or frequency(lower) >= REAL_WORD_ZIPF or lower in lexicon().places:
            return word
        if word[0].isupper() and match.start() > 0 and text[match.start() - 2 : match.start() - 1] not in ".?!" and not text.istitle():
            return word  # a name, in a sentence that is not all capitals
        allowed = 1 if len(lower) < 6 else 2
        best: tuple[int, float, str] | None = None
        for candidate in vocabulary.words:
            if abs(len(candidate) - len(lower)) > allowed or candidate[0] != lower[0]:
                continue
            distance = DamerauLevenshtein.distance(lower, candidate, score_cutoff=allowed)
            if distance <= allowed and len(candidate) >= 4:
                entry = (distance, -frequency(candidate), candidate)
                best = min(best, entry) if best else entry
        if best is None or stem(best[2]) == stem(lower):
            return word
        corrected.append((word, best[2]))
        return best[2]

    return re.sub(r"[A-Za-z]+", mend, text), tuple(corrected)


def _query(
    question: str, part: str, context: str, before: Query | None, history: Sequence[Answer], vocabulary: Vocabulary,
    notices: tuple[str, ...], corrected: tuple[tuple[str, str], ...],
) -> Query:
    if context and not before and _empty(part, vocabulary):
        part, context = f"{context} {part}", ""
    clause = _asking_clause(part)
    own = _entities(part, vocabulary)
    wants = tuple(want for want, patterns in lexicon().wants.items() if any(pattern.search(part.lower()) for pattern in patterns))
    figures = (*_figures(_unnamed(context, vocabulary), told=True), *_figures(_unnamed(part, vocabulary)))
    last = next((answer for answer in reversed(history) if answer.status == Status.ANSWERED), None)
    known = _known(f"{context} {part}".strip(), vocabulary)
    asked = [entity for entity in own if entity not in known]
    own = _with_horizon(own, figures, vocabulary)
    standalone, entities, hint, follow_up = part, own, None, False
    if before is not None and not own and _PRONOUN.search(part):
        entities = before.entities
        standalone = _named(part, entities, vocabulary)
        follow_up = True
    elif last is not None and before is None:
        standalone, entities, hint, follow_up = _carry_on(part, own, wants, last, history, vocabulary)
        if elliptic_number := re.fullmatch(r"\D*\b(\d{2,3})\b[^\w%]*", part):
            if not figures:
                bare = float(elliptic_number.group(1))
                figures = (Figure(quantity=Quantity(unit=Unit.COUNT, low=bare, high=bare, text=elliptic_number.group(1)), personal=False, role="asserted"),)
        figures = (*figures, *_remembered(part, wants, figures, history))
        if follow_up:
            figures = tuple(_as_before(figure, last.trace.query) for figure in figures)
    if context:
        told = [e for e in _entities(context, vocabulary) if e not in known]
        entities = tuple(dict.fromkeys([*entities, *(e for e in told if not asked or _is_place(e, vocabulary))]))
    return Query(
        question=question, standalone=standalone, clause=clause, context=context, wants=wants, entities=entities, weak=_weak(standalone, vocabulary), figures=(*figures, *_known_figures(known)),
        terms=tuple(tokens(standalone)), follow_up=follow_up, facet_hint=hint, notices=notices, corrected=corrected,
    )


def _empty(part: str, vocabulary: Vocabulary) -> bool:
    """Whether the asking sentence says nothing by itself, so that its subject stands in the sentences before it."""
    if _entities(part, vocabulary):
        return False
    content = [w for w in split_tokens(part) if stem(w) not in lexicon().frame and frequency(w) < 5.5 and not _PRONOUN.fullmatch(w)]
    pronoun = _PRONOUN.search(part)
    return not content or pronoun is not None and not _only_filler(part, pronoun) and len(content) < 2


def _is_place(entity: str, vocabulary: Vocabulary) -> bool:
    return vocabulary.entity[entity].kind == "metro"


def _asking_clause(part: str) -> str:
    """From the last interrogative word that opens a clause; the whole part when none does."""
    starts = [match.end() for match in _CLAUSE.finditer(part)]
    for start in starts:
        if len(split_tokens(part[start:])) >= 3:
            return part[start:]
    return part


def _entities(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    words = split_tokens(text)
    found = []
    for mention in vocabulary.names.link(text):
        lead = words[mention.start - 1] if mention.start else ""
        if mention.entity.kind == "priority" and lead in {"how", "most", "more", "very", "so", "less", "really", "least"}:
            continue
        found.append(mention.entity.id)
    return _joined(tuple(dict.fromkeys(found)), vocabulary)


def _joined(entities: tuple[str, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    """A maker and a kind named apart as the one resource they mean: Pinecone's ... certification."""
    kinds = [vocabulary.entity[e] for e in entities if e.startswith("resource_kind:")]
    if kinds or any(vocabulary.entity[e].kind == "resource" for e in entities):
        # "the course on that platform" is about the course.
        entities = tuple(e for e in entities if vocabulary.entity[e].kind != "platform")
    makers = [vocabulary.entity[e] for e in entities if e.startswith("resource:")]
    for kind in kinds:
        forms = {stem(word) for name in (kind.name, *kind.aliases) for word in split_tokens(name)}
        for maker in makers:
            own = {stem(word) for word in split_tokens(maker.name)}
            if forms & own:
                continue
            both = [e.id for e in vocabulary.entity.values() if e.kind == "resource" and e.id != maker.id
                    and own <= (words := {stem(word) for word in split_tokens(e.name)}) and forms & words]
            if len(both) == 1:
                entities = tuple(both[0] if e == maker.id else e for e in entities if e != kind.id)
    return entities


def _weak(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Entities that the text names by one word out of several only."""
    best: dict[str, float] = {}
    for mention in vocabulary.names.link(text):
        best[mention.entity.id] = max(best.get(mention.entity.id, 0.0), mention.strength)
    return tuple(entity for entity, strength in best.items() if strength < 0.7)


def _known(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Entities that the learner says they know already."""
    found: list[str] = []
    for match in _KNOWN.finditer(text):
        rest = re.split(r"[.?!;]|,?\s+(?:how|what|which|where|when|do i|can i|should i|will|is|are|so)\b", text[match.end() :], maxsplit=1)[0]
        found += [entity for entity in _entities(rest, vocabulary) if entity.partition(":")[0] in {"skill", "transferable", "resource", "priority", "phase"}]
    return tuple(dict.fromkeys(found))


def _known_figures(known: Sequence[str]) -> tuple[Figure, ...]:
    return tuple(
        Figure(quantity=Quantity(unit=Unit.COUNT, low=1, high=1, text=entity, noun="known"), personal=True, role="known") for entity in known
    )


def _with_horizon(own: tuple[str, ...], figures: Sequence[Figure], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The action plan's horizon that "the next three months" means: the one within a fifth of it."""
    for figure in figures:
        if figure.role != "horizon":
            continue
        wanted = days(figure.quantity)
        horizons = [e for e in vocabulary.entity.values() if e.kind == "horizon"]
        for entity in sorted(horizons, key=lambda e: abs(vocabulary.horizon_days[e.id] - wanted)):
            if abs(vocabulary.horizon_days[entity.id] - wanted) <= 0.2 * wanted:
                return tuple(dict.fromkeys([*own, entity.id]))
    return own


def _remembered(part: str, wants: Sequence[str], figures: Sequence[Figure], history: Sequence[Answer]) -> tuple[Figure, ...]:
    """The learner's own pay or hours from an earlier turn, where this turn asks what they mean for the learner."""
    if not re.search(r"\b(?:i|i'd|i'll|me|my)\b", part, re.IGNORECASE) or any(figure.personal for figure in figures):
        return ()
    needed = {"current_pay": "money", "weekly_hours": "duration"}
    for answer in reversed(history):
        found = tuple(f for f in answer.trace.query.figures if f.role in needed and needed[f.role] in wants)
        if found:
            return found[:1]
    return ()


def _as_before(figure: Figure, last: Query) -> Figure:
    """A bare figure in a follow-up means what the figure before it meant: "and on 110k?", "and with 10 hours?"."""
    roles = {old.role: old.quantity.unit for old in last.figures}
    bare = re.fullmatch(r"\d{2,3}", figure.quantity.text.strip())
    if bare and "current_pay" in roles and figure.quantity.unit == Unit.COUNT:
        thousands = figure.quantity.model_copy(update={"unit": Unit.MONEY, "low": figure.quantity.low * 1000, "high": figure.quantity.low * 1000, "noun": ""})
        return Figure(quantity=thousands, personal=True, role="current_pay")
    if figure.role == "asserted" and figure.quantity.unit == Unit.MONEY and "current_pay" in roles:
        return figure.model_copy(update={"role": "current_pay", "personal": True})
    if figure.quantity.unit == Unit.HOURS and "weekly_hours" in roles:
        quantity = figure.quantity.model_copy(update={"unit": Unit.HOURS_PER_WEEK})
        return figure.model_copy(update={"quantity": quantity, "role": "weekly_hours", "personal": True})
    if figure.quantity.unit in {Unit.WEEKS, Unit.MONTHS, Unit.YEARS} and "deadline" in roles:
        return figure.model_copy(update={"role": "deadline", "personal": True})
    return figure


def _unnamed(text: str, vocabulary: Vocabulary) -> str:
    """The text without names of resources: "Two years of ..." in a title is no length of time."""
    for mention in vocabulary.names.link(text):
        if mention.entity.kind == "resource":
            for name in (mention.entity.name, *mention.entity.aliases):
                text = re.sub(rf"\b{re.escape(name)}\b", "it", text, flags=re.IGNORECASE)
    return text


def _figures(text: str, *, told: bool = False) -> tuple[Figure, ...]:
    """Figures with their roles; ``told``: from a sentence that asks nothing, where bare money is the learner's."""
    figures = []
    position = 0
    for quantity in quantities(text):
        at = text.find(quantity.text, position)
        position = at + len(quantity.text) if at >= 0 else position
        before, after = text[: max(at, 0)], text[position:]
        role = _role(quantity.unit, quantity.noun, before, after)
        if told and role in {"deadline", "current_pay"} and _SAYS.search(before):
            role = "asserted"
        if told and role == "asserted" and quantity.unit == Unit.MONEY and not _OF_THE_PAGE.search(text):
            role = "current_pay"
        figures.append(Figure(quantity=quantity, personal=role not in {"asserted", "position", "horizon"}, role=role))
    return tuple(figures)


def _role(unit: Unit, noun: str, before: str, after: str) -> str:
    """What a figure is about, from the words beside it."""
    near = before[-60:].lower()
    if unit == Unit.MONEY and re.search(r"\b(?:guide|page|article|they|bls|survey)\b[^.?!]{0,30}\b(?:says?|said|claims?|promises?|states?|lists?|gives?|puts?|quotes?)\b", near):
        return "asserted"
    if unit == Unit.MONEY:
        personal = _START.search(near) or _EARN.search(near) or re.match(r"\s*(?:now|today|currently|at the moment|right now|at present|as an? )", after, re.IGNORECASE)
        asks_of_role = re.search(r"\b(?:will|would|could|can|does|do|should) (?:i|it|they|you|he|she|an?\b[\w\s]{0,30}) (?:\w+ )?(?:earn|make|get|pay|reach|expect)\s*(?:about|around|over|more than|at least)?\s*$", near)
        return "current_pay" if personal and not asks_of_role else "asserted"
    if unit == Unit.HOURS_PER_WEEK:
        return "asserted" if re.search(r"\b(?:does it|is it|guide says?|page says?|takes?|requires?|need|assumes?)\b[\w\s]{0,12}$", near) and not re.search(r"\bi\b|\bmy\b|\bi'", near) else "weekly_hours"
    if unit == Unit.ORDINAL and noun in {"week", "day", "month"}:
        return "elapsed"
    if unit in {Unit.DAYS, Unit.WEEKS, Unit.MONTHS, Unit.YEARS}:
        if unit == Unit.YEARS and re.match(r"\s+in\b", after) and re.search(r"\bwith\b", near):
            return "background"
        if re.search(r"\b(?:still|exist\w*|replac\w+|around|obsolete|future|survive|relevant|demand)\b", f"{before} {after}", re.IGNORECASE):
            return "future"
        if re.search(r"\bby the end of(?: the)?(?: first)?\s*$|\bafter the first\s*$", near):
            return "horizon"
        if re.search(r"\b(?:next|coming|upcoming)\s*$", near) or re.match(r"\s*from (?:today|now)\b", after):
            return "horizon"
        if re.search(r"\bfirst\s*$", near) or re.match(r"\s*ago\b", after) and re.search(r"\b(?:start|began|begin|kick)\w*\b", before, re.IGNORECASE):
            return "elapsed"
        if re.match(r"\s*(?:after|into)\b", after, re.IGNORECASE) or re.search(r"\b(?:already|reached|been at it for|in)\s*$", near) and re.search(r"\b(?:where|which phase|what phase|which stage|should i be)\b", f"{before} {after}", re.IGNORECASE):
            return "elapsed"
        if re.match(r"\s*(?:be )?(?:enough|suffic|too (?:short|little|long|few|much))", after, re.IGNORECASE) or re.search(r"\benough\b", after):
            return "deadline"
        if re.match(r"\s*(?:of experience|experience|ago|old|as an?\b|in the (?:industry|field)|working)", after, re.IGNORECASE):
            return "background"
        if _ELAPSED.search(near) or re.match(r"\s*(?:in\b|have passed|into)", after, re.IGNORECASE):
            return "elapsed"
        if _WITHIN.search(near) and not re.search(r"\bfor\s*$", near):
            return "deadline"
        return "asserted"
    if unit == Unit.ORDINAL:
        return "position"
    return "asserted"


# --- Carrying on a conversation -------------------------------------------------------------------------


def _carry_on(
    part: str, own: tuple[str, ...], wants: tuple[str, ...], last: Answer, history: Sequence[Answer], vocabulary: Vocabulary
) -> tuple[str, tuple[str, ...], str | None, bool]:
    """Standalone text, entities, facet carried over, and whether the part leans on the conversation."""
    facet = last.trace.facets[0] if last.trace.facets else None
    pronoun = _PRONOUN.search(part)
    elliptical = bool(_ELLIPSIS.search(part)) or len(split_tokens(part)) <= 3 and not (own and wants)
    content = [word for word in split_tokens(part) if stem(word) not in lexicon().frame and frequency(word) < 5.5 and not word[0].isdigit() and not _PRONOUN.fullmatch(word)]
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
            step = "phase.next" if _NEIGHBOUR.search(part).group("word").lower() in {"after", "next", "following"} else "phase.previous"  # type: ignore[union-attr]
            return _asked(step, (neighbour,), part, vocabulary), (neighbour,), step, True
        if beside and not re.search(r"\b(?:comes?|is|happens|follows)\b", part, re.IGNORECASE):
            return _asked(facet, (beside,), part, vocabulary), (beside,), facet, True
    if not own and not pronoun and _LEANING.search(part) and (about or topics):
        antecedents = _same_kind(about, topics, vocabulary, facet)
        return f"{part} {' '.join(vocabulary.entity[entity].name for entity in antecedents)}", antecedents, None, True
    kind = _THAT_KIND.search(part)
    if kind and not own:
        wanted = {"phase": "phase", "stage": "phase", "step": "phase", "skill": "skill", "topic": "skill"}.get(kind.group("noun").lower(), "resource")
        meant = next((entity for entity in (*topics, *about) if vocabulary.entity[entity].kind == wanted), None)
        if meant:
            return f"{part[: kind.start()]}{vocabulary.entity[meant].name}{part[kind.end() :]}", (meant,), None, True
    entry = _picked_entry(part, last, topics)
    if entry and not own:
        return entry, (), None, True
    if pronoun and not _only_filler(part, pronoun):
        lists = [[t for t in answer.trace.topics if t in vocabulary.entity] for answer in reversed(history)]
        which = next((picked for entries in lists if len(entries) > 1 and (picked := _picked(part, entries))), None) or _picked(part, topics)
        if which:
            return _named(part, (which,), vocabulary), tuple(dict.fromkeys([which, *own])), None, True
        own_main = [entity for entity in own if vocabulary.entity[entity].kind not in {"resource_kind", "priority", "level", "metro"}]
        if not own_main:
            plural = re.search(r"\b(?:they|them|those|these|their|both|ones)\b", part, re.IGNORECASE)
            antecedents = tuple((about or topics)[:4] if plural else (_same_kind(about, topics, vocabulary, facet) or about[:1] or topics[:1]))
            if antecedents:
                return _named(part, antecedents, vocabulary), tuple(dict.fromkeys([*antecedents, *own])), facet if elliptical and not wants else None, True
            if facet:
                return part, own, facet, True
    if elliptical and facet:
        if own:
            return _asked(facet, own, part, vocabulary), _merged(own, about, vocabulary), facet, True
        if not content or wants:
            text = f"{part} {' '.join(vocabulary.entity[entity].name for entity in about[:2])}".strip()
            return text, tuple(about), facet, True
        return part, own, facet, True
    if facet and not own and pronoun and len(split_tokens(part)) <= 7:
        return part, own, facet, False  # "which one takes longest?": the family counts, the facet does not
    return part, own, None, False


def _only_filler(part: str, pronoun: re.Match[str]) -> bool:
    """Whether the pronoun points at nothing: "is it realistic to ...", "what is that about pay"."""
    after, before = part[pronoun.end() :], part[: pronoun.start()]
    if pronoun.group().lower() in {"one", "ones"} and re.search(r"\b(?:\w{3,}est|most \w+|least \w+)\s*$", before, re.IGNORECASE):
        return True
    if pronoun.group().lower() == "it" and re.match(r"\s*(?:\w+\s+){0,2}(?:take|takes|to\b|that\b|realistic|possible|worth|true|hard|difficult|feasible)", after, re.IGNORECASE):
        return len(split_tokens(after)) > 4
    if pronoun.group().lower() in {"this", "that", "these", "those"} and re.match(_DETERMINED, after, re.IGNORECASE):
        return True
    if pronoun.group().lower() in {"this", "that", "these", "those"}:
        return bool(re.match(r"\s+(?:week|month|year|guide|page|role|job|path|move|switch|transition|pathway|career|field|niche|line|kind)\b", after, re.IGNORECASE)) or (
            bool(re.match(r"\s+(?:is|can|will)\b", after, re.IGNORECASE)) and len(split_tokens(after)) > 3
        )
    if pronoun.group().lower() in {"it", "this", "that"} and re.search(r"\b(?:do|doing|did|done|make|made|manage|pull|worth)\s*$", before, re.IGNORECASE):
        return True
    if re.match(r"\s+of (?:those|these|them)\b", after, re.IGNORECASE):
        return False
    if pronoun.group().lower() in {"one", "both"} or pronoun.group().lower().startswith("the "):
        return bool(re.match(r"\s+\w+", after)) and pronoun.group().lower() != "both"
    return False


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


def _beside(part: str, entities: Sequence[str], vocabulary: Vocabulary) -> str | None:
    """The phase after or before the one that was talked about."""
    match = _NEIGHBOUR.search(part)
    phase = next((entity for entity in entities if entity.startswith("phase:")), None)
    if not match or not phase:
        return None
    step = 1 if match.group("word").lower() in {"after", "next", "following"} else -1
    beside = f"phase:{int(phase.partition(':')[2]) + step}"
    return beside if beside in vocabulary.entity else None


def _soonest(facet: str, vocabulary: Vocabulary) -> list[str]:
    """The horizon that the first steps belong to, when these were just told."""
    return sorted(vocabulary.horizon_days, key=lambda entity: vocabulary.horizon_days[entity])[:1] if facet == "actions.first" else []


def _next_horizon(part: str, about: Sequence[str], vocabulary: Vocabulary) -> str | None:
    """The action plan's horizon after the one that was talked about: "and then?"."""
    horizons = sorted(vocabulary.horizon_days, key=lambda entity: vocabulary.horizon_days[entity])
    current = next((entity for entity in about if entity in horizons), None)
    if current is None or not re.search(r"\b(?:then|next|after)\b", part, re.IGNORECASE) or horizons.index(current) + 1 >= len(horizons):
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
            return next((topic for topic in beside if topic != about[0] and vocabulary.entity[topic].kind == kind), None)
    return None


def _picked_entry(part: str, last: Answer, topics: Sequence[str]) -> str | None:
    """The text of the list entry that "the second one" means, where the entries are no things with names."""
    entries = [claim.text for claim in last.claims if claim.item]
    match = _PICK.search(part)
    if not match or len(entries) < 2 or len(topics) >= len(entries):
        return None
    index = _ORDINALS[match.group(1).lower()]
    return entries[index] if -len(entries) <= index < len(entries) else None


def _same_kind(about: Sequence[str], topics: Sequence[str], vocabulary: Vocabulary, facet: str | None) -> tuple[str, ...]:
    """What "it" means: what the answer named where the question asked for it, else what the question named."""
    if facet in {"phase.next", "phase.previous", "resource.instead"} and topics:
        return tuple(topics[:1])
    main = [entity for entity in about if vocabulary.entity[entity].kind not in {"priority", "resource_kind", "level"}]
    if main:
        return tuple(main[:1])
    return tuple(topics[:1])


def _named(part: str, entities: Sequence[str], vocabulary: Vocabulary) -> str:
    """The part with its pronoun replaced by names."""
    names = " and ".join(vocabulary.entity[entity].name for entity in entities[:3])
    return _PRONOUN.sub(lambda _: names, part, count=1) if names else part


def _merged(own: tuple[str, ...], about: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Own entities, and those of the last question that are of another kind: "and in Denver?" keeps the level."""
    kinds = {vocabulary.entity[entity].kind for entity in own}
    kept = [entity for entity in about if vocabulary.entity[entity].kind in {"level", "metro", "occupation"} - kinds]
    return (*own, *kept)


def _asked(facet: str, own: Sequence[str], part: str, vocabulary: Vocabulary) -> str:
    """The last question again, about another thing; the part as it is where the facet does not fit."""
    entity = vocabulary.entity[own[0]]
    entry = facets()[facet]
    same_family = [name for name, other in facets().items() if other.family == entry.family and other.kind == entity.kind]
    chosen = facet if entry.kind == entity.kind else next(iter(same_family), None)
    if chosen is None:
        return part
    names = {**vocabulary.roles, "name": entity.name, "number": entity.id.partition(":")[2], "days": ""}
    return ask_for(chosen, names) or part
