"""Who writes the lessons: one protocol, two teachers (offline and llm).

A teacher is handed text and facts and hands back drafts; it never sees the store, and what it
fails on comes back as a Failure beside what worked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ipse.types import Fact, Failure, Kind, Passage, Person, Perspective, Sensitivity, Stance

CoT = Literal["none", "weak", "multi-step", "strong"]


@dataclass(frozen=True, slots=True)
class FactDraft:
    """A fact as one passage states it, before canonicalising and merging."""

    statement: str
    chunk_id: str
    kind: Kind = "statement"
    subject: str = "self"
    attribute: str | None = None
    value: str | None = None
    key_phrases: tuple[str, ...] = ()
    at: datetime | None = None
    stance: Stance = "stated"
    sensitivity: Sensitivity = "personal"
    change: bool = False
    """The wording announces that this replaces an earlier value."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question about one fact and its right answer."""

    question: str
    answer: str
    perspective: Perspective
    form: str
    fact_id: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well an answer agrees with its reference, 0 to 1, and why."""

    score: float
    reason: str


class Teacher(Protocol):
    name: str
    """Names the implementation and its version; stored as `made_by`."""

    def extract(self, passages: Iterable[Passage], person: Person) -> tuple[list[FactDraft], list[Failure]]: ...

    def lessons(self, facts: Sequence[Fact], person: Person) -> tuple[list[Lesson], list[Failure]]:
        """Questions and answers for each fact, in both perspectives."""
        ...

    def absent(self, facts: Sequence[Fact], person: Person, count: int, seed: int) -> list[Lesson]:
        """`count` questions about things the facts do not tell; the answer says so."""
        ...

    def judge(self, question: str, answer: str, reference: str) -> Judgement: ...
