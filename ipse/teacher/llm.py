"""The teacher that asks a language model.

It tells who asks what and in which order; the wording is in `prompts.py`, what is believed in
`accept.py`, what happens on failure in `batches.py`. It never sees the store or the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from contextlib import suppress
from typing import Literal

from pydantic import ValidationError

from ipse.llm.cost import CostEstimate, estimate
from ipse.llm.structured import M, StructuredModel
from ipse.teacher import accept, prompts
from ipse.teacher.absence import questions
from ipse.teacher.batches import Failed, batched, work
from ipse.teacher.cache import cache_key
from ipse.teacher.protocol import CoT, FactDraft, Judgement, Lesson
from ipse.teacher.replies import (
    Comparison,
    Extraction,
    FinalAnswers,
    Lessons,
    Verdict,
    WrittenLesson,
)
from ipse.types import Fact, Failure, Message, Passage, Person

Winner = Literal["a", "b", "tie"]

_EXTRACT_TOKENS = 4096
_LESSON_TOKENS = 8192
_SHORT_TOKENS = 1024
_EXTRACT_ANSWER_CHARS = 300
_LESSON_ANSWER_CHARS: dict[CoT, int] = {"none": 4000, "weak": 8000, "multi-step": 5000, "strong": 12000}


class LLMTeacher:
    """A Teacher over any StructuredModel.

    `cache` keeps replies by prompt version, model and messages, so that a run that was killed does
    not pay twice. `attributes` are names to prefer in extraction. `announce` is told the estimated
    cost before `extract` and `lessons` start; `prices` are for a million tokens (in, out).
    """

    def __init__(
        self,
        llm: StructuredModel,
        *,
        cot: CoT = "none",
        cache: MutableMapping[str, str] | None = None,
        attributes: Sequence[str] = (),
        prices: tuple[float | None, float | None] = (None, None),
        announce: Callable[[CostEstimate], None] | None = None,
        passages_a_call: int = 8,
        facts_a_call: int = 1,
    ) -> None:
        self.name = f"llm/{llm.name}/{prompts.VERSION}"
        self._llm = llm
        self._cot = cot
        self._cache = cache
        self._attributes = tuple(attributes)
        self._prices = prices
        self._announce = announce
        self._passages_a_call = passages_a_call
        self._facts_a_call = facts_a_call

    def extract(self, passages: Iterable[Passage], person: Person) -> tuple[list[FactDraft], list[Failure]]:
        """Facts from the person's own passages; others' are context at most and are passed over.

        Raises LLMUnavailable only when the model answered nothing at all.
        """
        own = [passage for passage in passages if passage.chunk.role == "self"]
        batches = batched(own, self._passages_a_call, lambda _: None)

        def messages(batch: Sequence[Passage]) -> list[Message]:
            return prompts.extract(batch, person, self._attributes)

        self._tell_cost([messages(batch) for batch in batches], _EXTRACT_ANSWER_CHARS * self._passages_a_call)
        drafts: list[FactDraft] = []
        failures: list[Failure] = []
        for outcome in work(
            batches, lambda b: self._ask(messages(b), Extraction, _EXTRACT_TOKENS), self._llm.concurrency
        ):
            if isinstance(outcome, Failed):
                failures.append(Failure(outcome.item.chunk.id, str(outcome.error)))
                continue
            kept, refused = accept.drafts(outcome.result.facts, [p.chunk for p in outcome.items], person)
            drafts += kept
            failures += refused
        return drafts, failures

    def lessons(self, facts: Sequence[Fact], person: Person) -> tuple[list[Lesson], list[Failure]]:
        """10 to 30 lessons a fact; a fact with fewer usable ones keeps those and gets a Failure.

        Raises LLMUnavailable only when the model answered nothing at all.
        """
        # private facts go apart: no lesson may tell them to others
        batches = batched(facts, self._facts_a_call, lambda fact: fact.sensitivity == "private")
        self._tell_cost(
            [prompts.lessons(batch, person, self._cot) for batch in batches],
            _LESSON_ANSWER_CHARS[self._cot] * self._facts_a_call,
            steps=2 if self._cot == "multi-step" else 1,
        )
        lessons: list[Lesson] = []
        failures: list[Failure] = []
        for outcome in work(batches, lambda b: self._write(b, person), self._llm.concurrency):
            if isinstance(outcome, Failed):
                failures.append(Failure(outcome.item.id, str(outcome.error)))
                continue
            kept, refused = accept.lessons(outcome.result, outcome.items, person, self._cot)
            lessons += kept
            failures += refused
        return lessons, failures

    def absent(self, facts: Sequence[Fact], person: Person, count: int, seed: int) -> list[Lesson]:
        """Up to `count` questions no fact answers, self and third in turn; each was checked on all facts.

        Fewer when the model finds no more. `fact_id` is empty: they rest on no fact. Raises LLMError.
        """
        lessons: list[Lesson] = []
        for question in questions(self._ask, facts, person, (count + 1) // 2, seed, self._llm.concurrency):
            lessons.append(_unknown(question.self_question, "self", "you"))
            lessons.append(_unknown(question.third_question, "third", person.short))
        return lessons[:count]

    def judge(self, question: str, answer: str, reference: str) -> Judgement:
        """Raises LLMError when the model gives no usable verdict."""
        verdict = self._ask(prompts.judge(question, answer, reference), Verdict, _SHORT_TOKENS)
        return Judgement(verdict.score, verdict.reason)

    def compare(self, question: str, a: str, b: str, reference: str) -> Winner:
        """Which agrees better with the reference, asked in both orders; a tie unless both agree.

        Raises LLMError when the model gives no usable verdict.
        """
        there = self._ask(prompts.compare(question, a, b, reference), Comparison, _SHORT_TOKENS)
        back = self._ask(prompts.compare(question, b, a, reference), Comparison, _SHORT_TOKENS)
        verdicts: dict[tuple[str, str], Winner] = {("first", "second"): "a", ("second", "first"): "b"}
        return verdicts.get((there.better, back.better), "tie")

    def _write(self, facts: Sequence[Fact], person: Person) -> list[WrittenLesson]:
        written = self._ask(prompts.lessons(facts, person, self._cot), Lessons, _LESSON_TOKENS).lessons
        return self._answered(written) if self._cot == "multi-step" and written else written

    def _answered(self, reasoned: Sequence[WrittenLesson]) -> list[WrittenLesson]:
        """The second step: the model's reasoning, then the answer it draws from it on the last line."""
        asked = prompts.final_answers([(lesson.question, lesson.answer) for lesson in reasoned])
        replies = self._ask(asked, FinalAnswers, _LESSON_TOKENS).answers
        answers = {reply.number: reply.answer.strip() for reply in replies}
        return [
            # without a final answer there is nothing to learn: the empty text is refused and counted
            lesson.model_copy(update={"answer": f"{lesson.answer.strip()}\n{answers[n]}" if answers.get(n) else ""})
            for n, lesson in enumerate(reasoned, start=1)
        ]

    def _ask(self, messages: Sequence[Message], schema: type[M], max_tokens: int) -> M:
        """From the cache where it is there and still fits, else from the model."""
        if self._cache is None:
            return self._llm.structured(messages, schema, max_tokens)
        key = self._key(messages)
        kept = self._cache.get(key)
        if kept is not None:
            # one that no longer fits was written under another form: it is asked for anew
            with suppress(ValidationError):
                return schema.model_validate_json(kept)
        answer = self._llm.structured(messages, schema, max_tokens)
        self._cache[key] = answer.model_dump_json()
        return answer

    def _key(self, messages: Sequence[Message]) -> str:
        return cache_key(prompts.VERSION, self._llm.name, messages)

    def _tell_cost(self, calls: Sequence[Sequence[Message]], answer_chars: int, steps: int = 1) -> None:
        """Only what is not in the cache costs anything."""
        if self._announce is None:
            return
        kept = self._cache if self._cache is not None else {}
        due = [messages for messages in calls if self._key(messages) not in kept]
        chars = sum(len(message.content) for messages in due for message in messages)
        chars += (steps - 1) * len(due) * answer_chars  # a second step reads what the first has written
        self._announce(estimate(chars, steps * len(due), *self._prices, answer_chars=answer_chars))


def _unknown(question: str, perspective: Literal["self", "third"], whom: str) -> Lesson:
    return Lesson(question.strip(), f"I don't know that about {whom}.", perspective, "absence", "")
