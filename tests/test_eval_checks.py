"""The checks beside the cases find what they are for: a blind evaluator, a stale coach, an answer that is not the same.

Answers are made by hand, and so is a small pathway for the counterfactual check, which is asked with the real encoder.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from coach.answering.generating import Writing
from coach.knowledge.load import load_knowledge
from coach.pipeline import Coach, Reading
from coach.planning.learner import Learner
from coach.retrieval.encoder import Encoder, load_encoder
from coach.settings import Settings, load_settings
from coach.types import (
    Answer,
    ChannelRank,
    Citation,
    Claim,
    Passage,
    Query,
    Retrieved,
    StageTime,
    Status,
    Support,
    Trace,
)
from eval import counterfactual, determinism, mutants, polarity, support
from eval.cases import AmountNugget, Case, CountNugget, DurationNugget, Nugget, split_of
from eval.matching import holds
from eval.quantities import plain, quantities
from eval.records import Asked, CheckRecord, Measure
from eval.scoring import judge
from tests.fakes import passage

PATHWAY = "potter-to-glassblower"

KILN = passage(
    "skills/kiln", PATHWAY, ("Skills", "Kiln work"),
    "Kiln work at the Murano Academy takes 9 weeks.", "A furnace is not part of the course fee of $4,200.",
)
PAY = passage("pay", PATHWAY, ("Pay",), "Pay at the start is around $61,000 a year.")
OTHER = passage(
    "tools", PATHWAY, ("Tools",),
    "Tongs are sold in three lengths.", "Most studios lend their blowpipes.", "Gloves wear out within a year.",
)
SUMS = passage(
    "sums", PATHWAY, ("Sums",), "Together the phases last 20 weeks, about 4.6 months.",
    formula="9 + 11 = 20 weeks; 20 / 4.35 = 4.6 months",
)


def claim(source: Passage, at: int = 0, text: str | None = None) -> Claim:
    cited = source.sentences[at]
    return Claim(
        text=text or cited.text,
        support=Support.COMPUTED if cited.formula else Support.QUOTED,
        formula=cited.formula,
        citations=(
            Citation(
                marker=1, passage_id=source.id, source=source.source,
                quote=cited.text, start=cited.start, end=cited.end,
            ),
        ),
    )


def answer(*claims: Claim, score: float = 0.5, seconds: float = 0.01) -> Answer:
    found = [
        Retrieved(passage=one, rank=rank, score=score, dense=ChannelRank(rank=rank, score=score))
        for rank, one in enumerate((KILN, PAY, SUMS, OTHER), start=1)
    ]
    question = "How long is kiln work and what does it pay?"
    return Answer(
        question=question,
        pathway=PATHWAY,
        status=Status.ANSWERED,
        text=" ".join(one.text for one in claims),
        claims=claims,
        trace=Trace(
            query=Query(question=question, standalone=question),
            retrieved=tuple(found),
            seconds=(StageTime(stage="retrieve", seconds=seconds),),
        ),
    )


def a_case(*nuggets: Nugget, split: str = "dev", number: int = 0) -> Case:
    id_ = [name for n in range(1000) if split_of(name := f"made-{n}") == split][number]
    return Case.model_validate({
        "id": id_, "split": split, "slice": "pay", "pathway": PATHWAY, "question": "?", "nuggets": nuggets,
        "gold": (KILN.id, PAY.id, SUMS.id), "status": "answered",
    })


WEEKS = DurationNugget(kind="duration", vital=True, value=9, unit="weeks")
START = AmountNugget(kind="amount", vital=True, value=61000)
CASE = a_case(WEEKS, START)
RIGHT = answer(claim(KILN), claim(PAY))


# --- Mutants ------------------------------------------------------------------------------------------------


def test_the_answer_that_is_mutated_is_right() -> None:
    assert judge(CASE, RIGHT).problems == ()


@pytest.mark.parametrize("kind", mutants.CAUGHT_BY)
@pytest.mark.parametrize("seed", range(8))
def test_every_kind_of_mutant_lowers_a_metric_meant_for_it(kind: str, seed: int) -> None:
    mutant = mutants.mutate(kind, CASE, RIGHT, random.Random(seed))
    assert mutant is not None and mutant.answer.claims != RIGHT.claims
    before, after = judge(CASE, RIGHT).measures, judge(CASE, mutant.answer).measures
    fallen = [
        name
        for name in mutants.CAUGHT_BY[kind]
        if name in after and after[name].part / after[name].whole < before[name].part / before[name].whole
    ]
    assert fallen, mutant.what


def test_a_row_for_every_kind_and_all_caught() -> None:
    record = mutants.check_evaluator([(CASE, RIGHT)])
    rows = {name: (caught, total) for name, caught, total in record.rows}
    assert {kind: rows[kind] for kind in mutants.CAUGHT_BY} == dict.fromkeys(mutants.CAUGHT_BY, (1, 1))
    assert (record.passed, record.total) == (len(mutants.CAUGHT_BY), len(mutants.CAUGHT_BY))


def test_an_evaluator_that_looks_at_nothing_catches_nothing() -> None:
    def blind(case: Case, given: Answer) -> Asked:
        return judge(case, RIGHT)

    record = mutants.check_evaluator([(CASE, RIGHT)], judge=blind)
    assert record.passed == 0 and record.total == len(mutants.CAUGHT_BY)
    assert {failure.split(":")[0] for failure in record.failures} >= set(mutants.CAUGHT_BY)


def test_an_evaluator_that_is_blind_in_one_metric_fails_in_the_kinds_that_need_it() -> None:
    def without_grounding(case: Case, given: Answer) -> Asked:
        asked = judge(case, given)
        return asked.model_copy(update={"measures": asked.measures | {"grounding": Measure(part=1, whole=1)}})

    record = mutants.check_evaluator([(CASE, RIGHT)], judge=without_grounding)
    missed = {name for name, caught, total in record.rows if caught < total and name in mutants.CAUGHT_BY}
    assert missed == {kind for kind, metrics in mutants.CAUGHT_BY.items() if metrics == ("grounding",)}


def test_answers_that_are_not_right_are_no_ground_for_mutants() -> None:
    wrong = answer(claim(KILN))  # the pay is missing
    with pytest.raises(ValueError, match="right answer"):
        mutants.check_evaluator([(CASE, wrong)])


@pytest.mark.parametrize("seed", range(40))
def test_a_wrong_number_stands_nowhere_in_the_evidence(seed: int) -> None:
    mutant = mutants.mutate("wrong number", CASE, RIGHT, random.Random(seed))
    assert mutant is not None and mutant.claim is not None
    known = {q.low for cited in mutant.claim.citations for q in quantities(plain(cited.quote))}
    assert not {q.low for q in quantities(plain(mutant.claim.text))} & known


def test_a_number_that_also_stands_in_the_quote_is_not_what_makes_a_mutant() -> None:
    """Neither 9 for 9 nor any other number of the evidence; and without a number there is no such mutant."""
    wordy = answer(claim(OTHER, 1))
    case = a_case()
    assert mutants.mutate("wrong number", case, wordy, random.Random(1)) is None
    assert mutants.mutate("changed unit", case, wordy, random.Random(1)) is None
    record = mutants.check_evaluator([(case, wordy)])
    assert "wrong number" not in {name for name, _, _ in record.rows}


@pytest.mark.parametrize("seed", range(10))
def test_a_length_said_in_two_units_is_made_wrong_in_both(seed: int) -> None:
    """Else the answer would still hold it, and rightly count as holding it."""
    case = a_case(DurationNugget(kind="duration", vital=True, value=20, unit="weeks"))
    mutant = mutants.mutate("wrong vital number", case, answer(claim(SUMS)), random.Random(seed))
    assert mutant is not None
    assert "20 weeks" not in mutant.answer.text and "4.6 months" not in mutant.answer.text


@pytest.mark.parametrize("seed", range(10))
def test_a_vital_number_that_is_also_said_in_words_is_made_wrong_there_too(seed: int) -> None:
    case = a_case(CountNugget(kind="count", vital=True, value=2, noun=("glove*",)))
    said = answer(claim(OTHER, 2, "Two gloves wear out: glove 1 and glove 2, two gloves in all."))
    mutant = mutants.mutate("wrong vital number", case, said, random.Random(seed))
    assert mutant is not None
    assert not holds(case.nuggets[0], [one.text for one in mutant.answer.claims])


def test_mutants_of_test_cases_are_counted_and_not_shown() -> None:
    hidden = a_case(WEEKS, START, split="test")
    record = mutants.check_evaluator([(hidden, RIGHT)], judge=lambda case, given: judge(case, RIGHT))
    assert record.total == len(mutants.CAUGHT_BY) and record.failures == ()


def test_a_run_repeats() -> None:
    assert mutants.check_evaluator([(CASE, RIGHT)]) == mutants.check_evaluator([(CASE, RIGHT)])


def test_the_gate_is_asked_about_falsified_claims_of_claims_that_pass_it() -> None:
    def rows(gate: mutants.Gate) -> dict[str, tuple[int, int]]:
        record = mutants.check_evaluator([(CASE, RIGHT)], gate=gate)
        return {name: (caught, total) for name, caught, total in record.rows if name.startswith("gate: ")}

    kinds = {f"gate: {kind}" for kind in mutants.GATED}
    assert rows(lambda claim, passages, asked: True) == dict.fromkeys(kinds, (0, 1))
    assert rows(lambda claim, passages, asked: claim in RIGHT.claims) == dict.fromkeys(kinds, (1, 1))
    assert rows(lambda claim, passages, asked: False) == {}


def test_the_coachs_own_gate_rejects_a_wrong_number() -> None:
    record = mutants.check_evaluator([(CASE, RIGHT)])
    assert ("gate: wrong number", 1, 1) in record.rows


# --- What the mutants need: polarity and support ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "quote", "differs"),
    [
        ("Kiln work takes 9 weeks.", "Kiln work takes 9 weeks.", False),
        ("Kiln work doesn't take 9 weeks.", "Kiln work takes 9 weeks.", True),
        ("It is not true that kiln work takes 9 weeks.", "Kiln work takes 9 weeks.", True),
        ("It is not true that, in all, kiln work takes 9 weeks.", "Kiln work takes 9 weeks.", True),
        ("A furnace is part of the course fee.", "A furnace is not part of the course fee.", True),
        ("A furnace isn't part of the course fee.", "A furnace is not part of the course fee.", False),
        ("No: a furnace is not part of the course fee.", "A furnace is not part of the course fee.", False),
        ("Kiln work takes not only heat.", "Kiln work takes heat.", False),
        ("Kiln work takes 9 weeks, but a furnace is not free.", "A furnace is not free, but kiln work takes 9 weeks.",
         False),
        ("Annealing is not among the skills that the guide lists.", "The guide lists 6 skills.", None),
        ("Bring gloves.", "Kiln work takes 9 weeks.", None),
    ],
)
def test_polarity_is_compared_clause_by_clause(said: str, quote: str, differs: bool | None) -> None:
    assert polarity.differs(said, [quote]) is differs


def test_a_computed_claim_may_not_deny_its_own_result() -> None:
    formula = "9 + 11 = 20 weeks; 20 / 4.35 = 4.6 months"
    assert polarity.denies_result("The phases do not last 20 weeks.", formula) is True
    assert polarity.denies_result("The phases last about 4.6 months, which is not much.", formula) is False
    assert polarity.denies_result("The phases are not short.", formula) is None


def test_what_cannot_be_compared_may_still_not_be_denied_as_a_whole_on_evidence_that_denies_nothing() -> None:
    assert polarity.contradicts(claim(PAY, text="It is not true that bringing gloves helps.")) is True
    assert polarity.contradicts(claim(PAY, text="Bringing gloves helps.")) is None
    assert polarity.contradicts(claim(KILN, 1, text="It is not true that bringing gloves helps.")) is False


def test_a_fluent_sentence_is_not_supported_by_a_citation_that_stands() -> None:
    fluent = claim(PAY, text="Many people find the change easier than they had feared.")
    assert support.support(answer(fluent)).held == 0
    assert support.support(answer(claim(PAY, text="The start is paid around $61,000 a year."))).held == 1


def test_entries_of_a_list_count_as_one_sentence_in_concision() -> None:
    entries = [
        claim(source).model_copy(update={"text": text, "item": True})
        for source, text in ((KILN, "9 weeks"), (KILN, "gloves"))
    ]
    tally = support.concise(answer(*entries, claim(OTHER)), [WEEKS])
    assert (tally.held, tally.total) == (1, 2)


# --- Counterfactual -----------------------------------------------------------------------------------------------

GUIDE = {
    "slug": PATHWAY,
    "origin": "Potter",
    "target": "Glassblower",
    "source": {"title": "Career-pathway page: Potter to Glassblower", "headline_months": 9},
    "timeline": {"low": 7, "high": 9},
    "salary_change": {"low": 12, "high": 25},
    "pay": [{"level": "entry", "low": 41000, "about": True}, {"level": "senior", "low": 68000, "at_least": True}],
    "skills": [
        {"id": "kiln-work", "name": "Kiln Work", "priority": "critical", "weeks": 6,
         "how": "Kiln work is learned in 6 weeks at a studio."},
        {"id": "cold-working", "name": "Cold Working", "priority": "important", "weeks": 5,
         "how": "Cold working is learned at the grinding wheel."},
    ],
    "phases": [
        {"number": 1, "name": "First Heat", "weeks": 11, "tasks": [{"id": "gather", "text": "Gather glass"}]},
        {"number": 2, "name": "Own Studio", "weeks": 13, "tasks": [{"id": "rent", "text": "Rent a furnace"}]},
    ],
    "faq": [
        {"id": "rise", "question": "Does it pay?", "about": "pay",
         "answer": "Pay rises by 12 to 25 percent, to $41,000 at the start."},
    ],
}


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "knowledge"
    (folder / "pathways").mkdir(parents=True)
    text = yaml.safe_dump(GUIDE, sort_keys=False)
    (folder / "pathways" / f"{PATHWAY}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return load_encoder(load_settings(data_dir=tmp_path_factory.mktemp("encoder")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kept from one check to the next, so that only what changed is encoded again."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def changed(knowledge: Path, tmp_path: Path) -> tuple[Path, tuple[counterfactual.Figure, ...]]:
    """A changed copy and what was changed."""
    copy = tmp_path / "knowledge"
    (copy / "pathways").mkdir(parents=True)
    for file in knowledge.rglob("*.yaml"):
        (copy / file.relative_to(knowledge)).write_bytes(file.read_bytes())
    plan = counterfactual.changed_figures(copy, random.Random(1))
    counterfactual.rewrite(copy, plan)
    return copy, plan


def test_every_typed_figure_gets_a_value_of_its_own_that_stood_nowhere(
    knowledge: Path, changed: tuple[Path, tuple[counterfactual.Figure, ...]]
) -> None:
    _, plan = changed
    new = [figure.new for figure in plan]
    assert len(plan) == 1 + 2 + 2 + 2 + 2 + 2  # title, timeline, rise, pay, skills, phases
    assert len(set(new)) == len(new)
    before = (knowledge / "pathways" / f"{PATHWAY}.yaml").read_text(encoding="utf-8")
    assert not [value for value in new if f"{value:g}" in before]
    for unit in {figure.unit for figure in plan}:
        same = [(figure.old, figure.new) for figure in plan if figure.unit == unit]
        assert [old for old, _ in sorted(same, key=lambda pair: pair[1])] == sorted(old for old, _ in same)


def test_a_changed_copy_is_sound_and_its_prose_follows(
    changed: tuple[Path, tuple[counterfactual.Figure, ...]], tmp_path: Path
) -> None:
    copy, plan = changed
    read = load_knowledge(load_settings(data_dir=tmp_path / "data", knowledge_dir=copy))
    guide = read.pathway(PATHWAY)
    new = {figure.place: figure.new for figure in plan}
    assert guide.skills[0].weeks == new["skills", 0, "weeks"]
    assert guide.skills[0].how == f"Kiln work is learned in {guide.skills[0].weeks} weeks at a studio."
    low, high, pay = (
        new["salary_change", "low"], new["salary_change", "high"], new["pay", 0, "low"],
    )
    assert guide.faq[0].answer == f"Pay rises by {low:.0f} to {high:.0f} percent, to ${pay:,.0f} at the start."


def check(
    knowledge: Path, home: Path, encoder: Encoder, open_coach: counterfactual.Open | None = None, least: int = 8
) -> CheckRecord:
    return counterfactual.run(
        home, knowledge_dir=knowledge, sample=99, encoder=encoder, open_coach=open_coach, least=least
    )


def test_the_coach_follows_what_its_files_say(knowledge: Path, home: Path, encoder: Encoder) -> None:
    record = check(knowledge, home, encoder)
    assert record.failures == ()
    assert record.passed == record.total >= 8
    derived = {name: (passed, total) for name, passed, total in record.rows}["derived"]
    assert derived[0] == derived[1] >= 1


def test_a_coach_that_does_not_read_its_files_again_is_found_out(
    knowledge: Path, home: Path, encoder: Encoder
) -> None:
    opened: list[Coach] = []

    def stale(settings: Settings, with_: Encoder) -> Coach:
        opened.append(opened[0] if opened else Coach(settings, encoder=with_))
        return opened[-1]

    record = check(knowledge, home, encoder, stale)
    assert len(opened) == 2
    assert record.passed == 0 and record.total >= 8
    assert len(record.failures) >= record.total and "the old figure is still said" in record.failures[0]
    assert {name: passed for name, passed, _ in record.rows}["derived"] == 0


def test_a_coach_that_says_one_figure_by_heart_fails_in_that_one(
    knowledge: Path, home: Path, encoder: Encoder
) -> None:
    class ByHeart(Coach):
        def ask(
            self,
            question: str,
            history: Sequence[Answer] = (),
            pathway: str | None = None,
            on_stage: Callable[[str], None] | None = None,
            learner: Learner | None = None,
            reading: Reading | None = None,
            writing: Writing | None = None,
        ) -> Answer:
            given = super().ask(question, history, pathway, on_stage, learner, reading, writing)
            claims = [
                one.model_copy(update={"text": "Kiln work takes 6 weeks."}) if "Kiln Work" in one.text else one
                for one in given.claims
            ]
            return given.model_copy(update={"claims": tuple(claims)})

    record = check(knowledge, home, encoder, lambda settings, with_: ByHeart(settings, encoder=with_))
    assert 0 < record.passed < record.total
    assert any("skills.0.weeks" in failure for failure in record.failures)


def test_too_few_figures_do_not_pass(knowledge: Path, home: Path, encoder: Encoder) -> None:
    record = check(knowledge, home, encoder, least=40)
    assert record.total == 40 and record.passed < 40
    assert "at least 40 wanted" in record.failures[-1]


def test_a_formula_follows_when_it_is_true_and_its_result_is_said() -> None:
    probe = counterfactual.DerivedProbe(PATHWAY, ("How long?",), "9 + 11 = 20 weeks", "97 + 211 = 308 weeks")

    def problem(formula: str, text: str) -> str | None:
        one = claim(SUMS, text=text).model_copy(update={"formula": formula})
        return counterfactual.formula_follows(answer(one), probe, {97.0, 211.0})

    assert problem("97 + 211 = 308 weeks", "Together they last 308 weeks.") is None
    assert "old formula" in (problem("9 + 11 = 20 weeks", "Together they last 20 weeks.") or "")
    assert "does not add up" in (problem("97 + 211 = 380 weeks", "Together they last 380 weeks.") or "")
    assert "is not said" in (problem("97 + 211 = 308 weeks", "Together they last 20 weeks.") or "")
    assert "no formula" in (problem("9 + 12 = 21 weeks", "Together they last 21 weeks.") or "")


# --- Determinism ----------------------------------------------------------------------------------------------------


def compared(*others: Answer | None) -> CheckRecord:
    first = {"a": determinism.answer_bytes(RIGHT), "b": determinism.answer_bytes(RIGHT)}
    return determinism.compare(
        ["a", "b"],
        first,
        {
            f"run {n}": {"b": first["b"]} | ({"a": determinism.answer_bytes(other)} if other else {})
            for n, other in enumerate(others, start=1)
        },
    )


def test_the_same_answers_are_the_same_however_long_they_took() -> None:
    slower = answer(*RIGHT.claims, seconds=9.0)
    assert slower != RIGHT
    record = compared(RIGHT, slower)
    assert (record.passed, record.total, record.failures) == (2, 2, ())


def test_a_score_that_differs_in_its_last_bit_is_found_and_placed() -> None:
    record = compared(RIGHT, answer(*RIGHT.claims, score=0.5 + 2**-53))
    assert (record.passed, record.total) == (1, 2)
    assert record.rows == (("run 1", 2, 2), ("run 2", 1, 2))
    assert record.failures == (
        "a, run 2: answer.trace.retrieved[0].score: 0.5 against 0.5000000000000001",
    )


def test_an_answer_that_is_missing_or_longer_differs() -> None:
    missing, longer = compared(None), compared(answer(*RIGHT.claims, claim(OTHER)))
    assert missing.passed == longer.passed == 1
    assert "against null" in missing.failures[0]
    assert "answer.text" in longer.failures[0]


def test_answers_come_back_from_the_file_as_they_were_written(tmp_path: Path) -> None:
    """Ends of lines that JSON leaves as they are do not cut an answer in two."""
    odd = answer(claim(KILN, text="Kiln work\u2028takes\x859 weeks.\ttrue"))
    file = tmp_path / "answers"
    file.write_text(f"a\t{determinism.answer_bytes(odd)}\n", encoding="utf-8")
    assert determinism._read(file) == {"a": determinism.answer_bytes(odd)}
    assert Answer.model_validate_json(determinism._read(file)["a"]).claims == odd.claims


def test_a_process_that_fails_is_an_error_and_no_result(tmp_path: Path) -> None:
    bad = tmp_path / "asked.jsonl"
    bad.write_text('{"id": "no case"}\n', encoding="utf-8")
    with pytest.raises(determinism.ProcessError, match="Case"):
        determinism._finish(determinism._start(bad, tmp_path / "data", tmp_path / "answers", cores=1, hash_seed=1))
