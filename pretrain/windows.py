"""Windows from which the cross-encoders learn: which line answers, and which speaks against a draft.

They are cut as it will see them: around the sentences nearest in meaning and around the right ones, at random
places, so that a line isn't known by where it stands; the nearest of all notes beside each other in order of time, what
has changed since among them; with answering lines left out; from notes where nothing answers. A question who somebody
is stands beside lines of a chat with them, who never say it. And as it will check what an adapter says: a question of
the grammar beside the value of what it asks for, or of something else.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ipse.llm.crossencoder import ME, Line, Task, Window
from ipse.llm.protocol import Embedder, Vectors
from ipse.llm.sense import neutral
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.lessons import value_answer
from ipse.teacher.subject import ANY_RELATION, RELATIONS
from ipse.types import PERSPECTIVES, Person
from pretrain import world
from pretrain.lives import PERSON, Life, Place, Question
from pretrain.requests import Asker

MOST_LINES = 5
"""Of a window around a line."""
ELSEWHERE = 0.15
"""Windows of other notes for each question of one note, where nothing answers."""
CUT = 0.15
"""Share of windows that lose their answering lines."""
RIVALS = (4, 8)
"""Lines that are read beside each other, at least and at most."""
NEARBY = 6
"""So many of the nearest lines may have a window around them."""
LINES = 4
"""Of a window about a draft, at most."""
WORDINGS, ALIKE = 10, 8
"""Of each attribute the questions asked, and the attributes asked alike whose values don't answer them."""

WHO = (
    "What is this person's {} called?",
    "What is the name of this person's {}?",
    "Who is this person's {}?",
    "What's this person's {}'s name?",
    "By what name does this person's {} go?",
)
_CHAT_WITH = re.compile(rf"\b(?:with|to|from) (?:his|her|their|my|the) (?:\w+ )??(?P<relation>{ANY_RELATION})\b", re.I)
CHATS = 4
"""Windows of a chat with somebody about whom it is known who they are."""


@dataclass(frozen=True, slots=True)
class Case:
    """A window and the places of its right lines; `answer` stands in the first of them."""

    task: Task
    window: Window
    right: tuple[int, ...]
    answer: str = ""


SOMEONE = Person("Maya")
"""Told of to others in the grammar's answers, and then without the name."""
Meanings = Mapping[str, Vectors]
"""The sentence vector of each text without the person's name."""


def meanings(texts: Iterable[str], embedder: Embedder) -> Meanings:
    """Of many people's texts at once: in large batches MiniLM is many times faster."""
    distinct = list(dict.fromkeys(texts))
    return dict(zip(distinct, embedder.embed(distinct), strict=True))


class Shelf:
    """All lines of one person in order of time, and how near they are to some texts."""

    def __init__(self, life: Life, known: Meanings) -> None:
        """`known` has the lines' meanings and those of the texts they are held against."""
        self.places: list[Place] = [(n, i) for n, note in enumerate(life.notes) for i in range(len(note))]
        self.at = {place: i for i, place in enumerate(self.places)}
        self.lines = [Line(ME if who == PERSON else who, text) for note in life.notes for who, text in note]
        self.names = [life.person]
        self._known = known

    @cached_property
    def _vectors(self) -> Vectors:
        return np.stack([self._meaning(line.text) for line in self.lines])

    def _meaning(self, text: str) -> Vectors:
        return self._known[neutral(text, self.names)]

    def nearest(self, text: str) -> list[int]:
        """All lines, the nearest to one of the texts first, by sentence vectors."""
        return [int(i) for i in np.argsort(-(self._vectors @ self._meaning(text)), kind="stable")]

    def _of(self, note: int) -> list[int]:
        return [i for i, place in enumerate(self.places) if place[0] == note]

    def around(self, at: int, rng: random.Random, most: int = LINES) -> list[int]:
        """At most so many lines in a row of one note, this one among them at a random place."""
        note = self._of(self.places[at][0])
        start = max(note[0], at - rng.randrange(most))
        return [i for i in range(start, start + most) if i <= note[-1]]

    def runs(self, wanted: Sequence[int], rng: random.Random) -> list[list[int]]:
        """Windows that hold all of the wanted lines, none of them twice if it can be helped."""
        left, found = list(wanted), []
        while left:
            run = self.around(left[0], rng)
            found.append(run)
            left = [i for i in left if i not in run]
        return found

    def case(self, question: str, run: Sequence[int], right: Sequence[int], told: str = "") -> Case:
        """The lines of `run` as a window; `right` are places on the shelf, and `told` an answer in the first."""
        among = tuple(run.index(i) for i in right if i in run)
        window = Window(neutral(question, self.names), tuple(self.lines[i] for i in run))
        return Case("answers", window, among, told if right and right[0] in run else "")


