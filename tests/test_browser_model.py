"""A language model in the app, in a real Chromium: the real small one from the settings to the checked answer, and
every way in which a service fails. A key that is typed is searched for afterwards wherever something could be kept."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect

from coach.lab.tour import STOPS
from coach.models import small
from coach.ui.model import NAMES
from eval.browser import ROOT, served
from tests.browser import (
    ANSWER_MS,
    FIRST_ANSWER_MS,
    PHONE,
    WIDE,
    ask,
    chromium,
    fits,
    loaded,
    open_page,
    settled,
    watched,
)
from tests.scripted_model import (
    BadChunk,
    Computed,
    Long,
    Reset,
    ScriptedModel,
    Stall,
    Text,
    empty,
    model_not_found,
    rate_limited,
    server_error,
    stepped,
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
        while not server.chats:  # the reply that stalls is for this request; pytest's timeout ends a wait in vain
            page.wait_for_timeout(50)
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


def test_the_tours_last_stop_leads_to_three_answers_with_what_does_not_hold_struck_out(
    context: BrowserContext, address: str
) -> None:
    page = open_page(context, address)
    false, uncited = "The pay is $987,654 a year. [1]", "Everybody is hired at once."
    with ScriptedModel(Computed(lambda body: _said(body, false, uncited))) as server:
        use_service(page, server.base_url)
        page.get_by_test_id("stTopNavLink").filter(has_text="RAG Lab").click()
        page.get_by_role("radio", name="Tour", exact=True).click()
        page.locator(".st-key-lab-tour-stop").get_by_text(str(STOPS), exact=True).click()
        expect(page.get_by_role("heading", level=3)).to_contain_text(f"{STOPS} of {STOPS}")
        loaded(page)
        asked = page.locator('[class*="st-key-asked-first-tour"]').inner_text().strip()
        page.locator(".st-key-lab-tour-look button").click()
        expect(page.get_by_role("textbox", name="Question")).to_have_value(asked)
        page.get_by_role("button", name="Ask it twice").click()
        columns = page.get_by_test_id("stColumn")
        expect(columns).to_have_count(3)
        for at, head in enumerate(("No retrieval", "Retrieval", "Retrieval and check")):
            expect(columns.nth(at).locator("strong").first).to_have_text(head)
        settled(page)
        alone, passages, checked = (columns.nth(at) for at in range(3))
        # Alone, all of it is made up; with the passages, what they say stands and the rest is struck out with the
        # reason; and of that nothing is left once it is checked.
        expect(alone).to_contain_text("2 of 2 sentences not supported")
        expect(passages).to_contain_text("2 of 3 sentences not supported")
        for column, words, reason in (
            (alone, "The pay is $987,654 a year.", "987,654"),
            (alone, uncited, "covers too little of it"),
            (passages, "The pay is $987,654 a year.", "987,654"),
            (passages, uncited, "it cites nothing"),
        ):
            struck = column.get_by_test_id("stMarkdown").filter(has=page.locator("del, s").get_by_text(words))
            expect(struck).to_have_count(1)
            assert reason in struck.inner_text().replace(words, "")
        expect(checked).to_contain_text(re.compile(r"\d"))
        expect(checked).not_to_contain_text("987,654")
        expect(checked).not_to_contain_text(uncited)
        expect(checked.locator("del, s")).to_have_count(0)
        assert fits(page)
        assert [("Passages:" in chat.prompt) for chat in server.chats] == [True, False]


def _said(body: Mapping[str, Any], *made_up: str) -> str:
    """With passages, the first sentence of the first one and what is made up; without them, that alone."""
    asked = str(body["messages"][-1]["content"])
    first = re.search(r"^\[1\] [^\n]*?: (?P<sentence>[^\n]*?[.!])(?: |$)", asked, re.MULTILINE)
    return " ".join(([f"{first['sentence']} [1]"] if first else []) + list(made_up))


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


def test_a_key_in_the_secrets_reaches_its_address_and_nothing_else_and_the_environment_beats_them(
    context: BrowserContext, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COACH_MODEL", "scripted-2")  # which Streamlit overwrites when it reads the file
    folder = tmp_path / "app"
    shutil.copytree(built, folder / "data")
    sent: list[str | bytes] = []  # all that reaches the browser, drawn or not

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: sent.append(frame))  # noqa: PLW0108 - Playwright takes no built-in

    context.on("page", lambda page: page.on("websocket", listen))
    with ScriptedModel(Text(TRUE)) as server:
        values = {"COACH_MODEL": "scripted-1", "COACH_MODEL_URL": server.base_url, "COACH_MODEL_KEY": SENTINEL}
        secrets = tmp_path / "secrets.toml"
        secrets.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
        with served(ROOT / "app.py", folder / "data", options=(f"--secrets.files={secrets}",)) as url:
            page = open_page(context, url)
            expect(page.locator(".st-key-model-settings")).to_contain_text("Local: scripted-2")
            ask(page, LENGTH)
            expect(page.locator('[class*="st-key-said-"]').last).to_contain_text("Worded by scripted-2")
            page.get_by_text("Evidence:").click()
            page.get_by_role("tab", name="Steps").click()
            expect(page.get_by_text("The prompt as sent, and the reply").first).to_be_visible()
            open_settings(page, "The model of this app")
            page.get_by_role("button", name="Test the connection").click()
            expect(page.get_by_role("dialog")).to_contain_text("scripted-2 answered in")
            shown = page.content()
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
            shown += page.content() + page.url
        assert {(chat.key, chat.body["model"]) for chat in server.chats} == {(SENTINEL, "scripted-2")}
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {SENTINEL}"}
    digits = SENTINEL.rpartition("-")[2]  # no sign in them that a page would write in another way
    assert digits not in shown
    frames = [frame.encode() if isinstance(frame, str) else frame for frame in sent]
    assert any(b"Worded by" in frame for frame in frames)
    assert not any(digits.encode() in frame for frame in frames)
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(path.suffix == ".log" for path in kept) and any(b"6 to 8 months" in data for data in kept.values())
    assert not [path for path, data in kept.items() if digits.encode() in data]


DRAFTS = """() => {
    window.drafts = [];
    const look = () => {
        for (const label of document.querySelectorAll('[data-testid="stCaptionContainer"]')) {
            if (!label.textContent.includes("The model's draft")) continue;
            for (const one of document.querySelectorAll('[data-testid="stMarkdown"]')) {
                const after = label.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
                if (after && one.textContent) window.drafts.push(one.textContent);
            }
        }
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
"""Keeps every text that ever stands below the label of the draft."""


def test_no_half_typed_marker_is_ever_on_the_page(context: BrowserContext, address: str) -> None:
    # Each piece brings words to wait for, and ends within a marker that is then the last thing that has come.
    pieces = {
        "The guide plans 6 to 8 months [": "6 to 8 months",
        "1] for the move. [1": "for the move.",
        "] Nothing is hidden [1][": "Nothing is hidden",
        "2] and nothing is shown [2, ": "nothing is shown",
        "3] twice [\uff11](https://evil": "twice",
        ".example) or [ more": "more",
        " often. \uff3b4": "often.",
    }
    page = open_page(context, address)
    reply = stepped(*pieces)
    with ScriptedModel(reply) as server:
        use_service(page, server.base_url)
        page.evaluate(DRAFTS)
        box = page.get_by_test_id("stChatInputTextArea")
        box.fill(LENGTH)
        box.press("Enter")
        for words, gate in zip(pieces.values(), reply.gates, strict=True):
            page.wait_for_function(
                "words => window.drafts.some(draft => draft.includes(words))", arg=words, timeout=FIRST_ANSWER_MS
            )
            gate.set()
        expect(page.get_by_text("Evidence:")).to_have_count(1, timeout=ANSWER_MS)
    drafts: list[str] = page.evaluate("() => window.drafts")
    whole = "The guide plans 6 to 8 months for the move. Nothing is hidden and nothing is shown twice or more often."
    assert whole in {" ".join(draft.split()) for draft in drafts}
    assert not [draft for draft in drafts if re.search(r"[\[\]\uff3b\uff3d]|evil", draft)]
