"""Choosing and refusing: what is asked is told from names, and fitted weights keep their sense."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coach import Coach
from coach.answering.answerable import SIGNS, absent_names, answerable, gap_names, likelihood
from coach.answering.composing import CLEAR_SHARE, RUNNER_UP
from coach.answering.coverage import Gap
from coach.answering.linking import Names
from coach.answering.selecting import FEATURES, Evidence, as_vector, fitted_weights
from coach.answering.understanding import understand
from coach.types import Entity
from eval.fitting import AGAINST, Example, Signed, fit_answerable, fit_choice

ROLES = {"origin": "Baker", "target": "Food Chemist"}


@pytest.fixture(scope="module")
def names() -> Names:
    things = (
        Entity(id="skill:lab", kind="skill", name="Laboratory Safety"),
        Entity(id="metro:york", kind="metro", name="York"),
        Entity(id="level:entry", kind="level", name="entry"),
    )
    return Names(things, ["baker"])


@pytest.mark.parametrize(
    ("question", "masked"),
    [
        ("How long does Laboratory Safety take?", "How long does this skill take?"),
        ("Is the laboratory safety part hard?", "Is the skill part hard?"),
        ("What does a food chemist earn in York?", "What does a new role earn in this city?"),
        ("Entry pay for bakers?", "Entry pay for current roles?"),
        ("safety first", "safety first"),
    ],
)
def test_names_give_way_to_nouns_of_their_kind(names: Names, question: str, masked: str) -> None:
    assert names.masked(question, ROLES) == masked


def test_a_sure_gap_is_named_alone_and_a_topic_goes_before_rare_words() -> None:
    topic = {"absent.remote": math.log(0.9)}
    assert gap_names(topic, [Gap("Dallas", True), Gap("payslip", False)]) == ("Dallas",)
    assert gap_names(topic, [Gap("payslip", False)]) == (absent_names()["absent.remote"], "payslip")
    assert gap_names({"absent.remote": math.log(0.1)}, []) == ()


def test_the_more_likely_a_gap_the_less_likely_an_answer() -> None:
    clear = dict.fromkeys(SIGNS, 0.5) | {"constant": 1.0, "absent": 0.0, "off_topic": 0.0}
    for sign in ("absent", "off_topic"):
        assert answerable(tuple((clear | {sign: 1.0}).values())) < answerable(tuple(clear.values()))
    assert answerable(tuple((clear | {"best": 1.0}).values())) > answerable(tuple(clear.values()))


def test_every_feature_has_a_weight_of_the_right_sign() -> None:
    weights = fitted_weights()["choice"]
    assert set(weights) == set(FEATURES)
    assert all(weights[name] <= 0 for name in AGAINST)
    assert as_vector(weights)[FEATURES.index("sentence")] > 0


def test_a_fit_finds_the_feature_that_tells_right_from_wrong_and_turns_none_round() -> None:
    random = np.random.default_rng(3)
    telling, turned = FEATURES.index("sentence"), FEATURES.index("extreme")
    rows = []
    for number in range(150):
        features = random.normal(size=(6, len(FEATURES)))
        right = features[:, telling] == features[:, telling].max()
        features[:, turned] = 1.0 - right  # speaks for the wrong ones: noise that the bounds have to withstand
        rows.append(Example(f"case-{number}", "question", features, right))
    found = fit_choice(rows)
    assert found.weights["sentence"] > 0
    assert found.weights["extreme"] == 0.0
    assert found.held_out["right fact first"] > 0.8


def test_a_refusal_is_fitted_to_the_sign_that_tells() -> None:
    rows = []
    for number in range(60):
        answered = number % 3 > 0
        signs = dict.fromkeys(SIGNS, 0.0) | {"constant": 1.0, "absent": 0.1 if answered else 0.9}
        rows.append(Signed(f"case-{number}", tuple(signs.values()), answered))
    found = fit_answerable(rows)
    assert found.weights["absent"] < 0
    assert found.held_out["unanswerable refused"] == 1.0
    assert found.held_out["answerable refused"] == 0.0


def test_in_doubt_the_next_likely_fact_is_said_as_well(coach: Coach) -> None:
    vague = (
        "Anything on clusters?",
        "Which tools would I practise with?",
        "Is there something about money in it?",
        "What about the numbers, are they any good?",
        "How do I show what I can do?",
        "Who needs this?",
    )
    reading = coach.reading()
    both = []
    for question in vague:
        rows, features = coach.features(question)
        scores = features @ reading.composer.selector.weights
        shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        first, second = np.argsort(-shares, kind="stable")[:2]
        answer = coach.ask(question)
        if shares[first] >= CLEAR_SHARE or shares[second] < RUNNER_UP * shares[first] or answer.trace.route != "fact":
            continue
        cells = [reading.composer.facts.cells[rows[at]] for at in (first, second)]
        said = [cell.passage.sentences[cell.fact.sentences[0]].text for cell in cells]
        both.append(all(any(text in claim.text for claim in answer.claims) for text in said))
    assert any(both)


def test_the_features_of_a_plain_question_lead_to_its_fact(coach: Coach) -> None:
    reading = coach.reading()
    rows, features = coach.features("Which skills can wait?")
    assert features.shape == (len(rows), len(FEATURES))
    facts = [reading.composer.facts.cells[row].fact for row in rows]
    best = int(np.argmax(features @ reading.composer.selector.weights))
    assert facts[best].facet == "skills.last"


def test_passages_are_ranked_by_their_best_fact(coach: Coach) -> None:
    found = coach.ask("How long does the third phase last?").trace.retrieved
    ranked = [entry.facts.rank for entry in found if entry.facts and entry.dense]
    assert ranked == sorted(ranked)
    assert [entry.rank for entry in found][:5] == [1, 2, 3, 4, 5]


def test_likelihoods_of_choices_sum_to_one(coach: Coach) -> None:
    reading = coach.reading()
    query = understand("What will I miss?", (), reading.vocabulary, max_chars=500)[0]
    choices = reading.composer.selector.choose(query, Evidence(reading.index.search(query.standalone, limit=500), {}))
    assert math.fsum(likelihood(choices)) == pytest.approx(1.0)
