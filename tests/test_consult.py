"""A language model words the paragraph, or reads what a pinned one stands for; it never adds and never overrides."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_kit import plain_environment, runner
from llm_server import LLMServer, Status
from profile_kit import LONG, SHORT, at, is_mirrored, kept, signal, text_of
from words_model import Worder

from ipse.errors import BadOutput
from ipse.me import Me
from ipse.serve import run
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.types import Amendment, Person
from ipse.words.consult import consult
from ipse.words.forgetting import forget
from ipse.words.personality import LIMIT
from ipse.words.preamble import current, preamble
from ipse.words.profile import describe, dismiss, edit, judge, note_reply, observe, unpin
from ipse.words.unsaid import Unsaid

POLITE = " That is all, thank you."


def known(store: SqliteStore) -> str:
    """Somebody dry and brief who keeps bees."""
    observe(store, [signal(1, "tone", 0.1), signal(1, "length", 0.1)], at(1))
    return describe(store, "I keep bees.", at(2)).text


def test_the_model_words_what_the_grammar_tells(store: SqliteStore) -> None:
    plain = known(store)
    made = consult(store, Worder(POLITE), at(3))
    assert made == current(store)
    assert made is not None
    assert made.text == text_of(store) == plain + POLITE
    assert made.provenance == "evolved"
    assert made.made_by == "llm/worder/consult-1"
    assert {ref for _, refs in made.sentences for ref in refs} == {"tone", "length", "about_me"}


def test_it_is_shown_nothing_but_the_note(store: SqliteStore) -> None:
    known(store)
    model = Worder()
    consult(store, model, at(3))
    shown = json.loads(model.asked[0][-1].content)
    assert [each["refs"] for each in shown] == [["length"], ["tone"], ["about_me"]]
    assert "bees" in shown[-1]["text"]


def test_numbers_and_names_of_the_note_are_no_additions(store: SqliteStore) -> None:
    describe(store, "My DR650 pulls 200kg. I'm from São Tomé.", at(1))
    made = consult(store, Worder(" It pulls 200 kg, your DR650, in Tomé."), at(2))
    assert made is not None
    assert made.text.endswith("in Tomé.")


def test_it_is_asked_once(store: SqliteStore) -> None:
    known(store)
    model = Worder(POLITE)
    first = consult(store, model, at(3))
    assert consult(store, model, at(4)) == first
    assert len(model.asked) == 1


def test_the_next_change_has_the_grammars_words_at_once(store: SqliteStore) -> None:
    plain = known(store)
    consult(store, Worder(POLITE), at(3))
    describe(store, "I keep wasps.", at(4))
    assert text_of(store) == plain.replace("bees", "wasps")
    describe(store, "I keep bees.", at(5))
    assert text_of(store) == plain + POLITE, "the very sentences it has worded"


def test_who_moves_on_while_it_thinks_is_not_taken_back(store: SqliteStore) -> None:
    plain = known(store)
    moving = [lambda: describe(store, "I keep wasps.", at(3))]
    consult(store, Worder(POLITE, moving), at(4))
    assert text_of(store) == plain.replace("bees", "wasps")


def test_pinned_while_it_thinks_stays_pinned(store: SqliteStore) -> None:
    known(store)
    consult(store, Worder(POLITE, [lambda: edit(store, "Rhymes, please.", at(3))]), at(4))
    assert text_of(store) == "Rhymes, please."


def test_where_nothing_is_known_nothing_is_asked(store: SqliteStore) -> None:
    model = Worder(POLITE)
    assert consult(store, model, at(1)) is None
    assert (model.asked, preamble(store)) == ([], "")


@pytest.mark.parametrize(
    ("ends", "fault"),
    [
        (" You have 40 hives.", "'40'"),
        (" You live in Ghent.", "'Ghent'"),
        (" You live there (Ghent).", "'Ghent'"),
        (" You call it 'Łódź' at times.", "Łódź"),
        (" You have forty hives.", "'40'"),
        (" And so on" * LIMIT, "words"),
        (" and-on" * 240, "characters"),
    ],
)
def test_what_the_model_adds_is_refused(store: SqliteStore, ends: str, fault: str) -> None:
    known(store)
    before = kept(store)
    with pytest.raises(BadOutput, match=fault):
        consult(store, Worder(ends), at(3))
    assert kept(store) == before


def test_what_the_model_leaves_out_is_refused(store: SqliteStore) -> None:
    known(store)
    model = Worder()
    model.reply = lambda _shown: json.dumps({"sentences": [{"text": "Be brief.", "refs": ["length"]}]})  # type: ignore[method-assign]
    with pytest.raises(BadOutput, match="about_me"):
        consult(store, model, at(3))


def saying(*sentences: tuple[str, list[str]]) -> Worder:
    model = Worder()
    worded = {"sentences": [{"text": text, "refs": refs} for text, refs in sentences]}
    model.reply = lambda _shown: json.dumps(worded)  # type: ignore[method-assign]
    return model


def test_an_empty_wording_is_refused(store: SqliteStore) -> None:
    plain = known(store)
    with pytest.raises(BadOutput, match="empty"):
        consult(store, saying((" ", ["length", "tone", "about_me"])), at(3))
    assert text_of(store) == plain


@pytest.mark.parametrize(
    "worded",
    [
        [("Keep it short and dry for a beekeeper with hives on the roof.", ["length", "tone", "about_me"])],
        [("Be short and dry; bees are yours.", ["length", "tone"]), ("You like it so.", ["about_me"])],
    ],
)
def test_what_is_forgotten_goes_in_whatever_words_the_model_told_it(
    store: SqliteStore, worded: list[tuple[str, list[str]]]
) -> None:
    known(store)
    made = consult(store, saying(*worded), at(3))
    describe(store, "I like it so.", at(4))
    forget(store, [], Unsaid.of("bees", []), at(5))
    assert made not in store.paragraphs()
    assert not any("bee" in each.text for each in store.paragraphs())


def test_what_the_person_settled_is_not_read_over(store: SqliteStore) -> None:
    edit(store, "Take your time.", at(3))
    for minute in range(20):
        reply = note_reply(store, LONG, at(10 + minute))
        assert reply is not None
        judge(store, reply.id, "up", at(10 + minute))
    (proposed,) = [each for each in store.amendments() if each.status == "proposed"]
    dismiss(store, proposed.id)
    consult(store, Worder(**{proposed.dimension: 0.0}), at(60))
    assert store.profile().stands_for[proposed.dimension] == proposed.approved


def test_a_pinned_paragraph_is_read_and_never_worded(store: SqliteStore) -> None:
    known(store)
    edit(store, "Take your time, tell me everything.", at(3))
    model = Worder(POLITE, length=0.9)
    consult(store, model, at(4))
    assert text_of(store) == "Take your time, tell me everything."
    meant = store.profile().stands_for
    assert meant["length"] == 0.9, "what the words say"
    assert meant["tone"] == pytest.approx(0.1), "what was known besides"
    consult(store, model, at(5))
    assert len(model.asked) == 1


def test_what_the_model_read_decides_whether_an_amendment_is_proposed(store: SqliteStore) -> None:
    edit(store, "Take your time, tell me everything.", at(3))
    consult(store, Worder(length=0.9), at(4))

    def proposed_after(text: str) -> list[Amendment]:
        for minute in range(20):
            reply = note_reply(store, text, at(10 + minute))
            assert reply is not None
            judge(store, reply.id, "up", at(10 + minute))
        return [each for each in store.amendments() if each.dimension == "length"]

    assert proposed_after(LONG) == []
    (proposed,) = proposed_after(SHORT * 2)
    assert proposed.expected == 0.9
    dismiss(store, proposed.id)
    settled = store.profile().stands_for
    consult(store, Worder(length=0.9), at(90))
    assert store.profile().stands_for == settled, "read once, and the person has decided since"


def test_unpinned_it_is_worded_again(store: SqliteStore) -> None:
    plain = known(store)
    edit(store, "Rhymes, please.", at(3))
    consult(store, Worder(POLITE), at(4))
    unpin(store, at(5))
    assert text_of(store) == plain
    consult(store, Worder(POLITE), at(6))
    assert text_of(store) == plain + POLITE


def test_what_is_forgotten_goes_from_the_models_words(store: SqliteStore) -> None:
    known(store)
    consult(store, Worder(POLITE), at(3))
    observe(store, [signal(4, "language", "de")], at(4))
    consult(store, Worder(" You know bees."), at(5))
    forget(store, [], Unsaid.of("bees", []), at(6))
    assert "bees" not in repr(kept(store))
    assert is_mirrored(store)
    forget(store, [], Unsaid.of("German", []), at(7))
    assert not any("language" in refs for each in store.paragraphs() for _, refs in each.sentences)


# the ways in


def answering(model: Worder) -> LLMServer:
    return LLMServer(answer=lambda body: model.reply(json.loads(body["messages"][-1]["content"])))


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LLMServer]:
    plain_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("IPSE_TEACHER_MODEL", "small")
    with answering(Worder(POLITE)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


def test_by_command(capsys: pytest.CaptureFixture[str], home: Path, store: SqliteStore, configured: LLMServer) -> None:
    plain = known(store)
    ipse = runner(capsys, "--home", str(home))
    shown = ipse("profile", "consult", "--json").json
    assert shown["paragraph"]["text"] == plain + POLITE
    assert shown["paragraph"]["made_by"] == "llm/small/consult-1"
    assert len(configured.seen) == 1


def test_without_a_model_the_command_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path, store: SqliteStore
) -> None:
    plain_environment(monkeypatch, tmp_path)
    known(store)
    ran = runner(capsys, "--home", str(home))("profile", "consult")
    assert ran.status == 2
    assert "IPSE_TEACHER_MODEL" in ran.err


def test_while_it_serves_everybody_is_worded_if_a_model_is_to(
    home: Path, store: SqliteStore, configured: LLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = known(store)
    create_person(home, Person("Theo"))
    run.consult_all(home, {}, lambda: at(3))
    assert not configured.seen, "nothing goes out that wasn't asked for"
    monkeypatch.setenv("IPSE_VERBALIZER", "llm")
    run.consult_all(home, {}, lambda: at(3))
    assert text_of(store) == plain + POLITE
    assert len(configured.seen) == 1, "of Theo nothing is known"


def test_one_refused_wording_keeps_nobody_else_waiting_and_is_paid_for_once(
    home: Path, store: SqliteStore, configured: LLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = known(store)
    create_person(home, Person("Theo"))
    observe(open_store(home, "Theo"), [signal(1, "tone", 0.1)], at(1))
    worder = Worder(POLITE)

    def answer(body: dict[str, Any]) -> str:
        shown = json.loads(body["messages"][1]["content"])
        return '{"sentences": []}' if len(shown) > 1 else worder.reply(shown)

    configured.answer = answer
    monkeypatch.setenv("IPSE_VERBALIZER", "llm")
    refused: dict[str, str] = {}
    run.consult_all(home, refused, lambda: at(3))
    asked = len(configured.seen)
    assert text_of(store) == plain
    assert preamble(open_store(home, "Theo")).endswith(POLITE)
    run.consult_all(home, refused, lambda: at(4))
    assert len(configured.seen) == asked


def test_a_broken_setting_doesnt_end_the_sweeps(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "config.toml").write_text("verbalizer = ", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        run.sweep_on(home, Stopped(), lambda: at(3))
    assert "keep the grammar's words" in caplog.text


def test_a_server_that_is_down_leaves_the_grammars_words(
    home: Path,
    store: SqliteStore,
    configured: LLMServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plain = known(store)
    configured.answer = lambda _: Status(401, error={"message": "no such key"})
    monkeypatch.setenv("IPSE_VERBALIZER", "llm")
    stopped = Stopped()
    with caplog.at_level(logging.WARNING):
        run.sweep_on(home, stopped, lambda: at(3))
    assert "keep the grammar's words" in caplog.text
    assert text_of(store) == plain


def test_over_http(home: Path, store: SqliteStore, configured: LLMServer) -> None:
    from starlette.testclient import TestClient

    from ipse.serve.app import create_app

    plain = known(store)
    del configured
    with TestClient(create_app(home), base_url="http://localhost") as web:
        shown = web.post("/api/profile/consult", json={}).json()
    assert shown["paragraph"]["text"] == plain + POLITE


def test_a_person_in_a_program(home: Path, store: SqliteStore, configured: LLMServer) -> None:
    plain = known(store)
    me = Me.open(home)
    made = me.consult()
    me.store.close()
    assert made is not None
    assert made.text == plain + POLITE
    assert "You keep bees." in configured.seen[0].text


class Stopped(run.threading.Event):  # type: ignore[name-defined,misc]
    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        return True
