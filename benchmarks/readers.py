"""Runs every reader over a folder of exports and shows what each file gave.

    python benchmarks/readers.py FOLDER [--person NAME --alias NAME ...]

Without --person, each file is read as if its first speaker were the person. Where a
`*_target.json` lies beside a file (a list of {timestamp, author, message}), its messages are
compared with those that were read. Knows nothing of stores or models.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ipse.errors import InputError, NoSpeakerMatch
from ipse.raw.chunk import chunk
from ipse.raw.readers import Reading, read
from ipse.types import Person, Turn

NOBODY = Person("Nobody In Particular")
TARGET = "_target.json"

Target = tuple[datetime, str, str]
"""(UTC time, author, text with single spaces)"""


@dataclass(frozen=True, slots=True)
class Row:
    """One file; `reading` is None where it was refused, and `result` says why."""

    path: Path
    reading: Reading | None
    result: str
    failed: bool = False


def main() -> int:
    """Returns 1 if a reader crashed or a target was missed, else 0."""
    parser = argparse.ArgumentParser(description="What the readers make of a folder of exports.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--person", help="read every file as this person's")
    parser.add_argument("--alias", action="append", default=[])
    options = parser.parse_args()
    person = Person(options.person, aliases=tuple(options.alias)) if options.person else None
    files = sorted(p for p in options.folder.rglob("*") if p.is_file() and not p.name.endswith(TARGET))
    rows = [_row(path, person) for path in files]
    _show(rows, options.folder)
    return int(any(row.failed for row in rows))


def _row(path: Path, person: Person | None) -> Row:
    try:
        reading = read(path, person) if person else read_as_first(path)
    except InputError as error:
        return Row(path, None, f"{type(error).__name__}: {error.reason}")
    missed = [line for target in _targets(path) for line in compare(reading.turns, target)]
    if missed:
        return Row(path, reading, "; ".join(missed), failed=True)
    notes = [f"{len(_targets(path))} target(s) met"] if _targets(path) else []
    notes += [f"{failure.place}: {failure.reason}" for failure in reading.failures]
    return Row(path, reading, "; ".join(notes) or "read")


def read_as_first(path: Path) -> Reading:
    """The file as its first speaker's. Raises InputError."""
    try:
        return read(path, NOBODY)
    except NoSpeakerMatch as error:
        first = error.found[0] if error.found else NOBODY.name
        name, _, address = first.rstrip(">").partition(" <")
        return read(path, Person(name, aliases=(address,) if address else ()))


def compare(turns: Sequence[Turn], target: Sequence[Target]) -> list[str]:
    """What differs between the spoken turns and a target; nothing if they agree."""
    said = sorted((t.at or datetime.min.replace(tzinfo=UTC), t.speaker, _spaced(t.text)) for t in turns if _spoken(t))
    wanted = sorted(target)
    if len(said) != len(wanted):
        return [f"{len(said)} messages, target has {len(wanted)}"]
    return [f"{got} instead of {want}" for got, want in zip(said, wanted, strict=True) if not _same(got, want)]


def _same(got: Target, want: Target) -> bool:
    """Targets put a space where the export joins two entities without one."""
    return got[:2] == want[:2] and got[2].replace(" ", "") == want[2].replace(" ", "")


def _targets(path: Path) -> list[list[Target]]:
    """The targets for a file: those in its folder with the first word of its name."""
    first_word = path.name.partition("_")[0]
    found = sorted(path.parent.glob(f"{first_word}{TARGET}"))
    return [_target(json.loads(file.read_text("utf-8"))) for file in found]


def _target(entries: Sequence[dict[str, str]]) -> list[Target]:
    return [
        (datetime.fromisoformat(e["timestamp"]).replace(tzinfo=UTC), e["author"], _spaced(e["message"]))
        for e in entries
    ]


def _spoken(turn: Turn) -> bool:
    return turn.role in ("self", "other")


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _show(rows: Sequence[Row], folder: Path) -> None:
    table = Table(title=f"readers over {folder}", show_lines=False)
    for heading in ("file", "format", "turns", "own", "chunks", "speakers", "first", "last", "result"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("turns", "own", "chunks") else "left")
    for row in rows:
        table.add_row(str(row.path.relative_to(folder)), *_cells(row), style="red" if row.failed else "")
    Console(width=200).print(table)
    taken = sum(row.reading is not None for row in rows)
    Console().print(f"{taken} read, {len(rows) - taken} refused, {sum(row.failed for row in rows)} off target")


def _cells(row: Row) -> tuple[str, ...]:
    if row.reading is None:
        return ("-", "", "", "", "", "", "", row.result)
    turns = row.reading.turns
    speakers = list(dict.fromkeys(turn.speaker for turn in turns if _spoken(turn)))
    listed = ", ".join(speakers[:5]) + (f" and {len(speakers) - 5} more" if len(speakers) > 5 else "")
    dates = sorted(turn.at.date().isoformat() for turn in turns if turn.at)
    own = sum(turn.role == "self" for turn in turns)
    first, last = (dates[0], dates[-1]) if dates else ("", "")
    counts = (str(len(turns)), str(own), str(len(chunk(turns))))
    return (row.reading.format, *counts, listed, first, last, row.result)


if __name__ == "__main__":
    raise SystemExit(main())
