"""A guided tour in seven stops, each with a question that shows one thing, found from the pathway and proved by its
answer.

Comes in: the coach, a reading of a pathway, the number of a stop. Goes out: a ``Stop``: the question, what the coach
answered, what it shows in a few sentences, and where to look. Nothing is told that the answer at hand does not show:
for each stop questions are tried in turn, and the first whose answer is of the kind is taken. Where a pathway has none,
as one without contradictions has no conflict to show, the stop says so.

It draws nothing and knows no pathway: the questions below ask for facets that any pathway may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from coach.knowledge.wording import listed
from coach.knowledge.writing import ask_for
from coach.lab.experiment import Experiment, FaultName
from coach.lab.spoiling import misremembering
from coach.pipeline import Coach, Reading, Worked
from coach.types import Answer, Claim, Fact, Frozen, Method, Origin, Passage, Retrieved, Status, Support, Unit, Verdict

TRIED = 24
"""Questions of one kind that are tried at most: a second of answers, once for each pathway."""

BEYOND_WORDS = 4
"""From this rank on a passage is missed by words alone: whoever reads the first three does not see it."""

NEAR = 0.5
"""Cosine from which a question is near to something that the coach knows; see ``closeness`` of the pages."""

FEW = 4
"""Sentences of an answer that shows a fact and not a list."""

OTHER_WORDS = (
    ("reality.drawbacks", "What will make me homesick for the old job?"),
    ("time.total", "How much of my life will this eat up?"),
    ("demand.stated", "Will there be enough openings for me?"),
    ("reality.challenges", "What could make me despair?"),
    ("actions.first", "What should I tackle tomorrow morning?"),
    ("transferable.list", "What of my past is not lost?"),
)
"""A facet, and a way to ask for it in words that neither pages nor question keys use."""

CONFLICTS = ("time.conflict", "conflicts.list", "conflict.note")
PERSONAL = (
    "I have 6 hours a week. How long will it take me?",
    "I have 5 hours a week. How long do the skills take?",
    "I earn 60,000 a year. What would my pay become?",
)
NOT_COVERED = (
    "What does a {target} earn in Berlin?",
    "What bonus does a {target} get?",
    "Will I need a visa to work as a {target}?",
    "Which companies in Lisbon hire a {target}?",
)
"""Near to pay and demand, of which pages tell, and told by none of those that came with the coach."""


class Stop(Frozen):
    number: int
    name: str
    question: str | None = None
    """None where the pathway has nothing to show it with."""
    told: tuple[str, ...]
    """Two or three sentences, with the figures of the answer."""
    look: str
    """What to look at."""
    view: str
    """Of the Lab, where to see more."""
    experiment: Experiment = Experiment()
    """What is changed or broken there."""
    answer: Answer | None = None
    other: Answer | None = None
    """The answer beside it, where the stop is about a difference."""


STEPS, BREAK, CHANGE, MODEL = "steps", "break", "change", "model"

WORDS_ALONE = Experiment(method=Method(dense=0, keys=0))

NAMES = (
    "A fact",
    "The same in other words",
    "Two sources that disagree",
    "A figure of your own",
    "A near miss",
    "A fault, and the check that catches it",
    "A language model, with and without evidence",
)
STOPS = len(NAMES)


def find(coach: Coach, reading: Reading, number: int) -> Stop:
    """Stop ``number``, from 1 to ``STOPS``."""
    return _FINDERS[number - 1](coach, reading)


# --- The stops ----------------------------------------------------------------------------------------------


def _fact(coach: Coach, reading: Reading) -> Stop:
    def shows(worked: Worked) -> bool:
        claims = worked.answer.claims
        return len(claims) <= FEW and claims[0].support is Support.QUOTED

    for worked in _answers(coach, reading, (question for _, _, question in _plain_facts(reading))):
        if not shows(worked):
            continue
        answer, first = worked.answer, worked.answer.claims[0]
        entry = _entry(worked, first)
        known = (
            f" The closest is “{entry.matched_question}”: the two vectors have a cosine of {entry.keys.score:.2f}."
            if entry and entry.keys and entry.matched_question
            else ""
        )
        return Stop(
            number=1,
            name=NAMES[0],
            question=answer.question,
            told=(
                "No language model wrote this: the first sentence of the answer stands in the evidence word for word, "
                "and its marker leads there.",
                "It was not searched by its words alone. For every fact there are questions that it answers, thought "
                f"of beforehand, and yours was held against them.{known}",
            ),
            look="Open the marker to see the sentence in its passage. Then see, step by step, how the question got "
            "there.",
            view=STEPS,
            answer=answer,
        )
    return _nothing(1, "This pathway has no single fact that can be asked for.", STEPS)


def _in_other_words(coach: Coach, reading: Reading) -> Stop:
    there = {fact.facet for _, fact in _facts(reading)}
    meant = {question: facet for facet, question in OTHER_WORDS if facet in there}
    for worked in _answers(coach, reading, meant):
        answer = worked.answer
        entry = _entry(worked, answer.claims[0])
        if (
            answer.trace.facets[:1] != (meant[answer.question],)
            or entry is None
            or entry.lexical is None
            or entry.lexical.rank < BEYOND_WORDS
            or entry.keys is None
        ):
            continue
        ranking = worked.evidence[0].found.ranking
        first = next(other for other in ranking if other.lexical is not None and other.lexical.rank == 1)
        return Stop(
            number=2,
            name=NAMES[1],
            question=answer.question,
            told=(
                f"{_shared(reading, worked, entry.passage)} By shared words (BM25) that passage comes at rank "
                f"{entry.lexical.rank} of {len(ranking)}, and “{_heading(first.passage)}” first.",
                f"By meaning it comes at rank {entry.keys.rank}: the closest question key is "
                f"“{entry.matched_question}”, with a cosine of {entry.keys.score:.2f}.",
            ),
            look="See what is found where words alone have a weight. Then give meaning and question keys theirs back, "
            "one after the other. On the map you see which passages lie near the question.",
            view=CHANGE,
            experiment=WORDS_ALONE,
            answer=answer,
        )
    return _nothing(2, "Every other wording that was tried is found by its words as well.", CHANGE)


def _conflict(coach: Coach, reading: Reading) -> Stop:
    keys = [
        question
        for facet in CONFLICTS
        for _, fact in _facts(reading)
        if fact.facet == facet
        for question in _ways(reading, fact)[:1]
    ]
    for worked in _answers(coach, reading, keys):
        answer = worked.answer
        if answer.trace.facets[:1] == () or answer.trace.facets[0] not in CONFLICTS:
            continue
        cited = {citation.passage_id for claim in answer.claims for citation in claim.citations}
        formulas = [claim.formula for claim in answer.claims if claim.formula]
        rests = {id_ for passage_id in cited for id_ in reading.corpus.by_id[passage_id].derived_from}
        worked_out = f" One sum behind it is {formulas[0]}." if formulas else ""
        return Stop(
            number=3,
            name=NAMES[2],
            question=answer.question,
            told=(
                "The guide says one thing here and another there. Whoever picks the nearest passage gives you one side "
                "and sounds sure of it.",
                "The sides were held against each other before anybody asked, and what does not add up became a "
                f"passage of its own, from {len(rests)} others.{worked_out}",
            ),
            look="Open the markers: computed sentences show their formula, and what they were computed from.",
            view=STEPS,
            answer=answer,
        )
    return _nothing(3, "Nothing in this pathway was found to contradict itself.", STEPS)


def _figure(coach: Coach, reading: Reading) -> Stop:
    for worked in _answers(coach, reading, PERSONAL):
        answer = worked.answer
        computed = next((claim for claim in answer.claims if claim.support is Support.COMPUTED and claim.formula), None)
        personal = [figure for query in worked.queries for figure in query.figures if figure.personal]
        if computed is None or not personal:
            continue
        figure = personal[0]
        return Stop(
            number=4,
            name=NAMES[3],
            question=answer.question,
            told=(
                f"No passage holds this answer, since no guide knows your figure. “{figure.quantity.text}” was "
                f"read as {figure.role.replace('_', ' ')}, and the rest is arithmetic over figures of the guide.",
                f"The formula goes with the claim, {computed.formula}, and the check works it out again before "
                "anything is shown.",
            ),
            look="See in the steps which role your figure was given, and in the claims what the check said. Change the "
            "figure in the question and ask again.",
            view=STEPS,
            answer=answer,
        )
    return _nothing(4, "This pathway has no figures that yours could be worked out from.", STEPS)


def _near_miss(coach: Coach, reading: Reading) -> Stop:
    target = reading.corpus.pathway.target
    asked = [text.format(target=target) for text in NOT_COVERED]
    asked += [question for _, fact in _facts(reading) if fact.absent for question in fact.questions[:1]]
    for question in asked[:TRIED]:
        worked = coach.work(question, reading)
        answer = worked.answer
        if answer.status is not Status.ABSTAINED or not answer.missing or not worked.evidence:
            continue
        ranking = worked.evidence[0].found.ranking
        nearest = max(ranking, key=lambda entry: entry.keys.score if entry.keys else -1.0)
        if nearest.keys is None or nearest.keys.score < NEAR:
            continue
        return Stop(
            number=5,
            name=NAMES[4],
            question=answer.question,
            told=(
                f"This sounds like something that the guide tells: the closest question key, "
                f"“{nearest.matched_question}”, has a cosine of {nearest.keys.score:.2f}. A coach that answers "
                "whenever something is near would have answered here, and wrongly.",
                f"What is missing is {listed(list(answer.missing))}. So the coach says that, and offers what it does "
                "know.",
            ),
            look="Forbid the coach to abstain, and see what would have been said. In the steps you see which passages "
            "were found and why none of them was used.",
            view=BREAK,
            experiment=Experiment(faults=(FaultName.NO_ABSTENTION,)),
            answer=answer,
        )
    return _nothing(5, "Every near miss that was tried is covered by this pathway.", BREAK)


def _fault(coach: Coach, reading: Reading) -> Stop:
    """A writer that misremembers a figure: with the check and without."""
    for worked in _answers(coach, reading, (question for _, _, question in _plain_facts(reading))):
        question = worked.answer.question
        caught = coach.work(question, reading, writer=misremembering).answer
        verdict = _rejected(caught)
        if verdict is None or not verdict.missing_numbers:
            continue
        passed = coach.work(question, reading, writer=misremembering, method=Method(check=False)).answer
        if verdict.claim not in {claim.text for claim in passed.claims}:
            continue
        return Stop(
            number=6,
            name=NAMES[5],
            question=question,
            told=(
                "Suppose that a writer puts the evidence into words and misremembers a figure, as language models do. "
                f"It wrote: “{verdict.claim}”",
                f"Every number of a claim must stand in the sentences it cites, and {listed(verdict.missing_numbers)} "
                "stands in none of them. With the check the claim is not shown; without it, it is, with a marker and "
                "as sure as the truth.",
            ),
            look="Compare the two answers. Then run these two faults yourself, switch one of them off, and try others.",
            view=BREAK,
            experiment=Experiment(faults=(FaultName.NO_CHECK, FaultName.CARELESS_WRITER)),
            answer=caught,
            other=passed,
        )
    return _nothing(6, "No answer of this pathway has a figure that could be misremembered.", BREAK)


def _model(coach: Coach, reading: Reading) -> Stop:
    """The question of a figure: a model that is asked alone will mostly name another one."""
    for worked in _answers(coach, reading, (question for _, _, question in _plain_facts(reading))):
        answer, first = worked.answer, worked.answer.claims[0]
        if len(answer.claims) > FEW or not any(char.isdigit() for char in first.text):
            continue
        return Stop(
            number=7,
            name=NAMES[6],
            question=answer.question,
            told=(
                "This is the coach's own answer. A language model can word it more freely, but by itself it says what "
                "is likely, whether or not it is so.",
                "Asked with the passages that were found, it can copy from them, and still err. So each of its "
                "sentences is held against the exact one it cites, by the same check as every other claim, and what "
                "does not hold is struck out.",
            ),
            look="Ask the same question three ways: with no retrieval, with retrieval, and with retrieval and check. "
            "A small model can run on this machine; no account is needed.",
            view=MODEL,
            answer=answer,
        )
    return _nothing(7, "This pathway has no single figure that can be asked for.", MODEL)


_FINDERS: tuple[Callable[[Coach, Reading], Stop], ...] = (
    _fact, _in_other_words, _conflict, _figure, _near_miss, _fault, _model,
)  # fmt: skip


def _nothing(number: int, why: str, view: str) -> Stop:
    return Stop(number=number, name=NAMES[number - 1], told=(why,), look="Go on to the next stop.", view=view)


def _rejected(answer: Answer) -> Verdict | None:
    return next((verdict for verdict in answer.trace.verdicts if not verdict.supported), None)


# --- Questions and what they found --------------------------------------------------------------------------


def _answers(coach: Coach, reading: Reading, questions: Iterable[str]) -> Iterator[Worked]:
    """Those of the first questions that are answered from evidence, worked out one by one as they are wanted."""
    for number, question in enumerate(questions):
        if number == TRIED:
            return
        worked = coach.work(question, reading)
        if worked.answer.status is Status.ANSWERED and worked.evidence:
            yield worked


def _facts(reading: Reading) -> Iterator[tuple[Passage, Fact]]:
    return ((passage, fact) for passage in reading.corpus.passages for fact in passage.facts)


def _plain_facts(reading: Reading) -> Iterator[tuple[Passage, Fact, str]]:
    """Facts of the guide itself with a figure in one sentence, and how the coach would offer to ask for them; money
    first, which everybody asks for."""
    plain = [
        (passage, fact, ways[0])
        for passage, fact in _facts(reading)
        if passage.origin is Origin.PATHWAY
        and fact.value is not None
        and len(fact.sentences) == 1
        and not fact.absent
        and (ways := _ways(reading, fact))
    ]
    yield from sorted(plain, key=lambda one: one[1].value is None or one[1].value.unit is not Unit.MONEY)


def _ways(reading: Reading, fact: Fact) -> list[str]:
    """Ways to ask for a fact, the one that the coach offers first."""
    guide = reading.corpus.pathway
    names = {"origin": guide.origin, "target": guide.target}
    offered = None if fact.entities else ask_for(fact.facet, names)
    return list(dict.fromkeys([*([offered] if offered else []), *fact.questions]))


def _entry(worked: Worked, claim: Claim) -> Retrieved | None:
    """The passage that a claim cites first, as retrieval ranked it."""
    cited = claim.citations[0].passage_id
    return next((found for found in worked.evidence[0].found.ranking if found.passage.id == cited), None)


def _shared(reading: Reading, worked: Worked, passage: Passage) -> str:
    """How much of the question stands in the passage that answers it."""
    words = [word for word, _ in reading.index.matched_terms(worked.queries[0].standalone, passage.id)]
    if not words:
        return "Not one word of this question stands in the passage that answers it, nor in its question keys."
    named = listed([f"“{word}”" for word in words])
    return f"With the passage that answers it, question keys and all, this question shares only {named}."


def _heading(passage: Passage) -> str:
    return " › ".join(passage.heading_path[1:] or passage.heading_path)

