"""Does the coach say what its files say? Change figures in a copy of the knowledge, ask again, and see them followed.

Comes in: a knowledge folder. Goes out: a ``CheckRecord``. The figures of the copy (weeks, months, percentages, pay,
counts, and the hours and prices of resources) are changed at once to values that stand nowhere else, in the same
order as before, so that ranges and percentiles stay sound; the index of the unchanged copy is then brought up to
date, as after any edit. Questions are those that the facts themselves say they answer. A figure whose question does
not bring it up before the change is left out and counted. What is computed from changed figures has to follow as well.
"""

from __future__ import annotations

import csv
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from coach.knowledge.corpus import Corpus
from coach.knowledge.tables import (
    NOT_RELEASED,
    OUTLOOKS,
    SURVEY,
    SURVEY_PERCENTILES,
    WAGE_PERCENTILES,
    WAGES,
)
from coach.pipeline import Coach
from coach.retrieval.encoder import Encoder, load_encoder
from coach.settings import REPOSITORY, Settings, load_settings
from coach.types import Answer, Claim, Fact, Origin, Passage, Status
from eval.arithmetic import holds_true
from eval.quantities import BARE, plain, quantities
from eval.records import CheckRecord
from eval.running import corpora

SEED = 20261
LEAST = 40
"""Figures that the check must reach; each that is lacking counts as not passed."""

FACTS_TRIED, KEYS_TRIED = 3, 3
"""How many facts, and questions of each, are tried before a figure counts as one that no question leads to."""

Open = Callable[[Settings, Encoder], Coach]
Place = tuple[str | int, ...]
"""Keys and indices that lead to a value in a file: ``("skills", 2, "weeks")``, ``(17, "median_annual")``."""

_PATHWAY_UNITS = {
    "source.headline_months": "months",
    "timeline.low": "months",
    "timeline.high": "months",
    "salary_change.low": "percent",
    "salary_change.high": "percent",
    "pay.low": "money",
    "pay.high": "money",
    "skills.weeks": "weeks",
    "phases.weeks": "weeks",
}
"""Not the days of an action plan, which its name states as well ("Next 90 Days")."""
_RESOURCE_PHRASES = ("cost", "duration")
"""Fields of a resource whose figures are changed; the same figure elsewhere in its entry follows."""

_COLUMN_UNITS = {
    WAGES: {"employment": BARE, "mean_annual": "USD"} | dict.fromkeys(WAGE_PERCENTILES, "USD"),
    OUTLOOKS: {
        "employment_2024": BARE,
        "projected_2034": BARE,
        "change_pct": "percent",
        "change_numeric": BARE,
        "annual_openings": BARE,
    },
    SURVEY: {"n": BARE} | dict.fromkeys(SURVEY_PERCENTILES, "USD"),
}

_POOLS = {
    "weeks": range(61, 400),
    "months": range(61, 120),
    "percent": range(111, 400),
    "hours": range(401, 1000),
    "minutes": range(401, 1000),
    BARE: range(11_111, 9_999_999, 7),
}
"""Improbable values by unit, within what the typed files allow."""
_MONEY = range(31_001, 399_999, 7)
"""Pay and prices alike."""

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_WRITTEN = re.compile(
    rf"(?<![\w.,$£€-])(?P<sign>[$£€]?)(?P<low>{_NUMBER})(?:(?P<link> to | and |-)[$£€]?(?P<high>{_NUMBER}))?"
    r"(?:[ -]?(?P<unit>%|(?:percent|hour|minute|week|month)s?\b))?(?!\w|[,.]\d)(?! an? week)"
)
_RESULT = re.compile(rf"=\s*[-+]?[$£€]?({_NUMBER})")
_SIGNS = {"$": "USD", "£": "GBP", "€": "EUR"}


class Figure(NamedTuple):
    """A number in a file of the knowledge, in the unit of ``eval.quantities``, and what it is changed to."""

    file: str
    place: Place
    unit: str
    old: float
    new: float = 0.0

    def __str__(self) -> str:
        where = ".".join(str(part) for part in self.place)
        return f"{self.file}: {where}: {self.old:g} {self.unit} changed to {self.new:g}"


@dataclass(frozen=True)
class Probe:
    """Questions that should bring up one figure, the likeliest first."""

    figure: Figure
    pathway: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class DerivedProbe:
    """Questions that should bring up one formula, whose numbers change with the figures."""

    pathway: str
    questions: tuple[str, ...]
    old: str
    new: str


Answers = Callable[[str, str], Answer]
"""Question, slug of the pathway."""


