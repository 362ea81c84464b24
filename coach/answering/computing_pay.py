"""Pay worked out: the learner's own against other figures, by the month, one place against another.

Comes in: a query and figures of pay. Goes out: computed statements with formula. Taxes, benefits and the cost of living
are left out, since nothing that the coach holds tells them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coach.answering.computing_basis import Basis, Worked, of_kind
from coach.answering.figures import quantities
from coach.answering.statements import Cell, Ref, Statement, quote
from coach.knowledge.entities import level_name
from coach.knowledge.market import Wage, percentile_of
from coach.knowledge.official import NATION, interpolation, place
from coach.knowledge.pathway import Pathway, PayClaim
from coach.knowledge.wording import (
    CURRENCY_SIGNS,
    listed,
    money,
    number,
    percent_range,
    sentence,
    signed_percent,
    title_start,
)
from coach.types import Quantity, Query, Support, Unit

WEEKS_PER_YEAR = 52
HOURS_PER_WEEK = 40
"""What a year's pay is taken to be for where pay by the week or the hour is asked for; said beside the result."""

OFFICIAL_CURRENCY = "USD"
"""Of all official figures that the market holds."""

MOST_NEIGHBOURS = 3
"""Occupations whose medians one sentence can hold; the pathway names the nearest first."""

FAR_ABOVE = 10
"""Times the highest pay of the page from which nobody's pay is believed."""

_PERIOD = re.compile(
    r"(?:(?P<article>\ban?)|\b(?:per|each|every|by the)|/)\s*(?P<name>hour|week|month)\b"
    r"|\b(?P<adverb>hour|week|month)ly\b",
    re.IGNORECASE,
)
_NO_PAY_BEFORE = re.compile(
    r"\b(?:hours?|hrs?|h|days?|times?|once|twice|evenings?|nights?|skills?|tasks?)\s*$", re.IGNORECASE
)
_LENGTH_BEFORE = re.compile(
    r"\b(?:in|within|for|after|before|half|only|just|takes?|under|over|about|than|like|have|got)\s+$", re.IGNORECASE
)
_NO_PAY_AFTER = re.compile(
    r"\s*(?:ago|from|later|before|after|of|or two|hours?|workload|schedule|plan|tasks?|goals?|effort|study|time)\b",
    re.IGNORECASE,
)
_PLACES = r"(?:metros?|cit(?:y|ies)|places?|locations?|regions?|areas?|towns?)"
_EXTREMES = re.compile(
    r"(?=.*\b(?:gap|differ\w*|spread|between|against|versus|apart|compar\w+|than)\b)"
    r"(?=.*\b(?:best|highest|top|most|richest|priciest)\b)(?=.*\b(?:worst|lowest|bottom|least|poorest|cheapest)\b)"
    rf"(?=.*\b{_PLACES}\b)",
    re.IGNORECASE,
)
_PLACE_ASKED = re.compile(
    r"\b(?:percentiles?|rank(?:ed|s)?|pecking order|compared (?:to|with) (?:other|most)|"
    r"(?:put|place|land)s? me among)\b",
    re.IGNORECASE,
)
_MOVE_ASKED = re.compile(
    r"\b(?:raise\w*|rise|increase\w*|jump|uplift|hike|mov(?:e|ing)|switch\w*|worth|add up|guide\w*|page|claim\w*|"
    r"promis\w*|entry|junior|senior|become|after)\b",
    re.IGNORECASE,
)
_BY_SIGN = (
    ("CAD", ("ca$", "cad")),
    ("AUD", ("a$", "aud")),
    ("CHF", ("chf", "franc")),
    ("GBP", ("£", "pound", "gbp", "quid")),
    ("EUR", ("€", "euro", "eur")),
    ("INR", ("₹", "rupee", "inr")),
    ("USD", ("$", "dollar", "usd", "bucks")),
)


