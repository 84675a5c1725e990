"""Written people end to end: read their files, learn them, question every system, score the answers.

Each persona folder holds persona.json, raw/, private.json, questions.jsonl, enhance.jsonl and
critique.jsonl. Each person gets a home that is thrown away and a process of their own, so that the
peak of memory is theirs alone. Before learning, every private topic and every fact listed
under it is kept private. The rows are the five systems of `ipse.agent.evaluate`, and words and raw
text each alone. Where the folder has update/, its files are added after that, learning runs again and
update/update_questions.jsonl is asked; its rows tell in "update" whether what they ask for is changed,
new or unchanged. Says nothing of what is right: a scorer is given by its path, a Python file with
score_questions, score_enhance, score_critique and score_private, each (rows, answers by id) -> dict.
`stale_said` there counts answers that tell what no longer holds.
With --words-only no weights are trained, and `words + raw` stands for the systems that have them.

    python -m benchmarks.personas FOLDER... --scorer PATH [--no-update] [--words-only] [--base DIR] [--json OUT.json]
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
from ipse.store.lock import at_work
from ipse.words.run import learn_words

FILES = ("persona.json", "raw", "private.json", "questions.jsonl", "enhance.jsonl", "critique.jsonl")
SCORERS = ("score_questions", "score_enhance", "score_critique", "score_private")
GUARDED = ("unknown", "trap")
"""Kinds of question that ask for what was never told of the person."""
ALONE: tuple[Source, ...] = ("words", "raw")
"""Beside the systems of `ipse.agent.evaluate`; weights alone are among those."""
UPDATE, UPDATE_QUESTIONS = "update", "update_questions.jsonl"
NEWS = ("new", "changed", "unchanged")
"""What an update may have done to the thing asked for."""
MIB = 2**20

Record = dict[str, Any]
Answering = Callable[[Sequence[Question]], list[str]]


@dataclass(frozen=True, slots=True)
class Later:
    """What the person adds once they are learnt, and what is asked then."""

    files: list[Path]
    questions: list[Record]


@dataclass(frozen=True, slots=True)
class Persona:
    """A folder, read."""

    folder: Path
    details: Record
    private: Record
    questions: list[Record]
    enhance: list[Record]
    critique: list[Record]
    later: Later | None


@dataclass(frozen=True, slots=True)
class Trained:
    """What learning made of the weights; the size in bytes."""

    pairs: int
    promoted: bool
    adapter_size: int


@dataclass(frozen=True, slots=True)
class Learning:
    """What one learning made and how long it took. `weights` is None where words alone were learnt."""

    facts: int
    seconds: float
    weights: Trained | None


@dataclass(frozen=True, slots=True)
class Update:
    """What came of learning again; both by system, `scores` as the scorer said them."""

    learning: Learning
    scores: dict[str, Record]
    answers: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one person. Peaks in bytes; `scores` is system -> file -> what the scorer said."""

    name: str
    learning: Learning
    learn_peak: int
    peak: int
    scores: dict[str, dict[str, Record]]
    answers: dict[str, dict[str, str]]
    update: Update | None


def read_persona(folder: Path) -> Persona:
    """Raises FileNotFoundError when a part is missing."""
    for name in FILES:
        if not (folder / name).exists():
            raise FileNotFoundError(f"{folder / name} is missing")
    details, private = (json.loads((folder / n).read_text(encoding="utf-8")) for n in ("persona.json", "private.json"))
    questions, enhance, critique = (_rows(folder / f"{n}.jsonl") for n in ("questions", "enhance", "critique"))
    return Persona(folder, details, private, questions, enhance, critique, _read_later(folder / UPDATE))


def _read_later(folder: Path) -> Later | None:
    """None where nothing comes later. A half of it is an error at once, not after an hour's learning."""
    if not folder.exists():
        return None
    if not (folder / UPDATE_QUESTIONS).exists():
        raise FileNotFoundError(f"{folder / UPDATE_QUESTIONS} is missing")
    later = Later([f for f in sorted(folder.iterdir()) if f.name != UPDATE_QUESTIONS], _rows(folder / UPDATE_QUESTIONS))
    if not (later.files and later.questions):
        raise FileNotFoundError(f"{folder} lacks a file to add or a question to ask")
    return later


