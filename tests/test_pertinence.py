"""Whether a value that is told is the thing that was asked for, by the grammar alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.mechanism import wordings
from ipse.llm.minilm import default_embedder
from ipse.teacher.grammar import attributes
from ipse.teacher.lessons import value_answer, voiced
from ipse.types import PERSPECTIVES, Person, Perspective
from ipse.weights.pertinence import UNHEARD_OF, Wanted, wanted_of

MAYA = Person("Maya Okafor", pronouns="she/her")


def wanted(question: str, perspective: Perspective = "self") -> Wanted:
    return wanted_of([(perspective, question)], MAYA, default_embedder())[0]


def off(question: str, answer: str, perspective: Perspective = "self") -> float:
    return wanted(question, perspective).off(answer)


@pytest.mark.parametrize(
    "answer", ["Your pet is called Bo.", "Yes, your pet is called Bo.", "your pet is called zé  bo"]
)
def test_what_was_asked_for_is_not_off(answer: str) -> None:
    assert off("What did I name my pet?", answer) == 0.0


def test_something_else_is_off_and_what_nobody_says_as_well() -> None:
    assert off("What did I name my pet?", "Your son is Bo.") > 0.1
    assert off("What did I name my pet?", "Your pat Bo.") == UNHEARD_OF
    assert off("What did Maya name her pet?", "Maya's pet is called Bo.", "third") == 0.0


def test_every_attribute_is_known_by_its_own_words() -> None:
    for perspective in PERSPECTIVES:
        asked = wanted("What is it?", perspective)
        for attribute in attributes().values():
            said = value_answer(attribute, "Wrox", MAYA, perspective)
            assert attribute.id in asked.told(said), said


def test_no_thing_asked_for_in_words_the_grammar_lacks_is_far_off() -> None:
    worded = [(id, voiced(w, MAYA, "self")) for id, own in wordings("reworded").items() for w in own]
    asked = wanted_of([("self", question) for _, question in worded], MAYA, default_embedder())
    told = [value_answer(attributes()[id], "Wrox", MAYA, "self") for id, _ in worded]
    off = [one.off(answer) for one, answer in zip(asked, told, strict=True)]
    assert max(off) < 0.1
    assert sum(o == 0 for o in off) > 0.98 * len(off)


def test_a_question_is_put_as_ipse_asks_it() -> None:
    assert wanted("What did I name my pet?").reworded == wanted("How do I call my pet?").reworded
    assert wanted("What did Maya name her pet?", "third").reworded == voiced(
        attributes()["pet_name"].questions[0], MAYA, "third"
    )
    assert wanted("Why is the sky over the harbour so green?").reworded is None


@given(st.text(max_size=40))
def test_any_answer_is_off_by_something_or_nothing(answer: str) -> None:
    assert 0.0 <= ASKED.off(answer) <= 2.0


ASKED = wanted("What is my dog called?")
