"""One answer, step by step, on a page: a waterfall first, then a section for each step.

Comes in: what an answer was worked out from, and the coach. Goes out: Streamlit elements. What is told is worked out by
``coach.lab.explaining``; everything that people or pages wrote is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from coach.errors import CoachError
from coach.knowledge.wording import listed
from coach.lab.explaining import explain
from coach.lab.walk import (
    CheckedClaim,
    ChooseStep,
    ComposeStep,
    Counted,
    DenseStep,
    EncodeStep,
    FuseStep,
    GroundStep,
    KeepStep,
    KeysStep,
    LexicalStep,
    Marked,
    MarkKind,
    Part,
    Place,
    Said,
    Step,
    StepName,
    Term,
    UnderstandStep,
    UnderstoodPart,
    Walk,
    Weighed,
)
from coach.types import Support
from coach.ui.evidence import closeness
from coach.ui.render import badge, code, literal, quiet, shortened

if TYPE_CHECKING:
    from coach.pipeline import Coach, Worked

COUNTED_SHOWN = 6
"""Features of a fact, the weightiest ones."""

FIRST_SHOWN = 3
"""Of a long list, what stands outside its expander."""

LEAST_TERM = 0.005
"""Weight below which a word is named without it."""

TAB_LENGTH = 40

ROLES = {
    "current_pay": "your pay now",
    "target_pay": "the pay you aim at",
    "weekly_hours": "hours a week that you have",
    "deadline": "until when",
    "elapsed": "time already spent",
    "asserted": "said of the page, to be checked",
    "known": "what you already know",
}
"""Of figures, in plain words; another role is shown by its name."""


def show(worked: Worked, coach: Coach) -> None:
    """The walk-through of one answer."""
    try:
        walk = explain(worked, coach)
    except CoachError as error:
        st.error(str(error))
        return
    _sections(walk)


@st.fragment
def _sections(walk: Walk) -> None:
    """In a fragment, so that opening an expander draws these sections again and works out nothing."""
    _waterfall(walk)
    _understand(walk.understand, [part.understood for part in walk.parts])
    if not walk.parts:
        nothing = " No evidence, no claims, so nothing to check." if walk.ground is None else ""
        st.info(f"Nothing was looked up: {walk.understand.direct}.{nothing}")
        if walk.ground is not None:
            _ground(walk.ground)
        return
    if len(walk.parts) == 1:
        _part(walk.parts[0], 0)
    else:
        st.markdown(f"The question holds {len(walk.parts)} questions. Each was looked up by itself:")
        names = [
            f"{number}. {shortened(part.understood.searched, TAB_LENGTH)}"
            for number, part in enumerate(walk.parts, start=1)
        ]
        for at, (tab, part) in enumerate(zip(st.tabs([literal(name) for name in names]), walk.parts, strict=True)):
            with tab:
                _part(part, at)
    if walk.compose is not None:
        _compose(walk.compose, len(walk.parts))
    if walk.ground is not None:
        _ground(walk.ground)


def _part(part: Part, at: int) -> None:
    _encode(part.encode, at)
    _dense(part.dense)
    _keys(part.keys)
    _lexical(part.lexical)
    _fuse(part.fuse, at)
    _choose(part.choose, at)
    _keep(part.keep, at)


# --- What all sections share ----------------------------------------------------------------------------------


def _head(step: Step) -> None:
    from coach.ui.lab.charts import milliseconds

    st.subheader(f"{list(StepName).index(step.name) + 1}. {step.name.value}", anchor=False)
    took = ""
    if step.seconds is not None:
        took = milliseconds(1000 * step.seconds)
        others = [other.value.lower() for other in step.timed_with if other is not step.name]
        if others:
            took += f" together with: {listed(others)}"
    st.markdown(f"{literal(step.purpose)}{' ' + quiet(took) if took else ''}")
    if step.note:
        st.markdown(f":orange-badge[{literal('In this run')}] {literal(step.note)}")


def _table(columns: Mapping[str, Sequence[str]]) -> None:
    st.table({name: [literal(cell) for cell in cells] for name, cells in columns.items()}, border="horizontal")


def _later(label: str, key: str, draw: Callable[[], object]) -> None:
    """An expander whose contents are made when it is opened."""
    more = st.expander(label, type="compact", key=f"lab-{key}", on_change="rerun")
    if more.open:
        with more:
            draw()


def _texts(places: Sequence[Place]) -> None:
    for place in places:
        st.markdown(f"**{literal(place.title)}**")
        st.markdown("  \n".join(literal(line) for line in place.text.split("\n") if line.strip()))


# --- Sections -------------------------------------------------------------------------------------------------


def _waterfall(walk: Walk) -> None:
    from coach.ui.lab import charts

    st.markdown(
        f"From the question to the checked answer in {literal(charts.milliseconds(walk.total_ms))}, step by step, as "
        "the trace of this answer tells it:"
    )
    st.altair_chart(
        charts.waterfall(walk.bars), width="stretch", key="lab-waterfall", alt=charts.waterfall_in_words(walk.bars)
    )
    _later("The times as a table", "waterfall-table", lambda: _table(charts.waterfall_rows(walk.bars)))


def _understand(step: UnderstandStep, parts: Sequence[UnderstoodPart]) -> None:
    _head(step)
    lines = []
    if step.cleaned:
        lines.append(f"{quiet('Cleaned:')} {literal(step.cleaned)}")
    for wrong, right in step.corrected:
        lines.append(f"{quiet('Spelling:')} {literal(wrong)} {quiet('was read as')} {literal(right)}")
    st.markdown("  \n".join(lines) or quiet("An empty question."))
    for number, part in enumerate(parts, start=1):
        if len(parts) > 1:
            st.markdown(f"**Question {number}**")
        _understood(part, number)


def _understood(part: UnderstoodPart, number: int) -> None:
    query = part.query
    lines = [f"{quiet('Looked up:')} {literal(part.searched)}"]
    if query.follow_up and query.earlier:
        lines.append(f"{quiet('A follow-up to:')} {literal(query.earlier)}")
    if part.masked != part.searched:
        lines.append(f"{quiet('Without names, to read what is asked:')} {literal(part.masked)}")
    if part.linked:
        named = [f"{badge(one.name)} {quiet(one.kind + (', by one word' if one.weak else ''))}" for one in part.linked]
        lines.append(f"{quiet('About:')} {' '.join(named)}")
    if query.wants:
        lines.append(f"{quiet('Wants:')} {' '.join(badge(want.replace('_', ' ')) for want in query.wants)}")
    for figure in part.figures:
        role = ROLES.get(figure.role, figure.role.replace("_", " "))
        lines.append(f"{quiet('Figure:')} {literal(figure.quantity.text)} {quiet(f'({role})')}")
    st.markdown("  \n".join(lines))
    if part.intents:
        best = part.intents[0]
        st.markdown(f"{quiet('Most likely asks:')} {literal(best.reads)} {quiet(f'{best.probability:.0%}')}")

        def rest() -> None:
            _table(
                {
                    "Intent": [one.name for one in part.intents],
                    "In words": [one.reads for one in part.intents],
                    "Likelihood": [f"{one.probability:.0%}" for one in part.intents],
                }
            )

        _later("What else it may ask", f"intents-{number}", rest)


def _encode(step: EncodeStep, at: int) -> None:
    from coach.ui.lab import charts

    _head(step)
    st.markdown(" ".join(code(piece) for piece in step.pieces))
    count = f"{len(step.pieces)} word pieces, the marks at both ends included"
    if step.unread:
        count += f"; the last {step.unread} were never read"
    st.markdown(
        f"{literal(count)}. They become {len(step.vector)} numbers. Laid over the closest passage, "
        f"{literal(step.nearest.title)}, and multiplied number by number, they add up to a cosine of "
        f"**{step.cosine:.2f}**: {literal(closeness(step.cosine))}."
    )
    st.altair_chart(
        charts.strips(step), width="stretch", key=f"lab-strips-{at}", alt=charts.strips_in_words(step)
    )
    _later(
        "The numbers as a table",
        f"strips-table-{at}",
        lambda: st.dataframe(charts.strips_rows(step), hide_index=True, height=300, key=f"lab-strips-rows-{at}"),
    )


def _dense(step: DenseStep) -> None:
    _head(step)
    _table(
        {
            "Passage": [f"{one.rank}. {one.place.title}" for one in step.top],
            "Cosine": [f"{one.score:.2f}, {closeness(one.score)}" for one in step.top],
        }
    )


def _keys(step: KeysStep) -> None:
    _head(step)
    if not step.top:
        st.caption("No fact of this pathway has a question key.")
        return
    _table(
        {
            "Closest question key": [f"{one.rank}. {one.question}" for one in step.top],
            "Passage": [one.place.title for one in step.top],
            "Cosine": [f"{one.score:.2f}" for one in step.top],
        }
    )


def _lexical(step: LexicalStep) -> None:
    _head(step)
    if not step.top:
        st.caption("No passage shares a word with the question.")
        return
    _table(
        {
            "Passage": [f"{one.rank}. {one.place.title}" for one in step.top],
            "Words and what each adds": [_terms(one.terms) for one in step.top],
            "BM25 score": [f"{one.score:.2f}" for one in step.top],
        }
    )


def _terms(terms: Sequence[Term]) -> str:
    """The words that count; one that nearly every passage has adds nothing that two digits show."""
    told = [f"{term.word} {term.weight:.2f}" for term in terms if term.weight >= LEAST_TERM]
    slight = [term.word for term in terms if term.weight < LEAST_TERM]
    return ", ".join([*told, *([f"next to nothing: {listed(slight)}"] if slight else [])])


def _fuse(step: FuseStep, at: int) -> None:
    from coach.ui.lab import charts

    _head(step)
    how = (
        "Each channel's scores are counted in standard deviations from its mean (z-scores), weighted and added up."
        if step.method == "z_scores"
        else "Of each channel only the ranks count: weights over 60 plus the rank, added up."
    )
    st.markdown(how)
    st.altair_chart(
        charts.contributions(step.top, step.method),
        width="stretch",
        key=f"lab-fused-{at}",
        alt=charts.contributions_in_words(step.top),
    )
    for one in step.top[:FIRST_SHOWN]:
        st.markdown(f"{badge(str(one.rank))} **{literal(one.place.title)}**  \n{literal(one.why)}")

    def fell() -> None:
        for one in step.fell:
            st.markdown(f"{badge(str(one.rank))} **{literal(one.place.title)}**  \n{literal(one.why)}")

    if step.fell:
        _later(f"Near the top of one channel, and fallen ({len(step.fell)})", f"fell-{at}", fell)

    def table() -> None:
        _table(charts.contributions_rows([*step.top, *step.fell]))

    first = [one.place for one in step.top[:FIRST_SHOWN]]
    _later(f"The first {len(first)} passages in full", f"passages-{at}", lambda: _texts(first))
    _later("Ranks, moves and what each channel added, as a table", f"fused-table-{at}", table)


def _choose(step: ChooseStep, at: int) -> None:
    _head(step)
    st.markdown(f"{step.looked_at:,} of {step.of:,} facts were looked at. The likeliest:")
    _table(
        {
            "Fact": [shortened(" ".join(one.sentences), 120) for one in step.top],
            "Kind": [one.facet for one in step.top],
            "Score": [f"{one.score:.2f}" for one in step.top],
            "Share": [f"{one.share:.0%}" for one in step.top],
        }
    )
    if step.ahead:
        ahead = [f"{one.label} ({one.adds:+.2f})" for one in step.ahead[:FIRST_SHOWN]]
        st.markdown(f"{quiet('What sets the first from the second most:')} {literal(listed(ahead))}.")

    def weights() -> None:
        for one in step.top:
            place = f"its passage has rank {one.passage_rank} in the fused ranking" if one.passage_rank else ""
            key = f"closest key: {one.matched_question}" if one.matched_question else ""
            told = "; ".join(part for part in (place, key) if part)
            st.markdown(f"**{literal(shortened(' '.join(one.sentences), 160))}**  \n{quiet(told)}")
            _table(_counted(one.counted[:COUNTED_SHOWN]))
            if len(one.counted) > COUNTED_SHOWN:
                rest = sum(part.adds for part in one.counted[COUNTED_SHOWN:])
                st.caption(f"{len(one.counted) - COUNTED_SHOWN} more features add {rest:+.2f} in sum.")

    _later("What counted for each: weight times value", f"counted-{at}", weights)


def _counted(counted: Sequence[Counted]) -> dict[str, list[str]]:
    return {
        "What counted": [one.label for one in counted],
        "Value": [f"{one.value:.2f}" for one in counted],
        "Weight": [_signed(one.weight) for one in counted],
        "Adds": [_signed(one.adds) for one in counted],
    }


def _signed(value: float) -> str:
    """
    >>> _signed(1.5), _signed(-0.001)
    ('+1.50', '0.00')
    """
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0.00"


def _keep(step: KeepStep, at: int) -> None:
    _head(step)
    st.markdown(f"**{literal(step.decision)}**")
    kept = [one for one in step.weighed if one.kept]
    dropped = [one for one in step.weighed if not one.kept]
    for one in kept:
        st.markdown(f":green-badge[Kept] {_weighed(one)}")
    for one in dropped[: max(0, FIRST_SHOWN - len(kept))]:
        st.markdown(f"{badge('Dropped')} {_weighed(one)}")
    rest = dropped[max(0, FIRST_SHOWN - len(kept)) :]

    def others() -> None:
        for one in rest:
            st.markdown(f"{badge('Dropped')} {_weighed(one)}")

    if rest:
        _later(f"Dropped as well ({len(rest)})", f"dropped-{at}", others)
    if step.signs:
        _later("What the likelihood was made from", f"signs-{at}", lambda: _table(_counted(step.signs)))


def _weighed(one: Weighed) -> str:
    share = "" if one.share is None else f" {quiet(f'share {one.share:.0%}')}"
    text = literal(shortened(one.text, 160))
    return f"{text} {quiet('in')} {literal(one.place.title)}{share}  \n:small[{quiet(one.why)}]"


def _compose(step: ComposeStep, parts: int) -> None:
    _head(step)
    how = [f"{literal(route)}." for route in step.routes]
    st.markdown(" ".join(how))
    for said in step.sentences[:FIRST_SHOWN]:
        _said(said)
    rest = step.sentences[FIRST_SHOWN:]

    def others() -> None:
        for said in rest:
            _said(said)

    if rest:
        _later(f"{len(rest)} more sentences", "composed", others)
    if step.missing:
        st.markdown(f"{quiet('Named as missing:')} {literal(listed(list(step.missing)))}")
    if step.suggestions:
        st.markdown(f"{quiet('Offered next:')} {literal(' · '.join(step.suggestions))}")


def _said(said: Said) -> None:
    lines = [f"{literal(said.text)} {badge(said.support.value)}"]
    if said.written_from is not None:
        lines.append(f":small[{quiet('Before the writer:')} {literal(said.written_from)}]")
    if said.formula:
        lines.append(f":small[{quiet('Computed:')} {code(said.formula)}]")
    lines.append(f":small[{quiet('From ' + listed([place.title for place in said.places]))}]")
    st.markdown("  \n".join(lines))


def _ground(step: GroundStep) -> None:
    _head(step)
    if not step.checked:
        st.caption("The draft makes no claim, so there is nothing to check.")
        return
    passed = sum(one.supported for one in step.checked)
    st.markdown(
        f"{passed} of {len(step.checked)} claims passed. Marked in both texts: :primary-background[numbers], "
        ":blue-background[names] and :gray-background[words] that the claim and its sentence share. Struck out: what "
        "no cited sentence has. Little words are left unmarked."
    )
    order = sorted(step.checked, key=lambda one: one.supported)
    for one in order[:FIRST_SHOWN]:
        _checked(one)
    rest = order[FIRST_SHOWN:]

    def others() -> None:
        for one in rest:
            _checked(one)

    if rest:
        _later(f"{len(rest)} more claims", "checked", others)


def _checked(one: CheckedClaim) -> None:
    verdict = ":green-badge[Check passed]" if one.supported else ":red-badge[Check failed]"
    fate = "" if one.shown else f" {quiet('left out of the answer')}"
    if one.shown and not one.supported:
        fate = f" {quiet('shown all the same')}"
    lines = [f"{verdict} {quiet(f'score {one.score:.2f}')}{fate}", f"{quiet('Claim:')} {_marked(one.claim)}"]
    if one.reason:
        lines.append(f"{quiet('Why:')} {literal(one.reason)}")
    if one.missing_words and one.support is not Support.COMPUTED:
        lines.append(f"{quiet('Words that no cited sentence has:')} {literal(', '.join(one.missing_words))}")
    for quote in one.quotes:
        lines.append(f"{badge(f'[{quote.marker}]')} {quiet(quote.place.title + ':')} {_marked(quote.quote)}")
        if not quote.stands:
            now = f": {quote.now}" if quote.now else ""
            lines.append(f"{quiet('The passage no longer says so there; it now has')} {literal(now or 'nothing')}")
    if one.formula is not None:
        lines.append(f"{quiet('Formula:')} {_marked(one.formula)}")
    st.markdown("  \n".join(lines))


_SHADES = {MarkKind.NUMBER: "primary", MarkKind.NAME: "blue", MarkKind.WORD: "gray"}


def _marked(marked: Marked) -> str:
    """A text with its marks, escaped piece by piece."""
    made: list[str] = []
    at = 0
    for mark in marked.marks:
        made.append(_between(marked.text[at : mark.start]))
        stretch = literal(marked.text[mark.start : mark.end])
        made.append(
            f":{_SHADES[mark.kind]}-background[{stretch}]" if mark.held else f":red-background[~~{stretch}~~]"
        )
        at = mark.end
    made.append(_between(marked.text[at:]))
    return "".join(made).strip()


def _between(text: str) -> str:
    """What stands between two marks, with the blanks at its ends, which ``literal`` takes away."""
    inner = literal(text)
    before = " " if text[:1].isspace() else ""
    after = " " if inner and text[-1:].isspace() else ""
    return f"{before}{inner}{after}"
