"""Signal chats as the usual export tools write them: `[2019-12-24, 12:23] Jane Doe: Hello`.

Those tools call the owner of the phone "Me". Signal's own encrypted backups can't be read here.
"""

from __future__ import annotations

import re
from pathlib import Path

from ipse.raw.readers import decode, stamped
from ipse.raw.readers.reading import Origin, Reader, Reading, Said, conversation
from ipse.types import Person

_FIRST = re.compile(r"\s*\[\d{4}-\d{2}-\d{2},? \d{2}:\d{2}\] [^\n:]+:")
_ATTACHMENT = re.compile(
    r"!?\[[^\]\n]*\]\([^)\n]*media/[^)\n]*\)|\(-, [^)\n]*\)|\[[\w ]*attachment[\w ]*\]", re.IGNORECASE
)
_OWNER = ("Me",)


def sniff(_path: Path, head: bytes) -> bool:
    return _FIRST.match(decode.peek(head)) is not None


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in the decoded file. Raises BrokenInput, NoSpeakerMatch."""
    text, failures = decode.text(path, data)
    found, doubts = stamped.messages(text)
    said = [_said(text, message, path.stem) for message in found]
    turns = conversation(Origin.of(path, data), said, person, me=_OWNER)
    return Reading("signal", turns, failures + doubts)


def _said(text: str, message: stamped.Message, thread: str) -> Said:
    whole = text[message.start : message.end]
    is_notice = message.speaker is None or _ATTACHMENT.fullmatch(whole.strip()) is not None
    return Said(
        speaker=message.speaker or "",
        text=whole,
        at=message.at,
        place=f"line {message.line}",
        start=message.start,
        thread=thread,
        role="system" if is_notice else None,
    )


READER = Reader("signal", sniff, read)
