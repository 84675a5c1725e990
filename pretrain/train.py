"""Trains the base: next-token loss on the corpus, and meaning borrowed from the sentence model.

Three loans from MiniLM: token embeddings start as its vectors of the vocabulary items (PCA to the
width); the state where a reply begins learns to predict the vector of the question, and where a note ends that of the
note (cosine and in-batch contrast); and the vector itself, projected, stands in the sense slot - left out part of
the time, so that the base is a plain causal LM as well. Muon moves the hidden matrices (K. Jordan, 2024;
scaled to AdamW's steps, arXiv 2502.16982, 2.2), AdamW the rest.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ipse.llm.arithmetic import fast
from ipse.llm.protocol import Embedder
from ipse.llm.sense import Projector, neutral
from ipse.llm.template import ASSISTANT, END, SENSE, render
from pretrain.corpus import Corpus, Document


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides the result besides the corpus. Times in minutes, lengths in tokens."""

    width: int = 256
    layers: int = 6
    heads: int = 4
    inner: int = 704
    vocabulary: int = 4096
    longest: int = 320
    batch: int = 24
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    minutes: float = 60.0
    sense_dropout: float = 0.4
    sense_noise: float = 0.018
    context_weight: float = 0.2
    sense_layer: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One encoded document: ids, a loss weight for each, where senses go, where replies begin and notes end.

    `texts[i]` are what the i-th sense is the mean of; `notes` belong to `note_at`.
    """

    ids: list[int]
    weights: list[float]
    sense_at: list[int]
    reply_at: list[int]
    texts: list[tuple[str, ...]]
    note_at: list[int]
    notes: list[str]


def encode(document: Document, tokenizer: Any, plan: Plan) -> Row | None:
    """None if the document is longer than the plan allows."""
    ids: list[int] = tokenizer.encode(render(document.messages, open_reply=False), add_special_tokens=False)
    if len(ids) > plan.longest:
        return None
    assistant, end, sense = (tokenizer.convert_tokens_to_ids(t) for t in (ASSISTANT, END, SENSE))
    weights, inside = [], False
    background = 1.0 if document.kind == "chat" else plan.context_weight
    for token in ids:
        weights.append(1.0 if inside else background)
        inside = token == assistant or (inside and token != end)
    # only real sentences are worth a vector of their own: they come again, invented ones never do
    notes = document.messages[0].content.split("\n- ")[1:] if document.kind == "recall" else []
    breaks = {end, *tokenizer.encode("\n", add_special_tokens=False)}
    ends = [i for i, t in enumerate(ids) if t in breaks][1 : len(notes) + 1]
    return Row(
        ids,
        weights,
        [i for i, t in enumerate(ids) if t == sense],
        [i for i, t in enumerate(ids) if t == assistant],
        [tuple(neutral(text) for text in texts) for texts in document.senses],
        ends,
        [neutral(note) for note in notes],
    )


class Senses:
    """Sentence vectors by text, computed once."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.known: dict[str, np.ndarray[Any, Any]] = {}

    def __call__(self, senses: Sequence[tuple[str, ...]]) -> torch.Tensor:
        """Unit vectors, shape (senses, dims), each in the direction of its texts' mean."""
        new = sorted({t for texts in senses for t in texts if t not in self.known})
        if new:
            self.known.update(zip(new, self.embedder.embed(new), strict=True))
        means = np.stack([np.mean([self.known[t] for t in texts], 0) for texts in senses])
        return F.normalize(torch.from_numpy(means), dim=1)


def new_model(plan: Plan, tokenizer: Any, embedder: Embedder) -> Any:
    """A Llama whose token embeddings start as the sentence model's vectors of the vocabulary."""
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=plan.width,
            intermediate_size=plan.inner,
            num_hidden_layers=plan.layers,
            num_attention_heads=plan.heads,
            num_key_value_heads=plan.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )
    words = [tokenizer.decode([i]).strip() or "." for i in range(len(tokenizer))]
    vectors = torch.from_numpy(embedder.embed(words))
    vectors = vectors - vectors.mean(0)
    _, _, axes = torch.pca_lowrank(vectors, q=plan.width)
    reduced = vectors @ axes
    model.model.embed_tokens.weight.data.copy_(reduced / reduced.std() * 0.02)
    return model


def earlier_model(start: Path) -> Any:
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(start, dtype=torch.float32)


def batches(corpus: Corpus, tokenizer: Any, plan: Plan, rng: random.Random) -> Any:
    """Endless batches of rows of like length."""
    documents = iter(corpus)
    while True:
        rows: list[Row] = []
        while len(rows) < plan.batch * 8:
            row = encode(next(documents), tokenizer, plan)
            if row:
                rows.append(row)
        rows.sort(key=lambda r: len(r.ids))
        groups = [rows[i : i + plan.batch] for i in range(0, len(rows), plan.batch)]
        rng.shuffle(groups)
        yield from groups


