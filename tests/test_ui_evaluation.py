"""The Evaluation page: what records say, and nothing that they do not; runs that can be stopped; drafts of cases."""

from __future__ import annotations

import html
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from coach.settings import Settings
from coach.storage import Store, Thumb
from coach.types import AS_SHIPPED, Answer, Query, Status, Trace
from coach.ui.evaluation import drafts
from coach.ui.evaluation.running import Runner
from eval import history
from eval.cases import load_cases, split_of
from eval.compare import read_record
from eval.records import Measure, RunRecord

SLUG = "software-engineer-to-vector-database-engineer"


@pytest.fixture
def baseline() -> RunRecord:
    return read_record(history.BASELINE)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], AppTest]:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "data"))

    def opened(**address: str) -> AppTest:
        def script() -> None:
            from coach.ui.evaluation.page import page as draw

            draw()

        app = AppTest.from_function(script, default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return opened


def text(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.subheader, app.title, app.info, app.success, app.warning)
    said = [str(element.value) for kind in kinds for element in kind] + [str(one.label) for one in app.expander]
    return html.unescape("\n".join(said))


# --- Runs that were kept -------------------------------------------------------------------------------------


def test_a_run_that_is_kept_is_read_again_newest_first(tmp_path: Path, baseline: RunRecord) -> None:
    for day in ("03", "01", "02"):
        history.keep(baseline.model_copy(update={"date": f"2026-01-{day}T10:00:00+00:00"}), tmp_path)
    found, problems = history.read(tmp_path)
    assert [record.date[8:10] for record in found.values()] == ["03", "02", "01"]
    assert problems == ()


def test_only_so_many_runs_are_kept(tmp_path: Path, baseline: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_KEPT", 2)
    for hour in range(4):
        history.keep(baseline.model_copy(update={"date": f"2026-01-01T1{hour}:00:00+00:00"}), tmp_path)
    assert [path.name[11:13] for path in history.kept(tmp_path)] == ["13", "12"]


def test_a_file_that_is_no_run_is_named_and_the_others_are_read(tmp_path: Path, baseline: RunRecord) -> None:
    history.keep(baseline, tmp_path)
    (tmp_path / "0-broken.json").write_text("{}", encoding="utf-8")
    (tmp_path / ".half-written.json").write_text("{", encoding="utf-8")
    found, problems = history.read(tmp_path)
    assert len(found) == 1
    assert len(problems) == 1 and "0-broken.json" in problems[0]


# --- The page ------------------------------------------------------------------------------------------------


def test_the_baseline_is_there_from_the_start(page: Callable[..., AppTest], baseline: RunRecord) -> None:
    app = page()
    assert not app.exception
    test = next(one for one in baseline.systems[0].summaries if one.name == "(test split)")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Answered rightly"] == f"{100 * test.figures['right'].value:.1f}".removesuffix(".0") + " %"
    assert "95 percent interval" in text(app)


def test_the_baseline_shows_the_simple_systems_beside_the_coach(page: Callable[..., AppTest]) -> None:
    app = page()
    assert "Beside simple systems" in [heading.value for heading in app.subheader]
    assert any("BM25 only" in str(one.value) or "bm25 only" in str(one.value) for one in app.markdown)


@pytest.mark.parametrize("view", ["Slices", "History", "Differences", "Failing cases", "Draft cases", "New run"])
def test_every_view_opens_by_its_address(page: Callable[..., AppTest], view: str) -> None:
    app = page(view=view)
    assert not app.exception
    assert text(app)


def test_cases_of_the_test_split_are_counted_and_never_shown(
    page: Callable[..., AppTest], tmp_path: Path, baseline: RunRecord
) -> None:
    app = page(view="Failing cases")
    failing = [case for case in baseline.systems[0].cases if not case.right]
    hidden = {case.question for case in load_cases() if case.split == "test" and len(case.question) > 20}
    assert any(case.split == "test" for case in failing)
    assert "of the test split are counted and never shown" in text(app)
    while app.button and app.button[-1].label.startswith("Show more"):
        app.button[-1].click().run()
    labels = {html.unescape(str(expander.label)) for expander in app.expander}
    assert labels and not labels & {question[:110] for question in hidden}


def test_two_runs_are_held_against_each_other(
    page: Callable[..., AppTest], tmp_path: Path, baseline: RunRecord
) -> None:
    worse = baseline.systems[0]
    cases = tuple(
        case.model_copy(
            update={"right": False, "measures": {**case.measures, "right": Measure(part=0.0, whole=1.0)}}
        )
        for case in worse.cases
    )
    later = baseline.model_copy(
        update={"date": "2027-01-01T00:00:00+00:00", "systems": (worse.model_copy(update={"cases": cases}),)}
    )
    history.keep(later, tmp_path / "data" / "runs")
    app = page(view="Differences")
    assert not app.exception
    assert "Answered rightly -" in text(app).partition("Beyond chance: ")[2], text(app)
    assert "right to wrong" in text(app)


# --- A run from the page --------------------------------------------------------------------------------------


@pytest.fixture
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.stop()


def wait(until: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def program(body: str) -> tuple[str, ...]:
    return (sys.executable, "-c", body)


def test_progress_is_told_line_by_line_and_an_end_is_told(runner: Runner, settings: Settings) -> None:
    body = (
        "import json, sys\n"
        "print('loading', file=sys.stderr)\n"
        "for done in range(4): print(json.dumps({'system': 'coach', 'done': done, 'total': 3}), file=sys.stderr)\n"
    )
    assert runner.start("dev", settings, systems=False, command=program(body))
    wait(lambda: runner.outcome, "the program never ended")
    assert runner.outcome == "The run is done and is among the runs now."
    assert runner.progress[:3] == ("coach", 3, 3)


def test_one_run_at_a_time_and_stopping_ends_all_that_it_started(
    runner: Runner, settings: Settings, tmp_path: Path
) -> None:
    told = tmp_path / "child"
    body = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(told)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    assert runner.start("dev", settings, systems=False, command=program(body))
    wait(lambda: told.exists() and told.read_text(), "the child was never started")
    assert not runner.start("dev", settings, systems=False, command=program("pass"))
    runner.stop()
    wait(lambda: runner.outcome, "stopping was never told")
    assert not runner.running and "stopped" in runner.outcome
    wait(lambda: _gone(int(told.read_text())), "the child outlived the run")


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_why_a_run_failed_is_said(runner: Runner, settings: Settings) -> None:
    body = "import sys; print('no encoder: install it', file=sys.stderr); sys.exit(2)"
    runner.start("dev", settings, systems=False, command=program(body))
    wait(lambda: runner.outcome, "the program never ended")
    assert runner.outcome == "The run failed: no encoder: install it"


def test_the_real_command_tells_its_progress_and_keeps_its_record(
    runner: Runner, tmp_path: Path, built_with_pages: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    index = shutil.copytree(built_with_pages, tmp_path / "index")
    command = (
        sys.executable, "-m", "eval", "run", "--progress", "--no-systems", "--slice", "other_language",
        "--json", str(tmp_path / "run.json"), "--html", str(tmp_path / "run.html"),
        "--data-dir", str(index),
    )  # fmt: skip
    assert runner.start("all", settings, systems=False, command=command)
    end = time.monotonic() + 400
    while not runner.outcome:
        assert time.monotonic() < end, "the evaluation never ended"
        time.sleep(0.2)
    assert runner.outcome.startswith("The run is done"), runner.outcome
    found, problems = history.read(history.folder(settings))
    assert problems == ()
    (record,) = found.values()
    assert {case.slice for case in record.systems[0].cases} == {"other_language"}
    assert runner.progress.done == runner.progress.total == len(record.systems[0].cases)


# --- Draft cases ------------------------------------------------------------------------------------------------


def judged(question: str = "What does it cost?") -> Answer:
    return Answer(
        question=question, pathway=SLUG, status=Status.ABSTAINED, text="Not covered.",
        trace=Trace(query=Query(question=question, standalone=question), method=AS_SHIPPED),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("amount", "$130,000", {"value": 130000.0, "currency": "USD"}),
        ("amount", "92000 EUR", {"value": 92000.0, "currency": "EUR"}),
        ("percentage", "40 percent", {"value": 40.0}),
        ("duration", "24 weeks", {"value": 24.0, "unit": "weeks"}),
        ("duration", "6 hours a week", {"value": 6.0, "unit": "hours_per_week"}),
        ("count", "6", {"value": 6}),
        ("list", "Python, SQL", {"items": [["Python"], ["SQL"]]}),
        ("polarity", "No", {"value": "no"}),
        ("name", "Kubernetes", {"value": "Kubernetes"}),
    ],
)
def test_a_fact_is_read_as_a_person_writes_it(kind: str, said: str, expected: dict[str, object]) -> None:
    assert drafts.nugget(kind, said) == {"kind": kind, "vital": True, **expected}


@pytest.mark.parametrize(
    ("kind", "said"),
    [("amount", "much"), ("percentage", "half"), ("duration", "soon"), ("count", "six"), ("list", "one"), ("name", " "),
     ("polarity", "maybe")],
)  # fmt: skip
def test_what_is_no_such_fact_says_what_was_expected(kind: str, said: str) -> None:
    with pytest.raises(ValueError, match="expected something such as"):
        drafts.nugget(kind, said)


def test_a_draft_says_what_it_lacks_until_it_is_a_case(tmp_path: Path) -> None:
    made = drafts.draft(judged(), ["Which tools are there?"], "ab12")
    assert {"nuggets", "gold"} <= drafts.problems(made).keys()
    made |= {"nuggets": [drafts.nugget("amount", "$30")], "gold": [f"{SLUG}#resources/x"]}
    assert drafts.problems(made) == {}
    (tmp_path / "draft.jsonl").write_text(drafts.as_line(made) + "\n", encoding="utf-8")
    (case,) = load_cases(tmp_path)
    assert case.question == "What does it cost?" and case.history == ("Which tools are there?",)
    assert case.split == split_of(case.id)


def test_faults_are_told_by_field() -> None:
    made = drafts.draft(judged(), [], "ab12") | {"nuggets": [drafts.nugget("count", "6")], "gold": ["another#x"]}
    assert drafts.problems(made).keys() == {"gold"}
    assert drafts.problems(made | {"id": "Not An Id"}).keys() == {"id"}


def test_a_thumb_down_becomes_a_case_on_the_page(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, file_store: Store
) -> None:
    from coach.ui import session

    monkeypatch.setattr(session, "store", lambda: file_store)
    monkeypatch.setattr(session, "owner", lambda: "me")
    for owner, question in (("me", "How much is the fish?"), ("you", "A question of somebody else")):
        talk = file_store.create(owner, SLUG, "Talk")
        file_store.append(owner, talk.id, "Before that?", judged("Before that?").model_dump_json(), f"{owner}-1")
        file_store.append(owner, talk.id, question, judged(question).model_dump_json(), f"{owner}-2")
        file_store.rate(owner, f"{owner}-2", Thumb.DOWN, "It is wrong")
    app = page(view="Draft cases")
    assert not app.exception
    assert "How much is the fish?" in text(app)
    assert "somebody else" not in text(app)
    app.selectbox(key="draft-status-me-2").set_value(Status.ABSTAINED).run()
    app.text_input(key="draft-missing-me-2").set_value("fish, price").run()
    line = json.loads(app.code[0].value)
    assert line["question"] == "How much is the fish?" and line["history"] == ["Before that?"]
    assert line["missing"] == ["fish", "price"]
    assert "Complete" in text(app)


def test_no_thumb_down_says_where_one_comes_from(page: Callable[..., AppTest]) -> None:
    assert "No answer has a thumb down yet" in text(page(view="Draft cases"))


def test_a_run_is_not_offered_where_others_can_reach_the_app(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    from coach.ui import session

    monkeypatch.setattr(session, "only_from_this_machine", lambda *_: False)
    app = page(view="New run")
    assert not app.button and "python -m eval run" in text(app)
