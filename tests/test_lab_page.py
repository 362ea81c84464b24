"""The Lab's page and what is its own: exact against approximate search, the tour, an answer as a file.

The real encoder and the shipped knowledge beside two imported pathways; questions are our own and not those of
``eval/cases``. Nothing here depends on how long anything takes.
"""

from __future__ import annotations

import html
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from coach import Coach
from coach.errors import CoachError, VectorIndexError
from coach.lab import experiment, exporting, neighbours, spoiling, tour
from coach.lab.neighbours import Build, Measured, Measurement, Measuring, Point, Setup
from coach.pipeline import Worked
from coach.retrieval.dense import TrialGraph
from coach.types import AS_SHIPPED, Answer, Claim, Method, Origin, Retrieved, Status, Support
from coach.ui import session
from coach.ui.lab import page as lab_page
from coach.ui.lab import search as search_view
from coach.ui.lab.address import lab_address
from coach.ui.lab.asked import work_out
from coach.ui.lab.search_charts import recall_chart
from tests.fakes import HOSTILE, FakeCoach, passage

# Chroma says so of any collection whose vectors are the caller's own, whenever its settings are changed.
pytestmark = pytest.mark.filterwarnings("ignore:legacy embedding function config:DeprecationWarning")

MADE = datetime(2026, 12, 7, 9, 5, tzinfo=UTC)
SCRIPT = "from coach.ui.lab import page\npage.page()"
OWNER = "o" * 43


# --- Exact against approximate: what is measured ------------------------------------------------------------


def clustered(count: int) -> tuple[neighbours.Vectors, neighbours.Vectors]:
    return neighbours.generated(count, 96)


def subsets(offered: tuple[int, ...]) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sets(st.sampled_from(offered), min_size=1).map(lambda chosen: tuple(sorted(chosen)))


@given(
    st.sampled_from(["passages", "generated"]),
    st.sampled_from(neighbours.COUNTS),
    subsets(neighbours.NEIGHBOURS),
    subsets(neighbours.SEARCHES),
    st.sampled_from(neighbours.CONSTRUCTIONS),
)
def test_an_address_gives_back_the_setup_that_wrote_it(
    vectors: str, count: int, links: tuple[int, ...], kept: tuple[int, ...], construction: int
) -> None:
    setup = Setup.model_validate(
        {"vectors": vectors, "count": count, "neighbours": links, "searches": kept, "construction": construction}
    )
    found, notices = Setup.from_query(setup.to_query())
    assert notices == ()
    assert found.model_copy(update={"count": count} if vectors == "passages" else {}) == setup


@given(st.sampled_from(neighbours.PARAMETERS), st.text(max_size=40))
def test_whatever_stands_in_an_address_there_is_a_setup(name: str, written: str) -> None:
    setup, notices = Setup.from_query({name: written})
    assert (setup == Setup()) or not notices


def test_an_address_that_asks_for_too_much_is_told_and_left_out() -> None:
    setup, notices = Setup.from_query({"count": "9000000", "m": "2,8", "ef": "10,,50", "vectors": "all"})
    assert setup == Setup(neighbours=(2, 8))
    assert len(notices) == 3
    assert "count=9000000" in " ".join(notices)


def test_generated_vectors_are_the_same_each_time_and_of_unit_length() -> None:
    first, again = clustered(500), clustered(500)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert first[0].shape == (500, 96) and first[1].shape == (neighbours.QUERIES, 96)
    assert np.allclose(np.linalg.norm(np.vstack(first), axis=1), 1.0, atol=1e-5)


def test_exact_search_gives_the_true_neighbours_in_order() -> None:
    vectors, queries = clustered(700)
    search = neighbours.exact_search(vectors)
    for query in queries[:20]:
        true = sorted(range(700), key=lambda row: -float(vectors[row] @ query))[:10]
        assert list(search(query, 10)) == true
    assert sorted(search(queries[0], 1000)) == list(range(700))


def test_a_search_that_keeps_as_many_candidates_as_there_are_vectors_misses_none() -> None:
    vectors, queries = clustered(90)
    setup = Setup(neighbours=(16,), searches=(100,))
    measured = neighbours.measure(setup, vectors, queries, rounds=1)
    assert [point.recall for point in measured.points] == [1.0]
    assert (measured.count, measured.queries, measured.dimensions) == (90, neighbours.QUERIES, 96)


def test_ef_counts_although_the_graph_is_built_once() -> None:
    """Chroma takes another ef without a word and goes on with the old one unless the graph is loaded anew."""
    vectors, queries = clustered(1500)
    setup = Setup(neighbours=(4,), searches=(10, 400), construction=20)
    few, many = neighbours.measure(setup, vectors, queries, rounds=1).points
    assert few.recall < 0.95 < many.recall


