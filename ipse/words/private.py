"""What touches a topic that the person wants kept private. When in doubt, it does.

Two signs are added up: meaning (a sentence model, measured against everyday sentences, so that no
threshold belongs to one model) and shared telling words (numbers, names, rare words). Secrets are
also known by their shape: "nobody must hear of it". Knows no store and decides nothing but this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ipse.keyphrases import STOP_WORDS, content_words, is_name, numbers, stem, stems, tokens
from ipse.llm.protocol import Embedder, Vectors
from ipse.teacher.grammar import attributes
from ipse.types import Chunk, Fact

PRIVATE_FROM = 0.5
"""From this score on a text is private."""
NEAR_PRIVATE = 0.25
"""From this score on it is, next to a sentence that is private itself."""

_NONE, _FULL = 3.0, 11.0
"""Standard deviations above everyday sentences where meaning begins to count and where it is enough."""
_LEAST_WEIGHT = 1.2
"""A topic of one or two words is not all told when a text shares one of them."""
_SECRECY = 0.35
"""What a text gets for sounding like a secret, if it has anything of the topic."""
_TRACE = 0.15
_PREFIX = 5
_EVERYDAY = (
    "I live in a small flat.",
    "I like tea in the morning.",
    "My sister has two children.",
    "On Sundays I go running.",
    "The train was late again.",
    "We had soup for dinner.",
    "My favourite colour is green.",
    "I work in an office.",
    "The weather was lovely at the sea.",
    "I read a book about birds.",
    "Our dog sleeps on the sofa.",
    "I bought new shoes.",
    "My car is old.",
    "I play the piano badly.",
    "The neighbours had a party.",
    "I studied history.",
    "I get up at seven.",
    "We are going to Spain in June.",
    "I don't like onions.",
    "My brother called yesterday.",
    "I lost my keys.",
    "The film was too long.",
    "My knee hurts when it rains.",
    "I paid the electricity bill.",
    "The shop closes at six.",
    "I learn Italian.",
    "Please answer briefly.",
    "My boss is friendly.",
    "The garden needs water.",
    "We celebrated my birthday.",
)
_CLAUSE = re.compile(r"[;:\n]+|(?<=[.!?])\s+")
_HUSH = re.compile(
    r"\b(?:nobody|no one|secret\w*|private\w*|confidential|between (?:us|him|her|them|you)"
    r"|behind (?:his|her|their) back"
    r"|(?:not?|\w+n't|never|only|must|may|without|if)\b.*"
    r"\b(?:tell|told|know\w*|hear\w*|learn|find out|reach\w*|say|notice)"
    r"|geheim\w*|niemand\w*)\b",
    re.I,
)
_HUSH_WORDS = frozenset(map(stem, ("hear", "heard", "know", "tell", "told", "learn", "reach", "say", "secret")))
_LEANS = re.compile(
    r"\b(?:it|it's|its|that|that's|this|these|those|they|they're|them|their|he|he's|him|his|she|she's|her"
    r"|es|das|sie|er|ihm|ihr)\b",
    re.I,
)
_FRAGMENT = 4
"""Sentences of so few words say nothing by themselves: "The bank again."."""

_OWN_SUBJECT = frozenset(("i", "i'm", "i've", "my", "we", "our", "ich", "mein", "meine", "wir"))

Scores = npt.NDArray[np.float32]


def private_scores(texts: Sequence[str], topics: Sequence[str], embedder: Embedder) -> Scores:
    """How much each text is about each of the private topics, 0 to 1: shape (len(texts), len(topics)).

    From PRIVATE_FROM on it is.
    """
    scores = np.zeros((len(texts), len(topics)), dtype=np.float32)
    if not texts or not topics:
        return scores
    everyday = embedder.embed(_EVERYDAY)
    for column, topic in enumerate(topics):
        for clause in _clauses(topic):
            found = _clause_scores(texts, clause, embedder, everyday)
            scores[:, column] = np.maximum(scores[:, column], found)
    return scores


def mark_private(
    facts: Sequence[Fact],
    private_topics: Sequence[str],
    embedder: Embedder,
    chunks_by_id: Mapping[str, Chunk] | None = None,
) -> list[Fact]:
    """The facts, with those about a private topic marked so; none is ever made less private.

    A fact is also private when all it rests on is. With `chunks_by_id` the person's sentences are
    read themselves, and one that leans on a private neighbour ("It must not get out.") is too.
    """
    if not private_topics:
        return list(facts)
    marked = _private_chunks(facts, private_topics, embedder, chunks_by_id or {})
    texts = sorted({text for fact in facts for text in _texts(fact)})
    scores = private_scores(texts, private_topics, embedder).max(axis=1, initial=0.0)
    by_text = dict(zip(texts, scores, strict=True))
    return [
        replace(fact, sensitivity="private")
        if marked.issuperset(fact.refs) or max(by_text[text] for text in _texts(fact)) >= PRIVATE_FROM
        else fact
        for fact in facts
    ]


def _texts(fact: Fact) -> tuple[str, ...]:
    known = attributes().get(fact.attribute or "")
    return (fact.statement, f"{known.label} {fact.value}") if known else (fact.statement,)


def _clauses(topic: str) -> list[str]:
    parts = [part.strip() for part in _CLAUSE.split(topic)]
    return [part for part in parts if stems(part)] or [topic]


def _clause_scores(texts: Sequence[str], clause: str, embedder: Embedder, everyday: Vectors) -> list[float]:
    meanings = _meanings(texts, clause, embedder, everyday)
    hushed_topic = _HUSH.search(clause) is not None
    scores = []
    for text, meaning in zip(texts, meanings, strict=True):
        shared = _shared(text, clause)
        score = meaning + shared
        hushed = _HUSH.search(text) is not None
        if hushed and score >= _TRACE:
            score += _SECRECY
        elif hushed_topic and not hushed:
            score /= 2  # whom a thing is kept from is not itself the secret
        scores.append(min(1.0, score))
    return scores


def _meanings(texts: Sequence[str], clause: str, embedder: Embedder, everyday: Vectors) -> list[float]:
    """Likeness in meaning, 0 to 1, without what lies in a shared name alone."""
    usual = everyday @ embedder.embed([clause])[0]
    mean, spread = float(usual.mean()), max(float(usual.std()), 1e-3)
    masked = [_masked(text, clause) for text in texts]
    flat = list(dict.fromkeys(part for pair in masked for part in pair))
    vector = dict(zip(flat, embedder.embed(flat), strict=True))
    result = []
    for text, topic in masked:
        z = (float(vector[text] @ vector[topic]) - mean) / spread
        result.append(min(1.0, max(0.0, (z - _NONE) / (_FULL - _NONE))))
    return result


def _masked(text: str, clause: str) -> tuple[str, str]:
    names = _names(text) & _names(clause)
    if not names:
        return text, clause
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names))) + r")\b")
    return pattern.sub("someone", text), pattern.sub("someone", clause)


def _names(text: str) -> set[str]:
    return {t.removesuffix("'s") for t in tokens(text) if is_name(t) and t.casefold() not in STOP_WORDS}


@lru_cache(maxsize=1024)
def _weights(clause: str) -> dict[str, float]:
    """How telling each stem and number of a topic is."""
    weights = {value: _number_weight(value) for value in numbers(clause)}
    for word in content_words(clause):
        if stem(word) not in _HUSH_WORDS and not numbers(word):
            weights[stem(word)] = 0.5 if is_name(word) or len(word) >= 7 else 0.3
    return weights


def _number_weight(value: str) -> float:
    if not value.isdigit():
        return 0.5
    is_year = len(value) == 4 and value[:2] in ("19", "20")
    return 1.0 if len(value) >= 3 and not is_year else 0.2


def _shared(text: str, clause: str) -> float:
    """The share of a topic's telling words that a text has, 0 to 1."""
    weights = _weights(clause)
    words = stems(text)
    found = sum(weight for word, weight in weights.items() if _among(word, words))
    return min(1.0, found / max(_LEAST_WEIGHT, sum(weights.values())))


