"""L1 in rows: the ledger and what is made of it, and the corrections that outlive a rebuild.

A version is written as a whole and takes the last one's place: old sentences are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Column
from sqlalchemy.dialects.sqlite import insert

from ipse.store import provenance, schema
from ipse.store.rows import PersonRows
from ipse.types import Biography, Entity, Fact, Failure, Relation, Topic

LAYER = "words"
_TABLES = (
    schema.facts,
    schema.entities,
    schema.relations,
    schema.topics,
    schema.biographies,
    schema.failures,
)


class WordsRows(PersonRows):
    def facts(self, *, include_superseded: bool = False) -> list[Fact]:
        wanted = [] if include_superseded else [schema.facts.c.status == "active"]
        return self._select(schema.facts, Fact, *wanted)

    def entities(self) -> list[Entity]:
        return self._select(schema.entities, Entity)

    def relations(self) -> list[Relation]:
        return self._select(schema.relations, Relation)

    def topics(self) -> list[Topic]:
        return self._select(schema.topics, Topic)

    def biography(self) -> Biography | None:
        return next(iter(self._select(schema.biographies, Biography)), None)

    def failures(self) -> list[Failure]:
        return self._select(schema.failures, Failure)

    def words_version(self) -> tuple[int, str] | None:
        """(number, content hash) of the current L1 version."""
        return self._version(LAYER)

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
        biographies = [] if biography is None else [biography]
        layers = (facts, entities, relations, topics, biographies, failures)
        with self.database.transaction():
            if sum(self._delete(table) for table in _TABLES):
                self.database.leave_nothing_behind()
            provenance.prune(self.database, self.person.id)
            for table, nouns in zip(_TABLES, layers, strict=True):
                self._insert(table, nouns)
            for derived in (facts, entities, relations, topics, biographies):
                provenance.link(self.database, self.person.id, derived)
            return self._next_version(LAYER, version)

    def private_topics(self) -> list[str]:
        return self._column(schema.private_topics.c.text)

    def add_private_topic(self, text: str) -> None:
        self._keep(schema.private_topics.c.text, [text])

    def remove_private_topic(self, text: str) -> None:
        self._delete(schema.private_topics, schema.private_topics.c.text == text)

    def corrections(self) -> dict[str, str]:
        """fact id -> corrected statement"""
        statements = self._column(schema.corrections.c.statement)
        return dict(zip(self._column(schema.corrections.c.fact_id), statements, strict=True))

    def put_correction(self, fact_id: str, statement: str) -> None:
        self._put(schema.corrections, "fact_id", [{"fact_id": fact_id, "statement": statement}])

    def remove_correction(self, fact_id: str) -> None:
        """For `forget`: a correction may say again what has to go."""
        with self.database.transaction():
            self._delete(schema.corrections, schema.corrections.c.fact_id == fact_id)
            self.database.leave_nothing_behind()

    def forgotten(self) -> list[str]:
        """sha256 of each chunk's text that must never come back."""
        return self._column(schema.forgotten.c.sha256)

    def put_forgotten(self, hashes: Iterable[str]) -> None:
        self._keep(schema.forgotten.c.sha256, hashes)

    def _keep(self, column: Column[str], values: Iterable[str]) -> None:
        statement = insert(column.table).on_conflict_do_nothing()
        self.database.run(statement, [{"person_id": self.person.id, column.name: value} for value in values])
