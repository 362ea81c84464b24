"""The form that makes an answer which somebody was not content with into a case.

Comes in: this visitor's feedback. Goes out: drafts on screen and a file to download. Drafts live in the visit; the
feedback they come from is kept with the conversations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from coach.storage import Feedback, Store, Thumb
from coach.types import Answer, Status
from coach.ui.evaluation import drafts
from coach.ui.lab.address import lab_address
from coach.ui.render import literal, quiet
from eval.cases import split_of

MOST_CONVERSATIONS = 50


class Judged(NamedTuple):
    """An answer with a thumb down, and the questions before it."""

    feedback: Feedback
    answer: Answer
    history: tuple[str, ...]


def show(store: Store, owner: str) -> None:
    """Every answer of this visitor with a thumb down, as a draft to fill in, and all that are complete as a file."""
    judged = _judged(store, owner)
    if not judged:
        st.info(
            "No answer has a thumb down yet. Under an answer of the coach that is wrong, choose the thumb down: it "
            "shows up here, with all that is needed to make a case of it."
        )
        return
    st.markdown(
        "Each answer with a thumb down is a case in the making. Say what a good answer holds; the file is in the "
        "format of `eval/cases` and goes there by hand, so that nothing is tuned on unseen."
    )
    complete: list[str] = []
    for one in judged:
        made = _form(one)
        if not drafts.problems(made):
            complete.append(drafts.as_line(made))
    st.download_button(
        f"Download {len(complete)} complete of {len(judged)}",
        "".join(f"{line}\n" for line in complete),
        file_name="draft-cases.jsonl",
        mime="application/jsonl",
        disabled=not complete,
        icon=":material/download:",
        key="download_drafts",
    )


def _judged(store: Store, owner: str) -> list[Judged]:
    found: list[Judged] = []
    for conversation in store.conversations(owner, MOST_CONVERSATIONS):
        feedback = {
            turn: one for turn, one in store.feedback(owner, conversation.id).items() if one.thumb is Thumb.DOWN
        }
        if not feedback:
            continue
        asked: list[str] = []
        for turn in store.turns(owner, conversation.id):
            if turn.id in feedback and (answer := drafts.read(feedback[turn.id])) is not None:
                found.append(Judged(feedback[turn.id], answer, tuple(asked)))
            asked.append(turn.question)
    return sorted(found, key=lambda one: one.feedback.created, reverse=True)


def _form(one: Judged) -> dict[str, Any]:
    """The draft as it is filled in now."""
    key = one.feedback.turn_id
    made = drafts.draft(one.answer, one.history, key[:6].lower())
    opened = st.session_state.get("draft") == key
    with st.expander(literal(one.answer.question[:110] or "(an empty question)"), expanded=opened):
        if one.feedback.reason:
            st.markdown(f"{quiet('What went wrong:')} {literal(one.feedback.reason)}")
        st.markdown(f"{quiet('The coach said:')} {literal(one.answer.text[:600])}")
        made["id"] = st.text_input("Id", made["id"], key=f"draft-id-{key}")
        made["split"] = split_of(made["id"])
        left, right = st.columns(2, gap="medium")
        made["slice"] = left.selectbox(
            "Slice", drafts.SLICES, key=f"draft-slice-{key}", format_func=lambda name: name.replace("_", " ")
        )
        status = right.selectbox(
            "A good answer",
            (Status.ANSWERED, Status.ABSTAINED, Status.OFF_TOPIC, Status.CONVERSATIONAL),
            key=f"draft-status-{key}",
            format_func=lambda status: {
                Status.ANSWERED: "answers it",
                Status.ABSTAINED: "says what is not covered",
                Status.OFF_TOPIC: "says that it is off topic",
                Status.CONVERSATIONAL: "is small talk",
            }[status],
        )
        made["status"] = [str(status)]
        faults: dict[str, str] = {}
        if status is Status.ANSWERED:
            made["nuggets"], faults = _facts(key)
            found = [entry.passage.id for entry in one.answer.trace.retrieved]
            made["gold"] = st.multiselect(
                "Passages that hold them",
                list(dict.fromkeys([*made["gold"], *found])),
                default=made["gold"],
                key=f"draft-gold-{key}",
                format_func=lambda id_: id_.partition("#")[2],
                help="Those that the answer cited are chosen; the others were retrieved for it.",
        )
        else:
            made["gold"] = []
        if status is Status.ABSTAINED:
            words = st.text_input("What the knowledge does not hold", key=f"draft-missing-{key}")
            made["missing"] = [word.strip() for word in words.split(",") if word.strip()]
        faults = {**drafts.problems(made), **faults}
        for field, fault in faults.items():
            st.markdown(f":small[{quiet(field)} {literal(fault)}]")
        if not faults:
            st.markdown(f"Complete: it will be in the {made['split']} split.")
            st.code(drafts.as_line(made), language="json", wrap_lines=True)
        st.link_button(
            "See its trace in the Lab",
            lab_address(one.answer.question, one.answer.pathway, history=one.history),
            icon=":material/labs:",
            type="tertiary",
        )
    if faults:
        made["nuggets"] = [] if "nuggets" in faults else made["nuggets"]
    return made


def _facts(key: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What a good answer must hold, one fact a row, and what is wrong with a row."""
    count_key = f"draft-count-{key}"
    count: int = st.session_state.setdefault(count_key, 1)
    found: list[dict[str, Any]] = []
    faults: dict[str, str] = {}
    st.markdown(quiet("What a good answer must hold"))
    for at in range(count):
        left, right = st.columns([1, 2], gap="small")
        kind = left.selectbox(
            f"Kind of fact {at + 1}",
            list(drafts.KINDS),
            format_func=drafts.KINDS.__getitem__,
            key=f"draft-kind-{key}-{at}",
        )
        said = right.text_input(
            f"Fact {at + 1}", placeholder=drafts.EXAMPLES[kind], key=f"draft-fact-{key}-{at}", max_chars=300
        )
        if not said:
            continue
        try:
            found.append(drafts.nugget(kind, said))
        except ValueError as error:
            faults["nuggets"] = f"fact {at + 1}: {error}"
    st.button("One more fact", on_click=_one_more, args=(count_key,), key=f"draft-more-{key}", type="tertiary")
    return found, faults


def _one_more(count_key: str) -> None:
    st.session_state[count_key] += 1
