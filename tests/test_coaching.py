"""What a question tells of the learner, and what the coach answers a learner from their plan.

The real encoder and the shipped knowledge, as in ``test_answering``.
"""

from __future__ import annotations

from datetime import date

import pytest

from coach import Coach, Learner, Profile
from coach.knowledge.corpus import build_corpus
from coach.knowledge.market import Market
from coach.knowledge.pathway import MarketLink
from coach.planning.learner import hours_today, kept, proposed
from coach.planning.next_step import next_step
from coach.planning.plan import Progress
from coach.planning.profile import Level
from coach.types import Answer, Status

TODAY = date(2026, 11, 25)


def ask(coach: Coach, question: str, learner: Learner) -> Answer:
    return coach.ask(question, learner=learner)


@pytest.mark.parametrize("question", ["What is my next step now?", "What should I be doing next, please?"])
def test_what_to_do_next_is_the_next_step_of_the_plan(coach: Coach, question: str) -> None:
    learner = Learner(profile=Profile(weekly_hours=6), today=TODAY)
    plan = coach.plan(learner)
    for ticked in (0, 5, 12):
        done = dict.fromkeys([step.id for step in plan.steps[:ticked]], TODAY)
        mine = learner.model_copy(update={"progress": Progress(done=done)})
        found = next_step(coach.plan(mine))
        answer = ask(coach, question, mine)
        assert answer.trace.route == "plan" and answer.status is Status.ANSWERED
        assert found.now is not None and found.reason is not None
        assert found.now.step.title in answer.claims[0].text
        assert found.reason.text in [claim.text for claim in answer.claims]
        assert all(claim.citations for claim in answer.claims)
        assert all(verdict.supported for verdict in answer.trace.verdicts)


@pytest.mark.parametrize(
    ("question", "hours"),
    [
        ("What should I do next?", 1.0),
        ("I have 15 minutes, what should I do next?", 0.25),
        ("I have half an hour. What should I do next?", 0.5),
        ("I have half a day, what should I do next?", 4.0),
    ],
)
def test_the_next_step_in_chat_is_sized_as_on_the_page(coach: Coach, question: str, hours: float) -> None:
    learner = Learner(profile=Profile(weekly_hours=6), today=TODAY)
    found = next_step(coach.plan(learner), hours)
    answer = ask(coach, question, learner)
    assert found.now is not None and found.now.sized in [claim.text for claim in answer.claims]
    assert found.now.do.lower().endswith(found.now.sized.lower())
    assert all(verdict.supported for verdict in answer.trace.verdicts)
    after = [claim.text for claim in answer.claims if claim.item]
    assert len(after) == len(found.then) == 2


def test_without_a_learner_the_guide_says_where_to_begin(coach: Coach) -> None:
    assert coach.ask("What is my next step now?").trace.route == "fact"


def test_other_questions_are_answered_alike_with_and_without_a_learner(coach: Coach) -> None:
    learner = Learner(profile=Profile(weekly_hours=3, skills={"FAISS": Level.STRONG}), today=TODAY)
    for question in ("Which skills are critical?", "What do I do first in phase 3?", "Is the bonus good?"):
        assert ask(coach, question, learner).text == coach.ask(question).text


def test_when_all_is_done_the_guide_answers_again(coach: Coach) -> None:
    learner = Learner(profile=Profile(), today=TODAY)
    done = dict.fromkeys([step.id for step in coach.plan(learner).steps], TODAY)
    answer = ask(coach, "What is my next step now?", learner.model_copy(update={"progress": Progress(done=done)}))
    assert answer.trace.route == "fact"


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        ("I have 7 hours a week, is that enough?", {"weekly_hours": 7.0}),
        ("I already know Prometheus", {"skills": {"Prometheus": Level.SOLID}}),
        ("I earn 110k in Austin", {"pay": 110_000.0, "region": "Austin"}),
        ("I make 95k in Boise", {"pay": 95_000.0, "region": "Boise"}),
        ("i make 95k in boise", {"pay": 95_000.0, "region": "Boise"}),
        ("I earn €70,000 in Berlin", {"pay": 70_000.0, "currency": "EUR", "region": "Berlin"}),
        ("What does a developer in Austin earn?", {}),
        ("How long is phase 2?", {}),
    ],
)
def test_what_a_question_tells_of_the_learner_is_proposed(
    coach: Coach, question: str, changes: dict[str, object]
) -> None:
    profile = Profile()
    found = proposed(coach.ask(question).trace.query, profile, coach.corpus())
    assert kept(profile, found) == profile.model_copy(update=changes)
    assert not proposed(coach.ask(question).trace.query, kept(profile, found), coach.corpus())  # not asked again


def test_the_time_there_is_today_is_read_from_the_question(coach: Coach) -> None:
    assert hours_today(coach.ask("I have 2 hours today, what should I do?").trace.query) == 2.0
    assert hours_today(coach.ask("What should I do?").trace.query) is None


def test_a_question_about_oneself_is_worked_out_with_the_profile(coach: Coach) -> None:
    profile = Profile(weekly_hours=5, pay=100_000, region="Austin")
    learner = Learner(profile=profile, today=TODAY)
    paid = ask(coach, "What would the raise make of my pay?", learner)
    assert f"${100_000 * 1.4:,.0f}" in paid.text and "Austin" in paid.text
    assert all(verdict.supported for verdict in paid.trace.verdicts)
    assert f"{24 * 10 / 5:g} weeks" in ask(coach, "How long will it take me?", learner).text
    assert not proposed(paid.trace.query, profile, coach.corpus())  # what is known is not proposed


def test_pay_and_place_are_proposed_on_a_pathway_without_official_figures(coach: Coach) -> None:
    guide = coach.corpus().pathway.model_copy(update={"market": MarketLink(), "currency": "GBP"})
    corpus = build_corpus(guide, (), Market(), count_pieces=lambda text: len(text.split()), limit=200)
    query = coach.ask("I earn 120k in Denver").trace.query.model_copy(update={"entities": ()})
    changed = kept(Profile(), proposed(query, Profile(), corpus))
    assert changed == Profile(pay=120_000, currency="GBP", region="Denver")  # an amount without a sign is the guide's
    known = Profile(pay=100_000, currency="USD")
    assert kept(known, proposed(query, known, corpus)).currency == "USD"  # and of the learner's own once that is known


@pytest.mark.parametrize("place", ["Denver", "Austin"])
def test_a_place_that_is_covered_is_not_said_to_be_missing(coach: Coach, place: str) -> None:
    for learner in (None, Learner(profile=Profile(), today=TODAY)):
        answer = coach.ask(f"I earn 120k in {place}", learner=learner)
        assert answer.missing == () and f"software developers in {place}" in answer.text
        assert "not cover" not in answer.text
    uncovered = coach.ask("I earn 120k in Boise")
    assert uncovered.missing == ("Boise",)
    assert not any("Boise" in offered for offered in uncovered.suggestions)


def test_figures_that_a_question_tells_come_before_those_of_the_profile(coach: Coach) -> None:
    learner = Learner(profile=Profile(pay=100_000), today=TODAY)
    answer = ask(coach, "If I earned $80,000, what would my raise come to?", learner)
    assert f"${80_000 * 1.4:,.0f}" in answer.text and f"${100_000 * 1.4:,.0f}" not in answer.text


def test_a_question_about_nobody_takes_nothing_from_the_profile(coach: Coach) -> None:
    learner = Learner(profile=Profile(weekly_hours=5, pay=100_000), today=TODAY)
    for question in ("By how much does pay change?", "How long is the roadmap?"):
        assert ask(coach, question, learner).text == coach.ask(question).text
