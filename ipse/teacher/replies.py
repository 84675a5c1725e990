"""The forms in which a language model answers the teacher's questions.

Only shapes: what of a well-formed reply is believed is decided in `accept.py`.
Every field is required, since servers that enforce a schema strictly want it so.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ipse.types import Kind, Perspective, Sensitivity, Stance

LessonForm = Literal["forward", "reverse", "yes", "no"]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FoundFact(_Reply):
    chunk_id: str
    quote: str = Field(description="the words of the passage that say so, copied letter by letter")
    statement: str = Field(description="one atomic sentence in the first person, as the person would say it")
    kind: Kind
    subject: str = Field(description='"self", or the name or relation of the other person it is about')
    attribute: str | None = Field(description="snake_case, e.g. home_city; null when nothing fits")
    value: str | None = Field(description="the attribute's value in the passage's own words; null without one")
    key_phrases: list[str] = Field(description="up to four phrases that say what it is about")
    stance: Stance
    sensitivity: Sensitivity
    change: bool = Field(description="true when the wording announces that an earlier value no longer holds")


class Extraction(_Reply):
    facts: list[FoundFact]


class WrittenLesson(_Reply):
    fact_id: str
    perspective: Perspective
    form: LessonForm
    question: str
    answer: str


class Lessons(_Reply):
    lessons: list[WrittenLesson]


class FinalAnswer(_Reply):
    number: int
    answer: str


class FinalAnswers(_Reply):
    """The second call of multi-step reasoning: a short answer for each numbered question."""

    answers: list[FinalAnswer]


class AbsentQuestion(_Reply):
    self_question: str = Field(description="as the person asks about themselves, in the first person")
    third_question: str = Field(description="the same question, asked by somebody else about the person")


class AbsentQuestions(_Reply):
    questions: list[AbsentQuestion]


class Answerable(_Reply):
    """Numbers of those questions that the given facts do answer."""

    numbers: list[int]


class Verdict(_Reply):
    reason: str
    score: float = Field(ge=0, le=1)


class Comparison(_Reply):
    reason: str
    better: Literal["first", "second", "tie"]
