"""The values that flow between stages, each with one home.

Comes in: nothing. Goes out: frozen pydantic models that every stage, the command line, the pages, the
store and the evaluation share. An ``Answer`` round-trips through JSON with no extra code:
``Answer.model_validate_json(answer.model_dump_json()) == answer``.

This module does no input or output and knows nothing about how any value is made.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Frozen(BaseModel):
    """A value: it cannot change after it is made and refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# --- Quantities: what a number in a question or a passage means ----------------------------------


class Unit(StrEnum):
    """What a number counts. Durations keep the unit they were written in; compare them in days."""

    MONEY = "money"
    PERCENT = "percent"
    HOURS = "hours"
    HOURS_PER_WEEK = "hours_per_week"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    COUNT = "count"
    ORDINAL = "ordinal"


class Quantity(Frozen):
    """A number or a range with its unit: ``$130,000``, ``6 to 8 months``, ``+40 to +60 percent``.

    ``high`` equals ``low`` for a single number and is ``None`` for "at least ``low``".
    """

    unit: Unit
    low: float
    high: float | None
    text: str = ""
    """The words it was read from, verbatim; empty when computed."""
    noun: str = ""
    """What is counted, for ``COUNT`` and ``ORDINAL``: "skills", "phase"."""


# --- Passages: what can be retrieved and cited -----------------------------------------------------


class Origin(StrEnum):
    """Who says it. ``DERIVED`` is ours: computed from facts that the passage names. ``GLOSSARY`` is ours as well, each
    term with a source. ``LEARNER``: a document that the learner added, which nobody checked."""

    PATHWAY = "pathway"
    RESOURCE = "resource"
    MARKET = "market"
    DERIVED = "derived"
    GLOSSARY = "glossary"
    LEARNER = "learner"


class Sentence(Frozen):
    """One sentence of a passage; ``passage.text[start:end] == text`` always holds."""

    text: str
    start: int
    end: int
    item: bool = False
    """True for an entry of a list, which is shown as a bullet."""
    formula: str | None = None
    """The arithmetic behind the sentence, with its numbers: ``4 + 6 + 8 + 4 + 2 = 24 weeks``."""
    derived_from: tuple[str, ...] = ()
    """Ids of the passages whose facts the formula uses."""


class Entity(Frozen):
    """A thing that a question can be about: a skill, a phase, a resource, a metro, a level of pay."""

    id: str
    """``kind:slug``, for instance ``phase:2`` or ``resource:faiss``."""
    kind: str
    name: str
    aliases: tuple[str, ...] = ()


class Fact(Frozen):
    """One answerable cell of a passage: which of its sentences answer which questions."""

    facet: str
    """What is told, for instance ``skill.weeks``; the list is in ``coach/knowledge/questions.yaml``."""
    entities: tuple[str, ...]
    """Ids of the entities it is about; empty when it is about the pathway as a whole."""
    sentences: tuple[int, ...]
    """Indices into ``Passage.sentences``, in the order in which they are said."""
    questions: tuple[str, ...]
    """Question keys: ways to ask for it, embedded beside the passage."""
    value: Quantity | None = None
    """The typed value that a question may assert, rightly or wrongly."""
    absent: str | None = None
    """What the pathway does not hold, where this fact is that it holds nothing; asking for it gets no answer."""
    also: tuple[str, ...] = ()
    """Ids of passages with the other side or a caveat, to be said along with it."""


class Passage(Frozen):
    """One idea that can be retrieved and cited. Never longer than the encoder can read."""

    id: str
    """Stable: ``<pathway>#<section>/<slug>``."""
    pathway: str
    heading_path: tuple[str, ...]
    text: str
    sentences: tuple[Sentence, ...]
    origin: Origin
    source: str
    """What a reader is told about where it comes from."""
    url: str | None = None
    entities: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    derived_from: tuple[str, ...] = ()

    @property
    def embedded_text(self) -> str:
        """The text that the encoder sees: heading path first, so that a bare sentence keeps its context."""
        return " > ".join(self.heading_path) + "\n" + self.text


# --- A question and its evidence ---------------------------------------------------------------------


class Figure(Frozen):
    """A number that the learner stated, and whether it is about them or asserts something of the page."""

    quantity: Quantity
    personal: bool
    role: str
    """``current_pay``, ``weekly_hours``, ``deadline``, ``elapsed``, ``asserted``, ..."""


