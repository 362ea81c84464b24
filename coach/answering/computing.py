"""Answers that are worked out from the learner's own figures, and from two facts at once.

Comes in: a query with figures, the fact that fits it best, and how likely each intent is. Goes out: computed statements
with formula and the facts they rest on, or nothing when the question gives nothing to compute. This module decides what
is computed: what the question says outright, or what it intends and holds the figures for. The sums themselves are in
``computing_pay``, ``computing_time`` and ``computing_comparison``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import MappingProxyType

from coach.answering.answerable import probability
from coach.answering.computing_basis import WEEKS_OF, Basis, Worked, asks_time, of_kind
from coach.answering.computing_comparison import ComparisonComputer
from coach.answering.computing_pay import PayComputer, period_of
from coach.answering.computing_time import DONE, Base, TimeComputer
from coach.answering.figures import DAYS
from coach.answering.linking import COMMON_WORD_ZIPF
from coach.answering.selecting import Choice
from coach.answering.statements import Cell, Facts
from coach.answering.words import frequency, split_tokens, stem
from coach.knowledge.corpus import Corpus
from coach.knowledge.pathway import Phase, Skill
from coach.knowledge.writing import facets
from coach.types import Figure, Quantity, Query, Unit

NO_INTENTS: Mapping[str, float] = MappingProxyType({})

INTENDED = 0.3
"""Probability of an intent from which its computation is tried."""

CLEARLY = 0.5
"""Probability from which it is tried before all others, and from which figures are read as it needs them."""

_TOGETHER = re.compile(
    r"\b(?:together|combined|in total|total|sum|both|altogether|all in all|add(?:ed)? up|plus)\b", re.IGNORECASE
)
_AGAINST = re.compile(r"\bor\b|\bwhich\b|\b(?:differ\w*|compar\w+|versus|than|gap between|against)\b", re.IGNORECASE)
_SKIPPING = re.compile(
    r"\b(?:skip(?:ping)?|drop(?:ping)?|leav(?:e|ing) out|without|minus|except|omit(?:ting)?|(?:cross|tick|strik|scratch|knock)(?:e|ing)? off|cut(?:ting)? out|ignor(?:e|ing)|exclud(?:e|ing)|scratch(?:ing)?|not counting|tak(?:e|ing) out|remov(?:e|ing)|(?:don't|do not|no longer) need(?: to learn)?|if i (?:don't|do not) (?:learn|do))\b",
    re.IGNORECASE,
)
"""What follows is left out."""
_SKIPPED = re.compile(
    r"\b(?:skipped|dropped|omitted|(?:crossed|ticked|struck|scratched|knocked) off|(?:left|cut|taken) out|ignored|excluded|removed)\b",
    re.IGNORECASE,
)
"""What goes before is left out, or else what follows."""
_REACH = re.compile(r"[.?!;]|\b(?:how|what|which|when|can|could|will|would|do|does|is|are)\b", re.IGNORECASE)
_OPENING = re.compile(r"[.?!;]|\b(?:if|with|once|when|assuming|suppose|say)\b", re.IGNORECASE)
"""Where that ends, and where it begins."""
_REMAINING = re.compile(
    r"\b(?:left(?! (?:out|off|and right|side|edges?|hand|\w+ing)\b)|remain\w*|still (?:have|to go|need)|to go|rest of|ahead of me)\b",
    re.IGNORECASE,
)
_TO_GO = re.compile(r"\s*(?:to go|left|(?:still )?remain\w*|ahead|missing|still)\b", re.IGNORECASE)
_FINISHED = re.compile(
    r"\b(?:finish\w*|complet\w*|conclud\w*|done|did|behind (?:me|us)|wrapp?\w*|smash\w*|closed|passed|ticked|through with|knocked out|under my belt|acquired|already)\b",
    re.IGNORECASE,
)
"""Stricter than ``DONE``: beside a phase that is only named, "after" says nothing of the learner."""
_ON_TRACK = re.compile(r"\b(?:behind|ahead|late|early|on (?:track|time|schedule)|half|far|percent)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:isn't|aren't|not|non|except|but|excluding|besides|other than|apart from)\b", re.IGNORECASE)
_WORTH = re.compile(r"\bworth\b|\bmake sense\b|\bgood (?:idea|move)\b|\badd up\b", re.IGNORECASE)
_WEIGHED = re.compile(r"\b(?:compar\w+|a lot|good|decent|high|low|fair|much|above|below)\b", re.IGNORECASE)
_RANK = re.compile(
    r"\b(?:percentiles?|rank|among|near the top|top \d+|compared (?:to|with) (?:other|most)|position|pecking order|put me|place me|land me|rank me)\b",
    re.IGNORECASE,
)

_OWN: Mapping[str, tuple[str, tuple[Unit, ...]]] = {
    "pay": ("current_pay", (Unit.MONEY,)),
    "hours": ("weekly_hours", (Unit.HOURS_PER_WEEK, Unit.HOURS)),
    "deadline": ("deadline", tuple(DAYS)),
    "elapsed": ("elapsed", tuple(DAYS)),
}
"""By computation, the role of the learner's figure and the units it may have."""

