"""An answer for the terminal: text, sources, and how it was found.

Comes in: an ``Answer``, and passages by id. Goes out: plain text without any markup. Text from questions, pages and
files is shown without control characters, so that none of it can move the cursor or rewrite what was said. Does not
know where passages come from or where the text goes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from coach.knowledge.wording import count
from coach.reading import sources
from coach.types import Answer, ChannelRank, Generation, Outcome, Passage, Place, Support

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
    if trace.generation is not None:
        lines += ["", *_exchanges(trace.generation)]
    lines += ["", "  ".join(f"{stage.stage} {1000 * stage.seconds:.1f} ms" for stage in trace.seconds)]
    return visible("\n".join(lines)) + "\n"


def printed_draft(answer: Answer, model: str) -> str:
    """What became of a model's draft, in one line; ``model`` is what it is called where it was not asked at all."""
    made = answer.trace.generation
    if made is None:
        return visible(f"{model} was not asked: the coach has nothing to be put into words.") + "\n"
    who = f"{made.model} {'on this machine' if made.place is Place.LOCAL else 'at a remote service'}"
    if made.outcome in (Outcome.SHOWN, Outcome.COMPLETED):
        text = f"Worded by {who}, every sentence checked{_struck(made)}."
        text += " What it left out was put back." if made.outcome is Outcome.COMPLETED else ""
    elif made.outcome is Outcome.KEPT:
        text = f"The coach's own answer: too little of what {who} wrote held{_struck(made)}."
        text += f" {made.problem}" if made.problem else ""
    elif made.outcome is Outcome.STOPPED:
        text = f"The coach's own answer: {who} was stopped."
    else:
        text = f"The coach's own answer: {made.problem}"
    if made.exchanges:
        text += f" {_took(made)}."
    return visible(" ".join(text.split())) + "\n"


def _struck(made: Generation) -> str:
    if made.chosen is None:
        return ""
    verdicts = made.exchanges[made.chosen].verdicts
    struck = sum(not verdict.supported for verdict in verdicts)
    return f", {struck} of {count(len(verdicts), 'sentence')} struck out" if struck else ""


def _took(made: Generation) -> str:
    cost = "" if made.cost is None else f", about ${made.cost:.4f}"
    about = "about " if made.usage.estimated else ""
    return f"{count(len(made.exchanges), 'exchange')}, {about}{made.usage.total:,} tokens{cost}, {made.seconds:.1f} s"


def _exchanges(made: Generation) -> list[str]:
    """Each exchange with a model: what it took, and each of its sentences with the verdict."""
    lines = [f"model {made.model} ({made.place}), draft {made.outcome}"]
    if made.rewritten:
        lines.append(f"searched for, as the model put it: {made.rewritten}")
    for number, one in enumerate(made.exchanges, start=1):
        first = "" if one.first_token_seconds is None else f", first words after {one.first_token_seconds:.1f} s"
        chosen = " (counts)" if number - 1 == made.chosen else ""
        lines.append(f"exchange {number}{chosen}: {one.usage.total:,} tokens, {one.seconds:.1f} s{first}")
        for verdict in one.verdicts:
            said = "holds" if verdict.supported else "STRUCK OUT"
            reason = f" ({verdict.reason})" if verdict.reason and not verdict.supported else ""
            lines.append(f"    {said}{reason}: {verdict.claim}")
    if made.problem:
        lines.append(made.problem)
    return lines


def _placed(rank: ChannelRank | None) -> str:
    """Rank and score of a channel.

    >>> _placed(ChannelRank(rank=3, score=0.71234)), _placed(None)
    ('3 (0.712)', '-')
    """
    return f"{rank.rank} ({rank.score:.3f})" if rank else "-"
