"""The notes and what is trained on them: files are read or refused by line; a short real training."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ipse.errors import BrokenInput
from ipse.llm.crossencoder import JUDGES, ME, READS, CrossEncoder, encode
from ipse.llm.minilm import bare_model, default_embedder
from ipse.llm.sense import neutral
from pretrain import reading, windows
from pretrain.notes import Note, apart, read_notes
from pretrain.requests import Asker, read_requests

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


def askers() -> list[Asker]:
    return read_requests(read_notes())


PERSON: dict[str, Any] = {
    "person": "Hanne",
    "wishes": ["No lists, please."],
    "requests": [
        {
            "ask": "How do I keep the house warm?",
            "matters": [[0, 1], [1, 0]],
            "apart": [[0, 2]],
            "good": ["Turn it down at night."],
            "bad": [{"says": "A boiler as new as yours needs no service.", "against": [[0, 1]]}],
        }
    ],
}


def asked_by(tmp_path: Path, **changed: Any) -> list[Asker]:
    for name, line in (("notes", NOTE), ("requests", {**PERSON, **changed})):
        (tmp_path / name).mkdir()
        written(tmp_path / name, json.dumps(line))
    return read_requests(read_notes(tmp_path / "notes"), tmp_path / "requests")


def test_a_persons_requests_are_read_with_their_notes(tmp_path: Path) -> None:
    (asker,) = asked_by(tmp_path)
    assert asker.notes[1] == (("me", "No lists, please."),)
    (request,) = asker.requests
    assert [(draft.text[:4], draft.against) for draft in request.drafts] == [("Turn", ()), ("A bo", ((0, 1),))]


@pytest.mark.parametrize(
    "broken",
    [
        {"person": "Nobody"},
        {"requests": [{**PERSON["requests"][0], "matters": [[0, 3]]}]},
        {"requests": [{**PERSON["requests"][0], "bad": ["No line speaks against this."]}]},
        {"requests": [{"ask": "What?"}]},
    ],
)
def test_a_broken_request_is_named(tmp_path: Path, broken: dict[str, Any]) -> None:
    with pytest.raises(BrokenInput, match=r"a\.jsonl:1"):
        asked_by(tmp_path, **broken)


def test_the_requests_here_are_whole() -> None:
    notes = read_notes()
    everyone = read_requests(notes)
    assert {asker.id for asker in everyone} == {note.id for note in notes}
    assert sum(len(asker.requests) for asker in everyone) >= 1000


def test_windows_hold_what_answers() -> None:
    tokenizer, _ = bare_model()
    for case in windows.answers_cases(few(), random.Random(1)):
        assert len(case.window.lines) <= windows.MOST_LINES
        for at in case.right[:1]:
            line = case.window.lines[at]
            if case.answer in line.text:
                one = encode(case.window, tokenizer)
                first, last = reading.span_of(case.answer, line.text, one.offsets[at]) or (0, -1)
                cut = line.text[one.offsets[at][first][0] : one.offsets[at][last][1]]
                assert case.answer.strip() in cut or cut in case.answer
        assert all(line.speaker == ME or line.speaker for line in case.window.lines)


def test_windows_hold_what_matters_and_what_speaks_against() -> None:
    (asker, *_) = askers()
    shelf = windows.Shelf(asker, default_embedder())
    matter = list(windows.matters_cases(shelf, asker, random.Random(1)))
    against = list(windows.against_cases(shelf, asker, random.Random(1)))
    lines = [text for note in asker.notes for _, text in note]
    for case in [*matter, *against]:
        shown = [line.text for line in case.window.lines]
        assert 1 <= len(shown) <= windows.LINES
        assert " ".join(shown) in " ".join(lines)
    for request in asker.requests:
        asked = neutral(request.text, [asker.person])
        right = {c.window.lines[at].text for c in matter if c.window.text == asked for at in c.right}
        assert right == {asker.notes[n][i][1] for n, i in request.matters}
        for draft in request.drafts:
            own = [c for c in against if c.window.text == draft.text]
            assert all(c.window.written_for == asked for c in own)
            assert any(c.right for c in own) == bool(draft.against)


def test_a_short_training_of_the_reader_is_saved_read_and_taken_up_again(tmp_path: Path) -> None:
    plan = replace(reading.ReadingPlan(), batch=8, tuned=1)
    who = [replace(asker, requests=asker.requests[:1]) for asker in askers()[:1]]
    told: list[str] = []
    reading.train(few()[:2], who, replace(plan, rounds=1), tmp_path, report=told.append)
    first = load_file(tmp_path / READS)
    assert {k.split(".")[1] for k in first if k.startswith("layers.")} == {"0"}
    reading.train(few()[:2], who, plan, tmp_path, first=2, report=told.append)
    second = load_file(tmp_path / JUDGES)
    changed = {k for k in first if not torch.equal(first[k], second[k])}
    assert {k.split(".")[1] for k in changed if k.startswith("heads.")} >= {"answers", "matters", "against", "span"}
    reader, judge = (CrossEncoder(tmp_path / name) for name in (READS, JUDGES))
    figures = reading.found_by_reading(few()[2:4], reader) | reading.found_by_judging(who, judge)
    assert set(figures) == {"line", "none", "words", "known", "matters", "near", "draft", "blame"}
    assert all(0 <= v <= 1 for v in figures.values())