@dataclass(frozen=True)
class Period:
    """A part of a year that pay is told by."""

    name: str
    divisors: tuple[int, ...]
    assumption: str
    """Said beside the result; empty where there is nothing to assume."""

    @property
    def said(self) -> tuple[str, ...]:
        """The assumption as a step of a formula, so that its figures are known as what they are."""
        return (self.assumption,) if self.assumption else ()

    def share(self, yearly: float) -> float:
        for divisor in self.divisors:
            yearly /= divisor
        return yearly

    def yearly(self, share: float) -> float:
        for divisor in self.divisors:
            share *= divisor
        return share

    def formula(self, sign: str) -> str:
        """What stands behind a pay to turn it: " / 52 / 40", with the sign of the operation."""
        return "".join(f" {sign} {divisor}" for divisor in self.divisors)


_PERIODS = {
    "month": Period("month", (12,), ""),
    "week": Period("week", (WEEKS_PER_YEAR,), f"{WEEKS_PER_YEAR} weeks a year"),
    "hour": Period(
        "hour",
        (WEEKS_PER_YEAR, HOURS_PER_WEEK),
        f"{WEEKS_PER_YEAR} weeks a year and {HOURS_PER_WEEK} hours a week",
    ),
}


def period_of(text: str) -> Period | None:
    """The part of a year by which a text tells or asks pay; None for "10 hours a week" and "within a month".

    >>> [period.name if (period := period_of(text)) else None for text in ("hourly pay?", "8k/month", "6 hours a week")]
    ['hour', 'month', None]
    """
    for match in _PERIOD.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if _NO_PAY_BEFORE.search(before) or _NO_PAY_AFTER.match(after):
            continue
        if match.group("article") and _LENGTH_BEFORE.search(before):
            continue
        return _PERIODS[(match.group("name") or match.group("adverb")).lower()]
    return None


@dataclass(frozen=True)
class OwnPay:
    """The learner's pay by the year, and what they told it as where that was by another period."""

    yearly: float
    currency: str
    told: float
    period: Period | None = None

    def statement(self, refs: tuple[Ref, ...]) -> Statement | None:
        """How it was made yearly, beside sentences that it is held against."""
        if self.period is None:
            return None
        told, now = _rate(self.told, self.currency), money(self.yearly, self.currency)
        assumed = f", taking {self.period.assumption}" if self.period.assumption else ""
        return Statement(
            f"{told} {period_name(self.period)} is {now} a year{assumed}.",
            Support.COMPUTED,
            refs,
            "; ".join([f"{told}{self.period.formula('x')} = {now}", *self.period.said]),
        )


def own_pay(query: Query, pay: Quantity, pathway: Pathway) -> OwnPay:
    """A pay that the query tells, by the year: what an answer computes with, and what is kept of the learner.

    Without a currency of its own it is in the pathway's.
    """
    told = f"{query.context} {query.standalone}".strip()
    before, found, after = told.partition(pay.text)
    beside = re.match(rf"\s*(?:{_PERIOD.pattern})", after, re.IGNORECASE) if found else None
    nearby = re.search(r"\b(?:hour|week|month)ly\b[^.?!]{0,30}$", before, re.IGNORECASE) if found else None
    period = period_of(beside.group()) if beside else period_of(nearby.group()) if nearby else None
    currency = currency_named(pay.text) or pathway.currency
    highest = max((claim.high or claim.low for claim in pathway.pay), default=math.inf)
    if period and period.yearly(pay.low) > FAR_ABOVE * highest:
        period = None  # "80k a month" is a slip for a year
    return OwnPay(period.yearly(pay.low) if period else pay.low, currency, pay.low, period)


@dataclass(frozen=True)
class Official:
    """A published cell of pay, and the fact that tells it."""

    area: str
    """As it stands in a sentence: "Denver", "the United States"."""
    occupation: str
    wage: Wage
    cell: Cell

    @property
    def whose(self) -> str:
        """Who is meant, as it stands in a sentence: "software developers in Denver"."""
        return f"{self.occupation} in {self.area}"


