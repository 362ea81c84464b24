"""The settings of a language model, run in process: what is offered to whom, and what is kept."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from coach.models.endpoint import OPENAI
from coach.ui import model, server, session
from tests.fakes import FakeCoach
from tests.scripted_model import ScriptedModel, Text, unauthorized

APP = Path(__file__).resolve().parent.parent / "app.py"
SENTINEL = "sk-sentinel-51ce08a7d2"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "data"))
    for name in model.NAMES:
        monkeypatch.delenv(name, raising=False)
    yield
    session._desk.clear()
    session._store.clear()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    def begin(*, own_machine: bool = True, secrets: Mapping[str, str] | None = None) -> AppTest:
        monkeypatch.setattr(session, "make_coach", lambda settings: FakeCoach())
        monkeypatch.setattr(session, "only_from_this_machine", lambda address, headers: own_machine)
        app = AppTest.from_file(str(APP), default_timeout=20)
        app.secrets = dict(secrets or {})
        app.run()
        session.desk().wait(10)
        return ran(app)

    return begin


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def settings(app: AppTest, kind: str | None = None) -> AppTest:
    app.button(key="model-settings").click()
    ran(app)
    if kind is not None:
        app.selectbox(key="model-kind").set_value(kind)
        ran(app)
    return app


def press(app: AppTest, button: str, server: ScriptedModel, key: str = "", name: str | None = None) -> AppTest:
    """Fill in the form and send it. A browser sends all of a form each time; here each field has to be set anew."""
    app.text_input(key=f"model-address-{model.OTHER}").set_value(server.base_url)
    app.text_input(key=f"model-key-{model.OTHER}").set_value(key)
    if name is not None:
        app.selectbox(key=f"model-name-{model.OTHER}").set_value(name)
    app.button(key=button).click()
    return ran(app)


def named(app: AppTest, server: ScriptedModel, key: str = "") -> AppTest:
    """The settings, with the list of models that the service offers."""
    press(settings(app, model.OTHER), "model-test", server, key)
    assert [html.unescape(box.value) for box in app.success] == ["It is there and offers 2 models."]
    return app


def badge(app: AppTest) -> str:
    return html.unescape(app.button(key="model-settings").label)


def test_without_settings_there_is_no_model(start: Callable[..., AppTest]) -> None:
    app = settings(start())
    assert badge(app) == "No model"
    assert app.selectbox(key="model-kind").value == model.OFF


def test_on_ones_own_machine_any_address_can_be_named_and_elsewhere_only_known_services(
    start: Callable[..., AppTest],
) -> None:
    own = settings(start()).selectbox(key="model-kind").options
    others = settings(start(own_machine=False)).selectbox(key="model-kind").options
    assert {model.OTHER, model.SMALL, "Ollama", "OpenAI"} <= set(own)
    assert "OpenAI" in others and not {model.OTHER, model.SMALL, "Ollama", "llama.cpp"} & set(others)


def test_what_the_operator_set_is_used_until_a_visitor_says_otherwise(
    start: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_MODEL", "llama")
    monkeypatch.setenv("COACH_MODEL_URL", "https://models.example/v1")
    monkeypatch.setenv("COACH_MODEL_KEY", SENTINEL)
    app = start(own_machine=False)
    assert badge(app) == "Remote: llama"
    settings(app, model.OFF)
    app.button(key="model-off").click()
    assert badge(ran(app)) == "No model"
    assert SENTINEL not in str(app.main) + str(app.sidebar)


HERE, ELSEWHERE = "https://models.example/v1", "https://elsewhere.example/v1"
SECRETS = {"COACH_MODEL": "in-secrets", "COACH_MODEL_URL": HERE, "COACH_MODEL_KEY": SENTINEL}


@pytest.mark.parametrize(
    ("environment", "secrets", "expected"),
    [
        ({}, SECRETS, ("in-secrets", HERE, SENTINEL)),
        ({"COACH_MODEL": "in-environment"}, SECRETS, ("in-environment", HERE, SENTINEL)),
        ({"COACH_MODEL_KEY": "sk-environment"}, SECRETS, ("in-secrets", HERE, "sk-environment")),
        ({"COACH_MODEL_URL": f"{HERE}/"}, SECRETS, ("in-secrets", HERE, SENTINEL)),
        # The key stands beside one address, so another one never sees it, be it OpenAI's own.
        ({"COACH_MODEL_URL": ELSEWHERE}, SECRETS, ("in-secrets", ELSEWHERE, "")),
        ({"COACH_MODEL_URL": ""}, SECRETS, ("in-secrets", OPENAI, "")),
        ({"COACH_MODEL_URL": ""}, SECRETS | {"OPENAI_API_KEY": "sk-openai"}, ("in-secrets", OPENAI, "sk-openai")),
        # Without an address in the secrets it is meant for the one that the environment names.
        (
            {"COACH_MODEL": "in-environment", "COACH_MODEL_URL": ELSEWHERE},
            {"COACH_MODEL_KEY": SENTINEL},
            ("in-environment", ELSEWHERE, SENTINEL),
        ),
    ],
)
def test_the_environment_beats_the_secrets_and_a_key_stays_with_the_address_it_stands_beside(
    start: Callable[..., AppTest],
    monkeypatch: pytest.MonkeyPatch,
    environment: Mapping[str, str],
    secrets: Mapping[str, str],
    expected: tuple[str, str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app = settings(start(secrets=secrets), model.OPERATOR)
    used = app.session_state["model"].endpoint
    assert (used.model, used.base_url, used.secret) == expected
    assert not any(key in str(app.main) + str(app.sidebar) for key in (SENTINEL, "sk-environment", "sk-openai"))


def test_what_streamlit_writes_into_the_environment_does_not_pass_for_the_operator_s(
    start: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():  # as it does where the secrets are a file
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(server, "STARTED_WITH", {"COACH_MODEL": "in-environment", "COACH_MODEL_URL": ELSEWHERE})
    used = start(secrets=SECRETS).session_state["model"].endpoint
    assert (used.model, used.base_url, used.secret) == ("in-environment", ELSEWHERE, "")


def test_an_operator_s_mistake_is_told_and_takes_nothing_down(
    start: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_MODEL", "llama")
    monkeypatch.setenv("COACH_MODEL_URL", "http://models.example/v1")
    app = start()
    assert badge(app) == "No model"
    assert any("base_url" in html.unescape(caption.value) for caption in app.sidebar.caption)


def test_a_connection_is_tested_and_what_is_wrong_is_told_in_plain_words(start: Callable[..., AppTest]) -> None:
    with ScriptedModel(Text("Yes.")) as server:
        app = named(start(), server)
        server.script(unauthorized())
        press(app, "model-test", server, name="scripted-1")
        assert any("wants a key" in html.unescape(box.value) for box in app.error)
        press(app, "model-use", server, name="scripted-1")
    assert badge(app) == "Local: scripted-1"


def test_a_model_without_a_name_or_at_an_unsafe_address_is_not_taken(start: Callable[..., AppTest]) -> None:
    with ScriptedModel() as server:
        app = press(settings(start(), model.OTHER), "model-use", server)
        assert any("Which model?" in html.unescape(box.value) for box in app.error)
        app.text_input(key=f"model-address-{model.OTHER}").set_value("http://192.168.1.20/v1")
        app.button(key="model-test").click()
        ran(app)
        assert any("only https" in html.unescape(box.value) for box in app.error)
    assert badge(app) == "No model"


def test_a_typed_key_is_in_this_visit_alone_and_in_no_element(start: Callable[..., AppTest]) -> None:
    with ScriptedModel(Text("Yes.")) as server:
        app = named(start(), server, SENTINEL)
        assert {request.key for request in server.requests} == {SENTINEL}
        press(app, "model-use", server, SENTINEL, "scripted-1")
    assert badge(app) == "Local: scripted-1"
    assert app.session_state["model"].endpoint.secret == SENTINEL
    assert SENTINEL not in repr(app.session_state["model"])
    assert badge(start()) == "No model"


def test_limits_and_prices_are_taken_over(start: Callable[..., AppTest]) -> None:
    with ScriptedModel() as server:
        app = named(start(), server)
        app.number_input(key=f"model-context_tokens-{model.OTHER}").set_value(4096)
        app.number_input(key=f"model-session_tokens-{model.OTHER}").set_value(9000)
        app.number_input(key=f"model-price_in-{model.OTHER}").set_value(1.5)
        press(app, "model-use", server, name="scripted-1")
    chosen = app.session_state["model"]
    assert (chosen.endpoint.context_tokens, chosen.endpoint.price_in) == (4096, 1.5)
    assert chosen.spending.session_tokens == 9000
