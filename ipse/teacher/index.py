"""Finds the attribute a wording is about, by meaning: sentence vectors of the whole grammar.

The vectors for the embedder that ships with ipse lie beside the grammar; for another they are computed
when first needed. The index knows the grammar and an embedder, and no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.teacher import kept
from ipse.teacher.grammar import Attribute, attributes

VECTORS = "vectors"
"""What its kept vectors are called."""


@dataclass(frozen=True, slots=True)
class Match:
    """An attribute and the cosine of its nearest wording, or the mean of some."""

    attribute: Attribute
    similarity: float


class GrammarIndex:
    """Nearest attributes of questions and of statements."""

    def __init__(self, embedder: Embedder, vectors: Vectors | None = None) -> None:
        self.embedder = embedder
        self._attributes = list(attributes().values())
        questions = [[neutral(q) for q in a.questions] for a in self._attributes]
        statements = [
            [
                neutral(a.state(a.examples[k % len(a.examples)], s))
                for k, s in enumerate((*a.statements, *a.statements[:3]))
            ]
            for a in self._attributes
        ]
        texts = [text for own in (*questions, *statements) for text in own]
        self.vectors = embedder.embed(texts) if vectors is None or len(vectors) != len(texts) else vectors
        self._question_ends = np.cumsum([len(own) for own in questions])
        self._statement_ends = np.cumsum([len(own) for own in statements])

    @property
    def questions(self) -> Vectors:
        """Vectors of all the grammar's questions, in its order, shape (questions, dims)."""
        return self.vectors[: self._question_ends[-1]]

    def of_questions(
        self, texts: Sequence[str], names: Sequence[str] = (), limit: int = 3, wordings: int = 1
    ) -> list[list[Match]]:
        """`wordings`: over how many of an attribute's nearest the cosine is the mean."""
        return self._nearest(texts, names, self.questions, self._question_ends, limit, wordings)

    def of_statements(self, texts: Sequence[str], names: Sequence[str] = (), limit: int = 3) -> list[list[Match]]:
        vectors = self.vectors[self._question_ends[-1] :]
        return self._nearest(texts, names, vectors, self._statement_ends, limit)

    def _nearest(
        self,
        texts: Sequence[str],
        names: Sequence[str],
        vectors: Vectors,
        ends: np.ndarray,
        limit: int,
        wordings: int = 1,
    ) -> list[list[Match]]:
        """`ends`: where in `vectors` each attribute's own end."""
        if not texts:
            return []
        scores = self.embedder.embed([neutral(t, names) for t in texts]) @ vectors.T
        own = [np.sort(part, axis=1)[:, -wordings:].mean(1) for part in np.split(scores, ends[:-1], axis=1)]
        best = np.stack(own, axis=1)
        order = np.argsort(-best, axis=1)[:, :limit]
        return [[Match(self._attributes[i], float(row[i])) for i in top] for row, top in zip(best, order, strict=True)]


def grammar_hash(embedder: Embedder) -> str:
    return kept.key_of(embedder, "\n".join(repr(a) for a in attributes().values()))


@lru_cache(maxsize=4)
def load_index(embedder: Embedder) -> GrammarIndex:
    """The index, with its vectors read from the package if they were made for this very grammar and embedder."""
    return GrammarIndex(embedder, kept.read(VECTORS, grammar_hash(embedder)))


if __name__ == "__main__":  # python -m ipse.teacher.index writes the vectors anew
    from ipse.llm.minilm import default_embedder

    made_by = default_embedder()
    print(kept.write(VECTORS, grammar_hash(made_by), GrammarIndex(made_by).vectors))
