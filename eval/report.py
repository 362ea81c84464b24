"""The report of a run: one HTML file that a person reads, with nothing to fetch and nothing that must run.

Comes in: a ``RunRecord`` and the cases by id. Goes out: HTML as text. This module finds the figures and says them in
words; ``report.html.j2`` lays them out and ``plots`` draws. Everything that comes from a case or an answer is text on
the page and never markup: questions hold attempts to inject some. Failing cases of the test split are counted and never
shown: it is reported, never tuned on.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import assert_never

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coach.types import Status
from eval import plots
from eval.cases import Case, Nugget
from eval.compare import LOWER_IS_BETTER, paired_difference
from eval.intervals import figure as figure_of
from eval.records import CaseRecord, CheckRecord, Figure, JudgeRecord, Measure, Record, RunRecord, SystemRecord
from eval.targets import Outcome, Target, outcomes

LONGEST = 3000
"""Characters of one text that are shown; one case asks a question of a hundred thousand."""
REFUSALS = frozenset({Status.ABSTAINED, Status.OFF_TOPIC})
ALL = "all"
TEST = "(test split)"
DEV = "(dev split)"


class Metric(Record):
    """What a metric is called on the page, and what it means."""

    label: str
    meaning: str


METRICS = {
    "right": Metric(
        label="Answered rightly",
        meaning="The kind of answer fits, every vital fact is there, nothing forbidden is said and what is missing is "
        "named.",
    ),
    "vital_recall": Metric(label="Vital facts", meaning="Of the facts an answer must hold, those that it holds."),
    "okay_recall": Metric(
        label="Further facts", meaning="Of the facts that are good to have, those that the answer holds."
    ),
    "grounding": Metric(
        label="Figures and names backed",
        meaning="Numbers, amounts, names and addresses of a claim that stand in the sentences it cites.",
    ),
    "citation_validity": Metric(
        label="Citations valid",
        meaning="Citations whose passage was retrieved for the question and holds the quote at its place.",
    ),
    "citation_precision": Metric(
        label="Citations to the point", meaning="Citations that lead to a passage which answers the question."
    ),
    "citation_recall": Metric(
        label="Facts well cited", meaning="Claims with an expected fact that cite a passage which holds it."
    ),
    "abstention_precision": Metric(
        label="Refusals deserved", meaning="Of the refusals, those of questions that cannot be answered."
    ),
    "abstention_recall": Metric(
        label="Unanswerable refused", meaning="Questions that cannot be answered from the sources and are refused."
    ),
    "over_refusal": Metric(
        label="Answerable refused", meaning="Questions that can be answered and are refused all the same. Low is good."
    ),
    "missing_named": Metric(
        label="Gap named", meaning="Refusals and partial answers that say what the sources do not hold."
    ),
    "forbidden": Metric(label="Forbidden said", meaning="Statements that must not be made and are. Low is good."),
    "truthfulness": Metric(
        label="Truthfulness",
        meaning="Right counts 1, partly right a half, a needless refusal 0, wrong minus 1; from -100 to 100.",
    ),
    "recall@5": Metric(
        label="Recall at 5", meaning="Of the passages a good answer rests on, those among the first five retrieved."
    ),
    "ndcg@10": Metric(
        label="nDCG at 10", meaning="How near the ten first retrieved come to the best order there could be."
    ),
    "reciprocal_rank": Metric(
        label="Reciprocal rank", meaning="One over the rank of the first good passage: 100 where it always comes first."
    ),
    "paraphrase_worst": Metric(
        label="Worst wording", meaning="Vital facts held in the wording of a question that does worst."
    ),
    "paraphrase_stable": Metric(
        label="Same in every wording",
        meaning="Questions that get the same kind of answer, from a passage that answers them, however they are put.",
    ),
    "paraphrase_right": Metric(
        label="Other wordings, right", meaning="Paraphrases answered rightly, whatever becomes of the question itself."
    ),
    "paraphrase_recall": Metric(
        label="Other wordings, vital facts", meaning="Vital facts held where a question is put in other words."
    ),
    "vital_recall_in_turn": Metric(
        label="Follow-up, in its conversation",
        meaning="Vital facts held where the question leans on what was said before.",
    ),
    "vital_recall_standalone": Metric(
        label="The same, said in whole", meaning="Vital facts held where the same question is asked without a history."
    ),
    "injection_resistance": Metric(
        label="Injections not obeyed", meaning="Questions with orders hidden in them, where none is followed."
    ),
    "unsupported_shown": Metric(
        label="Unsupported claims shown",
        meaning="Of the claims shown, those that no sentence they cite supports, by the coach's own check; one that "
        "cites nothing is held against all that was retrieved. Low is good.",
    ),
    "model_failed": Metric(
        label="Model failed",
        meaning="Of the questions that the language model was asked, those where it sent no reply, or no repair. "
        "Low is good.",
    ),
}
"""In the order in which they are explained; a metric that is not here goes by its own name."""


PER_ANSWER = {
    "claims_shown": ("Claims shown, each answer", 1),
    "tokens": ("Tokens, each answer", 0),
    "first_token_seconds": ("Seconds to first words", 1),
    "checked_seconds": ("Seconds, checked answer", 1),
}
"""What is no share: what it is called, and with how many decimals it is said."""

WITH_MODEL = (
    "truthfulness",
    "right",
    "vital_recall",
    "claims_shown",
    "unsupported_shown",
    "abstention_recall",
    "abstention_precision",
    "over_refusal",
    "citation_precision",
    "citation_recall",
    "tokens",
    "first_token_seconds",
    "checked_seconds",
    "model_failed",
)
"""What a language model adds is told by these."""
MODEL_BY_SLICE = ("truthfulness", "unsupported_shown")
COMPOSED = "composed without a model"
"""What the coach is called beside a language model."""
MODEL_NOTES = (
    "The cases were asked as the question alone, without their paraphrases. Earlier turns were answered without a "
    "model. The model wrote one reply for “with passages” and “with passages and check”.",
    "An answer is right only if each of its claims cites a sentence that bears it out. A model alone cites nothing, so "
    "its answers are partly right at best.",
    "The check that strikes sentences out is the check that counts unsupported claims, so that none is shown after it "
    "by construction. Truthfulness, facts and citations are judged apart from it.",
)

BESIDE = ("right", "vital_recall", "truthfulness", "grounding", "abstention_recall", "over_refusal")
RETRIEVAL = ("recall@5", "ndcg@10", "reciprocal_rank")
ABSTENTION = ("abstention_recall", "abstention_precision", "over_refusal", "missing_named")
PARAPHRASES = ("paraphrase_right", "paraphrase_recall", "paraphrase_worst", "paraphrase_stable")
TURNS = ("vital_recall_in_turn", "vital_recall_standalone")

OUTCOMES = ("answered", "refused", "small talk", "no answer")
KINDS = ("can be answered", "cannot be answered", "small talk", "several are fair")
WORDINGS = (
    ("right in every wording", "good"),
    ("question right, another wording wrong", "half-good"),
    ("question wrong, another wording right", "half-bad"),
    ("wrong in every wording", "bad"),
)
FORMS = {"question": "As asked", "paraphrase": "In other words", "standalone": "Said in whole"}
UNITS: dict[str, str] = {
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "weeks": "weeks",
    "months": "months",
    "years": "years",
    "hours_per_week": "hours a week",
}
SIGNS = {"USD": "$", "GBP": "£", "EUR": "€"}


# --- What the template is given ------------------------------------------------------------------------


class Row(Record):
    """One line of a table that is a plot as well; ``values`` stand beside the points, one each."""

    label: str
    note: str
    plot: str
    values: tuple[str, ...]
    verdict: str = ""
    met: bool = False


class Cell(Record):
    """How many cases, and whether that is as it should be: ``good``, ``bad`` or neither."""

    n: int
    mark: str


class Failing(Record):
    """A case that is not right in every wording, with what was expected in words."""

    case: CaseRecord
    facts: tuple[tuple[str, str], ...]
    """``vital`` or ``good to have``, then the fact."""
    forbidden: tuple[str, ...]
    missing: tuple[str, ...]
    text: str
    """What a search looks at, in small letters."""


def render(record: RunRecord, cases: Mapping[str, Case]) -> str:
    """The report on ``record``, a complete HTML document.

    ``cases`` holds what was expected, by id; a failing case that is not among them is shown without.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    simple = simple_systems(record)
    environment.filters.update(percent=_percent, plural=_plural, cut=_cut, label=_label, day=_day, digest=_digest)
    coach = record.systems[0]
    group = headline_group(coach)
    failing = [case for case in coach.cases if fails(case)]
    shown = [_failing(case, cases.get(case.id)) for case in failing if not _hidden(case, cases.get(case.id))]
    return environment.get_template("report.html.j2").render(
        record=record,
        coach=coach,
        splits=sorted(Counter(case.split for case in coach.cases).items()),
        group=group,
        headline=headline(coach),
        verdict=verdict(record),
        aims=aims(coach),
        aim_groups=_aim_groups(coach),
        slices=slices(coach),
        simple=simple,
        beside=grouped(simple, BESIDE, group),
        leads=leads(simple),
        retrieval=grouped(simple, RETRIEVAL, group),
        with_model=with_model(record),
        model_rows=model_rows(record),
        model_slices=[(metric, model_slices(record, metric)) for metric in MODEL_BY_SLICE],
        model_notes=MODEL_NOTES,
        composed=COMPOSED,
        judged=judge_in_words(record.judge) if record.judge else (),
        confusion=confusion(coach.cases),
        outcomes=OUTCOMES,
        abstention=grouped([coach], ABSTENTION, group),
        near_miss=_figure(coach, "near_miss", "abstention_recall"),
        wordings=wordings(coach.cases),
        paraphrases=grouped([coach], PARAPHRASES, group),
        turns=grouped([coach], TURNS, ALL),
        checks=[(check, _check_rows(check)) for check in record.checks],
        columns=[name for name in METRICS if any(name in summary.figures for summary in coach.summaries)],
        failing=_by_slice(shown),
        n_shown=len(shown),
        n_hidden=len(failing) - len(shown),
        metrics=METRICS,
        forms=FORMS,
        shapes=[plots.shape(number) for number in range(max(len(record.systems), 2))],
        scale=plots.scale(("0", "25", "50", "75", "100")),
        lead_scale=plots.scale(("-100", "-50", "0", "50", "100")),
        longest=LONGEST,
    )


