"""The same pairs, the same adapter, two loops: ipse's own and TRL's SFTTrainer with peft.

An invented person's pairs are trained three times, each time on a base loaded afresh, for TRL patches
the model it is given and never takes that back:

- `ipse, plain`: ipse's loop on prompts as a plain causal LM sees them, the like-for-like row;
- `TRL`: prompt and completion rows, loss on the completion, the same rank, maps, layers, batch,
  learning rate and schedule, rows of like length together, bfloat16 where ipse uses it;
- `ipse, as it is`: ipse's loop with the sense token, as `ipse learn` runs it.

After every epoch all answers are asked for and compared word for word. ipse stops when every answer
token is learnt, TRL when it says as many answers as ipse's plain row did at its best; both stop at
the cap. Equal quality is the lower of those two bests. An example pass is one row through
the adapted layers with gradients kept; rows that ipse leaves out as learnt are none. Seconds are
from the pairs to the trained adapter: tokenising and set-up count, imports, loading the base and
asking for the answers do not. Knows no store and no facts of a real person.

    python -m benchmarks.training [--facts 20] [--epochs 20] [--base DIR] [--json OUT.json]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.mechanism import invent
from ipse.llm.arithmetic import fast
from ipse.llm.local import LocalBase, LocalChat, embedded_base
from ipse.llm.minilm import default_embedder
from ipse.llm.protocol import Embedder
from ipse.teacher.offline import OfflineTeacher
from ipse.types import Message, Pair, Person
from ipse.weights.rows import all_views
from ipse.weights.settings import SftSettings
from ipse.weights.sft import fit, new_adapter
from ipse.weights.synthesize import synthesize

PLAIN, TRL, DEFAULT = "ipse, plain", "TRL", "ipse, as it is"
WARM_UP = 16
"""Pairs trained once before anything is timed: the first use of each kernel costs its set-up."""


class Throwaway(LocalBase):
    """A base for one run: the adapter goes onto the model itself, so the run can be watched from outside."""

    def twin(self) -> Any:
        return self.model


@dataclass(frozen=True, slots=True)
class Task:
    """What both loops are given."""

    pairs: Sequence[Pair]
    person: Person
    base: Path
    settings: SftSettings


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run stood at an epoch's end: example passes, seconds, share of the answers said exactly."""

    passes: int
    seconds: float
    said: float


@dataclass(frozen=True, slots=True)
class Run:
    """One loop from its start to its end."""

    points: tuple[Point, ...]

    @property
    def pace(self) -> float:
        """Example passes a second, over the whole run."""
        return self.points[-1].passes / self.points[-1].seconds

    @property
    def best(self) -> float:
        return max(p.said for p in self.points)

    def until(self, goal: float) -> float | None:
        """Seconds to the first epoch's end at which `goal` was said, or None."""
        return next((p.seconds for p in self.points if p.said >= goal), None)


class Watch:
    """Counts example passes and asks for the answers; the time that asking takes is nobody's."""

    def __init__(self, task: Task, base: Throwaway, embedder: Embedder | None) -> None:
        self.pairs = task.pairs
        self.chat = LocalChat(base, None, embedder, task.person.names)
        self.longest = 2 + max(len(base.tokenizer.encode(p.answer)) for p in task.pairs)
        self.passes = 0
        self.points: list[Point] = []
        self.began = time.perf_counter()
        self.asking = 0.0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Counts the rows that enter the upper layers while gradients are kept."""
        import torch

        def count(module: Any, given: tuple[Any, ...]) -> None:  # noqa: ARG001 (torch calls it so)
            if torch.is_grad_enabled():
                self.passes += given[0].shape[0]

        # not the last layer: ipse runs that one in parts, for the answers alone
        hook = self.chat.base.model.model.layers[-2].register_forward_pre_hook(count)
        try:
            yield
        finally:
            hook.remove()

    def look(self) -> float:
        """The share of answers that are now generated word for word."""
        now = time.perf_counter()
        replies = self.chat.chat([p.prompt for p in self.pairs], self.longest)
        said = sum(r.text == p.answer.strip() for r, p in zip(replies, self.pairs, strict=True)) / len(self.pairs)
        self.points.append(Point(self.passes, now - self.began - self.asking, said))
        self.asking += time.perf_counter() - now
        return said

    def run(self) -> Run:
        return Run(tuple(self.points))


def invented(facts: int, base: Path, epochs: int, embedder: Embedder) -> Task:
    """The pairs of a person who doesn't exist, as the offline teacher makes them."""
    person, told = invent(0, facts, seed=0)
    pairs, _ = synthesize(told, [], person, OfflineTeacher(embedder), seed=0)
    return Task(pairs, person, base, SftSettings(epochs=epochs))


