"""The teacher that needs no model server: a grammar of personal attributes and sentence vectors.

Same protocol as the LLM teacher. It recognises less, invents nothing, costs nothing and always
gives the same lessons for the same facts.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from ipse.errors import UsageError
from ipse.llm.crossencoder import default_reader
from ipse.llm.protocol import Embedder
from ipse.llm.sense import neutral
from ipse.teacher.bank import Told, load_bank
from ipse.teacher.extract import extract
from ipse.teacher.grammar import attributes
from ipse.teacher.index import grammar_hash, load_index
from ipse.teacher.lessons import absence_lessons, attribute_lessons, sentence_lessons
from ipse.teacher.protocol import FactDraft, Judgement, Lesson
from ipse.types import Fact, Failure, Passage, Person

NEAR = 0.5
"""An untold attribute whose question is this close to something told is not taught as absent."""
SPEAKS = 0.44
"""A question this close to one of the person's sentences may be answered by it, so it isn't taught as absent.
Of the example persons' freely worded questions nine in ten that have an answer lie above 0.36-0.42, all but one
without below 0.42."""


class OfflineTeacher:
    """`forms` is how many wordings of a question each fact is taught with, in each perspective."""

    def __init__(self, embedder: Embedder, forms: int = 6) -> None:
        self.embedder = embedder
        self.index = load_index(embedder)
        self.forms = forms
        self._lately: tuple[Person, tuple[Fact, ...], dict[str, list[str]]] | None = None
        self.name = f"offline/{grammar_hash(embedder)}"

    def extract(self, passages: Iterable[Passage], person: Person) -> tuple[list[FactDraft], list[Failure]]:
        return extract(passages, self.index, person), []

    def lessons(self, facts: Sequence[Fact], person: Person) -> tuple[list[Lesson], list[Failure]]:
        lessons: list[Lesson] = []
        asked = self._asked(facts, person)
        for at, fact in enumerate(facts):
            rng = random.Random(fact.id)
            attribute = attributes().get(fact.attribute or "")
            if attribute is not None and fact.value is not None:
                lessons += attribute_lessons(fact, attribute, person, rng, self.forms)
            else:
                lessons += sentence_lessons(fact, person, rng, self.forms, asked[fact.id], _beside(facts, at))
        return lessons, []

    def _asked(self, facts: Sequence[Fact], person: Person) -> dict[str, list[str]]:
        """What somebody would ask to hear each sentence that nobody recognised, in the first person.

        Kept for the next call: lessons and absence need the same.
        """
        known = (person, tuple(facts))
        if self._lately is None or self._lately[:2] != known:
            kept = [(at, fact) for at, fact in enumerate(facts) if fact.attribute is None]
            told = [Told(fact.statement, *_beside(facts, at)) for at, fact in kept]
            found = load_bank(self.embedder, default_reader()).answered_by(told)
            self._lately = (*known, {fact.id: questions for (_, fact), questions in zip(kept, found, strict=True)})
        return self._lately[2]

    def absent(self, facts: Sequence[Fact], person: Person, count: int, seed: int) -> list[Lesson]:
        if count < 0:
            raise UsageError(f"{count} absent questions can't be made")
        told = [attributes()[f.attribute] for f in facts if f.attribute in attributes()]
        sentences = [f for f in facts if f.attribute is None]
        nearest = self.index.of_statements([f.statement for f in sentences], person.names, limit=5)
        near = {m.attribute.id for matches in nearest for m in matches if m.similarity >= NEAR}
        answered = {q for questions in self._asked(facts, person).values() for q in questions}
        near |= {a.id for a in attributes().values() if answered.intersection(a.questions)}
        lessons = absence_lessons(told, frozenset(near), person, 2 * count, seed)
        return self._clear(lessons, sentences, person)[:count]

    def _clear(self, lessons: Sequence[Lesson], sentences: Sequence[Fact], person: Person) -> list[Lesson]:
        """The lessons whose question no sentence of the person comes near enough to be an answer."""
        if not (lessons and sentences):
            return list(lessons)
        told = self.embedder.embed([neutral(f.statement, person.names) for f in sentences])
        asked = self.embedder.embed([neutral(lesson.question, person.names) for lesson in lessons])
        nearest = (asked @ told.T).max(axis=1)
        return [lesson for lesson, near in zip(lessons, nearest, strict=True) if near < SPEAKS]

    def judge(self, question: str, answer: str, reference: str) -> Judgement:  # noqa: ARG002 (the seam has it)
        """Word overlap and meaning against the reference; the question is not looked at."""
        contained = fuzz.partial_token_set_ratio(reference.casefold(), answer.casefold()) == 100.0
        ratio = fuzz.token_set_ratio(reference.casefold(), answer.casefold()) / 100
        vectors = self.embedder.embed([answer, reference])
        meaning = float(vectors[0] @ vectors[1])
        score = max(ratio, meaning) if contained or meaning > 0.5 else min(ratio, meaning)
        return Judgement(max(0.0, min(1.0, score)), f"wording {ratio:.2f}, meaning {meaning:.2f}")


def _beside(facts: Sequence[Fact], at: int) -> tuple[str, str]:
    """The sentences told just before and after, at the same time and no more private; "" where there is none."""
    own = facts[at]

    def told(i: int) -> str:
        if not 0 <= i < len(facts) or own.valid_from is None:
            return ""
        other = facts[i]
        alike = (other.valid_from, other.sensitivity) == (own.valid_from, own.sensitivity)
        return other.statement if alike and other.attribute is None else ""

    return told(at - 1), told(at + 1)
