"""The written lives and what is trained on them: files are read or refused by line; a short real training."""

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
from ipse.teacher.subject import RELATIONS
from pretrain import reading, windows
from pretrain.lives import HELD_OUT, LIVES, Life, apart, read_lives
from pretrain.requests import Asker, read_requests

LIFE: dict[str, Any] = {
    "person": "Hanne",
    "pronoun": "she",
    "notes": [
        {
            "kind": "chat with her brother",
            "date": "2024-05-01",
            "said": [["me", "New boiler is in."], ["me", "From 1994, out of a school."], ["Ivo", "I drive a Fiat."]],
        },
        {"kind": "diary", "date": "2024-06-01", "said": [["me", "Boiler burst, a 2003 one from the baths now."]]},
    ],
    "qa": [
        {"q": "How old is my boiler?", "at": [[1, 0]], "a": "2003", "stale": [[0, 1]]},
        {"q": "Where did it come from?", "at": [[0, 1]], "a": "a school", "of": 0},
    ],
    "absent": [{"q": "What is my blood type?"}],
    "traps": [{"q": "What car does Hanne drive?", "at": [[0, 2]], "owner": "Ivo"}],
}


def written(folder: Path, *lines: str) -> Path:
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_life_is_read(tmp_path: Path) -> None:
    (life,) = read_lives(written(tmp_path, json.dumps(LIFE), ""))
    assert life.notes[0][2] == ("Ivo", "I drive a Fiat.")
    assert [(q.at, q.seems, q.of) for q in life.questions] == [
        (((1, 0),), ((0, 1),), None),
        (((0, 1),), (), 0),
        ((), (), None),
        ((), ((0, 2),), None),
    ]


def with_qa(**changed: Any) -> str:
    return json.dumps({**LIFE, "qa": [{**LIFE["qa"][0], **changed}]})


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        with_qa(a="1995"),
        with_qa(at=[[0, 7]]),
        with_qa(stale=[[2, 0]]),
        json.dumps({k: v for k, v in LIFE.items() if k != "notes"}),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    with pytest.raises(BrokenInput, match=r"a\.jsonl:2"):
        read_lives(written(tmp_path, json.dumps(LIFE), broken))


def test_the_lives_here_are_whole_and_held_out_people_are_others() -> None:
    lives = read_lives()
    train, held_out = apart(lives)
    assert len(train) + len(held_out) == len(lives) == len({life.id for life in lives}) >= 300
    assert {life.id for life in held_out} == set((LIVES / HELD_OUT).read_text(encoding="utf-8").splitlines())
    assert len(lives) / 10 < len(held_out) < len(lives) / 5
    assert sum(len(life.questions) for life in lives) > 15000


def test_who_is_read_from_elsewhere_was_never_trained_on(tmp_path: Path) -> None:
    lives = read_lives(written(tmp_path, json.dumps(LIFE)))
    assert apart(lives, tmp_path) == ([], lives)


def few() -> list[Life]:
    """One who was asked about single notes, and one about all."""
    lives = read_lives()
    return [lives[0], lives[-1]]


def askers() -> list[Asker]:
    return read_requests(read_lives())


PERSON: dict[str, Any] = {
    "person": "Hanne",
    "wishes": ["No lists, please."],
    "requests": [
        {
            "ask": "How do I keep the house warm?",
            "matters": [[0, 1], [2, 0]],
            "apart": [[0, 2]],
            "good": ["Turn it down at night."],
            "bad": [{"says": "A boiler as new as yours needs no service.", "against": [[0, 1]]}],
        }
    ],
}


def asked_by(tmp_path: Path, **changed: Any) -> list[Asker]:
    for name, line in (("lives", LIFE), ("requests", {**PERSON, **changed})):
        (tmp_path / name).mkdir()
        written(tmp_path / name, json.dumps(line))
    return read_requests(read_lives(tmp_path / "lives"), tmp_path / "requests")


def test_a_persons_requests_are_read_with_their_notes(tmp_path: Path) -> None:
    (asker,) = asked_by(tmp_path)
    assert asker.life.notes[2] == (("me", "No lists, please."),)
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
    lives = read_lives()
    everyone = read_requests(lives)
    assert {asker.life.id for asker in everyone} <= {life.id for life in lives}
    assert sum(len(asker.requests) for asker in everyone) >= 1800


def cases_of(life: Life, rng: random.Random) -> list[windows.Case]:
    return list(windows.answers_cases(life, windows.meanings(windows.texts_of(life), default_embedder()), rng))


