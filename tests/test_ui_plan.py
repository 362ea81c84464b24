"""My plan, run in process without a browser: real pathways, a coach without a model, a store of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from streamlit.testing.v1 import AppTest

from coach.documents import Document
from coach.knowledge.corpus import Corpus
from coach.knowledge.importer import import_page
from coach.knowledge.load import Knowledge, load_knowledge
from coach.knowledge.pathway import Item, PageSource, Pathway, Reality
from coach.planning import evidence
from coach.planning.evidence_values import Part, SkillMatch, SkillReport
from coach.planning.profile import Level, Profile
from coach.settings import Settings
from coach.storage import Store
from coach.ui import documents, learner, plan_charts, plan_data, profile_form, render, session, what_if
from coach.ui.learner import Study, Visit
from coach.ui.plan_charts import Grouping, Reach, State
from eval.cases import PAGES_DIR
from tests.fakes import HOSTILE, KnowingCoach

APP = Path(__file__).resolve().parent.parent / "app.py"
SCRIPT = "from coach.ui import plan\nplan.page()"
OWNER = "o" * 43
TODAY = date(2026, 11, 25)  # a Wednesday
MONTH = timedelta(days=35)
SHIPPED = "software-engineer-to-vector-database-engineer"

RAW = ("![x]", "<img", "](javascript", ":red[", ":material", ":streamlit:", ":smile:", "$a$", "http://evil")
"""Of ``HOSTILE``, what Markdown would obey; none of it may be left as it was written."""


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The shipped pathway and two imported ones."""
    own = Settings(data_dir=tmp_path_factory.mktemp("knowledge"))
    market = load_knowledge(own).market
    for page in sorted(PAGES_DIR.glob("*.txt")):
        import_page(page, own, market)
    return load_knowledge(own)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "data"))
    yield
    session._desk.clear()
    session._store.clear()


Start = Callable[..., AppTest]


