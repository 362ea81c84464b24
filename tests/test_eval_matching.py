"""The matchers accept a right answer however it is spelled, and catch one that was made wrong.

Each right answer is mutated (wrong number, changed unit, dropped nugget, negated sentence), and every mutant
must fail; each spelling variant must pass.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from coach.types import Answer, Citation, Claim, Origin, Passage, Query, Retrieved, Sentence, Status, Support, Trace
from eval.cases import Case, CaseError, Nugget, load_cases, split_of
from eval.matching import holds, states
from eval.quantities import plain, quantities
from eval.reporting import as_json, show_failures, show_table
from eval.running import run_case
from eval.scoring import failed, score, summarise

NUGGET: TypeAdapter[Nugget] = TypeAdapter(Nugget)


def nugget(kind: str, **fields: Any) -> Nugget:
    return NUGGET.validate_python({"kind": kind, "vital": True, **fields})


ENTRY = nugget("amount", value=130000)
ENTRY_POUNDS = nugget("amount", value=31500, currency="GBP")
RISE = nugget("range", low=40, high=60, unit="percent")
LENGTH = nugget("range", low=6, high=8, unit="months")
PERSONAL = nugget("range", low=140000, high=160000, unit="USD")
GROWTH = nugget("percentage", value=61.5, tolerance=0.6)
ROADMAP = nugget("duration", value=24, unit="weeks")
SKILLS = nugget("count", value=6, noun=["skill*"])
NAME = nugget("name", value="CI/CD Pipelines", aliases=["continuous integration"])
CRITICAL = nugget("list", items=[["Vector Database Fundamentals", "fundamentals"], ["Embeddings"]])
PHASES = nugget(
    "list", items=[["Foundation Building"], ["Hands-On Implementation"], ["Advanced Scaling"]], ordered=True
)
TWO_OF_THREE = nugget("list", items=[["MIT"], ["Milvus"], ["Kubernetes"]], at_least=2)
NO_KUBERNETES = nugget("polarity", value="no", about=["Kubernetes"])
YES_PYTHON = nugget("polarity", value="yes", about=["Python"])


@pytest.mark.parametrize(
    ("wanted", "claim"),
    [
        (ENTRY, "Entry pay is around $130,000."),
        (ENTRY, "Entry pay is around \\$130,000 a year."),
        (ENTRY, "Beginners get about $130k."),
        (ENTRY, "Beginners get about 130 grand."),
        (ENTRY, "Beginners get one hundred and thirty thousand dollars."),
        (ENTRY, "Pay runs from $130,000 at entry to $210,000+ for seniors."),
        (ENTRY, "It is USD 130,000, not less."),
        (ENTRY_POUNDS, "Entry-level analysts earn around £31,500."),
        (RISE, "The guide claims +40% to +60%."),
        (RISE, "Pay rises by 40–60 percent."),
        (RISE, "Pay rises by between forty and sixty per cent."),
        (LENGTH, "It takes 6-8 months."),
        (LENGTH, "It takes six to eight months."),
        (LENGTH, "The roadmap's 24 weeks do not match the 6 to 8 months of the fact box."),
        (PERSONAL, "That would be $140,000 to $160,000."),
        (PERSONAL, "At 40 percent that is $140k; at 60 percent, $160k."),
        (GROWTH, "Senior pay is about 62% higher."),
        (GROWTH, "Senior pay is 61.5 percent higher."),
        (ROADMAP, "The phases add up to twenty-four weeks."),
        (ROADMAP, "That is about 5.5 months."),
        (ROADMAP, "Not eight months but 24 weeks."),
        (SKILLS, "There are six new skills."),
        (SKILLS, "Skills to learn: 6."),
        (NAME, "Your CI CD pipeline carries over."),
        (NAME, "**Continuous-Integration** is worth a lot."),
        (CRITICAL, "Critical are embeddings and the fundamentals."),
        (PHASES, "Foundation Building, then hands-on implementation, and after that Advanced Scaling."),
        (TWO_OF_THREE, "Run Milvus on Kubernetes."),
        (NO_KUBERNETES, "No: it is a tool of the second phase."),
        (NO_KUBERNETES, "Kubernetes is not among the six skills."),
        (NO_KUBERNETES, "The guide rates six skills. Kubernetes isn't one of them."),
        (YES_PYTHON, "Yes, it counts."),
        (YES_PYTHON, "Python carries over."),
    ],
)
def test_a_right_answer_is_accepted_in_any_spelling(wanted: Nugget, claim: str) -> None:
    assert holds(wanted, [claim])


@pytest.mark.parametrize(
    ("wanted", "mutant"),
    [
        # wrong number
        (ENTRY, "Entry pay is around $135,000."),
        (ENTRY, "Entry pay is around $13,000."),
        (ENTRY, "Entry pay is around $1,130,000."),
        (RISE, "Pay rises by 40 to 50 percent."),
        (LENGTH, "It takes 5 to 8 months."),
        (LENGTH, "It takes 8 months."),
        (PERSONAL, "That would be $140,000 to $150,000."),
        (GROWTH, "Senior pay is 16.5 percent higher."),
        (ROADMAP, "The phases add up to 26 weeks."),
        (ROADMAP, "The phases add up to 20 to 24 weeks."),
        (SKILLS, "There are seven new skills."),
        # changed unit
        (ENTRY, "Entry pay is around £130,000."),
        (ENTRY, "Entry pay is around €130k."),
        (ENTRY_POUNDS, "Entry-level analysts earn around $31,500."),
        (RISE, "Pay rises by 40 to 60 dollars."),
        (LENGTH, "It takes 6 to 8 weeks."),
        (ROADMAP, "The phases add up to 24 months."),
        (ROADMAP, "The phases add up to 24."),
        (SKILLS, "It takes 6 weeks to learn the skills."),
        # dropped nugget
        (ENTRY, "Senior pay is around $210,000+."),
        (SKILLS, "There are 6 of them in the roadmap."),
        (NAME, "Your pipelines carry over."),
        (NAME, "Your CI/CD practice carries over."),
        (CRITICAL, "Critical are the fundamentals."),
        (TWO_OF_THREE, "Run Milvus."),
        (PHASES, "Foundation Building comes first, Advanced Scaling last."),
        (PHASES, "Foundation Building, Advanced Scaling, Hands-On Implementation."),
        # negated sentence
        (ENTRY, "Entry pay is not around $130,000."),
        (ENTRY, "Beginners don't get $130k."),
        (RISE, "Pay never rises by 40 to 60 percent."),
        (LENGTH, "It does not take 6 to 8 months."),
        (ROADMAP, "The phases do not add up to 24 weeks."),
        (SKILLS, "There aren't six new skills."),
        (NO_KUBERNETES, "Yes, it is one of them."),
        (NO_KUBERNETES, "Kubernetes is among the six skills."),
        (YES_PYTHON, "No, it does not."),
        (YES_PYTHON, "Python does not carry over."),
        (YES_PYTHON, "Design carries over."),
    ],
)
def test_a_mutant_is_caught(wanted: Nugget, mutant: str) -> None:
    assert not holds(wanted, [mutant])


@pytest.mark.parametrize(
    ("forbidden", "claim", "stated"),
    [
        (95000, "In Berlin it is $95k.", True),
        ("$95,000", "In Berlin it is 95,000 dollars.", True),
        ("$95,000", "In Berlin it is 95,000 euros.", False),
        ("99 weeks", "Phase 1 takes 99 weeks.", True),
        ("99 weeks", "Phase 1 takes 4 weeks, and nowhere does the guide say 99 weeks.", False),
        ("Purple monkeys rule", "purple monkeys rule!", True),
        ("Purple monkeys rule", "Monkeys do not rule.", False),
    ],
)
def test_what_must_not_be_stated_is_found_unless_it_is_denied(forbidden: str | float, claim: str, stated: bool) -> None:
    assert states(forbidden, [claim]) is stated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("between $62,000 and $74,000", [(62000, 74000, "USD")]),
        ("$62–74k", [(62000, 74000, "USD")]),
        ("£52,000+", [(52000, 52000, "GBP")]),
        ("10 hours a week for five and a half months", [(10, 10, "hours_per_week"), (5.5, 5.5, "months")]),
        ("4 + 6 + 8 = 18 weeks", [(4, 4, "bare"), (6, 6, "bare"), (8, 8, "bare"), (18, 18, "weeks")]),
        ("that one, us-east-1 and the 45th percentile", [(45, 45, "ordinal")]),
        ("phase one and week thirteen", [(1, 1, "bare"), (13, 13, "bare")]),
    ],
)
def test_quantities_are_read_with_their_unit(text: str, expected: list[tuple[float, float, str]]) -> None:
    assert [(q.low, q.high, q.unit) for q in quantities(plain(text))] == expected


# --- Whole answers --------------------------------------------------------------------------------------

QUOTE = "Entry pay is around $130,000."


def answer(
    text: str = "Entry pay is about $130k.",
    *,
    status: Status = Status.ANSWERED,
    quote: str = QUOTE,
    start: int = 0,
    passage_id: str = "p#pay",
    formula: str | None = None,
    cited: bool = True,
    missing: tuple[str, ...] = (),
) -> Answer:
    passage = Passage(
        id="p#pay",
        pathway="p",
        heading_path=("Pay",),
        text=QUOTE,
        sentences=(Sentence(text=QUOTE, start=0, end=len(QUOTE)),),
        origin=Origin.PATHWAY,
        source="the guide",
    )
    citation = Citation(
        marker=1, passage_id=passage_id, source="the guide", quote=quote, start=start, end=start + len(quote)
    )
    claim = Claim(text=text, support=Support.QUOTED, formula=formula, citations=(citation,) if cited else ())
    trace = Trace(query=Query(question="q", standalone="q"), retrieved=(Retrieved(passage=passage, rank=1, score=1.0),))
    return Answer(question="q", pathway="p", status=status, text=text, claims=(claim,), missing=missing, trace=trace)


def case(**fields: Any) -> Case:
    given = {"id": "a", "split": split_of("a"), "slice": "pay", "pathway": "p", "question": "q", "status": "answered"}
    return Case.model_validate(given | fields)


def test_a_right_answer_is_right_grounded_and_validly_cited() -> None:
    judged = score(case(nuggets=[ENTRY.model_dump()], forbidden=["$95,000"]), answer())
    assert judged.right
    assert judged.problems == ()
    assert (judged.vital_held, judged.vital_total) == (1, 1)
    assert (judged.numbers_grounded, judged.numbers_total) == (1, 1)
    assert (judged.citations_valid, judged.citations_total) == (1, 1)


def test_a_wrong_status_a_dropped_nugget_and_a_forbidden_figure_each_make_it_wrong() -> None:
    assert not score(case(status="abstained"), answer()).right
    assert score(case(status=["abstained", "answered"]), answer()).right
    assert not score(case(nuggets=[LENGTH.model_dump()]), answer()).right
    assert score(case(nuggets=[LENGTH.model_dump() | {"vital": False}]), answer()).right
    assert not score(case(forbidden=[130000]), answer()).right


def test_what_is_missing_must_be_named() -> None:
    refusal = answer("Nothing here covers that.", status=Status.ABSTAINED, missing=("pay in Berlin",))
    assert score(case(status="abstained", missing=["Berlin", "Germany"]), refusal).right
    assert not score(case(status="abstained", missing=["visa*", "sponsor*"]), refusal).right


@pytest.mark.parametrize(
    "mutant",
    [
        answer("Entry pay is about $135k."),
        answer("Entry pay is about £130,000."),
        answer("In 2026 entry pay is about $130k."),
        answer(formula="100,000 + 35,000 = 135,000", text="Entry pay is about $140,000."),
    ],
)
def test_a_number_without_evidence_is_counted(mutant: Answer) -> None:
    judged = score(case(), mutant)
    assert judged.numbers_grounded < judged.numbers_total


def test_a_number_of_the_formula_is_grounded() -> None:
    judged = score(case(), answer("That makes $182,000.", formula="130,000 x 1.40 = 182,000"))
    assert (judged.numbers_grounded, judged.numbers_total) == (1, 1)


@pytest.mark.parametrize(
    "mutant",
    [
        answer(start=3),
        answer(quote="Entry pay is around $140,000."),
        answer(quote=""),
        answer(passage_id="p#invented"),
        answer(cited=False),
    ],
)
def test_a_broken_or_absent_citation_is_counted(mutant: Answer) -> None:
    judged = score(case(), mutant)
    assert judged.citations_valid < judged.citations_total


def test_a_crash_is_a_wrong_answer_whose_nuggets_are_all_dropped() -> None:
    judged = failed(case(nuggets=[ENTRY.model_dump()]), "ValueError: boom")
    assert not judged.right
    assert (judged.vital_held, judged.vital_total) == (0, 1)


def test_earlier_questions_are_asked_first_and_their_answers_passed_on() -> None:
    asked: list[tuple[str, int, str]] = []

    def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
        asked.append((question, len(history), pathway))
        return answer()

    judged = run_case(case(history=["first", "second"], nuggets=[ENTRY.model_dump()]), ask)
    assert asked == [("first", 0, "p"), ("second", 1, "p"), ("q", 2, "p")]
    assert judged.right


def test_an_exception_while_answering_is_a_failed_case() -> None:
    def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
        raise ValueError("boom")

    judged = run_case(case(), ask)
    assert not judged.right
    assert judged.problems == ("no answer: ValueError: boom",)


def test_the_report_shows_a_row_for_each_slice_and_hides_failing_test_questions() -> None:
    names = {split_of(name): name for name in ("a", "b", "c", "d", "e", "f", "g")}
    cases = [
        case(id=name, split=split, question=f"asked in {split}?", status="abstained") for split, name in names.items()
    ]
    scores = [score(shown, answer()) for shown in cases]
    console = Console(record=True, width=160, file=io.StringIO())
    show_failures({shown.id: shown for shown in cases}, scores, console)
    show_table(scores, console)
    text = console.export_text()
    assert "asked in dev?" in text
    assert "asked in test?" not in text
    assert "Cases of the test split with a problem, not shown: 1" in text
    assert "(dev split)" in text
    assert [row["name"] for row in cast(list[dict[str, object]], as_json(scores)["summaries"])][-1] == "all"


def test_refusals_count_where_they_are_due_and_where_they_are_not() -> None:
    refusal = answer("Not covered.", status=Status.ABSTAINED)
    summary = summarise(
        "all",
        [
            score(case(status="abstained"), refusal),
            score(case(status=["abstained", "off_topic"]), answer()),
            score(case(), refusal),
            score(case(), answer()),
            score(case(status=["answered", "abstained"]), refusal),
        ],
    )
    assert summary.abstention_recall == 1 / 2
    assert summary.over_refusal == 1 / 2


# --- Case files ------------------------------------------------------------------------------------------


def test_a_mistake_in_a_case_file_names_file_line_and_field(tmp_path: Path) -> None:
    good = case().model_dump(mode="json")
    bad = good | {"id": "b", "nuggets": [{"kind": "amount", "vital": True, "value": "lots"}]}
    wrong_split = good | {"split": "test" if good["split"] == "dev" else "dev", "id": "a"}
    lines = [json.dumps(good), json.dumps(bad), "", json.dumps(wrong_split), json.dumps(good), "{"]
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CaseError) as raised:
        load_cases(tmp_path)
    message = str(raised.value)
    assert "x.jsonl:2: nuggets.0.amount.value:" in message
    assert "x.jsonl:4: line: Value error, split: expected" in message
    assert "x.jsonl:5: id: 'a' is also at x.jsonl:1" in message
    assert "x.jsonl:6: line:" in message


def test_the_shipped_cases_load_and_every_group_has_four_paraphrases() -> None:
    cases = load_cases()
    groups: dict[str, set[str]] = {}
    for shipped in cases:
        if shipped.group:
            groups.setdefault(shipped.group, set()).add(shipped.question)
    assert {len(questions) for questions in groups.values()} == {4}
    assert 0.25 < sum(shipped.split == "test" for shipped in cases) / len(cases) < 0.42


def test_no_question_by_itself_meets_the_nuggets_of_its_case() -> None:
    """An answer that merely repeats the question must not look right, save where the question is a list to choose
    from."""
    echoed = [
        shipped.id
        for shipped in load_cases()
        if (vital := [n for n in shipped.nuggets if n.vital and n.kind not in ("polarity", "name")])
        and all(holds(n, [shipped.question]) for n in vital)
    ]
    assert echoed == []
