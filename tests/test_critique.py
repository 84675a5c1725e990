"""A draft read as the person would: the same facts flag what they reject and let pass what they don't."""

from __future__ import annotations

import pytest
from agent_kit import RUTH, TOMAS, Known, told
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.agent.hours import earliest, free_days, latest
from ipse.agent.refusals import refusals, uses
from ipse.types import Fact, Person

MEI = told(
    Person("Mei Lindqvist", "she/her"),
    [
        "Phone calls make me sweat, write to me instead.",
        "Wool makes me itch, it's cotton or nothing.",
        "I stopped drinking coffee in March, now it's genmaicha.",
        "I no longer work with the gallery in Gamla Stan, they took fifty percent.",
        "My partner Oskar is a vegetarian.",
        "Please don't write after 21:00, I paint then.",
        "One idea at a time, otherwise I lose the thread.",
        "Assistant: I'll keep to one.",
        "No links, just tell me.",
        "Explain it without jargon, I make pots.",
    ],
)


@pytest.mark.parametrize(
    ("known", "query", "response", "reason"),
    [
        (TOMAS, "Dinner idea?", "A lasagne with plenty of mozzarella.", "vegan"),
        (TOMAS, "A cake for Ada's party?", "A peanut butter cake without eggs.", "Ada"),
        (TOMAS, "How do I get there?", "Take the Volvo, parking is free.", "e-bike"),
        (TOMAS, "Which scissors?", "Take the right-handed ones.", "left-handed"),
        (TOMAS, "Which scissors?", "The blue ones, 20 dollars.", "kroner"),
        (TOMAS, "Which scissors?", "The blue ones \N{GRINNING FACE}", "emojis"),
        (TOMAS, "When does the wall open?", "It opens at 4 pm.", "24-hour"),
        (TOMAS, "How much flour?", "Use 8 ounces of flour.", "metric"),
        (TOMAS, "When should the bank ring?", "Let them call at 10:00.", "before three"),
        (RUTH, "A quick supper?", "Pasta with oil. Next step: boil water.", "coeliac"),
        (RUTH, "How do I get to Hull?", "Drive down the A63. Next step: petrol.", "driving"),
        (RUTH, "When is the dentist?", "Wednesday at 18:00. Next step: ring them.", "sacred"),
        (RUTH, "When does the new girl start at the shop?", "Monday at 9:00. Next step: tell her.", "closed"),
        (RUTH, "A film?", "The late show at 22:30. Next step: buy the ticket.", "half past nine"),
        (RUTH, "A film?", "Brief Encounter! Next step: buy the ticket.", "exclamation"),
        (RUTH, "A film?", "One. Two. Three. Four. The next step is five.", "Three sentences"),
        (RUTH, "A film?", "Brief Encounter.", "next step"),
        (MEI, "How do I reach the supplier?", "Give them a phone call.", "write to me"),
        (MEI, "A scarf?", "A merino wool scarf.", "cotton"),
        (MEI, "Breakfast?", "A strong espresso.", "coffee"),
        (MEI, "Where to show the bowls?", "Ask the gallery in Gamla Stan.", "fifty percent"),
        (MEI, "Dinner with Oskar?", "Roast chicken.", "Oskar"),
        (MEI, "When do we talk?", "I'll send it at 22:15.", "21:00"),
        (MEI, "What next?", "1. Glaze 2. Fire 3. Sell", "One idea"),
        (MEI, "Where is it?", "See https://pots.example", "links"),
        (MEI, "How to sell more?", "Leverage your touchpoints.", "jargon"),
    ],
)
def test_a_draft_that_goes_against_the_person_is_flagged_with_their_words(
    known: Known, query: str, response: str, reason: str
) -> None:
    found = known.critique(query, response)
    assert found.verdict == "flag"
    assert reason in found.feedback
    assert set(found.refs) <= {f.id for f in known.facts} | {c.id for c in known.chunks}


@pytest.mark.parametrize(
    ("known", "query", "response"),
    [
        (TOMAS, "Dinner idea?", "A lentil dal with coconut milk and rice, ready in 40 minutes."),
        (TOMAS, "Dinner idea?", "A lasagne without cheese, with vegan mince."),
        (TOMAS, "How do I get there?", "Take the e-bike along the river, it is 4 km."),
        (TOMAS, "Which scissors?", "The left-handed ones for 249 kroner."),
        (TOMAS, "A present for Ingrid?", "A bottle of red wine, 180 kroner."),
        (TOMAS, "When should the bank ring?", "Let them call at 16:00."),
        (RUTH, "A quick supper?", "A baked potato with cottage cheese. Next step: light the oven."),
        (RUTH, "How do I get to Hull?", "Take the bus at 10:15. Next step: tell Jill."),
        (RUTH, "What can I do on my free Monday?", "Walk to the park at 11:00. The next step is the shoes."),
        (RUTH, "When is the dentist?", "Thursday at 11:00. Next step: ring them."),
        (MEI, "Breakfast?", "A pot of genmaicha with a bun."),
        (MEI, "Where to show the bowls?", "At the first table of the Saturday market."),
        (MEI, "A scarf?", "A thick cotton scarf instead of wool."),
        (MEI, "Dinner with Oskar?", "Mushroom risotto."),
    ],
)
def test_a_draft_that_suits_the_person_is_approved(known: Known, query: str, response: str) -> None:
    found = known.critique(query, response)
    assert (found.verdict, found.refs) == ("approve", ()), found.feedback


def test_others_refusals_count_only_when_they_have_a_part() -> None:
    assert TOMAS.critique("Dinner with Lene?", "Pasta with olives.").verdict == "flag"
    assert TOMAS.critique("Dinner for me?", "Pasta with olives.").verdict == "approve"


