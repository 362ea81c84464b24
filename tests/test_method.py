"""How an answer is found can be changed, one thing at a time, and what is changed beside the real index stays there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coach import Coach
from coach.errors import VectorIndexError
from coach.knowledge.writing import ask_for
from coach.pipeline import Reading, Worked
from coach.retrieval.index import SearchResult
from coach.types import AS_SHIPPED, Claim, Method, Origin, Passage, Status

QUESTION = "How long does the whole roadmap take?"
NEAR_MISS = "What would I get paid in Lisbon?"


def work(coach: Coach, question: str, reading: Reading | None = None, **changes: object) -> Worked:
    return coach.work(question, reading or coach.reading(), method=AS_SHIPPED.model_copy(update=changes))


def _by(coach: Coach, method: Method) -> SearchResult:
    return coach.work(QUESTION, coach.reading(), method=method).evidence[0].found


def test_as_shipped_is_what_everybody_gets(coach: Coach) -> None:
    asked, worked = coach.ask(QUESTION), work(coach, QUESTION).answer
    apart = {"trace": {"seconds", "steps"}}
    assert asked.model_dump_json(exclude=apart) == worked.model_dump_json(exclude=apart)
    assert asked.trace.method == AS_SHIPPED


def test_the_trace_says_by_which_method_and_what_took_the_time(coach: Coach) -> None:
    trace = work(coach, QUESTION, fusion="reciprocal_ranks").answer.trace
    assert trace.method.fusion == "reciprocal_ranks"
    assert [step.step for step in trace.steps][:5] == ["encode", "dense", "keys", "lexical", "fuse"]
    assert sum(step.seconds for step in trace.steps) <= sum(stage.seconds for stage in trace.seconds)


@pytest.mark.parametrize("channel", ["dense", "keys", "lexical"])
def test_a_channel_without_weight_leaves_the_ranking_to_the_others(coach: Coach, channel: str) -> None:
    alone = {"dense": 0.0, "keys": 0.0, "lexical": 0.0} | {channel: 1.0}
    found = _by(coach, Method.model_validate({channel: 0.0}))
    only = _by(coach, Method.model_validate(alone))
    best = max(only.ranking, key=lambda entry: getattr(entry, channel).score if getattr(entry, channel) else -1.0)
    assert only.ranking[0].score == best.score
    assert [entry.passage.id for entry in found.ranking] != [entry.passage.id for entry in only.ranking]


def test_with_words_alone_no_meaning_counts_in_the_choice_of_facts(coach: Coach) -> None:
    evidence = work(coach, QUESTION, dense=0.0, keys=0.0)
    reading, query = evidence.reading, evidence.queries[0]
    _, values = reading.composer.selector.features(query, evidence.evidence[0])
    assert not values[:, 0].any() and not values[:, 1].any()
    assert values[:, 2].any()


@pytest.mark.parametrize("most", [1, 3])
def test_only_facts_of_so_many_passages_are_chosen_from(coach: Coach, most: int) -> None:
    for question in coach.starters():
        worked = work(coach, question, passages=most)
        for query, evidence in zip(worked.queries, worked.evidence, strict=True):
            choices = worked.reading.composer.selector.choose(query, evidence)
            allowed = [entry.passage.id for entry in evidence.found.ranking if entry.passage.facts][:most]
            assert {choice.cell.passage.id for choice in choices} <= set(allowed)
            assert choices


def test_read_the_wrong_way_round_the_farthest_comes_first(coach: Coach) -> None:
    right = work(coach, QUESTION).evidence[0].found
    wrong = work(coach, QUESTION, distance="inverted").evidence[0].found
    ranks = {entry.passage.id: entry.dense.rank for entry in right.ranking if entry.dense}
    first = next(entry for entry in wrong.ranking if entry.dense and entry.dense.rank == 1)
    assert ranks[first.passage.id] == len(right.ranking)


def test_without_abstention_something_is_said_whatever_is_asked(coach: Coach) -> None:
    assert work(coach, NEAR_MISS).answer.status is Status.ABSTAINED
    said = work(coach, NEAR_MISS, abstain=False).answer
    assert said.status is Status.ANSWERED and said.claims and not said.missing


def test_a_threshold_of_one_leaves_nothing_sure_enough(coach: Coach) -> None:
    assert work(coach, "What is tough about the job?").answer.status is Status.ANSWERED
    assert work(coach, "What is tough about the job?", answer_from=1.0).answer.status is Status.ABSTAINED


def _careless(claim: Claim) -> Claim:
    return claim.model_copy(update={"text": f"{claim.text} It costs $7,654,321."})


def test_what_a_careless_writer_adds_is_struck_out_and_shown_only_without_the_check(coach: Coach) -> None:
    reading = coach.reading()
    checked = coach.work(QUESTION, reading, writer=_careless).answer
    assert checked.status is Status.ABSTAINED and not checked.claims
    assert checked.trace.verdicts and not any(verdict.supported for verdict in checked.trace.verdicts)
    assert all("7,654,321" in " ".join(verdict.missing_numbers) for verdict in checked.trace.verdicts)
    unchecked = coach.work(QUESTION, reading, writer=_careless, method=Method(check=False)).answer
    assert "7,654,321" in unchecked.text and unchecked.trace.verdicts == checked.trace.verdicts


# --- Beside the real index ---------------------------------------------------------------------------------


def test_a_reading_beside_gives_the_same_answers_and_leaves_the_real_one_alone(coach: Coach) -> None:
    real = coach.reading()
    beside = coach.beside(real.corpus)
    assert beside.index.fingerprint == real.index.fingerprint and not beside.index.kept
    for question in coach.starters():
        one, other = coach.work(question, real).answer, coach.work(question, beside).answer
        assert one.text == other.text
    beside.index.close()
    assert coach.reading() is real and coach.ask(QUESTION).claims


def test_a_stale_index_is_caught_because_its_quotes_no_longer_stand(coach: Coach) -> None:
    real = coach.reading()
    cited = {citation.passage_id for claim in coach.ask(QUESTION).claims for citation in claim.citations}
    changed = replace(
        real.corpus,
        passages=tuple(_moved(passage) if passage.id in cited else passage for passage in real.corpus.passages),
    )
    stale = coach.beside(changed, indexed=real.corpus)
    answer = coach.work(QUESTION, stale).answer
    assert not answer.claims and answer.trace.draft
    assert all("does not stand where it says" in verdict.reason for verdict in answer.trace.verdicts)
    shown = coach.work(QUESTION, stale, method=Method(check=False)).answer
    assert shown.text == coach.ask(QUESTION).text


def _moved(passage: Passage) -> Passage:
    return passage.model_copy(update={"text": "No longer so. " + passage.text})


def test_headings_can_be_left_out_of_what_is_embedded(coach: Coach) -> None:
    real = coach.reading()
    bare = coach.beside(real.corpus, with_headings=False)
    assert bare.index.fingerprint != real.index.fingerprint
    assert bare.index.passages == real.index.passages
    assert coach.work(QUESTION, bare).answer.status is Status.ANSWERED


def test_a_passage_that_the_encoder_cannot_read_whole_is_refused_unless_the_check_is_off(coach: Coach) -> None:
    real = coach.reading()
    first = real.corpus.passages[0]
    endless = first.model_copy(update={"text": first.text + " and so on" * 200})
    corpus = replace(real.corpus, passages=(endless, *real.corpus.passages[1:]))
    with pytest.raises(VectorIndexError, match="Split the passage"):
        coach.beside(corpus)
    assert coach.beside(corpus, check_lengths=False).index.passages[first.id] == endless


def test_no_passage_of_a_pathway_passes_for_the_learners_own(coach: Coach) -> None:
    for pathway in coach.pathways():
        assert all(passage.origin is not Origin.LEARNER for passage in coach.reading(pathway.slug).corpus.passages)
        assert ask_for("own.detail", {}) is None
