"""Does the drift detector cry wolf, does it find what moved, and how soon? Beside two printed statistics.

Seeded streams of one dimension: noise, a step, a slow drift, noise with outliers. Each detector sees the same values
one by one. `ipse` is what the product runs. PAMU's score is the gap of window and EMA over the sum of the variances of
both histories (arXiv 2510.09720, as printed, with the trigger at 1); `joint` is the gap over the root of that sum; both
with W = 5, decay 0.8 and 30 values of history. Since their printed triggers fire at will, each of them is also given
the threshold at which it raises a false alarm at most once in a hundred signals of noise.

    python -m benchmarks.drift [--streams 2000] [--sd 0.1] [--step 2.5] [--seed 0] [--plot FILE.png] [--json FILE.json]
"""

from __future__ import annotations

import argparse
import json
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ipse.types import Detector
from ipse.words import drift, preferences

QUIET, AFTER = 120, 15
"""Signals before the change, and those within which it has to be found."""
OUTLIER_EVERY, OUTLIER = 20, 5.0
"""One value in so many is off by so many standard deviations."""
SLOW_SDS = 2.5
"""A slow drift moves so many standard deviations in 40 signals."""
SLOW_OVER = 40
FALSE_ALARMS = 0.01
WHEN = datetime(2025, 1, 1, tzinfo=UTC)

Stream = list[float]
Statistic = Callable[[Stream], list[float]]
"""A statistic for each value, from the values up to it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of streams, but for `delay` (median, in signals) and `alarms` (false ones a signal)."""

    alarms: float
    outliers: float
    step: float
    delay: float | None
    slow: float
    slow_delay: float | None


def ipse_flags(stream: Stream, threshold: float) -> list[int]:
    """Places at which the product flags; the detector begins anew after each."""
    detector, flags = Detector(), []
    for i in range(len(stream)):
        window = stream[max(0, i + 1 - preferences.WINDOW) : i + 1]
        detector = drift.observe(detector, window, WHEN)
        if detector.peak > threshold:
            flags.append(i)
            detector = drift.restart(detector, window)
    return flags


class Pamu:
    """Window mean and EMA, and the variances of both over the last values of theirs."""

    def __init__(self, window: int = 5, decay: float = 0.8, history: int = 30) -> None:
        self.values: deque[float] = deque(maxlen=window)
        self.windows: deque[float] = deque(maxlen=history)
        self.emas: deque[float] = deque(maxlen=history)
        self.decay = decay

    def gap_and_variance(self, value: float) -> tuple[float, float]:
        self.values.append(value)
        ema = self.decay * self.emas[-1] + (1 - self.decay) * value if self.emas else value
        self.windows.append(sum(self.values) / len(self.values))
        self.emas.append(ema)
        return abs(self.windows[-1] - ema), spread(self.windows) + spread(self.emas)


def spread(values: Sequence[float]) -> float:
    """Population variance."""
    level = sum(values) / len(values)
    return sum((value - level) ** 2 for value in values) / len(values)


def pamu(stream: Stream, eps: float = 1e-6) -> list[float]:
    state = Pamu()
    return [gap / (eps + variance) for gap, variance in map(state.gap_and_variance, stream)]


def joint(stream: Stream, eps: float = 1e-6) -> list[float]:
    state = Pamu()
    return [gap / (eps + variance) ** 0.5 for gap, variance in map(state.gap_and_variance, stream)]


def flags_of(statistic: Statistic) -> Callable[[Stream, float], list[int]]:
    """Flags by a threshold, with the product's pause after each: as long as its detector takes to begin anew."""

    def flags(stream: Stream, threshold: float) -> list[int]:
        found: list[int] = []
        for i, value in enumerate(statistic(stream)):
            if value > threshold and i >= drift.WINDOW and (not found or i - found[-1] > drift.WINDOW):
                found.append(i)
        return found

    return flags


def noise(rng: random.Random, sd: float, count: int) -> Stream:
    return [rng.gauss(0.4, sd) for _ in range(count)]


def with_outliers(stream: Stream, rng: random.Random, sd: float) -> Stream:
    return [x + OUTLIER * sd * rng.choice((-1, 1)) if rng.random() < 1 / OUTLIER_EVERY else x for x in stream]


def stepped(stream: Stream, size: float) -> Stream:
    return [x + size * (i >= QUIET) for i, x in enumerate(stream)]


def drifting(stream: Stream, size: float) -> Stream:
    return [x + size * min(1.0, max(0.0, (i - QUIET) / SLOW_OVER)) for i, x in enumerate(stream)]