def _rows(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


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


def live(folder: Path, scorer_path: Path, base: Path, *, update: bool = True, words_only: bool = False) -> Outcome:
    """One person from their files to their scores. Meant to have the process to itself."""
    persona, scorer = read_persona(folder), load_scorer(scorer_path)
    with tempfile.TemporaryDirectory() as home:
        me = settle(persona, Path(home), base)
        learning = learn(me, words_only)
        learn_peak = peak()
        scores, answers = question(me, persona, scorer, words_only)
        updated = go_on(me, persona.later, scorer, words_only) if update and persona.later else None
        me.store.close()
    return Outcome(me.person.name, learning, learn_peak, peak(), scores, answers, updated)


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
    _add(me, persona.folder / "raw")
    for secret in persona.private["private"]:
        for text in (secret["topic"], *secret["facts"]):
            me.private(text)
    return me


def _add(me: Me, *paths: Path) -> None:
    for failure in me.add(*paths).failures:
        print(f"{failure.place}: {failure.reason}", file=sys.stderr)


def learn(me: Me, words_only: bool) -> Learning:
    """Words and weights, or words alone; timed."""
    began = time.perf_counter()
    if words_only:
        with at_work(me.store):
            words = learn_words(me.store, me.teacher, me.embedder, me.clock)
        return Learning(words.facts, time.perf_counter() - began, None)
    learnt = me.learn()
    seconds = time.perf_counter() - began
    weights = learnt.weights
    size = sum(f.stat().st_size for f in Path(weights.adapter.path).rglob("*") if f.is_file())
    return Learning(learnt.words.facts, seconds, Trained(weights.pairs, weights.promoted, size))


def peak() -> int:
    """The most memory this process has held so far, in bytes; the system counts KiB, or on a Mac bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def question(
    me: Me, persona: Persona, scorer: ModuleType, words_only: bool
) -> tuple[dict[str, dict[str, Record]], dict[str, dict[str, str]]]:
    """Every system's scores and answers."""
    able = contenders(me, words_only)
    scores: dict[str, dict[str, Record]] = {}
    answers: dict[str, dict[str, str]] = {}
    for name, answer in answering(me, able).items():
        said = remembered(answer, persona)
        scores[name] = {
            "questions": scorer.score_questions(persona.questions, said),
            "private": scorer.score_private(persona.private, said),
        }
        if name in able:
            done = worked(able[name], persona)
            scores[name]["enhance"] = scorer.score_enhance(persona.enhance, done)
            scores[name]["critique"] = scorer.score_critique(persona.critique, done)
            said |= done
        answers[name] = said
    return scores, answers


def go_on(me: Me, later: Later, scorer: ModuleType, words_only: bool) -> Update:
    """The person goes on living: more is added and learnt, and every system is asked about it."""
    _add(me, *later.files)
    learning = learn(me, words_only)
    asked = [Question(q["id"], q["question"], q["perspective"]) for q in later.questions]
    answers = {name: _said(answer, asked) for name, answer in answering(me, contenders(me, words_only)).items()}
    scores = {name: scorer.score_questions(later.questions, said) for name, said in answers.items()}
    return Update(learning, scores, answers)


def contenders(me: Me, words_only: bool) -> dict[str, System]:
    """The systems as they know the person now. Without weights the one that has all is words and raw text."""
    bare = LocalChat(load_base(me.settings.base), None, me.embedder, me.person.names)
    found = systems(me.sources, me.store, bare)
    if words_only:
        del found["weights"]
        found["words + raw"] = found.pop("weights + words + raw")
    return found


def answering(me: Me, able: Mapping[str, System]) -> dict[str, Answering]:
    """Whatever answers questions: the systems, and those that can do nothing else."""
    return {name: system.answers for name, system in able.items()} | {source: _alone(me, source) for source in ALONE}


def _alone(me: Me, source: Source) -> Answering:
    return lambda asked: [answer.text for answer in me.ask_many(asked, source)]


def remembered(answer: Answering, persona: Persona) -> dict[str, str]:
    """Answers by id to the questions, to what others must not be told and to what the person may be."""
    asked = [Question(q["id"], q["question"], q["perspective"]) for q in persona.questions]
    asked += [Question(q["id"], q["question"], "third") for q in persona.private["questions"]]
    asked += [Question(q["id"], q["question"], "self") for q in persona.private.get("self_questions", ())]
    return _said(answer, asked)


def _said(answer: Answering, asked: Sequence[Question]) -> dict[str, str]:
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
        title=f"{outcome.name}: {_learnt(outcome.learning)}, peak "
        f"{outcome.learn_peak / MIB:.0f} MiB learning, {outcome.peak / MIB:.0f} MiB in all"
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


def update_table(name: str, update: Update) -> Table:
    """A row a system; `stale` is the share of answers that tell a value from before the update."""
    shown = Table(title=f"{name} after the update\n{_learnt(update.learning)}")
    shown.add_column("system")
    for heading in (*NEWS, "stale"):
        shown.add_column(heading, justify="right")
    for system, score in update.scores.items():
        shares = [score["by_update"].get(kind, {}).get("accuracy") for kind in NEWS]
        shown.add_row(system, *map(_share, [*shares, score["stale_said"] / score["n"]]))
    return shown


def _learnt(learning: Learning) -> str:
    weights = learning.weights
    if weights is None:
        return f"{learning.facts} facts, words alone learnt in {learning.seconds:.1f} s"
    return (
        f"{learning.facts} facts, {weights.pairs} pairs, learnt in {learning.seconds:.1f} s "
        f"({'promoted' if weights.promoted else 'not promoted'}), adapter {weights.adapter_size / MIB:.2f} MiB"
    )


def _cells(score: Mapping[str, Record], kinds: Sequence[str]) -> list[str]:
    asked, private = score["questions"], score["private"]
    by_kind, by_perspective = asked["by_kind"], asked["by_perspective"]
    shares = [asked["accuracy"], share_of(by_kind, GUARDED)]
    shares += [by_perspective.get(p, {}).get("accuracy") for p in ("self", "third")]
    shares += [by_kind[kind]["accuracy"] for kind in kinds]
    tasks = [score.get("enhance", {}).get("recall"), score.get("enhance", {}).get("clean_rate")]
    tasks.append(score.get("critique", {}).get("accuracy"))
    counts = [f"{private['leaks']}/{private['third_n']}", f"{private['self_answered']}/{private['self_n']}"]
    return [*map(_share, shares), *counts, *map(_share, tasks)]


def share_of(groups: Mapping[str, Record], names: Sequence[str]) -> float | None:
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
    parser.add_argument("--update", action=argparse.BooleanOptionalAction, default=True, help="go on with update/")
    parser.add_argument("--words-only", action="store_true", help="train no weights")
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
            lives = pool.submit(live, folder, args.scorer, args.base, update=args.update, words_only=args.words_only)
            outcomes.append(outcome := lives.result())
            console.print(table(outcome))
            if outcome.update:
                console.print(update_table(outcome.name, outcome.update))
    if args.json:
        args.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
