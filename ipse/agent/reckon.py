"""Small sums that a question asks for and a sentence allows: ages, years, differences, totals, takings, spans of days.

Only from the person's birth year, the sentence's own numbers and its date; None rather than a guess, and what was
reckoned comes with the sentence. Which sentence it is, others find (`dating.py` when something was).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import combinations, pairwise
from typing import NamedTuple

from ipse.agent.dating import asks_own_age, asks_year, year_told
from ipse.agent.period import YEAR, month_of
from ipse.keyphrases import MONTHS, content_words, number, tokens, whole
from ipse.types import Chunk, Person

_MORE = re.compile(r"\bhow (?:many|much) (?:more|less|fewer)\b.*\bthan\b", re.I)
_TURNS = re.compile(r"\bturn(?:s|ed) (?P<count>[\w-]+)(?=[.,!?;]|$| (?:today|yesterday|on|this|last|in)\b)", re.I)
_BORN = re.compile(r"\bborn\b", re.I)
_REMAINS = re.compile(
    r"\bhow (?:much|many)\b.*(?:\bleft(?: over)?(?= after\b|$| now\b| from\b| of\b)|\b(?:lack|remain\w*|short of)\b"
    r"|\bstill (?:need|missing|owe|to go)\b)",
    re.I,
)
_REMAINING = re.compile(r"\b(?:left|lack\w*|remain\w*|short|missing|need|owe)\b", re.I)
_ALTOGETHER = re.compile(
    r"\b(?:altogether|all told|all together|in (?:total|all|sum)|combined|taken together|total)\b", re.I
)
_CURRENCY = r"(?:dollars?|bucks|cents|euros?|pounds?|quid|pence|shillings?|francs?|crowns?|krone[rn]?|pesos?|rupees?)"
_TAKINGS = re.compile(
    r"\bhow much\b.*\b(?:br(?:ing|ought) in|earn|ma(?:de|ke)|t(?:ake|ook) in|cost|pa(?:y|id)|spen[dt]|fetch|sell|sold"
    r"|come to)\b",
    re.I,
)
_PRICED = re.compile(
    rf"\b(?:at|for) (?P<at>[\w,]+) (?:{_CURRENCY}\b|(?:each|apiece|a piece)\b)"
    rf"|\b(?P<each>[\w,]+) (?:{_CURRENCY} )?(?:each|apiece|a piece)\b",
    re.I,
)
_SHARE = re.compile(r"\b(?:(?:my|his|her|their|own|this person's) (?:share|part|half)|\w+sel(?:f|ves))\b", re.I)
_HALVED = re.compile(
    r"\b(?:halves|half each|half and half|fifty-fifty"
    r"|(?:split|share|divide)\b[^.!?]*\b(?:evenly|equally|in two|down the middle))\b",
    re.I,
)
_HOW_LONG = re.compile(r"\bhow many (?P<unit>day|night|week)s\b", re.I)
_MONTH = rf"(?P<{{}}>{'|'.join(name[:3] for name in MONTHS)})[a-z]*\.?"
_SPAN = re.compile(
    rf"\b(?P<from>\d\d?)\.?(?: {_MONTH.format('of')})? ?(?:-|–|to|till|until) ?"
    rf"(?P<to>\d\d?)\.? {_MONTH.format('till')}\b",
    re.I,
)
_UNCLEAR = re.compile(
    r"(?:\b|(?<=\d))(?:more|less|fewer|than|half|halves|thirds?|quarters?|hundred|thousand|million|k"
    rf"|{'|'.join(MONTHS)})\b|-\d|\d:\d|%",
    re.I,
)
"""Numbers that mean something else, or the answer already."""
_NO_LEAP_YEAR = 2001
_MEASURED = re.compile(r"(?:\b|(?<=\d))(?:kg|g|km|cm|m|ml|l|hours?|minutes?)\b", re.I)


class _Number(NamedTuple):
    """`of` is the thing it counts, or "", and `then` the word after that."""

    value: int
    of: str
    then: str


def reckon(question: str, chunk: Chunk, person: Person) -> str | None:
    """The answer, with the sentence it was made from."""
    found = (
        _age(question, chunk, person),
        _year(question, chunk),
        _difference(question, chunk),
        _total(question, chunk),
        _takings(question, chunk),
        _half(question, chunk),
        _span(question, chunk),
    )
    value = next((value for value in found if value is not None), None)
    return None if value is None else f"{value}: {chunk.text}"


def remainder(question: str, chunks: Sequence[Chunk]) -> tuple[str, tuple[Chunk, Chunk]] | None:
    """What is left of one amount after another, of the same thing, each told in a sentence by itself; and the two.

    Nothing if the first of them tells what is left. They come in the order of how well they answer.
    """
    if not _REMAINS.search(question.rstrip("?! ")) or not chunks or _REMAINING.search(chunks[0].text):
        return None
    amounts = [(chunk, found[0]) for chunk in chunks if len(found := _plain_numbers(chunk.text) or []) == 1]
    for (one, first), (other, second) in combinations(amounts, 2):
        if first.of == second.of and first.value != second.value:
            least, most = sorted((first.value, second.value))
            return f"{most - least:,}: {one.text} / {other.text}", (one, other)
    return None


def _age(question: str, chunk: Chunk, person: Person) -> str | None:
    if not asks_own_age(question, person) or person.birth_year is None:
        return None
    year = year_told(chunk)
    age = year - person.birth_year if year is not None else 0
    return f"{age - 1} or {age}" if 0 < age < 120 else None  # it depends on the birthday


def _year(question: str, chunk: Chunk) -> str | None:
    if not asks_year(question) or YEAR.search(chunk.text):
        return None
    turned = _TURNS.search(chunk.text) if _BORN.search(question) else None
    years = whole(turned["count"]) if turned else None
    year = chunk.at.year - years if years and chunk.at is not None else year_told(chunk)
    return None if year is None else f"About {year}"


def _difference(question: str, chunk: Chunk) -> str | None:
    if not _MORE.search(question) or _MEASURED.search(chunk.text):
        return None
    two = _two_numbers(chunk.text)
    return str(abs(two[0].value - two[1].value)) if two else None


def _total(question: str, chunk: Chunk) -> str | None:
    """If both are of the same thing, or are told in the same way: "148 km on Saturday, 126 on Sunday"."""
    two = _two_numbers(chunk.text) if _ALTOGETHER.search(question) else None
    if two is None:
        return None
    one, other = two
    alike = one.of == other.of if one.of and other.of else one.then == other.then
    return str(one.value + other.value) if alike else None


def _takings(question: str, chunk: Chunk) -> str | None:
    """What so many at such a price come to: "sold ten out of twelve birds at 25 dollars"."""
    told = _PRICED.search(chunk.text) if _TAKINGS.search(question) else None
    if told is None:
        return None
    words = [word for word in tokens(chunk.text[: told.start()]) if not YEAR.fullmatch(word)]
    counts = [count for word in words if (count := whole(word)) is not None]
    price = whole(told["at"] or told["each"])
    return str(counts[0] * price) if counts and price is not None else None


def _half(question: str, chunk: Chunk) -> str | None:
    """The person's part of what two share alike."""
    if not (_SHARE.search(question) and _HALVED.search(chunk.text)):
        return None
    found = [value for word in tokens(chunk.text) if (value := whole(word)) is not None]
    return str(found[0] // 2) if len(found) == 1 and found[0] % 2 == 0 else None


def _two_numbers(text: str) -> tuple[_Number, _Number] | None:
    """If there are exactly two."""
    found = _plain_numbers(text)
    return (found[0], found[1]) if found is not None and len(found) == 2 else None


def _plain_numbers(text: str) -> list[_Number] | None:
    """If all are plain and whole ones, none of them beside another; a year is none."""
    if _UNCLEAR.search(text):
        return None
    words = tokens(text)
    places = [i for i, token in enumerate(words) if number(token.partition("-")[0]) and not YEAR.fullmatch(token)]
    found = [_Number(value, *_counted(words[i + 1 :])) for i in places if (value := whole(words[i])) is not None]
    beside = any(later == earlier + 1 for earlier, later in pairwise(places))
    return None if beside or len(found) != len(places) else found


def _counted(after: Sequence[str]) -> tuple[str, str]:
    """The thing that a number before these words counts, or "", and the word after it."""
    if after and content_words(after[0]):
        return after[0], "".join(after[1:2])
    return "", "".join(after[:1])


def _span(question: str, chunk: Chunk) -> str | None:
    """From one date to another, told in one sentence: "7 to 28 Feb"."""
    asked, told = _HOW_LONG.search(question), _SPAN.search(chunk.text)
    if asked is None or told is None:
        return None
    first, last = int(told["from"]), int(told["to"])
    months = [month_of(name) for name in (told["of"] or told["till"], told["till"])]
    year = chunk.at.year if chunk.at else _NO_LEAP_YEAR
    try:
        days = (date(year + (months[1] < months[0]), months[1], last) - date(year, months[0], first)).days
    except ValueError:  # 31 to 32 June
        return None
    if days <= 0:
        return None
    if asked["unit"].casefold() == "week":
        return f"{round(days / 7)} weeks" if days % 7 in {0, 1, 6} else f"About {days / 7:.1f} weeks"
    return f"{days} {asked['unit'].casefold()}s"
