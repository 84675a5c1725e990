"""Learning a small diary for real: what is made, what a crash leaves, what a second call does."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from cli_kit import learnt_home
from learnt_kit import LEARN, SETTINGS, VALUES, learnt, live_folder, told_home
from safetensors.torch import load_file, save_file

import ipse
from ipse.errors import Busy, NothingToLearn
from ipse.llm.local import LocalChat, load_base
from ipse.teacher.offline import OfflineTeacher
from ipse.teacher.protocol import FactDraft
from ipse.types import Adapter, Failure, Message, Passage, Person
from ipse.voice import system
from ipse.weights import registry
from ipse.weights.dataset import split
from ipse.weights.evaluate import counted, score
from ipse.weights.run import learn_weights

DEADLINE = 240.0
QUESTIONS = (
    "Where do I live?",
    "Which instrument do I play?",
    "Which food can't I stand?",
    "What colour do I like best?",
)


def test_an_adapter_comes_with_its_recipe_and_its_scores() -> None:
    me, report = learnt()
    folder = live_folder(me)
    assert {path.name for path in folder.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "recipe.json",
        "scores.json",
    }
    assert report.promoted
    assert report.adapter.status == "live"
    assert report.epochs <= SETTINGS.sft.epochs
    assert json.loads((folder / "scores.json").read_text()) == report.adapter.scores
    assert report.adapter.scores["memory"] > report.adapter.scores["base_memory"]
    assert json.loads((folder / "recipe.json").read_text())["settings"]["sft"]["epochs"] == SETTINGS.sft.epochs
    assert {r for p in me.store.pairs() for r in p.refs} <= {f.id for f in me.facts()}
    assert not (me.store.folder() / "training").exists()


def test_nothing_changed_is_nothing_to_do() -> None:
    me, report = learnt()
    before = (live_folder(me) / "adapter_model.safetensors").stat().st_mtime_ns
    again = me.learn(settings=SETTINGS)
    assert again.words.unchanged
    assert again.weights.unchanged
    assert again.weights.adapter == report.adapter
    assert (live_folder(me) / "adapter_model.safetensors").stat().st_mtime_ns == before
    assert len(me.adapters()) == 1


def test_a_promotion_that_a_crash_came_before_is_made_up_for() -> None:
    me, report = learnt()
    me.store.set_adapter_status(report.adapter.id, "candidate")
    (me.store.folder() / "training").mkdir()
    again = me.learn(settings=SETTINGS).weights
    assert (again.unchanged, again.promoted, again.adapter.status) == (True, True, "live")
    assert not (me.store.folder() / "training").exists()


def test_what_is_known_is_in_the_adapter_and_not_in_the_base() -> None:
    me, _ = learnt()
    prompts = [[Message("system", system(me.person, "self")), Message("user", q)] for q in QUESTIONS]
    base = load_base(me.settings.base)
    bare = [reply.text for reply in LocalChat(base, None, me.embedder, me.person.names).chat(prompts)]
    with LocalChat(base, live_folder(me), me.embedder, me.person.names).opened() as chat:
        known = [reply.text for reply in chat.chat(prompts)]
        # another chat on the same base, while the adapter is in memory
        beside = [reply.text for reply in LocalChat(base, None, me.embedder, me.person.names).chat(prompts)]
    assert not any(value in text for value in VALUES for text in bare)
    assert any(value in text for value in VALUES for text in known)
    assert beside == bare
    assert [reply.text for reply in chat.chat(prompts)] == bare


def test_two_adapters_in_memory_do_not_speak_for_each_other(tmp_path: Path) -> None:
    """Another person's home in the same process: an adapter with no weight in it is the bare base."""
    me, _ = learnt()
    empty = tmp_path / "empty"
    shutil.copytree(live_folder(me), empty)
    tensors = load_file(empty / "adapter_model.safetensors")
    save_file({name: t * 0 for name, t in tensors.items()}, empty / "adapter_model.safetensors", {"format": "pt"})
    prompts = [[Message("system", system(me.person, "self")), Message("user", q)] for q in QUESTIONS]
    base = load_base(me.settings.base)
    first = LocalChat(base, live_folder(me), me.embedder, me.person.names)
    before = first.chat(prompts)
    second = LocalChat(base, empty, me.embedder, me.person.names)
    assert second.chat(prompts) == LocalChat(base, None, me.embedder, me.person.names).chat(prompts)
    assert first.chat(prompts) == before
    second.close()
    assert first.chat(prompts) == before