def run(
    data_dir: Path | None = None,
    *,
    knowledge_dir: Path | None = None,
    sample: int = 80,
    derived: int = 20,
    seed: int = SEED,
    encoder: Encoder | None = None,
    open_coach: Open | None = None,
    least: int = LEAST,
) -> CheckRecord:
    """How many changed figures the answers follow.

    ``data_dir`` keeps copy and index, in folders of their own (None: a temporary one); ``knowledge_dir`` is what is
    copied (None: the shipped one); ``sample`` bounds the figures asked for and ``derived`` the formulas. ``encoder``
    and ``open_coach`` replace the real ones.
    """
    with tempfile.TemporaryDirectory(prefix="coach-counterfactual-") as temporary:
        home = (data_dir or Path(temporary)) / "counterfactual"
        copy = home / "knowledge"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(knowledge_dir or REPOSITORY / "knowledge", copy)
        settings = load_settings(data_dir=home / "data", knowledge_dir=copy)
        encoder = encoder or load_encoder(settings)
        opened: Open = open_coach or (lambda at, with_: Coach(at, encoder=with_))

        before = corpora(settings, encoder)
        unchanged = opened(settings, encoder)
        ask = _asking(unchanged, before)
        rng = random.Random(seed)  # noqa: S311 - seeded so that a run repeats
        plan = changed_figures(copy, rng)
        edited = home / "edited"
        shutil.rmtree(edited, ignore_errors=True)
        shutil.copytree(copy, edited)
        rewrite(edited, plan)
        after = corpora(settings.model_copy(update={"knowledge_dir": edited}), encoder)

        probes, tried = _usable(probes_of(plan, before, after, rng), sample, ask)
        formulas, formulas_tried = _usable_formulas(derived_probes(plan, before, after), derived, ask)

        shutil.rmtree(copy)
        edited.rename(copy)  # the same folder, edited: what a person does between two starts
        ask_again = _asking(opened(settings, encoder), after)
        return _record(probes, tried, formulas, formulas_tried, plan, ask_again, least)


def _record(
    probes: Sequence[Probe],
    tried: int,
    formulas: Sequence[DerivedProbe],
    formulas_tried: int,
    plan: Sequence[Figure],
    ask: Answers,
    least: int,
) -> CheckRecord:
    failures: list[str] = []
    by_file: dict[str, list[bool]] = {}
    for probe in probes:
        problem = follows(ask(probe.questions[0], probe.pathway), probe.figure)
        by_file.setdefault(probe.figure.file, []).append(problem is None)
        if problem:
            failures.append(f"{probe.questions[0]!r}: {problem} ({probe.figure})")
    followed = 0
    new = {abs(figure.new) for figure in plan}
    for formula in formulas:
        problem = formula_follows(ask(formula.questions[0], formula.pathway), formula, new)
        followed += problem is None
        if problem:
            failures.append(f"{formula.questions[0]!r}: {problem}")
    passed = sum(sum(results) for results in by_file.values())
    if len(probes) < least:
        failures.append(f"{len(probes)} figures have a question that leads to them, at least {least} wanted")
    rows = [(file, sum(results), len(results)) for file, results in sorted(by_file.items())]
    rows.append(("derived", followed, len(formulas)))
    return CheckRecord(
        name="counterfactual",
        passed=passed,
        total=max(len(probes), least, 1),
        about=(
            f"Of {len(plan)} figures changed in a copy of the knowledge, those asked for whose answer then holds the "
            f"new figure and not the old one. A question led to {len(probes)} of {tried} figures tried and to "
            f"{len(formulas)} of {formulas_tried} formulas; the others cannot be asked for and count neither way."
        ),
        rows=tuple(rows),
        failures=tuple(failures),
    )


def _asking(coach: Coach, corpora: Mapping[str, Corpus]) -> Answers:
    for slug in corpora:
        coach.warm_up(pathway=slug)  # bring every index up to date now, while the files are as they are
    return lambda question, pathway: coach.ask(question, pathway=pathway)


# --- Which figures, and what they become --------------------------------------------------------------------


