"""PDF, Word and web pages, through their own libraries, as running text of the person's own.

Offsets count in the text that was taken out. Scanned pages hold no text, and that is said; web
pages that are really chat exports are refused elsewhere.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipse.errors import BrokenInput
from ipse.raw.readers import archive, decode, prose
from ipse.raw.readers.html_text import from_html
from ipse.raw.readers.reading import Origin, Reader, Reading
from ipse.raw.readers.text import title_of
from ipse.types import Failure, Person

if TYPE_CHECKING:
    from docx.document import Document

_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.DOTALL)
_WORD_PART = "word/document.xml"
_HEADING_STYLE = re.compile(r"(?:Heading|Überschrift|Titre|Título) ?(?P<level>[1-6])", re.IGNORECASE)
# pypdf promises PdfReadError only; damaged files reach its parsers as any of these.
_PDF_FAULTS = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
)


def sniff_pdf(_path: Path, head: bytes) -> bool:
    return b"%PDF-" in head[:1024]


def sniff_docx(path: Path, head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") and (path.suffix.lower() == ".docx" or b"word/" in head)


def sniff_html(_path: Path, head: bytes) -> bool:
    return _HTML.match(decode.peek(head)) is not None


def read_pdf(path: Path, data: bytes, person: Person) -> Reading:
    """Raises BrokenInput for damaged, locked and scanned files."""
    from pypdf.errors import PyPdfError

    try:
        pages, failures = _pages(path, data)
    except (PyPdfError, *_PDF_FAULTS) as error:
        raise BrokenInput(str(path), f"is a damaged PDF: {error}") from error
    if not any(page.strip() for page in pages):
        raise BrokenInput(str(path), "holds no text, only pictures of it; run text recognition (OCR) first")
    starts = [0]
    for page in pages:
        starts.append(starts[-1] + len(page) + 1)

    def place_of(_line: int, offset: int) -> str:
        return f"page {bisect_right(starts, offset)} character {offset}"

    return _prose("pdf", path, data, "\n".join(pages), person, failures, place_of)


def _pages(path: Path, data: bytes) -> tuple[list[str], list[Failure]]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise BrokenInput(str(path), "is locked with a password; save a copy without one")
    pages: list[str] = []
    failures: list[Failure] = []
    for number, page in enumerate(reader.pages, 1):
        try:
            pages.append(page.extract_text())
        except (PyPdfError, *_PDF_FAULTS) as error:
            pages.append("")
            failures.append(Failure(f"page {number}", f"could not be read: {error}"))
    return pages, failures


def read_docx(path: Path, data: bytes, person: Person) -> Reading:
    """Raises BrokenInput for damaged files and for those that would unpack to too much."""
    import docx
    from docx.opc.exceptions import OpcError

    archive.check(path, data)
    try:
        document = docx.Document(io.BytesIO(data))
        text = "\n".join(_lines(document))
    except (OpcError, SyntaxError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OSError) as error:
        raise BrokenInput(str(path), f"is a damaged Word document: {error}") from error
    if not text.strip():
        raise BrokenInput(str(path), "holds no text")
    return _prose("docx", path, data, text, person, [], lambda line, _offset: f"paragraph {line}")


def _lines(document: Document) -> Iterator[str]:
    """One line for each paragraph or table row, with Markdown's marks for headings and lists."""
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                yield " | ".join(cell.text.replace("\n", " ") for cell in row.cells)
        else:
            yield _paragraph(block)


def _paragraph(paragraph: Any) -> str:
    text = str(paragraph.text).replace("\n", " ")
    style = str(paragraph.style.name) if paragraph.style is not None else ""
    heading = _HEADING_STYLE.match(style)
    if style == "Title":
        return f"# {text}"
    if heading:
        return "#" * int(heading["level"]) + f" {text}"
    return f"- {text}" if style.startswith("List") else text


def read_html(path: Path, data: bytes, person: Person) -> Reading:
    """Raises BrokenInput if nothing is left of the page but markup."""
    html, failures = decode.text(path, data)
    text = from_html(html)
    if not text:
        raise BrokenInput(str(path), "holds no text")
    return _prose("html", path, data, text, person, failures)


def _prose(
    name: str,
    path: Path,
    data: bytes,
    text: str,
    person: Person,
    failures: list[Failure],
    place_of: Any = None,
) -> Reading:
    title = title_of(text).lstrip("# ") or path.stem
    turns, doubts = prose.turns(Origin.of(path, data), text, person, prose.frame_of(path, title), place_of=place_of)
    return Reading(name, turns, failures + doubts)


PDF = Reader("pdf", sniff_pdf, read_pdf)
DOCX = Reader("docx", sniff_docx, read_docx)
HTML = Reader("html", sniff_html, read_html)
