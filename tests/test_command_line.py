"""The command line: what it prints where, and with which code it ends.

Most commands run in this process, with a cheap encoder passed in as the coach's. What only a process of its own can
show, that nothing else reaches standard output, runs as one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from coach import Answer, Coach, Learner, Profile, Settings
from coach.__main__ import app
from coach.batch import ask_all
from coach.planning.exporting import as_backup, as_json
from coach.planning.plan import Progress
from coach.printing import visible
from coach.types import Status
from tests.encoders import HashingEncoder

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "eval" / "pages").glob("*.txt"))
SHIPPED = "software-engineer-to-vector-database-engineer"
FIELDS = ["question", "pathway", "status", "text", "claims", "missing", "suggestions", "trace"]

Run = Callable[..., Any]


def cheap(settings: Settings) -> Coach:
    return Coach(settings, encoder=HashingEncoder())


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a built index, for tests that only read."""
    folder = tmp_path_factory.mktemp("indexed")
    cheap(Settings(data_dir=folder)).warm_up()
    return folder


@pytest.fixture
def run(indexed: Path) -> Run:
    def invoke(*args: str, data_dir: Path = indexed, stdin: str | bytes | None = None, **env: str) -> Any:
        environment = {"COACH_DATA_DIR": str(data_dir), **env}
        return CliRunner().invoke(app, list(args), input=stdin, env=environment, obj=cheap, catch_exceptions=False)

    return invoke


def process(*args: str, data_dir: Path, stdin: str = "", env: Mapping[str, str] | None = None) -> Any:
    """The command in a process of its own."""
    environment = {**os.environ, "COACH_DATA_DIR": str(data_dir), **(env or {})}
    command = [sys.executable, "-m", "coach", *args]
    return subprocess.run(
        command, cwd=ROOT, env=environment, input=stdin, capture_output=True, encoding="utf-8", timeout=300, check=False
    )


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- Asking -------------------------------------------------------------------------------------------------------


def test_an_answer_is_printed_with_the_sentence_of_each_marker(run: Run) -> None:
    result = run("ask", "How long is the whole roadmap?")
    assert result.exit_code == 0
    text, _, sources = result.stdout.partition("\nSources\n")
    assert "[1]" in text
    assert sources.startswith("[1] Software Engineer to Vector Database Engineer > ")
    assert '    "' in sources
    assert "Trace" not in result.stdout


def test_a_computed_claim_is_printed_with_its_formula(run: Run) -> None:
    result = run("ask", "I earn $100,000. What would the raise bring me?")
    assert f"Computed: $100,000 x 1.40 = ${100_000 * 1.4:,.0f}" in result.stdout


def test_the_trace_shows_each_channel_the_verdicts_and_the_time(run: Run) -> None:
    result = run("ask", "Which skills are critical?", "--trace")
    trace = result.stdout.partition("\nTrace\n")[2]
    assert all(
        name in trace for name in ("dense", "keys", "words", "holds 1.00", "understand ", "retrieve ", "ground ")
    )
    assert f"{SHIPPED}#" in trace


def test_json_is_one_line_that_reads_back_as_the_answer(run: Run) -> None:
    result = run("ask", "Which skills are critical?", "--json")
    assert result.stdout.count("\n") == 1
    assert list(json.loads(result.stdout)) == FIELDS
    assert Answer.model_validate_json(result.stdout).status is Status.ANSWERED


def test_an_unknown_pathway_ends_with_code_2_and_names_those_there_are(run: Run) -> None:
    result = run("ask", "Which skills?", "--pathway", "baker-to-brewer")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'baker-to-brewer'" in result.stderr
    assert SHIPPED in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unusable_setting_is_named(run: Run) -> None:
    result = run("ask", "Which skills?", COACH_MAX_QUESTION_CHARS="many")
    assert result.exit_code == 2
    assert "COACH_MAX_QUESTION_CHARS" in result.stderr


@pytest.mark.parametrize("args", [(), ("Which skills?", "--batch", "-"), ("--batch", "-", "--pathway", SHIPPED)])
def test_one_question_or_one_batch_is_asked_for(run: Run, args: tuple[str, ...]) -> None:
    assert run("ask", *args).exit_code == 2


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert visible("a\x1b]0;title\x07b\u202ec\nd\x9b\r") == "a]0;titlebc\nd"


