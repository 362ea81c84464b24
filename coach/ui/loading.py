"""The coach for pages that can show nothing without it.

Comes in: the shared desk. Goes out: the loaded coach, or None after a message about what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import streamlit as st

from coach.errors import CoachError
from coach.ui import session

if TYPE_CHECKING:
    from coach.pipeline import Coach

LOOK_SECONDS = 0.3
"""How often the progress is looked at while waiting."""


def loaded() -> Coach | None:
    """The coach, once it is loaded; while it loads the page shows how far it is. None where it cannot be loaded."""
    try:
        desk = session.desk()
    except CoachError as error:
        st.error(str(error))
        return None
    desk.start()
    if desk.loading:
        place = st.empty()  # what has been waited for is of no interest beside what comes then
        with place.status("Loading the encoder and the index", expanded=False) as status:
            while not desk.wait(LOOK_SECONDS):
                if desk.total:
                    status.update(label=f"Reading the knowledge: {desk.done} of {desk.total} texts")
        place.empty()
    if desk.problem is not None:
        st.error(desk.problem)
        st.button("Try again", on_click=desk.retry)
        return None
    # Pages that look inside need the real one; a test that puts another in its place offers what they use.
    return cast("Coach", desk.coach)
