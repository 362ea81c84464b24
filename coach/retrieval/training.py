"""Trains what ``adapter.py`` reads: low-rank changes of the encoder, and a head that tells intents from its vectors.

Comes in: ``training_data/``, ways to ask for each intent and questions with the sentence that answers them, all of
invented careers, and the question keys of ``knowledge/questions.yaml``. Goes out: a file of safetensors, and how well
it does on an author and on careers that it was not trained on. It knows no pathway, no index and no case of the
evaluation, and the coach never imports it: ``python -m eval train`` and ``python -m eval intents`` do.

Two things are learnt at once, so that one pass of the encoder serves both. Each step asks for the intent of 32
questions (cross-entropy); every second one also for the sentence that answers each of 20 questions, ten of each of two
careers, among all 20 (in-batch contrast, Henderson and others 2017), which is what keeps the vectors fit for search.
Half and more of the questions are masked as the coach masks them (``knowledge/nouns.py``); the rest keep names, for a
name that the coach does not know stays as it is.

The same data give the same bytes on one machine: everything random hangs on one seed, and the number of threads is
fixed, as sums that are split otherwise differ in their last digits.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from pydantic import Field, TypeAdapter
from safetensors.numpy import save

from coach.errors import EncoderError
from coach.knowledge.nouns import KIND_NOUNS, ROLE_NOUNS, in_place
from coach.knowledge.writing import facets
from coach.retrieval.adapter import BIAS, FILE, HEAD, SCALE, Adapter, Floats, load_adapter
from coach.retrieval.encoder import packaged_model_folder
from coach.types import Frozen

if TYPE_CHECKING:
    from torch import Tensor

DATA = Path(__file__).with_name("training_data")

HELD_OUT_AUTHOR = "a14"
"""Of ``ways.yaml``; what the adapter of the release was not trained on. It has 24 of the intents."""

EVERY_CAREER = 7
"""One in so many careers of ``pairs.jsonl``, by name, is held out."""

CONTENT = "content"
"""The intent of a question that only one sentence of a guide answers; those of the pairs all are of it."""

KEYS, PAIRS = "keys", "pairs"
"""Stand for the author where a question comes from ``questions.yaml`` or from ``pairs.jsonl``."""

PLACEHOLDER = re.compile(r"\{(\w+)\}")

SEED = 0
THREADS = 2
"""With another program on the same two cores they wait for each other and take several times as long."""
EPOCHS = 3
BATCH = 32
RANK = 16
RATE, HEAD_RATE = 1e-3, 5e-3
"""The head starts from nothing, the thin matrices beside weights that are nearly right."""
DECAY = 0.01
WARM_UP, LEAST = 0.06, 0.02
"""The rate rises over this share of all steps and then falls in a line, not below this share of its height."""
SMOOTHING = 0.05
"""Neighbouring intents share ways to ask, and nobody's label is sure."""
DROPOUT = 0.1
STEEPEST = 1.0
"""Norm to which the slope of the thin matrices is cut."""
MASKED = 0.6
"""Share of questions whose placeholders become nouns and not names, drawn anew in each epoch."""
PAIR_QUESTIONS = 2
"""Questions of each pair that train the intent: with all four, one in seven questions would be of it."""
CAREERS, PER_CAREER = 2, 10
"""Sentences of one career are hard to tell apart, those of another career are easy: some of both."""
SHARPNESS = 20.0
"""Times the cosine: differences of a few hundredths then decide."""
MOST_PIECES = 128
"""Longer than any text of the data but a few."""
JITTER = 12.0
"""Characters by which a length is misjudged when texts of like length are put together, so that batches vary."""
TOLD_EVERY = 100
"""Steps between two lines of progress."""

Progress = Callable[[str], None]


# --- The data -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """One way to ask for an intent, with placeholders."""

    author: str
    intent: str
    text: str


