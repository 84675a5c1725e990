"""Whom a sentence is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.teacher.subject import introduced, subject_of

NAMES = ("Maya Okafor", "maya@posteo.example")


@pytest.mark.parametrize(
    ("sentence", "about"),
    [
        ("I live in Porto.", "self"),
        ("My favourite colour is green.", "self"),
        ("My cousin Rui drives a yellow Fiat.", "Rui"),
        ("My sister plays the oboe.", "sister"),
        ("My little brother can't swim.", "brother"),
        ("And my daughter, Jill, lives in Hull.", "Jill"),
        ("Our neighbour's dog barks.", "neighbour"),
        ("Jonas has a boat.", "Jonas"),
        ("Dr. Shah says no salt.", "Dr. Shah"),
        ("Maya works too much.", "self"),
        ("My mother-in-law paints.", "mother-in-law"),
        ("My friends call me Bo.", "self"),
        ("We played chess.", "self"),
        ("Will works nights.", "Will"),
        ("Nothing works.", "self"),
        ("Never asked again.", "self"),
        ("Today was long.", "self"),
        ("Nobody knows it.", "self"),
        ("Maybe I was wrong about Jonas.", "self"),
        ("* Jonas called again", "Jonas"),
        ("", "self"),
    ],
)
def test_it_is_told_from_the_start_of_the_sentence(sentence: str, about: str) -> None:
    assert subject_of(sentence, names=NAMES) == about


def test_a_pronoun_goes_back_to_the_sentence_before() -> None:
    assert subject_of("She is 34.", "sister", NAMES) == "sister"
    assert subject_of("His car is red.", "Rui", NAMES) == "Rui"
    assert subject_of("He is loud.", "self", NAMES) == "other"
    assert subject_of("I like him.", "Rui", NAMES) == "self"
    assert subject_of("Hers is red.", "Ada", NAMES) == "Ada"


def test_a_relation_introduces_a_name_wherever_it_stands() -> None:
    assert introduced("On Sundays I row with my cousin Rui and our old friend Ada.") == {"Rui", "Ada"}
    assert introduced("My sister, Hanne, plays.") == {"Hanne"}
    assert introduced("My sisters Hanne and Lise play, and my catalogue Rui.") == set()


@settings(max_examples=200, deadline=None)
@given(st.text(), st.sampled_from(["self", "Rui"]))
def test_any_text_has_a_subject(sentence: str, before: str) -> None:
    assert subject_of(sentence, before, NAMES)


def test_names_with_nothing_in_them_do_no_harm() -> None:
    assert subject_of("Jonas has a boat.", names=("", " ", "Maya")) == "Jonas"
