"""The learner behind the pages: who they are on a pathway, their plan, and what they change of it.

Comes in: the coach's knowledge, the store, the visitor's token and their clicks. Goes out: a ``Visit`` (where somebody
is), a ``Study`` (who they are there, with their plan), and changes kept in the store. What is kept is the profile and
the progress; a plan is made anew from both and remembered for this session only, because a page is redrawn often.

It draws nothing. A change that cannot be kept is told on the next drawing of the page: see ``telling``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

import streamlit as st
from pydantic import ValidationError

from coach.errors import CoachError, ProfileError, StorageError
from coach.knowledge.corpus import Corpus, corpus_of
from coach.knowledge.load import Knowledge
from coach.knowledge.pathway import Pathway
from coach.planning.backup import Backup
from coach.planning.learner import Learner
from coach.planning.phrases import day
from coach.planning.plan import Plan, Progress
from coach.planning.profile import Profile, read_profile
from coach.planning.schedule import make_plan
from coach.retrieval.encoder import Encoder
from coach.settings import load_settings
from coach.storage import LearnerRecord, Store
from coach.types import Passage
from coach.ui.render import plain
from coach.ui.session import Coaching

PASSAGE_WORDS = 180
"""Words of a passage for a plan. The encoder counts 256 word pieces, about four for three words; a page that shows a
plan must not wait for the encoder, and whether a long passage is cut here or there changes no plan."""

REMEMBERED = 6
"""Plans of one session: the learner's own, two what-ifs, and those before the last change."""

LEAST_LOGGED_HOURS = 0.01
"""Below this a difference between two sums of hours is rounding."""


class Knowing(Coaching, Protocol):
    """What a plan needs of a coach beyond what a conversation does. ``coach.Coach`` has it."""

    knowledge: Knowledge

    def encoder(self) -> Encoder: ...


@dataclass(frozen=True)
class Visit:
    """Somebody on a pathway, on a day."""

    store: Store
    owner: str
    corpus: Corpus
    today: date

    @property
    def pathway(self) -> Pathway:
        return self.corpus.pathway

    @property
    def slug(self) -> str:
        return self.corpus.pathway.slug

    def passage(self, passage_id: str) -> Passage:
        """A passage to show as evidence. Raises KeyError for one that there is not.

        Its heading path begins with the pathway's own name, which the page says already.
        """
        found = self.corpus.by_id[passage_id]
        if len(found.heading_path) < 2:
            return found
        return found.model_copy(update={"heading_path": found.heading_path[1:]})


@dataclass(frozen=True)
class Study:
    """What is kept of a learner on a pathway, and the plan that it makes today."""

    learner: Learner
    revision: int
    plan: Plan

    @property
    def profile(self) -> Profile:
        return self.learner.profile

    @property
    def progress(self) -> Progress:
        return self.learner.progress


# --- Where and when -----------------------------------------------------------------------------------------


def zone() -> tzinfo:
    """The visitor's own time zone, as far as the browser tells."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):
        return UTC


def today() -> date:
    """The visitor's day; or another one, from the settings or, for one session, put there by a test."""
    given = st.session_state.get("today") or load_settings().today
    return given if isinstance(given, date) else datetime.now(zone()).date()


def moment(now: date) -> datetime:
    """This moment; where ``now`` was put there by a setting, at this time of that day."""
    clock = datetime.now(zone())
    return clock if now == clock.date() else datetime.combine(now, clock.timetz())


def human(when: date, now: date) -> str:
    """
    >>> human(date(2026, 12, 7), date(2026, 11, 25)), human(date(2027, 1, 4), date(2026, 11, 25))
    ('Mon 7 Dec', 'Mon 4 Jan 2027')
    """
    return day(when).removesuffix(f" {now.year}")


def open_pathway(pathways: Mapping[str, Pathway]) -> Pathway:
    """The pathway that is open on every page: the one chosen, else the default one, else the first.

    A choice outlives the widget it was made in only if it is written again on each page.
    """
    chosen = str(st.session_state.get("pathway", ""))
    if chosen not in pathways:
        preferred = load_settings().default_pathway
        chosen = preferred if preferred is not None and preferred in pathways else next(iter(pathways))
    st.session_state.pathway = chosen
    return pathways[chosen]


