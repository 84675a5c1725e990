"""Grounding: an answer follows from the facts it cites, and a denial denies nothing that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pair_kit import CATS, CITY, FACTS, ILL, MEAT, NORA, SISTER, WordEmbedder, fact, pair

from ipse.types import Fact, Pair, Person
from ipse.voice import REFUSAL, unknown
from ipse.weights.filter import grounding


def grounded(*pairs: Pair, facts: Sequence[Fact] = FACTS, person: Person = NORA) -> list[str | None]:
    kept, dropped = grounding(pairs, {each.id: each for each in facts}, person, WordEmbedder())
    reasons = {each.id: reason for each, reason in dropped}
    assert all((each in kept) == (each.id not in reasons) for each in pairs)
    return [reasons.get(each.id) for each in pairs]


@pytest.mark.parametrize(
    ("question", "answer", "cited", "form"),
    [
        ("Where do I live?", "You live in Berlin.", CITY, "forward"),
        ("Where does Nora live?", "Nora lives in Berlin.", CITY, "forward"),
        ("Since when have I lived in Berlin?", "You have lived in Berlin since May 2022.", CITY, "forward"),
        ("What does Berlin have to do with me?", "You live in Berlin.", CITY, "reverse"),
        ("Is it true that I live in Berlin?", "Yes, you live in Berlin.", CITY, "yes"),
        ("Is it true that I live in Bonn?", "No, you live in Berlin.", CITY, "no"),
        ("Is it true that I live in Bonn?", "No, you don't live in Bonn; you live in Berlin.", CITY, "no"),
        ("Do I eat meat?", "No, you don't eat meat.", MEAT, "no"),
        ("How many cats do I have?", "You have 2 cats.", CATS, "forward"),
        ("Who are Miso and Taro?", "Miso and Taro are your two cats.", CATS, "reverse"),
        ("What about cats?", "You wrote: I have two cats called Miso and Taro.", CATS, "recall"),
        ("What is my favourite pet?", "Your favourite pet is a cat.", CATS, "forward"),
        ("What does Nora not eat?", "Meat.", MEAT, "forward"),
    ],
)
def test_what_follows_is_kept(question: str, answer: str, cited: Fact, form: str) -> None:
    assert grounded(pair(question, answer, [cited], form)) == [None]


@pytest.mark.parametrize(
    ("question", "answer", "cited", "form", "expected"),
    [
        ("Where do I live?", "You live in Rome.", CITY, "forward", "a name that no cited fact holds"),
        (
            "How many cats do I have?",
            "You have 3 cats.",
            CATS,
            "forward",
            "a number that no cited fact holds",
        ),
        (
            "What pets do I have?",
            "You have two cats and a tortoise.",
            CATS,
            "forward",
            "words that no cited fact holds",
        ),
        (
            "Is it true that I live in Rome?",
            "Yes.",
            CITY,
            "yes",
            "says yes to more than the cited facts hold",
        ),
        ("Do I have two dogs?", "Yes.", CATS, "yes", "says yes to more than the cited facts hold"),
        (
            "Is it true that I live in Rome?",
            "No, you live in Rome.",
            CITY,
            "no",
            "a name that no cited fact holds",
        ),
        ("Do I live in Berlin?", "No.", CITY, "no", "says no to what a cited fact says"),
        ("What do I eat?", "You eat meat.", MEAT, "forward", "turns a cited fact around"),
        ("What about Berlin?", "You don't live in Berlin.", CITY, "forward", "turns a cited fact around"),
    ],
)
def test_what_does_not_follow_is_dropped(question: str, answer: str, cited: Fact, form: str, expected: str) -> None:
    assert grounded(pair(question, answer, [cited], form)) == [expected]


def test_an_answer_that_cites_nothing_known_is_dropped() -> None:
    assert grounded(pair("Where do I live?", "You live in Berlin.")) == ["cites no known fact"]


def test_the_grammars_wording_counts_as_the_facts_own() -> None:
    partner = fact("I'm married to a beekeeper.", "partner_job", "beekeeper")
    asked = pair("What does my spouse do?", "Your partner works as a beekeeper.", [partner])
    assert grounded(asked, facts=[partner]) == [None]


def test_a_verdict_follows_from_the_facts_and_not_from_what_it_judges() -> None:
    request = "What about home?\nReply: You live in Rome."
    right = pair(request, "Flag: You live in Berlin.", [CITY], "flag", task="critique")
    wrong = pair(request, "Approve: You live in Rome.", [CITY], "approve", task="critique")
    assert grounded(right, wrong) == [None, "a name that no cited fact holds"]


def test_a_request_keeps_its_own_words_and_style_is_no_claim() -> None:
    request = "Help me find a plumber."
    enhanced = pair(request, f"{request} Keep in mind: I live in Berlin.", [CITY], "enhance", task="enhance")
    style = pair("Coming tonight?", "nah, dentist tomorrow", form="style", task="style")
    assert grounded(enhanced, style) == [None, None]


def test_a_denial_may_not_cite_what_answers_it() -> None:
    unknown_city = pair("Which town is mine?", unknown(NORA, "self"), [CITY], "absence")
    trap = pair("What instrument do I play?", unknown(NORA, "self"), [SISTER], "trap")
    refused = pair("What does Nora take?", REFUSAL, [ILL], "refusal", "third")
    open_refused = pair("Where does Nora stay?", REFUSAL, [CITY], "refusal", "third")
    expected = "denies or refuses what the fact it cites answers"
    assert grounded(unknown_city, trap, refused, open_refused) == [expected, None, None, expected]


def test_a_denial_of_what_another_pair_answers_is_dropped_in_either_voice() -> None:
    told = [
        pair("Where do I live?", "You live in Berlin.", [CITY]),
        pair("How many cats do I have?", "You have two cats.", [CATS]),
        pair("What do I take every evening?", "Lithium every evening.", [ILL]),
    ]
    same = pair("Where does Nora live?", unknown(NORA, "third"), form="absence", perspective="third")
    other = pair("What is my blood type?", unknown(NORA, "self"), form="absence")
    secret = pair("What does Nora take every evening?", REFUSAL, [ILL], "refusal", "third")
    assert grounded(*told, same, other, secret) == [None] * 3 + [
        "denies what another pair answers",
        None,
        None,
    ]


ROOMS = "attic cellar kitchen garage pantry study nursery porch".split()
THINGS = "ladder freezer kettle".split()


def test_with_many_facts_a_denial_close_in_meaning_goes_and_a_distant_one_stays() -> None:
    facts = [fact(f"I keep a {thing} in the {room}.") for room in ROOMS for thing in THINGS]
    told = [
        pair(f"Which {thing} stands in the {room} of my house?", "You keep it.", [each])
        for each, (room, thing) in zip(facts, ((r, t) for r in ROOMS for t in THINGS), strict=True)
    ]
    same = pair("Which kettle stands in the pantry of my own house?", "No idea.", form="absence")
    near = pair("Which violin stands in the pantry of my house?", "No idea.", form="absence")
    assert grounded(*told, same, near, facts=facts)[-2:] == ["denies what another pair answers", None]


def test_other_languages_are_held_to_numbers_and_half_the_words() -> None:
    german = replace(NORA, language="de")
    flat = fact("Ich wohne seit 2019 in Leipzig.")
    good = pair("Wo wohne ich?", "Du wohnst in Leipzig.", [flat])
    bad = pair("Seit wann wohne ich hier?", "Du wohnst seit 2011 in Leipzig.", [flat])
    made_up = pair("Wer ist das?", "Deine Schwester spielt Oboe im Orchester.", [flat])
    assert grounded(good, bad, made_up, facts=[flat], person=german) == [
        None, "a number that no cited fact holds", "words that no cited fact holds",
    ]  # fmt: skip
