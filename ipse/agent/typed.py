"""Whether a sentence holds the kind of thing a question asks for: a sport, a breed, a year, a name.

The grammar's example values of the asked attribute say what kind that is; a word of the sentence
that means nearly the same kind of thing ("harmonica" among instruments) fits. It tells the type
apart, not the truth: ranking and attribution are others' business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ipse.agent.evidence import Evidence
from ipse.keyphrases import STOP_WORDS
from ipse.llm.protocol import Embedder, Vectors
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.values import candidates

_WORD = re.compile(r"[\w'’-]+")
_MOST_SPANS = 30
NAMES = frozenset({"name", "person", "place"})


@lru_cache(maxsize=512)
def _examples(embedder: Embedder, attribute_id: str) -> Vectors:
    return embedder.embed(list(attributes()[attribute_id].examples))


def spans(text: str, question: str) -> list[str]:
    """Words and word pairs of the text that say something the question doesn't."""
    asked = {w.casefold() for w in _WORD.findall(question)}
    words = _WORD.findall(text)
    telling = [w.casefold() not in STOP_WORDS and w.casefold() not in asked and len(w) > 1 for w in words]
    single = [w for w, tells in zip(words, telling, strict=True) if tells]
    pairs = [f"{words[i]} {words[i + 1]}" for i in range(len(words) - 1) if telling[i] and telling[i + 1]]
    return (single + pairs)[:_MOST_SPANS]


def fits(question: str, found: Sequence[Evidence], attribute: Attribute, embedder: Embedder) -> list[float]:
    """For each piece of evidence how near a span of it comes to the attribute's examples, -1 to 1."""
    each = [spans(e.chunk.text, question) for e in found]
    if attribute.value not in {"thing", "activity", "phrase"} | NAMES:
        return [1.0 if candidates(e.chunk.text, attribute.value) else 0.0 for e in found]
    flat = [s for own in each for s in own]
    if not flat:
        return [0.0] * len(found)
    near = (embedder.embed(flat) @ _examples(embedder, attribute.id).T).max(axis=1)
    levels, start = [], 0
    for own in each:
        levels.append(float(max(near[start : start + len(own)], default=0.0)))
        start += len(own)
    return levels
