"""What a question tells of the learner, and what the coach answers a learner from their plan.

The real encoder and the shipped knowledge, as in ``test_answering``.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from coach import Coach, Learner, Profile
from coach.errors import ProfileError
from coach.knowledge.corpus import build_corpus
from coach.knowledge.market import Market
from coach.knowledge.pathway import MarketLink
from coach.planning.availability import told
from coach.planning.learner import Change, hours_today, kept, proposed
from coach.planning.next_step import next_step
from coach.planning.own_plan import About, asked
from coach.planning.phrases import day
from coach.planning.plan import Progress
from coach.planning.profile import Break, Level, read_profile
from coach.settings import REPOSITORY
from coach.types import Answer, Status
from coach.ui import session

TODAY, NEW_YEAR = date(2026, 11, 25), date(2027, 1, 3)

_MONTHS = "January February March April May June July August September October November December".split()
_FORMS: tuple[Callable[[date], str], ...] = (
    date.isoformat,
    lambda when: f"{when.day} {_MONTHS[when.month - 1]} {when.year}",
    lambda when: f"{_MONTHS[when.month - 1][:3]} {when.day}, {when.year}",
    lambda when: f"the {when.day}{'th' if 10 < when.day < 20 else ''} of {_MONTHS[when.month - 1].lower()} {when.year}",
)


def ask(coach: Coach, question: str, learner: Learner) -> Answer:
    return coach.ask(question, learner=learner)


def offered(coach: Coach, question: str, profile: Profile) -> tuple[Change, ...]:
    return proposed(coach.ask(question).trace.query, profile, coach.corpus(), today=TODAY)


@pytest.mark.parametrize("question", ["What is my next step now?", "What should I be doing next, please?"])
def test_what_to_do_next_is_the_next_step_of_the_plan(coach: Coach, question: str) -> None:
    learner = Learner(profile=Profile(weekly_hours=6), today=TODAY)
    plan = coach.plan(learner)
    for ticked in (0, 5, 12):
        done = dict.fromkeys([step.id for step in plan.steps[:ticked]], TODAY)
        mine = learner.model_copy(update={"progress": Progress(done=done)})
        found = next_step(coach.plan(mine))
        answer = ask(coach, question, mine)
        assert answer.trace.route == "plan" and answer.status is Status.ANSWERED
        assert found.now is not None and found.reason is not None
        assert found.now.step.title.partition(" (instead: ")[0] in answer.claims[0].text
        said = [claim.text for claim in answer.claims]
        for one in found.now.step.resources:
            assert not one.instead_of or any(cited.quote in said for cited in one.citations)
        assert found.reason.text in [claim.text for claim in answer.claims]
        assert all(claim.citations for claim in answer.claims)
        assert all(verdict.supported for verdict in answer.trace.verdicts)


@pytest.mark.parametrize(
    ("question", "hours"),
    [
        ("What should I do next?", 1.0),
        ("I have 15 minutes, what should I do next?", 0.25),
        ("I have half an hour. What should I do next?", 0.5),
        ("I have half a day, what should I do next?", 4.0),
    ],
)
def test_the_next_step_in_chat_is_sized_as_on_the_page(coach: Coach, question: str, hours: float) -> None:
    learner = Learner(profile=Profile(weekly_hours=6), today=TODAY)
    found = next_step(coach.plan(learner), hours)
    answer = ask(coach, question, learner)
    assert found.now is not None and found.now.sized in [claim.text for claim in answer.claims]
    assert found.now.do.lower().endswith(found.now.sized.lower())
    assert all(verdict.supported for verdict in answer.trace.verdicts)
    after = [claim.text for claim in answer.claims if claim.item]
    assert len(after) == len(found.then) == 2


def test_without_a_learner_the_guide_says_where_to_begin(coach: Coach) -> None:
    assert coach.ask("What is my next step now?").trace.route == "fact"


def test_other_questions_are_answered_alike_with_and_without_a_learner(coach: Coach) -> None:
    learner = Learner(profile=Profile(weekly_hours=3, skills={"FAISS": Level.STRONG}), today=TODAY)
    for question in ("Which skills are critical?", "What do I do first in phase 3?", "Is the bonus good?"):
        assert ask(coach, question, learner).text == coach.ask(question).text


def test_when_all_is_done_the_guide_answers_again(coach: Coach) -> None:
    learner = Learner(profile=Profile(), today=TODAY)
    done = dict.fromkeys([step.id for step in coach.plan(learner).steps], TODAY)
    answer = ask(coach, "What is my next step now?", learner.model_copy(update={"progress": Progress(done=done)}))
    assert answer.trace.route == "fact"


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        ("I have 7 hours a week, is that enough?", {"weekly_hours": 7.0}),
        ("I already know Prometheus", {"skills": {"Prometheus": Level.SOLID}}),
        ("I'm an expert in Docker", {"skills": {"Docker": Level.STRONG}}),
        ("I have used Milvus at work for two years", {"skills": {"Milvus": Level.SOLID}}),
        ("I worked with Prometheus for two years", {"skills": {"Prometheus": Level.SOLID}}),
        ("Do I need to be an expert in Milvus?", {}),
        ("I used to work with Milvus", {}),
        ("I earn 110k in Austin", {"pay": 110_000.0, "region": "Austin"}),
        ("I make 95k in Boise", {"pay": 95_000.0, "region": "Boise"}),
        ("i make 95k in boise", {"pay": 95_000.0, "region": "Boise"}),
        ("I earn €70,000 in Berlin", {"pay": 70_000.0, "currency": "EUR", "region": "Berlin"}),
        ("My salary is 85000 euros in Berlin", {"pay": 85_000.0, "currency": "EUR", "region": "Berlin"}),
        ("What does a developer in Austin earn?", {}),
        ("How long is phase 2?", {}),
    ],
)
def test_what_a_question_tells_of_the_learner_is_proposed(
    coach: Coach, question: str, changes: dict[str, object]
) -> None:
    profile = Profile()
    found = offered(coach, question, profile)
    assert kept(profile, found) == profile.model_copy(update=changes)
    assert not offered(coach, question, kept(profile, found))  # not asked again


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("I no longer have 6 hours a week, just 4", ["4 hours a week"]),
        ("I don't have 6 hours a week any more, only 4 hours a week", ["4 hours a week"]),
        ("I used to have 12 hours a week, now I have 5.", ["5 hours a week"]),
        ("I have 8 hours a week instead of 6 hours a week", ["8 hours a week"]),
        ("I no longer have 6 hours a week", []),
        ("I can't do more than 6 hours a week", ["6 hours a week"]),
        ("If it matters, I have 6 hours a week", ["6 hours a week"]),
        ("Assume I had 30 hours a week", []),
        ("Suppose, just for once, I had 30 hours a week", []),
        ("What if I have 20 hours a week?", []),
        ("If I study 9 hours a week, when am I done?", []),
        ("Imagine I earn 90k in Denver", []),
        ("If I know Kubernetes, what comes next?", []),
    ],
)
def test_a_hypothesis_and_what_is_no_longer_so_are_not_proposed(
    coach: Coach, question: str, said: list[str]
) -> None:
    assert [change.said for change in offered(coach, question, Profile())] == said


@pytest.mark.parametrize(
    ("question", "levels"),
    [
        ("I know Python very well and a bit of Kubernetes", [Level.STRONG, Level.BASIC]),
        ("I know a little Kubernetes", [Level.BASIC]),
        ("I know the basics of Kubernetes", [Level.BASIC]),
        ("I know Python and Kubernetes very well", [Level.STRONG, Level.STRONG]),
        ("I know a bit of Python and Kubernetes", [Level.BASIC, Level.BASIC]),
        ("I know Python very well and Kubernetes", [Level.STRONG, Level.SOLID]),
        ("I know Python, but not very well", [Level.BASIC]),
        ("I know Python, which skills are really good for me?", [Level.SOLID]),
        ("I have some time and I know Kubernetes", [Level.SOLID]),
    ],
)
def test_a_skill_is_proposed_at_the_level_that_was_told(coach: Coach, question: str, levels: list[Level]) -> None:
    assert [change.value for change in offered(coach, question, Profile())] == levels


@pytest.mark.parametrize(
    ("question", "yearly", "said"),
    [
        ("I make 60 dollars an hour in Denver", 124_800, "pay of 124,800 a year (from 60 an hour)"),
        ("I earn $22.75 per hour in Denver", 47_320, "pay of 47,320 a year (from 22.75 an hour)"),
        ("I make 10k a month", 120_000, "pay of 120,000 a year (from 10,000 a month)"),
        ("I make 90k a year", 90_000, "pay of 90,000 a year"),
    ],
)
def test_pay_is_kept_by_the_year_as_the_answer_computes_with_it(
    coach: Coach, question: str, yearly: float, said: str
) -> None:
    answer = coach.ask(question)
    [pay] = [one for one in proposed(answer.trace.query, Profile(), coach.corpus(), today=TODAY) if one.field == "pay"]
    assert pay.value == yearly and pay.said == said
    assert f"${yearly:,}" in answer.text
    kept_pay = kept(Profile(), (pay,))
    assert "pay" not in {one.field for one in offered(coach, question, kept_pay)}  # not asked again


MARCH = date(2027, 3, 1)


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        ("I am away from 20 December to 3 January", {"weeks_off": (Break(start=date(2026, 12, 20), end=NEW_YEAR),)}),
        ("I start in March", {"start": MARCH}),
        ("I want to be done by June 2027", {"target": date(2027, 6, 30)}),
        ("I start in March and want to be done by June 2027.", {"start": MARCH, "target": date(2027, 6, 30)}),
        ("I can't quit my job", {"stay_employed": True}),
        ("I'll study full time, how long does it take?", {"stay_employed": False}),
        ("I start in March with 8 hours a week", {"weekly_hours": 8.0, "start": MARCH}),
    ],
)
def test_time_and_job_are_proposed_and_not_asked_again(coach: Coach, question: str, changes: dict[str, object]) -> None:
    found = offered(coach, question, Profile())
    assert found and kept(Profile(), found) == Profile().model_copy(update=changes)
    assert not offered(coach, question, kept(Profile(), found))


def test_a_further_break_is_added_to_those_there_are(coach: Coach) -> None:
    profile = Profile(weeks_off=(Break(start=date(2026, 12, 1), end=date(2026, 12, 4)),))
    away = kept(profile, offered(coach, "I'm away next week and I am away from 14 to 18 December", profile)).weeks_off
    assert away[0] == profile.weeks_off[0] and Break(start=date(2026, 12, 14), end=date(2026, 12, 18)) in away
    within = "I am off on 2 December"
    assert offered(coach, within, Profile()) and not offered(coach, within, profile)


def test_dates_that_do_not_go_together_are_refused_in_words(coach: Coach) -> None:
    profile = Profile(start=date(2027, 9, 1))
    with pytest.raises(ProfileError, match="expected a date after the start 2027-09-01"):
        kept(profile, offered(coach, "I want to be done by June 2027", profile))


def test_what_was_told_is_kept_from_the_page_when_the_learner_says_so(
    coach: Coach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COACH_TODAY", TODAY.isoformat())
    monkeypatch.setattr(session, "make_coach", lambda settings: coach)
    owner = "o" * 43
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.session_state["owner"], app.session_state["owner_kept"] = owner, True
    try:
        app.run()
        session.desk().wait(60)
        app.run()
        app.chat_input(key="question").set_value("I start in March. I am away next week.").run()
        asked = html.unescape("\n".join(element.value for element in app.markdown))
        assert "Keep this in your profile? Start on Mon 1 Mar 2027 (from" in asked
        assert "away from Mon 30 Nov 2026 to Sun 6 Dec 2026" in asked
        store, slug = session.store(), coach.corpus().pathway.slug
        assert store.learner(owner, slug) is None  # nothing is kept by itself
        next(button for button in app.button if button.label == "Keep").click().run()
        assert not app.exception
        record = store.learner(owner, slug)
        assert record is not None
        profile = read_profile(record.profile_json)
        assert profile.start == MARCH
        assert profile.weeks_off == (Break(start=date(2026, 11, 30), end=date(2026, 12, 6)),)
    finally:
        session._desk.clear()
        session._store.clear()


# --- What a sentence tells of its asker's time ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("I'm away from Dec. 20 to Jan. 3.", "2026-12-20", "2027-01-03"),
        ("I am off December 20-27", "2026-12-20", "2026-12-27"),
        ("I am away the first week of February", "2027-02-01", "2027-02-07"),
        ("I'm off in the third week of January", "2027-01-15", "2027-01-21"),
        ("I'm on holiday the last week of March 2027", "2027-03-25", "2027-03-31"),
        ("I am away for the first two weeks of February", "2027-02-01", "2027-02-14"),
        ("I'm away the second half of January", "2027-01-17", "2027-01-31"),
        ("I'm on holiday in Spain from 20 to 27 December, will I make it?", "2026-12-20", "2026-12-27"),
        ("I will be travelling from 2026-12-20 to 2027-01-03", "2026-12-20", "2027-01-03"),
        ("I'm taking two weeks off from 20 December", "2026-12-20", "2027-01-02"),
        ("I'm away until 3 January", "2026-11-25", "2027-01-03"),
        ("I'm away for the next two weeks", "2026-11-25", "2026-12-08"),
        ("I won't be able to study between 1 and 14 February 2027", "2027-02-01", "2027-02-14"),
        ("I'm on vacation in August", "2027-08-01", "2027-08-31"),
        ("I'm away the week of 14 December", "2026-12-14", "2026-12-20"),
        ("I am away from 20 November to 3 December", "2026-11-20", "2026-12-03"),
        ("My vacation is from 5 July to 16 July", "2027-07-05", "2027-07-16"),
    ],
)
def test_days_off_are_understood_relative_to_today(said: str, first: str, last: str) -> None:
    [found] = told(said, TODAY)
    assert found.value == Break(start=date.fromisoformat(first), end=date.fromisoformat(last))


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("I can only start on 4 January", "start", "2027-01-04"),
        ("I can't start before February", "start", "2027-02-01"),
        ("I'd like to start next Monday", "start", "2026-11-30"),
        ("I start in November", "start", "2026-11-25"),
        ("I will start tomorrow", "start", "2026-11-26"),
        ("I start on 29 February", "start", "2028-02-29"),
        ("I want to finish by the end of next year", "target", "2027-12-31"),
        ("I need to be done within 9 months", "target", "2027-08-25"),
        ("I want to switch jobs before September", "target", "2027-08-31"),
        ("My deadline is 30 June 2027", "target", "2027-06-30"),
    ],
)
def test_first_and_last_days_are_understood_relative_to_today(said: str, field: str, value: str) -> None:
    [found] = told(said, TODAY)
    assert (found.field, found.value) == (field, date.fromisoformat(value))


@pytest.mark.parametrize(
    ("said", "keeps"),
    [
        ("I have to keep working while I study", True),
        ("I'm not quitting my job", True),
        ("I study alongside my job", True),
        ("I can't study full time", True),
        ("I quit my job last week", False),
        ("I'm unemployed right now", False),
        ("I don't have to keep my job", False),
    ],
)
def test_a_job_is_kept_or_not_as_the_learner_says(said: str, keeps: bool) -> None:
    assert [(one.field, one.value) for one in told(said, TODAY)] == [("stay_employed", keeps)]


@pytest.mark.parametrize(
    "said",
    [
        "Can I start in March?",
        "I start in March?",
        "Should I quit my job?",
        "Do I have to keep my job?",
        "If I start in March, when am I done?",
        "What if I am away from 20 December to 3 January?",
        "How long does it take if I study full time?",
        "When I start in March, what comes first?",
        "I could start in March",
        "Maybe I am away next week",
        "I would quit my job if it paid",
        "I don't start in March",
        "I'm not away next week",
        "My wife is away from 20 December to 3 January",
        "My husband and kids want to be done by June 2027",
        "My friend can't quit his job",
        'She said "I can\'t quit my job"',
        "The guide says I start in March",
        "I start a new job in March",
        "I start in March as a nurse",
        "I finish my degree in June 2027",
        "I want to be done with phase 2 by June",
    ],
)
def test_a_question_a_hypothesis_and_somebody_else_tell_nothing(said: str) -> None:
    assert told(said, TODAY) == ()


@pytest.mark.parametrize(
    "said",
    [
        "I am away for two weeks",
        "I have two weeks off in August",
        "I am away from 20 December",
        "I start on 31 February",
        "I want to be done by June 2020",
        "I am away from 3 January 2020 to 9 January 2020",
    ],
)
def test_days_that_are_not_said_do_not_exist_or_are_over_are_not_made_up(said: str) -> None:
    assert told(said, TODAY) == ()


def test_where_days_were_chosen_it_is_said_from_which_words() -> None:
    [month] = told("I start in March", TODAY)
    assert month.said == 'start on Mon 1 Mar 2027 (from "March")'
    [exact] = told("I start on 1 March 2027", TODAY)
    assert exact.said == "start on Mon 1 Mar 2027"


@pytest.mark.parametrize(("month_first", "day"), [(True, date(2027, 1, 3)), (False, MARCH)])
def test_figures_that_may_be_day_or_month_are_read_by_custom_and_said(month_first: bool, day: date) -> None:
    [found] = told("I start on 1/3/2027", TODAY, month_first=month_first)
    assert found.value == day and '(from "1/3/2027")' in found.said
    [plain] = told("I start on 15/3/2027", TODAY, month_first=month_first)
    assert plain.value == date(2027, 3, 15) and "from" not in plain.said


@given(
    st.dates(date(2020, 1, 1), date(2150, 12, 31)), st.integers(0, 300), st.integers(0, 360), st.sampled_from(_FORMS)
)
def test_days_off_are_the_same_days_in_whatever_way_they_are_written(
    today: date, ahead: int, length: int, form: Callable[[date], str]
) -> None:
    start = today + timedelta(days=ahead)
    end = start + timedelta(days=length)
    [found] = told(f"I am away from {form(start)} to {form(end)}", today)
    assert found.value == Break(start=start, end=end)


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read_without_failing(text: str) -> None:
    for one in told(f"I am away from {text}. I start {text}; I want to be done by {text}", TODAY):
        assert one.said


def test_the_time_there_is_today_is_read_from_the_question(coach: Coach) -> None:
    assert hours_today(coach.ask("I have 2 hours today, what should I do?").trace.query) == 2.0
    assert hours_today(coach.ask("What should I do?").trace.query) is None


def test_a_question_about_oneself_is_worked_out_with_the_profile(coach: Coach) -> None:
    profile = Profile(weekly_hours=5, pay=100_000, region="Austin")
    learner = Learner(profile=profile, today=TODAY)
    paid = ask(coach, "What would the raise make of my pay?", learner)
    assert f"${100_000 * 1.4:,.0f}" in paid.text and "Austin" in paid.text
    assert all(verdict.supported for verdict in paid.trace.verdicts)
    assert f"{24 * 10 / 5:g} weeks" in ask(coach, "How long will it take me?", learner).text
    assert not proposed(paid.trace.query, profile, coach.corpus(), today=TODAY)  # what is known is not proposed


def test_pay_and_place_are_proposed_on_a_pathway_without_official_figures(coach: Coach) -> None:
    guide = coach.corpus().pathway.model_copy(update={"market": MarketLink(), "currency": "GBP"})
    corpus = build_corpus(guide, (), Market(), count_pieces=lambda text: len(text.split()), limit=200)
    query = coach.ask("I earn 120k in Denver").trace.query.model_copy(update={"entities": ()})
    changed = kept(Profile(), proposed(query, Profile(), corpus, today=TODAY))
    assert changed == Profile(pay=120_000, currency="GBP", region="Denver")  # an amount without a sign is the guide's
    known = Profile(pay=100_000, currency="USD")
    assert (
        kept(known, proposed(query, known, corpus, today=TODAY)).currency == "USD"
    )  # and of the learner's own once that is known


@pytest.mark.parametrize("place", ["Denver", "Austin"])
def test_a_place_that_is_covered_is_not_said_to_be_missing(coach: Coach, place: str) -> None:
    for learner in (None, Learner(profile=Profile(), today=TODAY)):
        answer = coach.ask(f"I earn 120k in {place}", learner=learner)
        assert answer.missing == () and f"software developers in {place}" in answer.text
        assert "not cover" not in answer.text
    uncovered = coach.ask("I earn 120k in Boise")
    assert uncovered.missing == ("Boise",)
    assert not any("Boise" in offered for offered in uncovered.suggestions)


def test_figures_that_a_question_tells_come_before_those_of_the_profile(coach: Coach) -> None:
    learner = Learner(profile=Profile(pay=100_000), today=TODAY)
    answer = ask(coach, "If I earned $80,000, what would my raise come to?", learner)
    assert f"${80_000 * 1.4:,.0f}" in answer.text and f"${100_000 * 1.4:,.0f}" not in answer.text


def test_a_question_about_nobody_takes_nothing_from_the_profile(coach: Coach) -> None:
    learner = Learner(profile=Profile(weekly_hours=5, pay=100_000), today=TODAY)
    for question in ("By how much does pay change?", "How long is the roadmap?"):
        assert ask(coach, question, learner).text == coach.ask(question).text


# --- Questions about the plan -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("When will I be done?", About.FINISH),
        ("when do I finish", About.FINISH),
        ("What's my finish date?", About.FINISH),
        ("How long until I'm done?", About.FINISH),
        ("And how many hours are left?", About.LEFT),
        ("what is still to do", About.LEFT),
        ("How far am I?", About.PROGRESS),
        ("Am I behind schedule?", About.PROGRESS),
        ("How many steps have I done so far?", About.PROGRESS),
        ("What should I do this week?", About.THIS_WEEK),
        ("what's due next week?", About.NEXT_WEEK),
        ("When will I be done with the first phase?", None),
        ("How long does the move take?", None),
        ("What is left out of the guide?", None),
        ("How far is it from a software engineer?", None),
        ("When does phase 2 end?", None),
        ("What should I learn this month?", None),
    ],
)
def test_a_question_about_the_plan_is_known_by_its_words(question: str, about: About | None) -> None:
    assert asked(question) is about


def test_the_end_of_the_plan_is_what_the_plan_says_and_not_the_guide(coach: Coach) -> None:
    profile = Profile(weekly_hours=6, start=TODAY, target=TODAY + timedelta(days=200))
    learner = Learner(profile=profile, today=TODAY)
    plan = coach.plan(learner)
    assert plan.finish is not None and profile.target is not None
    answer = ask(coach, "When will I be done?", learner)
    assert answer.trace.route == "plan" and day(plan.finish) in answer.claims[0].text
    late = (plan.finish - profile.target).days
    assert f"{late} days after your target of {day(profile.target)}" in answer.text
    assert all(verdict.supported for verdict in answer.trace.verdicts)
    assert "plans 6 to 8 months" in answer.text  # beside the guide's own length, which is not theirs
    alone = coach.ask("When will I be done?")
    assert alone.trace.route != "plan" and day(plan.finish) not in alone.text


def test_what_is_left_and_how_far_it_is_are_counted_in_the_plan(coach: Coach) -> None:
    learner = Learner(profile=Profile(weekly_hours=6, start=TODAY), today=TODAY)
    first = coach.plan(learner).steps[0].id
    mine = learner.model_copy(update={"progress": Progress(done={first: TODAY})})
    plan = coach.plan(mine)
    steps = sum(not step.done and not step.skipped for step in plan.steps)
    left = ask(coach, "How many hours are left?", mine)
    assert f"{plan.hours_left:g} h in {steps} steps" in left.claims[0].text
    far = ask(coach, "How far am I?", mine)
    assert f"{steps + 1} steps in your plan you have done 1;" in far.claims[0].text
    assert "so you are on time" in far.text
    later = ask(coach, "Am I on track?", mine.model_copy(update={"today": TODAY + timedelta(days=30)}))
    assert "was planned until" in later.text and "on time" not in later.text
    done = mine.model_copy(update={"progress": Progress(done=dict.fromkeys([step.id for step in plan.steps], TODAY))})
    assert ask(coach, "What is left?", done).claims[0].text == "All steps of your plan are done: 0 hours are left."
    answers = (left, far, later)
    assert all(verdict.supported for answer in answers for verdict in answer.trace.verdicts)


def test_what_a_week_holds_is_what_the_plan_has_for_it(coach: Coach) -> None:
    off = Break(start=TODAY - timedelta(days=7), end=TODAY + timedelta(days=6 - TODAY.weekday()))
    learner = Learner(profile=Profile(weekly_hours=6, start=TODAY, weeks_off=(off,)), today=TODAY)
    free = ask(coach, "What should I do this week?", learner)
    assert "your plan has 0 hours. The next step begins on" in free.claims[0].text
    monday = TODAY - timedelta(days=TODAY.weekday()) + timedelta(weeks=1)
    planned = [step for step in coach.plan(learner).steps for share in step.weeks if share.monday == monday]
    ahead = ask(coach, "What is due next week?", learner)
    begun = Learner(profile=Profile(weekly_hours=6, start=TODAY), today=TODAY)  # on a Wednesday: 5 of 7 days
    part = ask(coach, "What should I do this week?", begun)
    assert "your plan has 4.3 h in" in part.claims[0].text
    assert f"For the week of {day(monday)} your plan has 6 h in {len(planned)} steps" in ahead.claims[0].text
    assert len(ahead.claims) == 1 + len(planned) and all(claim.item for claim in ahead.claims[1:])
    assert all(verdict.supported for answer in (free, ahead) for verdict in answer.trace.verdicts)


@pytest.mark.parametrize(
    ("told", "held", "denied"),
    [
        ("I no longer have 6 hours a week, just 4. How long will it take?", "At 4 hours a week", "At 6 hours"),
        ("I don't earn 120k, I earn 90k. What would I make?", "would turn $90,000 into", "your $120,000"),
        ("I can't do more than 6 hours a week. How long will it take?", "At 6 hours a week", "At 4 hours"),
    ],
)
def test_an_answer_reckons_with_the_figure_that_is_meant(coach: Coach, told: str, held: str, denied: str) -> None:
    answer = coach.ask(told)
    assert held in answer.text and denied not in answer.text
