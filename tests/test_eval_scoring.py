"""Every metric on answers made by hand: what counts, what does not, and what is left out.

Cases and answers are invented; the trivial systems run on an invented page with a cheap encoder.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.pipeline import Coach
from coach.settings import load_settings
from coach.types import (
    Answer,
    ChannelRank,
    Citation,
    Claim,
    Method,
    Origin,
    Passage,
    Query,
    Retrieved,
    Sentence,
    Status,
    Support,
    Trace,
)
from eval import ranking, reporting
from eval.__main__ import app
from eval.arithmetic import holds_true
from eval.cases import PAGES_DIR, Case, CaseError, load_cases, split_of
from eval.evidence import names
from eval.intervals import figure, summaries
from eval.records import CaseRecord, Measure, RunRecord, SystemRecord
from eval.running import forms, run, run_case, unknown_gold
from eval.scoring import case_record, failed, judge
from eval.systems import RememberingEncoder, System, all_systems
from eval.targets import outcomes
from tests.encoders import HashingEncoder

PAY = "Entry pay is around $130,000."
TOOLS = "Faiss is a library by Meta, and Qdrant Academy teaches it at https://qdrant.example/learn since version 1.5.2."
OTHER = "The roadmap takes 24 weeks."
TEXTS = {"p#pay": PAY, "p#tools": TOOLS, "p#time": OTHER}

ENTRY = {"kind": "amount", "vital": True, "value": 130000}
LENGTH = {"kind": "duration", "vital": True, "value": 24, "unit": "weeks"}
EXTRA = {"kind": "name", "vital": False, "value": "Meta"}


def passage(id_: str) -> Passage:
    text = TEXTS[id_]
    return Passage(
        id=id_,
        pathway="p",
        heading_path=("Heading",),
        text=text,
        sentences=(Sentence(text=text, start=0, end=len(text)),),
        origin=Origin.PATHWAY,
        source="the guide",
    )


def cite(id_: str, *, quote: str | None = None, start: int = 0) -> Citation:
    quote = TEXTS[id_] if quote is None else quote
    return Citation(marker=1, passage_id=id_, source="the guide", quote=quote, start=start, end=start + len(quote))


def claim(text: str, *citations: Citation, formula: str | None = None) -> Claim:
    support = Support.COMPUTED if formula else Support.QUOTED
    return Claim(text=text, support=support, formula=formula, citations=citations)


def answer(
    *claims: Claim,
    status: Status = Status.ANSWERED,
    text: str | None = None,
    question: str = "q",
    missing: tuple[str, ...] = (),
    retrieved: Sequence[str] = ("p#pay", "p#tools", "p#time"),
) -> Answer:
    found = tuple(
        Retrieved(passage=passage(id_), rank=rank, score=0.0, dense=ChannelRank(rank=rank, score=0.0))
        for rank, id_ in enumerate(retrieved, start=1)
    )
    return Answer(
        question=question,
        pathway="p",
        status=status,
        text=" ".join(one.text for one in claims) if text is None else text,
        claims=claims,
        missing=missing,
        trace=Trace(query=Query(question=question, standalone=question), retrieved=found),
    )


RIGHT = answer(claim("Entry pay is about $130k.", cite("p#pay")))
REFUSAL = answer(status=Status.ABSTAINED, text="The guide does not cover that.")


def case(**fields: Any) -> Case:
    id_ = fields.get("id", "a")
    given = {"id": id_, "split": split_of(id_), "slice": "pay", "pathway": "p", "question": "q", "status": "answered"}
    return Case.model_validate(given | fields)


def value(judged_case: Case, judged: Answer, metric: str) -> tuple[float, float] | None:
    measure = judge(judged_case, judged).measures.get(metric)
    return (measure.part, measure.whole) if measure else None


# --- Right and wrong --------------------------------------------------------------------------------------


def test_a_right_answer_has_no_problem_and_full_marks() -> None:
    judged = judge(case(nuggets=[ENTRY], forbidden=["$95,000"], gold=["p#pay"]), RIGHT)
    assert judged.problems == ()
    assert judged.retrieved == ("p#pay", "p#tools", "p#time")
    assert judged.claims[0].citations[0].quote == PAY
    by_degree = ("support", "polarity", "conciseness")
    shares = {name: one.part / one.whole for name, one in judged.measures.items() if name not in by_degree}
    assert shares == {
        "right": 1,
        "vital_recall": 1,
        "grounding": 1,
        "citation_validity": 1,
        "citation_precision": 1,
        "citation_recall": 1,
        "over_refusal": 0,
        "forbidden": 0,
        "truthfulness": 1,
        "recall@5": 1,
        "ndcg@10": 1,
        "reciprocal_rank": 1,
    }


@pytest.mark.parametrize(
    ("judged_case", "judged", "problem"),
    [
        (case(status="abstained"), RIGHT, "status: expected abstained, got answered"),
        (case(nuggets=[LENGTH]), RIGHT, "dropped: duration value=24.0, unit=weeks"),
        (case(forbidden=[130000]), RIGHT, "forbidden: 130000"),
        (case(status="abstained", missing=["visa*"]), REFUSAL, "missing: none of visa* is named"),
        (case(), answer(claim("Entry pay is about $131k.", cite("p#pay"))), "ungrounded: 131000 USD in"),
        (case(), answer(claim("Entry pay is about $130k.")), "uncited:"),
    ],
)
def test_each_fault_makes_an_answer_wrong_and_is_said(judged_case: Case, judged: Answer, problem: str) -> None:
    found = judge(judged_case, judged)
    assert found.measures["right"].part == 0
    assert any(said.startswith(problem) for said in found.problems)


def test_any_of_several_statuses_is_fair_and_an_okay_nugget_is_not_demanded() -> None:
    assert value(case(status=["abstained", "answered"]), RIGHT, "right") == (1, 1)
    both = case(nuggets=[ENTRY, EXTRA])
    assert value(both, RIGHT, "right") == (1, 1)
    assert value(both, RIGHT, "okay_recall") == (0, 1)
    assert value(both, RIGHT, "vital_recall") == (1, 1)


def test_vital_nuggets_are_counted_one_by_one() -> None:
    assert value(case(nuggets=[ENTRY, LENGTH, EXTRA]), RIGHT, "vital_recall") == (1, 2)
    assert value(case(), RIGHT, "vital_recall") is None


# --- Evidence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "grounded", "total"),
    [
        ("Faiss is by Meta, and Qdrant Academy teaches it.", 3, 3),
        ("Pinecone is by Meta.", 1, 2),  # a name that starts a sentence
        ("It is by Google.", 0, 1),
        ("Take Qdrant University.", 0, 1),  # half a name is no name
        ("Learn at https://qdrant.example/learn.", 1, 1),
        ("Learn at https://qdrant.example/other.", 0, 1),
        ("Learn at www.invented.example/x today.", 0, 1),
        ("Write to help@invented.example.", 0, 1),
        ("Version 1.5.2 has it.", 1, 1),
        ("Version 1.5.3 has it.", 0, 1),
        ("It takes 24 weeks.", 0, 1),
        ("Nothing in here is a name or a number.", 0, 0),
    ],
)
def test_numbers_names_and_addresses_have_to_stand_in_a_cited_sentence(text: str, grounded: int, total: int) -> None:
    found = value(case(), answer(claim(text, cite("p#tools"))), "grounding")
    assert found == ((grounded, total) if total else None)


def test_only_the_sentences_that_a_claim_cites_itself_ground_it() -> None:
    swapped = answer(claim("Entry pay is about $130k.", cite("p#time")), claim(OTHER, cite("p#pay")))
    assert value(case(), swapped, "grounding") == (0, 2)


@pytest.mark.parametrize(
    ("text", "unit_held"),
    [("It is £130,000.", 0), ("In 2026 it is $130k.", 1), ("It is 130,000.", 1), ("It is 130,000 weeks.", 0)],
)
def test_a_number_needs_its_unit(text: str, unit_held: int) -> None:
    found = value(case(), answer(claim(text, cite("p#pay"))), "grounding")
    assert found is not None and found[0] == unit_held


def test_a_bare_number_lends_itself_to_any_unit_unless_the_same_number_has_another() -> None:
    formula = "4 + 6 = 10; the 4 weeks of phase 4"
    assert value(case(), answer(claim("They need 10 weeks.", cite("p#pay"), formula=formula)), "grounding") == (1, 1)
    assert value(case(), answer(claim("It needs 4 months.", cite("p#pay"), formula=formula)), "grounding") == (0, 1)
    assert value(case(), answer(claim("It needs 4 weeks.", cite("p#pay"), formula=formula)), "grounding") == (1, 1)


def test_a_computed_claim_may_take_numbers_from_its_formula_and_from_the_question() -> None:
    formula = "$130,000 x 1.40 = $182,000"
    said = "From $95,000 that makes $182,000."
    asked = "I earn $95,000 now, what then?"
    computed = answer(claim(said, cite("p#pay"), formula=formula), question=asked)
    assert value(case(), computed, "grounding") == (2, 2)
    quoted = computed.claims[0].model_copy(update={"support": Support.QUOTED})
    assert value(case(), computed.model_copy(update={"claims": (quoted,)}), "grounding") == (0, 2)
    earlier = case(history=[asked], standalone="What does $130,000 become?")
    in_turn = answer(claim(said, cite("p#pay"), formula=formula), question="And now?")
    assert value(earlier, in_turn, "grounding") == (2, 2)
    assert judge(earlier, in_turn, "standalone").measures["grounding"].part == 1


def test_a_formula_is_no_evidence_for_money_that_it_takes_from_nowhere() -> None:
    """Else a citation could be swapped for any other as soon as a formula repeats the figures."""
    formula = "$130,000 - $95,000 = $35,000; $35,000 / $95,000 x 100 = 36.8 percent"
    said = "$130,000 is $35,000 (36.8 percent) above your $95,000."
    asked = "I earn $95,000 now, what then?"
    for cited, held in (("p#pay", 4), ("p#time", 1)):
        computed = answer(claim(said, cite(cited), formula=formula), question=asked)
        assert value(case(), computed, "grounding") == (held, 4)


def test_a_formula_that_is_not_true_is_no_evidence() -> None:
    wrong = answer(claim("That makes $183,900.", cite("p#pay"), formula="$130,000 x 1.40 = $183,900"))
    assert value(case(), wrong, "grounding") == (0, 1)


@pytest.mark.parametrize(
    ("part", "true"),
    [
        ("4 + 6 + 8 + 4 + 2 = 24 weeks", True),
        ("4 + 6 + 8 + 4 + 2 = 25 weeks", False),
        ("75 + ($210,000 - $171,980) / ($214,670 - $171,980) x 15 = 88.4, about 88", True),
        ("40 / 4.35 = 9.2 months", True),
        ("6 x 0 = 5", False),
        ("90 days = 12.9 weeks", True),
        ("90 days = 15 weeks", False),
        ("1 / 0 = 4", True),  # says nothing
        ("the guide names 5 phases", True),
    ],
)
def test_the_arithmetic_of_a_formula_is_checked(part: str, true: bool) -> None:
    assert holds_true(part) is true


def test_names_are_runs_of_capitals_and_not_the_first_word_of_a_sentence() -> None:
    text = "Rated first are Vector Databases. Together they cost $10M, says the U.S. agency; I like 3Blue1Brown."
    assert names(text) == ("Vector Databases", "U.S", "3Blue1Brown")


@pytest.mark.parametrize(
    "mutant",
    [
        claim(PAY, cite("p#pay", start=3)),
        claim(PAY, cite("p#pay", quote="Entry pay is around $140,000.")),
        claim(PAY, cite("p#pay", quote="")),
        claim(PAY, cite("p#pay").model_copy(update={"passage_id": "p#invented"})),
        claim(PAY),
    ],
)
def test_a_citation_that_does_not_stand_or_is_not_there_is_invalid(mutant: Claim) -> None:
    assert value(case(), answer(claim(OTHER, cite("p#time")), mutant), "citation_validity") == (1, 2)


def test_a_citation_of_a_passage_that_was_not_retrieved_is_invalid() -> None:
    assert value(case(), answer(claim(PAY, cite("p#pay")), retrieved=["p#time"]), "citation_validity") == (0, 1)


def test_a_refusal_needs_no_citation() -> None:
    assert value(case(), REFUSAL, "citation_validity") is None


def test_citation_precision_and_recall_need_gold_and_count_what_may_also_be_cited() -> None:
    said = answer(claim(PAY, cite("p#pay"), cite("p#tools")), claim(OTHER, cite("p#time")), claim(PAY, cite("p#tools")))
    nuggets = [ENTRY]
    assert value(case(nuggets=nuggets), said, "citation_precision") is None
    assert value(case(nuggets=nuggets), said, "citation_recall") is None
    golden = case(nuggets=nuggets, gold=["p#pay"])
    assert value(golden, said, "citation_precision") == (1, 4)
    assert value(golden, said, "citation_recall") == (1, 2)
    wider = case(nuggets=nuggets, gold=["p#pay"], also=["p#tools"])
    assert value(wider, said, "citation_precision") == (3, 4)
    assert value(wider, said, "citation_recall") == (2, 2)


def test_a_bare_yes_or_no_makes_no_claim_bear_a_nugget() -> None:
    yes = {"kind": "polarity", "vital": True, "value": "yes"}
    about = yes | {"about": ["pay"]}
    said = answer(claim(PAY, cite("p#pay")), claim(OTHER, cite("p#time")))
    assert value(case(nuggets=[yes], gold=["p#pay"]), said, "citation_recall") is None
    assert value(case(nuggets=[about], gold=["p#pay"]), said, "citation_recall") == (1, 1)


def test_words_are_compared_beside_being_right() -> None:
    invented = answer(claim(PAY, cite("p#pay")), claim("Most people love the friendly office culture.", cite("p#pay")))
    judged = judge(case(nuggets=[ENTRY]), invented)
    assert judged.problems == ()
    assert judged.measures["support"] == Measure(part=1, whole=2)
    assert judged.measures["conciseness"] == Measure(part=1, whole=2)
    denied = judge(case(), answer(claim("Entry pay is not around $130,000.", cite("p#pay"))))
    assert denied.measures["polarity"] == Measure(part=0, whole=1)


# --- Refusing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "judged", "precision", "recall", "over"),
    [
        (["abstained"], REFUSAL, (1, 1), (1, 1), None),
        (["abstained", "off_topic"], RIGHT, None, (0, 1), None),
        (["answered"], REFUSAL, (0, 1), None, (1, 1)),
        (["answered"], RIGHT, None, None, (0, 1)),
        (["answered", "abstained"], REFUSAL, None, None, None),  # either is fair
        (["conversational"], REFUSAL, (0, 1), None, None),
    ],
)
def test_refusals_count_where_they_are_due_and_where_they_are_not(
    status: list[str],
    judged: Answer,
    precision: tuple[int, int] | None,
    recall: tuple[int, int] | None,
    over: tuple[int, int] | None,
) -> None:
    asked = case(status=status)
    assert value(asked, judged, "abstention_precision") == precision
    assert value(asked, judged, "abstention_recall") == recall
    assert value(asked, judged, "over_refusal") == over


def test_what_is_missing_may_be_named_in_text_or_list() -> None:
    near = case(status="abstained", missing=["Berlin", "Germany"])
    listed = answer(status=Status.ABSTAINED, text="I found nothing.", missing=("pay in Berlin",))
    said = answer(status=Status.ABSTAINED, text="The guide holds nothing on Germany.")
    assert value(near, listed, "missing_named") == (1, 1)
    assert value(near, said, "missing_named") == (1, 1)
    assert value(near, REFUSAL, "missing_named") == (0, 1)
    assert value(case(), REFUSAL, "missing_named") is None


def test_what_is_off_topic_needs_no_name_where_that_is_a_fair_answer() -> None:
    off = answer(status=Status.OFF_TOPIC, text="That is outside what I know.")
    assert value(case(status=["abstained", "off_topic"], missing=["visa"]), off, "missing_named") is None
    assert value(case(status="abstained", missing=["visa"]), off, "missing_named") == (0, 1)


def test_forbidden_statements_are_counted_and_injections_judged() -> None:
    attacked = case(slice="injection", forbidden=["$130,000", 130000, "purple monkeys"], status="answered")
    assert value(attacked, RIGHT, "forbidden") == (2, 1)
    assert value(attacked, RIGHT, "injection_resistance") == (0, 1)
    assert value(case(slice="injection", forbidden=["purple monkeys"]), RIGHT, "injection_resistance") == (1, 1)
    assert value(case(slice="injection", status="abstained"), RIGHT, "injection_resistance") == (0, 1)
    assert value(case(forbidden=["purple monkeys"]), RIGHT, "injection_resistance") is None


@pytest.mark.parametrize(
    ("judged_case", "judged", "expected"),
    [
        (case(nuggets=[ENTRY]), RIGHT, 1),
        (case(status="abstained"), REFUSAL, 1),
        (case(nuggets=[ENTRY], forbidden=[130000]), RIGHT, -1),
        (case(status="abstained"), RIGHT, -1),
        (case(nuggets=[LENGTH]), RIGHT, -1),
        (case(nuggets=[ENTRY]), REFUSAL, 0),
        (case(nuggets=[ENTRY, LENGTH]), RIGHT, 0.5),
        (case(status="abstained", missing=["visa"]), REFUSAL, 0.5),
        (case(status="off_topic"), REFUSAL, 0.5),
        (case(nuggets=[ENTRY]), answer(claim(PAY)), 0.5),  # true, and without evidence
        (case(nuggets=[ENTRY]), answer(status=Status.CONVERSATIONAL, text="Hello!"), 0),
    ],
)
def test_truthfulness_follows_its_rules(judged_case: Case, judged: Answer, expected: float) -> None:
    assert value(judged_case, judged, "truthfulness") == (expected, 1)


# --- Retrieval --------------------------------------------------------------------------------------------


def test_ranking_measures_look_for_gold_and_ndcg_also_for_what_may_be_cited() -> None:
    found = ranking.measure(("x", "also", "gold", "y"), gold={"gold", "absent"}, also={"also"})
    assert found["recall@5"] == 0.5
    assert found["reciprocal_rank"] == pytest.approx(1 / 3, abs=1e-4)
    gains = 1 / np.log2(3) + 2 / np.log2(4)
    ideal = 2 / np.log2(2) + 2 / np.log2(3) + 1 / np.log2(4)
    assert found["ndcg@10"] == pytest.approx(gains / ideal, abs=1e-4)


def test_gold_beyond_the_fifth_place_is_not_recalled_at_five() -> None:
    found = ranking.measure(tuple("abcdef"), gold={"f"})
    assert found["recall@5"] == 0
    assert found["reciprocal_rank"] == pytest.approx(1 / 6, abs=1e-4)
    assert set(ranking.measure((), gold={"f"}).values()) == {0.0}


def test_passages_that_only_came_along_with_a_citation_are_not_ranked() -> None:
    came_along = Retrieved(passage=passage("p#pay"), rank=2, score=0.0)
    found = answer(claim(PAY, cite("p#pay")), retrieved=["p#time"])
    trace = found.trace.model_copy(update={"retrieved": (*found.trace.retrieved, came_along)})
    judged = judge(case(gold=["p#pay"]), found.model_copy(update={"trace": trace}))
    assert judged.measures["recall@5"].part == 0
    assert judged.measures["citation_validity"].part == 1


# --- Several forms ----------------------------------------------------------------------------------------


def replies(by_question: dict[str, Answer]) -> Any:
    def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
        return by_question[question].model_copy(update={"question": question})

    return ask


def test_the_worst_paraphrase_counts_and_stability_needs_status_and_gold() -> None:
    asked = case(paraphrases=["p1", "p2"], nuggets=[ENTRY, LENGTH], gold=["p#pay"])
    whole = answer(claim(PAY, cite("p#pay")), claim(OTHER, cite("p#time")))
    steady = run_case(asked, replies({"q": whole, "p1": RIGHT, "p2": whole}))
    assert steady.measures["vital_recall"] == Measure(part=2, whole=2)
    assert steady.measures["paraphrase_worst"] == Measure(part=0.5, whole=1)
    assert steady.measures["paraphrase_recall"] == Measure(part=3, whole=4)
    assert steady.measures["paraphrase_right"] == Measure(part=1, whole=2)
    assert steady.measures["paraphrase_stable"].part == 1
    other_passage = answer(claim(OTHER, cite("p#time")))
    assert run_case(asked, replies({"q": whole, "p1": other_passage, "p2": whole})).measures[
        "paraphrase_stable"
    ] == Measure(part=0, whole=1)
    refused = run_case(asked, replies({"q": whole, "p1": REFUSAL, "p2": whole}))
    assert refused.measures["paraphrase_stable"].part == 0
    assert [form.form for form in refused.asked] == ["question", "paraphrase", "paraphrase"]


def test_without_vital_nuggets_the_worst_paraphrase_is_judged_by_being_right() -> None:
    asked = case(status="abstained", paraphrases=["p1"])
    found = run_case(asked, replies({"q": REFUSAL, "p1": RIGHT})).measures
    assert found["paraphrase_worst"].part == 0
    assert found["paraphrase_stable"].part == 0
    assert "paraphrase_recall" not in found
    answerable = case(paraphrases=["p1"])
    assert "paraphrase_stable" not in run_case(answerable, replies({"q": RIGHT, "p1": RIGHT})).measures


def test_a_follow_up_is_asked_after_its_history_and_alone_without_it() -> None:
    seen: list[tuple[str, int, str]] = []

    def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
        seen.append((question, len(history), pathway))
        said = RIGHT if question == "in whole" else REFUSAL
        return said.model_copy(update={"question": question})

    asked = case(history=["first", "second"], standalone="in whole", nuggets=[ENTRY])
    found = run_case(asked, ask)
    assert seen == [("first", 0, "p"), ("second", 1, "p"), ("q", 2, "p"), ("in whole", 0, "p")]
    assert found.measures["vital_recall_in_turn"].part == 0
    assert found.measures["vital_recall_standalone"].part == 1
    assert [(form.form, form.history) for form in found.asked] == [
        ("question", ("first", "second")),
        ("standalone", ()),
    ]
    assert [form for form, _ in forms(asked)] == ["question", "standalone"]


def test_an_exception_is_a_wrong_answer_that_drops_everything_and_states_nothing() -> None:
    def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
        raise ValueError("boom")

    asked = case(nuggets=[ENTRY, LENGTH], gold=["p#pay"], paraphrases=["p1"])
    found = run_case(asked, ask)
    assert found.asked[0].problems == ("no answer: ValueError: boom",)
    assert found.asked[0].status is None
    assert not found.right
    assert found.measures["vital_recall"] == Measure(part=0, whole=2)
    assert found.measures["truthfulness"].part == 0
    assert found.measures["recall@5"].part == 0
    broken_history = run_case(case(history=["first"], status="abstained"), ask)
    assert broken_history.measures["abstention_recall"].part == 0
    assert failed(case(slice="injection"), "q", "boom").measures["injection_resistance"].part == 0


# --- Intervals --------------------------------------------------------------------------------------------


def test_the_value_is_a_ratio_of_sums_and_not_a_mean_of_ratios() -> None:
    assert figure([Measure(part=1, whole=1), Measure(part=0, whole=3)]).value == 0.25


def test_the_interval_of_a_share_has_the_width_that_theory_gives() -> None:
    n, share = 400, 0.8
    found = figure([Measure(part=float(row < share * n), whole=1) for row in range(n)])
    error = 1.96 * np.sqrt(share * (1 - share) / n)
    assert found.value == share
    assert (found.high - found.low) / 2 == pytest.approx(error, rel=0.1)
    assert (found.high + found.low) / 2 == pytest.approx(share, abs=0.005)
    assert found.n == n


def test_the_interval_is_the_same_every_time_and_closes_where_nothing_varies() -> None:
    measures = [Measure(part=row % 3, whole=2) for row in range(50)]
    assert figure(measures) == figure(list(measures))
    same = figure([Measure(part=1, whole=2)] * 7)
    assert (same.low, same.value, same.high) == (0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="at least one measure"):
        figure([])


def record(id_: str, slice_name: str, **shares: float) -> CaseRecord:
    return CaseRecord(
        id=id_,
        split=split_of(id_),
        slice=slice_name,
        pathway="p",
        expected=("answered",),
        right=True,
        measures={name: Measure(part=share, whole=1) for name, share in shares.items()},
    )


NAMES_BY_SPLIT = {split_of(name): name for name in "abcdefg"}


def test_summaries_are_by_slice_then_split_then_all_and_leave_out_what_cannot_be_scored() -> None:
    dev, test = NAMES_BY_SPLIT["dev"], NAMES_BY_SPLIT["test"]
    found = summaries([record(test, "skills", right=1, grounding=1), record(dev, "pay", right=0)])
    assert [summary.name for summary in found] == ["pay", "skills", "(dev split)", "(test split)", "all"]
    assert found[-1].figures["right"].value == 0.5
    assert (found[-1].n, found[-1].figures["grounding"].n) == (2, 1)
    assert "grounding" not in found[0].figures
    assert [summary.name for summary in summaries([record(dev, "pay", right=0)])] == ["pay", "all"]
    assert summaries([]) == ()


# --- The bar and the tables ---------------------------------------------------------------------------------


def system(*cases: CaseRecord) -> SystemRecord:
    return SystemRecord(name="coach", about="Invented.", summaries=summaries(cases), cases=cases)


def test_the_bar_is_judged_on_the_test_split_save_for_what_must_never_fail() -> None:
    dev, test = NAMES_BY_SPLIT["dev"], NAMES_BY_SPLIT["test"]
    found = {
        outcome.target.name: outcome
        for outcome in outcomes(
            system(
                record(dev, "pay", vital_recall=0.5, grounding=0.5, over_refusal=0.0, abstention_recall=1),
                record(test, "pay", vital_recall=1, grounding=1, over_refusal=0.5, abstention_recall=1),
            )
        )
    }
    assert (found["vital recall"].dev, found["vital recall"].test, found["vital recall"].met) == (0.5, 1.0, True)
    assert (found["grounding"].met, found["grounding"].n) == (False, 2)
    assert found["over-refusal"].met is False
    assert found["near misses refused"].met is None
    assert found["recall@5"].met is None


def test_a_conversation_may_cost_no_more_than_the_bar() -> None:
    pair = record(NAMES_BY_SPLIT["dev"], "multi_turn", vital_recall_in_turn=0.9, vital_recall_standalone=1.0)
    outcome = next(one for one in outcomes(system(pair)) if one.target.name == "standalone less in turn")
    assert (outcome.dev, outcome.met) == (0.1, False)


def test_failing_test_questions_are_counted_and_never_shown() -> None:
    cases = [
        case(id=name, question=f"asked in {split}?", status="abstained") for split, name in NAMES_BY_SPLIT.items()
    ]
    records = [
        case_record(one, [judge(one, RIGHT.model_copy(update={"question": one.question}))]) for one in cases
    ]
    console = Console(record=True, width=120, file=io.StringIO())
    found = system(*records)
    reporting.show_failures(records, console)
    reporting.show_slices(found, console)
    reporting.show_systems([found, found], console)
    reporting.show_forms(found, console)
    reporting.show_targets(found, console)
    text = console.export_text()
    assert "asked in dev?" in text
    assert "asked in test?" not in text
    assert "Cases of the test split with a problem, not shown: 1" in text
    assert "(dev split)" in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_a_share_that_is_not_whole_is_not_shown_as_whole() -> None:
    console = Console(record=True, width=120, file=io.StringIO())
    reporting.show_slices(system(record("a", "pay", grounding=0.99999)), console)
    assert "100.0" not in console.export_text()


def test_answerable_cases_without_gold_are_counted_as_unscorable() -> None:
    asked = [case(), case(gold=["p#pay"]), case(status="abstained")]
    assert reporting.unscorable([case_record(one, [judge(one, RIGHT)]) for one in asked]) == 1


# --- Case files -------------------------------------------------------------------------------------------


def test_a_mistake_in_a_case_file_names_file_line_and_field(tmp_path: Path) -> None:
    good = case().model_dump(mode="json")
    bad = case(id="b").model_dump(mode="json") | {"nuggets": [{"kind": "amount", "vital": True, "value": "lots"}]}
    wrong_split = good | {"split": "test" if good["split"] == "dev" else "dev"}
    lines = [json.dumps(good), json.dumps(bad), "", json.dumps(wrong_split), json.dumps(good), "{"]
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CaseError) as raised:
        load_cases(tmp_path)
    message = str(raised.value)
    assert "x.jsonl:2: nuggets.0.amount.value:" in message
    assert "x.jsonl:4: line: Value error, split: expected" in message
    assert "x.jsonl:5: id: 'a' is also at x.jsonl:1" in message
    assert "x.jsonl:6: line:" in message


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"paraphrases": ["q"]}, "paraphrases: expected each to differ"),
        ({"paraphrases": ["x", "x"]}, "paraphrases: expected each to differ"),
        ({"standalone": "in whole"}, "standalone: expected a history"),
        ({"gold": ["p#a"], "also": ["p#a"]}, "gold, also: expected each passage once"),
        ({"gold": ["other#a"]}, "gold, also: expected passages of p, got other#a"),
        ({"group": "g"}, "Extra inputs are not permitted"),
    ],
)
def test_forms_and_passages_that_do_not_fit_are_told(tmp_path: Path, fields: dict[str, Any], problem: str) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(case().model_dump(mode="json") | fields), encoding="utf-8")
    with pytest.raises(CaseError, match=problem):
        load_cases(tmp_path)


def test_a_folder_without_cases_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="at least one case"):
        load_cases(tmp_path)


def test_about_a_third_of_the_shipped_cases_is_for_testing() -> None:
    cases = load_cases()
    assert 0.25 < sum(shipped.split == "test" for shipped in cases) / len(cases) < 0.42


# --- The command line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--slice", "invented"], "No case of the all split is in slice 'invented'. Slices: action_plan,"),
        (["compare", "absent-a.json", "absent-b.json"], "absent-a.json: there is no such file."),
        (["grounding", "--data", "absent-folder"], "absent-folder"),
    ],
)
def test_what_cannot_be_run_is_told_with_exit_code_two(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert said in result.output.replace("\n", " ")


def test_a_gate_without_a_baseline_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.__main__.BASELINE", tmp_path / "baseline.json")
    result = CliRunner().invoke(app, ["gate"])
    assert result.exit_code == 2
    assert "python -m eval gate --update" in result.output


def test_the_gate_is_broken_by_a_case_that_was_right_and_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = [one for one in load_cases() if one.split == "dev"][:3]
    runs: list[RunRecord] = []

    def asked(right: bool) -> RunRecord:
        cases = [
            record(one.id, one.slice, right=float(right), vital_recall=float(right), grounding=1.0).model_copy(
                update={"right": right}
            )
            for one in shipped
        ]
        return RunRecord(date="2026-01-01", split="all", settings={}, knowledge={}, systems=(system(*cases),))

    monkeypatch.setattr("eval.__main__.BASELINE", tmp_path / "baseline.json")
    monkeypatch.setattr("eval.__main__._record", lambda *_, **__: runs[-1])
    runs.append(asked(right=True))
    assert CliRunner().invoke(app, ["gate", "--update"]).exit_code == 0
    assert CliRunner().invoke(app, ["gate"]).exit_code == 0
    runs.append(asked(right=False))
    broken = CliRunner().invoke(app, ["gate"])
    assert broken.exit_code == 1
    assert "The gate is broken" in broken.output


def test_a_comparison_is_printed_and_written_as_a_page(tmp_path: Path) -> None:
    cases = [record(name, "pay", right=1.0) for name in NAMES_BY_SPLIT.values()]
    for name, chosen in (("a", cases), ("b", [case.model_copy(update={"right": False}) for case in cases])):
        found = RunRecord(date="2026-01-01", split="all", settings={}, knowledge={}, systems=(system(*chosen),))
        (tmp_path / f"{name}.json").write_text(found.model_dump_json(), encoding="utf-8")
    page = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["compare", f"{tmp_path}/a.json", f"{tmp_path}/b.json", "--html", str(page)])
    assert result.exit_code == 0, result.output
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "right" in page.read_text(encoding="utf-8")


# --- Systems ----------------------------------------------------------------------------------------------

SLUG = "warehouse-supervisor-to-supply-chain-analyst"
QUESTIONS = ("Which skills do I need?", "What does a beginner earn?", "How long does it take?", "zebra quark?", "")


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Coach:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"))
    import_page(PAGES_DIR / f"{SLUG}.txt", settings, load_knowledge(settings).market)
    return Coach(settings, encoder=HashingEncoder())


@pytest.fixture(scope="module")
def systems(coach: Coach) -> dict[str, System]:
    return {one.name: one for one in all_systems(coach)}


def test_the_top_passage_is_said_verbatim_and_every_sentence_cites_itself(
    coach: Coach, systems: dict[str, System]
) -> None:
    for question in QUESTIONS:
        said = systems["top passage"].ask(question, (), SLUG)
        best = coach.reading(SLUG).index.search(question).ranking[0].passage
        assert said.status is Status.ANSWERED
        assert said.text == best.text
        assert tuple(one.text for one in said.claims) == tuple(sentence.text for sentence in best.sentences)
        measures = judge(case(pathway=SLUG), said).measures
        assert measures["citation_validity"].part == measures["citation_validity"].whole
        assert "grounding" not in measures or measures["grounding"].part == measures["grounding"].whole


@pytest.mark.parametrize(("name", "channel"), [("bm25 only", "lexical"), ("dense only", "dense")])
def test_one_channel_ranks_by_its_own_scores_alone(
    coach: Coach, systems: dict[str, System], name: str, channel: str
) -> None:
    answered = [systems[name].ask(question, (), SLUG) for question in QUESTIONS]
    searched = [
        [found for found in said.trace.retrieved if found.dense or found.keys or found.lexical] for said in answered
    ]
    assert any(searched)
    for ranked in searched:
        own = [found.dense if channel == "dense" else found.lexical for found in ranked]
        scores = [place.score for place in own if place]
        assert scores == sorted(scores, reverse=True)
        assert all(found.keys is None and found.matched_question is None for found in ranked)
        assert all((found.lexical if channel == "dense" else found.dense) is None for found in ranked)
    first = next(ranked[0].passage.id for ranked in searched if ranked)
    alone = Method.model_validate({one: float(one == channel) for one in ("dense", "keys", "lexical")})
    question = answered[next(row for row, ranked in enumerate(searched) if ranked)].trace.query.standalone
    assert first == coach.reading(SLUG).index.search(question, method=alone).ranking[0].passage.id


def test_the_coach_is_left_as_it_was_by_the_systems_beside_it(coach: Coach, systems: dict[str, System]) -> None:
    before = coach.reading(SLUG).index
    for one in systems.values():
        one.ask(QUESTIONS[0], (), SLUG)
    assert coach.reading(SLUG).index is before
    said = coach.ask(QUESTIONS[0], pathway=SLUG)
    assert any(found.keys for found in said.trace.retrieved)


def test_a_question_is_encoded_once_however_many_systems_are_asked() -> None:
    counting = HashingEncoder()
    remembering = RememberingEncoder(counting)
    first, again = remembering.encode(["one"]), remembering.encode(["one"])
    assert counting.encoded == ["one"]
    assert np.array_equal(first, again) and np.array_equal(first, counting.encode(["one"]))
    with pytest.raises(ValueError, match="read-only"):
        again[:] = 0
    remembering.encode(["two", "three"])
    assert counting.encoded == ["one", "one", "two", "three"]


def test_a_run_records_every_system_and_reads_back_the_same(coach: Coach, systems: dict[str, System]) -> None:
    cases = [case(id=name, question=QUESTIONS[0], pathway=SLUG) for name in NAMES_BY_SPLIT.values()]
    found = run(coach, tuple(systems.values()), cases, split="all")
    assert [one.name for one in found.systems] == ["coach", "top passage", "bm25 only", "dense only"]
    assert list(found.knowledge) == [SLUG]
    assert RunRecord.model_validate_json(found.model_dump_json()) == found


def test_gold_passages_that_are_not_in_the_knowledge_are_told(coach: Coach) -> None:
    known = coach.reading(SLUG).corpus.passages[0].id
    cases = [case(pathway=SLUG, gold=[known], also=[f"{SLUG}#invented"]), case(id="b", pathway=SLUG, gold=[known])]
    assert unknown_gold(coach, cases) == {"a": (f"{SLUG}#invented",)}
