"""The life of an adapter: registered, promoted, replaced, brought back, destroyed.

At most one adapter of a person is live. Which ones were live before it stands, oldest first, in
`adapters/replaced.txt`; the rest is in the store. Knows neither training nor models: an adapter is
a folder of files and a row. Callers hold the person's lock (`ipse.store.lock.at_work`).
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ipse.errors import StoreError, UsageError
from ipse.store.protocol import Store
from ipse.types import Adapter, new_id
from ipse.weights.recipe import BASE_WEIGHTS, Recipe, read_recipe, sha256_of, write_recipe, write_scores, write_whole

ADAPTERS = "adapters"
REPLACED = "replaced.txt"
WORKSHOP = "training"
"""Beside the adapters: the checkpoints of a training that hasn't ended."""
FILES = ("adapter_config.json", "adapter_model.safetensors")

MARGIN, CHANCE = 0.02, 2.0
"""So much worse a candidate may be, or in what it knows so many standard errors of the difference: some questions are
lost by chance."""
HIGHER_IS_BETTER = ("memory", "absence")
LOWER_IS_BETTER = ("leak",)
BASE_MEMORY = "base_memory"
"""The bare base's memory score, which evaluation writes beside the adapter's own."""

_BLOCK = 1 << 20


def adapters_folder(store: Store) -> Path:
    """Where a person's adapters lie, each in a folder of its own; made if need be."""
    folder = store.folder() / ADAPTERS
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def register(
    store: Store,
    folder: Path,
    recipe: Recipe,
    scores: Mapping[str, float],
    parent: str | None,
    refs: Sequence[str],
    clock: Callable[[], datetime],
) -> Adapter:
    """Writes recipe and scores beside peft's files and enters the adapter as a candidate.

    Registering a folder again keeps its status and time. Raises UsageError for a folder that is
    not the person's or holds no adapter, StoreError when it can't be written.
    """
    folder = _own(store, folder)
    lacking = [name for name in FILES if not (folder / name).is_file()]
    if lacking:
        raise UsageError(f"{folder} is no adapter: it lacks {' and '.join(lacking)}. Train it first.")
    write_recipe(folder, recipe)
    write_scores(folder, scores)
    identity = new_id("adapter", folder.name, recipe.text, sha256_of(folder / FILES[1]))
    before = _by_id(store).get(identity)
    adapter = Adapter(
        id=identity,
        path=str(folder),
        status=before.status if before else "candidate",
        made_at=before.made_at if before else clock(),
        parent=parent,
        scores=dict(scores),
        refs=tuple(refs),
    )
    store.put_adapter(adapter)
    return adapter


def live(store: Store) -> Adapter | None:
    """The adapter that answers now."""
    return next((adapter for adapter in store.adapters() if adapter.status == "live"), None)


def fits(adapter: Adapter, base: Path) -> bool:
    """Whether it was trained on the base in that folder. Raises StoreError or BrokenInput if that can't be told."""
    return read_recipe(Path(adapter.path)).base_sha256 == sha256_of(base / BASE_WEIGHTS)


def promote(store: Store, adapter_id: str) -> Adapter:
    """Makes it the live one; the one before it can be brought back. Raises UsageError if unknown."""
    adapter = _known(store, adapter_id)
    before = live(store)
    if before is not None and before.id == adapter_id:
        return before
    if before is not None:
        # First the note, then the change: a note too many is passed over, one too few can't be found.
        _write_replaced(store, [*_replaced(store), before.id])
    _switch(store, before, adapter)
    return replace(adapter, status="live")


def rollback(store: Store) -> Adapter:
    """Brings back the adapter that was live before this one. Raises UsageError when there is none."""
    known = _by_id(store)
    earlier = _replaced(store)
    while earlier:
        adapter = known.get(earlier.pop())
        if adapter is not None and adapter.status == "retired":
            _switch(store, live(store), adapter)
            _write_replaced(store, earlier)
            return replace(adapter, status="live")
    raise UsageError("no adapter was live before this one; see which there are with: ipse adapters")


def destroy(store: Store, adapter_id: str) -> None:
    """Overwrites and deletes the adapter's files, then its row; a second try ends a broken-off one.

    On flash memory and copying file systems old blocks may outlive the overwriting: there only an
    encrypted disk keeps the promise. Raises UsageError if unknown, StoreError when a file resists.
    """
    adapter = _known(store, adapter_id)
    folder = _own(store, Path(adapter.path))
    try:
        _wipe(folder)
    except OSError as fault:
        raise StoreError(
            f"{fault.filename or folder} can't be destroyed: {fault.strerror}. "
            "Allow writing there and try again; what is gone already stays gone."
        ) from fault
    store.delete_adapter(adapter_id)


