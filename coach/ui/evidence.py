"""Evidence as it is shown: a note beside a claim, and a panel with everything behind an answer.

Comes in: an ``Answer`` and a way to look passages up. Goes out: Streamlit elements (``note``, ``panel``) and the
words for scores and durations, which the other pages use as well.

It reads the trace that the answer carries and never searches again: an old conversation shows the evidence that
it had then, even if the knowledge has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.wording import count
from coach.reading import sources
from coach.types import Answer, ChannelRank, Citation, Claim, Generation, Passage, Retrieved, Support, Verdict
from coach.ui.render import badge, clean, code, highlighted, literal, quiet, source_link

Lookup = Callable[[str], Passage]
"""Passage by id; raises KeyError or CoachError where the knowledge no longer has it."""

STAGES = {
    "understand": "Understood the question",
    "retrieve": "Searched the knowledge",
    "answer": "Put the answer together",
    "ground": "Checked every claim against its source",
    "write": "Let the model write, and checked each of its sentences",
}
WORKING = {
    "understand": "Understanding the question",
    "retrieve": "Searching the knowledge",
    "answer": "Putting the answer together",
    "ground": "Checking every claim against its source",
    "write": "The model is writing",
}

# Cosine similarity of the packaged encoder, read off questions in people's own words: right passages lie mostly
# above 0.5, and what is off topic falls below 0.4. Words are for orientation; the number stands beside them.
_CLOSENESS = ((0.65, "very close in meaning"), (0.5, "close in meaning"), (0.35, "loosely related"))
_DISTANT = "distant in meaning"
UNUSED_SHOWN = 8
"""Passages beyond these were far down every ranking; the count still says that there were more."""


NEAR_BY_WORDS = 10
"""From here on a rank by shared words says little, and is not given as a number."""


def note(answer: Answer, claim: Claim, marker: int, lookup: Lookup) -> None:
    """What one marker of one claim opens: the sentence within its passage, and where it comes from."""
    cited = [citation for citation in claim.citations if citation.marker == marker]
    if claim.support is Support.COMPUTED and claim.formula:
        st.markdown(f"{quiet('Computed:')} {code(claim.formula)}")
    elif claim.support is Support.INFERRED:
        st.markdown(quiet("Inferred from the passage below, not said in these words."))
    for passage_id, citations in _by_passage(cited).items():
        _passage(_find(answer, passage_id, lookup), citations, root=_root(answer), said=claim.formula)


def panel(answer: Answer, lookup: Lookup) -> None:
    """Everything behind an answer: passages cited, claims with their checks, passages found and not used, steps."""
    cited = sources(answer)
    unused = unused_passages(answer)
    root = _root(answer)
    labels = ["Sources", "Claims", "Not used", "Steps"]
    in_sources, in_claims, in_unused, in_steps = st.tabs(labels)
    with in_sources:
        if not cited:
            st.caption("This answer states no facts, so it cites nothing.")
        for passage_id, citations in _by_passage(cited).items():
            markers = "".join(f"[{number}]" for number in sorted({citation.marker for citation in citations}))
            _passage(_find(answer, passage_id, lookup), citations, markers, _ranked(answer, passage_id), root)
    with in_claims:
        _ledger(answer)
    with in_unused:
        if not unused:
            st.caption("Every passage that was found is cited.")
        for retrieved in unused[:UNUSED_SHOWN]:
            _passage(retrieved.passage, (), "", retrieved, root)
        if len(unused) > UNUSED_SHOWN:
            st.caption(f"and {len(unused) - UNUSED_SHOWN} more, further down the ranking")
    with in_steps:
        steps(answer)


def steps(answer: Answer) -> None:
    for timed in answer.trace.seconds:
        st.markdown(f"{literal(STAGES.get(timed.stage, timed.stage))} {quiet(duration(timed.seconds))}")
    if answer.trace.query.standalone != answer.question:
        st.markdown(f"{quiet('Understood as:')} {literal(answer.trace.query.standalone)}")
    for notice in answer.trace.query.notices:
        st.markdown(quiet(notice))
    if answer.trace.generation is not None:
        _generation(answer.trace.generation)


def _generation(made: Generation) -> None:
    """What the model was sent and wrote, and what that took."""
    words = f"{made.model}: {count(len(made.exchanges), 'exchange')}, "
    words += cost_words(made.usage.total, made.cost, made.usage.estimated)
    st.markdown(quiet(words))
    if made.rewritten:
        st.markdown(f"{quiet('Searched for, as the model put it:')} {literal(made.rewritten)}")
    if made.problem:
        st.markdown(quiet(made.problem))
    for number, one in enumerate(made.exchanges, start=1):
        first = "" if one.first_token_seconds is None else f", first words after {duration(one.first_token_seconds)}"
        st.markdown(f"Exchange {number} {quiet(f'{duration(one.seconds)}{first}')}")
        with st.expander("The prompt as sent, and the reply", type="compact"):
            for message in one.messages:
                st.markdown(badge(message.role))
                st.code(clean(message.content), language=None, wrap_lines=True)
            st.markdown(badge("reply"))
            st.code(clean(one.reply), language=None, wrap_lines=True)


def unused_passages(answer: Answer) -> tuple[Retrieved, ...]:
    """Found and not cited, best first."""
    used = {citation.passage_id for citation in sources(answer)} | set(answer.trace.used_passage_ids)
    return tuple(found for found in answer.trace.retrieved if found.passage.id not in used)


def summary(answer: Answer) -> str:
    """One quiet line: how much evidence there is and how long it took."""
    cited = len({citation.passage_id for citation in sources(answer)})
    unused = len(unused_passages(answer))
    words = [f"Evidence: {cited or 'none'} cited"]
    if unused:
        words[0] += f", {unused} not used"
    if answer.trace.seconds:
        words.append(duration(sum(timed.seconds for timed in answer.trace.seconds)))
    return " · ".join(words)


def closeness(similarity: float) -> str:
    """A cosine in words.

    >>> closeness(0.55)
    'close in meaning'
    """
    return next((words for floor, words in _CLOSENESS if similarity >= floor), _DISTANT)


def duration(seconds: float) -> str:
    """
    >>> duration(0.0426), duration(1.25), duration(0.0004)
    ('43 ms', '1.2 s', 'under 1 ms')
    """
    if seconds < 0.001:
        return "under 1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def cost_words(tokens: int, cost: float | None, estimated: bool) -> str:
    """
    >>> cost_words(2454, 0.00123, False), cost_words(90, None, True)
    ('2,454 tokens, about $0.0012', 'about 90 tokens')
    """
    words = f"{'about ' if estimated else ''}{tokens:,} tokens"
    return words if cost is None else f"{words}, about ${cost:.4f}"


def rank_in_words(retrieved: Retrieved) -> str:
    """Where a passage stood and why, without asking the reader to know what a score means."""
    words = [f"rank {retrieved.rank}"]
    nearest = max((channel.score for channel in (retrieved.dense, retrieved.keys) if channel is not None), default=None)
    if nearest is not None:
        words.append(f"{closeness(nearest)} ({nearest:.2f})")
    words.append(_shared_words(retrieved.lexical))
    return ", ".join(words)


def _shared_words(lexical: ChannelRank | None) -> str:
    if lexical is None or lexical.score <= 0:
        return "shares no telling words"
    if lexical.rank > NEAR_BY_WORDS:
        return "few words in common"
    return "most words in common" if lexical.rank == 1 else f"{_ordinal(lexical.rank)} by words in common"


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _passage(
    found: Passage | None,
    citations: Iterable[Citation],
    markers: str = "",
    retrieved: Retrieved | None = None,
    root: str | None = None,
    said: str | None = None,
) -> None:
    """A passage with what is cited of it highlighted; the quotes alone if the passage is gone.

    ``root`` is left out of the heading path, and ``said`` of the formulas: both stand on the page already.
    """
    citations = tuple(citations)
    lead = f"{badge(markers)} " if markers else ""
    if found is None:
        quotes = "  \n".join(highlighted(citation.quote) for citation in citations)
        gone = quiet("The knowledge has changed since: this passage is no longer part of it.")
        st.markdown(f"{lead}{quotes}\n\n:small[{quiet(citations[0].source)}]  \n:small[{gone}]")
        return
    foot = [quiet(found.source)]
    link = source_link(found)
    if link is not None:
        foot.append(link)
    if retrieved is not None:
        foot.append(quiet(rank_in_words(retrieved)))
    path = (
        found.heading_path[1:] if len(found.heading_path) > 1 and found.heading_path[0] == root else found.heading_path
    )
    lines = [
        f":small[{lead}{quiet(' › '.join(path))}]",
        _marked(found, citations),
        f":small[{' · '.join(foot)}]",
    ]
    formulas = [
        sentence.formula
        for sentence in found.sentences
        if sentence.formula
        and sentence.formula != said
        and any(_overlap(sentence.start, sentence.end, citation) for citation in citations)
    ]
    lines[2:2] = [f":small[{quiet('Computed:')} {code(formula)}]" for formula in dict.fromkeys(formulas)]
    st.markdown("\n\n".join(lines))


def _marked(found: Passage, citations: tuple[Citation, ...]) -> str:
    """The passage's text, line by line, with the cited stretches highlighted."""
    cited = [False] * len(found.text)
    for citation in citations:
        start, end = citation.start, citation.end
        if found.text[start:end] != citation.quote:
            start = found.text.find(citation.quote)
            if start < 0:
                continue
            end = start + len(citation.quote)
        cited[start:end] = [True] * (end - start)
    made: list[str] = []
    at = 0
    for line in found.text.split("\n"):
        made.append(_line(line, cited[at : at + len(line)]))
        at += len(line) + 1
    return "  \n".join(line for line in made if line)


