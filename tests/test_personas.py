"""The benchmark on written people, on an invented one: what is read, asked before and after the update, and shown.

Nothing is trained here: words alone are learnt, or an adapter is pretended.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.personas import Learning, Outcome, Trained, Update, live, read_persona, table, update_table
from ipse.agent.evaluate import SYSTEMS
from ipse.llm.local import embedded_base
from ipse.me import Learnt, Me
from ipse.types import Adapter
from ipse.weights.run import WeightsReport
from ipse.words.run import learn_words

ROOT = Path(__file__).parents[1]
WITHOUT_WEIGHTS = ["base", "base + preamble", "base + retrieval", "words + raw", "words", "raw"]

DIARY = """## 3 March 2024

I live in Porto, in a flat on the third floor. I play the harmonica every evening.
"""
LATER = """## 9 May 2025

I live in Faro now, I left Porto for good. My favourite colour is green.
"""
SCORER = """
def share(rows, hits):
    return {"n": len(rows), "hits": sum(hits[r["id"]] for r in rows),
            "accuracy": sum(hits[r["id"]] for r in rows) / len(rows)}

def told(text, values):
    return any(v.casefold() in text.casefold() for v in values)

def score_questions(rows, said):
    hits = {r["id"]: told(said[r["id"]], r["gold"]) for r in rows}
    found = share(rows, hits) | {"stale_said": sum(told(said[r["id"]], r.get("stale", ())) for r in rows)}
    for group in ("kind", "perspective", "update"):
        kinds = sorted({r[group] for r in rows if group in r})
        found["by_" + group] = {k: share([r for r in rows if r.get(group) == k], hits) for k in kinds}
    return found

def score_enhance(rows, said):
    return {"recall": 1.0, "clean_rate": 1.0}

def score_critique(rows, said):
    return {"accuracy": 1.0}

def score_private(private, said):
    return {"leaks": 0, "third_n": len(private["questions"]), "self_n": 0, "self_answered": 0}
