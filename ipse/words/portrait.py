"""What people look at: how the paragraph came to be, and how each dimension moved. Made on demand, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from ipse.types import Paragraph, Preference, Signal, Vector
from ipse.words.preferences import fused, observe, window_view

Change = Literal["same", "added", "gone"]


@dataclass(frozen=True, slots=True)
class Version:
    """A paragraph and how its words differ from the one before it."""

    paragraph: Paragraph
    diff: tuple[tuple[Change, str], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A dimension right after one of its signals."""

    signal: Signal
    window: Vector
    ema: Vector
    fused: Vector


def history(paragraphs: Sequence[Paragraph]) -> list[Version]:
    """The newest first."""
    pairs = zip(paragraphs, [None, *paragraphs], strict=False)
    return [Version(now, tuple(diff(before.text if before else "", now.text))) for now, before in pairs][::-1]


def diff(before: str, after: str) -> list[tuple[Change, str]]:
    """Runs of words that stayed, came or went, in reading order."""
    old, new = before.split(), after.split()
    runs: list[tuple[Change, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(("same", " ".join(old[a:b])))
            continue
        if b > a:
            runs.append(("gone", " ".join(old[a:b])))
        if d > c:
            runs.append(("added", " ".join(new[c:d])))
    return runs


def series(signals: Iterable[Signal]) -> list[Point]:
    """How one dimension came to where it stands, from its signals, oldest first."""
    points: list[Point] = []
    preference: Preference | None = None
    for signal in signals:
        preference = observe(preference or Preference(signal.dimension), signal)
        points.append(Point(signal, window_view(preference)[0], preference.ema, fused(preference)))
    return points
