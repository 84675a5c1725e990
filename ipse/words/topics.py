"""What the person keeps coming back to: phrases of their sentences, gathered by meaning.

Knows sentences and an embedder; no store, and nothing of what is private (that is not handed in).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from ipse.keyphrases import content_words, key_phrases, number, stem
from ipse.types import Chunk, Person, Topic, new_id
from ipse.words.likeness import Embed

LIMIT = 30
LEAST = 2
"""Sentences that a phrase must be in; once is no topic."""
CANDIDATES = 300
APART = 3.0
"""Standard deviations above the usual cosine of two phrases from which they are one topic."""
_EMPTY = frozenset(
    {
        *(
            "year",
            "day",
            "week",
            "month",
            "hour",
            "minute",
            "time",
            "morning",
            "evening",
            "night",
            "good",
            "bad",
        ),
        *("big", "small", "old", "new", "ask", "asked", "call", "called", "feel", "hear", "place", "number"),
        *("send", "open", "word", "start", "people", "folk"),
    }
)
"""Words that everybody comes back to."""
_EMPTY_STEMS = frozenset(map(stem, _EMPTY))


def topics(chunks: Sequence[Chunk], person: Person, embed: Embed) -> list[Topic]:
    """At most LIMIT topics of the person's own chunks, those in most sentences first."""
    names, refs = _phrases([chunk for chunk in chunks if chunk.role == "self"], person)
    ranked = sorted(refs, key=lambda key: (-len(refs[key]), -len(key), key))
    ranked = [key for key in ranked if len(refs[key]) >= LEAST][:CANDIDATES]
    if not ranked:
        return []
    titles = [_usual(names[key]) for key in ranked]
    leaders = _leaders(titles, embed)
    gathered: dict[int, dict[str, None]] = defaultdict(dict)
    for key, leader in zip(ranked, leaders, strict=True):
        gathered[leader].update(dict.fromkeys(refs[key]))
    made = [
        Topic(new_id("topic", person.id, *ranked[leader]), titles[leader], len(found), tuple(found))
        for leader, found in gathered.items()
    ]
    return sorted(made, key=lambda topic: (-topic.count, topic.name))[:LIMIT]


Stems = tuple[str, ...]


def _phrases(chunks: Sequence[Chunk], person: Person) -> tuple[dict[Stems, Counter[str]], dict[Stems, list[str]]]:
    """Every key phrase and every word of one, by stems: its spellings, and the chunks it is in."""
    dull = _EMPTY_STEMS | {stem(word) for name in person.names for word in content_words(name)}
    names: dict[Stems, Counter[str]] = defaultdict(Counter)
    refs: dict[Stems, list[str]] = defaultdict(list)
    for chunk in chunks:
        words = [content_words(phrase) for phrase in key_phrases(chunk.text, limit=12)]
        spelled = {tuple(map(stem, part)): " ".join(part) for whole in words for part in (whole, *([w] for w in whole))}
        for key, name in spelled.items():
            if key and not dull.issuperset(key) and not any(map(number, name.split())):
                names[key][name] += 1
                refs[key].append(chunk.id)
    return names, refs


def _usual(spellings: Counter[str]) -> str:
    """The most frequent spelling; of equals the one in small letters."""
    return max(sorted(spellings, reverse=True), key=lambda name: spellings[name])


def _leaders(titles: Sequence[str], embed: Embed) -> list[int]:
    """For each phrase the one it belongs to: the first before it that means much the same, or itself."""
    vectors = embed(titles)
    near = vectors @ vectors.T
    others = near[~np.eye(len(titles), dtype=bool)]
    border = float(others.mean() + APART * others.std()) if len(others) else 1.0
    leaders: list[int] = []
    for at in range(len(titles)):
        firsts = [i for i in dict.fromkeys(leaders) if near[at, i] >= border]
        leaders.append(firsts[int(np.argmax(near[at, firsts]))] if firsts else at)
    return leaders
