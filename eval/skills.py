"""How well does the coach see which skills a resume shows? ``python -m eval skills``.

Comes in: labelled resumes and postings, ``eval/skills/<split>/labels.jsonl`` with the files beside it. Goes out:
precision, recall and F1 with 95 percent bootstrap intervals over cases, by section, by kind of file, by pathway and by
skill; for the demands of postings how many were found, held rightly and covered rightly; what was missed, for the
development split only. ``fit`` makes the weights again and chooses the thresholds.

Every label counts, those that say "not held" as well: a skill of the pathway that is not listed is not held.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from coach.documents import Document, read_document
from coach.knowledge.corpus import Corpus
from coach.planning import evidence
from coach.planning.clauses import read_clauses
from coach.planning.evidence import match_skills
from coach.planning.evidence_features import FEATURES, Features
from coach.planning.evidence_values import Part, SkillMatch, SkillReport
from coach.retrieval.encoder import Encoder, load_encoder
from coach.settings import Settings, load_settings
from eval import running
from eval.cases import CaseError
from eval.intervals import RESAMPLES, SEED, figure
from eval.ownership_fitting import fit_ownership, in_words, write_ownership
from eval.records import Figure, Measure, Record
from eval.skill_fitting import FittedWeights, Resume, fit

FOLDER = Path(__file__).parent / "skills"
SPLITS = ("dev", "test")

GRID = np.round(np.arange(0.30, 0.91, 0.01), 2)
SMOOTH = 4
"""A threshold is judged by the mean over this many steps to both sides, or it would fit single cases."""


class GoldDemand(Record):
    name: str
    quote: str
    held: bool
    covered_by: str | None


class SkillCase(Record):
    """One resume with its labels; see ``eval/skills``."""

    id: str
    pathway: str
    resume: str
    posting: str | None = None
    held: dict[str, str]
    demands: tuple[GoldDemand, ...] = ()
    about: str = ""
    split: str = ""


class Judged(NamedTuple):
    """One skill of one case."""

    case: str
    split: str
    pathway: str
    kind: str
    """What file the resume is."""
    section: str
    skill: str
    gold: bool
    likely: float
    said: bool
    quote: str
    """What the resume shows it by, as the coach says or else as the label does."""


class JudgedDemand(NamedTuple):
    """One demand of one posting: asked by the labels, by the coach, or by both."""

    case: str
    split: str
    name: str
    gold: GoldDemand | None
    said: SkillMatch | None


class Scores(Record):
    """Figures of one slice; a figure is missing where nothing counts towards it."""

    name: str
    n: int
    """Resumes."""
    precision: Figure | None
    recall: Figure | None
    f1: Figure | None


class SkillResults(Record):
    """What ``python -m eval skills --json`` prints."""

    split: str
    threshold: float
    held: tuple[Scores, ...]
    """First over all skills, then by section, split, kind of file and pathway."""
    by_skill: tuple[Scores, ...]
    macro_f1: Figure | None
    """Mean over skills, for those that some resume shows."""
    demands: tuple[Scores, ...]
    """Found, then held and covered, over the demands that were found."""
    misses: tuple[str, ...]
    """Of the development split only."""


def load_skill_cases(split: str, folder: Path = FOLDER) -> tuple[SkillCase, ...]:
    """Cases of a split, or of all there are. Raises CaseError without any, or for one that is not as it should be."""
    found: list[SkillCase] = []
    for name in SPLITS if split == "all" else (split,):
        file = folder / name / "labels.jsonl"
        if not file.is_file():
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found.append(SkillCase.model_validate({**json.loads(line), "split": name}))
            except ValueError as error:
                raise CaseError(f"{file}:{number}: not a labelled resume: {error}") from error
    if not found:
        raise CaseError(f"{folder}: no labelled resumes of the split {split!r}. Put labels.jsonl and its files there.")
    return tuple(found)


@contextmanager
def corpora(encoder: Encoder) -> Iterator[Mapping[str, Corpus]]:
    """Corpora of the shipped pathways and of the invented pages; no index is built."""
    with tempfile.TemporaryDirectory(prefix="coach-eval-") as temporary:
        settings: Settings = load_settings(data_dir=Path(temporary))
        running.import_pages(settings)
        yield running.corpora(settings, encoder)


def judge(
    cases: Iterable[SkillCase], known: Mapping[str, Corpus], encoder: Encoder, folder: Path = FOLDER
) -> tuple[list[Judged], list[JudgedDemand]]:
    """What the coach says of every case, beside the labels."""
    skills: list[Judged] = []
    demands: list[JudgedDemand] = []
    for case in cases:
        resume = _document(folder / case.split / case.resume)
        posting = _document(folder / case.split / case.posting) if case.posting else None
        report = match_skills(resume, known[case.pathway], encoder, posting)
        skills += judged_skills(case, report)
        if posting is not None:
            demands += judged_demands(case, report)
    return skills, demands


def judged_skills(case: SkillCase, report: SkillReport) -> list[Judged]:
    of_guide = [match for match in report.skills if match.section is not Part.POSTING]
    strange = set(case.held) - {match.id for match in of_guide}
    if strange:
        raise CaseError(f"{case.id}: held: no such skill in {case.pathway}: {', '.join(sorted(strange))}.")
    return [
        Judged(
            case.id,
            case.split,
            case.pathway,
            Path(case.resume).suffix.lstrip("."),
            str(match.section),
            match.id,
            match.id in case.held,
            match.likely,
            match.held,
            match.resume_quote or case.held.get(match.id, ""),
        )
        for match in of_guide
    ]


def judged_demands(case: SkillCase, report: SkillReport) -> list[JudgedDemand]:
    """Each label with the demand that quotes the same part of the posting, each demand at most once."""
    said = [match for match in report.skills if match.section is Part.POSTING]
    taken: set[str] = set()
    found = []
    for gold in case.demands:
        same = [match for match in said if match.id not in taken and _same(gold, match)]
        best = max(same, key=lambda match: _alike(gold.name, match.name), default=None)
        if best:
            taken.add(best.id)
        found.append(JudgedDemand(case.id, case.split, gold.name, gold, best))
    extra = [match for match in said if match.id not in taken]
    return [*found, *(JudgedDemand(case.id, case.split, match.name, None, match) for match in extra)]


def _same(gold: GoldDemand, match: SkillMatch) -> bool:
    mine, theirs = " ".join(gold.quote.lower().split()), " ".join((match.posting_quote or "").lower().split())
    return mine in theirs or theirs in mine


def _alike(one: str, other: str) -> float:
    mine, theirs = set(one.lower().split()), set(other.lower().split())
    return len(mine & theirs) / len(mine | theirs)


def _document(file: Path) -> Document:
    try:
        return read_document(file.read_bytes(), file.name)
    except OSError as error:
        raise CaseError(f"{file}: cannot be read ({error.strerror}). Put the file beside its labels.") from error


# --- Figures ------------------------------------------------------------------------------------------------


def results(skills: Sequence[Judged], demands: Sequence[JudgedDemand], split: str) -> SkillResults:
    """All figures. Intervals are over cases."""
    slices: dict[str, list[Judged]] = {"all skills": list(skills)}
    for key in (lambda one: one.section, lambda one: f"({one.split} split)", lambda one: f"resumes as {one.kind}",
                lambda one: one.pathway):  # fmt: skip
        for name in sorted({key(one) for one in skills}):
            slices[name] = [one for one in skills if key(one) == name]
    by_skill = {name: [one for one in skills if one.skill == name] for name in dict.fromkeys(s.skill for s in skills)}
    both = [one for one in demands if one.gold and one.said]
    return SkillResults(
        split=split,
        threshold=evidence.weights().threshold,
        held=tuple(_scores(name, [(one.case, one.gold, one.said) for one in part]) for name, part in slices.items()),
        by_skill=tuple(
            _scores(name, [(one.case, one.gold, one.said) for one in part]) for name, part in by_skill.items()
        ),
        macro_f1=macro(skills),
        demands=(
            _scores("found", [(one.case, one.gold is not None, one.said is not None) for one in demands]),
            _scores("held", [(one.case, one.gold.held, one.said.held) for one in both if one.gold and one.said]),
            _covered(both),
        )
        if demands
        else (),
        misses=tuple(_misses(skills, demands)),
    )


def _scores(name: str, pairs: Sequence[tuple[str, bool, bool]]) -> Scores:
    """Of pairs of label and answer, each with its case."""
    counts: dict[str, list[int]] = {}
    for case, gold, said in pairs:
        found = counts.setdefault(case, [0, 0, 0])
        found[0] += gold and said
        found[1] += said
        found[2] += gold
    return Scores(
        name=name,
        n=len(counts),
        precision=_ratio([(right, said) for right, said, _ in counts.values()]),
        recall=_ratio([(right, gold) for right, _, gold in counts.values()]),
        f1=_ratio([(2 * right, said + gold) for right, said, gold in counts.values()]),
    )


def _covered(both: Sequence[JudgedDemand]) -> Scores:
    """Precision: of those that the coach says are covered, by the right skill; recall: of those that are."""
    counts: dict[str, list[int]] = {}
    for one in both:
        if one.gold is None or one.said is None:
            continue
        found = counts.setdefault(one.case, [0, 0, 0])
        found[0] += one.gold.covered_by is not None and one.gold.covered_by == one.said.covered_by
        found[1] += one.said.covered_by is not None
        found[2] += one.gold.covered_by is not None
    return Scores(
        name="covered",
        n=len(counts),
        precision=_ratio([(right, said) for right, said, _ in counts.values()]),
        recall=_ratio([(right, gold) for right, _, gold in counts.values()]),
        f1=_ratio([(2 * right, said + gold) for right, said, gold in counts.values()]),
    )


def _ratio(pairs: Iterable[tuple[int, int]]) -> Figure | None:
    measures = [Measure(part=part, whole=whole) for part, whole in pairs if whole]
    return figure(measures) if measures else None


def macro(skills: Sequence[Judged]) -> Figure | None:
    """Mean F1 over the skills that some resume shows, with an interval over cases; None where no skill is shown."""
    cases = list(dict.fromkeys(one.case for one in skills))
    names = list(dict.fromkeys(one.skill for one in skills if one.gold))
    if not names:
        return None
    right, both = np.zeros((len(cases), len(names))), np.zeros((len(cases), len(names)))
    for one in skills:
        if one.skill in names:
            at = cases.index(one.case), names.index(one.skill)
            right[at] += 2 * (one.gold and one.said)
            both[at] += one.gold + one.said
    drawn = np.random.default_rng(SEED).multinomial(len(cases), np.full(len(cases), 1 / len(cases)), size=RESAMPLES)
    sums, wholes = drawn @ right, drawn @ both
    # A skill that no drawn case shows or is said to show counts towards no mean, and a draw without any is none.
    counted = (wholes > 0).sum(axis=1)
    means = (sums / np.maximum(wholes, 1)).sum(axis=1)[counted > 0] / counted[counted > 0]
    low, high = np.percentile(means, (2.5, 97.5))
    value = float(np.mean(right.sum(axis=0) / np.maximum(both.sum(axis=0), 1)))
    return Figure(value=round(value, 6), low=round(float(low), 6), high=round(float(high), 6), n=len(cases))


def _misses(skills: Sequence[Judged], demands: Sequence[JudgedDemand]) -> Iterator[str]:
    for one in skills:
        if one.split == "dev" and one.gold != one.said:
            kind = "not seen" if one.gold else "wrongly held"
            yield f"{one.case} {one.skill}: {kind} ({one.likely:.2f}): {one.quote}"
    for found in demands:
        if found.split != "dev":
            continue
        if found.gold is None:
            yield f"{found.case} demand {found.name!r}: not in the labels"
        elif found.said is None:
            yield f"{found.case} demand {found.name!r}: not found"
        else:
            if found.gold.held != found.said.held:
                kind = "not seen" if found.gold.held else "wrongly held"
                yield f"{found.case} demand {found.name!r}: {kind} ({found.said.likely:.2f})"
            if found.gold.covered_by != found.said.covered_by:
                ours, theirs = found.said.covered_by, found.gold.covered_by
                yield f"{found.case} demand {found.name!r}: covered by {ours}, not {theirs}"


class Remembering:
    """An encoder that encodes every text once: a fit reads the same resumes several times."""

    def __init__(self, encoder: Encoder) -> None:
        self.digest = encoder.digest
        self.dimensions = encoder.dimensions
        self.max_word_pieces = encoder.max_word_pieces
        self._encoder = encoder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._encoder.encode(new), strict=True))
        found = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for at, text in enumerate(texts):
            found[at] = self._vectors[text]
        return found

    def count_word_pieces(self, text: str) -> int:
        return self._encoder.count_word_pieces(text)

    def word_pieces(self, text: str) -> tuple[str, ...]:
        return self._encoder.word_pieces(text)

    def intents(self, text: str) -> dict[str, float]:
        return self._encoder.intents(text)


# --- Running and printing -------------------------------------------------------------------------------------


def run(split: str, folder: Path = FOLDER, encoder: Encoder | None = None) -> SkillResults:
    """Load what is needed, judge every case, sum up."""
    cases = load_skill_cases(split, folder)
    encoder = encoder or load_encoder(load_settings())
    with corpora(encoder) as known:
        skills, demands = judge(cases, known, encoder, folder)
    return results(skills, demands, split)


def run_fit(encoder: Encoder, say: Callable[[str], None]) -> None:
    """Fit both sets of weights, choose the thresholds, write all to the coach's files."""
    owned, held_out = fit_ownership(encoder)
    write_ownership(owned)
    for line in in_words(held_out):
        say(line)
    with corpora(encoder) as known:
        cases = load_skill_cases("dev")
        fitted = fit(encoder, [_as_bags(case, known[case.pathway], encoder) for case in cases])
        gold = np.array([line.shows for line in fitted.labelled])
        shown = np.concatenate([_gold(case, known[case.pathway]) for case in cases])
        by_resumes = _f1_over(shown, np.concatenate(fitted.resumes_held_out))
        by_lines = _f1_over(gold, fitted.held_out)
        # Of lines half show their skill, of resumes a third: what counts is how it does on resumes of another writer.
        threshold = _best_threshold(0.75 * by_resumes + 0.25 * by_lines)
        write_weights(fitted, threshold, threshold)
        evidence.weights.cache_clear()
        _, demands = judge(cases, known, encoder)
    asked = [(one.gold.held, one.said.likely) for one in demands if one.gold and one.said]
    demand = _best_threshold(_f1_over(*(np.array(part) for part in zip(*asked, strict=True))))
    write_weights(fitted, threshold, demand)
    evidence.weights.cache_clear()
    at = int(np.argmin(abs(GRID - threshold)))
    say(f"threshold {threshold:.2f}, for demands {demand:.2f}")
    say(f"F1 held out: {by_resumes[at]:.3f} on development resumes, {by_lines[at]:.3f} on lines")
    others = 100 * (fitted.others_held_out >= threshold).mean()
    say(f"lines of other skills taken for evidence, held out: {others:.2f} %")
    for why in sorted({line.why for line in fitted.labelled}):
        for shows in (True, False):
            mine = np.array([line.why == why and line.shows == shows for line in fitted.labelled])
            if mine.any():
                share = 100 * (fitted.held_out[mine] >= threshold).mean()
                say(f"  {'shows' if shows else 'does not show'}, {why}: held {share:.0f} % of {mine.sum()}")


