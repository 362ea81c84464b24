"""The Lab answers as the chat does: from the visitor's own documents too, and with their profile; for them alone."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from datetime import UTC, date

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from coach import Coach
from coach.knowledge.own import OwnDocument, OwnLine, of_learner
from coach.lab.editing import Edit, How, edited
from coach.lab.experiment import Asker, CorpusPart, Experiment, FaultName, Readings, readings, run
from coach.lab.faults import execute
from coach.pipeline import Reading
from coach.planning.learner import Learner
from coach.planning.profile import Profile
from coach.planning.telling import ASKED_BY
from coach.settings import Settings
from coach.storage import DocumentKind, Store
from coach.types import Method, Origin
from coach.ui import session
from coach.ui.lab.page import Place, export
from tests.encoders import HashingEncoder

NOTICE = "The notice period of the municipal brewery is ninety days."
LETTER = OwnDocument(name="letter.md", lines=(OwnLine(text=NOTICE),))


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coach]:
    yield Coach(Settings(data_dir=tmp_path_factory.mktemp("data")), encoder=HashingEncoder())
    readings.close()


@pytest.fixture(scope="module")
def mine(coach: Coach) -> Iterator[Reading]:
    made = coach.with_documents([LETTER])
    yield made
    made.index.close()


@pytest.fixture(scope="module")
def first_steps(coach: Coach) -> str:
    """A question for the first steps, in the pathway's own words: this encoder knows no others."""
    facts = [fact for passage in coach.corpus().passages for fact in passage.facts]
    return next(fact.questions[0] for fact in facts if fact.facet == ASKED_BY and fact.questions)


@pytest.fixture
def kept() -> Iterator[Readings]:
    made = Readings()
    yield made
    made.close()


# --- Experiments on a reading with own documents -----------------------------------------------------------------


@pytest.mark.parametrize(
    "experiment", [Experiment(method=Method(lexical=2.0)), Experiment(headings=False), Experiment(size="small")]
)
def test_an_experiment_changes_what_the_visitor_has_and_not_the_bare_pathway(
    coach: Coach, mine: Reading, kept: Readings, experiment: Experiment
) -> None:
    with_it = run(coach, NOTICE, experiment, asker=Asker(mine), kept=kept)
    assert "ninety days" in with_it.answer.text
    without = run(coach, NOTICE, experiment, kept=kept)
    assert "ninety days" not in without.answer.text
    assert not any("ninety" in one.passage.text for one in without.answer.trace.retrieved)


def test_a_document_that_is_planted_is_told_apart_from_the_visitors_own(
    coach: Coach, mine: Reading, kept: Readings
) -> None:
    ran = execute(coach, NOTICE, [FaultName.POISON], asker=Asker(mine), kept=kept, measure=False)
    own = {passage.id for passage in of_learner(mine.corpus.passages)}
    assert own and ran.planted and not own & ran.planted
    assert own <= set(ran.sandbox.reading.index.passages)


def test_a_sentence_of_an_own_document_can_be_edited(coach: Coach, mine: Reading, kept: Readings) -> None:
    (own,) = of_learner(mine.corpus.passages)
    edit = Edit.of(own, 0, NOTICE.replace("ninety", "twelve"))
    sandbox = kept.get(coach, CorpusPart(edits=(edit,)), base=mine)
    (effect,) = sandbox.effects
    assert effect.how is How.PASSAGE and "document of yours" in effect.why
    after = run(coach, NOTICE, Experiment(edits=(edit,)), asker=Asker(mine), kept=kept)
    assert "twelve days" in after.answer.text and "ninety" not in after.answer.text


def test_own_documents_outlive_an_edit_of_the_knowledge(coach: Coach, mine: Reading) -> None:
    field = next(
        (passage, at)
        for passage in mine.corpus.passages
        for at, sentence in enumerate(passage.sentences)
        if passage.origin is Origin.PATHWAY and not sentence.formula and "130,000" in sentence.text
    )
    passage, at = field
    letter, place = of_learner(mine.corpus.passages)[0], 0
    found = edited(
        coach,
        [
            Edit.of(letter, place, NOTICE.replace("ninety", "twelve")),
            Edit.of(passage, at, passage.sentences[at].text.replace("130,000", "155,000")),
        ],
        mine.corpus,
    )
    assert [effect.how for effect in found.effects] == [How.PASSAGE, How.FIELD]
    assert not any(letter.source in gone.title for gone in found.effects[1].gone)
    said = " ".join(one.text for one in found.corpus.passages)
    assert "twelve days" in said and "$155,000" in said


