"""A real language model for the tests: the small one, served by a process of its own on loopback.

Comes in: nothing. Goes out: its address, for as long as a block lasts. Run as a program this module is that process: it
prints the address and lives until its standard input ends, which it does however the tests end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coach.models.endpoint import endpoint
from coach.models.openai_api import OpenAIModel
from coach.models.small import INSTALL, NAME, SmallModelServer

ROOT = Path(__file__).resolve().parent.parent
CONTEXT_TOKENS = 1024
"""Of one request: less to read means less to wait for."""
REQUESTS_AT_ONCE = 4
REPLY_TOKENS = 60
MISSING = f"The small language model is not installed. Install it with: {INSTALL}"
PATIENCE_SECONDS = 300.0
"""A reply takes seconds; this is for a machine that does much else."""


class SmallModel:
    """Where the model is."""

    def __init__(self, base_url: str, process_id: int) -> None:
        self.base_url = base_url
        self.process_id = process_id

    @property
    def port(self) -> int:
        return int(self.base_url.removesuffix("/v1").rpartition(":")[2])

    def model(self, **fields: object) -> OpenAIModel:
        """The model as the coach asks it; ``fields`` are those of its endpoint."""
        given: dict[str, object] = {
            "base_url": self.base_url, "model": NAME, "context_tokens": CONTEXT_TOKENS, "reply_tokens": REPLY_TOKENS,
            "first_token_seconds": PATIENCE_SECONDS, "idle_seconds": PATIENCE_SECONDS,
            "total_seconds": PATIENCE_SECONDS,
        }  # fmt: skip
        return OpenAIModel(endpoint(**(given | fields)))


@contextmanager
def small_model() -> Iterator[SmallModel]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.small_model"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,  # Ctrl+C ends the tests, and they end the server.
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            base_url = process.stdout.readline().strip()
            assert base_url, f"The server of the small model ended with code {process.wait()}."
            yield SmallModel(base_url, process.pid)
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _serve() -> None:
    server = SmallModelServer(requests_at_once=REQUESTS_AT_ONCE, context_tokens=CONTEXT_TOKENS)
    sys.stdout.write(f"{server.base_url}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # Whatever it is still writing, nobody reads it.


if __name__ == "__main__":
    _serve()
