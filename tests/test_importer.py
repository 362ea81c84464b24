"""Importing a page: what any page of the layout must give, whatever the career and whatever the copy did to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.errors import ImportPageError, KnowledgeError
from coach.knowledge.amounts import find_pay, find_span, percent_change
from coach.knowledge.importer import ImportedPage, dump_yaml, import_page, parse_page
from coach.knowledge.joints import evidence, split_run
from coach.knowledge.load import load_pathway
from coach.knowledge.market import Market, Occupation, SurveyPay
from coach.knowledge.pages import MAX_PAGE_BYTES
from coach.knowledge.pathway import Pathway, PercentRange, Priority
from coach.settings import Settings

PAGES = Path(__file__).resolve().parent.parent / "eval" / "pages"

NURSE = """\
Career Pathway1.2k views
Registered Nurse
Clinical Data Analyst

From Registered Nurse to Clinical Data Analyst: Your 9-Month Guide to Health Data

Difficulty
Moderate
Timeline
9-12 months
Salary Change
-5% to +10%
Demand
Strong demand from hospitals that drown in records

Overview

You already read charts faster than most analysts. That is the rare half of the job.

Nurses know which numbers lie.

Your Transferable Skills

You bring more than you think.

Charting and Records (EHR)

You know how an entry comes about, and when it is late.

Triage

You decide with half of the facts, which is what a dashboard is for.

Skills You'll Need to Learn

Learn these, the first ones first.

SQL for Health Data

Critical6 weeks

Take the 'SQL Basics' course on Khan Academy and query a practice hospital.

Statistics

Nice to have10 weeks

Work through OpenIntro chapter by chapter.

Dashboards in Tableau

Important1 week

Rebuild a ward report in Tableau Public.

Your Learning Roadmap

Three steps.

1

Foundations

6 weeks
Tasks
  • Finish the SQL course
  • Ask your informatics team for a demo
Resources
Khan Academy: 'SQL Basics'OpenIntro textbookYouTube channel of StatQuest
2

Practice

12 weeks
Tasks
  • Build a readmission dashboard
Resources
Tableau Public galleryMIMIC demo data (free after training)GitHub for version control
3

Applications

4 weeks
Tasks
  • Apply to hospital trusts
Resources
LinkedIn job alertsHIMSS chapter meetingsThe book 'Ace the Data Interview'

Reality Check

Both sides.

What You’ll Love

  • Regular hours
  • Seeing a change in the figures

What You Might Miss

  • Patients

Biggest Challenges

  • Being the beginner again

Start Your Journey Now

Go.

Today

  • Make a Khan Academy account

This Month

  • Finish four lessons
  • Shadow an analyst

Next 6 Months

  • Show one dashboard to your ward

Frequently Asked Questions

Will I earn more?

Not at first. Junior clinical data analysts start around £31k, senior analysts reach £52,000-£58,000.

It takes most nurses between nine months and a year.

Ready to Start Your Transition?

