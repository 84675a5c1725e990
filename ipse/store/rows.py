"""Rows of one person, as nouns. What each part of the store holds is built on this.

The only place that says `WHERE person_id = ...`: what goes through here can't reach another's rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Select, Table, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite

from ipse.store.database import Database
from ipse.store.schema import versions
from ipse.types import Person

Noun = TypeVar("Noun")


def fields_of(noun: Any) -> dict[str, Any]:
    """A noun's fields by name, one level deep (`dataclasses.asdict` would take messages apart)."""
    return {each.name: getattr(noun, each.name) for each in fields(noun)}


def among(column: Column[str], values: Iterable[str]) -> ColumnElement[bool]:
    """`column IN values`, for any number of values: they travel as one JSON parameter."""
    listed = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(listed.c.value))


# Statements are made once: making one costs more than running it.


def _names(noun: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(noun))


@cache
def _all_of(table: Table, names: tuple[str, ...]) -> Select[Any]:
    """A person's rows, as far as a noun with fields of these names knows their columns."""
    columns = [column for column in table.c if column.name in names]
    return select(*columns).where(table.c.person_id == bindparam("person"))


@cache
def _last_of(table: Table, names: tuple[str, ...]) -> Select[Any]:
    return _all_of(table, names).order_by(table.c.position.desc()).limit(1)


@cache
def upsert(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> sqlite.Insert:
    statement = sqlite.insert(table)
    changed = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


class PersonRows:
    """Selects, inserts and deletes, always of one person."""

    def __init__(self, database: Database, person: Person, home: Path) -> None:
        self.database = database
        self.person = person
        self.home = home

    def _mine(self, table: Table, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(table.c.person_id == self.person.id, *conditions)

    def _select(
        self, table: Table, noun: type[Noun], *conditions: ColumnElement[bool], last: int | None = None
    ) -> list[Noun]:
        """The oldest first; of many only the `last` ones where that is given."""
        order = table.c.position if last is None else table.c.position.desc()
        query = _all_of(table, _names(noun)).where(*conditions).order_by(order).limit(last)
        found = [noun(**row) for row in self.database.all(query, person=self.person.id)]
        return found if last is None else found[::-1]

    def _last(self, table: Table, noun: type[Noun]) -> Noun | None:
        """The one that was written last."""
        rows = self.database.all(_last_of(table, _names(noun)), person=self.person.id)
        return next((noun(**row) for row in rows), None)

    def _column(self, column: Column[str]) -> list[str]:
        table = column.table
        assert isinstance(table, Table)
        query = select(column.label("value")).where(self._mine(table)).order_by(table.c.position)
        return [row["value"] for row in self.database.all(query)]

    def _insert(self, table: Table, nouns: Sequence[Any]) -> None:
        rows = [{"person_id": self.person.id, **fields_of(noun)} for noun in nouns]
        self.database.run(insert(table), rows)

    def _put(self, table: Table, key: str, rows: Sequence[dict[str, Any]]) -> None:
        """Inserts, or updates the row that has the same key; its place in the order stays."""
        if rows:
            statement = upsert(table, ("person_id", key), tuple(rows[0]))
            self.database.run(statement, [{"person_id": self.person.id, **row} for row in rows])

    def _update(self, table: Table, condition: ColumnElement[bool], **values: Any) -> int:
        return self.database.run(update(table).where(self._mine(table, condition)).values(**values))

    def _delete(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        return self.database.run(delete(table).where(self._mine(table, *conditions)))

    def _version(self, layer: str) -> tuple[int, str] | None:
        query = select(versions.c.number, versions.c.hash).where(self._mine(versions, versions.c.layer == layer))
        rows = self.database.all(query)
        return (rows[0]["number"], rows[0]["hash"]) if rows else None

    def _next_version(self, layer: str, content_hash: str) -> int:
        last = self._version(layer)
        number = last[0] + 1 if last else 1
        self._put(versions, "layer", [{"layer": layer, "number": number, "hash": content_hash}])
        return number
