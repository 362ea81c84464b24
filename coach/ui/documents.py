"""What a resume shows of a pathway's skills, and what a job posting asks for.

Comes in: a file or pasted text. Goes out: matches with both sides, levels that the learner confirms, and the demands of
a posting by what covers them. The text stays in the visitor's session; only "Keep it" puts it into the store, and
"Remove" takes it from both. Nothing of it enters a cache that others share, and nothing of it is obeyed.

Reading happens in a child process (``coach.documents``), matching in ``coach.planning.evidence``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, cast

import streamlit as st
from pydantic import ValidationError
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from coach.documents import LIMITS, Document, DocumentKind, Line, read_document
from coach.errors import CoachError
from coach.planning.evidence_values import Part, SkillMatch, SkillReport
from coach.planning.profile import Level, Profile, resolve_skills
from coach.storage import DocumentKind as Purpose
from coach.types import Citation
from coach.ui import cited, learner, profile_form, session
from coach.ui.learner import Knowing, Study, Visit
from coach.ui.render import badge, literal, quiet

KINDS = ("pdf", "docx", "md", "txt")
"""What the file dialog offers; what a file really is, its content says."""

MEGABYTES = LIMITS.bytes_in // 1_000_000

_SECTIONS = {Part.TO_LEARN: "To learn", Part.TRANSFERABLE: "You bring along"}
_ASKED = {Purpose.RESUME: "Resume", Purpose.POSTING: "Job posting"}


class _Matched(NamedTuple):
    """What a report was made from, to tell whether it still holds."""

    resume: Document | None
    posting: Document | None
    report: SkillReport


def section(at: Visit, desk: session.Desk, study: Study | None) -> None:
    """Upload or paste, then both sides of every match. ``study`` is None before there is a plan."""
    st.markdown(
        "Upload a resume, and a job posting if you like. Each match shows both sides: your line and the guide's. "
        "A level counts only once you confirm it."
    )
    columns = st.columns(2, gap="medium")
    for column, purpose in zip(columns, _ASKED, strict=True):
        with column:
            _document(at, purpose)
    documents = _documents(at)
    if not documents:
        return
    if desk.problem is not None:
        st.error(literal(f"Skills cannot be matched yet. {desk.problem}"), icon=":material/build:")
        return
    if not desk.ready:
        _watch(desk)
        return
    try:
        report = _report(at, desk, documents)
    except CoachError as error:
        st.error(literal(f"Skills cannot be matched. {error}"), icon=":material/build:")
        return
    for notice in report.notices:
        st.markdown(quiet(notice))
    if Purpose.RESUME in documents:
        _resume(at, study, report)
    if Purpose.POSTING in documents:
        _posting(at, study, report)


def confirmed(at: Visit) -> dict[str, Level]:
    """Levels, by name, that were confirmed before there was a profile to put them in."""
    drafted: dict[str, dict[str, Level]] = st.session_state.get("drafted", {})
    return dict(drafted.get(at.slug, {}))


# --- Documents ----------------------------------------------------------------------------------------------


def _documents(at: Visit) -> dict[Purpose, Document]:
    """Those of this session; at its beginning, those that the learner chose to keep."""
    held: dict[str, dict[Purpose, Document]] = st.session_state.setdefault("documents", {})
    if at.slug not in held:
        held[at.slug] = {
            one.kind: Document(
                name=one.name,
                kind=DocumentKind.TEXT,
                lines=tuple(_line(line) for line in one.lines),
            )
            for one in at.store.documents(at.owner, at.slug)
            if one.kind in _ASKED
        }
    return held[at.slug]


def _line(kept: str) -> Line:
    """As ``_keep`` wrote it, with its heading; a line that something else wrote is its text alone."""
    try:
        return Line.model_validate_json(kept)
    except ValidationError:
        return Line(text=kept or "…")


def _kept(at: Visit, purpose: Purpose) -> list[str]:
    return [one.name for one in at.store.documents(at.owner, at.slug) if one.kind is purpose]


def _document(at: Visit, purpose: Purpose) -> None:
    document = _documents(at).get(purpose)
    if document is None:
        _bring(at, purpose)
        return
    st.markdown(f"**{_ASKED[purpose]}**  \n{literal(document.name)} {quiet(f'{len(document.lines)} lines')}")
    for notice in document.notices:
        st.markdown(quiet(notice))
    kept = document.name in _kept(at, purpose)
    with st.container(horizontal=True, vertical_alignment="center"):
        if kept:
            st.markdown(badge("Kept"))
        else:
            st.button("Keep it", key=f"keep-{purpose}", on_click=_keep, args=(at, purpose))
        st.button("Remove", key=f"remove-{purpose}", icon=":material/delete:", on_click=_remove, args=(at, purpose))


def _bring(at: Visit, purpose: Purpose) -> None:
    """A file, or pasted text. What was read takes the place of both."""
    turns: dict[Purpose, int] = st.session_state.setdefault("brought", {})
    turn = turns.get(purpose, 0)  # in the keys: once something was read, both fields are empty again
    uploaded = st.file_uploader(
        _ASKED[purpose],
        KINDS,
        key=f"upload-{purpose}-{turn}",
        help=f"PDF, DOCX, Markdown or plain text, at most {MEGABYTES} MB.",
    )
    with st.popover("Paste the text", type="tertiary", key=f"paste-{purpose}"):
        pasted = st.text_area(
            f"Text of the {_ASKED[purpose].lower()}",
            key=f"pasted-{purpose}-{turn}",
            max_chars=LIMITS.characters,
            height=160,  # the button below it has to fit a phone
        )
        used = st.button("Use this text", key=f"use-text-{purpose}")
    document: Document | None = None
    if uploaded is not None:
        document = _read(uploaded.getvalue(), uploaded.name, uploaded.file_id)
    elif used and pasted:
        document = _read(pasted.encode("utf-8", "replace"), f"Pasted {_ASKED[purpose].lower()}", pasted)
    if document is None:
        return
    _documents(at)[purpose] = document
    if uploaded is not None:
        _discard(uploaded)
    st.session_state.pop("unread", None)
    turns[purpose] = turn + 1
    st.rerun()


def _read(data: bytes, name: str, once: str) -> Document | None:
    """The document; or None, with the reason shown. What cannot be read, by ``once``, is not tried on each rerun."""
    unread: dict[str, str] = st.session_state.setdefault("unread", {})
    if once not in unread:
        try:
            with st.spinner("Reading it"):
                return read_document(data, name)
        except CoachError as error:
            unread[once] = str(error)
    st.error(literal(unread[once]), icon=":material/upload_file:")
    return None


def _discard(uploaded: UploadedFile) -> None:
    """Drop the bytes that the server holds of an upload; otherwise they stay until the visit ends."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)


