"""Trains the cross-encoders: which line of a note answers a question or speaks against a draft, or that none does.

The upper layers of MiniLM and some heads, in three rounds: questions about single notes, then those about whole lives
and the grammar's beside them, which make the reader; then from there sentences of drafts, which make the judge. The
loss is one softmax over the lines and "none" (as SQuAD 2's null answer: Devlin et al. 2019, 4.3), and one over first
and last tokens of the answering line. Some people are held out (`pretrain/lives/held_out.txt`).

    python -m pretrain.reading [--out DIR] [--rounds 1 2 3]        two hours on two cores with bfloat16

Rounds 2 and 3 go on from the reader in DIR. Settings of the C library's memory (MALLOC_TRIM_THRESHOLD_ and
MALLOC_MMAP_THRESHOLD_, both 2000000000) save a quarter of the time.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from ipse.agent.answer import KNOWN
from ipse.agent.critique import SPEAKS_AGAINST
from ipse.agent.evidence import Library
from ipse.llm.arithmetic import fast
from ipse.llm.crossencoder import (
    JUDGES,
    READER,
    READS,
    CrossEncoder,
    Encoded,
    encode,
    line_scores,
    load_weights,
    new_heads,
    states,
)
from ipse.llm.minilm import bare_model, default_embedder
from ipse.llm.protocol import Vectors
from ipse.types import Chunk, Person
from pretrain.lives import PERSON, Life, Place, apart, read_lives
from pretrain.requests import Asker, read_requests
from pretrain.windows import Case, against_cases, answers_cases, meanings, texts_of, value_cases, who_cases

MAKES = {1: READS, 2: READS, 3: JUDGES}
"""Of each round the file."""
EPOCHS = {1: 1, 2: 3, 3: 1}
"""Times through what a round learns from, each time in other windows."""
VALUES = 8
"""Of so many windows about lives there is at most one of the grammar's beside them."""


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    tuned: int = 4
    """Layers trained, counted from the top; the lower ones and the word embeddings stay MiniLM's."""
    learning_rate: float = 2e-4
    batch: int = 16
    span_weight: float = 0.3
    seed: int = 0


def loss_of(
    todo: Sequence[Case],
    encoded: Sequence[Encoded],
    out: Sequence[torch.Tensor],
    heads: nn.ModuleDict,
    plan: ReadingPlan,
) -> torch.Tensor:
    """`out` are the model's last states, of each window (longest, width)."""
    chosen, marked = [], []
    for row, (case, one) in enumerate(zip(todo, encoded, strict=True)):
        odds = line_scores(heads, case.task, out[row].float(), one)
        scores = torch.cat([torch.zeros(1), odds])
        right = [at + 1 for at in case.right if at < len(one.marks)] or [0]
        chosen.append(-torch.logsumexp(torch.log_softmax(scores, 0)[right], 0))
        best = right[0] - 1
        target = span_of(case.answer, case.window.lines[best].text, one.offsets[best]) if best >= 0 else None
        if target is not None:
            first, last = one.spans[best]
            logits = heads["span"](out[row][first:last]).float()
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
    lives: Sequence[Life],
    askers: Sequence[Asker],
    plan: ReadingPlan,
    out: Path,
    rounds: Sequence[int] = (1, 2, 3),
    report: Callable[[str], None] = print,
) -> None:
    """Saves to `out`, every 400 steps and at the end of each round."""
    for number in rounds:
        rng = random.Random(f"{plan.seed}/{number}")
        epochs = [cases_of(number, lives, askers, rng) for _ in range(EPOCHS[number])]
        train_round(number, epochs, plan, out, report)


