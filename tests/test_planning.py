"""A plan fits the learner's weeks, keeps what was done, and gives reasons that stand in the guide."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.answering.grounding import check, missing_names
from coach.answering.words import split_tokens, stem
from coach.errors import ProfileError
from coach.knowledge.corpus import Corpus, build_corpus
from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.knowledge.market import Market
from coach.knowledge.pathway import MonthRange, Pathway, Priority
from coach.knowledge.resource import Resource, VerdictOfCheck
from coach.knowledge.wording import number
from coach.planning.completion import parts, resource_done, text_done
from coach.planning.next_step import SITTINGS, next_step
from coach.planning.plan import By, Kind, Plan, Progress, Step
from coach.planning.profile import Break, Level, Profile, read_profile, resolve_skills
from coach.planning.reports import as_text
from coach.planning.schedule import make_plan, slipped_days
from coach.planning.steps import PRACTICE_SHARE
from coach.settings import Settings
from eval.cases import PAGES_DIR

TODAY = date(2026, 11, 25)
WORDS = "read write and then or to build test it that a book, design: keep the how use set up 3 ten 'and'".split(" ")
"""Of which texts in the imperative are made."""


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> list[Corpus]:
    """The shipped pathway and two imported ones."""
    home: Path = tmp_path_factory.mktemp("planning")
    own = Settings(data_dir=home)
    market = load_knowledge(own).market
    for page in sorted(PAGES_DIR.glob("*.txt")):
        import_page(page, own, market)
    knowledge = load_knowledge(own)
    return [
        build_corpus(
            guide, knowledge.resources, knowledge.market, count_pieces=lambda text: len(text.split()), limit=200
        )
        for guide in knowledge.pathways
    ]


@pytest.fixture(scope="module")
def corpus(corpora: list[Corpus]) -> Corpus:
    return corpora[0]


def plan_of(corpus: Corpus, profile: Profile | None = None, progress: Progress | None = None) -> Plan:
    return make_plan(corpus, profile or Profile(), progress, today=TODAY)


@st.composite
def breaks(draw: st.DrawFn) -> Break:
    start = TODAY + timedelta(days=draw(st.integers(-20, 400)))
    return Break(start=start, end=start + timedelta(days=draw(st.integers(0, 45))))


@st.composite
def profiles(draw: st.DrawFn, corpora: list[Corpus]) -> tuple[Corpus, Profile]:
    corpus = draw(st.sampled_from(corpora))
    guide = corpus.pathway
    ids = [skill.id for skill in guide.skills] + [skill.id for skill in guide.transferable]
    start = draw(st.none() | st.integers(-30, 60))
    return corpus, Profile(
        skills=draw(st.dictionaries(st.sampled_from(ids), st.sampled_from(list(Level)), max_size=4)),
        weekly_hours=draw(st.sampled_from([1, 2.5, 3, 6, 7, 10, 12.5, 20, 33, 40, 80])),
        guide_week_hours=draw(st.sampled_from([5, 10, 20])),
        start=None if start is None else TODAY + timedelta(days=start),
        target=draw(st.none() | st.sampled_from([TODAY + timedelta(days=days) for days in (90, 200, 700)])),
        weeks_off=tuple(draw(st.lists(breaks(), max_size=3))),
        nice_to_have=draw(st.booleans()),
    )


def stems(text: str) -> set[str]:
    return {stem(word) for word in split_tokens(text)}


def scheduled(plan: Plan) -> Iterator[Step]:
    return (step for step in plan.steps if step.weeks)


given_profiles = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


# --- Properties ---------------------------------------------------------------------------------------------


@given_profiles
@given(data=st.data())
def test_no_week_holds_more_than_the_weekly_hours(corpora: list[Corpus], data: st.DataObject) -> None:
    corpus, profile = data.draw(profiles(corpora))
    weeks: dict[date, float] = defaultdict(float)
    for step in scheduled(plan_of(corpus, profile)):
        assert sum(share.hours for share in step.weeks) == pytest.approx(step.hours_left, abs=0.01)
        for share in step.weeks:
            assert share.monday.weekday() == 0
            weeks[share.monday] += share.hours
    assert all(hours <= profile.weekly_hours + 0.01 for hours in weeks.values())


@given_profiles
@given(data=st.data())
def test_no_step_begins_before_what_it_needs_has_ended(corpora: list[Corpus], data: st.DataObject) -> None:
    corpus, profile = data.draw(profiles(corpora))
    plan = plan_of(corpus, profile)
    place = {step.id: at for at, step in enumerate(plan.steps)}
    assert len(place) == len(plan.steps)
    for at, step in enumerate(plan.steps):
        for need in step.needs:
            needed = plan.step(need.id)
            assert needed is not None and place[need.id] < at
            assert needed.skipped or step.skipped or (needed.end and step.start and needed.end <= step.start)


@given_profiles
@given(data=st.data(), more=st.sampled_from([1.1, 1.5, 2, 3]))
def test_more_hours_never_finish_later(corpora: list[Corpus], data: st.DataObject, more: float) -> None:
    corpus, profile = data.draw(profiles(corpora))
    hours = min(80.0, round(profile.weekly_hours * more, 1))
    slow, fast = plan_of(corpus, profile), plan_of(corpus, profile.model_copy(update={"weekly_hours": hours}))
    ends = {step.id: step.end for step in slow.steps if step.end}
    assert [step.id for step in fast.steps] == [step.id for step in slow.steps]
    assert all(step.end <= ends[step.id] for step in fast.steps if step.end)


@given_profiles
@given(data=st.data())
def test_a_new_plan_keeps_every_tick_whatever_changed(corpora: list[Corpus], data: st.DataObject) -> None:
    corpus, before = data.draw(profiles(corpora))
    _, after = data.draw(profiles([corpus]))
    ids = [step.id for step in plan_of(corpus, before).steps]
    ticked = dict.fromkeys(data.draw(st.lists(st.sampled_from(ids), unique=True)), TODAY - timedelta(days=3))
    plan = plan_of(corpus, after, Progress(done=ticked))
    assert {step.id for step in plan.steps if step.done} == set(ticked) & {step.id for step in plan.steps}
    always = {step.id for step in plan.steps}
    assert {id_ for id_ in ticked if id_ not in always} == set()


@given_profiles
@given(data=st.data())
def test_the_same_input_gives_the_same_plan(corpora: list[Corpus], data: st.DataObject) -> None:
    corpus, profile = data.draw(profiles(corpora))
    assert plan_of(corpus, profile).model_dump_json() == plan_of(corpus, profile).model_dump_json()


@given_profiles
@given(data=st.data())
def test_days_off_hold_no_study(corpora: list[Corpus], data: st.DataObject) -> None:
    corpus, profile = data.draw(profiles(corpora))
    for step in scheduled(plan_of(corpus, profile)):
        for day in (step.start, step.end):
            assert day is not None
            assert not any(one.start <= day <= one.end for one in profile.weeks_off)


# --- What is in it --------------------------------------------------------------------------------------------


def test_everything_that_a_guide_asks_for_is_in_its_plan(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        guide, ids = corpus.pathway, {step.id for step in plan_of(corpus).steps}
        assert {f"skill/{skill.id}" for skill in guide.skills} <= ids
        assert {f"task/{phase.number}/{task.id}" for phase in guide.phases for task in phase.tasks} <= ids
        assert {f"action/{group.id}/{item.id}" for group in guide.actions for item in group.items} <= ids


def test_critical_skills_come_before_important_ones_and_these_before_nice_ones(corpora: list[Corpus]) -> None:
    order = list(Priority)
    for corpus in corpora:
        of = {skill.id: order.index(skill.priority) for skill in corpus.pathway.skills}
        ranks = [of[step.skill] for step in plan_of(corpus).steps if step.skill]
        assert ranks == sorted(ranks)


def test_phases_keep_their_order(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        phases = [step.phase for step in plan_of(corpus).steps if step.kind is Kind.TASK]
        assert phases == sorted(phases, key=lambda phase: phase or 0)


def test_a_skill_takes_the_weeks_of_the_guide_times_the_hours_of_a_week(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        plan = plan_of(corpus, Profile(guide_week_hours=8))
        for skill in corpus.pathway.skills:
            hours = sum(step.hours for step in plan.steps if step.skill == skill.id)
            assert hours == pytest.approx(skill.weeks * 8, abs=0.125 * 5)


def test_tasks_take_what_a_phase_lasts_beyond_its_skills_and_at_least_a_share(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        plan = plan_of(corpus)
        for phase in corpus.pathway.phases:
            hours = sum(step.hours for step in plan.steps if step.kind is Kind.TASK and step.phase == phase.number)
            slack = 0.125 * len(phase.tasks)
            assert PRACTICE_SHARE * phase.weeks * 10 - slack <= hours <= phase.weeks * 10 + slack


def test_every_reason_is_a_sentence_that_its_citation_bears_out(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        for step in plan_of(corpus).steps:
            step_ = next_step(plan_of(corpus, progress=Progress(done={}))).reason
            assert step.why and step.citations, step.id
            for cited in (*step.citations, *(c for one in step.resources for c in one.citations)):
                passage = corpus.by_id[cited.passage_id]
                assert passage.text[cited.start : cited.end] == cited.quote
            assert step.why in {cited.quote for cited in step.citations}
        assert step_ is not None
        assert check(step_, corpus.passages).supported


def test_what_could_not_be_confirmed_is_replaced_in_the_open(corpus: Corpus) -> None:
    """Every resource of a skill that was not found is named beside what replaces it, with the check's sentence."""
    assert corpus.resources is not None
    lost = {
        one.name
        for one in corpus.resources.resources
        if one.verdict is VerdictOfCheck.NOT_FOUND
        and one.substitutes
        and any(one.id in skill.resources for skill in corpus.pathway.skills)
    }
    shown = [one for step in plan_of(corpus).steps for one in step.resources if one.instead_of]
    assert lost and lost <= {one.instead_of for one in shown}
    names = {one.name: one for one in corpus.resources.resources}
    for one in shown:
        assert names[one.name].verdict is not VerdictOfCheck.NOT_FOUND
        assert one.instead_of and one.instead_of in one.note and "could not be confirmed" in one.note and one.citations


