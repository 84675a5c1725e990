"""A home with nothing in it, and its store; a file of tests that wants another defines its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from profile_kit import home_of

from ipse.store.sqlite import SqliteStore, open_store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_of(tmp_path)


@pytest.fixture
def store(home: Path) -> Iterator[SqliteStore]:
    found = open_store(home)
    yield found
    found.close()