def cases_of(number: int, lives: Sequence[Life], askers: Sequence[Asker], rng: random.Random) -> list[Case]:
    """What a round learns from."""
    embedder = default_embedder()
    if number == 3:
        return [case for asker in askers for case in against_cases(asker, embedder, rng)]
    found = [case for life in lives if not life.asked_as_a_whole for case in answers_cases(life, {}, rng)]
    if number == 1:
        return found
    whole = [life for life in lives if life.asked_as_a_whole]
    known = meanings((text for life in whole for text in texts_of(life)), embedder)
    found += [case for life in whole for case in answers_cases(life, known, rng)]
    found += who_cases(lives, rng)
    values = list(value_cases(embedder, rng))
    return [*found, *rng.sample(values, min(len(values), len(found) // VALUES))]


def train_round(
    number: int, epochs: Sequence[Sequence[Case]], plan: ReadingPlan, out: Path, report: Callable[[str], None]
) -> None:
    """From the second on a round begins with the reader in `out`."""
    torch.manual_seed(plan.seed + number)
    rng = random.Random(plan.seed + number)
    tokenizer, model = bare_model()
    heads = new_heads(model.config.hidden_size)
    if number > 1:
        load_weights(out / READS, model, heads)
    tuned = tunable(model, plan.tuned)
    groups: list[dict[str, Any]] = [{"params": list(tuned.parameters())}, {"params": list(heads.parameters())}]
    optimizer = torch.optim.AdamW(groups, lr=plan.learning_rate, weight_decay=0.01)  # the schedule has both rates
    work = [batch for todo in epochs for batch in batches([(c, encode(c.window, tokenizer)) for c in todo], plan, rng)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [plan.learning_rate, 1e-3], len(work), pct_start=0.06)
    model.train()
    recent = collections.deque[float](maxlen=100)
    for step, batch in enumerate(work, start=1):
        todo, encoded = zip(*batch, strict=True)
        with fast():
            loss = loss_of(todo, encoded, states(model, encoded).unbind(), heads, plan)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*tuned.parameters(), *heads.parameters()], 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        recent.append(loss.item())
        if step % 100 == 0:
            report(f"reading: round {number}, step {step} of {len(work)}, loss {sum(recent) / len(recent):.3f}")
        if step % 400 == 0:
            save(tuned, heads, out / MAKES[number])
    save(tuned, heads, out / MAKES[number])


def tunable(model: Any, count: int) -> nn.Module:
    """The upper layers, with everything below them frozen. Attention is written out and has no dropout: the fused one
    takes twice as long going back, and drawing what to drop a fifth of a step.
    """
    model.set_attn_implementation("eager")
    for layer in model.encoder.layer:
        layer.attention.self.dropout = nn.Dropout(0.0)
    model.requires_grad_(False)
    tuned: nn.Module = model.encoder.layer[-count:]
    return tuned.requires_grad_(True)


def batches(
    cases: Sequence[tuple[Case, Encoded]], plan: ReadingPlan, rng: random.Random
) -> list[list[tuple[Case, Encoded]]]:
    """Windows of like length together."""
    ordered = sorted(cases, key=lambda each: len(each[1].ids) + rng.uniform(-8, 8))
    groups = [ordered[i : i + plan.batch] for i in range(0, len(ordered), plan.batch)]
    rng.shuffle(groups)
    return groups


def save(tuned: nn.Module, heads: nn.Module, file: Path) -> None:
    """Half precision; layers numbered from the first that is tuned."""
    file.parent.mkdir(parents=True, exist_ok=True)
    state = {f"layers.{k}": v for k, v in tuned.state_dict().items()}
    state |= {f"heads.{k}": v for k, v in heads.state_dict().items()}
    save_file({k: v.detach().half().contiguous() for k, v in state.items()}, file)


def found_by_searching(lives: Sequence[Life], reader: CrossEncoder) -> dict[str, float]:
    """As `ipse ask` searches. line: the first line found is a right one and would be given; none: no line would,
    where none answers; now: as line, of what has changed; known: see `_auc`."""
    line, none, now, known, unknown = [], [], [], [], []
    for life in lives:
        library = library_of(life, reader)
        for question in life.questions:
            (first, *_) = library.search(question.text, 1)
            place = place_of(first.chunk.id)
            given = first.score >= KNOWN
            if not question.at:
                none.append(not given)
                unknown.append(first.score)
                continue
            known.append(first.score)
            line.append(given and place in question.at)
            if question.seems:
                now.append(line[-1])
    return {"line": _share(line), "none": _share(none), "now": _share(now), "known": _auc(known, unknown)}


def library_of(life: Life, reader: CrossEncoder) -> Library:
    """A life as it would lie in a store; chunks are named by note and line, and a note is a day."""
    chunks = [
        Chunk(
            f"{note}/{line}", str(note), f"{note}/{line}", "self" if who == PERSON else "other", who, text,
            datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=note), 0, len(text), line,
        )
        for note, lines in enumerate(life.notes)
        for line, (who, text) in enumerate(lines)
    ]  # fmt: skip
    embedder = default_embedder()
    vectors = embedder.embed([chunk.text for chunk in chunks])
    return Library(Person(life.person), chunks, vectors, embedder, reader, reader)


def found_by_judging(askers: Sequence[Asker], judge: CrossEncoder) -> dict[str, float]:
    """As `ipse critique` reads. draft: a sentence that something speaks against above one with nothing against it, by
    the highest line of each; blame: how often that line is a right one; flagged, sound: the shares of both sorts that
    get the verdict they should."""
    blame: list[bool] = []
    faulty: list[float] = []
    sound: list[float] = []
    for asker in askers:
        library = library_of(asker.life, judge)
        for request in asker.requests:
            for draft in request.drafts:
                odds = library.against(draft.text, request.text)
                best = max(odds, key=odds.__getitem__)
                (faulty if draft.against else sound).append(odds[best])
                if draft.against:
                    blame.append(place_of(best) in draft.against)
    return {
        "draft": _auc(faulty, sound),
        "blame": _share(blame),
        "flagged": _share([odds >= SPEAKS_AGAINST for odds in faulty]),
        "sound": _share([odds < SPEAKS_AGAINST for odds in sound]),
    }


def place_of(chunk_id: str) -> Place:
    """Where it stands in the life that `library_of` made a library of."""
    note, line = chunk_id.split("/")
    return int(note), int(line)


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def _auc(high: Sequence[float] | Vectors, low: Sequence[float] | Vectors) -> float:
    """How often one of the first scores above one of the second."""
    return float((np.asarray(high)[:, None] > np.asarray(low)[None]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=READER)
    parser.add_argument("--rounds", type=int, nargs="*", choices=list(MAKES), default=list(MAKES))
    args = parser.parse_args()
    lives = read_lives()
    kept, held_out = apart(lives)
    askers = read_requests(lives)
    train(kept, [a for a in askers if a.life.id in {life.id for life in kept}], ReadingPlan(), args.out, args.rounds)
    reader, judge = CrossEncoder(args.out / READS), CrossEncoder(args.out / JUDGES)
    whole = [life for life in held_out if life.asked_as_a_whole]
    unseen = [a for a in askers if a.life.id in {life.id for life in held_out}]
    print(json.dumps(found_by_searching(whole, reader) | found_by_judging(unseen, judge), indent=1))


if __name__ == "__main__":
    main()
