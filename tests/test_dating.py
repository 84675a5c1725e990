"""When something was: asked in the ways that sentences tell it, and found among these alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ipse.agent.dating import Ways, asks_own_age, ways_to_ask, when_it_was, year_told
from ipse.agent.evidence import Library
from ipse.llm.crossencoder import CrossEncoder, Reading, Task, Window
from ipse.llm.minilm import default_embedder
from ipse.types import Chunk, Person, Role

MAYA = Person("Maya Okafor", pronouns="she/her", birth_year=1980)


def ways(rest: str) -> Ways:
    return Ways(f"When {rest}?", f"In which year {rest}?", f"How many years ago {rest}?")


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("How old was I when I moved to Ghent?", "was it that they moved to Ghent"),
        ("How old was Maya when she set up her sourdough?", "was it that she set up her sourdough"),
        ("About how old was Maya when she stopped working?", "was it that she stopped working"),
        ("What age was Maya on her arrival in Belgium?", "was her arrival in Belgium"),
        ("At what age did Maya learn to swim?", "did this person learn to swim"),
        ("How old was I, when I moved?", "was it that they moved"),
        ("In what year was my wedding?", "was this person's wedding"),
        ("Which year did Maya move?", "did this person move"),
        ("How old did Maya become in June?", None),
        ("How old was Theo when he broke his arm?", None),
        ("How old was Maya's son when they moved?", None),
        ("How old is Maya?", None),
        ("How old was Maya then?", None),
        ("How old was I back then?", None),
        ("How old was I in 2010?", None),
        ("Where was Maya when she was forty?", None),
        ("Where was Maya in that year?", None),
    ],
)
def test_a_question_is_put_in_several_ways(question: str, rest: str | None) -> None:
    assert ways_to_ask(question, MAYA) == (ways(rest) if rest else None)


def test_an_age_needs_a_birth_year_and_a_year_none() -> None:
    ageless = replace(MAYA, birth_year=None)
    assert ways_to_ask("How old was Maya when she moved?", ageless) is None
    assert asks_own_age("How old was Maya when she moved?", ageless)
    assert ways_to_ask("In which year did Maya move?", ageless) == ways("did this person move")


def told(*texts: str, role: Role = "self") -> list[Chunk]:
    day = datetime(2025, 2, 11, tzinfo=UTC)
    return [
        Chunk(f"chunk_{i}", "source_1", f"turn_{i}", role, "Maya", text, day, 0, len(text), i)
        for i, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("text", "year"),
    [("Since 1975, and six years ago again.", 1975), ("Six years since Lorraine.", 2019), ("I was six.", None)],
)
def test_a_year_is_told_by_its_number_or_from_the_day(text: str, year: int | None) -> None:
    assert year_told(told(text)[0]) == year


class Reader(CrossEncoder):
    """Likes a line as much as the question's first words say."""

    def __init__(self, likes: dict[str, str]) -> None:
        self.likes = likes

    def read(self, windows: Sequence[Window], task: Task = "answers", batch: int = 16) -> list[Reading]:  # noqa: ARG002
        liked = [next((like for words, like in self.likes.items() if w.text.startswith(words)), "") for w in windows]
        return [
            Reading(tuple(9.0 if like and like in line.text else -9.0 for line in window.lines))
            for like, window in zip(liked, windows, strict=True)
        ]


def library(reader: CrossEncoder, chunks: Sequence[Chunk]) -> Library:
    vectors = default_embedder().embed([c.text for c in chunks]) if chunks else np.zeros((0, 384), np.float32)
    return Library(MAYA, chunks, vectors, default_embedder(), reader, reader)


SAID = ("Six years since Lorraine.", "Retired in 2013.", "I miss Lorraine.", "Bought a hat.")


def test_each_sort_of_sentence_is_asked_in_its_own_way() -> None:
    found = ways_to_ask("How old was Maya when she lost her wife?", MAYA)
    assert found is not None
    likes = {"When": "Lorraine", "How many years ago": "Lorraine", "In which year": "Bought"}
    best = when_it_was(found, library(Reader(likes), told(*SAID)), lambda _: True)
    assert best is not None
    assert best.chunk.text == "Six years since Lorraine."


def test_what_tells_no_year_and_what_is_hidden_is_none_of_it() -> None:
    found = ways_to_ask("In which year did Maya lose her wife?", MAYA)
    assert found is not None
    everywhere = {"When": "Lorraine", "How many": "Lorraine", "In which": "Lorraine"}
    shelf = library(Reader(everywhere), told(*SAID))
    assert when_it_was(found, shelf, lambda chunk: "Six" not in chunk.text) is None
    assert when_it_was(found, library(Reader(everywhere), []), lambda _: True) is None
    assert when_it_was(found, library(Reader(everywhere), told(*SAID, role="assistant")), lambda _: True) is None
