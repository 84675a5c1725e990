"""How small can a person's adapter be? The same pairs, adapters of every size, the same questions.

A written person (a folder as `benchmarks/personas.py` takes it) is read, and ledger and pairs are made
once. Then each variant, LoRA of a rank or `tiny` (VeRA), is trained on these very pairs as
`ipse learn` does it, SFT and then DPO, saved, loaded again and asked: the person's questions from the
weights alone, and the held-out pairs. A seed is one of the training; ledger, pairs and split stay.

Rank 16 is the product's. At its learning rate small ranks look worse than they are: on an invented
person's 100 pairs, ten epochs, four times the rate took rank 1 from 487 unlearnt tokens of 1570 to 100.
So the rate is taken times the square root of 16 / rank, and alpha is twice the rank throughout. `tiny`
and its rate were picked on the same person, one seed: IA3, FourierFT and VB-LoRA learnt less at the
rates tried, RandLoRA has more parameters than LoRA of rank 1, and TinyLoRA saves its frozen maps.

Seconds are those of training, what the frozen layers compute included. Says nothing of what is right:
a scorer is given by its path.

    python -m benchmarks.ranks FOLDER --scorer PATH [--variants 1 2 4 8 16 tiny] [--seeds 0]
        [--epochs 14] [--base DIR] [--json OUT.json]
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from types import ModuleType

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.personas import GUARDED, Persona, load_scorer, read_persona, settle, share_of
from ipse.agent.answer import Question, ask
from ipse.llm.local import LocalBase, LocalChat, embedded_base, load_base
from ipse.me import Me
from ipse.store.lock import at_work
from ipse.types import Pair
from ipse.weights import registry
from ipse.weights.dataset import Split, split
from ipse.weights.dpo import DpoSettings
from ipse.weights.evaluate import score
from ipse.weights.run import WeightsSettings, make_pairs, save_adapter, train
from ipse.weights.settings import SftSettings
from ipse.words.run import learn_words

TINY = "tiny"
VARIANTS = ("1", "2", "4", "8", "16", TINY)
TINY_RANK, TINY_RATE = 64, 20.0
"""VeRA's rank, and how many times the product's learning rates it gets."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One adapter, or the mean of several. `size` is that of adapter_model.safetensors in bytes; the last three
    are shares, None where nothing of the kind was asked."""

    parameters: float
    size: float
    learning_rate: float
    epochs: float
    unlearnt: float
    seconds: float
    questions: float | None
    guarded: float | None
    held_out: float | None


@dataclass(frozen=True, slots=True)
class Learner:
    """Who is learnt, ledger and pairs made; everything a variant needs."""

    me: Me
    persona: Persona
    scorer: ModuleType
    base: LocalBase
    parts: Split
    epochs: int


def settings_of(variant: str, seed: int, epochs: int) -> WeightsSettings:
    """The product's settings but for size, and a learning rate that suits it."""
    sft, dpo = SftSettings(seed=seed, epochs=epochs), DpoSettings()
    if variant == TINY:
        sft, times = replace(sft, method="vera", rank=TINY_RANK), TINY_RATE
    else:
        rank = int(variant)
        times = math.sqrt(sft.rank / rank)
        sft = replace(sft, rank=rank, alpha=sft.alpha * rank // sft.rank)
    return WeightsSettings(
        replace(sft, learning_rate=sft.learning_rate * times), replace(dpo, learning_rate=dpo.learning_rate * times)
    )


def prepare(me: Me, tell: Tell) -> Sequence[Pair]:
    """The ledger, and the pairs that every variant is trained on. Holds the person's lock."""
    chosen = WeightsSettings(seed=me.settings.seed)
    base = load_base(me.settings.base)
    with at_work(me.store):
        learn_words(me.store, me.teacher, me.embedder, me.clock, tell)
        make_pairs(me.store, me.teacher, me.embedder, base, chosen, me.are_private, tell)
    return me.store.pairs()


def measure(learner: Learner, variant: str, seed: int, tell: Tell) -> Run:
    """Trains one adapter, saves it as the product does, and asks what was loaded from there."""
    me, base = learner.me, learner.base
    name, settings = f"adapter-{variant}-{seed}", settings_of(variant, seed, learner.epochs)
    began = time.perf_counter()
    with at_work(me.store):
        trained, _ = train(me.store, name, learner.parts.train, base, me.embedder, settings, tell)
    seconds = time.perf_counter() - began
    folder = registry.adapters_folder(me.store) / name
    save_adapter(trained.model, folder)
    with LocalChat(base, folder, me.embedder, me.person.names).opened() as chat:
        held_out = score(chat, learner.parts.validation, me.store.facts(include_superseded=True)).get("memory")
        questions, guarded = questioned(learner, chat)
    return Run(
        sum(p.numel() for p in trained.model.parameters() if p.requires_grad),
        (folder / "adapter_model.safetensors").stat().st_size,
        settings.sft.learning_rate,
        trained.epochs,
        trained.unlearnt,
        seconds,
        questions,
        guarded,
        held_out,
    )


def questioned(learner: Learner, chat: LocalChat) -> tuple[float | None, float | None]:
    """Accuracy of the weights alone on all the person's questions, and on those about what was never told."""
    rows = learner.persona.questions
    asked = [Question(q["id"], q["question"], q["perspective"]) for q in rows]
    answers = ask(asked, replace(learner.me.sources, weights=chat), "weights")
    said = {q.id: answer.text for q, answer in zip(asked, answers, strict=True)}
    scored = learner.scorer.score_questions(rows, said)
    return scored["accuracy"], share_of(scored["by_kind"], GUARDED)


def mean(runs: Sequence[Run]) -> Run:
    """Over the seeds, figure by figure."""
    columns = zip(*(asdict(run).values() for run in runs), strict=True)
    return Run(*(None if None in column else fmean(column) for column in columns))  # type: ignore[arg-type]


def table(runs: dict[str, list[Run]], title: str) -> Table:
    shown = Table(title=title)
    shown.add_column("variant")
    sizes = ("parameters", "bytes", "rate", "epochs", "unlearnt", "seconds")
    for heading in (*sizes, "questions", "+".join(GUARDED), "held out"):
        shown.add_column(heading, justify="right")
    for variant, own in runs.items():
        run = mean(own)
        shown.add_row(
            f"{TINY} (VeRA {TINY_RANK})" if variant == TINY else f"LoRA {variant}",
            f"{run.parameters:.0f}",
            f"{run.size:.0f}",
            f"{run.learning_rate:.4f}",
            f"{run.epochs:.1f}",
            f"{run.unlearnt:.0f}",
            f"{run.seconds:.0f}",
            *("" if share is None else f"{share:.3f}" for share in (run.questions, run.guarded, run.held_out)),
        )
    return shown


def variant_named(text: str) -> str:
    """A rank, or the tiny one. Raises ValueError, which argparse turns into a usage message."""
    if text != TINY and (not text.isdecimal() or int(text) < 1):
        raise ValueError(text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--scorer", type=Path, required=True, metavar="PATH")
    parser.add_argument("--variants", type=variant_named, nargs="+", default=VARIANTS, metavar="RANK|tiny")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=SftSettings().epochs, help="the cap")
    parser.add_argument("--base", type=Path, default=embedded_base())
    parser.add_argument("--json", type=Path, metavar="OUT.json")
    args = parser.parse_args()
    try:
        persona, scorer = read_persona(args.folder), load_scorer(args.scorer)
    except (FileNotFoundError, AttributeError) as fault:
        parser.error(str(fault))
    console = Console(width=120)
    runs: dict[str, list[Run]] = {variant: [] for variant in args.variants}
    with Progress(console=console) as show, tempfile.TemporaryDirectory() as home:
        every = show.add_task("ledger and pairs", total=len(runs) * len(args.seeds))
        stage = show.add_task("")

        def tell(what: str, done: int, total: int) -> None:
            show.update(stage, description=what, completed=done, total=total)

        me = settle(persona, Path(home), args.base)
        pairs = prepare(me, tell)
        parts = split(pairs, me.settings.seed)
        learner = Learner(me, persona, scorer, load_base(args.base), parts, args.epochs)
        for variant, own in runs.items():
            for seed in args.seeds:
                show.update(every, description=f"variant {variant}, seed {seed}")
                own.append(measure(learner, variant, seed, tell))
                show.advance(every)
        title = (
            f"{me.person.name}: {len(me.facts())} facts, {len(parts.train)} pairs learnt, "
            f"{len(parts.validation)} held out, mean of {len(args.seeds)} seeds"
        )
        me.store.close()
    console.print(table(runs, title))
    if args.json:
        found = {
            variant: {"mean": asdict(mean(own)), "seeds": dict(zip(args.seeds, map(asdict, own), strict=True))}
            for variant, own in runs.items()
        }
        args.json.write_text(json.dumps({"title": title, "variants": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