def _line(line: str, cited: list[bool]) -> str:
    pieces: list[str] = []
    start = 0
    for at in range(1, len(line) + 1):
        if at == len(line) or cited[at] != cited[start]:
            stretch = line[start:at]
            if stretch.strip():
                before = " " if pieces and (stretch[0].isspace() or line[start - 1].isspace()) else ""
                pieces.append(before + (highlighted(stretch) if cited[start] else literal(stretch)))
            start = at
    return "".join(pieces)


def _ledger(answer: Answer) -> None:
    """Each claim, how it is supported and what the check said; then what the check left out."""
    if not answer.claims:
        st.caption("This answer states no facts.")
    verdicts = {verdict.claim: verdict for verdict in answer.trace.verdicts}
    for claim in answer.claims:
        markers = "".join(f"[{number}]" for number in sorted({citation.marker for citation in claim.citations}))
        kind = f"{badge(claim.support.value)} {quiet(markers)}"
        lines = [literal(claim.text), kind + (f" {code(claim.formula)}" if claim.formula else "")]
        verdict = verdicts.get(claim.text)
        if verdict is not None:
            lines.append(f":small[{quiet(_verdict(verdict))}]")
        st.markdown("  \n".join(lines))
    left_out = [
        verdict
        for verdict in answer.trace.verdicts
        if not verdict.supported and verdict.claim not in {claim.text for claim in answer.claims}
    ]
    made = answer.trace.generation
    left_out = list(dict.fromkeys([*left_out, *(made.struck_out if made else ())]))
    if left_out:
        st.markdown("**Struck out, because the check found no support**")
    for verdict in left_out:
        st.markdown(f"~~{literal(verdict.claim)}~~  \n:small[{quiet(_verdict(verdict))}]")


