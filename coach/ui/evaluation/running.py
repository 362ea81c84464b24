"""A run of the evaluation, started from the page as a program of its own.

Comes in: which cases to ask. Goes out: how far it is, and in the end a record among the runs. One run at a time for the
whole server: it takes both cores for minutes. It survives reruns and reloads of the page; stopping ends the program and
all that it started, and nothing half-written counts as a run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from coach.settings import REPOSITORY, Settings

LINES_KEPT = 20
"""Of what the program says, to show when it fails."""

GRACE_SECONDS = 5.0
"""What a program gets to end by itself once it is asked to."""


class Progress(NamedTuple):
    """How far a run is."""

    system: str
    done: int
    total: int
    """0 until the first case is asked: the encoder and the index are loaded first."""
    seconds: float


class Runner:
    """At most one run; every method is safe to call from any visitor's session."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._progress = Progress("", 0, 0, 0.0)
        self._began = 0.0
        self._said: deque[str] = deque(maxlen=LINES_KEPT)
        self._stopped = False
        self._ended = ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def progress(self) -> Progress:
        return self._progress._replace(seconds=time.monotonic() - self._began)

    @property
    def outcome(self) -> str:
        """How the last run ended, as a sentence; empty when none has ended."""
        return self._ended

    def start(self, split: str, settings: Settings, *, systems: bool, command: tuple[str, ...] | None = None) -> bool:
        """Begin a run; False where one is under way already. ``command`` replaces the program, for tests."""
        with self._gate:
            if self.running:
                return False
            self._progress, self._began = Progress("", 0, 0, 0.0), time.monotonic()
            self._said.clear()
            self._stopped, self._ended = False, ""
            scratch = tempfile.TemporaryDirectory(prefix="coach-run-")
            files = Path(scratch.name)
            asked = command or (
                sys.executable, "-m", "eval", "run", "--progress", "--split", split,
                "--systems" if systems else "--no-systems",
                "--json", str(files / "run.json"), "--html", str(files / "run.html"),
            )  # fmt: skip
            self._process = subprocess.Popen(  # noqa: S603 - the arguments are ours
                asked,
                cwd=REPOSITORY,
                env={**os.environ, "COACH_DATA_DIR": str(settings.data_dir)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,  # a group of its own, so that all of it can be ended
            )
            threading.Thread(
                target=self._follow, args=(self._process, scratch), name="evaluation", daemon=True
            ).start()
            return True

    def stop(self) -> None:
        """End the run under way, if there is one, with all that it started. Waits for it."""
        with self._gate:
            process = self._process
            if process is None or process.poll() is not None:
                return
            self._stopped = True
            _signal(process, signal.SIGTERM)
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
                process.wait(GRACE_SECONDS)

    def _follow(self, process: subprocess.Popen[str], scratch: tempfile.TemporaryDirectory[str]) -> None:
        with scratch:
            assert process.stderr is not None
            for line in process.stderr:
                self._hear(line.strip())
            code = process.wait()
            process.stderr.close()
        if self._stopped:
            self._ended = "The run was stopped. Nothing of it was kept."
        elif code:
            last = next((line for line in reversed(self._said) if line), f"it ended with code {code}")
            self._ended = f"The run failed: {last}"
        else:
            self._ended = "The run is done and is among the runs now."

    def _hear(self, line: str) -> None:
        try:
            told = json.loads(line)
            system, done, total = str(told["system"]), int(told["done"]), int(told["total"])
        except (ValueError, KeyError, TypeError):
            self._said.append(line)
        else:
            self._progress = Progress(system, done, total, 0.0)


def _signal(process: subprocess.Popen[str], which: int) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, which)
        else:
            process.terminate()
    except ProcessLookupError:
        pass
