"""Of a sentence the clauses that answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.agent.sentences import excerpt

FARM = "First winter in Athens and not on the farm at Waverly, sold it in November to a fella who raises ostriches."


@pytest.mark.parametrize(
    ("words", "most", "kept"),
    [
        ("Athens", 0, "First winter in Athens"),
        ("Athens", 12, "First winter in Athens and not on the farm at Waverly"),
        ("ostriches", 0, "who raises ostriches."),
        ("ostriches", 10, "sold it in November to a fella who raises ostriches."),
        ("Athens and not", 0, "First winter in Athens"),
        ("Athens and not", 12, "First winter in Athens and not on the farm at Waverly"),
        ("Athens", 30, FARM),
        ("Rome", 5, FARM),
        ("", 5, FARM),
    ],
)
def test_the_clauses_around_the_words(words: str, most: int, kept: str) -> None:
    assert excerpt(FARM, words, most) == kept


def test_a_short_sentence_stays_whole() -> None:
    assert excerpt("Mono first, always.", "Mono", 3) == "Mono first, always."


@given(st.text(alphabet="ab ,;.:()and-", max_size=60), st.integers(0, 59), st.integers(1, 9), st.integers(0, 12))
def test_what_is_kept_stands_in_the_sentence_with_the_beginning_of_the_words(
    text: str, start: int, length: int, most: int
) -> None:
    words = text[start : start + length].strip(" ,;:()")
    kept = excerpt(text, words, most)
    begins = text.find(words)
    found = [at for at in range(len(text) + 1) if text.startswith(kept, at)]
    assert any(at <= begins < at + max(1, len(kept)) for at in found)