@pytest.fixture
def start(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Open the page as one browser, on a day."""

    def begin(
        *, owner: str = OWNER, day: date = TODAY, pathway: str | None = None, known: Knowledge | None = None
    ) -> AppTest:
        coach = KnowingCoach(known or knowledge)
        monkeypatch.setattr(session, "make_coach", lambda settings: coach)
        app = AppTest.from_string(SCRIPT, default_timeout=60)
        app.session_state["owner"] = owner
        app.session_state["owner_kept"] = True
        app.session_state["today"] = day
        if pathway is not None:
            app.session_state["pathway"] = pathway
        return ran(app)

    return begin


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def planned(start: Start, hours: float = 10.0, **given: object) -> AppTest:
    """A first visit that ends with a plan."""
    app = start(**given)
    app.number_input(key="first-hours").set_value(hours)
    app.button(key="make-plan").click()
    return ran(app)


def said(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for found in (app.title, app.header, app.markdown, app.caption) for element in found
    )


def plain(app: AppTest) -> str:
    """What a person reads: references to characters resolved, marks of our own taken out."""
    import html

    return html.unescape(said(app)).replace(":small[]", "")


def the_store() -> Store:
    return session.store()


def kept_profile(slug: str = SHIPPED, owner: str = OWNER) -> Profile:
    record = the_store().learner(owner, slug)
    assert record is not None
    return Profile.model_validate_json(record.profile_json)


def visit_of(knowledge: Knowledge, slug: str = SHIPPED, day: date = TODAY) -> Visit:
    corpus = learner._Corpora().corpus(knowledge, knowledge.pathway(slug))
    return Visit(the_store(), OWNER, corpus, day)


def study_of(at: Visit) -> Study:
    found = learner.study(at)
    assert found is not None
    return found


def week_boxes(app: AppTest) -> list[str]:
    return [str(box.key) for box in app.checkbox if str(box.key).startswith("tick-week-")]


# --- First visit --------------------------------------------------------------------------------------------


def test_a_first_visit_asks_for_hours_and_keeps_nothing(start: Start) -> None:
    app = start()
    assert "the hours you have in a week" in plain(app)
    assert "does not say how many hours a week has" in plain(app)
    assert app.number_input(key="first-week").value == 10
    assert [header.value for header in app.header] == ["My data"]
    assert the_store().learner(OWNER, SHIPPED) is None


def test_what_was_deleted_in_another_window_is_forgotten_here_and_not_brought_back(start: Start) -> None:
    app = planned(start, 8)
    the_store().delete_everything(OWNER)
    done = next(box for box in app.checkbox if str(box.key).startswith("tick"))
    done.set_value(True)
    ran(app)
    assert the_store().ticks(OWNER, SHIPPED) == {}
    assert any("deleted in another window" in box.value for box in (*app.info, *app.error))
    assert the_store().learner(OWNER, SHIPPED) is None


def test_making_a_plan_dates_it_from_today(start: Start) -> None:
    app = planned(start, 8)
    assert kept_profile().weekly_hours == 8
    assert kept_profile().start == TODAY
    assert [header.value for header in app.header][:4] == ["Next step", "This week", "Timeline", "Progress"]
    assert "With 8 hours a week you are done on" in plain(app)


def test_the_first_form_takes_everything_that_a_plan_can_use(start: Start) -> None:
    app = start()
    app.number_input(key="first-hours").set_value(6)
    app.number_input(key="first-week").set_value(12)
    app.date_input(key="first-target").set_value(TODAY + timedelta(days=400))
    app.number_input(key="first-pay").set_value(120_000.0)
    app.text_input(key="first-region").set_value("Denver")
    app.date_input(key="first-more-off").set_value((date(2026, 12, 21), date(2027, 1, 3)))
    app.toggle(key="first-nice").set_value(False)
    app.button(key="make-plan").click()
    ran(app)
    profile = kept_profile()
    assert (profile.weekly_hours, profile.guide_week_hours, profile.pay, profile.region) == (6, 12, 120_000, "Denver")
    assert [(one.start, one.end) for one in profile.weeks_off] == [(date(2026, 12, 21), date(2027, 1, 3))]
    assert profile.target == TODAY + timedelta(days=400) and not profile.nice_to_have


def test_a_target_before_the_start_is_told_and_keeps_nothing(start: Start) -> None:
    app = start()
    app.date_input(key="first-target").set_value(TODAY - timedelta(days=1))
    app.button(key="make-plan").click()
    ran(app)
    assert "expected a date after the start" in app.error[0].value
    assert the_store().learner(OWNER, SHIPPED) is None


@pytest.mark.parametrize("number", range(3))
def test_every_pathway_gets_a_page(start: Start, knowledge: Knowledge, number: int) -> None:
    guide = knowledge.pathways[number]
    app = planned(start, pathway=guide.slug)
    assert render.literal(f"{guide.origin} to {guide.target}") in said(app)
    assert "Next step" in [header.value for header in app.header]
    assert week_boxes(app)


def test_a_pathway_without_any_steps_still_has_a_page(start: Start) -> None:
    bare = Pathway(slug="a-to-b", origin="A", target="B", source=PageSource(title="A to B"))
    app = planned(start, known=Knowledge(pathways=(bare,)))
    assert "everything is done" in plain(app)


# --- Ticks and hours ----------------------------------------------------------------------------------------


def test_a_tick_is_there_after_a_reload_and_moves_the_next_step(start: Start) -> None:
    app = planned(start)
    first = week_boxes(app)[0]
    step_id = first.removeprefix("tick-week-")
    app.checkbox(key=first).check()
    ran(app)
    assert the_store().ticks(OWNER, SHIPPED) == {step_id: TODAY}
    again = start()
    assert again.checkbox(key=first).value
    assert again.checkbox(key=f"tick-all-{step_id}").value
    again.checkbox(key=first).uncheck()
    ran(again)
    assert the_store().ticks(OWNER, SHIPPED) == {}


def test_done_ticks_the_next_step_and_shows_the_one_behind_it(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    steps = study_of(visit_of(knowledge)).plan.steps
    assert render.literal(steps[0].title) in said(app)
    app.button(key="done").click()
    ran(app)
    assert the_store().ticks(OWNER, SHIPPED) == {steps[0].id: TODAY}
    assert app.checkbox(key=f"tick-week-{steps[0].id}").value


def test_two_windows_do_not_lose_each_others_ticks(start: Start) -> None:
    one = planned(start)
    other = start()
    first, second = week_boxes(one)[:2]
    one.checkbox(key=first).check()
    ran(one)
    other.checkbox(key=second).check()
    ran(other)
    assert set(the_store().ticks(OWNER, SHIPPED)) == {key.removeprefix("tick-week-") for key in (first, second)}
    assert other.checkbox(key=first).value


def test_the_time_there_is_today_changes_what_is_to_be_done(start: Start) -> None:
    app = planned(start)
    assert "Stop after 1 hour" in plain(app)
    app.button_group(key="sitting").set_value("15 minutes")
    ran(app)
    assert "Stop after" not in plain(app) and "look it over" in plain(app)
    app.button_group(key="sitting").set_value("half a day")
    ran(app)
    assert "There is time for all of it today, 2 hours." in plain(app)


def test_logged_hours_count_once_and_shorten_what_is_left(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    before = study_of(visit_of(knowledge)).plan
    app.number_input(key="spent-now").set_value(1.5)
    app.button(key="logged-now").click()
    ran(app)
    ran(app)
    assert the_store().logged(OWNER, SHIPPED) == {before.steps[0].id: 1.5}
    assert study_of(visit_of(knowledge)).plan.hours_left == before.hours_left - 1.5
    assert "1.5 h logged" in plain(app)


def test_the_reason_of_the_next_step_opens_its_evidence(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    step = study_of(visit_of(knowledge)).plan.steps[0]
    assert render.literal(step.why) in said(app)
    assert render.highlighted(step.citations[0].quote) in said(app)
    assert render.quiet(step.citations[0].source) in said(app)


def test_a_resource_that_was_replaced_says_so_without_a_click(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    steps = study_of(visit_of(knowledge)).plan.steps
    replaced = next(one.instead_of for step in steps[:4] for one in step.resources if one.instead_of)
    assert f"Instead of {replaced}" in plain(app)


# --- A month later ------------------------------------------------------------------------------------------


def test_a_slipped_plan_is_dated_anew_with_one_click_and_keeps_its_ticks(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    app.button(key="done").click()
    ran(app)
    done = the_store().ticks(OWNER, SHIPPED)
    later = start(day=TODAY + MONTH)
    assert "Some of the days in your plan have passed" in plain(later)
    before = study_of(visit_of(knowledge, day=TODAY + MONTH)).plan
    later.button(key="redate").click()
    ran(later)
    assert "Some of the days in your plan have passed" not in plain(later)
    after = study_of(visit_of(knowledge, day=TODAY + MONTH)).plan
    assert the_store().ticks(OWNER, SHIPPED) == done
    assert kept_profile().start == TODAY
    assert before.finish and after.finish and after.finish > before.finish
    assert min(step.start for step in after.steps if step.start and not step.done) == TODAY + MONTH


def test_a_plan_that_was_just_made_has_not_slipped(start: Start) -> None:
    assert not [button for button in planned(start).button if button.key == "redate"]


def test_a_changed_start_ends_the_dating_anew(start: Start, knowledge: Knowledge) -> None:
    planned(start)
    at = visit_of(knowledge, day=TODAY + MONTH)
    learner.redate(at, study_of(at))
    learner.save_profile(at, study_of(at), study_of(at).profile.model_copy(update={"weekly_hours": 5}))
    assert study_of(at).progress.from_day == TODAY + MONTH
    moved = study_of(at).profile.model_copy(update={"start": TODAY + 2 * MONTH})
    learner.save_profile(at, study_of(at), moved)
    assert study_of(at).progress.from_day is None


# --- Target, what-ifs, two windows --------------------------------------------------------------------------


def with_target(start: Start, days: int) -> AppTest:
    app = start()
    app.date_input(key="first-target").set_value(TODAY + timedelta(days=days))
    app.button(key="make-plan").click()
    return ran(app)


def test_a_target_that_does_not_fit_says_what_would(start: Start, knowledge: Knowledge) -> None:
    app = with_target(start, 180)
    plan = study_of(visit_of(knowledge)).plan
    assert plan.late and plan.hours_needed
    assert f"With {plan.hours_needed:g} hours a week all of it would fit" in plain(app)
    assert all(cut.what[1:] in plain(app) for cut in plan.cuts)
    app.button(key="use-hours").click()
    ran(app)
    assert kept_profile().weekly_hours == plan.hours_needed
    assert study_of(visit_of(knowledge)).plan.late == ()
    assert "All of it fits" in plain(app)


def test_leaving_out_what_is_nice_to_have_keeps_the_ticks(start: Start) -> None:
    app = with_target(start, 180)
    app.button(key="done").click()
    ran(app)
    done = the_store().ticks(OWNER, SHIPPED)
    app.button(key="cut-nice").click()
    ran(app)
    assert not kept_profile().nice_to_have
    assert the_store().ticks(OWNER, SHIPPED) == done


def test_two_what_ifs_are_compared_and_one_is_taken(start: Start) -> None:
    app = planned(start, 6)
    assert app.number_input(key="if-hours-A").value == 6
    assert app.number_input(key="if-hours-B").value == 12
    assert "B is done" in plain(app) and "before A" in plain(app)
    app.toggle(key="if-nice-B").set_value(False)
    ran(app)
    assert "Only A has" in plain(app)
    assert kept_profile().weekly_hours == 6
    app.button(key="use-B").click()
    ran(app)
    assert (kept_profile().weekly_hours, kept_profile().nice_to_have) == (12, False)
    assert "With 12 hours a week" in plain(app)


def test_the_same_what_if_twice_differs_in_nothing(start: Start, knowledge: Knowledge) -> None:
    planned(start)
    at = visit_of(knowledge)
    study = study_of(at)
    one, other = (what_if.Option(name, study.profile, study.plan) for name in "AB")
    assert list(what_if.differences(one, other, at)) == ["Both give the same plan."]


def test_a_profile_changed_in_another_window_is_told_and_not_overwritten(start: Start) -> None:
    one = with_target(start, 180)
    other = start()
    one.button(key="use-hours").click()
    ran(one)
    hours = kept_profile().weekly_hours
    other.button(key="cut-nice").click()
    ran(other)
    assert "changed or deleted in another window" in other.warning[0].value
    assert kept_profile().nice_to_have and kept_profile().weekly_hours == hours
    assert f"With {hours:g} hours a week" in plain(other)
    ran(other)
    assert not other.warning


def test_the_profile_is_edited_in_a_dialog(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    skill = knowledge.pathway(SHIPPED).skills[0]
    app.button(key="edit").click()
    ran(app)
    app.number_input(key="edit-hours").set_value(7)
    app.selectbox(key=f"edit-level-{skill.id}").set_value(Level.STRONG)
    app.button(key="save-profile").click()
    ran(app)
    assert kept_profile().weekly_hours == 7
    assert kept_profile().skills == {skill.name: Level.STRONG}
    steps = study_of(visit_of(knowledge)).plan.steps
    assert all(step.skipped for step in steps if step.skill == skill.id)


def test_names_that_are_none_of_the_pathways_skills_survive_the_dialog(start: Start, knowledge: Knowledge) -> None:
    planned(start)
    at = visit_of(knowledge)
    profile = study_of(at).profile.model_copy(update={"skills": {"Faiss": Level.BASIC}})
    learner.save_profile(at, study_of(at), profile)
    assert profile_form.other_names(at, profile) == ["Faiss"]
    app = start()
    app.button(key="edit").click()
    ran(app)
    app.button(key="save-profile").click()
    ran(app)
    assert kept_profile().skills == {"Faiss": Level.BASIC}


def test_a_kept_profile_that_cannot_be_read_is_told_and_the_ticks_stay(start: Start) -> None:
    the_store().save_profile(OWNER, SHIPPED, '{"weekly_hours": "many"}', None, None)
    the_store().tick(OWNER, SHIPPED, "task/1/a", TODAY)
    app = start()
    assert "weekly" in app.warning[0].value
    app.button(key="make-plan").click()
    ran(app)
    assert kept_profile().weekly_hours == 10
    assert the_store().ticks(OWNER, SHIPPED) == {"task/1/a": TODAY}


def test_a_first_plan_does_not_overwrite_one_made_in_another_window(start: Start) -> None:
    one, other = start(), start()
    one.number_input(key="first-hours").set_value(6)
    one.button(key="make-plan").click()
    ran(one)
    other.number_input(key="first-hours").set_value(20)
    other.button(key="make-plan").click()
    ran(other)
    assert kept_profile().weekly_hours == 6
    assert "With 6 hours a week" in plain(other)


# --- Pay, reasons -------------------------------------------------------------------------------------------


def test_pay_stands_beside_the_guides_figures_once_it_is_given(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    assert app.button(key="add-pay")
    at = visit_of(knowledge)
    learner.save_profile(at, study_of(at), study_of(at).profile.model_copy(update={"pay": 120_000, "region": "Denver"}))
    ran(app)
    assert "$120,000" in plain(app)
    assert not [button for button in app.button if button.key == "add-pay"]


def test_reasons_not_to_move_are_the_guides_own(start: Start, knowledge: Knowledge) -> None:
    app = planned(start)
    reality = knowledge.pathway(SHIPPED).reality
    for item in (*reality.drawbacks, *reality.challenges):
        assert item.text in plain(app)


# --- How long the guide says it takes -----------------------------------------------------------------------


def test_a_plan_that_is_not_as_long_as_the_guide_says_shows_both_and_the_reason(
    start: Start, knowledge: Knowledge
) -> None:
    app = planned(start)
    length = study_of(visit_of(knowledge)).plan.length
    assert length is not None
    for claim in (*length.said, *length.reasons):
        assert claim.text in plain(app)
    assert "6 to 8 months" in plain(app) and "4.4 months more than the guide's 8 months" in plain(app)
    assert "The guide's durations disagree" in plain(app)
    keys = [str(block.proto.popover.label) for block in app.get("popover")]
    assert sum("computed" in key for key in keys) >= 3  # markers open the evidence


def test_a_plan_as_long_as_the_guide_says_does_not_speak_of_it(start: Start, knowledge: Knowledge) -> None:
    app = planned(start, 16.0)
    assert study_of(visit_of(knowledge)).plan.length is None
    assert "than the guide's" not in plain(app)


# --- The timeline -------------------------------------------------------------------------------------------


@pytest.fixture
def study(start: Start, knowledge: Knowledge) -> tuple[Visit, Study]:
    """A plan with one step done, some after the target."""
    with_target(start, 200)
    at = visit_of(knowledge)
    learner.tick(at, study_of(at).plan.steps[0].id, done=True)
    return at, study_of(at)


@pytest.mark.parametrize("grouping", Grouping)
def test_every_dated_step_is_on_the_timeline_and_in_its_words(study: tuple[Visit, Study], grouping: Grouping) -> None:
    at, found = study
    bars = plan_charts.bars(found.plan, at.pathway, grouping)
    assert {bar.step.id for bar in bars} == {step.id for step in found.plan.steps if step.start}
    assert {bar.state for bar in bars} == set(State)
    rows = list(dict.fromkeys(bar.row for bar in bars))
    firsts = [min(bar.start for bar in bars if bar.row == row) for row in rows]
    assert firsts == sorted(firsts)
    words = plan_charts.in_words(bars, found.profile.target)
    assert f"Timeline of {len(bars)} steps in {len(rows)} rows from Wed 25 Nov 2026 to" in words
    assert f"1 done, {len(found.plan.late)} after the target" in words
    table = plan_charts.as_rows(bars)
    assert table["Step"] == [bar.step.title for bar in bars]


def test_the_chart_has_titles_zoom_today_and_target(study: tuple[Visit, Study]) -> None:
    at, found = study
    bars = plan_charts.bars(found.plan, at.pathway, Grouping.PHASE)
    chart = plan_charts.timeline(bars, at.today, found.profile.target, Grouping.PHASE)
    spec = chart.to_dict()
    text = json.dumps(spec)
    drawn = spec["layer"][0]["encoding"]
    assert (drawn["x"]["title"], drawn["y"]["title"]) == ("Calendar", "Phase")
    assert '"bind": "scales"' in text
    assert "Today, Wed 25 Nov 2026" in text and "Target, " in text
    assert drawn["fill"]["legend"] == drawn["stroke"]["legend"]  # so that they are one


def test_the_legend_shows_a_state_as_its_bars_are_filled(study: tuple[Visit, Study]) -> None:
    at, found = study
    bars = plan_charts.bars(found.plan, at.pathway, Grouping.PHASE)
    spec = plan_charts.timeline(bars, at.today, found.profile.target, Grouping.PHASE).to_dict()
    drawn = spec["layer"][0]
    fill, stroke = drawn["encoding"]["fill"], drawn["encoding"]["stroke"]
    assert (fill["field"], fill["scale"]["domain"]) == (stroke["field"], stroke["scale"]["domain"])
    assert stroke["scale"]["range"] == [plan_charts.COLOURS[State(state)] for state in stroke["scale"]["domain"]]
    dense = {
        state: int(colour[7:], 16)
        for state, colour in zip(fill["scale"]["domain"], fill["scale"]["range"], strict=True)
    }
    assert dense[State.LATE] < 64 < dense[State.DONE] < dense[State.OPEN] == 255
    assert not {"opacity", "fillOpacity"} & (set(drawn["encoding"]) | set(drawn["mark"]))  # which no legend would show


def lines_of(spec: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By its name, a line of the chart and its label."""
    rules = [layer for layer in spec["layer"] if layer["mark"]["type"] == "rule"]
    names = [layer for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    return {values(spec, layer)[0]["label"]: (rule, layer) for rule, layer in zip(rules, names, strict=True)}


def values(spec: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of a layer, which Altair moves out of it."""
    found: list[dict[str, Any]] = spec["datasets"][layer["data"]["name"]]
    return found


@pytest.mark.parametrize("grouping", Grouping)
def test_lines_of_days_leave_the_names_of_rows_free(study: tuple[Visit, Study], grouping: Grouping) -> None:
    at, found = study
    bars = plan_charts.bars(found.plan, at.pathway, grouping)
    spec = plan_charts.timeline(bars, at.today, found.profile.target, grouping).to_dict()
    rows = list(dict.fromkeys(bar.row for bar in bars))
    axis = spec["layer"][0]["encoding"]["y"]["axis"]
    name_ends = 0.5 + (axis["labelOffset"] + axis["labelFontSize"] / 2) / plan_charts.ROW_PIXELS
    for rule, _ in lines_of(spec).values():
        assert [value["row"] for value in values(spec, rule)] == rows
        assert rule["encoding"]["y"]["bandPosition"] > name_ends
        assert rule["encoding"]["y2"]["bandPosition"] == 1


def test_names_of_lines_stand_apart_and_inside_the_chart(study: tuple[Visit, Study]) -> None:
    at, found = study
    bars = plan_charts.bars(found.plan, at.pathway, Grouping.PHASE)
    finish = max(bar.end for bar in bars)
    heights, sides = {}, {}
    for target in (at.today + timedelta(days=20), at.today + timedelta(days=200), finish):
        spec = plan_charts.timeline(bars, at.today, target, Grouping.PHASE).to_dict()
        (_, today), (_, name) = lines_of(spec)["Today"], lines_of(spec)["Target"]
        heights[target], sides[target] = today["mark"]["dy"] - name["mark"]["dy"], name["mark"]["align"]
    assert list(heights.values()) == [16, 0, 0]
    assert list(sides.values()) == ["left", "left", "right"]


def test_a_shorter_reach_shows_fewer_days(study: tuple[Visit, Study]) -> None:
    at, found = study
    bars = tuple(plan_charts.bars(found.plan, at.pathway, Grouping.PHASE))
    spans = []
    for reach in Reach:
        first, last = plan_charts._shown(bars, at.today, None, reach)
        assert first <= at.today <= last
        spans.append((last - first).days)
    assert spans == sorted(spans) and spans[0] < 110


def test_progress_counts_hours_and_leaves_out_what_is_skipped(start: Start, knowledge: Knowledge) -> None:
    planned(start)
    at = visit_of(knowledge)
    skill = at.pathway.skills[0]
    learner.save_profile(at, study_of(at), study_of(at).profile.model_copy(update={"skills": {skill.id: Level.STRONG}}))
    first = study_of(at).plan.steps[0]
    learner.log(at, first.id, 0.5, "entry")
    plan = study_of(at).plan
    shares = plan_charts.shares(plan, at.pathway, Grouping.SKILL)
    assert sum(share.steps for share in shares) == sum(not step.skipped for step in plan.steps)
    assert sum(share.hours_done for share in shares) == 0.5
    assert skill.name not in [share.row for share in shares]


# --- Hostile text -------------------------------------------------------------------------------------------


def hostile(guide: Pathway) -> Pathway:
    """The pathway with hostile text wherever a page has words."""
    return guide.model_copy(
        update={
            "origin": f"A {HOSTILE}",
            "target": f"B {HOSTILE}",
            "skills": tuple(one.model_copy(update={"name": f"{one.name} {HOSTILE}"}) for one in guide.skills),
            "phases": tuple(
                one.model_copy(
                    update={
                        "name": f"{one.name} {HOSTILE}",
                        "tasks": tuple(
                            item.model_copy(update={"text": f"{item.text} {HOSTILE}"}) for item in one.tasks
                        ),
                    }
                )
                for one in guide.phases
            ),
            "actions": tuple(
                one.model_copy(
                    update={
                        "items": tuple(Item(id=item.id, text=f"{item.text} {HOSTILE}") for item in one.items),
                        "name": f"{one.name} {HOSTILE}",
                    }
                )
                for one in guide.actions
            ),
            "reality": Reality(drawbacks=(Item(id="d", text=HOSTILE),), challenges=(Item(id="c", text=HOSTILE),)),
        }
    )


def labels(app: AppTest) -> list[str]:
    """Everything that Streamlit reads as Markdown."""
    found = [str(element.value) for kind in (app.markdown, app.caption, app.warning, app.error) for element in kind]
    found += [box.label for box in app.checkbox] + [box.label for box in app.expander]
    found += [button.label for button in app.button]
    found += [box.label for box in app.selectbox]
    return found


def test_hostile_text_of_a_page_is_shown_letter_for_letter(start: Start, knowledge: Knowledge) -> None:
    known = knowledge.model_copy(update={"pathways": (hostile(knowledge.pathway(SHIPPED)),)})
    app = planned(start, known=known)
    app.button(key="edit").click()
    ran(app)
    shown = labels(app)
    assert any(render.literal(HOSTILE) in label for label in shown)
    assert [label for label in shown for raw in RAW if raw in label and not label.startswith(":material")] == []


def test_hostile_text_of_a_profile_is_shown_letter_for_letter(start: Start, knowledge: Knowledge) -> None:
    planned(start)
    at = visit_of(knowledge)
    profile = study_of(at).profile.model_copy(
        update={"region": HOSTILE[:60], "skills": {HOSTILE: Level.BASIC}, "pay": 100_000.0}
    )
    learner.save_profile(at, study_of(at), profile)
    app = start()
    assert "Not among this pathway's skills" in plain(app)
    assert [label for label in labels(app) for raw in RAW if raw in label] == []


# --- Taking it along and back -------------------------------------------------------------------------------


def test_the_files_are_offered_and_made_only_when_wanted(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> bytes:
        raise AssertionError("Nobody wanted a file.")

    for name in ("as_icalendar", "as_markdown", "as_csv", "as_backup"):
        monkeypatch.setattr(plan_data, name, refuse)
    app = planned(start)
    keys = [str(button.key) for button in app.download_button]
    assert keys == ["export-ics", "export-md", "export-csv", "export-json", "download-data"]


def test_each_form_holds_the_plan(study: tuple[Visit, Study]) -> None:
    at, found = study
    files = {form.ending: form.made() for form in plan_data.forms(at, found)}
    events = list(Calendar.from_ical(files["ics"]).walk("VEVENT"))
    assert len(events) >= sum(not step.done for step in found.plan.steps)
    assert files["csv"].startswith(b"\xef\xbb\xbfid,")
    assert at.pathway.target.encode() in files["md"]
    assert json.loads(files["json"])["format"] == "career-coach-plan"


def bring(app: AppTest, content: bytes, name: str = "plan.json") -> AppTest:
    app.file_uploader(key="backup-0").upload(name, content, "application/json")
    return ran(app)


def test_a_plan_taken_to_another_machine_is_the_same_plan_with_the_same_ticks(
    start: Start, knowledge: Knowledge, study: tuple[Visit, Study]
) -> None:
    at, found = study
    learner.log(at, found.plan.steps[1].id, 0.75, "entry")
    found = study_of(at)
    file = next(form.made() for form in plan_data.forms(at, found) if form.ending == "json")
    at.store.delete_everything(OWNER)
    app = bring(start(day=TODAY), file)
    assert "10 hours a week, 1 steps ticked" in plain(app)
    app.button(key="import").click()
    ran(app)
    again = study_of(visit_of(knowledge))
    assert again.profile == found.profile
    assert again.progress == found.progress
    assert again.plan == found.plan
    other = start()
    app = bring(other, file)
    app.button(key="import").click()
    ran(app)
    assert study_of(visit_of(knowledge)).progress == found.progress


def test_importing_loses_no_tick_that_is_here(start: Start, knowledge: Knowledge, study: tuple[Visit, Study]) -> None:
    at, found = study
    file = next(form.made() for form in plan_data.forms(at, found) if form.ending == "json")
    learner.tick(at, found.plan.steps[2].id, done=True)
    app = bring(start(), file)
    app.button(key="import").click()
    ran(app)
    assert set(the_store().ticks(OWNER, SHIPPED)) == {found.plan.steps[0].id, found.plan.steps[2].id}


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b'{"format": "x"}', b"[]"])
def test_a_file_that_is_no_plan_is_told_and_changes_nothing(start: Start, content: bytes) -> None:
    app = bring(start(), content, f"{HOSTILE}.json".replace("/", ""))
    assert app.error
    assert not [raw for raw in RAW for error in app.error if raw in error.value]
    assert the_store().learner(OWNER, SHIPPED) is None


# --- What is kept -------------------------------------------------------------------------------------------


def test_my_data_is_deleted_with_two_clicks_and_not_with_one(start: Start) -> None:
    app = planned(start)
    app.button(key="done").click()
    ran(app)
    the_store().create(OWNER, SHIPPED, "A conversation")
    app.button(key="delete-data").click()
    ran(app)
    assert the_store().learner(OWNER, SHIPPED) is not None
    app.button(key="keep-data").click()
    ran(app)
    assert not [button for button in app.button if button.key == "really-delete-data"]
    app.button(key="delete-data").click()
    ran(app)
    app.button(key="really-delete-data").click()
    ran(app)
    kept = the_store().everything(OWNER)
    assert [kept[name] for name in ("profiles", "ticks", "hours", "documents", "conversations")] == [[]] * 5
    assert app.button(key="make-plan")
    assert "plans" not in app.session_state


def test_two_people_see_only_their_own_plan(start: Start) -> None:
    planned(start, 6, owner="a" * 43)
    other = start(owner="b" * 43)
    assert other.button(key="make-plan")
    other.number_input(key="first-hours").set_value(20)
    other.button(key="make-plan").click()
    ran(other)
    assert kept_profile(owner="a" * 43).weekly_hours == 6
    assert kept_profile(owner="b" * 43).weekly_hours == 20


def test_where_nothing_is_kept_the_page_says_so_at_the_top(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "keeping", lambda: session.Keeping(False, "Nothing is kept beyond this visit."))
    app = planned(start)
    assert "Nothing is kept beyond this visit." in plain(app)
    assert the_store_of_all().learners(OWNER) == ()


def the_store_of_all() -> Store:
    """The store that would be kept, whatever a session uses."""
    from coach.settings import load_settings
    from coach.storage import open_store

    return open_store(load_settings())


def test_another_pathway_has_a_plan_of_its_own(start: Start, knowledge: Knowledge) -> None:
    app = planned(start, 6)
    other = knowledge.pathways[1].slug
    app.selectbox(key="pathway").set_value(other)
    ran(app)
    assert app.button(key="make-plan")
    app.selectbox(key="pathway").set_value(SHIPPED)
    ran(app)
    assert "With 6 hours a week" in plain(app)


def test_both_pages_are_linked_from_each(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    coach = KnowingCoach(knowledge)
    monkeypatch.setattr(session, "make_coach", lambda settings: coach)
    app = ran(AppTest.from_file(str(APP), default_timeout=60))
    assert [getattr(link, "label", "") for link in app.get("page_link")][:2] == ["Coach", "My plan"]


# --- Resume and posting -------------------------------------------------------------------------------------

RESUME = f"""# Ada Tester

## Work
- Ran a thing for five years
- {HOSTILE}
"""
POSTING = "Requirements\n\n- Knows a thing\n- Teaches a thing\n- Unheard of"


@pytest.fixture
def matched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Matching, replaced: the first skill of each section is shown by the first line; what was read is recorded."""
    read: list[tuple[str, ...]] = []

    def match(resume: Document, corpus: Corpus, encoder: object, posting: Document | None = None) -> SkillReport:
        read.append(tuple(line.text for line in resume.lines))
        guide, sentence = corpus.pathway, corpus.passages[0].sentences[0].text
        own = [(Part.TRANSFERABLE, one.id, one.name) for one in guide.transferable]
        own += [(Part.TO_LEARN, one.id, one.name) for one in guide.skills]
        firsts = {(Part.TRANSFERABLE, guide.transferable[0].id), (Part.TO_LEARN, guide.skills[0].id)}
        skills = [
            SkillMatch(
                id=id_,
                name=name,
                section=part,
                held=bool(resume.lines) and (part, id_) in firsts,
                likely=0.9,
                resume_quote=resume.lines[-1].text if resume.lines else None,
                passage_id=corpus.passages[0].id,
                pathway_quote=sentence,
                level=Level.SOLID,
            )
            for part, id_, name in own
        ]
        covers = {1: guide.skills[0].id, 2: guide.skills[1].id}
        skills += [
            SkillMatch(
                id=f"demand/{at}",
                name=line.text,
                section=Part.POSTING,
                held=False,
                likely=0.1,
                posting_quote=line.text,
                covered_by=covers.get(at),
            )
            for at, line in enumerate(posting.lines if posting else ())
        ]
        return SkillReport(skills=tuple(skills), notices=("A notice.",))

    monkeypatch.setattr(evidence, "match_skills", match)
    return read


def upload(app: AppTest, purpose: str, text: str, name: str = "cv.md", turn: int = 0) -> AppTest:
    session.desk().wait(20)
    app.file_uploader(key=f"upload-{purpose}-{turn}").upload(name, text.encode(), "text/markdown")
    return ran(app)


def test_a_resume_shows_both_sides_and_only_confirmed_levels_enter_the_profile(
    start: Start, knowledge: Knowledge, matched: list[tuple[str, ...]]
) -> None:
    app = upload(planned(start), "resume", RESUME)
    assert "Ran a thing for five years" in matched[0]
    corpus = visit_of(knowledge).corpus
    assert render.literal(matched[0][-1]) in said(app)
    assert render.literal(corpus.passages[0].sentences[0].text) in said(app)
    assert "A notice." in plain(app)
    assert kept_profile().skills == {}
    carried, learnt = corpus.pathway.transferable[0], corpus.pathway.skills[0]
    app.selectbox(key=f"level-{SHIPPED}-transferable-{carried.id}").select_index(0)
    app.selectbox(key=f"level-{SHIPPED}-to_learn-{learnt.id}").set_value(Level.STRONG)
    app.button(key="confirm-levels").click()
    ran(app)
    assert kept_profile().skills == {learnt.name: Level.STRONG}
    assert len(matched) == 1  # a rerun matches nothing again


def test_hostile_text_of_a_resume_is_shown_letter_for_letter(start: Start, matched: list[tuple[str, ...]]) -> None:
    app = upload(planned(start), "resume", RESUME, name=f"../{HOSTILE}.md".replace("/", ""))
    assert [label for label in labels(app) for raw in RAW if raw in label] == []


def test_a_resume_stays_in_the_session_unless_it_is_kept(start: Start, matched: list[tuple[str, ...]]) -> None:
    app = upload(planned(start), "resume", RESUME)
    assert the_store().documents(OWNER, SHIPPED) == ()
    assert start().file_uploader(key="upload-resume-0")
    app.button(key="keep-resume").click()
    ran(app)
    assert [one.name for one in the_store().documents(OWNER, SHIPPED)] == ["cv.md"]
    again = start()
    session.desk().wait(20)
    ran(again)
    assert matched[-1] == matched[0]
    again.button(key="remove-resume").click()
    ran(again)
    assert the_store().documents(OWNER, SHIPPED) == ()
    assert "cv.md" not in plain(again)
    assert "report" not in again.session_state


def test_a_posting_is_told_by_what_covers_its_demands(
    start: Start, knowledge: Knowledge, matched: list[tuple[str, ...]]
) -> None:
    planned(start)
    at = visit_of(knowledge)
    first, second = at.pathway.skills[:2]
    learner.save_profile(at, study_of(at), study_of(at).profile.model_copy(update={"skills": {first.id: Level.SOLID}}))
    app = upload(start(), "posting", POSTING, name="job.md")
    text = plain(app)
    assert "you show 1, the pathway teaches 1" in text
    shown, taught, neither = (text.index(title) for title in ("You can show", "The pathway teaches", "Neither covers"))
    assert shown < text.index("Knows a thing") < taught < text.index("Teaches a thing") < neither
    assert neither < text.index("- Unheard of")
    steps = [step for step in study_of(at).plan.steps if step.skill == second.id]
    assert f"{second.name}, {learner.human(min(step.start for step in steps if step.start), TODAY)} to" in text
    assert matched == [()]


def test_levels_confirmed_before_there_is_a_plan_enter_the_first_one(
    start: Start, knowledge: Knowledge, matched: list[tuple[str, ...]]
) -> None:
    app = upload(start(), "resume", RESUME)
    app.button(key="confirm-levels").click()
    ran(app)
    assert "From your resume:" in plain(app)
    app.button(key="make-plan").click()
    ran(app)
    guide = knowledge.pathway(SHIPPED)
    assert kept_profile().skills == {guide.transferable[0].name: Level.SOLID, guide.skills[0].name: Level.SOLID}


def test_pasted_text_is_read_like_a_file(start: Start, matched: list[tuple[str, ...]]) -> None:
    app = planned(start)
    session.desk().wait(20)
    app.text_area(key="pasted-resume-0").set_value(RESUME)
    app.button(key="use-text-resume").click()
    ran(app)
    assert "Pasted resume" in plain(app)
    assert "Ran a thing for five years" in matched[0]


def test_a_file_that_cannot_be_read_is_told_and_the_page_stays(start: Start) -> None:
    app = upload(planned(start), "resume", "", name="empty.md")
    assert app.error
    assert app.file_uploader(key="upload-resume-0")


def test_deleting_my_data_forgets_a_resume_that_was_not_kept(start: Start, matched: list[tuple[str, ...]]) -> None:
    app = upload(planned(start), "resume", RESUME)
    app.button(key="delete-data").click()
    ran(app)
    app.button(key="really-delete-data").click()
    ran(app)
    assert "cv.md" not in plain(app)
    assert app.session_state["documents"] == {SHIPPED: {}}
    assert "report" not in app.session_state


# --- Plans remembered ---------------------------------------------------------------------------------------


def test_a_rerun_makes_no_plan_again(start: Start) -> None:
    app = planned(start)

    def remembered() -> set[int]:
        return {id(plan) for _, plan in app.session_state["plans"].values()}

    before = remembered()
    ran(app)
    assert remembered() == before
    app.button(key="done").click()
    ran(app)
    assert len(remembered() - before) == 2  # the plan, and the other what-if


def test_a_level_that_is_taken_back_leaves_the_profile(knowledge: Knowledge) -> None:
    at = visit_of(knowledge)
    one, other = at.pathway.skills[:2]
    profile = Profile(skills={one.name: Level.SOLID, other.id: Level.BASIC, "Faiss": Level.BASIC})
    changed = documents.with_levels(profile, at, {one.id: None, other.id: Level.STRONG})
    assert changed.skills == {"Faiss": Level.BASIC, other.name: Level.STRONG}
