"""Small sums that a question asks for and a sentence allows: ages, years and differences.

What is asked of a sentence is not always what it says: "How old was I when I moved?" is answered by when that was. So
a question may be put in another way before sentences are looked for (`instead`), and what the best of them says is then
reckoned with. Only from the person's birth year, the sentence's own numbers and its date; None rather than a guess, and
what was reckoned comes with the sentence.
"""

from __future__ import annotations

import re

from ipse.keyphrases import number, tokens
from ipse.llm.sense import neutral
from ipse.types import Chunk, Person

_OWN_AGE = re.compile(
    r"\b(?:how old|(?:at )?(?:what|which) age)(?: was this person,? (?:when (?P<when>.+)"
    r"|(?:on|at) (?P<on>(?:this person's|his|her|their|the) .+))| did this person (?P<did>.+))$",
    re.I,
)
_WHICH_YEAR = re.compile(r"\b(?:what|which) year\b", re.I)
_MORE = re.compile(r"\bhow (?:many|much) (?:more|less|fewer)\b.*\bthan\b", re.I)
_YEAR = re.compile(r"\b(19\d\d|20\d\d)\b")
_SINCE = re.compile(r"(?P<count>[\w.,-]+) years? (?:ago|since|back(?! then)|today|married|together)\b", re.I)
_TURNS = re.compile(r"\bturn(?:s|ed) (?P<count>[\w-]+)(?=[.,!?;]|$| (?:today|yesterday|on|this|last|in)\b)", re.I)
_BORN = re.compile(r"\bborn\b", re.I)
_NOT_PLAIN = re.compile(
    r"(?:\b|(?<=\d))(?:more|less|fewer|than|hundred|thousand|million|k|kg|g|km|cm|m|ml|l|hours?|minutes?"
    r"|january|february|march|april|may|june|july|august|september|october|november|december)\b|-\d|%",
    re.I,
)
"""Numbers that mean different things, or one the difference already."""


def instead(question: str, person: Person) -> str | None:
    """When that was, where it is asked how old the person was then."""
    asked = _OWN_AGE.search(neutral(question, person.names).rstrip("?! "))
    if asked is None or person.birth_year is None:
        return None
    if asked["when"]:
        return f"When was it that {asked['when']}?"
    return f"When was {asked['on']}?" if asked["on"] else f"When did this person {asked['did']}?"


def reckon(question: str, chunk: Chunk, person: Person) -> str | None:
    """The answer, with the sentence it was made from."""
    for value in (_age(question, chunk, person), _year(question, chunk), _difference(question, chunk)):
        if value is not None:
            return f"{value}: {chunk.text}"
    return None


def _age(question: str, chunk: Chunk, person: Person) -> str | None:
    if instead(question, person) is None or person.birth_year is None:
        return None
    told = _YEAR.search(chunk.text)
    year = int(told[1]) if told else _year_since(chunk)
    age = year - person.birth_year if year is not None else 0
    return f"{age - 1} or {age}" if 0 < age < 120 else None  # it depends on the birthday


def _year(question: str, chunk: Chunk) -> str | None:
    if not _WHICH_YEAR.search(question) or _YEAR.search(chunk.text):
        return None
    turned = _TURNS.search(chunk.text) if _BORN.search(question) else None
    years = _whole(turned["count"]) if turned else None
    year = chunk.at.year - years if years and chunk.at is not None else _year_since(chunk)
    return None if year is None else f"About {year}"


def _year_since(chunk: Chunk) -> int | None:
    """Of "six years ago", said on a known day."""
    told = _SINCE.search(chunk.text)
    if told is None or chunk.at is None:
        return None
    count, before = _whole(told["count"]), tokens(chunk.text[: told.start()])[-1:]
    if count is None or count > 120 or any(map(number, before)):  # "twenty five years ago"
        return None
    return chunk.at.year - count


def _difference(question: str, chunk: Chunk) -> str | None:
    """If there are exactly two numbers, plain and whole ones; a year is none."""
    if not _MORE.search(question) or _NOT_PLAIN.search(chunk.text):
        return None
    words = tokens(chunk.text)
    places = [i for i, token in enumerate(words) if number(token.partition("-")[0]) and not _YEAR.fullmatch(token)]
    found = [value for i in places if (value := _whole(words[i])) is not None]
    if len(found) != 2 or len(places) != 2 or places[1] == places[0] + 1:
        return None
    return str(abs(found[0] - found[1]))


def _whole(token: str) -> int | None:
    """ "42,000", "seven" and "twenty-one", but not "4.5"."""
    parts = [number(part) for part in token.split("-")] if token[:1].isalpha() else [number(token)]
    return sum(int(part or 0) for part in parts) if all(part and part.isdecimal() for part in parts) else None
