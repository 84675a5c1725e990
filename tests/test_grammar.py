"""The grammar as data: large enough, well formed, its vectors fresh, the held-out wordings not in it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from ipse.llm.minilm import default_embedder
from ipse.llm.sense import neutral
from ipse.teacher.bank import key as bank_key
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.index import GrammarIndex, grammar_hash, load_index

EVALS = Path(__file__).parents[1] / "evals"
KINDS = {"fact", "preference", "event", "relation", "habit", "opinion", "statement"}
VALUES = {
    "number",
    "year",
    "date",
    "time",
    "weekday",
    "money",
    "name",
    "person",
    "place",
    "thing",
    "activity",
    "phrase",
}
ALL = list(attributes().values())


def bare(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.casefold()))


def test_there_are_enough_attributes() -> None:
    assert len(ALL) >= 120
    assert len({a.topic for a in ALL}) >= 8


@pytest.mark.parametrize("attribute", ALL, ids=lambda a: a.id)
def test_an_attribute_is_well_formed(attribute: Attribute) -> None:
    assert len(set(map(bare, attribute.questions))) >= 10
    assert len(set(attribute.statements)) >= 3
    assert len(set(attribute.examples)) >= 3
    assert attribute.kind in KINDS
    assert attribute.sensitivity in {"public", "personal", "private"}
    assert attribute.value in VALUES
    assert re.fullmatch(r"[a-z][a-z0-9_]*", attribute.id)
    assert attribute.label.strip()
    assert all(text.count("{v}") == 1 for text in (*attribute.statements, attribute.answer))
    assert not any("{" in question for question in attribute.questions)
    assert attribute.state("xyz") == attribute.answer.replace("{v}", "xyz")


def test_no_question_asks_for_two_attributes() -> None:
    asked = Counter(bare(question) for a in ALL for question in {*a.questions})
    assert [question for question, count in asked.items() if count > 1] == []


def test_the_vectors_in_the_package_are_those_of_this_grammar() -> None:
    embedder = default_embedder()
    folder = files("ipse.teacher") / "grammar"
    kept = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".npy"))
    assert kept == [f"questions-{bank_key(embedder)}.npy", f"vectors-{grammar_hash(embedder)}.npy"]
    index = load_index(embedder)
    assert index.vectors.shape[1] == embedder.dims
    some = ALL[:3]
    fresh = embedder.embed([q.replace("my", "this person's") for a in some for q in a.questions])
    assert fresh.shape[1] == index.vectors.shape[1]
    np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, atol=2e-3)


@pytest.mark.parametrize("attribute", ALL[::12], ids=lambda a: a.id)
def test_a_grammar_question_finds_its_own_attribute(attribute: Attribute) -> None:
    index: GrammarIndex = load_index(default_embedder())
    best = index.of_questions([attribute.questions[0]], ("Maya",), limit=1)[0][0]
    assert best.attribute.id == attribute.id
    assert best.similarity > 0.98


def test_a_question_is_near_to_two_wordings_in_the_mean() -> None:
    index, attribute = load_index(default_embedder()), ALL[0]
    asked = "What is the name of my dog?"
    cosines = (
        default_embedder().embed([neutral(q) for q in attribute.questions])
        @ default_embedder().embed([neutral(asked)])[0]
    )
    for wordings in (1, 2):
        found = {m.attribute.id: m.similarity for m in index.of_questions([asked], (), len(ALL), wordings)[0]}
        assert found[attribute.id] == pytest.approx(np.sort(cosines)[-wordings:].mean(), abs=5e-3)


@pytest.mark.parametrize("kind", ["reworded", "indirect"])
def test_held_out_wordings_are_not_taught(kind: str) -> None:
    probes = {
        attribute: questions
        for file in sorted((EVALS / kind).glob("*.toml"))
        for attribute, questions in tomllib.loads(file.read_text(encoding="utf-8"))["probes"].items()
    }
    assert probes.keys() <= attributes().keys()
    taught = {bare(question) for a in ALL for question in a.questions}
    assert [q for questions in probes.values() for q in questions if bare(q) in taught] == []
    assert sum(map(len, probes.values())) >= 200
