"""Break it: classic faults to switch on, a guess before the run, and after it what happened and which check caught it.

Comes in: a question. Goes out: switches, which stand in the address; the guess; and what ``coach.lab.faults`` read off
the run. Everything happens in a sandbox: nothing leaks into the real index.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coach.errors import CoachError
from coach.lab.experiment import Asker, FaultName, in_order
from coach.lab.faults import FAULTS, OF_THE_QUESTION, Option, Ran, execute, judge, prediction, question_that_shows
from coach.pipeline import Coach
from coach.ui.lab import difference
from coach.ui.lab.address import lab_address
from coach.ui.lab.asked import as_shipped, experiment, own_readings, readings_of, to_address
from coach.ui.render import literal, plain, quiet

SWITCHES = "lab-faults"
GUESS = "lab-guess"
RUN = "lab-broken"
"""In the session: for which question, faults and pathway the learner has guessed and run."""


def show(coach: Coach, asker: Asker, question: str, earlier: Sequence[str]) -> None:
    st.markdown(
        "Switch on a classic fault, guess what it will do, and run it. It breaks a copy in memory; the real index "
        "stays whole."
    )
    chosen, notices = experiment()
    for notice in notices:
        st.caption(literal(notice))
    faults = _switches(chosen.faults)
    if not faults:
        st.info("Choose one or more faults. A careless writer, with and without the grounding check, is a good start.")
        return
    for fault in faults:
        st.markdown(f"**{FAULTS[fault].title}.** {FAULTS[fault].switched}")
    here = (asker.reading.corpus.pathway.slug, question, faults, tuple(earlier))
    if st.session_state.get(RUN, {}).get("here") != here:
        _guess(faults, here)
        _other_question(coach, asker, faults, question)
        return
    _run(coach, asker, question, faults, earlier, st.session_state[RUN]["guess"])


def _switches(on: Sequence[FaultName]) -> tuple[FaultName, ...]:
    """The switches, as the address has them."""
    if tuple(in_order(st.session_state.get(SWITCHES, ()))) != tuple(on):
        st.session_state[SWITCHES] = list(on)
    st.pills(
        "Faults",
        list(FaultName),
        selection_mode="multi",
        format_func=lambda fault: FAULTS[fault].title,
        key=SWITCHES,
        on_change=_switched,
    )
    return in_order(st.session_state[SWITCHES])


def _switched() -> None:
    chosen = list(st.session_state[SWITCHES])
    if {FaultName.TINY, FaultName.HUGE} <= set(chosen):
        chosen.remove(FaultName.HUGE if chosen[-1] is FaultName.TINY else FaultName.TINY)
    before, _ = experiment()
    to_address(before.model_copy(update={"faults": in_order(chosen)}))


# --- The guess ---------------------------------------------------------------------------------------------------


def _guess(faults: tuple[FaultName, ...], here: object) -> None:
    asked, options = prediction(faults)
    texts = {option.id: option.text for option in options}
    guess = st.radio(
        asked, list(texts), index=None, format_func=texts.__getitem__, key=f"{GUESS}-{'-'.join(faults)}"
    )
    st.button(
        "Break it",
        type="primary",
        disabled=guess is None,
        on_click=_begin,
        args=(here, guess),
        key="lab-break",
        help="First guess, then look." if guess is None else None,
    )


def _begin(here: object, guess: str) -> None:
    st.session_state[RUN] = {"here": here, "guess": guess}


def _again() -> None:
    st.session_state.pop(RUN, None)


def _other_question(coach: Coach, asker: Asker, faults: tuple[FaultName, ...], question: str) -> None:
    """A question that this fault does something to, found when it is asked for: some have to be tried."""
    if not st.button("Find a question that shows it", type="tertiary", key="lab-find-question"):
        return
    try:
        with st.spinner("Trying questions of this pathway"):
            found = question_that_shows(coach, faults, asker=asker, kept=readings_of(asker))
    except CoachError as error:
        st.error(literal(str(error)))
        return
    if found is None:
        st.caption("None of those that were tried shows it. That says something for the checks.")
    elif found == question:
        st.caption("The question above shows it.")
    else:
        address = lab_address(found, asker.reading.corpus.pathway.slug, view="break", faults=",".join(faults))
        st.link_button(f"Ask: {plain(found)}", address, type="tertiary", icon=":material/labs:")


# --- The run ------------------------------------------------------------------------------------------------------


def _run(
    coach: Coach, asker: Asker, question: str, faults: tuple[FaultName, ...], earlier: Sequence[str], guess: str
) -> None:
    try:
        with st.spinner("Breaking a copy and asking it", show_time=True):
            _, history = as_shipped(coach, asker, question, earlier)
            # What is made for a visitor's question is theirs; tiny passages are the same for everybody.
            kept = own_readings() if OF_THE_QUESTION & set(faults) else readings_of(asker)
            ran = execute(coach, question, faults, history, asker=asker, kept=kept)
    except CoachError as error:
        st.error(literal(str(error)))
        return
    judged = judge(ran)
    _, options = prediction(faults)
    came = next((option for option in options if judged.outcome in option.outcomes), None)
    _guessed(guess, came, options)
    st.subheader("What happened", anchor=False)
    for sentence in judged.told:
        st.markdown(f"- {literal(sentence)}")
    st.subheader("What caught it", anchor=False)
    if not judged.catches:
        st.markdown("No check noticed anything." if _harmed(ran) else "There was nothing to catch.")
    for catch in judged.catches:
        st.markdown(f"- **{literal(catch.check)}.** {literal(catch.said)}")
    st.subheader("Before and after", anchor=False)
    difference.show(ran.before, ran.after, key="broken", names=(difference.SHIPPED, "Broken"))
    st.button("Guess again", on_click=_again, key="lab-again", type="tertiary")


def _guessed(guess: str, came: Option | None, options: Sequence[Option]) -> None:
    mine = next((option for option in options if option.id == guess), None)
    if came is not None and mine is not None and came.id == mine.id:
        st.success(literal(f"You guessed it: {mine.text}"), icon=":material/check:")
        return
    st.info(literal(f"It came otherwise: {came.text if came else 'something that no option names.'}"))
    if mine is not None:
        st.markdown(f"{quiet('Your guess:')} {literal(mine.text)}")


def _harmed(ran: Ran) -> bool:
    return ran.before.answer.text != ran.after.answer.text
