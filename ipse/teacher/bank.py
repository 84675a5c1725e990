"""Questions people ask about themselves, and which of them a sentence answers.

The grammar's questions and those of the notes that the reader was trained on, in the first person. A
sentence nobody recognised is given the questions that lie nearest to it and that a reader finds
answered by it: so it is taught in words that somebody would really ask. Knows no facts and no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np

from ipse.llm.biencoder import default_biencoder
from ipse.llm.crossencoder import ME, CrossEncoder, Line, Window
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.teacher import kept
from ipse.teacher.grammar import attributes
from ipse.teacher.index import GrammarIndex, load_index

VECTORS = "questions"
"""What its kept vectors are called."""
ANSWERED = 0.0
"""Least log-odds of the reader for a question to be taught with a sentence."""
TRIED = 8
"""Nearest questions that are read against a sentence."""


@cache
def written() -> tuple[str, ...]:
    """Those that are not the grammar's."""
    return tuple((files("ipse.teacher") / "questions.txt").read_text(encoding="utf-8").splitlines())


@cache
def questions() -> tuple[str, ...]:
    """All of them, in the first person, the grammar's first."""
    return (*(q for a in attributes().values() for q in a.questions), *written())


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence with those said just before and after it."""

    text: str
    before: str = ""
    after: str = ""


class QuestionBank:
    """The questions with their vectors, and the reader that checks them."""

    def __init__(self, index: GrammarIndex, reader: CrossEncoder, vectors: Vectors | None = None) -> None:
        """`vectors` are those of the `written` questions; the grammar's stand in its index."""
        self.embedder = index.embedder
        self.reader = reader
        self.questions = questions()
        self._asked = [neutral(q) for q in self.questions]
        self.vectors = np.concatenate([index.questions, _embed(self.embedder) if vectors is None else vectors])
        self._turned = default_biencoder().asked(self.vectors)

    def answered_by(self, told: Sequence[Told]) -> list[list[str]]:
        """For each sentence the questions it answers, the likeliest first."""
        if not told:
            return []
        nearest = self._nearest(told)
        windows = [_window(self._asked[q], t) for t, near in zip(told, nearest, strict=True) for q in near]
        readings = iter(self.reader.read(windows))
        found: list[list[str]] = []
        for t, near in zip(told, nearest, strict=True):
            own = 1 if t.before else 0
            odds = {q: _odds(next(readings).scores, own) for q in near}
            best = sorted((q for q in near if odds[q] >= ANSWERED), key=lambda q: (-odds[q], q))
            found.append([self.questions[q] for q in best])
        return found

    def _nearest(self, told: Sequence[Told]) -> list[list[int]]:
        """The questions that lie nearest to where each sentence's do."""
        own, before, after = (
            self.embedder.embed([getattr(t, which) or t.text for t in told]) for which in ("text", "before", "after")
        )
        turned = default_biencoder().told(own, before, after, np.zeros(len(told), np.float32))
        order = np.argsort(-(turned @ self._turned.T), axis=1, kind="stable")[:, :TRIED]
        return [[int(i) for i in row] for row in order]


def _window(asked: str, told: Told) -> Window:
    return Window(asked, tuple(Line(ME, text) for text in (told.before, told.text, told.after) if text))


def _odds(scores: Sequence[float], own: int) -> float:
    """The sentence's, or none where a neighbour answers better."""
    return scores[own] if scores[own] == max(scores) else -np.inf


@lru_cache(maxsize=4)
def load_bank(embedder: Embedder, reader: CrossEncoder) -> QuestionBank:
    """The bank, with its vectors read from the package if they were made for these very questions and embedder."""
    return QuestionBank(load_index(embedder), reader, kept.read(VECTORS, key(embedder)))


def key(embedder: Embedder) -> str:
    return kept.key_of(embedder, "\n".join(written()))


def _embed(embedder: Embedder) -> Vectors:
    return embedder.embed([neutral(q) for q in written()])


if __name__ == "__main__":  # python -m ipse.teacher.bank writes the vectors anew
    from ipse.llm.minilm import default_embedder

    made_by = default_embedder()
    print(kept.write(VECTORS, key(made_by), _embed(made_by)))
