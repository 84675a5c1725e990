"""The outer loop: the request is enriched, an agent answers, the person's self reads the answer, and one
revision is asked for where it objects. Without an agent it hands back what would be sent.

Knows neither weights nor words: a mind is whatever can enhance and criticise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ipse.errors import BadOutput, UsageError
from ipse.llm.protocol import ChatModel
from ipse.types import Critique, Enhanced, Message, Reply

MAX_TOKENS = 800


class Mind(Protocol):
    """What the loop asks of the self."""

    def enhance(self, query: str) -> Enhanced: ...
    def critique(self, query: str, response: str) -> Critique: ...
    def preamble(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Turnover:
    """One pass through the loop.

    `sent` is what the agent was, or would be, sent, after the system message `preamble` (none where it
    is empty). `draft` and its `critique` are None without an agent; `revised` and `second` are None where the
    draft was approved.
    """

    request: str
    sent: Enhanced
    preamble: str = ""
    draft: str | None = None
    critique: Critique | None = None
    revised: str | None = None
    second: Critique | None = None
    reply: Reply | None = None
    """What a thumb on the answer refers to; set by whoever remembers it."""

    @property
    def answer(self) -> str | None:
        """What to show: the revision, else the draft, else None."""
        return self.revised if self.revised is not None else self.draft

    @property
    def approved(self) -> bool:
        """Whether the answer that is shown was approved."""
        last = self.second or self.critique
        return last is not None and last.verdict == "approve"


def chat(request: str, mind: Mind, agent: ChatModel | None, max_tokens: int = MAX_TOKENS) -> Turnover:
    """Enhance, ask, criticise, and revise once if the draft is flagged.

    Raises UsageError for an empty request, BadOutput when the agent answers with nothing, and
    LLMError as the agent does.
    """
    if not request.strip():
        raise UsageError("the request is empty; say what the agent should do")
    sent = mind.enhance(request)
    preamble = mind.preamble()
    if agent is None:
        return Turnover(request, sent, preamble)
    messages = [*([Message("system", preamble)] if preamble else []), Message("user", sent.text)]
    draft = _reply(agent, messages, max_tokens)
    critique = mind.critique(request, draft)
    if critique.verdict == "approve":
        return Turnover(request, sent, preamble, draft, critique)
    messages += [Message("assistant", draft), Message("user", _revision(critique))]
    revised = _reply(agent, messages, max_tokens)
    return Turnover(request, sent, preamble, draft, critique, revised, mind.critique(request, revised))


def _reply(agent: ChatModel, messages: list[Message], max_tokens: int) -> str:
    text = agent.chat([messages], max_tokens)[0].text.strip()
    if not text:
        raise BadOutput(f"{agent.name} answered with nothing; try again or configure another agent model")
    return text


def _revision(critique: Critique) -> str:
    return f"{critique.feedback}\n\nWrite it anew so that none of this is left, and send only the new version."
