"""How first-person English is turned: what must come out right, and that nothing can break it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.types import Person
from ipse.voice import REFUSAL, second, system, third, unknown, wrote
from ipse.weights.evaluate import is_unknown

MAYA = Person("Maya Okafor", "she/her")
TOM = Person("Tom Berg", "he/him")
KIM = Person("Kim Lee")


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("I live with my cat.", "You live with your cat."),
        ("I am tired and I was ill.", "You are tired and you were ill."),
        ("I'm sure it's mine, I've paid myself.", "You're sure it's yours, you've paid yourself."),
        ("He told me. My brother, I mean.", "He told you. Your brother, you mean."),
        ("Am I late?", "Are you late?"),
        ("Nobody in the US helps us.", "Nobody in the US helps you."),
        ("I’ll be there, I’d say.", "You'll be there, you'd say."),
        ("Mining is mine.", "Mining is yours."),
        ("", ""),
    ],
)
def test_second_person(said: str, turned: str) -> None:
    assert second(said) == turned


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("Where do I live?", "Where does Maya live?"),
        ("What have I sold?", "What has Maya sold?"),
        ("Which food can't I stand?", "Which food can't Maya stand?"),
        ("I sold my car.", "Maya sold her car."),
        ("I live in Porto and I work there.", "Maya lives in Porto and she works there."),
        ("My car is old.", "Maya's car is old."),
        ("I carry it, I'm sure.", "Maya carries it, she is sure."),
        ("I always watch it myself.", "Maya always watches it herself."),
        ("Who gave me the ring?", "Who gave Maya the ring?"),
        ("I need it.", "Maya needs it."),
        ("I went home.", "Maya went home."),
        ("Is that dog mine?", "Is that dog Maya's?"),
    ],
)
def test_third_person(said: str, turned: str) -> None:
    assert third(said, MAYA) == turned


@pytest.mark.parametrize(
    ("person", "turned"),
    [
        (TOM, "Tom lost his keys and he blames himself."),
        (KIM, "Kim lost their keys and they blame themselves."),
        (Person("Ada", "xe/xem"), "Ada lost their keys and they blame themselves."),
    ],
)
def test_pronouns_are_the_persons_own(person: Person, turned: str) -> None:
    assert third("I lost my keys and I blame myself.", person) == turned


def test_set_phrases() -> None:
    assert unknown(MAYA, "self") == "I don't know that about you."
    assert unknown(MAYA, "third") == "I don't know that about Maya."
    assert all(is_unknown(text) for text in (unknown(MAYA, "self"), unknown(TOM, "third"), REFUSAL))
    assert wrote(MAYA, "self", "I swim.") == "You wrote: I swim."
    assert wrote(MAYA, "third", "I swim.") == "Maya wrote: I swim."
    assert (system(MAYA, "self"), system(MAYA, "third")) == ("To Maya.", "About Maya.")


SAID = st.one_of(
    st.text(), st.lists(st.sampled_from("I i'm my me US am do have don't lives . , ’ é \n 7".split(" "))).map(" ".join)
)


@settings(max_examples=200, deadline=None)
@given(SAID, st.sampled_from([MAYA, TOM, KIM]))
def test_no_text_breaks_it(text: str, person: Person) -> None:
    for turned in (second(text), third(text, person)):
        assert isinstance(turned, str)
        assert bool(turned.strip()) == bool(text.strip())


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["L", "Cs"], exclude_characters="’")))
def test_what_is_no_word_stays_as_it_is(text: str) -> None:
    assert second(text) == text
    assert third(text, MAYA) == text


@settings(max_examples=100, deadline=None)
@given(SAID)
def test_no_first_person_is_left(text: str) -> None:
    left = {word.strip(".,!?").casefold() for word in second(text).split()}
    assert not left & {"i'm", "my", "me"}


def test_adverbs_addresses_and_code_are_left_alone() -> None:
    she = Person("Maya Okafor", "she/her")
    assert third("I originally got my training there.", she) == "Maya originally got her training there."
    assert (
        third("I keep my notes in my-notes.md and `cat my.txt`.", she)
        == "Maya keeps her notes in my-notes.md and `cat my.txt`."
    )
    assert (
        second("I wrote to me@posteo.example and https://my.example/i.")
        == "You wrote to me@posteo.example and https://my.example/i."
    )
