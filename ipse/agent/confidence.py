"""Which sentences were said in confidence, although they don't say so themselves.

"Nobody knows" is about the sentences around it: they are marked with it. Knows chunks and wordings;
what the person has declared private it is only told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

from ipse.agent.sentences import is_secret, points_away
from ipse.types import Chunk

BEFORE, AFTER = 4, 2
"""Sentences before and after one that says "nobody may know of it"."""
TOGETHER = timedelta(minutes=15)
"""Messages closer than this belong to one exchange."""


def confidential(chunks: Sequence[Chunk]) -> frozenset[str]:
    """Ids of the chunks that ask for silence, and of those around them that they speak of."""
    marked: set[str] = set()
    for source in by_source(chunks).values():
        for at, chunk in enumerate(source):
            if chunk.by_people and is_secret(chunk.text):
                before = BEFORE if points_away(chunk.text) or len(chunk.text.split()) <= 9 else 0
                around = source[max(0, at - before) : at + 1 + AFTER]
                marked.update(c.id for c in around if belong(c, chunk))
    return frozenset(marked)


def none_private(texts: Sequence[str]) -> list[bool]:
    """Where nothing was declared private."""
    return [False] * len(texts)


def one_by_one(are_private: Callable[[Sequence[str]], list[bool]], texts: Sequence[str]) -> Callable[[str], bool]:
    """`are_private` for one text at a time. These are asked about at once: meanings cost less together."""
    known = dict(zip(texts, are_private(texts), strict=True))

    def is_private(text: str) -> bool:
        if text not in known:
            (known[text],) = are_private([text])
        return known[text]

    return is_private


def by_source(chunks: Sequence[Chunk]) -> dict[str, list[Chunk]]:
    """source id -> its chunks in their order."""
    found: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in sorted(chunks, key=lambda c: (c.source_id, c.ordinal)):
        found[chunk.source_id].append(chunk)
    return dict(found)


def belong(one: Chunk, other: Chunk) -> bool:
    """Whether two chunks stand in the same turn or the same exchange of messages."""
    if one.turn_id == other.turn_id:
        return True
    return one.at is not None and other.at is not None and abs(one.at - other.at) <= TOGETHER
