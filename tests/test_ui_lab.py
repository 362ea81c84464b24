"""The Lab's walk-through and map as pages, run in process: a real pipeline over a cheap encoder, without a browser."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from coach import Coach
from coach.lab.explaining import explain
from coach.lab.mapping import PassageMap, on_map, plane
from coach.lab.walk import StepName, Walk
from coach.pipeline import Worked
from coach.settings import Settings
from coach.types import AS_SHIPPED, Answer, Fact, Method, Origin
from coach.ui.lab import charts
from coach.ui.lab.charts import Grouping
from coach.ui.render import code
from tests.encoders import HashingEncoder
from tests.fakes import HOSTILE, passage

RAW = ("![x]", "<img", "](javascript", ":red[b", ":material", ":streamlit:", ":smile:", "$a$", "http://evil")
"""Of ``HOSTILE``, what Markdown would obey; none of it may be left as it was written."""

FACT = "How much does a Vector Database Engineer earn?"
TWO = "Which skills matter most, and how long do they take?"

SHOWN: dict[str, Any] = {}
"""What the page under test shows; the page runs in this process and looks it up here."""

SCRIPT = """
from coach.ui.lab import {module}
from tests.test_ui_lab import SHOWN
{module}.show(SHOWN["worked"], SHOWN["coach"])
"""


@pytest.fixture(scope="module")
def coach(tmp_path_factory: pytest.TempPathFactory) -> Coach:
    return Coach(Settings(data_dir=tmp_path_factory.mktemp("data")), encoder=HashingEncoder())


@pytest.fixture(scope="module")
def hostile(coach: Coach) -> Iterator[Coach]:
    """A pathway with a passage that says what must never be obeyed, and answers everything with it."""
    corpus = coach.corpus()
    bad = passage("bad/one", corpus.pathway.slug, ("Guide", HOSTILE), HOSTILE, source=HOSTILE, origin=Origin.RESOURCE)
    fact = Fact(facet="pay.general", entities=(), sentences=(0,), questions=(HOSTILE, "What is the evil salary?"))
    reading = coach.beside(replace(corpus, passages=(*corpus.passages, bad.model_copy(update={"facts": (fact,)}))))
    SHOWN["hostile"] = reading
    yield coach
    reading.index.close()


def work(coach: Coach, *questions: str, method: Method = AS_SHIPPED) -> Worked:
    history: list[Answer] = []
    for question in questions:
        worked = coach.work(question, coach.reading(), history, method=method)
        history.append(worked.answer)
    return worked


def page(module: str, worked: Worked, coach: Coach) -> AppTest:
    SHOWN.update(worked=worked, coach=coach)
    return ran(AppTest.from_string(SCRIPT.format(module=module), default_timeout=60))


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def source(app: AppTest) -> str:
    """Everything on the page as Markdown source."""
    shown = [str(element.value) for found in (app.subheader, app.markdown, app.caption, app.info) for element in found]
    cells = [str(cell) for table in app.table for cell in table.value.to_numpy().ravel()]
    return "\n".join([*shown, *cells, *(str(tab.label) for tab in app.tabs)])


def plain(app: AppTest) -> str:
    return html.unescape(source(app)).replace(":small[]", "")


def opened(app: AppTest, *keys: str) -> AppTest:
    """With these expanders open."""
    for key in keys:
        app.session_state[key] = True
    return ran(app)


# --- Steps ------------------------------------------------------------------------------------------------------


def test_every_step_has_a_section_in_order(coach: Coach) -> None:
    app = page("steps", work(coach, FACT), coach)
    heads = [f"{at}. {name.value}" for at, name in enumerate(StepName, start=1)]
    assert [head.value for head in app.subheader] == heads
    said = plain(app)
    assert "step by step" in said
    assert "[CLS]" in said
    assert "together with" in said


def test_the_claims_and_their_marks_are_shown(coach: Coach) -> None:
    worked = work(coach, FACT)
    said = source(page("steps", worked, coach))
    assert worked.answer.claims
    assert "Check passed" in said
    assert ":primary-background[" in said and "of " + str(len(worked.answer.claims)) + " claims passed" in said


def test_a_claim_that_fails_stands_first_and_struck_through(coach: Coach) -> None:
    reading = coach.reading()

    def spoil(claim: Any) -> Any:
        return claim.model_copy(update={"text": claim.text.replace("$130,000", "$190,000")})

    worked = coach.work(FACT, reading, writer=spoil)
    assert any(not verdict.supported for verdict in worked.answer.trace.verdicts)
    said = plain(page("steps", worked, coach))
    assert "Check failed" in said
    assert said.index("Check failed") < said.index("Check passed]")
    assert ":red-background[~~$190,000~~]" in said
    assert "left out of the answer" in said


def test_each_part_of_a_question_has_a_tab(coach: Coach) -> None:
    app = page("steps", work(coach, TWO), coach)
    assert len(app.tabs) == 2
    assert "holds 2 questions" in plain(app)
    assert [head.value for head in app.subheader].count(f"2. {StepName.ENCODE.value}") == 2


@pytest.mark.parametrize(("question", "why"), [("hello", "small talk"), ("", "nothing was asked")])
def test_an_answer_without_a_search_has_one_section_and_says_why(coach: Coach, question: str, why: str) -> None:
    app = page("steps", work(coach, question), coach)
    assert [head.value for head in app.subheader] == [f"1. {StepName.UNDERSTAND.value}"]
    assert why in plain(app)


def test_a_refusal_is_explained_and_checks_nothing(coach: Coach) -> None:
    app = page("steps", work(coach, "What would I get paid in Lisbon?"), coach)
    said = plain(app)
    assert "Refused" in said
    assert "nothing to check" in said
    assert "Dropped" in said and "[Kept]" not in said


def test_what_this_run_does_otherwise_is_pointed_out(coach: Coach) -> None:
    odd = Method(lexical=0.0, fusion="reciprocal_ranks", distance="inverted", check=False)
    said = plain(page("steps", work(coach, FACT, method=odd), coach))
    assert said.count("In this run") == 3
    assert "only the ranks count" in said


def test_tables_are_made_when_their_expander_is_opened(coach: Coach) -> None:
    worked = work(coach, FACT)
    closed = page("steps", worked, coach)
    assert len(closed.dataframe) == 0
    tables = len(closed.table)
    keys = ["lab-waterfall-table", "lab-fused-table-0", "lab-counted-0", "lab-strips-table-0", "lab-passages-0"]
    app = opened(page("steps", worked, coach), *keys)
    assert len(app.table) > tables
    assert len(app.dataframe) == 1
    assert len(app.dataframe[0].value) == coach.encoder().dimensions


def test_nothing_that_a_question_or_a_passage_says_is_obeyed(hostile: Coach) -> None:
    reading = SHOWN["hostile"]
    worked = hostile.work(f"What is the evil salary? {HOSTILE}", reading, method=Method(abstain=False))
    walk = explain(worked, hostile)
    assert "bad/one" in " ".join(worked.answer.trace.used_passage_ids)
    keys = [f"lab-{name}-0" for name in ("passages", "fell", "fused-table", "counted", "dropped", "signs")]
    for module in ("steps", "map"):
        app = page(module, worked, hostile)
        if module == "steps":
            app = opened(app, *keys, "lab-composed", "lab-checked", "lab-waterfall-table", "lab-intents-1")
        else:
            app.selectbox(key="lab-map-read").set_value(f"{reading.corpus.pathway.slug}#bad/one")
            ran(app)
        pieces = " ".join(code(piece) for part in walk.parts for piece in part.encode.pieces)
        said = source(app)
        assert (pieces in said) == (module == "steps")
        said = said.replace(pieces, "")  # Markdown obeys nothing within a code span.
        assert "evil" in said
        for raw in RAW:
            assert raw not in said, raw


# --- Map --------------------------------------------------------------------------------------------------------


def test_the_map_says_how_much_it_shows_and_lists_the_neighbours(coach: Coach) -> None:
    worked = work(coach, FACT)
    app = page("map", worked, coach)
    drawn = drawn_map(worked, coach)
    assert f"{sum(drawn.explained):.0%} of the differences" in plain(app)
    rows = app.table[0].value
    assert [html.unescape(cell).replace(":small[]", "") for cell in rows["Passage"]] == [
        one.point.place.title for one in drawn.asked[0].neighbours
    ]


def test_a_passage_is_read_beneath_the_map(coach: Coach) -> None:
    worked = work(coach, FACT)
    app = page("map", worked, coach)
    first = drawn_map(worked, coach).asked[0].neighbours[0].point.place
    box = app.selectbox(key="lab-map-read")
    assert len(box.options) == len(worked.reading.index.passages) == len(set(box.options))
    line = first.text.split("\n")[0]
    assert line not in plain(app)
    box.set_value(first.passage_id)
    assert line in plain(ran(app))


def test_a_question_that_was_not_looked_up_has_no_place_on_the_map(coach: Coach) -> None:
    app = page("map", work(coach, "hello"), coach)
    assert "no place on the map" in plain(app)
    assert len(app.table) == 0
    assert len(app.selectbox(key="lab-map-read").options) == len(coach.reading().index.passages)


def test_colours_can_stand_for_sections(coach: Coach) -> None:
    app = page("map", work(coach, FACT), coach)
    assert "Section" not in app.table[0].value.columns
    app.session_state["lab-map-kind"] = Grouping.SECTION
    assert "Section" in ran(app).table[0].value.columns


# --- Charts -------------------------------------------------------------------------------------------------------


def drawn_map(worked: Worked, coach: Coach) -> PassageMap:
    walk = explain(worked, coach)
    index = worked.reading.index
    asked = [(part.understood.searched, part.encode.vector) for part in walk.parts]
    return on_map(plane(index.passages, index.vectors), asked)


@pytest.fixture(scope="module")
def walk(coach: Coach) -> Walk:
    return explain(work(coach, FACT), coach)


def axes(spec: Any) -> list[dict[str, Any]]:
    """Every positional channel that has an axis, of a chart or any of its layers."""
    views = [spec, *spec.get("layer", [])]
    encodings = [view["encoding"] for view in views if "encoding" in view]
    return [encoding[channel] for encoding in encodings for channel in ("x", "y") if channel in encoding]


def test_every_quantity_on_an_axis_has_a_name_and_every_chart_says_itself_in_words(coach: Coach, walk: Walk) -> None:
    part = walk.parts[0]
    drawn = drawn_map(work(coach, FACT), coach)
    pairs = (
        (charts.waterfall(walk.bars), charts.waterfall_in_words(walk.bars)),
        (charts.strips(part.encode), charts.strips_in_words(part.encode)),
        (charts.contributions(part.fuse.top, part.fuse.method), charts.contributions_in_words(part.fuse.top)),
        (charts.map_chart(drawn, Grouping.ORIGIN), charts.map_in_words(drawn)),
    )
    for chart, words in pairs:
        found = axes(json.loads(chart.to_json()))
        assert found
        assert all(axis.get("title") for axis in found if axis["type"] == "quantitative")
        assert len(words) > 40
    assert "(ms)" in str(axes(json.loads(pairs[0][0].to_json())))


def test_the_tables_hold_what_the_charts_show(coach: Coach, walk: Walk) -> None:
    part = walk.parts[0]
    assert len(charts.waterfall_rows(walk.bars)["Step"]) == len(walk.bars)
    rows = charts.strips_rows(part.encode)
    assert rows["The question"] == list(part.encode.vector)
    assert sum(rows["Product"]) == pytest.approx(part.encode.cosine, abs=1e-5)
    table = charts.contributions_rows(part.fuse.top)
    assert len({len(column) for column in table.values()}) == 1
    assert f"{part.fuse.top[0].score:.2f}" == table["Score"][0]
    drawn = drawn_map(work(coach, FACT), coach)
    assert len(charts.point_rows(drawn, Grouping.SECTION)["Passage"]) == len(drawn.points)


def test_kinds_are_told_by_colour_and_by_shape_and_there_are_never_more_than_colours(coach: Coach) -> None:
    drawn = drawn_map(work(coach, FACT), coach)
    for grouping in Grouping:
        spec = json.loads(charts.map_chart(drawn, grouping).to_json())
        points = next(layer for layer in spec["layer"] if "shape" in layer["encoding"])
        colours, shapes = (points["encoding"][channel]["scale"] for channel in ("color", "shape"))
        assert colours["domain"] == shapes["domain"]
        assert len(set(colours["range"])) == len(colours["range"]) == len(colours["domain"])
        assert len(set(shapes["range"])) == len(shapes["range"]) == len(shapes["domain"])
        assert set(charts.kinds(drawn.points, grouping).values()) == set(colours["domain"]) - {charts.QUESTION}


def test_lines_join_the_question_with_each_neighbour(coach: Coach) -> None:
    drawn = drawn_map(work(coach, TWO), coach)
    spec = json.loads(charts.map_chart(drawn, Grouping.ORIGIN).to_json())
    data = spec["layer"][0]["data"]
    lines = data["values"] if "values" in data else spec["datasets"][data["name"]]
    ends = {(line["x"], line["y"], line["x2"], line["y2"]) for line in lines}
    assert ends == {(one.x, one.y, near.point.x, near.point.y) for one in drawn.asked for near in one.neighbours}
    assert len(drawn.asked) == 2


@pytest.mark.parametrize("background", ["#fdfcf9", "#161a1b"])
def test_colours_stand_out_from_paper_and_from_ink(background: str) -> None:
    for colour in (*charts.COLOURS, charts.QUESTION_COLOUR):
        assert _contrast(colour, background) >= 3, colour


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
