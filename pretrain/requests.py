"""Requests written for ipse: what the people of the notes ask of an assistant, what it must have in mind, and
sentences of drafts that go against something they said, or against nothing.

One person a line, in a file named as that with their notes: `wishes` are a further note in their own voice; of each of
the `requests`, `matters` and `apart` are [note, line] places, best first: what a good answer rests on, and what
only seems near; `good` are sentences nothing speaks against, `bad` are such with the lines `against` them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretrain.notes import PERSON, Note, rows

REQUESTS = Path(__file__).parent / "requests"
Place = tuple[int, int]
"""(note, line)"""


@dataclass(frozen=True, slots=True)
class Draft:
    """One sentence of an answer; `against` are the lines that speak against it."""

    text: str
    against: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    text: str
    matters: tuple[Place, ...]
    apart: tuple[Place, ...]
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Asker:
    """`id` is that of their notes."""

    id: str
    person: str
    notes: tuple[tuple[tuple[str, str], ...], ...]
    """Of each note the (speaker, sentence) lines; the last one holds the wishes."""
    requests: tuple[Request, ...]


def read_requests(notes: Sequence[Note], folder: Path = REQUESTS) -> list[Asker]:
    """Everyone under `folder`, in the order of the files. Raises BrokenInput that names the line."""
    said: dict[str, list[tuple[tuple[str, str], ...]]] = {}
    for note in notes:
        said.setdefault(note.id, []).append(note.said)
    return list(rows(folder, "a person's requests", lambda file, _, told: _asker(file, told, said)))


def _asker(file: Path, told: Any, said: dict[str, list[tuple[tuple[str, str], ...]]]) -> Asker:
    id_ = f"{file.stem}/{told['person']}"
    notes = (*said[id_], tuple((PERSON, wish) for wish in told["wishes"]))
    requests = tuple(
        Request(
            r["ask"],
            _places(r["matters"], notes),
            _places(r["apart"], notes),
            (*map(Draft, r["good"]), *[Draft(b["says"], _places(b["against"], notes)) for b in r["bad"]]),
        )
        for r in told["requests"]
    )
    return Asker(id_, told["person"], notes, requests)


def _places(found: list[list[int]], notes: Sequence[Sequence[object]]) -> tuple[Place, ...]:
    places = tuple((note, line) for note, line in found)
    for note, line in places:
        if not (0 <= note < len(notes) and 0 <= line < len(notes[note])):
            raise ValueError(f"there is no line {line} in note {note}")
    return places
