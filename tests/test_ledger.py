"""The ledger's life: canonicalise, merge, supersede, correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from words_kit import NORA, Bag, by_id, chunk, on

from ipse.teacher.grammar import attributes
from ipse.teacher.protocol import FactDraft
from ipse.types import Chunk, Fact
from ipse.words.facts import INFERRED, STATED, apply_corrections, canonicalise, merge, supersede
from ipse.words.likeness import near_identical, value_key

EMBED = Bag().embed


def lives(city: str, where: Chunk, **changes: object) -> FactDraft:
    draft = FactDraft(f"I live in {city}.", where.id, attribute="home_city", value=city, at=where.at)
    return replace(draft, **changes)  # type: ignore[arg-type]


def ledger(drafts: Sequence[FactDraft], chunks: Sequence[Chunk]) -> list[Fact]:
    return supersede(merge(canonicalise(drafts, NORA), by_id(chunks), NORA, EMBED))


def value_of(facts: Sequence[Fact]) -> list[tuple[str | None, str]]:
    return [(fact.value, fact.status) for fact in facts]


def test_canonical_texts_subjects_and_attributes() -> None:
    first, unknown, labelled, empty_value = canonicalise(
        [
            FactDraft("  I live\n in Graz. ", "c1", subject="Nora", attribute="home_city", value=' "Graz". '),
            FactDraft("My boat is Berta", "c2", attribute="heron_name", value="Berta"),
            FactDraft("I am 40", "c3", subject="ME", attribute="Age", value="40"),
            FactDraft("I live somewhere", "c4", attribute="home_city", value=" . "),
            FactDraft("   ", "c5"),
        ],
        NORA,
    )
    assert (first.statement, first.value, first.subject) == ("I live in Graz.", "Graz", "self")
    assert (unknown.attribute, unknown.value, unknown.key_phrases) == (None, None, ("Berta",))
    assert (labelled.attribute, labelled.subject) == ("age", "self")
    assert (empty_value.attribute, empty_value.value) == (None, None)


def test_a_private_attribute_makes_a_private_fact() -> None:
    private = next(a for a in attributes().values() if a.sensitivity == "private" and a.value == "money")
    (draft,) = canonicalise([FactDraft("I earn", "c1", attribute=private.id, value="9 euros")], NORA)
    assert draft.sensitivity == "private"


def test_the_same_value_in_other_spellings_is_one_fact() -> None:
    chunks = [chunk("I live in Graz", on(1)), chunk("still in GRAZ", on(2)), chunk("“Graz”!", on(2))]
    (fact,) = ledger([lives(v, c) for v, c in zip(["Graz", "GRAZ", "“Graz”"], chunks, strict=True)], chunks)
    assert fact.refs == tuple(each.id for each in chunks)
    assert (fact.value, fact.valid_from, fact.stance) == ("Graz", on(1), "stated")


def test_confidence_grows_with_independent_evidence_more_than_with_repeats() -> None:
    def confidence(*chunks: Chunk, **changes: object) -> float:
        return ledger([lives("Graz", each, **changes) for each in chunks], chunks)[0].confidence

    one = chunk("a", on(1))
    once, repeated = confidence(one), confidence(one, chunk("b", on(1)))
    other_day, other_source = confidence(one, chunk("b", on(2))), confidence(one, chunk("b", on(1), "mail"))
    assert once == STATED < repeated < other_day == other_source < 1
    assert confidence(one, stance="inferred") == INFERRED
    assert confidence(one, one) == once


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("I drink coffee every morning.", "i drink my coffee every morning", True),
        ("I own 3 cats", "I own three cats", True),
        ("I bake walnut bread with honey on Fridays", "I bake wallnut bread with honey on Fridays", True),
        ("I don't eat fish", "I do not eat fish", True),
        ("I own 3 cats", "I own 4 cats", False),
        ("I like tea", "I don't like tea", False),
        ("I work at the mill", "I worked at the mill", False),
        ("Ida likes Olaf", "Olaf likes Ida", False),
    ],
)
def test_near_identical_sentences(first: str, second: str, same: bool) -> None:
    assert near_identical(first, second) is same
    chunks = [chunk(first, on(1)), chunk(second, on(2))]
    facts = ledger([FactDraft(each.text, each.id, at=each.at) for each in chunks], chunks)
    assert len(facts) == (1 if same else 2)


def test_a_sentence_that_only_states_a_value_joins_it() -> None:
    where = chunk("I live in Graz.", on(1))
    assert len(ledger([lives("Graz", where), FactDraft(where.text, where.id, at=where.at)], [where])) == 1


def test_a_newer_value_closes_the_older_and_both_stay() -> None:
    chunks = [chunk("Graz", on(1)), chunk("Linz", on(5))]
    old, new = ledger([lives("Linz", chunks[1]), lives("Graz", chunks[0])], chunks)
    assert (old.value, old.status, old.valid_to) == ("Graz", "superseded", on(5))
    assert (new.value, new.status, new.valid_to) == ("Linz", "active", None)


def test_whoever_moves_back_lives_there_since_the_return() -> None:
    chunks = [chunk("a", on(1)), chunk("b", on(2)), chunk("c", on(3))]
    drafts = [lives(city, c) for city, c in zip(["Graz", "Linz", "Graz"], chunks, strict=True)]
    linz, graz = ledger(drafts, chunks)
    assert (linz.status, linz.valid_to) == ("superseded", on(3))
    assert (graz.status, graz.valid_from, graz.refs) == ("active", on(3), (chunks[0].id, chunks[2].id))


def test_at_equal_dates_an_announced_change_wins_and_else_the_later_source() -> None:
    chunks = [chunk("a", on(1), "one"), chunk("b", on(1), "two")]
    plain = ledger([lives("Graz", chunks[0]), lives("Linz", chunks[1])], chunks)
    changed = ledger([lives("Graz", chunks[0], change=True), lives("Linz", chunks[1])], chunks)
    assert value_of(plain) == [("Graz", "superseded"), ("Linz", "active")]
    assert value_of(changed) == [("Linz", "superseded"), ("Graz", "active")]


def test_undated_values_go_by_source_and_are_older_than_dated_ones() -> None:
    chunks = [chunk("a", on(1)), chunk("b"), chunk("c")]
    drafts = [lives(city, c) for city, c in zip(["Wels", "Graz", "Linz"], chunks, strict=True)]
    assert value_of(ledger(drafts, chunks)) == [
        ("Graz", "superseded"),
        ("Linz", "superseded"),
        ("Wels", "active"),
    ]


def test_an_inference_does_not_unseat_what_was_stated_unless_it_tells_of_a_change() -> None:
    chunks = [chunk("a", on(1)), chunk("b", on(2))]
    stated = lives("Graz", chunks[0])
    guessed = ledger([stated, lives("Linz", chunks[1], stance="inferred")], chunks)
    told = ledger([stated, lives("Linz", chunks[1], stance="inferred", change=True)], chunks)
    assert value_of(guessed) == [("Graz", "active"), ("Linz", "superseded")]
    assert value_of(told) == [("Graz", "superseded"), ("Linz", "active")]


def test_of_what_one_can_have_many_nothing_is_closed() -> None:
    chunks = [chunk("a", on(1)), chunk("b", on(2))]
    drafts = [
        FactDraft(f"I speak {v}.", c.id, attribute="language_spoken", value=v, at=c.at)
        for v, c in zip(["Czech", "Dutch"], chunks, strict=True)
    ]
    assert {fact.status for fact in ledger(drafts, chunks)} == {"active"}


def test_a_short_name_is_the_long_one_unless_there_are_two() -> None:
    def partners(*names: str) -> list[str | None]:
        chunks = [chunk(name, on(day)) for day, name in enumerate(names, start=1)]
        drafts = [
            FactDraft(f"My partner is {c.text}.", c.id, attribute="partner_name", value=c.text, at=c.at) for c in chunks
        ]
        return [fact.value for fact in ledger(drafts, chunks)]

    assert partners("Olaf", "Olaf Berg") == ["Olaf Berg"]
    assert sorted(map(str, partners("Olaf", "Olaf Berg", "Olaf Thal"))) == ["Olaf", "Olaf Berg", "Olaf Thal"]


def test_the_sentence_of_a_closed_value_is_closed_with_it() -> None:
    chunks = [chunk("since June I live in Graz, you know", on(1)), chunk("now I live in Linz", on(5))]
    drafts = [lives("Graz", chunks[0]), lives("Linz", chunks[1])]
    drafts += [FactDraft(each.text, each.id, at=each.at) for each in chunks]
    status = {fact.statement: fact.status for fact in ledger(drafts, chunks)}
    assert status[chunks[0].text] == status["I live in Graz."] == "superseded"
    assert status[chunks[1].text] == status["I live in Linz."] == "active"


def test_ids_survive_a_rebuild_with_more_evidence() -> None:
    chunks = [chunk("a", on(1)), chunk("b", on(2))]
    first = ledger([lives("Graz", chunks[0])], chunks[:1])
    more = ledger([lives("Graz", chunks[0]), lives("graz", chunks[1])], chunks)
    assert [fact.id for fact in first] == [fact.id for fact in more]


def test_corrections_keep_the_value_where_the_wording_tells_it() -> None:
    chunks = [chunk("a", on(1)), chunk("I keep bees", on(1))]
    facts = ledger([lives("Graz", chunks[0]), FactDraft("I keep bees", chunks[1].id, at=on(1))], chunks)
    city = next(fact for fact in facts if fact.attribute)
    same_form, other_form = (
        next(f for f in apply_corrections(facts, {city.id: text}) if f.id == city.id)
        for text in ("I live in  Steyr.", "I have no fixed home.")
    )
    assert (same_form.statement, same_form.value, same_form.attribute) == (
        "I live in Steyr.",
        "Steyr",
        "home_city",
    )
    assert (other_form.value, other_form.attribute, other_form.confidence) == (None, None, 1.0)
    assert apply_corrections(facts, {}) == facts
    assert apply_corrections(facts, {"fact_gone": "x"}) == facts


VALUES = ["Graz", "graz ", "Linz", "Linz Urfahr", "Wels", "8 pm", "eight pm"]
SENTENCES = ["I keep bees", "i keep  bees!", "I keep no bees", "I ate 3 pears", "I ate three pears", "Hm."]
ATTRIBUTES = ["home_city", "quiet_after", "language_spoken"]
PLACES = [chunk(f"{s} {d}", on(d), source=s) for s in ("diary", "mail") for d in range(1, 5)]
UNDATED = [chunk(f"undated {n}", None, source="notes") for n in range(3)]


@st.composite
def draft_lists(draw: st.DrawFn, places: Sequence[Chunk] = PLACES) -> list[FactDraft]:
    drafts = []
    for _ in range(draw(st.integers(1, 9))):
        where = draw(st.sampled_from(places))
        draft = FactDraft(
            draw(st.sampled_from(SENTENCES)),
            where.id,
            subject=draw(st.sampled_from(["self", "Olaf", "olaf"])),
            at=where.at,
            stance=draw(st.sampled_from(["stated", "inferred"])),
            change=draw(st.booleans()),
        )
        if draw(st.booleans()):
            attribute, value = draw(st.sampled_from(ATTRIBUTES)), draw(st.sampled_from(VALUES))
            draft = replace(draft, attribute=attribute, value=value, statement=f"{attribute}: {value}")
        drafts.append(draft)
    return drafts


@settings(max_examples=120, deadline=None)
@given(draft_lists(), st.randoms(use_true_random=False))
def test_the_order_of_drafts_does_not_matter(drafts: list[FactDraft], random: object) -> None:
    shuffled = list(drafts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ledger(shuffled, PLACES) == ledger(drafts, PLACES)


@settings(max_examples=120, deadline=None)
@given(draft_lists([*UNDATED, *PLACES]))
def test_nothing_is_lost_and_one_value_holds(drafts: list[FactDraft]) -> None:
    chunks = [*UNDATED, *PLACES]
    facts = ledger(drafts, chunks)
    assert all(fact.refs for fact in facts)
    assert len({fact.id for fact in facts}) == len(facts)
    for draft in canonicalise(drafts, NORA):
        holders = [f for f in facts if draft.chunk_id in f.refs and (f.attribute == draft.attribute)]
        assert holders, draft
        assert any(value_key(f.subject) == value_key(draft.subject) for f in holders)
    for attribute in ("home_city", "quiet_after"):
        for subject in ("self", "olaf"):
            slot = [f for f in facts if f.attribute == attribute and value_key(f.subject) == subject]
            assert sum(f.status == "active" for f in slot) == min(1, len(slot))
    assert supersede(facts) == facts


def test_equal_drafts_in_every_order_give_equal_ledgers() -> None:
    drafts = [lives(city, c) for city, c in zip(["Graz", "Linz", "Wels"], PLACES, strict=False)]
    results = {tuple(ledger(list(order), PLACES)) for order in permutations(drafts)}
    assert len(results) == 1
