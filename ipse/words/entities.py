"""Who and what the person's own sentences name, without a model: capital letters and their company.

A capital at the start of a sentence proves nothing, so a word counts as a name when it stands inside
one somewhere. Reads sentences and nothing else; what is private must not be handed in.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from ipse.keyphrases import NUMBER_WORDS, STOP_WORDS, is_name, number, tokens
from ipse.types import Chunk, Entity, Person, new_id
from ipse.words.likeness import tidy, value_key

Type = Literal["person", "place", "organisation", "thing", "date", "number"]
TYPES: tuple[Type, ...] = ("person", "place", "organisation", "thing", "date", "number")
"""In the order they are ranked."""

_TITLES = frozenset(
    {
        *(
            "mr",
            "mrs",
            "ms",
            "miss",
            "dr",
            "doctor",
            "prof",
            "professor",
            "pastor",
            "uncle",
            "aunt",
            "auntie",
        ),
        *("grandma", "grandpa", "father", "sister", "herr", "frau", "onkel", "tante", "señor", "señora"),
    }
)
_NOBODY = frozenset(("quoted", "unknown"))
"""What readers call a speaker they can't name."""
_KIN = re.compile(
    r"\b(?:wife|husband|partner|mother|father|mum|mom|dad|sister|brother|daughter|son|friend|boss|neighbou?r"
    r"|colleague|cousin|aunt|uncle|niece|nephew|grand\w+|frau|mann|schwester|bruder|tochter|sohn|freund\w*)"
    r"(?:,| is| called| named)?\s*$",
    re.I,
)
_DOES = re.compile(
    r"^(?:'s\s\w+ing|\s(?:said|says|told|tells|asked|asks|called|calls|wrote|thinks|wants|knows|loves|likes|laughed"
    r"|wept|cried|plays|passed|came|comes|goes|helped|gave|who|and I)\b)"
)
_PLACE_BEFORE = re.compile(r"\b(?:in|from|near|around|to|towards|via|nach|aus|bei)\s+$", re.I)
_PLACE = re.compile(r"(?:stra(?:ß|ss)e|street|road|avenue|lake|river|island|mountain|beach|burg|stadt|ville)$", re.I)
_BODY = re.compile(
    r"&|\b(?:gmbh|ag|inc|ltd|llc|bank|sparkasse|university|universität|school|schule|hospital|club|church|college"
    r"|institute|council|museum|company|verein|hall|bakery|hotel|library|insurance)\b",
    re.I,
)
_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?"
    r"|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b\.?"
)
_DATE = re.compile(
    rf"\b(?:the )?\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of)? {_MONTH}(?:,? \d{{4}})?"
    rf"|\b{_MONTH} (?:\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\d{{4}})"
    r"|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b|\b(?:1[89]|20)\d\d\b(?![.,:]?\d)",
    re.I,
)
_CALENDAR = re.compile(
    rf"(?:{_MONTH}|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mon|diens|donners|frei|sams|sonn)tags?|mittwoch)$",
    re.I,
)
_ENDS = frozenset('.!?\n:;"“„(*#')
_JOINS = frozenset(("of", "de", "da", "van", "von", "der", "&", "du", "la", "el"))


@dataclass(slots=True)
class _Seen:
    """What was gathered about one name."""

    spellings: Counter[str] = field(default_factory=Counter)
    votes: Counter[Type] = field(default_factory=Counter)
    refs: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Span:
    """A run of capitalised words; `sure` when its first one stands inside a sentence."""

    words: tuple[str, ...]
    sure: bool
    before: str
    after: str


def entities(chunks: Sequence[Chunk], person: Person) -> list[Entity]:
    """Names, dates and measured numbers, ranked by type and by how many sentences have them.

    Names come from the person's own chunks; the other speakers in `chunks` count as people.
    """
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for chunk in chunks:
        name = "".join(c for c in chunk.speaker if c.isalnum() or c in " .'-@").strip()
        if chunk.role == "other" and name and name not in _NOBODY:
            _note(seen, name, "person", 3, chunk)
    own = [chunk for chunk in chunks if chunk.role == "self"]
    proven = {word.casefold() for chunk in own for span in _spans(chunk.text) for word in _proof(span)}
    proven |= {key for key, found in seen.items() if found.votes["person"]}
    for chunk in own:
        _note_names(seen, chunk, proven)
        _note_figures(seen, chunk)
    theirs = {value_key(name) for name in (person.short, *person.names)}
    kept = [_entity(key, found, person) for key, found in seen.items() if key and key not in theirs]
    return sorted(kept, key=lambda e: (TYPES.index(_as_type(e.type)), -e.count, e.name.casefold()))


