"""Trains the cross-encoder: which line of a note answers, which words of it, or that none does.

The upper layers of MiniLM and four heads. The loss is one softmax over the lines and "none" (as SQuAD 2's null
answer: Devlin et al. 2019, 4.3), and one over first and last tokens of the answering line. Windows are
cut and joined at random, so that a line isn't known by its place: own notes with lines left out, and
notes of the same person that don't answer. Every eighth person is held out.

    python -m pretrain.reading [--out DIR]        half an hour on two cores without bfloat16
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from ipse.llm.arithmetic import fast
from ipse.llm.crossencoder import (
    ME,
    READER,
    WEIGHTS,
    CrossEncoder,
    Encoded,
    Line,
    Window,
    encode,
    line_scores,
    new_heads,
    states,
)
from ipse.llm.minilm import bare_model
from ipse.llm.sense import neutral
from pretrain.notes import PERSON, Note, Question, apart, read_notes


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    tuned: int = 4
    """Layers trained, counted from the top; the lower ones and the word embeddings stay MiniLM's."""
    learning_rate: float = 2e-4
    epochs: int = 1
    batch: int = 16
    lines: int = 5
    """Of a window, at most."""
    elsewhere: float = 0.15
    """Windows of other notes for each question, where nothing answers."""
    cut: float = 0.15
    """Share of windows that lose their answering lines."""
    span_weight: float = 0.3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    window: Window
    right: tuple[int, ...]
    answer: str


def lines_of(note: Note) -> list[Line]:
    return [Line(ME if who == PERSON else who, text) for who, text in note.said]


def cases(notes: Sequence[Note], plan: ReadingPlan, rng: random.Random) -> list[Case]:
    """One epoch's windows."""
    by_person: dict[str, list[Note]] = {}
    for note in notes:
        by_person.setdefault(note.id, []).append(note)
    found = []
    for note in notes:
        others = [n for n in by_person[note.id] if n is not note] or rng.sample(list(notes), 3)
        for question in note.questions:
            text = neutral(question.text, [note.person])
            lines = lines_of(note)
            found.append(_case(text, lines, question, plan, rng))
            if question.at and rng.random() < plan.cut:
                gone = [line for i, line in enumerate(lines) if i not in question.at]
                found.append(_case(text, gone, Question(""), plan, rng))
            if rng.random() < plan.elsewhere:
                found.append(_case(text, lines_of(rng.choice(others)), Question(""), plan, rng))
    return found


def _case(text: str, lines: list[Line], question: Question, plan: ReadingPlan, rng: random.Random) -> Case:
    """Some of the lines in a row, with those that answer, or seem to, among them if they lie near each other."""
    place = question.at or question.seems or (rng.randrange(len(lines)),)
    if max(place) - min(place) >= plan.lines:
        place = place[:1]
    start = max(0, rng.randint(max(place) - plan.lines + 1, min(place)))
    shown = lines[start : start + plan.lines]
    right = tuple(i - start for i in question.at if start <= i < start + len(shown))
    return Case(Window(text, tuple(shown)), right, question.answer)


def loss_of(
    todo: Sequence[Case], encoded: Sequence[Encoded], out: torch.Tensor, heads: nn.ModuleDict, plan: ReadingPlan
) -> torch.Tensor:
    """`out` are the model's last states, shape (windows, longest, width)."""
    chosen, marked = [], []
    for row, (case, one) in enumerate(zip(todo, encoded, strict=True)):
        scores = torch.cat([torch.zeros(1), line_scores(heads, out[row].float(), one)])
        right = [at + 1 for at in case.right if at < len(one.marks)] or [0]
        chosen.append(-torch.logsumexp(torch.log_softmax(scores, 0)[right], 0))
        best = right[0] - 1
        target = span_of(case.answer, case.window.lines[best].text, one.offsets[best]) if best >= 0 else None
        if target is not None:
            first, last = one.spans[best]
            logits = heads["span"](out[row, first:last]).float()
            marked.append(F.cross_entropy(logits.T, torch.tensor(target)))
    spans = torch.stack(marked).mean() if marked else torch.zeros(())
    return torch.stack(chosen).mean() + plan.span_weight * spans


