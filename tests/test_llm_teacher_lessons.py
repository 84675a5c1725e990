"""Lessons, chains of thought, absence and judging by a model on a real loopback server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from llm_server import Behaviour, Body, LLMServer, Say, Status, content
from teacher_kit import PERSON, THOUGHT, fact, lesson, lessons_reply, teacher_over, twelve_each

from ipse.errors import BadOutput, LLMUnavailable
from ipse.teacher.accept import cot_fault
from ipse.teacher.protocol import CoT
from ipse.types import Person


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_lessons_of_every_form_in_both_perspectives() -> None:
    with LLMServer(answer=twelve_each) as server:
        lessons, failures = teacher_over(server).lessons([fact(1), fact(2)], PERSON)
    assert failures == []
    assert [made.fact_id for made in lessons] == ["fact_1"] * 12 + ["fact_2"] * 12
    assert {made.form for made in lessons} == {"forward", "reverse", "yes", "no"}
    assert {made.perspective for made in lessons} == {"self", "third"}
    sent = server.seen[0]
    assert "Noor" in sent.text
    assert "Haddad" not in sent.text
    assert "chunk_" not in sent.text


def test_a_private_fact_is_never_told_to_others() -> None:
    private = fact(1, sensitivity="private")
    with LLMServer(answer=twelve_each) as server:
        lessons, failures = teacher_over(server, facts_a_call=5).lessons([fact(2), private, fact(3)], PERSON)
    told = {made.perspective for made in lessons if made.fact_id == "fact_1"}
    assert told == {"self"}
    assert ("fact_1", "4 lesson(s) refused: it tells a private fact to others") in [
        (f.place, f.reason) for f in failures
    ]
    apart = next(seen for seen in server.seen if "fact_1" in seen.text)
    assert "fact_2" not in apart.text
    assert '"third"' not in apart.messages[0]["content"]


def test_bad_lessons_are_refused_counted_and_what_lacks_is_named() -> None:
    rows = [
        lesson("fact_1", 0),
        lesson("fact_1", 0, question="question 0  about FACT_1?"),
        lesson("fact_1", 1, question=""),
        lesson("fact_1", 2, answer="Of course."),
        lesson("fact_1", 2, answer="Comet. " * 100),
        lesson("fact_7", 2),
    ]
    with LLMServer([Say(json.dumps({"lessons": rows}))]) as server:
        lessons, failures = teacher_over(server).lessons([fact(1)], PERSON)
    assert len(lessons) == 1
    assert [(f.place, f.reason) for f in failures] == [
        ("fact_1", "1 lesson(s) refused: asks the same as another"),
        ("fact_1", "1 lesson(s) refused: the question has not 3 to 300 characters"),
        ("fact_1", '1 lesson(s) refused: the answer to a "yes" question does not begin with yes'),
        ("fact_1", "1 lesson(s) refused: the answer has not 1 to 300 characters"),
        ("fact_7", "1 lesson(s) refused: the model cited a fact that was not in its batch"),
        (
            "fact_1",
            '1 usable lessons, at least 10 are wanted; no "reverse" question; no "yes" question; '
            'no "no" question; no lesson in perspective "third"',
        ),
    ]


def test_no_more_than_thirty_a_fact() -> None:
    with LLMServer(answer=lambda body: lessons_reply(content(body)["facts"], 34)) as server:
        lessons, failures = teacher_over(server).lessons([fact(1)], PERSON)
    assert len(lessons) == 30
    assert [f.reason for f in failures] == ["4 lesson(s) refused: beyond the 30 that a fact gets"]


def test_other_languages_say_yes_in_other_words() -> None:
    spanish = Person("Inés", language="es")
    with LLMServer(answer=lambda body: lessons_reply(content(body)["facts"], answer="Sí, Comet.")) as server:
        lessons, failures = teacher_over(server).lessons([fact(1)], spanish)
    assert (len(lessons), failures) == (12, [])
    assert "Language: es" in server.seen[0].text


def test_one_fact_that_fails_leaves_the_others() -> None:
    def model(body: Body) -> str | Behaviour:
        return Status(500) if "Comet2" in body["messages"][1]["content"] else twelve_each(body)

    with LLMServer(answer=model) as server:
        teacher = teacher_over(server, facts_a_call=3)
        lessons, failures = teacher.lessons([fact(1), fact(2), fact(3)], PERSON)
    assert {made.fact_id for made in lessons} == {"fact_1", "fact_3"}
    assert [f.place for f in failures] == ["fact_2"]


@pytest.mark.parametrize(
    ("cot", "answer", "good"),
    [
        ("none", "You live in Lisbon.", True),
        ("none", f"<think>{THOUGHT}</think>\nLisbon.", False),
        ("none", "x" * 301, False),
        ("weak", f"{THOUGHT} So: Lisbon.", True),
        ("weak", "x" * 1501, False),
        ("multi-step", f"{THOUGHT}\nLisbon.", True),
        ("multi-step", "", False),
        ("strong", f"<think>{THOUGHT}</think>\nLisbon.", True),
        ("strong", f"<think>{THOUGHT} 3 < 4 > 2\n\nSo yes.</think>\nLisbon.", True),
        ("strong", "Lisbon.", False),
        ("strong", f"Hm. <think>{THOUGHT}</think>\nLisbon.", False),
        ("strong", f"<think>{THOUGHT}</think> Lisbon.", False),
        ("strong", f"<think>{THOUGHT}</think>\nLisbon.\nOr so.", False),
        ("strong", f"<think>{THOUGHT}<think></think>\nLisbon.", False),
        ("strong", f"<think>{THOUGHT}</think>\nLisbon.</think>", False),
        ("strong", "<think>too short</think>\nLisbon.", False),
        ("strong", f"<think>{'x' * 801}</think>\nLisbon.", False),
        ("strong", f"<think>{THOUGHT}</think>\n{'x' * 301}", False),
    ],
)
def test_each_chain_of_thought_has_its_form(cot: CoT, answer: str, good: bool) -> None:
    assert (cot_fault(answer, cot) is None) is good


def test_strong_thought_keeps_only_what_has_the_strict_form() -> None:
    def model(body: Body) -> str:
        rows = [lesson(content(body)["facts"][0]["fact_id"], n) for n in range(12)]
        for row in rows[1:]:
            row["answer"] = f"<think>{THOUGHT}</think>\n{row['answer']}"
        return json.dumps({"lessons": rows})

    with LLMServer(answer=model) as server:
        lessons, failures = teacher_over(server, cot="strong").lessons([fact(1)], PERSON)
    assert len(lessons) == 11
    assert all(made.answer.startswith("<think>") for made in lessons)
    assert len(failures) == 1
    assert "<think>REASONING</think>" in server.seen[0].text


def test_multi_step_reasons_first_and_answers_in_a_second_call() -> None:
    def model(body: Body) -> str:
        asked = content(body)
        if "facts" in asked:
            return lessons_reply(asked["facts"], answer=THOUGHT)
        # the model forgets the last question
        return json.dumps({"answers": [{"number": q["number"], "answer": "Comet."} for q in asked["questions"][:-1]]})

    with LLMServer(answer=model) as server:
        lessons, failures = teacher_over(server, cot="multi-step").lessons([fact(1)], PERSON)
    assert [made.answer for made in lessons] == [f"{THOUGHT}\nComet."] * 11
    assert [f.reason for f in failures] == ["1 lesson(s) refused: the answer has not 1 to 1500 characters"]
    second = content(server.seen[1].body)["questions"]
    assert second[0] == {"number": 1, "question": "Question 0 about fact_1?", "reasoning": THOUGHT}


# absent


def absence_model(answered: Callable[[str], bool]) -> Callable[[Body], str]:
    """Proposes new questions forever and says which of those it is shown are answered."""
    lock = threading.Lock()
    made = 0

    def model(body: Body) -> str:
        nonlocal made
        asked = content(body)
        if "questions" in asked:
            numbers = [q["number"] for q in asked["questions"] if answered(q["question"])]
            return json.dumps({"numbers": numbers})
        with lock:
            rows = [
                {"self_question": f"What is my thing {n}?", "third_question": f"What is Noor's thing {n}?"}
                for n in range(made, made + 5)
            ]
            made += 5
        return json.dumps({"questions": rows})

    return model


def test_absent_questions_are_checked_on_every_fact() -> None:
    facts = [fact(n) for n in range(320)]
    with LLMServer(answer=absence_model(lambda question: question.endswith("thing 3?"))) as server:
        lessons = teacher_over(server, concurrency=1).absent(facts, PERSON, 8, seed=1)
    assert [made.perspective for made in lessons] == ["self", "third"] * 4
    assert lessons[0].answer == "I don't know that about you."
    assert lessons[1].answer == "I don't know that about Noor."
    assert {(made.form, made.fact_id) for made in lessons} == {("absence", "")}
    assert not any("thing 3?" in made.question for made in lessons)
    checked = [content(seen.body) for seen in server.seen if "Which of the numbered" in seen.text]
    assert {statement for body in checked for statement in body["facts"]} == {f.statement for f in facts}


def test_absent_gives_fewer_rather_than_wrong_ones() -> None:
    with LLMServer(answer=absence_model(lambda _: True)) as server:
        assert teacher_over(server).absent([fact(1)], PERSON, 10, seed=1) == []


def test_absent_questions_that_could_not_be_checked_are_not_used() -> None:
    sound = absence_model(lambda _: False)

    def model(body: Body) -> str | Behaviour:
        asked = content(body)
        return Say("no idea") if "questions" in asked and "thing 0?" in str(asked) else sound(body)

    with LLMServer(answer=model) as server:
        lessons = teacher_over(server, concurrency=1).absent([fact(1)], PERSON, 10, seed=1)
    assert len(lessons) == 10
    assert lessons[0].question == "What is my thing 5?"


def test_absent_keeps_what_it_has_when_the_model_fails_later() -> None:
    sound = absence_model(lambda _: False)
    with LLMServer(answer=lambda body: sound(body) if len(server.seen) <= 2 else Status(500)) as server:
        lessons = teacher_over(server, concurrency=1).absent([fact(1)], PERSON, 40, seed=1)
    assert len(lessons) == 10


@pytest.mark.parametrize(("fault", "error"), [(Say("no"), BadOutput), (Status(500), LLMUnavailable)])
def test_absent_with_a_model_that_fails_throughout(fault: Behaviour, error: type[Exception]) -> None:
    with LLMServer(answer=lambda _: fault) as server, pytest.raises(error):
        teacher_over(server).absent([fact(1)], PERSON, 10, seed=1)


# judge


def test_a_judgement_has_a_score_and_a_reason() -> None:
    with LLMServer([Say('{"reason": "same city", "score": 0.5}')]) as server:
        judgement = teacher_over(server).judge("Where?", "Lisbon", "In Lisbon, Alfama")
    assert (judgement.score, judgement.reason) == (0.5, "same city")


def test_a_score_out_of_bounds_is_repaired_or_refused() -> None:
    with (
        LLMServer(answer=lambda _: '{"reason": "great", "score": 9}') as server,
        pytest.raises(BadOutput, match="score"),
    ):
        teacher_over(server).judge("Where?", "Lisbon", "Lisbon")
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("model", "winner"),
    [
        (lambda asked: "first" if asked["first"] == "Lisbon" else "second", "a"),
        (lambda asked: "first" if asked["first"] == "Porto" else "second", "b"),
        (lambda _: "first", "tie"),
        (lambda _: "second", "tie"),
        (lambda _: "tie", "tie"),
        (lambda asked: "first" if asked["first"] == "Lisbon" else "tie", "tie"),
    ],
)
def test_comparing_swaps_the_places(model: Callable[[dict[str, str]], str], winner: str) -> None:
    def reply(body: Body) -> str:
        return json.dumps({"reason": "", "better": model(content(body))})

    with LLMServer(answer=reply) as server:
        assert teacher_over(server).compare("Where?", "Lisbon", "Porto", reference="Lisbon") == winner
    assert len(server.seen) == 2
