"""The two seams to models: one that chats and one that embeds.

Nothing here knows whether the model is local or remote, nor what it is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ipse.types import Message

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reply:
    """A generated message. `confidence` is the least token probability, where the model tells it, or its share among
    several drafts where they were weighed."""

    text: str
    confidence: float | None = None


class ChatModel(Protocol):
    name: str

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        """One reply a prompt, in order. Greedy unless the implementation says otherwise."""
        ...


class Embedder(Protocol):
    name: str
    dims: int

    def __hash__(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dims); the same text always gives the same vector."""
        ...