def loss_of(
    rows: list[Row], model: Any, projector: Projector, reader: nn.Linear, senses: Senses, plan: Plan
) -> tuple[torch.Tensor, dict[str, float]]:
    """Next-token loss (weighted) plus the loss of the state that should know what was asked."""
    longest = max(len(r.ids) for r in rows)
    ids = torch.tensor([r.ids + [0] * (longest - len(r.ids)) for r in rows])
    weights = torch.tensor([r.weights + [0.0] * (longest - len(r.ids)) for r in rows])
    vectors = senses([t for r in rows for t in r.texts])
    at = [(i, p) for i, r in enumerate(rows) for p in r.sense_at]
    kept = torch.rand(len(at)) >= plan.sense_dropout
    embedded = model.model.embed_tokens(ids)
    noisy = F.normalize(vectors + torch.randn_like(vectors) * plan.sense_noise * 2 * torch.rand(len(at), 1), dim=1)
    row_at, column_at = (torch.tensor([x[k] for x in at])[kept] for k in (0, 1))
    embedded = embedded.index_put((row_at, column_at), projector(noisy[kept]).to(embedded.dtype))
    # rows are padded on the right, so causality alone keeps the padding out of sight: no mask, fast kernel
    out = model.model(inputs_embeds=embedded, output_hidden_states=True, use_cache=False)
    # a token of weight w is drawn with probability w: the same gradient on average, far fewer logits
    drawn = torch.rand(weights[:, 1:].shape) < weights[:, 1:]
    logits = model.lm_head(out.last_hidden_state[:, :-1][drawn]).float()
    token_loss = F.cross_entropy(logits, ids[:, 1:][drawn], reduction="none")
    language = token_loss.mean()
    states = out.hidden_states[plan.sense_layer]
    sense = told(reader, states, [(i, p) for i, r in enumerate(rows) for p in r.reply_at[: len(r.texts)]], vectors)
    notes = [(i, p) for i, r in enumerate(rows) for p in r.note_at]
    if notes:
        sense = sense + 0.5 * told(reader, states, notes, senses([(t,) for r in rows for t in r.notes]))
    answer = weights[:, 1:][drawn] == 1.0
    return language + 0.5 * sense, {
        "loss": language.item(),
        "answer": token_loss[answer].mean().item(),
        "sense": sense.item(),
    }


def told(
    reader: nn.Linear, states: torch.Tensor, places: Sequence[tuple[int, int]], vectors: torch.Tensor
) -> torch.Tensor:
    """How badly the states (rows, length, width) at `places` tell the sentence vectors (places, dims)."""
    rows, columns = zip(*places, strict=True)
    guess = F.normalize(reader(states[torch.tensor(rows), torch.tensor(columns)].float()), dim=1)
    alike = (vectors @ vectors.T > 0.98).float()
    scores = guess @ vectors.T / 0.05 - (alike - torch.eye(len(vectors))).clamp(min=0) * 1e4
    return (1 - (guess * vectors).sum(1)).mean() * 2 + 0.3 * F.cross_entropy(scores, torch.arange(len(vectors)))


def optimizers(model: Any, others: Sequence[nn.Parameter], plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the hidden matrices, AdamW for embeddings, norms and `others`."""
    hidden = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    taken = {id(p) for p in hidden}
    rest = [p for p in (*model.parameters(), *others) if id(p) not in taken]
    rate, decay = plan.learning_rate, plan.weight_decay
    return [
        torch.optim.Muon(hidden, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, weight_decay=decay, betas=(0.9, 0.95), fused=True),
    ]


def train(corpus: Corpus, tokenizer: Any, embedder: Embedder, plan: Plan, out: Path, start: Path | None = None) -> None:
    """Trains for `plan.minutes`, saving to `out` every five minutes and at the end.

    `start` is the folder of an earlier run to go on from, with a learning rate of its own.
    """
    torch.manual_seed(plan.seed)
    model = new_model(plan, tokenizer, embedder) if start is None else earlier_model(start)
    projector, reader = Projector(embedder.dims, plan.width), nn.Linear(plan.width, embedder.dims)
    if start is not None:
        projector = Projector.load(start / "sense.safetensors")
        projector.module.requires_grad_(True)
    others = [*projector.module.parameters(), *reader.parameters()]
    moving = optimizers(model, others, plan)
    senses, rng = Senses(embedder), random.Random(plan.seed)
    began = saved = time.monotonic()
    tokens = 0
    history: list[dict[str, float]] = []
    for step, rows in enumerate(batches(corpus, tokenizer, plan, rng), start=1):
        done = (time.monotonic() - began) / (plan.minutes * 60)
        if done >= 1:
            break
        rate = plan.learning_rate * min(1.0, step / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in (g for optimizer in moving for g in optimizer.param_groups):
            group["lr"] = rate
        with fast():
            loss, parts = loss_of(rows, model, projector, reader, senses, plan)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*model.parameters(), *others], 1.0)
        for optimizer in moving:
            optimizer.step()
            optimizer.zero_grad()
        tokens += sum(len(r.ids) for r in rows)
        if step % 50 == 0:
            history.append({"step": step, "tokens": tokens, "minutes": done * plan.minutes, **parts})
            print(
                f"{done:5.1%} step {step} {tokens / 1e6:.2f}M tokens "
                + " ".join(f"{k} {v:.3f}" for k, v in parts.items()),
                flush=True,
            )
        if time.monotonic() - saved > 300:
            save(model, projector, plan, history, out)
            saved = time.monotonic()
    save(model, projector, plan, history, out)


def save(model: Any, projector: Projector, plan: Plan, history: list[dict[str, float]], out: Path) -> None:
    """transformers' own folder, with `sense.safetensors` and the training record beside it; half precision."""
    state = {k: v.detach().half() for k, v in model.state_dict().items() if k != "lm_head.weight"}
    model.save_pretrained(out, state_dict=state)
    projector.save(out / "sense.safetensors")
    (out / "training.json").write_text(json.dumps({"plan": asdict(plan), "history": history}, indent=1))
