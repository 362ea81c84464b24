"""The learner's own pay beside what the guide claims and what official figures say.

Comes in: a profile and a corpus. Goes out: a ``PayCard``: cited claims that passed the check of answers, what to bear
in mind with them, what is missing, and the figures of a plot. It counts no taxes, benefits or cost of living, knows no
places but the metros of the corpus, and draws nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from coach.answering.composing import passages_of
from coach.answering.computing_basis import Basis
from coach.answering.computing_pay import (
    OFFICIAL_CURRENCY,
    Official,
    OwnPay,
    PayComputer,
    amount_of,
    gap_to,
    raise_formula,
)
from coach.answering.coverage import places
from coach.answering.grounding import check
from coach.answering.statements import Cell, Facts, Ref, Statement, claim_of
from coach.answering.words import clean
from coach.knowledge.corpus import Corpus
from coach.knowledge.entities import level_name
from coach.knowledge.market import PERCENTILES, THIN_CELL_RSE_PERCENT
from coach.knowledge.pathway import PayClaim
from coach.knowledge.wording import count, listed, money, number, ordinal, percent_range, sentence, signed_percent
from coach.planning.profile import Profile
from coach.types import Claim, Entity, Frozen, Origin, Support

LONGEST_REGION = 60
"""Characters of a region that are repeated where it is not covered."""


class Point(Frozen):
    """What those at a percentile earn."""

    percentile: int
    value: float


class Mark(Frozen):
    """A figure to be marked among the percentiles: one that the guide names, or the learner's pay after its raise."""

    kind: Literal["guide", "raise"]
    label: str
    value: float
    high: float | None = None
    """The other end, where the guide names a range."""
    said: str
    """The figure in words: "$210,000 or more"."""
    marker: int | None
    """Number of the citation that it comes from."""


class Spread(Frozen):
    """How official pay is spread, and what lies where in it; a year's gross pay in ``currency``."""

    area: str
    occupation: str
    currency: str
    percentiles: tuple[Point, ...]
    """Those that are published, in rising order."""
    pay: float | None
    """The learner's own; None where it is not known or in another currency."""
    marks: tuple[Mark, ...]
    marker: int | None
    """Number of the citation of the percentiles."""
    alternative: str
    """All of it in one sentence, for those who do not see the plot."""


class PayCard(Frozen):
    claims: tuple[Claim, ...]
    """What concerns the learner most comes first; markers count through claims and caveats."""
    caveats: tuple[Claim, ...]
    missing: tuple[str, ...]
    """Whole sentences: what was not compared and why."""
    spread: Spread | None
    """None where no official figures stand for the move."""


def pay_card(profile: Profile, corpus: Corpus) -> PayCard | None:
    """Pay as far as guide and market tell it; None where neither does.

    Official figures are of the profile's region if it is one of the corpus' metros and the pay is in their currency,
    else of the nation, which ``missing`` says.
    """
    guide = corpus.pathway
    computer = PayComputer(Basis(corpus, Facts(corpus), profile.guide_week_hours))
    nation = computer.official(None)
    if nation is None and not guide.pay and guide.salary_change is None:
        return None
    metro = metro_of(profile.region or "", corpus) if profile.currency == OFFICIAL_CURRENCY else None
    official = (computer.official(metro) if metro else None) or nation
    own = OwnPay(profile.pay, profile.currency, profile.pay) if profile.pay else None
    case = _Case(corpus, computer, own, official, metro if official is not nation else None)
    claims = _grounded(case.claims(), corpus)
    caveats = _grounded((said for said in case.caveats() if said not in claims), corpus)
    markers = {passage.id: number for number, passage in enumerate(passages_of([*claims, *caveats], corpus), start=1)}
    return PayCard(
        claims=tuple(claim_of(said, markers, corpus) for said in claims),
        caveats=tuple(claim_of(said, markers, corpus) for said in caveats),
        missing=tuple(case.missing(profile)),
        spread=case.spread(markers),
    )


def _grounded(statements: Iterable[Statement], corpus: Corpus) -> list[Statement]:
    """Those that pass the check, each once."""
    said = list(dict.fromkeys(statements))
    passages = passages_of(said, corpus)
    markers = {passage.id: number for number, passage in enumerate(passages, start=1)}
    return [statement for statement in said if check(claim_of(statement, markers, corpus), passages).supported]


