"""Chat and embeddings from any OpenAI-compatible server.

It turns our messages into theirs and their replies into ours. Retries and waiting are the
line's (`endpoint.py`), what JSON is worth is `structured.py`'s; what is talked about, nobody's here.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ipse.errors import BadOutput
from ipse.llm.endpoint import Endpoint, Line, Rejected, not_openai
from ipse.llm.protocol import Reply, Vectors
from ipse.llm.structured import M, Misfit, parse, response_format, with_repair, with_schema_in_prompt
from ipse.types import Message

if TYPE_CHECKING:
    from openai.types import CreateEmbeddingResponse
    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

_TEXTS_A_CALL = 128


class OpenAIChat:
    """A ChatModel and StructuredModel. Greedy (temperature 0) where the server allows it.

    `sleep`, `clock` (seconds since the epoch) and `rng` serve the retries only.
    """

    def __init__(
        self,
        model: str,
        endpoint: Endpoint,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self.name = model
        self.concurrency = endpoint.concurrency
        self._line = Line(endpoint, sleep=sleep, clock=clock, rng=rng)
        self._unknown: frozenset[str] = frozenset()
        """Options this server has refused; they are not sent again."""

    def chat(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 64) -> list[Reply]:
        """One reply a prompt, in order. Raises LLMError on the first prompt that fails for good."""
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(lambda messages: Reply(self._say(messages, max_tokens)[0]), prompts))

    def structured(self, messages: Sequence[Message], schema: type[M], max_tokens: int = 2048) -> M:
        """A checked instance of `schema`; a misfit is shown to the model once, for repair.

        Raises LLMUnavailable (no answer), Rejected (request refused) or BadOutput (still a misfit).
        """
        text, cut = self._ask_in_form(messages, schema, max_tokens)
        try:
            return parse(text, schema)
        except Misfit as misfit:
            fault = _told(misfit, cut)
        text, cut = self._ask_in_form(with_repair(messages, text, fault), schema, max_tokens)
        try:
            return parse(text, schema)
        except Misfit as misfit:
            told = _told(misfit, cut)
            raise BadOutput(f"{self.name} gave no usable {schema.__name__}, even after a repair: {told}") from None

    def close(self) -> None:
        self._line.close()

    def _ask_in_form(self, messages: Sequence[Message], schema: type[M], max_tokens: int) -> tuple[str, bool]:
        """The reply to a request for JSON, and whether it was cut off at `max_tokens`."""
        in_prompt = with_schema_in_prompt(messages, schema)
        if "response_format" in self._unknown:
            return self._say(in_prompt, max_tokens)
        try:
            return self._say(messages, max_tokens, response_format=response_format(schema))
        except Rejected:
            answer = self._say(in_prompt, max_tokens)
        # only now is it sure that the form was refused, and not, say, a prompt that is too long
        self._unknown |= {"response_format"}
        return answer

    def _say(self, messages: Sequence[Message], max_tokens: int, **extra: Any) -> tuple[str, bool]:
        while True:
            unknown = self._unknown
            try:
                return self._say_once(messages, {**self._options(max_tokens), **extra})
            except Rejected as refusal:
                # newer models refuse `max_tokens` or `temperature` by name: leave it out from here on
                if refusal.param not in {"max_tokens", "temperature"} or refusal.param in unknown:
                    raise
                self._unknown |= {refusal.param}

    def _options(self, max_tokens: int) -> dict[str, Any]:
        length = "max_completion_tokens" if "max_tokens" in self._unknown else "max_tokens"
        greedy = {} if "temperature" in self._unknown else {"temperature": 0.0}
        return {length: max_tokens, **greedy}

    def _say_once(self, messages: Sequence[Message], options: dict[str, Any]) -> tuple[str, bool]:
        theirs = cast("list[ChatCompletionMessageParam]", [{"role": m.role, "content": m.content} for m in messages])
        completion: ChatCompletion = self._line.call(
            lambda client: client.chat.completions.create(model=self.name, messages=theirs, **options)
        )
        # a 200 from something else than a model server comes through the SDK as a plain string
        choices = getattr(completion, "choices", None)
        if not choices or getattr(choices[0], "message", None) is None:
            raise not_openai(self._line.endpoint)
        if getattr(choices[0].message, "refusal", None):
            raise BadOutput(f"{self.name} declined to answer")
        return choices[0].message.content or "", choices[0].finish_reason == "length"


class OpenAIEmbedder:
    """An Embedder over `/embeddings`. `dims` is what the model is known to give."""

    def __init__(
        self,
        model: str,
        dims: int,
        endpoint: Endpoint,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self.name = model
        self.dims = dims
        self._line = Line(endpoint, sleep=sleep, clock=clock, rng=rng)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dims). Raises LLMUnavailable, Rejected or BadOutput."""
        parts = [texts[at : at + _TEXTS_A_CALL] for at in range(0, len(texts), _TEXTS_A_CALL)]
        with ThreadPoolExecutor(self._line.endpoint.concurrency) as pool:
            blocks = list(pool.map(self._embed_part, parts))
        return np.concatenate(blocks) if blocks else np.zeros((0, self.dims), np.float32)

    def close(self) -> None:
        self._line.close()

    def _embed_part(self, texts: Sequence[str]) -> Vectors:
        given = [text if text.strip() else " ." for text in texts]  # servers refuse empty input
        answer: CreateEmbeddingResponse = self._line.call(
            lambda client: client.embeddings.create(model=self.name, input=given, encoding_format="float")
        )
        rows = getattr(answer, "data", None)
        if not rows:
            raise not_openai(self._line.endpoint)
        rows = sorted(rows, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise BadOutput(f"{self.name} gave {len(rows)} vectors for {len(texts)} texts")
        return self._unit([row.embedding for row in rows])

    def _unit(self, rows: list[list[float]]) -> Vectors:
        widths = {len(row) for row in rows}
        if widths != {self.dims}:
            raise BadOutput(f"{self.name} gives vectors of {sorted(widths)} numbers, {self.dims} were expected")
        vectors = np.asarray(rows, dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or (norms == 0).any():
            raise BadOutput(f"{self.name} gave a vector without a direction (zero or not a number)")
        return np.asarray(vectors / norms, dtype=np.float32)


def _told(misfit: Misfit, cut: bool) -> str:
    return f"it was cut off because it grew too long ({misfit})" if cut else str(misfit)
