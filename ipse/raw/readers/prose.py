"""Diaries and notes: where a dated entry begins, what its date is, and the turns it gives.

Used by every format that holds running text. All of it is the person's own, except what is
quoted with `>`. A date without a year takes it from the title, the file name or the entry before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ipse.raw.readers import days, instants
from ipse.raw.readers.days import Written
from ipse.raw.readers.quotes import line_spans
from ipse.raw.readers.reading import Origin, Said
from ipse.types import Failure, Person, Turn

_HEADING = re.compile(r"\s{0,3}(?P<marks>#{1,6})[ \t]+(?=\S)")
_BOLD = re.compile(r"\s{0,3}(?:\*\*|__)(?P<text>[^*_\n]{3,60})(?:\*\*|__):?\s*$")
_UNDERLINE = re.compile(r"[ \t]*[=-]{3,}[ \t]*\r?\n?")
_BULLET = re.compile(r"\s{0,3}[-*+•]\s+")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
# What may stand between a date and the text of its line. A comma may not: "March 3, 2013, I opened".
_STOP = re.compile(r"[\s*_\])]*(?:[.:;–—|]|-(?=\s)|$)[\s*_:.;–—|]*(?:-(?=\s))?\s*")
_AFTER_HEADING = re.compile(r"[\s*_\]),.:;|–—]*(?:-(?=\s))?[\s*_#]*")
_BOLD_LEVEL, _LINE_LEVEL = 7, 8


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known of the whole document. `at` dates text that stands under no date of its own;

    `author` is set if somebody else wrote it.
    """

    title: str = ""
    at: datetime | None = None
    year: int | None = None
    month: int | None = None
    author: str = ""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A line that opens an entry; `level` says which later headings close it again."""

    line: int
    start: int
    body: int
    level: int
    written: Written | None


def frame_of(path: Path, title: str, given: Iterable[str] = ()) -> Frame:
    """A frame from the title, the file name and dates `given` in front matter, which go first."""
    given = [str(value) for value in given]
    dates = [days.at_start(text) for text in (*given, path.stem, title)]
    full = next((w for w in dates if w and w.year and w.month and w.day), None)
    at = instants.day(full.year, full.month, full.day) if full and full.year and full.month and full.day else None
    parts = days.in_heading(path.stem)
    years = (days.year_in(text) for text in (title, *given, path.stem))
    return Frame(title, at, next((year for year in years if year), None), parts.month if parts else None)


def turns(
    origin: Origin,
    text: str,
    person: Person,
    frame: Frame,
    *,
    place_of: Callable[[int, int], str] | None = None,
    shift: int = 0,
) -> tuple[list[Turn], list[Failure]]:
    """The entries of `text` as the person's turns, in order, and dates that can't be completed.

    `place_of(line, offset)` names a place; by default "line N". `shift` is where `text` begins in
    the file and `line` counts from there.
    """
    name_place = place_of or (lambda line, _offset: f"line {line}")
    marks = [_Mark(1, 0, 0, 0, None), *_marks(text, frame)]
    dates, failures = _resolved(marks, frame, name_place)
    ends = [mark.start for mark in marks[1:]] + [len(text)]
    bodies = [_body(mark, at) for mark, at in zip(marks, dates, strict=True)]
    said = [
        Said(
            speaker=frame.author or person.name,
            text=text[body:end],
            at=at,
            place=name_place(mark.line, mark.start),
            start=shift + body,
            thread=frame.title,
            role="other" if frame.author else "self",
        )
        for mark, body, end, at in zip(marks, bodies, ends, dates, strict=True)
    ]
    return [turn for item in said for turn in origin.turns(item, item.role or "self")], failures


def _body(mark: _Mark, at: datetime | None) -> int:
    """Where an entry's text begins: after its date, unless that came to nothing ("May" may be a name)."""
    came_to_nothing = mark.written is not None and mark.written.month is not None and at is None
    return mark.start if came_to_nothing else mark.body


def _marks(text: str, frame: Frame) -> list[_Mark]:
    """Dated headings and, where the text is a diary without them, lines that begin with a date."""
    headings = _with_months(list(_heading_marks(text)), frame)
    if any(mark.written and mark.written.day for mark in headings) or any(
        m.written and m.written.slashed for m in headings
    ):
        return headings
    inline = list(_inline_marks(text))
    with_year = [mark for mark in inline if mark.written and mark.written.year]
    opens_with_date = bool(with_year) and not text[: with_year[0].start].strip()
    if len(inline) < 2 and not opens_with_date:
        return headings
    return sorted([*headings, *inline], key=lambda mark: mark.start)