# --- In words ------------------------------------------------------------------------------------------


def headline_group(system: SystemRecord) -> str:
    """The summary that the report leads with: the test split where both were run, else all."""
    names = {summary.name for summary in system.summaries}
    return TEST if {TEST, DEV} <= names else ALL


def headline(system: SystemRecord) -> str:
    """One sentence: how many of a hundred questions are answered rightly."""
    group = headline_group(system)
    figure = _figure(system, group, "right")
    if figure is None:
        return "Nothing was asked that can be right or wrong."
    which = "questions that it was never tuned on" if group == TEST else "questions"
    return f"Of 100 {which}, the {system.name} answers {100 * figure.value:.0f} rightly."


def verdict(record: RunRecord) -> tuple[str, ...]:
    """What else there is to say in short: evidence, refusals, the simple systems, the aims, the checks."""
    coach, *others = simple_systems(record)
    group = headline_group(coach)
    return tuple(
        sentence
        for sentence in (
            _on_evidence(coach),
            _on_refusals(coach, group),
            _on_others(coach, others, group),
            _on_aims(coach),
            _on_checks(record.checks),
        )
        if sentence
    )


def _on_evidence(coach: SystemRecord) -> str:
    said = {
        "grounding": ("every figure and name is backed by what it cites", "of its figures and names are backed"),
        "citation_validity": ("every citation is genuine", "of its citations are valid"),
        "injection_resistance": ("no hidden order was followed", "of hidden orders were withstood"),
    }
    found = [
        whole if figure.value >= 1 else f"only {_percent(figure.value)} percent {part}"
        for metric, (whole, part) in said.items()
        if (figure := _figure(coach, ALL, metric))
    ]
    text = "; ".join(found)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _on_refusals(coach: SystemRecord, group: str) -> str:
    refused, wrongly = (_figure(coach, group, metric) for metric in ("abstention_recall", "over_refusal"))
    if refused is None or wrongly is None:
        return ""
    return (
        f"It refuses {_percent(refused.value)} percent of what the sources cannot answer, and "
        f"{_percent(wrongly.value)} percent of what they can."
    )


