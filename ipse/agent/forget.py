"""Forgetting, exactly: the text goes, what was derived from it is rebuilt, the adapter is retrained.

First `find` says what a request covers, so that it can be shown; `forget` then removes it, rebuilds
words and weights without it, destroys every adapter that had seen it and returns the receipt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ipse.agent.evidence import Library
from ipse.errors import NothingToLearn, UsageError
from ipse.keyphrases import content_words, stem
from ipse.types import Chunk, Receipt, new_id
from ipse.weights import registry
from ipse.words.forgetting import forget as forget_in_profile
from ipse.words.forgetting import told_in_profile
from ipse.words.unsaid import Unsaid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ipse.store.sqlite import SqliteStore

ALIKE, BEST_SHARE = 0.45, 0.85
"""A sentence is covered by a phrase from this score on, if it is not far behind the best one."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """What a request covers: sentences, and the facts, pairs and adapters that rest on them."""

    request: str
    chunks: tuple[Chunk, ...]
    source_id: str | None
    facts: tuple[str, ...]
    adapters: tuple[str, ...]
    unsaid: Unsaid
    profile: tuple[str, ...] = ()
    """What the living profile tells of it: sentences of the person's own, and categories."""


class Relearner(Protocol):
    store: SqliteStore
    clock: Callable[[], datetime]

    def learn(self, progress: Any = None) -> Any: ...


def find(request: str, store: SqliteStore, library: Library) -> Doomed:
    """By fact id, by source path, or by what a phrase means. Raises UsageError if nothing matches."""
    chunks = {c.id: c for c in library.chunks}
    facts = {f.id: f for f in store.facts(include_superseded=True)}
    sources = {s.path: s for s in store.sources()} | {s.id: s for s in store.sources()}
    source = sources.get(request)
    if request in facts:
        covered = [chunks[r] for r in facts[request].refs if r in chunks]
        if not covered:
            raise UsageError(f"the text that {request} rests on has changed since; run ipse learn, then ipse facts")
    elif source is not None:
        covered = [c for c in library.chunks if c.source_id == source.id]
    else:
        covered = _alike(request, library)
    named = request in facts or source is not None
    unsaid = Unsaid.of("" if named else request, (c.text for c in covered if c.role == "self"))
    told = told_in_profile(store, unsaid)
    if not covered and not told:
        raise UsageError(
            f'nothing matches "{request}"; say it in other words, or give a fact id (ipse facts) or a file'
        )
    gone = {c.id for c in covered}
    touched = tuple(f.id for f in facts.values() if gone & set(f.refs))
    adapters = tuple(a.id for a in store.adapters())
    source_id = source.id if source else None
    return Doomed(request, tuple(covered), source_id, touched, adapters if covered else (), unsaid, told)


def _alike(request: str, library: Library) -> list[Chunk]:
    """Sentences the phrase means, and those beside them that share its telling words."""
    found = library.near(request, limit=8)
    best = found[0].score if found else 0.0
    covered = {e.chunk.id for e in found if e.score >= max(ALIKE, best * BEST_SHARE)}
    words = {stem(w) for w in content_words(request)}
    for chunk, stems in zip(library.chunks, library.stems, strict=True):
        shared = words & stems
        if len(shared) >= 2 or (shared and any(s.isdigit() for s in shared)):
            covered.add(chunk.id)
    return _with_close_neighbours([c for c in library.chunks if c.id in covered], library)


def _with_close_neighbours(covered: list[Chunk], library: Library) -> list[Chunk]:
    """Adds sentences of the same turn that share a rare word with a covered one: they tell the same story."""
    common = len(library.chunks) // 20
    place = {c.id: i for i, c in enumerate(library.chunks)}
    telling = {
        s
        for c in covered
        for s in library.stems[place[c.id]]
        if sum(s in other for other in library.stems) <= max(2, common)
    }
    turns = {c.turn_id for c in covered}
    chosen = {c.id for c in covered}
    for chunk, stems in zip(library.chunks, library.stems, strict=True):
        if chunk.turn_id in turns and stems & telling:
            chosen.add(chunk.id)
    return [c for c in library.chunks if c.id in chosen]


def forget(doomed: Doomed, me: Relearner, progress: Any = None) -> Receipt:
    """Removes it and everything derived, retrains on what is left, destroys the old adapters."""
    store = me.store
    gone = {c.id for c in doomed.chunks}
    removed = {
        "chunks": tuple(sorted(gone)),
        "facts": doomed.facts,
        "pairs": tuple(sorted(p.id for p in store.pairs() if set(p.refs) & (set(doomed.facts) | gone))),
    }
    if doomed.source_id is not None:
        removed["sources"] = (doomed.source_id,)
    if doomed.profile:
        removed["profile"] = tuple(new_id("sentence", sentence) for sentence in doomed.profile)
    with store.transaction():
        if doomed.chunks:
            _forget_words(doomed, store)
        forget_in_profile(store, {c.source_id for c in doomed.chunks}, doomed.unsaid, me.clock())
    for adapter_id in doomed.adapters:
        registry.destroy(store, adapter_id)
    new_adapter = _relearn(me, progress) if doomed.chunks else None
    store.scrub()
    receipt = Receipt(
        new_id("receipt", doomed.request, me.clock().isoformat()),
        f"{len(gone)} sentences",
        me.clock(),
        removed,
        doomed.adapters,
        new_adapter,
    )
    store.put_receipt(receipt)
    return receipt


def _forget_words(doomed: Doomed, store: SqliteStore) -> None:
    """Gone at once, whatever becomes of the rebuilding."""
    store.put_forgotten(hashlib.sha256(c.text.encode()).hexdigest() for c in doomed.chunks)
    if doomed.source_id is not None:
        store.delete_source(doomed.source_id)
    else:
        store.delete_chunks({c.id for c in doomed.chunks})
    for fact_id in doomed.facts:
        store.remove_correction(fact_id)
    store.put_pairs("", (), ())
    left = {c.id for c in store.chunks()}
    kept = [f for f in store.facts(include_superseded=True) if left.issuperset(f.refs)]
    store.put_words("", kept, (), (), (), None, ())


def _relearn(me: Relearner, progress: Any) -> str | None:
    """The new adapter's id, or None when nothing is left to learn from. What a broken-off training left goes first."""
    registry.destroy_unfinished(me.store)
    (me.store.folder() / "teacher-cache.jsonl").unlink(missing_ok=True)
    try:
        adapter_id: str = me.learn(progress).weights.adapter.id
    except NothingToLearn:
        return None
    return adapter_id
