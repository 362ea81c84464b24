"""Dates to be done by, in a question: which are meant, what time they leave, and what is answered. The day is given."""

from __future__ import annotations

from datetime import date

import pytest

from coach import Coach
from coach.answering.arithmetic import formula_holds
from coach.answering.deadlines import in_weeks
from coach.planning.learner import Learner
from coach.planning.profile import Profile
from coach.types import Status, Support

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("asked", "read", "last"),
    [
        ("Can I be done by July 2027?", "Can I be done in 35 weeks?", "31 July 2027"),
        ("Can I finish before July 2027?", "Can I finish in 30 weeks?", "30 June 2027"),
        ("will i be ready by 3 Feb?", "will i be ready in 9 weeks?", "3 February 2027"),
        ("I've got until the end of March. Enough?", "I've got 17 weeks. Enough?", "31 March 2027"),
        ("Is everything doable by Christmas?", "Is everything doable in 4 weeks?", "25 December 2026"),
        ("Can I have learnt it by new year's eve?", "Can I have learnt it in 5 weeks?", "31 December 2026"),
        ("Is May 2027 realistic?", "Is it realistic in 26 weeks?", "31 May 2027"),
        ("Can I finish the videos by Friday?", "Can I finish the videos in 1 days?", "27 November 2026"),
    ],
)
def test_a_date_to_be_done_by_is_the_time_that_is_left(asked: str, read: str, last: str) -> None:
    text, meant = in_weeks(asked, TODAY)
    assert text == read
    (quantity,) = meant.values()
    assert quantity.text == f"the {quantity.low:g} days from 26 November 2026 to {last}"
    assert formula_holds(quantity.text)


def test_time_is_counted_from_the_start_that_is_named() -> None:
    text, meant = in_weeks("If I start in January, can I be through by the end of June?", TODAY)
    assert text.endswith("can I be through in 25 weeks?")
    assert [quantity.text for quantity in meant.values()] == ["the 180 days from 1 January 2027 to 30 June 2027"]


@pytest.mark.parametrize(
    "asked",
    [
        "What will the pay be by 2030?",
        "Will I earn 200k by 2028?",
        "Will the job I have still exist by 2030?",
        "Could I have been done by May 2026?",
        "Which figures were published before March 2027?",
        "Can I be done by 31 June 2027?",
        "May I finish by lunch?",
        "Is it realistic in 6 months?",
    ],
)
def test_other_dates_are_left_as_they_are(asked: str) -> None:
    assert in_weeks(asked, TODAY) == (asked, {})


@pytest.mark.parametrize("formula", ["the 246 days from 26 November 2026 to 31 July 2027 = 35.1 weeks",
                                     "the 3 days from 30 February 2027 to 5 March 2027 = 0.4 weeks"])  # fmt: skip
def test_a_span_that_is_miscounted_is_no_formula(formula: str) -> None:
    assert not formula_holds(formula)


def learner(**fields: object) -> Learner:
    return Learner(profile=Profile.model_validate(fields), today=TODAY)


@pytest.mark.parametrize("hours", [5, 6.5, 7, 12])
def test_a_date_is_answered_from_the_day_on_which_it_is_asked(coach: Coach, hours: float) -> None:
    for pathway in coach.pathways():
        weeks = sum(phase.weeks for phase in pathway.phases)
        asked = f"Can I be done by July 2027 with {hours:g} hours a week?"
        answer = coach.ask(asked, pathway=pathway.slug, learner=learner())
        assert answer.status is Status.ANSWERED and not answer.missing
        need = weeks * coach.settings.assumed_weekly_hours / hours
        (said,) = [claim for claim in answer.claims if "247 days from 26 November 2026 to 31 July 2027" in claim.text]
        assert said.support is Support.COMPUTED
        assert ("weeks longer than" if need > 247 / 7 else "fits into") in said.text
        assert "35.3 weeks" in said.text
        assert all(verdict.supported for verdict in answer.trace.verdicts)


def test_the_same_question_says_something_else_half_a_year_later(coach: Coach) -> None:
    asked = "Can I be done by July 2027?"
    early = coach.ask(asked, learner=learner())
    late = coach.ask(asked, learner=Learner(profile=Profile(), today=date(2027, 5, 30)))
    assert early.text.startswith("Yes") and late.text.startswith("No")
    assert "62 days from 30 May 2027" in late.text


def test_the_hours_of_the_profile_count_against_the_date(coach: Coach) -> None:
    answer = coach.ask("Can I be done by July 2027?", learner=learner(weekly_hours=5))
    assert "At 5 hours a week" in answer.text
    assert "weeks longer than the 247 days" in answer.text


def test_what_nobody_can_know_of_a_year_is_still_not_covered(coach: Coach) -> None:
    answer = coach.ask("What will the pay be by 2030?", learner=learner())
    assert answer.status is Status.ABSTAINED
    assert answer.missing == ("2030",)