class Pair(Frozen):
    """A sentence of a guide and questions that it answers."""

    career: str
    heading: str
    """Headings over the sentence, outermost first, parted by `` > ``."""
    sentence: str
    questions: tuple[str, ...] = Field(min_length=PAIR_QUESTIONS)

    @property
    def passage(self) -> str:
        """As the index has it encoded: the innermost heading tells what a short sentence is about."""
        return f"{self.heading.rpartition(' > ')[2]}: {self.sentence}"


class Fillers(Frozen):
    """What stands in for placeholders."""

    names: Mapping[str, tuple[str, ...]]
    """By kind of entity."""
    roles: tuple[str, ...]
    figures: Mapping[str, tuple[str, ...]]
    """By placeholder."""
    kinds: Mapping[str, tuple[str, ...]]
    """Of which kind an entity may be, by intent that is no facet."""


@dataclass(frozen=True)
class Data:
    ways: tuple[Way, ...]
    pairs: tuple[Pair, ...]
    fillers: Fillers
    digest: str
    """Over all that was read."""

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(sorted({way.intent for way in self.ways} | {CONTENT}))

    @property
    def careers(self) -> tuple[str, ...]:
        return tuple(sorted({pair.career for pair in self.pairs}))

    def split(self, held_out_author: str | None) -> tuple[Data, Data]:
        """What to train on and what to measure on, which is nothing for the author None."""
        if held_out_author is None:
            return self, replace(self, ways=(), pairs=())
        authors = {way.author for way in self.ways}
        if held_out_author not in authors:
            raise ValueError(f"No author {held_out_author!r} wrote ways to ask, but {', '.join(sorted(authors))} did.")
        careers = frozenset(self.careers[::EVERY_CAREER])
        return (
            replace(
                self,
                ways=tuple(way for way in self.ways if way.author != held_out_author),
                pairs=tuple(pair for pair in self.pairs if pair.career not in careers),
            ),
            replace(
                self,
                ways=tuple(way for way in self.ways if way.author == held_out_author),
                pairs=tuple(pair for pair in self.pairs if pair.career in careers),
            ),
        )


@cache
def read_data() -> Data:
    """All there is to train on; a text that two authors have for one intent counts for the first."""
    files = {name: (DATA / name).read_bytes() for name in ("ways.yaml", "pairs.jsonl", "fillers.yaml")}
    written = TypeAdapter(dict[str, dict[str, tuple[str, ...]]]).validate_python(yaml.safe_load(files["ways.yaml"]))
    ways = [
        Way(author, intent, text)
        for intent, authors in written.items()
        for author, texts in authors.items()
        for text in texts
    ]
    for name, facet in facets().items():
        asked = (*([facet.ask] if facet.ask else []), *facet.questions)
        # Facets that other intents ask for have no questions of their own.
        ways += [Way(KEYS, name, text) for text in asked if not facet.intents]
    first = {(way.intent, way.text.casefold()): way for way in reversed(ways)}
    # Of questions.yaml only the keys count: the rest of it changes and nothing here with it.
    files[KEYS] = json.dumps([(way.intent, way.text) for way in ways if way.author == KEYS]).encode()
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return Data(
        ways=tuple(way for way in ways if first[way.intent, way.text.casefold()] is way),
        pairs=tuple(Pair.model_validate_json(line) for line in files["pairs.jsonl"].splitlines()),
        fillers=Fillers.model_validate(yaml.safe_load(files["fillers.yaml"])),
        digest=digest.hexdigest(),
    )


def fill(way: Way, fillers: Fillers, rng: np.random.Generator, *, masked: bool) -> str:
    """The question with names and figures in place of its placeholders, or, where masked, with nouns for the names.

    One placeholder is the same throughout, and two are never the same name.
    """
    facet = facets().get(way.intent)
    kind = _any(fillers.kinds.get(way.intent) or ((facet and facet.kind) or "skill",), rng)
    drawn: dict[str, str] = {}

    def filler(placeholder: str, before: str) -> str:
        is_role = placeholder in ROLE_NOUNS
        if not is_role and placeholder not in ("name", "other"):
            return drawn.setdefault(placeholder, _any(fillers.figures[placeholder], rng))
        noun = ROLE_NOUNS[placeholder] if is_role else KIND_NOUNS.get(kind)
        if masked and noun is not None:
            return in_place(noun, before)
        if placeholder not in drawn:
            names = fillers.roles if is_role else fillers.names[kind]
            drawn[placeholder] = _any([name for name in names if name not in drawn.values()], rng)
        return drawn[placeholder]

    filled, at = "", 0
    for found in PLACEHOLDER.finditer(way.text):
        filled += way.text[at : found.start()]
        filled += filler(found[1], filled)
        at = found.end()
    return filled + way.text[at:]


