"""Facts from the person's sentences without a language model: the grammar's wordings, then meaning.

A sentence that reads like a statement of the grammar gives its attribute and value; one that means
much the same gives them if a span of the right type fits the attribute's own sentence. Whatever is
recognised or not, the sentence itself stays as a statement fact: nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from ipse.keyphrases import key_phrases
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.index import GrammarIndex
from ipse.teacher.protocol import FactDraft
from ipse.teacher.subject import subject_of
from ipse.teacher.values import candidates, shape_fits, trim
from ipse.types import Passage, Person
from ipse.voice import second, third

_CHANGE = re.compile(
    r"\b(?:now|from (?:now|this|next)|these days|no longer|any ?more|instead|switched|moved|changed|new|"
    r"since (?:last|this)|used to|gave up|quit|stopped|started|in (?:its|his|her) place)\b",
    re.I,
)
_WORDS = re.compile(r"[\w']+")
NEAR, FITTING = 0.66, 0.78
"""Least cosine of a sentence with an attribute's wording, and of the attribute's sentence with the value put in."""


@cache
def _patterns() -> tuple[tuple[Attribute, re.Pattern[str], frozenset[str]], ...]:
    """(attribute, pattern with group v, words the sentence must have), for every wording with enough words."""
    found = [(a, _pattern(statement)) for a in attributes().values() for statement in a.statements]
    return tuple((attribute, *pattern) for attribute, pattern in found if pattern)


def _pattern(statement: str) -> tuple[re.Pattern[str], frozenset[str]] | None:
    """What a sentence worded like `statement` looks like; None where too few words would tell it."""
    before, after = statement.rstrip(".!").split("{v}")
    literal = frozenset(w.lower() for w in _WORDS.findall(before + " " + after))
    if len(literal) < 3:
        return None
    ends = r"(?=$|[.,;!?])" if not after.strip() else ""
    pattern = rf"(?:^|[\s(,;]){_loose(before)}(?P<v>.{{1,60}}?){_loose(after)}{ends}"
    return re.compile(pattern, re.I), literal


def stated_values(text: str, attribute: Attribute, person: Person) -> list[str]:
    """The values a text gives for the attribute, said by the person, to them or of them."""
    words = {w.lower() for w in _WORDS.findall(text.replace("’", "'"))}
    values = []
    for pattern, literal in _voiced(attribute, person):
        match = pattern.search(text) if literal <= words else None
        if match and shape_fits(trim(match["v"]), attribute.value):
            values.append(trim(match["v"]))
    return list(dict.fromkeys(values))


@lru_cache(maxsize=1024)
def _voiced(attribute: Attribute, person: Person) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    wordings = [attribute.answer]
    for statement in attribute.statements:
        wordings += [statement, second(statement), third(statement, person)]
    return tuple(pattern for wording in dict.fromkeys(wordings) if (pattern := _pattern(wording)))


def _loose(text: str) -> str:
    return re.escape(text).replace(r"\ ", r"\s+").replace("'", "['’]")


def by_wording(sentence: str) -> list[tuple[Attribute, str]]:
    """(attribute, value) for every grammar statement the sentence holds."""
    words = {w.lower() for w in _WORDS.findall(sentence.replace("’", "'"))}
    found: dict[str, tuple[Attribute, str]] = {}
    for attribute, pattern, literal in _patterns():
        if literal <= words and attribute.id not in found:
            match = pattern.search(sentence)
            value = trim(match["v"]) if match else ""
            if match and shape_fits(value, attribute.value):
                found[attribute.id] = (attribute, value)
    return list(found.values())


def by_meaning(
    sentences: Sequence[str], index: GrammarIndex, names: Sequence[str]
) -> list[tuple[Attribute, str] | None]:
    """For each sentence the attribute it means and the span that is its value, or None."""
    nearest = index.of_statements(sentences, names, limit=1)
    jobs: list[tuple[int, Attribute, str, str]] = []
    for i, (sentence, matches) in enumerate(zip(sentences, nearest, strict=True)):
        if matches[0].similarity >= NEAR:
            attribute = matches[0].attribute
            jobs += [(i, attribute, v, attribute.state(v)) for v in candidates(sentence, attribute.value)]
    found: list[tuple[Attribute, str] | None] = [None] * len(sentences)
    if not jobs:
        return found
    vectors = index.embedder.embed([text for *_, text in jobs])
    own = index.embedder.embed(list(sentences))
    best = [FITTING] * len(sentences)
    for (i, attribute, value, _), vector in zip(jobs, vectors, strict=True):
        fit = float(vector @ own[i])
        if fit > best[i] and shape_fits(value, attribute.value):
            best[i], found[i] = fit, (attribute, value)
    return found


def extract(passages: Iterable[Passage], index: GrammarIndex, person: Person) -> list[FactDraft]:
    """Drafts for every passage, in order; at least one each."""
    passages = [p for p in passages if p.chunk.role == "self"]
    texts = [p.chunk.text for p in passages]
    meant = by_meaning(texts, index, person.names)
    drafts: list[FactDraft] = []
    previous: dict[str, str] = {}
    for passage, text, guess in zip(passages, texts, meant, strict=True):
        chunk = passage.chunk
        subject = subject_of(text, previous.get(chunk.turn_id, "self"), person.names)
        previous[chunk.turn_id] = subject
        stated = by_wording(text)
        seen = {a.id for a, _ in stated}
        found = [(a, v, 1.0) for a, v in stated]
        if guess and guess[0].id not in seen and (subject == "self" or guess[0].topic == "family"):
            found.append((*guess, 0.5))
        for attribute, value, certainty in found:
            drafts.append(
                FactDraft(
                    statement=attribute.state(value, attribute.statements[0]),
                    chunk_id=chunk.id,
                    kind=attribute.kind,
                    attribute=attribute.id,
                    value=value,
                    key_phrases=key_phrases(text),
                    at=chunk.at,
                    stance="stated" if certainty == 1.0 else "inferred",
                    sensitivity=attribute.sensitivity,
                    change=_CHANGE.search(text) is not None,
                )
            )
        drafts.append(
            FactDraft(
                statement=text,
                chunk_id=chunk.id,
                subject=subject,
                key_phrases=key_phrases(text),
                at=chunk.at,
                change=_CHANGE.search(text) is not None,
            )
        )
    return drafts
