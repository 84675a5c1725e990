"""Ask: weights, words and raw text each say what they know; one answer comes of it, with its ground.

The order of trust: what the ledger states, then sentences that speak to the question, then what the
weights remember of it. A private thing is refused to others before anything is looked up. Where
nothing speaks clearly, or only of somebody else, the answer is that it isn't known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ipse.agent.compound import MOST_WORDS, parts, together
from ipse.agent.dating import asks_own_age, ways_to_ask, when_it_was, year_told
from ipse.agent.evidence import Evidence, Library, asks_about_other, day_of, probability
from ipse.agent.mention import named_in
from ipse.agent.reckon import reckon, remainder
from ipse.agent.sentences import changes_plan, excerpt, says_now
from ipse.llm.local import LocalChat
from ipse.llm.protocol import Reply
from ipse.teacher.grammar import attributes
from ipse.teacher.index import GrammarIndex
from ipse.teacher.lessons import short_quote, value_answer
from ipse.types import Answer, Chunk, Fact, Person, Perspective
from ipse.voice import REFUSAL, unknown
from ipse.weights.evaluate import abstains, plain
from ipse.weights.recall import recall

Source = Literal["all", "weights", "words", "raw"]

SAME_ATTRIBUTE = 0.80
"""Least similarity of a question to an attribute's wording for its value to be the answer."""
KNOWN = 0.55
"""Least likelihood that a sentence answers for it to be given as an answer."""
DEPTH = 8
NEAR_BEST = 0.03
"""What may answer too is given as well if its odds are at least this share of the best's."""
WORDS = 35
QUOTED = 18
"""Words that a quotation has at most, if the clause that answers is no longer."""
SURE = 0.97
"""Least confidence of the weights in what no sentence answers for it to be told."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    perspective: Perspective = "self"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything an answer may draw on. `are_private` tells which texts touch a private topic."""

    person: Person
    facts: Sequence[Fact]
    library: Library
    index: GrammarIndex
    are_private: Callable[[Sequence[str]], list[bool]]
    weights: LocalChat | None

    def is_private(self, text: str) -> bool:
        return self.are_private([text])[0]


def ask(questions: Sequence[Question], sources: Sources, who: Source = "all") -> list[Answer]:
    """One answer each, in order. The weights answer all their questions in one batch."""
    return ask_each(questions, sources, (who,))[who]


def ask_each(questions: Sequence[Question], sources: Sources, whom: Sequence[Source]) -> dict[Source, list[Answer]]:
    """What each of `whom` answers; the weights are asked once for all of them."""
    asked = [[replace(q, text=part) for part in _parts(q, sources)] for q in questions]
    singly = [part for own in asked for part in own]
    recalled: list[Reply | None] = [None] * len(singly)
    if {"all", "weights"} & set(whom) and sources.weights is not None:
        texts = [(q.perspective, q.text) for q in singly]
        recalled = list(recall(sources.person, texts, sources.weights, sources.library.reader))
    told: dict[Source, list[Answer]] = {}
    for who in whom:
        answers = iter([_answer(q, reply, sources, who) for q, reply in zip(singly, recalled, strict=True)])
        joined = [together([next(answers) for _ in own]) for own in asked]
        told[who] = [_discreet(answer, q, sources) for q, answer in zip(questions, joined, strict=True)]
    return told


def _parts(question: Question, sources: Sources) -> list[str]:
    """What touches a secret as a whole is refused as a whole, not told in halves."""
    whole = question.perspective == "third" and sources.is_private(question.text)
    return [question.text] if whole else parts(question.text, sources.person)


def _discreet(answer: Answer, question: Question, sources: Sources) -> Answer:
    """A refusal in its place if others would learn something private from it."""
    if question.perspective == "self" or not answer.known:
        return answer
    private = any(f.sensitivity == "private" and f.id in answer.refs for f in sources.facts)
    tells = private or sources.is_private(answer.text)
    return Answer(REFUSAL, 1.0, "nobody", known=False) if tells else answer


