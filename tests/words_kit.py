"""Small pieces for the tests of words: an embedder that counts words, a teacher that reads wordings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from ipse.keyphrases import stems
from ipse.llm.protocol import Vectors
from ipse.teacher.extract import by_wording
from ipse.teacher.protocol import FactDraft, Judgement, Lesson
from ipse.types import Chunk, Fact, Failure, Passage, Person, Role, new_id

NORA = Person("Nora Winter", "she/her", ("nora@example.org",))


class Bag:
    """A text is the words it has: quick, exact and as deterministic as can be."""

    name = "bag"
    dims = 64

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dims), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in stems(text):
                vectors[row, hashlib.sha256(word.encode()).digest()[0] % self.dims] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


class Wordings:
    """A teacher that knows the grammar's own wordings for a city and keeps every sentence besides."""

    name = "wordings-1"

    def extract(self, passages: Iterable[Passage], person: Person) -> tuple[list[FactDraft], list[Failure]]:
        drafts: list[FactDraft] = []
        failures: list[Failure] = []
        for passage in passages:
            chunk = passage.chunk
            if "unreadable" in chunk.text:
                failures.append(Failure(chunk.id, f"nothing to be made of it for {person.short}"))
                continue
            cities = [pair for pair in by_wording(chunk.text) if pair[0].id == "home_city"]
            for attribute, value in cities:
                statement = attribute.state(value, attribute.statements[0])
                drafts.append(FactDraft(statement, chunk.id, attribute.kind, "self", attribute.id, value, at=chunk.at))
            drafts.append(FactDraft(chunk.text, chunk.id, at=chunk.at))
        return drafts, failures

    def lessons(self, facts: Sequence[Fact], person: Person) -> tuple[list[Lesson], list[Failure]]:
        return [], [Failure(fact.id, f"no lessons here for {person.short}") for fact in facts]

    def absent(self, facts: Sequence[Fact], person: Person, count: int, seed: int) -> list[Lesson]:
        return [Lesson(f"{person.short} {seed}?", "?", "self", "absence", f.id) for f in facts[:count]]

    def judge(self, question: str, answer: str, reference: str) -> Judgement:
        return Judgement(float(answer == reference), question)


def on(day: int, month: int = 1, year: int = 2025) -> datetime:
    return datetime(year, month, day, 9, 0, tzinfo=UTC)


def chunk(
    text: str, at: datetime | None = None, source: str = "diary", turn: str = "", role: Role = "self",
    speaker: str = "Nora Winter", start: int = 0, ordinal: int = 0,
) -> Chunk:  # fmt: skip
    turn_id = turn or new_id("turn", source, text, at)
    key = new_id("chunk", source, turn_id, text, at, start)
    return Chunk(key, source, turn_id, role, speaker, text, at, start, start + len(text), ordinal)


def paragraph(*sentences: str, at: datetime | None = None, turn: str = "turn_1") -> list[Chunk]:
    """Sentences of one turn, one space apart."""
    made: list[Chunk] = []
    start = 0
    for ordinal, sentence in enumerate(sentences):
        made.append(chunk(sentence, at, turn=turn, start=start, ordinal=ordinal))
        start += len(sentence) + 1
    return made


def by_id(chunks: Iterable[Chunk]) -> dict[str, Chunk]:
    return {each.id: each for each in chunks}
