"""The embedded base's chat format: six special tokens and where the sense goes.

`<|sense|>` stands at the head of every user message. As a plain token it means "no sense given",
so the base is an ordinary causal LM to peft, vLLM and llama.cpp; `local.LocalChat` may put the
message's sentence vector in its place (see `sense.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from ipse.types import Message

PAD, SYSTEM, USER, ASSISTANT, END, SENSE = "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|sense|>"
SPECIAL_TOKENS = (PAD, SYSTEM, USER, ASSISTANT, END, SENSE)
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{% if m['role'] == 'user' %}<|user|><|sense|>{{ m['content'] }}<|end|>"
    "{% elif m['role'] == 'system' %}<|system|>{{ m['content'] }}<|end|>"
    "{% else %}<|assistant|>{{ m['content'] }}<|end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_SPECIAL = re.compile(r"<\|(?:pad|system|user|assistant|end|sense)\|>")


class Encoder(Protocol):
    def encode(self, text: str, add_special_tokens: bool = ...) -> list[int]: ...


def clean(text: str) -> str:
    """Takes out anything a writer could use to forge a message border."""
    return _SPECIAL.sub("", text)


def render(messages: Sequence[Message], *, open_reply: bool) -> str:
    """The same text that CHAT_TEMPLATE gives, without going through jinja.

    `open_reply` ends it with the assistant's marker, for generation.
    """
    parts = []
    for message in messages:
        body = clean(message.content)
        if message.role == "user":
            parts.append(f"{USER}{SENSE}{body}{END}")
        elif message.role == "system":
            parts.append(f"{SYSTEM}{body}{END}")
        else:
            parts.append(f"{ASSISTANT}{body}{END}")
    if open_reply:
        parts.append(ASSISTANT)
    return "".join(parts)
