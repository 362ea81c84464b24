"""The language model of a visit: none, one on this machine, or one that the words are sent to.

Comes in: what the operator set in the environment or Streamlit's secrets, and what a visitor chooses in the dialog.
Goes out: a ``Chosen`` model for questions, and the badge that says where the words go. What is chosen, and a key above
all, lives in the visitor's session and nowhere else: not in the store, a cache, the address or the environment.

Who can choose what: on their own machine anybody may name any address; where other machines can reach the app, a
visitor may use the operator's model or one of the known services, since any other address would let them send requests
from inside somebody's network.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st
from pydantic import SecretStr
from streamlit.errors import StreamlitSecretNotFoundError

from coach.errors import CoachError, ModelError
from coach.knowledge.wording import count
from coach.models import small
from coach.models.chat import ChatModel
from coach.models.endpoint import OPENAI, PRESETS, Endpoint, Preset, endpoint, from_environment, known_key
from coach.models.spending import ANSWER_TOKENS, SESSION_TOKENS, Spending
from coach.types import Message, Place
from coach.ui import server, session
from coach.ui.render import literal, plain, quiet

OFF, OPERATOR, SMALL, OTHER = "No model", "The model of this app", "A small model on this machine", "Another address"
NAMES = (
    "COACH_MODEL", "COACH_MODEL_URL", "COACH_MODEL_KEY", "COACH_MODEL_CONTEXT_TOKENS", "COACH_MODEL_REPLY_TOKENS",
    "COACH_MODEL_ANSWER_TOKENS", "COACH_MODEL_SESSION_TOKENS", "COACH_MODEL_TOTAL_SECONDS", "COACH_MODEL_PRICE_IN",
    "COACH_MODEL_PRICE_OUT", "OPENAI_API_KEY",
)  # fmt: skip
LIMITS = ("context_tokens", "reply_tokens", "answer_tokens", "session_tokens", "price_in", "price_out")
SMALL_REPLY_TOKENS = 160
TRIAL_TOKENS = 16
TRIAL = (Message(role="user", content="Say yes."),)


class Chosen(NamedTuple):
    """A model, and what goes with it for this visit."""

    kind: str
    endpoint: Endpoint
    spending: Spending
    hints: bool
    """Whether the model may be told of the visitor's profile."""

    @property
    def model(self) -> ChatModel:
        from coach.models.openai_api import OpenAIModel  # the package takes a second to load

        return OpenAIModel(self.endpoint)


def chosen() -> Chosen | None:
    """The model of this visit: the operator's until the visitor chooses another, or none."""
    state = st.session_state
    if "model" not in state:
        state.model, state.model_problem = None, None
        try:
            found = from_environment(_given())
        except ModelError as error:
            state.model_problem = str(error)
        else:
            state.model = _chosen(OPERATOR, found) if found else None
    found_before: Chosen | None = state.model
    return found_before


def control() -> None:
    """The badge in the sidebar; a click opens the settings."""
    now = chosen()
    if now is None:
        label, icon = "No model", ":material/format_quote:"
    elif now.endpoint.place is Place.LOCAL:
        label, icon = f"Local: {now.endpoint.model}", ":material/computer:"
    else:
        label, icon = f"Remote: {now.endpoint.model}", ":material/cloud:"
    st.button(
        literal(label),
        key="model-settings",
        icon=icon,
        on_click=_open,
        width="stretch",
        help=_explained(now),
    )
    if problem := st.session_state.get("model_problem"):
        st.caption(literal(problem))
    if st.session_state.get("choosing_model"):
        _dialog()


def notice() -> None:
    """On the page itself, where the words leave this machine: on a phone the badge is out of sight."""
    now = chosen()
    if now is not None and now.endpoint.place is Place.REMOTE:
        st.caption(literal(f"Worded by {now.endpoint.model}, a remote model: questions and evidence are sent to it."))


def _explained(now: Chosen | None) -> str:
    if now is None:
        return "Answers are put together from the evidence, word for word. Click to let a language model word them."
    where = (
        "on this machine: nothing leaves it"
        if now.endpoint.place is Place.LOCAL
        else "elsewhere: your questions and the evidence are sent there"
    )
    return literal(
        f"The model runs {where}. Each of its sentences is checked against its evidence before it is shown. "
        f"{now.spending.session:,} of {now.spending.session_tokens:,} tokens of this visit are used."
    )


# --- The dialog ---------------------------------------------------------------------------------------------


def _open() -> None:
    st.session_state.choosing_model = True


def _close() -> None:
    st.session_state.choosing_model = False
    _forget_test()


def _forget_test() -> None:
    st.session_state.pop("model_tested", None)


