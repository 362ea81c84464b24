"""An answer in a language model's words, with the same guarantee as one without.

Comes in: an answer as composed, and a model. Goes out: the answer with those of the model's sentences that passed the
check; or the composed one, and why. The model is only asked where the evidence answers the question: whether it does is
not for it to say.

    evidence as numbered data -> reply -> sentences -> citations -> check -> once more, with the verdicts -> what holds

What the composed answer says first, and where it says that sources disagree, may not be lost: a sentence of that kind
that the model left out is put back; if the model's sentences do not carry the direct answer, the composed one stands.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from coach.answering.assembling import answer_text, topics
from coach.answering.citing import astray, cite, coverage
from coach.answering.contradictions import contradiction
from coach.answering.drafting import Written, read, visible
from coach.answering.faithful import JUDGED, fault, without_connectives
from coach.answering.grounding import REJECTED, check, missing_names, missing_numbers, support
from coach.answering.linking import Names
from coach.answering.prompting import Item, answer_messages, evidence, repair_messages
from coach.answering.words import split_tokens, stem
from coach.knowledge.corpus import Corpus
from coach.knowledge.wording import listed
from coach.models.chat import ChatError, ChatModel, Fault, Reply, estimated_tokens
from coach.models.spending import Spending
from coach.types import (
    NOTHING_USED,
    Answer,
    Claim,
    Exchange,
    Generation,
    Message,
    Origin,
    Outcome,
    Passage,
    Status,
    Support,
    Usage,
    Verdict,
)

REPLY_TOKENS = 400
"""Of one reply, where the endpoint names no limit."""

CARRIED = 0.5
"""Least share of a composed sentence's information in the model's sentences for it to count as said."""

HALVINGS = 3
"""Times that evidence is halved where the model turns out to hold less than it was said to."""

MOST_NAMED = 6
"""Words that a verdict names."""

_LEADS = ("yes", "no")

_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b", re.IGNORECASE)
"""What a reader could take for the address of a site."""


def _nothing(_: object) -> None:
    """For whoever does not want to be told."""


@dataclass(frozen=True)
class Checked:
    """One exchange, judged."""

    exchange: Exchange

    @property
    def held(self) -> tuple[Claim, ...]:
        pairs = zip(self.exchange.claims, self.exchange.verdicts, strict=True)
        return tuple(claim for claim, verdict in pairs if verdict.supported)

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """Each sentence that does not hold, with the reason."""
        return tuple((one.claim, one.reason) for one in self.exchange.verdicts if not one.supported)


@dataclass(frozen=True)
class Writing:
    """A model that puts answers into words, and what goes with it."""

    model: ChatModel
    spending: Spending = field(default_factory=Spending)
    reply_tokens: int = REPLY_TOKENS
    prices: tuple[float | None, float | None] = (None, None)
    """Dollars for a million tokens sent and written, where known."""
    hints: str = ""
    """What the model is told of the learner, where they agreed to it. No evidence."""
    on_composed: Callable[[Answer], None] = _nothing
    """Is given the answer as composed, before the model is asked."""
    on_draft: Callable[[str], None] = _nothing
    """Is told the draft as it grows, without markers. Nothing of it has been checked."""
    stop: threading.Event | None = None


def generate(
    answer: Answer,
    corpus: Corpus,
    names: Names,
    writing: Writing,
    *,
    rewritten: str = "",
    rewriting: Usage = NOTHING_USED,
) -> Answer:
    """The answer in the model's words, as far as they hold. Never raises for what a model or a service does.

    An answer that states nothing is given back as it is. ``rewritten`` is noted: the question that was searched for,
    and what ``rewriting`` it took. The guard counts on from where its answer began.
    """
    if answer.status is not Status.ANSWERED or not answer.claims:
        return answer
    start = time.perf_counter()
    asking = _Asking(answer, writing, known_hosts(corpus))
    known = _known(answer, corpus)
    made: list[Checked] = []
    problem: ChatError | None = None
    try:
        made.append(asking.first())
        if made[0].faults or not carries(made[0].held, _direct(answer), known):
            made.append(asking.again(made[0]))
    except ChatError as error:
        problem = error
    made_record = Generation(
        model=writing.model.name,
        place=writing.model.place,
        outcome=Outcome.KEPT,
        exchanges=tuple(one.exchange for one in made),
        problem=str(problem) if problem else "",
        composed=answer.claims,
        rewritten=rewritten,
        rewriting=rewriting,
        cost=_cost((rewriting, *(one.exchange.usage for one in made)), writing.prices),
        seconds=round(time.perf_counter() - start, 6),
    )
    if problem and problem.fault is Fault.STOPPED:
        return _kept(answer, made_record.model_copy(update={"outcome": Outcome.STOPPED}))
    if not made:
        return _kept(answer, made_record.model_copy(update={"outcome": Outcome.FAILED}))
    best = max(range(len(made)), key=lambda at: (_worth(made[at].held, answer, known), -at))
    made_record = made_record.model_copy(update={"chosen": best})
    if not carries(made[best].held, _direct(answer), known):
        return _kept(answer, made_record)
    return _shown(answer, made[best].exchange, made_record, corpus, names)


def draft(answer: Answer, corpus: Corpus, writing: Writing) -> Exchange:
    """The first exchange alone, judged: what a model makes of the passages, whether or not they answer the question.

    For whoever shows or measures what checking adds. Raises ChatError.
    """
    writing.spending.begin_answer()
    return _Asking(answer, writing, known_hosts(corpus)).first().exchange


def _cost(used: Sequence[Usage], prices: tuple[float | None, float | None]) -> float | None:
    price_in, price_out = prices
    if price_in is None or price_out is None:
        return None
    return sum(one.prompt_tokens * price_in + one.reply_tokens * price_out for one in used) / 1e6


# --- Asking -------------------------------------------------------------------------------------------------


@dataclass
class _Asking:
    answer: Answer
    writing: Writing
    hosts: frozenset[str]
    items: tuple[Item, ...] = ()

    def first(self) -> Checked:
        """The first exchange, with less evidence where the model cannot hold it."""
        frame = sum(estimated_tokens(message.content) for message in self._messages(()))
        self.items = evidence(self.answer, self.writing.model.context_tokens - self.writing.reply_tokens - frame)
        for _ in range(HALVINGS):
            try:
                return self._exchange(self._messages(self.items))
            except ChatError as error:
                if error.fault is not Fault.CONTEXT or len(self.items) == 1:
                    raise
                self.items = self.items[: (len(self.items) + 1) // 2]
        return self._exchange(self._messages(self.items[:1]))

    def again(self, before: Checked) -> Checked:
        """Once more, with the verdicts on what was written."""
        faults = before.faults or (("", f"leave out the direct answer: {_direct(self.answer)[0].text}"),)
        said = Message(role="assistant", content=before.exchange.reply)
        return self._exchange((*before.exchange.messages, said, *repair_messages(faults)))

    def _messages(self, items: Sequence[Item]) -> tuple[Message, ...]:
        """With the question as it was asked, without orders to a machine; a follow-up with what it leans on."""
        query = self.answer.trace.query
        question = query.standalone if query.follow_up and query.standalone else query.question
        return answer_messages(question, items, self.writing.hints)

    def _exchange(self, messages: Sequence[Message]) -> Checked:
        writing = self.writing
        reply: Reply = writing.spending.ask(
            writing.model,
            messages,
            writing.reply_tokens,
            on_text=lambda text: writing.on_draft(visible(text)),
            stop=writing.stop,
        )
        claims, verdicts = judge(read(reply.text, whole=reply.whole), self.items, self.answer, self.hosts)
        return Checked(
            Exchange(
                messages=tuple(messages),
                reply=reply.text,
                usage=reply.usage,
                first_token_seconds=reply.first_token_seconds,
                seconds=round(reply.seconds, 6),
                claims=claims,
                verdicts=verdicts,
            )
        )


# --- Judging ------------------------------------------------------------------------------------------------


def judge(
    written: Sequence[Written], items: Sequence[Item], answer: Answer, hosts: frozenset[str]
) -> tuple[tuple[Claim, ...], tuple[Verdict, ...]]:
    """Each sentence as a claim, with the verdict on it: what it cites must have been shown, and must say it.

    ``hosts`` are those that a sentence may name; see ``known_hosts``.
    """
    by_number = {item.number: item for item in items}
    claims: list[Claim] = []
    verdicts: list[Verdict] = []
    said: set[str] = set()
    before = answer.question
    for sentence in written:
        text = _without_lead(sentence.text, answer.claims[0].text if answer.claims else "")
        foreign = [host for host in _HOST.findall(text) if host.lower().removeprefix("www.") not in hosts]
        if foreign:
            claim, verdict = _refused(text, f"it names {foreign[0]}, which is none of the resources' addresses")
        else:
            claim, verdict = _judged(text, sentence, by_number, answer.question)
        if verdict.supported and claim.text.casefold() in said:
            verdict = verdict.model_copy(update={"supported": False, "reason": "it was said before"})
        if verdict.supported and (pointer := astray(claim, before)):
            reason = f'what its "{pointer}" points to does not stand before it'
            verdict = verdict.model_copy(
                update={"supported": False, "score": verdict.score * REJECTED, "reason": reason}
            )
        if verdict.supported:
            before = f"{claim.text} {' '.join(one.quote for one in claim.citations)}"
        said.add(claim.text.casefold())
        claims.append(claim)
        verdicts.append(verdict)
    return tuple(claims), tuple(verdicts)


def _judged(text: str, sentence: Written, items: Mapping[int, Item], asked: str) -> tuple[Claim, Verdict]:
    if sentence.marked_up:
        return _refused(text, "it holds a link, code or mark-up")
    if not sentence.numbers:
        return _refused(text, "it cites nothing")
    if unknown := [number for number in sentence.numbers if number not in items]:
        return _refused(text, f"it cites passage {unknown[0]}, which it was not shown")
    if text.rstrip(" \"'”’)").endswith("?"):
        return _refused(text, "it asks and states nothing")
    named = [items[number] for number in sentence.numbers]
    worked_out = [item for item in named if item.computed]
    for item in worked_out:
        found = _restated(text, item, asked)
        if found is not None:
            return found
    passages = list(dict.fromkeys(item.passages[0] for item in named if not item.computed))
    if not passages:
        return _refused(text, "what was worked out does not say it")
    stated = without_connectives(text)
    citations, reason, headings = cite(stated, passages)
    if not citations:
        return _refused(text, reason)
    quoted = any(text == citation.quote for citation in citations)
    claim = Claim(text=text, support=Support.QUOTED if quoted else Support.INFERRED, citations=citations)
    quotes = " ".join(citation.quote for citation in citations)
    bare = claim.model_copy(update={"text": stated})
    verdict = check(bare, passages, headings=headings, granted=JUDGED).model_copy(update={"claim": text})
    if not verdict.supported and not (verdict.missing_numbers or verdict.missing_names or verdict.polarity_conflict):
        added = unknown_words(text, quotes)
        verdict = verdict.model_copy(update={"reason": f"{verdict.reason}: they do not say {listed(added)}"})
    return claim, _strictly(stated, verdict, quotes, headings)


def _strictly(text: str, verdict: Verdict, evidence_text: str, headings: str = "") -> Verdict:
    """The verdict, or one against what a model's own words say beyond the evidence."""
    reason = fault(text, evidence_text, headings) if verdict.supported and text not in evidence_text else ""
    if not reason:
        return verdict
    return verdict.model_copy(update={"supported": False, "score": verdict.score * REJECTED, "reason": reason})