class PayComputer:
    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self.facts = basis.facts
        self.pathway = basis.pathway

    # --- The learner's own pay ------------------------------------------------------------------------------

    def own(self, query: Query, pay: Quantity) -> Worked | None:
        """What the move makes of the learner's pay, and where it lies; a level that is named comes first.

        A question that only asks for the place gets that alone.
        """
        own = own_pay(query, pay, self.pathway)
        levels = of_kind(query, "level")
        raised = self.raised(own, own.period or period_of(query.standalone))
        comparable = own.currency == self.pathway.currency
        against = [
            self.against(claim, own, cell)
            for claim in (self.pathway.pay if comparable else ())
            if not levels or f"level:{claim.level}" in levels
            for cell in self.basis.cells("pay.level", [f"level:{claim.level}"])
        ]
        named = next(iter(of_kind(query, "metro")), None)
        metro = named if named and self.official(named) else None
        official = self.official(metro) if own.currency == OFFICIAL_CURRENCY else None
        if (
            official
            and not levels
            and _PLACE_ASKED.search(query.standalone)
            and not _MOVE_ASKED.search(query.standalone)
        ):
            facets = ("pay.official", "pay.general")
            said = [*self.placed(own, metro), *self.caveat(placed=True)]
        elif levels and against:
            facets = ("pay.level", "pay.change")
            placed = self._both_placed(own, official)
            said = [*against, *raised, *placed, *(self.caveat(placed=True) if placed else ())]
        else:
            facets = ("pay.change", "pay.general")
            placed = self._both_placed(own, official)
            beside = [*self.beside(own, metro), *self.caveat(placed=True)] if placed else []
            said = [*raised, *against, *placed, *beside]
            if said and not placed:
                said += self._uncompared(own) or self.caveat(placed=False)
        if not said:
            return None
        made_yearly = own.statement(said[0].refs)
        return Worked((*([made_yearly] if made_yearly else []), *said), facets)

    def raised(self, own: OwnPay, period: Period | None = None) -> list[Statement]:
        """What the page's change of pay makes of the learner's, by the year and by ``period``."""
        change = self.pathway.salary_change
        cell = self.facts.find("pay.change")
        if cell is None or change is None:
            return []
        raises = self.raises(own)
        results = [result for _, result in raises]
        now = money(own.yearly, own.currency)
        text = (
            f"The guide's {percent_range(change.low, change.high)} would turn {now} into "
            f"{' to '.join(money(result, own.currency) for result in results)} a year"
        )
        steps = [raise_formula(own, end, result) for end, result in raises]
        if period:
            shares, divided = _shares(results, period, own.currency)
            text += f", {' to '.join(shares)} {period_name(period)}"
            steps += divided
        return [Statement(f"{text}.", Support.COMPUTED, cell.refs(), "; ".join(steps))]

    def raises(self, own: OwnPay) -> list[tuple[float, float]]:
        """Each end of the page's change in percent, and the learner's pay after it."""
        change = self.pathway.salary_change
        ends = dict.fromkeys((change.low, change.high)) if change else ()
        return [(end, own.yearly * (1 + end / 100)) for end in ends]

    def against(self, claim: PayClaim, own: OwnPay, cell: Cell) -> Statement:
        """The page's figure for a level against the learner's pay; one that is open above is not said to be lower."""
        now, currency = own.yearly, own.currency
        if claim.at_least and now > claim.low:
            return _above_lower_end(claim, own, cell)
        top = claim.high or claim.low
        gap = claim.low - now if now < claim.low else top - now
        far = top - now if now < claim.low and claim.high else None
        amount = amount_of(claim, currency)
        figure = f"The guide's {level_name(claim.level)} figure of {amount}"
        if claim.low <= now <= top:
            text = f"{figure} is about what you earn now."
            formula = f"{amount} holds {money(now, currency)}"
        else:
            relation = "above" if gap > 0 else "below"
            percent = gap / now * 100
            reach = f" to {money(far, currency)}" if far else ""
            share = f" to {number(far / now * 100)}" if far else ""
            edge = claim.low if now < claim.low else top
            text = (
                f"{figure} is {money(abs(gap), currency)}{reach} ({number(abs(percent))}{share} percent) {relation} "
                f"your {money(now, currency)}."
            )
            formula = (
                f"{money(edge, currency)} - {money(now, currency)} = {'-' if gap < 0 else ''}"
                f"{money(abs(gap), currency)}; {money(abs(gap), currency)} / {money(now, currency)} x 100 = "
                f"{number(abs(percent))} percent"
            )
            if far:
                formula += (
                    f"; {money(top, currency)} - {money(now, currency)} = {money(far, currency)}; "
                    f"{money(far, currency)} / {money(now, currency)} x 100 = {number(far / now * 100)} percent"
                )
        return Statement(text, Support.COMPUTED, cell.refs(), formula)

    def _placed(self, query: Query, own: OwnPay) -> list[Statement]:
        """Where the learner's pay lies among official figures: in the metro they name, else in the nation."""
        return self.placed(own, next(iter(of_kind(query, "metro")), None)) if own.currency == OFFICIAL_CURRENCY else []

    def placed(self, own: OwnPay, metro: str | None) -> list[Statement]:
        """Where a pay in dollars lies among the official figures of a metro, or of the nation for None."""
        found = self.official(metro)
        spot = percentile_of(own.yearly, found.wage) if found else None
        if found is None or spot is None:
            return []
        text = sentence(f"Your {money(own.yearly)} lies {place(spot)} of {found.whose}")
        return [Statement(text, Support.COMPUTED, found.cell.refs()[:1], interpolation(own.yearly, found.wage))]

    def raise_placed(self, own: OwnPay, official: Official) -> Statement | None:
        """Where a pay in dollars lies among official figures after the page's change."""
        cell = self.facts.find("pay.change")
        spots, steps = self._raise_spots(own, official)
        if cell is None or not spots:
            return None
        (pays, spot), *rest = spots
        text = f"{listed(pays)} {'lie' if len(pays) > 1 else 'lies'} {spot} of {official.whose}"
        text += "".join(f", {listed(pays)} {spot}" for pays, spot in rest)
        refs = (*cell.refs(), *official.cell.refs()[:1])
        return Statement(sentence(text), Support.COMPUTED, refs, "; ".join(steps))

    def _both_placed(self, own: OwnPay, official: Official | None) -> list[Statement]:
        """Where the learner's pay lies now and after the page's change, in one sentence."""
        cell = self.facts.find("pay.change")
        now = percentile_of(own.yearly, official.wage) if official else None
        if official is None or now is None:
            return []
        text = f"Your {money(own.yearly)} lies {place(now)} of {official.whose}"
        refs, formula = official.cell.refs()[:1], [interpolation(own.yearly, official.wage)]
        spots, steps = self._raise_spots(own, official)
        if cell and spots:
            (pays, spot), *rest = spots
            after = [f"{listed(pays)} would lie {spot}", *(f"{listed(pays)} {spot}" for pays, spot in rest)]
            text += f"; after the guide's raise, {listed(after)}"
            refs, formula = (*cell.refs(), *refs), [*formula, *steps]
        return [Statement(sentence(text), Support.COMPUTED, refs, "; ".join(formula))]

    def _raise_spots(self, own: OwnPay, official: Official) -> tuple[list[tuple[list[str], str]], list[str]]:
        """The pays after the page's change that lie at the same place, with that place; and the formula of each."""
        spots: dict[str, list[str]] = {}
        steps: list[str] = []
        for end, raised in self.raises(own):
            if spot := percentile_of(raised, official.wage):
                spots.setdefault(place(spot), []).append(money(raised))
                steps += [raise_formula(own, end, raised), interpolation(raised, official.wage)]
        return [(pays, spot) for spot, pays in spots.items()], steps

    # --- Neighbours and caveats -------------------------------------------------------------------------------

    def neighbouring(self, metro: str | None) -> Iterator[Official]:
        """Figures of the occupations nearest to the target: of the metro, or where there are none of the nation."""
        for soc in dict.fromkeys(self.pathway.market.neighbours):
            if soc != self.basis.official.reference and (
                found := self.official(metro, soc) or self.official(None, soc)
            ):
                yield found

    def beside(self, own: OwnPay, metro: str | None) -> list[Statement]:
        """Medians of the nearest occupations against a pay in dollars, in one sentence."""
        medians = [(found, median) for found in self.neighbouring(metro) if (median := found.wage.median)]
        gaps = [(found, median, *gap_to(median, own)) for found, median in medians[:MOST_NEIGHBOURS]]
        if not gaps:
            return []
        parts = [
            f"{money(median)} for {found.whose}{' (an uncertain figure)' if found.wage.thin else ''}, {gap}"
            for found, median, gap, _ in gaps
        ]
        text = sentence(f"The official median is {'; '.join(parts)}")
        refs = tuple(ref for found, *_ in gaps for ref in found.cell.refs()[:1])
        return [Statement(text, Support.COMPUTED, refs, "; ".join(formula for *_, formula in gaps))]

    def cautions(self) -> list[Statement]:
        """Sentences on what the official figures stand for; the first tells medians, or else that there are none."""
        first = self.basis.corpus.by_id.get(f"{self.pathway.slug}#market/claims")
        parts = [part for part in self.basis.corpus.passages if first and part.id.partition("~")[0] == first.id]
        return [quote(part, at) for part in parts for at in range(len(part.sentences))]

    def caveat(self, *, placed: bool) -> list[Statement]:
        """What to bear in mind with percentiles, or why there are none to check the page against."""
        cautions, market = self.cautions(), self.basis.official
        if self.official(None) is None:
            return cautions[:1]
        of_role = cautions[1:2] if not self.pathway.market.exact else []
        before = 1 + len(of_role) + (not market.comparable)
        if not placed:
            return [] if market.comparable else cautions[before - 1 : before]
        of_percentiles = cautions[before : before + 1]
        return [*of_role, *of_percentiles]

    def _uncompared(self, own: OwnPay) -> list[Statement]:
        """That a pay in another currency is set against nothing."""
        guide, cell = self.pathway.currency, self.facts.find("pay.change")
        if cell is None or own.currency == guide:
            return []
        text = (
            f"Your pay is in {own.currency} and the guide's figures are in {guide}, so only the percentage is applied."
        )
        return [Statement(text, Support.COMPUTED, cell.refs(), f"pay in {own.currency}, figures in {guide}")]

    def official(self, metro: str | None, soc: str | None = None) -> Official | None:
        """What an occupation earns in a metro, or in the nation for None; by default the one claims are held to."""
        market, reference = self.basis.corpus.market, self.basis.official.reference
        soc = soc or reference
        if soc is None:
            return None
        occupation = f"occupation:{soc}"
        if metro:
            cell = self.facts.find("metro.pay", [metro] if soc == reference else [metro, occupation])
        else:
            cell = self.facts.find("occupation.pay", [occupation])
        if cell is None:
            return None
        area = self.basis.name(metro) if metro else "the United States"
        code = next((a.code for a in market.areas if a.short == area), NATION) if metro else NATION
        wage = market.wage(soc, code)
        return Official(area, self.basis.name(occupation), wage, cell) if wage else None

    def rank(self, query: Query, pay: Quantity) -> Worked | None:
        """Where a pay that nobody said to be their own lies among official figures."""
        own = own_pay(query, pay, self.pathway)
        said = [replace(s, text=s.text.removeprefix("Your ")) for s in self._placed(query, own)]
        made_yearly = own.statement(said[0].refs) if said else None
        return Worked((*([made_yearly] if made_yearly else []), *said), ("pay.official",)) if said else None

    # --- By the month, the week, the hour ---------------------------------------------------------------------

    def by_period(self, query: Query, best: Cell) -> Worked | None:
        """Pay of the page or of official figures by the period that the question names."""
        period = period_of(query.standalone)
        if period is None:
            return None
        said = [
            self._by(period, name, amounts, currency, cell) for name, amounts, currency, cell in self._pays(query, best)
        ]
        return Worked(tuple(said), (best.fact.facet, "pay.general")) if said else None

    def _by(self, period: Period, name: str, amounts: Sequence[float], currency: str, cell: Cell) -> Statement:
        shares, steps = _shares(amounts, period, currency)
        assumed = f", taking {period.assumption}" if period.assumption else ""
        text = f"{name} is {' to '.join(shares)} {period_name(period)} gross{assumed}."
        formula = "; ".join([*steps, *period.said])
        return Statement(text, Support.COMPUTED, cell.refs()[:1], formula)

    def _pays(self, query: Query, best: Cell) -> list[tuple[str, tuple[float, ...], str, Cell]]:
        """Name, amounts, currency and fact of each yearly pay that is asked for."""
        levels = {f"level:{claim.level}": claim for claim in self.pathway.pay}
        named = of_kind(query, "level", "metro", "occupation") or self._meant(best, list(levels))
        soc = self.basis.official.reference
        found: list[tuple[str, tuple[float, ...], str, Cell]] = []
        for entity in named:
            kind = entity.partition(":")[0]
            mean = kind == "occupation" and best.fact.facet == "occupation.mean"
            facet = "pay.level" if kind == "level" else "occupation.mean" if mean else f"{kind}.pay"
            cell = self.facts.find(facet, [entity])
            if cell is None:
                continue
            if entity in levels:
                claim, currency = levels[entity], self.pathway.currency
                name = f"The guide's {level_name(claim.level)} figure of {amount_of(claim, currency)} a year"
                found.append((name, (claim.low, claim.high) if claim.high else (claim.low,), currency, cell))
            else:
                whose = self.basis.name(f"occupation:{soc}" if kind == "metro" else entity)
                where = self.basis.name(entity) if kind == "metro" else "the United States"
                pays = [q.low for q in quantities(cell.statements()[0].text) if q.unit == Unit.MONEY]
                what = "mean" if mean else "median"
                found.append((f"The {what} of {whose} in {where}, {money(pays[0])} a year,", (pays[0],), "USD", cell))
        return found

    def _meant(self, best: Cell, levels: Sequence[str]) -> list[str]:
        """Whose pay is asked for where nothing is named: what the fact that fits best is about, else every level."""
        if best.fact.facet in {"pay.level", "metro.pay", "occupation.pay"}:
            return list(best.fact.entities[:1])
        if best.fact.facet in {"pay.entry", "pay.top"}:
            cells = self.basis.cells("pay.level", levels)
            return [cell.fact.entities[0] for cell in cells if cell.fact.sentences == best.fact.sentences]
        official = best.fact.facet in {"pay.official", "metro.compare"} or not levels
        soc = self.basis.official.reference
        return [f"occupation:{soc}"] if official and soc else list(levels)

    # --- One against another ----------------------------------------------------------------------------------

    def extremes(self, query: Query) -> Worked | None:
        """The metro that pays best against the one that pays least, where the question asks for both ends."""
        ranking = self.facts.find("metro.compare")
        if ranking is None or not _EXTREMES.search(query.standalone):
            return None
        cells = [
            cell
            for cell in self.facts.cells
            if cell.fact.facet == "metro.pay" and len(cell.fact.entities) == 1 and cell.fact.value
        ]
        cells.sort(key=lambda cell: -(cell.fact.value.low if cell.fact.value else 0))
        return self.compare([cells[0], cells[-1]], "metro.pay") if len(cells) > 1 else None

    def compare(self, cells: Sequence[Cell], facet: str) -> Worked:
        """The highest pay against the lowest, then each as it is stated."""
        currency = self.pathway.currency if facet == "pay.level" else "USD"
        ordered = sorted(cells, key=lambda cell: -(cell.fact.value.low if cell.fact.value else 0))
        top, low = ordered[0], ordered[-1]
        most, least = (cell.fact.value.low for cell in (top, low) if cell.fact.value)
        names = [self.basis.name(cell.fact.entities[0]) for cell in (top, low)]
        gap = (most / least - 1) * 100
        what = {
            "pay.level": "The {} figure of the guide",
            "metro.pay": "The median in {}",
            "occupation.pay": "The median of {}",
        }[facet]
        difference = money(most - least, currency)
        text = (
            f"{what.format(names[0])}, {money(most, currency)}, is {difference} ({number(gap)} percent) above "
            f"{'that of' if facet != 'metro.pay' else 'that in'} {names[1]}, {money(least, currency)}."
        )
        formula = (
            f"{money(most, currency)} - {money(least, currency)} = {difference}; {difference} / "
            f"{money(least, currency)} x 100 = {number(gap)} percent"
        )
        refs = tuple(ref for cell in (top, low) for ref in cell.refs()[:1])
        said = [Statement(text, Support.COMPUTED, refs, formula)]
        return Worked((*said, *(cell.statements()[0] for cell in ordered)), (facet,))

    def compare_growth(self, cells: Sequence[Cell]) -> Worked:
        """Projected changes of employment in order."""
        ordered = sorted(cells, key=lambda cell: -(cell.fact.value.low if cell.fact.value else 0))
        names = [self.basis.name(cell.fact.entities[0]) for cell in ordered]
        values = [signed_percent(cell.fact.value.low) for cell in ordered if cell.fact.value]
        parts = listed([f"{name} {value} percent" for name, value in zip(names, values, strict=True)])
        refs = tuple(ref for cell in ordered for ref in cell.refs()[:1])
        said = Statement(f"{title_start(names[0])} grow most: {parts}.", Support.COMPUTED, refs, " > ".join(values))
        return Worked((said, *(cell.statements()[0] for cell in ordered)), ("outlook.occupation",))


