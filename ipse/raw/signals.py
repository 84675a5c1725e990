"""Signals of how the person likes to be answered: checked, read from a file, or read off how a text is written.

Knows no store and no estimate. A signal that can't be true (a number outside [0, 1], a time to come) is an error
with its place, never a guess.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, get_args

from ipse.errors import UsageError
from ipse.keyphrases import content_words
from ipse.types import DIMENSIONS, NUMERIC, Dimension, Failure, Signal, SignalSource, Source, Turn, new_id

SOURCES: tuple[SignalSource, ...] = get_args(SignalSource)
LONGEST_CATEGORY = 40
AHEAD = timedelta(days=1)
"""A signal later than this after now comes from a broken clock."""
LONG_REPLY, LONG_MESSAGE = 300, 60
"""Words of a text of length 1: an agent's reply, and a message of the person's own."""
MOST_CONTENT, LEAST_CONTENT = 0.75, 0.35
"""Shares of content words that count as density 1 and 0."""
FEWEST_WORDS = 4
FOREIGN_CONTENT = 0.85
"""So many words without a stop word among them are of a language whose stop words aren't known, or no prose."""
NO_WARMTH = 0.15
"""Tone of a text with nothing warm in it: plain words aren't cold."""
LANGUAGES = dict(
    pair.split(":")
    for pair in (
        "en:English de:German fr:French es:Spanish pt:Portuguese it:Italian "
        "nl:Dutch da:Danish sv:Swedish nb:Norwegian fi:Finnish pl:Polish "
        "cs:Czech tr:Turkish ru:Russian uk:Ukrainian ar:Arabic he:Hebrew "
        "hi:Hindi ja:Japanese ko:Korean zh:Chinese vi:Vietnamese id:Indonesian "
        "sw:Swahili el:Greek hu:Hungarian ro:Romanian fa:Persian bn:Bengali "
    ).split()
)
"""By ISO 639-1 code; a signal may name either."""
_CODES = {name.lower(): code for code, name in LANGUAGES.items()}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_WARM = re.compile(
    r"!|[:;]-?\)|\b(?:thanks?|thank you|please|lovely|glad|happy to|dear|hi|hello|hey|great|wonderful|cheers|sorry"
    r"|hugs?)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?…]+(?:\s|$)|\n+")


def signal_of(
    dimension: str,
    value: object,
    source: str,
    at: datetime,
    now: datetime,
    *,
    key: Sequence[object] = (),
    refs: tuple[str, ...] = (),
) -> Signal:
    """A checked signal; `key` tells it from others of the same value and time. Raises UsageError."""
    if dimension not in DIMENSIONS:
        raise UsageError(f'"{dimension}" is no dimension; there are: {", ".join(DIMENSIONS)}')
    if source not in SOURCES:
        raise UsageError(f'"{source}" is no source of signals; there are: {", ".join(SOURCES)}')
    try:
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as fault:
        raise UsageError(f"{at.isoformat()} is no time that can be kept") from fault
    if at > now + AHEAD:
        raise UsageError(f"{at.isoformat()} is still to come")
    checked = _number(dimension, value) if dimension in NUMERIC else _category(dimension, value)
    return Signal(
        new_id("signal", dimension, checked, source, at.isoformat(), *key, *refs), dimension, checked, source, at, refs
    )


def _number(dimension: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise UsageError(f"{dimension} takes a number from 0 to 1, not {value!r}")
    return number


def _category(dimension: str, value: object) -> str:
    text = " ".join(unicodedata.normalize("NFC", value).split()).lower() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_CATEGORY or not text.isprintable():
        raise UsageError(f"{dimension} takes a word or a few (at most {LONGEST_CATEGORY} letters), not {value!r}")
    return _CODES.get(text, text) if dimension == "language" else text


def read_signals(place: str, text: str, now: datetime) -> tuple[list[Signal], list[Failure]]:
    """Signals from JSON lines `{"t", "dimension", "value", "source"}`, and what is wrong with the others.

    A line always gives the same id, so that a file that is read again adds nothing.
    """
    found: list[Signal] = []
    failures: list[Failure] = []
    seen: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        seen[line.strip()] += 1
        try:
            found.append(_from_line(line, now, seen[line.strip()]))
        except (UsageError, ValueError, RecursionError) as fault:
            failures.append(Failure(f"{place}:line {number}", str(fault)))
    return found, failures


def _from_line(line: str, now: datetime, times: int) -> Signal:
    entry = json.loads(line)
    if not isinstance(entry, Mapping):
        raise UsageError("not a JSON object")
    when = entry.get("t") or entry.get("at")
    if not isinstance(when, str):
        raise UsageError('says no time; give "t": "2025-03-15T12:13:43Z"')
    missing = [name for name in ("dimension", "value") if name not in entry]
    if missing:
        raise UsageError(f"has no {' and no '.join(missing)}")
    source = entry.get("source", "thumb")
    return signal_of(
        str(entry["dimension"]), entry["value"], str(source), datetime.fromisoformat(when), now, key=("line", times)
    )


def style_of(text: str, long: int = LONG_REPLY) -> dict[Dimension, float] | None:
    """How a text is written, each in [0, 1]: length, density (share of content words), tone (dry to warm).

    None for one of too few words to say; length alone in a language whose stop words aren't known.
    """
    words = _WORD.findall(text)
    if len(words) < FEWEST_WORDS:
        return None
    length: dict[Dimension, float] = {"length": _clamped(len(words) / long)}
    content = len(content_words(text)) / len(words)
    if content > FOREIGN_CONTENT:
        return length
    warm = len(_WARM.findall(text)) / max(1, len([s for s in _ENDS.split(text) if s.strip()]))
    density = _clamped((content - LEAST_CONTENT) / (MOST_CONTENT - LEAST_CONTENT))
    return {**length, "density": density, "tone": _clamped(NO_WARMTH + (1 - NO_WARMTH) * warm)}


def own_style(sources: Sequence[Source], turns: Iterable[Turn]) -> list[Signal]:
    """How the person writes when they speak with others: one signal a dimension, of all their talks together, so that
    many files don't drown what they said outright. Its refs are the talks.

    A diary tells how somebody writes for themselves, not how they like to be spoken to.
    """
    spoken: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        spoken[turn.source_id].append(turn)
    talks = [source for source in sources if any(turn.role != "self" for turn in spoken[source.id])]
    own = [turn.text for talk in talks for turn in spoken[talk.id] if turn.role == "self"]
    styles = [style for text in own if (style := style_of(text, LONG_MESSAGE))]
    if not styles:
        return []
    at = max(talk.last_at or talk.added_at for talk in talks)
    refs = tuple(sorted(talk.id for talk in talks))
    found = []
    for name in ("length", "density", "tone"):
        values = [style[name] for style in styles if name in style]
        if values:
            found.append(signal_of(name, round(median(values), 4), "style", at, at, refs=refs))
    return found


def _clamped(value: Any) -> float:
    return min(1.0, max(0.0, float(value)))
