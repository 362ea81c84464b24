"""The shipped knowledge is whole, and a malformed row is named while the rest is served."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from coach.errors import KnowledgeError, UnknownPathwayError
from coach.knowledge.load import Knowledge, load_knowledge, load_pathway
from coach.knowledge.market import percentile_of
from coach.knowledge.pathway import Pathway, Priority
from coach.knowledge.resource import CostClass, ResourceFile, VerdictOfCheck
from coach.settings import REPOSITORY, Settings

SLUG = "software-engineer-to-vector-database-engineer"
SHIPPED = REPOSITORY / "knowledge"
PAGE = f"pathways/{SLUG}.yaml"
Edit = Callable[[str, Callable[[Any], None]], Knowledge]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return load_knowledge(Settings(knowledge_dir=SHIPPED, data_dir=tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def page(knowledge: Knowledge) -> Pathway:
    return knowledge.pathway(SLUG)


@pytest.fixture(scope="module")
def checked(knowledge: Knowledge) -> ResourceFile:
    file = knowledge.resources_of(SLUG)
    assert file is not None
    return file


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped folder that a test may damage."""
    shutil.copytree(SHIPPED, tmp_path / "knowledge")
    return tmp_path / "knowledge"


@pytest.fixture
def edited(copy: Path) -> Edit:
    """Loads the copy after ``change`` was made to the data of one of its YAML files."""

    def edit(name: str, change: Callable[[Any], None]) -> Knowledge:
        data = yaml.safe_load((copy / name).read_text(encoding="utf-8"))
        change(data)
        (copy / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return reload(copy)

    return edit


def reload(folder: Path) -> Knowledge:
    return load_knowledge(Settings(knowledge_dir=folder, data_dir=folder.parent / "data"))


# --- What is shipped --------------------------------------------------------------------------------------------


def test_shipped_knowledge_has_no_problems(knowledge: Knowledge) -> None:
    assert knowledge.problems == ()


def test_every_row_of_the_page_is_there(page: Pathway) -> None:
    assert len(page.transferable) == 5
    assert len(page.skills) == 6
    assert len(page.phases) == 5
    assert sum(len(phase.tasks) for phase in page.phases) == 5 * 3
    assert sum(len(phase.resources) for phase in page.phases) == 5 * 3
    reality = page.reality
    assert [len(part) for part in (reality.attractions, reality.drawbacks, reality.challenges)] == [4, 4, 4]
    assert [len(group.items) for group in page.actions] == [3, 3, 3]
    assert len(page.faq) == 1


def test_figures_of_the_page_are_kept(page: Pathway) -> None:
    assert (page.origin, page.target, page.difficulty) == ("Software Engineer", "Vector Database Engineer", "Moderate")
    assert page.timeline is not None and (page.timeline.low, page.timeline.high) == (6, 8)
    assert page.source.headline_months == 8
    assert page.salary_change is not None and (page.salary_change.low, page.salary_change.high) == (40, 60)
    assert [phase.weeks for phase in page.phases] == [4, 6, 8, 4, 2]
    assert sum(phase.weeks for phase in page.phases) == 4 + 6 + 8 + 4 + 2 == 24
    assert [skill.weeks for skill in page.skills] == [8, 5, 4, 6, 10, 3]
    assert sum(skill.weeks for skill in page.skills) == 8 + 5 + 4 + 6 + 10 + 3 == 36
    weeks = Counter[Priority]()
    for skill in page.skills:
        weeks[skill.priority] += skill.weeks
    assert weeks == {Priority.CRITICAL: 4 + 6, Priority.IMPORTANT: 8 + 5, Priority.NICE_TO_HAVE: 10 + 3}
    pay = [(claim.level, claim.low, claim.high, claim.about, claim.at_least) for claim in page.pay]
    assert pay == [("entry", 130_000, None, True, False), ("senior", 210_000, None, False, True)]
    assert [group.days for group in page.actions] == [7, 30, 90]


def test_the_lost_question_is_not_made_up(page: Pathway) -> None:
    answer = page.faq[0]
    assert answer.question is None
    assert answer.about == "pay"
    for figure in ("40 to 60 percent", "$130,000", "$210,000"):
        assert figure in answer.answer


def test_day_numbers_in_the_notes_follow_from_the_roadmap(page: Pathway) -> None:
    ends = [7 * sum(phase.weeks for phase in page.phases[: number + 1]) for number in range(len(page.phases))]
    notes = {note.id: note.text for note in page.notes}
    assert f"until day {ends[2]}" in notes["cluster-by-day-90"]
    assert f"from day {ends[2] + 1} to day {ends[3]}" in notes["certificate-by-day-90"]
    week_of_day_90 = -(-90 // 7)
    assert week_of_day_90 - (4 + 6) == 3
    assert "third week of phase 3" in notes["cluster-by-day-90"]


def test_all_resources_are_there(checked: ResourceFile) -> None:
    named = [resource for resource in checked.resources if resource.name_in_page]
    assert (len(named), len(checked.resources)) == (43, 43 + 26)
    assert checked.checked == "November 2026"
    verdicts = Counter(resource.verdict for resource in named)
    assert verdicts == {
        VerdictOfCheck.CONFIRMED: 43 - 6 - 4 - 1,
        VerdictOfCheck.NOT_FOUND: 6,
        VerdictOfCheck.MISDESCRIBED: 4,
        VerdictOfCheck.RENAMED: 1,
    }


def test_what_could_not_be_confirmed_has_substitutes_and_no_address(checked: ResourceFile) -> None:
    for resource in checked.resources:
        if resource.verdict == VerdictOfCheck.NOT_FOUND:
            assert resource.substitutes, resource.id
            assert resource.url is None and resource.cost_class == CostClass.UNKNOWN, resource.id


def test_every_reference_leads_somewhere(knowledge: Knowledge, page: Pathway, checked: ResourceFile) -> None:
    ids = {resource.id for resource in checked.resources}
    assert len(ids) == len(checked.resources)
    linked = [id_ for skill in page.skills for id_ in skill.resources]
    linked += [id_ for phase in page.phases for item in phase.resources for id_ in item.resources]
    assert set(linked) <= ids
    assert all(item.resources for phase in page.phases for item in phase.resources)
    assert {page.market.origin, *page.market.neighbours} <= {job.soc for job in knowledge.market.occupations}
    # What the page lists in a phase, the resource knows of itself.
    by_id = {resource.id: resource for resource in checked.resources}
    for phase in page.phases:
        for item in phase.resources:
            assert all(phase.number in by_id[id_].phases for id_ in item.resources), item.id


def test_no_name_stands_for_two_things(knowledge: Knowledge, page: Pathway, checked: ResourceFile) -> None:
    owners: dict[str, set[str]] = {}
    resources = checked.resources
    for kind, things in (
        ("transferable", [(skill.id, (skill.name, *skill.aliases)) for skill in page.transferable]),
        ("skill", [(skill.id, (skill.name, *skill.aliases)) for skill in page.skills]),
        ("phase", [(str(phase.number), (phase.name, *phase.aliases)) for phase in page.phases]),
        ("resource", [(item.id, (item.name, item.name_in_page or item.name, *item.aliases)) for item in resources]),
        ("occupation", [(job.soc, (job.name, *job.aliases)) for job in knowledge.market.occupations]),
        ("area", [(area.code, (area.name, area.short, *area.aliases)) for area in knowledge.market.areas]),
    ):
        for id_, names in things:
            for name in names:
                owners.setdefault(" ".join(re.findall(r"\w+", name.casefold())), set()).add(f"{kind}:{id_}")
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


def test_texts_are_sentences_and_items_are_phrases(page: Pathway, checked: ResourceFile) -> None:
    texts = [paragraph.text for paragraph in page.overview] + [skill.text for skill in page.transferable]
    texts += [skill.how for skill in page.skills]
    texts += [resource.about for resource in checked.resources]
    for text in texts:
        assert text.endswith("."), text
        assert not re.search(r"(^|\. )(It|Its|This|That|They|Their|These|Those)\b", text), text
    items = [item for phase in page.phases for item in phase.tasks]
    items += [item for group in page.actions for item in group.items]
    items += [*page.reality.attractions, *page.reality.drawbacks, *page.reality.challenges, *page.notes]
    for item in items:
        assert not item.text.endswith("."), item.text


def test_market_figures_are_complete(knowledge: Knowledge) -> None:
    market = knowledge.market
    assert [area.kind for area in market.areas] == ["National"] + 12 * ["Metro"]
    assert [source.id for source in market.sources] == ["bls-oews", "bls-projections", "aijobs"]
    assert (len(market.outlooks), len(market.survey)) == (9, 34)
    # 285 rows, of which 10 + 10 repeat an industry under the code of its only subdivision.
    assert len(market.wages) == 285 - (10 + 10)
    vouch = "BLS.gov cannot vouch for the data or analyses derived from these data after retrieval."
    assert all(vouch in source.caveats for source in market.sources if source.id.startswith("bls"))


def test_findings_follow_from_the_figures(knowledge: Knowledge) -> None:
    market = knowledge.market
    developers, architects, administrators = (market.wage(soc, "00000") for soc in ("15-1252", "15-1243", "15-1242"))
    assert developers is not None and architects is not None and administrators is not None
    assert (developers.median, architects.median, administrators.median) == (135_980, 139_500, 104_620)
    assert round((139_500 / 135_980 - 1) * 100, 1) == 2.6
    entry, senior = percentile_of(130_000, developers), percentile_of(210_000, developers)
    assert entry is not None and senior is not None
    assert round(entry.percentile) == round(25 + (130_000 - 105_210) / (135_980 - 105_210) * 25) == 45
    assert round(senior.percentile) == round(75 + (210_000 - 171_980) / (214_670 - 171_980) * 15) == 88
    metros = [market.wage("15-1252", area.code) for area in market.areas if area.kind == "Metro"]
    assert sum(cell is not None and (cell.median or 0) > 130_000 for cell in metros) == 12
    assert sum(cell is not None and (cell.percentiles[1] or 0) > 130_000 for cell in metros) == 5
    seattle = market.wage("15-1243", "42660")
    assert seattle is not None and seattle.thin
    outlook = {row.soc: row for row in market.outlooks}
    assert [outlook[soc].change_percent for soc in ("15-1252", "15-1243", "15-1242")] == [16, 9, -1]
    assert (outlook["15-1252"].start_year, outlook["15-1252"].end_year) == (2024, 2034)
    medians = {(row.title, row.level): row.median for row in market.survey}
    origin, target = "Software Engineer/Developer", "Machine Learning Engineer"
    steps = [round((medians[target, level] / medians[origin, level] - 1) * 100, 1) for level in ("EN", "MI", "SE")]
    assert steps == [12.8, 7.5, 5.2]


def test_estimates_that_were_not_released_are_none(knowledge: Knowledge) -> None:
    cell = knowledge.market.wage("15-1251", "42660")
    assert cell is not None and cell.mean is None and cell.percentiles == (None,) * 5


# --- Malformed rows: named, left out, the rest served ---------------------------------------------------------------


def test_a_malformed_skill_is_named_and_the_others_are_served(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data["skills"][2].update(weeks="five"))
    assert f"knowledge/{PAGE}: skills[2].weeks: expected a whole number, got 'five'" in found.problems
    assert len(found.pathway(SLUG).skills) == 6 - 1
    assert len(found.pathway(SLUG).phases) == 5


def test_a_malformed_task_costs_only_that_task(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data["phases"][1]["tasks"][2].update(text=["no", "text"]))
    assert found.problems == (f"knowledge/{PAGE}: phases[1].tasks[2].text: expected text, got a list",)
    assert [len(phase.tasks) for phase in found.pathway(SLUG).phases] == [3, 2, 3, 3, 3]


def test_several_malformed_rows_are_named_by_their_places_in_the_file(edited: Edit) -> None:
    def damage(data: Any) -> None:
        data["skills"][0]["priority"] = "urgent"
        del data["skills"][3]["how"]
        data["faq"] = "none"

    found = edited(PAGE, damage)
    named = [line.removeprefix(f"knowledge/{PAGE}: ") for line in found.problems]
    assert "skills[0].priority: expected one of 'critical', 'important' or 'nice to have', got 'urgent'" in named
    assert "skills[3].how: expected a value, got nothing" in named
    assert "faq: expected a list, got 'none'" in named
    served = found.pathway(SLUG)
    assert (len(served.skills), served.faq) == (6 - 2, ())


def test_a_roadmap_with_a_gap_is_not_served_as_if_it_were_whole(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data["phases"][1].update(weeks=0))
    assert any("phases[1].weeks: expected a number of at least 1, got 0" in line for line in found.problems)
    assert any("without a gap, got 1, 3, 4, 5; the whole roadmap is left out" in line for line in found.problems)
    assert found.pathway(SLUG).phases == ()
    assert len(found.pathway(SLUG).skills) == 6


def test_of_two_rows_with_one_id_the_first_is_kept(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data["skills"].append({**deepcopy(data["skills"][0]), "weeks": 99}))
    assert any("skills: expected ids that differ, got 'distributed-systems' again" in line for line in found.problems)
    assert [skill.weeks for skill in found.pathway(SLUG).skills] == [8, 5, 4, 6, 10, 3]


def test_an_unknown_field_is_named_and_its_row_is_kept(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data["skills"][1].update(alaises=["DBA"]))
    assert found.problems == (f"knowledge/{PAGE}: skills[1].alaises: expected a field of this layout, got a list",)
    assert len(found.pathway(SLUG).skills) == 6


def test_an_impossible_timeline_is_left_out_alone(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data.update(timeline={"low": 8, "high": 6}))
    assert found.problems == (f"knowledge/{PAGE}: timeline: expected low <= high, got 8.0 to 6.0",)
    assert found.pathway(SLUG).timeline is None


def test_a_pathway_without_its_target_is_left_out_and_said_to_be(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data.pop("target"))
    assert found.pathways == ()
    assert f"knowledge/{PAGE}: target: expected a value, got nothing" in found.problems


def test_a_slug_other_than_the_name_of_the_file_is_named(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data.update(slug="another"))
    assert any(line.startswith(f"knowledge/{PAGE}: slug: expected '{SLUG}'") for line in found.problems)


def test_a_malformed_resource_is_named_and_the_others_are_served(edited: Edit) -> None:
    found = edited("resources.yaml", lambda data: data["resources"][3].update(url="not an address"))
    place = "knowledge/resources.yaml: resources[3].url"
    assert f"{place}: expected an address that begins with http:// or https://, got 'not an address'" in found.problems
    file = found.resources_of(SLUG)
    assert file is not None and len(file.resources) == 69 - 1


def test_references_that_lead_nowhere_are_named_and_dropped(edited: Edit) -> None:
    found = edited(PAGE, lambda data: data["skills"][2]["resources"].append("no-such-thing"))
    place = "skills[vector-database-fundamentals].resources"
    assert found.problems == (f"knowledge/{PAGE}: {place}: expected the id of a checked resource, got 'no-such-thing'",)
    assert "no-such-thing" not in found.pathway(SLUG).skills[2].resources


@pytest.mark.parametrize(
    ("field", "wrong"), [("skills", "juggling"), ("phases", 9), ("actions", "next-year"), ("substitutes", "nobody")]
)
def test_references_of_a_resource_are_checked(edited: Edit, field: str, wrong: object) -> None:
    found = edited("resources.yaml", lambda data: data["resources"][0].update({field: [wrong]}))
    assert len(found.problems) == 1
    place = f"knowledge/resources.yaml: resources[mit-distributed-systems].{field}"
    assert found.problems[0].startswith(f"{place}: expected")
    assert found.problems[0].endswith(f"got {wrong!r}")
    file = found.resources_of(SLUG)
    assert file is not None and len(file.resources) == 69 and getattr(file.resources[0], field) == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("67140,2.9", "many,2.9", "line 3: employment: expected a whole number, got 'many'"),
        ("67140,2.9", "67140,nan", "line 3: employment_rse_pct: expected a number, got 'nan'"),
        ("109370,139500", "139500,109370", "line 3: median_annual: expected at least 139500"),
        ("67140,2.9,", "67140,2.9,7,7,", "line 3: expected a cell for each column"),
    ],
)
def test_a_malformed_wage_is_named_and_the_others_are_served(copy: Path, old: str, new: str, problem: str) -> None:
    path = copy / "market/bls_oews_may_2025.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    found = reload(copy)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"knowledge/market/bls_oews_may_2025.csv: {problem}")
    assert len(found.market.wages) == 265 - 1
    assert found.market.wage("15-1243", "00000") is None


