"""One SQLite file: opened, migrated, in transactions, and wiped of what was deleted.

Knows SQL connections, files and faults; knows no noun. Every fault leaves here as a StoreError
that says what to do. One connection a `Database`; threads may share it and take turns.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Executable, NullPool, RowMapping, create_engine
from sqlalchemy.exc import SQLAlchemyError

from ipse.errors import Busy, StoreError
from ipse.store import migrations

log = logging.getLogger(__name__)

# secure_delete zeroes what a deletion frees. Temporary files would be copies outside the home.
PRAGMAS = ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY")


class Database:
    """Raises StoreError when the file can't be opened, and Busy when it stays locked.

    `patience` is how many seconds to wait for another process's write, `pause` what waits.
    """

    def __init__(self, path: Path, patience: float = 10.0, pause: Callable[[float], object] = time.sleep) -> None:
        self.path = path
        self._turn = threading.RLock()
        self._depth = 0
        self._leftovers = False
        engine = create_engine(
            URL.create("sqlite", database=str(path)),
            isolation_level="AUTOCOMMIT",  # so that BEGIN and COMMIT are ours, DDL included
            poolclass=NullPool,
            connect_args={"timeout": patience, "check_same_thread": False},
        )
        with self._faults():
            self.connection: Connection = engine.connect()
        try:
            self._log_ahead(patience, pause)
            self._prepare()
        except StoreError:
            self.close()
            raise

    def _log_ahead(self, patience: float, pause: Callable[[float], object]) -> None:
        """SQLite gives this up at once, whatever its timeout, while another process writes the
        first pages of the file: two that open an empty home together would meet in it."""
        patient_until = time.monotonic() + patience
        while True:
            try:
                self._tell("PRAGMA journal_mode = WAL")
                return
            except Busy:
                if time.monotonic() > patient_until:
                    raise
            pause(0.01)

    def _prepare(self) -> None:
        with self._faults():
            for pragma in PRAGMAS:
                self._tell(f"PRAGMA {pragma}")
            if not migrations.is_behind(self.connection):
                return
        with self.transaction(), self._faults():
            # Another process may have done it while this one waited for its turn.
            if migrations.is_behind(self.connection):
                migrations.bring_up_to_date(self.connection)

    def close(self) -> None:
        """SQLite folds the write-ahead log into the file when its last reader closes."""
        with self._turn:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All kept or all undone. Inside another one it is part of that one."""
        with self._turn:
            if self._depth:
                yield
                return
            self._tell("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self._tell("COMMIT")
            except BaseException:
                if self._driver().in_transaction:  # a full disk has already rolled back by itself
                    self._tell("ROLLBACK")
                raise
            finally:
                self._depth -= 1
            if self._leftovers:
                self._scrub_or_say_why_not()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Everything read inside is of one moment, and nobody's write waits for it."""
        with self._turn:
            if self._depth:
                yield
                return
            self._tell("BEGIN DEFERRED")
            try:
                yield
            finally:
                self._tell("ROLLBACK")

    def all(self, statement: Executable, **values: Any) -> Sequence[RowMapping]:
        with self._turn, self._faults():
            return self.connection.execute(statement, values).mappings().all()

    def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Runs once, or once a row; how many rows changed. No rows, no run."""
        if rows is not None and not rows:
            return 0
        with self.transaction(), self._faults():
            return self.connection.execute(statement, rows).rowcount

    def stamp(self) -> tuple[int, int]:
        """Changes whenever this or any other connection has changed the file."""
        with self._turn:
            return int(self._tell("PRAGMA data_version")), self._driver().total_changes

    def leave_nothing_behind(self) -> None:
        """Asks for a `scrub` as soon as the transaction that is open now is committed."""
        self._leftovers = True

    def scrub(self) -> None:
        """Rewrites index, file and log, so that deleted text is in none of them any more.

        Raises Busy while another process still reads the old rows, StoreError on a full disk;
        the deletion itself holds either way.
        """
        if self._depth:
            raise StoreError("scrub() was called inside a transaction; call it when that is committed")
        with self._turn:
            self._tell("INSERT INTO chunk_words(chunk_words) VALUES ('optimize')")
            self._tell("VACUUM")
            busy = self._tell("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            raise Busy(
                f"{self.path}: another process still reads the old rows, so deleted text may linger "
                "in its log. It goes when that process closes the database."
            )
        self._leftovers = False

    def _scrub_or_say_why_not(self) -> None:
        try:
            self.scrub()
        except StoreError as reason:  # the deletion is committed: its caller must not think it undone
            log.warning("deleted, but not yet wiped from the file: %s", reason)

    def _tell(self, sql: str) -> Any:
        """Plain SQL; the first value of its answer, where it has one."""
        with self._faults():
            answer = self.connection.exec_driver_sql(sql)
            return answer.scalar() if answer.returns_rows else None

    def _driver(self) -> sqlite3.Connection:
        driver = self.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as fault:
            raise _plainly(self.path, getattr(fault, "orig", None) or fault) from fault
        except (sqlite3.Error, UnicodeEncodeError) as fault:
            raise _plainly(self.path, fault) from fault


def _plainly(path: Path, fault: BaseException) -> StoreError:
    """What happened and what to do next, in the words of somebody who never saw SQL."""
    said = str(fault)
    if "locked" in said or "busy" in said:
        return Busy(f"{path} is locked by another process that is writing. Wait for it to end and try again.")
    if "full" in said:
        return StoreError(f"{path}: {said}. Nothing was written. Free some space on this disk and try again.")
    if "not a database" in said or "malformed" in said or "corrupt" in said:
        return StoreError(
            f"{path} is damaged or not a database of ipse ({said}). "
            "Put a backup in its place, or choose another --home."
        )
    if "unable to open" in said or "readonly" in said or "I/O" in said:
        return StoreError(f"{path}: {said}. Check that the folder exists and that you may write there.")
    return StoreError(f"{path}: {said}")