def test_skills_that_are_held_are_shortened_or_skipped_with_the_reason(corpus: Corpus) -> None:
    skill, other = corpus.pathway.skills[:2]
    plan = plan_of(corpus, Profile(skills={skill.name: Level.STRONG, other.id.upper(): Level.SOLID}))
    mine = [step for step in plan.steps if step.skill == skill.id]
    assert mine and all(step.skipped and step.hours == 0 and skill.name in step.saved for step in mine)
    rest = sum(step.hours for step in plan.steps if step.skill == other.id)
    assert rest == pytest.approx(other.weeks * 10 * 0.35, abs=1.0)
    assert all("35 percent" in step.saved for step in plan.steps if step.skill == other.id)


def test_a_tool_that_is_known_is_skipped_where_the_guide_has_it_learnt(corpus: Corpus) -> None:
    plan = plan_of(corpus, Profile(skills={"Prometheus": Level.STRONG}))
    step = next(step for step in plan.steps if step.id.endswith("/prometheus"))
    assert step.skipped and "Prometheus" in step.saved
    assert not plan.notices


def test_a_tool_that_is_known_shortens_its_own_tutorials(corpus: Corpus) -> None:
    for name, taught in (("FAISS", "faiss-tutorials"), ("Pinecone", "pinecone-docs")):
        plan = plan_of(corpus, Profile(skills={name: Level.SOLID}))
        shorter = {step.id for step in plan.steps if step.saved and not step.again}
        assert {id_.rpartition("/")[2] for id_ in shorter} == {taught}
        assert all("you hold" in step.saved for step in plan.steps if step.id in shorter)
    both = plan_of(corpus, Profile(skills={"Milvus": Level.STRONG}))
    operator = next(step for step in both.steps if step.id.endswith("/milvus-k8s"))
    assert not operator.saved  # which teaches more than the tool