def test_windows_hold_what_answers() -> None:
    tokenizer, _ = bare_model()
    found = [case for life in few() for case in cases_of(life, random.Random(1))]
    assert any(len(c.right) for c in found)
    assert any(not c.right for c in found)
    for case in found:
        assert 1 <= len(case.window.lines) <= max(windows.RIVALS[1], 12)
        for at in case.right[:1]:
            line = case.window.lines[at]
            if case.answer in line.text:
                one = encode(case.window, tokenizer)
                first, last = reading.span_of(case.answer, line.text, one.offsets[at]) or (0, -1)
                cut = line.text[one.offsets[at][first][0] : one.offsets[at][last][1]]
                assert case.answer.strip() in cut or cut in case.answer
        assert all(line.speaker == ME or line.speaker for line in case.window.lines)


def test_windows_hold_what_speaks_against() -> None:
    (asker, *_) = askers()
    against = list(windows.against_cases(asker, default_embedder(), random.Random(1)))
    lines = [text for note in asker.life.notes for _, text in note]
    for case in against:
        shown = [line.text for line in case.window.lines]
        assert 1 <= len(shown) <= windows.LINES
        assert " ".join(shown) in " ".join(lines)
    for request in asker.requests:
        asked = neutral(request.text, [asker.life.person])
        for draft in request.drafts:
            own = [c for c in against if c.window.text == draft.text]
            assert all(c.window.written_for == asked for c in own)
            assert any(c.right for c in own) == bool(draft.against)


def test_what_changed_is_read_beside_what_took_its_place(tmp_path: Path) -> None:
    (life,) = read_lives(written(tmp_path, json.dumps(LIFE)))
    rng = random.Random(1)
    found = [case for _ in range(40) for case in cases_of(life, rng)]
    both = [c for c in found if "How old" in c.window.text and {"From 1994, out of a school."} < texts(c)]
    assert any(c.right and c.window.lines[c.right[0]].text.startswith("Boiler burst") for c in both)
    assert all(c.answer in {"2003", ""} for c in both)


def test_who_writes_is_known_by_the_chat(tmp_path: Path) -> None:
    other = {**LIFE, "person": "Odd", "notes": [{"kind": "chat with his wife", "said": [["Runa", "Soup is on."]]}]}
    other |= {"qa": [], "traps": []}
    lives = read_lives(written(tmp_path, json.dumps(LIFE), json.dumps(other)))
    found = [case for seed in range(9) for case in windows.who_cases(lives, random.Random(seed))]
    asked = {"brother": "Ivo", "wife": "Runa"}
    for case in found:
        (relation,) = [r for r in RELATIONS if r in case.window.text.replace("'s", "").rstrip("?").split()]
        speakers = {case.window.lines[i].speaker for i in case.right}
        assert speakers == ({asked[relation]} if case.right else set())
        assert case.right or asked.get(relation) not in {line.speaker for line in case.window.lines}
    assert any(len({line.speaker for line in c.window.lines} - {ME}) == 2 for c in found)
    assert any(not c.right for c in found)


def texts(case: windows.Case) -> set[str]:
    return {line.text for line in case.window.lines}


def test_a_short_training_of_the_reader_is_saved_read_and_taken_up_again(tmp_path: Path) -> None:
    plan = replace(reading.ReadingPlan(), batch=8, tuned=1)
    who = [replace(asker, requests=asker.requests[:1]) for asker in askers()[:1]]
    lives = [replace(life, questions=(*life.questions[:6], *life.questions[-6:])) for life in few()]
    lives[1] = replace(lives[1], questions=tuple(q for q in few()[1].questions if q.seems or not q.at))
    told: list[str] = []
    reading.train(lives, who, plan, tmp_path, rounds=(1, 2), report=told.append)
    first = load_file(tmp_path / READS)
    assert {k.split(".")[1] for k in first if k.startswith("layers.")} == {"0"}
    reading.train(lives, who, plan, tmp_path, rounds=(3,), report=told.append)
    second = load_file(tmp_path / JUDGES)
    changed = {k for k in first if not torch.equal(first[k], second[k])}
    assert {k.split(".")[1] for k in changed if k.startswith("heads.")} == {"against"}
    reader, judge = (CrossEncoder(tmp_path / name) for name in (READS, JUDGES))
    figures = reading.found_by_searching(lives, reader) | reading.found_by_judging(who, judge)
    assert set(figures) == {"line", "none", "now", "known", "draft", "blame", "flagged", "sound"}
    assert all(0 <= v <= 1 for v in figures.values())
