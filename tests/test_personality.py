"""The paragraph: what it says, what it rests on, how long it gets, and whose words it is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import shelf
from hypothesis import given
from hypothesis import strategies as st
from profile_kit import at, seen

from ipse.errors import UsageError
from ipse.types import DIMENSIONS, NUMERIC, Dimension, Paragraph, Preference, Profile
from ipse.words.personality import (
    ABOUT_LIMIT,
    ENOUGH,
    LIMIT,
    MADE_BY,
    NUDGES,
    PACKED_FROM,
    THUMBS,
    sentence_for,
    sentences_of,
    verbalize,
    wordings,
)

NOTHING = Profile()
VALUES = st.floats(0, 1)
CATEGORIES = st.text("abc öé", min_size=1, max_size=40).map(lambda text: " ".join(text.split())).filter(bool)
SEEN = st.dictionaries(st.sampled_from(NUMERIC), st.lists(VALUES, min_size=1, max_size=5), max_size=5)
NAMED = st.dictionaries(
    st.sampled_from(["domain", "language"]), st.lists(CATEGORIES, min_size=1, max_size=5), max_size=2
)


def told(profile: Profile = NOTHING, **values: float | str) -> Paragraph:
    """The paragraph of a person who nudged these controls once."""
    known = {name: seen(name, value) for name, value in values.items()}  # type: ignore[arg-type]
    return verbalize(profile, known, shelf.NOON)


def refs(paragraph: Paragraph) -> set[str]:
    return {ref for _, refs in paragraph.sentences for ref in refs}


# what it says


def test_the_same_preferences_give_the_same_words() -> None:
    known = {"tone": seen("tone", 0.2), "domain": seen("domain", "sailing"), "length": seen("length", 0.9)}
    about = Profile(about_me="I mend nets.")
    first = verbalize(about, known, shelf.NOON)
    again = verbalize(about, dict(reversed(known.items())), shelf.NOON)
    assert first == again
    later = verbalize(about, known, at(5))
    assert (later.sentences, later.provenance, later.made_by) == (first.sentences, "evolved", MADE_BY)
    assert later.id != first.id


def test_where_nothing_is_known_nothing_is_said() -> None:
    made = verbalize(NOTHING, {}, shelf.NOON)
    assert (made.text, made.sentences, made.provenance) == ("", (), "empty")


def test_a_word_or_two_of_evidence_is_not_spoken_of_unless_it_was_said_outright() -> None:
    few = {"tone": seen("tone", *[0.9] * (ENOUGH - 1), source="thumb")}
    assert verbalize(NOTHING, few, shelf.NOON).sentences == ()
    enough = {"tone": seen("tone", *[0.9] * ENOUGH, source="thumb")}
    assert refs(verbalize(NOTHING, enough, shelf.NOON)) == {"tone"}
    assert refs(told(tone=0.9)) == {"tone"}


@given(st.sampled_from(NUMERIC), VALUES)
def test_a_number_is_put_in_the_words_of_its_band(name: Dimension, value: float) -> None:
    bands = wordings()[name]["alone"]
    assert len(bands) == len(set(bands)) == 5
    assert told(**{name: value}).text == sentence_for(name, value) == bands[min(4, int(value * 5))]


def test_only_numbers_have_bands() -> None:
    with pytest.raises(UsageError, match="categories"):
        sentence_for("domain", 0.5)


def test_who_likes_text_packed_gets_it_packed() -> None:
    values: dict[str, float | str] = {"length": 0.1, "tone": 0.1, "level": 0.9, "math_comfort": 0.9}
    plain, packed = told(density=PACKED_FROM - 0.01, **values), told(density=PACKED_FROM + 0.01, **values)
    assert len(plain.sentences) == 5
    assert [names for _, names in packed.sentences] == [("length", "tone"), ("density",), ("level", "math_comfort")]
    assert "You like answers very short, dry and without pleasantries." in packed.text
    assert "as one expert to another; you like a formula better than a paragraph about it." in packed.text
    assert len(packed.text) < len(plain.text)
    assert told(density=0.9, tone=0.1).sentences[0][0] == "The tone should be dry, without pleasantries."


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["pt"], "Answers should be in Portuguese."),
        (["de"] * 7 + ["en"] * 3, "Answers should be in German; English is fine now and then."),
        (["de", "en"] * 10, "Answers may be in German or in English."),
        (["de"] * 20 + ["en"], "Answers should be in German."),
        (["plattdüütsch"], "Answers should be in plattdüütsch."),
    ],
)
def test_languages_are_named_as_they_are_used(words: list[str], wanted: str) -> None:
    assert verbalize(NOTHING, {"language": seen("language", *words)}, shelf.NOON).text == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["tax law"], "What you ask about most is tax law."),
        (["baking", "baking", "baking", "chess"] * 5, "What you ask about most is baking, then chess."),
        (["c", "b", "b", "a", "a", "a", "b", "a", "c", "a"] * 5, "What you ask about most is a, then b and c."),
        (["a"] * 20 + ["b"], "What you ask about most is a."),
    ],
)
def test_domains_are_named_as_far_as_they_have_a_share(words: list[str], wanted: str) -> None:
    assert verbalize(NOTHING, {"domain": seen("domain", *words)}, shelf.NOON).text == wanted


def test_about_me_is_said_to_the_person() -> None:
    made = told(replace(NOTHING, about_me="I'm a baker. My oven is as old as me! We bake at night"), tone=0.5)
    assert made.text.endswith("You're a baker. Your oven is as old as you! You bake at night.")
    assert refs(made) == {"tone", "about_me"}
    assert verbalize(replace(NOTHING, about_me="I bake."), {}, shelf.NOON).provenance == "evolved"


def test_it_speaks_in_the_second_person() -> None:
    for name in NUMERIC:
        for form in wordings()[name].values():
            assert not any(re.search(r"\b(I|me|my|mine|we|our)\b", wording) for wording in form)
    made = told(replace(NOTHING, about_me="I love my cat and my cat loves me."), length=0.1, domain="cats")
    assert "You love your cat and your cat loves you." in made.text
    assert not re.search(r"\b(I|me|my)\b", made.text)


def test_pinned_text_is_one_sentence_word_for_word() -> None:
    own = "- rhymes\n- no lists\n\nI'm in a hurry.  Always"
    made = told(replace(NOTHING, pinned=own, about_me="I bake."), tone=0.1)
    assert (made.sentences, made.text) == (((own, ("user",)),), own)
    assert (made.provenance, made.made_by) == ("user_authored", "user")


def test_about_me_in_lines_is_woven_in_line_by_line() -> None:
    made = told(replace(NOTHING, about_me="I bake\nI sail!\n\nMy cat sleeps"))
    assert made.text == "You bake. You sail! Your cat sleeps."
    assert {names for _, names in made.sentences} == {("about_me",)}


# how long it gets


def test_about_me_is_woven_in_as_far_as_there_is_room_in_whole_sentences() -> None:
    sentences = [f"I have told story number {number} more than once." for number in range(100)]
    made = told(replace(NOTHING, about_me=" ".join(sentences)), **dict.fromkeys(NUMERIC, 0.99))
    woven = [sentence for sentence, names in made.sentences if names == ("about_me",)]
    assert woven == [sentence.replace("I have", "You have") for sentence in sentences[: len(woven)]]
    assert ABOUT_LIMIT - 9 < sum(len(sentence.split()) for sentence in woven) <= ABOUT_LIMIT
    assert refs(made) == {*NUMERIC, "about_me"}


def test_about_me_in_one_long_sentence_is_not_lost() -> None:
    assert told(replace(NOTHING, about_me="I bake and " * 60 + "I sail.")).text != ""


def test_where_there_is_no_room_what_has_least_evidence_goes_first() -> None:
    long = [" ".join(letter * 20) for letter in "abc"]
    known = {name: seen(name, *[0.99] * (9 - number)) for number, name in enumerate(NUMERIC)}
    known["domain"] = seen("domain", *long * 10)
    known["language"] = seen("language", *long[:2] * 10)
    about = Profile(about_me=" ".join(["I sail."] * (ABOUT_LIMIT // 2)))
    made = verbalize(about, known, shelf.NOON)
    gone = {*known} - refs(made)
    assert gone
    assert max(known[name].count for name in gone) < min(known[name].count for name in {*known} - gone)
    assert {"domain", "language", "about_me"} <= refs(made)
    assert len(made.text.split()) <= LIMIT


@given(st.text(max_size=4000), SEEN, NAMED)
def test_it_stays_under_three_hundred_words_and_says_what_it_rests_on(
    about: str, numbers: dict[Dimension, list[float]], names: dict[Dimension, list[str]]
) -> None:
    known: dict[str, Preference] = {name: seen(name, *values) for name, values in {**numbers, **names}.items()}
    made = verbalize(Profile(about_me=about), known, shelf.NOON)
    assert len(made.text.split()) < 300
    assert refs(made) <= {*known, "about_me"} <= {*DIMENSIONS, "about_me"}
    assert all(sentence and names for sentence, names in made.sentences)


# whose words it is


@given(st.text(max_size=300))
def test_pinned_text_is_passed_on_word_for_word(text: str) -> None:
    own = " ".join(text.split())
    made = told(Profile(about_me="I bake.", pinned=own, onboarded=True), tone=0.9)
    assert made.text == own
    assert (made.provenance, made.made_by, refs(made) <= {"user"}) == ("user_authored", "user", True)


@given(st.text(max_size=300))
def test_a_text_is_cut_into_its_sentences_without_a_loss(text: str) -> None:
    assert " ".join(sentences_of(" ".join(text.split()))) == " ".join(text.split())


@pytest.mark.parametrize(
    ("thumbs", "nudges", "wanted"),
    [
        (0, 0, "onboarding"),
        (THUMBS, NUDGES - 1, "onboarding"),
        (THUMBS - 1, NUDGES, "onboarding"),
        (30, 10, "evolved"),
    ],
)
def test_thirty_thumbs_and_ten_nudges_outgrow_the_quiz(thumbs: int, nudges: int, wanted: str) -> None:
    assert told(Profile(onboarded=True, thumbs=thumbs, nudges=nudges), tone=0.5).provenance == wanted


def test_without_the_quiz_it_has_evolved() -> None:
    assert told(tone=0.5).provenance == "evolved"
    assert verbalize(Profile(onboarded=True), {}, shelf.NOON).provenance == "empty"