def _on_others(coach: SystemRecord, others: Sequence[SystemRecord], group: str) -> str:
    ours = _figure(coach, group, "right")
    theirs = [(figure.value, system.name) for system in others if (figure := _figure(system, group, "right"))]
    if ours is None or not theirs:
        return ""
    value, name = max(theirs)
    return f"The best of the simple systems, {name}, answers {_percent(value)} percent rightly."


def _on_aims(coach: SystemRecord) -> str:
    judged = [outcome for outcome in outcomes(coach) if outcome.met is not None]
    missed = [outcome.target.name for outcome in judged if not outcome.met]
    if not judged:
        return ""
    start = f"It reaches {len(judged) - len(missed)} of {len(judged)} aims"
    return f"{start}; still short: {', '.join(missed)}." if missed else f"{start}."


def _on_checks(checks: Sequence[CheckRecord]) -> str:
    broken = [f"{check.name} {check.passed} of {check.total}" for check in checks if check.passed < check.total]
    if not checks:
        return ""
    return f"Not every check passes: {', '.join(broken)}." if broken else "Every check beside the cases passes."


def fact(nugget: Nugget) -> str:
    """A nugget in words."""
    match nugget.kind:
        case "amount":
            return _within(_money(nugget.value, nugget.currency), nugget.tolerance, "%", 100)
        case "range":
            return _within(_range(nugget.low, nugget.high, nugget.unit), nugget.tolerance, "%", 100)
        case "percentage":
            return _within(f"{nugget.value:g} percent", nugget.tolerance, " points", 1)
        case "duration":
            return f"{nugget.value:g} {UNITS[nugget.unit]}"
        case "count":
            words = " or ".join(word.rstrip("*") for word in nugget.noun)
            return f"{nugget.value} ({words})" if words else str(nugget.value)
        case "name":
            return _either((nugget.value, *nugget.aliases))
        case "list":
            items = "; ".join(_either(names) for names in nugget.items)
            if nugget.ordered:
                return f"in this order: {items}"
            return f"all of: {items}" if nugget.at_least is None else f"at least {nugget.at_least} of: {items}"
        case "polarity":
            return f"{nugget.value}, about {' or '.join(nugget.about)}" if nugget.about else nugget.value
    assert_never(nugget)


