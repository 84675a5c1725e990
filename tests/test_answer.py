"""What is answered, what is refused, and whose words they are: raw text and ledger, no weights needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ipse
from ipse.agent import answer
from ipse.agent.answer import Question
from ipse.llm.local import LocalChat
from ipse.llm.protocol import Reply
from ipse.me import Me
from ipse.types import Perspective
from ipse.voice import REFUSAL, unknown
from ipse.words.run import learn_words

DIARY = """## 2 June 2024

I live in Ghent, behind the old mill. My favourite colour is ochre. I keep two tortoises in the yard.

## 9 July 2025

I can't stand liquorice, it tastes like a garage to me and no amount of sugar will ever change my mind, I have tried.
My sister Hanne plays the oboe in a wind quintet and she practises every evening until the neighbours knock on the wall.
I owe the bank eleven thousand and nobody at home knows a thing about it.
"""
TALK = [
    {"role": "user", "content": "I bought a red kayak in spring."},
    {"role": "assistant", "content": "You could learn to play the bagpipes next."},
]
CHAT = """[23/05/2024, 10:00:00] Iris Maes: I am allergic to shellfish, remember?
[23/05/2024, 10:01:00] Bernadette van den Broeck-Vandenberghe: I keep three alpacas on the farm near Bruges
[23/05/2024, 10:02:00] Ruben Claes: I fix old radios on Sundays.
"""


@pytest.fixture(scope="module")
def me(tmp_path_factory: pytest.TempPathFactory) -> Me:
    folder: Path = tmp_path_factory.mktemp("ruben")
    (folder / "diary.md").write_text(DIARY, encoding="utf-8")
    (folder / "WhatsApp Chat.txt").write_text(CHAT, encoding="utf-8")
    found = ipse.init(str(folder / "home"), "Ruben Claes", pronouns="he/him")
    report = found.add(folder / "diary.md", folder / "WhatsApp Chat.txt")
    assert report.failures == ()
    found.add_messages(TALK)
    learn_words(found.store, found.teacher, found.embedder, found.clock)
    found.private("money I owe to the bank")
    return found


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is my favourite colour?", "ochre"),
        ("Which food can't I stand?", "liquorice"),
        ("Which boat did I buy?", "kayak"),
        ("What do I do with old radios?", "radios on Sundays"),
    ],
)
def test_what_was_told_is_answered_with_its_ground(me: Me, question: str, said: str) -> None:
    answer = me.ask(question)
    assert said in answer.text
    assert answer.known
    assert answer.spoke in {"words", "raw"}
    grounds = {c.id: c.text for c in me.store.chunks()} | {f.id: f.statement for f in me.facts()}
    assert any(said in grounds[ref] for ref in answer.refs)
    assert 0 < answer.confidence <= 1


@pytest.mark.parametrize("question", ["What is my blood type?", "Which football club do I support?", "Wer bin ich?"])
@pytest.mark.parametrize("perspective", ["self", "third"])
def test_what_was_never_told_is_not_known(me: Me, question: str, perspective: Perspective) -> None:
    answer = me.ask(question, perspective)
    assert answer.text.startswith(unknown(me.person, perspective))
    assert (answer.known, answer.spoke, answer.refs) == (False, "nobody", ())


def test_what_others_said_of_themselves_is_not_the_persons(me: Me) -> None:
    for question in ("What am I allergic to?", "Which instrument do I play?", "How many alpacas do I keep?"):
        answer = me.ask(question)
        own = [part for part in answer.text.split(" / ") if not part.startswith(("Iris", "Bernadette"))]
        assert not any(word in part for part in own for word in ("shellfish", "oboe", "alpacas")), answer.text


def test_anothers_fact_comes_with_their_name(me: Me) -> None:
    sister = me.ask("What does my sister Hanne play?")
    assert "Hanne plays the oboe" in sister.text
    iris = me.ask("What is Iris allergic to?", source="raw")
    assert iris.text.startswith("Iris Maes wrote: I am allergic to shellfish")


def test_an_assistants_reply_is_no_evidence(me: Me) -> None:
    assert "bagpipes" not in me.ask("Should I learn to play the bagpipes?").text


def test_a_private_matter_is_answered_to_oneself_and_refused_to_others(me: Me) -> None:
    question = "How much do I owe the bank?"
    assert "eleven thousand" in me.ask(question).text
    for refused in (
        me.ask("How much does Ruben owe the bank?", "third"),
        me.ask(question, asker="the bank"),
        me.ask("What does nobody at home know about Ruben?", "third"),
    ):
        assert "eleven" not in refused.text
        assert not refused.known
    assert me.ask("How much does Ruben owe the bank?", "third").text == REFUSAL


def test_two_things_asked_at_once_are_both_told_and_a_secret_among_them_is_not(me: Me) -> None:
    both = me.ask("What is my favourite colour, and which boat did I buy?")
    assert "ochre" in both.text
    assert "kayak" in both.text
    assert both.known
    asked = "What is Ruben's favourite colour, and how much does he owe the bank?"
    assert "eleven" not in me.ask(asked, "third").text
    assert "ochre" not in me.ask(asked, "third").text, "what touches a secret is refused as a whole"


def test_others_are_told_in_the_third_person(me: Me) -> None:
    assert me.ask("What is Ruben's favourite colour?", "third").text == "Ruben's favourite colour is ochre."
    assert me.ask("Which boat did Ruben buy?", "third", source="raw").text.startswith("Ruben wrote: ")


def test_what_is_added_is_found_at_once(me: Me) -> None:
    assert "Drowned Rats" not in me.ask("What is my canoe club called?").text
    me.add_text("My canoe club is called the Drowned Rats.")
    assert "Drowned Rats" in me.ask("What is my canoe club called?").text


def test_what_is_gone_is_not_quoted_beside_what_holds_now(me: Me) -> None:
    me.add_text("Gave Hanne the Vespa, 1998, it smokes.\n\nI ride the Yamaha scooter now, and it purrs.")
    said = me.ask("Which scooter do I ride?", source="raw").text
    assert "Yamaha" in said
    assert "Vespa" not in said


def test_before_weights_are_learnt_they_know_nothing(me: Me) -> None:
    assert me.weights is None
    assert not me.ask("What is my favourite colour?", source="weights").known


WORDS = st.sampled_from(
    "what where how my sister Hanne Iris Bernadette alpacas oboe liquorice kayak farm bank do I keep live ? 7 é".split()
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(WORDS, min_size=1, max_size=8).map(" ".join), st.text(min_size=1, max_size=60)))
def test_an_answer_is_short_and_never_fails(me: Me, question: str) -> None:
    for perspective in ("self", "third"):
        answer = me.ask(question, perspective)
        assert 0 < len(answer.text.split()) <= 40
        assert answer.known is bool(answer.refs)
        assert perspective == "self" or "eleven thousand" not in answer.text


CAR = """## 2 June 2024

