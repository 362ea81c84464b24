"""Free text to chunks of a retriever's size, each with its place and the headings above it.

Comes in: any text (a résumé, a page, a log) and a function that counts word pieces. Goes out: chunks in order, none
overlapping another, which together hold every character that is not white space.

Three steps. The text is cut into *units*, never to be cut again: sentences, list entries, rows of tables, lines of
code. Every place between two units has a *cost*, lowest before a heading and highest inside a sentence. Then the
cheapest way to pack neighbouring units is found by dynamic programming: each chunk pays for the distance of its
size from the target, and for the place where it begins. Chunks of one size matter more than fine distinctions
between places: a long chunk is retrieved more often and brings more text that nobody asked for.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from coach.knowledge.sentences import sentence_spans
from coach.types import Frozen

TARGET = 155
"""Word pieces that a chunk should have, the encoder's marks included."""

LIMIT = 240
"""The most it may have: the encoder reads 256, and a few headings go in front."""

BEFORE_HEADING = 0.0
BEFORE_PARAGRAPH = 0.02
BEFORE_LINE = 0.05
BEFORE_SENTENCE = 0.1
BEFORE_CLAUSE = 0.3
BEFORE_WORD = 0.5
INSIDE_WORD = 1.0
"""What it costs to begin a chunk there, on the scale of ``(size / target - 1) ** 2``: a paragraph is worth a size 14
percent off, a sentence 32. Flat around here: at equal precision, recall is 0.7 points lower without the costs of
paragraph, line and sentence, 0.6 with twice and 1.3 with four times these (three public corpora, five targets)."""

SMALL = 24
"""Characters below which a unit goes with the next: a speaker's name, the number of a list entry."""

PIECE = 80
"""Characters of the units into which a sentence is cut that is too long for a chunk."""

LONGEST_HEADING = 160
"""Characters; a longer line that begins like a heading is text."""

CHARACTERS_PER_WORD_PIECE = 8
"""At least one piece is counted for so many: a word of 1,000 letters is one unknown piece to the tokenizer, and would
make a chunk that nobody can read. English has about 4."""

SEGMENT = 4000
"""Characters that are looked at together for sentences, because looking takes quadratic time at worst."""

_LINE = re.compile(r"([^\n\r\v\f\x85\u2028\u2029]*)(?:\r\n|[\n\r\v\f\x85\u2028\u2029]|\Z)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t#]*")
_UNDERLINE = re.compile(r" {0,3}(={3,}|-{3,})[ \t]*")
_WIKI = re.compile(r"\s*(=(?: ?=){0,5}) (\S.*?) \1\s*")
_BOLD = re.compile(r"\s*(?:\*\*|__)([^*_]+)(?:\*\*|__):?\s*")
_CAPITALS = re.compile(r"\s*([^a-z|]*[A-Z]{2}[^a-z|]*[^a-z|.!?,;)])\s*")
_LIST = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s")
_RECORD = re.compile(r"(?<=[}\]]),\s*(?=[{\[])")
_ESCAPED_BREAKS = re.compile(r"(?:\\r)?\\n(?:\\r|\\n)*+(?![a-z])")
_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?]\s+")
_WORD = re.compile(r"[^\s。！？、，；：]+[。！？、，；：]*\s*|[。！？、，；：]+\s*|\s+")
_CLAUSE_END = re.compile(r"[,;:—–。！？、，；：]\s*\Z")

_UNDERLINED = {"=": 1, "-": 2}
_UNMARKED = 7
"""Level of a heading that only its bold or capital letters show: below every marked one."""


class Chunk(Frozen):
    """A stretch of a text: ``text`` is what stands from ``start`` to ``end``, offsets in characters."""

    start: int
    end: int
    text: str
    heading_path: tuple[str, ...] = ()
    """Headings in force at its beginning, outermost first, one that it opens with included."""


