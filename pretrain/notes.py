"""Notes written for ipse: a few lines of one person's day, and questions about them in other words.

One JSON object a line: `said` are [speaker, sentence] with "me" for the person, `qa` are questions with
the lines that answer them (best first) and the answer as it stands there, `absent` questions that nothing
answers, `traps` questions about the person that only another's line seems to answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ipse.errors import BrokenInput

T = TypeVar("T")
NOTES = Path(__file__).parent / "notes"
PERSON = "me"
"""How the files call the person among the speakers."""


@dataclass(frozen=True, slots=True)
class Question:
    """`at` are the lines that answer, best first; none if nothing does. `answer` stands in the best one.

    `seems` are the lines that only seem to answer.
    """

    text: str
    at: tuple[int, ...] = ()
    answer: str = ""
    seems: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """`id` tells people of the same name apart."""

    id: str
    person: str
    said: tuple[tuple[str, str], ...]
    """(speaker, sentence); the person is PERSON."""
    questions: tuple[Question, ...]


def read_notes(folder: Path = NOTES) -> list[Note]:
    """All notes under `folder`, in the order of the files' names. Raises BrokenInput that names the line."""
    return list(rows(folder, "a note", _note))


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


def _note(file: Path, number: int, told: Any) -> Note:
    said = tuple((speaker, text) for speaker, text in told["said"])
    asked = [Question(q["q"], tuple(q["at"]), q["a"]) for q in told["qa"]]
    asked += [Question(text) for text in told["absent"]]
    asked += [Question(trap["q"], seems=tuple(trap["at"])) for trap in told["traps"]]
    for question in asked:
        if question.at and question.answer not in said[question.at[0]][1]:
            raise BrokenInput(f"{file}:{number}", f"{question.answer!r} does not stand in its line")
    return Note(f"{file.stem}/{told['person']}", told["person"], said, tuple(asked))


def apart(notes: list[Note], every: int = 8) -> tuple[list[Note], list[Note]]:
    """(to train on, held out): every n-th person is held out with all their notes."""
    people = list(dict.fromkeys(note.id for note in notes))
    held = set(people[::every])
    return [n for n in notes if n.id not in held], [n for n in notes if n.id in held]
