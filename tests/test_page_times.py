"""What is told of how long pages take to open; that they do open is for the tests with a browser."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from eval import browser, page_times
from eval.__main__ import app
from eval.browser import BrowserError, served
from eval.page_times import Opening, PageTimes
from eval.reporting import show_page_times

FOUND = PageTimes(
    openings=(
        Opening(address="/", first=0.6, again=0.5),
        Opening(address="/plan", first=2.0, again=0.75),
        Opening(address="/library", first=0.7, again=0.5),
    ),
    slider=(0.2, 0.9, 0.3),
)


def test_the_slowest_page_and_the_ratios_to_the_first_one_are_told() -> None:
    written = io.StringIO()
    show_page_times(FOUND, Console(file=written, width=120))
    rows = [line.split() for line in written.getvalue().splitlines()]
    assert ["/plan", "2.00", "0.75", "1.5"] in rows
    assert "Slowest first opening: /plan, 2.00 s." in written.getvalue()
    assert "A slider answers in 0.30 s (median of 3; 0.20 to 0.90)." in written.getvalue()


def test_every_page_of_the_app_is_opened() -> None:
    opened = {address.partition("?")[0] for address, _ in page_times.VIEWS}
    entry = (browser.ROOT / "app.py").read_text(encoding="utf-8")
    paths = {line.split('url_path="')[1].split('"')[0] for line in entry.splitlines() if 'url_path="' in line}
    assert paths - {"coach"} == opened - {""} and "" in opened


def test_without_a_browser_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_times, "chromium_path", lambda: None)
    found = CliRunner().invoke(app, ["page-times"])
    assert found.exit_code == 2 and "apt-get install chromium" in found.output


def test_an_app_that_does_not_start_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(BrowserError, match="does not exist"), served(tmp_path / "no_app.py", tmp_path / "data"):
        pass
