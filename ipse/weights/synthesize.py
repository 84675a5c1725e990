"""Training pairs from the ledger: three tasks, two perspectives, and what must not be said.

A stage: facts, messages and a teacher in, pairs out. What a pair teaches is its `form`; which facts
it rests on is its `refs`, so that forgetting a fact takes its pairs along.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from ipse.teacher.protocol import Lesson, Teacher
from ipse.types import Chunk, Fact, Failure, Message, Pair, Person, Perspective, Task, new_id
from ipse.voice import REFUSAL, system

ABSENCE_SHARE = 0.5
MOST_OF_A_TASK = 24
"""Pairs of the other tasks at most: the weights are there to remember, and every pair costs training time."""


def synthesize(
    facts: Sequence[Fact], own: Sequence[tuple[Chunk, Chunk]], person: Person, teacher: Teacher, seed: int
) -> tuple[list[Pair], list[Failure]]:
    """All pairs for the active `facts`; `own` are (what was said to the person, what they replied)."""
    active = [f for f in facts if f.status == "active"]
    lessons, failures = teacher.lessons(active, person)
    by_id = {f.id: f for f in active}
    memory = [_memory(_guarded(x, by_id), person, teacher.name) for x in lessons]
    absent = teacher.absent(active, person, count=max(40, int(len(memory) * ABSENCE_SHARE)), seed=seed)
    memory += [_memory(lesson, person, teacher.name) for lesson in absent]
    rng = random.Random(seed)
    enhance = enhance_pairs(active, person, rng, teacher.name)
    critique = critique_pairs(active, person, rng, teacher.name)
    pairs = memory + enhance[:MOST_OF_A_TASK] + critique[:MOST_OF_A_TASK]
    return _unique(pairs + style_pairs(own, person, teacher.name)), failures


def _guarded(lesson: Lesson, facts: dict[str, Fact]) -> Lesson:
    """A private fact is refused to a third party, and another's fact is not taken for the person's."""
    fact = facts.get(lesson.fact_id)
    if fact is None or lesson.perspective == "self":
        return lesson
    if fact.sensitivity == "private":
        return Lesson(lesson.question, REFUSAL, "third", "refusal", fact.id)
    return lesson


def pair(
    task: Task,
    perspective: Perspective,
    form: str,
    messages: tuple[Message, ...],
    refs: tuple[str, ...],
    made_by: str,
) -> Pair:
    body = [f"{m.role}:{m.content}" for m in messages]
    return Pair(new_id("pair", task, perspective, form, *body), task, perspective, form, messages, refs, made_by)


def _memory(lesson: Lesson, person: Person, made_by: str) -> Pair:
    messages = (
        Message("system", system(person, lesson.perspective)),
        Message("user", lesson.question),
        Message("assistant", lesson.answer),
    )
    refs = () if lesson.form == "absence" else (lesson.fact_id,)
    return pair("memory", lesson.perspective, lesson.form, messages, refs, made_by)


def enhance_pairs(facts: Sequence[Fact], person: Person, rng: random.Random, made_by: str) -> list[Pair]:
    """A request about a fact's matter, and the same request with the fact added."""
    pairs = []
    for fact in facts:
        if fact.sensitivity == "private" or fact.subject != "self" or not fact.key_phrases:
            continue
        request = f"Help me with {rng.choice(fact.key_phrases)}."
        told = f"{request} Keep in mind: {fact.statement}"
        messages = (
            Message("system", f"Enhance for {person.short}."),
            Message("user", request),
            Message("assistant", told),
        )
        pairs.append(pair("enhance", "self", "enhance", messages, (fact.id,), made_by))
    return pairs


def critique_pairs(facts: Sequence[Fact], person: Person, rng: random.Random, made_by: str) -> list[Pair]:
    """An answer that agrees with a fact, and one that has another fact's value in its place."""
    valued = [f for f in facts if f.value and f.sensitivity != "private"]
    pairs = []
    for fact in valued:
        others = [f.value for f in valued if f.value != fact.value and f.attribute != fact.attribute and f.value]
        shown = [(fact.value or "", "approve")] + ([(rng.choice(others), "flag")] if others else [])
        for value, form in shown:
            reply = fact.statement.replace(fact.value or "", value)
            request = f"What about {fact.key_phrases[0] if fact.key_phrases else fact.value}?\nReply: {reply}"
            verdict = f"{form.capitalize()}: {fact.statement}"
            messages = (
                Message("system", f"Critique for {person.short}."),
                Message("user", request),
                Message("assistant", verdict),
            )
            pairs.append(pair("critique", "self", form, messages, (fact.id,), made_by))
    return pairs


def style_pairs(own: Sequence[tuple[Chunk, Chunk]], person: Person, made_by: str, limit: int = 40) -> list[Pair]:
    """How the person answers: what others said to them, and their own reply, word for word."""
    pairs = []
    for said, reply in own[:limit]:
        if not 3 <= len(reply.text.split()) <= 30 or len(said.text.split()) > 40:
            continue
        messages = (
            Message("system", f"As {person.short}."),
            Message("user", said.text),
            Message("assistant", reply.text),
        )
        pairs.append(pair("style", "self", "style", messages, (reply.id,), made_by))
    return pairs


def replies_of(chunks: Sequence[Chunk]) -> list[tuple[Chunk, Chunk]]:
    """(last thing another said, first thing the person answered), in order."""
    return [
        (said, reply)
        for said, reply in pairwise(chunks)
        if said.role in {"other", "assistant"} and reply.role == "self" and said.source_id == reply.source_id
    ]


def _unique(pairs: Sequence[Pair]) -> list[Pair]:
    return list({p.id: p for p in pairs}.values())