def test_every_setting_is_measured_beside_exact_search_and_progress_never_goes_back() -> None:
    told: list[tuple[str, float]] = []
    vectors, queries = clustered(60)
    setup = Setup(neighbours=(2, 8), searches=(10, 50))
    measured = neighbours.measure(setup, vectors, queries, rounds=2, tell=lambda *what: told.append(what))
    assert [(p.neighbours, p.search) for p in measured.points] == [(2, 10), (2, 50), (8, 10), (8, 50)]
    assert [build.neighbours for build in measured.builds] == [2, 8]
    assert all(p.seconds > 0 and p.exact_seconds > 0 for p in measured.points) and measured.call_seconds > 0
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[0] >= 0.0 and shares[-1] < 1.0
    assert any("M 8, ef 50" in doing for doing, _ in told)


def test_few_vectors_have_fewer_than_ten_neighbours() -> None:
    vectors, queries = clustered(4)
    measured = neighbours.measure(Setup(neighbours=(2,), searches=(10,)), vectors, queries, rounds=1)
    assert measured.points[0].recall == 1.0


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_trial_graph_leaves_nothing_behind(temporary: Path) -> None:
    vectors, _ = clustered(50)
    graph = TrialGraph(vectors, max_neighbors=8, ef_construction=50)
    assert list(temporary.iterdir())
    with graph.opened(50) as search:
        assert search(vectors[7], 1) == (7,)
    graph.remove()
    graph.remove()
    assert not list(temporary.iterdir())

    def stop(_rows: int) -> None:
        raise neighbours.Stopped("enough")

    with pytest.raises(neighbours.Stopped):
        TrialGraph(vectors, max_neighbors=8, ef_construction=50, on_batch=stop)
    assert not list(temporary.iterdir())


def test_where_nothing_can_be_written_the_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(VectorIndexError, match="missing"):
        TrialGraph(clustered(5)[0], max_neighbors=8, ef_construction=50)


# --- A measurement in its thread ----------------------------------------------------------------------------

SMALL = Setup(neighbours=(2,), searches=(10,))


def test_a_measurement_ends_with_its_result() -> None:
    running = Measuring(SMALL, lambda: clustered(40), rounds=1)
    assert running.wait(60)
    found = running.result()
    assert found is not None and found.setup == SMALL


def test_a_cancelled_measurement_has_no_result_and_leaves_nothing(temporary: Path) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def vectors() -> tuple[neighbours.Vectors, neighbours.Vectors]:
        reading.set()
        go_on.wait(60)
        return clustered(40)

    running = Measuring(SMALL, vectors, rounds=1)
    assert reading.wait(60)
    running.cancel()
    go_on.set()
    assert running.wait(60)
    assert running.result() is None
    assert not list(temporary.iterdir())


def test_of_two_measurements_the_second_waits_and_can_be_cancelled_while_it_does() -> None:
    go_on, second_began = threading.Event(), threading.Event()

    def first_vectors() -> tuple[neighbours.Vectors, neighbours.Vectors]:
        go_on.wait(60)
        return clustered(40)

    def second_vectors() -> tuple[neighbours.Vectors, neighbours.Vectors]:
        second_began.set()
        return clustered(40)

    first = Measuring(SMALL, first_vectors, rounds=1)
    try:
        waiting, given_up = Measuring(SMALL, second_vectors, rounds=1), Measuring(SMALL, second_vectors, rounds=1)
        given_up.cancel()
        assert given_up.wait(60) and given_up.result() is None
        assert not second_began.is_set()
    finally:
        go_on.set()
    assert first.wait(60) and first.result() is not None
    assert waiting.wait(60) and waiting.result() is not None


def test_a_measurement_that_fails_says_so_to_whoever_waits() -> None:
    def vectors() -> tuple[neighbours.Vectors, neighbours.Vectors]:
        raise ZeroDivisionError("no vectors today")

    running = Measuring(SMALL, vectors)
    assert running.wait(60)
    with pytest.raises(CoachError, match="no vectors today"):
        running.result()


def test_measurements_are_kept_by_what_they_were_made_from() -> None:
    kept = Measured()
    one = measurement((2, 10, 0.5, 1.0, 1.0))
    kept.keep("index a", one)
    assert kept.get("index a", one.setup) == one
    assert kept.get("index b", one.setup) is None
    for number in range(Measured.MOST):
        kept.keep(f"index {number}", one)
    assert kept.get("index a", one.setup) is None


# --- A measurement in words ---------------------------------------------------------------------------------


