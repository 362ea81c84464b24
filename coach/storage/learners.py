"""Profiles, ticks, logged hours and kept documents, per learner and pathway.

Comes in: an owner token, the name of a pathway, a profile as JSON text, ids of steps, days, hours, lines. Goes out: the
values of ``coach.storage.records``, or ``StorageError`` that says what to do next.

Several windows may be open at once. A tick is a row of its own, so none is lost; an entry of hours has an id that the
window draws, so one that is sent twice counts once; a profile has a revision, so a window that has not seen the newest
one is told so and overwrites nothing.

It knows nothing about what stands in a profile, which steps a pathway has, or what a plan is.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from coach.errors import ConflictError, StorageError
from coach.storage.database import Database, LostRaceError, rows
from coach.storage.records import DocumentKind, KeptDocument, LearnerRecord
from coach.storage.tables import DocumentRow, HoursRow, ProfileRow, TickRow, hashed, storable


class LearnerStore:
    """What many learners told and did, each of whom sees only their own. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- Profile --------------------------------------------------------------------------------------------

    def save_profile(
        self, owner: str, pathway: str, profile_json: str, from_day: date | None, expected_revision: int | None
    ) -> int:
        """Keep a profile and return its new revision.

        ``expected_revision`` is the one that the caller read; None where it found none. Raises ConflictError if
        another window saved or deleted it since. The same saved twice is no conflict and no new revision.
        """
        mine = (ProfileRow.owner == hashed(owner), ProfileRow.pathway == pathway)
        with self._database.transaction() as session:
            found = session.scalar(select(ProfileRow).where(*mine))
            if found is not None and (found.profile_json, found.from_day) == (storable(profile_json), from_day):
                return found.revision
        revision = (expected_revision or 0) + 1
        values = {
            "profile_json": profile_json,
            "from_day": from_day,
            "revision": revision,
            "updated": datetime.now(UTC),
        }
        try:
            with self._database.transaction() as session:
                if expected_revision is None:
                    session.add(ProfileRow(owner=hashed(owner), pathway=pathway, **values))
                else:
                    seen = update(ProfileRow).where(*mine, ProfileRow.revision == expected_revision)
                    if not rows(session.execute(seen.values(**values))):
                        raise LostRaceError("The row has another revision or is gone.")
        except LostRaceError as error:
            raise ConflictError(
                "Your profile was not saved: it was changed or deleted in another window meanwhile. "
                "Reload this page to see it as it is now, then make your change again."
            ) from error
        return revision

    def learner(self, owner: str, pathway: str) -> LearnerRecord | None:
        """None if the owner has no profile for that pathway."""
        query = select(ProfileRow).where(ProfileRow.owner == hashed(owner), ProfileRow.pathway == pathway)
        with self._database.transaction() as session:
            row = session.scalar(query)
            return None if row is None else _learner(row)

    def learners(self, owner: str) -> tuple[LearnerRecord, ...]:
        """The owner on every pathway, last changed first."""
        query = (
            select(ProfileRow)
            .where(ProfileRow.owner == hashed(owner))
            .order_by(ProfileRow.updated.desc(), ProfileRow.pathway)
        )
        with self._database.transaction() as session:
            return tuple(_learner(row) for row in session.scalars(query))

    # --- Progress -------------------------------------------------------------------------------------------

    def tick(self, owner: str, pathway: str, step_id: str, day: date) -> None:
        """The step was done on ``day``. Ticked again, the later call's day counts."""

        def work(session: Session) -> None:
            statement = update(TickRow).where(*_tick(owner, pathway, step_id)).values(day=day)
            if not rows(session.execute(statement)):
                session.add(TickRow(owner=hashed(owner), pathway=pathway, step_id=step_id, day=day))

        self._database.settle(work)

    def untick(self, owner: str, pathway: str, step_id: str) -> bool:
        """False if the step was not ticked."""
        with self._database.transaction() as session:
            return rows(session.execute(delete(TickRow).where(*_tick(owner, pathway, step_id)))) > 0

    def ticks(self, owner: str, pathway: str) -> dict[str, date]:
        """Step id to the day it was done, in the order of days, then ids."""
        query = select(TickRow).where(TickRow.owner == hashed(owner), TickRow.pathway == pathway)
        with self._database.transaction() as session:
            found = sorted((row.day, row.step_id) for row in session.scalars(query))
        return {step_id: day for day, step_id in found}

    def log_hours(self, owner: str, pathway: str, step_id: str, hours: float, day: date, entry_id: str) -> bool:
        """Add hours spent on a step; False if the owner has an entry of that id already.

        The caller draws the id before it sends, so that the same entry sent twice counts once.
        """
        if not (math.isfinite(hours) and hours > 0):
            raise StorageError(f"The hours could not be saved: expected a number above 0, got {hours}. Enter another.")

        def work(session: Session) -> bool:
            if session.get(HoursRow, (hashed(owner), storable(entry_id))) is not None:
                return False
            session.add(
                HoursRow(owner=hashed(owner), entry_id=entry_id, pathway=pathway, step_id=step_id, hours=hours, day=day)
            )
            return True

        return self._database.settle(work)

    def unlog_hours(self, owner: str, entry_id: str) -> bool:
        """Take an entry back; False if there is none of that id."""
        statement = delete(HoursRow).where(HoursRow.owner == hashed(owner), HoursRow.entry_id == entry_id)
        with self._database.transaction() as session:
            return rows(session.execute(statement)) > 0

    def logged(self, owner: str, pathway: str) -> dict[str, float]:
        """Step id to hours spent on it in all, by id. The sum does not depend on the order of the entries."""
        query = select(HoursRow).where(HoursRow.owner == hashed(owner), HoursRow.pathway == pathway)
        entries: defaultdict[str, list[float]] = defaultdict(list)
        with self._database.transaction() as session:
            for row in session.scalars(query):
                entries[row.step_id].append(row.hours)
        return {step_id: math.fsum(entries[step_id]) for step_id in sorted(entries)}

    # --- Documents ------------------------------------------------------------------------------------------

    def keep_document(
        self, owner: str, pathway: str, kind: DocumentKind, name: str, lines: Sequence[str]
    ) -> KeptDocument:
        """Keep a document's text because the learner said so; one of the same kind and name is replaced."""
        kept = KeptDocument(
            pathway=storable(pathway),
            kind=kind,
            name=storable(name),
            lines=tuple(storable(line) for line in lines),
            kept=datetime.now(UTC),
        )
        values = {"lines_json": json.dumps(kept.lines, ensure_ascii=False), "kept": kept.kept}

        def work(session: Session) -> bool:
            statement = update(DocumentRow).where(*_document(owner, pathway, kind, name)).values(**values)
            if rows(session.execute(statement)):
                return True
            session.add(DocumentRow(owner=hashed(owner), pathway=pathway, kind=kind.value, name=name, **values))
            return False

        replaced = self._database.settle(work)
        if replaced:
            self._database.wipe()
        return kept

    def documents(self, owner: str, pathway: str) -> tuple[KeptDocument, ...]:
        """Resumes before postings, each by name."""
        query = select(DocumentRow).where(DocumentRow.owner == hashed(owner), DocumentRow.pathway == pathway)
        order = list(DocumentKind)
        with self._database.transaction() as session:
            found = [kept_document(row) for row in session.scalars(query)]
        return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.name)))

    def delete_document(self, owner: str, pathway: str, kind: DocumentKind, name: str) -> bool:
        """Remove a document's text, from the file as well as from the lists; False if there is none."""
        with self._database.transaction() as session:
            gone = rows(session.execute(delete(DocumentRow).where(*_document(owner, pathway, kind, name)))) > 0
        if gone:
            self._database.wipe()
        return gone


def kept_document(row: DocumentRow) -> KeptDocument:
    return KeptDocument(
        pathway=row.pathway,
        kind=DocumentKind(row.kind),
        name=row.name,
        lines=tuple(json.loads(row.lines_json)),
        kept=row.kept,
    )


def _learner(row: ProfileRow) -> LearnerRecord:
    return LearnerRecord(
        pathway=row.pathway,
        profile_json=row.profile_json,
        from_day=row.from_day,
        revision=row.revision,
        updated=row.updated,
    )


def _tick(owner: str, pathway: str, step_id: str) -> tuple[ColumnElement[bool], ...]:
    return (TickRow.owner == hashed(owner), TickRow.pathway == pathway, TickRow.step_id == step_id)


def _document(owner: str, pathway: str, kind: DocumentKind, name: str) -> tuple[ColumnElement[bool], ...]:
    return (
        DocumentRow.owner == hashed(owner),
        DocumentRow.pathway == pathway,
        DocumentRow.kind == kind.value,
        DocumentRow.name == name,
    )