def _refused(text: str, reason: str) -> tuple[Claim, Verdict]:
    claim = Claim(text=text, support=Support.INFERRED, citations=())
    return claim, Verdict(claim=text, supported=False, score=0.0, reason=reason)


def known_hosts(corpus: Corpus) -> frozenset[str]:
    """Sites that an answer may name: those of the resources and sources, things that are called like one, and what we
    name ourselves; not what a page or somebody's document does."""
    addresses = [passage.url for passage in corpus.passages if passage.url and passage.origin is not Origin.LEARNER]
    named = [
        host for entity in corpus.entities for name in (entity.name, *entity.aliases) for host in _HOST.findall(name)
    ]
    checked = {Origin.RESOURCE, Origin.MARKET, Origin.GLOSSARY}
    told = [host for one in corpus.passages if one.origin in checked for host in _HOST.findall(one.text)]
    hosts = [*(urlsplit(address).hostname or "" for address in addresses), *named, *told]
    return frozenset(host.lower().removeprefix("www.") for host in hosts)


def unknown_words(text: str, evidence_text: str) -> list[str]:
    """The words that the evidence does not have, in order, the first few of them."""
    held = {stem(word) for word in split_tokens(evidence_text)}
    return list(dict.fromkeys(f'"{word}"' for word in split_tokens(text) if stem(word) not in held))[:MOST_NAMED]


