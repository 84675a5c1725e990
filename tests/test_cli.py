"""The command line on real homes, without training: what it prints, how it fails, how it leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_kit import Run, learnt_home, plain_environment, runner

from ipse.cli import app, main

ROOT = Path(__file__).parents[1]
HOLD = """
import sys
from pathlib import Path
from ipse.store.lock import at_work
from ipse.store.sqlite import open_store
with at_work(open_store(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain_environment(monkeypatch, tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return learnt_home(tmp_path / "home")


@pytest.fixture
def ipse(capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    """The command line on Maya's home."""
    return runner(capsys, "--home", str(home))


@pytest.fixture
def fresh(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """The command line on a home where nobody lives yet."""
    return runner(capsys, "--home", str(tmp_path / "new"))


def commands() -> Iterator[tuple[str, Any]]:
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        yield from ((f"{name} {each}", inner[each]) for each in inner) if inner else [(name, command)]


# the shape of it


def test_every_command_can_print_json_and_says_what_it_does() -> None:
    for name, command in commands():
        assert "--json" in {option for each in command.params for option in each.opts}, name
        assert command.help, name


def test_the_verbs_are_all_there() -> None:
    words = "init add learn ask enhance critique chat facts correct forget evaluate adapters promote rollback"
    assert set(words.split()) | {"status", "doctor"} <= {name for name, _ in commands()}
    assert {"private add", "private list", "private remove"} <= {name for name, _ in commands()}


def test_without_a_verb_it_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    ran = runner(capsys)()
    assert (ran.status, "Usage: ipse" in ran.out) == (0, True)
    assert runner(capsys)("--version").out.startswith("ipse ")


# init


def test_init_sets_a_person_up_and_later_keeps_what_is_not_said_again(fresh: Run) -> None:
    made = fresh("init", "--person", "Lin Wu", "--pronouns", "she/her", "--birth-year", "1990", "--language", "de")
    assert (made.status, "Lin Wu now lives in" in made.out) == (0, True)
    changed = fresh("init", "--alias", "lin@example.org", "--json").json["person"]
    assert changed["pronouns"] == "she/her"
    assert changed["aliases"] == ["lin@example.org"]
    assert (changed["birth_year"], changed["language"]) == (1990, "de")


@pytest.mark.parametrize("name", [(), ("--person", " ")])
def test_init_wants_a_name(fresh: Run, name: tuple[str, ...]) -> None:
    ran = fresh("init", *name)
    assert (ran.status, ran.out) == (2, "")
    assert "--person" in ran.err


def test_the_person_may_be_named_before_the_verb(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ran = runner(capsys, "--home", str(tmp_path / "h"), "--person", "Ada King")("init", "--json")
    assert ran.json["person"]["name"] == "Ada King"


# add


def test_add_reads_files_once_and_reports_a_bad_one(ipse: Run, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "note.md").write_text("My bicycle is blue.", encoding="utf-8")
    (folder / "broken.json").write_text('[{"role": "user", "con', encoding="utf-8")
    first = ipse("add", folder, "--json")
    assert first.status == 0
    assert [Path(path).name for path in first.json["added"]] == ["note.md"]
    assert "broken.json" in first.json["failures"][0]["place"]
    again = ipse("add", folder)
    assert "1 unchanged" in again.out
    assert "broken.json" in again.err


def test_add_reads_text_from_standard_input(ipse: Run) -> None:
    assert ipse("add", "-", "--json", given="I have a tortoise called Otto.").json["chunks"] == 1
    assert "Otto" in ipse("ask", "--from", "raw", "What is my tortoise called?").out


def test_add_fails_where_nothing_could_be_added(ipse: Run, tmp_path: Path) -> None:
    ran = ipse("add", tmp_path / "nowhere.md")
    assert (ran.status, "nowhere.md" in ran.err) == (1, True)
    assert ipse("add", "-", "x.md").status == 2
    assert ipse("add", "-", given=" \n").status == 2
    assert ipse("add", "-", given=b"\xff\xfe\x00").status == 1


def test_learning_nothing_says_what_to_do(fresh: Run) -> None:
    fresh("init", "--person", "Lin Wu")
    ran = fresh("learn")
    assert (ran.status, "ipse add FILES" in ran.err) == (1, True)


# ask, enhance, critique, chat


def test_ask_answers_from_raw_text_with_its_ground(ipse: Run) -> None:
    ran = ipse("ask", "--from", "raw", "Which evening do I never work late?", "--json")
    assert "Tuesdays" in ran.json["answer"]
    assert (ran.json["spoke"], ran.json["known"]) == ("raw", True)
    assert ran.json["refs"][0].startswith("chunk_")
    told = ipse("ask", "--from", "raw", given="Which evening do I never work late?").out
    assert ran.json["refs"][0] in told


def test_ask_knows_what_it_does_not_know(ipse: Run) -> None:
    ran = ipse("ask", "What is my blood type?", "--json").json
    assert (ran["spoke"], ran["known"], ran["refs"]) == ("nobody", False, [])


def test_ask_for_somebody_else_names_the_person(ipse: Run) -> None:
    assert "about Maya" in ipse("ask", "--asker", "a bank", "What is Maya's blood type?").out
    assert "about Maya" in ipse("ask", "--perspective", "third", "What is Maya's blood type?").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", ""),
        ("ask", "--perspective", "fourth", "Who?"),
        ("ask", "--from", "hearsay", "Who?"),
        ("ask", "--nonsense"),
        ("ask", "Who?", "--file", "x.jsonl"),
        ("ask", "Who?", "--out", "x.jsonl"),
        ("critique",),
        ("correct", "fact_none", "It is so."),
        ("private", "remove", "never said"),
        ("promote", "adapter_none"),
        ("rollback",),
        ("unheard-of",),
    ],
)
def test_wrong_usage_leaves_with_2_and_one_line(ipse: Run, arguments: tuple[str, ...]) -> None:
    ran = ipse(*arguments)
    assert ran.status == 2
    assert ran.err.startswith("ipse: ")
    assert ran.err.count("\n") == 1
    told = ipse(*arguments, "--json")
    assert (told.status, list(told.json), told.err) == (2, ["error"], "")


def test_enhance_and_critique_one(ipse: Run) -> None:
    enhanced = ipse("enhance", "Which colour should the new sofa have?", "--json").json
    assert enhanced["answer"].startswith("Which colour should the new sofa have?")
    assert enhanced["refs"]
    judged = ipse("critique", "Suggest a soup.", "Carrot soup with fresh coriander.", "--json").json
    assert judged["verdict"] == "flag"
    assert "coriander" in judged["answer"]
    assert ipse("critique", "Suggest a soup.", given="Carrot soup with ginger.").out.startswith("approve")


def test_chat_without_an_agent_shows_what_would_be_sent(ipse: Run) -> None:
    ran = ipse("chat", "Which colour should the new sofa have?")
    assert "would be sent" in ran.out
    assert "green" in ran.out
    assert ipse("chat", "Which colour?", "--json").json["answer"] is None


# what is kept


def test_facts_are_listed_with_their_ids(ipse: Run, fresh: Run) -> None:
    known = ipse("facts", "--json").json
    assert any("coriander" in each["statement"] for each in known)
    assert known[0]["id"] in ipse("facts").out
    assert len(ipse("facts", "--all", "--json").json) >= len(known)
    fresh("init", "--person", "Lin Wu")
    assert "no facts yet" in fresh("facts").out
    assert fresh("facts", "--json").json == []


def test_a_correction_is_kept_for_the_next_learn(ipse: Run, home: Path) -> None:
    wanted = next(each for each in ipse("facts", "--json").json if "coriander" in each["statement"])
    assert ipse("correct", wanted["id"], "I love coriander by now.").status == 0
    from ipse.store.sqlite import open_store

    store = open_store(home)
    assert store.corrections() == {wanted["id"]: "I love coriander by now."}
    store.close()


def test_a_private_topic_is_refused_to_others_until_it_is_removed(ipse: Run) -> None:
    assert ipse("private", "list").out == "There are no private topics.\n"
    topic = "I can't stand coriander."
    assert ipse("private", "add", topic, "--json").json["facts_covered"] >= 1
    refused = ipse("ask", "--asker", "a chef", "Can Maya stand coriander?").out
    assert "private" in refused
    assert "coriander" in ipse("ask", "Which herb can I not stand?").out
    assert ipse("private", "list", "--json").json == {"topics": [topic]}
    assert ipse("private", "remove", topic).status == 0
    assert "private" not in ipse("ask", "--asker", "a chef", "Can Maya stand coriander?").out


def test_forget_shows_first_and_takes_no_for_an_answer(ipse: Run) -> None:
    shown = ipse("forget", "coriander", "--json").json["would_forget"]
    assert any("coriander" in each["text"] for each in shown["sentences"])
    declined = ipse("forget", "coriander", given="n\n")
    assert (declined.status, "Nothing was forgotten." in declined.out) == (0, True)
    assert any("coriander" in each["statement"] for each in ipse("facts", "--json").json)
    assert ipse("forget", "zeppelin moorings").status == 2


# the house


def test_status_counts_what_there_is(ipse: Run) -> None:
    found = ipse("status", "--json").json
    assert (found["person"]["name"], found["sources"], found["to_learn"], found["live"]) == ("Maya Okafor", 1, 1, None)
    assert found["facts"] > 0
    assert "Next: ipse learn" in ipse("status").out
    assert ipse("adapters", "--json").json == []
    assert "no adapters yet" in ipse("adapters").out


def test_the_doctor_says_whether_all_is_well(fresh: Run) -> None:
    ran = fresh("doctor", "--json")
    assert (ran.status, ran.json["ok"]) == (1, False)
    missing = {each["name"]: each["next_step"] for each in ran.json["checks"] if not each["ok"]}
    assert "ipse init" in missing["person"]
    assert "ipse init" in fresh("doctor").out


def test_an_unknown_person_is_an_error_that_names_the_known(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    ran = runner(capsys, "--home", str(home), "--person", "Otto")("facts")
    assert (ran.status, "Maya Okafor" in ran.err) == (2, True)
    told = runner(capsys, "--home", str(home), "--person", "Otto")("facts", "--json")
    assert "Maya Okafor" in told.json["error"]


def test_a_second_process_is_told_who_is_at_work(ipse: Run, home: Path) -> None:
    holding = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(holding, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        ran = ipse("add", "-", given="I moved.")
        other.communicate("")
    assert ran.status == 1
    assert f"process {other.pid} is at work on Maya Okafor" in ran.err
    assert ipse("add", "-", given="I moved.").status == 0


def test_ctrl_c_leaves_clean(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    class Interrupted:
        def isatty(self) -> bool:
            return False

        @property
        def buffer(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    with pytest.raises(SystemExit) as left:
        main(["--home", str(home), "ask"])
    out, err = capsys.readouterr()
    assert (left.value.code, out, err.count("\n")) == (130, "", 1)


def test_a_reader_that_has_left_is_no_error(home: Path) -> None:
    listing = [sys.executable, "-m", "ipse.cli", "--home", str(home), "facts", "--json"]
    with subprocess.Popen(listing, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        told = run.stderr.read()
    assert (run.returncode, told) == (1, "")