def _answer(question: Question, recalled: Reply | None, sources: Sources, who: Source) -> Answer:
    if question.perspective == "third" and sources.is_private(question.text):
        return Answer(REFUSAL, 1.0, "nobody", known=False)
    if who == "weights":
        return from_weights(question, recalled, sources)
    if who == "words":
        return from_words(question, sources)
    if who == "raw":
        return from_raw(question, sources)
    return _of_all(question, recalled, sources)


def _nobody(question: Question, sources: Sources, about: str | None = None) -> Answer:
    text = unknown(sources.person, question.perspective)
    if about and about not in {"self", "other"}:
        text += f" What I have there is about {about}."
    return Answer(text, 1.0, "nobody", known=False)


def from_weights(question: Question, recalled: Reply | None, sources: Sources) -> Answer:
    """What the adapter remembers, checked against the ledger for its refs."""
    if recalled is None or not recalled.text or abstains(recalled):
        return _nobody(question, sources)
    said = plain(recalled.text)
    refs = tuple(f.id for f in sources.facts if _holds(said, f))
    return Answer(recalled.text, recalled.confidence or 0.0, "weights", refs)


def _holds(said: str, fact: Fact) -> bool:
    """Whether a normalised answer says this fact: its value, or its sentence."""
    wanted = plain(fact.value) if fact.value else plain(short_quote(fact.statement))
    return bool(wanted) and f" {wanted} " in f" {said} "


def from_words(question: Question, sources: Sources) -> Answer:
    """The ledger's value for the attribute that is asked for, if the sentence it came from answers the question."""
    match = sources.index.of_questions([question.text], sources.person.names, limit=1)[0][0]
    if match.similarity < SAME_ATTRIBUTE:
        return _nobody(question, sources)
    held = [f for f in sources.facts if f.attribute == match.attribute.id and f.value and f.status == "active"]
    if question.perspective == "third":
        held = [f for f in held if f.sensitivity != "private"]
    read = sources.library.answering(question.text, [f.statement for f in held])
    held = [f for f, likely in zip(held, read, strict=True) if likely >= KNOWN]
    if not held:
        return _nobody(question, sources)
    best = max(held, key=lambda f: (f.confidence, f.id))
    values = [f.value or "" for f in held] if attributes()[match.attribute.id].many else [best.value or ""]
    text = value_answer(match.attribute, " and ".join(values[:4]), sources.person, question.perspective)
    return Answer(text, best.confidence * match.similarity, "words", tuple(f.id for f in held[:4]))


def from_raw(question: Question, sources: Sources) -> Answer:
    """The sentences that name what is asked for, or else those that answer, in the person's own words."""
    asked, person, library = question.text, sources.person, sources.library
    hits = library.naming(named_in(asked, person.names), asked, DEPTH)
    named = [e for e in hits if not _hidden(e.chunk, question, sources)]
    if named:
        return _quotation(named, _within(named), question, sources)
    read = _read(question, sources)
    if not read:
        return _nobody(question, sources)
    found = [e for e in read if _odds(e) >= _odds(read[0]) * NEAR_BEST]
    if found[0].subject != "self" and not asks_about_other(asked, person):
        own = [e for e in found if e.subject == "self"]
        if not own:
            return _nobody(question, sources, found[0].subject)
        found = own
    for evidence in found:
        reckoned = reckon(asked, evidence.chunk, person)
        if reckoned is not None:
            return _sum(reckoned, [evidence.chunk], found)
    left = remainder(asked, [e.chunk for e in read if e.score >= KNOWN])
    if left is not None:
        return _sum(*left, found)
    return _quotation(found, _still_so(_within(found), library), question, sources)


