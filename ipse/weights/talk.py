"""Small talk that has nothing to do with the person, and what the bare base thinks of it.

While a person is learnt, their adapter is held to that: it may tell them in its replies about them, but nothing
else is to change (as the prior-preserving distillation of "learning without forgetting", Li & Hoiem 2016). The talk, in
`talk.jsonl`, is the beginning of the chats in `pretrain/lives`, files a to h; a line is one, speaker by speaker.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ipse.types import Message, Pair, Person, Perspective
from ipse.voice import system

PERSPECTIVES: tuple[Perspective, ...] = ("self", "third")


@cache
def _text() -> str:
    return (files("ipse") / "weights" / "talk.jsonl").read_text(encoding="utf-8")


def talk_sha256() -> str:
    """Of the file, for the recipe: other talk makes another adapter."""
    return hashlib.sha256(_text().encode()).hexdigest()


def talk_about_nobody(person: Person) -> list[Pair]:
    """Each chat's last reply after what came before it; two by two under no system message and under the person's."""
    told = [[], *([Message("system", system(person, p))] for p in PERSPECTIVES)]
    return [
        Pair(f"talk {i}", "style", "self", "style", (*told[i // 2 % len(told)], *_turns(chat)), ())
        for i, chat in enumerate(map(json.loads, _text().splitlines()))
    ]


def _turns(chat: Sequence[str]) -> list[Message]:
    return [Message("assistant" if k % 2 else "user", text) for k, text in enumerate(chat)]
