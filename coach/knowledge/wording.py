"""How figures and lists are put into words, everywhere the same.

Comes in: numbers. Goes out: English. It knows no facts.
"""

from __future__ import annotations

from collections.abc import Sequence

CURRENCY_SIGNS = {"USD": "$", "GBP": "£", "EUR": "€", "INR": "₹", "CAD": "CA$", "AUD": "A$", "CHF": "CHF "}

WEEKS_PER_MONTH = 365.25 / 12 / 7
"""4.348: the mean length of a month."""


def number(value: float) -> str:
    """Thousands separated, no needless decimals, at most one.

    >>> number(36.0), number(8.28), number(130000)
    ('36', '8.3', '130,000')
    """
    rounded = round(value, 1)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.1f}"


def money(amount: float, currency: str = "USD") -> str:
    """Whole units with the currency's sign.

    >>> money(92857.14), money(45000, "GBP")
    ('$92,857', '£45,000')
    """
    return f"{CURRENCY_SIGNS.get(currency, currency + ' ')}{round(amount):,}"


def signed_percent(value: float) -> str:
    """With its sign, as changes are written.

    >>> signed_percent(40), signed_percent(-23.1), signed_percent(0)
    ('+40', '-23.1', '0')
    """
    return ("+" if value > 0 else "") + number(value)


def percent_range(low: float, high: float) -> str:
    """A change in percent, both ends signed.

    >>> percent_range(40, 60), percent_range(20, 20)
    ('+40 to +60 percent', '+20 percent')
    """
    if low == high:
        return f"{signed_percent(low)} percent"
    return f"{signed_percent(low)} to {signed_percent(high)} percent"


def span(low: float, high: float, unit: str) -> str:
    """A range with its unit in the right number.

    >>> span(6, 8, "month"), span(1, 1, "week"), span(9, 9, "month")
    ('6 to 8 months', '1 week', '9 months')
    """
    if low == high:
        return count(low, unit)
    return f"{number(low)} to {number(high)} {plural(unit)}"


def count(value: float, noun: str) -> str:
    """
    >>> count(1, "task"), count(5, "skill"), count(2, "city")
    ('1 task', '5 skills', '2 cities')
    """
    return f"{number(value)} {noun if value == 1 else plural(noun)}"


def plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def ordinal(value: float) -> str:
    """
    >>> [ordinal(n) for n in (1, 2, 3, 11, 22, 45)]
    ['1st', '2nd', '3rd', '11th', '22nd', '45th']
    """
    whole = round(value)
    suffix = "th" if 10 <= whole % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{suffix}"


def listed(parts: Sequence[str], last: str = "and") -> str:
    """
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def title_start(text: str) -> str:
    """First letter upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A phrase as a sentence: capital at the front, full stop at the end."""
    text = title_start(text.strip())
    return text if text.endswith((".", "!", "?")) else text + "."


def a(noun: str) -> str:
    """With its indefinite article.

    >>> a("engineer"), a("UX Designer"), a("UI role"), a("SQL course"), a("teacher")
    ('an engineer', 'a UX Designer', 'a UI role', 'an SQL course', 'a teacher')
    """
    first = noun.split(maxsplit=1)[0] if noun else ""
    if first.isupper() and len(first) > 1:
        vowel = first[0] in "AEFHILMNORSX"
    else:
        low = first.lower()
        vowel = low[:1] in "aeio" or (low.startswith("u") and not low.startswith(("uni", "use")))
    return f"{'an' if vowel else 'a'} {noun}"
