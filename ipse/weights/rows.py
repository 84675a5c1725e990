"""Pairs -> rows: each pair in each of its views, taken through the frozen lower layers.

It refuses to know what the rows are trained with.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ipse.llm.arithmetic import fast
from ipse.llm.local import LocalBase, embed_prompts
from ipse.llm.protocol import Embedder
from ipse.llm.sense import neutral
from ipse.types import Pair
from ipse.voice import WROTE
from ipse.weights.evaluate import is_unknown
from ipse.weights.layers import Row, run_layers
from ipse.weights.settings import SftSettings, View, first_adapted

if TYPE_CHECKING:
    import torch


def rows_of(
    pairs: Sequence[Pair],
    base: LocalBase,
    embedder: Embedder | None,
    names: Sequence[str],
    settings: SftSettings,
    turn: int = 0,
) -> list[Row]:
    """Runs every pair once through the frozen lower layers; pair i in view i + `turn`."""
    views = settings.views if base.projector is not None and embedder is not None else ("plain",)
    shown = [views[(i + turn) % len(views)] for i in range(len(pairs))]
    rng = random.Random(f"{settings.seed}/{turn}")
    worded = [_other_words(p, rng.choice(pairs)) if v == "swapped" else p for p, v in zip(pairs, shown, strict=True)]
    senses = _senses(pairs, shown, embedder, names, settings, turn)
    encoded = []
    for pair in worded:
        prompt = base.tokens(pair.prompt, open_reply=True)
        answer = [*base.tokenizer.encode(pair.answer, add_special_tokens=False), base.end_id()]
        encoded.append((prompt, answer))
    order = sorted(range(len(pairs)), key=lambda i: len(encoded[i][0]) + len(encoded[i][1]))
    rows: dict[int, Row] = {}
    for start in range(0, len(order), 64):
        group = order[start : start + 64]
        lower = _lower(base, [encoded[i] for i in group], [senses[i] for i in group], first_adapted(base, settings))
        rows.update(zip(group, lower, strict=True))
    return [rows[i] for i in range(len(pairs))]


def all_views(
    pairs: Sequence[Pair], base: LocalBase, embedder: Embedder | None, names: Sequence[str], settings: SftSettings
) -> list[list[Row]]:
    """The rows of every turn: over the epochs each pair is seen in each view."""
    turns = len(settings.views) if base.projector is not None and embedder is not None else 1
    return [rows_of(pairs, base, embedder, names, settings, turn) for turn in range(turns)]


def _other_words(pair: Pair, other: Pair) -> Pair:
    """The pair, asked in the words of the other one's question."""
    at = max(i for i, m in enumerate(pair.messages) if m.role == "user")
    swapped = replace(pair.messages[at], content=other.question)
    return replace(pair, messages=(*pair.messages[:at], swapped, *pair.messages[at + 1 :]))


def _senses(
    pairs: Sequence[Pair],
    views: Sequence[View],
    embedder: Embedder | None,
    names: Sequence[str],
    settings: SftSettings,
    turn: int,
) -> list[torch.Tensor | None]:
    """The sense of each pair's user messages in its view, shape (messages, dims), or None for "plain"."""
    import torch

    if embedder is None or all(view == "plain" for view in views):
        return [None] * len(pairs)
    texts = [[neutral(m.content, names) for m in p.prompt if m.role == "user"] for p in pairs]
    exact = torch.from_numpy(embedder.embed([t for own in texts for t in own]))
    sizes = [len(own) for own in texts]
    said = torch.from_numpy(embedder.embed([neutral(_told(p), names) for p in pairs]))
    said = said.repeat_interleave(torch.tensor(sizes), 0)
    generator = torch.Generator().manual_seed(settings.seed * 1009 + turn)
    count = len(exact)
    one, other = (exact[torch.randperm(count, generator=generator)] for _ in range(2))
    near, far = (torch.rand(count, 1, generator=generator) * most for most in (settings.towards, settings.noise))
    told = torch.tensor([p.task == "memory" and not is_unknown(p.answer) for p in pairs]).repeat_interleave(
        torch.tensor(sizes)
    )
    near = near * told[:, None]
    vague = torch.nn.functional.normalize((1 - near) * exact + near * said + far * (one - other), dim=1)
    parts = {"sense": torch.split(exact, sizes), "vague": torch.split(vague, sizes)}
    parts["swapped"] = parts["vague"]
    return [None if view == "plain" else parts[view][i] for i, view in enumerate(views)]


def _told(pair: Pair) -> str:
    """What the answer tells, without the words that say whose it is."""
    return pair.answer.split(WROTE, 1)[-1]


def _lower(
    base: LocalBase, encoded: Sequence[tuple[list[int], list[int]]], senses: Sequence[torch.Tensor | None], stop: int
) -> list[Row]:
    """The frozen layers below `stop`, for one batch."""
    import torch

    sequences = [prompt + answer for prompt, answer in encoded]
    longest = max(map(len, sequences))
    pad = base.tokenizer.pad_token_id or 0
    ids = torch.tensor([s + [pad] * (longest - len(s)) for s in sequences], device=base.device)
    given = [v for v in senses if v is not None]
    slots = [(i, p) for i, s in enumerate(sequences) if senses[i] is not None for p in base.sense_slots(s)]
    with torch.no_grad(), fast(base.device.type):
        hidden = embed_prompts(base, ids, slots, torch.cat(given) if given else None)
        hidden = run_layers(base.model.model, hidden, 0, stop)
    return [
        Row(hidden[i, : len(s) - 1].float(), torch.tensor(answer, device=base.device), len(prompt) - 1)
        for i, (s, (prompt, answer)) in enumerate(zip(sequences, encoded, strict=True))
    ]


def talk_rows(pairs: Sequence[Pair], base: LocalBase, embedder: Embedder | None, settings: SftSettings) -> list[Row]:
    """With the senses of the words and without, pair by pair in turn."""
    return rows_of(pairs, base, embedder, (), replace(settings, views=("sense", "plain")))
