"""The grammar of personal attributes: what people tell about themselves, and how it is asked.

Data lives in `grammar/*.toml`; this module only reads and checks it. Statements and questions are
in the first person; other voices are made by `ipse.voice`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ipse.types import Kind, Sensitivity

_KEYS = ("id", "label", "kind", "sensitivity", "many", "value", "examples", "statements", "questions", "answer")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing a person can have. Every statement and the answer hold `{v}` exactly once."""

    id: str
    topic: str
    label: str
    kind: Kind
    sensitivity: Sensitivity
    many: bool
    value: str
    examples: tuple[str, ...]
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    answer: str

    def state(self, value: str, template: str | None = None) -> str:
        return (template or self.answer).replace("{v}", value)


@cache
def attributes() -> dict[str, Attribute]:
    """All attributes by id, in the order of the files. Raises ValueError on a malformed file."""
    found: dict[str, Attribute] = {}
    folder = files("ipse.teacher") / "grammar"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".toml"):
            continue
        topic = entry.name.removesuffix(".toml")
        for table in tomllib.loads(entry.read_text(encoding="utf-8"))["attribute"]:
            lacking = [k for k in _KEYS if k not in table]
            if lacking or table["id"] in found:
                raise ValueError(f"{entry.name}: {table.get('id')}: lacks {lacking} or stands twice")
            values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k in _KEYS}
            for text in (*values["statements"], values["answer"]):
                if text.count("{v}") != 1:
                    raise ValueError(f"{entry.name}: {table['id']}: {{v}} must stand once in {text!r}")
            found[table["id"]] = Attribute(topic=topic, **values)
    return found
