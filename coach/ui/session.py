"""Who is visiting, and the two things that all visitors share: the coach and the store.

Comes in: the settings and a browser's cookie. Goes out: the coach (still loading, ready or failed), the store, and
the visitor's owner token. This is the one seam where the pages get their coach: a test or a demonstration puts
another maker into ``make_coach``.

Only what everybody may share is cached for all. Chats, questions and tokens stay in the visitor's own session.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.pathway import Pathway
from coach.settings import Settings, load_settings
from coach.storage import ConversationStore, open_store
from coach.types import Answer, Passage
from coach.ui.server import OWNER_BYTES, OWNER_COOKIE, OWNER_PATTERN


class Coaching(Protocol):
    """What the pages ask of a coach. ``coach.Coach`` is the real one."""

    def warm_up(self, progress: Callable[[int, int], None] | None = None, pathway: str | None = None) -> None: ...
    def pathways(self) -> tuple[Pathway, ...]: ...
    def starters(self, pathway_slug: str) -> tuple[str, ...]: ...
    def scope(self, pathway_slug: str) -> str: ...
    def problems(self) -> tuple[str, ...]: ...
    def passage(self, pathway_slug: str, passage_id: str) -> Passage: ...
    def ask(
        self,
        question: str,
        history: Sequence[Answer] = (),
        pathway: str | None = None,
        on_stage: Callable[[str], None] | None = None,
    ) -> Answer: ...


def _real_coach(settings: Settings) -> Coaching:
    # Not at the top: the page must not wait for what the coach imports.
    from coach.pipeline import Coach

    return Coach(settings)


make_coach: Callable[[Settings], Coaching] = _real_coach


class Desk:
    """A coach and the state of its loading. One for the whole server; every field is safe to read at any time."""

    def __init__(self, coach: Coaching) -> None:
        self.coach = coach
        self.done = 0
        self.total = 0
        self.problem: str | None = None
        """Why it could not be loaded, fit to be shown; None while loading and when ready."""
        self._finished = threading.Event()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        return self._finished.is_set() and self.problem is None

    @property
    def loading(self) -> bool:
        return not self._finished.is_set()

    def start(self) -> None:
        """Begin to load, once; a second call does nothing."""
        with self._gate:
            if self._thread is None:
                self._begin()

    def retry(self) -> None:
        """Begin anew after a failure; while loading or when ready it does nothing."""
        with self._gate:
            if self._thread is None or self.problem is not None:
                self._begin()

    def _begin(self) -> None:
        self._finished.clear()
        self.problem = None
        # A daemon: whoever stops the server while it loads must not have to wait for it.
        self._thread = threading.Thread(target=self._load, name="coach-loading", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """True as soon as loading has ended, well or badly; False after ``seconds``."""
        return self._finished.wait(seconds)

    def _load(self) -> None:
        try:
            self.coach.warm_up(self._progress)
        except CoachError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must stay up and say so
            self.problem = (
                f"The coach could not be loaded ({type(error).__name__}: {error}). "
                f"Run `python -m coach doctor` to see what is missing."
            )
        finally:
            self._finished.set()

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Asking:
    """One question on its way to the coach, in a thread of its own.

    It waits until the coach is loaded, then asks. A rerun of the page, or fifty, waits for the same answer and does not
    ask again. Belongs to one visitor's session.
    """

    def __init__(self, desk: Desk, turn_id: str, question: str, history: Sequence[Answer], pathway: str) -> None:
        self.turn_id = turn_id
        self.stages: list[str] = []
        """Names of the stages begun so far."""
        self.done = 0
        self.total = 0
        """Texts to read before the first question about this pathway; 0 if they have been read."""
        self._cancelled = threading.Event()
        self._finished = threading.Event()
        self._answer: Answer | None = None
        self._error: Exception | None = None
        threading.Thread(
            target=self._run, args=(desk, question, tuple(history), pathway), name="coach-asking", daemon=True
        ).start()

    def wait(self, seconds: float) -> bool:
        """True as soon as there is an answer or an error."""
        return self._finished.wait(seconds)

    def answer(self) -> Answer:
        """The answer, or the error that came instead. Only after ``wait`` said True."""
        if self._error is not None:
            raise self._error
        if self._answer is None:
            raise CoachError("There is no answer yet.")
        return self._answer

    def cancel(self) -> None:
        """Nobody waits any more: the thread ends at the next stage."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def _run(self, desk: Desk, question: str, history: tuple[Answer, ...], pathway: str) -> None:
        try:
            desk.start()
            if desk.problem is not None:
                desk.retry()
            while not desk.wait(0.2):
                if self.cancelled:
                    return
            if desk.problem is not None:
                raise CoachError(desk.problem)
            desk.coach.warm_up(self._on_progress, pathway)
            self._answer = desk.coach.ask(question, history=history, pathway=pathway, on_stage=self._on_stage)
        except Exception as error:  # noqa: BLE001 - handed over to whoever waits
            self._error = error
        finally:
            self._finished.set()

    def _on_progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def _on_stage(self, stage: str) -> None:
        if self._cancelled.is_set():
            raise CoachError("The question was stopped.")
        self.stages.append(stage)


@st.cache_resource(show_spinner=False, hash_funcs={Settings: lambda settings: settings.model_dump_json()})
def _desk(settings: Settings) -> Desk:
    return Desk(make_coach(settings))


@st.cache_resource(show_spinner=False, hash_funcs={Settings: lambda settings: settings.model_dump_json()})
def _store(settings: Settings) -> ConversationStore:
    return open_store(settings)


def desk() -> Desk:
    """The shared coach, loading or loaded. Raises CoachError if not even its knowledge can be read.

    It does not start to load: a page does that when it is drawn.
    """
    return _desk(load_settings())


def store() -> ConversationStore:
    """The shared store. Raises StorageError if ``COACH_DATABASE_URL`` names one that does not work."""
    return _store(load_settings())


def owner() -> str:
    """The visitor's token: from the cookie that ``coach.ui.server`` set, or for this session only."""
    if "owner" not in st.session_state:
        sent = st.context.cookies.get(OWNER_COOKIE, "")
        st.session_state.owner_kept = bool(re.fullmatch(OWNER_PATTERN, sent))
        st.session_state.owner = sent if st.session_state.owner_kept else secrets.token_urlsafe(OWNER_BYTES)
    return str(st.session_state.owner)


def owner_kept() -> bool:
    """False where the browser keeps no cookie, so that a reload will not find the conversations again."""
    owner()
    return bool(st.session_state.owner_kept)
