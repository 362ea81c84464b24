"""Whether a formula that an answer shows is true.

Comes in: a formula as it is shown, such as ``4 + 6 + 8 = 18 weeks``. Goes out: yes or no. It knows numbers, currency
signs, the four operations and brackets; nothing is evaluated as code.
"""

from __future__ import annotations

import math
import re
from calendar import month_name
from datetime import date

_EQUATION = re.compile(r"([-+\d.,$€£₹ x/()]+)=\s*([$€£₹]?[-+]?\d[\d,]*(?:\.\d+)?)")

_MONTHS = list(month_name)
_SPAN = re.compile(r"\b(\d+) days from (\d{1,2} [A-Z][a-z]+ \d{4}) to (\d{1,2} [A-Z][a-z]+ \d{4})")


def formula_holds(formula: str) -> bool:
    """Whether every equation in the formula is true, within the rounding of its right side, and every span of days.

    >>> formula_holds("4 + 6 + 8 + 4 + 2 = 24 weeks; 24 / 4.35 = 5.5 months")
    True
    >>> formula_holds("$95,000 x 1.40 = $134,000")
    False
    >>> formula_holds("the 30 days from 1 July 2027 to 31 July 2027 = 4.3 weeks")
    True
    """
    if not all(_days_hold(int(days), first, last) for days, first, last in _SPAN.findall(formula)):
        return False
    for part in formula.split(";"):
        for left, right in _EQUATION.findall(part):
            expression = re.sub(r"[$€£₹, ]", "", left).replace("x", "*").strip()
            if not re.search(r"\d[-+*/]", expression):
                continue
            try:
                value = _evaluate(expression)
            except (ValueError, ZeroDivisionError):
                continue
            stated = float(re.sub(r"[$€£₹,]", "", right))
            if part[part.find(right) + len(right) :].strip().startswith("percent") and abs(value) < 20:
                value = value * 100 if abs(value * 100 - stated) < abs(value - stated) else value
            if not math.isclose(value, stated, rel_tol=0.006, abs_tol=0.06):
                return False
    return True


def _days_hold(days: int, first: str, last: str) -> bool:
    try:
        start, end = (_date(*day.split()) for day in (first, last))
    except ValueError:
        return False
    return (end - start).days == days


def _date(day: str, month: str, year: str) -> date:
    return date(int(year), _MONTHS.index(month), int(day))


def _evaluate(expression: str) -> float:
    """Plus, minus, times, divided, brackets; nothing else. Raises ValueError for any other text."""
    found = re.findall(r"\d+(?:\.\d+)?|[-+*/()]", expression)
    if "".join(found) != expression:
        raise ValueError(expression)
    position = 0

    def peek() -> str:
        return found[position] if position < len(found) else ""

    def take() -> str:
        nonlocal position
        position += 1
        return str(found[position - 1])

    def atom() -> float:
        if peek() == "(":
            take()
            value = total()
            if not peek() == ")":
                raise ValueError(expression)
            take()
            return value
        if peek() in {"-", "+"}:
            return -atom() if take() == "-" else atom()
        if not peek():
            raise ValueError(expression)
        return float(take())

    def product() -> float:
        value = atom()
        while peek() in {"*", "/"}:
            value = value * atom() if take() == "*" else value / atom()
        return value

    def total() -> float:
        value = product()
        while peek() in {"+", "-"}:
            value = value + product() if take() == "+" else value - product()
        return value

    value = total()
    if position != len(found):
        raise ValueError(expression)
    return value
