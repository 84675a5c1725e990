"""Chunks in, vectors out: what makes them findable by meaning. Knows no store.

The words they are found by need no stage of their own: the store indexes them as it writes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ipse.errors import LLMError
from ipse.llm.protocol import Embedder
from ipse.types import Chunk

Vectors = npt.NDArray[np.float32]

BATCH = 256
"""Texts handed to the embedder at once: a request's worth for a remote one."""


def index(chunks: Sequence[Chunk], embedder: Embedder) -> Vectors:
    """Unit vectors of the chunks' texts, shape (len(chunks), embedder.dims).

    Raises LLMError when the embedder answers in another shape, and whatever it raises itself.
    """
    texts = [chunk.text for chunk in chunks]
    batches = [embedder.embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    if not batches:
        return np.zeros((0, embedder.dims), dtype=np.float32)
    vectors = np.concatenate(batches)
    if vectors.shape != (len(texts), embedder.dims):
        raise LLMError(
            f"the embedder {embedder.name} gave vectors of shape {vectors.shape} for {len(texts)} texts; "
            f"{(len(texts), embedder.dims)} was expected. Check which model it serves."
        )
    return vectors
