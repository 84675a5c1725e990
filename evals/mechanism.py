"""Do the weights hold a person? Invented people, invented values, questions in unseen wordings.

Each person has facts with values made of syllables, so nothing can be guessed. Their adapter is
trained through the product's own path (ledger -> pairs -> filter -> SFT -> DPO). Then it is asked,
with an empty context, in wordings that stand nowhere in the grammar, from both perspectives, a
quarter of the questions about things never told; and about two things at once ("What do I play, and
where was I born?"), where both must be said. Two sets of wordings, both never trained on: `reworded`
asks plainly in other words, `indirect` in riddles ("Which fist leads when I box?").
Beside it: the bare base, and another person's adapter on the same questions.

    python evals/mechanism.py [--people 10] [--facts 50] [--seed 0] [--wordings reworded] [--plain]
        [--jobs 2] [--home DIR] [--json out.json]

With `--home` the people are kept there, and whoever was learnt in an earlier run isn't learnt again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it still finds what stands beside `evals`

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ipse.agent.compound import parts
from ipse.llm.crossencoder import default_reader
from ipse.llm.local import LocalChat, embedded_base, load_base
from ipse.llm.minilm import default_embedder
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.lessons import voiced
from ipse.teacher.offline import OfflineTeacher
from ipse.types import PERSPECTIVES, Fact, Person, Perspective, new_id
from ipse.voice import both_questions
from ipse.weights import registry
from ipse.weights.evaluate import abstains, plain
from ipse.weights.recall import recall
from ipse.weights.run import WeightsSettings, learn_weights
from pretrain import world

ABSENT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    question: str
    perspective: Perspective
    values: tuple[str, ...]
    """What must be said; nothing if it was never told."""


def wordings(kind: str) -> dict[str, list[str]]:
    """attribute id -> held-out questions, in the first person."""
    found: dict[str, list[str]] = {}
    for file in sorted((Path(__file__).parent / kind).glob("*.toml")):
        found.update(tomllib.loads(file.read_text(encoding="utf-8"))["probes"])
    return found


def invent(number: int, count: int, seed: int) -> tuple[Person, list[Fact]]:
    """A person with `count` facts on different attributes, all values made up."""
    rng = random.Random(f"{seed}/{number}")
    person = Person(
        f"{world.invented_name(rng)} {world.invented_name(rng)}", rng.choice(["she/her", "he/him", "they/them"])
    )
    chosen = rng.sample([a for a in attributes().values() if a.value != "weekday"], count)
    facts = []
    for attribute in chosen:
        value = world.invented_value(attribute, rng)
        statement = attribute.state(value, attribute.statements[0])
        fact_id = new_id("fact", person.id, attribute.id, value)
        facts.append(
            Fact(fact_id, statement, (), attribute.kind, "self", attribute.id, value, sensitivity=attribute.sensitivity)
        )
    return person, facts


def questions(person: Person, facts: list[Fact], seed: int, kind: str) -> list[Asked]:
    """Every fact from both perspectives (private ones only from the person's own), and what was never told."""
    rng, asked, unseen = random.Random(f"{seed}/{person.id}"), [], wordings(kind)
    for fact in facts:
        for perspective in PERSPECTIVES:
            if perspective == "third" and fact.sensitivity == "private":
                continue
            wording = rng.choice(unseen[fact.attribute or ""])
            asked.append(Asked(voiced(wording, person, perspective), perspective, (fact.value or "",)))
    told = {f.attribute for f in facts}
    absent: list[Attribute] = [a for a in attributes().values() if a.id not in told]
    for attribute in rng.sample(absent, min(len(absent), int(len(asked) * ABSENT_SHARE / (1 - ABSENT_SHARE)))):
        perspective = rng.choice(PERSPECTIVES)
        asked.append(Asked(voiced(rng.choice(unseen[attribute.id]), person, perspective), perspective, ()))
    return asked


def two_at_once(asked: Sequence[Asked], seed: int) -> list[Asked]:
    """Questions of two things that were told, about half as many as those of one."""
    rng, found = random.Random(f"{seed}/two"), []
    for perspective in PERSPECTIVES:
        told = [a for a in asked if a.values and a.perspective == perspective]
        for one, other in zip(told, rng.sample(told, len(told)), strict=True):
            if one is not other and rng.random() < 0.5:
                question = both_questions(one.question, other.question)
                found.append(Asked(question, perspective, (*one.values, *other.values)))
    return found


def examine(chat: LocalChat, person: Person, asked: list[Asked]) -> dict[str, float]:
    """recall (and by perspective), two (both values of a question for two) and absence, in [0, 1]."""
    singly = [(a.perspective, part) for a in asked for part in parts(a.question, person)]
    replies = iter(recall(person, singly, chat, default_reader()))
    hits: dict[str, list[bool]] = {}
    for a in asked:
        own = [next(replies) for _ in parts(a.question, person)]
        if not a.values:
            hits.setdefault("absence", []).append(all(map(abstains, own)))
            continue
        said = " ".join(f" {plain(reply.text)} " for reply in own if not abstains(reply))
        right = all(f" {plain(value)} " in said for value in a.values)
        kinds = ["two"] if len(a.values) > 1 else ["recall", f"recall_{a.perspective}"]
        for kind in kinds:
            hits.setdefault(kind, []).append(right)
    return {k: sum(v) / len(v) for k, v in hits.items()}


def keep(home: Path, person: Person, facts: list[Fact]) -> SqliteStore:
    if home.exists():
        return open_store(home, person.name)
    create_person(home, person)
    store = open_store(home, person.name)
    store.put_words(new_id("words", *[f.id for f in facts]), facts, [], [], [], None, [])
    return store


@dataclass(frozen=True, slots=True)
class Case:
    """One person to be learnt; everything a process of its own needs to know."""

    number: int
    count: int
    seed: int
    base: Path
    kind: str
    use_sense: bool
    home: Path


def learn(case: Case) -> tuple[Path, dict[str, float]]:
    """The adapter's folder, and how the weights alone did."""
    embedder, (person, facts) = default_embedder(), invent(case.number, case.count, case.seed)
    store = keep(case.home, person, facts)
    began = time.monotonic()
    report = learn_weights(
        store,
        OfflineTeacher(embedder),
        embedder,
        case.base,
        WeightsSettings(seed=case.seed),
        lambda texts: [False] * len(texts),
        lambda: datetime.now(UTC),
    )
    seconds = time.monotonic() - began
    adapter = Path((registry.live(store) or report.adapter).path)
    found = ask(case, adapter)
    return adapter, found | {"pairs": report.pairs, "epochs": report.epochs, "seconds": seconds}


def ask(case: Case, adapter: Path | None) -> dict[str, float]:
    """The case's questions, put to the base with that adapter or to the bare base."""
    person, facts = invent(case.number, case.count, case.seed)
    asked = questions(person, facts, case.seed, case.kind)
    embedder = default_embedder() if case.use_sense else None
    with LocalChat(load_base(case.base), adapter, embedder, person.names).opened() as chat:
        return examine(chat, person, [*asked, *two_at_once(asked, case.seed)])


def run(cases: Sequence[Case], jobs: int, show: Progress) -> dict[str, dict[str, float]]:
    """Every person in a process of their own, `jobs` at a time, one thread each when there are several."""
    task = show.add_task("people", total=len(cases))
    adapters: list[Path] = []
    rows: list[dict[str, float]] = []
    with ProcessPoolExecutor(jobs, get_context("spawn"), _share_cores, (jobs,)) as pool:
        for case, (adapter, found) in zip(cases, pool.map(learn, cases), strict=True):
            adapters.append(adapter)
            rows.append(found)
            told = " ".join(f"{k} {v:.2f}" for k, v in found.items())
            show.update(task, advance=1)
            show.console.print(f"person {case.number}: {told}")
        others = [*adapters[1:], adapters[0]] if len(adapters) > 1 else []
        bare, foreign = pool.map(ask, cases, [None] * len(cases)), pool.map(ask, cases, others)
        return {
            "bare base": _mean(list(bare)),
            "weights alone": _mean(rows),
            "another's adapter": _mean(list(foreign)),
        }


def _share_cores(jobs: int) -> None:
    if jobs > 1:
        import torch

        torch.set_num_threads(max(1, (os.cpu_count() or jobs) // jobs))


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: sum(r.get(key, 0.0) for r in rows) / len(rows) for key in rows[0]} if rows else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--facts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base", type=Path, default=embedded_base())
    parser.add_argument("--wordings", choices=["reworded", "indirect"], default="reworded")
    parser.add_argument("--plain", action="store_true", help="ask as a plain causal LM, without the sense token")
    parser.add_argument("--jobs", type=int, default=1, help="people learnt at a time")
    parser.add_argument("--home", type=Path, help="where the people are kept")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    console = Console()
    with Progress(console=console) as show, tempfile.TemporaryDirectory() as folder:
        cases = [
            Case(
                n, args.facts, args.seed, args.base, args.wordings, not args.plain, (args.home or Path(folder)) / str(n)
            )
            for n in range(args.people)
        ]
        results = run(cases, args.jobs, show)
    columns = ["recall", "recall_self", "recall_third", "absence", "two", "pairs", "epochs", "seconds"]
    table = Table("system", *columns, title=f"{args.people} people, {args.facts} facts each, {args.wordings} questions")
    for name, row in results.items():
        table.add_row(name, *[f"{row[c]:.3f}" if c in row else "" for c in columns])
    console.print(table)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
