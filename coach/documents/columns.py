"""The reading order of a page: words at places become lines, and columns are read one after the other.

Comes in: fragments of text with their place, size and weight, in any order, as a PDF draws them. Goes out: rows from
first to last. A page is cut where text stands left and right of a gap for several rows and nothing crosses it: what is
over the columns comes first, then the left column as a whole, then the right one, then what is under them; each part
is cut in turn. Where there are no columns, what stands on one height is one row, so that an employer keeps the dates
at the other margin, and a label its value.

It knows no file format. Heights grow upwards; all measures are in the page's own points.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from coach.documents.cleaning import clean, is_bullet

SAME_HEIGHT = 0.3  # of the letters' size; footnote marks are raised by a third
WORD_GAP = 0.15  # of the size; a space is 0.25 wide and kerning stays under 0.1
SEGMENT_GAP = 1.2  # of the size; spaces of justified text stay under 1
BULLET_GAP = 4.0  # of the size: how far a bullet may stand from its text
GUTTER = 0.8  # of the size: the least gap between columns
FEWEST_ROWS = 3  # of a column
DENSE = 2.5  # of the size: the usual distance of a column's rows; dates beside jobs are further apart
LEAST_LETTERS = 0.4  # of what a column shows; dates and marks have fewer
MOST_GUTTERS = 50  # places tried on a page; a page with more is no page but an attack
DEEPEST = 6  # cuts within cuts
LARGER = 1.12  # of the usual size: a heading; twelve points over eleven are none
TITLE = 1.4  # of the usual size
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Fragment:
    """Text as it was drawn at once: ``left`` to ``right`` on the baseline ``height``."""

    left: float
    right: float
    height: float
    size: float
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One visual line."""

    text: str
    size: float
    bold: bool
    item: bool


@dataclass(slots=True)
class _Segment:
    """Fragments that stand close together on one height. ``row`` numbers the heights of the page from the top."""

    left: float
    right: float
    height: float
    size: float
    text: str
    bold: bool
    row: int
    item: bool = False


def reading_order(fragments: Sequence[Fragment]) -> list[Row]:
    """Rows from first to last.

    >>> page = [Fragment(40, 90, 700 - 12 * n, 10, f"left {n}") for n in range(3)]
    >>> page += [Fragment(200, 260, 700 - 12 * n, 10, f"right {n}") for n in range(3)]
    >>> [row.text for row in reading_order(page)]
    ['left 0', 'left 1', 'left 2', 'right 0', 'right 1', 'right 2']
    """
    segments = _segments(fragments)
    if not segments:
        return []
    return _read(segments, _usual_size(segments), DEEPEST)


def _segments(fragments: Sequence[Fragment]) -> list[_Segment]:
    """From the top, and from the left on each height."""
    seen = sorted((one for one in fragments if clean(one.text) or is_bullet(one.text)), key=lambda one: -one.height)
    segments: list[_Segment] = []
    row: list[Fragment] = []
    number = 0
    for one in [*seen, None]:
        if row and (one is None or row[0].height - one.height > SAME_HEIGHT * min(row[0].size, one.size)):
            segments += _joined(row, number)
            number += 1
            row = []
        if one is not None:
            row.append(one)
    return segments


def _joined(row: Sequence[Fragment], number: int) -> list[_Segment]:
    """Segments of one height: wide gaps part them, except that a bullet goes with what it stands before."""
    groups: list[list[Fragment]] = []
    for one in sorted(row, key=lambda one: one.left):
        last = groups[-1][-1] if groups else None
        if last and one.text == last.text and abs(one.left - last.left) < WORD_GAP * one.size:
            groups[-1][-1] = replace(last, bold=True)  # drawn twice, a hair apart: how some writers make letters bold
            continue
        most = BULLET_GAP * one.size if last and is_bullet(groups[-1][0].text) and len(groups[-1]) == 1 else 0.0
        if last and one.left - max(before.right for before in groups[-1]) < max(
            most, SEGMENT_GAP * max(last.size, one.size)
        ):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [_segment(group, number) for group in groups]


def _segment(group: Sequence[Fragment], number: int) -> _Segment:
    item = len(group) > 1 and is_bullet(group[0].text)
    words = group[1:] if item else group
    gaps = [one.left - before.right for before, one in pairwise(words)]
    least = WORD_GAP
    if len(words) > 3 and all(len(one.text.strip()) == 1 for one in words):
        # Letters that are all set apart, as headings often are, are still one word.
        least = max(WORD_GAP, min(gaps) / words[0].size + WORD_GAP)
    text = words[0].text
    for gap, (before, one) in zip(gaps, pairwise(words), strict=True):
        text += (" " if gap > least * min(before.size, one.size) else "") + one.text
    return _Segment(
        left=group[0].left,
        right=max(one.right for one in group),
        height=group[0].height,
        size=max(one.size for one in words),
        text=text,
        bold=all(one.bold for one in words),
        row=number,
        item=item,
    )


def _usual_size(segments: Sequence[_Segment]) -> float:
    sizes: Counter[float] = Counter()
    for one in segments:
        sizes[round(one.size * 2) / 2] += len(one.text)
    return sizes.most_common(1)[0][0] or 1.0


