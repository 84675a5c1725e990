"""Which of the person's sentences, and of what others told them, speak to a question.

Sentences are ranked by meaning, with what stands beside them: "she is from 1987" is found through
the sentence before it that names the oven. Each piece of evidence knows whom it is about, so that
an answer never gives another's fact as the person's own. Nothing is answered here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ipse.keyphrases import content_words, stem
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.store.protocol import Store
from ipse.teacher.subject import RELATIONS, subject_of
from ipse.types import Chunk, Person

OWN, BEFORE, AFTER, SHARED = 0.55, 0.30, 0.15, 0.03
"""Weights of a sentence's own meaning, of its neighbours', and of each rare word it shares with the question."""

_SAYS_I = re.compile(r"\bI(?:'m|'ve|'d|'ll)?\b")
_SPEAKS_OF_SELF = re.compile(r"\b(?:I|I'm|I've|I'll|my|me)\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, how well it speaks to the question (about 0 to 1), and whom it is about."""

    chunk: Chunk
    score: float
    subject: str


class Library:
    """All chunks of a person with their vectors, ready to be searched many times."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.person: Person = store.person
        self.embedder = embedder
        self.chunks = store.chunks()
        ids, vectors = store.vectors()
        place = {chunk_id: i for i, chunk_id in enumerate(ids)}
        rows = [place[c.id] for c in self.chunks]
        self.vectors: Vectors = vectors[rows] if rows else np.zeros((0, embedder.dims), np.float32)
        self.subjects = _subjects(self.chunks, self.person)
        self.stems = [frozenset(stem(w) for w in content_words(c.text)) for c in self.chunks]
        self._frequency = {s: sum(s in stems for stems in self.stems) for stems in self.stems for s in stems}

    def search(self, question: str, limit: int = 6, *, own_only: bool = False) -> list[Evidence]:
        """Best first; assistants' replies are never evidence about the person."""
        if not self.chunks:
            return []
        asked = self.embedder.embed([question, neutral(question, self.person.names)]).mean(0)
        plain = self.vectors @ (asked / np.linalg.norm(asked))
        scores = OWN * plain + BEFORE * self._beside(plain, -1) + AFTER * self._beside(plain, 1)
        wanted = {stem(w) for w in content_words(question)} - {stem(w) for n in self.person.names for w in n.split()}
        for i, stems in enumerate(self.stems):
            rare = [s for s in stems & wanted if self._frequency[s] <= max(3, len(self.chunks) // 30)]
            scores[i] += SHARED * min(2, len(rare))
        roles = {"self"} if own_only else {"self", "other"}
        order = [i for i in np.argsort(-scores, kind="stable") if self.chunks[i].role in roles][:limit]
        return [Evidence(self.chunks[i], float(scores[i]), self.subjects[i]) for i in order]

    def _beside(self, plain: np.ndarray, step: int) -> np.ndarray:
        """Each chunk's neighbour's similarity, or its own where the neighbour is another source's."""
        beside = plain.copy()
        for i, chunk in enumerate(self.chunks):
            j = i + step
            if 0 <= j < len(self.chunks) and self.chunks[j].source_id == chunk.source_id:
                beside[i] = plain[j]
        return beside


def _subjects(chunks: Sequence[Chunk], person: Person) -> list[str]:
    """Whom each chunk is about; "he" and "she" go back within a turn."""
    found: list[str] = []
    for i, chunk in enumerate(chunks):
        before = found[i - 1] if i and chunks[i - 1].turn_id == chunk.turn_id else "self"
        subject = subject_of(chunk.text, before, person.names)
        if chunk.role == "self" and subject != "self" and _SAYS_I.search(chunk.text):
            subject = "self"
        if chunk.role == "other" and subject == "self" and _SPEAKS_OF_SELF.search(chunk.text):
            subject = chunk.speaker
        found.append(subject)
    return found


def asks_about_other(question: str, person: Person) -> bool:
    """Whether the question itself is about somebody in the person's life ("my son", "Jonas")."""
    bare = neutral(question, person.names).replace("this person", " ")
    words = re.findall(r"[\w'-]+", bare)
    if any(w.casefold().removesuffix("'s") in RELATIONS for w in words):
        return True
    return any(w[0].isupper() and w != "I" and not w.startswith("I'") for w in words[1:])
