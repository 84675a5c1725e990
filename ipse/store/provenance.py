"""What rests on what: one edge a reference, and the walk along them.

Knows ids and nothing of what they name. An edge outlives its rows while an adapter was trained
on them: weights still hold a sentence when the fact made of it has long been rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.dialects.sqlite import insert

from ipse.store.database import Database
from ipse.store.schema import rests_on


class Derived(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def refs(self) -> tuple[str, ...]: ...


_DESCENDANTS = text(
    """
    WITH RECURSIVE found(id) AS (
        SELECT :ref
        UNION
        SELECT rests_on.child FROM found JOIN rests_on ON rests_on.parent = found.id
        WHERE rests_on.person_id = :person
        UNION
        SELECT chunks.id FROM found JOIN chunks ON chunks.turn_id = found.id
        WHERE chunks.person_id = :person
        UNION
        SELECT turns.id FROM found JOIN turns ON turns.source_id = found.id
        WHERE turns.person_id = :person
    )
    SELECT id FROM found WHERE id <> :ref
    """
)

_DERIVED = (
    "facts",
    "entities",
    "relations",
    "topics",
    "biographies",
    "pairs",
    "preference_pairs",
    "adapters",
)
_LIVING = " UNION ".join(f"SELECT id FROM {table} WHERE person_id = :person" for table in _DERIVED)
_PRUNE = text(
    f"""
    DELETE FROM rests_on WHERE person_id = :person AND child NOT IN (
        WITH RECURSIVE held(id) AS (
            {_LIVING}
            UNION
            SELECT rests_on.parent FROM held JOIN rests_on ON rests_on.child = held.id
            WHERE rests_on.person_id = :person
        )
        SELECT id FROM held
    )
    """
)


def link(database: Database, person_id: str, derived: Iterable[Derived]) -> None:
    """Writes an edge from each noun to each of its refs."""
    edges = [{"person_id": person_id, "child": noun.id, "parent": ref} for noun in derived for ref in noun.refs]
    database.run(insert(rests_on).on_conflict_do_nothing(), edges)


def prune(database: Database, person_id: str) -> None:
    """Drops the edges of what is gone, unless something that is still there rests on it."""
    database.run(_PRUNE, [{"person": person_id}])


def descendants(database: Database, person_id: str, ref: str) -> set[str]:
    """Every id that rests on `ref`, over any number of steps; `ref` itself is not among them."""
    return {row["id"] for row in database.all(_DESCENDANTS, ref=ref, person=person_id)}
