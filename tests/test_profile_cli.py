"""The living profile on the command line: what each command prints, keeps and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shelf
from cli_kit import Run, plain_environment, runner
from profile_kit import LONG, SHORT, at, is_mirrored, kept, seen, signal

from ipse.cli import profile as commands
from ipse.serve import run as serving
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.types import DIMENSIONS
from ipse.words.onboarding import quiz
from ipse.words.preamble import preamble
from ipse.words.profile import edit, judge, note_reply, observe

THEN = "2025-02-01T08:00:00Z"
LINES = "with --file each line says its own dimension, value and time"
DRY = "The tone should be dry, without pleasantries."


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain_environment(monkeypatch, tmp_path)


@pytest.fixture
def ipse(capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    return runner(capsys, "--home", str(home))


def line(**changes: object) -> str:
    return json.dumps({"t": THEN, "dimension": "tone", "value": 0.1, **changes})


def turned_away(ipse: Run, store: SqliteStore, *arguments: str, because: str, given: str = "") -> None:
    """In one line, with status 2, with --json as an object, and without a trace."""
    before = kept(store)
    ran = ipse(*arguments, given=given)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert because in ran.err
    told = ipse(*arguments, "--json", given=given)
    assert (told.status, because in told.json["error"]) == (2, True)
    assert kept(store) == before


# signal


def test_a_signal_shows_the_paragraph_it_leads_to(ipse: Run, store: SqliteStore) -> None:
    assert ipse("signal", "tone", "0.1").out == f"{DRY}\n"
    assert ipse("signal", "tone", "0.1", "--json").json == {"added": 1, "paragraph": DRY}
    given = ipse("signal", "domain", "Tax law", "--source", "preview", "--at", "2025-02-01T08:00", "--json").json
    assert given["paragraph"] == f"{DRY} What you ask about most is tax law."
    assert [(each.dimension, each.value, each.source) for each in store.signals()] == [
        *(("tone", 0.1, "nudge"), ("tone", 0.1, "nudge"), ("domain", "tax law", "preview"))
    ]
    assert store.signals()[2].at.isoformat() == "2025-02-01T08:00:00+00:00"


def test_a_file_is_read_once_and_its_bad_lines_are_named(ipse: Run, store: SqliteStore, tmp_path: Path) -> None:
    file = tmp_path / "signals.jsonl"
    file.write_text("\n".join([line(), "oops", line(value=7), line(), line(dimension="length")]), encoding="utf-8")
    first = ipse("signal", "--file", str(file))
    assert (first.status, first.out) == (0, "3 signals added, 2 lines left out.\n")
    assert [told.partition(": ")[0] for told in first.err.splitlines()] == [f"{file}:line 2", f"{file}:line 3"]
    again = ipse("signal", "--file", str(file), "--json")
    assert (again.status, again.json["added"], len(again.json["failures"])) == (1, 0, 2)
    assert len(store.signals()) == 3
    whole = ipse("signal", "--file", "-", "--json", given=f"{line(value=0.4)}\n\n{line(value=0.5)}\n")
    assert (whole.status, whole.json) == (0, {"added": 2, "failures": []})


def test_what_is_no_signal_is_turned_away(ipse: Run, store: SqliteStore, tmp_path: Path) -> None:
    for arguments, because in (
        ((), "give a dimension and a value"),
        (("tone",), "give a dimension and a value"),
        (("tone", "1.2"), "from 0 to 1, not '1.2'"),
        (("tone", "warm"), "from 0 to 1"),
        (("mood", "0.5"), '"mood" is no dimension'),
        (("domain", " "), "a word or a few"),
        (("tone", "0.5", "--source", "rumour"), '"rumour" is no source'),
        (("tone", "0.5", "--at", "yesterday"), '"yesterday" is no time'),
        (("tone", "0.5", "--at", "2999-01-01"), "still to come"),
        (("tone", "0.5", "--file", "x.jsonl"), LINES),
        (("--file", "x.jsonl", "--at", THEN), LINES),
        (("--file", str(tmp_path / "none.jsonl")), "none.jsonl can't be read"),
    ):
        turned_away(ipse, store, "signal", *arguments, because=because)
    (tmp_path / "latin.jsonl").write_bytes(b'{"domain": "caf\xe9"}')
    ran = ipse("signal", "--file", str(tmp_path / "latin.jsonl"))
    assert (ran.status, ran.err.count("\n"), "not UTF-8" in ran.err) == (1, 1, True)


# profile


def test_where_nothing_is_known_it_says_how_to_begin(ipse: Run) -> None:
    shown = ipse("profile")
    assert shown.status == 0
    assert "(no paragraph)" in shown.out
    assert "ipse profile quiz" in shown.out
    record = ipse("profile", "--json").json
    misplaced = ipse("profile", "--json", "history")
    assert misplaced.status == 2
    assert "ipse profile history --json" in misplaced.json["error"]
    assert record == ipse("profile", "show", "--json").json
    assert (record["paragraph"], record["provenance"], record["preferences"]) == (None, "empty", [])
    assert ipse("profile", "history").out == "There is no paragraph yet.\n"
    assert ipse("profile", "history", "--json").json == ipse("profile", "amendments", "--json").json == []
    assert ipse("profile", "amendments").out == "Nothing was ever proposed.\n"
    assert ipse("profile", "sweep").out == "Nothing has moved.\n"
    assert ipse("profile", "sweep", "--json").json == {}


def test_the_profile_shows_the_paragraph_and_what_it_rests_on(ipse: Run, store: SqliteStore) -> None:
    observe(store, [signal(1, "tone", 0.1), signal(2, "domain", "sailing"), signal(3, "domain", "tax law")], at(3))
    shown = ipse("profile").out
    assert shown.startswith(DRY)
    assert "evolved from signals" in shown
    assert [row.split()[:3] for row in shown.splitlines() if row.startswith(("tone", "domain"))] == [
        *(["tone", "1", "0.10"], ["domain", "2", "sailing"])
    ]
    record = ipse("profile", "show", "--json").json
    assert [each["dimension"] for each in record["preferences"]] == ["tone", "domain"]
    assert record["paragraph"]["text"] == preamble(store)


def test_the_persons_words_are_kept_as_they_are(ipse: Run, store: SqliteStore) -> None:
    assert "yours, pinned" in ipse("profile", "edit", "Rhymes, please!").out
    assert ipse("profile", "edit", "--json", given="From a\npipe.\n").json["paragraph"]["text"] == "From a\npipe."
    assert ipse("profile", "unpin", "--json").json["provenance"] == "empty"
    assert ipse("profile", "about", "I bake.", "--json").json["about_me"] == "I bake."
    assert ipse("profile", "pin", "--json").json["provenance"] == "user_authored"
    assert ipse("profile", "about", "", "--json").json["about_me"] == ""
    assert preamble(store) == "You bake."
    versions = ipse("profile", "history", "--json").json
    assert [each["text"] for each in versions] == ["You bake.", "You bake.", "", "From a\npipe.", "Rhymes, please!"]
    assert versions[3]["diff"] == [["gone", "Rhymes, please!"], ["added", "From a pipe."]]
    shown = ipse("profile", "history").out
    assert "[-Rhymes, please!-] [+From a pipe.+]" in shown
    assert versions[4]["id"] in shown
    assert "Rhymes, please!" in ipse("profile", "restore", versions[4]["id"]).out
    assert is_mirrored(store)


def test_what_cant_be_done_is_told_in_one_line(ipse: Run, store: SqliteStore) -> None:
    for arguments, because in (
        (("pin",), "no paragraph to pin"),
        (("unpin",), "isn't pinned"),
        (("edit", " "), "is empty"),
        (("edit",), "is empty"),
        (("edit", "x" * 4001), "4,001 characters"),
        (("about", " "), "is empty"),
        (("restore", "paragraph_0"), "no paragraph paragraph_0"),
        (("amendments", "--accept", "amendment_0"), "nothing is proposed under amendment_0"),
        (("amendments", "--dismiss", "amendment_0"), "nothing is proposed under amendment_0"),
        (("amendments", "--accept", "a", "--dismiss", "b"), "not both"),
        (("amendments", "--sentence", "Briefly."), "--accept"),
        (("thumb", "reply_0", "up"), "no reply reply_0"),
        (("thumb", "reply_0", "sideways"), "sideways"),
        (("quiz", "length"), "like length=0.3"),
        (("quiz", "length=7"), "from 0 to 1"),
        (("quiz", "mood=0.5"), "no dimension"),
    ):
        turned_away(ipse, store, "profile", *arguments, because=because)


# the quiz


def test_the_quiz_takes_answers_as_arguments(ipse: Run, store: SqliteStore) -> None:
    shown = ipse("profile", "quiz", "tone=0.1", "language=pt", "--json").json
    assert shown["provenance"] == "onboarding"
    assert shown["paragraph"]["text"] == f"{DRY} Answers should be in Portuguese."
    assert "from the quiz" in ipse("profile").out
    turned_away(ipse, store, "profile", "quiz", "tone=0.5", "tone", because="like length=0.3")
    assert "give the answers as arguments" in ipse("profile", "quiz", "--json").json["error"]


def test_the_quiz_asks_one_question_a_dimension(ipse: Run, store: SqliteStore) -> None:
    ran = ipse("profile", "quiz", given="1\n2\n\n4\n\nBird song\n2\n")
    assert ran.status == 0
    assert all(question.text in ran.out for question in quiz())
    assert {question.dimension for question in quiz()} == set(DIMENSIONS)
    values = {each.dimension: each.value for each in store.signals()}
    assert values == {"length": 0.1, "tone": 0.35, "level": 0.95, "domain": "bird song", "language": "de"}


@pytest.mark.parametrize(
    ("given", "because"),
    [("\n" * 7, "no question was answered"), ("9\n", "stopped"), ("1\n2\n", "stopped")],
)
def test_a_quiz_that_is_not_gone_through_changes_nothing(
    ipse: Run, store: SqliteStore, given: str, because: str
) -> None:
    before = kept(store)
    ran = ipse("profile", "quiz", given=given)
    assert (ran.status in (2, 130), because in ran.err.splitlines()[-1]) == (True, True)
    assert kept(store) == before


def test_a_wrong_answer_is_asked_again(ipse: Run, store: SqliteStore) -> None:
    ran = ipse("profile", "quiz", given="9\n0\nlong\n1\n" + "\n" * 6)
    assert ran.status == 0
    assert ran.out.count("Give a number from 1 to ") == 3
    assert [(each.dimension, each.value) for each in store.signals()] == [("length", 0.1)]


# what comes of replies and of time


def test_a_proposed_sentence_is_shown_and_decided(ipse: Run, store: SqliteStore) -> None:
    observe(store, [signal(minute, "length", 0.9) for minute in range(20)], at(20))
    edit(store, "Tell me everything.", at(21))
    for minute in range(30, 50):
        reply = note_reply(store, SHORT if minute % 3 else LONG, at(minute))
        assert reply is not None
        if minute % 3:
            judge(store, reply.id, "up", at(minute))
    (proposed,) = ipse("profile", "amendments", "--json").json
    assert (proposed["status"], proposed["dimension"]) == ("proposed", "length")
    assert f"ipse profile amendments --accept {proposed['id']}" in ipse("profile").out
    shown = ipse("profile", "amendments", "--accept", proposed["id"], "--sentence", "But briefly.").out
    assert "accepted" in shown
    assert "But briefly." in shown
    assert preamble(store) == "Tell me everything. But briefly."
    shown = ipse("profile", "thumb", store.replies()[-1].id, "down", "--json").json
    assert shown["thumbs"] == store.profile().thumbs == 14


def test_the_sweep_tells_who_moved_and_the_profile_when(ipse: Run, store: SqliteStore) -> None:
    values = [*[0.3, 0.34, 0.28] * 10, *[0.8] * 6]
    observe(store, [signal(minute, "tone", value) for minute, value in enumerate(values)], at(40))
    assert seen("tone", *values) == store.preferences()["tone"]
    assert ipse("profile", "sweep").out.startswith("Maya Okafor: tone moved at 2025-03-01 (statistic ")
    assert ipse("profile", "sweep", "--json").json == {}
    assert "2025-03-01" in next(row for row in ipse("profile").out.splitlines() if row.startswith("tone"))


def test_a_home_of_several_is_swept_whole_without_a_name(ipse: Run, store: SqliteStore, home: Path) -> None:
    create_person(home, shelf.JUN)
    assert ipse("profile", "--json").status == 2  # but whose profile is meant has to be said
    values = [*[0.3, 0.34, 0.28] * 10, *[0.8] * 6]
    for found in (store, open_store(home, "Jun")):
        observe(found, [signal(minute, "tone", value) for minute, value in enumerate(values)], at(40))
    swept = ipse("profile", "sweep", "--json").json
    assert {name: [each["dimension"] for each in flags] for name, flags in swept.items()} == {
        "Maya Okafor": ["tone"],
        "Jun Tanaka": ["tone"],
    }
    assert ipse("profile", "sweep").out == "Nothing has moved.\n"


# serve


def test_serve_says_where_it_is_and_refuses_where_nobody_lives(
    ipse: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    asked: list[object] = []

    def served(*given: object) -> None:
        *told, ready = given
        asked.extend(told)
        ready("http://127.0.0.1:9")  # type: ignore[operator]

    monkeypatch.setattr(serving, "serve", served)
    ran = ipse("serve", "--port", "9")
    assert (ran.status, ran.out) == (0, "ipse is at http://127.0.0.1:9  (Ctrl-C stops it)\n")
    assert asked == [home, None, 9]
    create_person(home, shelf.JUN)
    assert ipse("serve").status == 0
    assert runner(capsys, "--home", str(home), "--person", "Jun")("serve", "--json").json["address"]
    assert asked[3:] == [home, None, 8765, home, "Jun", 8765]
    assert ipse("serve", "--port", "99999").status == 2
    nobody = runner(capsys, "--home", str(tmp_path / "none"))("serve")
    assert (nobody.status, "init --person" in nobody.err, len(asked)) == (2, True, 9)
    otto = runner(capsys, "--home", str(home), "--person", "Otto")("serve")
    assert (otto.status, "nobody" in otto.err, len(asked)) == (2, True, 9)


def test_every_provenance_is_put_in_words() -> None:
    assert set(commands.WHOSE) == {"user_authored", "evolved", "onboarding", "empty"}