def measured(flags: Callable[[Stream, float], list[int]], threshold: float, args: argparse.Namespace) -> Found:
    rng = random.Random(args.seed)
    quiet = [noise(rng, args.sd, QUIET) for _ in range(args.streams)]
    longer = [noise(rng, args.sd, QUIET + SLOW_OVER + AFTER) for _ in range(args.streams)]
    wild = [with_outliers(stream, rng, args.sd) for stream in quiet]
    steps = [first_after(flags(stepped(s[: QUIET + AFTER], args.step * args.sd), threshold)) for s in longer]
    slow = [first_after(flags(drifting(s, SLOW_SDS * args.sd), threshold)) for s in longer]
    return Found(
        fmean(len(flags(s, threshold)) / len(s) for s in quiet),
        fmean(len(flags(s, threshold)) / len(s) for s in wild),
        share(steps),
        middle(steps),
        share(slow),
        middle(slow),
    )


def first_after(flags: Sequence[int]) -> int | None:
    """Signals from the change to the first flag, the one that raises it included."""
    return next((i - QUIET + 1 for i in flags if i >= QUIET), None)


def share(delays: Sequence[int | None]) -> float:
    return fmean(delay is not None for delay in delays)


def middle(delays: Sequence[int | None]) -> float | None:
    known = [delay for delay in delays if delay is not None]
    return median(known) if known else None


def calibrated(flags: Callable[[Stream, float], list[int]], statistic: Statistic, args: argparse.Namespace) -> float:
    """The lowest of the statistic's own quantiles at which noise raises one false alarm in a hundred signals."""
    rng = random.Random(args.seed + 1)
    streams = [noise(rng, args.sd, QUIET) for _ in range(min(args.streams, 300))]
    values = sorted(value for stream in streams for value in statistic(stream)[drift.WINDOW :])
    low, high = 0, len(values) - 1
    while low < high:
        at = (low + high) // 2
        if fmean(len(flags(s, values[at])) / len(s) for s in streams) <= FALSE_ALARMS:
            high = at
        else:
            low = at + 1
    return values[low]


def contenders(args: argparse.Namespace) -> list[tuple[str, Callable[[Stream, float], list[int]], float]]:
    rows: list[tuple[str, Callable[[Stream, float], list[int]], float]] = [("ipse", ipse_flags, drift.FLAG_AT)]
    for name, statistic, printed in (("PAMU", pamu, 1.0), ("joint", joint, 1.0)):
        flags = flags_of(statistic)
        rows.append((f"{name}, as printed", flags, printed))
        rows.append((f"{name}, at 1 % alarms", flags, calibrated(flags, statistic, args)))
    return rows


def table(found: dict[str, Found], args: argparse.Namespace) -> Table:
    shown = Table(title=f"{args.streams} streams each, sd {args.sd}, step and slow drift {args.step} and {SLOW_SDS} sd")
    shown.add_column("detector")
    for heading in ("false alarms a signal", "with outliers", "step found", "delay", "slow found", "delay"):
        shown.add_column(heading, justify="right")
    for name, row in found.items():
        delays = ["" if delay is None else f"{delay:.0f}" for delay in (row.delay, row.slow_delay)]
        alarms = [f"{rate:.4f}" for rate in (row.alarms, row.outliers)]
        shown.add_row(name, *alarms, f"{row.step:.3f}", delays[0], f"{row.slow:.3f}", delays[1])
    return shown


def plot(file: Path, args: argparse.Namespace) -> None:
    """One stream of each kind, its flags, and the statistic that raised them."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rng = random.Random(args.seed)
    base = noise(rng, args.sd, QUIET + SLOW_OVER + AFTER)
    kinds = {
        "noise": base,
        "outliers": with_outliers(base, rng, args.sd),
        "step": stepped(base, args.step * args.sd),
        "slow drift": drifting(base, SLOW_SDS * args.sd),
    }
    figure, axes = pyplot.subplots(len(kinds), 1, figsize=(9, 9), sharex=True, layout="constrained")
    for axis, (name, stream) in zip(axes, kinds.items(), strict=True):
        axis.plot(stream, ".", color="0.6", markersize=4)
        for label, flags, threshold, colour in (
            ("ipse", ipse_flags, drift.FLAG_AT, "tab:red"),
            ("PAMU, as printed", flags_of(pamu), 1.0, "tab:blue"),
        ):
            places = flags(stream, threshold)
            height = max(stream) + (0.06 if label == "ipse" else 0.0)
            axis.plot(places, [height] * len(places), "v", color=colour, markersize=5, label=label)
        axis.set_ylabel(name)
    axes[0].legend(loc="lower right", fontsize=8)
    axes[-1].set_xlabel("signal")
    figure.savefig(file, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--sd", type=float, default=0.1)
    parser.add_argument("--step", type=float, default=2.5, help="in standard deviations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    parser.add_argument("--json", type=Path, metavar="FILE.json")
    args = parser.parse_args()
    rows = contenders(args)
    found = {name: measured(flags, at, args) for name, flags, at in track(rows, description="detectors")}
    Console(width=120).print(table(found, args))
    if args.plot:
        plot(args.plot, args)
    if args.json:
        args.json.write_text(json.dumps({name: vars_of(row) for name, row in found.items()}, indent=1))


def vars_of(row: Found) -> dict[str, float | None]:
    return {name: getattr(row, name) for name in row.__slots__}


if __name__ == "__main__":
    main()
