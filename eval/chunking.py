"""How well is free text cut and found again? Measured as Chroma does (B. Smith and A. Troynikov, Evaluating Chunking
Strategies for Retrieval, 2024), on data of that layout.

Comes in: a folder with ``questions.csv`` (``question``, ``references``, ``corpus_id``) and the corpora as
``<corpus_id>.md``. Goes out: how many of the characters that answer a question are in the five chunks found for it
(recall), how many of the characters found those are (precision), and their intersection over union, each as the mean
over questions: for the coach's splitter and for a recursive splitter, both with the coach's retriever and with each of
its channels alone. All corpora are in one index. The data are public and not part of the project.
"""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coach.knowledge.splitting import Chunk, split
from coach.retrieval.documents import DocumentIndex, FoundChunk
from coach.retrieval.encoder import Encoder, load_encoder
from coach.settings import load_settings
from coach.types import Frozen
from eval.intervals import figure
from eval.records import Measure

RETRIEVED = 5
"""Chunks for each question, as in the paper."""

RECURSIVE_LIMIT = 200
"""Word pieces at most, the encoder's marks included; one of the sizes of the paper."""

SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")
"""Of the paper's recursive splitter, in the order in which they are tried."""

QUESTIONS = "questions.csv"
COLUMNS = ("question", "references", "corpus_id")
DIGITS = 6

Span = tuple[int, int]
"""Offsets of the first character and of the one after the last."""

Count = Callable[[str], int]
Splitter = Callable[[str, Count], Sequence[Chunk]]


class ChunkingDataError(ValueError):
    """The folder or a file in it is not as expected; names file and row, and says what to do."""


class Question(Frozen):
    text: str
    corpus: str
    references: tuple[Span, ...]
    """The excerpts that answer it."""


class Scores(Frozen):
    """Of one question, or the mean over several."""

    recall: float
    precision: float
    iou: float


class CorpusScores(Scores):
    questions: int


class Splitting(Scores):
    """What one splitter gives with the whole retriever, with each channel alone, and for the questions of a corpus."""

    chunks: int
    mean_word_pieces: float
    max_word_pieces: int
    """Both with the encoder's marks and without headings in front."""
    recall_low: float
    recall_high: float
    """Ends of the 95 percent bootstrap interval over questions."""
    dense: Scores
    lexical: Scores
    corpora: dict[str, CorpusScores]


class ChunkingResult(Frozen):
    questions: int
    ours: Splitting
    recursive: Splitting


class _Reference(BaseModel):
    model_config = ConfigDict(frozen=True)

    content: str
    start_index: int
    end_index: int


_REFERENCES = TypeAdapter(tuple[_Reference, ...])


# --- Reading ----------------------------------------------------------------------------------------------------------


