"""Messenger and Instagram message_1.json: newest first, and with its UTF-8 spelt as Latin-1.

Photos, calls and unsent messages become system turns. The HTML form of this download is refused
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipse.errors import BrokenInput
from ipse.raw.readers import decode, instants
from ipse.raw.readers.reading import Origin, Reader, Reading, Said, conversation
from ipse.types import Failure, Person

_SENDER = re.compile(r'"sender_name"\s*:')
_MEDIA = (
    "photos",
    "videos",
    "audio_files",
    "gifs",
    "sticker",
    "files",
    "share",
    "call_duration",
    "is_unsent",
)
_NOTICE = re.compile(
    r"Reacted .{1,12} to your message|.{1,60} (?:sent an attachment|missed your call|called you)\.?"
    r"|You (?:sent an attachment|are now connected on Messenger|missed a call from .{1,60})\.?"
    r"|Liked a message"
)


def sniff(_path: Path, head: bytes) -> bool:
    text = decode.peek(head)
    return text.lstrip().startswith("{") and _SENDER.search(text) is not None


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a message's own text. Raises BrokenInput, NoSpeakerMatch."""
    document, failures = decode.loads(path, data)
    messages = document.get("messages") if isinstance(document, dict) else None
    if not isinstance(messages, list):
        raise BrokenInput(str(path), "is no Messenger export: a list of messages was expected")
    thread = mended(str(document.get("title") or path.stem))
    said: list[Said] = []
    for index, entry in enumerate(messages):
        place = f"messages[{index}]"
        try:
            said += _said(entry, place, thread)
        except (KeyError, TypeError, AttributeError) as error:
            failures.append(Failure(place, f"is no message that could be read ({error!r})"))
    said.sort(key=lambda s: s.at.timestamp() if s.at else 0.0)
    return Reading("facebook", conversation(Origin.of(path, data), said, person), failures)


def mended(text: str) -> str:
    """The download writes each byte of UTF-8 as a character of its own; undone where it holds."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _said(entry: dict[str, Any], place: str, thread: str) -> Iterator[Said]:
    speaker = mended(str(entry["sender_name"]))
    at = instants.from_unix(entry.get("timestamp_ms"))
    text = mended(str(entry.get("content") or ""))
    media = next((key for key in _MEDIA if key in entry), None)
    if not text and media:
        yield Said(speaker, f"<{media}>", at, place, thread=thread, role="system")
    elif text:
        is_notice = entry.get("type") in ("Call", "Subscribe", "Unsubscribe") or _NOTICE.fullmatch(text)
        yield Said(speaker, text, at, place, thread=thread, role="system" if is_notice else None)


READER = Reader("facebook", sniff, read)
