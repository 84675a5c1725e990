"""The notes and what is trained on them: files are read or refused by line; a short real training."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from ipse.errors import BrokenInput
from ipse.llm.crossencoder import ME, WEIGHTS, CrossEncoder, encode
from ipse.llm.minilm import bare_model
from pretrain import reading
from pretrain.notes import Note, apart, read_notes

NOTE: dict[str, Any] = {
    "person": "Hanne",
    "pronoun": "she",
    "kind": "chat",
    "date": "2024-05-01",
    "said": [["me", "New boiler is in."], ["me", "From 1994, out of a school."], ["Ivo", "I drive a Fiat."]],
    "qa": [{"q": "How old is my boiler?", "at": [1], "a": "1994"}],
    "absent": ["What is my blood type?"],
    "traps": [{"q": "What car does Hanne drive?", "at": [2], "owner": "Ivo"}],
}


def written(folder: Path, *lines: str) -> Path:
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_note_is_read(tmp_path: Path) -> None:
    note = read_notes(written(tmp_path, json.dumps(NOTE), ""))[0]
    assert note.said[2] == ("Ivo", "I drive a Fiat.")
    assert [(q.at, q.seems) for q in note.questions] == [((1,), ()), ((), ()), ((), (2,))]


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        json.dumps({**NOTE, "qa": [{"q": "?", "at": [1], "a": "1995"}]}),
        json.dumps({**NOTE, "qa": [{"q": "?", "at": [7], "a": "1994"}]}),
        json.dumps({k: v for k, v in NOTE.items() if k != "said"}),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    with pytest.raises(BrokenInput, match=r"a\.jsonl:2"):
        read_notes(written(tmp_path, json.dumps(NOTE), broken))


def test_the_notes_here_are_whole_and_held_out_people_are_others() -> None:
    notes = read_notes()
    train, held_out = apart(notes)
    assert len(train) + len(held_out) == len(notes) >= 700
    assert not {n.id for n in train} & {n.id for n in held_out}
    assert sum(len(n.questions) for n in notes) > 8000


def few() -> list[Note]:
    return read_notes()[:6]


def test_windows_hold_what_answers() -> None:
    tokenizer, _ = bare_model()
    for case in reading.cases(few(), reading.ReadingPlan(), random.Random(1)):
        assert len(case.window.lines) <= reading.ReadingPlan().lines
        for at in case.right[:1]:
            line = case.window.lines[at]
            if case.answer in line.text:
                one = encode(case.window, tokenizer)
                first, last = reading.span_of(case.answer, line.text, one.offsets[at]) or (0, -1)
                cut = line.text[one.offsets[at][first][0] : one.offsets[at][last][1]]
                assert case.answer.strip() in cut or cut in case.answer
        assert all(line.speaker == ME or line.speaker for line in case.window.lines)


def test_a_short_training_of_the_reader_is_saved_and_read(tmp_path: Path) -> None:
    plan = replace(reading.ReadingPlan(), epochs=1, batch=8, tuned=1)
    reading.train(few()[:2], plan, tmp_path, lambda _: None)
    state = load_file(tmp_path / WEIGHTS)
    assert {k.split(".")[1] for k in state if k.startswith("layers.")} == {"0"}
    figures = reading.found_by_reading(few()[2:4], CrossEncoder(tmp_path / WEIGHTS))
    assert set(figures) == {"line", "none", "words", "known"}
    assert all(0 <= v <= 1 for v in figures.values())
