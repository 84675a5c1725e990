"""Two questions in one: taken apart, and their answers put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.agent.compound import MOST_WORDS, parts, together
from ipse.types import Answer


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is my dog called, and where do I live?", ["What is my dog called?", "Where do I live?"]),
        ("Where do I live? And what do I drive?", ["Where do I live?", "What do I drive?"]),
        (
            "In which town does Ida live and from which aunt did she inherit?",
            ["In which town does Ida live?", "From which aunt did she inherit?"],
        ),
        (
            "What do I eat; and why do I fast, and who cooks for me?",
            ["What do I eat?", "Why do I fast?", "Who cooks for me?"],
        ),
    ],
)
def test_two_things_are_asked_one_by_one(question: str, expected: list[str]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "When and where was I born?",
        "Who and what am I to her?",
        "What do I do on Tuesdays and Fridays?",
        "Which bread and butter do I like?",
        "",
        "?",
    ],
)
def test_one_thing_stays_one_question(question: str) -> None:
    assert parts(question) == [question]


ASKED = st.sampled_from(
    ["What is my dog called?", "Where does Ida live?", "In which town was I born?", "Do I snore?", "Why did I move?"]
)


@given(st.lists(ASKED, min_size=1, max_size=4), st.sampled_from([", and ", " and ", "? And ", "; and also ", "? "]))
def test_what_was_joined_comes_apart_again(asked: list[str], joint: str) -> None:
    bare = [q.rstrip("?") for q in asked]
    told = joint.join([bare[0], *(q if "?" in joint else q[0].lower() + q[1:] for q in bare[1:])]) + "?"
    assert parts(told) == asked


@given(st.text(max_size=80))
def test_there_is_always_a_question(question: str) -> None:
    found = parts(question)
    assert found == [question] or all(part.endswith("?") and len(part) > 1 for part in found)


BO = Answer("Your dog is called Bo.", 0.9, "words", ("fact_1",))
HERE = Answer("You wrote: I live in Ghent. / You wrote: Ghent at last!", 0.7, "raw", ("chunk_2", "fact_1"))
NOTHING = Answer("I don't know that about you.", 1.0, "nobody", known=False)


def test_one_answer_stays_as_it_is() -> None:
    assert together([HERE]) is HERE


def test_answers_are_told_together_as_sure_as_the_least_sure_of_them() -> None:
    answer = together([BO, HERE])
    assert answer.text == f"{BO.text} / {HERE.text}"
    assert (answer.confidence, answer.spoke, answer.refs) == (0.7, "words", ("fact_1", "chunk_2"))
    assert together([NOTHING, HERE]).known
    assert together([NOTHING, HERE]).spoke == "raw"


def test_what_nobody_knows_is_said_once() -> None:
    assert together([NOTHING, NOTHING]).text == NOTHING.text
    assert not together([NOTHING, NOTHING]).known


def test_long_quotations_give_way() -> None:
    long = Answer(" / ".join(["You wrote: " + "word " * 16] * 2).strip(), 0.8, "raw")
    assert len(together([long, long, BO]).text.split()) <= MOST_WORDS
