"""Small sums that a question asks for and a sentence allows: ages, years and differences.

What is asked of a sentence is not always what it says: "How old was I when I moved?" is answered by when that was. So
a question may be put in another way before sentences are looked for (`instead`), and what they say is then reckoned
with. Only from the person's birth year, the sentence's own numbers and its date; None rather than a guess, and what was
reckoned comes with the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ipse.keyphrases import number, tokens
from ipse.llm.sense import neutral
from ipse.types import Chunk, Person

_OWN_AGE = re.compile(r"\b(?:how old was|(?:at )?(?:what|which) age (?:was|did)) this person (?P<event>.+?)\?*$", re.I)
_AGE_NOW = re.compile(r"^(?:now|today|these days|then)?$", re.I)
_WHICH_YEAR = re.compile(r"\b(?:what|which) year\b", re.I)
_MORE = re.compile(r"\bhow (?:many|much) (?:more|less|fewer)\b.*\bthan\b", re.I)
_YEAR = re.compile(r"\b(19\d\d|20\d\d)\b")
_TODAY = re.compile(r"\b(?:today|this morning|tonight|yesterday|last night)\b", re.I)
_SINCE = re.compile(
    r"\b(?P<count>[\w-]+) years?(?: \w+)? (?:ago|since|back|today|now|on|married|together|of marriage)\b", re.I
)
_TURNS = re.compile(r"\b(?:turn(?:s|ed)?|is|was) (?P<count>[\w-]+)\b", re.I)
_BORN = re.compile(r"\bborn\b", re.I)


def instead(question: str, person: Person) -> str | None:
    """When that was, where it is asked how old the person was then."""
    asked = _OWN_AGE.search(neutral(question, person.names))
    if asked is None or person.birth_year is None or _AGE_NOW.match(asked["event"]):
        return None
    event = asked["event"]
    when, _, rest = event.partition(" ")
    if when == "when":
        return f"When was it that {rest}?"
    return f"When was {rest}?" if when in {"on", "at", "in"} else f"When did this person {event}?"


def reckon(question: str, chunks: Iterable[Chunk], person: Person) -> tuple[str, Chunk] | None:
    """The answer with the sentence it was made from, the first of these that allows one."""
    ways = (_age, _year, _difference)
    for chunk in chunks:
        for way in ways:
            value = way(question, chunk, person)
            if value is not None:
                return f"{value}: {chunk.text}", chunk
    return None


def _age(question: str, chunk: Chunk, person: Person) -> str | None:
    if instead(question, person) is None or person.birth_year is None:
        return None
    told = _YEAR.search(chunk.text)
    year = int(told[1]) if told else _year_since(chunk)
    if year is None and chunk.at is not None and _TODAY.search(chunk.text):
        year = chunk.at.year
    age = year - person.birth_year if year is not None else 0
    return f"{age - 1} or {age}" if 0 < age < 120 else None  # it depends on the birthday


def _year(question: str, chunk: Chunk, person: Person) -> str | None:  # noqa: ARG001
    if not _WHICH_YEAR.search(question) or _YEAR.search(chunk.text):
        return None
    year = _year_since(chunk)
    if year is None and _BORN.search(question) and chunk.at is not None:
        turned = _TURNS.search(chunk.text)
        years = _whole(turned["count"]) if turned else None
        year = chunk.at.year - years if years else None
    return None if year is None else f"About {year}"


def _year_since(chunk: Chunk) -> int | None:
    """Of "six years ago", said on a known day."""
    told = _SINCE.search(chunk.text)
    if told is None or chunk.at is None:
        return None
    count = _whole(told["count"])
    return chunk.at.year - count if count and count < 120 else None


def _difference(question: str, chunk: Chunk, person: Person) -> str | None:  # noqa: ARG001
    two = _two_numbers(chunk) if _MORE.search(question) else None
    return None if two is None else str(abs(two[0] - two[1]))


def _two_numbers(chunk: Chunk) -> tuple[int, int] | None:
    """If there are exactly two, and whole ones; a year is none."""
    named = [token for token in tokens(chunk.text) if number(token.partition("-")[0]) and not _YEAR.fullmatch(token)]
    found = [value for token in named if (value := _whole(token)) is not None]
    return (found[0], found[1]) if len(found) == len(named) == 2 else None


def _whole(token: str) -> int | None:
    """ "42,000", "seven" and "twenty-one", but not "4.5"."""
    parts = [number(part) for part in token.split("-")] if token[:1].isalpha() else [number(token)]
    return sum(int(part or 0) for part in parts) if all(part and part.isdigit() for part in parts) else None
