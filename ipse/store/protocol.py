"""What the layers ask of a store. SQLite answers first; PostgreSQL can answer the same calls.

Every call but `people` is scoped by person: a store object is opened for one person and can't
see another's rows. Writes inside `with store.transaction():` are all kept or all undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ipse.types import (
    Adapter,
    AdapterStatus,
    Biography,
    Chunk,
    Entity,
    Fact,
    Failure,
    Pair,
    Person,
    PreferencePair,
    Receipt,
    Relation,
    Source,
    Topic,
    Turn,
)

Vectors = npt.NDArray[np.float32]


class Store(Protocol):
    """One person's rows. All lists come in a stable order (the order they were written)."""

    person: Person

    def transaction(self) -> AbstractContextManager[None]: ...

    # raw (L0)
    def sources(self) -> list[Source]: ...
    def put_source(self, source: Source, turns: Sequence[Turn], chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Adds a source with all it holds, in place of an earlier one with the same path."""
        ...

    def delete_source(self, source_id: str) -> None:
        """Removes a source, its turns, chunks and vectors; derived rows are the caller's to rebuild."""
        ...

    def delete_chunks(self, chunk_ids: Iterable[str]) -> None:
        """Removes single chunks and blanks the same span in their turns."""
        ...

    def turns(self, source_id: str | None = None) -> list[Turn]: ...
    def chunks(self, ids: Iterable[str] | None = None) -> list[Chunk]: ...
    def vectors(self) -> tuple[list[str], Vectors]:
        """All chunk ids and their unit vectors, shape (chunks, dims)."""
        ...

    def search_text(self, query: str, limit: int) -> list[tuple[str, float]]:
        """BM25 over chunks: (chunk id, score), best first, larger is better."""
        ...

    # words (L1)
    def facts(self, *, include_superseded: bool = False) -> list[Fact]: ...
    def put_words(
        self,
        version: str,
        facts: Sequence[Fact],
        entities: Sequence[Entity],
        relations: Sequence[Relation],
        topics: Sequence[Topic],
        biography: Biography | None,
        failures: Sequence[Failure],
    ) -> int:
        """Writes a new numbered L1 version as a whole and makes it the current one; its number."""
        ...

    def words_version(self) -> tuple[int, str] | None:
        """(number, content hash) of the current L1 version."""
        ...

    def entities(self) -> list[Entity]: ...
    def relations(self) -> list[Relation]: ...
    def topics(self) -> list[Topic]: ...
    def biography(self) -> Biography | None: ...
    def failures(self) -> list[Failure]: ...

    # corrections that outlive a rebuild
    def private_topics(self) -> list[str]: ...
    def add_private_topic(self, text: str) -> None: ...
    def remove_private_topic(self, text: str) -> None: ...
    def corrections(self) -> dict[str, str]:
        """fact id -> corrected statement; applied again whenever the ledger is rebuilt."""
        ...

    def put_correction(self, fact_id: str, statement: str) -> None: ...
    def forgotten(self) -> list[str]:
        """Content hashes of chunks (`sha256(text)`) that must never come back from a re-added file."""
        ...

    def put_forgotten(self, hashes: Iterable[str]) -> None: ...

    # weights (L2)
    def pairs(self) -> list[Pair]: ...
    def preference_pairs(self) -> list[PreferencePair]: ...
    def put_pairs(self, version: str, pairs: Sequence[Pair], preferences: Sequence[PreferencePair]) -> None:
        """Replaces the training set; `version` is its content hash."""
        ...

    def pairs_version(self) -> str | None: ...
    def adapters(self) -> list[Adapter]: ...
    def put_adapter(self, adapter: Adapter) -> None:
        """Inserts or updates by id."""
        ...

    def set_adapter_status(self, adapter_id: str, status: AdapterStatus) -> None: ...
    def delete_adapter(self, adapter_id: str) -> None: ...

    # bookkeeping
    def put_receipt(self, receipt: Receipt) -> None: ...
    def receipts(self) -> list[Receipt]: ...
    def descendants(self, ref: str) -> set[str]:
        """Every id that rests on `ref`, over any number of steps (provenance forward)."""
        ...

    def folder(self) -> Path:
        """The person's own folder for adapters and training state."""
        ...
