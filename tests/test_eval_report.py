"""What is made of a run: the report is one page that fetches and leaks nothing, the comparison pairs cases, and the
gate breaks for each thing that must not happen and for nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from eval import compare, gate, plots
from eval.cases import Case, Split, split_of
from eval.compare import RecordError, read_record
from eval.intervals import summaries
from eval.records import (
    Asked,
    CaseRecord,
    CheckRecord,
    Measure,
    RunRecord,
    SpokenCitation,
    SpokenClaim,
    SystemRecord,
)
from eval.report import fact, render

HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\"'&\u202e ![x](http://evil.example)"
MARK = "this answer is of the"


def ids(split: Split, n: int) -> list[str]:
    """``n`` ids that belong to ``split``."""
    found: list[str] = []
    number = 0
    while len(found) < n:
        name = f"case-{number}"
        number += 1
        if split_of(name) == split:
            found.append(name)
    return found


def case_record(
    name: str,
    right: bool = True,
    *,
    slice_name: str = "pay",
    question: str = "What is the pay?",
    measures: Mapping[str, tuple[float, float]] | None = None,
    paraphrase_right: bool | None = None,
) -> CaseRecord:
    """A case that was answered, rightly or without its only vital fact."""
    of_all = {"right": (float(right), 1.0), "grounding": (2.0, 2.0), "vital_recall": (float(right), 1.0)}
    found = {**of_all, **(measures or {})}
    claim = SpokenClaim(
        text=f"Claim: {HOSTILE}",
        support="quoted",
        citations=(SpokenCitation(marker=1, passage_id="page#pay", quote=f"Quote: {HOSTILE}"),),
    )

    def asked(form: str, ok: bool) -> Asked:
        return Asked.model_validate(
            {
                "form": form,
                "question": question,
                "history": ("And before?",),
                "status": "answered",
                "text": f"{MARK} {split_of(name)} split {HOSTILE} {'rightly' if ok else 'wrongly'}",
                "claims": (claim,),
                "problems": () if ok else (f"dropped: {HOSTILE}",),
            }
        )

    others = () if paraphrase_right is None else (asked("paraphrase", paraphrase_right),)
    return CaseRecord(
        id=name,
        split=split_of(name),
        slice=slice_name,
        pathway="a-to-b",
        expected=("answered",),
        right=right,
        measures={metric: Measure(part=part, whole=whole) for metric, (part, whole) in found.items()},
        asked=(asked("question", right), *others),
    )


def run_record(
    cases: Sequence[CaseRecord],
    *,
    checks: Sequence[CheckRecord] = (),
    others: Sequence[SystemRecord] = (),
    settings: Mapping[str, str] | None = None,
) -> RunRecord:
    coach = SystemRecord(name="coach", about="As shipped.", summaries=summaries(cases), cases=tuple(cases))
    return RunRecord(
        date="2026-01-02",
        split="all",
        settings=dict(settings or {}),
        knowledge={"a-to-b": "f00d"},
        systems=(coach, *others),
        checks=tuple(checks),
    )


def case(name: str, question: str = "What is the pay?") -> Case:
    return Case.model_validate(
        {
            "id": name,
            "split": split_of(name),
            "slice": "pay",
            "pathway": "a-to-b",
            "question": question,
            "nuggets": [{"kind": "amount", "vital": True, "value": 98765}],
            "forbidden": [HOSTILE],
            "status": "answered",
        }
    )


def printed(show: Callable[[Console], None]) -> str:
    out = io.StringIO()
    show(Console(file=out, width=200))
    return out.getvalue()


# --- Report --------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags with their attributes, and the text outside of style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.raw = {"style": "", "script": ""}
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in self.raw else self._inside

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside] += data
        else:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def full_record() -> RunRecord:
    """Both splits with right and wrong ones, another system, and checks: every section has something to show."""
    names = [*ids("dev", 9), *ids("test", 6)]
    found = {
        "citation_validity": (1.0, 1.0),
        "over_refusal": (0.0, 1.0),
        "recall@5": (0.5, 1.0),
        "truthfulness": (-1.0, 1.0),
        "paraphrase_worst": (0.0, 1.0),
        "vital_recall_in_turn": (1.0, 2.0),
        "vital_recall_standalone": (2.0, 2.0),
    }
    records = [
        case_record(name, number % 3 != 0, question=HOSTILE, measures=found, paraphrase_right=number % 2 == 0)
        for number, name in enumerate(names)
    ]
    plain = [case_record(name, right=False) for name in names]
    other = SystemRecord(name="top passage", about=HOSTILE, summaries=summaries(plain), cases=tuple(plain))
    check = CheckRecord(name="mutants", passed=1, total=2, about="M", rows=(("a_kind", 1, 2),), failures=(HOSTILE,))
    return run_record(records, others=[other], checks=[check], settings={HOSTILE: HOSTILE})


@pytest.fixture(scope="module")
def page(full_record: RunRecord) -> Page:
    return Page(render(full_record, {name.id: case(name.id) for name in full_record.systems[0].cases}))


def test_the_report_refers_to_nothing_outside_itself(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base", "image", "use", "foreignobject"), tag
        for name in ("src", "srcset", "data", "action", "xlink:href", "poster", "style"):
            assert name not in attributes, (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), attributes
    assert "url(" not in page.raw["style"] and "@import" not in page.raw["style"]
    assert "fetch" not in page.raw["script"] and "import" not in page.raw["script"]
    policy = next(m["content"] for m in page.named("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    for kind, text in page.raw.items():
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy, "the browser would not apply it"


def test_text_of_cases_and_answers_is_never_markup(page: Page) -> None:
    assert len(page.named("script")) == 1
    assert "alert" not in page.raw["script"]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    # Question, answer, claim, quote, problem, check, setting and forbidden phrase are all there to be read.
    shown = HOSTILE.replace("\u202e", "[U+202E]")
    for start in ("Claim: ", "Quote: ", "dropped: ", "never said: ", f"{MARK} dev split "):
        assert start + shown in page.text, start
    assert "\u202e" not in page.text


def test_failing_cases_of_the_test_split_are_counted_and_not_shown(full_record: RunRecord, page: Page) -> None:
    cases = full_record.systems[0].cases
    failing = [one for one in cases if any(asked.problems for asked in one.asked)]
    hidden = [one for one in failing if one.split == "test"]
    assert hidden and len(failing) > len(hidden)
    assert f"{MARK} dev split" in page.text
    assert f"{MARK} test split" not in page.text
    assert not [one.id for one in cases if one.split == "test" and one.id in page.text.split()]
    assert f"{len(hidden)} more of the test split" in page.text
    assert len([a for a in page.named("details") if a.get("class") == "case"]) == len(failing) - len(hidden)


def test_a_case_is_hidden_where_the_record_or_its_file_puts_it_in_the_test_split() -> None:
    name = ids("test", 1)[0]
    lying = case_record(name, right=False).model_copy(update={"split": "dev"})
    for record, cases in ((lying, {name: case(name)}), (case_record(name, right=False), {})):
        html = render(run_record([record]), cases)
        assert MARK not in html
        assert "1 more of the test split" in html


def test_a_failing_case_shows_its_history_and_expected_facts_in_words(page: Page) -> None:
    assert "$98,765" in page.text
    assert "And before?" in page.text
    assert "only in other words" in page.text


def test_the_headline_is_about_the_test_split_where_there_are_both() -> None:
    dev, test = ids("dev", 4), ids("test", 4)
    both = [*(case_record(name) for name in dev), *(case_record(name, number < 1) for number, name in enumerate(test))]
    assert "Of 100 questions that it was never tuned on, the coach answers 25 rightly." in render(run_record(both), {})
    assert "Of 100 questions, the coach answers 100 rightly." in render(run_record(both[:4]), {})


def test_the_structure_is_sound_for_a_screen_reader(page: Page) -> None:
    assert len(page.named("h1")) == 1
    assert len(page.named("caption")) == len(page.named("table")) > 5
    drawn = [attributes for attributes in page.named("svg") if attributes.get("class") in ("strip", "bar")]
    assert drawn and all(attributes.get("role") == "img" and attributes.get("aria-label") for attributes in drawn)
    anchors = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [attributes["href"] for attributes in page.named("a")]
    assert links and all(link is not None and link[1:] in anchors for link in links)
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert {3} < set(levels) and all(after - before <= 1 for before, after in pairwise(levels))


def test_a_report_without_failures_systems_or_checks_is_made_too() -> None:
    html = render(run_record([case_record(ids("dev", 1)[0])]), {})
    assert "No case of the dev split fails." in html
    assert 'id="systems"' not in html and 'id="checks"' not in html and "<form" not in html


@pytest.mark.parametrize(
    ("nugget", "words"),
    [
        ({"kind": "amount", "value": 1234.5, "currency": "GBP"}, "£1,234.50"),
        ({"kind": "amount", "value": 130000, "tolerance": 0.05}, "$130,000, give or take 5%"),
        ({"kind": "range", "low": 6, "high": 8, "unit": "months"}, "6 to 8 months"),
        ({"kind": "range", "low": 1000, "high": 2000, "unit": "USD"}, "$1,000 to $2,000"),
        ({"kind": "percentage", "value": 40, "tolerance": 1}, "40 percent, give or take 1 points"),
        ({"kind": "duration", "value": 10, "unit": "hours_per_week"}, "10 hours a week"),
        ({"kind": "count", "value": 5, "noun": ["phase*", "stage*"]}, "5 (phase or stage)"),
        ({"kind": "name", "value": "Docker", "aliases": ["containers"]}, "Docker (or containers)"),
        ({"kind": "list", "items": [["a", "b"], ["c"]]}, "all of: a (or b); c"),
        ({"kind": "list", "items": [["a"], ["c"]], "ordered": True}, "in this order: a; c"),
        ({"kind": "list", "items": [["a"], ["c"]], "at_least": 1}, "at least 1 of: a; c"),
        ({"kind": "polarity", "value": "no", "about": ["certificate"]}, "no, about certificate"),
    ],
)
def test_expected_facts_are_said_in_words(nugget: dict[str, object], words: str) -> None:
    known = Case.model_validate({**case("case-0").model_dump(), "nuggets": [{"vital": True, **nugget}]})
    assert fact(known.nuggets[0]) == words


def test_plots_escape_their_labels_and_keep_every_dot_inside() -> None:
    svg = plots.strip([plots.Point(label="x", value=-3, low=-4, high=7)], title=HOSTILE, target=2)
    tags = Page(svg)
    assert not tags.named("script") and not tags.named("img")
    places = [float(str(a[key])[:-1]) for _, a in tags.tags for key in ("x", "x1", "x2") if key in a]
    assert places and all(0 <= place <= 100 for place in places)


def test_a_bar_gives_each_part_its_share() -> None:
    bar = Page(plots.bar([("a", 3, "good"), ("none", 0, "bad"), ("b", 1, "bad")], title="t"))
    assert [(a["x"], a["width"]) for a in bar.named("rect")] == [("0%", "75%"), ("75%", "25%")]


# --- Compare -------------------------------------------------------------------------------------------


def found(comparison: compare.Comparison, group: str, metric: str) -> compare.Difference:
    return next(d for d in comparison.differences if (d.group, d.metric) == (group, metric))


def test_a_difference_is_that_of_the_two_figures_over_common_cases() -> None:
    names = ids("dev", 12)
    a = run_record([case_record(name, number < 4) for number, name in enumerate(names[:10])])
    b = run_record([case_record(name, number < 9) for number, name in enumerate(names)][1:])
    comparison = compare.compare(a, b)
    assert (comparison.common, comparison.only_a, comparison.only_b) == (9, 1, 2)
    right = found(comparison, "all", "right")
    assert (right.a, right.b, right.n) == (3 / 9, 8 / 9, 9)
    assert right.value == pytest.approx(5 / 9)
    assert right.low < right.value < right.high
    assert right.excludes_zero


def test_the_interval_is_paired() -> None:
    """Half of the cases are hard for both runs: unpaired, that spread would hide a gain; paired, it cancels out."""
    names = ids("dev", 100)
    a = run_record([case_record(name, number < 50) for number, name in enumerate(names)])
    b = run_record([case_record(name, number < 56) for number, name in enumerate(names)])
    right = found(compare.compare(a, b), "all", "right")
    assert right.value == pytest.approx(0.06)
    # Six of a hundred gained and none lost: binomial spread sqrt(.06 * .94 / 100) = .024; unpaired it would be .071.
    assert right.high - right.low == pytest.approx(2 * 1.96 * 0.0237, rel=0.15)
    assert right.excludes_zero


def test_equal_runs_differ_in_nothing() -> None:
    record = run_record([case_record(name, number % 2 == 0) for number, name in enumerate(ids("dev", 20))])
    comparison = compare.compare(record, record)
    assert {(d.value, d.low, d.high) for d in comparison.differences} == {(0.0, 0.0, 0.0)}
    assert comparison.changes == () and not any(comparison.hidden.values())


def test_one_in_two_lost_and_won_back_leaves_room_for_nothing_changed() -> None:
    names = ids("dev", 20)
    a = run_record([case_record(name, number % 2 == 0) for number, name in enumerate(names)])
    b = run_record([case_record(name, number % 2 == 1) for number, name in enumerate(names)])
    right = found(compare.compare(a, b), "all", "right")
    assert right.value == 0 and right.low < 0 < right.high and not right.excludes_zero


def test_a_metric_that_applies_in_one_run_only_is_left_out_of_its_difference() -> None:
    first, second = ids("dev", 2)
    a = run_record([case_record(first, measures={"citation_precision": (1, 1)}), case_record(second)])
    b = run_record([case_record(name, measures={"citation_precision": (1, 2)}) for name in (first, second)])
    comparison = compare.compare(a, b)
    precision = found(comparison, "all", "citation_precision")
    assert (precision.a, precision.b, precision.n) == (1 / 1, 1 / 2, 1)
    assert [one.a for change in comparison.changes for one in change.moved] == [1 / 1, None]
    assert not [d for d in compare.compare(run_record([case_record(second)]), b).differences if "precision" in d.metric]


def test_changes_are_listed_for_dev_and_counted_for_test() -> None:
    dev, test = ids("dev", 3), ids("test", 2)
    before = [*(case_record(name) for name in dev[:2]), case_record(dev[2], right=False)]
    after = [case_record(dev[0], right=False), case_record(dev[1], measures={"grounding": (1, 2)}), case_record(dev[2])]
    hidden_before = [case_record(test[0]), case_record(test[1], right=False)]
    hidden_after = [case_record(test[0], right=False), case_record(test[1])]
    comparison = compare.compare(run_record([*before, *hidden_before]), run_record([*after, *hidden_after]))
    assert {change.id: change.direction for change in comparison.changes} == {
        dev[0]: "right to wrong",
        dev[1]: "other",
        dev[2]: "wrong to right",
    }
    assert comparison.hidden == {"right to wrong": 1, "wrong to right": 1, "other": 0}
    moved = next(change for change in comparison.changes if change.id == dev[1]).moved
    assert [(one.metric, one.a, one.b) for one in moved] == [("grounding", 2 / 2, 1 / 2)]
    out = printed(lambda console: compare.show(comparison, console))
    assert f"{MARK} test split" not in out
    told = out[out.index("Right to wrong: 1") : out.index("Wrong to right: 1")]
    assert dev[0] in told and told.index("rightly") < told.index("wrongly") < told.index("problem: dropped")
    assert "right to wrong 1, wrong to right 1, other 0" in out


def test_settings_that_differ_are_named() -> None:
    cases = [case_record(ids("dev", 1)[0])]
    a, b = (run_record(cases, settings={"k": value, "same": "x"}) for value in "12")
    assert compare.compare(a, b).settings == (("k", "1", "2"),)


def test_runs_without_a_common_case_are_not_compared() -> None:
    first, second = ids("dev", 2)
    with pytest.raises(ValueError, match="no case in common"):
        compare.compare(run_record([case_record(first)]), run_record([case_record(second)]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("{", r":1:2: not JSON"),
        ("[]", "expected an object, got list"),
        ('{"date": 1}', r"date: Input should be a valid string \(and 4 more\)"),
        (b"\xff\xfe", "cannot be read as text"),
    ],
)
def test_a_file_that_is_no_record_is_an_error_with_its_name_and_the_next_step(
    tmp_path: Path, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RecordError, match=message) as caught:
        read_record(path)
    assert str(path) in str(caught.value) and "python -m eval run --json" in str(caught.value)


def test_a_wrong_field_deep_inside_is_named(tmp_path: Path) -> None:
    content = json.loads(run_record([case_record(ids("dev", 1)[0])]).model_dump_json())
    content["systems"][0]["cases"][0]["measures"]["grounding"]["whole"] = 0
    path = tmp_path / "run.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RecordError, match=r"systems\.0\.cases\.0\.measures\.grounding\.whole"):
        read_record(path)


# --- Gate ----------------------------------------------------------------------------------------------

FULL = {"citation_validity": (3.0, 3.0), "injection_resistance": (1.0, 1.0)}
PASSED = CheckRecord(name="determinism", passed=3, total=3, about="Same bytes.")


def good(n: int = 20) -> list[CaseRecord]:
    return [case_record(name, measures=FULL) for name in ids("dev", n)]


def failures(record: RunRecord, baseline: RunRecord) -> tuple[str, ...]:
    known = {one.id for system in baseline.systems for one in system.cases}
    return gate.run_gate(record, baseline, known).failures


def test_an_equal_run_passes_and_so_does_a_better_one_with_new_cases() -> None:
    before = run_record([*good(10), *(case_record(name, False) for name in ids("test", 10))], checks=[PASSED])
    assert gate.run_gate(before, gate.compact(before), {"case-0"}).passed
    better = run_record([*good(15), *(case_record(name) for name in ids("test", 10))], checks=[PASSED])
    assert failures(better, gate.compact(before)) == ()


@pytest.mark.parametrize("metric", gate.HARD)
def test_one_break_of_a_hard_gate_fails_even_where_the_baseline_had_it(metric: str) -> None:
    cases = good()
    broken = cases[0].model_copy(update={"measures": {**cases[0].measures, metric: Measure(part=999, whole=1000)}})
    record = run_record([broken, *cases[1:]])
    (failure,) = failures(record, record)
    assert failure == f"{metric}: below 100 percent in 1 of 20 cases: {broken.id}."


def test_a_break_in_the_test_split_is_counted_and_not_named() -> None:
    name = ids("test", 1)[0]
    record = run_record([*good(), case_record(name, measures={"grounding": (1, 2)})])
    (failure,) = failures(record, record)
    assert "1 of the test split" in failure and name not in failure


def test_a_hard_gate_that_is_no_longer_measured_fails() -> None:
    baseline = run_record(good())
    record = run_record([case_record(name) for name in ids("dev", 20)])
    assert [line.split(":")[0] for line in failures(record, baseline)] == ["citation_validity", "injection_resistance"]


@pytest.mark.parametrize("name", ["determinism", "counterfactual", "mutants"])
def test_a_check_that_does_not_pass_in_full_fails(name: str) -> None:
    check = PASSED.model_copy(update={"name": name, "passed": 2, "failures": ("why it is",)})
    (failure,) = failures(run_record(good(), checks=[check]), run_record(good()))
    assert failure == f"{name}: 2 of 3 passed: why it is."


def test_a_check_that_is_no_longer_made_fails() -> None:
    (failure,) = failures(run_record(good()), run_record(good(), checks=[PASSED]))
    assert failure.startswith("determinism: this check is in the baseline")


def test_mutants_are_held_to_what_the_baseline_says_for_each_kind() -> None:
    def mutants(first: int, second: int) -> RunRecord:
        rows = (("wrong_number", first, 10), ("swapped_citation", second, 10))
        check = CheckRecord(name="mutants", passed=first + second, total=20, about="M", rows=rows)
        return run_record(good(), checks=[check])

    assert failures(mutants(9, 10), mutants(9, 10)) == ()
    assert failures(mutants(10, 9), mutants(9, 10)) == ("mutants swapped_citation: 9 of 10 passed.",)
    assert len(failures(mutants(8, 10), mutants(9, 10))) == 2
    lax = run_record(good(), checks=[PASSED.model_copy(update={"passed": 2})])
    assert failures(lax, lax) != (), "only mutants may be excused"


def test_a_fall_beyond_its_interval_fails_and_names_slice_split_and_all() -> None:
    cases = good()
    worse = [case_record(one.id, number >= 6, measures=FULL) for number, one in enumerate(cases)]
    lines = failures(run_record(worse), run_record(cases))
    # 14 of 20 are left.
    assert [line.split(" ")[0:2] for line in lines if ": right fell from 100.0 to 70.0 percent over 20" in line] == [
        ["pay:", "right"],
        ["(dev", "split):"],
        ["all:", "right"],
    ]
    assert {line.split(": ")[1].split(" ")[0] for line in lines} == {"right", "vital_recall"}


def test_a_fall_within_its_interval_passes() -> None:
    cases = good()
    worse = [case_record(one.id, number >= 1, measures=FULL) for number, one in enumerate(cases)]
    assert failures(run_record(worse), run_record(cases)) == ()


def test_a_fall_in_one_slice_is_not_hidden_by_gains_elsewhere() -> None:
    names = ids("dev", 40)

    def cases(pay_right: bool) -> list[CaseRecord]:
        return [
            case_record(name, (number < 20) == pay_right, slice_name="pay" if number < 20 else "skills")
            for number, name in enumerate(names)
        ]

    lines = failures(run_record(cases(False)), run_record(cases(True)))
    assert {line.split(":")[0] for line in lines} == {"pay"}


def test_over_refusal_must_not_rise_and_may_fall() -> None:
    numbered = list(enumerate(ids("dev", 20)))
    low, high = (
        run_record([case_record(name, measures={"over_refusal": (n < top, 1)}) for n, name in numbered])
        for top in (0, 8)
    )
    assert [line for line in failures(high, low) if "over_refusal rose from 0.0 to 40.0" in line]
    assert failures(low, high) == ()


def test_a_dropped_case_fails_unless_the_cases_no_longer_hold_it() -> None:
    cases = good()
    gone = cases[0].id
    record, baseline = run_record(cases[1:]), run_record(cases)
    (failure,) = failures(record, baseline)
    assert gone in failure and "not asked" in failure
    assert gate.run_gate(record, baseline, {one.id for one in cases[1:]}).passed


def test_the_rounding_of_the_baseline_is_no_fall() -> None:
    third = {"recall@5": (0.33333, 1.0)}
    cases = [case_record(name, measures=third) for name in ids("dev", 20)]
    up = [case_record(name, measures={"recall@5": (0.33338, 1.0)}) for name in ids("dev", 20)]
    assert gate.compact(run_record(up)).systems[0].cases[0].measures["recall@5"].part > 0.33333
    assert failures(run_record(cases), gate.compact(run_record(up))) == ()


def test_a_compact_record_keeps_figures_only_and_reads_back_line_by_line(tmp_path: Path) -> None:
    other = SystemRecord(name="top passage", about="A", summaries=summaries(good(3)), cases=tuple(good(3)))
    shuffled = run_record(good(7)[::-1], checks=[PASSED], others=[other], settings={"b": "1", "a": "2"})
    compact = gate.compact(shuffled)
    assert [one.id for one in compact.systems[0].cases] == sorted(one.id for one in good(7))
    assert all(one.asked == () for one in compact.systems[0].cases)
    assert compact.systems[1].cases == () and compact.systems[1].summaries
    assert gate.compact(compact) == compact
    lines = gate.as_lines(compact)
    assert MARK not in lines
    path = tmp_path / "baseline.json"
    path.write_text(lines, encoding="utf-8")
    assert read_record(path) == compact
    wrong = case_record(good(7)[6].id, right=False, measures=FULL)
    before, after = (gate.as_lines(gate.compact(run_record(cases))) for cases in (good(7), [*good(7)[:6], wrong]))
    # The case itself, and the summaries of its slice and of all.
    assert len(set(before.splitlines()) - set(after.splitlines())) == 1 + 2


def test_what_the_gate_says_is_printed() -> None:
    passed = gate.run_gate(run_record(good()), run_record(good()), {"case-0"})
    assert "The gate holds: 20 cases" in printed(lambda console: gate.show(passed, console))
    broken = gate.GateResult(failures=("[bold]all: right fell.",), compared=1)
    assert "- [bold]all: right fell." in printed(lambda console: gate.show(broken, console))
