"""A question that names a month or a year, and the sentences of that time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.agent.period import Period, period_of, timely
from ipse.types import Chunk


def said(text: str, at: datetime | None) -> Chunk:
    return Chunk("c", "s", "t", "self", "Ana", text, at, 0, len(text), 0)


def on(year: int, month: int) -> datetime:
    return datetime(year, month, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "months", "years"),
    [
        ("What did I lose in March?", {3}, set()),
        ("How old did Ana become that June?", {6}, set()),
        ("What did Ana officially become in May 2025?", {5}, {2025}),
        ("Where did I live by mid-April?", {4}, set()),
        ("Where did I go in 2019 and in 2021?", set(), {2019, 2021}),
        ("Since last May, where do I work?", {5}, set()),
    ],
)
def test_the_time_a_question_names(question: str, months: set[int], years: set[int]) -> None:
    assert period_of(question) == Period(frozenset(months), frozenset(years))


@pytest.mark.parametrize(
    "question",
    ["May insects be given by their common names?", "What did Mary march for?", "Who is May to me?", "Who sings?"],
)
def test_what_names_no_time(question: str) -> None:
    assert period_of(question) is None
    assert timely(question, [said("I lost my hat.", on(2025, 3))]) == [0.0]


def test_a_sentence_is_of_the_day_it_was_said_and_of_the_time_it_names() -> None:
    march = Period(frozenset({3}), frozenset())
    assert march.has(said("I lost my hat.", on(2025, 3)))
    assert march.has(said("Flights: 7 to 28 Mar.", on(2025, 1)))
    assert not march.has(said("Mary marched on.", on(2025, 1)))
    assert not march.has(said("I lost my hat.", None))


def test_month_and_year_must_both_fit() -> None:
    both = Period(frozenset({5}), frozenset({2025}))
    assert both.has(said("Citizen.", on(2025, 5)))
    assert not both.has(said("Citizen.", on(2024, 5)))
    assert not both.has(said("Citizen.", on(2025, 6)))


def test_the_fewer_are_of_that_time_the_more_it_counts() -> None:
    winter = [said("I lost my hat.", on(2025, month)) for month in (1, 1, 1, 3)]
    january, march = timely("What did I lose in January?", winter), timely("What did I lose in March?", winter)
    assert march[3] > january[0] > 0 > january[3]


@given(st.lists(st.integers(1, 12), max_size=20))
def test_a_year_in_which_everything_was_said_tells_little(months: list[int]) -> None:
    found = timely("What did I lose in 2025?", [said("I lost my hat.", on(2025, month)) for month in months])
    assert all(abs(gain) < 0.75 for gain in found)
