"""JSON in a given form: how it is asked for, found in a reply, and checked.

Pure functions over text and pydantic schemas; who answers, and over which wire, is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from ipse.types import Message

M = TypeVar("M", bound=BaseModel)

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_MAX_ERRORS = 8


class StructuredModel(Protocol):
    """A chat model that answers in a given form. `concurrency`: how many calls it takes at a time."""

    @property
    def name(self) -> str: ...

    @property
    def concurrency(self) -> int: ...

    def structured(self, messages: Sequence[Message], schema: type[M], max_tokens: int = 2048) -> M:
        """An instance of `schema`. Raises LLMUnavailable or BadOutput, both LLMErrors."""
        ...


class Misfit(ValueError):
    """A reply that doesn't fit the schema; the message names fields and reasons, never values."""


def parse(text: str, schema: type[M]) -> M:
    """The reply as an instance of `schema`. Raises Misfit."""
    try:
        return schema.model_validate_json(_json_part(text))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        told = [f"{'.'.join(map(str, f['loc'])) or 'reply'}: {f['msg']}" for f in faults[:_MAX_ERRORS]]
        more = [f"and {len(faults) - _MAX_ERRORS} more"] if len(faults) > _MAX_ERRORS else []
        raise Misfit("; ".join(told + more)) from None


def response_format(schema: type[BaseModel]) -> dict[str, Any]:
    """The OpenAI `response_format` that holds a server to `schema`."""
    wire = {"name": schema.__name__, "strict": True, "schema": _strict(schema.model_json_schema())}
    return {"type": "json_schema", "json_schema": wire}


def with_schema_in_prompt(messages: Sequence[Message], schema: type[BaseModel]) -> list[Message]:
    """For servers without `response_format`: the last message ends with the form to answer in."""
    form = json.dumps(schema.model_json_schema(), ensure_ascii=False)
    last = messages[-1]
    ask = f"Answer with one JSON object and nothing else. It must fit this JSON schema:\n{form}"
    return [*messages[:-1], Message(last.role, f"{last.content}\n\n{ask}")]


def with_repair(messages: Sequence[Message], reply: str, fault: str) -> list[Message]:
    """The same conversation, going on with the model's misfit and what was wrong with it."""
    ask = f"That reply can't be used: {fault}\nWrite it all again, corrected, as JSON and nothing else."
    return [*messages, Message("assistant", reply or "(nothing)"), Message("user", ask)]


def _json_part(text: str) -> str:
    """The JSON in a reply, without a reasoning model's thoughts or a code fence around it."""
    text = _THOUGHT.sub("", text)
    fenced = _FENCE.match(text)
    if fenced:
        return fenced[1]
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text.strip()


def _strict(node: Any) -> Any:
    """Strict mode wants every property required, none besides them, and no defaults."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    # "default" is a keyword of a schema, but may also be the name of a property
    out = {
        key: {name: _strict(sub) for name, sub in value.items()} if key in {"properties", "$defs"} else _strict(value)
        for key, value in node.items()
        if key != "default"
    }
    if isinstance(out.get("properties"), dict):
        out["required"] = list(out["properties"])
        out["additionalProperties"] = False
    return out
