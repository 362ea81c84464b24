"""A language model in the app, in a real Chromium: the real small one from the settings to the checked answer, and
every way in which a service fails. A key that is typed is searched for afterwards wherever something could be kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from coach.models import small
from eval.browser import ROOT, served
from tests.browser import ANSWER_MS, FIRST_ANSWER_MS, PHONE, WIDE, ask, chromium, fits, open_page, settled, watched
from tests.scripted_model import (
    BadChunk,
    Long,
    Reset,
    ScriptedModel,
    Stall,
    Text,
    empty,
    model_not_found,
    rate_limited,
    server_error,
    unauthorized,
)

pytestmark = pytest.mark.timeout(900)

SENTINEL = "sk-sentinel-2c7d90e14b8f6a35"
LENGTH = "How long does the move take?"
TRUE = "The guide plans 6 to 8 months for the move. [1]"
OWN = "This is the coach's own answer."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    made = tmp_path_factory.mktemp("app")
    shutil.copytree(built, made / "data")
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(ROOT / "app.py", folder / "data") as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser.new_context(**WIDE)) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser.new_context(**PHONE)) as opened:
        yield opened


def open_settings(page: Page, kind: str) -> None:
    page.locator(".st-key-model-settings button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.locator(".st-key-model-kind").get_by_role("combobox").click()
    page.get_by_role("option", name=kind, exact=True).click()
    settled(page)


def use_service(page: Page, base_url: str, key: str = SENTINEL, model: str = "scripted-1") -> None:
    """Type an address, a key and a model's name into the settings, and use it."""
    open_settings(page, "Another address")
    dialog = page.get_by_role("dialog")
    dialog.locator('[class*="st-key-model-address-"] input').fill(base_url)
    dialog.locator('[class*="st-key-model-key-"] input').fill(key)
    dialog.get_by_role("button", name="Test the connection").click()
    expect(dialog.get_by_text("It is there and offers 2 models.")).to_be_visible()
    dialog.locator('[class*="st-key-model-name-"]').get_by_role("combobox").click()
    page.get_by_role("option", name=model, exact=True).click()
    settled(page)
    dialog.get_by_role("button", name="Use this model").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".st-key-model-settings")).to_contain_text(f"Local: {model}")


@pytest.mark.skipif(not small.available(), reason=f"the small model is not installed: {small.INSTALL}")
def test_the_small_model_from_the_settings_to_the_checked_answer_and_a_stop(
    context: BrowserContext, address: str
) -> None:
    page = open_page(context, address)
    expect(page.locator(".st-key-model-settings")).to_contain_text("No model")
    open_settings(page, "A small model on this machine")
    expect(page.get_by_role("dialog")).to_contain_text("135 million parameters")
    page.get_by_role("button", name="Start it and use it").click()
    expect(page.locator(".st-key-model-settings")).to_contain_text(f"Local: {small.NAME}", timeout=ANSWER_MS)

    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("Which skills are critical?")
    box.press("Enter")
    draft = page.get_by_text("The model's draft, not checked yet")
    composed = page.locator('[class*="st-key-said-preview-"]')
    expect(composed).to_be_visible(timeout=FIRST_ANSWER_MS)  # the coach's own answer is there before the model's
    expect(draft).to_be_visible(timeout=FIRST_ANSWER_MS)
    expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=FIRST_ANSWER_MS)
    expect(draft).to_have_count(0)
    expect(page.locator('[class*="st-key-said-"]').last).to_contain_text(small.NAME)
    page.get_by_text("Evidence:").click()
    page.get_by_role("tab", name="Steps").click()
    expect(page.get_by_text("The prompt as sent, and the reply").first).to_be_visible()

    box.fill(LENGTH)
    box.press("Enter")
    expect(composed).to_be_visible(timeout=ANSWER_MS)
    page.get_by_test_id("stChatInputStopButton").click()
    last = page.locator('[class*="st-key-said-"]').last
    expect(last).to_contain_text(f"{small.NAME} was stopped. {OWN}", timeout=ANSWER_MS)
    expect(last).to_contain_text("6 to 8 months")
    page.reload()
    expect(page.get_by_text("was stopped.")).to_be_visible(timeout=ANSWER_MS)
    expect(page.locator(".st-key-model-settings")).to_contain_text("No model")  # a choice ends with its visit


