"""Change one thing, edit a passage: controls follow the address and write it, and the difference is the real one."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from coach import Coach
from coach.lab.differences import compare
from coach.lab.editing import Edit
from coach.lab.experiment import Asker, Experiment, FaultName, readings
from coach.settings import Settings
from coach.types import Method
from coach.ui.lab.difference import in_one_sentence
from tests.encoders import HashingEncoder

QUESTION = "How long does the whole roadmap take?"
SHOWN: dict[str, Any] = {}

SCRIPT = """
import streamlit as st
from coach.ui.lab import {module}
from tests.test_ui_lab_change import SHOWN
{module}.show(SHOWN["coach"], SHOWN["asker"], SHOWN["question"], ())
"""


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coach]:
    yield Coach(Settings(data_dir=tmp_path_factory.mktemp("data")), encoder=HashingEncoder())
    readings.close()


@pytest.fixture
def page(coach: Coach) -> Callable[..., AppTest]:
    def opened(module: str, address: Experiment | dict[str, str] | None = None, question: str = QUESTION) -> AppTest:
        SHOWN.update(coach=coach, question=question, asker=Asker(coach.reading()))
        app = AppTest.from_string(SCRIPT.format(module=module), default_timeout=60)
        query = address.to_query() if isinstance(address, Experiment) else address or {}
        for name, value in query.items():
            app.query_params[name] = value
        return ran(app)

    return opened


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def text(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.success, app.info, app.error)
    said = [str(element.value) for kind in kinds for element in kind] + [str(one.label) for one in app.expander]
    return html.unescape("\n".join(said)).replace(":small[]", "")


# --- Change one thing -------------------------------------------------------------------------------------------


def test_nothing_changed_shows_the_coachs_own_answer_twice(page: Callable[..., AppTest]) -> None:
    said = text(page("change"))
    assert "Nothing is changed yet" in said and "Nothing is different" in said


def test_the_controls_show_what_the_address_says(page: Callable[..., AppTest]) -> None:
    method = Method(dense=1.5, keys=0.0, lexical=2.0, fusion="reciprocal_ranks", passages=5, answer_from=0.2)
    app = page("change", Experiment(method=method, headings=False))
    assert [slider.value for slider in app.slider] == [1.5, 0.0, 2.0, 0.2]
    assert app.select_slider[0].value == 5
    assert app.toggle[0].value is False
    assert [group.value for group in app.button_group] == ["reciprocal_ranks", "as_written"]


def test_a_control_writes_the_address_and_the_answer_is_found_that_way(
    page: Callable[..., AppTest], coach: Coach
) -> None:
    app = page("change")
    app.slider(key="lab-lexical").set_value(0.0).run()
    app.select_slider(key="lab-passages").set_value(1).run()
    app.slider(key="lab-threshold").set_value(0.0).run()
    written = {name: app.query_params[name] for name in ("lexical", "passages", "threshold")}
    assert {name: str(value[0] if isinstance(value, list) else value) for name, value in written.items()} == {
        "lexical": "0", "passages": "1", "threshold": "0",
    }  # fmt: skip
    reading = coach.reading()
    method = Method(lexical=0.0, passages=1, answer_from=0.0)
    found = compare(coach.work(QUESTION, reading), coach.work(QUESTION, reading, method=method))
    assert in_one_sentence(found) in text(app)
    assert not found.nothing


def test_everything_can_be_changed_back_with_one_click(page: Callable[..., AppTest]) -> None:
    app = page("change", Experiment(method=Method(passages=1, dense=2.0)))
    app.button(key="lab-back").click().run()
    assert "passages" not in app.query_params and "dense" not in app.query_params
    assert app.slider(key="lab-dense").value == 0.5 and "Nothing is changed yet" in text(app)


def test_what_a_control_does_not_change_stays_in_the_address(page: Callable[..., AppTest]) -> None:
    app = page("change", Experiment(method=Method(check=False), faults=(FaultName.NO_ABSTENTION,)))
    app.slider(key="lab-dense").set_value(1.0).run()
    assert {"check", "faults", "dense"} <= set(app.query_params)


def test_what_cannot_be_in_an_address_is_told(page: Callable[..., AppTest]) -> None:
    assert "dense=99 is not possible and left out." in text(page("change", {"dense": "99"}))


def test_huge_passages_are_refused_and_what_is_never_read_is_counted(page: Callable[..., AppTest]) -> None:
    said = text(page("change", Experiment(size="huge")))
    assert "The index refused these passages" in said and "were never read" in said


def test_other_sizes_and_no_headings_are_embedded_beside_the_real_index(
    page: Callable[..., AppTest], coach: Coach
) -> None:
    before = coach.reading().index.fingerprint
    for chosen in (Experiment(size="tiny"), Experiment(headings=False)):
        assert "Answered again" in text(page("change", chosen))
    assert coach.reading().index.fingerprint == before


# --- Edit a passage ----------------------------------------------------------------------------------------------


def figure(coach: Coach) -> tuple[str, int, str]:
    """A sentence that the pathway states a sum of money in: passage, place, text."""
    for passage in coach.corpus().passages:
        for at, sentence in enumerate(passage.sentences):
            if "$130,000" in sentence.text and passage.origin == "pathway":
                return passage.id, at, sentence.text
    raise AssertionError("no such sentence")


def test_an_edit_is_proposed_with_a_figure_changed_and_the_answer_follows(
    page: Callable[..., AppTest], coach: Coach
) -> None:
    id_, at, said = figure(coach)
    app = page("editing", question=said)
    assert app.selectbox(key="lab-edit-passage").value == id_
    proposed = app.text_area[0].value or ""
    assert proposed != said and "$230,000" in proposed
    next(button for button in app.button if button.label == "Edit and ask again").click().run()
    assert "The answer follows" in text(app) and "edit" in app.query_params
    assert at == 0 or "$230,000" in text(app)
    app.button(key="lab-unedit").click().run()
    assert "edit" not in app.query_params and "The answer follows" not in text(app)


def test_an_edit_that_changes_nothing_is_told(page: Callable[..., AppTest], coach: Coach) -> None:
    _, _, said = figure(coach)
    app = page("editing", question=said)
    app.text_area[0].set_value(said)
    next(button for button in app.button if button.label == "Edit and ask again").click().run()
    assert "The sentence reads as it did" in text(app)


def test_a_computed_sentence_is_refused_with_where_it_comes_from(page: Callable[..., AppTest], coach: Coach) -> None:
    corpus = coach.corpus()
    passage, at = next(
        (one, at) for one in corpus.passages for at, s in enumerate(one.sentences) if s.formula and one.derived_from
    )
    edit = Edit.of(passage, at, "It is quite another figure, 77.")
    said = text(page("editing", Experiment(edits=(edit,))))
    assert "cannot be edited" in said and "computed from" in said


def test_a_link_with_an_edit_reproduces_it(page: Callable[..., AppTest], coach: Coach) -> None:
    id_, at, said = figure(coach)
    edit = Edit.of(coach.corpus().by_id[id_], at, said.replace("$130,000", "$155,000"))
    assert "$155,000" in text(page("editing", Experiment(edits=(edit,)), said))


def test_hostile_words_in_an_edit_are_text(page: Callable[..., AppTest], coach: Coach) -> None:
    id_, at, said = figure(coach)
    edit = Edit.of(coach.corpus().by_id[id_], at, "![x](http://evil.example/x.png) :red[now] $a$ <script>")
    app = page("editing", Experiment(edits=(edit,)), said)
    raw = "\n".join(str(one.value) for one in app.markdown)
    assert "![x]" not in raw and ":red[now]" not in raw and "<script>" not in raw