def texts_of(life: Life) -> list[str]:
    """What must be known for `answers_cases`; a question of one note is held against no other line."""
    lines = [text for note in life.notes for _, text in note]
    return [neutral(t, [life.person]) for t in (*lines, *(q.text for q in life.questions if q.of is None))]


def answers_cases(life: Life, known: Meanings, rng: random.Random) -> Iterator[Case]:
    shelf = Shelf(life, known)
    for question in life.questions:
        if question.of is None:
            yield from _asked_of_a_life(shelf, question, rng)
        else:
            yield from _asked_of_a_note(shelf, question, question.of, rng)


def _asked_of_a_note(shelf: Shelf, question: Question, note: int, rng: random.Random) -> Iterator[Case]:
    right = [shelf.at[place] for place in question.at]
    own = [i for i, place in enumerate(shelf.places) if place[0] == note]
    place = [*right, *(shelf.at[p] for p in question.seems), rng.choice(own)][0]
    yield shelf.case(question.text, shelf.around(place, rng, MOST_LINES), right, question.answer)
    others = [i for i in own if i not in right]
    if right and others and rng.random() < CUT:
        yield shelf.case(question.text, others, ())
    if rng.random() < ELSEWHERE:
        elsewhere = [i for i, place in enumerate(shelf.places) if place[0] != note]
        if elsewhere:
            yield shelf.case(question.text, shelf.around(rng.choice(elsewhere), rng, MOST_LINES), ())


def _asked_of_a_life(shelf: Shelf, question: Question, rng: random.Random) -> Iterator[Case]:
    """Around the right line or one of the nearest, and the nearest from everywhere beside each other."""
    right, seems = ([shelf.at[place] for place in among] for among in (question.at, question.seems))
    nearest = shelf.nearest(question.text)
    start = rng.choice([*right[:1], *seems[:1], rng.choice(nearest[:NEARBY])])
    yield shelf.case(question.text, shelf.around(start, rng, MOST_LINES), right, question.answer)
    kept = [] if rng.random() < CUT else right
    rivals = [i for i in nearest[: 2 * RIVALS[1]] if i not in right and i not in seems]
    room = rng.randint(*RIVALS) - len(kept) - len(seems)
    chosen = sorted({*kept, *seems, *rivals[: max(0, room)]})
    yield shelf.case(question.text, chosen, kept, question.answer)


@dataclass(frozen=True, slots=True)
class Chat:
    """With one other, who is the person's `relation`."""

    relation: str
    other: str
    lines: tuple[Line, ...]


def chats_of(life: Life) -> Iterator[Chat]:
    """Those whose kind tells who the other is."""
    for kind, note in zip(life.kinds, life.notes, strict=True):
        others = {who for who, _ in note} - {PERSON, "assistant"}
        found = _CHAT_WITH.search(kind)
        if found and len(others) == 1:
            lines = tuple(Line(ME if who == PERSON else who, text) for who, text in note)
            yield Chat(found["relation"].casefold(), others.pop(), lines)