def split(
    text: str, count_pieces: Callable[[str], int], target: int = TARGET, limit: int = LIMIT
) -> tuple[Chunk, ...]:
    """Chunks of about ``target`` word pieces and at most ``limit``, in order; none for a blank text.

    ``count_pieces`` is an encoder's ``count_word_pieces``; what it counts for the empty text is taken as the marks
    that every text gets. A single character that counts more than ``limit`` is a chunk all the same. Time grows with
    the length of the text, about three seconds per megabyte of prose. Raises ValueError when the sizes leave no
    room for a text.
    """
    marks = count_pieces("")
    if not marks < target <= limit:
        raise ValueError(f"target {target} and limit {limit}: must be more than {marks}, and target at most limit")

    def weigh(start: int, end: int) -> int:
        piece = text[start:end]
        visible = len(piece) - sum(map(str.isspace, piece))
        return max(count_pieces(piece) - marks, -(-visible // CHARACTERS_PER_WORD_PIECE))

    room = limit - marks
    units = _joined(text, list(_units(text, weigh, room)), room)
    chunks: list[Chunk] = []
    for group in _packed(units, target - marks, room):
        chunks += (_chunk(text, part) for part in _fitting(group, weigh, room))
    return tuple(chunk for chunk in chunks if chunk.text)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Never cut again. ``cost`` is that of a chunk which begins here, ``weight`` is in word pieces without marks."""

    start: int
    end: int
    cost: float
    weight: int
    path: tuple[str, ...]
    is_heading: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A line, or a heading with its underline, and the white space after it."""

    start: int
    end: int
    cost: float
    path: tuple[str, ...]
    is_heading: bool
    is_code: bool


# --- Structure: lines, headings, fences -----------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[_Block]:
    """Every line that is not blank, with the headings in force."""
    lines = [(match.start(), match.end(), match.group(1)) for match in _LINE.finditer(text) if match.group()]
    open_headings: list[tuple[int, str]] = []
    fence = ""
    after_blank = True
    number = 0
    while number < len(lines):
        start, end, line = lines[number]
        following = lines[number + 1][2] if number + 1 < len(lines) else ""
        number += 1
        if not line.strip():
            after_blank = True
            continue
        mark = _FENCE.fullmatch(line)
        is_code = bool(fence)
        heading = None
        if fence:
            if mark and mark.group(1).startswith(fence) and not mark.group(2).strip():
                fence = ""
            cost = BEFORE_LINE if after_blank else BEFORE_SENTENCE
        else:
            heading = _heading(line, following, after_blank)
            cost = BEFORE_PARAGRAPH if after_blank else BEFORE_LINE
            if mark:
                fence, is_code = mark.group(1), True
        if heading:
            level, title = heading
            if _UNDERLINE.fullmatch(following):
                end = lines[number][1]
                number += 1
            open_headings = [(above, name) for above, name in open_headings if above < level] + [(level, title)]
            cost = BEFORE_HEADING
        yield _Block(start, end, cost, tuple(name for _, name in open_headings), heading is not None, is_code)
        after_blank = False


def _heading(line: str, following: str, after_blank: bool) -> tuple[int, str] | None:
    """Level and title if the line is a heading: of Markdown, of a wiki, or a line of bold or of capital letters."""
    if len(line) > LONGEST_HEADING:
        return None
    if match := _ATX.fullmatch(line):
        return len(match.group(1)), match.group(2)
    if match := _WIKI.fullmatch(line):
        return match.group(1).count("="), match.group(2)
    if not after_blank or _LIST.match(line):
        return None
    if (under := _UNDERLINE.fullmatch(following)) and any(map(str.isalnum, line)):
        return _UNDERLINED[under.group(1)[0]], line.strip()
    if match := _BOLD.fullmatch(line) or _CAPITALS.fullmatch(line):
        return _UNMARKED, match.group(1).strip().rstrip(":")
    return None


# --- Units ------------------------------------------------------------------------------------------------------------


def _units(text: str, weigh: Callable[[int, int], int], room: int) -> Iterator[_Unit]:
    for block in _blocks(text):
        places = {block.start: block.cost}
        if not block.is_heading and not block.is_code:
            for place, cost in _places(text, block.start, block.end):
                places[place] = min(cost, places.get(place, cost))
        starts = sorted(places)
        for start, end in zip(starts, [*starts[1:], block.end], strict=True):
            weight = weigh(start, end)
            if weight <= room:
                yield _Unit(start, end, places[start], weight, block.path, block.is_heading)
                continue
            for begin, stop, cost in _pieces(text, start, end, weigh, room):
                first = places[start] if begin == start else cost
                yield _Unit(begin, stop, first, weigh(begin, stop), block.path, False)


def _places(text: str, start: int, end: int) -> Iterator[tuple[int, float]]:
    """Where sentences begin in a line, and the records and line breaks of data that was written on one line."""
    line = text[start:end]
    for begin, stop, cost in _segments(line):
        if begin:
            yield start + begin, cost
        for sentence, _ in sentence_spans(line[begin:stop])[1:]:
            yield start + begin + sentence, BEFORE_SENTENCE
    for match in _RECORD.finditer(line):
        yield start + match.end(), BEFORE_PARAGRAPH
    for match in _ESCAPED_BREAKS.finditer(line):
        if line[match.end() :match.end() + 1].strip():
            yield start + match.end(), BEFORE_LINE if match.group().count("n") == 1 else BEFORE_PARAGRAPH


def _segments(line: str) -> Iterator[tuple[int, int, float]]:
    """Parts of at most ``SEGMENT`` characters with the cost of beginning at each: after a sentence where one ends, or
    else after a word."""
    start, cost = 0, BEFORE_SENTENCE
    while len(line) - start > SEGMENT:
        middle = start + SEGMENT // 2
        window = line[middle : start + SEGMENT]
        sentences = [match.end() for match in _SENTENCE_END.finditer(window)]
        words = [match.end() for match in _SPACE.finditer(window)]
        stop = middle + (sentences or words or [len(window)])[-1]
        yield start, stop, cost
        start, cost = stop, BEFORE_SENTENCE if sentences else BEFORE_WORD if words else INSIDE_WORD
    yield start, len(line), cost


def _pieces(
    text: str, start: int, end: int, weigh: Callable[[int, int], int], room: int
) -> Iterator[tuple[int, int, float]]:
    """A sentence too long for a chunk in parts of about ``PIECE`` characters, with the cost of beginning at each."""
    begin, cost = start, BEFORE_WORD
    for match in _WORD.finditer(text, start, end):
        word_end = match.start() + len(match.group().rstrip())
        while word_end - begin > PIECE:
            stop = match.start() if match.start() > begin else _between_characters(text, begin + PIECE, word_end)
            if stop == word_end:
                break
            yield from _halved(begin, stop, cost, weigh, room)
            cost = BEFORE_WORD if stop == match.start() else INSIDE_WORD
            begin = stop
        if match.end() - begin >= PIECE // 2 and _CLAUSE_END.search(match.group()):
            yield from _halved(begin, match.end(), cost, weigh, room)
            begin, cost = match.end(), BEFORE_CLAUSE
    if begin < end:
        yield from _halved(begin, end, cost, weigh, room)


def _between_characters(text: str, place: int, end: int) -> int:
    """``place``, or a little later where an accent or a part of an emoji would lose what it belongs to."""
    for later in range(place, min(place + PIECE, end)):
        joins = text[later - 1] == "\u200d" or unicodedata.category(text[later]) in {"Mn", "Mc", "Me", "Cf", "Sk"}
        if not joins:
            return later
    return min(place + PIECE, end)


def _halved(
    start: int, end: int, cost: float, weigh: Callable[[int, int], int], room: int
) -> Iterator[tuple[int, int, float]]:
    if end - start == 1 or weigh(start, end) <= room:
        yield start, end, cost
        return
    middle = (start + end) // 2
    yield from _halved(start, middle, cost, weigh, room)
    yield from _halved(middle, end, INSIDE_WORD, weigh, room)


def _joined(text: str, units: Sequence[_Unit], room: int) -> list[_Unit]:
    """A heading goes with what it stands above, and a small unit with the next one if that is no heading."""
    joined: list[_Unit] = []
    for unit in units:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.weight + unit.weight <= room
            and (last.is_heading or (not unit.is_heading and len(text[last.start : last.end].strip()) < SMALL))
        ):
            joined[-1] = replace(
                last, end=unit.end, weight=last.weight + unit.weight, path=unit.path, is_heading=unit.is_heading
            )
        else:
            joined.append(unit)
    return joined


# --- Packing ----------------------------------------------------------------------------------------------------------


def _packed(units: Sequence[_Unit], target: int, room: int) -> Iterator[Sequence[_Unit]]:
    """The cheapest way to put neighbouring units into chunks; of equally cheap ones, that with the later cuts."""
    cheapest = [0.0] * (len(units) + 1)
    begins = [0] * (len(units) + 1)
    for stop in range(1, len(units) + 1):
        best, weight = float("inf"), 0
        for start in range(stop - 1, -1, -1):
            weight += units[start].weight
            if weight > room and start < stop - 1:
                break
            cost = cheapest[start] + (weight / target - 1.0) ** 2 + (units[start].cost if start else 0.0)
            if cost < best:
                best, begins[stop] = cost, start
        cheapest[stop] = best
    bounds = [len(units)]
    while bounds[-1]:
        bounds.append(begins[bounds[-1]])
    bounds.reverse()
    for start, stop in pairwise(bounds):
        yield units[start:stop]


def _fitting(
    units: Sequence[_Unit], weigh: Callable[[int, int], int], room: int
) -> Iterator[Sequence[_Unit]]:
    """The group itself, or its halves where the whole weighs more than its units do one by one."""
    if len(units) == 1 or weigh(units[0].start, units[-1].end) <= room:
        yield units
        return
    middle = bisect_left(units, (units[0].start + units[-1].end) // 2, lo=1, hi=len(units) - 1, key=_start)
    yield from _fitting(units[:middle], weigh, room)
    yield from _fitting(units[middle:], weigh, room)


def _start(unit: _Unit) -> int:
    return unit.start


def _chunk(text: str, units: Sequence[_Unit]) -> Chunk:
    piece = text[units[0].start : units[-1].end]
    start = units[0].start + len(piece) - len(piece.lstrip())
    stripped = piece.strip()
    return Chunk(start=start, end=start + len(stripped), text=stripped, heading_path=units[0].path)
