"""Who is visiting, whether what they do is kept, and the two things that all visitors share: the coach and the store.

Comes in: the settings, the request, a browser's cookie or a login. Goes out: the coach (still loading, ready or
failed), the store, and the visitor's owner token. This is the one seam where the pages get their coach: a test or a
demonstration puts another maker into ``make_coach``.

Only what everybody may share is cached for all. Chats, questions and tokens stay in the visitor's own session.

Whoever logs in owns what they did under their login, in any browser. Whoever does not is known by a cookie, and by
that alone only on the machine that runs the app: where others can reach it, what they do goes with their session.
"""

from __future__ import annotations

import gc
import hashlib
import ipaddress
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from coach.errors import CoachError
from coach.knowledge.own import OwnDocument
from coach.knowledge.pathway import Pathway
from coach.planning.learner import Learner
from coach.settings import Settings, load_settings
from coach.storage import Store, open_passing_store, open_store
from coach.types import Answer, Generation, Outcome, Passage
from coach.ui.server import OWNER_BYTES, OWNER_COOKIE, OWNER_PATTERN

if TYPE_CHECKING:
    from coach.pipeline import Reading
    from coach.ui.model import Chosen


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
        learner: Learner | None = None,
        reading: Any = None,
        writing: Any = None,
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
            # What is loaded now stays: without this Streamlit's collection after every run looks through all of it,
            # 0.7 s each time.
            gc.collect()
            gc.freeze()
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


class Shelf:
    """A visitor's own documents for one pathway, and the reading that holds them; it belongs to one session.

    Made when a question first needs it, and again when documents come or go or the knowledge changes.
    """

    def __init__(self, pathway: str, documents: tuple[OwnDocument, ...]) -> None:
        self.pathway = pathway
        self.documents = documents
        self._gate = threading.Lock()
        self._made: tuple[object, Reading] | None = None

    def reading(self, coach: Any, progress: Callable[[int, int], None] | None = None) -> Reading:
        """Raises CoachError. ``coach`` is the real one: a stand-in that holds no index has no documents either."""
        with self._gate:
            real = coach.reading(self.pathway)
            if self._made is None or self._made[0] is not real:
                self.close()
                self._made = real, coach.with_documents(self.documents, self.pathway, progress)
            return self._made[1]

    def close(self) -> None:
        """Let go of the index; the next question makes a new one."""
        made, self._made = self._made, None
        if made is not None:
            made[1].index.close()


