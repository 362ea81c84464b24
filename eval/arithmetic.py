"""Is the arithmetic of a formula true? ``4 + 6 + 8 = 18 weeks`` is, ``24 x 10 = 200 hours`` is not.

Comes in: one part of a formula as an answer shows it. Goes out: yes or no. It shares no code with the coach. An
equation is arithmetic on its left, or a length of time in two units; what is neither states nothing that could be
false, and counts as true.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from itertools import pairwise
from typing import cast

from eval.cases import DurationNugget, TimeUnit
from eval.matching import holds
from eval.quantities import plain, quantities

_SPOKEN = re.compile(r"[$£€,]|(?<=\d) ?(?:percent|%|hours?|weeks?|months?|years?|days?)(?: a week)?\b")
_EXPRESSION = re.compile(r"[-+(]*\d[-+*/(). \d]*$")
_RESULT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)(\s?(?:percent|%))?")
_TIME_UNITS = frozenset({"minutes", "hours", "days", "weeks", "months", "years"})
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}

ROUNDED_SHARE = 0.006
"""How far a result may be off by rounding before the last step: three figures are right."""


def holds_true(part: str) -> bool:
    """Whether every equation of ``part`` is true, a result being rounded to the decimals that it shows.

    >>> holds_true("40 / 4.35 = 9.2 months"), holds_true("$95,000 x 1.40 = $134,000")
    (True, False)
    >>> holds_true("$210,000 / $135,980 - 1 = +54.4 percent"), holds_true("12 weeks = 2.8 months")
    (True, True)
    """
    sides = re.sub(r"(?<=[\d) ])[x×](?=[\d( ])", "*", part.replace("−", "-")).split("=")
    for left, right in pairwise(sides):
        if _converts(left) and not _same_duration(left, right):
            return False
        bare = _EXPRESSION.search(_SPOKEN.sub("", left).strip())
        stated = _RESULT.match(re.sub(r"[$£€,](?=\d)", "", right))
        if bare is None or stated is None:
            continue
        value = _value(bare[0].strip())
        if value is None:
            continue
        wanted = float(stated[1])
        values = (value, value * 100) if stated[2] else (value,)
        decimals = len(stated[1].partition(".")[2])
        if not any(abs(v - wanted) <= max(0.5 * 10**-decimals + 1e-9, ROUNDED_SHARE * abs(wanted)) for v in values):
            return False
    return True


def _converts(left: str) -> bool:
    """Whether there is nothing but a length of time."""
    found = quantities(plain(left))
    return len(found) == 1 and found[0].unit in _TIME_UNITS and (found[0].start, found[0].end) == (0, len(plain(left)))


def _same_duration(left: str, right: str) -> bool:
    length = quantities(plain(left))[0]
    unit = cast(TimeUnit, length.unit)
    return holds(DurationNugget(kind="duration", vital=True, value=length.low, unit=unit), [right])


def _value(expression: str) -> float | None:
    """Plus, minus, times, divided and brackets; None for anything else, a bare number too."""
    try:
        tree = ast.parse(expression, mode="eval").body
        return _evaluate(tree) if isinstance(tree, ast.BinOp) else None
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None


def _evaluate(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _evaluate(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluate(node.left), _evaluate(node.right))
    raise ValueError(ast.dump(node))