def destroy_unfinished(store: Store) -> None:
    """Overwrites and deletes what broken-off trainings left: checkpoints, and adapters never registered.

    Raises StoreError when a file resists.
    """
    home = adapters_folder(store).resolve()
    registered = {Path(adapter.path).resolve() for adapter in store.adapters()}
    strays = [folder for folder in home.iterdir() if folder.is_dir() and folder not in registered]
    try:
        for folder in (*strays, store.folder() / WORKSHOP):
            _wipe(folder)
    except OSError as fault:
        raise StoreError(
            f"{fault.filename or home} can't be destroyed: {fault.strerror}. Allow writing there and try again."
        ) from fault


def gate(
    candidate: Mapping[str, float], current: Mapping[str, float] | None, asked: Mapping[str, int]
) -> tuple[bool, str]:
    """Whether a candidate may replace what is live, and why in words; both were asked the same questions.

    Scores are shares in [0, 1] of so many questions `asked`: memory, absence (higher is better) and leak (lower is
    better). Without a live adapter the candidate has to remember more than the bare base.
    """
    if not current:
        return _against_base(candidate)
    measured = [name for name in (*HIGHER_IS_BETTER, *LOWER_IS_BETTER) if name in current]
    unmeasured = [name for name in measured if name not in candidate]
    if unmeasured:
        return False, f"{', '.join(unmeasured)} was measured on the live adapter, but not on this one"
    worse = [name for name in measured if _loss(candidate, current, name) > _allowed(candidate, current, asked, name)]
    if worse:
        told = ", ".join(f"{name} {candidate[name]:.2f} against {current[name]:.2f}" for name in worse)
        return False, f"worse than the live adapter: {told}"
    return True, "no worse than the live adapter on any score, but for chance"


def _against_base(candidate: Mapping[str, float]) -> tuple[bool, str]:
    if "memory" not in candidate or BASE_MEMORY not in candidate:
        return False, "memory was not measured against the bare base; evaluate first"
    told = f"memory {candidate['memory']:.2f} against the bare base's {candidate[BASE_MEMORY]:.2f}"
    if candidate["memory"] > candidate[BASE_MEMORY]:
        return True, f"better than nothing learnt: {told}"
    return False, f"no better than nothing learnt: {told}"


def _loss(candidate: Mapping[str, float], current: Mapping[str, float], name: str) -> float:
    """How much worse the candidate is."""
    # rounded, so that 0.90 - 0.88 is the margin and not a hair more
    more = round(candidate[name] - current[name], 9)
    return more if name in LOWER_IS_BETTER else -more


def _allowed(
    candidate: Mapping[str, float], current: Mapping[str, float], asked: Mapping[str, int], name: str
) -> float:
    """How much worse it may be on this score. What is told that should be refused is no matter of chance."""
    if name in LOWER_IS_BETTER:
        return MARGIN
    variance = sum(scores[name] * (1 - scores[name]) for scores in (candidate, current))
    return max(MARGIN, CHANCE * math.sqrt(variance / max(1, asked[name])))


def _switch(store: Store, before: Adapter | None, after: Adapter) -> None:
    with store.transaction():
        if before is not None:
            store.set_adapter_status(before.id, "retired")
        store.set_adapter_status(after.id, "live")


def _by_id(store: Store) -> dict[str, Adapter]:
    return {adapter.id: adapter for adapter in store.adapters()}


def _known(store: Store, adapter_id: str) -> Adapter:
    known = _by_id(store)
    if adapter_id not in known:
        raise UsageError(f"no adapter {adapter_id}; there are: {', '.join(known) or 'none'}")
    return known[adapter_id]


def _own(store: Store, folder: Path) -> Path:
    """The resolved folder, if it is one inside the person's adapters: nothing else may be touched."""
    home, found = adapters_folder(store).resolve(), folder.resolve()
    if home not in found.parents:
        raise UsageError(f"{folder} is not in {home}; adapters have to lie there")
    return found


def _replaced(store: Store) -> list[str]:
    file = adapters_folder(store) / REPLACED
    return file.read_text(encoding="utf-8").split() if file.exists() else []


def _write_replaced(store: Store, ids: Sequence[str]) -> None:
    write_whole(adapters_folder(store) / REPLACED, "".join(f"{each}\n" for each in ids))


def _wipe(folder: Path) -> None:
    """Every file in it, however deep, and the folders; what a link points at is left alone."""
    if not folder.exists():
        return
    for path in sorted(folder.iterdir()):
        kind = path.lstat().st_mode
        if stat.S_ISDIR(kind):
            _wipe(path)
            continue
        if stat.S_ISREG(kind):
            _overwrite(path)
        path.unlink()
    folder.rmdir()


def _overwrite(file: Path) -> None:
    with file.open("r+b") as opened:
        left = file.stat().st_size
        while left > 0:
            left -= opened.write(os.urandom(min(left, _BLOCK)))
        opened.flush()
        os.fsync(opened.fileno())
