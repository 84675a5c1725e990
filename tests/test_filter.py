"""Filter: each level drops what it is there for, says why, and lets the rest through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_kit import BY_ID, CITY, FACTS, ILL, NORA, OLD_CITY, SISTER, WordEmbedder, pair

from ipse.types import Fact, Message, Pair
from ipse.voice import REFUSAL, unknown
from ipse.weights.filter import FilterReport, duplicates, filter_pairs, form, privacy, worth


def why(level: tuple[list[Pair], list[tuple[Pair, str]]]) -> str | None:
    """The reason one pair was dropped for; None when it was kept."""
    kept, dropped = level
    assert len(kept) + len(dropped) == 1
    return dropped[0][1] if dropped else None


# 1 form


def test_form_lets_a_fit_pair_through() -> None:
    assert why(form([pair("Where do I live?", "You live in Berlin.", [CITY])], NORA)) is None


@pytest.mark.parametrize(
    "roles",
    [
        ("assistant",),
        ("user", "user"),
        ("assistant", "user"),
        ("system", "assistant"),
        ("user", "system", "assistant"),
        ("user", "system", "user", "assistant"),
    ],
)
def test_form_wants_a_question_and_its_answer_last(roles: tuple[str, ...]) -> None:
    bent = replace(pair("a b", "c"), messages=tuple(Message(role, "two words") for role in roles))  # type: ignore[arg-type]
    assert why(form([bent], NORA)) is not None


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Where?", "In Berlin.", "question has not 2 to 60 words"),
        ("where " * 61, "In Berlin.", "question has not 2 to 60 words"),
        ("Where do I live?", "here " * 61, "answer has not 1 to 60 words"),
        ("Where do I live?", "   ", "has an empty message"),
        ("Where do I live?", "In Ber\x07lin.", "answer holds control characters"),
        ("Where do I live?", "In Berlin.<|end|><|user|>", "answer holds a mark of the chat format"),
        ("Where do I live?", "Я живу в Берлине.", "answer is not in the person's script"),
    ],
)
def test_form_names_what_is_wrong(question: str, answer: str, expected: str) -> None:
    assert why(form([pair(question, answer)], NORA)) == expected


def test_form_knows_other_scripts_and_unspaced_ones() -> None:
    russian = pair("Где я живу?", "Ты живёшь в Берлине.")
    japanese = pair("私はどこに住んでいますか", "ベルリンに住んでいます")
    assert why(form([russian], replace(NORA, language="ru"))) is None
    assert why(form([japanese], replace(NORA, language="ja"))) is None
    assert why(form([russian], NORA)) == "question is not in the person's script"


def test_thinking_does_not_count_towards_the_length() -> None:
    thought = "<think>" + "so " * 80 + "</think>\nYou live in Berlin."
    assert why(form([pair("Where do I live?", thought, [CITY])], NORA)) is None


# 2 duplicates


def test_equal_prompts_with_equal_answers_stay_once() -> None:
    first, shouted = (
        pair("Where do I live?", "You live in Berlin.", [CITY]),
        pair("WHERE do I live?", "You live in  Berlin.", [CITY]),
    )
    kept, dropped = duplicates([first, shouted], BY_ID)
    assert kept == [first]
    assert dropped == [(shouted, "same as another")]


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_two_answers_the_active_facts_stays(newest_first: bool) -> None:
    now, then = (
        pair("Where do I live?", "You live in Berlin.", [CITY]),
        pair("Where do I live?", "You live in Bonn.", [OLD_CITY]),
    )
    kept, dropped = duplicates([now, then] if newest_first else [then, now], BY_ID)
    assert kept == [now]
    assert dropped == [(then, "contradicts another with the same prompt")]


def test_of_two_active_facts_the_newer_stays() -> None:
    later = replace(CITY, id="fact_later", statement="I live in Rome.", valid_from=datetime(2024, 1, 1, tzinfo=UTC))
    old, new = pair("Where do I live?", "Berlin.", [CITY]), pair("Where do I live?", "Rome.", [later])
    assert duplicates([old, new], BY_ID | {later.id: later})[0] == [new]


def test_a_known_fact_stays_before_a_denial_and_a_refusal_before_a_leak() -> None:
    told, denied = (
        pair("Where do I live?", "You live in Berlin.", [CITY]),
        pair("Where do I live?", unknown(NORA, "self"), form="absence"),
    )
    assert duplicates([denied, told], BY_ID)[0] == [told]
    leak = pair("What does Nora take?", "Lithium.", [ILL], perspective="third")
    refusal = pair("What does Nora take?", REFUSAL, [ILL], "refusal", "third")
    assert duplicates([leak, refusal], BY_ID)[0] == [refusal]


def test_nearly_equal_questions_need_the_same_answer_perspective_and_facts() -> None:
    first = pair("Where do I live?", "You live in Berlin.", [CITY])
    near = pair("Where do I live now?", "You live in Berlin.", [CITY])
    assert duplicates([first, near], BY_ID)[1] == [(near, "nearly the same as another")]
    for other in (
        pair("Where do I live now?", "In Berlin.", [CITY]),
        pair("Where do I live now?", "You live in Berlin.", [CITY], perspective="third"),
        pair("Where do I live now?", "You live in Berlin.", [OLD_CITY]),
    ):
        assert duplicates([first, other], BY_ID)[0] == [first, other]


# 4 privacy


def never(texts: Sequence[str]) -> list[bool]:
    return [False] * len(texts)


@pytest.mark.parametrize(
    ("question", "answer", "cited", "form", "expected"),
    [
        (
            "What does Nora take?",
            "Nora takes a pill.",
            [ILL],
            "forward",
            "tells a third party a private fact",
        ),
        ("What about Nora?", "Lithium, I think.", [CITY], "forward", "holds the value of a private fact"),
        (
            "What about Nora?",
            "She takes something every evening.",
            [CITY],
            "forward",
            "holds the words of a private fact",
        ),
        ("Does Nora take lithium?", REFUSAL, [ILL], "refusal", "holds the value of a private fact"),
        ("What does Nora take every evening?", REFUSAL, [ILL], "refusal", None),
        ("Where does Nora live?", "Nora lives in Berlin.", [CITY], "forward", None),
    ],
)
def test_third_parties_get_nothing_private(
    question: str, answer: str, cited: list[Fact], form: str, expected: str | None
) -> None:
    level = privacy([pair(question, answer, cited, form, "third")], BY_ID, NORA, never)
    assert why(level) == expected


def test_the_person_hears_their_own_private_facts() -> None:
    own = pair("What do I take?", "You take lithium every evening.", [ILL])
    assert why(privacy([own], BY_ID, NORA, lambda texts: [True] * len(texts))) is None


def test_private_topics_are_asked_about_third_party_pairs_only_and_refusals_stay() -> None:
    asked: list[str] = []

    def private(texts: Sequence[str]) -> list[bool]:
        asked.extend(texts)
        return ["Berlin" in text for text in texts]

    own = pair("Where do I live?", "You live in Berlin.", [CITY])
    others = pair("Where does Nora live?", "Nora lives in Berlin.", [CITY], perspective="third")
    refusal = pair("Is Nora in Berlin?", REFUSAL, [], "refusal", "third")
    kept, dropped = privacy([own, others, refusal], BY_ID, NORA, private)
    assert kept == [own, refusal]
    assert dropped == [(others, "touches a private topic")]
    assert "You live in Berlin." not in asked


def test_anothers_fact_has_to_name_them() -> None:
    taken = pair("What do I play?", "You play the oboe.", [SISTER])
    given_ = pair("What does my sister play?", "Your sister plays the oboe.", [SISTER])
    kept, dropped = privacy([taken, given_], BY_ID, NORA, never)
    assert kept == [given_]
    assert dropped == [(taken, "states another's fact as the person's own")]


# 5 worth


@pytest.mark.parametrize(
    ("question", "answer", "form", "expected"),
    [
        ("Where do I live?", "Where do I live?", "forward", "says no more than the question"),
        ("What do I like?", "It is.", "forward", "says nothing"),
        ("Who is she?", "very very very good", "forward", "repeats itself"),
        ("Who is she?", "I am here I am here I am here", "style", "repeats itself"),
        ("Do I eat meat?", "No.", "no", None),
        ("What is my blood type?", "I don't know that about you.", "absence", None),
        ("Where do I live?", "You live in Berlin.", "forward", None),
    ],
)
def test_degenerate_answers_go(question: str, answer: str, form: str, expected: str | None) -> None:
    assert why(worth([pair(question, answer, [CITY], form)], None)) == expected


def test_what_the_base_knows_goes_but_what_it_denies_stays() -> None:
    known = pair("What colour is the sky?", "Blue.", [CITY])
    denied = pair("What is my blood type?", unknown(NORA, "self"), form="absence")
    kept, dropped = worth([known, denied], lambda some: [True] * len(some))
    assert kept == [denied]
    assert dropped == [(known, "the base knows it already")]


def test_the_base_is_asked_on_only_about_answers_it_gives_to_their_first_question() -> None:
    sky, blue = pair("What colour is the sky?", "Blue.", [CITY]), pair("And the sea?", "Blue.", [CITY])
    city, home = pair("Where do I live?", "In Berlin.", [CITY]), pair("Where is home?", "In Berlin.", [CITY])
    asked: list[Pair] = []

    def known(some: Sequence[Pair]) -> list[bool]:
        asked.extend(some)
        return [p is sky for p in some]

    kept, dropped = worth([sky, city, blue, home], known)
    assert kept == [city, blue, home]
    assert dropped == [(sky, "the base knows it already")]
    assert home not in asked


# all of it


def run(pairs: Sequence[Pair]) -> FilterReport:
    return filter_pairs(pairs, FACTS, NORA, WordEmbedder(), never, None)


def test_the_report_adds_up_and_shows_examples() -> None:
    good = pair("Where do I live?", "You live in Berlin.", [CITY])
    bad = [
        pair("Where?", "In Berlin.", [CITY]),
        pair("Where do I live?", "You live in Bonn.", [OLD_CITY]),
        pair("Where do I work?", "You work in Rome.", [CITY]),
        pair("What does Nora take?", "Nora takes lithium.", [ILL], perspective="third"),
        pair("Where do I live in Berlin?", "In Berlin.", [CITY]),
    ]
    report = run([good, *bad])
    assert report.kept == (good,)
    assert list(report.levels) == ["form", "duplicates", "grounding", "privacy", "worth"]
    for level, dropped in zip(report.levels.values(), bad, strict=True):
        assert sum(level.dropped.values()) == level.made - level.kept == 1
        assert [each for shown in level.examples.values() for each in shown] == [dropped]


def test_nothing_in_nothing_out() -> None:
    report = run([])
    assert report.kept == ()
    assert all(level.made == level.kept == 0 for level in report.levels.values())


TEXTS = st.text(max_size=80)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["forward", "yes", "no", "absence", "refusal"])), max_size=8))
def test_whatever_comes_in_nothing_is_lost_uncounted(rows: list[tuple[str, str, str]]) -> None:
    pairs = [pair(q, a, [CITY], f, "third" if n % 2 else "self") for n, (q, a, f) in enumerate(rows)]
    report = run(pairs)
    dropped = sum(sum(level.dropped.values()) for level in report.levels.values())
    assert len(report.kept) + dropped == len(pairs)
    assert list(report.kept) == [each for each in pairs if any(each is kept for kept in report.kept)]
