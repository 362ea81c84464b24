"""Official pay and outlook figures, and what can be computed from them.

Comes in: the CSV files of ``knowledge/market``. Goes out: a frozen ``Market``. Percentiles describe how
pay is spread among all who hold an occupation; they are not levels of seniority.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, HttpUrl

from coach.types import Frozen

PERCENTILES = (10, 25, 50, 75, 90)

THIN_CELL_RSE_PERCENT = 10.0
"""Employment relative standard error above which a figure gets a caution beside it."""


class Occupation(Frozen):
    """An occupation of the official classification, with names that people use for it."""

    soc: str
    name: str
    """Plural, as published: "Software developers"."""
    aliases: tuple[str, ...] = ()


class Area(Frozen):
    """The nation or a metro, with the names by which people ask for it."""

    code: str
    name: str
    kind: Literal["National", "Metro"]
    short: str
    """"the United States", "Seattle"."""
    aliases: tuple[str, ...] = ()


class Wage(Frozen):
    """Annual pay of one occupation in one area (all industries), or in one industry of the nation."""

    soc: str
    area: str
    industry: str
    """Industry code; ``000000`` means all."""
    industry_name: str
    employment: int | None
    employment_rse_percent: float | None
    mean: int | None
    percentiles: tuple[int | None, int | None, int | None, int | None, int | None]
    """Pay at the 10th, 25th, 50th, 75th and 90th percentile; None where not released."""

    @property
    def median(self) -> int | None:
        return self.percentiles[2]

    @property
    def thin(self) -> bool:
        return (self.employment_rse_percent or 0.0) > THIN_CELL_RSE_PERCENT


class Outlook(Frozen):
    soc: str
    occupation: str
    employment_start: int
    employment_end: int
    start_year: int
    end_year: int
    change_percent: float
    change: int
    annual_openings: int
    openings_scope: str
    url: HttpUrl


class SurveyPay(Frozen):
    """Self-reported pay by title and level: ``EN`` entry, ``MI`` mid, ``SE`` senior, ``ALL``."""

    title: str
    level: Literal["EN", "MI", "SE", "ALL"]
    n: Annotated[int, Field(ge=1)]
    percentiles: tuple[int, int, int, int, int]

    @property
    def median(self) -> int:
        return self.percentiles[2]


class MarketSource(Frozen):
    """One source of figures, as it must be credited."""

    id: str
    name: str
    period: str
    published: str | None = None
    url: HttpUrl
    licence: str
    caveats: tuple[str, ...]
    """Whole sentences."""


class Market(Frozen):
    sources: tuple[MarketSource, ...] = ()
    occupations: tuple[Occupation, ...] = ()
    areas: tuple[Area, ...] = ()
    wages: tuple[Wage, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    survey: tuple[SurveyPay, ...] = ()

    def wage(self, soc: str, area: str, industry: str = "000000") -> Wage | None:
        """The cell for an occupation in an area, or None where there is none."""
        for wage in self.wages:
            if (wage.soc, wage.area, wage.industry) == (soc, area, industry):
                return wage
        return None


class Percentile(Frozen):
    """Where a pay lies: ``at`` for an interpolated percentile, ``below``/``above`` beyond the ends."""

    relation: Literal["below", "at", "above"]
    percentile: float


def percentile_of(pay: float, wage: Wage) -> Percentile | None:
    """Where ``pay`` lies among those who hold the occupation; None where figures are missing.

    Interpolates linearly between published percentiles; beyond the 10th or 90th it only says so.

    >>> cell = Wage(soc="1", area="0", industry="000000", industry_name="all", employment=1,
    ...             employment_rse_percent=1.0, mean=5, percentiles=(10, 20, 40, 60, 80))
    >>> percentile_of(30, cell).percentile
    37.5
    >>> percentile_of(90, cell).relation
    'above'
    """
    known = [(p, at) for p, at in zip(PERCENTILES, wage.percentiles, strict=True) if at is not None]
    if len(known) < 2:
        return None
    if pay < known[0][1]:
        return Percentile(relation="below", percentile=known[0][0])
    if pay > known[-1][1]:
        return Percentile(relation="above", percentile=known[-1][0])
    for (p0, v0), (p1, v1) in pairwise(known):
        if v0 <= pay <= v1:
            share = 0.0 if v1 == v0 else (pay - v0) / (v1 - v0)
            return Percentile(relation="at", percentile=p0 + share * (p1 - p0))
    return None