# --- Batches ------------------------------------------------------------------------------------------------------


def test_a_batch_gives_a_line_for_each_line_in_order(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    asked: list[dict[str, Any]] = [
        {"id": "b", "question": "How long is the whole roadmap?", "slice": "passed over"},
        {"id": 2, "question": "Which skills are critical?", "pathway": SHIPPED, "history": []},
        {"question": "Hello!", "history": None, "pathway": None},
    ]
    file.write_text("\n\n".join(json.dumps(row) for row in asked) + "\n", encoding="utf-8-sig")
    result = run("ask", "--batch", str(file), "--json")
    assert result.exit_code == 0
    found = rows(result.stdout)
    # The third is called by its line: two blank ones came before it.
    assert [row["id"] for row in found] == ["b", 2, 5]
    assert [row["question"] for row in found] == [row["question"] for row in asked]
    assert all(list(row) == ["id", *FIELDS] for row in found)


def test_a_batch_answer_is_the_answer_without_a_batch(run: Run) -> None:
    question = "Which skills are critical?"
    alone = json.loads(run("ask", question, "--json").stdout)
    [batched] = rows(run("ask", "--batch", "-", "--json", stdin=json.dumps({"id": "x", "question": question})).stdout)
    del batched["id"]
    for answer in (batched, alone):
        del answer["trace"]["seconds"], answer["trace"]["steps"]
    assert batched == alone


def test_earlier_questions_are_asked_first_in_order() -> None:
    class Recording:
        def __init__(self) -> None:
            self.calls: list[tuple[str, list[str], str | None]] = []

        def ask(self, question: str, history: tuple[Answer, ...], pathway: str | None) -> Answer:
            self.calls.append((question, [answer.question for answer in history], pathway))
            query = {"question": question, "standalone": question}
            fields = {"question": question, "pathway": "p", "status": "conversational", "text": "!"}
            return Answer.model_validate({**fields, "trace": {"query": query}})

    coach: Any = Recording()
    line = json.dumps({"id": "c", "question": "three", "history": ["one", "two"], "pathway": "p"}).encode()
    [result] = ask_all([line], coach)
    assert coach.calls == [("one", [], "p"), ("two", ["one"], "p"), ("three", ["one", "two"], "p")]
    assert result.answer is not None
    assert result.answer.question == "three"


@pytest.mark.parametrize(
    ("line", "id_", "told"),
    [
        (b"not json", 2, "expected one JSON object"),
        (b"[1]", 2, "expected a JSON object, got a list"),
        (b'{"id": "q"', 2, "expected one JSON object"),
        (b'{"id": "q"}', "q", "question: expected a string, got nothing"),
        (b'{"id": "q", "question": 5}', "q", "question: expected a string, got a number"),
        (b'{"id": "q", "question": null}', "q", "question: expected a string, got null"),
        (b'{"id": {}, "question": "x"}', 2, "id: expected a string or a whole number"),
        (b'{"id": true, "question": "x"}', 2, "id: expected a string or a whole number, got true or false"),
        (b'{"id": "q", "question": "x", "history": "y"}', "q", "history: expected a list of questions, got a string"),
        (b'{"id": "q", "question": "x", "history": ["y", 1]}', "q", "history[1]: expected a question"),
        (b'{"id": "q", "question": "x", "pathway": 1}', "q", "pathway: expected the slug of a pathway"),
        (b'{"id": "q", "question": "x", "pathway": "nope"}', "q", "pathway: No pathway is called 'nope'"),
        (b'{"id": "q", "question": "\xff"}', 2, "expected UTF-8"),
        (b"[" * 100_000, 2, "expected one JSON object"),
    ],
)
def test_a_malformed_line_has_an_error_in_its_place_and_the_rest_goes_on(
    run: Run, line: bytes, id_: str | int, told: str
) -> None:
    good = b'{"id": "%d", "question": "Hello"}'
    result = run("ask", "--batch", "-", "--json", stdin=b"\n".join([good % 1, line, good % 3]))
    assert result.exit_code == 1
    first, second, third = rows(result.stdout)
    assert (first["id"], third["id"]) == ("1", "3")
    assert list(second) == ["id", "error"]
    assert second["id"] == id_
    assert second["error"].startswith("line 2: ")
    assert told in second["error"]


def test_a_defect_on_one_line_costs_no_other_its_answer() -> None:
    class Failing:
        def ask(self, question: str, history: tuple[Answer, ...], pathway: str | None) -> Answer:
            raise ZeroDivisionError("division by zero")

    coach: Any = Failing()
    found = list(ask_all([b'{"id": 1, "question": "a"}', b'{"id": 2, "question": "b"}'], coach))
    assert [(result.id, result.answer) for result in found] == [(1, None), (2, None)]
    assert "ZeroDivisionError" in str(found[0].error)


def test_a_missing_batch_file_is_said(run: Run, tmp_path: Path) -> None:
    result = run("ask", "--batch", str(tmp_path / "none.jsonl"), "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "none.jsonl" in result.stderr


def test_signs_that_no_terminal_takes_come_out_as_ascii(run: Run) -> None:
    line = '{"id": "\\ud83d", "question": "Hello \u65e5\u672c \\ud83d"}'
    result = run("ask", "--batch", "-", "--json", stdin=line)
    assert result.stdout.isascii()
    assert rows(result.stdout)[0]["id"] == "\ud83d"


# --- Index, import, pathways --------------------------------------------------------------------------------------


def test_an_index_is_built_once(run: Run, tmp_path: Path) -> None:
    first, second = run("index", data_dir=tmp_path), run("index", "--pathway", SHIPPED, data_dir=tmp_path)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "texts embedded" in first.stdout
    assert "nothing changed" in second.stdout


def test_an_index_that_cannot_be_kept_is_said_and_no_success(run: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    result = run("index", data_dir=blocked)
    assert result.exit_code == 1
    assert "in memory" in result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_imported_page_is_listed_indexed_and_asked_about(run: Run, tmp_path: Path, page: Path) -> None:
    result = run("import", str(page), data_dir=tmp_path)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{page.stem}: ")
    assert " skills to learn, " in result.stdout
    assert "texts embedded" in result.stdout
    assert "Warning: " in result.stderr
    assert "Warning" not in result.stdout

    listed = run("pathways", data_dir=tmp_path).stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [[SHIPPED, "shipped"], [page.stem, "imported"]]

    answer = json.loads(
        run("ask", "Which phases are there?", "--pathway", page.stem, "--json", data_dir=tmp_path).stdout
    )
    assert answer["pathway"] == page.stem
    cited = [citation["passage_id"] for claim in answer["claims"] for citation in claim["citations"]]
    assert all(id_.startswith(f"{page.stem}#") for id_ in cited)

    again = run("import", str(page), data_dir=tmp_path)
    assert "Nothing changed in" in again.stdout
    assert "nothing changed" in again.stdout


def test_a_page_of_another_layout_is_refused(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "recipe.txt"
    page.write_text("Pancakes\n\nTake two eggs.\n", encoding="utf-8")
    result = run("import", str(page), data_dir=tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "recipe.txt" in result.stderr


# --- Doctor -------------------------------------------------------------------------------------------------------


def finding(result: Result, name: str) -> str:
    [line] = [line for line in result.stdout.splitlines() if line[3:].startswith(f" {name}")]
    return line


def copied(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target))


def test_the_doctor_finds_all_well_where_it_is(run: Run) -> None:
    result = run("doctor")
    assert "NO " not in result.stdout
    assert result.exit_code == 0
    assert "All is well." in result.stdout
    assert finding(result, f"index of {SHIPPED}").startswith("ok ")


def test_the_doctor_says_that_an_index_is_missing_and_builds_none(run: Run, tmp_path: Path) -> None:
    result = run("doctor", data_dir=tmp_path / "new")
    assert result.exit_code == 1
    line = finding(result, f"index of {SHIPPED}")
    assert "is missing" in line
    assert f"python -m coach index --pathway {SHIPPED}" in line
    assert not (tmp_path / "new").exists()


def test_the_doctor_says_that_an_index_is_stale(run: Run, indexed: Path) -> None:
    other = CliRunner().invoke(
        app,
        ["doctor"],
        env={"COACH_DATA_DIR": str(indexed)},
        obj=lambda settings: Coach(settings, encoder=HashingEncoder(digest="hashing:2")),
    )
    assert other.exit_code == 1
    assert "is stale" in finding(other, f"index of {SHIPPED}")


@pytest.mark.parametrize("damage", ["vectors", "manifest", "pointer"])
def test_the_doctor_says_that_an_index_is_damaged_and_leaves_it(
    run: Run, indexed: Path, tmp_path: Path, damage: str
) -> None:
    folder = copied(indexed, tmp_path / "copy")
    place = folder / "index" / SHIPPED
    generation = place / (place / "CURRENT").read_text(encoding="ascii").strip()
    broken = {
        "vectors": lambda: sorted(generation.rglob("data_level0.bin"))[0],
        "manifest": lambda: generation / "manifest.json",
        "pointer": lambda: place / "CURRENT",
    }[damage]()
    broken.write_bytes(b"\0" * 16)
    result = run("doctor", data_dir=folder)
    assert result.exit_code == 1
    assert "is damaged" in finding(result, f"index of {SHIPPED}")
    assert broken.read_bytes() == b"\0" * 16
    assert not list(place.glob("*.damaged-*"))

    assert run("index", data_dir=folder).exit_code == 0
    assert run("doctor", data_dir=folder).exit_code == 0


def test_the_doctor_names_a_mistake_in_the_knowledge(run: Run, indexed: Path, tmp_path: Path) -> None:
    knowledge = copied(ROOT / "knowledge", tmp_path / "knowledge")
    (knowledge / "pathways" / "broken.yaml").write_text("slug: [", encoding="utf-8")
    result = run("doctor", COACH_KNOWLEDGE_DIR=str(knowledge))
    assert result.exit_code == 1
    assert "NO  knowledge: knowledge/pathways/broken.yaml" in result.stdout


def test_the_doctor_says_that_the_data_folder_cannot_be_written(run: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    result = run("doctor", data_dir=blocked / "data")
    assert result.exit_code == 1
    assert finding(result, "data folder").startswith("NO ")
    assert "COACH_DATA_DIR" in finding(result, "data folder")


def test_the_doctor_says_that_conversations_are_damaged_and_leaves_them(
    run: Run, indexed: Path, tmp_path: Path
) -> None:
    folder = copied(indexed, tmp_path / "copy")
    file = folder / "conversations.db"
    file.write_bytes(b"no database" * 100)
    result = run("doctor", data_dir=folder)
    assert result.exit_code == 1
    assert "is damaged" in finding(result, "conversations")
    assert file.read_bytes() == b"no database" * 100


def test_the_doctor_says_which_setting_is_unusable(run: Run) -> None:
    result = run("doctor", COACH_ASSUMED_WEEKLY_HOURS="-1")
    assert result.exit_code == 1
    assert "COACH_ASSUMED_WEEKLY_HOURS" in result.stdout


@pytest.mark.parametrize("content", [None, b"no weights"])
def test_the_doctor_says_what_is_wrong_with_the_weights(indexed: Path, tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "model"
    if content is not None:
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(content)
    result = process("doctor", data_dir=indexed, env={"COACH_ENCODER": str(folder)})
    assert result.returncode == 1
    assert "NO  encoder: " in result.stdout
    assert str(folder) in result.stdout
    assert "unset" in result.stdout or "Install" in result.stdout
    assert "Mend the encoder first" in result.stdout
    assert "Traceback" not in result.stderr


# --- Processes ----------------------------------------------------------------------------------------------------


def test_without_arguments_help_is_shown() -> None:
    result = CliRunner().invoke(app, [])
    assert all(name in result.output for name in ("ask", "index", "import", "pathways", "doctor"))


@pytest.mark.parametrize("args", ["['--help']", "['pathways']", "['ask', '--help']"])
def test_help_and_the_list_of_pathways_load_no_heavy_library(tmp_path: Path, args: str) -> None:
    code = (
        "import sys; from coach.__main__ import app\n"
        f"try: app({args})\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'chromadb', 'streamlit'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    environment = {**os.environ, "COACH_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def test_nothing_but_answers_reaches_standard_output(tmp_path: Path, built: Path) -> None:
    """With the real encoder and an index that is brought up to date, when libraries have most to say."""
    data = shutil.copytree(built, tmp_path / "data")
    knowledge = shutil.copytree(ROOT / "knowledge", tmp_path / "knowledge")
    glossary = knowledge / "glossary.yaml"
    terms = glossary.read_text(encoding="utf-8")
    glossary.write_text(terms.replace('definition: "', 'definition: "In short: ', 1), encoding="utf-8")
    lines = (
        '{"id": 1, "question": "Which skills are critical?"}\n{"id": 2, "question": "What is the pay at the start?"}\n'
    )
    env = {"COACH_KNOWLEDGE_DIR": str(knowledge)}
    indexes = set((data / "index").rglob("manifest.json"))
    result = process("ask", "--batch", "-", "--json", data_dir=data, stdin=lines, env=env)
    assert [row["status"] for row in rows(result.stdout)] == ["answered", "answered"]
    assert (result.stderr, result.returncode) == ("", 0)
    assert set((data / "index").rglob("manifest.json")) != indexes


# --- A plan -------------------------------------------------------------------------------------------------------


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "me.json"
    path.write_text('{"weekly_hours": 6, "skills": ["FAISS"], "target": "2029-01-01"}', encoding="utf-8")
    return path


def test_a_plan_as_json_is_one_object_with_finish_and_steps(run: Run, profile: Path) -> None:
    result = run("plan", "--profile", str(profile), "--format", "json", "--today", "2026-11-25")
    assert result.exit_code == 0 and result.stderr == ""
    plan = json.loads(result.stdout)
    fields = {"id", "title", "kind", "phase", "start", "end", "hours", "why", "citations", "done"}
    assert plan["finish"] == max(step["end"] for step in plan["steps"])
    assert all(fields <= set(step) for step in plan["steps"])
    assert plan["steps"][0]["start"] == "2026-11-25"
    assert all(not step["done"] and step["citations"] for step in plan["steps"])


@pytest.mark.parametrize(
    ("form", "begins"), [("text", "Next step: "), ("md", "# "), ("ics", "BEGIN:VCALENDAR"), ("csv", "id,title,kind")]
)
def test_a_plan_in_every_other_form(run: Run, profile: Path, form: str, begins: str) -> None:
    result = run("plan", "--profile", str(profile), "--format", form)
    assert result.exit_code == 0
    assert result.stdout.lstrip("\ufeff").startswith(begins)


def test_a_plan_that_was_exported_is_read_with_its_ticks(run: Run, tmp_path: Path) -> None:
    day = date(2026, 11, 25)
    coach = cheap(Settings(data_dir=tmp_path))
    learner = Learner(profile=Profile(weekly_hours=6), today=day)
    ticked = coach.plan(learner).steps[0].id
    learner = learner.model_copy(update={"progress": Progress(done={ticked: day})})
    path = tmp_path / "plan.json"
    path.write_text(as_backup(learner.profile, learner.progress, coach.plan(learner)), encoding="utf-8")
    result = run("plan", "--profile", str(path), "--format", "json", "--today", "2026-11-25")
    steps = json.loads(result.stdout)["steps"]
    assert [step["id"] for step in steps if step["done"]] == [ticked]
    assert steps == json.loads(as_json(coach.plan(learner)))["steps"]


@pytest.mark.parametrize(
    ("content", "named"),
    [('{"weekly_hours": -2}', "weekly_hours"), ("{", "line 1"), (b"\xff\xfe\x00", "UTF-8"), (None, "cannot be read")],
)
def test_a_profile_that_cannot_be_read_ends_with_code_2_and_names_the_place(
    run: Run, tmp_path: Path, content: str | bytes | None, named: str
) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = run("plan", "--profile", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "bad.json" in result.stderr and named in result.stderr
    assert "Traceback" not in result.stderr
