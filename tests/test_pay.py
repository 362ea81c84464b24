"""Pay set against guide and official figures: cited, computed in the open, and silent where nothing is known.

The shipped pathway, which has official figures, and the two imported ones, which have none. No encoder: a card needs
no search.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.answering.computing_basis import Basis
from coach.answering.computing_pay import OwnPay, PayComputer
from coach.answering.grounding import check
from coach.answering.statements import Facts
from coach.knowledge.corpus import Corpus, build_corpus
from coach.knowledge.importer import import_page
from coach.knowledge.load import Knowledge, load_knowledge
from coach.knowledge.market import Market, percentile_of
from coach.knowledge.pathway import MarketLink, Pathway, PercentRange
from coach.planning.pay import Mark, PayCard, Point, Spread, metro_of, pay_card
from coach.planning.profile import Profile
from coach.settings import REPOSITORY, Settings
from coach.types import Claim, Support
from coach.ui.chart_theme import QUIET
from coach.ui.pay_plot import COLOURS, pay_chart

PAGES = REPOSITORY / "eval" / "pages"
SHIPPED = "software-engineer-to-vector-database-engineer"
TEACHER = "high-school-teacher-to-learning-experience-designer"
WAREHOUSE = "warehouse-supervisor-to-supply-chain-analyst"

DEVELOPERS, ARCHITECTS, ADMINISTRATORS = "15-1252", "15-1243", "15-1242"
NATION, DENVER, SEATTLE = "00000", "19740", "42660"

Build = Callable[[Pathway], Corpus]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    where = Settings(knowledge_dir=REPOSITORY / "knowledge", data_dir=tmp_path_factory.mktemp("data"))
    market = load_knowledge(where).market
    for page in sorted(PAGES.glob("*.txt")):
        import_page(page, where, market)
    return load_knowledge(where)


@pytest.fixture(scope="module")
def build(knowledge: Knowledge) -> Build:
    def corpus(pathway: Pathway) -> Corpus:
        return build_corpus(
            pathway, knowledge.resources, knowledge.market, count_pieces=lambda text: len(text.split()), limit=200
        )

    return corpus


@pytest.fixture(scope="module")
def corpora(knowledge: Knowledge, build: Build) -> dict[str, Corpus]:
    return {pathway.slug: build(pathway) for pathway in knowledge.pathways}


@pytest.fixture(scope="module")
def shipped(corpora: dict[str, Corpus]) -> Corpus:
    return corpora[SHIPPED]


@pytest.fixture(scope="module")
def market(knowledge: Knowledge) -> Market:
    return knowledge.market


def card_of(corpus: Corpus, **profile: Any) -> PayCard:
    card = pay_card(Profile(**profile), corpus)
    assert card is not None
    return card


def told(claims: tuple[Claim, ...]) -> str:
    return "\n".join(claim.text for claim in claims)


def everything(card: PayCard) -> Iterator[Claim]:
    yield from card.claims
    yield from card.caveats


def median(market: Market, soc: str, area: str) -> int:
    wage = market.wage(soc, area)
    assert wage is not None and wage.median is not None
    return wage.median


# --- Every card -----------------------------------------------------------------------------------------------

PROFILES: tuple[dict[str, Any], ...] = (
    {},
    {"pay": 120_000, "region": "Denver"},
    {"pay": 310_000},
    {"pay": 31_000, "currency": "GBP", "region": "Leeds"},
    {"pay": 58_000, "currency": "EUR", "region": "Denver"},
    {"region": "Seattle area"},
)


@pytest.mark.parametrize("slug", [SHIPPED, TEACHER, WAREHOUSE])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_claim_and_caveat_passes_the_check_of_answers(
    corpora: dict[str, Corpus], slug: str, profile: dict[str, Any]
) -> None:
    corpus = corpora[slug]
    card = card_of(corpus, **profile)
    assert card.claims and card.caveats
    for claim in everything(card):
        assert claim.citations
        assert check(claim, [corpus.by_id[citation.passage_id] for citation in claim.citations]).supported
        assert claim.support == Support.QUOTED or claim.formula


@pytest.mark.parametrize("profile", PROFILES)
def test_citations_are_numbered_by_passage_in_the_order_in_which_they_are_met(
    shipped: Corpus, profile: dict[str, Any]
) -> None:
    card = card_of(shipped, **profile)
    passages: dict[int, str] = {}
    for claim in everything(card):
        for citation in claim.citations:
            assert passages.setdefault(citation.marker, citation.passage_id) == citation.passage_id
    assert list(passages) == list(range(1, len(passages) + 1))
    assert len(set(passages.values())) == len(passages)


def test_nothing_is_said_twice(shipped: Corpus) -> None:
    for profile in PROFILES:
        texts = [claim.text for claim in everything(card_of(shipped, **profile))]
        assert len(texts) == len(set(texts))


def test_a_card_survives_json_unchanged(shipped: Corpus) -> None:
    card = card_of(shipped, pay=120_000, region="Denver")
    assert PayCard.model_validate_json(card.model_dump_json()) == card


def test_the_same_profile_gives_the_same_card(shipped: Corpus) -> None:
    assert card_of(shipped, pay=97_000, region="NYC") == card_of(shipped, pay=97_000, region="NYC")


# Below a thousand, whole units of money are too coarse for a formula to add up; nobody's year is paid that.
@settings(max_examples=60, deadline=None)
@given(pay=st.floats(min_value=1_000, max_value=1e9), region=st.sampled_from([None, "Denver", "San Jose", "Lisbon"]))
def test_no_claim_is_lost_to_the_check_whatever_the_pay(shipped: Corpus, pay: float, region: str | None) -> None:
    card = card_of(shipped, pay=pay, region=region)
    text = told(card.claims)
    assert "would turn" in text
    assert re.search(r"(?:lies|lie) (?:below|at about|above) the \d+\w\w percentile of software developers", text)
    assert re.search(r"^Your \$[\d,]+ lies ", text, re.MULTILINE)
    assert text.count("guide's entry figure of") == text.count("guide's senior figure of") == 2
    assert text.count("The median of database ") == 2
    assert card.spread is not None and card.spread.pay == pay


# --- Own pay among official figures ------------------------------------------------------------------------------


def test_the_guides_raise_is_worked_out_from_own_pay(shipped: Corpus) -> None:
    claim = card_of(shipped, pay=120_000, region="Denver").claims[0]
    assert f"${120_000 * 1.4:,.0f} to ${120_000 * 1.6:,.0f}" in claim.text
    assert claim.formula is not None and "$120,000 x 1.40" in claim.formula and "$120,000 x 1.60" in claim.formula
    assert "+40 to +60 percent" in claim.citations[0].quote


def test_own_pay_and_pay_after_the_raise_are_placed_by_interpolation(shipped: Corpus, market: Market) -> None:
    wage = market.wage(DEVELOPERS, DENVER)
    assert wage is not None
    text = told(card_of(shipped, pay=120_000, region="Denver").claims)
    for pay in (120_000, 120_000 * 1.4, 120_000 * 1.6):
        spot = percentile_of(pay, wage)
        assert spot is not None and spot.relation == "at"
        assert re.search(
            rf"\${pay:,.0f} (?:lies )?at about the {round(spot.percentile)}(?:st|nd|rd|th) percentile", text
        )
    p10, p25, *_ = wage.percentiles
    assert p10 is not None and p25 is not None
    by_hand = 10 + (120_000 - p10) / (p25 - p10) * (25 - 10)
    assert f"at about the {by_hand:.0f}rd percentile of software developers in Denver" in text


@pytest.mark.parametrize("region", ["Denver", None])
def test_the_card_and_the_chat_take_their_figures_from_one_computation(shipped: Corpus, region: str | None) -> None:
    card = told(card_of(shipped, pay=120_000, region=region).claims)
    computer = PayComputer(Basis(shipped, Facts(shipped), 10))
    metro = metro_of(region, shipped) if region else None
    own = OwnPay(120_000, "USD", 120_000)
    [beside] = computer.beside(own, metro)
    gaps = re.findall(r"\$[\d,]+ \([\d.]+ percent\) (?:above|below) your \$120,000", beside.text)
    assert len(gaps) == 2 and all(gap in card for gap in gaps)
    official = computer.official(metro)
    assert official is not None
    placed = computer.raise_placed(own, official)
    assert placed is not None and placed.text in card


def test_two_pays_beyond_the_ends_are_placed_together(shipped: Corpus) -> None:
    text = told(card_of(shipped, pay=300_000).claims)
    assert (
        f"${300_000 * 1.4:,.0f} and ${300_000 * 1.6:,.0f} lie above the 90th percentile of software developers in the "
        "United States."
    ) in text


def test_the_guides_levels_are_set_against_own_pay(shipped: Corpus) -> None:
    text = told(card_of(shipped, pay=150_000).claims)
    assert f"entry figure of $130,000 is $20,000 ({20 / 150 * 100:.1f} percent) below your $150,000" in text
    assert "senior figure of $210,000 is $60,000 (40 percent) above your $150,000" in text


def test_a_figure_that_is_open_above_is_not_called_lower_than_own_pay(shipped: Corpus) -> None:
    text = told(card_of(shipped, pay=250_000).claims)
    assert f"$40,000 ({40 / 210 * 100:.0f} percent) above the lower end of the guide's senior figure" in text
    assert "senior figure of $210,000 is" not in re.sub(r".*U\.S\. median.*", "", text)


def test_a_raise_that_the_entry_figure_does_not_bring_is_named(shipped: Corpus) -> None:
    text = told(card_of(shipped, pay=120_000).claims)
    assert f"even +40 percent from $120,000 is $168,000, ${120_000 * 1.4 - 130_000:,.0f} more than $130,000" in text


def test_a_raise_that_does_not_reach_the_entry_figure_is_named(shipped: Corpus) -> None:
    text = told(card_of(shipped, pay=50_000).claims)
    assert f"even +60 percent from $50,000 is $80,000, ${130_000 - 50_000 * 1.6:,.0f} less than $130,000" in text


def test_where_raise_and_entry_figure_agree_no_conflict_is_claimed(shipped: Corpus) -> None:
    assert 90_000 * 1.4 <= 130_000 <= 90_000 * 1.6
    assert "even +" not in told(card_of(shipped, pay=90_000).claims)


def test_medians_of_neighbouring_occupations_are_set_against_own_pay_in_the_metro(
    shipped: Corpus, market: Market
) -> None:
    card = card_of(shipped, pay=120_000, region="Denver")
    for soc, name in ((ARCHITECTS, "database architects"), (ADMINISTRATORS, "database administrators")):
        middle = median(market, soc, DENVER)
        gap = middle - 120_000
        text = (
            f"The median of {name} in Denver, ${middle:,}, is ${gap:,} ({gap / 120_000 * 100:.1f} percent) above your"
        )
        [claim] = [claim for claim in card.claims if claim.text.startswith(text)]
        assert f"{middle:,}" in claim.citations[0].quote


def test_without_pay_guide_and_official_figures_stand_beside_each_other(shipped: Corpus, market: Market) -> None:
    card = card_of(shipped)
    text = told(card.claims)
    assert "at around $130,000" in text and "at no less than $210,000" in text and "+40 to +60 percent" in text
    assert f"${median(market, DEVELOPERS, NATION):,}" in text and f"${median(market, ARCHITECTS, NATION):,}" in text
    assert "about the 45th percentile" in text
    assert not re.search(r"\byour?\b", text, re.IGNORECASE)
    assert any("Your own pay is not in your profile" in missing for missing in card.missing)
    assert card.spread is not None and card.spread.pay is None
    assert {mark.kind for mark in card.spread.marks} == {"guide"}


def test_without_pay_a_metro_still_counts(shipped: Corpus, market: Market) -> None:
    card = card_of(shipped, region="Seattle area")
    text = told(card.claims)
    assert f"Half of software developers in Seattle earn more than ${median(market, DEVELOPERS, SEATTLE):,}" in text
    assert re.search(r"entry figure of \$130,000 lies at about the \d+\w\w percentile of .* in Seattle", text)
    assert f"The median of database architects in Seattle is ${median(market, ARCHITECTS, SEATTLE):,}" in text


# --- Caveats ------------------------------------------------------------------------------------------------


def test_caveats_say_what_the_figures_are_not(shipped: Corpus) -> None:
    text = told(card_of(shipped, pay=120_000, region="Boston").caveats)
    for part in (
        "all who hold an occupation; they are not levels of seniority",
        "No official figure exists for a Vector Database Engineer as such",
        "cover the United States, 12 metros in it and no other country",
        "The guide names no country for its pay figures",
        "No tax, no benefit and no cost of living is counted here",
        "nobody has measured such raises",
        "equity",
    ):
        assert part in text


def test_thin_cells_are_called_uncertain_and_only_they(shipped: Corpus, market: Market) -> None:
    thin, firm = market.wage(ARCHITECTS, DENVER), market.wage(ADMINISTRATORS, DENVER)
    assert thin is not None and thin.thin and firm is not None and not firm.thin
    text = told(card_of(shipped, pay=120_000, region="Denver").caveats)
    assert "database architects in Denver is $162,640, an uncertain figure" in text
    assert text.count("uncertain") == 1


def test_a_thin_cell_of_the_occupation_itself_is_called_uncertain(knowledge: Knowledge) -> None:
    pathway = knowledge.pathway(SHIPPED)
    link = MarketLink(origin=ADMINISTRATORS, neighbours=(ARCHITECTS,))
    corpus = build_corpus(
        pathway.model_copy(update={"market": link}),
        (),
        knowledge.market,
        count_pieces=lambda text: len(text.split()),
        limit=200,
    )
    text = told(card_of(corpus, pay=90_000, region="Washington, D.C.").caveats)
    assert "figures of database administrators in Washington, D.C. are uncertain" in text
    assert "47.1 percent" in text


def test_a_guide_that_names_a_place_is_not_said_to_name_none(knowledge: Knowledge, build: Build) -> None:
    pathway = knowledge.pathway(TEACHER)
    first, *rest = pathway.overview
    located = first.model_copy(update={"text": f"{first.text} The figures are those of Canada."})
    card = card_of(build(pathway.model_copy(update={"overview": (located, *rest)})), pay=50_000)
    assert "names no country" not in told(card.caveats)
    assert "names no country" in told(card_of(build(pathway), pay=50_000).caveats)


# --- What is missing ---------------------------------------------------------------------------------------------


def test_a_region_without_figures_is_named_with_the_metros_that_have_them(shipped: Corpus) -> None:
    card = card_of(shipped, pay=120_000, region="Portland, OR")
    assert "in the United States" in told(card.claims)
    text = " ".join(card.missing)
    assert "Portland, OR" in text and "for the United States as a whole" in text
    metros = [entity.name for entity in shipped.entities if entity.kind == "metro"]
    assert len(metros) == 12 and all(metro in text for metro in metros)
    assert card.spread is not None and card.spread.area == "the United States"


def test_nothing_is_missing_where_all_is_known(shipped: Corpus) -> None:
    assert card_of(shipped, pay=120_000, region="Denver").missing == ()
    assert card_of(shipped, pay=120_000).missing == ()
    assert card_of(shipped, pay=120_000, region="Remote, USA").missing == ()


def test_pay_in_another_currency_is_raised_but_set_against_nothing(shipped: Corpus) -> None:
    card = card_of(shipped, pay=60_000, currency="EUR", region="Denver")
    text = told(card.claims)
    assert f"€{60_000 * 1.4:,.0f} to €{60_000 * 1.6:,.0f}" in text
    assert "your" not in text and "in Denver" not in text and "in the United States" in text
    assert "at around $130,000" in text
    missing = " ".join(card.missing)
    assert "EUR" in missing and "for the United States as a whole" in missing
    assert card.spread is not None and card.spread.pay is None
    assert {mark.kind for mark in card.spread.marks} == {"guide"}


def test_a_long_region_is_cut_and_carries_no_control_characters(shipped: Corpus) -> None:
    [first, *_] = card_of(shipped, pay=120_000, region="Lis\u202ebon " * 500).missing
    assert len(first) < 200 and "\u202e" not in first and "Lisbon" in first


# --- Other pathways ------------------------------------------------------------------------------------------------


def test_an_imported_page_gets_its_own_claims_and_the_word_that_none_could_be_checked(
    corpora: dict[str, Corpus],
) -> None:
    card = card_of(corpora[WAREHOUSE], pay=30_000, currency="GBP")
    text = told(card.claims)
    assert f"£{30_000 * 1.2:,.0f} to £{30_000 * 1.3:,.0f}" in text
    assert f"entry figure of £31,500 is £1,500 ({1_500 / 30_000 * 100:.0f} percent) above your £30,000" in text
    assert "mid figure of £36,000 to £42,000 is £6,000 to £12,000 (20 to 40 percent) above" in text
    assert "official" not in text and "percentile" not in text
    assert "cover no occupation that stands for a Supply Chain Analyst" in told(card.caveats)
    assert card.spread is None


def test_a_guide_in_one_currency_and_pay_in_another_are_not_compared(corpora: dict[str, Corpus]) -> None:
    card = card_of(corpora[WAREHOUSE], pay=30_000)
    assert "at around £31,500" in told(card.claims) and "above your" not in told(card.claims)
    assert any("USD" in missing and "GBP" in missing for missing in card.missing)


def test_a_guide_without_pay_still_gets_official_figures(knowledge: Knowledge, build: Build) -> None:
    bare = knowledge.pathway(SHIPPED).model_copy(update={"pay": (), "salary_change": None})
    card = card_of(build(bare), pay=120_000, region="Denver")
    text = told(card.claims)
    assert "Your $120,000 lies" in text and "above your $120,000" in text and "guide" not in text
    assert "The guide says nothing about pay." in told(card.caveats)
    assert card.spread is not None and card.spread.marks == ()


def test_without_any_pay_there_is_no_card(knowledge: Knowledge, build: Build) -> None:
    bare = knowledge.pathway(TEACHER).model_copy(update={"pay": (), "salary_change": None})
    assert pay_card(Profile(pay=50_000), build(bare)) is None


def test_a_guide_in_pounds_with_official_figures_in_dollars_keeps_them_apart(
    knowledge: Knowledge, build: Build
) -> None:
    british = knowledge.pathway(SHIPPED).model_copy(update={"currency": "GBP"})
    card = card_of(build(british), pay=120_000, region="Denver")
    text = told(card.claims)
    assert "Your $120,000 lies" in text and "£130,000" in text
    assert "figure of £130,000 is" not in text
    assert "so they are not set against U.S. pay" in told(card.caveats)
    assert card.spread is not None and {mark.kind for mark in card.spread.marks} == {"raise"}


def test_a_single_percentage_is_one_raise(knowledge: Knowledge, build: Build) -> None:
    flat = knowledge.pathway(SHIPPED).model_copy(update={"salary_change": PercentRange(low=25, high=25)})
    card = card_of(build(flat), pay=100_000)
    assert "would turn $100,000 into $125,000 a year" in card.claims[0].text
    assert card.spread is not None
    assert [mark.value for mark in card.spread.marks if mark.kind == "raise"] == [100_000 * 1.25]


# --- Places ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "metro"),
    [
        ("Denver", "denver"),
        ("  dEnVeR ", "denver"),
        ("Seattle area", "seattle"),
        ("Austin, TX", "austin"),
        ("Austin, Texas, USA", "austin"),
        ("Seattle, Washington", "seattle"),
        ("New York, NY 10001", "new-york"),
        ("nyc", "new-york"),
        ("the Greater Boston Area", "boston"),
        ("SF Bay Area", "san-francisco"),
        ("San José", "san-jose"),
        ("Washington DC", "washington-d-c"),
        ("Washington, D.C.", "washington-d-c"),
        ("LA", "los-angeles"),
        ("Raleigh-Cary, NC", "raleigh"),
        ("Remote (Denver)", "denver"),
    ],
)
def test_a_metro_is_found_by_what_people_call_it(shipped: Corpus, region: str, metro: str) -> None:
    assert metro_of(region, shipped) == f"metro:{metro}"


@pytest.mark.parametrize(
    "region",
    [
        "Berlin",
        "Portland",
        "Austin, MN",
        "Denver, North Carolina",
        "New Orleans, LA",
        "San Jose, Costa Rica",
        "Redmond, OR",
        "Washington",
        "Seattle or Denver",
        "New Jersey",
        "area",
        "TX",
        "USA",
        "東京",
        "",
        "x " * 20_000,
        "new york city " * 5_000 + "x",
    ],
)
def test_another_place_is_never_taken_for_a_metro(shipped: Corpus, region: str) -> None:
    assert metro_of(region, shipped) is None


# --- The plot --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spread(shipped: Corpus) -> Spread:
    spread = card_of(shipped, pay=120_000, region="Denver").spread
    assert spread is not None
    return spread


def test_a_spread_holds_the_published_percentiles_and_every_claim(spread: Spread, market: Market) -> None:
    wage = market.wage(DEVELOPERS, DENVER)
    assert wage is not None
    assert (spread.area, spread.occupation, spread.currency) == ("Denver", "software developers", "USD")
    assert tuple(point.percentile for point in spread.percentiles) == (10, 25, 50, 75, 90)
    assert tuple(point.value for point in spread.percentiles) == wage.percentiles
    assert spread.pay == 120_000
    assert [(mark.kind, mark.value) for mark in spread.marks] == [
        ("guide", 130_000),
        ("guide", 210_000),
        ("raise", 120_000 * 1.4),
        ("raise", pytest.approx(120_000 * 1.6)),
    ]


def test_markers_of_a_spread_are_those_of_the_claims(shipped: Corpus) -> None:
    card = card_of(shipped, pay=120_000, region="Denver")
    assert card.spread is not None
    cited = {citation.marker: citation.quote for claim in card.claims for citation in claim.citations}
    quotes = {
        marker: " ".join(
            citation.quote for claim in card.claims for citation in claim.citations if citation.marker == marker
        )
        for marker in cited
    }
    assert card.spread.marker is not None
    assert all(f"{point.value:,.0f}" in quotes[card.spread.marker] for point in card.spread.percentiles)
    for mark in card.spread.marks:
        assert mark.marker is not None
        assert (f"{mark.value:,.0f}" if mark.kind == "guide" else "+40 to +60 percent") in quotes[mark.marker]


def test_the_alternative_text_is_one_sentence_with_every_figure(spread: Spread) -> None:
    values = [point.value for point in spread.percentiles] + [mark.value for mark in spread.marks]
    assert all(f"${value:,.0f}" in spread.alternative for value in (*values, 120_000))
    assert "Denver" in spread.alternative and "software developers" in spread.alternative
    assert spread.alternative.endswith(".") and ". " not in spread.alternative


def plotted(spread: Spread) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The chart's spec, and all rows of data in it."""
    spec = pay_chart(spread).to_dict()
    data = [row for rows in spec["datasets"].values() for row in rows] if "datasets" in spec else []
    data += [row for layer in spec["layer"] for row in layer.get("data", {}).get("values", [])]
    return spec, data