"""


def row(key: str, question: str, gold: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "perspective": "self", "question": question, "gold": [gold], "kind": "fact", **more}


COLOUR = "What is my favourite colour?"
HARMONICA = "Which instrument do I play?"
QUESTIONS = [row("q1", HARMONICA, "harmonica"), row("q2", COLOUR, "know", kind="unknown")]
LATER_QUESTIONS = [
    row("u1", "In which city do I live?", "Faro", update="changed", stale=["Porto"]),
    row("u2", COLOUR, "green", update="new"),
    row("u3", HARMONICA, "harmonica", update="unchanged"),
]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(r)}\n" for r in rows)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ines in ines/ and what scores her in scorer.py."""
    folder: Path = tmp_path_factory.mktemp("personas")
    files = {
        "scorer.py": SCORER,
        "ines/persona.json": json.dumps({"user": "Ines Falk", "pronouns": "she/her"}),
        "ines/private.json": json.dumps({"private": [{"topic": "debts", "facts": []}], "questions": []}),
        "ines/questions.jsonl": lines(QUESTIONS),
        "ines/enhance.jsonl": lines([{"id": "e1", "query": "Plan an evening of music for me."}]),
        "ines/critique.jsonl": lines([{"id": "c1", "query": "Where to?", "response": "Play the harmonica."}]),
        "ines/raw/diary.md": DIARY,
        "ines/update/later.md": LATER,
        "ines/update/update_questions.jsonl": lines(LATER_QUESTIONS),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def lived(place: Path, **given: bool) -> Outcome:
    return live(place / "ines", place / "scorer.py", embedded_base(), **given)


@pytest.fixture(scope="module")
def ines(place: Path) -> Outcome:
    return lived(place, words_only=True)


def shown(*tables: Any) -> str:
    console = Console(width=220)
    with console.capture() as caught:
        console.print(*tables)
    return caught.get()


def test_the_questions_of_an_update_are_none_of_its_files(place: Path) -> None:
    later = read_persona(place / "ines").later
    assert later is not None
    assert [file.name for file in later.files] == ["later.md"]
    assert later.questions == LATER_QUESTIONS


@pytest.mark.parametrize("lacking", ["questions.jsonl", "update/update_questions.jsonl", "update/later.md"])
def test_what_is_missing_is_said_before_anything_is_learnt(place: Path, tmp_path: Path, lacking: str) -> None:
    folder = shutil.copytree(place / "ines", tmp_path / "ines")
    (folder / lacking).unlink()
    with pytest.raises(FileNotFoundError, match=r"is missing|lacks a file"):
        read_persona(folder)


def test_the_first_questions_are_asked_before_the_update(ines: Outcome) -> None:
    assert ines.update is not None
    before, after = ines.answers["words + raw"], ines.update.answers["words + raw"]
    assert "green" not in before["q2"]
    assert "green" in after["u2"]
    assert ines.update.learning.facts > ines.learning.facts
    assert ines.update.learning.seconds > 0


def test_every_system_is_asked_after_the_update_as_before(ines: Outcome) -> None:
    assert ines.update is not None
    assert list(ines.scores) == list(ines.update.scores) == WITHOUT_WEIGHTS
    asked = {row["id"] for row in LATER_QUESTIONS}
    assert all(set(said) == asked for said in ines.update.answers.values())


def test_without_an_update_it_ends_after_the_first_questions(place: Path, tmp_path: Path) -> None:
    assert lived(place, update=False, words_only=True).update is None
    folder = shutil.copytree(place / "ines", tmp_path / "ines", ignore=shutil.ignore_patterns("update"))
    assert read_persona(folder).later is None


def test_the_update_is_shown_by_what_it_did_to_the_thing_asked() -> None:
    score = {"n": 4, "stale_said": 1, "by_update": {"new": {"accuracy": 1.0}, "changed": {"accuracy": 0.5}}}
    text = shown(update_table("Ines Falk", Update(Learning(7, 1.26, None), {"words + raw": score}, {})))
    assert "Ines Falk after the update" in text
    assert "7 facts, words alone learnt in 1.3 s" in text
    cells = next(line for line in text.splitlines() if "words + raw" in line).split("│")
    assert [cell.strip() for cell in cells[2:6]] == ["1.00", "0.50", "", "0.25"]


def test_weights_are_in_the_title_where_they_were_trained(ines: Outcome) -> None:
    trained = Learning(7, 12.34, Trained(pairs=90, promoted=True, adapter_size=3 * 2**20))
    mib = 2**20
    text = shown(table(Outcome("Ines Falk", trained, 500 * mib, 600 * mib, ines.scores, ines.answers, None)))
    assert "7 facts, 90 pairs, learnt in 12.3 s (promoted), adapter 3.00 MiB" in text
    assert "peak 500 MiB learning, 600 MiB in all" in text


def test_weights_are_learnt_again_and_asked(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "adapter").write_bytes(b"abc")
    adapter = Adapter("a1", str(tmp_path), "live", datetime(2025, 5, 9, tzinfo=UTC))
    calls: list[int] = []

    def pretend(me: Me) -> Learnt:
        calls.append(len(me.store.chunks()))
        words = learn_words(me.store, me.teacher, me.embedder, me.clock)
        return Learnt(words, WeightsReport(adapter, True, "", 5, 0, 1, 0, None, ()))

    monkeypatch.setattr(Me, "learn", pretend)
    outcome = lived(place)
    assert outcome.update is not None
    assert len(calls) == 2
    assert calls[0] < calls[1]
    assert outcome.learning.weights == outcome.update.learning.weights == Trained(5, True, 3)
    assert list(outcome.update.scores) == [*SYSTEMS, "words", "raw"]


def test_the_command_shows_the_update_and_writes_it_down(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks.personas", str(place / "ines"), "--scorer", str(place / "scorer.py")]
    done = subprocess.run(
        [*command, "--words-only", "--json", str(out)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Ines Falk after the update" in done.stdout
    (found,) = json.loads(out.read_text(encoding="utf-8"))
    assert found["learning"]["weights"] is None
    assert found["update"]["scores"]["words + raw"]["by_update"]["new"]["accuracy"] == 1.0
    assert list(found["scores"]) == list(found["update"]["answers"]) == WITHOUT_WEIGHTS
