"""The training set as training takes it: split, in a fixed order, known by its content.

Chance is a hash here, not a generator: what a pair's fate is depends on the seed and the pair, never
on the order it came in. Knows no model and no tokenizer.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ipse.types import Pair

VALIDATION_SHARE = 0.1
LEAST = 10
"""So many are held out at least, or the whole share if that is less."""
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Split:
    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]


def split(pairs: Sequence[Pair], seed: int, share: float = VALIDATION_SHARE) -> Split:
    """Holds out about `share` of the pairs; every fact keeps at least one to be learnt from.

    What is held out once stays held out when others come, so that an adapter can be asked what a later one is asked
    without having been taught it; only where few pairs are, some are held out beside those to make up the share.
    The same pairs and seed give the same split, in whatever order they come. Pairs with equal ids count once.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share must be in [0, 1), not {share}")
    ordered = in_order(pairs, seed)
    left = Counter(_fact_of(pair) for pair in ordered)
    least = min(LEAST, int(share * len(ordered)))
    bar = int(share * 16**_DIGITS)
    held: set[str] = set()
    for pair in ordered:
        chosen = int(_rank(seed, pair.id)[:_DIGITS], 16) < bar or len(held) < least
        if chosen and left[_fact_of(pair)] > 1:
            held.add(pair.id)
            left[_fact_of(pair)] -= 1
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


def _fact_of(pair: Pair) -> tuple[str, ...]:
    """The facts that a pair rests on, together."""
    return tuple(sorted(pair.refs))


def _rank(seed: int, *parts: str) -> str:
    return hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).hexdigest()
