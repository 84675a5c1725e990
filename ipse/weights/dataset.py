"""The training set as training takes it: split, in a fixed order, known by its content.

Chance is a hash here, not a generator: what a pair's fate is depends on the seed and the pair, never
on the order it came in. Knows no model and no tokenizer.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ipse.types import Pair

VALIDATION_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Split:
    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]


def split(pairs: Sequence[Pair], seed: int, share: float = VALIDATION_SHARE) -> Split:
    """Holds out about `share` of each fact's pairs; every fact keeps at least one to be learnt from.

    The same pairs and seed give the same split, in whatever order they come. Pairs with equal ids
    count once.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share must be in [0, 1), not {share}")
    held: set[str] = set()
    owed = 0.0
    for group in _by_fact(pairs, seed):
        owed += share * len(group)
        # what facts with a single pair could not give is spread, not taken from the next one alone
        taken = min(int(owed), math.ceil(2 * share * len(group)), len(group) - 1)
        owed -= taken
        held.update(pair.id for pair in group[:taken])
    ordered = in_order(pairs, seed)
    return Split(
        train=tuple(pair for pair in ordered if pair.id not in held),
        validation=tuple(pair for pair in ordered if pair.id in held),
    )


def in_order(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """Shuffled by the seed; the same for every order they come in."""
    unique = {pair.id: pair for pair in pairs}
    return sorted(unique.values(), key=lambda pair: (_rank(seed, pair.id), pair.id))


def version_of(pairs: Sequence[Pair]) -> str:
    """A hash of what the pairs say; neither their order nor who made them changes it."""
    said = {json.dumps(_content(pair), sort_keys=True, ensure_ascii=True) for pair in pairs}
    return hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest()


def _content(pair: Pair) -> dict[str, object]:
    return {key: value for key, value in asdict(pair).items() if key not in ("id", "made_by")}


def _by_fact(pairs: Sequence[Pair], seed: int) -> list[list[Pair]]:
    """Groups of pairs that rest on the same facts, groups and pairs in the seed's order."""
    groups: dict[tuple[str, ...], list[Pair]] = defaultdict(list)
    for pair in in_order(pairs, seed):
        groups[tuple(sorted(pair.refs))].append(pair)
    return [groups[refs] for refs in sorted(groups, key=lambda refs: (_rank(seed, *refs), refs))]


def _rank(seed: int, *parts: str) -> str:
    return hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).hexdigest()
