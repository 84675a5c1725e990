"""How somebody wants to be answered: which sentences say so, and which drafts go against them."""

from __future__ import annotations

import pytest
from agent_kit import Known, told

from ipse.agent.manners import listeners_of, standing_orders
from ipse.llm.minilm import default_embedder
from ipse.types import Person

NILS = Person("Nils Aas", "he/him")
TALK = (
    "Give me the number first and the reason after it.",
    "Prose, no lists.",
    "And metric only, I've no idea what a psi is.",
    "numbered steps, short ones.",
    "every claim with its paper and the year, otherwise I don't believe it",
    'no compliments needed and never write "journey", I have enough posters at work',
    "What holds detail better than basswood, nothing imported please?",
    "Scale this to sixty loaves.",
    "I don't want to sell the old one, I only want to feel bad.",
    "The oven eats 31 kWh a day.",
    "Mum was always kind.",
    "Never been to Rome.",
    "Bo is not my brother.",
    "First job was in a bakery.",
    "Show the first three rows of the table.",
)


def orders(known: Known) -> list[str]:
    found = standing_orders(known.facts, default_embedder(), known.person, listeners_of(known.chunks))
    return [fact.statement for fact in found]


def test_what_is_said_to_an_assistant_without_i_may_be_an_order() -> None:
    assert orders(told(NILS, ["Assistant: How can I help?", *TALK])) == list(TALK[:6])


def test_the_same_words_in_a_diary_need_an_orders_own_wording_or_meaning() -> None:
    assert not {"Prose, no lists.", "numbered steps, short ones."} & set(orders(told(NILS, TALK)))


@pytest.mark.parametrize(
    "habit", ["I never use the lift.", "We always start with the dough.", "He just sends whatever he has."]
)
def test_a_habit_is_no_order(habit: str) -> None:
    assert orders(told(NILS, [habit])) == []


@pytest.mark.parametrize(
    ("order", "against", "fine"),
    [
        ("no pep talk, please", "You've got this! Believe in yourself.", "Weigh 2 g of soda and dissolve it."),
        ('Never write "journey".', "Your journey goes on.", "Your training goes on."),
        ("Always name the paper, please.", "Research shows that it heals.", "Research shows it (Evans 2019)."),
        ("numbered steps, short ones.", "", "1. Weigh it.\n2. Stir it."),
        ("Prose, no lists.", "1. Weigh it.\n2. Stir it.", "Weigh it, then stir it."),
        ("No bullets, numbered steps please.", "", "1. Weigh it.\n2. Stir it."),
        ("Always name the paper, please.", "Studies show that it heals.", "A 2019 study shows that it heals."),
        ("Every claim with its source please.", "", "Studies show that it heals (https://a.example/b)."),
        ("No citations please, just the answer.", "", "Research shows that tea is fine."),
        ('Don\'t call me "Miss Miller", call me "Ida".', "Dear Miss Miller, it is on.", "Dear Ida, it is on."),
    ],
)
def test_a_draft_is_held_against_it(order: str, against: str, fine: str) -> None:
    known = told(NILS, ["Assistant: How can I help?", order])
    assert known.critique("Help me with the soda.", fine).verdict == "approve"
    if against:
        found = known.critique("Help me with the soda.", against)
        assert found.verdict == "flag"
        assert order in found.feedback


def test_a_diary_beside_a_talk_in_one_source_is_told_to_others_at_most() -> None:
    known = told(
        NILS, ["Assistant: How can I help?", *(f"Day {n} at the quay." for n in range(9)), "Never mind the rain."]
    )
    listeners = listeners_of(known.chunks)
    assert [listeners[c.id] for c in known.chunks[1:]] == ["assistant"] * 8 + ["others"] * 2
    assert set(listeners_of(told(NILS, ["Never mind the rain."]).chunks).values()) == {"nobody"}
