"""The living profile among other processes: killed half way, and written to by many at once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from profile_kit import at, child, home_of, is_mirrored, kept
from profile_kit import signal as signal_at

from ipse.store.sqlite import open_store
from ipse.types import Detector
from ipse.words.preamble import preamble
from ipse.words.preferences import observe_all
from ipse.words.profile import observe

KILLED = """
import os, signal
from pathlib import Path
from profile_kit import at
from ipse.store.sqlite import open_store
from ipse.words.profile import onboard

store = open_store(Path(sys.argv[1]))
done = []

def die(statement):
    done.append(statement)
    if statement.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

store.database.connection.connection.driver_connection.set_trace_callback(die)
onboard(store, {"length": 0.1, "tone": 0.1, "domain": "sailing"}, at(9))
raise SystemExit("it was to be killed at " + sys.argv[2] + ", but ran " + str(done))
"""


@pytest.mark.parametrize("statement", ["INSERT INTO signals", "INSERT INTO paragraphs", "COMMIT"])
def test_a_process_killed_amid_writing_leaves_what_was(tmp_path: Path, statement: str) -> None:
    home = home_of(tmp_path)
    store = open_store(home)
    observe(store, [signal_at(1, "tone", 0.9)], at(1))
    before = kept(store)
    store.close()
    assert child(KILLED, home, statement).wait() == -signal.SIGKILL
    store = open_store(home)
    assert kept(store) == before
    assert is_mirrored(store)
    observe(store, [signal_at(2, "length", 0.1)], at(2))
    assert preamble(store).startswith("You like answers very short.")


WRITERS = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from profile_kit import at, signal
from ipse.store.sqlite import open_store
from ipse.words.profile import describe, observe

def write(number):
    writer = f"{sys.argv[2]} {number}"
    store = open_store(Path(sys.argv[1]), patience=100)
    observe(store, [signal(1, "tone", number / 25, writer=writer), signal(1, "domain", writer, writer=writer)], at(1))
    observe(store, [signal(2, "tone", 1 - number / 25, writer=writer)], at(2))
    store.close()

with ThreadPoolExecutor(25) as threads:
    list(threads.map(write, range(25)))
"""


def test_fifty_writers_at_once_lose_no_signal(tmp_path: Path) -> None:
    """In two processes: each signal is in the log, counts once, and in the order of the log."""
    home = home_of(tmp_path)
    writers = [child(WRITERS, home, name) for name in ("left", "right")]
    assert [writer.wait() for writer in writers] == [0, 0]
    store = open_store(home)
    assert len(store.signals()) == len({each.id for each in store.signals()}) == 150
    assert store.profile().nudges == 150
    assert store.preferences() == observe_all({}, store.signals())
    assert store.preferences()["tone"].detector != Detector()
    assert is_mirrored(store)
    assert preamble(store) != ""