_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i've|im|me|my|mine|we|our|us)\b", re.IGNORECASE)
_PRICE = re.compile(
    r"\b(?:cost\w*|pric(?:e|es|ed|ey|ier)|cheap\w*|expens\w+|free|fees?|afford\w*|money|purse|budget)\b", re.IGNORECASE
)

FIRST = "first"
"""Of a computation that the question asks for by name, whatever else it may intend."""

Attempt = Callable[[], Worked | None]


class Computer:
    """Works things out for one pathway. ``assumed_weekly_hours`` is what a page's "week" is taken to mean."""

    def __init__(self, corpus: Corpus, facts: Facts, assumed_weekly_hours: float) -> None:
        self.basis = Basis(corpus, facts, assumed_weekly_hours)
        self.pay = PayComputer(self.basis)
        self.time = TimeComputer(self.basis)
        self.comparison = ComparisonComputer(self.basis)

    def work_out(self, query: Query, choice: Choice, intents: Mapping[str, float] = NO_INTENTS) -> Worked | None:
        """The first computation that the question calls for, or None.

        ``choice`` is the fact that fits it best; ``intents`` the log probability of each intent, empty where nothing is
        known of them.
        """
        case = _Case(query, choice, intents, self.basis, self.time)
        attempts = [
            *self._about_pay(case),
            *self._about_time(case),
            *self._about_several(case),
        ]
        # What is clearly intended goes before what only its words allow; otherwise they keep their order.
        for _, attempt in sorted(
            attempts, key=lambda entry: entry[0] != FIRST and case.probability(entry[0]) < CLEARLY
        ):
            if worked := attempt():
                return worked
        return None

    def _about_pay(self, case: _Case) -> Iterator[tuple[str, Attempt]]:
        query, text = case.query, case.query.standalone
        own = case.own("pay")
        if own and (
            case.intended("pay")
            or (not asks_time(query) or period_of(case.told))
            and (
                case.vague or case.family == "pay" or _WORTH.search(text) or {"money", "percentage"} & set(query.wants)
            )
        ):
            yield "pay", lambda: case.taking(own, self.pay.own(query, own))
        said = case.of_role("asserted")
        if (
            said
            and said[0].unit == Unit.MONEY
            and (_RANK.search(text) or of_kind(query, "metro", "occupation") and _WEIGHED.search(text))
        ):
            yield "", lambda: self.pay.rank(query, said[0])
        if case.family == "pay":
            yield "", lambda: self.pay.by_period(query, case.choice.cell)
            yield "compare", lambda: self.pay.extremes(query)

    def _about_time(self, case: _Case) -> Iterator[tuple[str, Attempt]]:
        query, text = case.query, case.query.standalone
        asks_rest = bool(_REMAINING.search(text))
        if "priority:nice-to-have" in query.entities and _NOT.search(text) and asks_time(query):
            yield "", self.time.necessary
        hours, deadline, elapsed = case.own("hours"), case.own("deadline"), case.own("elapsed")
        if hours and (
            case.intended("hours")
            or deadline
            or asks_time(query)
            or not query.wants
            or {"plan", "how", "yes_no"} & set(query.wants)
        ):
            yield "hours", lambda: case.taking(hours, self.time.own_hours(case.base, hours, deadline))
        yield FIRST, lambda: self.time.convert(query)
        if elapsed and (case.intended("elapsed") or case.family in {"time", "roadmap", "actions", "conflicts", "role"}):
            rest = asks_rest or case.intended("elapsed") or bool(_ON_TRACK.search(text))
            yield "elapsed", lambda: case.taking(elapsed, self.time.after(query, elapsed, rest=rest))
        if deadline and not hours and (  # with hours a week, these say how much fits
            case.intended("deadline")
            or case.family in {"time", "skills", "roadmap", "conflicts"}
            or case.vague
            and asks_time(query)
            and not query.entities
        ):
            yield "deadline", lambda: case.taking(deadline, self.time.fits(case.base, deadline))
        if case.known:
            yield "elapsed", lambda: self.time.without_skills(case.known, "you know already")
        if case.skipped and (asks_time(query) or asks_rest or case.intends_any):
            yield "", lambda: self.time.without_skills(case.skipped, "left out")
        yield "", lambda: self.time.dated(query)
        phases = [self.basis.phases[entity] for entity in case.left_out if entity in self.basis.phases]
        if phases and not asks_rest and asks_time(query):
            yield "", lambda: self.time.without_phases(phases)
        reached, counted = case.reached
        finished = case.done or counted or case.probability("elapsed") >= CLEARLY and _FINISHED.search(case.told)
        if reached and (asks_rest or case.intended("elapsed") and finished):
            yield "elapsed", lambda: case.taking(counted, self.time.remaining(query, reached))
        if case.intended("elapsed") and not case.gone and not reached:
            named = [self.basis.skills[entity] for entity in of_kind(query, "skill")]
            yield "elapsed", lambda: self.time.without_skills(named, "you know already")

    def _about_several(self, case: _Case) -> Iterator[tuple[str, Attempt]]:
        query, text, best = case.query, case.query.standalone, case.choice.cell
        compared = case.intended("compare") or "compare" in query.wants or bool(_AGAINST.search(text))
        asks_price = bool(_PRICE.search(text)) and not asks_time(query)
        cells = self._with_weeks(query)
        if len(cells) > 1 and asks_time(query) and self._summed(query, cells, compared):
            yield "", lambda: self.time.together(cells)
        if (
            len(cells) > 1
            and compared
            and not asks_price
            and (
                case.intended("compare")
                or "compare" in query.wants
                or asks_time(query)
                or not of_kind(query, "resource", "priority")
                and facets()[best.fact.facet].kind == facets()[cells[0].fact.facet].kind
            )
        ):
            yield "compare", lambda: self.comparison.weeks(cells, query)
        if compared and asks_time(query):
            yield "compare", lambda: self.comparison.totals(query)
        if compared and len(of_kind(query, "resource")) > 1:
            yield "compare", lambda: self.comparison.resources(query, best, by_price=bool(_PRICE.search(text)))
        if compared and not asks_price and not asks_time(query) and len(of_kind(query, "transferable")) > 1:
            yield "compare", lambda: self.comparison.carried_over(query)
        if best.fact.facet == "outlook.occupation":
            outlooks = self.basis.cells("outlook.occupation", of_kind(query, "occupation"))
            if len(outlooks) > 1:
                yield "compare", lambda: self.pay.compare_growth(outlooks)
        for kind, facet in (("occupation", "occupation.pay"), ("metro", "metro.pay"), ("level", "pay.level")):
            pays = [cell for cell in self.basis.cells(facet, of_kind(query, kind)) if cell.fact.value]
            if len(pays) > 1:
                yield "compare", partial(self.pay.compare, pays, facet)

    def _summed(self, query: Query, cells: Sequence[Cell], compared: bool) -> bool:
        """Whether the weeks of things of one kind are asked for in sum: "A and B", but not "phase 2, Name"."""
        text = query.standalone
        for cell in cells:
            text = re.sub(re.escape(self.basis.name(cell.fact.entities[0])), "it", text, flags=re.IGNORECASE)
        joined = _TOGETHER.search(text) or not compared and re.search(r"\band\b|&|\+", text)
        return bool(joined) and len({cell.fact.facet for cell in cells}) == 1

    def _with_weeks(self, query: Query) -> list[Cell]:
        """The weeks of several things of a kind that the question names, else of a skill and a phase."""
        by_kind = {kind: self.basis.cells(facet, of_kind(query, kind)) for kind, facet in WEEKS_OF.items()}
        several = next((cells for cells in by_kind.values() if len(cells) > 1), None)
        return several or [
            cell for cell in (*by_kind["skill"], *by_kind["phase"]) if not set(cell.fact.entities) & set(query.weak)
        ]


