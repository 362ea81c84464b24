"""Which skills of a guide a resume shows, and which demands of a posting, always with both sides.

Comes in: a resume and a posting as lines, the corpus of a pathway, an encoder. Goes out: a ``SkillReport``. The resume
is read in clauses, of which only those about the writer's own doing count (``clauses``, ``scope``); each is held
against each skill (``evidence_features``) and weighed (``evidence_weights.yaml``). Text of a resume is never obeyed:
what speaks to a program is left out, and everything else can show only what it says.

It knows no trade and no pathway, decides nothing about a plan, and keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from coach.answering.words import stems
from coach.documents.values import Document
from coach.errors import KnowledgeError
from coach.knowledge.corpus import Corpus
from coach.knowledge.pathway import Phase
from coach.knowledge.resource import Resource
from coach.planning import ownership
from coach.planning.clauses import Clause, Clauses, read_clauses
from coach.planning.demands import Demand, Kind, degree_rank, language_rank, read_demands
from coach.planning.evidence_features import FEATURES, Features, Subject, Unit, is_name, tools_named, units
from coach.planning.evidence_values import Part, Reason, SkillMatch, SkillReport, When
from coach.planning.kin import Matrix
from coach.planning.profile import Level
from coach.planning.scope import Scope, Section
from coach.retrieval.encoder import Encoder

IN_PHASES = frozenset({"phase.task", "phase.resource"})
"""Facets of what a phase has one do and use."""

WEIGHTS_FILE = Path(__file__).with_name("evidence_weights.yaml")

NAMED_FROM = 0.75
"""Weight from which a word in a line counts as naming the skill or something of it."""

RIVAL = 0.4
"""Share of the lead of the best subject that a stretch loses for the others; flat from 0.3 to 0.5."""

SURE = 4.0
"""Score of a demand that a line names."""

COVERED_FROM = 0.5
KIN_COVERS, LIKE_COVERS = 0.9, 0.95
TIE = 0.04
"""Of two skills for which the guide names the same tool, the one that its field and meaning are nearer to."""

NAMED_ONLY = 4
"""Rank of a language that a resume names without a level: it is given the benefit of the doubt."""

SHORT = 80
DIGITS = 4

_HEDGED = re.compile(
    r"\b(?:some|basic|basics|beginner|little|bit|simple|small|helped|assisted|exposure|elementary|introductory|"
    r"first steps|dabbled|occasional(?:ly)?|rudimentary|limited|few)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:\d+\+? (?:years?|yrs)|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty) years|"
    r"years of|expert|senior|lead|led|head of|architect(?:ed)?|designed|certified|certificate|advanced|fluent|taught|"
    r"mentored|responsible for|owned|built and ran|diploma|phd|doctorate|master)\b",
    re.IGNORECASE,
)
_ADVANCED = re.compile(r"\b(?:advanced|expert|senior|professional)\b", re.IGNORECASE)
_TOOL_KINDS = frozenset({"tool", "tool with documentation", "platform", "API", "model and paper"})


@dataclass(frozen=True)
class Weights:
    of: Mapping[str, float]
    bias: float
    threshold: float
    demand_threshold: float
    """For a demand of a posting, whose name is shorter than a skill's and has no description."""

    @property
    def vector(self) -> Matrix:
        return np.array([self.of[name] for name in FEATURES])


