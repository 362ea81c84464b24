"""The measure of what is seen in resumes: sound labels, figures that are the formula, a fit that keeps its signs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from coach.documents import read_document
from coach.knowledge.corpus import Corpus
from coach.planning.clauses import read_clauses
from coach.planning.evidence import candidates, subjects_of
from coach.planning.evidence_features import FEATURES, Features
from coach.planning.evidence_values import Part, SkillMatch, SkillReport
from eval import ownership_fitting, skill_fitting, skills
from eval.cases import CaseError
from eval.skills import GoldDemand, Judged, JudgedDemand, SkillCase
from tests import resumes
from tests.encoders import HashingEncoder

SPLITS = [split for split in skills.SPLITS if (skills.FOLDER / split / "labels.jsonl").is_file()]
CASES = [case for split in SPLITS for case in skills.load_skill_cases(split)]


@pytest.fixture(scope="module")
def known() -> Iterator[dict[str, Corpus]]:
    with skills.corpora(HashingEncoder()) as found:
        yield dict(found)


# --- The labelled sets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_label_quotes_its_file_and_names_a_skill_of_its_pathway(
    case: SkillCase, known: dict[str, Corpus]
) -> None:
    folder = skills.FOLDER / case.split
    ids = {subject.id for subject in subjects_of(known[case.pathway])}
    assert set(case.held) <= ids
    assert {demand.covered_by for demand in case.demands} <= ids | {None}
    resume = read_document((folder / case.resume).read_bytes(), case.resume)
    said = " ".join(line.text for line in resume.lines)
    assert [quote for quote in case.held.values() if quote not in said] == []
    assert (case.posting is None) == (not case.demands)
    if case.posting:
        posting = read_document((folder / case.posting).read_bytes(), case.posting)
        asked = " ".join(line.text for line in posting.lines)
        assert [demand.quote for demand in case.demands if demand.quote not in asked] == []


def test_ids_of_cases_differ() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_lines_for_fitting_show_and_do_not_show_each_skill_equally_often() -> None:
    lines = skill_fitting.read_lines()
    for skill in {line.skill for line in lines}:
        mine = [line.shows for line in lines if line.skill == skill]
        assert sum(mine) == len(mine) / 2, skill


@pytest.mark.parametrize("split", [split for split in SPLITS if (skills.FOLDER / split / "documents.yaml").is_file()])
def test_made_documents_hold_every_line_they_are_made_from(split: str, tmp_path: Path) -> None:
    source = skills.FOLDER / split / "documents.yaml"
    (tmp_path / "documents.yaml").write_bytes(source.read_bytes())
    made = resumes.make(tmp_path)
    entries = yaml.safe_load(source.read_text(encoding="utf-8"))
    for entry, file in zip(entries, made, strict=True):
        fresh = [line.text for line in read_document(file.read_bytes(), file.name).lines]
        assert [text for text in resumes.texts(entry) if text not in fresh] == []
        kept = skills.FOLDER / split / file.name
        assert [line.text for line in read_document(kept.read_bytes(), file.name).lines] == fresh


# --- Figures ---------------------------------------------------------------------------------------------------------


def judged(case: str, skill: str, gold: bool, said: bool, split: str = "dev") -> Judged:
    return Judged(case, split, "p", "md", "to_learn", skill, gold, 0.9 if said else 0.1, said, "a line")


def test_figures_are_sums_over_cases() -> None:
    found = skills.results(
        [
            judged("a", "x", gold=True, said=True),
            judged("a", "y", gold=True, said=False),
            judged("b", "x", gold=False, said=True),
            judged("b", "y", gold=True, said=True),
            judged("c", "x", gold=False, said=False),
        ],
        [],
        "dev",
    )
    whole = found.held[0]
    assert whole.name == "all skills" and whole.n == 3
    assert whole.precision and whole.precision.value == pytest.approx(2 / 3)
    assert whole.recall and whole.recall.value == pytest.approx(2 / 3)
    assert whole.f1 and whole.f1.value == pytest.approx(2 * 2 / (3 + 3))
    assert whole.f1.low <= whole.f1.value <= whole.f1.high
    by_skill = {row.name: row.f1.value for row in found.by_skill if row.f1}
    assert by_skill == {"x": pytest.approx(2 * 1 / (2 + 1)), "y": pytest.approx(2 * 1 / (1 + 2))}
    assert found.macro_f1 and found.macro_f1.value == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_slices_are_by_section_split_kind_of_file_and_pathway() -> None:
    found = skills.results([judged("a", "x", gold=True, said=True)], [], "dev")
    assert [row.name for row in found.held] == ["all skills", "to_learn", "(dev split)", "resumes as md", "p"]


def test_only_misses_of_the_development_split_are_listed() -> None:
    found = skills.results(
        [judged("a", "x", gold=True, said=False), judged("b", "x", gold=True, said=False, split="test")], [], "all"
    )
    assert found.misses == ("a x: not seen (0.10): a line",)


def demand(name: str, quote: str, held: bool = False, covered_by: str | None = None, number: int = 1) -> SkillMatch:
    return SkillMatch(
        id=f"demand/{number}", name=name, section=Part.POSTING, held=held, likely=0.5, posting_quote=quote,
        resume_quote="a line" if held else None, covered_by=covered_by,
    )  # fmt: skip


def test_demands_are_paired_by_quote_and_name_each_at_most_once() -> None:
    case = SkillCase(
        id="a", pathway="p", resume="a.md", posting="a.txt", held={}, split="dev",
        demands=(
            GoldDemand(name="Java", quote="Java with Spring Boot", held=True, covered_by=None),
            GoldDemand(name="Spring Boot", quote="Spring Boot", held=True, covered_by=None),
            GoldDemand(name="Rust", quote="Rust", held=False, covered_by=None),
        ),
    )  # fmt: skip
    said = (demand("Java", "Java"), demand("Spring Boot", "Spring Boot", number=2), demand("Kafka", "Kafka", number=3))
    pairs = skills.judged_demands(case, SkillReport(skills=said))
    assert [(one.gold and one.gold.name, one.said and one.said.name) for one in pairs] == [
        ("Java", "Java"), ("Spring Boot", "Spring Boot"), ("Rust", None), (None, "Kafka"),
    ]  # fmt: skip


def test_demands_are_scored_as_found_held_and_covered() -> None:
    def pair(gold: tuple[bool, str | None] | None, said: tuple[bool, str | None] | None) -> JudgedDemand:
        label = GoldDemand(name="n", quote="q", held=gold[0], covered_by=gold[1]) if gold else None
        return JudgedDemand("a", "test", "n", label, demand("n", "q", *said) if said else None)

    pairs = [
        pair((True, "x"), (True, "x")),
        pair((True, "x"), (False, "y")),
        pair((False, None), (False, "x")),
        pair((False, None), None),
        pair(None, (True, None)),
    ]
    found, held, covered = skills.results([judged("a", "x", gold=True, said=True)], pairs, "test").demands
    assert found.precision and found.precision.value == pytest.approx(3 / 4)
    assert found.recall and found.recall.value == pytest.approx(3 / 4)
    assert held.precision and held.precision.value == pytest.approx(1 / 1)
    assert held.recall and held.recall.value == pytest.approx(1 / 2)
    assert covered.precision and covered.precision.value == pytest.approx(1 / 3)
    assert covered.recall and covered.recall.value == pytest.approx(1 / 2)


def test_a_split_that_is_not_there_is_left_out_and_alone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "labels.jsonl").write_text('{"id": "a", "pathway": "p", "resume": "a.md", "held": {}}\n')
    assert [case.id for case in skills.load_skill_cases("all", tmp_path)] == ["a"]
    with pytest.raises(CaseError, match="'test'"):
        skills.load_skill_cases("test", tmp_path)


def test_a_label_of_a_skill_that_the_pathway_does_not_have_is_an_error() -> None:
    case = SkillCase(id="a", pathway="p", resume="a.md", held={"juggling": "a line"}, split="dev")
    with pytest.raises(CaseError, match="juggling"):
        skills.judged_skills(case, SkillReport(skills=()))


# --- Fitting ---------------------------------------------------------------------------------------------------------


def test_each_feature_speaks_for_a_skill_and_the_weights_tell_lines_apart() -> None:
    lines = skill_fitting.read_lines()[:240]
    fitted = skill_fitting.fit(HashingEncoder(), labelled=lines)
    assert len(fitted.weights) == len(FEATURES) and (fitted.weights >= 0).all()
    shows = np.array([line.shows for line in lines])
    assert fitted.held_out[shows].mean() > fitted.held_out[~shows].mean() + 0.1


def test_what_somebody_else_did_shows_nothing_whatever_the_weights() -> None:
    lines = skill_fitting.read_lines()[:60]
    fitted = skill_fitting.fit(HashingEncoder(), labelled=lines)
    planned = [likely for line, likely in zip(lines, fitted.held_out, strict=True) if line.why in ("planned", "wish")]
    assert planned and max(planned) == 0.0


def test_own_lines_are_read_and_a_bad_one_is_named(tmp_path: Path) -> None:
    lines = ownership_fitting.read_own_lines()
    assert len(lines) >= 1000 and len({one.writer for one in lines}) >= 5
    assert 0.4 < sum(one.own for one in lines) / len(lines) < 0.6
    bad = tmp_path / "scope.jsonl"
    bad.write_text('{"writer": "a", "line": "Ran it", "own": true, "why": "deed"}\n{"writer": "a"}\n', encoding="utf-8")
    with pytest.raises(CaseError, match=r"scope\.jsonl:2: expected writer, line, own and why"):
        ownership_fitting.read_own_lines(bad)
    with pytest.raises(CaseError, match="cannot be read"):
        ownership_fitting.read_own_lines(tmp_path / "nowhere.jsonl")


def test_what_one_writer_labelled_does_not_judge_that_writers_own_resumes(known: dict[str, Corpus]) -> None:
    encoder = HashingEncoder()
    case = next(case for case in CASES if case.split == "dev" and len(case.held) > 3 and case.pathway in known)
    features = Features(subjects_of(known[case.pathway]), encoder)
    resume = read_document((skills.FOLDER / "dev" / case.resume).read_bytes(), case.resume)
    there = candidates(read_clauses(resume.lines), features)
    shown = np.array([subject.id in case.held for subject in features.subjects], dtype=bool)

    def judged_by(labels: np.ndarray, writer: str) -> np.ndarray:
        mine, another = (skill_fitting.Resume(there, shows, who) for shows, who in ((labels, writer), (shown, "else")))
        return skill_fitting.fit(encoder, [mine, another], skill_fitting.read_lines()[:60]).resumes_held_out[0]

    assert np.array_equal(judged_by(shown, "one"), judged_by(~shown, "one"))