def changed_figures(knowledge_dir: Path, rng: random.Random) -> tuple[Figure, ...]:
    """Every typed figure of the folder with its new value: distinct, found in no file, in the order of the old ones.

    Raises ValueError where a unit has more figures than there are improbable values for it.
    """
    figures = [figure for file in _files(knowledge_dir) for figure in _figures(knowledge_dir, file)]
    taken = {
        float(number.replace(",", ""))
        for file in _files(knowledge_dir)
        for number in re.findall(_NUMBER, (knowledge_dir / file).read_text(encoding="utf-8"))
    }
    changed: list[Figure] = []
    for unit in dict.fromkeys(figure.unit for figure in figures):
        free = [value for value in _POOLS.get(unit, _MONEY) if value not in taken and value % 10]
        for sign in (1, -1):
            same = sorted((f for f in figures if f.unit == unit and (f.old < 0) == (sign < 0)), key=lambda f: f.old)
            if len(same) > len(free):
                raise ValueError(f"{unit}: expected at most {len(free)} figures, got {len(same)}")
            values = sorted(sign * value for value in rng.sample(free, len(same)))
            free = sorted(set(free) - {abs(value) for value in values})
            changed += [figure._replace(new=float(value)) for figure, value in zip(same, values, strict=True)]
    return tuple(sorted(changed, key=lambda f: (f.file, [str(part) for part in f.place])))


def rewrite(knowledge_dir: Path, figures: Sequence[Figure]) -> None:
    """Put the new values in place, in the files.

    Prose of the same file that states a changed figure follows it. Where it could mean several, it follows none of
    them but still says something else: the first one's new value, as no old figure may be left.
    """
    for file in _files(knowledge_dir):
        here = [figure for figure in figures if figure.file == file]
        path = knowledge_dir / file
        if path.suffix == ".csv":
            _rewrite_table(path, {figure.place: figure for figure in here})
        else:
            data = _rewritten(_yaml(path), (), _Prose(figures))
            for figure in here:
                _put(data, figure)
            path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")


def _files(knowledge_dir: Path) -> list[str]:
    paths = [*knowledge_dir.glob("pathways/*.yaml"), *knowledge_dir.glob("resources*.yaml")]
    paths += [path for name in _COLUMN_UNITS if (path := knowledge_dir / "market" / name).is_file()]
    return sorted(path.relative_to(knowledge_dir).as_posix() for path in paths)


