"""Free text: how it is cut, how it is found again, and how both are measured."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from coach.knowledge.splitting import CHARACTERS_PER_WORD_PIECE, LIMIT, TARGET, Chunk, split
from coach.retrieval.documents import DocumentIndex, headed_text
from eval import chunking
from eval.chunking import ChunkingDataError
from tests.encoders import HashingEncoder

ALPHABET = "ab .,\n\r\t#=-*`|{}[]\"\\n\0é\u0301\u200d👩中。\u2028\x0c\x85 AB1\ud800"

ODD = {
    "an endless word": "x" * 30_000,
    "words without a sentence": "lorem ipsum dolor " * 3_000,
    "abbreviations": "e.g. A " * 5_000,
    "letters on lines": "a\n" * 10_000,
    "nothing but headings": "# a\n" * 5_000,
    "headings over letters": "a\n# b\n" * 5_000,
    "line feeds of Windows": "One sentence here. And one more.\r\n\r\n" * 500,
    "NUL": "\0" * 5_000 + "and \0 words. " * 200,
    "families": "👨\u200d👩\u200d👧\u200d👦" * 2_000,
    "accents": "e" + "\u0301" * 10_000,
    "no spaces between sentences": "知识就是力量。" * 2_000,
    "one line of records": json.dumps([{"role": "user", "content": "What is kiln work? " * 9}] * 200),
    "an open fence": "```\n" + "x = 1\n\n" * 2_000,
    "a table": "| skill | weeks |\n|---|---|\n" + "| kiln work | 4 |\n" * 2_000,
    "half a pair": "\ud800 word " * 2_000,
    "a desert": "word, " * 400 + " " * 50_000 + "end. " * 100,
}


def count_words(text: str) -> int:
    """Words and two marks, cheap and of the shape of a tokenizer's count: long words are one piece."""
    return len(text.split()) + 2


def sentences(number: int, words: int = 9) -> str:
    return " ".join(f"Sentence {at} says {'again ' * (words - 4)}so." for at in range(number))


def assert_whole(text: str, chunks: Sequence[Chunk], count: Callable[[str], int], limit: int) -> None:
    """Offsets are exact, nothing overlaps, nothing visible is lost, and no chunk is too long."""
    lost, end = [], 0
    for chunk in chunks:
        assert end <= chunk.start < chunk.end <= len(text)
        assert text[chunk.start : chunk.end] == chunk.text == chunk.text.strip()
        assert count(chunk.text) <= limit
        lost.append(text[end : chunk.start])
        end = chunk.end
    lost.append(text[end:])
    assert not "".join(lost).strip()


# --- Splitting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", " \r\n\t\n\x0c\u2028 "])
def test_a_blank_text_has_no_chunks(text: str) -> None:
    assert split(text, count_words) == ()


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_texts_are_cut_whole(text: str) -> None:
    chunks = split(text, count_words)
    assert_whole(text, chunks, count_words, LIMIT)
    visible = max(len("".join(chunk.text.split())) for chunk in chunks)
    assert visible <= LIMIT * CHARACTERS_PER_WORD_PIECE


