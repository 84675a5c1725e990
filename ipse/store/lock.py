"""One process at a time may learn, forget or promote for a person.

The lock is the operating system's, so it goes with the process that held it, however that ended.
Knows nothing of the work it guards. Reading needs no lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ipse.errors import Busy, StoreError
from ipse.store.protocol import Store


@contextmanager
def at_work(store: Store) -> Iterator[None]:
    """Holds the person for this process; may be nested in one thread.

    Raises Busy at once, naming the process that holds it, and StoreError when the lock file
    can't be written.
    """
    folder = store.folder()
    lock = FileLock(folder / "at-work.lock", is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout as fault:
        raise _busy(store.person.name, folder) from fault
    except OSError as fault:
        raise _unwritable(folder, fault) from fault
    try:
        _say_who(folder)
        yield
    finally:
        lock.release()


def _say_who(folder: Path) -> None:
    """Beside the lock file, not in it: trying for the lock empties that one."""
    try:
        _holder(folder).write_text(str(os.getpid()))
    except OSError as fault:
        raise _unwritable(folder, fault) from fault


def _unwritable(folder: Path, fault: OSError) -> StoreError:
    return StoreError(f"{folder} can't be written ({fault.strerror}); make room or allow writing there")


def _holder(folder: Path) -> Path:
    return folder / "at-work.pid"


def _busy(name: str, folder: Path) -> Busy:
    try:
        who = f"process {_holder(folder).read_text()}"
    except FileNotFoundError:  # it has the lock, but had no time yet to say who it is
        who = "another process"
    return Busy(
        f"{who} is at work on {name}. Wait for it to end, or stop it (kill with its number; what it "
        "has saved is kept), and try again."
    )
