"""What a question means, as one soft token: its sentence vector, projected to the base's width.

A base this small knows too little English to see that two wordings ask the same; the sentence
model does. The token holds the question and nothing about the person: facts live in the LoRA.
Both perspectives are made to look alike before embedding ("Where do I live?" and "Where does
Maya live?" become "Where does this person live?"), so what is learnt in one serves the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ipse.types import Person
from ipse.voice import third

if TYPE_CHECKING:
    import torch

_SOMEONE = Person(name="this person")
_FIRST = re.compile(r"\b(?:I|i|my|My|me|mine|I['’]\w+)\b")


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    words = sorted(
        {n for name in names for n in (name, *name.split()[:1]) if n.strip() and "@" not in n}, key=len, reverse=True
    )
    return re.compile(r"\b(?:" + "|".join(map(re.escape, words)) + r")\b") if words else None


def names_person(text: str, names: Sequence[str]) -> bool:
    """Whether one of the names, or the first word of one, stands in the text."""
    pattern = _pattern(tuple(names))
    return pattern is not None and pattern.search(text) is not None


def neutral(text: str, names: Sequence[str] = ()) -> str:
    """The text with the person in the third person and without their name."""
    pattern = _pattern(tuple(names))
    if pattern is not None and pattern.search(text):
        return pattern.sub("this person", text)
    if _FIRST.search(text):
        return third(text, _SOMEONE, name="this person")
    return text


class Projector:
    """Sentence vector (dims) -> token embedding (width); two linear layers with a GELU between."""

    def __init__(self, dims: int, width: int) -> None:
        from torch import nn

        self.module = nn.Sequential(nn.Linear(dims, width), nn.GELU(), nn.Linear(width, width))

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        projected: torch.Tensor = self.module(vectors)
        return projected

    def save(self, path: Path) -> None:
        from safetensors.torch import save_file

        save_file({k: v.contiguous().half() for k, v in self.module.state_dict().items()}, path)

    @classmethod
    def load(cls, path: Path) -> Projector:
        from safetensors.torch import load_file

        state = load_file(path)
        width, dims = state["0.weight"].shape
        projector = cls(dims, width)
        projector.module.load_state_dict({k: v.float() for k, v in state.items()})
        projector.module.requires_grad_(False)
        return projector
