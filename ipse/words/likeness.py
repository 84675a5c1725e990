"""When two values or two sentences say the same: spelling, numbers and small additions don't count.

Strict on purpose. A sentence with another number, name or negation is another sentence; being near
in meaning is only a reason to look closer. Knows texts, and nothing of facts or stores.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from rapidfuzz import fuzz

from ipse.keyphrases import number, tokens
from ipse.llm.protocol import Vectors

Embed = Callable[[Sequence[str]], Vectors]

CLOSE = 0.75
"""Cosine from which two sentences are compared word by word; the words decide, not this."""
NEIGHBOURS = 12
TYPO, LONG = 88.0, 6
"""Two words of at least so many letters, alike by so many per cent, are one with a typo."""

_EDGES = " \t\n\r\"'`´“”„«»‚‘’.,;:!?()[]"
_ARTICLES = frozenset(("a", "an", "the", "der", "die", "das", "ein", "eine", "el", "la", "le"))
_FILLERS = _ARTICLES | {"my", "our", "mein", "meine", "really", "very", "just", "so", "quite", "actually"}
_CONTRACTIONS = tuple(
    (re.compile(short), long)
    for short, long in (
        (r"\bcan't\b", "can not"),
        (r"\bcannot\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"n't\b", " not"),
        (r"\bi'm\b", "i am"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
    )
)


def tidy(text: str) -> str:
    """One form of Unicode, single spaces, nothing else changed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def trimmed(value: str) -> str:
    """A value without the quotes and marks around it; brackets and quotes that pair up inside stay."""
    tidied = tidy(value)
    bare = tidied.strip(_EDGES)
    return bare + ")" if bare.count("(") > bare.count(")") and tidied.startswith(bare + ")") else bare


def value_key(value: str) -> str:
    """What values are compared by: no case, accents, marks or articles; number words as digits."""
    folded = unicodedata.normalize("NFKD", value.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    words = [number(token) or token for token in tokens(plain) if token[0].isalnum() or token[0] in "+#"]
    kept = [word.removesuffix("'s") for word in words if word not in _ARTICLES]
    return " ".join(kept or words) or plain.strip()


def statement_key(statement: str) -> str:
    """What sentences are equal by: no case, quotes, marks or doubled spaces."""
    return " ".join(t.casefold() for t in tokens(tidy(statement)) if t[0].isalnum()) or statement.strip()


def extends(longer: str, shorter: str) -> bool:
    """Whether one value key goes on where the other ends: "minh tran" and "minh", not "new york"
    and "york"."""
    return longer.startswith(shorter + " ")


def near_identical(first: str, second: str) -> bool:
    """Whether one sentence is the other, give or take typos, fillers and contractions."""
    one, other = _weighty(first), _weighty(second)
    return len(one) == len(other) and all(map(_same_word, one, other))


def groups_of_alike(sentences: Sequence[str], embed: Embed) -> list[list[str]]:
    """Different sentences in groups of near-identical ones; the same whatever order they come in."""
    ordered = sorted(set(sentences))
    leader = {sentence: sentence for sentence in ordered}

    def root(sentence: str) -> str:
        while leader[sentence] != sentence:
            sentence = leader[sentence]
        return sentence

    for first, second in _candidates(ordered, embed):
        if near_identical(first, second):
            one, other = sorted((root(first), root(second)))
            leader[other] = one
    groups: dict[str, list[str]] = {}
    for sentence in ordered:
        groups.setdefault(root(sentence), []).append(sentence)
    return list(groups.values())


def _candidates(ordered: Sequence[str], embed: Embed) -> list[tuple[str, str]]:
    """Pairs worth comparing: equal but for marks, or among each other's nearest in meaning."""
    pairs: set[tuple[int, int]] = set()
    by_key: dict[str, int] = {}
    for at, sentence in enumerate(ordered):
        first = by_key.setdefault(statement_key(sentence), at)
        if first != at:
            pairs.add((first, at))
    vectors = embed(ordered) if len(ordered) > 1 else np.zeros((0, 1), dtype=np.float32)
    for start in range(0, len(vectors), 512):
        near = vectors[start : start + 512] @ vectors.T
        count = min(NEIGHBOURS + 1, near.shape[1])
        best = np.argpartition(-near, count - 1, axis=1)[:, :count]
        for row, columns in enumerate(best, start=start):
            chosen = [int(c) for c in columns if c != row and near[row - start, c] >= CLOSE]
            pairs.update((min(row, c), max(row, c)) for c in chosen)
    return [(ordered[a], ordered[b]) for a, b in sorted(pairs)]


def _weighty(text: str) -> list[str]:
    """The words of a sentence without those that change nothing, numbers as digits."""
    plain = tidy(text).casefold().replace("’", "'")
    for short, long in _CONTRACTIONS:
        plain = short.sub(long, plain)
    words = [number(token) or token for token in tokens(plain) if token[0].isalnum()]
    return [word for word in words if word not in _FILLERS] or words or [plain]


def _same_word(one: str, other: str) -> bool:
    """Equal, or a typo in a long word; a plural or a tense is no typo."""
    if one == other:
        return True
    long = min(len(one), len(other)) >= LONG and one.isalpha() and other.isalpha()
    return long and not one.startswith(other) and not other.startswith(one) and fuzz.ratio(one, other) >= TYPO