def _any(items: Sequence[str], rng: np.random.Generator) -> str:
    return items[int(rng.integers(len(items)))]


# --- The network ------------------------------------------------------------------------------------------------


class Network:
    """The encoder as published with thin matrices beside its linear layers. ``adapted`` switches them on and off."""

    def __init__(self, adapter: Adapter | None = None) -> None:
        """Without an adapter the thin matrices are fresh ones, which as yet change nothing."""
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        folder = str(packaged_model_folder())
        self._torch = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model: Any = AutoModel.from_pretrained(folder, local_files_only=True)
        self.model.requires_grad_(False)
        self.adapted = True
        self.thin: dict[str, tuple[Tensor, Tensor]] = {}
        for name, layer in self.model.named_modules():
            if not (name.startswith("encoder.layer.") and isinstance(layer, torch.nn.Linear)):
                continue
            if adapter is not None:
                a, b = (torch.from_numpy(values) for values in adapter.thin[name])
            else:
                a = (torch.randn(RANK, layer.in_features) * 0.02).requires_grad_()
                b = torch.zeros(layer.out_features, RANK).requires_grad_()
            self.thin[name] = a, b
            layer.register_forward_hook(self._beside(a, b))

    def _beside(self, a: Tensor, b: Tensor) -> Callable[[Any, tuple[Tensor, ...], Tensor], Tensor]:
        def change(_layer: Any, given: tuple[Tensor, ...], found: Tensor) -> Tensor:
            return found + (given[0] @ a.T) @ b.T * SCALE if self.adapted else found

        return change

    def pooled(self, texts: Sequence[str]) -> Tensor:
        """The mean over the word pieces of each text, which intents are read from."""
        torch = self._torch
        pieces = self._tokenizer(list(texts), truncation=True, max_length=MOST_PIECES)["input_ids"]
        tokens = torch.zeros(len(pieces), max(map(len, pieces)), dtype=torch.long)
        mask = torch.zeros(tokens.shape)
        for row, ids in enumerate(pieces):
            tokens[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = 1
        states: Tensor = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        pooled: Tensor = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return pooled

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """The same of unit length, as sentences are searched by."""
        vectors: Tensor = self._torch.nn.functional.normalize(self.pooled(texts), dim=1)
        return vectors


@contextmanager
def _repeatable(threads: int) -> Iterator[None]:
    """A fixed number of threads and a fixed seed, and afterwards both as they were."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(SEED)
            yield
    finally:
        torch.set_num_threads(before)


# --- Training -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """Shares, from 0 to 1, on what was held out; None where nothing was."""

    author: str | None
    ways: int
    """The author's, all masked."""
    intent_first: float | None
    """How often the right intent is the likeliest."""
    intent_among_three: float | None
    careers: tuple[str, ...]
    questions: int
    """Of the pairs of these careers."""
    sentence_first: float | None
    """How often the right sentence is the closest of its career's."""
    sentence_first_published: float | None
    """The same for the encoder as published."""


@dataclass(frozen=True)
class Trained:
    """What came of a training."""

    file: Path
    data: str
    """Digest of the data."""
    questions: int
    """That intents were learnt from."""
    pairs: int
    steps: int
    measured: Measured


def train(
    out: Path,
    *,
    epochs: int = EPOCHS,
    held_out_author: str | None = HELD_OUT_AUTHOR,
    data: Data | None = None,
    threads: int = THREADS,
    progress: Progress,
) -> Trained:
    """Train an adapter, write it to ``out`` and measure it. About half an hour on two cores.

    ``held_out_author`` None trains on everything and measures nothing; ``data`` is what ``read_data`` gives unless
    given; another number of ``threads`` gives other last digits. Raises ValueError for an author that nobody is or a
    folder that is not there, before any work is done.
    """
    data = data or read_data()
    training, _ = data.split(held_out_author)
    if not out.parent.is_dir():
        raise ValueError(f"{out}: there is no folder {out.parent} to write to.")
    with _repeatable(threads):
        tensors, questions, steps = _fitted(training, data.intents, epochs, progress)
    out.write_bytes(_safetensors(tensors, {"data": data.digest, "intents": json.dumps(data.intents)}))
    progress("measuring")
    return Trained(
        file=out,
        data=data.digest,
        questions=questions,
        pairs=len(training.pairs),
        steps=steps,
        measured=measure(out, held_out_author=held_out_author, data=data),
    )


def _fitted(data: Data, intents: Sequence[str], epochs: int, progress: Progress) -> tuple[dict[str, Floats], int, int]:
    """The tensors of an adapter, how many questions they were fitted on, and in how many steps."""
    import torch

    rng = np.random.default_rng(SEED)
    examples = [*data.ways, *_content(data.pairs, rng)]
    wanted = torch.tensor([intents.index(way.intent) for way in examples])
    careers = [[pair for pair in data.pairs if pair.career == career] for career in data.careers]

    network = Network()
    thin = [matrix for both in network.thin.values() for matrix in both]
    head = torch.nn.Linear(network.model.config.hidden_size, len(intents))
    torch.nn.init.zeros_(head.bias)
    optimizer = torch.optim.AdamW(
        [{"params": thin, "lr": RATE}, {"params": head.parameters(), "lr": HEAD_RATE}], weight_decay=DECAY
    )
    per_epoch = math.ceil(len(examples) / BATCH)
    steps = epochs * per_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(LEAST, 1 - step / steps)
    )
    loss_of = torch.nn.functional.cross_entropy

    network.model.train()
    for epoch in range(epochs):
        texts = [fill(way, data.fillers, rng, masked=rng.random() < MASKED) for way in examples]
        by_intent, by_sentence = [], []
        for step, rows in enumerate(_batches(texts, rng), 1):
            pooled = torch.nn.functional.dropout(network.pooled([texts[row] for row in rows]), DROPOUT)
            loss = loss_of(head(pooled), wanted[rows], label_smoothing=SMOOTHING)
            by_intent.append(loss.item())
            if step % 2 and careers:
                asked, passages = _contrasted(careers, rng)
                cosines = network.vectors(asked) @ network.vectors(passages).T
                contrast = loss_of(cosines * SHARPNESS, torch.arange(len(asked)))
                by_sentence.append(contrast.item())
                loss = loss + contrast
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(thin, STEEPEST)
            optimizer.step()
            schedule.step()
            if step % TOLD_EVERY == 0 or step == per_epoch:
                losses = ", ".join(
                    f"{np.mean(some[-TOLD_EVERY:]):.2f} by {name}"
                    for name, some in (("intent", by_intent), ("sentence", by_sentence))
                    if some
                )
                progress(f"epoch {epoch + 1} of {epochs}, step {step} of {per_epoch}: loss {losses}")

    tensors = {HEAD: head.weight, BIAS: head.bias}
    for name, (a, b) in network.thin.items():
        tensors |= {f"{name}.a": a, f"{name}.b": b}
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}, len(examples), steps


