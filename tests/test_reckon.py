"""What is reckoned from a sentence: ages, years and differences; a guess never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.agent.dating import ways_to_ask
from ipse.agent.reckon import reckon, remainder
from ipse.types import Chunk, Person

MAYA = Person("Maya Okafor", pronouns="she/her", birth_year=1980)
THEN = datetime(2024, 5, 3, tzinfo=UTC)


def said(text: str, at: datetime | None = THEN) -> Chunk:
    return Chunk("chunk_1", "source_1", "turn_1", "self", "Maya Okafor", text, at, 0, len(text), 1)


def told(question: str, text: str, person: Person = MAYA) -> str | None:
    found = reckon(question, said(text), person)
    assert found is None or found.endswith(f": {text}")
    return None if found is None else found.partition(":")[0]


def test_without_a_birth_year_no_age_is_reckoned() -> None:
    ageless = replace(MAYA, birth_year=None)
    assert told("How old was Maya when she moved?", "I moved in 2014.", person=ageless) is None


@pytest.mark.parametrize(
    ("sentence", "age"),
    [
        ("I moved in 2014.", "33 or 34"),
        ("I moved six years ago.", "37 or 38"),
        ("Ten years today since we moved.", "33 or 34"),
        ("Twenty-one years back, that was.", "22 or 23"),
        ("I called my sister last night.", None),
        ("I was twelve years old back then.", None),
        ("Twenty five years ago I moved.", None),
        ("That was 1.5 years ago.", None),
        ("That was 10² years ago.", None),
        ("I live in Ghent.", None),
        ("Since 1975 nothing has changed there.", None),
        ("Some years ago I moved.", None),
    ],
)
def test_ages_come_from_the_year_of_an_event(sentence: str, age: str | None) -> None:
    assert told("How old was I when I moved?", sentence) == age


@pytest.mark.parametrize(
    ("question", "sentence", "year"),
    [
        ("In which year did I marry?", "Eleven years married today, and he forgot.", "About 2013"),
        ("In what year did Maya move?", "That was 12 years ago.", "About 2012"),
        ("In what year was Maya's mother born?", "Mum turned 70 on Sunday.", "About 1954"),
        ("In what year was Maya's mother born?", "Mum was born in 1954, or so she says.", None),
        ("In what year did Maya move?", "Mum turned 70 on Sunday.", None),
        ("In which year was Maya's sister born?", "I was nine when my sister was born.", None),
        ("In which year was Maya's sister born?", "My sister is one of the reasons I moved.", None),
        ("In which year was Theo born?", "Theo is two years younger than Kay.", None),
        ("In which year did I learn that?", "I worked three years on the barge.", None),
        ("In which year did Theo start?", "Theo is twelve years old now.", None),
        ("Where did Maya move?", "That was 12 years ago.", None),
    ],
)
def test_years_come_from_the_day_it_was_said(question: str, sentence: str, year: str | None) -> None:
    assert told(question, sentence) == year


def test_what_was_said_on_no_known_day_gives_no_year() -> None:
    assert reckon("In what year did Maya move?", said("That was 12 years ago.", at=None), MAYA) is None


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("320 loaves, a normal weekday is 180.", "140"),
        ("Twenty-one on Mondays and nine on Tuesdays.", "12"),
        ("1,200 in 2023, then 1,450.", "250"),
        ("Three, four or five.", None),
        ("4.5 litres a day, 3 on Sundays.", None),
        ("Many more.", None),
        ("320 loaves on a Saturday, 140 more than on a weekday.", None),
        ("42k here and 38k there.", None),
        ("1 kg of rye and 500 g of wheat.", None),
        ("Twenty one hens.", None),
        ("On 12 May I baked 30.", None),
        ("It was -5, and 3 yesterday.", None),
    ],
)
def test_a_difference_of_the_two_numbers_of_a_sentence(sentence: str, answer: str | None) -> None:
    assert told("How many more do I bake on a Saturday than on a weekday?", sentence) == answer
    assert told("How many do I bake?", sentence) is None


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("148 km on Saturday, 126 on Sunday with the wind behind me.", "274"),
        ("Ten lambs in the night and three lambs at noon.", "13"),
        ("148 km on Saturday for 30 euros.", None),
        ("148 km on Saturday, at 6:30.", None),
        ("Twelve in the box and 14 in the shed.", "26"),
        ("Six weeks of tape for 30.", None),
        ("Two thirds of 90.", None),
        ("1,560 a month, we go exactly halves.", None),
    ],
)
def test_a_total_of_the_two_numbers_of_a_sentence(sentence: str, answer: str | None) -> None:
    assert told("How many were there altogether?", sentence) == answer
    assert told("How many were there?", sentence) is None


@pytest.mark.parametrize(
    ("unit", "sentence", "answer"),
    [
        ("weeks", "Flights to Đà Nẵng: 7 to 28 Feb.", "3 weeks"),
        ("days", "Flights to Đà Nẵng: 7 to 28 Feb.", "21 days"),
        ("nights", "Away 30 December - 2 January, don't ring.", "3 nights"),
        ("weeks", "From 1. till 18. May in the clinic.", "About 2.4 weeks"),
        ("days", "30 to 31 Feb", None),
        ("days", "28 to 7 Feb", None),
        ("days", "7 to 28 sheep", None),
        ("hours", "7 to 28 Feb", None),
    ],
)
def test_a_span_from_one_date_to_another(unit: str, sentence: str, answer: str | None) -> None:
    assert told(f"How many {unit} will it last?", sentence) == answer


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("Fair. Sold ten out of twelve birds at 25 dollars.", "250"),
        ("Twenty-one pots for 9 each, and rain.", "189"),
        ("In 2014 I let three trays go, 12 shillings apiece.", "36"),
        ("Paid 40 for the cake.", None),
        ("At 12 euros each.", None),
        ("2.5 litres at 3 euros.", None),
        ("Two hens at 7:30.", None),
    ],
)
def test_so_many_at_such_a_price(sentence: str, answer: str | None) -> None:
    assert told("How much did my birds bring in at the fair?", sentence) == answer
    assert told("How many birds did I sell?", sentence) is None


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("1,560 a month with the heating, Anouk and I go exactly halves.", "780"),
        ("We split the 900 evenly.", "450"),
        ("We split the 901 evenly.", None),
        ("900 with the heating, 1,100 without, we go halves.", None),
        ("900 a month, and Anouk pays it.", None),
    ],
)
def test_half_of_what_two_share(sentence: str, answer: str | None) -> None:
    assert told("What does Maya herself pay towards the rent?", sentence) == answer
    assert told("What is the rent?", sentence) is None


@pytest.mark.parametrize(
    ("question", "sentences", "answer"),
    [
        (
            "How many hens did I have left after the storm?",
            ["Three hens gone.", "Fifteen eggs.", "Twenty-one hens."],
            "18",
        ),
        ("How much money do I still lack for my land?", ["An acre, water, 650,000.", "410,000, all mine."], "240,000"),
        ("How many hens did I have left?", ["Three hens left.", "Twenty-one hens."], None),
        ("How many hens did I have left?", ["Three hens gone.", "Fifteen eggs."], None),
        ("How many hens did I have left?", ["Three hens gone.", "Three hens, one blind."], None),
        ("How many hens do I have?", ["Three hens gone.", "Twenty-one hens."], None),
        ("How many of the left shoes were lost?", ["Three shoes gone.", "Ten shoes."], None),
        ("How much money do I still lack?", [], None),
    ],
)
def test_what_is_left_of_one_amount_after_another(question: str, sentences: list[str], answer: str | None) -> None:
    found = remainder(question, [said(text) for text in sentences])
    assert (found and found[0].partition(":")[0]) == answer


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_breaks_it(question: str, sentence: str) -> None:
    reckon(question, said(sentence), MAYA)
    remainder(question, [said(sentence), said("Three hens gone.")])
    ways_to_ask(question, MAYA)
