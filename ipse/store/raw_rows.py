"""L0 in rows: sources, turns, chunks, their vectors and their words.

Knows how they are kept and searched, not how they were read or what they mean.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, insert, select, text

from ipse.errors import StoreError
from ipse.store import erase
from ipse.store.rows import PersonRows, among
from ipse.store.schema import chunks, sources, turns, vectors
from ipse.types import Chunk, Source, Turn

Vectors = npt.NDArray[np.float32]

MOST_WORDS = 64
"""Of a longer query the first different words are searched for; the rest hardly changes the order."""

_SEARCH = text(
    """
    SELECT chunks.id, -bm25(chunk_words) AS score
    FROM chunk_words JOIN chunks ON chunks.position = chunk_words.rowid
    WHERE chunk_words MATCH :words AND chunks.person_id = :person
    ORDER BY score DESC, chunks.position LIMIT :limit
    """
)


def any_of(query: str) -> str:
    """The query as FTS5 takes it: every word quoted, so that none is an operator, and OR-ed."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", query).casefold())
    return " OR ".join(f'"{word}"' for word in list(dict.fromkeys(words))[:MOST_WORDS])


class RawRows(PersonRows):
    _matrix: tuple[tuple[int, int], list[str], Vectors] | None = None

    def sources(self) -> list[Source]:
        return self._select(sources, Source)

    def turns(self, source_id: str | None = None) -> list[Turn]:
        return self._select(turns, Turn, *([] if source_id is None else [turns.c.source_id == source_id]))

    def chunks(self, ids: Iterable[str] | None = None) -> list[Chunk]:
        return self._select(chunks, Chunk, *([] if ids is None else [among(chunks.c.id, ids)]))

    def put_source(self, source: Source, turns_: Sequence[Turn], chunks_: Sequence[Chunk], vectors_: Vectors) -> None:
        """Adds a source with all it holds, in place of an earlier one with the same path.

        `vectors_` has shape (len(chunks_), dims). Raises StoreError when it hasn't, or when
        `dims` is not that of the vectors already there.
        """
        if len(vectors_) != len(chunks_):
            raise StoreError(f"{source.path}: {len(chunks_)} chunks came with {len(vectors_)} vectors")
        rows = [
            {"person_id": self.person.id, "chunk_id": chunk.id, "vector": vector.tobytes()}
            for chunk, vector in zip(chunks_, np.asarray(vectors_, dtype="<f4"), strict=True)
        ]
        with self.database.transaction():
            self._delete(sources, sources.c.path == source.path)
            self._insert(sources, [source])
            self._insert(turns, turns_)
            self._insert(chunks, chunks_)
            self.database.run(insert(vectors), rows)
            self._check_dims(source)

    def _check_dims(self, source: Source) -> None:
        query = select(func.length(vectors.c.vector).label("size")).where(self._mine(vectors)).distinct()
        sizes = sorted(row["size"] // 4 for row in self.database.all(query))
        if len(sizes) > 1:
            raise StoreError(
                f"{source.path}: its vectors don't have the size of those already kept ({sizes}). "
                "Use the embedder the other files were added with, or start a new home with this one."
            )

    def delete_source(self, source_id: str) -> None:
        """Turns, chunks, vectors and indexed words go with it."""
        with self.database.transaction():
            self._delete(sources, sources.c.id == source_id)
            self.database.leave_nothing_behind()

    def delete_chunks(self, chunk_ids: Iterable[str]) -> None:
        """Removes single chunks and blanks their words in their turns."""
        with self.database.transaction():
            going = self.chunks(chunk_ids)
            self._blank(going)
            self._delete(chunks, among(chunks.c.id, [chunk.id for chunk in going]))
            self.database.leave_nothing_behind()

    def _blank(self, going: Sequence[Chunk]) -> None:
        by_turn: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in going:
            by_turn[chunk.turn_id].append(chunk)
        for turn in self._select(turns, Turn, among(turns.c.id, by_turn)):
            self._update(turns, turns.c.id == turn.id, text=erase.blank(turn, by_turn[turn.id]))

    def vectors(self) -> tuple[list[str], Vectors]:
        """All chunk ids and their unit vectors, shape (chunks, dims); not to be written to.

        Kept in memory until this or another process changes the file.
        """
        stamp = self.database.stamp()
        if self._matrix is None or self._matrix[0] != stamp:
            self._matrix = (stamp, *self._read_vectors())
        return list(self._matrix[1]), self._matrix[2]

    def _read_vectors(self) -> tuple[list[str], Vectors]:
        query = select(vectors.c.chunk_id, vectors.c.vector).where(self._mine(vectors)).order_by(vectors.c.position)
        rows = self.database.all(query)
        if not rows:
            return [], np.zeros((0, 0), dtype=np.float32)
        joined = b"".join(row["vector"] for row in rows)
        matrix = np.frombuffer(joined, dtype="<f4").reshape(len(rows), -1).astype(np.float32, copy=False)
        matrix.flags.writeable = False
        return [row["chunk_id"] for row in rows], matrix

    def search_text(self, query: str, limit: int) -> list[tuple[str, float]]:
        """BM25 over chunks: (chunk id, score), best first, larger is better. Takes any text."""
        words = any_of(query)
        if not words or limit < 1:
            return []
        rows = self.database.all(_SEARCH, words=words, person=self.person.id, limit=limit)
        return [(row["id"], row["score"]) for row in rows]
