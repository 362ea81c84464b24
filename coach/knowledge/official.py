"""What official statistics say beside the page's pay claims, as passages.

Comes in: a typed ``Pathway`` and the ``Market``. Goes out: passages of origin ``market`` (figures as published)
and ``derived`` (the page's claims placed among them). Which occupations stand for the roles is the pathway's
judgement (``Pathway.market``); without one this module only says that there are no figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from coach.knowledge.entities import level_name, slug
from coach.knowledge.market import PERCENTILES, Area, Market, MarketSource, Occupation, Percentile, Wage, percentile_of
from coach.knowledge.pathway import Pathway, PayClaim
from coach.knowledge.wording import a, count, listed, money, number, ordinal, percent_range, sentence, signed_percent
from coach.knowledge.writing import Writer
from coach.types import Origin, Passage, Quantity, Unit

NATION = "00000"
ALL_INDUSTRIES = "000000"


def place(percentile: Percentile) -> str:
    """Where a pay lies, in words: "at about the 45th percentile", "above the 90th percentile"."""
    lead = {"below": "below", "at": "at about", "above": "above"}[percentile.relation]
    return f"{lead} the {ordinal(percentile.percentile)} percentile"


def interpolation(pay: float, wage: Wage) -> str:
    """The formula behind ``percentile_of``, with its numbers."""
    known = [(p, v) for p, v in zip(PERCENTILES, wage.percentiles, strict=True) if v is not None]
    for (p0, v0), (p1, v1) in pairwise(known):
        if v0 <= pay <= v1 and v1 > v0:
            result = p0 + (pay - v0) / (v1 - v0) * (p1 - p0)
            return (
                f"{p0} + ({money(pay)} - {money(v0)}) / ({money(v1)} - {money(v0)}) x {p1 - p0} = {number(result)}, "
                f"about {round(result)}"
            )
    ends = (
        f"{ordinal(known[0][0])} percentile {money(known[0][1])}, {ordinal(known[-1][0])} percentile "
        f"{money(known[-1][1])}"
    )
    return f"{money(pay)} against {ends}"


class MarketWriter:
    """Writes the official figures that belong to one pathway."""

    def __init__(self, pathway: Pathway, market: Market) -> None:
        self.pathway = pathway
        self.market = market
        self.link = pathway.market
        self.sources = {source.id: source for source in market.sources}
        self.jobs = {job.soc: job for job in market.occupations}
        self.metros = [area for area in market.areas if area.kind == "Metro"]
        self.comparable = pathway.currency == "USD"

    @property
    def occupations(self) -> tuple[str, ...]:
        """Codes that a question about this pathway may be about: the linked ones first."""
        linked = [soc for soc in (self.link.origin, *self.link.neighbours) if soc and soc in self.jobs]
        return tuple(dict.fromkeys([*linked, *(self.jobs if linked else ())]))

    @property
    def reference(self) -> str | None:
        """The occupation that claims are held against: the origin's, else the nearest to the target."""
        return next(iter(self.occupations), None)

    def passages(self) -> Iterator[Passage]:
        if self.reference is None or self.market.wage(self.reference, NATION) is None:
            yield self._nothing()
            return
        yield self._claims()
        if self.comparable:
            yield from (self._claim(claim) for claim in self.pathway.pay)
            if self.pathway.salary_change:
                yield self._change()
        for soc in self.occupations:
            wage = self.market.wage(soc, NATION)
            if wage and wage.median:
                yield self._occupation(self.jobs[soc], wage)
        for area in self.metros:
            passage = self._metro(area)
            if passage:
                yield passage
        yield from self._rankings()
        yield from self._outlook()
        yield from self._survey()

    # --- Frames ------------------------------------------------------------------------------------------

    def _source(self, key: str) -> MarketSource | None:
        return next((source for id_, source in self.sources.items() if key in id_), None)

    def _page(self, section: str, *heading: str, origin: Origin = Origin.MARKET, source: str = "oews") -> Writer:
        credit = self._source(source)
        return Writer(
            pathway=self.pathway.slug,
            section=f"market/{section}",
            heading_path=(f"{self.pathway.origin} to {self.pathway.target}", "Official figures", *heading),
            origin=origin,
            source=f"{credit.name}, {credit.period}" if credit else "Official figures",
            url=str(credit.url) if credit else None,
            names={"origin": self.pathway.origin, "target": self.pathway.target},
        )

    def _ref(self, section: str) -> str:
        return f"{self.pathway.slug}#{section}"

    def _wage_ref(self, soc: str) -> str:
        return self._ref(f"market/occupation/{soc}")

    def _name(self, soc: str) -> str:
        return self.jobs[soc].name.lower()

    def _median(self, soc: str, area: str = NATION) -> int | None:
        wage = self.market.wage(soc, area)
        return wage.median if wage else None

    # --- The page's claims ---------------------------------------------------------------------------------

    def _nothing(self) -> Passage:
        guide = self.pathway
        page = self._page("claims", "Coverage", origin=Origin.DERIVED)
        said = [
            page.say(
                f"The official pay figures held here cover no occupation that stands for {a(guide.target)}, so the "
                "guide's pay claims could not be checked."
            )
        ]
        page.fact("pay.official", said)
        return page.passage()

    def _claims(self) -> Passage:
        guide, soc = self.pathway, self.reference
        assert soc is not None
        page = self._page("claims", "The guide's pay claims", origin=Origin.DERIVED)
        median = self._median(soc)
        neighbours = [code for code in self.link.neighbours if code in self.jobs and code != soc and self._median(code)]
        parts = [f"the median is {money(median or 0)} for {self._name(soc)}"]
        parts += [f"{money(self._median(code) or 0)} for {self._name(code)}" for code in neighbours]
        refs = [self._wage_ref(code) for code in (soc, *neighbours)]
        said = [
            page.say(
                f"In U.S. official figures (BLS, May 2025), {listed(parts)}.".replace("BLS, May 2025", self._credit()),
                derived_from=refs,
            )
        ]
        if not self.link.exact:
            said.append(
                page.say(
                    f"No official figure exists for {a(guide.target)} as such; taking these occupations for it is a "
                    "judgement."
                )
            )
        if not self.comparable:
            said.append(page.say(f"The guide's figures are in {guide.currency}, so they are not set against U.S. pay."))
        caution = page.say(
            "Percentiles show how pay is spread among all who hold an occupation; they are not levels of seniority."
        )
        bonus = page.say(
            "These wages leave out the self-employed, overtime, other bonuses and equity, and are not adjusted for the "
            "cost of living."
        )
        page.fact(
            "pay.official",
            [*said, caution, bonus],
            also=[self._ref(f"market/claim-{claim.level}") for claim in guide.pay] if self.comparable else [],
        )
        # The short form, for salary answers that only need a sentence.
        parts_of = page.passage()
        return parts_of.model_copy(
            update={"facts": (parts_of.facts[0].model_copy(update={"sentences": tuple(said)}), *parts_of.facts[1:])}
        )

    def _credit(self) -> str:
        credit = self._source("oews")
        return f"BLS, {credit.period}" if credit else "official statistics"

    def _claim(self, claim: PayClaim) -> Passage:
        soc = self.reference
        assert soc is not None
        level = level_name(claim.level)
        page = self._page(
            f"claim-{claim.level}", "The guide's pay claims", f"{level.capitalize()} level", origin=Origin.DERIVED
        )
        wage = self.market.wage(soc, NATION)
        assert wage is not None and wage.median is not None
        refs = [self._ref("facts/pay"), self._wage_ref(soc)]
        pay = claim.low
        gap = (pay / wage.median - 1) * 100
        at = percentile_of(pay, wage)
        relation = "above" if gap > 0 else "below"
        text = (
            f"The guide's {level} figure of {money(pay)} is {number(abs(gap))} percent {relation} the U.S. median of "
            f"{self._name(soc)}, {money(wage.median)}"
        )
        text += f", and lies {place(at)} of their pay." if at else "."
        said = [
            page.say(
                text,
                formula=(
                    f"{money(pay)} / {money(wage.median)} - 1 = {signed_percent(gap)} percent; "
                    f"{interpolation(pay, wage)}"
                ),
                derived_from=refs,
            )
        ]
        cells = [(area, cell) for area in self.metros if (cell := self.market.wage(soc, area.code)) and cell.median]
        if cells:
            below = [area.short for area, cell in cells if cell.median and pay < cell.median]
            quarter = [area.short for area, cell in cells if cell.percentiles[1] and pay < cell.percentiles[1]]
            share = f"all {len(cells)}" if len(below) == len(cells) else f"{len(below) or 'none'} of {len(cells)}"
            text = f"The {level} figure of {money(pay)} is below the median of {self._name(soc)} in {share} metros"
            if quarter:
                text += f", and below their 25th percentile in {len(quarter)} of them ({listed(quarter)})"
            text += "."
            said.append(
                page.say(
                    text,
                    derived_from=[*refs[:1], *(self._ref(f"market/metro/{slug(area.short)}") for area, _ in cells)],
                    formula=f"{len(below)} of {len(cells)} medians exceed {money(pay)}",
                )
            )
        entities = [f"level:{claim.level}"]
        page.fact(
            "pay.official",
            said,
            entities=entities,
            questions=[
                f"How does the {level} salary compare with official figures?",
                f"Is the {level} figure realistic?",
                f"Where does the {level} figure lie among all {self._name(soc)}?",
                f"Which percentile of {self._name(soc)} is the {level} figure?",
                f"By how many percent does the {level} figure differ from the median of {self._name(soc)}?",
                f"In how many metros is the {level} figure below the median?",
            ],
        )
        return page.passage()

    def _change(self) -> Passage:
        soc, change = self.reference, self.pathway.salary_change
        assert soc is not None and change is not None
        wage = self.market.wage(soc, NATION)
        assert wage is not None and wage.median is not None
        low, high = wage.median * (1 + change.low / 100), wage.median * (1 + change.high / 100)
        page = self._page("claimed-change", "The guide's pay claims", "Change of pay", origin=Origin.DERIVED)
        refs = [self._ref("facts/pay"), self._wage_ref(soc)]
        ends = [spot for spot in (percentile_of(low, wage), percentile_of(high, wage)) if spot]
        where = (
            f", {place(ends[0])} to {place(ends[1])} of that occupation"
            if len(ends) == 2 and change.low != change.high
            else (f", {place(ends[0])} of that occupation" if ends else "")
        )
        raise_ = percent_range(change.low, change.high)
        amount = f"{money(low)} to {money(high)}" if change.low != change.high else money(low)
        said = [
            page.say(
                f"{raise_} from the U.S. median of {self._name(soc)} ({money(wage.median)}) would be {amount}{where}.",
                formula=(
                    f"{money(wage.median)} x {1 + change.low / 100:.2f} = {money(low)}; x {1 + change.high / 100:.2f} "
                    f"= {money(high)}"
                ),
                derived_from=refs,
            )
        ]
        said.append(page.say("The percentage is the guide's claim; nobody has measured such raises in official data."))
        if self.link.neighbours and self._median(self.link.neighbours[0]):
            near = self.link.neighbours[0]
            gap = ((self._median(near) or 0) / wage.median - 1) * 100
            if near != soc:
                said.append(
                    page.say(
                        f"The median of {self._name(near)} is {number(abs(gap))} percent "
                        f"{'above' if gap > 0 else 'below'} that of {self._name(soc)}.",
                        formula=(
                            f"{money(self._median(near) or 0)} / {money(wage.median)} - 1 = {signed_percent(gap)} "
                            "percent"
                        ),
                        derived_from=[self._wage_ref(near), self._wage_ref(soc)],
                    )
                )
        page.fact("pay.official_change", said[:2])
        page.fact("pay.official_change", said)
        quarter = (wage.percentiles[1], wage.percentiles[3])
        if quarter[0] and quarter[1]:
            spread = (quarter[1] / quarter[0] - 1) * 100
            page.fact(
                "pay.official_change",
                [
                    page.say(
                        f"Between the 25th and the 75th percentile of {self._name(soc)} lie {number(spread)} percent, "
                        "but these are different people, not a raise.",
                        formula=f"{money(quarter[1])} / {money(quarter[0])} - 1 = {number(spread)} percent",
                        derived_from=refs[1:],
                    )
                ],
                questions=["What else gives such a gap in pay?"],
            )
        return page.passage()

    # --- Published cells -------------------------------------------------------------------------------------

    def _occupation(self, job: Occupation, wage: Wage) -> Passage:
        page = self._page(f"occupation/{job.soc}", job.name)
        said = [page.say(self._spread(job, wage, "the United States"))]
        if wage.employment:
            said.append(
                page.say(f"The United States had {wage.employment:,} jobs as {job.name.lower()} ({self._credit()}).")
            )
        if wage.mean:
            said.append(
                page.say(
                    f"The mean pay of {job.name.lower()} in the United States is {money(wage.mean)} ({self._credit()})."
                )
            )
        value = Quantity(unit=Unit.MONEY, low=wage.median or 0, high=wage.median or 0)
        page.fact("occupation.pay", said[:1], entities=[f"occupation:{job.soc}"], value=value, name=job.name.lower())
        reference = self._median(self.reference or "")
        if reference and wage.median and job.soc != self.reference:
            gap = (wage.median / reference - 1) * 100
            page.fact(
                "occupation.pay",
                [
                    page.say(
                        f"That median is {number(abs(gap))} percent {'above' if gap > 0 else 'below'} the median of "
                        f"{self._name(self.reference or '')}, {money(reference)}.",
                        formula=f"{money(wage.median)} / {money(reference)} - 1 = {signed_percent(gap)} percent",
                        derived_from=[self._wage_ref(self.reference or "")],
                    )
                ],
                entities=[f"occupation:{job.soc}", f"occupation:{self.reference}"],
                name=job.name.lower(),
                questions=[f"How does the pay of {job.name.lower()} compare with {self._name(self.reference or '')}?"],
            )
        if wage.employment:
            page.fact("occupation.jobs", said[1:2], entities=[f"occupation:{job.soc}"], name=job.name.lower())
        if wage.mean:
            mean = said[-1]
            page.fact("occupation.mean", [mean], entities=[f"occupation:{job.soc}"], name=job.name.lower())
        return page.passage()

    def _spread(self, job: Occupation, wage: Wage, where: str) -> str:
        known = {p: v for p, v in zip(PERCENTILES, wage.percentiles, strict=True) if v}
        parts = [f"{ordinal(p)} percentile {money(v)}" for p, v in known.items() if p != 50]
        text = (
            f"Half of {job.name.lower()} in {where} earn more than {money(known[50])} a year"
            if 50 in known
            else f"Pay of {job.name.lower()} in {where}"
        )
        return f"{text} ({', '.join(parts)}; {self._credit()})."

    def _metro(self, area: Area) -> Passage | None:
        soc = self.reference
        assert soc is not None
        wage = self.market.wage(soc, area.code)
        if wage is None or wage.median is None:
            return None
        key = slug(area.short)
        page = self._page(f"metro/{key}", area.short)
        lead = page.say(self._spread(self.jobs[soc], wage, area.short))
        said = [lead]
        for code in self.link.neighbours:
            cell = self.market.wage(code, area.code)
            if code == soc or cell is None or cell.median is None:
                continue
            caution = (
                f", an uncertain figure (relative error of employment {number(cell.employment_rse_percent or 0)} "
                "percent)"
                if cell.thin
                else ""
            )
            said.append(page.say(f"The median of {self._name(code)} in {area.short} is {money(cell.median)}{caution}."))
        claims = []
        if self.comparable:
            for claim in self.pathway.pay:
                spot = percentile_of(claim.low, wage)
                if spot:
                    claims.append(
                        page.say(
                            sentence(
                                f"The guide's {level_name(claim.level)} figure of {money(claim.low)} lies "
                                f"{place(spot)} of {self._name(soc)} in {area.short}"
                            ),
                            formula=interpolation(claim.low, wage),
                            derived_from=[self._ref("facts/pay"), page.id],
                        )
                    )
        nation = self._median(soc)
        entity = [f"metro:{key}"]
        page.fact(
            "metro.pay",
            [*said, *claims],
            entities=entity,
            name=area.short,
            value=Quantity(unit=Unit.MONEY, low=wage.median, high=wage.median),
        )
        for claim, at in zip(self.pathway.pay if claims else (), claims, strict=False):
            page.fact(
                "metro.pay",
                [at, lead],
                entities=[*entity, f"level:{claim.level}"],
                name=area.short,
                questions=[f"Is the {level_name(claim.level)} salary realistic in {area.short}?"],
            )
        if nation:
            gap = (wage.median / nation - 1) * 100
            at = page.say(
                f"The median of {self._name(soc)} in {area.short} is {number(abs(gap))} percent "
                f"{'above' if gap > 0 else 'below'} the U.S. median of {money(nation)}.",
                formula=f"{money(wage.median)} / {money(nation)} - 1 = {signed_percent(gap)} percent",
                derived_from=[self._wage_ref(soc)],
            )
            page.fact(
                "metro.pay",
                [lead, at],
                entities=entity,
                name=area.short,
                questions=[f"How much more does {area.short} pay than the national median?"],
            )
        for code in self.link.neighbours:
            at_code = next(
                (index for index in said[1:] if self._name(code) in page.passage().sentences[index].text), None
            )
            if at_code is not None:
                page.fact(
                    "metro.pay",
                    [at_code],
                    entities=[*entity, f"occupation:{code}"],
                    name=area.short,
                    questions=[f"What do {self._name(code)} earn in {area.short}?"],
                )
        return page.passage()

    def _rankings(self) -> Iterator[Passage]:
        soc = self.reference
        assert soc is not None
        cells = [(area, cell) for area in self.metros if (cell := self.market.wage(soc, area.code)) and cell.median]
        cells.sort(key=lambda pair: (-(pair[1].median or 0), pair[0].short))
        if cells:
            page = self._page("metros", "Metros compared", origin=Origin.DERIVED)
            best, least = cells[0], cells[-1]
            said = [
                page.say(
                    f"Of the {count(len(cells), 'metro')} held here, the median of {self._name(soc)} is highest in "
                    f"{best[0].short} ({money(best[1].median or 0)}) and lowest in {least[0].short} "
                    f"({money(least[1].median or 0)}):",
                    derived_from=[self._ref(f"market/metro/{slug(area.short)}") for area, _ in cells],
                )
            ]
            said += [
                page.say(
                    f"{area.short}: {money(cell.median or 0)}.",
                    item=True,
                    derived_from=[self._ref(f"market/metro/{slug(area.short)}")],
                )
                for area, cell in cells
            ]
            page.fact(
                "metro.compare", said, value=Quantity(unit=Unit.COUNT, low=len(cells), high=len(cells), noun="metros")
            )
            yield page.passage()
        industries = [
            wage
            for wage in self.market.wages
            if wage.soc == soc and wage.area == NATION and wage.industry != ALL_INDUSTRIES and wage.median
        ]
        unique = {wage.industry_name: wage for wage in industries}
        if len(unique) > 1:
            page = self._page("industries", "Industries compared")
            ranked = sorted(unique.values(), key=lambda wage: (-(wage.median or 0), wage.industry_name))
            said = [
                page.say(
                    f"Median pay of {self._name(soc)} by industry ({self._credit()}), among "
                    f"{count(len(ranked), 'industry')} held here:"
                )
            ]
            said += [page.say(f"{wage.industry_name}: {money(wage.median or 0)}.", item=True) for wage in ranked]
            page.fact("industry.pay", said)
            page.fact("industry.pay", said, entities=[f"occupation:{soc}"])
            yield page.passage()

    def _outlook(self) -> Iterator[Passage]:
        outlooks = {outlook.soc: outlook for outlook in self.market.outlooks}
        held = [outlooks[soc] for soc in self.occupations if soc in outlooks]
        if not held:
            return
        linked = [outlook for outlook in held if outlook.soc in (self.link.origin, *self.link.neighbours)]
        page = self._page("outlook", "Employment outlook", source="projection")
        years = f"from {held[0].start_year} to {held[0].end_year}"
        said = [
            page.say(
                f"Official projections {years}: "
                + listed(
                    [f"{o.occupation.lower()} {signed_percent(o.change_percent)} percent" for o in linked or held[:3]]
                )
                + "."
            )
        ]
        if not self.link.exact:
            said.append(page.say(f"No projection exists for {a(self.pathway.target)} as such."))
        page.fact("demand.outlook", said)
        yield page.passage()
        for outlook in held:
            page = self._page(f"outlook/{outlook.soc}", "Employment outlook", outlook.occupation, source="projection")
            grow = page.say(
                f"Employment of {outlook.occupation.lower()} is projected to change by "
                f"{signed_percent(outlook.change_percent)} percent {years}, from {outlook.employment_start:,} to "
                f"{outlook.employment_end:,}."
            )
            together = [
                other.occupation.lower()
                for other in self.market.outlooks
                if other.soc in outlook.openings_scope and other.soc != outlook.soc
            ]
            shared = f", counted together with {listed(together)}" if together else ""
            openings = page.say(
                f"About {outlook.annual_openings:,} openings a year are projected for "
                f"{outlook.occupation.lower()}{shared}."
            )
            page.fact(
                "outlook.occupation",
                [grow, openings],
                entities=[f"occupation:{outlook.soc}"],
                name=outlook.occupation.lower(),
                value=Quantity(unit=Unit.PERCENT, low=outlook.change_percent, high=outlook.change_percent),
            )
            yield page.passage()

    def _survey(self) -> Iterator[Passage]:
        origin, target = self.link.survey_origin, self.link.survey_target
        rows = {(row.title, row.level): row for row in self.market.survey}
        names: Sequence[tuple[Literal["EN", "MI", "SE"], str]] = (("EN", "entry"), ("MI", "mid"), ("SE", "senior"))
        credit = self._source("aijobs")
        label = f"the {credit.name} ({credit.period})" if credit else "the salary survey"
        if origin and target:
            pairs = [
                (name, rows[origin, level], rows[target, level])
                for level, name in names
                if (origin, level) in rows and (target, level) in rows
            ]
            if pairs:
                page = self._page("survey", "Salary survey", source="aijobs", origin=Origin.DERIVED)
                parts = [
                    f"{signed_percent((b.median / o.median - 1) * 100)} percent at {name} level" for name, o, b in pairs
                ]
                formula = "; ".join(
                    f"{money(b.median)} / {money(o.median)} - 1 = {signed_percent((b.median / o.median - 1) * 100)} "
                    "percent"
                    for _, o, b in pairs
                )
                said = [
                    page.say(
                        f"In {label}, the median of {target} lies above that of {origin} by {listed(parts)}.",
                        formula=formula,
                        derived_from=[self._ref(f"market/survey/{slug(title)}") for title in (origin, target)],
                    )
                ]
                said.append(
                    page.say("That survey is self-selected and leans towards work on AI, so read it as a hint.")
                )
                page.fact("pay.survey", said)
                yield page.passage()
        if not (origin or target):
            return
        for title in dict.fromkeys(row.title for row in self.market.survey):
            page = self._page(f"survey/{slug(title)}", "Salary survey", title, source="aijobs")
            labels = {"EN": "entry level", "MI": "mid level", "SE": "senior level", "ALL": "all levels"}
            parts = [
                f"{labels[row.level]} {money(row.median)} (n = {row.n:,})"
                for row in self.market.survey
                if row.title == title
            ]
            at = page.say(f"Median pay of {title} in {label}: {listed(parts)}.")
            page.fact(
                "survey.pay",
                [at],
                entities=[f"title:{slug(title)}"],
                name=title,
                questions=[
                    f"What does the survey say about {title} pay?",
                    f"How much do {title}s make at entry, mid and senior level?",
                ],
            )
            yield page.passage()
