"""The steps of one answer, as values that a page can draw.

Comes in: nothing. Goes out: frozen values, one for each step in the order in which the pipeline takes them, each with
its name, what it does and why, and the time it took. ``explaining.explain`` makes them; nothing here computes.
"""

from __future__ import annotations

from enum import StrEnum

from coach.types import Answer, Figure, Frozen, Origin, Query, Status, Support


class StepName(StrEnum):
    UNDERSTAND = "Understand the question"
    ENCODE = "Turn it into numbers"
    DENSE = "Compare meaning"
    KEYS = "Compare question keys"
    LEXICAL = "Match words"
    FUSE = "Fuse the rankings"
    CHOOSE = "Choose facts"
    KEEP = "Keep and drop evidence"
    COMPOSE = "Compose the answer"
    GROUND = "Check every claim"


PURPOSES = {
    StepName.UNDERSTAND: "Cleans the question, mends spelling and finds what is asked and about what, so that the same "
    "question in other words, or one that leans on the conversation, is looked up as what it means.",
    StepName.ENCODE: "Cuts the question into word pieces and makes them one vector, a direction in space, because "
    "texts that mean something alike point in like directions even where they share no word.",
    StepName.DENSE: "Ranks passages by the cosine between their vector and the question's, which finds what is said in "
    "other words.",
    StepName.KEYS: "Ranks passages by the closest of the questions that were written down for their facts, because a "
    "question resembles a question more than it resembles a text that answers it.",
    StepName.LEXICAL: "Ranks passages by the words they share with the question, rare words counting most (BM25), "
    "because names and terms must be met exactly and an encoder blurs them.",
    StepName.FUSE: "Makes one ranking of the three, because each of them misses what another finds.",
    StepName.CHOOSE: "Scores the facts inside the passages, since a passage holds several and only one of them may be "
    "what was asked for.",
    StepName.KEEP: "Decides whether the question is answered at all and which facts are said, because a near miss told "
    "with confidence is worse than no answer.",
    StepName.COMPOSE: "Puts the sentences in the order in which they are said, the direct answer first, and writes no "
    "fact of its own, so that every sentence has a source.",
    StepName.GROUND: "Holds every claim against the sentences it cites, number by number and name by name, and leaves "
    "out what they do not support, whoever wrote it.",
}
"""What each step does and why it is there."""


class Step(Frozen):
    name: StepName
    seconds: float | None
    """None where the step was not timed by itself, or did not happen."""
    timed_with: tuple[StepName, ...] = ()
    """Steps that ``seconds`` is the time of together with this one."""
    note: str = ""
    """What is out of the ordinary in this run; empty mostly."""

    @property
    def purpose(self) -> str:
        return PURPOSES[self.name]


class Bar(Frozen):
    """One stretch of the waterfall."""

    label: str
    stage: str
    start_ms: float
    ms: float
    note: str = ""


class Place(Frozen):
    """A passage as it is named on a page."""

    passage_id: str
    title: str
    """The headings above it, without the pathway's own name."""
    text: str
    origin: Origin


# --- Understanding ------------------------------------------------------------------------------------------


class Linked(Frozen):
    """A thing that the question names."""

    id: str
    kind: str
    name: str
    weak: bool
    """Only one word of its name points at it."""


class Intent(Frozen):
    name: str
    reads: str
    """A question that asks for it, or what it is about."""
    probability: float


class UnderstandStep(Step):
    cleaned: str
    corrected: tuple[tuple[str, str], ...]
    parts: int
    """Questions that were found in it; 0 where none was looked up."""
    direct: str
    """Why nothing was looked up; empty where something was."""


class UnderstoodPart(Frozen):
    """One of the questions in the question."""

    query: Query
    searched: str
    """The text that was looked up: the standalone form with the context before it."""
    masked: str
    """The same with names replaced by what kind of thing they are; intents are read from this."""
    linked: tuple[Linked, ...]
    figures: tuple[Figure, ...]
    intents: tuple[Intent, ...]
    """The likeliest first; empty where the encoder reads none."""


# --- Searching ----------------------------------------------------------------------------------------------


class EncodeStep(Step):
    pieces: tuple[str, ...]
    unread: int
    """Word pieces at the end that the encoder never saw."""
    vector: tuple[float, ...]
    """As it was searched with."""
    nearest: Place
    nearest_vector: tuple[float, ...]
    cosine: float
    """The sum of the products of the two vectors, number by number."""


class Found(Frozen):
    place: Place
    rank: int
    score: float


class DenseStep(Step):
    top: tuple[Found, ...]


class FoundByKey(Found):
    question: str
    """The question key that came closest."""
    facet: str


