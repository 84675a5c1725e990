"""Five systems on the same questions: base, preamble, retrieval, weights, and all together.

Questions are pairs held out of training, so the gold answer is the ledger's. Scoring is by rule
unless a judge model is configured; every number is a share of 1. What each system is given is laid
out in `systems`, and nothing else differs between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ipse.agent.answer import Question, Source, Sources, ask_each
from ipse.agent.critique import critique
from ipse.agent.enhance import enhance
from ipse.llm.local import LocalChat, load_base
from ipse.llm.protocol import ChatModel, Embedder
from ipse.store.protocol import Store
from ipse.types import Fact, Message, Pair, Person, Perspective
from ipse.voice import system
from ipse.weights.dataset import split
from ipse.weights.evaluate import KNOWN_FORMS, is_unknown, plain, tells, tells_of
from ipse.words.preamble import CHARS_PER_TOKEN, render

Progress = Callable[[str, int, int], None]

SYSTEMS = ("base", "base + preamble", "base + retrieval", "weights", "weights + words + raw")
MEASURES = ("memory_self", "memory_third", "enhance", "critic", "absence", "leak_free")
MOST_PAIRS, MOST_FACTS = 160, 24
EVIDENCE = 3
PREAMBLE_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Evaluation:
    """system -> measure -> score in [0, 1], higher better; and how many questions were asked of each."""

    systems: dict[str, dict[str, float]]
    questions: int


@dataclass(frozen=True, slots=True)
class System:
    """One contender: what it says to memory questions, and to a prompt of another task with its question."""

    answers: Callable[[Sequence[Question]], list[str]]
    enriches: Callable[[Sequence[str]], list[str]]
    judges: Callable[[Sequence[tuple[str, str]]], list[str]]
    """(request, response) -> "Flag: ..." or "Approve: ..."."""


def evaluate(
    sources: Sources, store: Store, base_path: Path, embedder: Embedder, progress: Progress | None = None, seed: int = 0
) -> Evaluation:
    """Asks every system every held-out question. Needs a learnt adapter for the last two rows."""
    held_out = split(store.pairs(), seed).validation
    by_id = {f.id: f for f in sources.facts}
    memory = [p for p in held_out if p.task == "memory" and not _given_away(p, by_id)][:MOST_PAIRS]
    refused = [p for p in store.pairs() if p.form == "refusal"][:20]
    asked = memory + [p for p in refused if p not in memory]
    valued = [f for f in sources.facts if f.value and f.subject == "self" and f.sensitivity != "private"][:MOST_FACTS]
    base = LocalChat(load_base(base_path), None, embedder, sources.person.names)
    table: dict[str, dict[str, float]] = {}
    for number, (name, a_system) in enumerate(systems(sources, store, base).items()):
        if progress:
            progress("evaluate", number, len(SYSTEMS))
        table[name] = _memory(asked, a_system.answers(_questions(asked)), sources.facts) | _tasks(a_system, valued)
    if progress:
        progress("evaluate", len(SYSTEMS), len(SYSTEMS))
    return Evaluation(table, len(asked))


def systems(sources: Sources, store: Store, base: LocalChat) -> dict[str, System]:
    """What each of SYSTEMS is given besides the question."""
    person, library = sources.person, sources.library

    def nothing(question: str, perspective: Perspective) -> list[str]:  # noqa: ARG001
        return []

    def preamble(question: str, perspective: Perspective) -> list[str]:  # noqa: ARG001
        return [render(person, store.biography(), perspective, PREAMBLE_TOKENS * CHARS_PER_TOKEN)]

    def retrieval(question: str, perspective: Perspective) -> list[str]:
        found = [e.chunk.text for e in library.near(question, EVIDENCE, own_only=True)]
        return [t for t in found if perspective == "self" or not sources.is_private(t)]

    notes = {"base": nothing, "base + preamble": preamble, "base + retrieval": retrieval}
    contenders = {name: _prompted(base, person, given) for name, given in notes.items()}

    @lru_cache(maxsize=1)  # the two rows with weights are asked the same, one after the other
    def recalled(asked: tuple[Question, ...]) -> dict[Source, list[str]]:
        told = ask_each(asked, sources, ("weights", "all"))
        return {who: [answer.text for answer in answers] for who, answers in told.items()}

    adapter = sources.weights or base
    alone = _prompted(adapter, person, nothing)
    contenders["weights"] = System(lambda asked: recalled(tuple(asked))["weights"], alone.enriches, alone.judges)

    def enrich(requests: Sequence[str]) -> list[str]:
        return [enhance(r, sources.facts, library, "self", sources.are_private).text for r in requests]

    def judge(cases: Sequence[tuple[str, str]]) -> list[str]:
        known = store.facts(include_superseded=True)
        found = [critique(q, r, known, library, sources.are_private) for q, r in cases]
        return [f"{c.verdict}: {c.feedback}" for c in found]

    contenders["weights + words + raw"] = System(lambda asked: recalled(tuple(asked))["all"], enrich, judge)
    return contenders


def _prompted(model: ChatModel, person: Person, given: Callable[[str, Perspective], list[str]]) -> System:
    """A model that gets its task's own prompt and whatever notes `given` finds for the question."""

    def said(rows: Sequence[tuple[str, str, Perspective]]) -> list[str]:
        prompts = []
        for heading, question, perspective in rows:
            told = "".join(f"\n- {note}" for note in given(question, perspective) if note)
            prompts.append([Message("system", heading + told), Message("user", question)])
        return [reply.text for reply in model.chat(prompts, max_tokens=48)]

    return System(
        lambda asked: said([(system(person, q.perspective), q.text, q.perspective) for q in asked]),
        lambda requests: said([(f"Enhance for {person.short}.", r, "self") for r in requests]),
        lambda cases: said([(f"Critique for {person.short}.", f"{q}\nReply: {r}", "self") for q, r in cases]),
    )