def _figures(knowledge_dir: Path, file: str) -> Iterator[Figure]:
    path = knowledge_dir / file
    if path.suffix == ".csv":
        units = _COLUMN_UNITS[path.name]
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for line, row in enumerate(csv.DictReader(stream)):
                for column, unit in units.items():
                    if row[column] not in ("", NOT_RELEASED):
                        yield Figure(file, (line, column), unit, float(row[column]))
    elif path.parent.name == "pathways":
        data = _yaml(path)
        for place, value in _leaves(data, ()):
            kind = _PATHWAY_UNITS.get(".".join(part for part in place if isinstance(part, str)))
            if kind and isinstance(value, int | float):
                unit = str(data.get("currency", "USD")) if kind == "money" else kind
                yield Figure(file, place, unit, float(value))
    else:
        for place, value in _leaves(_yaml(path), ()):
            if place[-1] in _RESOURCE_PHRASES and isinstance(value, str):
                for at, (unit, number) in enumerate(dict.fromkeys(_written(value))):
                    yield Figure(file, (*place, at), unit, number)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _leaves(data: object, place: Place) -> Iterator[tuple[Place, object]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*place, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from _leaves(value, (*place, at))
    else:
        yield place, data


def _written(text: str) -> Iterator[tuple[str, float]]:
    """Unit and value of the numbers of a text that name their unit."""
    for match in _WRITTEN.finditer(text):
        unit = _unit(match)
        if unit is not None:
            yield from ((unit, _value(match[end])) for end in ("low", "high") if match[end])


def _unit(match: re.Match[str]) -> str | None:
    if match["sign"]:
        return _SIGNS[match["sign"]]
    if not match["unit"]:
        return None
    return "percent" if match["unit"] in ("%", "percent", "percents") else match["unit"].rstrip("s") + "s"


def _value(number: str) -> float:
    return float(number.replace(",", ""))


class _Prose:
    """What a number in a text becomes: by its place first (a resource has figures of its own), then by its value."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._typed: dict[tuple[str, float], float] = {}
        self._own: dict[Place, dict[tuple[str, float], float]] = {}
        for figure in figures:
            if figure.place and figure.place[0] == "resources":
                self._own.setdefault(figure.place[:2], {}).setdefault((figure.unit, figure.old), figure.new)
            elif figure.file.startswith("pathways/"):
                self._typed.setdefault((figure.unit, figure.old), figure.new)

    def rewritten(self, text: str, place: Place) -> str:
        known = self._typed | self._own.get(place[:2], {})

        def changed(match: re.Match[str]) -> str:
            written, unit = str(match[0]), _unit(match)
            for end in ("high", "low"):  # from behind, so that offsets hold
                new = known.get((unit or "", _value(match[end]))) if match[end] else None
                if new is not None:
                    start, stop = match.start(end) - match.start(), match.end(end) - match.start()
                    written = f"{written[:start]}{new:,.0f}{written[stop:]}"
            return written

        return _WRITTEN.sub(changed, text)


def _rewritten(data: Any, place: Place, prose: _Prose) -> Any:
    if isinstance(data, dict):
        return {key: _rewritten(value, (*place, key), prose) for key, value in data.items()}
    if isinstance(data, list):
        return [_rewritten(value, (*place, at), prose) for at, value in enumerate(data)]
    links = isinstance(data, str) and re.match(r"https?://", data)
    return prose.rewritten(data, place) if isinstance(data, str) and not links else data


def _put(data: Any, figure: Figure) -> None:
    """Set a typed number; a phrase has been rewritten with the prose."""
    *way, last = figure.place
    for part in way:
        data = data[part]
    if isinstance(data, dict):
        data[last] = int(figure.new) if figure.new.is_integer() else figure.new


def _rewrite_table(path: Path, figures: Mapping[Place, Figure]) -> None:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    for (line, column), figure in figures.items():
        assert isinstance(line, int) and isinstance(column, str)
        rows[line][column] = f"{figure.new:.0f}"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# --- Which questions lead to them ------------------------------------------------------------------------------


def probes_of(
    figures: Sequence[Figure], before: Mapping[str, Corpus], after: Mapping[str, Corpus], rng: random.Random
) -> tuple[Probe, ...]:
    """For each figure that a fact tells, the questions of that fact; figures of pathways and resources come first.

    A fact tells a figure when its sentences hold the old value before and, as nothing else does, the new one after.
    """
    facts: dict[tuple[str, float], list[tuple[str, Passage, Fact]]] = {}
    for slug, corpus in after.items():
        earlier = _facts(before[slug])
        for key, (passage, fact) in _facts(corpus).items():
            if key not in earlier:
                continue
            old = _told(*earlier[key])
            for unit, value in _told(passage, fact) - old:
                facts.setdefault((unit, value), []).append((slug, *earlier[key]))
    probes: list[Probe] = []
    for figure in figures:
        telling = [
            entry
            for entry in facts.get((figure.unit, abs(figure.new)), ())
            if (figure.unit, abs(figure.old)) in _told(*entry[1:])
        ]
        telling.sort(key=lambda entry: _indirectness(entry[1], entry[2], figure))
        questions = [
            question
            for _, _, fact in telling[:FACTS_TRIED]
            for question in [key for key in fact.questions if not _gives_away(key, figure)][:KEYS_TRIED]
        ]
        if questions:
            probes.append(Probe(figure, telling[0][0], tuple(dict.fromkeys(questions))))
    rng.shuffle(probes)
    return tuple(sorted(probes, key=lambda probe: probe.figure.file.startswith("market/")))


def _facts(corpus: Corpus) -> dict[tuple[object, ...], tuple[Passage, Fact]]:
    """The facts of a corpus by what stays the same when figures change."""
    found: dict[tuple[object, ...], tuple[Passage, Fact]] = {}
    for passage in corpus.passages:
        for fact in passage.facts:
            key: tuple[object, ...] = (passage.id, fact.facet, fact.entities, len(fact.sentences))
            found.setdefault(key, (passage, fact))
    return found


def _told(passage: Passage, fact: Fact) -> set[tuple[str, float]]:
    return _stated(passage.sentences[at].text for at in fact.sentences)


def _stated(texts: Iterable[str]) -> set[tuple[str, float]]:
    """Unit and size of every number that the texts state, signs left off."""
    return {
        (quantity.unit, abs(value))
        for text in texts
        for quantity in quantities(plain(text))
        for value in (quantity.low, quantity.high)
    }


def _indirectness(passage: Passage, fact: Fact, figure: Figure) -> tuple[bool, bool, bool, int]:
    """Sorts facts: stated before derived, about this figure before mentioning it, short before long."""
    computed = any(passage.sentences[at].formula for at in fact.sentences)
    about = fact.value is not None and abs(figure.old) in (abs(fact.value.low), abs(fact.value.high or 0.0))
    return passage.origin is Origin.DERIVED, computed, not about, len(fact.sentences)


def _gives_away(question: str, figure: Figure) -> bool:
    """Whether a question states the figure itself, as a fact's own sentence does."""
    return any(abs(figure.old) == value for _, value in _stated([question]))


def _usable(probes: Sequence[Probe], sample: int, ask: Answers) -> tuple[list[Probe], int]:
    """Up to ``sample`` probes, each with the one question that brings its figure up; and how many were tried."""
    from_files = [probe for probe in probes if not probe.figure.file.startswith("market/")]
    from_market = [probe for probe in probes if probe.figure.file.startswith("market/")]
    found: list[Probe] = []
    tried = 0
    # At most two thirds from the pages, so that the tables are asked about too.
    for group, limit in ((from_files, sample * 2 // 3), (from_market, sample)):
        for probe in group:
            if len(found) >= limit:
                break
            tried += 1
            right = next((q for q in probe.questions if _brings_up(ask(q, probe.pathway), probe.figure)), None)
            if right is not None:
                found.append(replace(probe, questions=(right,)))
    return found, tried


def _brings_up(answer: Answer, figure: Figure) -> bool:
    return answer.status is Status.ANSWERED and (figure.unit, abs(figure.old)) in _stated(_said(answer))


def _said(answer: Answer) -> list[str]:
    return [claim.text for claim in answer.claims] or [answer.text]


def follows(answer: Answer, figure: Figure) -> str | None:
    """Why the answer does not follow the changed figure; None when it does."""
    stated = _stated(_said(answer))
    if (figure.unit, abs(figure.old)) in stated:
        return "the old figure is still said"
    if (figure.unit, abs(figure.new)) not in stated:
        return f"the new figure is not said ({answer.status})"
    return None


# --- Figures that follow from others ------------------------------------------------------------------------------


def derived_probes(
    figures: Sequence[Figure], before: Mapping[str, Corpus], after: Mapping[str, Corpus]
) -> tuple[DerivedProbe, ...]:
    """Facts whose sentence carries an equation that the change changes, with their questions."""
    new = {abs(figure.new) for figure in figures}
    found: dict[str, DerivedProbe] = {}
    for slug, corpus in after.items():
        earlier = _facts(before[slug])
        for key, (passage, fact) in _facts(corpus).items():
            if key not in earlier:
                continue
            old_passage, old_fact = earlier[key]
            for at, at_before in zip(fact.sentences, old_fact.sentences, strict=True):
                formula, old = passage.sentences[at].formula, old_passage.sentences[at_before].formula
                if not formula or not old or formula == old or not _RESULT.search(formula):
                    continue
                questions = [q for q in old_fact.questions if not any(char.isdigit() for char in q)][:KEYS_TRIED]
                if questions and new & _numbers(formula):
                    found.setdefault(old, DerivedProbe(slug, tuple(questions), old, formula))
    return tuple(found.values())


def _usable_formulas(
    probes: Sequence[DerivedProbe], limit: int, ask: Answers
) -> tuple[list[DerivedProbe], int]:
    found: list[DerivedProbe] = []
    tried = 0
    for probe in probes:
        if len(found) >= limit:
            break
        tried += 1
        for question in probe.questions:
            if any(_works_out(claim, probe.old) for claim in ask(question, probe.pathway).claims):
                found.append(replace(probe, questions=(question,)))
                break
    return found, tried


def _works_out(claim: Claim, formula: str) -> bool:
    return claim.formula is not None and formula in claim.formula


def formula_follows(answer: Answer, probe: DerivedProbe, new: set[float]) -> str | None:
    """Why the answer does not follow; None where it works out with changed figures, rightly, and says the result."""
    if any(_works_out(claim, probe.old) for claim in answer.claims):
        return f"the old formula is still worked out: {probe.old}"
    worked = [
        claim
        for claim in answer.claims
        if claim.formula and _RESULT.search(claim.formula) and new & _numbers(claim.formula)
    ]
    if not worked:
        return f"no formula holds a changed figure, expected {probe.new}"
    for claim in worked:
        formula = claim.formula or ""
        untrue = [part for part in formula.split(";") if not holds_true(part)]
        if untrue:
            return f"it does not add up: {untrue[0].strip()}"
        if not _results(formula) & {value for _, value in _stated([claim.text])}:
            return f"the result of {formula} is not said in {claim.text!r}"
    return None


def _results(formula: str) -> set[float]:
    """What its equations come to, without sign; the text after an equation may round it, which counts as well.

    >>> sorted(_results("4 + 6 = 10 weeks; 10 / 4.35 = 2.3, about 2"))
    [2.0, 2.3, 10.0]
    """
    found = {_value(number) for number in _RESULT.findall(formula)}
    return found | {float(round(value)) for value in found}


def _numbers(text: str) -> set[float]:
    return {_value(number) for number in re.findall(_NUMBER, text)}
