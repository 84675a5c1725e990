"""Forgetting on a really learnt home: the text, what was made of it and the weights that saw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cli_kit import learnt_home
from learnt_kit import SETTINGS

import ipse
from ipse.agent.forget import find, forget
from ipse.errors import UsageError
from ipse.me import Me
from ipse.store.sqlite import SqliteStore
from ipse.types import Receipt

DIARY = "I live in Tromso, above the bakery. My favourite colour is teal. I keep a ferret called Bismarck.\n"
LETTER = "I play the harmonica every evening. I can't stand coriander.\n"
QUICK = replace(SETTINGS, sft=replace(SETTINGS.sft, epochs=1))


@dataclass
class Quick:
    """Relearns with the settings of a small test; `Me.forget` does it with the usual ones."""

    me: Me

    @property
    def store(self) -> SqliteStore:
        return self.me.store

    def clock(self) -> datetime:
        return self.me.clock()

    def learn(self, progress: Any = None) -> Any:
        return self.me.learn(progress, QUICK)


def forgotten(me: Me, request: str) -> Receipt:
    return forget(find(request, me.store, me.sources.library), Quick(me))


def files(me: Me) -> Iterator[Path]:
    return (path for path in me.settings.home.rglob("*") if path.is_file())


def holding(me: Me, *words: str) -> list[str]:
    """Files of the home that hold one of the words."""
    spelt = [w.encode(code) for word in words for w in (word, word.casefold()) for code in ("utf-8", "utf-16-le")]
    return [f"{path.name}: {word!r}" for path in files(me) for word in spelt if word in path.read_bytes()]


@pytest.fixture(scope="module")
def me(tmp_path_factory: pytest.TempPathFactory) -> Me:
    folder = tmp_path_factory.mktemp("forget")
    (folder / "diary.md").write_text(DIARY, encoding="utf-8")
    (folder / "letter.md").write_text(LETTER, encoding="utf-8")
    found = ipse.init(str(folder / "home"), "Maya Okafor", pronouns="she/her")
    found.add(folder / "diary.md", folder / "letter.md")
    found.learn(settings=QUICK)
    return found


def old_adapter(me: Me) -> Path:
    (adapter,) = me.adapters()
    return Path(adapter.path)


def test_by_phrase_by_fact_and_by_source_until_nothing_is_left(me: Me) -> None:
    by_phrase(me)
    by_fact_id(me)
    added_again(me)
    by_source(me)


def by_phrase(me: Me) -> None:
    assert holding(me, "Bismarck")
    (me.store.folder() / "training").mkdir()
    (me.store.folder() / "training" / "adapter_x.pt").write_bytes(b"Bismarck")
    stray = old_adapter(me).with_name("adapter_broken.partial")
    stray.mkdir()
    (stray / "adapter_model.safetensors").write_bytes(b"Bismarck")
    (me.store.folder() / "teacher-cache.jsonl").write_text("Bismarck")
    ferret = {c.id for c in me.store.chunks() if "Bismarck" in c.text}
    facts = {f.id for f in me.facts() if ferret & set(f.refs)}
    pairs = {p.id for p in me.store.pairs() if facts & set(p.refs)}
    before, adapters = old_adapter(me), tuple(a.id for a in me.adapters())
    receipt = forgotten(me, "my ferret Bismarck")
    assert set(receipt.removed["chunks"]) == ferret
    assert set(receipt.removed["facts"]) == facts
    assert set(receipt.removed["pairs"]) == pairs
    assert pairs
    assert receipt.destroyed_adapters == adapters
    assert receipt.new_adapter == me.adapters()[0].id
    assert me.store.receipts() == [receipt]
    assert "Bismarck" not in repr(receipt)
    assert not before.exists()
    assert holding(me, "Bismarck") == []
    for question in ("What is my ferret called?", "Which animal do I keep?"):
        assert not any("Bismarck" in me.ask(question, source=who).text for who in ("all", "weights", "words", "raw"))
    assert "teal" in me.ask("What is my favourite colour?").text


def by_fact_id(me: Me) -> None:
    fact = next(f for f in me.facts() if f.attribute == "favourite_colour")
    me.correct(fact.id, "My favourite colour is teal, or petrol.")
    before = old_adapter(me)
    receipt = forgotten(me, fact.id)
    assert fact.id in receipt.removed["facts"]
    assert not before.exists()
    assert holding(me, "teal", "petrol") == []
    assert me.store.corrections() == {}
    assert "teal" not in me.ask("What is my favourite colour?").text


def added_again(me: Me) -> None:
    diary = me.settings.home.parent / "diary.md"
    stale = next(f for f in me.facts() if "Tromso" in f.statement)
    diary.write_text(DIARY + "Today it rained.\n", encoding="utf-8")
    assert me.add(diary).forgotten == 2
    assert not any("Bismarck" in c.text or "teal" in c.text for c in me.store.chunks())
    assert holding(me, "Bismarck", "teal") == []
    with pytest.raises(UsageError, match="ipse learn"):
        me.doomed(stale.id)


def by_source(me: Me) -> None:
    """Both files go; then nothing is left to learn from, and nothing loaded before answers any more."""
    diary, letter = (str(me.settings.home.parent / name) for name in ("diary.md", "letter.md"))
    assert len(forgotten(me, diary).removed["sources"]) == 1
    assert holding(me, "Tromso") == []
    assert "coriander" in me.ask("Which food can't I stand?").text
    before = old_adapter(me)
    receipt = me.forget(letter)
    assert len(receipt.removed["sources"]) == 1
    assert receipt.new_adapter is None
    assert not before.exists()
    assert me.adapters() == []
    assert me.facts(include_superseded=True) == []
    assert me.weights is None
    assert holding(me, "harmonica", "coriander", "Tromso") == []
    assert not me.ask("Which food can't I stand?").known
    assert me.add(letter).forgotten == 2
    assert me.store.chunks() == []
    assert not me.ask("Which food can't I stand?").known


class Unreachable(Exception):
    pass


@dataclass
class NeverRelearns(Quick):
    def learn(self, progress: Any = None) -> Any:
        del progress
        raise Unreachable


def test_when_rebuilding_fails_the_words_are_gone_all_the_same(tmp_path: Path) -> None:
    found = ipse.open(learnt_home(tmp_path / "home"))
    doomed = find("coriander", found.store, found.sources.library)
    with pytest.raises(Unreachable):
        forget(doomed, NeverRelearns(found))
    assert holding(found, "coriander") == []
    assert any("green" in fact.statement for fact in found.facts())


def test_what_matches_nothing_is_said(tmp_path: Path) -> None:
    found = ipse.open(learnt_home(tmp_path / "home"))
    before = [c.text for c in found.store.chunks()]
    with pytest.raises(UsageError, match="nothing matches"):
        found.doomed("quantum chromodynamics seminar")
    assert [c.text for c in found.store.chunks()] == before


def test_what_will_go_is_shown_first(tmp_path: Path) -> None:
    found = ipse.open(learnt_home(tmp_path / "home"))
    doomed = found.doomed("coriander")
    assert ["coriander" in c.text for c in doomed.chunks] == [True]
    assert set(doomed.facts) == {f.id for f in found.facts() if "coriander" in f.statement}
    assert any("coriander" in c.text for c in found.store.chunks())
