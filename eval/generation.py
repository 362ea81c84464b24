"""What a language model adds: the same questions without one, with one alone, and with passages and check around it.

Comes in: a Coach and a ChatModel. Goes out: ``System`` values beside the coach, which composes without a model:

- *model alone* gets the question and nothing else (a follow-up as the coach read it, with what it leans on)
- *model with passages* gets the product's own prompt over what was retrieved, whatever the coach says about coverage;
  its first reply is shown as it is written
- *model with passages and check* is the same reply, of which only sentences that pass the check are shown; where none
  is left, it refuses
- *as shipped* is ``Coach.ask`` with the model: check, one repair, and the composed answer where too little holds

Earlier turns of a conversation are answered without a model for all of them, so that each gets the same conversation.
Replies are remembered, so that a prompt is asked once and the middle two judge one reply; seconds are those of the
real exchange all the same.

A reply does not say what kind of answer it is, so that is read from it. It refuses when it is empty or its first
sentence says that it does not know; whether as uncovered or as off topic is what the coach says, where it refuses as
well. To what the coach takes for small talk, every other reply is small talk.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event

from pydantic import SecretStr

from coach.answering.drafting import Written, read
from coach.answering.generating import Writing, draft, judge, known_hosts
from coach.answering.grounding import check
from coach.answering.prompting import Item, bare_messages, evidence, instructions
from coach.errors import ModelError
from coach.models.chat import ChatError, ChatModel, Fault, OnText, Reply
from coach.models.endpoint import OPENAI, Endpoint, from_environment, known_key
from coach.models.openai_api import OpenAIModel
from coach.models.small import CONTEXT_TOKENS, NAME, SmallModelServer
from coach.models.spending import ANSWER_TOKENS, Spending
from coach.pipeline import Coach
from coach.types import Answer, Citation, Claim, Exchange, Message, Place, Retrieved, Sentence, Status, Support, Trace
from eval.cases import Case
from eval.judging import Shown
from eval.records import Measure, ModelRecord
from eval.scoring import REFUSALS
from eval.systems import TOP_PASSAGE_DEPTH, Measures, System, Told

SMALL = "small"
"""The name by which the small model is started in this process."""
SMALL_REPLY_TOKENS = 160
REPLY_TOKENS = 400
WAIT_SECONDS = 600.0
"""For one reply of the small model on a busy machine: what is slow is measured and is no failure."""

ALONE = "model alone"
PASSAGES = "model with passages"
CHECKED = "model with passages and check"
SHIPPED = "as shipped"

NO_LIMIT = 10**12
"""Tokens of a session: whoever asks for a run has said yes to what it takes."""

REFUSED = "The passages do not say."
"""What the checked system says where no sentence is left."""

_REFUSALS = (
    # "The passages do not say", "the text doesn't mention", "this is not stated in the passages"
    r"\b(?:passages?|text|context|information|guide|documents?|sources?)\b.{0,30}?"
    r"\b(?:do(?:es)? not|don't|doesn't|did not|didn't|cannot|can't)\b.{0,30}?"
    r"\b(?:say|mention|state|specify|provide|contain|cover|answer|include|address)\b",
    r"\bnot (?:\w+ )?(?:said|mentioned|stated|specified|provided|covered|included|given|known)\b.{0,40}?"
    r"\b(?:passages?|text|context|guide|documents?|sources?)\b",
    # "I do not know", "I don't have enough information", "I have no information"
    r"\bI(?: do not|'d not| don't| really don't)(?: \w+)? know\b",
    r"\bI(?: do not| don't)(?: \w+)? have (?:\w+ ){0,3}?(?:information|access|details|data|knowledge)\b",
    r"\bI have no (?:\w+ ){0,2}?(?:information|knowledge|data)\b",
    # "I am not able to answer", "I cannot help", "I'm not sure"
    r"\bI(?:'m| am) (?:not sure|not certain|not able to|unable to)\b",
    r"\bI (?:cannot|can not|can't|could not|couldn't|am unable to)(?: \w+)? "
    r"(?:answer|tell|say|find|provide|help|assist|determine|give|respond|fulfill)\b",
    # "There is no information", "not enough information"
    r"\bthere(?: is|'s| are) (?:no|not enough) (?:\w+ ){0,2}?(?:information|details|mention|data|passages?)\b",
    r"\bnot enough (?:information|evidence)\b",
)
_REFUSAL = re.compile("|".join(_REFUSALS), re.IGNORECASE)


# --- The model -------------------------------------------------------------------------------------------------


def open_model(name: str, url: str | None = None) -> tuple[ChatModel, int]:
    """The model of that name, and the tokens of a reply. Raises ModelError.

    ``small`` starts the small model on loopback; it ends with this process. Any other is asked at ``url``, else at
    what ``COACH_MODEL_URL`` names, else at OpenAI. The key is the one that the environment holds for that address.
    """
    if name == SMALL and url is None:
        server = SmallModelServer()
        small = Endpoint(
            base_url=server.base_url,
            model=NAME,
            context_tokens=CONTEXT_TOKENS,
            reply_tokens=SMALL_REPLY_TOKENS,
            first_token_seconds=WAIT_SECONDS,
            idle_seconds=WAIT_SECONDS,
            total_seconds=WAIT_SECONDS,
        )
        return _Served(small, server), small.reply_tokens
    address = url or os.environ.get("COACH_MODEL_URL", "").strip() or OPENAI
    # Limits may come from the environment. Keys may not: they belong to the address that is named there.
    given = {key: value for key, value in os.environ.items() if key not in ("COACH_MODEL_KEY", "OPENAI_API_KEY")}
    found = from_environment({**given, "COACH_MODEL": name, "COACH_MODEL_URL": address})
    if found is None:
        raise ModelError("The model has no name. Give one with --model.")
    if key := known_key(address):
        found = found.model_copy(update={"key": SecretStr(key)})
    return OpenAIModel(found), found.reply_tokens


class _Served(OpenAIModel):
    """A model together with its server, which lives as long as somebody holds it."""

    def __init__(self, endpoint: Endpoint, server: SmallModelServer) -> None:
        super().__init__(endpoint)
        self._server = server


class RememberingModel:
    """A model that is asked the same once, however many systems ask it; failures are remembered as well."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._replies: dict[tuple[tuple[Message, ...], int], tuple[Reply | ChatError, float]] = {}
        self.saved_seconds = 0.0
        """What the replies that were remembered would have taken."""
        self.tokens = 0
        """Of all replies that were given out, asked for anew or not."""

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def place(self) -> Place:
        return self._model.place

    @property
    def context_tokens(self) -> int:
        return self._model.context_tokens

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        stop: Event | None = None,
    ) -> Reply:
        key = tuple(messages), max_tokens
        if key in self._replies:
            reply, seconds = self._replies[key]
            self.saved_seconds += seconds
        else:
            start = time.perf_counter()
            try:
                reply = self._model.complete(messages, max_tokens=max_tokens, stop=stop)
            except ChatError as error:
                reply = error
            self._replies[key] = reply, time.perf_counter() - start
        if isinstance(reply, ChatError):
            raise reply
        self.tokens += reply.usage.total
        if on_text is not None:
            on_text(reply.text)
        return reply


