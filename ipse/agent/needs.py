"""What a request of some sort needs to know of a person: a dinner their diet, a journey their car.

`needs.toml` holds a dozen such needs with examples; a request and a fact are matched to them by words
and by meaning. Knows no person and no ledger.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from ipse.agent.examples import nearness
from ipse.agent.sentences import plain
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral

NEAR_REQUEST, CLEAR_REQUEST, NEAR_FACT = 0.45, 0.6, 0.3
"""Least cosine of a request with a need's requests (the second where a word names another need), and of a
fact with the need's facts."""
MOST = 3
"""Needs that one request can have."""


@dataclass(frozen=True, slots=True)
class Need:
    """One sort of request and the facts it calls for."""

    id: str
    requests: tuple[str, ...]
    words: re.Pattern[str]
    facts: tuple[str, ...]
    shows: re.Pattern[str]


@cache
def needs() -> tuple[Need, ...]:
    text = (files("ipse.agent") / "needs.toml").read_text(encoding="utf-8")
    return tuple(
        Need(
            e["id"], tuple(e["requests"]), re.compile(e["words"], re.I), tuple(e["facts"]), re.compile(e["shows"], re.I)
        )
        for e in tomllib.loads(text)["need"]
    )


def needs_of(request: str, vector: Vectors, embedder: Embedder) -> dict[str, float]:
    """need id -> how much the request has it, in (0, 1]; `vector` is the request's, shape (dims,)."""
    line = plain(request)
    found: dict[str, float] = {}
    for need in needs():
        cosine = float(nearness(vector[None, :], [neutral(r) for r in need.requests], embedder)[0])
        named = need.words.search(line) is not None
        if named or cosine >= NEAR_REQUEST:
            found[need.id] = min(1.0, max(cosine, 0.0) + (0.35 if named else 0.0))
    if any(need.words.search(line) for need in needs()):
        found = {each: much for each, much in found.items() if much >= CLEAR_REQUEST or _named(each, line)}
    strongest = sorted(found, key=lambda each: -found[each])[:MOST]
    return {each: found[each] for each in strongest}


def _named(need_id: str, line: str) -> bool:
    return any(need.id == need_id and need.words.search(line) for need in needs())


def served(texts: Sequence[str], wanted: dict[str, float], embedder: Embedder) -> Vectors:
    """How well each text serves the needs, in [0, 1], shape (texts,).

    Compared in the first person: "this person" in every sentence would make all of them alike.
    """
    best = np.zeros(len(texts), dtype=np.float32)
    if not wanted or not texts:
        return best
    lines = [plain(text) for text in texts]
    vectors = embedder.embed(lines)
    for need in needs():
        if need.id not in wanted:
            continue
        cosines = nearness(vectors, need.facts, embedder)
        shown = np.array([need.shows.search(line) is not None for line in lines], dtype=np.float32)
        fit = np.where((cosines >= NEAR_FACT) | (shown > 0), np.clip(cosines, 0, 1) + 0.2 * shown, 0.0)
        best = np.maximum(best, np.minimum(fit, 1.0) * wanted[need.id])
    return best