def measurement(*points: tuple[int, int, float, float, float], call: float = 0.5) -> Measurement:
    """Of M, ef, recall, milliseconds and those of exact search."""
    links = tuple(sorted({point[0] for point in points}))
    return Measurement(
        setup=Setup(neighbours=links, searches=tuple(sorted({point[1] for point in points}))),
        count=5000,
        dimensions=384,
        queries=100,
        rounds=3,
        points=tuple(
            Point(neighbours=m, search=ef, recall=recall, seconds=ms / 1000, exact_seconds=exact / 1000)
            for m, ef, recall, ms, exact in points
        ),
        builds=tuple(Build(neighbours=m, seconds=0.1 * m) for m in links),
        exact_seconds=points[0][4] / 1000,
        call_seconds=call / 1000,
    )


TRADE_OFF = ((2, 10, 0.4, 1.0, 6.0), (2, 50, 0.7, 1.5, 6.0), (32, 10, 0.92, 1.2, 6.0), (32, 50, 0.995, 2.0, 6.0))


def test_the_words_follow_the_figures() -> None:
    said = " ".join(neighbours.in_words(measurement(*TRADE_OFF)))
    assert "With M 2, from ef 10 to ef 50 recall goes from 40% to 70%, and a query takes 1.5 times as long." in said
    assert "At ef 10, from M 2 to M 32 recall goes from 40% to 92%." in said
    assert "1 find at least 99%" in said.replace("Of the 4 settings ", "") and "M 32 with ef 50, at 2.00 ms" in said
    assert "the graph is 3.0 times as fast, for a recall of 99.5%" in said
    assert "takes 0.50 ms with only 10 vectors to look at, 50% of the quickest" in said
    assert "200 ms with M 2 and 3.2 s with M 32" in said


def test_where_exact_search_is_faster_that_is_what_is_said() -> None:
    slow = tuple((m, ef, recall, ms, 0.1) for m, ef, recall, ms, _ in TRADE_OFF)
    said = " ".join(neighbours.in_words(measurement(*slow)))
    assert "looking at all is 20.0 times as fast as the graph" in said
    assert "the graph is" not in said


def test_where_nothing_is_good_enough_or_nothing_changes_the_words_say_so() -> None:
    poor = " ".join(neighbours.in_words(measurement((2, 10, 0.5, 1.0, 1.0), (2, 50, 0.5, 1.0, 1.0))))
    assert "No setting finds 99%" in poor and "recall stays at 50%" in poor and "as long as the graph" in poor
    one = " ".join(neighbours.in_words(measurement((8, 10, 1.0, 1.0, 1.0), call=2.0)))
    assert "from ef" not in one and "from M" not in one and "no less than the quickest" in one


def test_the_coachs_own_setting_is_named_where_it_was_measured() -> None:
    own = (neighbours.AS_SHIPPED_NEIGHBOURS, neighbours.AS_SHIPPED_SEARCH, 1.0, 2.0, 1.0)
    assert "The coach itself searches with M 32 and ef 400: recall 100%" in " ".join(
        neighbours.in_words(measurement(own))
    )
    assert "The coach itself" not in " ".join(neighbours.in_words(measurement(*TRADE_OFF)))


