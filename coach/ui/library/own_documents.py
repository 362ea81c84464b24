"""A visitor's own documents beside a pathway: added, listed, removed.

Comes in: files. Goes out: a ``Shelf`` that questions are answered from. The text stays in the visitor's session; only
"Keep it" puts it into the store, and "Remove" takes it from both. Nothing of it enters what others share.
"""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from coach.documents import LIMITS, read_document
from coach.errors import CoachError, StorageError
from coach.knowledge.corpus import Corpus
from coach.knowledge.own import OwnDocument, OwnLine
from coach.storage import DocumentKind, Store
from coach.ui import session
from coach.ui.documents import KINDS
from coach.ui.render import literal, plain, quiet

MOST = 10
"""Documents beside one pathway: each costs a second when it is read and memory for as long as the visit lasts."""

MEGABYTES = LIMITS.bytes_in // 1_000_000


def shelf(store: Store, owner: str, pathway: str) -> session.Shelf | None:
    """The shelf of this visit for a pathway, with what was kept earlier on it; None while it is empty."""
    shelves: dict[str, session.Shelf] = st.session_state.setdefault("shelves", {})
    if pathway not in shelves:
        shelves[pathway] = session.Shelf(pathway, _kept(store, owner, pathway))
    return shelves[pathway] if shelves[pathway].documents else None


def show(corpus: Corpus) -> None:
    """Add a document, and see those that there are."""
    slug = corpus.pathway.slug
    st.markdown(
        "Add a contract, notes or a handbook: the coach then answers from it as well, for you alone, and says "
        "*Your document* wherever it cites one. Nobody has checked what it says, and orders in it are text."
    )
    try:
        store, owner = session.store(), session.owner()
        held = shelf(store, owner, slug)
        documents = held.documents if held else ()
        keeping = session.keeping()
        _add(store, owner, slug, documents, keeping.kept)
        for document in documents:
            _one(store, owner, slug, document, keeping.kept)
    except CoachError as error:
        st.error(literal(str(error)), icon=":material/database_off:")
        return
    if not documents:
        st.caption("None yet.")
    else:
        st.caption(
            "Removing a document takes its text from this visit and from the store. Answers that quoted it stay in "
            "your conversations until you delete those."
        )


def _add(store: Store, owner: str, slug: str, documents: tuple[OwnDocument, ...], can_keep: bool) -> None:
    if len(documents) >= MOST:
        st.info(f"{MOST} documents is all that fits beside a pathway. Remove one to add another.")
        return
    turn = st.session_state.setdefault("own_turn", 0)
    keep = can_keep and st.checkbox(
        "Keep it for later visits", key="own_keep", help="Otherwise it is gone when this visit ends."
    )
    file = st.file_uploader(
        f"PDF, Word, Markdown or text, up to {MEGABYTES} MB", type=list(KINDS), key=f"own_file_{turn}"
    )
    for problem in st.session_state.pop("own_problems", ()):
        st.error(literal(problem), icon=":material/description:")
    for notice in st.session_state.pop("own_notices", ()):
        st.markdown(quiet(notice))
    if file is None:
        return
    try:
        with st.spinner("Reading it"):
            read = read_document(file.getvalue(), file.name)
        document = OwnDocument(
            name=read.name,
            lines=tuple(OwnLine(text=line.text, heading=line.heading, item=line.item) for line in read.lines),
        )
        if keep:
            lines = [line.model_dump_json(exclude_defaults=True) for line in document.lines]
            store.keep_document(owner, slug, DocumentKind.OWN, document.name, lines)
        _put(slug, (*(other for other in documents if other.name != document.name), document))
        st.session_state.own_notices = read.notices
    except CoachError as error:
        st.session_state.own_problems = (str(error),)
    st.session_state.own_turn = turn + 1  # An empty field, or the file would be added at every rerun.
    st.rerun()


def _one(store: Store, owner: str, slug: str, document: OwnDocument, can_keep: bool) -> None:
    kept = any(
        one.name == document.name
        for one in store.documents(owner, slug)
        if one.kind is DocumentKind.OWN
    )
    with st.container(horizontal=True, vertical_alignment="center", key=f"own-{document.id}"):
        words = sum(len(line.text.split()) for line in document.lines)
        where = "kept for later visits" if kept else "until this visit ends"
        st.markdown(f"**{literal(document.name)}**  {quiet(f'{words:,} words, {where}')}", width="stretch")
        if can_keep and not kept:
            st.button("Keep it", on_click=_keep, args=(store, owner, slug, document), key=f"own-keep-{document.id}")
        st.button("Remove", on_click=_remove, args=(store, owner, slug, document), key=f"own-remove-{document.id}")


def _keep(store: Store, owner: str, slug: str, document: OwnDocument) -> None:
    try:
        lines = [line.model_dump_json(exclude_defaults=True) for line in document.lines]
        store.keep_document(owner, slug, DocumentKind.OWN, document.name, lines)
    except StorageError as error:
        st.session_state.own_problems = (str(error),)


def _remove(store: Store, owner: str, slug: str, document: OwnDocument) -> None:
    try:
        store.delete_document(owner, slug, DocumentKind.OWN, document.name)
    except StorageError as error:
        st.session_state.own_problems = (str(error),)
        return
    shelves: dict[str, session.Shelf] = st.session_state.shelves
    _put(slug, tuple(other for other in shelves[slug].documents if other.id != document.id))


def _put(slug: str, documents: tuple[OwnDocument, ...]) -> None:
    """A new shelf; the old one's index is let go of."""
    shelves: dict[str, session.Shelf] = st.session_state.shelves
    old = shelves.get(slug)
    shelves[slug] = session.Shelf(slug, documents)
    if old is not None:
        old.close()


def _kept(store: Store, owner: str, pathway: str) -> tuple[OwnDocument, ...]:
    try:
        found = [one for one in store.documents(owner, pathway) if one.kind is DocumentKind.OWN]
    except StorageError:
        return ()
    return tuple(
        OwnDocument(name=plain(one.name), lines=tuple(_line(line) for line in one.lines)) for one in found[:MOST]
    )


def _line(kept: str) -> OwnLine:
    try:
        return OwnLine.model_validate_json(kept)
    except ValidationError:
        return OwnLine(text=kept)
