"""What was trained: a low-rank change of the encoder's weights, and a head that reads intents from its vectors.

Comes in: ``adapter.safetensors``, which ``training.py`` wrote. Goes out: an ``Adapter``. The encoder as published knows
that two texts are alike, but not in which respect: "How long does it take?" is nearer to "How long is the roadmap?" in
one pathway and to "When would I be ready?" in another. The change (LoRA, Hu and others 2021) was trained on ways to ask
for each intent and on questions with the sentence that answers them, all of invented careers; see ``training_data/``
and ``eval/results/LOG.md`` for what it gains. This module knows no text and no model library.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from coach.errors import EncoderError

Floats = NDArray[np.float32]

FILE = Path(__file__).with_name("adapter.safetensors")

SCALE = 2.0
"""What the product of the two thin matrices is multiplied by."""

REFETCH = "Get the file of the release again: git checkout -- coach/retrieval/adapter.safetensors"

HEAD, BIAS = "intents.weight", "intents.bias"


@dataclass(frozen=True)
class Adapter:
    """Thin matrices by the path of the linear layer that they change, and the head over pooled vectors."""

    digest: str
    intents: tuple[str, ...]
    head: Floats
    """Shape ``(intents, dimensions)``."""
    bias: Floats
    thin: dict[str, tuple[Floats, Floats]]
    """By layer: shapes ``(rank, in)`` and ``(out, rank)``."""

    def changes(self) -> dict[str, Floats]:
        """What is to be added to the weights of each layer, shape ``(out, in)``."""
        return {name: (SCALE * (out @ in_)).astype(np.float32) for name, (in_, out) in self.thin.items()}


def load_adapter(path: Path = FILE) -> Adapter:
    """The adapter in a file. Raises EncoderError for one that is missing or damaged, with how to mend it."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with safe_open(str(path), framework="numpy") as file:
            intents = tuple(json.loads((file.metadata() or {})["intents"]))
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        head, bias = tensors.pop(HEAD), tensors.pop(BIAS)
        layers = sorted({name.rpartition(".")[0] for name in tensors})
        thin = {layer: (tensors[f"{layer}.a"], tensors[f"{layer}.b"]) for layer in layers}
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EncoderError(f"{path}: the adapter of the encoder cannot be read ({reason}). {REFETCH}") from error
    if len(intents) != len(head) or len(intents) != len(bias):
        raise EncoderError(f"{path}: expected a row for each of {len(intents)} intents, got {len(head)}. {REFETCH}")
    return Adapter(digest, intents, head, bias, thin)
