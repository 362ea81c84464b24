"""The matchers accept a right answer however it is spelled, and catch one that was made wrong.

Each right answer is mutated (wrong number, changed unit, dropped nugget, negated sentence), and every mutant
must fail; each spelling variant must pass.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from eval.cases import Nugget, load_cases
from eval.matching import holds, states
from eval.quantities import plain, quantities

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
