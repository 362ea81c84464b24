"""The glossary: terms of a field, read with care, indexed for pathways of that field, and cited when they are named."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from coach import Coach, load_settings
from coach.knowledge.glossary import LEAST_SHARED, Glossary, Term, TermSource, term_of, term_passages, terms_for
from coach.knowledge.load import Knowledge, load_knowledge
from coach.settings import REPOSITORY
from coach.types import Origin, Status

TERM = {
    "id": "kiln", "name": "kiln", "aliases": ["pottery oven"], "category": "tools",
    "definition": "A kiln is an oven for clay. A kiln reaches 1,300 degrees.", "why": "A kiln makes clay last.",
    "example": "A kiln of 100 litres holds 40 mugs.", "related": ["glaze"],
    "source": {"title": "Kiln", "url": "https://example.org/kiln"},
}  # fmt: skip
GLAZE = TERM | {"id": "glaze", "name": "glaze", "aliases": [], "related": ["kiln"]}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Knowledge]:
    """The knowledge with a glossary of these terms."""

    def written(*terms: object) -> Knowledge:
        folder = tmp_path / "knowledge"
        folder.mkdir()
        content = {"field": "pottery", "checked": "May 2026", "terms": [deepcopy(term) for term in terms]}
        (folder / "glossary-pottery.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return load_knowledge(load_settings(knowledge_dir=folder, data_dir=tmp_path / "data"))

    return written


# --- What is read -----------------------------------------------------------------------------------------------


def test_a_glossary_is_read_with_what_belongs_together(read: Callable[..., Knowledge]) -> None:
    (glossary,) = read(TERM, GLAZE).glossaries
    assert [term.id for term in glossary.terms] == ["kiln", "glaze"]
    assert glossary.terms[0].related == ("glaze",)


def test_what_does_not_fit_is_named_and_the_rest_is_served(read: Callable[..., Knowledge]) -> None:
    astray = GLAZE | {"related": ["nowhere"], "source": {"title": "T", "url": "no address"}}
    found = read(TERM | {"related": ["kiln"]}, TERM, astray)
    told = "\n".join(found.problems)
    assert [term.id for term in found.glossaries[0].terms] == ["kiln"]
    assert "knowledge/glossary-pottery.yaml: terms[2].source" in told or "terms[glaze].source" in told
    assert "expected ids that differ, got 'kiln' again" in told


def test_a_related_term_that_is_not_there_is_told_and_left_out(read: Callable[..., Knowledge]) -> None:
    found = read(TERM)
    assert found.glossaries[0].terms[0].related == ()
    assert any("terms[kiln].related" in problem and "'glaze'" in problem for problem in found.problems)


# --- What is shipped ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Glossary:
    found = load_knowledge(load_settings(data_dir=Path("/nonexistent-coach")))
    assert not found.problems
    return found.glossaries[0]


def test_the_shipped_glossary_covers_the_field(shipped: Glossary) -> None:
    assert len(shipped.terms) >= 40
    assert all(str(term.source.url).startswith("https://") for term in shipped.terms)
    names = {name.casefold() for term in shipped.terms for name in term.names}
    wanted = (
        "embedding|cosine similarity|dot product|ann|hnsw|ivf|product quantisation|recall@k|sharding|replication|"
        "quorum|chunking|hybrid search|reranking|rag"
    )
    assert set(wanted.split("|")) <= names


def test_no_name_stands_for_two_terms(shipped: Glossary) -> None:
    names = [name.casefold() for term in shipped.terms for name in term.names]
    assert len(names) == len(set(names))


def test_every_sentence_stands_alone_when_it_is_quoted(shipped: Glossary) -> None:
    for term in shipped.terms:
        for text in (term.definition, term.why, term.example or term.why):
            first = text.split()[0].strip("'\"").lower()
            assert first not in {"it", "this", "these", "they", "its", "their"}, (term.id, text)
            assert text.endswith((".", "!", "?", "'", '"')), (term.id, text)


# --- Where it belongs ----------------------------------------------------------------------------------------------


def _glossary(*names: str) -> Glossary:
    terms = tuple(
        Term(
            id=f"t{n}", name=name, category="c", definition=f"{name} is a thing.", why=f"{name} helps.",
            source=TermSource.model_validate({"title": "T", "url": "https://example.org"}),
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    return Glossary(field="f", checked="May 2026", terms=terms)


def test_a_glossary_joins_the_pathways_that_speak_of_its_field(coach: Coach) -> None:
    guide = coach.pathway()
    words = [skill.name for skill in guide.skills][:LEAST_SHARED]
    assert len(terms_for(guide, [_glossary(*words, "unheard of")])) == LEAST_SHARED + 1
    assert terms_for(guide, [_glossary(*words[:-1], "unheard of", "another")]) == ()


def test_the_shipped_glossary_stays_out_of_other_fields(coach: Coach) -> None:
    for pathway in coach.pathways()[1:]:
        assert not any(passage.origin is Origin.GLOSSARY for passage in coach.corpus(pathway.slug).passages)


def test_a_term_is_one_passage_whose_related_terms_exist(coach: Coach) -> None:
    corpus = coach.corpus()
    terms = [passage for passage in corpus.passages if passage.origin is Origin.GLOSSARY]
    assert {term_of(passage) for passage in terms} == {term.id for term in corpus.terms}
    assert all(id_ in corpus.by_id for passage in terms for id_ in passage.derived_from)
    assert all(passage.url and passage.source.startswith("Glossary, ") for passage in terms)


def test_all_names_of_a_term_are_ways_to_ask_for_it(coach: Coach) -> None:
    found = terms_for(coach.pathway(), coach.knowledge.glossaries)
    for (_, term), passage in zip(found, term_passages(coach.pathway(), found), strict=True):
        asked = next(fact for fact in passage.facts if fact.facet == "term.define").questions
        assert all(f"What is {name}?" in asked for name in term.names)


# --- In answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["What is {}?", "define {}", "Can you explain {} to my nephew?"])
def test_each_term_is_explained_from_the_glossary_when_it_is_asked_for(
    coach: Coach, shipped: Glossary, asked: str
) -> None:
    missed = []
    for term in shipped.terms:
        answer = coach.ask(asked.format(term.name))
        cited = {citation.passage_id for claim in answer.claims for citation in claim.citations}
        if f"{answer.pathway}#glossary/{term.id}" not in cited:
            missed.append((term.name, answer.status, answer.missing, answer.text))
    assert not missed


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is a graph neural network?", "graph neural network"),
        ("explain cosine annealing", "cosine annealing"),
        ("cuckoo filter, what is that for?", "cuckoo filter"),
        ("What is a B-tree index?", "B-tree index"),
        ("What's meant by hyperbolic embeddings?", "hyperbolic embeddings"),
        ("what does a replication slot do", "replication slot"),
    ],
)
def test_a_term_is_not_explained_by_one_whose_name_is_part_of_its_own(
    coach: Coach, question: str, missing: str
) -> None:
    answer = coach.ask(question)
    assert (answer.status, answer.missing) == (Status.ABSTAINED, (missing,))


def test_what_is_wanted_of_a_term_is_what_is_said_first(coach: Coach, shipped: Glossary) -> None:
    term = next(term for term in shipped.terms if term.id == "cosine-similarity")
    example, why, whole = (
        coach.ask(question.format(term.name))
        for question in ("Give me an example of {0}", "What is the point of {0}?", "How does {0} work and why use {0}?")
    )
    assert example.claims[0].text == term.example
    assert why.claims[0].text in term.why
    assert any(claim.text in term.definition for claim in whole.claims)


@pytest.mark.parametrize("question", ["What is LangGraph?", "What does SOC 2 mean?", "Explain Kafka"])
def test_a_term_that_nothing_explains_is_not_covered(coach: Coach, question: str) -> None:
    answer = coach.ask(question)
    assert answer.status is Status.ABSTAINED
    assert answer.missing and answer.missing[0].split()[0] in question


def test_a_question_that_names_no_term_gets_nothing_of_the_glossary(coach: Coach) -> None:
    for question in ("What do seniors earn?", "Which skills are critical?", "What will I miss?", "How long is it?"):
        answer = coach.ask(question)
        cited = {citation.passage_id for claim in answer.claims for citation in claim.citations}
        assert cited and not any("#glossary/" in id_ for id_ in cited)


def test_the_definition_of_an_imported_pathway_is_not_asked_of_this_glossary(coach: Coach) -> None:
    for pathway in coach.pathways()[1:]:
        answer = coach.ask("What is HNSW?", pathway=pathway.slug)
        assert answer.status is not Status.ANSWERED
    assert (REPOSITORY / "knowledge" / "glossary.yaml").exists()