def raise_formula(own: OwnPay, end: float, raised: float) -> str:
    return f"{money(own.yearly, own.currency)} x {1 + end / 100:.2f} = {money(raised, own.currency)}"


def gap_to(amount: float, own: OwnPay) -> tuple[str, str]:
    """How far an amount is from the learner's pay in the same currency, in words and as a formula.

    >>> gap_to(150_000, OwnPay(120_000, "USD", 120_000))
    ('$30,000 (25 percent) above your $120,000', '$150,000 - $120,000 = $30,000; $30,000 / $120,000 x 100 = 25 percent')
    >>> gap_to(120_000, OwnPay(120_000, "USD", 120_000))[0]
    'what you earn now'
    """
    now, there = money(own.yearly, own.currency), money(amount, own.currency)
    difference = amount - own.yearly
    gap, share = money(abs(difference), own.currency), number(abs(difference) / own.yearly * 100)
    bigger, smaller = (there, now) if difference > 0 else (now, there)
    formula = f"{bigger} - {smaller} = {gap}; {gap} / {now} x 100 = {share} percent"
    if round(difference) == 0:
        return "what you earn now", formula
    return f"{gap} ({share} percent) {'above' if difference > 0 else 'below'} your {now}", formula


def _above_lower_end(claim: PayClaim, own: OwnPay, cell: Cell) -> Statement:
    now, floor = money(own.yearly, own.currency), money(claim.low, own.currency)
    gap, share = money(own.yearly - claim.low, own.currency), number((own.yearly - claim.low) / claim.low * 100)
    text = (
        f"Your {now} is {gap} ({share} percent) above the lower end of the guide's {level_name(claim.level)} figure of "
        f"{floor} or more."
    )
    formula = f"{now} - {floor} = {gap}; {gap} / {floor} x 100 = {share} percent"
    return Statement(text, Support.COMPUTED, cell.refs(), formula)


