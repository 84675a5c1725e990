"""Talks written down in a text or Markdown file: interviews and pasted chats, also with an assistant.

    **Interviewer:** Where did you grow up?         _**User (2026-01-30 18:58:14Z)**_
    **Ida:** On Fanø.                               Please name the commit.

Names stand before what was said, or alone above it, all marked up alike. Without a name of the person
among them such a file is read as their own notes: "Mood: fine" stands in a diary like "Ida: fine" in a chat.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ipse.raw import speakers
from ipse.raw.readers import decode, instants, markdown, prose, text
from ipse.raw.readers.reading import Origin, Reader, Reading, Said, conversation
from ipse.types import Person, Role

_WORD = r"[^\s:*_#()\[\]<>|`\"]{1,30}"
_MARK = re.compile(
    rf"\s{{0,3}}(?P<open>#{{1,6}} +|[-*] +(?=[*_]))?(?P<bold>[*_]{{1,3}})?(?P<name>{_WORD}(?: {_WORD}){{0,3}}?)"
    r"(?: said)?(?P<note> \([^()\n]{0,120}\))?(?P<close>[*_]{0,3}:[*_]{0,3}(?=\s|$)|[*_]{0,3}$)"
)
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?Z?")
_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown", ".mdown", ".mkd")
_OWNERS = frozenset({"user", "human", "me", "you"})
"""What programs call who talked to an assistant."""
_ASSISTANTS = frozenset({"assistant", "ai", "chatgpt", "gpt", "copilot"})
_NAMED_ASSISTANTS = _ASSISTANTS | {"agent", "bot", "claude", "gemini", "model"}
"""Those that may also be somebody's name or anything else: assistants only beside an owner."""
_NO_SPEAKERS = frozenset(
    "note notes nb ps p.s re subject date time place location attendees participants topic todo summary title "
    "remember warning tip example update edit result breakfast lunch dinner".split()
)
LEAST_MARKED = 0.4
"""Share of a file's paragraphs, or of its lines, that begin with a name, where names are not marked up."""
LONGEST_HEAD = 2000
"""Characters before the first name; with more of them a file is something else that holds a talk."""


Shape = tuple[int, bool, bool]
"""(level of the heading or 0, bold or in italics, with a note)."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A name, on which line, where that line and what was said begin, and how the name is marked up."""

    line: int
    name: str
    start: int
    body: int
    at: datetime | None
    shape: Shape


def sniff(path: Path, head: bytes) -> bool:
    if path.suffix.lower() not in _SUFFIXES:
        return False
    begins = decode.peek(head)
    begins = begins[markdown.front_matter(begins)[1] :]
    marks = _marks(begins)
    if not marks or marks[0].start > LONGEST_HEAD:
        return False
    return any(marks[0].shape) or _share(begins, marks) >= LEAST_MARKED


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in the decoded file. Raises BrokenInput."""
    whole, failures = decode.text(path, data)
    front, shift, doubts = markdown.front_matter(whole)
    marks = _marks(whole[shift:])
    roles = {} if markdown.foreign_author(front, person) else _roles({m.name for m in marks}, person)
    if "self" not in roles.values():
        notes = markdown.READER if markdown.sniff(path, data) else text.READER
        return notes.read(path, data, person)
    frame = prose.frame_of(path, str(front.get("title") or path.stem), markdown.dates_of(front))
    above = whole.count("\n", 0, shift)
    ends = [m.start for m in marks[1:]] + [len(whole) - shift]
    head = whole[shift : shift + marks[0].start]
    said = [Said("", head, frame.at, f"line {above + 1}", shift, frame.title, role="system")]
    for mark, end in zip(marks, ends, strict=True):
        words, place = whole[shift + mark.body : shift + end], f"line {above + mark.line}"
        role = None if roles[mark.name] == "self" else roles[mark.name]
        said.append(Said(mark.name, words, mark.at or frame.at, place, shift + mark.body, frame.title, role))
    me = [name for name, role in roles.items() if role == "self"]
    return Reading("transcript", conversation(Origin.of(path, data), said, person, me), failures + doubts)


def _roles(names: set[str], person: Person) -> dict[str, Role]:
    """Who is the person: whoever has a name of theirs, else whom a program calls "User" beside an assistant."""
    own = {name for name in names if speakers.is_person(person, name)}
    owners = {name for name in names - own if name.casefold() in _OWNERS}
    assistants = {n for n in names - own if n.casefold() in (_NAMED_ASSISTANTS if owners else _ASSISTANTS)}
    me = own or (owners if assistants else set())
    return {name: "self" if name in me else "assistant" if name in assistants else "other" for name in names}


def _marks(body: str) -> list[_Mark]:
    """All names of the one shape that talkers have most often: two of them at least, of whom one comes again."""
    shapes: dict[Shape, list[_Mark]] = defaultdict(list)
    for mark in _any_marks(body):
        shapes[mark.shape].append(mark)
    talks = [marks for marks in shapes.values() if _is_talk(marks)]
    return max(talks, key=len, default=[])


def _is_talk(marks: Sequence[_Mark]) -> bool:
    """Under headings people seldom talk: there it takes names that programs give."""
    counts = Counter(m.name.casefold() for m in marks)
    by_program = bool(counts.keys() & _OWNERS and counts.keys() & _NAMED_ASSISTANTS)
    if marks[0].shape[0]:
        return by_program and len(counts) == 2
    return by_program or (len(counts) >= 2 and max(counts.values()) >= 2)


def _any_marks(body: str) -> Iterator[_Mark]:
    for number, start, end in prose.prose_lines(body):
        line = body[start:end].rstrip()
        found = _MARK.match(line)
        if not found or not found["name"][0].isalpha() or found["name"].casefold() in _NO_SPEAKERS:
            continue
        level, bold = (found["open"] or "").count("#"), bool(found["bold"])
        alone, named = found.end() == len(line), bold or ":" in found["close"]
        if (level and alone) or (not level and named):
            stamp = _STAMP.search(found["note"] or "")
            at = instants.from_iso(stamp[0]) if stamp else None
            yield _Mark(number, found["name"], start, start + found.end(), at, (level, bold, bool(found["note"])))


def _share(begins: str, marks: Sequence[_Mark]) -> float:
    """The larger one of the shares of lines and of paragraphs that a name opens."""
    lines = [start for _, start, end in prose.prose_lines(begins) if begins[start:end].strip()]
    opening = [start for start in lines if begins.endswith(("\n\n", "\n\r\n"), 0, start) or start == lines[0]]
    named = {m.start for m in marks}
    return max((len(named.intersection(some)) / len(some) for some in (lines, opening) if some), default=0.0)


READER = Reader("transcript", sniff, read)