class KeysStep(Step):
    top: tuple[FoundByKey, ...]


class Term(Frozen):
    word: str
    weight: float


class FoundByWords(Found):
    terms: tuple[Term, ...]
    """They add up to the score."""


class LexicalStep(Step):
    top: tuple[FoundByWords, ...]


class Contribution(Frozen):
    """What one channel gave a passage."""

    channel: str
    rank: int | None
    """None where the channel does not list it."""
    z: float | None
    """Standard deviations above the mean of the channel; None where ranks were fused."""
    weight: float
    adds: float
    """To the fused score; all of a passage's add up to it."""
    moved: int | None
    """Places up (down if negative) from the rank in this channel to the fused one."""


class Fused(Frozen):
    place: Place
    rank: int
    score: float
    contributions: tuple[Contribution, ...]
    why: str


class FuseStep(Step):
    method: str
    top: tuple[Fused, ...]
    fell: tuple[Fused, ...]
    """Near the top of one channel and not of the fused ranking."""


# --- Choosing and keeping -----------------------------------------------------------------------------------


class Counted(Frozen):
    """Something that counted for or against, in plain words."""

    name: str
    label: str
    value: float
    weight: float
    adds: float


class ChosenFact(Frozen):
    place: Place
    facet: str
    sentences: tuple[str, ...]
    matched_question: str | None
    score: float
    share: float
    """How likely it is the fact that was meant, of all that were looked at."""
    passage_rank: int | None
    """Of its passage in the fused ranking."""
    counted: tuple[Counted, ...]
    """What counted most first; they add up to the score."""


class ChooseStep(Step):
    looked_at: int
    of: int
    """How many facts there are."""
    top: tuple[ChosenFact, ...]
    ahead: tuple[Counted, ...]
    """What puts the first before the second: ``value`` and ``adds`` are differences."""


class Weighed(Frozen):
    """A fact, or a passage that came in beside the facts, and whether it is part of the answer."""

    place: Place
    facet: str
    text: str
    share: float | None
    """None for what was not chosen for itself."""
    kept: bool
    why: str


class KeepStep(Step):
    answered: bool
    decision: str
    likelihood: float | None
    """That the knowledge answers the question; None where nothing needed weighing."""
    threshold: float
    signs: tuple[Counted, ...]
    """What the likelihood was made from, as a logit."""
    weighed: tuple[Weighed, ...]


class Part(Frozen):
    """The steps of one of the questions in a question."""

    understood: UnderstoodPart
    encode: EncodeStep
    dense: DenseStep
    keys: KeysStep
    lexical: LexicalStep
    fuse: FuseStep
    choose: ChooseStep
    keep: KeepStep


# --- Answering ----------------------------------------------------------------------------------------------


class Said(Frozen):
    """A sentence of the draft."""

    text: str
    support: Support
    formula: str | None
    places: tuple[Place, ...]
    written_from: str | None
    """The sentence as composed, where something rewrote it."""


class ComposeStep(Step):
    routes: tuple[str, ...]
    """How each part was answered, in plain words."""
    sentences: tuple[Said, ...]
    missing: tuple[str, ...]
    suggestions: tuple[str, ...]


class MarkKind(StrEnum):
    NUMBER = "number"
    NAME = "name"
    WORD = "word"


class Mark(Frozen):
    start: int
    end: int
    kind: MarkKind
    held: bool
    """Whether the other side has it too."""


class Marked(Frozen):
    """A text with stretches of it marked, in order, none overlapping."""

    text: str
    marks: tuple[Mark, ...]


class MarkedQuote(Frozen):
    marker: int
    place: Place
    quote: Marked
    stands: bool
    """Whether the passage, as it is now, still says so there."""
    now: str
    """What stands there now, where that is something else."""


class CheckedClaim(Frozen):
    claim: Marked
    support: Support
    quotes: tuple[MarkedQuote, ...]
    formula: Marked | None
    supported: bool
    score: float
    reason: str
    shown: bool
    missing_numbers: tuple[str, ...]
    missing_names: tuple[str, ...]
    missing_words: tuple[str, ...]
    """Content words that no cited sentence has: they lower the score."""


class GroundStep(Step):
    checked: tuple[CheckedClaim, ...]
    switched_off: bool
    """Verdicts were given, and claims shown whatever they were."""


class Walk(Frozen):
    """All steps of one answer, in order."""

    answer: Answer
    bars: tuple[Bar, ...]
    total_ms: float
    understand: UnderstandStep
    parts: tuple[Part, ...]
    compose: ComposeStep | None
    """None where nothing was looked up; then there are no parts either, and nothing was checked."""
    ground: GroundStep | None

    @property
    def status(self) -> Status:
        return self.answer.status
