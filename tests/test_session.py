"""Who a visitor is, and whether what they do outlives their visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from streamlit import config
from streamlit.runtime.context import StreamlitHeaders
from streamlit.testing.v1 import AppTest

from coach.settings import Settings
from coach.storage import open_store
from coach.ui import session

ISSUER = "https://login.example"
COOKIE = "o" * 43
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only said to be the address; nothing listens


def page() -> None:
    """What a page does: find out who is there, keep something, show what is kept."""
    import streamlit as st

    from coach.ui import session

    store, owner = session.store(), session.owner()
    if title := st.session_state.pop("keep", None):
        store.create(owner, "potter-to-glassblower", title)
    st.session_state.setdefault("remembered", owner)
    now = session.keeping()
    st.text(owner)
    st.text(str(now.kept))
    st.text(now.why)
    st.text(str(session.owner_kept()))
    st.text(str(session.login_offered()))
    st.text(", ".join(one.title for one in store.conversations(owner)))
    st.text(", ".join(store.notices))
    st.text(st.session_state.remembered)


class Visit:
    """What the page shows to one session."""

    def __init__(self, user: dict[str, object] | None, cookie: str | None) -> None:
        self.app = AppTest.from_function(page)
        if user is not None:
            self.app.user = dict(user)
        if cookie is not None:
            self.app.session_state["owner"] = cookie
            self.app.session_state["owner_kept"] = True
        self.again()

    def again(self, keep: str | None = None) -> Visit:
        if keep is not None:
            self.app.session_state["keep"] = keep
        self.app.run(timeout=30)
        assert not self.app.exception
        shown = [element.value for element in self.app.text]
        self.owner, kept, self.why, owner_kept, offered, self.listed, self.notices, self.remembered = shown
        self.kept, self.owner_kept, self.offered = kept == "True", owner_kept == "True", offered == "True"
        return self


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "data"))
    yield
    session._store.clear()


@pytest.fixture
def listen() -> Iterator[Callable[[str | None], None]]:
    """Let the server's address be another one."""
    before = config.get_option("server.address")
    yield lambda address: config.set_option("server.address", address)
    config.set_option("server.address", before)


def person(subject: str, issuer: str = ISSUER) -> dict[str, object]:
    return {"is_logged_in": True, "iss": issuer, "sub": subject, "email": "same@example.com", "name": "Same"}


NOBODY: dict[str, object] = {"is_logged_in": False}


# --- Without a login ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_on_loopback_it_is_kept_for_the_browser(listen: Callable[[str | None], None], address: str) -> None:
    listen(address)
    first = Visit(None, COOKIE).again(keep="Which skills?")
    assert (first.owner, first.kept, first.offered, first.notices) == (COOKIE, True, False, "")
    assert Visit(None, COOKIE).listed == "Which skills?"
    assert Visit(None, "p" * 43).listed == ""


@pytest.mark.parametrize("address", [None, "", EVERYWHERE, "192.168.1.20", "coach.example", "unix:///run/coach"])
def test_where_others_can_reach_it_nothing_is_kept_and_it_says_so(
    listen: Callable[[str | None], None], address: str | None
) -> None:
    listen(address)
    first = Visit(None, COOKIE).again(keep="Which skills?")
    assert not first.kept
    assert "Nothing is kept beyond this visit" in first.why and "own machine" in first.why
    assert first.notices == first.why
    assert first.again().listed == "Which skills?"  # As long as the visit lasts.
    assert Visit(None, COOKIE).listed == ""
    assert open_store(Settings()).conversations(COOKIE) == ()


@pytest.mark.parametrize(
    ("headers", "here"),
    [
        ({}, True),
        ({"Host": "127.0.0.1:8501"}, True),
        ({"host": "localhost:8501"}, True),
        ({"host": "[::1]:8501"}, True),
        ({"host": "coach.example"}, False),
        ({"host": "127.0.0.1.coach.example:8501"}, False),
        ({"host": "["}, False),
        ({"host": "localhost:8501", "x-forwarded-for": "203.0.113.9"}, False),
        ({"host": "localhost:8501", "Forwarded": "for=203.0.113.9"}, False),
    ],
)
def test_a_proxy_or_another_name_means_that_others_can_reach_it(headers: dict[str, str], here: bool) -> None:
    sent = StreamlitHeaders(headers.items())
    assert session.only_from_this_machine("127.0.0.1", sent) is here
    assert not session.only_from_this_machine(EVERYWHERE, sent)


