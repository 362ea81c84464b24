"""Two answers beside each other: what one says, ranks and passes that the other does not.

Comes in: the answer as the coach gives it, and another to the same question. Goes out: Streamlit elements. What is
different comes from ``coach.lab.differences``.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coach.lab.differences import Change, Differences, Movement, Piece, SentenceChange, compare
from coach.pipeline import Worked
from coach.types import Status, Verdict
from coach.ui.render import highlighted, literal, quiet

SHIPPED, CHANGED = "As the coach answers", "With your change"

SAID = {
    Status.ANSWERED: "answered",
    Status.ABSTAINED: "refused: not covered",
    Status.OFF_TOPIC: "refused: off topic",
    Status.CONVERSATIONAL: "small talk",
}

MOVES = {
    Movement.ROSE: "up",
    Movement.FELL: "down",
    Movement.CAME: "came in",
    Movement.WENT: "fell out",
    Movement.STAYED: "stayed",
}


def show(old: Worked, new: Worked, *, key: str, names: tuple[str, str] = (SHIPPED, CHANGED)) -> Differences:
    """Both answers, then how passages moved and which verdicts changed; gives back what is different."""
    found = compare(old, new)
    st.markdown(f"**{literal(in_one_sentence(found))}**")
    left, right = st.columns(2, gap="medium")
    with left, st.container(key=f"{key}-old"):
        _answer(names[0], old, found, new_side=False)
    with right, st.container(key=f"{key}-new"):
        _answer(names[1], new, found, new_side=True)
    _verdicts(found)
    _rankings(found)
    return found


def in_one_sentence(found: Differences) -> str:
    """What changed, most important first."""
    if found.nothing:
        return "Nothing is different: same passages in the same order, same answer."
    if found.old_status is not found.new_status:
        return f"The question was {SAID[found.old_status]}, and now it is {SAID[found.new_status]}."
    moved = sum(len(ranking.moved) for ranking in found.rankings)
    if found.same_answer:
        return f"The same answer, although {moved} of the first passages stand elsewhere."
    parts = [
        f"{len(found.of(change))} {words}"
        for change, words in ((Change.CHANGED, "changed"), (Change.GONE, "gone"), (Change.NEW, "new"))
        if found.of(change)
    ]
    return f"The answer is different. Sentences: {', '.join(parts) or 'the same in another order'}."


def _answer(name: str, worked: Worked, found: Differences, *, new_side: bool) -> None:
    answer = worked.answer
    st.markdown(f"{quiet(name)}  \n:small[{quiet(SAID[answer.status])}]")
    mine = [one for one in found.sentences if (one.new if new_side else one.old) is not None]
    unsupported = {verdict.claim for verdict in answer.trace.verdicts if not verdict.supported}
    for one in mine:
        text = (one.new if new_side else one.old) or ""
        warned = " :orange-badge[not supported]" if text in unsupported else ""
        st.markdown(_sentence(one, new_side=new_side) + warned)
    if not mine:
        st.markdown(quiet("No sentence."))
    sources = dict.fromkeys(citation.source for claim in answer.claims for citation in claim.citations)
    if sources:
        st.markdown(f":small[{quiet('Sources: ' + '; '.join(sources))}]")


def _sentence(one: SentenceChange, *, new_side: bool) -> str:
    pieces = one.new_pieces if new_side else one.old_pieces
    text = (one.new if new_side else one.old) or ""
    if one.change is Change.KEPT or not pieces:
        return literal(text)
    return _pieces(pieces)


def _pieces(pieces: Sequence[Piece]) -> str:
    made: list[str] = []
    for piece in pieces:
        text = literal(piece.text)
        if piece.change is Change.KEPT:
            made.append(text)
        elif piece.change is Change.GONE:
            made.append(f"~~{text}~~")
        else:
            made.append(highlighted(piece.text))
    return " ".join(made)


def _verdicts(found: Differences) -> None:
    if not found.verdicts:
        return
    label = f"The check: {len(found.verdicts)} claims judged or shown otherwise"
    with st.expander(label, expanded=True, type="compact"):
        for one in found.verdicts:
            after = _verdict(one.new, shown=one.new_shown)
            st.markdown(
                f"{literal(one.claim)}  \n:small[{quiet('before: ' + _verdict(one.old, shown=one.old_shown))}]  \n"
                f":small[{quiet('now: ' + after)}]"
            )


def _verdict(verdict: Verdict | None, *, shown: bool) -> str:
    if verdict is None:
        return "not drafted"
    words = "supported" if verdict.supported else f"not supported, {verdict.reason or 'its evidence does not hold it'}"
    return f"{words}; {'shown' if shown else 'struck out'}"


def _rankings(found: Differences) -> None:
    for ranking in found.rankings:
        if not ranking.moves:
            continue
        label = f"First passages: {len(ranking.moved)} of {len(ranking.moves)} moved"
        with st.expander(literal(label), type="compact"):
            if len(found.rankings) > 1:
                st.markdown(quiet(ranking.asked))
            st.dataframe(
                [
                    {
                        "Now": move.new,
                        "Before": move.old,
                        "Passage": move.title,
                        "Move": MOVES[move.movement],
                    }
                    for move in ranking.moves
                ],
                hide_index=True,
                alt=f"{label}, with the rank before and now",
            )
