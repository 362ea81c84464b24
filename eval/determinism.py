"""Does the same question get the same bytes? In another process, with other threads, on another index, after a restart.

Comes in: cases. Goes out: a ``CheckRecord``: the questions whose answers are the same to the byte in every process.
Three processes answer them, each with another seed of Python's hashes: one on a single core, one on two, each with an
index that it builds itself; and a third, on two cores, on the index of the first. The seconds of the trace are left out
of the comparison, and nothing else. Run as a module it is such a process.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from coach.settings import REPOSITORY
from coach.types import Answer
from eval.cases import Case, load_cases
from eval.records import CheckRecord

SEED = 5150
TIMEOUT_SECONDS = 900
SHOWN_CHARS = 60

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS",
)
"""Of torch and numpy, and of the tokenizer's and Chroma's own libraries."""


class ProcessError(RuntimeError):
    """A process that was to answer the questions ended early; the message is the end of what it said."""


def run(data_dir: Path | None = None, *, sample: int = 200, seed: int = SEED) -> CheckRecord:
    """How many of ``sample`` questions, of both splits, get the same bytes everywhere.

    ``data_dir`` is where the indexes are built, in new folders (None: a temporary one). Raises ProcessError.
    """
    cases = load_cases()
    chosen = random.Random(seed).sample(cases, min(sample, len(cases)))  # noqa: S311 - seeded so that it repeats
    if data_dir is not None:
        data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="determinism-", dir=data_dir) as temporary:
        home = Path(temporary)
        asked = home / "asked.jsonl"
        asked.write_text("".join(f"{case.model_dump_json()}\n" for case in chosen), encoding="utf-8")
        first = _start(asked, home / "index-a", home / "a", cores=1, hash_seed=1)
        second = _start(asked, home / "index-b", home / "b", cores=2, hash_seed=2)
        _finish(first)
        _finish(second)
        _finish(_start(asked, home / "index-a", home / "c", cores=2, hash_seed=3))
        a, b, c = (_read(home / name) for name in "abc")
    return compare([case.id for case in chosen], a, {"another index, two cores for one": b, "after a restart": c})


def compare(ids: Sequence[str], first: Mapping[str, str], others: Mapping[str, Mapping[str, str]]) -> CheckRecord:
    """The answers of ``first``, as JSON by case, against those of ``others``, named by what is different there.

    An answer that is missing somewhere differs.
    """
    same = dict.fromkeys(ids, True)
    rows: list[tuple[str, int, int]] = []
    failures: list[str] = []
    for name, answers in others.items():
        differing = [id_ for id_ in ids if id_ not in first or first[id_] != answers.get(id_)]
        same |= dict.fromkeys(differing, False)
        rows.append((name, len(ids) - len(differing), len(ids)))
        for id_ in differing:
            found = differences(_parsed(first.get(id_)), _parsed(answers.get(id_)))
            failures.append(f"{id_}, {name}: {next(found, 'the spelling of the JSON')}")
    return CheckRecord(
        name="determinism",
        passed=sum(same.values()),
        total=len(ids),
        about=(
            "Questions whose answers are the same bytes, all but the seconds, in three processes: on one core, on two "
            "with an index of its own, and after a restart."
        ),
        rows=tuple(rows),
        failures=tuple(failures),
    )


def answer_bytes(answer: Answer) -> str:
    """The JSON of an answer without the seconds that its stages took."""
    return answer.model_dump_json(exclude={"trace": {"seconds", "steps"}})


def differences(one: object, other: object, path: str = "answer") -> Iterator[str]:
    """Where two values of parsed JSON differ, and how, in the order of the first.

    >>> list(differences({"claims": [{"score": 0.5}]}, {"claims": [{"score": 0.25}]}))
    ['answer.claims[0].score: 0.5 against 0.25']
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from differences(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list):
        for at, (mine, theirs) in enumerate(zip_longest(one, other)):
            yield from differences(mine, theirs, f"{path}[{at}]")
    elif one != other:
        yield f"{path}: {_short(one)} against {_short(other)}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."


def _parsed(text: str | None) -> object:
    return None if text is None else json.loads(text)


def _read(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").split("\n")  # not splitlines, as JSON may hold other ends of lines
    return dict(line.split("\t", 1) for line in lines if line)


# --- The processes -----------------------------------------------------------------------------------------


def _start(asked: Path, data_dir: Path, answers: Path, *, cores: int, hash_seed: int) -> subprocess.Popen[str]:
    environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(cores)) | {"PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-m", "eval.determinism", str(asked), str(data_dir), str(answers), str(cores)]
    return subprocess.Popen(  # noqa: S603 - this module itself, with paths made here
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _finish(process: subprocess.Popen[str]) -> None:
    try:
        _, said = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise ProcessError(f"the questions were not answered within {TIMEOUT_SECONDS} s") from error
    if process.returncode:
        raise ProcessError(said.strip()[-2000:] or f"exit code {process.returncode}")


def answer_all(cases: Sequence[Case], data_dir: Path, answers: Path) -> None:
    """Ask every case, its history first, and write a line with its id and the bytes of its answer."""
    from eval.running import open_coach  # here, because it loads the encoder's libraries, which takes seconds

    with open_coach(data_dir) as coach, answers.open("w", encoding="utf-8") as stream:
        for case in cases:
            history: list[Answer] = []
            for question in (*case.history, case.question):
                history.append(coach.ask(question, tuple(history), case.pathway))
            stream.write(f"{case.id}\t{answer_bytes(history[-1])}\n")


def _main(asked: str, data_dir: str, answers: str, cores: str) -> None:
    if hasattr(os, "sched_setaffinity"):  # the encoder takes as many threads as there are cores for it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    lines = Path(asked).read_text(encoding="utf-8").split("\n")
    answer_all([Case.model_validate_json(line) for line in lines if line], Path(data_dir), Path(answers))


if __name__ == "__main__":
    _main(*sys.argv[1:])