@dataclass(frozen=True)
class _Case:
    """One question with what it intends and what of it can be computed with."""

    query: Query
    choice: Choice
    intents: Mapping[str, float]
    basis: Basis
    time: TimeComputer

    def probability(self, name: str) -> float:
        return probability(self.intents, f"compute.{name}") if name else 0.0

    def intended(self, name: str) -> bool:
        return self.probability(name) >= INTENDED

    @property
    def intends_any(self) -> bool:
        return sum(probability(self.intents, name) for name in self.intents if name.startswith("compute.")) >= INTENDED

    @property
    def family(self) -> str:
        return facets()[self.choice.cell.fact.facet].family

    @property
    def vague(self) -> bool:
        return self.choice.similarity < 0.6

    @property
    def told(self) -> str:
        return f"{self.query.context} {self.query.standalone}".strip()

    def of_role(self, *roles: str) -> list[Quantity]:
        return [figure.quantity for figure in self.query.figures if figure.role in roles]

    def own(self, name: str) -> Quantity | None:
        """The learner's own figure for a computation; else the only one that fits, where the intent is clear."""
        role, units = _OWN[name]
        found = self.of_role(role)
        if not found and self.probability(name) >= CLEARLY and self._personal:
            fitting = [
                figure.quantity
                for figure in self.query.figures
                if figure.quantity.unit in units and not self._of_the_page(figure.quantity)
            ]
            found = fitting if len(fitting) == 1 else []
        return found[0] if found else None

    @property
    def _personal(self) -> bool:
        """Whether the learner may be speaking of themselves: in the first person, or in no whole sentence."""
        text = f"{self.query.context} {self.query.standalone}"
        return bool(_FIRST_PERSON.search(text)) or "yes_no" not in self.query.wants

    def _of_the_page(self, quantity: Quantity) -> bool:
        """Whether it is pay that the page itself names, and so hardly the learner's."""
        claimed = {amount for claim in self.basis.pathway.pay for amount in (claim.low, claim.high)}
        return quantity.unit == Unit.MONEY and quantity.low in claimed

    def taking(self, figure: Quantity | None, worked: Worked | None) -> Worked | None:
        """With the figure that it was worked out from, where that could as well assert something of the page."""
        return replace(worked, taken=(figure,)) if worked and figure in self.of_role("asserted") else worked

    @cached_property
    def known(self) -> list[Skill]:
        return [self.basis.skills[q.text] for q in self.of_role("known") if q.text in self.basis.skills]

    @cached_property
    def left_out(self) -> list[str]:
        """Skills, phases and ratings that the question names and leaves out."""
        text = self.query.standalone
        if match := _SKIPPING.search(text):
            regions = [_REACH.split(text[match.end() :])[0]]
        elif match := _SKIPPED.search(text):
            regions = [_OPENING.split(text[: match.start()])[-1], text[match.end() :]]
        else:
            return []
        return next((found for region in regions if (found := self._named_in(region))), [])

    def _named_in(self, region: str) -> list[str]:
        """What a part of the question names whole, else by a rare word."""
        held = {stem(word) for word in split_tokens(region)}
        things = [self.basis.corpus.entity[entity] for entity in of_kind(self.query, *WEEKS_OF)]
        whole = [
            thing.id
            for thing in things
            if any({stem(word) for word in split_tokens(name)} <= held for name in (thing.name, *thing.aliases))
        ]
        return whole or [
            thing.id
            for thing in things
            if any(stem(word) in held for word in split_tokens(thing.name) if frequency(word) < COMMON_WORD_ZIPF)
        ]

    @cached_property
    def skipped(self) -> list[Skill]:
        """Skills that are left out, by name or by rating."""
        rated = [
            f"skill:{skill.id}"
            for skill in self.basis.pathway.skills
            if f"priority:{skill.priority.replace(' ', '-')}" in self.left_out
        ]
        out = [entity for entity in dict.fromkeys([*self.left_out, *rated]) if entity in self.basis.skills]
        return [self.basis.skills[entity] for entity in out]

    @cached_property
    def done(self) -> list[Phase]:
        """Phases that the learner says to have behind them."""
        return [self.basis.phases[q.text] for q in self.of_role("known") if q.text in self.basis.phases]

    @cached_property
    def reached(self) -> tuple[list[Phase], Quantity | None]:
        """Phases that are named or known, else as many from the first as the question says to be done."""
        named = [self.basis.phases[entity] for entity in of_kind(self.query, "phase")]
        if self.done or named:
            return list(dict.fromkeys([*self.done, *named])), None
        counts = [
            figure.quantity
            for figure in self.query.figures
            if figure.quantity.unit == Unit.COUNT and figure.quantity.noun.rstrip("s") in {"phase", "stage", "step"}
        ]
        if len(counts) != 1 or not DONE.search(self.told):
            return [], None
        done = int(counts[0].low)
        if _TO_GO.match(self.told.partition(counts[0].text)[2]):
            done = len(self.basis.phases) - done
        return list(self.basis.pathway.phases[: max(0, done)]), counts[0]

    @property
    def gone(self) -> list[Skill]:
        return list(dict.fromkeys([*self.known, *self.skipped]))

    @cached_property
    def base(self) -> Base | None:
        """The weeks that the question is about."""
        return self.time.base(self.query, self.gone, self.done)


def asserted(figures: Sequence[Figure]) -> list[Quantity]:
    """Figures that the question claims of the page."""
    return [figure.quantity for figure in figures if figure.role == "asserted"]