def _restated(text: str, item: Item, asked: str) -> tuple[Claim, Verdict] | None:
    """A sentence that says what the coach worked out, with the formula and sources of that; None if it does not."""
    source = item.computed
    if source is None:
        return None
    whole = f"{source.text} {' '.join(one.quote for one in source.citations)} {source.formula or ''}"
    claim = source.model_copy(update={"text": text, "item": False})
    verdict = check(claim, item.passages, asked)
    words = _strictly(text, support(text, whole, claim=claim), f"{source.text} {source.formula or ''}")
    if not verdict.supported or not words.supported or coverage(text, whole) < CARRIED:
        return None
    return claim, words


def _without_lead(text: str, composed: str) -> str:
    """The sentence without a "Yes" or "No" that the composed answer does not say: no passage can support that word."""
    first, comma, rest = text.partition(",")
    lead = first.strip().lower()
    if not comma or lead not in _LEADS or composed.lower().startswith(lead):
        return text
    rest = rest.strip()
    return rest[:1].upper() + rest[1:] if rest else text


# --- Nothing vital is lost ----------------------------------------------------------------------------------


def carries(held: Sequence[Claim], vital: Sequence[Claim], known: str = "") -> bool:
    """Whether the sentences say what each of the composed ones says: its figures, its names and most of its words.

    What is ``known``, such as the question and what the whole guide is about, need not be said again.
    """
    said = " ".join(claim.text for claim in held)
    return all(
        bool(said)
        and not missing_numbers(claim.text, f"{said} {known}")
        and not missing_names(claim.text, f"{said} {known}")
        and coverage(claim.text, said, known) >= CARRIED
        and not contradiction(claim.text, said)
        for claim in vital
    )


