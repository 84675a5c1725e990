"""The line grammar that phone chats share: a stamp, perhaps a name, a text over several lines.

    03/02/2025, 13:41 - Anna: the oven is in        [8/15/23, 9:12:33 AM] Dr. Feather: Hello
    20.06.19, 15:58 - Loris created group "Bread"   [2019-12-24, 12:23] Jane Doe: Hello

Knows dates in all the orders phones write them; which program wrote the file is the reader's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ipse.raw.readers.instants import DayOrder, day, day_order, full_year
from ipse.raw.readers.quotes import INVISIBLE, line_spans
from ipse.types import Failure

_DATE = r"(?P<a>\d{1,4})(?P<sep>[./-])\s?(?P<b>\d{1,2})(?P=sep)\s?(?P<c>\d{1,4})\.?"
_HALF = r"[ap]\.?\s?m\.?|vorm\.|nachm\.|ص|م|上午|下午|오전|오후|午前|午後"
_CLOCK = (
    rf"(?:(?P<before>{_HALF})\s?)?(?P<h>\d{{1,2}})[:.](?P<m>\d{{2}})(?:[:.](?P<s>\d{{2}}))?"
    rf"(?:[\s_]?(?P<after>{_HALF}))?"
)
_WHEN = rf"{_DATE},?\s(?:(?:at|um|à|kl\.?|klo)\s)?{_CLOCK}"
_BRACKETED = re.compile(rf"[{INVISIBLE}]*\[{_WHEN}\]\s?", re.IGNORECASE)
_DASHED = re.compile(rf"[{INVISIBLE}]*{_WHEN}\s[-–]\s", re.IGNORECASE)
_NAME = re.compile(rf"[{INVISIBLE}]*(?:~\s?)?(?P<name>[^\n:]{{1,100}}?):(?=\s|$)[^\S\n]?")
_AFTERNOON = ("p", "nachm", "م", "下午", "오후", "午後")


@dataclass(frozen=True, slots=True)
class Message:
    """A stamped message; `start` and `end` bound its text, `speaker` is None on a system line."""

    line: int
    speaker: str | None
    at: datetime | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Open:
    """A message whose date still waits for the order of day and month."""

    message: Message
    match: re.Match[str]


def is_stamped(text: str) -> bool:
    """Whether the beginning of a file is a chat: stamps on the first line and a name on one."""
    lines = [line.rstrip("\r") for line in text.split("\n")[:200] if line.strip(INVISIBLE + " \r\t")]
    if not lines or not _stamp(lines[0]):
        return False
    stamps = ((line, _stamp(line)) for line in lines)
    return any(match and _NAME.match(line, match.end()) for line, match in stamps)


def messages(text: str) -> tuple[list[Message], list[Failure]]:
    """All messages in file order with their times (UTC), and what could not be told."""
    opened: list[_Open] = []
    failures: list[Failure] = []
    for number, (start, end) in enumerate(line_spans(text), 1):
        line = text[start:end].rstrip("\r\n")
        match = _stamp(line)
        if match:
            opened.append(_open(number, line, match, start))
        elif opened:
            opened[-1] = _extended(opened[-1], start + len(line))
        elif line.strip(INVISIBLE + " \t"):
            failures.append(Failure(f"line {number}", "stands before the first message and was left out"))
    orders, doubts = _orders(opened)
    dated = [_dated(item, orders) for item in opened]
    failures += doubts
    failures += [Failure(f"line {m.line}", "its date does not exist; kept without one") for m in dated if not m.at]
    return dated, failures


def _stamp(line: str) -> re.Match[str] | None:
    return _BRACKETED.match(line) or _DASHED.match(line)


def _open(number: int, line: str, match: re.Match[str], offset: int) -> _Open:
    named = _NAME.match(line, match.end())
    start = named.end() if named else match.end()
    speaker = named["name"].strip(INVISIBLE + " ") if named else None
    return _Open(Message(number, speaker, None, offset + start, offset + len(line)), match)


def _extended(item: _Open, end: int) -> _Open:
    return _Open(replace(item.message, end=end), item.match)


def _orders(opened: Sequence[_Open]) -> tuple[dict[str, DayOrder], list[Failure]]:
    """The day order for each kind of separator, decided over the whole file."""
    orders: dict[str, DayOrder] = {}
    failures: list[Failure] = []
    for sep in sorted({item.match["sep"] for item in opened}):
        matches = [i.match for i in opened if i.match["sep"] == sep and len(i.match["a"]) < 3]
        dates = [(int(m["a"]), int(m["b"]), int(m["c"])) for m in matches]
        twelve_hours = any(m["after"] or m["before"] for m in matches)
        orders[sep] = day_order(dates, guess_day_first=sep != "/" or not twelve_hours)
        if not orders[sep].certain:
            order = "day before month" if orders[sep].day_first else "month before day"
            failures.append(Failure("line 1", f"nothing tells day from month in its dates; read as {order}"))
    return orders, failures


def _dated(item: _Open, orders: dict[str, DayOrder]) -> Message:
    match = item.match
    a, b, c = int(match["a"]), int(match["b"]), int(match["c"])
    if len(match["a"]) >= 3:
        midnight = day(a, b, c)
    else:
        number, month = orders[match["sep"]].day_month(a, b)
        midnight = day(full_year(c), month, number)
    hour = _hour(int(match["h"]), match["before"] or match["after"])
    minute, second = int(match["m"]), int(match["s"] or 0)
    if midnight is None or hour > 23 or minute > 59 or second > 59:
        return item.message
    return replace(item.message, at=midnight + timedelta(hours=hour, minutes=minute, seconds=second))


def _hour(hour: int, half: str | None) -> int:
    if not half:
        return hour
    return hour % 12 + (12 if half.casefold().startswith(_AFTERNOON) else 0)


def split_first_line(text: str, message: Message) -> Iterator[tuple[int, int]]:
    """The spans of a message's first line and of the rest (a caption under a file), if there is one."""
    newline = text.find("\n", message.start, message.end)
    if newline < 0:
        yield message.start, message.end
    else:
        yield message.start, newline
        yield newline + 1, message.end