@st.dialog("Language model", width="medium", on_dismiss=_close)
def _dialog() -> None:
    if not st.session_state.get("choosing_model"):  # a callback has chosen: the dialog is its own part of the page
        st.rerun()
    st.markdown(
        "The coach needs none: its answers are put together from the evidence. A model words them more freely, and "
        "each of its sentences is checked before you see it as an answer."
    )
    now = chosen()
    kinds = _kinds()
    current = now.kind if now and now.kind in kinds else OFF
    kind = st.selectbox(
        "Answers are worded by", kinds, index=kinds.index(current), key="model-kind", on_change=_forget_test
    )
    if kind == OFF:
        st.caption("Nothing is sent anywhere. No key and no network are needed.")
        st.button("Use no model", type="primary", key="model-off", on_click=_use, args=(None,))
        return
    hints = st.checkbox(
        "Tell the model my hours, pay and skills",
        value=bool(now and now.hints),
        key="model-hints",
        help="From your plan, so that it can word the answer for you. Else it gets the question and the evidence.",
    )
    try:
        if kind == OPERATOR:
            _operators(hints)
        elif kind == SMALL:
            _small(hints)
        else:
            _typed(kind, now, hints)
    except CoachError as error:
        st.error(literal(str(error)), icon=":material/build:")


def _kinds() -> list[str]:
    own_machine = session.only_from_this_machine(st.get_option("server.address"), st.context.headers)
    try:
        operators = [OPERATOR] if from_environment(_given()) else []
    except ModelError:
        operators = []
    known = [preset.name for preset in PRESETS if own_machine or preset.needs_key]
    return [OFF, *operators, *([SMALL] if own_machine else []), *known, *([OTHER] if own_machine else [])]


def _operators(hints: bool) -> None:
    found = from_environment(_given())
    if found is None:
        raise ModelError("This app names no model any more.")
    st.markdown(f"{literal(found.model)}, {quiet(_place(found))}")
    fields = {name: getattr(found, name) for name in type(found).model_fields}
    with st.container(horizontal=True):
        chosen_one = _chosen(OPERATOR, found, hints)
        st.button("Use this model", type="primary", key="model-use", on_click=_use, args=(chosen_one,))
        st.button("Test the connection", key="model-test", on_click=_test, args=(fields, True))
    _show_test()


def _small(hints: bool) -> None:
    st.markdown(literal(small.WORD))
    if not small.available():
        st.caption("It needs two more packages. Install them where this app runs, then reload the page:")
        st.code(small.INSTALL, language=None)
        return
    if st.button("Start it and use it", type="primary", key="model-small"):
        with st.spinner("Starting the model"):
            server = _small_server()
        _use(_chosen(SMALL, endpoint(
            base_url=server.base_url, model=small.NAME, context_tokens=small.CONTEXT_TOKENS,
            reply_tokens=SMALL_REPLY_TOKENS,
        ), hints))  # fmt: skip
        st.rerun()


@st.cache_resource(show_spinner=False)
def _small_server() -> small.SmallModelServer:
    """One for all visits: it holds nothing of anybody."""
    return small.SmallModelServer()


def _typed(kind: str, now: Chosen | None, hints: bool) -> None:
    """An address, a key and a name. In a form, where what was typed counts however the field was left."""
    preset = _preset(kind)
    same = now.endpoint if now and now.kind == kind else None
    if preset.hint:
        st.caption(literal(preset.hint))
    with st.form(f"model-{kind}", border=False, enter_to_submit=False):
        if not preset.needs_key:
            st.text_input(
                "Address", value=same.base_url if same else preset.base_url, key=f"model-address-{kind}", max_chars=500,
                help="It ends in /v1 in most cases. Only https, or http to this machine.",
            )  # fmt: skip
        st.text_input(
            "Key",
            type="password",
            key=f"model-key-{kind}",
            max_chars=500,
            autocomplete="off",
            placeholder="kept from before" if same and same.secret else "" if preset.needs_key else "if it wants one",
            help="Held in this visit's memory until you close the page. It is never stored, logged or shown.",
        )
        tested: _Tested | None = st.session_state.get("model_tested")
        known = [same.model] if same else []
        offered = [*known, *(name for name in (tested.models if tested else ()) if name not in known)]
        st.selectbox(
            "Model",
            offered,
            index=0 if known else None,
            accept_new_options=True,
            placeholder="Test the connection for a list, or type a name",
            key=f"model-name-{kind}",
        )
        with st.expander("Limits and prices", type="compact"):
            _limits(same, kind)
        with st.container(horizontal=True):
            st.form_submit_button(
                "Use this model", type="primary", key="model-use", on_click=_use_typed, args=(kind, same, hints)
            )
            st.form_submit_button("Test the connection", key="model-test", on_click=_test_typed, args=(kind, same))
    _show_test()


def _preset(kind: str) -> Preset:
    return next((one for one in PRESETS if one.name == kind), Preset(OTHER, "", False, ""))


def _fields(kind: str, same: Endpoint | None) -> dict[str, object]:
    """What stands in the form. A key that was given before goes on only to the address that it was given for."""
    state, preset = st.session_state, _preset(kind)
    address = preset.base_url if preset.needs_key else str(state.get(f"model-address-{kind}", preset.base_url)).strip()
    fields: dict[str, object] = {"base_url": address, "model": plain(state.get(f"model-name-{kind}") or "")}
    typed = str(state.get(f"model-key-{kind}") or "").strip()
    before = same.secret if same and same.base_url == address.rstrip("/") else ""
    if secret := typed or before or known_key(address, _given()):
        fields["key"] = SecretStr(secret)
    for name in LIMITS:
        if (value := state.get(f"model-{name}-{kind}")) is not None:
            fields[name] = value
    return fields