def short_name(pathways: Mapping[str, Pathway], slug: str) -> str:
    """The target alone where that tells pathways apart: a sidebar is narrow."""
    target = pathways[slug].target
    shared = sum(pathway.target == target for pathway in pathways.values()) > 1
    return plain(f"{target} (from {pathways[slug].origin})" if shared else target)


class _Corpora:
    """Passages by pathway, shared by all: they hold nothing of anybody's. Made anew when the knowledge is."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._made: dict[str, tuple[Knowledge, Corpus]] = {}

    def corpus(self, knowledge: Knowledge, pathway: Pathway) -> Corpus:
        with self._gate:
            made = self._made.get(pathway.slug)
            if made is None or made[0] is not knowledge:
                corpus = corpus_of(
                    pathway, knowledge, count_pieces=lambda text: len(text.split()), limit=PASSAGE_WORDS
                )
                made = self._made[pathway.slug] = (knowledge, corpus)
            return made[1]


@st.cache_resource(show_spinner=False)
def _corpora() -> _Corpora:
    return _Corpora()


def visit(coach: Knowing, store: Store, owner: str, pathway: Pathway) -> Visit:
    return Visit(store, owner, _corpora().corpus(coach.knowledge, pathway), today())


# --- Who and what plan --------------------------------------------------------------------------------------


def study(at: Visit) -> Study | None:
    """The learner with their plan; None on a first visit.

    Raises ProfileError where what is kept cannot be read, or makes no plan.
    """
    record = at.store.learner(at.owner, at.slug)
    if record is None:
        return None
    learner = Learner(
        profile=read_profile(record.profile_json, "your profile, as it is kept"),
        progress=_progress(at, record),
        today=at.today,
    )
    return Study(learner, record.revision, plan_of(at.corpus, learner))


def plan_of(corpus: Corpus, learner: Learner) -> Plan:
    """The plan, from this session's memory where nothing has changed. Raises ProfileError where it cannot end."""
    remembered: dict[tuple[str, str], tuple[Corpus, Plan]] = st.session_state.setdefault("plans", {})
    key = (corpus.pathway.slug, learner.model_dump_json())
    found = remembered.pop(key, None)
    if found is None or found[0] is not corpus:
        found = (corpus, make_plan(corpus, learner.profile, learner.progress, today=learner.today))
    remembered[key] = found  # at the end: what was used last is forgotten last
    while len(remembered) > REMEMBERED:
        del remembered[next(iter(remembered))]
    return found[1]


def _progress(at: Visit, record: LearnerRecord | None) -> Progress:
    return Progress(
        done=at.store.ticks(at.owner, at.slug),
        logged=at.store.logged(at.owner, at.slug),
        from_day=record.from_day if record else None,
    )


def profile_from(fields: Mapping[str, object]) -> Profile:
    """A profile from what a form holds. Raises ProfileError that says which field is not as it should be."""
    try:
        return Profile.model_validate(dict(fields))
    except ValidationError as error:
        problems = []
        for one in error.errors():
            place = ".".join(str(part) for part in one["loc"])
            said = str(one["msg"]).removeprefix("Value error, ")
            problems.append(f"{place}: {said}" if place else said)
        raise ProfileError(f"{'; '.join(problems)}. Mend it and save again.") from error


# --- Changes, each kept at once -----------------------------------------------------------------------------


@contextmanager
def telling() -> Iterator[None]:
    """A change: where it fails, the page says why when it is drawn next, from what is really kept."""
    st.session_state.pop("plan_problem", None)
    try:
        yield
    except CoachError as error:
        st.session_state.plan_problem = str(error)


