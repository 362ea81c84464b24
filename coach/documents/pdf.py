"""PDF files: text with its place on the page, and which lines are headings by their letters.

Comes in: the bytes of a PDF. Goes out: lines of an ``Outline`` and notices. pypdf reads the file; its own extraction
gives text in the order of drawing or as a grid of spaces, and neither keeps columns apart, so the drawing operators
are followed here, with pypdf's fonts, and ``coach.documents.columns`` finds the order. Links, scripts, attachments and
forms are not looked at. The only home of pypdf. Runs in the child process only.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pypdf import PageObject, PasswordType, PdfReader, apply_configuration
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, StreamObject

# Not in pypdf's public face; there is no other way to a font's letters and widths. The version is pinned.
from pypdf.generic._font import Font

from coach.documents.columns import LARGER, Fragment, Row, reading_order
from coach.documents.outline import Outline
from coach.documents.values import Limits
from coach.errors import DocumentError

MOST_STREAM_BYTES = 30_000_000  # a page's drawing operators, unpacked; dense pages have 1 MB
DEEPEST_FORM = 5  # drawings within drawings
MOST_HEADING = 80  # characters
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_FORCED_BOLD = 1 << 18  # bit 19 of a font's flags
_SPREAD = re.compile(r"\s{3,}")
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

_DAMAGED = "it is a damaged PDF. Save or print it to PDF again and try that."
_SCAN = (
    "its pages are pictures of text (a scan), and no text can be read from them. "
    "Bring the file it was printed from, or paste the text."
)
_BLANK = "no text can be found on its pages. Bring the file it was made from, or paste the text."
_ILLEGIBLE = (
    "its letters cannot be read: the fonts in it do not say which letters they draw. "
    "Save it as DOCX or print it to PDF with another program, or paste the text."
)


def read_pdf(data: bytes, outline: Outline, limits: Limits) -> tuple[str, ...]:
    """Notices. Raises DocumentError for every fault."""
    try:
        with apply_configuration(
            zlib_maximum_output_length=MOST_STREAM_BYTES,
            lzw_maximum_output_length=MOST_STREAM_BYTES,
            run_length_maximum_output_length=MOST_STREAM_BYTES,
            array_based_stream_maximum_output_length=MOST_STREAM_BYTES,
            jbig2dec_binary=None,  # pictures are not read, and no program is started
        ):
            return _read(data, outline, limits)
    except (DocumentError, MemoryError):
        raise
    except LimitReachedError as error:
        raise DocumentError(
            "it is a PDF that swells beyond reason when it is unpacked, and was not read on. "
            "Save or print it to PDF again and try that."
        ) from error
    except FileNotDecryptedError as error:
        raise _protected() from error
    except DependencyError as error:
        raise DocumentError(
            "it is an encrypted PDF, and the library that decrypts it is missing: run pip install -r requirements.txt."
        ) from error
    except Exception as error:  # a damaged file raises nearly anything from inside pypdf
        raise DocumentError(_DAMAGED) from error


def _protected() -> DocumentError:
    return DocumentError("it is protected with a password. Save a copy without one and try again.")


def _read(data: bytes, outline: Outline, limits: Limits) -> tuple[str, ...]:
    reader = PdfReader(io.BytesIO(data))
    # Many files are encrypted with no password, only to forbid printing; anyone may read those.
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        raise _protected()
    number = len(reader.pages)
    if number > limits.pages:
        raise DocumentError(
            f"it has {number:,} pages, and at most {limits.pages} are read. Save the pages that matter and try those."
        )
    if not number:
        raise DocumentError(_DAMAGED)
    rows: list[tuple[int, Row]] = []
    scanned: list[str] = []
    drawn = 0
    for at, page in enumerate(reader.pages, start=1):
        drawing = _Drawing(limits.characters - drawn)
        drawing.page(page)
        drawn += drawing.characters
        found = [row for frame in drawing.frames() for row in reading_order(frame)]
        rows += [(at, row) for row in found]
        if drawing.pictures and not found:
            scanned.append(str(at))
    _outlined(rows, outline)
    if not outline.lines:
        raise DocumentError(_SCAN if scanned else _BLANK)
    text = "".join(line.text for line in outline.lines)
    if text.count("\ufffd") > 0.3 * len(text):
        raise DocumentError(_ILLEGIBLE)
    if scanned:
        which = f"Page {scanned[0]} is a picture" if len(scanned) == 1 else f"Pages {', '.join(scanned)} are pictures"
        return (f"{which} without text that can be read, probably a scan.",)
    return ()


# --- From drawing operators to fragments -------------------------------------------------------------


def _times(one: _Matrix, other: _Matrix) -> _Matrix:
    a, b, c, d, e, f = one
    k, m, n, o, p, q = other
    return (a * k + b * n, a * m + b * o, c * k + d * n, c * m + d * o, e * k + f * n + p, e * m + f * o + q)


@dataclass(frozen=True)
class _State:
    """The part of the graphics state that places text (PDF 32000-1, 9.3); restored by ``Q``."""

    matrix: _Matrix = _IDENTITY
    font: Font | None = None
    size: float = 0.0
    letter_space: float = 0.0
    word_space: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0


@dataclass
class _Drawing:
    """What one page draws. Text is gathered by the direction in which it is written."""

    most_characters: int
    characters: int = 0
    pictures: int = 0
    _by_direction: dict[int, list[Fragment]] = field(default_factory=dict)
    _fonts: dict[int, tuple[DictionaryObject, Font]] = field(default_factory=dict)

    def frames(self) -> list[list[Fragment]]:
        """Fragments by direction, the one with the most text first: a note up the margin comes last."""
        return sorted(self._by_direction.values(), key=lambda found: -sum(len(one.text) for one in found))

    def page(self, page: PageObject) -> None:
        contents = _resolved(page.get("/Contents"))
        if isinstance(contents, ArrayObject | StreamObject):
            self._run(contents, page.pdf, _dictionary(page.get("/Resources")), _State(), DEEPEST_FORM)

    def _run(self, contents: Any, pdf: Any, resources: DictionaryObject, state: _State, deepest: int) -> None:
        fonts, forms = _dictionary(resources.get("/Font")), _dictionary(resources.get("/XObject"))
        saved: list[_State] = []
        line = text = _IDENTITY
        for operands, operator in ContentStream(contents, pdf, "bytes").operations:
            numbers = [float(one) for one in operands if isinstance(one, int | float)] if operands else []
            match operator:
                case b"q":
                    saved.append(state)
                case b"Q":
                    state = saved.pop() if saved else state
                case b"cm" if len(numbers) == 6:
                    state = replace(state, matrix=_times(_matrix(numbers), state.matrix))
                case b"BT":
                    line = text = _IDENTITY
                case b"Tf" if len(operands) == 2 and numbers:
                    state = replace(state, font=self._font(fonts, operands[0]), size=numbers[0])
                case b"Tc" if numbers:
                    state = replace(state, letter_space=numbers[0])
                case b"Tw" if numbers:
                    state = replace(state, word_space=numbers[0])
                case b"Tz" if numbers:
                    state = replace(state, stretch=numbers[0] / 100)
                case b"TL" if numbers:
                    state = replace(state, leading=numbers[0])
                case b"Td" | b"TD" if len(numbers) == 2:
                    if operator == b"TD":
                        state = replace(state, leading=-numbers[1])
                    line = text = _times((1.0, 0.0, 0.0, 1.0, numbers[0], numbers[1]), line)
                case b"Tm" if len(numbers) == 6:
                    line = text = _matrix(numbers)
                case b"T*":
                    line = text = _times((1.0, 0.0, 0.0, 1.0, 0.0, -state.leading), line)
                case b"'" | b'"' if operands:
                    if operator == b'"' and len(numbers) >= 2:
                        state = replace(state, word_space=numbers[0], letter_space=numbers[1])
                    line = text = _times((1.0, 0.0, 0.0, 1.0, 0.0, -state.leading), line)
                    text = self._show(operands[-1], state, text)
                case b"Tj" if operands:
                    text = self._show(operands[0], state, text)
                case b"TJ" if operands and isinstance(operands[0], list):
                    for one in operands[0]:
                        if isinstance(one, int | float):
                            text = _moved(text, -float(one) / 1000 * state.size * state.stretch)
                        else:
                            text = self._show(one, state, text)
                case b"Do" if operands:
                    self._paint(_dictionary(forms.get(operands[0])), pdf, resources, state, deepest)
                case b"INLINE IMAGE":
                    self.pictures += 1

    def _paint(
        self, form: DictionaryObject, pdf: Any, resources: DictionaryObject, state: _State, deepest: int
    ) -> None:
        if form.get("/Subtype") == "/Image":
            self.pictures += 1
        elif form.get("/Subtype") == "/Form" and deepest and isinstance(form, StreamObject):
            given = _resolved(form.get("/Matrix"))
            is_matrix = isinstance(given, ArrayObject) and len(given) == 6
            matrix = _matrix([float(_resolved(one)) for one in given]) if is_matrix else _IDENTITY
            inside = replace(state, matrix=_times(matrix, state.matrix))
            own = _dictionary(form.get("/Resources")) or resources
            self._run(form, pdf, own, inside, deepest - 1)

    def _font(self, fonts: DictionaryObject, name: Any) -> Font | None:
        resource = _dictionary(fonts.get(name))
        if not resource:
            return None
        # By identity, since it has no equality that is cheap; kept along, so that its number stays its own.
        if id(resource) not in self._fonts:
            self._fonts[id(resource)] = resource, Font.from_font_resource(resource)
        return self._fonts[id(resource)][1]

    def _show(self, shown: Any, state: _State, text: _Matrix) -> _Matrix:
        """Gather a string and move on by its width. Wide gaps made of spaces part it, as moves would."""
        font = state.font
        if font is None or not isinstance(shown, bytes | str):
            return text
        letters = _letters(shown, font)
        places = [0.0]
        for raw, _ in letters:
            width = font.space_width if raw == font.space_char else font.get_text_width(raw)
            advance = float(width) / 1000 * state.size + state.letter_space
            advance += state.word_space if raw == font.space_char else 0.0
            places.append(places[-1] + advance * state.stretch)
        whole, starts = "", []
        for at, (_, letter) in enumerate(letters):
            starts += [at] * len(letter)
            whole += letter
        self.characters += len(whole)
        if self.characters > self.most_characters:
            # Spaces and doubles count here too, so this is no finer than the outline's own limit; it comes sooner.
            raise DocumentError("it draws far more text than a resume or a posting holds. Keep the part that matters.")
        first = 0
        for gap in [*_SPREAD.finditer(whole), None]:
            end = gap.start() if gap else len(whole)
            if end > first:
                span = places[starts[first]], places[starts[end - 1] + 1]
                self._gather(whole[first:end], span, state, text, font)
            first = gap.end() if gap else end
        return _moved(text, places[-1])

    def _gather(self, words: str, span: tuple[float, float], state: _State, text: _Matrix, font: Font) -> None:
        if not font.interpretable:
            words = "\ufffd" * len(words)
        a, b, c, d, x, y = _times(text, state.matrix)
        sign = math.copysign(1.0, state.size)  # a negative size turns the letters and the way they run
        direction = round(math.degrees(math.atan2(sign * b, sign * a)) / 90) % 4
        scale, size = math.hypot(a, b), abs(state.size) * math.hypot(c, d)
        if not all(map(math.isfinite, (x, y, scale, size))) or not size:
            return
        # Turned so that the text runs to the right, whatever its direction on the page.
        across, up = ((x, y), (y, -x), (-x, -y), (-y, x))[direction]
        one = Fragment(
            left=across + sign * span[0] * scale,
            right=across + sign * span[1] * scale,
            height=up,
            size=size,
            text=words,
            bold=_is_bold(font),
        )
        self._by_direction.setdefault(direction, []).append(one)


def _resolved(value: Any) -> Any:
    """What a reference points at; anything else as it is."""
    return value.get_object() if value is not None else None


def _dictionary(value: Any) -> DictionaryObject:
    """The dictionary behind a reference; an empty one for anything else."""
    found = _resolved(value)
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _matrix(numbers: Sequence[float]) -> _Matrix:
    a, b, c, d, e, f = numbers
    return (a, b, c, d, e, f)


def _moved(text: _Matrix, by: float) -> _Matrix:
    return _times((1.0, 0.0, 0.0, 1.0, by, 0.0), text)


def _letters(shown: bytes | str, font: Font) -> list[tuple[str, str]]:
    """Each code of a string as pypdf keys its width, and the letters that it draws."""
    if isinstance(shown, str):
        return [(letter, letter) for letter in shown]
    if isinstance(font.encoding, str):
        raw = shown.decode(font.encoding, "replace")
        return [(code, str(font.character_map.get(code, code))) for code in raw]
    named = [(chr(byte), font.encoding.get(byte, chr(byte))) for byte in shown]
    return [(code, "".join(str(font.character_map.get(one, one)) for one in letter)) for code, letter in named]


def _is_bold(font: Font) -> bool:
    flags = font.font_descriptor.flags
    return bool(_BOLD.search(font.name)) or (isinstance(flags, int) and bool(flags & _FORCED_BOLD))


# --- Headings by their letters --------------------------------------------------------------------------


def _outlined(rows: Sequence[tuple[int, Row]], outline: Outline) -> None:
    """Larger, bold or capital letters make a heading where most of the text has none of them."""
    weights: Counter[tuple[float, bool, bool]] = Counter()
    for _, row in rows:
        weights[_look(row)] += len(row.text)
    if not weights:
        return
    total = sum(weights.values())
    sizes: Counter[float] = Counter()
    for (size, _, _), count in weights.items():
        sizes[size] += count
    usual = sizes.most_common(1)[0][0]
    bold_tells = sum(count for (_, bold, _), count in weights.items() if bold) < total / 2
    capitals_tell = sum(count for (_, _, capitals), count in weights.items() if capitals) < total / 2

    def is_heading(row: Row) -> bool:
        if row.item or len(row.text) > MOST_HEADING or row.text.rstrip().endswith((".", ",", ";")):
            return False
        if sum(letter.isalpha() for letter in row.text) < 2:
            return False
        size, bold, capitals = _look(row)
        return size > LARGER * usual or (bold and bold_tells) or (capitals and capitals_tell)

    looks = sorted(
        {_look(row) for _, row in rows if is_heading(row)}, key=lambda look: (-look[0], not look[2], not look[1])
    )
    levels = {look: level for level, look in enumerate(looks, start=1)}
    for page, row in rows:
        if is_heading(row):
            outline.heading(row.text, levels[_look(row)], page)
        else:
            outline.text(row.text, page, row.item)


def _look(row: Row) -> tuple[float, bool, bool]:
    """Size to half a point, bold, and capitals of at least four letters."""
    capitals = row.text.isupper() and sum(letter.isalpha() for letter in row.text) >= 4 and len(row.text.split()) <= 6
    return round(row.size * 2) / 2, row.bold, capitals