@pytest.mark.parametrize("seed", range(10))
def test_random_texts_are_cut_whole(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(40):
        text = "".join(dice.choice(ALPHABET) for _ in range(dice.randint(1, 600)))
        limit = dice.choice([5, 12, 40])
        assert_whole(text, split(text, count_words, target=dice.randint(3, limit), limit=limit), count_words, limit)


def test_a_count_that_is_not_additive_never_exceeds_the_limit() -> None:
    text = sentences(60)
    chunks = split(text, lambda piece: len(piece) ** 2 // 400, target=50, limit=100)
    assert_whole(text, chunks, lambda piece: len(piece) ** 2 // 400, 100)


def test_chunks_are_near_the_target_and_begin_with_sentences() -> None:
    chunks = split(sentences(500), count_words)
    sizes = [count_words(chunk.text) for chunk in chunks]
    assert all(abs(size - TARGET) < 0.15 * TARGET for size in sizes)
    assert all(chunk.text.startswith("Sentence ") and chunk.text.endswith(" so.") for chunk in chunks)


def test_a_paragraph_is_kept_whole_where_that_is_near_the_target() -> None:
    paragraphs = [sentences(number) for number in (5, 6, 4, 5, 6, 4, 5)]
    chunks = split("\n\n".join(paragraphs), count_words, target=50, limit=80)
    assert [chunk.text for chunk in chunks] == paragraphs


def test_turns_of_a_conversation_on_one_line_are_kept_whole() -> None:
    turns = [f"{{'content': '{sentences(4)}', 'role': 'user'}}" for _ in range(6)]
    chunks = split(f"[{', '.join(turns)}]", count_words, target=40, limit=60)
    assert [chunk.text.strip("[],") for chunk in chunks] == turns


def test_a_heading_stays_with_what_it_stands_above() -> None:
    text = "\n\n".join(f"## Part {at}\n\n{sentences(5)}" for at in range(8))
    chunks = split(text, count_words, target=50, limit=80)
    assert [chunk.text.splitlines()[0] for chunk in chunks] == [f"## Part {at}" for at in range(8)]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("# Guide\n\n## Pay ##\n\nIt rose.", ("Guide", "Pay")),
        ("Guide\n=====\n\nPay\n---\nIt rose.", ("Guide", "Pay")),
        (" = Guide = \n\n = = Pay = = \n It rose.", ("Guide", "Pay")),
        ("# Guide\n\nWORK EXPERIENCE\nBaker, 2019 to 2023.", ("Guide", "WORK EXPERIENCE")),
        ("**Skills:**\n\n- baking", ("Skills",)),
        ("# Guide\r\n\r\n## Pay\r\n\r\nIt rose.", ("Guide", "Pay")),
        ("# Guide\n\n```\n# no heading\nx = 1\n```\n", ("Guide",)),
        ("#hashtag and text", ()),
        ("- LIST ENTRY\n- ANOTHER", ()),
        ("NASA AND ESA CAME.\nThey left.", ()),
        ("# " + "word " * 60 + "\nText.", ()),
        ("---\n\nText.", ()),
        ("| SKILL | WEEKS |\n|---|---|\n| KILN | 4 |", ()),
    ],
)
def test_headings_of_many_kinds_are_known(text: str, path: tuple[str, ...]) -> None:
    assert split(text, count_words)[-1].heading_path == path


def test_a_heading_closes_those_of_its_level_and_below() -> None:
    text = "".join(f"{mark} {mark}h\n\n{sentences(5)}\n\n" for mark in ("#", "##", "###", "##", "#"))
    paths = [chunk.heading_path for chunk in split(text, count_words, target=50, limit=60)]
    assert paths == [("#h",), ("#h", "##h"), ("#h", "##h", "###h"), ("#h", "##h"), ("#h",)]


def test_splitting_repeats_exactly() -> None:
    text = sentences(200)
    assert split(text, count_words) == split(text, count_words)


@pytest.mark.parametrize(("target", "limit"), [(2, 100), (0, 10), (101, 100)])
def test_sizes_without_room_are_refused(target: int, limit: int) -> None:
    with pytest.raises(ValueError, match=f"target {target} and limit {limit}"):
        split("text", count_words, target=target, limit=limit)


# --- Searching --------------------------------------------------------------------------------------------------------


def chunks_of(*texts: str, path: tuple[str, ...] = ()) -> tuple[Chunk, ...]:
    chunks, at = [], 0
    for text in texts:
        chunks.append(Chunk(start=at, end=at + len(text), text=text, heading_path=path))
        at += len(text) + 1
    return tuple(chunks)


def test_the_chunk_that_shares_the_words_comes_first_with_its_ranks() -> None:
    index = DocumentIndex(
        {
            "cv": chunks_of("I baked bread for years.", "I glaze pots.", "I fire the kiln at night."),
            "cover": chunks_of("Dear Madam."),
        },
        HashingEncoder(),
    )
    found = index.search("Who fires a kiln?", 4)
    assert len(index) == len(found) == 4
    assert (found[0].document, found[0].chunk.text) == ("cv", "I fire the kiln at night.")
    assert found[0].lexical is not None and found[0].lexical.rank == 1
    assert [one.rank for one in found] == [1, 2, 3, 4]
    assert sorted(one.dense.rank for one in found) == [1, 2, 3, 4]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert next(one for one in found if one.document == "cover").lexical is None
    assert index.search("Who fires a kiln?", 2) == found[:2]


def test_neighbours_are_lent_to_in_one_document_and_not_across() -> None:
    texts = [*["Plain words."] * 6, "The kiln is fired at night.", *["Plain words."] * 6]
    together = DocumentIndex({"a": chunks_of(*texts)}, HashingEncoder()).search("kiln fired night", 13)
    starts = [chunk.start for chunk in chunks_of(*texts)]
    order = [starts.index(one.chunk.start) for one in together]
    assert order[:5] == [6, 5, 7, 4, 8]

    apart = DocumentIndex({str(at): chunks_of(text) for at, text in enumerate(texts)}, HashingEncoder())
    found = apart.search("kiln fired night", 13)
    assert found[0].document == "6"
    assert len({one.score for one in found[1:]}) == 1


def test_headings_are_searched_with_the_chunk() -> None:
    body = chunks_of("It pays well.", path=("Glassblower",)) + chunks_of("It pays badly.", path=("Potter",))
    found = DocumentIndex({"a": body}, HashingEncoder()).search("glassblower", 2)
    assert found[0].chunk.heading_path == ("Glassblower",)
    assert found[0].lexical is not None and found[1].lexical is None


def test_headings_too_long_for_the_encoder_are_left_out_from_outside() -> None:
    chunk = Chunk(start=0, end=9, text="one two 3", heading_path=("a b c d", "e f", "g"))
    shown = {size: headed_text(chunk, HashingEncoder(max_word_pieces=size)) for size in (20, 9, 6, 5)}
    assert shown == {20: "a b c d\ne f\ng\none two 3", 9: "e f\ng\none two 3", 6: "g\none two 3", 5: "one two 3"}


def test_equal_chunks_keep_the_order_of_the_documents() -> None:
    index = DocumentIndex({"b": chunks_of("Same."), "a": chunks_of("Same.")}, HashingEncoder())
    assert [one.document for one in index.search("same", 2)] == ["b", "a"]


def test_an_empty_index_finds_nothing() -> None:
    assert DocumentIndex({}, HashingEncoder()).search("kiln", 5) == ()
    assert DocumentIndex({"blank": ()}, HashingEncoder()).search("kiln", 5) == ()


# --- Measuring --------------------------------------------------------------------------------------------------------

POTS = "Pots are thrown on a wheel.\n\nPots are fired in a kiln. The kiln is hot."
BREAD = "Bread is baked in an oven.\n\nBread needs flour and time."


def reference(text: str, excerpt: str) -> dict[str, str | int]:
    return {"content": excerpt, "start_index": text.index(excerpt), "end_index": text.index(excerpt) + len(excerpt)}


def write_data(folder: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = chunking.COLUMNS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pots.md").write_text(POTS, encoding="utf-8")
    (folder / "bread.md").write_text(BREAD, encoding="utf-8")
    with (folder / chunking.QUESTIONS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return folder


def rows() -> list[list[str]]:
    return [
        ["What is fired in a kiln?", json.dumps([reference(POTS, "Pots are fired in a kiln.")]), "pots"],
        ["What does bread need?", json.dumps([reference(BREAD, "flour"), reference(BREAD, "time")]), "bread"],
    ]


def test_the_data_are_read_with_their_offsets(tmp_path: Path) -> None:
    questions, corpora = chunking.read(write_data(tmp_path, rows()))
    assert corpora == {"pots": POTS, "bread": BREAD}
    assert [corpora[one.corpus][start:end] for one in questions for start, end in one.references] == [
        "Pots are fired in a kiln.",
        "flour",
        "time",
    ]


def test_line_breaks_count_as_one_character(tmp_path: Path) -> None:
    folder = write_data(tmp_path, rows())
    (folder / "pots.md").write_bytes(POTS.replace("\n", "\r\n").encode())
    assert chunking.read(folder)[1]["pots"] == POTS


SHIFTED = json.dumps([{**reference(POTS, "kiln"), "start_index": 0, "end_index": 4}])


@pytest.mark.parametrize(
    ("changed", "header", "told"),
    [
        (rows(), ("question", "corpus_id"), r"questions\.csv: row 1: .*references missing"),
        ([], chunking.COLUMNS, r"questions\.csv: expected at least one question"),
        ([["Q", SHIFTED, "pots"]], chunking.COLUMNS, r"row 2: reference 1 does not stand at 0 to 4 of pots\.md"),
        ([*rows(), ["Q", "[]", "glass"]], chunking.COLUMNS, r"row 4: corpus_id 'glass': no file"),
        ([["Q", "[]", "pots"]], chunking.COLUMNS, "row 2: references: expected at least one"),
        ([["Q", "[{]", "pots"]], chunking.COLUMNS, "row 2: references: Invalid JSON"),
        ([["Q", '[{"content": "x"}]', "pots"]], chunking.COLUMNS, "row 2: references: Field required"),
        ([["Q", "", "pots"]], chunking.COLUMNS, "row 2: references is empty"),
        ([["Q"]], chunking.COLUMNS, "row 2: references is empty"),
    ],
)
def test_mistakes_in_the_data_are_told(
    tmp_path: Path, changed: list[list[str]], header: Sequence[str], told: str
) -> None:
    write_data(tmp_path, changed, header)
    with pytest.raises(ChunkingDataError, match=told):
        chunking.run(tmp_path, HashingEncoder())


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChunkingDataError, match="expected a folder"):
        chunking.read(tmp_path / "nowhere")
    with pytest.raises(ChunkingDataError, match=r"questions\.csv: cannot be read"):
        chunking.read(tmp_path)


@pytest.mark.parametrize(
    ("references", "retrieved", "expected"),
    [
        ([(10, 20)], [("a", 10, 20)], (1.0, 1.0, 1.0)),
        ([(10, 20)], [("a", 20, 30)], (0.0, 0.0, 0.0)),
        ([(10, 20)], [], (0.0, 0.0, 0.0)),
        ([(10, 20)], [("b", 10, 20)], (0.0, 0.0, 0.0)),
        ([(0, 10), (20, 30)], [("a", 5, 25)], (0.5, 0.5, 10 / 30)),
        # An overlap is covered once and was retrieved twice.
        ([(0, 10)], [("a", 0, 10), ("a", 0, 10)], (1.0, 0.5, 0.5)),
        # So are references that overlap: 15 characters of two excerpts of 10 each.
        ([(0, 10), (5, 15)], [("a", 0, 15)], (0.75, 1.0, 1.0)),
    ],
)
def test_characters_are_counted(
    references: list[tuple[int, int]], retrieved: list[tuple[str, int, int]], expected: tuple[float, ...]
) -> None:
    found = chunking.score(references, "a", retrieved)
    assert (found.recall, found.precision, found.iou) == pytest.approx(expected)


def test_the_recursive_splitter_takes_the_first_separator_that_fits() -> None:
    text = "One two three four.\n\nFive six. Seven eight nine ten.\n\nTen."
    assert [chunk.text for chunk in chunking.recursive_split(text, count_words, limit=6)] == [
        "One two three four.",
        "Five six",
        ". Seven eight nine",
        "ten",
        ".",
        "Ten.",
    ]


def test_the_recursive_splitter_loses_nothing() -> None:
    dice = random.Random(0)
    for _ in range(100):
        text = "".join(dice.choice(ALPHABET) for _ in range(dice.randint(1, 600)))
        assert_whole(text, chunking.recursive_split(text, count_words, 12), count_words, 12)


def test_both_splitters_and_each_channel_are_measured(tmp_path: Path) -> None:
    result = chunking.run(write_data(tmp_path, rows()), HashingEncoder())
    found = json.loads(chunking.as_json(result))
    keys = {"recall", "precision", "iou"}
    assert found["questions"] == 2
    assert {"chunks", "mean_word_pieces"} | keys <= found.keys()
    assert {"chunks", "mean_word_pieces"} | keys <= found["recursive"].keys()
    assert found["dense"].keys() == found["lexical"].keys() == keys
    # Each corpus is one chunk, and both are retrieved: all is found, in all the characters there are.
    assert (found["chunks"], found["recall"]) == (2, 1.0)
    pots, bread = (wanted / (len(POTS) + len(BREAD)) for wanted in (len("Pots are fired in a kiln."), len("flourtime")))
    assert found["precision"] == pytest.approx((pots + bread) / 2, abs=1e-6)
    share = round(bread, chunking.DIGITS)
    assert found["corpora"]["bread"] == {"questions": 1, "recall": 1.0, "precision": share, "iou": share}


def test_the_lexical_channel_leaves_out_what_shares_no_word(tmp_path: Path) -> None:
    result = chunking.run(write_data(tmp_path, rows()), HashingEncoder())
    assert result.ours.lexical.precision > result.ours.dense.precision


def test_the_tables_name_splitters_channels_and_corpora(tmp_path: Path) -> None:
    shown = io.StringIO()
    chunking.show(chunking.run(write_data(tmp_path, rows()), HashingEncoder()), Console(file=shown, width=80))
    for word in ("coach", "recursive", "dense alone", "lexical alone", "bread", "pots"):
        assert word in shown.getvalue()
    assert max(map(len, shown.getvalue().splitlines())) <= 80