def test_the_same_course_is_worked_through_once(corpus: Corpus) -> None:
    plan = plan_of(corpus)
    again = [step for step in plan.steps if step.again]
    assert again  # the shipped guide names a course twice, and certificates that have the same substitute
    for step in again:
        assert step.saved.startswith("Shortened: ") and step.hours == step.hours_left < 8
        for name in (one.name for one in step.resources):
            first = next(one for one in plan.steps if name in [resource.name for resource in one.resources])
            assert first is not step and not first.again and f"“{first.title}”" in step.saved
    alone = plan_of(corpus, Profile(skills={plan.steps[3].skill or "": Level.STRONG}))
    taken = next(step for step in alone.steps if step.id == again[0].id)
    assert taken.hours > again[0].hours or not taken.again  # whoever skips the first of them has the other in full


def test_a_title_says_what_stands_in_for_what_could_not_be_confirmed(corpus: Corpus) -> None:
    replaced = [
        step
        for step in plan_of(corpus).steps
        if step.kind in (Kind.TASK, Kind.ACTION) and any(one.instead_of for one in step.resources)
    ]
    assert replaced
    for step in replaced:
        assert all(one.name in step.title.partition("(instead: ")[2] for one in step.resources if one.instead_of)


def test_a_skill_that_nothing_here_has_is_said_to_change_nothing(corpus: Corpus) -> None:
    plan = plan_of(corpus, Profile(skills={"underwater welding": Level.STRONG}))
    assert any("underwater welding" in notice for notice in plan.notices)
    assert [step.hours for step in plan.steps] == [step.hours for step in plan_of(corpus).steps]