def test_the_plot_marks_bands_median_own_pay_and_every_claim(spread: Spread) -> None:
    spec, rows = plotted(spread)
    drawn = [(layer["mark"]["type"], layer["encoding"]) for layer in spec["layer"]]
    assert [mark for mark, _ in drawn] == ["rect", "bar", "rect", "bar", "tick", "point"]
    spans = {(row["value"], row["high"]) for row in rows if row["high"] is not None}
    p10, p25, p50, p75, p90 = (point.value for point in spread.percentiles)
    assert spans == {(p10, p90), (p25, p75)}
    points = {(row["kind"], row["value"]) for row in rows if row["high"] is None}
    assert points == {("official", p50), ("pay", 120_000), *((mark.kind, mark.value) for mark in spread.marks)}


def test_the_plot_names_its_axis_and_unit_and_has_an_alternative_text(spread: Spread) -> None:
    spec, _ = plotted(spread)
    titles = {" ".join(layer["encoding"]["x"]["title"]) for layer in spec["layer"]}
    assert len(titles) == 1 and titles.pop().startswith("US dollars a year, before tax")
    assert spec["description"] == spread.alternative
    assert spec["title"]["text"] == ["Software developers", "in Denver"]


def test_every_mark_has_a_row_and_a_label_of_its_own_in_rising_order(spread: Spread) -> None:
    spec, rows = plotted(spread)
    [order] = {tuple(layer["encoding"]["y"]["sort"]) for layer in spec["layer"] if "y" in layer["encoding"]}
    assert len(order) == len(set(order)) == 1 + 1 + len(spread.marks)
    values = {row["label"]: row["value"] for row in rows if row["kind"] != "official"}
    assert set(values) == set(order[1:])
    assert all(values[upper] <= values[lower] for upper, lower in pairwise(order[1:]))
    senior = next(label for label in order if "senior" in label)
    assert "$210,000 or more" in senior and f"[{spread.marks[1].marker}]" in senior
    [axis] = {str(layer["encoding"]["y"]["axis"]) for layer in spec["layer"] if "y" in layer["encoding"]}
    assert "'labelOverlap': False" in axis and "'labelLimit': 0" in axis