def test_a_value_that_was_replaced_is_not_counted_on() -> None:
    old = Fact("f1", "I live in Bergen.", ("c1",), attribute="home_city", value="Bergen", status="superseded")
    new = Fact("f2", "I live in Tromsø.", ("c2",), attribute="home_city", value="Tromsø")
    known = told(Person("Ida Moe"), [], old, new)
    found = known.critique("Where should they deliver it?", "To your door in Bergen.")
    assert found.verdict == "flag"
    assert "Tromsø" in found.feedback
    assert found.refs == ("f2",)
    assert known.critique("Is Bergen far?", "Bergen is far.").verdict == "approve"


@pytest.mark.parametrize("wording", ["You live in Narvik.", "Ida lives in Narvik.", "I live in Narvik."])
def test_a_statement_that_the_ledger_contradicts_is_flagged(wording: str) -> None:
    home = Fact("f1", "I live in Tromsø.", ("c1",), attribute="home_city", value="Tromsø")
    known = told(Person("Ida Moe", "she/her"), [], home)
    found = known.critique("Where should they deliver it?", wording)
    assert found.verdict == "flag"
    assert "Narvik" in found.feedback
    assert "Tromsø" in found.feedback
    assert known.critique("Where should they deliver it?", wording.replace("Narvik", "Tromsø")).verdict == "approve"


def test_private_facts_stay_out_of_the_feedback_unless_the_request_is_about_them() -> None:
    known = told(Person("Ida Moe"), ["I can't take aspirin with my psoriasis."], private=("psoriasis",))
    assert known.critique("What helps against a headache?", "Take an aspirin.").verdict == "approve"
    assert known.critique("Is it bad for my psoriasis?", "Take an aspirin.").verdict == "flag"


def test_the_same_draft_always_gets_the_same_verdict() -> None:
    first = TOMAS.critique("Dinner?", "Cheese and beef at 4 pm, 20 dollars.")
    assert first == TOMAS.critique("Dinner?", "Cheese and beef at 4 pm, 20 dollars.")
    assert len(set(first.feedback.splitlines())) == len(first.feedback.splitlines())


@pytest.mark.parametrize(
    ("sentence", "things"),
    [
        ("I don't eat meat, fish or eggs.", ["meat", "fish", "eggs"]),
        ("My son has a nut allergy.", ["nut"]),
        ("I gave up coffee for lent.", ["coffee"]),
        ("I quit smoking two years ago.", ["smoking"]),
        ("Never send me anything with palm oil in it.", ["palm oil"]),
        ("I don't fly, I take trains.", ["fly"]),
        ("No idea what he wants.", []),
        ("It was no fun.", []),
        ("Don't you like cheese?", []),
        ("I love cheese.", []),
        ("I'm not vegan.", []),
    ],
)
def test_what_a_sentence_refuses(sentence: str, things: list[str]) -> None:
    assert [r.thing for r in refusals(sentence) if not r.gone] == things


@pytest.mark.parametrize(
    ("sentence", "thing"),
    [
        ("I sold the car in March.", "car"),
        ("Gave Lise the Fiat, 1998.", "Fiat"),
        ("The alley closed for good.", "alley"),
        ("I switched from Windows to Linux.", "Windows"),
    ],
)
def test_what_a_sentence_says_is_gone(sentence: str, thing: str) -> None:
    assert [r.thing for r in refusals(sentence) if r.gone] == [thing]


def test_a_use_is_no_use_when_the_text_denies_it() -> None:
    assert uses("Add butter and salt.", "vegan") == "butter"
    assert uses("Add peanut butter.", "vegan") is None
    assert uses("Cook it without butter.", "vegan") is None
    assert uses("A gluten-free loaf.", "gluten") is None


def test_times_and_days_in_a_sentence() -> None:
    assert latest("don't write to me after eight") == 20 * 60
    assert latest("In bed by half past nine.") == 21 * 60 + 30
    assert latest("after eight years I left") is None
    assert earliest("No calls before ten please.") == 10 * 60
    assert free_days("We're shut on Sundays and Mondays.") == ("sunday", "monday")
    assert free_days("I swim on Sundays.") == ()


@given(response=st.text(max_size=200))
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_read(response: str) -> None:
    assert MEI.critique("A scarf?", response).verdict in ("approve", "flag")


def test_a_value_told_of_another_thing_is_a_mix_up() -> None:
    facts = (
        Fact("f1", "My choir is called the Salt Larks.", ("c1",), attribute="choir_name", value="the Salt Larks"),
        Fact("f2", "My first boat was called Pelikan.", ("c2",), attribute="boat_name", value="Pelikan"),
    )
    known = Known(Person("Ruth Ames"), facts, ())
    found = known.critique("A toast for my choir?", "Your choir is called Pelikan, so lift a glass to it.")
    assert found.verdict == "flag"
    assert "it says Pelikan, but it is the Salt Larks" in found.feedback
    assert known.critique("A toast?", "Your choir is called the Salt Larks.").verdict == "approve"
    assert known.critique("A toast?", "Call the choir to the boat, Pelikan is waiting.").verdict == "approve"


def test_a_sentence_that_no_rule_knows_is_read_beside_what_was_said() -> None:
    known = told(
        Person("Nell Okafor", "she/her"),
        ["Repotted the fern, soil everywhere.", "No raisins in mine, a raisin in a bun is sabotage."],
    )
    assert [f.id for f in known.facts if known.library.against("Scones with plenty of raisins.", "Tea?")[f.refs[0]] > 1]
    found = known.critique("What can I bake?", "Warm the oven. Scones full of sultanas or raisins.")
    assert found.verdict == "flag"
    assert known.facts[1].id in found.refs
    assert known.critique("What can I bake?", "Scones with plenty of lemon.").verdict == "approve"
