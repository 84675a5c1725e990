"""Telling own words from quoted ones inside one message, by spans, without touching the text.

Knows `> ` lines, the "On ... wrote:" line above them in several languages, the tails that mail
programs append, and the `-- ` above a signature. It refuses to know who is being quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["own", "quoted", "aside"]

_LINE = re.compile(r"[^\n]*\n?")
_QUOTED = re.compile(r"\s{0,3}>")
_CALLOUT = re.compile(r"\s{0,3}>\s*\[!")
_WROTE = re.compile(
    r"\s*(?:On|Am|Le|El|Op|Il|Em|Den|W dniu|Il giorno)\b[^\n]{4,200}"
    r"(?:wrote|schrieb[^\n:]{0,80}|a écrit|escribió|schreef[^\n:]{0,80}|ha scritto|escreveu"
    r"|skrev[^\n:]{0,80}|napisał\(?a?\)?)"
    r"\s*:\s*$"
)
_TAIL = re.compile(
    r"\s*(?:-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original"
    r"|Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado)\s*-{2,}"
    r"|Begin forwarded message:|_{20,})\s*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"--[  ]?\r?$|Sent from my \w+|Von meinem \w+ gesendet|Get Outlook for \w+", re.IGNORECASE)
# Marks that chat programs put around text and nobody sees.
INVISIBLE = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of a message: the sender's own words, a quotation, or an aside (a signature)."""

    start: int
    end: int
    kind: Kind


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space and invisible marks at its ends; start == end if blank."""
    while start < end and (text[start].isspace() or text[start] in INVISIBLE):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in INVISIBLE):
        end -= 1
    return start, end


def split_quoted(text: str) -> list[Piece]:
    """A chat message or note: lines that begin with `>` are quoted, all others are own words.

    A quotation headed `> [!note]` is a coloured box in a note-taking program, and own words.
    """
    kinds: list[tuple[int, int, Kind]] = []
    in_callout = False
    for start, end in line_spans(text):
        line = text[start:end]
        is_quote = _QUOTED.match(line) is not None
        in_callout = is_quote and (in_callout or _CALLOUT.match(line) is not None)
        kinds.append((start, end, "quoted" if is_quote and not in_callout else "own"))
    return _joined(kinds)


def split_mail(body: str) -> list[Piece]:
    """The body of a mail: answers between quoted lines stay the sender's; tails don't.

    An "On ... wrote:" with no `>` below it means that all that follows is the older mail.
    """
    spans = list(line_spans(body))
    kinds: list[tuple[int, int, Kind]] = []
    rest: Kind = "own"
    for number, (start, end) in enumerate(spans):
        line = body[start:end].rstrip("\r\n")
        if rest == "own" and _opens_older_mail(body, spans, number):
            rest = "quoted"
        elif rest == "own" and _SIGNATURE.match(line):
            rest = "aside"
        quoted = _QUOTED.match(line) is not None or _is_attribution(body, spans, number)
        kinds.append((start, end, "quoted" if quoted else rest))
    return _joined(kinds)


def line_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every line with its newline; only `\\n` ends a line."""
    for match in _LINE.finditer(text):
        if match.end() > match.start():
            yield match.span()


def _opens_older_mail(body: str, spans: list[tuple[int, int]], number: int) -> bool:
    start, end = spans[number]
    if _TAIL.match(body[start:end]):
        return True
    # The line that ends in "wrote:" decides: what follows it is `>` lines or the bare older mail.
    if not _is_attribution(body, spans, number):
        return False
    following = (body[s:e] for s, e in spans[number + 1 : number + 6])
    below = (line for line in following if line.strip() and not line.rstrip().endswith(":"))
    return _QUOTED.match(next(below, ">")) is None


def _is_attribution(body: str, spans: list[tuple[int, int]], number: int) -> bool:
    """Whether line `number` is "On ... wrote:" or one of two lines that make it up."""
    start, end = spans[number]
    if _WROTE.match(body[start:end]):
        return True
    before = number > 0 and _wraps(body[spans[number - 1][0] : end])
    after = number + 1 < len(spans) and _wraps(body[start : spans[number + 1][1]])
    return before or after


def _wraps(two_lines: str) -> bool:
    first, _, second = two_lines.partition("\n")
    if len(first) < 20 or not second.rstrip().endswith(":") or first.lstrip().startswith(">"):
        return False
    return _WROTE.match(first.rstrip() + " " + second.strip()) is not None and not _WROTE.match(second)


def _joined(kinds: list[tuple[int, int, Kind]]) -> list[Piece]:
    """Neighbouring lines of one kind as one piece."""
    pieces: list[Piece] = []
    for start, end, kind in kinds:
        if pieces and pieces[-1].kind == kind:
            pieces[-1] = Piece(pieces[-1].start, end, kind)
        else:
            pieces.append(Piece(start, end, kind))
    return pieces
