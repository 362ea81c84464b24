"""The checked resources: a table to sort and filter, and one of them in full.

Comes in: a corpus. Goes out: Streamlit elements. It judges no resource: verdicts are those of the check.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coach.knowledge.corpus import Corpus
from coach.knowledge.entities import resource_kind
from coach.knowledge.resource import Resource, VerdictOfCheck
from coach.ui.library import passages
from coach.ui.render import literal, plain, quiet

VERDICTS = {
    VerdictOfCheck.CONFIRMED: "confirmed",
    VerdictOfCheck.RENAMED: "has another name now",
    VerdictOfCheck.MISDESCRIBED: "not as the guide describes it",
    VerdictOfCheck.NOT_FOUND: "could not be found",
}
MEANINGS = {
    VerdictOfCheck.CONFIRMED: "It is there and is what the guide says.",
    VerdictOfCheck.RENAMED: "It is there under another name.",
    VerdictOfCheck.MISDESCRIBED: "It is there, but not as the guide describes it.",
    VerdictOfCheck.NOT_FOUND: "Looking did not find it, which is no proof that it does not exist.",
}
HEIGHT = 480


def show(corpus: Corpus) -> None:
    if corpus.resources is None:
        st.info("Nobody has checked resources for this pathway yet.")
        return
    every = corpus.resources.resources
    guide = corpus.pathway
    st.markdown(
        literal(f"{len(every)} courses, tools, books and certificates, each looked up in {corpus.resources.checked}.")
    )
    skills = {skill.id: skill.name for skill in guide.skills} | {own.id: own.name for own in guide.transferable}
    kinds = sorted({kind for one in every for kind in resource_kind(one.kind)})
    with st.container(horizontal=True, key="resource-filters"):
        kind = st.selectbox("Kind", kinds, index=None, placeholder="any", key="resource_kind", width=190)
        cost = st.selectbox(
            "Cost",
            list(dict.fromkeys(str(one.cost_class) for one in every)),
            index=None,
            placeholder="any",
            key="resource_cost",
            width=190,
        )
        verdict = st.selectbox(
            "Verdict",
            [one for one in VERDICTS if any(each.verdict is one for each in every)],
            index=None,
            placeholder="any",
            key="resource_verdict",
            format_func=lambda one: VERDICTS[one],
            width=230,
        )
        skill = st.selectbox(
            "Skill",
            [id_ for id_ in skills if any(id_ in one.skills for one in every)],
            index=None,
            placeholder="any",
            key="resource_skill",
            format_func=lambda id_: plain(skills[id_]),
            width=260,
        )
        phase = st.selectbox(
            "Phase",
            [one.number for one in guide.phases if any(one.number in each.phases for each in every)],
            index=None,
            placeholder="any",
            key="resource_phase",
            width=130,
        )
    listed = [
        one
        for one in every
        if (kind is None or kind in resource_kind(one.kind))
        and (cost is None or str(one.cost_class) == cost)
        and (verdict is None or one.verdict is verdict)
        and (skill is None or skill in one.skills)
        and (phase is None or phase in one.phases)
    ]
    st.caption(f"{len(listed)} of {len(every)}. Choose a row to read all of it; a click on a heading sorts.")
    if not listed:
        st.info("None fits all of these. Clear one of the choices.")
        return
    chosen = st.dataframe(
        [_row(one, skills) for one in listed],
        hide_index=True,
        height=min(HEIGHT, 38 * (len(listed) + 1)),
        key="resource_table",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Name": st.column_config.TextColumn(pinned=True, width="medium")},
        alt="Resources with kind, cost, verdict, level and skills",
    )
    rows: Sequence[int] = chosen["selection"]["rows"]
    if rows and rows[0] < len(listed):
        _one(listed[rows[0]], corpus, skills)


def _row(one: Resource, skills: dict[str, str]) -> dict[str, str]:
    return {
        "Name": plain(one.name),
        "Kind": plain(one.kind),
        "Cost": str(one.cost_class),
        "Verdict": VERDICTS[one.verdict],
        "Level": plain(one.level or ""),
        "By": plain(one.provider or ""),
        "Skills": plain(", ".join(skills[id_] for id_ in one.skills if id_ in skills)),
        "Phases": ", ".join(map(str, one.phases)),
    }


def _one(one: Resource, corpus: Corpus, skills: dict[str, str]) -> None:
    by_id = {other.id: other for other in corpus.resources.resources} if corpus.resources else {}
    st.subheader(literal(one.name), anchor=False)
    st.markdown(f"**{VERDICTS[one.verdict][0].upper()}{VERDICTS[one.verdict][1:]}.** {MEANINGS[one.verdict]}")
    if one.name_in_page and one.name_in_page != one.name:
        st.markdown(f"{quiet('The guide calls it:')} {literal(one.name_in_page)}")
    passage = corpus.by_id.get(f"{corpus.pathway.slug}#resources/{one.id}")
    if passage is not None:
        passages.show(passage, heading=False)
    facts = {
        "Cost": one.cost,
        "Time": one.duration,
        "Level": one.level,
        "Licence": one.licence,
        "Teaches": ", ".join(skills[id_] for id_ in one.skills if id_ in skills),
        "Instead of it": ", ".join(by_id[id_].name for id_ in one.substitutes if id_ in by_id),
        "Not verified": "; ".join(one.unverified),
        "Confidence": one.confidence,
    }
    st.markdown("  \n".join(f"{quiet(name + ':')} {literal(said)}" for name, said in facts.items() if said))
    if one.evidence_urls:
        with st.expander(f"Evidence of the check ({len(one.evidence_urls)})", type="compact"):
            for address in one.evidence_urls:
                st.markdown(literal(str(address)))
