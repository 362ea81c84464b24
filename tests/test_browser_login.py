"""Who sees what, in real browsers: with a login each person their own, and without one, elsewhere than on the machine
itself, nobody anything once the visit is over.

The login is Streamlit's own, at a provider that the tests run. Browsers reach the app on loopback, as its owner does,
or by a name, as others do: by a rule of the browser the name means this machine, so nothing listens to a network.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from coach.storage.opening import FILE_NAME
from coach.storage.tables import Base
from eval.browser import ROOT, served
from tests.browser import ANSWER_MS, WIDE, ask, chromium, open_page, settled, watched
from tests.login_provider import Provider, login_provider
from tests.test_browser_plan import (
    TODAY,
    assert_first_visit,
    do_next_step,
    downloaded,
    fill,
    forget,
    open_plan,
    plan_file,
    summary,
    title_now,
)

pytestmark = pytest.mark.timeout(900)

NAME = "coach.test"
"""Under it other machines would reach the app; no machine anywhere may have it (RFC 6761)."""
NOTHING_KEPT = "Nothing is kept beyond this visit"
QUESTION = "Which SKILLS are CRITICAL here?"
"""Written as nothing of ours is, so that it can be looked for in files."""
OTHER_QUESTION = "Does the timeline add UP?"
REGION = "Quillhaven"


# --- Apps and browsers --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # A proxy would be asked for the name before the rule is.
    with chromium(f"--host-resolver-rules=MAP {NAME} 127.0.0.1", "--no-proxy-server") as started:
        yield started


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with login_provider() as running:
        yield running
    assert running.refused == []


@contextmanager
def app(data_dir: Path, built: Path, name: str = "127.0.0.1", provider: Provider | None = None) -> Iterator[str]:
    """The address, under that name, of an app with a data folder of its own, with a login if there is a provider."""
    shutil.copytree(built, data_dir)
    options: Sequence[str] = ()
    if provider is not None:
        options = (f"--secrets.files={provider.write_secrets(data_dir.parent / 'secrets.toml', name)}",)
    with served(ROOT / "app.py", data_dir, TODAY, options) as address:
        yield address.replace("127.0.0.1", name)


@pytest.fixture(scope="module")
def with_login(tmp_path_factory: pytest.TempPathFactory, built: Path, provider: Provider) -> Iterator[tuple[str, Path]]:
    """An app on loopback with a login, and its data folder."""
    data_dir = tmp_path_factory.mktemp("login") / "data"
    with app(data_dir, built, provider=provider) as address:
        yield address, data_dir


Opening = Callable[[], AbstractContextManager[BrowserContext]]


@pytest.fixture
def somebody(browser: Browser) -> Opening:
    """One more browser that has never been here."""
    return lambda: watched(browser.new_context(**WIDE), NAME)


# --- What visitors do ---------------------------------------------------------------------------------------


def log_in(page: Page, person: str) -> None:
    """From the plan, or from the chat's "Your data", to the provider and back to the chat, as Streamlit has it."""
    page.locator(".st-key-login button").click()
    expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
    page.get_by_role("link", name=person, exact=True).click()
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible()
    settled(page)


def log_out(page: Page) -> None:
    """From the plan to the chat."""
    page.locator(".st-key-logout button").click()
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible()
    settled(page)


def come_as(context: BrowserContext, address: str, person: str) -> Page:
    """The chat of somebody who has just logged in."""
    page = open_plan(context, address)
    expect(page.locator(".st-key-logout")).to_have_count(0)
    log_in(page, person)
    return page


def go_to_plan(page: Page) -> None:
    """Within the visit: an address typed anew would begin another one."""
    page.get_by_role("link", name="My plan", exact=True).click()
    expect(page.get_by_role("heading", name="My data")).to_be_visible()
    settled(page)


def go_to_chat(page: Page) -> None:
    page.get_by_role("link", name="Coach", exact=True).click()
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible()
    settled(page)


def make_plan(page: Page, hours: float) -> str:
    """Keep a profile, tick a step; gives the title of the step."""
    fill(page, "first-hours", f"{hours:g}")
    page.get_by_text("Pay, region, days off and what to leave out").click()
    fill(page, "first-region", REGION)
    # A mouse that is pressed while the page is drawn anew is let go beside the button.
    page.get_by_role("button", name="Make my plan").press("Enter")
    expect(summary(page, hours)).to_be_visible()
    settled(page)
    return do_next_step(page)


def reload_plan(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("heading", name="My data")).to_be_visible()
    settled(page)


def expect_no_conversation(page: Page) -> None:
    """Neither on screen nor in the list, on a page that is drawn to its end."""
    expect(page.get_by_text("will be listed here")).to_be_visible()
    settled(page)
    expect(page.locator('[class*="st-key-asked-"]')).to_have_count(0)
    expect(page.get_by_text("Evidence:")).to_have_count(0)
    expect(page.locator('[class*="st-key-open-"]')).to_have_count(0)