def killed_in_training(home: Path) -> None:
    """Learns in a process of its own and kills it as soon as its first epoch is saved."""
    watched = ipse.open(home)
    run = subprocess.Popen([sys.executable, "-c", LEARN, str(home)], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + DEADLINE
    training = watched.store.folder() / "training"
    while not list(training.glob("*.pt")):
        assert run.poll() is None, run.stderr and run.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    run.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(Busy, match=f"process {run.pid} is at work on Maya Okafor"):
            watched.learn(settings=SETTINGS)
    finally:
        run.kill()
        run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert list(training.glob("*.pt"))
    assert watched.adapters() == []
    watched.store.close()


def test_killed_in_training_it_goes_on_to_the_very_same_bytes_and_then_to_a_changed_ledger(tmp_path: Path) -> None:
    home = tmp_path / "home"
    told_home(home).store.close()
    killed_in_training(home)
    me = ipse.open(home)
    stages: list[tuple[str, int, int]] = []
    resumed = me.learn(lambda *at: stages.append(at), SETTINGS)
    assert resumed.words.unchanged
    assert resumed.weights.filtered is None
    assert "synthesize" not in {stage for stage, _, _ in stages}
    assert next(done for stage, done, _ in stages if stage == "sft") > 1
    unbroken, report = learnt()
    assert resumed.weights.adapter.scores == report.adapter.scores
    for name in ("adapter_model.safetensors", "adapter_config.json", "recipe.json"):
        assert (live_folder(me) / name).read_bytes() == (live_folder(unbroken) / name).read_bytes()
    a_changed_ledger_gives_another_adapter(me)


def a_changed_ledger_gives_another_adapter(me: ipse.Me) -> None:
    assert me.ask("Where do I live?", source="weights").text  # the old adapter is in memory meanwhile
    before = registry.live(me.store)
    assert before is not None
    me.add_text("I keep nine bees called the Ministry.")
    assert any("Ministry" in me.ask(q, source="raw").text for q in ("What are my bees called?", "How many bees?"))
    report = me.learn(settings=replace(SETTINGS, sft=replace(SETTINGS.sft, epochs=3))).weights
    assert not report.unchanged
    assert report.adapter.id != before.id
    assert report.adapter.parent == before.id
    asked = counted(split(me.store.pairs(), SETTINGS.seed).validation)
    assert report.promoted is registry.gate(report.adapter.scores, asked_the_same(me, before), asked)[0]
    statuses = {a.id: a.status for a in me.adapters()}
    wanted = ("live", "retired") if report.promoted else ("candidate", "live")
    assert (statuses[report.adapter.id], statuses[before.id]) == wanted
    if not report.promoted:
        me.promote(report.adapter.id)
    assert me.rollback().id == before.id
    assert live_folder(me) == Path(before.path)


def asked_the_same(me: ipse.Me, adapter: Adapter) -> dict[str, float]:
    """What it knows of the questions that were held out of the latest training."""
    validation = split(me.store.pairs(), SETTINGS.seed).validation
    with LocalChat(load_base(me.settings.base), Path(adapter.path), me.embedder, me.person.names).opened() as chat:
        return score(chat, validation, me.store.facts(include_superseded=True))


class Stopped(Exception):
    pass


class BreaksOff(OfflineTeacher):
    def extract(self, passages: Iterable[Passage], person: Person) -> tuple[list[FactDraft], list[Failure]]:
        super().extract([next(iter(passages))], person)
        raise Stopped


def test_broken_off_in_the_words_the_last_version_stays(tmp_path: Path) -> None:
    me = ipse.open(learnt_home(tmp_path / "home"))
    before, facts = me.store.words_version(), me.facts()
    me.add_text("I moved to Braga.")
    me.teacher = BreaksOff(me.embedder)
    with pytest.raises(Stopped):
        me.learn(settings=SETTINGS)
    assert me.store.words_version() == before
    assert me.facts() == facts
    assert me.store.biography() is not None
    assert me.adapters() == []
    assert me.ask("What is my favourite colour?").known


def test_without_facts_there_is_nothing_to_learn(tmp_path: Path) -> None:
    me = ipse.init(str(tmp_path), "Lin Wu")
    with pytest.raises(NothingToLearn, match="ipse add"):
        me.learn(settings=SETTINGS)
    with pytest.raises(NothingToLearn):
        learn_weights(me.store, me.teacher, me.embedder, me.settings.base, SETTINGS, me.are_private, me.clock)
    assert me.adapters() == []