def _use_typed(kind: str, same: Endpoint | None, hints: bool) -> None:
    fields = _fields(kind, same)
    try:
        if not fields["model"]:
            raise ModelError("Which model? Test the connection for a list, or type a name.")
        _use(_chosen(kind, endpoint(**fields), hints))
    except ModelError as error:
        tested: _Tested | None = st.session_state.get("model_tested")
        st.session_state.model_tested = _Tested(tested.models if tested else (), str(error), False)


def _test_typed(kind: str, same: Endpoint | None) -> None:
    fields = _fields(kind, same)
    named = bool(fields["model"])
    _test(fields if named else fields | {"model": "unnamed"}, named)


def _limits(same: Endpoint | None, kind: str) -> None:
    for field, label, fallback, step, text in (
        ("context_tokens", "Context, in tokens", 8192, 1024, "What question and reply may hold together."),
        ("reply_tokens", "Reply, in tokens", 400, 50, "A model that thinks before it speaks needs more."),
        ("answer_tokens", "At most for one answer, in tokens", ANSWER_TOKENS, 1000, "Two or three exchanges."),
        ("session_tokens", "At most for this visit, in tokens", SESSION_TOKENS, 10_000, "Then it is not asked again."),
    ):
        value = getattr(same, field) if same else fallback
        st.number_input(label, 100, 2_000_000, value, step, key=f"model-{field}-{kind}", help=text)
    for field, label in (("price_in", "Dollars for a million tokens sent"), ("price_out", "… and written")):
        st.number_input(
            label, 0.0, 10_000.0, getattr(same, field) if same else None, key=f"model-{field}-{kind}",
            placeholder="not known", help="For the estimate under each answer. Prices change, so none is built in.",
        )  # fmt: skip


class _Tested(NamedTuple):
    models: tuple[str, ...]
    said: str
    good: bool


def _test(fields: dict[str, object], with_model: bool) -> None:
    """Ask for the list of models, and the model for a word; what comes of it is kept until the dialog closes."""
    from coach.models.openai_api import OpenAIModel

    names: tuple[str, ...] = ()
    try:
        model = OpenAIModel(endpoint(**fields))
        unlisted = None
        try:
            names = model.models()
        except ModelError as error:
            unlisted = error  # some services have no list; whether the model answers is what counts
        if with_model:
            began = time.perf_counter()
            model.complete(TRIAL, max_tokens=TRIAL_TOKENS)
            said = f"{model.name} answered in {time.perf_counter() - began:.1f} s."
        elif unlisted is not None:
            raise unlisted
        else:
            said = f"It is there and offers {count(len(names), 'model')}."
        st.session_state.model_tested = _Tested(names, said, True)
    except ModelError as error:
        st.session_state.model_tested = _Tested(names, str(error), False)


def _show_test() -> None:
    tested: _Tested | None = st.session_state.get("model_tested")
    if tested is not None:
        (st.success if tested.good else st.error)(literal(tested.said))


def _use(made: Chosen | None) -> None:
    st.session_state.model = made
    st.session_state.model_problem = None
    _close()


def _chosen(kind: str, made: Endpoint, hints: bool = False) -> Chosen:
    return Chosen(kind, made, Spending(made.answer_tokens, made.session_tokens), hints)


def _place(made: Endpoint) -> str:
    return "on this machine" if made.place is Place.LOCAL else "remote"


def _given() -> dict[str, str]:
    """What the operator set: the environment, and below it Streamlit's secrets.

    A key that stands in the secrets beside an address is for that address alone: where the environment names another
    one, it is left out.
    """
    try:
        secrets = {name: str(st.secrets[name]) for name in NAMES if name in st.secrets}
    except StreamlitSecretNotFoundError:
        secrets = {}
    environment = _environment(secrets)
    given = secrets | environment
    beside = {name: secrets[name] for name in ("COACH_MODEL_URL", "COACH_MODEL_KEY") if secrets.get(name, "").strip()}
    address = given.get("COACH_MODEL_URL", "").strip() or OPENAI
    if len(beside) == 2 and "COACH_MODEL_KEY" not in environment and not known_key(address, beside):
        del given["COACH_MODEL_KEY"]
    return given


def _environment(secrets: Mapping[str, str]) -> dict[str, str]:
    """The environment without Streamlit's hand in it: it writes the secrets over what the operator had set there."""
    now = {name: os.environ[name] for name in NAMES if name in os.environ}
    written = {name for name, value in now.items() if secrets.get(name) == value}
    return {name: value for name, value in now.items() if name not in written} | {
        name: server.STARTED_WITH[name] for name in written if name in server.STARTED_WITH
    }
