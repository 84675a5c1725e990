"""Supervised fine-tuning of one person's LoRA on the frozen base: the answers, and only the answers.

What makes it fast on two cores: the adapter sits in the upper layers, so what the lower ones
compute never changes and is computed once and kept; tokens already learnt get no gradient and
training stops when all are (MemFT-OT, Parametric Memory Law, arXiv 2605.30260: loss over tokens
below the threshold, none when all pass); rows of like length share a batch. Where few tokens are left they
push hard and unsettle what is learnt, so what is kept is a running mean of the weights.
It refuses to know facts, stores and evaluation: rows in, adapter weights out.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipse.errors import TrainingError
from ipse.llm.local import LocalBase
from ipse.llm.protocol import Embedder
from ipse.types import Pair
from ipse.weights.layers import Row, answer_losses, answer_states, logits_of
from ipse.weights.rows import rows_of
from ipse.weights.settings import SftSettings, first_adapted

if TYPE_CHECKING:
    import torch

Progress = Callable[[str, int, int], None]


def new_adapter(base: LocalBase, settings: SftSettings) -> Any:
    """The base wrapped in a fresh peft adapter of the method (all linear maps of the upper layers).

    On a processor with attention written out: the fused one takes a fifth of a step, most of it going back.
    """
    import torch
    from peft import LoraConfig, VeraConfig, get_peft_model

    torch.manual_seed(settings.seed)
    # peft asks transformers under a name that is going away; there is nothing a user could do about it
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
    shared: dict[str, Any] = {
        "r": settings.rank,
        "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        "layers_to_transform": list(range(first_adapted(base, settings), base.model.config.num_hidden_layers)),
        "task_type": "CAUSAL_LM",
    }
    twin = base.twin()
    if base.device.type == "cpu":
        twin.set_attn_implementation("eager")
    if settings.method == "lora":
        return get_peft_model(twin, LoraConfig(lora_alpha=settings.alpha, lora_dropout=0.0, **shared))
    # the random maps come again from their key, which is saved; kept, they would be most of the file
    warnings.filterwarnings("ignore", message="Specified to not (save|load) vera_A and vera_B")
    config = VeraConfig(projection_prng_key=settings.seed, save_projection=False, **shared)
    return get_peft_model(twin, config)


@dataclass(frozen=True, slots=True)
class Talk:
    """A row of small talk and what the base would say there."""

    row: Row
    states: torch.Tensor
    """(answer length, width): `answer_states` of the base, from which its logits come, which are far larger."""


def said_by_base(rows: Sequence[Row], base: LocalBase, start_layer: int) -> list[Talk]:
    """Once for all steps: the base doesn't change."""
    import torch

    found = []
    with torch.no_grad():
        for first in range(0, len(rows), 64):
            part = rows[first : first + 64]
            states, _ = answer_states(base.model, part, start_layer)
            split = torch.split(states, [len(row.targets) for row in part])
            found += [Talk(row, its) for row, its in zip(part, split, strict=True)]
    return found


def strayed(model: Any, base: LocalBase, talk: Sequence[Talk], start_layer: int) -> torch.Tensor:
    """How far the adapter's words are from what the base says: mean KL(base, adapted) of a token, in nats."""
    import torch
    from torch.nn import functional as F

    with torch.no_grad():
        said = torch.log_softmax(logits_of(base.model, torch.cat([t.states for t in talk])), 1)
    states, _ = answer_states(model, [t.row for t in talk], start_layer)
    adapted = torch.log_softmax(logits_of(model, states), 1)
    return F.kl_div(adapted, said, log_target=True, reduction="batchmean")


def already_said(
    pairs: Sequence[Pair], base: LocalBase, embedder: Embedder | None, names: Sequence[str], settings: SftSettings
) -> list[bool]:
    """Whether the bare base would give each answer, token for token: every token likelier than one half."""
    import torch

    said = []
    start = first_adapted(base, settings)
    with torch.no_grad():
        for first in range(0, len(pairs), 64):
            part = pairs[first : first + 64]
            rows = rows_of(part, base, embedder, names, replace(settings, views=("sense",)))
            losses, owner = answer_losses(base.model, rows, start)
            worst = torch.zeros(len(part)).scatter_reduce(0, owner.cpu(), losses.cpu(), "amax")
            said += (worst < math.log(2)).tolist()
    return said


def memft(losses: torch.Tensor, learnt_at: float) -> torch.Tensor:
    """Mean loss over tokens not yet learnt; zero when all are (MemFT-OT, with its ln 2 as -ln learnt_at)."""
    pending = _pending(losses, learnt_at).float()
    return (losses * pending).sum() / pending.sum().clamp(min=1.0)


def _pending(losses: torch.Tensor, learnt_at: float) -> torch.Tensor:
    """Which tokens are not yet learnt; a loss that is no number is surely not."""
    return ~(losses.detach() <= -math.log(learnt_at))


@dataclass(frozen=True, slots=True)
class Trained:
    model: Any
    epochs: int
    lacking: tuple[int, ...]
    """For each row the answer tokens still below the threshold when it was last trained on."""

    @property
    def unlearnt(self) -> int:
        return sum(self.lacking)


