"""Times of day and weekdays: which hours and days somebody keeps free, and whether a plan breaks into them.

Reads "don't write after eight", "in bed by ten", "we're shut on Mondays" and clock times in a plan.
Knows no dates, no time zones and no ledger; minutes count from midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ipse.agent.sentences import pieces, plain, weekdays_in, word_stems
from ipse.keyphrases import MONTHS, NUMBER_WORDS, WEEKDAYS
from ipse.types import Fact

DAY = 24 * 60
NIGHT_ENDS = 4 * 60
"""What is planned before this hour counts as late, not as early."""

_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight"
_CLOCK = (
    rf"(?:(?P<half>half past|quarter past|quarter to) )?(?P<h>\d{{1,2}}|{_HOURS})(?:[:.](?P<m>\d\d))?(?:\s?o'clock)?"
    r"(?P<ap>\s?[ap]\.?m\b\.?| in the (?:evening|morning|afternoon)| at night)?"
)
_LATE = re.compile(
    rf"\b(?:after|past|from|later than|beyond) {_CLOCK}(?!\s?(?:days?|weeks?|years?|minutes?|months?|hours?"
    rf"|people|times?|%|kg|km|euros?|dollars?))\b",
    re.I,
)
_BED = re.compile(
    rf"\b(?:asleep|bed|bedtime|lights out|sleep|turn in)\b[^.;!?\d]{{0,12}}?\b(?:by|at|from|is) {_CLOCK}", re.I
)
_EARLY = re.compile(
    rf"\b(?:before|earlier than|until|till) {_CLOCK}(?!\s?(?:days?|weeks?|years?|minutes?|months?|hours?))\b", re.I
)
_SAYS_NO = re.compile(
    r"\b(?:no|not|never|nobody|don't|do not|can't|cannot|won't|asleep|in bed|sleep|sleeping|quiet|off|closed"
    r"|shut|phone is off|unavailable|nothing|stop|"
    r"not available|dead|switched off|done for the day)\b",
    re.I,
)
_PLANNED = re.compile(
    rf"(?<![\d:.,])(?P<h>\d{{1,2}})(?:[:.](?P<m>[0-5]\d))?\s?(?P<ap>[ap]\.?m\b\.?)|(?<![\d:.,])(?P<h2>[01]?\d"
    rf"|2[0-4])[:](?P<m2>[0-5]\d)(?![\d%])|"
    rf"\b(?:at|by|from|until|till|around|about|past) (?P<h3>\d{{1,2}}"
    rf"|{_HOURS})(?:\s?o'clock)? (?P<ap3>in the (?:evening|morning|afternoon)|at night|tonight)",
    re.I,
)
_RESTING = re.compile(r"\b(?:in bed|bed by|to bed|asleep|sleep|lights out|alarm|wake|rest)\b", re.I)
_REACHING = re.compile(
    r"\b(?:call\w*|phone|ring|text|message\w*|write|send|meet\w*|appointment|interview|visit)\b", re.I
)
_FREE = re.compile(
    r"\b(?:shut|closed|close|day off|days off|off|free|rest day|don't work|do not work|never work|no work"
    r"|not working|don't open|can't work|not in)\b",
    re.I,
)
_BLOCKED = re.compile(
    r"\b\w+days?(?: \w+)? (?:is|are|belongs?) (?:for|to|sacred|taken|reserved|mine|ours|off limits)\b"
    r"|\bthat's sacred\b|\b(?:can't (?:do|make|meet|come|on)|never (?:on|available)|not available|unavailable"
    r"|no (?:calls|meetings|appointments|visits)|keep (?:\w+ )?free|"
    r"(?:don't|never|nothing|do not) (?:\w+ )?(?:call|plan|planned|book|schedule|meet|anything)|nobody can reach"
    r"|can't reach|unreachable|never on an? |nothing on |'m away|am away|'re away|sabbath|shabbat)\b",
    re.I,
)
_MONTH = re.compile(
    rf"\b(?:in|during|all|of|throughout|late|early|mid) ({'|'.join(MONTHS)})\b",
    re.I,
)
_PARTS = {"morning": (4 * 60, 12 * 60), "afternoon": (12 * 60, 18 * 60), "evening": (17 * 60, DAY + 1)}
_WEEK = frozenset(map(str.casefold, WEEKDAYS))
_WORK = re.compile(
    r"\b(?:meetings?|staff|team|colleagues?|deliver\w*|orders?|work\w*|shop|customers?|clients?|appointments?"
    r"|shifts?|office|open\w*|stocktak\w+|training day|"
    r"inspection|bake|baking|suppliers?|deadlines?|workshop|conference|patients?|lessons?|class(?:es)?|boss)\b",
    re.I,
)
_FREE_TIME = re.compile(r"\b(?:free|day off|days off|off day|holiday|closed|shut|weekend)\b", re.I)


@dataclass(frozen=True, slots=True)
class Clash:
    """What of a plan breaks into hours or days that a fact keeps free."""

    fact: Fact
    reason: str


def minutes(
    hour: str, minute: str | None = None, half: str | None = None, suffix: str | None = None, *, evening: bool = False
) -> int | None:
    """Minutes after midnight; `evening` reads a bare "eight" as 20:00. None if it is no time."""
    word = hour.casefold()
    if word in ("noon", "midnight"):
        return 12 * 60 if word == "noon" else DAY
    number = int(word) if word.isdigit() else NUMBER_WORDS[word]
    marked = (suffix or "").strip().casefold().replace(".", "")
    if (marked in ("pm", "in the evening", "in the afternoon", "at night", "tonight") and number < 12) or (
        (evening and not marked and minute is None and 5 <= number <= 11)
        or (evening and not marked and half and 4 <= number <= 11)
    ):
        number += 12
    past = {"half past": 30, "quarter past": 15, "quarter to": -15}.get((half or "").casefold(), 0)
    total = number * 60 + int(minute or 0) + past
    return total if 0 <= total <= DAY else None


def latest(text: str) -> int | None:
    """The minute of the day after which the sentence wants nothing more; None if it names none."""
    for piece in pieces(plain(text)):
        for pattern in (_BED, _LATE):
            match = pattern.search(piece)
            if match and (pattern is _BED or _SAYS_NO.search(piece)):
                found = minutes(match["h"], match["m"], match["half"], match["ap"], evening=True)
                if found is not None and found >= 12 * 60:
                    return found
    return None


def earliest(text: str) -> int | None:
    """The minute before which the sentence wants not to be reached; None if it names none."""
    for piece in pieces(plain(text)):
        match = _EARLY.search(piece)
        if match and _SAYS_NO.search(piece):
            return minutes(match["h"], match["m"], match["half"], match["ap"])
    return None


def free_days(text: str) -> tuple[str, ...]:
    """Weekdays, and months, in which the sentence says that nothing is open or worked."""
    return tuple(dict.fromkeys(d for p in _clauses(text) if _FREE.search(p) for d in days_in(p)))


def blocked_days(text: str) -> tuple[str, ...]:
    """Weekdays, and months, in which the sentence wants nothing to be put."""
    return tuple(dict.fromkeys(d for p in _clauses(text) if _BLOCKED.search(p) for d in days_in(p)))


def days_in(text: str) -> list[str]:
    """The weekdays and months a text names, folded, in the singular."""
    return [*weekdays_in(text), *(month.casefold() for month in _MONTH.findall(text))]


def _clauses(text: str) -> list[str]:
    return [piece for piece in pieces(plain(text)) if not piece.endswith("?")]


def planned(text: str) -> Iterator[tuple[str, int, str]]:
    """(the time as written, minutes, its sentence) for each clear time of day in a plan."""
    for piece in pieces(plain(text)):
        for match in _PLANNED.finditer(piece):
            hour = match["h"] or match["h2"] or match["h3"]
            found = minutes(hour, match["m"] or match["m2"], None, match["ap"] or match["ap3"])
            if found is not None:
                yield match[0].strip(), found, piece


def clashes(query: str, response: str, facts: Sequence[Fact]) -> list[Clash]:
    """Where the response plans something in hours or on days that the facts keep free; one of each."""
    found: list[Clash] = []
    times = list(planned(response))
    for fact in facts:
        found += _hour_clashes(fact, times)
        found += _day_clashes(fact, query, response)
    return list({clash.reason.split(" is ")[0]: clash for clash in reversed(found)}.values())[::-1]


def _hour_clashes(fact: Fact, times: Sequence[tuple[str, int, str]]) -> Iterator[Clash]:
    text = _hours_text(fact)
    limit, opening = latest(text), earliest(text)
    for written, at, piece in times:
        late = at + DAY if at < NIGHT_ENDS else at
        if limit is not None and late > limit and (at >= 12 * 60 or at < NIGHT_ENDS) and not _RESTING.search(piece):
            yield Clash(fact, f"{written} is too late, it is after {clock(limit)}")
        if opening is not None and NIGHT_ENDS <= at < opening and _REACHING.search(piece):
            yield Clash(fact, f"{written} is too early, it is before {clock(opening)}")


def _hours_text(fact: Fact) -> str:
    """The sentence; for the grammar's attributes of this sort a wording that is read alike."""
    if fact.value and fact.attribute in ("quiet_after", "health_bedtime"):
        return f"no messages after {fact.value}" if fact.attribute == "quiet_after" else f"in bed by {fact.value}"
    return fact.statement