def test_the_labs_comparison_can_be_stopped_and_shows_three_answers_side_by_side(
    context: BrowserContext, address: str
) -> None:
    page = open_page(context, address)
    false = "The move takes 9 years. [1]"
    with ScriptedModel(Stall(chunks=1), Text(f"{TRUE} {false}"), Text("The move takes 9 years.")) as server:
        use_service(page, server.base_url)
        page.get_by_test_id("stTopNavLink").filter(has_text="RAG Lab").click()
        page.get_by_role("textbox", name="Question").fill(LENGTH)
        page.get_by_role("textbox", name="Question").press("Enter")
        page.get_by_text("Let a model write").click()
        page.get_by_role("button", name="Ask it twice").click()
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("stopped").first).to_be_visible()
        settled(page)
        page.get_by_role("button", name="Ask it twice").click()
        expect(page.get_by_text("Retrieval and check")).to_be_visible()
        columns = page.get_by_test_id("stColumn")
        expect(columns.nth(0)).to_contain_text("1 of 1 sentence not supported")
        expect(columns.nth(1)).to_contain_text("1 of 2 sentences not supported")
        expect(columns.nth(2)).to_contain_text("6 to 8 months")
        expect(columns.nth(2)).not_to_contain_text("9 years")
        assert fits(page)


def test_a_draft_that_holds_is_shown_and_every_failure_leaves_the_coachs_answer_and_a_plain_sentence(
    context: BrowserContext, address: str, folder: Path
) -> None:
    page = open_page(context, address)
    failures = [
        (unauthorized(), "does not accept the key"),
        (rate_limited(3600), "takes no more requests for now"),
        (server_error(500), "has a fault of its own"),
        (Reset("Six weeks. [1] And then", chunks=3), "broke off"),
        (BadChunk("Six weeks.", chunks=1), "not what OpenAI's protocol says"),
        (empty(), "sent no words"),
        (model_not_found(), "knows no model"),
        (Long(characters=1_000_000), "Too little of what scripted-1 wrote"),
    ]
    with ScriptedModel(Text(f"{TRUE} The move takes 9 years. [1]")) as server:
        use_service(page, server.base_url)
        ask(page, LENGTH)
        said = page.locator('[class*="st-key-said-"]').last
        expect(said).to_contain_text(
            "Worded by scripted-1 on this machine, every sentence checked. 1 sentence struck out."
        )
        expect(said).not_to_contain_text("9 years")
        expect(said).to_contain_text("disagree")  # put back
        page.get_by_text("Evidence:").click()
        page.get_by_role("tab", name="Claims").click()
        expect(page.locator("del, s").get_by_text("The move takes 9 years.")).to_be_visible()
        page.get_by_text("Evidence:").click()
        for reply, words in failures:
            server.script(reply)
            ask(page, LENGTH)
            said = page.locator('[class*="st-key-said-"]').last
            expect(said).to_contain_text(words)
            expect(said).to_contain_text(OWN)
            expect(said).to_contain_text("6 to 8 months")
        assert all(chat.key == SENTINEL for chat in server.chats)
        open_settings(page, "Another address")
        shown = page.content()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.locator(".st-key-menu button:visible").first.click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export as Markdown").click()
        exported = download.value.path().read_text(encoding="utf-8")
        assert "6 to 8 months" in exported
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(path.suffix == ".log" for path in kept) and any(b"6 to 8 months" in data for data in kept.values())
    assert not [path for path, data in kept.items() if SENTINEL.encode() in data]
    assert SENTINEL not in shown and SENTINEL not in page.content() and SENTINEL not in exported
    assert SENTINEL not in page.url


def test_a_silent_service_is_stopped_and_another_visit_has_no_model(
    context: BrowserContext, phone: BrowserContext, address: str
) -> None:
    page = open_page(context, address)
    with ScriptedModel(Stall("Six weeks", chunks=1)) as server:
        use_service(page, server.base_url)
        other = open_page(phone, address)  # somebody else, meanwhile
        ask(other, LENGTH)
        expect(other.locator('[class*="st-key-said-"]').last).to_contain_text("6 to 8 months")
        expect(other.locator('[class*="st-key-said-"]').last).not_to_contain_text("scripted-1")
        assert fits(other) and not server.chats
        box = page.get_by_test_id("stChatInputTextArea")
        box.fill(LENGTH)
        box.press("Enter")
        expect(page.locator('[class*="st-key-said-preview-"]')).to_be_visible(timeout=ANSWER_MS)
        page.get_by_test_id("stChatInputStopButton").click()
        expect(page.locator('[class*="st-key-said-"]').last).to_contain_text(OWN, timeout=ANSWER_MS)
        assert server.left_early.wait(30)


def test_an_address_in_the_clear_is_refused_where_it_is_typed(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    open_settings(page, "Another address")
    dialog = page.get_by_role("dialog")
    dialog.locator('[class*="st-key-model-address-"] input').fill("http://192.168.1.20:8000/v1")
    dialog.get_by_role("button", name="Test the connection").click()
    expect(dialog).to_contain_text("only https, or http to this machine")
