"""Where an answer came from, when it is asked: the sources by name and what they say, checked like any claim."""

from __future__ import annotations

import pytest

from coach import Coach
from coach.answering.grounding import check
from coach.lab.explaining import explain
from coach.types import Answer, Status

MEDIAN = "What is the median pay of software developers in the United States?"


@pytest.fixture(scope="module")
def median(coach: Coach) -> Answer:
    return coach.ask(MEDIAN)


@pytest.mark.parametrize(
    "asked",
    ["Where did you get that from, and how old is it?", "source?", "says who?", "how do you know that?",
     "Are you sure about that?", "Can I trust that?", "and is that figure up to date?", "What's your source for this?"],
)  # fmt: skip
def test_the_sources_of_the_last_answer_are_named_and_quoted(coach: Coach, median: Answer, asked: str) -> None:
    answer = coach.ask(asked, [median])
    assert answer.status is Status.ANSWERED and answer.trace.route == "sources"
    for citation in median.claims[0].citations:
        assert citation.source in answer.text and citation.quote in answer.text
    cited = [coach.passage(answer.pathway, one.passage_id) for claim in answer.claims for one in claim.citations]
    assert all(check(claim, cited, asked).supported for claim in answer.claims)
    assert len(answer.trace.verdicts) == len(answer.claims)


def test_it_can_be_asked_again_and_the_talk_goes_on(coach: Coach, median: Answer) -> None:
    sources = coach.ask("source?", [median])
    again = coach.ask("how old is it?", [median, sources])
    assert again.trace.route == "sources" and [one.text for one in again.claims] == [one.text for one in sources.claims]
    assert coach.ask("And of database architects?", [median, sources]).trace.route != "sources"


@pytest.mark.parametrize(
    "asked", ["Are you sure about the demand?", "Which sources are there on sharding?", "Is that hard?", "What is it?"]
)
def test_what_asks_something_else_is_looked_up(coach: Coach, median: Answer, asked: str) -> None:
    assert coach.ask(asked, [median]).trace.route != "sources"


def test_without_an_answer_before_it_nothing_is_named(coach: Coach) -> None:
    refused = coach.ask("What does it pay in Lisbon?")
    assert coach.ask("source?").trace.route != "sources"
    assert coach.ask("source?", [refused]).trace.route != "sources"


def test_what_the_knowledge_no_longer_holds_is_not_said_again(coach: Coach, median: Answer) -> None:
    claim = median.claims[0]
    gone = [one.model_copy(update={"quote": f"{one.quote} And more."}) for one in claim.citations]
    changed = median.model_copy(update={"claims": (claim.model_copy(update={"citations": tuple(gone)}),)})
    assert coach.ask("source?", [changed]).trace.route != "sources"


def test_the_lab_shows_the_check_of_what_was_not_looked_up(coach: Coach, median: Answer) -> None:
    walk = explain(coach.work("source?", coach.reading(), [median]), coach)
    assert "last answer" in walk.understand.direct and walk.parts == ()
    assert walk.ground is not None and len(walk.ground.checked) == 1
