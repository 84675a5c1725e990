"""From signals to a steady estimate: the two views, what is told of them, and how much is kept."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_kit import seen, signal

from ipse.types import Dimension, Preference, Signal, Vector
from ipse.words import preferences
from ipse.words.preferences import DECAY, FLOOR, WINDOW, fused, number, observe, observe_all, shares, window_view
from ipse.words.vectors import VALUE, mean, minus, norm2, plus, vector

NUMBERS = st.floats(0, 1)
WORDS = st.sampled_from(["cooking", "tax law", "sailing", "value", "én", "de"]) | st.text(
    "abcdé", min_size=1, max_size=3
)
POINTS = st.dictionaries(st.text(max_size=2), st.floats(-1, 1), max_size=4)


def close(one: Vector, other: Vector) -> bool:
    return all(one.get(key, 0.0) == pytest.approx(other.get(key, 0.0), abs=1e-9) for key in one | other)


# numbers


@given(NUMBERS)
def test_the_first_signal_starts_both_views(value: float) -> None:
    """Started at zero, the mean would lean to zero for dozens of signals."""
    first = seen("tone", value)
    assert (first.ema, first.ema_variance) == ({VALUE: value}, 0.0)
    assert number(first) == pytest.approx(value)
    assert first.count == 1


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_the_exponential_mean_is_the_weighted_sum_of_all_values(values: list[float]) -> None:
    last = len(values) - 1
    weights = [DECAY**last, *((1 - DECAY) * DECAY ** (last - i) for i in range(1, len(values)))]
    assert seen("tone", *values).ema[VALUE] == pytest.approx(sum(w * v for w, v in zip(weights, values, strict=True)))


def test_the_two_views_are_those_worked_out_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of 5 and a decay of .8 over a switch, as they were worked out for PAMU."""
    monkeypatch.setattr(preferences, "WINDOW", 5)
    monkeypatch.setattr(preferences, "DECAY", 0.8)
    values = [0.2, 0.3] * 4 + [0.8, 0.9] * 2
    for last, recent, slow in ((7, 0.26, 0.2462), (8, 0.36, 0.3570), (9, 0.5, 0.4656), (11, 0.74, 0.6060)):
        state = seen("tone", *values[: last + 1])
        assert window_view(state)[0][VALUE] == pytest.approx(recent, abs=5e-5)
        assert state.ema[VALUE] == pytest.approx(slow, abs=5e-5)


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_the_window_is_the_last_twenty_as_they_came(values: list[float]) -> None:
    state = seen("tone", *values)
    assert list(state.window) == values[-20:]
    assert WINDOW == 20
    recent, variance = window_view(state)
    last = values[-20:]
    centre = sum(last) / len(last)
    assert recent[VALUE] == pytest.approx(centre)
    assert variance == pytest.approx(sum((value - centre) ** 2 for value in last) / len(last), abs=1e-12)


@given(st.lists(NUMBERS, min_size=2, max_size=60))
def test_what_is_told_lies_between_the_views_and_nearer_the_steadier(values: list[float]) -> None:
    state = seen("tone", *values)
    recent, recent_variance = window_view(state)
    low, high = sorted((recent[VALUE], state.ema[VALUE]))
    told = number(state)
    assert low - 1e-9 <= told <= high + 1e-9
    to_recent, to_slow = abs(told - recent[VALUE]), abs(told - state.ema[VALUE])
    if recent_variance < state.ema_variance:
        assert to_recent <= to_slow + 1e-9
    if state.ema_variance < recent_variance:
        assert to_slow <= to_recent + 1e-9


@given(st.lists(NUMBERS, min_size=2, max_size=60))
def test_it_is_told_by_inverse_variance(values: list[float]) -> None:
    state = seen("level", *values)
    recent, variance = window_view(state)
    window, slow = max(variance, FLOOR), max(state.ema_variance, FLOOR)
    wanted = (recent[VALUE] / window + state.ema[VALUE] / slow) / (1 / window + 1 / slow)
    assert fused(state)[VALUE] == pytest.approx(wanted)


# categories


@given(st.lists(WORDS, min_size=1, max_size=80))
def test_a_category_is_told_in_shares_that_add_up_to_one(words: list[str]) -> None:
    state = seen("domain", *words)
    for point in (state.ema, window_view(state)[0], fused(state)):
        assert all(share >= 0 for share in point.values())
        assert 0.999 <= sum(point.values()) <= 1 + 1e-9  # what has faded is dropped


def test_the_largest_share_comes_first_whatever_the_category_is_called() -> None:
    """Not even one that is called as a number's key might be is taken for a number."""
    state = seen("domain", "value", "cooking", "value", "value")
    ranked = shares(state)
    assert [name for name, _ in ranked] == ["value", "cooking"]
    assert 0 < window_view(state)[1] < 1
    assert shares(Preference("domain")) == []


def test_a_changed_mind_shows_within_a_window() -> None:
    state = seen("language", *["en"] * 40, *["pt"] * 20)
    assert shares(state)[0][0] == "pt"


# the flow of signals


STREAM = st.lists(
    st.tuples(st.sampled_from(["tone", "length"]), NUMBERS) | st.tuples(st.just("domain"), WORDS), max_size=40
)


@given(STREAM)
def test_one_by_one_or_all_at_once_is_the_same(stream: list[tuple[Dimension, float | str]]) -> None:
    signals = [Signal(f"s{i}", *pair, "thumb", signal(i, "tone", 0.5).at) for i, pair in enumerate(stream)]
    alone: dict[str, Preference] = {}
    for each in signals:
        alone[each.dimension] = observe(alone.get(each.dimension, Preference(each.dimension)), each)
    assert observe_all({}, signals) == alone
    half = len(signals) // 2
    first = observe_all({}, signals[:half])
    before = dict(first)
    assert {**first, **observe_all(first, signals[half:])} == alone
    assert first == before


def test_the_order_of_the_signals_counts() -> None:
    assert number(seen("tone", *[0.1] * 20, *[0.9] * 20)) > number(seen("tone", *[0.9] * 20, *[0.1] * 20)) + 0.5


def test_the_state_stays_as_small_as_it_is_however_much_comes_in() -> None:
    """Also of categories that never come twice."""

    def size(count: int) -> int:
        numbers = seen("tone", *[(i * 0.37) % 1 for i in range(count)])
        words = seen("domain", *[f"word {i:06}" for i in range(count)])
        return max(len(json.dumps(asdict(each), default=str)) for each in (numbers, words))

    assert size(900) <= size(300) * 1.05


def test_what_was_once_said_outright_stays_said() -> None:
    assert not seen("tone", 0.5, 0.5, source="thumb").outright
    assert not seen("tone", 0.5, source="style").outright
    assert observe(seen("tone", 0.5, source="nudge"), signal(9, "tone", 0.5, "thumb")).outright


def test_where_nothing_was_seen_nothing_is_told() -> None:
    assert fused(Preference("tone")) == {}
    assert observe_all({}, []) == {}


# vectors


@given(POINTS, POINTS)
def test_vectors_are_added_and_taken_away_without_touching_them(one: Vector, other: Vector) -> None:
    before = dict(one), dict(other)
    assert close(minus(plus(one, other), other), one)
    assert close(plus(one, other, 0.0), one)
    assert norm2(minus(one, one)) == 0.0
    assert (one, other) == before


def test_a_mean_has_every_category_of_any_point() -> None:
    assert mean(map(vector, ["a", "b", "a", "a"])) == {"a": 0.75, "b": 0.25}
    assert mean(map(vector, [0.25, 0.75])) == {VALUE: 0.5}
    assert mean([]) == {}
