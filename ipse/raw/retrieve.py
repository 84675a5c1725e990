"""Finds the chunks a query is about, by its words and by its meaning.

Two rankings, BM25 and cosine, become one by reciprocal rank fusion: a place in a ranking counts, not
the score that won it, so neither scale has to be tuned to the other. The search is exact. Knows
nothing of what the hits are for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from ipse.llm.protocol import Embedder
from ipse.store.protocol import Store
from ipse.types import Chunk, Hit, Role

K = 60
"""The fusion's constant: how little the first place counts more than the second (Cormack et al.)."""

DEPTH = 50
"""Places of each ranking that take part, at least."""

_WORD = re.compile(r"\w+")

# Words that any sentence has. A ranking of those that share only "my" with the question would be
# given as much weight as one by meaning. Other languages' are not known here and only cost precision.
_FUNCTION_WORDS = frozenset(
    _WORD.findall("""
    a about am an and any are as at be been but by can could d did do does doing for from had has have
    having he her hers him his how i if in into is it its ll m me mine my not of on or our ours re s she
    should so t than that the their them then there these they this those to us ve was we were what when
    where which who whom whose why will with would you your yours
    """)
)

OWN_WORDS: frozenset[Role] = frozenset({"self"})


def retrieve(
    store: Store, embedder: Embedder, query: str, limit: int = 8, roles: frozenset[Role] = OWN_WORDS
) -> list[Hit]:
    """At most `limit` chunks spoken in one of `roles`, best first; none for an empty query.

    `Hit.score` is the sum of 1 / (60 + rank) over both rankings, `Hit.similarity` the cosine.
    """
    ids, matrix = store.vectors()
    if not ids or not query.strip() or limit < 1:
        return []
    cosines = matrix @ embedder.embed([query])[0]
    order = [ids[row] for row in np.argsort(-cosines, kind="stable")]
    telling = " ".join(word for word in _WORD.findall(query) if word.casefold() not in _FUNCTION_WORDS)
    depth = max(DEPTH, limit)

    def by_meaning(count: int) -> list[str]:
        return order[:count]

    def by_words(count: int) -> list[str]:
        return [chunk_id for chunk_id, _ in store.search_text(telling, count)]

    rankings = [_spoken_by(store, roles, ranking, depth) for ranking in (by_meaning, by_words)]
    similarity = dict(zip(ids, cosines.tolist(), strict=True))
    hits = [Hit(chunk, score, similarity[chunk.id]) for chunk, score in fuse(rankings)]
    return sorted(hits, key=lambda hit: (-hit.score, -hit.similarity))[:limit]


def fuse(rankings: Sequence[Sequence[Chunk]]) -> list[tuple[Chunk, float]]:
    """(chunk, sum of 1 / (60 + its rank)) over the rankings it stands in, ranks counted from 1."""
    scores: dict[str, float] = defaultdict(float)
    chunks: dict[str, Chunk] = {}
    for ranking in rankings:
        for rank, chunk in enumerate(ranking, start=1):
            chunks[chunk.id] = chunk
            scores[chunk.id] += 1 / (K + rank)
    return [(chunk, scores[chunk_id]) for chunk_id, chunk in chunks.items()]


def _spoken_by(store: Store, roles: frozenset[Role], ranking: Callable[[int], list[str]], depth: int) -> list[Chunk]:
    """The first `depth` of a ranking in these roles, asking for more of it until they are found."""
    count = depth
    while True:
        ids = ranking(count)
        chunks = {chunk.id: chunk for chunk in store.chunks(ids)}
        found = [chunks[each] for each in ids if each in chunks and chunks[each].role in roles]
        if len(found) >= depth or len(ids) < count:
            return found[:depth]
        count *= 4