def _keep(at: Visit, purpose: Purpose) -> None:
    document = _documents(at)[purpose]
    lines = [line.model_dump_json(exclude_defaults=True) for line in document.lines]
    with learner.telling():
        at.store.keep_document(at.owner, at.slug, purpose, document.name, lines)


def _remove(at: Visit, purpose: Purpose) -> None:
    """From the session and from the store; what was matched in it goes too."""
    _documents(at).pop(purpose, None)
    st.session_state.pop("report", None)
    with learner.telling():
        for name in _kept(at, purpose):
            at.store.delete_document(at.owner, at.slug, purpose, name)


# --- Matches ------------------------------------------------------------------------------------------------


@st.fragment(run_every=timedelta(seconds=0.5))
def _watch(desk: session.Desk) -> None:
    if not desk.loading:
        st.rerun()
    st.caption("Loading the embedding model; the matches come when it is ready.")


def _report(at: Visit, desk: session.Desk, documents: Mapping[Purpose, Document]) -> SkillReport:
    """Matched once for the documents there are; a rerun of the page matches nothing again."""
    resume, posting = documents.get(Purpose.RESUME), documents.get(Purpose.POSTING)
    made = cast("_Matched | None", st.session_state.get("report"))
    if made is None or made.resume is not resume or made.posting is not posting:
        from coach.planning.evidence import match_skills  # Not at the top: no page waits for it before it is needed.

        with st.spinner("Matching lines with skills"):
            encoder = cast("Knowing", desk.coach).encoder()
            nothing = Document(name="No resume", kind=DocumentKind.TEXT, lines=())
            report = match_skills(resume or nothing, at.corpus, encoder, posting)
        made = st.session_state.report = _Matched(resume, posting, report)
    return made.report