def test_prerequisites_of_the_coach_are_marked_as_its_own(corpora: list[Corpus]) -> None:
    needs = [need for corpus in corpora for step in plan_of(corpus).steps for need in step.needs]
    assert {need.by for need in needs} == {By.GUIDE, By.COACH}
    assert all(need.by is By.GUIDE for need in needs if need.id.startswith("task/"))
    assert all(need.by is By.COACH for need in needs if need.id.startswith(("skill/", "resource/")))


# --- Dates ------------------------------------------------------------------------------------------------------


def test_a_target_that_cannot_be_met_says_what_is_late_and_what_to_cut_first(corpus: Corpus) -> None:
    target = TODAY + timedelta(days=250)
    plan = plan_of(corpus, Profile(target=target))
    assert plan.late and plan.finish and plan.finish > target
    assert "nice to have" in plan.cuts[0].what
    ends = [cut.finish or date.max for cut in plan.cuts]
    assert ends == sorted(ends, reverse=True)  # each cut comes on top of those before it
    assert plan.hours_needed is not None
    faster = plan_of(corpus, Profile(target=target, weekly_hours=plan.hours_needed))
    assert not faster.late
    slower = plan_of(corpus, Profile(target=target, weekly_hours=plan.hours_needed - 0.5))
    assert slower.late


def test_cuts_that_are_not_enough_together_say_so(corpus: Corpus) -> None:
    near = plan_of(corpus, Profile(target=TODAY + timedelta(days=20)))
    assert near.cuts and not near.cuts[-1].fits
    assert near.cuts[-1].finish is not None and near.cuts[-1].finish > TODAY + timedelta(days=20)
    assert "All of these together are not enough" in as_text(near, None)
    far = plan_of(corpus, Profile(target=TODAY + timedelta(days=250)))
    assert [cut.fits for cut in far.cuts] == [False] * (len(far.cuts) - 1) + [True]
    assert "not enough" not in as_text(far, None)


def test_a_target_that_is_met_needs_no_cuts(corpus: Corpus) -> None:
    plan = plan_of(corpus, Profile(target=TODAY + timedelta(days=1200)))
    assert not plan.late and not plan.cuts and plan.hours_needed is None


def test_leaving_out_what_is_nice_to_have_leaves_out_nothing_else(corpus: Corpus) -> None:
    without = {step.id for step in plan_of(corpus, Profile(nice_to_have=False)).steps}
    extras = {skill.id for skill in corpus.pathway.skills if skill.priority is Priority.NICE_TO_HAVE}
    assert {step.id for step in plan_of(corpus).steps if step.skill not in extras} == without


