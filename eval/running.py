"""Ask every case of every system in all its forms, and judge what comes back.

Comes in: cases. Goes out: a ``CaseRecord`` each, in the order of the cases, and from them a ``RunRecord``. The invented
pages are imported into the data directory first, which is a temporary one unless told otherwise. An exception while
answering is a failed form, never the end of the run.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice, zip_longest
from pathlib import Path

from coach.knowledge.corpus import Corpus
from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.pipeline import Coach
from coach.retrieval.encoder import Encoder, load_encoder
from coach.settings import Settings, load_settings
from coach.types import Answer
from eval.cases import PAGES_DIR, Case
from eval.intervals import RESAMPLES, SEED, summaries
from eval.records import Asked, CaseRecord, Form, RunRecord, SystemRecord
from eval.scoring import case_record, failed, judge
from eval.systems import Ask, RememberingEncoder, System, Tell

Track = Callable[[Sequence[Case], str], Iterable[Case]]
"""Hands the cases on one by one and shows how far it is; told the name of the system."""


@contextmanager
def open_coach(data_dir: Path | None = None) -> Iterator[Coach]:
    """A coach that knows the shipped pathways and the invented pages; ``data_dir`` None means a temporary one."""
    with tempfile.TemporaryDirectory(prefix="coach-eval-") as temporary:
        settings = load_settings(data_dir=data_dir or Path(temporary))
        import_pages(settings)
        yield Coach(settings, encoder=RememberingEncoder(load_encoder(settings)))


def corpora(settings: Settings, encoder: Encoder) -> dict[str, Corpus]:
    """What a coach with these settings would answer from, by pathway; no index is built."""
    coach = Coach(settings, encoder=encoder)
    return {pathway.slug: coach.corpus(pathway.slug) for pathway in coach.pathways()}


def import_pages(settings: Settings) -> None:
    """Import the invented pages of ``eval/pages`` into the data directory of ``settings``."""
    market = load_knowledge(settings).market
    for page in sorted(PAGES_DIR.glob("*.txt")):
        import_page(page, settings, market)


def forms(case: Case) -> tuple[tuple[Form, str], ...]:
    """The ways in which a case is asked: the question, its paraphrases, and the standalone one if there is one."""
    alone: tuple[tuple[Form, str], ...] = (("standalone", case.standalone),) if case.standalone else ()
    return (("question", case.question), *(("paraphrase", text) for text in case.paraphrases), *alone)


def question_only(cases: Iterable[Case]) -> tuple[Case, ...]:
    """The cases without their other forms, for what takes too long to be asked three times over."""
    return tuple(case.model_copy(update={"paraphrases": (), "standalone": None}) for case in cases)


def sample(cases: Sequence[Case], limit: int) -> tuple[Case, ...]:
    """At most ``limit`` cases, spread evenly over slices and splits, in the order given.

    The same every time: in each slice and split cases stand in an order of their own, by the digest of their id, and
    are dealt out in turn. A larger sample holds the smaller one.
    """
    parts: dict[tuple[str, str], list[Case]] = {}
    for case in sorted(cases, key=lambda case: hashlib.sha256(case.id.encode()).digest()):
        parts.setdefault((case.split, case.slice), []).append(case)
    turns = zip_longest(*(parts[key] for key in sorted(parts)))
    chosen = {case.id for case in islice((case for turn in turns for case in turn if case), limit)}
    return tuple(case for case in cases if case.id in chosen)


def run_case(case: Case, ask: Ask, tell: Tell | None = None) -> CaseRecord:
    """Ask the earlier questions in order, then each form, and judge its answer; a standalone form has no history.

    The forms are put to ``tell`` where it is given.
    """
    history: list[Answer] = []
    try:
        for earlier in case.history:
            history.append(ask(earlier, tuple(history), case.pathway))
    except Exception as error:  # noqa: BLE001 - a crash is a finding, and the next case still counts
        reason = f"{type(error).__name__}: {error}"
        return case_record(case, [failed(case, question, reason, form) for form, question in forms(case)])
    asked = [
        _asked(case, ask, tell, form, question, () if form == "standalone" else history)
        for form, question in forms(case)
    ]
    return case_record(case, asked)


def _asked(
    case: Case, ask: Ask, tell: Tell | None, form: Form, question: str, history: Sequence[Answer]
) -> Asked:
    try:
        if tell is None:
            return judge(case, ask(question, tuple(history), case.pathway), form)
        told = tell(question, tuple(history), case.pathway)
    except Exception as error:  # noqa: BLE001 - as above
        return failed(case, question, f"{type(error).__name__}: {error}", form)
    found = failed(case, question, told.problem, form) if told.answer is None else judge(case, told.answer, form)
    return found.model_copy(update={"measures": found.measures | told.measures})


def run_system(system: System, cases: Sequence[Case], track: Track | None = None) -> SystemRecord:
    """Every case asked of one system."""
    records = tuple(run_case(case, system.ask, system.tell) for case in (track(cases, system.name) if track else cases))
    return SystemRecord(name=system.name, about=system.about, summaries=summaries(records), cases=records)


def run(
    coach: Coach,
    systems: Sequence[System],
    cases: Sequence[Case],
    *,
    split: str,
    track: Track | None = None,
    settings: Mapping[str, str] | None = None,
) -> RunRecord:
    """Every case asked of every system; ``split`` and ``settings`` are only noted down."""
    asked = dict.fromkeys(case.pathway for case in cases)
    return RunRecord(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        split=split,
        settings={
            "encoder": coach.encoder().digest,
            "max_question_chars": str(coach.settings.max_question_chars),
            "assumed_weekly_hours": f"{coach.settings.assumed_weekly_hours:g}",
            "resamples": str(RESAMPLES),
            "seed": str(SEED),
            **(settings or {}),
        },
        knowledge={slug: coach.reading(slug).index.fingerprint for slug in asked},
        systems=tuple(run_system(system, cases, track) for system in systems),
    )


def unknown_gold(coach: Coach, cases: Sequence[Case]) -> dict[str, tuple[str, ...]]:
    """Passage ids that a case names and its pathway does not have, by case id; a mistake in the case."""
    found: dict[str, tuple[str, ...]] = {}
    for case in cases:
        known = coach.reading(case.pathway).corpus.by_id
        unknown = tuple(id_ for id_ in (*case.gold, *case.also) if id_ not in known)
        if unknown:
            found[case.id] = unknown
    return found
