"""Kinds of files that are recognised and not read, each with its reason and a way out.

Better a clear refusal than a photo's bytes, a phone book or somebody's web page taken for the
person's own words.
"""

from __future__ import annotations

import re
from pathlib import Path

from ipse.errors import UnknownFormat
from ipse.raw.readers import decode

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"GIF8", "is a picture"),
    (b"RIFF", "is a picture or sound"),
    (b"ID3", "is a sound recording"),
    (b"OggS", "is a sound recording"),
    (b"fLaC", "is a sound recording"),
    (b"SQLite format 3\0", "is a database; export the chats as text or JSON"),
    (b"\xd0\xcf\x11\xe0", "is an old Office document; save it as .docx or PDF"),
    (b"{\\rtf", "is rich text; save it as .docx or .txt"),
    (b"\x1f\x8b", "is packed with gzip; unpack it first"),
    (b"7z\xbc\xaf", "is packed with 7-Zip; unpack it first"),
    (b"Rar!", "is packed with RAR; unpack it first"),
    (b"\x7fELF", "is a program"),
    (b"MZ\x90", "is a program"),
)
_CONTENT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*BEGIN:VCARD"), "is an address book; contacts are not the person's words"),
    (re.compile(r"\s*BEGIN:VCALENDAR"), "is a calendar; it is not read yet"),
    (
        re.compile(r"<div class=\"message (?:default|service)"),
        "is Telegram's HTML export; export as JSON (result.json)",
    ),
    (re.compile(r"var jsonData\s*="), "is ChatGPT's web page; add conversations.json from the same export"),
    (re.compile(r"class=\"[^\"]*\b_a6-g\b"), "is Meta's HTML download; request it again as JSON"),
    (
        re.compile(r"<mediawiki\b|<rss\b|<feed\b|<svg\b|<kml\b"),
        "is XML of a kind that holds no diary or chat",
    ),
)
_SUFFIXES = {
    ".base": "is an Obsidian table, not a note",
    ".canvas": "is an Obsidian canvas, not a note",
    ".csv": "is a table; save what you wrote as text",
    ".tsv": "is a table; save what you wrote as text",
}
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_XML = re.compile(r"\s*<\?xml\b")


def check(path: Path, data: bytes) -> None:
    """Raises UnknownFormat with the reason if this is a kind of file that is never read."""
    for magic, reason in _MAGIC:
        if data.startswith(magic):
            raise UnknownFormat(str(path), reason)
    if data[4:8] == b"ftyp":
        raise UnknownFormat(str(path), "is a picture, sound or film")
    if path.suffix.lower() in _SUFFIXES:
        raise UnknownFormat(str(path), _SUFFIXES[path.suffix.lower()])
    head = decode.peek(data[: decode.HEAD_BYTES])
    for pattern, reason in _CONTENT:
        found = pattern.match(head) if pattern.pattern.startswith(r"\s*") else pattern.search(head)
        if found and head.lstrip("\ufeff \t\r\n").startswith(("<", "BEGIN")):
            raise UnknownFormat(str(path), reason)


def unknown(path: Path, data: bytes) -> UnknownFormat:
    """The error for a file no reader took. Raises BrokenInput if it is binary or broken JSON."""
    text, _ = decode.text(path, data)
    if _JSON.match(text):
        first_line, _, rest = text.strip().partition("\n")
        has_lines = bool(rest) and decode.is_json(first_line)
        if not has_lines:
            decode.parse(str(path), text)
        return UnknownFormat(str(path), "is JSON, but no chat export that is known here")
    if _XML.match(text):
        return UnknownFormat(str(path), "is XML, but no export that is known here")
    named = f" ({path.suffix})" if path.suffix else ""
    return UnknownFormat(str(path), f"is no kind of file that is read here{named}; save it as .txt or .md")