def _questions(pairs: Sequence[Pair]) -> list[Question]:
    return [Question(p.id, p.question, p.perspective) for p in pairs]


def _memory(pairs: Sequence[Pair], replies: Sequence[str], facts: Sequence[Fact]) -> dict[str, float]:
    by_id = {f.id: f for f in facts}
    groups: dict[str, list[bool]] = {}
    for pair, said in zip(pairs, replies, strict=True):
        if pair.form == "absence":
            groups.setdefault("absence", []).append(is_unknown(said) or "I don't know that about" in said)
        elif pair.form == "refusal":
            groups.setdefault("leak_free", []).append(not tells_of(said, pair, by_id))
        elif pair.form in KNOWN_FORMS:
            right = tells_of(said, pair, by_id) and not is_unknown(said)
            groups.setdefault(f"memory_{pair.perspective}", []).append(right)
    return {name: sum(hits) / len(hits) for name, hits in groups.items()}


def _given_away(pair: Pair, facts: Mapping[str, Fact]) -> bool:
    """Whether the question itself tells what is to be told: echoing it is no memory."""
    return pair.form in KNOWN_FORMS and tells_of(pair.question, pair, facts)


def _tasks(a_system: System, facts: Sequence[Fact]) -> dict[str, float]:
    """Enhance (0, 0.5, 1) and critic (five levels) on requests made from the ledger's values."""
    if not facts:
        return {}
    requests = [f"Help me with {f.key_phrases[0] if f.key_phrases else f.value}." for f in facts]
    enriched = a_system.enriches(requests)
    levels = [_enhance_level(t.removeprefix(r), f) for t, r, f in zip(enriched, requests, facts, strict=True)]
    cases, right = [], []
    for at, (request, fact) in enumerate(zip(requests, facts, strict=True)):
        others = [f.value for f in (*facts[at + 1 :], *facts[:at]) if f.attribute != fact.attribute]
        wrong = [(value, "flag") for value in others if not tells(fact.statement, replace(fact, value=value))][:1]
        for value, verdict in [(fact.value, "approve"), *wrong]:
            cases.append((request, fact.statement.replace(fact.value or "", value or "")))
            right.append((verdict, fact))
    judged = [_critic_level(t, v, f) for t, (v, f) in zip(a_system.judges(cases), right, strict=True)]
    return {"enhance": sum(levels) / len(levels), "critic": sum(judged) / len(judged)}


def _enhance_level(added: str, fact: Fact) -> float:
    """1 if the value is there, 0.5 if only its matter is, else 0."""
    if tells(added, fact):
        return 1.0
    return 0.5 if any(plain(k) in plain(added) for k in fact.key_phrases) else 0.0


def _critic_level(said: str, right: str, fact: Fact) -> float:
    """Five levels: right with the reason 1, right 0.75, wrong but naming the fact 0.5, wrong 0.25, no verdict 0."""
    verdict, _, feedback = said.casefold().partition(":")
    if verdict not in {"approve", "flag"}:
        return 0.0
    named = tells(feedback, fact)
    if verdict == right:
        return 1.0 if named or right == "approve" else 0.75
    return 0.5 if named else 0.25


def plot(evaluation: Evaluation, path: Path) -> None:
    """A bar chart, one group a measure, one bar a system, as PNG, PDF or SVG by the file's ending."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    measures = [m for m in MEASURES if any(m in row for row in evaluation.systems.values())]
    figure, axes = pyplot.subplots(figsize=(9, 4.5), layout="constrained")
    width = 0.8 / len(evaluation.systems)
    for number, (name, row) in enumerate(evaluation.systems.items()):
        places = [i + number * width for i in range(len(measures))]
        axes.bar(places, [row.get(m, 0.0) for m in measures], width, label=name)
    axes.set_xticks([i + 0.4 - width / 2 for i in range(len(measures))], [m.replace("_", " ") for m in measures])
    axes.set_ylim(0, 1)
    axes.set_ylabel("share right")
    axes.set_title(f"{evaluation.questions} held-out questions")
    axes.legend(fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