def fit(
    turns: Sequence[Sequence[Row]],
    base: LocalBase,
    settings: SftSettings,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    talk: Sequence[Row] = (),
) -> Trained:
    """Trains until every answer token is learnt or the epochs are used up.

    `turns` are the same pairs in different views (`all_views`); the epochs go through them in turn. Beside
    them the adapter is held to what the base says in `talk`, some of it in each step.
    With `checkpoint` the state is written after every epoch and picked up again, so a killed run
    ends with the very bytes that an unbroken one gives. Raises TrainingError if the loss is not finite.
    """
    import torch

    model = new_adapter(base, settings)
    start = first_adapted(base, settings)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    mean = RunningMean(parameters, settings.average * len(turns[0]) / settings.batch)
    done, unlearnt = _restore(checkpoint, model, optimizer, mean, len(turns[0]))
    answer_tokens = sum(len(row.targets) for row in turns[0])
    held = said_by_base(talk, base, start) if settings.held else []
    for epoch in range(done + 1, settings.epochs + 1):
        if sum(unlearnt) <= settings.enough * answer_tokens:
            break
        rows = turns[(epoch - 1) % len(turns)]
        rate = settings.learning_rate * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / settings.epochs)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        todo = [i for i in range(len(rows)) if unlearnt[i] or (i + epoch) % settings.sweep_every == 0]
        batches = batches_of(todo, rows, settings, epoch)
        for number, batch in enumerate(batches):
            losses, owner = answer_losses(model, [rows[i] for i in batch], start)
            pending = _pending(losses, settings.learnt_at)
            for k, i in enumerate(batch):
                unlearnt[i] = int(pending[owner == k].sum())
            if pending.any():
                loss = memft(losses, settings.learnt_at)
                if held and number % settings.hold_every == 0:
                    shown = random.Random(f"{settings.seed}/{epoch}/{number}").choices(held, k=settings.held)
                    loss = loss + settings.hold * strayed(model, base, shown, start)
                if not torch.isfinite(loss):
                    raise TrainingError(f"the loss is {loss.item()} in epoch {epoch}; lower the learning rate")
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                optimizer.zero_grad()
                mean.take_in()
            if progress:
                progress("sft", (epoch - 1) * len(batches) + number + 1, settings.epochs * len(batches))
        _save(checkpoint, model, optimizer, mean, epoch, unlearnt)
        done = epoch
    mean.put_in()
    if progress:
        progress("sft", 1, 1)
    return Trained(model, done, tuple(unlearnt))


class RunningMean:
    """Of parameters over about `window` steps (exponential, after Polyak and Juditsky 1992), in place of the last.

    torch's AveragedModel does the same with a whole model, and so would copy the frozen base.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], window: float) -> None:
        self.parameters = parameters
        self.window = window
        self.values = [p.detach().clone() for p in parameters]
        self.steps = 0

    def take_in(self) -> None:
        """After each step. The first ones, which know nothing, it forgets faster, as TensorFlow's
        ExponentialMovingAverage does."""
        self.steps += 1
        share = max(1 / max(1.0, self.window), 9 / (9 + self.steps))
        for value, parameter in zip(self.values, self.parameters, strict=True):
            value.lerp_(parameter.detach(), share)

    def put_in(self) -> None:
        """Into the parameters."""
        for value, parameter in zip(self.values, self.parameters, strict=True):
            parameter.data.copy_(value)


def batches_of(todo: Sequence[int], rows: Sequence[Row], settings: SftSettings, epoch: int) -> list[list[int]]:
    """Row numbers in batches of like length, in an order that depends on seed and epoch alone."""
    rng = random.Random(f"{settings.seed}/{epoch}")
    jittered = sorted(todo, key=lambda i: (rows[i].hidden.shape[0] + rng.uniform(-3, 3), i))
    batches = [jittered[i : i + settings.batch] for i in range(0, len(jittered), settings.batch)]
    rng.shuffle(batches)
    return batches


def _save(
    checkpoint: Path | None, model: Any, optimizer: Any, mean: RunningMean, epoch: int, unlearnt: list[int]
) -> None:
    if checkpoint is None:
        return
    import torch

    state = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
    partial = checkpoint.with_suffix(".partial")
    kept = {"lora": state, "optimizer": optimizer.state_dict(), "mean": mean.values, "steps": mean.steps}
    torch.save(kept | {"epoch": epoch, "unlearnt": unlearnt}, partial)
    partial.replace(checkpoint)


def _restore(
    checkpoint: Path | None, model: Any, optimizer: Any, mean: RunningMean, rows: int
) -> tuple[int, list[int]]:
    """Finished epochs and what each row still lacks; a checkpoint of other rows is not taken up."""
    fresh = (0, [1] * rows)
    if checkpoint is None or not checkpoint.exists():
        return fresh
    import torch

    saved = torch.load(checkpoint, weights_only=True)
    if len(saved["unlearnt"]) != rows:
        return fresh
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in saved["lora"].items():
            own[name].copy_(value)
    optimizer.load_state_dict(saved["optimizer"])
    mean.values, mean.steps = saved["mean"], saved["steps"]
    return int(saved["epoch"]), list(saved["unlearnt"])