@dataclass(frozen=True)
class _Case:
    """One learner and one pathway."""

    corpus: Corpus
    computer: PayComputer
    own: OwnPay | None
    official: Official | None
    """Of the metro, else of the nation."""
    metro: str | None
    """Entity, where ``official`` is of a metro."""

    @property
    def facts(self) -> Facts:
        return self.computer.facts

    @property
    def _own_official(self) -> OwnPay | None:
        """The learner's pay, where it can be set against official figures."""
        return self.own if self.own and self.own.currency == OFFICIAL_CURRENCY else None

    @property
    def _own_guide(self) -> OwnPay | None:
        """The learner's pay, where it can be set against the guide's figures."""
        return self.own if self.own and self.own.currency == self.corpus.pathway.currency else None

    def _levels(self) -> Iterator[tuple[PayClaim, Cell]]:
        for claim in self.corpus.pathway.pay:
            if cell := self.facts.find("pay.level", [f"level:{claim.level}"]):
                yield claim, cell

    # --- Claims -------------------------------------------------------------------------------------------

    def claims(self) -> Iterator[Statement]:
        if self.own:
            yield from self.computer.raised(self.own)
        if self._own_official:
            if self.official and (placed := self.computer.raise_placed(self._own_official, self.official)):
                yield placed
            yield from self.computer.placed(self._own_official, self.metro)
        if self._own_guide:
            yield from (self.computer.against(claim, self._own_guide, cell) for claim, cell in self._levels())
            yield from self._raise_against(self._own_guide)
        elif self.own:
            yield from (said for _, cell in self._levels() for said in cell.statements())
        elif (general := self.facts.find("pay.general")) and general.fact.absent is None:
            yield from general.statements()
        if self.official:
            yield from self.official.cell.statements()[:1]
            yield from self._guide_placed()
            yield from self._neighbours()

    def _raise_against(self, own: OwnPay) -> Iterator[Statement]:
        """Where the guide's lowest figure and its change cannot both be true of this learner."""
        change, raises = self.facts.find("pay.change"), self.computer.raises(own)
        level = min(self._levels(), key=lambda pair: pair[0].low, default=None)
        if change is None or level is None or not raises:
            return
        claim, cell = level
        name, top = f"{level_name(claim.level)} figure", claim.high or claim.low
        (least_end, least), (most_end, most) = raises[0], raises[-1]
        if least > top and not claim.at_least:
            lead, end, raised, edge = f"The guide's {name} would not bring you its raise", least_end, least, top
        elif most < claim.low:
            lead, end, raised, edge = f"The guide's raise would not bring you to its {name}", most_end, most, claim.low
        else:
            return
        now, after, limit = (money(amount, own.currency) for amount in (own.yearly, raised, edge))
        gap, compared = money(abs(raised - edge), own.currency), "more" if raised > edge else "less"
        text = f"{lead}: even {signed_percent(end)} percent from {now} is {after}, {gap} {compared} than {limit}."
        difference = f"{after} - {limit}" if raised > edge else f"{limit} - {after}"
        formula = f"{raise_formula(own, end, raised)}; {after} is {compared} than {limit}; {difference} = {gap}"
        yield Statement(text, Support.COMPUTED, (*change.refs(), *cell.refs()), formula)

    def _guide_placed(self) -> Iterator[Statement]:
        """The guide's figures among official ones, as the corpus has them."""
        for claim in self.corpus.pathway.pay:
            level = f"level:{claim.level}"
            cell = (
                self.facts.find("metro.pay", [self.metro, level])
                if self.metro
                else self.facts.find("pay.official", [level])
            )
            if cell:
                yield cell.statements()[0]
        if self._own_official is None and (cell := self.facts.find("pay.official_change")):
            yield cell.statements()[0]

    def _neighbours(self) -> Iterator[Statement]:
        """Medians of the occupations nearest to the target, held against the learner's pay where that is known."""
        own = self._own_official
        if own is None and self.metro is None:
            if cell := self.facts.find("pay.official"):
                yield cell.statements()[0]
            return
        for found in self.computer.neighbouring(self.metro):
            median = found.wage.median
            if own is None or median is None:
                yield found.cell.statements()[0]
                continue
            gap, formula = gap_to(median, own)
            text = sentence(f"The median of {found.whose}, {money(median)}, is {gap}")
            yield Statement(text, Support.COMPUTED, found.cell.refs()[:1], formula)

    # --- Caveats ------------------------------------------------------------------------------------------

    def caveats(self) -> Iterator[Statement]:
        for facet in ("pay.general", "pay.change"):
            if (cell := self.facts.find(facet)) and cell.fact.absent is not None:
                yield from cell.statements()
        yield from self._of_official()
        told = self._told()
        if not told:
            return
        if (self.corpus.pathway.pay or self.corpus.pathway.salary_change) and not _names_country(self.corpus):
            yield Statement(
                "The guide names no country for its pay figures.",
                Support.COMPUTED,
                told,
                "no sentence of the guide names a country",
            )
        yield Statement(
            "No tax, no benefit and no cost of living is counted here.",
            Support.COMPUTED,
            told[:1],
            "gross pay alone; no tax, no benefit and no cost of living is counted",
        )

    def _of_official(self) -> Iterator[Statement]:
        """What official figures are and are not."""
        cautions = self.computer.cautions()
        # The first sentence tells medians, or else that there are none.
        yield from cautions[1:] if self.official else cautions[:1]
        if self.official is None:
            return
        if nation := self.computer.official(None):
            metros = f", {count(len(held), 'metro')} in it" if (held := self._metros()) else ""
            covered = f"{nation.area}{metros} and no other country"
            yield Statement(
                f"The official figures cover {covered}.",
                Support.COMPUTED,
                nation.cell.refs()[:1],
                f"covered: {covered}",
            )
        if (change := self.facts.find("pay.official_change")) and len(change.fact.sentences) > 1:
            yield change.statements()[1]
        if self.official.wage.thin:
            error = number(self.official.wage.employment_rse_percent or 0)
            yield Statement(
                f"The official figures of {self.official.occupation} in {self.official.area} are uncertain: the "
                f"relative error of employment is {error} percent.",
                Support.COMPUTED,
                self.official.cell.refs()[:1],
                f"relative error of employment {error} percent is more than {THIN_CELL_RSE_PERCENT:g} percent",
            )
        yield from (found.cell.statements()[0] for found in self.computer.neighbouring(self.metro) if found.wage.thin)

    def _metros(self) -> list[str]:
        """Names of the metros with official figures that fit the move."""
        return sorted(
            entity.name
            for entity in self.corpus.entities
            if entity.kind == "metro" and self.computer.official(entity.id)
        )

    def _told(self) -> tuple[Ref, ...]:
        """Sentences that tell of pay: the guide's, else the official one."""
        cells = [cell for _, cell in self._levels()]
        if (change := self.facts.find("pay.change")) and change.fact.absent is None:
            cells.append(change)
        if not cells and self.official:
            return self.official.cell.refs()[:1]
        return tuple(ref for cell in cells for ref in cell.refs())

    # --- What is missing ----------------------------------------------------------------------------------

    def missing(self, profile: Profile) -> Iterator[str]:
        guide = self.corpus.pathway
        if self.own is None:
            yield "Your own pay is not in your profile, so nothing here is set against it."
        elif guide.pay and self._own_guide is None:
            yield (
                f"Your pay is in {self.own.currency} and the guide's figures are in {guide.currency}, so they are not "
                "set against each other."
            )
        if self.official and profile.currency != OFFICIAL_CURRENCY:
            yield (
                f"The official figures are in {OFFICIAL_CURRENCY} and for the United States as a whole; pay in "
                f"{profile.currency} is not set against them."
            )
        region = clean(profile.region or "")
        if not region or self.metro or self.official and _of_nation(region, self.corpus):
            return
        shown = region if len(region) <= LONGEST_REGION else f"{region[:LONGEST_REGION].rstrip()}…"
        uncovered = f"No official figures that fit this move are held for {shown}"
        if self.official is None:
            yield f"{uncovered}."
        elif metro_of(region, self.corpus) is None or profile.currency == OFFICIAL_CURRENCY:
            instead = "those shown are for the United States as a whole"
            yield f"{uncovered}, so {instead}." if profile.currency == OFFICIAL_CURRENCY else f"{uncovered}."
            if held := self._metros():
                yield sentence(f"Metros with figures: {listed(held)}")

    # --- The plot -----------------------------------------------------------------------------------------

    def spread(self, markers: Mapping[str, int]) -> Spread | None:
        if self.official is None:
            return None
        points = tuple(
            Point(percentile=percentile, value=value)
            for percentile, value in zip(PERCENTILES, self.official.wage.percentiles, strict=True)
            if value is not None
        )
        if len(points) < 2:
            return None
        own = self._own_official
        marks = tuple(self._marks(markers))
        spread = [f"{_percentile(point)} {money(point.value)}" for point in points]
        beside = [f"your pay {money(own.yearly)}"] if own else []
        beside += [
            f"{'the ' if mark.kind == 'guide' else ''}{_uncapitalized(mark.label)} {mark.said}" for mark in marks
        ]
        return Spread(
            area=self.official.area,
            occupation=self.official.occupation,
            currency=OFFICIAL_CURRENCY,
            percentiles=points,
            pay=own.yearly if own else None,
            marks=marks,
            marker=markers.get(self.official.cell.passage.id),
            alternative=(
                f"Gross pay a year of {self.official.occupation} in {self.official.area}: {listed(spread)}"
                + (f"; marked beside it: {listed(beside)}." if beside else ".")
            ),
        )

    def _marks(self, markers: Mapping[str, int]) -> Iterator[Mark]:
        """The guide's figures and the pay after its raise, as far as they are in the currency of official figures."""
        if self.corpus.pathway.currency == OFFICIAL_CURRENCY:
            for claim, cell in self._levels():
                amount = amount_of(claim, OFFICIAL_CURRENCY)
                yield Mark(
                    kind="guide",
                    label=f"Guide's {level_name(claim.level)} pay",
                    value=claim.low,
                    high=claim.high,
                    said=f"{amount} or more" if claim.at_least else f"about {amount}" if claim.about else amount,
                    marker=markers.get(cell.passage.id),
                )
        change = self.facts.find("pay.change")
        if self._own_official and change:
            for end, raised in self.computer.raises(self._own_official):
                yield Mark(
                    kind="raise",
                    label=f"Your pay {percent_range(end, end)}",
                    value=raised,
                    said=money(raised),
                    marker=markers.get(change.passage.id),
                )


