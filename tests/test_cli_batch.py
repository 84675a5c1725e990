"""Many at once on the command line: a bad line is named, the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Run, learnt_home, plain_environment, runner, stdin
from hypothesis import given
from hypothesis import strategies as st

from ipse.cli import batch
from ipse.errors import UsageError


@pytest.fixture
def ipse(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on Maya's home."""
    plain_environment(monkeypatch, tmp_path)
    return runner(capsys, "--home", str(learnt_home(tmp_path / "home")))


def jsonl(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines), encoding="utf-8")
    return path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_batch_goes_on_after_bad_lines_and_names_them(ipse: Run, tmp_path: Path) -> None:
    questions = jsonl(
        tmp_path / "q.jsonl",
        {"id": "a", "question": "Which evening do I never work late?", "gold": ["Tuesday"], "kind": "fact"},
        '{"id": "b", "question": ',
        {"id": 3, "question": "Which evening does Maya never work late?", "perspective": "third"},
        "",
        {"id": "c"},
        {"id": "d", "question": "Who?", "perspective": "fourth"},
        ["no", "object"],
    )
    out = tmp_path / "a.jsonl"
    ran = ipse("ask", "--from", "raw", "--file", questions, "--out", out)
    assert ran.status == 1
    assert [line.split(": ")[0] for line in ran.err.splitlines()] == [f"{questions}:line {n}" for n in (2, 5, 6, 7)]
    found = lines_of(out)
    assert [each["id"] for each in found] == ["a", 3]
    assert set(found[0]) == {"id", "answer", "confidence", "spoke", "refs"}
    assert "Tuesdays" in found[0]["answer"]
    assert "Maya wrote" in found[1]["answer"]


def test_a_batch_without_out_goes_to_standard_output(ipse: Run) -> None:
    asked = json.dumps({"id": "x", "question": "What is my blood type?"})
    ran = ipse("ask", "--file", "-", given=asked)
    assert (ran.status, ran.json["id"], ran.json["spoke"]) == (0, "x", "nobody")


def test_enhance_and_critique_many(ipse: Run, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "in.jsonl", {"id": "e", "query": "Pick a soup.", "response": "Coriander soup."})
    out = tmp_path / "out.jsonl"
    assert ipse("enhance", "--file", file, "--out", out).status == 0
    assert set(lines_of(out)[0]) == {"id", "answer", "refs"}
    assert ipse("critique", "--file", file, "--out", out, "--json").json == {"answered": 1, "failures": []}
    assert set(lines_of(out)[0]) == {"id", "verdict", "answer", "refs"}
    assert lines_of(out)[0]["verdict"] == "flag"


def test_a_batch_that_can_not_be_read_or_written(ipse: Run, tmp_path: Path) -> None:
    assert ipse("ask", "--file", tmp_path / "none.jsonl").status == 1
    file = jsonl(tmp_path / "q.jsonl", {"id": "a", "question": "Where do I live?"})
    assert "--out" in ipse("ask", "--file", file, "--json").json["error"]
    assert ipse("ask", "--file", file, "--out", tmp_path / "no" / "a.jsonl").status == 2


@given(st.binary(max_size=300))
def test_no_line_is_lost_without_a_reason(data: bytes) -> None:
    wanted = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    with stdin(data):
        items, failures = batch.read_items(Path("-"), ("question",))
    assert len(items) + len(failures) == len(wanted)


def test_deep_json_is_a_bad_line_too(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "deep.jsonl", "[" * 100_000, {"id": "a", "question": "Who?"})
    items, failures = batch.read_items(file, ("question",))
    assert ([item.id for item in items], failures[0].place) == (["a"], f"{file}:line 1")


def test_one_item_at_fault_takes_no_other_with_it(tmp_path: Path) -> None:
    items = [batch.Item(f"line {n}", str(n), {"n": n}) for n in range(2 * batch.GROUP)]
    seen: list[int] = []

    def answer(group: Any) -> list[dict[str, Any]]:
        if any(item.id == "7" for item in group):
            raise UsageError("seven is refused")
        return [{"n": item.fields["n"]} for item in group]

    done = batch.run(items, tmp_path / "out.jsonl", answer, lambda _, now, __: seen.append(now))
    assert (done.answered, [each.place for each in done.failures]) == (len(items) - 1, ["line 7"])
    assert [each["n"] for each in lines_of(tmp_path / "out.jsonl")] == [n for n in range(len(items)) if n != 7]
    assert seen == [batch.GROUP, 2 * batch.GROUP]