def test_a_row_that_stands_twice_is_skipped_and_one_that_contradicts_is_named(copy: Path) -> None:
    path = copy / "market/aijobs_us_2024_25_summary.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1], lines[1].replace("124000", "125000")]) + "\n", encoding="utf-8")
    found = reload(copy)
    assert len(found.problems) == 1
    assert "line 37: expected the figures of the earlier row" in found.problems[0]
    assert len(found.market.survey) == 34


def test_a_table_without_a_needed_column_is_left_out_and_the_rest_served(copy: Path) -> None:
    path = copy / "market/bls_projections_2024_34.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("change_pct", "growth", 1), encoding="utf-8")
    found = reload(copy)
    assert len(found.problems) == 1
    assert "bls_projections_2024_34.csv: expected the column 'change_pct'" in found.problems[0]
    assert found.market.outlooks == () and len(found.market.wages) == 265


@pytest.mark.parametrize("name", ["market/bls_oews_may_2025.csv", "market/areas.yaml", "resources.yaml", PAGE])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"- [", b"x: &a [1]\ny: *a\n", b"3\n", b"\x00"])
def test_a_ruined_file_is_named_and_never_raises(copy: Path, name: str, content: bytes) -> None:
    (copy / name).write_bytes(content)
    found = reload(copy)
    assert any(line.startswith(f"knowledge/{name}: ") for line in found.problems)


