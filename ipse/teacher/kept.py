"""Sentence vectors kept beside the grammar: those of the embedder that ships with ipse, for the texts that do.

For other embedders, or changed texts, there are none and whoever asks computes them. Knows no grammar.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np

from ipse.llm.protocol import Embedder, Vectors


def key_of(embedder: Embedder, text: str) -> str:
    """Tells apart what the vectors were made of: by which embedder, from what text."""
    return hashlib.sha256(f"{embedder.name}\n{text}".encode()).hexdigest()[:16]


def read(kind: str, key: str) -> Vectors | None:
    """The vectors, or None if none were kept for this key."""
    path = files("ipse.teacher") / "grammar" / f"{kind}-{key}.npy"
    if not path.is_file():
        return None
    with path.open("rb") as handle:
        vectors: Vectors = np.load(handle).astype(np.float32)
    return vectors


def write(kind: str, key: str, vectors: Vectors) -> Path:
    """Puts them beside the grammar, in place of older ones of that kind."""
    folder = Path(__file__).parent / "grammar"
    for old in folder.glob(f"{kind}-*.npy"):
        old.unlink()
    path = folder / f"{kind}-{key}.npy"
    np.save(path, vectors.astype(np.float16))
    return path
