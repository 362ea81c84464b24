"""Why a fact was chosen, and why another was not.

Comes in: a query with its evidence, the composer that answered it, and what it composed. Goes out: the facts that
fitted best with what counted for each, and whether and why each is part of the answer. The scores are the selector's
own, taken apart; the reasons follow the composer's published limits. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coach.answering.answerable import SECTION, SIGNS, answerable, likelihood
from coach.answering.composing import (
    CLEAR_SHARE,
    LONGEST_RUNNER_UP,
    MOST_RUNNERS_UP,
    RUNNER_UP,
    Composed,
    Composer,
)
from coach.answering.selecting import FEATURES, WORD_FOR_WORD, Choice, Evidence, fitted_weights
from coach.answering.statements import Ref
from coach.knowledge.wording import listed
from coach.lab.places import place
from coach.lab.walk import ChooseStep, ChosenFact, Counted, KeepStep, StepName, Weighed
from coach.types import Passage, Query, Status

SHOWN = 5
"""Facts that are taken apart."""

WEIGHED_SHOWN = 8
"""Facts of which is told why they were kept or dropped."""

SMALLEST = 1e-5
"""Differences below this come from rounding."""

LABELS = {
    "key": "closeness of its question key",
    "sentence": "closeness of its sentence",
    "overlap": "words shared with its question key",
    "fused": "place of its passage in the fused ranking",
    "dense": "closeness of its passage",
    "lexical": "words shared with its passage",
    "words": "specific words that its passage holds",
    "own_words": "specific words that the fact itself holds",
    "intent": "how likely its kind is asked for, as a logarithm",
    "intent_share": "how likely its kind is asked for",
    "detail": "a detail rather than a whole",
    "detail_sentence": "a detail with a close sentence",
    "length": "how many sentences it has",
    "same_facet": "the kind that the conversation was about",
    "same_family": "the topic that the conversation was about",
    "earlier_sentence": "closeness to the question before",
    "named": "about what the question names",
    "named_more": "about more of what the question names",
    "named_weakly": "about what one word may name",
    "mentioned": "mentions what the question names",
    "mentioned_instead": "offers something in place of what is named",
    "not_asked": "about a thing that nobody named",
    "another": "about another thing than the one named",
    "ignored": "about no thing, while one was named",
    "stands_alone": "a detail about something that was not named",
    "place_left": "leaves the named place out",
    "narrower_left": "wider than what was asked",
    "wanted": "gives the kind of answer that was asked for",
    "unwanted": "gives another kind of answer",
    "extreme": "the end of the range that was asked for",
    "opposite_extreme": "the other end of the range",
    "typed": "holds a figure of the kind that was asked for",
}
"""Of ``FEATURES``, in plain words."""

SIGN_LABELS = {
    "constant": "before anything is known",
    "absent": "likely asks for what guides lack",
    "off_topic": "likely not about careers",
    "best": "how likely the best fact is meant",
    "similarity": "closeness of the best fact",
    "sentence": "closeness of the closest sentence",
    "rare": "a rare word that nothing explains",
    "named": "names a thing that the knowledge holds",
}


@dataclass(frozen=True)
class Judged:
    """The choice among facts for one part of a question, taken apart."""

    choose: ChooseStep
    keep: KeepStep


def judged(
    query: Query, evidence: Evidence, composer: Composer, composed: Composed, seconds: float | None
) -> Judged:
    """``composed`` is what the composer made of the same query and evidence; ``seconds`` those of all it did."""
    choices = composer.selector.choose(query, evidence)
    counted = _counted(query, evidence, composer, choices[:SHOWN])
    shares = likelihood(choices)
    places = {entry.passage.id: entry for entry in evidence.found.ranking}
    top = [
        ChosenFact(
            place=place(choice.cell.passage),
            facet=choice.cell.fact.facet,
            sentences=tuple(choice.cell.passage.sentences[at].text for at in choice.cell.fact.sentences),
            matched_question=evidence.found.fact_questions.get(choice.cell.key),
            score=choice.score,
            share=shares[at],
            passage_rank=places[choice.cell.passage.id].rank if choice.cell.passage.id in places else None,
            counted=counted[at],
        )
        for at, choice in enumerate(choices[:SHOWN])
    ]
    together = (StepName.CHOOSE, StepName.KEEP, StepName.COMPOSE)
    limit = evidence.method.passages
    choose = ChooseStep(
        name=StepName.CHOOSE,
        seconds=seconds,
        timed_with=together,
        note=f"Only facts of the best {limit} passages of the fused ranking may be said in this run." if limit else "",
        looked_at=len(choices),
        of=len(composer.facts.cells),
        top=tuple(top),
        ahead=_ahead(counted[0], counted[1]) if len(counted) > 1 else (),
    )
    return Judged(choose, _keep(query, evidence, composer, composed, choices, shares, seconds, together))


def _counted(
    query: Query, evidence: Evidence, composer: Composer, choices: Sequence[Choice]
) -> list[tuple[Counted, ...]]:
    """Weight times value of each feature, for each choice; what is left is the bonus for a question key repeated."""
    rows, values = composer.selector.features(query, evidence)
    row = {composer.facts.cells[cell].key: at for at, cell in enumerate(rows)}
    found = []
    for choice in choices:
        own = values[row[choice.cell.key]].tolist()
        weights = composer.selector.weights.tolist()
        counted = [
            Counted(name=name, label=LABELS.get(name, name), value=value, weight=weight, adds=weight * value)
            for name, value, weight in zip(FEATURES, own, weights, strict=True)
            if weight * value
        ]
        rest = choice.score - sum(one.adds for one in counted)
        if abs(rest) > SMALLEST:
            label = "repeats one of its question keys word for word"
            counted.append(
                Counted(name="word_for_word", label=label, value=rest / WORD_FOR_WORD, weight=WORD_FOR_WORD, adds=rest)
            )
        found.append(tuple(sorted(counted, key=lambda one: -abs(one.adds))))
    return found


def _ahead(first: Sequence[Counted], second: Sequence[Counted]) -> tuple[Counted, ...]:
    other = {one.name: one for one in second}
    mine = {one.name: one for one in first}
    found = []
    for name in dict.fromkeys([*mine, *other]):
        either = mine.get(name) or other[name]
        value = (mine[name].value if name in mine else 0.0) - (other[name].value if name in other else 0.0)
        if abs(value * either.weight) > SMALLEST:
            found.append(either.model_copy(update={"value": value, "adds": value * either.weight}))
    return tuple(sorted(found, key=lambda one: -abs(one.adds)))


# --- Kept and dropped ---------------------------------------------------------------------------------------


def _keep(
    query: Query,
    evidence: Evidence,
    composer: Composer,
    composed: Composed,
    choices: Sequence[Choice],
    shares: Sequence[float],
    seconds: float | None,
    together: tuple[StepName, ...],
) -> KeepStep:
    settled, values = composer.signs(query, evidence)
    method = evidence.method
    weights = fitted_weights()[SECTION]
    counted = [
        Counted(name=name, label=SIGN_LABELS.get(name, name), value=value, weight=weight, adds=weight * value)
        for name, value in zip(SIGNS, values, strict=True)
        for weight in (weights[name],)
    ]
    chance = answerable(values)
    answered = composed.status == Status.ANSWERED
    return KeepStep(
        name=StepName.KEEP,
        seconds=seconds,
        timed_with=together,
        note="" if method.abstain else "Refusing is switched off in this run: whatever fits best is said.",
        answered=answered,
        decision=_decision(composed, settled, chance, method.answer_from, method.abstain),
        likelihood=None if settled else chance,
        threshold=method.answer_from,
        signs=() if settled else tuple(sorted(counted, key=lambda one: -abs(one.adds))),
        weighed=_weighed(query, composer, composed, choices, shares),
    )


def _decision(composed: Composed, settled: bool, chance: float, threshold: float, abstain: bool) -> str:
    likely = f"the likelihood that the knowledge answers this is {chance:.0%}"
    if composed.status == Status.OFF_TOPIC:
        return "Refused: the question is not about this move."
    if composed.status != Status.ANSWERED:
        lacking = f"the knowledge holds nothing on {listed(list(composed.missing))}" if composed.missing else ""
        if not settled and chance < threshold:
            return f"Refused: {likely}, below {threshold:.0%}{'; ' + lacking if lacking else ''}."
        return f"Refused: {lacking or 'nothing in the knowledge answers it'}."
    if composed.route == "computed":
        return "Answered: the figures in the question and in the knowledge settle it by computation."
    if composed.route == "definition":
        return "Answered: a sentence spells out the short form that was asked for."
    if composed.route == "premise":
        return "Answered: the knowledge says otherwise than the question takes for granted, so this comes first."
    if settled:
        return (
            "Answered: what the question takes for granted stands in the knowledge."
            if abstain
            else "Answered, although something the question asks for is not held."
        )
    if chance < threshold:
        return f"Answered, although {likely}, below {threshold:.0%}."
    return f"Answered: {likely}, and {threshold:.0%} is enough."


def _weighed(
    query: Query, composer: Composer, composed: Composed, choices: Sequence[Choice], shares: Sequence[float]
) -> tuple[Weighed, ...]:
    """The likeliest facts with what became of each, then passages that came in beside them."""
    said = {ref for statement in composed.statements for ref in statement.refs}
    kept = [_is_kept(query, composed, choices, shares, at, said) for at in range(min(WEIGHED_SHOWN, len(choices)))]
    found: list[Weighed] = []
    for at, why in enumerate(kept):
        choice = choices[at]
        found.append(
            Weighed(
                place=place(choice.cell.passage),
                facet=choice.cell.fact.facet,
                text=" ".join(choice.cell.passage.sentences[n].text for n in choice.cell.fact.sentences),
                share=shares[at],
                kept=bool(why),
                why=why or _dropped(composed, choices, shares, at, said, sum(map(bool, kept))),
            )
        )
    held = {ref for at, why in enumerate(kept) if why for ref in choices[at].cell.refs()}
    beside: dict[str, list[str]] = {}
    for id_, at in (ref for statement in composed.statements for ref in statement.refs):
        text = composer.corpus.by_id[id_].sentences[at].text
        if (id_, at) not in held and text not in beside.get(id_, ()):
            beside.setdefault(id_, []).append(text)
    caveats = {id_ for at, why in enumerate(kept) if why for id_ in choices[at].cell.fact.also}
    found += [_came_in(composer.corpus.by_id[id_], texts, composed, caveats) for id_, texts in beside.items()]
    return tuple(found)


def _is_kept(
    query: Query,
    composed: Composed,
    choices: Sequence[Choice],
    shares: Sequence[float],
    at: int,
    said: set[Ref],
) -> str:
    """Why a fact is part of the answer; empty where it is not, or not for its own sake."""
    choice, best = choices[at], choices[0]
    refs = set(choice.cell.refs())
    if composed.status != Status.ANSWERED or not refs & said:
        return ""
    earlier = {ref for before in choices[:at] for ref in before.cell.refs()}
    if composed.route in {"computed", "definition"}:
        return "The answer rests on a sentence of it." if (refs & said) - earlier else ""
    if at == 0:
        return "It fits best."
    twin = (
        choice.cell.fact.facet == best.cell.fact.facet
        and choice.cell.fact.entities
        and set(choice.cell.fact.entities) <= set(query.entities)
    )
    if twin:
        return "It says the same of another thing that the question names."
    if not (refs & said) <= earlier and shares[0] < CLEAR_SHARE and shares[at] >= RUNNER_UP * shares[0]:
        return (
            f"No fact is clearly meant: the best one has a share of {shares[0]:.0%}, and this one at least "
            f"{RUNNER_UP:.0%} of that."
        )
    return ""


def _dropped(
    composed: Composed, choices: Sequence[Choice], shares: Sequence[float], at: int, said: set[Ref], kept: int
) -> str:
    choice, best = choices[at], choices[0]
    refs = set(choice.cell.refs())
    if composed.status != Status.ANSWERED:
        return "The question was refused, so nothing is said of it."
    told = {statement.text for statement in composed.statements}
    if refs <= said or {choice.cell.passage.sentences[at].text for _, at in refs} <= told:
        return "What it says is said already, or comes in beside another fact."
    if composed.route == "computed":
        return "The answer was computed from other figures."
    if composed.route == "definition":
        return "One sentence that spells the short form out is the whole answer."
    if at == 0:
        return "The question took something for granted, and what settles that is said instead."
    share = f"its share is {shares[at]:.1%}"
    if shares[0] >= CLEAR_SHARE:
        return (
            f"Not the best fact, which is clearly meant: {share}, the best one's {shares[0]:.0%}, and from "
            f"{CLEAR_SHARE:.0%} on that is said alone."
        )
    if shares[at] < RUNNER_UP * shares[0]:
        return f"Not likely enough: {share}, less than {RUNNER_UP:.0%} of the best one's {shares[0]:.0%}."
    if choice.cell.fact.absent:
        return "It only says that the knowledge holds nothing."
    if len(refs) > LONGEST_RUNNER_UP:
        return f"It has {len(refs)} sentences, too long to be said beside another."
    if kept > MOST_RUNNERS_UP:
        return f"The best fact and {MOST_RUNNERS_UP} more are said already."
    if best.cell.fact.facet == choice.cell.fact.facet:
        return "It says the same of a thing that the question does not name."
    return "The question was settled without it."


def _came_in(passage: Passage, texts: Sequence[str], composed: Composed, caveats: set[str]) -> Weighed:
    why = "It belongs to a fact that is said, or holds a specific word of the question."
    if passage.id in caveats:
        why = "It holds the other side or a caveat of a fact that is said."
    elif composed.route == "computed":
        why = "The computation rests on it."
    elif composed.route == "premise":
        why = "It settles what the question took for granted."
    return Weighed(place=place(passage), facet="", text=" ".join(texts), share=None, kept=True, why=why)

