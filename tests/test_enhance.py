"""The request, enriched: what matters is there, what is gone, private or somebody else's is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from agent_kit import RUTH, TOMAS, Known, told
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.agent.confidence import confidential
from ipse.agent.enhance import MOST_WORDS
from ipse.agent.relevance import relevant
from ipse.llm.minilm import default_embedder
from ipse.types import Fact, Person


def listed(known: Known, query: str) -> str:
    text = known.enhance(query).text
    assert text.startswith(query)
    return text.removeprefix(query)


@pytest.mark.parametrize(
    ("known", "query", "words"),
    [
        (TOMAS, "What should I cook tonight?", "vegan"),
        (TOMAS, "How do I get to the climbing wall?", "e-bike"),
        (TOMAS, "Which scissors should I buy?", "left-handed"),
        (TOMAS, "A cake for Ada's birthday party?", "peanuts"),
        (TOMAS, "When can they phone me?", "before three"),
        (RUTH, "Suggest a lunch for tomorrow.", "coeliac"),
        (RUTH, "How do I get to Hull?", "driving"),
        (RUTH, "Plan my Wednesday.", "choir"),
    ],
)
def test_it_names_what_matters_for_the_request(known: Known, query: str, words: str) -> None:
    assert words in listed(known, query)


@pytest.mark.parametrize("query", ["Tell me about whales.", "What should I cook tonight?", "Draft a letter."])
def test_how_somebody_wants_to_be_answered_always_matters(query: str) -> None:
    text = listed(TOMAS, query)
    assert "no emojis" in text
    assert "kroner" in text


def test_what_is_sold_is_not_passed_on_unless_it_is_asked_for() -> None:
    assert "Volvo" not in listed(TOMAS, "How do I get to the airport?")
    assert "Volvo" in listed(TOMAS, "Who bought the Volvo?")


def test_of_a_sentence_about_a_change_the_present_stays() -> None:
    known = told(Person("Ida Moe"), ["The Toyota failed its inspection, so it's the tractor or the bus."])
    text = listed(known, "How do I get to the dentist?")
    assert "bus" in text
    assert "Toyota" not in text


def test_superseded_facts_are_left_out() -> None:
    old = Fact("f_old", "I live in Bergen.", ("c9",), status="superseded", valid_to=datetime(2024, 1, 1, tzinfo=UTC))
    known = told(Person("Ida Moe"), ["I live in Tromsø now, third floor."], old)
    text = listed(known, "How do I get home from the airport?")
    assert "Tromsø" in text
    assert "Bergen" not in text


def test_what_nobody_knows_stays_between_the_lines() -> None:
    secret = confidential(TOMAS.chunks)
    assert {c.text for c in TOMAS.chunks if c.id in secret} == {
        "The overdraft is at forty thousand.",
        "Nobody knows about it.",
    }
    for perspective in ("self", "third"):
        assert "forty thousand" not in TOMAS.enhance("How can I get an overdraft?", perspective).text


def test_private_facts_are_told_only_when_the_request_is_about_them_and_never_to_others() -> None:
    known = told(Person("Ida Moe"), ["My psoriasis is back on both hands."], private=("psoriasis",))
    assert "psoriasis is back" in known.enhance("What helps against psoriasis?").text
    assert "psoriasis is back" not in known.enhance("What helps against psoriasis?", "third").text
    assert "psoriasis" not in known.enhance("Which gloves suit my hands?").text


def test_facts_of_private_sensitivity_never_reach_third_parties() -> None:
    allergy = Fact(
        "f1",
        "I'm allergic to penicillin.",
        ("c1",),
        attribute="health_allergy",
        value="penicillin",
        sensitivity="private",
    )
    known = told(Person("Ida Moe"), [], allergy)
    assert "penicillin" in known.enhance("Which medicine can I take?").text
    assert "penicillin" not in known.enhance("Which medicine can Ida take?", "third").text


def test_what_others_wrote_carries_their_name_and_only_when_they_have_a_part() -> None:
    assert "Lene wrote: I hate olives" in listed(TOMAS, "What shall I cook for Lene?")
    assert "olives" not in listed(TOMAS, "What shall I cook for myself?")


def test_an_exchange_goes_on_with_its_next_sentence() -> None:
    known = told(
        Person("Ida Moe"),
        ["Nils: The ferry to Bodø is booked for 7 May.", "+ Nils: Bring the blue tent.", "My bread is ready."],
    )
    text = listed(known, "Prepare me for the ferry trip in May.")
    assert "Nils wrote: The ferry" in text
    assert "blue tent" in text


def test_refs_are_the_ids_of_the_facts_that_are_quoted() -> None:
    enhanced = TOMAS.enhance("Which scissors should I buy?")
    statements = {f.id: f.statement for f in TOMAS.facts}
    assert enhanced.refs
    assert any("left-handed" in statements[ref] for ref in enhanced.refs)


def test_nothing_known_leaves_the_request_as_it_is() -> None:
    known = told(Person("Ida Moe"), [])
    assert known.enhance("What is the capital of Peru?").text == "What is the capital of Peru?"
    assert known.enhance("What is the capital of Peru?").refs == ()


def test_the_list_stays_short_however_much_is_known() -> None:
    many = [
        f"On day {n} I cooked a {dish} for dinner and wrote the recipe down."
        for n, dish in enumerate(["soup", "stew", "curry", "pie", "salad", "roast", "risotto"] * 8)
    ]
    known = told(Person("Ida Moe"), [*many, "Always give me a table, no cups please."])
    assert len(listed(known, "What should I cook for dinner?").split()) <= MOST_WORDS + 40  # bullets count here


def test_relevant_gives_at_most_the_limit_and_the_best_first() -> None:
    found = relevant("What should I cook?", TOMAS.facts, default_embedder(), TOMAS.person, 4)
    assert len(found) == 4
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert relevant("What should I cook?", TOMAS.facts, default_embedder(), TOMAS.person, 0) == []


def test_one_sentence_is_told_once_though_two_facts_rest_on_it() -> None:
    vegan = TOMAS.facts[0]
    doubled = replace(vegan, id="f2", statement="I eat vegan.", attribute="health_diet", value="vegan")
    known = Known(TOMAS.person, (*TOMAS.facts, doubled), TOMAS.chunks)
    assert "I eat vegan." not in listed(known, "What should I cook tonight?")


@given(query=st.text(min_size=1, max_size=80))
@settings(max_examples=15, deadline=None)
def test_any_text_can_be_a_request(query: str) -> None:
    assert TOMAS.enhance(query).text.startswith(query.strip())
