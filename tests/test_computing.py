"""What is worked out: numbers in words, runs of phases, sums, comparisons, the learner's own pay and time.

Understanding and computing alone, with a cheap encoder: which fact fits best and what is intended is given by hand. The
shipped pathway and invented ones, since nothing here may rest on one page. Questions are our own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from coach import Answer, Coach, load_settings
from coach.answering.assembling import assemble
from coach.answering.composing import Composed
from coach.answering.computing_basis import Worked
from coach.answering.selecting import Choice
from coach.answering.spelling import in_figures, numbered
from coach.answering.understanding import understand
from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.knowledge.market import percentile_of
from coach.types import Query, Status, Support, Unit
from tests.encoders import HashingEncoder

PAGES = Path(__file__).resolve().parent.parent / "eval" / "pages"

SHIPPED = "software-engineer-to-vector-database-engineer"
TEACHER = "high-school-teacher-to-learning-experience-designer"
WAREHOUSE = "warehouse-supervisor-to-supply-chain-analyst"

PHASES = {SHIPPED: (4, 6, 8, 4, 2), TEACHER: (3, 7, 11, 4), WAREHOUSE: (6, 12, 8)}
SKILLS = {SHIPPED: (8, 5, 4, 6, 10, 3), TEACHER: (3, 5, 2, 3, 4, 1, 2), WAREHOUSE: (7, 6, 4, 8, 3)}
WEEKS_PER_MONTH = 365.25 / 12 / 7


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Coach:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"))
    market = load_knowledge(settings).market
    for page in sorted(PAGES.glob("*.txt")):
        import_page(page, settings, market)
    return Coach(settings, encoder=HashingEncoder())


def query_of(coach: Coach, question: str, pathway: str = SHIPPED, history: Sequence[Answer] = ()) -> Query:
    return understand(question, history, coach.reading(pathway).vocabulary, max_chars=2000)[0]


def worked(
    coach: Coach,
    question: str,
    pathway: str = SHIPPED,
    *,
    best: str = "time.total",
    about: Sequence[str] = (),
    intents: dict[str, float] | None = None,
) -> Worked | None:
    """What is worked out when the fact that fits best is ``best`` (``about`` these) and intents are this likely."""
    composer = coach.reading(pathway).composer
    cell = composer.facts.find(best, about)
    assert cell is not None, f"{pathway} has no {best}"
    choice = Choice(cell, score=0.0, similarity=0.7, sentence=0.7, words=1.0)
    logs = {name: math.log(share) for name, share in (intents or {}).items()}
    query = query_of(coach, question, pathway)
    return composer.computer.work_out(query, choice, logs) if logs else composer.computer.work_out(query, choice)


def checked(coach: Coach, question: str, found: Worked | None, pathway: str = SHIPPED) -> str:
    """The text of what was worked out, once every statement of it has passed the check of claims."""
    assert found is not None
    reading = coach.reading(pathway)
    part = Composed(Status.ANSWERED, found.statements, found.facets)
    query = query_of(coach, question, pathway)
    answer = assemble(question, [query], [part], [()], reading.corpus, reading.vocabulary.names, "")
    assert len(answer.claims) == len(found.statements), [v for v in answer.trace.verdicts if not v.supported]
    for claim in answer.claims:
        assert claim.citations
        assert claim.support != Support.COMPUTED or claim.formula
    return " ".join(claim.text for claim in answer.claims)


Told = Callable[..., str]


@pytest.fixture(scope="module")
def told(coach: Coach) -> Told:
    """``worked`` and ``checked`` in one."""

    def tell(
        question: str,
        pathway: str = SHIPPED,
        *,
        best: str = "time.total",
        about: Sequence[str] = (),
        intents: dict[str, float] | None = None,
    ) -> str:
        found = worked(coach, question, pathway, best=best, about=about, intents=intents)
        return checked(coach, question, found, pathway)

    return tell


# --- Numbers in words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "figures"),
    [
        ("I make a hundred sixty thousand", "I make 160000"),
        ("one hundred and twenty k", "120 k"),
        ("on one sixty k now", "on 160 k now"),
        ("ninety grand", "90 grand"),
        ("fifteen hundred hours", "1500 hours"),
        ("the thirtieth day", "the 30th day"),
        ("day ninety", "day 90"),
        ("the ninety-day plan", "the 90-day plan"),
        ("twelve and thirteen weeks", "12 and 13 weeks"),
        ("twenty, thirty hours", "20, 30 hours"),
        ("two and a half months", "2.5 months"),
    ],
)
def test_numbers_in_words_become_figures(coach: Coach, said: str, figures: str) -> None:
    assert in_figures(said, coach.reading().vocabulary.names) == figures


@pytest.mark.parametrize(
    "said",
    [
        "the second one",
        "one of them, in May or March",
        "may I ask which one comes first",
        "two weeks",
        "six to eight months",
        "160 thousand",
        "hundreds of people",
        "half a million",
        "a few thousand dollars",
        "phase 1 and a half of phase 2",
    ],
)
def test_what_is_no_number_by_itself_stays_as_it_is(coach: Coach, said: str) -> None:
    assert in_figures(said, coach.reading().vocabulary.names) == said


def test_a_number_in_a_name_stays_a_word(coach: Coach) -> None:
    page = coach.reading(TEACHER).vocabulary
    assert in_figures("fifteen weeks", page.names) == "15 weeks"
    entity = next(e for e in page.entity.values() if e.kind == "skill")
    renamed = entity.model_copy(update={"name": "The Fifteen Habits"})
    names = type(page.names)([renamed], [])
    assert in_figures("How long do the fifteen habits take?", names) == "How long do the fifteen habits take?"


@pytest.mark.parametrize(
    ("question", "unit", "low"),
    [
        ("I earn a hundred sixty thousand a year", Unit.MONEY, 160_000),
        ("I am on one hundred and twenty k", Unit.MONEY, 120_000),
        ("I have twenty-five hours a week", Unit.HOURS_PER_WEEK, 25),
        ("I have eight free hours a week", Unit.HOURS_PER_WEEK, 8),
        ("two and a half hours every morning", Unit.HOURS_PER_WEEK, 2.5 * 7),
        ("where am I on the thirtieth day?", Unit.ORDINAL, 30),
        ("what about day ninety?", Unit.ORDINAL, 90),
        ("I have one and a half years", Unit.YEARS, 1.5),
        ("only 9w left", Unit.WEEKS, 9),
    ],
)
def test_figures_are_read_from_words(coach: Coach, question: str, unit: Unit, low: float) -> None:
    assert (unit, low) in [(f.quantity.unit, f.quantity.low) for f in query_of(coach, question).figures]


# --- Runs of phases ---------------------------------------------------------------------------------------


def named_phases(coach: Coach, question: str, pathway: str = SHIPPED) -> list[int]:
    entities = query_of(coach, question, pathway).entities
    return [int(entity.partition(":")[2]) for entity in entities if entity.startswith("phase:")]


@pytest.mark.parametrize(
    ("run", "phases"),
    [
        ("phases 2 to 4", [2, 3, 4]),
        ("phase two through phase four", [2, 3, 4]),
        ("stages four and five", [4, 5]),
        ("phases 1, 2 and 4", [1, 2, 4]),
        ("the last two phases", [4, 5]),
        ("the final three stages", [3, 4, 5]),
        ("the first two steps", [1, 2]),
        ("the second and third phases", [2, 3]),
        ("the first and last phases", [1, 5]),
        ("the second to last phase", [4]),
        ("everything after phase 3", [4, 5]),
        ("all phases before the third phase", [1, 2]),
        ("phase 3 onwards", [3, 4, 5]),
        ("from phase 4 on", [4, 5]),
        ("everything up to phase 2", [1, 2]),
    ],
)
def test_runs_of_phases_name_each_of_them(coach: Coach, run: str, phases: list[int]) -> None:
    assert named_phases(coach, f"How long is it for {run}?") == phases


@pytest.mark.parametrize(
    ("run", "phases"),
    [
        ("the last two phases", [3, 4]),
        ("everything after Build Your Toolkit", [3, 4]),
        ("from Groundwork to Real Projects", [1, 2, 3]),
        ("Real Projects and onwards", [3, 4]),
    ],
)
def test_runs_are_those_of_the_page_that_is_open(coach: Coach, run: str, phases: list[int]) -> None:
    assert named_phases(coach, f"How many weeks do I need for {run}?", TEACHER) == phases


@pytest.mark.parametrize(
    ("question", "same"),
    [
        ("What comes after phase 3?", "What comes after phase 3?"),
        ("How long is phase 2, 10 hours a week?", "How long is phase 2, 10 hours a week?"),
        ("Compare phase 2 to phase 4.", "Compare phase 2 to phase 4."),
        ("Is it phases 2 or 3?", "Is it phase 2 or phase 3?"),
        ("The last nine phases?", "The last nine phases?"),
        ("The next phase after phase 1?", "The next phase after phase 1?"),
        ("Is there anything before phase 2?", "Is there anything before phase 2?"),
    ],
)
def test_what_is_no_run_is_left(coach: Coach, question: str, same: str) -> None:
    assert numbered(question, coach.reading().vocabulary) == same


def test_a_question_is_not_cut_inside_a_name(coach: Coach) -> None:
    query = query_of(coach, "Is Forecast and Show longer than Data Footing?", WAREHOUSE)
    assert query.entities == ("phase:2", "phase:1")


# --- Sums -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "pathway", "parts"),
    [
        ("How long do the last two phases take?", SHIPPED, PHASES[SHIPPED][3:]),
        ("How many weeks are stages 4 and 5 combined?", SHIPPED, PHASES[SHIPPED][3:]),
        ("How long is everything after phase 3?", SHIPPED, PHASES[SHIPPED][3:]),
        ("How many weeks are phases 2 to 4?", SHIPPED, PHASES[SHIPPED][1:4]),
        ("How long do the last two phases take?", TEACHER, PHASES[TEACHER][2:]),
        ("How many weeks is it from Groundwork to Real Projects?", TEACHER, PHASES[TEACHER][:3]),
        ("How many weeks are Data Footing and Prove and Apply in total?", WAREHOUSE, (6, 8)),
        ("How many weeks do embeddings and database administration need together?", SHIPPED, (6, 5)),
        ("How long do the critical and the important skills take together?", WAREHOUSE, (6 + 8, 4 + 3)),
    ],
)
def test_weeks_are_summed_with_each_part_said(told: Told, question: str, pathway: str, parts: Sequence[int]) -> None:
    text = told(question, pathway)
    assert f"together take {sum(parts)} weeks" in text
    assert all(f"({part} weeks)" in text for part in parts)


def test_a_phase_under_anothers_number_is_no_sum(coach: Coach) -> None:
    assert worked(coach, "How many weeks are meant for phase 2, Real Projects?", TEACHER) is None


@pytest.mark.parametrize("pathway", [SHIPPED, TEACHER, WAREHOUSE])
def test_skills_in_sum_are_set_against_phases_in_sum(told: Told, pathway: str) -> None:
    skills, phases = sum(SKILLS[pathway]), sum(PHASES[pathway])
    text = told("Which is longer, the skills or the phases, and by how many weeks?", pathway)
    assert f"take {abs(skills - phases)} weeks longer than" in text
    assert f"{max(skills, phases)} against {min(skills, phases)} weeks" in text


@pytest.mark.parametrize("pathway", [SHIPPED, TEACHER, WAREHOUSE])
def test_that_difference_stands_beside_the_durations_that_disagree(coach: Coach, pathway: str) -> None:
    cell = coach.reading(pathway).composer.facts.find("time.conflict")
    assert cell is not None
    skills, phases = sum(SKILLS[pathway]), sum(PHASES[pathway])
    difference = cell.statements()[-1]
    assert difference.formula == f"{max(skills, phases)} - {min(skills, phases)} = {abs(skills - phases)} weeks"
    assert difference.text in cell.fact.questions


def test_the_roadmap_is_set_against_the_stated_months(told: Told) -> None:
    gaps = [f"{months * WEEKS_PER_MONTH - sum(PHASES[WAREHOUSE]):.1f}" for months in (10, 12)]
    text = told("By how many weeks is the roadmap shorter than the timeline?", WAREHOUSE)
    assert f"{gaps[0]} to {gaps[1]} weeks shorter" in text


# --- Leaving out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "pathway", "gone"),
    [
        ("If I cross off embeddings and performance tuning, how many weeks are left?", SHIPPED, (6, 3)),
        ("How long does it take with embeddings left out?", SHIPPED, (6,)),
        ("Without SQL for Reporting and Advanced Excel, how many weeks is it?", WAREHOUSE, (6, 3)),
        ("I know SQL for Reporting and Advanced Excel already. How long is the rest?", WAREHOUSE, (6, 3)),
        ("How many weeks without the nice to have skills?", TEACHER, (3, 1)),
    ],
)
def test_what_is_left_out_is_taken_from_the_sum(told: Told, question: str, pathway: str, gone: Sequence[int]) -> None:
    total = sum(SKILLS[pathway])
    text = told(question, pathway)
    assert f"{total - sum(gone)} weeks of skills remain out of {total}" in text
    assert f"saves {sum(gone)} weeks" in text


def test_leaving_out_needs_no_word_of_time_where_a_computation_is_intended(coach: Coach, told: Told) -> None:
    question = "Scratch SQL for Reporting, please: the remainder?"
    assert "22 weeks of skills remain" in told(question, WAREHOUSE, intents={"compute.elapsed": 0.4})
    assert worked(coach, "Why scratch SQL for Reporting?", WAREHOUSE, best="skills.list") is None


def test_without_a_break_leaves_no_skill_out(told: Told) -> None:
    text = told("How long is SQL for Reporting at 5 hours a week without a break?", WAREHOUSE)
    assert f"SQL for Reporting needs about {6 * 10 // 5} weeks" in text


def test_phases_are_left_out_of_the_roadmap(told: Told) -> None:
    text = told("How long would the roadmap be with phase 2 left out?", TEACHER)
    assert f"{sum(PHASES[TEACHER]) - 7} weeks of the roadmap remain out of {sum(PHASES[TEACHER])}" in text


# --- Own hours, deadline, position ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "pathway", "weeks", "hours"),
    [
        ("I have 5 hours a week, when am I through?", SHIPPED, sum(PHASES[SHIPPED]), 5),
        ("At twelve hours a week, how long is the roadmap?", WAREHOUSE, sum(PHASES[WAREHOUSE]), 12),
        ("How long are the last two phases at 5 hours a week?", SHIPPED, 4 + 2, 5),
        ("I know embeddings. With 5 hours a week, how long?", SHIPPED, sum(SKILLS[SHIPPED]) - 6, 5),
        ("I have finished phase 1. How long is the rest at 20 hours a week?", WAREHOUSE, 12 + 8, 20),
    ],
)
def test_own_hours_stretch_what_is_asked_about(told: Told, question: str, pathway: str, weeks: int, hours: int) -> None:
    text = told(question, pathway)
    needed = round(weeks * 10 / hours, 1)
    assert f"about {needed:g} weeks" in text and f"instead of {weeks}" in text
    assert "if a week of the guide means 10 hours" in text


def test_own_hours_are_held_against_the_time_there_is(told: Told) -> None:
    have = 3 * WEEKS_PER_MONTH
    text = told("I have 5 hours a week and 3 months, is that enough?")
    assert f"{sum(PHASES[SHIPPED]) * 2 - have:.0f} weeks longer than 3 months" in text
    assert "That fits into 6 months" in told("I have 20 hours a week and 6 months, is that enough?")


def test_hours_are_the_learners_where_that_is_intended(coach: Coach, told: Told) -> None:
    question = "Will 6 hours of my Sundays do?"
    assert worked(coach, question, best="difficulty") is None
    assert "At 6 hours a week" in told(question, best="difficulty", intents={"compute.hours": 0.9})


def test_a_deadline_tells_what_fits(told: Told) -> None:
    text = told("Is four months enough?", WAREHOUSE)
    assert text.startswith("No, by the guide's own timeline")
    assert (
        f"{sum(PHASES[WAREHOUSE]) - 4 * WEEKS_PER_MONTH:.1f} more than the {4 * WEEKS_PER_MONTH:.1f} you have" in text
    )
    assert "Of the roadmap, phase 1, Data Footing, fits: 6 weeks" in text
    assert f"the critical skills one after another, {6 + 8} weeks" in text


def test_a_length_of_time_is_a_deadline_where_that_is_intended(coach: Coach) -> None:
    question = "Sixteen weeks. Manageable?"
    found = worked(coach, question, TEACHER, best="difficulty", intents={"compute.deadline": 0.8})
    assert "25 weeks, 9 more than the 16 you have" in checked(coach, question, found, TEACHER)
    assert worked(coach, question, TEACHER, best="difficulty") is None


def test_what_stands_behind_the_learner_gives_place_and_rest(told: Told) -> None:
    text = told("I have done twelve weeks, what is left?", TEACHER, best="time.roadmap")
    assert f"phase 3, Real Projects: its week {12 - 3 - 7} of 11" in text
    assert f"{25 - 12} weeks of 25 remain: {12 / 25:.0%}".replace("%", " percent") in text


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("I have completed phase 1. How many weeks are left?", 7 + 11 + 4),
        ("Two phases are behind me, how long still?", 11 + 4),
        ("I did everything except the final phase. How many weeks remain?", 4),
        ("I am nearly through, one phase to go, how long still?", 4),
    ],
)
def test_finished_phases_leave_the_rest(told: Told, question: str, left: int) -> None:
    assert f"{left} weeks of the roadmap remain" in told(question, TEACHER, intents={"compute.elapsed": 0.9})


def test_a_phase_that_is_only_named_is_not_finished(coach: Coach) -> None:
    intents = {"compute.elapsed": 0.6}
    assert worked(coach, "And after phase 2?", TEACHER, best="roadmap.list", intents=intents) is None
    assert worked(coach, "Phase 2 is done, and now?", TEACHER, best="roadmap.list", intents=intents) is not None


@pytest.mark.parametrize(
    "question", ["I only get childcare from the second month on.", "I am on call every second week. What now?"]
)
def test_an_ordinal_is_not_always_a_point_in_time(coach: Coach, question: str) -> None:
    assert "elapsed" not in {figure.role for figure in query_of(coach, question).figures}


def test_within_a_phase_both_ends_are_told(told: Told) -> None:
    text = told("I'm in the middle of phase 2, how many weeks remain?", TEACHER)
    assert f"{25 - 3} weeks of the roadmap remain, from its end {11 + 4}" in text


def test_figures_read_as_the_learners_are_handed_on(coach: Coach) -> None:
    """They assert nothing, so the composer must not correct them."""
    found = worked(coach, "64,000, and then?", best="pay.change", intents={"compute.pay": 0.9})
    assert found is not None and [figure.low for figure in found.taken] == [64_000]
    own = worked(coach, "I earn $64,000, what would it become?", best="pay.change")
    assert own is not None and own.taken == ()


# --- Pay --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pay", ["a hundred sixty thousand", "160k", "160 grand", "one sixty k", "$160,000"])
def test_own_pay_against_one_level_says_that_level_first(told: Told, pay: str) -> None:
    text = told(f"How much short of senior am I on {pay}?", best="pay.level", about=["level:senior"])
    assert text.startswith(f"The guide's senior figure of $210,000 is ${210_000 - 160_000:,} (31.2 percent) above")
    assert "entry" not in text


def test_own_pay_is_raised_by_what_the_page_promises(told: Told) -> None:
    text = told("I earn £30,000 today, what would it become?", WAREHOUSE, best="pay.change")
    assert f"£{30_000 * 1.2:,.0f} to £{30_000 * 1.3:,.0f} a year" in text


def test_own_pay_in_a_metro_says_where_it_and_the_raise_lie_what_neighbours_earn_and_what_to_bear_in_mind(
    coach: Coach,
) -> None:
    question = "I earn 120k in Denver. Does the raise add up?"
    found = worked(coach, question, best="pay.change", intents={"compute.pay": 0.9})
    text = checked(coach, question, found)
    assert found is not None and len(found.statements) <= 8
    wage = coach.knowledge.market.wage("15-1252", "19740")
    assert wage is not None
    for pay in (120_000, 168_000, 192_000):
        spot = percentile_of(pay, wage)
        assert spot is not None
        assert re.search(rf"\${pay:,} (?:would )?(?:lies? )?at about the {round(spot.percentile)}\w\w percentile", text)
    for soc, name in (("15-1243", "database architects"), ("15-1242", "database administrators")):
        beside = coach.knowledge.market.wage(soc, "19740")
        assert beside is not None and beside.median is not None
        assert re.search(rf"\${beside.median:,} for {name} in Denver[^,]*, \${beside.median - 120_000:,} \(", text)
    assert "No official figure exists for a Vector Database Engineer as such" in text
    assert text.endswith("they are not levels of seniority.")


def test_a_median_that_is_uncertain_is_called_so(coach: Coach) -> None:
    thin = [
        (job.name.lower(), area.short)
        for area in coach.knowledge.market.areas
        for job in coach.knowledge.market.occupations
        if job.soc in {"15-1243", "15-1242"}
        and area.kind == "Metro"
        and (wage := coach.knowledge.market.wage(job.soc, area.code))
        and wage.thin
        and wage.median
    ]
    assert thin
    for name, metro in thin:
        question = f"I earn 120k in {metro}, what would it become?"
        text = checked(coach, question, worked(coach, question, best="pay.change"))
        assert f"for {name} in {metro} (an uncertain figure)," in text


def test_a_question_for_the_percentile_alone_gets_no_raise(coach: Coach, told: Told) -> None:
    text = told("I earn 180k, which percentile is that?", best="pay.official")
    assert "percentile of software developers in the United States." in text and "would" not in text
    assert "guide" in told("I earn 180k, which percentile is the raise?", best="pay.change")


def test_a_figure_that_is_open_above_is_not_called_lower_than_own_pay_in_the_chat(told: Told) -> None:
    text = told("I earn 260k, what would it become?", best="pay.change")
    assert "$50,000 (23.8 percent) above the lower end of the guide's senior figure of $210,000 or more" in text


def test_without_official_figures_the_answer_says_that_nothing_could_be_checked(told: Told) -> None:
    text = told("I earn £30,000, what would it become?", WAREHOUSE, best="pay.change")
    assert "could not be checked" in text and "percentile" not in text and "median" not in text


@pytest.mark.parametrize(("pay", "code"), [("£40,000", "GBP"), ("CA$100,000", "CAD"), ("A$100,000", "AUD")])
def test_pay_in_another_currency_is_raised_and_set_against_nothing(told: Told, pay: str, code: str) -> None:
    text = told(f"I earn {pay}, what would it become?", best="pay.change")
    assert f"Your pay is in {code} and the guide's figures are in USD" in text
    assert "percentile" not in text and "entry" not in text


def test_a_bare_sum_of_money_is_own_pay_only_where_that_is_clearly_intended(coach: Coach) -> None:
    question = "30,000, and then?"
    for share, meant in ((0.9, True), (0.4, False)):
        found = worked(coach, question, WAREHOUSE, best="pay.change", intents={"compute.pay": share})
        assert (found is not None) == meant
    two = "30,000 or 40,000 pounds, £50,000 even, and then?"
    assert worked(coach, two, WAREHOUSE, best="pay.change", intents={"compute.pay": 0.9}) is None


@pytest.mark.parametrize("hourly", [20, 40])
def test_pay_by_the_hour_is_made_yearly_and_back(told: Told, hourly: int) -> None:
    yearly = hourly * 40 * 52
    text = told(f"I get £{hourly} an hour, what would the raise make of it?", WAREHOUSE, best="pay.change")
    assert f"£{hourly} an hour is £{yearly:,} a year, taking 52 weeks a year and 40 hours a week" in text
    assert f"£{yearly * 1.2:,.0f} to £{yearly * 1.3:,.0f} a year" in text
    assert f"£{hourly * 1.2:.0f} to £{hourly * 1.3:.0f} an hour" in text


@pytest.mark.parametrize(
    ("question", "pathway", "expected"),
    [
        ("What is senior pay per month?", SHIPPED, f"${210_000 / 12:,.0f} a month gross"),
        ("What is the hourly wage of a junior?", SHIPPED, f"${130_000 / 52 / 40:.2f} an hour gross"),
        ("How much is entry pay a week?", WAREHOUSE, f"£{31_500 / 52:.2f} a week gross"),
        (
            "What is the monthly pay at mid level?",
            WAREHOUSE,
            f"£{36_000 / 12:,.0f} to £{42_000 / 12:,.0f} a month gross",
        ),
        ("What is the median pay in Denver a month?", SHIPPED, f"${137_610 / 12:,.0f} a month gross"),
    ],
)
def test_yearly_pay_is_told_by_the_period_asked_for(told: Told, question: str, pathway: str, expected: str) -> None:
    assert expected in told(question, pathway, best="pay.general")


def test_hours_of_a_year_are_an_assumption_and_said(told: Told) -> None:
    assert "taking 52 weeks a year and 40 hours a week" in told("What is the hourly pay?", best="pay.general")


@pytest.mark.parametrize(
    "question",
    ["What does a senior earn?", "Can I earn that with 6 hours a week?", "What is the pay within a month of starting?"],
)
def test_no_period_is_told_that_nobody_asked_for(coach: Coach, question: str) -> None:
    found = worked(coach, question, best="pay.general")
    assert found is None or all("gross" not in statement.text for statement in found.statements)


# --- One against another ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "pathway", "longer", "shorter", "gap"),
    [
        ("Does phase 3 take longer than phase 2?", TEACHER, "Real Projects", "Build Your Toolkit", 11 - 7),
        ("Is SQL for Reporting or Demand Forecasting longer?", WAREHOUSE, "Demand Forecasting", "SQL for Reporting", 2),
        ("Which takes longer, the critical or the important skills?", SHIPPED, "important", "critical", 13 - 10),
        ("Is phase 3 longer than embeddings?", SHIPPED, "Advanced Scaling", "Embeddings and Similarity Search", 2),
    ],
)
def test_the_longer_of_two_is_named_with_the_difference(
    told: Told, question: str, pathway: str, longer: str, shorter: str, gap: int
) -> None:
    text = told(question, pathway)
    assert f"{gap} weeks longer than" in text
    assert text.index(longer) < text.index(shorter)


def test_two_things_are_compared_where_that_is_intended(coach: Coach, told: Told) -> None:
    question = "Weigh up SQL for Reporting and Advanced Excel"
    assert worked(coach, question, WAREHOUSE, best="skills.list") is None
    text = told(question, WAREHOUSE, best="skills.list", intents={"compute.compare": 0.7})
    assert text.startswith("SQL for Reporting comes first")
    assert f"{6 - 3} weeks longer" in text


def test_skills_have_no_price_to_compare(coach: Coach) -> None:
    question = "Is SQL for Reporting cheaper than Advanced Excel?"
    assert worked(coach, question, WAREHOUSE, best="skills.list", intents={"compute.compare": 0.9}) is None


def test_costs_of_two_resources_stand_side_by_side(told: Told) -> None:
    text = told("Is Pinecone cheaper than Weaviate?", best="resources.list", intents={"compute.compare": 0.6})
    assert text.index("Cost of Pinecone") < text.index("Cost of Weaviate")


def test_two_skills_that_carry_over_stand_side_by_side(told: Told) -> None:
    text = told(
        "Stock Control versus Shift Leadership", WAREHOUSE, best="transferable.list", intents={"compute.compare": 0.6}
    )
    assert "Cycle counts" in text and "peak week" in text


def test_two_metros_are_compared_in_money(told: Told) -> None:
    text = told("Boston against Denver?", best="metro.compare")
    assert f"${166_090 - 137_610:,}" in text


def test_the_best_paying_metro_is_set_against_the_worst(coach: Coach, told: Told) -> None:
    ranking = coach.reading().composer.facts.find("metro.compare")
    assert ranking is not None
    medians = [int(s.text.split("$")[1].rstrip(".").replace(",", "")) for s in ranking.statements()[1:]]
    text = told("What is the gap between the best and the worst paying city?", best="metro.compare")
    assert f"${max(medians) - min(medians):,}" in text


def test_levels_are_compared_in_money(told: Told) -> None:
    text = told("How much more does a senior make than a junior?", WAREHOUSE, best="pay.general")
    assert f"£{52_000 - 31_500:,}" in text
