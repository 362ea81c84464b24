"""What a page says of pay, wherever it says so.

Comes in: a layout with its answers and its overview. Goes out: the currency, and one claim for each level of pay. It
holds no claim against official figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from coach.knowledge.amounts import find_pay
from coach.knowledge.pages import Layout, is_prose
from coach.knowledge.pathway import Faq, Paragraph, PayClaim
from coach.knowledge.sections.notes import Notes


def pay_claims(
    layout: Layout, notes: Notes, overview: Sequence[Paragraph], faq: Sequence[Faq]
) -> tuple[str, tuple[PayClaim, ...]]:
    """Pay by level from the questions, the fact box and the overview, in that order of trust."""
    facts = ". ".join(f"{a.text} {b.text}" if not is_prose(a.text) else b.text for a, b in pairwise(layout.facts))
    roles = (layout.target, layout.origin)
    currency: str | None = None
    claims: dict[str, PayClaim] = {}
    for where, text in (
        *((f"the answer '{part.id}'", part.answer) for part in faq),
        ("the fact box", facts),
        *(("the overview", part.text) for part in overview),
    ):
        found = find_pay(text, roles)
        for note in found.notes:
            notes.warn(f"In {where}: {note}")
        for money, claim in found.claims:
            currency = currency or money
            known = claims.get(claim.level)
            if money != currency:
                notes.warn(f"In {where}: pay in {money} for the level '{claim.level}' was left out beside {currency}")
            elif known is None:
                claims[claim.level] = claim
            elif (known.low, known.high) != (claim.low, claim.high):
                notes.warn(
                    f"In {where}: {_figures(claim)} for the level '{claim.level}' was left out, as another place "
                    f"has {_figures(known)}"
                )
    return currency or "USD", tuple(claims.values())


def _figures(claim: PayClaim) -> str:
    return f"{claim.low:,.0f}" + (f" to {claim.high:,.0f}" if claim.high else "")
