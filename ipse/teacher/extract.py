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
from ipse.teacher.subject import ANY_RELATION, subject_of
from ipse.teacher.values import NAMED, candidates, shape_fits, trim
from ipse.types import Passage, Person
from ipse.voice import second, third

_CHANGE = re.compile(
    r"\b(?:now|from (?:now|this|next)|these days|no longer|any ?more|instead|switched|moved|changed|new|"
    r"since (?:last|this)|used to|gave up|quit|stopped|started|in (?:its|his|her) place)\b",
    re.I,
)
_WORDS = re.compile(r"[\w']+")
_SPELLINGS = {"favourite": "favorite", "colour": "color", "neighbour": "neighbor", "flavour": "flavor", "grey": "gray"}
"""The grammar's and the other one."""
_BRITISH = {american: british for british, american in _SPELLINGS.items()}
_I_AM = re.compile(r"\bI am\b|\bIm\b", re.I)
_ONLY_WISHED = re.compile(
    r"\b(?:you|your|you're|you'll|wish|would (?:like|love)|i'd (?:like|love)|always wanted|want(?:ed)? to|hope to"
    r"|maybe|might|if I)\b|\?\s*$",
    re.I,
)
_SOMEBODY = re.compile(rf"\b(?:he|she|his|her|kids?|child(?:ren)?|baby|(?:{ANY_RELATION})s?)\b", re.I)
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
    literal = _words(before + " " + after)
    if len(literal) < 3:
        return None
    ends = r"(?=$|[.,;!?])" if not after.strip() else ""
    pattern = rf"(?:^|[\s(,;]){_loose(before)}(?P<v>.{{1,60}}?){_loose(after)}{ends}"
    return re.compile(pattern, re.I), literal


def stated_values(text: str, attribute: Attribute, person: Person) -> list[str]:
    """The values a text gives for the attribute, said by the person, to them or of them."""
    words = _words(text)
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


def _words(text: str) -> frozenset[str]:
    """In the grammar's spelling."""
    plain = _I_AM.sub("I'm", text.replace("’", "'"))
    return frozenset(_BRITISH.get(w.lower(), w.lower()) for w in _WORDS.findall(plain))


def _loose(text: str) -> str:
    """A pattern for the text in either spelling, contracted or not."""
    loose = re.escape(text).replace(r"\ ", r"\s+").replace("I'm", r"I(?:\s+a|'?)m").replace("'", "['’]")
    for british, american in _SPELLINGS.items():
        loose = re.sub(rf"\b{british}", f"(?:{british}|{american})", loose)
    return loose


def by_wording(sentence: str) -> list[tuple[Attribute, str]]:
    """(attribute, value) for every grammar statement the sentence holds."""
    words = _words(sentence)
    found: dict[str, tuple[Attribute, str]] = {}
    for attribute, pattern, literal in _patterns():
        if literal <= words and attribute.id not in found:
            match = pattern.search(sentence)
            value = trim(match["v"]) if match else ""
            if match and shape_fits(value, attribute.value):
                found[attribute.id] = (attribute, value)
    # "I live in {v}" may tell a town or a sort of home: what looks like a name is the town
    named = {value for attribute, value in found.values() if attribute.value in NAMED}
    return [(a, v) for a, v in found.values() if v not in named or a.value in NAMED]


def by_meaning(
    sentences: Sequence[str], index: GrammarIndex, names: Sequence[str]
) -> list[tuple[Attribute, str] | None]:
    """For each sentence the attribute it means and the span that is its value, or None."""
    nearest = index.of_statements(sentences, names, limit=1)
    jobs: list[tuple[int, Attribute, str, str]] = []
    for i, (sentence, matches) in enumerate(zip(sentences, nearest, strict=True)):
        attribute = matches[0].attribute
        if matches[0].similarity >= NEAR and _is_told(sentence, attribute):
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


def _is_told(sentence: str, attribute: Attribute) -> bool:
    """Whether what only means much the same tells it at all: no wish, nothing of "you", and of one's family only where
    somebody of it is spoken of. What the attribute's own wordings do, the sentence may do."""
    if _ONLY_WISHED.search(sentence) and not any(map(_ONLY_WISHED.search, attribute.statements)):
        return False
    return attribute.topic != "family" or _SOMEBODY.search(sentence) is not None


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
