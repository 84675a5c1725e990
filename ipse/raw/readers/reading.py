"""What a reader hands back, and how a message becomes turns.

A format's own file finds the messages; here they get their ids, their roles and their quoted
lines set apart. Knows nothing of any one format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ipse.raw import speakers
from ipse.raw.readers.quotes import Piece, split_quoted, trim
from ipse.types import Failure, Person, Role, Turn, new_id

QUOTED = "quoted"
"""The speaker of a line that was only quoted: someone else, and the file doesn't say who."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read from one file; `failures` are the messages that could not be."""

    format: str
    turns: list[Turn]
    failures: list[Failure]


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. `sniff` sees the path and the first bytes, is cheap and never raises.

    `read` raises BrokenInput, UnknownFormat or NoSpeakerMatch.
    """

    name: str
    sniff: Callable[[Path, bytes], bool]
    read: Callable[[Path, bytes, Person], Reading]


@dataclass(frozen=True, slots=True)
class Said:
    """One message before anyone has decided whose it is.

    `role` is set only where the format itself says it (assistant, system, forwarded). `pieces`
    tell own words from quotation in `text`; None means: the `> ` lines are quoted. `start` is
    where `text` begins in the decoded file, 0 for structured formats.
    """

    speaker: str
    text: str
    at: datetime | None
    place: str
    start: int = 0
    thread: str = ""
    role: Role | None = None
    pieces: tuple[Piece, ...] | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that turns come from, known by its path as given and the hash of its bytes."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path, data: bytes) -> Origin:
        return cls(path, hashlib.sha256(data).hexdigest())

    @property
    def source_id(self) -> str:
        return new_id("source", self.path, self.sha256)

    def turns(self, said: Said, role: Role) -> Iterator[Turn]:
        """The turns of one message: one, or several where it quotes somebody; none if blank."""
        for piece in _pieces(said, role):
            start, end = trim(said.text, piece.start, piece.end)
            if start == end:
                continue
            quoted, aside = piece.kind == "quoted", piece.kind == "aside"
            yield Turn(
                id=new_id("turn", self.sha256, _whole(said.place), said.start + start),
                source_id=self.source_id,
                speaker=QUOTED if quoted else _whole(said.speaker),
                role="other" if quoted else "system" if aside else role,
                text=_whole(said.text[start:end]),
                at=said.at,
                place=_whole(said.place),
                start=said.start + start,
                end=said.start + end,
                thread=_whole(said.thread),
            )


def _whole(text: str) -> str:
    """Half a surrogate pair, as broken JSON has it, can't be stored or hashed; "?" of the same length can."""
    return text.encode("utf-8", "replace").decode()


def _pieces(said: Said, role: Role) -> Sequence[Piece]:
    if said.pieces is not None:
        return said.pieces
    if role in ("self", "other"):
        return split_quoted(said.text)
    return [Piece(0, len(said.text), "own")]


def conversation(origin: Origin, messages: Sequence[Said], person: Person, me: Sequence[str] = ()) -> list[Turn]:
    """The turns of a talk between named people, in their order.

    `me` are names a format uses for the account's owner ("Me"). Raises NoSpeakerMatch if the
    person never speaks, and lists who does.
    """
    named = [m.speaker for m in messages if m.role is None]
    roles: dict[str, Role] = dict.fromkeys(named, "other")
    if not set(named) & set(me):
        roles = speakers.roles(str(origin.path), named, person)
    roles |= dict.fromkeys(me, "self")
    return [t for m in messages for t in origin.turns(m, m.role or roles[m.speaker])]
