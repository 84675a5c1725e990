"""What the tests of the command line and of the docs share: a small home with facts and no weights."""

from __future__ import annotations

import atexit
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

import ipse
from ipse.cli import main
from ipse.words.run import learn_words

DIARY = """## 3 March 2024

I live in Porto, in a flat on the third floor. I work as a bookbinder.

## 9 May 2025

I can't stand coriander. On Tuesdays I never work late, because I take Noor to judo.
My favourite colour is green. My cousin Rui drives a yellow Fiat.
"""

Run = Callable[..., "Ran"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def learnt_home(home: Path) -> Path:
    """Maya Okafor's home with her diary read and its facts known; nothing is trained."""
    shutil.copytree(_template(), home, dirs_exist_ok=True)
    return home


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ipse-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "diary.md").write_text(DIARY, encoding="utf-8")
    me = ipse.init(str(folder / "home"), "Maya Okafor", pronouns="she/her", aliases=["maya@posteo.example"])
    me.add(folder / "diary.md")
    learn_words(me.store, me.teacher, me.embedder, me.clock)
    me.store.close()
    return folder / "home"


@contextmanager
def stdin(text: bytes) -> Iterator[None]:
    before, sys.stdin = sys.stdin, TextIOWrapper(BytesIO(text), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


def runner(capsys: pytest.CaptureFixture[str], *always: str) -> Run:
    """Runs `ipse` in this process, with some arguments always in front."""

    def run(*arguments: str, given: str | bytes = "") -> Ran:
        capsys.readouterr()
        with stdin(given.encode() if isinstance(given, str) else given), pytest.raises(SystemExit) as left:
            main([*always, *map(str, arguments)])
        out, err = capsys.readouterr()
        return Ran(int(left.value.code or 0), out, err)

    return run


def plain_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No settings of whoever runs the tests, and their home out of reach."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "IPSE_BASE", "IPSE_TEACHER", "IPSE_HOME", "IPSE_AGENT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
