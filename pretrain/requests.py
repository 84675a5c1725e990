"""Requests written for ipse: what the people of the lives ask of an assistant, what it must have in mind, and
sentences of drafts that go against something they said, or against nothing.

One person a line, in a file named as that with their notes: `wishes` are a further note in their own voice; of each of
the `requests`, `matters` and `apart` are [note, line] places, best first: what a good answer rests on, and what
only seems near (unread yet); `good` are sentences nothing speaks against, `bad` are such with the lines `against`
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pretrain.lives import PERSON, Life, Place, places, rows

REQUESTS = Path(__file__).parent / "requests"


@dataclass(frozen=True, slots=True)
class Draft:
    """One sentence of an answer; `against` are the lines that speak against it."""

    text: str
    against: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    text: str
    matters: tuple[Place, ...]
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Asker:
    """A person whose last note holds the wishes, and what they ask for."""

    life: Life
    requests: tuple[Request, ...]


def read_requests(lives: Sequence[Life], folder: Path = REQUESTS) -> list[Asker]:
    """Everyone under `folder`, in the order of the files. Raises BrokenInput that names the line."""
    known = {life.id: life for life in lives}
    return list(rows(folder, "a person's requests", lambda file, _, told: _asker(file, told, known)))


def _asker(file: Path, told: Any, known: dict[str, Life]) -> Asker:
    life = known[f"{file.stem}/{told['person']}"]
    life = replace(life, notes=(*life.notes, tuple((PERSON, wish) for wish in told["wishes"])))
    requests = tuple(
        Request(
            r["ask"],
            places(r["matters"], life.notes),
            (*map(Draft, r["good"]), *[Draft(b["says"], places(b["against"], life.notes)) for b in r["bad"]]),
        )
        for r in told["requests"]
    )
    return Asker(life, requests)
