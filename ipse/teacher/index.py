"""Finds the attribute a wording is about, by meaning: sentence vectors of the whole grammar.

The vectors for the embedder that ships with ipse lie beside the grammar; for another they are computed
when first needed. The index knows the grammar and an embedder, and no person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.teacher.grammar import Attribute, attributes


@dataclass(frozen=True, slots=True)
class Match:
    """An attribute and the cosine of its nearest wording."""

    attribute: Attribute
    similarity: float


class GrammarIndex:
    """Nearest attributes of questions and of statements."""

    def __init__(self, embedder: Embedder, vectors: Vectors | None = None) -> None:
        self.embedder = embedder
        self._attributes = list(attributes().values())
        questions = [(i, neutral(q)) for i, a in enumerate(self._attributes) for q in a.questions]
        statements = [
            (i, neutral(a.state(a.examples[k % len(a.examples)], s)))
            for i, a in enumerate(self._attributes)
            for k, s in enumerate((*a.statements, *a.statements[:3]))
        ]
        texts = [t for _, t in (*questions, *statements)]
        self.vectors = embedder.embed(texts) if vectors is None or len(vectors) != len(texts) else vectors
        self._question_owner = np.array([i for i, _ in questions])
        self._statement_owner = np.array([i for i, _ in statements])

    def of_questions(self, texts: Sequence[str], names: Sequence[str] = (), limit: int = 3) -> list[list[Match]]:
        return self._nearest(texts, names, self.vectors[: len(self._question_owner)], self._question_owner, limit)

    def of_statements(self, texts: Sequence[str], names: Sequence[str] = (), limit: int = 3) -> list[list[Match]]:
        vectors = self.vectors[len(self._question_owner) :]
        return self._nearest(texts, names, vectors, self._statement_owner, limit)

    def _nearest(
        self, texts: Sequence[str], names: Sequence[str], vectors: Vectors, owner: np.ndarray, limit: int
    ) -> list[list[Match]]:
        if not texts:
            return []
        scores = self.embedder.embed([neutral(t, names) for t in texts]) @ vectors.T
        best = np.full((len(texts), len(self._attributes)), -1.0, dtype=np.float32)
        np.maximum.at(best.T, owner, scores.T)
        order = np.argsort(-best, axis=1)[:, :limit]
        return [[Match(self._attributes[i], float(row[i])) for i in top] for row, top in zip(best, order, strict=True)]


def grammar_hash(embedder: Embedder) -> str:
    text = "\n".join(repr(a) for a in attributes().values())
    return hashlib.sha256(f"{embedder.name}\n{text}".encode()).hexdigest()[:16]


@lru_cache(maxsize=4)
def load_index(embedder: Embedder) -> GrammarIndex:
    """The index, with its vectors read from the package if they were made for this very grammar and embedder."""
    path = files("ipse.teacher") / "grammar" / f"vectors-{grammar_hash(embedder)}.npy"
    if not path.is_file():
        return GrammarIndex(embedder)
    with path.open("rb") as handle:
        return GrammarIndex(embedder, np.load(handle).astype(np.float32))


def write_vectors(embedder: Embedder) -> Path:
    """Puts the vectors beside the grammar, in place of older ones: `python -m ipse.teacher.index`."""
    folder = Path(__file__).parent / "grammar"
    for old in folder.glob("vectors-*.npy"):
        old.unlink()
    path = folder / f"vectors-{grammar_hash(embedder)}.npy"
    np.save(path, GrammarIndex(embedder).vectors.astype(np.float16))
    return path


if __name__ == "__main__":
    from ipse.llm.minilm import default_embedder

    print(write_vectors(default_embedder()))
