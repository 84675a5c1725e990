"""What is made of the ledger: key phrases, privacy, names, biography, preamble, and the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from words_kit import NORA, Bag, Wordings, by_id, chunk, on, paragraph

from ipse.keyphrases import key_phrases, numbers, stem, stems
from ipse.llm.minilm import default_embedder
from ipse.raw.run import add_text
from ipse.store.sqlite import SqliteStore, create_person, open_store
from ipse.types import Biography, Chunk, Fact
from ipse.words import preamble
from ipse.words.biography import biography
from ipse.words.entities import entities
from ipse.words.private import PRIVATE_FROM, mark_private, private_scores
from ipse.words.relations import relations
from ipse.words.run import WordsReport, learn_words
from ipse.words.topics import topics

INSTALMENTS = "Three instalments behind at the Sparkasse, 42 000 open"
ASTHMA = "Has baker's asthma since spring 2025"


def test_key_phrases_are_runs_of_content_words_names_and_numbers_first() -> None:
    found = key_phrases("I rowed from Hallstatt to the island with 12 friends, then we had soup.")
    assert found[:2] == ("12 friends", "Hallstatt")
    assert "soup" in found
    assert key_phrases("and then so it was") == ()
    assert len(key_phrases("apple; pear; plum; fig; date; grape; melon", limit=3)) == 3


@given(st.text())
def test_key_phrases_take_any_text(text: str) -> None:
    assert all(len(phrase.split()) > 0 for phrase in key_phrases(text))
    assert stems(text) == stems(text)


def test_numbers_and_stems_are_compared_whatever_their_spelling() -> None:
    assert numbers("42 000") == numbers("42,000") == numbers("42000") == frozenset({"42000"})
    assert numbers("12 thousand") == numbers("twelve thousand") == frozenset({"12000"})
    found = numbers("at 8:10, 4.5 kg")
    assert found == {"8:10", "4.5"}
    assert stem("dropped") == stem("drop")
    assert stem("Bakeries") == stem("bakery")


@pytest.mark.parametrize(
    ("text", "topic", "private"),
    [
        ("The bank again. Three instalments behind, 42 000 open.", INSTALMENTS, True),
        ("Only Minh and Herr Seidel at the Sparkasse know.", INSTALMENTS, True),
        ("I bake 180 loaves", INSTALMENTS, False),
        ("baker's asthma. 25 years of flour. I'll wear the mask at the mixer and that's that", ASTHMA, True),
        ("I bake walnut rye every day", ASTHMA, False),
        ("My sister mustn't hear about the clinic.", "Ines is never to know about the clinic", True),
        ("Ines came for cake on Sunday.", "Ines is never to know about the clinic", False),
        ("We went to the sea with the dog.", "", False),
    ],
)
def test_what_touches_a_private_topic(text: str, topic: str, private: bool) -> None:
    score = private_scores([text], [topic], default_embedder()).item()
    assert 0 <= score <= 1
    assert (score >= PRIVATE_FROM) is private


def test_private_scores_come_one_a_topic() -> None:
    scores = private_scores(["I am three instalments behind."], ["my knee operation", INSTALMENTS], Bag())
    assert scores.shape == (1, 2)
    assert scores[0, 0] < scores[0, 1]
    assert private_scores(["anything"], [], Bag()).shape == (1, 0)


def sentence(where: Chunk, **changes: object) -> Fact:
    fact = Fact(f"fact_{where.id}", where.text, (where.id,), valid_from=where.at)
    return replace(fact, **changes)  # type: ignore[arg-type]


def test_sentences_that_lean_on_a_private_one_are_private_too() -> None:
    chunks = paragraph(
        "Rain all week.",
        "The clinic wants to see me about the lump.",
        "It must not reach the office.",
        "Then we painted the kitchen yellow with Olaf.",
    )
    other = paragraph("It was a lovely concert in the old church hall.", turn="turn_2")
    facts = [sentence(each) for each in (*chunks, *other)]
    marked = mark_private(facts, ["a lump, examined at the clinic"], default_embedder(), by_id([*chunks, *other]))
    private = {fact.statement for fact in marked if fact.sensitivity == "private"}
    assert {chunks[1].text, chunks[2].text} <= private
    assert chunks[3].text not in private
    assert other[0].text not in private
    assert mark_private(facts, [], default_embedder()) == facts


def test_a_fact_of_private_sentences_alone_is_private_and_none_becomes_open() -> None:
    secret, plain = paragraph("The loan for the boat is 9000.", "I walk to work by the river.")
    facts = [
        sentence(secret, id="f1", statement="My boat was expensive."),
        sentence(plain, id="f2", refs=(secret.id, plain.id)),
        sentence(plain, id="f3", sensitivity="private"),
    ]
    marked = mark_private(facts, ["boat loan of 9000"], default_embedder(), by_id([secret, plain]))
    assert [fact.sensitivity for fact in marked] == ["private", "personal", "private"]


def test_names_places_dates_and_amounts() -> None:
    chunks = [
        chunk("Olaf rowed with me to Hallstatt."),
        chunk("I met Olaf and Frau Berger near Hallstatt."),
        chunk("Walking is my thing, says Doctor Lind."),
        chunk("We bought 25 kg of rye at Mühle & Sohn on 3 May 2024."),
        chunk("Gave Olaf the keys on Tuesday, said Nora."),
        chunk("NOBODY TOLD ME ABOUT Zagreb"),
        chunk("I hate Prague", role="other", speaker="Ines 🌱"),
        chunk("a line", role="other", speaker="quoted"),
    ]
    found = {entity.name: entity for entity in entities(chunks, NORA)}
    assert found["Olaf"].count == 3
    assert found["Frau Berger"].type == found["Doctor Lind"].type == found["Ines"].type == "person"
    assert found["Hallstatt"].type == "place"
    assert found["Mühle & Sohn"].type == "organisation"
    assert (found["3 May 2024"].type, found["25 kg"].type) == ("date", "number")
    assert not found.keys() & {"Walking", "Nora", "Prague", "Zagreb", "Tuesday", "quoted", "Gave Olaf"}
    assert next(iter(found.values())).type == "person"


def test_relations_in_the_persons_own_words() -> None:
    chunks = [
        chunk("My wife Ines is home"),
        chunk("my little brother, Olaf Berg, called"),
        chunk("Ruth is my cousin"),
        chunk("Meine Schwester heißt Ulla"),
        chunk("Ines is my wife's real name"),
        chunk("My boss Karl", role="other"),
        chunk("my wife Ines again"),
    ]
    partner = Fact("f", "My partner is Ines.", ("c9",), attribute="partner_name", value="Ines")
    found = [(r.relation, r.object, r.count) for r in relations(chunks, [partner], NORA)]
    assert found[0] == ("wife", "Ines", 2)
    assert {*found[1:]} == {
        ("brother", "Olaf Berg", 1),
        ("cousin", "Ruth", 1),
        ("sister", "Ulla", 1),
        ("partner", "Ines", 1),
    }


def test_topics_are_what_comes_back() -> None:
    chunks = [
        chunk(t) for t in ("Repaired the canoe again.", "The canoe leaks.", "Sold a canoe paddle.", "Soup for dinner.")
    ]
    found = topics(chunks, NORA, Bag().embed)
    assert (found[0].name, found[0].count) == ("canoe", 3)
    assert len(found[0].refs) == 3
    assert topics([chunk("Only once.")], NORA, Bag().embed) == []


def known(attribute: str, value: str, **changes: object) -> Fact:
    fact = Fact(f"fact_{attribute}_{value}", value, ("c1",), "fact", attribute=attribute, value=value)
    return replace(fact, confidence=0.6, valid_from=on(1, 6), **changes)  # type: ignore[arg-type]


def told(voice: tuple[tuple[str, tuple[str, ...]], ...]) -> list[str]:
    return [text for text, _ in voice]


def test_the_biography_speaks_in_three_voices() -> None:
    facts = [
        known("home_city", "Linz"),
        known("home_city", "Graz", status="superseded"),
        replace(known("work_salary", "9 euros"), sensitivity="private"),
        Fact("fact_bees", "I keep bees with my brother", ("c2",)),
        Fact("fact_rain", "rain on the tin roof all night", ("c3",)),
        Fact("fact_short", "So be it", ("c4",)),
    ]
    story = biography(facts, NORA)
    assert "I live in Linz (since June 2025)." in told(story.first)
    assert "You live in Linz (since June 2025)." in told(story.second)
    assert "Nora lives in Linz (since June 2025)." in told(story.third)
    assert "Nora keeps bees with her brother." in told(story.third)
    assert "Nora wrote: rain on the tin roof all night." in told(story.third)
    assert any("9 euros" in line for line in told(story.second))
    assert not any("9 euros" in line or "Graz" in line for line in told(story.third))
    assert not any("So be it" in line for line in told(story.first))
    assert set(story.refs) == {"fact_home_city_Linz", "fact_work_salary_9 euros", "fact_bees", "fact_rain"}
    assert biography(list(reversed(facts)), NORA) == story


def test_a_full_page_keeps_what_matters_most() -> None:
    weak = [Fact(f"f{n}", f"remark number {n} about the weather", ("c",), confidence=0.4) for n in range(99)]
    story = biography([*weak, known("home_city", "Linz")], NORA, limit_words=40)
    for voice in (story.first, story.second, story.third):
        assert sum(len(line.split()) for line in told(voice)) <= 40
    assert told(story.second)[0] == "You live in Linz."


def test_the_preamble_fits_and_tells_others_nothing_private() -> None:
    facts = [known("home_city", "Linz"), replace(known("work_salary", "9 euros"), sensitivity="private")]
    story = biography(facts, NORA)
    own, others = (preamble.render(NORA, story, perspective, 1200) for perspective in ("self", "third"))
    assert "You live in Linz." in own
    assert "9 euros" in own
    assert "Nora lives in Linz." in others
    assert "9 euros" not in others
    assert len(preamble.render(NORA, story, "self", 100)) <= 100
    assert preamble.render(NORA, story, "self", 4) == ""
    assert preamble.render(NORA, None, "self", 1200) == ""
    assert preamble.render(NORA, Biography("b", (), (), (), ()), "third", 1200) == ""


def now() -> datetime:
    return on(20, 11)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    create_person(tmp_path, NORA)
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def learn(store: SqliteStore) -> WordsReport:
    return learn_words(store, Wordings(), Bag(), now)


def test_learning_twice_changes_nothing_and_news_make_a_new_version(store: SqliteStore) -> None:
    add_text(store, "I live in Graz. I rowed with Olaf on the lake.", Bag(), now, on(1))
    first = learn(store)
    assert (first.version, first.unchanged, first.attributes_found, first.superseded) == (1, False, 1, 0)
    assert learn(store) == replace(first, unchanged=True)

    add_text(store, "I live in Linz. This is unreadable to some.", Bag(), now, on(1, 5))
    second = learn(store)
    assert (second.version, second.superseded, second.failures) == (2, 1, 1)
    cities = {f.value: f for f in store.facts(include_superseded=True) if f.attribute}
    assert (cities["Graz"].status, cities["Graz"].valid_to) == ("superseded", on(1, 5))
    assert cities["Linz"].made_by == "wordings-1"
    own = {each.id for each in store.chunks()}
    assert all(own.issuperset(fact.refs) for fact in store.facts(include_superseded=True))
    assert "Olaf" in {entity.name for entity in store.entities()}
    story = store.biography()
    assert story is not None
    assert "You live in Linz (since May 2025)." in told(story.second)


def test_corrections_and_private_topics_outlive_a_rebuild(store: SqliteStore) -> None:
    add_text(store, "I live in Graz. The debt at Sparbank is 9000 in all.", Bag(), now, on(1))
    learn(store)
    city = next(fact for fact in store.facts() if fact.attribute)
    store.put_correction(city.id, "I live in Steyr.")
    store.put_correction("fact_gone", "I was never here.")
    store.add_private_topic("debt of 9000 at Sparbank")
    report = learn(store)
    assert (report.version, report.private, report.failures) == (2, 1, 1)
    assert next(fact for fact in store.facts() if fact.id == city.id).value == "Steyr"
    assert "Sparbank" not in {entity.name for entity in store.entities()}
    story = store.biography()
    assert story is not None
    assert not any("9000" in line for line in told(story.third))


def test_a_time_far_ahead_outdates_nothing(store: SqliteStore) -> None:
    add_text(store, "I live in Graz.", Bag(), now, on(1))
    add_text(store, "I live in Linz.", Bag(), now, on(1, 1, 2038))
    report = learn(store)
    assert [fact.value for fact in store.facts() if fact.attribute] == ["Graz"]
    assert report.failures >= 1


def test_nobody_has_written_anything(store: SqliteStore) -> None:
    report = learn(store)
    assert (report.facts, report.failures, report.unchanged) == (0, 0, False)
    assert preamble.context(store, "self") == ""