# --- With a login -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", EVERYWHERE])
def test_each_person_finds_their_own_in_any_browser(listen: Callable[[str | None], None], address: str) -> None:
    listen(address)
    ada = Visit(person("ada"), COOKIE).again(keep="Ada's")
    bob = Visit(person("bob"), COOKIE).again(keep="Bob's")
    assert ada.owner == sha256(f"oidc:{ISSUER}:ada".encode()).hexdigest() != bob.owner
    assert (ada.kept, ada.owner_kept, ada.offered, ada.notices) == (True, True, True, "")
    assert "login" in ada.why
    assert (ada.listed, bob.listed) == ("Ada's", "Bob's")
    assert Visit(person("ada"), "p" * 43).listed == "Ada's"
    assert Visit(person("ada", "https://other.example"), COOKIE).listed == ""


def test_a_login_that_is_offered_and_not_used_keeps_nothing_where_others_can_reach_it(
    listen: Callable[[str | None], None],
) -> None:
    listen(EVERYWHERE)
    visit = Visit(NOBODY, COOKIE)
    assert (visit.offered, visit.kept) == (True, False)
    assert "Log in" in visit.why


@pytest.mark.parametrize("claims", [{"iss": ISSUER}, {"sub": "ada"}, {"iss": ISSUER, "sub": ""}, {"iss": 1, "sub": 2}])
def test_a_login_without_issuer_or_subject_is_nobodys(
    listen: Callable[[str | None], None], claims: dict[str, object]
) -> None:
    listen(EVERYWHERE)
    visit = Visit({"is_logged_in": True, **claims}, COOKIE)
    assert (visit.owner, visit.kept) == (COOKIE, False)


def test_claims_of_someone_who_is_not_logged_in_count_for_nothing() -> None:
    visit = Visit({**person("ada"), "is_logged_in": False}, COOKIE)
    assert visit.owner == COOKIE


def test_two_pairs_of_issuer_and_subject_never_give_one_token() -> None:
    pairs = [
        {"iss": "https://a", "sub": "8443:x"},
        {"iss": "https://a:8443", "sub": "x"},
        {"iss": "https://a", "sub": "8443%3Ax"},
    ]
    assert len({session.login_token(pair) for pair in pairs}) == len(pairs)


def test_after_a_change_of_person_the_session_remembers_nothing_of_the_one_before() -> None:
    visit = Visit(person("ada"), COOKIE).again(keep="Ada's")
    ada = visit.owner
    assert visit.remembered == ada
    visit.app.user = dict(NOBODY)
    visit.again()
    assert ada not in (visit.owner, visit.remembered)
    assert visit.listed == ""


def test_a_window_left_open_is_nobodys_once_its_browser_is_logged_out_or_in_as_another(
    listen: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(EVERYWHERE)
    monkeypatch.setattr(session, "_browser", lambda: "q" * 43)
    elsewhere = Visit(person("ada"), None)
    monkeypatch.setattr(session, "_browser", lambda: COOKIE)
    left_open = Visit(person("ada"), None).again(keep="Ada's")
    ada = left_open.owner
    other = Visit(person("ada"), None)
    other.app.user = dict(NOBODY)
    assert ada not in (other.again().owner, other.remembered)
    for _ in range(2):  # and stays so
        assert ada not in (left_open.again().owner, left_open.remembered)
        assert (left_open.kept, left_open.listed) == (False, "")
    bob = Visit(person("bob"), None)
    assert left_open.again().owner not in (ada, bob.owner)
    assert bob.again().kept
    assert Visit(person("ada"), None).listed == left_open.again().listed == "Ada's"
    assert bob.again().owner not in (ada, session.login_token(person("bob")))
    monkeypatch.setattr(session, "_browser", lambda: "q" * 43)
    assert elsewhere.again().listed == "Ada's"  # another browser is not logged out by this one
