"""What the tests of the living profile share: signals by the minute, and what is kept of a person."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import shelf

from ipse.raw.signals import signal_of
from ipse.store.protocol import Store
from ipse.store.sqlite import SqliteStore, open_store
from ipse.types import Dimension, Preference, Signal, SignalSource
from ipse.words.personality import verbalize
from ipse.words.preamble import current, preamble
from ipse.words.preferences import observe

TESTS = Path(__file__).parent
SHORT = "Descale it with vinegar overnight."
LONG = "Fill the kettle with equal parts of vinegar and water, boil it once and leave it alone for an hour. " * 14
WRITES = (
    *("put_signals", "put_preferences", "put_profile", "put_paragraph"),
    *("put_drifts", "put_reply", "put_amendment", "delete_signals", "delete_preferences"),
    *("delete_drifts", "delete_amendments", "delete_paragraphs"),
)


def home_of(folder: Path) -> Path:
    """Maya's home with nothing in it, quickly."""
    return Path(shutil.copytree(_template(), folder / "home", dirs_exist_ok=True))


def store_of(folder: Path) -> SqliteStore:
    return open_store(home_of(folder))


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ipse-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return shelf.home_of(folder)


def at(minute: float) -> datetime:
    return shelf.NOON + timedelta(minutes=minute)


def signal(
    minute: float,
    dimension: Dimension,
    value: float | str,
    source: SignalSource = "nudge",
    refs: tuple[str, ...] = (),
    writer: object = "",
) -> Signal:
    return signal_of(dimension, value, source, at(minute), at(minute), key=(minute, writer), refs=refs)


def seen(dimension: Dimension, *values: float | str, source: SignalSource = "nudge") -> Preference:
    """A dimension after one signal a minute."""
    preference = Preference(dimension)
    for minute, value in enumerate(values):
        preference = observe(preference, signal(minute, dimension, value, source))
    return preference


def kept(store: Store) -> tuple[Any, ...]:
    """All there is of a person's living profile."""
    return (
        store.signals(),
        store.preferences(),
        store.profile(),
        store.paragraphs(),
        store.drifts(),
        store.replies(),
        store.amendments(),
    )


def is_mirrored(store: Store) -> bool:
    """Whether the stored paragraph is what the stored preferences and decisions come to."""
    made = verbalize(store.profile(), store.preferences(), shelf.NOON)
    last = current(store)
    if last is None:
        return made.provenance == "empty"
    return (last.sentences, last.provenance, last.made_by) == (made.sentences, made.provenance, made.made_by)


class Broken(Exception):
    """What `breaking` raises; nobody in the house knows it."""


@contextmanager
def breaking(after: int | None) -> Iterator[None]:
    """The so manieth write to any store is its last: done, and then it breaks."""
    calls = count(1)

    def fragile(real: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            done = real(*given, **named)
            if next(calls) == after:
                raise Broken
            return done

        return call

    with ExitStack() as patched:
        for name in WRITES:
            patched.enter_context(patch.object(SqliteStore, name, fragile(getattr(SqliteStore, name))))
        yield


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that has the tests' own modules at hand."""
    start = f"import sys; sys.path[:0] = {[str(TESTS), str(TESTS.parent)]!r}\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def text_of(store: SqliteStore) -> str:
    """The preamble, after a look whether it is what the preferences come to."""
    assert is_mirrored(store)
    return preamble(store)