def _among(word: str, words: Iterable[str]) -> bool:
    """ "insurer" and "insurance" are the same word here; a word in German may hold another."""
    if word in words:
        return True
    if len(word) < _PREFIX or not word.isalpha():
        return False
    head = word[: max(_PREFIX, round(0.7 * len(word)))]
    return any(len(other) >= _PREFIX and (other.startswith(head) or word in other) for other in words)


def _private_chunks(
    facts: Sequence[Fact], topics: Sequence[str], embedder: Embedder, chunks_by_id: Mapping[str, Chunk]
) -> set[str]:
    """Ids of the chunks that are private by themselves or lean on one that is."""
    turns = {chunks_by_id[ref].turn_id for fact in facts for ref in fact.refs if ref in chunks_by_id}
    chunks = [chunk for chunk in chunks_by_id.values() if chunk.turn_id in turns]
    texts = sorted({chunk.text for chunk in chunks})
    best = private_scores(texts, topics, embedder).max(axis=1, initial=0.0)
    score = dict(zip(texts, best, strict=True))
    marked = {chunk.id for chunk in chunks if score[chunk.text] >= PRIVATE_FROM}
    neighbours = set()
    for one, other in pairwise(chunks):
        if one.turn_id == other.turn_id and other.start - one.end <= 1:
            for seed, beside in ((one, other), (other, one)):
                leans = score[beside.text] >= NEAR_PRIVATE or _leans(beside.text)
                if seed.id in marked and leans:
                    neighbours.add(beside.id)
    return marked | neighbours


def _leans(text: str) -> bool:
    words = [t.casefold() for t in tokens(text) if t[0].isalnum()]
    fragment = len(words) <= _FRAGMENT and not _OWN_SUBJECT.intersection(words[:1])
    return fragment or _LEANS.search(text) is not None or _HUSH.search(text) is not None