def span_of(answer: str, text: str, offsets: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """First and last token of the answer in its line; None if it lies beyond what is read."""
    start = text.find(answer)
    end = start + len(answer)
    inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > start]
    return (inside[0], inside[-1]) if inside and start >= 0 else None


def train(notes: Sequence[Note], plan: ReadingPlan, out: Path, report: Callable[[str], None] = print) -> None:
    """Trains and saves to `out`, every 400 steps and at the end."""
    torch.manual_seed(plan.seed)
    rng = random.Random(plan.seed)
    tokenizer, model = bare_model()
    heads = new_heads(model.config.hidden_size)
    model.requires_grad_(False)
    tuned = model.encoder.layer[-plan.tuned :]
    tuned.requires_grad_(True)
    optimizer = torch.optim.AdamW(
        [{"params": list(tuned.parameters())}, {"params": list(heads.parameters()), "lr": 1e-3}],
        lr=plan.learning_rate,
        weight_decay=0.01,
    )
    epochs = [cases(notes, plan, rng) for _ in range(plan.epochs)]
    steps = sum(math.ceil(len(todo) / plan.batch) for todo in epochs)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [plan.learning_rate, 1e-3], steps, pct_start=0.06)
    model.train()
    step, recent = 0, collections.deque[float](maxlen=100)
    for todo in epochs:
        encoded = [encode(c.window, tokenizer) for c in todo]
        for group in batches(encoded, plan.batch, rng):
            step += 1
            with fast():
                last = states(model, [encoded[i] for i in group])
                loss = loss_of([todo[i] for i in group], [encoded[i] for i in group], last, heads, plan)
            loss.backward()
            nn.utils.clip_grad_norm_([*tuned.parameters(), *heads.parameters()], 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            recent.append(loss.item())
            if step % 100 == 0:
                report(f"reading: step {step} of {steps}, loss {sum(recent) / len(recent):.3f}")
            if step % 400 == 0:
                save(tuned, heads, out)
    save(tuned, heads, out)


def batches(encoded: Sequence[Encoded], size: int, rng: random.Random) -> list[list[int]]:
    """Windows of like length together."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids) + rng.uniform(-8, 8))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    return groups


def save(tuned: nn.Module, heads: nn.Module, out: Path) -> None:
    """Half precision; layers numbered from the first that is tuned."""
    out.mkdir(parents=True, exist_ok=True)
    state = {f"layers.{k}": v for k, v in tuned.state_dict().items()}
    state |= {f"heads.{k}": v for k, v in heads.state_dict().items()}
    save_file({k: v.detach().half().contiguous() for k, v in state.items()}, out / WEIGHTS)


def found_by_reading(notes: Sequence[Note], reader: CrossEncoder) -> dict[str, float]:
    """line: the answering line of its own note, if any line is said to answer; none: "none" where none does;
    words: the answer's words among those marked in the right line; known: see `_auc`."""
    asked = [(note, q) for note in notes for q in note.questions]
    windows = [Window(neutral(q.text, [n.person]), tuple(lines_of(n))) for n, q in asked]
    line, none, words, known, unknown = [], [], [], [], []
    for (_, question), read in zip(asked, reader.read(windows), strict=True):
        best = int(np.argmax(read.scores))
        if not question.at:
            none.append(read.scores[best] < 0)
            unknown.append(read.scores[best])
            continue
        known.append(read.scores[best])
        line.append(best in question.at and read.scores[best] >= 0)
        marked, wanted = (set(t.casefold().split()) for t in (read.answers[question.at[0]], question.answer))
        words.append(len(marked & wanted) / len(marked | wanted))
    return {"line": _share(line), "none": _share(none), "words": float(np.mean(words)), "known": _auc(known, unknown)}


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def _auc(known: Sequence[float], unknown: Sequence[float]) -> float:
    """How often an answerable question scores above an unanswerable one of the same notes."""
    return float((np.array(known)[:, None] > np.array(unknown)[None]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=READER)
    args = parser.parse_args()
    kept, held_out = apart(read_notes())
    train(kept, ReadingPlan(), args.out)
    print(json.dumps(found_by_reading(held_out, CrossEncoder(args.out / WEIGHTS)), indent=1))


if __name__ == "__main__":
    main()