def _within(text: str, tolerance: float, unit: str, factor: int) -> str:
    return f"{text}, give or take {tolerance * factor:g}{unit}" if tolerance else text


def _either(names: Sequence[str]) -> str:
    return names[0] + (f" (or {', '.join(names[1:])})" if names[1:] else "")


def _money(value: float, currency: str) -> str:
    return f"{SIGNS[currency]}{value:,.2f}".removesuffix(".00")


def _range(low: float, high: float, unit: str) -> str:
    if unit in SIGNS:
        return f"{_money(low, unit)} to {_money(high, unit)}"
    return f"{low:g} to {high:g} {UNITS.get(unit, unit)}"


# --- Plots and tables ----------------------------------------------------------------------------------


def _aim_groups(coach: SystemRecord) -> tuple[str, ...]:
    """The summaries shown for each aim: both splits where both were run, the test split first."""
    return (TEST, DEV) if headline_group(coach) == TEST else (ALL,)


def aims(coach: SystemRecord) -> list[Row]:
    """The bar: each target beside what was measured, left out where nothing was."""
    return [_aim_row(coach, outcome) for outcome in outcomes(coach) if outcome.met is not None]


def _aim_row(coach: SystemRecord, outcome: Outcome) -> Row:
    target = outcome.target
    figures = [(group, _target_figure(coach.cases, target, group)) for group in _aim_groups(coach)]
    bound = "at most" if target.at_most else "at least"
    row = _row(
        target.name[0].upper() + target.name[1:],
        f"aim: {bound} {_percent(target.bar)}" if target.bar < 1 else "aim: 100, in every case",
        figures,
        target=target.bar,
    )
    lead = next(figure for _, figure in figures if figure)
    narrowly = ", narrowly" if lead.low < target.bar < lead.high else ""
    return row.model_copy(update={"met": bool(outcome.met), "verdict": ("met" if outcome.met else "missed") + narrowly})


def _target_figure(cases: Sequence[CaseRecord], target: Target, group: str) -> Figure | None:
    """What a target is about, over the cases of a split or all; of two metrics the difference, paired over cases."""
    chosen = [case for case in cases if target.slice in (None, case.slice) and group in (ALL, f"({case.split} split)")]
    names = target.metric.split(" - ")
    found = [[case.measures[name] for name in names] for case in chosen if all(name in case.measures for name in names)]
    if not found:
        return None
    if len(names) == 1:
        return figure_of([measure for (measure,) in found])
    difference = paired_difference(group, target.metric, [(second, first) for first, second in found])
    assert difference is not None, "both metrics are in every case found"
    return Figure(value=difference.value, low=difference.low, high=difference.high, n=difference.n)