def with_ipse(task: Task, embedder: Embedder | None) -> Run:
    """ipse's own loop; without an embedder every prompt is plain."""
    base = Throwaway(task.base)
    watch = Watch(task, base, embedder)

    def after_batch(stage: str, done: int, total: int) -> None:  # noqa: ARG001 (the seam has it)
        batches = total // task.settings.epochs
        if batches and done % batches == 0:
            watch.look()

    with watch.counting():
        turns = all_views(task.pairs, base, embedder, task.person.names, task.settings)
        fit(turns, base, task.settings, progress=after_batch)
    return watch.run()


def with_trl(task: Task, goal: float) -> Run:
    """TRL on the adapter that ipse would train, until `goal` of the answers are said exactly."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTTrainer

    base = Throwaway(task.base)
    watch = Watch(task, base, None)

    class UntilSaid(TrainerCallback):  # type: ignore[misc]
        def on_epoch_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:  # noqa: ARG002
            control.should_training_stop = watch.look() >= goal

    with tempfile.TemporaryDirectory() as folder, watch.counting():
        rows = Dataset.from_list(
            [{"prompt": _turns(p.prompt), "completion": _turns(p.messages[-1:])} for p in task.pairs]
        )
        trainer = SFTTrainer(
            model=new_adapter(base, task.settings),
            args=_trl_settings(task.settings, base, folder),
            train_dataset=rows,
            processing_class=base.tokenizer,
            callbacks=[UntilSaid()],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return watch.run()


def _turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in messages]


def _trl_settings(settings: SftSettings, base: LocalBase, folder: str) -> Any:
    """What ipse's loop does, in TRL's terms; its defaults need a GPU and write checkpoints."""
    import torch
    from trl import SFTConfig

    device = base.device.type
    with fast(device):
        bf16 = torch.is_autocast_enabled(device)
    return SFTConfig(
        output_dir=folder,
        use_cpu=device == "cpu",
        bf16=bf16,
        activation_checkpointing=False,
        completion_only_loss=True,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr_rate": 0.1},
        weight_decay=0.0,
        max_grad_norm=1.0,
        train_sampling_strategy="group_by_length",
        seed=settings.seed,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def measure(task: Task, embedder: Embedder) -> dict[str, Run]:
    """All three rows, after a short run of each that isn't timed."""
    plain = replace(task, settings=replace(task.settings, views=("plain",)))
    few = replace(plain, pairs=task.pairs[:WARM_UP], settings=replace(plain.settings, epochs=1))
    with_ipse(few, None)
    with_trl(few, goal=0.0)
    runs = {PLAIN: with_ipse(plain, None)}
    runs[TRL] = with_trl(plain, goal=runs[PLAIN].best)
    runs[DEFAULT] = with_ipse(task, embedder)
    return runs


def equal(runs: dict[str, Run]) -> float:
    """The quality that ipse's plain row and TRL both reached."""
    return min(runs[PLAIN].best, runs[TRL].best)


def table(runs: dict[str, Run], title: str) -> Table:
    goal = equal(runs)
    shown = Table(title=title, caption=f"ratios are to TRL; equal quality: {goal:.3f} of the answers said exactly")
    shown.add_column("loop")
    for heading in ("epochs", "passes", "seconds", "said", "pairs/s", "ratio", "seconds to equal", "ratio"):
        shown.add_column(heading, justify="right")
    for name, run in runs.items():
        last, until, theirs = run.points[-1], run.until(goal), runs[TRL].until(goal)
        shown.add_row(
            name,
            str(len(run.points)),
            str(last.passes),
            f"{last.seconds:.1f}",
            f"{last.said:.3f}",
            f"{run.pace:.0f}",
            f"{run.pace / runs[TRL].pace:.2f}",
            "never" if until is None else f"{until:.1f}",
            f"{until / theirs:.2f}" if until and theirs else "",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=SftSettings().epochs, help="the cap, for both loops")
    parser.add_argument("--base", type=Path, default=embedded_base())
    parser.add_argument("--json", type=Path, metavar="OUT.json")
    args = parser.parse_args()
    import torch
    from datasets import disable_progress_bars
    from transformers.utils import logging

    disable_progress_bars()
    logging.disable_progress_bar()
    embedder = default_embedder()
    task = invented(args.facts, args.base, args.epochs, embedder)
    runs = measure(task, embedder)
    title = f"{len(task.pairs)} pairs of {args.facts} facts, {torch.get_num_threads()} threads"
    Console(width=110).print(table(runs, title))
    if args.json:
        loops = {
            name: asdict(run) | {"pairs_per_second": run.pace, "seconds_to_equal": run.until(equal(runs))}
            for name, run in runs.items()
        }
        found = {"pairs": len(task.pairs), "facts": args.facts, "equal": equal(runs), "loops": loops}
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
