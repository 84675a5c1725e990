"""From bytes to text and JSON, with the limits that keep a hostile file from doing harm.

Says in plain words what is wrong and where. Knows nothing of formats or people.
"""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from ipse.errors import BrokenInput
from ipse.types import Failure

MAX_BYTES = 512 * 1024 * 1024
HEAD_BYTES = 64 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1b\x08")


def load(path: Path) -> bytes:
    """The bytes of a file. Raises BrokenInput if it is missing, empty, unreadable or over 512 MB."""
    try:
        if not path.is_file():
            raise BrokenInput(str(path), "is not a file")
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise BrokenInput(str(path), f"{size / 2**20:.0f} MB is over the limit of {limit} MB; split the file")
        data = path.read_bytes()
    except OSError as error:
        raise BrokenInput(str(path), f"could not be read: {error.strerror or error}") from error
    return checked(path, data)


def checked(path: Path, data: bytes) -> bytes:
    """`data`, unless it is empty. Raises BrokenInput."""
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise BrokenInput(str(path), "the file is empty")
    return data


def text(path: Path, data: bytes) -> tuple[str, list[Failure]]:
    """The decoded text and, where the encoding had to be guessed, a failure that says so.

    Tried in order: a byte order mark, UTF-8, Windows-1252. Raises BrokenInput for binary data
    and for text in no encoding that is known here.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(path, data, encoding).removeprefix("\ufeff"), []
    if _is_binary(data):
        raise BrokenInput(str(path), "holds binary data, not text")
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        guess = _decoded(path, data, "cp1252", line)
        return guess, [Failure(f"line {line}", "is not UTF-8; the file was read as Windows-1252")]


def peek(head: bytes) -> str:
    """The first bytes as text for sniffing: never raises, and what doesn't decode is left out."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, errors="ignore")
    return head.decode("utf-8", errors="ignore")


def loads(path: Path, data: bytes) -> tuple[Any, list[Failure]]:
    """The parsed JSON. Raises BrokenInput with line and column where it breaks off."""
    document, failures = text(path, data)
    return parse(str(path), document), failures


def parse(place: str, document: str) -> Any:
    try:
        return json.loads(document)
    except json.JSONDecodeError as error:
        cut = " (the file seems to be cut off)" if error.pos >= len(document.rstrip()) - 1 else ""
        where = f"line {error.lineno} column {error.colno}"
        raise BrokenInput(f"{place}:{where}", f"is not valid JSON: {error.msg} at {where}{cut}") from error
    except RecursionError as error:
        raise BrokenInput(place, "is nested too deeply to be read") from error
    except ValueError as error:  # a number of thousands of digits
        raise BrokenInput(place, f"is not usable JSON: {error}") from error


def is_json(line: str) -> bool:
    """Whether a line is a whole JSON value, as in a file of JSON lines."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _decoded(path: Path, data: bytes, encoding: str, line: int | None = None) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        place = f"{path}:line {line}" if line else str(path)
        reason = f"is in an unknown encoding ({error.reason} at byte {error.start}); save it as UTF-8"
        raise BrokenInput(place, reason) from error


def _is_binary(data: bytes) -> bool:
    sample = data[:HEAD_BYTES]
    controls = sum(1 for byte in sample if byte < 32 and byte not in _TEXT_CONTROLS)
    return b"\0" in data[:1_000_000] or controls > len(sample) / 50
