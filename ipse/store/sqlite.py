"""The store on SQLite: one file a home, any number of people in it, each seeing only their own.

This is where a store is opened and people are made; the rows themselves are in `raw_rows`,
`words_rows`, `profile_rows` and `weights_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import ColumnElement, insert, select, update

from ipse.errors import NoSuchPerson, StoreError, UsageError
from ipse.store.database import Database
from ipse.store.profile_rows import ProfileRows, alarmed
from ipse.store.raw_rows import RawRows
from ipse.store.rows import fields_of
from ipse.store.schema import people as people_table
from ipse.store.weights_rows import WeightsRows
from ipse.store.words_rows import WordsRows
from ipse.types import Person

FILE = "ipse.db"
PATIENCE = 10.0
"""Seconds to wait for another process's write before `Busy`."""


class SqliteStore(RawRows, WordsRows, ProfileRows, WeightsRows):
    """Implements `ipse.store.protocol.Store`. Every call may raise StoreError, or Busy."""

    def transaction(self) -> AbstractContextManager[None]:
        return self.database.transaction()

    def reading(self) -> AbstractContextManager[None]:
        return self.database.reading()

    def scrub(self) -> None:
        """Makes sure that no deleted text is left in the file.

        Deletions do so by themselves as they are committed; where that wasn't possible (another
        process was reading, the disk was full) they say so in the log, and this tries again and
        raises Busy or StoreError.
        """
        self.database.scrub()

    def folder(self) -> Path:
        """The person's own folder for adapters and training state; made if need be."""
        return _made(self.home / "people" / self.person.id)

    def close(self) -> None:
        self.database.close()


def open_store(home: Path, name: str | None = None, *, patience: float = PATIENCE) -> SqliteStore:
    """Opens the person called `name`; None opens the only one there is.

    A first name or an alias will do where it means one person only. Raises NoSuchPerson with
    the names there are, StoreError when the file can't be used.
    """
    if name is not None and (home / FILE).exists():
        database = _open(home, patience)
        known = _read_people(database, people_table.c.id == Person(name).id)
        if known:
            return SqliteStore(database, known[0], home)
        database.close()
    everyone = people(home)
    person = _only(home, everyone) if name is None else _called(home, everyone, name)
    return SqliteStore(_open(home, patience), person, home)


def people(home: Path) -> list[Person]:
    """Everyone in this home, in the order they came; nobody where there is no home yet."""
    if not (home / FILE).exists():
        return []
    database = _open(home)
    try:
        return _read_people(database)
    finally:
        database.close()


@contextmanager
def alarmed_people(home: Path, above: float, patience: float = PATIENCE) -> Iterator[list[SqliteStore]]:
    """For the sweep: a store for everybody in the home of whom a dimension has a larger peak, on one connection.

    Raises NoSuchPerson where there is no home yet.
    """
    if not (home / FILE).exists():
        _only(home, [])
    database = _open(home, patience)
    try:
        loud = alarmed(database, above)
        everybody = _read_people(database) if loud else []
        yield [SqliteStore(database, person, home) for person in everybody if person.id in loud]
    finally:
        database.close()


def create_person(home: Path, person: Person) -> None:
    """Makes the home too, if need be. Raises UsageError when the person is there already."""
    database = _open(_made(home))
    try:
        with database.transaction():
            if any(each.id == person.id for each in _read_people(database)):
                raise UsageError(f"{person.name} is in {home} already; nothing was changed")
            database.run(insert(people_table), [{"id": person.id, **fields_of(person)}])
    finally:
        database.close()


def update_person(home: Path, person: Person) -> None:
    """Writes everything but the name, which is who they are. Raises NoSuchPerson."""
    _called(home, people(home), person.name)
    database = _open(home)
    try:
        statement = update(people_table).where(people_table.c.id == person.id)
        database.run(statement.values(**fields_of(person)))
    finally:
        database.close()


def _read_people(database: Database, *conditions: ColumnElement[bool]) -> list[Person]:
    columns = [column for column in people_table.c if column.name not in ("position", "id")]
    rows = database.all(select(*columns).where(*conditions).order_by(people_table.c.position))
    return [Person(**row) for row in rows]


def _open(home: Path, patience: float = PATIENCE) -> Database:
    return Database(home / FILE, patience)


def _made(folder: Path) -> Path:
    """For the owner's eyes only: what lies here is somebody's life."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise StoreError(f"{folder} can't be made: {fault.strerror}. Choose another --home.") from fault
    return folder


def _only(home: Path, everyone: list[Person]) -> Person:
    if len(everyone) == 1:
        return everyone[0]
    if not everyone:
        raise NoSuchPerson(f'nobody lives in {home} yet. Start with: ipse --home {home} init --person "NAME"')
    raise NoSuchPerson(f"say which person with --person; in {home} there are: {_names(everyone)}")


def _called(home: Path, everyone: list[Person], name: str) -> Person:
    wanted = name.casefold()
    exact = [person for person in everyone if person.name.casefold() == wanted]
    loose = [person for person in everyone if wanted in {known.casefold() for known in (person.short, *person.aliases)}]
    found = exact or loose
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoSuchPerson(
            f"nobody in {home} is called {name}; there are: {_names(everyone) or 'none'}. "
            f'Make them with: ipse --home {home} init --person "{name}"'
        )
    raise NoSuchPerson(f"{name} could be any of {_names(found)}; give the whole name")


def _names(everyone: list[Person]) -> str:
    return ", ".join(person.name for person in everyone)
