"""False sentences made of true words: whatever a model adds, bounds, turns round or moves, none of it is shown."""

from __future__ import annotations

import pytest

from coach import Coach
from coach.answering.contradictions import contradiction
from coach.answering.faithful import fault, without_connectives
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


PIER = (
    "The pier has 5 berths. The harbour holds 15 boats. The Old Ferry is a wooden ship and only a tender, the Small "
    "Ferry, is made of steel. The crew steers the ferry, which the tide may slow down. Boats berth in week 5. "
    "The crossing takes 6 to 8 hours at high tide and low wind. The Old Ferry is painted in Red, and tickets are sold "
    "at the pier or online. Rated critical: Steering Basics and Night Signals. Rated important: Rope Work. "
    "After Steering Basics comes Night Signals. Rope work can be harder than signals. The ferry is ill suited to ice. "
    "The harbour lists winches neither as tools to bring nor as tools to buy. A ferry at midnight does not exist. "
    "The tower is 4 metres below the mole. The tower can be used instead of the mole. A berth is open while a gate is "
    "shut. Early charts show depths, later ones reefs."
)


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("The pier has 15 berths.", "The pier has 5 berths."),
        ("Boats berth on day 5.", "Boats berth in week 5."),
        ("The crossing takes 6 or 8 hours.", "The crossing takes 6 to 8 hours."),
        ("The crossing takes 6 to 8 hours at low tide.", "The crossing takes 6 to 8 hours at high tide."),
        ("The Old Ferry is painted in Steel.", "The Old Ferry is painted in Red."),
        ("Tickets are sold at the pier and online.", "Tickets are sold at the pier or online."),
        ("Rope Work is rated critical.", "Rope Work is rated important."),
        ("Steering Basics is critical, and so is Rope Work.", "Steering Basics is critical."),
        ("Steering Basics comes after Night Signals.", "Night Signals comes after Steering Basics."),
        ("Signals can be harder than rope work.", "Rope work can be harder than signals."),
        ("The ferry is well suited to ice.", "The ferry is ill suited to ice."),
        ("The harbour lists winches as tools to buy.", "The harbour lists winches neither to bring nor to buy."),
        ("The harbour has a ferry at midnight.", "The harbour has boats."),
        ("The tide steers the ferry.", "The crew steers the ferry."),
        ("The Old Ferry is a tender.", "The Old Ferry is a wooden ship."),
        ("The crossing takes 6 to 8 hours, part-time.", "The crossing takes 6 to 8 hours."),
        ("The crew finds a berth by steering the tide.", "The crew steers the ferry."),
        ("As tickets are sold online, the pier has 5 berths.", "Tickets are sold at the pier or online."),
        ("The mole is 4 metres below the tower.", "The tower is 4 metres below the mole."),
        ("The mole can be used instead of the tower.", "The tower can be used instead of the mole."),
        ("A berth is shut while a gate is open.", "A berth is open while a gate is shut."),
        ("Early charts show reefs, later ones depths.", "Early charts show depths, later ones reefs."),
    ],
)
def test_words_of_the_evidence_put_together_otherwise_are_no_evidence(said: str, true: str) -> None:
    assert fault(said, PIER) or contradiction(said, PIER)
    assert fault(true, PIER) == "" and contradiction(true, PIER) == ""


def test_a_name_that_is_cut_is_another_name() -> None:
    evidence = "The way leads from Harbour Pilot to Deep Sea Pilot."
    assert "by itself" in fault("The way leads from Harbour Pilot to Sea Pilot.", evidence)
    assert fault("The way leads from Harbour Pilot to Deep Sea Pilot.", evidence) == ""


@pytest.mark.parametrize(
    "text",
    [
        "For comparison, the crossing takes 6 to 8 hours.",
        "Keep in mind that the crew steers the ferry.",
        "On top of that, boats berth in week 5.",
    ],
)
def test_what_leads_from_one_sentence_to_the_next_adds_nothing(text: str) -> None:
    assert fault(without_connectives(text), PIER) == ""


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