def _known(answer: Answer, corpus: Corpus) -> str:
    return f"{answer.trace.query.question} {corpus.pathway.origin} {corpus.pathway.target}"


def _direct(answer: Answer) -> tuple[Claim, ...]:
    """The direct answer: its first sentence."""
    return answer.claims[:1]


def _caveats(answer: Answer) -> tuple[Claim, ...]:
    """Entries of a list, and sentences from elsewhere than the first: another side, or what could not be confirmed."""
    by_id = {entry.passage.id: entry.passage for entry in answer.trace.retrieved}

    def origins(claim: Claim) -> set[Origin]:
        return {by_id[one.passage_id].origin for one in claim.citations if one.passage_id in by_id}

    first = origins(answer.claims[0])
    return tuple(claim for claim in answer.claims[1:] if claim.item or not origins(claim) <= first)


def _worth(held: Sequence[Claim], answer: Answer, known: str) -> tuple[int, int]:
    vital = (*_direct(answer), *_caveats(answer))
    return sum(carries(held, [one], known) for one in vital), len(held)


# --- The answer ---------------------------------------------------------------------------------------------


def _kept(answer: Answer, made: Generation) -> Answer:
    return answer.model_copy(update={"trace": answer.trace.model_copy(update={"generation": made})})


def _shown(answer: Answer, exchange: Exchange, made: Generation, corpus: Corpus, names: Names) -> Answer:
    """The model's draft in place of the composed one, with the sentences that it must not leave out put back."""
    pairs = list(zip(exchange.claims, exchange.verdicts, strict=True))
    held = [claim for claim, verdict in pairs if verdict.supported]
    back = [claim for claim in _caveats(answer) if not carries(held, [claim], _known(answer, corpus))]
    verdict_of = dict(zip(answer.trace.draft, answer.trace.verdicts, strict=True))
    pairs += [(claim, verdict_of[claim]) for claim in back]
    markers: dict[str, int] = {}
    for claim in [*held, *back, *(claim for claim, verdict in pairs if not verdict.supported)]:
        for citation in claim.citations:
            markers.setdefault(citation.passage_id, len(markers) + 1)
    draft = [_numbered(claim, markers) for claim, _ in pairs]
    verdicts = [verdict for _, verdict in pairs]
    claims = tuple(claim for claim, verdict in zip(draft, verdicts, strict=True) if verdict.supported)
    trace = answer.trace.model_copy(
        update={
            "draft": tuple(draft),
            "verdicts": tuple(verdicts),
            "used_passage_ids": tuple(dict.fromkeys(one.passage_id for claim in claims for one in claim.citations)),
            "topics": topics(claims, [answer.trace.query], names),
            "generation": made.model_copy(update={"outcome": Outcome.COMPLETED if back else Outcome.SHOWN}),
        }
    )
    text = answer_text(answer.status, claims, answer.missing, corpus, answer.trace.query.notices)
    return answer.model_copy(update={"claims": claims, "text": text, "trace": trace})


def _numbered(claim: Claim, markers: Mapping[str, int]) -> Claim:
    cited = tuple(one.model_copy(update={"marker": markers[one.passage_id]}) for one in claim.citations)
    return claim.model_copy(update={"citations": cited})


def passages_shown(items: Sequence[Item]) -> tuple[Passage, ...]:
    """The passages that a model was shown, each once."""
    return tuple(dict.fromkeys(passage for item in items for passage in item.passages))
