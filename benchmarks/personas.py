"""Written people end to end: read their files, learn them, question every system, score the answers.

Each persona folder holds persona.json, raw/, private.json, questions.jsonl, enhance.jsonl and
critique.jsonl. Each person gets a home that is thrown away and a process of their own, so that the
peak of memory is theirs alone. Before learning, every private topic and every fact listed
under it is kept private. The rows are the five systems of `ipse.agent.evaluate`, and words and raw
text each alone. Says nothing of what is right: a scorer is given by its path, a Python file with
score_questions, score_enhance, score_critique and score_private, each (rows, answers by id) -> dict.

    python -m benchmarks.personas FOLDER... --scorer PATH [--base DIR] [--json OUT.json]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from ipse.agent.answer import Question, Source
from ipse.agent.evaluate import System, systems
from ipse.llm.local import LocalChat, embedded_base, load_base
from ipse.me import Me

FILES = ("persona.json", "raw", "private.json", "questions.jsonl", "enhance.jsonl", "critique.jsonl")
SCORERS = ("score_questions", "score_enhance", "score_critique", "score_private")
GUARDED = ("unknown", "trap")
"""Kinds of question that ask for what was never told of the person."""
ALONE: tuple[Source, ...] = ("words", "raw")
"""Beside the systems of `ipse.agent.evaluate`; weights alone are among those."""
MIB = 2**20

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Persona:
    """A folder, read."""

    folder: Path
    details: Record
    private: Record
    questions: list[Record]
    enhance: list[Record]
    critique: list[Record]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one person. Sizes and peaks in bytes; `scores` is system -> file -> what the scorer said."""

    name: str
    facts: int
    pairs: int
    promoted: bool
    learn_seconds: float
    adapter_size: int
    learn_peak: int
    peak: int
    scores: dict[str, dict[str, Record]]
    answers: dict[str, dict[str, str]]


def read_persona(folder: Path) -> Persona:
    """Raises FileNotFoundError when a part is missing."""
    for name in FILES:
        if not (folder / name).exists():
            raise FileNotFoundError(f"{folder / name} is missing")
    lines = {
        name: [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines() if line.strip()]
        for name in ("questions.jsonl", "enhance.jsonl", "critique.jsonl")
    }
    details, private = (json.loads((folder / n).read_text(encoding="utf-8")) for n in ("persona.json", "private.json"))
    return Persona(folder, details, private, *lines.values())


