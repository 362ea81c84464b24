"""The Library: all that is known, who uses it, what was asked in vain, and documents of one's own."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from coach import Coach
from coach.knowledge.own import OwnDocument, OwnLine
from coach.settings import Settings
from coach.storage import DocumentKind, Store
from coach.types import Answer, Citation, Claim, Origin, Query, Status, Support, Trace
from coach.ui import session
from coach.ui.library import usage
from coach.ui.library.usage import Heat
from eval.cases import Case, split_of
from tests.encoders import HashingEncoder
from tests.fakes import HOSTILE, passage

SLUG = "software-engineer-to-vector-database-engineer"


def answer(question: str, *cited: str, missing: tuple[str, ...] = (), pathway: str = SLUG) -> Answer:
    citations = tuple(Citation(marker=1, passage_id=id_, source="s", quote="q", start=0, end=1) for id_ in cited)
    return Answer(
        question=question,
        pathway=pathway,
        status=Status.ABSTAINED if missing else Status.ANSWERED,
        text="",
        claims=(Claim(text="q", support=Support.QUOTED, citations=citations),) if cited else (),
        missing=missing,
        trace=Trace(query=Query(question=question, standalone=question)),
    )


def case(id_: str, question: str, *gold: str) -> Case:
    return Case(
        id=id_, split=split_of(id_), slice="pay", pathway=SLUG, question=question, gold=gold, status=(Status.ANSWERED,)
    )


# --- Who uses what ----------------------------------------------------------------------------------------------

ONE, TWO, THREE = (passage(f"part/{n}", SLUG, ("Guide", "Part" if n < 3 else "Other"), "Text.") for n in (1, 2, 3))
DEV = next(f"case-{n}" for n in range(50) if split_of(f"case-{n}") == "dev")
TEST = next(f"case-{n}" for n in range(50) if split_of(f"case-{n}") == "test")


def test_a_passage_counts_the_cases_that_rest_on_it_and_the_answers_that_cite_it() -> None:
    cases = [case(DEV, "Seen?", ONE.id), case(TEST, "Unseen?", ONE.id, TWO.id)]
    found = usage.uses([ONE, TWO, THREE], cases, [answer("Newer", ONE.id), answer("Older", ONE.id)])
    assert [(use.cases, use.questions, use.answers) for use in found] == [
        (2, ("Seen?",), ("Newer", "Older")),
        (1, (), ()),
        (0, (), ()),
    ]
    assert [use.heat for use in found] == [Heat.WARM, Heat.WARM, Heat.NEVER]


def test_a_passage_becomes_hot_by_use() -> None:
    mine = [answer(f"Question {n}", ONE.id) for n in range(usage.HOT_FROM)]
    assert usage.uses([ONE], [], mine[1:])[0].heat is Heat.WARM
    assert usage.uses([ONE], [], mine)[0].heat is Heat.HOT


def test_sections_add_up_to_their_passages() -> None:
    found = usage.uses([ONE, TWO, THREE], [], [answer("Q", TWO.id)])
    assert usage.by_section(found) == (("Part", 0, 1, 1), ("Other", 0, 0, 1))


def test_gaps_are_grouped_by_what_was_missing_and_can_be_left_out() -> None:
    asked = [
        answer("Pay in Rome?", missing=("Rome",)),
        answer("Visa for Rome?", missing=("Rome", "visa")),
        answer("Pay in Rome?", missing=("Rome",)),
        answer("Elsewhere?", missing=("Rome",), pathway="another"),
        answer("Answered", ONE.id),
    ]
    assert usage.gaps(asked, SLUG) == (
        ("Rome", ("Pay in Rome?", "Visa for Rome?"), 3),
        ("visa", ("Visa for Rome?",), 1),
    )
    assert [gap.missing for gap in usage.gaps(asked, SLUG, {"Rome"})] == ["visa"]


# --- The page ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> Coach:
    return Coach(Settings(data_dir=tmp_path_factory.mktemp("data")), encoder=HashingEncoder())


@pytest.fixture
def page(
    cheap: Coach, file_store: Store, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[Callable[..., AppTest]]:
    st.cache_resource.clear()
    monkeypatch.setenv("COACH_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr(session, "make_coach", lambda settings: cheap)
    monkeypatch.setattr(session, "store", lambda: file_store)
    monkeypatch.setattr(session, "owner", lambda: "me")
    monkeypatch.setattr(session, "keeping", lambda: session.Keeping(True, ""))

    def opened(**address: str) -> AppTest:
        def script() -> None:
            from coach.ui.library.page import page as draw

            draw()

        app = AppTest.from_function(script, default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        return app

    yield opened
    st.cache_resource.clear()


def text(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.subheader, app.title, app.info, app.error)
    said = [str(element.value) for kind in kinds for element in kind] + [str(one.label) for one in app.expander]
    return html.unescape("\n".join(said)).replace(":small[]", "")


@pytest.mark.parametrize(
    "view", ["Search", "Guide", "Resources", "Figures", "Derived", "Conflicts", "Glossary", "Coverage", "Gaps",
             "Your documents"],
)  # fmt: skip
def test_every_view_opens_by_its_address(page: Callable[..., AppTest], view: str) -> None:
    assert len(text(page(view=view))) > 150


def test_a_search_ranks_as_the_coach_does_and_marks_the_words(page: Callable[..., AppTest], cheap: Coach) -> None:
    asked = "roadmap phases weeks"
    app = page(search=asked)
    first = cheap.reading().index.search(asked).ranking[0].passage
    shown = next(str(one.value) for one in app.markdown if "-badge[" in str(one.value))
    assert first.sentences[0].text.split()[0] in html.unescape(shown)
    assert ":primary-background[" in shown


def test_a_search_can_be_limited_to_who_says_it(page: Callable[..., AppTest]) -> None:
    app = page(search="pay")
    app.button_group(key="said_by").set_value([Origin.MARKET]).run()
    shown = [str(one.value) for one in app.markdown if "-badge[" in str(one.value)]
    assert {html.unescape(one.partition("-badge[")[2].partition("]")[0]) for one in shown} == {"official figures"}


def test_each_contradiction_stands_with_both_sides(page: Callable[..., AppTest], cheap: Coach) -> None:
    corpus = cheap.corpus()
    listed = [p for p in corpus.passages if any(f.facet == "conflicts.list" for f in p.facts)]
    count = sum(sentence.item for one in listed for sentence in one.sentences)
    assert f"{count} places where the guide contradicts itself" in text(page(view="Conflicts"))
    assert count > 5


def test_what_was_asked_in_vain_is_listed_and_can_be_left_out(
    page: Callable[..., AppTest], file_store: Store
) -> None:
    talk = file_store.create("me", SLUG, "Talk")
    gone = answer("What about the moon base?", missing=("the moon base",))
    file_store.append("me", talk.id, gone.question, gone.model_dump_json(), "t1")
    file_store.append("me", talk.id, "Old", '{"written": "by another version"}', "t2")
    app = page(view="Gaps")
    assert "the moon base" in text(app) and "asked for once" in text(app)
    app.button(key="dismiss-0").click().run()
    assert "asked for once" not in text(app)
    app.button(key="undismiss").click().run()
    assert "asked for once" in text(app)


# --- Documents of one's own -----------------------------------------------------------------------------------------

LETTER = b"# Offer\n\n## Terms\n\nYour notice period is three months.\n"


def test_a_document_is_added_listed_and_removed_everywhere(page: Callable[..., AppTest], file_store: Store) -> None:
    app = page(view="Your documents")
    app.checkbox(key="own_keep").check().run()
    app.file_uploader[0].set_value(("letter.md", LETTER, "text/markdown")).run()
    assert "letter.md" in text(app) and "kept for later visits" in text(app)
    kept = file_store.documents("me", SLUG)
    assert [(one.kind, one.name) for one in kept] == [(DocumentKind.OWN, "letter.md")]
    assert file_store.documents("you", SLUG) == ()
    remove = next(button for button in app.button if button.label == "Remove")
    remove.click().run()
    assert "None yet." in text(app)
    assert file_store.documents("me", SLUG) == ()


def test_what_is_not_kept_stays_in_the_visit(page: Callable[..., AppTest], file_store: Store) -> None:
    app = page(view="Your documents")
    app.file_uploader[0].set_value(("letter.md", LETTER, "text/markdown")).run()
    assert "until this visit ends" in text(app) and file_store.documents("me", SLUG) == ()
    assert "letter.md" not in text(page(view="Your documents"))


def test_what_was_kept_is_there_at_the_next_visit(page: Callable[..., AppTest], file_store: Store) -> None:
    line = OwnLine(text="Your notice period is three months.", heading="Terms").model_dump_json()
    file_store.keep_document("me", SLUG, DocumentKind.OWN, "letter.md", [line, "a line that something else wrote"])
    app = page(view="Your documents")
    assert "letter.md" in text(app) and "kept for later visits" in text(app)


def test_a_file_that_cannot_be_read_says_why_and_the_field_is_free_again(page: Callable[..., AppTest]) -> None:
    app = page(view="Your documents")
    app.file_uploader[0].set_value(("letter.pdf", b"%PDF-1.7 broken", "application/pdf")).run()
    assert app.error and "letter.pdf" in html.unescape(str(app.error[0].value))
    assert "None yet." in text(app)


def test_a_hostile_name_is_shown_as_it_is(page: Callable[..., AppTest], file_store: Store) -> None:
    file_store.keep_document("me", SLUG, DocumentKind.OWN, HOSTILE[:60], ["A line."])
    app = page(view="Your documents")
    assert not any("![" in str(one.value) or "](javascript" in str(one.value) for one in app.markdown)


# --- The shelf -----------------------------------------------------------------------------------------------------


def letter(text: str = "The canteen closes at noon.") -> OwnDocument:
    return OwnDocument(name="letter.md", lines=(OwnLine(text=text),))


def test_a_shelf_makes_its_reading_once_and_lets_go_of_it(cheap: Coach) -> None:
    shelf = session.Shelf(SLUG, (letter(),))
    first = shelf.reading(cheap)
    assert shelf.reading(cheap) is first
    assert any(one.origin is Origin.LEARNER for one in first.corpus.passages)
    assert not any(one.origin is Origin.LEARNER for one in cheap.reading(SLUG).corpus.passages)
    shelf.close()
    again = shelf.reading(cheap)
    assert again is not first
    shelf.close()


def test_a_question_is_answered_from_the_shelf_of_its_visitor_alone(cheap: Coach) -> None:
    desk = session.Desk(cheap)
    shelf = session.Shelf(SLUG, (letter(),))
    question = "The canteen closes at noon."
    mine = session.Asking(desk, "t1", question, (), SLUG, None, shelf)
    others = session.Asking(desk, "t2", question, (), SLUG, None, None)
    assert mine.wait(60) and others.wait(60)
    found = [entry.passage.origin for entry in mine.answer().trace.retrieved]
    assert found[0] is Origin.LEARNER
    told = others.answer()
    assert "canteen" not in told.text and not any("canteen" in e.passage.text for e in told.trace.retrieved)
    shelf.close()
