"""What a run of supervised fine-tuning is told. It refuses to know how any of it is done."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from ipse.llm.local import LocalBase

MOST_RANK = 128

View = Literal["sense", "plain", "vague", "swapped"]
"""How a pair is shown: with the sense of its question; with none, as to a plain causal LM; with one so far
off as a free wording is; or like that and in the words of another question, so that the sense alone tells."""


@dataclass(frozen=True, slots=True)
class SftSettings:
    """Settings of a run. `upper` is the share of layers that carry the adapter, counted from the top."""

    method: Literal["lora", "vera"] = "lora"
    """VeRA (arXiv 2310.11454) trains two vectors a map around random maps that all share: at rank 64 fewer numbers
    than LoRA at rank 1. It has no use for `alpha` and wants some twenty times the learning rate."""
    rank: int = 16
    alpha: int = 32
    room: int = 2200
    """Pairs that an adapter of this rank holds; see `with_room`."""
    upper: float = 0.5
    learning_rate: float = 5e-3
    epochs: int = 14
    batch: int = 24
    learnt_at: float = 0.9
    """A token counts as learnt when its probability passes this; MemFT uses one half."""
    enough: float = 0.005
    """Training stops when no more than this share of the answer tokens is left."""
    sweep_every: int = 4
    """Rows that are learnt are left out, but each is looked at again every so many epochs, a share of them in turn: so
    they are never all out of sight, however long an epoch is."""
    noise: float = 0.7
    """A vague sense has up to so much of the difference of two other senses added to it."""
    towards: float = 0.6
    """A vague sense is moved up to so far towards the sense of the answer."""
    average: float = 1.0
    """Epochs that the running mean of the weights goes back, the last ones counting most."""
    views: tuple[View, ...] = ("vague", "plain", "swapped", "sense", "swapped")
    """How a pair is shown, epoch by epoch in turn; see `View`."""
    held: int = 6
    """So many rows of small talk, where the adapter is held to what the base says, go into every `hold_every`th step:
    together, for few rows cost nearly as much as many."""
    hold_every: int = 3
    hold: float = 2.0
    """Weight of that."""
    seed: int = 0


def with_room(settings: SftSettings, pairs: int) -> SftSettings:
    """The rank doubled, and `alpha` with it, until so many pairs fit, or as far as MOST_RANK allows."""
    room = settings.room
    while room < pairs and 2 * settings.rank <= MOST_RANK:
        room, settings = 2 * room, replace(settings, rank=2 * settings.rank, alpha=2 * settings.alpha)
    return settings


def first_adapted(base: LocalBase, settings: SftSettings) -> int:
    layers = int(base.model.config.num_hidden_layers)
    return layers - max(1, math.ceil(layers * settings.upper))
