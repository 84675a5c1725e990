"""Does `ipse ask` know when it knows? What its bar lets through, on lives that the reader was not trained on.

An answer from raw text is given when the likelihood of the best sentence that `Library.search` finds reaches `KNOWN`;
below that ipse says it doesn't know. The questions are those of every eighth person in `pretrain/lives` on all of their
notes. An answer is right if that sentence is one that the life names; to what was never told none is. Only this bar is
measured: neither ledger nor weights speak, and nothing is withheld as private or as another's.

The confidence that an answer comes with is this likelihood made a probability (`ipse.agent.evidence.probability`).
Beside it, without reading: the nearest sentence of `Library.near` (sentence vectors, a little of the neighbours' and of
shared rare words), with bars that as many questions reach. It doesn't claim to be a likelihood, as the first does.

    python -m evals.coverage [FOLDER] [--lives 6] [--plot OUT.png] [--json OUT.json]        half a minute a life
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, chain, pairwise
from pathlib import Path
from statistics import fmean

from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ipse.agent.answer import KNOWN
from ipse.agent.evidence import probability
from ipse.errors import BrokenInput
from ipse.llm.crossencoder import CrossEncoder, default_reader
from pretrain.lives import LIVES, Life, apart, read_lives
from pretrain.reading import library_of, place_of

BARS = sorted({*(percent / 100 for percent in range(30, 100, 5)), KNOWN})
BINS, ENOUGH = 10, 10
"""How many of a calibration; fewer where there wouldn't be enough questions for each."""
LIKELIHOOD, CONFIDENCE, NEARNESS = "likelihood", "confidence", "nearness"


@dataclass(frozen=True, slots=True)
class Found:
    """The first sentence found for a question: its score, and whether it answers. `told`: whether any does."""

    life: str
    question: str
    told: bool
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What comes of answering from `bar` on: shares of all questions, of those answered, of what was told (answered
    right) and of what never was (refused). None of nothing."""

    bar: float
    coverage: float
    accuracy: float | None
    told_right: float | None
    refused: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of like score: how many, their mean score, and the share that is right."""

    count: int
    score: float
    right: float


def searched(lives: Sequence[Life], reader: CrossEncoder, tell: Callable[[], None]) -> dict[str, list[Found]]:
    """Every question's first sentence, with reading and without. `tell` is called after each question."""
    ways: dict[str, list[Found]] = {LIKELIHOOD: [], NEARNESS: []}
    for life in lives:
        library = library_of(life, reader)
        for q in life.questions:
            for found, search in ((ways[LIKELIHOOD], library.search), (ways[NEARNESS], library.near)):
                (first,) = search(q.text, 1)
                right = place_of(first.chunk.id) in q.at
                found.append(Found(life.id, q.text, bool(q.at), first.score, right))
            tell()
    return ways


def gate(found: Sequence[Found], bar: float) -> Gate:
    return Gate(
        bar,
        fmean(f.score >= bar for f in found),
        _share(f.right for f in found if f.score >= bar),
        _share(f.right and f.score >= bar for f in found if f.told),
        _share(f.score < bar for f in found if not f.told),
    )


def _share(hits: Iterable[bool]) -> float | None:
    return fmean(counted) if (counted := list(hits)) else None


def bar_for(found: Sequence[Found], coverage: float) -> float:
    """The bar that this share of the questions reaches."""
    scores = sorted((f.score for f in found), reverse=True)
    count = round(coverage * len(scores))
    return scores[count - 1] if count else math.nextafter(scores[0], math.inf)


def gates(ways: dict[str, list[Found]]) -> dict[str, list[Gate]]:
    """A row a bar; those of nearness answer as many questions."""
    read = [gate(ways[LIKELIHOOD], bar) for bar in BARS]
    near = [gate(ways[NEARNESS], bar_for(ways[NEARNESS], row.coverage)) for row in read]
    return {LIKELIHOOD: read, NEARNESS: near}