def expect_conversation(page: Page, question: str) -> None:
    """The one of the list, and none besides, opened from there."""
    expect(page.locator('[class*="st-key-open-"] button')).to_have_count(1)
    page.locator('[class*="st-key-open-"] button').click()
    expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=ANSWER_MS)
    expect(page.locator('[class*="st-key-asked-"]').first).to_contain_text(question)


def expect_closed(page: Page, conversation: str) -> None:
    """The address of a conversation does not open it."""
    page.goto(conversation)
    expect(page.get_by_text("does not hold")).to_be_visible()
    expect_no_conversation(page)


def expect_nobody(page: Page) -> None:
    """On the plan, drawn anew within its visit, is nobody who is logged in."""
    go_to_chat(page)
    go_to_plan(page)
    expect(page.locator(".st-key-login")).to_be_visible()
    assert_first_visit(page)


# --- What is in the files -----------------------------------------------------------------------------------


def kept_rows(data_dir: Path) -> dict[str, int]:
    """How many rows each table of people's data has, where it has any."""
    with closing(sqlite3.connect(f"{(data_dir / FILE_NAME).as_uri()}?mode=ro", uri=True)) as database:
        counted = {
            name: int(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - our own names
            for name in Base.metadata.tables
        }
    return {name: count for name, count in counted.items() if count}


def files_with(data_dir: Path, text: str) -> set[str]:
    """Names of the files in the data folder and beside it, among them the app's log, in which a text stands."""
    return {path.name for path in data_dir.parent.rglob("*") if path.is_file() and text.encode() in path.read_bytes()}


# --- With a login -------------------------------------------------------------------------------------------


def test_each_person_sees_their_own_and_nothing_of_another_in_any_browser(
    somebody: Opening, with_login: tuple[str, Path], provider: Provider
) -> None:
    address, data_dir = with_login
    with somebody() as adas, somebody() as bobs, somebody() as anew:
        # Ada asks, makes a plan and ticks a step.
        chat = come_as(adas, address, "Ada")
        ask(chat, QUESTION)
        conversation = chat.url
        assert "c=" in conversation
        plan = open_plan(adas, address)
        expect(plan.get_by_text("kept under your login")).to_be_visible()
        ticked = make_plan(plan, 7)
        of_ada = plan_file(plan)
        assert of_ada["profile"]["weekly_hours"] == 7
        assert [step["title"] for step in of_ada["steps"] if step["done"]] == [ticked]

        # Bob sees none of it, neither by himself nor by Ada's address, and does the same.
        other = come_as(bobs, address, "Bob")
        expect_no_conversation(other)
        expect_closed(other, conversation)
        other_plan = open_plan(bobs, address)
        assert_first_visit(other_plan)
        make_plan(other_plan, 4)
        other.goto(address)
        ask(other, OTHER_QUESTION)

        # Ada finds all of hers in a browser that has never been here, and nothing of Bob's.
        found = come_as(anew, address, "Ada")
        expect_conversation(found, QUESTION)
        assert found.url == conversation
        found_plan = open_plan(anew, address)
        expect(summary(found_plan, 7)).to_be_visible()
        assert plan_file(found_plan) == of_ada

        # She logs out in the first: nothing of hers is left there, in no window, and not by going back.
        log_out(plan)
        assert provider.logged_out == ["ada"]
        expect_no_conversation(plan)
        expect_closed(plan, conversation)
        expect(plan.get_by_text("log in and open the link again")).to_be_visible()
        chat.reload()
        expect(chat.get_by_text("does not hold")).to_be_visible()
        expect_no_conversation(chat)
        chat.close()
        plan.goto(f"{address}plan")
        expect(plan.locator(".st-key-login")).to_be_visible()
        assert_first_visit(plan)

        # Bob logs in where she was: he finds his own.
        log_in(plan, "Bob")
        expect_conversation(plan, OTHER_QUESTION)
        go_to_plan(plan)
        expect(summary(plan, 4)).to_be_visible()

        # He deletes it, which reaches his other browser and nothing of Ada's.
        assert kept_rows(data_dir)["profiles"] == 2
        forget(plan)
        assert_first_visit(plan)
        other.goto(address)
        expect_no_conversation(other)
        reload_plan(other_plan)
        assert_first_visit(other_plan)
        assert files_with(data_dir, OTHER_QUESTION) == set()
        found.goto(address)
        expect_conversation(found, QUESTION)
        reload_plan(found_plan)
        assert plan_file(found_plan) == of_ada
        assert kept_rows(data_dir)["profiles"] == 1

        # Whoever copies the file learns nobody's login from it.
        assert files_with(data_dir, QUESTION) != set()
        assert files_with(data_dir, provider.issuer) == {"secrets.toml"}
        assert files_with(data_dir, "shared@example.com") == set()


def test_after_logging_out_neither_going_back_nor_a_window_left_open_shows_anything(
    somebody: Opening, with_login: tuple[str, Path]
) -> None:
    address, _ = with_login
    with somebody() as context:
        page = come_as(context, address, "Dora")
        go_to_plan(page)
        make_plan(page, 9)
        left_open = open_plan(context, address)
        expect(summary(left_open, 9)).to_be_visible()
        log_out(page)
        page.go_back()
        expect(page.get_by_role("heading", name="My data")).to_be_visible()
        settled(page)
        expect(page.locator(".st-key-login")).to_be_visible()
        assert_first_visit(page)

        expect_nobody(left_open)
        log_in(page, "Cleo")
        expect_nobody(left_open)  # neither hers nor those of whoever sits there now
        go_to_plan(page)
        expect(page.locator(".st-key-logout")).to_be_visible()
        assert_first_visit(page)


def test_what_a_browser_keeps_without_a_login_is_apart_from_what_a_login_keeps(
    somebody: Opening, with_login: tuple[str, Path]
) -> None:
    """On loopback a visitor who does not log in is known by their cookie, as where there is no login."""
    address, _ = with_login
    with somebody() as context, somebody() as stranger:
        page = open_plan(context, address)
        expect(page.get_by_text("kept for this browser alone")).to_be_visible()
        make_plan(page, 5)
        assert_first_visit(open_plan(stranger, address))

        log_in(page, "Cleo")
        go_to_plan(page)
        assert_first_visit(page)
        make_plan(page, 8)
        log_out(page)
        go_to_plan(page)
        expect(summary(page, 5)).to_be_visible()
        go_to_chat(page)
        page.locator(".st-key-data button").click()
        log_in(page, "Cleo")
        go_to_plan(page)
        expect(summary(page, 8)).to_be_visible()


def test_a_login_that_is_not_used_keeps_nothing_where_others_can_reach_the_app(
    somebody: Opening, tmp_path: Path, built: Path, provider: Provider
) -> None:
    data_dir = tmp_path / "data"
    with app(data_dir, built, NAME, provider) as address, somebody() as context:
        page = open_plan(context, address)
        expect(page.get_by_text(NOTHING_KEPT).first).to_be_visible()
        expect(page.get_by_text("Log in to find your plan").first).to_be_visible()
        make_plan(page, 6)
        assert kept_rows(data_dir) == {}
        reload_plan(page)
        assert_first_visit(page)

        log_in(page, "Ada")
        expect(page.get_by_text(NOTHING_KEPT)).to_have_count(0)
        go_to_plan(page)
        expect(page.get_by_text("kept under your login")).to_be_visible()
        assert_first_visit(page)  # nor does what was done before count as hers
        make_plan(page, 8)
        reload_plan(page)
        expect(summary(page, 8)).to_be_visible()
        assert kept_rows(data_dir) == {"profiles": 1, "ticks": 1}

        log_out(page)
        expect(page.get_by_text(NOTHING_KEPT).first).to_be_visible()
        go_to_plan(page)
        assert_first_visit(page)


# --- Without one --------------------------------------------------------------------------------------------


def test_elsewhere_than_on_the_machine_itself_everything_goes_with_the_visit(
    somebody: Opening, tmp_path: Path, built: Path
) -> None:
    data_dir = tmp_path / "data"
    with app(data_dir, built, NAME) as address, somebody() as context:
        page = open_page(context, address)
        assert urlsplit(page.url).hostname == NAME
        expect(page.get_by_text(NOTHING_KEPT).first).to_be_visible()
        ask(page, QUESTION)
        conversation = page.url
        assert "c=" in conversation

        go_to_plan(page)
        expect(page.get_by_text(NOTHING_KEPT).first).to_be_visible()
        expect(page.get_by_text("go when this visit ends")).to_be_visible()
        expect(page.locator(".st-key-login")).to_have_count(0)
        make_plan(page, 6)
        next_title = title_now(page)

        # As long as the visit lasts all of it is there, for this window alone.
        go_to_chat(page)
        expect_conversation(page, QUESTION)
        go_to_plan(page)
        expect(summary(page, 6)).to_be_visible()
        assert title_now(page) == next_title
        mine = downloaded(page, "download-data").decode()
        assert QUESTION in mine and REGION in mine
        beside = open_plan(context, address)
        assert_first_visit(beside)
        expect_closed(beside, conversation)

        # None of it was written down, and a reload is another visit.
        settled(page)
        assert kept_rows(data_dir) == {}
        assert files_with(data_dir, QUESTION) == files_with(data_dir, REGION) == set()
        reload_plan(page)
        assert_first_visit(page)
        expect(page.get_by_text(NOTHING_KEPT).first).to_be_visible()
        expect_closed(page, conversation)
