"""Evernote notebooks (.enex): each note's HTML as the person's own text, dated by its creation.

Clipped web pages are not the person's words. The XML is read tag by tag without a parser that
would follow entities, so a hostile file can't make it grow.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path

from ipse.errors import BrokenInput
from ipse.raw.readers import decode
from ipse.raw.readers.html_text import from_html
from ipse.raw.readers.reading import Origin, Reader, Reading, Said
from ipse.types import Failure, Person

_PROLOG = re.compile(r"<\?xml[^<>]*\?>|<!DOCTYPE[^<>]*>")


def sniff(_path: Path, head: bytes) -> bool:
    return "<en-export" in decode.peek(head)[:2000]


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in a note's own text. Raises BrokenInput if it holds no whole note."""
    text, failures = decode.text(path, data)
    said: list[Said] = []
    notes, rest = _between(text, "<note>", "</note>")
    for number, note in enumerate(notes, 1):
        place = f"note {number}"
        item = _said(note, place, person)
        if item.text:
            said.append(item)
        else:
            failures.append(Failure(place, "has no text"))
    if "<note>" in rest:
        failures.append(Failure("end", "the last note is cut off and was left out"))
    if not said:
        raise BrokenInput(str(path), "holds no note with text")
    origin = Origin.of(path, data)
    return Reading("evernote", [turn for item in said for turn in origin.turns(item, item.role or "self")], failures)


def _said(note: str, place: str, person: Person) -> Said:
    clipped = _field(note, "source").startswith("web.clip") or bool(_field(note, "source-url"))
    return Said(
        speaker="web page" if clipped else person.name,
        text=from_html(_PROLOG.sub("", _content(note))),
        at=_instant(_field(note, "created")),
        place=place,
        thread=_field(note, "title"),
        role="other" if clipped else "self",
    )


def _between(text: str, opening: str, closing: str) -> tuple[list[str], str]:
    """(what stands between each pair of tags, what follows the last), in one pass."""
    found: list[str] = []
    position = 0
    while (start := text.find(opening, position)) >= 0:
        end = text.find(closing, start)
        if end < 0:
            break
        found.append(text[start + len(opening) : end])
        position = end + len(closing)
    return found, text[position:]


def _content(note: str) -> str:
    inside = "".join(_between(note, "<content>", "</content>")[0])
    return "".join(_between(inside, "<![CDATA[", "]]>")[0]) or html.unescape(inside)


def _field(note: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", note)
    return html.unescape(found[1]).strip() if found else ""


def _instant(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


READER = Reader("evernote", sniff, read)
