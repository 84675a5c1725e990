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
from typing import TYPE_CHECKING, Any, Literal

from ipse.errors import TrainingError
from ipse.llm.arithmetic import fast
from ipse.llm.local import LocalBase, embed_prompts
from ipse.llm.protocol import Embedder
from ipse.llm.sense import neutral
from ipse.types import Pair
from ipse.voice import WROTE
from ipse.weights.evaluate import is_unknown

if TYPE_CHECKING:
    import torch

SHORT = {"LlamaDecoderLayer", "MistralDecoderLayer", "Qwen2DecoderLayer", "Qwen3DecoderLayer"}
"""Decoder layers known to add attention, then feed-forward, each after its norm and with no more to it."""

MOST_RANK = 128

Progress = Callable[[str, int, int], None]
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


@dataclass(frozen=True, slots=True)
class Row:
    """One pair as seen in one view: the frozen layers' output and the answer's tokens."""

    hidden: torch.Tensor
    """(length, width): input of the first adapted layer."""
    targets: torch.Tensor
    """(answer length,): the tokens to be said."""
    start: int
    """Index of the position that predicts the first target."""


def with_room(settings: SftSettings, pairs: int) -> SftSettings:
    """The rank doubled, and `alpha` with it, until so many pairs fit, or as far as MOST_RANK allows."""
    room = settings.room
    while room < pairs and 2 * settings.rank <= MOST_RANK:
        room, settings = 2 * room, replace(settings, rank=2 * settings.rank, alpha=2 * settings.alpha)
    return settings


def first_adapted(base: LocalBase, settings: SftSettings) -> int:
    layers = int(base.model.config.num_hidden_layers)
    return layers - max(1, math.ceil(layers * settings.upper))


def new_adapter(base: LocalBase, settings: SftSettings) -> Any:
    """The base wrapped in a fresh peft adapter of the method (all linear maps of the upper layers)."""
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
    if settings.method == "lora":
        return get_peft_model(base.twin(), LoraConfig(lora_alpha=settings.alpha, lora_dropout=0.0, **shared))
    # the random maps come again from their key, which is saved; kept, they would be most of the file
    warnings.filterwarnings("ignore", message="Specified to not (save|load) vera_A and vera_B")
    config = VeraConfig(projection_prng_key=settings.seed, save_projection=False, **shared)
    return get_peft_model(base.twin(), config)


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
        hidden = _layers(base.model.model, hidden, 0, stop)
    return [
        Row(hidden[i, : len(s) - 1].float(), torch.tensor(answer, device=base.device), len(prompt) - 1)
        for i, (s, (prompt, answer)) in enumerate(zip(sequences, encoded, strict=True))
    ]


def _layers(decoder: Any, hidden: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Decoder layers [start, stop) on right-padded rows; causality alone keeps padding out of sight."""
    at = _positions(decoder, hidden)
    for layer in decoder.layers[start:stop]:
        out = layer(hidden, attention_mask=None, **at)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden


def _last_layer(decoder: Any, hidden: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """The last decoder layer, for these positions alone; shape (positions, width).

    Nothing comes after it that would look back, so that the others need no feed-forward: two thirds of its work.
    """
    layer = decoder.layers[-1]
    if type(layer).__name__ not in SHORT:
        return _layers(decoder, hidden, len(decoder.layers) - 1, len(decoder.layers))[rows, columns]
    seen, _ = layer.self_attn(layer.input_layernorm(hidden), attention_mask=None, **_positions(decoder, hidden))
    answering = (hidden + seen)[rows, columns]
    out: torch.Tensor = answering + layer.mlp(layer.post_attention_layernorm(answering))
    return out


def _positions(decoder: Any, hidden: torch.Tensor) -> dict[str, Any]:
    import torch

    places = torch.arange(hidden.shape[1], device=hidden.device)[None]
    return {"position_embeddings": decoder.rotary_emb(hidden, places), "position_ids": places}


def answer_logits(model: Any, rows: Sequence[Row], start_layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What is said at each answer token, shape (tokens of all rows, vocabulary), and the row each belongs to."""
    import torch

    longest = max(r.hidden.shape[0] for r in rows)
    width = rows[0].hidden.shape[1]
    hidden = torch.zeros(len(rows), longest, width, device=rows[0].hidden.device)
    for i, row in enumerate(rows):
        hidden[i, : row.hidden.shape[0]] = row.hidden
    index = [(i, row.start + k) for i, row in enumerate(rows) for k in range(len(row.targets))]
    owner, column = torch.tensor(index, device=hidden.device).T
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    with fast(hidden.device.type):
        hidden = _layers(causal.model, hidden, start_layer, len(causal.model.layers) - 1)
        answering = _last_layer(causal.model, hidden, owner, column)
        logits = causal.lm_head(causal.model.norm(answering)).float()
    return logits, owner


def answer_losses(model: Any, rows: Sequence[Row], start_layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss of each answer token, flat, and the row each belongs to."""
    import torch
    from torch.nn import functional as F

    logits, owner = answer_logits(model, rows, start_layer)
    return F.cross_entropy(logits, torch.cat([r.targets for r in rows]), reduction="none"), owner


def talk_rows(pairs: Sequence[Pair], base: LocalBase, embedder: Embedder | None, settings: SftSettings) -> list[Row]:
    """With the senses of the words and without, pair by pair in turn."""
    return rows_of(pairs, base, embedder, (), replace(settings, views=("sense", "plain")))


def strayed(model: Any, base: LocalBase, rows: Sequence[Row], start_layer: int) -> torch.Tensor:
    """How far the adapter's words are from what the base says: mean KL(base, adapted) of a token, in nats."""
    import torch
    from torch.nn import functional as F

    with torch.no_grad():
        said = torch.log_softmax(answer_logits(base.model, rows, start_layer)[0], 1)
    adapted = torch.log_softmax(answer_logits(model, rows, start_layer)[0], 1)
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
                if talk and settings.held and number % settings.hold_every == 0:
                    shown = random.Random(f"{settings.seed}/{epoch}/{number}").choices(talk, k=settings.held)
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