@cache
def weights() -> Weights:
    """The fitted weights. Raises KnowledgeError when the file is not as it should be."""
    try:
        raw = yaml.safe_load(WEIGHTS_FILE.read_text(encoding="utf-8"))
        return Weights(
            {name: float(raw["weights"][name]) for name in FEATURES},
            float(raw["bias"]),
            float(raw["threshold"]),
            float(raw["demand_threshold"]),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(
            f"{WEIGHTS_FILE}: expected a weight for each feature, a bias and thresholds ({error}). "
            "Restore it, or make it again with: python -m eval skills --fit"
        ) from error


@dataclass(frozen=True)
class Found:
    """The best that a resume has for one subject."""

    likely: float
    unit: Unit | None
    clause: Clause | None
    reason: Reason | None


def subjects_of(corpus: Corpus) -> tuple[Subject, ...]:
    """The skills of a pathway as things that a resume may show: transferable ones first, in the guide's order."""
    pathway = corpus.pathway
    checked = {resource.id: resource for resource in corpus.resources.resources} if corpus.resources else {}
    carried = [(skill.id, skill.name, skill.aliases, skill.text, ()) for skill in pathway.transferable]
    learnt = [(skill.id, skill.name, skill.aliases, skill.how, skill.resources) for skill in pathway.skills]
    return tuple(
        Subject(
            id_,
            name,
            aliases,
            about,
            tuple(dict.fromkeys((*tools_named(about), *_tools(resources, checked)))),
            advanced=bool(_ADVANCED.search(name)),
        )
        for id_, name, aliases, about, resources in (*carried, *learnt)
    )


def _tools(ids: Sequence[str], checked: Mapping[str, Resource]) -> Iterator[str]:
    """Names of the tools among checked resources; courses and books are named in the guide's text if at all."""
    for resource in (checked[id_] for id_ in ids if id_ in checked):
        if resource.kind in _TOOL_KINDS:
            yield from (resource.name, *resource.aliases)


@dataclass(frozen=True)
class Candidates:
    """Every stretch of a resume with its features for each subject, and which may count for which."""

    stretches: tuple[Unit, ...]
    rows: Matrix
    """Shape (stretches, subjects, features)."""
    allowed: NDArray[np.bool_]

    def scores(self, vector: Matrix, bias: float) -> Matrix:
        """Log odds of each stretch for each subject, minus infinity where it may not count.

        A stretch that shows another subject far better shows this one less: vectors kept in a store are no
        administration of it.
        """
        plain: Matrix = self.rows @ vector + bias
        best = plain.max(axis=1, keepdims=True, initial=-np.inf)
        scores: Matrix = np.where(self.allowed, plain - RIVAL * (best - plain), -np.inf)
        return scores


def candidates(clauses: Clauses, features: Features, *, by_name: bool = False) -> Candidates:
    """What a resume has to show for the subjects of ``features``; for ``by_name`` see ``search``."""
    stretches = units(clauses.own)
    rows = features.rows(stretches)
    allowed = np.repeat(_own(stretches, clauses, features.encoder)[:, None], rows.shape[1], axis=1)
    disowned = _disowned(clauses, features)
    hedged = np.array([bool(_HEDGED.search(unit.text)) for unit in stretches], dtype=bool)
    for column, subject in enumerate(features.subjects):
        if disowned[column]:
            # "I have never written any Python": only a line that names it speaks against that.
            allowed[:, column] &= _naming(rows[:, column]) >= NAMED_FROM
        if subject.advanced:
            allowed[:, column] &= ~hedged
        if not by_name:
            allowed[:, column] &= np.array([not features.outside(column, unit) for unit in stretches], dtype=bool)
    return Candidates(stretches, rows, allowed)


def _own(stretches: Sequence[Unit], clauses: Clauses, encoder: Encoder) -> NDArray[np.bool_]:
    """Which stretches tell of the writer's own doing as far as their wording shows; an enumeration only names.

    A clause is left out where neither it nor its whole sentence sounds like that.
    """
    whole: dict[int, str] = {}
    for clause in clauses.all:
        whole[clause.sentence] = f"{whole.get(clause.sentence, '')} {clause.text}".strip()
    told = [clause for unit in stretches for clause in unit.clauses if not clause.listed]
    texts = list(dict.fromkeys(text for clause in told for text in (clause.text, whole[clause.sentence])))
    sounds = dict(zip(texts, ownership.own(texts, encoder), strict=True))
    mine = {clause.text: sounds[clause.text] or sounds[whole[clause.sentence]] for clause in told}
    return np.array([all(mine.get(clause.text, True) for clause in unit.clauses) for unit in stretches], dtype=bool)


def search(clauses: Clauses, features: Features, *, by_name: bool = False) -> tuple[Found, ...]:
    """The best stretch of a resume for each subject of ``features``, in their order.

    ``by_name``: naming a subject is enough, and one that is called like a product has to be named, as nothing else
    shows that it was that one.
    """
    weighed = weights()
    there = candidates(clauses, features, by_name=by_name)
    scores = there.rows @ weighed.vector + weighed.bias if by_name else there.scores(weighed.vector, weighed.bias)
    found = []
    for column in range(len(features.subjects)):
        mine = np.where(there.allowed[:, column], scores[:, column], -np.inf)
        if by_name:
            named = features.own_name(column, there.stretches)
            mine = np.where(named & there.allowed[:, column], np.maximum(mine, SURE), mine)
            if features.product(column):
                mine = np.where(named, mine, -np.inf)
        best = int(np.argmax(mine)) if len(mine) else 0
        if not len(mine) or mine[best] == -np.inf:
            found.append(Found(0.0, None, None, None))
            continue
        unit = there.stretches[best]
        likely = float(1 / (1 + np.exp(-np.clip(mine[best], -30, 30))))
        clause = _clause(unit, there.stretches, scores[:, column], features, column)
        found.append(Found(likely, unit, clause, _reason(there.rows[best, column])))
    return tuple(found)


def _naming(rows: Matrix) -> Matrix:
    places = [FEATURES.index(name) for name in ("named", "term")]
    best: Matrix = rows[:, places].max(axis=1)
    return best


def _disowned(clauses: Clauses, features: Features) -> list[bool]:
    """Whether the resume names a subject as something that its writer has not done, or wishes to do."""
    denied = [clause for clause in clauses.all if clause.scope in {Scope.DENIED, Scope.WISHED}]
    rows = features.rows(tuple(Unit(clause.text, (clause,), listed=False) for clause in denied))
    named = rows[:, :, FEATURES.index("named")] >= NAMED_FROM
    return [bool(named[:, column].any()) for column in range(named.shape[1])]


def _clause(unit: Unit, stretches: Sequence[Unit], scores: Matrix, features: Features, column: int) -> Clause:
    """The clause of a stretch that shows the most, for the quote: one that names the subject before all others.

    Short clauses are no stretches of their own and have no score, but they may be the ones with the name.
    """
    if len(unit.clauses) == 1:
        return unit.clauses[0]
    by_clause = {
        other.clauses[0].text: float(score)
        for other, score in zip(stretches, scores, strict=True)
        if len(other.clauses) == 1 and other.clauses[0] in unit.clauses
    }
    alone = [Unit(clause.text, (clause,), listed=False, cased=unit.cased) for clause in unit.clauses]
    named = dict(zip(unit.clauses, features.own_name(column, alone), strict=True))
    return max(
        unit.clauses,
        key=lambda clause: (bool(named[clause]), by_clause.get(clause.text, -np.inf), len(clause.text)),
    )


def _reason(row: Matrix) -> Reason:
    values = dict(zip(FEATURES, row, strict=True))
    if values["named"] >= NAMED_FROM:
        return Reason.NAMED
    return Reason.TOOL if values["term"] >= NAMED_FROM else Reason.SIMILAR


# --- Both sides ---------------------------------------------------------------------------------------------


def match_skills(resume: Document, corpus: Corpus, encoder: Encoder, posting: Document | None = None) -> SkillReport:
    """Every skill of the pathway and every demand of the posting, with what the resume shows of it.

    Skills come in the guide's order, transferable ones first, then the demands in the posting's. A few seconds the
    first time, while the fields of skill are encoded.
    """
    subjects = subjects_of(corpus)
    guide = Features(subjects, encoder)
    clauses = read_clauses(resume.lines)
    carried = {skill.id for skill in corpus.pathway.transferable}
    matches = [
        _of_guide(subject, found, corpus, Part.TRANSFERABLE if number < len(carried) else Part.TO_LEARN)
        for number, (subject, found) in enumerate(zip(subjects, search(clauses, guide), strict=True))
    ]
    notices = list(clauses.notices)
    if posting is not None:
        demands = read_demands(posting.lines, guide.kin.fields_of)
        matches += _of_posting(demands, clauses, guide, corpus, encoder)
        if not demands:
            notices.append("No demand could be made out in the posting. It may help to paste its requirements alone.")
    return SkillReport(skills=tuple(matches), notices=tuple(notices))


def _of_guide(subject: Subject, found: Found, corpus: Corpus, part: Part) -> SkillMatch:
    section = "transferable" if part is Part.TRANSFERABLE else "skills"
    passage_id, sentence = _sentence(corpus, f"{corpus.pathway.slug}#{section}/{subject.id}", subject, found.clause)
    held = found.likely >= weights().threshold and found.clause is not None and sentence is not None
    return SkillMatch(
        id=subject.id,
        name=subject.name,
        section=part,
        held=held,
        likely=round(found.likely, DIGITS),
        passage_id=passage_id,
        pathway_quote=sentence,
        **_mine(found, held),
    )


def _mine(found: Found, held: bool) -> dict[str, Any]:
    """The resume's side of a match; nothing of it where the skill is not held."""
    if not held or found.clause is None:
        return {}
    return {
        "resume_quote": found.clause.quote,
        "resume_line": found.clause.line + 1,
        "level": level_of(found.clause.text),
        "reason": found.reason,
    }


def _sentence(corpus: Corpus, id_: str, subject: Subject, clause: Clause | None) -> tuple[str | None, str | None]:
    """The sentence of a skill's passage that says the most like a clause: of its own text, if any is there."""
    parts = [passage for passage in corpus.passages if passage.id == id_ or passage.id.startswith(f"{id_}~")]
    said = [(passage.id, sentence.text) for passage in parts for sentence in passage.sentences]
    own = [pair for pair in said if pair[1].rstrip(".") in subject.about] or said
    if not own:
        return None, None
    words = set(stems(clause.text)) if clause else set()
    best = max(range(len(own)), key=lambda at: (len(words & set(stems(own[at][1]))), -at))
    return own[best]


def _of_posting(
    demands: Sequence[Demand], clauses: Clauses, guide: Features, corpus: Corpus, encoder: Encoder
) -> list[SkillMatch]:
    asked = [
        Subject(f"demand/{number}/{choice}", name, advanced=bool(_ADVANCED.search(demand.name)))
        for number, demand in enumerate(demands)
        for choice, name in enumerate(demand.alternatives)
    ]
    features = Features(asked, encoder, guide.kin)
    found = dict(zip((subject.id for subject in asked), search(clauses, features, by_name=True), strict=True))
    covers = covering(demands, guide)
    matches = []
    for number, demand in enumerate(demands):
        best = max((found[f"demand/{number}/{choice}"] for choice in range(len(demand.alternatives))), key=_likely)
        if demand.kind is not Kind.SKILL:
            best = _spoken_or_studied(demand, clauses)
        held = best.likely >= weights().demand_threshold and best.clause is not None
        cover = covers[number]
        when, side = _when(corpus, cover), _cover_side(corpus, guide, cover, best)
        if cover is None and (named := _named_in_phases(corpus, demand)):
            when, side = named
        matches.append(
            SkillMatch(
                id=f"demand/{number + 1}",
                name=demand.name,
                section=Part.POSTING,
                held=held,
                likely=round(best.likely, DIGITS),
                posting_quote=demand.quote,
                posting_line=demand.line + 1,
                covered_by=cover,
                when=when,
                **side,
                **_mine(best, held),
            )
        )
    return matches


def _likely(found: Found) -> float:
    return found.likely


def _cover_side(corpus: Corpus, guide: Features, cover: str | None, best: Found) -> dict[str, Any]:
    subject = next((subject for subject in guide.subjects if subject.id == cover), None)
    if subject is None:
        return {}
    section = "transferable" if any(s.id == cover for s in corpus.pathway.transferable) else "skills"
    passage_id, sentence = _sentence(corpus, f"{corpus.pathway.slug}#{section}/{cover}", subject, best.clause)
    return {"passage_id": passage_id, "pathway_quote": sentence}


def _spoken_or_studied(demand: Demand, clauses: Clauses) -> Found:
    """Languages and degrees go by rank, not by likeness."""
    for clause in clauses.own:
        if demand.kind is Kind.LANGUAGE:
            rank = max((language_rank(clause.text, language) or 0 for language in demand.alternatives), default=0)
            if not rank or not (clause.listed or clause.section is Section.LANGUAGES or len(clause.text) < SHORT):
                continue
            met = rank >= (demand.rank or 1) or rank == NAMED_ONLY
        else:
            met = degree_rank(clause.text) >= demand.rank > 0
        if met:
            return Found(1.0, Unit(clause.text, (clause,), listed=True), clause, Reason.NAMED)
    return Found(0.0, None, None, None)


def _when(corpus: Corpus, cover: str | None) -> When | None:
    skill = next((skill for skill in corpus.pathway.skills if skill.id == cover), None)
    if skill is None:
        return None
    names = {stem for name in (skill.name, *skill.aliases) for stem in [" ".join(stems(name))]}
    phases = tuple(
        phase.number
        for phase in corpus.pathway.phases
        if any(f" {name} " in f" {' '.join(stems(_said_in(phase)))} " for name in names)
    )
    return When(phases=phases, weeks=skill.weeks)


def _named_in_phases(corpus: Corpus, demand: Demand) -> tuple[When, dict[str, Any]] | None:
    """The phases whose tasks or resources name a product that is asked for, and the first sentence that does."""
    names = [f" {' '.join(stems(one))} " for one in dict.fromkeys((demand.name, *demand.alternatives)) if is_name(one)]
    phases: dict[int, None] = {}
    side: dict[str, Any] = {}
    for passage in corpus.passages:
        for fact in passage.facts:
            if fact.facet not in IN_PHASES:
                continue
            for sentence in (passage.sentences[at] for at in fact.sentences):
                if any(name in f" {' '.join(stems(sentence.text))} " for name in names):
                    phases |= {int(one.partition(":")[2]): None for one in fact.entities if one.startswith("phase:")}
                    side = side or {"passage_id": passage.id, "pathway_quote": sentence.text}
    return (When(phases=tuple(sorted(phases)), weeks=None), side) if side else None


def _said_in(phase: Phase) -> str:
    return ". ".join((phase.name, *(task.text for task in phase.tasks)))


def covering(demands: Sequence[Demand], guide: Features) -> list[str | None]:
    """For each demand the skill of the guide that covers it: by its name, its tools, its fields, or its meaning."""
    wanted = [(number, demand) for number, demand in enumerate(demands) if demand.kind is Kind.SKILL]
    texts = [(number, text) for number, demand in wanted for text in dict.fromkeys((demand.name, *demand.alternatives))]
    ties = guide.ties([text for _, text in texts])
    rows = guide.rows(tuple(Unit(text, (), listed=False) for _, text in texts))
    weighed = weights()
    meant = 1 / (1 + np.exp(-np.clip(rows @ weighed.vector + weighed.bias, -30, 30)))
    found: list[str | None] = [None] * len(demands)
    for number, demand in wanted:
        mine = [at for at, (owner, _) in enumerate(texts) if owner == number]
        # "A vector store such as X or Y": what covers all of them covers it best.
        own, kin, like = (
            (part[mine].max(axis=0) + part[mine].mean(axis=0)) / 2 for part in (ties[:, :, 0], ties[:, :, 1], meant)
        )
        product = all(is_name(text) for text in demand.alternatives)
        # What a product is like does not matter: only what it is used for.
        sure = np.maximum(np.maximum(own, KIN_COVERS * kin), 0.0 if product else LIKE_COVERS * like)
        best = int(np.argmax(sure + TIE * (kin + like)))
        if sure[best] >= COVERED_FROM:
            found[number] = guide.subjects[best].id
    return found


def level_of(text: str) -> Level:
    """How well a skill seems to be held, guessed from the wording of its line.

    >>> level_of("Some exposure to Kafka"), level_of("Wrote consumers"), level_of("Led the Kafka team, 6 years")
    (<Level.BASIC: 'basic'>, <Level.SOLID: 'solid'>, <Level.STRONG: 'strong'>)
    """
    if _HEDGED.search(text):
        return Level.BASIC
    return Level.STRONG if _STRONG.search(text) else Level.SOLID
