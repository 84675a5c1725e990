"""A person, a few facts, pairs about them and a small embedder, for the tests of the filter."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from ipse.llm.protocol import Vectors
from ipse.types import Fact, Message, Pair, Person, Perspective, Task, new_id
from ipse.voice import system

NORA = Person("Nora Linde", "she/her", aliases=("nora@example.org",))


class WordEmbedder:
    """A text is the sum of its words' fixed random directions."""

    name = "words"
    dims = 256

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [sum(map(self._direction, re.findall(r"\w+", t.casefold())), np.zeros(self.dims)) for t in texts]
        found = np.array(rows, dtype=np.float32).reshape(len(texts), self.dims)
        return found / np.linalg.norm(found, axis=1, keepdims=True).clip(1e-9)

    def _direction(self, word: str) -> np.ndarray:
        return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.dims)


def fact(statement: str, attribute: str | None = None, value: str | None = None, **more: object) -> Fact:
    return replace(Fact(new_id("fact", statement), statement, ("chunk_1",), attribute=attribute, value=value), **more)


CITY = fact("I live in Berlin.", "home_town", "Berlin", valid_from=datetime(2022, 5, 3, tzinfo=UTC))
OLD_CITY = fact(
    "I live in Bonn.", "home_town", "Bonn", valid_from=datetime(2015, 1, 1, tzinfo=UTC), status="superseded"
)
MEAT = fact("I don't eat meat.")
CATS = fact("I have two cats called Miso and Taro.")
ILL = fact("I take lithium every evening.", "medication", "lithium", sensitivity="private")
SISTER = fact("My sister plays the oboe.", subject="sister")
FACTS = [CITY, OLD_CITY, MEAT, CATS, ILL, SISTER]
BY_ID = {each.id: each for each in FACTS}


def pair(
    question: str,
    answer: str,
    refs: Sequence[Fact] = (),
    form: str = "forward",
    perspective: Perspective = "self",
    task: Task = "memory",
) -> Pair:
    messages = (
        Message("system", system(NORA, perspective)),
        Message("user", question),
        Message("assistant", answer),
    )
    ids = tuple(each.id for each in refs)
    return Pair(
        new_id("pair", task, perspective, form, question, answer, *ids),
        task,
        perspective,
        form,
        messages,
        ids,
    )
