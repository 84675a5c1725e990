"""Trains the bi-encoder: turns sentence vectors so that a question lies near the line of a life that answers it.

Two small networks beside MiniLM, which stays as it is; the loss is one softmax over all lines of a life (as in dense
passage retrieval, Karpukhin et al. 2020, 3.2, with the life's other lines as the hard negatives). Much is dropped out:
forty thousand questions are soon learnt by heart. Held out are the same people as for the reader.

    python -m pretrain.biencoder [--out FILE]        ten minutes on two cores, most of it MiniLM's
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from ipse.llm.biencoder import NEAR
from ipse.llm.crossencoder import READER
from ipse.llm.minilm import DIMS, default_embedder
from ipse.llm.sense import neutral
from pretrain.lives import PERSON, Life, apart, read_lives
from pretrain.windows import Meanings, meanings

ASSISTANT = "assistant"
LIVES_AT_ONCE = 16
"""Lives whose texts are embedded together."""
RANKS = (1, 3, 8, 18)
"""Among how many of the nearest the answer is looked for when measured."""


@dataclass(frozen=True, slots=True)
class TurningPlan:
    hidden: int = 512
    dropout: float = 0.6
    epochs: int = 5
    batch: int = 4
    """Lives in a step."""
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: int = 100
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A life in vectors: lines with what stands beside them, (lines, DIMS); questions, (questions, DIMS), and each
    one's lines that answer. `evidence` marks the lines that may: not an assistant's."""

    own: torch.Tensor
    before: torch.Tensor
    after: torch.Tensor
    by_others: torch.Tensor
    evidence: torch.Tensor
    questions: torch.Tensor
    right: tuple[tuple[int, ...], ...]


class Turning(nn.Module):
    """The trained form of `ipse.llm.biencoder.BiEncoder`; both networks add nothing at first."""

    def __init__(self, plan: TurningPlan) -> None:
        super().__init__()
        self.asked = _network(DIMS, plan)
        self.told = _network(3 * DIMS + 1, plan)
        self.mix = nn.Parameter(torch.tensor([0.55, 0.30, 0.15]))
        self.log_scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, life: Asked) -> torch.Tensor:
        """Log-likelihood of each line that it answers, shape (questions, lines)."""
        scores = self.nearness(life) * self.log_scale.exp()
        return F.log_softmax(scores.masked_fill(~life.evidence, -99.0), 1)

    def nearness(self, life: Asked) -> torch.Tensor:
        """Cosines, shape (questions, lines)."""
        beside = torch.cat([life.own, life.before, life.after, life.by_others[:, None]], 1)
        mixed = torch.stack([life.own, life.before, life.after], -1) @ self.mix
        told = F.normalize(mixed + self.told(beside), dim=1)
        return F.normalize(life.questions + self.asked(life.questions), dim=1) @ told.T


def _network(width: int, plan: TurningPlan) -> nn.Sequential:
    last = nn.Linear(plan.hidden, DIMS)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(width, plan.hidden), nn.ReLU(), nn.Dropout(plan.dropout), last)


def asked_of(life: Life, known: Meanings) -> Asked:
    """The life's questions that something answers. Lines are taken as they stand, for so they lie in a store."""
    places = [(n, i) for n, note in enumerate(life.notes) for i in range(len(note))]
    at = {place: row for row, place in enumerate(places)}
    lines = [line for note in life.notes for line in note]
    own = torch.from_numpy(np.stack([known[text] for _, text in lines]))
    before, after = ([at.get((n, i + step), at[n, i]) for n, i in places] for step in (-1, 1))
    answered = [q for q in life.questions if q.at]
    return Asked(
        own,
        own[before],
        own[after],
        torch.tensor([float(who != PERSON) for who, _ in lines]),
        torch.tensor([who != ASSISTANT for who, _ in lines]),
        torch.from_numpy(np.stack([known[neutral(q.text, [life.person])] for q in answered])),
        tuple(tuple(at[place] for place in q.at) for q in answered),
    )


def texts_of(life: Life) -> list[str]:
    """What must be known for `asked_of`."""
    lines = [text for note in life.notes for _, text in note]
    return [*lines, *(neutral(q.text, [life.person]) for q in life.questions if q.at)]


def embedded(lives: Sequence[Life], report: Callable[[str], None]) -> list[Asked]:
    """Some lives' texts at once: few stay in memory, and in large batches MiniLM is many times faster."""
    found: list[Asked] = []
    for start in range(0, len(lives), LIVES_AT_ONCE):
        group = lives[start : start + LIVES_AT_ONCE]
        known = meanings((text for life in group for text in texts_of(life)), default_embedder())
        found += [asked_of(life, known) for life in group]
        report(f"biencoder: {len(found)} of {len(lives)} lives embedded")
    return found


def train(lives: Sequence[Asked], plan: TurningPlan, report: Callable[[str], None]) -> Turning:
    torch.manual_seed(plan.seed)
    rng = random.Random(plan.seed)
    model = Turning(plan)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    steps = plan.epochs * (len(lives) // plan.batch)
    warm_up = min(plan.warm_up, steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / warm_up) * max(0.02, 1 - step / steps)
    )
    for epoch in range(plan.epochs):
        losses = []
        for batch in _batches(lives, plan.batch, rng):
            loss = torch.stack([_loss(model(life), life.right) for life in batch]).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        report(f"biencoder: epoch {epoch + 1} of {plan.epochs}, loss {sum(losses) / len(losses):.3f}")
    return model.eval()


def _batches(lives: Sequence[Asked], size: int, rng: random.Random) -> Iterable[list[Asked]]:
    order = rng.sample(lives, len(lives))
    return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]


def _loss(likelihoods: torch.Tensor, right: Sequence[Sequence[int]]) -> torch.Tensor:
    """Any of the lines that answer will do."""
    told = [torch.logsumexp(row[list(own)], 0) for row, own in zip(likelihoods, right, strict=True)]
    return -torch.stack(told).mean()


@torch.no_grad()
def among_nearest(model: Turning | None, lives: Sequence[Asked]) -> dict[str, float]:
    """Share of questions whose answer is among so many of the nearest; by plain vectors if `model` is None."""
    places: list[int] = []
    for life in lives:
        mixed = 0.55 * life.own + 0.30 * life.before + 0.15 * life.after
        near = life.questions @ mixed.T if model is None else model.nearness(life)
        ranked = near.masked_fill(~life.evidence, -9.0).argsort(1, descending=True)
        for row, own in zip(ranked.tolist(), life.right, strict=True):
            places.append(min(row.index(line) for line in own))
    return {f"among {rank}": sum(place < rank for place in places) / len(places) for rank in RANKS}


def save(model: Turning, file: Path) -> None:
    """Half precision; without the scale, which only training needs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value for name, value in model.state_dict().items() if name != "log_scale"}
    save_file({name: value.half().contiguous() for name, value in state.items()}, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=READER / NEAR)
    args = parser.parse_args()
    kept, held_out = apart([life for life in read_lives() if life.asked_as_a_whole])
    model = train(embedded(kept, print), TurningPlan(), print)
    save(model, args.out)
    unseen = embedded(held_out, print)
    print(json.dumps({"plain": among_nearest(None, unseen), "turned": among_nearest(model, unseen)}, indent=1))


if __name__ == "__main__":
    main()