def bins(found: Sequence[Found]) -> list[Bin]:
    """From the least score up, equally many questions in each."""
    ranked = sorted(found, key=lambda f: f.score)
    count = max(1, min(BINS, len(ranked) // ENOUGH))
    groups = [ranked[start:end] for start, end in pairwise(len(ranked) * i // count for i in range(count + 1))]
    return [Bin(len(g), fmean(f.score for f in g), fmean(f.right for f in g)) for g in groups]


def error_of(binned: Sequence[Bin]) -> float:
    """How far the share that is right lies from the mean score, on average over the questions."""
    return sum(b.count * abs(b.score - b.right) for b in binned) / sum(b.count for b in binned)


def gates_table(ways: dict[str, list[Gate]], title: str) -> Table:
    shares = ("answered", "right of those", "told: right", "never told: refused")
    shown = Table(*(h for way in ways for h in (way, *shares)), title=title, caption="* the product's bar")
    for rows in zip(*ways.values(), strict=True):
        figures = chain.from_iterable((r.bar, r.coverage, r.accuracy, r.told_right, r.refused) for r in rows)
        first, *others = ["" if figure is None else f"{figure:.3f}" for figure in figures]
        shown.add_row(f"{first} *" if rows[0].bar == KNOWN else first, *others)
    return shown


def bins_table(ways: dict[str, list[Bin]]) -> Table:
    errors = ", ".join(f"{way} {error_of(binned):.3f}" for way, binned in ways.items())
    headings = (h for way in ways for h in (f"mean {way}", "right"))
    shown = Table("questions", *headings, title=f"expected calibration error: {errors}")
    for row in zip(*ways.values(), strict=True):
        shown.add_row(str(row[0].count), *(f"{figure:.3f}" for b in row for figure in (b.score, b.right)))
    return shown


def plot(ways: dict[str, list[Found]], known: Gate, out: Path) -> None:
    """Coverage against accuracy for every bar there could be; a dot where the product's is, if it lets any through."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for way, found in ways.items():
        hits = accumulate(f.right for f in sorted(found, key=lambda f: -f.score))
        shares = [(n / len(found), right / n) for n, right in enumerate(hits, start=1)]
        axes.plot(*zip(*shares, strict=True), label=way)
    if known.accuracy is not None:
        axes.plot(known.coverage, known.accuracy, "ko", label=f"the product's bar, {known.bar}")
    axes.set(xlabel="share of questions answered", ylabel="right among those", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend()
    figure.savefig(out, backend="agg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=LIVES, metavar="FOLDER", help="of lives")
    parser.add_argument("--lives", type=int, help="how many at most; otherwise all that were held out")
    parser.add_argument("--plot", type=Path, metavar="OUT.png")
    parser.add_argument("--json", type=Path, metavar="OUT.json")
    args = parser.parse_args()
    if args.lives is not None and args.lives < 1:
        parser.error("--lives must be at least 1")
    if args.plot and args.plot.suffix != ".png":
        parser.error(f"{args.plot} doesn't end in .png")
    for out in filter(None, (args.plot, args.json)):
        if not out.parent.is_dir():
            parser.error(f"there is no folder {out.parent}")
    try:
        _, held_out = apart(read_lives(args.folder), args.folder)
    except BrokenInput as fault:
        parser.error(str(fault))
    lives = [x for x in held_out if x.asked_as_a_whole and x.questions and any(x.notes)][: args.lives]
    if not lives:
        parser.error(f"no life in {args.folder} is held out and asked about as a whole")
    console = Console(width=160)
    with Progress(console=console) as show:
        task = show.add_task("questions", total=sum(len(life.questions) for life in lives))
        ways = searched(lives, default_reader(), lambda: show.advance(task))
    sure = [replace(f, score=probability(f.score)) for f in ways[LIKELIHOOD]]
    rows, binned = gates(ways), {way: bins(found) for way, found in {**ways, CONFIDENCE: sure}.items()}
    asked, never = len(ways[LIKELIHOOD]), sum(not f.told for f in ways[LIKELIHOOD])
    console.print(gates_table(rows, f"{asked} questions about {len(lives)} lives, {never} of them never told"))
    console.print(bins_table(binned))
    if args.plot:
        plot(ways, rows[LIKELIHOOD][BARS.index(KNOWN)], args.plot)
    if args.json:
        told = {"gates": rows, "bins": binned, "found": ways}
        args.json.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=asdict), encoding="utf-8")


if __name__ == "__main__":
    main()
