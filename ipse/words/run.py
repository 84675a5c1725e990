"""The story of L1: what the person wrote becomes a ledger of facts and what is made of it.

    own chunks -> passages -> drafts -> canonical -> merged -> superseded -> corrected -> private
              -> entities, relations, topics -> biography -> the store, as one numbered version

The only module here that reads and writes the store. Every version can be made again from the
chunks and the person's corrections; if none of these changed, nothing is done.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ipse.llm.protocol import Embedder
from ipse.store.protocol import Store
from ipse.teacher.protocol import Teacher
from ipse.types import Chunk, Fact, Failure, Passage
from ipse.words.biography import biography
from ipse.words.entities import entities
from ipse.words.facts import apply_corrections, canonicalise, merge, supersede
from ipse.words.private import mark_private
from ipse.words.relations import relations
from ipse.words.topics import topics

LEDGER = "words-1"
"""Count it up when the same chunks are to give another ledger."""
CONTEXT = 2
"""Sentences of the same thread that a teacher sees before and after each of the person's own."""
AHEAD = timedelta(days=366)
"""A time further in the future comes from a broken clock; it would outdate everything true."""

Clock = Callable[[], datetime]
Progress = Callable[[str, int, int], None]
"""(stage, how much is done, of how much)"""


@dataclass(frozen=True, slots=True)
class WordsReport:
    """What a version holds. `facts` are the active ones, `statements` those of them that no attribute
    was recognised in, `attributes_found` how many different attributes were; all are counts but
    `version`, its number."""

    version: int
    facts: int
    superseded: int
    statements: int
    attributes_found: int
    private: int
    entities: int
    failures: int
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the store holds for L1 to read."""

    chunks: dict[str, Chunk]
    threads: dict[str, str]
    paths: dict[str, str]
    corrections: dict[str, str]
    private_topics: list[str]
    forgotten: list[str]


def learn_words(
    store: Store, teacher: Teacher, embedder: Embedder, clock: Clock, progress: Progress | None = None
) -> WordsReport:
    """Makes the person's L1 anew and keeps it as the current version, as a whole or not at all.

    What a teacher failed on is kept as Failures beside the rest. Raises LLMError when a model
    fails altogether and StoreError when the store refuses; the last version then stays.
    """
    tell = progress or _silent
    heard = _hear(store)
    version = _version(store, heard, teacher, embedder)
    current = store.words_version()
    if current is not None and current[1] == version:
        return _unchanged(store, current[0])

    heard, undated = _with_possible_dates(heard, clock() + AHEAD)
    drafts, failures = teacher.extract(_told(_passages(heard), heard, tell), store.person)
    canonical = canonicalise(drafts, store.person)
    tell("merge", 0, len(canonical))
    merged = merge(canonical, heard.chunks, store.person, embedder.embed)
    superseded = supersede([replace(fact, made_by=teacher.name) for fact in merged])
    corrected = apply_corrections(superseded, heard.corrections)
    tell("private", 0, len(corrected))
    facts = mark_private(corrected, heard.private_topics, embedder, heard.chunks)

    tell("entities", 0, len(heard.chunks))
    open_chunks = _without_private(heard.chunks, facts)
    named = entities(open_chunks, store.person)
    related = relations(open_chunks, [f for f in facts if f.sensitivity != "private"], store.person)
    themes = topics(open_chunks, store.person, embedder.embed)
    story = biography(facts, store.person)
    failed = [*failures, *undated, *_lost_corrections(heard.corrections, facts)]
    tell("store", len(facts), len(facts))
    number = store.put_words(version, facts, named, related, themes, story, failed)
    return _report(number, facts, len(named), len(failed))


def _silent(stage: str, done: int, total: int) -> None:
    del stage, done, total


def _hear(store: Store) -> _Heard:
    forgotten = store.forgotten()
    banned = frozenset(forgotten)
    return _Heard(
        chunks={c.id: c for c in store.chunks() if hashlib.sha256(c.text.encode()).hexdigest() not in banned},
        paths={source.id: source.path for source in store.sources()},
        threads={turn.id: turn.thread for turn in store.turns()},
        corrections=store.corrections(),
        private_topics=store.private_topics(),
        forgotten=forgotten,
    )


def _version(store: Store, heard: _Heard, teacher: Teacher, embedder: Embedder) -> str:
    """A hash of all that the ledger depends on."""
    digest = hashlib.sha256()
    told = (
        *(LEDGER, repr(store.person), teacher.name, embedder.name),
        *(f"{c.id} {c.role} {c.at} {c.text}" for c in heard.chunks.values()),
        *(f"{fact_id} {statement}" for fact_id, statement in sorted(heard.corrections.items())),
        *("private", *sorted(heard.private_topics), "forgotten", *sorted(heard.forgotten)),
    )
    for part in told:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _passages(heard: _Heard) -> Iterator[Passage]:
    """Each of the person's own chunks, with its neighbours in the same thread of the same source."""
    threads: dict[tuple[str, str], list[Chunk]] = defaultdict(list)
    for chunk in heard.chunks.values():
        threads[chunk.source_id, heard.threads.get(chunk.turn_id, "")].append(chunk)
    for thread in threads.values():
        thread.sort(key=lambda chunk: chunk.ordinal)
        for at, chunk in enumerate(thread):
            if chunk.role == "self":
                before = thread[max(0, at - CONTEXT) : at]
                yield Passage(chunk, tuple(before), tuple(thread[at + 1 : at + 1 + CONTEXT]))