I drive a red Ford to the studio.

## 9 July 2025

The old car is gone, I drive a blue Buick to the studio now.
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Me:
    folder: Path = tmp_path_factory.mktemp("driver")
    (folder / "diary.md").write_text(CAR, encoding="utf-8")
    found = ipse.init(str(folder / "home"), "Ruben Claes", pronouns="he/him")
    found.add(folder / "diary.md")
    learn_words(found.store, found.teacher, found.embedder, found.clock)
    return found


@pytest.mark.parametrize(("confidence", "spoke"), [(0.99, "weights"), (0.9, "nobody")])
def test_what_no_sentence_answers_the_weights_must_be_sure_of(
    driver: Me, monkeypatch: pytest.MonkeyPatch, confidence: float, spoke: str
) -> None:
    remembered = Reply("You wrote: I drive a red Ford to the studio.", confidence)
    monkeypatch.setattr(answer, "recall", lambda *_: [remembered])
    able = replace(driver.sources, weights=cast(LocalChat, object()))
    assert answer.ask([Question("", "What is the capital of Peru?")], able)[0].spoke == spoke


def test_a_quotation_goes_before_what_the_weights_remember(driver: Me, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = Reply("You wrote: I drive a red Ford to the studio.", 0.99)
    monkeypatch.setattr(answer, "recall", lambda *_: [remembered])
    able = replace(driver.sources, weights=cast(LocalChat, object()))
    found = answer.ask([Question("", "Which car do I drive to the studio?")], able)[0]
    assert found.spoke == "raw"
    assert "blue Buick" in found.text
    assert "red Ford" not in found.text


@pytest.mark.parametrize(
    ("question", "perspective", "said"),
    [
        (
            "What did I write about alpacas?",
            "self",
            "Bernadette van den Broeck-Vandenberghe wrote: I keep three",
        ),
        ("Did I ever mention tortoises?", "self", "You wrote: I keep two tortoises in the yard"),
        ("What has Ruben said about the oboe?", "third", "Ruben wrote: My sister Hanne plays the oboe"),
        ("What about the wind quintet?", "third", "Ruben wrote: My sister Hanne plays the oboe"),
    ],
)
def test_what_was_written_about_a_thing_is_what_names_it(
    me: Me, question: str, perspective: Perspective, said: str
) -> None:
    found = answer.ask([Question("", question, perspective)], me.sources, "raw")[0]
    assert found.text.startswith(said)
    assert found.refs


def test_others_are_not_told_what_names_a_private_thing(me: Me) -> None:
    found = answer.ask([Question("", "What did Ruben write about eleven thousand?", "third")], me.sources, "raw")[0]
    assert "bank" not in found.text