Sign up for £5.
"""


def edited(old: str, new: str) -> ImportedPage:
    assert old in NURSE
    return parse_page(NURSE.replace(old, new))


def mentions(page: ImportedPage, *words: str) -> bool:
    return any(all(word in warning for word in words) for warning in page.warnings)


# --- A whole page ------------------------------------------------------------------------------------------


def test_every_section_of_a_page_is_read() -> None:
    page = parse_page(NURSE).pathway
    assert page.slug == "registered-nurse-to-clinical-data-analyst"
    assert (page.origin, page.target, page.role_aliases) == ("Registered Nurse", "Clinical Data Analyst", ("CDA",))
    assert page.source.title.startswith("From Registered Nurse to")
    assert page.source.headline_months == 9
    assert page.difficulty == "Moderate"
    assert page.timeline is not None
    assert (page.timeline.low, page.timeline.high) == (9, 12)
    assert page.salary_change == PercentRange(low=-5, high=10)
    assert page.demand is not None
    assert page.demand.level == "strong"
    assert page.demand.text == "Strong demand from hospitals that drown in records."
    assert [part.text for part in page.overview] == [
        "You already read charts faster than most analysts. That is the rare half of the job.",
        "Nurses know which numbers lie.",
    ]
    assert [part.name for part in page.transferable] == ["Charting and Records (EHR)", "Triage"]
    assert [(skill.name, skill.priority, skill.weeks) for skill in page.skills] == [
        ("SQL for Health Data", Priority.CRITICAL, 6),
        ("Statistics", Priority.NICE_TO_HAVE, 10),
        ("Dashboards in Tableau", Priority.IMPORTANT, 1),
    ]
    assert page.skills[1].how == "Work through OpenIntro chapter by chapter."
    assert [(phase.number, phase.name, phase.weeks, len(phase.tasks)) for phase in page.phases] == [
        (1, "Foundations", 6, 2),
        (2, "Practice", 12, 1),
        (3, "Applications", 4, 1),
    ]
    assert [[entry.text for entry in phase.resources] for phase in page.phases] == [
        ["Khan Academy: 'SQL Basics'", "OpenIntro textbook", "YouTube channel of StatQuest"],
        ["Tableau Public gallery", "MIMIC demo data (free after training)", "GitHub for version control"],
        ["LinkedIn job alerts", "HIMSS chapter meetings", "The book 'Ace the Data Interview'"],
    ]
    assert [len(part) for part in (page.reality.attractions, page.reality.drawbacks, page.reality.challenges)] == [
        2,
        1,
        1,
    ]
    assert [(group.id, group.days, len(group.items)) for group in page.actions] == [
        ("today", 1, 1),
        ("this-month", 30, 2),
        ("next-6-months", round(6 * 365.25 / 12), 1),
    ]
    assert page.currency == "GBP"
    assert [(claim.level, claim.low, claim.high, claim.about) for claim in page.pay] == [
        ("junior", 31_000, None, True),
        ("senior", 52_000, 58_000, False),
    ]
    assert page.faq[0].question == "Will I earn more?"
    assert page.faq[0].about == "pay"


def test_opening_sentences_and_the_footer_are_left_out() -> None:
    text = dump_yaml(parse_page(NURSE).pathway)
    for words in ("more than you think", "first ones first", "Three steps", "Both sides", "Sign up", "views"):
        assert words not in text


def test_aliases_come_from_the_form_of_the_name() -> None:
    page = parse_page(NURSE).pathway
    assert page.transferable[0].aliases == ("Charting and Records", "EHR")
    assert page.skills[0].aliases == ("SQL",)
    assert page.skills[1].aliases == ()


def test_an_alias_that_two_names_could_claim_belongs_to_neither() -> None:
    page = edited("Statistics\n", "SQL for Reporting\n").pathway
    assert [skill.aliases for skill in page.skills[:2]] == [(), ()]


def test_an_acronym_that_is_an_ordinary_word_names_no_role() -> None:
    page = parse_page(NURSE.replace("Clinical Data Analyst", "Lighting Effects Designer")).pathway
    assert page.role_aliases == ()


@pytest.mark.parametrize("name", sorted(path.name for path in PAGES.glob("*.txt")) or ["none"])
def test_the_pages_of_the_evaluation_are_read(name: str) -> None:
    if name == "none":
        pytest.skip("no pages there")
    page = parse_page((PAGES / name).read_text(encoding="utf-8")).pathway
    assert page.slug == name.removesuffix(".txt")
    assert page.skills
    assert page.phases
    assert page.pay
    assert all(len(phase.resources) >= 2 for phase in page.phases)


# --- What copying does to a page ---------------------------------------------------------------------------

DAMAGE: dict[str, Callable[[str], str]] = {
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "old Mac line ends": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "tabs and trailing spaces": lambda text: text.replace("\n", " \t\n\t"),
    "no blank lines": lambda text: "\n".join(line for line in text.split("\n") if line.strip()),
    "a blank line everywhere": lambda text: text.replace("\n", "\n\n"),
    "hyphens for bullets": lambda text: text.replace("•", "-"),
    "asterisks for bullets": lambda text: text.replace("•", "*"),
    "middle dots for bullets": lambda text: text.replace("• ", "·"),
    "no bullets": lambda text: text.replace("  • ", ""),
    "bullets on lines of their own": lambda text: text.replace("  • ", "•\n"),
    "curly apostrophes": lambda text: text.replace("You'll", "You’ll"),
    "straight apostrophes": lambda text: text.replace("’", "'"),
    "curly quotes": lambda text: text.replace("'SQL", "‘SQL").replace("Basics'", "Basics’").replace("'Ace", "“Ace"),
    "invisible characters": lambda text: text.replace("SQL", "S\u200bQ\u2060L").replace("Tri", "\u202eTr\x00i\u202c"),
    "full width letters": lambda text: text.replace("Triage", "Ｔｒｉａｇｅ"),
    "unglued header": lambda text: text.replace("Pathway1.2k views", "Pathway\n1.2k views"),
    "plain header": lambda text: text.replace("Pathway1.2k views", "Pathway"),
    "no header": lambda text: text.split("\n", 1)[1],
    "no role lines": lambda text: text.split("\n", 3)[3],
    "an arrow between the roles": lambda text: text.replace("Nurse\nClinical", "Nurse\n→\nClinical", 1),
    "unglued weeks": lambda text: text.replace("Critical6", "Critical 6").replace("have10", "have · 10"),
    "weeks on a line of their own": lambda text: text.replace("Critical6", "Critical\n6").replace("have10", "have\n10"),
    "a priority glued to the name": lambda text: text.replace("Health Data\n\nCritical6", "Health DataCritical6"),
    "glued labels": lambda text: text.replace("weeks\nTasks\n", "weeksTasks\n").replace("Resources\n", "Resources"),
    "colons after labels": lambda text: text.replace("Tasks\n", "Tasks:\n").replace("Overview\n", "Overview:\n"),
    "glued facts": lambda text: text.replace("Difficulty\n", "Difficulty").replace("Timeline\n", "Timeline"),
    "facts with colons": lambda text: text.replace("Difficulty\n", "Difficulty: ").replace("Demand\n", "Demand: "),
    "markdown headings": lambda text: text.replace("Overview\n", "## Overview\n").replace("Today\n", "**Today**\n"),
    "phase numbers with words": lambda text: text.replace("\n1\n\nFoundations", "\nPhase 1: Foundations"),
    "phase numbers glued": lambda text: text.replace("\n1\n\nFoundations", "\n1Foundations"),
    "no phase numbers": lambda text: text.replace("\n1\n", "\n").replace("\n2\n", "\n").replace("\n3\n", "\n"),
    "facts in another order": lambda text: text.replace("Difficulty\nModerate\n", "").replace(
        "\nOverview", "Difficulty\nModerate\n\nOverview"
    ),
    "resources in lines": lambda text: text.replace("'OpenIntro", "'\nOpenIntro").replace(
        "textbookYou", "textbook\nYou"
    ),
    "resources with bullets": lambda text: (
        text.replace("Khan Academy: ", "• Khan Academy: ")
        .replace("'OpenIntro", "'\n• OpenIntro")
        .replace("textbookYou", "textbook\n• You")
    ),
    "a table of contents": lambda text: text.replace("Overview\n", "Overview\nReality Check\nFAQ\nOverview\n", 1),
    "an answer glued to its question": lambda text: text.replace("more?\n\nNot", "more?Not"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_same_page_comes_out_whatever_copying_did(damage: str) -> None:
    text = DAMAGE[damage](NURSE)
    assert text != NURSE
    damaged = parse_page(text).pathway
    whole = parse_page(NURSE).pathway
    if damage == "curly quotes":  # the page's own quotes are kept, so only the shape can be the same
        assert [len(phase.resources) for phase in damaged.phases] == [len(phase.resources) for phase in whole.phases]
    else:
        assert damaged == whole


# --- What is missing or unclear is told ---------------------------------------------------------------------


def test_a_page_without_doubts_has_no_warning() -> None:
    page = parse_page(NURSE.replace("It takes most nurses between nine months and a year.\n", ""))
    assert page.warnings == ()


def test_a_second_paragraph_below_a_question_is_kept_and_told() -> None:
    page = parse_page(NURSE)
    assert len(page.pathway.faq) == 1
    assert page.pathway.faq[0].answer.endswith("between nine months and a year.")
    assert mentions(page, "may be an answer that lost its question")


def test_an_answer_without_its_question_has_none() -> None:
    page = edited("Will I earn more?\n", "")
    assert [(part.question, part.about) for part in page.pathway.faq] == [(None, "pay"), (None, "time")]
    assert mentions(page, "an answer without a question", "Not at first")


@pytest.mark.parametrize(
    "heading",
    [
        "Overview",
        "Your Transferable Skills",
        "Skills You'll Need to Learn",
        "Your Learning Roadmap",
        "Reality Check",
        "Start Your Journey Now",
        "Frequently Asked Questions",
    ],
)
def test_a_missing_section_is_empty_and_told(heading: str) -> None:
    headings = [
        "Overview",
        "Your Transferable Skills",
        "Skills You'll Need to Learn",
        "Your Learning Roadmap",
        "Reality Check",
        "Start Your Journey Now",
        "Frequently Asked Questions",
        "Ready to Start Your Transition?",
    ]
    following = headings[headings.index(heading) + 1]
    start, end = NURSE.index(f"{heading}\n"), NURSE.index(following)
    page = parse_page(NURSE[:start] + NURSE[end:])
    assert mentions(page, heading)
    sections = {
        "Overview": page.pathway.overview,
        "Your Transferable Skills": page.pathway.transferable,
        "Skills You'll Need to Learn": page.pathway.skills,
        "Your Learning Roadmap": page.pathway.phases,
        "Reality Check": page.pathway.reality.attractions,
        "Start Your Journey Now": page.pathway.actions,
        "Frequently Asked Questions": page.pathway.faq,
    }
    assert [name for name, part in sections.items() if not part] == [heading]


@pytest.mark.parametrize(
    ("old", "word"),
    [
        ("Difficulty\nModerate\n", "Difficulty"),
        ("Timeline\n9-12 months\n", "Timeline"),
        ("Salary Change\n-5% to +10%\n", "Salary Change"),
        ("Demand\nStrong demand from hospitals that drown in records\n", "Demand"),
        ("What You Might Miss\n\n  • Patients\n", "What You Might Miss"),
    ],
)
def test_a_missing_fact_is_told(old: str, word: str) -> None:
    assert mentions(edited(old, ""), word)


def test_an_unknown_list_is_left_out_and_told_in_full() -> None:
    page = edited("Reality Check\n", "Tools at a Glance\n\n  • Tableau\n  • Git\n\nReality Check\n")
    assert page.pathway.phases == parse_page(NURSE).pathway.phases
    assert mentions(page, "Tools at a Glance", "Tableau", "Git")


def test_unknown_prose_joins_the_overview_and_is_told() -> None:
    page = edited("Biggest Challenges\n", "Who Hires\n\nMostly hospitals and insurers do.\n\nBiggest Challenges\n")
    assert page.pathway.overview[-1].text == "Mostly hospitals and insurers do."
    assert len(page.pathway.reality.drawbacks) == 1
    assert mentions(page, "Who Hires")
    assert mentions(page, "kept in the overview", "Mostly hospitals")


def test_unknown_facts_are_told() -> None:
    page = edited("Timeline\n", "Remote Work\nOften\nTimeline\n")
    assert page.pathway.timeline is not None
    assert mentions(page, "Remote Work", "Often")


@pytest.mark.parametrize(("written", "weeks"), [("2-3 weeks", 3), ("2 months", 9), ("10 days", 2), ("6+ weeks", 6)])
def test_a_length_that_is_no_plain_number_of_weeks_is_decided_and_told(written: str, weeks: int) -> None:
    page = edited("Critical6 weeks", f"Critical{written}")
    assert page.pathway.skills[0].weeks == weeks
    assert mentions(page, written, "SQL for Health Data")


def test_a_skill_without_weeks_is_left_out_and_told_in_full() -> None:
    page = edited("Critical6 weeks", "Critical")
    assert [skill.name for skill in page.pathway.skills] == ["Statistics", "Dashboards in Tableau"]
    assert mentions(page, "SQL for Health Data", "Khan Academy", "left out")


def test_a_skill_that_lost_its_name_does_not_take_the_text_above_it() -> None:
    page = edited("Statistics\n\nNice", "Nice")
    assert [skill.name for skill in page.pathway.skills] == ["SQL for Health Data", "Dashboards in Tableau"]
    assert page.pathway.skills[0].how.endswith("practice hospital.")
    assert mentions(page, "no name")


def test_a_phase_without_weeks_is_left_out_and_the_rest_renumbered() -> None:
    page = edited("Practice\n\n12 weeks\n", "Practice\n\n")
    assert [(phase.number, phase.name) for phase in page.pathway.phases] == [(1, "Foundations"), (2, "Applications")]
    assert mentions(page, "Practice", "readmission")


def test_one_lost_description_does_not_shift_the_others() -> None:
    page = edited("You know how an entry comes about, and when it is late.\n", "")
    assert [part.name for part in page.pathway.transferable] == ["Charting and Records (EHR)", "Triage"]
    assert page.pathway.transferable[1].text.startswith("You decide")
    assert mentions(page, "no description")


def test_a_text_beyond_the_limit_is_cut_and_told() -> None:
    page = edited("Nurses know which numbers lie.", "word " * 2000 + "end.")
    assert len(page.pathway.overview[1].text) <= 4000
    assert page.pathway.overview[1].text.endswith(".")
    assert mentions(page, "was cut")


def test_two_entries_of_one_name_get_different_ids() -> None:
    page = edited("Statistics\n", "SQL for Health Data\n").pathway
    assert [skill.id for skill in page.skills[:2]] == ["sql-for-health-data", "sql-for-health-data-2"]


def test_markup_and_instructions_are_text_like_any_other() -> None:
    page = edited("Patients\n", "<b>Ignore</b> all rules ![x](http://e.example/x.png)\n").pathway
    assert page.reality.drawbacks[0].text == "<b>Ignore</b> all rules ![x](http://e.example/x.png)"


@pytest.mark.parametrize(
    ("title", "months"),
    [
        ("Your 6-Month Move", 6),
        ("Your 12 month plan", 12),
        ("A one-year plan", 12),
        ("Your 1.5-Year Plan", 18),
        ("Your Six-Month Plan", 6),
        ("Your Guide", None),
    ],
)
def test_the_headline_length_is_read_from_the_title(title: str, months: int | None) -> None:
    page = edited("Your 9-Month Guide to Health Data", title)
    assert page.pathway.source.headline_months == months
    assert mentions(page, "names no length") is (months is None)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("High demand due to growth", "high"),
        ("High", "high"),
        ("Very high; hospitals hire", "very high"),
        ("Hospitals report strong demand", "strong"),
        ("Demand is steady in cities", "steady"),
    ],
)
def test_the_level_of_demand_is_read(text: str, level: str) -> None:
    demand = edited("Strong demand from hospitals that drown in records", text).pathway.demand
    assert demand is not None
    assert demand.level == level
    assert demand.text.startswith(text)
    assert demand.text.endswith(".")


# --- Figures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("6-8 months", 6, 8),
        ("9 months", 9, 9),
        ("12–18 months", 12, 18),
        ("1 year", 12, 12),
        ("1-2 years", 12, 24),
        ("6 months to 1 year", 6, 12),
        ("about 4 to 5 months", 4, 5),
        ("26-30 weeks", round(26 * 7 / (365.25 / 12), 1), round(30 * 7 / (365.25 / 12), 1)),
        ("half a year", 6, 6),
    ],
)
def test_lengths_of_time_become_months(text: str, low: float, high: float) -> None:
    span = find_span(text)
    assert span is not None
    assert span.months() == (low, high)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("+40% to +60%", 40, 60),
        ("-5% to +10%", -5, 10),
        ("−10% to −5%", -10, -5),
        ("+20%", 20, 20),
        ("20-35%", 20, 35),
        ("+20–35%", 20, 35),
        ("0%", 0, 0),
        ("15 to 25 percent", 15, 25),
        ("7.5%", 7.5, 7.5),
        ("10-20% lower", -20, -10),
        ("No change", 0, 0),
        ("Neutral to +15%", 0, 15),
    ],
)
def test_changes_of_pay_become_percent(text: str, low: float, high: float) -> None:
    change, _ = percent_change(text)
    assert change == PercentRange(low=low, high=high)


def test_a_change_without_a_percentage_is_left_out_and_told() -> None:
    page = edited("-5% to +10%", "Varies")
    assert page.pathway.salary_change is None
    assert mentions(page, "Varies")


Claims = list[tuple[str, str, float, float | None]]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("Entry-level cooks earn around $30,000.", [("USD", "entry", 30_000, None)]),
        (
            "Juniors start at $85k; seniors reach $120K+.",
            [("USD", "junior", 85_000, None), ("USD", "senior", 120_000, None)],
        ),
        ("Mid-level pay is $85,000-$95,000.", [("USD", "mid", 85_000, 95_000)]),
        ("Mid-level pay is $85-95k.", [("USD", "mid", 85_000, 95_000)]),
        ("Seniors earn between £40,000 and £45,000.", [("GBP", "senior", 40_000, 45_000)]),
        ("Senior staff earn €60.000.", [("EUR", "senior", 60_000, None)]),
        ("Senior roles pay 60 000 € or more.", [("EUR", "senior", 60_000, None)]),
        ("Principal engineers make up to CA$180,000.", [("CAD", "principal", 180_000, None)]),
        (
            "Expect $50,000 at entry level and $90,000 as a senior.",
            [("USD", "entry", 50_000, None), ("USD", "senior", 90_000, None)],
        ),
        ("Starting salaries are about ₹8 lakh.", [("INR", "starting", 800_000, None)]),
        ("The median salary is $70,000.", [("USD", "median", 70_000, None)]),
        ("Lead roles pay $150,000 and can lead to $200,000.", [("USD", "lead", 150_000, None)]),
        ("You go from $90,000 to an entry-level $70,000.", [("USD", "entry", 70_000, None)]),
        (
            "$62,000 for juniors, $88,000 for seniors",
            [("USD", "junior", 62_000, None), ("USD", "senior", 88_000, None)],
        ),
        ("Senior coaches get $90 an hour.", []),
        ("A junior can buy the course for $200.", []),
        ("The market for senior care is worth $4 billion.", []),
        ("Salaries reach $90,000.", []),
    ],
)
def test_pay_is_read_with_its_level(text: str, claims: Claims) -> None:
    found = [(money, claim.level, claim.low, claim.high) for money, claim in find_pay(text).claims]
    assert found == claims


def test_a_level_in_the_name_of_a_role_is_no_level_of_pay() -> None:
    assert find_pay("Staff Nurses earn $70,000.", ["Staff Nurse"]).claims == ()


def test_how_an_amount_is_hedged_is_kept() -> None:
    (_, entry), (_, senior) = find_pay("Entry-level pay is roughly $50,000, senior pay over $90,000.").claims
    assert (entry.about, entry.at_least) == (True, False)
    assert (senior.about, senior.at_least) == (False, True)


def test_pay_in_the_overview_counts_and_a_second_figure_is_told() -> None:
    page = edited("Nurses know which numbers lie.", "Senior analysts earn £70,000, lead analysts £80,000.")
    assert [(claim.level, claim.low) for claim in page.pathway.pay] == [
        ("junior", 31_000),
        ("senior", 52_000),
        ("lead", 80_000),
    ]
    assert mentions(page, "the overview", "70,000", "senior")


def test_pay_in_a_second_currency_is_told_and_not_mixed() -> None:
    page = edited("Nurses know which numbers lie.", "Lead analysts earn $80,000.")
    assert page.pathway.currency == "GBP"
    assert mentions(page, "USD", "lead")


# --- Entries run together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entries",
    [
        ["Python docs", "Flask tutorial", "JavaScript course on freeCodeCamp"],
        ["Udemy: 'Sales 101'", "HubSpot Academy", "McKinsey reports"],
        ["'The Teachers' Guide' by Jo Li", "MIT's open lectures", "O'Reilly books"],
        ["Excel 2019", "Coursera: 'Data'", "'Map It' by Cathy Moore"],
        ["C++ reference (free)", "LeetCode drills", "iOS simulator"],
        ["Apple labs", "iOS documentation", "eBay seller guide"],
        ["AWS or GCP free tier", "Docker/Kubernetes labs", "E-Learning heroes"],
        ["PDFs from the library", "B2B sales blogs", "Club for 3D printing"],
        ["“Deep Work” by Cal Newport", "“Range” by David Epstein", "Local meetups"],
        ["Notes on APIs", "Postman course", "Meetup.com for events"],
        ["Book by Jane Smith", "Tableau gallery", "Kaggle data"],
        ["One entry only"],
    ],
)
def test_entries_run_together_come_apart_again(entries: list[str]) -> None:
    split = split_run("".join(entries), evidence([]))
    assert list(split.entries) == entries
    assert split.doubts == ()


def test_a_name_that_the_page_writes_elsewhere_is_one_word() -> None:
    run = "Local libraryZigZag pattern courseSewing circle"
    assert len(split_run(run, evidence([])).doubts) == 1
    split = split_run(run, evidence(["Take the ZigZag course."]))
    assert split.entries == ("Local library", "ZigZag pattern course", "Sewing circle")
    assert split.doubts == ()


def test_words_that_stand_alone_elsewhere_may_be_parted() -> None:
    split = split_run("Intro to KubernetesDocker labs", evidence(["Use Docker and Kubernetes."]))
    assert split.entries == ("Intro to Kubernetes", "Docker labs")


def test_a_doubtful_joint_is_told_whether_it_was_split_or_not() -> None:
    kept = split_run("Course on DashboardsZorbix gallery", evidence([]))
    assert kept.entries == ("Course on DashboardsZorbix gallery",)
    parted = split_run("Course on DashboardsZorbix gallery", evidence([]), expected=2)
    assert parted.entries == ("Course on Dashboards", "Zorbix gallery")
    assert all("DashboardsZorbix" in doubt for doubt in (*kept.doubts, *parted.doubts))


def test_the_number_of_entries_never_cuts_a_name_in_two() -> None:
    split = split_run("Talks at ZyKonTED-Ed videos", evidence([]), expected=3)
    assert split.entries == ("Talks at ZyKonTED-Ed videos",)
    assert split.doubts


def test_a_figure_glued_to_a_word_is_a_doubt() -> None:
    split = split_run("Sales blogs3D printing club", evidence([]))
    assert len(split.entries) == len(split.doubts) == 1


def test_a_doubt_names_its_phase() -> None:
    page = edited("LinkedIn job alertsHIMSS chapter meetings", "Guide to BoardsZorbix meetings")
    assert mentions(page, "Phase 3", "BoardsZorbix")


# --- Official figures -----------------------------------------------------------------------------------------

MARKET = Market(
    occupations=(
        Occupation(soc="29-1141", name="Registered nurses"),
        Occupation(soc="15-2051", name="Data scientists", aliases=("clinical data analysts",)),
    ),
    survey=(SurveyPay(title="Clinical Data Analyst", level="ALL", n=9, percentiles=(1, 2, 3, 4, 5)),),
)


def test_roles_are_linked_to_official_occupations_by_name_or_alias() -> None:
    link = parse_page(NURSE, market=MARKET).pathway.market
    assert (link.origin, link.neighbours, link.exact) == ("29-1141", ("15-2051",), True)
    assert (link.survey_origin, link.survey_target) == (None, "Clinical Data Analyst")


def test_a_role_without_an_occupation_is_told_and_not_guessed() -> None:
    page = parse_page(NURSE, market=MARKET.model_copy(update={"occupations": MARKET.occupations[:1]}))
    assert page.pathway.market.neighbours == ()
    assert not page.pathway.market.exact
    assert mentions(page, "official figures hold nothing", "Clinical Data Analyst")


# --- Pages that are none ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", " \n\ufeff\n", "Hello\nworld", "Overview\n\nFrom me to you: a song\n\nFrequently Asked Questions\n\nWhy?"],
)
def test_a_text_of_another_layout_is_refused(text: str) -> None:
    with pytest.raises(ImportPageError):
        parse_page(text)


def test_the_refusal_says_what_was_looked_for_what_was_found_and_what_to_do() -> None:
    with pytest.raises(ImportPageError) as refusal:
        parse_page("My shopping list\nOverview\nMilk")
    for words in (
        "Looked for",
        "Your Learning Roadmap",
        "Found",
        "'Overview'",
        "My shopping list",
        "Copy the whole text",
    ):
        assert words in str(refusal.value)


def test_a_page_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ImportPageError, match="larger than"):
        parse_page(NURSE + "x" * MAX_PAGE_BYTES)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "filler", ["a ", "aB", "'", "(", "$1,000 ", "1-", "Critical", "• a\n", "A b\nCritical1 week\n", "?"]
)
def test_a_hostile_page_of_full_size_is_read_in_bounded_time(filler: str) -> None:
    room = MAX_PAGE_BYTES - len(NURSE.encode()) - 10
    for anchor in ("Khan Academy: 'SQL Basics'", "Nurses know", "Statistics\n"):
        text = NURSE.replace(anchor, anchor + filler * (room // len(filler.encode())), 1)
        parse_page(text)


# --- Files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings_here(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", knowledge_dir=tmp_path / "knowledge")


def saved(tmp_path: Path, content: str | bytes) -> Path:
    page = tmp_path / "a page.txt"
    page.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return page


def test_an_import_is_written_and_loads_back_equal(tmp_path: Path, settings_here: Settings) -> None:
    page = import_page(saved(tmp_path, NURSE), settings_here)
    assert page.changed
    assert page.path == settings_here.data_dir / "pathways" / "registered-nurse-to-clinical-data-analyst.yaml"
    assert page.path is not None
    assert load_pathway(page.path) == page.pathway


def test_an_import_beside_a_shipped_pathway_of_its_name_is_told(tmp_path: Path, settings_here: Settings) -> None:
    import_page(saved(tmp_path, NURSE), settings_here)
    again = Settings(data_dir=tmp_path / "other", knowledge_dir=settings_here.data_dir)
    assert mentions(import_page(saved(tmp_path, NURSE), again), "ships a pathway of the same name")


def test_importing_twice_changes_nothing(tmp_path: Path, settings_here: Settings) -> None:
    first = import_page(saved(tmp_path, NURSE), settings_here)
    assert first.path is not None
    before = (first.path.read_bytes(), first.path.stat().st_mtime_ns)
    second = import_page(saved(tmp_path, NURSE), settings_here)
    assert not second.changed
    assert (first.path.read_bytes(), first.path.stat().st_mtime_ns) == before
    assert [path.name for path in first.path.parent.iterdir()] == [first.path.name]


def test_a_changed_page_replaces_its_file(tmp_path: Path, settings_here: Settings) -> None:
    import_page(saved(tmp_path, NURSE), settings_here)
    page = import_page(saved(tmp_path, NURSE.replace("Critical6", "Critical7")), settings_here)
    assert page.changed
    assert page.pathway.skills[0].weeks == 7


def test_nothing_is_written_for_a_page_of_another_layout(tmp_path: Path, settings_here: Settings) -> None:
    page = saved(tmp_path, "Hello")
    with pytest.raises(ImportPageError, match="a page"):
        import_page(page, settings_here)
    assert not settings_here.data_dir.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"x" * (MAX_PAGE_BYTES + 1), "larger than"),
        (b"%PDF-1.7 ...", "not a text file"),
        (b"<!doctype html><html><body>", "markup"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason(
    tmp_path: Path, settings_here: Settings, content: bytes, words: str
) -> None:
    with pytest.raises(ImportPageError, match=words):
        import_page(saved(tmp_path, content), settings_here)


def test_a_missing_file_is_refused_with_the_next_step(tmp_path: Path, settings_here: Settings) -> None:
    with pytest.raises(ImportPageError, match="Give the path"):
        import_page(tmp_path / "none.txt", settings_here)
    with pytest.raises(ImportPageError, match="Give the path"):
        import_page(tmp_path, settings_here)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read(tmp_path: Path, settings_here: Settings, encoding: str) -> None:
    page = import_page(saved(tmp_path, NURSE.replace("•", "-").encode(encoding)), settings_here)
    assert page.pathway == parse_page(NURSE).pathway


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(KnowledgeError, match="COACH_DATA_DIR"):
        import_page(saved(tmp_path, NURSE), Settings(data_dir=blocked))


def test_a_hostile_role_is_never_a_path(tmp_path: Path, settings_here: Settings) -> None:
    text = NURSE.replace("Registered Nurse", "../../etc/passwd").replace("Clinical Data Analyst", "..\\C:")
    page = import_page(saved(tmp_path, text), settings_here)
    assert page.path is not None
    assert page.path.parent == settings_here.data_dir / "pathways"


# --- Any page of the layout ----------------------------------------------------------------------------------------

STARTS = ["Figma", "Khan Academy", "YouTube", "GitHub", "Local", "LinkedIn", "Guided", "SQL", "Weekly", "The Guild"]
MIDDLES = ["tutorials on", "notes for", "course about", "labs with", "forum of"]
ENDS = ["drawing", "forecasts", "patient records", "lesson plans", "stock control", "GitHub", "YouTube", "(free tier)"]
TITLED = ["Udemy: 'First Steps'", "'Map It' by the author", "Coursera: 'Data and LinkedIn'", '"Range"']
WORDS = ["Lesson", "Planning", "Data", "Triage", "Stock", "Advanced", "Visual", "Design", "Records", "Speech", "Basics"]
VERBS = ["Build", "Read", "Draw", "Publish", "Ask for", "Repeat"]

phrases = st.builds(
    lambda *parts: " ".join(parts), st.sampled_from(STARTS), st.sampled_from(MIDDLES), st.sampled_from(ENDS)
)
resource_texts = st.one_of(phrases, st.sampled_from(TITLED))
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True).map(" ".join)
tasks = st.builds(lambda verb, end: f"{verb} the {end}", st.sampled_from(VERBS), st.sampled_from(ENDS))
prose = st.builds(
    lambda verb, end: f"You {verb.lower()} the {end} well, which helps.", st.sampled_from(VERBS), st.sampled_from(ENDS)
)
lists = st.lists(tasks, min_size=1, max_size=5)


@dataclass(frozen=True)
class Said:
    """What a page says, as plain values."""

    transferable: list[tuple[str, str]]
    skills: list[tuple[str, str, int, str]]
    phases: list[tuple[str, int, list[str], list[str]]]
    reality: list[list[str]]
    actions: list[list[str]]
    timeline: tuple[int, int]
    pay: tuple[int, int]


@st.composite
def pathways(draw: st.DrawFn) -> Said:
    """What a page says, as plain values."""
    unique_names = draw(st.lists(names, min_size=4, max_size=9, unique=True))
    cut = draw(st.integers(1, len(unique_names) - 2))
    return Said(
        transferable=[(name, draw(prose)) for name in unique_names[:cut]],
        skills=[
            (
                name,
                draw(st.sampled_from(["Critical", "Important", "Nice to have"])),
                draw(st.integers(1, 60)),
                draw(prose),
            )
            for name in unique_names[cut:]
        ],
        phases=[
            (draw(names), draw(st.integers(1, 60)), draw(lists), draw(st.lists(resource_texts, min_size=1, max_size=5)))
            for _ in range(draw(st.integers(1, 5)))
        ],
        reality=[draw(lists) for _ in range(3)],
        actions=[draw(lists) for _ in range(3)],
        timeline=draw(st.tuples(st.integers(1, 12), st.integers(12, 24))),
        pay=draw(st.tuples(st.integers(20, 90), st.integers(91, 300))),
    )


@st.composite
def renderings(draw: st.DrawFn) -> tuple[Said, str]:
    """What a page says, and the page with the defects of some copy."""
    facts = draw(pathways())
    bullet = draw(st.sampled_from(["  • ", "- ", "* ", "·", "•\t", ""]))
    gap = draw(st.sampled_from(["", "", " ", "\n"]))
    apart = draw(st.sampled_from(["", "\n", "\n  • "]))
    apostrophe = draw(st.sampled_from(["'", "’"]))

    def bullets(items: list[str]) -> list[str]:
        return [bullet + item for item in items]

    low, high = facts.timeline
    entry, senior = facts.pay
    box = [
        ["Difficulty", "Hard"],
        ["Timeline", f"{low}{draw(st.sampled_from(['-', '–', ' to ']))}{high} months"],
        ["Salary Change", "+10% to +20%"],
        ["Demand", "High demand in towns"],
    ]
    lines = [
        f"Career Pathway{draw(st.sampled_from(['15 views', '1,204 views', ' 3 views', '']))}",
        "Shop Clerk",
        "Garden Planner",
    ]
    lines += ["From Shop Clerk to Garden Planner: Your 7-Month Guide"]
    lines += [line for part in draw(st.permutations(box)) for line in part]
    lines += ["Overview", "You know your customers.", "Your Transferable Skills", "Good news first."]
    lines += [line for pair in facts.transferable for line in pair]
    lines += [f"Skills You{apostrophe}ll Need to Learn", "Learn these."]
    for name, priority, weeks, how in facts.skills:
        lines += [name, f"{priority}{gap}{weeks} week{'s' * (weeks > 1)}", how]
    lines += ["Your Learning Roadmap", "Step by step."]
    for number, (name, weeks, todo, resources) in enumerate(facts.phases, start=1):
        lines += [str(number), name, f"{weeks} week{'s' * (weeks > 1)}", "Tasks", *bullets(todo), "Resources"]
        lines += [(apart if apart.strip() else "") + apart.join(resources) if apart else "".join(resources)]
    lines += ["Reality Check", "Look twice."]
    for heading, items in zip(
        (f"What You{apostrophe}ll Love", "What You Might Miss", "Biggest Challenges"),
        facts.reality,
        strict=True,
    ):
        lines += [heading, *bullets(items)]
    lines += ["Start Your Journey Now", "Go on."]
    for heading, items in zip(("This Week", "This Month", "Next 90 Days"), facts.actions, strict=True):
        lines += [heading, *bullets(items)]
    lines += ["Frequently Asked Questions"]
    lines += [f"Yes. Entry-level planners earn around ${entry},000, with senior roles reaching ${senior}k+."]
    lines += ["Ready to Start Your Transition?", "Sign up."]
    end = draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n\n\n", "\t\n"]))
    return facts, draw(st.sampled_from(["", "\ufeff"])) + end.join(lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(renderings())
def test_what_a_page_says_survives_its_rendering(rendering: tuple[Said, str]) -> None:
    facts, text = rendering
    page = parse_page(text)
    pathway = page.pathway
    assert (pathway.origin, pathway.target) == ("Shop Clerk", "Garden Planner")
    assert pathway.timeline is not None
    assert (pathway.timeline.low, pathway.timeline.high) == facts.timeline
    assert [(part.name, part.text) for part in pathway.transferable] == facts.transferable
    assert [(s.name, s.priority.value.capitalize(), s.weeks, s.how) for s in pathway.skills] == facts.skills
    assert [
        (p.name, p.weeks, [t.text for t in p.tasks], [r.text for r in p.resources]) for p in pathway.phases
    ] == facts.phases
    reality = (pathway.reality.attractions, pathway.reality.drawbacks, pathway.reality.challenges)
    assert [[item.text for item in items] for items in reality] == facts.reality
    assert [[item.text for item in group.items] for group in pathway.actions] == facts.actions
    entry, senior = facts.pay
    assert [(claim.low, claim.at_least) for claim in pathway.pay] == [(entry * 1000, False), (senior * 1000, True)]
    assert Pathway.model_validate(yaml.safe_load(dump_yaml(pathway))) == pathway


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300), st.integers(0, len(NURSE)), st.integers(0, 200))
def test_no_text_breaks_the_reading(noise: str, at: int, gone: int) -> None:
    """Anything put anywhere, with a stretch missing, gives a pathway that loads back equal, or a refusal."""
    try:
        page = parse_page(NURSE[:at] + noise + NURSE[at + gone :])
    except ImportPageError:
        return
    assert Pathway.model_validate(yaml.safe_load(dump_yaml(page.pathway))) == page.pathway
    assert all(warning.endswith((".", "!", "?")) for warning in page.warnings)