def test_what_was_ticked_stays_when_the_rest_of_its_skill_is_left_out(corpus: Corpus) -> None:
    extra = next(skill for skill in corpus.pathway.skills if skill.priority is Priority.NICE_TO_HAVE)
    id_ = f"skill/{extra.id}"
    day = TODAY - timedelta(days=2)
    with_it = plan_of(corpus, progress=Progress(done={id_: day})).step(id_)
    without = plan_of(corpus, Profile(nice_to_have=False), Progress(done={id_: day}))
    step = without.step(id_)
    assert step is not None and with_it is not None and step.done
    assert step.model_copy(update={"needs": with_it.needs}) == with_it
    others = [one for one in without.steps if one.id != id_]
    assert others == list(plan_of(corpus, Profile(nice_to_have=False)).steps)


def test_hours_that_were_logged_are_not_planned_again(corpus: Corpus) -> None:
    step = plan_of(corpus).steps[3]
    plan = plan_of(corpus, progress=Progress(logged={step.id: step.hours - 1}))
    again = plan.step(step.id)
    assert again is not None and again.hours_left == 1 and again.hours == step.hours
    over = plan_of(corpus, progress=Progress(logged={step.id: 999})).step(step.id)
    assert over is not None and not over.done and 0 < over.hours_left <= 0.25


def test_a_pause_is_noticed_and_dating_anew_moves_what_is_left(corpus: Corpus) -> None:
    profile = Profile(start=TODAY)
    first = plan_of(corpus, profile).steps[0]
    done = Progress(done={first.id: TODAY})
    later = TODAY + timedelta(days=40)
    slipped = make_plan(corpus, profile, done, today=later)
    assert slipped_days(slipped) > 30
    again = make_plan(corpus, profile, done.model_copy(update={"from_day": later}), today=later)
    assert slipped_days(again) == 0
    assert all(step.start >= later for step in again.steps if step.start and not step.done)
    assert again.step(first.id).done  # type: ignore[union-attr]
    assert [step.id for step in again.steps] == [step.id for step in slipped.steps]


def test_days_off_without_end_are_an_error_that_names_them(corpus: Corpus) -> None:
    endless = Profile(weeks_off=(Break(start=TODAY, end=date.max),))
    with pytest.raises(ProfileError, match="weeks_off"):
        plan_of(corpus, endless)


def test_when_everything_is_done_there_is_no_end_and_no_next_step(corpus: Corpus) -> None:
    ids = [step.id for step in plan_of(corpus).steps]
    plan = plan_of(corpus, progress=Progress(done=dict.fromkeys(ids, TODAY)))
    assert plan.finish is None and plan.hours_left == 0
    assert next_step(plan).now is None


# --- The next step ------------------------------------------------------------------------------------------------


def test_the_next_step_fits_the_time_there_is(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        plan = plan_of(corpus)
        chosen = [next_step(plan, hours) for _, hours in SITTINGS]
        for (_, hours), found in zip(SITTINGS, chosen, strict=True):
            assert found.now is not None and 0 < found.now.hours <= hours
            assert found.now.whole == (found.now.step.hours_left <= hours)
            assert found.reason is not None and found.reason.citations
            assert len(found.then) == 2 and found.now.step not in found.then
        assert len({found.now.step.id for found in chosen if found.now}) == 1  # the same step, more or less of it
        assert len({found.now.do for found in chosen if found.now}) >= 2


def test_what_is_done_makes_room_for_the_step_behind_it(corpus: Corpus) -> None:
    plan = plan_of(corpus)
    seen = []
    done: dict[str, date] = {}
    for _ in range(len(plan.steps)):
        found = next_step(plan_of(corpus, progress=Progress(done=done)))
        assert found.now is not None
        seen.append(found.now.step.id)
        done[found.now.step.id] = TODAY
    assert seen == [step.id for step in plan.steps]


# --- Profiles -----------------------------------------------------------------------------------------------------


def test_a_profile_is_read_as_people_write_it() -> None:
    profile = read_profile(
        '{"hours_per_week": 6, "skills": ["FAISS", {"name": "Python", "level": "expert"}], "current_pay": 120000,'
        ' "weeks_off": [["2026-12-21", "2027-01-03"], "2027-03-01"], "target_date": "2027-10-01"}'
    )
    assert profile.weekly_hours == 6 and profile.pay == 120000
    assert profile.skills == {"FAISS": Level.SOLID, "Python": Level.STRONG}
    assert [(one.end - one.start).days for one in profile.weeks_off] == [13, 0]
    assert read_profile(profile.model_dump_json()) == profile


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "expected JSON"),
        ("[1]", "expected one object"),
        ('{"weekly_hours": 0}', "weekly_hours"),
        ('{"weekly_hours": "NaN"}', "weekly_hours"),
        ('{"weekly_hours": 200}', "weekly_hours"),
        ('{"skills": {"Python": "wizard"}}', "skills.Python"),
        ('{"weeks_off": [["2027-02-01", "2027-01-01"]]}', "weeks_off.0"),
        ('{"start": "2027-02-01", "target": "2027-01-01"}', "target"),
        ('{"start": "yesterday"}', "start"),
        ('{"colour": "red"}', "colour"),
        ('{"pay": -5}', "pay"),
        ('{"skills": [[]]}', "skills"),
        ('{"start": "9999-12-30"}', "start"),
        ("[" * 100_000, "expected JSON"),
    ],
)
def test_a_bad_profile_is_an_error_that_names_the_field(text: str, named: str) -> None:
    with pytest.raises(ProfileError, match=named):
        read_profile(text, "mine.json")


