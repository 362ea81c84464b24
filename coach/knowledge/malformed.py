"""What to do with data that do not fit: name the part, leave it out, keep the rest.

Comes in: plain data and the model they should fit. Goes out: the model's value without the parts that do
not fit, and one line for each of those: ``file: skills[2].weeks: expected a whole number, got 'five'``.
It knows no file and no pathway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from coach.types import Frozen

Value = TypeVar("Value", bound=Frozen)
Location = tuple[int | str, ...]
Mend = Callable[[dict[str, Any]], list[str]]

MAX_ROUNDS = 8
"""Leaving out a field can show that the mapping around it lacks one; three rounds are the most seen."""

_EXPECTED = {
    "missing": "a value",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "tuple_type": "a list",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "dict_type": "a mapping of fields",
    "enum": "one of {expected}",
    "literal_error": "one of {expected}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than_equal": "a number of at most {le}",
    "extra_forbidden": "a field of this layout",
    "invalid_key": "a field name in words",
    "url_type": "an address that begins with http:// or https://",
    "url_parsing": "an address that begins with http:// or https://",
    "url_scheme": "an address that begins with http:// or https://",
    "url_too_long": "an address of at most {max_length} characters",
}

_SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"


def fitting(
    model: type[Value], data: object, shown: str, *, at: str = "", mend: Mend | None = None
) -> tuple[Value | None, list[str]]:
    """The value of ``data`` without what does not fit, and what was left out; None where nothing is left.

    In a list the entry goes, in a mapping the optional field; a required field takes its mapping along.
    ``at`` is where the data stand in the file. ``mend`` repairs in place what concerns the value as a whole
    and says what it did.
    """
    rest = deepcopy(data)
    problems: list[str] = []
    for _ in range(MAX_ROUNDS):
        try:
            return model.model_validate(rest), problems
        except ValidationError as error:
            found = error.errors(include_url=False)
        whole = [detail for detail in found if not detail["loc"]]
        if whole and mend is not None and isinstance(rest, dict):
            mended = mend(rest)
            problems += [f"{shown}: {line}" for line in mended]
            if mended:
                continue
        problems += [f"{shown}: {describe(detail, at)}" for detail in found]
        if whole or not _leave_out(model, rest, found):
            return None, problems
    return None, problems


def fitting_rows(model: type[Value], data: object, shown: str) -> tuple[tuple[Value, ...], list[str]]:
    """The same for a file that is one list."""
    if not isinstance(data, list):
        return (), [f"{shown}: expected a list, got {_got(data)}"]
    values, problems = [], []
    for index, row in enumerate(data):
        value, lines = fitting(model, row, shown, at=f"[{index}]")
        problems += lines
        if value is not None:
            values.append(value)
    return tuple(values), problems


def describe(detail: ErrorDetails, at: str = "") -> str:
    """One error as ``field: expected ..., got ...``.

    >>> describe({"type": "int_type", "loc": ("skills", 2, "weeks"), "msg": "", "input": "five"})
    "skills[2].weeks: expected a whole number, got 'five'"
    """
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        text = str(context.get("error", detail["msg"]))
    else:
        got = "nothing" if detail["type"] == "missing" else _got(detail["input"])
        text = f"expected {_expected(detail, context)}, got {got}"
    place = _dotted(detail["loc"], at)
    return f"{place}: {text}" if place else text


def _expected(detail: ErrorDetails, context: Mapping[str, Any]) -> str:
    if detail["type"] == "string_pattern_mismatch" and context.get("pattern") == _SLUG_PATTERN:
        return "lower-case letters and digits, joined by hyphens"
    if detail["type"] not in _EXPECTED:
        return f"something else ({detail['msg']})"
    return _EXPECTED[detail["type"]].format_map(context)


def _got(value: object) -> str:
    """The value as a reader can find it again, and never more of it than fits on a line."""
    if isinstance(value, dict):
        return "a mapping of fields"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _dotted(location: Sequence[int | str], at: str) -> str:
    text = at
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _leave_out(model: type[Frozen], data: object, found: Sequence[ErrorDetails]) -> bool:
    """Delete in place what the errors name; False where that would take the whole value."""
    targets = set()
    for detail in found:
        target = _target(data, detail)
        if not target or (len(target) == 1 and _required(model, target[0])):
            return False
        targets.add(target)
    # Entries of one list go from the back, so that the places of the others stay right.
    for target in sorted(targets, key=_place, reverse=True):
        holder = _at(data, target[:-1])
        if isinstance(holder, list) and isinstance(target[-1], int) and target[-1] < len(holder):
            del holder[target[-1]]
        elif isinstance(holder, dict):
            # A key need not be text in YAML: 7 is reported as 7, and so is True, which equals 1, as 1.
            for key in [key for key in holder if key == target[-1] or str(key) == str(target[-1])]:
                del holder[key]
    return True


def _target(data: object, detail: ErrorDetails) -> Location:
    """What to leave out for one error: an unknown field by itself, else the innermost list entry, else the field."""
    location = detail["loc"]
    if detail["type"] in ("extra_forbidden", "invalid_key"):
        return location
    for end in range(len(location), 0, -1):
        if isinstance(location[end - 1], int) and isinstance(_at(data, location[: end - 1]), list):
            return location[:end]
    while location and not _present(data, location):
        location = location[:-1]
    return location


def _place(location: Location) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in location]


def _at(data: object, location: Location) -> object:
    for part in location:
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif isinstance(data, dict):
            data = data.get(part)
        else:
            return None
    return data


def _present(data: object, location: Location) -> bool:
    holder = _at(data, location[:-1])
    return isinstance(holder, dict) and location[-1] in holder


def _required(model: type[Frozen], field: int | str) -> bool:
    known = model.model_fields.get(str(field))
    return known is not None and known.is_required()