def _day_clashes(fact: Fact, query: str, response: str) -> Iterator[Clash]:
    free, blocked = list(free_days(fact.statement)), blocked_days(fact.statement)
    if fact.attribute == "work_day_off" and fact.value:
        free += weekdays_in(fact.value)
    concerns_work = _WORK.search(f"{query} {response}") is not None and not _FREE_TIME.search(query)
    for piece in pieces(plain(response)):
        if not _in_part(fact.statement, piece) or _is_that(fact.statement, piece):
            continue
        if re.search(r"\b(?:not|never|closed|shut|except|avoid|instead of|day off)\b", piece, re.I):
            continue
        for day in days_in(piece):
            if day in blocked or (day in free and concerns_work):
                yield Clash(
                    fact,
                    f"{day.capitalize()} is kept free, a day off"
                    if day in _WEEK
                    else f"{day.capitalize()} is kept free",
                )


def _in_part(statement: str, piece: str) -> bool:
    """Whether the times in a plan fall into the part of the day that a fact speaks of, if it names one."""
    named = [hours for part, hours in _PARTS.items() if re.search(rf"\b{part}s?\b", statement, re.I)]
    times = [at for _, at, _ in planned(piece)]
    return len(named) != 1 or not times or any(named[0][0] <= at < named[0][1] for at in times)


def _is_that(statement: str, piece: str) -> bool:
    """Whether a plan is the very thing the day is kept for."""
    days = set(days_in(statement)) | set(_PARTS)
    mine = {s for s in word_stems(statement) if s not in days}
    return bool({s for s in mine & word_stems(piece) if not s[0].isdigit()})


def clock(at: int) -> str:
    """Minutes as "20:00"."""
    return f"{at // 60 % 24}:{at % 60:02d}"
