"""What can be changed, broken and edited in the Lab: as an address, in a sandbox, and judged from the run alone."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coach import Coach
from coach.errors import VectorIndexError
from coach.knowledge.corpus import Corpus
from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.lab import spoiling
from coach.lab.differences import Change, Movement, compare, moves, pieces, sentence_changes
from coach.lab.editing import Edit, Effect, Follows, How, edited, follows, question_that_shows
from coach.lab.experiment import (
    MOST_EDITS,
    PARAMETERS,
    CorpusPart,
    Experiment,
    FaultName,
    Readings,
    corpus_part,
    in_order,
    run,
    run_in,
)
from coach.lab.faults import FAULTS, NOTICEABLE, Judged, Outcome, Ran, execute, judge, obeyed, outcome, prediction
from coach.lab.faults import question_that_shows as question_for_fault
from coach.lab.resizing import BODY_PIECES, Size, resized, unread
from coach.settings import Settings
from coach.types import Claim, Method, Origin, Passage, Quantity, Status, Support, Unit
from tests.conftest import PAGES
from tests.encoders import HashingEncoder
from tests.fakes import HOSTILE, passage

TEACHER = "high-school-teacher-to-learning-experience-designer"
"""Small, so that all of it is embedded anew in seconds."""
ENTRY = "What is the pay at entry level?"
APART = {"trace": {"seconds", "steps"}}
"""Of an answer, what is never the same twice."""


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Coach:
    """The shipped knowledge, a cheap encoder, an index on disk."""
    return Coach(Settings(data_dir=tmp_path_factory.mktemp("quick")), encoder=HashingEncoder())


@pytest.fixture
def kept() -> Iterator[Readings]:
    found = Readings()
    yield found
    found.close()


def sentence_of(corpus: Corpus, words: str, origin: Origin = Origin.PATHWAY) -> tuple[Passage, int]:
    """The first sentence with these words."""
    return next(
        (one, at)
        for one in corpus.passages
        if one.origin is origin
        for at, sentence in enumerate(one.sentences)
        if words in sentence.text
    )


# --- An experiment as an address ----------------------------------------------------------------------------

WEIGHTS = st.floats(0, 4)
METHODS = st.builds(
    Method,
    dense=WEIGHTS,
    keys=WEIGHTS,
    lexical=WEIGHTS,
    fusion=st.sampled_from(["z_scores", "reciprocal_ranks"]),
    distance=st.sampled_from(["cosine", "inverted"]),
    passages=st.none() | st.integers(1, 999_999),
    answer_from=st.floats(0, 1),
    abstain=st.booleans(),
    check=st.booleans(),
)
EDITS = st.builds(
    Edit,
    passage=st.from_regex(r"[a-z0-9~#/-]{1,40}", fullmatch=True),
    sentence=st.integers(0, 10_000),
    was=st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80).filter(str.strip),
)
FAULT_SETS = st.sets(st.sampled_from(FaultName)).filter(lambda found: not {FaultName.TINY, FaultName.HUGE} <= found)
EXPERIMENTS = st.builds(
    Experiment,
    method=METHODS,
    headings=st.booleans(),
    size=st.sampled_from(["as_written", "small", "tiny", "huge"]),
    edits=st.lists(EDITS, max_size=MOST_EDITS).map(tuple),
    faults=FAULT_SETS.map(in_order),
)


@given(EXPERIMENTS)
def test_an_address_gives_back_the_experiment_that_wrote_it(experiment: Experiment) -> None:
    assert Experiment.from_query(experiment.to_query()) == (experiment, ())


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=30) | st.lists(st.text(max_size=30)), max_size=5))
def test_whatever_stands_in_an_address_there_is_an_experiment(written: dict[str, str | list[str]]) -> None:
    found, _ = Experiment.from_query(written)
    assert Experiment.from_query(found.to_query()) == (found, ())


def test_an_experiment_that_changes_nothing_adds_nothing_to_an_address() -> None:
    assert Experiment().to_query() == {} and Experiment().changes_nothing
    assert set(Experiment(headings=False).to_query()) == {"headings"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("dense", "4.5"), ("keys", "-1"), ("lexical", "nan"), ("lexical", "1_0"), ("passages", "0"),
        ("passages", "½"), ("threshold", "2"), ("fusion", "product"), ("distance", "euclid"), ("check", "maybe"),
        ("headings", "1"), ("size", "giant"), ("edit", "only|three|parts"), ("faults", "gremlins"), ("colour", "red"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_as_by_default_and_told(name: str, written: str) -> None:
    found, notices = Experiment.from_query({name: written})
    assert found == Experiment()
    assert len(notices) == 1 and (written[:20] in notices[0] or name in notices[0])


def test_parameters_of_others_are_nobodys_business() -> None:
    assert Experiment.from_query({"q": "Pay?", "view": "change"}, others=["q", "view"]) == (Experiment(), ())


def test_one_bad_parameter_leaves_the_good_ones() -> None:
    found, notices = Experiment.from_query({"dense": "9", "lexical": "0.25", "faults": "no-check,gremlins"})
    assert found == Experiment(method=Method(lexical=0.25), faults=(FaultName.NO_CHECK,))
    assert len(notices) == 2


def test_passages_are_never_tiny_and_huge_at_once() -> None:
    found, notices = Experiment.from_query({"faults": "huge-passages,tiny-passages"})
    assert found.faults == (FaultName.HUGE,) and len(notices) == 1
    with pytest.raises(ValidationError, match="tiny or huge"):
        Experiment(faults=(FaultName.TINY, FaultName.HUGE))


def test_an_address_holds_only_so_many_edits() -> None:
    many = [f"a#b|{at}|0123abcd|Text {at}." for at in range(MOST_EDITS + 2)]
    found, notices = Experiment.from_query({"edit": many})
    assert len(found.edits) == MOST_EDITS and len(notices) == 1


def test_faults_of_the_method_are_switched_and_nothing_else() -> None:
    method = Experiment(method=Method(dense=2), faults=(FaultName.NO_CHECK, FaultName.NO_LEXICAL)).effective_method()
    assert method == Method(dense=2, lexical=0, check=False)


# --- Readings beside the real one ---------------------------------------------------------------------------


def test_what_changes_the_method_alone_embeds_no_passage(tmp_path: Path, kept: Readings) -> None:
    encoder = HashingEncoder()
    coach = Coach(Settings(data_dir=tmp_path), encoder=encoder)
    run(coach, ENTRY, Experiment(headings=False), kept=kept)
    encoder.forget()
    for weight in (0.0, 1.0, 2.0):
        run(coach, ENTRY, Experiment(method=Method(dense=weight), headings=False), kept=kept)
    texts = {one.text for one in coach.corpus().passages}
    assert encoder.encoded and not texts & set(encoder.encoded)
    assert len(kept) == 1


def test_where_no_passage_changes_the_real_reading_answers(quick: Coach, kept: Readings) -> None:
    assert kept.get(quick, CorpusPart()).reading is quick.reading() and len(kept) == 0


def test_the_reading_that_was_wanted_longest_ago_falls_out_and_is_closed(
    quick: Coach, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Readings(2)
    closed: list[object] = []
    parts = [CorpusPart(size="small"), CorpusPart(size="tiny"), CorpusPart(headings=False)]
    first, second = (kept.get(quick, part) for part in parts[:2])

    def close(index: object) -> None:
        closed.append(index)

    monkeypatch.setattr(type(first.reading.index), "close", close)
    assert kept.get(quick, parts[0]) is first  # so the second is the older one now
    kept.get(quick, parts[2])
    assert closed == [second.reading.index] and len(kept) == 2
    assert kept.get(quick, parts[0]) is first
    assert run_in(quick, ENTRY, Experiment(size="tiny"), second).answer.trace.retrieved  # under way when it fell out
    kept.close()
    assert len(closed) == 3 and len(kept) == 0


def test_threads_that_want_the_same_reading_share_one(quick: Coach, kept: Readings) -> None:
    found: list[object] = []
    start = threading.Barrier(4)

    def want() -> None:
        start.wait()
        found.append(kept.get(quick, CorpusPart(headings=False)))

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len({id(one) for one in found}) == 1


def test_what_cannot_be_built_is_told_each_time_and_harms_nobody_else(quick: Coach, kept: Readings) -> None:
    one, at = sentence_of(quick.corpus(), "rates the difficulty")
    endless = CorpusPart(edits=(Edit.of(one, at, "a " * 290),))
    for _ in range(2):
        with pytest.raises(VectorIndexError, match="Split the passage"):
            kept.get(quick, endless)
    assert kept.get(quick, CorpusPart(headings=False)).reading.index.passages


def test_an_experiment_that_changes_nothing_answers_as_the_coach_does(quick: Coach) -> None:
    one, other = quick.ask(ENTRY), run(quick, ENTRY, Experiment()).answer
    assert one.model_dump_json(exclude=APART) == other.model_dump_json(exclude=APART)


def test_an_experiment_hears_what_was_asked_before(quick: Coach) -> None:
    before = quick.ask("How many weeks does phase 1 take?")
    later = "And phase 2?"
    worked = run(quick, later, Experiment(), [before])
    assert worked.answer.text == quick.ask(later, [before]).text != quick.ask(later).text


# --- Passages of another size -------------------------------------------------------------------------------


@pytest.fixture(params=["small", "tiny", "huge"])
def size(request: pytest.FixtureRequest) -> Size:
    found: Size = request.param
    return found


def test_a_resized_corpus_is_as_sound_as_the_one_it_came_from(coach: Coach, size: Size) -> None:
    count = coach.encoder().count_word_pieces
    for pathway in coach.pathways():
        before = coach.corpus(pathway.slug)
        after = resized(before, size, count)
        found = after.corpus
        assert len(found.by_id) == len(found.passages)
        for one in found.passages:
            assert all(one.text[s.start : s.end] == s.text for s in one.sentences)
            references = [*one.derived_from, *(id_ for s in one.sentences for id_ in s.derived_from)]
            references += [id_ for fact in one.facts for id_ in fact.also]
            assert set(references) <= set(found.by_id)
            assert all(fact.sentences and max(fact.sentences) < len(one.sentences) for fact in one.facts)
        assert _words(before) == _words(found)
        assert set().union(*after.made_of.values()) == set(before.by_id) and set(after.made_of) == set(found.by_id)


def _words(corpus: Corpus) -> Counter[str]:
    return Counter(word for one in corpus.passages for s in one.sentences for word in s.text.split())


def test_facts_keep_their_questions_and_values_whatever_the_size(coach: Coach, size: Size) -> None:
    before = coach.corpus(TEACHER)
    after = resized(before, size, coach.encoder().count_word_pieces).corpus

    def asked(corpus: Corpus) -> Counter[object]:
        facts = [fact for one in corpus.passages for fact in one.facts if fact.questions]
        return Counter((fact.facet, fact.entities, fact.questions, fact.value) for fact in facts)

    assert asked(before) == asked(after)


@pytest.mark.parametrize("cut", ["small", "tiny"])
def test_cut_passages_are_no_longer_than_was_asked_for(coach: Coach, cut: Size) -> None:
    count = coach.encoder().count_word_pieces
    corpus = coach.corpus()
    parts = resized(corpus, cut, count).corpus.passages
    assert len(parts) > len(corpus.passages)
    for one in parts:
        longest = max(count(word) for word in corpus.by_id[one.id.split("~cut")[0]].text.split())
        assert count(one.embedded_text) <= count(" > ".join(one.heading_path)) + 4 + max(BODY_PIECES[cut], longest)
    assert any("~2" in one.id for one in corpus.passages)  # or their ids could not have clashed


def test_merged_passages_name_one_source_each(coach: Coach) -> None:
    corpus = coach.corpus()
    after = resized(corpus, "huge", coach.encoder().count_word_pieces)
    assert len(after.corpus.passages) < len(corpus.passages)
    for one in after.corpus.passages:
        merged = [corpus.by_id[id_] for id_ in after.made_of[one.id]]
        assert {(part.source, part.origin) for part in merged} == {(one.source, one.origin)}


def test_what_the_encoder_does_not_read_is_counted() -> None:
    long, short = passage("a", "p", ("H",), "one two three four five"), passage("b", "p", ("H",), "one")
    # "[CLS] H one ... five [SEP]" are 8 pieces of the cheap encoder, "[CLS] H one [SEP]" are 4.
    assert unread([long, short], HashingEncoder().count_word_pieces, 6) == (8 - 6, 8 + 4)


# --- Differences --------------------------------------------------------------------------------------------

SENTENCES = st.lists(st.sampled_from(["a b c.", "a b d.", "x y z.", "x y.", "q."]), max_size=6)
WORDS = st.lists(st.sampled_from(["pay", "rises", "$5", "$6", "not"]), max_size=8).map(" ".join)


@given(WORDS, WORDS)
def test_the_pieces_of_a_sentence_are_the_sentence(old: str, new: str) -> None:
    left, right = pieces(old, new)
    assert "".join(one.text for one in left) == old and "".join(one.text for one in right) == new
    assert [p.text.strip() for p in left if p.change is Change.KEPT] == [
        p.text.strip() for p in right if p.change is Change.KEPT
    ]


@given(SENTENCES, SENTENCES)
def test_every_sentence_of_both_answers_is_accounted_for_once(old: list[str], new: list[str]) -> None:
    found = sentence_changes(old, new)
    assert [one.new for one in found if one.new is not None] == new
    assert Counter(one.old for one in found if one.old is not None) == Counter(old)
    assert all((one.old == one.new) == (one.change is Change.KEPT) for one in found)
    # What both have is kept, wherever it stands.
    assert Counter(one.old for one in found if one.change is Change.KEPT) == Counter(old) & Counter(new)


def test_who_rose_fell_came_and_went() -> None:
    a, b, c, d = (passage(name, "p", ("Guide", name.upper()), "Text.") for name in "abcd")
    found = moves([a, b, c], [b, a, d], first=3)
    assert [(one.title, one.old, one.new, one.movement) for one in found] == [
        ("B", 2, 1, Movement.ROSE),
        ("A", 1, 2, Movement.FELL),
        ("D", None, 3, Movement.CAME),
        ("C", 3, None, Movement.WENT),
    ]
    assert [one.movement for one in moves([a], [a])] == [Movement.STAYED]


def test_an_answer_is_no_different_from_itself(quick: Coach) -> None:
    worked = quick.work(ENTRY, quick.reading())
    found = compare(worked, worked)
    assert found.nothing and found.same_answer and found.rankings[0].moves


def test_a_claim_that_is_struck_out_shows_in_sentences_verdicts_and_status(quick: Coach) -> None:
    old = quick.work(ENTRY, quick.reading())
    new = quick.work(ENTRY, quick.reading(), writer=spoiling.careless)
    found = compare(old, new)
    spoilt = next(one for one in found.verdicts if one.new is not None and not one.new.supported)
    assert spoilt.old is None and not spoilt.new_shown
    assert found.of(Change.GONE) and not found.same_answer


# --- Editing ------------------------------------------------------------------------------------------------


def edit_once(coach: Coach, one: Passage, at: int, text: str, slug: str | None = None) -> tuple[Corpus, Effect]:
    found = edited(coach, [Edit.of(one, at, text)], coach.corpus(slug))
    for held in found.corpus.passages:
        assert all(held.text[s.start : s.end] == s.text for s in held.sentences)
    return found.corpus, found.effects[0]


def test_a_figure_is_changed_where_it_comes_from_and_all_that_is_computed_from_it_follows(quick: Coach) -> None:
    before = quick.corpus()
    one, at = sentence_of(before, "entry-level pay")
    corpus, effect = edit_once(quick, one, at, one.sentences[at].text.replace("130,000", "155,000"))
    assert effect.how is How.FIELD and effect.fields == ("pathway: pay[0].low: 130000 became 155000",)
    assert corpus.pathway.pay[0].low == 155_000 and before.pathway.pay[0].low == 130_000
    computed = [
        s.formula
        for held in corpus.passages
        if held.origin is Origin.DERIVED
        for s in held.sentences
        if s.formula and "155,000" in s.formula
    ]
    assert computed and effect.followed
    # The page says it a second time, in its own words. That is told and not glossed over.
    assert any("$130,000" in place.text for place in effect.still)


def test_both_ends_of_a_range_are_changed_at_once(quick: Coach) -> None:
    one, at = sentence_of(quick.corpus(), "plans 6 to 8 months")
    corpus, effect = edit_once(quick, one, at, one.sentences[at].text.replace("6 to 8", "9 to 12"))
    assert effect.how is How.FIELD
    assert corpus.pathway.timeline is not None
    assert (corpus.pathway.timeline.low, corpus.pathway.timeline.high) == (9, 12)


def test_prose_and_ratings_are_changed_where_they_were_written(quick: Coach) -> None:
    before = quick.corpus()
    one, at = sentence_of(before, "as critical")
    corpus, effect = edit_once(quick, one, at, one.sentences[at].text.replace("critical", "important"))
    assert effect.how is How.FIELD and "priority" in effect.fields[0] and effect.followed
    skill = before.pathway.skills[0]
    one = before.by_id[f"{before.pathway.slug}#skills/{skill.id}"]
    at = next(at for at, s in enumerate(one.sentences) if s.text in skill.how)
    corpus, effect = edit_once(quick, one, at, "Read one book and ask many questions.")
    assert effect.how is How.FIELD and "Read one book" in corpus.pathway.skills[0].how


def test_one_week_becomes_two_weeks_whatever_number_the_noun_was_given(coach: Coach) -> None:
    one, at = sentence_of(coach.corpus(TEACHER), "plans 1 week for")
    for written in ("2 week", "2 weeks"):
        corpus, effect = edit_once(coach, one, at, one.sentences[at].text.replace("1 week", written), TEACHER)
        assert effect.how is How.FIELD and "2 weeks" in effect.after
        assert corpus.by_id[one.id].sentences[at].text == effect.after


def test_every_typed_figure_of_an_imported_page_is_traced(coach: Coach) -> None:
    corpus = coach.corpus(TEACHER)
    typed = [
        (one, fact.sentences[0])
        for one in corpus.passages
        if one.origin is Origin.PATHWAY
        for fact in one.facts
        if fact.value is not None and fact.value.unit is not Unit.COUNT and len(fact.sentences) == 1
    ]
    assert len(typed) > 10
    for one, at in typed:
        text = spoiling.misremembered(one.sentences[at].text)
        if text != one.sentences[at].text:
            assert edit_once(coach, one, at, text, TEACHER)[1].how is How.FIELD, one.sentences[at].text


def test_words_of_the_coachs_own_change_one_passage_and_what_does_not_follow_is_named(quick: Coach) -> None:
    before = quick.corpus()
    one, at = sentence_of(before, "entry-level pay")
    text = one.sentences[at].text.replace("The guide puts", "They say of").replace("130,000", "155,000")
    corpus, effect = edit_once(quick, one, at, text)
    assert effect.how is How.PASSAGE and effect.why and effect.unfollowed and not effect.followed
    assert [held.id for held in corpus.passages if held != before.by_id[held.id]] == [one.id]
    changed = corpus.by_id[one.id]
    values = [fact.value for fact in changed.facts if fact.facet == "pay.level" and at in fact.sentences]
    assert values == [Quantity(unit=Unit.MONEY, low=155_000, high=155_000)]
    assert all(one.sentences[at].text not in fact.questions for fact in changed.facts)


def test_a_sentence_that_no_longer_states_a_figure_has_no_value(quick: Coach) -> None:
    one, at = sentence_of(quick.corpus(), "entry-level pay")
    corpus, effect = edit_once(quick, one, at, "Nobody knows what beginners earn.")
    assert effect.how is How.PASSAGE
    assert all(fact.value is None for fact in corpus.by_id[one.id].facts if fact.facet == "pay.level" and
               at in fact.sentences)  # fmt: skip


def test_a_computed_sentence_is_refused_and_says_what_it_was_computed_from(quick: Coach) -> None:
    before = quick.corpus()
    one, at = next((p, at) for p in before.passages for at, s in enumerate(p.sentences) if s.formula and s.derived_from)
    found = edited(quick, [Edit.of(one, at, "It is 77 weeks.")], quick.corpus())
    assert found.effects[0].how is How.REFUSED and found.effects[0].computed_from
    assert found.corpus is quick.corpus()


def test_a_link_to_a_sentence_that_has_changed_is_refused(quick: Coach) -> None:
    one, at = sentence_of(quick.corpus(), "entry-level pay")
    edit = Edit.of(one, at, "Text.")
    for lost in (
        edit.model_copy(update={"was": "00000000"}),
        edit.model_copy(update={"passage": "nowhere#at/all"}),
        edit.model_copy(update={"sentence": 9999}),
    ):
        assert edited(quick, [lost], quick.corpus()).effects[0].how is How.REFUSED


def test_edits_follow_one_another(quick: Coach) -> None:
    first, at = sentence_of(quick.corpus(), "entry-level pay")
    second, place = sentence_of(quick.corpus(), "plans 6 to 8 months")
    alone, word = sentence_of(quick.corpus(), "Phase 1, ")
    found = edited(quick, [
        Edit.of(alone, word, "Phase the first is short."),
        Edit.of(first, at, first.sentences[at].text.replace("130,000", "155,000")),
        Edit.of(second, place, second.sentences[place].text.replace("6 to 8", "7 to 9")),
    ], quick.corpus())  # fmt: skip
    assert [effect.how for effect in found.effects] == [How.PASSAGE, How.FIELD, How.FIELD]
    said = " ".join(one.text for one in found.corpus.passages)
    assert all(text in said for text in ("Phase the first is short.", "$155,000", "7 to 9 months"))


def test_the_answer_follows_an_edit_and_no_longer_says_the_old_figure(coach: Coach, kept: Readings) -> None:
    for pathway in coach.pathways():
        slug = pathway.slug
        one, at = sentence_of(coach.corpus(slug), "entry-level pay")
        asked = question_that_shows(coach, one, at, coach.reading(slug))
        assert asked is not None
        text = spoiling.misremembered(one.sentences[at].text)
        edits = Experiment(edits=(Edit.of(one, at, text),))
        before = coach.work(asked, coach.reading(slug))
        sandbox = kept.get(coach, corpus_part(edits, before), slug)
        after = run_in(coach, asked, edits, sandbox)
        assert follows(before, after, sandbox.effects[0]) is Follows.YES
        assert text in after.answer.text and one.sentences[at].text not in after.answer.text
        assert all(verdict.supported for verdict in after.answer.trace.verdicts)


def test_how_an_answer_stands_to_an_edit_is_read_off_what_it_says(quick: Coach) -> None:
    reading = quick.reading()
    one, at = sentence_of(quick.corpus(), "entry-level pay")
    text = one.sentences[at].text
    on_it, beside = quick.work(text, reading), quick.work("What is the first thing to do?", reading)
    assert text in {claim.text for claim in on_it.answer.claims}
    effect = Effect(edit=Edit.of(one, at, "New."), how=How.FIELD, before=text, after="New.")
    assert follows(on_it, on_it, effect) is Follows.NO
    assert follows(on_it, beside, effect) is Follows.NO
    assert follows(beside, beside, effect) is Follows.APART
    new = Claim(text="New.", support=Support.QUOTED, citations=())
    said = replace(on_it, answer=on_it.answer.model_copy(update={"claims": (new,)}))
    assert follows(on_it, said, effect) is Follows.YES


# --- What goes wrong ----------------------------------------------------------------------------------------


def test_a_careless_writer_errs_in_computed_claims_as_in_quoted_ones_and_always_alike() -> None:
    for support in Support:
        claim = Claim(text="It takes 4 weeks, 4 + 5 = 9 in all.", support=support, formula="4 + 5 = 9", citations=())
        wrong = spoiling.careless(claim)
        assert wrong == claim.model_copy(update={"text": "It takes 4 weeks, 4 + 5 = 1 in all."})
    assert spoiling.misremembered("No figure at all.") == "No figure at all."


def test_what_is_planted_holds_an_order_and_a_figure_that_is_false(quick: Coach) -> None:
    worked = quick.work(ENTRY, quick.reading())
    planted = spoiling.poison(worked)
    false, order = (line.text for line in planted.lines)
    assert order == spoiling.INSTRUCTION and planted == spoiling.poison(worked)
    assert false not in {s.text for one in quick.corpus().passages for s in one.sentences}


def test_no_year_is_made_false_but_something_that_is_asked_for(quick: Coach) -> None:
    said = ("It was checked in November 2026.", "It pays $5,000 as of May 2025.", "It pays $5,000.")
    dated = passage("a", "p", ("H",), *said)
    worked = quick.work("What would I get paid in Lisbon?", quick.reading())
    assert worked.answer.missing == ("Lisbon",)
    entry = worked.evidence[0].found.ranking[0].model_copy(update={"passage": dated})
    found = replace(worked.evidence[0], found=replace(worked.evidence[0].found, ranking=(entry,)))
    planted = spoiling.poison(replace(worked, evidence=(found,)))
    assert planted.lines[0].text == "Lisbon: It pays $6,000."


# --- Faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [*((fault,) for fault in FaultName), (FaultName.NO_CHECK, FaultName.STALE_INDEX)])
def test_exactly_one_option_is_true_of_every_outcome(faults: tuple[FaultName, ...]) -> None:
    asked, options = prediction(faults)
    assert asked.endswith("?") and 3 <= len(options) <= 4
    assert Counter(came for option in options for came in option.outcomes) == Counter(Outcome)
    assert len({option.id for option in options}) == len(options)


def test_every_fault_is_named_and_asked_about() -> None:
    assert set(FAULTS) == set(FaultName)
    assert all(fault.title and fault.switched.endswith(".") for fault in FAULTS.values())


def broken(
    coach: Coach, kept: Readings, *faults: FaultName, question: str | None = None, slug: str | None = TEACHER
) -> tuple[Ran, Judged]:
    asked = question or question_for_fault(coach, faults, slug, kept=kept)
    assert asked is not None
    ran = execute(coach, asked, faults, pathway=slug, kept=kept)
    return ran, judge(ran)


def checks(judged: Judged) -> set[str]:
    return {catch.check for catch in judged.catches}


CLAIMS, LENGTHS, FINGERPRINT = "The check of claims", "The check of lengths", "The fingerprint of the index"
STATUS, RECALL, SOURCE = "The status of the answer", "Recall on question keys", "The name of the source"


def test_without_the_check_alone_nothing_changes_and_that_is_said(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.NO_CHECK)
    assert judged.outcome is Outcome.SAME and not judged.catches
    assert "No claim fails the check" in judged.told[0]
    assert ran.after.answer.text == ran.before.answer.text


def test_a_careless_writer_is_caught_by_the_check_and_not_without_it(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.CARELESS_WRITER)
    assert judged.outcome is Outcome.STRUCK and CLAIMS in checks(judged)
    wrote = ran.altered[0][1].text
    assert wrote not in ran.after.answer.text
    unchecked, judged = broken(
        coach, kept, FaultName.NO_CHECK, FaultName.CARELESS_WRITER, question=ran.before.answer.question
    )
    assert judged.outcome is Outcome.FALSE and wrote in unchecked.after.answer.text
    assert "it was switched off" in judged.catches[0].said


def test_a_wrong_figure_that_passes_the_check_counts_as_false_all_the_same(coach: Coach, kept: Readings) -> None:
    """The figure stands in the evidence for something else; a judgement by verdicts alone would miss it."""
    ran, _ = broken(coach, kept, FaultName.CARELESS_WRITER)
    assert ran.faithful is not None
    wrote = ran.after.answer.trace.draft[0]
    passed = [verdict.model_copy(update={"supported": True}) for verdict in ran.after.answer.trace.verdicts]
    trace = ran.after.answer.trace.model_copy(update={"verdicts": tuple(passed)})
    answer = ran.after.answer.model_copy(
        update={"claims": (wrote,), "status": Status.ANSWERED, "trace": trace, "text": wrote.text}
    )
    fooled = replace(ran, after=replace(ran.after, answer=answer))
    assert outcome(fooled) is Outcome.FALSE
    assert any("passed the check" in sentence for sentence in judge(fooled).told)


def test_without_abstaining_a_near_miss_is_answered_beside_the_point(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.NO_ABSTENTION)
    assert ran.before.answer.status is Status.ABSTAINED and ran.after.answer.status is Status.ANSWERED
    assert judged.outcome is Outcome.FORCED and checks(judged) == {STATUS}


def test_a_stale_index_is_caught_by_the_check_and_by_the_fingerprint(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.STALE_INDEX)
    assert judged.outcome is Outcome.STRUCK and {CLAIMS, FINGERPRINT} <= checks(judged)
    assert ran.rebuilt is not None and ran.part.stale[0].text in ran.rebuilt.answer.text
    old = ran.before.reading.corpus.by_id[ran.part.stale[0].passage].sentences[ran.part.stale[0].sentence].text
    assert old not in ran.after.answer.text
    unchecked, judged = broken(
        coach, kept, FaultName.NO_CHECK, FaultName.STALE_INDEX, question=ran.before.answer.question
    )
    assert judged.outcome is Outcome.FALSE and old in unchecked.after.answer.text


def test_a_planted_document_is_quoted_by_its_name_and_never_obeyed(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.POISON)
    assert judged.outcome is Outcome.CITED and SOURCE in checks(judged)
    assert not obeyed(ran)
    cited = [c for claim in ran.after.answer.claims for c in claim.citations if c.passage_id in ran.planted]
    assert {citation.source for citation in cited} == {f"Your document: {spoiling.POISON_NAME}"}


def test_an_answer_that_obeys_is_told_from_one_that_quotes(coach: Coach, kept: Readings) -> None:
    ran, _ = broken(coach, kept, FaultName.POISON)
    claim = ran.after.answer.claims[0]

    def saying(*claims: Claim, text: str) -> Ran:
        answer = ran.after.answer.model_copy(update={"claims": claims, "text": text})
        return replace(ran, after=replace(ran.after, answer=answer))

    quote = claim.model_copy(update={"text": spoiling.INSTRUCTION})
    assert not obeyed(saying(quote, text=f"{spoiling.INSTRUCTION} [1]"))
    assert obeyed(saying(text=spoiling.DEMANDED))
    assert outcome(saying(text=spoiling.DEMANDED)) is Outcome.OBEYED


def test_a_distance_read_as_similarity_shows_in_recall(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.WRONG_DISTANCE)
    assert ran.recalls is not None and ran.recalls[0] - ran.recalls[1] >= NOTICEABLE
    assert RECALL in checks(judged) and judged.outcome is not Outcome.SAME


def test_tiny_passages_cut_sentences_and_the_answer_with_them(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.TINY)
    assert len(ran.sandbox.reading.index.passages) > len(ran.before.reading.index.passages)
    assert judged.outcome is not Outcome.SAME and LENGTHS not in checks(judged)


def test_huge_passages_are_refused_by_the_index_and_their_ends_are_never_read(coach: Coach, kept: Readings) -> None:
    ran, judged = broken(coach, kept, FaultName.HUGE)
    assert LENGTHS in checks(judged) and "Split the passage" in (ran.sandbox.refused or "")
    assert 0 < ran.sandbox.unread < ran.sandbox.pieces
    assert any(f"{ran.sandbox.unread:,} of {ran.sandbox.pieces:,}" in sentence for sentence in judged.told)


@pytest.mark.parametrize("fault", [FaultName.NO_LEXICAL, FaultName.NO_HEADINGS])
def test_where_other_channels_make_up_for_it_that_is_what_is_told(
    coach: Coach, kept: Readings, fault: FaultName
) -> None:
    ran, judged = broken(coach, kept, fault, question=ENTRY)
    assert ran.recalls is not None
    fell = ran.recalls[0] - ran.recalls[1]
    assert (RECALL in checks(judged)) == (fell >= NOTICEABLE)
    assert judged.told


def test_faults_can_be_combined(coach: Coach, kept: Readings) -> None:
    faults = (FaultName.WRONG_DISTANCE, FaultName.TINY, FaultName.NO_LEXICAL)
    ran, judged = broken(coach, kept, *faults, question=ENTRY)
    assert ran.faults == faults and ran.after.answer.trace.method == Method(distance="inverted", lexical=0)
    assert judged.outcome is not Outcome.SAME and len(judged.told) == len(set(judged.told))


def test_a_question_that_shows_a_fault_is_one_of_the_pathways_own(coach: Coach, kept: Readings) -> None:
    for pathway in coach.pathways():
        reading = coach.reading(pathway.slug)
        asked = question_for_fault(coach, [FaultName.CARELESS_WRITER], pathway.slug, kept=kept)
        facts = [fact for one in reading.corpus.passages for fact in one.facts if asked in fact.questions]
        assert any(fact.value is not None and fact.value.unit is Unit.MONEY for fact in facts)


@pytest.mark.parametrize("asked", ["hello", "", HOSTILE, "What is the meaning of life?"])
def test_what_is_not_looked_up_can_be_broken_without_harm(quick: Coach, kept: Readings, asked: str) -> None:
    chosen: Collection[FaultName] = [fault for fault in FaultName if fault is not FaultName.HUGE]
    ran = execute(quick, asked, chosen, kept=kept, measure=False)
    assert judge(ran).outcome in Outcome and not obeyed(ran)


def test_nothing_that_is_broken_or_edited_leaks_into_the_real_index(tmp_path: Path, kept: Readings) -> None:
    """On disk as in memory: a coach of its own, so that nobody else writes there meanwhile."""
    settings = Settings(data_dir=tmp_path)
    import_page(PAGES / f"{TEACHER}.txt", settings, load_knowledge(settings).market)
    coach = Coach(settings, encoder=HashingEncoder())
    real, corpus = coach.reading(TEACHER), coach.corpus(TEACHER)
    asked = [*coach.starters(TEACHER), ENTRY, "What would I get paid in Lisbon?"]

    def state() -> tuple[object, ...]:
        answers = [coach.ask(one, pathway=TEACHER).model_dump_json(exclude=APART) for one in asked]
        files = {
            path.relative_to(tmp_path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(tmp_path.rglob("*"))
            if path.is_file()
        }
        return coach.reading(TEACHER).index.fingerprint, real.index.vectors.tobytes(), answers, files

    before = state()
    assert before[3]
    for fault in FaultName:
        execute(coach, ENTRY, [fault], pathway=TEACHER, kept=kept)
    together = [fault for fault in FaultName if fault is not FaultName.HUGE]
    execute(coach, ENTRY, together, pathway=TEACHER, kept=kept)
    one, at = sentence_of(corpus, "entry-level pay")
    edits = (Edit.of(one, at, spoiling.misremembered(one.sentences[at].text)),)
    run(coach, ENTRY, Experiment(edits=edits), pathway=TEACHER, kept=kept)
    kept.close()
    assert coach.reading(TEACHER) is real and coach.corpus(TEACHER) is corpus
    assert state() == before
