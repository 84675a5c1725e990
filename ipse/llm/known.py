"""An embedder that looks up the texts whose vectors are kept already. Computes nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ipse.llm.protocol import Embedder, Vectors


class KnownTexts:
    """`embedder`, but for `texts`, whose `vectors` it made earlier, row by row."""

    def __init__(self, embedder: Embedder, texts: Sequence[str], vectors: Vectors) -> None:
        self.name, self.dims = embedder.name, embedder.dims
        self._embedder = embedder
        self._vectors = vectors
        self._rows = {text: row for row, text in enumerate(texts)}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dims)."""
        new = sorted(set(texts) - self._rows.keys())
        computed = dict(zip(new, self._embedder.embed(new), strict=True))
        found = [self._vectors[self._rows[t]] if t in self._rows else computed[t] for t in texts]
        return np.stack(found) if found else self._embedder.embed([])