def _resume(at: Visit, study: Study | None, report: SkillReport) -> None:
    """Matches with both sides, each with a level to confirm."""
    own = [match for match in report.skills if match.section is not Part.POSTING]
    held = [match for match in own if match.held]
    if not held:
        st.markdown("No line of it shows any of the pathway's skills. You can still set levels under “Edit profile”.")
        return
    before, _ = resolve_skills(study.profile if study else Profile(skills=confirmed(at)), at.pathway)
    with st.form("levels", border=False):
        levels: dict[str, Level | None] = {}
        for number, match in enumerate(held):
            levels[match.id] = _match(at, match, before.get(match.id), number)
        st.caption(f"The levels are guesses from the wording until you confirm them. {profile_form.remaining()}")
        sure = st.form_submit_button("Confirm these levels", type="primary", key="confirm-levels")
    missing = [match.name for match in own if not match.held]
    if missing:
        st.markdown(f"{quiet('No line shows')} {', '.join(literal(name) for name in missing)}.")
    if sure:
        _confirm(at, study, levels)


def _match(at: Visit, match: SkillMatch, before: Level | None, number: int) -> Level | None:
    guess = before or match.level
    with st.container(key=f"match-{number}", gap="xsmall"):
        name, level = st.columns([3, 2], vertical_alignment="center")
        name.markdown(f"**{literal(match.name)}** {badge(_SECTIONS[match.section])}")
        with level:
            chosen: Level | None = st.selectbox(
                literal(f"Level of {match.name}"),
                (None, *Level),
                index=0 if guess is None else 1 + list(Level).index(guess),
                format_func=profile_form.level_name,
                key=f"level-{at.slug}-{_key(match)}",
                label_visibility="collapsed",
            )
        _sides("Your resume", match.resume_quote or "", "The guide", _guide(at, match), _key(match))
    return chosen


def _key(match: SkillMatch) -> str:
    """A skill to learn may be called like one that is brought along."""
    return f"{match.section}-{match.id}"


def _sides(lead: str, one: str, other_lead: str, other: str | Callable[[], None], key: str) -> None:
    """Both sides of a match, beside each other; ``other`` is a text, or draws the guide's sentence."""
    with st.container(key=f"sides-{key}"):
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown(f":small[{quiet(lead)}]  \n{literal(one)}")
        with right, st.container(gap=None):
            if isinstance(other, str):
                st.markdown(f":small[{quiet(other_lead)}]  \n{literal(other)}")
            else:
                st.markdown(f":small[{quiet(other_lead)}]")
                other()


def _guide(at: Visit, match: SkillMatch) -> Callable[[], None]:
    """Draws the guide's sentence with a marker that opens its passage."""

    def draw() -> None:
        citations = _citations(at, match)
        if citations:
            cited.sentence(citations[0].quote, citations, f"sides-{_key(match)}", at.slug, at.passage)

    return draw


def _citations(at: Visit, match: SkillMatch) -> tuple[Citation, ...]:
    """The guide's sentence, as a citation that opens its passage."""
    if match.passage_id is None or match.pathway_quote is None:
        return ()
    passage = at.corpus.by_id[match.passage_id]
    start = max(passage.text.find(match.pathway_quote), 0)
    return (
        Citation(
            marker=1,
            passage_id=passage.id,
            source=passage.source,
            quote=match.pathway_quote,
            start=start,
            end=start + len(match.pathway_quote),
        ),
    )


def _confirm(at: Visit, study: Study | None, levels: Mapping[str, Level | None]) -> None:
    """Into the profile; before there is one, into the form that makes it."""
    profile = with_levels(study.profile if study else Profile(skills=confirmed(at)), at, levels)
    if study is None:
        st.session_state.setdefault("drafted", {})[at.slug] = dict(profile.skills)
    else:
        with learner.telling():
            learner.save_profile(at, study, profile)
    st.rerun()


