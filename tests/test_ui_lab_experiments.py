"""Break it, as a page: first the guess, then the run; switches follow the address and write it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from coach import Coach
from coach.lab.experiment import Asker, Experiment, FaultName, in_order
from coach.lab.faults import FAULTS, TOGETHER
from coach.types import Method
from tests.fakes import HOSTILE

TEACHER = "high-school-teacher-to-learning-experience-designer"
"""Small, so that an index beside it is made in no time."""
ENTRY = "What is the pay at entry level?"
SHOWN: dict[str, Any] = {}

SCRIPT = """
from coach.ui.lab import {module}
from tests.test_ui_lab_experiments import SHOWN
{module}.show(SHOWN["coach"], SHOWN["asker"], SHOWN["question"], ())
"""
Opened = Callable[..., AppTest]


@pytest.fixture
def page(coach: Coach) -> Opened:
    def opened(
        *faults: FaultName, question: str = ENTRY, module: str = "breaking", address: dict[str, str] | None = None
    ) -> AppTest:
        SHOWN.update(coach=coach, question=question, asker=Asker(coach.reading(TEACHER)))
        app = AppTest.from_string(SCRIPT.format(module=module), default_timeout=120)
        for name, value in (address or Experiment(faults=in_order(faults)).to_query()).items():
            app.query_params[name] = value
        return ran(app)

    return opened


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def text(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.success, app.info, app.error, app.subheader)
    said = [str(element.value) for kind in kinds for element in kind]
    return html.unescape("\n".join(said)).replace(":small[]", "")


def guessed(app: AppTest, option: str) -> AppTest:
    """With that guess made and the fault run."""
    app.radio[0].set_value(option)
    ran(app).button(key="lab-break").click()
    return ran(app)


def in_address(app: AppTest) -> str:
    found = app.query_params.get("faults", "")
    return str(found[0] if isinstance(found, list) else found)


def test_without_a_fault_there_is_nothing_to_guess(page: Opened) -> None:
    app = page()
    assert "Choose one or more faults" in text(app) and not app.radio
    assert len(app.button_group[0].options) == len(FaultName)


def test_nothing_is_told_before_the_learner_has_guessed(page: Opened) -> None:
    app = page(FaultName.CARELESS_WRITER)
    assert FAULTS[FaultName.CARELESS_WRITER].switched in text(app)
    assert app.radio[0].value is None and app.button(key="lab-break").disabled
    assert "What happened" not in text(app)
    app.radio[0].set_value("less")
    assert not ran(app).button(key="lab-break").disabled and "What happened" not in text(app)


def test_a_right_guess_is_told_with_what_happened_and_what_caught_it(page: Opened) -> None:
    said = text(guessed(page(FaultName.CARELESS_WRITER), "less"))
    assert "You guessed it" in said and "the writer made" in said
    assert "The check of claims" in said and "$84,000" in said


def test_a_wrong_guess_is_told_beside_what_came(page: Opened) -> None:
    said = text(guessed(page(FaultName.CARELESS_WRITER), "same"))
    assert "It came otherwise: Some or all of it is missing" in said
    assert ":gray[Your guess:] The answer stays as it is." in said


def test_without_the_check_the_wrong_figure_is_on_screen_and_marked(page: Opened) -> None:
    app = guessed(page(FaultName.NO_CHECK, FaultName.CARELESS_WRITER), "false")
    assert TOGETHER not in text(app) and "You guessed it" in text(app)
    assert any("not supported" in str(one.value) and "84" in str(one.value) for one in app.markdown)


def test_no_check_alone_changes_nothing_and_the_page_says_so(page: Opened) -> None:
    said = text(guessed(page(FaultName.NO_CHECK), "same"))
    assert "You guessed it" in said and "No claim fails the check" in said and "There was nothing to catch." in said


def test_other_faults_or_another_question_want_another_guess(page: Opened) -> None:
    app = guessed(page(FaultName.CARELESS_WRITER), "less")
    SHOWN["question"] = "How hard is the move?"
    assert "What happened" not in text(ran(app))
    SHOWN["question"] = ENTRY
    assert "What happened" in text(ran(app))
    app.button_group[0].set_value([FaultName.CARELESS_WRITER, FaultName.NO_CHECK])
    assert "What happened" not in text(ran(app)) and app.radio[0].label == TOGETHER


def test_a_switch_writes_the_address_and_leaves_the_rest_of_it(page: Opened) -> None:
    app = page(address={"q": ENTRY, "dense": "2"})
    app.button_group[0].set_value([FaultName.NO_LEXICAL, FaultName.NO_CHECK])
    assert in_address(ran(app)) == "no-check,no-lexical"
    assert {"q", "dense"} <= set(app.query_params)
    app.button_group[0].set_value([])
    assert in_address(ran(app)) == ""


def test_passages_are_made_tiny_or_huge_whichever_was_chosen_last(page: Opened) -> None:
    app = page(FaultName.TINY)
    app.button_group[0].set_value([FaultName.TINY, FaultName.HUGE])
    assert in_address(ran(app)) == "huge-passages"


def test_a_fault_that_is_none_is_told(page: Opened) -> None:
    app = page(address={"faults": "gremlins,no-check"})
    assert "There is no fault called gremlins" in text(app)
    assert app.radio[0].label == FAULTS[FaultName.NO_CHECK].question


def test_a_question_that_shows_it_is_found_when_it_is_asked_for(page: Opened) -> None:
    app = page(FaultName.NO_ABSTENTION)
    app.button(key="lab-find-question").click()
    links = [str(one.proto.url) for one in ran(app).get("link_button")]
    assert len(links) == 1 and "view=break" in links[0] and "faults=no-abstention" in links[0]


def test_huge_passages_name_the_check_that_refused_them(page: Opened) -> None:
    said = text(guessed(page(FaultName.HUGE), "other"))
    assert "The check of lengths" in said and "Split the passage" in said and "were never read" in said


def test_a_planted_document_is_shown_by_its_name_and_its_order_is_only_text(page: Opened) -> None:
    app = page(FaultName.POISON, question="What does a Learning Experience Designer earn in Berlin?")
    said = text(guessed(app, "cited"))
    assert "You guessed it" in said and "Your document: found-on-the-web.txt" in said


def test_nothing_that_a_question_says_is_obeyed(page: Opened) -> None:
    for faults in ((FaultName.POISON,), (FaultName.NO_ABSTENTION, FaultName.NO_CHECK)):
        app = guessed(page(*faults, question=f"What is the pay? {HOSTILE}"), "same")
        raw = "\n".join(str(one.value) for one in app.markdown)
        assert "What happened" in text(app)
        for obeyed in ("![x]", "<img", "](javascript", ":red[b", ":material", "$a$", "http://evil"):
            assert obeyed not in raw


def test_faults_and_edits_of_a_link_are_not_at_work_where_one_thing_is_changed(page: Opened) -> None:
    address = Experiment(faults=(FaultName.CARELESS_WRITER,)).to_query()
    app = page(module="change", address={name: str(value) for name, value in address.items()})
    said = text(app)
    assert "Nothing is changed yet" in said and "not in this one" in said and "Nothing is different" in said
    app = page(module="change", address={"faults": "careless-writer", "dense": "2"})
    app.button(key="lab-back").click()
    assert in_address(ran(app)) == "careless-writer" and "dense" not in app.query_params
    assert Method().dense == app.slider(key="lab-dense").value
