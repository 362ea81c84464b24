"""The guided tour on a page: seven stops, one at a time, and then the learner's own question.

Comes in: the coach, a reading, the number of the stop in the address (``?tour=3``). Goes out: Streamlit elements. What
is told is found and worked out by ``coach.lab.tour``; everything that people or pages wrote is escaped here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from coach.lab.tour import STOPS, Stop, find
from coach.reading import Part, parts
from coach.settings import load_settings
from coach.types import Answer, Claim, Passage, Status, Support
from coach.ui import evidence
from coach.ui.lab.asked import to_address
from coach.ui.render import literal, plain, quiet

if TYPE_CHECKING:
    from coach.pipeline import Coach, Reading

OWN = STOPS + 1
"""After the last stop: a question of the learner's own."""

STOP_KEY = "lab-tour-stop"
OWN_KEY = "lab-tour-own"

FOUND_KEPT = 64

VIEWS = {
    "steps": "See it step by step",
    "change": "Change one thing",
    "break": "Break it yourself",
    "model": "Let a model write",
}
"""Where a stop leads on to, and what the button says."""


def show(coach: Coach, reading: Reading, offered: frozenset[str]) -> None:
    """The stop that the address names. ``offered`` are the views that a stop can lead to."""
    number = stop_number(st.query_params.get("tour"))
    st.session_state[STOP_KEY] = number
    st.segmented_control(
        "Stop",
        range(1, OWN + 1),
        format_func=lambda at: str(at) if at <= STOPS else "Yours",
        key=STOP_KEY,
        required=True,
        label_visibility="collapsed",
        on_change=_chosen,
    )
    if number == OWN:
        _own()
        return
    _stop(_found(reading.index.fingerprint, number, coach, reading), coach, offered)
    with st.container(horizontal=True, key="lab-tour-on"):
        st.button("Back", disabled=number == 1, key="lab-tour-back", on_click=_go, args=(number - 1,))
        onward = "Next" if number < STOPS else "Now your own question"
        st.button(onward, type="primary", key="lab-tour-next", on_click=_go, args=(number + 1,))


def stop_number(written: str | None) -> int:
    """
    >>> stop_number("3"), stop_number("99"), stop_number("x"), stop_number(None)
    (3, 1, 1, 1)
    """
    return next((number for number in range(1, OWN + 1) if str(number) == written), 1)


@st.cache_resource(max_entries=FOUND_KEPT, show_spinner="Looking for a question that shows it")
def _found(fingerprint: str, number: int, _coach: Coach, _reading: Reading) -> Stop:
    """The same for everybody: it comes from the pathway alone."""
    return find(_coach, _reading, number)


def _stop(stop: Stop, coach: Coach, offered: frozenset[str]) -> None:
    st.subheader(f"{stop.number} of {STOPS}: {literal(stop.name)}", anchor=False)
    if stop.question is not None and stop.answer is not None:
        with st.container(key="asked-first-tour"):
            st.markdown(literal(stop.question))
        if stop.other is None:
            _answer(stop.answer, "answer", coach)
        else:
            with_check, without = st.columns(2, gap="large")
            with with_check:
                st.markdown(quiet("With the check"))
                _answer(stop.answer, "answer", coach)
            with without:
                st.markdown(quiet("Without the check"))
                _answer(stop.other, "other", coach)
    st.markdown("**What happened**")
    for sentence in stop.told:
        st.markdown(literal(sentence))
    st.markdown(f"**Where to look.** {literal(stop.look)}")
    if stop.question is not None and stop.view in offered:
        st.button(
            VIEWS[stop.view],
            key="lab-tour-look",
            icon=":material/arrow_forward:",
            on_click=_look,
            args=(stop,),
        )


def _own() -> None:
    st.subheader("Now your own question", anchor=False)
    st.markdown(
        "Seven stops, one pipeline: understand, retrieve, answer, check. Ask what you want to know, and watch it take "
        "the same way."
    )
    st.text_input(
        "Your question",
        key=OWN_KEY,
        max_chars=load_settings().max_question_chars,
        placeholder="Whatever you would like to know",
        on_change=_ask_own,
    )
    st.button("Back to the first stop", key="lab-tour-again", type="tertiary", on_click=_go, args=(1,))


# --- Callbacks ----------------------------------------------------------------------------------------------


def _chosen() -> None:
    _go(st.session_state[STOP_KEY])


def _go(number: int) -> None:
    st.query_params["tour"] = str(number)


def _look(stop: Stop) -> None:
    """Another view, with the question and the experiment of the stop in place of what stood there; the number stays,
    so that the tour goes on from there."""
    to_address(stop.experiment)
    st.query_params["q"] = stop.question or ""
    st.query_params.pop("h", None)
    st.query_params["view"] = stop.view


def _ask_own() -> None:
    asked = plain(st.session_state[OWN_KEY])
    if asked:
        st.query_params["q"] = asked
        st.query_params.pop("h", None)
        st.query_params["view"] = "steps"


# --- An answer ----------------------------------------------------------------------------------------------


def _answer(answer: Answer, name: str, coach: Coach) -> None:
    """As in chat: running text whose markers open the evidence."""

    def lookup(passage_id: str) -> Passage:
        return coach.passage(answer.pathway, passage_id)

    key = f"tour-{name}"
    with st.container(key=f"{'said' if answer.status is Status.ANSWERED else 'gap'}-{key}"):
        paragraphs: list[list[Part]] = []
        for part in parts(answer):
            if paragraphs and not part.item and not part.opens and not paragraphs[-1][-1].item:
                paragraphs[-1].append(part)
            else:
                paragraphs.append([part])
        for number, paragraph in enumerate(paragraphs):
            kind = "entry" if paragraph[0].item else "prose"
            with st.container(key=f"{kind}-{key}-{number}"):
                for place, part in enumerate(paragraph):
                    st.markdown(literal(part.text))
                    if part.claim is not None:
                        _markers(answer, part.claim, f"{key}-{number}-{place}", lookup)


def _markers(answer: Answer, claim: Claim, key: str, lookup: evidence.Lookup) -> None:
    markers = sorted({citation.marker for citation in claim.citations})
    for marker in markers:
        words = str(marker) if claim.support is Support.QUOTED or marker != markers[-1] else f"{marker} {claim.support}"
        with st.popover(f":primary[{words}]", type="tertiary", key=f"mark-{key}-{marker}"):
            evidence.note(answer, claim, marker, lookup)