def _told(passages: Iterator[Passage], heard: _Heard, tell: Progress) -> Iterator[Passage]:
    """The passages, with progress as the teacher takes them."""
    total = sum(chunk.role == "self" for chunk in heard.chunks.values())
    for done, passage in enumerate(passages):
        tell("extract", done, total)
        yield passage
    tell("extract", total, total)


def _with_possible_dates(heard: _Heard, latest: datetime) -> tuple[_Heard, list[Failure]]:
    """The chunks, without the times that can't be true, and a Failure for each file that has some."""
    wrong = {chunk.id for chunk in heard.chunks.values() if chunk.at and chunk.at > latest}
    chunks = {key: replace(chunk, at=None) if key in wrong else chunk for key, chunk in heard.chunks.items()}
    counts = Counter(heard.paths.get(chunks[key].source_id, key) for key in wrong)
    failures = [
        Failure(path, f"{count} sentences are dated more than a year ahead; they count as undated")
        for path, count in sorted(counts.items())
    ]
    return replace(heard, chunks=chunks), failures


def _without_private(chunks: Mapping[str, Chunk], facts: Sequence[Fact]) -> list[Chunk]:
    """All chunks but those a private fact rests on: entities and topics carry no sensitivity."""
    private = {ref for fact in facts if fact.sensitivity == "private" for ref in fact.refs}
    return [chunk for chunk in chunks.values() if chunk.id not in private]


def _lost_corrections(corrections: Mapping[str, str], facts: Sequence[Fact]) -> list[Failure]:
    lost = corrections.keys() - {fact.id for fact in facts}
    return [Failure(fact_id, "its correction fits no fact any more; correct anew") for fact_id in sorted(lost)]


def _unchanged(store: Store, number: int) -> WordsReport:
    facts = store.facts(include_superseded=True)
    report = _report(number, facts, len(store.entities()), len(store.failures()))
    return replace(report, unchanged=True)


def _report(number: int, facts: Sequence[Fact], entity_count: int, failure_count: int) -> WordsReport:
    active = [fact for fact in facts if fact.status == "active"]
    return WordsReport(
        version=number,
        facts=len(active),
        superseded=len(facts) - len(active),
        statements=sum(fact.attribute is None for fact in active),
        attributes_found=len({fact.attribute for fact in active if fact.attribute}),
        private=sum(fact.sensitivity == "private" for fact in active),
        entities=entity_count,
        failures=failure_count,
    )