def slices(coach: SystemRecord) -> list[Row]:
    """How many are right in each slice, the best first."""
    found = [
        (summary.name, summary.figures["right"])
        for summary in coach.summaries
        if summary.name not in (ALL, TEST, DEV) and "right" in summary.figures
    ]
    found.sort(key=lambda one: (-one[1].value, one[0]))
    return [_row(_words(name), str(figure.n), [(name, figure)]) for name, figure in found]


def grouped(systems: Sequence[SystemRecord], metrics: Iterable[str], group: str) -> list[Row]:
    """For each metric the figures of every system under one another; metrics that none has are left out."""
    rows = []
    for metric in metrics:
        figures = [(system.name, _figure(system, group, metric)) for system in systems]
        if any(figure for _, figure in figures):
            note = "low is good" if metric in LOWER_IS_BETTER else ""
            if any(figure.low < 0 for _, figure in figures if figure):
                note = "below 0 stands at the edge"
            rows.append(_row(_label(metric), note, figures))
    return rows


def leads(systems: Sequence[SystemRecord]) -> list[Row]:
    """How far the first system leads each other one in cases answered rightly, paired over the cases of both."""
    coach, *others = systems
    rows = []
    for series, other in enumerate(others, start=1):
        theirs = {case.id: case for case in other.cases}
        pairs = [(_right(theirs[case.id]), _right(case)) for case in coach.cases if case.id in theirs]
        difference = paired_difference(ALL, "right", pairs)
        if difference:
            value, low, high = difference.value, difference.low, difference.high
            point = plots.Point(label=other.name, value=value, low=low, high=high, series=series)
            text = f"{100 * value:+.1f} {_span(low, high)}"
            title = f"{coach.name} minus {other.name}: {text} percentage points"
            plot = plots.strip([point], title=title, domain=(-1, 1))
            rows.append(Row(label=other.name, note=_plural(difference.n, "case"), plot=plot, values=(text,)))
    return rows


def confusion(cases: Sequence[CaseRecord]) -> list[tuple[str, int, list[Cell]]]:
    """What was expected against what came back: for each kind of question its cases, and a cell for each outcome."""
    counts: Counter[tuple[str, str]] = Counter()
    fair: Counter[tuple[str, str]] = Counter()
    for case in cases:
        if case.asked:
            outcome = _outcome(case.asked[0].status)
            counts[_kind(case.expected), outcome] += 1
            fair[_kind(case.expected), outcome] += outcome in map(_outcome, case.expected)
    rows = []
    for kind in KINDS:
        cells = []
        for outcome in OUTCOMES:
            n, good = counts[kind, outcome], fair[kind, outcome]
            cells.append(Cell(n=n, mark="good" if n and good == n else "bad" if n and not good else ""))
        if any(cell.n for cell in cells):
            rows.append((kind, sum(cell.n for cell in cells), cells))
    return rows


def wordings(cases: Sequence[CaseRecord]) -> tuple[str, list[tuple[str, int, str]]]:
    """A bar of the questions that were asked in several wordings, and its parts; no parts where there were none."""
    counts: Counter[str] = Counter()
    for case in cases:
        others = [not asked.problems for asked in case.asked if asked.form == "paraphrase"]
        if others:
            if case.right:
                counts[WORDINGS[0 if all(others) else 1][0]] += 1
            else:
                counts[WORDINGS[2 if any(others) else 3][0]] += 1
    parts = [(label, counts[label], style) for label, style in WORDINGS if counts]
    title = "; ".join(f"{label}: {n}" for label, n, _ in parts)
    return plots.bar(parts, title=title, height=22) if parts else "", parts


def _check_rows(check: CheckRecord) -> list[Row]:
    rows = [("in all", check.passed, check.total), *check.rows]
    return [_share_row(_words(name), passed, total) for name, passed, total in rows]


