"""What the tests of the model teacher share: nouns to teach from and replies a model might give."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from llm_server import Body, LLMServer, content

from ipse.llm.openai import OpenAIChat
from ipse.teacher.llm import LLMTeacher
from ipse.types import Chunk, Fact, Passage, Person, Role

PERSON = Person("Noor Haddad", "she/her", aliases=("noor.h@example.org",), birth_year=1987)
AT = datetime(2024, 5, 3, tzinfo=UTC)
THOUGHT = "The fact says where she lives, and the question asks for just that."


def chunk(n: int, text: str, role: Role = "self", speaker: str = "Noor") -> Chunk:
    return Chunk(f"chunk_{n}", "source_1", f"turn_{n}", role, speaker, text, AT, 0, len(text), n)


def passage(n: int, text: str = "", role: Role = "self") -> Passage:
    return Passage(chunk(n, text or f"My number {n} bike is called Comet{n}.", role))


def fact(n: int, **changes: Any) -> Fact:
    return Fact(**{"id": f"fact_{n}", "statement": f"I own bike Comet{n}.", "refs": (f"chunk_{n}",), **changes})


def found(chunk_id: str, quote: str, **changes: object) -> dict[str, object]:
    return {
        "chunk_id": chunk_id,
        "quote": quote,
        "statement": "My bike is called Comet.",
        "kind": "fact",
        "subject": "self",
        "attribute": "bike_name",
        "value": "Comet",
        "key_phrases": ["bike"],
        "stance": "stated",
        "sensitivity": "public",
        "change": False,
        **changes,
    }


def facts_reply(*facts: dict[str, object]) -> str:
    return json.dumps({"facts": facts})


def one_fact_each(body: Body) -> str:
    """What a good model says to an extraction prompt: one fact a passage, quoting all of it."""
    return facts_reply(*[found(p["chunk_id"], p["text"]) for p in content(body)["passages"]])


def lesson(fact_id: str, n: int, **changes: object) -> dict[str, object]:
    form = ("forward", "reverse", "yes", "no")[n % 4]
    begins = {"yes": "Yes, ", "no": "No, "}.get(form, "")
    return {
        "fact_id": fact_id,
        "perspective": ("self", "third")[n // 4 % 2],
        "form": form,
        "question": f"Question {n} about {fact_id}?",
        "answer": f"{begins}Comet.",
        **changes,
    }


def lessons_reply(facts: Sequence[dict[str, Any]], count: int = 12, **changes: object) -> str:
    return json.dumps({"lessons": [lesson(f["fact_id"], n, **changes) for f in facts for n in range(count)]})


def twelve_each(body: Body) -> str:
    return lessons_reply(content(body)["facts"])


def teacher_over(server: LLMServer, *, retries: int = 0, concurrency: int = 2, **settings: Any) -> LLMTeacher:
    def no_time(_: float) -> None:
        """Waiting takes none."""

    endpoint = server.endpoint(retries=retries, concurrency=concurrency)
    llm = OpenAIChat("big-model", endpoint, sleep=no_time, rng=random.Random(1))
    return LLMTeacher(llm, **settings)
