"""The person in a page, in three voices, made of facts and set wordings alone.

Sentences are chosen by importance until the page is full and then stand together by topic. What is
private is told to the person and in no other voice. Knows facts and the grammar; no model, no store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ipse.keyphrases import MONTHS
from ipse.teacher.grammar import attributes
from ipse.types import Biography, Fact, Kind, Person, new_id
from ipse.voice import second, third, wrote

MADE_BY = "biography-1"
LIMIT_WORDS = 400
LEAST_WORDS = 4
"""A sentence of the person's own that is shorter says nothing out of its place."""

_KINDS: dict[Kind, float] = {
    "fact": 0.3,
    "relation": 0.3,
    "preference": 0.25,
    "habit": 0.2,
    "opinion": 0.15,
    "event": 0.15,
    "statement": 0.0,
}
_RECOGNISED, _SPEAKING, _RECENT, _PER_REF, _MOST_REFS = 0.4, 0.15, 0.2, 0.05, 6
_SPEAKS = re.compile(r"(?:I|I'[a-z]+|My|We|We'[a-z]+|Our)\b")
_END = re.compile(r"(?P<end>[.!?…]*)$")

Voice = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """One fact as it would stand in each voice."""

    fact: Fact
    topic: str
    first: str
    second: str
    third: str


def biography(facts: Sequence[Fact], person: Person, limit_words: int = LIMIT_WORDS) -> Biography:
    """Each voice has at most `limit_words` words; every sentence comes with the ids of its facts.

    Superseded facts only tell since when their successors hold.
    """
    lines = [line for fact in _ranked(facts) if (line := _line(fact, person, _replaced(facts)))]
    shown = [line for line in lines if line.fact.sensitivity != "private"]
    first = _page(((line, line.first) for line in lines), limit_words)
    second_ = _page(((line, line.second) for line in lines), limit_words)
    third_ = _page(((line, line.third) for line in shown), limit_words)
    refs = dict.fromkeys(ref for voice in (first, second_, third_) for _, ids in voice for ref in ids)
    told = [sentence for voice in (first, second_, third_) for sentence, _ in voice]
    return Biography(
        id=new_id("biography", person.id, *told),
        first=first,
        second=second_,
        third=third_,
        refs=tuple(refs),
        made_by=MADE_BY,
    )


def _ranked(facts: Sequence[Fact]) -> list[Fact]:
    """Active facts, the most important first."""
    active = [fact for fact in facts if fact.status == "active"]
    dates = [fact.valid_from for fact in active if fact.valid_from]
    span = (min(dates), max(dates)) if dates else None
    return sorted(active, key=lambda fact: (-_importance(fact, span), fact.id))


def _importance(fact: Fact, span: tuple[datetime, datetime] | None) -> float:
    recency = 0.0
    if fact.valid_from and span and span[0] < span[1]:
        recency = (fact.valid_from - span[0]) / (span[1] - span[0])
    evidence = _PER_REF * min(len(fact.refs), _MOST_REFS)
    clear = _RECOGNISED * fact.confidence if fact.attribute else _SPEAKING * _speaks(fact.statement)
    return fact.confidence + evidence + _RECENT * recency + _KINDS[fact.kind] * fact.confidence + clear


def _speaks(statement: str) -> bool:
    """Whether the person says outright that it is about them."""
    return _SPEAKS.match(statement.replace("’", "'")) is not None


def _replaced(facts: Iterable[Fact]) -> frozenset[tuple[str, str]]:
    """(attribute, subject) of everything that once was otherwise."""
    return frozenset((f.attribute, f.subject) for f in facts if f.attribute and f.status == "superseded")


def _line(fact: Fact, person: Person, replaced: frozenset[tuple[str, str]]) -> _Line | None:
    """None for a sentence that means nothing by itself."""
    note = _date_note(fact, replaced)
    known = attributes().get(fact.attribute or "")
    if known and fact.value and fact.subject == "self":
        stated = known.state(fact.value, known.statements[0])
        voices = (stated, known.state(fact.value), third(stated, person))
        return _Line(fact, known.topic, *(_noted(voice, note) for voice in voices))
    statement = fact.statement
    if statement.endswith("?") or len(statement.split()) < LEAST_WORDS:
        return None
    if _speaks(statement):
        voices = (statement, second(statement), third(statement, person))
    else:
        voices = (statement, wrote(person, "self", statement), wrote(person, "third", statement))
    topic = known.topic if known else "told"
    return _Line(fact, topic, *(_noted(voice, note) for voice in voices))


def _date_note(fact: Fact, replaced: frozenset[tuple[str, str]]) -> str:
    """When, where it matters: for what was otherwise before, and for events."""
    if fact.valid_from is None:
        return ""
    month = f"{MONTHS[fact.valid_from.month - 1]} {fact.valid_from.year}"
    if (fact.attribute, fact.subject) in replaced:
        return f"since {month}"
    return f"told in {month}" if fact.kind == "event" else ""


def _noted(sentence: str, note: str) -> str:
    """The sentence with a date in brackets before its full stop, and with a full stop."""
    bare = sentence.strip()
    end = _END.search(bare)
    mark = end["end"] if end else ""
    bare = bare[: len(bare) - len(mark)]
    return f"{bare} ({note}){mark or '.'}" if note else bare + (mark or ".")


def _page(told: Iterable[tuple[_Line, str]], limit_words: int) -> Voice:
    """As many sentences as fit, most important first; then by topic, the most important one first."""
    left = limit_words
    topics: dict[str, dict[str, list[str]]] = {}
    for line, sentence in told:
        sentences = topics.get(line.topic, {})
        words = 0 if sentence in sentences else len(sentence.split())
        if words <= left:
            left -= words
            topics.setdefault(line.topic, sentences).setdefault(sentence, []).append(line.fact.id)
    return tuple((sentence, tuple(ids)) for page in topics.values() for sentence, ids in page.items())
