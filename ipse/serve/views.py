"""Nouns as the JSON that the page reads. Pure; knows neither HTTP nor store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipse.living import Portrait
from ipse.types import NUMERIC, Amendment, Dimension, Drift, Paragraph, Person, Preference, Vector
from ipse.words import drift, onboarding
from ipse.words.portrait import Point, Version
from ipse.words.preferences import fused, window_view
from ipse.words.vectors import VALUE

Json = dict[str, Any]


def portrait(person: Person, shown: Portrait) -> Json:
    return {
        "person": person.name,
        "paragraph": paragraph(shown.paragraph) if shown.paragraph else None,
        "provenance": shown.provenance,
        "about_me": shown.profile.about_me,
        "thumbs": shown.profile.thumbs,
        "nudges": shown.profile.nudges,
        "replies": shown.profile.replies,
        "preferences": [preference(each) for each in shown.preferences],
        "drifts": [flag(each) for each in shown.drifts],
        "amendments": [amendment(each) for each in shown.amendments],
    }


def paragraph(shown: Paragraph) -> Json:
    return {
        "id": shown.id,
        "text": shown.text,
        "sentences": [{"text": text, "refs": list(refs)} for text, refs in shown.sentences],
        "provenance": shown.provenance,
        "made_at": shown.made_at.isoformat(),
        "made_by": shown.made_by,
    }


def preference(shown: Preference) -> Json:
    recent, variance = window_view(shown)
    return {
        "dimension": shown.dimension,
        "kind": kind(shown.dimension),
        "count": shown.count,
        "fused": point(fused(shown)),
        "window": {"mean": point(recent), "variance": variance},
        "ema": point(shown.ema),
        "outright": shown.outright,
        "statistic": drift.statistic(shown.detector, shown.window),
    }


def kind(dimension: Dimension) -> str:
    return "number" if dimension in NUMERIC else "category"


def point(value: Vector) -> float | Vector | None:
    """A number for a numeric dimension, shares for the others; None before anything was seen."""
    return value.get(VALUE, value or None)


def flag(shown: Drift) -> Json:
    return {
        "dimension": shown.dimension,
        "at": shown.at.isoformat(),
        "statistic": shown.statistic,
        "before": point(shown.before),
        "after": point(shown.after),
    }


def amendment(shown: Amendment) -> Json:
    return {
        "id": shown.id,
        "dimension": shown.dimension,
        "sentence": shown.sentence,
        "expected": shown.expected,
        "approved": shown.approved,
        "at": shown.at.isoformat(),
        "status": shown.status,
        "refs": list(shown.refs),
    }


def series(dimension: Dimension, points: Sequence[Point], drifts: Sequence[Drift]) -> Json:
    return {
        "dimension": dimension,
        "kind": kind(dimension),
        "points": [
            {
                "at": each.signal.at.isoformat(),
                "value": each.signal.value,
                "source": each.signal.source,
                "window": point(each.window),
                "ema": point(each.ema),
                "fused": point(each.fused),
            }
            for each in points
        ],
        "drifts": [flag(each) for each in drifts if each.dimension == dimension],
    }


def history(versions: Sequence[Version]) -> Json:
    return {"history": [{**paragraph(each.paragraph), "diff": [list(run) for run in each.diff]} for each in versions]}


def quiz() -> Json:
    return {
        "questions": [
            {
                "dimension": each.dimension,
                "question": each.text,
                "choices": [{"label": label, "value": value} for label, value in each.choices],
                "free": each.free,
            }
            for each in onboarding.quiz()
        ]
    }
