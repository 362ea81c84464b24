"""The plan to be taken along, brought back, and what is kept about the learner.

Comes in: a study, or a file that an earlier visit wrote. Goes out: files, made when they are wanted and not on every
drawing; an imported plan; or nothing left of the learner.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

import streamlit as st

from coach.errors import ProfileError
from coach.knowledge.pathway import Pathway
from coach.planning.exporting import (
    CSV_ENCODING,
    Backup,
    as_backup,
    as_csv,
    as_icalendar,
    as_markdown,
    read_backup,
)
from coach.ui import learner, login, session
from coach.ui.learner import Knowing, Study, Visit
from coach.ui.render import literal, plain, shortened

FILE_NAME_CHARS = 80


class TakenAlong(NamedTuple):
    """A form in which a plan is taken along."""

    label: str
    ending: str
    media_type: str
    icon: str
    made: Callable[[], bytes]
    """Called when the file is wanted."""


def forms(at: Visit, study: Study) -> tuple[TakenAlong, ...]:
    plan, name = study.plan, plain(f"{at.pathway.origin} to {at.pathway.target}")
    exported = learner.moment(at.today)  # not when the file is wanted: that thread may not ask for the visitor's zone

    def calendar() -> bytes:
        return as_icalendar(plan, name, at.today, exported)

    return (
        TakenAlong("Calendar", "ics", "text/calendar", "calendar_month", calendar),
        TakenAlong("Markdown", "md", "text/markdown", "description", lambda: as_markdown(plan, name).encode()),
        TakenAlong("CSV", "csv", "text/csv", "table", lambda: as_csv(plan).encode(CSV_ENCODING)),
        TakenAlong(
            "JSON",
            "json",
            "application/json",
            "data_object",
            lambda: as_backup(study.profile, study.progress, plan).encode(),
        ),
    )


def take_along(at: Visit, study: Study) -> None:
    st.markdown(
        "The calendar file works with Google, Apple and Outlook calendars; importing a later one updates the same "
        "events. The JSON file holds all of your profile and ticks, and makes the same plan on another machine."
    )
    with st.container(horizontal=True, key="exports"):
        for form in forms(at, study):
            st.download_button(
                form.label,
                form.made,
                f"{at.slug}.{form.ending}",
                form.media_type,
                icon=f":material/{form.icon}:",
                key=f"export-{form.ending}",
                on_click="ignore",
            )


def importer(at: Visit, pathways: Mapping[str, Pathway]) -> None:
    """Choose a file, see what it would do, then say so: it replaces the profile and adds ticks and hours."""
    brought = st.file_uploader("The JSON file of a plan", "json", key=f"backup-{st.session_state.get('imports', 0)}")
    if brought is None:
        return
    try:
        text = brought.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        st.error("This is not a text file. Choose the JSON file that the coach wrote.", icon=":material/upload_file:")
        return
    try:
        backup = read_backup(text, shortened(brought.name, FILE_NAME_CHARS), pathways.keys())
    except ProfileError as error:
        st.error(literal(str(error)), icon=":material/upload_file:")
        return
    guide = pathways[backup.pathway]
    done, logged = len(backup.progress.done), len(backup.progress.logged)
    st.markdown(
        literal(
            f"{guide.origin} to {guide.target}, made on {learner.human(backup.made, at.today)}: "
            f"{backup.profile.weekly_hours:g} hours a week, {done} steps ticked, hours logged on {logged}. It replaces "
            "the profile that you have here; ticks and hours are added to yours."
        )
    )
    st.button("Import it", type="primary", key="import", on_click=_import, args=(backup, guide))


def _import(backup: Backup, guide: Pathway) -> None:
    with learner.telling():
        coach = cast("Knowing", session.desk().coach)
        at = learner.visit(coach, session.store(), session.owner(), guide)
        learner.restore(at, backup)
        st.session_state.pathway = backup.pathway
        st.session_state.imports = st.session_state.get("imports", 0) + 1


# --- My data ------------------------------------------------------------------------------------------------


def my_data(at: Visit) -> None:
    """What is kept and where, to be downloaded or deleted."""
    keeping = session.keeping()
    kept = "Profile, ticks, hours and conversations"
    if at.store.in_memory:
        where = f"{kept} are held in memory and go when this visit ends."
    else:
        where = f"{kept} are kept in a database on the machine that runs this app, and nowhere else."
    st.markdown(f"{literal(where)} {literal(keeping.why)}")
    st.markdown("The text of a resume or a posting stays in this visit unless you keep it yourself.")
    with st.container(horizontal=True, key="data-buttons"):
        st.download_button(
            "Download my data",
            lambda: json.dumps(at.store.everything(at.owner), indent=2, ensure_ascii=False).encode(),
            "my-career-coach-data.json",
            "application/json",
            icon=":material/download:",
            key="download-data",
            on_click="ignore",
        )
        if not st.session_state.get("deleting"):
            st.button("Delete my data", icon=":material/delete:", key="delete-data", on_click=_ask, args=(True,))
        login.button()
    if st.session_state.get("deleting"):
        st.markdown("Delete profile, ticks, hours, documents and conversations for good? It cannot be undone.")
        with st.container(horizontal=True):
            st.button("Delete it all", type="primary", key="really-delete-data", on_click=_forget, args=(at,))
            st.button("Keep it", key="keep-data", on_click=_ask, args=(False,))


def _ask(asked: bool) -> None:
    st.session_state.deleting = asked


def _forget(at: Visit) -> None:
    with learner.telling():
        learner.forget(at)
