"""Replies already paid for, on disk, so that a killed run goes on where it stopped.

It maps opaque keys to texts and knows neither prompts nor models. The texts hold what a person
told: the file is readable by its owner only, and `clear` leaves nothing of it behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipse.errors import StoreError
from ipse.types import Message

_BUSY_S = 30.0


def cache_key(version: str, model: str, messages: Sequence[Message]) -> str:
    """The same prompt version, model and messages always give the same key."""
    content = json.dumps([version, model, [[m.role, m.content] for m in messages]], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


class DiskCache(MutableMapping[str, str]):
    """A mapping in one small SQLite file; every write is on disk when it returns.

    Safe across threads and processes. Raises StoreError when the file can't be used.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._lock = threading.Lock()
        with self._told():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            os.chmod(self._path, 0o600)
            self._db = sqlite3.connect(self._path, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, text TEXT NOT NULL)")

    def __getitem__(self, key: str) -> str:
        rows = self._run("SELECT text FROM replies WHERE key = ?", key)
        if not rows:
            raise KeyError(key)
        return str(rows[0][0])

    def __setitem__(self, key: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO replies VALUES (?, ?)", key, value)

    def __delitem__(self, key: str) -> None:
        if not self._run("DELETE FROM replies WHERE key = ? RETURNING key", key):
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter([str(row[0]) for row in self._run("SELECT key FROM replies ORDER BY rowid")])

    def __len__(self) -> int:
        return int(self._run("SELECT count(*) FROM replies")[0][0])

    def clear(self) -> None:
        """Removes all replies and overwrites their bytes; for when something is to be forgotten."""
        self._run("DELETE FROM replies")
        self._run("VACUUM")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _run(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock, self._told():
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            advice = "move the file away to start a new one"
            raise StoreError(f"{self._path}: the reply cache can't be used ({error}); {advice}") from error
