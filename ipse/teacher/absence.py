"""Questions about a person that nothing known of them answers.

A model proposes them and checks each on every fact; a question that could not be checked is not
used, since a wrong one would teach the weights to deny what they know. What is done with the
questions, this module does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ipse.errors import LLMError
from ipse.llm.structured import M
from ipse.teacher import prompts
from ipse.teacher.batches import Done, Failed, work
from ipse.teacher.replies import AbsentQuestion, AbsentQuestions, Answerable
from ipse.types import Fact, Message, Person

_QUESTIONS_A_CALL = 20
_FACTS_A_CALL = 150
_ROUNDS = 3
_PROPOSE_TOKENS, _CHECK_TOKENS = 4096, 1024


class Ask(Protocol):
    """One structured question to a model; raises LLMError."""

    def __call__(self, messages: Sequence[Message], schema: type[M], max_tokens: int) -> M: ...


def questions(
    ask: Ask, facts: Sequence[Fact], person: Person, count: int, seed: int, threads: int
) -> list[AbsentQuestion]:
    """Up to `count` different questions; fewer when the model finds no more in three rounds.

    Raises LLMError when a whole round of calls failed and nothing was found before.
    """
    found: dict[str, AbsentQuestion] = {}
    for round_ in range(_ROUNDS):
        wanted = count - len(found)
        if wanted <= 0:
            break
        calls = [_proposal(facts, person, wanted, seed * _ROUNDS + round_, at) for at in _starts(wanted)]
        try:
            proposed = _proposed(ask, calls, threads)
            fresh = {key: question for key, question in proposed.items() if key not in found}
            answered = _answered(ask, facts, fresh, person, threads)
        except LLMError:
            if not found:
                raise
            break  # fewer questions than wished for, which the caller sees by their number
        found |= {key: question for key, question in fresh.items() if key not in answered}
    return list(found.values())[:count]


def _starts(wanted: int) -> range:
    return range(0, wanted, _QUESTIONS_A_CALL)


def _proposal(facts: Sequence[Fact], person: Person, wanted: int, seed: int, at: int) -> tuple[Message, ...]:
    # each call sees another stretch of a long ledger, so that the questions spread over all of it
    call = at // _QUESTIONS_A_CALL
    start = call * _FACTS_A_CALL % max(1, len(facts))
    shown = facts[start : start + _FACTS_A_CALL]
    return tuple(prompts.absent(shown, person, min(_QUESTIONS_A_CALL, wanted - at), seed * 1000 + call))


def _proposed(ask: Ask, calls: Sequence[tuple[Message, ...]], threads: int) -> dict[str, AbsentQuestion]:
    """Proposed questions by their plain wording; raises the first error when all calls failed."""
    outcomes = work([(call,) for call in calls], lambda b: ask(b[0], AbsentQuestions, _PROPOSE_TOKENS), threads)
    found: dict[str, AbsentQuestion] = {}
    for outcome in outcomes:
        if isinstance(outcome, Done):
            for question in outcome.result.questions:
                key = " ".join(question.third_question.casefold().split())
                if key and question.self_question.strip():
                    found.setdefault(key, question)
    errors = [outcome.error for outcome in outcomes if isinstance(outcome, Failed)]
    if len(errors) == len(outcomes):
        raise errors[0]
    return found


def _answered(
    ask: Ask, facts: Sequence[Fact], fresh: dict[str, AbsentQuestion], person: Person, threads: int
) -> set[str]:
    """Those of the `fresh` questions that some fact answers or that could not be checked."""
    keys = list(fresh)
    slices = [keys[at : at + _QUESTIONS_A_CALL] for at in _starts(len(keys))]
    checks = [
        (tuple(part), tuple(facts[start : start + _FACTS_A_CALL]))
        for part in slices
        for start in range(0, len(facts), _FACTS_A_CALL)
    ]

    def check(batch: tuple[tuple[tuple[str, ...], tuple[Fact, ...]], ...]) -> set[str]:
        part, shown = batch[0]
        asked = prompts.answerable([fresh[key].third_question for key in part], shown, person)
        numbers = set(ask(asked, Answerable, _CHECK_TOKENS).numbers)
        return {key for n, key in enumerate(part, start=1) if n in numbers}

    answered: set[str] = set()
    for outcome in work([(item,) for item in checks], check, threads):
        answered.update(outcome.item[0] if isinstance(outcome, Failed) else outcome.result)
    return answered
