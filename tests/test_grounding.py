"""Which claims their evidence supports, and how the score that decides it is measured.

Domains are invented; nothing here is from the shipped pathway or from public data.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from coach.answering.arithmetic import formula_holds
from coach.answering.contradictions import contradiction
from coach.answering.grounding import MIN_SCORE, attribution, check, support
from coach.types import Citation, Claim, Origin, Passage, Sentence, Support
from eval import grounding as measuring
from eval.grounding import GroundingDataError, auroc, interval, measure, read_begin

FERRY = (
    "The night ferry to Skarholm leaves at 21:40 from pier 4 and takes six hours; a cabin costs $130,000 a season. "
    "See https://skarholm.example/ferry for times."
)
HIVES = "Beekeepers inspect each hive every 9 days before the first harvest. A hive tool is required."
MILL = "The mill supplies the bakery with rye flour. The bakery was founded by Ines Marek in 1931."
TRAMS = "Tram line 3 was extended to the harbour in 1988. Tram line 7 was extended to the airport in 2004."
PERMIT = "The permit does not cover overnight mooring. Guests are not allowed on the slipway."
GLAZE = "The glaze cools before the second firing. Stoneware is harder than earthenware. Shelves are washed weekly."
COURSES = "Slip Casting lasts 4 weeks. Kiln Practice lasts 6 to 8 weeks, and rises by 3 weeks in winter."


# --- What is accepted -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The night ferry to Skarholm takes 6 hours.", FERRY),
        ("A cabin costs $130k a season.", FERRY),
        ("Times are at https://skarholm.example/ferry.", FERRY),
        ("It takes six hours.", FERRY),
        ("Each hive is inspected every nine days before the first harvest.", HIVES),
        ("The bakery is supplied by the mill with rye flour.", MILL),
        ("Ines Marek founded the bakery in 1931.", MILL),
        ("Tram lines 3 and 7 were extended in 1988 and 2004.", TRAMS),
        ("Overnight mooring is not covered by the permit.", PERMIT),
        ("Guests aren't allowed on the slipway.", PERMIT),
        ("Before the second firing the glaze cools.", GLAZE),
        ("Slip Casting lasts four weeks, Kiln Practice six to eight.", COURSES),
    ],
)
def test_a_claim_in_other_words_of_its_evidence_is_supported(claim: str, evidence: str) -> None:
    verdict = support(claim, evidence)

    assert verdict.supported, verdict
    assert verdict.score >= MIN_SCORE


@pytest.mark.parametrize("text", [FERRY, HIVES, PERMIT, "Is a permit needed?"])
def test_the_evidence_itself_is_supported_in_full(text: str) -> None:
    assert support(text, text).score == 1.0


# --- What is rejected -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "evidence", "missing"),
    [
        ("The night ferry to Skarholm takes 7 hours.", FERRY, "7"),
        ("The night ferry to Skarholm takes eleven hours.", FERRY, "eleven"),
        ("A cabin costs $13,000 a season.", FERRY, "$13,000"),
        ("A cabin costs €130,000 a season.", FERRY, "€130,000"),
        ("The night ferry to Skarholm takes six days.", FERRY, "six"),
        ("Kiln Practice lasts 6 to 8 months.", COURSES, "6"),
        ("Times are at https://skarholm.example/boats.", FERRY, "https://skarholm.example/boats."),
        ("Times are at www.skarholm.example (daily).", FERRY, "www.skarholm.example"),
        ("The night ferry to Skarholm takes six hours, see boats.example/times.", FERRY, "boats.example/times."),
        ("The night ferry to Skarholm takes six hours (ask@boats.example).", FERRY, "ask@boats.example"),
    ],
)
def test_a_number_unit_or_address_that_no_sentence_holds_is_named(claim: str, evidence: str, missing: str) -> None:
    verdict = support(claim, evidence)

    assert not verdict.supported
    assert missing in verdict.missing_numbers
    assert verdict.score < MIN_SCORE


@pytest.mark.parametrize(
    ("claim", "evidence", "missing"),
    [
        ("The night ferry to Bergen takes six hours.", FERRY, "Bergen"),
        ("Siemens supplies the bakery with rye flour.", MILL, "Siemens"),
        ("The bakery was founded by Tom Marek in 1931.", MILL, "Tom"),
    ],
)
def test_an_invented_name_is_named_also_at_the_start(claim: str, evidence: str, missing: str) -> None:
    verdict = support(claim, evidence)

    assert not verdict.supported
    assert verdict.missing_names == (missing,)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The night ferry to Skarholm never takes six hours.", FERRY),
        ("A hive tool is not required.", HIVES),
        ("No hive tool is required.", HIVES),
        ("The permit covers overnight mooring.", PERMIT),
        ("Guests are allowed on the slipway.", PERMIT),
        ("Beekeepers inspect each hive every 9 days after the first harvest.", HIVES),
        ("A hive tool is optional.", HIVES),
        ("Stoneware is softer than earthenware.", GLAZE),
        ("Shelves are washed daily.", GLAZE),
        ("Shelves are unwashed weekly.", GLAZE),
        ("The bakery supplies the mill with rye flour.", MILL),
        ("The mill is supplied by the bakery with rye flour.", MILL),
        ("The bakery founded Ines Marek.", MILL),
        ("Earthenware is harder than stoneware.", GLAZE),
        ("The second firing comes before the glaze cools.", GLAZE),
        ("Tram line 3 was extended to the harbour in 2004.", TRAMS),
        ("Tram line 7 was extended to the airport in 1988.", TRAMS),
        ("Kiln Practice lasts 4 weeks.", COURSES),
    ],
)
def test_a_claim_that_turns_its_evidence_round_is_rejected(claim: str, evidence: str) -> None:
    verdict = support(claim, evidence)

    assert not verdict.supported
    assert verdict.polarity_conflict
    assert verdict.score < MIN_SCORE


@pytest.mark.parametrize(
    "padding",
    [
        " and serves a free breakfast to families.",
        ", which makes it the most scenic trip of the whole coast.",
        ". I love it, and so will you!",
        ". Would you like to travel by night?",
    ],
)
def test_padding_makes_a_true_claim_unsupported(padding: str) -> None:
    true = "The night ferry to Skarholm takes six hours"

    assert support(f"{true}.", FERRY).supported
    assert not support(true + padding, FERRY).supported


def test_a_question_states_nothing() -> None:
    assert not support("Does the night ferry to Skarholm take six hours?", FERRY).supported


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Not only the harbour but also the airport has a tram.", "The harbour and the airport have a tram."),
        ("Rates rose by 3 points.", "Rates rose 3 points."),
        ("Marble and slate share a shelf.", "Slate and marble share a shelf."),
        ("Divers inform the harbour.", "The form is for divers in the harbour."),
    ],
)
def test_no_contradiction_where_nothing_is_turned_round(claim: str, evidence: str) -> None:
    assert contradiction(claim, evidence) == ""


# --- The score --------------------------------------------------------------------------------------------


def test_more_additions_lower_the_score_and_more_evidence_raises_it() -> None:
    one = attribution("The ferry takes six hours, luckily.", FERRY)
    two = attribution("The ferry takes six hours, luckily and cheaply.", FERRY)
    longer = attribution("The night ferry to Skarholm takes six hours from the pier, luckily.", FERRY)

    assert two < one < longer < 1.0


def test_pronouns_that_point_back_add_nothing_but_talk_of_oneself_does() -> None:
    assert attribution("It leaves at 21:40 from pier 4.", FERRY) == 1.0
    assert attribution("I leave at 21:40 from pier 4.", FERRY) < 1.0


@pytest.mark.parametrize(("text", "evidence"), [("", FERRY), ("...", FERRY), ("The ferry leaves.", ""), ("", "")])
def test_nothing_supports_nothing(text: str, evidence: str) -> None:
    assert attribution(text, evidence) == 0.0


def test_a_computation_is_held_to_its_numbers_alone() -> None:
    formula = "4 + 6 = 10 weeks"

    assert support("Both courses together come to 10 weeks.", f"{COURSES} {formula}", computed=True).supported
    assert not support("Both courses together come to 11 weeks.", f"{COURSES} {formula}", computed=True).supported


def test_a_claim_is_checked_in_well_under_a_millisecond() -> None:
    support("The night ferry to Skarholm takes six hours.", FERRY)
    start = time.process_time()
    for minute in range(200):
        support(f"The night ferry to Skarholm leaves at 21:{minute}.", FERRY)

    assert (time.process_time() - start) / 200 < 0.002


# --- The check of a claim with its citations ------------------------------------------------------------


def passage(text: str) -> Passage:
    return Passage(
        id="harbour#ferry",
        pathway="harbour",
        heading_path=("Harbour", "Ferry"),
        text=text,
        sentences=(Sentence(text=text, start=0, end=len(text)),),
        origin=Origin.PATHWAY,
        source="Harbour guide",
    )


def citation(quote: str, start: int = 0) -> Citation:
    return Citation(
        marker=1,
        passage_id="harbour#ferry",
        source="Harbour guide",
        quote=quote,
        start=start,
        end=start + len(quote),
    )


def test_a_claim_is_held_to_the_sentences_it_cites() -> None:
    claim = Claim(text="Yes: the ferry takes 6 hours.", support=Support.INFERRED, citations=(citation(FERRY),))

    assert check(claim, [passage(FERRY)]).supported
    assert not check(claim.model_copy(update={"text": "Yes: the ferry takes 5 hours."}), [passage(FERRY)]).supported


@pytest.mark.parametrize(
    ("citations", "reason"),
    [
        ((), "it cites nothing"),
        ((citation(FERRY, start=1),), "citation 1 does not stand where it says"),
        ((citation("The night ferry takes six days."),), "citation 1 does not stand where it says"),
        (
            (citation(FERRY).model_copy(update={"passage_id": "harbour#bus"}),),
            "citation 1 does not stand where it says",
        ),
    ],
)
def test_a_claim_without_a_citation_that_stands_is_rejected(citations: tuple[Citation, ...], reason: str) -> None:
    claim = Claim(text="The night ferry takes six hours.", support=Support.QUOTED, citations=citations)

    verdict = check(claim, [passage(FERRY)])

    assert (verdict.supported, verdict.score, verdict.reason) == (False, 0.0, reason)


def test_a_figure_of_the_question_may_stand_in_a_computed_claim_alone() -> None:
    asked = "What if I cross 3 times?"
    computed = Claim(
        text="Crossing 3 times takes 18 hours.",
        support=Support.COMPUTED,
        formula="3 x 6 = 18 hours",
        citations=(citation(FERRY),),
    )
    inferred = computed.model_copy(update={"support": Support.INFERRED, "formula": None})

    assert check(computed, [passage(FERRY)], asked).supported
    assert not check(inferred, [passage(FERRY)], asked).supported
    wrong = computed.model_copy(update={"formula": "3 x 6 = 20 hours"})
    assert check(wrong, [passage(FERRY)], asked).reason == "its formula does not add up"


def test_a_computed_claim_may_deny_what_its_formula_compares_and_nothing_else() -> None:
    evidence = "The guide puts the pay of a glazier at 300 a day."
    denied = "The guide names no pay as high as 500."

    assert support(denied, f"{evidence} 500 is more than 300", computed=True).supported
    assert support(denied, f"{evidence} 500", computed=True).polarity_conflict
    whole = "It is not true that two days come to 600."
    assert support(whole, f"{evidence} 2 x 300 = 600", computed=True).polarity_conflict


@pytest.mark.parametrize(
    ("formula", "holds"),
    [
        ("2 x (3 + 4) = 14 weeks", True),
        ("10 / 4.35 = 2.3 months; 10 - 4 = 6", True),
        ("2 x (3 + 4) = 15 weeks", False),
        ("10 - 4 = 6; 10 - 4 = 5", False),
    ],
)
def test_every_equation_of_a_formula_has_to_hold(formula: str, holds: bool) -> None:
    assert formula_holds(formula) is holds


# --- The measurement on public data -----------------------------------------------------------------------

HEADER = "model_name\tdata_source\tknowledge\tmessage\tresponse\tbegin_label"
ROWS = (
    f"m\td\t{MILL}\thi\tThe mill supplies the bakery.\tFully attributable",
    f'm\td\t{MILL}\thi\ti love "rye bread, do you?\tNot fully attributable',
    f"m\td\t{PERMIT}\thi\tGuests are not allowed on the slipway.\tFully attributable",
    f"m\td\t{PERMIT}\thi\tthat sounds great!\tGeneric",
)


def begin(folder: Path, *rows: str, header: str = HEADER, name: str = "mills.tsv", end: str = "\r\n") -> Path:
    path = folder / name
    path.write_bytes(end.join([header, *rows]).encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_read_as_they_stand_with_quotation_marks_as_letters(tmp_path: Path, end: str) -> None:
    rows = read_begin(begin(tmp_path, *ROWS, end=end))

    assert [row.attributable for row in rows] == [True, False, True, False]
    assert rows[1].response == 'i love "rye bread, do you?'
    assert rows[0].knowledge == MILL


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = begin(tmp_path, "Fully attributable\tIt is.\tThe mill is.", header="begin_label\tresponse\tknowledge")

    (row,) = read_begin(path)

    assert (row.knowledge, row.response, row.attributable) == ("The mill is.", "It is.", True)


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("knowledge\tmessage", ("a\tb",), "mills.tsv:1: expected the columns knowledge, response, begin_label"),
        (HEADER, (*ROWS, "only\ttwo"), "mills.tsv:6: expected 6 tab-separated fields, got 2"),
        (HEADER, (ROWS[0], "m\td\tk\tm\tr\tperhaps"), "mills.tsv:3: begin_label: expected one of"),
        (HEADER, (), "mills.tsv: expected at least one row"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(
    tmp_path: Path, header: str, rows: tuple[str, ...], said: str
) -> None:
    with pytest.raises(GroundingDataError) as raised:
        read_begin(begin(tmp_path, *rows, header=header))

    assert said in str(raised.value)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.tsv"
    path.write_bytes(HEADER.encode() + "\nM\u00fchle".encode("latin-1"))

    with pytest.raises(GroundingDataError, match=r"latin\.tsv: cannot be read as UTF-8"):
        read_begin(path)


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(GroundingDataError, match="nowhere: expected a folder"):
        measure(tmp_path / "nowhere")
    with pytest.raises(GroundingDataError, match=r"expected at least one \*\.tsv file"):
        measure(tmp_path)


def test_one_kind_of_verdict_alone_cannot_be_measured(tmp_path: Path) -> None:
    begin(tmp_path, ROWS[0], ROWS[2])

    with pytest.raises(GroundingDataError, match=r"mills\.tsv: expected attributable and other rows"):
        measure(tmp_path)


def test_every_file_is_measured_and_shown_by_name(tmp_path: Path) -> None:
    begin(tmp_path, *ROWS, name="two.tsv")
    begin(tmp_path, *ROWS[:2], name="one.tsv")
    (tmp_path / "notes.txt").write_text("not data", encoding="utf-8")

    results = measuring.run(tmp_path)
    console = Console(width=100, record=True)
    measuring.show(results, console)

    assert list(results) == ["one.tsv", "two.tsv"]
    assert [one.n for one in results.values()] == [2, 4]
    assert all(one.low <= one.auroc <= one.high for one in results.values())
    assert json.loads(measuring.as_json(results)) == {
        "one.tsv": {"n": 2, "auroc": 1.0},
        "two.tsv": {"n": 4, "auroc": 1.0},
    }
    assert "two.tsv" in console.export_text()


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.9, 0.8, 0.2, 0.1], [True, True, False, False], 1.0),
        ([0.1, 0.2, 0.8, 0.9], [True, True, False, False], 0.0),
        ([0.5, 0.5, 0.5], [True, False, False], 0.5),
        ([0.8, 0.6, 0.4, 0.2], [True, False, True, False], 3 / 4),
        ([0.7, 0.7, 0.3], [True, False, True], (0.5 + 0) / 2),
    ],
)
def test_auroc_is_the_share_of_pairs_in_order(scores: list[float], positive: list[bool], area: float) -> None:
    assert auroc(scores, positive) == pytest.approx(area)


def test_auroc_needs_both_kinds_and_as_many_labels_as_scores() -> None:
    with pytest.raises(ValueError, match="one kind only"):
        auroc([0.1, 0.2], [True, True])
    with pytest.raises(ValueError, match="2 scores and 1 labels"):
        auroc([0.1, 0.2], [True])


def test_the_interval_repeats_and_shrinks_with_more_rows() -> None:
    scores, labels = [0.9, 0.3, 0.6, 0.1], [True, True, False, False]
    few, many = interval(scores, labels), interval(scores * 25, labels * 25)

    assert interval(scores, labels) == few
    assert few[0] <= auroc(scores, labels) <= few[1]
    assert many[1] - many[0] < few[1] - few[0]
