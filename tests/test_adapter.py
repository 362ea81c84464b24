"""The trained part of the encoder: what is refused, what it changes, and what it reads from a question."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from coach import load_settings
from coach.answering.answerable import absent_names
from coach.errors import EncoderError
from coach.knowledge.writing import facets
from coach.retrieval.adapter import BIAS, FILE, HEAD, SCALE, load_adapter
from coach.retrieval.encoder import SentenceEncoder, load_encoder


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return load_encoder(load_settings())


def write(path: Path, *, intents: list[str], rows: int) -> Path:
    tensors = {
        HEAD: np.ones((rows, 3), dtype=np.float16),
        BIAS: np.zeros(rows, dtype=np.float16),
        "layer.a": np.ones((2, 3), dtype=np.float16),
        "layer.b": np.full((4, 2), 0.5, dtype=np.float16),
    }
    save_file(tensors, str(path), metadata={"intents": json.dumps(intents)})
    return path


def test_the_thin_matrices_multiply_to_a_change_of_the_whole_layer(tmp_path: Path) -> None:
    adapter = load_adapter(write(tmp_path / "a.safetensors", intents=["one", "two"], rows=2))
    assert adapter.changes()["layer"].shape == (4, 3)
    assert adapter.changes()["layer"][0, 0] == SCALE * (0.5 * 1 + 0.5 * 1)


def test_a_missing_adapter_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"nothing\.safetensors.*git checkout"):
        load_adapter(tmp_path / "nothing.safetensors")


def test_a_damaged_adapter_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "adapter.safetensors"
    path.write_bytes(FILE.read_bytes()[:1000])
    with pytest.raises(EncoderError, match=r"adapter\.safetensors.*cannot be read"):
        load_adapter(path)


def test_every_intent_needs_its_row(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="expected a row for each of 3 intents, got 2"):
        load_adapter(write(tmp_path / "a.safetensors", intents=["one", "two", "three"], rows=2))


def test_every_fact_can_be_asked_for_and_every_gap_has_a_name() -> None:
    intents = set(load_adapter().intents)
    for name, facet in facets().items():
        assert set(facet.intents or (name,)) <= intents, name
    assert {name for name in intents if name.startswith("absent.")} == set(absent_names())


def test_the_intents_of_a_question_are_probabilities(encoder: SentenceEncoder) -> None:
    found = encoder.intents("How many weeks does this skill take?")
    assert math.fsum(math.exp(value) for value in found.values()) == pytest.approx(1.0, abs=1e-3)
    assert max(found, key=lambda name: found[name]) == "skill.weeks"


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("Will they let me do this from my kitchen table instead of the office?", "absent.remote"),
        ("Give me a recipe for onion soup.", "off_topic"),
        ("What do I leave behind if I quit my current role?", "reality.drawbacks"),
    ],
)
def test_an_intent_is_told_from_words_that_no_question_key_has(
    encoder: SentenceEncoder, question: str, intent: str
) -> None:
    found = encoder.intents(question)
    assert max(found, key=lambda name: found[name]) == intent


def test_the_published_weights_alone_read_no_intents_and_give_other_vectors(encoder: SentenceEncoder) -> None:
    plain = load_encoder(load_settings(), adapted=False)
    text = "Which skills can wait?"
    assert plain.intents(text) == {}
    assert plain.digest != encoder.digest and encoder.digest.startswith(plain.digest)
    assert not np.allclose(plain.encode([text]), encoder.encode([text]), atol=1e-3)
