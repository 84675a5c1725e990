"""Zip archives, opened in memory and with limits: how much, how many, how dense, and where to.

Nothing is ever unpacked to disk. Knows nothing of what the members hold.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ipse.errors import BrokenInput, UnknownFormat
from ipse.raw.readers.decode import MAX_BYTES
from ipse.types import Failure

MAGIC = b"PK\x03\x04"
MAX_MEMBERS = 20_000
MAX_RATIO = 200
# Below this size even a very dense archive does no harm.
_SMALL = 16 * 1024 * 1024
_OFFICE = {
    "xl/workbook.xml": "a spreadsheet",
    "ppt/presentation.xml": "a slide show",
    "META-INF/container.xml": "an e-book",
    "content.xml": "an OpenDocument file",
}


def check(path: Path, data: bytes) -> list[zipfile.ZipInfo]:
    """What the archive says it holds. Raises BrokenInput if that is broken, locked or a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            infos = opened.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BrokenInput(str(path), f"is a damaged archive: {error}") from error
    total = sum(info.file_size for info in infos)
    packed = max(1, min(len(data), sum(info.compress_size for info in infos)))
    if len(infos) > MAX_MEMBERS:
        raise BrokenInput(str(path), f"holds {len(infos)} files, over the limit of {MAX_MEMBERS}")
    if total > MAX_BYTES:
        raise BrokenInput(
            str(path), f"would unpack to {total / 2**20:.0f} MB, over the limit of {MAX_BYTES // 2**20} MB"
        )
    if total > _SMALL and total / packed > MAX_RATIO:
        raise BrokenInput(str(path), f"would unpack to {total / packed:.0f} times its size: refused as a zip bomb")
    return infos


def is_word(infos: list[zipfile.ZipInfo]) -> bool:
    return any(info.filename == "word/document.xml" for info in infos)


def members(path: Path, data: bytes) -> Iterator[tuple[str, bytes] | Failure]:
    """(name, bytes) of every file inside, or why it was left out.

    Raises BrokenInput as `check` does, UnknownFormat for office files in a zip's clothes.
    """
    infos = check(path, data)
    for info in infos:
        if info.filename in _OFFICE:
            raise UnknownFormat(str(path), f"is {_OFFICE[info.filename]}; save it as text, PDF or Word")
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        for info in infos:
            if not info.is_dir():
                yield _member(opened, info)


def _member(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[str, bytes] | Failure:
    name = info.filename
    if not is_inside(name):
        return Failure(name, "points outside the archive and was refused")
    if info.flag_bits & 1:
        return Failure(name, "is locked with a password")
    try:
        return name, opened.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        return Failure(name, f"could not be unpacked: {error}")


def is_inside(name: str) -> bool:
    """Whether a member's name stays below the archive's root."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    drive = len(name) > 1 and name[1] == ":"
    return bool(parts) and not drive and parts[0] != "/" and ".." not in parts