class Asking:
    """One question on its way to the coach, in a thread of its own.

    It waits until the coach is loaded, then asks. A rerun of the page, or fifty, waits for the same answer and does not
    ask again. Belongs to one visitor's session.
    """

    def __init__(
        self,
        desk: Desk,
        turn_id: str,
        question: str,
        history: Sequence[Answer],
        pathway: str,
        learner: Learner | None = None,
        shelf: Shelf | None = None,
        model: Chosen | None = None,
        hints: str = "",
    ) -> None:
        self.turn_id = turn_id
        self.stages: list[str] = []
        """Names of the stages begun so far."""
        self.done = 0
        self.total = 0
        """Texts to read before the first question about this pathway; 0 if they have been read."""
        self.composed: Answer | None = None
        """The coach's own answer, while a language model is still writing."""
        self.draft = ""
        """What the model has written so far; nothing of it has been checked."""
        self._model = model
        self._cancelled = threading.Event()
        self._finished = threading.Event()
        self._answer: Answer | None = None
        self._error: Exception | None = None
        threading.Thread(
            target=self._run,
            args=(desk, question, tuple(history), pathway, learner, shelf, model, hints),
            name="coach-asking",
            daemon=True,
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

    def without_model(self) -> Answer | None:
        """The coach's own answer, where the model was stopped while it wrote; None where there is none yet."""
        if self.composed is None or self._model is None:
            return None
        made = Generation(
            model=self._model.endpoint.model,
            place=self._model.endpoint.place,
            outcome=Outcome.STOPPED,
            composed=self.composed.claims,
        )
        trace = self.composed.trace.model_copy(update={"generation": made})
        return self.composed.model_copy(update={"trace": trace})

    def cancel(self) -> None:
        """Nobody waits any more: the thread ends at the next stage."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def _run(
        self,
        desk: Desk,
        question: str,
        history: tuple[Answer, ...],
        pathway: str,
        learner: Learner | None,
        shelf: Shelf | None,
        model: Chosen | None,
        hints: str,
    ) -> None:
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
            own: dict[str, Any] = {} if shelf is None else {"reading": shelf.reading(desk.coach, self._on_progress)}
            if model is not None:
                own["writing"] = self._writing(model, hints)
            self._answer = desk.coach.ask(
                question, history=history, pathway=pathway, on_stage=self._on_stage, learner=learner, **own
            )
        except Exception as error:  # noqa: BLE001 - handed over to whoever waits
            self._error = error
        finally:
            self._finished.set()

    def _on_progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def _writing(self, model: Chosen, hints: str) -> Any:
        from coach.answering.generating import Writing

        return Writing(
            model=model.model,
            spending=model.spending,
            reply_tokens=model.endpoint.reply_tokens,
            prices=(model.endpoint.price_in, model.endpoint.price_out),
            hints=hints,
            on_composed=self._on_composed,
            on_draft=self._on_draft,
            stop=self._cancelled,
        )

    def _on_composed(self, answer: Answer) -> None:
        self.composed = answer

    def _on_draft(self, text: str) -> None:
        self.draft = text

    def _on_stage(self, stage: str) -> None:
        if self._cancelled.is_set():
            raise CoachError("The question was stopped.")
        self.stages.append(stage)


@st.cache_resource(show_spinner=False, hash_funcs={Settings: lambda settings: settings.model_dump_json()})
def _desk(settings: Settings) -> Desk:
    return Desk(make_coach(settings))


@st.cache_resource(show_spinner=False, hash_funcs={Settings: lambda settings: settings.model_dump_json()})
def _store(settings: Settings) -> Store:
    return open_store(settings)


def desk() -> Desk:
    """The shared coach, loading or loaded. Raises CoachError if not even its knowledge can be read.

    It does not start to load: a page does that when it is drawn.
    """
    return _desk(load_settings())


def store() -> Store:
    """Where the visitor's data belong: the store that is kept, or one in memory that is this session's alone.

    Raises StorageError if ``COACH_DATABASE_URL`` names one that does not work.
    """
    if get_script_run_ctx(suppress_warning=True) is None:
        return _store(load_settings())  # Opened ahead of any visit.
    keeping_now = keeping()
    if keeping_now.kept:
        return _store(load_settings())
    if "passing_store" not in st.session_state:
        st.session_state.passing_store = open_passing_store(keeping_now.why)
    passing: Store = st.session_state.passing_store
    return passing


class Keeping(NamedTuple):
    """Whether what the visitor does outlives their session."""

    kept: bool
    why: str
    """A sentence or two to show."""


def keeping() -> Keeping:
    if _visitor() is not None:
        return Keeping(True, "What you do here is kept under your login, and only you can see it.")
    if only_from_this_machine(st.get_option("server.address"), st.context.headers):
        return Keeping(True, "What you do here is kept for this browser alone.")
    way = "Log in" if login_offered() else "Run it on your own machine, or ask whoever runs it to set up a login,"
    return Keeping(
        False,
        f"Nothing is kept beyond this visit, because other machines can reach this app and you are not logged in. "
        f"{way} to find your plan and conversations again.",
    )


def login_offered() -> bool:
    """True where Streamlit's login is configured: a section ``[auth]`` in its secrets."""
    return "is_logged_in" in st.user


def owner() -> str:
    """The visitor's token: of their login, from the cookie that ``coach.ui.server`` set, or for this session only."""
    logged_in = _visitor()
    if logged_in is not None:
        return logged_in
    if "owner" not in st.session_state:
        sent = _browser()
        st.session_state.owner_kept = sent is not None
        st.session_state.owner = sent or secrets.token_urlsafe(OWNER_BYTES)
    return str(st.session_state.owner)


def _browser() -> str | None:
    """The token that the browser sent, if it is one that we could have made."""
    sent = str(st.context.cookies.get(OWNER_COOKIE, ""))
    return sent if re.fullmatch(OWNER_PATTERN, sent) else None


def owner_kept() -> bool:
    """False where the browser keeps no cookie, so that a reload will not find the conversations again."""
    if _visitor() is not None:
        return True
    owner()
    return bool(st.session_state.owner_kept)


def logged_in() -> bool:
    return _visitor() is not None


def _visitor() -> str | None:
    """The owner token of whoever is logged in. If that changes, what the session remembers of another is dropped.

    Streamlit asks who it is when a window connects and not again: a window left open while somebody logs out in another
    one would go on as theirs, whoever sits there by now. So it is drawn for them no more once the browser's login, as
    its latest window told it, is no longer theirs.
    """
    found = login_token(st.user) if st.user.get("is_logged_in") is True else None
    browser = _browser()
    if browser is not None:
        opens = "visitor" not in st.session_state
        logs_out = found is None and not opens and st.session_state.visitor is not None
        if found is None and (opens or logs_out):
            _logins.pop(browser, None)
        elif found is not None and opens:
            _logins[browser] = found
        elif _logins.get(browser) != found:
            found = None
    if st.session_state.setdefault("visitor", found) != found:
        st.session_state.clear()
        st.session_state.visitor = found
    return found


_logins: dict[str, str] = {}
"""Who is logged in, by the browser's own token. For this process, as the sessions are."""


def login_token(claims: Mapping[str, object]) -> str | None:
    """The owner token of a login: by issuer and subject, the two that never change and never repeat.

    None where either is missing. It has 64 characters, so no cookie that a browser makes up can be taken for one.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        return None
    # A colon inside the subject is masked, so that no two pairs give the same text.
    masked = subject.replace("%", "%25").replace(":", "%3A")
    return hashlib.sha256(f"oidc:{issuer}:{masked}".encode()).hexdigest()


def only_from_this_machine(address: str | None, headers: Mapping[str, str]) -> bool:
    """True where nobody else can reach the app, as far as it can tell.

    It listens on loopback only, the browser called it by such an address, and no proxy says that it passes something
    on. Whoever forges these about their own request is kept less, never more, than the server's address allows.
    """
    return (
        is_loopback(address or "")
        and is_loopback(headers.get("Host", "localhost"))
        and not any(name in headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"))
    )


def is_loopback(host: str) -> bool:
    """Whether an address or a ``Host`` header, with or without its port, names this machine.

    >>> [is_loopback(host) for host in ("localhost:8501", "127.0.0.1", "[::1]:8501", "::1")]
    [True, True, True, True]
    >>> [is_loopback(host) for host in ("0.0.0.0", "", "coach.example", "127.0.0.1.example", "localhost.example:80")]
    [False, False, False, False, False]
    """
    bare = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
    try:
        name = urlsplit(f"//{bare}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