def _share_row(label: str, passed: int, total: int) -> Row:
    title = f"{label}: {passed} of {total} passed"
    plot = plots.bar([("passed", passed, "good"), ("not passed", total - passed, "bad")], title=title, height=10)
    return Row(label=label, note="", plot=plot, values=(f"{passed} of {total}",), met=passed == total)


def _row(label: str, note: str, figures: Sequence[tuple[str, Figure | None]], target: float | None = None) -> Row:
    """A row with a point for each figure that there is, in the series of its place."""
    there = [(series, name, figure) for series, (name, figure) in enumerate(figures) if figure]
    points = [
        plots.Point(label=name, value=figure.value, low=figure.low, high=figure.high, series=series)
        for series, name, figure in there
    ]
    values = tuple(_interval(figure) for _, _, figure in there)
    title = f"{label}: " + "; ".join(f"{point.label} {value}" for point, value in zip(points, values, strict=True))
    return Row(label=label, note=note, plot=plots.strip(points, title=title, target=target), values=values)


def _figure(system: SystemRecord, group: str, metric: str) -> Figure | None:
    return next((summary.figures.get(metric) for summary in system.summaries if summary.name == group), None)


def _right(case: CaseRecord) -> Measure:
    return Measure(part=float(case.right), whole=1.0)


def _kind(expected: Iterable[str]) -> str:
    statuses = set(expected)
    if statuses == {Status.ANSWERED}:
        return KINDS[0]
    if statuses <= REFUSALS:
        return KINDS[1]
    return KINDS[2] if statuses == {Status.CONVERSATIONAL} else KINDS[3]


def _outcome(status: str | None) -> str:
    if status is None:
        return OUTCOMES[3]
    if status in REFUSALS:
        return OUTCOMES[1]
    return OUTCOMES[0] if status == Status.ANSWERED else OUTCOMES[2]


# --- With a language model -----------------------------------------------------------------------------


def simple_systems(record: RunRecord) -> tuple[SystemRecord, ...]:
    """The coach and the systems without a language model."""
    of_model = record.model.systems if record.model else ()
    return tuple(system for system in record.systems if system.name not in of_model)


def with_model(record: RunRecord) -> tuple[SystemRecord, ...]:
    """The coach and the systems with a language model; none where none was asked."""
    if record.model is None:
        return ()
    return (record.systems[0], *(system for system in record.systems if system.name in record.model.systems))


def model_rows(record: RunRecord) -> list[tuple[str, tuple[str, ...]]]:
    """What each metric is called, and its figure with an interval for each system, over all cases."""
    systems = with_model(record)
    rows = []
    for metric in WITH_MODEL:
        found = [_figure(system, ALL, metric) for system in systems]
        if any(found):
            rows.append((_label(metric), tuple(amount(metric, figure) for figure in found)))
    return rows


def model_slices(record: RunRecord, metric: str) -> list[tuple[str, int, tuple[str, ...]]]:
    """Each slice with its cases and the metric of each system, without intervals: a slice has few cases."""
    systems = with_model(record)
    rows = []
    for summary in systems[0].summaries if systems else ():
        found = [_figure(system, summary.name, metric) for system in systems]
        cells = tuple("–" if figure is None else f"{100 * figure.value:.1f}" for figure in found)
        rows.append((_words(summary.name), summary.n, cells))
    return rows


def amount(metric: str, figure: Figure | None) -> str:
    """A figure with its interval: a share in percent, anything else as it is.

    >>> amount("tokens", Figure(value=812.4, low=700.2, high=900.0, n=4))
    '812 [700, 900]'
    """
    if figure is None:
        return "–"
    if metric in PER_ANSWER:
        decimals = PER_ANSWER[metric][1]
        value, low, high = (f"{number:.{decimals}f}" for number in (figure.value, figure.low, figure.high))
        return f"{value} [{low}, {high}]"
    return f"{100 * figure.value:.1f} [{100 * figure.low:.0f}, {100 * figure.high:.0f}]"


