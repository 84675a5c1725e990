"""Lives written for ipse: pages of invented people, and questions about them in other words.

One person a line, a JSON object: `notes` are their pages in order of time, of a `kind` ("chat with his daughter"),
`said` being [speaker, sentence] lines with "me" for the person; `qa` are questions with the [note, line] places that
answer them (best first), the answer as it stands in the first, and the places whose answer is `stale`; `absent`
questions that nothing answers, `traps` such about the person that only another's line seems to answer. A question `of`
a note was asked with only that one in view.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ipse.errors import BrokenInput

T = TypeVar("T")
LIVES = Path(__file__).parent / "lives"
HELD_OUT = "held_out.txt"
"""Names the lives, an id a line, that nothing is trained on; beside them, so that more lives change nothing."""
PERSON = "me"
"""How the files call the person among the speakers."""
Place = tuple[int, int]
"""(note, line)"""
Notes = tuple[tuple[tuple[str, str], ...], ...]
"""Of each note the (speaker, sentence) lines; the person is PERSON."""


@dataclass(frozen=True, slots=True)
class Question:
    """`at` are the lines that answer, best first; none if nothing does. `answer` stands in the best one.

    `seems` are the lines that only seem to answer: another's, or of what has changed since.
    """

    text: str
    at: tuple[Place, ...] = ()
    answer: str = ""
    seems: tuple[Place, ...] = ()
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """`id` tells people of the same name apart; `kinds` are the notes'."""

    id: str
    person: str
    notes: Notes
    kinds: tuple[str, ...]
    questions: tuple[Question, ...]

    @property
    def asked_as_a_whole(self) -> bool:
        """Whether no question is of a single note."""
        return all(question.of is None for question in self.questions)


def read_lives(folder: Path = LIVES) -> list[Life]:
    """Everyone under `folder`, in the order of the files' names. Raises BrokenInput that names the line."""
    return list(rows(folder, "a person's notes", _life))


def rows(folder: Path, what: str, row_of: Callable[[Path, int, Any], T]) -> Iterator[T]:
    """What `row_of` (file, line number, parsed line) makes of each line. Raises BrokenInput that names the line."""
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = row_of(file, number, json.loads(line))
            except (KeyError, TypeError, ValueError, IndexError) as fault:
                raise BrokenInput(f"{file}:{number}", f"not {what}: {fault!r}") from fault
            yield row


def places(found: Sequence[Sequence[int]], notes: Sequence[Sequence[object]]) -> tuple[Place, ...]:
    """Raises ValueError if there is no such line."""
    read = tuple((note, line) for note, line in found)
    for note, line in read:
        if not (0 <= note < len(notes) and 0 <= line < len(notes[note])):
            raise ValueError(f"there is no line {line} in note {note}")
    return read


def _life(file: Path, number: int, told: Any) -> Life:
    notes = tuple(tuple((speaker, text) for speaker, text in note["said"]) for note in told["notes"])
    asked = [
        *(_question(q, notes, at=q["at"], seems=q.get("stale", [])) for q in told["qa"]),
        *(_question(q, notes) for q in told["absent"]),
        *(_question(q, notes, seems=q["at"]) for q in told["traps"]),
    ]
    for question in asked:
        if question.at and question.answer not in notes[question.at[0][0]][question.at[0][1]][1]:
            raise BrokenInput(f"{file}:{number}", f"{question.answer!r} does not stand in its line")
    kinds = tuple(str(note.get("kind", "")) for note in told["notes"])
    return Life(f"{file.stem}/{told['person']}", told["person"], notes, kinds, tuple(asked))


def _question(
    row: Any, notes: Notes, at: Sequence[Sequence[int]] = (), seems: Sequence[Sequence[int]] = ()
) -> Question:
    right = places(at, notes)
    others = tuple(place for place in places(seems, notes) if place not in right)
    return Question(row["q"], right, row.get("a", ""), others, row.get("of"))


def apart(lives: Sequence[Life], folder: Path = LIVES) -> tuple[list[Life], list[Life]]:
    """(to train on, held out): whose id stands in the folder's HELD_OUT; without that file, everyone is held out."""
    file = folder / HELD_OUT
    if not file.is_file():
        return [], list(lives)
    names = set(file.read_text(encoding="utf-8").splitlines())
    return [life for life in lives if life.id not in names], [life for life in lives if life.id in names]
