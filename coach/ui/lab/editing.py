"""Edit a passage and watch the answer follow: proof that the coach reads and does not remember.

Comes in: a question. Goes out: the sentences that its answer rests on, one of them to be changed, and the two answers.
The edit is made in a sandbox, in readings of this visit alone, and stands in the address.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from pydantic import ValidationError

from coach.errors import CoachError
from coach.lab.editing import MOST_CHARS, Edit, Effect, Follows, How, follows, question_that_shows
from coach.lab.experiment import Asker, Experiment, corpus_part, run_in
from coach.lab.places import title
from coach.lab.spoiling import misremembered
from coach.pipeline import Coach, Worked
from coach.types import Passage
from coach.ui.lab import difference
from coach.ui.lab.address import lab_address
from coach.ui.lab.asked import as_shipped, experiment, own_readings, to_address
from coach.ui.render import code, literal, plain, quiet

FOLLOWED = {
    Follows.YES: "The answer follows: it says the new sentence and no longer the old one.",
    Follows.COMPUTED: "The answer follows: what it says was computed anew from the edit.",
    Follows.APART: "Neither answer rests on this sentence, so nothing had to follow.",
    Follows.NO: "The answer does not follow. It rested on the sentence and does not say what it says now.",
}
LISTED = 6
"""Sentences listed of what followed, and of what did not."""


def show(coach: Coach, asker: Asker, question: str, earlier: Sequence[str]) -> None:
    st.markdown(
        "Change a sentence of the knowledge, a salary for instance, and ask again. The edit is made in a copy that "
        "only you see; the real index stays as it is."
    )
    try:
        shipped, history = as_shipped(coach, asker, question, earlier)
        chosen, notices = experiment()
        for notice in notices:
            st.caption(literal(notice))
        passage, sentence = _sentence(shipped)
        _form(coach, asker, passage, sentence, question)
        edits = chosen.only("edits")
        if not edits.edits:
            return
        with st.spinner("Writing the knowledge anew with your edit", show_time=True):
            sandbox = own_readings().get(coach, corpus_part(edits, shipped), base=asker.reading)
        after = run_in(coach, question, edits, sandbox, history, asker.learner)
    except CoachError as error:
        st.error(literal(str(error)))
        return
    for effect in sandbox.effects:
        _effect(effect, shipped, after)
    difference.show(shipped, after, key="edited", names=(difference.SHIPPED, "After your edit"))
    st.button("Take the edit back", on_click=_back, key="lab-unedit", type="tertiary")


# --- Which sentence ---------------------------------------------------------------------------------------------


def _sentence(shipped: Worked) -> tuple[Passage, int]:
    """The sentence to edit: first those that the answer cites, then any of the pathway."""
    corpus = shipped.reading.corpus
    cited = _cited(shipped, corpus.by_id)
    ids = list(dict.fromkeys([*(passage.id for passage, _ in cited), *corpus.by_id]))
    wanted = st.selectbox(
        "Passage",
        ids,
        key="lab-edit-passage",
        format_func=lambda id_: plain(f"{title(corpus.by_id[id_])}{' (cited)' if id_ in _ids(cited) else ''}"),
        help="Those that the answer cites come first.",
    )
    passage = corpus.by_id[wanted or ids[0]]
    places = list(range(len(passage.sentences)))
    first = next((at for one, at in cited if one.id == passage.id), 0)
    at = st.selectbox(
        "Sentence",
        places,
        index=first,
        key=f"lab-edit-sentence-{passage.id}",
        format_func=lambda place: plain(passage.sentences[place].text),
    )
    return passage, first if at is None else int(at)


def _cited(worked: Worked, by_id: dict[str, Passage]) -> list[tuple[Passage, int]]:
    found: list[tuple[Passage, int]] = []
    for claim in worked.answer.claims:
        for citation in claim.citations:
            passage = by_id.get(citation.passage_id)
            if passage is None:
                continue
            found += [(passage, at) for at, one in enumerate(passage.sentences) if one.start == citation.start]
    return found


def _ids(cited: Sequence[tuple[Passage, int]]) -> set[str]:
    return {passage.id for passage, _ in cited}


def _form(coach: Coach, asker: Asker, passage: Passage, sentence: int, question: str) -> None:
    text = passage.sentences[sentence].text
    suggested = misremembered(text)
    key = f"lab-edit-text-{passage.id}-{sentence}"
    with st.form(f"lab-edit-{passage.id}-{sentence}", border=False):
        st.text_area(
            "How it should read",
            value=suggested,
            key=key,
            max_chars=MOST_CHARS,
            help="A figure is changed already, as an example; write what you like.",
        )
        st.form_submit_button(
            "Edit and ask again", type="primary", on_click=_edit, args=(passage, sentence, key), key="lab-edit-do"
        )
    if problem := st.session_state.pop("lab-edit-problem", None):
        st.error(literal(problem))
    shows = question_that_shows(coach, passage, sentence, asker.reading)
    if shows is not None and shows != question:
        address = lab_address(shows, asker.reading.corpus.pathway.slug, view="edit")
        st.link_button(f"Ask what rests on it: {plain(shows)}", address, type="tertiary", icon=":material/labs:")


def _edit(passage: Passage, sentence: int, key: str) -> None:
    text = str(st.session_state.get(key) or "")
    if " ".join(text.split()) == passage.sentences[sentence].text:
        st.session_state["lab-edit-problem"] = "The sentence reads as it did. Change a word or a figure."
        return
    try:
        edit = Edit.of(passage, sentence, text)
    except ValidationError:
        st.session_state["lab-edit-problem"] = "Write a sentence, of at most 600 characters."
        return
    to_address(Experiment(edits=(edit,)))


def _back() -> None:
    to_address(Experiment())


# --- What it did -----------------------------------------------------------------------------------------------


def _effect(effect: Effect, before: Worked, after: Worked) -> None:
    if effect.how is How.REFUSED:
        st.warning(literal(f"This sentence cannot be edited: {effect.why}"), icon=":material/block:")
        if effect.computed_from:
            st.caption(literal(f"It was computed from: {'; '.join(effect.computed_from)}. Edit one of these."))
        return
    stands = follows(before, after, effect)
    (st.success if stands in (Follows.YES, Follows.COMPUTED) else st.info)(FOLLOWED[stands])
    st.markdown(f"{quiet('Was:')} {literal(effect.before)}  \n{quiet('Reads now:')} {literal(effect.after)}")
    if effect.fields:
        st.markdown(f"{quiet('Changed in the knowledge:')} {' '.join(code(field) for field in effect.fields)}")
    elif effect.why:
        st.caption(literal(effect.why))
    for label, places in (
        ("Written anew with it", effect.followed),
        ("No longer there", effect.gone),
        ("Rests on it and did not follow", effect.unfollowed),
        ("Still states the old figure elsewhere", effect.still),
    ):
        if places:
            with st.expander(f"{label}: {len(places)}", type="compact"):
                for place in places[:LISTED]:
                    st.markdown(f"{quiet(place.title)}  \n{literal(place.text)}")
                if len(places) > LISTED:
                    st.caption(f"and {len(places) - LISTED} more")
