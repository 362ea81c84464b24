"""What the Lab tells of an answer is what happened: sums add up, reasons agree with the answer, times with the trace.

The real encoder and the shipped knowledge, beside two imported pathways; questions are our own and not those of
``eval/cases``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach import Coach
from coach.answering.answerable import SIGNS
from coach.answering.selecting import FEATURES
from coach.lab.choosing import LABELS, SIGN_LABELS
from coach.lab.explaining import explain, intent_in_words
from coach.lab.fusing import contributions
from coach.lab.mapping import on_map, plane
from coach.lab.marking import marked, missing_words
from coach.lab.walk import Marked, MarkKind, StepName, Walk
from coach.pipeline import Worked
from coach.retrieval import hybrid
from coach.retrieval.adapter import load_adapter
from coach.types import (
    AS_SHIPPED,
    Answer,
    ChannelRank,
    Citation,
    Claim,
    Method,
    Passage,
    Retrieved,
    Status,
    Support,
)
from tests.fakes import passage

PAGES = Path(__file__).resolve().parent.parent / "eval" / "pages"

FACT = "What salary can I look forward to?"
COMPUTED = "I can spare 5 hours per week, how long will it take?"
PREMISE = "Is it true that seniors earn 300k?"
REFUSED = "What would I get paid in Lisbon?"
TWO = "Which skills matter most, and how long do they take?"

QUESTIONS = (
    FACT,
    COMPUTED,
    PREMISE,
    REFUSED,
    TWO,
    "What could I be paid?",
    "What is tough about the job?",
    "My pay is 88k, what would it become?",
    "What is LangChain?",
    "salry of senior engineers?",
    "Compare embeddings with performance tuning.",
    "Does anything on the page contradict itself?",
    "Who won the football match last night?",
)

METHODS = (
    AS_SHIPPED,
    Method(fusion="reciprocal_ranks"),
    Method(dense=1.5, keys=0.25, lexical=2.0),
    Method(lexical=0.0),
    Method(distance="inverted"),
)


Asking = Callable[..., tuple[Worked, Walk]]


@pytest.fixture(scope="module")
def ask(coach: Coach) -> Asking:
    """Ask the questions one after another, in one conversation: the last answer and its walk."""

    @cache
    def asked(
        *questions: str, pathway: str | None = None, method: Method = AS_SHIPPED, **more: object
    ) -> tuple[Worked, Walk]:
        history: list[Answer] = []
        for question in questions:
            worked = coach.work(question, coach.reading(pathway), history, method=method, **more)  # type: ignore[arg-type]
            history.append(worked.answer)
        return worked, explain(worked, coach)

    return asked


# --- Fusion adds up -------------------------------------------------------------------------------------------


def _ranking(channels: Mapping[str, Mapping[str, float]], method: Method) -> tuple[Retrieved, ...]:
    """A ranking as the index makes one: words give every passage a score, and none a rank that shares no word."""
    fuse = hybrid.fuse_z_scores if method.fusion == "z_scores" else hybrid.fuse_reciprocal_ranks
    ranks = {
        channel: {
            id_: ChannelRank(rank=rank, score=score)
            for rank, (id_, score) in enumerate(sorted(scores.items(), key=lambda item: (-item[1], item[0])), start=1)
            if channel != "lexical" or score > 0
        }
        for channel, scores in channels.items()
    }
    return tuple(
        Retrieved(
            passage=passage(id_, "p", ("Guide", id_), "Text."),
            rank=rank,
            score=score,
            dense=ranks["dense"].get(id_),
            keys=ranks["keys"].get(id_),
            lexical=ranks["lexical"].get(id_),
        )
        for rank, (id_, score) in enumerate(fuse(channels, method.weights), start=1)
    )


_IDS = tuple("abcdef")
_SCORE = st.floats(-1, 1).map(lambda score: round(score, hybrid.DIGITS))
_WEIGHT = st.floats(0, 4)


@given(
    dense=st.fixed_dictionaries(dict.fromkeys(_IDS, _SCORE)),
    keys=st.dictionaries(st.sampled_from(_IDS), _SCORE),
    lexical=st.fixed_dictionaries(dict.fromkeys(_IDS, st.one_of(st.just(0.0), st.floats(0.01, 20)))),
    weights=st.tuples(_WEIGHT, _WEIGHT, _WEIGHT),
    fusion=st.sampled_from(["z_scores", "reciprocal_ranks"]),
)
def test_what_channels_add_sums_to_the_fused_score(
    dense: dict[str, float],
    keys: dict[str, float],
    lexical: dict[str, float],
    weights: tuple[float, float, float],
    fusion: str,
) -> None:
    method = Method.model_validate(
        {"dense": weights[0], "keys": weights[1], "lexical": weights[2], "fusion": fusion}
    )
    ranking = _ranking({"dense": dense, "keys": keys, "lexical": lexical}, method)
    adds = contributions(ranking, method)
    for entry in ranking:
        own = adds[entry.passage.id]
        assert math.fsum(one.adds for one in own) == pytest.approx(entry.score, abs=4 * 10**-hybrid.DIGITS)
        if fusion == "z_scores":
            for one in own:
                assert one.z is not None
                assert one.adds == pytest.approx(one.weight * one.z, abs=5 * 10**-hybrid.DIGITS)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: repr(method)[:60])
def test_the_fused_scores_of_a_real_search_are_taken_apart_without_a_rest(ask: Asking, method: Method) -> None:
    worked, walk = ask(FACT, method=method)
    found = {entry.passage.id: entry for entry in worked.evidence[0].found.ranking}
    shown = [*walk.parts[0].fuse.top, *walk.parts[0].fuse.fell]
    assert len(shown) >= 8
    for one in shown:
        assert math.fsum(part.adds for part in one.contributions) == pytest.approx(one.score, abs=4e-6)
        assert one.score == found[one.place.passage_id].score
        for part in one.contributions:
            assert part.moved is None or part.rank is not None and part.moved == part.rank - one.rank


def test_the_reason_of_a_move_names_the_ranks_and_the_channel_that_lifted_it(ask: Asking) -> None:
    _, walk = ask(FACT)
    for one in walk.parts[0].fuse.top:
        most = max(one.contributions, key=lambda part: part.adds)
        if any(part.moved and part.moved > 0 for part in one.contributions):
            assert "Up from" in one.why
            assert f"{most.adds:+.2f} of {one.score:.2f}" in one.why
        for part in one.contributions:
            if part.moved:
                assert str(part.rank) in one.why


def test_what_fell_was_near_the_top_of_a_channel_and_is_told_who_overtook_it(ask: Asking) -> None:
    _, walk = ask("What would I get paid in Lisbon?")
    fell = walk.parts[0].fuse.fell
    assert fell
    for one in fell:
        assert min(part.rank for part in one.contributions if part.rank is not None) <= 3
        assert one.rank > 8
        assert "Down from" in one.why and "overtakes it by" in one.why


def test_a_channel_without_weight_is_said_to_count_nothing(ask: Asking) -> None:
    _, walk = ask(FACT, method=Method(lexical=0.0))
    part = walk.parts[0]
    assert "weight is 0" in part.lexical.note
    assert part.dense.note == part.keys.note == ""
    assert all(one.contributions[2].adds == 0 for one in part.fuse.top)


# --- Searching --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_steps_of_a_search_agree_with_what_it_found(ask: Asking, coach: Coach, question: str) -> None:
    worked, walk = ask(question)
    assert len(walk.parts) == len(worked.queries)
    for part, evidence in zip(walk.parts, worked.evidence, strict=True):
        encode = part.encode
        assert len(encode.pieces) == coach.encoder().count_word_pieces(part.understood.searched)
        assert len(encode.vector) == coach.encoder().dimensions
        assert math.fsum(value**2 for value in encode.vector) == pytest.approx(1, abs=1e-5)
        first = part.dense.top[0]
        assert (first.rank, first.place) == (1, encode.nearest)
        assert encode.cosine == pytest.approx(first.score, abs=1e-5)
        for found in part.lexical.top:
            assert math.fsum(term.weight for term in found.terms) == pytest.approx(found.score)
        for ranked in (part.dense.top, part.keys.top, part.lexical.top):
            assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
        for key in part.keys.top:
            passage = coach.reading().index.passages[key.place.passage_id]
            texts = {question for fact in passage.facts for question in fact.questions}
            assert key.question in texts
        assert part.fuse.top[0].place.passage_id == evidence.found.ranking[0].passage.id


def test_an_inverted_distance_turns_the_vector_round_and_says_so(ask: Asking) -> None:
    _, straight = ask(FACT)
    _, turned = ask(FACT, method=Method(distance="inverted"))
    assert turned.parts[0].encode.vector == tuple(-value for value in straight.parts[0].encode.vector)
    assert "opposite" in turned.parts[0].encode.note
    assert straight.parts[0].encode.note == ""


def test_pieces_beyond_what_the_encoder_reads_are_counted(ask: Asking, coach: Coach) -> None:
    _, walk = ask("How long does it take " + "and what about clay " * 90 + "?")
    part = walk.parts[0]
    assert part.encode.unread == max(0, len(part.encode.pieces) - coach.encoder().max_word_pieces)
    _, short = ask(FACT)
    assert short.parts[0].encode.unread == 0


# --- Choosing and keeping -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_counted_for_a_fact_adds_up_to_its_score(ask: Asking, question: str) -> None:
    _, walk = ask(question)
    for part in walk.parts:
        first, second = part.choose.top[:2]
        for one in part.choose.top:
            assert math.fsum(counted.adds for counted in one.counted) == pytest.approx(one.score, abs=1e-5)
            assert all(counted.adds == pytest.approx(counted.value * counted.weight) for counted in one.counted)
        ahead = math.fsum(counted.adds for counted in part.choose.ahead)
        assert ahead == pytest.approx(first.score - second.score, abs=1e-4)


def test_a_question_key_word_for_word_is_told_as_such(ask: Asking, coach: Coach) -> None:
    key = coach.reading().corpus.passages[0].facts[0].questions[0]
    _, walk = ask(key)
    names = [counted.name for counted in walk.parts[0].choose.top[0].counted]
    assert "word_for_word" in names
    _, other = ask("What salary can I look forward to, roughly?")
    assert "word_for_word" not in [counted.name for counted in other.parts[0].choose.top[0].counted]


@pytest.mark.parametrize("question", QUESTIONS)
def test_exactly_the_passages_that_are_cited_are_kept(ask: Asking, question: str) -> None:
    worked, walk = ask(question)
    cited = {citation.passage_id for claim in worked.answer.trace.draft for citation in claim.citations}
    weighed = [one for part in walk.parts for one in part.keep.weighed]
    assert {one.place.passage_id for one in weighed if one.kept} == cited
    assert all(one.why for one in weighed)
    drafted = " ".join(citation.quote for claim in worked.answer.trace.draft for citation in claim.citations)
    for one in weighed:
        if not one.kept and "said already" not in one.why and "computed from other" not in one.why:
            assert one.text not in drafted


@pytest.mark.parametrize("number", [1, 2])
def test_every_pathway_is_explained(ask: Asking, coach: Coach, number: int) -> None:
    slug = coach.pathways()[number].slug
    for question in (*coach.starters(slug), REFUSED):
        worked, walk = ask(question, pathway=slug)
        assert walk.compose is not None and walk.ground is not None
        assert [said.text for said in walk.compose.sentences] == [claim.text for claim in worked.answer.trace.draft]
        assert all(said.written_from is None for said in walk.compose.sentences)
        cited = {citation.passage_id for claim in worked.answer.trace.draft for citation in claim.citations}
        kept = {one.place.passage_id for part in walk.parts for one in part.keep.weighed if one.kept}
        assert kept == cited


def test_a_refusal_says_what_is_lacking_and_keeps_nothing(ask: Asking) -> None:
    worked, walk = ask(REFUSED)
    assert worked.answer.status == Status.ABSTAINED
    keep = walk.parts[0].keep
    assert not keep.answered
    assert keep.decision.startswith("Refused")
    assert "Lisbon" in keep.decision
    assert not any(one.kept for one in keep.weighed)
    assert all("refused" in one.why for one in keep.weighed)
    assert walk.compose is not None and walk.compose.sentences == () and walk.compose.missing
    assert walk.ground is not None and walk.ground.checked == ()


def test_the_likelihood_of_an_answer_is_the_sum_of_its_signs(ask: Asking) -> None:
    weighed = [
        part.keep for question in QUESTIONS for part in ask(question)[1].parts if part.keep.likelihood is not None
    ]
    assert any(keep.answered for keep in weighed)
    for keep in weighed:
        assert keep.likelihood == pytest.approx(1 / (1 + math.exp(-math.fsum(sign.adds for sign in keep.signs))))
        assert [sign.name for sign in keep.signs if sign.name not in SIGNS] == []


def test_with_refusing_switched_off_the_walk_says_that_it_answered_all_the_same(ask: Asking) -> None:
    _, walk = ask(REFUSED, method=Method(abstain=False))
    keep = walk.parts[0].keep
    assert keep.answered
    assert "switched off" in keep.note
    assert "although" in keep.decision


def test_a_limit_of_passages_is_told_with_the_choice(ask: Asking) -> None:
    _, walk = ask(FACT, method=Method(passages=1))
    assert "best 1 passages" in walk.parts[0].choose.note
    assert len({one.place.passage_id for one in walk.parts[0].choose.top}) == 1


def test_everything_that_counts_has_plain_words() -> None:
    assert set(FEATURES) <= LABELS.keys()
    assert set(SIGNS) <= SIGN_LABELS.keys()
    roles = {"origin": "Potter", "target": "Glazier"}
    assert [name for name in load_adapter().intents if intent_in_words(name, roles) == name] == []


# --- Parts, follow-ups and answers without a search ---------------------------------------------------------------


def test_each_part_of_a_question_has_its_own_steps(ask: Asking) -> None:
    worked, walk = ask(TWO)
    assert walk.understand.parts == len(walk.parts) == 2
    assert [part.understood.query.standalone for part in walk.parts] == [query.standalone for query in worked.queries]
    assert walk.parts[0].encode.vector != walk.parts[1].encode.vector
    assert len([bar for bar in walk.bars if bar.label.startswith(StepName.ENCODE.value)]) == 2


def test_a_part_that_leans_on_the_one_before_is_composed_as_it_was(ask: Asking) -> None:
    worked, walk = ask("Which skills matter most, and how many weeks?")
    assert len(walk.parts) == 2
    assert walk.parts[1].understood.query.facet_hint is not None
    assert worked.queries[1].facet_hint is None
    assert walk.compose is not None
    assert all(said.written_from is None for said in walk.compose.sentences)


def test_a_follow_up_says_that_it_was_looked_up_in_two_readings(ask: Asking) -> None:
    _, walk = ask("Which skills matter most?", "and how long do they take?")
    assert "Looked up 2 times" in walk.understand.note
    assert "leaning on the conversation" in walk.understand.note
    assert walk.parts[0].understood.query.follow_up
    _, alone = ask("Which skills matter most?")
    assert alone.understand.note == ""


@pytest.mark.parametrize(
    ("question", "reason"),
    [("hello", "small talk"), ("", "nothing was asked"), ("???", "nothing was asked"),
     ("Wie lange dauert der Wechsel für mich?", "not in English")],
)  # fmt: skip
def test_what_is_not_looked_up_says_why_and_has_no_further_steps(ask: Asking, question: str, reason: str) -> None:
    _, walk = ask(question)
    assert reason in walk.understand.direct
    assert (walk.parts, walk.compose, walk.ground) == ((), None, None)
    assert [bar.stage for bar in walk.bars] == ["understand"]


def test_a_misspelt_word_is_shown_with_what_it_was_read_as(ask: Asking) -> None:
    _, walk = ask("salry of senior engineers?")
    assert ("salry", "salary") in walk.understand.corrected


# --- Time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("questions", [(FACT,), (TWO,), (FACT, "and for seniors?"), ("hello",), (REFUSED,)])
def test_the_waterfall_covers_the_time_of_the_trace_without_gap_or_overlap(
    ask: Asking, questions: tuple[str, ...]
) -> None:
    worked, walk = ask(*questions)
    at = 0.0
    for bar in walk.bars:
        assert bar.start_ms == pytest.approx(at, abs=1e-3)
        assert bar.ms >= 0
        at += bar.ms
    trace = worked.answer.trace
    assert at == pytest.approx(1000 * sum(timed.seconds for timed in trace.seconds), abs=1e-2)
    assert walk.total_ms == pytest.approx(at, abs=1e-2)
    steps = [bar.ms for bar in walk.bars if bar.label.startswith(tuple(StepName)) and bar.stage == "retrieve"]
    assert steps == pytest.approx([1000 * timed.seconds for timed in trace.steps])


def test_every_step_has_a_name_a_purpose_and_the_time_of_the_trace(ask: Asking) -> None:
    worked, walk = ask(FACT)
    part, trace = walk.parts[0], worked.answer.trace
    assert walk.compose is not None and walk.ground is not None
    steps = (
        walk.understand, part.encode, part.dense, part.keys, part.lexical, part.fuse, part.choose, part.keep,
        walk.compose, walk.ground,
    )  # fmt: skip
    assert [step.name for step in steps] == list(StepName)
    assert all(step.purpose.endswith(".") and step.purpose.count(". ") == 0 for step in steps)
    stages = {timed.stage: timed.seconds for timed in trace.seconds}
    inner = {timed.step: timed.seconds for timed in trace.steps}
    assert [step.seconds for step in steps] == [
        stages["understand"], inner["encode"], inner["dense"], inner["keys"], inner["lexical"], inner["fuse"],
        stages["answer"], stages["answer"], stages["answer"], stages["ground"],
    ]  # fmt: skip
    assert part.choose.timed_with == part.keep.timed_with == walk.compose.timed_with
    assert len(part.choose.timed_with) == 3


def test_a_walk_survives_json_unchanged(ask: Asking) -> None:
    _, walk = ask(FACT)
    assert Walk.model_validate_json(walk.model_dump_json()) == walk


# --- The check of claims --------------------------------------------------------------------------------------------


def _careless(claim: Claim) -> Claim:
    """Misremembers every amount."""
    return claim.model_copy(update={"text": claim.text.replace("130,000", "190,000")})


def test_a_claim_that_a_writer_spoilt_is_marked_where_it_fails(ask: Asking) -> None:
    _, walk = ask(FACT, writer=_careless)
    assert walk.compose is not None and walk.ground is not None
    rewritten = [said for said in walk.compose.sentences if said.written_from is not None]
    assert rewritten and all("130,000" in str(said.written_from) for said in rewritten)
    assert "writer" in walk.compose.note
    spoilt = [one for one in walk.ground.checked if "190,000" in one.claim.text]
    assert spoilt
    for one in spoilt:
        assert not one.supported and not one.shown
        lacking = [one.claim.text[mark.start : mark.end] for mark in one.claim.marks if not mark.held]
        assert lacking == list(one.missing_numbers) == ["$190,000"]


def test_without_the_check_the_spoilt_claim_is_shown_with_its_verdict(ask: Asking) -> None:
    _, walk = ask(FACT, writer=_careless, method=Method(check=False))
    assert walk.ground is not None and walk.ground.switched_off
    spoilt = [one for one in walk.ground.checked if "190,000" in one.claim.text]
    assert spoilt and all(one.shown and not one.supported for one in spoilt)


def test_a_quote_that_the_passage_has_no_longer_is_told_with_what_stands_there(ask: Asking, coach: Coach) -> None:
    reading = coach.reading()
    changed = {
        id_: passage.model_copy(update={"text": passage.text.replace("$130,000", "$999,000")})
        for id_, passage in reading.corpus.by_id.items()
    }
    worked = coach.work(FACT, replace(reading, as_it_stands=changed))
    walk = explain(worked, coach)
    assert walk.ground is not None
    stale = [quote for one in walk.ground.checked for quote in one.quotes if not quote.stands]
    assert stale
    for quote in stale:
        assert "$130,000" in quote.quote.text
        assert "$999,000" in quote.now
    assert all(one.supported for one in walk.ground.checked if all(quote.stands for quote in one.quotes))


@pytest.mark.parametrize("question", QUESTIONS)
def test_marks_agree_with_the_verdict(ask: Asking, question: str) -> None:
    worked, walk = ask(question)
    assert walk.ground is not None
    assert len(walk.ground.checked) == len(worked.answer.trace.verdicts)
    for one, verdict in zip(walk.ground.checked, worked.answer.trace.verdicts, strict=True):
        assert (one.supported, one.score, one.reason) == (verdict.supported, verdict.score, verdict.reason)
        _well_formed(one.claim)
        absent = [mark for mark in one.claim.marks if not mark.held]
        lacking = {
            kind: {one.claim.text[mark.start : mark.end] for mark in absent if mark.kind is kind} for kind in MarkKind
        }
        assert lacking[MarkKind.NUMBER] == set(verdict.missing_numbers)
        assert lacking[MarkKind.NAME] == set(verdict.missing_names)
        for quote in one.quotes:
            _well_formed(quote.quote)
            assert quote.stands and quote.now == ""
            assert all(mark.held for mark in quote.quote.marks)


def _well_formed(text: Marked) -> None:
    at = 0
    for mark in text.marks:
        assert at <= mark.start < mark.end <= len(text.text)
        at = mark.end


def _claim(text: str, *quotes: str, support: Support = Support.INFERRED, formula: str | None = None) -> Claim:
    citations = tuple(
        Citation(marker=1, passage_id="p#a", source="Page", quote=quote, start=0, end=len(quote)) for quote in quotes
    )
    return Claim(text=text, support=support, citations=citations, formula=formula)


def _pairs(text: Marked, held: bool = True) -> list[tuple[str, str]]:
    return [(text.text[mark.start : mark.end], mark.kind.value) for mark in text.marks if mark.held is held]


def test_the_same_number_in_another_spelling_is_marked_on_both_sides() -> None:
    claim, (quote,), _ = marked(_claim("Kilns cost $130k for six weeks.", "A kiln costs $130,000 for 6 weeks."))
    assert ("$130k", "number") in _pairs(claim) and ("six", "number") in _pairs(claim)
    assert ("$130,000", "number") in _pairs(quote) and ("6", "number") in _pairs(quote)
    assert _pairs(claim, held=False) == []


def test_numbers_names_and_words_without_evidence_are_marked_as_missing() -> None:
    claim, (quote,), _ = marked(
        _claim("The kiln of Anna burns 9 gentle hours.", "The kiln of Berta burns 8 hours.")
    )
    assert _pairs(claim, held=False) == [("Anna", "name"), ("9", "number"), ("gentle", "word")]
    assert missing_words(claim) == ("gentle",)
    assert [text for text, _ in _pairs(quote)] == ["kiln", "burns", "hours"]


def test_a_judgement_in_front_of_a_claim_is_not_held_against_it() -> None:
    claim, _, _ = marked(_claim("No: the kiln burns wood.", "The kiln burns wood."))
    assert _pairs(claim, held=False) == []
    assert claim.text == "No: the kiln burns wood."
    assert [text for text, _ in _pairs(claim)] == ["kiln", "burns", "wood"]


def test_a_computation_finds_its_numbers_in_formula_and_question_and_owes_no_words() -> None:
    told = _claim(
        "At 5 hours the firing needs 48 weeks.", "It takes 24 weeks.", support=Support.COMPUTED,
        formula="24 x 10 / 5 = 48 weeks",
    )  # fmt: skip
    claim, (quote,), formula = marked(told, asked="I have 5 hours.")
    assert formula is not None
    assert _pairs(claim, held=False) == []
    assert [pair for pair in _pairs(claim) if pair[1] == "number"] == [("5", "number"), ("48", "number")]
    assert ("48", "number") in _pairs(formula) and ("5", "number") in _pairs(formula)
    assert ("24", "number") not in _pairs(quote)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_texts_can_be_marked(text: str, quote: str) -> None:
    claim, quotes, _ = marked(_claim(text, quote))
    _well_formed(claim)
    for one in quotes:
        _well_formed(one)


# --- Map ------------------------------------------------------------------------------------------------------------


def _passages(count: int) -> dict[str, Passage]:
    made = [
        passage(f"s{at % 3}/{at}", "p", ("Guide", f"Section {at % 3}", f"Item {at}"), "Text.") for at in range(count)
    ]
    return {one.id: one for one in made}


def _units(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_the_map_of_flat_vectors_keeps_every_distance() -> None:
    angles = np.linspace(0, 2, 9)
    vectors = np.zeros((9, 16), dtype=np.float32)
    vectors[:, 3], vectors[:, 8] = np.cos(angles), np.sin(angles)
    drawn = plane(_passages(9), vectors)
    assert sum(drawn.explained) == pytest.approx(1, abs=1e-5)
    for one in range(9):
        for other in range(9):
            first, second = drawn.points[one], drawn.points[other]
            apart = math.dist((first.x, first.y), (second.x, second.y))
            assert apart == pytest.approx(float(np.linalg.norm(vectors[one] - vectors[other])), abs=1e-4)


def test_the_same_passages_give_the_same_map_and_turning_all_round_gives_its_mirror_image() -> None:
    vectors = _units(np.random.default_rng(5).normal(size=(30, 12)))
    one, again = plane(_passages(30), vectors), plane(_passages(30), vectors.copy())
    assert one.points == again.points and one.explained == again.explained
    turned = plane(_passages(30), -vectors)
    assert turned.explained == one.explained
    for mine, theirs in zip(one.points, turned.points, strict=True):
        assert (theirs.x, theirs.y) == pytest.approx((-mine.x, -mine.y), abs=1e-5)
    assert (np.take_along_axis(one.axes, np.abs(one.axes).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_a_question_with_the_vector_of_a_passage_stands_on_its_point_and_is_nearest_to_it() -> None:
    vectors = _units(np.random.default_rng(6).normal(size=(20, 12)))
    on = plane(_passages(20), vectors)
    (asked,) = on_map(on, [("?", vectors[7].tolist())], count=4).asked
    assert (asked.x, asked.y) == pytest.approx((on.points[7].x, on.points[7].y), abs=1e-5)
    assert asked.neighbours[0].point == on.points[7]
    assert asked.neighbours[0].cosine == pytest.approx(1, abs=1e-5)
    cosines = [one.cosine for one in asked.neighbours]
    assert cosines == sorted(cosines, reverse=True) and len(cosines) == 4


@pytest.mark.parametrize("count", [1, 2])
def test_a_map_of_hardly_any_passages_is_drawn_all_the_same(count: int) -> None:
    vectors = _units(np.random.default_rng(7).normal(size=(count, 5)))
    drawn = on_map(plane(_passages(count), vectors), [("?", vectors[0].tolist())])
    assert len(drawn.points) == count == len(drawn.asked[0].neighbours)
    assert 0 <= sum(drawn.explained) <= 1 + 1e-6


def test_the_map_of_the_guide_shows_the_neighbours_that_the_search_found(ask: Asking) -> None:
    worked, walk = ask(FACT)
    index = worked.reading.index
    drawn = on_map(plane(index.passages, index.vectors), [(FACT, walk.parts[0].encode.vector)])
    near = [one.point.place.passage_id for one in drawn.asked[0].neighbours]
    assert near == [one.place.passage_id for one in walk.parts[0].dense.top]
    assert 0.05 < sum(drawn.explained) < 1
    assert len({point.section for point in drawn.points}) > 3


