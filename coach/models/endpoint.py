"""Where a language model is reached: its address, its name and, for this session alone, its key.

Comes in: what a visitor typed, or the environment. Goes out: an ``Endpoint``, or an error that names the field. Only
https, or this machine itself, so that neither a key nor a question travels in the clear. A key belongs to the address
that it was given for and goes nowhere else; it is never part of what is printed, stored or compared.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator

from coach.errors import ModelError
from coach.models.spending import ANSWER_TOKENS, SESSION_TOKENS
from coach.types import Frozen, Place

OPENAI = "https://api.openai.com/v1"

MOST_ADDRESS_CHARS = 500


class Preset(NamedTuple):
    """A service or program that speaks OpenAI's protocol."""

    name: str
    base_url: str
    needs_key: bool
    hint: str


PRESETS = (
    Preset("OpenAI", OPENAI, True, "Wants a key of its platform."),
    Preset("OpenRouter", "https://openrouter.ai/api/v1", True, "Wants a key; offers models of many makers."),
    Preset("Ollama", "http://127.0.0.1:11434/v1", False, "Runs here: start it with: ollama serve"),
    Preset("LM Studio", "http://127.0.0.1:1234/v1", False, "Runs here: switch on its local server."),
    Preset("llama.cpp", "http://127.0.0.1:8080/v1", False, "Runs here: start it with: llama-server -m MODEL.gguf"),
    Preset("vLLM", "http://127.0.0.1:8000/v1", False, "Runs here: start it with: vllm serve MODEL"),
)


class Endpoint(Frozen):
    """One model at one address."""

    base_url: Annotated[str, Field(min_length=1, max_length=MOST_ADDRESS_CHARS)]
    model: Annotated[str, Field(min_length=1, max_length=200)]
    key: SecretStr | None = Field(default=None, repr=False, exclude=True)
    """Excluded from every dump: an endpoint that is stored or exported has lost its key."""
    context_tokens: Annotated[int, Field(ge=512, le=2_000_000)] = 8192
    """What question and reply may hold together. A local server often holds less than the model could."""
    reply_tokens: Annotated[int, Field(ge=16, le=8192)] = 400
    """Enough for ten sentences with their markers; a model that thinks aloud first wants more."""
    answer_tokens: Annotated[int, Field(ge=500)] = ANSWER_TOKENS
    session_tokens: Annotated[int, Field(ge=500)] = SESSION_TOKENS
    first_token_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    """A local program may have to load the model first."""
    idle_seconds: Annotated[float, Field(gt=0, le=600)] = 20.0
    """Longest silence within a reply."""
    total_seconds: Annotated[float, Field(gt=0, le=1800)] = 120.0
    price_in: Annotated[float, Field(ge=0)] | None = None
    price_out: Annotated[float, Field(ge=0)] | None = None
    """Dollars for a million tokens sent and written, as the visitor gives them: prices change, so none is built in."""

    @field_validator("base_url")
    @classmethod
    def _safe(cls, address: str) -> str:
        return safe_address(address)

    @property
    def place(self) -> Place:
        return Place.LOCAL if _own_machine(urlsplit(self.base_url).hostname or "") else Place.REMOTE

    @property
    def secret(self) -> str:
        return self.key.get_secret_value() if self.key else ""


def safe_address(address: str) -> str:
    """The address in one spelling. Raises ValueError for one that is not https and not this machine.

    >>> safe_address(" http://localhost:11434/v1/ ")
    'http://localhost:11434/v1'
    >>> safe_address("http://192.168.1.20:8000/v1")
    Traceback (most recent call last):
    ...
    ValueError: only https, or http to this machine (127.0.0.1), so that nothing travels in the clear
    """
    address = address.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("no address that can be read; it looks like https://host/v1") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("no address that can be read; it looks like https://host/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("no name, password or question mark in it; a key has a field of its own")
    if parts.scheme == "http" and not _own_machine(host):
        raise ValueError("only https, or http to this machine (127.0.0.1), so that nothing travels in the clear")
    if not address.isascii() or any(char.isspace() or not char.isprintable() for char in address):
        raise ValueError("letters that no address has")
    return address


def endpoint(**fields: object) -> Endpoint:
    """An endpoint from what somebody gave. Raises ModelError that names each field, and never what was in it."""
    try:
        return Endpoint.model_validate(fields)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False, include_url=False)
        )
    # Outside the handler: a chained error would carry what was typed, and that may be a key in the wrong field.
    raise ModelError(f"The model's settings cannot be used. {problems}.")


def from_environment(environment: Mapping[str, str] | None = None) -> Endpoint | None:
    """The endpoint that ``COACH_MODEL`` and ``COACH_MODEL_URL`` name; None without the first. Raises ModelError.

    ``COACH_MODEL_KEY`` is the key for that address. ``OPENAI_API_KEY`` is used for OpenAI's own address alone, and
    alone it switches nothing on: a key that lies around is no leave to send anything.
    """
    given = os.environ if environment is None else environment
    model = given.get("COACH_MODEL", "").strip()
    if not model:
        return None
    fields: dict[str, object] = {"model": model, "base_url": given.get("COACH_MODEL_URL", "").strip() or OPENAI}
    for name in ("context_tokens", "reply_tokens", "answer_tokens", "session_tokens", "total_seconds", "price_in",
                 "price_out"):  # fmt: skip
        if value := given.get(f"COACH_MODEL_{name.upper()}", "").strip():
            fields[name] = value
    if key := known_key(str(fields["base_url"]), given):
        fields["key"] = SecretStr(key)
    return endpoint(**fields)


def named(model: str, base_url: str = "", environment: Mapping[str, str] | None = None) -> Endpoint:
    """The endpoint of a model that somebody named, at this address or else at the one that the environment names.

    Limits come from the environment, and so does the key, but only one that it holds for this very address. Raises
    ModelError.
    """
    given = dict(os.environ if environment is None else environment)
    address = base_url.strip() or given.get("COACH_MODEL_URL", "").strip() or OPENAI
    key = known_key(address, given)
    for name in ("COACH_MODEL_KEY", "OPENAI_API_KEY"):
        given.pop(name, None)  # They belong to the address that stands beside them there.
    found = from_environment(given | {"COACH_MODEL": model, "COACH_MODEL_URL": address})
    if found is None:
        raise ModelError("The model has no name. Give the one under which its server knows it.")
    return found.model_copy(update={"key": SecretStr(key)}) if key else found


def known_key(base_url: str, environment: Mapping[str, str] | None = None) -> str:
    """The key that the environment holds for this very address, or an empty string."""
    given = os.environ if environment is None else environment
    own = given.get("COACH_MODEL_URL", "").strip() or OPENAI
    try:
        same = safe_address(base_url) == safe_address(own)
        openai = safe_address(base_url) == OPENAI
    except ValueError:
        return ""
    if same and (key := given.get("COACH_MODEL_KEY", "").strip()):
        return key
    return given.get("OPENAI_API_KEY", "").strip() if openai else ""


def _own_machine(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