def period_name(period: Period) -> str:
    return f"{'an' if period.name == 'hour' else 'a'} {period.name}"


def _shares(yearly: Sequence[float], period: Period, currency: str) -> tuple[list[str], list[str]]:
    """Each pay by the period, and the formula of each."""
    shares = [_rate(period.share(pay), currency) for pay in yearly]
    steps = [
        f"{money(pay, currency)}{period.formula('/')} = {share}" for pay, share in zip(yearly, shares, strict=True)
    ]
    return shares, steps


def _rate(amount: float, currency: str) -> str:
    """Small amounts to the hundredth: what an hour pays.

    >>> _rate(100.9615, "USD"), _rate(40, "USD"), _rate(17500.4, "GBP")
    ('$100.96', '$40', '£17,500')
    """
    if amount >= 1000 or round(amount, 2) == round(amount):
        return money(amount, currency)
    return f"{CURRENCY_SIGNS.get(currency, currency + ' ')}{amount:,.2f}"


def amount_of(claim: PayClaim, currency: str) -> str:
    return money(claim.low, currency) + (f" to {money(claim.high, currency)}" if claim.high else "")


def currency_named(text: str) -> str | None:
    """The currency that a sign or a word names; None for a bare number."""
    lower = text.lower()
    return next((code for code, signs in _BY_SIGN if any(sign in lower for sign in signs)), None)
