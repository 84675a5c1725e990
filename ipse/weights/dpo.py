"""Direct preference optimisation after SFT: the adapter's own wrong answers against the ledger's.

The pairs come from what the fine-tuned model says: where it disagrees with the answer that the
facts give, that answer is chosen and its own rejected. Reference is the fine-tuned adapter as it
was (Rafailov et al., 2023, eq. 7). A model that makes no mistakes gives no pairs and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ipse.llm.local import LocalBase, LocalChat
from ipse.llm.protocol import Embedder
from ipse.types import Message, Pair, PreferencePair, new_id
from ipse.weights.evaluate import agrees
from ipse.weights.layers import Row, answer_losses
from ipse.weights.rows import rows_of
from ipse.weights.settings import SftSettings, first_adapted

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class DpoSettings:
    share: float = 0.2
    """Of the SFT pairs, so many are asked at most: those with tokens that SFT left unlearnt."""
    beta: float = 0.1
    learning_rate: float = 3e-4
    epochs: int = 2
    batch: int = 16


def preferences(pairs: Sequence[Pair], chat: LocalChat, most: int) -> list[PreferencePair]:
    """The model's disagreements with the ledger on the first `most` of these pairs."""
    asked = pairs[:most]
    replies = chat.chat([p.prompt for p in asked], max_tokens=48)
    return [
        PreferencePair(new_id("preference", p.id, r.text), p.prompt, p.answer, r.text, p.refs)
        for p, r in zip(asked, replies, strict=True)
        if r.text and not agrees(r.text, p.answer)
    ]


def dpo_loss(
    chosen: torch.Tensor,
    rejected: torch.Tensor,
    chosen_before: torch.Tensor,
    rejected_before: torch.Tensor,
    beta: float,
) -> torch.Tensor:
    """Mean of -log sigmoid(beta * margin); arguments are summed log-probabilities of whole answers."""
    from torch.nn import functional as F

    return -F.logsigmoid(beta * ((chosen - chosen_before) - (rejected - rejected_before))).mean()


def tune(
    model: Any,
    found: Sequence[PreferencePair],
    base: LocalBase,
    embedder: Embedder | None,
    names: Sequence[str],
    sft: SftSettings,
    settings: DpoSettings,
) -> None:
    """Trains the adapter in `model` in place."""
    import torch

    view = replace(sft, views=("sense",))
    rows = [_rows(found, base, embedder, names, view, side) for side in ("chosen", "rejected")]
    start = first_adapted(base, sft)
    with torch.no_grad():
        before = [torch.cat([_log_probs(model, [row], start) for row in side]) for side in rows]
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    for _ in range(settings.epochs):
        for first in range(0, len(found), settings.batch):
            part = slice(first, first + settings.batch)
            now = [_log_probs(model, side[part], start) for side in rows]
            loss = dpo_loss(now[0], now[1], before[0][part], before[1][part], settings.beta)
            # the chosen answer must stay likely in itself, not only likelier than the rejected one
            likely = -now[0].mean() / max(1, sum(len(r.targets) for r in rows[0][part]) // len(rows[0][part]))
            (loss + 0.2 * likely).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()


def _rows(
    found: Sequence[PreferencePair],
    base: LocalBase,
    embedder: Embedder | None,
    names: Sequence[str],
    settings: SftSettings,
    side: str,
) -> list[Row]:
    """One row a preference, in their order; `side` is "chosen" or "rejected"."""
    pairs = [
        Pair("", "memory", "self", side, (*p.prompt, Message("assistant", getattr(p, side))), p.refs) for p in found
    ]
    return rows_of(pairs, base, embedder, names, settings)


def _log_probs(model: Any, rows: Sequence[Row], start: int) -> torch.Tensor:
    """Summed log-probability of each row's answer, shape (rows,)."""
    import torch

    losses, owner = answer_losses(model, rows, start)
    return torch.zeros(len(rows), device=losses.device).index_add(0, owner, -losses)