def test_missing_folders_are_a_problem_and_no_crash(tmp_path: Path) -> None:
    found = load_knowledge(Settings(knowledge_dir=tmp_path / "nowhere", data_dir=tmp_path / "data"))
    assert found.pathways == () and found.problems


# --- Imported pathways and single files ------------------------------------------------------------------------------


def small(slug: str) -> str:
    return f"slug: {slug}\norigin: Cook\ntarget: Baker\nsource: {{title: A page}}\n"


def test_imported_pathways_come_after_the_shipped_ones(copy: Path) -> None:
    imported = copy.parent / "data" / "pathways"
    imported.mkdir(parents=True)
    (imported / "cook-to-baker.yaml").write_text(small("cook-to-baker"), encoding="utf-8")
    found = reload(copy)
    assert [pathway.slug for pathway in found.pathways] == [SLUG, "cook-to-baker"]
    assert found.resources_of("cook-to-baker") is None
    assert found.problems == ()


def test_an_imported_pathway_does_not_replace_a_shipped_one_in_silence(copy: Path) -> None:
    imported = copy.parent / "data" / "pathways"
    imported.mkdir(parents=True)
    (imported / f"{SLUG}.yaml").write_text(small(SLUG), encoding="utf-8")
    found = reload(copy)
    assert found.pathway(SLUG).target == "Vector Database Engineer"
    assert len(found.problems) == 1 and "which is kept" in found.problems[0]


def test_an_unknown_pathway_is_an_error_that_names_the_known_ones(knowledge: Knowledge) -> None:
    with pytest.raises(UnknownPathwayError, match=SLUG):
        knowledge.pathway("cook-to-baker")


def test_a_single_pathway_loads_whole_or_raises_with_file_and_field(tmp_path: Path) -> None:
    path = tmp_path / "cook-to-baker.yaml"
    path.write_text(small("cook-to-baker"), encoding="utf-8")
    assert load_pathway(path).target == "Baker"
    path.write_text(small("cook-to-baker") + "skills: [{id: Bad Id}]\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=re.escape(f"{path}: skills[0].id: expected lower-case letters")):
        load_pathway(path)


def test_aliases_that_multiply_are_refused_before_they_are_built(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join(10 * [f'*a{n - 1}'])}]" for n in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(levels), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="line 2: expected a value, got the alias"):
        load_pathway(path)


@pytest.mark.parametrize(
    ("content", "message"), [("[" * 5000, "levels"), ("x" * 2_000_001, "bytes"), ("a: 2026-13-45", "expected YAML")]
)
def test_hostile_files_are_refused_with_a_reason(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=message):
        load_pathway(path)