def _with_months(headings: list[_Mark], frame: Frame) -> list[_Mark]:
    """A bare number above a text is a day only where a heading or the file name tells the month."""
    if frame.month or any(m.written and m.written.month and not m.written.day for m in headings):
        return headings
    return [replace(m, written=None, body=m.start) if _is_number(m.written) else m for m in headings]


def _is_number(written: Written | None) -> bool:
    return written is not None and not (written.year or written.month or written.slashed)


def _heading_marks(text: str) -> Iterator[_Mark]:
    for number, start, end in prose_lines(text):
        line = text[start:end].rstrip()
        heading, bold = _HEADING.match(line), _BOLD.match(line)
        underlined = _UNDERLINE.match(text, end) is not None and bool(line.strip()) and len(line) < 80
        if not heading and not bold and not underlined:
            continue
        offset = heading.end() if heading else bold.start("text") if bold else 0
        written = days.in_heading(line[offset:])
        level = len(heading["marks"]) if heading else _BOLD_LEVEL if bold else 1
        if written:
            after = start + offset + written.end
            body = _skip(_AFTER_HEADING, text, after, end)
            if body >= end - 1 and underlined:
                underline = _UNDERLINE.match(text, end)
                body = underline.end() if underline else body
            yield _Mark(number, start, body, level, written)
        elif heading:
            yield _Mark(number, start, start, level, None)


def _inline_marks(text: str) -> Iterator[_Mark]:
    for number, start, end in prose_lines(text):
        line = text[start:end].rstrip()
        bullet = _BULLET.match(line)
        offset = bullet.end() if bullet else 0
        written = days.at_start(line[offset:])
        if not written or _HEADING.match(line):
            continue
        stop = _STOP.match(line, offset + written.end)
        if stop or written.closed:
            body = stop.end() if stop else offset + written.end
            yield _Mark(number, start, start + body, _LINE_LEVEL, written)


def prose_lines(text: str) -> Iterator[tuple[int, int, int]]:
    """(number, start, end) of each line that is not inside a fence of code. A fence that never closes is none."""
    spans = list(line_spans(text))
    fences = [i for i, (start, end) in enumerate(spans) if _FENCE.match(text[start:end])]
    inside = {i for opens, closes in zip(fences[::2], fences[1::2], strict=False) for i in range(opens, closes + 1)}
    for i, (start, end) in enumerate(spans):
        if i not in inside:
            yield i + 1, start, end


def _skip(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    match = pattern.match(text, start, end)
    return match.end() if match else start


def _resolved(
    marks: Sequence[_Mark], frame: Frame, name_place: Callable[[int, int], str]
) -> tuple[list[datetime | None], list[Failure]]:
    """The date of each mark, read in order: headings like "2025" or "March" hold for what is below."""
    slashed = [(w.slashed[0], w.slashed[1], w.year or 0) for w in (m.written for m in marks) if w and w.slashed]
    order = instants.day_order(slashed, guess_day_first=True)
    failures: list[Failure] = []
    if slashed and not order.certain:
        failures.append(Failure("line 1", "nothing tells day from month in its dates; read as day before month"))
    known, at, level = frame, frame.at, 0
    last: datetime | None = None
    first_year = next((w.year for w in (m.written for m in marks) if w and w.year), None)
    dates: list[datetime | None] = []
    for mark in marks:
        written = mark.written
        if written and written.slashed:
            day, month = order.day_month(*written.slashed)
            written = replace(written, day=day, month=month)
        if written is None:
            if mark.level <= level:
                at, level = frame.at, 0
            dates.append(at)
            continue
        if written.day is None:
            known = replace(known, year=written.year or known.year, month=written.month)
            at = instants.day(known.year, written.month, 1) if written.month and known.year else None
        else:
            at = _completed(written, known, last, first_year)
            if at is None:
                place = name_place(mark.line, mark.start)
                failures.append(Failure(place, "its date has no year, or does not exist; kept without a date"))
            last = at or last
        level = mark.level
        dates.append(at)
    return dates, failures


def _completed(written: Written, known: Frame, last: datetime | None, first_year: int | None) -> datetime | None:
    """The day in full. A missing year is the one that comes nearest to the entry before."""
    month = written.month or known.month
    if month is None or written.day is None:
        return None
    if written.year:
        return instants.day(written.year, month, written.day)
    if last:
        before = last
        near = [instants.day(last.year + step, month, written.day) for step in (-1, 0, 1)]
        return min((day for day in near if day), key=lambda day: abs(day - before), default=None)
    year = known.year or first_year
    return instants.day(year, month, written.day) if year else None
