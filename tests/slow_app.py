"""The web app with a coach that thinks for seconds: what ``streamlit run`` serves to tests that click meanwhile."""

from pathlib import Path

import streamlit as st

from coach.ui import server, session
from tests.fakes import FakeCoach

session.make_coach = lambda settings: FakeCoach(loading_seconds=2.0, thinking_seconds=4.0)

if __name__ == "__main__":
    entry = Path(__file__).resolve().parent.parent / "app.py"
    exec(compile(entry.read_text(encoding="utf-8"), str(entry), "exec"))  # noqa: S102 - as Streamlit runs it
else:
    app = st.App(Path(__file__), middleware=server.MIDDLEWARE, lifespan=server.lifespan)
