"""Turning the many spellings of a point in time into UTC, or None where there is none.

A time without a zone is kept as if it were UTC: exports don't say where the phone was. Also
decides, from all dates of a file together, whether 03/04 is in March or in April.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

_FIRST_YEAR = 1900


def from_unix(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970, as a number or as digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
        if not math.isfinite(seconds) or seconds <= 0:
            return None
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def from_iso(value: object) -> datetime | None:
    """ISO 8601 with or without a zone."""
    if not isinstance(value, str):
        return None
    try:
        return as_utc(datetime.fromisoformat(value.strip()))
    except (ValueError, OverflowError):
        return None


def from_any(value: object) -> datetime | None:
    return from_iso(value) or from_unix(value)


def as_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def day(year: int, month: int, number: int) -> datetime | None:
    """Midnight of that day; None if there is no such day."""
    try:
        return datetime(year, month, number, tzinfo=UTC)
    except ValueError:
        return None


def full_year(year: int) -> int:
    """25 is 2025 and 97 is 1997."""
    if year >= 100:
        return year
    return year + (2000 if year < 70 else _FIRST_YEAR)


@dataclass(frozen=True, slots=True)
class DayOrder:
    """How a file writes its dates. `certain` is False if nothing in it decides."""

    day_first: bool
    certain: bool

    def day_month(self, first: int, second: int) -> tuple[int, int]:
        """(day, month); a number over 12 can only be the day, whatever the rest of the file does."""
        if first > 12:
            return first, second
        if second > 12:
            return second, first
        return (first, second) if self.day_first else (second, first)


def day_order(dates: Sequence[tuple[int, int, int]], *, guess_day_first: bool) -> DayOrder:
    """Decides from all (first, second, year) of a file which of the two numbers is the day.

    A number over 12 decides; else the order in which time never runs backwards; else the guess.
    """
    day_votes = sum(first > 12 for first, _, _ in dates)
    month_votes = sum(second > 12 for _, second, _ in dates)
    if day_votes != month_votes:
        return DayOrder(day_votes > month_votes, certain=True)
    as_day = _steps_back([(full_year(y), b, a) for a, b, y in dates])
    as_month = _steps_back([(full_year(y), a, b) for a, b, y in dates])
    if as_day != as_month:
        return DayOrder(as_day < as_month, certain=True)
    return DayOrder(guess_day_first, certain=all(a == b for a, b, _ in dates))


def _steps_back(dates: Sequence[tuple[int, int, int]]) -> int:
    return sum(later < earlier for earlier, later in pairwise(dates))
