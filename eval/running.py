"""Ask every case through the public ``Coach`` and judge what comes back.

Comes in: cases. Goes out: a ``CaseScore`` each, in the order of the cases. The invented pages are imported
into the data directory first, which is a temporary one unless told otherwise. An exception while answering is a
failed case, never the end of the run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coach.knowledge.importer import import_page
from coach.knowledge.load import load_knowledge
from coach.settings import Settings, load_settings
from coach.types import Answer
from eval.cases import PAGES_DIR, Case
from eval.scoring import CaseScore, failed, score

Ask = Callable[[str, Sequence[Answer], str], Answer]
"""Question, earlier answers, slug of the pathway."""


@contextmanager
def open_coach(data_dir: Path | None = None) -> Iterator[Ask]:
    """A coach that knows the shipped pathways and the invented pages; ``data_dir`` None means a temporary one."""
    from coach import Coach  # here, because it loads the encoder's libraries, which takes seconds

    with tempfile.TemporaryDirectory(prefix="coach-eval-") as temporary:
        settings = load_settings(data_dir=data_dir or Path(temporary))
        import_pages(settings)
        coach = Coach(settings)

        def ask(question: str, history: Sequence[Answer], pathway: str) -> Answer:
            return coach.ask(question, history=tuple(history), pathway=pathway)

        yield ask


def import_pages(settings: Settings) -> None:
    """Import the invented pages of ``eval/pages`` into the data directory of ``settings``."""
    market = load_knowledge(settings).market
    for page in sorted(PAGES_DIR.glob("*.txt")):
        import_page(page, settings, market)


def run_case(case: Case, ask: Ask) -> CaseScore:
    """Ask the earlier questions in order, then the question, and judge the last answer."""
    history: list[Answer] = []
    try:
        for earlier in case.history:
            history.append(ask(earlier, history, case.pathway))
        answer = ask(case.question, history, case.pathway)
    except Exception as error:  # noqa: BLE001 - a crash is a finding, and the next case still counts
        return failed(case, f"{type(error).__name__}: {error}")
    return score(case, answer)