def _read(question: Question, sources: Sources) -> list[Evidence]:
    """What may answer and be seen by whoever asks, the best first; nothing if that isn't known to."""
    asked, library = question.text, sources.library
    ways = ways_to_ask(asked, sources.person)
    hits = library.search(ways.when if ways and asks_own_age(asked, sources.person) else asked, DEPTH)
    read = [e for e in hits if not _hidden(e.chunk, question, sources)]
    known = bool(read) and read[0].score >= KNOWN
    if ways and not (known and year_told(read[0].chunk)):
        dated = when_it_was(ways, library, lambda chunk: not _hidden(chunk, question, sources))
        if dated is not None:
            return [dated]
    return read if known else []


def _sum(reckoned: str, chunks: Sequence[Chunk], found: Sequence[Evidence]) -> Answer:
    """What was reckoned from these, as sure as the best that was found."""
    return Answer(short_quote(reckoned, WORDS), probability(found[0].score), "raw", tuple(chunk.id for chunk in chunks))


def _odds(evidence: Evidence) -> float:
    return evidence.score / max(1e-9, 1 - evidence.score)


def _hidden(chunk: Chunk, question: Question, sources: Sources) -> bool:
    """Whether others must not see it: it touches a private topic, or a private fact rests on it."""
    return question.perspective == "third" and (
        any(f.sensitivity == "private" and chunk.id in f.refs for f in sources.facts) or sources.is_private(chunk.text)
    )


def _still_so(chosen: list[Evidence], library: Library) -> list[Evidence]:
    """What holds now alone, without what it took the place of: "I drive the Buick now", not "gave Kay the Ford".

    It must be the person's and speak of the same as the best one, "New year in Spain" doesn't take the place of "It's
    my birthday", or tell of a change of plan.
    """
    now = [
        e
        for e in chosen
        if e.chunk.role == "self"
        and says_now(e.chunk.text)
        and (changes_plan(e.chunk.text) or library.same_matter(e.chunk, chosen[0].chunk))
    ]
    return [max(now, key=lambda e: (day_of(e.chunk), e.score))] if now else chosen


def _within(found: Sequence[Evidence]) -> list[Evidence]:
    """The first, and as many more as fit."""
    chosen: list[Evidence] = []
    used = 0
    for evidence in found[:4]:
        length = len(_quote(evidence).split())
        if chosen and (used + length > WORDS or len(chosen) == 3):
            continue
        chosen.append(evidence)
        used += length
    return chosen


def _quote(evidence: Evidence) -> str:
    """On one line the clauses that answer; of a sentence that tells a change only the one with what holds now."""
    text = evidence.chunk.text
    clauses = excerpt(text, evidence.words, 0 if says_now(text) else QUOTED)
    return re.sub(r"\s+", " ", short_quote(clauses))


def _quotation(found: Sequence[Evidence], chosen: Sequence[Evidence], question: Question, sources: Sources) -> Answer:
    """The chosen, each with its speaker, in the order of their score; as sure as the best that was found."""
    quotes: list[str] = []
    told: list[str] = []
    speaker = ""
    for evidence in chosen:
        quote = _quote(evidence)
        who = evidence.chunk.speaker
        if evidence.chunk.role == "self":
            who = "You" if question.perspective == "self" else sources.person.short
        quotes.append(quote if who == speaker else f"{who} wrote: {quote}")
        if len(" / ".join(quotes).split()) > MOST_WORDS and told:  # the speakers' names count too
            break
        speaker = who
        told.append(evidence.chunk.id)
    return Answer(" / ".join(quotes[: len(told)]), probability(found[0].score), "raw", tuple(told))


def _of_all(question: Question, recalled: Reply | None, sources: Sources) -> Answer:
    """Ledger first; then raw text; what only the weights remember if they are very sure of it."""
    words = from_words(question, sources)
    if words.known:
        return words
    raw = from_raw(question, sources)
    if raw.known:
        return raw
    weights = from_weights(question, recalled, sources)
    sure = weights.known and weights.confidence >= SURE and bool(weights.refs)
    return weights if sure else raw
