"""Telegram's result.json: one chat, or the export of a whole account.

Service entries (calls, pins, joins) are no messages. What was forwarded is somebody else's.
Media without a caption becomes a system turn. Telegram's HTML export is refused elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipse.errors import BrokenInput
from ipse.raw.readers import decode, instants
from ipse.raw.readers.quotes import Piece, split_quoted
from ipse.raw.readers.reading import Origin, Reader, Reading, Said, conversation
from ipse.types import Failure, Person

_ACCOUNT = re.compile(r'"(?:chats|left_chats)"\s*:\s*\{')
_CHAT = re.compile(r'"messages"\s*:\s*\[')
_ENTRY = re.compile(r'"(?:date_unixtime|from_id|text_entities|actor_id)"\s*:')
_MEDIA = (
    "media_type",
    "photo",
    "file",
    "sticker_emoji",
    "poll",
    "location_information",
    "contact_information",
)
_UNKNOWN = "Deleted Account"


def sniff(_path: Path, head: bytes) -> bool:
    text = decode.peek(head)
    is_chat = _CHAT.search(text) is not None and _ENTRY.search(text) is not None
    return text.lstrip().startswith("{") and (is_chat or _ACCOUNT.search(text) is not None)


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a message's own text. Raises BrokenInput, NoSpeakerMatch."""
    document, failures = decode.loads(path, data)
    said: list[Said] = []
    for where, chat in _chats(path, document):
        for index, entry in enumerate(chat["messages"]):
            place = f"{where}messages[{index}]"
            try:
                said += _said(entry, place, str(chat.get("name") or "Saved Messages"))
            except (KeyError, TypeError, AttributeError) as error:
                failures.append(Failure(place, f"is no message that could be read ({error!r})"))
    return Reading("telegram", conversation(Origin.of(path, data), said, person), failures)


def _chats(path: Path, document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(document, dict):
        raise BrokenInput(str(path), "is no Telegram export: an object was expected")
    if isinstance(document.get("messages"), list):
        yield "", document
    for part in ("chats", "left_chats"):
        chats = document.get(part)
        listed = chats.get("list") if isinstance(chats, dict) else None
        for index, chat in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(chat, dict) and isinstance(chat.get("messages"), list):
                yield f"{part}.list[{index}].", chat


def _said(entry: dict[str, Any], place: str, thread: str) -> Iterator[Said]:
    if entry["type"] != "message":
        return
    at = instants.from_unix(entry.get("date_unixtime")) or instants.from_iso(entry.get("date"))
    speaker = str(entry.get("from") or _UNKNOWN)
    text, pieces = _text(entry.get("text", ""))
    kind = next((str(entry[key]) for key in _MEDIA[:1] if entry.get(key)), None)
    kind = kind or next((key for key in _MEDIA if key in entry), None)
    if not text.strip():
        if kind:
            yield Said(speaker, f"<{kind}>", at, place, thread=thread, role="system")
        return
    forwarded = entry.get("forwarded_from")
    if "forwarded_from" in entry:
        yield Said(str(forwarded or _UNKNOWN), text, at, place, thread=thread, role="other")
    else:
        yield Said(speaker, text, at, place, thread=thread, pieces=pieces)


def _text(value: str | list[Any]) -> tuple[str, tuple[Piece, ...] | None]:
    """The text of a message and, if it holds a block quotation, which part is own."""
    if isinstance(value, str):
        return value, None
    text, pieces = "", list[Piece]()
    for entity in value:
        part = entity if isinstance(entity, str) else str(entity["text"])
        is_quote = not isinstance(entity, str) and entity.get("type") == "blockquote"
        inner = [Piece(0, len(part), "quoted")] if is_quote else split_quoted(part)
        pieces += [Piece(len(text) + p.start, len(text) + p.end, p.kind) for p in inner]
        text += part
    has_quote = any(piece.kind == "quoted" for piece in pieces)
    return text, tuple(pieces) if has_quote else None


READER = Reader("telegram", sniff, read)
