"""Training the encoder's adapter: its data are sound, filling is repeatable, and what is written is what is read."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from coach import load_settings
from coach.knowledge.nouns import KIND_NOUNS, ROLE_NOUNS
from coach.knowledge.writing import facets
from coach.retrieval.adapter import FILE, load_adapter
from coach.retrieval.encoder import load_encoder
from coach.retrieval.training import (
    BATCH,
    CONTENT,
    HELD_OUT_AUTHOR,
    KEYS,
    PAIR_QUESTIONS,
    PLACEHOLDER,
    Data,
    Measured,
    Network,
    Progress,
    Trained,
    Way,
    fill,
    measure,
    read_data,
    train,
)
from eval.__main__ import app

PLACEHOLDERS = frozenset("target origin name other number hours amount weeks days count".split())
FAMILIES = ("compute.", "absent.", "chat.")
OTHERS = frozenset({CONTENT, "term.define", "off_topic"})


@pytest.fixture(scope="module")
def data() -> Data:
    return read_data()


@pytest.fixture(scope="module")
def handful(data: Data) -> Data:
    """Two steps: 64 questions less those of the pairs, two careers to train on and one held out."""
    held_out, *others = data.careers[:3]
    pairs = (next(pair for pair in data.pairs if pair.career == career) for career in (held_out, *others))
    chosen = ("pay.general", "skill.weeks", "off_topic")
    ways = [way for way in data.ways if way.author != HELD_OUT_AUTHOR and way.intent in chosen]
    ways = ways[: 2 * BATCH - PAIR_QUESTIONS * len(others)]
    written = [way for way in data.ways if way.author == HELD_OUT_AUTHOR][:5]
    return Data(ways=(*ways, *written), pairs=tuple(pairs), fillers=data.fillers, digest="a handful")


# --- The data ---------------------------------------------------------------------------------------------------


def test_every_intent_is_a_facet_or_one_of_those_that_need_none(data: Data) -> None:
    known = {name for name, facet in facets().items() if not facet.detail}
    strange = {way.intent for way in data.ways} - known - OTHERS
    assert [name for name in sorted(strange) if not name.startswith(FAMILIES)] == []


def test_every_intent_that_asks_for_a_fact_has_fifty_ways(data: Data) -> None:
    ways = Counter(way.intent for way in data.ways)
    wanted = {intent for name, facet in facets().items() for intent in facet.intents or (name,)}
    assert {intent: ways[intent] for intent in wanted if ways[intent] < 50} == {}


def test_no_author_has_one_text_for_two_intents(data: Data) -> None:
    texts = Counter((way.author, way.text.casefold()) for way in data.ways if way.author != KEYS)
    assert [text for text, times in texts.items() if times > 1] == []


def test_every_text_is_clean_and_has_only_known_placeholders(data: Data) -> None:
    texts = [way.text for way in data.ways]
    texts += [question for pair in data.pairs for question in pair.questions]
    assert [text for text in texts if not text or text != " ".join(text.split())] == []
    for way in data.ways:
        assert set(PLACEHOLDER.findall(way.text)) <= PLACEHOLDERS, way
    assert [pair for pair in data.pairs if any("{" in text for text in (pair.passage, *pair.questions))] == []


def test_there_are_names_of_every_kind_that_a_question_may_be_about(data: Data) -> None:
    kinds = {facet.kind for facet in facets().values() if facet.kind} | {"skill"}
    kinds |= {kind for some in data.fillers.kinds.values() for kind in some}
    for kind in kinds:
        assert len(data.fillers.names[kind]) > 2, kind
    assert set(data.fillers.figures) | set(ROLE_NOUNS) | {"name", "other"} == PLACEHOLDERS


def test_what_is_held_out_is_not_trained_on(data: Data) -> None:
    training, held = data.split(HELD_OUT_AUTHOR)
    assert len(training.ways) + len(held.ways) == len(data.ways) and {way.author for way in held.ways} == {"a14"}
    assert not {(way.intent, way.text.casefold()) for way in training.ways} & {
        (way.intent, way.text.casefold()) for way in held.ways
    }
    assert {way.intent for way in held.ways} <= {way.intent for way in training.ways}
    assert not set(training.careers) & set(held.careers) and len(held.careers) == math.ceil(len(data.careers) / 7)


def test_nothing_is_held_out_without_an_author(data: Data) -> None:
    training, held = data.split(None)
    assert training is data and not held.ways and not held.pairs


def test_an_unknown_author_is_named_with_those_that_there_are(data: Data) -> None:
    with pytest.raises(ValueError, match=r"No author 'a99'.*a01, a02"):
        data.split("a99")


# --- Filling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("masked", [True, False])
def test_filling_leaves_no_placeholder_and_repeats_with_its_seed(data: Data, masked: bool) -> None:
    first, second, other = (
        [fill(way, data.fillers, rng, masked=masked) for way in data.ways]
        for rng in (np.random.default_rng(5), np.random.default_rng(5), np.random.default_rng(6))
    )
    assert [text for text in first if "{" in text] == []
    assert first == second != other


def test_masked_names_are_the_nouns_that_the_coach_masks_with(data: Data) -> None:
    def filled(intent: str, text: str) -> str:
        return fill(Way("a01", intent, text), data.fillers, np.random.default_rng(0), masked=True)

    assert filled("skill.weeks", "{name}, as a {target}?") == f"{KIND_NOUNS['skill']}, as a {ROLE_NOUNS['target']}?"
    assert filled("skill.weeks", "How hard is the {name}?") == "How hard is the skill?"
    assert filled("phase.weeks", "{name} of {origin}?") == f"{KIND_NOUNS['phase']} of {ROLE_NOUNS['origin']}?"


def test_two_placeholders_are_never_the_same_name(data: Data) -> None:
    way = Way("a01", "compute.compare", "{name}|{other}|{origin}|{target}|{name}")
    rng = np.random.default_rng(0)
    for _ in range(200):
        name, other, origin, target, again = fill(way, data.fillers, rng, masked=False).split("|")
        assert name == again and len({name, other, origin, target}) == 4


# --- Training and measuring ----------------------------------------------------------------------------------------


def test_two_steps_give_a_file_that_is_read_and_that_changes_the_vectors(handful: Data, tmp_path: Path) -> None:
    said: list[str] = []
    trained = train(tmp_path / "a.safetensors", epochs=1, data=handful, threads=1, progress=said.append)
    assert trained.steps == 2 and trained.questions == 2 * BATCH and trained.pairs == 2
    assert said[0].startswith("epoch 1 of 1, step 2 of 2: loss ") and said[-1] == "measuring"
    assert (trained.measured.ways, trained.measured.questions) == (5, 4)

    adapter = load_adapter(trained.file)
    assert adapter.intents == handful.intents and len(adapter.thin) == 36
    network = Network(adapter)
    network.model.eval()
    with torch.inference_mode():
        adapted = network.vectors(["Which skills can wait?"])
        network.adapted = False
        published = network.vectors(["Which skills can wait?"])
    assert 1e-4 < float((adapted - published).abs().max()) < 0.5

    again = train(tmp_path / "b.safetensors", epochs=1, data=handful, threads=1, progress=said.append)
    assert again.file.read_bytes() == trained.file.read_bytes()


def test_a_folder_that_is_not_there_is_told_before_training(handful: Data, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no folder"):
        train(tmp_path / "nowhere" / "a.safetensors", data=handful, progress=lambda _: None)


def test_the_adapter_of_the_release_has_the_intents_of_the_data(data: Data) -> None:
    assert load_adapter(FILE).intents == data.intents


def test_what_is_measured_is_what_the_coach_reads() -> None:
    text = "How many weeks does this skill take?"
    encoder, adapter = load_encoder(load_settings()), load_adapter()
    network = Network(adapter)
    network.model.eval()
    with torch.inference_mode():
        scores = network.pooled([text, "and a longer question so that the first one is padded"]).numpy()[0]
        vector = network.vectors([text]).numpy()
    logits = scores @ adapter.head.T + adapter.bias
    found = logits - np.log(np.exp(logits).sum())
    assert found == pytest.approx(np.array(list(encoder.intents(text).values())), abs=1e-3)
    assert vector == pytest.approx(encoder.encode([text]), abs=1e-4)


def test_the_commands_tell_what_was_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = Measured("a14", 1211, 0.875, 0.97, (), 0, None, None)
    out = tmp_path / "a.safetensors"

    def trained(file: Path, progress: Progress) -> Trained:
        progress("half done")
        return Trained(file, "a digest", 23000, 800, 2100, found)

    monkeypatch.setattr("coach.retrieval.training.measure", lambda: found)
    monkeypatch.setattr("coach.retrieval.training.train", trained)
    plain, as_json, training = (
        CliRunner().invoke(app, words, catch_exceptions=False)
        for words in (["intents"], ["intents", "--json"], ["train", "--out", str(out)])
    )
    assert "right intent first, held out: 87.5 % (1,211 ways to ask of author a14)\n" in plain.stdout
    assert "right sentence" not in plain.stdout  # none was held out
    assert json.loads(as_json.stdout)["intent_first"] == 0.875
    assert training.stderr == "half done\n"
    assert training.stdout == f"{out}: 23,000 questions, 800 sentences, 2,100 steps\n{plain.stdout}"


def test_measuring_a_handful_gives_shares(handful: Data, data: Data) -> None:
    found = measure(data=handful)
    assert found.careers == handful.careers[:1]
    shares = found.intent_first, found.intent_among_three, found.sentence_first, found.sentence_first_published
    assert all(share is not None and 0 <= share <= 1 for share in shares)
    assert measure(held_out_author=None, data=handful).intent_first is None
