"""The two roles of a page among the official occupations.

Comes in: a layout and the market figures. Goes out: the link between them, by the names of both alone; which other
occupation is near to a role, it does not guess.
"""

from __future__ import annotations

from coach.knowledge.market import Market
from coach.knowledge.pages import Layout, heading_key
from coach.knowledge.pathway import MarketLink
from coach.knowledge.sections.notes import Notes


def market_link(layout: Layout, notes: Notes, market: Market | None) -> MarketLink:
    if market is None:
        return MarketLink()
    origin = _occupation(market, layout.origin, notes)
    target = _occupation(market, layout.target, notes)
    if target is None:
        notes.warn(f"The official figures hold nothing for the role {layout.target!r}")
    if origin is None:
        notes.warn(f"The official figures hold nothing for the role {layout.origin!r}")
    titles = {_role_key(pay.title): pay.title for pay in market.survey}
    return MarketLink(
        origin=origin,
        neighbours=(target,) if target else (),
        exact=target is not None,
        survey_origin=titles.get(_role_key(layout.origin)),
        survey_target=titles.get(_role_key(layout.target)),
    )


def _occupation(market: Market, role: str, notes: Notes) -> str | None:
    key = _role_key(role)
    official = [(entry.soc, _role_key(entry.name)) for entry in market.occupations]
    popular = [(entry.soc, _role_key(alias)) for entry in market.occupations for alias in entry.aliases]
    for names in (official, popular):
        codes = {soc for soc, name in names if name == key}
        if len(codes) == 1:
            return codes.pop()
        if codes:
            notes.warn(f"The role {role!r} is a name of several official occupations, so none was chosen")
            return None
    return None


def _role_key(role: str) -> str:
    """A role for comparison, singular and plural alike; both sides are folded, so roughness does no harm.

    >>> _role_key("Software Developers") == _role_key("software developer"), _role_key("Secretaries")
    (True, 'secretary')
    """
    words = []
    for word in heading_key(role).split():
        if word.endswith("ies") and len(word) > 4:
            words.append(word[:-3] + "y")
        elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
            words.append(word[:-1])
        else:
            words.append(word)
    return " ".join(words)
