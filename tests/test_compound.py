"""Two questions in one: taken apart, and their answers put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.agent.compound import LEAST_WORDS, MOST_WORDS, parts, together
from ipse.types import Answer, Person

IDA = Person("Ida Brøndum", aliases=("Ida",), pronouns="she/her")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is my dog called, and where do I live?", ["What is my dog called?", "Where do I live?"]),
        ("Where do I live? And what do I drive?", ["Where do I live?", "What do I drive?"]),
        ("Who repairs my roof, and did I pay?", ["Who repairs my roof?", "Did I pay?"]),
        (
            "In which town does Ida live and from which aunt did she inherit?",
            ["In which town does Ida live?", "From which aunt did Ida inherit?"],
        ),
        ("Where does Ida live, and what is her dog called?", ["Where does Ida live, and what is her dog called?"]),
        (
            "What do I eat; and why do I fast, and who cooks for me?",
            ["What do I eat?", "Why do I fast?", "Who cooks for me?"],
        ),
    ],
)
def test_two_things_are_asked_one_by_one(question: str, expected: list[str]) -> None:
    assert parts(question, IDA) == expected


@pytest.mark.parametrize(
    "question",
    [
        "When and where was I born?",
        "Who and what am I to her?",
        "What do I do on Tuesdays and Fridays?",
        "Which bread and butter do I like?",
        "What is my sister called and where does she live?",
        "Who is Jonas and where does he work?",
        "Which friend lives in Ghent and has a boat?",
        "Who came to dinner and did not eat fish?",
        "What would I do if I lost my job and had to move house?",
        "Where do I keep the key, and who gave it to me?",
        "",
        "?",
    ],
)
def test_one_thing_stays_one_question(question: str) -> None:
    assert parts(question, IDA) == [question]


ASKED = st.sampled_from(
    ["What is my dog called?", "Where does Ida live?", "In which town was I born?", "Do I snore?", "Why did I move?"]
)
WORDS = st.lists(
    st.sampled_from(["and", "?", "? And", ", and", "what", "has", "Ida", "I", "do", "in", "which", "he", "dog", ";"]),
    max_size=12,
)


@given(st.lists(ASKED, min_size=1, max_size=4), st.sampled_from([", and ", " and ", "? And ", "; and also ", "? "]))
def test_what_was_joined_comes_apart_again(asked: list[str], joint: str) -> None:
    bare = [q.rstrip("?") for q in asked]
    told = joint.join([bare[0], *(q if "?" in joint else q[0].lower() + q[1:] for q in bare[1:])]) + "?"
    assert parts(told, IDA) == asked


@given(WORDS.map(" ".join))
def test_there_is_always_a_question(question: str) -> None:
    found = parts(question, IDA)
    assert found == [question] or all(part.endswith("?") and len(part.split()) >= LEAST_WORDS for part in found)


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
    one, other = (Answer(" / ".join([f"You wrote: {word * 12}"] * 2), 0.8, "raw") for word in ("word ", "other "))
    told = together([one, other, BO]).text
    assert len(told.split()) <= MOST_WORDS
    assert all(word in told for word in ("word", "other", "Bo"))