def read(folder: Path) -> tuple[tuple[Question, ...], dict[str, str]]:
    """The questions in their order and the text of each corpus that one is about.

    Raises ChunkingDataError for a folder or file that is missing or cannot be read, for a column that is missing, and
    for a reference that does not stand in its corpus where it says.
    """
    if not folder.is_dir():
        raise ChunkingDataError(f"{folder}: expected a folder with {QUESTIONS} and *.md; give its path with --data")
    path = folder / QUESTIONS
    # A field may hold line breaks, so that rows are counted and not lines; the header is row 1.
    table = csv.DictReader(io.StringIO(_text(path).removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = list(enumerate(table, start=2))
    except csv.Error as error:
        raise ChunkingDataError(f"{path}: not comma-separated values ({error}); mend its quotes") from error
    if lacking := [column for column in COLUMNS if column not in (table.fieldnames or ())]:
        raise ChunkingDataError(
            f"{path}: row 1: expected the columns {', '.join(COLUMNS)}, {', '.join(lacking)} missing; "
            "keep the header of the benchmark"
        )
    if not rows:
        raise ChunkingDataError(f"{path}: expected at least one question below the header; get the file again")
    corpora: dict[str, str] = {}
    questions = tuple(_question(row, f"{path}: row {number}", folder, corpora) for number, row in rows)
    return questions, corpora


def _question(row: Mapping[str, str | None], place: str, folder: Path, corpora: dict[str, str]) -> Question:
    """Reads the corpus into ``corpora`` when it is first asked about."""
    if empty := [column for column in COLUMNS if not (row[column] or "").strip()]:
        raise ChunkingDataError(f"{place}: {empty[0]} is empty; fill it or remove the row")
    corpus = str(row["corpus_id"])
    if corpus not in corpora:
        path = folder / f"{corpus}.md"
        if not path.is_file():
            raise ChunkingDataError(f"{place}: corpus_id {corpus!r}: no file {path}; put it there or remove the row")
        corpora[corpus] = _text(path)
    try:
        references = _REFERENCES.validate_json(str(row["references"]))
    except ValidationError as error:
        first = error.errors()[0]
        raise ChunkingDataError(
            f"{place}: references: {first['msg']}; expected a JSON list of content, start_index and end_index"
        ) from error
    if not references:
        raise ChunkingDataError(f"{place}: references: expected at least one; add it or remove the row")
    for number, reference in enumerate(references, start=1):
        found = corpora[corpus][max(0, reference.start_index) : max(0, reference.end_index)]
        if not found or found != reference.content:
            raise ChunkingDataError(
                f"{place}: reference {number} does not stand at {reference.start_index} to {reference.end_index} of "
                f"{corpus}.md: expected {reference.content[:60]!r}, found {found[:60]!r}; mend the offsets, or get the "
                "corpus that belongs to these questions"
            )
    spans = tuple((reference.start_index, reference.end_index) for reference in references)
    return Question(text=str(row["question"]), corpus=corpus, references=spans)


def _text(path: Path) -> str:
    """Every kind of line break as one character: offsets of the benchmark are counted so."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChunkingDataError(f"{path}: cannot be read as UTF-8 text ({error}); get the file again") from error


# --- The measure ------------------------------------------------------------------------------------------------------


def score(references: Sequence[Span], corpus: str, retrieved: Sequence[tuple[str, int, int]]) -> Scores:
    """How well chunks (corpus, start, end) cover the references of a question about ``corpus``.

    What is covered twice counts once; what is retrieved twice, or of another corpus, counts as retrieved.

    >>> score([(10, 20)], "a", [("a", 0, 15), ("b", 10, 20)])
    Scores(recall=0.5, precision=0.2, iou=0.16666666666666666)
    """
    covered = _union(
        (max(start, first), min(end, last))
        for name, start, end in retrieved
        if name == corpus
        for first, last in references
        if max(start, first) < min(end, last)
    )
    right = sum(end - start for start, end in covered)
    wanted = sum(last - first for first, last in references)
    taken = sum(end - start for _, start, end in retrieved)
    missed = wanted - sum(
        max(0, min(end, last) - max(start, first)) for start, end in covered for first, last in references
    )
    return Scores(
        recall=right / wanted, precision=right / taken if taken else 0.0, iou=right / (taken + missed or 1)
    )


def _union(spans: Iterator[Span]) -> list[Span]:
    """Spans that neither overlap nor touch, in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def measure(
    questions: Sequence[Question], corpora: Mapping[str, str], splitter: Splitter, encoder: Encoder
) -> Splitting:
    """One splitter over all corpora and questions."""
    documents = {name: splitter(text, encoder.count_word_pieces) for name, text in corpora.items()}
    sizes = [encoder.count_word_pieces(chunk.text) for chunks in documents.values() for chunk in chunks]
    index = DocumentIndex(documents, encoder)
    fused: list[Scores] = []
    dense: list[Scores] = []
    lexical: list[Scores] = []
    for question in questions:
        found = index.search(question.text, len(index))
        for scores, ranking in ((fused, found), (dense, _by_meaning(found)), (lexical, _by_words(found))):
            best = [(one.document, one.chunk.start, one.chunk.end) for one in ranking[:RETRIEVED]]
            scores.append(score(question.references, question.corpus, best))
    mean = _mean(fused)
    recall = figure([Measure(part=one.recall, whole=1.0) for one in fused])
    by_corpus: dict[str, list[Scores]] = {name: [] for name in corpora}
    for question, one in zip(questions, fused, strict=True):
        by_corpus[question.corpus].append(one)
    return Splitting(
        **mean.model_dump(),
        chunks=len(sizes),
        mean_word_pieces=statistics.fmean(sizes) if sizes else 0.0,
        max_word_pieces=max(sizes, default=0),
        recall_low=recall.low,
        recall_high=recall.high,
        dense=_mean(dense),
        lexical=_mean(lexical),
        corpora={
            name: CorpusScores(**_mean(scores).model_dump(), questions=len(scores))
            for name, scores in by_corpus.items()
        },
    )


def _by_meaning(found: Sequence[FoundChunk]) -> list[FoundChunk]:
    return sorted(found, key=lambda one: one.dense.rank)


def _by_words(found: Sequence[FoundChunk]) -> list[FoundChunk]:
    return sorted((one for one in found if one.lexical), key=lambda one: one.lexical.rank if one.lexical else 0)


def _mean(scores: Sequence[Scores]) -> Scores:
    return Scores(
        recall=statistics.fmean(one.recall for one in scores),
        precision=statistics.fmean(one.precision for one in scores),
        iou=statistics.fmean(one.iou for one in scores),
    )


# --- The baseline -----------------------------------------------------------------------------------------------------


def recursive_split(text: str, count: Count, limit: int = RECURSIVE_LIMIT) -> tuple[Chunk, ...]:
    """Chunks as the paper's recursive splitter makes them, without overlap: parts between the first separator that the
    text holds are put together while they fit; a part that does not fit alone is split at the next separators.
    """
    spans = _recursive(text, 0, len(text), SEPARATORS, count, limit - count(""))
    chunks = []
    for start, end in spans:
        piece = text[start:end]
        begin = start + len(piece) - len(piece.lstrip())
        if stripped := piece.strip():
            chunks.append(Chunk(start=begin, end=begin + len(stripped), text=stripped))
    return tuple(chunks)


def _recursive(
    text: str, start: int, end: int, separators: Sequence[str], count: Count, room: int
) -> Iterator[Span]:
    part = text[start:end]
    place = next(number for number, separator in enumerate(separators) if separator in part)
    cuts = _cuts(text, start, end, separators[place])
    marks = count("")
    first, weight = start, 0
    for begin, stop in zip(cuts, [*cuts[1:], end], strict=True):
        size = count(text[begin:stop]) - marks
        if weight + size > room and begin > first:
            yield first, begin
            first, weight = begin, 0
        if size > room and place + 1 < len(separators):
            yield from _recursive(text, begin, stop, separators[place + 1 :], count, room)
            first, weight = stop, 0
        else:
            weight += size
    if first < end:
        yield first, end


def _cuts(text: str, start: int, end: int, separator: str) -> list[int]:
    """``start`` and every place before a separator; all places for the empty one."""
    if not separator:
        return list(range(start, end)) or [start]
    cuts = [start]
    place = text.find(separator, start, end)
    while place >= 0:
        if place > start:
            cuts.append(place)
        place = text.find(separator, place + len(separator), end)
    return cuts


# --- The command ------------------------------------------------------------------------------------------------------


def run(folder: Path, encoder: Encoder | None = None) -> ChunkingResult:
    """Measure both splitters on the data in ``folder``, with the coach's encoder unless another is given.

    Raises ChunkingDataError as ``read`` does, and EncoderError.
    """
    questions, corpora = read(folder)
    encoder = encoder or load_encoder(load_settings(), adapted=False)
    return ChunkingResult(
        questions=len(questions),
        ours=measure(questions, corpora, split, encoder),
        recursive=measure(questions, corpora, recursive_split, encoder),
    )


def as_json(result: ChunkingResult) -> str:
    """One JSON object on one line: the figures of the coach's splitter at its top, the other's under ``recursive``."""
    ours, recursive = result.ours.model_dump(), result.recursive.model_dump()
    return json.dumps(_rounded({"questions": result.questions, **ours, "recursive": recursive}), ensure_ascii=False)


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, DIGITS) if isinstance(value, float) else value


def show(result: ChunkingResult, console: Console) -> None:
    """Print two tables: what each splitter gives with the retriever and its channels, and the same by corpus."""
    rows = {"coach": result.ours, "recursive": result.recursive}
    intervals = ", ".join(f"{name} {one.recall_low:.3f} to {one.recall_high:.3f}" for name, one in rows.items())
    table = Table(
        "splitter",
        title=f"First {RETRIEVED} chunks of {result.questions} questions",
        caption=f"95 percent intervals of recall: {intervals}",
    )
    for column in ("chunks", "mean pieces", "most", "recall", "precision", "IoU"):
        table.add_column(column, justify="right")
    for name, one in rows.items():
        table.add_row(name, str(one.chunks), f"{one.mean_word_pieces:.1f}", str(one.max_word_pieces), *_cells(one))
        table.add_row("  dense alone", "", "", "", *_cells(one.dense))
        table.add_row("  lexical alone", "", "", "", *_cells(one.lexical))
    console.print(table)
    by_corpus = Table("corpus", title="Both channels, by corpus: coach, then recursive")
    for column in ("questions", *("recall", "precision") * len(rows)):
        by_corpus.add_column(column, justify="right")
    for corpus, scores in result.ours.corpora.items():
        cells = [cell for one in rows.values() for cell in _cells(one.corpora[corpus])[:2]]
        by_corpus.add_row(escape(corpus), str(scores.questions), *cells)
    console.print(by_corpus)


def _cells(scores: Scores) -> tuple[str, str, str]:
    return f"{scores.recall:.3f}", f"{scores.precision:.4f}", f"{scores.iou:.4f}"
