"""Whether a sentence holds the kind of thing an attribute's value is: a sport, a breed, a year, a name.

The grammar's example values say what kind that is; a word of the sentence that means nearly the same
kind of thing ("harmonica" among instruments) fits. It tells the type apart, not the truth: ranking and
attribution are others' business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ipse.keyphrases import STOP_WORDS
from ipse.teacher.grammar import Attribute
from ipse.teacher.index import GrammarIndex
from ipse.teacher.values import candidates

NAMES = frozenset({"name", "person", "place"})
_LOOSE = frozenset({"thing", "activity", "phrase"}) | NAMES
_WORD = re.compile(r"[\w'’-]+")
_MOST_SPANS = 30


def spans(text: str, question: str = "") -> list[str]:
    """Words and word pairs of the text that say something the question doesn't."""
    asked = {w.casefold() for w in _WORD.findall(question)}
    words = _WORD.findall(text)
    telling = [w.casefold() not in STOP_WORDS and w.casefold() not in asked and len(w) > 1 for w in words]
    single = [w for w, tells in zip(words, telling, strict=True) if tells]
    pairs = [f"{words[i]} {words[i + 1]}" for i in range(len(words) - 1) if telling[i] and telling[i + 1]]
    return (single + pairs)[:_MOST_SPANS]


def fits(texts: Sequence[str], attribute: Attribute, index: GrammarIndex, question: str = "") -> list[float]:
    """For each text how near a span of it comes to the attribute's examples, -1 to 1.

    Numbers, dates and times have a look of their own: a text that holds one fits wholly.
    """
    if attribute.value not in _LOOSE:
        return [1.0 if candidates(text, attribute.value) else 0.0 for text in texts]
    each = [spans(text, question) for text in texts]
    flat = [s for own in each for s in own]
    if not flat:
        return [0.0] * len(texts)
    near = (index.embedder.embed(flat) @ index.examples(attribute.id).T).max(axis=1)
    levels, start = [], 0
    for own in each:
        levels.append(float(max(near[start : start + len(own)], default=0.0)))
        start += len(own)
    return levels
