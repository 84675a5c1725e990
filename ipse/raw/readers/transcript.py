"""Talks written down in a text or Markdown file: interviews, minutes, pasted chats with an assistant.

    **Interviewer:** Where did you grow up?         _**User (2026-01-30 18:58:14Z)**_
    **Ida:** On Fanø.                               Please name the commit.

Names stand before what was said, or alone above it. Without a name of the person among them such a
file is read as their own notes: "Mood: fine" stands in a diary like "Ida: fine" in a chat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ipse.raw import speakers
from ipse.raw.readers import decode, instants, markdown, prose, text
from ipse.raw.readers.reading import Origin, Reader, Reading, Said, conversation
from ipse.types import Person, Role

_NAME = r"(?P<name>[^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,3}?)(?: said)?(?: \((?P<note>[^()\n]*)\))?"
_MARK = re.compile(
    rf"\s{{0,3}}(?P<open>#{{1,6}} +|[-*] +(?=\*\*))?(?P<bold>[*_]{{2,3}})?{_NAME}"
    r"(?P<close>[*_]*:[*_]*(?=\s|$)|[*_]*$)"
)
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?Z?")
_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown", ".mdown", ".mkd")
_OWNERS = frozenset({"user", "human", "me", "you"})
"""What programs call who talked to an assistant."""
_ASSISTANTS = frozenset({"assistant", "agent", "ai", "bot", "chatgpt", "gpt", "claude", "gemini", "copilot", "model"})
_NO_SPEAKERS = frozenset(
    "note notes ps p.s re subject date time place location attendees participants topic todo summary title".split()
)
LEAST_MARKED = 0.4
"""Share of a file's paragraphs, or of its lines, that begin with a name, where names are no headings."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A name, on which line, and where that line and what was said begin."""

    line: int
    name: str
    start: int
    body: int
    at: datetime | None
    alone: bool


def sniff(path: Path, head: bytes) -> bool:
    if path.suffix.lower() not in _SUFFIXES:
        return False
    begins = decode.peek(head)
    begins = begins[markdown.front_matter(begins)[1] :]
    marks = _marks(begins)
    return len(_talkers(marks)) >= 2 and (marks[0].alone or _share(begins, marks) >= LEAST_MARKED)


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in the decoded file. Raises BrokenInput."""
    whole, failures = decode.text(path, data)
    front, shift, doubts = markdown.front_matter(whole)
    marks = [m for m in _marks(whole) if m.start >= shift]
    names = {m.name for m in marks}
    me = _owners(names, person)
    if not me and not any(speakers.is_person(person, name) for name in names):
        notes = markdown.READER if markdown.sniff(path, data) else text.READER
        return notes.read(path, data, person)
    frame = prose.frame_of(path, str(front.get("title") or path.stem), markdown.dates_of(front))
    ends = [m.start for m in marks[1:]] + [len(whole)]
    said = [Said("", whole[shift : marks[0].start], frame.at, "line 1", shift, frame.title, role="system")]
    said += [
        Said(m.name, whole[m.body : end], m.at or frame.at, f"line {m.line}", m.body, frame.title, _role(m.name))
        for m, end in zip(marks, ends, strict=True)
    ]
    return Reading("transcript", conversation(Origin.of(path, data), said, person, me), failures + doubts)


def _owners(names: set[str], person: Person) -> list[str]:
    """Names for the person that a program gave: only beside an assistant's, and not beside the person's own."""
    if not any(_role(name) for name in names) or any(speakers.is_person(person, name) for name in names):
        return []
    return [name for name in names if name.casefold() in _OWNERS]


def _role(name: str) -> Role | None:
    return "assistant" if name.casefold() in _ASSISTANTS else None


def _marks(whole: str) -> list[_Mark]:
    """All names of one kind: those above what was said if a talker's is among them, else those before it."""
    marks = list(_any_marks(whole))
    above = [m for m in marks if m.alone]
    talkers = _talkers(above)
    return [m for m in above if m.name in talkers] or [m for m in marks if not m.alone]


def _talkers(marks: Sequence[_Mark]) -> set[str]:
    """Names that come again, or that programs give: a heading that stands once is a title."""
    counts = Counter(m.name for m in marks)
    return {n for n, count in counts.items() if count >= 2 or n.casefold() in _OWNERS | _ASSISTANTS}


def _any_marks(whole: str) -> Iterator[_Mark]:
    for number, start, end in prose.prose_lines(whole):
        line = whole[start:end].rstrip()
        found = _MARK.match(line)
        if not found or found["name"].casefold() in _NO_SPEAKERS:
            continue
        alone = found.end() == len(line)
        marked = found["open"] or found["bold"] or ":" in found["close"]
        if marked if alone else not (found["open"] or "").startswith("#"):
            stamp = _STAMP.search(found["note"] or "")
            at = instants.from_iso(stamp[0]) if stamp else None
            yield _Mark(number, found["name"], start, start + found.end(), at, alone)


def _share(begins: str, marks: list[_Mark]) -> float:
    """The larger one of the shares of lines and of paragraphs that a name opens."""
    lines = [start for _, start, end in prose.prose_lines(begins) if begins[start:end].strip()]
    opening = [start for start in lines if begins.endswith(("\n\n", "\n\r\n"), 0, start) or start == lines[0]]
    named = {m.start for m in marks}
    return max((len(named.intersection(some)) / len(some) for some in (lines, opening) if some), default=0.0)


READER = Reader("transcript", sniff, read)
