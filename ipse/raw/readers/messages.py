"""OpenAI-style messages: JSON lines of messages or of conversations, or the same as one document.

    {"role": "user", "content": "...", "name": "...", "created_at": "..."}
    {"messages": [{"role": ..., "content": ...}, ...]}

A user without a name is the person; with a name, only if it is one of the person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipse import errors
from ipse.raw import speakers
from ipse.raw.readers import decode, instants
from ipse.raw.readers.quotes import line_spans
from ipse.raw.readers.reading import Origin, Reader, Reading, Said
from ipse.types import Failure, Person, Role

_ROLE = re.compile(r'"role"\s*:\s*"')
_CONTENT = re.compile(r'"content"\s*:')
_ROLES: dict[str, Role] = {
    "user": "self",
    "human": "self",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "system",
    "function": "system",
}
_WHEN = ("created_at", "timestamp", "create_time", "date")

Entry = tuple[str, str, Any]
"""(place, thread, what stands there)."""


def sniff(_path: Path, head: bytes) -> bool:
    text = decode.peek(head)
    has_keys = _ROLE.search(text) is not None and _CONTENT.search(text) is not None
    return text.lstrip().startswith(("{", "[{", "[\n", "[ ")) and has_keys


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a message's own text. Raises BrokenInput, NoSpeakerMatch."""
    document, failures = decode.text(path, data)
    entries, broken = _entries(path, document)
    failures += broken
    said: list[Said] = []
    for place, thread, entry in entries:
        try:
            said.append(_said(place, thread, entry, person))
        except (KeyError, TypeError, AttributeError) as error:
            failures.append(Failure(place, f"is no message that could be read ({error!r})"))
    if failures and not said:
        raise errors.BrokenInput(f"{path}:{failures[0].place}", f"holds no message: {failures[0].reason}")
    users = dict.fromkeys(item.speaker for item in said if item.role in ("self", "other"))
    if users and not any(item.role == "self" for item in said):
        raise errors.NoSpeakerMatch(str(path), person.names, tuple(users))
    origin = Origin.of(path, data)
    return Reading("messages", [t for item in said for t in origin.turns(item, item.role or "system")], failures)


def _entries(path: Path, document: str) -> tuple[list[Entry], list[Failure]]:
    """Every message of the file, whichever of the forms it has, and the lines that broke."""
    first_line = document.lstrip().partition("\n")[0].rstrip()
    is_single = not document.strip().removeprefix(first_line).strip()
    if is_single or not decode.is_json(first_line):
        return list(_unpacked(decode.parse(str(path), document), "", path.stem)), []
    entries: list[Entry] = []
    failures: list[Failure] = []
    for number, (start, end) in enumerate(line_spans(document), 1):
        if not document[start:end].strip():
            continue
        place = f"line {number}"
        try:
            value = decode.parse(str(path), document[start:end])
        except errors.BrokenInput as error:
            failures.append(Failure(place, error.reason.replace("line 1 ", "")))
            continue
        many = isinstance(value, dict) and "messages" in value
        entries += _unpacked(value, place, f"{path.stem} {number}" if many else path.stem)
    return entries, failures


def _unpacked(value: Any, place: str, thread: str) -> Iterator[Entry]:
    """A message as it is; lists and {"messages": [...]} as the messages inside."""
    inner = value.get("messages") if isinstance(value, dict) else value
    if not isinstance(inner, list):
        yield place or "line 1", thread, value
        return
    title = str(value.get("title") or value.get("id") or thread) if isinstance(value, dict) else thread
    for index, item in enumerate(inner):
        spot = f"{place}.messages[{index}]" if place else f"messages[{index}]"
        if isinstance(item, dict) and isinstance(item.get("messages"), list):
            yield from _unpacked(item, spot, f"{thread} {index}")
        else:
            yield spot, title, item


def _said(place: str, thread: str, entry: Any, person: Person) -> Said:
    given, name = str(entry["role"]), entry.get("name")
    role = _ROLES.get(given, "system")
    if role == "self" and name and not speakers.is_person(person, str(name)):
        role = "other"
    speaker = str(name) if name else person.name if role == "self" else given
    at = next((at for at in (instants.from_any(entry.get(key)) for key in _WHEN) if at), None)
    return Said(speaker, _text(entry["content"]), at, place, thread=thread, role=role)


def _text(content: Any) -> str:
    if content is None:  # an assistant that only called a tool
        return ""
    if isinstance(content, str):
        return content
    texts = [part if isinstance(part, str) else part.get("text") for part in content]
    return "\n".join(str(text) for text in texts if text)


READER = Reader("messages", sniff, read)
