"""How fast is the living profile, with how many people in one file? Rates beside what SQLite itself can do.

Signals are appended and aggregated in batches and one by one, each durable before the next; beside it a bare insert of
a small row with its commit. The preamble is read of people at random, and the sweep goes over everybody, at two sizes
of the home, so that one can see how its cost grows. People are written straight into the tables; one dimension in two
hundred has moved.

    python -m benchmarks.profile [--people 100000] [--home DIR] [--json FILE.json]
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
from ipse.types import CATEGORICAL, DIMENSIONS, NUMERIC, Detector, Dimension, Person, Preference, Profile, Signal
from ipse.words import drift
from ipse.words.personality import verbalize
from ipse.words.preamble import preamble
from ipse.words.preferences import observe_all
from ipse.words.profile import observe, sweep

BATCH, SIGNALS, SINGLES, READS = 500, 20_000, 1_000, 2_000
MOVED = 200
"""One dimension in so many."""
AT_ONCE = 2_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def random_signals(count: int, rng: random.Random) -> list[Signal]:
    def one(number: int) -> Signal:
        name = rng.choice(DIMENSIONS)
        value: object = rng.random() if name in NUMERIC else rng.choice(("baking", "trains", "birds"))
        return signal_of(name, value, "thumb", NOW, NOW, key=(number, rng.random()))

    return [one(number) for number in range(count)]


def batched(store: SqliteStore) -> float:
    """Signals a second."""
    signals = random_signals(SIGNALS, random.Random(0))
    began = time.perf_counter()
    for start in range(0, SIGNALS, BATCH):
        observe(store, signals[start : start + BATCH], NOW)
    return SIGNALS / (time.perf_counter() - began)


def one_by_one(store: SqliteStore) -> float:
    signals = random_signals(SINGLES, random.Random(1))
    began = time.perf_counter()
    for signal in signals:
        observe(store, [signal], NOW)
    return SINGLES / (time.perf_counter() - began)


def bare_inserts(folder: Path) -> float:
    """Commits a second of one small row each: what the disk allows."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE rows (id TEXT, value TEXT)")
    began = time.perf_counter()
    for number in range(SINGLES):
        connection.execute("INSERT INTO rows VALUES (?, ?)", (f"signal_{number}", "0.3"))
    seconds = time.perf_counter() - began
    connection.close()
    return SINGLES / seconds


def streams(rng: random.Random, *, moved: bool) -> dict[Dimension, Preference]:
    """Somebody with thirty signals of each dimension; in one that has moved the last five are elsewhere."""
    signals = [
        Signal(f"{name}{n}", name, _value(name, rng, moved=moved and n >= 25), "thumb", NOW + timedelta(hours=n))
        for n in range(30)
        for name in DIMENSIONS
    ]
    return observe_all({}, signals)  # type: ignore[return-value]


def _value(name: Dimension, rng: random.Random, *, moved: bool) -> float | str:
    if name in CATEGORICAL:
        return "trains" if moved else "baking"
    return rng.gauss(0.75 if moved else 0.3, 0.05)


def fill(home: Path, count: int) -> None:
    """People with all dimensions and a paragraph each."""
    rng = random.Random(2)
    calm = [_calm(streams(rng, moved=False)) for _ in range(20)]
    moved = [streams(rng, moved=True) for _ in range(20)]
    create_person(home, Person("Somebody First"))
    database = Database(home / FILE)
    for start in track(range(0, count, AT_ONCE), description=f"{count:,} people"):
        people = [Person(f"Person Number{n}") for n in range(start, min(count, start + AT_ONCE))]
        with database.transaction():
            database.run(insert(schema.people), [{"id": p.id, **fields_of(p)} for p in people])
            database.run(insert(schema.preferences), [row for p in people for row in _rows(p, calm, moved, rng)])
            database.run(insert(schema.paragraphs), [_paragraph(p, rng.choice(calm)) for p in people])
    database.close()


def _calm(preferences: dict[Dimension, Preference]) -> dict[Dimension, Preference]:
    """Without what noise alone raised: how many have moved is to be known."""
    return {name: replace(each, detector=_quiet(each.detector)) for name, each in preferences.items()}


def _quiet(detector: Detector) -> Detector:
    return replace(detector, peak=min(detector.peak, 1.0))


def _rows(
    person: Person,
    calm: Sequence[dict[Dimension, Preference]],
    moved: Sequence[dict[Dimension, Preference]],
    rng: random.Random,
) -> list[dict[str, object]]:
    chosen = [rng.choice(moved if rng.random() < 1 / MOVED else calm)[name] for name in DIMENSIONS]
    return [{"person_id": person.id, **fields_of(each), "peak": each.detector.peak} for each in chosen]


def _paragraph(person: Person, preferences: dict[Dimension, Preference]) -> dict[str, object]:
    made = verbalize(Profile(), {str(name): each for name, each in preferences.items()}, NOW)
    return {"person_id": person.id, **fields_of(made)}


def reading(home: Path, count: int) -> tuple[float, float]:
    """Median and 99th percentile of reading the preamble of somebody, in milliseconds."""
    rng = random.Random(3)
    database = Database(home / FILE)
    took = []
    for _ in range(READS):
        store = SqliteStore(database, Person(f"Person Number{rng.randrange(count)}"), home)
        began = time.perf_counter()
        text = preamble(store)
        took.append((time.perf_counter() - began) * 1000)
        assert text
    database.close()
    took.sort()
    return took[READS // 2], took[READS * 99 // 100]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help="a folder to work in; a temporary one by default")
    parser.add_argument("--json", type=Path, metavar="FILE.json")
    args = parser.parse_args()
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=args.home) as folder:
        home = Path(folder) / "one"
        create_person(home, Person("Maya Okafor"))
        store = open_store(home)
        bare = bare_inserts(Path(folder))
        found["signals a second, in batches of 500"] = f"{batched(store):,.0f}"
        single = one_by_one(store)
        found["signals a second, one by one, durable"] = f"{single:,.0f}"
        found["bare SQLite commits a second"] = f"{bare:,.0f}  (a signal costs {bare / single:.1f} of them)"
        store.close()
        for count in (args.people // 4, args.people):
            crowd = Path(folder) / str(count)
            fill(crowd, count)
            middle, slowest = reading(crowd, count)
            found[f"{count:,} people: preamble, ms"] = f"{middle:.2f} median, {slowest:.2f} p99"
            began = time.perf_counter()
            flagged = sweep(crowd, NOW)
            seconds = time.perf_counter() - began
            flags = sum(map(len, flagged.values()))
            found[f"{count:,} people: sweep, s"] = f"{seconds:.1f}  ({flags:,} flags of {count * len(DIMENSIONS):,})"
            began = time.perf_counter()
            assert not sweep(crowd, NOW), f"a sweep flags what moved once (above {drift.FLAG_AT})"
            found[f"{count:,} people: sweep again, s"] = f"{time.perf_counter() - began:.2f}"
    table = Table("measured", "value")
    for name, value in found.items():
        table.add_row(name, value)
    Console(width=100).print(table)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
