"""Markdown notes and diaries: front matter, dated headings, quoted blocks.

The text is the person's own and is kept as written, markup and all, so that offsets hold. Front
matter gives title and date and is no text. Links between notes are the vault reader's business.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ipse.raw import speakers
from ipse.raw.readers import decode, prose
from ipse.raw.readers.reading import Origin, Reader, Reading
from ipse.types import Failure, Person, Turn

_FRONT = re.compile(r"---[ \t]*\r?\n(?P<yaml>.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_MARKUP = re.compile(r"^\s{0,3}(?:#{1,6} \S|```|\[[^\]]+\]: )|\]\([^\s()]+\)|\*\*\S", re.MULTILINE)
_TITLE = re.compile(r"^\s{0,3}#[ \t]+(?P<title>\S[^\n]*?)[ \t#]*\r?$", re.MULTILINE)
_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_TEXT_SUFFIXES = ("", ".txt", ".text")
_LINKS = ("source", "url", "clipped_from")
_DATES = ("date", "created", "day", "datum", "created_at", "year")


def sniff(path: Path, head: bytes) -> bool:
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES:
        return True
    text = decode.peek(head)
    return suffix in _TEXT_SUFFIXES and (_FRONT.match(text) is not None or _MARKUP.search(text) is not None)


def read(path: Path, data: bytes, person: Person) -> Reading:
    """Offsets are characters in the decoded file. Raises BrokenInput."""
    text, failures = decode.text(path, data)
    turns, doubts = read_text(Origin.of(path, data), text, person)
    return Reading("markdown", turns, failures + doubts)


def read_text(origin: Origin, text: str, person: Person) -> tuple[list[Turn], list[Failure]]:
    """The turns of a note whose text is already decoded, its front matter taken off."""
    front, shift, failures = front_matter(text)
    body = text[shift:]
    heading = _TITLE.search(body[:4000].partition("```")[0])
    title = str(front.get("title") or (heading["title"] if heading else origin.path.stem))
    frame = prose.frame_of(origin.path, title, dates_of(front))
    frame = replace(frame, author=foreign_author(front, person))
    above = text.count("\n", 0, shift)

    def place_of(line: int, _offset: int) -> str:
        return f"line {above + line}"

    turns, doubts = prose.turns(origin, body, person, frame, place_of=place_of, shift=shift)
    return turns, failures + doubts


def dates_of(front: dict[str, Any]) -> list[str]:
    """What front matter gives for its date."""
    return [str(front[key]) for key in _DATES if front.get(key)]


def foreign_author(front: dict[str, Any], person: Person) -> str:
    """Who wrote a clipped web page; "" for a note of the person's own."""
    links = (str(front.get(key) or "") for key in _LINKS)
    if not any(link.startswith(("http://", "https://")) for link in links):
        return ""
    given = front.get("author") or "web page"
    authors = [str(author).strip("[] ") for author in (given if isinstance(given, list) else [given])]
    return "" if speakers.is_person(person, *authors) else ", ".join(authors)


def front_matter(text: str) -> tuple[dict[str, Any], int, list[Failure]]:
    """(fields, where the body begins, failures). Broken YAML is left out and reported."""
    match = _FRONT.match(text)
    if not match:
        return {}, 0, []
    try:
        fields = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).split("\n")[0]
        return (
            {},
            match.end(),
            [Failure("line 1", f"its front matter is not valid YAML and was left out: {reason}")],
        )
    return (fields if isinstance(fields, dict) else {}), match.end(), []


READER = Reader("markdown", sniff, read)
