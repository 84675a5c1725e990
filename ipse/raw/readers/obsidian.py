"""Notes of an Obsidian vault: Markdown with `[[links]]`, embeds, comments and queries.

Links become the text they show; embeds, block ids and query blocks become blank. Offsets count
in the text after that, and lines stay where they were. Templates and drawings are refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from ipse.errors import UnknownFormat
from ipse.raw.readers import decode, markdown
from ipse.raw.readers.reading import Origin, Reader, Reading
from ipse.types import Person

_EMBED = re.compile(r"!\[\[[^\]\[\n]*\]\]")
_LINK = re.compile(r"\[\[(?P<target>[^\]\[|\n#^]*)(?:[#^][^\]\[|\n]*)?(?:\|(?P<shown>[^\]\[\n]*))?\]\]")
_COMMENT = re.compile(r"%%.*?%%", re.DOTALL)
_QUERY = re.compile(r"^```(?:dataview|dataviewjs|tasks|base|query)\b.*?^```[ \t]*$", re.DOTALL | re.MULTILINE)
_BLOCK_ID = re.compile(r"[ \t]\^[\w-]+[ \t]*$", re.MULTILINE)
_TEMPLATE = re.compile(r"<%[-*_~ ]|\{\{\s*(?:date|time|title)\b[^}]*\}\}")
_TEMPLATE_FOLDERS = frozenset(("templates", "template", "_templates", "vorlagen"))
_DRAWING = re.compile(r"^excalidraw-plugin:", re.MULTILINE)
_SUFFIXES = (".md", ".markdown")


def sniff(path: Path, head: bytes) -> bool:
    if path.suffix.lower() not in _SUFFIXES:
        return False
    text = decode.peek(head)
    return _LINK.search(text) is not None or _TEMPLATE.search(text) is not None or in_vault(path)


def in_vault(path: Path) -> bool:
    """Whether a folder above holds Obsidian's settings."""
    return any((parent / ".obsidian").is_dir() for parent in path.parents)


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Raises BrokenInput; UnknownFormat for templates and drawings, which are nobody's words."""
    text, failures = decode.text(path, data)
    folders = {part.casefold() for part in path.parts[:-1]}
    if folders & _TEMPLATE_FOLDERS or _TEMPLATE.search(text):
        raise UnknownFormat(str(path), "is a template, not a note")
    if _DRAWING.search(text):
        raise UnknownFormat(str(path), "is a drawing, not a note")
    turns, doubts = markdown.read_text(Origin.of(path, data), resolved(text), person)
    return Reading("obsidian", turns, failures + doubts)


def resolved(text: str) -> str:
    """The note as it is read on the screen, with as many lines as before."""
    for pattern in (_QUERY, _COMMENT):
        text = pattern.sub(lambda match: "\n" * match[0].count("\n"), text)
    text = _EMBED.sub("", text)
    text = _LINK.sub(lambda match: match["shown"] or match["target"].rpartition("/")[2], text)
    return _BLOCK_ID.sub("", text)


READER = Reader("obsidian", sniff, read)