def _percentile(point: Point) -> str:
    return "median" if point.percentile == 50 else f"{ordinal(point.percentile)} percentile"


def _uncapitalized(text: str) -> str:
    return text[:1].lower() + text[1:]


# --- Places -------------------------------------------------------------------------------------------------

_STATES = (
    "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware, "
    "DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, "
    "KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, "
    "MS Mississippi, MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, "
    "NM New Mexico, NY New York, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, "
    "PA Pennsylvania, RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, "
    "VT Vermont, VA Virginia, WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming"
)
"""What stands behind a town and decides which one it is: "Austin, MN" is not the metro of that name."""

_AROUND = (
    "the greater metro metropolitan area region city of downtown in near around suburbs based remote hybrid".split()
)
"""Words beside the name of a metro that leave it the same place."""

_COUNTRY_WORDS = re.compile(r"\b(?:US|USA|UK|EU)\b|\bU\.\s?[SK]\.|\b(?:America|Britain|Europe)")

_ZIP_CODE = re.compile(r"\d{5}")

_Words = tuple[str, ...]


def metro_of(region: str, corpus: Corpus) -> str | None:
    """The metro that a region is, by name or alias, with its own state or nothing else beside it; None for any other.

    A town of the same name in another state or country is another place, and two metros are none.
    """
    words = tuple(word for word in _words(region) if not _ZIP_CODE.fullmatch(word))
    nation = _names_of_nation(corpus)
    found = [
        entity.id
        for entity in corpus.entities
        if entity.kind == "metro"
        and _made_of(words, _names(entity), [*((word,) for word in _AROUND), *_states_of(entity, corpus), *nation])
    ]
    return found[0] if len(found) == 1 else None


