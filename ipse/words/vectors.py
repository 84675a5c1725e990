"""Points of a dimension: a number is a vector with one entry, a category one with a share for each word."""

from __future__ import annotations

from collections.abc import Iterable

from ipse.types import Vector

VALUE = ""
"""The key of a number: no category is called that, for none is empty."""
FADED = 1e-4
"""A category whose share has sunk below this is dropped, so that a vector stays short however many there were."""


def vector(value: float | str) -> Vector:
    return {value: 1.0} if isinstance(value, str) else {VALUE: float(value)}


def mean(points: Iterable[Vector]) -> Vector:
    """One entry for each key of any point; what a point lacks is zero there."""
    total: Vector = {}
    count = 0
    for point in points:
        count += 1
        for key, share in point.items():
            total[key] = total.get(key, 0.0) + share
    return {key: share / count for key, share in total.items()}


def plus(one: Vector, other: Vector, share: float = 1.0) -> Vector:
    """`one` and `share` times `other`."""
    total = dict(one)
    for key, value in other.items():
        total[key] = total.get(key, 0.0) + share * value
    return total


def minus(one: Vector, other: Vector) -> Vector:
    return plus(one, other, -1.0)


def without_faded(point: Vector) -> Vector:
    return point if VALUE in point else {key: share for key, share in point.items() if share > FADED}


def norm2(point: Vector) -> float:
    return sum(share * share for share in point.values())
