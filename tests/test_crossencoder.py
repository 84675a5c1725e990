"""The reader that ships with ipse: which line answers, which words, and that company changes nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.llm.crossencoder import LONGEST_LINE, MAX_TOKENS, ME, Line, Window, default_judge, default_reader, encode

NOTE = (
    Line(ME, "The new kiln is in, four men and a trolley."),
    Line(ME, "She is from 1962, out of a school in Delft."),
    Line("Ivo", "I'm allergic to the glaze, so count me out."),
    Line(ME, "Sold the moped in May, the tram does."),
)


def read(question: str, *lines: Line) -> list[tuple[float, str]]:
    reading = default_reader().read([Window(question, lines)])[0]
    return list(zip(reading.scores, reading.answers, strict=True))


@pytest.mark.parametrize(
    ("question", "line"),
    [("How many people brought the kiln?", 0), ("When did this person sell the moped?", 3)],
)
def test_the_line_that_answers_is_told(question: str, line: int) -> None:
    scores = [score for score, _ in read(question, *NOTE)]
    assert scores.index(max(scores)) == line


def test_what_nothing_answers_scores_below_what_something_does() -> None:
    asked, never = (
        max(score for score, _ in read(q, *NOTE))
        for q in ("When did this person sell the moped?", "What is this person's blood type?")
    )
    assert asked > 0 > never


def test_an_answer_stands_in_its_line() -> None:
    for (_, answer), line in zip(read("When did this person sell the moped?", *NOTE), NOTE, strict=True):
        assert answer
        assert answer in line.text


def test_a_window_reads_the_same_whatever_is_read_beside_it() -> None:
    windows = [Window("When was it sold?", NOTE), Window("Who is allergic?", NOTE[:3]), Window("Why?", NOTE[1:])]
    together = default_reader().read(windows)
    for window, reading in zip(windows, together, strict=True):
        alone = default_reader().read([window])[0]
        assert alone.answers == reading.answers
        assert alone.scores == pytest.approx(reading.scores, abs=1e-3)


def test_lines_beyond_what_fits_answer_nothing() -> None:
    long = Line(ME, "and then another word " * 100)
    found = read("Which word?", *[long] * 9)
    kept = [score for score, _ in found if math.isfinite(score)]
    assert 0 < len(kept) < 9
    assert found[-1] == (-math.inf, "")
    one = encode(Window("Which word?", (long,) * 9), default_reader().tokenizer)
    assert len(one.ids) <= MAX_TOKENS
    assert all(last - first <= LONGEST_LINE for first, last in one.spans)


def test_nothing_to_read_is_no_fault() -> None:
    assert default_reader().read([]) == []
    assert default_reader().read([Window("Anything?", ())])[0].scores == ()


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80), st.lists(st.tuples(st.text(max_size=12), st.text(max_size=80)), max_size=5))
def test_no_text_breaks_it(question: str, lines: list[tuple[str, str]]) -> None:
    found = read(question, *[Line(*line) for line in lines])
    assert len(found) == len(lines)
    for (score, answer), (_, text) in zip(found, lines, strict=True):
        assert math.isfinite(score)
        assert answer in text


@pytest.mark.parametrize(
    ("draft", "line"),
    [
        ("Scones with plenty of raisins.", 2),
        ("Run yourself a long hot bath.", 4),
        ("Scones with plenty of lemon.", None),
    ],
)
def test_the_judge_tells_which_line_speaks_against_a_draft(draft: str, line: int | None) -> None:
    lines = tuple(
        Line(ME, text)
        for text in (
            "Repotted the fern, soil everywhere.",
            "Since the operation I can't lift more than a kettle.",
            "No raisins in mine, a raisin in a bun is sabotage.",
            "The twins start school in September.",
            "We left the flat in Hove, the new place has no bath, only a shower.",
        )
    )
    (reading,) = default_judge().read([Window(draft, lines, "What shall this person do on Sunday?")], "against")
    assert [i for i, odds in enumerate(reading.scores) if odds > 0] == ([] if line is None else [line])
    assert reading.answers == ()
