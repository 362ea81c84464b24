"""False sentences made of true words: whatever a model adds, bounds, turns round or moves, none of it is shown."""

from __future__ import annotations

import pytest

from coach import Coach
from coach.answering.faithful import fault
from coach.answering.generating import Writing
from coach.answering.grounding import missing_names, missing_numbers
from coach.types import Answer
from tests.test_generating import LENGTH, TRUE, Said

EVIDENCE = (
    "The college plans 6 to 8 months for the course. At entry level, bakers earn around $30,000, and senior bakers "
    "reach $52,000 or more. Rated critical: Ovens (4 weeks). Pay typically rises by 40 to 60 percent. "
    "With 6 hours a week it takes 40 weeks, if a week of the college means 10 hours."
)


@pytest.mark.parametrize(
    "text",
    [
        "The college plans 6 to 8 months for the course.",
        "According to the college, you can expect the course to take 6 to 8 months.",
        "It takes at least 6 months and at most 8 months.",
        "Bakers earn about $30,000 at entry level.",
        "Senior bakers reach at least $52,000.",
        "Senior bakers can expect no less than $52,000.",
        "Ovens, which are rated critical, take 4 weeks.",
        "With 6 hours each week you need 40 weeks.",
        "The salary typically rises by 40-60 percent.",
    ],
)
def test_what_holds_a_sentence_together_reports_or_hedges_may_be_added(text: str) -> None:
    assert fault(text, EVIDENCE) == ""


@pytest.mark.parametrize(
    "text",
    [
        "The college hardly plans 6 to 8 months for the course.",
        "The college guarantees 6 to 8 months for the course.",
        "The college fails to plan 6 to 8 months for the course.",
        "The college plans at most 6 months for the course.",
        "The college plans more than 8 months for the course.",
        "The college plans only 6 months for the course.",
        "The college plans 8 months for the course.",
        "Senior bakers earn around $30,000.",
        "At entry level, bakers reach $52,000 or more.",
        "Senior bakers reach $52,000 or less.",
        "Rated important: Ovens (4 weeks).",
        "Ovens are rated easy.",
        "Pay falls by 40 to 60 percent.",
        "Pay changes by -40 to -60 percent.",
        "Pay always rises by 40 to 60 percent.",
        "Pay doubles.",
        "With 6 hours a day it takes 40 weeks.",
        "With 10 hours a week it takes 40 weeks.",
        "A week of the college means 6 hours.",
        "The course takes 6 to 8 months, unpaid.",
        "The course takes 6 to 8 months at google.",
    ],
)
def test_what_decides_whether_it_is_true_may_not(text: str) -> None:
    assert fault(text, EVIDENCE)


@pytest.mark.parametrize(
    ("text", "evidence", "lost"),
    [
        ("It takes thirty months.", "It takes 3 months.", "30"),
        ("It takes a dozen months.", "It takes 2 months.", "12"),
        ("It takes a hundred and twenty days.", "It takes 20 days.", "120"),
    ],
)
def test_numbers_in_words_of_any_size_are_held_to_the_evidence(text: str, evidence: str, lost: str) -> None:
    assert missing_numbers(text, evidence) == (lost,)
    assert missing_numbers(text, f"{evidence} That is {lost} in all.") == ()


@pytest.mark.parametrize("text", ["It takes 3 months 无.", "It takes 3 months, не.", "See пример.рф.", "By Müller."])
def test_letters_that_english_does_not_have_name_something(text: str) -> None:
    assert missing_names(text, "It takes 3 months. See it.")
    assert missing_names("It was written by Müller.", "Müller wrote it.") == ()


@pytest.mark.parametrize(
    "false",
    [
        "The guide hardly plans 6 to 8 months for the move.",
        "The guide fails to plan 6 to 8 months for the move.",
        "The guide refuses to promise 8 months.",
        "The title of the guide falsely promises 8 months.",
        "The guide guarantees 6 to 8 months for the move.",
        "The guide plans thirty months for the move.",
        "The guide plans double the 8 months for the move.",
        "The fact box says 8 months.",
        "The guide's durations agree: the title says 8 months, the fact box says 6 to 8 months.",
        "The phases take 12 weeks longer than the skills: 36 against 24 weeks.",
        "The guide rates the difficulty of the move as hard.",
        "Contrary to the guide, the move takes 6 to 8 months.",
        "The guide plans 6 to 8 months for the move, не.",
        "The guide plans 6 to 8 months for the move, see evil[.]example.",
    ],
)
def test_a_false_sentence_beside_a_true_one_is_struck_out(coach: Coach, false: str) -> None:
    numbers = "".join(f"[{number}]" for number in range(1, 7))
    model = Said(f"{TRUE} {false} {numbers}")
    answer: Answer = coach.ask(LENGTH, writing=Writing(model=model))
    made = answer.trace.generation
    assert made is not None and false not in answer.text
    assert false in [verdict.claim for verdict in made.exchanges[0].verdicts if not verdict.supported]
    assert all(claim.text != false for claim in answer.claims)
