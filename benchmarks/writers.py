"""Many writers at once: is a signal lost, is a paragraph other than what its preferences come to?

Processes of their own, each with its own connection, write signals one by one, half of them to one person and half to
everybody else in turn, each time in another order. Afterwards every log is counted and every stored paragraph is held
against the verbalization of what is stored beside it. Prints the rate beside that of one writer alone.

    python -m benchmarks.writers [--writers 50] [--people 1000] [--signals 80]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import insert

from ipse.raw.signals import signal_of
from ipse.store import schema
from ipse.store.database import Database
from ipse.store.rows import fields_of
from ipse.store.sqlite import FILE, SqliteStore, create_person, open_store
from ipse.types import NUMERIC, Person
from ipse.words.personality import verbalize
from ipse.words.preamble import current
from ipse.words.profile import observe

SHARED = "Maya Okafor"
PATIENCE = 120.0
"""Seconds a writer waits for its turn."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def name_of(number: int) -> str:
    return f"Person Number{number}"


def whose_turn(place: int, people: int) -> int:
    """Everybody comes once a round, and each round in another order."""
    of_round, place = divmod(place, people)
    return random.Random(of_round).sample(range(people), people)[place]


def write(home: Path, writer: int, writers: int, people: int, count: int) -> dict[str, int]:
    """How many signals this writer gave whom."""
    rng, given = random.Random(writer), dict[str, int]()
    for number in range(count):
        name = SHARED if number % 2 else name_of(whose_turn(number // 2 * writers + writer, people))
        store = open_store(home, name, patience=PATIENCE)
        dimension = rng.choice(NUMERIC)
        observe(store, [signal_of(dimension, rng.random(), "nudge", NOW, NOW, key=(writer, number))], NOW)
        store.close()
        given[name] = given.get(name, 0) + 1
    return given


def fill(home: Path, people: int) -> None:
    create_person(home, Person(SHARED))
    database = Database(home / FILE)
    rows = [{"id": p.id, **fields_of(p)} for p in map(Person, map(name_of, range(people)))]
    database.run(insert(schema.people), rows)
    database.close()


def run(home: Path, writers: int, people: int, count: int) -> tuple[dict[str, int], float]:
    """Signals given, by name, and the seconds it took from the first writer's start."""
    given: dict[str, int] = {}
    with ProcessPoolExecutor(writers, get_context("spawn")) as pool:
        list(pool.map(ready, range(writers)))
        began = time.perf_counter()
        jobs = [pool.submit(write, home, writer, writers, people, count) for writer in range(writers)]
        for job in jobs:
            for name, signals in job.result().items():
                given[name] = given.get(name, 0) + signals
        return given, time.perf_counter() - began


def ready(number: int) -> int:
    """Has the process up before the clock runs."""
    time.sleep(0.2)
    return number


def faults(home: Path, given: dict[str, int]) -> tuple[int, int]:
    """Signals that are missing, and paragraphs that aren't what their preferences come to."""
    lost = wrong = 0
    database = Database(home / FILE)
    for name, expected in track(given.items(), description="checking"):
        store = SqliteStore(database, Person(name), home)
        counted = sum(preference.count for preference in store.preferences().values())
        lost += abs(expected - len(store.signals())) + abs(expected - counted)
        shown, made = current(store), verbalize(store.profile(), store.preferences(), NOW)
        wrong += shown is None or (shown.sentences, shown.provenance) != (made.sentences, made.provenance)
    database.close()
    return lost, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=50)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--signals", type=int, default=80, help="that each writer gives")
    args = parser.parse_args()
    table = Table("writers", "signals", "people", "signals a second", "lost", "paragraphs wrong")
    for writers in (1, args.writers):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            fill(home, args.people)
            given, seconds = run(home, writers, args.people, args.signals)
            total = sum(given.values())
            lost, wrong = faults(home, given)
            cells = (writers, f"{total:,}", f"{len(given):,}", f"{total / seconds:.0f}", lost, wrong)
            table.add_row(*map(str, cells))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
