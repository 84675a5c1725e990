"""The tables, as SQLAlchemy Core sees them. A column is named as the noun's field is.

So a row of `facts` without `position` and `person_id` is a `Fact`, and nothing maps one to the
other by hand. This module knows no connection and no query. How an older file becomes this
shape is written in `migrations/`; a test holds the two together.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from ipse.types import Detector, Message, Wording

VERSION = 3
"""What `PRAGMA user_version` says of a file in this shape: the number of migrations."""

metadata = MetaData()


class UtcText(TypeDecorator[datetime]):
    """An aware datetime as ISO 8601 text in UTC, so that text order is time order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} says no time zone")
        return value.astimezone(UTC).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class JsonText(TypeDecorator[Any]):
    """Plain data as JSON text. Subclasses give the noun's own types back on reading."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        return json.dumps(self.pack(value), ensure_ascii=False)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return self.unpack(json.loads(value))

    def pack(self, value: Any) -> Any:
        return value

    def unpack(self, value: Any) -> Any:
        return value


class TextTuple(JsonText):
    """tuple[str, ...]"""

    cache_ok = True

    def unpack(self, value: Any) -> tuple[str, ...]:
        return tuple(value)


class TextTuples(JsonText):
    """dict[str, tuple[str, ...]]"""

    cache_ok = True

    def unpack(self, value: Any) -> dict[str, tuple[str, ...]]:
        return {key: tuple(texts) for key, texts in value.items()}


class Voice(JsonText):
    """tuple[tuple[sentence, tuple[fact id, ...]], ...]"""

    cache_ok = True

    def unpack(self, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((sentence, tuple(facts)) for sentence, facts in value)


class Messages(JsonText):
    """tuple[Message, ...]"""

    cache_ok = True

    def pack(self, value: Any) -> list[list[str]]:
        return [[message.role, message.content] for message in value]

    def unpack(self, value: Any) -> tuple[Message, ...]:
        return tuple(Message(role, content) for role, content in value)


class DetectorState(JsonText):
    """Detector"""

    cache_ok = True

    def pack(self, value: Any) -> Any:
        when = value.peak_at.isoformat() if value.peak_at else None
        return {**{field: getattr(value, field) for field in Detector.__slots__}, "peak_at": when}

    def unpack(self, value: Any) -> Detector:
        when = datetime.fromisoformat(value["peak_at"]) if value["peak_at"] else None
        return Detector(**{**value, "steps": tuple(value["steps"]), "peak_at": when})


class WordingOrNone(JsonText):
    """Wording | None"""

    cache_ok = True

    def pack(self, value: Any) -> Any:
        return None if value is None else [value.of, value.made_by, value.sentences]

    def unpack(self, value: Any) -> Wording | None:
        if value is None:
            return None
        of, made_by, sentences = value
        return Wording(of, made_by, tuple((sentence, tuple(refs)) for sentence, refs in sentences))


class Points(JsonText):
    """tuple[float | str, ...]"""

    cache_ok = True

    def unpack(self, value: Any) -> tuple[float | str, ...]:
        return tuple(value)


def _text(name: str, *, optional: bool = False) -> Column[str]:
    return Column(name, Text, nullable=optional)


def _time(name: str, *, optional: bool = True) -> Column[datetime]:
    return Column(name, UtcText, nullable=optional)


def _whole(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _person() -> Column[str]:
    return Column("person_id", Text, ForeignKey("people.id", ondelete="CASCADE"), nullable=False)


def _owned(name: str, *columns: Any, key: str | None = "id") -> Table:
    """A table of one person's rows, in the order they were written, at most one a `key`."""
    unique = (UniqueConstraint("person_id", key),) if key else ()
    return Table(name, metadata, Column("position", Integer, primary_key=True), _person(), *columns, *unique)


def _belongs(table: str, column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["person_id", column], [f"{table}.person_id", f"{table}.id"], ondelete="CASCADE")


people = Table(
    "people",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _text("name"),
    _text("pronouns"),
    Column("aliases", TextTuple, nullable=False),
    _text("language"),
    Column("birth_year", Integer),
)

sources = _owned(
    "sources",
    _text("id"),
    _text("path"),
    _text("format"),
    _text("sha256"),
    _time("added_at", optional=False),
    _time("first_at"),
    _time("last_at"),
    UniqueConstraint("person_id", "path"),
)
turns = _owned(
    "turns",
    _text("id"),
    _text("source_id"),
    _text("speaker"),
    _text("role"),
    _text("text"),
    _time("at"),
    _text("place"),
    _whole("start"),
    _whole("end"),
    _text("thread"),
    _belongs("sources", "source_id"),
    Index("turns_by_source", "person_id", "source_id"),
)
chunks = _owned(
    "chunks",
    _text("id"),
    _text("source_id"),
    _text("turn_id"),
    _text("role"),
    _text("speaker"),
    _text("text"),
    _time("at"),
    _whole("start"),
    _whole("end"),
    _whole("ordinal"),
    _belongs("sources", "source_id"),
    _belongs("turns", "turn_id"),
    Index("chunks_by_source", "person_id", "source_id"),
    Index("chunks_by_turn", "person_id", "turn_id"),
)
vectors = _owned(
    "vectors",
    _text("chunk_id"),
    Column("vector", LargeBinary, nullable=False),
    _belongs("chunks", "chunk_id"),
    key="chunk_id",
)