class Query(Frozen):
    """A question as understood."""

    question: str
    """Cleaned, otherwise as it was asked."""
    standalone: str
    """With references to the conversation resolved."""
    wants: tuple[str, ...] = ()
    """Kinds of answer asked for: money, duration, count, list, order, yes_no, how, which, compare, define, plan."""
    entities: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    """Those of the entities that only one word of their name points at."""
    figures: tuple[Figure, ...] = ()
    terms: tuple[str, ...] = ()
    """Specific words of the standalone question that an answer has to explain."""
    clause: str = ""
    """The asking part of the question, without the sentences that only give context."""
    context: str = ""
    """Sentences before or after it that ask nothing: they lend figures and things, and name places and jobs."""
    corrected: tuple[tuple[str, str], ...] = ()
    """Misspelt words and what they were read as."""
    follow_up: bool = False
    facet_hint: str | None = None
    """The facet carried over from the conversation, for an elliptical follow-up."""
    earlier: str = ""
    """The standalone form of the last question that was answered, where this one leans on the conversation."""
    notices: tuple[str, ...] = ()
    """What was done to the question, for instance that it was cut."""


class ChannelRank(Frozen):
    """Where one channel put a passage. ``rank`` starts at 1; higher ``score`` is better."""

    rank: int
    score: float


class Retrieved(Frozen):
    """A passage with its fused rank and its rank in each channel."""

    passage: Passage
    rank: int
    score: float
    dense: ChannelRank | None = None
    keys: ChannelRank | None = None
    lexical: ChannelRank | None = None
    facts: ChannelRank | None = None
    """Where its best fact put it, once the facts were weighed; that is what ``rank`` then follows."""
    matched_question: str | None = None
    """The question key that came closest."""
    matched_fact: int | None = None
    """Index into ``passage.facts`` of that key."""


# --- Answers --------------------------------------------------------------------------------------------


class Support(StrEnum):
    """How a claim rests on its evidence."""

    QUOTED = "quoted"
    COMPUTED = "computed"
    INFERRED = "inferred"


class Citation(Frozen):
    """The exact sentence that a claim rests on. ``passage.text[start:end] == quote``."""

    marker: int
    passage_id: str
    source: str
    quote: str
    start: int
    end: int

    @classmethod
    def of(cls, passage: Passage, sentence: Sentence, marker: int = 1) -> Citation:
        """Of one of the passage's own sentences."""
        return cls(
            marker=marker,
            passage_id=passage.id,
            source=passage.source,
            quote=sentence.text,
            start=sentence.start,
            end=sentence.end,
        )


class Claim(Frozen):
    """One sentence of an answer."""

    text: str
    support: Support
    formula: str | None = None
    citations: tuple[Citation, ...]
    item: bool = False


class Verdict(Frozen):
    """What the check said about one claim, whoever wrote it."""

    claim: str
    supported: bool
    score: Share
    missing_numbers: tuple[str, ...] = ()
    missing_names: tuple[str, ...] = ()
    polarity_conflict: bool = False
    reason: str = ""


class StageTime(Frozen):
    stage: Literal["understand", "retrieve", "answer", "ground", "write"]
    seconds: float


class StepTime(Frozen):
    """One step within retrieval: ``encode``, ``dense``, ``keys``, ``lexical`` or ``fuse``."""

    step: str
    seconds: float


class Method(Frozen):
    """How an answer is found. The defaults are the coach's own; the Lab changes one and shows the difference.

    A channel's weight counts in the fused ranking and, in proportion to its default, wherever the choice among facts
    looks at that channel; 0 switches it off.
    """

    dense: Annotated[float, Field(ge=0.0, le=4.0)] = 0.5
    keys: Annotated[float, Field(ge=0.0, le=4.0)] = 1.0
    lexical: Annotated[float, Field(ge=0.0, le=4.0)] = 0.5
    """A question resembles a question key more than it resembles a passage or its words. Over the 232 development cases
    that one passage can answer, mean reciprocal rank of the first passage that holds every vital nugget: dense 0.660,
    lexical 0.748, keys 0.791, their reciprocal ranks 0.789, z-scores with equal weights 0.836, with these 0.839. Flat
    around here: 0.837 with (0.5, 1, 0.25), 0.824 with (0.5, 1, 1) or (1, 1, 0.5)."""
    fusion: Literal["z_scores", "reciprocal_ranks"] = "z_scores"
    distance: Literal["cosine", "inverted"] = "cosine"
    """``inverted`` is the classic mistake: a distance is read as a similarity, so that the farthest comes first."""
    passages: Annotated[int, Field(ge=1)] | None = None
    """Only facts of so many passages, the best ones of the fused ranking, may be said; None means of all. A computed
    sentence and a caveat bring in the passages that they rest on."""
    answer_from: Share = 0.5
    """A question is answered when that is at least as likely as this."""
    abstain: bool = True
    """False: whatever fits best is said, however little it fits."""
    check: bool = True
    """False: a claim that its evidence does not support is shown all the same; its verdict stays in the trace."""

    @property
    def weights(self) -> dict[str, float]:
        """By channel, as ``hybrid`` takes them."""
        return {"dense": self.dense, "keys": self.keys, "lexical": self.lexical}


