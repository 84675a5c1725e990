"""Do the weights hold a person? Invented people, invented values, questions in unseen wordings.

Each person has facts with values made of syllables, so nothing can be guessed. Their adapter is
trained through the product's own path (ledger -> pairs -> filter -> SFT -> DPO). Then it is asked,
with an empty context, in wordings that stand nowhere in the grammar, from both perspectives, a
quarter of the questions about things never told. Two sets of wordings, both never trained on:
`reworded` asks plainly in other words, `indirect` in riddles ("Which fist leads when I box?").
Beside it: the bare base, and another person's adapter on the same questions.

    python evals/mechanism.py [--people 10] [--facts 50] [--seed 0] [--wordings reworded] [--plain] [--json out.json]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ipse.llm.local import LocalChat, embedded_base, load_base
from ipse.llm.minilm import default_embedder
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.teacher.grammar import Attribute, attributes
from ipse.teacher.lessons import voiced
from ipse.teacher.offline import OfflineTeacher
from ipse.types import Fact, Message, Person, Perspective, new_id
from ipse.voice import system
from ipse.weights import registry
from ipse.weights.evaluate import abstains, plain
from ipse.weights.run import WeightsSettings, learn_weights
from pretrain import world

ABSENT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    question: str
    perspective: Perspective
    value: str | None
    """What must be said; None if it was never told."""


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
        for perspective in ("self", "third"):
            if perspective == "third" and fact.sensitivity == "private":
                continue
            wording = rng.choice(unseen[fact.attribute or ""])
            asked.append(Asked(voiced(wording, person, perspective), perspective, fact.value))
    told = {f.attribute for f in facts}
    absent: list[Attribute] = [a for a in attributes().values() if a.id not in told]
    for attribute in rng.sample(absent, min(len(absent), int(len(asked) * ABSENT_SHARE / (1 - ABSENT_SHARE)))):
        perspective = rng.choice(("self", "third"))
        asked.append(Asked(voiced(rng.choice(unseen[attribute.id]), person, perspective), perspective, None))
    return asked


def examine(chat: LocalChat, person: Person, asked: list[Asked]) -> dict[str, float]:
    """recall (and by perspective) and absence, in [0, 1]."""
    replies = chat.chat(
        [[Message("system", system(person, a.perspective)), Message("user", a.question)] for a in asked], 48
    )
    hits: dict[str, list[bool]] = {}
    for a, reply in zip(asked, replies, strict=True):
        if a.value is None:
            hits.setdefault("absence", []).append(abstains(reply))
        else:
            right = not abstains(reply) and f" {plain(a.value)} " in f" {plain(reply.text)} "
            hits.setdefault("recall", []).append(right)
            hits.setdefault(f"recall_{a.perspective}", []).append(right)
    return {k: sum(v) / len(v) for k, v in hits.items()}


def keep(home: Path, person: Person, facts: list[Fact]) -> SqliteStore:
    create_person(home, person)
    store = open_store(home, person.name)
    store.put_words(new_id("words", *[f.id for f in facts]), facts, [], [], [], None, [])
    return store


def run(
    people: int, count: int, seed: int, base_path: Path, kind: str, *, use_sense: bool, show: Progress
) -> dict[str, dict[str, float]]:
    embedder, base = default_embedder(), load_base(base_path)
    results: dict[str, list[dict[str, float]]] = {"bare base": [], "weights alone": [], "another's adapter": []}
    with tempfile.TemporaryDirectory() as folder:
        teacher = OfflineTeacher(embedder)
        trained: list[tuple[Person, list[Asked], Path]] = []
        task = show.add_task("people", total=people)
        for number in range(people):
            person, facts = invent(number, count, seed)
            store = keep(Path(folder) / str(number), person, facts)
            began = time.monotonic()
            report = learn_weights(
                store,
                teacher,
                embedder,
                base_path,
                WeightsSettings(seed=seed),
                lambda _: False,
                lambda: datetime.now(UTC),
            )
            asked = questions(person, facts, seed, kind)
            live = registry.live(store) or report.adapter
            trained.append((person, asked, Path(live.path)))
            eyes = embedder if use_sense else None
            results["bare base"].append(examine(LocalChat(base, None, eyes, person.names), person, asked))
            with LocalChat(base, Path(live.path), eyes, person.names).opened() as chat:
                found = examine(chat, person, asked)
            results["weights alone"].append(
                found | {"pairs": report.pairs, "epochs": report.epochs, "seconds": time.monotonic() - began}
            )
            show.update(
                task,
                advance=1,
                description=f"{person.name}: "
                + " ".join(f"{k} {v:.2f}" for k, v in results["weights alone"][-1].items()),
            )
            show.console.print(
                f"{person.name}: " + " ".join(f"{k} {v:.2f}" for k, v in results["weights alone"][-1].items())
            )
        for number, (person, asked, _) in enumerate(trained):
            other = trained[(number + 1) % len(trained)][2]
            with LocalChat(base, other, embedder if use_sense else None, person.names).opened() as chat:
                results["another's adapter"].append(examine(chat, person, asked))
    return {name: _mean(rows) for name, rows in results.items()}


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
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    console = Console()
    with Progress(console=console) as show:
        results = run(args.people, args.facts, args.seed, args.base, args.wordings, use_sense=not args.plain, show=show)
    columns = ["recall", "recall_self", "recall_third", "absence", "pairs", "epochs", "seconds"]
    table = Table("system", *columns, title=f"{args.people} people, {args.facts} facts each, {args.wordings} questions")
    for name, row in results.items():
        table.add_row(name, *[f"{row[c]:.3f}" if c in row else "" for c in columns])
    console.print(table)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
