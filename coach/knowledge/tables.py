"""The market figures: files to a typed ``Market``.

Comes in: the folder ``knowledge/market``. Goes out: a frozen ``Market`` and a line for each row that was left out.
It knows the columns of the three tables as their publishers name them, and nothing of any pathway.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from coach.errors import KnowledgeError
from coach.knowledge.malformed import describe, fitting_rows
from coach.knowledge.market import Area, Market, MarketSource, Occupation, Outlook, SurveyPay, Wage
from coach.knowledge.reading import read_csv, read_yaml
from coach.types import Frozen

WAGES = "bls_oews_may_2025.csv"
OUTLOOKS = "bls_projections_2024_34.csv"
SURVEY = "aijobs_us_2024_25_summary.csv"

NOT_RELEASED = "-"
"""How the Bureau of Labor Statistics marks an estimate that it does not release."""

WAGE_PERCENTILES = ("p10_annual", "p25_annual", "median_annual", "p75_annual", "p90_annual")
WAGE_COLUMNS = (
    "area_code", "industry_code", "industry_name", "soc", "employment", "employment_rse_pct", "mean_annual",
    *WAGE_PERCENTILES,
)
OUTLOOK_COLUMNS = (
    "soc", "occupation", "employment_2024", "projected_2034", "change_pct", "change_numeric", "annual_openings",
    "openings_scope", "vintage", "url",
)
SURVEY_PERCENTILES = ("p10", "p25", "median", "p75", "p90")
SURVEY_COLUMNS = ("title_group", "experience_level", "n", *SURVEY_PERCENTILES)

Parsed = TypeVar("Parsed", bound=Frozen)


def load_market(folder: Path, shown: str) -> tuple[Market, tuple[str, ...]]:
    """The figures, and what was left out of them and why. Never raises for what is in the files."""
    problems: list[str] = []
    files = _Folder(folder, shown, problems)
    occupations = files.entries("occupations.yaml", Occupation, lambda job: job.soc)
    areas = files.entries("areas.yaml", Area, lambda area: area.code)
    wages = files.table(WAGES, WAGE_COLUMNS, _wage, lambda wage: (wage.soc, wage.area, wage.industry))
    outlooks = files.table(OUTLOOKS, OUTLOOK_COLUMNS, _outlook, lambda outlook: outlook.soc)
    codes, places = {job.soc for job in occupations}, {area.code for area in areas}
    for name, column, used, allowed, listed in (
        (WAGES, "soc", [wage.soc for wage in wages], codes, "occupations.yaml"),
        (WAGES, "area_code", [wage.area for wage in wages], places, "areas.yaml"),
        (OUTLOOKS, "soc", [outlook.soc for outlook in outlooks], codes, "occupations.yaml"),
    ):
        for code in dict.fromkeys(code for code in used if code not in allowed):
            problems.append(f"{shown}/{name}: {column}: expected a code of {listed}, got {code!r}; rows left out")
    market = Market(
        sources=files.entries("sources.yaml", MarketSource, lambda source: source.id),
        occupations=occupations,
        areas=areas,
        wages=tuple(wage for wage in _once(wages) if wage.soc in codes and wage.area in places),
        outlooks=tuple(outlook for outlook in outlooks if outlook.soc in codes),
        survey=files.table(SURVEY, SURVEY_COLUMNS, _survey_pay, lambda pay: (pay.title, pay.level)),
    )
    return market, tuple(problems)


class _Folder:
    """Reads the files of one folder and collects what is wrong with them."""

    def __init__(self, folder: Path, shown: str, problems: list[str]) -> None:
        self._folder = folder
        self._shown = shown
        self._problems = problems

    def entries(self, name: str, model: type[Parsed], key: Callable[[Parsed], Hashable]) -> tuple[Parsed, ...]:
        """The entries of a YAML list; of two with the same key the first."""
        shown = f"{self._shown}/{name}"
        try:
            rows, lines = fitting_rows(model, read_yaml(self._folder / name, shown), shown)
        except KnowledgeError as error:
            self._problems.append(str(error))
            return ()
        self._problems += lines
        kept: dict[Hashable, Parsed] = {}
        for row in rows:
            if kept.setdefault(key(row), row) is not row:
                self._problems.append(f"{shown}: expected each key once, got {key(row)!r} again; the first is kept")
        return tuple(kept.values())

    def table(
        self,
        name: str,
        columns: Sequence[str],
        parse: Callable[[_Cells], Parsed],
        key: Callable[[Parsed], Hashable],
    ) -> tuple[Parsed, ...]:
        """The rows of a CSV file; one that repeats an earlier row is skipped, one that contradicts it is named."""
        shown = f"{self._shown}/{name}"
        kept: dict[Hashable, Parsed] = {}
        try:
            for line, cells in read_csv(self._folder / name, shown, columns):
                try:
                    row = parse(_Cells(cells))
                    if kept.setdefault(key(row), row) != row:
                        raise KnowledgeError(f"expected the figures of the earlier row for {key(row)}, got others")
                except KnowledgeError as error:
                    self._problems.append(f"{shown}: line {line}: {error}")
                except ValidationError as error:
                    details = error.errors(include_url=False)
                    self._problems += [f"{shown}: line {line}: {describe(detail)}" for detail in details]
        except KnowledgeError as error:
            self._problems.append(str(error))
        return tuple(kept.values())


class _Cells:
    """One CSV row; each reading raises KnowledgeError that names the column."""

    def __init__(self, cells: Mapping[str, str] | None) -> None:
        if cells is None:
            raise KnowledgeError("expected a cell for each column, got another number of cells")
        self._cells = cells

    def text(self, column: str) -> str:
        if not self._cells[column]:
            raise KnowledgeError(f"{column}: expected text, got an empty cell")
        return self._cells[column]

    def number(self, column: str) -> float:
        value = self.number_or_none(column)
        if value is None:
            raise KnowledgeError(f"{column}: expected a number, got {self._cells[column]!r}")
        return value

    def number_or_none(self, column: str) -> float | None:
        cell = self._cells[column]
        if cell == NOT_RELEASED:
            return None
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise KnowledgeError(f"{column}: expected a number, got {cell!r}")
        return value

    def whole(self, column: str) -> int:
        value = self.whole_or_none(column)
        if value is None:
            raise KnowledgeError(f"{column}: expected a whole number, got {self._cells[column]!r}")
        return value

    def whole_or_none(self, column: str) -> int | None:
        cell = self._cells[column]
        if cell == NOT_RELEASED:
            return None
        # int() alone would also take "1_000" and digits of other scripts.
        if not (cell.isascii() and cell.removeprefix("-").isdigit() and len(cell) <= 15):
            raise KnowledgeError(f"{column}: expected a whole number, got {cell!r}")
        return int(cell)

    def ascending(self, columns: Sequence[str]) -> tuple[int | None, ...]:
        """Pay at rising percentiles, which cannot fall."""
        values = tuple(self.whole_or_none(column) for column in columns)
        known = [(column, value) for column, value in zip(columns, values, strict=True) if value is not None]
        for (_, before), (column, value) in pairwise(known):
            if value < before:
                raise KnowledgeError(f"{column}: expected at least {before} as at the percentile below, got {value}")
        if known and known[0][1] < 0:
            raise KnowledgeError(f"{known[0][0]}: expected no negative pay, got {known[0][1]}")
        return values


def _once(wages: Sequence[Wage]) -> list[Wage]:
    """Each cell once: an industry without subdivisions is published under two codes, with the same figures."""
    seen: dict[Wage, Wage] = {}
    for wage in wages:
        seen.setdefault(wage.model_copy(update={"industry": ""}), wage)
    return list(seen.values())


def _wage(cells: _Cells) -> Wage:
    return Wage.model_validate({
        "soc": cells.text("soc"),
        "area": cells.text("area_code"),
        "industry": cells.text("industry_code"),
        "industry_name": cells.text("industry_name"),
        "employment": cells.whole_or_none("employment"),
        "employment_rse_percent": cells.number_or_none("employment_rse_pct"),
        "mean": cells.whole_or_none("mean_annual"),
        "percentiles": cells.ascending(WAGE_PERCENTILES),
    })


def _outlook(cells: _Cells) -> Outlook:
    vintage = cells.text("vintage")
    if len(vintage) != 7 or vintage[4] != "-" or not (vintage[:4] + vintage[5:]).isdigit():
        raise KnowledgeError(f"vintage: expected years such as 2024-34, got {vintage!r}")
    start = int(vintage[:4])
    return Outlook.model_validate({
        "soc": cells.text("soc"),
        "occupation": cells.text("occupation"),
        "employment_start": cells.whole("employment_2024"),
        "employment_end": cells.whole("projected_2034"),
        "start_year": start,
        "end_year": start // 100 * 100 + int(vintage[5:]),
        "change_percent": cells.number("change_pct"),
        "change": cells.whole("change_numeric"),
        "annual_openings": cells.whole("annual_openings"),
        "openings_scope": cells.text("openings_scope"),
        "url": cells.text("url"),
    })


def _survey_pay(cells: _Cells) -> SurveyPay:
    return SurveyPay.model_validate({
        "title": cells.text("title_group"),
        "level": cells.text("experience_level"),
        "n": cells.whole("n"),
        "percentiles": cells.ascending(SURVEY_PERCENTILES),
    })