def test_all_text_of_the_plot_takes_a_colour_that_follows_light_and_dark(spread: Spread) -> None:
    spec, _ = plotted(spread)
    assert "text" not in {layer["mark"]["type"] for layer in spec["layer"]}
    own = {name: part for name, part in spec.items() if name != "config"}
    assert not re.search(r"labelColor|titleColor|subtitle", str(own))
    assert spec["config"]["axis"]["labelColor"] == spec["config"]["axis"]["titleColor"] == QUIET


def test_colours_of_marks_stand_out_from_the_light_and_the_dark_page() -> None:
    theme = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    for colour in COLOURS.values():
        for page in (theme["light"]["backgroundColor"], theme["dark"]["backgroundColor"]):
            dark, light = sorted((luminance(colour), luminance(page)))
            assert (light + 0.05) / (dark + 0.05) >= 3, f"{colour} on {page}"  # WCAG 2.2, 1.4.11


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_range_is_drawn_as_one_and_unpublished_ends_leave_their_band_out() -> None:
    bare = Spread(
        area="Sometown",
        occupation="bakers",
        currency="USD",
        percentiles=(Point(percentile=25, value=30_000), Point(percentile=50, value=40_000)),
        pay=None,
        marks=(Mark(kind="guide", label="Guide's entry pay", value=35_000, high=45_000, said="$35,000", marker=None),),
        marker=None,
        alternative="Pay of bakers.",
    )
    spec, rows = plotted(bare)
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["tick", "bar", "point"]
    assert {(row["value"], row["high"]) for row in rows if row["kind"] == "guide"} == {(35_000, 45_000)}
    assert not any("[" in row["label"] for row in rows)
