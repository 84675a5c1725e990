"""The training set: what is held out, in which order, and under which version."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from pair_kit import NORA, fact, pair

from ipse.types import Message, Pair
from ipse.voice import third
from ipse.weights.dataset import in_order, split, version_of


def many(facts: int, each: int) -> list[Pair]:
    sources = [fact(f"I own boat number {n}.") for n in range(facts)]
    return [
        pair(f"Question {k} about {n}?", third(f"I own {n}.", NORA), [source])
        for n, source in enumerate(sources)
        for k in range(each)
    ]


@given(st.integers(1, 12), st.integers(1, 15), st.integers(0, 5))
def test_a_split_holds_out_a_tenth_and_leaves_every_fact_something(facts: int, each: int, seed: int) -> None:
    pairs = many(facts, each)
    parts = split(pairs, seed)
    assert {*parts.train, *parts.validation} == set(pairs)
    assert len(parts.train) + len(parts.validation) == len(pairs)
    assert {ref for p in parts.train for ref in p.refs} == {ref for p in pairs for ref in p.refs}
    if each > 1:
        assert len(parts.validation) >= min(10, len(pairs) // 10)


def test_of_many_pairs_a_tenth_is_held_out() -> None:
    assert 0.08 < len(split(many(200, 10), 0).validation) / 2000 < 0.12


@given(st.integers(20, 40), st.integers(1, 20), st.integers(0, 5))
def test_what_is_asked_later_was_not_taught_before(before: int, more: int, seed: int) -> None:
    grown = many(before + more, 5)
    earlier, later = split(grown[: before * 5], seed), split(grown, seed)
    assert not set(earlier.train) & set(later.validation)


def test_split_order_and_version_do_not_depend_on_the_order_given() -> None:
    pairs = many(7, 6)
    shuffled = random.Random(3).sample(pairs, len(pairs))
    assert split(pairs, 1) == split(shuffled, 1)
    assert split(pairs, 1) != split(pairs, 2)
    assert in_order(pairs, 1) == in_order(shuffled, 1)
    assert version_of(pairs) == version_of(shuffled)


def test_a_version_tells_content_and_nothing_else() -> None:
    pairs = many(2, 3)
    assert version_of(pairs) != version_of(pairs[1:])
    assert version_of([replace(each, made_by="another") for each in pairs]) == version_of(pairs)
    reworded = replace(pairs[0], messages=(*pairs[0].prompt, Message("assistant", "No.")))
    assert version_of([reworded, *pairs[1:]]) != version_of(pairs)