facts = _owned(
    "facts",
    _text("id"),
    _text("statement"),
    Column("refs", TextTuple, nullable=False),
    _text("kind"),
    _text("subject"),
    _text("attribute", optional=True),
    _text("value", optional=True),
    Column("key_phrases", TextTuple, nullable=False),
    _time("valid_from"),
    _time("valid_to"),
    _text("stance"),
    Column("confidence", Float, nullable=False),
    _text("sensitivity"),
    _text("status"),
    _text("made_by"),
)


def _counted(name: str, *fields: str) -> Table:
    named = [_text(field) for field in fields]
    return _owned(name, _text("id"), *named, _whole("count"), Column("refs", TextTuple, nullable=False))


entities = _counted("entities", "name", "type")
relations = _counted("relations", "subject", "relation", "object")
topics = _counted("topics", "name")
biographies = _owned(
    "biographies",
    _text("id"),
    Column("first", Voice, nullable=False),
    Column("second", Voice, nullable=False),
    Column("third", Voice, nullable=False),
    Column("refs", TextTuple, nullable=False),
    _text("made_by"),
)
failures = _owned("failures", _text("place"), _text("reason"), key=None)

private_topics = _owned("private_topics", _text("text"), key="text")
corrections = _owned("corrections", _text("fact_id"), _text("statement"), key="fact_id")
forgotten = _owned("forgotten", _text("sha256"), key="sha256")

pairs = _owned(
    "pairs",
    _text("id"),
    _text("task"),
    _text("perspective"),
    _text("form"),
    Column("messages", Messages, nullable=False),
    Column("refs", TextTuple, nullable=False),
    _text("made_by"),
)
preference_pairs = _owned(
    "preference_pairs",
    _text("id"),
    Column("prompt", Messages, nullable=False),
    _text("chosen"),
    _text("rejected"),
    Column("refs", TextTuple, nullable=False),
)
adapters = _owned(
    "adapters",
    _text("id"),
    _text("path"),
    _text("status"),
    _time("made_at", optional=False),
    _text("parent", optional=True),
    Column("scores", JsonText, nullable=False),
    Column("refs", TextTuple, nullable=False),
)
receipts = _owned(
    "receipts",
    _text("id"),
    _text("request"),
    _time("at", optional=False),
    Column("removed", TextTuples, nullable=False),
    Column("destroyed_adapters", TextTuple, nullable=False),
    _text("new_adapter", optional=True),
)
versions = _owned("versions", _text("layer"), _whole("number"), _text("hash"), key="layer")

signals = _owned(
    "signals",
    _text("id"),
    _text("dimension"),
    Column("value", JsonText, nullable=False),
    _text("source"),
    _time("at", optional=False),
    Column("refs", TextTuple, nullable=False),
)
preferences = _owned(
    "preferences",
    _text("dimension"),
    _whole("count"),
    Column("window", Points, nullable=False),
    Column("ema", JsonText, nullable=False),
    Column("ema_variance", Float, nullable=False),
    Column("outright", Boolean, nullable=False),
    Column("detector", DetectorState, nullable=False),
    Column("peak", Float, nullable=False),
    Index("preferences_by_peak", "peak"),
    key="dimension",
)
"""`peak` is the detector's, where the sweep can find it without reading everybody's state."""
profiles = _owned(
    "profiles",
    _text("about_me"),
    _text("pinned", optional=True),
    Column("stands_for", JsonText, nullable=False),
    Column("onboarded", Boolean, nullable=False),
    _whole("thumbs"),
    _whole("nudges"),
    _whole("replies"),
    Column("wording", WordingOrNone, nullable=False, server_default="null"),
    UniqueConstraint("person_id"),
    key=None,
)
paragraphs = _owned(
    "paragraphs",
    _text("id"),
    Column("sentences", Voice, nullable=False),
    _text("provenance"),
    _time("made_at", optional=False),
    _text("made_by"),
    Index("paragraphs_by_person", "person_id", "position"),
)
drifts = _owned(
    "drifts",
    _text("id"),
    _text("dimension"),
    _time("at", optional=False),
    Column("statistic", Float, nullable=False),
    Column("before", JsonText, nullable=False),
    Column("after", JsonText, nullable=False),
)
replies = _owned(
    "replies",
    _text("id"),
    _time("at", optional=False),
    Column("length", Float, nullable=False),
    Column("density", Float),
    Column("tone", Float),
    _text("thumb", optional=True),
)
amendments = _owned(
    "amendments",
    _text("id"),
    _text("dimension"),
    _text("sentence"),
    Column("expected", Float, nullable=False),
    Column("approved", Float, nullable=False),
    _time("at", optional=False),
    _text("status"),
    Column("refs", TextTuple, nullable=False),
)

rests_on = Table(
    "rests_on",
    metadata,
    Column("person_id", Text, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("child", Text, primary_key=True),
    Column("parent", Text, primary_key=True),
    Index("rests_on_by_parent", "person_id", "parent"),
    sqlite_with_rowid=False,
)
