"""Windows from which the reader learns: which line answers, which matter for a request, which speak against a draft.

They are cut as it will see them: around the sentences nearest in meaning and around the right ones, at random
places, so that a line isn't known by where it stands; with answering lines left out; from notes where nothing
answers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ipse.llm.crossencoder import ME, CrossEncoder, Line, Task, Window
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from pretrain.notes import PERSON, Note, Question
from pretrain.requests import Asker, Place

MOST_LINES = 5
"""Of a window."""
ELSEWHERE = 0.15
"""Windows of other notes for each question, where nothing answers."""
CUT = 0.15
"""Share of windows that lose their answering lines."""
LINES = 4
"""Of a window about a request, at most."""
NEAR_REQUEST, NEAR_DRAFT = 4, 1
"""Windows around so many of the nearest lines."""


@dataclass(frozen=True, slots=True)
class Case:
    """A window and the places of its right lines; `answer` stands in the first of them."""

    task: Task
    window: Window
    right: tuple[int, ...]
    answer: str = ""


def lines_of(note: Note) -> list[Line]:
    return [Line(ME if who == PERSON else who, text) for who, text in note.said]


def cases(notes: Sequence[Note], askers: Sequence[Asker], embedder: Embedder, rng: random.Random) -> list[Case]:
    """The windows of the questions; if anybody asks for something, half of those and the windows of the requests."""
    found = answers_cases(notes, rng)
    if askers:
        found = rng.sample(found, len(found) // 2)
    for asker in askers:
        shelf = Shelf(asker, embedder)
        found += [*matters_cases(shelf, asker, rng), *against_cases(shelf, asker, rng)]
    return found


def answers_cases(notes: Sequence[Note], rng: random.Random) -> list[Case]:
    by_person: dict[str, list[Note]] = {}
    for note in notes:
        by_person.setdefault(note.id, []).append(note)
    found = []
    for note in notes:
        others = [n for n in by_person[note.id] if n is not note] or rng.sample(list(notes), 3)
        for question in note.questions:
            text = neutral(question.text, [note.person])
            lines = lines_of(note)
            found.append(_case(text, lines, question, rng))
            if question.at and rng.random() < CUT:
                gone = [line for i, line in enumerate(lines) if i not in question.at]
                found.append(_case(text, gone, Question(""), rng))
            if rng.random() < ELSEWHERE:
                found.append(_case(text, lines_of(rng.choice(others)), Question(""), rng))
    return found


def _case(text: str, lines: list[Line], question: Question, rng: random.Random) -> Case:
    """Some of the lines in a row, with those that answer, or seem to, among them if they lie near each other."""
    place = question.at or question.seems or (rng.randrange(len(lines)),)
    if max(place) - min(place) >= MOST_LINES:
        place = place[:1]
    start = max(0, rng.randint(max(place) - MOST_LINES + 1, min(place)))
    shown = lines[start : start + MOST_LINES]
    right = tuple(i - start for i in question.at if start <= i < start + len(shown))
    return Case("answers", Window(text, tuple(shown)), right, question.answer)


class Shelf:
    """All lines of one person, with their meanings."""

    def __init__(self, asker: Asker, embedder: Embedder) -> None:
        self.places: list[Place] = [(n, i) for n, note in enumerate(asker.notes) for i in range(len(note))]
        self.lines = [Line(ME if who == PERSON else who, text) for note in asker.notes for who, text in note]
        self.names = [asker.person]
        self.vectors = embedder.embed([neutral(line.text, self.names) for line in self.lines])
        asked = [text for r in asker.requests for text in (r.text, *(draft.text for draft in r.drafts))]
        self._asked = dict(zip(asked, embedder.embed([neutral(text, self.names) for text in asked]), strict=True))

    def nearness(self, text: str) -> Vectors:
        """Of every line to a request or a draft of this person, by sentence vectors."""
        near: Vectors = self.vectors @ self._asked[text]
        return near

    def nearest(self, text: str) -> list[int]:
        return [int(i) for i in np.argsort(-self.nearness(text), kind="stable")]

    def scores(self, reader: CrossEncoder, task: Task, text: str, written_for: str = "") -> Vectors:
        """Of every line, read LINES at a time."""
        windows = [Window(text, lines, written_for) for lines in self._parts()]
        return np.array([odds for read in reader.read(windows, task) for odds in read.scores], np.float32)

    def _parts(self) -> Iterator[tuple[Line, ...]]:
        for note in range(self.places[-1][0] + 1):
            own = [line for line, place in zip(self.lines, self.places, strict=True) if place[0] == note]
            yield from (tuple(own[i : i + LINES]) for i in range(0, len(own), LINES))

    def around(self, at: int, rng: random.Random) -> list[int]:
        """At most LINES lines in a row of one note, this one among them at a random place."""
        note = [i for i, place in enumerate(self.places) if place[0] == self.places[at][0]]
        start = max(note[0], at - rng.randrange(LINES))
        return [i for i in range(start, start + LINES) if i <= note[-1]]

    def runs(self, wanted: Sequence[int], rng: random.Random) -> list[list[int]]:
        """Windows that hold all of the wanted lines, none of them twice if it can be helped."""
        left, found = list(wanted), []
        while left:
            run = self.around(left[0], rng)
            found.append(run)
            left = [i for i in left if i not in run]
        return found


def matters_cases(shelf: Shelf, asker: Asker, rng: random.Random) -> Iterator[Case]:
    for request in asker.requests:
        asked = neutral(request.text, shelf.names)
        at = {place: i for i, place in enumerate(shelf.places)}
        right = {at[place] for place in request.matters}
        wanted = [*right, *(at[place] for place in request.apart), *shelf.nearest(request.text)[:NEAR_REQUEST]]
        for run in shelf.runs(wanted, rng):
            window = Window(asked, tuple(shelf.lines[i] for i in run))
            yield Case("matters", window, tuple(k for k, i in enumerate(run) if i in right))


def against_cases(shelf: Shelf, asker: Asker, rng: random.Random) -> Iterator[Case]:
    at = {place: i for i, place in enumerate(shelf.places)}
    for request in asker.requests:
        asked = neutral(request.text, shelf.names)
        for draft in request.drafts:
            right = [at[place] for place in draft.against]
            matter = [at[place] for place in request.matters]
            wanted = [*right, *shelf.nearest(draft.text)[:NEAR_DRAFT]]
            if not right:  # a topic that is touched isn't yet a fault
                wanted.append(rng.choice(matter))
            for run in shelf.runs(wanted, rng):
                window = Window(draft.text, tuple(shelf.lines[i] for i in run), asked)
                yield Case("against", window, tuple(k for k, i in enumerate(run) if i in right))
