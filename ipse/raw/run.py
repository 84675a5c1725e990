"""The story of L0: what a person adds becomes turns, chunks and vectors in the store.

    files -> which of them are new -> turns -> chunks -> (never the forgotten) -> vectors -> store

Each file is one transaction, and a bad one is a Failure while the rest goes on. What is here is only
read and kept; what it means is L1's. A file that vanished from a folder stays: removing is
`forget`, and the person's own act.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from ipse.errors import InputError, UsageError
from ipse.llm.protocol import Embedder
from ipse.raw import readers
from ipse.raw.chunk import chunk
from ipse.raw.index import index
from ipse.raw.readers import messages as openai_messages
from ipse.raw.readers.reading import Origin, Reading, Said
from ipse.raw.walk import walk
from ipse.store import erase
from ipse.store.protocol import Store
from ipse.types import Chunk, Failure, Person, Source, Turn

Clock = Callable[[], datetime]
Progress = Callable[[str, int, int], None]
"""(path, how many files are done, of how many)"""

Read = Callable[[Path, Person], Reading]
Verdict = Literal["added", "changed", "unchanged", "duplicate", "failed"]


@dataclass(frozen=True, slots=True)
class AddReport:
    """Paths by what became of them; `chunks` were kept, `forgotten` ones left out as they must be.

    A file may be added and still have failures: the messages in it that could not be read.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    chunks: int = 0
    skipped: tuple[Failure, ...] = ()
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """Something to add. `stale` is a source that goes in the same stroke: the one that held these
    very bytes under a path that has others now, or what a duplicate's path held before."""

    path: str
    sha256: str
    verdict: Verdict
    stale: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    path: str
    verdict: Verdict
    chunks: int = 0
    forgotten: int = 0
    failures: tuple[Failure, ...] = ()


def add(
    store: Store,
    paths: Sequence[Path],
    embedder: Embedder,
    clock: Clock,
    progress: Progress | None = None,
    read: Read = readers.read,
) -> AddReport:
    """Adds files and folders; only what is new or changed is read.

    Raises StoreError when the store refuses and LLMError when the embedder fails; the files done
    until then are kept, and adding again goes on from there.
    """
    found = walk(paths)
    hashes, unreadable = _hash(list(found.files))
    outcomes = []
    for done, item in enumerate(plan(hashes, store.sources()), start=1):
        outcomes.append(_add_file(store, item, embedder, clock, read))
        if progress:
            progress(item.path, done, len(hashes))
    return _report(outcomes, [*found.failures, *unreadable], found.skipped)


def add_messages(store: Store, messages: Sequence[Mapping[str, object]], embedder: Embedder, clock: Clock) -> AddReport:
    """Adds OpenAI-style messages; the same ones again are unchanged.

    A message may say its time as `created_at` or `timestamp`. Raises UsageError when the messages
    are no plain data, and what `add` raises.
    """
    try:
        data = json.dumps(list(messages), sort_keys=True).encode()
    except (TypeError, ValueError) as fault:
        raise UsageError(f"messages must be plain dicts of role and content: {fault}") from fault

    def read(path: Path, person: Person) -> Reading:
        return openai_messages.read(path, data, person)

    return _add_told(store, "messages", data, embedder, clock, read)


def add_text(store: Store, text: str, embedder: Embedder, clock: Clock, at: datetime | None = None) -> AddReport:
    """Adds what the person says in plain text, at a time that is now unless told. Raises as `add`."""
    data = text.encode("utf-8", "replace")

    def read(path: Path, person: Person) -> Reading:
        said = Said(person.name, text, at or clock(), "text")
        return Reading("text", list(Origin.of(path, data).turns(said, "self")), [])

    return _add_told(store, "text", data, embedder, clock, read)


def plan(hashes: Mapping[str, str], sources: Sequence[Source]) -> list[Item]:
    """What to do with each path, from its sha256 and what the store holds.

    The same bytes are kept once, under the path that held them first. A path whose old bytes have
    moved elsewhere (a renamed file, a rotated log) gives them up to where they are now.
    """
    known = {source.path: source for source in sources}
    holders: dict[str, str] = {}
    outdated: dict[str, str] = {}
    for source in sources:
        if hashes.get(source.path, source.sha256) == source.sha256:
            holders.setdefault(source.sha256, source.path)
        else:
            outdated[source.sha256] = source.id
    items = []
    for path, sha256 in hashes.items():
        before = known.get(path)
        if before and before.sha256 == sha256:
            items.append(Item(path, sha256, "unchanged"))
        elif holders.setdefault(sha256, path) != path:
            items.append(Item(path, sha256, "duplicate", before.id if before else None))
        else:
            items.append(Item(path, sha256, "changed" if before else "added", outdated.get(sha256)))
    return items


