"""Many items at once: a JSONL file in, a JSONL file out, in the same order.

A line that can't be used becomes a Failure that names file and line, and the rest goes on. Knows
JSON and files; what is done with an item is handed in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ipse.errors import BrokenInput, IpseError, UsageError
from ipse.types import Failure

GROUP = 64
"""Items done together: between groups the answers so far are written and the bar moves."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One good line: where it stands, its id as it was given, and its fields."""

    place: str
    id: str | int
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.fields[name])


@dataclass(frozen=True, slots=True)
class Done:
    """How many answers were written, and the lines that gave none."""

    answered: int
    failures: tuple[Failure, ...]


def read_items(file: Path, required: Sequence[str]) -> tuple[list[Item], list[Failure]]:
    """The items of a file ("-" is standard input). `required` fields must be texts that are not empty.

    Raises BrokenInput when the file can't be read.
    """
    items: list[Item] = []
    failures: list[Failure] = []
    for number, line in enumerate(_bytes_of(file).removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"{file}:line {number}"
        found = _item(place, line, required)
        if isinstance(found, Failure):
            failures.append(found)
        else:
            items.append(found)
    return items, failures


def run(
    items: Sequence[Item],
    out: Path | None,
    answer: Callable[[Sequence[Item]], Sequence[Record]],
    progress: Callable[[str, int, int], None] | None = None,
) -> Done:
    """Answers the items group by group and writes each group at once.

    `answer` gives one record an item, without the id. Where it fails on a group, the items are tried
    one by one, so that only the one at fault is lost. Raises UsageError when `out` can't be written.
    """
    failures: list[Failure] = []
    with _opened(out) as file:
        for start in range(0, len(items), GROUP):
            group = items[start : start + GROUP]
            for item, record in _answers(group, answer, failures):
                file.write(json.dumps({"id": item.id, **record}, ensure_ascii=False) + "\n")
            file.flush()
            if progress:
                progress("answer", start + len(group), len(items))
    return Done(len(items) - len(failures), tuple(failures))


def _answers(
    group: Sequence[Item], answer: Callable[[Sequence[Item]], Sequence[Record]], failures: list[Failure]
) -> list[tuple[Item, Record]]:
    try:
        return list(zip(group, answer(group), strict=True))
    except IpseError as fault:
        if len(group) == 1:
            failures.append(Failure(group[0].place, str(fault)))
            return []
    return [pair for item in group for pair in _answers([item], answer, failures)]


def _item(place: str, line: bytes, required: Sequence[str]) -> Item | Failure:
    try:
        found = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Failure(place, "is not UTF-8")
    except (ValueError, RecursionError) as fault:
        return Failure(place, f"is not JSON ({fault})")
    if not isinstance(found, dict):
        return Failure(place, "is not a JSON object")
    identity = found.get("id")
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        return Failure(place, "has no id")
    for name in required:
        if not isinstance(found.get(name), str) or not found[name].strip():
            return Failure(place, f"has no {name}")
    if found.get("perspective", "self") not in ("self", "third"):
        return Failure(place, f"has the perspective {found['perspective']!r}; it is self or third")
    return Item(place, identity, found)


def _bytes_of(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as fault:
        raise BrokenInput(str(file), f"can't be read: {fault.strerror}; name a JSONL file") from fault


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8", newline="\n")
    except OSError as fault:
        raise UsageError(f"{out} can't be written: {fault.strerror}; choose another --out") from fault
    with file:
        yield file
