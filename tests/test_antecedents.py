"""What a pronoun points at: the noun before it in its own sentence, or the term that was explained last."""

from __future__ import annotations

import pytest

from coach import Coach
from coach.answering.antecedents import led_back, subject
from coach.types import Answer, Status


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("bloom filter, what is that for?", "what is bloom filter for?"),
        ("And a B-tree index, what does it do?", "what does a B-tree index do?"),
        ("hnsw - how does it work?", "how does hnsw work?"),
        ("what about certificates, are they needed?", "are certificates needed?"),
        ("kubernetes, do I need that?", "do I need kubernetes?"),
        ("and python, is that one of them?", "is python one of them?"),
        ("a vector database, what are its parts?", "what are a vector database's parts?"),
    ],
)
def test_a_pronoun_points_at_the_noun_before_it_in_its_sentence(asked: str, read: str) -> None:
    assert led_back(asked) == read


@pytest.mark.parametrize(
    "asked",
    [
        "wow, is it free?",
        "Makes sense, is it hard?",
        "Honestly, is it worth it?",
        "Interesting, what does it cost?",
        "sounds expensive, is it?",
        "bottom line, is it worth it?",
        "in that case, what does it cost?",
        "for a beginner, is it too hard?",
        "the second one, how long does it take?",
        "the licence, is that a problem?",
        "my boss says it is dear, is that true?",
        "Berlin, what do they pay there?",
        "five weeks, is that enough?",
        "10 hours a week, is it enough?",
        "Python, is it realistic to learn it in a month?",
        "What is it for?",
    ],
)
def test_what_is_no_noun_of_its_own_is_left_as_it_is(asked: str) -> None:
    assert led_back(asked) == asked


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        ("what is a bloom filter", "bloom filter"),
        ("how does product quantisation work", "product quantisation"),
        ("is it realistic", ""),
        ("who are you", ""),
    ],
)
def test_what_a_part_is_about(asked: str, about: str) -> None:
    assert subject(asked) == about


def talk(coach: Coach, *questions: str) -> Answer:
    history: list[Answer] = []
    for question in questions:
        history.append(coach.ask(question, history))
    return history[-1]


@pytest.mark.parametrize("asked", ["bloom filter, what is that for?", "what is a bloom filter and what is it for?"])
def test_what_is_not_covered_is_not_answered_with_the_last_topic(coach: Coach, asked: str) -> None:
    answer = talk(coach, "What is Faiss for?", asked)
    assert answer.status is Status.ABSTAINED
    assert "bloom filter" in answer.text and "Faiss" not in answer.text


@pytest.mark.parametrize(
    ("questions", "facet"),
    [
        (("What is Faiss for?", "HNSW, what is that?"), "term.define"),
        (("What is Faiss for?", "and HNSW?"), "term.define"),
        (("Which skills are critical?", "why sharding?"), "term.why"),
        (("What is HNSW?", "give me an example"), "term.example"),
        (("What is HNSW?", "why do people use it?"), "term.why"),
        (("What is HNSW?", "why?"), "term.why"),
        (("What is HNSW?", "and IVF?"), "term.define"),
        (("What is HNSW?", "how much time?"), "time.total"),
    ],
)
def test_a_term_is_a_subject_of_its_own_and_can_be_asked_on_about(
    coach: Coach, questions: tuple[str, ...], facet: str
) -> None:
    assert talk(coach, *questions).trace.facets[0] == facet