def _add_file(store: Store, item: Item, embedder: Embedder, clock: Clock, read: Read) -> Outcome:
    if item.verdict == "unchanged":
        return Outcome(item.path, item.verdict)
    if item.verdict == "duplicate":
        if item.stale:
            store.delete_source(item.stale)
        return Outcome(item.path, item.verdict)
    try:
        reading = read(Path(item.path), store.person)
    except InputError as fault:
        return _failed(item, Failure(fault.place, fault.reason))
    except OSError as fault:
        return _failed(item, Failure(item.path, f"can't be read: {fault.strerror}"))
    if not reading.turns:
        return _failed(item, *(_placed(item, reading) or [Failure(item.path, "there is nothing to read in it")]))
    return _keep(store, item, reading, embedder, clock)


def _add_told(store: Store, kind: str, data: bytes, embedder: Embedder, clock: Clock, read: Read) -> AddReport:
    """What comes without a file has its own hash for a path."""
    sha256 = hashlib.sha256(data).hexdigest()
    (item,) = plan({f"{kind}:{sha256[:16]}": sha256}, store.sources())
    return _report([_add_file(store, item, embedder, clock, read)], [], [])


def _keep(store: Store, item: Item, reading: Reading, embedder: Embedder, clock: Clock) -> Outcome:
    turns = [_readable(turn) for turn in reading.turns]
    chunks = chunk(turns)
    kept, banned = _sifted(chunks, frozenset(store.forgotten()))
    vectors = index(kept, embedder)
    with store.transaction():
        if item.stale:
            store.delete_source(item.stale)
        store.put_source(_source(item, reading.format, turns, clock()), _blanked(turns, banned), kept, vectors)
    return Outcome(item.path, item.verdict, len(kept), len(banned), tuple(_placed(item, reading)))


def _source(item: Item, format_: str, turns: Sequence[Turn], now: datetime) -> Source:
    times = [turn.at for turn in turns if turn.at]
    return Source(
        id=turns[0].source_id,
        path=item.path,
        format=format_,
        sha256=item.sha256,
        added_at=now,
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def _sifted(chunks: Sequence[Chunk], forgotten: frozenset[str]) -> tuple[list[Chunk], list[Chunk]]:
    """The chunks that may be kept, and those that were to be forgotten."""
    kept: list[Chunk] = []
    banned: list[Chunk] = []
    for each in chunks:
        known = hashlib.sha256(each.text.encode()).hexdigest() in forgotten
        (banned if known else kept).append(each)
    return kept, banned


def _blanked(turns: Sequence[Turn], banned: Sequence[Chunk]) -> list[Turn]:
    """What was forgotten must not come back inside a whole turn either."""
    by_turn: dict[str, list[Chunk]] = defaultdict(list)
    for each in banned:
        by_turn[each.turn_id].append(each)
    return [replace(turn, text=erase.blank(turn, by_turn[turn.id])) for turn in turns]


def _readable(turn: Turn) -> Turn:
    """Half a surrogate pair, as broken exports have it, can't be kept; a "?" of the same length can."""
    return replace(
        turn,
        text=_utf8(turn.text),
        speaker=_utf8(turn.speaker),
        place=_utf8(turn.place),
        thread=_utf8(turn.thread),
    )


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _hash(files: Sequence[Path]) -> tuple[dict[str, str], list[Failure]]:
    hashes: dict[str, str] = {}
    failures: list[Failure] = []
    for file in files:
        try:
            with file.open("rb") as opened:
                hashes[str(file)] = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as fault:
            failures.append(Failure(str(file), f"can't be read: {fault.strerror}"))
    return hashes, failures


def _placed(item: Item, reading: Reading) -> list[Failure]:
    """A reader's failures say "line 12"; ours say of which file."""
    return [Failure(f"{item.path}:{each.place}", each.reason) for each in reading.failures]


def _failed(item: Item, *failures: Failure) -> Outcome:
    return Outcome(item.path, "failed", failures=failures)


def _report(outcomes: Sequence[Outcome], failures: Sequence[Failure], skipped: Sequence[Failure]) -> AddReport:
    def paths(verdict: Verdict) -> tuple[str, ...]:
        return tuple(outcome.path for outcome in outcomes if outcome.verdict == verdict)

    return AddReport(
        added=paths("added"),
        changed=paths("changed"),
        unchanged=paths("unchanged"),
        duplicates=paths("duplicate"),
        failures=(*failures, *(each for outcome in outcomes for each in outcome.failures)),
        chunks=sum(outcome.chunks for outcome in outcomes),
        skipped=tuple(skipped),
        forgotten=sum(outcome.forgotten for outcome in outcomes),
    )