def _of_nation(region: str, corpus: Corpus) -> bool:
    return _made_of(_words(region), _names_of_nation(corpus), [(word,) for word in _AROUND])


def _names_country(corpus: Corpus) -> bool:
    """Whether the guide names any place: one that it names at all may well be where its figures hold."""
    texts = [passage.text for passage in corpus.passages if passage.origin == Origin.PATHWAY]
    return any(_COUNTRY_WORDS.search(text) or places(text) for text in texts)


def _names_of_nation(corpus: Corpus) -> list[_Words]:
    return [
        _words(name) for area in corpus.market.areas if area.kind == "National" for name in (area.short, *area.aliases)
    ]


def _names(entity: Entity) -> list[_Words]:
    return [_words(name) for name in (entity.name, *entity.aliases)]


def _states_of(entity: Entity, corpus: Corpus) -> list[_Words]:
    """Abbreviations and names of the states that a metro lies in: its official name ends with them."""
    area = next((area for area in corpus.market.areas if area.short == entity.name), None)
    short = area.name.rpartition(",")[2].strip().split("-") if area else []
    named = dict(state.split(" ", 1) for state in _STATES.split(", "))
    return [_words(text) for code in short for text in (code, named.get(code, code))]


def _words(text: str) -> _Words:
    """Words without case, accents and the points of abbreviations.

    >>> _words("Washington, D.C."), _words("San José (Calif.)")
    (('washington', 'dc'), ('san', 'jose', 'calif'))
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return tuple(re.findall(r"\w+", re.sub(r"(?<!\w)(\w)\.", r"\1", plain)))


def _made_of(words: _Words, names: Sequence[_Words], beside: Sequence[_Words]) -> bool:
    """Whether the words are names and what may stand beside them, and nothing else; at least one is a name.

    >>> denver, state = [("denver",)], [("co",), ("area",)]
    >>> [_made_of(tuple(t.split()), denver, state) for t in ("denver co", "denver nc", "co area", "denver")]
    [True, False, False, True]
    """
    parts = [(part, True) for part in names if part] + [(part, False) for part in beside if part]
    reached: list[set[bool]] = [set() for _ in range(len(words) + 1)]
    reached[0].add(False)
    for at, before in enumerate(reached):
        for part, named in parts if before else ():
            if words[at : at + len(part)] == part:
                reached[at + len(part)] |= {True} if named else before
    return True in reached[-1]
