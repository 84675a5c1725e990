"""When something was: found among the sentences that tell it by a year, or by so many years since.

"How old was I when I lost my wife?" is answered by when that was, and "Six years since Lorraine." answers "How many
years ago ...?", not "When ...?". So what is asked is put in the ways that such sentences answer, to these alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ipse.agent.evidence import Evidence, Library
from ipse.agent.period import YEAR
from ipse.keyphrases import number, tokens, whole
from ipse.llm.sense import neutral
from ipse.types import Chunk, Person

DATED = 0.1
"""Least likelihood of a sentence that tells when something was to be that something's."""
_OWN_AGE = re.compile(
    r"\b(?:how old|(?:at )?(?:what|which) age)(?: was this person,? (?:when (?P<when>.+)"
    r"|(?:on|at) (?P<on>(?:this person's|his|her|their|the) .+))"
    r"| did this person (?!become|turn|get|reach)(?P<did>.+))$",
    re.I,
)
_WHICH_YEAR = re.compile(r"\b(?:what|which) year\b", re.I)
_BEGINS = re.compile(r"^(?:in |since |from |during )?(?:what|which) year (?P<rest>.+)$", re.I)
_SINCE = re.compile(r"(?P<count>[\w.,-]+) years? (?:ago|since|back(?! then)|today|married|together)\b", re.I)


@dataclass(frozen=True, slots=True)
class Ways:
    """A question about when something was, in the ways that sentences of several sorts answer."""

    when: str
    in_year: str
    years_ago: str


def asks_own_age(question: str, person: Person) -> bool:
    """Whether it asks how old the person was then, in a way that the day of it answers."""
    return _OWN_AGE.search(neutral(question, person.names).rstrip("?! ")) is not None


def asks_year(question: str) -> bool:
    return _WHICH_YEAR.search(question) is not None


def ways_to_ask(question: str, person: Person) -> Ways | None:
    """When that was, where a year is asked for, or an age of a person whose birth year is known."""
    text = neutral(question, person.names).rstrip("?! ")
    aged, year = _OWN_AGE.search(text), _BEGINS.search(text)
    if aged and person.birth_year is not None:
        was = f"was it that {aged['when']}" if aged["when"] else f"was {aged['on']}"
        rest = f"did this person {aged['did']}" if aged["did"] else was
    elif year:
        rest = year["rest"]
    else:
        return None
    return Ways(f"When {rest}?", f"In which year {rest}?", f"How many years ago {rest}?")


def when_it_was(ways: Ways, library: Library, is_open: Callable[[Chunk], bool]) -> Evidence | None:
    """The sentence that tells it likeliest, of those that are open to whoever asks."""

    def by_year(chunk: Chunk) -> bool:
        return YEAR.search(chunk.text) is not None and is_open(chunk)

    def by_years_since(chunk: Chunk) -> bool:
        return not YEAR.search(chunk.text) and year_told(chunk) is not None and is_open(chunk)

    found = [
        *library.among((ways.when, ways.in_year), by_year)[:1],
        *library.among((ways.when, ways.years_ago), by_years_since)[:1],
    ]
    best = max(found, key=lambda evidence: evidence.score, default=None)
    return best if best is not None and best.score >= DATED else None


def year_told(chunk: Chunk) -> int | None:
    """A year that it names, or that of "six years ago", said on a known day."""
    named, told = YEAR.search(chunk.text), _SINCE.search(chunk.text)
    if named:
        return int(named[1])
    if told is None or chunk.at is None:
        return None
    count, before = whole(told["count"]), tokens(chunk.text[: told.start()])[-1:]
    if count is None or count > 120 or any(map(number, before)):  # "twenty five years ago"
        return None
    return chunk.at.year - count