def drawn(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of a chart; Altair puts them above the layers where all share them."""
    data = chart.get("data") or chart["layer"][0]["data"]
    rows: list[dict[str, Any]] = data["values"] if "values" in data else chart["datasets"][data["name"]]
    return rows


def test_the_chart_names_its_axes_and_draws_exact_search_only_where_it_is_near() -> None:
    far = recall_chart(measurement(*TRADE_OFF)).to_dict()
    near = recall_chart(measurement(*((m, ef, recall, ms, 1.4) for m, ef, recall, ms, _ in TRADE_OFF))).to_dict()
    x, y = (far["layer"][0]["encoding"][axis] for axis in "xy")
    assert x["title"] == ["Time of a query (ms, median)", "Exact search: 6.00 ms, right of what is drawn"]
    assert "(% of true neighbours)" in y["title"]
    assert len(near["layer"]) > len(far["layer"])
    assert [row["label"] for row in drawn(far)] == ["ef 10", "ef 50", "ef 10", "ef 50"]


def test_labels_that_would_cross_are_left_to_the_table() -> None:
    crowded = ((8, 10, 0.5, 1.0, 1.0), (8, 20, 0.99, 1.5, 1.0), (8, 50, 0.991, 1.51, 1.0), (8, 100, 1.0, 3.0, 1.0))
    labels = [row["label"] for row in drawn(recall_chart(measurement(*crowded)).to_dict())]
    assert labels == ["ef 10", "ef 20", "", "ef 100"]
    assert len(search_view._rows(measurement(*crowded))["ef"]) == 5


def test_passages_are_searched_with_question_keys_from_all_over_them(coach: Coach) -> None:
    reading = coach.reading()
    vectors, queries = neighbours.of_reading(coach, reading)
    keys = neighbours.sample_of_keys(reading.corpus)
    assert len(vectors) == len(reading.corpus.passages) and len(queries) == len(keys) == neighbours.QUERIES
    holders = [
        next(at for at, p in enumerate(reading.corpus.passages) if any(key in fact.questions for fact in p.facts))
        for key in keys
    ]
    assert holders == sorted(holders)
    assert holders[-1] - holders[0] > len(vectors) / 2


# --- The tour -----------------------------------------------------------------------------------------------

SLUGS = (
    "software-engineer-to-vector-database-engineer",
    "high-school-teacher-to-learning-experience-designer",
    "warehouse-supervisor-to-supply-chain-analyst",
)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_pathway_has_seven_stops_that_show_what_they_are_for(coach: Coach, slug: str) -> None:
    reading = coach.reading(slug)
    stops = [tour.find(coach, reading, number) for number in range(1, tour.STOPS + 1)]
    answers = []
    for number, stop in enumerate(stops, start=1):
        assert (stop.number, stop.name) == (number, tour.NAMES[number - 1])
        assert stop.question and stop.answer and stop.answer.pathway == slug and stop.look
        assert 2 <= len(stop.told) <= 3
        answers.append(stop.answer)
    fact, reworded, conflict, figure, near_miss, caught, with_model = answers
    assert fact.claims[0].support is Support.QUOTED
    assert cited_entry(reworded).lexical.rank >= tour.BEYOND_WORDS  # type: ignore[union-attr]
    assert conflict.trace.facets[0] in tour.CONFLICTS
    assert any(claim.support is Support.COMPUTED and claim.formula for claim in figure.claims)
    assert near_miss.status is Status.ABSTAINED and near_miss.missing
    rejected = [verdict for verdict in caught.trace.verdicts if not verdict.supported]
    other = stops[5].other
    assert rejected and rejected[0].missing_numbers
    assert rejected[0].claim not in {claim.text for claim in caught.claims}
    assert other is not None and rejected[0].claim in {claim.text for claim in other.claims}
    assert stops[6].view == tour.MODEL and any(char.isdigit() for char in with_model.claims[0].text)
    for stop in (*stops[:5], stops[6]):  # what is shown is what anybody gets who asks
        assert stop.answer is not None
        assert coach.ask(stop.question or "", pathway=slug).text == stop.answer.text


@pytest.mark.parametrize("slug", SLUGS)
def test_a_stop_leads_to_an_experiment_that_shows_what_it_told(coach: Coach, slug: str) -> None:
    reading = coach.reading(slug)
    reworded, near_miss, caught = (tour.find(coach, reading, number) for number in (2, 5, 6))

    def shown(stop: tour.Stop) -> Worked:
        return experiment.run(coach, stop.question or "", stop.experiment, pathway=slug)

    assert reworded.answer is not None
    cited = reworded.answer.claims[0].citations[0].passage_id
    found = [entry.passage.id for entry in shown(reworded).evidence[0].found.ranking]
    assert found.index(cited) >= tour.BEYOND_WORDS - 1
    assert near_miss.answer is not None and near_miss.answer.status is Status.ABSTAINED
    assert shown(near_miss).answer.status is Status.ANSWERED
    assert caught.answer is not None
    (wrong, *_) = [verdict.claim for verdict in caught.answer.trace.verdicts if not verdict.supported]
    assert wrong in {claim.text for claim in shown(caught).answer.claims}
    assert all(tour.find(coach, reading, number).experiment.changes_nothing for number in (1, 3, 4))


def cited_entry(answer: Answer) -> Retrieved:
    cited = answer.claims[0].citations[0].passage_id
    return next(entry for entry in answer.trace.retrieved if entry.passage.id == cited)


def test_figures_that_a_stop_tells_are_those_of_its_answer(coach: Coach) -> None:
    reading = coach.reading()
    stop = tour.find(coach, reading, 2)
    assert stop.answer is not None
    entry = cited_entry(stop.answer)
    assert entry.lexical is not None and entry.keys is not None
    told = " ".join(stop.told)
    assert f"at rank {entry.lexical.rank} of {len(reading.corpus.passages)}" in told
    assert f"a cosine of {entry.keys.score:.2f}" in told and f"“{entry.matched_question}”" in told


def test_a_pathway_without_contradictions_says_so(coach: Coach) -> None:
    reading = coach.reading(SLUGS[2])
    calm = tuple(
        one.model_copy(update={"facts": tuple(fact for fact in one.facts if fact.facet not in tour.CONFLICTS)})
        for one in reading.corpus.passages
    )
    stop = tour.find(coach, replace(reading, corpus=replace(reading.corpus, passages=calm)), 3)
    assert stop.question is None and stop.answer is None
    assert stop.told == ("Nothing in this pathway was found to contradict itself.",)


def test_the_careless_writer_errs_in_quoted_figures_alone() -> None:
    quoted = Claim(text="Half earn over $98,000.", support=Support.QUOTED, citations=())
    assert spoiling.misremembering(quoted).text == "Half earn over $18,000."
    for untouched in (
        quoted.model_copy(update={"text": "No figure here."}),
        quoted.model_copy(update={"support": Support.COMPUTED}),
    ):
        assert spoiling.misremembering(untouched) == untouched


# --- An answer as a file ------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a browser would make of a file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.ids: list[str] = []
        self.marked: list[str] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "action", "srcset", "poster", "data"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.words.append(data)
        if self._inside[-1:] == ["mark"]:
            self.marked.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def exported(answer: Answer, **given: object) -> str:
    return exporting.as_html(
        answer, **({"pathway": "A to B", "made": MADE, "encoder": "e5f6", "versions": {"x": "1"}} | given)  # type: ignore[arg-type]
    )


def test_a_file_holds_question_answer_evidence_verdicts_settings_and_fingerprints(coach: Coach) -> None:
    answer = coach.ask("Does the timeline add up?")
    page = Page(exported(answer, link="lab?q=x", earlier=("Before?",)))
    words = page.text
    assert answer.question in words and "Before?" in words
    for claim in answer.claims:
        assert claim.text in words
    for citation in answer.claims[0].citations:
        assert " ".join(citation.quote.split()) in " ".join(" ".join(page.marked).split())
    assert words.count("Supported") >= len(answer.trace.verdicts)
    assert answer.trace.index_fingerprint in words and "e5f6" in words and "x 1." in words
    assert "Mon 7 Dec 2026, 09:05 UTC" in words and "lab?q=x" in words
    top = answer.trace.retrieved[0]
    assert top.dense is not None and f"({top.dense.score:.2f})" in words
    for setting in exporting.settings_of(Method()):
        assert setting.name in words
    assert all(address.removeprefix("#") in page.ids for address in page.addresses if address.startswith("#"))


def test_a_file_names_no_host_but_those_of_checked_sources(coach: Coach) -> None:
    asked = ("What do people make in Denver?", "Is there a Pinecone certificate?", "What is LangChain?")
    answers = [coach.ask(question) for question in asked]
    found = set()
    for answer in answers:
        checked = {
            entry.passage.url
            for entry in answer.trace.retrieved
            if entry.passage.origin in exporting.CHECKED and entry.passage.id in answer.trace.used_passage_ids
        }
        page = Page(exported(answer))
        links = {address for address in page.addresses if not address.startswith("#")}
        assert links <= checked
        assert all(urlsplit(link).scheme == "https" for link in links)
        assert not set(page.tags) & {"script", "img", "iframe", "link", "form", "object", "embed", "svg", "base"}
        found |= links
    assert found, "no answer had a source with an address, so that nothing was tested"


def hostile_answer(text: str) -> Answer:
    """An answer in which every text that somebody else wrote is ``text``."""
    source = passage("x/y", "potter-to-glassblower", ("Guide", text), text, source=text, url="https://evil.example/x")
    found = FakeCoach().ask("Which skills?", pathway="potter-to-glassblower")
    claim = Claim.model_validate(
        {
            "text": text,
            "support": "computed",
            "formula": text,
            "citations": (
                {"marker": 1, "passage_id": source.id, "source": text, "quote": text, "start": 0, "end": len(text)},
            ),
        }
    )
    verdict = found.trace.verdicts[0].model_copy(update={"claim": text, "reason": text})
    entry = Retrieved(passage=source, rank=1, score=1.0, matched_question=text)
    query = found.trace.query.model_copy(update={"standalone": f"{text} again"})
    trace = found.trace.model_copy(
        update={
            "query": query, "retrieved": (entry,), "draft": (claim,), "verdicts": (verdict,), "route": text,
            "facets": (text,), "index_fingerprint": text, "used_passage_ids": (source.id,),
        }
    )  # fmt: skip
    return found.model_copy(
        update={"question": text, "pathway": text, "text": f"{text} [1]", "claims": (claim,), "missing": (text,),
                "trace": trace}
    )  # fmt: skip


ATTACK = (
    "</style></title><script>alert(1)</script><img src=x onerror=alert(1)> \"><a href='javascript:alert(1)'>x</a> "
    "{{ 7 * 7 }} {% raw %} http://evil.example/z <!-- --> &lt;b&gt; " + HOSTILE
)


def test_hostile_text_anywhere_is_text_on_the_page() -> None:
    calm = Page(exported(hostile_answer("Calm words.")))
    page = Page(
        exported(
            hostile_answer(ATTACK),
            pathway=ATTACK,
            encoder=ATTACK,
            earlier=(ATTACK,),
            link=ATTACK,
            versions={ATTACK: ATTACK},
        )
    )
    assert sorted(set(page.tags)) == sorted(set(calm.tags))
    assert page.addresses == ["#source-1"]
    assert not page.handlers
    assert "<script>alert(1)</script>" in page.text and "{{ 7 * 7 }}" in page.text and "&lt;b&gt;" in page.text


def test_what_cannot_be_seen_is_made_visible() -> None:
    text = exported(hostile_answer("pay\u202egnorw\x00 \u200bhere"))
    assert "pay[U+202E]gnorw[U+0000] [U+200B]here" in text
    assert not set(text) & set("\u202e\x00\u200b")


def test_addresses_are_linked_only_where_we_checked_them() -> None:
    def address(origin: Origin, url: str) -> str | None:
        return exporting.checked_address(passage("a", "p", ("A",), "Text.", origin=origin, url=url))

    assert address(Origin.RESOURCE, "https://example.org/a?b=1#c") == "https://example.org/a?b=1#c"
    assert address(Origin.MARKET, "https://www.bls.gov/oes/") == "https://www.bls.gov/oes/"
    for origin in (Origin.PATHWAY, Origin.LEARNER, Origin.DERIVED):
        assert address(origin, "https://example.org/") is None
    for url in ("http://example.org/", "javascript:alert(1)", "https://user@example.org/", "https://[::1", "//x.org"):
        assert address(Origin.RESOURCE, url) is None


def test_a_mark_stands_only_where_the_quote_stands() -> None:
    source = passage("a", "p", ("A",), "It pays $10.", "It takes 4 weeks.")
    claim = FakeCoach().ask("Which skills?", pathway="p").claims[0]
    right = claim.citations[0].model_copy(update={"quote": "It takes 4 weeks.", "start": 13, "end": 30})
    stale = right.model_copy(update={"quote": "It takes 5 weeks."})
    marked = exporting.highlighted(source, [right])
    assert [(part.text, part.cited) for part in marked[0]] == [("It pays $10. ", False), ("It takes 4 weeks.", True)]
    assert not any(part.cited for line in exporting.highlighted(source, [stale]) for part in line)


def test_a_claim_that_the_check_left_out_is_in_the_file_with_its_reason(coach: Coach) -> None:
    reading = coach.reading(SLUGS[1])
    stop = tour.find(coach, reading, 6)
    assert stop.answer is not None and stop.other is not None
    caught, passed = Page(exported(stop.answer)).text, Page(exported(stop.other)).text
    assert "Not supported" in caught and "Not shown in the answer" in caught
    assert "Shown all the same, because the check was off" in passed
    assert "Settings that differ" in passed and "The coach's own settings." in caught


def test_answers_without_evidence_become_files_as_well(coach: Coach) -> None:
    for question in ("Hello!", "", "What does it pay in Lisbon?", "x" * 5000):
        answer = coach.ask(question)
        page = Page(exported(answer))
        assert exporting.STATUSES[answer.status] in page.text
        assert "Evidence" not in page.text or answer.claims


def test_a_file_is_the_same_whenever_it_is_made_from_the_same(coach: Coach) -> None:
    answer = coach.ask("What is tough about the job?")
    assert exported(answer) == exported(answer)
    assert exporting.file_name(answer.question) == "answer-what-is-tough-about-the-job.html"
    assert "/" not in exporting.file_name("../../x") and len(exporting.file_name("long " * 99)) <= 65


# --- Addresses ----------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_an_address_says_again_what_it_was_made_from(question: str, history: list[str]) -> None:
    def kept(text: str) -> str:
        return text.encode("utf-8", "replace").decode("utf-8")

    parts = urlsplit(lab_address(question, "a-to-b", history=history, view="map"))
    found = parse_qs(parts.query, keep_blank_values=True)
    assert not parts.netloc and not parts.scheme and not parts.fragment
    assert found["q"] == [kept(question)] and found["view"] == ["map"]
    assert found.get("h", []) == [kept(one) for one in history]


# --- The page -----------------------------------------------------------------------------------------------

Open = Callable[..., AppTest]


@pytest.fixture
def opened(coach: Coach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(session, "make_coach", lambda settings: coach)

    def begin(**parameters: str | list[str]) -> AppTest:
        app = AppTest.from_string(SCRIPT, default_timeout=120)
        app.session_state["owner"] = OWNER
        app.session_state["owner_kept"] = True
        for name, value in parameters.items():
            app.query_params[name] = value
        return ran(app)

    yield begin
    session._desk.clear()
    session._store.clear()


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def said(app: AppTest) -> str:
    """What a person reads: references to characters resolved, marks of our own taken out."""
    found = (app.title, app.header, app.subheader, app.markdown, app.caption, app.error, app.warning)
    text = "\n".join(str(element.value) for elements in found for element in elements)
    return html.unescape(text).replace(":small[]", "")


def parameters(app: AppTest) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in app.query_params.items()}


def test_without_a_question_the_first_starter_stands_in(opened: Open, coach: Coach) -> None:
    app = opened()
    assert app.text_input(key=lab_page.QUESTION_KEY).value == coach.starters()[0]
    assert app.segmented_control(key=lab_page.VIEW_KEY).value == "steps"
    assert parameters(app) == {}


def test_a_link_shows_what_its_sender_saw(opened: Open, coach: Coach) -> None:
    app = opened(q="Is it hard?", pathway=SLUGS[1], view="map", h=["What does it pay?", "And how long?"])
    assert app.text_input(key=lab_page.QUESTION_KEY).value == "Is it hard?"
    assert app.segmented_control(key=lab_page.VIEW_KEY).value == "map"
    assert app.session_state["pathway"] == SLUGS[1]
    assert "What does it pay? / And how long?" in said(app)
    app.button(key="lab-alone").click()
    ran(app)
    assert "h" not in parameters(app) and "And how long?" not in said(app)


def test_a_question_is_worked_out_after_those_before_it(coach: Coach) -> None:
    asker = experiment.Asker(coach.reading())
    alone, _ = work_out(coach, asker, "And the second one?", ())
    after, _ = work_out(coach, asker, "And the second one?", ("Which skills are critical?",))
    assert after.answer.trace.query.standalone != alone.answer.trace.query.standalone


def test_typing_and_starters_and_views_go_into_the_address(opened: Open, coach: Coach) -> None:
    app = opened(h=["Before?"], q="And then?")
    app.text_input(key=lab_page.QUESTION_KEY).set_value("What is tough?")
    ran(app)
    assert parameters(app)["q"] == ["What is tough?"] and "h" not in parameters(app)
    starter = coach.starters()[1]
    app.button_group(key=lab_page.STARTERS_KEY).set_value(starter)
    ran(app)
    assert parameters(app)["q"] == [starter]
    assert app.text_input(key=lab_page.QUESTION_KEY).value == starter
    app.segmented_control(key=lab_page.VIEW_KEY).set_value("tour")
    ran(app)
    assert parameters(app)["view"] == ["tour"] and parameters(app)["q"] == [starter]


def test_another_pathway_begins_afresh(opened: Open, coach: Coach) -> None:
    app = opened(q="Is it hard?", view="map")
    app.selectbox(key="pathway").select(SLUGS[2])
    ran(app)
    assert parameters(app) == {"pathway": [SLUGS[2]], "view": ["map"]}
    assert app.text_input(key=lab_page.QUESTION_KEY).value == coach.starters(SLUGS[2])[0]


def test_what_a_link_names_in_vain_is_told(opened: Open) -> None:
    app = opened(view="nowhere", pathway=":red[no] such", q="Is it hard?")
    text = said(app)
    assert "no view called nowhere" in text and "a pathway that is not here: :red[no] such" in text
    assert app.segmented_control(key=lab_page.VIEW_KEY).value == "steps"
    assert not any(":red[no]" in str(element.value) for element in app.caption)


def test_a_hostile_question_is_shown_letter_for_letter(opened: Open) -> None:
    app = opened(q=HOSTILE, h=[HOSTILE], view="steps")
    raw = "\n".join(str(element.value) for found in (app.markdown, app.caption) for element in found)
    for mark in ("![x]", "<img", "](javascript", ":red[", ":material/home", "$a$", "http://evil"):
        assert mark not in raw


def test_the_tour_goes_from_stop_to_stop_and_ends_with_a_question_of_ones_own(opened: Open) -> None:
    app = opened(tour="1")
    assert f"1 of {tour.STOPS}: A fact" in said(app)
    assert not app.text_input  # a stop brings its own question
    for number in range(2, tour.STOPS + 1):
        app.button(key="lab-tour-next").click()
        ran(app)
        assert f"{number} of {tour.STOPS}: {tour.NAMES[number - 1]}" in said(app)
        assert parameters(app)["tour"] == [str(number)]
    app.button(key="lab-tour-next").click()
    ran(app)
    app.text_input(key="lab-tour-own").set_value("How hard is it?")
    ran(app)
    assert parameters(app)["q"] == ["How hard is it?"] and parameters(app)["view"] == ["steps"]
    assert app.text_input(key=lab_page.QUESTION_KEY).value == "How hard is it?"


def test_a_stop_leads_to_its_experiment_and_leaves_no_other_one_in_the_address(opened: Open) -> None:
    app = opened(tour="2", view="tour", faults="stale-index", passages="3", h=["How hard is it?"])
    app.button(key="lab-tour-look").click()
    ran(app)
    found = parameters(app)
    assert found["q"][0] in {question for _, question in tour.OTHER_WORDS}
    del found["q"]
    assert found == {"tour": ["2"], "view": ["change"], "dense": ["0"], "keys": ["0"]}
    weights = [app.slider(key=f"lab-{channel}").value for channel in ("dense", "keys", "lexical")]
    assert weights == [0, 0, AS_SHIPPED.lexical]


def test_the_stop_about_a_fault_leads_to_its_switches(opened: Open) -> None:
    app = opened(tour="6", view="tour")
    app.button(key="lab-tour-look").click()
    ran(app)
    found = parameters(app)
    assert found["view"] == ["break"] and found["faults"] == ["no-check,careless-writer"]
    assert app.button_group(key="lab-faults").value == ["no-check", "careless-writer"]
    assert app.radio[0].value is None  # first the guess


def test_the_answer_can_be_taken_along(opened: Open, coach: Coach) -> None:
    app = opened(q="What is tough about the job?", h=["Is it hard?"])
    place = lab_page.Place(coach.pathway(), "What is tough about the job?", ("Is it hard?",), "map", ())
    # Here as there without a visit around it: the browser fetches the file when no page is being drawn.
    written = lab_page.export(coach, experiment.Asker(coach.reading()), place, UTC).decode()
    assert "lab?q=What+is+tough" in html.unescape(written) and "view=map" in html.unescape(written)
    assert coach.encoder().digest in html.unescape(written)
    assert app.get("download_button")


def test_search_is_measured_and_shown_with_its_table_and_address(opened: Open) -> None:
    app = opened(view="search", m="2,8", ef="10")
    text = said(app)
    assert "What this shows" in text and "At ef 10, from M 2 to M 8 recall" in text
    assert parameters(app)["m"] == ["2,8"] and parameters(app)["ef"] == ["10"]
    chart = next(iter(app.get("arrow_vega_lite_chart") or app.get("vega_lite_chart")))
    assert chart is not None
    assert app.table[0].value.shape[0] == 3  # exact search and two settings
    app.button(key="lab-measure").click()
    ran(app)
    assert "What this shows" in said(app)


def test_many_generated_vectors_wait_for_a_click(opened: Open) -> None:
    app = opened(view="search", vectors="generated", count="20000")
    assert "Not measured with these settings yet" in said(app)
    assert "20,000 vectors of 384 numbers in 200 clusters" in said(app)
    assert search_view.RUN not in app.session_state


def test_a_choice_that_cannot_be_measured_asks_for_one_that_can(opened: Open) -> None:
    app = opened(view="search", vectors="generated", m="7", ef="10")
    assert "m=7 is not offered" in said(app)
    app.button_group(key="lab-nn-searches").set_value([])
    ran(app)
    assert "Choose at least one M and one ef." in said(app)


def test_a_new_measurement_stops_the_old_one(coach: Coach, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[Setup] = []

    class Standing:
        """A measurement that never ends by itself."""

        finished = False

        def __init__(self, setup: Setup, _vectors: object, *, fingerprint: str) -> None:
            self.setup, self.fingerprint, self.cancelled = setup, fingerprint, False
            began.append(setup)

        def cancel(self) -> None:
            self.cancelled = True

        def wait(self, _seconds: float) -> bool:
            self.finished = True
            return True

        def result(self) -> None:
            return None

    monkeypatch.setattr(search_view, "Measuring", Standing)
    app = opened(view="search", vectors="generated", m="2", ef="10")
    app.button(key="lab-measure").click()
    ran(app)
    first = app.session_state[search_view.RUN]
    app.button_group(key="lab-nn-neighbours").set_value([4])
    ran(app)
    app.button(key="lab-measure").click()
    ran(app)
    assert first.cancelled and not app.session_state[search_view.RUN].cancelled
    assert [setup.neighbours for setup in began] == [(2,), (4,)]
