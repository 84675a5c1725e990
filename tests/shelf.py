"""What the tests of store, search and adding share: a small embedder and ready-made nouns."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.types import Chunk, Fact, Person, Role, Source, Turn, new_id

MAYA = Person("Maya Okafor", aliases=("maya@posteo.example",))
JUN = Person("Jun Tanaka")
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def clock() -> datetime:
    return NOON


class WordEmbedder:
    """Every word has a direction of its own, so texts are alike as far as they share words."""

    name = "words"
    dims = 64

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.seen += texts
        vectors = np.stack([self._sum(text) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def _sum(self, text: str) -> npt.NDArray[np.float64]:
        words = re.findall(r"\w+", text.casefold()) or [""]
        seeds = [int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:4]) for word in words]
        return np.sum([np.random.default_rng(seed).normal(size=self.dims) for seed in seeds], axis=0)


def home_of(folder: Path, *people: Person) -> Path:
    home = folder / "home"
    for person in people or (MAYA,):
        create_person(home, person)
    return home


def store_of(folder: Path) -> SqliteStore:
    return open_store(home_of(folder))


def source_of(
    path: str, sentences: Sequence[str], roles: Sequence[Role] = ()
) -> tuple[Source, list[Turn], list[Chunk], npt.NDArray[np.float32]]:
    """A source with one turn a sentence and one chunk a turn."""
    sha256 = hashlib.sha256("\n".join(sentences).encode()).hexdigest()
    source = Source(new_id("source", path, sha256), path, "text", sha256, NOON)
    turns, chunks, start = [], [], 0
    for number, sentence in enumerate(sentences):
        role = roles[number] if roles else "self"
        end = start + len(sentence)
        turn = Turn(
            new_id("turn", sha256, number),
            source.id,
            MAYA.name,
            role,
            sentence,
            NOON,
            f"line {number}",
            start,
            end,
        )
        chunk_id = new_id("chunk", turn.id)
        turns.append(turn)
        chunks.append(Chunk(chunk_id, source.id, turn.id, role, MAYA.name, sentence, NOON, start, end, number))
        start = end + 1
    return source, turns, chunks, WordEmbedder().embed(sentences)


def fact_of(statement: str, *refs: str) -> Fact:
    return Fact(new_id("fact", statement), statement, refs)


def bytes_of(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file())
