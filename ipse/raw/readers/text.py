"""Plain text: a diary whose lines begin with dates, or any other text of the person's own.

The last reader to be asked. It takes only files that are named like text, so that source code,
tables and settings are not read as somebody's words.
"""

from __future__ import annotations

import re
from pathlib import Path

from ipse.raw.readers import decode, prose
from ipse.raw.readers.reading import Origin, Reader, Reading
from ipse.types import Person

_SUFFIXES = ("", ".txt", ".text", ".log", ".diary", ".journal")
_FIRST_LINE = re.compile(r"\s*(?P<line>[^\n]*)")
_MAX_TITLE = 80


def sniff(path: Path, head: bytes) -> bool:
    return path.suffix.lower() in _SUFFIXES and bool(decode.peek(head).strip())


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in the decoded file. Raises BrokenInput."""
    text, failures = decode.text(path, data)
    frame = prose.frame_of(path, title_of(text) or path.stem)
    turns, doubts = prose.turns(Origin.of(path, data), text, person, frame)
    return Reading("text", turns, failures + doubts)


def title_of(text: str) -> str:
    """The first line, if it reads like a title: short, and no sentence that goes on."""
    match = _FIRST_LINE.match(text)
    line = match["line"].strip() if match else ""
    is_title = 0 < len(line) <= _MAX_TITLE and not line.endswith((".", "!", "?", ",", ";"))
    return line if is_title else ""


READER = Reader("text", sniff, read)