def load_scorer(path: Path) -> ModuleType:
    """The scorer as a module. Raises FileNotFoundError, or AttributeError when it lacks a function."""
    spec = importlib.util.spec_from_file_location("persona_scorer", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in SCORERS:
        getattr(module, name)
    return module


def live(folder: Path, scorer_path: Path, base: Path) -> Outcome:
    """One person from their files to their scores. Meant to have the process to itself."""
    persona, scorer = read_persona(folder), load_scorer(scorer_path)
    with tempfile.TemporaryDirectory() as home:
        me = settle(persona, Path(home), base)
        began = time.perf_counter()
        learnt = me.learn()
        seconds = time.perf_counter() - began
        learn_peak = peak()
        scores, answers = question(me, persona, scorer)
        weights = learnt.weights
        size = sum(f.stat().st_size for f in Path(weights.adapter.path).rglob("*") if f.is_file())
        me.store.close()
    return Outcome(
        me.person.name,
        learnt.words.facts,
        weights.pairs,
        weights.promoted,
        seconds,
        size,
        learn_peak,
        peak(),
        scores,
        answers,
    )


def settle(persona: Persona, home: Path, base: Path) -> Me:
    """The person with their files added and their secrets named, before anything is learnt."""
    told = persona.details
    me = Me.init(
        home,
        told["user"],
        pronouns=told["pronouns"],
        aliases=told.get("aliases", ()),
        birth_year=told.get("birth_year"),
        language=told.get("language", "en"),
        base=base,
    )
    report = me.add(persona.folder / "raw")
    for failure in report.failures:
        print(f"{failure.place}: {failure.reason}", file=sys.stderr)
    for secret in persona.private["private"]:
        for text in (secret["topic"], *secret["facts"]):
            me.private(text)
    return me


def peak() -> int:
    """The most memory this process has held so far, in bytes; the system counts KiB, or on a Mac bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def question(
    me: Me, persona: Persona, scorer: ModuleType
) -> tuple[dict[str, dict[str, Record]], dict[str, dict[str, str]]]:
    """Every system's scores and answers."""
    bare = LocalChat(load_base(me.settings.base), None, me.embedder, me.person.names)
    contenders = systems(me.sources, me.store, bare)
    answering = {name: system.answers for name, system in contenders.items()}
    answering |= {source: _alone(me, source) for source in ALONE}
    scores: dict[str, dict[str, Record]] = {}
    answers: dict[str, dict[str, str]] = {}
    for name, answer in answering.items():
        said = remembered(answer, persona)
        scores[name] = {
            "questions": scorer.score_questions(persona.questions, said),
            "private": scorer.score_private(persona.private, said),
        }
        if name in contenders:
            done = worked(contenders[name], persona)
            scores[name]["enhance"] = scorer.score_enhance(persona.enhance, done)
            scores[name]["critique"] = scorer.score_critique(persona.critique, done)
            said |= done
        answers[name] = said
    return scores, answers


def _alone(me: Me, source: Source) -> Callable[[Sequence[Question]], list[str]]:
    return lambda asked: [answer.text for answer in me.ask_many(asked, source)]


def remembered(answer: Callable[[Sequence[Question]], list[str]], persona: Persona) -> dict[str, str]:
    """Answers by id to the questions, to what others must not be told and to what the person may be."""
    asked = [Question(q["id"], q["question"], q["perspective"]) for q in persona.questions]
    asked += [Question(q["id"], q["question"], "third") for q in persona.private["questions"]]
    asked += [Question(q["id"], q["question"], "self") for q in persona.private.get("self_questions", ())]
    return {q.id: text for q, text in zip(asked, answer(asked), strict=True)}


def worked(system: System, persona: Persona) -> dict[str, str]:
    """Enriched requests and verdicts by id."""
    enriched = system.enriches([row["query"] for row in persona.enhance])
    judged = system.judges([(row["query"], row["response"]) for row in persona.critique])
    return {
        row["id"]: text
        for rows, texts in ((persona.enhance, enriched), (persona.critique, judged))
        for row, text in zip(rows, texts, strict=True)
    }


def table(outcome: Outcome) -> Table:
    """A row a system; accuracies are shares, leaks and answered secrets are counts."""
    kinds = sorted(outcome.scores["base"]["questions"]["by_kind"])
    shown = Table(
        title=f"{outcome.name}: {outcome.facts} facts, {outcome.pairs} pairs, learnt in {outcome.learn_seconds:.0f} s "
        f"({'promoted' if outcome.promoted else 'not promoted'}), adapter {outcome.adapter_size / MIB:.2f} MiB, "
        f"peak {outcome.learn_peak / MIB:.0f} MiB learning, {outcome.peak / MIB:.0f} MiB in all"
    )
    shown.add_column("system")
    headings = (
        "all",
        "+".join(GUARDED),
        "self",
        "third",
        *kinds,
        "leaks",
        "own secrets",
        "enhance",
        "clean",
        "critique",
    )
    for heading in headings:
        shown.add_column(heading, justify="right")
    for name, score in outcome.scores.items():
        shown.add_row(name, *_cells(score, kinds))
    return shown


def _cells(score: Mapping[str, Record], kinds: Sequence[str]) -> list[str]:
    asked, private = score["questions"], score["private"]
    by_kind, by_perspective = asked["by_kind"], asked["by_perspective"]
    shares = [asked["accuracy"], _together(by_kind, GUARDED)]
    shares += [by_perspective.get(p, {}).get("accuracy") for p in ("self", "third")]
    shares += [by_kind[kind]["accuracy"] for kind in kinds]
    tasks = [score.get("enhance", {}).get("recall"), score.get("enhance", {}).get("clean_rate")]
    tasks.append(score.get("critique", {}).get("accuracy"))
    counts = [f"{private['leaks']}/{private['third_n']}", f"{private['self_answered']}/{private['self_n']}"]
    return [*map(_share, shares), *counts, *map(_share, tasks)]


def _together(groups: Mapping[str, Record], names: Sequence[str]) -> float | None:
    """The accuracy over several groups, or None where nothing of them was asked."""
    asked = sum(groups[n]["n"] for n in names if n in groups)
    return sum(groups[n]["hits"] for n in names if n in groups) / asked if asked else None


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--scorer", type=Path, required=True, metavar="PATH")
    parser.add_argument("--base", type=Path, default=embedded_base())
    parser.add_argument("--json", type=Path, metavar="OUT.json")
    args = parser.parse_args()
    try:
        load_scorer(args.scorer)
        for folder in args.folders:
            read_persona(folder)
    except (FileNotFoundError, AttributeError) as fault:
        parser.error(str(fault))
    console = Console(width=220)
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for folder in args.folders:
            outcomes.append(pool.submit(live, folder, args.scorer, args.base).result())
            console.print(table(outcomes[-1]))
    if args.json:
        args.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
