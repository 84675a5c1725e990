"""Chunks: where sentences end, what joins, what splits, and that offsets always hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.raw.chunk import MAX_WORDS, chunk, count_words, spans
from ipse.types import Role, Turn


def turn(text: str, role: Role = "self", start: int = 0, source: str = "source_a") -> Turn:
    return Turn("turn_a", source, "Anna", role, text, None, "line 1", start, start + len(text))


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I live in Graz. My cat is old.", ["I live in Graz.", "My cat is old."]),
        ("I saw Dr. Patel on St. Mary's road.", ["I saw Dr. Patel on St. Mary's road."]),
        ("I like sour things, e.g. lemons and limes.", ["I like sour things, e.g. lemons and limes."]),
        (
            "We met at 4 p.m. on a Monday. It rained hard.",
            ["We met at 4 p.m. on a Monday.", "It rained hard."],
        ),
        ("We met at 4 p.m. It rained very hard.", ["We met at 4 p.m.", "It rained very hard."]),
        ("Am 9. Jan. war es kalt. Dann kam der Schnee.", ["Am 9. Jan. war es kalt.", "Dann kam der Schnee."]),
        (
            "My house is No. 5 there. And no. I won't move.",
            ["My house is No. 5 there.", "And no. I won't move."],
        ),
        ("I waited... and nobody came at all.", ["I waited... and nobody came at all."]),
        ("I waited for hours... Nobody came at all.", ["I waited for hours...", "Nobody came at all."]),
        ("alarm is at 2:45. don't call me late", ["alarm is at 2:45.", "don't call me late"]),
        ("we moved to Linz 🎉 Come and see us", ["we moved to Linz 🎉", "Come and see us"]),
        ("He passed the exam!! he is so proud", ["He passed the exam!!", "he is so proud"]),
        ('"Are you sure?" she asked me twice.', ['"Are you sure?" she asked me twice.']),
        ("J. S. Bach is my favourite. I play him.", ["J. S. Bach is my favourite.", "I play him."]),
        ("I am I. You are always you.", ["I am I.", "You are always you."]),
        ("see https://a.example/b.c?d=e now please", ["see https://a.example/b.c?d=e now please"]),
        ("今日は雨です。明日は晴れです。", ["今日は雨です。", "明日は晴れです。"]),
    ],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Basswood. And a visit.", ["Basswood. And a visit."]),
        ("thank you. I feel bad. good", ["thank you. I feel bad. good"]),
        ("ok", ["ok"]),
        ("- milk\n- eggs\n- dark bread", ["milk\n- eggs\n- dark bread"]),
        ("Yes! I did it today. Wow", ["Yes! I did it today. Wow"]),
    ],
)
def test_fragments_join_a_neighbour(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_lists_headings_and_paragraphs_are_apart_and_lose_their_marks() -> None:
    text = "## What I cannot eat\n\n- nuts of any kind\n* shellfish since last year\n\nNothing else to report"
    assert pieces(text) == [
        "What I cannot eat",
        "nuts of any kind",
        "shellfish since last year",
        "Nothing else to report",
    ]


def test_a_wrapped_line_goes_on_and_a_short_one_ends() -> None:
    wrapped = "I have been thinking for a long while about the garden and\nthe pond behind it."
    assert pieces(wrapped) == [wrapped]
    assert len(pieces("the oven is in\nfour men carried it")) == 2


def test_a_very_long_sentence_breaks_at_clauses() -> None:
    text = ", ".join(f"I walked to the place number {n} and looked around there" for n in range(20))
    found = pieces(text)
    assert all(count_words(piece) <= MAX_WORDS for piece in found)
    assert all(piece.startswith(("I walked", "and looked")) for piece in found)
    assert len(found) <= 6


def test_only_marks_and_emoji_give_nothing() -> None:
    assert pieces("😍") == []
    assert pieces("\n---\n***\n") == []


def test_system_turns_give_no_chunks_and_ordinals_count_by_source() -> None:
    turns = [
        turn("One is here now. Two is here now."),
        turn("<Media omitted>", role="system"),
        turn("Three is here now.", start=100, source="source_b"),
        turn("Four is here now.", role="other"),
    ]
    chunks = chunk(turns)
    assert [(c.source_id, c.ordinal) for c in chunks] == [
        ("source_a", 0),
        ("source_a", 1),
        ("source_b", 0),
        ("source_a", 2),
    ]
    assert (chunks[2].start, chunks[2].end) == (100, 118)


TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="aB .!?,…\n-*#>1 5|😀é。你", max_size=300),
    st.lists(st.sampled_from(["Dr.", "9.", "Jan.", "I", "and", "ok!", "e.g.", "\n", "- x", "🎉"]), max_size=200).map(
        " ".join
    ),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(0, 10_000))
def test_offsets_hold_for_any_text(text: str, start: int) -> None:
    said = turn(text, start=start)
    chunks = chunk([said])
    covered: set[int] = set()
    last = said.start
    for index, piece in enumerate(chunks):
        assert piece.ordinal == index
        assert last <= piece.start < piece.end <= said.end
        assert piece.text == text[piece.start - start : piece.end - start]
        assert piece.text == piece.text.strip()
        covered.update(range(piece.start - start, piece.end - start))
        last = piece.end
    words = (match.span() for match in re.finditer(r"[^\W_]+", text))
    assert all(set(range(*word)) <= covered for word in words)
    assert len({piece.id for piece in chunks}) == len(chunks)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["cat", "dog,", "and", "birds;", "sun"]), max_size=400).map(" ".join))
def test_no_piece_is_too_long_where_words_are_apart(text: str) -> None:
    assert all(count_words(piece) <= MAX_WORDS + 2 for piece in pieces(text))


def test_code_pictures_and_tags_give_no_piece() -> None:
    text = (
        "I keep it short.\nLike this:\n```sh\ngit config user.name\n```\nThat is what I use.\n\n"
        "![the harbour](img/harbour.jpg)\n<details>\nI was in Porto in May.\n</details>\n~~~\ncurl -i\n~~~\n"
    )
    assert pieces(text) == ["I keep it short.\nLike this:", "That is what I use.", "I was in Porto in May."]


def test_a_fence_that_nothing_closes_hides_nothing() -> None:
    assert pieces("```\nI was in Porto in May.") == ["I was in Porto in May."]


def test_a_fence_within_a_line_opens_nothing() -> None:
    assert pieces("That is one line\u2028```\n```\nI was in Porto in May.")[-1] == "I was in Porto in May."
