"""The outer loop: enhance, ask, criticise, revise once; without an agent, what would be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from agent_kit import TOMAS

from ipse.agent.loop import chat
from ipse.errors import BadOutput, LLMUnavailable, UsageError
from ipse.llm.protocol import Reply
from ipse.types import Message

GOOD, BAD = "A lentil dal with rice.", "A lasagne with mozzarella."


class Script:
    """An agent model that says its lines one after the other and keeps what it was sent."""

    name = "script"

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.seen: list[list[Message]] = []

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        self.seen += [list(prompt) for prompt in prompts]
        return [Reply(self.lines.pop(0)[: max_tokens * 8]) for _ in prompts]


class Unplugged:
    name = "unplugged"

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        raise LLMUnavailable(f"no answer to {len(prompts)} prompts of {max_tokens} tokens")


def test_without_an_agent_it_shows_what_would_be_sent() -> None:
    turnover = chat("What should I cook?", TOMAS, None)
    assert "vegan" in turnover.sent.text
    assert (turnover.draft, turnover.critique, turnover.answer) == (None, None, None)
    assert not turnover.approved


def test_an_approved_draft_is_the_answer() -> None:
    agent = Script(GOOD)
    turnover = chat("What should I cook?", TOMAS, agent)
    assert turnover.answer == GOOD
    assert turnover.approved
    assert turnover.revised is None
    assert agent.seen == [[Message("user", turnover.sent.text)]]


def test_the_agent_is_told_first_how_the_person_likes_to_be_answered() -> None:
    agent = Script(GOOD)
    turnover = chat("What should I cook?", replace(TOMAS, manner="You like answers short."), agent)
    assert agent.seen == [[Message("system", "You like answers short."), Message("user", turnover.sent.text)]]
    assert turnover.preamble == "You like answers short."


def test_a_flagged_draft_goes_back_once_with_the_reasons() -> None:
    agent = Script(BAD, GOOD)
    turnover = chat("What should I cook?", TOMAS, agent)
    assert (turnover.draft, turnover.revised, turnover.answer) == (BAD, GOOD, GOOD)
    assert turnover.approved
    _, draft, feedback = agent.seen[1]
    assert draft == Message("assistant", BAD)
    assert "vegan" in feedback.content


def test_there_is_one_revision_and_no_more() -> None:
    agent = Script(BAD, BAD, GOOD)
    turnover = chat("What should I cook?", TOMAS, agent)
    assert turnover.answer == BAD
    assert not turnover.approved
    assert len(agent.seen) == 2


def test_an_empty_request_and_an_empty_answer_are_errors() -> None:
    with pytest.raises(UsageError, match="empty"):
        chat("  ", TOMAS, Script(GOOD))
    with pytest.raises(BadOutput, match="script"):
        chat("What should I cook?", TOMAS, Script("  "))


def test_a_fault_of_the_agent_is_passed_on() -> None:
    with pytest.raises(LLMUnavailable):
        chat("What should I cook?", TOMAS, Unplugged())
