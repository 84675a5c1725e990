"""Which files are meant by the paths a person gives: folders are walked, what is left out says why.

Looks at names and kinds only and opens nothing; what a file holds is for the readers to say.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ipse.types import Failure

# Exports bring gigabytes of these along: hashing them each time would only find them unreadable.
_MEDIA = tuple(
    f".{ending}"
    for kind in (
        ("jpg", "jpeg", "png", "gif", "webp", "heic", "bmp", "tiff", "svg", "ico"),
        ("mp3", "m4a", "wav", "ogg", "oga", "opus", "flac"),
        ("mp4", "mov", "avi", "webm", "mkv", "3gp", "tgs", "thumb"),
        ("css", "js", "map", "woff", "woff2", "ttf"),
    )
    for ending in kind
)
# Note-taking programs keep blank forms here; their sentences are nobody's.
_TEMPLATES = frozenset(("templates", "template", "_templates", "vorlagen"))


@dataclass(frozen=True, slots=True)
class Walk:
    """`files` are absolute and each there once; `skipped` were left out on purpose, `failures` not."""

    files: dict[Path, None] = field(default_factory=dict)
    skipped: list[Failure] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def walk(paths: Sequence[Path]) -> Walk:
    """In the order of `paths`, and within a folder by name.

    A path given by itself is taken even if it is hidden, a link or a picture; inside a folder
    those are skipped, and so are links that lead out of it.
    """
    found = Walk()
    for path in paths:
        try:
            _take(path, found)
        except OSError as fault:
            found.failures.append(_unopened(path, fault))
    return found


def _take(path: Path, found: Walk) -> None:
    if path.is_dir():
        _take_folder(path.resolve(), found)
    elif not path.exists():
        found.failures.append(Failure(str(path), "there is no such file or folder"))
    else:
        _take_file(path, found)


def _take_folder(root: Path, found: Walk) -> None:
    def failed(fault: OSError) -> None:
        found.failures.append(_unopened(Path(fault.filename), fault))

    for folder, names, files in os.walk(root, onerror=failed):
        names[:] = [path.name for path in _wanted(root, Path(folder), names, found)]
        for path in _wanted(root, Path(folder), files, found):
            _take_file(path, found)


def _take_file(path: Path, found: Walk) -> None:
    """Pipes and devices are left alone (reading one may never end), and so are unspeakable names."""
    if not path.is_file():
        found.skipped.append(Failure(_shown(path), "is not a plain file"))
    elif _shown(path.resolve()) != str(path.resolve()):
        found.failures.append(Failure(_shown(path), "its name is not valid UTF-8; rename it"))
    else:
        found.files[path.resolve()] = None


def _wanted(root: Path, folder: Path, names: Sequence[str], found: Walk) -> Iterator[Path]:
    for name in sorted(names):
        path = folder / name
        reason = _link(root, path) if path.is_symlink() else _left_out(path)
        if reason:
            found.skipped.append(Failure(_shown(path), reason))
        else:
            yield path


def _left_out(path: Path) -> str | None:
    if path.name.startswith("."):
        return "is hidden"
    if path.name.lower().endswith(_MEDIA) and path.is_file():
        return "is a picture, sound, film or part of a web page"
    if path.name.casefold() in _TEMPLATES:
        return "is a folder of templates" if path.is_dir() else None
    return None


def _link(root: Path, path: Path) -> str | None:
    if not path.exists():
        return "is a link that leads nowhere"
    if not path.resolve().is_relative_to(root):
        return f"is a link that leads out of {root}"
    if path.is_dir():
        return "is a link to a folder that is read in its own place"
    return _left_out(path)


def _unopened(path: Path, fault: OSError) -> Failure:
    return Failure(_shown(path), f"can't be opened: {fault.strerror}")


def _shown(path: Path) -> str:
    """The path as text; a name may hold bytes that no text, and so no database, can."""
    return str(path).encode("utf-8", "backslashreplace").decode()
