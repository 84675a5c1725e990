"""Signals of one dimension become a steady estimate, in constant time and space for each signal.

Two views are kept: the last `WINDOW` values as they came, and an exponential mean that the first value
starts (started at zero it would lean to zero for as long as there is little to go by). What is told is both,
weighted by inverse variance: the steadier view counts more. A category is a vector of shares, so a number
and a word go the same way. Knows no store and no wording.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ipse.types import Preference, Signal, Vector
from ipse.words import drift
from ipse.words.vectors import VALUE, mean, minus, norm2, plus, vector, without_faded

WINDOW = 20
DECAY = 0.9
"""Weight of the past in the exponential mean (PAMU, arXiv 2510.09720, names it beta)."""
FLOOR = 1e-4
"""Least variance of a view: one that never moved is not infinitely sure."""
OUTRIGHT = frozenset({"nudge", "about_me", "preview", "onboarding"})


def observe(preference: Preference, signal: Signal) -> Preference:
    """The preference after one more signal."""
    seen = vector(signal.value)
    if preference.ema:
        apart = minus(seen, preference.ema)
        ema = without_faded(plus(preference.ema, apart, 1 - DECAY))
        variance = DECAY * (preference.ema_variance + (1 - DECAY) * norm2(apart))
    else:
        ema, variance = seen, 0.0
    window = (*preference.window, signal.value)[-WINDOW:]
    return Preference(
        preference.dimension,
        preference.count + 1,
        window,
        ema,
        variance,
        preference.outright or signal.source in OUTRIGHT,
        drift.observe(preference.detector, window, signal.at),
    )


def observe_all(preferences: dict[str, Preference], signals: Iterable[Signal]) -> dict[str, Preference]:
    """Those that the signals changed, by dimension; `preferences` stays as it is."""
    changed: dict[str, Preference] = {}
    for signal in signals:
        name = signal.dimension
        earlier = changed.get(name) or preferences.get(name) or Preference(name)
        changed[name] = observe(earlier, signal)
    return changed


def window_view(preference: Preference) -> tuple[Vector, float]:
    """Mean and (population) variance of the last values; of a category the variances of its shares, added up."""
    centre = mean(map(vector, preference.window))
    count = max(1, len(preference.window))
    if VALUE in centre:
        level = centre[VALUE]
        return centre, sum((value - level) ** 2 for value in preference.window if not isinstance(value, str)) / count
    return centre, 1 - norm2(centre) if centre else 0.0


def fused(preference: Preference) -> Vector:
    """Both views weighted by inverse variance; empty where nothing was seen (design, section 7)."""
    if not preference.count:
        return {}
    recent, recent_variance = window_view(preference)
    share = _weight(recent_variance) / (_weight(recent_variance) + _weight(preference.ema_variance))
    return plus(preference.ema, minus(recent, preference.ema), share)


def number(preference: Preference) -> float:
    """The fused value of a numeric dimension, in [0, 1]."""
    return min(1.0, max(0.0, fused(preference)[VALUE]))


def shares(preference: Preference) -> list[tuple[str, float]]:
    """Categories and their fused shares, the largest first."""
    return sorted(fused(preference).items(), key=lambda item: (-item[1], item[0]))


def restarted(preference: Preference) -> Preference:
    """After a flag: the detector begins anew where the dimension stands now."""
    return replace(preference, detector=drift.restart(preference.detector, preference.window))


def _weight(variance: float) -> float:
    return 1 / max(variance, FLOOR)
