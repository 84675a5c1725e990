"""How an adapter was made and how it did: `recipe.json` and `scores.json` in its folder.

With the recipe and the same ledger anybody can make the adapter again. Both files appear whole or
not at all. Knows no store and never looks inside the weights.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ipse.errors import BrokenInput, StoreError

RECIPE, SCORES = "recipe.json", "scores.json"
BASE_WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`settings` are those of the training, plain JSON values; keys to servers don't belong there."""

    base: str
    base_sha256: str
    """Of the base's `model.safetensors`: an adapter is of no use on any other."""
    ledger_version: str
    pairs_version: str
    seed: int
    settings: dict[str, Any]
    ipse_version: str

    @property
    def text(self) -> str:
        """The JSON of `recipe.json`; equal recipes give equal text."""
        return _json(asdict(self))


def recipe_for(base: Path, ledger_version: str, pairs_version: str, seed: int, settings: Mapping[str, Any]) -> Recipe:
    """The recipe of a training on the base in folder `base`. Raises StoreError if it can't be read."""
    digest = sha256_of(base / BASE_WEIGHTS)
    return Recipe(base.name, digest, ledger_version, pairs_version, seed, dict(settings), _ipse_version())


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Raises StoreError when the folder can't be written."""
    write_whole(folder / RECIPE, recipe.text)


def read_recipe(folder: Path) -> Recipe:
    """Raises StoreError (not there) or BrokenInput (not a recipe)."""
    found = read_json(folder / RECIPE)
    try:
        return Recipe(**found)
    except TypeError as fault:
        raise BrokenInput(str(folder / RECIPE), f"not a recipe ({fault}); train the adapter again") from fault


def write_scores(folder: Path, scores: Mapping[str, float]) -> None:
    """Raises StoreError when the folder can't be written."""
    write_whole(folder / SCORES, _json(dict(scores)))


def read_scores(folder: Path) -> dict[str, float]:
    """Raises StoreError (not there) or BrokenInput (not JSON numbers by name)."""
    found = read_json(folder / SCORES)
    if not all(isinstance(value, int | float) for value in found.values()):
        raise BrokenInput(str(folder / SCORES), "a score is not a number; evaluate the adapter again")
    return {name: float(value) for name, value in found.items()}


def sha256_of(file: Path) -> str:
    """Hex digest of a file's bytes. Raises StoreError when it can't be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as fault:
        raise StoreError(f"{file} can't be read: {fault.strerror}. Put it back or train again.") from fault


def write_whole(file: Path, text: str) -> None:
    """Writes beside and renames, so that a crash leaves the old text or the new. Raises StoreError."""
    beside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise StoreError(f"{file} can't be written: {fault.strerror}. Make room and try again.") from fault


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises StoreError (can't be read) or BrokenInput (no JSON object)."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise StoreError(f"{file} can't be read: {fault.strerror}. Train the adapter again.") from fault
    except ValueError as fault:
        raise BrokenInput(str(file), f"not JSON ({fault}); train the adapter again") from fault
    if not isinstance(found, dict):
        raise BrokenInput(str(file), "holds no JSON object; train the adapter again")
    return found


def _ipse_version() -> str:
    try:
        return version("ipse")
    except PackageNotFoundError:  # run from its source folder, never installed
        return "source"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
