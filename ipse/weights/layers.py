"""A decoder from one layer to another, and what is said where answers stand.

The adapter sits in the upper layers, so what the lower ones make of a pair never changes: it is computed once
and kept as a `Row`, from which every step goes on. It refuses to know what is trained, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipse.llm.arithmetic import fast

if TYPE_CHECKING:
    import torch

SHORT = {"LlamaDecoderLayer", "MistralDecoderLayer", "Qwen2DecoderLayer", "Qwen3DecoderLayer"}
"""Decoder layers known to add attention, then feed-forward, each after its norm and with no more to it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One pair as seen in one view: the frozen layers' output and the answer's tokens."""

    hidden: torch.Tensor
    """(length, width): input of the first adapted layer."""
    targets: torch.Tensor
    """(answer length,): the tokens to be said."""
    start: int
    """Index of the position that predicts the first target."""


def run_layers(decoder: Any, hidden: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Decoder layers [start, stop) on right-padded rows; causality alone keeps padding out of sight."""
    at = _positions(decoder, hidden)
    for layer in decoder.layers[start:stop]:
        out = layer(hidden, **at)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden


def _last_layer(decoder: Any, hidden: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """The last decoder layer, for these positions alone; shape (positions, width).

    Nothing comes after it that would look back, so that the others need no feed-forward: two thirds of its work.
    """
    layer = decoder.layers[-1]
    if type(layer).__name__ not in SHORT:
        return run_layers(decoder, hidden, len(decoder.layers) - 1, len(decoder.layers))[rows, columns]
    seen, _ = layer.self_attn(layer.input_layernorm(hidden), **_positions(decoder, hidden))
    answering = (hidden + seen)[rows, columns]
    out: torch.Tensor = answering + layer.mlp(layer.post_attention_layernorm(answering))
    return out


def _positions(decoder: Any, hidden: torch.Tensor) -> dict[str, Any]:
    """Where the tokens stand, and that none sees a later one, which written-out attention has to be told."""
    import torch

    length = hidden.shape[1]
    places = torch.arange(length, device=hidden.device)[None]
    mask = None
    if decoder.config._attn_implementation == "eager":
        mask = torch.full((1, 1, length, length), -torch.inf, dtype=torch.bfloat16, device=hidden.device).triu(1)
    return {"attention_mask": mask, "position_embeddings": decoder.rotary_emb(hidden, places), "position_ids": places}


def answer_states(model: Any, rows: Sequence[Row], start_layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What is known where each answer token is said, shape (tokens of all rows, width), and the row each belongs to."""
    import torch

    longest = max(r.hidden.shape[0] for r in rows)
    width = rows[0].hidden.shape[1]
    hidden = torch.zeros(len(rows), longest, width, device=rows[0].hidden.device)
    for i, row in enumerate(rows):
        hidden[i, : row.hidden.shape[0]] = row.hidden
    index = [(i, row.start + k) for i, row in enumerate(rows) for k in range(len(row.targets))]
    owner, column = torch.tensor(index, device=hidden.device).T
    causal = _causal(model)
    with fast(hidden.device.type):
        hidden = run_layers(causal.model, hidden, start_layer, len(causal.model.layers) - 1)
        return causal.model.norm(_last_layer(causal.model, hidden, owner, column)), owner


def logits_of(model: Any, states: torch.Tensor) -> torch.Tensor:
    """What is said there, shape (tokens, vocabulary)."""
    with fast(states.device.type):
        logits: torch.Tensor = _causal(model).lm_head(states).float()
    return logits


def _causal(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def answer_losses(model: Any, rows: Sequence[Row], start_layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of each answer token, flat, and the row each belongs to."""
    import torch
    from torch.nn import functional as F

    states, owner = answer_states(model, rows, start_layer)
    targets = torch.cat([r.targets for r in rows])
    return F.cross_entropy(logits_of(model, states), targets, reduction="none"), owner