def prompts_digest() -> str:
    """SHA-256 of the product's prompt files, each with its name: another prompt, another figure."""
    digest = hashlib.sha256()
    for name, text in sorted(instructions().items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def refuses(text: str) -> bool:
    """Whether a reply, or a sentence of one, says that it does not know.

    >>> [refuses(text) for text in ("", "The passages do not say.", "I'm sorry, but I don't have enough information.")]
    [True, True, True]
    >>> [refuses(text) for text in ("It takes six weeks [1].", "You do not need a degree [2].")]
    [False, False]
    """
    first = next(iter(read(text)), None)
    return first is None or bool(_REFUSAL.search(first.text.replace("’", "'")))


# --- What was drafted ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drafted:
    """The model's first reply over what was retrieved, sentence by sentence."""

    base: Answer
    """The coach's own answer, with what was retrieved."""
    exchange: Exchange | None
    """None: the reply was empty."""
    items: tuple[Item, ...] = ()
    """What the model was shown."""
    written: tuple[Written, ...] = ()
    borne_out: tuple[bool, ...] = ()
    """Of each sentence whether its evidence supports it; see ``Generations.borne_out``."""

    @property
    def reply(self) -> str:
        return self.exchange.reply if self.exchange else ""

    @property
    def claims(self) -> tuple[tuple[Written, bool], ...]:
        """The sentences that state something, each once, with whether that is supported; none in small talk."""
        if self.base.status is Status.CONVERSATIONAL:
            return ()
        pairs = zip(self.written, self.borne_out, strict=True)
        once = {one.text: (one, held) for one, held in pairs if states_something(one.text)}
        return tuple(once.values())


def states_something(sentence: str) -> bool:
    """A question and a refusal state nothing that could be supported."""
    return not sentence.rstrip(" \"'”’)").endswith("?") and not refuses(sentence)


class Generations:
    """One model in all the ways in which it is measured. Not for use by several threads at once."""

    def __init__(self, coach: Coach, model: ChatModel, reply_tokens: int = REPLY_TOKENS) -> None:
        self.model = RememberingModel(model)
        self._coach = coach
        self._reply_tokens = reply_tokens
        self._composed: dict[tuple[str, str, tuple[str, ...]], Answer] = {}

    def systems(self) -> tuple[System, ...]:
        """The coach first, then the model in four ways."""
        return (
            System("coach", "The coach as shipped, composing without a model.", self.composed, self.tell_composed),
            System(ALONE, "The model with the question and nothing else.", self.composed, self.tell_alone),
            System(
                PASSAGES,
                "The model with the product's prompt over the passages that were retrieved; its reply as written.",
                self.composed,
                self.tell_passages,
            ),
            System(
                CHECKED,
                "The same reply, of which only sentences that pass the check are shown; refuses where none does.",
                self.composed,
                self.tell_checked,
            ),
            System(
                SHIPPED,
                "The coach with the model, as in the app: check, one repair, else the composed answer.",
                self.composed,
                self.tell_shipped,
            ),
        )

    def record(self, n: int) -> ModelRecord:
        return ModelRecord(
            name=self.model.name,
            place=self.model.place,
            prompts=prompts_digest(),
            context_tokens=self.model.context_tokens,
            reply_tokens=self._reply_tokens,
            n=n,
            systems=(ALONE, PASSAGES, CHECKED, SHIPPED),
        )

    # --- Ways to ask ---------------------------------------------------------------------------------------------

    def composed(self, question: str, history: Sequence[Answer], pathway: str) -> Answer:
        """The coach's answer without a model, worked out once."""
        key = pathway, question, tuple(answer.question for answer in history)
        if key not in self._composed:
            self._composed[key] = self._coach.ask(question, history, pathway)
        return self._composed[key]

    def tell_composed(self, question: str, history: Sequence[Answer], pathway: str) -> Told:
        answer = self.composed(question, history, pathway)
        measures = _shown([_holds(claim, answer) for claim in answer.claims])
        return Told(answer, measures | _one("tokens", 0) | _one("checked_seconds", _seconds(answer)))

    def tell_alone(self, question: str, history: Sequence[Answer], pathway: str) -> Told:
        base = self.composed(question, history, pathway)
        query = base.trace.query
        asked = query.standalone if query.follow_up and query.standalone else question
        messages = bare_messages(asked[: self._coach.settings.max_question_chars])
        try:
            reply = self.model.complete(messages, max_tokens=self._reply_tokens)
        except ChatError as error:
            if error.fault is not Fault.EMPTY:
                return _failed(error)
            return Told(_answer(base, ALONE, "", (), refused=True), _asked())
        # Brackets in a reply that was shown no passages cite nothing.
        written = tuple(replace(one, numbers=()) for one in read(reply.text))
        held = self.borne_out(written, (), self._with_passages(base))
        stated = Drafted(base, None, (), written, held).claims
        claims = [Claim(text=one.text, support=Support.INFERRED, citations=()) for one, _ in stated]
        answer = _answer(base, ALONE, reply.text, claims, refused=refuses(reply.text))
        shown = _shown([supported for _, supported in stated])
        return Told(answer, _asked(reply.usage.total, reply.first_token_seconds) | shown)

    def tell_passages(self, question: str, history: Sequence[Answer], pathway: str) -> Told:
        try:
            drafted = self.drafted(question, history, pathway)
        except ChatError as error:
            return _failed(error)
        answer = _answer(drafted.base, PASSAGES, drafted.reply, _as_cited(drafted), refused=refuses(drafted.reply))
        return Told(answer, _exchanged(drafted) | _shown([held for _, held in drafted.claims]))

    def tell_checked(self, question: str, history: Sequence[Answer], pathway: str) -> Told:
        start, saved = time.perf_counter(), self.model.saved_seconds
        try:
            drafted = self.drafted(question, history, pathway)
        except ChatError as error:
            return _failed(error)
        seconds = time.perf_counter() - start + self.model.saved_seconds - saved + _seconds(drafted.base)
        exchange = drafted.exchange
        pairs = zip(exchange.claims, exchange.verdicts, strict=True) if exchange else ()
        held = [claim for claim, verdict in pairs if verdict.supported]
        refused = not held or refuses(drafted.reply)
        text = " ".join([*([REFUSED] if refused else []), *(claim.text for claim in held)])
        answer = _answer(drafted.base, CHECKED, text, held, refused=refused)
        shown = _shown([_holds(claim, answer) for claim in held])
        return Told(answer, _exchanged(drafted) | shown | _one("checked_seconds", seconds))

    def tell_shipped(self, question: str, history: Sequence[Answer], pathway: str) -> Told:
        base = self.composed(question, history, pathway)
        saved, tokens = self.model.saved_seconds, self.model.tokens
        answer = self._coach.ask(question, history, pathway, writing=self._writing())
        writing = sum(one.seconds for one in answer.trace.seconds if one.stage == "write")
        seconds = _seconds(base) + writing + self.model.saved_seconds - saved
        measures = _shown([_holds(claim, answer) for claim in answer.claims])
        measures |= _one("tokens", self.model.tokens - tokens) | _one("checked_seconds", seconds)
        made = answer.trace.generation
        if made is not None:
            measures |= _one("model_failed", bool(made.problem))
            first = made.exchanges[0].first_token_seconds if made.exchanges else None
            measures |= _one("first_token_seconds", first) if first is not None else {}
        return Told(answer, measures)

    # --- Drafting and judging ----------------------------------------------------------------------------------

    def drafted(self, question: str, history: Sequence[Answer], pathway: str) -> Drafted:
        """The first reply with the product's own prompt. Raises ChatError where there is none."""
        base = self._with_passages(self.composed(question, history, pathway))
        try:
            exchange = draft(base, self._coach.reading(pathway).corpus, self._writing())
        except ChatError as error:
            if error.fault is not Fault.EMPTY:
                raise
            return Drafted(base, None)
        prompt = exchange.messages[-1].content.splitlines()
        items = tuple(item for item in evidence(base, NO_LIMIT) if item.line in prompt)
        # With the half sentence at the end of a reply that was cut: a reader would see it.
        written = read(exchange.reply)
        return Drafted(base, exchange, items, written, self.borne_out(written, items, base))

    def borne_out(self, written: Sequence[Written], items: Sequence[Item], base: Answer) -> tuple[bool, ...]:
        """Of each sentence, whether what it cites supports it, by the product's own check.

        One that cites nothing is held against all that was retrieved: it need not say where it is from to be true to
        it. Each is judged by itself, so that saying a thing twice is no fault.
        """
        everything = tuple(
            Item(number, entry.passage.text, (entry.passage,))
            for number, entry in enumerate(base.trace.retrieved[:TOP_PASSAGE_DEPTH], start=1)
        )
        numbers = tuple(item.number for item in everything)
        hosts = known_hosts(self._coach.reading(base.pathway).corpus)
        found = []
        for one in written:
            sentence, shown = (one, items) if one.numbers else (replace(one, numbers=numbers), everything)
            _, (verdict,) = judge([sentence], shown, base, hosts)
            found.append(verdict.supported)
        return tuple(found)

    def _writing(self) -> Writing:
        spending = Spending(answer_tokens=max(ANSWER_TOKENS, 2 * self.model.context_tokens), session_tokens=NO_LIMIT)
        return Writing(model=self.model, spending=spending, reply_tokens=self._reply_tokens)

    def _with_passages(self, base: Answer) -> Answer:
        """With what a search finds, where the coach had no need to search."""
        if base.trace.retrieved:
            return base
        index = self._coach.reading(base.pathway).index
        found = index.search(base.trace.query.question, limit=TOP_PASSAGE_DEPTH).ranking
        return base.model_copy(update={"trace": base.trace.model_copy(update={"retrieved": found})})

    def to_judge(self, case: Case) -> Shown | None:
        """What the model made of a case with passages, for another one to judge; None where it states nothing."""
        history: list[Answer] = []
        try:
            for earlier in case.history:
                history.append(self.composed(earlier, history, case.pathway))
            drafted = self.drafted(case.question, history, case.pathway)
        except Exception:  # noqa: BLE001 - it was counted where the answer was asked for
            return None
        sentences = tuple((one.text, held) for one, held in drafted.claims)
        cited = frozenset(number for one, _ in drafted.claims for number in one.numbers)
        return Shown(case.id, case.split, sentences, drafted.items, cited) if sentences else None


# --- Answers ---------------------------------------------------------------------------------------------------


def _answer(base: Answer, route: str, text: str, claims: Sequence[Claim], *, refused: bool) -> Answer:
    kinds, other = (REFUSALS, Status.ABSTAINED) if refused else ({Status.CONVERSATIONAL}, Status.ANSWERED)
    status = base.status if base.status in kinds else other
    retrieved: tuple[Retrieved, ...] = () if route == ALONE else base.trace.retrieved
    return Answer(
        question=base.question,
        pathway=base.pathway,
        status=status,
        text=text,
        claims=tuple(claims),
        trace=Trace(
            query=base.trace.query,
            retrieved=retrieved,
            used_passage_ids=tuple(dict.fromkeys(one.passage_id for claim in claims for one in claim.citations)),
            route=route,
            index_fingerprint=base.trace.index_fingerprint,
        ),
    )


def _as_cited(drafted: Drafted) -> list[Claim]:
    """What is stated, as written. Each cites the exact sentences it rests on where these were found; else the passages
    that it names, whole, as systems without a check do."""
    found = {
        written.text: claim.citations
        for written, claim in zip(drafted.written, drafted.exchange.claims if drafted.exchange else (), strict=False)
    }
    by_number = {item.number: item for item in drafted.items}
    claims = []
    for written, _ in drafted.claims:
        named = [by_number[number] for number in written.numbers if number in by_number]
        passages = dict.fromkeys(passage for item in named for passage in item.passages)
        whole = tuple(
            Citation.of(passage, Sentence(text=passage.text, start=0, end=len(passage.text))) for passage in passages
        )
        citations = found.get(written.text) or whole
        claims.append(Claim(text=written.text, support=Support.INFERRED, citations=citations))
    return claims


def _holds(claim: Claim, answer: Answer) -> bool:
    by_id = {entry.passage.id: entry.passage for entry in answer.trace.retrieved}
    cited = [by_id[one.passage_id] for one in claim.citations if one.passage_id in by_id]
    return check(claim, cited, answer.question).supported


# --- Measures --------------------------------------------------------------------------------------------------


def _one(name: str, value: float) -> Measures:
    return {name: Measure(part=float(value), whole=1)}


def _shown(held: Sequence[bool]) -> Measures:
    """How many claims are shown, and how many of these nothing supports."""
    measures = _one("claims_shown", len(held))
    if held:
        measures["unsupported_shown"] = Measure(part=float(len(held) - sum(held)), whole=len(held))
    return measures


def _asked(tokens: int = 0, first_token_seconds: float | None = None) -> Measures:
    """Of a model that was asked and did not fail."""
    first = _one("first_token_seconds", first_token_seconds) if first_token_seconds is not None else {}
    return _one("model_failed", 0) | _one("tokens", tokens) | first


def _exchanged(drafted: Drafted) -> Measures:
    exchange = drafted.exchange
    return _asked(exchange.usage.total, exchange.first_token_seconds) if exchange else _asked()


def _failed(error: ChatError) -> Told:
    return Told(None, _one("model_failed", 1), f"the model failed: {error}")


def _seconds(answer: Answer) -> float:
    return sum(one.seconds for one in answer.trace.seconds)
