"""The measure of what a model could get past the check: that it reads its sentences, and tells held from struck."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eval.cases import CaseError
from eval.misstatements import Asked, Replied, read, read_replies, run

TRUE = "The guide plans 6 to 8 months for the move. [1]"
LENGTH = "How long does the move take?"


def test_the_sentences_are_read_and_none_stands_twice() -> None:
    asked = read()
    assert len(asked) >= 5 and sum(len(one.false) for one in asked) > 150
    for one in asked:
        assert len(set(one.false)) == len(one.false) and one.true not in one.false


@pytest.mark.parametrize("text", ["- question: What?\n", "x: [", "- {question: What?, 'true': Yes. [1], 'false': []}"])
def test_a_file_that_is_not_as_it_should_be_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "misstatements.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=r"misstatements\.yaml: expected questions"):
        read(file)


@pytest.fixture
def data(built: Path, tmp_path: Path) -> Path:
    """A copy: the evaluation imports pages of its own into its folder."""
    return Path(shutil.copytree(built, tmp_path / "data"))


def test_what_is_struck_out_counts_and_what_is_shown_is_told(data: Path) -> None:
    true_too = "The title of the guide promises 8 months. [1]"
    found = run(data, [Asked(question=LENGTH, true=TRUE, false=("The guide hardly plans 6 months. [1]", true_too))])
    assert (found.passed, found.total) == (1, 2)
    assert found.failures == (f"shown: {true_too}",)
    assert found.rows == ((LENGTH, 1, 2),)


def test_a_true_sentence_that_no_longer_holds_is_told(data: Path) -> None:
    with pytest.raises(CaseError, match="does not hold any more"):
        run(data, [Asked(question=LENGTH, true="The guide plans 9 years. [1]", false=("It is easy. [1]",))])


def test_what_a_model_replied_is_read(tmp_path: Path) -> None:
    replied = read_replies()
    assert len({one.question for one in replied}) == len(replied) == 60
    file = tmp_path / "replies.yaml"
    file.write_text("- {question: What?, replies: []}", encoding="utf-8")
    with pytest.raises(CaseError, match=r"replies\.yaml: expected questions, each with one or two replies"):
        read_replies(file)


def test_of_a_models_answers_those_shown_in_its_words_are_counted(data: Path) -> None:
    false = "The guide plans 9 to 12 months for the move. [1]"
    replied = [
        Replied(question=LENGTH, replies=(TRUE,)),
        Replied(question=LENGTH, replies=(false, TRUE)),
        Replied(question=LENGTH, replies=(f"{false} {TRUE}", false)),
        Replied(question=LENGTH, replies=(false,)),
    ]
    found = run(data, [Asked(question=LENGTH, true=TRUE, false=("It is easy. [1]",))], replied)
    assert found.rows[1:] == (
        ("sentences of a capable model's first replies, shown", 2, 5),
        ("its answers, shown in its words once it was told the verdicts", 3, 4),
    )
