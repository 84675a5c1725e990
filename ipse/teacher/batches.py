"""Work through items in batches over a model that may fail on any of them.

A batch that fails is tried again item by item, once; what still fails is reported, and the rest
goes on. What an item is and what is asked about it, this module does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from ipse.errors import LLMError, LLMUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Item, Result]):
    items: tuple[Item, ...]
    result: Result


@dataclass(frozen=True, slots=True)
class Failed(Generic[Item]):
    item: Item
    error: LLMError


def batched(items: Sequence[Item], size: int, key: Callable[[Item], Hashable]) -> list[tuple[Item, ...]]:
    """Batches of at most `size` in which all items have the same key; keys and items keep their order."""
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return [tuple(group[at : at + size]) for group in groups.values() for at in range(0, len(group), size)]


def work(
    batches: Sequence[tuple[Item, ...]], ask: Callable[[tuple[Item, ...]], Result], threads: int
) -> list[Done[Item, Result] | Failed[Item]]:
    """An outcome for every item, in the order of the batches.

    Raises LLMUnavailable when the model answered none of all the calls: then there is no outcome
    to report, and a caller that took "nothing found" for one would overwrite what it has.
    """
    if not batches:
        return []
    with ThreadPoolExecutor(threads) as pool:
        # when one raises, or the person interrupts, map cancels what has not begun
        outcomes = [outcome for part in pool.map(lambda batch: _one(batch, ask), batches) for outcome in part]
    errors = [outcome.error for outcome in outcomes if isinstance(outcome, Failed)]
    if len(errors) == len(outcomes) and all(isinstance(error, LLMUnavailable) for error in errors):
        raise errors[0]
    return outcomes


def _one(batch: tuple[Item, ...], ask: Callable[[tuple[Item, ...]], Result]) -> list[Done[Item, Result] | Failed[Item]]:
    try:
        return [Done(batch, ask(batch))]
    except LLMError:
        return [_single(item, ask) for item in batch]


def _single(item: Item, ask: Callable[[tuple[Item, ...]], Result]) -> Done[Item, Result] | Failed[Item]:
    try:
        return Done((item,), ask((item,)))
    except LLMError as error:
        return Failed(item, error)