def test_a_learner_is_answered_from_their_plan_in_an_experiment_too(
    coach: Coach, kept: Readings, first_steps: str
) -> None:
    learner = Learner(profile=Profile(weekly_hours=6), today=date(2026, 11, 26))
    asker = Asker(coach.reading(), learner)
    chat = coach.ask(first_steps, learner=learner)
    assert chat.trace.route == "plan"
    assert run(coach, first_steps, Experiment(size="small"), asker=asker, kept=kept).answer.trace.route == "plan"
    assert execute(coach, first_steps, [FaultName.NO_CHECK], asker=asker, kept=kept).after.answer.trace.route == "plan"
    assert run(coach, first_steps, Experiment(), kept=kept).answer.trace.route != "plan"


# --- The page ------------------------------------------------------------------------------------------------------

Open = Callable[..., AppTest]


@pytest.fixture
def opened(
    coach: Coach, file_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    st.cache_resource.clear()
    monkeypatch.setenv("COACH_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr(session, "make_coach", lambda settings: coach)
    monkeypatch.setattr(session, "store", lambda: file_store)
    monkeypatch.setattr(session, "keeping", lambda: session.Keeping(True, ""))

    def begin(owner: str, **parameters: str) -> AppTest:
        monkeypatch.setattr(session, "owner", lambda: owner)
        app = AppTest.from_string("from coach.ui.lab import page\npage.page()", default_timeout=120)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        return app

    yield begin
    st.cache_resource.clear()


def said(app: AppTest) -> str:
    found = (app.markdown, app.caption, app.error)
    return html.unescape("\n".join(str(element.value) for elements in found for element in elements))


@pytest.fixture
def letter(file_store: Store, coach: Coach) -> str:
    line = LETTER.lines[0].model_dump_json()
    file_store.keep_document("me", coach.pathway().slug, DocumentKind.OWN, LETTER.name, [line])
    return LETTER.name


@pytest.mark.parametrize(
    "view", [{}, {"view": "map"}, {"view": "change", "size": "small"}, {"view": "edit"}, {"view": "model"}]
)
def test_each_view_looks_into_the_answer_that_the_visitor_got(opened: Open, letter: str, view: dict[str, str]) -> None:
    app = opened("me", q=NOTICE, **view)
    assert "Answered as in your chat, with your own documents." in said(app)
    boxes = " ".join(str(option) for box in app.selectbox for option in box.options)
    code = " ".join(str(block.value) for block in app.code)
    tables = " ".join(str(frame.value.to_dict()) for frame in app.dataframe)
    assert letter in " ".join((said(app), boxes, code, tables))


def test_another_visitor_with_the_same_link_sees_nothing_of_it(opened: Open, letter: str) -> None:
    opened("me", q=NOTICE, view="change", size="small")
    opened("me", q=NOTICE, view="map")
    for view in ("steps", "map", "change", "edit"):
        app = opened("somebody else", q=NOTICE, view=view, size="small")
        boxes = " ".join(str(option) for box in app.selectbox for option in box.options)
        assert letter not in said(app) + boxes and "Answered as in your chat" not in said(app)
    for entry in readings._entries.values():
        assert entry.sandbox is not None and not of_learner(entry.sandbox.reading.corpus.passages)


def test_a_profile_is_told_of_and_its_plan_answers(
    opened: Open, file_store: Store, coach: Coach, first_steps: str
) -> None:
    slug = coach.pathway().slug
    file_store.save_profile("me", slug, Profile(weekly_hours=6).model_dump_json(), None, None)
    app = opened("me", q=first_steps)
    assert "Answered as in your chat, with your profile." in said(app)
    alone = opened("somebody else", q=first_steps)
    assert said(alone) != said(app)


def test_the_file_of_an_answer_holds_what_the_own_document_says(coach: Coach, mine: Reading) -> None:
    written = export(coach, Asker(mine), Place(coach.pathway(), NOTICE, (), "steps", ()), UTC).decode()
    assert "Your document: letter.md" in html.unescape(written) and "ninety days" in written
