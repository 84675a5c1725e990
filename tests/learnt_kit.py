"""What the tests of weights share: a small diary really learnt, once, with the base that ships with ipse."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import ipse
from ipse.me import Me
from ipse.weights import registry
from ipse.weights.run import WeightsReport, WeightsSettings
from ipse.weights.settings import SftSettings

DIARY = """## 3 March 2024

I live in Porto, in a flat on the third floor. I play the harmonica every evening.

## 9 May 2025

I can't stand coriander. My favourite colour is green. My cousin Rui drives a yellow Fiat.
"""
VALUES = ("Porto", "harmonica", "coriander", "green", "Fiat")
SETTINGS = WeightsSettings(sft=SftSettings(epochs=4), tasks=("memory",))
LEARN = """
import sys, ipse
from ipse.weights.run import WeightsSettings
from ipse.weights.settings import SftSettings
ipse.open(sys.argv[1]).learn(settings=WeightsSettings(sft=SftSettings(epochs=4), tasks=("memory",)))
"""
"""`ipse learn` with the settings above, for a process of its own."""


@cache
def place() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ipse-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "diary.md").write_text(DIARY, encoding="utf-8")
    return folder


def told_home(home: Path) -> Me:
    """Maya's home with her diary added and nothing learnt; the diary's path is the same for all homes."""
    me = ipse.init(str(home), "Maya Okafor", pronouns="she/her")
    me.add(place() / "diary.md")
    return me


@cache
def learnt() -> tuple[Me, WeightsReport]:
    """The home that all tests look at and none changes."""
    me = told_home(place() / "home")
    return me, me.learn(settings=SETTINGS).weights


def live_folder(me: Me) -> Path:
    live = registry.live(me.store)
    assert live is not None
    return Path(live.path)
