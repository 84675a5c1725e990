"""A model that words paragraphs without a server: what it is shown, with something at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from ipse.errors import BadOutput
from ipse.llm.structured import M, Misfit, parse
from ipse.types import Message


class Worder:
    """Implements `StructuredModel`. `meanwhile` happens, each once, while it thinks."""

    name = "worder"
    concurrency = 1

    def __init__(self, ends: str = "", meanwhile: Sequence[Callable[[], object]] = (), **stance: float | None) -> None:
        self.ends, self.meanwhile = ends, list(meanwhile)
        self.stance = {"length": None, "density": None, "tone": None, **stance}
        self.asked: list[Sequence[Message]] = []

    def structured(self, messages: Sequence[Message], schema: type[M], max_tokens: int = 2048) -> M:
        del max_tokens
        self.asked.append(messages)
        while self.meanwhile:
            self.meanwhile.pop()()
        try:
            return parse(self.reply(json.loads(messages[-1].content)), schema)
        except Misfit as misfit:
            raise BadOutput(str(misfit)) from None

    def reply(self, shown: object) -> str:
        """The answer as it would come over the wire."""
        if not isinstance(shown, list):
            return json.dumps(self.stance)
        worded = [{"text": each["text"], "refs": each["refs"]} for each in shown]
        worded[-1]["text"] += self.ends
        return json.dumps({"sentences": worded})