def _verdict(verdict: Verdict) -> str:
    words = ["Check passed" if verdict.supported else "Check failed"]
    if verdict.reason:
        words.append(verdict.reason)
    if verdict.missing_numbers:
        words.append(f"figures not in the source: {', '.join(verdict.missing_numbers)}")
    if verdict.missing_names:
        words.append(f"names not in the source: {', '.join(verdict.missing_names)}")
    if verdict.polarity_conflict:
        words.append("the source says the opposite")
    return ": ".join((words[0], "; ".join(words[1:]))) if len(words) > 1 else words[0]


def _by_passage(citations: Iterable[Citation]) -> dict[str, tuple[Citation, ...]]:
    grouped: dict[str, tuple[Citation, ...]] = {}
    for citation in citations:
        grouped[citation.passage_id] = (*grouped.get(citation.passage_id, ()), citation)
    return grouped


def _ranked(answer: Answer, passage_id: str) -> Retrieved | None:
    return next((found for found in answer.trace.retrieved if found.passage.id == passage_id), None)


def _root(answer: Answer) -> str | None:
    """The heading that every passage of an answer begins with, mostly the pathway's own name; it tells nothing."""
    roots = {found.passage.heading_path[0] for found in answer.trace.retrieved if len(found.passage.heading_path) > 1}
    return roots.pop() if len(roots) == 1 else None


def _find(answer: Answer, passage_id: str, lookup: Lookup) -> Passage | None:
    """The passage as it was when the answer was given, else as it is now."""
    ranked = _ranked(answer, passage_id)
    if ranked is not None:
        return ranked.passage
    try:
        return lookup(passage_id)
    except (KeyError, CoachError):
        return None


def _overlap(start: int, end: int, citation: Citation) -> bool:
    return citation.start < end and start < citation.end