def _as_bags(case: SkillCase, corpus: Corpus, encoder: Encoder) -> Resume:
    clauses = read_clauses(_document(FOLDER / case.split / case.resume).lines)
    features = Features(evidence.subjects_of(corpus), encoder)
    return Resume(evidence.candidates(clauses, features), _gold(case, corpus), writer=case.id.partition("-")[0])


def _gold(case: SkillCase, corpus: Corpus) -> NDArray[np.bool_]:
    return np.array([subject.id in case.held for subject in evidence.subjects_of(corpus)], dtype=bool)


def _f1_over(gold: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """F1 at each threshold of the grid."""
    return np.array(
        [2 * (gold & (likely >= at)).sum() / max(1, gold.sum() + (likely >= at).sum()) for at in GRID], dtype=float
    )


def _best_threshold(f1: np.ndarray) -> float:
    smooth = [f1[max(0, at - SMOOTH) : at + SMOOTH + 1].mean() for at in range(len(f1))]
    # Of thresholds that do as well as each other, the one in the middle.
    best = np.flatnonzero(np.array(smooth) >= max(smooth) - 1e-9)
    return float(GRID[int(best[len(best) // 2])])


def write_weights(fitted: FittedWeights, threshold: float, demand_threshold: float) -> None:
    values = {name: round(float(weight), 4) for name, weight in zip(FEATURES, fitted.weights, strict=True)}
    found = {"threshold": threshold, "demand_threshold": demand_threshold, "bias": round(fitted.bias, 4)}
    body = {**found, "weights": values}
    evidence.WEIGHTS_FILE.write_text(f"{_HEADING}\n\n{yaml.safe_dump(body, sort_keys=False)}", encoding="utf-8")


_HEADING = """\
# How much each feature of coach/planning/evidence_features.py speaks for a line showing a skill, and from which
# probability a skill is held. Made by: python -m eval skills --fit"""


def show(found: SkillResults, console: Console) -> None:
    for title, rows in (("skills held", found.held), ("by skill", found.by_skill), ("demands", found.demands)):
        if not rows:
            continue
        table = Table(box=None, pad_edge=False)
        for name in (title, "resumes", "precision", "recall", "F1", "95 % interval"):
            table.add_column(name, justify="left" if name == title else "right", no_wrap=True)
        for row in rows:
            interval = f"{row.f1.low:.2f} to {row.f1.high:.2f}" if row.f1 else "-"
            cells = [f"{value.value:.3f}" if value else "-" for value in (row.precision, row.recall, row.f1)]
            table.add_row(row.name, str(row.n), *cells, interval)
        console.print(table)
        console.print()
    if found.macro_f1:
        shown = found.macro_f1
        console.print(f"Mean F1 over skills: {shown.value:.3f} ({shown.low:.2f} to {shown.high:.2f})")
    if found.misses:
        console.print("\nMissed, development split only:")
        for line in found.misses:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
