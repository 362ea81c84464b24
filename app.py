"""Entry of the web app: ``streamlit run app.py``. Page config, navigation, and nothing else.

Streamlit reads this file twice. Imported, it gives the server, with what every page needs around it. Run, once per
visit, it draws the page that was asked for.
"""

from pathlib import Path

import streamlit as st

if __name__ == "__main__":
    from coach.ui import chat, plan, rehearsal, session
    from coach.ui.evaluation import page as evaluation
    from coach.ui.lab import page as lab
    from coach.ui.library import page as library

    st.set_page_config(page_title="Career coach", page_icon=chat.ICON, layout="centered")
    session.logged_in()  # before any page: a visit whose login has ended forgets all of it
    pages = [
        st.Page(chat.page, title="Coach", url_path="coach", default=True),
        st.Page(plan.page, title="My plan", url_path="plan"),
        st.Page(lab.page, title="RAG Lab", url_path="lab"),
        st.Page(library.page, title="Library", url_path="library"),
        st.Page(rehearsal.page, title="Rehearsal", url_path="rehearsal"),
        st.Page(evaluation.page, title="Evaluation", url_path="evaluation"),
    ]
    opened = st.navigation(pages, position="top")
    st.session_state.pages = {page.url_path: page for page in pages}  # for links that stay within the visit
    with st.container(horizontal=True, key="pages"):  # On a narrow screen the navigation hides in the sidebar.
        for page in pages:
            st.page_link(page)
    opened.run()
else:
    from coach.ui import server

    app = st.App(Path(__file__), middleware=server.MIDDLEWARE, lifespan=server.lifespan)
