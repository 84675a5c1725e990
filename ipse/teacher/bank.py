"""Questions people ask about themselves, and which of them a sentence answers.

The grammar's questions and those of the notes that the encoders were trained on, in the first person. A
sentence nobody recognised is given the questions that lie nearest to it and that a reader finds
answered by it: so it is taught in words that somebody would really ask. Knows no facts and no person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from ipse.llm.crossencoder import ME, CrossEncoder, Line, Window
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.teacher.grammar import attributes

ANSWERED = 0.0
"""Least log-odds of the reader for a question to be taught with a sentence."""
BESIDE = 0.3
"""Weight of a neighbouring sentence beside the sentence's own meaning."""
TRIED = 10
"""Nearest questions that are read against a sentence."""


@cache
def questions() -> tuple[str, ...]:
    """All of them, in the first person."""
    written = (files("ipse.teacher") / "questions.txt").read_text(encoding="utf-8").splitlines()
    return tuple(dict.fromkeys([q for a in attributes().values() for q in a.questions] + written))


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence with those said just before and after it."""

    text: str
    before: str = ""
    after: str = ""


class QuestionBank:
    """The questions with their vectors, and the reader that checks them."""

    def __init__(self, embedder: Embedder, reader: CrossEncoder, vectors: Vectors | None = None) -> None:
        self.embedder = embedder
        self.reader = reader
        self.questions = questions()
        self._asked = [neutral(q) for q in self.questions]
        fitting = vectors is not None and len(vectors) == len(self.questions)
        self.vectors = vectors if vectors is not None and fitting else embedder.embed(self._asked)

    def answered_by(self, told: Sequence[Told], names: Sequence[str]) -> list[list[str]]:
        """For each sentence the questions it answers, the likeliest first."""
        if not told:
            return []
        nearest = self._nearest(told, names)
        windows = [_window(self._asked[q], t) for t, near in zip(told, nearest, strict=True) for q in near]
        readings = iter(self.reader.read(windows))
        found: list[list[str]] = []
        for t, near in zip(told, nearest, strict=True):
            own = 1 if t.before else 0
            odds = {q: _odds(next(readings).scores, own) for q in near}
            best = sorted((q for q in near if odds[q] >= ANSWERED), key=lambda q: (-odds[q], q))
            found.append([self.questions[q] for q in best])
        return found

    def _nearest(self, told: Sequence[Told], names: Sequence[str]) -> list[list[int]]:
        vectors = self.embedder.embed([neutral(t.text, names) for t in told])
        for which in ("before", "after"):
            beside = [neutral(getattr(t, which) or t.text, names) for t in told]
            vectors = vectors + BESIDE * self.embedder.embed(beside)
        order = np.argsort(-(vectors @ self.vectors.T), axis=1, kind="stable")[:, :TRIED]
        return [[int(i) for i in row] for row in order]


def _window(asked: str, told: Told) -> Window:
    return Window(asked, tuple(Line(ME, text) for text in (told.before, told.text, told.after) if text))


def _odds(scores: Sequence[float], own: int) -> float:
    """The sentence's, or none where a neighbour answers better."""
    return scores[own] if scores[own] == max(scores) else -np.inf


@lru_cache(maxsize=4)
def load_bank(embedder: Embedder, reader: CrossEncoder) -> QuestionBank:
    """The bank, with its vectors read from the package if they were made for these very questions and embedder."""
    path = files("ipse.teacher") / "grammar" / f"questions-{_hash(embedder)}.npy"
    if not path.is_file():
        return QuestionBank(embedder, reader)
    with path.open("rb") as handle:
        return QuestionBank(embedder, reader, np.load(handle).astype(np.float32))


def _hash(embedder: Embedder) -> str:
    text = "\n".join(questions())
    return hashlib.sha256(f"{embedder.name}\n{text}".encode()).hexdigest()[:16]


def write_vectors(embedder: Embedder, reader: CrossEncoder) -> Path:
    """Puts the vectors beside the grammar, in place of older ones: `python -m ipse.teacher.bank`."""
    folder = Path(__file__).parent / "grammar"
    for old in folder.glob("questions-*.npy"):
        old.unlink()
    path = folder / f"questions-{_hash(embedder)}.npy"
    np.save(path, QuestionBank(embedder, reader).vectors.astype(np.float16))
    return path


if __name__ == "__main__":
    from ipse.llm.crossencoder import default_crossencoder
    from ipse.llm.minilm import default_embedder

    print(write_vectors(default_embedder(), default_crossencoder()))