def test_skills_are_found_by_id_name_or_alias_and_the_higher_level_counts(corpus: Corpus) -> None:
    skill = corpus.pathway.skills[0]
    profile = Profile(skills={skill.id: Level.BASIC, skill.aliases[0].upper(): Level.SOLID, "juggling": Level.BASIC})
    levels, strange = resolve_skills(profile, corpus.pathway)
    assert levels == {skill.id: Level.SOLID} and strange == ("juggling",)


def test_every_step_cites_where_it_is_said(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        for step in plan_of(corpus).steps:
            assert step.said, step.id
            for cited in step.said:
                passage = corpus.by_id[cited.passage_id]
                assert passage.text[cited.start : cited.end] == cited.quote
            if step.kind in (Kind.TASK, Kind.ACTION):
                assert step.title.partition(" (instead: ")[0] in step.said[0].quote
            if step.kind is Kind.RESOURCE:
                assert step.resources[0].name in step.said[0].quote


def test_a_formula_comes_to_the_hours_of_its_step(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        for step in plan_of(corpus).steps:
            if step.kind is not Kind.ACTION:
                result = float(step.formula.rpartition("= ")[2].removesuffix(" hours"))
                assert step.hours == pytest.approx(result, abs=0.126), step.id


# --- How to know that a step is done ------------------------------------------------------------------------


def test_every_check_is_the_steps_own_and_names_what_it_is_about(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        steps = plan_of(corpus).steps
        checks = [step.done_when for step in steps]
        assert len(set(checks)) == len(checks)
        assert all(check.startswith("You ") and check.endswith((".", "”")) for check in checks)
        for step in steps:
            about = stems(f"{step.title} {step.do} {' '.join(one.name for one in step.resources)}")
            whole = [one.name in step.done_when for one in step.resources]
            assert any(whole) or len(stems(step.done_when) & about) >= 2


def test_a_check_invents_no_name_and_no_figure(corpora: list[Corpus]) -> None:
    for corpus in corpora:
        for step in plan_of(corpus).steps:
            skill = next((one.name for one in corpus.pathway.skills if one.id == step.skill), "")
            known = " ".join(
                [step.title, step.do, skill]
                + [f"{one.name} {one.instead_of or ''}" for one in step.resources]
                + [citation.quote for citation in step.said]
            )
            assert missing_names(step.done_when, known) == ()
            assert set(re.findall(r"\d+", step.done_when)) <= set(re.findall(r"\d+", known))


def test_what_replaces_something_is_what_has_to_be_done(corpus: Corpus) -> None:
    steps = plan_of(corpus).steps
    replaced = [
        (step, one) for step in steps if step.kind is not Kind.RESOURCE for one in step.resources if one.instead_of
    ]
    assert len(replaced) >= 4
    for step, one in replaced:
        assert f"in place of {one.instead_of}" in step.done_when
        assert step.done_when.index(one.name) < step.done_when.index(str(one.instead_of))
    with_more = next(step for step, _ in replaced if " and put it on " in step.title)
    assert ". You have put it on your LinkedIn profile" in with_more.done_when
    either = next(step for step, _ in replaced if len(step.resources) == 2)
    assert "; or you " in either.done_when


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("Publish three modules", "You have published three modules, and have seen each of the three there as"),
        ("Finish the beginner path", "You have finished the beginner path, and can say what the last part was about."),
        ("Finish a capstone project", "You have finished a capstone project, and somebody else could open the result."),
        ("Get a local server running", "You have got a local server running, and can start everything again"),
        ("Get an AWS certification", "You have got an AWS certification, and can show the certificate or the result."),
        ("Create a free account", "You have created a free account, and have signed in to it once."),
        ("Read 2 to 3 posts", "You have read 2 to 3 posts, and have a sentence of your own on each of them."),
        ("Study for 2 hours", "You have studied for 2 hours, and can say what the last part was about."),
        ("Sit the Level 4 exam", "You have sat the Level 4 exam, and can show the certificate or the result."),
        ("Read 'Search and Build' by Ann Lee", "You have read 'Search and Build' by Ann Lee, and can say in three"),
        ("Learn to write and read SQL", "You have learnt to write and read SQL, and can explain it"),
        ("Set up jobs that build and deploy it", "You have set up jobs that build and deploy it, and can start"),
        ("Draft a plan and design", "You have drafted a plan and design, and somebody else could open the result."),
        ("Draft a plan, then test it", "You have drafted a plan, then tested it, and have written down what came out."),
        ("Read a book and keep notes", "You have read a book and kept notes, and can say in three sentences"),
        ("Keep notes", "You have kept notes, and can put your hand on it."),
        ("Weekly practice", "You have done what the guide names here, “Weekly practice”, and noted when"),
    ],
)
def test_an_order_is_its_own_check_with_the_proof_of_its_verb(text: str, check: str) -> None:
    assert text_done(text).startswith(check)


@pytest.mark.parametrize(
    ("kind", "cost", "check"),
    [
        ("course", None, "You can show a certificate of Kilns, if it gives one, or name its last unit and what it"),
        (
            "course",
            "free, without a certificate",
            "You can name the last unit of Kilns and what it taught you about Clay",
        ),
        ("course and certificate", None, "You have finished Kilns and hold its certificate."),
        ("certification", None, "You have passed Kilns and can show the result."),
        ("tool", None, "You have made something of your own with Kilns to practise Clay and can start it again"),
        ("tool with documentation", None, "You have made something of your own with Kilns to practise Clay"),
        ("platform", None, "You have done one thing of your own on Kilns to practise Clay and could show the result."),
        ("API", None, "You have made something of your own with Kilns to practise Clay"),
        ("book", None, "You have read what Kilns has on Clay and can say in three sentences what it taught you."),
        ("set of papers", None, "You can explain the main idea of each paper that you picked from Kilns"),
        ("documentation page", None, "You have followed Kilns to its last step"),
        ("set of tutorials", None, "You have run an example from Kilns yourself and changed it"),
        ("series of articles", None, "You can say in three sentences what Kilns adds to what you knew of Clay."),
        ("video channel", None, "You have watched Kilns and noted one thing from it to try."),
        ("group", None, "You are a member of Kilns and have asked or answered one question there."),
    ],
)
def test_the_check_of_a_resource_goes_by_its_kind(kind: str, cost: str | None, check: str) -> None:
    resource = Resource(
        id="kilns",
        name="Kilns",
        kind=kind,
        cost=cost,
        verdict=VerdictOfCheck.CONFIRMED,
        confidence="high",
        about="Kilns are ovens.",
    )
    assert resource_done(resource, "Clay").startswith(check)


@given(text=st.text(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_text_has_a_check_that_loses_none_of_its_parts(text: str) -> None:
    assert text_done(text).startswith("You have ")
    assert "".join(part.text for part in parts(text)) in (text, "")


# --- How long the guide says it takes -----------------------------------------------------------------------


def months(plan: Plan) -> float:
    assert plan.finish is not None
    return ((plan.finish - plan.start).days + 1) / (365.25 / 12)


@given_profiles
@given(data=st.data())
def test_a_plan_says_so_wherever_it_is_not_as_long_as_the_guide_says(
    corpora: list[Corpus], data: st.DataObject
) -> None:
    corpus, profile = data.draw(profiles(corpora))
    plan = plan_of(corpus, profile.model_copy(update={"start": TODAY, "target": None}))
    promise = corpus.pathway.timeline
    assert promise is not None
    within = promise.low - 0.25 <= months(plan) <= promise.high + 0.25
    assert (plan.length is None) == within
    if plan.length is None:
        return
    claims = (*plan.length.said, *plan.length.reasons)
    assert all(check(claim, corpus.passages).supported for claim in claims)
    texts = [claim.text for claim in claims]
    assert f"{promise.low:g} to {promise.high:g} months" in texts[0] and claims[0].text == claims[0].citations[0].quote
    way = "more than the guide's" if months(plan) > promise.high else "less than the guide's"
    assert f"Your plan lasts {number(months(plan))} month" in texts[1] and way in texts[1]
    assert f"{plan.hours:g} hours at {plan.weekly_hours:g} hour" in texts[1]
    assert texts[2].startswith("The guide's durations disagree")  # as those of all three do
    assert any(f"a week of the guide to mean {plan.guide_week_hours:g} hours" in text for text in texts[3:])


def test_the_length_of_a_plan_that_was_dated_anew_counts_from_its_first_day(corpus: Corpus) -> None:
    done = {plan_of(corpus).steps[0].id: TODAY + timedelta(days=3)}
    later = Progress(done=done, from_day=TODAY + timedelta(days=61))
    at_once = plan_of(corpus, Profile(start=TODAY)).length
    anew = plan_of(corpus, Profile(start=TODAY), later).length
    assert at_once is not None and anew is not None
    assert "lasts 12.4 months" in at_once.said[1].text and "lasts 14.4 months" in anew.said[1].text


def test_what_of_a_profile_makes_a_plan_shorter_or_longer_is_counted_in(corpus: Corpus) -> None:
    off = Break(start=TODAY + timedelta(days=5), end=TODAY + timedelta(days=18))
    held = {corpus.pathway.skills[0].id: Level.BASIC}
    length = plan_of(corpus, Profile(weekly_hours=5, weeks_off=(off, off), skills=held, nice_to_have=False)).length
    assert length is not None
    last = length.reasons[-1].text
    assert "14 days off" in last and "shortened or skipped for what you hold already" in last
    assert last.endswith("what the guide calls nice to have left out.")


def test_without_a_length_or_with_durations_that_agree_nothing_is_made_up(corpora: list[Corpus]) -> None:
    guide = corpora[2].pathway
    bare = guide.model_copy(
        update={"timeline": None, "source": guide.source.model_copy(update={"headline_months": None})}
    )
    silent = plan_of(built(bare), Profile(weekly_hours=40)).length
    assert silent is not None and "Together the phases last" in silent.said[0].text  # the guide's own sum
    assert len(silent.said) == 2 and all(check(one, built(bare).passages).supported for one in silent.said)
    assert plan_of(built(bare.model_copy(update={"phases": ()})), Profile(weekly_hours=40)).length is None
    agreeing = bare.model_copy(update={"timeline": MonthRange(low=6, high=6)})
    told = plan_of(built(agreeing), Profile(weekly_hours=40)).length
    assert told is not None and not any("disagree" in one.text for one in told.said)


def built(guide: Pathway) -> Corpus:
    return build_corpus(guide, (), Market(), count_pieces=lambda text: len(text.split()), limit=200)


def test_a_plan_in_which_all_is_done_has_no_length_to_compare(corpus: Corpus) -> None:
    done = {step.id: TODAY for step in plan_of(corpus).steps}
    assert plan_of(corpus, progress=Progress(done=done)).length is None