def with_levels(profile: Profile, at: Visit, levels: Mapping[str, Level | None]) -> Profile:
    """The profile with these levels, by id of a skill of the pathway; None takes a skill out, others stay."""
    names = {one.id: one.name for one in at.pathway.skills} | {one.id: one.name for one in at.pathway.transferable}
    kept = {}
    for name, level in profile.skills.items():
        resolved, _ = resolve_skills(Profile(skills={name: level}), at.pathway)
        if not set(resolved) & set(levels):
            kept[name] = level
    kept |= {names.get(id_, id_): level for id_, level in levels.items() if level is not None}
    return profile.model_copy(update={"skills": kept})


# --- A posting ----------------------------------------------------------------------------------------------


def _posting(at: Visit, study: Study | None, report: SkillReport) -> None:
    """Its demands, by what covers them; a demand is always shown in the posting's own words."""
    demands = [match for match in report.skills if match.section is Part.POSTING]
    if not demands:
        return  # a notice of the report says so
    held, _ = resolve_skills(study.profile if study else Profile(skills=confirmed(at)), at.pathway)
    shown = [match for match in demands if match.held or match.covered_by in held]
    learnt = {skill.id for skill in at.pathway.skills}
    taught = [
        match
        for match in demands
        if match not in shown and (match.covered_by in learnt or (match.covered_by is None and match.when))
    ]
    neither = [match for match in demands if match not in shown and match not in taught]
    st.markdown(
        f"Of {len(demands)} demands of the posting you show {len(shown)}, the pathway teaches {len(taught)}, "
        f"and neither covers {len(neither)}."
    )
    _titled("You can show", shown)
    for match in shown:
        lead = "Your resume" if match.resume_quote else "Your profile"
        shows = match.resume_quote or _held(at, match, held)
        _sides("The posting", match.posting_quote or "", lead, shows, _key(match))
    _titled("The pathway teaches", taught)
    for match in taught:
        _sides("The posting", match.posting_quote or "", _teaching(at, study, match), _guide(at, match), _key(match))
    _titled("Neither covers", neither)
    for match in neither:
        beside = _counted_on(at, match)
        st.markdown(f"- {literal(match.posting_quote or match.name)}" + (f" {quiet(beside)}" if beside else ""))


def _titled(title: str, matches: Sequence[SkillMatch]) -> None:
    if matches:
        st.markdown(f"**{title}**")


def _held(at: Visit, match: SkillMatch, held: Mapping[str, Level]) -> str:
    """What the profile says where no line of the resume shows it."""
    names = {one.id: one.name for one in at.pathway.skills} | {one.id: one.name for one in at.pathway.transferable}
    id_ = match.covered_by or ""
    return f"{names.get(id_, match.name)}, {held[id_].value}" if id_ in held else match.name


def _counted_on(at: Visit, match: SkillMatch) -> str:
    """The guide takes some skills for granted: it does not teach them, and no line shows them."""
    name = next((one.name for one in at.pathway.transferable if one.id == match.covered_by), "")
    return f"The guide counts on {name} as something you bring along; no line shows it." if name else ""


def _teaching(at: Visit, study: Study | None, match: SkillMatch) -> str:
    """Which skill teaches it, and when by the learner's plan."""
    skill = next((one for one in at.pathway.skills if one.id == match.covered_by), None)
    if skill is None:
        phases = " and ".join(str(number) for number in match.when.phases) if match.when else ""
        return f"The guide, used in phase {phases}" if phases else "The guide"
    steps = [step for step in study.plan.steps if step.skill == skill.id and step.start and step.end] if study else []
    if not steps:
        return f"The guide: {skill.name}, {skill.weeks} weeks"
    first = min(step.start for step in steps if step.start)
    last = max(step.end for step in steps if step.end)
    return f"The guide: {skill.name}, {learner.human(first, at.today)} to {learner.human(last, at.today)}"
