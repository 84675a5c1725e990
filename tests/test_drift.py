"""When a dimension has moved: what the detector's scale is, what it flags and what it leaves alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_kit import at, seen, signal

from ipse.types import Detector, Dimension, Preference
from ipse.words.drift import DECAY, FLAG_AT, LEAST, STEPS, WINDOW, gap_variance, noise, observe, restart, statistic
from ipse.words.preferences import observe as preference_after
from ipse.words.preferences import restarted
from ipse.words.vectors import VALUE

Draw = Callable[[random.Random], float | str]
STREAMS = 200
NUMBERS = st.floats(0, 1)


def normal(level: float, spread: float = 0.1) -> Draw:
    return lambda chance: min(1.0, max(0.0, chance.gauss(level, spread)))


def flags(draws: Sequence[Draw], seed: int, dimension: Dimension = "tone") -> list[int]:
    """Which of the signals would be flagged, were the sweep to come after every one."""
    chance = random.Random(seed)
    state, found = Preference(dimension), []
    for number, draw in enumerate(draws):
        state = preference_after(state, signal(number, dimension, draw(chance)))
        if state.detector.peak > FLAG_AT:
            found.append(number)
            state = restarted(state)
    return found


# the scale of the gap


def test_the_variance_of_the_gap_tends_to_what_was_worked_out() -> None:
    """1/W + (1-b)/(1+b) - 2(1-b^W)/W; the sum of the two variances would be .311."""
    assert gap_variance(10_000, 5, 0.8) == pytest.approx(0.04218, abs=5e-6)
    assert gap_variance(10_000) == pytest.approx(1 / 5 + 0.05 / 1.95 - 2 * (1 - 0.95**5) / 5)


@given(st.integers(WINDOW + 1, 120))
def test_the_variance_of_the_gap_is_exact_for_any_number_of_signals(count: int) -> None:
    recent = [0.0] * (count - WINDOW) + [1 / WINDOW] * WINDOW
    slow = [(1 - DECAY) * DECAY ** (count - 1 - i) / (1 - DECAY**count) for i in range(count)]
    assert gap_variance(count) == pytest.approx(sum((u - a) ** 2 for u, a in zip(recent, slow, strict=True)))


def test_the_detectors_own_gap_varies_as_its_formula_says() -> None:
    """One signal at a time is set to one: what that does to the gap is the weight of this signal."""
    count, weights = 30, []
    for one in range(count):
        values = [float(i == one) for i in range(count)]
        mean = seen("tone", *values).detector.mean[VALUE]
        weights.append(sum(values[-WINDOW:]) / WINDOW - mean)
    assert gap_variance(count) == pytest.approx(sum(weight**2 for weight in weights))


def test_the_noise_is_read_off_the_steps() -> None:
    chance = random.Random(7)
    values = [chance.gauss(0, 0.1) for _ in range(STEPS + 1)]
    steps = [abs(b - a) for a, b in pairwise(values)]
    assert noise(steps) == pytest.approx(0.1, rel=0.3)
    assert noise([*steps[:-1], 5.0]) == pytest.approx(noise(steps), rel=0.1)  # a jump is one step among many
    assert 0.8 * noise([]) < noise([0.0]) < noise([])  # hardly known, it leans on the usual one


# what is flagged


def test_a_step_is_flagged_within_fifteen_signals() -> None:
    """Of two and a half standard deviations, in 200 streams."""
    draws = [normal(0.4)] * 60 + [normal(0.65)] * 15
    found = sum(any(number >= 60 for number in flags(draws, seed)) for seed in range(STREAMS))
    assert found >= 0.95 * STREAMS


@pytest.mark.parametrize("spread", [0.02, 0.1, 0.2])
def test_noise_flags_at_most_one_signal_in_a_hundred(spread: float) -> None:
    found = [number for seed in range(40) for number in flags([normal(0.5, spread)] * 150, seed)]
    assert len(found) <= 40 * 150 / 100


def test_a_category_is_flagged_when_it_gives_way_and_not_by_chance() -> None:
    def kinds(*weights: int) -> Draw:
        return lambda chance: chance.choices(["cooking", "tax law", "sailing"], weights)[0]

    usual, other = kinds(6, 3, 1), kinds(0, 0, 1)
    by_chance = [number for seed in range(40) for number in flags([usual] * 150, seed, "domain")]
    assert len(by_chance) <= 40 * 150 / 100
    moved = [flags([usual] * 60 + [other] * 15, seed, "domain") for seed in range(40)]
    assert sum(any(number >= 60 for number in each) for each in moved) >= 0.95 * 40


PERSONS = {
    "length": (0.31, 0.28, 0.35, 0.30, 0.26, 0.33, 0.29, 0.34, 0.30, 0.61, 0.58, 0.63, 0.60, 0.57),
    "tone": (0.52, 0.60, 0.45, 0.57, 0.49, 0.55, 0.61, 0.47, 0.54, 0.86, 0.79, 0.90, 0.82, 0.85),
}
"""Fourteen signals each, the last five shifted by 0.3."""


@pytest.mark.parametrize("dimension", PERSONS)
def test_a_persons_few_signals_are_enough(dimension: Dimension) -> None:
    values = PERSONS[dimension]
    state = seen(dimension, *values).detector
    assert state.peak > FLAG_AT
    assert state.peak_at is not None
    assert at(9) <= state.peak_at <= at(13)
    assert state.peak_before[VALUE] < state.peak_after[VALUE]
    assert seen(dimension, *values[:9], *(value - 0.3 for value in values[9:])).detector.peak < 1.5


# what is left alone


@given(st.lists(NUMBERS, max_size=WINDOW + LEAST - 1))
def test_nothing_is_flagged_while_there_is_little_to_go_by(values: list[float]) -> None:
    assert seen("tone", *values).detector.peak == 0.0


@given(st.sampled_from(["de", "cooking", "value"]), st.integers(1, 60))
def test_a_category_that_never_changes_has_no_statistic(name: str, count: int) -> None:
    state = seen("domain", *[name] * count)
    assert statistic(state.detector, state.window) == state.detector.peak == 0.0


@given(NUMBERS, st.integers(1, 60))
def test_a_number_that_never_changes_has_none_either(value: float, count: int) -> None:
    assert seen("tone", *[value] * count).detector.peak < 1e-6


@pytest.mark.parametrize("outlier", [0.1, 0.8])
def test_one_outlier_in_a_calm_stream_flags_nothing(outlier: float) -> None:
    calm = [0.38, 0.52, 0.45, 0.41, 0.49, 0.36, 0.54, 0.43, 0.47] * 4
    assert seen("tone", *calm, outlier, *calm).detector.peak < FLAG_AT


def test_one_outlier_is_seldom_flagged() -> None:
    """Three standard deviations off, amid noise that is flagged now and then by itself."""
    stream = [*[normal(0.45)] * 40, normal(0.75, 0.0), *[normal(0.45)] * 4]
    found = sum(any(number >= 40 for number in flags(stream, seed)) for seed in range(STREAMS))
    assert found <= 0.1 * STREAMS


def test_one_outlier_after_a_long_calm_flags_nothing() -> None:
    assert flags([*[normal(0.5, 0.0)] * 60, normal(0.53, 0.0), *[normal(0.5, 0.0)] * 4], 0) == []


def test_a_control_with_few_settings_is_no_move() -> None:
    """A value that is picked from a few, most often the same."""

    def settings(chance: random.Random) -> float:
        return 0.6 if chance.random() < 0.2 else 0.5

    found = [number for seed in range(40) for number in flags([settings] * 150, seed)]
    assert len(found) <= 40 * 150 / 100


# flags and sweeps


def test_one_move_is_flagged_once() -> None:
    """Also where the sweep comes when it has only begun."""
    draws = [normal(0.3, 0.05)] * 40 + [normal(0.8, 0.05)] * 20
    after_the_move = [[number for number in flags(draws, seed) if number >= 40] for seed in range(40)]
    assert all(after_the_move)
    assert sum(len(each) > 1 for each in after_the_move) <= 2  # by chance, as without a move


def test_a_move_that_is_over_before_the_sweep_is_not_missed() -> None:
    usual = [0.3, 0.34, 0.28, 0.32, 0.27, 0.33] * 5
    state = seen("tone", *usual, *[0.8] * 5, *usual).detector
    assert statistic(state, usual) < FLAG_AT < state.peak
    assert state.peak_at is not None
    assert at(30) < state.peak_at <= at(36)
    assert state.peak_before[VALUE] < 0.5 < state.peak_after[VALUE]


def test_after_a_flag_it_begins_anew_where_the_dimension_stands() -> None:
    state = seen("tone", *[0.3, 0.35] * 10, *[0.9, 0.85] * 5)
    anew = restart(state.detector, state.window)
    assert anew == Detector({VALUE: 0.85}, 1, state.detector.steps)
    assert restarted(state) == replace(state, detector=anew)
    assert observe(anew, (*state.window, 0.1), at(99)).peak == 0.0
