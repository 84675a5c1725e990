"""Small talk that has nothing to do with the person.

While a person is learnt, their adapter is held to what the base says in it, so that general talk doesn't suffer (as in
"learning without forgetting", Li & Hoiem 2016). The talk, in `talk.jsonl`, is the first two lines of the chats in
`pretrain/lives`, files a to h; a line is one chat, speaker by speaker. Knows neither model nor training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ipse.types import PERSPECTIVES, Message, Pair, Person
from ipse.voice import system


@cache
def _text() -> str:
    return (files("ipse") / "weights" / "talk.jsonl").read_text(encoding="utf-8")


def talk_sha256() -> str:
    """Of the file, for the recipe: other talk makes another adapter."""
    return hashlib.sha256(_text().encode()).hexdigest()


def talk_about_nobody(person: Person) -> list[Pair]:
    """Of every chat the reply; two by two under no system message and under the person's."""
    told = (None, *(system(person, p) for p in PERSPECTIVES))
    return [talk_pair(json.loads(line), told[i // 2 % len(told)], i) for i, line in enumerate(_text().splitlines())]


def talk_pair(lines: Sequence[str], told: str | None, number: int) -> Pair:
    """The last of an even number of lines, as a reply to those before it, under the system message `told` or none."""
    turns = [Message("assistant" if k % 2 else "user", text) for k, text in enumerate(lines)]
    first = [Message("system", told)] if told else []
    return Pair(f"talk {number}", "style", "self", "style", (*first, *turns), ())
