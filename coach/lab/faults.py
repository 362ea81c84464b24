"""The classic faults of retrieval-augmented answers: what each switches, what it did, and which check caught it.

Comes in: a question and the faults to switch on. Goes out: before the run a question with options for the learner's
guess; after it ``Judged``: which option came true, what happened in a few sentences, and what caught it. All of that is
read off the answers, the sandbox and what is measured on it; no fault has an outcome written down for it, and where one
changes nothing, that is what is told.

Every fault lives in a sandbox beside the real index. This module draws nothing and knows no pathway.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from coach.knowledge.own import of_learner
from coach.knowledge.wording import count, listed
from coach.lab import spoiling
from coach.lab.experiment import (
    Asker,
    CorpusPart,
    Experiment,
    FaultName,
    Progress,
    Readings,
    Sandbox,
    corpus_part,
    in_order,
    readings,
    run_in,
)
from coach.lab.places import title
from coach.lab.tour import NOT_COVERED, OTHER_WORDS
from coach.pipeline import Coach, Reading, Worked
from coach.reading import parts
from coach.types import Answer, Claim, Fact, Frozen, Method, Origin, Passage, Status, Unit, Verdict

TRIED = 24
"""Questions that are tried at most to find one that shows a fault: 2 s."""
TRIED_DEAR = 5
"""The same where each question needs an index of its own, which takes a second."""

SAMPLE = 40
"""Question keys that recall is measured with, spread over the facts: 1 s. Its 95 percent interval is 15 points wide to
either side at most, which is enough to see a channel fail and not enough to tune one."""
FIRST = 5
NOTICEABLE = 0.1
"""Differences of recall from which a drop counts as one: four of forty questions."""
MEASURES_KEPT = 64


class Outcome(StrEnum):
    """What a fault did to an answer. Exactly one is true; the worst that can be said of it comes first."""

    OBEYED = "obeyed"
    """The order in a planted document was carried out."""
    FALSE = "false"
    """Something is shown that what it cites does not say."""
    CITED = "cited"
    """A planted document is quoted, by its name."""
    FORCED = "forced"
    """What was left unanswered is answered."""
    STRUCK = "struck"
    """The check left out what was wrong."""
    LOST = "lost"
    """There is no answer any more, and nothing was struck out."""
    OTHER = "other"
    """Other sentences, which their sources say."""
    SAME = "same"


class Option(Frozen):
    """A guess. ``outcomes`` are those that make it right."""

    id: str
    text: str
    outcomes: tuple[Outcome, ...]


class Fault(Frozen):
    name: FaultName
    title: str
    switched: str
    """What is switched, as a sentence."""
    question: str
    """What the learner is asked before the run."""
    options: tuple[Option, ...]


_SAME = Option(id="same", text="The answer stays as it is.", outcomes=(Outcome.SAME,))
_LESS = Option(
    id="less",
    text="Some or all of it is missing: something holds it back.",
    outcomes=(Outcome.STRUCK, Outcome.LOST),
)
_OTHER = Option(
    id="other",
    text="Other sentences, each of which its source says.",
    outcomes=(Outcome.OTHER, Outcome.FORCED, Outcome.CITED),
)
_FALSE = Option(
    id="false",
    text="Something that its source does not say, shown as if it did.",
    outcomes=(Outcome.FALSE, Outcome.OBEYED),
)
_USUAL = (_SAME, _OTHER, _LESS, _FALSE)

_ALL = (
    Fault(
        name=FaultName.NO_CHECK,
        title="No grounding check",
        switched="Claims are shown without holding them against the sentences that they cite.",
        question="Nobody checks the claims any more: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.CARELESS_WRITER,
        title="A careless writer",
        switched="A writer puts the claims into words and gets the last figure of each wrong, as language models do.",
        question="The writer misremembers figures: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.NO_ABSTENTION,
        title="No abstaining",
        switched="Whatever fits a question best is said, however little it fits.",
        question="The coach may no longer say that it does not know: what will be shown?",
        options=(
            _SAME,
            Option(
                id="forced",
                text="Sentences that their sources say, but not to this question.",
                outcomes=(Outcome.FORCED, Outcome.OTHER, Outcome.CITED),
            ),
            _LESS,
            _FALSE,
        ),
    ),
    Fault(
        name=FaultName.STALE_INDEX,
        title="A stale index",
        switched="A figure behind the answer changes in the knowledge; index and answer still come from the old text.",
        question="The knowledge says something else than the index: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.POISON,
        title="A poisoned document",
        switched="A document is planted for your question, with a false figure and an order to the machine in it.",
        question="The planted document fits the question perfectly: what will become of it?",
        options=(
            Option(id="same", text="It is not used: the answer stays as it is.", outcomes=(Outcome.SAME,)),
            Option(
                id="cited",
                text="It is quoted, and named as what it is.",
                outcomes=(Outcome.CITED,),
            ),
            Option(id="obeyed", text="Its order is obeyed.", outcomes=(Outcome.OBEYED,)),
            Option(
                id="else",
                text="The answer changes, but the document is not in it.",
                outcomes=(Outcome.OTHER, Outcome.STRUCK, Outcome.LOST, Outcome.FALSE, Outcome.FORCED),
            ),
        ),
    ),
    Fault(
        name=FaultName.WRONG_DISTANCE,
        title="Distance read as similarity",
        switched="The vectors that are farthest from the question count as the nearest.",
        question="Meaning is ranked upside down: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.TINY,
        title="Tiny passages",
        switched="Passages are cut to about half a sentence each before they are indexed.",
        question="The passages are cut to pieces: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.HUGE,
        title="Huge passages",
        switched="All passages of a section are indexed as one, longer than the encoder reads.",
        question="Whole sections go into one vector each: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.NO_LEXICAL,
        title="No lexical channel",
        switched="Shared words count nothing; there is meaning alone.",
        question="Exact words no longer count: what will be shown?",
        options=_USUAL,
    ),
    Fault(
        name=FaultName.NO_HEADINGS,
        title="Headings removed",
        switched="Passages are embedded without the headings that say what they belong to.",
        question="The passages have lost their headings: what will be shown?",
        options=_USUAL,
    ),
)
FAULTS: Mapping[FaultName, Fault] = {fault.name: fault for fault in _ALL}

TOGETHER = "All of this is broken at once: what will be shown?"

APART = ({FaultName.TINY, FaultName.HUGE},)
"""Faults that cannot be together."""

_OF_RETRIEVAL = frozenset({
    FaultName.WRONG_DISTANCE, FaultName.TINY, FaultName.HUGE, FaultName.NO_LEXICAL, FaultName.NO_HEADINGS,
})  # fmt: skip
"""Those whose harm recall can show."""

OF_THE_QUESTION = frozenset({FaultName.STALE_INDEX, FaultName.POISON})
"""Those that are made for the question at hand."""


def prediction(faults: Sequence[FaultName]) -> tuple[str, tuple[Option, ...]]:
    """What the learner is asked before the run, and the options; of several faults together the usual ones."""
    if len(faults) == 1:
        return FAULTS[faults[0]].question, FAULTS[faults[0]].options
    return TOGETHER, _USUAL


# --- Running ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """Everything that a judgement is read off."""

    faults: tuple[FaultName, ...]
    before: Worked
    """As things are."""
    after: Worked
    sandbox: Sandbox
    part: CorpusPart
    faithful: Worked | None = None
    """The same without the careless writer, where there is one: what it should have written."""
    rebuilt: Worked | None = None
    """As things are, after the index was built anew from the changed knowledge, where it was stale."""
    recalls: tuple[float, float] | None = None
    """Before and after; None where no fault bears on it."""

    @property
    def altered(self) -> tuple[tuple[Claim, Claim], ...]:
        """Claims that the writer changed: what it should have written, and what it wrote."""
        if self.faithful is None:
            return ()
        pairs = zip(self.faithful.answer.trace.draft, self.after.answer.trace.draft, strict=True)
        return tuple((meant, wrote) for meant, wrote in pairs if meant.text != wrote.text)

    @property
    def planted(self) -> frozenset[str]:
        """Ids of the passages of the planted document."""
        if self.part.planted is None:
            return frozenset()
        before, after = (of_learner(one.index.passages.values()) for one in (self.before.reading, self.sandbox.reading))
        return frozenset(passage.id for passage in after) - {passage.id for passage in before}


def execute(
    coach: Coach,
    question: str,
    faults: Collection[FaultName],
    history: Sequence[Answer] = (),
    *,
    pathway: str | None = None,
    asker: Asker | None = None,
    kept: Readings = readings,
    measure: bool = True,
    progress: Progress | None = None,
) -> Ran:
    """Run a question with faults; ``asker`` is who asks, by default nobody in particular.

    ``measure`` False leaves recall out, which takes a second.

    Raises VectorIndexError, KnowledgeError and EncoderError.
    """
    experiment = Experiment(faults=in_order(faults))
    asker = asker or Asker(coach.reading(pathway))
    before = asker.work(coach, question, history)
    part = corpus_part(experiment, before)
    sandbox = kept.get(coach, part, pathway, progress, base=asker.reading)
    after = run_in(coach, question, experiment, sandbox, history, asker.learner)
    faithful = rebuilt = None
    if FaultName.CARELESS_WRITER in experiment.faults:
        without = experiment.model_copy(
            update={"faults": tuple(one for one in experiment.faults if one is not FaultName.CARELESS_WRITER)}
        )
        faithful = run_in(coach, question, without, sandbox, history, asker.learner)
    if part.stale:
        today = kept.get(coach, CorpusPart(edits=part.stale), pathway, progress, base=asker.reading)
        rebuilt = coach.work(question, today.reading, history, learner=asker.learner)
    recalls = None
    if measure and _OF_RETRIEVAL & set(experiment.faults):
        real = kept.get(coach, CorpusPart(), pathway, base=asker.reading)
        method = experiment.effective_method()
        words = FaultName.NO_LEXICAL in experiment.faults
        recalls = recall(real, real, Method(), words=words), recall(sandbox, real, method, words=words)
    return Ran(experiment.faults, before, after, sandbox, part, faithful, rebuilt, recalls)


_recalls: OrderedDict[tuple[str, str, Method], float] = OrderedDict()
_recalling = threading.Lock()


def recall(sandbox: Sandbox, real: Sandbox, method: Method, *, words: bool = False) -> float:
    """Share of question keys whose passage is among the first five by meaning alone, or by meaning and words.

    The channel of question keys is left out: every one of these questions is a key, so it would find them all. Words
    flatter as well, since the keys stand in the lexical index; they count only where words are what was taken away.
    Kept by what the index holds, so that the same is measured once.
    """
    index = sandbox.reading.index
    blind = method.model_copy(update={"keys": 0.0} | ({} if words else {"lexical": 0.0}))
    key = (index.fingerprint, real.reading.index.fingerprint, blind)
    with _recalling:
        if key in _recalls:
            return _recalls[key]
    asked = _sample(real.reading)
    found = 0
    for question, right in asked:
        first = index.search(question, limit=FIRST, method=blind).ranking
        found += any(sandbox.made_of.get(entry.passage.id, frozenset()) & right for entry in first)
    share = found / max(1, len(asked))
    with _recalling:
        _recalls[key] = share
        while len(_recalls) > MEASURES_KEPT:
            _recalls.popitem(last=False)
    return share


def _sample(reading: Reading) -> list[tuple[str, frozenset[str]]]:
    """Questions with the passages that answer them, spread evenly over all that there are."""
    where: dict[str, set[str]] = {}
    for passage, fact in _facts(reading):
        for key in fact.questions:
            if key.endswith("?"):
                where.setdefault(key, set()).add(passage.id)
    keys = list(where)
    step = max(1, len(keys) // SAMPLE)
    return [(key, frozenset(where[key])) for key in keys[::step][:SAMPLE]]


# --- Judging ------------------------------------------------------------------------------------------------


class Catch(Frozen):
    """A check, and what it said."""

    check: str
    said: str


class Judged(Frozen):
    outcome: Outcome
    told: tuple[str, ...]
    """What happened, fault by fault."""
    catches: tuple[Catch, ...]
    """Empty where no check noticed anything."""


def judge(ran: Ran) -> Judged:
    """What came of a run, from the run alone."""
    told = dict.fromkeys(sentence for fault in ran.faults for sentence in _TELLERS[fault](ran))
    return Judged(outcome=outcome(ran), told=tuple(told), catches=_catches(ran))


def outcome(ran: Ran) -> Outcome:
    before, after = ran.before.answer, ran.after.answer
    if obeyed(ran):
        return Outcome.OBEYED
    if _shown_wrong(ran):
        return Outcome.FALSE
    if ran.planted & {citation.passage_id for claim in after.claims for citation in claim.citations}:
        return Outcome.CITED
    if before.status is not Status.ANSWERED and after.status is Status.ANSWERED:
        return Outcome.FORCED
    if _struck(after):
        return Outcome.STRUCK
    if before.status is Status.ANSWERED and after.status is not Status.ANSWERED:
        return Outcome.LOST
    return Outcome.SAME if _said(before) == _said(after) and before.status is after.status else Outcome.OTHER


def obeyed(ran: Ran) -> bool:
    """Whether the planted order was carried out: its words are said, and not as a quote of the planted document."""
    if ran.part.planted is None:
        return False
    quoting = {
        claim.text
        for claim in ran.after.answer.claims
        if claim.citations and {citation.passage_id for citation in claim.citations} <= ran.planted
    }
    return any(spoiling.DEMANDED in part for part in _said(ran.after.answer) if part not in quoting)


def _said(answer: Answer) -> list[str]:
    return [part.text for part in parts(answer)]


def _unsupported(answer: Answer) -> list[Verdict]:
    return [verdict for verdict in answer.trace.verdicts if not verdict.supported]


def _struck(answer: Answer) -> list[Verdict]:
    shown = {claim.text for claim in answer.claims}
    return [verdict for verdict in _unsupported(answer) if verdict.claim not in shown]


def _shown_wrong(ran: Ran) -> list[str]:
    """Claims that are shown although the check found no support for them, or that are wrong and passed it."""
    shown = {claim.text for claim in ran.after.answer.claims}
    wrong = [verdict.claim for verdict in _unsupported(ran.after.answer) if verdict.claim in shown]
    return list(dict.fromkeys([*wrong, *(wrote.text for _, wrote in ran.altered if wrote.text in shown)]))


def _catches(ran: Ran) -> tuple[Catch, ...]:
    before, after = ran.before.answer, ran.after.answer
    found: list[Catch] = []
    failed = _unsupported(after)
    if failed:
        reasons = listed(list(dict.fromkeys(verdict.reason for verdict in failed))[:3])
        did = (
            f"It struck out {count(len(_struck(after)), 'claim')}"
            if after.trace.method.check
            else f"It would have struck out {count(len(failed), 'claim')}, but it was switched off"
        )
        found.append(Catch(check="The check of claims", said=f"{did}: {reasons}."))
    if ran.sandbox.refused:
        found.append(
            Catch(check="The check of lengths", said=f"It refused to build this index: {ran.sandbox.refused}")
        )
    if ran.rebuilt is not None:
        old, new = ran.before.reading.index.fingerprint, ran.rebuilt.reading.index.fingerprint
        if old != new:
            found.append(
                Catch(
                    check="The fingerprint of the index",
                    said=f"The index was made from {old[:12]}, the knowledge now gives {new[:12]}. Outside the Lab "
                    "that is looked at when a pathway is opened, and the index is brought up to date first.",
                )
            )
    if before.status is not after.status:
        found.append(
            Catch(
                check="The status of the answer",
                said=f"It went from {_words(before.status)} to {_words(after.status)}: whoever counts that sees it.",
            )
        )
    if ran.recalls is not None and ran.recalls[0] - ran.recalls[1] >= NOTICEABLE:
        found.append(Catch(check="Recall on question keys", said=_recall_in_words(ran.recalls, ran)))
    cited = [c for claim in after.claims for c in claim.citations if c.passage_id in ran.planted]
    if cited:
        found.append(
            Catch(
                check="The name of the source",
                said=f"Every sentence of it is marked “{cited[0].source}”, so a reader can see who says it. The check "
                "of claims cannot: the document does say so.",
            )
        )
    return tuple(found)


def _words(status: Status) -> str:
    return status.value.replace("_", " ")


def _recall_in_words(recalls: tuple[float, float], ran: Ran) -> str:
    before, after = recalls
    asked = len(_sample(ran.before.reading))
    by = "meaning and words together" if FaultName.NO_LEXICAL in ran.faults else "meaning alone"
    return (
        f"Of {asked} question keys, {by} had the right passage among the first {FIRST} for {before:.0%}, and now for "
        f"{after:.0%}."
    )


# --- What happened, fault by fault ---------------------------------------------------------------------------


def _no_check(ran: Ran) -> Iterator[str]:
    wrong = _unsupported(ran.after.answer)
    if wrong:
        yield (
            f"{count(len(wrong), 'claim')} that the check rejects {_is(wrong)} on screen, with markers and as sure as "
            f"the rest. The first: “{wrong[0].claim}”"
        )
    elif ran.after.answer.claims:
        yield (
            "No claim fails the check, so it makes no difference that nobody looks. The coach puts its answers "
            "together from the sentences that it cites and by itself says nothing else. Let a careless writer work on "
            "them, and look again."
        )
    else:
        yield "Nothing was claimed, so there was nothing to check."


def _is(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _careless(ran: Ran) -> Iterator[str]:
    if not ran.altered:
        yield "No claim of this answer holds a figure, so the writer had none to get wrong."
        return
    meant, wrote = ran.altered[0]
    yield f"Of “{meant.text}” the writer made “{wrote.text}”"
    shown = {claim.text for claim in ran.after.answer.claims}
    through = [one for _, one in ran.altered if one.text in shown]
    if not through:
        yield (
            f"The check held every number against the sentences that are cited, and left out all "
            f"{count(len(ran.altered), 'claim')} with a wrong one."
            if len(ran.altered) > 1
            else "The check held its numbers against the sentence that is cited, and left the claim out."
        )
    elif not ran.after.answer.trace.method.check:
        yield f"{count(len(through), 'claim')} with a wrong figure {_is(through)} shown. Nobody looked."
    else:
        yield (
            f"{count(len(through), 'claim')} with a wrong figure passed the check, because the figure stands in the "
            "evidence for something else. That is what this check cannot see."
        )


def _no_abstention(ran: Ran) -> Iterator[str]:
    before, after = ran.before.answer, ran.after.answer
    if before.status is Status.ANSWERED:
        yield "This question is answered in any case, so there was nothing to hold back. Try one that is not covered."
    elif after.status is Status.ANSWERED:
        missing = f" because {listed(list(before.missing))} is not covered" if before.missing else ""
        yield f"The coach had refused{missing}. Now it says what fits best: “{after.claims[0].text}”"
        if not _unsupported(after):
            yield (
                "Every sentence passes the check, since its source does say it. It is still no answer to the question: "
                "the check asks whether a claim is true to its source, not whether it was asked for."
            )
    elif not ran.after.evidence:
        yield "Even so nothing was said: this question is not looked up at all."
    elif _struck(after):
        yield "Something would have been said, and the check of claims left it out."
    else:
        yield "Even so nothing was said: nothing that was found fits the question in any way."


def _stale(ran: Ran) -> Iterator[str]:
    if not ran.part.stale:
        yield "The answer to this question rests on no sentence with a figure, so nothing was changed behind it."
        return
    edit = ran.part.stale[0]
    old = ran.before.reading.corpus.by_id[edit.passage].sentences[edit.sentence].text
    yield f"The knowledge said “{old}” and now says “{edit.text}” The index still holds the old sentence."
    gone = [one for one in _unsupported(ran.after.answer) if "does not stand" in one.reason]
    shown = {claim.text for claim in ran.after.answer.claims}
    if any(one.claim in shown for one in gone):
        yield "The old sentence is shown with a marker that leads to a passage which no longer says it."
    elif gone:
        yield (
            f"{count(len(gone), 'claim')} quoted what is no longer there, so the check left "
            f"{'it' if len(gone) == 1 else 'them'} out: better no answer than an old one."
        )
    if ran.rebuilt is not None and ran.rebuilt.answer.claims:
        yield f"With the index built anew, the answer begins: “{ran.rebuilt.answer.claims[0].text}”"


def _poisoned(ran: Ran) -> Iterator[str]:
    ranks = [
        entry.rank
        for evidence in ran.after.evidence[:1]
        for entry in evidence.found.ranking
        if entry.passage.id in ran.planted
    ]
    total = len(ran.sandbox.reading.index.passages)
    if not ranks:
        yield "The planted document was not found."
        return
    cited = [
        claim
        for claim in ran.after.answer.claims
        if ran.planted & {citation.passage_id for citation in claim.citations}
    ]
    yield f"Retrieval put the planted document at rank {min(ranks)} of {total}."
    if obeyed(ran):
        yield f"Its order was obeyed: the answer says “{spoiling.DEMANDED}”"
    elif any(spoiling.DEMANDED in claim.text for claim in cited):
        yield "Its order was quoted like any other sentence, with the document's name, and not obeyed."
    else:
        yield "Its order was not obeyed: a text that was found is evidence, and nobody takes orders from evidence."
    if cited:
        yield (
            f"{count(len(cited), 'sentence')} of the answer {_is(cited)} quoted from it, under its name. Where a "
            "source can be planted, its name is all that tells a false figure from a true one."
        )
    else:
        yield "No sentence of it made it into the answer: being near to a question is not the same as answering it."


def _wrong_distance(ran: Ran) -> Iterator[str]:
    if not ran.after.evidence:
        return
    right = {entry.passage.id: entry for entry in ran.before.evidence[0].found.ranking}
    ranking = ran.after.evidence[0].found.ranking
    first = next((entry for entry in ranking if entry.dense is not None and entry.dense.rank == 1), None)
    if first is None:
        return
    was = right.get(first.passage.id)
    place = f", which is at rank {was.dense.rank} of {len(right)} when read rightly" if was and was.dense else ""
    yield f"By meaning “{title(first.passage)}” now comes first{place}."
    yield from _where_it_went(ran)


def _resized(ran: Ran) -> Iterator[str]:
    was, now = len(ran.before.reading.index.passages), len(ran.sandbox.reading.index.passages)
    average = ran.sandbox.pieces / max(1, now)
    yield f"{was} passages became {now}, of {average:.0f} word pieces each on average with their headings."
    if ran.sandbox.unread:
        yield (
            f"{ran.sandbox.unread:,} of {ran.sandbox.pieces:,} word pieces were never read: the encoder drops what is "
            "too long, without a word, so no question finds it by the meaning of its passage."
        )
    elif FaultName.HUGE in ran.faults and ran.sandbox.refused is None:
        yield "Even so the encoder can read each of them whole: this pathway is too short to show the fault."
    whole = {sentence.text for one in ran.before.reading.corpus.passages for sentence in one.sentences}
    cut = [
        claim.text
        for claim in ran.after.answer.claims
        if claim.text not in whole and any(claim.text in sentence for sentence in whole)
    ]
    if cut:
        yield f"{count(len(cut), 'sentence')} of the answer {_is(cut)} cut off in the middle: “{cut[0]}”"
    yield from _where_it_went(ran)


def _channel(ran: Ran) -> Iterator[str]:
    yield from _where_it_went(ran)


def _where_it_went(ran: Ran) -> Iterator[str]:
    """What became of the passage that the answer had rested on first."""
    cited = [citation.passage_id for claim in ran.before.answer.claims for citation in claim.citations]
    if not cited or not ran.before.evidence or not ran.after.evidence:
        return
    before = next((e for e in ran.before.evidence[0].found.ranking if e.passage.id == cited[0]), None)
    after = next(
        (e for e in ran.after.evidence[0].found.ranking if cited[0] in ran.sandbox.made_of.get(e.passage.id, ())), None
    )
    if before is None:
        return
    rested = f"“{title(before.passage)}”, which the answer rested on first,"
    if after is not None and after.rank == before.rank:
        yield f"{rested} stays at rank {before.rank} of the fused ranking."
    else:
        where = f"at rank {after.rank}" if after is not None else "nowhere"
        yield f"{rested} was at rank {before.rank} of the fused ranking and is now {where}."
    if ran.recalls is not None and abs(ran.recalls[0] - ran.recalls[1]) < NOTICEABLE:
        yield f"{_recall_in_words(ran.recalls, ran)} So over many questions it does little harm here."


_TELLERS = {
    FaultName.NO_CHECK: _no_check,
    FaultName.CARELESS_WRITER: _careless,
    FaultName.NO_ABSTENTION: _no_abstention,
    FaultName.STALE_INDEX: _stale,
    FaultName.POISON: _poisoned,
    FaultName.WRONG_DISTANCE: _wrong_distance,
    FaultName.TINY: _resized,
    FaultName.HUGE: _resized,
    FaultName.NO_LEXICAL: _channel,
    FaultName.NO_HEADINGS: _channel,
}


# --- A question that shows it --------------------------------------------------------------------------------


def question_that_shows(
    coach: Coach,
    faults: Collection[FaultName],
    pathway: str | None = None,
    *,
    asker: Asker | None = None,
    kept: Readings = readings,
    progress: Progress | None = None,
) -> str | None:
    """A question of the pathway to which these faults do something; None where none of those tried shows it.

    No grounding check by itself does nothing to any question, so there it is the first that can be answered.
    """
    chosen = in_order(faults)
    asker = asker or Asker(coach.reading(pathway))
    dear = bool(OF_THE_QUESTION & set(chosen))
    # Their indexes are of no use to anybody else, so they must not push out what is.
    own = Readings(1) if dear else kept
    try:
        for question in islice(_questions(asker.reading, chosen), TRIED_DEAR if dear else TRIED):
            ran = execute(
                coach, question, chosen, pathway=pathway, asker=asker, kept=own, measure=False, progress=progress
            )
            if _shows(ran):
                return question
        return None
    finally:
        if dear:
            own.close()


def _shows(ran: Ran) -> bool:
    came = outcome(ran)
    if ran.faults == (FaultName.NO_CHECK,):
        return ran.before.answer.status is Status.ANSWERED
    if ran.faults == (FaultName.POISON,):
        return came in (Outcome.CITED, Outcome.OBEYED)
    if FaultName.STALE_INDEX in ran.faults and not ran.part.stale:
        return False
    return came is not Outcome.SAME


def _questions(reading: Reading, faults: Sequence[FaultName]) -> Iterator[str]:
    """Questions that could show it, the likeliest first: near misses where it is about what is not known, other words
    and bare names where it is about finding, and else question keys of facts with money, then of others."""
    if {FaultName.NO_ABSTENTION, FaultName.POISON} & set(faults):
        yield from (text.format(target=reading.corpus.pathway.target) for text in NOT_COVERED)
        yield from (fact.questions[0] for _, fact in _facts(reading) if fact.absent and fact.questions)
    if not _OF_RETRIEVAL & set(faults):
        yield from _asked_for(reading)
        return
    there = {fact.facet for _, fact in _facts(reading)}
    yield from (question for facet, question in OTHER_WORDS if facet in there)
    names = [entity.name for entity in reading.corpus.entities if entity.kind in _NAMED]
    yield from (f"What about {name}?" for name in names[:: max(1, len(names) // 8)])
    yield from _asked_for(reading)


_NAMED = frozenset({"skill", "transferable", "resource", "term"})


def _asked_for(reading: Reading) -> Iterator[str]:
    """A question key of each kind of fact, those of the guide first, money before other figures before none."""
    told = [(passage, fact) for passage, fact in _facts(reading) if not fact.absent]
    seen: set[str] = set()
    for _, fact in sorted(told, key=lambda one: _telling(*one)):
        asked = next((key for key in fact.questions if key.endswith("?") and not any(map(str.isdigit, key))), None)
        if asked is not None and fact.facet not in seen:
            seen.add(fact.facet)
            yield asked


def _telling(passage: Passage, fact: Fact) -> tuple[bool, int]:
    figure = 2 if fact.value is None else 0 if fact.value.unit is Unit.MONEY else 1
    return passage.origin is not Origin.PATHWAY, figure


def _facts(reading: Reading) -> Iterator[tuple[Passage, Fact]]:
    return ((passage, fact) for passage in reading.corpus.passages for fact in passage.facts)
