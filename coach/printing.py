"""An answer for the terminal: text, sources, and how it was found.

Comes in: an ``Answer``, and passages by id. Goes out: plain text without any markup. Text from questions, pages and
files is shown without control characters, so that none of it can move the cursor or rewrite what was said. Does not
know where passages come from or where the text goes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from coach.reading import sources
from coach.types import Answer, ChannelRank, Passage, Support

DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing, so that a line reads otherwise than it is."""


def visible(text: str) -> str:
    r"""The text without control characters other than line breaks.

    >>> visible("pay\x1b[2J is\nhigh")
    'pay[2J is\nhigh'
    """
    return "".join(
        char
        for char in text
        if char == "\n" or (char not in DIRECTIONS and unicodedata.category(char) not in ("Cc", "Cs"))
    )


def printed(answer: Answer, passage: Callable[[str], Passage]) -> str:
    """The answer, then each source once by its marker, then what can be asked next."""
    lines = [answer.text]
    cited = sources(answer)
    if cited:
        lines += ["", "Sources"]
    formulas: dict[int, dict[str, None]] = {}
    for claim in answer.claims:
        if claim.support is Support.COMPUTED and claim.formula and claim.citations:
            formulas.setdefault(claim.citations[0].marker, {})[claim.formula] = None
    for marker in dict.fromkeys(citation.marker for citation in cited):
        same = [citation for citation in cited if citation.marker == marker]
        found = passage(same[0].passage_id)
        lines.append(f"[{marker}] {' > '.join(found.heading_path)} ({same[0].source})")
        lines += [f'    "{citation.quote}"' for citation in same]
        lines += [f"    Computed: {formula}" for formula in formulas.get(marker, ())]
        if found.url:
            lines.append(f"    {found.url}")
    if answer.suggestions:
        lines += ["", "Ask next", *(f"- {text}" for text in answer.suggestions)]
    return visible("\n".join(lines)) + "\n"


def printed_trace(answer: Answer) -> str:
    """How the question was understood, what each channel found, what the check said, and the time it took."""
    trace = answer.trace
    query = trace.query
    lines = ["", "Trace", f"pathway {answer.pathway}, status {answer.status}, route {trace.route or 'none'}"]
    if query.standalone != query.question:
        lines.append(f"read as: {query.standalone}")
    understood = {
        "wants": query.wants,
        "about": query.entities,
        "corrected": tuple(f"{wrong} to {right}" for wrong, right in query.corrected),
        "told": trace.facets,
    }
    lines += [f"{name}: {', '.join(values)}" for name, values in understood.items() if values]
    if trace.retrieved:
        lines += ["", f"{'rank':>4} {'score':>7}  {'dense':>10}  {'keys':>10}  {'words':>10}  passage (* cited)"]
    for found in trace.retrieved:
        channels = "  ".join(f"{_placed(rank):>10}" for rank in (found.dense, found.keys, found.lexical))
        mark = "*" if found.passage.id in trace.used_passage_ids else " "
        lines.append(f"{found.rank:>4} {found.score:>7.3f}  {channels}  {mark}{found.passage.id}")
    if trace.verdicts:
        lines.append("")
    for verdict in trace.verdicts:
        said = "holds" if verdict.supported else "REJECTED"
        reason = f" ({verdict.reason})" if verdict.reason else ""
        lines.append(f"{said} {verdict.score:.2f}{reason}: {verdict.claim}")
    lines += ["", "  ".join(f"{stage.stage} {1000 * stage.seconds:.1f} ms" for stage in trace.seconds)]
    return visible("\n".join(lines)) + "\n"


def _placed(rank: ChannelRank | None) -> str:
    """Rank and score of a channel.

    >>> _placed(ChannelRank(rank=3, score=0.71234)), _placed(None)
    ('3 (0.712)', '-')
    """
    return f"{rank.rank} ({rank.score:.3f})" if rank else "-"
