"""Signals at the door: what is let in, what is turned away and why, and what is read off a text."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
import shelf
from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import UsageError
from ipse.raw.signals import (
    AHEAD,
    FEWEST_WORDS,
    FOREIGN_CONTENT,
    LONG_MESSAGE,
    LONG_REPLY,
    LONGEST_CATEGORY,
    NO_WARMTH,
    own_style,
    read_signals,
    signal_of,
    style_of,
)
from ipse.types import CATEGORICAL, NUMERIC, Dimension, Role, Signal, Source, Turn

NOW = shelf.NOON
THEN = "2025-02-01T08:00:00Z"


def made(dimension: str, value: object, source: str = "nudge", at: datetime = NOW) -> Signal:
    return signal_of(dimension, value, source, at, NOW)


# one signal


@given(st.sampled_from(NUMERIC), st.floats(0, 1))
def test_a_number_from_zero_to_one_is_taken(dimension: Dimension, value: float) -> None:
    taken = made(dimension, value)
    assert (taken.dimension, taken.value, taken.at) == (dimension, value, NOW)
    assert made(dimension, str(value)) == taken  # as a terminal gives it


@pytest.mark.parametrize("value", [1.2, -0.01, math.nan, math.inf, True, False, None, "warm", "", "nan", [], {}])
def test_what_is_no_number_from_zero_to_one_is_turned_away(value: object) -> None:
    with pytest.raises(UsageError, match="tone takes a number from 0 to 1"):
        made("tone", value)


@pytest.mark.parametrize("value", ["", " ", "a" * (LONGEST_CATEGORY + 1), "two\x00words", "bell\a", 3, None, ["law"]])
def test_what_is_no_category_is_turned_away(value: object) -> None:
    with pytest.raises(UsageError, match="domain takes a word or a few"):
        made("domain", value)


@pytest.mark.parametrize("dimension", CATEGORICAL)
def test_a_category_is_the_same_however_it_is_written(dimension: Dimension) -> None:
    assert made(dimension, "  Tax \n LAW ").value == "tax law"
    assert made(dimension, "cafe\u0301") == made(dimension, "CAF\u00c9")


def test_a_language_may_be_named_or_given_by_its_code() -> None:
    assert made("language", "Portuguese") == made("language", "PT")
    assert made("language", "plattdüütsch").value == "plattdüütsch"
    assert made("domain", "German").value == "german"


def test_an_unknown_dimension_or_source_is_told_the_known() -> None:
    with pytest.raises(UsageError, match='"mood" is no dimension; there are: tone, length'):
        made("mood", 0.5)
    with pytest.raises(UsageError, match='"rumour" is no source of signals; there are: thumb, nudge'):
        made("tone", 0.5, "rumour")


def test_a_time_to_come_is_turned_away_and_one_without_a_zone_is_utc() -> None:
    made("tone", 0.5, at=NOW + AHEAD)
    with pytest.raises(UsageError, match="still to come"):
        made("tone", 0.5, at=NOW + AHEAD + timedelta(seconds=1))
    assert made("tone", 0.5, at=NOW.replace(tzinfo=None)) == made("tone", 0.5)
    assert made("tone", 0.5, at=datetime(2025, 3, 1, 5, tzinfo=timezone(timedelta(hours=-7)))).at == NOW


def test_an_id_depends_on_what_the_signal_says_and_on_its_key() -> None:
    assert made("tone", 0.5).id == made("tone", 0.5).id
    others = {made("tone", 0.6).id, made("length", 0.5).id, made("tone", 0.5, "thumb").id}
    others |= {made("tone", 0.5, at=NOW - timedelta(seconds=1)).id}
    others |= {signal_of("tone", 0.5, "nudge", NOW, NOW, key=("again",)).id}
    others |= {signal_of("tone", 0.5, "nudge", NOW, NOW, refs=("reply_1",)).id}
    assert len(others | {made("tone", 0.5).id}) == 7


# a file of them


def line(**changes: object) -> str:
    return json.dumps({"t": THEN, "dimension": "tone", "value": 0.5, "source": "thumb", **changes})


def test_lines_become_signals_in_their_order() -> None:
    text = "\n".join([line(), "", line(dimension="domain", value="Sailing", source="preview"), line(value=0.25)])
    found, failures = read_signals("s.jsonl", text, NOW)
    assert failures == []
    assert [(each.dimension, each.value, each.source) for each in found] == [
        ("tone", 0.5, "thumb"),
        ("domain", "sailing", "preview"),
        ("tone", 0.25, "thumb"),
    ]
    assert found[0].at == datetime(2025, 2, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "Expecting"),
        ("not json", "Expecting"),
        ('["tone", 0.5]', "not a JSON object"),
        ("7", "not a JSON object"),
        (line(value=1.2), "from 0 to 1, not 1.2"),
        (line(value=math.nan), "from 0 to 1, not nan"),
        (line(value=True), "from 0 to 1, not True"),
        (line(value=None), "from 0 to 1"),
        (line(dimension="domain", value=""), "a word or a few"),
        (line(dimension="domain", value="x" * 41), "at most 40"),
        (line(dimension="mood"), '"mood" is no dimension'),
        (line(dimension=["tone"]), "is no dimension"),
        (line(source="rumour"), '"rumour" is no source'),
        (line(t="2099-01-01T00:00:00Z"), "still to come"),
        (line(t="yesterday"), "Invalid isoformat"),
        (line(t=1741522423), "says no time"),
        (line(t=None), "says no time"),
        ('{"t": "2025-02-01"}', "has no dimension and no value"),
        (line(t="0001-01-01T00:00:00+14:00"), "no time that can be kept"),
        (line(value=10**400), "from 0 to 1"),
        ("[" * 2000, "recursion"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(bad: str, reason: str) -> None:
    found, failures = read_signals("s.jsonl", f"{line()}\n{bad}\n{line(value=0.75)}", NOW)
    assert [each.value for each in found] == [0.5, 0.75]
    assert [failure.place for failure in failures] == ["s.jsonl:line 2"]
    assert reason in failures[0].reason


def test_a_file_always_gives_the_same_ids_and_equal_lines_ids_of_their_own() -> None:
    text = "\n".join([line()] * 3 + [line(value=0.6)])
    first, again = read_signals("a.jsonl", text, NOW)[0], read_signals("b.jsonl", text, NOW + timedelta(days=9))[0]
    assert first == again
    assert len({each.id for each in first}) == 4
    assert {each.id for each in first} < {each.id for each in read_signals("a.jsonl", f"{text}\n{line()}", NOW)[0]}


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found, failures = read_signals("s.jsonl", text, NOW)
    assert found == []
    assert len(failures) <= len(text.splitlines())


# how a text is written


@given(st.text(max_size=400), st.integers(1, 500))
def test_style_is_from_zero_to_one_or_not_told(text: str, long: int) -> None:
    style = style_of(text, long)
    if style is not None:
        assert set(style) in ({"length"}, {"length", "density", "tone"})
        assert all(0 <= value <= 1 for value in style.values())


def test_a_few_words_say_nothing_of_their_style() -> None:
    assert style_of("") is None
    assert style_of(" ".join(["word"] * (FEWEST_WORDS - 1))) is None
    assert style_of(" ".join(["word"] * FEWEST_WORDS)) is not None


def test_style_tells_short_from_long_warm_from_dry_and_airy_from_packed() -> None:
    short, long = style_of("Descale it with vinegar."), style_of("Descale it with vinegar. " * 90)
    warm = style_of("Hi there! Thanks so much, lovely to hear from you. Sorry it took a while!")
    airy, packed = (
        style_of("It is up to you to do it or not to do it."),
        style_of("Vinegar dissolves the limescale overnight."),
    )
    assert short is not None
    assert long is not None
    assert warm is not None
    assert airy is not None
    assert packed is not None
    assert short["length"] < 0.05 < long["length"] == 1.0
    assert short["tone"] == long["tone"] == NO_WARMTH < 0.5 < warm["tone"]
    assert airy["density"] < 0.2 < 0.8 < packed["density"]


@pytest.mark.parametrize("text", ["Odkamień czajnik octem przez noc", "Vinegar dissolves limescale overnight."])
def test_where_stop_words_are_missing_only_the_length_is_told(text: str) -> None:
    assert set(style_of(text) or ()) == {"length"}
    assert set(style_of(f"{text} It is what it is.") or ()) == {"length", "density", "tone"}
    assert FOREIGN_CONTENT < 1


# how the person writes


def talk(name: str, *said: tuple[Role, str]) -> tuple[Source, list[Turn]]:
    source, turns, _, _ = shelf.source_of(name, [text for _, text in said], [role for role, _ in said])
    return source, turns


OWN: tuple[Role, str] = ("self", "Hi Ana, thanks for the rye, it was lovely to see you on Sunday!")


def test_own_style_is_read_off_talks_with_others_alone() -> None:
    letters, diary = talk("letters", OWN, ("other", "You are welcome.")), talk("diary", OWN, OWN)
    listened = talk("listened", ("other", "You are very welcome, my dear."), ("self", "ok"))
    found = own_style([letters[0], diary[0], listened[0]], [*letters[1], *diary[1], *listened[1]])
    talks = tuple(sorted([letters[0].id, listened[0].id]))
    assert [(each.dimension, each.source, each.refs) for each in found] == [
        (name, "style", talks) for name in ("length", "density", "tone")
    ]
    assert found[0].value == pytest.approx(13 / LONG_MESSAGE, abs=0.02)
    assert LONG_MESSAGE < LONG_REPLY
    assert own_style([listened[0]], listened[1]) == own_style([diary[0]], diary[1]) == []


def test_own_style_is_one_signal_a_dimension_however_many_talks_there_are() -> None:
    """Otherwise a folder of mail would drown what the person said outright."""
    talks = [talk(f"letter {number}", OWN, ("other", "You are welcome.")) for number in range(30)]
    sources, turns = [source for source, _ in talks], [turn for _, found in talks for turn in found]
    found = own_style(sources, turns)
    assert [each.dimension for each in found] == ["length", "density", "tone"]
    assert {each.refs for each in found} == {tuple(sorted(source.id for source in sources))}
    assert own_style(sources[::-1], turns[::-1]) == found


def test_own_style_of_the_same_talks_is_read_the_same_again() -> None:
    source, turns = talk("letters", OWN, ("assistant", "How can I help?"))
    first = own_style([source], turns)
    assert first == own_style([source], turns)
    assert {each.at for each in first} == {source.added_at}
    assert own_style([source], []) == own_style([], turns) == []
    more, told = talk("more", OWN, ("other", "Yes."))
    assert not {each.id for each in first} & {each.id for each in own_style([source, more], [*turns, *told])}


def test_own_style_in_a_language_that_isnt_known_is_its_length() -> None:
    source, turns = talk("listy", ("self", "Odkamień czajnik octem przez noc"), ("other", "Dobrze."))
    assert [each.dimension for each in own_style([source], turns)] == ["length"]