def who_cases(lives: Sequence[Life], rng: random.Random) -> Iterator[Case]:
    """Who is the person's daughter? All that she writes answers it, and nothing in a chat with the son."""
    chats = [chat for life in lives for chat in chats_of(life)]
    for chat in chats:
        theirs = [i for i, line in enumerate(chat.lines) if line.speaker == chat.other]
        for _ in range(CHATS):
            start = max(0, rng.choice(theirs) - rng.randrange(MOST_LINES))
            own = chat.lines[start : start + MOST_LINES]
            lines, another = own, rng.choice(chats)
            if another.relation != chat.relation and rng.random() < 0.4:
                at = rng.randrange(max(1, len(another.lines) - 2))
                beside = another.lines[at : at + 3]
                lines = (*own, *beside) if rng.random() < 0.5 else (*beside, *own)
            right = tuple(i for i, line in enumerate(lines) if line.speaker == chat.other)
            yield Case("answers", Window(rng.choice(WHO).format(chat.relation), lines), right)
            if rng.random() < 0.5:
                somebody = rng.choice(sorted(RELATIONS - {chat.relation}))
                yield Case("answers", Window(rng.choice(WHO).format(somebody), own), ())


def value_cases(embedder: Embedder, rng: random.Random) -> Iterator[Case]:
    """Questions in the grammar's wordings, each beside lines that tell a value, mostly one line."""
    known = list(attributes().values())
    asked = embedder.embed([neutral(a.questions[0]) for a in known])
    nearest = np.argsort(-(asked @ asked.T), axis=1, kind="stable")[:, 1 : 1 + ALIKE]
    for attribute, row in zip(known, nearest, strict=True):
        others = [known[j] for j in row if known[j] is not attribute]
        for question in rng.sample(attribute.questions, min(WORDINGS, len(attribute.questions))):
            told = _telling(attribute, rng)
            if rng.random() < 0.5:
                yield Case("answers", Window(neutral(question), (told,)), (0,))
            yield Case("answers", Window(neutral(question), (_telling(rng.choice(others), rng),)), ())
            if rng.random() < 0.4:
                lines = [_telling(other, rng) for other in rng.sample(others, rng.randint(2, 4))]
                right = [] if rng.random() < 0.3 else [rng.randrange(len(lines) + 1)]
                for at in right:
                    lines.insert(at, told)
                yield Case("answers", Window(neutral(question), tuple(lines)), tuple(right))


def _telling(attribute: Attribute, rng: random.Random) -> Line:
    """A line with a value of it: in ipse's words to the person, to others, or in the person's own."""
    value = world.invented_value(attribute, rng) if rng.random() < 0.5 else rng.choice(attribute.examples)
    if rng.random() < 0.3:
        return Line(ME, attribute.state(value, rng.choice(attribute.statements)))
    said = value_answer(attribute, value, SOMEONE, rng.choice(PERSPECTIVES))
    return Line(ME, neutral(said, SOMEONE.names))


def shelf_of(asker: Asker, embedder: Embedder) -> Shelf:
    """Ready to be held against the sentences of drafts."""
    texts = [text for note in asker.life.notes for _, text in note]
    texts += [draft.text for request in asker.requests for draft in request.drafts]
    return Shelf(asker.life, meanings((neutral(text, [asker.life.person]) for text in texts), embedder))


def against_cases(asker: Asker, embedder: Embedder, rng: random.Random) -> Iterator[Case]:
    shelf = shelf_of(asker, embedder)
    for request in asker.requests:
        asked = neutral(request.text, shelf.names)
        for draft in request.drafts:
            right = [shelf.at[place] for place in draft.against]
            matter = [shelf.at[place] for place in request.matters]
            wanted = [*right, shelf.nearest(draft.text)[0]]
            if not right:  # a topic that is touched isn't yet a fault
                wanted.append(rng.choice(matter))
            for run in shelf.runs(wanted, rng):
                window = Window(draft.text, tuple(shelf.lines[i] for i in run), asked)
                yield Case("against", window, tuple(k for k, i in enumerate(run) if i in right))