def _as_type(name: str) -> Type:
    return next(t for t in TYPES if t == name)


def _entity(key: str, found: _Seen, person: Person) -> Entity:
    type_ = max(TYPES, key=lambda t: (found.votes[t], t == "thing"))
    spelling = max(sorted(found.spellings), key=lambda s: found.spellings[s])
    refs = tuple(found.refs)
    return Entity(new_id("entity", person.id, key), spelling, type_, len(refs), refs)


def _note(seen: dict[str, _Seen], name: str, type_: Type, weight: int, chunk: Chunk) -> None:
    found = seen[value_key(name)]
    found.spellings[name] += 1
    found.votes[type_] += weight
    found.refs[chunk.id] = None


def _note_names(seen: dict[str, _Seen], chunk: Chunk, proven: set[str]) -> None:
    for span in _spans(chunk.text):
        words = list(span.words)
        if not span.sure:
            words = _without_doubtful_start(words, proven)
        if words:
            name = " ".join(words).removesuffix("'s")
            type_, weight = _type_of(name, words, span)
            _note(seen, name, type_, weight, chunk)


def _without_doubtful_start(words: list[str], proven: set[str]) -> list[str]:
    """ "Gave Kayla" is Kayla; "Doctor Patel" and a name known from elsewhere stay whole."""
    first = words[0].casefold().removesuffix("'s")
    if first in proven or (first.strip(".") in _TITLES and len(words) > 1):
        return words
    rest = words[1:]
    return rest[1:] if rest and rest[0] in _JOINS else rest


def _type_of(name: str, words: Sequence[str], span: _Span) -> tuple[Type, int]:
    if words[0].casefold().strip(".") in _TITLES or _KIN.search(span.before):
        return "person", 3
    if _BODY.search(name):
        return "organisation", 3
    if _PLACE.search(name):
        return "place", 2
    if _DOES.match(span.after):
        return "person", 1
    if _PLACE_BEFORE.search(span.before):
        return "place", 2
    return "thing", 1


def _note_figures(seen: dict[str, _Seen], chunk: Chunk) -> None:
    text = tidy(chunk.text)
    for found in _DATE.finditer(text):
        _note(seen, found[0].removeprefix("the ").rstrip("."), "date", 3, chunk)
    found_tokens = tokens(_DATE.sub(" . ", text))
    for figure, unit in pairwise(found_tokens):
        counted = unit[0].isalpha() and unit.casefold() not in STOP_WORDS and number(unit) is None
        amount = figure[0].isdigit() or NUMBER_WORDS.get(figure.casefold(), 0) > 1
        if counted and amount and unit.islower():
            _note(seen, f"{figure} {unit}".lower(), "number", 3, chunk)
        elif figure.endswith("%"):
            _note(seen, figure, "number", 3, chunk)


def _proof(span: _Span) -> Iterable[str]:
    words = span.words if span.sure else span.words[1:]
    return (word.removesuffix("'s") for word in words)


def _spans(text: str) -> Iterator[_Span]:
    """Runs of capitalised words in a sentence; none in a text that is all capitals."""
    found = [
        (m[0], m.start(), m.end()) for m in re.finditer(r"\w+(?:['’.-]\w+)*\.?(?=\s[A-Z])|\w+(?:['’-]\w+)*|\S", text)
    ]
    letters = [c for c in text if c.isalpha()]
    if sum(c.isupper() for c in letters) > 0.6 * len(letters):
        return
    run: list[tuple[str, int, int]] = []
    for at, item in enumerate((*found, ("", len(text), len(text)))):
        following = found[at + 1][0] if at + 1 < len(found) else ""
        joins = bool(run) and item[0] in _JOINS and _is_capital(following)
        if _is_capital(item[0]) or joins:
            run.append(item)
            if not item[0].endswith("'s") and not (
                item[0].endswith(".") and item[0].casefold().strip(".") not in _TITLES
            ):
                continue
        if run:
            yield _span(text, run)
            run = []


def _span(text: str, run: Sequence[tuple[str, int, int]]) -> _Span:
    start, end = run[0][1], run[-1][2]
    before = text[:start].rstrip(" ")
    sure = bool(before) and before[-1] not in _ENDS
    words = tuple(word.replace("’", "'").rstrip(".") for word, _, _ in run)
    return _Span(words, sure, text[:start], text[end:])


def _is_capital(word: str) -> bool:
    plain = word.replace("’", "'").rstrip(".")
    return is_name(plain) and plain.casefold() not in STOP_WORDS and not _CALENDAR.match(plain)