def _content(pairs: Sequence[Pair], rng: np.random.Generator) -> Iterator[Way]:
    for pair in pairs:
        for which in sorted(rng.choice(len(pair.questions), PAIR_QUESTIONS, replace=False)):
            yield Way(PAIRS, CONTENT, pair.questions[which])


def _batches(texts: Sequence[str], rng: np.random.Generator) -> list[list[int]]:
    """All rows once, texts of about one length together, for a batch costs what its longest text does."""
    lengths = np.array([len(text) for text in texts]) + rng.random(len(texts)) * JITTER
    order = np.argsort(lengths, kind="stable").tolist()
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return [batches[at] for at in rng.permutation(len(batches))]


def _contrasted(careers: Sequence[Sequence[Pair]], rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Questions and, in the same order, the passages that answer them."""
    asked, passages = [], []
    for career in rng.choice(len(careers), min(CAREERS, len(careers)), replace=False):
        pairs = careers[career]
        for at in rng.choice(len(pairs), min(PER_CAREER, len(pairs)), replace=False):
            asked.append(_any(pairs[at].questions, rng))
            passages.append(pairs[at].passage)
    return asked, passages


def _safetensors(tensors: Mapping[str, Floats], metadata: Mapping[str, str]) -> bytes:
    """The content of a file, in half precision, which is more than training settles.

    The library writes the metadata in any order; here the header is put in order, so that equal adapters are equal
    bytes: the index is built anew for an encoder with another digest.
    """
    content = save({name: values.astype(np.float16) for name, values in tensors.items()}, metadata=dict(metadata))
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    ordered += b" " * (-len(ordered) % 8)  # the tensors begin at a multiple of eight
    return len(ordered).to_bytes(8, "little") + ordered + content[8 + size :]


# --- Measuring ----------------------------------------------------------------------------------------------------


def measure(
    adapter: Path = FILE, *, held_out_author: str | None = HELD_OUT_AUTHOR, data: Data | None = None
) -> Measured:
    """How well an adapter, unless another is given that of the release, does on what it was not trained on.

    Raises EncoderError for one that cannot be read or was trained for other intents.
    """
    import torch

    _, held = (data or read_data()).split(held_out_author)
    trained = load_adapter(adapter)
    if unknown := sorted({way.intent for way in held.ways} - set(trained.intents)):
        raise EncoderError(
            f"{adapter}: the adapter knows no intent {', '.join(unknown)}. Train it again with: python -m eval train"
        )
    with _repeatable(threads=1), torch.inference_mode():
        network = Network(trained)
        network.model.eval()
        ranks = _intent_ranks(network, trained, held)
        close = _sentences_first(network, held)
        network.adapted = False
        published = _sentences_first(network, held)
    return Measured(
        author=held_out_author,
        ways=len(ranks),
        intent_first=_share([rank < 1 for rank in ranks]),
        intent_among_three=_share([rank < 3 for rank in ranks]),
        careers=held.careers,
        questions=len(close),
        sentence_first=_share(close),
        sentence_first_published=_share(published),
    )


def _intent_ranks(network: Network, adapter: Adapter, held: Data) -> list[int]:
    """For each way to ask, how many intents are likelier than the right one."""
    rng = np.random.default_rng(SEED)
    filled = [(fill(way, held.fillers, rng, masked=True), adapter.intents.index(way.intent)) for way in held.ways]
    filled.sort(key=lambda one: len(one[0]))  # what is put together has about one length
    ranks: list[int] = []
    for start in range(0, len(filled), BATCH):
        texts, wanted = zip(*filled[start : start + BATCH], strict=True)
        scores: Floats = network.pooled(texts).numpy() @ adapter.head.T + adapter.bias
        right = scores[np.arange(len(wanted)), list(wanted)]
        ranks += (scores > right[:, None]).sum(axis=1).tolist()
    return ranks


def _sentences_first(network: Network, held: Data) -> list[bool]:
    """For each question of a pair, whether no sentence of its career is closer than its own."""
    first: list[bool] = []
    for career in held.careers:
        pairs = [pair for pair in held.pairs if pair.career == career]
        asked = [(at, question) for at, pair in enumerate(pairs) for question in pair.questions]
        right = [at for at, _ in asked]
        passages = network.vectors([pair.passage for pair in pairs])
        cosines: Floats = (network.vectors([question for _, question in asked]) @ passages.T).numpy()
        first += [int(row.argmax()) == at for at, row in zip(right, cosines, strict=True)]
    return first


def _share(held: Sequence[bool]) -> float | None:
    return sum(held) / len(held) if held else None
