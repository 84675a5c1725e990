"""What the measure of extraction counts, on invented chats: reading, support, polarity, whose fact it is, chance."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from evals.extraction import CHAT, PERSONAS, Heard, claims, figures, hear, leaning, main, stands, strangers, turns_of
from ipse.llm.minilm import default_embedder
from ipse.teacher.offline import OfflineTeacher

TEACHER = OfflineTeacher(default_embedder())
GREEN, SHAWARMA = "My favourite colour is green.", "My favourite food is shawarma."
TRAM = "The tram was late."
ROWS = [
    (f"{GREEN}\nIt rains.", SHAWARMA, f"User 1: Hello! {GREEN}\nUser 2: [name], I was born in 1987.\nUser 1: Oh."),
    ("I own a yacht.", TRAM, f"User 1: {TRAM}\nUser 2: {TRAM}"),
]


def heard(*texts: str) -> Heard:
    return hear(texts, 0, TEACHER)


def written(place: Path, columns: tuple[str, ...] = (*PERSONAS, CHAT)) -> Path:
    with place.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([columns, *ROWS])
    return place


def run(monkeypatch: pytest.MonkeyPatch, *given: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["extraction", *map(str, given)])
    main()


def test_a_line_without_a_speaker_goes_with_the_turn_before_it() -> None:
    assert turns_of("User 1: Take:\n1 egg\n\nUser 2: Thanks.\nUser 1: Bye!") == (["Take:\n1 egg", "Bye!"], ["Thanks."])
    assert turns_of("Nobody speaks.") == ([], [])


def test_chance_is_told_by_a_row_that_shares_no_line() -> None:
    first, alike, third = (["I ski."], ["I sew."]), (["I box."], ["i ski. "]), (["I row."], ["I bowl."])
    assert strangers([first, alike, third]) == [2, 2, 0]
    with pytest.raises(ValueError, match="take more rows"):
        strangers([first, alike])


def test_a_value_stands_in_whole_words_with_any_ending() -> None:
    assert stands("two dogs", "I walk my two dog.")
    assert not stands("art", "I start early.")
    assert not stands("it", "I like it.")


def test_leaning_is_towards_the_value() -> None:
    assert leaning("I love to cook but I'm not good at it.", "cook") == 1
    assert leaning("I don't like olives.", "olives") == -1
    assert leaning("I own a yacht.", "yacht") == leaning("I love tea.", "olives") == 0


def test_figures_of_a_fact_that_the_persona_tells() -> None:
    found = figures([(heard(GREEN, TRAM), heard(GREEN, "It rains."), heard(SHAWARMA))])
    assert found["precision"] == found["  by attribute and value"] == found["recall (a)"] == (1, 1)
    assert found["recall (b)"] == found["  every sentence a fact"] == (1, 2)
    assert found["polarity right"] == (1, 1)
    assert found["wrong person"] == (0, 1)


def test_figures_of_a_fact_that_only_the_other_persona_tells() -> None:
    talk, own = heard(GREEN), heard(SHAWARMA)
    found = figures([(talk, own, heard(GREEN))])
    assert found["precision"] == found["recall (a)"] == (0, 1)
    assert found["  of what was said"] == (0, 0)
    assert found["wrong person"] == (1, 1)
    assert list(claims((talk, own, own))) == [("favourite_colour", False, f"green <- {GREEN}")]


def test_a_liking_made_of_a_dislike_is_turned_round() -> None:
    found = figures([(heard(SHAWARMA), heard("I hate shawarma."), heard())])
    assert found["precision"] == (1, 1)
    assert found["polarity right"] == (0, 1)


def test_who_says_nothing_has_no_facts() -> None:
    found = figures([(heard(), heard(GREEN), heard())])
    assert found["precision"] == (0, 0)
    assert found["recall (a)"] == found["recall (b)"] == (0, 1)


def test_the_command_shows_errors_and_writes_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, written(tmp_path / "chats.csv"), "--show", "--json", tmp_path / "out.json")
    shown = capsys.readouterr().out
    assert "facts in 2 chats" in shown
    assert "[name], I was born in 1987." in shown
    own, chance = json.loads((tmp_path / "out.json").read_text(encoding="utf-8")).values()
    assert own["precision"] == [1, 2]
    assert chance["precision"] == [0, 2]


def test_bad_input_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for data, rows, said in (
        (tmp_path / "none.csv", "2", "No such file"),
        (written(tmp_path / "columns.csv", ("a", "b", CHAT)), "2", "has no column user 1 personas, user 2 personas"),
        (written(tmp_path / "few.csv"), "1", "take more rows"),
    ):
        with pytest.raises(SystemExit):
            run(monkeypatch, data, "--rows", rows)
        assert said in capsys.readouterr().err
