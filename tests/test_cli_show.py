"""How things look: clean texts, JSON, tables, bars, and the summary of a learning."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.cli import show, teach
from ipse.me import Learnt
from ipse.types import Adapter, Failure
from ipse.weights.filter import FilterReport, LevelReport
from ipse.weights.run import WeightsReport
from ipse.words.run import WordsReport


@given(st.text())
def test_no_text_can_steer_the_terminal(text: str) -> None:
    shown = show.clean(text)
    assert not set(shown) & {"\x1b", "\r", "\x07", "\x9b"}
    assert shown.encode().decode() == shown


def test_nouns_become_json() -> None:
    at = datetime(2025, 1, 2, tzinfo=UTC)
    found = show.plain(Adapter("a", "/x", "live", at, scores={"memory": float("nan")}, refs=("f1",)))
    assert (found["made_at"], found["scores"], "refs" in found) == (
        "2025-01-02T00:00:00+00:00",
        {"memory": None},
        False,
    )
    assert show.plain((Failure("here", "why"), Path("a/b"))) == [{"place": "here", "reason": "why"}, "a/b"]


def test_learn_tells_what_was_kept_dropped_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    levels = {"form": LevelReport(12, 10, {"has an empty message": 2}), "worth": LevelReport(10, 10)}
    adapter = Adapter("adapter_1", "/x", "live", datetime(2025, 1, 2, tzinfo=UTC), scores={"memory": 0.9})
    words = WordsReport(1, 7, 1, 4, 3, 2, 5, 0)
    weights = WeightsReport(adapter, True, "better than nothing", 10, 1, 6, 0, FilterReport((), levels), ())
    teach.show_learnt(Learnt(words, weights), 3.2)
    out = capsys.readouterr().out
    for part in (
        "7 facts",
        "2 has an empty message",
        "6 epochs",
        "1 preference,",
        "memory 0.90",
        "Promoted: adapter_1",
    ):
        assert part in out
    record = json.loads(json.dumps(teach.as_record(Learnt(words, weights), 3.2)))
    assert record["weights"]["filtered"][0]["dropped"] == {"has an empty message": 2}
    assert record["seconds"] == 3.2


def test_a_score_table_leaves_empty_what_was_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    show.score_table({"weights": {"memory": 0.875, "leak": 0.0}, "base": {"memory": 0.0}})
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["system", "memory", "leak"],
        ["weights", "0.88", "0.00"],
        ["base", "0.00"],
    ]


def test_bars_finish_a_stage_when_the_next_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    seen = Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    with show.Bars() as progress:
        progress("extract", 1, 9)
        progress("synthesize", 0, 1)
        progress.under("add")("file.md", 2, 2)
    assert "9/9" in seen.getvalue()
    assert "1/1" in seen.getvalue()
    with show.Bars(quiet=True) as progress:
        progress("extract", 1, 9)


def test_numbers_and_nouns() -> None:
    assert [show.counted(n, "sentence") for n in (0, 1, 1200)] == ["0 sentences", "1 sentence", "1,200 sentences"]
