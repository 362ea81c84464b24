"""The button that logs in or out.

Comes in: whether Streamlit's secrets configure a login, and who is there. Goes out: one button, or none. What a login
means for what is kept is the business of ``coach.ui.session``.
"""

from __future__ import annotations

import streamlit as st

from coach.ui import session


def button() -> None:
    """At most one on a page. Streamlit leads back to the first page after both."""
    if not session.login_offered():
        return
    if session.logged_in():
        st.button("Log out", icon=":material/logout:", key="logout", on_click=st.logout)
    else:
        st.button("Log in", icon=":material/login:", key="login", on_click=st.login)
