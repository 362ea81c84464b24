"""Which passages are used, by cases and by past answers, and what was asked in vain.

Comes in: a corpus and the visitor's answers. Goes out: Streamlit elements and an Altair chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it
import streamlit as st

from coach.knowledge.corpus import Corpus
from coach.types import Answer
from coach.ui import chart_theme  # noqa: F401 - how labels are coloured
from coach.ui.lab.address import LONGEST
from coach.ui.library import passages, usage
from coach.ui.library.usage import Heat, section_of
from coach.ui.render import literal, plain, quiet
from eval.cases import Case, load_cases

__all__ = ["section_of", "show_coverage", "show_gaps"]

COLOURS = {Heat.HOT: "#cc7a33", Heat.WARM: "#2b8f83", Heat.NEVER: "#9aa3a8"}
ROW_PIXELS = 30
AXIS_PIXELS = 125
"""Of the axis with its title and of the legend, which the height of a chart holds as well."""
QUESTIONS = 8
"""Questions listed for one passage."""


@st.cache_resource(show_spinner=False)
def _cases() -> tuple[Case, ...]:
    return load_cases()


def show_coverage(corpus: Corpus, answers: Sequence[Answer]) -> None:
    guide = corpus.pathway
    cases = [case for case in _cases() if case.pathway == guide.slug]
    mine = [answer for answer in answers if answer.pathway == guide.slug]
    found = usage.uses(corpus.passages, cases, mine)
    st.markdown(
        f"{len(cases)} eval cases and {len(mine)} of your answers rest on these {len(found)} passages. Hot: used "
        f"{usage.HOT_FROM} times or more. What is never used is either new ground for cases, or need not be known."
    )
    sections = usage.by_section(found)
    rows = [
        {"section": one.name, "heat": str(heat), "order": order, "passages": count}
        for one in sections
        for order, (heat, count) in enumerate(((Heat.HOT, one.hot), (Heat.WARM, one.warm), (Heat.NEVER, one.never)))
        if count
    ]
    said = "; ".join(f"{one.name}: {one.hot} hot, {one.warm} warm, {one.never} never used" for one in sections)
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("passages:Q", title="Passages", stack="zero"),
            y=alt.Y(
                "section:N",
                sort=[one.name for one in sections],
                title=None,
                axis=alt.Axis(labelLimit=170, ticks=False, domain=False),
            ),
            color=alt.Color(
                "heat:N",
                sort=[str(heat) for heat in COLOURS],
                scale=alt.Scale(domain=[str(heat) for heat in COLOURS], range=list(COLOURS.values())),
                legend=alt.Legend(title=None, orient="top", columns=1),  # side by side they are cut off on a phone
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("section:N", title="Section"),
                alt.Tooltip("heat:N", title="Use"),
                alt.Tooltip("passages:Q", title="Passages"),
            ],
        )
        .properties(width="container", height=AXIS_PIXELS + ROW_PIXELS * len(sections))
    )
    st.altair_chart(chart, width="stretch", alt=f"How the passages of each section are used. {said}.")
    heat = st.pills("Only", list(Heat), format_func=str, key="heat")
    kept = [use for use in found if heat is None or use.heat is heat]
    chosen = st.dataframe(
        [
            {
                "Passage": plain(use.passage.id.partition("#")[2]),
                "Use": str(use.heat),
                "Eval cases": use.cases,
                "Your answers": len(use.answers),
                "Section": plain(section_of(use.passage)),
            }
            for use in kept
        ],
        hide_index=True,
        height=360,
        key="coverage_table",
        on_select="rerun",
        selection_mode="single-row",
        alt="Every passage with how many eval cases and past answers use it",
    )
    picked: Sequence[int] = chosen["selection"]["rows"]
    if picked and picked[0] < len(kept):
        _one(kept[picked[0]])
    else:
        st.caption("Choose a row to read the passage and see who uses it.")


def _one(use: usage.Use) -> None:
    passages.show(use.passage)
    for words, questions in (
        ("Your answers that cite it:", use.answers),
        ("Eval cases of the dev split:", use.questions),
    ):
        if questions:
            st.markdown(quiet(words))
            st.markdown("\n".join(f"- {literal(question[:200])}" for question in questions[:QUESTIONS]))
            if len(questions) > QUESTIONS:
                st.caption(f"and {len(questions) - QUESTIONS} more")
    hidden = use.cases - len(use.questions)
    if hidden:
        st.caption(f"{hidden} cases of the test split rest on it as well; what they ask is not shown.")


def show_gaps(corpus: Corpus, answers: Sequence[Answer]) -> None:
    dismissed: set[str] = st.session_state.setdefault("dismissed_gaps", set())
    found = usage.gaps(answers, corpus.pathway.slug, dismissed)
    st.markdown("What you asked and the coach had to leave open: what is worth adding next.")
    if not found:
        st.info("Nothing so far. A question that the coach cannot answer shows up here with what was missing.")
    for number, gap in enumerate(found):
        with st.container(key=f"gap-{number}"):
            times = "once" if gap.times == 1 else f"{gap.times} times"
            st.markdown(f"**{literal(gap.missing)}**  {quiet(f'asked for {times}')}")
            for question in gap.questions[:QUESTIONS]:
                st.markdown(f"- {literal(question[:200])}")
            again = urlencode({"q": gap.questions[0][:LONGEST]}, errors="replace")
            st.link_button("Ask again", f"./?{again}", type="tertiary")
            st.button(
                "Leave it out", key=f"dismiss-{number}", on_click=dismissed.add, args=(gap.missing,), type="tertiary"
            )
    if dismissed:
        st.button(f"Show {len(dismissed)} left out", key="undismiss", on_click=dismissed.clear, type="tertiary")
