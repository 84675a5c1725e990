"""The teacher without a model: what it recognises, what it teaches, and that it invents nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teacher_kit import PERSON, fact, passage

from ipse.errors import UsageError
from ipse.llm.minilm import default_embedder
from ipse.teacher.extract import by_meaning, by_wording
from ipse.teacher.grammar import attributes
from ipse.teacher.index import load_index
from ipse.teacher.lessons import absence_lessons, sentence_cues, short_quote
from ipse.teacher.offline import OfflineTeacher
from ipse.teacher.protocol import FactDraft
from ipse.teacher.values import candidates, shape_fits, trim
from ipse.types import Role
from ipse.voice import unknown

TEACHER = OfflineTeacher(default_embedder())


def drafts(*sentences: str) -> list[FactDraft]:
    found, failures = TEACHER.extract([passage(n, text) for n, text in enumerate(sentences)], PERSON)
    assert failures == []
    return found


def recognised(*sentences: str) -> dict[str | None, str | None]:
    return {d.attribute: d.value for d in drafts(*sentences) if d.attribute}


def test_a_wording_of_the_grammar_gives_attribute_and_value() -> None:
    assert recognised("My favourite colour is green.")["favourite_colour"] == "green"
    attribute = attributes()["favourite_colour"]
    for number, statement in enumerate(attribute.statements):
        value = attribute.examples[number % len(attribute.examples)]
        found = {a.id: v for a, v in by_wording(attribute.state(value, statement))}
        assert found.get("favourite_colour", value) == value


def test_every_sentence_stays_in_its_own_words() -> None:
    told = ("My favourite colour is green.", "The tram was late and I read half a book.", "My sister plays the oboe.")
    kept = [d for d in drafts(*told) if d.attribute is None]
    assert [d.statement for d in kept] == list(told)
    assert [d.subject for d in kept] == ["self", "self", "sister"]
    assert [d.chunk_id for d in kept] == ["chunk_0", "chunk_1", "chunk_2"]


def test_a_value_stands_in_its_sentence() -> None:
    told = ("My favourite colour is green.", "I was born in 1987.", "I can't stand coriander.", "I wake at 6:30.")
    for draft in drafts(*told):
        number = int(draft.chunk_id.removeprefix("chunk_"))
        assert (draft.value or "").casefold() in told[number].casefold()


def test_only_the_persons_own_sentences_make_claims() -> None:
    roles: tuple[Role, ...] = ("other", "assistant", "system")
    others = [passage(1, "My favourite colour is green.", role) for role in roles]
    assert TEACHER.extract(others, PERSON) == ([], [])


def test_a_change_is_noticed() -> None:
    assert all(d.change for d in drafts("My favourite colour is now green."))
    assert not any(d.change for d in drafts("My favourite colour is green."))


def test_lessons_on_an_attribute_come_in_all_forms_and_both_perspectives() -> None:
    known = fact(1, statement="My favourite colour is green.", attribute="favourite_colour", value="green")
    lessons, failures = TEACHER.lessons([known], PERSON)
    assert failures == []
    for perspective in ("self", "third"):
        own = [lesson for lesson in lessons if lesson.perspective == perspective]
        assert {lesson.form for lesson in own} == {"forward", "reverse", "yes", "no"}
        assert all("green" in lesson.answer for lesson in own)
        assert {lesson.answer.split(",")[0] for lesson in own if lesson.form in {"yes", "no"}} == {"Yes", "No"}
    false = next(lesson for lesson in lessons if lesson.form == "no")
    assert "green" not in false.question
    assert {lesson.fact_id for lesson in lessons} == {"fact_1"}
    assert TEACHER.lessons([known], PERSON) == (lessons, [])


def test_lessons_on_a_sentence_quote_it() -> None:
    known = fact(2, statement="I sold the Volvo in January 2021 for 900 euros.", key_phrases=("Volvo",))
    lessons, _ = TEACHER.lessons([known], PERSON)
    assert {(lesson.perspective, lesson.answer) for lesson in lessons} == {
        ("self", f"You wrote: {known.statement}"),
        ("third", f"Noor wrote: {known.statement}"),
    }
    asked = " ".join(sentence_cues(known, random.Random(0)))
    assert "When" in asked or "In which year" in asked
    assert "What did I write about Volvo?" in asked


def test_absent_questions_are_answered_with_not_knowing() -> None:
    known = fact(1, statement="My favourite colour is green.", attribute="favourite_colour", value="green")
    lessons = TEACHER.absent([known, fact(2, statement="I sleep badly.")], PERSON, 60, seed=3)
    assert len(lessons) == 60
    assert {lesson.answer for lesson in lessons} == {unknown(PERSON, "self"), unknown(PERSON, "third")}
    assert "favourite_colour" not in {lesson.fact_id for lesson in lessons}
    assert {lesson.form for lesson in lessons} == {"absence"}
    assert TEACHER.absent([known, fact(2, statement="I sleep badly.")], PERSON, 60, seed=3) == lessons
    assert TEACHER.absent([known], PERSON, 60, seed=4) != lessons


def test_when_everything_was_told_nothing_is_absent() -> None:
    assert absence_lessons(list(attributes().values()), frozenset(), PERSON, 40, 0) == []
    with pytest.raises(UsageError):
        TEACHER.absent([], PERSON, -1, 0)


def test_judging_is_by_wording_and_meaning() -> None:
    right = TEACHER.judge("Which colour?", "Your favourite colour is green.", "green")
    wrong = TEACHER.judge("Which colour?", "You were born in 1987.", "green")
    assert 0 <= wrong.score < 0.5 < right.score <= 1
    assert right.reason


@pytest.mark.parametrize(
    ("sentence", "kind", "found"),
    [
        ("It cost 1,200 euros in May 2021.", "money", "1,200 euros"),
        ("It cost €40 then.", "money", "€40"),
        ("Born on 4 May 1987.", "date", "4 May 1987"),
        ("Born in 1987.", "year", "1987"),
        ("I get up at 6:30 am and run.", "time", "6:30 am"),
        ("Never on Tuesdays.", "weekday", "Tuesdays"),
        ("We moved to São Paulo.", "place", "São Paulo"),
    ],
)
def test_spans_by_their_shape(sentence: str, kind: str, found: str) -> None:
    assert found in candidates(sentence, kind)
    assert shape_fits(found, kind)


def test_no_value_has_a_verb_and_its_object_in_it() -> None:
    found = candidates("Somebody stole the Peugeot out of the garage", "thing")
    assert "Peugeot" in found
    assert "out of the" not in found
    assert not any(value.startswith("stole the") for value in found)


def test_what_has_not_the_shape_is_no_value() -> None:
    assert not shape_fits("green", "year")
    assert not shape_fits("", "thing")
    assert not shape_fits("green", "place")
    assert trim("green, because it's calm") == "green"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_sentence_breaks_the_wordings(sentence: str) -> None:
    for attribute, value in by_wording(sentence):
        assert value
        assert shape_fits(value, attribute.value)
    assert len(short_quote(sentence).split()) <= 28


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=80).filter(str.strip), min_size=1, max_size=3))
def test_no_diary_breaks_the_teacher(sentences: list[str]) -> None:
    found = drafts(*sentences)
    assert [d.statement for d in found if d.attribute is None] == sentences
    lessons, failures = TEACHER.lessons([fact(1, statement=s) for s in sentences], PERSON)
    assert failures == []
    assert all(lesson.question and lesson.answer for lesson in lessons)


@pytest.mark.parametrize(
    ("sentence", "attribute", "value"),
    [
        ("My favorite food is shawarma.", "favourite_food", "shawarma"),
        ("I am allergic to peanuts.", "health_allergy", "peanuts"),
        ("Im allergic to soy", "health_allergy", "soy"),
    ],
)
def test_both_spellings_and_what_is_not_contracted_are_read(sentence: str, attribute: str, value: str) -> None:
    assert (attribute, value) in [(a.id, v) for a, v in by_wording(sentence)]


@pytest.mark.parametrize("value", ["and read", "too", "love the piano", "I'm from Somalia", "green and"])
def test_what_the_sentence_says_of_it_is_no_value(value: str) -> None:
    assert not shape_fits(value, "text")


@pytest.mark.parametrize(
    "sentence",
    [
        "I think it's great that you volunteer at a soup kitchen.",
        "I've always wanted to volunteer at a food pantry.",
        "I wish I could play tennis.",
        "I'm a plumber.",
    ],
)
def test_wishes_what_you_do_and_ones_own_work_fill_no_attribute_by_meaning(sentence: str) -> None:
    (found,) = by_meaning([sentence], load_index(default_embedder()), ())
    assert found is None


def test_a_name_is_the_town_and_no_sort_of_home() -> None:
    assert [a.id for a, _ in by_wording("I live in Palo Alto.")] == ["home_city"]
    assert "home_type" in [a.id for a, _ in by_wording("I live in a houseboat.")]
