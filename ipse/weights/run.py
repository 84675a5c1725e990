"""L2, top to bottom: facts -> pairs -> filter -> SFT -> DPO -> evaluate -> promote.

The only module of this layer that reads and writes. Every stage leaves its result where the next
call finds it, so `learn` after a crash goes on, and ends with the same adapter.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ipse.errors import NothingToLearn
from ipse.llm.local import LocalBase, LocalChat, load_base
from ipse.llm.protocol import Embedder
from ipse.store.protocol import Store
from ipse.teacher.protocol import Teacher
from ipse.types import Adapter, Failure, Pair, new_id
from ipse.weights import registry
from ipse.weights.dataset import Split, in_order, split
from ipse.weights.dpo import DpoSettings, preferences, tune
from ipse.weights.evaluate import counted, is_unknown, score
from ipse.weights.filter import FilterReport, filter_pairs
from ipse.weights.recipe import Recipe, recipe_for
from ipse.weights.rows import all_views, talk_rows
from ipse.weights.settings import SftSettings, with_room
from ipse.weights.sft import Progress, Trained, already_said, fit
from ipse.weights.synthesize import replies_of, synthesize
from ipse.weights.talk import talk_about_nobody, talk_sha256

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class WeightsSettings:
    sft: SftSettings = field(default_factory=SftSettings)
    dpo: DpoSettings = field(default_factory=DpoSettings)
    seed: int = 0
    tasks: tuple[str, ...] = ("memory", "enhance", "critique", "style")


@dataclass(frozen=True, slots=True)
class WeightsReport:
    """What a run made. `filtered` is None when the pairs of an earlier run were taken up again."""

    adapter: Adapter
    promoted: bool
    reason: str
    pairs: int
    preferences: int
    epochs: int
    unlearnt: int
    filtered: FilterReport | None
    failures: tuple[Failure, ...]
    unchanged: bool = False


def learn_weights(
    store: Store,
    teacher: Teacher,
    embedder: Embedder,
    base_path: Path,
    settings: WeightsSettings,
    private: Callable[[Sequence[str]], list[bool]],
    clock: Clock,
    progress: Progress | None = None,
) -> WeightsReport:
    """Trains, evaluates and, if it is good enough, promotes this ledger's adapter.

    Raises NothingToLearn when the ledger is empty. Calls hold the person's lock.
    """
    ledger, version = _versions(store, teacher, settings)
    base = load_base(base_path)
    filtered, failures = make_pairs(store, teacher, embedder, base, settings, private, progress)
    pairs = store.pairs()
    parts = split(pairs, settings.seed)
    settings = replace(settings, sft=with_room(settings.sft, len(pairs)))
    recipe = recipe_for(base_path, ledger, version, settings.seed, asdict(settings) | {"talk": talk_sha256()})
    adapter_id = new_id("adapter", recipe.text)
    made = next((a for a in store.adapters() if Path(a.path).name == adapter_id), None)
    if made is not None:
        return _made_before(store, made, parts, base, embedder)
    trained, found = train(store, adapter_id, parts.train, base, embedder, settings, progress)
    adapter = _register(store, adapter_id, recipe, trained, parts.validation, base, embedder, pairs, clock)
    adapter, promoted, reason = _promote_if_good(store, adapter, parts.validation, base, embedder)
    shutil.rmtree(_workshop(store))
    return WeightsReport(
        adapter, promoted, reason, len(pairs), found, trained.epochs, trained.unlearnt, filtered, tuple(failures)
    )


def _made_before(store: Store, adapter: Adapter, parts: Split, base: LocalBase, embedder: Embedder) -> WeightsReport:
    """Nothing is left to train; a promotion that a crash came before is made up for."""
    reason = "nothing has changed"
    if adapter.status == "candidate":
        adapter, _, reason = _promote_if_good(store, adapter, parts.validation, base, embedder)
    shutil.rmtree(_workshop(store))
    pairs = len(parts.train) + len(parts.validation)
    return WeightsReport(adapter, adapter.status == "live", reason, pairs, 0, 0, 0, None, (), unchanged=True)


def _promote_if_good(
    store: Store, candidate: Adapter, validation: Sequence[Pair], base: LocalBase, embedder: Embedder
) -> tuple[Adapter, bool, str]:
    """The adapter as it stands then, whether it is live, and why.

    The live one is asked what the candidate was asked: a score on other questions, of what was true then, says nothing
    about which of them knows the person as they are. One for another base can't answer any more.
    """
    current = registry.live(store)
    scores = None
    if current is not None and registry.fits(current, base.path):
        with LocalChat(base, Path(current.path), embedder, store.person.names).opened() as chat:
            scores = score(chat, validation, store.facts(include_superseded=True))
    promoted, reason = registry.gate(candidate.scores, scores, counted(validation))
    return registry.promote(store, candidate.id) if promoted else candidate, promoted, reason


def _versions(store: Store, teacher: Teacher, settings: WeightsSettings) -> tuple[str, str]:
    """The version of the ledger and of the pairs it gives. Raises NothingToLearn when the ledger is empty."""
    words = store.words_version()
    if words is None or not store.facts():
        raise NothingToLearn("there are no facts yet; add something the person wrote with: ipse add FILES")
    return words[1], new_id("pairs", words[1], teacher.name, settings.seed, settings.tasks)


def make_pairs(
    store: Store,
    teacher: Teacher,
    embedder: Embedder,
    base: LocalBase,
    settings: WeightsSettings,
    private: Callable[[Sequence[str]], list[bool]],
    progress: Progress | None = None,
) -> tuple[FilterReport | None, Sequence[Failure]]:
    """Synthesis and filter, unless this version's pairs are there already.

    Raises NothingToLearn when the ledger is empty. Calls hold the person's lock.
    """
    _, version = _versions(store, teacher, settings)
    if store.pairs_version() == version:
        return None, ()
    if progress:
        progress("synthesize", 0, 1)
    person, facts = store.person, store.facts()
    replies = replies_of(store.chunks())
    secret = private([reply.text for _, reply in replies])
    own = [both for both, is_secret in zip(replies, secret, strict=True) if not is_secret]
    pairs, failures = synthesize(facts, own, person, teacher, settings.seed)
    pairs = [p for p in pairs if p.task in settings.tasks]

    def known_to_base(some: Sequence[Pair]) -> list[bool]:
        said = already_said(some, base, embedder, person.names, settings.sft)
        return [known and not is_unknown(p.answer) for p, known in zip(some, said, strict=True)]

    report = filter_pairs(pairs, facts, person, embedder, private, known_to_base)
    store.put_pairs(version, in_order(report.kept, settings.seed), ())
    if progress:
        progress("synthesize", 1, 1)
    return report, failures


def _workshop(store: Store) -> Path:
    """Where a run keeps its checkpoints until its adapter is registered."""
    folder = store.folder() / registry.WORKSHOP
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def train(
    store: Store,
    adapter_id: str,
    pairs: Sequence[Pair],
    base: LocalBase,
    embedder: Embedder,
    settings: WeightsSettings,
    progress: Progress | None = None,
) -> tuple[Trained, int]:
    """SFT, then DPO on its mistakes; the number of preference pairs. Calls hold the person's lock."""
    names = store.person.names
    seen = all_views(pairs, base, embedder, names, settings.sft)
    talk = talk_rows(talk_about_nobody(store.person), base, embedder, settings.sft)
    trained = fit(seen, base, settings.sft, _workshop(store) / f"{adapter_id}.pt", progress, talk)
    chat = LocalChat.around(base, trained.model, embedder, names)
    doubtful = [p for p, lacking in zip(pairs, trained.lacking, strict=True) if lacking and p.task == "memory"]
    found = preferences(doubtful, chat, int(len(pairs) * settings.dpo.share))
    store.put_pairs(store.pairs_version() or "", store.pairs(), found)
    if found:
        if progress:
            progress("dpo", 0, 1)
        tune(trained.model, found, base, embedder, names, settings.sft, settings.dpo)
        if progress:
            progress("dpo", 1, 1)
    return trained, len(found)


def _register(
    store: Store,
    adapter_id: str,
    recipe: Recipe,
    trained: Trained,
    validation: Sequence[Pair],
    base: LocalBase,
    embedder: Embedder,
    pairs: Sequence[Pair],
    clock: Clock,
) -> Adapter:
    """Scores the adapter on held-out pairs, saves it and enters it as a candidate."""
    names = store.person.names
    chat = LocalChat.around(base, trained.model, embedder, names)
    facts = store.facts(include_superseded=True)
    scores = score(chat, validation, facts)
    folder = registry.adapters_folder(store) / adapter_id
    save_adapter(trained.model, folder)
    chat.close()
    bare = score(LocalChat(base, None, embedder, names), validation, facts)
    scores["base_memory"] = bare.get("memory", 0.0)
    current = registry.live(store)
    refs = sorted({r for p in pairs for r in p.refs})
    return registry.register(store, folder, recipe, scores, current.id if current else None, refs, clock)


def save_adapter(model: Any, folder: Path) -> None:
    """peft's two files; the folder appears whole or not at all."""
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    model.save_pretrained(partial)
    (partial / "README.md").unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
