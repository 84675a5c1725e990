"""Claude's conversations.json: a flat list of `chat_messages` for each conversation.

The human's turns are the person's. Thinking, tool calls and pasted attachments are left out:
they are nobody's words about the person.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ipse.errors import BrokenInput
from ipse.raw.readers import decode, instants
from ipse.raw.readers.reading import Origin, Reader, Reading, Said
from ipse.types import Failure, Person, Role

_MESSAGES = re.compile(r'"chat_messages"\s*:\s*\[')
_ROLES: dict[str, Role] = {"human": "self", "user": "self", "assistant": "assistant"}


def sniff(_path: Path, head: bytes) -> bool:
    text = decode.peek(head)
    return text.lstrip().startswith(("[", "{")) and _MESSAGES.search(text) is not None


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a message's own text. Raises BrokenInput."""
    document, failures = decode.loads(path, data)
    if isinstance(document, dict):
        document = document.get("conversations", [document])
    if not isinstance(document, list):
        raise BrokenInput(str(path), "is no Claude export: a list of conversations was expected")
    origin = Origin.of(path, data)
    said: list[Said] = []
    for number, conversation in enumerate(document):
        messages = conversation.get("chat_messages") if isinstance(conversation, dict) else None
        if not isinstance(messages, list):
            failures.append(Failure(f"conversations[{number}]", "holds no conversation (no chat_messages)"))
            continue
        thread = str(conversation.get("name") or f"conversations[{number}]")
        for index, message in enumerate(messages):
            place = f"conversations[{number}].chat_messages[{index}]"
            try:
                said.append(_said(message, place, thread, person))
            except (KeyError, TypeError, AttributeError) as error:
                failures.append(Failure(place, f"is no message that could be read ({error!r})"))
    turns = [turn for item in said for turn in origin.turns(item, item.role or "system")]
    return Reading("claude", turns, failures)


def _said(message: dict[str, Any], place: str, thread: str, person: Person) -> Said:
    sender = str(message["sender"])
    role = _ROLES.get(sender, "system")
    return Said(
        speaker=person.name if role == "self" else sender,
        text=_text(message),
        at=instants.from_iso(message.get("created_at")),
        place=place,
        thread=thread,
        role=role,
    )


def _text(message: dict[str, Any]) -> str:
    """Newer exports have content blocks, older ones one text; some have both."""
    blocks = message.get("content") or []
    texts = [str(block["text"]) for block in blocks if block.get("type") == "text" and block.get("text")]
    return "\n".join(texts) or str(message.get("text") or "")


READER = Reader("claude", sniff, read)
