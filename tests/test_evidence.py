"""Whom the evidence is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from agent_kit import told

from ipse.agent.answer import Question, Sources, _still_so, ask
from ipse.agent.evidence import Evidence
from ipse.agent.sentences import changes_plan, says_now
from ipse.llm.minilm import default_embedder
from ipse.teacher.index import load_index
from ipse.types import Person


def test_only_who_is_known_as_somebody_has_the_persons_sentences() -> None:
    about = {
        "Choir is on Wednesdays now.": "self",
        "Sang bass at first service.": "self",
        "Miss Opal has asked me to teach her grandson to whittle.": "self",
        "Karim runs the studio from this week.": "self",
        "Lene: I sing alto.": "Lene",
        "Lene has a cold.": "Lene",
        "Lene has given us the keys.": "self",
        "I row with my cousin Rui.": "self",
        "Rui drives a yellow Fiat.": "Rui",
        "+ He is loud.": "Rui",
        "My sister plays the oboe.": "sister",
    }
    assert told(Person("Maya Okafor"), list(about)).library.subjects == list(about.values())


def test_what_is_told_of_a_thing_answers_for_the_person() -> None:
    known = told(Person("Maya Okafor"), ["We had soup.", "Choir is on Wednesdays now.", "The roof leaks again."])
    (first, *_) = known.library.search("On which evening do I rehearse?", 1)
    assert first.chunk.text == "Choir is on Wednesdays now."
    assert first.subject == "self"


def test_a_clause_about_a_thing_is_not_about_who_was_named_before_it() -> None:
    sentences = ["Lene: I sing alto.", "Lene has changed the rota, the late clinic is on Tuesdays now.", "Lene rows."]
    known = told(Person("Maya Okafor"), sentences)
    assert known.library.subjects == ["Lene", "Lene", "Lene"]
    (first, *_) = known.library.search("On which day is my late clinic?", 1)
    assert (first.chunk.text, first.words, first.subject) == (sentences[1], "Tuesdays", "self")
    (first, *_) = known.library.search("Who has changed the rota?", 1)
    assert (first.chunk.text, first.subject) == (sentences[1], "Lene")


def test_who_only_thinks_so_has_no_part_in_it() -> None:
    known = told(
        Person("Maya Okafor"), ["My father is 80.", "+ He was a surgeon, so I think he is strict.", "+ He and I row."]
    )
    assert known.library.subjects == ["father", "father", "self"]


def test_something_new_takes_the_place_of_the_same_alone() -> None:
    sentences = ["It's my birthday, the third of May.", "Celebrated new year in Spain.", "We move house in October."]
    known = told(Person("Maya Okafor"), sentences)
    sources = Sources(known.person, (), known.library, load_index(default_embedder()), lambda _: False, None)
    (answer,) = ask([Question("q", "When is my birthday?")], sources, "raw")
    assert "third of May" in answer.text


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("The Empire Builder got put off to April, the sleeper was sold out.", True),
        ("My exam has been postponed to June.", True),
        ("I moved the sofa.", False),
    ],
)
def test_a_change_of_plan_is_told_from_other_news(text: str, *, changes: bool) -> None:
    assert says_now(text)
    assert changes_plan(text) == changes


def test_a_change_of_plan_takes_the_place_of_what_was_planned() -> None:
    person = Person("Maya Okafor")
    known = told(person, ["In October, when it isn't so hot.", "The train to Seattle got put off to April."])
    planned, changed = (
        replace(chunk, at=datetime(year, 5, 1, tzinfo=UTC))
        for chunk, year in zip(known.library.chunks, (2024, 2025), strict=True)
    )
    chosen = [Evidence(planned, 0.9, "self"), Evidence(changed, 0.8, "self")]
    assert _still_so(chosen, known.library) == chosen[1:]


def test_what_another_tells_of_now_leaves_the_persons_sentences() -> None:
    known = told(Person("Maya Okafor"), ["Gesa: My son no longer drives.", "My son mends clocks."])
    chosen = [Evidence(chunk, score, "self") for chunk, score in zip(known.library.chunks, (0.9, 0.8), strict=True)]
    assert _still_so(chosen, known.library) == chosen


@pytest.mark.parametrize(("month", "stolen"), [("March", "camera"), ("July", "bicycle")])
def test_a_question_that_names_a_month_is_answered_by_what_was_said_then(month: str, stolen: str) -> None:
    person = Person("Maya Okafor")
    known = told(person, ["My camera was stolen on the bus.", "My bicycle was stolen from the yard.", "We had soup."])
    days = (datetime(2025, month, 5, tzinfo=UTC) for month in (3, 7, 9))
    dated = replace(known, chunks=tuple(replace(c, at=day) for c, day in zip(known.chunks, days, strict=True)))
    (first, *_) = dated.library.search(f"What was stolen from Maya in {month}?", 1)
    assert stolen in first.chunk.text
