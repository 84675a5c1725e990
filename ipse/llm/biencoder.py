"""Turns sentence vectors so that a question lies near the sentence that answers it.

Sentence vectors tell what means the same, and an answer doesn't mean what its question does: "What do I treasure most?"
and "The lantern is the red one from the yard". Two small networks, taught with lives and the questions about them
(`pretrain/biencoder.py`), turn a question's vector and a sentence's, which comes with those before and after it. What
is kept of a person are the plain vectors; nothing here knows a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from ipse.llm.crossencoder import READER
from ipse.llm.protocol import Vectors

NEAR = "near.safetensors"


class BiEncoder:
    """Loaded on first use. Works on the vectors of one embedder, the one it was taught with."""

    def __init__(self, weights: Path) -> None:
        self.weights = weights

    @cached_property
    def _loaded(self) -> Mapping[str, Vectors]:
        from safetensors.numpy import load_file

        return {name: value.astype(np.float32) for name, value in load_file(self.weights).items()}

    def asked(self, questions: Vectors) -> Vectors:
        """Unit vectors of questions without the person's name, turned; shape (questions, dims)."""
        return _unit(questions + self._layers("asked", questions))

    def told(self, own: Vectors, before: Vectors, after: Vectors, by_others: Vectors) -> Vectors:
        """Unit vectors of sentences, turned; shape (sentences, dims).

        `before` and `after` are the neighbours', or its own where it has none; `by_others` is 1 for what another said
        and 0 for what the person did, shape (sentences,).
        """
        mixed = np.stack([own, before, after], axis=-1) @ self._loaded["mix"]
        beside = np.concatenate([own, before, after, by_others[:, None]], axis=1)
        return _unit(mixed + self._layers("told", beside))

    def _layers(self, which: str, rows: Vectors) -> Vectors:
        names = ("0.weight", "0.bias", "3.weight", "3.bias")
        first, bias, second, added = (self._loaded[f"{which}.{name}"] for name in names)
        hidden = np.maximum(rows @ first.T + bias, 0)
        turned: Vectors = hidden @ second.T + added
        return turned


def _unit(rows: Vectors) -> Vectors:
    found: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


@cache
def default_biencoder() -> BiEncoder:
    """The one that ships with ipse."""
    return BiEncoder(READER / NEAR)
