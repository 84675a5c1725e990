"""What the bar of `ipse ask` lets through: counted on given scores, and measured on a tiny life."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.coverage import BARS, BINS, ENOUGH, LIKELIHOOD, NEARNESS, Bin, Found, bar_for, bins, error_of, gate, main
from ipse.agent.answer import KNOWN

LIFE: dict[str, Any] = {
    "person": "Hanne",
    "notes": [
        {"said": [["me", "My boiler is from 2003, out of the old baths."], ["Ivo", "I drive a Fiat."]]},
        {"said": [["me", "I play the accordion on Fridays."], ["me", "Soup again."]]},
    ],
    "qa": [
        {"q": "Which instrument do I play?", "at": [[1, 0]], "a": "accordion"},
        {"q": "How old is my boiler?", "at": [[0, 0]], "a": "2003"},
    ],
    "absent": [{"q": "What is my blood type?"}],
    "traps": [],
}
ONE_NOTE = {**LIFE, "qa": [{**LIFE["qa"][0], "of": 1}]}


def found(score: float, right: bool, told: bool = True) -> Found:
    return Found("a/Hanne", "Who?", told, score, right)


SOME = [
    found(0.9, True),
    found(0.7, False),
    found(0.6, False, told=False),
    found(0.2, True),
    found(0.1, False, told=False),
]


def test_a_gate_counts_what_reaches_its_bar() -> None:
    row = gate(SOME, 0.6)
    assert (row.coverage, row.accuracy) == (pytest.approx(3 / 5), pytest.approx(1 / 3))
    assert (row.told_right, row.refused) == (pytest.approx(1 / 3), pytest.approx(1 / 2))


def test_a_share_of_nothing_is_none() -> None:
    assert gate(SOME, 0.95).accuracy is None
    assert gate(SOME[:2], 0.5).refused is None
    assert gate(SOME[2:3], 0.5).told_right is None


@pytest.mark.parametrize("count", range(6))
def test_a_bar_is_reached_by_the_share_it_is_for(count: int) -> None:
    assert gate(SOME, bar_for(SOME, count / 5)).coverage == pytest.approx(count / 5)


def test_bins_hold_equally_many_and_are_fewer_where_there_is_little() -> None:
    many = [found(i / 250, i % 2 == 0) for i in range(250)]
    assert [b.count for b in bins(many)] == [25] * BINS
    assert [b.count for b in bins(many[: 3 * ENOUGH - 1])] == [ENOUGH + 4, ENOUGH + 5]
    assert bins(SOME) == [Bin(5, pytest.approx(0.5), pytest.approx(0.4))]


def test_the_calibration_error_weighs_by_questions() -> None:
    assert error_of([Bin(30, 0.9, 0.7), Bin(10, 0.1, 0.5)]) == pytest.approx((30 * 0.2 + 10 * 0.4) / 40)


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["coverage", *map(str, words)])
    main()


def lives(folder: Path, *told: dict[str, Any]) -> Path:
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, told)), encoding="utf-8")
    return folder


def test_a_life_is_measured_shown_and_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn, written = tmp_path / "out.png", tmp_path / "out.json"
    run(monkeypatch, lives(tmp_path, LIFE), "--lives", "1", "--plot", drawn, "--json", written)
    shown = capsys.readouterr().out
    assert "3 questions about 1 lives, 1 of them never told" in shown
    assert f"{KNOWN:.3f} *" in shown
    assert "expected calibration error" in shown
    assert drawn.read_bytes().startswith(b"\x89PNG")
    told = json.loads(written.read_text(encoding="utf-8"))
    for way in (LIKELIHOOD, NEARNESS):
        first, *_ = told["found"][way]
        assert (first["life"], first["told"], first["right"]) == ("a/Hanne", True, True)
        assert [f["right"] for f in told["found"][way]][2:] == [False]
    read, near = (told["gates"][way] for way in (LIKELIHOOD, NEARNESS))
    assert [row["bar"] for row in read] == BARS
    assert [row["coverage"] for row in read] == [row["coverage"] for row in near]


@pytest.mark.parametrize(
    ("told", "words", "reason"),
    [
        (LIFE, ["--lives", "0"], "--lives must be at least 1"),
        (LIFE, ["--plot", "out.gif"], "doesn't end in .png"),
        (LIFE, ["--json", "nowhere/out.json"], "there is no folder nowhere"),
        (ONE_NOTE, [], "asked about as a whole"),
        ({**LIFE, "notes": [], "qa": []}, [], "asked about as a whole"),
        ({**LIFE, "absent": [{}]}, [], "a.jsonl:1: not a person's notes"),
    ],
)
def test_bad_input_is_a_usage_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: dict[str, Any],
    words: list[str],
    reason: str,
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, lives(tmp_path, told), *words)
    assert reason in capsys.readouterr().err
