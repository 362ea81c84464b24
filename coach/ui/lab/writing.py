"""The Lab's view of a language model: the same question with no retrieval, with retrieval, and with every sentence
checked; and the prompt as it was sent.

Comes in: the answer at hand and the model of the visit. Goes out: Streamlit elements. Nothing is asked before a click:
it takes time, and with a remote model the words leave this machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coach.answering.generating import Writing
from coach.answering.prompting import answer_messages, evidence
from coach.knowledge.wording import count
from coach.lab.comparing import Compared, Comparing, Side, Told
from coach.pipeline import Worked
from coach.types import Answer, Message
from coach.ui import model as models
from coach.ui.evidence import cost_words, duration
from coach.ui.render import badge, clean, literal, quiet

KEPT = "lab_written"
COMPARING, COMPARED = "lab_comparing", "lab_compared"
"""In the session: the comparison under way, and what it compares."""
LOOK_SECONDS = 0.5


def show(worked: Worked) -> None:
    answer = worked.answer
    st.markdown(
        "A language model writes what is likely, whether or not it is so. Ask it alone, give it the passages, and then "
        "let each of its sentences be checked against them."
    )
    with st.container(key="lab-model", width=360):
        models.control()
    chosen = models.chosen()
    if chosen is None:
        st.caption("Choose a model first. A small one can run on this machine, with no account and no key.")
        _prompt(answer, 8192)
        return
    key = (answer.question, answer.pathway, chosen.endpoint.model, chosen.endpoint.base_url)
    kept: dict[tuple[str, ...], Compared] = st.session_state.setdefault(KEPT, {})
    comparing: Comparing | None = st.session_state.get(COMPARING)
    if comparing is not None and not comparing.running:
        st.session_state[COMPARING] = None
        if comparing.found is not None:
            kept[st.session_state[COMPARED]] = comparing.found
        else:
            st.error(literal(comparing.problem))
    elif comparing is not None:
        _watch(comparing)
        return
    writing = Writing(model=chosen.model, spending=chosen.spending, reply_tokens=chosen.endpoint.reply_tokens)
    st.button(
        "Ask it twice",
        type="primary",
        key="lab-write",
        icon=":material/play_arrow:",
        on_click=_begin,
        args=(key, worked, writing),
    )
    if key in kept:
        _compared(kept[key])
    else:
        _prompt(answer, chosen.endpoint.context_tokens)


def _begin(key: tuple[str, ...], worked: Worked, writing: Writing) -> None:
    st.session_state[COMPARED] = key
    st.session_state[COMPARING] = Comparing(worked.answer, worked.reading, writing)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(comparing: Comparing) -> None:
    """While the model writes, with a way to stop it; the page is drawn again as soon as it has ended."""
    if comparing.wait(0):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="lab-writing"):
        st.markdown(":shimmer[The model is writing, alone and with the passages]")
        st.button("Stop", key="lab-write-stop", icon=":material/stop:", on_click=comparing.stop)


def _compared(found: Compared) -> None:
    alone, passages, checked = st.columns(3, gap="medium")
    with alone:
        _head("No retrieval", "The question alone.")
        _side(found.alone)
    with passages:
        _head("Retrieval", "The same model with the passages, as written.")
        _side(found.with_passages)
    with checked:
        _head("Retrieval and check", "The same reply: only what its evidence says.")
        if not found.checked:
            st.markdown("Nothing of it is left. In the chat the coach's own answer stands.")
        _sentences(found.checked, verdicts=False)
    if not found.answered:
        st.caption(
            "In the chat the model would not be asked here: the evidence does not answer the question, and whether it "
            "does is not for a model to say."
        )
    with st.expander("The prompt as sent, and the reply", type="compact"):
        _messages(found.exchange.messages)
        st.markdown(badge("reply"))
        st.code(clean(found.exchange.reply), language=None, wrap_lines=True)


def _head(title: str, words: str) -> None:
    st.markdown(f"**{title}**  \n{quiet(words)}")


def _side(side: Side) -> None:
    total = count(len(side.sentences), "sentence")
    st.markdown(f":small[{quiet(f'{side.unsupported} of {total} not supported')}]")
    _sentences(side.sentences, verdicts=True)
    used = cost_words(side.usage.total, None, side.usage.estimated)
    st.markdown(f":small[{quiet(f'{used}, {duration(side.seconds)}')}]")


def _sentences(sentences: Sequence[Told], *, verdicts: bool) -> None:
    for one in sentences:
        line = literal(one.text)
        if verdicts and one.verdict.supported:
            line = f":material/check: {line}"
        elif verdicts:
            line = f":material/close: ~~{line}~~  \n:small[{quiet(one.verdict.reason)}]"
        st.markdown(line)


def _prompt(answer: Answer, context_tokens: int) -> None:
    """What a model would be sent."""
    with st.expander("The prompt that a model would be sent", type="compact"):
        _messages(answer_messages(answer.trace.query.question, evidence(answer, context_tokens)))


def _messages(messages: Sequence[Message]) -> None:
    for message in messages:
        st.markdown(badge(message.role))
        st.code(clean(message.content), language=None, wrap_lines=True)