def _read(segments: Sequence[_Segment], usual: float, deepest: int) -> list[Row]:
    cut = _best_cut(segments, usual) if deepest else None
    if cut is None:
        return [_row(list(row)) for _, row in groupby(segments, key=lambda one: one.row)]
    rows: list[Row] = []
    for part in cut:
        rows += _read(part, usual, deepest - 1)
    return rows


def _row(segments: Sequence[_Segment]) -> Row:
    """A heading may have its dates at the other margin, in plain letters."""
    first, rest = segments[0], segments[1:]
    bold = first.bold and all(one.bold or any(letter.isdigit() for letter in one.text) for one in rest)
    text = " ".join(one.text for one in segments)
    return Row(text=text, size=max(one.size for one in segments), bold=bold, item=first.item)


def _best_cut(segments: Sequence[_Segment], usual: float) -> tuple[Sequence[_Segment], ...] | None:
    """The parts of the page by the gap that the most text stands around; None if there are no columns."""
    starts = Counter(round(one.left / 2) for one in segments)
    best: tuple[int, float, int, int] | None = None
    for start, count in starts.most_common(MOST_GUTTERS):
        if count + starts[start - 1] + starts[start + 1] < FEWEST_ROWS:
            continue
        place = min(one.left for one in segments if abs(one.left / 2 - start) <= 1.5)
        for first, end in _uncrossed(segments, place, usual):
            if (best is None or end - first > best[0]) and _is_gutter(segments[first:end], place, usual):
                best = (end - first, place, first, end)
    if best is None:
        return None
    _, place, first, end = best
    while segments[first].left >= place - 1 and segments[first].size > TITLE * usual:
        first += 1  # a title that is narrow enough to stand over one column alone
    while _leads_on(segments[first:end], usual):
        end -= 1
    between = segments[first:end]
    left = [one for one in between if one.left < place - 1]
    right = [one for one in between if one.left >= place - 1]
    return segments[:first], left, right, segments[end:]


def _uncrossed(segments: Sequence[_Segment], place: float, usual: float) -> list[tuple[int, int]]:
    """Stretches of the page, from the top, in which nothing crosses the place and no heading stands over both sides."""
    stretches, first = [], 0
    for number, one in enumerate([*segments, None]):
        if one is None or (one.left < place - 1 and one.right > place + 1):
            cuts = [first, *_over_both(segments, first, number, place, usual), number]
            stretches += list(pairwise(cuts))
            first = number + 1
    return [(first, end) for first, end in stretches if end - first >= 2 * FEWEST_ROWS]


def _over_both(segments: Sequence[_Segment], first: int, end: int, place: float, usual: float) -> list[int]:
    """Where a lone heading has nothing beside it, from the row before it to the row after, but text on both sides
    under it: a new section begins, not a paragraph of one column."""
    found = []
    for number in range(first + 1, end - 1):
        one = segments[number]
        if not _stands_out(one, usual) or segments[number - 1].row == one.row:
            continue
        is_left = one.left < place - 1
        same = [other for other in segments[first:end] if (other.left < place - 1) == is_left]
        above, below = (
            [other for other in same if other.row < one.row],
            [other for other in same if other.row > one.row],
        )
        beyond = [other for other in segments[first:end] if (other.left < place - 1) != is_left]
        if not above or not below or not beyond or beyond[-1].height >= one.height:
            continue
        if not any(below[0].height + 1 < other.height < above[-1].height - 1 for other in beyond):
            found.append(number)
    return found


def _stands_out(segment: _Segment, usual: float) -> bool:
    return segment.bold or segment.size > LARGER * usual or segment.text.isupper()


def _is_gutter(segments: Sequence[_Segment], place: float, usual: float) -> bool:
    left = [one for one in segments if one.left < place - 1]
    right = [one for one in segments if one.left >= place - 1]
    if min(len({one.row for one in left}), len({one.row for one in right})) < FEWEST_ROWS:
        return False
    if place - max(one.right for one in left) < GUTTER * usual:
        return False
    if _is_dates(left) or _is_dates(right):
        return False
    if 2 * sum(one.text.rstrip().endswith(":") for one in left) >= len(left):
        return False  # labels, each with its value beside it
    return _is_dense(left, usual) and _is_dense(right, usual) and _beside(left, right)


def _is_dates(side: Sequence[_Segment]) -> bool:
    """Dates, page numbers or marks, which belong to what they stand beside."""
    shown = [letter for one in side for letter in one.text if not letter.isspace()]
    if sum(letter.isalpha() for letter in shown) < LEAST_LETTERS * len(shown):
        return True
    return 2 * sum(bool(_YEAR.search(one.text)) for one in side) >= len(side)


def _is_dense(side: Sequence[_Segment], usual: float) -> bool:
    heights = sorted({one.height for one in side})
    return len(heights) >= FEWEST_ROWS and median(high - low for low, high in pairwise(heights)) <= DENSE * usual


def _beside(one: Sequence[_Segment], other: Sequence[_Segment]) -> bool:
    """True if the sides stand beside each other for half of the shorter one, and not one over the other."""
    tall = min(one[0].height - one[-1].height, other[0].height - other[-1].height)
    shared = min(one[0].height, other[0].height) - max(one[-1].height, other[-1].height)
    return shared >= tall / 2


def _leads_on(segments: Sequence[_Segment], usual: float) -> bool:
    """True if the last row is a lone heading: it belongs to what comes under the columns."""
    if len(segments) < 2 or segments[-1].row == segments[-2].row:
        return False
    return _stands_out(segments[-1], usual)