def save_profile(at: Visit, before: Study | None, profile: Profile) -> None:
    """Keep a profile. ``before`` is what the learner saw when they changed it: ConflictError if that is no longer so.

    A plan needs a first day: without one it would begin anew each morning. Where the first day was changed, a plan
    that was dated anew goes by it again. A profile that makes no plan is not kept.
    """
    profile = profile.model_copy(update={"start": profile.start or at.today})
    same_start = before is not None and before.profile.start == profile.start
    from_day = before.progress.from_day if before is not None and same_start else None
    _keep(at, profile, from_day, before.revision if before else _unreadable(at))


def _unreadable(at: Visit) -> int | None:
    """The revision of a kept profile that makes no plan, which may be replaced unseen; None where there is none."""
    try:
        study(at)
    except ProfileError:
        record = at.store.learner(at.owner, at.slug)
        return record.revision if record else None
    return None


def redate(at: Visit, before: Study) -> None:
    """Plan what is left from today on. Ticks, hours and the first day stay as they are."""
    _keep(at, before.profile, at.today, before.revision)


def _keep(at: Visit, profile: Profile, from_day: date | None, revision: int | None) -> None:
    profile = profile.model_copy(update={"pathway": at.slug})
    plan_of(at.corpus, Learner(profile=profile, progress=Progress(from_day=from_day), today=at.today))
    at.store.save_profile(at.owner, at.slug, profile.model_dump_json(), from_day, revision)


def tick(at: Visit, step_id: str, *, done: bool) -> None:
    """Raises StorageError where the plan was deleted in another window."""
    _still_there(at)
    if done:
        at.store.tick(at.owner, at.slug, step_id, at.today)
    else:
        at.store.untick(at.owner, at.slug, step_id)


def log(at: Visit, step_id: str, hours: float, entry_id: str) -> None:
    """Add hours to a step. ``entry_id`` is drawn before they are sent, so that sent twice they count once.

    Raises StorageError where the plan was deleted in another window.
    """
    _still_there(at)
    at.store.log_hours(at.owner, at.slug, step_id, hours, at.today, entry_id)


def _still_there(at: Visit) -> None:
    """A window that is still open must not bring back a part of what was deleted elsewhere."""
    if at.store.learner(at.owner, at.slug) is None:
        raise StorageError("Your data was deleted in another window, so nothing was kept. Reload the page.")


def forget_elsewhere(at: Visit) -> bool:
    """Whether what this window showed was deleted in another one; then the window forgets it as well."""
    state = st.session_state
    here = at.store.learner(at.owner, at.slug) is not None
    gone = not here and at.slug in state.get("planned", set())
    if gone:
        _forget_session()
    elif here:
        state.setdefault("planned", set()).add(at.slug)
    return gone


def restore(at: Visit, backup: Backup) -> None:
    """Take over a backup of this pathway: its profile replaces the one here; ticks and hours are added, none is lost.

    Hours count up to what the backup has, so that importing it twice changes nothing the second time.
    """
    record = at.store.learner(at.owner, at.slug)
    _keep(at, backup.profile, backup.progress.from_day, record.revision if record else None)
    here = _progress(at, record)
    for step_id, when in backup.progress.done.items():
        if step_id not in here.done:
            at.store.tick(at.owner, at.slug, step_id, when)
    for step_id, hours in backup.progress.logged.items():
        missing = hours - here.logged.get(step_id, 0.0)
        if missing > LEAST_LOGGED_HOURS:
            entry = f"import {backup.made.isoformat()} {step_id} {hours:g}"
            at.store.log_hours(at.owner, at.slug, step_id, missing, backup.made, entry)


def forget(at: Visit) -> None:
    """Delete all that is kept of the visitor, and what this session remembers of it: profile, plans, texts."""
    at.store.delete_everything(at.owner)
    _forget_session()


def _forget_session() -> None:
    for key in list(st.session_state):
        if str(key) not in KEPT_AFTER_DELETING:
            del st.session_state[key]


KEPT_AFTER_DELETING = frozenset({"owner", "owner_kept", "visitor", "passing_store", "pathway", "today"})
"""Who visits, and where they are; everything else in a session may hold what was deleted."""
