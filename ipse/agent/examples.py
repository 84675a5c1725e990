"""Vectors of the example sentences that the TOML files hold, computed once an embedder.

Knows neither what the examples are of nor what is compared with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ipse.llm.protocol import Embedder, Vectors

_computed: dict[tuple[str, int, tuple[str, ...]], Vectors] = {}


def vectors_of(examples: Sequence[str], embedder: Embedder) -> Vectors:
    """Unit vectors of the examples, shape (examples, dims); for each embedder name and text computed once."""
    key = (embedder.name, embedder.dims, tuple(examples))
    if key not in _computed:
        _computed[key] = embedder.embed(examples)
    return _computed[key]


def nearness(vectors: Vectors, examples: Sequence[str], embedder: Embedder) -> Vectors:
    """Cosine of each vector with its nearest example, shape (vectors,)."""
    best: Vectors = cosines(vectors, examples, embedder).max(axis=1)
    return best


def cosines(vectors: Vectors, examples: Sequence[str], embedder: Embedder) -> Vectors:
    """Cosine of each vector with each example, shape (vectors, examples)."""
    found: Vectors = vectors.dot(vectors_of(examples, embedder).T)
    return found
