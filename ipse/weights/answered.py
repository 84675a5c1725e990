"""Whether a question that is to be answered "I don't know" is one that the lessons do answer.

Two wordings count as one question when they are closer in meaning than any two questions about
different facts are to each other. So the measure comes from the lessons themselves and holds for
every embedder. With facts that are few or hard to tell apart it errs towards keeping: then only
equal questions count. Knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.types import Pair

ASKING = frozenset({"forward", "reverse", "update"})
"""Forms whose question asks for the fact; a "yes" or "no" one asks for a judgement."""

_FEWEST_FACTS = 20
"""Below that, how near different questions come to each other is chance."""
_ROWS = 512
_ROUNDING = 1e-5
"""Equal texts may differ by so much when they are embedded in different batches."""


def answered(denied: Sequence[Pair], told: Sequence[Pair], names: Sequence[str], embedder: Embedder) -> list[bool]:
    """For each of `denied`, whether a question of `told` asks the same; `names` are the person's."""
    topics = _topics(told, names)
    asked = [_key(pair, names) for pair in denied]
    if not topics or not asked:
        return [False] * len(denied)
    questions = sorted(topics)
    known = embedder.embed(questions)
    limit = _closest_apart(known, [topics[question] for question in questions])
    unique = sorted(set(asked))
    nearest = dict(zip(unique, _nearest(embedder.embed(unique), known), strict=True))
    return [question in topics or nearest[question] > limit for question in asked]


def _key(pair: Pair, names: Sequence[str]) -> str:
    return " ".join(neutral(pair.question, names).casefold().split())


def _topics(told: Sequence[Pair], names: Sequence[str]) -> dict[str, set[str]]:
    """Question -> the facts it asks for."""
    found: dict[str, set[str]] = {}
    for pair in told:
        if pair.form in ASKING:
            found.setdefault(_key(pair, names), set()).update(pair.refs)
    return found


def _closest_apart(vectors: Vectors, facts: Sequence[set[str]]) -> float:
    """The highest cosine between questions that share no fact; 1 where there are too few to tell."""
    ids = {fact: column for column, fact in enumerate(sorted(set().union(*facts)))}
    if len(ids) < _FEWEST_FACTS:
        return 1.0 + _ROUNDING
    cites = np.zeros((len(facts), len(ids)), dtype=np.float32)
    for row, cited in enumerate(facts):
        cites[row, [ids[fact] for fact in cited]] = 1
    highest = -1.0
    for start in range(0, len(vectors), _ROWS):
        part = slice(start, start + _ROWS)
        apart = cites[part] @ cites.T == 0
        if apart.any():
            highest = max(highest, float((vectors[part] @ vectors.T)[apart].max()))
    return (1.0 if highest == -1.0 else highest) + _ROUNDING


def _nearest(vectors: Vectors, known: Vectors) -> list[float]:
    return [
        float(value)
        for start in range(0, len(vectors), _ROWS)
        for value in (vectors[start : start + _ROWS] @ known.T).max(axis=1)
    ]
