"""Says when a dimension has moved: a short window held against a slow mean. It flags and never writes.

Both are made of the same signals, so their variances don't add: with weights u of the window and a of the slow
mean, Var(window - slow) = s^2 k, k = sum (u - a)^2. The slow mean is bias-corrected, so k is exact from the first
signal on and tends to 1/W + (1-b)/(1+b) - 2(1-b^W)/W, the form in docs/design.md. s is a robust scale of the noise,
from the steps between signals: a shift is one step among many. For a category the gap is weighed as chi-square.

PAMU's printed score (arXiv 2510.09720) and the one with a joint variance are baselines in `benchmarks/drift.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median

from ipse.types import Detector, Vector
from ipse.words.vectors import VALUE, mean, minus, norm2, plus, vector, without_faded

WINDOW = 5
DECAY = 0.95
"""Separate time scales: 5 against some 20 found steps soonest (docs/LOG.md)."""
STEPS = 50
FLAG_AT = 3.0
LEAST = 1
"""Signals beyond the window before anything is flagged: fewer, and both views are the same."""
USUAL_NOISE, USUAL_WORTH = 0.1, 4
"""A scale read off a few steps is hardly known: up to so many of the usual one are added, fewer as more are seen."""
LEAST_NOISE = 0.04
"""Nobody means a hundredth of a range: a value that hardly ever changes isn't free of noise."""


def observe(detector: Detector, window: Sequence[float | str], at: datetime) -> Detector:
    """The detector after the last value of `window` (the last values as they came, oldest first)."""
    count = detector.count + 1
    seen = vector(window[-1])
    share = (1 - DECAY) / (1 - DECAY**count)
    mean_now = without_faded(plus(detector.mean, minus(seen, detector.mean), share))
    steps = detector.steps
    if len(window) > 1:
        steps = (*steps, math.sqrt(norm2(minus(seen, vector(window[-2])))))[-STEPS:]
    moved = replace(detector, mean=mean_now, count=count, steps=steps)
    found = statistic(moved, window)
    if found <= moved.peak:
        return moved
    return replace(
        moved, peak=found, peak_at=at, peak_before=detector.mean, peak_after=mean(map(vector, window[-WINDOW:]))
    )


def statistic(detector: Detector, window: Sequence[float | str]) -> float:
    """How many standard deviations of the gap the last values stand off the slow mean; 0 when it is too early."""
    if detector.count < WINDOW + LEAST:
        return 0.0
    recent = mean(map(vector, window[-WINDOW:]))
    k = gap_variance(detector.count)
    if VALUE in recent:
        gap = abs(recent[VALUE] - detector.mean[VALUE])
        return gap / (noise(detector.steps) * math.sqrt(k))
    return _categories(recent, detector, k)


def gap_variance(count: int, window: int = WINDOW, decay: float = DECAY) -> float:
    """k: Var(window mean - bias-corrected exponential mean) of `count` independent values of variance one."""
    left = 1 - decay**count
    own = (1 - decay) * (1 + decay**count) / ((1 + decay) * left)
    return 1 / window + own - 2 * (1 - decay**window) / (window * left)


def noise(steps: Sequence[float]) -> float:
    """Standard deviation of a value about its level: 1.4826 x median |step| / sqrt 2, with the usual one early on."""
    if not steps:
        return USUAL_NOISE
    robust = 1.4826 * median(steps) / math.sqrt(2)
    robust = max(robust, LEAST_NOISE)
    usual = USUAL_WORTH * (1 - len(steps) / STEPS)
    return math.sqrt((len(steps) * robust**2 + usual * USUAL_NOISE**2) / (len(steps) + usual))


def _categories(recent: Vector, detector: Detector, k: float) -> float:
    """Chi-square of the gap over C categories, as a normal deviate (Wilson and Hilferty, 1931)."""
    usual = {key: max(detector.mean.get(key, 0.0), 0.0) for key in recent | detector.mean}
    weight = min(detector.count, 1 / (1 - DECAY))
    smooth = {key: (share * weight + 0.5) / (weight + 0.5 * len(usual)) for key, share in usual.items()}
    freedom = len(usual) - 1
    if not freedom:
        return 0.0
    chi2 = sum((recent.get(key, 0.0) - usual[key]) ** 2 / smooth[key] for key in usual) / k
    bend = 2 / (9 * freedom)
    return max(0.0, (math.cbrt(chi2 / freedom) - (1 - bend)) / math.sqrt(bend))


def restart(detector: Detector, window: Sequence[float | str]) -> Detector:
    """After a flag: begins anew with the last value alone (those before it may be of the move), to flag it once."""
    return Detector(vector(window[-1]), 1, detector.steps)
