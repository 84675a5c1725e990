"""Trains the cross-encoders: which line of a note answers, matters or speaks against a draft, or that none does.

The upper layers of MiniLM and some heads, in two rounds: questions, which make the reader; then from there all three
tasks, which make the judge (it answers worse than the reader, so both are kept). The loss is one softmax
over the lines and "none" (as SQuAD 2's null answer: Devlin et al. 2019, 4.3), one over first and last tokens of the
answering line, and for what matters, where several lines do, one sigmoid a line. Every eighth person is held out.

    python -m pretrain.reading [--out DIR] [--round 2]        an hour and a half on two cores without bfloat16

`--round 2` goes on from the reader in DIR.
"""

from __future__ import annotations

import argparse
import collections
import json
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
    JUDGES,
    READER,
    READS,
    CrossEncoder,
    Encoded,
    Window,
    encode,
    line_scores,
    load_weights,
    new_heads,
    states,
)
from ipse.llm.minilm import bare_model, default_embedder
from ipse.llm.protocol import Vectors
from ipse.llm.sense import neutral
from pretrain.notes import Note, apart, read_notes
from pretrain.requests import Asker, read_requests
from pretrain.windows import Case, Shelf, cases, lines_of


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    tuned: int = 4
    """Layers trained, counted from the top; the lower ones and the word embeddings stay MiniLM's."""
    learning_rate: float = 2e-4
    rounds: int = 2
    """Times through the notes: the questions for the reader, then all three tasks for the judge."""
    batch: int = 16
    span_weight: float = 0.3
    seed: int = 0


def loss_of(
    todo: Sequence[Case], encoded: Sequence[Encoded], out: torch.Tensor, heads: nn.ModuleDict, plan: ReadingPlan
) -> torch.Tensor:
    """`out` are the model's last states, shape (windows, longest, width)."""
    chosen, marked = [], []
    for row, (case, one) in enumerate(zip(todo, encoded, strict=True)):
        odds = line_scores(heads, case.task, out[row].float(), one)
        if case.task == "matters":
            wanted = torch.tensor([float(at in case.right) for at in range(len(one.marks))])
            chosen.append(F.binary_cross_entropy_with_logits(odds, wanted))
            continue
        scores = torch.cat([torch.zeros(1), odds])
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


def train(
    notes: Sequence[Note],
    askers: Sequence[Asker],
    plan: ReadingPlan,
    out: Path,
    first: int = 1,
    report: Callable[[str], None] = print,
) -> None:
    """Trains from the `first` round on and saves to `out`, every 400 steps and at the end of each round."""
    for number in range(first, plan.rounds + 1):
        rng = random.Random(f"{plan.seed}/{number}")
        todo = cases(notes, askers if number > 1 else (), default_embedder(), rng)
        train_round(number, todo, plan, out, report)


def train_round(number: int, todo: Sequence[Case], plan: ReadingPlan, out: Path, report: Callable[[str], None]) -> None:
    """One time through the cases; the second begins with the reader in `out`."""
    torch.manual_seed(plan.seed + number)
    rng = random.Random(plan.seed + number)
    tokenizer, model = bare_model()
    heads = new_heads(model.config.hidden_size)
    if number > 1:
        load_weights(out / READS, model, heads)
    model.requires_grad_(False)
    tuned = model.encoder.layer[-plan.tuned :]
    tuned.requires_grad_(True)
    optimizer = torch.optim.AdamW(
        [{"params": list(tuned.parameters())}, {"params": list(heads.parameters()), "lr": 1e-3}],
        lr=plan.learning_rate,
        weight_decay=0.01,
    )
    encoded = [encode(c.window, tokenizer) for c in todo]
    groups = batches(encoded, plan.batch, rng)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [plan.learning_rate, 1e-3], len(groups), pct_start=0.06)
    model.train()
    recent = collections.deque[float](maxlen=100)
    for step, group in enumerate(groups, start=1):
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
            report(f"reading: round {number}, step {step} of {len(groups)}, loss {sum(recent) / len(recent):.3f}")
        if step % 400 == 0:
            save(tuned, heads, out / (READS if number == 1 else JUDGES))
    save(tuned, heads, out / (READS if number == 1 else JUDGES))


def batches(encoded: Sequence[Encoded], size: int, rng: random.Random) -> list[list[int]]:
    """Windows of like length together."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids) + rng.uniform(-8, 8))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    return groups


def save(tuned: nn.Module, heads: nn.Module, file: Path) -> None:
    """Half precision; layers numbered from the first that is tuned."""
    file.parent.mkdir(parents=True, exist_ok=True)
    state = {f"layers.{k}": v for k, v in tuned.state_dict().items()}
    state |= {f"heads.{k}": v for k, v in heads.state_dict().items()}
    save_file({k: v.detach().half().contiguous() for k, v in state.items()}, file)


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


def found_by_judging(askers: Sequence[Asker], judge: CrossEncoder) -> dict[str, float]:
    """All notes of a person are read. matters: a line that does above one that doesn't, of the same request; near: the
    same by sentence vectors alone; draft: a sentence that something speaks against above one with nothing against it,
    by its highest line; blame: how often that line is a right one."""
    matters, near, blame, faulty, sound = [], [], [], [], []
    for asker in askers:
        shelf = Shelf(asker, default_embedder())
        for request in asker.requests:
            text = neutral(request.text, shelf.names)
            right = [place in request.matters for place in shelf.places]
            for told, into in ((shelf.scores(judge, "matters", text), matters), (shelf.nearness(request.text), near)):
                into.append(_auc(told[right], told[[not r for r in right]]))
            for draft in request.drafts:
                scores = shelf.scores(judge, "against", draft.text, text)
                (faulty if draft.against else sound).append(float(scores.max()))
                if draft.against:
                    blame.append(shelf.places[int(scores.argmax())] in draft.against)
    return {
        "matters": float(np.mean(matters)),
        "near": float(np.mean(near)),
        "draft": _auc(faulty, sound),
        "blame": _share(blame),
    }


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def _auc(high: Sequence[float] | Vectors, low: Sequence[float] | Vectors) -> float:
    """How often one of the first scores above one of the second."""
    return float((np.asarray(high)[:, None] > np.asarray(low)[None]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=READER)
    parser.add_argument("--round", type=int, default=1, help="the first to do")
    args = parser.parse_args()
    notes = read_notes()
    kept, held_out = apart(notes)
    known = {note.id for note in kept}
    askers = read_requests(notes)
    train(kept, [a for a in askers if a.id in known], ReadingPlan(), args.out, args.round)
    reader, judge = CrossEncoder(args.out / READS), CrossEncoder(args.out / JUDGES)
    found = found_by_reading(held_out, reader) | found_by_judging([a for a in askers if a.id not in known], judge)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
