"""The readers: one file per format, and the one door that picks among them by what a file holds.

    reading = read(Path("chat.txt"), person)      # Reading(format, turns, failures)

A format is added with one file here and one line in READERS. Nothing here stores anything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ipse.errors import InputError, NoSpeakerMatch, UnknownFormat
from ipse.raw.readers import (
    archive,
    chatgpt,
    claude,
    decode,
    documents,
    evernote,
    facebook,
    mail,
    markdown,
    messages,
    obsidian,
    refused,
    signal,
    telegram,
    text,
    transcript,
    whatsapp,
)
from ipse.raw.readers.reading import Origin, Reader, Reading
from ipse.types import Failure, Person, Turn, new_id

__all__ = ["READERS", "Reader", "Reading", "read", "read_bytes"]

# Asked in this order: the more a format looks like itself, the earlier.
READERS: tuple[Reader, ...] = (
    documents.PDF,
    documents.DOCX,
    evernote.READER,
    chatgpt.READER,
    claude.READER,
    facebook.READER,
    telegram.READER,
    messages.READER,
    mail.READER,
    signal.READER,
    whatsapp.READER,
    documents.HTML,
    obsidian.READER,
    transcript.READER,
    markdown.READER,
    text.READER,
)


def read(path: Path, person: Person) -> Reading:
    """The turns of one file, whose format is told from its content.

    Raises BrokenInput (empty, cut off, too large, a zip bomb), UnknownFormat (with what to do
    instead) and NoSpeakerMatch (with the speakers that were found).
    """
    if path.is_dir():
        raise UnknownFormat(str(path), "is a folder; its files are read one by one")
    return read_bytes(path, decode.load(path), person)


def read_bytes(path: Path, data: bytes, person: Person) -> Reading:
    """`read` for bytes that are already here; `path` gives the name and need not exist."""
    decode.checked(path, data)
    if data.startswith(archive.MAGIC) and not archive.is_word(archive.check(path, data)):
        return _read_archive(path, data, person)
    refused.check(path, data)
    head = data[: decode.HEAD_BYTES]
    for reader in READERS:
        if reader.sniff(path, head):
            return reader.read(path, data, person)
    raise refused.unknown(path, data)


def _read_archive(path: Path, data: bytes, person: Person) -> Reading:
    """A zip as one source whose places name the member: "chats/anna.txt:line 3"."""
    origin = Origin.of(path, data)
    turns: list[Turn] = []
    failures: list[Failure] = []
    found: list[str] = []
    for member in archive.members(path, data):
        if isinstance(member, Failure):
            failures.append(member)
            continue
        name, content = member
        if content.startswith(archive.MAGIC) and not name.lower().endswith(".docx"):
            failures.append(Failure(name, "is an archive inside the archive; unpack it first"))
            continue
        try:
            reading = read_bytes(path / name, content, person)
        except InputError as error:
            found += error.found if isinstance(error, NoSpeakerMatch) else ()
            failures.append(Failure(name, error.reason))
            continue
        turns += [_placed(turn, origin, name) for turn in reading.turns]
        failures += [Failure(f"{name}:{f.place}", f.reason) for f in reading.failures]
    if not turns and found:
        raise NoSpeakerMatch(str(path), person.names, tuple(dict.fromkeys(found)))
    if not turns:
        reasons = "; ".join(f"{f.place} {f.reason}" for f in failures[:3]) or "it is empty"
        raise UnknownFormat(str(path), f"holds nothing that can be read: {reasons}")
    return Reading("zip", turns, failures)


def _placed(turn: Turn, origin: Origin, name: str) -> Turn:
    place = f"{name}:{turn.place}"
    new = new_id("turn", origin.sha256, place, turn.start)
    return replace(turn, id=new, source_id=origin.source_id, place=place)
