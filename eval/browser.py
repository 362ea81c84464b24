"""The app served for a browser of this machine, to be looked at and measured.

Comes in: a script and a data folder. Goes out: an address on loopback, and where Chromium is. Nothing is fetched from
elsewhere.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from coach.errors import CoachError

ROOT = Path(__file__).resolve().parent.parent
MISSING = "Chromium is not installed; on Debian: apt-get install chromium"
STARTING_SECONDS = 60
_NAMES = ("chromium", "/usr/bin/chromium", "chromium-browser", "google-chrome")


class BrowserError(CoachError):
    """There is no browser, or the app does not start."""


def chromium_path() -> str | None:
    """The Chromium that is installed; None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def served(script: Path, data_dir: Path, today: date | None = None, options: Sequence[str] = ()) -> Iterator[str]:
    """The address of ``streamlit run script``, which ends with the block. ``today`` is the day that plans go by, and
    ``options`` are more of Streamlit's own.

    Its log lies beside the data folder. Raises BrowserError with the log where it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (data_dir.parent / f"{script.stem}.log").open("ab")
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true", f"--server.port={port}"]
    command += options
    environment = {**os.environ, "COACH_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    if today is not None:
        environment["COACH_TODAY"] = today.isoformat()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, and a script of ours
        command, cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + STARTING_SECONDS
        while True:
            try:
                urllib.request.urlopen(address, timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise BrowserError(f"The app did not start. It said: {Path(log.name).read_text()}") from None
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(20)
        log.close()