def judge_in_words(judge: JudgeRecord) -> tuple[str, ...]:
    """What a model found as judge, and what of it could not be used."""
    compared = len(judge.judged)
    said = [
        f"{judge.name} ({judge.place}) judged {_plural(judge.cases, 'answer')} of “{judge.system}”. "
        f"{_plural(judge.verdicts, 'verdict')} could be read, {judge.unparsable} could not; {judge.unmatched} are "
        f"about no sentence of the answer; {judge.unjudged} of {_plural(judge.sentences, 'sentence')} got none; "
        f"it failed on {_plural(judge.failed, 'answer')}."
    ]
    if judge.agreement is None:
        return (*said, "No sentence was judged by both.")
    both, only_judge, only_ours, neither = (
        sum(one.judge is judge_says and one.ours is ours for one in judge.judged)
        for judge_says, ours in ((True, True), (True, False), (False, True), (False, False))
    )
    beyond = "not defined, as one of the two always says the same" if judge.kappa is None else f"{judge.kappa:.2f}"
    return (
        *said,
        f"Agreement with our check on {_plural(compared, 'sentence')}: {amount('agreement', judge.agreement)} percent, "
        f"Cohen's kappa {beyond}.",
        f"Supported by both {both}, by the judge alone {only_judge}, by our check alone {only_ours}, by neither "
        f"{neither}.",
    )


# --- Failing cases -------------------------------------------------------------------------------------


def fails(case: CaseRecord) -> bool:
    """Whether the question, or the same in other words, was not answered rightly."""
    return not case.right or any(asked.problems for asked in case.asked)


def _hidden(case: CaseRecord, known: Case | None) -> bool:
    """A case is shown only where nothing says that it is of the test split."""
    return case.split != "dev" or (known is not None and known.split != "dev")


def _by_slice(failing: Sequence[Failing]) -> list[tuple[str, list[Failing]]]:
    names = sorted({one.case.slice for one in failing})
    return [(name, [one for one in failing if one.case.slice == name]) for name in names]


def _failing(case: CaseRecord, known: Case | None) -> Failing:
    facts = known.nuggets if known else ()
    words = [case.id, _words(case.slice), *(text for asked in case.asked for text in (asked.question, asked.text))]
    return Failing(
        case=case,
        facts=tuple(("vital" if nugget.vital else "good to have", fact(nugget)) for nugget in facts),
        forbidden=tuple(str(item) for item in known.forbidden) if known else (),
        missing=known.missing if known else (),
        text=" ".join(words).casefold()[:LONGEST],
    )


# --- Filters -------------------------------------------------------------------------------------------


def _visible(value: object) -> object:
    """Signs that cannot be seen, by number: they hide text or turn its direction. Markup stays as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "".join(
        f"[U+{ord(sign):04X}]" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign not in "\n\t" else sign
        for sign in value
    )


def _cut(text: str) -> str:
    """The beginning of a long text, and how much is left out.

    >>> len(_cut("x" * 10_000)), _cut("short")
    (3026, 'short')
    """
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST:,} more characters)"


def _percent(share: float) -> str:
    """
    >>> _percent(1.0), _percent(0.875)
    ('100', '87.5')
    """
    return f"{100 * share:.1f}".removesuffix(".0")


def _interval(figure: Figure) -> str:
    return f"{100 * figure.value:.1f} {_span(figure.low, figure.high)}"


def _span(low: float, high: float) -> str:
    """The ends of an interval in whole percent.

    >>> _span(0.72, 0.853), _span(-0.1, 0.2)
    ('72–85', '-10 to 20')
    """
    return f"{100 * low:.0f} to {100 * high:.0f}" if low < 0 else f"{100 * low:.0f}–{100 * high:.0f}"


def _plural(n: int, noun: str) -> str:
    """
    >>> _plural(1, "case"), _plural(1200, "case")
    ('1 case', '1,200 cases')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _label(metric: str) -> str:
    if metric in PER_ANSWER:
        return PER_ANSWER[metric][0]
    return METRICS[metric].label if metric in METRICS else _words(metric)


def _words(name: str) -> str:
    """A name of the data as words: ``near_miss`` is "near miss"."""
    return name.replace("_", " ")


def _day(date: str) -> str:
    """A time in ISO 8601 to the minute; anything else as it is.

    >>> _day("2026-01-02T03:04:05+00:00"), _day("2026-01-02"), _day("yesterday")
    ('2026-01-02, 03:04 UTC', '2026-01-02', 'yesterday')
    """
    try:
        time = datetime.fromisoformat(date)
    except ValueError:
        return date
    return time.strftime("%Y-%m-%d, %H:%M %Z").rstrip() if "T" in date else date


def _digest(text: str) -> str:
    """The SHA-256 of a style or script as the page's security policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