AS_SHIPPED = Method()


# --- A language model's part --------------------------------------------------------------------------------


class Place(StrEnum):
    """Where a language model runs: on this machine, or on another one that gets the words to read."""

    LOCAL = "local"
    REMOTE = "remote"


class Message(Frozen):
    """One message of a prompt, as sent."""

    role: Literal["system", "user", "assistant"]
    content: str


class Usage(Frozen):
    """Tokens of one exchange; ``estimated`` where the service did not count them."""

    prompt_tokens: int = 0
    reply_tokens: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        return self.prompt_tokens + self.reply_tokens


NOTHING_USED = Usage()


class Exchange(Frozen):
    """One prompt and the reply to it, with the verdict on each of its sentences."""

    messages: tuple[Message, ...]
    reply: str
    usage: Usage
    first_token_seconds: float | None = None
    seconds: float
    claims: tuple[Claim, ...] = ()
    """The reply's sentences; one that cites nothing that it was shown has no citations."""
    verdicts: tuple[Verdict, ...] = ()


class Outcome(StrEnum):
    """What became of a model's draft. ``COMPLETED``: shown, with sentences of the coach's own that it left out.
    ``KEPT``: too little of it held, so the coach's own answer stands. In the last two nothing was there to check."""

    SHOWN = "shown"
    COMPLETED = "completed"
    KEPT = "kept"
    FAILED = "failed"
    STOPPED = "stopped"


class Generation(Frozen):
    """A language model's part in an answer. Whatever it wrote, only what passed the check is among the claims."""

    model: str
    place: Place
    outcome: Outcome
    exchanges: tuple[Exchange, ...] = ()
    chosen: int | None = None
    """Index of the exchange whose sentences are shown or struck out in the answer."""
    problem: str = ""
    """What happened, in a plain sentence, where the outcome is ``FAILED``."""
    composed: tuple[Claim, ...] = ()
    """What the coach said without the model."""
    cost: float | None = None
    """Dollars, where the visitor gave prices."""
    rewritten: str = ""
    """The question as the model put it, where that was searched for."""
    rewriting: Usage = NOTHING_USED
    """Of putting it so, whether or not it was searched for."""
    seconds: float = 0.0
    """From the composed answer to the checked one."""

    @property
    def struck_out(self) -> tuple[Verdict, ...]:
        """Verdicts on the sentences of the exchange that counts which the check did not let through."""
        if self.chosen is None:
            return ()
        return tuple(verdict for verdict in self.exchanges[self.chosen].verdicts if not verdict.supported)

    @property
    def usage(self) -> Usage:
        """Of all exchanges together, and of putting the question by itself."""
        used = (self.rewriting, *(one.usage for one in self.exchanges))
        return Usage(
            prompt_tokens=sum(one.prompt_tokens for one in used),
            reply_tokens=sum(one.reply_tokens for one in used),
            estimated=any(one.estimated for one in used),
        )


class Trace(Frozen):
    """Everything that happened on the way to the answer."""

    query: Query
    retrieved: tuple[Retrieved, ...] = ()
    used_passage_ids: tuple[str, ...] = ()
    draft: tuple[Claim, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    route: str = ""
    """Which way the answer was found: fact, computed, comparison, extract, host, ..."""
    facets: tuple[str, ...] = ()
    """What was told, main facet first."""
    topics: tuple[str, ...] = ()
    """Entities that the answer names, in order; what "the second one" refers to."""
    seconds: tuple[StageTime, ...] = ()
    steps: tuple[StepTime, ...] = ()
    """What retrieval spent its time on, one entry for each time it was done; their sum is less than the stage's."""
    method: Method = AS_SHIPPED
    index_fingerprint: str = ""
    generation: Generation | None = None
    """None: no language model was asked."""


class Status(StrEnum):
    """``CONVERSATIONAL`` answers state nothing about the pathway and so need no evidence."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    OFF_TOPIC = "off_topic"
    CONVERSATIONAL = "conversational"


class Answer(Frozen):
    """What the learner gets. ``text`` is Markdown with markers such as ``[1]``; build other views from ``claims``."""

    question: str
    pathway: str
    status: Status
    text: str
    claims: tuple[Claim, ...] = ()
    missing: tuple[str, ...] = ()
    """What the question asked for and the knowledge does not hold."""
    suggestions: tuple[str, ...] = ()
    """Questions that can be asked next, each answerable."""
    trace: Trace
